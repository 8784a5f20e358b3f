"""PEKA scores: of items and of fields, from ratings or from printed means."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from kube_research.engines import AnyFrame, collected, column_names, query_on
from kube_research.errors import MissingColumnError
from kube_research.evidence.numbers import possible_totals, sd_bounds
from kube_research.evidence.printed import parse_printed
from kube_research.frames import documented, need_columns
from kube_research.levels import (
    count_levels,
    count_unit_levels,
    describe_levels,
    field_column,
    lengthened,
    lone_items,
    rank_of_evidence,
    without_items,
)
from kube_research.texts import check_language, text

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


@documented
def score_items(
    ratings: Any, *, by: Sequence[str] = ("round", "item"), at_least: float = 3
) -> pd.DataFrame:
    """Score every item in every round.

    Parameters
    ----------
    |peka_ratings|
    by : sequence of str
        Columns to score within, for example ``("round", "group", "item")``.
    at_least : float
        ``share_at_least`` is the share of raters who gave this score or more.

    Returns
    -------
    DataFrame
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
    levels = count_levels(long, by=by, value="score")
    return describe_levels(levels, by=by, at_least=at_least)


@documented
def score_fields(
    ratings: Any,
    items: pd.DataFrame | None = None,
    *,
    by: Sequence[str] = ("round", "field_no"),
    at_least: float = 3,
    lang: str = "en",
) -> pd.DataFrame:
    """Score every field in every round: the mean over raters of each rater's own field mean.

    Rounds are compared on what they share: only items that every round of the field holds count, and
    of a rater of several rounds only those answered in each of them. A field whose rounds share no
    item keeps each round's own mean. ``reason`` says so.

    Parameters
    ----------
    |peka_ratings|
    items : DataFrame, optional
        The instrument (``item``, ``field_no``), needed when ``ratings`` has no ``field_no``:
        loaded ratings know the field of each item. Always pandas.
    by : sequence of str
        Columns to score within.
    at_least : float
        As in :func:`score_items`, applied to raters' field means.
    |lang|

    Returns
    -------
    DataFrame
        One row per round and field with the columns of :func:`score_items` (without ``total``),
        ``items``, the number of items that count, and ``reason`` (what does not; empty where all
        does). The rater is the unit, so ``n`` counts raters.

    Raises
    ------
    kube_research.errors.MissingColumnError
        If nothing says which field an item belongs to.

    Notes
    -----
    Checked against hand-computed cases with missing answers and items of one round.
    """
    check_language(lang)
    long: Any = to_long(ratings)
    fields = None
    if items is not None:
        need_columns(items, "item", "field_no")
        fields = items.set_index("item")["field_no"]
    elif "field_no" not in column_names(long):
        raise MissingColumnError(text("error.no_fields"))
    rows = long if fields is None else _with_fields(long, fields)
    need_columns(rows, *by, "round", "rater", "field_no", "score")
    asked = items_asked(rows, by) if fields is None else items_asked(long, by, fields)
    levels = count_fields(rows, asked, by=by)
    return describe_fields(levels, asked, by=by, at_least=at_least, lang=lang)


def count_fields(rows: Any, asked: pd.DataFrame, *, by: Sequence[str], whole: Any = None) -> Any:
    """Count raters' field means, over the items that :func:`items_asked` says are comparable.

    Parameters
    ----------
    rows : frame of any engine
        Ratings with their fields.
    asked : DataFrame
        From :func:`items_asked`, of all ratings.
    by : sequence of str
        As for :func:`score_fields`.
    whole : frame of any engine, optional
        All ratings, where ``rows`` are a part of them.
    """
    names = column_names(rows)
    level = [name for name in by if name != "round"]
    unit = [*level, *(name for name in ("site",) if name in names and name not in by), "rater"]
    unit = list(dict.fromkeys(unit))
    rounds = asked["round"].drop_duplicates().sort_values() if "round" in by else pd.Series()
    rank = rank_of_evidence(names)
    chosen = list(dict.fromkeys([*unit, "round", "item", "score"]))
    answers = query_on(rows).select(*chosen, _rank=rank)
    options: dict[str, Any] = {"by": by, "unit": unit, "rounds": rounds}
    apart = asked[asked["why"] == "apart"]
    own = count_unit_levels(answers, shared=False, **options) if len(apart) else None
    if (asked["why"] == "lone").any():
        every = query_on(rows if whole is None else whole).select(*level, "round", "item", "score")
        lone = lone_items(every, level=level, rounds=rounds.tolist())
        answers = without_items(answers, lone, level=level)
    levels = count_unit_levels(answers, **options)
    if own is None:
        return levels
    key = apart[level].drop_duplicates()
    there = levels[level].merge(key, "left", level, indicator=True)["_merge"].eq("left_only")
    return pd.concat([levels[there.to_numpy()], own.merge(key, on=level)], ignore_index=True)


