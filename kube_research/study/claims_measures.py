"""Checks of what is measured: means and rises, percentages of participants, targets and results."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Any

import pandas as pd

from kube_research.evidence.change import change_bounds
from kube_research.evidence.compatible import compatible_by_groups, compatible_counts
from kube_research.evidence.numbers import consistent_n, grim, possible_counts, possible_totals
from kube_research.evidence.printed import RULES, print_number
from kube_research.interventions.outcomes import targets_against_results
from kube_research.study.case import (
    Answer,
    Case,
    Row,
    Settled,
    as_printed,
    check,
    family,
    percentages,
)
from kube_research.texts import text

_UP_TO = 60


def _rules(case: Case, rules: list[str]) -> str:
    return case.list(text(f"claim.rule.{rule}", case.lang) for rule in rules) or "-"


def first_means(case: Case) -> list[Row]:
    """Return the printed means of the first round."""
    return case.some("item_means", round=1)


def exact_mean(row: Row) -> Fraction:
    """Return the one exact mean that a printed mean allows, else its printed value."""
    totals = possible_totals(row["mean"], int(row["n"]), rounding="any")
    return Fraction(totals[0], int(row["n"])) if len(totals) == 1 else Fraction(row["mean"])


def _from_ratings(case: Case, row: Row) -> Answer | None:
    """Hold a printed mean against the site's own ratings, where it has any."""
    if not case.site.has("ratings"):
        return None
    scores = [
        Fraction(int(rating["score"]))
        for rating in case.rows("ratings", round=row["round"], item=row["item"])
        if rating["score"] is not None
    ]
    if not scores:
        return None
    exact = sum(scores, Fraction(0)) / len(scores)
    decimals = len(row["mean"].partition(".")[2])
    fill = {"mean": case.num(exact, decimals + 2), "count": len(scores)}
    prints = {print_number(exact, decimals, rule) for rule in RULES}
    return case.reproduced_if(row["mean"] in prints, "mean_rated", "ratings", **fill)


