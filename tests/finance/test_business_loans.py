"""Oracle: a small loan book worked out by hand under the published definitions."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from small_ledgers import LEDGERS, PEOPLE, ledger_of, variants

import kube_research as kr
from kube_research.errors import OptionError

BOOK = ledger_of(
    ("2016-02-01", "07", "tabungan", "member_deposit", "a", 900),
    ("2016-02-01", "07", "tabungan", "member_deposit", None, 300),
    ("2016-02-05", "07", "tabungan", "loan", "a", -400),
    ("2016-02-06", "07", "tabungan", "loan", "b", -200),
    ("2016-03-05", "07", "tabungan", "loan_repayment", "a", 150),
    ("2016-03-06", "07", "tabungan", "loan_repayment", "b", 200),
    ("2016-03-06", "07", "tabungan", "loan_interest", "b", 20),
    ("2016-03-07", "07", "kas", "sales", None, 100),
    ("2016-03-08", "07", "kas", "cost", None, -40),
    ("2016-03-09", "08", "kas", "sales", None, 700),
)
RATIOS = [
    *("average_loan_size", "members_with_loan", "loan_fund_utilisation"),
    *("portfolio_at_risk", "return_on_savings"),
]
DUE = pd.DataFrame(
    {"group": ["07", "07"], "person": ["a", "b"], "due": ["2016-03-01", "2016-03-31"]}
)


def test_a_loan_book_by_hand() -> None:
    row = kr.finance.loan_indicators(kr.finance.Books(BOOK, members=PEOPLE)).iloc[0]
    money = ["loans", "lent", "repaid", "interest", "loans_outstanding", "lendable_cash", "earned"]
    # cash of the savings book: 1200 - 600 + 350 + 20 = 970
    assert row[money].tolist() == [2, 600, 350, 20, 250, 970, 80]
    assert (row["borrowers"], row["members"], row["savings"]) == (1, 2, 1200)
    assert row["average_loan_size"] == 300
    assert row["members_with_loan"] == 0.5
    assert row["loan_fund_utilisation"] == pytest.approx(250 / 1220)
    assert row["return_on_savings"] == pytest.approx(80 / 1200)
    assert pd.isna(row["portfolio_at_risk"])


def test_late_loans_need_the_days_they_are_due() -> None:
    row = kr.finance.loan_indicators(kr.finance.Books(BOOK, members=PEOPLE), due=DUE).iloc[0]
    assert (row["late"], row["portfolio_at_risk"]) == (250, 1)
    in_time = DUE.assign(due="2016-03-09")
    assert kr.finance.loan_indicators(BOOK, due=in_time)["portfolio_at_risk"].iloc[0] == 0
    early = kr.finance.loan_indicators(
        BOOK, due=DUE.assign(due="2016-02-28"), on="2016-03-05"
    ).iloc[0]
    assert (early["late"], early["loans_outstanding"]) == (450, 450)
    unknown = kr.finance.loan_indicators(BOOK, due=DUE.iloc[1:]).iloc[0]
    assert pd.isna(unknown["late"])
    with pytest.raises(OptionError, match="a of group 07"):
        kr.finance.loan_indicators(BOOK, due=pd.concat([DUE, DUE]))


def test_a_group_that_does_not_lend_has_nothing_rather_than_zero() -> None:
    done = kr.finance.loan_indicators(kr.finance.Books(BOOK, members=PEOPLE))
    assert done["lends"].tolist() == [True, False]
    numbers = done.columns.drop(["group", "lends", "evidence"])
    assert done.loc[done["group"] == "08", numbers].isna().all(axis=None)
    every = kr.finance.loan_indicators(kr.finance.Books(BOOK, members=PEOPLE), by=None).iloc[0]
    assert (every["loans_outstanding"], every["members"], every["earned"]) == (250, 2, 80)
    graded = BOOK.assign(evidence=["recorded"] * 9 + ["simulated"])
    assert kr.finance.loan_indicators(graded, by=None)["evidence"].tolist() == ["recorded"]
    nobody = kr.finance.loan_indicators(BOOK.iloc[-1:], by=None)
    assert not nobody["lends"].iloc[0]
    assert nobody[["loans_outstanding", *RATIOS]].isna().all(axis=None)


def test_what_the_books_cannot_tell_is_missing() -> None:
    older = ledger_of(("2016-03-05", "07", "kas", "loan_repayment", "a", 150))
    row = kr.finance.loan_indicators(kr.finance.Books(older, members=PEOPLE)).iloc[0]
    assert (row["lends"], row["repaid"]) == (True, 150)
    names = ["loans_outstanding", "average_loan_size", "borrowers", "loan_fund_utilisation"]
    assert row[names].isna().all()
    unnamed = ledger_of(
        ("2016-03-05", "07", "kas", "loan", None, -150),
        ("2016-03-06", "07", "kas", "loan", "a", -50),
    )
    row = kr.finance.loan_indicators(kr.finance.Books(unnamed, members=PEOPLE)).iloc[0]
    assert (row["loans_outstanding"], pd.isna(row["members_with_loan"])) == (200, True)
    repaid = ledger_of(
        ("2016-03-05", "07", "kas", "loan", None, -150),
        ("2016-03-06", "07", "kas", "loan_repayment", None, 150),
    )
    row = kr.finance.loan_indicators(kr.finance.Books(repaid, members=PEOPLE)).iloc[0]
    assert (row["loans_outstanding"], row["members_with_loan"]) == (0, 0)
    assert row["loan_fund_utilisation"] is pd.NA
    assert kr.finance.loan_indicators(repaid)["members"].isna().all()


@settings(max_examples=10)
@given(LEDGERS)
def test_loans_are_the_same_in_any_order_and_add_up(rows: list[tuple[object, ...]]) -> None:
    ledger = ledger_of(*rows)
    done = kr.finance.loan_indicators(kr.finance.Books(ledger, members=PEOPLE))
    for other in variants(ledger):
        pd.testing.assert_frame_equal(
            done, kr.finance.loan_indicators(kr.finance.Books(other, members=PEOPLE))
        )
    lending = done[done["lends"]]
    every = kr.finance.loan_indicators(kr.finance.Books(ledger, members=PEOPLE), by=None).iloc[0]
    assert every["lends"] == bool(len(lending))
    for name in ("loans", "lent", "repaid", "interest", "loans_outstanding", "earned"):
        expected = None if lending.empty or lending[name].isna().any() else lending[name].sum()
        assert pd.isna(every[name]) if expected is None else every[name] == expected
    known = done["loans_outstanding"].dropna()
    assert (known >= 0).all()
    for name in ("members_with_loan", "loan_fund_utilisation"):
        assert done[name].dropna().between(0, 1).all()
