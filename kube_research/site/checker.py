"""Every problem of a site's tables at once, each located by file, row, column and value."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from kube_research.formats import as_printed
from kube_research.site.doubts import all_doubts
from kube_research.site.info import site_entry
from kube_research.site.local_values import (
    SHEET_ERRORS,
    Reading,
    Refused,
    localised,
    weekday_name,
)
from kube_research.site.problems import Problem, located
from kube_research.site.readers import Collected, meant_column
from kube_research.site.rules import (
    GROUPED,
    OPTIONAL,
    Finding,
    Sound,
    between_tables,
    broken_cells,
    nearest,
    off_site,
)
from kube_research.site.schema import PERCENT, Reference, Table, tables

if TYPE_CHECKING:
    import pandas as pd

_PEOPLE = ("person", "rater")
_WHOLE = ("integer", "money")
#: What texts tell of percentages, with the decimal sign of the language.
_DECIMALS = frozenset({"exact", "below", "above", "read"})


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
        for name, frame in read.tables.items():
            self.plain[name], self._refused[name] = localised(frame, name)

    def run(self, *, doubts: bool = True) -> list[Problem]:
        """Check everything and return the problems: of a cell the first rule that it breaks.

        Without ``doubts`` only errors are looked for, not findings and warnings.
        """
        sound = Sound({name: frame.copy() for name, frame in self.plain.items()})
        findings: list[Finding] = []
        for check in (self._headers, self._alone, self._known, between_tables):
            broken = list(check(sound))
            sound.blank(broken)
            findings += broken
        if doubts:
            findings += all_doubts(sound, self.read.info)
        problems: dict[tuple[str, int, str], Problem] = {}
        for problem in map(self._problem, findings):
            problems.setdefault((problem.file, problem.row, problem.column), problem)
        return [*problems.values(), *self._entries(sound)]

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

    def _headers(self, sound: Sound) -> Iterator[Finding]:
        for name, frame in sound.frames.items():
            yield from _columns(tables()[name], frame)

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
        if finding.code == "date_weekday":
            fill["weekday"] = weekday_name(str(fill["date"]), self.read.lang)
        fill["site_file"] = self.read.site_file
        remedy = ""
        if finding.code == "type_percent":
            fill["most"] = table.column(finding.column).most
            counted = finding.column == PERCENT and "n" in fill
            remedy = "type_percent_counts" if counted else ""
        if finding.code == "off_step":
            fill["entry"] = site_entry("step", fill["fits"], self.read.site_file)
            remedy = "" if fill["fits"] else "off_step_mean"
        if finding.code == "type_code" and finding.column in _PEOPLE and " " in value:
            remedy = "type_code_name"
        if (
            finding.code == "ambiguous"
            and fill.get("kind", table.column(finding.column).kind) in _WHOLE
        ):
            remedy = "ambiguous_whole"
        place = (self.read.files[name], row, column, value)
        return located(
            *place, finding.code, self.read.lang, finding.severity, remedy=remedy, **fill
        )

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
        if there not in sound.frames:
            if there not in self.read.files and (name, there) not in OPTIONAL:
                in_book = "[" in self.read.site_file
                home = f"site.xlsx[{there}]" if in_book else f"{there}.csv"
                fill = {"table": there, "where": home}
                yield Finding(name, int(cells.index[0]), last, "reference_absent", fill)
            return
        target = sound.cells(there, *reference.to)
        if target is None:
            return
        known = dict.fromkeys(target.itertuples(index=False, name=None))

        @cache
        def meant(entry: tuple[str, ...]) -> str:
            return nearest(entry[-1], [other[-1] for other in known if other[:-1] == entry[:-1]])

        for row, entry in zip(cells.index, cells.itertuples(index=False, name=None), strict=True):
            if entry not in known:
                fill = {"table": there, "near": meant(entry)}
                yield Finding(name, int(row), last, "reference", fill)


def _columns(table: Table, frame: pd.DataFrame) -> Iterator[Finding]:
    absent = [name for name in table.names if name not in frame]
    meant: list[str] = []
    for name in frame.columns:
        if name not in table.names:
            near = meant_column(name, [other for other in absent if other not in meant])
            meant.append(near)
            fill = {"near": near, "allowed": ", ".join(table.names)}
            yield Finding(table.name, None, name, "column_unknown", fill)
    for name in table.lacks([*frame.columns, *meant]):
        yield Finding(table.name, None, name, "column_missing")


def _cells(table: Table, frame: pd.DataFrame, refused: Refused) -> Iterator[Finding]:
    """Check every cell by itself: the first rule it breaks is told."""
    errors = frame.isin(SHEET_ERRORS)
    for name in (name for name in table.names if name in frame and errors[name].any()):
        for row in frame.index[errors[name]]:
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


def _reasons(reading: Reading, keep: bool) -> dict[str, object]:
    """Give the texts of a refusal what they are about; ``keep`` keeps the digits of decimals."""
    if reading.code == "type_percent" and reading.readings:
        return dict(zip(("n", "of"), reading.readings, strict=True))
    if reading.code == "ambiguous":
        whole, decimal = reading.readings
        return {"whole": whole, "decimal": decimal if keep else decimal.rstrip("0")}
    if reading.code == "date_ambiguous":
        return {"readings": ", ".join(reading.readings)}
    return {"near" if reading.code.startswith("type_") else "date": reading.near}
