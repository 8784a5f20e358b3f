"""The change of a mean between two rounds, with an interval that knows which scores belong together.

The change is the difference of two means: the coefficient of "after" in a regression of scores on the
round. Its variance is a sandwich over units (CR2), and its interval a t interval with their degrees of
freedom. A unit is whatever varies by itself: a rater, who may have scored in both rounds, or a group
with all its raters. One rule thus serves every design: with one score a rater it is the interval of
two samples (Welch's standard error), with two scores of every rater it is the paired t interval, and
between the two it weighs both kinds of raters.

Source: Bell and McCaffrey (2002, Survey Methodology 28), in the form of Imbens and Kolesar (2016,
doi:10.1162/REST_a_00552) with independence as the working model. How often the intervals hold what they
say is simulated by ``benchmarks/coverage.py`` and told in ``docs/coverage.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Wholes: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Changes:
    """Changes of a mean, one place a comparison.

    Attributes
    ----------
    before, after : ndarray of float
        The two means.
    se, df : ndarray of float
        Standard error and degrees of freedom; nan where nothing shows how units differ.
    """

    before: Floats
    after: Floats
    se: Floats
    df: Floats

    @property
    def change(self) -> Floats:
        """The later mean less the earlier one."""
        return self.after - self.before

    @property
    def p(self) -> Floats:
        """Two-sided p of the t test against no change; nan where nothing varies."""
        return student_interval(self.change, self.se, self.df, 0.95)[2]

    def ends(self, confidence: float = 0.95) -> tuple[Floats, Floats]:
        """Return the ends of the t intervals; nan where nothing varies."""
        return student_interval(self.change, self.se, self.df, confidence)[:2]


def student_interval(
    estimate: Floats, se: Floats, freedom: Floats, confidence: float
) -> tuple[Floats, Floats, Floats]:
    """Return both ends of the t interval of each estimate, and its p against 0; nan without spread."""
    from scipy.special import stdtr, stdtrit  # scipy.stats.t without the time scipy.stats takes

    with np.errstate(invalid="ignore", divide="ignore"):
        spread = np.where(se > 0, se, np.nan)
        reach = spread * stdtrit(freedom, 0.5 + confidence / 2)
        p = 2 * stdtr(freedom, -np.abs(estimate / spread))
    return estimate - reach, estimate + reach, p


def unit_changes(
    before: tuple[npt.ArrayLike, npt.ArrayLike],
    after: tuple[npt.ArrayLike, npt.ArrayLike],
    comparison: Wholes,
    comparisons: int,
) -> Changes:
    """Return the changes of many comparisons at once from each unit's counts and sums.

    Parameters
    ----------
    before, after : pair of array_like, shape (units,)
        How many scores the unit has in the round (or their weight), and their sum.
    comparison : ndarray of int, shape (units,)
        Which comparison the unit belongs to, from 0.
    comparisons : int
        How many there are.

    Notes
    -----
    In each round the rows of a unit are alike, so its leverage is n / N, its adjustment
    1 / sqrt(1 - n / N), and the matrix of the degrees of freedom diagonal less two outer products.
    Checked against dense matrices, and against ``scipy.stats.ttest_rel`` and the standard error of
    ``scipy.stats.ttest_ind(equal_var=False)``, with which it agrees exactly.

    Examples
    --------
    >>> changes = unit_changes(([1, 1, 1], [1, 2, 2]), ([1, 1, 1], [2, 3, 4]), np.zeros(3, int), 1)
    >>> changes.change.round(3).tolist(), changes.df.round(3).tolist()
    ([1.333], [2.0])
    """

    def total(values: Floats) -> Floats:
        return np.bincount(comparison, values, comparisons).astype(float)

    units = len(comparison)
    score, size, arms, means = np.zeros(units), np.zeros(units), [], []
    with np.errstate(invalid="ignore", divide="ignore"):
        for sign, side in ((-1, before), (1, after)):
            n, summed = (np.asarray(part, dtype=float) for part in side)
            everyone = total(n)
            mean, here = total(summed) / everyone, everyone[comparison]
            adjusted = np.where(n > 0, 1 / (here * np.sqrt(1 - n / here)), 0.0)
            score += sign * adjusted * np.where(n > 0, summed - n * mean[comparison], 0.0)
            size += n * adjusted**2
            arms.append(adjusted * n / np.sqrt(here))
            means.append(mean)
        a, b = arms
        trace = total(size - a**2 - b**2)
        square = total(size**2) - 2 * total(size * (a**2 + b**2))
        square += total(a**2) ** 2 + 2 * total(a * b) ** 2 + total(b**2) ** 2
        variance = total(score**2)
        known = np.isfinite(variance) & (trace > 0)
        slack = 1e-12 * np.maximum(1.0, np.abs(means[0]) + np.abs(means[1])) ** 2
        spread = np.sqrt(np.where(variance > slack, variance, 0.0))
        freedom = trace**2 / square
    se, df = np.where(known, spread, np.nan), np.where(known, freedom, np.nan)
    return Changes(means[0], means[1], se, df)


def mean_change(
    before: npt.ArrayLike, after: npt.ArrayLike, units: npt.ArrayLike | None = None
) -> Changes:
    """Return the change between the scores of two rounds.

    Parameters
    ----------
    before, after : array_like, shape (raters,)
        Scores, nan where a rater gave none in that round.
    units : array_like, shape (raters,), optional
        What each rater belongs to (a group); by default every rater is a unit.

    Examples
    --------
    >>> change = mean_change([1, 2, 2, 1], [2, 2, 3, 2])
    >>> [round(float(end[0]), 3) for end in change.ends()]
    [-0.046, 1.546]
    """
    sides = np.stack([np.asarray(side, dtype=float) for side in (before, after)])
    given, filled = (~np.isnan(sides)).astype(float), np.nan_to_num(sides)
    if units is not None:
        unit = np.unique(np.asarray(units).astype(str), return_inverse=True)[1]
        given, filled = (
            np.stack([np.bincount(unit, side) for side in part]) for part in (given, filled)
        )
    one = np.zeros(given.shape[1], dtype=np.int64)
    return unit_changes((given[0], filled[0]), (given[1], filled[1]), one, 1)
