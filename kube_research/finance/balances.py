"""The groups' books: kas, tabungan and IKS as running and closing balances in whole rupiah."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import narwhals as nw
import pandas as pd

from kube_research.engines import AnyFrame, Step, in_order, numbered, walk
from kube_research.errors import OptionError
from kube_research.finance.books import with_amounts
from kube_research.frames import grade_of, need_columns, need_option, weakest
from kube_research.levels import grade_of_rank, rank_of_evidence
from kube_research.texts import text

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


_BOOK = ("group", "book")


def ledger_balances(
    ledger: AnyFrame, *, by: Sequence[str] = _BOOK, opening: object = 0, order: str | None = None
) -> AnyFrame:
    """Return every entry with the running and the closing balance of its book.

    Parameters
    ----------
    ledger : DataFrame, or a frame of another engine
        Pandas, polars, PyArrow, a DuckDB relation, Dask or Spark; lazy in, lazy out. ``date``,
        ``group``, ``book``, ``amount`` (whole rupiah, positive in, negative out), and perhaps
        ``balance``, the balance as written in the book. An entry without an amount is as if it were
        not there.
    by : sequence of str
        What makes a book of its own.
    opening : 0 or DataFrame
        Balance with which every book begins: none, or a frame of the columns of ``by`` and
        ``opening`` (rupiah; books not named begin with 0). A frame only with a pandas ledger.
    order : str, optional
        Column that puts the entries of one day in order. By default they keep the order in which the
        engine reads them.

    Returns
    -------
    frame of the same engine
        The entries by book and date (entries of one day keep their order), with ``running`` (balance
        after the entry), ``closing`` (balance after the last one) and, where the book states
        balances, ``difference`` (stated minus running; missing where nothing is stated). Nothing is
        corrected.

    Raises
    ------
    kube_research.errors.MissingColumnError
    kube_research.errors.OptionError
        For an amount that is no whole rupiah, or a book with two opening balances. A lazy frame cannot
        be looked at: there an amount that is not whole leaves the balances of its book missing.

    Notes
    -----
    Whole-number arithmetic throughout: opening plus movements equals closing.

    Examples
    --------
    >>> book = pd.DataFrame({"date": ["2016-03-01", "2016-03-02"], "group": "07", "book": "kas",
    ...                      "amount": [500000, -120000]})
    >>> ledger_balances(book)["running"].tolist()
    [500000, 380000]
    >>> begun = pd.DataFrame({"group": ["07"], "book": ["kas"], "opening": [20000]})
    >>> ledger_balances(book, opening=begun)["running"].tolist()
    [520000, 400000]
    """
    keys, extra = list(by), [] if order is None else [order]
    need_columns(ledger, "date", *keys, "amount", *extra)
    if not isinstance(ledger, pd.DataFrame):
        _need_no_opening(opening)
        rows: AnyFrame = numbered(ledger, "_place")
        return walk(rows, running_steps(keys, [*extra, "_place"]))
    known = numbered(with_amounts(ledger), "_place")
    done: Any = walk(known, running_steps(keys, [*extra, "_place"])).reset_index(drop=True)
    begun = done[keys].astype("string").merge(opening_balances(opening, keys), "left", on=keys)
    first = begun["opening"].fillna(0).astype("int64")
    for name in ("running", "closing"):
        done[name] = first + done[name].astype("int64")
    if "balance" in done:
        done["difference"] = (done["balance"] - done["running"]).astype("Int64")
    balances: AnyFrame = done
    return balances


def closing_balances(
    ledger: AnyFrame, *, by: Sequence[str] = _BOOK, opening: object = 0
) -> AnyFrame:
    """Return one row per book: what came in, what went out, what is left.

    Parameters
    ----------
    ledger, by, opening
        As for :func:`ledger_balances`.

    Returns
    -------
    frame of the same engine
        ``entries``, ``first`` and ``last`` day, ``inflow``, ``outflow`` (positive), ``closing``, all
        in rupiah, and ``evidence``. With opening balances also ``opening``, so that ``opening + inflow
        - outflow = closing``; a book with an opening balance and no entry then has a row too.

    Raises
    ------
    kube_research.errors.MissingColumnError, kube_research.errors.OptionError

    Examples
    --------
    >>> book = pd.DataFrame({"date": ["2016-03-01", "2016-03-02"], "group": "07", "book": "kas",
    ...                      "amount": [500000, -120000]})
    >>> closing_balances(book)[["inflow", "outflow", "closing"]].values.tolist()
    [[500000, 120000, 380000]]
    """
    keys = list(by)
    need_columns(ledger, "date", *keys, "amount")
    if not isinstance(ledger, pd.DataFrame):
        _need_no_opening(opening)
        return walk(ledger, closing_steps(keys))
    done = walk(with_amounts(ledger), closing_steps(keys)).reset_index(drop=True)
    whole = dict.fromkeys(("entries", "inflow", "outflow", "closing"), "int64")
    done = done.astype(whole | {"evidence": "string"})
    first = opening_balances(opening, keys)
    if isinstance(opening, pd.DataFrame):
        done = _begun(done, first, keys)
    return done  # type: ignore[return-value]


def _need_no_opening(opening: object) -> None:
    if isinstance(opening, pd.DataFrame):
        raise OptionError(text("engines.error.opening"))
    need_option("opening", opening, (0,))


def opening_balances(opening: Any, keys: Sequence[str]) -> pd.DataFrame:
    """Return the opening balances given as an option: the columns of ``keys`` and ``opening``.

    Raises
    ------
    kube_research.errors.MissingColumnError, kube_research.errors.OptionError
    """
    columns = [*keys, "opening"]
    if not isinstance(opening, pd.DataFrame):
        need_option("opening", opening, (0, "DataFrame"))
        none = pd.DataFrame(columns=columns)
        return none.astype(dict.fromkeys(keys, "string") | {"opening": "Int64"})
    need_columns(opening, *columns)
    given = with_amounts(opening.assign(amount=opening["opening"]))
    given["opening"] = given["amount"]
    if given.duplicated(list(keys)).any():
        raise OptionError(text("reconcile.error.opening_twice"))
    done = given[columns].astype(dict.fromkeys(keys, "string")).reset_index(drop=True)
    return done.assign(_grade=grade_of(opening))


def _begun(done: pd.DataFrame, first: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Put the opening balances before what moved."""
    done = done.astype(dict.fromkeys(keys, "string")).merge(first, "outer", on=keys)
    money = ["entries", "inflow", "outflow", "closing", "opening"]
    done[money] = done[money].fillna(0).astype("int64")
    done["closing"] += done["opening"]
    done["evidence"] = [
        weakest([grade for grade in pair if isinstance(grade, str)])
        for pair in zip(done["evidence"], done["_grade"], strict=True)
    ]
    order = ["entries", "first", "last", "opening", "inflow", "outflow", "closing", "evidence"]
    return done.sort_values(keys, ignore_index=True)[[*keys, *order]].astype({"evidence": "string"})
