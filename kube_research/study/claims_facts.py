"""Checks of dates, of the place, of money and of the earlier programme: what figures imply together."""

from __future__ import annotations

import math
from fractions import Fraction

import pandas as pd

from kube_research.errors import MissingColumnError
from kube_research.evidence.printed import unround
from kube_research.formats import day_of
from kube_research.frames import need_columns
from kube_research.study.case import Answer, Case, Row, check, family, hours, weekdays
from kube_research.texts import check_language, text

_LANGUAGE_OF_SOURCE = "id"
_Span = tuple[pd.Timestamp, pd.Timestamp]


def _stated_day(case: Case, activity: str) -> pd.Timestamp:
    """Return the day of an activity, once the claim has been held against it."""
    day = case.day(activity)
    case.must_equal(case.date(), day, case.row("activities", activity=activity)["locator"])
    return day


def _weekday(case: Case, activity: str) -> Answer:
    """Hold the weekday printed beside a date against the calendar."""
    day = _stated_day(case, activity)
    row = case.row("activities", activity=activity)
    printed = day_of(day, _LANGUAGE_OF_SOURCE, "EEEE d MMMM y")
    fill = {"date": case.when(day), "weekday": case.when(day, "EEEE")}
    right = weekdays(case.statement) == [day.day_name()] and row["printed_date"] == printed
    return case.reproduced_if(right, "weekday", row["locator"] or case.locator, **fill)


def _hours(case: Case, activity: str) -> Answer:
    """Hold the end of a meeting against its start."""
    row = case.row("activities", activity=activity)
    stated = hours(case.statement)
    case.must_equal(case.list(stated), case.list([row["start"], row["end"]]), row["locator"])
    start, end = (pd.Timestamp(f"2000-01-01 {hour}") for hour in stated)
    length = (end - start).total_seconds() / 3600
    others = {r["start"] for r in case.dated(kind="meeting")}
    fill = {"hours": case.num(length, 1), "slots": len(others)}
    return case.consistent_if(length > 0, "hours", row["locator"] or case.locator, **fill)


_MEETINGS = [f"mentoring_{number}" for number in range(1, 5)]
family(_weekday, {f"{name}_date": (name,) for name in ("preparation_meeting", *_MEETINGS)})
family(_hours, {f"{name}_time": (name,) for name in _MEETINGS})


def _planning(case: Case, sign: str) -> list[Row]:
    """Return the points of the meetings that speak of something."""
    return [row for row in case.rows("agenda") if sign.lower() in row["text_en"].lower()]


def _planned_at(case: Case, sign: str) -> Answer:
    """Find what was decided again on the agenda of that day."""
    day = case.date()
    points = _planning(case, sign)
    fitting = [row for row in points if case.day(row["activity"]) == day]
    if fitting:
        title = case.title(fitting[0]["activity"])
        return case.reproduced("on_agenda", date=case.when(day), meeting=title)
    where = [row["locator"] for row in points[:1]]
    return case.contradicted("not_on_agenda", *where, date=case.when(day))


family(
    _planned_at,
    {
        "study_visit_planned_date": ("study visit",),
        "kuber_committee_date": ("committee for the community service",),
    },
)


@check("peka_2_date", "peka_2_with_meeting_4")
def _second_peka(case: Case) -> Answer:
    """Find the follow-up PEKA on the agenda of the meeting of the same day."""
    held = case.day("peka_2")
    if case.claim == "peka_2_date":
        _stated_day(case, "peka_2")
        row = case.row("rounds", activity="peka_2")
        case.must_equal(case.date(), row["date"], row["locator"])
    points = [row for row in _planning(case, "PEKA") if case.day(row["activity"]) == held]
    if points:
        meeting = case.title(points[0]["activity"])
        return case.reproduced("on_agenda", date=case.when(held), meeting=meeting)
    against = [row["locator"] for row in case.rows("agenda", activity="mentoring_4")[:1]]
    return case.contradicted("not_on_agenda", *against, date=case.when(held))


def _follows(case: Case, activity: str, sign: str) -> Answer:
    """Place a day within the fieldwork and after the meeting that planned it."""
    day = _stated_day(case, activity)
    first, last = case.day("fieldwork"), case.day("fieldwork", "last_date")
    plans = [case.day(row["activity"]) for row in _planning(case, sign)]
    if not plans:
        return case.open("elsewhere", places=case.places)
    fill = {
        "date": case.when(day),
        "days": (day - min(plans)).days,
        "planned": case.when(min(plans)),
        "first": case.when(first),
        "last": case.when(last),
    }
    if not first <= day <= last:
        return case.contradicted("outside", "fieldwork_start", "fieldwork_end", **fill)
    if day < min(plans):
        where = _planning(case, sign)[0]["locator"]
        return case.contradicted("before_plan", where, **fill)
    return case.consistent("after_plan", **fill)


