"""Attendance: who came, as rates with honest intervals.

A row whose status is missing says nothing and is treated as if it were not there. A status that is
none of the five is refused, so that a word from another list never counts as absent.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import product
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pandas as pd

from kube_research.engines import AnyFrame, Step, in_order, walk
from kube_research.errors import OptionError
from kube_research.frames import FEW, GRADES, as_list, need_columns, need_option
from kube_research.levels import grade_of_rank, positive, rank_of_evidence
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
    known["_came"] = known["status"].isin(came).astype("int64")
    known["_counts"] = True if excused == "counted" else (known["status"] != "excused")
    known["_came"] *= known["_counts"].astype("int64")
    known["_rank"] = ranks(known)
    levels = known.groupby(keys, sort="activity" not in keys, dropna=False) if keys else None
    known["_level"] = 0 if levels is None else levels.ngroup()
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


def ranks(frame: pd.DataFrame) -> pd.Series:
    """Return how weak the evidence of each row is, as a number; 0 where the frame says nothing."""
    grade = frame.get("evidence", pd.Series("recorded", index=frame.index))
    order = {name: float(rank) for rank, name in enumerate(GRADES)}
    return grade.astype("object").map(order).astype("float64")


def grades(rank: pd.Series) -> pd.Series:
    """Return the grades that :func:`ranks` numbered; missing where there is none."""
    return rank.map(dict(enumerate(GRADES))).astype("string")


def labels(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Return the values of the keys of each level; one level without keys, be there rows or not."""
    if not keys:
        return pd.DataFrame(index=pd.Index([0], name="_level"))
    return rows.drop_duplicates("_level").set_index("_level")[keys].sort_index()


def few_people(rows: pd.DataFrame, n: pd.Series) -> pd.Series:
    """Return whether fewer than five people stand behind each level."""
    people = rows.groupby("_level")["person"].nunique() if "person" in rows else n
    return people.reindex(n.index).fillna(0) < FEW


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
    done = pd.DataFrame(
        {
            "activity": some["activity"],
            "date": pd.to_datetime(some["date"]),
            "start": start.astype("string"),
            "_rank": ranks(some),
        }
    )
    done = done.sort_values(["date", "start", "activity"], na_position="last", ignore_index=True)
    return done.assign(_order=range(len(done)))


#: Columns of the rates after the columns they are broken down by.
RATES = (
    ("n", nw.Int64),
    ("attended", nw.Int64),
    ("rate", nw.Float64),
    ("low", nw.Float64),
    ("high", nw.Float64),
    ("few", nw.Boolean),
    ("evidence", nw.String),
)


def wilson_ends(rate: Any, n: Any, z2: float) -> tuple[Any, Any]:
    """Return both ends of the Wilson interval, of arrays as of expressions; ``z2`` is z squared."""
    centre = (rate + z2 / (2 * n)) / (1 + z2 / n)
    spread = (z2 * (rate * (1 - rate) + z2 / (4 * n)) / n) ** 0.5 / (1 + z2 / n)
    return centre - spread, centre + spread


def rate_steps(by: Sequence[str], *, z2: float) -> list[Step]:
    """Return the steps from marked rows (see :func:`marked`) to the rates of each level."""
    keys = list(by)
    add = partial(_add_people, by=keys)
    return [Step(add, parts=True), Step(partial(_rates, by=keys, z2=z2), tuple(keys), add)]


def marked(rows: Any, *, statuses: Sequence[str], attended: Sequence[str], excused: str) -> Any:
    """Mark the rows with a status: ``_came``, ``_counts``, ``_strange`` (no known status), ``_rank``."""
    status = nw.col("status").cast(nw.String)  # a column without any status has no type
    counts = status != "excused" if excused == "left out" else ~status.is_null()
    rank = rank_of_evidence(rows.collect_schema().names())
    rows = rows.filter(~status.is_null()).with_columns(
        _counts=counts.cast(nw.Int64),
        _came=(status.is_in(list(attended)) & counts).cast(nw.Int64),
        _strange=(~status.is_in(list(statuses))).cast(nw.Int64),
        _rank=rank,
    )
    return rows.with_columns(_rank=nw.when(nw.col("_counts") > 0).then(nw.col("_rank")))


def lazy_rate_steps(
    by: Sequence[str],
    *,
    statuses: Sequence[str],
    attended: Sequence[str],
    excused: str,
    z2: float,
) -> list[Step]:
    """Return the steps from an attendance list of any engine to the sorted rates of its levels."""
    mark = partial(marked, statuses=statuses, attended=attended, excused=excused)
    steps = [Step(mark), *rate_steps(by, z2=z2)]
    if by:
        steps += [Step(lambda rows: rows.filter(nw.col("n") > 0)), in_order(by)]
    return steps


