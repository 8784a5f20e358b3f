"""How often each score was given, and everything that follows from these counts alone.

Scores are counted first, by the engine that holds them: whole numbers, the same everywhere. Mean,
spread, median and interval are then arithmetic on a table of a few rows per item.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pandas as pd

from kube_research.engines import collected, query_on
from kube_research.frames import GRADES

_RANKS = {grade: place for place, grade in enumerate(GRADES)}


def ranks_of_evidence(frame: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Return how weak each row's evidence is, as a number: 0 where nothing is said."""
    if "evidence" not in frame:
        return np.zeros(len(frame), dtype=np.int64)
    codes, words = pd.factorize(frame["evidence"])
    ranks = [_RANKS.get(str(word), len(GRADES)) for word in words]
    return np.array([*ranks, 0], dtype=np.int64)[codes]  # a missing word has the code -1


def rank_of_evidence(names: Sequence[str]) -> Any:
    """Return :func:`ranks_of_evidence` as an expression that every engine can evaluate."""
    if "evidence" not in names:
        return nw.lit(0)
    rank = nw.when(nw.col("evidence").is_null()).then(nw.lit(0))
    for grade, place in _RANKS.items():
        rank = rank.when(nw.col("evidence") == grade).then(nw.lit(place))
    return rank.otherwise(nw.lit(len(GRADES)))


def grades_of_ranks(ranks: Any) -> pd.api.extensions.ExtensionArray:
    """Return the grade of each rank; missing for a word that is no grade, and for no rank at all."""
    places = pd.Series(ranks).fillna(len(GRADES)).to_numpy(dtype=np.int64)
    words = np.array([*GRADES, None], dtype=object)[places]
    return cast(pd.api.extensions.ExtensionArray, pd.array(words, dtype="string"))


def count_levels(rows: Any, *, by: Sequence[str], value: str) -> pd.DataFrame:
    """Count how often each value stands in each group of rows; missing values are a level too.

    Grades of evidence are counted apart: a word is looked at once a level, not once a row.

    Returns
    -------
    DataFrame
        The columns of ``by``, ``_value``, ``_rank`` (of the evidence), ``_count``.
    """
    if isinstance(rows, pd.DataFrame):
        names = [*by, value, *(["evidence"] if "evidence" in rows else [])]
        grouped = rows.groupby(names, dropna=False, observed=True, sort=False)
        levels = grouped.size().rename("_count").reset_index().rename(columns={value: "_value"})
    else:
        frame = nw.from_native(rows)
        graded = [name for name in ("evidence",) if name in frame.collect_schema().names()]
        named = frame.select(*by, nw.col(value).alias("_value"), *graded)
        counts = named.group_by(*by, "_value", *graded).agg(nw.len().alias("_count"))
        levels = collected(counts, by)
    return levels.assign(_rank=ranks_of_evidence(levels))


#: Item numbers up to here stand for bits of one whole number.
_BITS = 59


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
        The columns of ``unit``, ``round``, ``item``, ``score`` and ``_rank`` (of the evidence).
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
        sum) and ``_r0`` (rank of the evidence, -1 without a row), for the next ``_n1`` and so on;
        ``_cut``, how many answers do not count.

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
    rows = answers.select(*unit, "item", **columns)
    whole = ["_n", "_r", "_b"]
    sums = [nw.col(f"{part}{place}").sum() for part in ("_n", "_t") for place in places]
    ranks = [nw.col(f"_r{place}").max() for place in places]
    kinds = [nw.col(f"{part}{place}").cast(nw.Int64) for part in whole[:2] for place in places]
    final = [*unit, *kinds, *(nw.col(f"_t{place}") for place in places)]
    if len(rounds) == 1 or not shared:
        units = rows.group_by(*unit).agg(*sums, *ranks)
        return units.select(*final, _cut=nw.lit(0).cast(nw.Int64))
    bits = [nw.col(f"_b{place}").sum() for place in places]
    ends = [nw.col("item").min().alias("_low"), nw.col("item").max().alias("_high")]
    units = rows.group_by(*unit).agg(*sums, *ranks, *bits, *ends)
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
    mended = _shared_answers(some, unit, places).select(*final, nw.col("_cut").cast(nw.Int64))
    plain = units.filter(nw.col("_even")).select(*final, _cut=nw.lit(0).cast(nw.Int64))
    return query_on(nw.to_native(nw.concat([plain, mended], how="vertical")))


