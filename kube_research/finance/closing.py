"""The groups' books: kas, tabungan and IKS as running and closing balances in whole rupiah."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

import narwhals as nw
import numpy as np
import pandas as pd

from kube_research.engines import AnyFrame, collected, numbered
from kube_research.errors import OptionError
from kube_research.finance.books import Books, as_books, with_amounts
from kube_research.formats import as_money, currency_of
from kube_research.frames import documented, grade_of, need_columns, need_option, weakest
from kube_research.levels import grades_of_ranks, rank_of_evidence, ranks_of_evidence
from kube_research.site.folder import Site
from kube_research.texts import text

_BOOK = ("group", "book")
_AMOUNT = nw.col("amount")


@overload
def ledger_balances(
    ledger: Books | Site, *, by: Sequence[str] = ..., opening: object = ..., order: str | None = ...
) -> pd.DataFrame: ...
@overload
def ledger_balances(
    ledger: AnyFrame, *, by: Sequence[str] = ..., opening: object = ..., order: str | None = ...
) -> AnyFrame: ...
@documented
def ledger_balances(
    ledger: Any, *, by: Sequence[str] = _BOOK, opening: object = 0, order: str | None = None
) -> Any:
    """Return every entry with the running and the closing balance of its book.

    Parameters
    ----------
    |finance_any_ledger|
    |finance_book|
    |finance_opening|
    order : str, optional
        Column that puts the entries of one day in order. By default they keep the order in which the
        engine reads them.

    Returns
    -------
    frame of the same engine (lazy in, lazy out)
        The entries by book and date (entries of one day keep their order), with ``running`` (balance
        after the entry), ``closing`` (balance after the last one) and, where the book states
        balances, ``difference`` (stated minus running; missing where nothing is stated). Nothing is
        corrected.

    Raises
    ------
    kube_research.errors.MissingColumnError
    kube_research.errors.OptionError
        For an amount that is no whole rupiah, or a book with two opening balances. On an engine an
        amount that is not whole leaves the balances of its book missing.

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
    keys, within = list(by), [] if order is None else [order]
    ledger = _ledger_of(ledger)
    need_columns(ledger, "date", *keys, "amount", *within)
    if not isinstance(ledger, pd.DataFrame):
        _need_no_opening(opening)
        return _running_query(ledger, by=keys, within=within)
    in_day = ["date", *within]
    rows = with_amounts(ledger).reset_index(drop=True)
    in_time = rows.sort_values(in_day, kind="stable", na_position="first")  # as engines sum
    rows["running"] = in_time.groupby(keys, observed=True, dropna=False)["amount"].cumsum()
    rows["closing"] = rows.groupby(keys, observed=True, dropna=False)["amount"].transform("sum")
    rows = rows.sort_values([*keys, *in_day], kind="stable", ignore_index=True)
    begun = rows[keys].astype("string").merge(opening_balances(opening, keys), "left", on=keys)
    first = begun["opening"].fillna(0).astype("int64")
    rows["running"] += first
    rows["closing"] += first
    if "balance" in rows:
        rows["difference"] = (rows["balance"] - rows["running"]).astype("Int64")
    money = ("amount", "balance", "running", "closing", "difference")
    return as_money(rows, currency_of(ledger), *money)


def _ledger_of(given: Any) -> Any:
    """Return the ledger of books or of a site; a plain one, of whatever engine, as it is."""
    return as_books(given).ledger if isinstance(given, Books | Site) else given


def _running_query(ledger: Any, *, by: list[str], within: list[str]) -> Any:
    """Return the entries with balances in their engine; missing in a book with an odd amount."""
    order = ["date", *within, "_place"]
    rows = _whole_amounts(nw.from_native(numbered(ledger, "_place")))
    names = [name for name in rows.collect_schema().names() if name not in ("_place", "_odd")]
    rows = rows.with_columns(
        _known=nw.col("_odd").sum().over(*by) == 0,
        running=_AMOUNT.cum_sum().over(*by, order_by=order),
        closing=_AMOUNT.sum().over(*by),
    )
    for name in ("running", "closing"):
        balance = nw.when(nw.col("_known")).then(nw.col(name).cast(nw.Int64))
        rows = rows.with_columns(balance.alias(name))
    names += ["running", "closing"]
    if "balance" in names:
        rows = rows.with_columns(difference=nw.col("balance").cast(nw.Int64) - nw.col("running"))
        names.append("difference")
    return nw.to_native(rows.sort(*by, *order, nulls_last=True).select(*names))