family(
    _follows,
    {
        "study_visit_date": ("study_visit", "study visit"),
        "training_finance_date": ("training_finance", "session on managing finance"),
        "training_admin_date": ("training_admin", "session on managing finance"),
        "kuber_date": ("kuber", "committee for the community service"),
    },
)


@check("fieldwork_start")
def _begin(case: Case) -> Answer:
    """Hold the first day of the fieldwork against the first thing done."""
    start = _stated_day(case, "fieldwork")
    acts = [row for row in case.dated(precision="day") if row["kind"] != "study"]
    earliest = min(acts, key=lambda row: row["date"])
    fill = {
        "what": earliest[f"title_{case.lang}"],
        "date": case.when(earliest["date"]),
        "days": (start - earliest["date"]).days,
    }
    if earliest["date"] < start:
        claim = f"{earliest['activity']}_date"
        known = claim if claim in case.source.claims else earliest["locator"] or case.locator
        return case.contradicted("begun_before", known, **fill)
    return case.consistent("begun_after", **{**fill, "days": -int(fill["days"])})


@check("fieldwork_end")
def _end(case: Case) -> Answer:
    """Hold the last day of the fieldwork against the last thing done."""
    end = case.day("fieldwork", "last_date")
    case.must_equal(case.date(), end, case.row("activities", activity="fieldwork")["locator"])
    latest = max(case.dated(precision="day"), key=lambda row: row["date"])
    days = (end - latest["date"]).days
    fill = {"what": latest[f"title_{case.lang}"], "date": case.when(latest["date"]), "days": days}
    if days < 0:
        against = f"{latest['activity']}_date"
        return case.contradicted("goes_on_after", against, **{**fill, "days": -days})
    return case.consistent("last_before", **fill)


@check("independence_stage_cut_short")
def _cut_short(case: Case) -> Answer:
    """Count the days between the last activity and the end of the fieldwork."""
    end, last = case.day("fieldwork", "last_date"), case.day("kuber")
    return case.consistent("days_left", days=(end - last).days, date=case.when(last))


@check("mentoring_start")
def _first_meeting(case: Case) -> Answer:
    """Hold the start of the series against the first meeting described."""
    day = _stated_day(case, "mentoring")
    first = min(case.dated(kind="meeting"), key=lambda row: row["date"])
    fill = {"date": case.when(first["date"]), "meeting": first[f"title_{case.lang}"]}
    its_date = f"{first['activity']}_date"
    return case.reproduced_if(day == first["date"], "first_meeting", its_date, **fill)


@check("mentoring_duration")
def _duration(case: Case) -> Answer:
    """Hold the length stated against the first and last day."""
    case.must_be_fact(case.number(), "programme_months")
    start, end = case.day("fieldwork"), case.day("fieldwork", "last_date")
    whole = (end.year - start.year) * 12 + end.month - start.month - (end.day < start.day)
    touched = (end.year - start.year) * 12 + end.month - start.month + 1
    fill = {
        "first": case.when(start),
        "last": case.when(end),
        "months": whole,
        "touched": touched,
    }
    ends = ("fieldwork_start", "fieldwork_end")
    return case.reproduced_if(whole == case.number(), "duration", *ends, **fill)


@check("preliminary_study_start")
def _preliminary_start(case: Case) -> Answer:
    """Place the beginning of the groups within the study that set them up."""
    start = _stated_day(case, "preliminary_study")
    end = case.day("preliminary_study", "last_date")
    first, last = _common_start(case)[0]
    fill = {"first": case.when(first), "last": case.when(last)}
    if last < start or first > end:
        return case.contradicted("groups_outside", "groups_running_nine_months", **fill)
    return case.consistent("groups_inside", **fill)


@check("preliminary_study_end_a", "preliminary_study_end_b")
def _preliminary_end(case: Case) -> Answer:
    """Two ends of the earlier study."""
    mine, other = case.side, case.other_side
    ends = case.readings("preliminary_end")
    stated = case.date().strftime("%Y-%m-%d") if mine == "a" else case.month().strftime("%Y-%m")
    locator = case.row("conflicts", conflict="preliminary_end", reading=mine)["locator"]
    case.must_equal(stated, ends[mine], locator)
    forms = {"a": "d MMMM y", "b": "MMMM y"}
    days = {r: pd.to_datetime(value, errors="coerce") for r, value in ends.items()}
    words = {r: ends[r] if pd.isna(day) else case.when(day, forms[r]) for r, day in days.items()}
    if ends["a"].startswith(ends["b"]):
        return case.consistent("readings_agree", value=words[mine])
    return case.opposed("readings_differ", case.rival, mine=words[mine], other=words[other])


