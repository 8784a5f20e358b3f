"""Every problem of a site's tables at once, each located by file, row, column and value."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from kube_research.formats import RUPIAH, as_printed, currencies
from kube_research.site.codes import PEOPLE, is_number_of_card, shortened
from kube_research.site.doubts import all_doubts
from kube_research.site.info import BOOKS, site_entry
from kube_research.site.local_values import (
    LOCAL_KINDS,
    NUMBER_KINDS,
    SHEET_ERROR,
    Reading,
    Refused,
    localised,
    weekday_name,
)
from kube_research.site.problems import Problem, located
from kube_research.site.readers import BOOK, Collected, meant_column, read_folder
from kube_research.site.rules import (
    GROUPED,
    OPTIONAL,
    Finding,
    Sound,
    between_tables,
    broken_cells,
    built_in,
    nearest,
    off_site,
)
from kube_research.site.schema import PERCENT, Column, Reference, Table, tables
from kube_research.site.spellings import bare_words, value_words
from kube_research.site.turned import lost_digits, turned
from kube_research.texts import has_text, text

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from kube_research.site.info import SiteInfo

_WHOLE = ("integer", "money")
#: What texts tell of percentages, with the decimal sign of the language.
_DECIMALS = frozenset({"exact", "below", "above", "read"})
#: Rules that a word for no answer breaks, where a blank cell says the same.
_MAY_BE_BLANK = (
    *(f"type_{kind}" for kind in (*LOCAL_KINDS, "code")),
    *("choice", "reference", "unknown_group"),
)
#: Columns in which a minus is no blank.
_SIGNED = ("direction",)
#: Rules about amounts, whose texts name the site's currency.
_OF_MONEY = ("type_money", "money_part", "money_other", "money_zeros")
#: Currencies that signs most likely stand for.
_CODES = {"rp": "IDR", "rp.": "IDR", "€": "EUR", "£": "GBP", "¥": "JPY", "s$": "SGD", "₱": "PHP"}
#: A column of wide ratings named after the section of its statement: 1.10, item_1.1, Butir 2-3.
_SECTION = re.compile(r"(?:item|butir|no\.?)?[ _]?[0-9]+(?:[.-][0-9]+)+\.?", re.IGNORECASE)


def read_site(
    folder: Path, lang: str, instead_of: Callable[[str, Path], str], *, doubts: bool = True
) -> tuple[SiteInfo | None, dict[str, pd.DataFrame], list[Problem]]:
    """Return what the site file says, the tables in plain text, and every problem of them.

    Without ``doubts`` only errors are looked for; ``instead_of`` tells which sites there are instead of
    a twin that is not there.
    """
    import pandas as pd

    # Cells are looked at in small pieces, where plain Python strings are twice as quick as Arrow's.
    with pd.option_context("mode.string_storage", "python"):
        read = read_folder(folder, lang)
        checker = Checker(read)
        broken = checker.run(doubts=doubts)
    refused = {
        (problem.file, problem.row, problem.column)
        for problem in read.problems
        if problem.severity == "error" and problem.row and problem.column
    }
    problems = list(read.problems)
    twin = read.info.twin if read.info else ""
    if twin and (others := instead_of(twin, folder)):
        place = (read.site_file, read.entry_rows.get("twin", 0), "twin", twin, "twin_absent")
        problems.append(located(*place, lang, bundled=others))
    return (
        read.info,
        checker.plain,
        problems
        + [
            problem
            for problem in broken
            if (problem.file, problem.row, problem.column) not in refused
        ],
    )


class Checker:
    """Checks the text tables of one site.

    Parameters
    ----------
    read : Collected
        What its folder holds.

    Attributes
    ----------
    plain : dict of str to DataFrame
        The tables with every number, date and hour in its plain form, ready for their types.
    """

    def __init__(self, read: Collected) -> None:
        self.read = read
        self.plain: dict[str, pd.DataFrame] = {}
        self._refused: dict[str, Refused] = {}
        self.currency = read.info.money if read.info else RUPIAH
        for name, frame in read.tables.items():
            self.plain[name], self._refused[name] = localised(frame, name, self.currency)

    def run(self, *, doubts: bool = True) -> list[Problem]:
        """Check everything and return the problems: of a cell the first rule that it breaks.

        Without ``doubts`` only errors are looked for, not findings and warnings.
        """
        sound = Sound({name: frame.copy() for name, frame in self.plain.items()})
        findings: list[Finding] = []
        for check in (self._headers, self._alone, self._known, between_tables):
            broken = list(check(sound))
            sound.blank(broken)
            if self.read.info is None:  # the currency is not known
                broken = [finding for finding in broken if finding.code not in _OF_MONEY[1:]]
            findings += broken
        if doubts:
            doubts_open = filter(self._open, all_doubts(sound, self.read.info))
            findings += [*doubts_open, *self._zero_parts(sound)]
        problems: dict[tuple[str, int, str], Problem] = {}
        for problem in map(self._problem, findings):
            problems.setdefault((problem.file, problem.row, problem.column), problem)
        return [*problems.values(), *self._entries(sound)]

    def _open(self, doubt: Finding) -> bool:
        """Tell whether a doubt stands: who writes 0.5% means it."""
        written = (
            "" if doubt.row is None else self.read.tables[doubt.table].at[doubt.row, doubt.column]
        )
        return doubt.code != "fraction" or "%" not in str(written)

    def _entries(self, sound: Sound) -> Iterator[Problem]:
        """Find entries about the whole site that its tables contradict."""
        info, file, rows = self.read.info, self.read.site_file, self.read.entry_rows
        if info is None:
            return
        used = {
            group: None
            for cells in (sound.cells(name, "group") for name in GROUPED)
            if cells is not None
            for group in sorted(cells["group"].unique())
        }
        if used and not info.groups:
            written = site_entry("groups", json.dumps(list(used), ensure_ascii=False), file)
            at = (file, rows.get("groups", 0), "groups", "[]", "groups_empty")
            yield located(*at, self.read.lang, example=written, count=len(used))
        declared = info.primary
        if declared is None or declared.level is None:
            return
        names = ("items", "ratings") if declared.by == "item" else ("items",)
        columns = [sound.cells(name, declared.by) for name in names]
        known = {int(n) for cells in columns if cells is not None for n in cells[declared.by]}
        if known and declared.level not in known:
            place = (file, rows.get("primary.outcome", 0), "primary.outcome", declared.outcome)
            fill = {"known": ", ".join(map(str, sorted(known)))}
            yield located(*place, "primary_unknown", self.read.lang, **fill)

    def _zero_parts(self, sound: Sound) -> Iterator[Finding]:
        """Find amounts with decimals of zero after a point, read as whole: told once a table."""
        for name, frame in self.read.tables.items() if not self.currency.decimals else ():
            for column in (c.name for c in tables()[name].columns if c.kind == "money"):
                cells = sound.cells(name, column)
                if cells is None:
                    continue
                written = frame.loc[cells.index, column].str.fullmatch(r"[^.]*[0-9]\.0{1,2}")
                rows = cells.index[written.fillna(False).astype(bool)]
                if len(rows):
                    value = frame.at[rows[0], column]
                    fill = {"count": len(rows), "read": cells.at[rows[0], column], "value": value}
                    yield Finding(name, int(rows[0]), column, "money_zeros", fill, "warning")
                    break

    def _headers(self, sound: Sound) -> Iterator[Finding]:
        items = sound.frames.get("items")
        codes = set() if items is None or "code" not in items else set(items["code"].dropna())
        for name, frame in sound.frames.items():
            yield from _columns(tables()[name], frame, codes)

    def _alone(self, sound: Sound) -> Iterator[Finding]:
        for name, frame in sound.frames.items():
            yield from _cells(tables()[name], frame, self._refused[name])

    def _known(self, sound: Sound) -> Iterator[Finding]:
        sound.plain_numbers()
        for name in sound.frames:
            yield from self._key(tables()[name], sound)
            for reference in tables()[name].references:
                yield from self._reference(name, reference, sound)
        if self.read.info is not None:
            yield from off_site(sound, self.read.info)

    def _problem(self, finding: Finding) -> Problem:
        """Locate a finding where its cell is written, whatever shape the table was kept in."""
        name, column, row, value = finding.table, finding.column, 1, finding.column
        frame, table, fill = self.read.tables[name], tables()[name], dict(finding.fill)
        if finding.row is not None:
            cell = frame.at[finding.row, column]
            row, value = finding.row, cell if isinstance(cell, str) else ""
            if name in self.read.places:
                row, column, value = self.read.places[name].cell(finding.row, column)
        elif column not in frame:
            value = ""
        if finding.column in table.names:
            fill["description"] = table.column(finding.column).describe(self.read.lang)
        for digits in _DECIMALS & fill.keys():
            fill[digits] = as_printed(str(fill[digits]), self.read.lang)
        if "first" in fill:
            fill["first"] = self._row(name, int(str(fill["first"])))
        if "spots" in fill:
            fill["spots"] = self._spelt(name, fill["spots"])
        if finding.code == "date_weekday":
            fill["weekday"] = weekday_name(str(fill["date"]), self.read.lang)
        fill["site_file"] = self.read.site_file
        if "kinds" in fill or "books" in fill:
            fill |= self._own_books(fill.get("books", ()), value)
        if finding.code == "ambiguous" and name in self.read.places and value[:1].isdigit():
            for reading in ("whole", "decimal"):  # the column says the sign, the cell does not
                fill[reading] = str(fill[reading]).lstrip("-")
        remedy = self._remedy(finding, column, value, fill)
        entry = shortened(value) if finding.column in PEOPLE else value
        place = (self.read.files[name], row, column, entry)
        return located(
            *place, finding.code, self.read.lang, finding.severity, remedy=remedy, **fill
        )

    def _remedy(self, finding: Finding, column: str, value: str, fill: dict[str, object]) -> str:
        """Choose the remedy of a finding, if it is not that of its rule, and fill in what it names."""
        table = tables()[finding.table]
        remedy = "reference_brought" if "brought" in fill else ""
        listed = table.column(finding.column) if finding.column in table.names else None
        if finding.code == "turned":
            groups = self.read.info.groups if self.read.info and column == "group" else ()
            fill |= _turned_words(value, groups, self.read.lang)
        if listed is not None:
            near = bool(fill.get("near"))
            remedy = _blank_remedy(listed, finding.code, value, near) or remedy
        if finding.code == "type_percent":
            fill["most"] = table.column(finding.column).most
            counted = finding.column == PERCENT and "n" in fill
            remedy = "type_percent_counts" if counted else remedy
        if finding.code == "off_step":
            fill["entry"] = site_entry("step", fill["fits"], self.read.site_file)
            remedy = "" if fill["fits"] else "off_step_mean"
        if finding.code in _OF_MONEY:
            fill |= self._of_money(str(fill.get("near", "")))
            several = self.currency.decimals and finding.code != "money_other"
            remedy = f"{finding.code}_decimals" if several else remedy
        if finding.code == "column_missing" and has_text(f"remedy.column_missing_{column}"):
            remedy = f"column_missing_{column}"
            fill["allowed"] = ", ".join(self.read.info.books if self.read.info else BOOKS)
        if finding.code == "type_code" and finding.column in PEOPLE:
            if is_number_of_card(value):
                remedy = "card_number"
            elif " " in value and not remedy:
                remedy = "type_code_name"
        if finding.column == "item" and finding.code in ("type_integer", "ambiguous", "minimum"):
            remedy = "type_integer_item"
        elif finding.code == "ambiguous":
            kind = fill.get("kind", table.column(finding.column).kind)
            if kind in _WHOLE:
                with_cents = kind == "money" and self.currency.decimals
                remedy = "ambiguous_money" if with_cents else "ambiguous_whole"
        need = f"{finding.code}_need"
        if has_text(f"remedy.{need}") and not table.column(finding.column).empty:
            remedy = need
        return remedy

    def _of_money(self, sign: str) -> dict[str, object]:
        """Give the texts about an amount what the site's amounts look like, and how to say otherwise."""
        currency, lang = self.currency, self.read.lang
        form = "currency.decimals" if currency.decimals else "currency.whole"
        fill: dict[str, object] = {"unit": currency.name, "decimals": currency.decimals}
        fill["form"] = text(form, lang, **fill)
        code = sign.upper() if sign.upper() in currencies() else _CODES.get(sign.lower(), "USD")
        fill["declare"] = site_entry("currency", f'"{code}"', self.read.site_file)
        return fill | {"example": currency.plain(round(12.5 * currency.unit))}

    def _own_books(self, known: Any, value: str) -> dict[str, object]:
        """Give the texts about a book what to write where, so that the site has it."""
        listed = json.dumps(list(dict.fromkeys([*known, value])), ensure_ascii=False)
        example = site_entry("books", listed, self.read.site_file)
        return {"books_file": self._home("books"), "example": example}

    def _home(self, table: str) -> str:
        """Return where a table that the site lacks would stand."""
        return f"{BOOK}[{table}]" if "[" in self.read.site_file else f"{table}.csv"

    def _spelt(self, table: str, spots: Any) -> str:
        """Return pairs of spellings with their rows, in words."""
        return ", ".join(
            text("check.spelt", self.read.lang, code=shortened(code), row=self._row(table, row),
                 other=shortened(other),
                 first=self._row(table, first))
            for code, row, other, first in spots
        )  # fmt: skip

    def _row(self, table: str, label: int) -> int:
        """Give the spreadsheet row of an index label."""
        places = self.read.places
        return places[table].row(label) if table in places else label

    def _key(self, table: Table, sound: Sound) -> Iterator[Finding]:
        cells = sound.cells(table.name, *table.key) if table.key else None
        if cells is None:
            return
        repeated = cells.index[cells.duplicated()]
        if repeated.empty:
            return
        places = self.read.places.get(table.name)
        titles = places.titles if places else ()
        parts = [name for name in table.key if name not in titles]
        first = cells.assign(row_=cells.index).groupby(list(table.key))["row_"].transform("first")
        for row in map(int, repeated):
            origin = int(str(first.at[row]))
            if titles and self._row(table.name, row) == self._row(table.name, origin):
                yield Finding(table.name, row, titles[0], "column_twice")
                continue
            key = ", ".join(f"{name} {cells.at[row, name]!s}" for name in parts)
            fill = {"key": key, "first": origin}
            yield Finding(table.name, row, parts[-1], "duplicate", fill)

    def _reference(self, name: str, reference: Reference, sound: Sound) -> Iterator[Finding]:
        cells = sound.cells(name, *reference.columns)
        if cells is None or cells.empty:
            return
        last, there = reference.columns[-1], reference.table
        brought = [(code,) for code in built_in(there, reference.to[-1])]
        if there not in sound.frames and not (brought and there not in self.read.files):
            if there not in self.read.files and (name, there) not in OPTIONAL:
                fill = {"table": there, "where": self._home(there)}
                yield Finding(name, int(cells.index[0]), last, "reference_absent", fill)
            return
        target = sound.cells(there, *reference.to) if there in sound.frames else None
        if target is None and (there in sound.frames or not brought):
            return
        known: dict[tuple[str, ...], None] = dict.fromkeys(brought)
        if target is not None:
            known = dict.fromkeys(target.itertuples(index=False, name=None))

        @cache
        def meant(entry: tuple[str, ...]) -> str:
            return nearest(entry[-1], [other[-1] for other in known if other[:-1] == entry[:-1]])

        entries = list(zip(cells.index, cells.itertuples(index=False, name=None), strict=True))
        unknown = {entry for _, entry in entries if entry not in known}
        if target is not None and len(unknown) <= _mistyped(
            tables()[there], sound.frames[there], len(known)
        ):
            return  # what is referred to has been told in its own table
        for row, entry in entries:
            if entry in unknown:
                fill = {"table": there, "near": meant(entry)}
                if target is None:
                    fill["brought"] = ", ".join(code for (code,) in brought)
                yield Finding(name, int(row), last, "reference", fill)


