"""The fewest errors that explain why the stated balances of a book do not follow its entries."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from kube_research.finance.reconcile.rows import Mask, Rows

#: How many orders of one day are looked at before the day is left as it stands.
CAP = 4000


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a day: amount and balance may be unknown; a copy repeats another, balance and all.

    The sign of one that is turned looks wrong: its balance may have moved the other way.
    """

    amount: int | None
    balance: int | None
    copy: bool = False
    turned: bool = False


def order_day(
    entries: list[Entry],
    start: int | None,
    ends: Collection[int] | None,
    *,
    mixed: bool = False,
) -> list[int] | None:
    """Return the order of a day's entries in which their balances chain best.

    Balances are places and entries are ways from one to the next: an order without any break is a way
    through all of them (an Eulerian path, found with Hierholzer's method; where balances are missing, by
    searching). If there is none, orders with one break are looked for, then two; the order in which the
    rows came stands unless another has fewer breaks.

    Parameters
    ----------
    entries : list of Entry
        The entries as they came.
    start : int or None
        The balance before the day; None if it is not known.
    ends : collection of int, or None
        Balances from which the next day can go on; None if that is not known.
    mixed : bool
        The order in which the entries came means nothing: a single balance is taken for the day's last.

    Returns
    -------
    list of int or None
        Places in ``entries``; None if the search was given up and the order as it came is no use.

    Examples
    --------
    >>> order_day([Entry(-30, 70), Entry(100, 100)], 0, None)
    [1, 0]
    """
    as_came = list(range(len(entries)))
    if mixed and sum(entry.balance is not None for entry in entries) == 1:
        as_came.sort(key=lambda at: entries[at].balance is not None)
        entries = [entries[at] for at in as_came]
        order = order_day(entries, start, ends)
        return None if order is None else [as_came[at] for at in order]
    breaks = _breaks(entries, start, ends)
    if not breaks:
        return as_came
    if all(entry.amount is not None and entry.balance is not None for entry in entries):
        path = _euler([_righted(entry) for entry in entries], start)
        if path is not None:
            return path
    given_up = len(entries) > 300
    for allowed in range(0 if given_up else min(breaks + mixed, 3)):
        search = _Search(entries, ends)
        if search.visit(0, start, allowed):
            return search.path
        given_up = given_up or (allowed == 0 and search.steps > CAP)
    return None if given_up and breaks > 2 else as_came


def _breaks(entries: list[Entry], start: int | None, ends: Collection[int] | None) -> int:
    """Count how many errors the order as it came needs."""
    states: dict[int | None, int] = {start: 0}
    for entry in entries:
        after: dict[int | None, int] = {}
        for now, count in states.items():
            for then, price in _moves(entry, now, True):
                after[then] = min(after.get(then, 10**9), count + price)
        states = after if len(after) < 40 else dict(sorted(after.items(), key=lambda s: s[1])[:40])
    return min(count + (not _fits(now, ends)) for now, count in states.items())


def _fits(now: int | None, ends: Collection[int] | None) -> bool:
    return ends is None or now is None or now in ends


def _righted(entry: Entry) -> Entry:
    return replace(entry, amount=-(entry.amount or 0)) if entry.turned else entry


def _moves(entry: Entry, now: int | None, slips: bool) -> Iterator[tuple[int | None, int]]:
    """Yield the balances to which an entry may lead, with the number of errors that needs."""
    amount, stated = entry.amount, entry.balance
    if amount is None or (now is None and stated is not None):
        yield stated, 0
        return
    if stated is None:
        yield (None if now is None else now + amount), 0
        if entry.turned and now is not None:
            yield now - amount, 0
    elif now is not None and stated in (now + amount, now - amount if entry.turned else stated + 1):
        yield stated, 0
    elif slips:
        if entry.copy:
            yield now, 1
        yield stated, 1
        yield (None if now is None else now + amount), 1


def _euler(entries: list[Entry], start: int | None) -> list[int] | None:
    """Return a way through all entries, each from the balance before it to the balance after it."""
    ways: dict[int, list[int]] = defaultdict(list)
    surplus: dict[int, int] = defaultdict(int)
    for at in range(len(entries) - 1, -1, -1):
        balance, amount = entries[at].balance or 0, entries[at].amount or 0
        ways[balance - amount].append(at)
        surplus[balance - amount] += 1
        surplus[balance] -= 1
    sources = [place for place, extra in surplus.items() if extra > 0]
    if len(sources) > 1 or any(surplus[place] > 1 for place in sources):
        return None
    if start is None:
        first = (entries[0].balance or 0) - (entries[0].amount or 0)
        start = sources[0] if sources else first
    if start not in ways or (sources and sources[0] != start):
        return None
    path: list[int] = []
    stack: list[tuple[int, int]] = [(start, -1)]
    while stack:
        place, by = stack[-1]
        if ways[place]:
            way = ways[place].pop()
            stack.append((entries[way].balance or 0, way))
        else:
            stack.pop()
            path.append(by)
    path = path[-2::-1]
    return path if len(path) == len(entries) else None


