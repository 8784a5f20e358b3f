"""What the single word "rose" implies: bounds on a change of which only the direction is printed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from kube_research.change import change_bounds, rank_reversal_share
from kube_research.compatible import compatible_counts
from kube_research.errors import OptionError
from kube_research.frames import need_columns
from kube_research.texts import text

if TYPE_CHECKING:
    from kube_research.change import ChangeBounds

#: What is bounded unless the caller says otherwise.
STATISTICS = ("mean_difference", "cliffs_delta", "mann_whitney_p")


def rose_bounds(
    item_means: pd.DataFrame,
    rounds: pd.DataFrame,
    *,
    scale: tuple[int, int],
    rounding: str = "half-up",
    statistics: Sequence[str] = STATISTICS,
) -> pd.DataFrame:
    """Bound the change of every item of which a source prints round 1 and says only that it rose.

    Parameters
    ----------
    item_means : DataFrame
        Printed means: ``round``, ``item``, ``mean`` (text), ``n``. The first round is taken.
    rounds : DataFrame
        ``round`` and ``n_raters``; the last round gives the number of later raters.
    scale : (int, int)
        Lowest and highest score.
    rounding : str
        Rule by which the means were cut.
    statistics : sequence of str
        Names of :data:`kube_research.change.STATISTICS`.

    Returns
    -------
    DataFrame
        One row per item and statistic: ``n_before``, ``n_after``, ``low`` and ``high`` (attained by data
        sets compatible with the printed mean and any later scores with a higher mean), ``pairs`` (of
        count vectors gone over), ``reversed`` (share of the pairs in which the mean rises and Cliff's
        delta is negative), ``evidence`` ("bounded").

    Raises
    ------
    kube_research.errors.OptionError
        If there is no later round.

    Examples
    --------
    >>> means = pd.DataFrame({"round": [1], "item": [9], "mean": ["2.46"], "n": [15]})
    >>> rounds = pd.DataFrame({"round": [1, 2], "n_raters": [15, 18]})
    >>> found = rose_bounds(means, rounds, scale=(1, 4), rounding="truncate")
    >>> bool(found.query("statistic == 'cliffs_delta'")["low"].iloc[0] < 0)
    True
    """
    need_columns(item_means, "round", "item", "mean", "n")
    need_columns(rounds, "round", "n_raters")
    first = item_means[item_means["round"] == item_means["round"].min()]
    later = rounds[rounds["round"] > item_means["round"].min()]
    if later.empty:
        raise OptionError(text("error.needs_two_rounds", site="rounds"))
    n_after = int(later.sort_values("round")["n_raters"].iloc[-1])
    found: dict[tuple[str, int], tuple[dict[str, ChangeBounds], float]] = {}
    rows = []
    for item, mean, n in zip(first["item"], first["mean"], first["n"].astype(int), strict=True):
        if (mean, n) not in found:
            counts = compatible_counts(mean, n, scale, rounding=rounding)
            ends = {s: change_bounds(counts, "rose", s, n_after=n_after) for s in statistics}
            found[mean, n] = ends, rank_reversal_share(counts, "rose", n_after=n_after)
        ends, share = found[mean, n]
        rows += [
            {
                "item": item,
                "mean": mean,
                "n_before": n,
                "n_after": n_after,
                "statistic": statistic,
                "low": end.low,
                "high": end.high,
                "pairs": end.pairs,
                "reversed": share,
                "evidence": "bounded",
            }
            for statistic, end in ends.items()
        ]
    return pd.DataFrame(rows)
