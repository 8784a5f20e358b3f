"""Checks of what is measured: means and rises, percentages of participants, targets and results."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import cache
from typing import Any

import pandas as pd

from kube_research.evidence.change import change_bounds
from kube_research.evidence.compatible import compatible_by_groups, compatible_counts
from kube_research.evidence.numbers import consistent_n, grim, possible_counts, possible_totals
from kube_research.evidence.printed import RULES, print_number
from kube_research.interventions.outcomes import targets_against_results
from kube_research.study.case import Answer, Case, Row, Settled, as_rows, check, percentages
from kube_research.texts import text

_UP_TO = 60


def _rules(case: Case, rules: list[str]) -> list[str]:
    return [case.say(f"rule.{rule}") for rule in rules]


def first_means(case: Case) -> list[Row]:
    """Return the printed means of the first round."""
    return case.some("item_means", round=1)


def exact_mean(row: Row) -> Fraction:
    """Return the one exact mean that a printed mean allows, else its printed value."""
    totals = possible_totals(row["mean"], int(row["n"]), rounding="any")
    return Fraction(totals[0]) / int(row["n"]) if len(totals) == 1 else Fraction(row["mean"])


def _stated_mean(case: Case, item: int) -> Row:
    """Return the first mean of an item, once the claim has been held against it."""
    row = case.row("item_means", round=1, item=item)
    case.must_equal(case.decimal(), row["mean"], row["locator"])
    return row


def _from_ratings(case: Case, row: Row) -> Answer | None:
    """Hold a printed mean against the site's own ratings, where it has any."""
    if not case.site.has("ratings"):
        return None
    ratings = case.rows("ratings", round=row["round"], item=row["item"])
    scores = [Fraction(int(rating["score"])) for rating in ratings if rating["score"] is not None]
    if not scores:
        return None
    exact = _average(scores)
    decimals = len(row["mean"].partition(".")[2])
    fill = {"mean": case.num(exact, decimals + 2), "count": len(scores)}
    prints = {print_number(exact, decimals, rule) for rule in RULES}
    return case.reproduced_if(row["mean"] in prints, "mean_rated", "ratings", **fill)


@check(*(f"mean_item_{item}" for item in (9, 13, 14, 19, 23, 26)))
def _mean(case: Case) -> Answer:
    """Find the rules by which so many whole-number ratings can print a mean."""
    row = _stated_mean(case, int(case.number()))
    rated = _from_ratings(case, row)
    if rated:
        return rated
    n, means = int(row["n"]), first_means(case)
    able = [rule for rule in RULES if grim(row["mean"], n, rounding=rule)]
    joint = [r for r in RULES if all(grim(m["mean"], int(m["n"]), rounding=r) for m in means)]
    fill: dict[str, Any] = {
        "mean": case.printed(row["mean"]),
        "n": n,
        "totals": list(possible_totals(row["mean"], n, rounding="any")),
        "rules": _rules(case, able),
        "joint": _rules(case, joint),
        "count": len(means),
    }
    if not able:
        return case.contradicted("mean_impossible", "raters_first", **fill)
    groups = int(case.fact("groups"))
    if "half-up" not in able and n % groups == 0:
        size = n // groups
        key = "mean_by_groups" if _by_groups(row["mean"], groups, size) else "mean_not_by_groups"
        return case.consistent(key, groups=groups, size=size, **fill)
    return case.consistent("mean_possible", **fill)


@cache
def _by_groups(mean: str, groups: int, size: int) -> bool:
    """Tell whether a mean of rounded group means prints so, with halves up throughout."""
    return len(compatible_by_groups(mean, (size,) * groups, (1, 5))) > 0


@check(**{f"mean_repeat_item_{item}": (item,) for item in (19, 23, 26)})
def _repeated(case: Case, item: int) -> Answer:
    """Hold a mean printed a second time against the table."""
    fact = case.row("facts", fact=f"mean_item_{item}_repeated")
    again = fact["value"]
    case.must_equal(case.decimal(), again, fact["locator"])
    row = case.row("item_means", round=1, item=item)
    fill = {
        "first": case.printed(row["mean"]),
        "again": case.printed(again),
        "items": [mean["item"] for mean in first_means(case) if mean["mean"] == again],
    }
    against = (f"mean_item_{item}", row["locator"])
    return case.reproduced_if(row["mean"] == again, "mean_again", *against, **fill)