def _mistyped(table: Table, frame: pd.DataFrame, known: int) -> int:
    """Return how many rows of a table may be those that others refer to by a key not known."""
    lost = any(
        frame[column.name].isna().all()
        for column in table.columns
        if column.need and not column.empty and column.name in frame
    )
    return len(frame) if lost else len(frame.drop_duplicates()) - known  # or a column is another


def _columns(table: Table, frame: pd.DataFrame, codes: Collection[str]) -> Iterator[Finding]:
    """Check the names of columns; ``codes`` are the section numbers of the statements."""
    absent = [name for name in table.names if name not in frame]
    meant: list[str] = []
    for name in frame.columns:
        rated = table.name == "ratings" and name not in table.names
        if rated and name == "score_given":
            yield Finding(table.name, None, name, "column_turned")
        elif rated and (name in codes or _SECTION.fullmatch(name)):
            meant += ["item", "score"]
            yield Finding(table.name, None, name, "column_section")
        elif name not in table.names:
            near = meant_column(name, [other for other in absent if other not in meant])
            meant.append(near)
            fill = {"near": near, "allowed": ", ".join(table.names)}
            yield Finding(table.name, None, name, "column_unknown", fill)
    for name in table.lacks([*frame.columns, *meant]):
        yield Finding(table.name, None, name, "column_missing")


