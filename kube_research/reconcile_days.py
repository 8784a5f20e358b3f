"""The order in which the entries of one day were written, read from the balances beside them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

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
        found = order_day(entries, start, ends)
        return None if found is None else [as_came[at] for at in found]
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