def _items_below(case: Case) -> dict[str, Row]:
    """Return the rows of the items that claims place below standard, by claim."""
    return {
        name: case.row("item_means", round=1, item=item)
        for name, item in (("mean_item_19_below_standard", 19), ("mean_item_23_below_standard", 23))
        if name in case.source.claims
    }


@check(mean_item_19_below_standard=(19,), mean_item_23_below_standard=(23,), mean_item_26_low=(26,))
def _below(case: Case, item: int) -> Answer:
    """Below standard: what follows from a higher mean below it; how low is low is not given."""
    row = _stated_mean(case, item)
    mine, n, means = exact_mean(row), int(row["n"]), first_means(case)
    fill: dict[str, Any] = {
        "mean": case.num(mine, 4),
        "total": case.num(mine * n),
        "n": n,
        "rank": 1 + sum(exact_mean(mean) < mine for mean in means),
        "count": len(means),
    }
    for claim, below in _items_below(case).items():
        if claim != case.claim and exact_mean(below) >= mine:
            fill["higher"] = case.printed(below["mean"])
            if case.claim == "mean_item_26_low":
                return case.consistent("low_fits", **fill)
            return case.reproduced("below_follows", **fill)
    return case.open("below_open", **fill)


@check("table_2_strong_traits_a", "table_2_strong_traits_b")
def _strong(case: Case) -> Answer:
    """Hold the same statements, called strong and weak, against the value called below standard."""
    means = first_means(case)
    case.must_equal(case.number(), Fraction(len(means)), means[0]["locator"])
    below = max(_items_below(case).values(), key=exact_mean, default=None)
    if below is None:
        return case.open("alone", needed=case.say("needed_rows"))
    weak = sum(exact_mean(row) <= exact_mean(below) for row in means)
    fill = {"weak": weak, "count": len(means), "below": case.printed(below["mean"])}
    stated = 0 if case.side == "a" else len(means)
    return case.consistent_if(weak == stated, "weak_items", case.rival, **fill)


def _raters(case: Case, number: int) -> Fraction:
    """Return how many people rated in a round."""
    return Fraction(case.row("rounds", round=number)["n_raters"])


def _stated_raters(case: Case, number: int, *, place: int = 0) -> Fraction:
    """Return how many people rated in a round, once the claim has been held against it."""
    raters = _raters(case, number)
    case.must_equal(case.number(place), raters, case.row("rounds", round=number)["locator"])
    return raters


@check("raters_first")
def _first_raters(case: Case) -> Answer:
    """Hold the number of raters against the numbers that the printed means allow."""
    raters, means = _stated_raters(case, 1), first_means(case)
    printed = [mean["mean"] for mean in means]
    able = {rule: consistent_n(printed, _UP_TO, rounding=rule) for rule in RULES}
    by_rule = [
        f"{case.say(f'rule.{rule}')}: {case.plain(numbers)}"
        for rule, numbers in able.items()
        if numbers
    ]
    fill = {"numbers": "; ".join(by_rule) or "-", "count": len(means), "limit": _UP_TO}
    possible = {n for numbers in able.values() for n in numbers}
    if raters not in possible:
        return case.contradicted("raters_implied", means[0]["locator"], **fill)
    return case.consistent("raters_implied", **fill)


@check("raters_increased")
def _more_raters(case: Case) -> Answer:
    """Hold the raters of the second round against those of the first."""
    later, first = _stated_raters(case, 2), _stated_raters(case, 1, place=1)
    more = later - first
    fill = {"more": more, "share": case.num(100 * more / first)}
    against = ("raters_first", "raters_followup")
    return case.reproduced_if(more > 0, "more_raters", *against, **fill)


def _must_have_risen(case: Case) -> None:
    """Contradict a claim of a rise where the source prints another direction."""
    row = case.row("facts", fact="round_2_direction")
    if row["value"] != "rose":
        case.must_equal(text("check.rose", case.lang), row["value"], row["locator"])


def _changes(case: Case, scale: tuple[int, int]) -> list[tuple[Fraction, Fraction]]:
    """Return the smallest and the largest rise of each item that a scale allows."""
    n = int(_raters(case, 2))
    before = [exact_mean(row) for row in first_means(case)]
    return [(Fraction(int(mean * n) + 1, n) - mean, scale[1] - mean) for mean in before]


def _average(values: list[Fraction]) -> Fraction:
    return sum(values, Fraction(0)) / len(values)