def _shared_answers(rows: Any, unit: Sequence[str], places: range) -> Any:
    """Add up the answers of each unit to the items that it answered in all its rounds."""
    sums = [nw.col(f"{part}{place}").sum() for part in ("_n", "_t") for place in places]
    ranks = [nw.col(f"_r{place}").max() for place in places]
    items = rows.group_by(*unit, "item").agg(*sums, *ranks)
    held = nw.sum_horizontal(*((nw.col(f"_n{place}") > 0).cast(nw.Int64) for place in places))
    items = items.with_columns(_held=held)
    parts = {
        f"{part}{place}_{times + 1}": nw.when(nw.col("_held") == times + 1)
        .then(nw.col(f"{part}{place}"))
        .otherwise(nw.lit(0))
        for part in ("_n", "_t")
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
    for part in ("_n", "_t"):
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
    columns: dict[str, Any] = {"_cut": (nw.col("_cut") > 0).cast(nw.Int64)}
    for place in range(len(numbers)):
        n, total = nw.col(f"_n{place}"), nw.col(f"_t{place}")
        columns[f"_v{place}"] = nw.when(n > 0).then(total / n.cast(nw.Float64))
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


def describe_levels(
    levels: pd.DataFrame, *, by: Sequence[str], at_least: float, whole: bool = True
) -> pd.DataFrame:
    """Turn counts of levels into one row per group, sorted; ``total`` only of whole numbers.

    Parameters
    ----------
    levels : DataFrame
        From :func:`count_levels`. The same level may stand in several rows.
    by : sequence of str
        The columns of a group. Rows with a missing one are left out.
    at_least : float
        ``share_at_least`` is the share of values that reach it.
    whole : bool
        Whether values are whole numbers.
    """
    from scipy.special import stdtrit  # what scipy.stats.t.ppf calls; scipy.stats is slow to import

    keys = list(by)
    group = levels.groupby(keys, observed=True).ngroup().fillna(-1).to_numpy(dtype=np.int64)
    value = pd.to_numeric(levels["_value"]).to_numpy(dtype=np.float64, na_value=np.nan)
    order = np.lexsort((value, group))
    order = order[group[order] >= 0]
    group, value = group[order], value[order]
    count, rank = (levels[name].to_numpy(dtype=np.int64)[order] for name in ("_count", "_rank"))
    first = np.flatnonzero(np.diff(group, prepend=-1))  # of each group; missing values come last
    known = ~np.isnan(value)
    given, number = np.where(known, count, 0), np.nan_to_num(value)

    def summed(amount: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        return np.bincount(group, amount, minlength=len(first)).astype(np.float64)

    n, total = summed(given), summed(number * given)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = total / n
        square = summed((number - mean[group]) ** 2 * given) if len(first) else n
        sd = np.sqrt(np.where(n > 1, square / (n - 1), np.nan))
        share = summed(np.where(value >= at_least, given, 0)) / n
        half = stdtrit(np.where(n > 1, n - 1, np.nan), 0.975) * sd / np.sqrt(n)
    upto = np.cumsum(given)
    middle = upto[first] - given[first] + n / 2
    reach = [np.searchsorted(upto, middle, side) for side in ("left", "right")]
    last = first + np.bincount(group, known, minlength=len(first)).astype(np.int64) - 1

    def at(place: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        return np.where(n > 0, value[np.minimum(place, len(value) - 1)], np.nan)

    summary = levels[keys].iloc[order[first]].reset_index(drop=True)
    summary["n"] = n.astype(np.int64)
    if whole:
        summary["total"] = total.astype(np.int64)
    summary["mean"], summary["sd"] = mean, sd
    summary["median"] = (at(reach[0]) + at(reach[1])) / 2
    summary["low"], summary["high"] = at(first), at(last)
    summary["share_at_least"] = share
    summary["missing"] = (summed(count) - n).astype(np.int64)
    summary["ci_low"], summary["ci_high"] = mean - half, mean + half
    summary["evidence"] = grades_of_ranks(np.maximum.reduceat(rank, first) if len(first) else rank)
    return summary


def lengthened(wide: Any, *, keep: list[str], items: dict[str, int]) -> Any:
    """Turn ratings with one column an item (name to number) into one row per item."""
    frame = query_on(wide)
    parts = [
        frame.select(*keep, item=nw.lit(number, nw.Int64), score=nw.col(name).cast(nw.Int64))
        for name, number in items.items()
    ]
    return nw.to_native(nw.concat(parts, how="vertical"))


def field_column(rows: Any, *, fields: Mapping[int, int]) -> Any:
    """Give each rating the field of its item as the column ``field_no``."""
    item, chosen = nw.col("item"), cast(Any, nw)
    start = 0
    numbers = sorted(fields)
    for place, number in enumerate(numbers):
        field, after = fields[number], numbers[place + 1 : place + 2]
        if after != [number + 1] or fields[after[0]] != field:
            run = item.is_between(numbers[start], number)
            chosen = chosen.when(run).then(nw.lit(field, nw.Int64))
            start = place + 1
    return nw.to_native(query_on(rows).with_columns(field_no=chosen))
