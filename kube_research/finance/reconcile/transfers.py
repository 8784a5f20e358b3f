"""Money moved between books of a group must stand in both."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import combinations, groupby

import numpy as np
import pandas as pd

from kube_research.finance.reconcile.rows import Finding, Mask, Rows
from kube_research.finance.reconcile.stated import TELLING, Balances, Hole, slip_of_digits

#: A row that repeats another, the first of its like, and whether a day lies between them.
Copy = tuple[int, int, bool]


def copies(rows: Rows) -> list[Copy]:
    """Return rows that repeat another: the row, the first of its like, whether a day lies between."""
    like = ["group", "book", "category", "person", "note", "amount"]
    frame = rows.frame.assign(
        day=rows.day, amount=rows.amount, at=np.arange(len(rows)), balance=rows.balance
    )
    frame = frame[(rows.amount != 0) & rows.known]
    first = frame.groupby([*like, "day"], sort=False)["at"].transform("first")
    again = frame.assign(first=first)[frame["at"] != first]
    near = frame[rows.stated[frame["at"]]].sort_values([*like, "balance", "day", "at"])
    before = near.groupby([*like, "balance"], sort=False)[["at", "day"]].shift()
    next_day = (near["day"] - before["day"] == 1) & ~near["at"].isin(again["at"])
    later = near.assign(first=before["at"])[next_day]
    return [
        (int(at), int(first), apart)
        for apart, pairs in ((False, again), (True, later))
        for at, first in zip(pairs["at"], pairs["first"], strict=True)
    ]


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
    person = rows.frame["person"].to_numpy(dtype=object)
    names = list(zip(rows.key.tolist(), rows.frame["category"], strict=True))
    for at, first, next_day in copied:
        ignored = at in balances.out
        if next_day and not ignored:
            continue
        if ignored:
            sure, why = ("look", "next_day") if next_day else ("certain", "ignored")
        else:
            sure = "likely" if person[at] else "look"
            why = "moved" if rows.stated[at] else "plain"
        hint, amount = "twice_sure" if ignored else "twice", int(rows.amount[at])
        findings.append(
            Finding(at, "duplicate", sure, f"twice_{why}", hint, difference=amount, other=first)
        )
    entries = Counter(names)
    unsure = Counter(names[finding.at] for finding in findings if finding.certainty == "look")
    habits = {name for name, count in unsure.items() if count > 2 and 10 * count > entries[name]}
    return [
        finding
        for finding in findings
        if finding.certainty != "look" or names[finding.at] not in habits
    ]


#: Halves farther apart than this are not taken for one movement, unless nothing else has the amount.
FAR = 31
#: Flows that a group may well keep in one book only.
_ONE_BOOK = ("cooperative", "iks_share")
#: Flows under which the other half of a movement may be booked, if nobody is named.
_BOOKED_AS = ("deposit", "withdrawal", "iks_due", "other_in", "other_out", "unknown")


@dataclass(frozen=True, slots=True)
class Half:
    """One half of a movement between books."""

    at: int
    group: int
    book: int
    category: str
    flow: str
    day: int
    amount: int

    @property
    def movement(self) -> tuple[int, str]:
        """Return the group and what is moved there."""
        return self.group, self.flow or self.category


Pair = tuple[Half, Half]
Fits = Callable[[Half, Half], bool]


def _near(half: Half, other: Half, within: float) -> bool:
    """Tell whether two halves stand near each other and may be of one kind.

    They are of one category, or each is declared a movement.
    """
    kin = half.category == other.category or (half.flow != "" and other.flow != "")
    return kin and abs(half.day - other.day) <= within


def check_transfers(
    rows: Rows,
    balances: Balances,
    misdated: set[int],
    copied: dict[int, int],
    *,
    within: int,
) -> list[Finding]:
    """Return movements of which a half is missing, differs, is turned round, or stands far away.

    Halves are matched one to one so that as many as possible have a partner of the opposite amount
    within the days allowed; among such matchings one with the same categories and the closest days is
    taken. Differences of the balances that a finding here explains are taken out of them.

    Parameters
    ----------
    rows : Rows
        The ledger.
    balances : Balances
        What the balances tell.
    misdated : set of int
        Rows whose day is known to be wrong.
    copied : dict of int to int
        Rows that repeat another, and which.
    within : int
        Days that may lie between two halves.
    """
    halves = _halves(rows, balances)
    halves = [half for half in halves if half.at not in balances.out & copied.keys()]
    pairs, left = _match(halves, within)
    left = _booked_otherwise(rows, left, pairs, within)
    usual = {(a.group, a.category, abs(a.amount)) for a, _ in pairs}
    findings: list[Finding] = []

    def take(fits: Fits, within: float = within) -> list[Pair]:
        nonlocal left
        taken = _closest(left, lambda half, other: _near(half, other, within) and fits(half, other))
        spent = {half.at for pair in taken for half in pair}
        left = [half for half in left if half.at not in spent]
        return taken

    def far(half: Half, other: Half) -> bool:
        rare = (half.group, half.category, abs(half.amount)) not in usual
        wrong_day = bool({half.at, other.at} & misdated)
        near = abs(half.day - other.day) <= FAR or rare or wrong_day
        same = half.category == other.category or wrong_day
        return half.amount == -other.amount and same and near

    left = [half for half in left if half.amount or half.at not in balances.implied]
    for half, other in take(lambda half, other: (half.amount == 0) != (other.amount == 0)):
        empty, full = (half, other) if half.amount == 0 else (other, half)
        balances.implied.setdefault(empty.at, -full.amount)
    left = _without_copies([half for half in left if half.amount], copied)
    for half, other in take(lambda half, other: half.amount == other.amount):
        findings.append(_turned(rows, half, other))
    for half, other in take(far, within=math.inf):
        pairs.append((half, other))
        if not {half.at, other.at} & misdated:
            findings.append(_far(half, other))
            _moved(rows, balances, half, other)
    for half, other in take(lambda half, other: half.amount * other.amount < 0):
        findings.append(_unequal(balances, half, other))
        pairs.append((half, other))
    return findings + _unmatched(rows, balances, left, pairs, within)


def _halves(rows: Rows, balances: Balances) -> list[Half]:
    """Return the halves as they should have been written, as far as the balances tell."""
    declared = rows.frame["flow"].isin(["cooperative", "transfer", "iks_share"])
    halves = pd.DataFrame(
        {
            "at": np.arange(len(rows)),
            "group": rows.group,
            "book": rows.key,
            "category": rows.frame["category"].astype(object),
            "flow": np.where(declared, rows.flow, ""),
            "day": rows.day,
            "amount": rows.amount,
        }
    )
    implied = pd.Series(balances.implied, dtype="int64")
    halves.loc[implied.index, "amount"] = implied
    halves.loc[list(balances.turned), "amount"] *= -1
    return [Half(*half) for half in halves[rows.moves].itertuples(index=False, name=None)]


def _match(halves: list[Half], within: int) -> tuple[list[Pair], list[Half]]:
    """Return the halves matched one to one, as many as can be, and those left over."""
    pairs: list[Pair] = []
    alike: list[Half] = []
    for half in sorted(halves, key=lambda half: (half.group, abs(half.amount), half.day)):
        before = alike[-1] if alike else half
        same = (before.group, abs(before.amount)) == (half.group, abs(half.amount))
        if not same or half.day - before.day > within:
            pairs += _assign(alike, within)
            alike = []
        alike.append(half)
    pairs += _assign(alike, within)
    matched = {half.at for pair in pairs for half in pair}
    return pairs, [half for half in halves if half.at not in matched]


def _assign(halves: list[Half], within: int) -> list[Pair]:
    """Match halves of one amount: most pairs first, then same category, then closest days."""
    paid = [half for half in halves if half.amount < 0]
    got = [half for half in halves if half.amount > 0]
    if not paid or not got:
        return []
    reward = np.zeros((len(paid), len(got)), dtype=np.int64)
    for i, half in enumerate(paid):
        for j, other in enumerate(got):
            if half.book != other.book and _near(half, other, within):
                price = 2 * abs(half.day - other.day) + (half.category != other.category)
                reward[i, j] = (2 * within + 2) * (len(halves) + 1) - price
    if reward.size == 1:
        return [(paid[0], got[0])] if reward.any() else []
    from scipy.optimize import linear_sum_assignment  # slow to import, and most books need it not

    chosen = zip(*linear_sum_assignment(reward, maximize=True), strict=True)
    return [(paid[i], got[j]) for i, j in chosen if reward[i, j] > 0]


def _closest(left: list[Half], fits: Fits) -> list[Pair]:
    """Return pairs of leftover halves that fit, closest days first, each half once."""
    by_group = groupby(sorted(left, key=lambda half: half.group), lambda half: half.group)
    options = [
        (half.category != other.category, abs(half.day - other.day), half.at, other.at, half, other)
        for _, alike in by_group
        for half, other in combinations(list(alike)[:500], 2)
        if half.book != other.book and fits(half, other)
    ]
    taken: set[int] = set()
    pairs = []
    for *_, half, other in sorted(options, key=lambda option: option[:4]):
        if not taken & {half.at, other.at}:
            taken |= {half.at, other.at}
            pairs.append((half, other))
    return pairs


def _booked_otherwise(rows: Rows, left: list[Half], pairs: list[Pair], within: int) -> list[Half]:
    """Leave out halves whose other half stands in another book under a code of its own."""
    plain = ~rows.moves & np.isin(rows.flow.astype(str), _BOOKED_AS)
    plain &= (rows.frame["person"] == "").to_numpy(dtype=bool)
    kept = []
    for half in left:
        fits = plain & (rows.group == half.group) & (rows.key != half.book)
        fits &= (rows.amount == -half.amount) & (np.abs(rows.day - half.day) <= within)
        spots = np.flatnonzero(fits)
        if half.amount and len(spots):
            at = int(min(spots, key=lambda spot: (abs(rows.day[spot] - half.day), spot)))
            plain[at] = False
            pairs.append((half, replace(half, at=at, book=int(rows.key[at]))))
        else:
            kept.append(half)
    return kept


def _without_copies(left: list[Half], copied: dict[int, int]) -> list[Half]:
    """Leave out one half for every copy: the copy is a finding of its own."""
    spare = Counter(copied.values())
    kept = []
    for half in left:
        first = copied.get(half.at, half.at)
        if spare[first]:
            spare[first] -= 1
        else:
            kept.append(half)
    return kept


def _turned(rows: Rows, half: Half, other: Half) -> Finding:
    """Return the finding of two halves that go the same way."""
    category, book, side = rows.frame["category"], rows.frame["book"], np.sign(rows.amount)

    def unusual(half: Half) -> float:
        like = ((category == half.category) & (book == rows.book(half.at))).to_numpy()
        like[half.at] = False
        moved = side[like & (side != 0)]
        if len(moved):
            return float((moved != np.sign(half.amount)).mean())
        if half.flow not in _ONE_BOOK:
            return 0.5
        pays = rows.kind[half.at] == "cash"
        return 0.75 if pays == (half.amount > 0) else 0.25

    wrong, right = sorted((half, other), key=lambda half: (-unusual(half), half.at))
    sure = unusual(wrong) > 0.5 > unusual(right) or unusual(wrong) - unusual(right) >= 0.5
    return Finding(
        wrong.at,
        "sign" if sure else "transfer",
        "likely" if sure else "certain",
        "same_way",
        "same_way",
        expected=-wrong.amount if sure else None,
        difference=2 * wrong.amount,
        other=right.at,
        fill={"amount": wrong.amount, "other_amount": right.amount},
    )


def _far(half: Half, other: Half) -> Finding:
    first, last = sorted((half, other), key=lambda half: (half.day, half.at))
    fill = {"amount": last.amount, "days": str(last.day - first.day)}
    return Finding(
        last.at, "transfer", "look", "far", "far", difference=0, other=first.at, fill=fill
    )


def _moved(rows: Rows, balances: Balances, half: Half, other: Half) -> None:
    """Take out the differences that a half written on the other day explains."""
    first, last = sorted((half.day, other.day))
    for finding in list(balances.findings):
        alike = finding.kind == "balance" and abs(finding.difference or 0) == abs(half.amount)
        between = first - FAR <= rows.day[finding.at] <= last + FAR
        if alike and between and rows.key[finding.at] in (half.book, other.book):
            balances.findings.remove(finding)


def _unequal(balances: Balances, half: Half, other: Half) -> Finding:
    """Return the finding of halves of different size; the balances may tell which one is right."""
    wrong, right = sorted((half, other), key=lambda half: half.at, reverse=True)
    proof = ""
    for off, partner in ((half, other), (other, half)):
        size = -partner.amount - off.amount
        spots = [h for h in balances.holes if h.finding.at == off.at and h.size == size]
        if spots:
            _explained(balances, spots[0])
            wrong, right, proof = off, partner, "balance"
    cause = slip_of_digits(wrong.amount, -right.amount)
    hint = f"half_{cause}" if cause in TELLING else "half"
    return Finding(
        wrong.at,
        "transfer",
        "certain",
        "unequal_balance" if proof else "unequal",
        hint,
        expected=-right.amount,
        difference=wrong.amount + right.amount,
        other=right.at,
        fill={"amount": wrong.amount, "other_amount": right.amount},
    )


def _explained(balances: Balances, hole: Hole) -> None:
    """Take out a difference that another finding explains."""
    balances.findings.remove(hole.finding)
    balances.holes.remove(hole)


def _hole_of(rows: Rows, balances: Balances, half: Half, within: int) -> Hole | None:
    """Return the difference in another book of the group that the missing half would make good."""
    for hole in balances.holes:
        at = hole.finding.at
        elsewhere = rows.group[at] == half.group and rows.key[at] != half.book
        near = hole.days[0] - within <= half.day <= hole.days[1] + within
        if hole.size == -half.amount and elsewhere and near:
            return hole
    return None


def _unmatched(
    rows: Rows, balances: Balances, left: list[Half], pairs: list[Pair], within: int
) -> list[Finding]:
    """Return halves without a partner; a group that never books the other half is told of once."""
    if len(set(rows.frame["book"])) == 1:
        return []  # no other book to hold them against
    findings: list[Finding] = []
    matched = {half.movement for pair in pairs for half in pair}
    books_of_group = pd.Series(rows.key).groupby(rows.group).nunique()
    books: dict[tuple[int, str], set[int]] = defaultdict(set)
    for half in left:
        books[half.movement].add(half.book)
    once: dict[tuple[int, str], list[Half]] = defaultdict(list)
    for half in left:
        hole = _hole_of(rows, balances, half, within)
        alone = half.movement not in matched and len(books[half.movement]) == 1
        usual = half.flow in _ONE_BOOK or books_of_group[half.group] == 1
        if hole is None and alone and usual:
            once[half.movement].append(half)
            continue
        reason, other = "half_missing", None
        if hole is not None:
            _explained(balances, hole)
            reason, other = "half_hole", hole.finding.at
        fill = {"amount": half.amount, "missing": -half.amount}
        findings.append(
            Finding(half.at, "transfer", "certain", reason, reason, other=other, fill=fill)
        )
    for halves in once.values():
        first = min(halves, key=lambda half: (half.day, half.at))
        count = {"count": str(len(halves))}
        findings.append(Finding(first.at, "transfer", "look", "one_book", "one_book", fill=count))
    return findings
