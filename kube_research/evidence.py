"""What a printed number implies, in exact arithmetic."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from kube_research.errors import OptionError, PrintedNumberError, ScaleError
from kube_research.texts import text

if TYPE_CHECKING:
    import pandas as pd

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
    found = _PRINTED.fullmatch(value)
    if found is None:
        raise PrintedNumberError(text("error.not_printed", value=value))
    return Fraction(value), len(found.group(1) or "")


def unround(value: str, rounding: str = "half-up") -> Interval:
    """Return the interval of exact values that a printed number stands for.

    Parameters
    ----------
    value : str
        The printed number with all its digits.
    rounding : {"half-up", "half-even", "truncate", "ceil"}
        How it was cut. ``half-up`` rounds halves away from zero, ``truncate`` cuts towards zero,
        ``ceil`` rounds towards plus infinity.

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
    _check_rule(rounding)
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
    _check_rule(rounding)
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


def possible_totals(
    mean: str,
    n: int,
    *,
    rounding: str = "half-up",
    scale: tuple[int, int] | None = None,
) -> list[int]:
    """Return every whole-number total of ``n`` scores whose mean prints as ``mean``.

    Parameters
    ----------
    mean : str
        The printed mean.
    n : int
        Number of raters.
    rounding : str
        Rounding rule, or ``"any"`` for all four together.
    scale : (int, int), optional
        Lowest and highest score; totals outside ``n`` times these are left out.

    Returns
    -------
    list of int
        Sorted; empty when the mean is impossible.

    Raises
    ------
    kube_research.errors.PrintedNumberError, kube_research.errors.OptionError
    kube_research.errors.ScaleError

    Notes
    -----
    The idea is the GRIM test of Brown and Heathers (2017, doi:10.1177/1948550616673876), here with
    fractions instead of floating-point windows.

    Examples
    --------
    >>> possible_totals("2.46", 15, rounding="truncate"), possible_totals("2.46", 15)
    ([37], [])
    """
    n = _check_n(n)
    if scale is not None:
        check_scale(scale)
    totals: set[int] = set()
    for rule in RULES if rounding == "any" else (rounding,):
        interval = unround(mean, rule)
        first = -(-(interval.low * n).numerator // (interval.low * n).denominator)
        last = (interval.high * n).numerator // (interval.high * n).denominator
        totals |= {t for t in range(first, last + 1) if Fraction(t, n) in interval}
    if scale is not None:
        totals = {t for t in totals if n * scale[0] <= t <= n * scale[1]}
    return sorted(totals)


def grim(
    mean: str, n: int, *, rounding: str = "half-up", scale: tuple[int, int] | None = None
) -> bool:
    """Tell whether a printed mean can come from ``n`` whole-number ratings.

    Parameters and errors are those of :func:`possible_totals`.

    Returns
    -------
    bool

    Examples
    --------
    >>> grim("2.46", n=15, rounding="truncate"), grim("2.46", n=15, rounding="half-up")
    (True, False)
    """
    return bool(possible_totals(mean, n, rounding=rounding, scale=scale))


def consistent_n(means: Iterable[str], up_to: int = 60, *, rounding: str = "half-up") -> list[int]:
    """Return every number of raters for which all the printed means are possible at once.

    Parameters
    ----------
    means : iterable of str
        Printed means of whole-number scores by the same raters.
    up_to : int
        Largest number of raters to try.
    rounding : str
        Rounding rule, or ``"any"``: then each mean may follow any of the four.

    Returns
    -------
    list of int

    Examples
    --------
    >>> consistent_n(["2.46", "2.33", "2.40", "2.46", "2.20", "2.26"], rounding="truncate")
    [15, 30, 45, 60]
    """
    printed = list(means)
    return [
        n for n in range(1, up_to + 1) if all(grim(mean, n, rounding=rounding) for mean in printed)
    ]


def means_audit(item_means: pd.DataFrame, *, up_to: int = 60) -> pd.DataFrame:
    """Show which rounding rule and which number of raters the printed means allow.

    Parameters
    ----------
    item_means : DataFrame
        Columns ``mean`` (printed text) and ``n``, and ``round``.
    up_to : int
        Largest number of raters to try.

    Returns
    -------
    DataFrame
        One row per round and rule: ``means`` (how many), ``possible`` (how many are possible with the
        stated n), ``impossible`` (which are not), ``raters`` (every number of raters up to ``up_to``
        that allows all of them), ``evidence``.
    """
    import pandas as pd

    from kube_research.frames import need_columns

    need_columns(item_means, "round", "mean", "n")
    rows = []
    for number, part in item_means.groupby("round"):
        pairs = list(zip(part["mean"], part["n"].astype(int), strict=True))
        for rule in RULES:
            bad = [mean for mean, n in pairs if not grim(mean, n, rounding=rule)]
            able = consistent_n(part["mean"], up_to, rounding=rule)
            rows.append(
                {
                    "round": number,
                    "rounding": rule,
                    "means": len(pairs),
                    "possible": len(pairs) - len(bad),
                    "impossible": ", ".join(dict.fromkeys(bad)),
                    "raters": ", ".join(str(n) for n in able),
                    "evidence": "derived",
                }
            )
    return pd.DataFrame(rows)


def sd_bounds(total: int, n: int, scale: tuple[int, int]) -> tuple[float, float]:
    """Return the smallest and largest sample standard deviation that a total allows.

    Parameters
    ----------
    total : int
        Sum of the ``n`` whole-number scores.
    n : int
        Number of scores, at least 2.
    scale : (int, int)
        Lowest and highest score.

    Returns
    -------
    (float, float)
        With divisor ``n - 1``. Smallest: all scores within one point of each other. Largest: every
        score at an end of the scale, but at most one.

    Raises
    ------
    kube_research.errors.ScaleError
        If the total cannot be reached on the scale.

    Notes
    -----
    Among whole numbers with a fixed sum, the sum of squares is least when they are as equal as
    possible and greatest when they are as far apart as possible (majorisation). Checked against
    brute force over all count vectors in the tests.

    Examples
    --------
    >>> [round(end, 3) for end in sd_bounds(37, 15, (1, 4))]
    [0.516, 1.506]
    """
    low, high = check_scale(scale)
    if _check_n(n) < 2 or not n * low <= total <= n * high:
        raise ScaleError(text("error.total_off_scale", total=total, n=n, low=low, high=high))
    base, more = divmod(total, n)
    least = more * (base + 1) ** 2 + (n - more) * base**2
    tops, rest = divmod(total - n * low, high - low)
    most = tops * high**2 + (n - tops) * low**2
    if rest:
        most += (low + rest) ** 2 - low**2
    spread = [Fraction(squares * n - total**2, n * (n - 1)) for squares in (least, most)]
    return float(spread[0]) ** 0.5, float(spread[1]) ** 0.5


def check_scale(scale: tuple[int, int]) -> tuple[int, int]:
    """Return the scale as two whole numbers, or raise ScaleError."""
    try:
        low, high = (int(end) for end in scale)
    except (TypeError, ValueError):
        raise ScaleError(text("error.scale", value=scale)) from None
    if low >= high or (low, high) != tuple(scale):
        raise ScaleError(text("error.scale", value=scale))
    return low, high


def _check_n(n: int) -> int:
    if isinstance(n, bool) or int(n) != n or n < 1:
        raise OptionError(text("error.positive_n", value=n))
    return int(n)


def _check_rule(rounding: str) -> None:
    if rounding not in RULES:
        allowed = ", ".join(RULES)
        raise OptionError(text("error.option", name="rounding", value=rounding, allowed=allowed))
