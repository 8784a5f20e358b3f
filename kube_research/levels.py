"""How often each score was given, and everything that follows from these counts alone.

Scores are counted first, by the engine that holds them: whole numbers, the same everywhere. Mean,
spread, median and interval are then arithmetic on a table of a few rows per item.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import Any, cast

import narwhals as nw
import numpy as np

from kube_research.engines import Step, in_order
from kube_research.frames import GRADES

#: Columns of a summary after the columns it is broken down by.
SUMMARY = (
    ("n", nw.Int64),
    ("total", nw.Int64),
    ("mean", nw.Float64),
    ("sd", nw.Float64),
    ("median", nw.Float64),
    ("low", nw.Float64),
    ("high", nw.Float64),
    ("share_at_least", nw.Float64),
    ("missing", nw.Int64),
    ("ci_low", nw.Float64),
    ("ci_high", nw.Float64),
    ("evidence", nw.String),
)
_EXACT = 8


def rank_of_evidence(names: Sequence[str]) -> Any:
    """Return how weak each row's evidence is, as a number: 0 where nothing is said."""
    if "evidence" not in names:
        return nw.lit(0)
    rank = nw.when(nw.col("evidence").is_null()).then(nw.lit(0))
    for place, grade in enumerate(GRADES):
        rank = rank.when(nw.col("evidence") == grade).then(nw.lit(place))
    return rank.otherwise(nw.lit(len(GRADES)))


def grade_of_rank(rank: Any) -> Any:
    """Return the grade of a rank; missing for a word that is no grade."""
    grade: Any = nw
    for place, name in enumerate(GRADES):
        grade = grade.when(rank == place).then(nw.lit(name))
    return grade


def count_levels(rows: Any, *, by: list[str], value: str, grade: str = "evidence") -> Any:
    """Count how often each value stands in each group of rows; missing values are a level too.

    Grades of evidence are counted apart: a word is looked at once a level, not once a row.
    """
    graded = [grade] if grade in rows.collect_schema().names() else []
    named = rows.select(*by, nw.col(value).alias("_value"), *graded)
    return named.group_by(*by, "_value", *graded, drop_null_keys=False).agg(
        nw.len().alias("_count")
    )


def add_levels(parts: Any, *, by: list[str]) -> Any:
    """Add up counts of the same level."""
    others = [name for name in parts.collect_schema().names() if name not in (*by, "_count")]
    grouped = parts.group_by(*by, *others, drop_null_keys=False)
    return grouped.agg(nw.col("_count").sum())


def with_keys(counted: Any, keys: Sequence[str], count: Any) -> Any:
    """Leave out counted rows with a missing key.

    A count is never negative. Naming it keeps engines from testing every single row before
    counting.
    """
    return counted.filter(*(~nw.col(key).is_null() | (count < 0) for key in keys))


def describe_levels(levels: Any, *, by: list[str], at_least: float, whole: bool = True) -> Any:
    """Turn counts of levels into the columns of :data:`SUMMARY`; ``total`` only of whole numbers."""
    value, count, n = nw.col("_value"), nw.col("_count"), nw.col("n")
    known = with_keys(levels, by, count)
    names = known.collect_schema().names()
    rank = nw.col("_rank") if "_rank" in names else rank_of_evidence(names)
    known = known.with_columns(value.cast(nw.Float64), count.cast(nw.Int64), _rank=rank)
    known = known.with_columns(_n=nw.when(~value.is_null()).then(count).otherwise(nw.lit(0)))
    known = known.with_columns(_sum=(value * nw.col("_n")).fill_null(0.0))
    known = known.with_columns(
        _upto=nw.col("_n").cum_sum().over(*by, order_by="_value"),
        n=nw.col("_n").sum().over(*by),
        _total=nw.col("_sum").sum().over(*by),
    )
    known = known.with_columns(_mean=nw.col("_total") / positive(n))
    square = (value - nw.col("_mean")) ** 2 * nw.col("_n")
    known = known.with_columns(
        _square=square.fill_null(0.0),
        _reached=nw.when(value >= at_least).then(nw.col("_n")).otherwise(nw.lit(0)),
        _blank=count - nw.col("_n"),
        _first=nw.when(nw.col("_upto") * 2 >= n).then(value),
        _second=nw.when(nw.col("_upto") * 2 > n).then(value),
    )
    grouped = known.group_by(*by).agg(
        nw.col("_n").sum().alias("n"),
        nw.col("_sum").sum().alias("_total"),
        nw.col("_square").sum(),
        nw.col("_first").min(),
        nw.col("_second").min(),
        nw.col("_value").min().alias("low"),
        nw.col("_value").max().alias("high"),
        nw.col("_reached").sum(),
        nw.col("_blank").sum().alias("missing"),
        nw.col("_rank").max(),
    )
    return _arithmetic(grouped, by, [one for one in SUMMARY if whole or one[0] != "total"])


