"""What must agree between the cells and tables of a site: scale, groups, people, order, names."""

from __future__ import annotations

import datetime as dt
import difflib
import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from kube_research.site.schema import PATTERNS, Column, tables

if TYPE_CHECKING:
    import pandas as pd

    from kube_research.site.info import SiteInfo

_DATE = re.compile(r"(?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}")


def broken_cells(frame: pd.DataFrame, name: str) -> Iterator[tuple[int, str, str, str]]:
    """Yield every cell of a text table that breaks a rule, with the first rule it breaks.

    Parameters
    ----------
    frame : DataFrame
        Cells as text, blank ones missing, indexed by spreadsheet row. Columns that are absent are
        none of its business.
    name : str
        Name of the table.

    Yields
    ------
    (int, str, str, str)
        Row, column, rule (``required``, ``type_date`` and the other kinds, ``choice``, ``minimum``)
        and what stands in the cell.

    Examples
    --------
    >>> import pandas as pd
    >>> list(broken_cells(pd.DataFrame({"item": ["1", "x", "0"]}, dtype="string"), "items"))
    [(1, 'item', 'type_integer', 'x'), (2, 'item', 'minimum', '0')]
    """
    for column in tables()[name].columns:
        if column.name not in frame:
            continue
        cells = frame[column.name]
        blank = cells.isna()
        if not column.empty:
            for row in frame.index[blank]:
                yield int(row), column.name, "required", ""
        rules = {value: broken_rule(column, value) for value in cells[~blank].unique()}
        found = cells[cells.isin([value for value, rule in rules.items() if rule])]
        for row, value in found.items():
            yield int(str(row)), column.name, rules[value], value


def broken_rule(column: Column, cell: str) -> str:
    """Return the first rule that a filled cell breaks, or nothing.

    Examples
    --------
    >>> broken_rule(tables()["ledger"].column("date"), "2015-02-29")
    'type_date'
    """
    pattern = PATTERNS.get(column.kind)
    if (pattern and not re.fullmatch(pattern, cell)) or (column.kind == "date" and not _day(cell)):
        return f"type_{column.kind}"
    if column.allowed and cell not in column.allowed:
        return "choice"
    if column.minimum is not None and float(cell) < column.minimum:
        return "minimum"
    return ""


def _day(cell: str) -> bool:
    """Tell whether a text is a day of the calendar in ISO form."""
    if not _DATE.fullmatch(cell):
        return False
    try:
        dt.date.fromisoformat(cell)
    except ValueError:
        return False
    return True


_SPARE = re.compile(r"^\+?(-?)0*(?=[0-9])")


@dataclass(frozen=True)
class Finding:
    """One broken rule.

    Attributes
    ----------
    table : str
        Name of the table.
    row : int or None
        Index label of the row in the table's frame; None for the header.
    column : str
        The column.
    code : str
        The rule: key of its texts.
    fill : mapping
        What the placeholders of the texts stand for. ``first`` is an index label of the same table;
        ``near``, if there is one, is suggested instead of the value.
    severity : str
        As for :class:`kube_research.site.problems.Problem`.
    """

    table: str
    row: int | None
    column: str
    code: str
    fill: Mapping[str, object] = field(default_factory=dict)
    severity: str = "error"


