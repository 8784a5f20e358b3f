"""Checks of dates, of the place, of money and of the earlier programme: what figures imply together."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import pandas as pd

from kube_research.errors import MissingColumnError
from kube_research.evidence.printed import RULES, unround
from kube_research.formats import day_of
from kube_research.frames import need_columns
from kube_research.study.case import Answer, Case, Row, check, hours, months_between, weekdays
from kube_research.texts import check_language, text

_LANGUAGE_OF_SOURCE = "id"
_Span = tuple[pd.Timestamp, pd.Timestamp]
_MEETINGS = [f"mentoring_{number}" for number in range(1, 5)]
#: Words by which an agenda plans an activity.
_COMMITTEE, _TRAINING = "committee for the community service", "session on managing finance"


@check(**{f"{name}_date": (name,) for name in ("preparation_meeting", *_MEETINGS)})
def _weekday(case: Case, activity: str) -> Answer:
    """Hold the weekday printed beside a date against the calendar."""
    day = case.stated_day(activity)
    row = case.row("activities", activity=activity)
    printed = day_of(day, _LANGUAGE_OF_SOURCE, "EEEE d MMMM y")
    right = weekdays(case.statement) == [day.day_name()] and row["printed_date"] == printed
    fill = {"date": day, "weekday": case.when(day, "EEEE")}
    return case.consistent_if(right, "weekday", row["locator"], **fill)


@check(**{f"{name}_time": (name,) for name in _MEETINGS})
def _hours(case: Case, activity: str) -> Answer:
    """Hold the end of a meeting against its start; nothing else gives its hours."""
    row = case.row("activities", activity=activity)
    stated = hours(case.statement)
    case.must_equal(stated, [row["start"], row["end"]], row["locator"])
    start, end = (pd.Timestamp(f"2000-01-01 {hour}") for hour in stated)
    length = (end - start).total_seconds() / 3600
    if length <= 0:
        return case.contradicted("hours_reversed", row["locator"])
    needed = case.say("needed_hours", date=case.when(case.day(activity)))
    return case.open("hours", needed=needed, hours=case.num(length, 1))


def _planning(case: Case, sign: str) -> list[Row]:
    """Return the points of the meetings that speak of something."""
    return [row for row in case.rows("agenda") if sign.lower() in row["text_en"].lower()]


def _on_agenda(case: Case, sign: str, day: pd.Timestamp, against: list[Row]) -> Answer:
    """Find what was decided on the agenda of the meeting of a day; else point to another agenda."""
    points = [row for row in _planning(case, sign) if case.day(row["activity"]) == day]
    if points:
        meeting = case.title(points[0]["activity"])
        return case.reproduced("on_agenda", date=day, meeting=meeting)
    return case.contradicted("not_on_agenda", *(row["locator"] for row in against[:1]), date=day)


@check(
    study_visit_planned_date=("study visit",),
    kuber_committee_date=(_COMMITTEE,),
)
def _planned_at(case: Case, sign: str) -> Answer:
    """Find what was decided again on the agenda of that day."""
    return _on_agenda(case, sign, case.date(), _planning(case, sign))


@check("peka_2_date", "peka_2_with_meeting_4")
def _second_peka(case: Case) -> Answer:
    """Find the follow-up PEKA on the agenda of the meeting of the same day."""
    held = case.day("peka_2")
    if case.claim == "peka_2_date":
        case.stated_day("peka_2")
        row = case.row("rounds", activity="peka_2")
        case.must_equal(case.date(), row["date"], row["locator"])
    return _on_agenda(case, "PEKA", held, case.rows("agenda", activity="mentoring_4"))


def _fieldwork(case: Case) -> _Span:
    return case.day("fieldwork"), case.day("fieldwork", "last_date")


@check(
    study_visit_date=("study_visit", "study visit"),
    training_finance_date=("training_finance", _TRAINING),
    training_admin_date=("training_admin", _TRAINING),
    kuber_date=("kuber", _COMMITTEE),
)
def _follows(case: Case, activity: str, sign: str) -> Answer:
    """Place a day within the fieldwork and after the meeting that planned it."""
    day = case.stated_day(activity)
    first, last = _fieldwork(case)
    plans = _planning(case, sign)
    if not plans:
        return case.open("elsewhere")
    planned = min(case.day(row["activity"]) for row in plans)
    days = (day - planned).days
    fill = {"date": day, "days": days, "planned": planned, "first": first, "last": last}
    if not first <= day <= last:
        return case.contradicted("outside", "fieldwork_start", "fieldwork_end", **fill)
    if days < 0:
        return case.contradicted("before_plan", plans[0]["locator"], **fill)
    return case.consistent("after_plan", **fill)


def _claim_of_day(case: Case, activity: Row) -> str | None:
    """Return the claim that dates an activity, or where the source does so."""
    claim = f"{activity['activity']}_date"
    return claim if claim in case.source.claims else activity["locator"]


@check("fieldwork_start")
def _begin(case: Case) -> Answer:
    """Hold the first day of the fieldwork against the first thing done; to prepare comes before."""
    start = case.stated_day("fieldwork")
    acts = [row for row in case.dated(precision="day") if row["kind"] != "study"]
    earliest = min(acts, key=lambda row: row["date"])
    days, what = (earliest["date"] - start).days, earliest[f"title_{case.lang}"]
    fill = {"what": what, "date": earliest["date"], "days": abs(days)}
    if days < 0 and earliest["kind"] == "preparation":
        return case.tension("prepared_before", _claim_of_day(case, earliest), **fill)
    if days < 0:
        return case.contradicted("begun_before", _claim_of_day(case, earliest), **fill)
    return case.consistent("begun_after", **fill)


@check("fieldwork_end")
def _end(case: Case) -> Answer:
    """Hold the last day of the fieldwork against the last thing done."""
    end = case.stated_day("fieldwork", "last_date")
    latest = max(case.dated(precision="day"), key=lambda row: row["date"])
    days, what = (end - latest["date"]).days, latest[f"title_{case.lang}"]
    fill = {"what": what, "date": latest["date"], "days": abs(days)}
    if days < 0:
        return case.contradicted("goes_on_after", _claim_of_day(case, latest), **fill)
    return case.consistent("last_before", **fill)


@check("independence_stage_cut_short")
def _cut_short(case: Case) -> Answer:
    """Count the days between the last activity and the end of the fieldwork."""
    end, last = case.day("fieldwork", "last_date"), case.day("kuber")
    return case.consistent("days_left", days=(end - last).days, date=last)


@check("mentoring_start")
def _first_meeting(case: Case) -> Answer:
    """Hold the start of the series against the first meeting described."""
    day = case.stated_day("mentoring")
    first = min(case.dated(kind="meeting"), key=lambda row: row["date"])
    fill = {"date": first["date"], "meeting": first[f"title_{case.lang}"]}
    same = day == first["date"]
    return case.reproduced_if(same, "first_meeting", _claim_of_day(case, first), **fill)


@check("mentoring_duration")
def _duration(case: Case) -> Answer:
    """Hold the length stated against the first and last day."""
    case.must_state("programme_months")
    start, end = _fieldwork(case)
    whole = months_between(start, end)
    touched = months_between(start.replace(day=1), end) + 1
    fill = {"first": start, "last": end, "months": whole, "touched": touched}
    against = ("fieldwork_start", "fieldwork_end")
    return case.reproduced_if(whole == case.number(), "duration", *against, **fill)


@check("preliminary_study_start")
def _preliminary_start(case: Case) -> Answer:
    """Place the beginning of the groups within the study that set them up."""
    start = case.stated_day("preliminary_study")
    end = case.day("preliminary_study", "last_date")
    first, last = _common_start(case)[0]
    fill = {"first": first, "last": last}
    if last < start or first > end:
        return case.contradicted("groups_outside", "groups_running_nine_months", **fill)
    return case.in_range("groups_inside", **fill)


@check("preliminary_study_end_a", "preliminary_study_end_b")
def _preliminary_end(case: Case) -> Answer:
    """Two ends of the earlier study: one a day, the other a month."""
    exact = case.side == "a"
    stated = case.date().strftime("%Y-%m-%d") if exact else case.month().strftime("%Y-%m")
    mine, other = case.must_read(stated, "preliminary_end")
    day, month = (mine, other) if exact else (other, mine)

    def in_words(end: str) -> str:
        date = pd.to_datetime(end, errors="coerce")
        form = "d MMMM y" if end == day else "MMMM y"
        return end if pd.isna(date) else case.when(date, form)

    if day.startswith(month):
        return case.consistent("readings_agree", value=in_words(mine))
    fill = {"mine": in_words(mine), "other": in_words(other)}
    return case.opposed("readings_differ", case.rival, **fill)


@check("peka_1_date_a")
def _first_peka_printed(case: Case) -> Answer:
    """Hold the month printed under the table against the meeting that prepared it."""
    month = case.month()
    case.must_read(month.strftime("%Y-%m"), "table_2_date")
    meeting, study = case.day("preparation_meeting"), case.day("preliminary_study")
    fill = {"month": case.when(month, "MMMM y"), "meeting": meeting, "study": study}
    if month + pd.offsets.MonthEnd(0) >= meeting:
        return case.consistent("peka_after", **fill)
    return case.contradicted("peka_before", "peka_1_date_b", "preparation_meeting_date", **fill)


def _first_peka_days(case: Case) -> _Span:
    """Days on which the first PEKA can have been, whatever month is printed under its table."""
    return case.day("preparation_meeting"), case.day("peka_2") - pd.Timedelta(days=1)


@check("peka_1_date_b", "meeting_before_peka")
def _first_peka(case: Case) -> Answer:
    """Place the first PEKA by the month printed, and by the meeting and the follow-up alone."""
    meeting, before = _first_peka_days(case)
    if case.claim == "peka_1_date_b":
        case.stated_day("preparation_meeting")
    first, last = case.day("peka_1"), case.day("peka_1", "last_date")
    fill = {"first": max(first, meeting), "last": last, "meeting": meeting, "before": before}
    if last < meeting:
        return case.contradicted("peka_window", "preparation_meeting_date", **fill)
    if case.claim == "peka_1_date_b":
        return case.bounded("peka_window", "peka_1_date_a", **fill)
    return case.in_range("peka_window", "peka_1_date_a", **fill)


@check("meetings_first_week")
def _first_week(case: Case) -> Answer:
    """Days of the month of the meetings."""
    meetings = case.dated(kind="meeting")
    days = [row["date"].day for row in meetings]
    late = [row for row in meetings if row["date"].day > 7]
    against = [_claim_of_day(case, row) for row in late]
    fill = {"days": days, "late": len(late), "total": len(days)}
    return case.reproduced_if(not late, "first_week", *against, **fill)


@check("mentoring_schedule_a", "mentoring_schedule_b")
def _schedule(case: Case) -> Answer:
    """Whether the meetings kept one weekday and one hour; a changed day can still be kept."""
    meetings = case.dated(kind="meeting")
    days = {row["date"].day_name() for row in meetings}
    slots = {(row["start"], row["end"]) for row in meetings}
    changed = len(days) > 1 or len(slots) > 1
    fill = {"total": len(meetings), "weekdays": len(days), "slots": len(slots)}
    if changed:
        return case.tension("schedule_changed", case.rival, **fill)
    return case.consistent_if(case.side == "a", "schedule", case.rival, **fill)


@check("report_before_brainstorming")
def _reports_first(case: Case) -> Answer:
    """Look up what stands first on the agenda of each meeting."""
    first = case.some("agenda", kind="issue", order=1)
    reports = sum("financial report" in row["text_en"].lower() for row in first)
    brain = len(_planning(case, "brainstorm"))
    fill = {"reports": reports, "total": len(first), "brain": brain}
    return case.consistent_if(reports == len(first), "reports_first", first[0]["locator"], **fill)


@check("outcome_tables_source_date")
def _tables_date(case: Case) -> Answer:
    """Results of the last activity cannot be older than it."""
    month = case.month()
    last = max(case.day(row["activity"]) for row in case.some("monitoring", aspect="result"))
    end = min(month + pd.offsets.MonthEnd(0), case.day("fieldwork", "last_date"))
    fill = {"first": max(last, month), "last": end}
    if last > end:
        return case.contradicted("tables_window", "kuber_date", **fill)
    return case.bounded("tables_window", **fill)


def _window(months: int, first: pd.Timestamp, last: pd.Timestamp) -> list[_Span]:
    """When something began that has run so many months: whole months past, and nearest month."""
    back, more = pd.DateOffset(months=months), pd.DateOffset(months=months + 1)
    half = pd.Timedelta(days=15)
    return [
        (first - more + pd.Timedelta(days=1), last - back),
        (first - back - half, last - back + half),
    ]


def _common_start(case: Case) -> list[_Span]:
    """When the groups began, by both statements together, in both ways of counting months."""
    kuber = case.day("kuber")
    five = _window(int(case.fact("months_running_at_peka_1")), *_first_peka_days(case))
    nine = _window(int(case.fact("months_running_at_kuber")), kuber, kuber)
    return [(max(a[0], b[0]), min(a[1], b[1])) for a, b in zip(five, nine, strict=True)]


@check(
    groups_running_five_months=("months_running_at_peka_1", 1),
    groups_running_nine_months=("months_running_at_kuber", 0),
)
def _running(case: Case, fact: str, place: int) -> Answer:
    """Two durations that must lead back to one start."""
    case.must_state(fact, place=place)
    whole, near = _common_start(case)
    if all(first > last for first, last in (whole, near)):
        against = ("groups_running_five_months", "groups_running_nine_months")
        return case.contradicted("starts_differ", *against)
    fill = dict(zip(("first", "last", "near_first", "near_last"), whole + near, strict=True))
    return case.in_range("start_window", **fill)


@check("motivation_decline_due_to_newness")
def _newness(case: Case) -> Answer:
    """How long the groups had been running."""
    return case.open("age", months=case.fact("months_running_at_peka_1"))


@check("kuber_in_each_rw")
def _one_day(case: Case) -> Answer:
    """One date for all groups."""
    groups, date = case.fact("groups"), case.day("kuber")
    days = {row["date"] for row in case.rows("activities", activity="kuber")}
    return case.open("one_day", days=len(days), date=date, groups=groups)


@check("kuber_without_researcher")
def _own_plan(case: Case) -> Answer:
    """Where the committee was formed, and in whose plan the activity stands."""
    points = _planning(case, _COMMITTEE)
    if not points:
        return case.open("elsewhere")
    total = len(case.some("activities", kind="intervention"))
    return case.open("own_plan", date=case.day(points[0]["activity"]), total=total)


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
    spans = [unround(str(values["regency_poor_pct"]), rule) for rule in RULES]
    low_pct, high_pct = min(span.low for span in spans), max(span.high for span in spans)
    people = 100 * number["regency_poor_people"]
    wage = number["minimum_wage"]
    incomes = [100 * number[name] / wage for name in ("income_low", "income_high")]
    rows = [
        ("poor_share", share, share, "percent", "derived"),
        ("regency_population", people / high_pct, people / low_pct, "people", "bounded"),
        ("income_share", *incomes, "percent", "derived"),
    ]
    shares = pd.DataFrame(rows, columns=["measure", "low", "high", "unit", "evidence"])
    for name in ("measure", "unit"):
        shares[name] = [text(f"place.{code}", lang) for code in shares[name]]
    return shares.astype({"low": "float64", "high": "float64"})


def _share(case: Case, measure: str) -> tuple[float, float]:
    """Return both ends of one of the measures that the facts about the place imply."""
    for name in _FIGURES:
        case.fact(name)
    facts = pd.DataFrame([case.row("facts", fact=name) for name in _FIGURES])
    shares = place_shares(facts, lang=case.lang)
    row = shares[shares["measure"] == text(f"place.{measure}", case.lang)].iloc[0]
    return float(row["low"]), float(row["high"])


@check(regency_poor_people=("regency_poor_people",), regency_poverty_rate=("regency_poor_pct",))
def _regency(case: Case, fact: str) -> Answer:
    """Poor people and the poverty rate of the regency: what population they imply."""
    case.must_state(fact)
    low, high = _share(case, "regency_population")
    return case.in_range(
        "regency_population",
        low=case.num(math.ceil(low)),
        high=case.num(math.floor(high)),
        people=case.fact("regency_poor_people"),
        rate=case.fact("regency_poor_pct"),
    )


@check("kelurahan_population", "kelurahan_poor_people")
def _kelurahan(case: Case) -> Answer:
    """Poor people of the kelurahan as a share of its inhabitants."""
    case.must_state(case.claim)
    share, _ = _share(case, "poor_share")
    fill = {
        "poor": case.fact("kelurahan_poor_people"),
        "people": case.fact("kelurahan_population"),
        "share": case.num(share, 2),
        "rate": case.fact("regency_poor_pct"),
    }
    against = ("kelurahan_population", "kelurahan_poor_people")
    return case.consistent_if(share <= 100, "kelurahan_share", *against, **fill)


@check(
    regency_districts=("regency_districts",),
    groups_2012=("programme_2012_groups", "programme_2012_year"),
)
def _elsewhere(case: Case, *facts: str) -> Answer:
    """Pass on a figure from outside the study, of which the tables hold nothing else."""
    case.must_state(*facts)
    return case.open("elsewhere")


@check(minimum_wage=("minimum_wage",), poor_income=("income_low", "income_high"))
def _income_share(case: Case, *facts: str) -> Answer:
    """How much of the minimum wage the poor earn, who are said to earn less than it."""
    case.must_state(*facts)
    low, high = _share(case, "income_share")
    fill: dict[str, Any] = {"low": case.num(low, 1), "high": case.num(high, 1)}
    against = ("income_far_below_minimum_wage", "poor_income", "minimum_wage")
    return case.consistent_if(high < 100, "income_share", *against, **fill)


@check("income_far_below_minimum_wage")
def _far_below(case: Case) -> Answer:
    """How far the range of incomes lies below the minimum wage."""
    wage = case.fact("minimum_wage")
    least, most = wage - case.fact("income_high"), wage - case.fact("income_low")
    if least <= 0:
        return case.contradicted("income_reaches", "poor_income", "minimum_wage")
    low, high = (case.num(100 * gap / wage, 1) for gap in (least, most))
    return case.bounded("income_gap", least=least, most=most, low=low, high=high)


@check("income_mean_below_minimum_wage")
def _mean_below(case: Case) -> Answer:
    """Hold the top of the range, which no average exceeds, against the minimum wage."""
    top, wage = case.fact("income_high"), case.fact("minimum_wage")
    if top < wage:
        return case.reproduced("income_mean_below", top=top, wage=wage)
    if case.fact("income_low") >= wage:
        return case.contradicted("income_reaches", "poor_income", "minimum_wage")
    return case.open("income_mean_open", top=top, wage=wage)


@check("household_dependants")
def _household(case: Case) -> Answer:
    """Family members to support, and what the incomes leave for each."""
    case.must_state("household_low", "household_high")
    least = case.fact("income_low") / case.number(1)
    best = case.fact("income_high") / case.number(0)
    return case.open("per_head", low=case.num(least), high=case.num(best))


def _year(case: Case) -> str:
    """Return the year of the earlier programme."""
    return str(case.row("facts", fact="programme_2012_year")["value"])


def _survival(case: Case) -> dict[str, Any]:
    """Return how many of the groups of 2012 are left, of how many."""
    left, formed = case.fact("programme_2012_surviving"), case.fact("programme_2012_groups")
    share = case.num(100 * left / formed)
    return {"left": left, "formed": formed, "share": share, "year": _year(case)}


@check("groups_2012_surviving")
def _surviving(case: Case) -> Answer:
    """Count the groups of 2012 that are left against those set up."""
    case.must_state("programme_2012_surviving")
    fill = _survival(case)
    if fill["left"] > fill["formed"]:
        return case.contradicted("survival", "groups_2012", **fill)
    return case.open("survival", **fill)


@check("preliminary_better_than_before", "failure_2012_due_to_no_professional")
def _record_2012(case: Case) -> Answer:
    """Call the only other groups that the study counts, those of 2012."""
    return case.open("survival", **_survival(case))


@check("groups_2012_business")
def _business_2012(case: Case) -> Answer:
    """Look for figures of the one surviving group."""
    left = case.fact("programme_2012_surviving")
    row = case.row("facts", fact="programme_2012_business")
    if row["value"].removesuffix(" only") not in case.statement:
        case.must_equal(case.statement, row["value"], row["locator"])
    return case.open("business_2012", left=left)


@check(mentoring_2012_duration=("programme_2012_months",), failure_2012_due_to_short_mentoring=())
def _months_2012(case: Case, *facts: str) -> Answer:
    """Set the months of mentoring of 2012 beside those of this study."""
    case.must_state(*facts, place=1)
    then, now = case.fact("programme_2012_months"), case.fact("programme_months")
    return case.open("months_2012", then=then, now=now, year=_year(case))


@check(iks_share_sick=("iks_sick_pct",), iks_share_posyandu=("iks_posyandu_pct",))
def _iks_share(case: Case, fact: str) -> Answer:
    """Add up the shares of a fund that is said to be divided in two."""
    case.must_state(fact)
    rule = case.rows("iks_rule")
    shares = [Fraction(str(row["share_pct"])) for row in rule if row["share_pct"] is not None]
    total = sum(shares, Fraction(0))
    return case.open(
        "iks_shares",
        shares=[f"{case.plain(share)}%" for share in shares],
        total=total,
        rest=100 - total,
        bases=sum(bool(row["base"]) for row in rule),
    )


@check("iks_name_a", "iks_name_b")
def _iks_name(case: Case) -> Answer:
    """Two readings of one abbreviation."""
    name = case.readings("iks_name")[case.side]
    stated = name if name in case.statement else case.statement
    mine, other = case.must_read(stated, "iks_name")
    if mine == other:
        return case.consistent("readings_agree", value=mine)
    points = [str(row["text_id"]) for row in case.rows("agenda")]
    own, theirs = (sum(form in point for point in points) for form in (mine, other))
    return case.opposed("names_differ", case.rival, other=other, mine=own, theirs=theirs)


@check("kuber_funding")
def _funding(case: Case) -> Answer:
    """Find the meeting that set the fund aside, and the day it was for."""
    solutions = case.rows("agenda", kind="solution")
    factors = case.rows("monitoring", activity="kuber", aspect="supporting")
    planned = [
        row
        for row in solutions
        if "IKS" in row["text_en"] and "community service" in row["text_en"]
    ]
    if not planned or not any("IKS" in row["text_en"] for row in factors):
        return case.open("elsewhere")
    day, kuber = case.day(planned[0]["activity"]), case.day("kuber")
    return case.consistent("funding", date=day, days=(kuber - day).days)
