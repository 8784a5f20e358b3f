"""The bootstrap of whole groups, from each group's sums instead of its ratings.

To draw a group again is to count its sums again. A resample of 140,000 groups is therefore one row
of counts times a small table, and gives to the last digit what copying the ratings of the drawn
groups would give.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from kube_research.compare.effects import bca_ends
from kube_research.errors import OptionError
from kube_research.frames import documented, need_option
from kube_research.programme.areas import CHOICES, Areas, area_changes
from kube_research.texts import check_language, text

Floats: TypeAlias = npt.NDArray[np.float64]
INTERVALS = ("bca", "percentile")
#: Most numbers of one block of resamples: it keeps memory small and the counts in the cache.
_BLOCK = 100_000


def draw_counts(size: int, draws: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Return how often each of ``size`` units is drawn in each resample: shape (draws, size).

    Examples
    --------
    >>> draw_counts(3, 2, np.random.default_rng(0)).sum(axis=1).tolist()
    [3, 3]
    """
    drawn = rng.integers(
        0, size, (draws, size), dtype=np.int32 if draws * size < 2**31 else np.int64
    )
    drawn += (size * np.arange(draws, dtype=drawn.dtype))[:, None]
    return np.bincount(drawn.ravel(), minlength=draws * size).reshape(draws, size)


