"""The study's tables, rebuilt from the data files: 2, 4, 5, 6, 7, 8 and 9.

No sentence of the paper is quoted. Where a site is graded ``published`` its statements and entries stand
in our words, and the tables say so on their face.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from kube_research.formats import as_printed, number
from kube_research.frames import GRADES, documented, weakest
from kube_research.interventions.outcomes import agenda_matrix, monitoring_matrix
from kube_research.outputs import table
from kube_research.peka.priorities import classify_items, item_scores
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


@table
def table_2(site: Site, *, lang: str = "en") -> pd.DataFrame:
    """Rebuild Table 2: the named items with means, totals, verdict and priority.

    Parameters
    ----------
    site : Site
        With ``items``, and ``ratings`` or ``item_means``.
    |lang|

    Returns
    -------
    DataFrame
        One row per round and item in order of priority, from ratings where the site has them, else
        from its printed means. The verdict follows from the site's threshold and the priority from the
        means: neither is printed. A field that is inferred from the wording says so and weakens the
        grade of its row. The study lists the same statements as strong too, which the last column
        but two records when the site's conflicts say so.

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
    site.table("ratings" if site.has("ratings") else "item_means", lang)  # or say what is missing
    scores = classify_items(item_scores(site), threshold=site.info.threshold)
    rows = scores.merge(site.table("items", lang), on="item", suffixes=("", "_item"))
    both = site.has("conflicts") and (site.table("conflicts")["conflict"] == "table_2_lists").any()
    if "printed" in rows:
        where = site.table("item_means")[["round", "item", "locator"]]
        locators = rows[["round", "item"]].merge(where, on=["round", "item"], how="left")["locator"]
        printed = [as_printed(digits, lang) for digits in rows["printed"]]
        means = {"printed_mean": pd.Series(printed, dtype="string")}
    else:
        locators = pd.Series(pd.NA, index=rows.index, dtype="string")
        means = {"mean": pd.Series([number(mean, lang) for mean in rows["mean"]])}
    columns = {
        "round": rows["round"],
        "item": rows["item"],
        "field": _marked_fields(rows, lang),
        "statement": rows[f"statement_{lang}"],
        **means,
        "raters": rows["n"],
        "total": rows["total"],
        "exact_mean": rows["total"].astype("string") + "/" + rows["n"].astype("string"),
        "strength": rows["strength"].map(
            lambda word: text(f"table.{word}", lang), na_action="ignore"
        ),
        "priority": rows["priority"],
        "listed_strong": text("table.yes" if both else "table.no", lang),
        "evidence": [weakest(grades) for grades in rows[["evidence", "evidence_item"]].to_numpy()],
        "locator": locators,
    }
    marks = {"statement": "our_words", "strength": "ours", "priority": "ours"}
    return _headed(pd.DataFrame(columns), lang, marks if site.info.evidence == "published" else {})


def _marked_fields(rows: pd.DataFrame, lang: str) -> pd.Series:
    """Return the name of each item's field, marked where it is inferred from the wording."""
    names = rows[f"field_{lang}"]
    if "field_basis" not in rows:
        return names
    inferred = rows["field_basis"].eq("inferred").fillna(False)
    return names.mask(inferred, [text("table.our_reading", lang, what=name) for name in names])


@table
def table_4(site: Site, *, lang: str = "en") -> pd.DataFrame:
    """Rebuild Table 4: each mentoring meeting with place, time, issues and solutions.

    Parameters
    ----------
    site : Site
        With ``activities`` and ``agenda``.
    |lang|

    Returns
    -------
    DataFrame
        One row per meeting, in order of date; several entries of one cell stand on lines of their
        own.
    """
    meetings = agenda_matrix(site.table("activities", lang), site.table("agenda", lang), lang=lang)
    meetings.insert(0, "number", range(1, len(meetings) + 1))
    return _headed(meetings.drop(columns=["activity", "title"]), lang)


@documented
def monitoring_table(site: Site, activity: str, *, lang: str = "en") -> pd.DataFrame:
    """Rebuild the monitoring matrix of one intervention with headings in words.

    Parameters
    ----------
    site : Site
        With ``activities`` and ``monitoring``.
    activity : str
        Code of the intervention.
    |lang|

    Returns
    -------
    DataFrame
        One row; the entries of each aspect stand on lines of their own, numbered as printed.

    Raises
    ------
    kube_research.errors.OptionError
        If the site's monitoring says nothing of the activity.
    """
    matrix = monitoring_matrix(
        site.table("activities", lang), site.table("monitoring", lang), activity=activity, lang=lang
    )
    return _headed(matrix.drop(columns="activity"), lang)


@documented
def other_monitoring(site: Site, *, lang: str = "en") -> pd.DataFrame:
    """Return the monitoring matrices of the activities that are not the study's own.

    Parameters
    ----------
    site : Site
        With ``activities`` and ``monitoring``.
    |lang|

    Returns
    -------
    DataFrame
        One row per activity, as :func:`monitoring_table`.

    Examples
    --------
    >>> import kube_research as kr
    >>> len(other_monitoring(kr.load_site("cibeunying")))
    0
    """
    matrix = monitoring_matrix(
        site.table("activities", lang), site.table("monitoring", lang), lang=lang
    )
    matrix = matrix[~matrix["activity"].isin(MONITORED.values())]
    return _headed(matrix.drop(columns="activity"), lang)


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


def _headed(frame: pd.DataFrame, lang: str, marks: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Put words for codes: the headings, marked where a column is ours, and the grade of each row.

    Without marks of columns the whole row stands in our words, which its grade says.
    """
    grades = {grade: text(f"evidence.{grade}", lang) for grade in GRADES}
    heads = {name: text(f"table.{name}", lang) for name in frame.columns}
    if marks is None:
        grades["published"] = text("table.our_words", lang, what=grades["published"])
    else:
        heads |= {
            name: text(f"table.{mark}", lang, what=heads[name]) for name, mark in marks.items()
        }
    worded = pd.array([grades[grade] for grade in frame["evidence"]], dtype="string")
    return frame.assign(evidence=worded).rename(columns=heads)
