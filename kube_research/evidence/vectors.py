"""The engine under ``compatible``: count vectors of a given size, total and sum of squares.

Everything here is on scores 0 to ``top``, in whole numbers. ``compatible`` turns printed numbers into
these and back, and checks what users pass.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import accumulate
from math import comb, isqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kube_research.errors import ScaleError
from kube_research.evidence.printed import (
    RULES,
    Interval,
    check_n,
    unround,
    whole_numbers,
)
from kube_research.evidence.steps import check_step, check_steps, in_steps
from kube_research.frames import need_option
from kube_research.texts import text

Ints = NDArray[np.int64]

#: What a sum of squared deviations may have been divided by.
DIVISORS = ("n-1", "n")
#: Partial vectors expanded at a time while counting with a sum of squares.
CHUNK = 1 << 14
#: Partial vectors after which counting with a sum of squares is given up.
MOST_STATES = 200_000_000
#: Numbers kept at most (8 bytes each) to draw by size and total alone.
MOST_CELLS = 400_000_000


class Start(NamedTuple):
    """Answers still to be spread over the scores 0 to top, their total, and its sum of squares.

    ``least`` and ``most`` bound the sum of squares and have the parity of ``total``.
    """

    n: int
    total: int
    least: int
    most: int


def square_range(n: int, total: int, spread: Interval, divisor: str) -> range:
    """Return every whole sum of squares for which the standard deviation lies in ``spread``.

    Parity and reachability are not looked at. Empty when the deviation is undefined (one score with
    divisor n - 1).
    """
    base = n * n if divisor == "n" else n * (n - 1)
    if base == 0 or spread.high < 0:
        return range(0)
    low, low_in = (Fraction(0), True) if spread.low < 0 else (spread.low, spread.low_in)
    ends = [(base * end * end + total * total) / n for end in (low, spread.high)]
    if ends[0] == ends[1] and not (low_in and spread.high_in):
        return range(0)
    return whole_numbers(Interval(ends[0], ends[1], low_in, spread.high_in), 1)


def of_parity(squares: range, total: int) -> range:
    """Keep the sums of squares that have the parity of the total: x and x * x have the same."""
    return range(squares.start + (squares.start - total) % 2, squares.stop, 2)


def fewest_squares(n: Any, total: Any) -> Any:
    """Smallest sum of squares of ``n`` whole numbers with this total: as equal as can be."""
    each = total // np.maximum(n, 1) if isinstance(n, np.ndarray) else total // max(n, 1)
    more = total - each * n
    return more * (2 * each + 1) + n * each * each


def most_squares(total: Any, top: int) -> Any:
    """Largest sum of squares on 0 to ``top``: everything at the ends, but at most one."""
    top = max(top, 1)
    tops = total // top
    rest = total - tops * top
    return tops * top * top + rest * rest


def _mirror(start: Start, top: int) -> Start:
    """Measure scores from the top instead of from 0."""
    shift = top * top * start.n - 2 * top * start.total
    return Start(start.n, top * start.n - start.total, start.least + shift, start.most + shift)


def list_vectors(
    starts: Sequence[Start], top: int, *, squares: bool, limit: int | None = None
) -> Ints | None:
    """List every count vector of every start: in the order of the starts, then lexicographic.

    Takes the counts score by score from 0 up, each only as far as the rest can still be completed
    (exactly for the total; for the squares between their smallest and largest). Returns None when
    more than ``limit`` partial vectors would be held.
    """
    mirrored = np.array([_mirror(s, top) for s in starts], dtype=np.int64).reshape(-1, 4)
    keep = (mirrored[:, 0] >= 0) & (mirrored[:, 1] >= 0) & (mirrored[:, 1] <= top * mirrored[:, 0])
    n, e, low, high = mirrored[keep].T
    if squares:
        keep = (fewest_squares(n, e) <= high) & (most_squares(e, top) >= low)
        n, e, low, high = n[keep], e[keep], low[keep], high[keep]
    steps: list[tuple[Ints, Ints]] = []
    for weight in range(top, 1, -1):
        first, last = np.maximum(e - (weight - 1) * n, 0), e // weight
        if squares and weight == 2:
            first = np.maximum(first, -((e - low) // 2))
            last = np.minimum(last, (high - e) // 2)
        size = np.maximum(last - first + 1, 0)
        held = int(size.sum())
        if limit is not None and held > limit:
            return None
        parent = np.repeat(np.arange(size.size), size)
        taken = np.arange(held) - np.repeat(np.cumsum(size) - size - first, size)
        n, e = n[parent] - taken, e[parent] - weight * taken
        if squares and weight > 2:
            spent = weight * weight * taken
            low, high = low[parent] - spent, high[parent] - spent
            keep = (fewest_squares(n, e) <= high) & (most_squares(e, weight - 1) >= low)
            n, e, low, high = n[keep], e[keep], low[keep], high[keep]
            parent, taken = parent[keep], taken[keep]
        steps.append((parent, taken))
    vectors = np.empty((n.size, top + 1), dtype=np.int64)
    vectors[:, top] = n - e
    if top:
        vectors[:, top - 1] = e
    place = np.arange(n.size)
    for column in range(top - 2, -1, -1):
        parent, taken = steps[column]
        vectors[:, column] = taken[place]
        place = parent[place]
    return vectors


def _tables(n: int, total: int, top: int) -> list[NDArray[Any]]:
    """Return per highest score how many vectors there are for each size (row) and total (column)."""

    def build(dtype: type) -> list[NDArray[Any]]:
        table: NDArray[Any] = np.zeros((n + 1, total + 1), dtype=dtype)
        table[:, 0] = 1
        built = [table]
        for weight in range(1, top + 1):
            table = table.copy()
            for size in range(1, n + 1):
                table[size, weight:] += table[size - 1, : max(total + 1 - weight, 0)]
            built.append(table)
        return built

    if comb(n + top, top) < 2**62 or build(float)[-1].max() < 2**61:
        return build(np.int64)
    return build(object)


def _reachable_totals(starts: Sequence[Start], top: int) -> list[Start]:
    mirrored = [_mirror(start, top) for start in starts]
    return [s for s in mirrored if s.n >= 0 and 0 <= s.total <= top * s.n]


def count_plain(starts: Sequence[Start], top: int) -> int:
    """Count the vectors of all starts by size and total alone.

    They are the coefficients of the Gaussian binomial, the product over i = 1 to top of
    (1 - q^(n + i)) / (1 - q^i), which is multiplied out term by term in whole numbers.
    """
    wanted: dict[int, list[int]] = {}
    for start in _reachable_totals(starts, top):
        wanted.setdefault(start.n, []).append(min(start.total, top * start.n - start.total))
    count = 0
    for n, totals in wanted.items():
        row = [1] + [0] * max(totals)
        for factor in range(1, top + 1):
            for power in range(len(row) - 1, n + factor - 1, -1):
                row[power] -= row[power - n - factor]
            for power in range(factor, len(row)):
                row[power] += row[power - factor]
        count += sum(row[total] for total in totals)
    return count


def pick_plain(starts: Sequence[Start], top: int, ranks: Sequence[int]) -> Ints:
    """Return the vectors at these places of the list that :func:`list_vectors` would give.

    Raises
    ------
    OverflowError
        When the tables of counts would not fit in memory.
    """
    inside = _reachable_totals(starts, top)
    n, e = max(s.n for s in inside), max(s.total for s in inside)
    if (n + 1) * (e + 1) * (top + 1) > MOST_CELLS:
        raise OverflowError
    tables = _tables(n, e, top)
    ends = list(accumulate(int(tables[-1][s.n, s.total]) for s in inside))
    picked = np.zeros((len(ranks), top + 1), dtype=np.int64)
    for row, rank in zip(picked, ranks, strict=True):
        which = bisect_right(ends, rank)
        n, e = inside[which][:2]
        rank -= ends[which - 1] if which else 0
        for weight in range(top, 1, -1):
            first = max(e - (weight - 1) * n, 0)
            taken = np.arange(first, e // weight + 1)
            reached = np.cumsum(tables[weight - 1][n - taken, e - weight * taken])
            place = int(np.searchsorted(reached, rank, side="right"))
            rank -= int(reached[place - 1]) if place else 0
            row[top - weight] = first + place
            n, e = n - first - place, e - weight * (first + place)
        row[top] = n - e
        if top:
            row[top - 1] = e
    return picked


def _outer(start: Start, top: int) -> tuple[list[tuple[int, int, int]], int]:
    """Return the scores in the order they are settled, each with the range left, and its low end.

    The score farthest from the mean comes first, because it uses up the squares fastest; four
    neighbouring scores are left for a closed formula.
    """
    low, high, steps = 0, top, []
    while high - low > 3:
        if (high + low) * start.n >= 2 * start.total:
            high -= 1
            steps.append((high + 1, low, high))
        else:
            low += 1
            steps.append((low - 1, low, high))
    return steps, low


def _walk(
    state: Ints, steps: Sequence[tuple[int, int, int]], depth: int, held: list[int]
) -> Iterator[Ints]:
    """Give, in pieces, every way to settle the outer scores.

    Rows of ``state`` are n, total, least, most and then the counts taken so far.
    """
    held[0] += state.shape[1]
    if held[0] > MOST_STATES:
        raise OverflowError
    if depth == len(steps) or not state.size:
        if state.size:
            yield state
        return
    score, low, high = steps[depth]
    n, e = state[0], state[1]
    if score > high:
        first, last = e - high * n, (e - low * n) // (score - low)
    else:
        first, last = low * n - e, (high * n - e) // (high - score)
    first = np.maximum(first, 0)
    size = np.maximum(last - first + 1, 0)
    piece = (np.cumsum(size) - 1) // CHUNK
    for start in np.flatnonzero(np.diff(piece, prepend=-1)):
        rows = slice(start, start + int(np.searchsorted(piece[start:], piece[start], "right")))
        part = size[rows]
        parent = np.repeat(np.arange(part.size), part)
        taken = np.arange(parent.size) - np.repeat(np.cumsum(part) - part - first[rows], part)
        new = np.vstack([state[:, rows][:, parent], taken])
        new[:4] -= np.stack([taken, score * taken, score**2 * taken, score**2 * taken])
        left, total = new[0], new[1] - low * new[0]
        shift = low * low * left - 2 * low * new[1]
        keep = (fewest_squares(left, total) <= new[3] + shift) & (
            most_squares(total, high - low) >= new[2] + shift
        )
        yield from _walk(new[:, keep], steps, depth + 1, held)


def _inner_counts(state: Ints, low: int) -> tuple[Ints, Ints]:
    """Return the states on the scores 0 to 3, and how many vectors each allows there.

    With h = c2 + 3 c3 = (squares - total) / 2 the other counts follow from c3, which gives
    max(0, (2h - total) / 3) <= c3 <= min(h / 3, n - total + h).
    """
    n = state[0]
    shift = low * low * n - 2 * low * state[1]
    inner = np.stack([n, state[1] - low * n, state[2] + shift, state[3] + shift])
    e = inner[1]
    first, last = np.maximum((inner[2] - e) // 2, 0), (inner[3] - e) // 2
    ways_each = np.zeros_like(n)
    for step in range(int((last - first).max(initial=-1)) + 1):
        h = first + step
        ways = np.minimum(h // 3, n - e + h) - np.maximum(-((e - 2 * h) // 3), 0) + 1
        ways_each += np.where(h <= last, np.maximum(ways, 0), 0)
    return inner, ways_each


def _settled(starts: Sequence[Start], top: int) -> Iterator[tuple[Ints, Ints, Ints]]:
    """Give pieces of (outer counts taken, inner states, how many vectors each)."""
    steps, low = _outer(starts[0], top)
    state = np.array(starts, dtype=np.int64).T.copy()
    for part in _walk(state, steps, 0, [0]):
        inner, ways = _inner_counts(part, low)
        yield part[4:], inner, ways


def count_squares(starts: Sequence[Start], top: int) -> int:
    """Count the vectors of all starts by size, total and sum of squares, without listing them.

    Raises
    ------
    OverflowError
        When even the partial vectors are too many.
    """
    if top < 3:
        listed = list_vectors(starts, top, squares=True)
        return 0 if listed is None else len(listed)
    return sum(int(ways.sum()) for _, _, ways in _settled(starts, top)) if starts else 0


def pick_squares(starts: Sequence[Start], top: int, ranks: Sequence[int]) -> Ints:
    """Return the vectors at these (sorted) places of a fixed order of all vectors, for top >= 3."""
    steps, low = _outer(starts[0], top)
    picked = np.zeros((len(ranks), top + 1), dtype=np.int64)
    placed, before = 0, 0
    for taken, inner, ways in _settled(starts, top):
        ends, listed, rows = np.cumsum(ways), -1, None
        while placed < len(ranks) and ranks[placed] - before < int(ends[-1]):
            place = int(np.searchsorted(ends, ranks[placed] - before, side="right"))
            rest = ranks[placed] - before - (int(ends[place - 1]) if place else 0)
            if place != listed:
                rows = list_vectors([Start(*inner[:, place].tolist())], 3, squares=True)
                listed = place
            if rows is not None:
                picked[placed, low : low + 4] = rows[rest]
            for (score, _, _), count in zip(steps, taken[:, place], strict=True):
                picked[placed, score] = count
            placed += 1
        before += int(ends[-1])
    return picked


State = tuple[int, int, int, int, int]


def _fits(state: State) -> bool | None:
    """Tell whether whole numbers like this exist; None where that takes a search."""
    n, total, least, most, top = state
    if not 0 <= total <= top * n or least > most:
        return False
    if fewest_squares(n, total) > most or most_squares(total, top) < least:
        return False
    if n < 2 or top < 3:
        # On 0 to 2 every sum of squares of the right parity between those two is reached.
        return True
    if n == 2:
        gap = min(isqrt(2 * most - total * total), total, 2 * top - total)
        gap -= (gap - total) % 2
        return gap >= 0 and gap * gap >= 2 * least - total * total
    return None


def _children(state: State) -> Iterator[State]:
    """Take away the largest number, largest first."""
    n, total, least, most, top = state
    largest = (total + isqrt((n - 1) * (n * most - total * total))) // n
    for value in range(min(top, largest, total), -(-total // n) - 1, -1):
        square = value * value
        if most_squares(total - value, value) < least - square:
            return
        yield n - 1, total - value, least - square, most - square, value


def reachable(start: Start, top: int) -> bool:
    """Tell whether n whole numbers from 0 to ``top`` have this total and such a sum of squares.

    A depth-first search over the numbers, largest first, cut wherever the rest cannot fit. The
    parity must have been settled before.
    """
    seen: set[State] = set()
    stack: list[Iterator[State]] = [iter([(*start, top)])]
    while stack:
        state = next(stack[-1], None)
        if state is None:
            stack.pop()
        elif state not in seen:
            seen.add(state)
            verdict = _fits(state)
            if verdict:
                return True
            if verdict is None:
                stack.append(_children(state))
    return False


#: How far a mean with its standard deviation got before it failed, in this order.
STEPS = ("mean", "scale", "single", "squares", "parity", "spread", "ok")


class Plan(NamedTuple):
    """What is asked for, on the scores that may occur, less the counts that are fixed."""

    starts: list[Start]
    top: int
    first: int
    levels: int
    base: NDArray[np.int64]
    squares: bool

    def widen(self, inner: NDArray[np.int64]) -> NDArray[np.int64]:
        """Put the free counts back among the fixed ones and the scores that may not occur."""
        full = np.tile(self.base, (len(inner), 1))
        full[:, self.first : self.first + self.top + 1] += inner
        return full


def make_plan(
    mean: str,
    n: int,
    scale: tuple[int, int],
    rounding: str,
    sd: str | None,
    sd_rounding: str | None,
    sd_divisor: str,
    minimum: float | None,
    maximum: float | None,
    at_least: Mapping[float, int] | None,
    missing: int,
    step: float = 1,
) -> Plan:
    """Check what was passed and turn it into sizes, totals and squares on scores 0 to top."""
    low, high, size = check_steps(scale, step)  # scores are from here on 0 to high
    lowest = Fraction(low)
    n, missing = check_n(n), check_n(missing, "missing", 0)
    need_option("sd_divisor", sd_divisor, DIVISORS)
    base = np.zeros(high + 1, np.int64)

    def place(name: str, score: float, start: int = 0) -> int:
        return _on_scale(name, score, lowest, size, range(start, high + 1))

    for score, count in (at_least or {}).items():
        base[place("at_least", score)] = check_n(count, "at_least", 0)
    first = 0 if minimum is None else place("minimum", minimum)
    last = high if maximum is None else place("maximum", maximum, first)
    for end, given in ((first, minimum), (last, maximum)):
        if given is not None:
            base[end] = max(1, base[end])
    ends = [
        (
            in_steps(center, low, size),
            None if spread is None else in_steps(spread, 0, size),
        )
        for center, spread in rule_pairs(mean, rounding, sd, sd_rounding)
    ]
    fixed = int(base.sum())
    weights = np.arange(-first, high - first + 1)
    used, used_squares = int(base @ weights), int(base @ weights**2)
    starts = []
    beyond = int(base[:first].sum() + base[last + 1 :].sum())
    for answers in range(n, max(n - missing, 1) - 1, -1):
        squares_of: dict[int, tuple[int, int]] = {}
        for interval, spread in ends:
            for total in whole_numbers(interval, answers):
                moved = total - first * answers
                if not 0 <= moved <= (last - first) * answers or beyond or fixed > answers:
                    continue
                squares = range(0, 1)
                if spread is not None:
                    squares = square_range(answers, moved, spread, sd_divisor)
                    squares = of_parity(squares, moved)
                if squares:
                    # All these intervals hold the printed value, so their union has no gap.
                    least, most = squares_of.get(moved, (squares[0], squares[-1]))
                    squares_of[moved] = min(least, squares[0]), max(most, squares[-1])
        starts += [
            Start(answers - fixed, total - used, least - used_squares, most - used_squares)
            for total, (least, most) in sorted(squares_of.items())
        ]
    return Plan(starts, last - first, first, high + 1, base, sd is not None)


def _on_scale(name: str, score: float, lowest: Fraction, size: Fraction, allowed: range) -> int:
    """Return how many steps lead to a score."""
    number = isinstance(score, int | float | np.number) and not isinstance(score, bool)
    steps = (Fraction(str(score)) - lowest) / size if number and score == score else Fraction(-1)
    if steps.denominator != 1 or int(steps) not in allowed:
        low, high = (float(lowest + end * size) for end in (allowed[0], allowed[-1]))
        ends = {"low": f"{low:g}", "high": f"{high:g}"}
        raise ScaleError(text("implied.off_scale", name=name, value=score, **ends))
    return int(steps)


def rule_pairs(
    mean: str, rounding: str, sd: str | None, sd_rounding: str | None
) -> list[tuple[Interval, Interval | None]]:
    """Return what mean and standard deviation stand for together, one pair for each way to cut them.

    The deviation is cut like the mean unless it has a rule of its own, also within ``"any"``.
    """
    rules: Sequence[str] = (rounding,)
    if rounding == "any" and sd is not None and sd_rounding is None:
        rules = RULES
    return [
        (unround(mean, rule), None if sd is None else unround(sd, sd_rounding or rule))
        for rule in rules
    ]


def grimmer_step(
    mean: str,
    sd: str,
    n: int,
    scale: tuple[int, int] | None,
    rounding: str,
    sd_rounding: str | None,
    sd_divisor: str,
    items: int,
    size: float = 1,
) -> str:
    """Return the last of the steps that some total and rule reach: ``ok``, or what is missing."""
    n, items = check_n(n), check_n(items, "items")
    need_option("sd_divisor", sd_divisor, DIVISORS)
    low, high, exact = (0, 0, check_step(size)) if scale is None else check_steps(scale, size)
    reached = 0
    for center, spread in rule_pairs(mean, rounding, sd, sd_rounding):
        if spread is None:
            continue
        wide = in_steps(spread, 0, exact / items)
        for total in whole_numbers(in_steps(center, low, exact), n * items):
            moved = total % n if scale is None else total
            if scale is not None and not 0 <= moved <= high * items * n:
                step = "scale"
            elif n == 1 and sd_divisor == "n-1":
                step = "single"
            else:
                top = None if scale is None else high * items
                step = _spread_step(n, moved, square_range(n, moved, wide, sd_divisor), top)
            if step == "ok":
                return step
            reached = max(reached, STEPS.index(step))
    return STEPS[reached]


def _spread_step(n: int, total: int, squares: range, top: int | None) -> str:
    """Look for whole numbers with this total and one of these sums of squares."""
    if not squares:
        return "squares"
    even = of_parity(squares, total)
    if not even:
        return "parity"
    lift = 0
    if top is None:
        room = (n - 1) * (n * even[-1] - total * total)
        if room < 0:
            return "spread"
        # No number can be farther from the mean than this.
        lift = (isqrt(room) - total) // n
        top = (total + isqrt(room)) // n + lift
    shift = 2 * lift * total + lift * lift * n
    start = Start(n, total + lift * n, even[0] + shift, even[-1] + shift)
    return "ok" if reachable(start, top) else "spread"
