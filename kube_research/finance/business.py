"""What the business earns: its result month by month, per member, and against the minimum wage."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pandas as pd

from kube_research.errors import OptionError
from kube_research.finance.books import (
    OPERATING,
    added_up,
    known_entries,
    money_of,
    need_level,
    parts,
    ratio,
    roster,
    typed,
)
from kube_research.frames import FEW, grade_of, need_columns, need_option, weakest
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


def capital_growth(
    ledger: pd.DataFrame,
    categories: pd.DataFrame | None = None,
    *,
    by: str | None = "group",
    on: object = None,
    repayable: bool | None = None,
) -> pd.DataFrame:
    """Return what the capital is worth against the stimulant that it began with.

    Parameters
    ----------
    ledger : DataFrame
        ``date``, ``group``, ``book``, ``category``, ``amount`` (whole rupiah).
    categories : DataFrame, optional
        The site's own codes, see :func:`~kube_research.site.accounts.chart_of_accounts`.
    by : {"group", None}
        One row a group, or one row over all.
    on : str or Timestamp, optional
        Entries up to and with this day; all by default.
    repayable : bool, optional
        Whether the stimulant has to be repaid. By default the books decide: a share repaid is given
        only where something was repaid; with True it is 0 where nothing was, with False missing.

    Returns
    -------
    DataFrame
        In rupiah: ``stimulant`` received and ``repaid`` (both positive), ``cash`` (balance of kas),
        ``cooperative`` (profit put into the cooperative, less what came back), ``lent`` (to members and
        not yet repaid), ``goods_at_cost`` (all goods and equipment ever bought), ``capital_low`` (the
        money alone: ``cash + cooperative + lent``) and ``capital_high`` (with all goods and equipment
        still there, at cost); ``growth_low`` and ``growth_high`` (``capital / stimulant - 1``; missing
        unless a stimulant was received), ``repaid_share``, ``evidence``. Over all, groups whose capital
        is known are added up.

        All missing for a group whose kas the ledger does not hold; the stimulant and what divides by
        it also where the books begin with a balance brought forward and show no stimulant: it may
        have come before.

    Raises
    ------
    kube_research.errors.MissingColumnError, kube_research.errors.OptionError

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
    rows = []
    for level, part in parts(known_entries(ledger, categories, on=on), ["group"]):
        cash = part[part["book"] == "kas"]
        row: dict[str, Any] = {**level, "evidence": grade_of(part)}
        if len(cash):
            row |= _capital(part, cash)
        rows.append(row)
    frame = pd.DataFrame(rows, columns=["group", *_MONEY, "evidence"])
    done: pd.DataFrame = typed(frame, money=_MONEY)
    if not keys:
        total = added_up(done, _MONEY, done["stimulant"].notna())
        done = typed(pd.DataFrame([total], columns=[*_MONEY, "evidence"]), money=_MONEY)
    for end in ("low", "high"):
        done[f"growth_{end}"] = ratio(done[f"capital_{end}"], done["stimulant"]) - 1
    share = ratio(done["repaid"], done["stimulant"])
    asked = done["repaid"].gt(0).fillna(False) | (repayable is True)
    done["repaid_share"] = share.where(asked & (repayable is not False))
    grade = done.pop("evidence")
    return done.assign(evidence=grade)


def _capital(part: pd.DataFrame, cash: pd.DataFrame) -> dict[str, Any]:
    """Return the parts of the capital of one group."""
    received = part[part["flow"] == "grant"]
    before = received.empty and (cash["flow"] == "opening").any()
    saved = part[part["book"] == "tabungan"]
    moved = part[part["flow"] == "cooperative"]
    saved_in = money_of(saved, "cooperative") if (moved["book"] == "tabungan").any() else None
    coop = -money_of(moved) if saved_in is None else saved_in
    money = money_of(cash) + coop - money_of(part, "loan_out", "loan_repaid")
    goods = max(0, -money_of(part, "purchase", "asset"))
    row = {"stimulant": None if before else money_of(received)}
    row |= {"repaid": -money_of(part, "grant_repaid"), "cash": money_of(cash), "cooperative": coop}
    row |= {"lent": -money_of(part, "loan_out", "loan_repaid"), "goods_at_cost": goods}
    return row | {"capital_low": money, "capital_high": money + goods}


