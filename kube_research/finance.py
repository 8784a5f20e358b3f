"""The groups' books: kas, tabungan and IKS as running and closing balances in whole rupiah."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from kube_research.frames import grade_of, grades_by, need_columns

_BOOK = ("group", "book")


def ledger_balances(ledger: pd.DataFrame, *, by: Sequence[str] = _BOOK) -> pd.DataFrame:
    """Return every entry with the running and the closing balance of its book.

    Parameters
    ----------
    ledger : DataFrame
        ``date``, ``group``, ``book``, ``amount`` (whole rupiah, positive in, negative out), and
        perhaps ``balance``, the balance as written in the book.
    by : sequence of str
        What makes a book of its own.

    Returns
    -------
    DataFrame
        The entries by book and date (entries of one day keep their order), with ``running`` (balance
        after the entry), ``closing`` (balance after the last one) and, where the book states
        balances, ``difference`` (stated minus running; missing where nothing is stated). Nothing is
        corrected.

    Raises
    ------
    kube_research.errors.MissingColumnError

    Notes
    -----
    Whole-number arithmetic throughout: opening balance 0, opening plus movements equals closing.

    Examples
    --------
    >>> book = pd.DataFrame({"date": ["2016-03-01", "2016-03-02"], "group": "07", "book": "kas",
    ...                      "amount": [500000, -120000]})
    >>> ledger_balances(book)["running"].tolist()
    [500000, 380000]
    """
    keys = list(by)
    need_columns(ledger, "date", *keys, "amount")
    done = ledger.sort_values([*keys, "date"], kind="stable", ignore_index=True)
    amounts = done["amount"].fillna(0).astype("int64")
    grouped = amounts.groupby([done[key] for key in keys])
    done["running"] = grouped.cumsum()
    done["closing"] = grouped.transform("sum")
    if "balance" in done:
        done["difference"] = (done["balance"] - done["running"]).astype("Int64")
    return done


def closing_balances(ledger: pd.DataFrame, *, by: Sequence[str] = _BOOK) -> pd.DataFrame:
    """Return one row per book: what came in, what went out, what is left.

    Parameters
    ----------
    ledger : DataFrame
        As for :func:`ledger_balances`.
    by : sequence of str
        What makes a book of its own.

    Returns
    -------
    DataFrame
        ``entries``, ``first`` and ``last`` day, ``inflow``, ``outflow`` (positive), ``closing``, all
        in rupiah, and ``evidence``.

    Examples
    --------
    >>> book = pd.DataFrame({"date": ["2016-03-01", "2016-03-02"], "group": "07", "book": "kas",
    ...                      "amount": [500000, -120000]})
    >>> closing_balances(book)[["inflow", "outflow", "closing"]].values.tolist()
    [[500000, 120000, 380000]]
    """
    keys = list(by)
    need_columns(ledger, "date", *keys, "amount")
    amounts = ledger["amount"].fillna(0).astype("int64")
    parts = ledger.assign(_in=amounts.clip(lower=0), _out=(-amounts).clip(lower=0), _amount=amounts)
    grouped = parts.groupby(keys)
    done = grouped.agg(
        entries=("_amount", "size"),
        first=("date", "min"),
        last=("date", "max"),
        inflow=("_in", "sum"),
        outflow=("_out", "sum"),
        closing=("_amount", "sum"),
    )
    done["evidence"] = grades_by(ledger, keys)
    return done.reset_index()


#: Category under which a ledger books the share of each purpose of the IKS rule.
IKS_CATEGORIES = {"sick_members": "iks_sick", "posyandu": "iks_posyandu"}
#: Categories whose sum is a month's net business profit.
PROFIT_CATEGORIES = ("sales", "stock_purchase", "cost")


def iks_split(
    ledger: pd.DataFrame,
    iks_rule: pd.DataFrame,
    *,
    categories: Mapping[str, str] = IKS_CATEGORIES,
    profit: Sequence[str] = PROFIT_CATEGORIES,
) -> pd.DataFrame:
    """Hold what was set aside for IKS against the agreed shares.

    Parameters
    ----------
    ledger : DataFrame
        ``date``, ``group``, ``book``, ``category``, ``amount`` (whole rupiah).
    iks_rule : DataFrame
        ``purpose`` and ``share_pct`` (percent; rows without a share are left out).
    categories : mapping of str to str
        The category of the IKS book under which each purpose is booked.
    profit : sequence of str
        Categories of the cash book whose sum is the base of the shares. The study does not print the
        base: net business profit is one reading of several.

    Returns
    -------
    DataFrame
        One row per purpose: ``agreed_pct``, ``set_aside`` and ``base`` (rupiah, over the months of each
        group in which something was set aside), ``pct`` (set aside as a percentage of the base),
        ``share_of_iks`` (of all that was set aside under the rule, percent), ``evidence``.

    Raises
    ------
    kube_research.errors.MissingColumnError

    Notes
    -----
    Checked against a ledger worked out by hand.
    """
    need_columns(ledger, "date", "group", "book", "category", "amount")
    need_columns(iks_rule, "purpose", "share_pct")
    rule = iks_rule.dropna(subset=["share_pct"]).set_index("purpose")["share_pct"]
    months = ledger.assign(month=pd.to_datetime(ledger["date"]).dt.to_period("M"))
    shares = months[(months["book"] == "iks") & months["category"].isin(list(categories.values()))]
    earned = months[(months["book"] == "kas") & months["category"].isin(list(profit))]
    base = earned.groupby(["group", "month"])["amount"].sum()
    all_shares = int(shares["amount"].sum())
    rows = []
    for purpose, agreed in rule.items():
        part = shares[shares["category"] == categories.get(str(purpose), "")]
        set_aside = part.groupby(["group", "month"])["amount"].sum()
        over = int(base.reindex(set_aside.index).fillna(0).sum())
        total = int(set_aside.sum())
        rows.append(
            {
                "purpose": purpose,
                "agreed_pct": float(agreed),
                "set_aside": total,
                "base": over,
                "pct": 100 * total / over if over else float("nan"),
                "share_of_iks": 100 * total / all_shares if all_shares else float("nan"),
                "evidence": grade_of(ledger),
            }
        )
    return pd.DataFrame(rows)
