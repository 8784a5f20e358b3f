"""Checks of what the source counts, and of statements without figures held against each other."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from kube_research.study.case import Answer, Case, as_printed, check, enumeration, family
from kube_research.study.claims_measures import exact_mean

_PARTS = ("informants_officers", "informants_members", "informants_leaders")


def _informants(case: Case) -> tuple[list[int], int]:
    parts = [int(case.fact(name)) for name in _PARTS]
    return parts, sum(parts)


def _interviewed(case: Case) -> list[int]:
    return [int(case.as_number(value)) for value in case.readings("interviewed_members").values()]


@check("informants_total_a")
def _informants_stated(case: Case) -> Answer:
    """Hold the total stated against the sum of the informants listed."""
    stated = int(case.number())
    parts, total = _informants(case)
    listed = " + ".join(map(str, parts))
    if stated == total:
        return case.reproduced("sum_equal", parts=listed, total=total)
    extra = [count for count in _interviewed(case) if total + count == stated]
    key = "sum_differs_but" if extra else "sum_differs"
    return case.contradicted(
        key,
        "informants_total_b",
        parts=listed,
        total=total,
        stated=stated,
        extra=extra[0] if extra else "",
    )


@check("informants_total_b")
def _informants_listed(case: Case) -> Answer:
    """Hold the informants listed against the total stated elsewhere."""
    parts, total = _informants(case)
    for place, name in enumerate(_PARTS):
        case.must_be_fact(case.number(place), name)
    stated = int(case.as_number(case.readings("informants")["a"]))
    listed = " + ".join(map(str, parts))
    if stated == total:
        return case.reproduced("sum_equal", parts=listed, total=total)
    return case.contradicted(
        "sum_differs", "informants_total_a", parts=listed, total=total, stated=stated
    )


@check("informants_members")
def _informant_members(case: Case) -> Answer:
    """Members among the informants against members said to have been interviewed."""
    case.must_be_fact(case.number(), "informants_members")
    officers, members = (int(case.fact(name)) for name in _PARTS[:2])
    fewest = min(_interviewed(case))
    fill = {"members": members, "officers": officers, "fewest": fewest}
    if fewest > officers + members:
        return case.contradicted(
            "members_fewer", "interviewed_members_a", "interviewed_members_b", **fill
        )
    return case.consistent("members_fit", **fill)


@check("informants_community_leader")
def _informant_leader(case: Case) -> Answer:
    """One of the parts of the list of informants."""
    case.must_be_fact(case.number(), "informants_leaders")
    parts, total = _informants(case)
    return case.consistent("part_of", count=parts[2], total=total, others=case.list(parts[:2]))


@check("interviewed_companion")
def _companion(case: Case) -> Answer:
    """One companion, whose name is spelled in more than one way."""
    case.must_be_fact(case.number(), "interviewed_companions")
    spellings = len(set(case.readings("companion_name").values()))
    return case.consistent("companion", count=case.num(case.number()), spellings=spellings)


@check("interviewed_members_a", "interviewed_members_b")
def _interviewed_twice(case: Case) -> Answer:
    """One bracket that gives the number in digits and another in words."""
    readings = case.readings("interviewed_members")
    mine, other = readings[case.side], readings[case.other_side]
    locator = case.row("conflicts", conflict="interviewed_members", reading=case.side)["locator"]
    case.must_equal(str(case.number()), mine, locator)
    if mine == other:
        return case.consistent("readings_agree", value=mine)
    return case.opposed("readings_differ", case.rival, mine=mine, other=other)


@check("group_numbers_a", "group_numbers_b")
def _group_numbers(case: Case) -> Answer:
    """Two lists of the same five groups."""
    lists = {
        reading: [int(case.as_number(number)) for number in value.split()]
        for reading, value in case.readings("groups").items()
    }
    mine, other = lists[case.side], lists[case.other_side]
    stated = [int(digits) for digits in case.numerals[1:]]
    locator = case.row("conflicts", conflict="groups", reading=case.side)["locator"]
    case.must_equal(case.number(), Fraction(len(stated)), locator)
    if stated != mine:
        case.must_equal(case.list(stated), case.list(mine), locator)
    both = [number for number in mine if number in other]
    fill = {"both": case.list(both) or "-", "count": len(both), "total": len(mine)}
    if len(both) == len(mine) == len(other):
        return case.consistent("lists_agree", **fill)
    return case.contradicted("lists_differ", case.rival, **fill)


@check("groups_intervened")
def _groups(case: Case) -> Answer:
    """Hold the number of groups against the lists of their numbers."""
    stated = int(case.number())
    case.must_be_fact(case.number(), "groups")
    lengths = [len(value.split()) for value in case.readings("groups").values()]
    if set(lengths) == {stated}:
        return case.reproduced("lists_count", lists=len(lengths), count=stated)
    return case.contradicted(
        "lists_miscount", "group_numbers_a", "group_numbers_b", counts=case.list(lengths)
    )


@check("peka_fields")
def _fields(case: Case) -> Answer:
    """Hold the number of fields against the fields listed."""
    case.must_be_fact(case.number(), "fields")
    return _recount(case, len(case.rows("fields")), "fields", None)


def _recount(case: Case, count: int, table: str, other: str | None) -> Answer:
    stated = int(case.number())
    if stated == count:
        return case.reproduced("recount_equal", count=count, table=table)
    against = [other] if other else [case.rows(table)[0]["locator"] or case.locator]
    return case.contradicted("recount_differs", *against, count=count, table=table, stated=stated)


@check("activities_a", "activities_b")
def _activities(case: Case) -> Answer:
    """Activities stated against those with a row and a date of their own."""
    listed = case.some("activities", kind="intervention")
    days = {row["date"] for row in listed} - {None}
    stated = int(case.number())
    if stated != len(listed) and stated == len(days):
        return case.contradicted(
            "recount_days", case.rival, count=len(listed), days=len(days), stated=stated
        )
    return _recount(case, len(listed), "activities", case.rival)


@check("mentoring_meetings_a", "mentoring_meetings_b")
def _meetings(case: Case) -> Answer:
    """Meetings stated against those described."""
    described = {row["activity"] for row in case.rows("agenda")}
    return _recount(case, len(described), "agenda", case.rival)


def _places(case: Case) -> list[str]:
    return [str(row["place"]) for row in case.some("activities", kind="meeting")]


@check("meeting_place_a")
def _usual_place(case: Case) -> Answer:
    """'Usually' at the office against the places of the meetings described."""
    places = _places(case)
    there = sum("kelurahan" in place for place in places)
    held = max(len(places), int(case.fact("meetings_stated")))
    most = there + held - len(places)
    fill = {"there": there, "total": len(places), "most": most, "held": held}
    if 2 * most <= held:
        return case.contradicted("usual_place_not", "meeting_place_b", **fill)
    if 2 * there > held:
        return case.reproduced("usual_place", **fill)
    return case.bounded("usual_place_open", "meeting_place_b", **fill)


@check("meeting_place_b")
def _listed_places(case: Case) -> Answer:
    """Count the places of the meetings again."""
    places = _places(case)
    kinds = [("kelurahan", "kelurahan"), ("companion", "companion"), ("chair", "KUBE 11")]
    counts = {name: sum(sign in place for place in places) for name, sign in kinds}
    office, total, companion, chair = (int(case.number(place)) for place in range(4))
    stated = {"kelurahan": office, "companion": companion, "chair": chair}
    fill = {"total": len(places), **counts}
    if stated == counts and total == len(places):
        return case.reproduced("places_equal", **fill)
    return case.contradicted("places_differ", case.locator, **fill)


def _enumerated(case: Case, fact: str | None) -> Answer:
    """Hold a number of things against the things that the claim lists."""
    stated = int(case.number())
    if fact:
        case.must_be_fact(case.number(), fact)
    listed = enumeration(case.statement)
    if not listed:
        return case.open("not_listed", count=stated)
    fill = {"listed": len(listed), "count": stated}
    if len(listed) == stated:
        return case.reproduced("listed_equal", **fill)
    return case.contradicted("listed_differs", case.locator, **fill)


family(
    _enumerated,
    {
        "informants_officers": ("informants_officers",),
        "poverty_types": (None,),
        "poor_strengths": (None,),
        "reassessment_shortcomings": (None,),
        "validity_tests": (None,),
        "credibility_techniques": (None,),
    },
)


@check("ministry_stages", "stages_not_done", "only_preparation_stage_done")
def _stages(case: Case) -> Answer:
    """Three statements on the stages that must add up."""
    stages, left = case.fact("ministry_stages"), case.fact("ministry_stages_left")
    if case.claim == "ministry_stages":
        case.must_equal(case.number(), stages, case.row("facts", fact="ministry_stages")["locator"])
    if case.claim == "stages_not_done":
        row = case.row("facts", fact="ministry_stages_left")
        case.must_equal(case.number(), left, row["locator"])
        case.must_equal(case.number(1), stages, row["locator"])
    others = [
        name
        for name in ("ministry_stages", "stages_not_done", "only_preparation_stage_done")
        if name != case.claim
    ]
    fill = {"stages": case.num(stages), "left": case.num(left), "done": case.num(stages - left)}
    if stages - left == 1:
        return case.consistent("stages_add", **fill)
    return case.contradicted("stages_do_not_add", *others, **fill)


@check("activities_hindered_a", "activities_hindered_b")
def _hindered(case: Case) -> Answer:
    """'No hindrance at all' against the hindrances listed."""
    count = len(case.rows("monitoring", aspect="inhibiting"))
    activities = len({row["activity"] for row in case.rows("monitoring", aspect="inhibiting")})
    fill = {"count": count, "activities": activities}
    holds = (case.side == "a") == (count == 0)
    return case.reproduced_if(holds, "hindrances", case.rival, **fill)


@check("model_components")
def _components(case: Case) -> Answer:
    """Which of the activities the components of the model name."""
    statement = case.statement.lower()
    named: list[str] = []
    missing: list[str] = []
    for row in case.some("activities", kind="intervention"):
        signs = re.findall(r"study visit|training|mentoring|charity|kuber", row["title_en"].lower())
        signs += ["community service"] if {"kuber", "charity"} & set(signs) else []
        (named if any(sign in statement for sign in signs) else missing).append(
            row[f"title_{case.lang}"]
        )
    fill = {"named": len(named), "total": len(named) + len(missing)}
    if not missing:
        return case.consistent("components_all", **fill)
    return case.consistent("components_some", missing="; ".join(missing), **fill)


@check("model_not_generalisable")
def _one_site(case: Case) -> Answer:
    """How many sites and groups there are to generalise from."""
    groups = int(case.fact("groups"))
    numbers = [
        int(case.as_number(n)) for value in case.readings("groups").values() for n in value.split()
    ]
    return case.consistent("one_site", groups=groups, highest=max(numbers))


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
    return case.consistent_if(up, "items_twice", later[0]["locator"] or case.locator, **fill)


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
    named = sum(any(sign in row["text_en"].lower() for sign in signs) for row in listed)
    return case.open(f"named_{aspect}", named=named, total=len(listed))


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
