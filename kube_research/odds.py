"""The overall change as one odds ratio: a proportional-odds model of all scores.

The model (McCullagh 1980, doi:10.1111/j.2517-6161.1980.tb01109.x) says that the odds of a score above
any cut are multiplied by the same factor from one round to the other. An odds ratio above 1 means
higher scores later. Items may differ in level; one rater's scores go together, which the robust
interval allows for (Liang and Zeger 1986, doi:10.1093/biomet/73.1.13).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from kube_research.errors import OptionError
from kube_research.frames import grade_of, need_columns, need_option
from kube_research.peka import to_long
from kube_research.texts import check_language, text

Floats: TypeAlias = npt.NDArray[np.float64]
Whole: TypeAlias = npt.NDArray[np.int64]
#: A log odds ratio so large that the likelihood no longer changes.
FAR = 25.0


@dataclass(frozen=True)
class OddsFit:
    """A fitted proportional-odds model.

    Attributes
    ----------
    odds_ratio, low, high : float
        Odds ratio of a higher score in the later round with its interval. Under separation the odds
        ratio is 0 or infinite, and only one end of a profile interval is left.
    log_odds, se : float
        Its logarithm and standard error.
    p : float
        Two-sided, of an odds ratio of 1.
    loglik : float
        Log-likelihood at the maximum.
    method : str
        Which interval.
    reason : str
        Empty, or the key of a text in ``compare.reason``.
    """

    odds_ratio: float
    low: float
    high: float
    log_odds: float
    se: float
    p: float
    loglik: float
    method: str
    reason: str = ""


class _Model:
    """The log-likelihood of scores (as levels 0 .. K-1) given the round and the item."""

    def __init__(self, level: Whole, later: Floats, item: Whole) -> None:
        self.level, self.cuts = level, int(level.max())
        self.items = int(item.max())
        design = np.zeros((level.size, 1 + self.items))
        design[:, 0] = later
        rows = np.flatnonzero(item > 0)
        design[rows, item[rows]] = 1.0
        self.design = design
        self.size = self.cuts + design.shape[1]
        self.upper, self.lower = level < self.cuts, level > 0
        # d(eta above and below)/d(parameters): a cut less the linear predictor
        self.above, self.below = (np.zeros((level.size, self.size)) for _ in range(2))
        for jacobian, rows, cut in (
            (self.above, np.flatnonzero(self.upper), level),
            (self.below, np.flatnonzero(self.lower), level - 1),
        ):
            jacobian[rows, cut[rows]] = 1.0
            jacobian[rows, self.cuts :] = -design[rows]

    def parts(self, values: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        """Return each row's probability, and first and second slopes in its upper and lower eta."""
        from scipy.special import expit

        up = np.where(self.upper, expit(self.above @ values), 1.0)
        down = np.where(self.lower, expit(self.below @ values), 0.0)
        f, g = up * (1 - up), down * (1 - down)
        return up - down, f, g, f * (1 - 2 * up), g * (1 - 2 * down)

    def loss(self, values: Floats, weight: Floats) -> float:
        """Return minus the log-likelihood; infinite where the cuts are out of order."""
        chance = self.parts(values)[0]
        return float(-(weight @ np.log(chance))) if (chance > 0).all() else np.inf

    def rows_slope(self, values: Floats) -> Floats:
        """Return the slope of each row's log-likelihood: shape (rows, parameters)."""
        chance, f, g, _, _ = self.parts(values)
        return np.asarray((self.above * f[:, None] - self.below * g[:, None]) / chance[:, None])

    def slope(self, values: Floats, weight: Floats) -> Floats:
        """Return the slope of the loss."""
        return np.asarray(-(weight @ self.rows_slope(values)))

    def curve(self, values: Floats, weight: Floats) -> Floats:
        """Return the second derivatives of the loss."""
        chance, _, _, ff, gg = self.parts(values)
        score = self.rows_slope(values)
        up, down = weight * ff / chance, weight * gg / chance
        return np.asarray(
            (score * weight[:, None]).T @ score
            - (self.above * up[:, None]).T @ self.above
            + (self.below * down[:, None]).T @ self.below
        )

    def fit(self, weight: Floats, fixed: float | None = None) -> tuple[Floats, float]:
        """Return the parameters at the maximum and the loss there; the change may be held fixed."""
        from scipy.optimize import minimize

        share = np.cumsum(np.bincount(self.level, weight))[:-1] / weight.sum()
        start = np.zeros(self.size)
        start[: self.cuts] = np.log(share / (1 - share))
        free = np.ones(self.size, dtype=bool)
        if fixed is not None:
            free[self.cuts] = False
            start[self.cuts] = fixed
            start[: self.cuts] += fixed * float(weight @ self.design[:, 0]) / weight.sum()

        def whole(part: Floats) -> Floats:
            values = start.copy()
            values[free] = part
            return values

        found = minimize(
            lambda part: self.loss(whole(part), weight),
            start[free],
            jac=lambda part: self.slope(whole(part), weight)[free],
            hess=lambda part: self.curve(whole(part), weight)[np.ix_(free, free)],
            method="trust-exact",
            options={"gtol": 1e-6 * float(weight.sum()), "maxiter": 300},
        )
        values = whole(found.x)
        for _ in range(2):  # polish: the loss is convex
            bend = np.linalg.pinv(self.curve(values, weight)[np.ix_(free, free)])
            better = whole(values[free] - bend @ self.slope(values, weight)[free])
            values = better if self.loss(better, weight) <= self.loss(values, weight) else values
        return values, self.loss(values, weight)

    def runaway(self) -> tuple[bool, bool]:
        """Return whether the change has no largest, and no smallest, finite best value.

        A direction in which no row's likelihood ever falls (a linear programme, Albert and Anderson
        1984 for cumulative logits) and in which the change moves means that the maximum lies at
        infinity.
        """
        from scipy.optimize import linprog

        rows = np.unique(np.vstack([-self.above[self.upper], self.below[self.lower]]), axis=0)
        ends = []
        for sign in (-1.0, 1.0):
            goal = np.zeros(self.size)
            goal[self.cuts] = sign
            done = linprog(goal, A_ub=rows, b_ub=np.zeros(len(rows)), bounds=(-1, 1))
            ends.append(bool(done.status == 0 and done.fun < -1e-7))
        return ends[0], ends[1]


