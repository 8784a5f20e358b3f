"""Before and after: what changed between two rounds where ratings exist.

A rater's mean over 24 items is not comparable with a mean over 28: items differ in how high they are
scored. Wherever scores are averaged over items, only items that both rounds hold count, and of a
rater of both rounds only the items answered in both. What was left out is told, level by level.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from kube_research.compare.designs import TESTS, Level
from kube_research.compare.permutation import Floats, adjust
from kube_research.errors import OptionError
from kube_research.frames import grade_of, grades_by, need_columns, need_option, scale_of
from kube_research.peka.scores import to_long
from kube_research.site.problems import missing_table
from kube_research.texts import check_language, text

if TYPE_CHECKING:
    from kube_research.site.folder import Site


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
    reach : float
        The largest change that the scale of the ratings allows, where they carry one.
    """

    rows: pd.DataFrame
    levels: list[Any]
    before: Floats
    after: Floats
    groups: npt.NDArray[Any] | None
    left_out: pd.DataFrame
    reach: float = np.inf

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
            shared = _means(shared, kept, by).merge(grades, on=kept)
        raters = sorted(scored["rater"].unique().tolist())
        row = pd.Index(raters).get_indexer(shared["rater"])
        column = pd.Index(levels).get_indexer(shared[by])
        sides = []
        for number in (first, last):
            table, here = np.full((len(raters), len(levels)), np.nan), shared["round"].eq(number)
            table[row[here], column[here]] = shared.loc[here, "_value"]
            sides.append(table)
        groups: npt.NDArray[Any] | None = None
        if "group" in scored and scored["group"].notna().any():
            by_rater = scored.drop_duplicates("rater").set_index("rater")["group"].loc[raters]
            alone = "?" + by_rater.index.to_series().astype("string")  # a group of one's own
            groups = by_rater.astype("string").fillna(alone).to_numpy(dtype=object)
        if left_out is None:
            nothing = {"items_left_out": [()] * len(levels)}
            left_out = pd.DataFrame(nothing, index=levels)
            left_out[["pairs_with_blanks", "singles_with_blanks"]] = 0
        left_out["scores_unnamed"] = 0 if by == "item" else _unnamed(long, first, last)
        scale = scale_of(long)
        reach = np.inf if scale is None else float(scale[1] - scale[0])
        return cls(shared, levels, sides[0], sides[1], groups, left_out.loc[levels], reach)

    def level(self, place: int, design: str, cluster: str | None) -> Level:
        """Return the level at a place, arranged as the design asks."""
        left_out: dict[str, Any] = self.left_out.iloc[place].to_dict()  # type: ignore[assignment]
        sides = self.before[:, place], self.after[:, place]
        plan: dict[str, Any] = {"design": design, "cluster": cluster, "reach": self.reach}
        return Level.of(*sides, self.groups, left_out, **plan)


#: Weights have at most six decimals: so many parts make one, and sums of them are exact.
_UNIT = 1_000_000


def _means(shared: pd.DataFrame, keys: list[str], by: str) -> pd.DataFrame:
    """Return each rater's mean over items; within one field weighted, where items have weights."""
    fields = shared["field_no"].drop_duplicates() if "field_no" in shared else ()
    if "weight" not in shared or not (by == "field_no" or len(fields) == 1):
        return shared.groupby(keys, as_index=False, dropna=False)[["_value"]].mean()
    weight = (shared["weight"].astype("float64") * _UNIT).round()
    parts = shared[keys].assign(_value=shared["_value"] * weight, _weight=weight)
    sums = parts.groupby(keys, as_index=False, dropna=False).sum()
    return sums.assign(_value=sums["_value"] / sums.pop("_weight"))


def _unnamed(long: pd.DataFrame, first: int, last: int) -> int:
    """Return how many scores of the two rounds name no rater, so that no mean can take them."""
    rows = long[long["round"].isin([first, last]) & long["rater"].isna()]
    return int(rows["score"].notna().sum())


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