def _mean(case: Case) -> Answer:
    """Find the rules by which so many whole-number ratings can print a mean."""
    row = case.row("item_means", round=1, item=int(case.number()))
    case.must_equal(case.decimal(), row["mean"], row["locator"])
    rated = _from_ratings(case, row)
    if rated:
        return rated
    n, means = int(row["n"]), first_means(case)
    able = [rule for rule in RULES if grim(row["mean"], n, rounding=rule)]
    joint = [r for r in RULES if all(grim(m["mean"], int(m["n"]), rounding=r) for m in means)]
    totals = possible_totals(row["mean"], n, rounding="any")
    fill = {
        "mean": as_printed(row["mean"], case.lang),
        "n": n,
        "totals": case.list(totals),
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


def _repeated(case: Case, item: int) -> Answer:
    """Hold a mean printed a second time against the table."""
    fact = case.row("facts", fact=f"mean_item_{item}_repeated")
    case.must_equal(case.decimal(), fact["value"], fact["locator"])
    row = case.row("item_means", round=1, item=item)
    same = [m["item"] for m in first_means(case) if m["mean"] == fact["value"]]
    fill = {
        "first": as_printed(row["mean"], case.lang),
        "again": as_printed(fact["value"], case.lang),
        "items": case.list(same) or "-",
    }
    against = (f"mean_item_{item}", row["locator"])
    return case.reproduced_if(row["mean"] == fact["value"], "mean_again", *against, **fill)


def _items_below(case: Case) -> dict[str, Row]:
    """Return the rows of the items that claims place below standard, by claim."""
    names = ("mean_item_19_below_standard", "mean_item_23_below_standard")
    return {
        name: case.row("item_means", round=1, item=int(name.split("_")[2]))
        for name in names
        if name in case.source.claims
    }


def _below(case: Case, item: int) -> Answer:
    """Below standard: the bound on the standard, or what follows from a higher mean below it."""
    row = case.row("item_means", round=1, item=item)
    case.must_equal(case.decimal(), row["mean"], row["locator"])
    mine = exact_mean(row)
    others = {name: below for name, below in _items_below(case).items() if name != case.claim}
    rank = 1 + sum(exact_mean(mean) < mine for mean in first_means(case))
    fill = {
        "mean": case.num(mine, 4),
        "total": case.num(mine * int(row["n"])),
        "n": int(row["n"]),
        "rank": rank,
        "count": len(first_means(case)),
    }
    higher = [below for below in others.values() if exact_mean(below) >= mine]
    if higher:
        return case.reproduced(
            "below_follows", higher=as_printed(higher[0]["mean"], case.lang), **fill
        )
    return case.bounded("below_bound", **fill)


family(_mean, {f"mean_item_{item}": () for item in (9, 13, 14, 19, 23, 26)})
family(_repeated, {f"mean_repeat_item_{item}": (item,) for item in (19, 23, 26)})
family(
    _below,
    {
        "mean_item_19_below_standard": (19,),
        "mean_item_23_below_standard": (23,),
        "mean_item_26_low": (26,),
    },
)


@check("table_2_strong_traits_a", "table_2_strong_traits_b")
def _strong(case: Case) -> Answer:
    """Hold the same statements, called strong and weak, against the value called below standard."""
    means = first_means(case)
    below = max((exact_mean(row) for row in _items_below(case).values()), default=Fraction(0))
    weak = sum(exact_mean(row) <= below for row in means)
    case.must_equal(case.number(), Fraction(len(means)), means[0]["locator"])
    fill = {"weak": weak, "count": len(means), "below": case.num(below, 2)}
    stated = 0 if case.side == "a" else len(means)
    return case.reproduced_if(weak == stated, "weak_items", case.rival, **fill)


@check("raters_first")
def _first_raters(case: Case) -> Answer:
    """Hold the number of raters against the numbers that the printed means allow."""
    row = case.row("rounds", round=1)
    case.must_equal(case.number(), Fraction(row["n_raters"]), row["locator"])
    means = [mean["mean"] for mean in first_means(case)]
    able = {rule: consistent_n(means, _UP_TO, rounding=rule) for rule in RULES}
    fits = {rule: numbers for rule, numbers in able.items() if numbers}
    numbers = sorted({n for listed in fits.values() for n in listed})
    by_rule = [f"{_rules(case, [rule])}: {case.list(listed)}" for rule, listed in fits.items()]
    fill = {
        "numbers": "; ".join(by_rule) or "-",
        "count": len(means),
        "limit": _UP_TO,
    }
    if case.number() in numbers[:1]:
        return case.reproduced("raters_implied", **fill)
    if case.number() in numbers:
        return case.consistent("raters_implied", **fill)
    where = first_means(case)[0]["locator"] or case.locator
    return case.contradicted("raters_implied", where, **fill)


@check("raters_increased")
def _more_raters(case: Case) -> Answer:
    """Hold the raters of the second round against those of the first."""
    first, later = (Fraction(case.row("rounds", round=r)["n_raters"]) for r in (1, 2))
    case.must_equal(case.number(0), later, case.row("rounds", round=2)["locator"])
    case.must_equal(case.number(1), first, case.row("rounds", round=1)["locator"])
    more = later - first
    fill = {"more": case.num(more), "share": case.num(100 * more / first)}
    against = ("raters_first", "raters_followup")
    return case.reproduced_if(more > 0, "more_raters", *against, **fill)


def _must_have_risen(case: Case) -> None:
    """Contradict a claim of a rise where the source prints another direction."""
    row = case.row("facts", fact="round_2_direction")
    if row["value"] != "rose":
        case.must_equal(text("check.rose", case.lang), row["value"], row["locator"])


def _changes(case: Case, scale: tuple[int, int]) -> list[tuple[Fraction, Fraction]]:
    """Return the smallest and the largest rise of each item that a scale allows."""
    n = int(case.row("rounds", round=2)["n_raters"])
    before = [exact_mean(row) for row in first_means(case)]
    least = [Fraction(int(mean * n) + 1, n) for mean in before]
    return [(low - mean, scale[1] - mean) for mean, low in zip(before, least, strict=True)]


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
        "highs": case.list(case.num(high, 2) for high in largest),
        "scales": case.list(f"{low}–{high}" for low, high in changes),
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
    later = int(case.row("rounds", round=2)["n_raters"])
    low, high, p_low, p_high = _rank_bounds(case, later)
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


def _late_items(case: Case) -> tuple[list[int], list[int], list[str]]:
    """Return all planned items, those whose every activity came after round 2, and those activities."""
    second = case.day("peka_2")
    answers: dict[int, list[str]] = {}
    for row in case.some("rtl"):
        answers.setdefault(int(row["item"]), []).append(row["activity"])
    late = {
        item: names
        for item, names in answers.items()
        if all(case.day(name) > second for name in names)
    }
    activities = sorted({name for names in late.values() for name in names})
    return sorted(answers), sorted(late), activities


@check("capacity_increased", "followup_covers_intervened_items")
def _whole_programme(case: Case) -> Answer:
    """Items whose only activity came after the second PEKA cannot show its effect."""
    second = case.day("peka_2")
    items, late, activities = _late_items(case)
    fill: dict[str, Any] = {
        "late": case.list(late) or "-",
        "early": len(items) - len(late),
        "count": len(items),
        "activity": case.list(case.title(name) for name in activities) or "-",
        "days": max(((case.day(name) - second).days for name in activities), default=0),
    }
    if case.claim == "followup_covers_intervened_items":
        if late:
            return case.bounded("covered", "peka_2_timing_b", **fill)
        return case.consistent("all_covered", **fill)
    if late:
        return case.contradicted("programme_late", "peka_2_timing_b", "kuber_date", **fill)
    _must_have_risen(case)
    return case.open("programme_in_time", **fill)


@check("peka_2_timing_a", "peka_2_timing_b")
def _timing(case: Case) -> Answer:
    """Place the second PEKA before or after the last activity of the programme."""
    second = case.day("peka_2")
    programme = case.dated(kind="intervention")
    late = [row for row in programme if row["date"] > second]
    days = max(((row["date"] - second).days for row in late), default=0)
    fill = {
        "date": case.when(second),
        "late": len(late),
        "total": len(programme),
        "days": days,
        "last": case.when(max(row["date"] for row in programme)),
    }
    if case.side == "a":
        if late:
            return case.contradicted("peka_too_early", case.rival, "kuber_date", **fill)
        return case.reproduced("peka_in_time", **fill)
    case.must_equal(case.date(0), second, case.row("activities", activity="peka_2")["locator"])
    case.must_equal(
        case.date(1), case.day("kuber"), case.row("activities", activity="kuber")["locator"]
    )
    if late:
        return case.reproduced("peka_too_early", **fill)
    return case.contradicted("peka_in_time", case.rival, **fill)


@check("peka_rise_due_to_understanding")
def _understanding(case: Case) -> Answer:
    """Which of the items the trainings answer in the plan."""
    plan = case.some("rtl")
    items = {row["item"] for row in plan}
    trained = {row["item"] for row in plan if row["activity"].startswith("training")}
    rest = case.list(sorted(items - trained)) or "-"
    return case.open("trained_items", trained=len(trained), count=len(items), rest=rest)


def _addresses(case: Case, activity: str, item: int) -> Answer:
    """Look up the plan's link from an activity to an item, and whether round 2 can show it."""
    about = case.row("items", item=item)
    links = case.rows("rtl", activity=activity, item=item)
    days = (case.day("peka_2") - case.day(activity)).days
    fill = {
        "item": item,
        "field": about[f"field_{case.lang}"],
        "days": abs(days),
        "mean": as_printed(case.row("item_means", round=1, item=item)["mean"], case.lang),
    }
    if not links:
        locator = case.some("rtl", activity=activity)[0]["locator"]
        return case.contradicted("not_linked", locator, **fill)
    return case.consistent("linked_before" if days >= 0 else "linked_after", **fill)


family(
    _addresses,
    {
        "study_visit_addresses_work_plan": ("study_visit", 19),
        "training_addresses_finance_field": ("training_finance", 13),
        "kuber_addresses_item_23": ("kuber", 23),
        "kuber_addresses_item_26": ("kuber", 26),
    },
)


def _raters(case: Case) -> list[int]:
    """Return the numbers of people that the source counts at an assessment."""
    return sorted({int(row["n_raters"]) for row in case.some("rounds")})


def _ways(case: Case, printed: str, n: int) -> list[str]:
    """Return the counts out of n that print as a percentage, with the rules by which they do."""
    ways: dict[int, list[str]] = {}
    for rule in RULES:
        for count in possible_counts(printed, n, rounding=rule):
            ways.setdefault(count, []).append(case.say(f"rule.{rule}"))
    return [
        f"{count}/{n}" + ("" if len(rules) == len(RULES) else f" ({case.list(rules)})")
        for count, rules in ways.items()
    ]


def _more(percent: Fraction, n: int) -> str:
    """Return the counts out of n that are more than a percentage."""
    least = int(percent * n / 100) + 1
    return f"{least}–{n} / {n}"


def _band(case: Case) -> tuple[Fraction, Fraction]:
    return case.fact("attendance_low"), case.fact("attendance_high")


def _outcome(case: Case, activity: str, measure: str) -> Row:
    return case.row("outcomes", activity=activity, measure=measure)


def _achieved(case: Case, activity: str, measure: str, *against: str) -> Answer:
    """Turn a percentage of participants into possible counts and into a share of the members."""
    row = _outcome(case, activity, measure)
    stated = case.percent()
    case.must_equal(Fraction(stated), Fraction(str(row["achieved_pct"] or 0)), row["locator"])
    more = row["achieved_comparison"] == ">"
    low, high = _band(case)
    pct = Fraction(stated)
    raters = _raters(case)
    ways = [way for n in raters for way in ([_more(pct, n)] if more else _ways(case, stated, n))]
    fill = {
        "pct": case.plain(pct),
        "raters": case.list(raters),
        "ways": case.list(ways),
        "low": case.num(pct * low / 100, 1),
        "high": case.num(high if more else pct * high / 100, 1),
        "band_low": case.num(low),
        "band_high": case.num(high),
    }
    if more:
        return case.bounded("share_more", *against, **fill)
    if ways:
        return case.bounded("share_count", *against, **fill)
    least = next(
        (n for n in range(1, _UP_TO + 1) if possible_counts(stated, n, rounding="any")), _UP_TO
    )
    return case.bounded("share_no_count", *against, least=least, **fill)


family(
    _achieved,
    {
        "achieved_mentoring_benefit": ("mentoring", "message_received", "benefit_felt_a"),
        "achieved_study_visit_success": ("study_visit", "programme_success"),
        "achieved_training_admin_success": ("training_admin", "programme_success"),
        "achieved_training_admin_message": ("training_admin", "message_received"),
        "achieved_kuber_success": ("kuber", "enthusiasm"),
        "achieved_kuber_message": ("kuber", "message_received"),
    },
)


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
        place = case.row("facts", fact="attendance_low")["locator"]
        case.must_equal(case.number(0), low, place)
        case.must_equal(case.number(1), high, place)
    else:
        later = case.row("rounds", round=2)
        case.must_equal(case.number(), Fraction(later["n_raters"]), later["locator"])
    counts = _raters(case)
    members = _members(case, counts)
    groups = case.fact("groups")
    fill = {
        "raters": case.list(counts),
        "low": case.num(low),
        "high": case.num(high),
        "members": case.span(min(members, default=0), max(members, default=0)),
        "each": case.span(*(case.plain(end(members, default=0) / groups) for end in (min, max))),
    }
    if not members:
        return case.open("no_members", needed=case.say("needed_members"), **fill)
    if rate:
        return case.bounded("members_implied", **fill)
    return case.consistent("members_implied", **fill)


@check("attendance_no_information_loss")
def _absent(case: Case) -> Answer:
    """Members who were absent, and those present who took the message in."""
    low, high = _band(case)
    row = _outcome(case, "training_admin", "message_received")
    took = Fraction(str(row["achieved_pct"] or 0))
    return case.bounded(
        "absent",
        "achieved_training_admin_message",
        least=case.num(100 - high),
        most=case.num(100 - low),
        took=case.num(took),
        low=case.num(low * took / 100),
        high=case.num(high * took / 100),
    )


@check("peka_target_all_members")
def _everyone(case: Case) -> Answer:
    """How many raters a group had on average."""
    raters = case.row("rounds", round=1)["n_raters"]
    groups = case.fact("groups")
    return case.open(
        "per_group", raters=raters, groups=case.num(groups), each=case.plain(raters / groups)
    )


@check("raters_increase_due_to_benefit")
def _why_more(case: Case) -> Answer:
    """How many of the later raters must be new."""
    first, later = (int(case.row("rounds", round=number)["n_raters"]) for number in (1, 2))
    return case.open("new_raters", first=first, later=later, new=max(later - first, 0))


@check("peka_rise_with_honesty")
def _honesty(case: Case) -> Answer:
    """Whether anything tells the raters of the two rounds apart."""
    return case.open("unnamed_raters", raters=case.list(_raters(case)))


def _judged(case: Case) -> list[Row]:
    rows = pd.DataFrame(case.some("outcomes"))
    judged = targets_against_results(rows).astype(object)
    return [
        Row({str(k): None if pd.isna(v) else v for k, v in row.items()})
        for row in judged.to_dict("records")
    ]


def _shown(case: Case, row: Row, which: str) -> str:
    sign = row["comparison" if which == "target" else "achieved_comparison"]
    value = case.plain(Fraction(str(row[f"{which}_pct"])))
    return f"{'>' if sign == '>' else ''}{value}%"


def _target(case: Case, activity: str, measure: str, result: str = "") -> Answer:
    """Hold a target against the result printed for it, if there is one."""
    _outcome(case, activity, measure)
    row = next(r for r in _judged(case) if (r["activity"], r["measure"]) == (activity, measure))
    if row["target_pct"] is None:
        return case.contradicted("no_target", row["locator"] or case.locator)
    stated = case.percent()
    case.must_equal(Fraction(stated), Fraction(str(row["target_pct"])), row["locator"])
    wording = [
        text_row
        for text_row in case.rows("monitoring", activity=activity, aspect="target")
        if stated in percentages(text_row["text_en"])
    ]
    if not wording:
        where = [r["locator"] for r in case.rows("monitoring", activity=activity, aspect="target")]
        return case.contradicted("target_other", *where[:1], stated=case.plain(Fraction(stated)))
    label = row[f"label_{case.lang}"]
    fill = {"target": _shown(case, row, "target"), "label": label}
    if row["verdict"] == "not reported":
        needed = case.say("needed_result", label=label, activity=case.title(activity))
        return case.open("target_unreported", needed=needed, **fill)
    fill |= {
        "result": _shown(case, row, "achieved"),
        "what": row[f"achieved_label_{case.lang}"],
        "gap": case.num(abs(Fraction(str(row["gap"])))),
    }
    if row["verdict"] == "missed":
        return case.contradicted("target_missed", result or row["locator"], **fill)
    if row["verdict"] == "undecided":
        return case.bounded("target_undecided", **fill)
    key = "target_met" if row["match"] == "same" else "target_met_nearest"
    return case.consistent(key, **fill)


family(
    _target,
    {
        "target_mentoring_message": ("mentoring", "message_received", "achieved_mentoring_benefit"),
        "target_mentoring_success": ("mentoring", "programme_success"),
        "target_study_visit_message": (
            "study_visit",
            "message_received",
            "achieved_study_visit_success",
        ),
        "target_study_visit_success": (
            "study_visit",
            "programme_success",
            "achieved_study_visit_success",
        ),
        "target_training_finance_message": ("training_finance", "message_received"),
        "target_training_finance_willingness": ("training_finance", "will_improve_reports"),
        "target_training_admin_message": (
            "training_admin",
            "message_received",
            "achieved_training_admin_message",
        ),
        "target_training_admin_willingness": ("training_admin", "will_cooperate"),
        "target_kuber_participation": ("kuber", "enthusiasm", "achieved_kuber_success"),
        "target_kuber_willingness": ("kuber", "will_share"),
    },
)


@check("target_mentoring_met")
def _maximal(case: Case) -> Answer:
    """'Maximal' against the share who felt the benefit, and the target beside it."""
    row = _outcome(case, "mentoring", "message_received")
    got, target = (Fraction(str(row[name] or 0)) for name in ("achieved_pct", "target_pct"))
    case.must_equal(Fraction(case.percent()), got, row["locator"])
    fill = {
        "pct": case.plain(got),
        "rest": case.plain(100 - got),
        "target": case.plain(target),
        "gap": case.plain(got - target),
    }
    against = ("achieved_mentoring_benefit", "benefit_felt_a")
    return case.consistent_if(got >= 100, "maximal", *against, **fill)


@check("target_study_visit_met", "target_kuber_met")
def _all_met(case: Case) -> Answer:
    """Hold an overall judgement against the targets of the activity, one by one."""
    activity = "kuber" if case.claim == "target_kuber_met" else "study_visit"
    rows = [r for r in _judged(case) if r["activity"] == activity and r["target_pct"] is not None]
    achieved = {
        Fraction(str(row["achieved_pct"])) for row in rows if row["achieved_pct"] is not None
    }
    for stated in map(Fraction, percentages(case.statement)):
        if stated not in achieved:
            case.must_equal(
                stated, case.list(map(case.plain, sorted(achieved))), rows[0]["locator"]
            )
    counts = {
        verdict: sum(row["verdict"] == verdict for row in rows)
        for verdict in ("met", "missed", "undecided", "not reported")
    }
    unsure = counts["undecided"] + counts["not reported"]
    fill = {
        "met": counts["met"],
        "missed": counts["missed"],
        "unsure": unsure,
        "total": len(rows),
        "same": sum(row["match"] == "same" for row in rows),
        "range": case.span(counts["met"], counts["met"] + unsure),
    }
    if counts["missed"]:
        return case.contradicted("targets_of", rows[0]["locator"], **fill)
    if unsure or not rows:
        return case.bounded("targets_of", **fill)
    return case.consistent("targets_of", **fill)
