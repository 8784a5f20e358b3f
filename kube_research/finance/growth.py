"""Growth stages (tumbuh, berkembang, maju): a declared checklist held against a site.

The checklist is ours and is data (``growth_criteria.csv``), with the reason of each criterion: what the
study states, and what we chose. A site may bring its own. It is neither the ministry's rule nor the
study's.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kube_research.errors import OptionError
from kube_research.files import package_folder
from kube_research.finance.indicators import indicator_values, indicators
from kube_research.frames import grade_of, need_columns, weakest
from kube_research.site.schema import typed
from kube_research.texts import text

if TYPE_CHECKING:
    from kube_research.site.folder import Site

#: The stages, from the first to the last; the last is also called mandiri.
STAGES = ("tumbuh", "berkembang", "maju")
VERDICTS = ("met", "unmet", "unknown")
_COMPARISONS = {">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt}
_CRITERION = ["stage", "criterion", "label_en", "label_id", "indicator", "comparison", "threshold"]
_ANSWER = ["group", "criterion"]


def growth_rule(site: Site | None = None) -> pd.DataFrame:
    """Return the declared checklist: the site's own ``growth_criteria``, else the package's.

    Parameters
    ----------
    site : Site, optional
        A site that may bring its own table.

    Returns
    -------
    DataFrame
        One row per criterion: ``criterion``, ``stage``, ``indicator`` (missing where somebody must
        answer), ``comparison``, ``value`` (printed string), labels and reasons in both languages,
        ``declared_by`` (``site`` or ``package``).

    Raises
    ------
    kube_research.errors.OptionError
        If a criterion names an indicator that does not exist, or gives no comparison or value.

    Examples
    --------
    >>> rule = growth_rule()
    >>> rule["stage"].unique().tolist(), set(rule["declared_by"])
    (['tumbuh', 'berkembang', 'maju'], {'package'})
    """
    if site is not None and site.has("growth_criteria"):
        rule = site.table("growth_criteria").assign(declared_by="site")
    else:
        path = package_folder() / "finance/growth_criteria.csv"
        raw = pd.read_csv(path, dtype="string", keep_default_na=False, na_values=[""])
        rule = typed(raw, "growth_criteria").assign(declared_by="package", evidence="recorded")
    known = indicators()
    for row in rule.to_dict("records"):
        name = row["indicator"]
        if pd.isna(name):
            continue
        if name not in known:
            fill = {"criterion": row["criterion"], "indicator": name, "allowed": ", ".join(known)}
            raise OptionError(text("error.growth_indicator", **fill))
        if pd.isna(row["comparison"]) or pd.isna(row["value"]):
            raise OptionError(text("error.growth_value", criterion=row["criterion"]))
    return rule.sort_values(
        "stage", key=lambda stages: stages.map(STAGES.index), kind="stable", ignore_index=True
    )


def growth_checklist(
    site: Site,
    *,
    criteria: pd.DataFrame | None = None,
    answers: pd.DataFrame | None = None,
    values: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Hold every criterion against every group: met, unmet or unknown.

    Parameters
    ----------
    site : Site
        Its groups are judged; what its tables do not hold stays unknown.
    criteria : DataFrame, optional
        As :func:`growth_rule` returns; the site's or the package's own by default.
    answers : DataFrame, optional
        ``group``, ``criterion``, ``met`` (``yes``, ``no`` or missing) for what no log tells; the site's
        ``growth_answers`` by default. An answer never overrules an indicator.
    values : DataFrame, optional
        As :func:`~kube_research.finance.indicators.indicator_values` returns; computed by default.

    Returns
    -------
    DataFrame
        One row per group and criterion in order of the stages: ``group``, ``stage``, ``criterion``,
        labels, ``indicator``, ``comparison``, ``threshold``, ``low`` and ``high`` (of the indicator;
        equal where it is known exactly), ``verdict``, ``basis`` (``indicator``, ``answer`` or
        ``nobody``), ``evidence`` (missing where the verdict is unknown).

    Raises
    ------
    kube_research.errors.OptionError, kube_research.errors.MissingColumnError

    Notes
    -----
    A criterion on a bounded indicator is met when the whole range satisfies it, unmet when no value of
    the range does, and unknown otherwise. Checked by hand on every case.

    Examples
    --------
    >>> import kube_research as kr
    >>> checklist = growth_checklist(kr.load_site("cibeunying-simulated"))
    >>> set(checklist.query("criterion == 'partners'")["verdict"])
    {'unknown'}
    """
    rule = growth_rule(site) if criteria is None else criteria
    need_columns(rule, "criterion", "stage", "indicator", "comparison", "value")
    if values is None:
        wanted = list(rule["indicator"].dropna().unique())
        values = indicator_values(site, names=wanted)
    need_columns(values, "indicator", "group", "low", "high", "evidence")
    if answers is None:
        answers = site.tables.get("growth_answers", pd.DataFrame(columns=[*_ANSWER, "met"]))
    need_columns(answers, *_ANSWER, "met")
    answers = answers.drop_duplicates(_ANSWER, keep="last")
    answers = answers.assign(answer_evidence=answers.get("evidence", "recorded"))
    criterion = rule.rename(columns={"value": "threshold"}).reindex(columns=_CRITERION)
    rows = pd.DataFrame({"group": site.info.groups}, dtype="string").merge(criterion, how="cross")
    ends = values[["indicator", "group", "low", "high", "evidence"]]
    rows = rows.merge(ends, "left", ["indicator", "group"], validate="m:1")
    rows = rows.merge(answers[[*_ANSWER, "met", "answer_evidence"]], "left", _ANSWER)
    measured = rows[["low", "high"]].notna().all(axis=1)
    answered = rows["indicator"].isna() & rows["met"].notna()
    rows[["low", "high"]] = rows[["low", "high"]].astype("float64").where(measured)
    held = rows[["low", "high", "comparison", "threshold"]].itertuples(index=False)
    rows["verdict"] = [
        _verdict(*line) if known else "unknown" for line, known in zip(held, measured, strict=True)
    ]
    answer = rows["met"].eq("yes").map({True: "met", False: "unmet"})
    rows["verdict"] = rows["verdict"].mask(answered, answer)
    rows["basis"] = np.select([measured, answered], ["indicator", "answer"], "nobody")
    by_answer = rows["answer_evidence"].where(answered)
    rows["evidence"] = rows["evidence"].where(measured, by_answer)
    words = ["group", *_CRITERION, "verdict", "basis", "evidence"]
    columns = ["group", *_CRITERION, "low", "high", "verdict", "basis", "evidence"]
    return rows[columns].astype(dict.fromkeys(words, "string"))