def compare_rounds(
    ratings: pd.DataFrame,
    *,
    by: str = "item",
    before: int | None = None,
    after: int | None = None,
    design: str = "auto",
    cluster: str | None = None,
    test: str = "auto",
    correction: str | None = "holm",
    effect_intervals: bool = False,
    draws: int = 10_000,
    seed: int = 0,
    smallest_effect: float | None = None,
    confidence: float = 0.95,
    lang: str = "en",
) -> pd.DataFrame:
    """Describe and test the change between two rounds.

    Only what both rounds hold is compared: for means over items, the items of both rounds, and of a
    rater of both rounds the items answered in both. ``reason`` names what was left out.

    Parameters
    ----------
    ratings : DataFrame
        Long or wide ratings of at least two rounds.
    by : {"item", "field_no", "group", "overall"}
        What to compare.
    before, after : int, optional
        The rounds; by default the first and the last.
    design : {"auto", "independent", "paired", "partly overlapping"}
        By default what the rater codes say, level by level (:func:`which_comparison`). ``"paired"``
        keeps raters of both rounds only; ``"independent"`` ignores who scored twice.
    cluster : {"group", None}
        Take the group as the unit of interval and test.
    test : {"auto", "permutation", "mann-whitney", "brunner-munzel", "wilcoxon", "overlapping-t"}
        ``"auto"`` is the permutation test, which fits every design, or with groups as the unit the t
        test whose interval is shown. Rank tests choose their design, and say in ``reason`` what that
        leaves out.
    correction : {"holm", "bh", None}
        How p is adjusted over the rows.
    effect_intervals : bool
        Add ``superiority`` (the probability that a later score beats an earlier one, ties half), and
        BCa bootstrap intervals of it, of g and of delta.
    draws, seed : int
        Of the bootstrap, and of tests too large to be exact.
    smallest_effect : float, optional
        The smallest change of the mean, in scale points, that would matter; adds ``verdict``.
    confidence, lang
        Level of the intervals (verdicts use it one-sided, as two one-sided tests do); "en" or "id".

    Returns
    -------
    DataFrame
        One row per level: ``n_before``, ``n_after`` (scores used), ``raters_in_both`` (by rater code),
        ``clusters`` (groups; missing where the groups are not known), ``mean_before``, ``mean_after``,
        ``change`` with ``change_low`` and ``change_high``, ``hedges_g``, ``cliffs_delta``, ``design``,
        ``method``, ``p``, ``p_adjusted``, ``smallest_p`` (the least that design and method could give
        with so many raters), ``interval`` ("t of raters", "t of groups" or "none"), ``groups_low``,
        ``groups_high`` and ``groups_p`` (interval and p of the same change with groups as the unit),
        ``reason`` (why something is missing, what was left out, and what the interval takes for
        granted), ``verdict`` if asked for, ``evidence``. For ``field_no``, ``group`` and ``overall``
        the unit is the rater's mean over the items, weighted within a field where items have weights
        (as in :func:`~kube_research.score_fields`), plain over several fields. Where raters of both
        rounds are met and the others stand in one round only, p is missing and a second row of the level
        compares the pairs alone.

    Raises
    ------
    kube_research.errors.OptionError
        For fewer than two rounds, options that are unknown or clash, or an item scored twice.

    Notes
    -----
    Methods and their sources: :mod:`kube_research.compare.changes`,
    :mod:`kube_research.compare.effects` and :mod:`kube_research.compare.permutation`.
    Intervals end where the scale that loaded ratings carry does (``ratings.attrs["scale"]``): no mean
    changes by more than from one end to the other. Below five raters in a round there is none.
    Verdicts: Schuirmann (1987, doi:10.1007/BF01068419). Under a design with pairs g and delta compare
    all earlier with all later scores, so that they mean the same under every design.

    Examples
    --------
    >>> import kube_research as kr
    >>> compared = compare_rounds(kr.load_site("cibeunying-simulated").ratings, by="overall")
    >>> compared[["n_before", "n_after", "raters_in_both", "design", "method"]].values.tolist()
    [[15, 18, 12, 'partly overlapping', 'exact permutation']]
    """
    # Long because fourteen options are checked against each other here, before anything is compared.
    check_language(lang)
    need_option("by", by, ("item", "field_no", "group", "overall"))
    need_option("design", design, ("auto", "independent", "paired", "partly overlapping"))
    need_option("cluster", cluster, ("group", None))
    need_option("test", test, tuple(TESTS))
    need_option("correction", correction, ("holm", "bh", None))
    wanted = TESTS[test]
    if wanted and design not in ("auto", wanted):
        raise OptionError(text("compare.error.test_design", lang, test=test, design=design))
    if cluster and test not in ("auto", "permutation"):
        raise OptionError(text("compare.error.test_cluster", lang, test=test))
    if not 0.5 < confidence < 1 or draws < 1 or (smallest_effect or 1) <= 0:
        raise OptionError(text("compare.error.range", lang))
    long = to_long(ratings)
    extra = {by, *([cluster] if cluster else [])} - {"overall"}
    need_columns(long, "round", "rater", "item", "score", *sorted(extra))
    scores = RoundScores.of(long, by, *two_rounds(long, before, after))
    rows: list[dict[str, Any]] = []
    for place, level in enumerate(scores.levels):
        whole = scores.level(place, wanted or design, cluster)
        lines = [(whole, whole.test(test, draws, seed))]
        if lines[0][1].reason.startswith("one_sided"):  # the pairs' own row stands beside it
            pairs = scores.level(place, "paired", cluster)
            lines.append((pairs, pairs.test(test, draws, seed)))
        for line, result in lines:
            row = {by: level, **line.row(result, confidence)}
            if effect_intervals:
                row |= line.effect_ends(draws, seed, confidence)
            if smallest_effect is not None:
                row["verdict"] = line.verdict(smallest_effect, confidence)
            keys = line.reasons(row, result)
            row["reason"] = " ".join(text(f"compare.reason.{k}", lang, **line.facts) for k in keys)
            rows.append(row)
    compared = pd.DataFrame(rows)
    compared["p_adjusted"] = adjust(compared["p"].to_numpy(dtype=float), correction)
    if scores.rows.empty:  # no level has anything that both rounds hold
        compared["evidence"] = grade_of(long)
    else:
        graded = grades_by(scores.rows, [by]).reindex(compared[by])
        compared["evidence"] = graded.fillna(grade_of(long)).astype(object).to_numpy()
    compared = compared.astype({"clusters": "Int64"})
    order = [by, "n_before", "n_after", "raters_in_both", "clusters", "mean_before", "mean_after"]
    for name in ("change", "hedges_g", "cliffs_delta", "superiority"):
        order += [column for column in (name, f"{name}_low", f"{name}_high") if column in compared]
    order += ["design", "method", "p", "p_adjusted", "smallest_p", "interval"]
    order += ["groups_low", "groups_high", "groups_p", "reason"]
    return compared[[*order, *(["verdict"] if smallest_effect is not None else []), "evidence"]]


