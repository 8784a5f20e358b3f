"""Scores of fields, and how rounds are made comparable when a mean is taken over items.

A rater's mean over 24 items is not comparable with a mean over 28: items differ in how high they are
scored. So only items that all rounds hold count, and of a rater of several rounds only the items
answered in each of them. The same queries serve fields of a site and groups of a programme, on every
engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from kube_research.engines import collected, column_names, field_column, query_on
from kube_research.errors import MissingColumnError
from kube_research.frames import FEW, documented, need_columns, scale_of
from kube_research.levels import ScaleEnds, describe_levels, rank_of_evidence
from kube_research.peka.scores import high_score, to_long
from kube_research.site.instrument import with_weights
from kube_research.texts import check_language, text


@documented
def score_fields(
    ratings: Any,
    items: pd.DataFrame | None = None,
    *,
    by: Sequence[str] = ("round", "field_no"),
    at_least: float | None = None,
    scale: ScaleEnds = None,
    lang: str = "en",
) -> pd.DataFrame:
    """Score every field in every round: the mean over raters of each rater's own field mean.

    A rater's field mean is taken over the items of the field that the rater answered. Where the
    instrument gives weights it is their weighted mean: the sum of weight times score, divided by the
    sum of the weights of the same items, so that a blank answer takes its weight with it.

    Rounds are compared on what they share: only items that every round of the field holds count, and
    of a rater of several rounds only those answered in each of them. A field whose rounds share no
    item keeps each round's own mean. ``reason`` says so.

    Parameters
    ----------
    |peka_ratings|
    items : DataFrame, optional
        The instrument (``item``, ``field_no``, perhaps ``weight``), needed when ``ratings`` has no
        ``field_no``: loaded ratings know field and weight of each item. Always pandas.
    by : sequence of str
        Columns to score within.
    |at_least|
    |score_scale|
    |lang|

    Returns
    -------
    DataFrame
        One row per round and field with the columns of :func:`score_items` (without ``total``),
        ``items``, the number of items that count, and ``reason`` (what does not, and why there is no
        interval; else empty). The rater is the unit: ``n`` counts raters, ``at_least`` is held
        against their field means.

    Raises
    ------
    kube_research.errors.MissingColumnError
        If nothing says which field an item belongs to.

    Notes
    -----
    Checked against hand-computed cases with missing answers and items of one round, weighted means
    against ``numpy.average``. Mean, spread and interval are those of raters' field means, each counted
    once, with or without weights.
    """
    check_language(lang)
    long: Any = to_long(ratings)
    fields = None
    if items is not None:
        need_columns(items, "item", "field_no")
        fields = items.set_index("item")["field_no"]
        long = with_weights(long, items)
    elif "field_no" not in column_names(long):
        raise MissingColumnError(text("error.no_fields"))
    rows = long if fields is None else _with_fields(long, fields)
    need_columns(rows, *by, "round", "rater", "field_no", "score")
    asked = items_asked(rows, by) if fields is None else items_asked(long, by, fields)
    levels = count_fields(rows, asked, by=by)
    scale = scale_of(ratings) if scale is None else scale
    return describe_fields(levels, asked, by=by, at_least=at_least, scale=scale, lang=lang)


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
    weight = ["weight"] if "weight" in names and "field_no" in by else []
    chosen = list(dict.fromkeys([*unit, "round", "item", "score", *weight]))
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
    at_least: float | None = None,
    scale: ScaleEnds = None,
    lang: str = "en",
) -> pd.DataFrame:
    """Return what :func:`score_fields` promises, from counted means and the items asked."""
    keys, level = list(by), [name for name in by if name != "round"]
    cut_off = high_score(scale) if at_least is None else at_least
    scored = describe_levels(levels, by=by, at_least=cut_off, whole=False, scale=scale)
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
    for place, blanks, n in zip(places, raters, scored["n"], strict=True):
        why, items = reasons.get(place, ("", set()))
        facts = {"items": ", ".join(map(str, sorted(items))), "raters": blanks, "few": FEW}
        marks = {why: bool(why), "blanks": blanks > 0 and why != "apart", "few": n < FEW}
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


#: Item numbers up to here stand for bits of one whole number.
_BITS = 59
#: Weights have at most six decimals: so many parts make one.
_UNIT = 1_000_000


def _matched(frame: Any, names: Sequence[str]) -> Any:
    """Add a copy of each column in which a missing value equals another missing value."""
    keys = [nw.col(name).cast(nw.String).fill_null("\x1f") for name in names]
    return frame.with_columns(
        nw.lit("").alias("_key"), **{f"_key{i}": k for i, k in enumerate(keys)}
    )


def _keys(names: Sequence[str]) -> list[str]:
    return ["_key", *(f"_key{i}" for i in range(len(names)))]


def lone_items(answers: Any, *, level: Sequence[str], rounds: Sequence[Any]) -> Any:
    """Return the items of each level that not all of its rounds hold, with their answers: ``_gone``.

    Parameters
    ----------
    answers : Narwhals frame
        The columns of ``level``, ``round``, ``item``, ``score``.
    level : sequence of str
        What is compared: a group, a field.
    rounds : sequence
        The rounds compared.
    """
    names = [f"_n{place}" for place in range(len(rounds))]
    given = ~nw.col("score").is_null()
    counts = {
        name: nw.when(given & (nw.col("round") == number)).then(nw.lit(1)).otherwise(nw.lit(0))
        for name, number in zip(names, rounds, strict=True)
    }
    sums = [nw.col(name).sum() for name in names]
    items = answers.select(*level, "item", **counts).group_by(*level, "item").agg(*sums)
    held = [(nw.col(name) > 0).cast(nw.Int64) for name in names]
    items = _matched(items, level).with_columns(_held=nw.sum_horizontal(*held))
    whole = items.group_by(*_keys(level)).agg(*sums)
    whole = whole.select(*_keys(level), _rounds=nw.sum_horizontal(*held))
    both = items.join(whole, on=_keys(level), how="inner").filter(
        nw.col("_held") < nw.col("_rounds")
    )
    return both.select(*level, "item", _gone=nw.sum_horizontal(*names).cast(nw.Int64))


def without_items(answers: Any, lone: Any, *, level: Sequence[str]) -> Any:
    """Leave out of every level the items that :func:`lone_items` named."""
    names = [*level, "item"]
    kept = _matched(answers, names).join(
        _matched(lone, names).select(*_keys(names)), on=_keys(names), how="anti"
    )
    return kept.drop(*_keys(names))


def unit_rounds(
    answers: Any, *, unit: Sequence[str], rounds: Sequence[Any], shared: bool = True
) -> Any:
    """Return what every unit (a rater) answered in each round, and of these what can be compared.

    Parameters
    ----------
    answers : Narwhals frame
        The columns of ``unit``, ``round``, ``item``, ``score``, ``_rank`` (of the evidence) and, where
        items weigh differently, ``weight``.
    unit : sequence of str
        What makes a rater.
    rounds : sequence
        The rounds, in order; (None,) takes all rows as one.
    shared : bool
        Whether only items count that the unit answered in every round in which it answered any.

    Returns
    -------
    Narwhals frame
        One row a unit: its columns; for the first round ``_n0`` (answers that count), ``_t0`` (their
        sum), ``_r0`` (rank of the evidence, -1 without a row) and, with weights, ``_w0`` (sum of the
        weights, by which ``_t0`` is weighed), for the next ``_n1`` and so on;
        ``_cut``, how many answers do not count. Where nothing is shared also ``_b0`` and so on (the
        items as bits), ``_low`` and ``_high`` (their least and greatest number).

    Notes
    -----
    Most raters answer the same items every time. That shows in the number of answers and in the sum
    of two to the power of the item number, whose bits are the items (a rating entered twice apart).
    Only for the others are items looked at one by one, which takes five times as long.
    """
    places = range(len(rounds))
    columns: dict[str, Any] = {}
    given, item = ~nw.col("score").is_null(), nw.col("item").cast(nw.Int64)
    power = nw.when((item >= 0) & (item <= _BITS)).then(item).otherwise(nw.lit(0))
    bit = (nw.lit(2.0) ** power.cast(nw.Float64)).cast(nw.Int64)
    for place, number in enumerate(rounds):
        here = nw.lit(True) if number is None else nw.col("round") == number
        answered = given if number is None else given & here
        columns[f"_n{place}"] = nw.when(answered).then(nw.lit(1)).otherwise(nw.lit(0))
        columns[f"_t{place}"] = (
            nw.when(answered).then(nw.col("score").cast(nw.Float64)).otherwise(nw.lit(0.0))
        )
        columns[f"_r{place}"] = nw.when(here).then(nw.col("_rank")).otherwise(nw.lit(-1))
        columns[f"_b{place}"] = nw.when(answered).then(bit).otherwise(nw.lit(0))
    summed = ["_n", "_t"]
    if "weight" in answers.collect_schema().names():
        summed.append("_w")
        # Whole numbers add up to the same in every order, so that equal scores have exactly their mean.
        weight = (nw.col("weight") * _UNIT).round(0)
        for place in places:
            answered = columns[f"_n{place}"]
            columns[f"_w{place}"] = answered * weight
            columns[f"_t{place}"] = columns[f"_t{place}"] * weight
    rows = answers.select(*unit, "item", **columns)
    whole = ["_n", "_r", "_b"]
    sums = [nw.col(f"{part}{place}").sum() for part in summed for place in places]
    ranks = [nw.col(f"_r{place}").max() for place in places]
    kinds = [nw.col(f"{part}{place}").cast(nw.Int64) for part in whole[:2] for place in places]
    final = [*unit, *kinds, *(nw.col(f"{part}{place}") for part in summed[1:] for place in places)]
    bits = [nw.col(f"_b{place}").sum() for place in places]
    ends = [nw.col("item").min().alias("_low"), nw.col("item").max().alias("_high")]
    units = rows.group_by(*unit).agg(*sums, *ranks, *bits, *ends)
    nothing = nw.lit(0).cast(nw.Int64).alias("_cut")
    if len(rounds) == 1 or not shared:
        return units.select(*final, nothing, *(f"_b{place}" for place in places), "_low", "_high")
    units = units.with_columns(
        _most=nw.max_horizontal(*(f"_n{place}" for place in places)),
        _all=nw.max_horizontal(*(f"_b{place}" for place in places)),
        _seen=nw.sum_horizontal(*((nw.col(f"_n{p}") > 0).cast(nw.Int64) for p in places)),
    )
    even = (nw.col("_low") >= 0) & (nw.col("_high") <= _BITS)
    for place in places:
        same = (nw.col(f"_n{place}") == nw.col("_most")) & (nw.col(f"_b{place}") == nw.col("_all"))
        even = even & ((nw.col(f"_n{place}") == 0) | same)
    units = units.with_columns(_even=(nw.col("_seen") <= 1) | even)
    uneven = _matched(units.filter(~nw.col("_even")), unit).select(*_keys(unit))
    some = _matched(rows, unit).join(uneven, on=_keys(unit), how="semi").drop(*_keys(unit))
    mended = _shared_answers(some, unit, places, summed).select(
        *final, nw.col("_cut").cast(nw.Int64)
    )
    plain = units.filter(nw.col("_even")).select(*final, nothing)
    return query_on(nw.to_native(nw.concat([plain, mended], how="vertical")))


def uneven_groups(units: Any, *, keys: Sequence[str]) -> Any:
    """Return the groups of which not all raters answered the same items every time.

    Parameters
    ----------
    units : Narwhals frame
        From :func:`unit_rounds` of two rounds, not shared.
    keys : sequence of str
        What makes a group.
    """
    given = {part: [f"_{part}0", f"_{part}1"] for part in "nb"}
    ends = {}
    for part, names in given.items():
        filled = [
            nw.when(nw.col(f"_n{place}") > 0).then(nw.col(name)) for place, name in enumerate(names)
        ]
        ends[f"_{part}_high"] = nw.max_horizontal(*filled)
        ends[f"_{part}_low"] = nw.min_horizontal(*filled)
    high, low = ["_n_high", "_b_high", "_high"], ["_n_low", "_b_low", "_low"]
    groups = units.select(*keys, "_low", "_high", **ends).group_by(*keys)
    groups = groups.agg(*(nw.col(n).max() for n in high), *(nw.col(n).min() for n in low))
    same = (nw.col("_n_high") == nw.col("_n_low")) & (nw.col("_b_high") == nw.col("_b_low"))
    known = (nw.col("_low") >= 0) & (nw.col("_high") <= _BITS)
    return groups.filter(~(same & known)).select(*keys)


def _shared_answers(rows: Any, unit: Sequence[str], places: range, summed: Sequence[str]) -> Any:
    """Add up the answers of each unit to the items that it answered in all its rounds."""
    sums = [nw.col(f"{part}{place}").sum() for part in summed for place in places]
    ranks = [nw.col(f"_r{place}").max() for place in places]
    items = rows.group_by(*unit, "item").agg(*sums, *ranks)
    held = nw.sum_horizontal(*((nw.col(f"_n{place}") > 0).cast(nw.Int64) for place in places))
    items = items.with_columns(_held=held)
    parts = {
        f"{part}{place}_{times + 1}": nw.when(nw.col("_held") == times + 1)
        .then(nw.col(f"{part}{place}"))
        .otherwise(nw.lit(0))
        for part in summed
        for place in places
        for times in places
    }
    split = items.select(*unit, *(f"_r{place}" for place in places), **parts)
    units = split.group_by(*unit).agg(*(nw.col(name).sum() for name in parts), *ranks)
    every = {
        place: nw.sum_horizontal(*(f"_n{place}_{times + 1}" for times in places))
        for place in places
    }
    units = units.with_columns(
        _rounds=nw.sum_horizontal(*((every[place] > 0).cast(nw.Int64) for place in places)),
        _given=nw.sum_horizontal(*(name for name in parts if name.startswith("_n"))),
    )
    chosen = {}
    for part in summed:
        for place in places:
            value = nw.lit(0)
            for times in places:
                here = nw.col("_rounds") == times + 1
                value = nw.when(here).then(nw.col(f"{part}{place}_{times + 1}")).otherwise(value)
            chosen[f"{part}{place}"] = value
    units = units.with_columns(**chosen)
    kept = nw.sum_horizontal(*(f"_n{place}" for place in places))
    return units.with_columns(_cut=nw.col("_given") - kept)


def count_unit_levels(
    answers: Any, *, by: Sequence[str], unit: Sequence[str], rounds: pd.Series, shared: bool = True
) -> pd.DataFrame:
    """Count the means of the scores of each ``unit`` (a rater's field), as :func:`count_levels` does.

    Parameters
    ----------
    answers, unit, shared
        As for :func:`unit_rounds`.
    by : sequence of str
        Columns of the unit that say where it belongs, and perhaps ``round``.
    rounds : Series
        The rounds to tell apart; without ``round`` among ``by`` all rows are one.

    Returns
    -------
    DataFrame
        As from :func:`count_levels`, with ``_cut``: of how many units some answers do not count.
    """
    level = [name for name in by if name != "round"]
    numbers = rounds.tolist() if "round" in by else [None]
    if not numbers:
        return pd.DataFrame(columns=[*by, "_value", "_rank", "_count", "_cut"])
    units = unit_rounds(answers, unit=unit, rounds=numbers, shared=shared)
    units = units.filter(*(~nw.col(name).is_null() for name in unit if name not in by))
    weighted = "_w0" in units.collect_schema().names()
    columns: dict[str, Any] = {"_cut": (nw.col("_cut") > 0).cast(nw.Int64)}
    for place in range(len(numbers)):
        n, total = nw.col(f"_n{place}"), nw.col(f"_t{place}")
        size = nw.col(f"_w{place}") if weighted else n
        columns[f"_v{place}"] = nw.when(n > 0).then(total / size.cast(nw.Float64))
        columns[f"_r{place}"] = nw.col(f"_r{place}")
    counts = units.select(*level, **columns).group_by(*level, *columns)
    levels = collected(counts.agg(nw.len().alias("_count")), level)
    parts = []
    for place in range(len(numbers)):
        here = levels[levels[f"_r{place}"] >= 0]
        part = here[level].assign(_value=here[f"_v{place}"], _rank=here[f"_r{place}"])
        part = part.assign(_count=here["_count"], _cut=here["_cut"] * here["_count"])
        if "round" in by:
            part["round"] = pd.Series(rounds.iloc[place], here.index, dtype=rounds.dtype)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)
