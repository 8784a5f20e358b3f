"""Sections of the report on how it was made: rules, tests, evidence grades, and limits."""

from __future__ import annotations

from kube_research.formats import number
from kube_research.frames import FEW, GRADES
from kube_research.report.document import Draft, Figure, Table, ref
from kube_research.texts import text


def method(draft: Draft) -> None:
    """Tell the rules chosen, and which grades the tables and figures of the report carry."""
    import pandas as pd

    draft.heading("method")
    info, lang = draft.site.info, draft.lang
    draft.heading("grades", 2)
    draft.say("grades_intro", table=ref("table", "grades"))
    shown = [block for block in draft.blocks if isinstance(block, Table | Figure)]
    places = []
    for grade in GRADES:
        here = [
            ref("table" if made is Table else "figure", block.key)
            for made in (Table, Figure)
            for block in shown
            if isinstance(block, made) and grade in block.grades
        ]
        places.append(", ".join(here) or draft.words("none"))
    columns = [
        draft.col("grade", [text(f"evidence.{g}", lang) for g in GRADES], 1.2, words=True),
        draft.col("meaning", [draft.words(f"grade_{g}") for g in GRADES], 3.2, words=True),
        draft.col("where", places, 3.2, words=True),
    ]
    draft.table("grades", columns, pd.DataFrame())
    draft.heading("rules", 2)
    low, high = info.scale
    cut = number(info.threshold, lang, "0.0#")
    draft.say("rule_scale", "bullet", low=low, high=high, cut=cut)
    if draft.site.has("item_means") and not draft.site.has("ratings"):
        rule = draft.words(f"rounding_{info.rounding.replace('-', '_')}")
        draft.say("rule_rounding", "bullet", rule=rule)
    if draft.has("table", "fields"):
        draft.say("rule_interval", "bullet")
    if draft.has("table", "attendance"):
        draft.say("rule_attendance", "bullet")
    if draft.has("table", "outcomes"):
        draft.say("rule_outcomes", "bullet")
    if draft.has("table", "balances"):
        draft.say("rule_ledger", "bullet")
    if draft.has("table", "change_items"):
        for name in ("rule_design", "rule_test", "rule_bootstrap", "rule_holm", "rule_g"):
            draft.say(name, "bullet")
    if draft.has("table", "growth"):
        draft.say("rule_growth", "bullet")


def limits(draft: Draft) -> None:
    """Tell what the report cannot show."""
    from kube_research.compare.rounds import which_comparison
    from kube_research.errors import KubeError

    site = draft.site
    draft.heading("limits")
    if any("simulated" in b.grades for b in draft.blocks if isinstance(b, Table | Figure)):
        draft.say("limit_simulated", "bullet")
    draft.say("limit_few", "bullet", few=FEW)
    if site.has("ratings"):
        draft.say("limit_raters", "bullet")
        try:
            line = which_comparison(site.table("ratings")).iloc[0]
        except KubeError:
            pass
        else:
            alone = line["n_before"] + line["n_after"] - 2 * line["raters_in_both"]
            if alone:
                fill = {"alone": alone, "both": line["raters_in_both"]}
                draft.say("limit_unmatched", "bullet", **fill)
            draft.say("limit_control", "bullet")
    elif site.has("item_means"):
        draft.say("limit_means", "bullet")
    draft.say("limit_inputs", "bullet")
    if site.has("outcomes"):
        draft.say("limit_outcomes", "bullet")
    if site.has("attendance"):
        draft.say("limit_attendance", "bullet")
    if site.has("ledger"):
        draft.say("limit_ledger", "bullet")
