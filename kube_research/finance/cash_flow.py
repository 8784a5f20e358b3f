"""Cash flow: what came in and went out by category, and statements in which opening and closing meet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from kube_research.finance.books import (
    AnyBooks,
    as_books,
    between_books,
    by_month,
    frame_of,
    money_of,
    parts,
)
from kube_research.finance.closing import opening_balances
from kube_research.formats import as_money
from kube_research.frames import as_list, documented, grade_of, need_option, weakest

_KEYS = ("group", "book", "month")


@documented
def cash_flows(books: AnyBooks, *, by: str | Sequence[str] = ("group", "book")) -> pd.DataFrame:
    """Return what came in and what went out, category by category.

    Parameters
    ----------
    |books|
    by : sequence of {"group", "book", "month"}
        What to break down by besides the category; none, some or all.

    Returns
    -------
    DataFrame
        One row per level and category: ``flow`` (``unknown`` for a category nobody declares),
        ``category`` (its code in lower case; two spellings of one code are one category), ``inflow``
        and ``outflow`` (both positive), ``net`` (rupiah), ``entries``, ``internal`` (the other half
        stands in another book: leave these rows out to see what the group as a whole received and
        spent), ``evidence``. Business cash is book ``kas``; money of IKS stands in rows of its own
        book, see :func:`~kube_research.finance.iks.iks_apart`.

    |frame_errors|

    Notes
    -----
    The net of all categories of a book is what its balance grew by
    (:func:`~kube_research.finance.closing.closing_balances`; tests).

    Examples
    --------
    >>> book = pd.DataFrame({"date": "2016-03-31", "group": "07", "book": "kas",
    ...                      "category": ["sales", "Sales", "cost"], "amount": [500, 300, -120]})
    >>> cash_flows(book)[["flow", "inflow", "outflow", "net"]].values.tolist()
    [['cost', 0, 120, -120], ['sale', 800, 0, 800]]
    """
    keys = as_list(by)
    for key in keys:
        need_option("by", key, _KEYS)
    books = as_books(books)
    entries = books.entries.assign(
        category=books.entries["code"],
        inflow=books.entries["amount"].clip(lower=0),
        outflow=(-books.entries["amount"]).clip(lower=0),
    )
    levels = [*keys, "flow", "category"]
    grouped = entries.groupby(levels, dropna=False)
    sums = grouped.agg(
        inflow=("inflow", "sum"),
        outflow=("outflow", "sum"),
        net=("amount", "sum"),
        entries=("amount", "size"),
        evidence=("evidence", weakest),
    ).reset_index()
    sums.insert(len(sums.columns) - 1, "internal", sums["flow"].isin(between_books()))
    kinds = dict.fromkeys([*levels, "evidence"], "string")
    sums = sums.astype(kinds | dict.fromkeys(["inflow", "outflow", "net", "entries"], "int64"))
    return as_money(sums, books.currency, "inflow", "outflow", "net")


@documented
def cash_statement(
    books: AnyBooks,
    *,
    by: str | Sequence[str] = ("group", "book"),
    opening: object = 0,
) -> pd.DataFrame:
    """Return month by month: opening, what came in, what went out, closing.

    Parameters
    ----------
    |books|
    by : {("group", "book"), "book"}
        One statement a group and book, or one a book over all groups.
    opening : 0 or DataFrame
        Balance with which every book begins: none, or a frame of the columns of ``by`` and
        ``opening``, as for :func:`~kube_research.finance.closing.ledger_balances`.

    Returns
    -------
    DataFrame
        One row per book and month (such as ``"2016-03"``), from the first month of the book to the
        last of the whole ledger, months without an entry too: ``opening`` (the closing of the month
        before; entries of flow ``opening`` are counted here), ``inflow``, ``outflow`` (positive),
        ``closing`` (``opening + inflow - outflow``), ``entries``, all in rupiah, ``evidence`` (of all
        entries so far). A book with an opening balance and no entry has no row.

    |frame_errors|

    Notes
    -----
    The last closing equals :func:`~kube_research.finance.closing.closing_balances` (tests).

    Examples
    --------
    >>> book = pd.DataFrame({"date": ["2016-03-01", "2016-05-02"], "group": "07", "book": "kas",
    ...                      "category": ["sales", "cost"], "amount": [500, -120]})
    >>> cash_statement(book)[["month", "opening", "closing"]].values.tolist()
    [['2016-03', 0, 500], ['2016-04', 500, 500], ['2016-05', 500, 380]]
    """
    keys = as_list(by)
    need_option("by", tuple(keys), (("group", "book"), ("book",)))
    books = as_books(books)
    entries = books.entries
    given = opening_balances(opening, keys)
    begun = {
        tuple(row[key] for key in keys): (int(row["opening"]), str(row["_grade"]))
        for row in given.to_dict("records")
    }
    rows: list[dict[str, Any]] = []
    for level, part in parts(entries, keys):
        carried, grade = begun.get(tuple(str(level[key]) for key in keys), (0, "recorded"))
        for month, now in by_month(part, part["month"].min(), entries["month"].max()):
            moved = now.loc[now["flow"] != "opening", "amount"]
            first = carried + money_of(now, "opening")
            row = level | {"month": month, "opening": first, "entries": len(now)}
            row |= {"inflow": int(moved.clip(lower=0).sum())}
            row |= {"outflow": int((-moved).clip(lower=0).sum())}
            carried = first + row["inflow"] - row["outflow"]
            grade = weakest([grade, grade_of(now)] if len(now) else [grade])
            rows.append(row | {"closing": carried, "evidence": grade})
    wholes = ["opening", "inflow", "outflow", "closing", "entries"]
    frame = frame_of(rows, [*keys, "month", *wholes, "evidence"])
    kinds = dict.fromkeys(wholes, "int64") | dict.fromkeys([*keys, "month"], "string")
    return as_money(frame.astype(kinds), books.currency, *wholes[:4])
