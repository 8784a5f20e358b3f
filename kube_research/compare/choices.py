"""Which comparison of two rounds the data allow, and how far the answer leans on the choice."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from kube_research.compare.designs import ENOUGH_GROUPS
from kube_research.compare.permutation import smallest_p
from kube_research.compare.rounds import RoundScores, compare_rounds, two_rounds
from kube_research.formats import number
from kube_research.frames import grade_of, need_columns
from kube_research.peka.scores import to_long
from kube_research.texts import check_language, text


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
