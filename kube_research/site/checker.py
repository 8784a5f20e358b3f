"""Every problem of a site's tables at once, each located by file, row, column and value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING

from kube_research.site.local_values import (
    SHEET_ERRORS,
    Reading,
    Refused,
    localised,
    read_value,
    weekday_name,
)
from kube_research.site.problems import Problem, located
from kube_research.site.readers import meant_column
from kube_research.site.rules import (
    OPTIONAL,
    Finding,
    Sound,
    all_doubts,
    between_tables,
    broken_cells,
    nearest,
    off_site,
)
from kube_research.site.schema import Reference, Table, tables
from kube_research.texts import text

if TYPE_CHECKING:
    import pandas as pd

    from kube_research.site.info import SiteInfo

_PEOPLE = ("person", "rater")


@dataclass
class Checker:
    """Checks the text tables of one site.

    Attributes
    ----------
    frames : mapping of str to DataFrame
        Text tables by name, indexed by spreadsheet row.
    files : mapping of str to str
        File name of each table, also of those that could not be read.
    info : SiteInfo or None
        Scale and groups of the site; None when site.toml itself is broken.
    lang : {"en", "id"}
        Language of the problems.
    places : mapping
        For wide ratings: where each lengthened row stood, as (spreadsheet row, column).
    site_file : str
        Where scale, groups and period of the site are written.
    plain : mapping of str to DataFrame
        The tables with every number, date and hour in its plain form, ready for their types.
    """

    frames: Mapping[str, pd.DataFrame]
    files: Mapping[str, str]
    info: SiteInfo | None
    lang: str = "en"
    places: Mapping[str, list[tuple[int, str]]] = field(default_factory=dict)
    site_file: str = "site.toml"
    plain: dict[str, pd.DataFrame] = field(default_factory=dict, init=False)
    _refused: dict[str, Refused] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        for name, frame in self.frames.items():
            self.plain[name], self._refused[name] = localised(frame, name)

    def run(self, *, doubts: bool = True) -> list[Problem]:
        """Check everything and return the problems: of a cell the first rule that it breaks.

        Without ``doubts`` only errors are looked for, not findings and warnings.
        """
        sound = Sound({name: frame.copy() for name, frame in self.plain.items()})
        found = [
            one for name, frame in self.frames.items() for one in _columns(tables()[name], frame)
        ]
        for check in (self._alone, self._known, between_tables):
            wrong = list(check(sound))
            sound.blank(wrong)
            found += wrong
        if doubts:
            found += all_doubts(sound, self.info)
        problems: dict[tuple[str, int, str], Problem] = {}
        for problem in map(self._problem, found):
            problems.setdefault((problem.file, problem.row, problem.column), problem)
        return list(problems.values())

    def _alone(self, sound: Sound) -> Iterator[Finding]:
        for name in self.frames:
            yield from _cells(tables()[name], sound.frames[name], self._refused[name])

    def _known(self, sound: Sound) -> Iterator[Finding]:
        sound.plain_numbers()
        for name in self.frames:
            yield from self._key(tables()[name], sound)
            for reference in tables()[name].references:
                yield from self._reference(name, reference, sound)
        if self.info is not None:
            yield from off_site(sound, self.info)

    def _problem(self, found: Finding) -> Problem:
        """Locate a finding; in wide ratings an item is a column, so its number stands in row 1."""
        name, column, row, value = found.table, found.column, 1, found.column
        frame, table, fill = self.frames[name], tables()[name], dict(found.fill)
        if found.row is not None:
            cell = frame.at[found.row, column]
            row, value = self._row(name, found.row), cell if isinstance(cell, str) else ""
            if name in self.places and column in ("item", "score"):
                column = self.places[name][found.row][1]
                row, value = (1, column) if found.column == "item" else (row, value)
        elif column not in frame:
            value = ""
        if column in table.names:
            fill["description"] = table.column(column).describe(self.lang)
        if "first" in fill:
            fill["first"] = self._row(name, int(str(fill["first"])))
        if found.code == "date_weekday":
            fill["weekday"] = weekday_name(str(fill["date"]), self.lang)
        fill["site_file"] = self.site_file
        place = (self.files[name], row, column, value)
        problem = located(*place, found.code, self.lang, found.severity, **fill)
        special = ""
        if found.code == "type_code" and column in _PEOPLE and " " in value:
            special = "type_code_name"
        if found.code == "ambiguous" and table.column(found.column).kind in ("integer", "money"):
            special = "ambiguous_whole"
        words = {"column": column, **fill}
        return (
            replace(problem, remedy=text(f"remedy.{special}", self.lang, **words))
            if special
            else problem
        )

    def _row(self, table: str, label: int) -> int:
        """Give the spreadsheet row of an index label."""
        return self.places[table][label][0] if table in self.places else label

    def _home(self, table: str) -> str:
        """Name the file or sheet that would hold a table."""
        return f"site.xlsx[{table}]" if "[" in self.site_file else f"{table}.csv"

    def _key(self, table: Table, sound: Sound) -> Iterator[Finding]:
        cells = sound.cells(table.name, *table.key) if table.key else None
        if cells is None:
            return
        repeated = cells.index[cells.duplicated()]
        if repeated.empty:
            return
        wide = table.name in self.places
        shown = [name for name in table.key if not (wide and name == "item")]
        first = cells.assign(row_=cells.index).groupby(list(table.key))["row_"].transform("first")
        for row in repeated:
            origin = int(str(first.at[row]))
            if wide and self._row(table.name, row) == self._row(table.name, origin):
                yield Finding(table.name, int(row), "item", "column_twice")
                continue
            key = ", ".join(f"{name} {cells.at[row, name]!s}" for name in shown)
            yield Finding(
                table.name, int(row), shown[-1], "duplicate", {"key": key, "first": origin}
            )

    def _reference(self, name: str, reference: Reference, sound: Sound) -> Iterator[Finding]:
        cells = sound.cells(name, *reference.columns)
        if cells is None or cells.empty:
            return
        last, there = reference.columns[-1], reference.table
        if there not in self.frames:
            if there not in self.files and (name, there) not in OPTIONAL:
                fill = {"table": there, "where": self._home(there)}
                yield Finding(name, int(cells.index[0]), last, "reference_absent", fill)
            return
        target = sound.cells(there, *reference.to)
        if target is None:
            return
        known = dict.fromkeys(target.itertuples(index=False, name=None))

        @cache
        def meant(entry: tuple[str, ...]) -> str:
            return nearest(entry[-1], [one[-1] for one in known if one[:-1] == entry[:-1]])

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
    for column in table.columns:
        if column.need and column.name in absent and column.name not in meant:
            yield Finding(table.name, None, column.name, "column_missing")


def _cells(table: Table, frame: pd.DataFrame, refused: Refused) -> Iterator[Finding]:
    """Check every cell by itself: the first rule it breaks is told."""
    for name in (name for name in table.names if name in frame):
        for row in frame.index[frame[name].isin(SHEET_ERRORS)]:
            yield Finding(table.name, int(row), name, "excel_error")
    told = set()
    for (row, name), reading in refused.items():
        if reading.code in ("ambiguous", "money_part", "money_dash") or "date_" in reading.code:
            told.add((row, name))
            keep = table.column(name).kind == "printed"
            yield Finding(table.name, row, name, reading.code, _reasons(reading, keep))
    for row, name, rule, value in broken_cells(frame, table.name):
        if (row, name) in told:
            continue
        column = table.column(name)
        code, fill = rule, dict[str, object](minimum=column.minimum)
        if rule == "choice":
            fill["allowed"] = ", ".join(column.allowed)
            fill["near"] = nearest(value, column.allowed, name)
        if rule == "type_date":
            reading = read_value(value, "date")
            code, fill = reading.code or rule, _reasons(reading)
        yield Finding(table.name, row, name, code, fill)


def _reasons(reading: Reading, keep: bool = False) -> dict[str, object]:
    """Give the texts of a refusal what they are about; ``keep`` keeps the digits of decimals."""
    if reading.code == "ambiguous":
        whole, decimal = reading.readings
        return {"whole": whole, "decimal": decimal if keep else decimal.rstrip("0")}
    if reading.code == "date_ambiguous":
        return {"readings": ", ".join(reading.readings)}
    return {"near" if reading.code.startswith("type_") else "date": reading.near}
