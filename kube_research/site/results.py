"""Results as counts: 15 of 18 people, beside or instead of the percentage that follows from them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, localcontext
from fractions import Fraction
from numbers import Real
from typing import TYPE_CHECKING, Any

from kube_research.site.schema import COUNTS, PERCENT

if TYPE_CHECKING:
    import pandas as pd

#: Rounding rules in the words of the decimal module.
_RULES = {
    "half-up": "ROUND_HALF_UP",
    "half-even": "ROUND_HALF_EVEN",
    "truncate": "ROUND_DOWN",
    "ceil": "ROUND_CEILING",
}
#: A percentage so many times its partner has probably lost its decimal point.
_FAR = 5


def broken_counts(outcomes: pd.DataFrame) -> Iterator[tuple[Any, str, str, dict[str, object]]]:
    """Yield the results whose counts and percentages cannot both hold: row, column, rule, words.

    Parameters
    ----------
    outcomes : DataFrame
        Cells of text, or typed ones; what is not a plain number must be blank.

    Examples
    --------
    >>> import pandas as pd
    >>> cells = {"achieved_pct": ["85"], "achieved_n": ["15"], "achieved_of": ["18"]}
    >>> [(column, code) for _, column, code, _ in broken_counts(pd.DataFrame(cells))]
    [('achieved_pct', 'percent_counts')]
    """
    for row, n, of, printed, how in _results(outcomes):
        if n is not None and of is None:
            yield row, COUNTS[1], "count_half", {"n": n}
        if n is None or not of:
            continue
        exact = Fraction(100 * n, of)
        words: dict[str, object] = dict.fromkeys(("near", "exact"), _plain(exact)) | {
            "n": n,
            "of": of,
        }
        if printed is None:
            if n > of:
                yield row, COUNTS[0], "count_over", words
        elif not _agree(exact, printed, how):
            yield row, PERCENT, "percent_counts", words


def doubtful_percents(
    outcomes: pd.DataFrame, rounding: str
) -> Iterator[tuple[Any, str, str, dict[str, object], str]]:
    """Yield percentages that are probably meant otherwise: row, column, rule, words, severity.

    A percentage that no count out of ``achieved_of`` prints as (under ``rounding``) is a finding; a
    fraction (0.83 beside a target of 80) and a lost decimal point are warnings.
    """
    for row, n, of, printed, how in _results(outcomes):
        if not of or printed is None or how not in ("", "="):
            continue
        near = Fraction(printed) * of / 100
        able = [n] if n is not None else [int(near) + step for step in (-1, 0, 1, 2)]
        exactly = [Fraction(100 * count, of) for count in able if count >= 0]
        rules = (rounding, "half-up")
        if not any(_prints_as(exact, printed, rule) for exact in exactly for rule in rules):
            code = "percent_of" if n is None else "percent_rounding"
            below, above = (_plain(Fraction(100 * (int(near) + step), of)) for step in (0, 1))
            exact = "" if n is None else _plain(Fraction(100 * n, of))
            words: dict[str, object] = {"n": n, "of": of, "exact": exact, "rounding": rounding}
            yield row, PERCENT, code, {**words, "below": below, "above": above}, "finding"
    names = [name for name in ("target_pct", PERCENT) if name in outcomes]
    for row, cells in zip(outcomes.index, outcomes[names].to_dict("records"), strict=True):
        values = {name: _number(cell) for name, cell in cells.items()}
        for name, value in values.items():
            others = [other for key, other in values.items() if key != name and other]
            if value and value <= 1 and all(other > 10 * value or other <= 1 for other in others):
                words = {"near": _plain(100 * Fraction(value)), "read": str(value)}
                yield row, str(name), "percent_fraction", words, "warning"
            elif value and value > 100 and any(1 < other * _FAR <= value for other in others):
                words = {"near": _plain(Fraction(value) / (100 if value >= 1000 else 10))}
                yield row, str(name), "percent_far", words, "warning"


def _results(
    outcomes: pd.DataFrame,
) -> Iterator[tuple[Any, int | None, int | None, Decimal | None, str]]:
    """Yield of each result its row, count, of how many, percentage as printed, and sign."""
    if COUNTS[1] not in outcomes:
        return
    wanted = [*COUNTS, PERCENT, "achieved_comparison"]
    cells = outcomes.reindex(columns=wanted).itertuples(name=None)
    for row, n, of, printed, how in cells:
        whole = [None if (number := _number(cell)) is None else int(number) for cell in (n, of)]
        yield row, whole[0], whole[1], _number(printed), how if isinstance(how, str) else ""


def _number(cell: Any) -> Decimal | None:
    """Return a filled cell as it is printed; 83.0 of a typed column counts as 83."""
    if isinstance(cell, str):
        return Decimal(cell)
    if not isinstance(cell, Real) or cell != cell:
        return None
    return Decimal(repr(float(cell)).removesuffix(".0"))


def _unit(printed: Decimal) -> Fraction:
    """Return what the last printed digit stands for."""
    return Fraction(10) ** int(printed.as_tuple().exponent)


def _agree(exact: Fraction, printed: Decimal, how: str) -> bool:
    """Tell whether some way of rounding prints a percentage so; of "more than", whether it holds."""
    match how:
        case ">":
            return exact > Fraction(printed)
        case ">=":
            return exact >= Fraction(printed)
        case "about":
            return True
    return abs(exact - Fraction(printed)) < _unit(printed)


def _prints_as(exact: Fraction, printed: Decimal, rounding: str) -> bool:
    if rounding not in _RULES:  # any of them
        return abs(exact - Fraction(printed)) < _unit(printed)
    with localcontext() as arithmetic:
        arithmetic.prec = 60  # more than the digits of any tie
        value = Decimal(exact.numerator) / Decimal(exact.denominator)
        step = Decimal(1).scaleb(int(printed.as_tuple().exponent))
        return value.quantize(step, rounding=_RULES[rounding]) == printed


def _plain(exact: Fraction) -> str:
    """Write a percentage with at most one decimal."""
    return f"{float(exact):.1f}".removesuffix(".0")
