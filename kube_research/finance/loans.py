"""Loans to members, where a group lends: outstanding, average, who has one, use of the fund."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kube_research.errors import OptionError
from kube_research.finance.books import (
    OPERATING,
    SAVING,
    added_up,
    day_of_option,
    known_entries,
    money_of,
    need_level,
    parts,
    ratio,
    roster,
    typed,
)
from kube_research.frames import grade_of, need_columns, weakest
from kube_research.texts import text

#: Flows of which one entry shows that a group lends.
LENDING = ("loan_out", "loan_repaid", "loan_interest")
_MONEY = ("loans", "lent", "repaid", "interest", "loans_outstanding", "lendable_cash")
_PEOPLE = ("members", "borrowers")
_OTHER = ("late", "savings", "earned")


def loan_indicators(
    ledger: pd.DataFrame,
    members: pd.DataFrame | None = None,
    categories: pd.DataFrame | None = None,
    *,
    by: str | None = "group",
    on: object = None,
    due: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return the indicators of lending; for a group that does not lend they are missing, never 0.

    Parameters
    ----------
    ledger : DataFrame
        ``date``, ``group``, ``book``, ``category``, ``amount`` (whole rupiah) and perhaps ``person``.
    members : DataFrame, optional
        ``person``, ``group``, ``role``; with ``on`` also ``joined`` and ``left``.
    categories : DataFrame, optional
        The site's own codes, see :func:`~kube_research.site.accounts.chart_of_accounts`.
    by : {"group", None}
        One row a group, or one row over all groups that lend.
    on : str or Timestamp, optional
        Entries and members of this day; all by default.
    due : DataFrame, optional
        ``group``, ``person``, ``due``: the last day by which what somebody owes is to be repaid. No
        ledger tells it; without it nothing is known of late loans.

    Returns
    -------
    DataFrame
        ``lends`` (whether the books hold a loan, a repayment or interest). In rupiah: ``lent`` and
        ``repaid`` (principal), ``interest``, ``loans_outstanding`` (``lent - repaid``),
        ``lendable_cash`` (balance of the books from which loans are paid), ``late`` (owed by people
        past their day), ``savings`` (of members), ``earned`` (business result and interest).
        Counts: ``loans`` given, ``borrowers`` (members who owe something), ``members``. Ratios:
        ``average_loan_size`` (``lent / loans``), ``members_with_loan`` (``borrowers / members``),
        ``loan_fund_utilisation`` (``loans_outstanding / (loans_outstanding + lendable_cash)``),
        ``portfolio_at_risk`` (``late / loans_outstanding``), ``return_on_savings``
        (``earned / savings``); ``evidence``.

        Missing: everything for a group that does not lend; what is outstanding where more was repaid
        than lent (the loans are older than the books); who owes where a loan names nobody and is not
        repaid; what is late without ``due`` or a borrower's row in it.

    Raises
    ------
    kube_research.errors.MissingColumnError, kube_research.errors.OptionError

    Notes
    -----
    Average loan and members with a loan as in the DreamSave Insights glossary (2023); use of the loan
    fund and portfolio at risk as SAVIX and SEEP (2008) report them. Return on savings there divides
    the profit of a fund of savings; a group with a business earns on its stimulant too, so that ours
    is not comparable across programmes. Checked by hand.

    Examples
    --------
    >>> book = pd.DataFrame({"date": "2016-03-31", "group": "07", "book": "kas", "person": "a",
    ...                      "category": ["stimulant", "loan", "loan_repayment"],
    ...                      "amount": [1000, -400, 100]})
    >>> done = loan_indicators(book)
    >>> done[["loans_outstanding", "average_loan_size"]].values.tolist()
    [[300, 400.0]]
    >>> bool(loan_indicators(book.iloc[:1])["loans_outstanding"].isna().all())
    True
    """
    keys = need_level(by)
    owed_until = _last_days(due)
    entries = known_entries(ledger, categories, on=on)
    day = entries["date"].max() if on is None else day_of_option(on)
    people = None if members is None else roster(members, on)
    rows = []
    for level, part in parts(entries, ["group"]):
        row: dict[str, Any] = {**level, "lends": bool(part["flow"].isin(LENDING).any())}
        row |= {"evidence": grade_of(part)}
        if row["lends"]:
            row |= _group(part, people, owed_until, day)
        rows.append(row)
    wholes = [*_MONEY, *_PEOPLE, *_OTHER]
    frame = pd.DataFrame(rows, columns=["group", "lends", *wholes, "evidence"])
    done: pd.DataFrame = typed(frame, money=wholes)
    if not keys:
        done = _all_groups(done, wholes)
    done["average_loan_size"] = ratio(done["lent"], done["loans"])
    done["members_with_loan"] = ratio(done["borrowers"], done["members"])
    fund = done["loans_outstanding"] + done["lendable_cash"].clip(lower=0)
    done["loan_fund_utilisation"] = ratio(done["loans_outstanding"], fund)
    done["portfolio_at_risk"] = ratio(done["late"], done["loans_outstanding"])
    done["return_on_savings"] = ratio(done["earned"], done["savings"])
    grade = done.pop("evidence")
    return done.astype({"lends": "bool"}).assign(evidence=grade)


