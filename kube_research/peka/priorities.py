"""Strong and weak items, what is to be done first, and the follow-up plan (RTL) they lead to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kube_research.frames import grades_by, need_columns, turned_means, weakest
from kube_research.peka.scores import score_items, score_means

if TYPE_CHECKING:
    from kube_research.site.folder import Site


def item_scores(site: Site) -> pd.DataFrame:
    """Score a site's items from its ratings, or from printed means where only means exist."""
    if site.has("ratings"):
        return score_items(site.table("ratings"))
    return score_means(site.table("item_means"), scale=site.info.scale, rounding=site.info.rounding)


def classify_items(scores: pd.DataFrame, *, threshold: float = 2.5) -> pd.DataFrame:
    """Call items strong or weak and rank them for action.

    Parameters
    ----------
    scores : DataFrame
        With ``item`` and ``mean`` (numbers, or printed means as text), and ``round`` if there is
        more than one: from :func:`score_items`, :func:`score_means`, or an item_means table, whose
        ``mean_recoded`` counts where there is one: of a negative statement a high printed mean is weak.
    threshold : float
        A mean below it is weak; a mean equal to it is strong. An input of the site, not a PEKA
        rule.

    Returns
    -------
    DataFrame
        The scores with ``strength`` ("strong", "weak", missing without a mean), ``threshold`` and
        ``priority`` (1 = lowest mean of its round; equal means share a place), sorted by priority.

    Examples
    --------
    >>> scores = pd.DataFrame({"item": [9, 13], "mean": ["2.46", "2.50"]})
    >>> classify_items(scores)["strength"].tolist()
    ['weak', 'strong']
    """
    need_columns(scores, "item", "mean")
    means = scores["mean"]
    if turned_means(scores).any():
        means = scores["mean_recoded"].fillna(means)
    exact = pd.to_numeric(means).astype("float64")
    classified = scores.assign(threshold=float(threshold))
    classified["strength"] = pd.Series(
        np.where(exact < threshold - 1e-9, "weak", "strong"), index=scores.index, dtype="string"
    ).where(exact.notna())
    rounds = [scores["round"]] if "round" in scores else [pd.Series(1, index=scores.index)]
    classified["priority"] = exact.groupby(rounds).rank(method="min").astype("Int64")
    order = [name for name in ("round", "priority", "item") if name in classified]
    return classified.sort_values(order, ignore_index=True)


def classify_over(scores: pd.DataFrame, thresholds: Sequence[float] = (2.5, 3.0)) -> pd.DataFrame:
    """Show how the strong/weak verdict depends on the threshold, which no source fixes.

    Returns
    -------
    DataFrame
        One row per round and threshold: ``items``, ``weak`` and ``strong`` counts, ``evidence``.
    """
    need_columns(scores, "round", "item", "mean")
    parts = [classify_items(scores, threshold=cut) for cut in thresholds]
    long, keys = pd.concat(parts, ignore_index=True), ["round", "threshold"]
    long = long.assign(**{name: long["strength"].eq(name) for name in ("weak", "strong")})
    verdicts = long.groupby(keys).agg(
        items=("item", "count"), weak=("weak", "sum"), strong=("strong", "sum")
    )
    grades = grades_by(long, keys).map(lambda grade: weakest([grade, "derived"]))
    return verdicts.assign(evidence=grades).reset_index()


def rtl_links(site: Site) -> pd.DataFrame:
    """Return which weak item each intervention answers, with the item's priority in round 1.

    Returns
    -------
    DataFrame
        One row per intervention and item: ``activity``, ``date``, ``item``, ``mean``, ``strength``,
        ``priority``, ``basis`` (printed or inferred), both reasons, ``evidence``, ``locator``.

    Raises
    ------
    kube_research.errors.MissingTableError
        If the site has no rtl table, or neither ratings nor printed means.
    """
    links = site.table("rtl").merge(site.table("activities")[["activity", "date"]], on="activity")
    first = classify_items(
        item_scores(site).query("round == round.min()"), threshold=site.info.threshold
    )
    wanted = ["item", "mean", "strength", "priority"]
    answered = links.merge(first[wanted], on="item", how="left")
    reasons = ["basis", "reason_id", "reason_en", "evidence", "locator"]
    columns = ["activity", "date", *wanted, *reasons]
    return answered[columns].sort_values(["date", "activity", "item"], ignore_index=True)
