"""Stated balances against computed ones: one slip of the pen is one finding."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
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
    wrote, meant = str(abs(written)), str(abs(right))
    if len(wrote) == len(meant):
        apart = [at for at, pair in enumerate(zip(wrote, meant, strict=True)) if len(set(pair)) > 1]
        if len(apart) == 1:
            return "digit"
        first, last = apart[0], apart[-1]
        crossed = (wrote[first], wrote[last]) == (meant[last], meant[first])
        return "swap" if len(apart) == 2 and last == first + 1 and crossed else ""
    longer, shorter = (wrote, meant) if len(wrote) > len(meant) else (meant, wrote)
    if longer == shorter + "0" * (len(longer) - len(shorter)):
        return "thousands" if len(longer) - len(shorter) == 3 else "zeros"
    if len(longer) == len(shorter) + 1 and any(
        longer[:at] + longer[at + 1 :] == shorter for at in range(len(longer))
    ):
        return "dropped" if longer == meant else "added"
    return ""


#: Slips of digits that tell what an amount should have been, whatever else might explain a difference.
TELLING = ("swap", "zeros", "thousands", "dropped", "added")


def _off(rows: Rows, event: Event, reason: str, hint: str) -> Finding:
    """Return the finding of a stated balance that is off by the size of an event."""
    return Finding(
        event.at,
        "balance",
        "certain",
        reason,
        hint,
        expected=int(rows.balance[event.at]) - event.size,
        difference=event.size,
        other=event.since if event.since >= 0 else None,
    )


def _slipped(rows: Rows, event: Event) -> Finding:
    """Return the finding of one miswritten balance between two that fit."""
    balance = int(rows.balance[event.at])
    cause = slip_of_digits(balance, balance - event.size)
    return _off(rows, event, "slip", f"stated_{cause or 'unknown'}")


def _jumped(rows: Rows, event: Event, between: Order, after: int | None) -> Finding:
    """Return the finding of a difference that lasts from a row on.

    ``between`` are the rows since the last stated balance, the row of the jump last; ``after`` is the
    next row of the book.
    """
    hint = "missing_in" if event.size > 0 else "missing_out"
    before = event.since
    if before < 0:
        before, hint = event.at, f"{hint}_first"
    causes: dict[str, dict[str, object]] = {}
    for cause, fill in _causes(rows, event, between, after):
        causes.setdefault(cause, fill)
    missing = {"missing": abs(event.size), "row_before": before}
    (hint, fill), *also = (causes or {hint: {}}).items()
    finding = _off(rows, event, "jump", hint)
    return finding.restated(fill=missing | fill, also=tuple(also))


def _causes(
    rows: Rows, event: Event, between: Order, after: int | None
) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield what may explain a lasting difference and what its sentence names, the best cause first."""
    size, balance = event.size, int(rows.balance[event.at])

    def of_a_whole_entry(spots: Iterable[int]) -> Iterator[tuple[str, dict[str, object]]]:
        for row in spots:
            amount = int(rows.amount[row])
            if amount and size in (-amount, amount):
                hint = "left_out" if size == -amount else "counted_twice"
                yield hint, {"amount": amount, "row_meant": row}

    for row in between[::-1].tolist():
        amount = int(rows.amount[row])
        cause = slip_of_digits(amount, amount + size)
        if cause in TELLING:
            fill = {"amount": amount, "meant": amount + size, "row_meant": row}
            yield f"amount_{cause}", fill
    yield from of_a_whole_entry(between[::-1].tolist())
    cause = slip_of_digits(balance, balance - size)
    if cause in (*TELLING, "sign"):
        yield f"carried_{cause}", {}
    yield from of_a_whole_entry(row for row in (event.since, after) if row is not None and row >= 0)
    if str(abs(size)).strip("0") == "1":
        yield "column", {}


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
    order: Order = field(default_factory=lambda: np.array([], np.int64))  # the rows, book by book
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

    ``opening`` is the opening balance of each book, None where the book itself states it; if these are
    ``assumed``, a first balance off them is no error yet.
    """
    order, readable = by_date(rows, opening, marks)
    balances = Balances(marks.free, order, assumed)
    as_came = np.argsort(rows.key, kind="stable").astype(np.int64)
    wrong, came = (
        Counter(rows.key[way[breaks(rows, way, opening)[0]]].tolist()) for way in (order, as_came)
    )
    blank = marks.free | ~rows.known
    for key in sorted(wrong.keys() | set(rows.key[blank].tolist())):
        sequence = order[rows.key[order] == key]
        stated = int(rows.stated[sequence].sum())
        if not stated:
            continue
        price, events = explain(readable, sequence, marks, opening[key])
        if price >= SLIP and came[key] < max(wrong[key], 1):
            written = as_came[rows.key[as_came] == key]
            other = explain(rows, written, marks, opening[key])
            if other[0] + SLIP // 2 <= price:
                sequence, (price, events) = written, other
                _misdated(rows, sequence[~marks.free[sequence]], balances)
                order[rows.key[order] == key] = written
        if price // SLIP > max(8, 0.3 * stated):
            _hopeless(rows, sequence, marks, price // SLIP, balances)
        else:
            _read(rows, sequence, marks, events, balances)
    return balances


def _read(
    rows: Rows, sequence: Order, marks: Marks, events: list[Event], balances: Balances
) -> None:
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
            balances.implied[at] = event.size
        elif event.what == "turn":
            balances.turned.add(at)
        elif event.what == "out":
            balances.out.add(at)
        elif marks.free[at] or at in placed:
            continue
        elif marks.empty[at]:
            balances.implied[at] = event.size
        elif event.what == "slip":
            balances.findings.append(_slipped(rows, event))
        else:
            begin = place[event.since] + 1 if event.since >= 0 else 0
            between = sequence[begin : place[at] + 1]
            between = np.array([row for row in between if row not in gone], dtype=np.int64)
            placed |= _jump(rows, sequence, event, between, strays - {at}, place, balances)
            strays -= placed
    known = marks.copied | marks.free
    for at in sorted(gone & strays):
        if known[at]:
            continue
        if rows.stated[at] and rows.balance[at] - rows.amount[at] == rows.balance[last]:
            balances.findings.append(_date(rows, at, last, last))
        else:
            amount = int(rows.amount[at])
            extra = Finding(at, "balance", "certain", "extra", "extra", difference=amount)
            balances.findings.append(extra)


def _jump(
    rows: Rows,
    sequence: Order,
    event: Event,
    between: Order,
    strays: set[int],
    place: dict[int, int],
    balances: Balances,
) -> set[int]:
    """Tell a lasting difference: a turned sign, an entry of another day, or what else explains it.

    Returns the entries of another day that it was explained by.
    """
    at, size = event.at, event.size
    for row in between[::-1]:
        usual = len(between) > 1 and rows.sign[row] == np.sign(rows.amount[row])
        if rows.amount[row] and size == -2 * rows.amount[row] and not usual:
            balances.turned.add(int(row))
            return set()
    for stray in sorted(strays):
        began = rows.balance[event.since] if event.since >= 0 else 0
        beside = (rows.balance[at] - rows.amount[at], began + size)
        fits = (
            balances.known_wrong[stray]
            or len(between) > 1
            or not rows.stated[stray]
            or rows.balance[stray] in beside
        )
        if rows.amount[stray] == size and fits:
            if not balances.known_wrong[stray]:
                balances.findings.append(_date(rows, stray, event.since, at))
            return {stray}
    spot = place[at] + 1
    after = int(sequence[spot]) if spot < len(sequence) else None
    finding = _jumped(rows, event, between, after)
    if event.since < 0 and balances.assumed and size > 0:
        finding = finding.restated(certainty="look", reason="opening")
        if not finding.suggestion.startswith(("amount", "carried")):
            finding = finding.restated(suggestion="opening", also=())
    balances.findings.append(finding)
    first = event.since if event.since >= 0 else at
    balances.holes.append(Hole(finding, size, (int(rows.day[first]), int(rows.day[at]))))
    return set()


def _date(rows: Rows, at: int, before: int, after: int) -> Finding:
    """Return the finding of an entry whose balance belongs among entries of another day."""
    first = before if before >= 0 else after
    fill = {"day_before": rows.date(first), "day_after": rows.date(after)}
    other = after if before < 0 else before
    return Finding(at, "date", "likely", "date", "date", other=other, fill=fill)


def _misdated(rows: Rows, sequence: Order, balances: Balances) -> None:
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
    kept = ends[-1:]
    while kept and back[kept[-1]] >= 0:
        kept.append(back[kept[-1]])
    kept.reverse()
    stray = sorted(set(range(len(sequence))) - set(kept))
    for spot in stray if len(stray) <= max(8, 0.2 * len(sequence)) else stray[:1]:
        place = bisect_right(kept, spot)
        low = kept[place - 1] if place else spot
        high = kept[place] if place < len(kept) else low
        balances.findings.append(_date(rows, *(int(sequence[at]) for at in (spot, low, high))))


def _hopeless(rows: Rows, sequence: Order, marks: Marks, errors: int, balances: Balances) -> None:
    """Tell once that the balances follow something else, unless they follow it member by member."""
    person = rows.frame["person"].to_numpy()
    single = Balances(marks.free)
    price = 0
    for name in dict.fromkeys(person[sequence]):
        part = sequence[person[sequence] == name]
        cost, events = explain(rows, part, marks, None)
        price += cost
        _read(rows, part, marks, events, single)
    if len(set(person[sequence])) > 1 and price // SLIP * 4 <= errors:
        balances.findings += single.findings
        balances.turned |= single.turned
        balances.out |= single.out
        balances.implied |= single.implied
        return
    stated = sequence[rows.stated[sequence]]
    fill = {"count": str(errors), "stated_rows": str(len(stated))}
    whole = Finding(int(stated[0]), "balance", "certain", "hopeless", "hopeless", fill=fill)
    balances.findings.append(whole)
