"""From ratings of any engine to a few numbers per group: all that the analysis of a programme needs.

The unit within a group is the rater: a rater's mean over the items answered. A group becomes one
row of counts, sums, squares and products, so 84 million ratings become 140,000 rows, whatever
engine holds them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import narwhals as nw
import pandas as pd

from kube_research.engines import collected, engine_of, query_on
from kube_research.frames import as_list, documented, need_columns
from kube_research.levels import grades_of_ranks, rank_of_evidence
from kube_research.peka.fields import lone_items, uneven_groups, unit_rounds, without_items

#: The columns of a region in a programme.
REGION = ("province", "regency")


@documented
def group_sums(
    ratings: Any,
    *,
    by: str | Sequence[str] = REGION,
    before: int = 1,
    after: int = 2,
    scale: tuple[int, int] | None = None,
    items: Collection[int] | None = None,
) -> pd.DataFrame:
    """Return what the comparison of two rounds needs of every group: one row a group.

    A group is compared with itself on the same items: those that both its rounds hold, and of a rater
    of both rounds those answered in both. A group of one round keeps all. A group whose rounds share
    no item has no raters here.

    Parameters
    ----------
    ratings : frame of any engine
        ``round``, ``group``, ``rater``, ``item``, ``score`` and the columns of ``by``. Missing
        scores are left out.
    by : str or sequence of str
        Where groups belong: province and regency. ``()`` for none.
    before, after : int
        The two rounds.
    |programme_scale|
    |programme_items|

    Returns
    -------
    DataFrame
        Pandas, whatever the engine: the columns of ``by``, ``group``; of raters' means in each round
        ``raters_before``, ``total_before``, ``squares_before``, ``raters_after``, ``total_after``,
        ``squares_after``; of those who scored in both ``raters_both``, ``both_before``,
        ``both_after`` (sums) and ``both_product``; ``items_left_out`` (numbers of the items that one
        round of the group lacks, as text), ``ratings_left_out`` (ratings that do not count, those of
        raters with blanks included); ``evidence`` (the weakest). Totals are in points of the scale.
        In order of region and group.

    Raises
    ------
    kube_research.errors.MissingColumnError

    Notes
    -----
    Checked against plain pandas on every engine. A rating entered twice counts twice within its
    rater's mean, which it moves by at most one part in the number of items: duplicates are for
    validation to find.

    Examples
    --------
    >>> import kube_research as kr
    >>> sums = group_sums(kr.load_site("cibeunying-simulated").ratings, by=())
    >>> shown = ["group", "raters_before", "raters_after", "raters_both"]
    >>> sums[shown].values.tolist()[0]
    ['07', 3, 4, 2]
    """
    keys, rounds = [*as_list(by), "group"], [before, after]
    need_columns(ratings, *keys, "round", "rater", "item", "score")
    frame = query_on(ratings)
    kept = frame.filter(_usable(scale, items) & nw.col("round").is_in(rounds))
    rank = rank_of_evidence(frame.collect_schema().names())
    columns = [*keys, "rater", "round", "item", "score"]
    answers = query_on(nw.to_native(kept.select(*columns, _rank=rank)))
    raters = unit_rounds(answers, unit=[*keys, "rater"], rounds=rounds, shared=False)
    sums = collected(_raters_added(raters, keys)).assign(items_left_out="")
    uneven = collected(uneven_groups(raters, keys=keys))["group"].dropna().unique().tolist()
    if uneven:
        some = answers.filter(nw.col("group").is_in(uneven))
        careful = _shared_sums(query_on(nw.to_native(some)), keys, rounds)
        sums = pd.concat([sums[~sums["group"].isin(uneven)], careful], ignore_index=True)
    sums["ratings_left_out"] = sums.pop("_cut")
    return _in_order(sums.astype({"items_left_out": "string"}), keys)


def _shared_sums(answers: Any, keys: list[str], rounds: list[int]) -> pd.DataFrame:
    """Add up what can be compared, group by group, where raters did not all answer the same items."""
    lone_query = lone_items(answers, level=keys, rounds=rounds)
    lone = collected(lone_query)
    if len(lone):
        answers = without_items(answers, lone_query, level=keys)
    raters = unit_rounds(answers, unit=[*keys, "rater"], rounds=rounds)
    return _named_left_out(collected(_raters_added(raters, keys)), lone, keys)


def _named_left_out(sums: pd.DataFrame, lone: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Add what each group's comparison leaves out, and the groups of which nothing is left."""
    groups = lone.sort_values("item").groupby(keys, dropna=False, sort=False)
    named = groups["item"].agg(lambda items: ", ".join(str(int(item)) for item in items))
    gone = groups["_gone"].sum()
    left_out = pd.DataFrame({"items_left_out": named, "_gone": gone}).reset_index()
    sums = sums.merge(left_out, "outer" if len(lone) else "left", keys)
    sums["_cut"] = sums["_cut"].fillna(0) + sums.pop("_gone").fillna(0)
    sums["items_left_out"] = sums["items_left_out"].astype("string").fillna("")
    added = ("raters", "total", "squares", "both")
    numbers = [name for name in map(str, sums) if name.startswith(added)]
    return sums.fillna(dict.fromkeys(numbers, 0))


