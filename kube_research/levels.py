"""How often each score was given, and everything that follows from these counts alone.

Scores are counted first, by the engine that holds them: whole numbers, the same everywhere. Mean,
spread, median and interval are then arithmetic on a table of a few rows per item.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias, cast

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pandas as pd

from kube_research.engines import collected
from kube_research.frames import FEW, GRADES

Floats: TypeAlias = npt.NDArray[np.float64]

_RANKS = {grade: place for place, grade in enumerate(GRADES)}


def ranks_of_evidence(frame: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Return how weak each row's evidence is, as a number: 0 where nothing is said."""
    if "evidence" not in frame:
        return np.zeros(len(frame), dtype=np.int64)
    codes, words = pd.factorize(frame["evidence"])
    ranks = [_RANKS.get(str(word), len(GRADES)) for word in words]
    return np.array([*ranks, 0], dtype=np.int64)[codes]  # a missing word has the code -1


def rank_of_evidence(names: Sequence[str]) -> Any:
    """Return :func:`ranks_of_evidence` as an expression that every engine can evaluate."""
    if "evidence" not in names:
        return nw.lit(0)
    rank = nw.when(nw.col("evidence").is_null()).then(nw.lit(0))
    for grade, place in _RANKS.items():
        rank = rank.when(nw.col("evidence") == grade).then(nw.lit(place))
    return rank.otherwise(nw.lit(len(GRADES)))


def grades_of_ranks(ranks: Any) -> pd.api.extensions.ExtensionArray:
    """Return the grade of each rank; missing for a word that is no grade, and for no rank at all."""
    places = pd.Series(ranks).fillna(len(GRADES)).to_numpy(dtype=np.int64)
    words = np.array([*GRADES, None], dtype=object)[places]
    return cast(pd.api.extensions.ExtensionArray, pd.array(words, dtype="string"))


def count_levels(rows: Any, *, by: Sequence[str], value: str) -> pd.DataFrame:
    """Count how often each value stands in each group of rows; missing values are a level too.

    Grades of evidence are counted apart: a word is looked at once a level, not once a row.

    Returns
    -------
    DataFrame
        The columns of ``by``, ``_value``, ``_rank`` (of the evidence), ``_count``.
    """
    if isinstance(rows, pd.DataFrame):
        names = [*by, value, *(["evidence"] if "evidence" in rows else [])]
        grouped = rows.groupby(names, dropna=False, observed=True, sort=False)
        levels = grouped.size().rename("_count").reset_index().rename(columns={value: "_value"})
    else:
        frame = nw.from_native(rows)
        graded = [name for name in ("evidence",) if name in frame.collect_schema().names()]
        named = frame.select(*by, nw.col(value).alias("_value"), *graded)
        counts = named.group_by(*by, "_value", *graded).agg(nw.len().alias("_count"))
        levels = collected(counts, by)
    return levels.assign(_rank=ranks_of_evidence(levels))


#: What a scale says: lowest and highest score, and perhaps the step between scores.
ScaleEnds: TypeAlias = Sequence[float] | None


