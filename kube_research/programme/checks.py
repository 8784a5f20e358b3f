"""A site or a programme checked where its rows lie: violations by rule, and the first offenders.

The rules are those of :mod:`kube_research.site.rules` and ``schema.toml``, compiled for the engine.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import pandas as pd

from kube_research.engines import column_names, numbered, query_on
from kube_research.formats import RUPIAH, Currency
from kube_research.programme.scan import SiteScan
from kube_research.programme.sums import in_memory
from kube_research.site.book_doubts import unsettled
from kube_research.site.folder import Site
from kube_research.site.info import BOOKS
from kube_research.site.instrument import recoded
from kube_research.site.local_values import unread_values
from kube_research.site.results import broken_counts
from kube_research.site.rules import (
    BOOK,
    GROUPED,
    IN_BOOKS,
    ON_SCALE,
    ON_STEP,
    ONE_GROUP,
    OPTIONAL,
    ORDERED,
    ROSTER,
    built_in,
    rounds_out_of_order,
    wording,
)
from kube_research.site.schema import TURNED_CODE, Column, tables

#: Columns that belong to a programme, not to a table of a site.
EXTRA = (
    *("site", "province", "regency", "field_no"),
    *("score_given", "mean_recoded", "weight", "instrument"),
)
#: References whose targets may hold more values than a condition should list.
_LONG = ("members", "groups")
#: What a column of numbers holds.
NUMBERS = ("integer", "float")
#: Most bits of a whole number that a double keeps: items up to this number are told apart by one sum.
_BITS = 50


@dataclass(frozen=True)
class Rule:
    """One rule of one table, named as a :class:`~kube_research.site.problems.Problem`, and its breaches.

    Attributes
    ----------
    table, column, code, severity : str
    broken : expression, optional
        True for a row that breaks it, never missing.
    rows : frame, optional
        The breaking rows instead, lazy where the engine is; with a column ``_count``, a row stands
        for that many.
    """

    table: str
    column: str
    code: str
    broken: Any = None
    rows: Any = None
    severity: str = "error"


@dataclass(frozen=True)
class _Source:
    """What is checked, with the codes of the groups, if a short list is known, and of the books."""

    tables: Mapping[str, Any]
    scale: tuple[int, int] | None
    groups: Sequence[str] | None
    books: Sequence[str]
    currency: Currency = RUPIAH
    step: float = 1

    def breaking(self, rule: Rule) -> Any:
        """Return the rows that break a rule."""
        return where(self.tables[rule.table], rule.broken) if rule.rows is None else rule.rows


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


def _distinct(frame: Any, by: Sequence[str]) -> Any:
    """Return each combination of values once; blanks left out."""
    return nw.to_native(query_on(counted(frame, by)).select(*by))


def _true(condition: Any) -> Any:
    """Read a missing answer as no."""
    return condition.fill_null(False)


def _column_rules(given: _Source, name: str) -> Iterator[Rule]:
    """Yield the rules about the columns of a table: missing, unknown, or referring to no table."""
    table, names = tables()[name], column_names(given.tables[name])
    wrong = {
        "column_missing": table.lacks(names),
        "column_unknown": [column for column in names if column not in (*table.names, *EXTRA)],
        "reference_absent": [
            reference.columns[-1]
            for reference in table.references
            if reference.table not in given.tables
            and (name, reference.table) not in OPTIONAL
            and reference.columns[-1] in names
        ],
    }
    for code, columns in wrong.items():
        for column in columns:
            yield Rule(name, column, code, rows=pd.DataFrame({"column": [column], "_count": [1]}))


def _cell_rules(given: _Source, name: str) -> Iterator[Rule]:
    """Yield the rules that look at one row at a time; a cell breaks the first of its rules only."""
    broken_before: dict[str, Any] = {}
    for column, code, broken in _cells(given, name):
        before = broken_before.get(column)
        broken_before[column] = broken if before is None else before | broken
        yield Rule(name, column, code, broken if before is None else broken & ~before)


def _cells(given: _Source, name: str) -> Iterator[tuple[str, str, Any]]:
    """Yield column, rule and condition, of each column the first rule first."""
    kinds = _kinds(given.tables[name])
    for column in tables()[name].columns:
        if column.name in kinds:
            if not column.empty:
                yield column.name, "required", nw.col(column.name).is_null()
            yield from ((column.name, *rule) for rule in _typed(column, kinds[column.name]))
    yield from _referring(given, name, kinds)
    for table, column_name in ON_SCALE:
        if table == name and given.scale is not None and kinds.get(column_name) in NUMBERS:
            low, high = given.scale
            score = nw.col(column_name)
            yield column_name, "off_scale", _true((score < low) | (score > high))
            if (name, column_name) == ON_STEP:
                steps = (score.cast(nw.Float64) - low) / given.step
                yield column_name, "off_step", _true((steps - (steps + 0.5).floor()).abs() > 1e-6)
    if given.groups is not None and name in GROUPED and "group" in kinds:
        group = nw.col("group")
        strange = ~(group.is_in(list(given.groups)) | group.is_null())
        yield "group", "turned", strange & _dated_group()
        yield "group", "unknown_group", ~(group.is_in(list(given.groups)) | group.is_null())
    if name in IN_BOOKS and "book" in kinds:
        book = nw.col("book")
        yield "book", "unknown_book", ~(book.is_in(list(given.books)) | book.is_null())
    for table, start, end in ORDERED:
        if table == name and {start, end} <= kinds.keys():
            yield end, "end_before_start", _true(nw.col(end) < nw.col(start))


def _dated_group() -> Any:
    """Tell of each row whether its group looks like what a spreadsheet makes of a code."""
    return _true(nw.col("group").cast(nw.String).str.contains(f"^(?:{TURNED_CODE})$"))


def _typed(column: Column, holds: str) -> Iterator[tuple[str, Any]]:
    """Compile the rules of a cell, as far as its type has not settled them already."""
    cell = nw.col(column.name)
    for code, asks, bound in column.rules:
        if asks == "pattern" and holds == "text":
            yield code, ~(_true(cell.str.contains(f"^(?:{bound})$")) | cell.is_null())
        elif asks == "no pattern" and holds == "text":
            yield code, _true(cell.str.contains(f"^(?:{bound})$"))
        elif asks == "pattern" and holds == "float" and column.kind in ("integer", "money"):
            yield code, _true(cell != cell.floor())
        elif asks == "pattern" and holds in NUMBERS and column.kind == "percent":
            yield code, _true((cell < 0) | (cell > column.most))
        elif asks == "one of":
            yield code, ~(cell.is_in(list(bound)) | cell.is_null())
        elif asks == "at least" and holds in NUMBERS:
            yield code, _true(cell < bound)
        elif asks == "more than" and holds in NUMBERS:
            yield code, _true(cell <= bound)


def _referring(given: _Source, name: str, kinds: Collection[str]) -> Iterator[tuple[str, str, Any]]:
    """Yield the references to values few enough to be listed in a condition."""
    for reference in tables()[name].references:
        column, there = reference.columns[-1], reference.table
        if len(reference.columns) > 1 or column not in kinds or there in _LONG or "site" in kinds:
            continue
        target = given.tables.get(there)
        known = list(built_in(there, reference.to[0])) if target is None else []
        if isinstance(target, pd.DataFrame) and reference.to[0] in target:
            known = target[reference.to[0]].dropna().unique().tolist()
        if known or isinstance(target, pd.DataFrame):
            yield column, "reference", ~(nw.col(column).is_in(known) | nw.col(column).is_null())


def _kinds(frame: Any) -> dict[str, str]:
    """Return what each column holds: integer, float, text or other."""
    kinds = {}
    for name, kind in nw.from_native(frame).collect_schema().items():
        number = "integer" if kind.is_integer() else "float" if kind.is_numeric() else "other"
        kinds[name] = "text" if kind in (nw.String, nw.Object, nw.Categorical) else number
    return kinds


def duplicates(name: str, frame: Any) -> Any:
    """Return the combinations of the key that stand more than once: ``_count`` rows too many."""
    site = _site_of(column_names(frame))
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


def lazy_violations(
    source: Any,
    *,
    scale: tuple[int, int] | None = None,
    groups: Sequence[str] | None = None,
    books: Sequence[str] | None = None,
) -> list[tuple[str, str, str, Any]]:
    """Return the rows that break each rule, as lazy frames: nothing is computed.

    Parameters
    ----------
    source, scale, groups, books
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
    given = _source(source, scale, groups, books)
    return [(rule.table, rule.column, rule.code, given.breaking(rule)) for rule in _rules(given)]


