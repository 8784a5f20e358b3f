"""The study's tables, rebuilt from the data files: 2, 4, 5, 6, 7, 8 and 9."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from kube_research.formats import day_of
from kube_research.frames import need_option
from kube_research.outputs import table
from kube_research.peka.scores import classify_items, score_means
from kube_research.texts import check_language, text

if TYPE_CHECKING:
    from kube_research.site.folder import Site

#: The intervention that each monitoring table describes.
MONITORED = {
    5: "mentoring",
    6: "study_visit",
    7: "training_finance",
    8: "training_admin",
    9: "kuber",
}
ASPECTS = ("indicator", "result", "supporting", "inhibiting", "target")


@table
def table_2(site: Site, *, lang: str = "en") -> pd.DataFrame:
    """Rebuild Table 2: the named items with means, totals, verdict and priority.

    Parameters
    ----------
    site : Site
        With ``items`` and ``item_means``.
    lang : {"en", "id"}
        Language of headings and entries.

    Returns
    -------
    DataFrame
        One row per printed mean in order of priority. The verdict follows from the site's threshold;
        the study lists the same statements as strong too, which the last but one column records when
        the site's conflicts say so.

    Raises
    ------
    kube_research.errors.MissingTableError

    Examples
    --------
    >>> import kube_research as kr
    >>> kr.study.table_2(kr.load_site("cibeunying"))["Total"].tolist()
    [33, 34, 35, 36, 37, 37]
    """
    check_language(lang)
    means = site.table("item_means", lang)
    scores = score_means(means, scale=site.info.scale, rounding=site.info.rounding)
    done = classify_items(scores, threshold=site.info.threshold)
    done = done.merge(site.table("items", lang), on="item", suffixes=("", "_item"))
    done = done.merge(
        means[["round", "item", "locator"]], on=["round", "item"], suffixes=("_i", "")
    )
    both = site.has("conflicts") and (site.table("conflicts")["conflict"] == "table_2_lists").any()
    columns = {
        "round": done["round"],
        "item": done["item"],
        "field": done[f"field_{lang}"],
        "statement": done[f"statement_{lang}"],
        "printed_mean": done["printed"].str.replace(".", "," if lang == "id" else "."),
        "raters": done["n"],
        "total": done["total"],
        "exact_mean": done["total"].astype("string") + "/" + done["n"].astype("string"),
        "strength": done["strength"].map(lambda word: text(f"table.{word}", lang)),
        "priority": done["priority"],
        "listed_strong": text("table.yes" if both else "table.no", lang),
        "evidence": done["evidence"].map(lambda grade: text(f"evidence.{grade}", lang)),
        "locator": done["locator"],
    }
    return _headed(pd.DataFrame(columns), lang)


@table
def table_4(site: Site, *, lang: str = "en") -> pd.DataFrame:
    """Rebuild Table 4: each mentoring meeting with place, time, issues and solutions.

    Parameters
    ----------
    site : Site
        With ``activities`` and ``agenda``.
    lang : {"en", "id"}
        Language of headings and entries.

    Returns
    -------
    DataFrame
        One row per meeting, in order of date; several entries of one cell stand on lines of their
        own.
    """
    check_language(lang)
    agenda = site.table("agenda", lang)
    meetings = site.table("activities", lang)
    meetings = meetings[meetings["activity"].isin(agenda["activity"])].sort_values("date")
    place = meetings["place"]
    if lang == "id" and "place_id" in meetings:
        place = meetings["place_id"].fillna(place)
    columns = {
        "number": range(1, len(meetings) + 1),
        "place": place,
        "date_time": [
            _when(day, start, end, lang)
            for day, start, end in zip(
                meetings["date"], meetings["start"], meetings["end"], strict=True
            )
        ],
        "issues": [_entries(agenda, name, "kind", "issue", lang) for name in meetings["activity"]],
        "solutions": [
            _entries(agenda, name, "kind", "solution", lang) for name in meetings["activity"]
        ],
        "evidence": meetings["evidence"].map(lambda grade: text(f"evidence.{grade}", lang)),
        "locator": meetings["locator"],
    }
    return _headed(pd.DataFrame(columns).reset_index(drop=True), lang)


def monitoring_table(site: Site, activity: str, *, lang: str = "en") -> pd.DataFrame:
    """Rebuild the monitoring matrix of one intervention.

    Parameters
    ----------
    site : Site
        With ``activities`` and ``monitoring``.
    activity : str
        Code of the intervention.
    lang : {"en", "id"}
        Language of headings and entries.

    Returns
    -------
    DataFrame
        One row; the entries of each aspect stand on lines of their own, numbered as printed.

    Raises
    ------
    kube_research.errors.OptionError
        If the site's monitoring says nothing of the activity.
    """
    check_language(lang)
    matrix = site.table("monitoring", lang)
    activities = site.table("activities", lang).set_index("activity")
    need_option("activity", activity, matrix["activity"].unique().tolist())
    about = activities.loc[activity]
    title = about[f"title_{lang}"]
    if pd.notna(about["date"]):
        when = day_of(about["date"], lang, "d MMMM y")
        open_ended = about.get("precision") == "from"
        title += "\n" + (text("table.from_date", lang, date=when) if open_ended else when)
    if pd.notna(about.get("sessions")):
        described = int(
            (activities["part_of"].eq(activity) & activities["kind"].eq("meeting")).sum()
        )
        title += "\n" + text("table.sessions", lang, count=about["sessions"], described=described)
    columns = {"activity_time": [title]}
    for aspect in ASPECTS:
        columns[aspect] = [_entries(matrix, activity, "aspect", aspect, lang)]
    columns["evidence"] = [text(f"evidence.{about['evidence']}", lang)]
    columns["locator"] = [about["locator"]]
    return _headed(pd.DataFrame(columns), lang)


@table
def table_5(site: Site, *, lang: str = "en") -> pd.DataFrame:
    """Rebuild Table 5, the mentoring meetings; see :func:`monitoring_table`."""
    return monitoring_table(site, MONITORED[5], lang=lang)


@table
def table_6(site: Site, *, lang: str = "en") -> pd.DataFrame:
    """Rebuild Table 6, the study visit; see :func:`monitoring_table`."""
    return monitoring_table(site, MONITORED[6], lang=lang)


@table
def table_7(site: Site, *, lang: str = "en") -> pd.DataFrame:
    """Rebuild Table 7, the training in finance; see :func:`monitoring_table`."""
    return monitoring_table(site, MONITORED[7], lang=lang)


@table
def table_8(site: Site, *, lang: str = "en") -> pd.DataFrame:
    """Rebuild Table 8, the training in administration; see :func:`monitoring_table`."""
    return monitoring_table(site, MONITORED[8], lang=lang)


@table
def table_9(site: Site, *, lang: str = "en") -> pd.DataFrame:
    """Rebuild Table 9, the charity day; see :func:`monitoring_table`."""
    return monitoring_table(site, MONITORED[9], lang=lang)


def _entries(frame: pd.DataFrame, activity: str, column: str, value: str, lang: str) -> str:
    chosen = frame[(frame["activity"] == activity) & (frame[column] == value)].sort_values("order")
    return "\n".join(
        f"{order}. {entry}"
        for order, entry in zip(chosen["order"], chosen[f"text_{lang}"], strict=True)
    )


def _when(day: pd.Timestamp, start: Any, end: Any, lang: str) -> str:
    date = day_of(day, lang, "EEEE d MMMM y")
    if pd.isna(start) or pd.isna(end):
        return date
    return f"{date}\n{text('table.clock', lang, start=start, end=end)}"


def _headed(frame: pd.DataFrame, lang: str) -> pd.DataFrame:
    return frame.rename(columns={name: text(f"table.{name}", lang) for name in frame.columns})