@check("group_capacity_rose_june", "capacity_tends_to_rise", "some_aspects_changed_little")
def _rose(case: Case) -> Answer:
    """Bound a rise of which only the direction is printed."""
    _must_have_risen(case)
    changes = {scale: _changes(case, scale) for scale in case.site.info.scales}
    largest = [_average([high for _, high in rises]) for rises in changes.values()]
    smallest = _average([low for low, _ in next(iter(changes.values()))])
    fill: dict[str, Any] = {
        "low": case.num(smallest, 3),
        "highs": [case.num(high, 2) for high in largest],
        "scales": [f"{low}–{high}" for low, high in changes],
        "count": len(first_means(case)),
    }
    if case.claim == "some_aspects_changed_little":
        return case.open("rise_range", **fill)
    return case.bounded("rise_range", **fill)


def _rank_bounds(case: Case, later: int) -> tuple[float, float, float, float]:
    """Return the ends of Cliff's delta over all items, and those of p for the lowest item."""
    scale = case.site.info.scale
    ends, least = [], None
    for row in sorted(first_means(case), key=exact_mean):
        before = compatible_counts(row["mean"], int(row["n"]), scale, rounding="any")
        if not len(before):
            continue
        delta = change_bounds(before, "rose", "cliffs_delta", n_after=later)
        ends.append((delta.low, delta.high))
        least = least or change_bounds(before, "rose", "mann_whitney_p", n_after=later)
    if least is None:
        raise Settled(case.open("no_table", needed=case.say("needed_rows")))
    return min(low for low, _ in ends), max(high for _, high in ends), least.low, least.high


def _second_means(case: Case) -> list[tuple[Fraction, Fraction]]:
    """Return the means of both rounds where the site prints them."""
    later = {row["item"]: row for row in case.rows("item_means", round=2)}
    return [
        (exact_mean(row), exact_mean(later[row["item"]]))
        for row in first_means(case)
        if row["item"] in later
    ]


@check("peka_scores_rose")
def _scores_rose(case: Case) -> Answer:
    """Bound a rise in the mean, and what it leaves open about the ranks."""
    _must_have_risen(case)
    pairs = _second_means(case)
    if pairs:
        up, total = sum(after > before for before, after in pairs), len(pairs)
        where = case.rows("item_means", round=2)[0]["locator"] or "item_means"
        return case.reproduced_if(up == total, "means_rose", where, up=up, count=total)
    widest = max(case.site.info.scales, key=lambda scale: scale[1] - scale[0])
    changes = _changes(case, widest)
    own = case.site.info.scale
    low, high, p_low, p_high = _rank_bounds(case, int(_raters(case, 2)))
    return case.bounded(
        "rose_open" if low < 0 else "rose_signed",
        low=case.num(min(least for least, _ in changes), 3),
        high=case.num(max(most for _, most in changes), 2),
        scale=f"{widest[0]}–{widest[1]}",
        own=f"{own[0]}–{own[1]}",
        least=case.num(low, 2),
        most=case.num(high, 2),
        p_low=case.num(p_low, 3) if p_low >= 0.001 else case.say("under", value=case.num(0.001, 3)),
        p_high=case.num(p_high, 2),
    )


@check("capacity_increased", "followup_covers_intervened_items")
def _whole_programme(case: Case) -> Answer:
    """Items whose only activity came after the second PEKA cannot show its effect there."""
    second = case.day("peka_2")
    days_after: dict[int, dict[str, int]] = {}
    for row in case.some("rtl"):
        days = (case.day(row["activity"]) - second).days
        days_after.setdefault(int(row["item"]), {})[row["activity"]] = days
    late = {item: days for item, days in days_after.items() if min(days.values()) > 0}
    activities = {name: days for after in late.values() for name, days in after.items()}
    fill: dict[str, Any] = {
        "late": sorted(late),
        "early": len(days_after) - len(late),
        "count": len(days_after),
        "activity": [case.title(name) for name in sorted(activities)],
        "days": max(activities.values(), default=0),
    }
    if case.claim == "followup_covers_intervened_items":
        if late:
            return case.open("covered", **fill)
        return case.consistent("all_covered", **fill)
    _must_have_risen(case)
    return case.open("programme_late" if late else "programme_in_time", **fill)


