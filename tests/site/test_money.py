"""Amounts in a site's own currency, and its own books: what is read, refused, and said of it."""

from pathlib import Path

import pytest
from site_files import copy_tiny, edit, put

import kube_research as kr
from kube_research.formats import Currency, currency_of, money
from kube_research.shown import Shown
from kube_research.site.local_values import read_value
from kube_research.site.problems import Problem

HEADER = "date,group,book,category,person,amount,balance\n"
USD, KWD = Currency("USD", 2), Currency("KWD", 3)


def site_of(parent: Path, rows: str, head: str = "", **tables: str) -> Path:
    folder = copy_tiny(parent)
    put(folder, "ledger.csv", HEADER + rows)
    if head:
        written = (folder / "site.toml").read_text(encoding="utf-8")
        put(folder, "site.toml", f"{head}\n{written}")
    for name, content in tables.items():
        put(folder, f"{name}.csv", content)
    return folder


def of_ledger(folder: Path, lang: str = "en") -> list[Problem]:
    return [p for p in kr.check_site(folder, lang=lang) if p.file == "ledger.csv"]


@pytest.mark.parametrize(
    ("written", "cents"),
    [
        *[("10", 1000), ("10.00", 1000), ("12.50", 1250), ("12,50", 1250), ("$12.50", 1250)],
        *[("US$ 12,5", 1250), ("USD 12.50", 1250), ("12.50 USD", 1250), ("-3.5", -350)],
        *[("(3,50)", -350), ("1.500,75", 150075), ("1,500.75", 150075), ("0.75", 75), ("5-", -500)],
        *[("1.500.000", 150000000), ("$1,200.00", 120000)],
    ],
)
def test_an_amount_is_read_into_cents(written: str, cents: int) -> None:
    assert int(read_value(written, "money", USD).value) == cents


@pytest.mark.parametrize(
    ("written", "currency", "code"),
    [
        *[("12.505", USD, "ambiguous"), ("1.500", USD, "ambiguous"), ("0.505", USD, "money_part")],
        *[("1.500", KWD, "ambiguous"), ("Rp 500", USD, "money_other"), ("€5", USD, "money_other")],
        *[
            ("5 EUR", USD, "money_other"),
            ("5 jam", USD, "type_money"),
            ("12.5.0", USD, "type_money"),
        ],
        *[("$5", Currency(), "money_other"), ("12.50", Currency(), "money_part")],
        *[("12.5", Currency("JPY"), "money_part")],
    ],
)
def test_what_is_no_amount_of_the_currency_is_refused(
    written: str, currency: Currency, code: str
) -> None:
    assert read_value(written, "money", currency).code == code


def test_other_cells_tell_which_sign_marks_decimals(tmp_path: Path) -> None:
    rows = "2024-02-03,01,kas,penjualan,,{},\n2024-02-04,01,kas,penjualan,,{},\n"
    point = site_of(tmp_path / "a", rows.format("1.500", "12.25"), 'currency = "KWD"')
    assert kr.load_site(point).ledger["amount"].tolist() == [1500, 12250]
    comma = site_of(tmp_path / "b", rows.format("1.500", '"12,250"'), 'currency = "KWD"')
    assert [p.code for p in of_ledger(comma)] == ["ambiguous", "ambiguous"]
    put(comma, "ledger.csv", HEADER + rows.format("1.500", '"12,25"'))
    assert kr.load_site(comma).ledger["amount"].tolist() == [1500000, 12250]
    long = site_of(tmp_path / "c", rows.format("12.505", "12.50"), 'currency = "USD"')
    assert [(p.row, p.code) for p in of_ledger(long)] == [(2, "money_part")]


def test_cents_without_a_currency_are_refused_alike_and_the_remedy_leads_to_cents(
    tmp_path: Path,
) -> None:
    rows = "2024-02-03,01,tabungan,setoran,A1,10.00,\n2024-02-03,01,tabungan,setoran,A2,12.50,\n"
    folder = site_of(tmp_path, rows)
    told = of_ledger(folder)
    assert [(p.row, p.column, p.value, p.code) for p in told] == [
        (2, "amount", "10.00", "money_part"),
        (3, "amount", "12.50", "money_part"),
    ]
    remedy = 'write in site.toml: currency = "USD"'
    assert all(remedy in problem.remedy for problem in told)
    assert "below one rupiah" in told[0].remedy
    edit(folder, "site.toml", "name =", 'currency = "USD"\nname =')
    assert of_ledger(folder) == []
    site = kr.load_site(folder)
    assert site.ledger["amount"].tolist() == [1000, 1250]
    balances = kr.closing_balances(site)
    assert balances["closing"].tolist() == [2250]
    assert Shown.of(balances, "en").rows[0][-2] == "22.50"
    assert Shown.of(balances, "id").rows[0][-2] == "22,50"
    assert "22.50" in Shown.of(balances).csv()
    assert currency_of(balances) == USD


