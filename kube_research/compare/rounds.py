"""Before and after: what changed between two rounds where ratings exist."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from kube_research.compare import effects, permutation
from kube_research.compare.effects import ENOUGH_CLUSTERS, ENOUGH_RATERS, Floats
from kube_research.compare.permutation import TestResult, adjust, smallest_p
from kube_research.errors import OptionError
from kube_research.frames import grade_of, grades_by, need_columns, need_option
from kube_research.peka.scores import to_long
from kube_research.site.problems import missing_table
from kube_research.texts import check_language, text

if TYPE_CHECKING:
    from kube_research.site.folder import Site

#: Tests, and the design that each asks for when ``design`` is ``"auto"``.
TESTS = dict.fromkeys(("auto", "permutation", "overlapping-t"), "")
TESTS |= {"mann-whitney": "independent", "brunner-munzel": "independent", "wilcoxon": "paired"}
_STATISTICS = {
    "change": effects.mean_changes,
    "hedges_g": effects.hedges_gs,
    "cliffs_delta": effects.cliffs_deltas,
}


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
    draws: int = 10_000,
    seed: int = 0,
    smallest_effect: float | None = None,
    confidence: float = 0.95,
    lang: str = "en",
) -> pd.DataFrame:
    """Describe and test the change between two rounds.

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
        Take the group as the unit: whole groups are flipped by the test and drawn by the bootstrap.
    test : {"auto", "permutation", "mann-whitney", "brunner-munzel", "wilcoxon", "overlapping-t"}
        ``"auto"`` is the permutation test, which fits every design. Rank tests choose their design, and
        say in ``reason`` what that leaves out.
    correction : {"holm", "bh", None}
        How p is adjusted over the rows.
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
        ``change``, ``hedges_g``, ``cliffs_delta`` and ``superiority`` (the probability that a later
        score beats an earlier one, ties half), each with ``_low`` and ``_high``; ``design``,
        ``method``, ``p``, ``p_adjusted``, ``smallest_p`` (the least that design and method could give
        with so many raters), ``interval`` ("BCa of raters", "BCa of groups" or "none"), ``reason``
        (why something is missing, or what was left out), ``verdict`` if asked for, ``evidence``. For
        ``field_no``, ``group`` and ``overall`` the unit is the rater's mean over the items.

    Raises
    ------
    kube_research.errors.OptionError
        For fewer than two rounds, options that are unknown or clash, or an item scored twice.

    Notes
    -----
    Methods and their sources: :mod:`kube_research.compare.effects` and
    :mod:`kube_research.compare.permutation`.
    Verdicts: Schuirmann (1987, doi:10.1007/BF01068419). Under a design with pairs g and delta compare
    all earlier with all later scores, so that they mean the same under every design.

    Examples
    --------
    >>> import kube_research as kr
    >>> done = compare_rounds(kr.load_site("cibeunying-simulated").ratings, by="overall", draws=500)
    >>> done[["n_before", "n_after", "raters_in_both", "design", "method"]].values.tolist()
    [[15, 18, 12, 'partly overlapping', 'exact permutation']]
    """
    # Long because thirteen options are checked against each other here, before anything is drawn.
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
    first, last = two_rounds(long, before, after)
    scored, names, sides, groups = rater_tables(
        long[long["round"].isin([first, last])], by, first, last
    )
    levels = [confidence] if smallest_effect is None else [confidence, 2 * confidence - 1]
    rows: dict[int, dict[str, Any]] = {}
    for columns, (b, a) in patterns(sides):
        plan = _Plan(b, a, groups, wanted or design, cluster)
        effect_of, ends = plan.effects(draws, seed, levels)
        for place, column in enumerate(columns):
            result = plan.test(place, test, draws, seed)
            row = plan.row(place) | {by: names[column], "p": result.p, "method": result.method}
            for name, values in effect_of.items():
                parts = (values[place], *ends[name][:2, place])
                row |= zip((name, f"{name}_low", f"{name}_high"), parts, strict=True)
            row["smallest_p"], keys = result.smallest_p, plan.reasons(place, row, result)
            row["reason"] = " ".join(text(f"compare.reason.{k}", lang, **plan.facts) for k in keys)
            if smallest_effect is not None:
                row["verdict"] = _verdict(ends["change"][2:, place], smallest_effect)
            rows[column] = row
    compared = pd.DataFrame([rows[column] for column in sorted(rows)])
    for end in ("", "_low", "_high"):
        compared[f"superiority{end}"] = (compared[f"cliffs_delta{end}"] + 1) / 2
    compared["p_adjusted"] = adjust(compared["p"].to_numpy(dtype=float), correction)
    grades = grades_by(scored, [by]).loc[compared[by]].astype(object).to_numpy()
    compared = compared.assign(clusters=compared["clusters"].astype("Int64"), evidence=grades)
    order = [by, "n_before", "n_after", "raters_in_both", "clusters", "mean_before", "mean_after"]
    for name in ("change", "hedges_g", "cliffs_delta", "superiority"):
        order += [name, f"{name}_low", f"{name}_high"]
    order += ["design", "method", "p", "p_adjusted", "smallest_p", "interval", "reason"]
    return compared[[*order, *(["verdict"] if smallest_effect is not None else []), "evidence"]]


def two_rounds(long: pd.DataFrame, before: int | None, after: int | None) -> tuple[int, int]:
    """Return the two rounds to compare: those named, else the first and the last."""
    rounds = sorted(int(number) for number in long["round"].dropna().unique())
    if len(rounds) < 2:
        raise OptionError(text("error.needs_two_rounds", site="ratings"))
    chosen = rounds[0] if before is None else before, rounds[-1] if after is None else after
    for name, value in zip(("before", "after"), chosen, strict=True):
        need_option(name, value, rounds)
    return chosen


def rater_tables(
    long: pd.DataFrame, by: str, first: int, last: int
) -> tuple[pd.DataFrame, list[Any], tuple[Floats, Floats], npt.NDArray[Any] | None]:
    """Return scored rows, levels, a raters x levels array of each round, and the raters' groups."""
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
    if by != "item":
        kept = ["round", by, "rater", *({"group"} & set(scored.columns) - {by})]
        grades = grades_by(scored, kept).rename("evidence").reset_index()
        means = scored.groupby(kept, as_index=False, dropna=False)["_value"].mean()
        scored = means.merge(grades, on=kept)
    names, raters = (sorted(scored[key].unique().tolist()) for key in (by, "rater"))
    row = pd.Index(raters).get_indexer(scored["rater"])
    column = pd.Index(names).get_indexer(scored[by])
    sides = []
    for number in (first, last):
        table, here = np.full((len(raters), len(names)), np.nan), scored["round"].eq(number)
        table[row[here], column[here]] = scored.loc[here, "_value"]
        sides.append(table)
    groups: npt.NDArray[Any] | None = None
    if "group" in scored:
        by_rater = scored.drop_duplicates("rater").set_index("rater")["group"]
        groups = by_rater.loc[raters].astype(str).to_numpy(dtype=object)
    return scored, names, (sides[0], sides[1]), groups


