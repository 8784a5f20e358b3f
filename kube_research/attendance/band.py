"""A test whether a rate of attendance is compatible with a printed range such as "50-60 %".

The null hypothesis is that the true rate lies in the range, both ends included. It is two hypotheses
at once, "at least the low end" and "at most the high end", each tested on its own side at its own
end; p is twice the smaller of the two (at most 1), which keeps the level whatever the width of the
range. Where both ends are the same number this is the doubled two-sided test.

Readings of how people come are held side by side. ``group_t``: the groups are independent, whatever
happens within them, and their rates say how far chance moves the rate of all: t with as many degrees of
freedom as there are groups less one. ``group_sign_flip``: each group counts once, and under the null
hypothesis is as likely to lie above the end as below it by as much. ``independent``: every row stands
for itself (exact binomial). ``beta_binomial``, only where the intra-cluster correlation is given: people
of one group come together or stay away together as strongly as that says (Skellam 1948). A correlation
estimated from few groups is 0 too often to be put in here: the test would then be the independent one.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import lcm
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from kube_research.attendance.rates import (
    ATTENDED,
    cluster_codes,
    counted_units,
    effective_size,
    known_rows,
    labels,
    once_a_day,
    tally,
)
from kube_research.errors import OptionError
from kube_research.evidence.printed import Interval, check_n, unround
from kube_research.frames import documented, need_columns
from kube_research.levels import Floats
from kube_research.texts import text

Share: TypeAlias = float | str | Fraction
#: Clusters up to which every sign flip is told apart, however fine the rates.
EXACT_CLUSTERS = 20
METHODS = ("group_t", "group_sign_flip", "beta_binomial", "independent")


@documented
def band_test(
    attendance: pd.DataFrame,
    low: Share = 0.5,
    high: Share = 0.6,
    *,
    activities: pd.DataFrame | None = None,
    by: str | Sequence[str] | None = None,
    cluster: str | None = "group",
    icc: float | None = None,
    attended: str | Sequence[str] = ATTENDED,
    excused: str = "counted",
    confidence: float = 0.95,
    lang: str = "en",
) -> pd.DataFrame:
    """Test whether a rate of attendance is compatible with a range.

    Parameters
    ----------
    |attendance_list|
    low, high : float, Fraction or str
        The range, as shares: ``0.5``, ``"0.5"`` or ``"50%"``.
    |attendance_days|
    by : str, sequence of str or None
        Columns to break down by; None for one test of everything.
    cluster : str or None
        Column whose people come together or stay away together; ``"person"`` of whom only the days of
        one person are alike. People without a value are one cluster. None leaves only ``independent``.
    icc : float, optional
        Intra-cluster correlation, 0 to 1, for the beta-binomial test: one you know or wish to try.
    attended, excused
        As in :func:`~kube_research.attendance.rates.attendance_rates`.
    confidence : float
        A range is compatible while p is above 1 less this.
    |lang|

    Returns
    -------
    DataFrame
        One row per level and method: ``method``, ``n`` invited, ``attended``, ``unit`` (what ``n``
        counts), ``clusters``, ``rate``, ``inside`` (the observed rate lies in the range), ``icc``,
        ``p_below`` (one-sided: as few attended, were the true rate the low end), ``p_above`` (as many,
        were it the high end), ``p``, ``smallest_p`` (least p that so many people or clusters could
        give: where it is above 1 - ``confidence`` the method can contradict nothing; missing for t,
        which has no such end), ``compatible``, ``reason`` (why p is missing, or what the method passes
        over), ``few``, ``evidence``.

    |frame_errors|

    Notes
    -----
    ``group_t`` contradicts a rate exactly where the interval of
    :func:`~kube_research.attendance.rates.attendance_rates` by the same clusters leaves it out; in
    simulations it errs at most 3 times in 100 on a side where 2.5 are due, whatever the correlation
    (tests, ``docs/coverage.md``). The others are checked against ``scipy.stats.binomtest`` (one-sided)
    and against enumeration of all outcomes and of all sign flips. Five clusters allow 32 sign flips, so
    that p by them is never below 1/16; by t it can be.

    Examples
    --------
    >>> import kube_research as kr
    >>> site = kr.load_site("cibeunying-simulated")
    >>> tests = band_test(site.attendance, activities=site.activities)
    >>> tests[["method", "inside", "compatible"]].values.tolist()[0]
    ['group_t', True, True]
    """
    ends = _band(low, high)
    for value in (confidence, 0 if icc is None else icc):
        _share(value)
    need_columns(attendance, *([cluster] if cluster else []))
    known, keys = known_rows(attendance, by, attended, excused)
    unit = counted_units(attendance, activities, keys, None)[0]
    rows = once_a_day(known, activities, keys, cluster)
    levels = tally(rows, labels(known, keys), unit=unit)
    parts = dict(list(rows.groupby("_level")))
    tested: list[dict[Any, Any]] = []
    for level, row in enumerate(levels.to_dict("records")):
        x, n = row["attended"], row["n"]
        row["inside"] = bool(ends[0] <= Fraction(x, n) <= ends[1]) if n else pd.NA
        tests = _tests(parts.get(level, rows.iloc[:0]), ends, cluster, icc)
        tested += [
            row | {"icc": np.nan, "reason": pd.NA, "clusters": pd.NA} | test for test in tests
        ]
    columns = [*keys, "method", "n", "attended", "unit", "clusters", "rate", "inside", "icc"]
    columns += ["p_below", "p_above", "p", "smallest_p", "compatible", "reason", "few", "evidence"]
    frame = pd.DataFrame(tested, columns=columns)
    numbers = ["icc", "p_below", "p_above", "p", "smallest_p"]
    frame[numbers] = frame[numbers].astype("float64")
    frame["compatible"] = (frame["p"] > 1 - confidence).astype("boolean").mask(frame["p"].isna())
    frame["reason"] = frame["reason"].map(
        lambda key: text(f"attendance.reason.{key}", lang, cluster=cluster), na_action="ignore"
    )
    kinds = {"inside": "boolean", "clusters": "Int64", "few": "bool"}
    kinds |= dict.fromkeys(("method", "unit", "reason", "evidence"), "string")
    return frame.astype(kinds)


def _tests(
    rows: pd.DataFrame, ends: tuple[Fraction, Fraction], cluster: str | None, icc: float | None
) -> list[dict[str, Any]]:
    """Return every test of one level, each by its method."""
    n, x = len(rows), int(rows["_came"].sum())
    tests, counted = [], {}
    if cluster is not None:
        groups = rows["_came"].groupby(cluster_codes(rows, cluster)).agg(["sum", "size"])
        came, size = groups["sum"].tolist(), groups["size"].tolist()
        counted = {"clusters": len(groups)}
        tests = [_group_t(came, size, ends), _sign_flip(came, size, ends)]
        if icc is not None:
            tests.append(_tails(METHODS[2], _sums(size, ends, icc), x) | {"icc": icc})
    alone = _tails(METHODS[3], _sums([n], ends, 0.0), x)
    again = "person" in rows and len(cluster_codes(rows, "person").unique()) < n
    if again or counted.get("clusters", n) < n:
        alone["reason"] = "alone"
    tests.append(alone)
    if not n:
        tests = [{"method": test["method"], "reason": "nobody"} for test in tests]
    return [test | counted for test in tests]


def _group_t(
    came: Sequence[int], size: Sequence[int], ends: tuple[Fraction, Fraction]
) -> dict[str, Any]:
    """Hold the rate of all against both ends, its error from how the clusters differ."""
    from scipy.special import stdtr

    if len(size) < 2:
        return {"method": METHODS[0], "reason": "one_cluster"}
    x, m = np.asarray(came, dtype=float), np.asarray(size, dtype=float)
    sums = {"n": m.sum(), "attended": x.sum(), "_xx": x @ x, "_xm": x @ m, "_mm": m @ m}
    alike, freedom = (values[0] for values in effective_size(pd.DataFrame([sums])))

    def chance(end: float, side: int) -> float:
        away = side * (x.sum() / m.sum() - end)
        if end in (0.0, 1.0):  # a rate that leaves nothing to chance
            return float(away >= 0)
        return float(stdtr(freedom, away / np.sqrt(end * (1 - end) / alike)))

    below, above = chance(float(ends[0]), 1), chance(float(ends[1]), -1)
    return _p_values(METHODS[0], below, above, np.nan)


def _share(value: Share) -> Fraction:
    """Return a share as an exact fraction."""
    words = str(value).strip()
    try:
        exact = Fraction(words.removesuffix("%").strip()) / (100 if words.endswith("%") else 1)
    except (ValueError, ZeroDivisionError):
        exact = Fraction(-1)
    if not 0 <= exact <= 1:
        raise OptionError(text("attendance.error.share", value=value))
    return exact


def _band(low: Share, high: Share) -> tuple[Fraction, Fraction]:
    """Return both ends of a range as exact fractions, the low end first."""
    ends = _share(low), _share(high)
    if ends[0] > ends[1]:
        raise OptionError(text("attendance.error.band", low=low, high=high))
    return ends


def _cluster_chances(size: int, rate: float, icc: float) -> Floats:
    """Return the chances of 0 to ``size`` attendances in one cluster."""
    from scipy.stats import betabinom, binom

    counts = np.arange(size + 1)
    if icc < 1e-9 or rate in (0.0, 1.0) or size < 2:
        return np.asarray(binom.pmf(counts, size, rate), dtype=float)
    if icc > 1 - 1e-9:
        return np.where(counts == 0, 1 - rate, np.where(counts == size, rate, 0.0))
    spread = (1 - icc) / icc
    return np.asarray(betabinom.pmf(counts, size, rate * spread, (1 - rate) * spread), dtype=float)


def _sums(
    sizes: Sequence[int], ends: tuple[Fraction, Fraction], icc: float
) -> tuple[Floats, Floats]:
    """Return the chances of each total attendance at the low and at the high end."""
    both = []
    for end in ends:
        chances = np.ones(1)
        for size in sizes:
            chances = np.convolve(chances, _cluster_chances(size, float(end), icc))
        both.append(chances)
    return both[0], both[1]


def _tails(method: str, chances: tuple[Floats, Floats], x: int) -> dict[str, Any]:
    """Return p on both sides, p, and the smallest p, from the chances of every total."""
    at_low, at_high = chances
    below, above = float(at_low[: x + 1].sum()), float(at_high[x:].sum())
    least = min(float(at_low[0]), float(at_high[-1]))
    return _p_values(method, min(below, 1.0), min(above, 1.0), least)


def _p_values(method: str, below: float, above: float, least: float) -> dict[str, Any]:
    both = {"p": min(1.0, 2 * min(below, above)), "smallest_p": float(np.minimum(2 * least, 1))}
    return {"method": method, "p_below": below, "p_above": above, **both}


def intra_cluster_correlation(attended: Sequence[int], n: Sequence[int]) -> float:
    """Return how alike the answers yes or no within clusters are, by analysis of variance.

    Parameters
    ----------
    attended, n : sequence of int
        Attendances and invitations of each cluster.

    Returns
    -------
    float
        From 0 (also where the estimate is negative) to 1; nan for fewer than two clusters, clusters
        of one, or where all or none attended: then nothing tells people from groups.

    Notes
    -----
    Checked against mean squares worked out by hand in fractions.

    Examples
    --------
    >>> intra_cluster_correlation([10, 0], [10, 10])
    1.0
    """
    x, m = np.asarray(attended, dtype=float), np.asarray(n, dtype=float)
    x, m = x[m > 0], m[m > 0]
    k, total = len(m), float(m.sum())
    if k < 2 or total == k or x.sum() in (0, total):
        return float("nan")
    rate = x / m
    between = float((m * (rate - x.sum() / total) ** 2).sum()) / (k - 1)
    within = float((m * rate * (1 - rate)).sum()) / (total - k)
    typical = (total - float((m**2).sum()) / total) / (k - 1)
    return float(np.clip((between - within) / (between + (typical - 1) * within), 0, 1))


def _sign_flip(
    came: Sequence[int], size: Sequence[int], ends: tuple[Fraction, Fraction]
) -> dict[str, Any]:
    """Flip the signs of the clusters' distances from the low and from the high end."""
    if len(size) < 2:
        return {"method": METHODS[1], "reason": "one_cluster"}
    rates = [Fraction(x, n) for x, n in zip(came, size, strict=True)]
    below = _flips([rate - ends[0] for rate in rates])
    above = _flips([ends[1] - rate for rate in rates])
    return _p_values(METHODS[1], below, above, 0.5 ** len(rates))


