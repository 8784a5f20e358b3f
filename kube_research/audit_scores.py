"""Checks of printed PEKA means: rounding, repeats, the standard, and the raters they imply."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

from kube_research.audit_case import Answer, Case, Row, check, family
from kube_research.audit_words import as_printed
from kube_research.compatible import compatible_by_groups
from kube_research.evidence import RULES, consistent_n, grim, possible_totals, print_number
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
    if row["mean"] in {print_number(exact, decimals, rule) for rule in RULES}:
        return case.reproduced("mean_rated", **fill)
    return case.contradicted("mean_rated", "ratings", **fill)


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
    if row["mean"] == fact["value"]:
        return case.reproduced("mean_again", **fill)
    return case.contradicted("mean_again", f"mean_item_{item}", row["locator"], **fill)


def _items_below(case: Case) -> dict[str, Row]:
    """Return the rows of the items that claims place below standard, by claim."""
    found: dict[str, Row] = {}
    for name in ("mean_item_19_below_standard", "mean_item_23_below_standard"):
        if name in case.source.claims:
            item = int(name.split("_")[2])
            found[name] = case.row("item_means", round=1, item=item)
    return found


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
    strong = case.claim.endswith("_a")
    fill = {"weak": weak, "count": len(means), "below": case.num(below, 2)}
    if weak == (0 if strong else len(means)):
        return case.reproduced("weak_items", **fill)
    other = "table_2_strong_traits_b" if strong else "table_2_strong_traits_a"
    return case.contradicted("weak_items", other, **fill)


@check("raters_first")
def _first_raters(case: Case) -> Answer:
    """Hold the number of raters against the numbers that the printed means allow."""
    row = case.row("rounds", round=1)
    case.must_equal(case.number(), Fraction(row["n_raters"]), row["locator"])
    means = [mean["mean"] for mean in first_means(case)]
    able = {rule: consistent_n(means, _UP_TO, rounding=rule) for rule in RULES}
    fits = {rule: numbers for rule, numbers in able.items() if numbers}
    numbers = sorted({n for found in fits.values() for n in found})
    by_rule = [f"{_rules(case, [rule])}: {case.list(found)}" for rule, found in fits.items()]
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