def compare_all_rounds(
    ratings: pd.DataFrame, *, by: str = "item", correction: str | None = "holm", **options: Any
) -> pd.DataFrame:
    """Compare every round with the next one, and the first with the last.

    Parameters are those of :func:`compare_rounds`, whose rows are returned with ``round_before`` and
    ``round_after`` in front; p values are adjusted over all of them together.

    Examples
    --------
    >>> import kube_research as kr
    >>> twin = kr.load_site("cibeunying-simulated").ratings
    >>> len(compare_all_rounds(twin, by="overall", draws=500))
    1
    """
    long = to_long(ratings)
    need_columns(long, "round")
    rounds = sorted(int(number) for number in long["round"].dropna().unique())
    ends = [(rounds[0], rounds[-1])] if len(rounds) > 2 else []
    pairs: list[Any] = [*pairwise(rounds), *ends] or [(None, None)]  # refused by compare_rounds
    parts = []
    for first, last in pairs:
        part = compare_rounds(long, by=by, before=first, after=last, **options)
        parts.append(part.assign(round_before=first, round_after=last))
    compared = pd.concat(parts, ignore_index=True)
    compared["p_adjusted"] = adjust(compared["p"].to_numpy(dtype=float), correction)
    return compared[["round_before", "round_after", *parts[0].columns[:-2]]]


def need_two_rounds(site: Site, lang: str = "en") -> None:
    """Raise MissingTableError unless the site has ratings, and OptionError unless of two rounds."""
    if not site.has("ratings"):
        raise missing_table("ratings", site.info.name, site.folder.name, lang)
    if site.table("ratings")["round"].nunique() < 2:
        raise OptionError(text("error.needs_two_rounds", lang, site=site.info.name))
