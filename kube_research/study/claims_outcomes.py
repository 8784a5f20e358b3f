"""Checks of percentages of participants: possible counts, shares of the members, and targets."""

from __future__ import annotations

from fractions import Fraction

import pandas as pd

from kube_research.evidence.numbers import possible_counts
from kube_research.evidence.printed import RULES
from kube_research.interventions.targets import targets_against_results
from kube_research.study.case import Answer, Case, Row, check, family, percentages

_UP_TO = 60


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
    said = case.percent()
    case.must_equal(Fraction(said), Fraction(str(row["achieved_pct"] or 0)), row["locator"])
    more = row["achieved_comparison"] == ">"
    low, high = _band(case)
    pct = Fraction(said)
    raters = _raters(case)
    ways = [way for n in raters for way in ([_more(pct, n)] if more else _ways(case, said, n))]
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
        (n for n in range(1, _UP_TO + 1) if possible_counts(said, n, rounding="any")), _UP_TO
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
    said = case.percent()
    case.must_equal(Fraction(said), Fraction(str(row["target_pct"])), row["locator"])
    wording = [
        text_row
        for text_row in case.rows("monitoring", activity=activity, aspect="target")
        if said in percentages(text_row["text_en"])
    ]
    if not wording:
        where = [r["locator"] for r in case.rows("monitoring", activity=activity, aspect="target")]
        return case.contradicted("target_other", *where[:1], stated=case.plain(Fraction(said)))
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
    for said in map(Fraction, percentages(case.statement)):
        if said not in achieved:
            case.must_equal(said, case.list(map(case.plain, sorted(achieved))), rows[0]["locator"])
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
