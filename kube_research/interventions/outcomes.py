"""What was planned for the activities of a site, what came of them: agendas, monitoring, targets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from kube_research.formats import day_of
from kube_research.frames import FEW, documented, need_columns, need_option, weakest
from kube_research.levels import score_interval
from kube_research.site.schema import COUNTS, with_percent
from kube_research.texts import check_language, text

ASPECTS = ("indicator", "result", "supporting", "inhibiting", "target")
#: Columns that activities may do without.
OPTIONAL = ("start", "end", "place", "evidence", "locator")


@documented
def agenda_matrix(
    activities: pd.DataFrame, agenda: pd.DataFrame, *, activity: str | None = None, lang: str = "en"
) -> pd.DataFrame:
    """Return for each meeting where and when it was, what came up, and what was agreed.

    Parameters
    ----------
    |activities|
    agenda : DataFrame
        ``activity``, ``kind`` (``issue`` or ``solution``), ``order``, ``text_en``, ``text_id``.
    activity : str, optional
        One of them; by default every activity that has an agenda.
    |lang|

    Returns
    -------
    DataFrame
        One row per meeting in order of date: ``activity``, ``title``, ``place``, ``date_time``,
        ``issues`` and ``solutions`` (each entry on a line of its own, numbered), ``evidence`` (the
        weakest of the meeting and its entries) and ``locator``.

    Raises
    ------
    kube_research.errors.OptionError
        If the agenda says nothing of the activity.

    Examples
    --------
    >>> import kube_research as kr
    >>> site = kr.load_site("cibeunying")
    >>> agenda_matrix(site.activities, site.agenda, activity="mentoring_1")["place"].tolist()
    ['Home of the chair of KUBE 11']
    """
    columns = {"issue": "issues", "solution": "solutions"}
    meetings = _described(activities, agenda, "kind", tuple(columns), activity, lang)
    meetings = meetings.sort_values("date").rename(columns=columns)
    if lang == "id" and "place_id" in meetings:
        meetings["place"] = meetings["place_id"].fillna(meetings["place"])
    meetings["date_time"] = [
        _day_and_hours(day, start, end, lang)
        for day, start, end in zip(
            meetings["date"], meetings["start"], meetings["end"], strict=True
        )
    ]
    names = ["activity", "title", "place", "date_time", *columns.values(), "evidence", "locator"]
    return meetings[names].reset_index(drop=True)


@documented
def monitoring_matrix(
    activities: pd.DataFrame,
    monitoring: pd.DataFrame,
    *,
    activity: str | None = None,
    lang: str = "en",
) -> pd.DataFrame:
    """Return for each intervention its indicators, results, helps, hindrances and targets.

    Parameters
    ----------
    |activities|
    monitoring : DataFrame
        ``activity``, ``aspect`` (indicator, result, supporting, inhibiting, target), ``order``,
        ``text_en``, ``text_id``.
    activity : str, optional
        One of them; by default every activity that was monitored.
    |lang|

    Returns
    -------
    DataFrame
        One row per activity, in the order of the activities: ``activity``, ``activity_time`` (what
        it is called there, how many sessions are stated, its date), one column per aspect (each
        entry on a line of its own, numbered), ``evidence`` (the weakest of the activity and its
        entries) and ``locator``.

    Raises
    ------
    kube_research.errors.OptionError
        If the monitoring says nothing of the activity.

    Examples
    --------
    >>> import kube_research as kr
    >>> site = kr.load_site("contohsari-tutorial")
    >>> matrix = monitoring_matrix(site.activities, site.monitoring, activity="studi_banding")
    >>> matrix["inhibiting"].tolist()
    ['1. The visit was short']
    """
    watched = _described(activities, monitoring, "aspect", ASPECTS, activity, lang)
    watched["activity_time"] = [_name_and_time(row, lang) for _, row in watched.iterrows()]
    names = ["activity", "activity_time", *ASPECTS, "evidence", "locator"]
    return watched[names].reset_index(drop=True)


def _described(
    activities: pd.DataFrame,
    entries: pd.DataFrame,
    column: str,
    kinds: tuple[str, ...],
    activity: str | None,
    lang: str,
) -> pd.DataFrame:
    """Return the activities that a table of entries speaks of, or the one that is asked for.

    Beside what is known of them stand ``title``, one column for each kind of entry (each on a line of
    its own, numbered), and as ``evidence`` the weakest grade among the activity and its entries.
    """
    check_language(lang)
    need_columns(activities, "activity", "date", f"title_{lang}")
    need_columns(entries, "activity", "order", f"text_{lang}")
    wanted = entries["activity"].unique().tolist()
    if activity is not None:
        need_option("activity", activity, wanted)
        wanted = [activity]
    chosen = activities[activities["activity"].isin(wanted)]
    chosen = chosen.reindex(columns=list(dict.fromkeys([*chosen.columns, *OPTIONAL])))
    in_order = entries.sort_values("order")
    lines = in_order["order"].astype("str") + ". " + in_order[f"text_{lang}"].astype("str")
    joined = lines.groupby([in_order["activity"], in_order[column]]).agg("\n".join)
    written = joined.unstack(fill_value="").reindex(chosen["activity"]).set_axis(chosen.index)
    both = pd.concat([chosen, entries.reindex(columns=["activity", "evidence"])])
    grades = both.dropna(subset=["evidence"]).groupby("activity")["evidence"].agg(weakest)
    return chosen.assign(
        title=chosen[f"title_{lang}"].fillna(chosen["activity"]),
        evidence=chosen["activity"].map(grades).astype("string").fillna("recorded"),
        **written.reindex(columns=list(kinds), fill_value=""),
    )


def _day_and_hours(day: Any, start: Any, end: Any, lang: str) -> str:
    if pd.isna(day):
        return ""
    date = day_of(day, lang, "EEEE d MMMM y")
    if pd.isna(start) or pd.isna(end):
        return date
    return f"{date}\n{text('table.clock', lang, start=start, end=end)}"


def _name_and_time(row: pd.Series, lang: str) -> str:
    name = row.get(f"monitored_as_{lang}")
    lines = [row["title"] if pd.isna(name) else name]
    if pd.notna(row.get("sessions")):
        lines.append(text("table.sessions", lang, count=row["sessions"]))
    if pd.notna(row["date"]):
        when = day_of(row["date"], lang, "d MMMM y")
        open_ended = row.get("precision") == "from"
        lines.append(text("table.from_date", lang, date=when) if open_ended else when)
    return "\n".join(lines)


VERDICTS = ("met", "missed", "undecided", "not reported", "no target")


def targets_against_results(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Compare every target with what was achieved.

    Parameters
    ----------
    outcomes : DataFrame
        ``activity``, ``measure``, ``comparison`` of the target (``>=``, ``>``, ``about``),
        ``target_pct``, ``achieved_pct`` (percent, perhaps above 100) or ``achieved_n`` of
        ``achieved_of`` (15 of 18), and perhaps ``achieved_comparison`` (``=``, ``>``, ``>=``,
        ``about``: how the figure is printed) and ``match``.

    Returns
    -------
    DataFrame
        The rows with ``gap`` (achieved minus target, percentage points; a lower bound when the figure
        is printed as "more than") and ``verdict``: ``met``, ``missed``, ``undecided`` (a figure such
        as "more than 80" does not settle a target of 90), ``not reported`` or ``no target``. Where
        results are counted, ``achieved_pct`` follows from the counts if it is blank, and
        ``achieved_low`` and ``achieved_high`` are the 95 % Wilson interval in percent: missing under 5
        people and above 100 %.

    Notes
    -----
    Checked against a table of all comparisons worked out by hand, intervals against
    ``scipy.stats.binomtest(...).proportion_ci(method="wilson")``. A verdict is about the people counted.

    Examples
    --------
    >>> rows = pd.DataFrame({"activity": ["a"], "measure": ["m"], "comparison": [">="],
    ...                      "target_pct": [80.0], "achieved_pct": [70.0]})
    >>> targets_against_results(rows)["verdict"].tolist()
    ['missed']
    """
    outcomes = _with_interval(with_percent(outcomes))
    need_columns(outcomes, "activity", "measure", "comparison", "target_pct", "achieved_pct")
    target, got = (outcomes[name].astype("Float64") for name in ("target_pct", "achieved_pct"))
    wanted, gap = outcomes["comparison"].fillna(""), got - target
    printed = outcomes.get("achieved_comparison", pd.Series("=", index=outcomes.index)).fillna("=")
    reached = gap.gt(0) | (gap.eq(0) & (wanted.ne(">") | printed.eq(">")))
    cases = [
        (target.isna(), "no target"),
        (got.isna(), "not reported"),
        (printed.eq("about") | wanted.eq("about"), "undecided"),
        (reached, "met"),
        (printed.isin([">", ">="]), "undecided"),
    ]
    holds = [case.fillna(False).to_numpy(dtype=bool) for case, _ in cases]
    verdict = np.select(holds, [verdict for _, verdict in cases], default="missed")
    return outcomes.assign(gap=gap, verdict=pd.array(verdict, dtype="string"))


def _with_interval(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Add the 95 % interval of every result that is a count out of at least five."""
    if not set(COUNTS) <= set(outcomes.columns):
        return outcomes
    n, of = (outcomes[name].astype("Float64").to_numpy(float, na_value=np.nan) for name in COUNTS)
    size = np.where((of >= FEW) & (n <= of), of, np.nan)
    ends = score_interval(n / size, size, ndtri(0.975))
    names = ("achieved_low", "achieved_high")
    whole = {name: pd.array(100 * end, "Float64") for name, end in zip(names, ends, strict=True)}
    return outcomes.assign(**whole)