class Sound:
    """The tables of a site, with every cell that has broken a rule left blank.

    So a mistyped cell is told once, not again by every rule that builds on it.
    """

    def __init__(self, frames: Mapping[str, pd.DataFrame]) -> None:
        self.frames = frames
        self.blanked: set[tuple[str, str]] = set()

    def blank(self, broken: Iterable[Finding]) -> None:
        """Blank the cells that broke a rule and remember their columns."""
        rows: dict[tuple[str, str], list[int | None]] = {}
        for one in broken:
            rows.setdefault((one.table, one.column), []).append(one.row)
        for (name, column), wrong in rows.items():
            self.frames[name].loc[wrong, column] = None
        self.blanked |= rows.keys()

    def plain_numbers(self) -> None:
        """Write every whole number in one way: +07 as 7."""
        for name, frame in self.frames.items():
            for column in tables()[name].columns:
                if column.name in frame and column.kind in ("integer", "money"):
                    cells = frame[column.name]
                    plain = {text: _SPARE.sub(r"\1", text) for text in cells.dropna().unique()}
                    if any(text != short for text, short in plain.items()):
                        frame[column.name] = cells.map(plain).astype("string")

    def cells(self, name: str, *columns: str) -> pd.DataFrame | None:
        """Return the rows in which all the columns are filled; None without table or column."""
        frame = self.frames.get(name)
        if frame is None or not set(columns) <= set(frame.columns):
            return None
        return frame[list(columns)].dropna()


@cache
def _value_names() -> dict[str, dict[str, str]]:
    """Return, by column, our value for each word that people write."""
    with (Path(__file__).parent / "value_names.toml").open("rb") as handle:
        raw: dict[str, dict[str, list[str]]] = tomllib.load(handle)
    return {
        column: {word: value for value, words in values.items() for word in words}
        for column, values in raw.items()
    }


def nearest(value: str, known: Collection[str], column: str = "") -> str:
    """Return the known value that was probably meant, or an empty text.

    Parameters
    ----------
    value : str
        What stands in the cell.
    known : collection of str
        The values that may stand there.
    column : str
        The column, by which words such as ``hadir`` are understood.

    Returns
    -------
    str
        A value that differs in leading zeros or capitals, that the word stands for, that is the next
        number, or that is spelt alike.

    Examples
    --------
    >>> nearest("7", ["07", "17"]), nearest("peka1", ["peka_1", "kuber"]), nearest("x", ["07"])
    ('07', 'peka_1', '')
    >>> nearest("22", ["2", "20", "21"]), nearest("Hadir", ["present", "late"], "status")
    ('21', 'present')
    """
    word = " ".join(value.casefold().split())[:80]
    bare = word.lstrip("0")
    if alike := [other for other in known if other.casefold().lstrip("0") == bare]:
        return alike[0]
    meant = _value_names().get(column, {}).get(word, "")
    if meant in known:
        return meant
    if word.isdecimal():
        numbers = [other for other in known if other.isdecimal() and len(other) < 19]
        beside = [other for other in numbers if abs(int(other) - int(word)) == 1]
        return beside[0] if beside else ""
    close = difflib.get_close_matches(word, [other.casefold() for other in known], n=1, cutoff=0.6)
    return next((other for other in known if other.casefold() in close), "")


def off_site(sound: Sound, info: SiteInfo) -> Iterator[Finding]:
    """Check scores and groups against what site.toml says."""
    yield from _scale(sound, info)
    yield from _groups(sound, info)


def between_tables(sound: Sound) -> Iterator[Finding]:
    """Check every rule that looks at more than one cell."""
    yield from _order(sound, "activities", "start", "end")
    yield from _order(sound, "activities", "date", "last_date")
    yield from _order(sound, "members", "joined", "left")
    yield from _circles(sound)
    yield from _one_group(sound)
    yield from _roster(sound)
    yield from _rater_counts(sound)
    yield from _field_names(sound)


def _scale(sound: Sound, info: SiteInfo) -> Iterator[Finding]:
    import pandas as pd

    low, high = info.scale
    for name, column in (("ratings", "score"), ("item_means", "mean")):
        cells = sound.cells(name, column)
        if cells is None:
            continue
        numbers = pd.to_numeric(cells[column])
        for row in cells.index[(numbers < low) | (numbers > high)]:
            yield Finding(name, int(row), column, "off_scale", {"low": low, "high": high})


def _groups(sound: Sound, info: SiteInfo) -> Iterator[Finding]:
    allowed = ", ".join(info.groups)
    for name in ("ratings", "members", "attendance", "ledger", "growth_answers"):
        cells = sound.cells(name, "group")
        if cells is None:
            continue
        for row, value in cells["group"][~cells["group"].isin(info.groups)].items():
            fill = {"allowed": allowed, "near": nearest(value, info.groups)}
            yield Finding(name, int(str(row)), "group", "unknown_group", fill)


