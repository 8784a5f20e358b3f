"""A test whether a rate of attendance is compatible with a printed range such as "50-60 %".

The null hypothesis is that the true rate lies in the range, both ends included. It is two hypotheses
at once, "at least the low end" and "at most the high end", each tested on its own side at its own
end; p is twice the smaller of the two (at most 1), which keeps the level whatever the width of the
range. Where both ends are the same number this is the doubled two-sided exact test.

Three readings of how people come are held side by side. ``independent``: every invitation stands for
itself (exact binomial). ``beta_binomial``: people of one group come together or stay away together,
and are the same people at every meeting; the groups are independent, and the intra-cluster correlation
says how alike the invitations within a group are (Skellam 1948; Ridout, Demetrio and Firth 1999,
doi:10.1111/j.0006-341X.1999.00137.x, for its analysis-of-variance estimate). ``group_sign_flip``: only
the rates of the groups count, each group once, and under the null hypothesis a group is as likely to
lie above the end as below it by as much; nothing is assumed about people within a group.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import lcm
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from kube_research.attendance.rates import ATTENDED, known_rows, labels, tally
from kube_research.errors import OptionError
from kube_research.evidence.printed import Interval, check_n, unround
from kube_research.frames import documented, need_columns
from kube_research.texts import text

Floats: TypeAlias = npt.NDArray[np.float64]
Share: TypeAlias = float | str | Fraction
#: Clusters up to which every sign flip is told apart, however fine the rates.
EXACT_CLUSTERS = 20
METHODS = ("independent", "beta_binomial", "group_sign_flip")


@documented
def band_test(
    attendance: pd.DataFrame,
    low: Share = 0.5,
    high: Share = 0.6,
    *,
    by: str | Sequence[str] | None = None,
    cluster: str | None = "group",
    icc: float | None = None,
    attended: str | Sequence[str] = ATTENDED,
    excused: str = "counted",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Test whether a rate of attendance is compatible with a range.

    Parameters
    ----------
    |attendance_list|
    low, high : float, Fraction or str
        The range, as shares: ``0.5``, ``"0.5"`` or ``"50%"``.
    by : str, sequence of str or None
        Columns to break down by; None for one test of everything.
    cluster : str or None
        Column whose people come together or stay away together. People without a value are one
        cluster. None leaves out the two clustered methods.
    icc : float, optional
        Intra-cluster correlation, 0 to 1; by default estimated from the data (``icc_from``), which
        with few clusters is rough: try several values.
    attended, excused
        As in :func:`~kube_research.attendance.rates.attendance_rates`.
    confidence : float
        A range is compatible while p is above 1 less this.

    Returns
    -------
    DataFrame
        One row per level and method: ``method``, ``n`` invited, ``attended``, ``clusters``, ``rate``,
        ``inside`` (the observed rate lies in the range), ``icc`` and ``icc_from`` (``given``,
        ``estimated``; of the beta-binomial method), ``p_below`` (one-sided: as few attended, were the
        true rate the low end), ``p_above`` (as many, were it the high end), ``p``, ``smallest_p``
        (least p that so many people or clusters could give: where it is above 1 - ``confidence`` the
        method can contradict nothing), ``compatible``, ``few``, ``evidence``. What cannot be computed
        is missing: the clustered methods for one cluster without ``icc``, everything for nobody.

    |frame_errors|

    Notes
    -----
    Checked against ``scipy.stats.binomtest`` (one-sided), and against enumeration of all outcomes and
    of all sign flips. Five clusters allow 32 sign flips: one-sided 1/32, so p is never below 1/16.

    Examples
    --------
    >>> import kube_research as kr
    >>> done = band_test(kr.load_site("cibeunying-simulated").attendance)
    >>> done[["method", "inside", "compatible"]].values.tolist()[0]
    ['independent', True, True]
    """
    ends = _band(low, high)
    for value in (confidence, 0 if icc is None else icc):
        _share(value)
    need_columns(attendance, *([cluster] if cluster else []))
    known, keys = known_rows(attendance, by, attended, excused)
    levels, rows = tally(known, labels(known, keys), confidence), known[known["_counts"]]
    parts = dict(list(rows.groupby("_level")))
    tested: list[dict[Any, Any]] = []
    for level, row in enumerate(levels.to_dict("records")):
        part = parts.get(level, rows.iloc[:0])
        groups = part.groupby(cluster or "_level", dropna=False)["_came"].agg(["sum", "size"])
        x, n = row["attended"], row["n"]
        head = {key: row[key] for key in keys} | {"n": n, "attended": x, "rate": row["rate"]}
        head["clusters"] = len(groups) if cluster else pd.NA
        head["inside"] = bool(ends[0] <= Fraction(x, n) <= ends[1]) if n else pd.NA
        head |= {"few": row["few"], "evidence": row["evidence"], "icc": np.nan, "icc_from": pd.NA}
        tests: list[dict[str, Any]] = [{"method": METHODS[0]}]
        if n:
            tests = [_tails(METHODS[0], _sums([n], ends, 0.0), x)]
        if cluster:
            came, size = groups["sum"].tolist(), groups["size"].tolist()
            tests += [_beta_binomial(came, size, ends, icc), _sign_flip(came, size, ends)]
        tested += [head | test for test in tests]
    columns = [*keys, "method", "n", "attended", "clusters", "rate", "inside", "icc", "icc_from"]
    columns += ["p_below", "p_above", "p", "smallest_p", "compatible", "few", "evidence"]
    frame = pd.DataFrame(tested, columns=columns)
    numbers = ["icc", "p_below", "p_above", "p", "smallest_p"]
    frame[numbers] = frame[numbers].astype("float64")
    frame["compatible"] = (frame["p"] > 1 - confidence).astype("boolean").mask(frame["p"].isna())
    kinds = {"inside": "boolean", "clusters": "Int64", "few": "bool"}
    kinds |= dict.fromkeys(("method", "icc_from", "evidence"), "string")
    return frame.astype(kinds)


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
    both = {"p": min(1.0, 2 * min(below, above)), "smallest_p": min(1.0, 2 * least)}
    return {"method": method, "p_below": below, "p_above": above, **both}


def _beta_binomial(
    came: Sequence[int], size: Sequence[int], ends: tuple[Fraction, Fraction], icc: float | None
) -> dict[str, Any]:
    used = intra_cluster_correlation(came, size) if icc is None else float(icc)
    if not size or np.isnan(used):
        return {"method": METHODS[1], "icc": used}
    origin = {"icc": used, "icc_from": "estimated" if icc is None else "given"}
    return _tails(METHODS[1], _sums(size, ends, used), sum(came)) | origin


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
        return {"method": METHODS[2]}
    rates = [Fraction(x, n) for x, n in zip(came, size, strict=True)]
    below = _flips([rate - ends[0] for rate in rates])
    above = _flips([ends[1] - rate for rate in rates])
    return _p_values(METHODS[2], below, above, 0.5 ** len(rates))


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
