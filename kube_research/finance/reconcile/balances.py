"""Stated balances against computed ones: one slip of the pen is one finding."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from kube_research.finance.reconcile.chain import (
    SLIP,
    Event,
    Marks,
    Order,
    breaks,
    by_date,
    explain,
)
from kube_research.finance.reconcile.rows import Finding, Mask, Rows


def slip_of_digits(written: int, right: int) -> str:
    """Return which slip turns the right number into the written one, or nothing.

    Returns
    -------
    str
        ``sign``, ``swap`` (two neighbouring digits exchanged), ``thousands`` or ``zeros`` (a power of
        ten), ``dropped`` or ``added`` (one digit), ``digit`` (one digit wrong), or empty.

    Examples
    --------
    >>> slip_of_digits(540000, 450000), slip_of_digits(12000, 120000), slip_of_digits(-7, 7)
    ('swap', 'zeros', 'sign')
    """
    if written == -right and written:
        return "sign"
    if written * right <= 0 or written == right:
        return ""
    one, two = str(abs(written)), str(abs(right))
    if len(one) == len(two):
        apart = [at for at, (a, b) in enumerate(zip(one, two, strict=True)) if a != b]
        if len(apart) == 1:
            return "digit"
        at = apart[0]
        crossed = one[at] == two[at + 1] and one[at + 1] == two[at] if at + 1 < len(one) else False
        return "swap" if len(apart) == 2 and apart[1] == at + 1 and crossed else ""
    longer, shorter = (one, two) if len(one) > len(two) else (two, one)
    if longer == shorter + "0" * (len(longer) - len(shorter)):
        return "thousands" if len(longer) - len(shorter) == 3 else "zeros"
    if len(longer) == len(shorter) + 1 and any(
        longer[:at] + longer[at + 1 :] == shorter for at in range(len(longer))
    ):
        return "dropped" if longer == two else "added"
    return ""


def slipped(rows: Rows, event: Event) -> Finding:
    """Return the finding of one miswritten balance between two that fit."""
    at, off = event.at, event.size
    stated, right = int(rows.balance[at]), int(rows.balance[at]) - off
    cause = slip_of_digits(stated, right)
    fill: dict[str, object] = {"stated": stated, "expected": right, "difference": off}
    hint = f"stated_{cause}" if cause else "stated_unknown"
    other = event.since if event.since >= 0 else None
    return Finding(at, "balance", "certain", "slip", hint, right, off, other, fill)


def jumped(rows: Rows, event: Event, between: Order, after: int | None) -> Finding:
    """Return the finding of a difference that lasts from a row on.

    Parameters
    ----------
    rows : Rows
        The ledger.
    event : Event
        The jump.
    between : array of int
        Rows since the last stated balance, the row of the jump last.
    after : int or None
        The next row of the book.
    """
    at, size = event.at, event.size
    stated, right = int(rows.balance[at]), int(rows.balance[at]) - event.size
    fill: dict[str, object] = {
        "stated": stated,
        "expected": right,
        "difference": size,
        "missing": abs(size),
        "row_before": event.since if event.since >= 0 else at,
    }
    other = event.since if event.since >= 0 else None
    done = Finding(at, "balance", "certain", "jump", "missing_in", right, size, other, fill)
    done.suggestion = "missing_in" if size > 0 else "missing_out"
    if event.since < 0:
        done.suggestion += "_first"
    for row in between[::-1]:
        amount = int(rows.amount[row])
        cause = slip_of_digits(amount, amount + size)
        if cause in ("swap", "zeros", "thousands", "dropped", "added"):
            fill.update(amount=amount, meant=amount + size, row_meant=int(row))
            done.suggestion = f"amount_{cause}"
            return done
    for row in between[::-1]:
        amount = int(rows.amount[row])
        if amount and size in (-amount, amount):
            fill.update(amount=amount, row_meant=int(row))
            done.suggestion = "left_out" if size == -amount else "counted_twice"
            return done
    cause = slip_of_digits(stated, right)
    if cause in ("swap", "zeros", "thousands", "dropped", "added", "sign"):
        done.suggestion = f"carried_{cause}"
        return done
    for near in (event.since, after):
        if near is not None and near >= 0 and size in (-rows.amount[near], rows.amount[near]):
            amount = int(rows.amount[near])
            fill.update(amount=amount, row_meant=int(near))
            done.suggestion = "left_out" if size == -amount else "counted_twice"
            return done
    if str(abs(size)).strip("0") == "1":
        done.suggestion = "column"
    return done


@dataclass(frozen=True)
class Hole:
    """A lasting difference that no entry of its book explains."""

    finding: Finding
    size: int
    days: tuple[int, int]


@dataclass
class Balances:
    """What the stated balances tell."""

    known_wrong: Mask  # rows about which another finding says enough
    assumed: bool = False  # nobody said what the opening balances were
    findings: list[Finding] = field(default_factory=list)
    holes: list[Hole] = field(default_factory=list)
    turned: set[int] = field(default_factory=set)  # the balance moved by the opposite amount
    out: set[int] = field(default_factory=set)  # the balances do not know the entry
    implied: dict[int, int] = field(default_factory=dict)  # amount that the balances tell


def check_balances(
    rows: Rows, marks: Marks, opening: Mapping[int, int | None], *, assumed: bool
) -> Balances:
    """Return what the stated balances of every book tell.

    Parameters
    ----------
    rows : Rows
        The ledger.
    marks : Marks
        Rows about which something is known already.
    opening : mapping of int to (int or None)
        Opening balance of each book; None where the book itself states it.
    assumed : bool
        Whether these are an assumption, so that a first balance off them is no error yet.
    """
    done = Balances(marks.free, assumed)
    unread: set[int] = set()
    order = by_date(rows, opening, marks, unread)
    as_came = np.argsort(rows.key, kind="stable").astype(np.int64)
    wrong = _per_book(rows, order, opening)
    came = _per_book(rows, as_came, opening)
    special = marks.copied | marks.free | marks.turned | ~rows.known
    books = set(wrong) | {
        int(key) for key in np.unique(rows.key[special & (marks.free | ~rows.known)])
    }
    for key in sorted(books):
        in_book = rows.key[order] == key
        by_day = order[in_book]
        if not rows.stated[by_day].any():
            continue
        sequence = by_day
        price, events = explain(rows, by_day, marks, opening[key], unread)
        if price >= SLIP and came.get(key, 0) < max(wrong.get(key, 0), 1):
            written = as_came[rows.key[as_came] == key]
            other = explain(rows, written, marks, opening[key], set())
            if other[0] + SLIP // 2 <= price:
                sequence, (price, events) = written, other
                _misdated(rows, sequence[~marks.free[sequence]], done)
        stated = int(rows.stated[sequence].sum())
        if price // SLIP > max(8, 0.3 * stated):
            _hopeless(rows, sequence, marks, stated, price // SLIP, done)
        else:
            _read(rows, sequence, marks, events, done)
    return done


def _per_book(rows: Rows, order: Order, opening: Mapping[int, int | None]) -> dict[int, int]:
    """Count the breaks of each book that has any."""
    spots, _ = breaks(rows, order, opening)
    keys, counts = np.unique(rows.key[order][spots], return_counts=True)
    return {int(key): int(count) for key, count in zip(keys, counts, strict=True)}


def _read(rows: Rows, sequence: Order, marks: Marks, events: list[Event], done: Balances) -> None:
    """Turn the errors of one book into findings."""
    place = {int(at): spot for spot, at in enumerate(sequence)}
    gone = {event.at for event in events if event.what == "out"}
    strays = gone | {int(at) for at in sequence[marks.free[sequence]]}
    stated = sequence[rows.stated[sequence]]
    last = int(stated[-1]) if len(stated) else -1
    if events and events[-1].at == last and len(events) > 1:
        strays.add(last)  # whether its difference lasts cannot be seen
    placed: set[int] = set()
    for event in events:
        at = event.at
        if event.what == "gap":
            done.implied[at] = event.size
        elif event.what == "turn":
            done.turned.add(at)
        elif event.what == "out":
            done.out.add(at)
        elif marks.free[at] or at in placed:
            continue
        elif marks.empty[at]:
            done.implied[at] = event.size
        elif event.what == "slip":
            done.findings.append(slipped(rows, event))
        else:
            begin = place[event.since] + 1 if event.since >= 0 else 0
            between = sequence[begin : place[at] + 1]
            between = np.array([one for one in between if one not in gone], dtype=np.int64)
            placed |= _jump(rows, sequence, event, between, strays - {at}, place, done)
            strays -= placed
    told = marks.copied | marks.free
    for at in sorted(gone & strays):
        if told[at]:
            continue
        if rows.stated[at] and rows.balance[at] - rows.amount[at] == rows.balance[last]:
            done.findings.append(_date(rows, at, last, last))
        else:
            amount = int(rows.amount[at])
            done.findings.append(
                Finding(
                    at,
                    "balance",
                    "certain",
                    "extra",
                    "extra",
                    difference=amount,
                    fill={"amount": amount},
                )
            )


def _jump(
    rows: Rows,
    sequence: Order,
    event: Event,
    between: Order,
    strays: set[int],
    place: dict[int, int],
    done: Balances,
) -> set[int]:
    """Tell a lasting difference: a turned sign, an entry of another day, or what else explains it.

    Returns the entries of another day that it was explained by.
    """
    at, size = event.at, event.size
    for row in between[::-1]:
        usual = len(between) > 1 and rows.sign[row] == np.sign(rows.amount[row])
        if rows.amount[row] and size == -2 * rows.amount[row] and not usual:
            done.turned.add(int(row))
            return set()
    for stray in sorted(strays):
        began = rows.balance[event.since] if event.since >= 0 else 0
        beside = (rows.balance[at] - rows.amount[at], began + size)
        fits = (
            done.known_wrong[stray]
            or len(between) > 1
            or not rows.stated[stray]
            or rows.balance[stray] in beside
        )
        if rows.amount[stray] == size and fits:
            if not done.known_wrong[stray]:
                done.findings.append(_date(rows, stray, event.since, at))
            return {stray}
    spot = place[at] + 1
    after = int(sequence[spot]) if spot < len(sequence) else None
    finding = jumped(rows, event, between, after)
    if event.since < 0 and done.assumed and size > 0:
        finding.certainty, finding.reason = "look", "opening"
        if not finding.suggestion.startswith(("amount", "carried")):
            finding.suggestion = "opening"
    done.findings.append(finding)
    first = event.since if event.since >= 0 else at
    done.holes.append(Hole(finding, size, (int(rows.day[first]), int(rows.day[at]))))
    return set()


def _date(rows: Rows, at: int, before: int, after: int) -> Finding:
    """Return the finding of an entry whose balance belongs among entries of another day."""
    fill: dict[str, object] = {"day": rows.date(at), "day_after": rows.date(after)}
    fill["day_before"] = rows.date(before) if before >= 0 else rows.date(after)
    other = after if before < 0 else before
    return Finding(at, "date", "likely", "date", "date", None, None, other, fill)


def _misdated(rows: Rows, sequence: Order, done: Balances) -> None:
    """Find the fewest entries whose dates break the order in which the book was written."""
    tails: list[int] = []
    ends: list[int] = []
    back: list[int] = []
    for spot, at in enumerate(sequence):
        day = int(rows.day[at])
        length = bisect_right(tails, day)
        back.append(ends[length - 1] if length else -1)
        tails[length : length + 1] = [day]
        ends[length : length + 1] = [spot]
    keep, spot = set(), ends[-1] if ends else -1
    while spot >= 0:
        keep.add(spot)
        spot = back[spot]
    stray = [spot for spot in range(len(sequence)) if spot not in keep]
    for spot in stray if len(stray) <= max(8, 0.2 * len(sequence)) else stray[:1]:
        before = next((s for s in range(spot - 1, -1, -1) if s in keep), None)
        after = next((s for s in range(spot + 1, len(sequence)) if s in keep), None)
        low = int(sequence[before if before is not None else spot])
        high = int(sequence[after if after is not None else before or spot])
        done.findings.append(_date(rows, int(sequence[spot]), low, high))


def _hopeless(
    rows: Rows, sequence: Order, marks: Marks, stated: int, errors: int, done: Balances
) -> None:
    """Tell once that the balances follow something else, unless they follow it member by member."""
    person = rows.frame["person"].to_numpy()
    single = Balances(marks.free)
    price = 0
    for name in dict.fromkeys(person[sequence]):
        part = sequence[person[sequence] == name]
        cost, events = explain(rows, part, marks, None, set())
        price += cost
        _read(rows, part, marks, events, single)
    if len(set(person[sequence])) > 1 and price // SLIP * 4 <= errors:
        done.findings += single.findings
        done.turned |= single.turned
        done.out |= single.out
        done.implied |= single.implied
        return
    first = int(sequence[np.flatnonzero(rows.stated[sequence])[0]])
    fill: dict[str, object] = {"count": str(errors), "stated_rows": str(stated)}
    done.findings.append(
        Finding(first, "balance", "certain", "hopeless", "hopeless", None, None, None, fill)
    )