def _usable(scale: tuple[int, int] | None, items: Collection[int] | None) -> Any:
    """Return the condition that a rating counts."""
    good = ~nw.col("score").is_null()
    if scale is not None:
        good = good & (nw.col("score") >= scale[0]) & (nw.col("score") <= scale[1])
    return good if items is None else good & nw.col("item").is_in(sorted(items))


def _raters_added(raters: Any, keys: list[str]) -> Any:
    """Add up the means of the raters of each group, their squares and the products of both rounds."""
    before, after, both = nw.col("_m0"), nw.col("_m1"), nw.col("_k0") * nw.col("_k1")
    means, marks = {}, {}
    for place in (0, 1):
        count = nw.col(f"_n{place}")
        size = nw.when(count > 0).then(count).otherwise(nw.lit(1))
        means[f"_m{place}"] = nw.col(f"_t{place}") / size.cast(nw.Float64)
        marks[f"_k{place}"] = nw.when(count > 0).then(nw.lit(1)).otherwise(nw.lit(0))
    rank = nw.max_horizontal("_r0", "_r1")
    rated = raters.select(*keys, "_cut", _rank=rank, **means, **marks)
    terms = {
        "raters_before": nw.col("_k0"),
        "total_before": before,
        "squares_before": before * before,
        "raters_after": nw.col("_k1"),
        "total_after": after,
        "squares_after": after * after,
        "raters_both": both,
        "both_before": before * both,
        "both_after": after * both,
        "both_product": before * after * both,
        "_cut": nw.col("_cut"),
    }
    rated = rated.select(*keys, "_rank", **terms)
    return rated.group_by(*keys).agg(*(nw.col(name).sum() for name in terms), nw.col("_rank").max())


def _in_order(sums: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Return sums in order of their keys, with the grade of their evidence."""
    counts = [name for name in map(str, sums) if name.startswith(("raters", "groups", "ratings"))]
    sums = sums.sort_values(keys, ignore_index=True).astype(dict.fromkeys(counts, "int64"))
    return sums.assign(evidence=grades_of_ranks(sums.pop("_rank")))


@documented
def item_area_sums(
    ratings: Any,
    *,
    by: str | Sequence[str] = "province",
    scale: tuple[int, int] | None = None,
    items: Collection[int] | None = None,
) -> pd.DataFrame:
    """Return, for every area, round and item, how many groups there are and the sums of their means.

    Parameters
    ----------
    ratings : frame of any engine
        ``round``, ``group``, ``item``, ``score`` and the columns of ``by``.
    by : str or sequence of str
        The areas.
    |programme_scale|
    |programme_items|

    Returns
    -------
    DataFrame
        Pandas, whatever the engine: the columns of ``by``, ``round``, ``item``, ``groups``, ``total``
        and ``squares`` of the groups' means in points of the scale, ``evidence``. In order of area,
        round and item.

    Examples
    --------
    >>> ratings = pd.DataFrame({"province": "22", "round": 1, "group": ["a", "a", "b"], "item": 5,
    ...                         "rater": ["1", "2", "3"], "score": [1, 2, 3]})
    >>> item_area_sums(ratings)[["item", "groups", "total", "squares"]].values.tolist()
    [[5.0, 2.0, 4.5, 11.25]]
    """
    areas = [*as_list(by), "round", "item"]
    need_columns(ratings, *areas, "group", "score")
    frame = query_on(ratings)
    answers = frame.filter(_usable(scale, items)).select(
        *areas,
        "group",
        _n=nw.lit(1),
        _t=nw.col("score").cast(nw.Float64),
        _rank=rank_of_evidence(frame.collect_schema().names()),
    )
    sums = (nw.col("_n").sum(), nw.col("_t").sum(), nw.col("_rank").max())
    groups = answers.group_by(*areas, "group").agg(*sums)
    mean = nw.col("_t") / nw.col("_n").cast(nw.Float64)
    groups = groups.with_columns(total=mean, squares=mean * mean)
    query = groups.group_by(*areas).agg(
        nw.len().alias("groups"),
        nw.col("total").sum(),
        nw.col("squares").sum(),
        nw.col("_rank").max(),
    )
    return _in_order(collected(query), areas)


def in_memory(frame: Any) -> pd.DataFrame:
    """Return a frame of any engine as pandas: computed, with plain numbers, days and text.

    Examples
    --------
    >>> in_memory(pd.DataFrame({"n": [1, 2]}))["n"].tolist()
    [1, 2]
    """
    if isinstance(frame, pd.DataFrame):
        return frame.reset_index(drop=True)
    engine_of(frame)
    return collected(nw.from_native(frame))