@check("peka_2_timing_a", "peka_2_timing_b")
def _timing(case: Case) -> Answer:
    """Place the second PEKA before or after the last activity of the programme."""
    second = case.day("peka_2")
    dates = [row["date"] for row in case.dated(kind="intervention")]
    late, last = [date for date in dates if date > second], max(dates)
    fill = {
        "date": second,
        "late": len(late),
        "total": len(dates),
        "days": max((last - second).days, 0),
        "last": last,
    }
    if case.side == "b":
        case.stated_day("peka_2")
        case.stated_day("kuber", place=1)
    key = "peka_too_early" if late else "peka_in_time"
    holds = bool(late) == (case.side == "b")
    against = (case.rival, "kuber_date") if case.side == "a" else (case.rival,)
    return case.reproduced_if(holds, key, *against, **fill)


@check("peka_rise_due_to_understanding")
def _understanding(case: Case) -> Answer:
    """Which of the items the trainings answer in the plan."""
    plan = case.some("rtl")
    items = {row["item"] for row in plan}
    trained = {row["item"] for row in plan if row["activity"].startswith("training")}
    rest = sorted(items - trained)
    return case.open("trained_items", trained=len(trained), count=len(items), rest=rest)


@check(
    study_visit_addresses_work_plan=("study_visit", 19),
    training_addresses_finance_field=("training_finance", 13),
    kuber_addresses_item_23=("kuber", 23),
    kuber_addresses_item_26=("kuber", 26),
)
def _addresses(case: Case, activity: str, item: int) -> Answer:
    """Look up the link from an activity to an item, and whether round 2 can show it."""
    about = case.row("items", item=item)
    links = case.rows("rtl", activity=activity, item=item)
    days = (case.day("peka_2") - case.day(activity)).days
    fill = {
        "item": item,
        "field": about[f"field_{case.lang}"],
        "days": abs(days),
        "mean": case.printed(case.row("item_means", round=1, item=item)["mean"]),
    }
    if not links:
        locator = case.some("rtl", activity=activity)[0]["locator"]
        return case.contradicted("not_linked", locator, **fill)
    fill["link"] = case.say("link_printed" if links[0]["basis"] == "printed" else "link_inferred")
    return case.consistent("linked_before" if days >= 0 else "linked_after", **fill)


def _numbers_of_raters(case: Case) -> list[int]:
    """Return the numbers of people that the source counts at an assessment."""
    return sorted({int(row["n_raters"]) for row in case.some("rounds")})


def _ways(case: Case, printed: str, n: int) -> list[str]:
    """Return the counts out of n that print as a percentage, with the rules by which they do."""
    ways: dict[int, list[str]] = {}
    for rule in RULES:
        for count in possible_counts(printed, n, rounding=rule):
            ways.setdefault(count, []).append(case.say(f"rule.{rule}"))
    return [
        f"{count}/{n}" + ("" if len(rules) == len(RULES) else f" ({case.plain(rules)})")
        for count, rules in ways.items()
    ]


def _more(case: Case, percent: Fraction, n: int) -> str:
    """Return the counts out of n that are more than a percentage."""
    least = int(percent * n / 100) + 1
    return case.span(f"{least}/{n}", f"{n}/{n}")


def _band(case: Case) -> tuple[Fraction, Fraction]:
    return case.fact("attendance_low"), case.fact("attendance_high")


def _outcome(case: Case, activity: str, measure: str) -> Row:
    return case.row("outcomes", activity=activity, measure=measure)


def _percent(row: Row, column: str) -> Fraction:
    """Return a percentage of the outcomes table; 0 where it has none."""
    return Fraction(str(row[column] or 0))


def _stated_percent(case: Case, row: Row, column: str) -> Fraction:
    """Return a percentage of the outcomes table, once the claim has been held against it."""
    stated, percent = Fraction(case.percent()), _percent(row, column)
    case.must_equal(stated, percent, row["locator"])
    return percent


@check(
    achieved_mentoring_benefit=("mentoring", "message_received"),
    achieved_study_visit_success=("study_visit", "programme_success"),
    achieved_training_admin_success=("training_admin", "programme_success"),
    achieved_training_admin_message=("training_admin", "message_received"),
    achieved_kuber_success=("kuber", "enthusiasm"),
    achieved_kuber_message=("kuber", "message_received"),
)
def _achieved(case: Case, activity: str, measure: str) -> Answer:
    """Turn a percentage of participants into possible counts and into a share of the members."""
    answer = _as_counts(case, activity, measure)
    theirs = case.said_at("benefit_felt_a")
    if case.claim != "achieved_mentoring_benefit" or answer.verdict == "contradicted" or not theirs:
        return answer
    pulled = case.tension("benefit_elsewhere", "benefit_felt_a", theirs=case.placed(theirs))
    return replace(pulled, finding=f"{answer.finding} {pulled.finding}")


