"""A site or a programme checked where its rows lie: violations by rule, and the first offenders.

The rules are those of :mod:`kube_research.site.rules` and ``schema.toml``, compiled for the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import narwhals as nw
import pandas as pd

from kube_research.engines import column_names, numbered, query_on
from kube_research.programme.scan import SiteScan
from kube_research.programme.sums import in_memory
from kube_research.site.folder import Site
from kube_research.site.rules import (
    BOOK,
    GROUPED,
    ON_SCALE,
    ONE_GROUP,
    OPTIONAL,
    ORDERED,
    ROSTER,
    unsettled,
)
from kube_research.site.schema import Column, tables

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
        Where it applies and its name, as in :class:`kube_research.site.problems.Problem`.
    broken : expression, optional
        True for a row that breaks it, never missing.
    rows : callable, optional
        Returns the breaking rows as a lazy frame; with a column ``_count``, a row stands for that
        many.
    severity : str
        As for :class:`kube_research.site.problems.Problem`.
    """

    table: str
    column: str
    code: str
    broken: Any = None
    rows: Callable[[], Any] | None = None
    severity: str = "error"


def where(frame: Any, condition: Any) -> Any:
    """Return the rows of a frame of any engine for which a condition holds."""
    return nw.to_native(query_on(frame).filter(condition))


def joined(left: Any, right: Any, on: Sequence[str], how: Any = "inner") -> Any:
    """Join two frames of one engine on the columns ``on``, which have other names nowhere else.

    ``how`` is "inner" or "anti" (rows of ``left`` without a partner; rows with a missing key have
    none).
    """
    return nw.to_native(query_on(left).join(query_on(right), on=list(on), how=how))


def counted(frame: Any, by: Sequence[str]) -> Any:
    """Return how many rows have each combination of values, as ``_count``; blanks left out."""
    counts = query_on(frame).group_by(*by, drop_null_keys=True).agg(nw.len().alias("_count"))
    return nw.to_native(counts.with_columns(nw.col("_count").cast(nw.Int64)))


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
            and (self.name, one.table) not in OPTIONAL
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
        for name, column_name in ON_SCALE:
            if name == self.name and self.scale is not None and self._is_number(column_name):
                low, high = self.scale
                score = nw.col(column_name)
                yield column_name, "off_scale", _true((score < low) | (score > high))
        if self.groups is not None and self.name in GROUPED and "group" in self.names:
            group = nw.col("group")
            yield "group", "unknown_group", ~(group.is_in(self.groups) | group.is_null())
        for name, start, end in ORDERED:
            if name == self.name and {start, end} <= set(self.names):
                yield end, "end_before_start", _true(nw.col(end) < nw.col(start))

    def _is_number(self, name: str) -> bool:
        return name in self.kinds and self.kinds[name] in ("integer", "float")

    def _typed(self, column: Column) -> Iterator[tuple[str, Any]]:
        """Compile the rules of a cell, as far as its type has not settled them already."""
        cell, holds = nw.col(column.name), self.kinds[column.name]
        for code, asks, bound in column.rules:
            if asks == "pattern" and holds == "text":
                yield code, ~(_true(cell.str.contains(f"^(?:{bound})$")) | cell.is_null())
            elif asks == "pattern" and holds == "float" and column.kind in ("integer", "money"):
                yield code, _true(cell != cell.floor())
            elif asks == "one of":
                yield code, ~(cell.is_in(list(bound)) | cell.is_null())
            elif asks == "at least" and holds in ("integer", "float"):
                yield code, _true(cell < bound)

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
    twice = query_on(counted(rows, keys)).filter(nw.col("_count") > 1)
    return nw.to_native(twice.with_columns(nw.col("_count") - 1))


def _suspects(ratings: Any, unit: list[str]) -> Any:
    """Return the ratings of those units in which some item stands twice, found by one sum per unit.

    The powers of two of different items add up to a number with as many binary digits 1 as there
    are items; if an item is repeated there are fewer. So millions of ratings need no table of all
    keys. The digits are counted by Legendre's formula: the number minus all its halves, rounded
    down.
    """
    inside = (nw.col("item") >= 1) & (nw.col("item") <= _BITS)
    rows = query_on(ratings)
    power = nw.lit(2.0) ** nw.col("item").cast(nw.Float64)
    powers = rows.filter(inside).select(*unit, _sum=power, _count=nw.lit(1))
    sums = powers.group_by(*unit, drop_null_keys=True).agg(
        nw.col("_sum").sum(), nw.col("_count").sum()
    )
    total = nw.col("_sum")
    halves = nw.sum_horizontal(*((total / 2.0**place).floor() for place in range(1, _BITS + 4)))
    doubtful = sums.filter(total - halves < nw.col("_count")).select(*unit)
    names = column_names(ratings)
    few = rows.filter(inside).join(doubtful, on=unit, how="inner").select(*names)
    return nw.to_native(nw.concat([few, rows.filter(~inside).select(*names)], how="vertical"))