def patterns(sides: tuple[Floats, Floats]) -> Iterator[tuple[list[int], tuple[Floats, Floats]]]:
    """Yield the levels that the same raters scored, with their scores, so that they share draws."""
    masks: dict[bytes, list[int]] = {}
    for level in range(sides[0].shape[1]):
        key = np.isnan(np.concatenate([side[:, level] for side in sides])).tobytes()
        masks.setdefault(key, []).append(level)
    for columns in masks.values():
        yield columns, (sides[0][:, columns], sides[1][:, columns])


class _Plan:
    """How one set of levels with the same raters is compared."""

    def __init__(self, b: Floats, a: Floats, groups: Any, design: str, cluster: str | None) -> None:
        early, late = (~np.isnan(side).all(axis=1) for side in (b, a))
        self.pairs, alone = int((early & late).sum()), int((early ^ late).sum())
        auto = "partly overlapping" if self.pairs and alone else "paired"
        self.design = design if design != "auto" else auto if self.pairs else "independent"
        self.notes: list[str] = []
        keep = np.flatnonzero(early & late if self.design == "paired" else early | late)
        if self.design == "paired" and alone:
            self.notes.append("singles_left_out")
        if self.design == "independent" and self.pairs:  # the same rater counts as two
            self.notes.append("overlap_ignored")
            keep = np.concatenate([np.flatnonzero(early), np.flatnonzero(late)])
            first = np.arange(keep.size)[:, None] < early.sum()
            self.b, self.a = np.where(first, b[keep], np.nan), np.where(first, np.nan, a[keep])
        else:
            self.b, self.a = b[keep], a[keep]
        self.n1, self.n2 = (int((~np.isnan(side[:, 0])).sum()) for side in (self.b, self.a))
        self.clusters = None if groups is None else np.unique(groups[keep]).size
        self.units = groups[keep] if cluster else None
        self.facts = {"pairs": self.pairs, "alone": alone, "clusters": self.clusters or 0}
        self.facts["least"] = ENOUGH_CLUSTERS if cluster else ENOUGH_RATERS
        least, short = min(self.n1, self.n2), ""
        if least < 2:
            short = "few_pairs" if self.design == "paired" else "one_rater" if least else "nobody"
        elif self.units is None and least < ENOUGH_RATERS:
            short = "few_raters"
        elif self.units is not None and (self.clusters or 0) < ENOUGH_CLUSTERS:
            short = "few_clusters"
        self.enough = not short
        self.notes += [short] if short else []

    def effects(
        self, draws: int, seed: int, levels: list[float]
    ) -> tuple[dict[str, Floats], dict[str, Floats]]:
        """Return effects (levels,) and the ends of their intervals (2 x levels of confidence, ...)."""
        here, ends, sides = {}, {}, (self.b, self.a)
        options: dict[str, Any] = {"design": self.design, "clusters": self.units, "seed": seed}
        drawn = effects.Resamples.of(*sides, draws=draws, **options) if self.enough else None
        for name, statistic in _STATISTICS.items():
            here[name] = statistic(np.ones((1, len(self.b))), *sides)[0]
            ends[name] = np.full((2 * len(levels), self.b.shape[1]), np.nan)
            if drawn:
                here[name], ends[name] = drawn.ends(statistic, *levels)
        return here, ends

    def test(self, place: int, test: str, draws: int, seed: int) -> TestResult:
        """Return the result of the test for one level."""
        b, a = self.b[:, place], self.a[:, place]
        if test in ("auto", "permutation"):
            options: dict[str, Any] = {"clusters": self.units, "draws": draws, "seed": seed}
            return permutation.permutation_test(b, a, **options)
        result: TestResult = getattr(permutation, test.replace("-", "_"))(b, a)
        return result

    def row(self, place: int) -> dict[str, Any]:
        """Return sizes and means of one level."""
        b, a = self.b[:, place], self.a[:, place]
        unit = "raters" if self.units is None else "groups"
        return {
            "n_before": self.n1,
            "n_after": self.n2,
            "raters_in_both": self.pairs,
            "clusters": self.clusters,
            "mean_before": float(np.nanmean(b)) if self.n1 else np.nan,
            "mean_after": float(np.nanmean(a)) if self.n2 else np.nan,
            "design": self.design,
            "interval": f"BCa of {unit}" if self.enough else "none",
        }

    def reasons(self, place: int, row: dict[str, Any], result: TestResult) -> list[str]:
        """Return the keys of what is degenerate about one level."""
        keys, scores = list(self.notes), np.concatenate([self.b[:, place], self.a[:, place]])
        scores, least = scores[~np.isnan(scores)], min(self.n1, self.n2)
        if scores.size and np.ptp(scores) == 0:
            keys.append("one_value")
        elif least:
            ends = [row[f"{name}_low"] for name in _STATISTICS if not np.isnan(row[name])]
            marks = {
                "separation": abs(row["cliffs_delta"]) == 1,
                "no_spread": np.isnan(row["hedges_g"]) and least > 1,
                "no_interval": self.enough and np.isnan(ends).any(),
            }
            keys += [key for key, holds in marks.items() if holds]
        return list(dict.fromkeys([*keys, *([result.reason] if result.reason else [])]))


