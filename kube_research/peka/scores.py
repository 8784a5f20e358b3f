"""PEKA scores: of items and of fields, from ratings or from printed means."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

from kube_research.engines import AnyFrame, column_names, lengthened
from kube_research.evidence.numbers import possible_totals, sd_bounds
from kube_research.evidence.printed import parse_printed
from kube_research.frames import documented, need_columns, scale_of, step_of, turned_means
from kube_research.levels import (
    ScaleEnds,
    count_levels,
    describe_levels,
    within_scale,
)
from kube_research.site.info import Scale

_IDENTITY = ("round", "group", "rater", "evidence", "locator", "field_no")


def to_long(ratings: AnyFrame) -> AnyFrame:
    """Return ratings with one row per round, rater and item.

    Parameters
    ----------
    ratings : DataFrame, or a frame of another engine
        Long already (columns ``item`` and ``score``), or wide: ``round``, ``group``, ``rater`` and
        one column an item, named ``9``, ``item_9`` or ``butir 9``.

    Returns
    -------
    DataFrame
        Long ratings; a blank cell stays a missing score.

    Examples
    --------
    >>> wide = pd.DataFrame({"round": [1], "rater": ["A"], "item_9": [3], "item_13": [2]})
    >>> to_long(wide)[["rater", "item", "score"]].values.tolist()
    [['A', 9, 3], ['A', 13, 2]]
    """
    from kube_research.site.schema import WIDE_ITEM

    names = column_names(ratings)
    if {"item", "score"} <= set(names):
        return ratings
    items = {name: int(hit[1]) for name in names if (hit := WIDE_ITEM.fullmatch(name))}
    need_columns(ratings, "round", "rater", *([] if items else ["item", "score"]))
    keep = [name for name in _IDENTITY if name in names]
    if not isinstance(ratings, pd.DataFrame):
        return lengthened(ratings, keep=keep, items=items)  # type: ignore[no-any-return]
    named = ratings.rename(columns=str)  # a column of an item may be called 9, a number
    long = named.melt(keep, list(items), var_name="item", value_name="score")
    return long.assign(item=long["item"].map(items).astype("Int64"))


def to_wide(ratings: pd.DataFrame) -> pd.DataFrame:
    """Return ratings with one row per round and rater and one column an item (``item_9``).

    Examples
    --------
    >>> long = pd.DataFrame({"round": 1, "group": "07", "rater": "A", "item": [9], "score": [3]})
    >>> to_wide(long)["item_9"].tolist()
    [3]
    """
    ratings = to_long(ratings)
    need_columns(ratings, "round", "rater", "item", "score")
    keys = [name for name in ("round", "group", "rater") if name in ratings.columns]
    wide = ratings.pivot(index=keys, columns="item", values="score")
    wide.columns = [f"item_{item}" for item in wide.columns]
    return wide.reset_index()


def high_score(scale: ScaleEnds) -> float:
    """Return what counts as a high score: the first not below two thirds of the scale, else 3."""
    return 3 if scale is None else Scale(*scale).high_score  # type: ignore[arg-type]


@documented
def score_items(
    ratings: Any,
    *,
    by: Sequence[str] = ("round", "item"),
    at_least: float | None = None,
    scale: ScaleEnds = None,
) -> pd.DataFrame:
    """Score every item in every round.

    Parameters
    ----------
    |peka_ratings|
    by : sequence of str
        Columns to score within, for example ``("round", "group", "item")``.
    |at_least|
    |score_scale|

    Returns
    -------
    DataFrame
        Sorted, one row per round and item: ``n`` raters who answered, ``total``, ``mean``, ``sd``
        (divisor n - 1, missing for one rater), ``median``, ``low``, ``high``, ``at_least`` and
        ``share_at_least`` (the share of raters who gave that score or more), ``missing`` (blank
        answers), ``ci_low`` and ``ci_high`` (95 % t interval of the mean, raters taken as independent,
        cut at the ends of the scale; missing for fewer than five raters), ``evidence``.

    Raises
    ------
    kube_research.errors.MissingColumnError

    Notes
    -----
    Checked against ``scipy.stats.describe`` and
    ``scipy.stats.ttest_1samp(...).confidence_interval``.

    Examples
    --------
    >>> import kube_research as kr
    >>> scores = score_items(kr.load_site("cibeunying-simulated").ratings)
    >>> scores.query("round == 1 and item == 9")[["n", "total", "evidence"]].values.tolist()
    [[15, 37, 'simulated']]
    """
    long = to_long(ratings)
    need_columns(long, *by, "score")
    levels = count_levels(long, by=by, value="score")
    scale = scale_of(long) if scale is None else scale
    cut = high_score(scale) if at_least is None else at_least
    return describe_levels(levels, by=by, at_least=cut, scale=scale)


def as_answered(ratings: pd.DataFrame) -> pd.DataFrame:
    """Return loaded ratings with the scores as they were given, which printed means are means of.

    Examples
    --------
    >>> as_answered(pd.DataFrame({"score": [1], "score_given": [4]}))["score"].tolist()
    [4]
    """
    if "score_given" not in ratings:
        return ratings
    return ratings.assign(score=ratings["score_given"])


@documented
def score_means(
    item_means: pd.DataFrame,
    *,
    scale: tuple[int, int],
    rounding: str = "half-up",
    step: float | None = None,
) -> pd.DataFrame:
    """Recover from printed means what they leave no choice about, and bound the rest.

    Parameters
    ----------
    item_means : DataFrame
        Columns ``round``, ``item``, ``mean`` (printed text) and ``n``; loaded ones know in
        ``mean_recoded`` which are means of negative statements.
    scale : (int, int)
        Lowest and highest score.
    rounding : str
        Rule by which the means were cut.
    |carried_step|

    Returns
    -------
    DataFrame
        One row per printed mean: ``n``, ``total`` (missing when no total, or more than one, prints
        so), ``totals`` (how many are possible), ``mean`` (exact total / n, else the printed value),
        ``printed``, ``sd_low`` and ``sd_high`` (exact bounds), ``ci_low`` and ``ci_high`` (the
        widest 95 % t interval that any compatible set of scores could have, cut at the ends of the
        scale; missing for fewer than five raters), ``evidence``. What can be printed so is sought
        among the answers as given; of a negative statement ``total``, ``mean`` and interval are then
        turned round (lowest + highest - answer), and ``printed`` stays as it is.

    Examples
    --------
    >>> means = pd.DataFrame({"round": [1], "item": [9], "mean": ["2.46"], "n": [15]})
    >>> score_means(means, scale=(1, 4), rounding="truncate")["total"].tolist()
    [37]
    >>> negative = means.assign(mean_recoded="2.54")
    >>> score_means(negative, scale=(1, 4), rounding="truncate")["total"].tolist()
    [38]
    """
    from scipy.special import stdtrit  # scipy.stats.t.ppf without the time scipy.stats takes

    need_columns(item_means, "round", "item", "mean", "n")
    size, rows = step_of(item_means, step), []
    ends = sum(scale)
    for number, item, printed, n, turned in zip(
        item_means["round"],
        item_means["item"],
        item_means["mean"],
        item_means["n"].astype(int),
        turned_means(item_means),
        strict=True,
    ):
        totals = possible_totals(printed, n, rounding=rounding, scale=scale, step=size)
        sure = totals[0] if len(totals) == 1 else None
        exact = Fraction(sure) / n if sure is not None else parse_printed(printed)[0]
        mean = float(ends - exact if turned else exact)
        spreads = [sd_bounds(total, n, scale, step=size) for total in totals] if n > 1 else []
        lowest = min((low for low, _ in spreads), default=np.nan)
        highest = max((high for _, high in spreads), default=np.nan)
        half = stdtrit(max(n - 1, 1), 0.975) * highest / np.sqrt(n)
        rows.append(
            {
                "round": number,
                "item": item,
                "n": n,
                "total": n * ends - sure if turned and sure is not None else sure,
                "totals": len(totals),
                "mean": mean,
                "printed": printed,
                "sd_low": lowest,
                "sd_high": highest,
                "ci_low": mean - half,
                "ci_high": mean + half,
                "evidence": "derived" if sure is not None else "bounded",
            }
        )
    kind = "Int64" if float(size).is_integer() else "Float64"
    kinds = {"total": kind, "printed": "string", "evidence": "string"}
    scores = pd.DataFrame(rows).astype(kinds)
    interval = within_scale(scores["ci_low"], scores["ci_high"], scores["n"], scale)
    scores["ci_low"], scores["ci_high"] = interval
    if "evidence" in item_means and (item_means["evidence"] == "simulated").any():
        scores["evidence"] = "simulated"
    return scores