def trade_months(
    ledger: pd.DataFrame, categories: pd.DataFrame | None = None, *, by: str | None = "group"
) -> pd.DataFrame:
    """Return in how many months a group sold something.

    Parameters
    ----------
    ledger, categories, by
        As for :func:`capital_growth`.

    Returns
    -------
    DataFrame
        ``sales_months`` (calendar months with at least one sale), ``first_sale`` and ``last_sale``
        (days; missing without one), ``sales`` (rupiah), ``evidence``. Months and sales are missing for
        a group whose kas the ledger does not hold.

    Raises
    ------
    kube_research.errors.MissingColumnError, kube_research.errors.OptionError

    Examples
    --------
    >>> import kube_research as kr
    >>> trade_months(kr.load_site("cibeunying-simulated").ledger)["sales_months"].tolist()
    [9, 9, 9, 9, 9]
    """
    keys = need_level(by)
    rows = []
    for level, part in parts(known_entries(ledger, categories), keys):
        sales = part[(part["flow"] == "sale") & (part["amount"] > 0)]
        row: dict[str, Any] = {**level, "evidence": grade_of(part)}
        if len(sales) or (part["book"] == "kas").any():
            row |= {"sales_months": sales["month"].nunique(), "sales": money_of(part, "sale")}
            row |= {"first_sale": sales["date"].min(), "last_sale": sales["date"].max()}
        rows.append(row)
    columns = [*keys, "sales_months", "first_sale", "last_sale", "sales", "evidence"]
    frame = pd.DataFrame(rows, columns=columns)
    done: pd.DataFrame = typed(frame, money=["sales_months", "sales"])
    return done.astype({"first_sale": "datetime64[ns]", "last_sale": "datetime64[ns]"})


#: Facts that incomes are held against, each in rupiah a month.
WAGES = ("minimum_wage", "income_low", "income_high")
_RESULT_MONEY = ("sales", "purchases", "costs", "result")


