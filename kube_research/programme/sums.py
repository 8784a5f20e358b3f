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

from kube_research.engines import AnyFrame, Step, column_names, engine_of, walk
from kube_research.errors import MissingColumnError
from kube_research.frames import as_list
from kube_research.levels import grade_of_rank, rank_of_evidence
from kube_research.texts import text

#: The columns of a region in a programme.
REGION = ("province", "regency")


def group_sums(
    ratings: AnyFrame,
    *,
    by: str | Sequence[str] = REGION,
    before: int = 1,
    after: int = 2,
    scale: tuple[int, int] | None = None,
    items: Collection[int] | None = None,
) -> AnyFrame:
    """Return what the comparison of two rounds needs of every group: one row a group.

    Parameters
    ----------
    ratings : frame of any engine
        ``round``, ``group``, ``rater``, ``item``, ``score`` and the columns of ``by``. Missing
        scores are left out.
    by : str or sequence of str
        Where groups belong: province and regency. ``()`` for none.
    before, after : int
        The two rounds.
    scale : (int, int), optional
        Scores outside it are left out.
    items : collection of int, optional
        Other items are left out; all are kept by default.

    Returns
    -------
    frame of the same engine (lazy if the input was)
        The columns of ``by``, ``group``; of raters' means in each round ``raters_before``,
        ``total_before``, ``squares_before``, ``raters_after``, ``total_after``, ``squares_after``;
        of those who scored in both ``raters_both``, ``both_before``, ``both_after`` (sums) and
        ``both_product``; ``evidence`` (the weakest). Totals are in points of the scale. Rows in no
        order.

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
    >>> sums.sort_values("group")[shown].values.tolist()[0]
    ['07', 3, 4, 2]
    """
    keys = [*as_list(by), "group"]
    _need(ratings, *keys, "round", "rater", "item", "score")
    raters = [*keys, "rater"]
    pick = {before: ("_n1", "_t1"), after: ("_n2", "_t2")}

    def per_rater(rows: Any) -> Any:
        names = rows.collect_schema().names()
        good = ~nw.col("score").is_null() & nw.col("round").is_in([before, after])
        if scale is not None:
            good = good & (nw.col("score") >= scale[0]) & (nw.col("score") <= scale[1])
        if items is not None:
            good = good & nw.col("item").is_in(sorted(items))
        kept = rows.filter(good)
        columns: dict[str, Any] = {"_rank": rank_of_evidence(names)}
        for number, (count, total) in pick.items():
            here = nw.col("round") == number
            columns[count] = nw.when(here).then(nw.lit(1)).otherwise(nw.lit(0))
            columns[total] = nw.when(here).then(nw.col("score").cast(nw.Int64)).otherwise(nw.lit(0))
        return _added(kept.select(*raters, **columns))

    def _added(rows: Any) -> Any:
        counts = [nw.col(name).sum() for pair in pick.values() for name in pair]
        return rows.group_by(*raters).agg(*counts, nw.col("_rank").max())

    def per_group(rows: Any) -> Any:
        means, marks = {}, {}
        for number, (count, total) in enumerate(pick.values(), 1):
            known = nw.col(count) > 0
            size = nw.when(known).then(nw.col(count)).otherwise(nw.lit(1))
            means[f"_m{number}"] = nw.col(total).cast(nw.Float64) / size.cast(nw.Float64)
            marks[f"_k{number}"] = nw.when(known).then(nw.lit(1)).otherwise(nw.lit(0))
        rows = rows.select(*keys, "_rank", **means, **marks)
        one, two, both = nw.col("_m1"), nw.col("_m2"), nw.col("_k1") * nw.col("_k2")
        rows = rows.with_columns(
            _s1=one * one,
            _s2=two * two,
            _kb=both,
            _b1=one * both,
            _b2=two * both,
            _bp=one * two * both,
        )
        sums = {
            "raters_before": "_k1",
            "total_before": "_m1",
            "squares_before": "_s1",
            "raters_after": "_k2",
            "total_after": "_m2",
            "squares_after": "_s2",
            "raters_both": "_kb",
            "both_before": "_b1",
            "both_after": "_b2",
            "both_product": "_bp",
        }
        totals = [nw.col(column).sum().alias(name) for name, column in sums.items()]
        done = rows.group_by(*keys).agg(*totals, nw.col("_rank").max())
        counts = [nw.col(name).cast(nw.Int64) for name in sums if name.startswith("raters")]
        done = done.with_columns(*counts, evidence=grade_of_rank(nw.col("_rank")))
        return done.select(*keys, *sums, "evidence")

    return walk(ratings, [Step(per_rater), Step(per_group, (*keys,), merge=_added)])


