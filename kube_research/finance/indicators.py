"""The indicators of attendance and group finance: one declared table drives code, docs and tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import pandas as pd

from kube_research.attendance.meetings import recent_rates
from kube_research.attendance.participation import member_retention, rater_flow
from kube_research.attendance.rates import ATTENDED, attendance_rates
from kube_research.files import declared
from kube_research.finance.books import Books, roster
from kube_research.finance.business import (
    business_income,
    capital_growth,
    loan_indicators,
    trade_months,
)
from kube_research.finance.iks import iks_apart, iks_totals, iks_use
from kube_research.finance.reconcile.findings import reconcile_ledger, reconcile_summary
from kube_research.finance.savings import member_savings, savings_spread
from kube_research.finance.writing import days_written, months_without_deposit
from kube_research.formats import RUPIAH, Currency, money, number, percent, whole
from kube_research.frames import grade_of, need_option, weakest
from kube_research.outputs import table
from kube_research.site.folder import bundled_sites
from kube_research.texts import LANGUAGES, check_language, text

if TYPE_CHECKING:
    from kube_research.site.folder import Site

#: The facts that hold the day a rule was agreed, and the meeting of the published study that agreed it;
#: that of the IKS shares stands in ``iks_rule``, for every site.
RULES = {"books_daily_since": "mentoring_1", "cooperative_since": "mentoring_3", "iks_since": None}
#: IKS purposes that go to people outside the group, and those that go to its own members.
OUTSIDE, INSIDE = ("posyandu", "charity_day"), ("sick_members",)


def rule_day(site: Site, fact: str) -> object:
    """Return the day on which a rule was agreed; None where the site does not tell.

    Parameters
    ----------
    site : Site
        The row ``fact`` of its ``facts`` holds the day. Without it, the day of the IKS shares is that
        of the ``activity`` their ``iks_rule`` names; the published study and its twin name the other
        meetings in their activities.
    fact : {"books_daily_since", "cooperative_since", "iks_since"}

    Examples
    --------
    >>> import kube_research as kr
    >>> str(rule_day(kr.load_site("cibeunying"), "cooperative_since"))[:10]
    '2016-05-04'
    """
    if site.has("facts"):
        facts = site.table("facts").set_index("fact")["value"].dropna()
        if fact in facts.index:
            return str(facts[fact])
    meetings: list[Any] = []
    if fact == "iks_since" and site.has("iks_rule"):
        rule = site.table("iks_rule")
        meetings = rule.loc[rule["share_pct"].notna(), "activity"].dropna().tolist()
    elif site.folder.name in bundled_sites():
        meetings = [RULES[fact]]
    if not (meetings and site.has("activities")):
        return None
    activities = site.table("activities")
    days = activities.loc[activities["activity"].isin(meetings), "date"].dropna()
    return days.min() if len(days) else None


def last_book_day(site: Site) -> pd.Timestamp | None:
    """Return the last day that the books cover; None where the site does not tell."""
    period = site.info.books_period or site.info.period
    return pd.Timestamp(period[1]) if period else None


def _both(
    function: Callable[..., pd.DataFrame], *inputs: object, **options: object
) -> pd.DataFrame:
    """Return what a function says of each group and of all together."""
    each = function(*inputs, by="group", **options)
    every = function(*inputs, by=None, **options).assign(group=ALL)
    rows = [*each[each["group"].notna()].to_dict("records"), *every.to_dict("records")]
    return pd.DataFrame(rows, columns=each.columns).astype({"group": "string"})


def _counted(rows: pd.DataFrame, column: str, counted: pd.DataFrame, thing: str) -> pd.DataFrame:
    """Return how many things were counted of each group that has rows, and of all together."""
    grades = {group: grade_of(part) for group, part in rows.groupby("group")}
    frame = pd.DataFrame({"evidence": grades | {ALL: grade_of(rows)}}).rename_axis("group")
    counts = counted.groupby("group")[thing].nunique()
    frame[column] = counts.reindex(frame.index, fill_value=0)
    frame.loc[ALL, column] = counted[thing].nunique()
    return frame.reset_index()


#: Why a value can be missing, and what its status is then.
GAPS = {
    "no_meeting": "unknown",
    "no_rounds": "unknown",
    "no_period": "unknown",
    "no_due": "unknown",
    "no_balances": "unknown",
    "no_wage": "no data",
    "no_rule": "not applicable",
    "no_stimulant": "not applicable",
    "no_repayment": "not applicable",
    "no_lending": "not applicable",
    "nothing_lent": "not applicable",
}


def _why(frame: pd.DataFrame, columns: Sequence[str], gap: str, where: Any = True) -> pd.DataFrame:
    """Say which of the gaps it is where values of some columns are missing; what was said stands."""
    gaps = {}
    for column in columns:
        name = f"{column}_gap"
        before = frame.get(name, pd.Series(pd.NA, index=frame.index, dtype="string"))
        gaps[name] = before.mask(frame[column].isna() & where & before.isna(), gap)
    return frame.assign(**gaps)


def _nothing(site: Site, columns: Sequence[str], gap: str) -> pd.DataFrame:
    """Return a frame without any value, and why."""
    frame = pd.DataFrame({"group": [*site.info.groups, ALL]}, dtype="string")
    return _why(frame.reindex(columns=["group", "evidence", *columns]), columns, gap)


def _recent(site: Site, attended: str | Sequence[str] = ATTENDED) -> pd.DataFrame:
    options: dict[str, Any] = {"kinds": "meeting", "attended": attended}
    frame = _both(recent_rates, site.attendance, site.activities, **options)
    return _why(frame, ["rate"], "no_meeting")


def _days(site: Site) -> pd.DataFrame | None:
    """Return the activities, whose dates say who was invited twice on one day."""
    return site.table("activities") if site.has("activities") else None


def _raters(site: Site) -> pd.DataFrame:
    ratings = site.ratings
    scored = ratings[ratings["score"].notna() & ratings["rater"].notna()]
    rounds = sorted(scored["round"].dropna().unique().tolist())
    if len(rounds) < 2:
        return _nothing(site, ["retention"], "no_rounds")
    ends = [rounds[0], rounds[-1]]
    if "group" not in ratings:
        return rater_flow(ratings, rounds=ends).assign(group=ALL)
    return _both(rater_flow, ratings, rounds=ends)


def _membership(site: Site) -> pd.DataFrame:
    if site.info.period is None:
        return _nothing(site, ["retention", "drop_out", "growth"], "no_period")
    return _both(member_retention, site.members, *site.info.period)


def _gaps(site: Site) -> pd.DataFrame:
    since, until = rule_day(site, "books_daily_since"), last_book_day(site)
    return _both(days_written, Books.of(site), since=since, until=until)


def _deposits(site: Site) -> pd.DataFrame:
    since = rule_day(site, "cooperative_since")
    if since is None:
        return _nothing(site, ["months_without"], "no_rule")
    until = last_book_day(site)
    return _both(months_without_deposit, Books.of(site), since=since, until=until)


def _findings(site: Site) -> pd.DataFrame:
    """Count the findings; none in books without stated balances is no evidence that they agree."""
    findings = reconcile_ledger(site)
    sure = findings[findings["certainty"].isin(["certain", "likely"])]
    frame = _counted(site.ledger, "findings", sure.reset_index(names="finding"), "finding")
    books = reconcile_summary(site, findings)
    blank = set(books.loc[books["stated"] == 0, "group"].dropna())
    unseen = frame["group"].isin(blank | ({ALL} if blank else set())) & frame["findings"].eq(0)
    return _why(frame.assign(findings=frame["findings"].mask(unseen)), ["findings"], "no_balances")


def _savings(site: Site) -> pd.DataFrame:
    savings = member_savings(site, on=last_book_day(site))
    return _both(savings_spread, savings, lang=site.info.language)


def _iks(site: Site) -> pd.DataFrame:
    """Return the IKS totals with what was set aside: booked so at least, all but the dues at most."""
    frame = _both(iks_totals, Books.of(site))
    return frame.assign(set_aside=frame["inflow"] - frame["dues"])


def _iks_others(site: Site) -> pd.DataFrame:
    """Return what of the IKS money went to outsiders: at least what is declared, at most all not own."""
    books = Books.of(site)
    frame, uses = _both(iks_totals, books).set_index("group"), _both(iks_use, books)
    spent, purpose = uses["used"].astype("Int64"), uses["purpose"]
    counted = {"used_low": purpose.isin(OUTSIDE), "used_high": ~purpose.isin(INSIDE)}
    for column, counts in counted.items():
        sums = spent[counts].groupby(uses["group"]).sum()
        frame[column] = sums.reindex(frame.index, fill_value=0).where(frame["used"].notna())
    return frame.reset_index()


def _capital(site: Site) -> pd.DataFrame:
    frame = _both(capital_growth, Books.of(site))
    none, known = frame["stimulant"].eq(0).fillna(False), frame["stimulant"].gt(0).fillna(False)
    frame = _why(frame, ["growth_low", "growth_high", "repaid_share"], "no_stimulant", none)
    return _why(frame, ["repaid_share"], "no_repayment", known)


def _wage(site: Site) -> pd.DataFrame:
    frame = _both(business_income, Books.of(site))
    return _why(frame, ["result_of_wage"], "no_wage", frame["minimum_wage"].isna())


def _loans(site: Site, books: Books) -> pd.DataFrame:
    frame = _both(loan_indicators, books, on=last_book_day(site))
    lends = frame["lends"].astype("bool")
    columns = [
        "loans_outstanding",
        "average_loan_size",
        "members_with_loan",
        "loan_fund_utilisation",
        "portfolio_at_risk",
        "return_on_savings",
    ]
    frame = _why(frame, columns, "no_lending", ~lends)
    empty = frame["loans_outstanding"].eq(0).fillna(False)
    frame = _why(frame, ["portfolio_at_risk"], "nothing_lent", empty)
    return _why(frame, ["portfolio_at_risk"], "no_due", lends)


def _officers(site: Site) -> pd.DataFrame:
    """Count the officers of the last day that is known; all ever listed where none is."""
    people = roster(site.members, last_book_day(site))
    officers = people[people["role"].eq("pengurus") & people["member"]]
    return _counted(people, "officers", officers, "person")


def _interventions(site: Site) -> pd.DataFrame:
    """Count the interventions to which at least one person came."""
    kinds = site.activities[["activity", "kind"]].drop_duplicates("activity")
    rows = site.attendance[site.attendance["status"].notna()].merge(kinds, "left", on="activity")
    came = rows[rows["status"].isin(ATTENDED) & rows["kind"].eq("intervention")]
    return _counted(rows, "interventions", came, "activity")


#: What each key of ``from`` in the table of indicators is read from. A frame is graded by the tables it
#: used, so that one which needs no members or facts is made from books without them.
FRAMES: dict[str, Callable[[Site], pd.DataFrame]] = {
    "rates": lambda site: _both(attendance_rates, site.attendance, _days(site)),
    "recent": _recent,
    "represented": lambda site: _recent(site, "represented"),
    "raters": _raters,
    "membership": _membership,
    "gaps": _gaps,
    "deposits": _deposits,
    "findings": _findings,
    "savings": _savings,
    "iks": _iks,
    "iks_others": _iks_others,
    "apart": lambda site: _both(iks_apart, Books.of(site)),
    "capital": _capital,
    "income": lambda site: _both(business_income, replace(Books.of(site), facts=None)),
    "wage": _wage,
    "loans": lambda site: _loans(site, replace(Books.of(site), members=None)),
    "borrowers": lambda site: _loans(site, Books.of(site)),
    "roster": _officers,
    "interventions": _interventions,
    "trade": lambda site: _both(trade_months, Books.of(site)),
}


#: Name of the row that holds all groups together.
ALL = "all"
STATUSES = ("computed", "not applicable", "unknown", "no data")


@dataclass(frozen=True)
class Indicator:
    """One indicator as ``indicators.toml`` declares it.

    Attributes
    ----------
    name, topic : str
    source_frame : str
        Key of the frame it is read from (see ``indicator_frames``).
    low, high : str
        Columns of that frame; the same for an indicator known exactly.
    unit : {"share", "rupiah", "days", "months", "count", "ratio", "yes_no"}
    reading : {"higher", "lower", "neither"}
        Which way is better.
    needs : tuple of str
        Tables without which it cannot be computed.
    basis : {"published", "study", "ours"}
        Whose definition it is.
    sources, labels, formulas : dict of str to str
        By language: where the definition comes from (blank for ours), name, how it is computed.
    """

    name: str
    topic: str
    source_frame: str
    low: str
    high: str
    unit: str
    reading: str
    needs: tuple[str, ...]
    basis: str
    sources: dict[str, str]
    labels: dict[str, str]
    formulas: dict[str, str]


@cache
def indicators() -> dict[str, Indicator]:
    """Return every indicator by name, in the order of the table.

    Examples
    --------
    >>> indicators()["savings_gini"].reading
    'lower'
    """
    known = {}
    for name, entry in declared("finance/indicators.toml").items():
        column, source = entry.get("column", ""), entry.get("source", "")
        known[name] = Indicator(
            name=name,
            topic=entry["topic"],
            source_frame=entry["from"],
            low=entry.get("low", column),
            high=entry.get("high", column),
            unit=entry["unit"],
            reading=entry["reading"],
            needs=tuple(entry["needs"]),
            basis=entry["basis"],
            sources=dict.fromkeys(LANGUAGES, source) if isinstance(source, str) else source,
            labels={lang: entry[lang]["label"] for lang in LANGUAGES},
            formulas={lang: entry[lang]["formula"] for lang in LANGUAGES},
        )
    return known


def indicator_definitions(*, lang: str = "en") -> pd.DataFrame:
    """Return what every indicator is: name, formula, unit, reading, source.

    Parameters
    ----------
    lang : {"en", "id"}

    Returns
    -------
    DataFrame
        ``indicator``, ``topic``, ``label``, ``formula``, ``unit``, ``reading``, ``basis``, ``source``,
        ``needs`` (tables), in the order of the table.

    Examples
    --------
    >>> indicator_definitions(lang="id").set_index("indicator").loc["savings_gini", "unit"]
    'rasio'
    """
    check_language(lang)
    return pd.DataFrame(
        [
            {
                "indicator": indicator.name,
                "topic": text(f"indicator.topic_{indicator.topic}", lang),
                "label": indicator.labels[lang],
                "formula": indicator.formulas[lang],
                "unit": text(f"indicator.unit_{indicator.unit}", lang),
                "reading": text(f"indicator.reading_{indicator.reading}", lang),
                "basis": text(f"indicator.basis_{indicator.basis}", lang),
                "source": indicator.sources[lang],
                "needs": ", ".join(f"{name}.csv" for name in indicator.needs),
            }
            for indicator in indicators().values()
        ]
    )


def indicator_values(site: Site, *, names: Sequence[str] | None = None) -> pd.DataFrame:
    """Compute indicators for every group and for all groups together.

    Parameters
    ----------
    site : Site
        What its tables do not hold is said, never filled in.
    names : sequence of str, optional
        Indicators wanted; all by default.

    Returns
    -------
    DataFrame
        One row per indicator and group (``all`` for all together): ``indicator``, ``topic``, ``group``,
        ``value`` (missing unless known exactly), ``low``, ``high``, ``unit``, ``reading``, ``status``
        (``computed``; ``not applicable``, such as a loan indicator where nobody lends; ``unknown``;
        ``no data``, with the file that is missing in ``reason``), ``few``, ``reason``, ``evidence``.
        Values of money (``rupiah``) are in whole units of the site's currency, cents as decimals.

    Raises
    ------
    kube_research.errors.OptionError
        For an indicator that does not exist.

    Examples
    --------
    >>> import kube_research as kr
    >>> values = indicator_values(kr.load_site("cibeunying-simulated"), names=["average_loan_size"])
    >>> set(values["status"])
    {'not applicable'}
    """
    known = indicators()
    wanted = list(known) if names is None else list(names)
    for name in wanted:
        need_option("names", name, tuple(known))
    values = pd.DataFrame([row for name in wanted for row in _rows(site, known[name])])
    words = ["indicator", "topic", "group", "unit", "reading", "status", "reason", "evidence"]
    numbers = ["value", "low", "high"]
    return values.astype(dict.fromkeys(words, "string") | dict.fromkeys(numbers, "Float64"))


def _rows(site: Site, indicator: Indicator) -> Iterator[dict[str, Any]]:
    """Read one indicator from its frame, group by group; say which files are missing for it."""
    missing = ", ".join(f"{name}.csv" for name in indicator.needs if not site.has(name))
    by_group: dict[Any, dict[Any, Any]] = {}
    if not missing:  # tables of a loaded site never change, so each frame is worked out once a site
        by_group = site.cached(FRAMES[indicator.source_frame]).set_index("group").to_dict("index")
    for group in (*site.info.groups, ALL):
        source = by_group.get(group, {})
        low, high = source.get(indicator.low), source.get(indicator.high)
        gap = source.get(f"{indicator.low}_gap")
        row: dict[str, Any] = {"indicator": indicator.name, "topic": indicator.topic}
        row |= {"group": group, "value": None, "low": None, "high": None}
        row |= {"unit": indicator.unit, "reading": indicator.reading, "status": "unknown"}
        row |= {"few": bool(source.get("few", False)), "reason": "", "evidence": None}
        if missing:
            reason = text("indicator.needs_file", site.info.language, files=missing)
            row |= {"status": "no data", "reason": reason}
        elif pd.notna(low) and pd.notna(high):
            exact, grades = low == high, [source["evidence"]]
            if indicator.unit == "rupiah":
                low, high = (end / site.info.money.unit for end in (low, high))
            row |= {"value": float(low) if exact else None, "low": float(low), "high": float(high)}
            row |= {"evidence": weakest(grades if exact else [*grades, "bounded"])}
            row |= {"status": "computed"}
        elif pd.notna(gap):
            reason = text(f"finance.reason.{gap}", site.info.language)
            row |= {"status": GAPS[gap], "reason": reason}
        else:
            row |= {"reason": source.get("reason", "")}
        yield row


def shown(row: Mapping[Any, Any], lang: str = "en", currency: Currency = RUPIAH) -> str:
    """Return the value of an indicator as readers of ``lang`` write it, with its unit.

    Parameters
    ----------
    row : mapping
        A row of :func:`indicator_values`.
    lang : {"en", "id"}
    currency : Currency
        Of the site.

    Returns
    -------
    str
        A number with its unit, a range, or why there is none.

    Examples
    --------
    >>> row = {"unit": "share", "low": 0.5, "high": 0.5, "status": "computed", "few": False}
    >>> shown(row), shown(row | {"unit": "rupiah", "low": 15000.0, "high": 20000.0}, "id")
    ('50%', 'Rp 15.000 – Rp 20.000')
    """
    if row["status"] != "computed":
        return text(f"indicator.status_{row['status'].replace(' ', '_')}", lang)
    forms: dict[str, Callable[[float], str]] = {
        "share": lambda value: percent(100 * value, lang),
        "rupiah": lambda value: money(value * currency.unit, lang, currency),
        "ratio": lambda value: number(value, lang),
        "yes_no": lambda value: text("indicator.yes" if value else "indicator.no", lang),
        "count": lambda value: whole(round(value), lang),
    }
    form = forms.get(row["unit"], forms["count"])
    return " – ".join(dict.fromkeys(form(float(row[end])) for end in ("low", "high")))


@table
def indicators_table(site: Site, *, lang: str = "en") -> pd.DataFrame:
    """Return the indicators as a table to print: one row an indicator, one column a group.

    Parameters
    ----------
    site : Site
        With raw logs.
    lang : {"en", "id"}

    Returns
    -------
    DataFrame
        Columns in ``lang``: topic, indicator, which way is better, one column per group, all groups,
        evidence. A star marks rows of fewer than five people.

    Raises
    ------
    kube_research.errors.MissingTableError
        If the site has neither attendance nor a ledger.

    Examples
    --------
    >>> import kube_research as kr
    >>> table = indicators_table(kr.load_site("cibeunying-simulated"), lang="id")
    >>> table.columns[1], len(table) > 20
    ('Indikator', True)
    """
    check_language(lang)
    if not site.has("attendance"):
        site.table("ledger", lang)
    about = indicator_definitions(lang=lang).set_index("indicator")
    heads = {"topic": "topic", "label": "indicator", "reading": "reading"}
    rows = []
    for name, part in indicator_values(site).groupby("indicator", sort=False):
        row = {
            text(f"indicator.head_{head}", lang): about.at[name, of] for of, head in heads.items()
        }
        for line in part.to_dict("records"):
            head = line["group"] if line["group"] != ALL else text("indicator.head_all", lang)
            row[head] = shown(line, lang, site.info.money) + ("*" if line["few"] else "")
        row["evidence"] = grade_of(part) if part["evidence"].notna().any() else ""
        rows.append(row)
    return pd.DataFrame(rows)
