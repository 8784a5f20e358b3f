"""Oracle: numbers printed with the decimal module."""

from __future__ import annotations

import decimal
from fractions import Fraction

DECIMAL = {
    "half-up": decimal.ROUND_HALF_UP,
    "half-even": decimal.ROUND_HALF_EVEN,
    "truncate": decimal.ROUND_DOWN,
    "ceil": decimal.ROUND_CEILING,
}


def by_decimal(value: Fraction, places: int, rule: str) -> str:
    """Print a fraction by one of our rules."""
    with decimal.localcontext(prec=80):
        exact = decimal.Decimal(value.numerator) / decimal.Decimal(value.denominator)
        done = exact.quantize(decimal.Decimal(1).scaleb(-places), rounding=DECIMAL[rule])
    return f"{done:f}".replace("-0.00", "0.00") if done == 0 else f"{done:f}"


def print_sd(scores: tuple[int, ...], places: int, rule: str, divisor: str) -> str | None:
    """Print the standard deviation of scores, if they have one."""
    n = len(scores)
    below = n if divisor == "n" else n - 1
    if below == 0:
        return None
    variance = Fraction(n * sum(x * x for x in scores) - sum(scores) ** 2, n * below)
    with decimal.localcontext(prec=60):
        root = (decimal.Decimal(variance.numerator) / decimal.Decimal(variance.denominator)).sqrt()
        if Fraction(round(root, 20)) ** 2 == variance:
            root = round(root, 20)
        return f"{root.quantize(decimal.Decimal(1).scaleb(-places), rounding=DECIMAL[rule]):f}"
