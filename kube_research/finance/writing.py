"""Bookkeeping: days without an entry against the rule to write daily, months without a deposit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from kube_research.errors import OptionError
from kube_research.finance.books import (
    added_up,
    day_of_option,
    known_entries,
    need_level,
    parts,
    ratio,
    typed,
)
from kube_research.frames import grade_of, need_option
from kube_research.texts import text

_BOOKS = ("kas", "tabungan", "iks", None)


def _due(
    ledger: pd.DataFrame,
    book: str | None,
    since: object,
    until: object,
    weekdays: Sequence[int],
) -> Iterator[tuple[str, pd.DatetimeIndex, Any, str]]:
    """Yield each group's days due, which of them are written (None without the book), the grade."""
    need_option("book", book, _BOOKS)
    days = list(weekdays)
    for day in days:
        if isinstance(day, bool) or day not in range(7):
            raise OptionError(text("finance.error.weekdays", value=day))
    entries = known_entries(ledger.assign(category="") if "category" not in ledger else ledger)
    entries = entries.assign(date=entries["date"].dt.normalize())
    last = entries["date"].max() if until is None else day_of_option(until)
    for level, part in parts(entries, ["group"]):
        first = part["date"].min() if since is None else day_of_option(since)
        due = pd.date_range(first, last)
        due = due[due.day_of_week.isin(days)]
        held = part if book is None else part[part["book"] == book]
        written = due.isin(held["date"]) if len(held) else None
        yield str(level["group"]), due, written, grade_of(held if len(held) else part)


def writing_gaps(
    ledger: pd.DataFrame,
    *,
    book: str | None = "kas",
    since: object = None,
    until: object = None,
    weekdays: Sequence[int] = range(7),
) -> pd.DataFrame:
    """Return every run of days on which an entry was due and none was written.

    Parameters
    ----------
    ledger : DataFrame
        ``date``, ``group``, ``book``, ``amount``. An entry without an amount is as if it were not
        there.
    book : {"kas", "tabungan", "iks", None}
        The book that is due; None for an entry in any of them.
    since, until : str or Timestamp, optional
        First and last day due. By default each group's own first entry, and the last entry of the
        whole ledger: a group that stops writing has a gap up to there.
    weekdays : sequence of int
        Days of the week on which an entry is due, 0 for Monday; every day by default. Days that are
        not due neither count nor end a gap.

    Returns
    -------
    DataFrame
        One row per gap, by group and day: ``group``, ``first`` and ``last`` day due without an entry,
        ``days`` (due, without an entry), ``open`` (it reaches the end of the days due), ``evidence``.
        A group whose book the ledger does not hold has no row.

    Raises
    ------
    kube_research.errors.MissingColumnError, kube_research.errors.OptionError

    Notes
    -----
    Checked against a walk through the calendar, day by day (tests).

    Examples
    --------
    >>> book = pd.DataFrame({"date": ["2016-03-05", "2016-03-08"], "group": "07", "book": "kas",
    ...                      "amount": [500000, -120000]})
    >>> writing_gaps(book)["days"].tolist(), writing_gaps(book, weekdays=range(6))["days"].tolist()
    ([2], [1])
    """
    rows = []
    for group, due, written, grade in _due(ledger, book, since, until, weekdays):
        if written is None:
            continue
        for start, end in _runs(~written):
            row = {"group": group, "first": due[start], "last": due[end - 1], "days": end - start}
            rows.append(row | {"open": end == len(due), "evidence": grade})
    done = pd.DataFrame(rows, columns=["group", "first", "last", "days", "open", "evidence"])
    kinds = {"first": "datetime64[ns]", "last": "datetime64[ns]", "days": "int64", "open": "bool"}
    return done.astype({**kinds, "group": "string", "evidence": "string"})


