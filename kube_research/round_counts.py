"""What the printed numbers of raters tell by themselves: who rated twice, how many were invited."""

from __future__ import annotations

from itertools import pairwise

import pandas as pd

from kube_research.attendance_band import Share, rosters_for
from kube_research.errors import OptionError
from kube_research.frames import need_columns
from kube_research.participation import overlap_bounds
from kube_research.texts import text


def _counts(rounds: pd.DataFrame) -> pd.Series:
    """Return the number of raters of every round that states one, in order of the rounds."""
    need_columns(rounds, "round", "n_raters")
    known = rounds[rounds["n_raters"].notna()].sort_values("round")
    counts = pd.Series(known["n_raters"].astype("int64").to_numpy(), known["round"].to_numpy())
    if len(counts) < 2:
        raise OptionError(text("attendance.error.counts"))
    return counts


def round_overlaps(rounds: pd.DataFrame, *, roster: int | None = None) -> pd.DataFrame:
    """Bound how many raters of one round rated in the next, where only their numbers are known.

    Parameters
    ----------
    rounds : DataFrame
        ``round`` and ``n_raters``; rounds without a number are left out.
    roster : int, optional
        How many people there were to choose from.

    Returns
    -------
    DataFrame
        One row per pair of neighbouring rounds: ``round_first``, ``round_second``, and the columns of
        :func:`~kube_research.participation.overlap_bounds`.

    Raises
    ------
    kube_research.errors.MissingColumnError
    kube_research.errors.OptionError
        For fewer than two rounds with a number, or a roster smaller than one of them.

    Examples
    --------
    >>> import kube_research as kr
    >>> site = kr.load_site("cibeunying")
    >>> round_overlaps(site.rounds, roster=30)[["both_low", "both_high"]].values.tolist()
    [[3, 15]]
    """
    parts = []
    counts = _counts(rounds)
    for (one, n_one), (two, n_two) in pairwise(zip(counts.index, counts, strict=True)):
        part = overlap_bounds(int(n_one), int(n_two), roster=roster)
        part.insert(0, "round_first", int(one))
        part.insert(1, "round_second", int(two))
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def round_rosters(
    rounds: pd.DataFrame,
    *,
    low: Share = "50%",
    high: Share = "60%",
    largest: int = 100,
    rounding: str | None = None,
) -> pd.DataFrame:
    """Return every size of the roster for which the raters of all rounds lie in a printed range.

    Parameters
    ----------
    rounds : DataFrame
        ``round`` and ``n_raters``.
    low, high, largest, rounding
        As for :func:`~kube_research.attendance_band.rosters_for`.

    Returns
    -------
    DataFrame
        As from :func:`~kube_research.attendance_band.rosters_for`.

    Raises
    ------
    kube_research.errors.MissingColumnError, kube_research.errors.OptionError

    Examples
    --------
    >>> import kube_research as kr
    >>> round_rosters(kr.load_site("cibeunying").rounds)["roster"].tolist()
    [30]
    """
    counts = _counts(rounds).tolist()
    return rosters_for(counts, low, high, largest=largest, rounding=rounding)