class _Search:
    """Depth-first search for an order with at most so many errors."""

    def __init__(self, entries: list[Entry], ends: Collection[int] | None) -> None:
        self.entries = entries
        self.ends = ends
        self.full = (1 << len(entries)) - 1
        self.seen: set[tuple[int, int | None, int]] = set()
        self.path: list[int] = []
        self.steps = 0

    def visit(self, used: int, now: int | None, left: int) -> bool:
        """Tell whether the entries not yet used can be put in order; ``path`` then holds it."""
        if used == self.full:
            return left > 0 or _fits(now, self.ends)
        if (used, now, left) in self.seen or self.steps > CAP:
            return False
        self.seen.add((used, now, left))
        self.steps += 1
        for at, then, price in self._next(used, now, left > 0):
            if price <= left:
                self.path.append(at)
                if self.visit(used | 1 << at, then, left - price):
                    return True
                self.path.pop()
        return False

    def _next(
        self, used: int, now: int | None, slips: bool
    ) -> Iterator[tuple[int, int | None, int]]:
        """Yield what may come next: entries that fit, then those without a balance, then slips."""
        ranked: list[tuple[int, bool, int, int, int | None]] = []
        alike: set[Entry] = set()
        for at, entry in enumerate(self.entries):
            if used >> at & 1 or entry in alike:
                continue
            alike.add(entry)
            known = None not in (now, entry.balance, entry.amount)
            gap = abs((entry.balance or 0) - (entry.amount or 0) - (now or 0)) if known else 0
            for then, price in _moves(entry, now, slips):
                ranked.append((price, entry.balance is None, gap if price else 0, at, then))
        for price, _, _, at, then in sorted(ranked, key=lambda move: move[:4]):
            yield at, then, price


Order = npt.NDArray[np.int64]
#: Price of an error at a row about which nothing else is known, of taking a stated row out of the
#: book, and of either at a row that has been found wrong already.
SLIP, OUT, TOLD = 100, 150, 1


@dataclass(frozen=True)
class Marks:
    """What is known of rows before the balances are looked at."""

    free: Mask  # another finding explains whatever stands here
    turned: Mask  # the sign looks wrong
    copied: Mask  # repeats another row
    same: Mask  # repeats another row of the day, balance and all
    empty: Mask  # zero rupiah


@dataclass(frozen=True, slots=True)
class Event:
    """A place where balances and entries part: ``before`` and ``after`` are stated minus computed."""

    at: int
    what: str  # jump: stays wrong from here; slip: only here; out: entry not in the balances; turn; gap
    before: int
    after: int
    since: int  # the last stated row before it, -1 if there is none

    @property
    def size(self) -> int:
        """Return by how much the balances move more than the entries say."""
        return self.after - self.before


def breaks(rows: Rows, order: Order, opening: Mapping[int, int | None]) -> tuple[Order, Order]:
    """Return places in ``order`` of stated rows that do not follow, and of those stated before them."""
    keys, total = rows.key[order], np.cumsum(rows.amount[order])
    begins = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]]) if len(keys) else keys
    base = np.repeat(total[begins] - rows.amount[order][begins], np.diff(np.r_[begins, len(keys)]))
    spots = np.flatnonzero(rows.stated[order])
    if not len(spots):
        return spots, spots
    off = rows.balance[order][spots] - (total - base)[spots]
    first = np.r_[True, keys[spots][1:] != keys[spots][:-1]]
    begin = {key: value for key, value in opening.items() if value is not None}
    given = np.array([begin.get(int(key), 0) for key in keys[spots]], dtype=np.int64)
    known = np.array([int(key) in begin for key in keys[spots]], dtype=bool)
    wrong = np.where(first, known & (off != given), off != np.r_[off[0], off[:-1]])
    starts = begins[np.searchsorted(begins, spots, side="right") - 1]
    previous = np.where(first, starts, np.r_[spots[0], spots[:-1]])
    return spots[wrong], previous[wrong]


