"""Attendance: who came, as rates with honest intervals.

One row of a list says of one person and one activity what became of the invitation. Rows are marked
(does the person count as invited, did they come), added up within levels (an activity, a group, a
person), and divided. A row whose status is missing says nothing and is treated as if it were not
there. A status that is none of the five is refused, so that a word from another list never counts
as absent.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pandas as pd

from kube_research.engines import collected
from kube_research.errors import OptionError
from kube_research.frames import FEW, as_list, documented, need_columns, need_option
from kube_research.levels import grades_of_ranks, rank_of_evidence, ranks_of_evidence
from kube_research.site.schema import tables
from kube_research.texts import text

#: Statuses that count as attended unless the caller says otherwise.
ATTENDED = ("present", "late")
STATUSES = ("present", "late", "excused", "absent", "represented")
EXCUSED = ("counted", "left out")


def known_rows(
    attendance: pd.DataFrame,
    by: str | Sequence[str] | None,
    attended: str | Sequence[str],
    excused: str,
) -> tuple[pd.DataFrame, list[str]]:
    """Return the rows with a status and the columns to break down by, all options checked.

    The rows carry ``_came`` (attended), ``_counts`` (in the number invited), ``_rank`` (evidence) and
    ``_level`` (number of the level: sorted, but activities in order of appearance).
    """
    keys, came = checked_options(attendance, by, attended, excused)
    known = attendance[attendance["status"].notna()].reset_index(drop=True)
    for status in sorted(set(known["status"]), key=str):
        need_option("status", status, STATUSES)
    known["_counts"] = (known["status"] != "excused") | (excused == "counted")
    known["_came"] = (known["status"].isin(came) & known["_counts"]).astype("int64")
    known["_rank"] = ranks_of_evidence(known)
    known["_level"] = 0
    if keys:
        known["_level"] = known.groupby(keys, sort="activity" not in keys, dropna=False).ngroup()
    return known, keys


def checked_options(
    attendance: Any, by: str | Sequence[str] | None, attended: str | Sequence[str], excused: str
) -> tuple[list[str], list[str]]:
    """Return the columns to break down by and the statuses that count as attended, all checked."""
    keys, came = as_list(by or ()), as_list(attended)
    need_columns(attendance, *keys, "status")
    need_option("excused", excused, EXCUSED)
    for status in came:
        need_option("attended", status, STATUSES)
    return keys, came


def labels(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Return the values of the keys of each level; one level without keys, be there rows or not."""
    if not keys:
        return pd.DataFrame(index=pd.Index([0], name="_level"))
    return rows.drop_duplicates("_level").set_index("_level")[keys].sort_index()


def dated(activities: pd.DataFrame, kinds: str | Sequence[str] | None = None) -> pd.DataFrame:
    """Return the dated activities in order of date, hour (unknown hours last) and code.

    ``_order`` numbers them; ``_rank`` is how weak the evidence of the date is.
    """
    need_columns(activities, "activity", "date", *(["kind"] if kinds is not None else []))
    some = activities[activities["date"].notna()]
    if kinds is not None:
        for kind in as_list(kinds):
            need_option("kinds", kind, tables()["activities"].column("kind").allowed)
        some = some[some["kind"].isin(as_list(kinds))]
    twice = some["activity"][some["activity"].duplicated()]
    if len(twice):
        raise OptionError(text("attendance.error.twice", activity=twice.iloc[0]))
    start = some["start"] if "start" in some else pd.Series(pd.NA, index=some.index, dtype="string")
    days = some[["activity"]].assign(
        date=pd.to_datetime(some["date"]),
        start=start.astype("string"),
        _rank=ranks_of_evidence(some),
    )
    days = days.sort_values(["date", "start", "activity"], na_position="last", ignore_index=True)
    return days.assign(_order=range(len(days)))


def _dated_rows(
    known: pd.DataFrame, activities: pd.DataFrame, kinds: str | Sequence[str] | None = None
) -> pd.DataFrame:
    """Return the counted rows of dated activities; ``_rank`` is the weaker of both evidences."""
    rows = known[known["_counts"]].drop(columns=["date", "start"], errors="ignore")
    rows = rows.merge(dated(activities, kinds), "inner", "activity", suffixes=("", "_date"))
    return rows.assign(_rank=rows[["_rank", "_rank_date"]].max(axis=1))


