"""Who takes part again: raters of both rounds, members who stay, and what rater counts tell."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pandas as pd

from kube_research.attendance.band import Share, rosters_for
from kube_research.attendance.rates import labels, wilson_interval
from kube_research.errors import OptionError
from kube_research.evidence.printed import check_n
from kube_research.frames import FEW, as_list, documented, need_columns, need_option
from kube_research.levels import grades_of_ranks, ranks_of_evidence
from kube_research.peka.scores import to_long
from kube_research.site.schema import tables
from kube_research.texts import text


def _presences(ratings: pd.DataFrame) -> pd.DataFrame:
    """Return one row per rater and round with a score: ``group`` is the rater's earliest one."""
    long = to_long(ratings)
    need_columns(long, "round", "rater", "score")
    scored = long[long["score"].notna() & long["rater"].notna() & long["round"].notna()]
    scored = scored.assign(_rank=ranks_of_evidence(scored), round=scored["round"].astype("int64"))
    presences = scored.groupby(["rater", "round"])["_rank"].max().reset_index()
    if "group" in scored:
        known = scored[scored["group"].notna()].sort_values(["round", "group"])
        home = known.drop_duplicates("rater").set_index("rater")["group"]
        presences["group"] = home.reindex(presences["rater"]).array
    return presences


def rater_rounds(ratings: pd.DataFrame) -> pd.DataFrame:
    """Return for every rater in which rounds they scored.

    Parameters
    ----------
    ratings : DataFrame
        Long or wide ratings (see :func:`~kube_research.peka.scores.to_long`). A rater took part in
        a round with at least one score that is not missing.

    Returns
    -------
    DataFrame
        One row per rater: ``group`` (if the ratings have it: the one of the earliest round), ``rater``,
        ``rounds`` (such as ``"1+2"``), ``n_rounds``, ``pattern``, ``evidence``, by group and code. The
        pattern of two rounds is ``both``, ``only first`` or ``only second``; of any other number
        ``all``, ``only round 3`` or ``some``.

    Raises
    ------
    kube_research.errors.MissingColumnError

    Examples
    --------
    >>> import kube_research as kr
    >>> raters = rater_rounds(kr.load_site("cibeunying-simulated").ratings)
    >>> raters["pattern"].value_counts().to_dict()
    {'both': 12, 'only second': 6, 'only first': 3}
    """
    seen = _presences(ratings)
    numbers = sorted(seen["round"].unique())
    home = {key: (key, "first") for key in ("group",) if key in seen}
    raters = (
        seen.assign(code=seen["round"].astype("string"))
        .groupby("rater")
        .agg(
            **home,
            rounds=("code", "+".join),
            n_rounds=("round", "size"),
            only=("code", "first"),
            _rank=("_rank", "max"),
        )
    )
    every, single = "all", "only round " + raters["only"]
    if len(numbers) == 2:
        every = "both"
        single = raters["only"].map({str(numbers[0]): "only first", str(numbers[1]): "only second"})
    raters["pattern"] = "some"
    raters["pattern"] = raters["pattern"].mask(raters["n_rounds"] == 1, single)
    raters["pattern"] = raters["pattern"].mask(raters["n_rounds"] == len(numbers), every)
    raters["evidence"] = grades_of_ranks(raters["_rank"])
    raters = raters.reset_index().sort_values([*home, "rater"], ignore_index=True)
    columns = [*home, "rater", "rounds", "n_rounds", "pattern", "evidence"]
    kinds = {"rounds": "string", "n_rounds": "int64", "pattern": "string"}
    return raters[columns].astype(kinds)