def by_date(rows: Rows, opening: Mapping[int, int | None], marks: Marks, unread: set[int]) -> Order:
    """Return the rows by book and date, the entries of each day in the order their balances tell.

    Stated balances of a day whose order could not be found are added to ``unread``.
    """
    place, mixed = _as_kept(rows)
    order = np.lexsort((place, rows.day, rows.key)).astype(np.int64)
    wrong, previous = breaks(rows, order, opening)
    if not len(wrong):
        return order
    keys, day = rows.key[order], rows.day[order]
    fresh = np.r_[True, (keys[1:] != keys[:-1]) | (day[1:] != day[:-1])]
    starts = np.flatnonzero(fresh)
    ends = np.r_[starts[1:], len(order)]
    number = np.cumsum(fresh) - 1
    touched: set[int] = set()
    for spot, before in zip(number[wrong], number[previous], strict=True):
        touched.update(range(int(before), int(spot) + 1))
    for which in range(len(starts)):
        begin, end = int(starts[which]), int(ends[which])
        if which not in touched or end - begin < 2:
            continue
        now = _balance_before(rows, order, begin, opening)
        later = [
            order[starts[after] : ends[after]]
            for after in range(which + 1, min(which + 10, len(starts)))
            if keys[starts[after]] == keys[begin]
        ]
        goes_on = _goes_on(rows, later)
        today = order[begin:end]
        if now is None and goes_on is not None and len(goes_on) == 1 and rows.known[today].all():
            now = goes_on.pop() - int(rows.amount[today].sum())
            goes_on = None
        entries = [
            Entry(
                int(rows.amount[at]) if rows.known[at] else None,
                int(rows.balance[at]) if rows.stated[at] else None,
                bool(marks.same[at]),
                bool(marks.turned[at]),
            )
            for at in order[begin:end]
        ]
        chained = order_day(entries, now, goes_on, mixed=int(keys[begin]) in mixed)
        if chained is None:
            unread.update(int(at) for at in today)
        elif chained != sorted(chained):
            order[begin:end] = today[chained]
            touched.update(_next_stated_day(rows, order, which, starts, ends))
    return order


def _as_kept(rows: Rows) -> tuple[Order, set[int]]:
    """Return places that put the rows of each book in the order it was kept, and books with no order.

    A book whose latest day stands on top is read from below.
    """
    place = np.arange(len(rows))
    order = np.argsort(rows.key, kind="stable")
    step, same = np.sign(np.diff(rows.day[order])), np.diff(rows.key[order]) == 0
    books = len(np.unique(rows.key))
    up, down = (
        np.bincount(rows.key[order][1:][same & (step == way)], minlength=books) for way in (1, -1)
    )
    place = np.where((down > 2 * up)[rows.key], -place, place)
    return place, {int(key) for key in np.flatnonzero(5 * np.minimum(up, down) > up + down)}


def _next_stated_day(
    rows: Rows, order: Order, which: int, starts: Order, ends: Order
) -> Iterable[int]:
    """Yield the days of a book after one, up to the next with a stated balance."""
    for after in range(which + 1, len(starts)):
        day = order[starts[after] : ends[after]]
        if rows.key[day[0]] != rows.key[order[starts[which]]]:
            return
        yield after
        if rows.stated[day].any():
            return


def _balance_before(
    rows: Rows, order: Order, begin: int, opening: Mapping[int, int | None]
) -> int | None:
    """Return the balance with which the entry at ``begin`` starts, None if unknown."""
    key, moved = rows.key[order[begin]], 0
    for at in order[:begin][::-1]:
        if rows.key[at] != key:
            break
        if rows.stated[at]:
            return int(rows.balance[at]) + moved
        if not rows.known[at]:
            return None
        moved += int(rows.amount[at])
    start = opening.get(int(key))
    return None if start is None else start + moved


def _goes_on(rows: Rows, later: list[Order]) -> set[int] | None:
    """Return the balances at the end of a day from which the days after it can go on."""
    moved = 0
    for day in later:
        if not rows.known[day].all():
            return None
        if rows.stated[day].all():
            after = rows.balance[day].tolist()
            before = (rows.balance[day] - rows.amount[day]).tolist()
            first = Counter(before) - Counter(after)
            return {int(place) - moved for place in first or before}
        if rows.stated[day].any():
            return _begins(rows, day, moved)
        moved += int(rows.amount[day].sum())
    return None


def _begins(rows: Rows, day: Order, moved: int) -> set[int] | None:
    """Return the balances from which the first stated balance of a day can follow, less ``moved``."""
    if len(day) > 10 or rows.stated[day].sum() > 1:
        return None
    at = int(day[rows.stated[day]][0])
    before = {int(rows.balance[at] - rows.amount[at]) - moved}
    for other in day:
        if other != at:
            before |= {place - int(rows.amount[other]) for place in before}
    return before


