"""Entries that contradict their category, rows that are no entries, categories nobody knows."""

from __future__ import annotations

from pathlib import Path

import pytest
from kept_tables import kept_site
from site_files import places, put, read_rows, write_rows

import kube_research as kr

HEAD = "date,group,book,category,person,amount,note\n"


def ledger(*rows: str) -> str:
    return HEAD + "".join(f"{row}\n" for row in rows)


def test_a_sign_against_the_category_is_a_finding_at_its_amount(tmp_path: Path) -> None:
    # By hand: 5,000,000 - 500,000 - 350,000 + 600,000 = 4,750,000.
    folder = kept_site(tmp_path, ledger=ledger(
        "2024-07-01,01,kas,saldo_awal,,5000000,",
        "2024-07-01,01,kas,Biaya,,500000,keluar",
        "2024-07-02,01,kas,pembelian,,350000,keluar",
        "2024-07-03,01,kas,penjualan,,600000,masuk",
        "2024-07-04,01,tabungan,penarikan,A1,100000,keluar",
        "2024-07-05,01,tabungan,setoran,A1,-5000,",
        "2024-07-06,01,iks,bantuan,A1,-5000,",
    ))  # fmt: skip
    problems = kr.check_site(folder)
    assert [(p.row, p.column, p.code, p.severity) for p in problems] == [
        (3, "amount", "sign_out", "finding"),
        (4, "amount", "sign_out", "finding"),
        (6, "amount", "sign_out", "finding"),
        (7, "amount", "sign_in", "finding"),
    ]
    rows = read_rows(folder / "ledger.csv")
    for (
        problem
    ) in problems:  # "write the amount with a minus sign, as ..." and "without the minus sign"
        rows[problem.row - 1][5] = str(-int(problem.value))
        assert problem.code == "sign_in" or f"as {-int(problem.value)}" in problem.remedy
    write_rows(folder / "ledger.csv", rows)
    assert kr.check_site(folder) == []
    closing = kr.closing_balances(kr.load_site(folder).ledger).set_index("book")["closing"]
    assert closing["kas"] == 4_750_000
    assert closing["tabungan"] == -95_000


def test_the_categories_of_the_site_go_first(tmp_path: Path) -> None:
    book = ledger("2024-07-01,01,kas,pinjaman,,500,", "2024-07-01,01,kas,arisan,,-500,")
    folder = kept_site(tmp_path, ledger=book)
    assert [p.code for p in kr.check_site(folder)] == ["sign_out", "category_unknown"]
    put(folder, "categories.csv", "category,flow\npinjaman,other_in\narisan,other_out\n")
    assert kr.check_site(folder) == []
    put(folder, "categories.csv", "category,flow\npinjaman,other_in\narisan,other_in\n")
    assert [(p.row, p.code) for p in kr.check_site(folder)] == [(3, "sign_in")]


def test_an_unknown_category_is_told_once_with_its_rows(tmp_path: Path) -> None:
    rows = [f"2024-07-0{n},01,kas,{'Arisan' if n % 2 else 'arisan'},,500," for n in range(1, 8)]
    (problem,) = kr.check_site(
        kept_site(tmp_path, ledger=ledger(*rows, "2024-07-09,01,kas,denda_x,,1,"))
    )[:1]
    assert (problem.row, problem.code, problem.severity) == (2, "category_unknown", "warning")
    assert "entries: 7; rows: 2, 3, 4, 5, 6, ..." in problem.problem


@pytest.mark.parametrize(
    ("rows", "wrong", "codes", "closing"),
    [
        (["2024-02-01,01,kas,penjualan,,1000,", "2024-02-02,01,kas,penjualan,,2000,",
          "2024-02-29,01,kas,jumlah,,3000,"], [4], ["total_row"], 3000),
        (["2024-02-01,01,kas,penjualan,,1000,", "2024-02-02,01,kas,biaya,,-400,",
          "2024-02-29,01,kas,Sub_Total,,600,", "2024-03-01,01,kas,penjualan,,50,",
          "2024-03-29,01,kas,total_maret,,650,"], [4, 6], ["total_row"] * 2, 650),
        (["2024-02-01,01,kas,penjualan,,1000,", "2024-02-02,01,kas,penjualan,,2000,",
          "2024-02-03,01,kas,penjualan,,500,", "2024-02-29,01,kas,rekap,,3500,"],
         [5], ["total_row"], 3500),
        (["2024-02-01,01,kas,penjualan,,1000,", "2024-02-02,01,kas,penjualan,,2000,",
          "2024-02-29,01,kas,penjualan,,3000,Jumlah"], [4], ["total_row"], 3000),
        (["2024-01-01,01,kas,saldo_awal,,500,", "2024-01-09,01,kas,penjualan,,100,",
          "2024-02-01,01,kas,saldo_awal,,600,", "2024-02-09,01,kas,penjualan,,100,",
          "2024-03-01,01,kas,saldo_awal,,999,"], [4, 6], ["opening_carried", "opening_again"], 700),
        (["2024-01-01,01,kas,saldo_awal,,500,", "2024-01-09,01,kas,penjualan,,100,",
          "2024-01-31,01,kas,saldo_akhir,,600,"], [4], ["opening_carried"], 600),
    ],
)  # fmt: skip
def test_rows_that_are_no_entries_are_named_and_deleting_them_gives_the_balance(
    tmp_path: Path, rows: list[str], wrong: list[int], codes: list[str], closing: int
) -> None:
    folder = kept_site(tmp_path, ledger=ledger(*rows))
    problems = kr.check_site(folder)
    assert [(p.row, p.column, p.code) for p in problems] == [
        (row, "category", code) for row, code in zip(wrong, codes, strict=True)
    ]
    assert all(p.remedy.startswith("delete the row") for p in problems)
    kept = [
        row for n, row in enumerate(read_rows(folder / "ledger.csv"), start=1) if n not in wrong
    ]
    write_rows(folder / "ledger.csv", kept)
    assert kr.check_site(folder) == []
    assert kr.closing_balances(kr.load_site(folder).ledger)["closing"].tolist() == [closing]


def test_sound_books_raise_no_doubt(tmp_path: Path) -> None:
    book = ledger(
        "2024-01-01,01,tabungan,saldo_awal,A1,500,",
        "2024-01-01,01,tabungan,saldo_awal,A2,500,",  # each person has an opening balance
        "2024-01-01,01,kas,saldo_awal,,500,",
        "2024-01-02,01,kas,penjualan,,1000,",
        "2024-01-03,01,kas,penjualan,,1500,",  # as much as the two before by chance
        "2024-01-04,01,kas,penjualan,,3000,jumlah pesanan banyak",
    )
    assert kr.check_site(kept_site(tmp_path, ledger=book)) == []


def test_a_total_without_its_day_is_located(tmp_path: Path) -> None:
    book = ledger("2024-02-01,01,kas,penjualan,,1000,", ",01,kas,jumlah,,1000,")
    assert places(kr.check_site(kept_site(tmp_path, ledger=book))) == [
        ("ledger.csv", 3, "category", "jumlah", "total_row_kept")
    ]