def _add_people(rows: Any, *, by: list[str]) -> Any:
    """Add up the rows of each person within each level."""
    names = rows.collect_schema().names()
    people = [name for name in ("site", "person") if name in names and "person" in names]
    sums = [nw.col(name).sum() for name in ("_counts", "_came", "_strange")]
    columns = [*sums, nw.col("_rank").max()]
    keys = list(dict.fromkeys([*by, *people]))
    if not keys:
        return rows.select(*columns)
    return rows.group_by(*keys, drop_null_keys=False).agg(*columns)


def _name(rows: Any, by: list[str]) -> Any:
    """Return what tells people apart: the code, and of several sites taken together also the site."""
    if "site" in rows.collect_schema().names() and "site" not in by:
        return nw.concat_str(nw.col("site"), nw.col("person"), separator="/")
    return nw.col("person")


def _rates(rows: Any, *, by: list[str], z2: float) -> Any:
    """Count rows, or what :func:`_add_people` made of them: people are told apart in both."""
    names = ["_counts", "_came", "_strange"]
    columns = [nw.col("_rank").max()]
    has_people = "person" in rows.collect_schema().names()
    if has_people:
        rows = rows.with_columns(_person=nw.when(nw.col("_counts") > 0).then(_name(rows, by)))
        rows = rows.with_columns(_nobody=nw.col("_person").is_null().cast(nw.Int64))
        columns += [nw.col("_person").n_unique().alias("_people"), nw.col("_nobody").max()]
    columns += [nw.col(name).sum() for name in names]
    grouped = rows.group_by(*by, drop_null_keys=False) if by else None
    done = rows.select(*columns) if grouped is None else grouped.agg(*columns)
    if has_people:
        names += ["_people", "_nobody"]
    n, came = nw.col("n"), nw.col("attended")
    done = done.with_columns(nw.col(name).fill_null(0).cast(nw.Int64) for name in names)
    done = done.with_columns(n=nw.col("_counts"), attended=nw.col("_came"))
    sure = nw.col("_strange") == 0
    done = done.with_columns(rate=nw.when(sure).then(came / positive(n)))
    low, high = wilson_ends(nw.col("rate"), positive(n), z2)
    some = sure & (n > 0)
    done = done.with_columns(
        low=nw.when(some & (came == 0)).then(nw.lit(0.0)).otherwise(low.clip(0.0, 1.0)),
        high=nw.when(some & (came == n)).then(nw.lit(1.0)).otherwise(high.clip(0.0, 1.0)),
        few=(nw.col("_people") - nw.col("_nobody") if has_people else n) < FEW,
        evidence=grade_of_rank(nw.col("_rank")),
    )
    return done.select(*by, *(nw.col(name).cast(kind) for name, kind in RATES))


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
    k, size = np.asarray(count, dtype=float), np.asarray(n, dtype=float)
    with np.errstate(invalid="ignore", divide="ignore"):
        ends = wilson_ends(k / size, size, _z2(confidence))
    low, high = np.clip(ends[0], 0, 1), np.clip(ends[1], 0, 1)
    return np.where(k == 0, np.where(size > 0, 0.0, np.nan), low), np.where(
        (k == size) & (size > 0), 1.0, high
    )


def _z2(confidence: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(0.5 + confidence / 2)) ** 2


#: Whether late and represented people count, and what becomes of the excused.
_RULES = tuple(product((False, True), (False, True), EXCUSED))