def _all_groups(done: pd.DataFrame, wholes: list[str]) -> pd.DataFrame:
    """Add the groups that lend up; what one of them does not tell is missing."""
    lends = done["lends"].astype("bool")
    total = added_up(done, wholes, lends)
    for name in wholes:
        if done.loc[lends, name].isna().any():
            total[name] = None
    row = pd.DataFrame([{"lends": bool(lends.any())} | total])
    result: pd.DataFrame = typed(row[["lends", *wholes, "evidence"]], money=wholes)
    return result


def _last_days(due: pd.DataFrame | None) -> dict[tuple[str, str], pd.Timestamp] | None:
    """Return until when each borrower is to have repaid."""
    if due is None:
        return None
    need_columns(due, "group", "person", "due")
    done: dict[tuple[str, str], pd.Timestamp] = {}
    rows = due[due["due"].notna()]
    for group, person, last in zip(rows["group"], rows["person"], rows["due"], strict=True):
        if (str(group), str(person)) in done:
            raise OptionError(text("finance.error.due_twice", person=person, group=group))
        done[str(group), str(person)] = day_of_option(last)
    return done


def _group(
    part: pd.DataFrame,
    people: pd.DataFrame | None,
    owed_until: dict[tuple[str, str], pd.Timestamp] | None,
    day: pd.Timestamp,
) -> dict[str, Any]:
    """Return the sums and counts of one group that lends."""
    group = str(part["group"].iloc[0])
    out = part[part["flow"] == "loan_out"]
    given = out[out["amount"] < 0]
    loan = part[part["flow"].isin(["loan_out", "loan_repaid"])]
    owed = -money_of(loan)
    funds = part[part["book"].isin(set(given["book"]))]
    row: dict[str, Any] = {"loans": len(given), "lent": -money_of(out)}
    row |= {"repaid": money_of(part, "loan_repaid"), "interest": money_of(part, "loan_interest")}
    row |= {"loans_outstanding": owed if owed >= 0 else None}
    row |= {"lendable_cash": money_of(funds) if len(given) else None}
    book = part[part["book"] == "tabungan"]
    row |= {"savings": money_of(book, *SAVING) if len(book) else None}
    row |= {"earned": money_of(part, *OPERATING, "loan_interest")}
    by_person = -loan.groupby(loan["person"].astype("string"))["amount"].sum()
    named = owed == 0 or (bool(loan["person"].notna().all()) and bool((by_person >= 0).all()))
    debts = by_person[by_person > 0] if owed != 0 else by_person.iloc[:0]
    if people is not None:
        mine = people[(people["group"] == group) & people["member"]]
        row |= {"members": len(mine)}
        row |= {"borrowers": int(debts.index.isin(mine["person"]).sum()) if named else None}
        row |= {"evidence": weakest([grade_of(part), grade_of(people)])}
    if owed_until is not None and named:
        days = [owed_until.get((group, str(person))) for person in debts.index]
        if all(last is not None for last in days):
            past = [last is not None and last < day for last in days]
            row |= {"late": int(debts[past].sum())}
    return row