def _flips(distances: Sequence[Fraction]) -> float:
    """Return the share of all sign flips whose sum is at most the one observed."""
    step = lcm(*(distance.denominator for distance in distances))
    step = min(step, 10**12 if len(distances) <= EXACT_CLUSTERS else 10**4)
    whole = [round(distance * step) for distance in distances]
    sums: npt.NDArray[np.int64] = np.zeros(1, dtype=np.int64)
    weights: Floats = np.ones(1)
    for d in whole:
        sums, place = np.unique(np.concatenate([sums - d, sums + d]), return_inverse=True)
        weights = np.bincount(place, np.concatenate([weights, weights]) / 2).astype(float)
    return float(weights[sums <= sum(whole)].sum())


def band_counts(n: int, low: Share = 0.5, high: Share = 0.6) -> pd.DataFrame:
    """Return which whole counts of ``n`` people lie in a range.

    Parameters
    ----------
    n : int
        People, at least 1.
    low, high : float, Fraction or str
        The range, as shares: ``0.5``, ``"0.5"`` or ``"50%"``.

    Returns
    -------
    DataFrame
        One row per count: ``n``, ``count``, ``rate``, ``evidence`` (``derived``). Exact arithmetic.

    Raises
    ------
    kube_research.errors.OptionError, kube_research.errors.PrintedNumberError

    Examples
    --------
    >>> band_counts(7, "50%", "60%")["count"].tolist()
    [4]
    """
    ends, people = _band(low, high), check_n(n)
    counts = [x for x in range(people + 1) if ends[0] <= Fraction(x, people) <= ends[1]]
    inside = pd.DataFrame({"n": people, "count": pd.array(counts, dtype="int64")})
    return inside.assign(rate=inside["count"] / people, evidence="derived")