def monthly_results(
    ledger: pd.DataFrame,
    members: pd.DataFrame | None = None,
    categories: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return the result of each group's business month by month.

    Parameters
    ----------
    ledger : DataFrame
        ``date``, ``group``, ``book``, ``category``, ``amount`` (whole rupiah). Trade counts in whichever
        book it is written.
    members : DataFrame, optional
        ``person``, ``group``, ``role`` and perhaps ``joined``, ``left``.
    categories : DataFrame, optional
        The site's own codes, see :func:`~kube_research.site.accounts.chart_of_accounts`.

    Returns
    -------
    DataFrame
        One row per group and month (such as ``"2016-03"``), from its first entry of trade to its last
        entry of any kind, months without trade too: ``sales``, ``purchases`` and ``costs`` (both
        positive), ``result`` (``sales - purchases - costs``; rupiah), ``members`` (on the last day of
        the month where the roster has days of joining and leaving, else all; missing without a
        roster of the group), ``result_per_member``, ``evidence``. A group without trade has no row.

    Raises
    ------
    kube_research.errors.MissingColumnError, kube_research.errors.OptionError

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
    entries = known_entries(ledger, categories)
    rows = []
    for level, part in parts(entries, ["group"]):
        trade = part[part["flow"].isin(OPERATING)]
        if trade.empty:
            continue
        by_month = dict(list(trade.groupby("month")))
        for month in pd.period_range(trade["month"].min(), part["month"].max(), freq="M"):
            now = by_month.get(str(month), trade.iloc[:0])
            row = level | {"month": str(month), "result": money_of(now)}
            row |= {"sales": money_of(now, "sale"), "purchases": -money_of(now, "purchase")}
            row |= {"costs": -money_of(now, "cost"), "evidence": grade_of(trade)}
            rows.append(row)
    frame = pd.DataFrame(rows, columns=["group", "month", *_RESULT_MONEY, "evidence"])
    counted = _with_members(frame, members)
    done: pd.DataFrame = typed(counted, money=[*_RESULT_MONEY, "members"]).astype(
        {"month": "string"}
    )
    done["result_per_member"] = ratio(done["result"], done["members"])
    columns = ["group", "month", *_RESULT_MONEY, "members", "result_per_member", "evidence"]
    return done[columns]


def _with_members(months: pd.DataFrame, members: pd.DataFrame | None) -> pd.DataFrame:
    """Add how many members each group had in each month."""
    if members is None:
        return months.assign(members=None)
    dated = {"joined", "left"} <= set(members.columns)
    people = roster(members)
    known = set(people["group"].dropna())
    grade = people.groupby("group")["evidence"].agg(weakest).to_dict()
    counts: dict[str, pd.Series] = {}
    numbers, grades = [], []
    for group, month, own in zip(months["group"], months["month"], months["evidence"], strict=True):
        if month not in counts:
            day = pd.Period(month, freq="M").end_time.normalize()
            there = roster(members, day) if dated else people
            counts[month] = there[there["member"]].groupby("group").size()
        here = str(group) in known
        numbers.append(int(counts[month].get(str(group), 0)) if here else None)
        grades.append(weakest([own, grade[str(group)]]) if here else own)
    return months.assign(members=pd.array(numbers, dtype="Int64"), evidence=grades)


def business_income(
    ledger: pd.DataFrame,
    members: pd.DataFrame | None = None,
    facts: pd.DataFrame | None = None,
    categories: pd.DataFrame | None = None,
    *,
    by: str | None = "group",
) -> pd.DataFrame:
    """Return what the business earns per member and month, and what that is of the minimum wage.

    Parameters
    ----------
    ledger, members, categories
        As for :func:`monthly_results`.
    facts : DataFrame, optional
        ``fact`` and ``value``: ``minimum_wage`` (rupiah a month) and perhaps ``income_low`` and
        ``income_high``, the monthly income of poor residents.
    by : {"group", None}
        One row a group, or one row over all.

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
    >>> book = pd.DataFrame({"date": ["2016-03-01", "2016-04-02"], "group": "07", "book": "kas",
    ...                      "category": ["sales", "cost"], "amount": [500000, -100000]})
    >>> people = pd.DataFrame({"person": ["a", "b"], "group": "07", "role": "anggota"})
    >>> wage = pd.DataFrame({"fact": ["minimum_wage"], "value": ["2000000"]})
    >>> done = business_income(book, people, wage)
    >>> done[["months", "result", "result_per_member", "result_of_wage"]].values.tolist()
    [[2, 400000, 100000.0, 0.05]]
    """
    keys = need_level(by)
    months = monthly_results(ledger, members, categories)
    wholes = ["months", *_RESULT_MONEY, "member_months"]
    rows = []
    for level, part in parts(months, ["group"]):
        row = level | {name: int(part[name].sum()) for name in _RESULT_MONEY}
        row |= {"months": len(part), "evidence": grade_of(part)}
        if part["members"].notna().all():
            row |= {"member_months": int(part["members"].sum())}
            row |= {"few": bool((part["members"] < FEW).any())}
        rows.append(row)
    frame = pd.DataFrame(rows, columns=["group", *wholes, "few", "evidence"])
    done: pd.DataFrame = typed(frame, money=wholes)
    if not keys:
        used = done["member_months"].notna()
        total = added_up(done, wholes, used if used.any() else ~used)
        total["few"] = _few(months[months["members"].notna()])
        done = typed(pd.DataFrame([total], columns=[*wholes, "few", "evidence"]), money=wholes)
    done["few"] = done["few"].eq(True)
    done["result_per_member"] = ratio(done["result"], done["member_months"])
    wages, grade = _wages(facts)
    for name in WAGES:
        done[name] = pd.array([wages.get(name)] * len(done), dtype="Int64")
    for name in WAGES:
        share = name.replace("minimum_", "")
        done[f"result_of_{share}"] = ratio(done["result_per_member"], done[name])
    own = done.pop("evidence")
    few = done.pop("few")
    graded = [weakest([one, *grade]) for one in own]
    return done.assign(few=few, evidence=pd.array(graded, dtype="string"))


def _few(months: pd.DataFrame) -> bool:
    """Tell whether fewer than five members stand behind some month of all groups together."""
    return bool((months.groupby("month")["members"].sum() < FEW).any())


def _wages(facts: pd.DataFrame | None) -> tuple[dict[str, int], list[str]]:
    """Return the incomes that the facts give, in whole rupiah, and their grades."""
    if facts is None:
        return {}, []
    need_columns(facts, "fact", "value")
    rows = facts[facts["fact"].isin(WAGES) & facts["value"].notna()]
    found = {}
    for fact, value in zip(rows["fact"], rows["value"], strict=True):
        try:
            found[str(fact)] = int(Fraction(str(value)))
        except (ValueError, ZeroDivisionError) as error:
            raise OptionError(text("finance.error.fact", fact=fact, value=str(value))) from error
    return found, [grade_of(rows)] if len(rows) else []