def resample_sums(
    table: npt.ArrayLike, *, strata: npt.ArrayLike | None = None, draws: int = 1000, seed: int = 0
) -> Floats:
    """Return the column sums of resampled rows: every row is one unit, drawn whole.

    Parameters
    ----------
    table : array_like, shape (units, columns)
        Sums of each unit: anything that adds up, such as counts, totals, squares.
    strata : array_like of int, shape (units,), optional
        Rows of equal numbers (0, 1, ... in order) are resampled among themselves.
    draws, seed : int
        Resamples and seed; every stratum has a stream of its own.

    Returns
    -------
    ndarray, shape (draws, strata, columns)

    Notes
    -----
    Time and memory do not depend on how many ratings stand behind a row. Checked, resample by resample,
    against copying the ratings of the drawn groups.

    Examples
    --------
    >>> resample_sums([[1.0, 2.0], [1.0, 4.0]], draws=3)[:, 0, 0].tolist()
    [2.0, 2.0, 2.0]
    """
    rows = np.asarray(table, dtype=float)
    code = np.zeros(len(rows), dtype=np.int64) if strata is None else np.asarray(strata)
    starts = np.flatnonzero(np.diff(code, prepend=-1))
    ends = np.append(starts, len(rows))[1:]
    resampled = np.empty((draws, len(starts), rows.shape[1]))
    for place, (start, end) in enumerate(zip(starts, ends, strict=True)):
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(place,)))
        part, size = rows[start:end], int(end - start)
        step = max(8, _BLOCK // size)
        for first in range(0, draws, step):
            counts = draw_counts(size, min(step, draws - first), rng)
            resampled[first : first + step, place] = counts.astype(float) @ part
    return resampled


@documented
def bootstrap_changes(
    sums: Any,
    *,
    by: str | Sequence[str] | None = None,
    weight: str = "group",
    groups: str = "both",
    interval: str = "bca",
    draws: int = 1000,
    seed: int = 0,
    confidence: float = 0.95,
    lang: str = "en",
) -> pd.DataFrame:
    """Return bootstrap intervals of the change of every area, drawing whole groups within the area.

    With fewer than 30 groups bootstrap intervals hold the truth less often than they say (87 to 93 % at
    a nominal 95 %); such areas get the t interval of :func:`kube_research.area_changes`.

    Parameters
    ----------
    sums, by, weight, groups
        As for :func:`~kube_research.programme.areas.area_changes`.
    interval : {"bca", "percentile"}
        Bias-corrected and accelerated (Efron 1987), or plain quantiles of the resamples.
    |draws_and_seed|
    |confidence|
    |lang|

    Returns
    -------
    DataFrame
        One row an area: ``by``, ``groups`` (drawn from), ``change`` in points of the scale, ``se``
        (standard deviation of the resamples), ``change_low``, ``change_high``, ``draws``, ``interval``
        (``"bca"``, ``"percentile"``, ``"t"`` with fewer than 30 groups, or ``"none"``), ``reason`` and
        ``evidence``.

    Raises
    ------
    kube_research.errors.OptionError

    Notes
    -----
    Groups of the area that have no round in common are left out with ``groups="both"``. Field and Welsh
    (2007, doi:10.1111/j.1467-9868.2007.00593.x) for drawing whole clusters.

    Examples
    --------
    >>> names = [f"g{n:02d}" for n in range(20)]
    >>> rows = pd.DataFrame({"group": names, "raters_before": 2, "raters_after": 2,
    ...                      "total_before": 4.0, "total_after": [4.0, 6.0] * 10})
    >>> found = bootstrap_changes(rows, draws=200)
    >>> found["change"].tolist(), bool(found["change_low"][0] > 0.2)
    ([0.5], True)
    """
    check_language(lang)
    need_option("interval", interval, INTERVALS)
    need_option("groups", groups, CHOICES)
    if not 0.5 < confidence < 1 or draws < 1:
        raise OptionError(text("programme.error.draws", confidence=confidence, draws=draws))
    areas = Areas.of(sums, by)
    table = np.stack(areas.sides(weight, groups), axis=1)
    drawn_from = (table[:, 0] > 0) | (table[:, 2] > 0)
    table, code = table[drawn_from], areas.code[drawn_from]
    there, strata = np.unique(code, return_inverse=True)
    changes = areas.keys.copy()
    changes["groups"] = np.bincount(code, minlength=len(areas.keys)).astype("int64")
    values = _changes(resample_sums(table, strata=strata, draws=draws, seed=seed))
    sides = [np.bincount(strata, column, len(there)) for column in table.T]
    whole = np.stack(sides, axis=1).astype(float)
    observed = _changes(whole)
    few = changes["groups"] < _ENOUGH
    plan: dict[str, Any] = {"by": by, "weight": weight, "groups": groups, "lang": lang}
    exact = area_changes(areas.rows, confidence=confidence, **plan)
    changes["change"], changes["se"] = np.nan, np.nan
    changes["change_low"], changes["change_high"] = exact["change_low"], exact["change_high"]
    changes.loc[~few, ["change_low", "change_high"]] = np.nan
    tails = ((1 - confidence) / 2, (1 + confidence) / 2)
    for place, area in enumerate(there):
        here = values[:, place]
        changes.loc[area, "change"] = observed[place]
        if draws > 1 and changes.loc[area, "groups"] > 1:
            changes.loc[area, "se"] = np.nanstd(here, ddof=1)
        if few[area] or np.isnan(here).all():
            continue
        ends = np.nanquantile(here, tails)
        if interval == "bca":
            left_out = _changes(whole[place] - table[strata == place])
            jackknife = [left_out[:, None]]
            ends = bca_ends(here[:, None], observed[place : place + 1], jackknife, confidence)[:, 0]
        changes.loc[area, ["change_low", "change_high"]] = ends
    changes["draws"], changes["interval"] = draws, np.where(few, "t", interval)
    none = changes["change_low"].isna()
    changes.loc[none, "interval"] = "none"
    why = np.where(few & ~none, text("programme.reason.bootstrap", lang, least=_ENOUGH), "")
    changes["reason"] = [
        " ".join(filter(None, pair)) for pair in zip(exact["reason"], why, strict=True)
    ]
    changes["evidence"] = areas.grades().to_numpy()
    return changes.astype({"interval": "string", "reason": "string", "evidence": "string"})


#: With fewer groups bootstrap intervals hold the truth less often than they say (docs/coverage.md).
_ENOUGH = 30


def _changes(sums: Floats) -> Floats:
    """Return the change of the mean from counts and totals before and after (last axis)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(sums[..., 3] / sums[..., 2] - sums[..., 1] / sums[..., 0])