_Link = tuple[object, int, str, int | None, int | None]


def explain(
    rows: Rows, order: Iterable[int], marks: Marks, opening: int | None, unread: set[int]
) -> tuple[int, list[Event]]:
    """Return the cheapest explanation of a book's balances: its price and the errors, in order.

    The difference between stated and computed balance is followed through the book. At a stated row
    that does not fit, either only this balance is wrong, or the difference lasts from here, or the
    entry is not in the balances at all; a shortest path over the differences seen so far finds the
    fewest errors.
    """
    states: dict[int | None, tuple[int, _Link | None]] = {opening: (0, None)}
    total, last, begun = 0, opening, False
    spots: list[int] = []
    for at in order:
        spots.append(at)
        amount = int(rows.amount[at])
        total += amount
        stated = bool(rows.stated[at]) and at not in unread
        off = int(rows.balance[at]) - total if stated else None
        if (
            not stated
            and rows.known[at]
            and not (marks.free[at] or marks.turned[at] or marks.copied[at])
        ):
            continue
        opens = stated and not begun and rows.flow[at] == "opening" and not amount
        alone = not (marks.copied[at] or marks.free[at])
        if len(states) == 1 and off is not None and off in states and alone:
            last, begun = off, True
            continue
        after: dict[int | None, tuple[int, _Link | None]] = {}

        def put(
            now: int | None,
            price: int,
            link: _Link | None,
            after: dict[int | None, tuple[int, _Link | None]] = after,
        ) -> None:
            if now not in after or price < after[now][0]:
                after[now] = price, link

        for now, (price, link) in states.items():
            if opens:
                put(off, price, link)
                continue
            if not rows.known[at] or now is None:
                if off is None:
                    what = "gap" if not rows.known[at] else ""
                    put(None, price, (link, at, "open", now, None) if what else link)
                else:
                    put(off, price, (link, at, "gap", now, off))
                continue
            for then, extra, what in _ways(rows, at, amount, off, now, marks):
                seen = off if what == "slip" else then
                put(then, price + extra, (link, at, what, now, seen) if what else link)
        best = min(price for price, _ in after.values())
        kept = [item for item in after.items() if item[1][0] <= best + OUT]
        if len(kept) > 30:
            kept = sorted(kept, key=lambda item: item[1][0])[:30]
        states = dict(kept)
        if off is not None:
            last, begun = off, True
    now = min(states, key=lambda off: (states[off][0], off != last))
    price, link = states[now]
    return price, _events(rows, link, spots, unread)


def _ways(
    rows: Rows, at: int, amount: int, off: int | None, now: int, marks: Marks
) -> Iterable[tuple[int, int, str]]:
    """Yield the difference after a row, the price of getting there, and what is wrong (or nothing)."""
    if off is None or off == now:
        yield now, 0, ""
    elif marks.free[at] or marks.empty[at]:
        yield off, TOLD, "jump"
        yield now, TOLD, "slip"
    else:
        turned = marks.turned[at] and off - now == -2 * amount
        yield off, TOLD if turned else SLIP, "turn" if turned else "jump"
        yield now, SLIP, "slip"
    stayed = off is None or off == now - amount or marks.same[at]
    if marks.free[at] or (marks.copied[at] and stayed):
        yield now - amount, TOLD, "out"
    elif off is not None and off != now and amount:
        yield now - amount, OUT, "out"
    if off is None and marks.turned[at]:
        yield now - 2 * amount, TOLD, "turn"


def _events(rows: Rows, link: _Link | None, spots: list[int], unread: set[int]) -> list[Event]:
    """Follow the way back and return the errors in the order of the book."""
    way: list[_Link] = []
    while link is not None:
        way.append(link)
        link = link[0]  # type: ignore[assignment]
    way.reverse()
    passed = {at for _, at, what, _, _ in way if what in ("slip", "out")}
    before: dict[int, int] = {}
    since = -1
    for at in spots:
        before[at] = since
        if rows.stated[at] and at not in unread and at not in passed:
            since = at
    events, opened = [], None
    for _, at, what, now, then in way:
        if what == "open":
            if now is not None:
                opened = (at, now)
            continue
        if what == "gap" and now is None:
            if opened is not None and then is not None and rows.known[at]:
                events.append(Event(opened[0], "gap", opened[1], then, before[at]))
            opened = None
            continue
        if now is not None and then is not None:
            events.append(Event(at, what, now, then, before[at]))
    return events
