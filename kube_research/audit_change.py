"""Checks of the change between the two PEKA: what "rose" leaves open, and what came too late."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from kube_research.audit_case import Answer, Case, Settled, check, family
from kube_research.audit_scores import exact_mean, first_means
from kube_research.audit_words import as_printed
from kube_research.change import change_bounds
from kube_research.compatible import compatible_counts
from kube_research.texts import text


@check("raters_increased")
def _more_raters(case: Case) -> Answer:
    """Hold the raters of the second round against those of the first."""
    first, later = (Fraction(case.row("rounds", round=r)["n_raters"]) for r in (1, 2))
    case.must_equal(case.number(0), later, case.row("rounds", round=2)["locator"])
    case.must_equal(case.number(1), first, case.row("rounds", round=1)["locator"])
    more = later - first
    fill = {"more": case.num(more), "share": case.num(100 * more / first)}
    if more > 0:
        return case.reproduced("more_raters", **fill)
    return case.contradicted("more_raters", "raters_first", "raters_followup", **fill)


def _must_have_risen(case: Case) -> None:
    """Contradict a claim of a rise where the source prints another direction."""
    row = case.row("facts", fact="round_2_direction")
    if row["value"] != "rose":
        case.must_equal(text("check.rose", case.lang), row["value"], row["locator"])


def _changes(case: Case, scale: tuple[int, int]) -> list[tuple[Fraction, Fraction]]:
    """Return the smallest and the largest rise of each item that a scale allows."""
    n = int(case.row("rounds", round=2)["n_raters"])
    found = []
    for row in first_means(case):
        before = exact_mean(row)
        least = Fraction(int(before * n) + 1, n)
        found.append((least - before, Fraction(scale[1]) - before))
    return found


def _average(values: list[Fraction]) -> Fraction:
    return sum(values, Fraction(0)) / len(values)


@check("group_capacity_rose_june", "capacity_tends_to_rise", "some_aspects_changed_little")
def _rose(case: Case) -> Answer:
    """Bound a rise of which only the direction is printed."""
    _must_have_risen(case)
    changes = {scale: _changes(case, scale) for scale in case.site.info.scales}
    largest = [_average([high for _, high in found]) for found in changes.values()]
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
        up = sum(after > before for before, after in pairs)
        if up == len(pairs):
            return case.reproduced("means_rose", up=up, count=len(pairs))
        where = case.rows("item_means", round=2)[0]["locator"] or "item_means"
        return case.contradicted("means_rose", where, up=up, count=len(pairs))
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
    if case.claim.endswith("_a"):
        if late:
            return case.contradicted("peka_too_early", "peka_2_timing_b", "kuber_date", **fill)
        return case.reproduced("peka_in_time", **fill)
    case.must_equal(case.date(0), second, case.row("activities", activity="peka_2")["locator"])
    case.must_equal(
        case.date(1), case.day("kuber"), case.row("activities", activity="kuber")["locator"]
    )
    if late:
        return case.reproduced("peka_too_early", **fill)
    return case.contradicted("peka_in_time", "peka_2_timing_a", **fill)


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
