"""Parts of the report on activities: who came, what was planned and seen, targets and results."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from kube_research.attendance.rates import UNITS, attendance_rates
from kube_research.attendance.statuses import rule_range
from kube_research.figures.sheet import titled
from kube_research.formats import counted, day_of, number, percent, share
from kube_research.frames import FEW
from kube_research.interventions.outcomes import ASPECTS, VERDICTS, agenda_matrix, monitoring_matrix
from kube_research.outputs import find_output
from kube_research.report.document import Draft
from kube_research.shown import Column
from kube_research.texts import text


def _days(draft: Draft) -> pd.DataFrame | None:
    """Return the activities, whose dates say who was invited twice on one day."""
    return draft.site.table("activities") if draft.site.has("activities") else None


def attendance_text(draft: Draft) -> None:
    """Say how many came, and what the rule for absences decides."""
    logs, days, lang = draft.site.table("attendance"), _days(draft), draft.lang
    row = attendance_rates(logs, days, by=None).to_dict("records")[0]
    if not row["n"]:
        draft.say("nobody_invited")
        return
    counts: dict[str, Any] = {"attended": row["attended"], "n": row["n"]}
    counts["activities"] = logs.loc[logs["status"].notna(), "activity"].nunique()
    ends = {name: share(row[name], lang) for name in ("rate", "low", "high")}
    known = "" if pd.notna(row["low"]) else "_alone"
    draft.say(f"attendance_{UNITS.index(row['unit'])}{known}", **counts, **ends)
    groups = attendance_rates(logs, days, by=None, cluster="group").to_dict("records")[0]
    if pd.notna(groups["low"]):
        low, high = share(groups["low"], lang), share(groups["high"], lang)
        draft.say("attendance_groups_as_units", groups=groups["clusters"], low=low, high=high)
    rules = rule_range(logs, days).to_dict("records")[0]
    if rules["spread"] > 0:
        low, high = share(rules["lowest"], lang), share(rules["highest"], lang)
        draft.say("attendance_rules", low=low, high=high)


def attendance_by_activity(draft: Draft) -> None:
    """Show the rate of each activity, and draw it."""
    rates = titled(attendance_rates(draft.site.table("attendance")), draft.site)
    if rates.empty:
        return
    marked, note = _few(draft, rates, rates[f"title_{draft.lang}"])
    columns = [draft.col("activity", marked, 3.0, words=True)]
    if rates["date"].notna().any():
        columns.append(draft.col("date", rates["date"], 1.4, words=True, write=day_of))
    columns += _rate_columns(draft, rates)
    notes = [draft.words("note_attendance"), note]
    draft.table("attendance", columns, rates, "attendance_intro", notes=notes)
    draft.figure("attendance_activities")


def _few(draft: Draft, rates: pd.DataFrame, labels: Iterable[str]) -> tuple[list[str], str]:
    """Put a star behind labels of rows that rest on few people, and say what it means."""
    marked = [
        f"{label}*" if few else label for label, few in zip(labels, rates["few"], strict=True)
    ]
    return marked, draft.words("note_few", few=FEW) if rates["few"].any() else ""


def _rate_columns(draft: Draft, rates: pd.DataFrame) -> list[Column]:
    return [
        draft.col("invited", rates["n"], 0.9),
        draft.col("attended", rates["attended"], 0.8),
        draft.col("rate", rates["rate"], 0.9, write=share),
        draft.col("interval", draft.interval(rates["low"], rates["high"], share), 1.7),
    ]


def attendance_by_group_and_role(draft: Draft) -> None:
    """Show the rate of each group and of each role."""
    logs = draft.site.table("attendance")
    days = _days(draft)
    groups, roles = (
        attendance_rates(logs.dropna(subset=[by]), days, by=by) for by in ("group", "role")
    )
    labels = [draft.words("group", group=group) for group in groups["group"]]
    labels += [draft.words(f"role_{role}") for role in roles["role"]]
    rates = pd.concat([groups, roles], ignore_index=True)
    if rates.empty:
        return
    marked, note = _few(draft, rates, labels)
    notes = [draft.words("note_attendance_over"), note]
    columns = [draft.col("group_role", marked, 2.6, words=True), *_rate_columns(draft, rates)]
    draft.table("attendance_groups", columns, rates, "attendance_groups", notes=notes)


def agenda(draft: Draft) -> None:
    """Tell what came up at each meeting and what was agreed."""
    site, lang = draft.site, draft.lang
    if not site.has("agenda"):
        return
    meetings = agenda_matrix(site.table("activities", lang), site.table("agenda", lang), lang=lang)
    places = meetings["place"].fillna("") + "\n" + meetings["date_time"]
    columns = [
        draft.col("activity", meetings["title"], 1.6, words=True),
        draft.col("place_time", places.str.strip("\n"), 1.8, words=True),
        draft.col("issues", meetings["issues"], 2.6, words=True),
        draft.col("solutions", meetings["solutions"], 3.0, words=True),
    ]
    draft.table("agenda", columns, meetings, "agenda_intro", meetings=len(meetings))


def monitoring(draft: Draft) -> None:
    """Tell what was watched at each intervention, one part of the table each."""
    site, lang = draft.site, draft.lang
    if not site.has("monitoring"):
        return
    matrix = monitoring_matrix(
        site.table("activities", lang), site.table("monitoring", lang), lang=lang
    )
    kept = ["activity_time", "evidence"]
    rows = matrix.melt(kept, list(ASPECTS), "aspect", "entries", ignore_index=False)
    rows = rows[rows["entries"] != ""].sort_index(kind="stable")  # activity by activity
    names = [text(f"table.{aspect}", lang) for aspect in rows["aspect"]]
    columns = [
        draft.col("aspect", names, 2.2, words=True),
        draft.col("entries_seen", rows["entries"], 6.8, words=True),
    ]
    parts = rows["activity_time"].str.replace("\n", "; ")
    many = len(matrix)
    draft.table("monitoring", columns, rows, "monitoring_intro", sections=parts, activities=many)


def outcomes(draft: Draft) -> None:
    """Hold the targets of the activities against what was achieved."""
    frame, lang = find_output("targets_results").frame(draft.site), draft.lang
    counts = frame["verdict"].value_counts()
    words = {name: draft.words(f"verdict_{name.replace(' ', '_')}") for name in VERDICTS}
    counted = ", ".join(f"{words[name]} {counts[name]}" for name in VERDICTS if name in counts)
    own, other = frame[f"label_{lang}"], frame[f"achieved_label_{lang}"]
    nearest = frame["match"].eq("nearest")
    signs, printed = frame["comparison"], frame["achieved_comparison"]
    goals = [_signed(how, goal, lang) for how, goal in zip(signs, frame["target_pct"], strict=True)]
    results = [
        f"{_signed(how, result, lang, *counts)}{'†' if near and pd.notna(result) else ''}"
        for how, result, near, *counts in zip(
            printed, frame["achieved_pct"], nearest, *_counts(frame), strict=True
        )
    ]
    columns = [
        draft.col("activity", frame[f"title_{lang}"], 2.2, words=True),
        draft.col("measure", own.fillna(other).fillna(frame["measure"]), 2.6, words=True),
        draft.col("target", goals, 0.9),
        draft.col("result", results, 0.9),
        draft.col("gap", frame["gap"], 0.8, write=_gap),
        draft.col("verdict", frame["verdict"].map(words), 1.3, words=True),
    ]
    notes = [draft.words("note_outcomes"), draft.words("note_nearest") if nearest.any() else ""]
    if "achieved_low" in frame and frame["achieved_low"].notna().any():
        intervals = draft.interval(frame["achieved_low"], frame["achieved_high"], percent)
        columns.insert(4, draft.col("interval", intervals, 1.3))
        notes.insert(1, draft.words("note_counted", few=FEW))
    fill: dict[str, Any] = {"rows": len(frame), "counts": counted}
    draft.table("outcomes", columns, frame, "outcomes_intro", notes=notes, **fill)
    draft.figure("targets_results")


def _gap(points: float, lang: str) -> str:
    return number(points, lang, "+0.#;-0.#") if points else "0"


def _counts(frame: pd.DataFrame) -> list[pd.Series]:
    blank = pd.Series(pd.NA, index=frame.index)
    return [frame.get(name, blank) for name in ("achieved_n", "achieved_of")]


def _signed(how: object, value: float, lang: str, n: Any = None, of: Any = None) -> str:
    """Return a percentage as it is stated: at least, more than, about; with its counts, if any."""
    sign = {">=": "≥ ", ">": "> ", "about": "± "}.get(str(how), "")
    return f"{sign}{counted(n, of, value, lang)}" if pd.notna(value) else ""
