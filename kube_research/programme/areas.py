"""The change of a programme by area, with groups as the units; shrinkage; control limits.

The change, its CR2 variance over groups and its t interval are those of
:mod:`kube_research.compare.changes`. For two rounds all of it has a closed form in each group's counts
and sums, so 140,000 groups take milliseconds.

An area of three groups swings far by chance alone. Under the normal-normal model the best guess for
it is a weighted mean of what it shows and of what all areas show (empirical Bayes).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from kube_research.compare.changes import unit_changes
from kube_research.compare.permutation import adjust
from kube_research.formats import whole
from kube_research.frames import (
    FEW,
    as_list,
    documented,
    grades_by,
    need_columns,
    need_confidence,
    need_option,
)
from kube_research.programme.sums import in_memory
from kube_research.texts import check_language, text

Floats: TypeAlias = npt.NDArray[np.float64]
Wholes: TypeAlias = npt.NDArray[np.int64]
WEIGHTS, CHOICES = ("group", "rater"), ("both", "all")


@dataclass(frozen=True)
class Areas:
    """Groups sorted into areas.

    Attributes
    ----------
    rows : DataFrame
        One row a group, in the order of the areas.
    keys : DataFrame
        One row an area: the columns it is known by (none when all groups are one area).
    code : ndarray of int
        The area of each group.
    """

    rows: pd.DataFrame
    keys: pd.DataFrame
    code: Wholes

    @classmethod
    def of(cls, sums: Any, by: str | Sequence[str] | None) -> Areas:
        """Sort groups by area, and by code within an area: results do not depend on row order."""
        names = [] if by is None else as_list(by)
        rows = in_memory(sums)
        need_columns(rows, *names, "group", "raters_before", "raters_after")
        rows = rows.sort_values([*names, "group"], kind="stable", ignore_index=True)
        if not names:
            return cls(rows, pd.DataFrame(index=range(1)), np.zeros(len(rows), dtype=np.int64))
        grouped = rows.groupby(names, sort=True, dropna=False)
        keys = grouped.size().reset_index()[names]
        return cls(rows, keys, np.asarray(grouped.ngroup(), dtype=np.int64))

    def total(self, values: npt.ArrayLike) -> Floats:
        """Return the sum over the groups of each area."""
        filled = np.asarray(values, dtype=float)
        return np.bincount(self.code, filled, len(self.keys)).astype(float)

    def mean(self, values: Floats, part: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
        """Return the mean over a part of the groups of each area, and the variance of that mean."""
        n = self.total(part)
        with np.errstate(invalid="ignore", divide="ignore"):
            middle = self.total(np.where(part, values, 0.0)) / n
            off = self.total(np.where(part, values - middle[self.code], 0.0) ** 2)
            return middle, np.where(n > 1, off / (n - 1) / n, np.nan)

    def number(self, column: str) -> Floats:
        """Return a column of the groups as numbers."""
        return self.rows[column].to_numpy(dtype=float)

    def sides(self, weight: str, groups: str) -> tuple[Floats, Floats, Floats, Floats]:
        """Return counts and sums of each group before and after, as the weights ask."""
        need_option("weight", weight, WEIGHTS)
        need_option("groups", groups, CHOICES)
        n1, n2 = self.number("raters_before"), self.number("raters_after")
        t1, t2 = self.number("total_before"), self.number("total_after")
        if groups == "both":
            seen = (n1 > 0) & (n2 > 0)
            n1, n2, t1, t2 = (np.where(seen, part, 0.0) for part in (n1, n2, t1, t2))
        if weight == "group":
            t1, t2 = (t / np.maximum(n, 1) for t, n in ((t1, n1), (t2, n2)))
            n1, n2 = (n1 > 0).astype(float), (n2 > 0).astype(float)
        return n1, t1, n2, t2

    def left_out(self, lang: str) -> list[str]:
        """Say of each area what :func:`~kube_research.programme.sums.group_sums` left out."""
        if "ratings_left_out" not in self.rows:
            return [""] * len(self.keys)
        ratings = self.number("ratings_left_out")
        nobody = self.number("raters_before") + self.number("raters_after") == 0
        some = (ratings > 0) & ~nobody
        counts = self.total(some), self.total(np.where(some, ratings, 0)), self.total(nobody)
        sentences = []
        for groups, many, apart in zip(*counts, strict=True):
            facts = {"groups": whole(int(groups), lang), "ratings": whole(int(many), lang)}
            parts = [text("programme.reason.left_out", lang, **facts)] if groups else []
            if apart:
                here = whole(int(apart), lang)
                parts.append(text("programme.reason.all_apart", lang, groups=here))
            sentences.append(" ".join(parts))
        return sentences

    def grades(self) -> pd.Series:
        """Return the weakest evidence of each area."""
        rows = self.rows.assign(_area=self.code)
        if "evidence" in rows:  # a group whose rounds share no item has none
            rows = rows[rows["evidence"].notna()]
        return grades_by(rows, ["_area"]).reindex(range(len(self.keys))).reset_index(drop=True)


@documented
def area_changes(
    sums: Any,
    *,
    by: str | Sequence[str] | None = "province",
    weight: str = "group",
    groups: str = "both",
    confidence: float = 0.95,
    correction: str | None = "holm",
    lang: str = "en",
) -> pd.DataFrame:
    """Compare two rounds in every area, with groups as the units.

    Parameters
    ----------
    |group_sums|
    |areas|
    weight : {"group", "rater"}
        Whether every group counts the same, or every rater.
    groups : {"both", "all"}
        Only groups seen in both rounds (the change is theirs; see :func:`kube_research.attrition_bounds`
        for the others), or all, whose mixture differs between the rounds.
    |confidence|
    correction : {"holm", "bh", None}
        How p is adjusted for the number of areas.
    |lang|

    Returns
    -------
    DataFrame
        One row an area: the columns of ``by``, ``groups_before``, ``groups_after``,
        ``groups_both``, ``mean_before``, ``mean_after`` and ``change`` in points of the scale,
        ``se``, ``df``, ``change_low``, ``change_high``, ``p`` (against no change), ``p_adjusted``,
        ``few`` (fewer than five groups), ``reason`` (why there is no interval, such as fewer than
        five raters in a round, and what was not compared), ``evidence``.

    |frame_errors|

    Notes
    -----
    Method and sources: :mod:`kube_research.compare.changes`. Checked against dense matrices, against
    ``scipy.stats.ttest_rel`` for one value a group (where both agree exactly), and the uncorrected
    sandwich against statsmodels. A change is not an effect: there is no comparison group.

    Examples
    --------
    >>> import kube_research as kr
    >>> sums = kr.programme.group_sums(kr.load_site("cibeunying-simulated").ratings, by=())
    >>> found = area_changes(sums, by=None)
    >>> found[["groups_both", "change", "change_low", "change_high"]].round(3).values.tolist()
    [[5.0, 0.09, -0.037, 0.218]]
    """
    need_confidence(confidence)
    check_language(lang)
    areas = Areas.of(sums, by)
    n1, t1, n2, t2 = areas.sides(weight, groups)
    change = unit_changes((n1, t1), (n2, t2), areas.code, len(areas.keys))
    raters = [areas.total(areas.number(f"raters_{name}")) for name in ("before", "after")]
    low, high = (
        np.where(np.minimum(*raters) < FEW, np.nan, end) for end in change.ends(confidence)
    )
    changes = areas.keys.copy()
    before, after = areas.number("raters_before") > 0, areas.number("raters_after") > 0
    for name, seen in (("before", before), ("after", after), ("both", before & after)):
        changes[f"groups_{name}"] = areas.total(seen).astype("int64")
    changes = changes.assign(mean_before=change.before, mean_after=change.after)
    changes = changes.assign(change=change.change, se=change.se, df=change.df)
    changes = changes.assign(change_low=low, change_high=high, p=change.p)
    changes["p_adjusted"] = adjust(change.p, correction)
    counted = np.minimum(changes["groups_before"], changes["groups_after"])
    units = changes["groups_both"] if groups == "both" else counted
    changes["few"] = np.asarray(units < FEW)
    changes["reason"] = [
        " ".join(filter(None, [_reason(int(n), float(se), float(people), lang), left_out]))
        for n, se, people, left_out in zip(
            units, change.se, np.minimum(*raters), areas.left_out(lang), strict=True
        )
    ]
    changes["evidence"] = areas.grades().to_numpy()
    return changes.astype({"reason": "string", "evidence": "string"})


def _reason(units: int, se: float, raters: float, lang: str) -> str:
    if units == 0:
        return text("programme.reason.none", lang)
    if units == 1 or np.isnan(se):
        return text("programme.reason.one", lang)
    if raters < FEW:
        return text("peka.reason.few", lang, few=FEW)
    return "" if se > 0 else text("programme.reason.same", lang)


METHODS = ("moments", "likelihood")
#: Up to so many estimates say too little about their own spread to be drawn together.
ENOUGH = 3
#: Degrees of freedom with which t is the normal distribution.
_KNOWN = 1e12


@documented
def shrink_estimates(
    frame: pd.DataFrame,
    *,
    estimate: str = "change",
    se: str = "se",
    df: str = "df",
    method: str = "moments",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Draw estimates towards their common mean, the less certain ones further.

    Parameters
    ----------
    frame : DataFrame
        One row an estimate, such as from :func:`kube_research.area_changes`.
    estimate, se : str
        Columns of the estimates and of their standard errors. Rows without a positive standard error get
        missing results.
    df : str
        Column of the degrees of freedom of the standard errors; without it they are taken as known.
    method : {"moments", "likelihood"}
        How the spread of the true values is found: moments (Paule and Mandel 1982), or restricted
        maximum likelihood.
    |confidence|

    Returns
    -------
    DataFrame
        The rows, with ``centre`` (the common mean), ``spread`` (standard deviation of the true values),
        ``pull`` (0: taken as it is, 1: replaced by the mean), ``shrunk``, ``shrunk_se``, ``shrunk_low``,
        ``shrunk_high`` and ``below_zero``, the probability that the true value is below 0.

    |frame_errors|

    Notes
    -----
    The pull is Morris's (1983, doi:10.1080/01621459.1983.10477920): (k - 3) / (k - 1) times the
    share of the sampling variance, which for equal variances is the James-Stein estimator;
    ``shrunk_se`` carries his allowance for the estimated mean and spread. Intervals and
    ``below_zero`` are those of t where ``df`` is there: with areas of three to six groups they hold
    95 % of the true values, normal ones 87 % (simulated). Fewer than four estimates are not shrunk.
    Checked on the batting averages of Efron and Morris (1975, doi:10.1080/01621459.1975.10479864;
    1977) and against direct maximisation of the likelihood.

    Examples
    --------
    >>> rows = pd.DataFrame({"change": [0.1, 0.3, 0.5, 0.7, 2.0], "se": [0.2, 0.2, 0.2, 0.2, 0.9]})
    >>> shrink_estimates(rows)[["centre", "shrunk"]].round(2).values[4].tolist()
    [0.46, 1.32]
    """
    from scipy.special import stdtr, stdtrit

    need_columns(frame, estimate, se)
    need_option("method", method, METHODS)
    need_confidence(confidence)
    y, error = (frame[name].to_numpy(dtype=float) for name in (estimate, se))
    known = np.isfinite(y) & np.isfinite(error) & (error > 0)
    v, k = error[known] ** 2, int(known.sum())
    names = ("centre", "spread", "pull", "shrunk", "shrunk_se")
    columns = {name: np.full(len(frame), np.nan) for name in names}
    if 0 < k <= ENOUGH:
        plain = {"pull": 0.0, "shrunk": y[known], "shrunk_se": error[known]}
        plain["centre"] = float(y[known] @ (1 / v) / (1 / v).sum())
        for name, value in plain.items():
            columns[name][known] = value
    elif k:
        excess = between_variance(y[known], v, method=method)
        weight = 1 / (v + excess)
        centre = float(weight @ y[known] / weight.sum())
        gap, pull = y[known] - centre, (k - 3) / (k - 1) * v * weight
        # Morris (1983), section 4: the mean and the pull are estimated too.
        typical = float(weight @ v / weight.sum()) + excess
        rate = 2 / (k - 3) * pull**2 * typical * weight
        variance = v * (1 - pull + pull * weight / weight.sum()) + rate * gap**2
        columns["centre"][known], columns["spread"][known] = centre, np.sqrt(excess)
        columns["pull"][known], columns["shrunk"][known] = pull, y[known] - pull * gap
        columns["shrunk_se"][known] = np.sqrt(variance)
    freedom = frame[df].to_numpy(dtype=float) if df in frame else np.full(len(frame), _KNOWN)
    reach = stdtrit(freedom, 0.5 + confidence / 2) * columns["shrunk_se"]
    with np.errstate(invalid="ignore", divide="ignore"):
        below = stdtr(freedom, -columns["shrunk"] / columns["shrunk_se"])
    ends = {"shrunk_low": columns["shrunk"] - reach, "shrunk_high": columns["shrunk"] + reach}
    return frame.assign(**columns, **ends, below_zero=below)


