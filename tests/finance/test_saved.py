"""What members have saved after shares, share-outs, fines and fees: every right answer by hand."""

import pandas as pd
import pytest
from small_ledgers import ledger_of

import kube_research as kr
from kube_research.finance.books import Books
from kube_research.finance.savings import group_savings, member_savings

PEOPLE = pd.DataFrame({"person": ["A1", "A2", "A3"], "group": "01", "role": "anggota"})
#: Two shares of 5,000 and one; 8,000 lent for an interest of 800; all shared out, 2/3 and 1/3.
CYCLE = [
    ("2024-01-07", "01", "saham", "beli_saham", "A1", 10000),
    ("2024-01-07", "01", "saham", "beli_saham", "A2", 5000),
    ("2024-01-14", "01", "saham", "pinjaman", "A1", -8000),
    ("2024-02-14", "01", "saham", "angsuran_pokok", "A1", 8000),
    ("2024-02-14", "01", "saham", "jasa_pinjaman", "A1", 800),
]
OUT = [
    ("2024-12-14", "01", "saham", "pembagian", "A1", -10530),
    ("2024-12-14", "01", "saham", "pembagian", "A2", -5270),
]


def saved_of(*rows, **parts):
    books = Books(ledger_of(*rows), members=PEOPLE, **parts)
    return books, member_savings(books).set_index("person")


@pytest.mark.parametrize("book", ["saham", "tabungan", "kas"])
def test_after_a_share_out_each_has_saved_nothing(book: str) -> None:
    rows = [(day, group, book, *rest) for day, group, _, *rest in [*CYCLE, *OUT]]
    books, saved = saved_of(*rows)
    assert saved["balance"].tolist() == [0, 0, 0]
    assert saved["profit"].tolist() == [530, 270, 0]
    assert saved["withdrawals"].tolist() == [10000, 5000, 0]
    loans = kr.finance.loan_indicators(books).iloc[0]
    assert loans[["savings", "repaid", "interest", "earned"]].tolist() == [0, 8000, 800, 800]
    assert pd.isna(loans["return_on_savings"])
    totals = group_savings(books).iloc[0]
    if book != "kas":  # 800 of interest, less 800 paid out
        assert totals[["deposits", "withdrawals", "other", "total"]].tolist() == [
            *(15000, 15000, 0, 0)
        ]


def test_before_the_share_out_the_shares_are_saved() -> None:
    books, saved = saved_of(*CYCLE)
    assert saved["balance"].tolist() == [10000, 5000, 0]
    assert kr.finance.loan_indicators(books).at[0, "return_on_savings"] == 800 / 15000


def test_a_share_out_that_names_nobody_settles_everybody() -> None:
    whole = ("2024-12-14", "01", "saham", "share_out", None, -15800)
    books, saved = saved_of(*CYCLE, whole)
    assert saved["balance"].tolist() == [0, 0, 0]
    assert saved["profit"].tolist() == [0, 0, 0]  # whose it was is not written
    totals = group_savings(books).iloc[0]
    assert totals[["deposits", "withdrawals", "other", "total"]].tolist() == [15000, 15000, 0, 0]


def test_savings_and_profit_may_be_paid_in_two_entries() -> None:
    two = [
        ("2024-12-14", "01", "saham", "pembagian", "A1", -530),
        ("2024-12-14", "01", "saham", "pembagian", "A1", -10000),
        ("2024-12-14", "01", "saham", "pembagian", "A2", -5000),
        ("2024-12-15", "01", "saham", "pembagian", "A2", -270),
    ]
    _, saved = saved_of(*CYCLE, *two)
    assert saved["balance"].tolist() == [0, 0, 0]
    assert saved["profit"].tolist() == [530, 270, 0]


