"""Empirical Bayes: many estimates of unequal precision, each drawn towards their common mean.

An area of three groups swings far by chance alone. Under the normal-normal model the best guess for
it is a weighted mean of what it shows and of what all areas show.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from kube_research.errors import OptionError
from kube_research.frames import need_columns, need_option
from kube_research.texts import text

Floats: TypeAlias = npt.NDArray[np.float64]
METHODS = ("moments", "likelihood")
#: Up to so many estimates say too little about their own spread to be drawn together.
ENOUGH = 3


def shrink_estimates(
    frame: pd.DataFrame,
    *,
    estimate: str = "change",
    se: str = "se",
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
    method : {"moments", "likelihood"}
        How the spread of the true values is found: moments (Paule and Mandel 1982), or restricted
        maximum likelihood.
    confidence : float
        Level of the intervals.

    Returns
    -------
    DataFrame
        The rows, with ``centre`` (the common mean), ``spread`` (standard deviation of the true values),
        ``pull`` (0: taken as it is, 1: replaced by the mean), ``shrunk``, ``shrunk_se``, ``shrunk_low``,
        ``shrunk_high`` and ``below_zero``, the probability that the true value is below 0.

    Raises
    ------
    kube_research.errors.MissingColumnError, kube_research.errors.OptionError

    Notes
    -----
    The pull is Morris's (1983, doi:10.1080/01621459.1983.10477920): (k - 3) / (k - 1) times the
    share of the sampling variance, which for equal variances is the James-Stein estimator;
    ``shrunk_se`` carries his allowance for the estimated mean and spread. Fewer than four estimates
    are not shrunk. Checked on the batting averages of Efron and Morris (1975,
    doi:10.1080/01621459.1975.10479864; 1977) and against direct maximisation of the likelihood.

    Examples
    --------
    >>> rows = pd.DataFrame({"change": [0.1, 0.3, 0.5, 0.7, 2.0], "se": [0.2, 0.2, 0.2, 0.2, 0.9]})
    >>> shrink_estimates(rows)[["centre", "shrunk"]].round(2).values[4].tolist()
    [0.46, 1.32]
    """
    from scipy.special import ndtr, ndtri

    need_columns(frame, estimate, se)
    need_option("method", method, METHODS)
    if not 0.5 < confidence < 1:
        raise OptionError(text("programme.error.confidence", value=confidence))
    y, error = (frame[name].to_numpy(dtype=float) for name in (estimate, se))
    known = np.isfinite(y) & np.isfinite(error) & (error > 0)
    v, k = error[known] ** 2, int(known.sum())
    names = ("centre", "spread", "pull", "shrunk", "shrunk_se")
    done = {name: np.full(len(frame), np.nan) for name in names}
    if 0 < k <= ENOUGH:
        plain = {"pull": 0.0, "shrunk": y[known], "shrunk_se": error[known]}
        plain["centre"] = float(y[known] @ (1 / v) / (1 / v).sum())
        for name, value in plain.items():
            done[name][known] = value
    elif k:
        excess = between_variance(y[known], v, method=method)
        weight = 1 / (v + excess)
        centre = float(weight @ y[known] / weight.sum())
        gap, pull = y[known] - centre, (k - 3) / (k - 1) * v * weight
        # Morris (1983), section 4: the mean and the pull are estimated too.
        typical = float(weight @ v / weight.sum()) + excess
        rate = 2 / (k - 3) * pull**2 * typical * weight
        variance = v * (1 - pull + pull * weight / weight.sum()) + rate * gap**2
        done["centre"][known], done["spread"][known] = centre, np.sqrt(excess)
        done["pull"][known], done["shrunk"][known] = pull, y[known] - pull * gap
        done["shrunk_se"][known] = np.sqrt(variance)
    reach = ndtri(0.5 + confidence / 2) * done["shrunk_se"]
    with np.errstate(invalid="ignore", divide="ignore"):
        below = ndtr(-done["shrunk"] / done["shrunk_se"])
    made = frame.assign(**done)
    made["shrunk_low"], made["shrunk_high"] = done["shrunk"] - reach, done["shrunk"] + reach
    return made.assign(below_zero=below)


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
    need_option("method", method, METHODS)
    equation = _moments if method == "moments" else _slope
    spread = float(np.var(y, ddof=1)) if len(y) > 1 else 0.0
    if not spread or equation(0.0, y, v) <= 0:
        return 0.0
    return _root(lambda variance: equation(variance, y, v), 2 * spread + float(v.max()))


def _moments(variance: float, y: Floats, v: Floats) -> float:
    w = 1 / (v + variance)
    return float(w @ (y - w @ y / w.sum()) ** 2) - (len(y) - 1)


def _slope(variance: float, y: Floats, v: Floats) -> float:
    """Return the slope of twice the restricted log likelihood."""
    w = 1 / (v + variance)
    return float(w**2 @ (y - w @ y / w.sum()) ** 2 - w.sum() + (w**2).sum() / w.sum())


def _root(equation: Callable[[float], float], high: float) -> float:
    from scipy.optimize import brentq

    while equation(high) > 0:
        high *= 2
    return float(brentq(equation, 0.0, high, xtol=1e-14, rtol=1e-13))