def between_variance(y: Floats, v: Floats, *, method: str = "moments") -> float:
    """Return the variance of the true values behind estimates ``y`` with sampling variances ``v``.

    ``"moments"`` solves sum(w (y - mean)^2) = k - 1 for w = 1 / (v + variance); ``"likelihood"``
    maximises the restricted likelihood. 0 where the estimates scatter no more than chance alone
    would make them.

    Examples
    --------
    >>> round(between_variance(np.array([0.0, 1.0, 2.0]), np.array([0.1, 0.1, 0.1])), 6)
    0.9
    """
    from scipy.optimize import brentq

    need_option("method", method, METHODS)
    equation = _moments if method == "moments" else _slope
    spread = float(np.var(y, ddof=1)) if len(y) > 1 else 0.0
    if not spread or equation(0.0, y, v) <= 0:
        return 0.0
    high = 2 * spread + float(v.max())
    while equation(high, y, v) > 0:
        high *= 2
    return float(brentq(equation, 0.0, high, args=(y, v), xtol=1e-14, rtol=1e-13))


def _moments(variance: float, y: Floats, v: Floats) -> float:
    w = 1 / (v + variance)
    return float(w @ (y - w @ y / w.sum()) ** 2) - (len(y) - 1)


def _slope(variance: float, y: Floats, v: Floats) -> float:
    """Return the slope of twice the restricted log likelihood."""
    w = 1 / (v + variance)
    return float(w**2 @ (y - w @ y / w.sum()) ** 2 - w.sum() + (w**2).sum() / w.sum())