def _verdict(ends: Floats, smallest: float) -> str:
    """Return what an interval says about changes of at least ``smallest``."""
    low, high = float(ends[0]), float(ends[1])
    if np.isnan(low) or np.isnan(high):
        return "no interval"
    if low > smallest or high < -smallest:
        return "meaningful rise" if low > smallest else "meaningful decline"
    if low > -smallest:
        return "equivalent" if high < smallest else "no meaningful decline"
    return "no meaningful rise" if high < smallest else "undecided"


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


def which_comparison(
    ratings: pd.DataFrame, *, before: int | None = None, after: int | None = None, lang: str = "en"
) -> pd.DataFrame:
    """Say which comparison of two rounds the data allow, by whose codes stand where, and why.

    Returns
    -------
    DataFrame
        One row for ``independent``, ``paired``, ``partly overlapping`` (of which one applies) and
        ``groups`` (asked besides, as raters of one group may score alike): ``comparison``, ``applies``,
        ``n_before``, ``n_after``, ``raters_in_both``, ``clusters`` (groups in both rounds; missing
        where not known), ``method``, ``smallest_p``, ``why`` (in ``lang``), ``evidence``.

    Examples
    --------
    >>> import kube_research as kr
    >>> which = which_comparison(kr.load_site("cibeunying-simulated").ratings)
    >>> which.loc[which["applies"], ["comparison", "smallest_p"]].values.tolist()[1]
    ['groups', 0.0625]
    """
    check_language(lang)
    long = to_long(ratings)
    need_columns(long, "round", "rater", "item", "score")
    rounds = two_rounds(long, before, after)
    part = long[long["round"].isin(rounds)]
    _, _, (b, a), groups = rater_tables(part, "overall", *rounds)
    early, late = (~np.isnan(side[:, 0]) for side in (b, a))
    pairs, only_1, only_2 = (int(x.sum()) for x in (early & late, early & ~late, late & ~early))
    n, m, alone = pairs + only_1, pairs + only_2, only_1 + only_2
    mixed = smallest_p(pairs, only_1, only_2)
    k = len(set(groups[early]) & set(groups[late])) if groups is not None else 0
    plans: list[tuple[str, bool, str, float]] = [
        ("independent", not pairs, "shuffles of raters", smallest_p(0, n, m)),
        ("paired", pairs > 0 and not alone, "sign flips of raters", smallest_p(pairs, 0, 0)),
        ("partly overlapping", pairs > 0 and alone > 0, "flips and shuffles of raters", mixed),
        ("groups", k > 1, "sign flips of groups", smallest_p(k, 0, 0)),
    ]
    sizes: dict[str, Any] = {"n_before": n, "n_after": m, "raters_in_both": pairs}
    sizes["clusters"] = k if groups is not None else pd.NA
    rows = []
    for name, fits, method, least in plans:
        key = f"{name.split()[0]}_{'yes' if fits else 'no'}"
        why = text(f"compare.why.{key}", lang, alone=alone, **sizes)
        how = {"method": method, "smallest_p": least, "why": why}
        rows.append({"comparison": name, "applies": fits, **sizes, **how})
    named = pd.DataFrame(rows).astype({"clusters": "Int64"})
    return named.assign(evidence=grade_of(part))


def need_two_rounds(site: Site, lang: str = "en") -> None:
    """Raise MissingTableError unless the site has ratings, and OptionError unless of two rounds."""
    if not site.has("ratings"):
        raise missing_table("ratings", site.info.name, site.folder.name, lang)
    if site.table("ratings")["round"].nunique() < 2:
        raise OptionError(text("error.needs_two_rounds", lang, site=site.info.name))
