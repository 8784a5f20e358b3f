"""Oracle: capitals worked out by hand, and every possible worth of goods between the two ends."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from small_ledgers import LEDGERS, by_month, ledger_of, merged, variants

import kube_research as kr
from kube_research.errors import OptionError

MONEY = ["stimulant", "repaid", "cash", "cooperative", "lent", "goods_at_cost"]
BOOK = ledger_of(
    ("2016-01-25", "07", "kas", "stimulant", None, 1000),
    ("2016-01-25", "07", "kas", "equipment", None, -300),
    ("2016-02-01", "07", "kas", "stock_purchase", None, -400),
    ("2016-02-10", "07", "kas", "sales", None, 700),
    ("2016-02-11", "07", "kas", "cost", None, -50),
    ("2016-02-28", "07", "kas", "cooperative_savings", None, -60),
    ("2016-02-28", "07", "tabungan", "cooperative_savings", None, 60),
    ("2016-02-28", "07", "tabungan", "member_deposit", "a", 500),
    ("2016-03-01", "07", "kas", "loan", "a", -100),
    ("2016-03-20", "07", "kas", "loan_repayment", "a", 30),
    ("2016-03-21", "07", "kas", "stimulant_repayment", None, -200),
    ("2016-03-22", "07", "iks", "iks_due", None, 40),
)


def test_a_capital_by_hand() -> None:
    row = kr.finance.capital_growth(BOOK).iloc[0]
    assert row[MONEY].tolist() == [1000, 200, 620, 60, 70, 700]
    # 620 + 60 + 70 = 750 in money, 1450 with all goods and equipment
    assert (row["capital_low"], row["capital_high"]) == (750, 1450)
    assert (row["growth_low"], row["growth_high"]) == pytest.approx((-0.25, 0.45))
    assert row["repaid_share"] == pytest.approx(0.2)
    early = kr.finance.capital_growth(BOOK, on="2016-02-15").iloc[0]
    assert early[MONEY].tolist() == [1000, 0, 950, 0, 0, 700]
    assert pd.isna(early["repaid_share"])


def test_whether_a_stimulant_is_repayable_is_an_input() -> None:
    unpaid = BOOK[BOOK["category"] != "stimulant_repayment"]
    shares = [
        kr.finance.capital_growth(unpaid, repayable=asked)["repaid_share"].iloc[0]
        for asked in (None, True, False)
    ]
    assert pd.isna(shares[0])
    assert shares[1] == 0
    assert pd.isna(shares[2])
    assert pd.isna(kr.finance.capital_growth(BOOK, repayable=False)["repaid_share"].iloc[0])
    with pytest.raises(OptionError, match="perhaps"):
        kr.finance.capital_growth(BOOK, repayable="perhaps")  # type: ignore[arg-type]


def test_what_the_books_do_not_show_is_missing() -> None:
    rows = ledger_of(
        ("2016-02-01", "07", "kas", "opening", None, 800),
        ("2016-02-01", "08", "kas", "sales", None, 800),
        ("2016-02-01", "10", "iks", "iks_due", None, 5),
    )
    done = kr.finance.capital_growth(rows).set_index("group")
    assert pd.isna(done.loc["07", "stimulant"])
    assert done.loc["07", "capital_low"] == 800
    assert done.loc["08", "stimulant"] == 0
    assert done["growth_low"].isna().all()
    assert done.loc["10", MONEY].isna().all()


def test_deposits_booked_in_kas_alone_count_once() -> None:
    alone = BOOK[(BOOK["book"] != "tabungan") | (BOOK["category"] != "cooperative_savings")]
    assert kr.finance.capital_growth(alone)["cooperative"].tolist() == [60]


@settings(max_examples=10)
@given(LEDGERS)
def test_sums_hold_for_any_ledger(rows: list[tuple[object, ...]]) -> None:
    ledger = ledger_of(*rows)
    done = kr.finance.capital_growth(ledger)
    known = done[done["stimulant"].notna()]
    every = kr.finance.capital_growth(ledger, by=None).iloc[0]
    for name in (*MONEY, "capital_low", "capital_high"):
        assert known[name].sum() == (0 if pd.isna(every[name]) else every[name])
    assert (done["capital_high"] >= done["capital_low"]).fillna(True).all()
    assert (done["goods_at_cost"] >= 0).fillna(True).all()
    for other in variants(ledger):
        pd.testing.assert_frame_equal(done, kr.finance.capital_growth(other))
    closing = kr.closing_balances(ledger).query("book == 'kas'").set_index("group")["closing"]
    assert known.set_index("group")["cash"].to_dict().items() <= closing.to_dict().items()


def test_months_of_trade_by_hand() -> None:
    book = ledger_of(
        ("2016-01-31", "07", "kas", "sales", None, 5),
        ("2016-02-01", "07", "kas", "sales", None, 5),
        ("2016-02-09", "07", "kas", "sales", None, -5),
        ("2016-03-09", "07", "kas", "sales", None, None),
        ("2016-02-09", "08", "kas", "cost", None, -5),
        ("2016-04-09", "08", "kas", "penjualan", None, 5),
        ("2016-04-09", "10", "iks", "iks_due", None, 5),
    )
    done = kr.finance.trade_months(book).set_index("group")
    assert done["sales_months"].tolist()[:2] == [2, 1]
    assert done["sales"].tolist()[:2] == [5, 5]
    assert done.loc["07", "last_sale"] == pd.Timestamp("2016-02-01")
    assert pd.isna(done.loc["10", "sales_months"])
    assert kr.finance.trade_months(book, by=None)["sales_months"].tolist() == [3]


@settings(max_examples=15)
@given(LEDGERS)
def test_months_of_trade_add_up(rows: list[tuple[object, ...]]) -> None:
    ledger = ledger_of(*rows)
    whole = kr.finance.trade_months(ledger, by=None).iloc[0]
    parts = [
        kr.finance.trade_months(part, by=None)
        for part in by_month(ledger)
        if part["amount"].notna().any()
    ]
    for name in ("sales_months", "sales"):
        if pd.concat(parts)[name].isna().any() and pd.notna(whole[name]):
            continue  # a month without a line in kas and without a sale tells nothing
        summed = pd.concat(parts)[name].sum()
        assert summed == (0 if pd.isna(whole[name]) else whole[name])
    again = kr.finance.trade_months(merged(ledger)).drop(columns="group")
    pd.testing.assert_frame_equal(kr.finance.trade_months(ledger, by=None), again)
