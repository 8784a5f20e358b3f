"""The stimulant and what became of it: repaid, turned over, grown; months of trade."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kube_research.frames import grade_of, need_option
from kube_research.money_rows import (
    added_up,
    known_entries,
    money_of,
    need_level,
    parts,
    ratio,
    typed,
)

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
        The site's own codes, see :func:`~kube_research.accounts.chart_of_accounts`.
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