def odds_ratio(
    scores: npt.ArrayLike,
    later: npt.ArrayLike,
    *,
    items: npt.ArrayLike | None = None,
    clusters: npt.ArrayLike | None = None,
    interval: str = "profile",
    confidence: float = 0.95,
) -> OddsFit:
    """Fit a proportional-odds model and return the odds ratio of the later round.

    Parameters
    ----------
    scores : array_like of int, shape (n,)
        Scores, without missing values.
    later : array_like of bool, shape (n,)
        Whether the score is of the later round.
    items : array_like, shape (n,), optional
        The item scored; each gets a level of its own.
    clusters : array_like, shape (n,), optional
        Who scored (or which group), needed for the robust interval.
    interval : {"profile", "wald", "robust"}
        ``"profile"`` and ``"wald"`` take all scores as independent; ``"robust"`` lets scores of one
        cluster go together, with the sandwich variance and a t distribution (clusters less one).
    confidence : float

    Returns
    -------
    OddsFit

    Raises
    ------
    kube_research.errors.OptionError
        If ``interval`` is not known, or is robust without clusters.

    Notes
    -----
    Checked against a likelihood grid, for two score levels against the cross product of a 2 x 2 table
    with its Wald error sqrt(1/a + 1/b + 1/c + 1/d), and the profile ends against the drop of the
    likelihood. Without clusters, items or ties between rounds the score test of this model is the
    Mann-Whitney test.

    Examples
    --------
    >>> fit = odds_ratio([1, 1, 1, 2, 1, 2, 2, 2], [0, 0, 0, 0, 1, 1, 1, 1])
    >>> round(fit.odds_ratio, 6)
    9.0
    """
    from scipy.optimize import brentq
    from scipy.stats import chi2, norm, t

    need_option("interval", interval, ("profile", "wald", "robust"))
    if interval == "robust" and clusters is None:
        raise OptionError(text("compare.error.no_clusters"))
    values, side = np.asarray(scores, dtype=float), np.asarray(later, dtype=float)
    nan, inf = float("nan"), float("inf")
    reason = ""
    if values.size == 0 or side.min() == side.max():
        reason = "nobody"
    elif np.ptp(values) == 0:
        reason = "one_value"
    elif clusters is not None and np.unique(np.asarray(clusters).astype(str)).size < 3:
        reason = "few_odds" if interval == "robust" else ""
    if reason:
        return OddsFit(nan, nan, nan, nan, nan, nan, nan, interval, reason)
    level = np.unique(values, return_inverse=True)[1]
    kind = np.zeros(values.size, dtype=np.int64)
    if items is not None:
        kind = np.unique(np.asarray(items).astype(str), return_inverse=True)[1]
    key = np.stack([level, side.astype(np.int64), kind])
    cells, row, count = np.unique(key, axis=1, return_inverse=True, return_counts=True)
    weight = count.astype(float)
    model = _Model(cells[0], cells[1].astype(float), cells[2])
    drop = float(chi2.ppf(confidence, 1)) / 2
    more, less = model.runaway()
    if more or less:
        if more and less:
            return OddsFit(nan, 0.0, inf, nan, nan, nan, nan, interval, "odds_separation")
        sign = 1.0 if more else -1.0  # one end of the profile interval is left
        loss = model.fit(weight, sign * FAR)[1]
        end = brentq(lambda x: model.fit(weight, x)[1] - loss - drop, -FAR, FAR, xtol=1e-6)
        low, high = (float(np.exp(end)), inf) if more else (0.0, float(np.exp(end)))
        p = float(chi2.sf(max(2 * (model.fit(weight, 0.0)[1] - loss), 0.0), 1))
        ratio, log_odds = (inf, inf) if more else (0.0, -inf)
        reason = "odds_separation"
        return OddsFit(ratio, low, high, log_odds, nan, p, -loss, "profile", reason)
    best, loss = model.fit(weight)
    at = model.cuts
    bread = np.linalg.pinv(model.curve(best, weight))
    variance, spread = float(bread[at, at]), norm
    log_odds = float(best[at])
    if interval == "robust":
        who = np.unique(np.asarray(clusters).astype(str), return_inverse=True)[1]
        n = int(who.max()) + 1
        score = np.zeros((n, model.size))
        np.add.at(score, who, model.rows_slope(best)[np.ravel(row)])
        variance = float((bread @ (score.T @ score) @ bread)[at, at]) * n / (n - 1)
        spread = t(n - 1)
    se = float(np.sqrt(variance))
    half = float(spread.ppf((1 + confidence) / 2)) * se
    ends = [log_odds - half, log_odds + half]
    p = float(2 * spread.sf(abs(log_odds) / se))
    if interval == "profile":
        p = float(chi2.sf(max(2 * (model.fit(weight, 0.0)[1] - loss), 0.0), 1))

        def over(change: float) -> float:
            return model.fit(weight, change)[1] - loss - drop

        for place, sign in ((0, -1.0), (1, 1.0)):
            far = log_odds + sign * 1.5 * half
            while over(far) < 0:
                far += sign * half
            ends[place] = float(brentq(over, *sorted((log_odds, far)), xtol=1e-6))
    low, high = (float(np.exp(end)) for end in ends)
    return OddsFit(float(np.exp(log_odds)), low, high, log_odds, se, p, -loss, interval)


