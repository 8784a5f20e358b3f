"""Targets against results, with the honesty to say when the two do not count the same thing."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kube_research.frames import need_columns

VERDICTS = ("met", "missed", "undecided", "not reported", "no target")


def targets_against_results(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Compare every target with what was achieved.

    Parameters
    ----------
    outcomes : DataFrame
        ``activity``, ``measure``, ``comparison`` of the target (``>=``, ``>``, ``about``),
        ``target_pct``, ``achieved_pct`` (percent), and perhaps ``achieved_comparison`` (``=``, ``>``,
        ``>=``, ``about``: how the figure is printed) and ``match``.

    Returns
    -------
    DataFrame
        The rows with ``gap`` (achieved minus target, percentage points; a lower bound when the figure
        is printed as "more than") and ``verdict``: ``met``, ``missed``, ``undecided`` (a figure such
        as "more than 80" does not settle a target of 90), ``not reported`` or ``no target``.

    Notes
    -----
    Checked against a table of all comparisons worked out by hand.

    Examples
    --------
    >>> rows = pd.DataFrame({"activity": ["a"], "measure": ["m"], "comparison": [">="],
    ...                      "target_pct": [80.0], "achieved_pct": [70.0]})
    >>> targets_against_results(rows)["verdict"].tolist()
    ['missed']
    """
    need_columns(outcomes, "activity", "measure", "comparison", "target_pct", "achieved_pct")
    target = outcomes["target_pct"].astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    got = outcomes["achieved_pct"].astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    strict = outcomes["comparison"].eq(">").fillna(False).to_numpy(dtype=bool)
    how = outcomes.get("achieved_comparison", pd.Series("=", index=outcomes.index)).fillna("=")
    beyond = how.eq(">").to_numpy(dtype=bool)
    open_ended = how.isin([">", ">="]).to_numpy(dtype=bool)
    vague = how.eq("about").to_numpy(dtype=bool) | outcomes["comparison"].eq("about").fillna(
        False
    ).to_numpy(dtype=bool)
    with np.errstate(invalid="ignore"):
        reached = np.where(strict, (got > target) | (beyond & (got >= target)), got >= target)
    verdict = np.select(
        [np.isnan(target), np.isnan(got), vague, reached, open_ended],
        ["no target", "not reported", "undecided", "met", "undecided"],
        default="missed",
    )
    compared = outcomes.assign(gap=pd.array(got - target, dtype="Float64"))
    compared["gap"] = compared["gap"].where(~np.isnan(got - target))
    compared["verdict"] = pd.array(verdict, dtype="string")
    return compared