def positive(count: Any) -> Any:
    """Return a divisor: missing instead of 0, which engines treat differently."""
    return nw.when(count > 0).then(count.cast(nw.Float64))


def _arithmetic(grouped: Any, by: list[str], columns: Sequence[tuple[str, Any]]) -> Any:
    n = nw.col("n")
    grouped = grouped.with_columns(n.cast(nw.Int64))
    grouped = grouped.with_columns(
        total=nw.col("_total"),
        mean=nw.col("_total") / positive(n),
        sd=(nw.col("_square") / positive(n - 1)).sqrt(),
        median=(nw.col("_first") + nw.col("_second")) / 2,
        share_at_least=nw.col("_reached") / positive(n),
        evidence=grade_of_rank(nw.col("_rank")),
    )
    if grouped.implementation.is_pandas():  # one call instead of some forty small steps
        grouped = grouped.with_columns(_t=n.map_batches(_t_of_counts, return_dtype=nw.Float64()))
    else:
        grouped = grouped.with_columns(_t=_t_quantile(n - 1))
    grouped = grouped.with_columns(_half=nw.col("_t") * nw.col("sd") / positive(n).sqrt())
    grouped = grouped.with_columns(
        ci_low=nw.col("mean") - nw.col("_half"), ci_high=nw.col("mean") + nw.col("_half")
    )
    return grouped.select(*by, *(nw.col(name).cast(kind) for name, kind in columns))


@cache
def _t_table() -> tuple[list[float], list[float]]:
    """Return the 97.5 % quantile of t for few degrees of freedom, and a polynomial in 1/df for more."""
    from scipy.special import stdtrit  # what scipy.stats.t.ppf calls; scipy.stats is slow to import

    few = [float(quantile) for quantile in stdtrit(np.arange(1, _EXACT), 0.975)]
    nodes = np.cos(np.pi * (np.arange(200) + 0.5) / 200)
    fit = np.polynomial.chebyshev.chebfit(nodes, stdtrit(2 * _EXACT / (nodes + 1), 0.975), 10)
    return few, [float(term) for term in np.polynomial.chebyshev.cheb2poly(fit)]


def _t_quantile(df: Any) -> Any:
    """Return the 97.5 % quantile of t as an expression that every engine can evaluate.

    Within 2e-15 of ``scipy.stats.t.ppf`` for every whole number of degrees of freedom (tests).
    """
    few, terms = _t_table()
    place = nw.lit(2.0 * _EXACT) / positive(df) - 1
    series = nw.lit(terms[-1])
    for term in reversed(terms[:-1]):
        series = series * place + term
    chosen: Any = nw
    for number, quantile in enumerate(few, start=1):
        chosen = chosen.when(df == number).then(nw.lit(quantile))
    return chosen.otherwise(series)


def _t_of_counts(counts: Any) -> Any:
    """Return the 97.5 % quantile of t with ``n - 1`` degrees of freedom of an array of counts."""
    from scipy.special import stdtrit

    df = counts.to_numpy().astype(float) - 1
    return np.where(df > 0, stdtrit(np.maximum(df, 1), 0.975), np.nan)


def score_steps(by: Sequence[str], at_least: float) -> list[Step]:
    """Return the steps from ratings with a column ``score`` to a summary of each group of rows."""
    keys = list(by)
    return [
        Step(partial(count_levels, by=keys, value="score")),
        Step(
            partial(describe_levels, by=keys, at_least=at_least),
            tuple(keys),
            partial(add_levels, by=keys),
        ),
        in_order(keys),
    ]


