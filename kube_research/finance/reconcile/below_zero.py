"""Money that was not there: books that paid out more than they held, members who took out too much."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from kube_research.finance.books import SAVINGS
from kube_research.finance.reconcile.rows import Finding, Mask, Rows, Whole
from kube_research.finance.reconcile.stated import Balances
from kube_research.finance.saved import SAVING

#: Credit given to a book in which an amount is missing: enough for anything.
ANYTHING = 10**15


@dataclass(frozen=True)
class _Meant:
    """The amounts as other findings would have them; what is in doubt never makes a balance smaller."""

    amount: Whole
    undated: Mask  # entries whose day is in doubt
    unnamed: Mask  # entries whose person is in doubt
    credit: Mapping[int, int]  # money that may be missing from a book, by its key
    halves: Mapping[int, int]  # missing halves of movements that may belong in a book, by its key


def below_zero(
    rows: Rows, balances: Balances, findings: Iterable[Finding], opening: Mapping[int, int | None]
) -> list[Finding]:
    """Return where a book falls below zero, and where a member has taken out more than saved.

    Told is the row with which it begins. Entries of one day may stand in any order, so that without a
    stated balance only the end of the day counts. What other findings explain is not told again: both
    the amounts as written and those the other findings suggest must lead below zero.

    Parameters
    ----------
    rows : Rows
        The ledger.
    balances : Balances
        What the balances tell, with the order of the rows.
    findings : iterable of Finding
        All other findings.
    opening : dict of int to int or None
        Opening balance of each book, by its key; None where the book itself states it.
    """
    meant = _as_meant(rows, findings)
    begun = _begun(rows, balances, opening, findings)
    return [
        *_books_below(rows, balances.order, meant, begun),
        *_members_below(rows, balances.order, meant, begun),
    ]


def _as_meant(rows: Rows, findings: Iterable[Finding]) -> _Meant:
    """Return what other findings make of the amounts."""
    amount = rows.amount.copy()
    undated, unnamed = np.zeros(len(rows), dtype=bool), np.zeros(len(rows), dtype=bool)
    category = rows.frame["category"].to_numpy(dtype=object)
    credit: dict[int, int] = defaultdict(int)
    halves: dict[int, int] = defaultdict(int)
    books_of = pd.Series(rows.key).groupby(rows.group).unique()
    for finding in findings:
        at, kind, key = finding.at, finding.kind, int(rows.key[finding.at])
        if kind == "duplicate":
            amount[at] = 0
        elif finding.reason == "jump":
            credit[key] += max(finding.difference or 0, 0)
            row, right = finding.fill.get("row_meant"), finding.fill.get("meant")
            if isinstance(row, int) and isinstance(right, int):
                amount[row] = right
        elif kind == "odd_amount":  # too large a payment is told with what it leads to
            amount[at] = max(amount[at], finding.expected or 0)
        elif (
            kind in ("sign", "transfer", "zero", "missing_amount") and finding.expected is not None
        ):
            amount[at] = finding.expected
        elif kind == "missing_amount":
            credit[key] += ANYTHING
        elif kind == "membership":
            unnamed[at] = True
        elif kind in ("period", "date") or finding.reason == "far":
            undated[[spot for spot in (at, finding.other) if spot is not None]] = True
        elif kind == "transfer":
            alike = (rows.key == key) & (category == category[at])  # all halves of one told once
            size = rows.amount[alike].sum() if finding.reason == "one_book" else 2 * amount[at]
            for book in books_of[rows.group[at]]:
                halves[int(book)] += abs(int(size))
    return _Meant(amount, undated, unnamed, credit, halves)


def _begun(
    rows: Rows,
    balances: Balances,
    opening: Mapping[int, int | None],
    findings: Iterable[Finding],
) -> dict[int, int]:
    """Return with what each book begins: as given, as it states, or as its first balance tells."""
    begun = {key: first or 0 for key, first in opening.items()}
    order = balances.order
    for key in [key for key, first in opening.items() if first is None]:
        book = order[rows.key[order] == key]
        stated = np.flatnonzero(rows.stated[book])
        if len(stated):
            upto = book[: stated[0] + 1]
            begun[key] = int(rows.balance[upto[-1]] - rows.amount[upto].sum())
    for finding in findings:
        if finding.reason == "opening":
            begun[int(rows.key[finding.at])] += finding.difference or 0
    return begun


def _runs(
    rows: Rows, order: Whole, level: Whole, meant: _Meant, start: Whole, loose: Mask
) -> pd.DataFrame:
    """Return the rows in order with what is held after each, as written and as meant.

    ``level`` is whose money each row moves, ``start`` what these begin with; an entry in doubt
    (``loose``) counts from the beginning if it comes in, and never if it goes out.
    """
    day = rows.day[order]
    frame = pd.DataFrame({"at": order, "level": level, "day": day})
    for name, amounts in (("written", rows.amount[order]), ("meant", meant.amount[order])):
        in_doubt = pd.Series(np.where(loose, np.maximum(amounts, 0), 0)).groupby(level)
        moved = pd.Series(np.where(loose, 0, amounts)).groupby(level).cumsum()
        frame[name] = start[level] + moved + in_doubt.transform("sum")
    following = frame[["level", "day"]].shift(-1)
    frame["closes"] = frame[["level", "day"]].ne(following).any(axis=1)  # the last entry of a day
    return frame


def _falls(rows: Rows, frame: pd.DataFrame, low: pd.Series) -> list[tuple[int, int]]:
    """Return where in the frame something is seen to fall below zero, and the row that did it.

    At the end of a day that is its last payment.
    """
    seen = frame[frame["closes"]].assign(low=low)
    before = seen.groupby("level")["low"].shift(fill_value=False)
    paid = frame["at"].where(rows.amount[frame["at"]] < 0)
    of_day = paid.groupby([frame["level"], frame["day"]]).ffill().fillna(frame["at"])
    spots = seen.index[seen["low"] & ~before.astype("bool")]
    return [(int(spot), int(of_day[spot])) for spot in spots]


def _books_below(
    rows: Rows, order: Whole, meant: _Meant, begun: Mapping[int, int]
) -> list[Finding]:
    """Return where a book falls below zero, by its entries and by the last balance it states."""
    missing = [meant.credit[key] + meant.halves[key] for key in range(len(begun))]
    start = np.array([begun[key] + missing[key] for key in range(len(begun))], np.int64)
    loose = meant.undated[order]
    frame = _runs(rows, order, rows.key[order], meant, start, loose)
    stated = rows.stated[order] & ~loose
    frame["closes"] |= stated
    off = pd.Series(rows.balance[order] - frame["written"]).where(stated)
    held = frame["written"] + off.groupby(frame["level"]).ffill().fillna(0).astype("int64")
    low = (frame[["written", "meant"]].max(axis=1) < 0) & (held < 0)
    findings = []
    for seen, at in _falls(rows, frame, low):
        sure, below = "certain" if stated[seen] else "likely", int(held[seen])
        sizes: dict[str, Any] = {"difference": below, "fill": {"held": below}}
        findings.append(Finding(at, "below_zero", sure, "below_zero", "below_zero", **sizes))
    return findings


#: Flows that change what a member has saved; profit paid out, also with the savings, does not.
_SAVED = tuple(flow for flow in SAVING if flow not in ("payout", "share_out"))


def _members_below(
    rows: Rows, order: Whole, meant: _Meant, begun: Mapping[int, int]
) -> list[Finding]:
    """Return where a member has taken out more than saved, all savings that name nobody included."""
    person = rows.frame["person"].to_numpy(dtype=object)
    saves = np.isin(rows.kind.astype(str), SAVINGS) & np.isin(rows.flow.astype(str), _SAVED)
    spare = np.array(
        [max(begun[key], 0) + meant.credit[key] for key in range(len(begun))], np.int64
    )
    anybodys = saves & ((person == "") | meant.unnamed) & (rows.amount > 0)
    np.add.at(spare, rows.key[anybodys], rows.amount[anybodys])
    named = order[(saves & (person != ""))[order]]
    whose = pd.DataFrame({"key": rows.key[named], "person": person[named]})
    pairs = whose.groupby(["key", "person"], sort=False).ngroup().to_numpy(np.int64)
    by_person = np.argsort(pairs, kind="stable")
    named, level = named[by_person], np.asarray(pairs[by_person], dtype=np.int64)
    loose = (meant.undated | meant.unnamed)[named]
    start = spare[whose.drop_duplicates()["key"].to_numpy()]
    frame = _runs(rows, named, level, meant, start, loose)
    low = frame[["written", "meant"]].max(axis=1) < 0
    amounts = pd.Series(np.where(loose, 0, rows.amount[named])).groupby(level)
    saved = amounts.transform(lambda part: part.clip(lower=0).cumsum())
    findings = []
    for seen, at in _falls(rows, frame, low):
        put_in = int(saved[seen])
        taken = put_in - int(frame["written"][seen] - start[level[seen]])
        sizes: dict[str, Any] = {"difference": put_in - taken}
        sizes |= {"fill": {"saved": put_in, "taken": taken}}
        findings.append(Finding(at, "overdrawn", "likely", "overdrawn", "overdrawn", **sizes))
    return findings
