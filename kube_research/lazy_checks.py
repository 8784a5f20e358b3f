"""A site or a programme checked where its rows lie: violations by rule, and the first offenders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import narwhals as nw
import pandas as pd

from kube_research.doubts import unsettled
from kube_research.engines import Step, column_names, joined, numbered, walk
from kube_research.lazy_rules import EXTRA, Rule, TableRules, counted, duplicates, where
from kube_research.programme_sums import in_memory
from kube_research.schema import tables
from kube_research.site import Site
from kube_research.site_scan import SiteScan

#: What names an offender, in the order told.
_SHOWN = (
    *("site", "province", "regency", "round", "group", "rater", "item", "activity", "person"),
    *("date", "book", "category"),
)
_BOOK = ("group", "book")


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
        (as in :class:`~kube_research.check_text.Problem`), ``count`` (cells;
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
        if {"date", *_BOOK, "amount", "balance"} <= set(column_names(frame)):
            rows = partial(_changes, frame)
            yield Rule("ledger", "balance", "balance", rows=rows, severity="finding")


def _people(given: _Source) -> Iterator[Rule]:
    """Yield the rules about who belongs where."""
    members = given.tables.get("members")
    for name, person in (("ratings", "rater"), ("attendance", "person"), ("ledger", "person")):
        frame = given.tables.get(name)
        if frame is None or person not in column_names(frame):
            continue
        site = [key for key in ("site",) if key in column_names(frame)]
        if members is not None and name != "ratings":
            yield Rule(
                name, person, "reference", rows=partial(_absent, frame, members, person, site)
            )
        keys = [*site, person, "group"]
        if "group" in column_names(frame):
            pairs = partial(_pairs, given, frame, keys)
            if name == "ratings":
                yield Rule(name, "group", "two_groups", rows=partial(_elsewhere, pairs, keys))
            if members is not None:
                rows = partial(_differs, pairs, members, person, "group", site)
                yield Rule(name, "group", "group_differs", rows=rows)
        if name == "attendance" and members is not None and "role" in column_names(frame):
            roles = partial(counted, frame, [*site, person, "role"])
            rows = partial(_differs, roles, members, person, "role", site)
            yield Rule(name, "role", "role_differs", rows=rows)
    target = given.tables.get("groups")
    if given.groups is None and target is not None and "group" in column_names(target):
        for name in ("ratings", "members", "attendance", "ledger"):
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
        known = walk(counted(target, ["group"]), [Step(partial(_names, names={"group": "group"}))])
        return joined(pairs, known, ["group"])
    return pairs


def _names(rows: Any, *, names: Mapping[str, str]) -> Any:
    return rows.select(**{new: nw.col(old) for new, old in names.items()})


def _absent(frame: Any, members: Any, person: str, site: list[str]) -> Any:
    named = where(frame, ~nw.col(person).is_null())
    roster = counted(members, [*site, "person"])
    roster = walk(roster, [Step(partial(_names, names={key: key for key in (*site, "person")}))])
    return joined(named, roster, [*site, person], "anti")


def _no_group(frame: Any, groups: Any) -> Any:
    known = walk(counted(groups, ["group"]), [Step(partial(_names, names={"group": "group"}))])
    return joined(counted(frame, ["group"]), known, ["group"], "anti")


def _differs(pairs: Any, members: Any, person: str, column: str, site: list[str]) -> Any:
    """Return persons whose group or role is another one than in the roster."""
    names = {**{key: key for key in site}, person: "person", "_listed": column}
    roster = walk(members, [Step(partial(_names, names=names))])
    both = joined(pairs(), roster, [*site, person])
    other = (nw.col(column) != nw.col("_listed")).fill_null(False)
    return where(both, other)


def _elsewhere(pairs: Any, keys: list[str]) -> Any:
    """Return raters in groups other than the one they have most rows in (of equals the first code)."""
    person = keys[:-1]
    found = pairs()
    steps = [
        Step(partial(_many_groups, person=person), tuple(person)),
        Step(lambda rows: rows.filter(nw.col("_place") > 1)),
    ]
    return walk(found, steps)


def _many_groups(rows: Any, *, person: list[str]) -> Any:
    rows = rows.with_columns(_minus=-nw.col("_count"), _one=nw.lit(1))
    place = nw.col("_one").cum_sum().over(*person, order_by=["_minus", "group"])
    return rows.with_columns(_place=place).drop("_minus", "_one")


def _changes(ledger: Any) -> Any:
    """Return the entries around each change of the difference between stated and running balance."""
    site = [key for key in ("site",) if key in column_names(ledger)]
    keys = [*site, *_BOOK]
    steps = [
        Step(partial(_differences, keys=keys), tuple(keys)),
        Step(partial(_changed, keys=keys), tuple(keys)),
    ]
    return walk(numbered(ledger, "_place"), steps)


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
    keys = [name for name in ("site", *_BOOK) if name in rows]
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
        flags = {f"_{place}": rule.broken for place, rule in enumerate(single)}
        sums = partial(_summed, names=list(flags))
        steps = [Step(partial(_flagged, flags=flags)), Step(sums), Step(sums, ())]
        row = in_memory(walk(given.tables[name], steps)).iloc[0]
        yield from ((rule, _whole(row[flag])) for rule, flag in zip(single, flags, strict=True))
    for rule in rules:
        if rule.rows is not None:
            rows = rule.rows()
            total = partial(_total, weighed="_count" in column_names(rows))
            added = partial(_summed, names=["_n"])
            yield rule, _whole(in_memory(walk(rows, [Step(total), Step(added, ())])).iloc[0, 0])


def _whole(value: Any) -> int:
    return 0 if pd.isna(value) else int(value)


def _flagged(rows: Any, *, flags: Mapping[str, Any]) -> Any:
    return rows.select(**{name: flag.cast(nw.Int64) for name, flag in flags.items()})


def _summed(rows: Any, *, names: list[str]) -> Any:
    return rows.select(*(nw.col(name).sum() for name in names))


def _total(rows: Any, *, weighed: bool) -> Any:
    return rows.select(_n=nw.col("_count").sum() if weighed else nw.len())


def _first(given: _Source, rule: Rule, many: int) -> str:
    rows = rule.rows() if rule.rows is not None else where(given.tables[rule.table], rule.broken)
    names = column_names(rows)
    keys = [name for name in _SHOWN if name in names]
    columns = list(dict.fromkeys([*keys, *([rule.column] if rule.column in names else [])]))
    if not columns:
        return ""
    top = partial(_top, columns=columns, by=keys or columns, many=many)
    shown = in_memory(walk(rows, [Step(top), Step(top, ())]))
    told = []
    for _, row in shown.iterrows():
        value = "" if rule.column in keys or rule.column not in columns else str(row[rule.column])
        told.append(_told(row, value))
    return " | ".join(told)


def _top(rows: Any, *, columns: list[str], by: list[str], many: int) -> Any:
    return rows.select(*columns).sort(*by, nulls_last=True).head(many)


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