def count_violations(
    source: Any,
    *,
    scale: tuple[int, int] | None = None,
    groups: Sequence[str] | None = None,
    books: Sequence[str] | None = None,
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
    books : sequence of str, optional
        Codes of the books; by default what the source says, else kas, tabungan and iks.
    first : int
        How many offenders of each rule to name.

    Returns
    -------
    DataFrame
        One row per table, column and rule that is broken: ``table``, ``column``, ``code``,
        ``severity`` (as in :class:`~kube_research.site.problems.Problem`), ``count`` (cells; for
        duplicates rows too many), ``first`` (the first offenders in order of their keys). Empty
        when all is sound.

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
    given = _source(source, scale, groups, books)
    rows = []
    for rule, count in _counts(given):
        if not count:
            continue
        offenders = (
            "" if rule.code == "balance" else _first(given.breaking(rule), rule.column, first)
        )
        if rule.code == "balance":
            count, offenders = _books(rule.rows, first)
        if count:
            rows.append((rule.table, rule.column, rule.code, rule.severity, count, offenders))
    columns = ["table", "column", "code", "severity", "count", "first"]
    kinds = {name: "int64" if name == "count" else "string" for name in columns}
    return pd.DataFrame(rows, columns=columns).astype(kinds)


def _source(
    source: Any,
    scale: tuple[int, int] | None,
    groups: Sequence[str] | None,
    books: Sequence[str] | None,
) -> _Source:
    if isinstance(source, SiteScan):
        given = {name: source.table(name) for name in source.names}
        given_groups = groups or source.groups_known
        return _Source(
            given,
            scale or source.scale,
            given_groups,
            books or source.books,
            source.currency,
            source.step,
        )
    if isinstance(source, Site):
        info = source.info
        known, kept = groups or info.groups or None, books or info.books
        return _Source(source.tables, scale or info.scale, known, kept, info.money, info.step)
    return _Source(source, scale, groups, books or BOOKS)


def _rules(given: _Source) -> Iterator[Rule]:
    """Yield every rule that applies to the tables there are."""
    for name, frame in given.tables.items():
        if name not in tables():
            continue
        yield from _column_rules(given, name)
        yield from _cell_rules(given, name)
        key = tables()[name].key
        if key and set(key) <= set(column_names(frame)):
            yield Rule(name, key[-1], "duplicate", rows=duplicates(name, frame))
    yield from _people(given)
    yield from _small(given)
    ledger = given.tables.get("ledger")
    if ledger is not None and {"date", *BOOK, "amount", "balance"} <= set(column_names(ledger)):
        yield Rule("ledger", "balance", "balance", rows=_changes(ledger), severity="finding")


def _small(given: _Source) -> Iterator[Rule]:
    """Yield the rules of small tables, which are pandas frames, as the rows that break them."""
    rounds, outcomes, facts = (
        frame if isinstance(frame := given.tables.get(name), pd.DataFrame) else pd.DataFrame()
        for name in ("rounds", "outcomes", "facts")
    )
    items = given.tables.get("items")
    if isinstance(items, pd.DataFrame) and {"site", "item", "statement_id"} <= set(items):
        said = items["statement_id"].fillna("").map(wording)
        asked = pd.Series(list(zip(items["item"], said, recoded(items), strict=True)), items.index)
        first = set(asked[items["site"] == items["site"].min()])
        yield Rule("items", "statement_id", "instruments_differ", rows=items[~asked.isin(first)])
    if {"round", "date"} <= set(rounds):
        dated = rounds.dropna(subset=["round", "date"])
        parts = [part for _, part in dated.groupby("site")] if "site" in dated else [dated]
        late = [row for part in parts for row, _ in rounds_out_of_order(part)]
        yield Rule("rounds", "date", "round_order", rows=rounds.loc[late])
    broken: dict[tuple[str, str], list[Any]] = {}
    for row, column, code, _ in broken_counts(outcomes):
        broken.setdefault((column, code), []).append(row)
    for (column, code), wrong in broken.items():
        yield Rule("outcomes", column, code, rows=outcomes.loc[wrong])
    if {"fact", "value"} <= set(facts):
        cells = facts.dropna(subset=["fact", "value"]).astype({"value": "string"})
        for code, wrong in unread_values(cells, "facts", given.currency).items():
            yield Rule("facts", "value", code, rows=facts.loc[wrong])


def _people(given: _Source) -> Iterator[Rule]:
    """Yield the rules about who belongs where."""
    members, groups = given.tables.get("members"), _listed_groups(given)
    for name, person in dict.fromkeys((table, people) for table, people, _, _ in ROSTER):
        frame = given.tables.get(name)
        names = [] if frame is None else column_names(frame)
        if person not in names:
            continue
        site = _site_of(names)
        if members is not None and name != "ratings":
            named = where(frame, ~nw.col(person).is_null())
            roster = query_on(_distinct(members, [*site, "person"])).rename({"person": person})
            yield Rule(
                name, person, "reference", rows=joined(named, roster, [*site, person], "anti")
            )
        keys = [*site, person, "group"]
        pairs = counted(frame, keys) if "group" in names else None
        if pairs is not None and given.groups is not None:
            pairs = where(pairs, nw.col("group").is_in(list(given.groups)))
        elif pairs is not None and groups is not None:
            pairs = joined(pairs, groups, ["group"])
        if (name, person) == ONE_GROUP and pairs is not None:
            yield Rule(name, "group", "two_groups", rows=_elsewhere(pairs, keys))
        for table, _, column, code in ROSTER:
            if table == name and members is not None and column in names:
                held = pairs if column == "group" else counted(frame, [*site, person, column])
                rows = _differs(held, members, person, column, site)
                yield Rule(name, column, code, rows=rows)
    if given.groups is None and groups is not None:
        for name in GROUPED:
            frame = given.tables.get(name)
            if frame is not None and "group" in column_names(frame):
                rows = joined(counted(frame, ["group"]), groups, ["group"], "anti")
                yield Rule(name, "group", "turned", rows=where(rows, _dated_group()))
                yield Rule(name, "group", "unknown_group", rows=where(rows, ~_dated_group()))


def _site_of(names: Sequence[str]) -> list[str]:
    """Return the column that tells sites apart, where several stand in one table."""
    return [name for name in names if name == "site"]


def _listed_groups(given: _Source) -> Any:
    """Return the codes in the table of groups, or None without one."""
    target = given.tables.get("groups")
    if target is None or "group" not in column_names(target):
        return None
    return _distinct(target, ["group"])


def _differs(held: Any, members: Any, person: str, column: str, site: list[str]) -> Any:
    """Return persons whose group or role is another one than in the roster."""
    roster = query_on(members).select(
        *site, nw.col("person").alias(person), nw.col(column).alias("_listed")
    )
    other = (nw.col(column) != nw.col("_listed")).fill_null(False)
    return where(joined(held, roster, [*site, person]), other)


def _elsewhere(pairs: Any, keys: list[str]) -> Any:
    """Return raters in groups other than the one they have most rows in (of equals the first code)."""
    rows = query_on(pairs).with_columns(_minus=-nw.col("_count"), _one=nw.lit(1))
    place = nw.col("_one").cum_sum().over(*keys[:-1], order_by=["_minus", "group"])
    ranked = rows.with_columns(_place=place).drop("_minus", "_one")
    return nw.to_native(ranked.filter(nw.col("_place") > 1))


def _changes(ledger: Any) -> Any:
    """Return the entries around each change of the difference between stated and running balance."""
    keys = [*_site_of(column_names(ledger)), *BOOK]
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


def _books(changes: Any, first: int) -> tuple[int, str]:
    """Return how many balances are off, and the first of them."""
    rows = in_memory(changes)
    keys = [name for name in ("site", *BOOK) if name in rows]
    rows = rows.sort_values([*keys, "date", "_place"], ignore_index=True)
    entries = rows[[*keys, "_off", "_unsure", "balance", "_running"]]
    off = list(unsettled(entries.itertuples(name=None)))
    offenders = [_offender(rows.loc[place], f"{int(stated)}") for place, stated, _ in off[:first]]
    return len(off), " | ".join(offenders)


def _counts(given: _Source) -> Iterator[tuple[Rule, int]]:
    """Count every rule: the conditions of a table in one pass, the others one by one."""
    rules = list(_rules(given))
    for name, frame in given.tables.items():
        single = [rule for rule in rules if rule.table == name and rule.broken is not None]
        if not single:
            continue
        flags = {f"_{place}": rule.broken.cast(nw.Int64) for place, rule in enumerate(single)}
        marks = query_on(frame).select(**flags)
        sums = marks.select(*(nw.col(flag).sum() for flag in flags))
        row = in_memory(nw.to_native(sums)).iloc[0]
        yield from ((rule, _whole(row[flag])) for rule, flag in zip(single, flags, strict=True))
    for rule in rules:
        if rule.broken is None:
            weighed = "_count" in column_names(rule.rows)
            total = query_on(rule.rows).select(_n=nw.col("_count").sum() if weighed else nw.len())
            yield rule, _whole(in_memory(nw.to_native(total)).iloc[0, 0])


def _whole(value: Any) -> int:
    return 0 if pd.isna(value) else int(value)


def _first(rows: Any, column: str, many: int) -> str:
    """Name the first offenders in order of their keys, with what stands in the column."""
    names = column_names(rows)
    keys = [name for name in _SHOWN if name in names]
    columns = list(dict.fromkeys([*keys, *([column] if column in names else [])]))
    if not columns:
        return ""
    top = query_on(rows).select(*columns).sort(*(keys or columns), nulls_last=True).head(many)
    valued = column in columns and column not in keys
    return " | ".join(
        _offender(row, str(row[column]) if valued else "")
        for _, row in in_memory(nw.to_native(top)).iterrows()
    )


def _offender(row: pd.Series, value: str) -> str:
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
