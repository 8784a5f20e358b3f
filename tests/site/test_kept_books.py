"""Ledgers as groups keep them: read into signed amounts, or refused with a remedy that gives those.

The right closing balances were added up by hand; most stand in the book as its last balance.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from kept_tables import kept_site
from site_files import edit, places, put, read_rows, to_book, write_rows

import kube_research as kr
from kube_research.errors import SiteError

WORDED = """No,Tanggal,Kategori,Uraian,Pemasukan (Rp),Pengeluaran (Rp),Saldo (Rp),book
1,1 Januari 2024,saldo_awal,Saldo awal,"Rp 500.000,-",,"Rp 500.000,-",kas
,,,,,,,
2,2 Januari 2024,penjualan,Jual kue,Rp 150.000,-,Rp 650.000,kas
3,3 Januari 2024,pembelian,Beli tepung,Rp -,Rp 75.000,Rp 575.000,kas
"""
SAVED = """Tgl,Nama,book,Setor,Tarik,Sisa,category
2024-01-01,A1,tabungan,10000,,10000,setoran
2024-01-01,A2,tabungan,10000,0,20000,setoran
2024-02-01,A1,tabungan,,5000,15000,penarikan
"""
KINDS = """Tanggal,book,category,Ket,Jenis,Nominal
2024-01-01,kas,penjualan,Jual,Masuk,100.000
2024-01-02,kas,biaya,Beli,keluar,20.000
"""
DEBIT = """Tgl,book,category,Debet,Kredit,Saldo
2024-01-01,kas,lain,100000,,100000
2024-01-02,kas,lain,,20000,80000
"""
BANK = """Date,book,category,Debit,Credit
2024-01-01,tabungan,setoran,,100000
2024-01-02,tabungan,penarikan,20000,
"""
ENGLISH = """Date,Description,Income,Expense,Balance,book,category
2024-01-01,Sold,100000,,100000,kas,sales
2024-01-02,Rent,,20000,80000,kas,cost
"""
LETTERS = KINDS.replace("Jenis", "D/K").replace("Masuk", "D").replace("keluar", "K")
SIGNED = KINDS.replace("20.000", "-20.000")
OURS = """date,group,book,category,person,income,expense
2024-01-01,01,kas,sales,,100000,
2024-01-02,01,kas,cost,,,20000
"""


@pytest.mark.parametrize(
    ("ledger", "amounts"),
    [
        (WORDED, [500_000, 150_000, -75_000]),
        (SAVED, [10_000, 10_000, -5_000]),
        (KINDS, [100_000, -20_000]),
        (
            KINDS.replace("Masuk", "+").replace("keluar", "-").replace("Jenis", "+/-"),
            [100_000, -20_000],
        ),
        (KINDS.replace("Masuk", "M").replace("keluar", "K"), [100_000, -20_000]),
        (LETTERS, [100_000, -20_000]),
        (SIGNED, [100_000, -20_000]),
        (DEBIT, [100_000, -20_000]),
        (BANK, [100_000, -20_000]),
        (ENGLISH, [100_000, -20_000]),
        (OURS, [100_000, -20_000]),
    ],
)
def test_unsigned_books_are_read_into_signed_amounts(
    tmp_path: Path, ledger: str, amounts: list[int]
) -> None:
    folder = kept_site(tmp_path, ledger=ledger)
    problems = kr.check_site(folder)
    assert {problem.severity for problem in problems} <= {"warning"}
    loaded = kr.load_site(folder).ledger
    assert loaded["amount"].tolist() == amounts
    assert {"date", "group", "book", "category", "person", "amount"} <= set(loaded.columns)
    assert set(loaded.columns) <= set(kr.site.schema.tables()["ledger"].names)
    last = read_rows(folder / "ledger.csv")[-1]
    balance = next((n for n, name in enumerate(read_rows(folder / "ledger.csv")[0])
                    if name in ("Sisa", "Saldo", "Balance", "Saldo (Rp)")), None)  # fmt: skip
    if balance is not None:
        stated = int("".join(filter(str.isdigit, last[balance])))
        assert kr.closing_balances(loaded)["closing"].tolist() == [stated]


def test_what_was_assumed_is_told_with_the_rows_it_touched(tmp_path: Path) -> None:
    problems = kr.check_site(kept_site(tmp_path, ledger=DEBIT.replace("Tgl", "No,Tgl")
                                       .replace("\n2024", "\n1,2024")))  # fmt: skip
    assert [problem.code for problem in problems if problem.code != "category_unknown"] == [
        "debit_in", "columns_unread", "only_one",
    ]  # fmt: skip
    assert "all 2 rows are read as group 01" in str(problems)


BAD = """Tanggal,book,category,Uang Masuk,Uang Keluar,Sisa
2024-01-01,kas,saldo_awal,,,500.000
2024-01-02,kas,biaya,,-20000,480.000
2024-01-03,kas,penjualan,100000,5000,
2024-01-04,kas,biaya,,,
2024-01-05,kas,biaya,,"1,500",
5,kas,biaya,,lima ribu,
6 Maret,kas,biaya,,1000,
Tanggal,book,category,Uang Masuk,Uang Keluar,Sisa
,,Jumlah,100000,25000,
"""


def test_each_problem_stands_in_the_cell_as_it_is_written(tmp_path: Path) -> None:
    folder = kept_site(tmp_path, ledger=BAD)
    expected = [
        ("ledger.csv", 2, "Uang Masuk", "", "opening_apart"),
        ("ledger.csv", 3, "Uang Keluar", "-20000", "minus_in_side"),
        ("ledger.csv", 4, "Uang Keluar", "5000", "both_sides"),
        ("ledger.csv", 5, "Uang Masuk", "", "no_side"),
        ("ledger.csv", 6, "Uang Keluar", "1,500", "ambiguous"),
        ("ledger.csv", 7, "Tanggal", "5", "date_no_month"),
        ("ledger.csv", 7, "Uang Keluar", "lima ribu", "type_money"),
        ("ledger.csv", 8, "Tanggal", "6 Maret", "date_no_year"),
        ("ledger.csv", 9, "Tanggal", "Tanggal", "header_again"),
        ("ledger.csv", 10, "category", "Jumlah", "total_row_kept"),
    ]
    errors = [problem for problem in kr.check_site(folder) if problem.severity == "error"]
    assert places(errors) == expected
    assert "write 1500 if" in errors[4].remedy  # the column says the sign, the cell does not
    with pytest.raises(SiteError):
        kr.load_site(folder)
    to_book(folder)
    in_book = [
        problem for problem in kr.check_site(folder, lang="id") if problem.severity == "error"
    ]
    assert [(p.file, *place[1:]) for p, place in zip(in_book, places(in_book), strict=True)] == [
        ("site.xlsx[ledger]", *place[1:]) for place in expected
    ]


MONTHS = """Tanggal,book,Kategori,Uraian,Masuk,Keluar,Saldo
01/01/2024,kas,,Saldo tahun lalu,,,500.000
05/01/2024,kas,penjualan,Jual,100.000,,600.000
20/01/2024,kas,biaya,Sewa,,50.000,550.000
,,,Jumlah Januari,100.000,50.000,550.000
01/02/2024,kas,,Pindahan,,,550.000
05/02/2024,kas,penjualan,Jual,200.000,,750.000
28/02/2024,kas,saldo_awal,Saldo bulan lalu,750.000,,750.000
,,,,1.050.000,,750.000
"""


def test_the_remedies_for_a_book_by_months_give_its_last_balance(tmp_path: Path) -> None:
    folder = kept_site(tmp_path, ledger=MONTHS)
    path = folder / "ledger.csv"
    for _ in range(3):  # follow every remedy: what it makes visible is told next time
        rows = read_rows(path)
        problems = [p for p in kr.check_site(folder) if p.severity != "warning"]
        for problem in sorted(problems, reverse=True):
            if problem.remedy.startswith("delete the row"):
                del rows[problem.row - 1]
            elif problem.code == "opening_apart":
                assert problem.remedy == (
                    "write 500.000 under Masuk in this row, with the category saldo_awal"
                )
                rows[problem.row - 1][2], rows[problem.row - 1][4] = "saldo_awal", "500.000"
        write_rows(path, rows)
    assert {problem.code for problem in kr.check_site(folder)} == {"only_one"}
    assert kr.closing_balances(kr.load_site(folder).ledger)["closing"].tolist() == [750_000]


@pytest.mark.parametrize(
    ("ledger", "code", "old", "new"),
    [
        (DEBIT.replace(",Saldo", "").replace(",100000\n", "\n").replace(",80000", ""), "debit_credit",
         "Debet,Kredit", "Uang Masuk,Uang Keluar"),
        (LETTERS.replace("penjualan", "lain").replace("biaya", "lain"), "debit_credit_kind", None, None),
        (DEBIT.replace("Saldo", "Jumlah").replace("Debet,Kredit", "Masuk,Keluar"), "amount_beside",
         "Jumlah", "balance"),
        ("Tanggal,book,category,Pengeluaran\n2024-01-01,kas,biaya,5000\n", "one_side",
         "Pengeluaran", "Pengeluaran,Uang Masuk"),
        (KINDS.replace("keluar", "pinjam"), "way_unknown", "pinjam", "keluar"),
        (KINDS.replace("keluar", ""), "way_blank", ",,20", ",keluar,20"),
        (KINDS.replace("100.000", "-100.000"), "minus_beside_way", "-100", "100"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_asked(
    tmp_path: Path, ledger: str, code: str, old: str | None, new: str | None
) -> None:
    folder = kept_site(tmp_path, ledger=ledger)
    errors = [problem for problem in kr.check_site(folder) if problem.severity == "error"]
    assert [problem.code for problem in errors] == [code]
    if old is None or new is None:
        return
    edit(folder, "ledger.csv", old, new)
    amounts = kr.load_site(folder).ledger["amount"].tolist()
    assert amounts in ([100_000, -20_000], [-5_000])


@pytest.mark.parametrize(
    ("ledger", "expected"),
    [
        (BANK, [(1, "Debit", "debit_out", "warning")]),
        (DEBIT, [(1, "Debet", "debit_in", "warning")]),
        (OURS.replace("income", "Masuk,income").replace("cost,,", "cost,,,").replace("les,,", "les,,5,"),
         [(1, "income", "second_side", "error")]),
        (SAVED + "2024-03-01,,tabungan,,,15000,\n", [(5, "Sisa", "balance_again", "error")]),
    ],
)  # fmt: skip
def test_how_a_book_was_read_is_told_above_its_columns(
    tmp_path: Path, ledger: str, expected: list[tuple[int, str, str, str]]
) -> None:
    problems = kr.check_site(kept_site(tmp_path, ledger=ledger))
    passed = ("only_one", "columns_unread", "category_unknown")
    assert [
        (p.row, p.column, p.code, p.severity) for p in problems if p.code not in passed
    ] == expected


def test_what_a_book_without_headings_of_ours_lacks_is_told(tmp_path: Path) -> None:
    ledger = "Tgl,Uraian,Penerimaan,Pengeluaran,Sisa\n5,Iuran anggota,100000,,100000\n"
    problems = kr.check_site(kept_site(tmp_path, groups='"01", "02"', ledger=ledger))
    assert places(problems)[:4] == [
        ("ledger.csv", 1, "book", "", "column_missing"),
        ("ledger.csv", 1, "category", "", "column_missing"),
        ("ledger.csv", 1, "group", "", "column_missing"),
        ("ledger.csv", 2, "Tgl", "5", "date_no_month"),
    ]
    assert "kas, tabungan, iks" in problems[0].remedy
    assert "delete" not in str(problems)


def test_a_ledger_of_ours_is_left_alone(tmp_path: Path) -> None:
    ledger = "date,group,book,category,person,amount\n2024-01-01,01,kas,sales,,-5\n"
    folder = kept_site(tmp_path, ledger=ledger)
    assert [problem.code for problem in kr.check_site(folder)] == ["sign_in"]
    assert kr.load_site(folder).ledger["amount"].tolist() == [-5]
    put(folder, "ledger.csv", ledger.replace("amount", "Masuknya"))
    assert "column_unknown" in {problem.code for problem in kr.check_site(folder)}
