"""The business: its capital, its months of trade, what it earns per member, and what it lends."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pandas as pd

from kube_research.errors import OptionError
from kube_research.finance.books import (
    CASH,
    EARNED,
    OPERATING,
    SAVINGS,
    AnyBooks,
    added_up,
    as_books,
    by_month,
    day_of_option,
    frame_of,
    money_of,
    need_level,
    parts,
    ratio,
    roster,
    typed,
)
from kube_research.finance.saved import saving_moves
from kube_research.formats import as_money
from kube_research.frames import FEW, documented, grade_of, need_columns, need_option, weakest
from kube_research.texts import text

_MONEY = (
    "stimulant",
    "repaid",
    "cash",
    "cooperative",
    "lent",
    "goods_at_cost",
    "capital_low",
    "capital_high",
)


@documented
def capital_growth(
    books: AnyBooks,
    *,
    by: str | None = "group",
    on: object = None,
    repayable: bool | None = None,
) -> pd.DataFrame:
    """Return what the capital is worth against the stimulant that it began with.

    Parameters
    ----------
    |books|
    |by_group|
    on : str or Timestamp, optional
        Entries up to and with this day; all by default.
    repayable : bool, optional
        Whether the stimulant has to be repaid. By default the books decide: a share repaid is given
        only where something was repaid; with True it is 0 where nothing was, with False missing.

    Returns
    -------
    DataFrame
        In rupiah: ``stimulant`` received and ``repaid`` (both positive), ``cash`` (balance of kas, and
        of a book of the loan fund), ``cooperative`` (profit put into the cooperative, less what came
        back), ``lent`` (to members and not yet repaid), ``goods_at_cost`` (all goods and equipment ever
        bought), ``capital_low`` (the money alone: ``cash + cooperative + lent``) and ``capital_high``
        (with all goods and equipment still there, at cost); ``growth_low`` and ``growth_high``
        (``capital / stimulant - 1``; missing unless a stimulant was received), ``repaid_share``,
        ``evidence``. Over all, groups whose capital is known are added up.

        All missing for a group whose kas the ledger does not hold; the stimulant and what divides by
        it also where the books begin with a balance brought forward and show no stimulant: it may
        have come before.

    |frame_errors|

    Notes
    -----
    Books of money show what was bought, not what is left of it: without a stock count the worth of
    goods lies anywhere between nothing and all at cost, and both ends can occur. Checked by hand.

    Examples
    --------
    >>> book = pd.DataFrame({"date": "2016-03-31", "group": "07", "book": "kas",
    ...                      "category": ["stimulant", "stock_purchase", "sales"],
    ...                      "amount": [1000, -400, 500]})
    >>> capital_growth(book)[["capital_low", "capital_high"]].values.tolist()
    [[1100, 1500]]
    >>> capital_growth(book)[["growth_low", "growth_high"]].round(2).values.tolist()
    [[0.1, 0.5]]
    """
    keys = need_level(by)
    need_option("repayable", repayable, (True, False, None))
    books = as_books(books)
    rows = []
    for level, part in parts(books.until(on), ["group"]):
        kept = bool(part["kind"].isin(CASH).any())
        rows.append(level | {"evidence": grade_of(part)} | (_capital(part) if kept else {}))
    frame = frame_of(rows, ["group", *_MONEY, "evidence"], money=_MONEY)
    if not keys:
        total = added_up(frame, _MONEY, frame["stimulant"].notna())
        frame = frame_of([total], [*_MONEY, "evidence"], money=_MONEY)
    for end in ("low", "high"):
        frame[f"growth_{end}"] = ratio(frame[f"capital_{end}"], frame["stimulant"]) - 1
    share = ratio(frame["repaid"], frame["stimulant"])
    asked = frame["repaid"].gt(0).fillna(False) | (repayable is True)
    frame["repaid_share"] = share.where(asked & (repayable is not False))
    grade = frame.pop("evidence")
    return as_money(frame.assign(evidence=grade), books.currency, *_MONEY)


def _capital(part: pd.DataFrame) -> dict[str, Any]:
    """Return the parts of the capital of one group."""
    cash, saved = part[part["kind"].isin(CASH)], part[part["kind"].isin(SAVINGS)]
    given = (part["flow"] == "grant").any() or not (cash["flow"] == "opening").any()
    put_in = saved["flow"].eq("cooperative").any()
    row: dict[str, Any] = {
        "stimulant": money_of(part, "grant") if given else None,
        "repaid": -money_of(part, "grant_repaid"),
        "cash": money_of(cash),
        "cooperative": money_of(saved, "cooperative") if put_in else -money_of(part, "cooperative"),
        "lent": -money_of(part, "loan_out", "loan_repaid"),
        "goods_at_cost": max(0, -money_of(part, "purchase", "asset")),
    }
    row["capital_low"] = row["cash"] + row["cooperative"] + row["lent"]
    row["capital_high"] = row["capital_low"] + row["goods_at_cost"]
    return row


@documented
def trade_months(books: AnyBooks, *, by: str | None = "group") -> pd.DataFrame:
    """Return in how many months a group sold something.

    Parameters
    ----------
    |books|
    |by_group|

    Returns
    -------
    DataFrame
        ``sales_months`` (calendar months with at least one sale), ``first_sale`` and ``last_sale``
        (days; missing without one), ``sales`` (rupiah), ``evidence``. Months and sales are missing for
        a group whose kas the ledger does not hold.

    |frame_errors|

    Examples
    --------
    >>> import kube_research as kr
    >>> trade_months(kr.load_site("cibeunying-simulated"))["sales_months"].tolist()
    [9, 9, 9, 9, 9]
    """
    keys = need_level(by)
    books = as_books(books)
    rows = []
    for level, part in parts(books.entries, keys):
        sales = part[(part["flow"] == "sale") & (part["amount"] > 0)]
        row: dict[str, Any] = {**level, "evidence": grade_of(part)}
        if len(sales) or (part["kind"] == "cash").any():
            row |= {"sales_months": sales["month"].nunique(), "sales": money_of(part, "sale")}
            row |= {"first_sale": sales["date"].min(), "last_sale": sales["date"].max()}
        rows.append(row)
    columns = [*keys, "sales_months", "first_sale", "last_sale", "sales", "evidence"]
    frame = frame_of(rows, columns, money=["sales_months", "sales"])
    frame = frame.astype({"first_sale": "datetime64[ns]", "last_sale": "datetime64[ns]"})
    return as_money(frame, books.currency, "sales")


#: Facts that incomes are held against, each in rupiah a month.
WAGES = ("minimum_wage", "income_low", "income_high")
_RESULT_MONEY = ("sales", "purchases", "costs", "result")


@documented
def monthly_results(books: AnyBooks) -> pd.DataFrame:
    """Return the result of each group's business month by month.

    Trade counts in whichever book it is written.

    Parameters
    ----------
    |books|

    Returns
    -------
    DataFrame
        One row per group and month (such as ``"2016-03"``), from its first entry of trade to its last
        entry of any kind, months without trade too: ``sales``, ``purchases`` and ``costs`` (both
        positive), ``result`` (``sales - purchases - costs``; rupiah), ``members`` (on the last day of
        the month where the roster has days of joining and leaving, else all; missing without a
        roster of the group), ``result_per_member``, ``evidence``. A group without trade has no row.

    |frame_errors|

    Notes
    -----
    A result in cash: goods bought count in the month they are paid, not when they are sold. Wages and
    profit paid to members are not costs: they are what the result is for.

    Examples
    --------
    >>> book = pd.DataFrame({"date": ["2016-03-01", "2016-05-02"], "group": "07", "book": "kas",
    ...                      "category": ["sales", "cost"], "amount": [500, -120]})
    >>> monthly_results(book)[["month", "result"]].values.tolist()
    [['2016-03', 500], ['2016-04', 0], ['2016-05', -120]]
    """
    books = as_books(books)
    rows = []
    for level, part in parts(books.entries, ["group"]):
        trade = part[part["flow"].isin(OPERATING)]
        if trade.empty:
            continue
        for month, rows_now in by_month(trade, trade["month"].min(), part["month"].max()):
            row = level | {"month": month, "result": money_of(rows_now)}
            row |= {"sales": money_of(rows_now, "sale"), "costs": -money_of(rows_now, "cost")}
            row |= {"purchases": -money_of(rows_now, "purchase"), "evidence": grade_of(trade)}
            rows.append(row)
    frame = pd.DataFrame(rows, columns=["group", "month", *_RESULT_MONEY, "evidence"])
    frame = typed(_with_members(frame, books.members), money=[*_RESULT_MONEY, "members"])
    frame["result_per_member"] = ratio(frame["result"], frame["members"])
    columns = ["group", "month", *_RESULT_MONEY, "members", "result_per_member", "evidence"]
    money = (*_RESULT_MONEY, "result_per_member")
    return as_money(frame[columns].astype({"month": "string"}), books.currency, *money)


def _with_members(months: pd.DataFrame, members: pd.DataFrame | None) -> pd.DataFrame:
    """Add how many members each group had in each month."""
    if members is None:
        return months.assign(members=None)
    dated = {"joined", "left"} <= set(members.columns)
    people = roster(members)

    grades = {str(group): grade_of(part) for group, part in people.groupby("group")}
    counts: dict[str, pd.Series] = {}
    for month in months["month"].unique():
        end = pd.Period(month, freq="M").end_time.normalize()
        there = roster(members, end) if dated else people
        counts[month] = there.loc[there["member"], "group"].value_counts()
    numbers, weaker = [], []
    for group, month, grade in zip(
        months["group"], months["month"], months["evidence"], strict=True
    ):
        known = group in grades
        numbers.append(counts[month].get(group, 0) if known else None)
        weaker.append(weakest([grade, grades[group]]) if known else grade)
    return months.assign(members=pd.array(numbers, dtype="Int64"), evidence=weaker)


@documented
def business_income(books: AnyBooks, *, by: str | None = "group") -> pd.DataFrame:
    """Return what the business earns per member and month, and what that is of the minimum wage.

    Facts read: ``minimum_wage`` (rupiah a month) and perhaps ``income_low`` and ``income_high``, the
    monthly income of poor residents.

    Parameters
    ----------
    |books|
    |by_group|

    Returns
    -------
    DataFrame
        ``months`` (of trade, see :func:`monthly_results`; over all, those of all groups added up),
        ``sales``, ``purchases``, ``costs``, ``result`` (rupiah), ``member_months`` (members of each
        month added up), ``result_per_member`` (``result / member_months``), ``minimum_wage``,
        ``income_low``, ``income_high`` (rupiah), ``result_of_wage``, ``result_of_income_low``,
        ``result_of_income_high`` (``result_per_member`` as a share of each), ``few`` (fewer than five
        members in some month), ``evidence``. What a missing table would hold is missing. Over all,
        groups with a roster are added up.

    Raises
    ------
    kube_research.errors.MissingColumnError
    kube_research.errors.OptionError
        Also for a wage that is not written in digits.

    Notes
    -----
    The result is of the group's business, before anything is shared out; what members earn elsewhere
    is in no book. Checked by hand.

    Examples
    --------
    >>> from kube_research.finance.books import Books
    >>> book = pd.DataFrame({"date": ["2016-03-01", "2016-04-02"], "group": "07", "book": "kas",
    ...                      "category": ["sales", "cost"], "amount": [500000, -100000]})
    >>> people = pd.DataFrame({"person": ["a", "b"], "group": "07", "role": "anggota"})
    >>> wage = pd.DataFrame({"fact": ["minimum_wage"], "value": ["2000000"]})
    >>> income = business_income(Books(book, members=people, facts=wage))
    >>> income[["months", "result", "result_per_member", "result_of_wage"]].values.tolist()
    [[2, 400000, 100000.0, 0.05]]
    """
    keys = need_level(by)
    books = as_books(books)
    months = monthly_results(books)
    wholes = ["months", *_RESULT_MONEY, "member_months"]
    rows = []
    for level, part in parts(months, ["group"]):
        row = level | {name: int(part[name].sum()) for name in _RESULT_MONEY}
        row |= {"months": len(part), "evidence": grade_of(part)}
        if part["members"].notna().all():
            row |= {"member_months": int(part["members"].sum())}
            row |= {"few": bool((part["members"] < FEW).any())}
        rows.append(row)
    frame = frame_of(rows, ["group", *wholes, "few", "evidence"], money=wholes)
    if not keys:
        used = frame["member_months"].notna()
        total = added_up(frame, wholes, used if used.any() else ~used)
        behind = months[months["members"].notna()].groupby("month")["members"].sum()
        total["few"] = bool((behind < FEW).any())
        frame = frame_of([total], [*wholes, "few", "evidence"], money=wholes)
    few = frame.pop("few").eq(True)
    frame["result_per_member"] = ratio(frame["result"], frame["member_months"])
    wages, grade = _wages(books.facts, books.currency.unit)
    for name in WAGES:
        frame[name] = pd.array([wages.get(name)] * len(frame), dtype="Int64")
    for name in WAGES:
        share = name.replace("minimum_", "")
        frame[f"result_of_{share}"] = ratio(frame["result_per_member"], frame[name])
    graded = [weakest([own, *grade]) for own in frame.pop("evidence")]
    frame = frame.assign(few=few, evidence=pd.array(graded, dtype="string"))
    money = (*_RESULT_MONEY, "result_per_member", *WAGES)
    return as_money(frame, books.currency, *money)


def _wages(facts: pd.DataFrame | None, unit: int) -> tuple[dict[str, int], list[str]]:
    """Return the incomes that the facts give, in the smallest unit of the books, and their grades."""
    if facts is None:
        return {}, []
    need_columns(facts, "fact", "value")
    rows = facts[facts["fact"].isin(WAGES) & facts["value"].notna()]
    wages = {}
    for fact, value in zip(rows["fact"], rows["value"], strict=True):
        try:
            wages[str(fact)] = int(Fraction(str(value)) * unit)
        except (ValueError, ZeroDivisionError) as error:
            raise OptionError(text("finance.error.fact", fact=fact, value=str(value))) from error
    return wages, [grade_of(rows)] if len(rows) else []


#: Flows of which one entry shows that a group lends.
LENDING = ("loan_out", "loan_repaid", "loan_interest")
_LENT = ("loans", "lent", "repaid", "interest", "loans_outstanding", "lendable_cash")
_PEOPLE = ("members", "borrowers")
_OTHER = ("late", "savings", "earned")


@documented
def loan_indicators(
    books: AnyBooks,
    *,
    by: str | None = "group",
    on: object = None,
    due: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return the indicators of lending; for a group that does not lend they are missing, never 0.

    Parameters
    ----------
    |books|
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
        past their day), ``savings`` (of members), ``earned`` (business result, interest, fines,
        fees). Counts: ``loans`` given, ``borrowers`` (members who owe something), ``members``. Ratios:
        ``average_loan_size`` (``lent / loans``), ``members_with_loan`` (``borrowers / members``),
        ``loan_fund_utilisation`` (``loans_outstanding / (loans_outstanding + lendable_cash)``),
        ``portfolio_at_risk`` (``late / loans_outstanding``), ``return_on_savings``
        (``earned / savings``); ``evidence``.

        Missing: everything for a group that does not lend; what is outstanding where more was repaid
        than lent (the loans are older than the books); who owes where a loan names nobody and is not
        repaid; what is late without ``due`` or a borrower's row in it.

    |frame_errors|

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
    >>> loan_indicators(book)[["loans_outstanding", "average_loan_size"]].values.tolist()
    [[300, 400.0]]
    >>> bool(loan_indicators(book.iloc[:1])["loans_outstanding"].isna().all())
    True
    """
    keys = need_level(by)
    owed_until = _last_days(due)
    books = as_books(books)
    entries = books.until(on)
    day = entries["date"].max() if on is None else day_of_option(on)
    people = None if books.members is None else books.roster(on)
    rows = []
    for level, part in parts(entries, ["group"]):
        row: dict[str, Any] = {**level, "lends": bool(part["flow"].isin(LENDING).any())}
        row |= {"evidence": grade_of(part)}
        if row["lends"]:
            row |= _lending(part, people, owed_until, day)
        rows.append(row)
    wholes = [*_LENT, *_PEOPLE, *_OTHER]
    frame = frame_of(rows, ["group", "lends", *wholes, "evidence"], money=wholes)
    if not keys:
        lends = frame["lends"].astype("bool")
        total = added_up(frame, wholes, lends) | {"lends": bool(lends.any())}
        for name in wholes:  # what one of those that lend does not tell is missing
            total[name] = frame.loc[lends, name].sum(skipna=False, min_count=1)
        frame = frame_of([total], ["lends", *wholes, "evidence"], money=wholes)
    frame["average_loan_size"] = ratio(frame["lent"], frame["loans"])
    frame["members_with_loan"] = ratio(frame["borrowers"], frame["members"])
    fund = frame["loans_outstanding"] + frame["lendable_cash"].clip(lower=0)
    frame["loan_fund_utilisation"] = ratio(frame["loans_outstanding"], fund)
    frame["portfolio_at_risk"] = ratio(frame["late"], frame["loans_outstanding"])
    frame["return_on_savings"] = ratio(frame["earned"], frame["savings"])
    grade = frame.pop("evidence")
    frame = frame.astype({"lends": "bool"}).assign(evidence=grade)
    money = (*_LENT[1:], *_OTHER, "average_loan_size")
    return as_money(frame, books.currency, *money)


def _last_days(due: pd.DataFrame | None) -> dict[tuple[str, str], pd.Timestamp] | None:
    """Return until when each borrower is to have repaid."""
    if due is None:
        return None
    need_columns(due, "group", "person", "due")
    rows = due[due["due"].notna()].astype({"group": str, "person": str})
    twice = rows[rows.duplicated(["group", "person"])]
    if len(twice):
        person, group = twice[["person", "group"]].iloc[0]
        raise OptionError(text("finance.error.due_twice", person=person, group=group))
    keys = zip(rows["group"], rows["person"], strict=True)
    return dict(zip(keys, rows["due"].map(day_of_option), strict=True))


def _lending(
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
    moves = saving_moves(part)
    saves = len(moves) or part["kind"].isin(SAVINGS).any()
    row |= {"savings": int(moves["saved"].sum()) if saves else None}
    row |= {"earned": money_of(part, *OPERATING, *EARNED)}
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
        if None not in days:
            past = pd.Series(days, index=debts.index, dtype="datetime64[ns]") < day
            row |= {"late": int(debts[past].sum())}
    return row