def field_steps(by: Sequence[str], unit: Sequence[str], at_least: float) -> list[Step]:
    """Return the steps from ratings to a summary of the means of each ``unit`` (a rater's field)."""
    keys, units = list(by), list(unit)
    return [
        Step(partial(_count_unit, unit=units)),
        Step(
            partial(_unit_levels, by=keys, unit=units), tuple(units), partial(_add_unit, unit=units)
        ),
        Step(
            partial(describe_levels, by=keys, at_least=at_least, whole=False),
            tuple(keys),
            partial(add_levels, by=keys),
        ),
        in_order(keys),
    ]


def _count_unit(rows: Any, *, unit: list[str]) -> Any:
    rank = rank_of_evidence(rows.collect_schema().names())
    score = nw.col("_score")
    named = rows.select(*unit, nw.col("score").cast(nw.Float64).alias("_score"), _rank=rank)
    return named.group_by(*unit, drop_null_keys=False).agg(
        score.sum().alias("_sum"), score.count().alias("_answers"), nw.col("_rank").max()
    )


def _add_unit(parts: Any, *, unit: list[str]) -> Any:
    columns = (nw.col("_sum").sum(), nw.col("_answers").sum(), nw.col("_rank").max())
    return parts.group_by(*unit, drop_null_keys=False).agg(*columns)


def _unit_levels(units: Any, *, by: list[str], unit: list[str]) -> Any:
    units = with_keys(units, unit, nw.col("_answers"))
    mean = nw.col("_sum") / positive(nw.col("_answers"))
    return count_levels(units.with_columns(_mean=mean), by=by, value="_mean", grade="_rank")


def item_count_steps(by: Sequence[str], fields: Mapping[int, int] | None = None) -> list[Step]:
    """Return the steps that count the items of each group of rows in the column ``items``.

    With ``fields`` (field of each item), ``field_no`` need not be a column of the rows.
    """
    keys = list(by)
    given = [key for key in keys if fields is None or key != "field_no"]
    distinct = partial(_distinct, by=[*given, "item"])
    count = partial(_count_items, by=keys, fields=fields)
    return [Step(distinct), Step(count, tuple(given), distinct)]


def _distinct(rows: Any, *, by: list[str]) -> Any:
    return rows.group_by(*by, drop_null_keys=False).agg(nw.len().alias("_count"))


def _count_items(distinct: Any, *, by: list[str], fields: Mapping[int, int] | None) -> Any:
    if fields is not None:
        distinct = field_column(distinct, fields=fields)
    known = distinct.filter(~nw.col("item").is_null())
    counted = known.group_by(*by, drop_null_keys=True).agg(nw.len().alias("items"))
    return counted.with_columns(nw.col("items").cast(nw.Int64))


def lengthened(wide: Any, *, keep: list[str], items: dict[str, int]) -> Any:
    """Turn ratings with one column an item (name to number) into one row per item."""
    parts = [
        wide.select(*keep, item=nw.lit(number, nw.Int64), score=nw.col(name).cast(nw.Int64))
        for name, number in items.items()
    ]
    return nw.concat(parts, how="vertical")


def field_column(rows: Any, *, fields: Mapping[int, int]) -> Any:
    """Give each rating the field of its item as the column ``field_no``."""
    item, chosen = nw.col("item"), cast(Any, nw)
    start = 0
    numbers = sorted(fields)
    for place, number in enumerate(numbers):
        field, after = fields[number], numbers[place + 1 : place + 2]
        if after != [number + 1] or fields[after[0]] != field:
            run = item.is_between(numbers[start], number)
            chosen = chosen.when(run).then(nw.lit(field, nw.Int64))
            start = place + 1
    return rows.with_columns(field_no=chosen)


def whole_fields(rows: Any) -> Any:
    """Make field numbers whole that an engine has turned into decimals for want of missing integers."""
    names = [name for name in ("field_no",) if name in rows.collect_schema().names()]
    return rows.with_columns(nw.col(*names).cast(nw.Int64)) if names else rows