@check("peka_1_date_a")
def _first_peka_printed(case: Case) -> Answer:
    """Hold the month printed under the table against the meeting that prepared it."""
    month = case.month()
    printed = case.readings("table_2_date")["a"]
    locator = case.row("conflicts", conflict="table_2_date", reading="a")["locator"]
    case.must_equal(month.strftime("%Y-%m"), printed, locator)
    meeting, study = case.day("preparation_meeting"), case.day("preliminary_study")
    fill = {
        "month": case.when(month, "MMMM y"),
        "meeting": case.when(meeting),
        "study": case.when(study),
    }
    if month + pd.offsets.MonthEnd(0) >= meeting:
        return case.consistent("peka_after", **fill)
    return case.contradicted("peka_before", "peka_1_date_b", "preparation_meeting_date", **fill)


@check("peka_1_date_b", "meeting_before_peka")
def _first_peka(case: Case) -> Answer:
    """Place the first PEKA in a window after the meeting that prepared it."""
    meeting = case.day("preparation_meeting")
    if case.claim == "peka_1_date_b":
        _stated_day(case, "preparation_meeting")
    first, last = case.day("peka_1"), case.day("peka_1", "last_date")
    fill = {"first": case.when(max(first, meeting)), "last": case.when(last)}
    if last < meeting:
        return case.contradicted("peka_window", "preparation_meeting_date", **fill)
    if case.claim == "peka_1_date_b":
        return case.bounded("peka_window", "peka_1_date_a", **fill)
    return case.consistent("peka_window", "peka_1_date_a", **fill)


@check("meetings_first_week")
def _first_week(case: Case) -> Answer:
    """Days of the month of the meetings."""
    days = [row["date"].day for row in case.dated(kind="meeting")]
    late = [row for row in case.dated(kind="meeting") if row["date"].day > 7]
    fill = {"days": case.list(days), "late": len(late), "total": len(days)}
    against = [f"{row['activity']}_date" for row in late]
    return case.reproduced_if(not late, "first_week", *against, **fill)


@check("mentoring_schedule_a", "mentoring_schedule_b")
def _schedule(case: Case) -> Answer:
    """Whether the meetings kept one weekday and one hour."""
    meetings = case.dated(kind="meeting")
    days = {row["date"].day_name() for row in meetings}
    slots = {(row["start"], row["end"]) for row in meetings}
    changed = len(days) > 1 or len(slots) > 1
    fill = {"total": len(meetings), "weekdays": len(days), "slots": len(slots)}
    if changed and case.side == "b":
        return case.consistent("schedule", case.rival, **fill)
    return case.consistent_if(not changed and case.side == "a", "schedule", case.rival, **fill)


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
    fill = {"first": case.when(max(last, month)), "last": case.when(end)}
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
    five = _window(
        int(case.fact("months_running_at_peka_1")),
        case.day("peka_1"),
        case.day("peka_1", "last_date"),
    )
    nine = _window(int(case.fact("months_running_at_kuber")), kuber, kuber)
    return [(max(a[0], b[0]), min(a[1], b[1])) for a, b in zip(five, nine, strict=True)]


@check("groups_running_five_months", "groups_running_nine_months")
def _running(case: Case) -> Answer:
    """Two durations that must lead back to one start."""
    early = case.claim == "groups_running_five_months"
    fact = "months_running_at_peka_1" if early else "months_running_at_kuber"
    case.must_be_fact(case.number(1 if early else 0), fact)
    spans = _common_start(case)
    ends = [case.when(day) for span in spans for day in span]
    fill = dict(zip(("first", "last", "near_first", "near_last"), ends, strict=True))
    if all(first > last for first, last in spans):
        other = "groups_running_nine_months" if early else "groups_running_five_months"
        return case.contradicted("starts_differ", other)
    return case.bounded("start_window", **fill)


@check("motivation_decline_due_to_newness")
def _newness(case: Case) -> Answer:
    """How long the groups had been running."""
    months = case.fact("months_running_at_peka_1")
    return case.open("age", months=case.num(months))


@check("kuber_in_each_rw")
def _one_day(case: Case) -> Answer:
    """One date for all groups."""
    groups = case.fact("groups")
    days = {row["date"] for row in case.rows("activities", activity="kuber")}
    date = case.when(case.day("kuber"))
    return case.open("one_day", days=len(days), date=date, groups=case.num(groups))


@check("kuber_without_researcher")
def _own_plan(case: Case) -> Answer:
    """Where the committee was formed, and in whose plan the activity stands."""
    points = _planning(case, "committee for the community service")
    if not points:
        return case.open("elsewhere", places=case.places)
    day = case.day(points[0]["activity"])
    total = len(case.some("activities", kind="intervention"))
    return case.open("own_plan", date=case.when(day), total=total)


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
