"""PEKA scores: items, fields, strong and weak, and the follow-up plan (RTL) they lead to."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kube_research.engines import AnyFrame, Step, column_names, engine_of, in_order, joined, walk
from kube_research.errors import MissingColumnError
from kube_research.evidence.numbers import possible_totals, sd_bounds
from kube_research.evidence.printed import parse_printed
from kube_research.frames import grades_by, need_columns, weakest
from kube_research.levels import (
    field_column,
    field_steps,
    item_count_steps,
    lengthened,
    score_steps,
    whole_fields,
)
from kube_research.texts import text

if TYPE_CHECKING:
    from kube_research.site.folder import Site

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
    from kube_research.site.readers import WIDE_ITEM

    names = column_names(ratings)
    if {"item", "score"} <= set(names):
        return ratings
    if not isinstance(ratings, pd.DataFrame):
        wide = {name: int(hit[1]) for name in names if (hit := WIDE_ITEM.fullmatch(name))}
        need_columns(ratings, "round", "rater", *([] if wide else ["item", "score"]))
        keep = [name for name in _IDENTITY if name in names]
        return walk(ratings, [Step(partial(lengthened, keep=keep, items=wide))])
    found = {name: WIDE_ITEM.fullmatch(str(name)) for name in ratings.columns}
    items = {name: int(hit.group(1)) for name, hit in found.items() if hit}
    need_columns(ratings, "round", "rater", *([] if items else ["item", "score"]))
    keep = [name for name in _IDENTITY if name in ratings.columns]
    long = ratings.melt(keep, list(items), var_name="item", value_name="score")
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


def _as_before(done: pd.DataFrame) -> pd.DataFrame:
    """Give a summary of pandas ratings the types that pandas users know."""
    kinds = {name: "int64" for name in ("n", "total", "missing") if name in done}
    means = ("mean", "sd", "median", "low", "high", "share_at_least", "ci_low", "ci_high")
    typed = done.astype(kinds | dict.fromkeys(means, "float64") | {"evidence": "string"})
    return typed.reset_index(drop=True)


def _numbers(ratings: pd.DataFrame) -> pd.DataFrame:
    return ratings.assign(score=pd.to_numeric(ratings["score"]).astype("float64"))


def score_items(
    ratings: AnyFrame, *, by: Sequence[str] = ("round", "item"), at_least: float = 3
) -> AnyFrame:
    """Score every item in every round.

    Parameters
    ----------
    ratings : DataFrame, or a frame of another engine
        Long or wide ratings (see :func:`to_long`): pandas, polars, PyArrow, a DuckDB relation, Dask
        or Spark. Lazy in, lazy out: nothing is computed before you ask for it.
    by : sequence of str
        Columns to score within, for example ``("round", "group", "item")``.
    at_least : float
        ``share_at_least`` is the share of raters who gave this score or more.

    Returns
    -------
    frame of the same engine
        Sorted, one row per round and item: ``n`` raters who answered, ``total``, ``mean``, ``sd``
        (divisor n - 1, missing for one rater), ``median``, ``low``, ``high``, ``share_at_least``,
        ``missing`` (blank answers), ``ci_low`` and ``ci_high`` (95 % t interval of the mean, raters
        taken as independent), ``evidence``.

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
    if not isinstance(long, pd.DataFrame):
        return walk(long, score_steps(by, at_least))
    return _as_before(walk(_numbers(long), score_steps(by, at_least)))  # type: ignore[return-value]


def score_fields(
    ratings: AnyFrame,
    items: pd.DataFrame | None = None,
    *,
    by: Sequence[str] = ("round", "field_no"),
    at_least: float = 3,
) -> AnyFrame:
    """Score every field in every round: the mean over raters of each rater's own field mean.

    Parameters
    ----------
    ratings : DataFrame, or a frame of another engine
        Long or wide ratings, as for :func:`score_items`; loaded ratings already know the field of
        each item.
    items : DataFrame, optional
        The instrument (``item``, ``field_no``), needed when ``ratings`` has no ``field_no``. Always
        pandas.
    by : sequence of str
        Columns to score within.
    at_least : float
        As in :func:`score_items`, applied to raters' field means.

    Returns
    -------
    frame of the same engine
        One row per round and field with the columns of :func:`score_items` (without ``total``) and
        ``items``, the number of items in the field. The rater is the unit, so ``n`` counts raters.

    Raises
    ------
    kube_research.errors.MissingColumnError
        If nothing says which field an item belongs to.

    Notes
    -----
    Checked against a hand-computed case with a missing answer.
    """
    long = to_long(ratings)
    rows, fields = long, None
    if items is not None:
        need_columns(items, "item", "field_no")
        fields = items.set_index("item")["field_no"]
        long = _with_fields(long, fields)
    elif "field_no" not in column_names(long):
        raise MissingColumnError(text("error.no_fields"))
    need_columns(long, *by, "round", "rater", "field_no", "score")
    plain: Any = _numbers(long) if isinstance(long, pd.DataFrame) else long
    site = [name for name in ("site",) if name in column_names(plain)]
    unit = list(dict.fromkeys([*by, *site, "rater"]))
    scored = walk(plain, field_steps(by, unit, at_least))
    if fields is None or engine_of(plain) in ("pandas", "pyarrow"):
        counted = walk(plain, item_count_steps(by))
    else:
        counted = walk(rows, item_count_steps(by, _by_number(fields)))
    last = [in_order(by)]
    if not isinstance(plain, pd.DataFrame):
        last.append(Step(whole_fields))
    done = walk(joined(scored, counted, by), last)
    return _as_before(done) if isinstance(done, pd.DataFrame) else done  # type: ignore[return-value]


