"""Scores counted in steps: from the lowest score, how many steps lead to one."""

from __future__ import annotations

from fractions import Fraction

from kube_research.errors import ScaleError
from kube_research.evidence.printed import Interval, check_scale
from kube_research.texts import text


def check_step(step: float) -> Fraction:
    """Return the step between two scores exactly as it is written, or raise ScaleError."""
    try:
        exact = Fraction(str(step))
    except (ValueError, ZeroDivisionError):
        exact = Fraction(0)
    if exact <= 0:
        raise ScaleError(text("error.step", value=step, scale=""))
    return exact


def check_steps(scale: tuple[int, int], step: float = 1) -> tuple[int, int, Fraction]:
    """Return the lowest score, how many steps lead to the highest, and the step, or raise ScaleError.

    Examples
    --------
    >>> check_steps((1, 4), 0.5)
    (1, 6, Fraction(1, 2))
    """
    low, high = check_scale(scale)
    exact = check_step(step)
    steps = (high - low) / exact
    if steps.denominator != 1:
        raise ScaleError(text("error.step", value=step, scale=f"{low}-{high}"))
    return low, int(steps), exact


def in_steps(interval: Interval, low: int, step: Fraction) -> Interval:
    """Measure an interval of scores in steps from the lowest score."""
    ends = (interval.low - low) / step, (interval.high - low) / step
    return Interval(*ends, interval.low_in, interval.high_in)
