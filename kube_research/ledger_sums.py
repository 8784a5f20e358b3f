"""The books' balances on any engine: whole rupiah, entries of one day in the order they are written."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import narwhals as nw

from kube_research.engines import Step, in_order
from kube_research.score_levels import grade_of_rank, rank_of_evidence

_AMOUNT = nw.col("amount")


def closing_steps(by: Sequence[str]) -> list[Step]:
    """Return the steps from entries to one row per book, sorted; amounts must be numbers."""
    keys = list(by)
    return [
        Step(partial(_movements, by=keys)),
        Step(partial(_closed, by=keys), tuple(keys), partial(_add_movements, by=keys)),
        in_order(keys),
    ]


def running_steps(by: Sequence[str], order: Sequence[str]) -> list[Step]:
    """Return the steps from entries to entries with balances; ``order`` are the columns within a day.

    The last of them is the entries' number and is left out of the result.
    """
    keys = list(by)
    return [Step(whole_amounts), Step(partial(_running, by=keys, order=list(order)), tuple(keys))]


def whole_amounts(rows: Any) -> Any:
    """Keep the entries that have an amount, in rupiah; ``_odd`` marks amounts that are not whole."""
    rows = rows.filter(~_AMOUNT.is_null())
    if rows.collect_schema()["amount"].is_integer():
        return rows.with_columns(_AMOUNT.cast(nw.Int64), _odd=nw.lit(0))
    floor = _AMOUNT.cast(nw.Float64).floor()
    odd = (_AMOUNT.cast(nw.Float64) != floor).cast(nw.Int64)
    return rows.with_columns(floor.cast(nw.Int64).alias("amount"), _odd=odd)


def _movements(rows: Any, *, by: list[str]) -> Any:
    rank = rank_of_evidence(rows.collect_schema().names())
    rows = whole_amounts(rows).with_columns(
        entries=nw.lit(1),
        first=nw.col("date"),
        last=nw.col("date"),
        inflow=nw.when(_AMOUNT > 0).then(_AMOUNT).otherwise(nw.lit(0)),
        outflow=nw.when(_AMOUNT < 0).then(-_AMOUNT).otherwise(nw.lit(0)),
        _rank=rank,
    )
    return _add_movements(rows, by=by)


def _add_movements(parts: Any, *, by: list[str]) -> Any:
    sums = [nw.col(name).sum() for name in ("entries", "inflow", "outflow", "_odd")]
    return parts.group_by(*by, drop_null_keys=True).agg(
        *sums, nw.col("first").min(), nw.col("last").max(), nw.col("_rank").max()
    )


def _closed(parts: Any, *, by: list[str]) -> Any:
    known = nw.col("_odd") == 0
    done = parts.with_columns(nw.col("entries").cast(nw.Int64))
    for name in ("inflow", "outflow"):
        done = done.with_columns(nw.when(known).then(nw.col(name).cast(nw.Int64)).alias(name))
    done = done.with_columns(
        closing=nw.col("inflow") - nw.col("outflow"), evidence=grade_of_rank(nw.col("_rank"))
    )
    columns = ["entries", "first", "last", "inflow", "outflow", "closing", "evidence"]
    return done.select(*by, *columns)


def _running(rows: Any, *, by: list[str], order: list[str]) -> Any:
    names = [name for name in rows.collect_schema().names() if name not in (order[-1], "_odd")]
    known = nw.col("_odd").sum().over(*by) == 0
    rows = rows.with_columns(
        _known=known,
        running=_AMOUNT.cum_sum().over(*by, order_by=["date", *order]),
        closing=_AMOUNT.sum().over(*by),
    )
    for name in ("running", "closing"):
        rows = rows.with_columns(
            nw.when(nw.col("_known")).then(nw.col(name).cast(nw.Int64)).alias(name)
        )
    names += ["running", "closing"]
    if "balance" in names:
        stated = nw.col("balance").cast(nw.Int64)
        rows = rows.with_columns(difference=stated - nw.col("running"))
        names.append("difference")
    return rows.sort(*by, "date", *order, nulls_last=True).select(*names)
