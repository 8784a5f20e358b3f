"""Growth stages (tumbuh, berkembang, maju): a declared checklist held against a site.

The checklist is ours and is data (``growth_criteria.csv``); a site may bring its own. It takes up
features that writings on KUBE list for the three stages and makes them countable. It is not the
ministry's rule.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kube_research.errors import OptionError
from kube_research.finance.indicators import indicator_values, indicators
from kube_research.frames import need_columns, weakest
from kube_research.site.schema import typed
from kube_research.texts import text

if TYPE_CHECKING:
    from kube_research.site.folder import Site

#: The stages, from the first to the last; the last is also called mandiri.
STAGES = ("tumbuh", "berkembang", "maju")
VERDICTS = ("met", "unmet", "unknown")


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
        path = Path(__file__).parent / "growth_criteria.csv"
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
    order = rule["stage"].map({stage: place for place, stage in enumerate(STAGES)})
    return rule.iloc[np.argsort(order.to_numpy(), kind="stable")].reset_index(drop=True)


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
    known = values.set_index(["indicator", "group"])[["low", "high", "evidence"]].to_dict("index")
    if answers is None and site.has("growth_answers"):
        answers = site.table("growth_answers")
    answered: dict[tuple[str, str], dict[Any, Any]] = {}
    if answers is not None:
        need_columns(answers, "group", "criterion", "met")
        answered = {(row["group"], row["criterion"]): row for row in answers.to_dict("records")}
    rows = []
    for group in site.info.groups:
        for line in rule.to_dict("records"):
            row = {
                "group": group,
                "stage": line["stage"],
                "criterion": line["criterion"],
                "label_en": line.get("label_en"),
                "label_id": line.get("label_id"),
                "indicator": line["indicator"],
                "comparison": line["comparison"],
                "threshold": line["value"],
                "low": np.nan,
                "high": np.nan,
                "verdict": "unknown",
                "basis": "nobody",
                "evidence": None,
            }
            if pd.notna(line["indicator"]):
                row |= _measured(line, known.get((line["indicator"], group)))
            else:
                row |= _answered(answered.get((group, line["criterion"])))
            rows.append(row)
    frame = pd.DataFrame(rows)
    words = ["group", "stage", "criterion", "label_en", "label_id", "indicator", "comparison"]
    words += ["threshold", "verdict", "basis", "evidence"]
    return frame.astype(dict.fromkeys(words, "string"))


def _measured(criterion: dict[Any, Any], value: dict[Any, Any] | None) -> dict[str, Any]:
    """Return the verdict on a criterion that an indicator decides, where its range is known."""
    if value is None or pd.isna(value["low"]) or pd.isna(value["high"]):
        return {}
    limit = float(criterion["value"])
    ends = [_holds(value[end], criterion["comparison"], limit) for end in ("low", "high")]
    verdict = "met" if all(ends) else "unknown" if any(ends) else "unmet"
    range_of = {"low": value["low"], "high": value["high"], "evidence": value["evidence"]}
    return range_of | {"verdict": verdict, "basis": "indicator"}


def _answered(answer: dict[Any, Any] | None) -> dict[str, Any]:
    """Return the verdict that somebody gave, where somebody did."""
    if answer is None or pd.isna(answer["met"]):
        return {}
    verdict = "met" if answer["met"] == "yes" else "unmet"
    return {"verdict": verdict, "basis": "answer", "evidence": answer.get("evidence", "recorded")}


def _holds(value: float, comparison: str, limit: float) -> bool:
    """Tell whether one value satisfies a comparison."""
    match comparison:
        case ">=":
            return bool(value >= limit)
        case ">":
            return bool(value > limit)
        case "<=":
            return bool(value <= limit)
        case "<":
            return bool(value < limit)
    allowed = ", ".join((">=", ">", "<=", "<"))
    raise OptionError(text("error.option", name="comparison", value=comparison, allowed=allowed))


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
        counts = part["verdict"].value_counts()
        row = {"group": group} | {verdict: int(counts.get(verdict, 0)) for verdict in VERDICTS}
        low, high = _reached(part, ("met",)), _reached(part, ("met", "unknown"))
        grades = [str(grade) for grade in part["evidence"].dropna().unique()]
        if low != high:
            grades.append("bounded")
        row |= {"stage_low": low, "stage_high": high, "decided": low == high}
        rows.append(row | {"evidence": weakest(grades)})
    return pd.DataFrame(rows).astype(
        dict.fromkeys(("group", "stage_low", "stage_high", "evidence"), "string")
    )


def _reached(part: pd.DataFrame, passing: tuple[str, ...]) -> str:
    """Return the last stage up to which every criterion passes; only stages with criteria count."""
    reached = "none"
    for stage in STAGES:
        verdicts = part.loc[part["stage"] == stage, "verdict"]
        if not verdicts.isin(list(passing)).all():
            break
        if len(verdicts):
            reached = stage
    return reached
