"""What every analysis of attendance starts from: rows with a status, levels, dates, evidence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from kube_research.errors import OptionError
from kube_research.frames import FEW, GRADES, as_list, need_columns, need_option
from kube_research.schema import tables
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