def _whole_amounts(rows: Any) -> Any:
    """Keep the entries that have an amount, in rupiah; ``_odd`` marks amounts that are not whole."""
    rows = rows.filter(~_AMOUNT.is_null())
    if rows.collect_schema()["amount"].is_integer():
        return rows.with_columns(_AMOUNT.cast(nw.Int64), _odd=nw.lit(0))
    floor = _AMOUNT.cast(nw.Float64).floor()
    odd = (_AMOUNT.cast(nw.Float64) != floor).cast(nw.Int64)
    return rows.with_columns(floor.cast(nw.Int64).alias("amount"), _odd=odd)


@documented
def closing_balances(
    ledger: Any, *, by: Sequence[str] = _BOOK, opening: object = 0
) -> pd.DataFrame:
    """Return one row per book: what came in, what went out, what is left.

    Parameters
    ----------
    |finance_any_ledger|
    |finance_book|
    |finance_opening|

    Returns
    -------
    DataFrame
        Pandas, whatever the engine, sorted: ``entries``, ``first`` and ``last`` day, ``inflow``,
        ``outflow`` (positive), ``closing``, all in rupiah, and ``evidence``. With opening balances also
        ``opening``, so that ``opening + inflow - outflow = closing``; a book with an opening balance
        and no entry then has a row too.

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
    keys, ledger = list(by), _ledger_of(ledger)
    need_columns(ledger, "date", *keys, "amount")
    if not isinstance(ledger, pd.DataFrame):
        _need_no_opening(opening)
        return _closed(_movements(ledger, by=keys), keys)
    entries = with_amounts(ledger)
    amount = entries["amount"].to_numpy()
    inflow, outflow = np.maximum(amount, 0), np.maximum(-amount, 0)
    rows = entries[[*keys, "date"]].assign(inflow=inflow, outflow=outflow)
    grouped = rows.assign(_rank=ranks_of_evidence(entries)).groupby(keys, observed=True)
    books = grouped[["inflow", "outflow"]].sum()
    books["entries"], books["_rank"] = grouped.size(), grouped["_rank"].max()
    books["first"], books["last"] = grouped["date"].min(), grouped["date"].max()
    closed = _closed(books.reset_index(), keys)
    if isinstance(opening, pd.DataFrame):
        closed = _begun(closed, opening_balances(opening, keys), keys)
    else:
        need_option("opening", opening, (0, "DataFrame"))
    return as_money(closed, currency_of(ledger), "opening", "inflow", "outflow", "closing")


def _movements(ledger: Any, *, by: list[str]) -> pd.DataFrame:
    """Add up the entries of each book in their engine; money is missing where an amount is not whole."""
    frame = nw.from_native(ledger)
    rows = _whole_amounts(frame).with_columns(
        inflow=nw.when(_AMOUNT > 0).then(_AMOUNT).otherwise(nw.lit(0)),
        outflow=nw.when(_AMOUNT < 0).then(-_AMOUNT).otherwise(nw.lit(0)),
        _rank=rank_of_evidence(frame.collect_schema().names()),
    )
    sums = [nw.col(name).sum() for name in ("inflow", "outflow", "_odd")]
    ends = (nw.col("date").min().alias("first"), nw.col("date").max().alias("last"))
    query = rows.group_by(*by).agg(*sums, *ends, nw.len().alias("entries"), nw.col("_rank").max())
    books = collected(query, by).sort_values(by, ignore_index=True)
    if (books["_odd"] > 0).any():
        money = ["inflow", "outflow"]
        books[money] = books[money].astype("Int64").mask(books["_odd"] > 0)
    return books


def _closed(books: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Return what :func:`closing_balances` promises, from the movements of each book."""
    books["closing"] = books["inflow"] - books["outflow"]
    books["evidence"] = grades_of_ranks(books["_rank"])
    columns = ["entries", "first", "last", "inflow", "outflow", "closing", "evidence"]
    return books[[*keys, *columns]]


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
    begun = given[columns].astype(dict.fromkeys(keys, "string")).reset_index(drop=True)
    return begun.assign(_grade=grade_of(opening))


def _begun(closed: pd.DataFrame, first: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Put the opening balances before what moved."""
    books = closed.astype(dict.fromkeys(keys, "string")).merge(first, "outer", on=keys)
    money = ["entries", "inflow", "outflow", "closing", "opening"]
    books[money] = books[money].fillna(0).astype("int64")
    books["closing"] += books["opening"]
    books["evidence"] = [
        weakest([grade for grade in pair if isinstance(grade, str)])
        for pair in zip(books["evidence"], books["_grade"], strict=True)
    ]
    order = ["entries", "first", "last", "opening", "inflow", "outflow", "closing", "evidence"]
    books = books.sort_values(keys, ignore_index=True)[[*keys, *order]]
    return books.astype({"evidence": "string"})
