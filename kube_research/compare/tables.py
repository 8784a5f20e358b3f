"""Ratings of two rounds as arrays of raters by level, holding only what both rounds hold.

A rater's mean over 24 items is not comparable with a mean over 28: items differ in how high they are
scored. Wherever scores are averaged over items, only items that both rounds hold count, and of a
rater of both rounds only the items answered in both. What was left out is told, level by level.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from kube_research.errors import OptionError
from kube_research.frames import grades_by, need_option
from kube_research.texts import text

Floats: TypeAlias = npt.NDArray[np.float64]


def two_rounds(long: pd.DataFrame, before: int | None, after: int | None) -> tuple[int, int]:
    """Return the two rounds to compare: those named, else the first and the last."""
    rounds = sorted(int(number) for number in long["round"].dropna().unique())
    if len(rounds) < 2:
        raise OptionError(text("error.needs_two_rounds", site="ratings"))
    chosen = rounds[0] if before is None else before, rounds[-1] if after is None else after
    for name, value in zip(("before", "after"), chosen, strict=True):
        need_option(name, value, rounds)
    return chosen


@dataclass(frozen=True)
class RoundScores:
    """The scores of two rounds, one row a rater, one column a level.

    Attributes
    ----------
    rows : DataFrame
        What was compared: one row per round, level and rater, with ``evidence``.
    levels : list
        The levels, sorted.
    before, after : ndarray, shape (raters, levels)
        Scores, or means over items; nan where the rater gave none.
    groups : ndarray of str, shape (raters,), or None
        The group of each rater, where groups are known.
    left_out : DataFrame
        One row a level: ``items_left_out`` (sorted numbers of items that only one round holds),
        ``pairs_with_blanks`` (raters of both rounds who did not answer the same items twice) and
        ``singles_with_blanks`` (raters of one round who left some of the compared items blank).
    """

    rows: pd.DataFrame
    levels: list[Any]
    before: Floats
    after: Floats
    groups: npt.NDArray[Any] | None
    left_out: pd.DataFrame

    @classmethod
    def of(cls, long: pd.DataFrame, by: str, first: int, last: int) -> RoundScores:
        """Sort long ratings into arrays; ``by`` is ``"item"``, ``"overall"`` or a column.

        Raises
        ------
        kube_research.errors.OptionError
            If there is no score, or a rater scored an item twice in a round.
        """
        scored = _scored(long[long["round"].isin([first, last])], by)
        levels = sorted(scored[by].unique().tolist())
        shared, left_out = (scored, None) if by == "item" else _shared(scored, by)
        if by != "item":
            kept = ["round", by, "rater", *({"group"} & set(shared.columns) - {by})]
            grades = grades_by(shared, kept).rename("evidence").reset_index()
            means = shared.groupby(kept, as_index=False, dropna=False)["_value"].mean()
            shared = means.merge(grades, on=kept)
        raters = sorted(scored["rater"].unique().tolist())
        row = pd.Index(raters).get_indexer(shared["rater"])
        column = pd.Index(levels).get_indexer(shared[by])
        sides = []
        for number in (first, last):
            table, here = np.full((len(raters), len(levels)), np.nan), shared["round"].eq(number)
            table[row[here], column[here]] = shared.loc[here, "_value"]
            sides.append(table)
        groups: npt.NDArray[Any] | None = None
        if "group" in scored:
            by_rater = scored.drop_duplicates("rater").set_index("rater")["group"]
            groups = by_rater.loc[raters].astype(str).to_numpy(dtype=object)
        if left_out is None:
            nothing = {"items_left_out": [()] * len(levels)}
            left_out = pd.DataFrame(nothing, index=levels)
            left_out[["pairs_with_blanks", "singles_with_blanks"]] = 0
        return cls(shared, levels, sides[0], sides[1], groups, left_out.loc[levels])


def _scored(long: pd.DataFrame, by: str) -> pd.DataFrame:
    """Return the rows with a score, each rater's code unlike that of others, each item scored once."""
    scored = long.assign(_value=pd.to_numeric(long["score"]).astype("float64"), overall="all")
    needed = ["_value", by] if by == "item" else ["_value", by, "rater"]
    scored = scored.dropna(subset=needed).reset_index(drop=True)
    if scored.empty:
        raise OptionError(text("compare.error.no_scores"))
    unnamed = "?" + scored.index.to_series().astype("string")
    scored = scored.assign(rater=scored["rater"].astype("string").fillna(unnamed))
    key = ["round", "rater", "item"]
    if scored.duplicated(key).any() and "group" in scored:  # codes counted anew in each group
        scored = scored.assign(rater=scored["group"].astype(str) + " " + scored["rater"])
    if scored.duplicated(key).any():
        twice = scored.loc[scored.duplicated(key), key].iloc[0].to_dict()
        raise OptionError(text("compare.error.twice", **{str(k): v for k, v in twice.items()}))
    return scored


def _shared(scored: pd.DataFrame, by: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Keep the items of both rounds, of raters of both rounds those answered twice; say what went."""
    rounds_of_item = scored.groupby([by, "item"], observed=True)["round"].transform("nunique")
    common = scored[rounds_of_item == 2]
    person = common.groupby([by, "rater"], observed=True)
    answers = common.groupby([by, "rater", "item"], observed=True)["round"].transform("size")
    pair = person["round"].transform("nunique") == 2
    shared = common[~pair | (answers == 2)]
    asked = common.groupby(by, observed=True)["item"].nunique()
    answered = person["item"].size()
    blank_pairs = common[pair & (answers < 2)].groupby(by, observed=True)["rater"].nunique()
    alone = answered[~pair.groupby([common[by], common["rater"]], observed=True).first()]
    blank_singles = alone[alone < asked.reindex(alone.index.get_level_values(by)).to_numpy()]
    gone = scored[rounds_of_item < 2].drop_duplicates([by, "item"])
    names = {
        level: tuple(sorted(items.tolist()))
        for level, items in gone.groupby(by, observed=True)["item"]
    }
    left_out = pd.DataFrame(index=pd.Index(sorted(scored[by].unique().tolist())))
    left_out["items_left_out"] = [names.get(level, ()) for level in left_out.index]
    left_out["pairs_with_blanks"] = blank_pairs.reindex(left_out.index, fill_value=0)
    counted = blank_singles.groupby(level=0).size()
    left_out["singles_with_blanks"] = counted.reindex(left_out.index, fill_value=0)
    return shared, left_out
