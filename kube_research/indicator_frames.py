"""The frames that indicators are read from: one per key, a row for each group and one for all together.

Nothing is computed twice here: each frame is what the function of its topic returns, by group and over
all, with why a value is missing where that is known (``<column>_status`` and ``<column>_reason``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from kube_research import attendance, bookkeeping, capital, iks, income, loans, savings
from kube_research.attendance_rows import ATTENDED, grades, ranks
from kube_research.frames import grade_of
from kube_research.indicators import ALL
from kube_research.money_rows import roster
from kube_research.participation import member_retention, rater_flow
from kube_research.reconcile import reconcile_site
from kube_research.separation import iks_apart
from kube_research.site import bundled_sites
from kube_research.texts import text

if TYPE_CHECKING:
    from kube_research.site import Site

#: The fact that holds the day a rule was agreed, and the meeting of the published study that agreed it.
RULES = {
    "books_daily_since": "mentoring_1",
    "cooperative_since": "mentoring_3",
}
#: IKS purposes that go to people outside the group, and those that go to its own members.
OUTSIDE, INSIDE = ("posyandu", "charity_day"), ("sick_members",)


def rule_day(site: Site, fact: str) -> object:
    """Return the day on which a rule was agreed; None where the site does not tell.

    Parameters
    ----------
    site : Site
        The row ``fact`` of its ``facts`` holds the day. The published study and its twin name the
        meeting in their activities instead.
    fact : {"books_daily_since", "cooperative_since"}

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
    if site.has("activities") and site.folder.name in bundled_sites():
        days = site.table("activities").set_index("activity")["date"].dropna()
        if RULES[fact] in days.index:
            return days[RULES[fact]]
    return None


def last_book_day(site: Site) -> pd.Timestamp | None:
    """Return the last day that the books cover; None where the site does not tell."""
    period = site.info.books_period or site.info.period
    return pd.Timestamp(period[1]) if period else None


def _table(site: Site, name: str) -> pd.DataFrame | None:
    return site.table(name) if site.has(name) else None


def _both(work: Callable[..., pd.DataFrame], *args: object, **options: object) -> pd.DataFrame:
    """Return what ``work`` says of each group and of all together."""
    each = work(*args, by="group", **options)
    every = work(*args, by=None, **options).assign(group=ALL)
    return _stacked(each[each["group"].notna()], every)


def _stacked(each: pd.DataFrame, every: pd.DataFrame) -> pd.DataFrame:
    rows = [*each.to_dict("records"), *every.to_dict("records")]
    columns = list(dict.fromkeys(["group", *each.columns, *every.columns]))
    return pd.DataFrame(rows, columns=columns).astype({"group": "string"})


def _why(
    site: Site,
    frame: pd.DataFrame,
    columns: Sequence[str],
    key: str,
    status: str,
    where: Any = True,
) -> pd.DataFrame:
    """Say why values of some columns are missing."""
    done = frame.copy()
    reason = text(f"finance.reason.{key}", site.info.language)
    for column in columns:
        gap = done[column].isna() & where
        for kind, words in (("status", status), ("reason", reason)):
            name = f"{column}_{kind}"
            said = done[name] if name in done else pd.Series("", index=done.index, dtype="string")
            done[name] = said.mask(gap & said.eq(""), words)
    return done


def _rates(site: Site) -> pd.DataFrame:
    return _both(attendance.attendance_rates, site.attendance)


def _recent(site: Site, attended: str | Sequence[str] = ATTENDED) -> pd.DataFrame:
    options: dict[str, Any] = {"kinds": "meeting", "attended": attended}
    frame = _both(attendance.recent_rates, site.attendance, site.activities, **options)
    return _why(site, frame, ["rate"], "no_meeting", "unknown")


def _represented(site: Site) -> pd.DataFrame:
    return _recent(site, "represented")


