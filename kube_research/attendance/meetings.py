"""The last meetings of each group, and who stayed away how long."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from kube_research.attendance.rates import (
    ATTENDED,
    dated,
    dated_rows,
    known_rows,
    labels,
    tally,
)
from kube_research.errors import OptionError
from kube_research.frames import documented, need_columns, need_option
from kube_research.levels import grades_of_ranks, ranks_of_evidence
from kube_research.texts import text


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
        As in :func:`~kube_research.attendance_rates`.
    kinds : str or sequence of str, optional
        Only activities of these kinds, for example ``"meeting"``.
    method : {"meetings", "pooled"}
        The mean over meetings of each meeting's rate, or all attendances over all invitations.
    attended, excused
        As in :func:`~kube_research.attendance_rates`. A meeting from which all of a level were
        excused is no meeting of it where they are left out.

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
    counted = known[known["_counts"]]
    rows = dated_rows(counted, dated(activities, kinds, counted))
    back = rows.groupby("_level")["_order"].rank(method="dense", ascending=False)
    rows = rows[back <= last]
    meetings = rows.groupby(["_level", "_order"])["_came"].agg(["size", "sum"])
    per_level = (meetings["sum"] / meetings["size"]).groupby(level=0)
    recent, grouped = labels(known, keys), rows.groupby("_level")
    counts = tally(rows, recent).set_axis(recent.index)
    recent["meetings"] = per_level.size().reindex(recent.index, fill_value=0).astype("int64")
    recent["fewer"] = recent["meetings"] < last
    recent["first_date"], recent["last_date"] = grouped["date"].min(), grouped["date"].max()
    recent["n"], recent["attended"] = counts["n"], counts["attended"]
    recent["rate"] = per_level.mean() if method == "meetings" else counts["rate"]
    recent["lowest"], recent["highest"] = per_level.min(), per_level.max()
    recent["few"], recent["evidence"] = counts["few"], counts["evidence"]
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
        As in :func:`~kube_research.attendance_rates`. An excused absence is an absence while it is
        counted, and is passed over where it is left out.

    Returns
    -------
    DataFrame
        One row per ``person`` (and ``site``, where there is such a column): ``n``, ``attended``,
        ``rate``, ``never`` (invited, never came), ``longest_absence`` (most dated meetings in a row
        without coming), ``last_attended`` (day; missing if never), both missing without
        ``activities``; ``few``, ``evidence``.

    |frame_errors|

    Examples
    --------
    >>> logs = pd.DataFrame({"activity": list("abc"), "person": "P"})
    >>> logs["status"] = ["late", "absent", "absent"]
    >>> days = pd.DataFrame({"activity": list("abc"), "date": pd.date_range("2016-03-01", periods=3)})
    >>> person_attendance(logs, days)[["attended", "longest_absence"]].values.tolist()
    [[1, 2]]
    """
    who = ["site", "person"] if "site" in attendance else ["person"]
    need_columns(attendance, "person")
    coded = attendance[attendance["person"].notna()]
    known, keys = known_rows(coded, who, attended, excused)
    rows = known[known["_counts"]]
    persons = labels(known, keys)
    persons = tally(rows, persons).set_axis(persons.index)
    persons["never"] = persons["attended"] == 0
    away = pd.Series(pd.NA, persons.index, dtype="Int64")
    last = pd.Series(pd.NaT, persons.index, dtype="datetime64[ns]")
    if activities is not None:
        need_columns(attendance, "activity")
        rows = dated_rows(rows, dated(activities, rows=rows))
        rows = rows.sort_values(["_level", "_order"], ignore_index=True)
        stretch = rows.groupby("_level")["_came"].cumsum()
        away = (1 - rows["_came"]).groupby([rows["_level"], stretch]).sum().groupby(level=0).max()
        last = rows[rows["_came"] == 1].groupby("_level")["date"].max()
        both = rows.groupby("_level")["_rank"].max().reindex(persons.index)
        persons["evidence"] = grades_of_ranks(np.fmax(both, ranks_of_evidence(persons)))
    persons["longest_absence"] = away.reindex(persons.index).astype("Int64")
    persons["last_attended"] = last.reindex(persons.index).astype("datetime64[ns]")
    columns = [*who, "n", "attended", "rate", "never", "longest_absence", "last_attended"]
    return persons.loc[persons["n"] > 0, [*columns, "few", "evidence"]].reset_index(drop=True)