def _verdict(low: float, high: float, comparison: str, threshold: str) -> str:
    """Return whether a whole range satisfies a comparison, no value of it does, or nobody can tell."""
    if comparison not in _COMPARISONS:
        fill = {"name": "comparison", "value": comparison, "allowed": ", ".join(_COMPARISONS)}
        raise OptionError(text("error.option", **fill))
    ends = [_COMPARISONS[comparison](end, float(threshold)) for end in (low, high)]
    return "met" if all(ends) else "unknown" if any(ends) else "unmet"


def growth_stages(checklist: pd.DataFrame) -> pd.DataFrame:
    """Return the stage of every group, as far as the checklist decides it.

    A group has reached a stage when it meets all criteria of that stage and of those before it.

    Parameters
    ----------
    checklist : DataFrame
        As :func:`growth_checklist` returns.

    Returns
    -------
    DataFrame
        One row per group: ``met``, ``unmet`` and ``unknown`` criteria, ``stage_low`` (were every unknown
        criterion unmet) and ``stage_high`` (were every unknown one met): a stage or ``none``;
        ``decided`` (both the same), ``evidence`` (never firmer than ``bounded`` while it is undecided).

    Raises
    ------
    kube_research.errors.MissingColumnError

    Notes
    -----
    The two ends are sharp: each is what one way of filling in the unknowns gives, and no way gives a
    stage outside them. Checked by brute force over all fillings.

    Examples
    --------
    >>> rows = pd.DataFrame({"group": "01", "stage": ["tumbuh", "berkembang"],
    ...                      "verdict": ["met", "unknown"], "evidence": "recorded"})
    >>> growth_stages(rows)[["stage_low", "stage_high", "decided"]].values.tolist()
    [['tumbuh', 'berkembang', False]]
    """
    need_columns(checklist, "group", "stage", "verdict", "evidence")
    rows = []
    for group, part in checklist.groupby("group", sort=False):
        verdicts = part["verdict"]
        low, high = _reached(part, ("met",)), _reached(part, ("met", "unknown"))
        row = {"group": group} | {kind: int(verdicts.eq(kind).sum()) for kind in VERDICTS}
        row |= {"stage_low": low, "stage_high": high, "decided": low == high}
        grades = [grade_of(part), *(["bounded"] if low != high else [])]
        rows.append(row | {"evidence": weakest(grades)})
    words = ("group", "stage_low", "stage_high", "evidence")
    return pd.DataFrame(rows).astype(dict.fromkeys(words, "string"))


def _reached(part: pd.DataFrame, passing: tuple[str, ...]) -> str:
    """Return the last stage up to which every criterion passes; only stages with criteria count."""
    passes = part["verdict"].isin(list(passing)).groupby(part["stage"]).all()
    reached = "none"
    for stage in STAGES:
        if not passes.get(stage, True):
            break
        if stage in passes:
            reached = stage
    return reached
