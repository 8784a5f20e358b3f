"""Entries that repeat another: which of them are one too many."""

from __future__ import annotations

import numpy as np

from kube_research.reconcile_balances import Balances
from kube_research.reconcile_rows import Finding, Mask, Rows

#: A row that repeats another, the first of its like, and whether a day lies between them.
Copy = tuple[int, int, bool]


def copies(rows: Rows) -> list[Copy]:
    """Return rows that repeat another: the row, the first of its like, whether a day lies between."""
    like = ["group", "book", "category", "person", "note"]
    frame = rows.frame[like].assign(
        day=rows.day, amount=rows.amount, at=np.arange(len(rows)), balance=rows.balance
    )
    frame = frame[(rows.amount != 0) & rows.known]
    twice = frame[frame.duplicated([*like, "amount", "day"], keep=False)]
    first = twice.groupby([*like, "amount", "day"], sort=False)["at"].transform("first")
    pairs = zip(twice["at"], first, strict=True)
    found = [(int(at), int(one), False) for at, one in pairs if at != one]
    near = frame[rows.stated[frame["at"]]]
    near = near[near.duplicated([*like, "amount", "balance"], keep=False)]
    near = near.sort_values([*like, "amount", "balance", "day", "at"])
    again = near[[*like, "amount", "balance"]].eq(near[[*like, "amount", "balance"]].shift())
    next_day = again.all(axis=1) & (near["day"] - near["day"].shift() == 1)
    before = near["at"].shift()[next_day].astype("int64")
    seen = {at for at, _, _ in found}
    told = zip(near.loc[next_day, "at"], before, strict=True)
    return found + [(int(at), int(one), True) for at, one in told if at not in seen]


def same_with_balance(rows: Rows, copied: list[Copy]) -> Mask:
    """Tell the copies that repeat a stated balance too."""
    same = np.zeros(len(rows), dtype=bool)
    seen = {(first, rows.balance[first]) for _, first, _ in copied if rows.stated[first]}
    for at, first, _ in copied:
        if rows.stated[at]:
            same[at] = (first, rows.balance[at]) in seen
            seen.add((first, rows.balance[at]))
    return same


def copied_alone(
    rows: Rows, copied: list[Copy], balances: Balances, within: int, misdated: Mask
) -> list[Copy]:
    """Leave out movements between books that stand as often in the other book: they were made twice."""
    code = np.where(
        rows.flow == "unknown", rows.frame["category"].to_numpy(dtype=object), rows.flow
    )
    alone: list[Copy] = []
    taken: set[int] = set()
    for copy in copied:
        at = copy[0]
        if not rows.moves[at] or at in balances.out:
            alone.append(copy)
            continue
        near = rows.moves & (rows.group == rows.group[at]) & (code == code[at])
        near &= (np.abs(rows.day - rows.day[at]) <= within) | misdated
        there = near & (rows.key != rows.key[at])
        twins = [
            twin
            for twin, _, _ in copied
            if there[twin] and rows.amount[twin] == -rows.amount[at] and twin not in taken
        ]
        if 2 * there.sum() != near.sum() and not twins:
            alone.append(copy)
        taken.update(twins[:1])
    return alone


def duplicates(rows: Rows, copied: list[Copy], balances: Balances) -> list[Finding]:
    """Return the copies; the balances tell how sure it is that one is too many.

    Equal entries of nobody in particular are left out where a book is full of them: six members who
    each put in the same amount, their names left out.
    """
    findings: list[Finding] = []
    category = rows.frame["category"].to_numpy(dtype=object)
    person = rows.frame["person"].to_numpy(dtype=object)
    usual: dict[tuple[int, str], list[int]] = {}
    for at, first, next_day in copied:
        ignored = at in balances.out
        if next_day and not ignored:
            continue
        if ignored:
            sure = "look" if next_day else "certain"
            why = "next_day" if next_day else "ignored"
        else:
            sure = "likely" if person[at] else "look"
            why = "moved" if rows.stated[at] else "plain"
        if sure == "look":
            usual.setdefault((int(rows.key[at]), category[at]), []).append(at)
        hint, amount = "twice_sure" if ignored else "twice", int(rows.amount[at])
        fill: dict[str, object] = {"amount": amount, "row_first": first}
        told = Finding(at, "duplicate", sure, f"twice_{why}", hint, None, amount, first, fill)
        findings.append(told)
    habit = {
        at
        for (key, code), ats in usual.items()
        if len(ats) > 2 and 10 * len(ats) > ((rows.key == key) & (category == code)).sum()
        for at in ats
    }
    return [one for one in findings if one.certainty != "look" or one.at not in habit]