#: What names an offender, in the order told.
_SHOWN = (
    *("site", "province", "regency", "round", "group", "rater", "item", "activity", "person"),
    *("date", "book", "category"),
)


@dataclass(frozen=True)
class _Source:
    tables: Mapping[str, Any]
    scale: tuple[int, int] | None
    groups: tuple[str, ...] | None


def lazy_violations(
    source: Any,
    *,
    scale: tuple[int, int] | None = None,
    groups: Sequence[str] | None = None,
) -> list[tuple[str, str, str, Any]]:
    """Return the rows that break each rule, as lazy frames: nothing is computed.

    Parameters
    ----------
    source, scale, groups
        As for :func:`count_violations`.

    Returns
    -------
    list of (str, str, str, frame)
        Table, column, rule and the rows; in frames with a column ``_count`` a row stands for that many.
        The rule ``balance`` has the entries around every change of a book's difference.

    Examples
    --------
    >>> ratings = pd.DataFrame({"round": [1, 1], "group": "07", "rater": "A", "item": [9, 9],
    ...                         "score": [3, 7]})
    >>> found = lazy_violations({"ratings": ratings}, scale=(1, 4))
    >>> {code: len(rows) for _, column, code, rows in found if column == "score" and len(rows)}
    {'off_scale': 1}
    """
    given = _source(source, scale, groups)
    done = []
    for rule in _rules(given):
        frame = given.tables[rule.table]
        rows = rule.rows() if rule.rows is not None else where(frame, rule.broken)
        done.append((rule.table, rule.column, rule.code, rows))
    return done


def count_violations(
    source: Any,
    *,
    scale: tuple[int, int] | None = None,
    groups: Sequence[str] | None = None,
    first: int = 3,
) -> pd.DataFrame:
    """Count how often each rule of :func:`~kube_research.check_site` is broken, without loading tables.

    Parameters
    ----------
    source : SiteScan, Site, or mapping of str to frame
        The tables, as frames of any engine (the large ones of one engine) or of pandas.
    scale : (int, int), optional
        Lowest and highest score; by default what the source says. Without it no score is off the scale.
    groups : sequence of str, optional
        Codes of the groups; by default what the source says, else its table ``groups`` or ``members``.
    first : int
        How many offenders of each rule to name.

    Returns
    -------
    DataFrame
        One row per table, column and rule that is broken: ``table``, ``column``, ``code``, ``severity``
        (as in :class:`~kube_research.site.problems.Problem`), ``count`` (cells;
        for duplicates rows too many),
        ``first`` (the first offenders in order of their keys). Empty when all is sound.

    Notes
    -----
    The engine counts; only counts and the offenders named reach this process, and of books that do not
    add up the entries around each change. A cell counts once, under the first rule it breaks. Of raters
    who stand in several groups the rows outside their most frequent group count. Counts agree with
    :func:`~kube_research.check_site` (tests); rules about names, dates far off, few people, and hours
    are left to it.

    Examples
    --------
    >>> ratings = pd.DataFrame({"round": [1, 1], "group": "07", "rater": "A", "item": [9, 9],
    ...                         "score": [3, 7]})
    >>> found = count_violations({"ratings": ratings}, scale=(1, 4))
    >>> found[found["code"] == "off_scale"][["count", "first"]].values.tolist()
    [[1, 'round 1, group 07, rater A, item 9: 7']]
    """
    given = _source(source, scale, groups)
    rows = []
    for rule, count in _counts(given):
        if count and rule.code == "balance":
            count, offenders = _books(rule, first)
        elif count:
            offenders = _first(given, rule, first)
        if not count:
            continue
        rows.append(
            {
                "table": rule.table,
                "column": rule.column,
                "code": rule.code,
                "severity": rule.severity,
                "count": count,
                "first": offenders,
            }
        )
    columns = ["table", "column", "code", "severity", "count", "first"]
    words = dict.fromkeys((*columns[:4], "first"), "string")
    return pd.DataFrame(rows, columns=columns).astype({**words, "count": "int64"})


def _source(source: Any, scale: tuple[int, int] | None, groups: Sequence[str] | None) -> _Source:
    given: Mapping[str, Any] = {}
    if isinstance(source, SiteScan):
        given = {name: source.table(name) for name in source.names}
        scale, groups = scale or source.scale, groups or source.groups_known
    elif isinstance(source, Site):
        given, info = source.tables, source.info
        scale, groups = scale or info.scale, groups or info.groups
    else:
        given = dict(source)
    known = None if groups is None else tuple(groups)
    return _Source(given, scale, known)