def tally(known: pd.DataFrame, levels: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Count what :func:`known_rows` returned: one row per level, also where nobody is counted."""
    columns = [name for name in ("_level", "person", "_came") if name in known]
    rows = known[columns].assign(_counts=known["_counts"].astype("int64"), _strange=0)
    rows["_rank"] = known["_rank"].where(known["_counts"])
    counted = walk(rows, rate_steps(["_level"], z2=_z2(confidence))).set_index("_level")
    counted, done = counted.reindex(levels.index), levels.copy()
    for name in ("n", "attended"):
        done[name] = counted[name].fillna(0).astype("int64")
    for name in ("rate", "low", "high"):
        done[name] = counted[name].astype("float64")
    done["few"] = counted["few"].isna() | counted["few"].eq(True)
    done["evidence"] = counted["evidence"].astype("string")
    return done.reset_index(drop=True)


def attendance_rates(
    attendance: AnyFrame,
    *,
    by: str | Sequence[str] | None = "activity",
    attended: str | Sequence[str] = ATTENDED,
    excused: str = "counted",
    confidence: float = 0.95,
) -> AnyFrame:
    """Return the rate of attendance per activity, group, role or any of them together.

    Parameters
    ----------
    attendance : DataFrame, or a frame of another engine
        One row per activity and invited person, with ``status``: pandas, polars, PyArrow, a DuckDB
        relation, Dask or Spark. Lazy in, lazy out.
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
    frame of the same engine
        One row per level: ``n`` invited, ``attended``, ``rate``, ``low``, ``high``, ``few`` (fewer
        than five people behind the row), ``evidence``. Activities keep their order of appearance in
        pandas and are sorted elsewhere. A level without anybody counted has no row; the row over
        everything is always there.

    Raises
    ------
    kube_research.errors.MissingColumnError
    kube_research.errors.OptionError
        For an unknown option, or, in pandas, a status in the list that is none of the five. A lazy
        frame cannot be looked at, so there such a status leaves the rate of its level missing.

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
        options: dict[str, Any] = {"statuses": STATUSES, "attended": came, "excused": excused}
        return walk(attendance, lazy_rate_steps(keys, z2=_z2(confidence), **options))
    known, keys = known_rows(attendance, by, attended, excused)
    done: Any = tally(known, labels(known, keys), confidence)
    return done[done["n"] > 0].reset_index(drop=True) if keys else done  # type: ignore[no-any-return]


def status_rules(
    attendance: pd.DataFrame,
    *,
    by: str | Sequence[str] | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Return the rate under every rule for who counts: late, represented and excused people.

    Parameters
    ----------
    attendance : DataFrame
        One row per activity and invited person, with ``status``.
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

    Raises
    ------
    kube_research.errors.MissingColumnError, kube_research.errors.OptionError

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

    Raises
    ------
    kube_research.errors.MissingColumnError, kube_research.errors.OptionError

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
    attendance : DataFrame
        One row per activity and invited person, with ``status``.
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

    Raises
    ------
    kube_research.errors.MissingColumnError, kube_research.errors.OptionError

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
    when = dated(activities, kinds)
    rows = known[known["_counts"]].drop(columns=["date", "start"], errors="ignore")
    rows = rows.merge(when, "inner", "activity", suffixes=("", "_date"))
    back = rows.groupby("_level")["_order"].rank(method="dense", ascending=False)
    rows = rows[back <= last].assign(_rank=rows[["_rank", "_rank_date"]].max(axis=1))
    meetings = rows.groupby(["_level", "_order"])["_came"].agg(["size", "sum"])
    per_level = (meetings["sum"] / meetings["size"]).groupby(level=0)
    done, grouped = labels(known, keys), rows.groupby("_level")
    counts = {"meetings": per_level.size(), "n": grouped.size(), "attended": grouped["_came"].sum()}
    counts = {key: got.reindex(done.index).fillna(0).astype("int64") for key, got in counts.items()}
    done["meetings"] = counts["meetings"]
    done["fewer"] = done["meetings"] < last
    done["first_date"], done["last_date"] = grouped["date"].min(), grouped["date"].max()
    done["n"], done["attended"] = counts["n"], counts["attended"]
    pooled = (done["attended"] / done["n"]).where(done["n"] > 0)
    done["rate"] = per_level.mean() if method == "meetings" else pooled
    done["lowest"], done["highest"] = per_level.min(), per_level.max()
    done["few"] = few_people(rows, done["n"])
    done["evidence"] = grades(grouped["_rank"].max().reindex(done.index))
    return done.reset_index(drop=True)


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

    Raises
    ------
    kube_research.errors.MissingColumnError, kube_research.errors.OptionError

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
    done = tally(known, labels(known, keys), 0.95).drop(columns=["low", "high"])
    done.insert(4, "never", done["attended"] == 0)
    unknown = pd.Series(pd.NA, index=done.index, dtype="Int64")
    done.insert(5, "longest_absence", unknown)
    done.insert(6, "last_attended", pd.Series(pd.NaT, index=done.index, dtype="datetime64[ns]"))
    if activities is not None:
        need_columns(attendance, "activity")
        rows = known[known["_counts"]].drop(columns=["date", "start"], errors="ignore")
        rows = rows.merge(dated(activities), "inner", "activity", suffixes=("", "_date"))
        rows = rows.sort_values(["person", "_order"], ignore_index=True)
        stretch = rows.groupby("person")["_came"].cumsum()
        away = (1 - rows["_came"]).groupby([rows["person"], stretch]).sum().groupby(level=0).max()
        last = rows[rows["_came"] == 1].groupby("person")["date"].max()
        both = rows[["_rank", "_rank_date"]].max(axis=1).groupby(rows["person"]).max()
        away, last, both = (got.reindex(done["person"]) for got in (away, last, both))
        done["longest_absence"] = away.astype("Int64").array
        done["last_attended"] = last.astype("datetime64[ns]").array
        own = ranks(done).to_numpy()
        done["evidence"] = grades(pd.Series(np.fmax(both.to_numpy(dtype=float), own), dtype=float))
    return done[done["n"] > 0].reset_index(drop=True)