def _as_counts(case: Case, activity: str, measure: str) -> Answer:
    """Count the people that a percentage can stand for; how many were asked is not printed."""
    row = _outcome(case, activity, measure)
    percent, stated = _stated_percent(case, row, "achieved_pct"), case.percent()
    more = row["achieved_comparison"] == ">"
    low, high = _band(case)
    raters = _numbers_of_raters(case)
    fill: dict[str, Any] = {
        "pct": percent,
        "raters": raters,
        "low": case.num(percent * low / 100, 1),
        "high": case.num(high if more else percent * high / 100, 1),
        "band_low": low,
        "band_high": high,
    }
    if more:
        ways = [_more(case, percent, n) for n in raters]
        return case.bounded("share_more", ways=ways, **fill)
    needed = case.say(
        "needed_count", activity=case.title(activity), label=row[f"achieved_label_{case.lang}"]
    )
    ways = [way for n in raters for way in _ways(case, stated, n)]
    if ways:
        return case.open("share_count", needed=needed, ways=ways, **fill)
    sizes = (n for n in range(1, _UP_TO) if possible_counts(stated, n, rounding="any"))
    least = next(sizes, _UP_TO)
    return case.open("share_no_count", needed=needed, least=least, **fill)


def _members(case: Case, counts: list[int]) -> list[int]:
    """Return every number of members of which all the counts are shares within the band."""
    low, high = _band(case)
    limit = int(max(counts) * 100 / low) + 1
    return [
        n
        for n in range(max(counts), limit + 1)
        if all(low <= Fraction(100 * count, n) <= high for count in counts)
    ]


@check("attendance_rate", "raters_followup")
def _attendance(case: Case) -> Answer:
    """Find the numbers of members that fit the band of attendance and the numbers of raters."""
    low, high = _band(case)
    rate = case.claim == "attendance_rate"
    if rate:
        case.must_state("attendance_low", "attendance_high")
    else:
        _stated_raters(case, 2)
    counts, groups = _numbers_of_raters(case), case.fact("groups")
    fill: dict[str, Any] = {"raters": counts, "low": low, "high": high}
    members = _members(case, counts)
    if not members:
        return case.open("no_members", needed=case.say("needed_members"), **fill)
    ends = min(members), max(members)
    each = case.span(*(case.plain(end / groups) for end in ends))
    fill |= {"members": case.span(*ends), "each": each}
    return case.in_range("members_implied", **fill)


@check("attendance_no_information_loss")
def _absent(case: Case) -> Answer:
    """Members who were absent, and those present who took the message in."""
    low, high = _band(case)
    took = _percent(_outcome(case, "training_admin", "message_received"), "achieved_pct")
    return case.open(
        "absent",
        least=100 - high,
        most=100 - low,
        took=case.num(took),
        low=case.num(low * took / 100),
        high=case.num(high * took / 100),
    )


@check("peka_target_all_members")
def _everyone(case: Case) -> Answer:
    """How many raters a group had on average."""
    raters, groups = _raters(case, 1), case.fact("groups")
    return case.open("per_group", raters=raters, groups=groups, each=raters / groups)


@check("raters_increase_due_to_benefit")
def _why_more(case: Case) -> Answer:
    """How many of the later raters must be new."""
    first, later = _raters(case, 1), _raters(case, 2)
    return case.open("new_raters", first=first, later=later, new=max(later - first, 0))


@check("peka_rise_with_honesty")
def _honesty(case: Case) -> Answer:
    """Whether anything tells the raters of the two rounds apart."""
    return case.open("unnamed_raters", raters=_numbers_of_raters(case))


def _judged(case: Case) -> list[Row]:
    """Return the outcomes, each with what its target has come to."""
    return as_rows(targets_against_results(pd.DataFrame(case.some("outcomes"))))


def _signed(case: Case, row: Row, which: str) -> str:
    """Write a target or a result as the source does, with its sign."""
    sign = row["comparison" if which == "target" else "achieved_comparison"]
    return f"{'>' if sign == '>' else ''}{case.plain(_percent(row, f'{which}_pct'))}%"