def _runs(mask: Any) -> Iterator[tuple[int, int]]:
    """Yield start and end (not included) of each run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype("int8"), [0]])))
    yield from ((int(start), int(end)) for start, end in zip(edges[::2], edges[1::2], strict=True))


def days_written(
    ledger: pd.DataFrame,
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
    ledger, book, since, until, weekdays
        As for :func:`writing_gaps`.
    by : {"group", None}
        One row a group, or one row over all.

    Returns
    -------
    DataFrame
        ``since`` and ``until`` (first and last day due), ``due``, ``written`` (days), ``share_written``
        (``written / due``; missing where none is due), ``gaps`` (how many) and ``longest_gap`` (days
        due in the longest one), ``evidence``. All but the days missing for a group whose book the
        ledger does not hold; over all, days and gaps are added up and the longest gap is that of any
        group.

    Raises
    ------
    kube_research.errors.MissingColumnError, kube_research.errors.OptionError

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
    rows: list[dict[str, Any]] = []
    for group, due, written, grade in _due(ledger, book, since, until, weekdays):
        row: dict[str, Any] = {"group": group, "evidence": grade}
        row |= {"since": due.min(), "until": due.max()}
        if written is not None:
            gaps = [end - start for start, end in _runs(~written)]
            row |= {"due": len(due), "written": int(written.sum())}
            row |= {"gaps": len(gaps), "longest_gap": max(gaps, default=0)}
        rows.append(row)
    wholes = ["due", "written", "gaps", "longest_gap"]
    frame = pd.DataFrame(rows, columns=["group", "since", "until", *wholes, "evidence"])
    if not keys:
        total = added_up(frame.astype(dict.fromkeys(wholes, "Int64")), wholes, frame["due"].notna())
        total |= {"since": frame["since"].min(), "until": frame["until"].max()}
        total |= {"longest_gap": frame["longest_gap"].max()}
        frame = pd.DataFrame([total], columns=["since", "until", *wholes, "evidence"])
    done: pd.DataFrame = typed(frame, money=wholes)
    done.insert(len(keys) + 4, "share_written", ratio(done["written"], done["due"]))
    return done.astype({"since": "datetime64[ns]", "until": "datetime64[ns]"})


def deposit_months(
    ledger: pd.DataFrame,
    categories: pd.DataFrame | None = None,
    *,
    since: object = None,
    until: object = None,
) -> pd.DataFrame:
    """Return month by month what each group put into the cooperative.

    Parameters
    ----------
    ledger : DataFrame
        ``date``, ``group``, ``book``, ``category``, ``amount`` (whole rupiah).
    categories : DataFrame, optional
        The site's own codes, see :func:`~kube_research.site.accounts.chart_of_accounts`.
    since, until : str or Timestamp, optional
        A day in the first and in the last month due. By default each group's own first entry and the
        last entry of the whole ledger.

    Returns
    -------
    DataFrame
        One row per group and month, months without an entry too: ``group``, ``month`` (such as
        ``"2016-05"``), ``deposited`` (rupiah of flow ``cooperative``: what came into the savings book,
        less what went back; for a group that books it in kas alone, what left kas; missing where the
        ledger holds neither book of the group), ``deposit`` (whether that is above zero),
        ``evidence``.

    Raises
    ------
    kube_research.errors.MissingColumnError, kube_research.errors.OptionError

    Examples
    --------
    >>> book = pd.DataFrame({"date": ["2016-04-30", "2016-05-31", "2016-06-30"], "group": "07",
    ...                      "book": ["kas", "tabungan", "kas"], "amount": [90000, 20000, 5000],
    ...                      "category": ["sales", "cooperative_savings", "sales"]})
    >>> deposit_months(book, since="2016-05-04")[["month", "deposited"]].values.tolist()
    [['2016-05', 20000], ['2016-06', 0]]
    """
    entries = known_entries(ledger, categories)
    last = entries["date"].max() if until is None else day_of_option(until)
    rows = []
    for level, part in parts(entries, ["group"]):
        first = part["date"].min() if since is None else day_of_option(since)
        money = part[part["flow"] == "cooperative"]
        saved = money[money["book"] == "tabungan"]
        moved = saved if len(saved) else money[money["book"] == "kas"]
        sign = 1 if len(saved) else -1
        amounts = sign * moved.groupby("month")["amount"].sum()
        held = part["book"].isin(["kas", "tabungan"]).any()
        for month in pd.period_range(first, last, freq="M").astype(str):
            amount = int(amounts.get(month, 0)) if held else None
            row = {"group": level["group"], "month": month, "deposited": amount}
            row |= {"deposit": None if amount is None else amount > 0}
            rows.append(row | {"evidence": grade_of(part)})
    columns = ["group", "month", "deposited", "deposit", "evidence"]
    done: pd.DataFrame = typed(pd.DataFrame(rows, columns=columns), money=["deposited"])
    return done.astype({"month": "string", "deposit": "boolean"})


def months_without_deposit(
    ledger: pd.DataFrame,
    categories: pd.DataFrame | None = None,
    *,
    by: str | None = "group",
    since: object = None,
    until: object = None,
) -> pd.DataFrame:
    """Return how many months passed without money put into the cooperative.

    Parameters
    ----------
    ledger, categories, since, until
        As for :func:`deposit_months`.
    by : {"group", None}
        One row a group, or one row over all.

    Returns
    -------
    DataFrame
        ``months_due``, ``months_without`` and ``missed`` (those months, joined by ``", "``),
        ``deposited`` (rupiah over the months due), ``evidence``. Over all, months are added up over
        groups (and ``missed`` has each once). Missing for a group whose books the ledger does not
        hold.

    Raises
    ------
    kube_research.errors.MissingColumnError, kube_research.errors.OptionError

    Notes
    -----
    The study's groups agreed on 4 May 2016 to put profit into the cooperative every month (Table 4).

    Examples
    --------
    >>> import kube_research as kr
    >>> ledger = kr.load_site("cibeunying-simulated").ledger
    >>> done = months_without_deposit(ledger, by=None, since="2016-05-04")
    >>> done[["months_due", "months_without"]].values.tolist()
    [[10, 0]]
    """
    keys = need_level(by)
    months = deposit_months(ledger, categories, since=since, until=until)
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
    done: pd.DataFrame = typed(pd.DataFrame(rows, columns=columns), money=wholes)
    return done.astype({"missed": "string"})