def within_scale(
    low: Any, high: Any, n: Any, scale: ScaleEnds
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the ends of intervals of means as they may be shown: the one rule for all of them.

    Below five raters there is no interval: their spread says too little about the next rater, and so
    few scores point at persons. No mean lies off the scale, so the interval is cut at its ends, which
    leaves it as often right as before.

    Parameters
    ----------
    low, high, n : array_like
        Ends, and how many raters stand behind each.
    scale : sequence of float or None
        Lowest and highest score; None where nothing says so, and nothing is cut.

    Examples
    --------
    >>> within_scale([-0.2, 0.1], [0.6, 0.9], [5, 4], (0, 1))
    (array([ 0., nan]), array([0.6, nan]))
    """
    ends = np.stack([np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)])
    ends = np.where(np.asarray(n) >= FEW, ends, np.nan)
    if scale is not None:
        ends = np.clip(ends, scale[0], scale[1])
    return ends[0], ends[1]


def describe_levels(
    levels: pd.DataFrame,
    *,
    by: Sequence[str],
    at_least: float,
    whole: bool = True,
    scale: ScaleEnds = None,
) -> pd.DataFrame:
    """Turn counts of levels into one row per group, sorted; ``total`` only of scores.

    Parameters
    ----------
    levels : DataFrame
        From :func:`count_levels`. The same level may stand in several rows.
    by : sequence of str
        The columns of a group. Rows with a missing one are left out.
    at_least : float
        ``share_at_least`` is the share of values that reach it.
    whole : bool
        Whether values are scores, not means of them.
    scale : sequence of float, optional
        Lowest and highest score: where :func:`within_scale` cuts intervals.
    """
    from scipy.special import stdtrit  # what scipy.stats.t.ppf calls; scipy.stats is slow to import

    keys = list(by)
    group = levels.groupby(keys, observed=True).ngroup().fillna(-1).to_numpy(dtype=np.int64)
    value = pd.to_numeric(levels["_value"]).to_numpy(dtype=np.float64, na_value=np.nan)
    order = np.lexsort((value, group))
    order = order[group[order] >= 0]
    group, value = group[order], value[order]
    count, rank = (levels[name].to_numpy(dtype=np.int64)[order] for name in ("_count", "_rank"))
    first = np.flatnonzero(np.diff(group, prepend=-1))  # of each group; missing values come last
    known = ~np.isnan(value)
    given, number = np.where(known, count, 0), np.nan_to_num(value)

    def summed(amount: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        return np.bincount(group, amount, minlength=len(first)).astype(np.float64)

    n, total = summed(given), summed(number * given)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = total / n
        square = summed((number - mean[group]) ** 2 * given) if len(first) else n
        sd = np.sqrt(np.where(n > 1, square / (n - 1), np.nan))
        share = summed(np.where(value >= at_least - 1e-9, given, 0)) / n
        half = stdtrit(np.where(n > 1, n - 1, np.nan), 0.975) * sd / np.sqrt(n)
    upto = np.cumsum(given)
    middle = upto[first] - given[first] + n / 2
    reach = [np.searchsorted(upto, middle, side) for side in ("left", "right")]
    last = first + np.bincount(group, known, minlength=len(first)).astype(np.int64) - 1

    def at(place: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        return np.where(n > 0, value[np.minimum(place, len(value) - 1)], np.nan)

    summary = levels[keys].iloc[order[first]].reset_index(drop=True)
    summary["n"] = n.astype(np.int64)
    if whole:
        exact = np.rint(total)
        summary["total"] = exact.astype(np.int64) if np.allclose(total, exact, 0, 1e-9) else total
    summary["mean"], summary["sd"] = mean, sd
    summary["median"] = (at(reach[0]) + at(reach[1])) / 2
    summary["low"], summary["high"] = at(first), at(last)
    summary["at_least"], summary["share_at_least"] = float(at_least), share
    summary["missing"] = (summed(count) - n).astype(np.int64)
    summary["ci_low"], summary["ci_high"] = within_scale(mean - half, mean + half, n, scale)
    summary["evidence"] = grades_of_ranks(np.maximum.reduceat(rank, first) if len(first) else rank)
    return summary


def score_interval(rate: Floats, size: Floats, quantile: Any) -> tuple[Floats, Floats]:
    """Return the rates from which the one observed lies as many standard errors away."""
    z2 = np.asarray(quantile, dtype=float) ** 2
    with np.errstate(invalid="ignore", divide="ignore"):
        centre = (rate + z2 / (2 * size)) / (1 + z2 / size)
        spread = (z2 * (rate * (1 - rate) + z2 / (4 * size)) / size) ** 0.5 / (1 + z2 / size)
    low, high = np.clip(centre - spread, 0, 1), np.clip(centre + spread, 0, 1)
    known = ~np.isnan(centre)
    return np.where((rate == 0) & known, 0.0, low), np.where((rate == 1) & known, 1.0, high)
