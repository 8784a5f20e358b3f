"""Printed numbers turned into sizes, totals and sums of squares on scores 0 to top."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kube_research.errors import OptionError, ScaleError
from kube_research.printed import RULES, Interval, check_n, check_scale, unround, whole_numbers
from kube_research.texts import text
from kube_research.vectors import Start, of_parity, reachable, square_range

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
    minimum: int | None,
    maximum: int | None,
    at_least: Mapping[int, int] | None,
    missing: int,
) -> Plan:
    """Check what was passed and turn it into sizes, totals and squares on scores 0 to top."""
    low, high = check_scale(scale)
    n, missing = check_n(n), check_n(missing, "missing", 0)
    check_divisor(sd_divisor)
    base = np.zeros(high - low + 1, np.int64)
    for score, count in (at_least or {}).items():
        base[_on_scale("at_least", score, low, high) - low] = check_n(count, "at_least", 0)
    first = low if minimum is None else _on_scale("minimum", minimum, low, high)
    last = high if maximum is None else _on_scale("maximum", maximum, first, high)
    for end in (minimum, maximum):
        if end is not None:
            base[end - low] = max(1, base[end - low])
    ends = rule_pairs(mean, rounding, sd, sd_rounding)
    fixed = int(base.sum())
    weights = np.arange(low - first, high - first + 1)
    used, used_squares = int(base @ weights), int(base @ weights**2)
    starts = []
    beyond = int(base[: first - low].sum() + base[last - low + 1 :].sum())
    for answers in range(n, max(n - missing, 1) - 1, -1):
        found: dict[int, tuple[int, int]] = {}
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
                    least, most = found.get(moved, (squares[0], squares[-1]))
                    found[moved] = min(least, squares[0]), max(most, squares[-1])
        starts += [
            Start(answers - fixed, t - used, found[t][0] - used_squares, found[t][1] - used_squares)
            for t in sorted(found)
        ]
    return Plan(starts, last - first, first - low, high - low + 1, base, sd is not None)


def _on_scale(name: str, score: int, low: int, high: int) -> int:
    if isinstance(score, bool) or score not in range(low, high + 1):
        raise ScaleError(text("implied.off_scale", name=name, value=score, low=low, high=high))
    return int(score)


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


def check_divisor(sd_divisor: str) -> None:
    """Raise OptionError unless the divisor of a variance is one that is known."""
    if sd_divisor not in ("n-1", "n"):
        allowed = "'n-1', 'n'"
        raise OptionError(
            text("error.option", name="sd_divisor", value=sd_divisor, allowed=allowed)
        )


def grimmer_step(
    mean: str,
    sd: str,
    n: int,
    scale: tuple[int, int] | None,
    rounding: str,
    sd_rounding: str | None,
    sd_divisor: str,
    items: int,
) -> str:
    """Return the last of the steps that some total and rule reach: ``ok``, or what is missing."""
    n, items = check_n(n), check_n(items, "items")
    check_divisor(sd_divisor)
    low, high = (0, 0) if scale is None else check_scale(scale)
    reached = 0
    for center, spread in rule_pairs(mean, rounding, sd, sd_rounding):
        if spread is None:
            continue
        wide = Interval(spread.low * items, spread.high * items, spread.low_in, spread.high_in)
        for total in whole_numbers(center, n * items):
            moved = total % n if scale is None else total - low * items * n
            if scale is not None and not 0 <= moved <= (high - low) * items * n:
                step = "scale"
            elif n == 1 and sd_divisor == "n-1":
                step = "single"
            else:
                top = None if scale is None else (high - low) * items
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