def _rules(given: _Source) -> Iterator[Rule]:
    for name, frame in given.tables.items():
        yield from TableRules(name, frame, given.tables, given.scale, given.groups)
        if (
            name in tables()
            and tables()[name].key
            and set(tables()[name].key) <= set(column_names(frame))
        ):
            column = tables()[name].key[-1]
            yield Rule(name, column, "duplicate", rows=partial(duplicates, name, frame))
    yield from _people(given)
    if "ledger" in given.tables:
        frame = given.tables["ledger"]
        if {"date", *BOOK, "amount", "balance"} <= set(column_names(frame)):
            rows = partial(_changes, frame)
            yield Rule("ledger", "balance", "balance", rows=rows, severity="finding")


def _people(given: _Source) -> Iterator[Rule]:
    """Yield the rules about who belongs where."""
    members = given.tables.get("members")
    for name, person in dict.fromkeys((table, people) for table, people, _, _ in ROSTER):
        frame = given.tables.get(name)
        if frame is None or person not in column_names(frame):
            continue
        site = [key for key in ("site",) if key in column_names(frame)]
        if members is not None and name != "ratings":
            yield Rule(
                name, person, "reference", rows=partial(_absent, frame, members, person, site)
            )
        keys = [*site, person, "group"]
        pairs = partial(_pairs, given, frame, keys)
        if (name, person) == ONE_GROUP and "group" in column_names(frame):
            yield Rule(name, "group", "two_groups", rows=partial(_elsewhere, pairs, keys))
        for _, _, column, code in (rule for rule in ROSTER if rule[0] == name):
            if members is None or column not in column_names(frame):
                continue
            listed = partial(counted, frame, [*site, person, column])
            held = pairs if column == "group" else listed
            rows = partial(_differs, held, members, person, column, site)
            yield Rule(name, column, code, rows=rows)
    target = given.tables.get("groups")
    if given.groups is None and target is not None and "group" in column_names(target):
        for name in GROUPED:
            frame = given.tables.get(name)
            if frame is not None and "group" in column_names(frame):
                rows = partial(_no_group, frame, target)
                yield Rule(name, "group", "unknown_group", rows=rows)


def _pairs(given: _Source, frame: Any, keys: list[str]) -> Any:
    """Return how many rows each person has in each group that exists."""
    pairs, target = counted(frame, keys), given.tables.get("groups")
    if given.groups is not None:
        return where(pairs, nw.col("group").is_in(list(given.groups)))
    if target is not None and "group" in column_names(target):
        return joined(pairs, _renamed(counted(target, ["group"]), {"group": "group"}), ["group"])
    return pairs


def _renamed(frame: Any, names: Mapping[str, str]) -> Any:
    """Return some columns of a frame, under new names."""
    columns = {new: nw.col(old) for new, old in names.items()}
    return nw.to_native(query_on(frame).select(**columns))


def _absent(frame: Any, members: Any, person: str, site: list[str]) -> Any:
    named = where(frame, ~nw.col(person).is_null())
    roster = counted(members, [*site, "person"])
    roster = _renamed(roster, {key: key for key in (*site, "person")})
    return joined(named, roster, [*site, person], "anti")


def _no_group(frame: Any, groups: Any) -> Any:
    known = _renamed(counted(groups, ["group"]), {"group": "group"})
    return joined(counted(frame, ["group"]), known, ["group"], "anti")


def _differs(pairs: Any, members: Any, person: str, column: str, site: list[str]) -> Any:
    """Return persons whose group or role is another one than in the roster."""
    names = {**{key: key for key in site}, person: "person", "_listed": column}
    both = joined(pairs(), _renamed(members, names), [*site, person])
    other = (nw.col(column) != nw.col("_listed")).fill_null(False)
    return where(both, other)


def _elsewhere(pairs: Any, keys: list[str]) -> Any:
    """Return raters in groups other than the one they have most rows in (of equals the first code)."""
    rows = query_on(pairs()).with_columns(_minus=-nw.col("_count"), _one=nw.lit(1))
    place = nw.col("_one").cum_sum().over(*keys[:-1], order_by=["_minus", "group"])
    ranked = rows.with_columns(_place=place).drop("_minus", "_one")
    return nw.to_native(ranked.filter(nw.col("_place") > 1))


