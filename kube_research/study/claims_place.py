"""Checks of the place, of money, and of the earlier programme: what the figures imply together."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

import pandas as pd

from kube_research.errors import MissingColumnError
from kube_research.evidence.printed import unround
from kube_research.frames import need_columns
from kube_research.study.case import Answer, Case, check, family
from kube_research.texts import check_language, text

if TYPE_CHECKING:
    import pandas as pd


#: The facts that :func:`place_shares` needs.
_FIGURES = (
    "kelurahan_poor_people",
    "kelurahan_population",
    "regency_poor_people",
    "regency_poor_pct",
    "income_low",
    "income_high",
    "minimum_wage",
)


def place_shares(facts: pd.DataFrame, *, lang: str = "en") -> pd.DataFrame:
    """Derive from printed facts about a place what they leave no choice about, and bound the rest.

    Parameters
    ----------
    facts : DataFrame
        Columns ``fact`` and ``value`` with ``kelurahan_poor_people``, ``kelurahan_population``,
        ``regency_poor_people``, ``regency_poor_pct``, ``income_low``, ``income_high`` and
        ``minimum_wage``.
    lang : {"en", "id"}
        Language of the descriptions.

    Returns
    -------
    DataFrame
        ``measure``, ``low`` and ``high`` (equal where the facts leave no choice), ``unit``,
        ``evidence``: poor residents as a share of the kelurahan, the regency population that the
        printed percentage implies under any rounding to its digits, and incomes as a share of the
        minimum wage.

    Raises
    ------
    kube_research.errors.MissingColumnError
        If a fact is missing.

    Examples
    --------
    >>> import kube_research as kr
    >>> shares = place_shares(kr.load_site("cibeunying").facts)
    >>> shares[["low", "high"]].round(2).values.tolist()[0]
    [7.26, 7.26]
    """
    import pandas as pd

    check_language(lang)
    need_columns(facts, "fact", "value")
    values = facts.set_index("fact")["value"]
    absent = [name for name in _FIGURES if name not in values.index]
    if absent:
        have = ", ".join(values.index)
        raise MissingColumnError(
            text("error.missing_columns", lang, columns=", ".join(absent), have=have)
        )
    number = {name: Fraction(str(values[name])) for name in _FIGURES}
    share = 100 * number["kelurahan_poor_people"] / number["kelurahan_population"]
    spans = [unround(str(values["regency_poor_pct"]), rule) for rule in ("half-up", "truncate")]
    low_pct, high_pct = min(span.low for span in spans), max(span.high for span in spans)
    people = 100 * number["regency_poor_people"]
    wage = number["minimum_wage"]
    rows = [
        ("poor_share", share, share, "percent", "derived"),
        ("regency_population", people / high_pct, people / low_pct, "people", "bounded"),
        (
            "income_share",
            100 * number["income_low"] / wage,
            100 * number["income_high"] / wage,
            "percent",
            "derived",
        ),
    ]
    return pd.DataFrame(
        [
            {
                "measure": text(f"place.{name}", lang),
                "low": float(low),
                "high": float(high),
                "unit": text(f"place.{unit}", lang),
                "evidence": grade,
            }
            for name, low, high, unit, grade in rows
        ]
    )


def _share(case: Case, measure: str) -> tuple[float, float]:
    """Return both ends of one of the measures that the facts about the place imply."""
    for name in _FIGURES:
        case.fact(name)
    facts = pd.DataFrame([case.row("facts", fact=name) for name in _FIGURES])
    shares = place_shares(facts, lang=case.lang)
    row = shares[shares["measure"] == text(f"place.{measure}", case.lang)].iloc[0]
    return float(row["low"]), float(row["high"])


@check("regency_poor_people", "regency_poverty_rate")
def _regency(case: Case) -> Answer:
    """Poor people and the poverty rate of the regency: what population they imply."""
    rate = case.claim == "regency_poverty_rate"
    case.must_be_fact(case.number(), "regency_poor_pct" if rate else "regency_poor_people")
    low, high = _share(case, "regency_population")
    return case.bounded(
        "regency_population",
        low=case.num(math.ceil(low)),
        high=case.num(math.floor(high)),
        people=case.num(case.fact("regency_poor_people")),
        rate=case.plain(case.fact("regency_poor_pct")),
    )


@check("kelurahan_population", "kelurahan_poor_people")
def _kelurahan(case: Case) -> Answer:
    """Poor people of the kelurahan as a share of its inhabitants."""
    case.must_be_fact(case.number(), case.claim)
    share, _ = _share(case, "poor_share")
    fill = {
        "poor": case.num(case.fact("kelurahan_poor_people")),
        "people": case.num(case.fact("kelurahan_population")),
        "share": case.num(share, 2),
        "rate": case.plain(case.fact("regency_poor_pct")),
    }
    other = {"kelurahan_population", "kelurahan_poor_people"} - {case.claim}
    return case.consistent_if(share <= 100, "kelurahan_share", *other, **fill)


def _elsewhere(case: Case, *facts: str) -> Answer:
    """Pass on a figure from outside the study, of which the tables hold nothing else."""
    for place, name in enumerate(facts):
        case.must_be_fact(case.number(place), name)
    return case.open("elsewhere", places=case.places)


family(
    _elsewhere,
    {
        "regency_districts": ("regency_districts",),
        "groups_2012": ("programme_2012_groups", "programme_2012_year"),
    },
)


@check("minimum_wage")
def _minimum_wage(case: Case) -> Answer:
    """Compute how much of the minimum wage the poor earn."""
    case.must_be_fact(case.number(), "minimum_wage")
    low, high = _share(case, "income_share")
    return case.open("income_share", low=case.num(low, 1), high=case.num(high, 1))


@check("poor_income")
def _poor_income(case: Case) -> Answer:
    """Hold the range of incomes against the statements that they lie below the minimum wage."""
    case.must_be_fact(case.number(0), "income_low")
    case.must_be_fact(case.number(1), "income_high")
    low, high = _share(case, "income_share")
    fill = {"low": case.num(low, 1), "high": case.num(high, 1)}
    against = ("income_far_below_minimum_wage", "minimum_wage")
    return case.consistent_if(high < 100, "income_share", *against, **fill)


@check("income_far_below_minimum_wage")
def _far_below(case: Case) -> Answer:
    """How far the range of incomes lies below the minimum wage."""
    wage = case.fact("minimum_wage")
    least, most = wage - case.fact("income_high"), wage - case.fact("income_low")
    if least <= 0:
        return case.contradicted("income_reaches", "poor_income", "minimum_wage")
    return case.bounded(
        "income_gap",
        least=case.num(least),
        most=case.num(most),
        low=case.num(100 * least / wage, 1),
        high=case.num(100 * most / wage, 1),
    )


@check("income_mean_below_minimum_wage")
def _mean_below(case: Case) -> Answer:
    """Hold the top of the range, which no average exceeds, against the minimum wage."""
    top, wage = case.fact("income_high"), case.fact("minimum_wage")
    fill = {"top": case.num(top), "wage": case.num(wage)}
    if top < wage:
        return case.reproduced("income_mean_below", **fill)
    if case.fact("income_low") >= wage:
        return case.contradicted("income_reaches", "poor_income", "minimum_wage")
    return case.open("income_mean_open", **fill)


@check("household_dependants")
def _household(case: Case) -> Answer:
    """Family members to support, and what the incomes leave for each."""
    fewest, most = case.number(0), case.number(1)
    case.must_be_fact(fewest, "household_low")
    case.must_be_fact(most, "household_high")
    least, best = case.fact("income_low") / most, case.fact("income_high") / fewest
    return case.open("per_head", low=case.num(least), high=case.num(best))


def _year(case: Case) -> str:
    """Return the year of the earlier programme."""
    return str(case.row("facts", fact="programme_2012_year")["value"])


@check("groups_2012_surviving")
def _surviving(case: Case) -> Answer:
    """Count the groups of 2012 that are left against those set up."""
    case.must_be_fact(case.number(0), "programme_2012_surviving")
    left, formed = case.fact("programme_2012_surviving"), case.fact("programme_2012_groups")
    fill = {
        "left": case.num(left),
        "formed": case.num(formed),
        "share": case.num(100 * left / formed),
        "year": _year(case),
    }
    return case.consistent_if(left <= formed, "survival", "groups_2012", **fill)


@check("kube_effective", "preliminary_better_than_before", "failure_2012_due_to_no_professional")
def _record_2012(case: Case) -> Answer:
    """Call the only other groups that the study counts, those of 2012."""
    left, formed = case.fact("programme_2012_surviving"), case.fact("programme_2012_groups")
    return case.open(
        "survival",
        left=case.num(left),
        formed=case.num(formed),
        share=case.num(100 * left / formed),
        year=_year(case),
    )


@check("groups_2012_business")
def _business_2012(case: Case) -> Answer:
    """Look for figures of the one surviving group."""
    left = case.fact("programme_2012_surviving")
    row = case.row("facts", fact="programme_2012_business")
    if row["value"].removesuffix(" only") not in case.statement:
        case.must_equal(case.statement, row["value"], row["locator"])
    return case.open("business_2012", left=case.num(left))


@check("mentoring_2012_duration", "failure_2012_due_to_short_mentoring")
def _months_2012(case: Case) -> Answer:
    """Set the months of mentoring of 2012 beside those of this study."""
    if case.claim == "mentoring_2012_duration":
        case.must_be_fact(case.number(1), "programme_2012_months")
    then, now = case.fact("programme_2012_months"), case.fact("programme_months")
    return case.open("months_2012", then=case.num(then), now=case.num(now), year=_year(case))


@check("anti_poverty_programmes_no_effect")
def _one_year(case: Case) -> Answer:
    """Count the years for which a rate is given."""
    year = case.row("facts", fact="regency_statistics_year")["value"]
    return case.open("one_year", rate=case.plain(case.fact("regency_poor_pct")), year=year)


@check("iks_share_sick", "iks_share_posyandu")
def _iks_share(case: Case) -> Answer:
    """Add up the shares of a fund that is said to be divided in two."""
    sick = case.claim == "iks_share_sick"
    case.must_be_fact(case.number(), "iks_sick_pct" if sick else "iks_posyandu_pct")
    shares = [
        Fraction(str(row["share_pct"]))
        for row in case.rows("iks_rule")
        if row["share_pct"] is not None
    ]
    total = sum(shares, Fraction(0))
    based = [row["base"] for row in case.rows("iks_rule") if row["base"]]
    return case.open(
        "iks_shares",
        shares=case.list(f"{case.plain(share)}%" for share in shares),
        total=case.plain(total),
        rest=case.plain(100 - total),
        bases=len(based),
    )


@check("iks_name_a", "iks_name_b")
def _iks_name(case: Case) -> Answer:
    """Two readings of one abbreviation."""
    mine, other = case.side, case.other_side
    names = case.readings("iks_name")
    uses = {
        reading: sum(name in str(row["text_id"]) for row in case.rows("agenda"))
        for reading, name in names.items()
    }
    if names[mine] not in case.statement:
        locator = case.row("conflicts", conflict="iks_name", reading=mine)["locator"]
        case.must_equal(case.statement, names[mine], locator)
    if names[mine] == names[other]:
        return case.consistent("readings_agree", value=names[mine])
    return case.opposed(
        "names_differ", case.rival, other=names[other], mine=uses[mine], theirs=uses[other]
    )


@check("kuber_funding")
def _funding(case: Case) -> Answer:
    """Find the meeting that set the fund aside, and the day it was for."""
    planned = [
        row
        for row in case.rows("agenda", kind="solution")
        if "IKS" in row["text_en"] and "community service" in row["text_en"]
    ]
    named = [
        row
        for row in case.rows("monitoring", activity="kuber", aspect="supporting")
        if "IKS" in row["text_en"]
    ]
    if not planned or not named:
        return case.open("elsewhere", places=case.places)
    day, kuber = case.day(planned[0]["activity"]), case.day("kuber")
    return case.consistent("funding", date=case.when(day), days=(kuber - day).days)
