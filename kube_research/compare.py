"""Before and after: what changed between two rounds where ratings exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from kube_research.errors import MissingTableError, OptionError
from kube_research.frames import need_columns, need_option
from kube_research.peka import to_long
from kube_research.schema import weakest
from kube_research.texts import text

if TYPE_CHECKING:
    from kube_research.site import Site


def cliffs_delta(before: npt.ArrayLike, after: npt.ArrayLike) -> float:
    """Return Cliff's delta: how much more often a later score beats an earlier one than the reverse.

    Parameters
    ----------
    before, after : array_like
        Scores of the two rounds, of any two lengths.

    Returns
    -------
    float
        P(after > before) - P(after < before), from -1 to 1; nan if a side is empty.

    Notes
    -----
    Cliff (1993), doi:10.1037/0033-2909.114.3.494. Equals 2 U / (m n) - 1 with the Mann-Whitney U of
    ``scipy.stats.mannwhitneyu(after, before)``, against which it is checked.

    Examples
    --------
    >>> cliffs_delta([1, 2, 2], [2, 3, 3])
    0.7777777777777778
    """
    earlier = np.asarray(before, dtype=float)[:, None]
    later = np.asarray(after, dtype=float)[None, :]
    if not earlier.size or not later.size:
        return float("nan")
    return float((np.sign(later - earlier)).mean())


def compare_rounds(
    ratings: pd.DataFrame,
    *,
    by: str = "item",
    before: int | None = None,
    after: int | None = None,
) -> pd.DataFrame:
    """Describe the change between two rounds.

    Parameters
    ----------
    ratings : DataFrame
        Long or wide ratings of at least two rounds.
    by : {"item", "field_no", "group", "overall"}
        What to compare.
    before, after : int, optional
        The rounds; by default the first and the last.

    Returns
    -------
    DataFrame
        One row per level: ``n_before``, ``n_after`` (scores), ``raters_in_both`` (by rater code),
        ``mean_before``, ``mean_after``, ``change``, ``cliffs_delta``, ``evidence``. For ``field_no``,
        ``group`` and ``overall`` the unit is the rater's mean over the items.

    Raises
    ------
    kube_research.errors.OptionError
        If there are not two rounds, or ``by`` is unknown.
    """
    need_option("by", by, ("item", "field_no", "group", "overall"))
    long = to_long(ratings)
    level = [] if by == "overall" else [by]
    need_columns(long, "round", "rater", "item", "score", *level)
    rounds = sorted(int(number) for number in long["round"].dropna().unique())
    if len(rounds) < 2:
        raise OptionError(text("error.needs_two_rounds", site="ratings"))
    first = rounds[0] if before is None else before
    last = rounds[-1] if after is None else after
    for name, value in (("before", first), ("after", last)):
        need_option(name, value, rounds)
    scored = long.assign(_value=pd.to_numeric(long["score"]).astype("float64"))
    scored = scored.dropna(subset=["_value"]).assign(overall="all")
    if by != "item":
        unit = list(dict.fromkeys(["round", by, "rater"]))
        grades = scored.get("evidence", pd.Series("recorded", index=scored.index))
        scored = (
            scored.assign(evidence=grades)
            .groupby(unit, as_index=False)
            .agg(_value=("_value", "mean"), evidence=("evidence", weakest))
        )
    rows = []
    for level_value, part in scored.groupby(by):
        sides = {number: part[part["round"] == number] for number in (first, last)}
        earlier = sides[first]["_value"].to_numpy()
        later = sides[last]["_value"].to_numpy()
        rows.append(
            {
                by: level_value,
                "n_before": earlier.size,
                "n_after": later.size,
                "raters_in_both": len(set(sides[first]["rater"]) & set(sides[last]["rater"])),
                "mean_before": earlier.mean() if earlier.size else np.nan,
                "mean_after": later.mean() if later.size else np.nan,
                "cliffs_delta": cliffs_delta(earlier, later),
                "evidence": weakest(part["evidence"]) if "evidence" in part else "recorded",
            }
        )
    done = pd.DataFrame(rows)
    done.insert(6, "change", done["mean_after"] - done["mean_before"])
    return done


def need_two_rounds(site: Site, lang: str = "en") -> None:
    """Raise MissingTableError unless the site has ratings, and OptionError unless of two rounds."""
    if not site.has("ratings"):
        raise MissingTableError("ratings", site.info.name, site.folder.name, lang)
    if site.table("ratings")["round"].nunique() < 2:
        raise OptionError(text("error.needs_two_rounds", lang, site=site.info.name))