def _nothing(site: Site, columns: Sequence[str], key: str, status: str) -> pd.DataFrame:
    """Return a frame without any value, and why."""
    frame = pd.DataFrame({"group": [*site.info.groups, ALL]}, dtype="string")
    for column in ("evidence", *columns):
        frame[column] = pd.Series(pd.NA, index=frame.index, dtype="string")
    return _why(site, frame, columns, key, status)


def _raters(site: Site) -> pd.DataFrame:
    ratings = site.ratings
    scored = ratings[ratings["score"].notna() & ratings["rater"].notna()]
    rounds = sorted(scored["round"].dropna().unique().tolist())
    if len(rounds) < 2:
        return _nothing(site, ["retention"], "no_rounds", "unknown")
    ends = [rounds[0], rounds[-1]]
    if "group" not in ratings:
        return rater_flow(ratings, rounds=ends).assign(group=ALL)
    return _both(rater_flow, ratings, rounds=ends)


def _membership(site: Site) -> pd.DataFrame:
    if site.info.period is None:
        return _nothing(site, ["retention", "drop_out", "growth"], "no_period", "unknown")
    return _both(member_retention, site.members, *site.info.period)


def _gaps(site: Site) -> pd.DataFrame:
    since, until = rule_day(site, "books_daily_since"), last_book_day(site)
    return _both(bookkeeping.days_written, site.ledger, since=since, until=until)


def _deposits(site: Site) -> pd.DataFrame:
    since = rule_day(site, "cooperative_since")
    if since is None:
        return _nothing(site, ["months_without"], "no_rule", "not applicable")
    options = {"since": since, "until": last_book_day(site)}
    categories = _table(site, "categories")
    return _both(bookkeeping.months_without_deposit, site.ledger, categories, **options)


def _findings(site: Site) -> pd.DataFrame:
    found = reconcile_site(site)
    sure = found[found["certainty"].isin(["certain", "likely"])]
    counts = sure.groupby("group").size()
    rows = [
        {"group": group, "findings": int(counts.get(group, 0)), "evidence": grade_of(part)}
        for group, part in site.ledger.groupby("group")
    ]
    total = {"group": ALL, "findings": len(sure), "evidence": grade_of(site.ledger)}
    return pd.DataFrame([*rows, total])


def _savings(site: Site) -> pd.DataFrame:
    """Read the savings of those who are members on the last day that the books cover."""
    categories, last = _table(site, "categories"), last_book_day(site)
    done = savings.member_savings(site.ledger, site.members, categories, on=last)
    return _both(savings.savings_spread, done)


def _iks(site: Site) -> pd.DataFrame:
    return _both(iks.iks_totals, site.ledger, _table(site, "categories"))


def _iks_others(site: Site) -> pd.DataFrame:
    """Return what of the IKS money went to outsiders: at least what is declared, at most all not own."""
    ledger, categories = site.ledger, _table(site, "categories")
    totals = _both(iks.iks_totals, ledger, categories).set_index("group")
    uses = _both(iks.iks_use, ledger, None, categories)
    rows = []
    for group, total in totals.iterrows():
        mine = uses[uses["group"] == group]
        row = {"group": group, "used_low": None, "used_high": None, "evidence": total["evidence"]}
        if pd.notna(total["used"]):
            outside = mine["purpose"].isin(list(OUTSIDE))
            own = mine["purpose"].isin(list(INSIDE))
            row["used_low"] = int(mine.loc[outside, "used"].sum())
            row["used_high"] = int(mine.loc[~own, "used"].sum())
        rows.append(row)
    return pd.DataFrame(rows)


def _apart(site: Site) -> pd.DataFrame:
    return _both(iks_apart, site.ledger, _table(site, "categories"))


def _capital(site: Site) -> pd.DataFrame:
    frame = _both(capital.capital_growth, site.ledger, _table(site, "categories"))
    none = frame["stimulant"].eq(0).fillna(False)
    growth = ["growth_low", "growth_high", "repaid_share"]
    frame = _why(site, frame, growth, "no_stimulant", "not applicable", none)
    known = frame["stimulant"].gt(0).fillna(False)
    return _why(site, frame, ["repaid_share"], "no_repayment", "not applicable", known)