#: The limits of a funnel plot: about two and three standard errors.
LEVELS = (0.95, 0.998)


def funnel_limits(changes: pd.DataFrame, *, spread: bool = False) -> pd.DataFrame:
    """Add to the change of every area the limits that chance alone would set.

    Parameters
    ----------
    changes : DataFrame
        From :func:`kube_research.area_changes`, one row an area, every group counted the same and
        seen in both rounds.
    spread : bool
        Whether areas may truly differ by their usual amount (an additive random effect); only then
        do the limits single out areas that are unusual even among areas that differ.

    Returns
    -------
    DataFrame
        The rows with ``centre`` (change of all groups), ``sigma`` (standard deviation of the change
        between groups of one area), ``sigma_df`` (degrees of freedom behind it), ``tau`` (standard
        deviation between areas; 0 without ``spread``),
        ``low_95``, ``high_95``, ``low_998``, ``high_998`` and ``position``: ``"inside"``, ``"below"`` or
        ``"above"`` the 95 % limits, ``"far below"`` or ``"far above"`` the 99.8 % limits, ``"unknown"``.

    Notes
    -----
    Spiegelhalter (2005, doi:10.1002/sim.1970). ``sigma`` is pooled over the areas; the limits take
    quantiles of t, not normal ones, as it is estimated. If all areas truly changed alike, 5 % of
    them would lie outside the 95 % limits.

    Examples
    --------
    >>> rows = pd.DataFrame({"groups_both": [4, 100, 100], "change": [1.0, 0.4, 0.9], "se": 0.1})
    >>> funnel_limits(rows)["position"].tolist()
    ['inside', 'below', 'above']
    """
    need_columns(changes, "groups_both", "change", "se")
    n, y, se = (changes[name].to_numpy(dtype=float) for name in ("groups_both", "change", "se"))
    known = np.isfinite(y) & (n > 0)
    pooled = known & np.isfinite(se) & (n > 1)
    centre = float(n[known] @ y[known] / n[known].sum()) if known.any() else np.nan
    freedom = (n[pooled] - 1).sum()
    sigma = (
        np.sqrt((n[pooled] - 1) @ (n[pooled] * se[pooled] ** 2) / freedom) if freedom else np.nan
    )
    tau = 0.0
    if spread and known.sum() > 1 and sigma > 0:
        tau = float(np.sqrt(between_variance(y[known], sigma**2 / n[known])))
    limits = changes.assign(centre=centre, sigma=sigma, sigma_df=freedom, tau=tau)
    for level, name in zip(LEVELS, ("95", "998"), strict=True):
        reach = limits_at(n, level, float(sigma), float(freedom), tau)
        limits[f"low_{name}"], limits[f"high_{name}"] = centre - reach, centre + reach
    marks = {
        "far below": y < limits["low_998"],
        "far above": y > limits["high_998"],
        "below": y < limits["low_95"],
        "above": y > limits["high_95"],
    }
    place = np.select(list(marks.values()), list(marks), "inside")
    place = np.where(known & np.isfinite(limits["low_95"].to_numpy()), place, "unknown")
    return limits.assign(position=pd.Series(place, index=limits.index, dtype="string"))


def limits_at(groups: Floats, level: float, sigma: float, freedom: float, tau: float) -> Floats:
    """Return how far the limits of a level lie from the centre for areas of so many groups."""
    from scipy.special import stdtrit

    with np.errstate(invalid="ignore", divide="ignore"):
        error = np.sqrt(np.where(groups > 0, sigma**2 / groups + tau**2, np.nan))
        return np.asarray(stdtrit(freedom, 0.5 + level / 2) * error)