def odds_of_change(
    ratings: pd.DataFrame,
    *,
    before: int | None = None,
    after: int | None = None,
    cluster: str = "rater",
    interval: str = "robust",
    confidence: float = 0.95,
    lang: str = "en",
) -> pd.DataFrame:
    """Return the overall change of all items as one odds ratio, and at each cut of the scale.

    Parameters
    ----------
    ratings : DataFrame
        Long or wide ratings of at least two rounds.
    before, after : int, optional
        The rounds; by default the first and the last.
    cluster : str
        Column whose scores go together: ``"rater"`` or ``"group"``.
    interval, confidence
        As for :func:`odds_ratio`.
    lang : {"en", "id"}
        Language of ``reason``.

    Returns
    -------
    DataFrame
        First the row ``cut`` = "all" (the model), then one row a cut (such as ">= 3"): the odds
        ratio of a score that high by itself. The model leans on these being alike. Columns:
        ``cut``, ``n_before``, ``n_after`` (scores), ``items``, ``clusters``, ``odds_ratio``, ``low``,
        ``high``, ``log_odds``, ``se``, ``p``, ``method``, ``reason``, ``evidence``.

    Raises
    ------
    kube_research.errors.OptionError
        If there are not two rounds, or an option is not known.

    Examples
    --------
    >>> import kube_research as kr
    >>> done = odds_of_change(kr.load_site("cibeunying-simulated").ratings)
    >>> done["cut"].tolist()
    ['all', '>= 2', '>= 3', '>= 4']
    """
    from kube_research.compare import two_rounds

    check_language(lang)
    need_option("cluster", cluster, ("rater", "group"))
    long = to_long(ratings)
    need_columns(long, "round", "rater", "item", "score", cluster)
    first, last = two_rounds(long, before, after)
    part = long[long["round"].isin([first, last]) & long["score"].notna()]
    scores = pd.to_numeric(part["score"]).to_numpy(dtype=float)
    later = (part["round"] == last).to_numpy(dtype=bool)
    look: dict[str, Any] = {
        "items": part["item"].to_numpy(),
        "clusters": part[cluster].astype(str).to_numpy(),
        "interval": interval,
        "confidence": confidence,
    }
    groups = int(part[cluster].nunique())
    shared: dict[str, Any] = {
        "n_before": int((~later).sum()),
        "n_after": int(later.sum()),
        "items": int(part["item"].nunique()),
        "clusters": groups,
    }
    cuts: list[tuple[str, Floats]] = [("all", scores)]
    for cut in np.unique(scores)[1:]:
        cuts.append((f">= {cut:g}", (scores >= cut).astype(float)))
    rows = []
    for name, values in cuts:
        fit = odds_ratio(values, later, **look)
        words = text(f"compare.reason.{fit.reason}", lang) if fit.reason else ""
        found = {k: v for k, v in vars(fit).items() if k not in ("loglik", "reason")}
        rows.append({"cut": name, **shared, **found, "reason": words})
    return pd.DataFrame(rows).assign(evidence=grade_of(part))
