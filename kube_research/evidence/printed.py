"""Printed numbers: what they stand for, and how an exact value is printed. Exact arithmetic only."""

from __future__ import annotations

import operator
import re
from fractions import Fraction
from typing import NamedTuple

from kube_research.errors import OptionError, PrintedNumberError, ScaleError
from kube_research.texts import text

#: The ways a number may have been cut to its printed digits.
RULES = ("half-up", "half-even", "truncate", "ceil")

_PRINTED = re.compile(r"-?[0-9]+(?:\.([0-9]+))?")


class Interval(NamedTuple):
    """Every exact value that prints as a given number: from low to high, ends in or out."""

    low: Fraction
    high: Fraction
    low_in: bool
    high_in: bool

    def __contains__(self, value: object) -> bool:
        if not isinstance(value, int | Fraction):
            return False
        above = value >= self.low if self.low_in else value > self.low
        below = value <= self.high if self.high_in else value < self.high
        return above and below


def parse_printed(value: str) -> tuple[Fraction, int]:
    """Return a printed number as a fraction, and how many decimals it prints.

    Parameters
    ----------
    value : str
        Digits with a decimal point, such as ``"2.40"``.

    Returns
    -------
    (Fraction, int)

    Raises
    ------
    kube_research.errors.PrintedNumberError
        If it is not text, or not a number with a decimal point.

    Examples
    --------
    >>> parse_printed("2.40")
    (Fraction(12, 5), 2)
    """
    if not isinstance(value, str):
        raise PrintedNumberError(text("error.number_as_float", value=value))
    digits = _PRINTED.fullmatch(value)
    if digits is None:
        raise PrintedNumberError(text("error.not_printed", value=value))
    return Fraction(value), len(digits.group(1) or "")


def unround(value: str, rounding: str = "half-up") -> Interval:
    """Return the interval of exact values that a printed number stands for.

    Parameters
    ----------
    value : str
        The printed number with all its digits.
    rounding : {"half-up", "half-even", "truncate", "ceil", "any"}
        How it was cut. ``half-up`` rounds halves away from zero, ``truncate`` cuts towards zero,
        ``ceil`` rounds towards plus infinity. ``any`` is the union of the four, which is an
        interval too, because the printed value itself is in all of them.

    Returns
    -------
    Interval
        Exact ends, each included or not.

    Raises
    ------
    kube_research.errors.PrintedNumberError, kube_research.errors.OptionError

    Notes
    -----
    Checked against brute force over all fractions with small denominators (tests), using Python's
    ``decimal`` module as the outside arithmetic.

    Examples
    --------
    >>> unround("2.46", "truncate")
    Interval(low=Fraction(123, 50), high=Fraction(247, 100), low_in=True, high_in=False)
    """
    exact, decimals = parse_printed(value)
    unit = Fraction(1, 10**decimals)
    half = unit / 2
    _check_rule(rounding, *RULES, "any")
    if rounding == "any":
        ends = [unround(value, rule) for rule in RULES]
        low, high = min(end.low for end in ends), max(end.high for end in ends)
        return Interval(
            low,
            high,
            any(end.low_in for end in ends if end.low == low),
            any(end.high_in for end in ends if end.high == high),
        )
    if rounding == "ceil":
        return Interval(exact - unit, exact, False, True)
    if rounding == "truncate":
        if exact > 0:
            return Interval(exact, exact + unit, True, False)
        if exact < 0:
            return Interval(exact - unit, exact, False, True)
        return Interval(-unit, unit, False, False)
    if rounding == "half-even":
        even = (exact / unit).numerator % 2 == 0
        return Interval(exact - half, exact + half, even, even)
    if exact > 0:
        return Interval(exact - half, exact + half, True, False)
    if exact < 0:
        return Interval(exact - half, exact + half, False, True)
    return Interval(-half, half, False, False)


def print_number(value: Fraction, decimals: int, rounding: str = "half-up") -> str:
    """Print an exact value with so many decimals under a rounding rule.

    Examples
    --------
    >>> print_number(Fraction(37, 15), 2, "truncate"), print_number(Fraction(37, 15), 2)
    ('2.46', '2.47')
    """
    _check_rule(rounding, *RULES)
    scaled = value * 10**decimals
    whole = scaled.numerator // scaled.denominator
    rest = scaled - whole
    if rounding == "truncate":
        units = whole + (1 if value < 0 and rest else 0)
    elif rounding == "ceil":
        units = whole + (1 if rest else 0)
    elif rounding == "half-even":
        units = round(scaled)
    else:
        up = rest > Fraction(1, 2) or (rest == Fraction(1, 2) and value > 0)
        units = whole + (1 if up else 0)
    sign, digits = ("-" if units < 0 else ""), str(abs(units)).rjust(decimals + 1, "0")
    return sign + (f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits)


def whole_numbers(interval: Interval, times: int | Fraction) -> range:
    """Return the whole numbers that lie in an interval multiplied by a positive number.

    Examples
    --------
    >>> list(whole_numbers(unround("2.46", "truncate"), 15))
    [37]
    """
    low, high = interval.low * times, interval.high * times
    first = -(-low.numerator // low.denominator)
    last = high.numerator // high.denominator
    if not interval.low_in and first == low:
        first += 1
    if not interval.high_in and last == high:
        last -= 1
    return range(first, max(first, last + 1))


def check_scale(scale: tuple[int, int]) -> tuple[int, int]:
    """Return the scale as two whole numbers, or raise ScaleError."""
    try:
        low, high = (int(end) for end in scale)
    except (TypeError, ValueError):
        raise ScaleError(text("error.scale", value=scale)) from None
    if low >= high or (low, high) != tuple(scale):
        raise ScaleError(text("error.scale", value=scale))
    return low, high


def check_n(value: object, name: str = "n", least: int = 1) -> int:
    """Return a whole number of at least ``least``, or raise OptionError naming the argument."""
    try:
        number = int(operator.index(value))  # type: ignore[arg-type]
    except TypeError:
        whole = isinstance(value, float) and value.is_integer()
        number = int(value) if whole else least - 1  # type: ignore[call-overload]
    if number < least or isinstance(value, bool):
        key = "error.positive_n" if name == "n" else "implied.whole"
        raise OptionError(text(key, name=name, least=least, value=value))
    return number


def _check_rule(rounding: str, *allowed: str) -> None:
    if rounding not in allowed:
        listed = ", ".join(allowed)
        raise OptionError(text("error.option", name="rounding", value=rounding, allowed=listed))