def rater_flow(
    ratings: pd.DataFrame,
    *,
    by: str | None = None,
    rounds: Sequence[int] | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Return how many raters of one round score again in the next: retention and drop-out.

    Parameters
    ----------
    ratings : DataFrame
        Long or wide ratings of at least two rounds.
    by : {None, "group"}
        Everybody, or one row per group. Each rater belongs to the group of their earliest round, so
        that the groups add up to everybody.
    rounds : sequence of int, optional
        Rounds to follow, in this order; by default all, in order of their numbers.
    confidence : float
        Of the Wilson interval of the retention; raters are taken as independent.

    Returns
    -------
    DataFrame
        One row per pair of neighbouring rounds (and level), then, of three rounds or more, one for the
        first and the last: ``round_first``, ``round_second``, ``n_first``, ``n_second``, ``both``,
        ``only_first`` (dropped out), ``only_second`` (joined), ``retention`` (``both / n_first``;
        missing where nobody scored in the first), ``low``, ``high``, ``drop_out`` (1 - retention),
        ``few`` (fewer than five in the first round), ``evidence``. A group nobody of which scored in
        either round has no row.

    Raises
    ------
    kube_research.errors.MissingColumnError
    kube_research.errors.OptionError
        For fewer than two rounds, or a round without scores.

    Notes
    -----
    Checked against Python sets of rater codes (tests). With unnamed raters see :func:`overlap_bounds`.

    Examples
    --------
    >>> import kube_research as kr
    >>> row = rater_flow(kr.load_site("cibeunying-simulated").ratings).iloc[0]
    >>> [int(row[name]) for name in ("n_first", "n_second", "both")], float(row["retention"])
    ([15, 18, 12], 0.8)
    """
    need_option("by", by, (None, "group"))
    seen = _presences(ratings)
    if by is not None:
        need_columns(seen, by)
    there = sorted(seen["round"].unique().tolist())
    chosen = there if rounds is None else list(rounds)
    for number in chosen:
        need_option("rounds", number, there)
    if len(chosen) < 2 or len(set(chosen)) < len(chosen):
        raise OptionError(text("attendance.error.rounds"))
    pairs = [*pairwise(chosen), *([(chosen[0], chosen[-1])] if len(chosen) > 2 else [])]
    rows = []
    for level, part in seen.groupby(by, dropna=False) if by else [(None, seen)]:
        people = {number: set(part.loc[part["round"] == number, "rater"]) for number in chosen}
        for first, second in pairs:
            before, after = people[first], people[second]
            if by and not before | after:
                continue
            row: dict[str, Any] = {by: level} if by else {}
            row |= {"round_first": first, "round_second": second}
            row |= {"n_first": len(before), "n_second": len(after), "both": len(before & after)}
            row |= {"only_first": len(before - after), "only_second": len(after - before)}
            used = part.loc[part["round"].isin([first, second]), "_rank"]
            rows.append(row | {"_rank": used.max()})
    flow = pd.DataFrame(rows)
    flow["retention"] = (flow["both"] / flow["n_first"]).where(flow["n_first"] > 0)
    flow["low"], flow["high"] = wilson_interval(
        flow["both"], flow["n_first"], confidence=confidence
    )
    flow["drop_out"] = 1 - flow["retention"]
    flow["few"] = flow["n_first"] < FEW
    return flow.assign(evidence=grades_of_ranks(flow.pop("_rank")))


def overlap_bounds(n_first: int, n_second: int, *, roster: int | None = None) -> pd.DataFrame:
    """Bound how many took part twice where only the two counts are printed.

    Parameters
    ----------
    n_first, n_second : int
        Raters of the two rounds.
    roster : int, optional
        How many people there were to choose from; by default not known, so without a limit.

    Returns
    -------
    DataFrame
        One row: ``n_first``, ``n_second``, ``roster``, ``both_low``, ``both_high``,
        ``retention_low``, ``retention_high`` and ``drop_out_low``, ``drop_out_high`` (shares of
        ``n_first``; missing where it is 0), ``evidence`` (``bounded``). Every whole number between is
        possible too.

    Raises
    ------
    kube_research.errors.OptionError
        If a count is not a whole number of at least 0, or larger than the roster.

    Notes
    -----
    Two groups of n and m out of N share at least max(0, n + m - N) and at most min(n, m).

    Examples
    --------
    >>> overlap_bounds(15, 18, roster=30)[["both_low", "both_high"]].values.tolist()
    [[3, 15]]
    """
    first, second = check_n(n_first, "n_first", 0), check_n(n_second, "n_second", 0)
    room = first + second if roster is None else check_n(roster, "roster", max(first, second))
    both = max(0, first + second - room), min(first, second)
    kept = [count / first if first else float("nan") for count in both]
    row: dict[str, Any] = {"n_first": first, "n_second": second}
    row["roster"] = pd.array([pd.NA if roster is None else room], dtype="Int64")
    row |= {"both_low": both[0], "both_high": both[1]}
    row |= {"retention_low": kept[0], "retention_high": kept[1]}
    row |= {"drop_out_low": 1 - kept[1], "drop_out_high": 1 - kept[0]}
    return pd.DataFrame(row | {"evidence": "bounded"}, index=[0])


def member_retention(
    members: pd.DataFrame,
    start: str | pd.Timestamp,
    end: str | pd.Timestamp,
    *,
    by: str | Sequence[str] | None = None,
    roles: Sequence[str] | None = ("pengurus", "anggota"),
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Return who was a member on two days: retention, drop-out and growth.

    Parameters
    ----------
    members : DataFrame
        One row per ``person`` with ``joined`` and ``left``. A missing ``joined`` means a member from
        before ``start``, a missing ``left`` a member still.
    start, end : str or Timestamp
        The two days, ISO form if text.
    by : str, sequence of str or None
        Columns to break down by, such as ``"group"``; None for one row over all.
    roles : sequence of str, optional
        Roles that count as members; None for everybody listed, whatever their role.
    confidence : float
        Of the Wilson interval of the retention.

    Returns
    -------
    DataFrame
        One row per level: ``at_start``, ``joined`` and ``left`` (after ``start``, up to and with
        ``end``), ``at_end`` (``at_start + joined - left``), ``stayed`` (members on both days),
        ``retention`` (``stayed / at_start``) with ``low`` and ``high``, ``drop_out``
        (1 - retention: of those there at the start), ``drop_out_end`` (``left / (at_end + left)``),
        ``growth`` (``(at_end - at_start) / at_start``), ``few`` (fewer than five at the start),
        ``evidence``. Shares without a base are missing. Who comes and goes within the period counts
        in ``joined`` and ``left`` and in no other column but ``drop_out_end``.

    Raises
    ------
    kube_research.errors.MissingColumnError
    kube_research.errors.OptionError
        If ``end`` is before ``start``, a day is none, or somebody left before they joined.

    Notes
    -----
    A person is a member on the day of joining, and no longer on the day of leaving. Two periods that
    meet on one day so count every coming and going once (tests). ``drop_out_end`` divides by the
    members of the end and the drop-outs together, a base in use for savings groups (SAVIX), where the
    roster of the start is often not kept.

    Examples
    --------
    >>> people = pd.DataFrame({"person": list("abc"), "role": "anggota",
    ...                        "joined": [None, "2016-04-01", None], "left": ["2016-06-01", None, None]})
    >>> done = member_retention(people, "2016-03-01", "2016-06-30")
    >>> done[["at_start", "joined", "left", "at_end", "retention"]].values.tolist()
    [[2.0, 1.0, 1.0, 2.0, 0.5]]
    """
    keys = as_list(by or ())
    need_columns(
        members, "person", "joined", "left", *keys, *(["role"] if roles is not None else [])
    )
    first, last = _day(start), _day(end)
    if last < first:
        raise OptionError(text("attendance.error.period", start=start, end=end))
    rows = members[members["person"].notna()]
    if roles is not None:
        for role in as_list(roles):
            need_option("roles", role, tables()["members"].column("role").allowed)
        rows = rows[rows["role"].isin(as_list(roles))]
    came = rows["joined"].map(_day, na_action="ignore").astype("datetime64[ns]")
    went = rows["left"].map(_day, na_action="ignore").astype("datetime64[ns]")
    if (went < came).any():
        raise OptionError(
            text("attendance.error.left", person=rows.loc[went < came, "person"].iloc[0])
        )
    there = ~(came > first) & ~(went <= first)
    still = ~(came > last) & ~(went <= last)
    parts = {"at_start": there, "joined": (came > first) & (came <= last)}
    parts |= {"left": (went > first) & (went <= last), "at_end": still, "stayed": there & still}
    level = rows.groupby(keys, dropna=False).ngroup() if keys else 0
    names = labels(rows.assign(_level=level), keys)
    grouped = pd.DataFrame(parts).astype("int64").assign(_level=level).groupby("_level")
    kept = names.join(grouped.sum().reindex(names.index, fill_value=0))
    base = kept["at_start"].where(kept["at_start"] > 0)
    ending = kept["at_end"] + kept["left"]
    kept["retention"] = kept["stayed"] / base
    kept["low"], kept["high"] = wilson_interval(
        kept["stayed"], kept["at_start"], confidence=confidence
    )
    kept["drop_out"] = 1 - kept["retention"]
    kept["drop_out_end"] = kept["left"] / ending.where(ending > 0)
    kept["growth"] = (kept["at_end"] - kept["at_start"]) / base
    kept["few"] = kept["at_start"] < FEW
    rank = rows.assign(_level=level, _rank=ranks_of_evidence(rows)).groupby("_level")["_rank"].max()
    kept["evidence"] = grades_of_ranks(rank.reindex(kept.index))
    return kept.reset_index(drop=True)


def _day(value: Any) -> pd.Timestamp:
    """Return a day, without its hour."""
    try:
        day: Any = pd.Timestamp(value)
    except (ValueError, TypeError):
        day = None
    if pd.isna(day):
        raise OptionError(text("attendance.error.day", value=value))
    return pd.Timestamp(day).normalize()


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
        :func:`~kube_research.attendance.participation.overlap_bounds`.

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
    known = zip(counts.index, counts, strict=True)
    for (first, n_first), (second, n_second) in pairwise(known):
        part = overlap_bounds(int(n_first), int(n_second), roster=roster)
        part.insert(0, "round_first", int(first))
        part.insert(1, "round_second", int(second))
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


@documented
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
        As for :func:`~kube_research.attendance.band.rosters_for`.

    Returns
    -------
    DataFrame
        As from :func:`~kube_research.attendance.band.rosters_for`.

    |frame_errors|

    Examples
    --------
    >>> import kube_research as kr
    >>> round_rosters(kr.load_site("cibeunying").rounds)["roster"].tolist()
    [30]
    """
    counts = _counts(rounds).tolist()
    return rosters_for(counts, low, high, largest=largest, rounding=rounding)
