"""Which comparison of two rounds the data allow, which one leads, and how far the answer leans on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kube_research.compare.designs import ENOUGH_GROUPS
from kube_research.compare.permutation import adjust, smallest_p
from kube_research.compare.rounds import RoundScores, compare_rounds, need_two_rounds, two_rounds
from kube_research.errors import OptionError
from kube_research.formats import number
from kube_research.frames import grade_of, need_columns
from kube_research.peka.scores import to_long
from kube_research.texts import check_language, text

if TYPE_CHECKING:
    from kube_research.site.folder import Site

#: What the comparison by raters puts beside the one that leads.
_BESIDE = {"raters_low": "change_low", "raters_high": "change_high", "raters_p": "p"}


def leading_comparison(
    ratings: pd.DataFrame,
    *,
    by: str = "overall",
    before: int | None = None,
    after: int | None = None,
    unit: str | None = None,
    lang: str = "en",
    **options: Any,
) -> pd.DataFrame:
    """Compare two rounds as figures and reports tell it: groups lead, raters stand beside.

    Parameters
    ----------
    ratings, by, before, after, lang
        As in :func:`compare_rounds`, whose other options may be given too.
    unit : {"group", "rater", None}
        Whose interval and test lead. By default the groups', where at least three are known:
        raters of one group seldom score independently.

    Returns
    -------
    DataFrame
        One row a level: the columns of :func:`compare_rounds` for the unit that leads, then
        ``raters_low``, ``raters_high`` and ``raters_p`` (the same change with raters as the unit), and
        ``pairs_change`` and ``pairs_p`` (of those who came twice, where others came once).

    Examples
    --------
    >>> import kube_research as kr
    >>> told = leading_comparison(kr.load_site("cibeunying-simulated").ratings)
    >>> told[["interval", "change", "pairs_change"]].round(2).values.tolist()
    [['t of groups', 0.11, 0.03]]
    """
    long = to_long(ratings)
    first, last = two_rounds(long, before, after)
    plan: dict[str, Any] = {"by": by, "before": first, "after": last, "lang": lang, **options}
    raters = compare_rounds(long, **plan)
    raters = raters[~raters.duplicated(by)].reset_index(drop=True)  # pairs have a row of their own
    unit = unit or leading_unit(long, first, last)
    leading = compare_rounds(long, cluster="group", **plan) if unit == "group" else raters.copy()
    correction = options.get("correction", "holm")
    leading["p_adjusted"] = adjust(leading["p"].to_numpy(dtype=float), correction)
    beside = raters[list(_BESIDE.values())].set_axis(list(_BESIDE), axis=1)
    beside[["pairs_change", "pairs_p"]] = np.nan
    came_twice = raters["raters_in_both"].between(
        1, raters[["n_before", "n_after"]].max(axis=1) - 1
    )
    if came_twice.any():
        pairs = compare_rounds(long, design="paired", **plan).loc[came_twice, ["change", "p"]]
        beside.loc[came_twice, ["pairs_change", "pairs_p"]] = pairs.to_numpy(dtype=float)
    place = leading.columns.tolist().index("groups_p") + 1
    return pd.concat([leading.iloc[:, :place], beside, leading.iloc[:, place:]], axis=1)


def leading_unit(ratings: pd.DataFrame, before: int, after: int) -> str:
    """Return whose interval leads: "group" where at least three groups are known, else "rater"."""
    groups = RoundScores.of(to_long(ratings), "overall", before, after).groups
    return "group" if groups is not None and np.unique(groups).size >= ENOUGH_GROUPS else "rater"


def groups_lead(compared: pd.DataFrame) -> bool:
    """Tell whether interval and test of a leading comparison have groups as the unit."""
    return bool(compared["method"].str.startswith("t of groups").any())


def primary_comparison(site: Site, *, lang: str = "en") -> pd.DataFrame:
    """Make the one comparison that a site declared as the primary one; all others are secondary.

    Parameters
    ----------
    site : Site
        With ratings of two rounds. ``[primary]`` of its ``site.toml`` names outcome, smallest effect
        and unit; without it all items together are compared, by groups where at least three are
        known, and ``reason`` says that nothing was declared.
    lang : {"en", "id"}
        Language of the reason.

    Returns
    -------
    DataFrame
        One row: ``outcome`` ("overall", "item 9" or "field 3"), ``declared``, ``unit``,
        ``smallest_effect``, ``verdict`` (both missing if nothing was declared), and the columns of
        the comparison (:func:`compare_rounds`) with those that stand beside it (``raters_low``,
        ``raters_high``, ``raters_p``, ``pairs_change``, ``pairs_p``). One test is not adjusted.

    Raises
    ------
    kube_research.errors.MissingTableError
        Without ratings.
    kube_research.errors.OptionError
        With one round, or if nobody scored the outcome.

    Examples
    --------
    >>> import kube_research as kr
    >>> primary = primary_comparison(kr.load_site("cibeunying-simulated"))
    >>> primary[["outcome", "unit", "interval"]].values.tolist()
    [['overall', 'group', 't of groups']]
    """
    check_language(lang)
    need_two_rounds(site, lang)
    declared, ratings = site.info.primary, primary_ratings(site)
    options: dict[str, Any] = {"correction": None, "lang": lang}
    if declared:
        options |= {"unit": declared.unit, "smallest_effect": declared.smallest_effect}
    compared = leading_comparison(ratings, **options)
    if not declared:
        compared["verdict"] = pd.NA
        undeclared = text("compare.reason.not_declared", lang)
        compared["reason"] = (undeclared + " " + compared["reason"]).str.strip()
    front = {
        "outcome": declared.outcome if declared else "overall",
        "declared": declared is not None,
        "unit": "group" if groups_lead(compared) else "rater",
        "smallest_effect": declared.smallest_effect if declared else np.nan,
        "verdict": compared["verdict"].astype("string"),
    }
    rest = compared.drop(columns=["overall", "p_adjusted", "verdict"])
    return pd.concat([pd.DataFrame(front, index=rest.index), rest], axis=1)


def primary_ratings(site: Site) -> pd.DataFrame:
    """Return the ratings of the site that its primary comparison is about.

    Raises
    ------
    kube_research.errors.OptionError
        If nobody scored the item or field that was declared.
    """
    ratings, declared = site.table("ratings"), site.info.primary
    if declared is None or declared.level is None:
        return ratings
    need_columns(ratings, declared.by)
    of_outcome: pd.DataFrame = ratings[ratings[declared.by] == declared.level]
    if of_outcome["score"].notna().groupby(of_outcome["round"]).any().sum() < 2:
        raise OptionError(text("compare.error.primary", outcome=declared.outcome))
    return of_outcome


def compare_designs(
    ratings: pd.DataFrame | Site,
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
    ratings : DataFrame or Site
        Ratings; of a site, those of the outcome of its primary comparison.
    by, before, after, lang
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
    if not isinstance(ratings, pd.DataFrame):
        need_two_rounds(ratings, lang)
        ratings = primary_ratings(ratings)
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