def _order(sound: Sound, name: str, start: str, end: str) -> Iterator[Finding]:
    cells = sound.cells(name, start, end)
    if cells is None:
        return
    wrong = cells[cells[end] < cells[start]]
    for row, first, last in zip(wrong.index, wrong[start], wrong[end], strict=True):
        yield Finding(name, int(row), end, "end_before_start", {"start": first, "end": last})


def _circles(sound: Sound) -> Iterator[Finding]:
    """Find activities that are part of themselves, directly or by way of others."""
    cells = sound.cells("activities", "activity", "part_of")
    if cells is None:
        return
    parent = dict(zip(cells["activity"], cells["part_of"], strict=True))
    for row, activity in cells["activity"].items():
        chain = [activity]
        while (above := parent.get(chain[-1])) not in (None, *chain):
            chain.append(above)
        if above == activity:
            path = " > ".join([*chain, activity])
            yield Finding("activities", int(str(row)), "part_of", "circular", {"path": path})


def _one_group(sound: Sound) -> Iterator[Finding]:
    """Find raters who stand in more than one group."""
    cells = sound.cells("ratings", "rater", "group")
    if cells is None:
        return
    first = cells.assign(row=cells.index).groupby("rater")[["group", "row"]].transform("first")
    for row in cells.index[cells["group"] != first["group"]]:
        fill = {"other": first.at[row, "group"], "first": int(str(first.at[row, "row"]))}
        yield Finding("ratings", int(row), "group", "two_groups", fill)


def _roster(sound: Sound) -> Iterator[Finding]:
    """Find people whose group or role differs from what the members table says."""
    members = sound.cells("members", "person")
    if members is None:
        return
    roster = sound.frames["members"].loc[members.index].drop_duplicates("person")
    roster = roster.set_index("person")
    for name, person, column, code in (
        ("attendance", "person", "group", "group_differs"),
        ("attendance", "person", "role", "role_differs"),
        ("ledger", "person", "group", "group_differs"),
        ("ratings", "rater", "group", "group_differs"),
    ):
        cells = sound.cells(name, person, column)
        if cells is None or column not in roster:
            continue
        listed = cells[person].map(roster[column]).astype("string")
        for row in cells.index[(cells[column] != listed).fillna(False).astype(bool)]:
            yield Finding(name, int(row), column, code, {"other": listed.at[row]})


def _rater_counts(sound: Sound) -> Iterator[Finding]:
    """Find rounds whose stated number of raters is not the number of those who gave a score."""
    rounds = sound.cells("rounds", "round", "n_raters")
    ratings = sound.cells("ratings", "round", "rater", "score")
    if rounds is None or ratings is None:
        return
    if sound.blanked & {("ratings", "round"), ("ratings", "rater")}:
        return  # the count would only repeat what is told already
    found = ratings.groupby("round")["rater"].nunique()
    for row, number, stated in zip(rounds.index, rounds["round"], rounds["n_raters"], strict=True):
        count = int(found.get(number, 0))
        if count and int(stated) != count:
            fill = {"stated": stated, "found": count}
            yield Finding("rounds", int(row), "n_raters", "rater_count", fill)


def _field_names(sound: Sound) -> Iterator[Finding]:
    """One field has one name, in the items table and in the fields table."""
    for column in ("field_id", "field_en"):
        seen: dict[str, str] = {}
        for name in ("fields", "items"):
            cells = sound.cells(name, "field_no", column)
            if cells is None:
                continue
            for row, number, value in zip(
                cells.index, cells["field_no"], cells[column], strict=True
            ):
                other = seen.setdefault(number, value)
                if other != value:
                    fill = {"field_no": number, "other": other}
                    yield Finding(name, int(row), column, "field_differs", fill)
