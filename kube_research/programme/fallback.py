"""Groups that fell back: the change of every group, and how sure it is that it is a fall."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from kube_research.attendance.rates import wilson_interval
from kube_research.errors import OptionError
from kube_research.frames import as_list, need_option
from kube_research.programme.areas import Areas, shrink_estimates
from kube_research.texts import text

VERDICTS = ("fell back", "rose", "unclear", "unknown")


def group_changes(
    sums: Any, *, by: str | Sequence[str] = (), within: str = "pooled"
) -> pd.DataFrame:
    """Return the change of every group with a standard error over its raters.

    Parameters
    ----------
    sums : frame of any engine
        One row a group, from :func:`~kube_research.programme.sums.group_sums`.
    by : str or sequence of str
        Columns that say where a group belongs.
    within : {"pooled", "own"}
        Whether the spread of raters within a group is taken as the same everywhere (sure even for
        groups of three raters) or from the group alone.

    Returns
    -------
    DataFrame
        One row a group: ``by``, ``group``, ``raters_before``, ``raters_after``, ``raters_both``,
        ``mean_before``, ``mean_after``, ``change`` in points of the scale, ``se`` and ``evidence``;
        missing where a round is missing.

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
    done = areas.rows[[*as_list(by), "group", *columns[:3]]].copy()
    done = done.assign(mean_before=m1, mean_after=m2, change=m2 - m1)
    seen = np.isfinite(variance) & ~np.isnan(done["change"].to_numpy())
    done["se"] = np.where(seen, np.sqrt(np.maximum(np.where(seen, variance, 0), 0)), np.nan)
    return done.assign(evidence=areas.rows["evidence"])


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
    done = shrink_estimates(changes, method=method)
    below = done["below_zero"].to_numpy(dtype=float)
    verdict = np.select(
        [np.isnan(below), below >= sure, below <= 1 - sure],
        ["unknown", "fell back", "rose"],
        "unclear",
    )
    done["verdict"] = pd.Series(verdict, index=done.index, dtype="string")
    return done.sort_values(["below_zero", "shrunk"], ascending=[False, True], ignore_index=True)


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
    from kube_research.frames import FEW, grades_by, need_columns

    names = as_list(by)
    need_columns(fallen, *names, "verdict")
    grouped = fallen.groupby(names, sort=True, dropna=False)
    done = grouped.size().rename("groups").to_frame()
    marks = {verdict: fallen["verdict"] == verdict for verdict in VERDICTS}
    keys = [fallen[name] for name in names]
    counts = {verdict: mark.groupby(keys, dropna=False).sum() for verdict, mark in marks.items()}
    done["compared"] = done["groups"] - counts["unknown"]
    for verdict, count in counts.items():
        done[verdict.replace(" ", "_")] = count.astype("int64")
    done["share_fell"] = done["fell_back"] / done["compared"].where(done["compared"] > 0)
    done["low"], done["high"] = wilson_interval(done["fell_back"], done["compared"])
    done["few"] = done["compared"] < FEW
    done["evidence"] = grades_by(fallen, names)
    return done.reset_index()