def test_decimals_of_zero_are_whole_rupiah_and_said_where_a_point_marks_them(
    tmp_path: Path,
) -> None:
    rows = "2024-02-03,01,kas,penjualan,,{},\n2024-02-04,01,kas,penjualan,,{},\n"
    folder = site_of(tmp_path / "a", rows.format('"1.500,00"', '"Rp 2.000,00"'))
    assert of_ledger(folder) == []
    assert kr.load_site(folder).ledger["amount"].tolist() == [1500, 2000]
    folder = site_of(tmp_path / "b", rows.format("10.00", "20.00"))
    for lang, count in (("en", "2 amounts"), ("id", "2 jumlah")):
        [told] = of_ledger(folder, lang)
        assert (told.row, told.code, told.severity) == (2, "money_zeros", "warning")
        assert count in told.problem
    assert kr.load_site(folder).ledger["amount"].tolist() == [10, 20]
    edit(folder, "ledger.csv", "10.00", "10")
    edit(folder, "ledger.csv", "20.00", "20")
    assert of_ledger(folder) == []


@pytest.mark.parametrize(
    ("head", "key"),
    [
        ('currency = "USX"', "currency"),
        ('currency = "$"', "currency"),
        ("currency = 2", "currency"),
        ("decimals = 7", "decimals"),
        ("decimals = true", "decimals"),
        ("books = []", "books"),
        ('books = ["kas", "Kas"]', "books"),
        ('books = "kas"', "books"),
    ],
)
def test_a_currency_or_book_that_is_none_is_refused_alone(
    tmp_path: Path, head: str, key: str
) -> None:
    folder = site_of(tmp_path, "2024-02-03,01,kas,penjualan,,12.50,\n", head)
    [told] = kr.check_site(folder)
    assert (told.file, told.row, told.column, told.code) == ("site.toml", 1, key, "key_value")
    edit(folder, "site.toml", head, told.remedy.removeprefix("write it like "))
    assert {p.code for p in kr.check_site(folder)} <= {"money_part"}


def test_decimals_follow_the_currency_unless_said(tmp_path: Path) -> None:
    for number, (head, expected) in enumerate(
        [
            ("", Currency("IDR", 0)),
            ('currency = "usd"', USD),
            ('currency = "KWD"', KWD),
            ('currency = "USD"\ndecimals = 0', Currency("USD", 0)),
            ("decimals = 2", Currency("IDR", 2)),
        ]
    ):
        folder = site_of(tmp_path / str(number), "2024-02-03,01,kas,penjualan,,5,\n", head)
        site = kr.load_site(folder)
        assert site.info.money == expected
        assert site.ledger["amount"].tolist() == [5 * expected.unit]
    assert money(-5, "id", Currency("IDR", 2)) == "−Rp 0,05"


def test_the_sign_of_another_currency_names_it(tmp_path: Path) -> None:
    folder = site_of(tmp_path, "2024-02-03,01,kas,penjualan,,€10,\n")
    [told] = of_ledger(folder)
    assert (told.code, told.value) == ("money_other", "€10")
    assert 'currency = "EUR"' in told.remedy
    edit(folder, "site.toml", "name =", 'currency = "EUR"\nname =')
    assert of_ledger(folder) == []
    assert kr.load_site(folder).ledger["amount"].tolist() == [1000]


def test_a_balance_that_is_off_is_told_in_the_currency(tmp_path: Path) -> None:
    rows = "2024-02-03,01,kas,penjualan,,30,31.00\n"
    [told] = of_ledger(site_of(tmp_path, rows, 'currency = "USD"'))
    assert told.problem == "the balance written is 31.00, but the entries make 30.00"


OWN = (
    "2024-02-03,01,kas,saldo_awal,,1000,\n"
    "2024-02-03,01,pinjaman,pinjaman,A1,-500,\n"
    "2024-02-03,01,arisan lebaran,setoran,A1,700,\n"
)


