"""Checks of what is said without figures: statements against each other, and what would be needed."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from kube_research.audit_case import Answer, Case, family
from kube_research.audit_scores import exact_mean
from kube_research.audit_words import as_printed


def _opposed(case: Case, *others: str) -> Answer:
    """Two statements that exclude each other: where each is made."""
    rows = [case.source.claims[name] for name in others if name in case.source.claims]
    if not rows:
        return case.open("alone", needed=case.say("needed_other"), places=case.places)
    theirs = sum((row["locator"] or "").count(";") + 1 for row in rows)
    where = "; ".join(row["locator"] or row["claim"] for row in rows)
    return case.opposed("opposed", *others, mine=case.places, theirs=theirs, where=where)


def _pair(name: str) -> dict[str, tuple[str, ...]]:
    return {f"{name}_a": (f"{name}_b",), f"{name}_b": (f"{name}_a",)}


family(
    _opposed,
    {
        **_pair("preliminary_progress"),
        **_pair("preliminary_income"),
        **_pair("motivation_decline"),
        "benefit_felt_a": ("benefit_felt_b", "achieved_mentoring_benefit"),
        "benefit_felt_b": ("benefit_felt_a",),
    },
)


def _items(case: Case, *items: int) -> Answer:
    """Call the first means of the items, and the second ones where they are printed."""
    first = [case.row("item_means", round=1, item=item) for item in items]
    later = [row for item in items for row in case.rows("item_means", round=2, item=item)]
    fill: dict[str, Any] = {
        "items": case.list(items),
        "means": case.list(as_printed(row["mean"], case.lang) for row in first),
    }
    if len(later) < len(items):
        return case.open("items_once", **fill)
    fill["later"] = case.list(as_printed(row["mean"], case.lang) for row in later)
    up = all(exact_mean(b) > exact_mean(a) for a, b in zip(first, later, strict=True))
    if up:
        return case.consistent("items_twice", **fill)
    return case.contradicted("items_twice", later[0]["locator"] or case.locator, **fill)


family(
    _items,
    {
        "leadership_effective": (9,),
        "finance_administration_orderly": (13, 14),
        "finances_transparent": (13,),
        "trust_due_to_transparency": (13,),
        "kube_can_plan_and_evaluate": (19,),
        "kube_plan_satisfactory": (19,),
        "low_ability_due_to_education": (13, 14),
    },
)


def _activity(case: Case, activity: str) -> Answer:
    """Count what is listed as the result of an activity, and the figures given for it."""
    results = case.some("monitoring", activity=activity, aspect="result")
    figures = [
        case.plain(Fraction(str(row["achieved_pct"]))) + "%"
        for row in case.rows("outcomes", activity=activity)
        if row["achieved_pct"] is not None
    ]
    fill: dict[str, Any] = {
        "activity": case.title(activity),
        "results": len(results),
        "measured": sum(bool(re.search(r"\d", row["text_en"])) for row in results),
    }
    if figures:
        return case.open("activity_figures", figures=case.list(figures), **fill)
    return case.open("activity_no_figure", **fill)


family(
    _activity,
    {
        "group_administration_organised": ("training_admin",),
        "mentoring_raised_motivation": ("mentoring",),
        "study_visit_raised_motivation": ("study_visit",),
        "training_finance_raised_skills": ("training_finance",),
        "training_raised_cohesion": ("training_admin",),
        "kuber_raises_solidarity": ("kuber",),
        "kuber_opening_order": ("kuber",),
        "absorption_due_to_equality": ("mentoring",),
    },
)


def _named(case: Case, aspect: str, *signs: str) -> Answer:
    """How many of the results or factors listed speak of it."""
    listed = case.some("monitoring", aspect=aspect)
    found = [row for row in listed if any(sign in row["text_en"].lower() for sign in signs)]
    fill: dict[str, Any] = {"named": len(found), "total": len(listed)}
    return case.open(f"named_{aspect}", **fill)


family(
    _named,
    {
        "motivation_up": ("result", "motivat"),
        "training_raised_knowledge": ("result", "understand", "knowledge"),
        "trust_built": ("result", "trust"),
        "togetherness_up": ("result", "together", "cohes"),
        "companion_still_needed": ("supporting", "companion"),
        "success_due_to_commitment": ("supporting", "commit"),
        "success_due_to_funds": ("supporting", "fund", "money"),
        "enthusiasm_due_to_awareness": ("supporting", "aware"),
        "scheduling_due_to_mobility": ("inhibiting", "busy", "schedule"),
    },
)


def _alone(case: Case) -> Answer:
    """Pass on a statement on which the tables hold nothing."""
    return case.open("alone", places=case.places)


family(
    _alone,
    {
        "preliminary_mentoring_lacking": (),
        "kube_can_use_peka": (),
        "mentoring_beyond_preparation": (),
        "groups_need_sustained_mentoring": (),
        "researcher_role_shift": (),
        "poverty_due_to_city_expansion": (),
        "model_applicable_suburban": (),
        "kelurahan_suburban": (),
        "education_primary": (),
    },
)
