"""Bookkeeping: days without an entry against the rule to write daily, months without a deposit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from kube_research.errors import OptionError
from kube_research.finance.books import (
    CASH,
    SAVINGS,
    AnyBooks,
    Books,
    added_up,
    as_books,
    by_month,
    day_of_option,
    frame_of,
    money_of,
    need_level,
    parts,
    ratio,
)
from kube_research.formats import as_money, currency_of
from kube_research.frames import documented, grade_of, need_option
from kube_research.site.accounts import book_kinds
from kube_research.site.info import BOOKS
from kube_research.texts import text


@documented
def days_written(
    books: AnyBooks,
    *,
    by: str | None = "group",
    book: str | None = "kas",
    since: object = None,
    until: object = None,
    weekdays: Sequence[int] = range(7),
) -> pd.DataFrame:
    """Return on how many of the days due something was written.

    Parameters
    ----------
    |books|
    |by_group|
    book : str or None
        Code of the book that is due (``kas``, ``tabungan``, ``iks`` or one of the site's own); None for
        an entry in any of them. Where the ledger has no ``kas``, that means the books that hold cash.
    since, until : str or Timestamp, optional
        First and last day due. By default each group's own first entry, and the last entry of the
        whole ledger: a group that stops writing has a gap up to there.
    weekdays : sequence of int
        Days of the week on which an entry is due, 0 for Monday; every day by default. Days that are
        not due neither count nor end a gap.

    Returns
    -------
    DataFrame
        ``since`` and ``until`` (first and last day due), ``due``, ``written`` (days), ``share_written``
        (``written / due``; missing where none is due), ``gaps`` (how many) and ``longest_gap`` (days
        due in the longest one), ``evidence``. All but the days missing for a group whose book the
        ledger does not hold; over all, days and gaps are added up and the longest gap is that of any
        group.

    |frame_errors|

    Notes
    -----
    The study's groups agreed on 5 March 2016 to write every day (Table 4); which book and which days
    of the week is not printed, so both are inputs.

    Examples
    --------
    >>> book = pd.DataFrame({"date": ["2016-03-05", "2016-03-08"], "group": "07", "book": "kas",
    ...                      "amount": [500000, -120000]})
    >>> days_written(book)[["due", "written", "share_written", "longest_gap"]].values.tolist()
    [[4, 2, 0.5, 2]]
    """
    keys = need_level(by)
    for weekday in weekdays:
        if isinstance(weekday, bool) or weekday not in range(7):
            raise OptionError(text("finance.error.weekdays", value=weekday))
    books = as_books(books)
    if "category" not in books.ledger:
        books = Books(books.ledger.assign(category=""))
    entries = books.entries
    entries = entries.assign(date=entries["date"].dt.normalize())
    due_book = of_book(entries, book)
    last = entries["date"].max() if until is None else day_of_option(until)
    rows: list[dict[str, Any]] = []
    for level, part in parts(entries, ["group"]):
        first = part["date"].min() if since is None else day_of_option(since)
        due = pd.date_range(first, last)
        due = due[due.day_of_week.isin(list(weekdays))]
        own = part[due_book[part.index]]
        row = level | {"since": due.min(), "until": due.max()}
        row |= {"evidence": grade_of(part if own.empty else own)}
        if len(own):
            written = due.isin(own["date"])
            gaps = pd.Series(~written).groupby(written.cumsum()).sum()  # up to a day written
            row |= {"due": len(due), "written": int(written.sum())}
            row |= {
                "gaps": int(gaps.gt(0).sum()),
                "longest_gap": int(gaps.max()) if len(due) else 0,
            }
        rows.append(row)
    wholes = ["due", "written", "gaps", "longest_gap"]
    frame = frame_of(rows, ["group", "since", "until", *wholes, "evidence"], money=wholes)
    if not keys:
        total = added_up(frame, wholes, frame["due"].notna())
        total |= {"since": frame["since"].min(), "until": frame["until"].max()}
        total |= {"longest_gap": frame["longest_gap"].max()}
        frame = frame_of([total], ["since", "until", *wholes, "evidence"], money=wholes)
    frame.insert(len(keys) + 4, "share_written", ratio(frame["written"], frame["due"]))
    return frame.astype({"since": "datetime64[ns]", "until": "datetime64[ns]"})


def of_book(entries: pd.DataFrame, book: str | None) -> pd.Series:
    """Tell which entries are of a book; of books of that kind where the ledger has none of the name.

    Raises
    ------
    kube_research.errors.OptionError
        For a book that the ledger does not have.

    Examples
    --------
    >>> of_book(pd.DataFrame({"book": ["bank"], "kind": ["cash"]}), "kas").tolist()
    [True]
    """
    if book is None:
        return pd.Series(True, index=entries.index)
    there = entries["book"].astype("string") == book
    if not there.any() and book in (kinds := book_kinds()):
        return entries["kind"] == kinds[book]
    need_option("book", book, (*BOOKS, *entries["book"].dropna().unique(), None))
    return there


@documented
def deposit_months(books: AnyBooks, *, since: object = None, until: object = None) -> pd.DataFrame:
    """Return month by month what each group put into the cooperative.

    Parameters
    ----------
    |books|
    |months_due|

    Returns
    -------
    DataFrame
        One row per group and month, months without an entry too: ``group``, ``month`` (such as
        ``"2016-05"``), ``deposited`` (rupiah of flow ``cooperative``: what came into the savings book,
        less what went back; for a group that books it in kas alone, what left kas; missing where the
        ledger holds neither book of the group), ``deposit`` (whether that is above zero),
        ``evidence``.

    |frame_errors|

    Examples
    --------
    >>> book = pd.DataFrame({"date": ["2016-04-30", "2016-05-31", "2016-06-30"], "group": "07",
    ...                      "book": ["kas", "tabungan", "kas"], "amount": [90000, 20000, 5000],
    ...                      "category": ["sales", "cooperative_savings", "sales"]})
    >>> deposit_months(book, since="2016-05-04")[["month", "deposited"]].values.tolist()
    [['2016-05', 20000], ['2016-06', 0]]
    """
    books = as_books(books)
    entries = books.entries
    last = entries["date"].max() if until is None else day_of_option(until)
    rows = []
    for level, part in parts(entries, ["group"]):
        first = part["date"].min() if since is None else day_of_option(since)
        money = part[part["flow"] == "cooperative"]
        saved = money[money["kind"].isin(SAVINGS)]
        moved = saved if len(saved) else money[money["kind"].isin(CASH)]
        sign = 1 if len(saved) else -1
        held = part["kind"].isin([*CASH, *SAVINGS]).any()
        for month, now in by_month(moved, first, last):
            amount = sign * money_of(now) if held else None
            row = {"group": level["group"], "month": month, "deposited": amount}
            row |= {"deposit": None if amount is None else amount > 0}
            rows.append(row | {"evidence": grade_of(part)})
    columns = ["group", "month", "deposited", "deposit", "evidence"]
    frame = frame_of(rows, columns, money=["deposited"])
    frame = frame.astype({"month": "string", "deposit": "boolean"})
    return as_money(frame, books.currency, "deposited")


@documented
def months_without_deposit(
    books: AnyBooks,
    *,
    by: str | None = "group",
    since: object = None,
    until: object = None,
) -> pd.DataFrame:
    """Return how many months passed without money put into the cooperative.

    Parameters
    ----------
    |books|
    |by_group|
    |months_due|

    Returns
    -------
    DataFrame
        ``months_due``, ``months_without`` and ``missed`` (those months, joined by ``", "``),
        ``deposited`` (rupiah over the months due), ``evidence``. Over all, months are added up over
        groups (and ``missed`` has each once). Missing for a group whose books the ledger does not
        hold.

    |frame_errors|

    Notes
    -----
    The study's groups agreed on 4 May 2016 to put profit into the cooperative every month (Table 4).

    Examples
    --------
    >>> import kube_research as kr
    >>> site = kr.load_site("cibeunying-simulated")
    >>> months = months_without_deposit(site, by=None, since="2016-05-04")
    >>> months[["months_due", "months_without"]].values.tolist()
    [[10, 0]]
    """
    keys = need_level(by)
    months = deposit_months(books, since=since, until=until)
    rows = []
    for level, part in parts(months, keys):
        known = part[part["deposit"].notna()]
        row: dict[str, Any] = {**level, "evidence": grade_of(part if known.empty else known)}
        if len(known):
            without = known[~known["deposit"].astype("bool")]
            row |= {"months_due": len(known), "months_without": len(without)}
            row |= {"missed": ", ".join(sorted(set(without["month"])))}
            row |= {"deposited": int(known["deposited"].sum())}
        rows.append(row)
    wholes = ["months_due", "months_without", "deposited"]
    columns = [*keys, *wholes[:2], "missed", "deposited", "evidence"]
    frame = frame_of(rows, columns, money=wholes).astype({"missed": "string"})
    return as_money(frame, currency_of(months), "deposited")
