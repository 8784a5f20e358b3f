"""Who came, counted on any engine: sums per person first, then rates with their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import narwhals as nw

from kube_research.engines import Step, in_order
from kube_research.frames import FEW
from kube_research.score_levels import grade_of_rank, positive, rank_of_evidence

#: Columns of the rates after the columns they are broken down by.
RATES = (
    ("n", nw.Int64),
    ("attended", nw.Int64),
    ("rate", nw.Float64),
    ("low", nw.Float64),
    ("high", nw.Float64),
    ("few", nw.Boolean),
    ("evidence", nw.String),
)


def wilson_ends(rate: Any, n: Any, z2: float) -> tuple[Any, Any]:
    """Return both ends of the Wilson interval, of arrays as of expressions; ``z2`` is z squared."""
    centre = (rate + z2 / (2 * n)) / (1 + z2 / n)
    spread = (z2 * (rate * (1 - rate) + z2 / (4 * n)) / n) ** 0.5 / (1 + z2 / n)
    return centre - spread, centre + spread


def rate_steps(by: Sequence[str], *, z2: float) -> list[Step]:
    """Return the steps from marked rows (see :func:`marked`) to the rates of each level."""
    keys = list(by)
    add = partial(_add_people, by=keys)
    return [Step(add, parts=True), Step(partial(_rates, by=keys, z2=z2), tuple(keys), add)]


def marked(rows: Any, *, statuses: Sequence[str], attended: Sequence[str], excused: str) -> Any:
    """Mark the rows with a status: ``_came``, ``_counts``, ``_strange`` (no known status), ``_rank``."""
    status = nw.col("status").cast(nw.String)  # a column without any status has no type
    counts = status != "excused" if excused == "left out" else ~status.is_null()
    rank = rank_of_evidence(rows.collect_schema().names())
    rows = rows.filter(~status.is_null()).with_columns(
        _counts=counts.cast(nw.Int64),
        _came=(status.is_in(list(attended)) & counts).cast(nw.Int64),
        _strange=(~status.is_in(list(statuses))).cast(nw.Int64),
        _rank=rank,
    )
    return rows.with_columns(_rank=nw.when(nw.col("_counts") > 0).then(nw.col("_rank")))


def lazy_rate_steps(
    by: Sequence[str],
    *,
    statuses: Sequence[str],
    attended: Sequence[str],
    excused: str,
    z2: float,
) -> list[Step]:
    """Return the steps from an attendance list of any engine to the sorted rates of its levels."""
    mark = partial(marked, statuses=statuses, attended=attended, excused=excused)
    steps = [Step(mark), *rate_steps(by, z2=z2)]
    if by:
        steps += [Step(lambda rows: rows.filter(nw.col("n") > 0)), in_order(by)]
    return steps


def _add_people(rows: Any, *, by: list[str]) -> Any:
    """Add up the rows of each person within each level."""
    names = rows.collect_schema().names()
    people = [name for name in ("site", "person") if name in names and "person" in names]
    sums = [nw.col(name).sum() for name in ("_counts", "_came", "_strange")]
    columns = [*sums, nw.col("_rank").max()]
    keys = list(dict.fromkeys([*by, *people]))
    if not keys:
        return rows.select(*columns)
    return rows.group_by(*keys, drop_null_keys=False).agg(*columns)


def _name(rows: Any, by: list[str]) -> Any:
    """Return what tells people apart: the code, and of several sites taken together also the site."""
    if "site" in rows.collect_schema().names() and "site" not in by:
        return nw.concat_str(nw.col("site"), nw.col("person"), separator="/")
    return nw.col("person")


def _rates(rows: Any, *, by: list[str], z2: float) -> Any:
    """Count rows, or what :func:`_add_people` made of them: people are told apart in both."""
    names = ["_counts", "_came", "_strange"]
    columns = [nw.col("_rank").max()]
    has_people = "person" in rows.collect_schema().names()
    if has_people:
        rows = rows.with_columns(_person=nw.when(nw.col("_counts") > 0).then(_name(rows, by)))
        rows = rows.with_columns(_nobody=nw.col("_person").is_null().cast(nw.Int64))
        columns += [nw.col("_person").n_unique().alias("_people"), nw.col("_nobody").max()]
    columns += [nw.col(name).sum() for name in names]
    grouped = rows.group_by(*by, drop_null_keys=False) if by else None
    done = rows.select(*columns) if grouped is None else grouped.agg(*columns)
    if has_people:
        names += ["_people", "_nobody"]
    n, came = nw.col("n"), nw.col("attended")
    done = done.with_columns(nw.col(name).fill_null(0).cast(nw.Int64) for name in names)
    done = done.with_columns(n=nw.col("_counts"), attended=nw.col("_came"))
    sure = nw.col("_strange") == 0
    done = done.with_columns(rate=nw.when(sure).then(came / positive(n)))
    low, high = wilson_ends(nw.col("rate"), positive(n), z2)
    some = sure & (n > 0)
    done = done.with_columns(
        low=nw.when(some & (came == 0)).then(nw.lit(0.0)).otherwise(low.clip(0.0, 1.0)),
        high=nw.when(some & (came == n)).then(nw.lit(1.0)).otherwise(high.clip(0.0, 1.0)),
        few=(nw.col("_people") - nw.col("_nobody") if has_people else n) < FEW,
        evidence=grade_of_rank(nw.col("_rank")),
    )
    return done.select(*by, *(nw.col(name).cast(kind) for name, kind in RATES))