def _cells(table: Table, frame: pd.DataFrame, refused: Refused) -> Iterator[Finding]:
    """Check every cell by itself: the first rule it breaks is told."""
    for name in filter(frame.columns.__contains__, table.names):
        texts = frame[name].dropna().unique()
        failed = [text for text in texts if text[0] in "#Ee" and SHEET_ERROR.fullmatch(text)]
        for row in frame.index[frame[name].isin(failed)] if failed else ():
            yield Finding(table.name, int(row), name, "excel_error")
    for (row, name), reading in refused.items():
        keep = table.column(name).kind == "printed"
        fill = _reasons(reading, keep)
        if name == "value" and table.value_kinds:
            fill["kind"] = table.value_kinds[str(frame.at[row, table.key[0]])]
        yield Finding(table.name, row, name, reading.code, fill)
    for row, name, rule, value in broken_cells(frame, table.name):
        if (row, name) in refused:
            continue
        column = table.column(name)
        fill = {"minimum": column.minimum}
        if rule == "choice":
            fill["allowed"] = ", ".join(column.allowed)
            fill["near"] = nearest(value, column.allowed, name)
        yield Finding(table.name, row, name, rule, fill)


def _blank_remedy(column: Column, code: str, value: str, near: bool) -> str:
    """Return the remedy that says whether the cell may be left blank, if that is another one."""
    if code == "turned" and column.kind in NUMBER_KINDS:
        return "turned_blank" if column.empty else "turned_number"
    if not column.empty or near or column.name in _SIGNED:
        return ""
    if code == "excel_error":
        return "excel_error_blank"
    word = bare_words(value)
    return "leave_blank" if code in _MAY_BE_BLANK and word in value_words()["no_answer"] else ""