def item_area_sums(
    ratings: AnyFrame,
    *,
    by: str | Sequence[str] = "province",
    scale: tuple[int, int] | None = None,
    items: Collection[int] | None = None,
) -> AnyFrame:
    """Return, for every area, round and item, how many groups there are and the sums of their means.

    Parameters
    ----------
    ratings, scale, items
        As for :func:`group_sums`.
    by : str or sequence of str
        The areas.

    Returns
    -------
    frame of the same engine (lazy if the input was)
        The columns of ``by``, ``round``, ``item``, ``groups``, ``total`` and ``squares`` of the groups'
        means in points of the scale, ``evidence``. Rows in no order.

    Examples
    --------
    >>> ratings = pd.DataFrame({"province": "22", "round": 1, "group": ["a", "a", "b"], "item": 5,
    ...                         "rater": ["1", "2", "3"], "score": [1, 2, 3]})
    >>> item_area_sums(ratings)[["item", "groups", "total", "squares"]].values.tolist()
    [[5.0, 2.0, 4.5, 11.25]]
    """
    areas = [*as_list(by), "round", "item"]
    _need(ratings, *areas, "group", "score")

    def counted(rows: Any) -> Any:
        names = rows.collect_schema().names()
        good = ~nw.col("score").is_null()
        if scale is not None:
            good = good & (nw.col("score") >= scale[0]) & (nw.col("score") <= scale[1])
        if items is not None:
            good = good & nw.col("item").is_in(sorted(items))
        score = nw.col("score").cast(nw.Int64)
        kept = rows.filter(good).select(
            *areas, "group", _n=nw.lit(1), _t=score, _rank=rank_of_evidence(names)
        )
        return added(kept)

    def added(rows: Any) -> Any:
        sums = (nw.col("_n").sum(), nw.col("_t").sum(), nw.col("_rank").max())
        return rows.group_by(*areas, "group").agg(*sums)

    def per_area(rows: Any) -> Any:
        mean = nw.col("_t").cast(nw.Float64) / nw.col("_n").cast(nw.Float64)
        rows = rows.with_columns(_m=mean).with_columns(_s=nw.col("_m") * nw.col("_m"))
        done = rows.group_by(*areas).agg(
            nw.len().alias("groups"),
            nw.col("_m").sum().alias("total"),
            nw.col("_s").sum().alias("squares"),
            nw.col("_rank").max(),
        )
        done = done.with_columns(
            nw.col("groups").cast(nw.Int64), evidence=grade_of_rank(nw.col("_rank"))
        )
        return done.select(*areas, "groups", "total", "squares", "evidence")

    return walk(ratings, [Step(counted), Step(per_area, (*areas,), merge=added)])


def in_memory(frame: Any) -> pd.DataFrame:
    """Return a summary of any engine as a pandas frame: computed, with plain numbers and text.

    Rows come in the order of province, regency, group, round and item, as far as there are such columns:
    engines that work in parallel return them in any order.

    Examples
    --------
    >>> in_memory(pd.DataFrame({"n": [1, 2]}))["n"].tolist()
    [1, 2]
    """
    match engine_of(frame):
        case "pandas":
            return _ordered(frame)
        case "dask":
            done = frame.compute()
        case "spark":
            done = frame.toArrow().to_pandas()
        case "pyarrow":
            done = frame.to_pandas()
        case "duckdb":
            done = frame.df()
        case _:
            done = nw.from_native(frame).lazy().collect("pyarrow").to_native().to_pandas()
    for name in done.columns:
        column = done[name]
        if pd.api.types.is_integer_dtype(column) and not column.hasnans:
            done[name] = column.astype("int64")
        elif pd.api.types.is_float_dtype(column):
            done[name] = column.astype("float64")
        elif pd.api.types.is_bool_dtype(column) and not column.hasnans:
            done[name] = column.astype("bool")
        elif not pd.api.types.is_numeric_dtype(column):
            done[name] = column.astype("string")
    return _ordered(done)


def _ordered(frame: pd.DataFrame) -> pd.DataFrame:
    keys = [name for name in (*REGION, "group", "round", "item") if name in frame]
    if not keys:
        return frame.reset_index(drop=True)
    return frame.sort_values(keys, kind="stable", ignore_index=True)


def _need(frame: Any, *names: str) -> None:
    have = column_names(frame)
    missing = [name for name in names if name not in have]
    if missing:
        facts = {"columns": ", ".join(missing), "have": ", ".join(have) or "-"}
        raise MissingColumnError(text("error.missing_columns", **facts))