@check(
    target_mentoring_message=("mentoring", "message_received"),
    target_mentoring_success=("mentoring", "programme_success"),
    target_study_visit_message=("study_visit", "message_received"),
    target_study_visit_success=("study_visit", "programme_success"),
    target_training_finance_message=("training_finance", "message_received"),
    target_training_finance_willingness=("training_finance", "will_improve_reports"),
    target_training_admin_message=("training_admin", "message_received"),
    target_training_admin_willingness=("training_admin", "will_cooperate"),
    target_kuber_participation=("kuber", "enthusiasm"),
    target_kuber_willingness=("kuber", "will_share"),
)
def _target(case: Case, activity: str, measure: str) -> Answer:
    """Hold a target against the list of targets; whether it was met is said beside it."""
    _outcome(case, activity, measure)
    row = next(r for r in _judged(case) if (r["activity"], r["measure"]) == (activity, measure))
    if row["target_pct"] is None:
        return case.contradicted("no_target", row["locator"])
    target = _stated_percent(case, row, "target_pct")
    wordings = case.rows("monitoring", activity=activity, aspect="target")
    if not any(case.percent() in percentages(wording["text_en"]) for wording in wordings):
        where = [wording["locator"] for wording in wordings[:1]]
        return case.contradicted("target_other", *where, stated=target)
    label = row[f"label_{case.lang}"]
    fill: dict[str, Any] = {"target": _signed(case, row, "target"), "label": label}
    if row["verdict"] == "not reported":
        return case.consistent("target_unreported", **fill)
    fill |= {
        "result": _signed(case, row, "achieved"),
        "what": row[f"achieved_label_{case.lang}"],
        "gap": case.num(abs(_percent(row, "gap"))),
    }
    met = "target_met" if row["match"] == "same" else "target_met_nearest"
    keys = {"met": met, "missed": "target_missed", "undecided": "target_undecided"}
    return case.consistent(keys[row["verdict"]], **fill)


@check("target_mentoring_met")
def _maximal(case: Case) -> Answer:
    """'As good as could be' is a manner of speaking: hold its reason against the target beside it."""
    row = _outcome(case, "mentoring", "message_received")
    felt, target = _stated_percent(case, row, "achieved_pct"), _percent(row, "target_pct")
    fill = {"pct": felt, "target": target, "gap": abs(felt - target)}
    return case.consistent_if(felt >= target, "maximal", row["locator"], **fill)


@check("target_training_admin_met")
def _set_out(case: Case) -> Answer:
    """Hold results in the text against the table of targets that it gives as their source."""
    success = _outcome(case, "training_admin", "programme_success")
    message = _outcome(case, "training_admin", "message_received")
    target, got = _percent(message, "target_pct"), _percent(message, "achieved_pct")
    stated = [Fraction(percent) for percent in percentages(case.statement)]
    case.must_equal(stated, [_percent(success, "achieved_pct"), got], message["locator"])
    results = case.some("monitoring", activity="training_admin", aspect="result")
    figures = sum(bool(percentages(row["text_en"])) for row in results)
    fill = {"results": len(results), "figures": figures, "target": target, "got": got}
    holds = got >= target
    return case.consistent_if(holds, "set_out", "target_training_admin_message", **fill)


@check(target_study_visit_met=("study_visit",), target_kuber_met=("kuber",))
def _all_met(case: Case, activity: str) -> Answer:
    """Hold an overall judgement against the targets of the activity, one by one."""
    judged = [row for row in _judged(case) if row["activity"] == activity]
    achieved = {_percent(row, "achieved_pct") for row in judged if row["achieved_pct"] is not None}
    rows = [row for row in judged if row["target_pct"] is not None]
    if not rows:
        return case.open("no_target", needed=case.say("needed_rows"))
    where = rows[0]["locator"]
    for stated in map(Fraction, percentages(case.statement)):
        if stated not in achieved:
            case.must_equal(stated, sorted(achieved), where)
    verdicts = [row["verdict"] for row in rows]
    met, missed = verdicts.count("met"), verdicts.count("missed")
    unsure = verdicts.count("undecided") + verdicts.count("not reported")
    fill = {
        "met": met,
        "missed": missed,
        "unsure": unsure,
        "total": len(rows),
        "same": sum(row["match"] == "same" for row in rows),
    }
    return case.consistent_if(not missed, "targets_of", where, **fill)
