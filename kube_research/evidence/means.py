"""What a printed number implies, in exact arithmetic."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import TYPE_CHECKING

from kube_research.errors import OptionError, ScaleError
from kube_research.evidence.printed import (
    RULES,
    Interval,
    check_n,
    check_scale,
    parse_printed,
    print_number,
    unround,
    whole_numbers,
)
from kube_research.texts import text

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "RULES",
    "Interval",
    "check_scale",
    "consistent_n",
    "grim",
    "means_audit",
    "parse_printed",
    "possible_totals",
    "print_number",
    "sd_bounds",
    "unround",
]


def possible_totals(
    mean: str,
    n: int,
    *,
    rounding: str = "half-up",
    scale: tuple[int, int] | None = None,
    items: int = 1,
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
        Lowest and highest score; totals that the scores cannot reach are left out.
    items : int
        How many whole-number answers each rater's score is the mean of; the total is over all
        ``n * items`` answers.

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
    fractions instead of floating-point windows. Checked against brute force with Python's
    ``decimal`` module and against the examples of that paper and of the R package scrutiny.

    Examples
    --------
    >>> possible_totals("2.46", 15, rounding="truncate"), possible_totals("2.46", 15)
    ([37], [])
    """
    answers = check_n(n) * check_n(items, "items")
    found = whole_numbers(unround(mean, rounding), answers)
    if scale is not None:
        low, high = check_scale(scale)
        found = range(max(found.start, answers * low), min(found.stop, answers * high + 1))
    return list(found)


def grim(
    mean: str,
    n: int,
    *,
    rounding: str = "half-up",
    scale: tuple[int, int] | None = None,
    items: int = 1,
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
    return bool(possible_totals(mean, n, rounding=rounding, scale=scale, items=items))


def consistent_n(
    means: Iterable[str] = (),
    up_to: int | Iterable[int] = 60,
    *,
    rounding: str = "half-up",
    percents: Iterable[str] = (),
    items: int = 1,
) -> list[int]:
    """Return every number of raters for which all the printed numbers are possible at once.

    Parameters
    ----------
    means : iterable of str
        Printed means of whole-number scores by the same raters.
    up_to : int or iterable of int
        Largest number of raters to try, or the numbers to try, such as ``range(10, 41)``.
    rounding : str
        Rounding rule, or ``"any"``: then each number may follow any of the four.
    percents : iterable of str
        Printed percentages of the same raters.
    items : int
        How many whole-number answers each rater's score is the mean of.

    Returns
    -------
    list of int
        Sorted, each once.

    Raises
    ------
    kube_research.errors.PrintedNumberError, kube_research.errors.OptionError
        Also when ``means`` is one text instead of several.

    Examples
    --------
    >>> six = ["2.46", "2.33", "2.40", "2.46", "2.20", "2.26"]
    >>> consistent_n(six, rounding="truncate")
    [15, 30, 45, 60]
    >>> consistent_n(six, range(10, 41), rounding="truncate"), consistent_n(percents=["70", "95"])
    ([15, 30], [20, 37, 40, 43, 44, 56, 57, 60])
    """
    if isinstance(means, str) or isinstance(percents, str):
        raise OptionError(text("implied.several", value=means or percents))
    numbers = [(unround(mean, rounding), check_n(items, "items")) for mean in means]
    shares = [unround(percent, rounding) for percent in percents]
    tried = range(1, check_n(up_to) + 1) if isinstance(up_to, int) else up_to

    def able(n: int) -> bool:
        return all(whole_numbers(interval, n * k) for interval, k in numbers) and all(
            any(0 <= count <= n for count in whole_numbers(interval, Fraction(n, 100)))
            for interval in shares
        )

    return [n for n in sorted({check_n(n) for n in tried}) if able(n)]


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
    if check_n(n) < 2 or not n * low <= total <= n * high:
        raise ScaleError(text("error.total_off_scale", total=total, n=n, low=low, high=high))
    base, more = divmod(total, n)
    least = more * (base + 1) ** 2 + (n - more) * base**2
    tops, rest = divmod(total - n * low, high - low)
    most = tops * high**2 + (n - tops) * low**2
    if rest:
        most += (low + rest) ** 2 - low**2
    spread = [Fraction(squares * n - total**2, n * (n - 1)) for squares in (least, most)]
    return float(spread[0]) ** 0.5, float(spread[1]) ** 0.5
