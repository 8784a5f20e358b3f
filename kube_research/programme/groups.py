"""What became of each group: the change of every group and how sure a fall is, and those that left.

What the groups that left would have scored is not known. It lies on the scale, and that alone
bounds the change of all groups that were there at the start (Manski 1990).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from kube_research.attendance.rates import wilson_interval
from kube_research.compare.changes import student_interval
from kube_research.errors import OptionError
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
from kube_research.programme.areas import Areas, Floats, shrink_estimates
from kube_research.texts import check_language, text

VERDICTS = ("fell back", "rose", "unclear", "unknown")


@documented
def group_changes(
    sums: Any, *, by: str | Sequence[str] = (), within: str = "pooled", lang: str = "en"
) -> pd.DataFrame:
    """Return the change of every group with a standard error over its raters.

    Parameters
    ----------
    |group_sums|
    by : str or sequence of str
        Columns that say where a group belongs.
    within : {"pooled", "own"}
        Whether the spread of raters within a group is taken as the same everywhere (sure even for
        groups of three raters) or from the group alone.
    |lang|

    Returns
    -------
    DataFrame
        One row a group: ``by``, ``group``, ``raters_before``, ``raters_after``, ``raters_both``,
        ``mean_before``, ``mean_after``, ``change`` in points of the scale, ``se``, ``df``, ``reason``
        (why there is no change, or what :func:`~kube_research.programme.sums.group_sums` did not
        compare) and ``evidence``; missing where a round is missing.

    Notes
    -----
    The variance of a difference of partly overlapping samples: s1^2 / n1 + s2^2 / n2 - 2 s12 n12 /
    (n1 n2) (Derrick et al. 2017, doi:10.22237/jmasm/1493597280), which for the same raters in both
    rounds and their own spread is the paired standard error. Checked against raters' means one by
    one.

    Examples
    --------
    >>> import kube_research as kr
    >>> sums = kr.programme.group_sums(kr.load_site("cibeunying-simulated").ratings, by=())
    >>> group_changes(sums)[["group", "change", "se"]].round(2).values.tolist()[0]
    ['07', 0.18, 0.13]
    """
    check_language(lang)
    need_option("within", within, ("pooled", "own"))
    areas = Areas.of(sums, as_list(by) or None)
    columns = ("raters_before", "raters_after", "raters_both", "total_before", "total_after")
    n1, n2, both, t1, t2 = (areas.number(name) for name in columns)
    with np.errstate(invalid="ignore", divide="ignore"):
        m1, m2 = (np.where(n > 0, t / n, np.nan) for n, t in ((n1, t1), (n2, t2)))
        off1 = areas.number("squares_before") - np.where(n1 > 0, t1**2 / n1, 0)
        off2 = areas.number("squares_after") - np.where(n2 > 0, t2**2 / n2, 0)
        cross = areas.number("both_before") * areas.number("both_after")
        off12 = areas.number("both_product") - np.where(both > 0, cross / both, 0)
        spread = [_spread(off, n, within) for off, n in ((off1, n1), (off2, n2), (off12, both))]
        shared = np.where(both > 1, spread[2], 0) if within == "own" else np.nan_to_num(spread[2])
        variance = spread[0] / n1 + spread[1] / n2 - 2 * shared * both / (n1 * n2)
    changes = areas.rows[[*as_list(by), "group", *columns[:3]]].copy()
    changes = changes.assign(mean_before=m1, mean_after=m2, change=m2 - m1)
    seen = np.isfinite(variance) & ~np.isnan(changes["change"].to_numpy())
    changes["se"] = np.where(seen, np.sqrt(np.maximum(np.where(seen, variance, 0), 0)), np.nan)
    own = np.minimum(n1, n2) - 1
    everywhere = np.minimum(np.maximum(n1 - 1, 0).sum(), np.maximum(n2 - 1, 0).sum())
    changes["df"] = np.where(seen, own if within == "own" else everywhere, np.nan)
    reasons = _reasons(areas.rows, lang)
    return changes.assign(reason=reasons, evidence=areas.rows["evidence"])


def _reasons(groups: pd.DataFrame, lang: str) -> pd.Series:
    """Say of each group why it has no change, or what was not compared."""
    before, after = groups["raters_before"] > 0, groups["raters_after"] > 0
    reasons = pd.Series("", groups.index, dtype="string")
    reasons[before ^ after] = text("programme.reason.round", lang)
    reasons[~before & ~after] = text("programme.reason.apart", lang)
    if "ratings_left_out" in groups:
        some = groups[(before | after) & (groups["ratings_left_out"] > 0)]
        for place, items, many in zip(
            some.index, some["items_left_out"], some["ratings_left_out"], strict=True
        ):
            named = [text("programme.reason.items", lang, items=items)] if items else []
            named.append(text("programme.reason.ratings", lang, ratings=whole(int(many), lang)))
            reasons[place] = " ".join([*filter(None, [reasons[place]]), *named])
    return reasons


def _spread(off: Any, n: Any, within: str) -> Any:
    if within == "own":
        return np.where(n > 1, off / (n - 1), np.nan)
    return off.sum() / np.maximum(n - 1, 0).sum()


def fallen_groups(
    changes: pd.DataFrame, *, sure: float = 0.95, method: str = "moments"
) -> pd.DataFrame:
    """Say of every group whether it fell back, after shrinking all changes towards their mean.

    Parameters
    ----------
    changes : DataFrame
        From :func:`group_changes`.
    sure : float
        From which probability a group counts as fallen (or risen).
    method : {"moments", "likelihood"}
        As for :func:`~kube_research.programme.areas.shrink_estimates`.

    Returns
    -------
    DataFrame
        The rows with the columns of ``shrink_estimates`` and ``verdict``: ``"fell back"``, ``"rose"``,
        ``"unclear"``, or ``"unknown"`` where a round is missing. Deepest falls first.

    Notes
    -----
    Of many groups some show a fall by chance alone. The probability that the true change is below 0
    takes that into account; among groups called fallen at 0.95, about one in twenty or fewer did
    not fall, as far as the normal-normal model holds.

    Examples
    --------
    >>> import kube_research as kr
    >>> sums = kr.programme.group_sums(kr.load_site("cibeunying-simulated").ratings, by=())
    >>> fallen_groups(group_changes(sums))["verdict"].value_counts().to_dict()
    {'unclear': 3, 'unknown': 2}
    """
    if not 0.5 <= sure < 1:
        raise OptionError(text("programme.error.sure", value=sure))
    verdicts = shrink_estimates(changes, method=method)
    below = verdicts["below_zero"].to_numpy(dtype=float)
    verdict = np.select(
        [np.isnan(below), below >= sure, below <= 1 - sure],
        ["unknown", "fell back", "rose"],
        "unclear",
    )
    verdicts["verdict"] = pd.Series(verdict, index=verdicts.index, dtype="string")
    return verdicts.sort_values(
        ["below_zero", "shrunk"], ascending=[False, True], ignore_index=True
    )


def fallen_by(fallen: pd.DataFrame, *, by: str | Sequence[str] = "province") -> pd.DataFrame:
    """Count the verdicts of :func:`fallen_groups` in every area.

    Returns
    -------
    DataFrame
        One row an area: ``groups``, ``compared`` (seen in both rounds), one column a verdict with
        the number of groups (``fell_back``, ``rose``, ``unclear``, ``unknown``), ``share_fell`` of
        those compared with its Wilson interval ``low`` and ``high``, ``few`` and ``evidence``.

    Examples
    --------
    >>> rows = pd.DataFrame({"province": "22", "verdict": ["fell back", "rose", "unknown"]})
    >>> fallen_by(rows)[["groups", "compared", "fell_back", "share_fell"]].values.tolist()
    [[3.0, 2.0, 1.0, 0.5]]
    """
    names = as_list(by)
    need_columns(fallen, *names, "verdict")
    marks = {verdict.replace(" ", "_"): fallen["verdict"] == verdict for verdict in VERDICTS}
    grouped = fallen.assign(groups=1, **marks).groupby(names, sort=True, dropna=False)
    areas = grouped[["groups", *marks]].sum().astype("int64")
    areas.insert(1, "compared", areas["groups"] - areas["unknown"])
    areas["share_fell"] = areas["fell_back"] / areas["compared"].where(areas["compared"] > 0)
    areas["low"], areas["high"] = wilson_interval(areas["fell_back"], areas["compared"])
    areas["few"] = areas["compared"] < FEW
    areas["evidence"] = grades_by(fallen, names)
    return areas.reset_index()


ASSUMPTIONS = ("none", "no rise", "no better")


@documented
def attrition_rates(
    sums: Any, *, by: str | Sequence[str] | None = "province", confidence: float = 0.95
) -> pd.DataFrame:
    """Return how many groups missed the second round, and whether their first scores differed.

    Parameters
    ----------
    |group_sums|
    |areas|
    |confidence|

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
    areas = Areas.of(sums, by)
    seen, again = (areas.number(f"raters_{side}") > 0 for side in ("before", "after"))
    stayed, left = seen & again, seen & ~again
    counts = {"groups_before": seen, "stayed": stayed, "left": left, "joined": again & ~seen}
    rates = areas.keys.assign(
        **{name: areas.total(part).astype("int64") for name, part in counts.items()}
    )
    before = rates["groups_before"]
    rates["share_left"] = rates["left"] / before.where(before > 0)
    rates["share_low"], rates["share_high"] = wilson_interval(
        rates["left"], before, confidence=confidence
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = areas.number("total_before") / areas.number("raters_before")
        mean_stayed, variance_stayed = areas.mean(mean, stayed)
        mean_left, variance_left = areas.mean(mean, left)
        gap, se = mean_left - mean_stayed, np.sqrt(variance_stayed + variance_left)
        parts = variance_stayed**2 / (rates["stayed"] - 1), variance_left**2 / (rates["left"] - 1)
        freedom = (se**4 / (parts[0] + parts[1])).to_numpy()
    low, high, p = student_interval(gap, se, freedom, confidence)
    rates = rates.assign(mean_stayed=mean_stayed, mean_left=mean_left)
    rates = rates.assign(gap=gap, gap_low=low, gap_high=high, p=p, few=before < FEW)
    return rates.assign(evidence=areas.grades().to_numpy()).astype({"evidence": "string"})


@documented
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
    |group_sums|
    scale : (int, int)
        Lowest and highest score.
    |areas|
    assume : {"none", "no rise", "no better"}
        What is assumed of the groups that left: nothing but the scale; that none of them would have
        risen; or that they would on average have changed no better than those of their area that
        stayed.
    |confidence|

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
    Manski (2004, doi:10.1111/j.1468-0262.2004.00555.x), with quantiles of t over the groups in place
    of normal ones: it holds with few groups too, and without leavers it is the usual t interval.
    Lee's (2009) trimming needs a comparison group, which a programme without one does not have. The
    bounds are attained: checked by going through every possible score of the groups that left.

    Examples
    --------
    >>> sums = pd.DataFrame({"group": list("abc"), "raters_before": 2, "total_before": 4,
    ...                      "raters_after": [2, 2, 0], "total_after": [6, 6, 0]})
    >>> found = attrition_bounds(sums, (1, 4), by=None)
    >>> found[["change_stayed", "change_min", "change_max"]].round(2).values.tolist()
    [[1.0, 0.33, 1.33]]
    """
    need_option("assume", assume, ASSUMPTIONS)
    need_confidence(confidence)
    areas = Areas.of(sums, by)
    lowest, highest = scale
    n1, n2 = (areas.number(f"raters_{side}") for side in ("before", "after"))
    seen, stayed = n1 > 0, (n1 > 0) & (n2 > 0)
    gone = seen & ~stayed
    many, left = areas.total(seen), areas.total(gone)
    freedom = many - 1
    with np.errstate(invalid="ignore", divide="ignore"):
        m1 = np.where(seen, areas.number("total_before") / n1, 0.0)
        change = np.where(stayed, areas.number("total_after") / n2 - m1, 0.0)
        mean, own = areas.mean(change, stayed)
        at_least, at_most = np.where(gone, lowest - m1, 0.0), np.where(gone, highest - m1, 0.0)
        floor, ceiling = areas.total(at_least) / left, areas.total(at_most) / left
        if assume == "no rise":
            at_most = np.minimum(at_most, 0.0)
        elif assume == "no better":  # their mean at most that of the stayers, and within the scale
            reached = np.minimum(ceiling, mean)
            at_most = np.where(gone, reached[areas.code], 0.0)
            at_least = np.where(gone & ~(reached >= floor)[areas.code], np.nan, at_least)
        low, low_variance = areas.mean(change + at_least, seen)
        high, high_variance = areas.mean(change + at_most, seen)
        if assume == "no better":  # then the upper end is the stayers' mean, and as uncertain
            high_variance = np.where(reached == mean, own, high_variance)
            freedom = np.where(reached == mean, many - left - 1, freedom)
        errors = np.sqrt(low_variance), np.sqrt(high_variance)
        reach = _imbens_manski(high - low, np.maximum(*errors), freedom, confidence)
        needed = -areas.total(change) / left
    on_scale = (left > 0) & (needed >= floor) & (needed <= ceiling)
    bounds = areas.keys.assign(groups_before=many.astype("int64"), left=left.astype("int64"))
    bounds = bounds.assign(change_stayed=mean, change_min=low, change_max=high)
    bounds["low"], bounds["high"] = low - reach * errors[0], high + reach * errors[1]
    bounds["break_even"] = np.where(on_scale, needed, np.nan)
    bounds["assume"], bounds["few"] = assume, bounds["groups_before"] < FEW
    grades = areas.grades().where(lambda grade: grade == "simulated", "bounded")
    return bounds.assign(evidence=grades.to_numpy()).astype(
        {"evidence": "string", "assume": "string"}
    )


def _imbens_manski(width: Floats, error: Floats, freedom: Floats, confidence: float) -> Floats:
    """Solve T(c + width / error) - T(-c) = confidence, between the one- and two-sided quantile of t."""
    from scipy.special import stdtr, stdtrit

    low, high = stdtrit(freedom, confidence), stdtrit(freedom, 0.5 + confidence / 2)
    for _ in range(60):
        middle = (low + high) / 2
        with np.errstate(invalid="ignore", divide="ignore"):
            inside = stdtr(freedom, middle + width / error) - stdtr(freedom, -middle)
        low, high = (
            np.where(inside >= confidence, low, middle),
            np.where(inside >= confidence, middle, high),
        )
    return np.asarray(high)
