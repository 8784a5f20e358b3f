"""The rules of a site's tables as conditions that any engine evaluates, named as in `check`.

A rule is either a condition on single rows, so that all such rules of a table are counted in one
pass, or a lazy frame of the rows that break it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import narwhals as nw
import pandas as pd

from kube_research.engines import Step, column_names, engine_of, joined, walk
from kube_research.schema import PATTERNS, Column, tables

#: Columns that belong to a programme, not to a table of a site.
EXTRA = ("site", "province", "regency", "field_no")
#: References whose targets may hold more values than a condition should list.
_LONG = ("members", "groups")
#: Most bits of a whole number that a double keeps: items up to this number are told apart by one sum.
_BITS = 50


@dataclass(frozen=True)
class Rule:
    """One rule of one table.

    Attributes
    ----------
    table, column, code : str
        Where it applies and its name, as in :class:`kube_research.check_text.Problem`.
    broken : expression, optional
        True for a row that breaks it, never missing.
    rows : callable, optional
        Returns the breaking rows as a lazy frame; with a column ``_count``, a row stands for that
        many.
    severity : str
        As for :class:`kube_research.check_text.Problem`.
    """

    table: str
    column: str
    code: str
    broken: Any = None
    rows: Callable[[], Any] | None = None
    severity: str = "error"


def where(frame: Any, condition: Any) -> Any:
    """Return the rows of a frame of any engine for which a condition holds."""
    return walk(frame, [Step(partial(_where, condition=condition))])


def _where(rows: Any, *, condition: Any) -> Any:
    return rows.filter(condition)


def counted(frame: Any, by: Sequence[str]) -> Any:
    """Return how many rows have each combination of values, as ``_count``; blanks left out."""
    keys = list(by)
    add = partial(_added, by=keys)
    return walk(frame, [Step(partial(_counted, by=keys)), Step(_as_is, tuple(keys), add)])


def _counted(rows: Any, *, by: list[str]) -> Any:
    return rows.group_by(*by, drop_null_keys=True).agg(nw.len().alias("_count"))


def _added(parts: Any, *, by: list[str]) -> Any:
    return parts.group_by(*by, drop_null_keys=True).agg(nw.col("_count").sum())


def _as_is(rows: Any) -> Any:
    return rows.with_columns(nw.col("_count").cast(nw.Int64))


def _true(condition: Any) -> Any:
    """Read a missing answer as no."""
    return condition.fill_null(False)


class TableRules:
    """The rules of one table that look at one row at a time.

    Parameters
    ----------
    name : str
        The table.
    frame : frame of any engine
        Its rows.
    others : mapping of str to frame
        All tables, for what they refer to.
    scale : (int, int) or None
        Lowest and highest score.
    groups : collection of str or None
        Codes of the groups, if a short list is known.
    """

    def __init__(
        self,
        name: str,
        frame: Any,
        others: Mapping[str, Any],
        scale: tuple[int, int] | None,
        groups: Iterable[str] | None,
    ) -> None:
        self.name, self.frame, self.others = name, frame, others
        self.scale, self.groups = scale, None if groups is None else sorted(groups)
        self.names = column_names(frame)
        self.kinds = _kinds(frame)

    def __iter__(self) -> Iterator[Rule]:
        yield from self._columns()
        told: dict[str, Any] = {}
        for column, code, broken in self._cells():
            before = told.get(column)
            told[column] = broken if before is None else before | broken
            alone = broken if before is None else broken & ~before
            yield Rule(self.name, column, code, alone)

    def _columns(self) -> Iterator[Rule]:
        if self.name not in tables():
            return
        table = tables()[self.name]
        absent = [one.name for one in table.columns if one.need and one.name not in self.names]
        strange = [name for name in self.names if name not in (*table.names, *EXTRA)]
        nowhere = [
            one.columns[-1]
            for one in table.references
            if one.table not in self.others
            and (self.name, one.table) != ("ledger", "members")
            and one.columns[-1] in self.names
        ]
        kinds = {"column_missing": absent, "column_unknown": strange, "reference_absent": nowhere}
        for code, names in kinds.items():
            for name in names:
                one = pd.DataFrame({"column": [name], "_count": [1]})
                yield Rule(self.name, name, code, rows=partial(_same, one))

    def _cells(self) -> Iterator[tuple[str, str, Any]]:
        """Yield column, rule and condition, of each column the first rule first."""
        columns = tables()[self.name].columns if self.name in tables() else ()
        for column in (one for one in columns if one.name in self.names):
            cell = nw.col(column.name)
            if not column.empty:
                yield column.name, "required", cell.is_null()
            yield from ((column.name, *rule) for rule in self._typed(column))
        yield from self._referring()
        if self.name == "ratings" and self.scale is not None and self._is_number("score"):
            low, high = self.scale
            score = nw.col("score")
            yield "score", "off_scale", _true((score < low) | (score > high))
        grouped = ("ratings", "members", "attendance", "ledger", "growth_answers")
        if self.groups is not None and self.name in grouped and "group" in self.names:
            group = nw.col("group")
            yield "group", "unknown_group", ~(group.is_in(self.groups) | group.is_null())
        for start, end in (("date", "last_date"), ("start", "end"), ("joined", "left")):
            pair = ("members" if start == "joined" else "activities", start, end)
            if pair[0] == self.name and {start, end} <= set(self.names):
                yield end, "end_before_start", _true(nw.col(end) < nw.col(start))

    def _is_number(self, name: str) -> bool:
        return name in self.kinds and self.kinds[name] in ("integer", "float")

    def _typed(self, column: Column) -> Iterator[tuple[str, Any]]:
        cell, kind = nw.col(column.name), self.kinds[column.name]
        whole = column.kind in ("integer", "money")
        if kind == "text" and column.kind in PATTERNS:
            pattern = f"^(?:{PATTERNS[column.kind]})$"
            yield f"type_{column.kind}", ~(_true(cell.str.contains(pattern)) | cell.is_null())
        elif kind == "float" and whole:
            yield f"type_{column.kind}", _true(cell != cell.floor())
        if column.allowed:
            yield "choice", ~(cell.is_in(list(column.allowed)) | cell.is_null())
        if column.minimum is not None and kind in ("integer", "float"):
            yield "minimum", _true(cell < column.minimum)

    def _referring(self) -> Iterator[tuple[str, str, Any]]:
        for reference in tables()[self.name].references if self.name in tables() else ():
            there, short = reference.table, len(reference.columns) == 1
            name = reference.columns[-1]
            if not short or name not in self.names or there in _LONG or "site" in self.names:
                continue
            target = self.others.get(there)
            if isinstance(target, pd.DataFrame) and reference.to[0] in target:
                known = target[reference.to[0]].dropna().unique().tolist()
                yield name, "reference", ~(nw.col(name).is_in(known) | nw.col(name).is_null())


def _same(frame: pd.DataFrame) -> pd.DataFrame:
    return frame


def _kinds(frame: Any) -> dict[str, str]:
    """Return what each column holds: integer, float, text or other."""
    if engine_of(frame) == "dask":
        frame = frame._meta
    kinds = {}
    for name, kind in nw.from_native(frame).collect_schema().items():
        number = "integer" if kind.is_integer() else "float" if kind.is_numeric() else "other"
        kinds[name] = "text" if kind in (nw.String, nw.Object, nw.Categorical) else number
    return kinds


def duplicates(name: str, frame: Any) -> Any:
    """Return the combinations of the key that stand more than once: ``_count`` rows too many."""
    site = [key for key in ("site",) if key in column_names(frame)]
    keys = [*site, *tables()[name].key]
    rows = frame
    if name == "ratings" and _kinds(frame)["item"] == "integer":
        rows = _suspects(frame, [*site, "round", "rater"])
    twice = where(counted(rows, keys), nw.col("_count") > 1)
    return walk(twice, [Step(_one_less)])


def _one_less(rows: Any) -> Any:
    return rows.with_columns(nw.col("_count") - 1)


def _suspects(ratings: Any, unit: list[str]) -> Any:
    """Return the ratings of those units in which some item stands twice, found by one sum per unit.

    The powers of two of different items add up to a number with as many binary digits 1 as there
    are items; if an item is repeated there are fewer. So millions of ratings need no table of all
    keys. The digits are counted by Legendre's formula: the number minus all its halves, rounded
    down.
    """
    inside = (nw.col("item") >= 1) & (nw.col("item") <= _BITS)
    sums = partial(_powers, unit=unit)
    add = partial(_add_powers, unit=unit)
    doubtful = walk(where(ratings, inside), [Step(sums), Step(_repeated, tuple(unit), add)])
    doubtful = walk(doubtful, [Step(partial(_only, names=unit))])
    few = joined(where(ratings, inside), doubtful, unit)
    rest = where(ratings, ~inside)
    if engine_of(ratings) == "dask":
        from dask.dataframe import concat

        return concat([few[column_names(ratings)], rest])
    parts = [nw.from_native(part).select(*column_names(ratings)) for part in (few, rest)]
    return nw.to_native(nw.concat(parts, how="vertical"))


def _powers(rows: Any, *, unit: list[str]) -> Any:
    power = nw.lit(2.0) ** nw.col("item").cast(nw.Float64)
    named = rows.select(*unit, _sum=power, _count=nw.lit(1))
    return _add_powers(named, unit=unit)


def _add_powers(parts: Any, *, unit: list[str]) -> Any:
    sums = (nw.col("_sum").sum(), nw.col("_count").sum())
    return parts.group_by(*unit, drop_null_keys=True).agg(*sums)


def _repeated(sums: Any) -> Any:
    total = nw.col("_sum")
    halves = nw.sum_horizontal(*((total / 2.0**place).floor() for place in range(1, _BITS + 4)))
    return sums.filter(total - halves < nw.col("_count"))


def _only(rows: Any, *, names: list[str]) -> Any:
    return rows.select(*names)
