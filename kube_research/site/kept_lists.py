"""Attendance kept as a matrix, one column a meeting, becomes one row per meeting and person.

A mark that means the same everywhere is read; one that does not (x, T, P) is read where another mark in
the same list settles it, and asked about otherwise. What blank cells are taken for is told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kube_research.site.kept_books import is_total
from kube_research.site.local_values import read_value
from kube_research.site.schema import tables
from kube_research.site.shapes import Places, Remark, Reshaped
from kube_research.site.spellings import as_word, bare_words, header_words, value_words

if TYPE_CHECKING:
    import pandas as pd

_PEOPLE = ("person", "group", "role", "evidence", "locator")
_NUMBERED = re.compile(r"(pertemuan|rapat|meeting|sesi|session|minggu|p)?_?(?:ke_)?([0-9]{1,3})")
_SUMS = frozenset(
    ["hadir", "izin", "sakit", "alpa", "alpha", "absen", "persen", "persentase", "h", "i", "s", "a"]
)


def attendances_of(
    frame: pd.DataFrame,
    activities: pd.DataFrame | None,
    members: pd.DataFrame | None,
) -> Reshaped | None:
    """Return an attendance list with one row per meeting and person, or None if it is no matrix.

    Parameters
    ----------
    frame : DataFrame
        Cells as text, blank ones missing, indexed by spreadsheet row.
    activities, members : DataFrame or None
        The tables of the site as text: which meetings there are, and who stands in which group.

    Returns
    -------
    Reshaped or None

    Examples
    --------
    >>> import pandas as pd
    >>> names = {"activity": ["rapat_1"], "date": ["2024-03-01"]}
    >>> marks = pd.DataFrame({"Nama": ["A1", "A2"], "1 Maret 2024": ["√", "A"]}, dtype="string")
    >>> attendances_of(marks, pd.DataFrame(names), None).frame["status"].tolist()
    ['present', 'absent']
    """
    meant = {str(name): _meaning(str(name)) for name in frame.columns}
    if {"activity", "status"} & {as_word(name) for name in meant}:
        return None
    meetings = _Meetings(activities)
    columns = [name for name, meaning in meant.items() if not meaning and meetings.like(name)]
    odd = [name for name, meaning in meant.items() if not meaning and name not in columns
           and _marks(frame[name])]  # fmt: skip
    if not columns and not (odd and "person" in meant.values()):
        return None
    inside = [name for name in meant if name in columns or name in odd]
    return _Matrix(frame, meant, inside, meetings, members).read()


def _meaning(name: str) -> str:
    """Return which of our columns a header means, ``unread`` for sums and signatures, or nothing."""
    word = as_word(name)
    if word in _PEOPLE:
        return word
    if is_total(name) or word in _SUMS or "%" in name or word.startswith(("jumlah_", "ket")):
        return "unread"
    meant = [ours for ours in header_words().get(word, ()) if ours in (*_PEOPLE, "unread")]
    return meant[0] if meant else ""


def _marks(cells: pd.Series) -> bool:
    """Tell whether a column holds marks of attendance and nothing else."""
    filled = cells.dropna()
    return len(filled) > 0 and all(_mark(cell) for cell in filled)


def _mark(cell: str) -> str:
    """Return what a mark means: a status, ``open_x`` for one of several meanings, or nothing."""
    bare = bare_words(cell).strip(".")
    words = value_words()
    return words["mark"].get(bare) or words["status"].get(bare) or (
        bare if bare in tables()["attendance"].column("status").allowed else ""
    )  # fmt: skip


class _Meetings:
    """The activities of the site, found by code, day, title or number."""

    def __init__(self, activities: pd.DataFrame | None) -> None:
        self.days: dict[str, str] = {}
        self.titles: dict[str, list[str]] = {}
        self.counted: list[str] = []
        if activities is None or "activity" not in activities:
            return
        kinds: dict[str, str] = {}
        for row in activities.dropna(subset=["activity"]).fillna("").to_dict("records"):
            code = str(row["activity"])
            self.days[code] = read_value(str(row.get("date", "")), "date").value
            kinds[code] = str(row.get("kind", ""))
            for column in ("title_id", "title_en"):
                if row.get(column):
                    self.titles.setdefault(as_word(str(row[column])), []).append(code)
        meetings = [code for code, day in self.days.items() if kinds[code] == "meeting" and day]
        self.counted = sorted(meetings, key=lambda code: self.days[code])

    def like(self, name: str) -> bool:
        """Tell whether a header looks like a meeting, known or not."""
        number = _NUMBERED.fullmatch(as_word(name))
        return bool(self.find(name) or _day(name)[0] or (number and number[1]))

    def find(self, name: str) -> list[str]:
        """Return the activities that a header may mean by code, title or day."""
        word = as_word(name)
        coded = [code for code in self.days if name == code or as_word(code) == word]
        titled = self.titles.get(word, [])
        named = list(dict.fromkeys(coded or titled))
        day, ending = _day(name)
        same = [code for code, date in self.days.items() if date and date == day]
        if not same and ending:
            same = [code for code, date in self.days.items() if date.endswith(ending)]
        return named or same

    def by_number(self, columns: Sequence[str]) -> dict[str, str]:
        """Return the meeting of each column numbered 1, 2, ... if there are as many dated ones."""
        numbers = [match[2] for name in columns if (match := _NUMBERED.fullmatch(as_word(name)))]
        wanted = list(map(str, range(1, len(self.counted) + 1)))
        days = {self.days[code] for code in self.counted}
        if (
            not numbers
            or numbers != wanted
            or len(columns) != len(wanted)
            or len(days) < len(wanted)
        ):
            return {}
        return dict(zip(columns, self.counted, strict=True))


def _day(name: str) -> tuple[str, str]:
    """Return the day a header says, and its end (``-03-05``) where the year is left out."""
    reading = read_value(name, "date")
    if reading.ok or (reading.code == "type_date" and reading.near):
        return reading.value or reading.near, ""
    year = 2024  # a leap year, for 29 February
    for sample in (f"{name} {year}", f"{name}/{year}", f"{name}-{year}", f"{name}.{year}"):
        partly = read_value(sample, "date")
        if partly.ok and re.search("[0-9]", name):
            return partly.value, partly.value[4:]
    return "", ""


@dataclass
class _Matrix:
    """One matrix on its way to rows."""

    frame: pd.DataFrame
    meant: Mapping[str, str]
    columns: Sequence[str]
    meetings: _Meetings
    members: pd.DataFrame | None
    remarks: list[Remark] = field(default_factory=list)

    def read(self) -> Reshaped:
        heads: dict[str, str] = {}
        for name, meaning in self.meant.items():
            if meaning in _PEOPLE:
                heads.setdefault(meaning, name)
        activities = self._activities()
        rows = self._people(heads)
        statuses, above = self._statuses(rows, list(activities))
        people = self.frame.loc[rows][list(heads.values())].set_axis(list(heads), axis=1)
        unknown = [name for name, meaning in self.meant.items() if name not in self.columns
                   and name not in heads.values()]  # fmt: skip
        if unknown:
            fill = {"columns": ", ".join(unknown)}
            self.remarks.append(
                Remark(1, unknown[0], unknown[0], "columns_unread_list", fill, "warning")
            )
        labels = [row for row, _ in above]
        long = people.loc[labels].reset_index(drop=True)
        long["activity"] = [activities[name] for _, name in above]
        long["status"] = statuses
        long = self._with_roster(long)
        headers = [name for _, name in above]
        places = Places(
            self.frame, labels, heads, {"activity": headers, "status": headers}, ("activity",)
        )
        return Reshaped(long.astype("string"), places, tuple(self.remarks))

    def _tell(
        self, row: int, column: str, code: str, severity: str = "error", **fill: object
    ) -> None:
        cell = column if row == 1 else self.frame.at[row, column]
        value = cell if isinstance(cell, str) else ""
        self.remarks.append(Remark(row, column, value, code, fill, severity))

    def _activities(self) -> dict[str, str]:
        """Return the activity of each column that is one; tell of those that are none, or several."""
        known = all(self.meetings.find(name) for name in self.columns)
        numbered = {} if known else self.meetings.by_number(self.columns)
        if numbered:
            named = ", ".join(f"{name} = {code}" for name, code in numbered.items())
            self._tell(1, self.columns[0], "meetings_numbered", "warning", meetings=named)
            return numbered
        activities: dict[str, str] = {}
        for name in self.columns:
            found = self.meetings.find(name)
            if len(found) > 1:
                self._tell(1, name, "meeting_several", activities=", ".join(found))
            elif not found:
                self._tell(1, name, "meeting_unknown")
            elif found[0] in activities.values():
                self._tell(1, name, "meeting_twice", activity=found[0])
            else:
                activities[name] = found[0]
        return activities

    def _people(self, heads: Mapping[str, str]) -> list[int]:
        """Return the rows of people; tell of sums below them."""
        rows = []
        for label in map(int, self.frame.index):
            cells = self.frame.loc[label].dropna()
            words = [str(cells[name]) for name in cells.index if name not in self.columns]
            if any(is_total(word) for word in words):
                self._tell(label, next(str(name) for name in cells.index), "total_row_list")
            elif "person" in heads and heads["person"] not in cells.index and len(words) == 0:
                self._tell(label, heads["person"], "total_row_list")
            else:
                rows.append(label)
        return rows

    def _statuses(
        self, rows: Sequence[int], columns: Sequence[str]
    ) -> tuple[list[str], list[tuple[int, str]]]:
        """Return the status of each cell that says something, and where it stands."""
        cells = {(row, name): self.frame.at[row, name] for name in columns for row in rows}
        marks = {spot: _mark(cell) for spot, cell in cells.items() if isinstance(cell, str)}
        settled = self._settled(set(marks.values()))
        held = {name for _, name in marks}
        blank = [spot for spot in cells if spot not in marks and spot[1] in held]
        away = bool({"absent"} & {settled.get(mark, mark) for mark in marks.values()})
        asking = any(mark.startswith("open_") and mark not in settled for mark in marks.values())
        if blank and not asking:
            code = "blank_unknown" if away else "blank_absent"
            self._tell(blank[0][0], blank[0][1], code, "warning", count=len(blank))
        for name in columns:
            if name not in held:
                self._tell(1, name, "meeting_blank", "warning")
        statuses, above = [], []
        asked: set[str] = set()
        for spot in cells:
            mark = marks.get(spot, "" if away or spot not in blank else "absent")
            if spot not in marks and not mark:
                continue
            status = settled.get(mark, mark)
            if mark.startswith("open_") and status == mark:
                if mark not in asked:
                    self._tell(*spot, f"mark_{mark}")
                asked.add(mark)
                continue
            if not status:
                self._tell(*spot, "mark_unknown")
                continue
            statuses.append(status)
            above.append(spot)
        return statuses, above

    def _settled(self, marks: set[str]) -> dict[str, str]:
        """Return what marks of several meanings mean here, where another mark of the list settles it."""
        settled = {}
        if "open_x" in marks and "present" in marks:
            settled["open_x"] = "absent"
        elif "open_x" in marks and "absent" in marks:
            settled["open_x"] = "present"
        if "open_t" in marks and "absent" in marks:
            settled["open_t"] = "late"
        if "open_p" in marks and not {"present", "open_x"} & marks:
            settled["open_p"] = "present"
        return settled

    def _with_roster(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Give each person the group and the role of the members table where the list lacks them."""
        import pandas as pd

        listed = self.members
        if listed is not None and "person" in listed:
            listed = listed.dropna(subset=["person"]).drop_duplicates("person").set_index("person")
        else:
            listed = pd.DataFrame()
        for column in ("group", "role"):
            if column not in rows and "person" in rows:
                known = listed[column] if column in listed else pd.Series(dtype="string")
                rows[column] = rows["person"].map(known).astype("string")
        if "role" in rows and "role" not in self.meant.values():
            rows["role"] = rows["role"].fillna("anggota")  # not in members: refused as a reference
        elif "role" in rows:
            words = value_words()["role"]
            rows["role"] = rows["role"].map(
                lambda cell: words.get(bare_words(cell), cell.casefold()),
                na_action="ignore",
            )
        return rows
