"""Checks of what the source counts, and of statements without figures held against each other."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from kube_research.study.case import Answer, Case, Row, check, enumeration
from kube_research.study.claims_measures import exact_mean

_PARTS = ("informants_officers", "informants_members", "informants_leaders")


def _interviewed(case: Case) -> list[int]:
    return [int(case.as_number(value)) for value in case.readings("interviewed_members").values()]


@check("informants_total_a", "informants_total_b")
def _informants(case: Case) -> Answer:
    """Hold the informants listed against the total that the source states elsewhere."""
    if case.side == "a":
        stated = int(case.number())
    else:
        case.must_state(*_PARTS)
        stated = int(case.as_number(case.readings("informants")["a"]))
    parts = [int(case.fact(name)) for name in _PARTS]
    total = sum(parts)
    fill: dict[str, Any] = {"parts": " + ".join(map(str, parts)), "total": total, "stated": stated}
    if stated == total:
        return case.reproduced("sum_equal", **fill)
    if case.side == "a":
        for count in _interviewed(case):
            if total + count == stated:
                return case.contradicted("sum_differs_but", case.rival, extra=count, **fill)
    return case.contradicted("sum_differs", case.rival, **fill)


@check("informants_members")
def _informant_members(case: Case) -> Answer:
    """Members among the informants against members said to have been interviewed."""
    case.must_state("informants_members")
    officers, members = (int(case.fact(name)) for name in _PARTS[:2])
    fewest = min(_interviewed(case))
    fill = {"members": members, "officers": officers, "fewest": fewest}
    if fewest > officers + members:
        against = ("interviewed_members_a", "interviewed_members_b")
        return case.tension("members_fewer", *against, **fill)
    return case.consistent("members_fit", **fill)


@check("informants_community_leader")
def _informant_leader(case: Case) -> Answer:
    """One of the parts of the list of informants."""
    case.must_state("informants_leaders")
    *others, leaders = (case.fact(name) for name in _PARTS)
    return case.consistent("part_of", count=leaders, total=sum(others, leaders), others=others)


@check("interviewed_companion")
def _companion(case: Case) -> Answer:
    """One companion, whom the list of informants leaves out where it names the other sorts only."""
    case.must_state("interviewed_companions")
    spellings = len(set(case.readings("companion_name").values()))
    fill = {"count": case.number(), "spellings": spellings}
    listed = sum(case.fact(name) for name in _PARTS)
    if listed == case.as_number(case.readings("informants")["b"]):
        return case.tension("companion_unlisted", "informants_total_b", listed=listed, **fill)
    return case.consistent("companion", **fill)


@check("interviewed_members_a", "interviewed_members_b")
def _interviewed_twice(case: Case) -> Answer:
    """One bracket that gives the number in digits and another in words."""
    mine, other = case.must_read(str(case.number()), "interviewed_members")
    if mine == other:
        return case.consistent("readings_agree", value=mine)
    return case.opposed("readings_differ", case.rival, mine=mine, other=other)


def _group_lists(case: Case) -> dict[str, list[int]]:
    """Return the numbers of the groups, as each reading lists them."""
    return {
        reading: [int(case.as_number(number)) for number in value.split()]
        for reading, value in case.readings("groups").items()
    }


@check("group_numbers_a", "group_numbers_b")
def _group_numbers(case: Case) -> Answer:
    """Two lists of the same five groups."""
    lists = _group_lists(case)
    mine, other = lists[case.side], lists[case.other_side]
    stated = [int(digits) for digits in case.numerals[1:]]
    locator = case.row("conflicts", conflict="groups", reading=case.side)["locator"]
    case.must_equal(case.number(), Fraction(len(stated)), locator)
    case.must_equal(stated, mine, locator)
    both = [number for number in mine if number in other]
    fill = {"both": both, "count": len(both), "total": len(mine)}
    if len(both) == len(mine) == len(other):
        return case.consistent("lists_agree", **fill)
    return case.contradicted("lists_differ", case.rival, **fill)


@check("groups_intervened")
def _groups(case: Case) -> Answer:
    """Hold the number of groups against the lists of their numbers."""
    stated = int(case.number())
    case.must_state("groups")
    lengths = [len(value.split()) for value in case.readings("groups").values()]
    if set(lengths) == {stated}:
        return case.reproduced("lists_count", lists=len(lengths), count=stated)
    against = ("group_numbers_a", "group_numbers_b")
    return case.contradicted("lists_miscount", *against, counts=lengths)


def _recount(case: Case, count: int, table: str, against: str | None) -> Answer:
    """Hold a number that the claim states against the rows of a table, counted."""
    stated = int(case.number())
    if stated == count:
        return case.reproduced("recount_equal", count=count, table=table)
    return case.contradicted("recount_differs", against, count=count, table=table, stated=stated)


@check("peka_fields")
def _fields(case: Case) -> Answer:
    """Hold the number of fields against the fields listed."""
    case.must_state("fields")
    fields = case.some("fields")
    return _recount(case, len(fields), "fields", fields[0]["locator"])


@check("activities_a", "activities_b")
def _activities(case: Case) -> Answer:
    """Activities stated against those with a row of their own, and against their days."""
    listed = case.some("activities", kind="intervention")
    days = {row["date"] for row in listed} - {None}
    stated = int(case.number())
    if stated != len(listed) and stated == len(days):
        fill = {"count": len(listed), "stated": stated}
        return case.consistent("recount_days", case.rival, **fill)
    return _recount(case, len(listed), "activities", case.rival)


@check("mentoring_meetings_a", "mentoring_meetings_b")
def _meetings(case: Case) -> Answer:
    """Meetings stated against those described, of which there can be fewer."""
    count, stated = len({row["activity"] for row in case.rows("agenda")}), int(case.number())
    if case.side == "b" and stated > count:
        return case.tension("meetings_undescribed", case.rival, count=count, stated=stated)
    return _recount(case, count, "agenda", case.rival)


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
    signs = {"kelurahan": "kelurahan", "companion": "companion", "chair": "KUBE 11"}
    counts = {name: sum(sign in place for place in places) for name, sign in signs.items()}
    fill = {"total": len(places), **counts}
    order = ("kelurahan", "total", "companion", "chair")
    stated = {name: int(case.number(place)) for place, name in enumerate(order)}
    if stated == fill:
        return case.reproduced("places_equal", **fill)
    return case.contradicted("places_differ", **fill)


@check(
    "poverty_types",
    "poor_strengths",
    "reassessment_shortcomings",
    "validity_tests",
    "credibility_techniques",
    informants_officers=("informants_officers",),
    ministry_stages=("ministry_stages",),
)
def _enumerated(case: Case, *facts: str) -> Answer:
    """Hold a number of things against the things that the claim lists."""
    stated = int(case.number())
    case.must_state(*facts)
    listed = len(enumeration(case.statement))
    if not listed:
        return case.open("not_listed", count=stated)
    if listed == stated:
        return case.reproduced("listed_equal", listed=listed)
    return case.contradicted("listed_differs", listed=listed, count=stated)


@check(
    stages_not_done=("ministry_stages_left", "ministry_stages"),
    only_preparation_stage_done=(),
)
def _stages(case: Case, *facts: str) -> Answer:
    """Three statements on the stages that must add up; which stage is done no number tells."""
    stages, left = case.fact("ministry_stages"), case.fact("ministry_stages_left")
    case.must_state(*facts)
    fill = {"stages": stages, "left": left, "done": stages - left}
    if stages - left == 1:
        answer = case.reproduced if facts else case.consistent
        return answer("stages_add", **fill)
    others = ("ministry_stages", "stages_not_done", "only_preparation_stage_done")
    return case.contradicted("stages_do_not_add", *others, **fill)


@check("activities_hindered_a", "activities_hindered_b")
def _hindered(case: Case) -> Answer:
    """'No hindrance at all' against the hindrances listed."""
    hindrances = case.rows("monitoring", aspect="inhibiting")
    activities = {row["activity"] for row in hindrances}
    fill = {"count": len(hindrances), "activities": len(activities)}
    holds = (case.side == "a") == (not hindrances)
    return case.reproduced_if(holds, "hindrances", case.rival, **fill)


@check("model_components")
def _components(case: Case) -> Answer:
    """Which of the activities the components of the model name."""
    statement = case.statement.lower()
    activities = case.some("activities", kind="intervention")
    missing: list[str] = []
    for row in activities:
        signs = re.findall(r"study visit|training|mentoring|charity|kuber", row["title_en"].lower())
        signs += ["community service"] if {"kuber", "charity"} & set(signs) else []
        if not any(sign in statement for sign in signs):
            missing.append(row[f"title_{case.lang}"])
    total = len(activities)
    if not missing:
        return case.consistent("components_all", total=total)
    fill = {"named": total - len(missing), "total": total, "missing": "; ".join(missing)}
    return case.consistent("components_some", **fill)


@check("model_not_generalisable")
def _one_site(case: Case) -> Answer:
    """How many sites and groups there are to generalise from."""
    groups = case.fact("groups")
    highest = max(number for numbers in _group_lists(case).values() for number in numbers)
    return case.consistent("one_site", groups=groups, highest=highest)


@check("benefit_felt_a", "benefit_felt_b")
def _opposed(case: Case) -> Answer:
    """Two statements that exclude each other: where each is made."""
    theirs = case.said_at(case.rival)
    if not theirs:
        return case.open("alone", needed=case.say("needed_other"))
    return case.opposed("opposed", case.rival, theirs=case.placed(theirs))


@check(
    **{
        f"{name}_{side}": ()
        for name in ("preliminary_progress", "preliminary_income", "motivation_decline")
        for side in "ab"
    },
    kube_effective=("anti_poverty_programmes_no_effect",),
    anti_poverty_programmes_no_effect=("kube_effective",),
)
def _pulled(case: Case, other: str = "") -> Answer:
    """Two statements that pull apart, but can both be true: where each is made."""
    other = other or case.rival
    theirs = case.said_at(other)
    if not theirs:
        return case.open("alone", needed=case.say("needed_other"))
    return case.pulled("pulled", other, theirs=case.placed(theirs))


def _with_items(case: Case, rows: list[Row]) -> list[str]:
    """Write each mean with the number of its item."""
    return [case.say("item_mean", item=row["item"], mean=case.printed(row["mean"])) for row in rows]


@check(
    leadership_effective=(9,),
    finance_administration_orderly=(13, 14),
    finances_transparent=(13,),
    trust_due_to_transparency=(13,),
    kube_can_plan_and_evaluate=(19,),
    kube_plan_satisfactory=(19,),
    low_ability_due_to_education=(13, 14),
)
def _items(case: Case, *items: int) -> Answer:
    """Call the first means of the items, and the second ones where they are printed."""
    first = [case.row("item_means", round=1, item=item) for item in items]
    later = [row for item in items for row in case.rows("item_means", round=2, item=item)]
    fill: dict[str, Any] = {"means": _with_items(case, first)}
    if len(later) < len(items):
        return case.open("items_once", **fill)
    fill["later"] = _with_items(case, later)
    up = all(exact_mean(b) > exact_mean(a) for a, b in zip(first, later, strict=True))
    return case.consistent_if(up, "items_twice", later[0]["locator"], **fill)


@check(
    group_administration_organised=("training_admin",),
    mentoring_raised_motivation=("mentoring",),
    study_visit_raised_motivation=("study_visit",),
    training_finance_raised_skills=("training_finance",),
    training_raised_cohesion=("training_admin",),
    kuber_raises_solidarity=("kuber",),
)
def _activity(case: Case, activity: str) -> Answer:
    """Count what is listed as the result of an activity, and the figures given for it."""
    results = case.some("monitoring", activity=activity, aspect="result")
    outcomes = case.rows("outcomes", activity=activity)
    printed = {row["achieved_pct"] for row in outcomes if row["achieved_pct"] is not None}
    return case.open(
        "activity_figures" if printed else "activity_no_figure",
        activity=case.title(activity),
        results=len(results),
        measured=sum(bool(re.search(r"\d", row["text_en"])) for row in results),
        figures=[case.plain(Fraction(str(percent))) + "%" for percent in sorted(printed)],
    )


@check(
    motivation_up=("result", "", "motivat"),
    training_raised_knowledge=("result", "training_", "understand", "knowledge"),
    trust_built=("result", "", "trust"),
    togetherness_up=("result", "", "together", "cohes"),
    companion_still_needed=("supporting", "", "companion"),
    success_due_to_commitment=("supporting", "", "commit"),
    success_due_to_funds=("supporting", "", "fund", "money"),
    enthusiasm_due_to_awareness=("supporting", "", "beneficiar"),
    absorption_due_to_equality=("supporting", "", "easy to take in"),
    scheduling_due_to_mobility=("inhibiting", "", "busy", "schedule"),
)
def _named(case: Case, aspect: str, activities: str, *signs: str) -> Answer:
    """How many of the results or factors listed, of activities whose code begins so, speak of it."""
    listed = [
        row
        for row in case.some("monitoring", aspect=aspect)
        if row["activity"].startswith(activities)
    ]
    named = sum(any(sign in row["text_en"].lower() for sign in signs) for row in listed)
    return case.open(f"named_{aspect}", named=named, total=len(listed))


@check(
    "preliminary_mentoring_lacking",
    "kube_can_use_peka",
    "mentoring_beyond_preparation",
    "groups_need_sustained_mentoring",
    "kuber_opening_order",
    "researcher_role_shift",
    "poverty_due_to_city_expansion",
    "model_applicable_suburban",
    "kelurahan_suburban",
    "education_primary",
)
def _alone(case: Case) -> Answer:
    """Pass on a statement on which the tables hold nothing."""
    return case.open("alone")