def _turned_words(value: str, groups: Sequence[str], lang: str) -> dict[str, str]:
    """Tell what a spreadsheet has made of an entry, and what may have been typed."""
    result = turned(value)
    if result is None:
        return {}
    entries = list(result.entries)
    if not entries:
        count, first = lost_digits(value)
        entries = [text("turned.cut", lang, count=count, first=first)]
    known = [entry for entry in entries if entry in groups]
    return {
        "what": text(f"turned.{result.what}", lang),
        "entries": ", ".join(entries),
        "near": known[0] if len(known) == 1 else "",
    }


def _reasons(reading: Reading, keep: bool) -> dict[str, object]:
    """Give the texts of a refusal what they are about; ``keep`` keeps the digits of decimals."""
    if reading.code == "type_percent" and reading.readings:
        return dict(zip(("n", "of"), reading.readings, strict=True))
    if reading.code == "ambiguous":
        whole, decimal = reading.readings
        short = decimal.rstrip("0")
        longer = f"{decimal}0" if len(short.partition(".")[2]) == 3 else short  # of one reading
        return {"whole": whole, "decimal": decimal if keep else short, "longer": longer}
    if reading.code == "date_ambiguous":
        return {"readings": ", ".join(reading.readings)}
    near = reading.code.startswith("type_") or reading.code == "money_other"
    return {"near" if near else "date": reading.near}


def turn_round(finished: dict[str, pd.DataFrame], scale: tuple[float, float]) -> None:
    """Turn scores of negative statements round, and give ratings the weights of their items."""
    items = finished.get("items")
    if items is None:
        return
    negative = "direction" in items and items["direction"].eq("negative").any()
    if not negative and not ("weight" in items and items["weight"].notna().any()):
        return  # most instruments have neither, and what does it takes time to load
    from kube_research.site.instrument import with_instrument, with_turned_means

    if "ratings" in finished:
        finished["ratings"] = with_instrument(finished["ratings"], items, scale)
    if "item_means" in finished:
        finished["item_means"] = with_turned_means(finished["item_means"], items, scale)
