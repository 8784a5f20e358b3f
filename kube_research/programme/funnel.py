"""Control limits: how far an area may lie from all others by the chance of few groups alone."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kube_research.frames import need_columns
from kube_research.programme.areas import Floats, between_variance

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
        between groups of one area), ``tau`` (standard deviation between areas; 0 without ``spread``),
        ``low_95``, ``high_95``, ``low_998``, ``high_998`` and ``position``: ``"inside"``, ``"below"`` or
        ``"above"`` the 95 % limits, ``"far below"`` or ``"far above"`` the 99.8 % limits, ``"unknown"``.

    Notes
    -----
    Spiegelhalter (2005, doi:10.1002/sim.1970). ``sigma`` is pooled over the areas; the limits are
    normal ones.

    Examples
    --------
    >>> rows = pd.DataFrame({"groups_both": [4, 100, 100], "change": [1.0, 0.4, 0.9], "se": 0.1})
    >>> funnel_limits(rows)["position"].tolist()
    ['inside', 'below', 'above']
    """
    from scipy.special import ndtri

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
    done = changes.assign(centre=centre, sigma=sigma, tau=tau)
    reach = limits_at(n, float(sigma), tau)
    for level, name in zip(LEVELS, ("95", "998"), strict=True):
        done[f"low_{name}"] = centre - ndtri(0.5 + level / 2) * reach
        done[f"high_{name}"] = centre + ndtri(0.5 + level / 2) * reach
    marks = {
        "far below": y < done["low_998"],
        "far above": y > done["high_998"],
        "below": y < done["low_95"],
        "above": y > done["high_95"],
    }
    place = np.select(list(marks.values()), list(marks), "inside")
    place = np.where(known & np.isfinite(done["low_95"].to_numpy()), place, "unknown")
    return done.assign(position=pd.Series(place, index=done.index, dtype="string"))


def limits_at(groups: Floats, sigma: float, tau: float) -> Floats:
    """Return the standard error that the limits use for areas of so many groups."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.sqrt(np.where(groups > 0, sigma**2 / groups + tau**2, np.nan))