def _changes(ledger: Any) -> Any:
    """Return the entries around each change of the difference between stated and running balance."""
    site = [key for key in ("site",) if key in column_names(ledger)]
    keys = [*site, *BOOK]
    stated = _differences(query_on(numbered(ledger, "_place")), keys=keys)
    return nw.to_native(_changed(stated, keys=keys))


def _differences(rows: Any, *, keys: list[str]) -> Any:
    order = ["date", "_place"]
    rows = rows.select(*keys, *order, "amount", "balance").with_columns(
        _no=nw.col("amount").is_null().cast(nw.Int64),
        _sum=nw.col("amount").fill_null(0).cast(nw.Int64),
    )
    rows = rows.with_columns(
        _unsure=nw.col("_no").cum_sum().over(*keys, order_by=order),
        _running=nw.col("_sum").cum_sum().over(*keys, order_by=order),
    ).filter(~nw.col("balance").is_null())
    return rows.with_columns(_off=nw.col("balance") - nw.col("_running"))


def _changed(rows: Any, *, keys: list[str]) -> Any:
    order = ["date", "_place"]

    def before(name: str) -> Any:  # what stood one entry earlier, at first 0
        both = nw.col(name).rolling_sum(2, min_samples=1).over(*keys, order_by=order)
        return both - nw.col(name)

    for name in ("_off", "_unsure"):
        new = (before(name) != nw.col(name)).cast(nw.Int64)
        rows = rows.with_columns(new.alias(f"{name}_new"))
    rows = rows.with_columns(_new=nw.max_horizontal("_off_new", "_unsure_new"))
    rows = rows.with_columns(_near=nw.max_horizontal(nw.col("_new"), before("_new")))
    kept = rows.filter(nw.col("_near") > 0)
    return kept.select(*keys, *order, "_off", "_unsure", "balance", "_running")


def _books(rule: Rule, first: int) -> tuple[int, str]:
    """Return how many balances are off, and the first of them."""
    rows = in_memory(rule.rows()) if rule.rows is not None else pd.DataFrame()
    keys = [name for name in ("site", *BOOK) if name in rows]
    rows = rows.sort_values([*keys, "date", "_place"], ignore_index=True)
    columns = [*keys, "_off", "_unsure", "balance", "_running"]
    entries = [
        (place, *values)
        for place, values in enumerate(rows[columns].itertuples(index=False, name=None))
    ]
    off = list(unsettled(entries))
    shown = [_told(rows.loc[place], f"{int(stated)}") for place, stated, _ in off[:first]]
    return len(off), " | ".join(shown)


def _counts(given: _Source) -> Iterator[tuple[Rule, int]]:
    """Count every rule: the conditions of a table in one pass, the others one by one."""
    rules = list(_rules(given))
    for name in given.tables:
        single = [rule for rule in rules if rule.table == name and rule.rows is None]
        if not single:
            continue
        flags = {f"_{place}": rule.broken.cast(nw.Int64) for place, rule in enumerate(single)}
        marks = query_on(given.tables[name]).select(**flags)
        sums = marks.select(*(nw.col(flag).sum() for flag in flags))
        row = in_memory(nw.to_native(sums)).iloc[0]
        yield from ((rule, _whole(row[flag])) for rule, flag in zip(single, flags, strict=True))
    for rule in rules:
        if rule.rows is not None:
            rows = rule.rows()
            weighed = "_count" in column_names(rows)
            total = query_on(rows).select(_n=nw.col("_count").sum() if weighed else nw.len())
            yield rule, _whole(in_memory(nw.to_native(total)).iloc[0, 0])


def _whole(value: Any) -> int:
    return 0 if pd.isna(value) else int(value)


def _first(given: _Source, rule: Rule, many: int) -> str:
    rows = rule.rows() if rule.rows is not None else where(given.tables[rule.table], rule.broken)
    names = column_names(rows)
    keys = [name for name in _SHOWN if name in names]
    columns = list(dict.fromkeys([*keys, *([rule.column] if rule.column in names else [])]))
    if not columns:
        return ""
    top = query_on(rows).select(*columns).sort(*(keys or columns), nulls_last=True).head(many)
    shown = in_memory(nw.to_native(top))
    told = []
    for _, row in shown.iterrows():
        value = "" if rule.column in keys or rule.column not in columns else str(row[rule.column])
        told.append(_told(row, value))
    return " | ".join(told)


def _told(row: pd.Series, value: str) -> str:
    pairs = [
        f"{name} {_plain(row[name])}"
        for name in _SHOWN
        if name in row and pd.notna(row[name]) and name not in EXTRA[1:3]
    ]
    return ", ".join(pairs) + (f": {value}" if value not in ("", "<NA>", "nan", "None") else "")


def _plain(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)[:10] if isinstance(value, pd.Timestamp) else str(value)