def _with_fields(ratings: Any, fields: pd.Series) -> Any:
    """Give each rating the field of its item."""
    if isinstance(ratings, pd.DataFrame):
        return ratings.assign(field_no=ratings["item"].map(fields))
    return walk(ratings, [Step(partial(field_column, fields=_by_number(fields)))])


def _by_number(fields: pd.Series) -> dict[int, int]:
    return {int(item): int(field) for item, field in fields.dropna().items()}  # type: ignore[call-overload]


def score_means(
    item_means: pd.DataFrame, *, scale: tuple[int, int], rounding: str = "half-up"
) -> pd.DataFrame:
    """Recover from printed means what they leave no choice about, and bound the rest.

    Parameters
    ----------
    item_means : DataFrame
        Columns ``round``, ``item``, ``mean`` (printed text) and ``n``.
    scale : (int, int)
        Lowest and highest score.
    rounding : str
        Rule by which the means were cut.

    Returns
    -------
    DataFrame
        One row per printed mean: ``n``, ``total`` (missing when no total, or more than one, prints
        so), ``totals`` (how many are possible), ``mean`` (exact total / n, else the printed value),
        ``printed``, ``sd_low`` and ``sd_high`` (exact bounds), ``ci_low`` and ``ci_high`` (the
        widest 95 % t interval that any compatible set of scores could have), ``evidence``.

    Examples
    --------
    >>> means = pd.DataFrame({"round": [1], "item": [9], "mean": ["2.46"], "n": [15]})
    >>> score_means(means, scale=(1, 4), rounding="truncate")["total"].tolist()
    [37]
    """
    from scipy.special import stdtrit  # scipy.stats.t.ppf without the time scipy.stats takes

    need_columns(item_means, "round", "item", "mean", "n")
    rows = []
    for number, item, printed, n in zip(
        item_means["round"],
        item_means["item"],
        item_means["mean"],
        item_means["n"].astype(int),
        strict=True,
    ):
        totals = possible_totals(printed, n, rounding=rounding, scale=scale)
        sure = totals[0] if len(totals) == 1 else None
        mean = float(Fraction(sure, n) if sure is not None else parse_printed(printed)[0])
        spreads = [sd_bounds(total, n, scale) for total in totals] if n > 1 else []
        lowest = min((low for low, _ in spreads), default=np.nan)
        highest = max((high for _, high in spreads), default=np.nan)
        half = stdtrit(max(n - 1, 1), 0.975) * highest / np.sqrt(n)
        rows.append(
            {
                "round": number,
                "item": item,
                "n": n,
                "total": sure,
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
    done = pd.DataFrame(rows).astype({"total": "Int64", "printed": "string", "evidence": "string"})
    if "evidence" in item_means and (item_means["evidence"] == "simulated").any():
        done["evidence"] = "simulated"
    return done


def classify_items(scores: pd.DataFrame, *, threshold: float = 2.5) -> pd.DataFrame:
    """Call items strong or weak and rank them for action.

    Parameters
    ----------
    scores : DataFrame
        With ``item`` and ``mean`` (numbers, or printed means as text), and ``round`` if there is
        more than one: from :func:`score_items`, :func:`score_means`, or an item_means table.
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
    exact = pd.to_numeric(scores["mean"]).astype("float64")
    done = scores.assign(threshold=float(threshold))
    done["strength"] = pd.Series(
        np.where(exact < threshold, "weak", "strong"), index=scores.index, dtype="string"
    ).where(exact.notna())
    rounds = [scores["round"]] if "round" in scores else [pd.Series(1, index=scores.index)]
    done["priority"] = exact.groupby(rounds).rank(method="min").astype("Int64")
    order = [name for name in ("round", "priority", "item") if name in done]
    return done.sort_values(order, ignore_index=True)


def classify_over(scores: pd.DataFrame, thresholds: Sequence[float] = (2.5, 3.0)) -> pd.DataFrame:
    """Show how the strong/weak verdict depends on the threshold, which no source fixes.

    Returns
    -------
    DataFrame
        One row per round and threshold: ``items``, ``weak`` and ``strong`` counts, ``evidence``.
    """
    need_columns(scores, "round", "item", "mean")
    parts = [classify_items(scores, threshold=cut) for cut in thresholds]
    long = pd.concat(parts, ignore_index=True)
    grouped = long.groupby(["round", "threshold"])
    done = grouped["item"].count().rename("items").to_frame()
    for strength in ("weak", "strong"):
        done[strength] = (
            long["strength"].eq(strength).groupby([long["round"], long["threshold"]]).sum()
        )
    grades = grades_by(long, ["round", "threshold"])
    done["evidence"] = grades.map(lambda grade: weakest([grade, "derived"]))
    return done.reset_index()


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
    done = links.merge(first[wanted], on="item", how="left")
    columns = [
        "activity",
        "date",
        *wanted,
        "basis",
        "reason_id",
        "reason_en",
        "evidence",
        "locator",
    ]
    return done[columns].sort_values(["date", "activity", "item"], ignore_index=True)


def item_scores(site: Site) -> pd.DataFrame:
    """Score a site's items from its ratings, or from printed means where only means exist."""
    if site.has("ratings"):
        return score_items(site.table("ratings"))
    return score_means(site.table("item_means"), scale=site.info.scale, rounding=site.info.rounding)
