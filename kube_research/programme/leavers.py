"""Groups that miss the second round: how many, whether they differ, and what their absence leaves open.

What the groups that left would have scored is not known. It lies on the scale, and that alone
bounds the change of all groups that were there at the start (Manski 1990).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from kube_research.attendance.rates import wilson_interval
from kube_research.errors import OptionError
from kube_research.frames import FEW, need_option
from kube_research.programme.areas import Areas, Floats
from kube_research.texts import text

ASSUMPTIONS = ("none", "no rise", "no better")


def attrition_rates(
    sums: Any, *, by: str | Sequence[str] | None = "province", confidence: float = 0.95
) -> pd.DataFrame:
    """Return how many groups missed the second round, and whether their first scores differed.

    Parameters
    ----------
    sums : frame of any engine
        One row a group, from :func:`~kube_research.programme.sums.group_sums`.
    by : str, sequence of str or None
        The areas; None for all groups together.
    confidence : float
        Level of the intervals.

    Returns
    -------
    DataFrame
        One row an area: ``by``, ``groups_before``, ``stayed``, ``left``, ``joined`` (seen in the
        second round only), ``share_left`` with its Wilson interval ``share_low`` and
        ``share_high``; the first-round means ``mean_stayed`` and ``mean_left`` of the groups'
        means, ``gap`` (left minus stayed) with its Welch interval ``gap_low`` and ``gap_high`` and
        ``p``; ``few`` and ``evidence``.

    Notes
    -----
    Checked against ``scipy.stats.ttest_ind(equal_var=False)``.

    Examples
    --------
    >>> sums = pd.DataFrame({"group": list("abcd"), "raters_before": 3, "total_before": [6, 9, 3, 6],
    ...                      "raters_after": [3, 3, 0, 0], "total_after": [9, 9, 0, 0]})
    >>> attrition_rates(sums, by=None)[["stayed", "left", "gap"]].values.tolist()
    [[2.0, 2.0, -1.0]]
    """
    from scipy.stats import t as student

    areas = Areas.of(sums, by)
    seen, again = (areas.number(f"raters_{side}") > 0 for side in ("before", "after"))
    mean = np.where(
        seen, areas.number("total_before") / np.maximum(areas.number("raters_before"), 1), 0
    )
    done = areas.keys.copy()
    parts = {
        "groups_before": seen,
        "stayed": seen & again,
        "left": seen & ~again,
        "joined": again & ~seen,
    }
    for name, part in parts.items():
        done[name] = areas.total(part).astype("int64")
    with np.errstate(invalid="ignore", divide="ignore"):
        done["share_left"] = done["left"] / done["groups_before"].where(done["groups_before"] > 0)
        low, high = wilson_interval(done["left"], done["groups_before"], confidence=confidence)
        done["share_low"], done["share_high"] = low, high
        means, errors, freedoms = [], [], []
        for name in ("stayed", "left"):
            part, n = parts[name], done[name].to_numpy(dtype=float)
            middle = areas.total(part * mean) / n
            off = areas.total(part * (mean - middle[areas.code]) ** 2)
            error = np.where(n > 1, off / (n - 1) / n, np.nan)
            means.append(middle)
            errors.append(error)
            freedoms.append(error**2 / (n - 1))
            done[f"mean_{name}"] = middle
        gap, se = means[1] - means[0], np.sqrt(errors[0] + errors[1])
        freedom = se**4 / (freedoms[0] + freedoms[1])
        reach = se * student.ppf(0.5 + confidence / 2, freedom)
        p = np.where(se > 0, 2 * student.sf(np.abs(gap / se), freedom), np.nan)
    done = done.assign(gap=gap, gap_low=gap - reach, gap_high=gap + reach, p=p)
    done["few"] = done["groups_before"] < FEW
    return done.assign(evidence=areas.grades().to_numpy()).astype({"evidence": "string"})


def attrition_bounds(
    sums: Any,
    scale: tuple[int, int],
    *,
    by: str | Sequence[str] | None = "province",
    assume: str = "none",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Bound the mean change of all groups of the first round, those included that left.

    Parameters
    ----------
    sums : frame of any engine
        One row a group, from :func:`~kube_research.programme.sums.group_sums`.
    scale : (int, int)
        Lowest and highest score.
    by : str, sequence of str or None
        The areas; None for all groups together.
    assume : {"none", "no rise", "no better"}
        What is assumed of the groups that left: nothing but the scale; that none of them would have
        risen; or that they would on average have changed no better than those of their area that
        stayed.
    confidence : float
        Level of the interval.

    Returns
    -------
    DataFrame
        One row an area: ``by``, ``groups_before``, ``left``, ``change_stayed`` (the change of those
        seen twice), ``change_min`` and ``change_max`` (every value between them is possible, none
        outside), ``low`` and ``high`` (a confidence interval for the change that covers what the
        bounds leave open), ``break_even`` (how much those that left would have to have changed, on
        average, for no change overall; missing if the scale does not reach that far), ``assume``,
        ``few`` and ``evidence`` (``bounded`` unless the input is weaker).

    Notes
    -----
    Every group counts the same. Manski (1990, American Economic Review 80); interval by Imbens and
    Manski (2004, doi:10.1111/j.1468-0262.2004.00555.x). Lee's (2009) trimming needs a comparison
    group, which a programme without one does not have. The bounds are attained: checked by going
    through every possible score of the groups that left.

    Examples
    --------
    >>> sums = pd.DataFrame({"group": list("abc"), "raters_before": 2, "total_before": 4,
    ...                      "raters_after": [2, 2, 0], "total_after": [6, 6, 0]})
    >>> found = attrition_bounds(sums, (1, 4), by=None)
    >>> found[["change_stayed", "change_min", "change_max"]].round(2).values.tolist()
    [[1.0, 0.33, 1.33]]
    """
    need_option("assume", assume, ASSUMPTIONS)
    if not 0.5 < confidence < 1:
        raise OptionError(text("programme.error.confidence", value=confidence))
    areas = Areas.of(sums, by)
    lowest, highest = scale
    n1, n2 = (areas.number(f"raters_{side}") for side in ("before", "after"))
    seen, stayed = n1 > 0, (n1 > 0) & (n2 > 0)
    gone = seen & ~stayed
    with np.errstate(invalid="ignore", divide="ignore"):
        m1 = np.where(seen, areas.number("total_before") / n1, 0.0)
        change = np.where(stayed, areas.number("total_after") / n2 - m1, 0.0)
        many, left, kept = (areas.total(part) for part in (seen, gone, stayed))
        mean = areas.total(change) / kept
        at_least, at_most = np.where(gone, lowest - m1, 0.0), np.where(gone, highest - m1, 0.0)
        if assume == "no rise":
            at_most = np.minimum(at_most, 0.0)
        elif assume == "no better":  # their mean at most that of the stayers, and within the scale
            reached = np.minimum(areas.total(at_most) / left, mean)
            at_most = np.where(gone, reached[areas.code], 0.0)
            at_least = np.where(
                gone & ~(reached >= areas.total(at_least) / left)[areas.code], np.nan, at_least
            )
        ends, errors = [], []
        for end in (at_least, at_most):
            value = change + end
            middle = areas.total(np.where(seen, value, 0.0)) / many
            off = areas.total(np.where(seen, value - middle[areas.code], 0.0) ** 2)
            ends.append(middle)
            errors.append(np.sqrt(np.where(many > 1, off / (many - 1) / many, np.nan)))
        if assume == "no better":  # then the upper end is the stayers' mean, and as uncertain
            off = areas.total(np.where(stayed, change - mean[areas.code], 0.0) ** 2)
            own = np.sqrt(np.where(kept > 1, off / (kept - 1) / kept, np.nan))
            errors[1] = np.where(reached == mean, own, errors[1])
        reach = _imbens_manski(ends[1] - ends[0], np.maximum(*errors), confidence)
        needed = -areas.total(change) / left
        far = (needed < areas.total(np.where(gone, lowest - m1, 0)) / left) | (
            needed > areas.total(np.where(gone, highest - m1, 0)) / left
        )
    done = areas.keys.copy()
    done["groups_before"], done["left"] = many.astype("int64"), left.astype("int64")
    done = done.assign(change_stayed=mean, change_min=ends[0], change_max=ends[1])
    done["low"], done["high"] = ends[0] - reach * errors[0], ends[1] + reach * errors[1]
    done["break_even"] = np.where(far | (left == 0), np.nan, needed)
    done["assume"], done["few"] = assume, done["groups_before"] < FEW
    grades = areas.grades().where(lambda grade: grade == "simulated", "bounded")
    return done.assign(evidence=grades.to_numpy()).astype(
        {"evidence": "string", "assume": "string"}
    )


def _imbens_manski(width: Floats, error: Floats, confidence: float) -> Floats:
    """Solve Phi(c + width / error) - Phi(-c) = confidence, between the one- and two-sided quantile."""
    from scipy.special import ndtr, ndtri

    low = np.full(width.shape, ndtri(confidence))
    high = np.full(width.shape, ndtri(0.5 + confidence / 2))
    for _ in range(60):
        middle = (low + high) / 2
        with np.errstate(invalid="ignore", divide="ignore"):
            enough = ndtr(middle + width / error) - ndtr(-middle) >= confidence
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return high