def test_a_new_cycle_begins_at_nothing_and_a_loss_is_a_loss() -> None:
    rows = [
        ("2024-01-07", "01", "saham", "saham", "A1", 10000),
        ("2024-12-14", "01", "saham", "pembagian_saham", "A1", -9500),
        ("2025-01-07", "01", "saham", "saham", "A1", 2000),
    ]
    _, saved = saved_of(*rows)
    assert saved.loc["A1", ["deposits", "withdrawals", "balance", "profit"]].tolist() == [
        *(12000, 10000, 2000, -500)
    ]


def test_sharing_out_shares_leaves_other_savings_alone() -> None:
    _, saved = saved_of(("2024-01-07", "01", "tabungan", "setoran", "A1", 3000), *CYCLE, *OUT)
    assert saved["balance"].tolist() == [3000, 0, 0]


def test_a_payout_takes_savings_first_and_never_more() -> None:
    rows = [
        ("2024-01-07", "01", "tabungan", "setoran", "A1", 1000),
        ("2024-06-07", "01", "tabungan", "shu", "A1", -400),
        ("2024-12-07", "01", "tabungan", "shu", "A1", -900),
        ("2024-12-07", "01", "tabungan", "shu", "A2", -50),
    ]
    _, saved = saved_of(*rows)
    assert saved["balance"].tolist() == [0, 0, 0]
    assert saved["profit"].tolist() == [300, 50, 0]


def test_fines_and_fees_are_earned_and_no_sale_and_nobody_saves_them() -> None:
    rows = [
        ("2024-01-07", "01", "tabungan", "setoran", "A1", 1000),
        ("2024-01-07", "01", "tabungan", "denda", "A1", 20),
        ("2024-01-07", "01", "tabungan", "administrasi", "A1", 5),
        ("2024-01-08", "01", "tabungan", "pinjaman", "A1", -500),
    ]
    books, saved = saved_of(*rows)
    assert saved.loc["A1", ["deposits", "balance"]].tolist() == [1000, 1000]
    assert kr.finance.loan_indicators(books).at[0, "earned"] == 25
    assert kr.finance.monthly_results(books).empty
    assert group_savings(books).at[0, "other"] == 20 + 5 - 500
    flows = kr.finance.cash_flows(books).set_index("category")["flow"]
    assert flows[["denda", "administrasi"]].tolist() == ["fine", "fee"]
    assert kr.reconcile_ledger(books, lang="id").empty


def test_the_ledgers_of_groups_without_a_share_out_stay_as_they_are() -> None:
    both = [*CYCLE, *OUT, ("2024-03-01", "02", "tabungan", "setoran", "B1", 700)]
    people = pd.concat([PEOPLE, PEOPLE.assign(person="B1", group="02").head(1)])
    saved = member_savings(Books(ledger_of(*both), members=people)).set_index("person")
    assert saved.at["B1", "balance"] == 700
    assert saved["balance"].sum() == 700


def test_findings_name_categories_in_words_and_the_book_that_is_below_zero() -> None:
    rows = [
        ("2024-01-07", "01", "iks", "iuran", None, 100),
        ("2024-01-08", "01", "iks", "bantuan_sakit", None, -300),
        ("2024-01-09", "01", "kas", "denda", None, -50),
        ("2024-01-10", "01", "kas", "tebasan", None, -70),
    ]
    named = pd.DataFrame({"category": ["tebasan"], "flow": "sale", "label_id": "Jual tebasan"})
    findings = kr.reconcile_ledger(Books(ledger_of(*rows), categories=named), lang="id")
    told = findings.set_index("row")
    assert told.at[3, "suggestion"].startswith("Uang di buku iks tidak mungkin kurang dari nol")
    assert "kategori denda adalah uang masuk" in told.at[4, "reason"]
    assert "kategori Jual tebasan (tebasan) adalah uang masuk" in told.at[5, "reason"]
    english = kr.reconcile_ledger(ledger_of(*rows[2:3])).at[0, "reason"]
    assert "the category fines (denda) brings money in" in english