def rosters_for(
    counts: Sequence[int],
    low: Share = "50%",
    high: Share = "60%",
    *,
    largest: int,
    rounding: str | None = None,
) -> pd.DataFrame:
    """Return every size of the roster for which all the counts lie in a range.

    Parameters
    ----------
    counts : sequence of int
        How many came, time after time: say the 15 and the 18 raters of two rounds.
    low, high : float, Fraction or str
        The printed range, as shares: ``"50%"`` or ``0.5``.
    largest : int
        Largest roster to try.
    rounding : str, optional
        How the ends were rounded, in whole percents (see
        :func:`~kube_research.evidence.printed.unround`); by default they are taken as they stand.

    Returns
    -------
    DataFrame
        One row per size: ``roster``, ``lowest_rate``, ``highest_rate``, ``evidence`` (``bounded``).
        Empty where no roster fits. It holds only if the range was meant for each of the counts, not
        for their average.

    Raises
    ------
    kube_research.errors.OptionError, kube_research.errors.PrintedNumberError

    Notes
    -----
    Exact fractions throughout; checked against brute force.

    Examples
    --------
    >>> rosters_for([15, 18], "50%", "60%", largest=100)["roster"].tolist()
    [30]
    """
    ends = _band(low, high)
    came = [check_n(count, "counts", 0) for count in counts]
    tries = range(max([1, *came]), check_n(largest, "largest") + 1)
    band = Interval(100 * ends[0], 100 * ends[1], True, True)
    if rounding is not None:
        if any((100 * end).denominator != 1 for end in ends):
            raise OptionError(text("attendance.error.percents", low=low, high=high))
        first, last = (unround(str(100 * end), rounding) for end in ends)
        band = Interval(first.low, last.high, first.low_in, last.high_in)
    fits = [n for n in tries if all(Fraction(100 * x, n) in band for x in came)]
    sizes = np.asarray(fits, dtype="int64")
    lowest, highest = min(came, default=np.nan) / sizes, max(came, default=np.nan) / sizes
    rosters = {"roster": sizes, "lowest_rate": lowest, "highest_rate": highest}
    return pd.DataFrame(rosters).assign(evidence="bounded")