def wilson_interval(
    count: npt.ArrayLike, n: npt.ArrayLike, *, confidence: float = 0.95
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the Wilson score interval of a proportion.

    Parameters
    ----------
    count, n : array_like of int
        Successes and trials, of one shape. Where ``n`` is 0 both ends are nan.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    (ndarray, ndarray)
        Lower and upper end, of the shape of the input.

    Notes
    -----
    Wilson (1927), doi:10.1080/01621459.1927.10502953. Checked against
    ``scipy.stats.binomtest(...).proportion_ci(method="wilson")``.

    Examples
    --------
    >>> low, high = wilson_interval(15, 30)
    >>> round(float(low), 3), round(float(high), 3)
    (0.332, 0.668)
    """
    from scipy.special import ndtri

    k, size = np.asarray(count, dtype=float), np.asarray(n, dtype=float)
    z2 = float(ndtri(0.5 + confidence / 2)) ** 2
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = k / size
        centre = (rate + z2 / (2 * size)) / (1 + z2 / size)
        spread = (z2 * (rate * (1 - rate) + z2 / (4 * size)) / size) ** 0.5 / (1 + z2 / size)
    low, high = np.clip(centre - spread, 0, 1), np.clip(centre + spread, 0, 1)
    return np.where((k == 0) & (size > 0), 0.0, low), np.where((k == size) & (size > 0), 1.0, high)


def tally(known: pd.DataFrame, levels: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Count what :func:`known_rows` returned: one row per level, also where nobody is counted."""
    rows, many = known[known["_counts"]], len(levels)
    n = np.bincount(rows["_level"], minlength=many)
    came = np.bincount(rows["_level"], rows["_came"], minlength=many).astype("int64")
    weakest = np.full(many, np.nan)
    np.fmax.at(weakest, rows["_level"], rows["_rank"])
    return _rates(levels.reset_index(drop=True), n, came, _people(rows, n), weakest, confidence)


def _people(rows: pd.DataFrame, n: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return how many people stand behind each level, told apart by code and site; else ``n``."""
    if "person" not in rows:
        return n
    who = ["_level", "person", *(["site"] if "site" in rows else [])]
    return np.bincount(rows[who].dropna().drop_duplicates()["_level"], minlength=len(n))


def _rates(
    levels: pd.DataFrame, n: Any, came: Any, people: Any, ranks: Any, confidence: float
) -> pd.DataFrame:
    """Put the rates beside the levels, from counts alone."""
    low, high = wilson_interval(came, n, confidence=confidence)
    with np.errstate(invalid="ignore"):
        rates = levels.assign(n=n, attended=came, rate=came / n, low=low, high=high)
    return rates.assign(few=people < FEW, evidence=grades_of_ranks(ranks))


def _on_engine(
    attendance: Any, keys: list[str], came: list[str], excused: str, confidence: float
) -> pd.DataFrame:
    """Return the rates of an attendance list on an engine."""
    frame = nw.from_native(attendance)
    names = frame.collect_schema().names()
    status = nw.col("status").cast(nw.String)  # a column without any status has no type
    counts = status != "excused" if excused == "left out" else ~status.is_null()
    rows = frame.filter(~status.is_null()).with_columns(
        _n=counts.cast(nw.Int64),
        _came=(status.is_in(came) & counts).cast(nw.Int64),
        _strange=(~status.is_in(list(STATUSES))).cast(nw.Int64),
        _rank=nw.when(counts).then(rank_of_evidence(names)),
    )
    sums = [nw.col(name).sum() for name in ("_n", "_came", "_strange")]
    sums.append(nw.col("_rank").max())
    if "person" in names:
        who = nw.col("person")
        if "site" in names:  # the same code in two sites is two people
            who = nw.concat_str(nw.col("site"), who, separator="/")
        rows = rows.with_columns(_person=nw.when(nw.col("_n") > 0).then(who))
        rows = rows.with_columns(_nobody=nw.col("_person").is_null().cast(nw.Int64))
        sums += [nw.col("_person").n_unique().alias("_people"), nw.col("_nobody").max()]
    query = rows.group_by(*keys).agg(*sums) if keys else rows.select(*sums)
    counted = collected(query)
    if keys:
        counted = counted[counted["_n"] > 0].sort_values(keys, ignore_index=True)
    n, attended = (counted[name].fillna(0).astype("int64") for name in ("_n", "_came"))
    people = n
    if "person" in names:  # nobody, a missing code, counts as one value more
        people = counted["_people"].fillna(0) - counted["_nobody"].fillna(0)
    rates = _rates(counted[keys], n, attended, people, counted["_rank"], confidence)
    strange = counted["_strange"].fillna(0) > 0
    rates.loc[strange, ["rate", "low", "high"]] = np.nan
    return rates


def attendance_rates(
    attendance: Any,
    *,
    by: str | Sequence[str] | None = "activity",
    attended: str | Sequence[str] = ATTENDED,
    excused: str = "counted",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Return the rate of attendance per activity, group, role or any of them together.

    Parameters
    ----------
    attendance : DataFrame, or a frame of another engine
        One row per activity and invited person, with ``status``: pandas, polars, a DuckDB relation
        or Spark.
    by : str, sequence of str or None
        Columns to break down by: ``"activity"``, ``"group"``, ``"role"``, ``"person"``, or several;
        None or ``()`` for one row over everything.
    attended : str or sequence of str
        Statuses that count as attended.
    excused : {"counted", "left out"}
        Whether excused people stay in the number invited.
    confidence : float
        Of the Wilson interval; people are taken as independent.

    Returns
    -------
    DataFrame
        Pandas, whatever the engine. One row per level: ``n`` invited, ``attended``, ``rate``,
        ``low``, ``high``, ``few`` (fewer than five people behind the row), ``evidence``. Activities
        keep their order of appearance in pandas and are sorted elsewhere. A level without anybody
        counted has no row; the row over everything is always there.

    Raises
    ------
    kube_research.errors.MissingColumnError
    kube_research.errors.OptionError
        For an unknown option, or, in pandas, a status in the list that is none of the five. On an
        engine such a status leaves the rate of its level missing.

    Examples
    --------
    >>> import kube_research as kr
    >>> logs = kr.load_site("cibeunying-simulated").attendance
    >>> bool(attendance_rates(logs)["rate"].between(0.5, 0.6).all())
    True
    >>> attendance_rates(logs, by=None)[["n", "attended"]].values.tolist()
    [[300, 167]]
    """
    if not isinstance(attendance, pd.DataFrame):
        keys, came = checked_options(attendance, by, attended, excused)
        return _on_engine(attendance, keys, came, excused, confidence)
    known, keys = known_rows(attendance, by, attended, excused)
    rates = tally(known, labels(known, keys), confidence)
    return rates[rates["n"] > 0].reset_index(drop=True) if keys else rates


#: Whether late and represented people count, and what becomes of the excused.
_RULES = tuple(product((False, True), (False, True), EXCUSED))


@documented
def status_rules(
    attendance: pd.DataFrame,
    *,
    by: str | Sequence[str] | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Return the rate under every rule for who counts: late, represented and excused people.

    Parameters
    ----------
    |attendance_list|
    by : str, sequence of str or None
        As in :func:`attendance_rates`.
    confidence : float
        Of the Wilson interval.

    Returns
    -------
    DataFrame
        Eight rows per level: ``late`` and ``represented`` (whether they count as attended),
        ``excused`` (counted or left out), ``rule`` (the three in words), ``n``, ``attended``,
        ``rate`` (missing where everybody was excused and left out), ``low``, ``high``, ``few``,
        ``evidence``.

    |frame_errors|

    Notes
    -----
    Every row equals :func:`attendance_rates` under that rule (tests).

    Examples
    --------
    >>> two = pd.DataFrame({"status": ["present", "late", "excused", "absent"]})
    >>> status_rules(two)["rate"].round(2).unique().tolist()
    [0.25, 0.33, 0.5, 0.67]
    """
    known, keys = known_rows(attendance, by, "present", "counted")
    levels, choices, parts = labels(known, keys), [], []
    for number, (late, stood_in, excused) in enumerate(_RULES):
        came = ["present"] + ["late"] * late + ["represented"] * stood_in
        counts = (known["status"] != "excused") | (excused == "counted")
        part = known.assign(_came=known["status"].isin(came).astype("int64"), _counts=counts)
        parts.append(part.assign(_level=known["_level"] * len(_RULES) + number))
        rule = f"{' + '.join(came)}; excused {excused}"
        choices.append({"late": late, "represented": stood_in, "excused": excused, "rule": rule})
    rules = levels.reset_index().merge(pd.DataFrame(choices), how="cross")
    rules = rules.drop(columns="_level").rename_axis("_level")
    return tally(pd.concat(parts), rules, confidence)


@documented
def rule_range(attendance: pd.DataFrame, *, by: str | Sequence[str] | None = None) -> pd.DataFrame:
    """Return what the rule decides: the lowest and highest rate over the rules of `status_rules`.

    Parameters
    ----------
    attendance, by
        As in :func:`status_rules`.

    Returns
    -------
    DataFrame
        One row per level: ``lowest``, ``highest``, ``spread`` (their difference), ``lowest_rules``
        and ``highest_rules`` (every rule that gives them, joined by " | "), ``few``, ``evidence``.

    |frame_errors|

    Examples
    --------
    >>> row = rule_range(pd.DataFrame({"status": ["present", "late", "absent"]})).iloc[0]
    >>> round(float(row["lowest"]), 2), round(float(row["highest"]), 2)
    (0.33, 0.67)
    """
    rules, keys = status_rules(attendance, by=by), as_list(by or ())
    rows = []
    for start in range(0, len(rules), 8):
        part = rules.iloc[start : start + 8]
        row = {key: part[key].iloc[0] for key in keys}
        for name, end in (("lowest", part["rate"].min()), ("highest", part["rate"].max())):
            row |= {name: end, f"{name}_rules": " | ".join(part.loc[part["rate"] == end, "rule"])}
        row |= {"spread": row["highest"] - row["lowest"], "few": part["few"].any()}
        rows.append(row | {"evidence": part["evidence"].iloc[0]})
    columns = ["lowest", "highest", "spread", "lowest_rules", "highest_rules", "few", "evidence"]
    return pd.DataFrame(rows, columns=[*keys, *columns])


@documented
def recent_rates(
    attendance: pd.DataFrame,
    activities: pd.DataFrame,
    *,
    last: int = 4,
    by: str | Sequence[str] | None = "group",
    kinds: str | Sequence[str] | None = None,
    method: str = "meetings",
    attended: str | Sequence[str] = ATTENDED,
    excused: str = "counted",
) -> pd.DataFrame:
    """Return the rate of attendance over the last meetings of each group, person or all.

    Parameters
    ----------
    |attendance_list|
    activities : DataFrame
        ``activity`` and ``date``, perhaps ``start`` and ``kind``. Undated activities are left out.
    last : int
        How many meetings, counted back from each level's own latest one. Two activities of one day
        are two meetings.
    by : str, sequence of str or None
        As in :func:`attendance_rates`.
    kinds : str or sequence of str, optional
        Only activities of these kinds, for example ``"meeting"``.
    method : {"meetings", "pooled"}
        The mean over meetings of each meeting's rate, or all attendances over all invitations.
    attended, excused
        As in :func:`attendance_rates`. A meeting from which all of a level were excused is no meeting
        of it where they are left out.

    Returns
    -------
    DataFrame
        One row per level: ``meetings`` used, ``fewer`` (fewer than ``last``), ``first_date``,
        ``last_date``, ``n`` invited, ``attended``, ``rate`` (missing without a meeting), ``lowest``
        and ``highest`` rate of one meeting, ``few``, ``evidence`` (of attendance and dates).

    |frame_errors|

    Notes
    -----
    ``method="meetings"`` is DreamSave's "Attendance in Person" (DreamInsights glossary): members who
    came in person over all members, averaged over the previous four meetings; its "Attendance with
    Representative" is the same with ``attended="represented"``. Both divide by all members: list
    everybody, not only those who came. Checked against hand-computed lists.

    Examples
    --------
    >>> import kube_research as kr
    >>> site = kr.load_site("cibeunying-simulated")
    >>> row = recent_rates(site.attendance, site.activities, by=None, kinds="meeting").iloc[0]
    >>> int(row["meetings"]), round(float(row["rate"]), 4), str(row["first_date"].date())
    (4, 0.5667, '2016-03-05')
    """
    need_option("method", method, ("meetings", "pooled"))
    if isinstance(last, bool) or not isinstance(last, int) or last < 1:
        raise OptionError(text("attendance.error.last", value=last))
    need_columns(attendance, "activity")
    known, keys = known_rows(attendance, by, attended, excused)
    rows = _dated_rows(known, activities, kinds)
    back = rows.groupby("_level")["_order"].rank(method="dense", ascending=False)
    rows = rows[back <= last]
    meetings = rows.groupby(["_level", "_order"])["_came"].agg(["size", "sum"])
    per_level = (meetings["sum"] / meetings["size"]).groupby(level=0)
    recent, grouped = labels(known, keys), rows.groupby("_level")

    def number(counts: pd.Series) -> pd.Series:
        return counts.reindex(recent.index, fill_value=0).astype("int64")

    recent["meetings"] = number(per_level.size())
    recent["fewer"] = recent["meetings"] < last
    recent["first_date"], recent["last_date"] = grouped["date"].min(), grouped["date"].max()
    recent["n"], recent["attended"] = number(grouped.size()), number(grouped["_came"].sum())
    pooled = (recent["attended"] / recent["n"]).where(recent["n"] > 0)
    recent["rate"] = per_level.mean() if method == "meetings" else pooled
    recent["lowest"], recent["highest"] = per_level.min(), per_level.max()
    recent["few"] = _people(rows, recent["n"].to_numpy()) < FEW
    recent["evidence"] = grades_of_ranks(grouped["_rank"].max().reindex(recent.index))
    return recent.reset_index(drop=True)


@documented
def person_attendance(
    attendance: pd.DataFrame,
    activities: pd.DataFrame | None = None,
    *,
    attended: str | Sequence[str] = ATTENDED,
    excused: str = "counted",
) -> pd.DataFrame:
    """Return for every person how often they came and how long they stayed away.

    Parameters
    ----------
    attendance : DataFrame
        One row per activity and invited ``person``, with ``status``.
    activities : DataFrame, optional
        ``activity`` and ``date``, perhaps ``start``. Without it nothing says what came after what.
    attended, excused
        As in :func:`attendance_rates`. An excused absence is an absence while it is counted, and is
        passed over where it is left out.

    Returns
    -------
    DataFrame
        One row per person: ``person``, ``n``, ``attended``, ``rate``, ``never`` (invited, never
        came), ``longest_absence`` (most dated meetings in a row without coming), ``last_attended``
        (day; missing if never), both missing without ``activities``; ``few``, ``evidence``.

    |frame_errors|

    Examples
    --------
    >>> logs = pd.DataFrame({"activity": list("abc"), "person": "P"})
    >>> logs["status"] = ["late", "absent", "absent"]
    >>> days = pd.DataFrame({"activity": list("abc"), "date": pd.date_range("2016-03-01", periods=3)})
    >>> person_attendance(logs, days)[["attended", "longest_absence"]].values.tolist()
    [[1, 2]]
    """
    known, keys = known_rows(attendance, "person", attended, excused)
    known = known[known["person"].notna()]
    persons = tally(known, labels(known, keys), 0.95).set_index("person")
    persons["never"] = persons["attended"] == 0
    away = pd.Series(pd.NA, persons.index, dtype="Int64")
    last = pd.Series(pd.NaT, persons.index, dtype="datetime64[ns]")
    if activities is not None:
        need_columns(attendance, "activity")
        rows = _dated_rows(known, activities).sort_values(["person", "_order"], ignore_index=True)
        stretch = rows.groupby("person")["_came"].cumsum()
        away = (1 - rows["_came"]).groupby([rows["person"], stretch]).sum().groupby(level=0).max()
        last = rows[rows["_came"] == 1].groupby("person")["date"].max()
        both = rows.groupby("person")["_rank"].max().reindex(persons.index)
        persons["evidence"] = grades_of_ranks(np.fmax(both, ranks_of_evidence(persons)))
    persons["longest_absence"] = away.reindex(persons.index).astype("Int64")
    persons["last_attended"] = last.reindex(persons.index).astype("datetime64[ns]")
    columns = ["person", "n", "attended", "rate", "never", "longest_absence", "last_attended"]
    return persons[persons["n"] > 0].reset_index()[[*columns, "few", "evidence"]]
