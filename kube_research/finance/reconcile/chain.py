"""The fewest errors that explain why the stated balances of a book do not follow its entries."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

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
    columns = {"key": rows.key, "amount": rows.amount, "balance": rows.balance}
    entries = pd.DataFrame(columns, dtype="Int64").iloc[order].reset_index(drop=True)
    books = entries.groupby("key")
    entries["off"] = entries["balance"] - books["amount"].cumsum()
    entries["place"] = entries.index.astype("Int64")
    entries["begin"] = books["place"].transform("min")
    stated = entries[rows.stated[order]]
    before = stated.groupby("key")[["off", "place"]].shift()
    begun = stated["key"].map(pd.Series(opening, dtype="Int64"))
    wrong = (stated["off"] != before["off"].fillna(begun)).fillna(False).to_numpy(dtype=bool)
    previous = before["place"].fillna(stated["begin"])
    return stated["place"].to_numpy(np.int64)[wrong], previous.to_numpy(np.int64)[wrong]


def by_date(rows: Rows, opening: Mapping[int, int | None], marks: Marks) -> tuple[Order, Rows]:
    """Return the rows by book and date, the entries of each day in the order their balances tell.

    With it come the rows as they can be read: without the stated balances of a day whose order could
    not be found.
    """
    place, mixed = _as_kept(rows)
    order = np.lexsort((place, rows.day, rows.key)).astype(np.int64)
    wrong, previous = breaks(rows, order, opening)
    if not len(wrong):
        return order, rows
    by_day = pd.DataFrame({"key": rows.key, "day": rows.day}).iloc[order].groupby(["key", "day"])
    number = by_day.ngroup().to_numpy()
    days = np.split(order, np.flatnonzero(np.diff(number)) + 1)  # parts of ``order``, not copies
    touched: set[int] = set()
    for spot, before in zip(number[wrong], number[previous], strict=True):
        touched.update(range(int(before), int(spot) + 1))
    readable = rows.stated.copy()
    now, book = None, -1
    for which, today in enumerate(days):
        if rows.key[today[0]] != book:
            book = int(rows.key[today[0]])
            now = opening.get(book)
        if which in touched and len(today) > 1:
            later = _until_stated(rows, days, which)
            goes_on = _goes_on(rows, [days[day] for day in later[:9]])
            chained = _chained(rows, marks, today, now, goes_on, mixed=book in mixed)
            if chained is None:
                readable[today] = False
            elif chained != sorted(chained):
                today[:] = today[chained]
                touched.update(later)
        for at in today:
            if rows.stated[at]:
                now = int(rows.balance[at])
            elif now is not None:
                now = now + int(rows.amount[at]) if rows.known[at] else None
    return order, replace(rows, stated=readable)


def _as_kept(rows: Rows) -> tuple[Order, set[int]]:
    """Return places that put the rows of each book in the order it was kept, and books with no order.

    A book whose latest day stands on top is read from below.
    """
    step = pd.Series(rows.day).groupby(rows.key).diff()
    up, down = ((way * step > 0).groupby(rows.key).sum() for way in (1, -1))
    place = np.arange(len(rows)) * np.where(down > 2 * up, -1, 1)[rows.key]
    return place, set(up.index[5 * np.minimum(up, down) > up + down])


def _until_stated(rows: Rows, days: list[Order], which: int) -> list[int]:
    """Return the days of a book after one, up to the next with a stated balance."""
    later = []
    for after in range(which + 1, len(days)):
        if rows.key[days[after][0]] != rows.key[days[which][0]]:
            break
        later.append(after)
        if rows.stated[days[after]].any():
            break
    return later


def _chained(
    rows: Rows,
    marks: Marks,
    today: Order,
    now: int | None,
    goes_on: set[int] | None,
    *,
    mixed: bool,
) -> list[int] | None:
    """Return the order of a day's rows, from the balance before it and those it may end with."""
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
        for at in today
    ]
    return order_day(entries, now, goes_on, mixed=mixed)


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


@dataclass(frozen=True, slots=True)
class _Reading:
    """A way to read a book so far: what it costs, and its errors, the last one first."""

    price: int = 0
    since: int = -1  # the last row whose stated balance counts
    blank: tuple[int, int] | None = None  # a row without an amount, and the difference before it
    errors: tuple[Any, Event] | None = None


def explain(
    rows: Rows, order: Iterable[int], marks: Marks, opening: int | None
) -> tuple[int, list[Event]]:
    """Return the cheapest explanation of a book's balances: its price and the errors, in order.

    The difference between stated and computed balance is followed through the book. At a stated row
    that does not fit, either only this balance is wrong, or the difference lasts from here, or the
    entry is not in the balances at all; a shortest path over the differences seen so far finds the
    fewest errors.
    """
    readings: dict[int | None, _Reading] = {opening: _Reading()}
    total, last, begun = 0, opening, False
    alone = ~(marks.copied | marks.free)
    plain = rows.known & alone & ~marks.turned
    for at in order:
        amount = int(rows.amount[at])
        total += amount
        off = int(rows.balance[at]) - total if rows.stated[at] else None
        if off is None and plain[at]:
            continue
        opens = off is not None and not begun and rows.flow[at] == "opening" and not amount
        if off is not None:
            last, begun = off, True
        if len(readings) == 1 and off is not None and off in readings and alone[at]:
            readings[off] = replace(readings[off], since=at)
            continue
        after: dict[int | None, _Reading] = {}
        for now, reading in readings.items():
            for then, price, what in [(off, 0, "")] if opens else _ways(rows, at, off, now, marks):
                if then not in after or reading.price + price < after[then].price:
                    seen = off if what == "slip" else then
                    after[then] = _read_on(rows, reading, at, price, what, now, seen)
        best = min(reading.price for reading in after.values())
        kept = [item for item in after.items() if item[1].price <= best + OUT]
        if len(kept) > 30:
            kept = sorted(kept, key=lambda item: item[1].price)[:30]
        readings = dict(kept)
    cheapest = readings[min(readings, key=lambda off: (readings[off].price, off != last))]
    events, link = [], cheapest.errors
    while link is not None:
        link, event = link
        events.append(event)
    return cheapest.price, events[::-1]


def _ways(
    rows: Rows, at: int, off: int | None, now: int | None, marks: Marks
) -> Iterator[tuple[int | None, int, str]]:
    """Yield the difference after a row, the price of getting there, and what is wrong (or nothing)."""
    amount = int(rows.amount[at])
    if now is None or not rows.known[at]:
        blank = "" if rows.known[at] else "open"
        yield off, 0, blank if off is None else "gap"
        return
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


def _read_on(
    rows: Rows,
    reading: _Reading,
    at: int,
    price: int,
    what: str,
    now: int | None,
    seen: int | None,
) -> _Reading:
    """Return a reading with one more row; a row without an amount waits for the next balance."""
    blank, event = reading.blank, None
    if what == "open":
        blank = blank if now is None else (at, now)
    elif what == "gap" and now is None:
        if blank is not None and seen is not None and rows.known[at]:
            event = Event(blank[0], "gap", blank[1], seen, reading.since)
        blank = None
    elif what and now is not None and seen is not None:
        event = Event(at, what, now, seen, reading.since)
    return _Reading(
        reading.price + price,
        at if rows.stated[at] and what not in ("slip", "out") else reading.since,
        blank,
        reading.errors if event is None else (reading.errors, event),
    )
