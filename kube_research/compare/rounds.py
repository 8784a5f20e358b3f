"""Before and after: what changed between two rounds where ratings exist."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from kube_research.compare import effects, permutation
from kube_research.compare.changes import mean_change
from kube_research.compare.permutation import TestResult, adjust, smallest_p
from kube_research.compare.tables import Floats, RoundScores, two_rounds
from kube_research.errors import OptionError
from kube_research.formats import number
from kube_research.frames import FEW, grade_of, grades_by, need_columns, need_option
from kube_research.peka.scores import to_long
from kube_research.site.problems import missing_table
from kube_research.texts import check_language, text

if TYPE_CHECKING:
    from kube_research.site.folder import Site

#: Tests, and the design that each asks for when ``design`` is ``"auto"``.
TESTS = dict.fromkeys(("auto", "permutation", "overlapping-t"), "")
TESTS |= {"mann-whitney": "independent", "brunner-munzel": "independent", "wilcoxon": "paired"}
#: With fewer groups an interval by groups is not given.
ENOUGH_GROUPS = 3
#: Below so many raters in a round a BCa interval covers visibly less than it says.
ENOUGH_FOR_BCA = 30
_EFFECTS = {"hedges_g": effects.hedges_gs, "cliffs_delta": effects.cliffs_deltas}


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
        the unit is the rater's mean over the items. Where raters of both rounds are met and the others
        stand in one round only, p is missing and a second row of the level compares the pairs alone.

    Raises
    ------
    kube_research.errors.OptionError
        For fewer than two rounds, options that are unknown or clash, or an item scored twice.

    Notes
    -----
    Methods and their sources: :mod:`kube_research.compare.changes`,
    :mod:`kube_research.compare.effects` and :mod:`kube_research.compare.permutation`.
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
        whole = _Level.of(scores, place, wanted or design, cluster)
        lines = [(whole, whole.test(test, draws, seed))]
        if lines[0][1].reason.startswith("one_sided"):  # the pairs' own row stands beside it
            pairs = _Level.of(scores, place, "paired", cluster)
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


@dataclass(frozen=True)
class _Level:
    """The scores of one level in both rounds, arranged as the design asks: one place a rater.

    ``notes`` are keys of reasons that hold whatever the result, ``facts`` what their texts name.
    """

    before: Floats
    after: Floats
    groups: npt.NDArray[Any] | None
    design: str
    cluster: str | None
    notes: list[str]
    facts: dict[str, Any]

    @classmethod
    def of(cls, scores: RoundScores, place: int, design: str, cluster: str | None) -> _Level:
        before, after = scores.before[:, place], scores.after[:, place]
        early, late = ~np.isnan(before), ~np.isnan(after)
        pairs, alone = int((early & late).sum()), int((early ^ late).sum())
        if design == "auto":
            mixed = "partly overlapping" if alone else "paired"
            design = mixed if pairs else "independent"
        left_out: dict[str, Any] = scores.left_out.iloc[place].to_dict()  # type: ignore[assignment]
        notes = [name for name, what in left_out.items() if what]
        keep = np.flatnonzero(early & late if design == "paired" else early | late)
        if design == "paired" and alone:
            notes.append("singles_left_out")
        if design == "independent" and pairs:  # the same rater counts as two
            notes.append("overlap_ignored")
            keep = np.concatenate([np.flatnonzero(early), np.flatnonzero(late)])
            first = np.arange(keep.size) < early.sum()
            before, after = (
                np.where(first, before[keep], np.nan),
                np.where(first, np.nan, after[keep]),
            )
        else:
            before, after = before[keep], after[keep]
        groups = None if scores.groups is None else scores.groups[keep]
        facts: dict[str, Any] = {
            "pairs": pairs,
            "alone": alone,
            "least": FEW,
            "least_groups": ENOUGH_GROUPS,
        }
        facts["clusters"] = 0 if groups is None else np.unique(groups).size
        facts |= {name: left_out[name] for name in ("pairs_with_blanks", "singles_with_blanks")}
        facts["items_left_out"] = ", ".join(str(item) for item in left_out["items_left_out"])
        return cls(before, after, groups, design, cluster, notes, facts)

    @property
    def sizes(self) -> tuple[int, int]:
        """How many scores each round has."""
        return int((~np.isnan(self.before)).sum()), int((~np.isnan(self.after)).sum())

    @property
    def short(self) -> str:
        """Why there are too few raters for an interval; empty where there are enough."""
        least = min(self.sizes)
        if least < 2:
            pairs = "few_pairs" if self.design == "paired" else "one_rater"
            return pairs if least or self.design == "paired" else "nobody"
        return "few_raters" if least < FEW else ""

    def ends(self, confidence: float, unit: str | None) -> tuple[float, float, float]:
        """Return the ends of the t interval of the change, and its p; nan where there is none."""
        groups = self.groups if unit == "group" else None
        nothing = (np.nan, np.nan, np.nan)
        if self.short or (unit == "group" and self.facts["clusters"] < ENOUGH_GROUPS):
            return nothing
        changed = mean_change(self.before, self.after, groups)
        low, high = changed.ends(confidence)
        return float(low[0]), float(high[0]), float(changed.p[0])

    def test(self, test: str, draws: int, seed: int) -> TestResult:
        """Return the result of the test."""
        if self.cluster and test == "auto":
            changed = mean_change(self.before, self.after, self.groups)
            p = self.ends(0.95, "group")[2]
            return TestResult(float(changed.change[0]), p, 0.0, "t of groups (CR2)")
        if test in ("auto", "permutation"):
            units = self.groups if self.cluster else None
            options: dict[str, Any] = {"clusters": units, "draws": draws, "seed": seed}
            return permutation.permutation_test(self.before, self.after, **options)
        function = getattr(permutation, test.replace("-", "_"))
        result: TestResult = function(self.before, self.after)
        return result

    def row(self, result: TestResult, confidence: float) -> dict[str, Any]:
        """Return sizes, means, the change with its intervals, and the test."""
        sizes, known = self.sizes, self.groups is not None
        means = [
            float(np.nanmean(side)) if n else np.nan
            for side, n in zip((self.before, self.after), sizes, strict=True)
        ]
        low, high, _ = self.ends(confidence, self.cluster)
        by_groups = self.ends(confidence, "group") if known else (np.nan, np.nan, np.nan)
        sides = self.before[:, None], self.after[:, None]
        every = np.ones((1, self.before.size))
        values = {name: float(of(every, *sides)[0, 0]) for name, of in _EFFECTS.items()}
        unit = "groups" if self.cluster else "raters"
        return {
            "n_before": sizes[0],
            "n_after": sizes[1],
            "raters_in_both": self.facts["pairs"],
            "clusters": self.facts["clusters"] if known else pd.NA,
            "mean_before": means[0],
            "mean_after": means[1],
            "change": means[1] - means[0],
            "change_low": low,
            "change_high": high,
            **values,
            "design": self.design,
            "method": result.method,
            "p": result.p,
            "smallest_p": result.smallest_p,
            "interval": "none" if np.isnan(low) else f"t of {unit}",
            **dict(zip(("groups_low", "groups_high", "groups_p"), by_groups, strict=True)),
        }

    def effect_ends(self, draws: int, seed: int, confidence: float) -> dict[str, float]:
        """Return BCa intervals of g and delta, and the probability of superiority with its own."""
        ends: dict[str, float] = {}
        sides = self.before[:, None], self.after[:, None]
        units = self.groups if self.cluster else None
        options: dict[str, Any] = {"design": self.design, "clusters": units, "seed": seed}
        enough = not self.short and not (
            self.cluster and self.facts["clusters"] < effects.ENOUGH_CLUSTERS
        )
        drawn = effects.Resamples.of(*sides, draws=draws, **options) if enough else None
        for name, statistic in _EFFECTS.items():
            low, high = drawn.ends(statistic, confidence)[1][:, 0] if drawn else (np.nan, np.nan)
            ends |= {f"{name}_low": float(low), f"{name}_high": float(high)}
        delta = effects.cliffs_deltas(np.ones((1, self.before.size)), *sides)[0, 0]
        ends["superiority"] = (float(delta) + 1) / 2
        for end in ("low", "high"):
            ends[f"superiority_{end}"] = (ends[f"cliffs_delta_{end}"] + 1) / 2
        return ends

    def reasons(self, row: dict[str, Any], result: TestResult) -> list[str]:
        """Return the keys of what is missing, left out or taken for granted."""
        keys, least = [*self.notes, *([self.short] if self.short else [])], min(self.sizes)
        scores = np.concatenate([self.before, self.after])
        scores, groups = scores[~np.isnan(scores)], self.facts["clusters"]
        if scores.size and np.ptp(scores) == 0:
            keys.append("one_value")
        elif least:
            ends = [value for name, value in row.items() if name.endswith(("_low", "_high"))]
            marks = {
                "separation": abs(row["cliffs_delta"]) == 1,
                "no_spread": np.isnan(row["hedges_g"]) and least > 1,
                "few_groups": bool(self.cluster) and groups < ENOUGH_GROUPS,
                "no_interval": not self.short and np.isnan(row["change_low"]),
                "no_effect_interval": "superiority" in row and np.isnan(ends).any(),
                "bca_small": "superiority" in row and least < ENOUGH_FOR_BCA,
            }
            keys += [key for key, holds in marks.items() if holds]
        keys += [result.reason] if result.reason else []
        if self.groups is not None and not self.cluster and not np.isnan(row["change_low"]):
            keys.append("groups_beside" if not np.isnan(row["groups_low"]) else "groups_unknown")
        return list(dict.fromkeys(keys))

    def verdict(self, smallest: float, confidence: float) -> str:
        """Return what the interval says about changes of at least ``smallest``."""
        low, high, _ = self.ends(2 * confidence - 1, self.cluster)
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


def compare_designs(
    ratings: pd.DataFrame,
    *,
    by: str = "overall",
    before: int | None = None,
    after: int | None = None,
    lang: str = "en",
    **options: Any,
) -> pd.DataFrame:
    """Compare two rounds under every design that the data allow, side by side.

    How far the conclusion leans on the design shows only so: as two samples, as pairs alone, as both
    together, and with groups as the unit.

    Parameters
    ----------
    ratings, by, before, after, lang
        As in :func:`compare_rounds`, whose other options may be given too.

    Returns
    -------
    DataFrame
        The columns of :func:`compare_rounds` with ``comparison`` in front ("independent", "paired",
        "partly overlapping", "groups"); p is not adjusted, as all rows ask the same question.

    Examples
    --------
    >>> import kube_research as kr
    >>> designs = compare_designs(kr.load_site("cibeunying-simulated").ratings)
    >>> designs["comparison"].tolist()
    ['independent', 'paired', 'partly overlapping', 'groups']
    """
    long = to_long(ratings)
    first, last = two_rounds(long, before, after)
    fitting = which_comparison(long, before=first, after=last).set_index("comparison")
    pairs = int(fitting["raters_in_both"].iloc[0])
    wanted = {
        "independent": True,
        "paired": pairs > 1,
        "partly overlapping": bool(fitting.loc["partly overlapping", "applies"]),
        "groups": bool(fitting.loc["groups", "applies"]),
    }
    parts = []
    for name in [name for name, holds in wanted.items() if holds]:
        unit = {"cluster": "group"} if name == "groups" else {"design": name}
        plan: dict[str, Any] = {"by": by, "before": first, "after": last, "lang": lang, **unit}
        part = compare_rounds(long, correction=None, **plan, **options)
        own = part if name == "paired" else part[~part.duplicated(by)]  # pairs have a row already
        parts.append(own.assign(comparison=name))
    compared = pd.concat(parts, ignore_index=True)
    return compared[["comparison", *parts[0].columns[:-1]]]


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
        where not known), ``method``, ``smallest_p`` (0 where a t distribution sets no floor),
        ``why`` (in ``lang``), ``evidence``.

    Examples
    --------
    >>> import kube_research as kr
    >>> which = which_comparison(kr.load_site("cibeunying-simulated").ratings)
    >>> which.loc[which["applies"], ["comparison", "method"]].values.tolist()[1]
    ['groups', 't of groups (CR2)']
    """
    check_language(lang)
    long = to_long(ratings)
    need_columns(long, "round", "rater", "item", "score")
    rounds = two_rounds(long, before, after)
    scores = RoundScores.of(long, "overall", *rounds)
    early, late = (~np.isnan(side[:, 0]) for side in (scores.before, scores.after))
    pairs, only_1, only_2 = (int(x.sum()) for x in (early & late, early & ~late, late & ~early))
    n, m, alone = pairs + only_1, pairs + only_2, only_1 + only_2
    groups = scores.groups
    k = len(set(groups[early]) & set(groups[late])) if groups is not None else 0
    mixed = smallest_p(pairs, only_1, only_2)
    plans: list[tuple[str, bool, str, float]] = [
        ("independent", not pairs, "shuffles of raters", smallest_p(0, n, m)),
        ("paired", pairs > 0 and not alone, "sign flips of raters", smallest_p(pairs, 0, 0)),
        ("partly overlapping", pairs > 0 and alone > 0, "flips and shuffles of raters", mixed),
        ("groups", k >= ENOUGH_GROUPS, "t of groups (CR2)", 0.0),
    ]
    sizes: dict[str, Any] = {"n_before": n, "n_after": m, "raters_in_both": pairs}
    sizes["clusters"] = k if groups is not None else pd.NA
    facts: dict[str, Any] = {"alone": alone, "least": ENOUGH_GROUPS}
    facts["flips"] = number(smallest_p(k, 0, 0), lang, "0.####")
    rows = []
    for name, fits, method, least in plans:
        key = f"{name.split()[0]}_{'yes' if fits else 'no'}"
        why = text(f"compare.why.{key}", lang, **facts, **sizes)
        how = {"method": method, "smallest_p": least, "why": why}
        rows.append({"comparison": name, "applies": fits, **sizes, **how})
    named = pd.DataFrame(rows).astype({"clusters": "Int64"})
    return named.assign(evidence=grade_of(long[long["round"].isin(rounds)]))


def need_two_rounds(site: Site, lang: str = "en") -> None:
    """Raise MissingTableError unless the site has ratings, and OptionError unless of two rounds."""
    if not site.has("ratings"):
        raise missing_table("ratings", site.info.name, site.folder.name, lang)
    if site.table("ratings")["round"].nunique() < 2:
        raise OptionError(text("error.needs_two_rounds", lang, site=site.info.name))
