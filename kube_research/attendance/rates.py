"""Attendance: who came, as rates with honest intervals.

One row of a list says of one person and one activity what became of the invitation. Rows are marked
(does the person count as invited, did they come), added up within levels (an activity, a group, a
person), and divided. A row whose status is missing says nothing and is treated as if it were not
there. A status that is none of the five is refused, so that a word from another list never counts
as absent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeGuard

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pandas as pd

from kube_research.engines import collected, column_names, engine_of
from kube_research.errors import OptionError
from kube_research.frames import FEW, as_list, documented, need_columns, need_option
from kube_research.levels import (
    Floats,
    grades_of_ranks,
    rank_of_evidence,
    ranks_of_evidence,
    score_interval,
)
from kube_research.site.schema import tables
from kube_research.texts import text

#: Statuses that count as attended unless the caller says otherwise.
ATTENDED = ("present", "late")
STATUSES = ("present", "late", "excused", "absent", "represented")
EXCUSED = ("counted", "left out")
#: What is counted: without days every invitation, with them a person once a day.
UNITS = ("invitations", "person-days")


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


def dated(
    activities: pd.DataFrame, kinds: str | Sequence[str] | None = None, rows: Any = ()
) -> pd.DataFrame:
    """Return the dated activities in order of date, hour (unknown hours last) and code.

    ``_order`` numbers them; ``_rank`` is how weak the evidence of the date is. ``site`` stands before
    ``activity`` where the attendance ``rows`` have it too: two sites may give one code to two meetings.
    """
    need_columns(activities, "activity", "date", *(["kind"] if kinds is not None else []))
    some = activities[activities["date"].notna()]
    if kinds is not None:
        for kind in as_list(kinds):
            need_option("kinds", kind, tables()["activities"].column("kind").allowed)
        some = some[some["kind"].isin(as_list(kinds))]
    codes = [name for name in ("site", "activity") if name == "activity" or name in rows]
    need_columns(activities, *codes)
    twice = some["activity"][some.duplicated(codes)]
    if len(twice):
        raise OptionError(text("attendance.error.twice", activity=twice.iloc[0]))
    start = some["start"] if "start" in some else pd.Series(pd.NA, index=some.index, dtype="string")
    days = some[codes].assign(
        date=pd.to_datetime(some["date"]),
        start=start.astype("string"),
        _rank=ranks_of_evidence(some),
    )
    days = days.sort_values(["date", "start", *codes[::-1]], na_position="last", ignore_index=True)
    return days.assign(_order=range(len(days)))


def dated_rows(rows: pd.DataFrame, days: pd.DataFrame, how: Any = "inner") -> pd.DataFrame:
    """Put the days of :func:`dated` beside rows; ``_rank`` is the weaker of both evidences."""
    codes = [name for name in ("site", "activity") if name in days]
    rows = rows.drop(columns=["date", "start"], errors="ignore")
    rows = rows.merge(days, how, codes, suffixes=("", "_date"))
    return rows.assign(_rank=rows[["_rank", "_rank_date"]].max(axis=1))


def once_a_day(
    known: pd.DataFrame,
    activities: pd.DataFrame | None,
    keys: Sequence[str],
    cluster: str | None = None,
) -> pd.DataFrame:
    """Return the rows that count, those of one person and one day as one: came, if to anything.

    Without ``activities``, and by activity, every row stands for itself. So does a row without a
    person; an activity without a date is a day of its own.
    """
    rows = known[known["_counts"]]
    if not counts_days(activities, rows, keys):
        return rows
    need_columns(rows, "activity")
    rows = dated_rows(rows, dated(activities, rows=rows), "left")
    day = rows["date"].dt.strftime("%Y-%m-%d").astype("string")
    rows["_day"] = day.fillna("no date: " + rows["activity"].astype("string"))
    codes = dict.fromkeys(["site"] * ("site" in rows) + [cluster or "person", "person"])
    once = rows.groupby(["_level", *codes, "_day"], dropna=False, sort=False)
    days = once[["_came", "_rank"]].max().reset_index()
    named, nobody = days[days["person"].notna()], rows.loc[rows["person"].isna(), days.columns]
    return pd.concat([named, nobody], ignore_index=True) if len(nobody) else named


def counts_days(activities: Any, names: Any, keys: Sequence[str]) -> TypeGuard[Any]:
    """Return whether people are counted once a day: dates are given, and not asked by activity."""
    return activities is not None and "person" in names and "activity" not in keys


def wilson_interval(
    count: npt.ArrayLike, n: npt.ArrayLike, *, confidence: float = 0.95
) -> tuple[Floats, Floats]:
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
    with np.errstate(invalid="ignore", divide="ignore"):
        return score_interval(k / size, size, ndtri(0.5 + confidence / 2))


def effective_size(sums: pd.DataFrame) -> tuple[Floats, Floats]:
    """Return how many independent invitations would tell as much, and the degrees of freedom.

    Parameters
    ----------
    sums : DataFrame
        One row per level: ``n``, ``attended``, and over its clusters, of which ``m`` were invited and
        ``x`` came, the sums ``_xx``, ``_xm``, ``_mm`` of the products.

    Returns
    -------
    (ndarray, ndarray)
        Never more than ``n``: clusters that are alike by chance do not make people independent. Where
        all or none came nothing shows how alike the days of a cluster are, and it counts once. Nan for
        one cluster.
    """
    n, came, xx, xm, mm = (
        sums[name].to_numpy(dtype=float) for name in ("n", "attended", "_xx", "_xm", "_mm")
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        rate, clusters = came / n, n**2 / mm  # as many clusters as if all were of one size
        variance = clusters / (clusters - 1) * (xx - 2 * rate * xm + rate**2 * mm) / n**2
        size = np.fmin(rate * (1 - rate) / np.maximum(variance, 0), n)
    size = np.where((came == 0) | (came == n), clusters, size)
    several = clusters > 1 + 1e-9
    return np.where(several, size, np.nan), np.where(several, clusters - 1, np.nan)


def cluster_codes(rows: pd.DataFrame, cluster: str) -> pd.Series:
    """Return the number of the cluster of each row; codes of people and groups hold within a site.

    Rows without a code are one cluster: nobody can tell them apart.
    """
    keys = [rows["_level"], rows[cluster]]
    if "site" in rows and cluster in ("person", "group"):
        keys.append(rows["site"].where(rows[cluster].notna()))
    return rows.groupby(keys, dropna=False, sort=False).ngroup()


def tally(
    rows: pd.DataFrame,
    levels: pd.DataFrame,
    confidence: float = 0.95,
    unit: str = UNITS[0],
    cluster: str | None = None,
) -> pd.DataFrame:
    """Count what :func:`once_a_day` returned: one row per level, also where nobody is counted."""
    many, level = len(levels), rows["_level"].to_numpy(dtype=np.int64)
    came = rows["_came"].to_numpy()
    n = np.bincount(level, minlength=many)
    weakest = np.full(many, np.nan)
    np.fmax.at(weakest, level, rows["_rank"])
    sums = pd.DataFrame({"n": n, "_rank": weakest, "_people": n})
    sums["attended"] = np.bincount(level, came, minlength=many).astype("int64")
    if "person" in rows:
        who = ["_level", *(["site"] if "site" in rows else []), "person"]
        people = rows[who].dropna().drop_duplicates()["_level"]
        sums["_people"] = np.bincount(people, minlength=many)
    if cluster is not None:
        parts = pd.DataFrame({"x": came, "m": 1, "_level": level})
        each = parts.groupby(cluster_codes(rows, cluster).to_numpy(), sort=False).agg(
            {"x": "sum", "m": "sum", "_level": "first"}
        )
        sums["_clusters"] = np.bincount(each["_level"], minlength=many)
        for name, product in (("_xx", "x" * 2), ("_xm", "xm"), ("_mm", "mm")):
            products = each[product[0]] * each[product[1]]
            sums[name] = np.bincount(each["_level"], products, minlength=many)
    return _rates(levels.reset_index(drop=True), sums, confidence, unit)


def _rates(levels: pd.DataFrame, sums: pd.DataFrame, confidence: float, unit: str) -> pd.DataFrame:
    """Put the rates beside the levels, from sums alone."""
    from scipy.special import stdtrit  # what scipy.stats.t.ppf calls; scipy.stats is slow to import

    n, came = sums["n"].to_numpy(), sums["attended"].to_numpy()
    with np.errstate(invalid="ignore"):
        rate = came / n
    low, high = wilson_interval(came, n, confidence=confidence)
    clusters = pd.Series(pd.NA, index=levels.index, dtype="Int64")
    if "_clusters" in sums:
        size, freedom = effective_size(sums)
        low, high = score_interval(rate, size, stdtrit(freedom, 0.5 + confidence / 2))
        clusters = sums["_clusters"].astype("Int64")
    rates = levels.assign(n=n, attended=came, rate=rate, low=low, high=high)
    rates["unit"] = pd.array([unit] * len(levels), dtype="string")
    few = sums["_people"].to_numpy() < FEW
    return rates.assign(clusters=clusters, few=few, evidence=grades_of_ranks(sums["_rank"]))


def _sums_on(
    attendance: Any,
    activities: Any,
    keys: list[str],
    came: list[str],
    excused: str,
    cluster: str | None,
) -> pd.DataFrame:
    """Add up an attendance list on an engine, one row a level: what :func:`tally` adds up."""
    frame = nw.from_native(attendance).lazy()
    names = frame.collect_schema().names()
    status = nw.col("status").cast(nw.String)  # a column without any status has no type
    counts = ~status.is_null()
    rows = frame.filter(counts & (status != "excused") if excused == "left out" else counts)
    rows = rows.with_columns(
        _n=nw.lit(1, nw.Int64),
        _came=status.is_in(came).cast(nw.Int64),
        _strange=(~status.is_in(list(STATUSES))).cast(nw.Int64),
        _rank=rank_of_evidence(names),
    )
    for column, code in (("person", "_who"), (cluster, "_cluster")):
        if column in names:  # the same code in two sites is two people
            near = [nw.col("site")] * ("site" in names and column in ("person", "group"))
            parts = [part.cast(nw.String) for part in (*near, nw.col(str(column)))]
            rows = rows.with_columns(nw.concat_str(*parts, separator="/").alias(code))
    if counts_days(activities, names, keys):
        rows = _once_a_day_on(rows, activities, [*keys, *["_cluster"] * (cluster is not None)])
    sums = [nw.col(name).sum() for name in ("_n", "_came", "_strange")]
    sums.append(nw.col("_rank").max())
    people = []
    if "person" in names:
        rows = rows.with_columns(_nobody=nw.col("_who").is_null().cast(nw.Int64))
        people = [nw.col("_who").n_unique().alias("_people"), nw.col("_nobody").max()]
    if cluster is not None:
        x, m = nw.col("_came"), nw.col("_n")
        products = {"_xx": x * x, "_xm": x * m, "_mm": m * m, "_clusters": nw.lit(1, nw.Int64)}
        rows = rows.group_by(*keys, "_cluster").agg(*sums, *people).with_columns(**products)
        names = [*products, *["_people", "_nobody"] * bool(people)]
        people = [nw.col(name).sum() for name in names]
    query = rows.group_by(*keys).agg(*sums, *people) if keys else rows.select(*sums, *people)
    return collected(query)


def _once_a_day_on(rows: Any, activities: Any, kept: list[str]) -> Any:
    """Do on an engine what :func:`once_a_day` does; an activity that stands twice has no date."""
    if engine_of(activities) != engine_of(nw.to_native(rows)):
        raise OptionError(text("attendance.error.engines"))
    names, days = rows.collect_schema().names(), nw.from_native(activities).lazy()
    codes = [name for name in ("site", "activity") if name == "activity" or name in names]
    need_columns(activities, *codes, "date")
    late = rank_of_evidence(days.collect_schema().names())
    days = days.filter(~nw.col("date").is_null()).with_columns(_late=late)
    days = days.group_by(*codes).agg(nw.col("date", "_late").max(), nw.len().alias("_times"))
    days = days.filter(nw.col("_times") == 1).with_columns(_day=nw.col("date").cast(nw.String))
    rows = rows.join(days.select(*codes, "_late", "_day"), on=codes, how="left")
    unknown = nw.concat_str(nw.lit("no date: "), nw.col("activity").cast(nw.String))
    rows = rows.with_columns(
        _day=nw.when(nw.col("_day").is_null()).then(unknown).otherwise(nw.col("_day")),
        _rank=nw.max_horizontal("_rank", "_late"),
    )
    sums = [nw.col(name) for name in ("_n", "_came", "_strange")]
    once = rows.group_by(*dict.fromkeys([*kept, "_who", "_day"]))
    rows = once.agg(*(each.sum() for each in sums), nw.col("_rank").max())
    nobody = nw.col("_who").is_null()
    return rows.with_columns(
        nw.when(nobody | (each == 0)).then(each).otherwise(nw.lit(1, nw.Int64)) for each in sums
    )


def _rates_on(sums: pd.DataFrame, keys: list[str], confidence: float, unit: str) -> pd.DataFrame:
    """Turn what an engine added up into rates."""
    if keys:
        sums = sums[sums["_n"] > 0].sort_values(keys, ignore_index=True)
    counts = [name for name in sums.columns.astype(str) if name not in (*keys, "_rank")]
    sums[counts] = sums[counts].fillna(0).astype("int64")
    sums = sums.rename(columns={"_n": "n", "_came": "attended"})
    if "_people" in sums:  # nobody, a missing code, counts as one value more
        sums["_people"] -= sums["_nobody"]
    else:
        sums["_people"] = sums["n"]
    rates = _rates(sums[keys], sums, confidence, unit)
    rates.loc[sums["_strange"] > 0, ["rate", "low", "high"]] = np.nan
    return rates


@documented
def attendance_rates(
    attendance: Any,
    activities: Any = None,
    *,
    by: str | Sequence[str] | None = "activity",
    cluster: str | None = "person",
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
    |attendance_days|
    by : str or sequence of str
        Columns to break down by: ``"activity"``, ``"group"``, ``"role"``, ``"person"``, or several;
        None or ``()`` for one row over everything.
    |attendance_cluster|
    attended : str or sequence of str
        Statuses that count as attended.
    excused : {"counted", "left out"}
        Whether excused people stay in the number invited.
    confidence : float
        Of the interval.

    Returns
    -------
    DataFrame
        Pandas, whatever the engine. One row per level: ``n`` invited, ``attended``, ``rate``,
        ``low``, ``high``, ``unit`` (what ``n`` counts: ``invitations``, or ``person-days``),
        ``clusters`` (how many people, or groups, the interval rests on; missing where it is Wilson's
        and takes the rows as independent), ``few`` (fewer than five people behind the row),
        ``evidence``. Activities keep their order of appearance in pandas and are sorted elsewhere. A
        level without anybody counted has no row; the row over everything is always there.

    Raises
    ------
    kube_research.errors.MissingColumnError
    kube_research.errors.OptionError
        For an unknown option, or, in pandas, a status in the list that is none of the five. On an
        engine such a status leaves the rate of its level missing.

    Notes
    -----
    Over several activities the same people come again, and who came once comes more often: the
    interval of independent invitations is too narrow. It is Wilson's with the number of independent
    invitations that would tell as much, and the quantile of t (Korn and Graubard 1998; Franco, Little,
    Louis and Slud 2019, doi:10.1093/jssam/smy019). It is missing for one cluster. How often it holds
    the truth: ``docs/coverage.md``.

    Examples
    --------
    >>> import kube_research as kr
    >>> site = kr.load_site("cibeunying-simulated")
    >>> bool(attendance_rates(site.attendance)["rate"].between(0.5, 0.6).all())
    True
    >>> row = attendance_rates(site.attendance, site.activities, by=None)
    >>> row[["n", "attended", "unit", "clusters"]].values.tolist()
    [[240, 133, 'person-days', 30]]
    """
    keys, came = checked_options(attendance, by, attended, excused)
    unit, cluster = counted_units(attendance, activities, keys, cluster)
    if not isinstance(attendance, pd.DataFrame):
        sums = _sums_on(attendance, activities, keys, came, excused, cluster)
        return _rates_on(sums, keys, confidence, unit)
    known, keys = known_rows(attendance, by, attended, excused)
    rows = once_a_day(known, activities, keys, cluster)
    rates = tally(rows, labels(known, keys), confidence, unit, cluster)
    return rates[rates["n"] > 0].reset_index(drop=True) if keys else rates


def counted_units(
    attendance: Any, activities: Any, keys: Sequence[str], cluster: str | None
) -> tuple[str, str | None]:
    """Return what is counted, and over whom intervals are taken: None where rows are independent."""
    names = column_names(attendance)
    if cluster == "person" and ("person" not in names or {"activity", "person"} & set(keys)):
        cluster = None
    need_columns(attendance, *([cluster] if cluster is not None else []))
    return UNITS[counts_days(activities, names, keys)], cluster