def _income(site: Site, facts: pd.DataFrame | None = None) -> pd.DataFrame:
    categories = _table(site, "categories")
    return _both(income.business_income, site.ledger, site.members, facts, categories)


def _wage(site: Site) -> pd.DataFrame:
    frame = _income(site, site.facts)
    none = frame["minimum_wage"].isna()
    return _why(site, frame, ["result_of_wage"], "no_wage", "no data", none)


def _loans(site: Site, members: pd.DataFrame | None = None) -> pd.DataFrame:
    categories = _table(site, "categories")
    frame = _both(loans.loan_indicators, site.ledger, members, categories, on=last_book_day(site))
    lends = frame["lends"].astype("bool")
    ratios = [
        "members_with_loan",
        "loan_fund_utilisation",
        "portfolio_at_risk",
        "return_on_savings",
    ]
    columns = ["loans_outstanding", "average_loan_size", *ratios]
    frame = _why(site, frame, columns, "no_lending", "not applicable", ~lends)
    risk = ["portfolio_at_risk"]
    empty = frame["loans_outstanding"].eq(0).fillna(False)
    frame = _why(site, frame, risk, "nothing_lent", "not applicable", empty)
    return _why(site, frame, risk, "no_due", "unknown", lends)


def _borrowers(site: Site) -> pd.DataFrame:
    return _loans(site, site.members)


def _roster(site: Site) -> pd.DataFrame:
    """Count the officers of the last day that is known; all ever listed where none is."""
    people = roster(site.members, last_book_day(site))
    officers = people[people["role"].eq("pengurus") & people["member"]]
    counts = officers.groupby("group").size()
    rows = [
        {"group": group, "officers": int(counts.get(group, 0)), "evidence": grade_of(part)}
        for group, part in people[people["group"].notna()].groupby("group")
    ]
    return pd.DataFrame(
        [*rows, {"group": ALL, "officers": len(officers), "evidence": grade_of(people)}]
    )


def _interventions(site: Site) -> pd.DataFrame:
    """Count the interventions to which at least one person came."""
    kinds = site.activities[["activity", "kind"]].drop_duplicates("activity")
    rows = site.attendance[site.attendance["status"].notna()].merge(kinds, "left", on="activity")
    rows = rows.assign(_rank=ranks(rows))
    came = rows[rows["status"].isin(ATTENDED) & rows["kind"].eq("intervention")]
    listed = rows[rows["group"].notna()].groupby("group")["_rank"].max()
    done = pd.DataFrame({"evidence": grades(listed)})
    counts = came.groupby("group")["activity"].nunique()
    done["interventions"] = counts.reindex(done.index).fillna(0).astype("int64")
    every = {"group": ALL, "interventions": came["activity"].nunique()}
    every["evidence"] = grade_of(rows)
    return _stacked(done.reset_index(), pd.DataFrame([every]))


def _trade(site: Site) -> pd.DataFrame:
    return _both(capital.trade_months, site.ledger, _table(site, "categories"))


#: What each key of ``from`` in the table of indicators is read from.
FRAMES: dict[str, Callable[[Site], pd.DataFrame]] = {
    "rates": _rates,
    "recent": _recent,
    "represented": _represented,
    "raters": _raters,
    "membership": _membership,
    "gaps": _gaps,
    "deposits": _deposits,
    "findings": _findings,
    "savings": _savings,
    "iks": _iks,
    "iks_others": _iks_others,
    "apart": _apart,
    "capital": _capital,
    "income": _income,
    "wage": _wage,
    "loans": _loans,
    "borrowers": _borrowers,
    "roster": _roster,
    "interventions": _interventions,
    "trade": _trade,
}