def describe_fields(
    levels: pd.DataFrame,
    asked: pd.DataFrame,
    *,
    by: Sequence[str],
    at_least: float = 3,
    lang: str = "en",
) -> pd.DataFrame:
    """Return what :func:`score_fields` promises, from counted means and the items asked."""
    keys, level = list(by), [name for name in by if name != "round"]
    scored = describe_levels(levels, by=by, at_least=at_least, whole=False)
    counts = asked[asked["why"] != "lone"].groupby(keys, observed=True).size()
    scored = scored.merge(counts.rename("items").reset_index(), on=keys, how="inner")
    cut = levels.groupby(keys, observed=True)["_cut"].sum().reset_index()
    raters = scored[keys].merge(cut, "left", keys)["_cut"].astype("int64")
    odd = asked[asked["why"] != ""]
    places = odd[level].itertuples(index=False, name=None)
    reasons: dict[Any, tuple[str, set[int]]] = {}
    for place, why, item in zip(places, odd["why"], odd["item"], strict=True):
        reasons.setdefault(place, (why, set()))[1].add(int(item))
    sentences = []
    places = scored[level].itertuples(index=False, name=None)
    for place, blanks in zip(places, raters, strict=True):
        why, items = reasons.get(place, ("", set()))
        facts = {"items": ", ".join(map(str, sorted(items))), "raters": blanks}
        marks = {why: bool(why), "blanks": blanks > 0 and why != "apart"}
        named = [
            text(f"peka.reason.{mark}", lang, **facts) for mark, holds in marks.items() if holds
        ]
        sentences.append(" ".join(named))
    return scored.assign(reason=pd.array(sentences, dtype="string"))


def _with_fields(ratings: Any, fields: pd.Series) -> Any:
    """Give each rating the field of its item."""
    if isinstance(ratings, pd.DataFrame):
        return ratings.assign(field_no=ratings["item"].map(fields))
    numbers = fields.dropna().astype("int64")
    return field_column(ratings, fields=dict(zip(numbers.index.astype(int), numbers, strict=True)))


def items_asked(ratings: Any, by: Sequence[str], fields: pd.Series | None = None) -> pd.DataFrame:
    """Return every item once in each group of rows, and whether rounds can be compared on it.

    Parameters
    ----------
    ratings : frame of any engine
        Long ratings.
    by : sequence of str
        The columns of a group.
    fields : Series, optional
        Field of each item: spares the engine looking them up.

    Returns
    -------
    DataFrame
        The columns of ``by``, ``item`` and ``why``: ``"lone"`` (an item that not every round of the
        group holds, so it does not count), ``"apart"`` (the rounds of the group share no item),
        ``"alone"`` (only one of several rounds has the group), else ``""``.
    """
    names = [*(name for name in by if fields is None or name != "field_no"), "item"]
    query = query_on(ratings).group_by(*names).agg(nw.col("score").count().alias("_answers"))
    asked = collected(query, names)
    if fields is not None:
        asked = asked.assign(field_no=asked["item"].map(fields)).dropna(subset="field_no")
    if "round" not in by:
        return asked.assign(why="")
    level = [name for name in by if name != "round"]
    place = asked.groupby(level, observed=True).ngroup() if level else pd.Series(0, asked.index)
    answered = asked["_answers"] > 0
    rounds = asked["round"].where(answered).groupby(place).transform("nunique")
    held = asked["round"].where(answered).groupby([place, asked["item"]]).transform("nunique")
    shared = (held == rounds).groupby(place).transform("any")
    marks = {
        "alone": (rounds == 1) & (len(asked["round"].unique()) > 1),
        "apart": (rounds > 1) & ~shared,
        "lone": (held > 0) & (held < rounds),
    }
    return asked.assign(why=np.select(list(marks.values()), list(marks), ""))


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
    kinds = {"total": "Int64", "printed": "string", "evidence": "string"}
    scores = pd.DataFrame(rows).astype(kinds)
    if "evidence" in item_means and (item_means["evidence"] == "simulated").any():
        scores["evidence"] = "simulated"
    return scores