def test_a_book_of_the_sites_own_is_named_in_site_toml(tmp_path: Path) -> None:
    folder = site_of(tmp_path, OWN)
    told = of_ledger(folder)
    assert [(p.row, p.column, p.code) for p in told] == [
        (3, "book", "unknown_book"),
        (4, "book", "unknown_book"),
    ]
    for problem in told:  # every remedy names all of them, so that one line mends the file
        head = problem.remedy.partition("site.toml: ")[2]
        assert head == 'books = ["kas", "tabungan", "iks", "pinjaman", "arisan lebaran"]'
    edit(folder, "site.toml", "name =", f"{head}\nname =")
    [told] = of_ledger(folder)
    assert (told.row, told.code, told.severity) == (4, "book_unsaid", "warning")
    books = "book,name_id,name_en,kind\narisan lebaran,Arisan Lebaran,Lebaran savings,savings\n"
    put(folder, "books.csv", books)
    assert of_ledger(folder) == []
    site = kr.load_site(folder)
    closing = kr.closing_balances(site).set_index("book")["closing"]
    assert closing.to_dict() == {"arisan lebaran": 700, "kas": 1000, "pinjaman": -500}
    savings = kr.finance.member_savings(site).set_index("person")["balance"]
    assert savings["A1"] == 700
    capital = kr.finance.capital_growth(site).iloc[0]
    assert capital[["cash", "lent", "capital_low"]].tolist() == [500, 500, 1000]
    assert kr.count_violations(site).empty


def test_the_rule_about_books_counts_alike_where_the_rows_lie(tmp_path: Path) -> None:
    folder = site_of(tmp_path, OWN + "2024-02-03,01,Buku Kas,penjualan,,5,\n")
    assert of_ledger(folder)[-1].remedy.startswith("did you mean kas?")
    given = {"ledger": kr.load_site(copy_tiny(tmp_path / "b")).ledger.assign(book="pinjaman")}
    found = kr.count_violations(given).set_index("code")["count"]
    assert found["unknown_book"] == len(given["ledger"])
    assert "unknown_book" not in set(kr.count_violations(given, books=["pinjaman"])["code"])
    books = "book,name_id,name_en\nsaham,Saham,Shares\n"
    put(folder, "books.csv", books)
    assert ("books.csv", 2, "book", "unknown_book") in [
        (p.file, p.row, p.column, p.code) for p in kr.check_site(folder)
    ]


LOAN = """date,group,book,category,person,amount,note
2024-02-02,01,kas,saldo_awal,,2000000,
2024-02-05,01,kas,pinjaman,A1,-1000000,jasa 2% sebulan
2024-03-05,01,kas,angsuran,A1,120000,pokok 100000 jasa 20000
2024-04-05,01,kas,angsuran,A1,120000,pokok 100000 jasa 20000
2024-04-05,01,kas,denda,A1,10000,terlambat
"""


def test_instalments_with_interest_in_them_are_told_and_two_entries_mend_it(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    put(folder, "ledger.csv", LOAN)
    [told] = of_ledger(folder)
    assert (told.row, told.column, told.code, told.severity) == (
        *(4, "category", "interest_mixed"),
        "warning",
    )
    assert "2 instalments of A1, 240000 together" in told.problem
    assert "between 760000 and 1000000" in told.problem
    [told] = of_ledger(folder, "id")
    assert "sisa pinjaman berada di antara 760000 dan 1000000" in told.problem
    two = [
        f"{day},01,kas,angsuran_pokok,A1,100000,\n{day},01,kas,jasa_pinjaman,A1,20000,\n"
        for day in ("2024-03-05", "2024-04-05")
    ]
    lines = LOAN.splitlines(keepends=True)
    put(folder, "ledger.csv", "".join([*lines[:3], *two, lines[-1]]))
    assert of_ledger(folder) == []
    loans = kr.finance.loan_indicators(kr.load_site(folder)).set_index("group").loc["01"]
    assert loans[["repaid", "interest", "loans_outstanding", "earned"]].tolist() == [
        *(200000, 40000, 800000, 50000)
    ]


@pytest.mark.parametrize(
    ("repaid", "note", "told"),
    [(1000000, "", False), (1100000, "", True), (500000, "tanpa keterangan", False)],
)
def test_a_loan_without_interest_is_let_be(
    tmp_path: Path, repaid: int, note: str, told: bool
) -> None:
    folder = copy_tiny(tmp_path)
    lines = LOAN.replace("jasa 2% sebulan", note).splitlines(keepends=True)
    paid = f"2024-03-05,01,kas,angsuran,A1,{repaid},{note}\n"
    put(folder, "ledger.csv", "".join([*lines[:3], paid]))
    assert [p.code for p in of_ledger(folder)] == ["interest_mixed"] * told
