"""Folders as people really hand them in: every one refused or read, located, and left as it was.

Oracle: each folder is made from a sound one by one known mistake, so file, row, column and rule
are known.
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import json
import os
import random
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from babel.dates import get_month_names
from broken_cells import CELLS
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from site_files import (
    TINY,
    copy_tiny,
    edit,
    full_tiny,
    put,
    read_rows,
    set_cell,
    to_book,
    to_workbook,
    write_rows,
)

import kube_research as kr
from kube_research.cli import main
from kube_research.errors import KubeError, SiteError
from kube_research.fieldwork.new_site import make_site
from kube_research.site.folder import Site
from kube_research.site.info import info_from, info_from_sheet
from kube_research.site.problems import Problem

Change = Callable[[Path], object]
QUICK = settings(max_examples=20, deadline=None, derandomize=True)


def in_book(change: Callable[[openpyxl.Workbook], object]) -> Change:
    def changed(folder: Path) -> None:
        to_book(folder)
        book = openpyxl.load_workbook(folder / "site.xlsx")
        change(book)
        book.save(folder / "site.xlsx")

    return changed


def cell(sheet: str, spot: str, value: object) -> Change:
    def change(book: openpyxl.Workbook) -> None:
        book[sheet][spot] = value

    return in_book(change)


def in_toml(key: str, value: str) -> Change:
    def change(folder: Path) -> None:
        lines = (folder / "site.toml").read_text(encoding="utf-8").splitlines()
        found = [n for n, line in enumerate(lines) if line.startswith(f"{key} =")]
        lines[found[0]] = f"{key} = {value}"
        put(folder, "site.toml", "\n".join(lines) + "\n")

    return change


def rewrite(name: str, change: Callable[[str], str | bytes]) -> Change:
    return lambda folder: put(folder, name, change((folder / name).read_text(encoding="utf-8")))


def all_of(*changes: Change) -> Change:
    def change(folder: Path) -> None:
        for one in changes:
            one(folder)

    return change


def table_book(name: str, change: Callable[[openpyxl.Workbook], object]) -> Change:
    def changed(folder: Path) -> None:
        path = to_workbook(folder / f"{name}.csv")
        book = openpyxl.load_workbook(path)
        change(book)
        book.save(path)

    return changed


def titled(book: openpyxl.Workbook) -> None:
    book.worksheets[0].insert_rows(1, 2)
    book.worksheets[0]["A1"] = "DAFTAR ANGGOTA KUBE"
    book.worksheets[0].merge_cells("A1:E1")


def formula(book: openpyxl.Workbook) -> None:
    book.worksheets[0]["F3"] = "=F2*2"


def failing(book: openpyxl.Workbook) -> None:
    book.worksheets[0]["F3"] = "#REF!"
    book.worksheets[0]["F3"].data_type = "e"


def serial(book: openpyxl.Workbook) -> None:
    book.worksheets[0]["B2"] = 45332


def merged_header(book: openpyxl.Workbook) -> None:
    book.worksheets[0].merge_cells("B1:C1")


def capitals(folder: Path) -> None:
    book = openpyxl.load_workbook(folder / "site.xlsx")
    book["x"].title = "RATINGS"
    book.save(folder / "site.xlsx")


def locked(folder: Path) -> None:
    (folder / "members.csv").unlink()
    content = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500
    put(folder, "members.xlsx", content + "EncryptedPackage".encode("utf-16-le"))


def pipe(folder: Path) -> None:
    (folder / "items.csv").unlink()
    os.mkfifo(folder / "items.csv")


def looped(folder: Path) -> None:
    (folder / "items.csv").unlink()
    (folder / "items.csv").symlink_to("items.csv")


def device(folder: Path) -> None:
    (folder / "claims.csv").symlink_to("/dev/zero")


def bomb(folder: Path) -> None:
    """Make a workbook of a few kilobytes whose sheet says that it unpacks to half a gigabyte."""
    openpyxl.Workbook().save(folder / "claims.xlsx")
    content = io.BytesIO()
    with zipfile.ZipFile(folder / "claims.xlsx") as old, zipfile.ZipFile(content, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
        with new.open("xl/media/image1.bin", "w", force_zip64=True) as part:
            part.write(b"x")
        new.getinfo("xl/media/image1.bin").file_size = 500_000_000
    put(folder, "claims.xlsx", content.getvalue())


def renamed(old: str, new: str) -> Change:
    return lambda folder: (folder / old).rename(folder / new)


def swapped(header: str, body: str) -> Change:
    """Separate the header of members by one sign and its rows by another."""

    def change(folder: Path) -> None:
        first, *rest = read_rows(folder / "members.csv")
        lines = [header.join(first), *(body.join(row) for row in rest)]
        put(folder, "members.csv", "\n".join(lines) + "\n")

    return change


def shuffled_header(old: str, new: str, file: str = "ratings.csv") -> Change:
    def change(folder: Path) -> None:
        rows = read_rows(folder / file)
        rows[0][rows[0].index(old)] = new
        write_rows(folder / file, rows)

    return change


E, F, W = "error", "finding", "warning"

# A name, how the tiny site is spoilt, and the problem that must be told.
FILES: list[tuple[str, Change, tuple[str, int, str, str, str]]] = [
    ("empty", rewrite("ratings.csv", lambda _: ""), ("ratings.csv", 0, "", "empty_file", E)),
    ("blank lines", rewrite("ratings.csv", lambda _: "\n\n,,\n"),
     ("ratings.csv", 0, "", "empty_file", E)),
    ("only a header", rewrite("members.csv", lambda t: t.split("\n")[0]),
     ("members.csv", 0, "", "no_rows", E)),
    ("empty row 1", rewrite("members.csv", lambda t: "\n" + t),
     ("members.csv", 1, "", "no_header", E)),
    ("title above", rewrite("members.csv", lambda t: "Daftar anggota,,,,\n" + t),
     ("members.csv", 1, "", "header_row", E)),
    ("two titles above", rewrite("ratings.csv", lambda t: "Skor\nTahun 2024\n" + t),
     ("ratings.csv", 1, "", "header_row", E)),
    ("title in Excel", table_book("members", titled), ("members.xlsx", 1, "", "header_row", E)),
    ("merged header", table_book("members", merged_header),
     ("members.xlsx", 2, "C", "column_blank", E)),
    ("formula", table_book("ledger", formula), ("ledger.xlsx", 3, "amount", "formula_no_value", E)),
    ("failing formula", table_book("ledger", failing),
     ("ledger.xlsx", 3, "amount", "excel_error", E)),
    ("day as a number", table_book("rounds", serial), ("rounds.xlsx", 2, "date", "date_serial", E)),
    ("nul", rewrite("items.csv", lambda t: t + "\0"), ("items.csv", 0, "", "encoding", E)),
    ("utf-16 without mark", rewrite("items.csv", lambda t: t.encode("utf-16-le")),
     ("items.csv", 0, "", "encoding", E)),
    ("picture", rewrite("items.csv", lambda _: b"\x89PNG\r\n\x1a\n\0\0"),
     ("items.csv", 0, "", "encoding", E)),
    ("damaged letter", rewrite("ledger.csv", lambda t: t.replace("pensil", "pénsil").encode() + b"\xe9"),
     ("ledger.csv", 14, "", "encoding", E)),
    ("cp1252", rewrite("ledger.csv", lambda t: t.replace("pensil", "pénsil").encode("cp1252")),
     ("ledger.csv", 4, "note", "encoding_guess", W)),
    ("open quote", rewrite("members.csv", lambda t: t.replace("A2,", '"A2,')),
     ("members.csv", 3, "", "csv", E)),
    ("pipes", swapped("|", "|"), ("members.csv", 1, "", "one_column", E)),
    ("header ; rows ,", swapped(";", ","), ("members.csv", 2, "", "delimiter_row", E)),
    ("header , rows ;", swapped(",", ";"), ("members.csv", 2, "", "delimiter_row", E)),
    ("header tab rows ,", swapped("\t", ","), ("members.csv", 2, "", "delimiter_row", E)),
    ("quoted rows", rewrite("members.csv", lambda t: "".join(f'"{x}"\n' for x in t.split())),
     ("members.csv", 1, "", "one_column", E)),
    ("split decimal", lambda f: put(f, "item_means.csv", "round,item,mean,n\n1,1,2,46,3\n"),
     ("item_means.csv", 2, "mean", "row_too_long", E)),
    ("split rupiah", rewrite("ledger.csv", lambda t: t.replace(",-5000,15000", ',"Rp -5.000",00,15000')),
     ("ledger.csv", 4, "amount", "row_too_long", E)),
    ("too long", rewrite("members.csv", lambda t: t.replace("A2,01,anggota", "A2,01,anggota,a,b,c")),
     ("members.csv", 3, "", "row_too_long", E)),
    ("header twice", shuffled_header("item_2", "item_1"),
     ("ratings.csv", 1, "item_1", "column_twice", E)),
    ("header in capitals", shuffled_header("group", "GROUP"),
     ("ratings.csv", 1, "GROUP", "column_unknown", E)),
    ("header in Indonesian", shuffled_header("group", "Kelompok"),
     ("ratings.csv", 1, "Kelompok", "column_unknown", E)),
    ("header with blanks", shuffled_header("n_raters", "n raters", "rounds.csv"),
     ("rounds.csv", 1, "n raters", "column_unknown", E)),
    ("header misspelt", shuffled_header("amount", "ammount", "ledger.csv"),
     ("ledger.csv", 1, "ammount", "column_unknown", E)),
    ("header missing", rewrite("members.csv", lambda t: t.replace("role,", ",", 1)),
     ("members.csv", 1, "role", "column_missing", E)),
    ("unnamed column", rewrite("members.csv", lambda t: t.replace("role,", ",", 1)),
     ("members.csv", 2, "C", "column_blank", E)),
    ("xls", renamed("items.csv", "items.xls"), ("items.xls", 0, "", "other_form", E)),
    ("ods", renamed("items.csv", "Items.ods"), ("Items.ods", 0, "", "other_form", E)),
    ("numbers", renamed("items.csv", "items.numbers"), ("items.numbers", 0, "", "other_form", E)),
    ("csv.txt", renamed("items.csv", "items.csv.txt"), ("items.csv.txt", 0, "", "other_form", E)),
    ("capitals", renamed("ratings.csv", "Ratings.CSV"), ("Ratings.CSV", 0, "", "unknown_file", E)),
    ("copy", lambda f: shutil.copy(f / "items.csv", f / "items (1).csv"),
     ("items (1).csv", 0, "", "unknown_file", E)),
    ("two files", lambda f: put(f, "items.xlsx", b""), ("items.xlsx", 0, "", "two_files", E)),
    ("corrupt", renamed("items.csv", "items.xlsx"), ("items.xlsx", 0, "", "excel", E)),
    ("password", locked, ("members.xlsx", 0, "", "excel_password", E)),
    ("folder", lambda f: (f / "claims.csv").mkdir(), ("claims.csv", 0, "", "unreadable", E)),
    ("no site file", lambda f: (f / "site.toml").unlink(), ("site.toml", 0, "", "no_site_file", E)),
    ("site file of Notepad", renamed("site.toml", "site.toml.txt"),
     ("site.toml", 0, "", "no_site_file", E)),
    ("decimal comma in site.toml", in_toml("threshold", "2,5"), ("site.toml", 9, "", "toml", E)),
    ("scale as text", in_toml("scale", '"1-5"'), ("site.toml", 7, "scale", "key_value", E)),
    ("no activities", lambda f: (f / "activities.csv").unlink(),
     ("attendance.csv", 2, "activity", "reference_absent", E)),
    ("no rounds", lambda f: (f / "rounds.csv").unlink(),
     ("ratings.csv", 2, "round", "reference_absent", E)),
    ("name as a code", lambda f: set_cell(f, "members.csv", 3, "person", "Siti Aminah"),
     ("members.csv", 3, "person", "type_code", E)),
    ("name without blank", rewrite("members.csv", lambda t: t + "SitiAminah,01,anggota,,\n"),
     ("members.csv", 8, "person", "name_like", W)),
    ("letter lost", lambda f: set_cell(f, "ledger.csv", 4, "note", "p\ufffdnsil"),
     ("ledger.csv", 4, "note", "letters_lost", W)),
    ("letters of another encoding", lambda f: set_cell(f, "ledger.csv", 4, "note", "p\u00c3\u00a9nsil"),
     ("ledger.csv", 4, "note", "letters_lost", W)),
    ("example row", rewrite("members.csv", lambda t: t + "CONTOH-1,01,anggota,,\n"),
     ("members.csv", 8, "person", "example_row", W)),
    ("came before joining", lambda f: set_cell(f, "members.csv", 3, "joined", "2024-04-01"),
     ("attendance.csv", 3, "person", "before_joining", W)),
    ("came after leaving", lambda f: set_cell(f, "members.csv", 3, "left", "1 Maret 2024"),
     ("attendance.csv", 8, "person", "after_leaving", W)),
    ("year mistyped", lambda f: set_cell(f, "rounds.csv", 3, "date", "2042-08-10"),
     ("rounds.csv", 3, "date", "date_far", W)),
    ("round without ratings", rewrite("rounds.csv", lambda t: t + "3,,9,x,,\n"),
     ("rounds.csv", 4, "round", "round_empty", F)),
    ("round left out", rewrite("rounds.csv", lambda t: t + "4,,9,x,,\n"),
     ("rounds.csv", 4, "round", "round_gap", F)),
    ("letter in a date, in cp1252",
     rewrite("rounds.csv", lambda t: t.replace("2024-", "20ä4-", 1).encode("cp1252")),
     ("rounds.csv", 2, "date", "type_date", E)),
    ("pipe", pipe, ("items.csv", 0, "", "unreadable", E)),
    ("link to itself", looped, ("items.csv", 0, "", "unreadable", E)),
    ("device", device, ("claims.csv", 0, "", "unreadable", E)),
    ("site.toml is a folder",
     all_of(lambda f: (f / "site.toml").unlink(), lambda f: (f / "site.toml").mkdir()),
     ("site.toml", 0, "", "unreadable", E)),
    ("bomb", bomb, ("claims.xlsx", 0, "", "excel_large", E)),
    ("group without ratings", in_toml("groups", '["01", "02", "03"]'),
     ("rounds.csv", 2, "round", "group_no_ratings", W)),
    ("few raters", in_toml("evidence", '"recorded"'),
     ("rounds.csv", 2, "n_raters", "few_raters", W)),
    ("few people", in_toml("evidence", '"recorded"'), ("members.csv", 2, "group", "few_people", W)),
    ("slip in a balance", lambda f: set_cell(f, "ledger.csv", 3, "balance", "20001"),
     ("ledger.csv", 3, "balance", "balance", F)),
    ("entry lost", rewrite("ledger.csv", lambda t: "\n".join([*t.split("\n")[:2], *t.split("\n")[3:]])),
     ("ledger.csv", 3, "balance", "balance", F)),
]  # fmt: skip

BOOKS: list[tuple[str, Change, tuple[str, int, str, str, str]]] = [
    ("corrupt", lambda f: put(to_book(f), "site.xlsx", b"PK"), ("site.xlsx", 0, "", "excel", E)),
    ("twice", all_of(to_book, lambda f: shutil.copy(TINY / "items.csv", f)),
     ("site.xlsx[items]", 0, "", "two_files", E)),
    ("site twice", all_of(to_book, lambda f: shutil.copy(TINY / "site.toml", f)),
     ("site.xlsx[site]", 0, "", "two_files", E)),
    ("sheet misspelt", in_book(lambda b: setattr(b["ratings"], "title", "Rating")),
     ("site.xlsx[Rating]", 0, "", "sheet_unknown", E)),
    ("sheet in capitals", all_of(in_book(lambda b: setattr(b["ratings"], "title", "x")), capitals),
     ("site.xlsx[RATINGS]", 0, "", "sheet_unknown", E)),
    ("other sheet", in_book(lambda b: b.create_sheet("Hitungan").append(["x"])),
     ("site.xlsx[Hitungan]", 0, "", "sheet_unread", W)),
    ("hidden", in_book(lambda b: setattr(b["items"], "sheet_state", "hidden")),
     ("site.xlsx[items]", 0, "", "sheet_hidden", W)),
    ("no site sheet", in_book(lambda b: b.remove(b["site"])),
     ("site.toml", 0, "", "no_site_file", E)),
    ("no key column", cell("site", "A1", "kunci"),
     ("site.xlsx[site]", 1, "key", "sheet_key_header", E)),
    ("scale", cell("site", "B7", "5"), ("site.xlsx[site]", 7, "value", "key_value", E)),
    ("key", cell("site", "A7", "skala"), ("site.xlsx[site]", 7, "key", "unknown_key", E)),
    ("key gone", cell("site", "A7", "skala"), ("site.xlsx[site]", 0, "scale", "key_missing", E)),
    ("key twice", cell("site", "A7", "groups"), ("site.xlsx[site]", 7, "key", "key_twice", E)),
    ("threshold", cell("site", "B9", "9"),
     ("site.xlsx[site]", 9, "value", "threshold_off_scale", E)),
    ("absent table", in_book(lambda b: b.remove(b["rounds"])),
     ("site.xlsx[ratings]", 2, "round", "reference_absent", E)),
    ("real number", cell("ratings", "D2", 2.5),
     ("site.xlsx[ratings]", 2, "item_1", "off_step", E)),
    ("day as a number", cell("rounds", "B2", 45332),
     ("site.xlsx[rounds]", 2, "date", "date_serial", E)),
    ("no day", cell("rounds", "B2", dt.time(0)), ("site.xlsx[rounds]", 2, "date", "date_zero", E)),
    ("formula", cell("rounds", "C2", "=1+2"),
     ("site.xlsx[rounds]", 2, "n_raters", "formula_no_value", E)),
    ("below the table", cell("rounds", "H9", "catatan"),
     ("site.xlsx[rounds]", 9, "H", "column_blank", E)),
    ("title", in_book(lambda b: b["rounds"].insert_rows(1)),
     ("site.xlsx[rounds]", 1, "", "no_header", E)),
]  # fmt: skip


def bytes_of(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def told(problems: list[Problem]) -> list[tuple[str, int, str, str, str]]:
    return [(one.file, one.row, one.column, one.code, one.severity) for one in problems]


def check(folder: Path, expected: tuple[str, int, str, str, str]) -> list[Problem]:
    """Check a folder as a user would, in both languages, and return the problems in English."""
    before = bytes_of(folder)
    english = kr.check_site(folder)
    done = CliRunner().invoke(main, ["check", str(folder), "--lang", "id", "--json"])
    assert done.exception is None or isinstance(done.exception, SystemExit)
    assert done.exit_code == 1 or all(one.severity == W for one in english)
    indonesian = [Problem(**one) for one in json.loads(done.output)]
    assert expected in told(english)
    assert sorted(told(english)) == sorted(told(indonesian))
    for one, other in zip(sorted(english), sorted(indonesian), strict=True):
        assert one.problem
        assert one.remedy
        assert (one.problem, one.remedy) != (other.problem, other.remedy)
        assert "{" not in f"{one.problem}{one.remedy}{other.problem}{other.remedy}"
    assert bytes_of(folder) == before
    return english


def load_or_be_told(folder: Path, found: list[Problem]) -> None:
    if any(one.severity == E for one in found):
        with pytest.raises(SiteError) as error:
            kr.load_site(folder)
        assert error.value.problems == [one for one in found if one.severity == E]
    else:
        assert kr.load_site(folder).tables


@pytest.mark.parametrize(
    ("change", "expected"), [case[1:] for case in FILES], ids=[c[0] for c in FILES]
)
def test_a_spoilt_folder_is_told_where(
    tmp_path: Path, change: Change, expected: tuple[str, int, str, str, str]
) -> None:
    folder = copy_tiny(tmp_path)
    change(folder)
    load_or_be_told(folder, check(folder, expected))


@pytest.mark.parametrize(
    ("change", "expected"), [case[1:] for case in BOOKS], ids=[c[0] for c in BOOKS]
)
def test_a_spoilt_workbook_is_told_where(
    tmp_path: Path, change: Change, expected: tuple[str, int, str, str, str]
) -> None:
    folder = copy_tiny(tmp_path)
    change(folder)
    load_or_be_told(folder, check(folder, expected))


# One cell for each rule of a table, and every one that a workbook could take for something else.
IN_BOOK = [
    case
    for case in CELLS
    if case is next(other for other in CELLS if (other[0], other[-1]) == (case[0], case[-1]))
    or case[3][:1] in ("", " ", "=", "#")
]


@pytest.mark.parametrize(("file", "row", "column", "value", "code"), IN_BOOK)
def test_a_broken_cell_of_the_workbook_is_told_with_its_sheet(
    tmp_path: Path, file: str, row: int, column: str, value: str, code: str
) -> None:
    folder = full_tiny(tmp_path)
    set_cell(folder, file, row, column, value)
    to_book(folder)
    found = check(folder, (f"site.xlsx[{file.removesuffix('.csv')}]", row, column, code, E))
    assert len(found) == 1


@pytest.mark.parametrize(
    ("file", "row", "column", "value", "near"),
    [
        ("attendance.csv", 2, "status", "Hadir", "present"),
        ("attendance.csv", 2, "status", "presnt", "present"),
        ("members.csv", 2, "role", "Bendahara", "pengurus"),
        ("members.csv", 2, "role", "Anggota", "anggota"),
        ("members.csv", 2, "group", "1", "01"),
        ("ledger.csv", 2, "book", "Buku Kas", "kas"),
        ("ratings.csv", 2, "round", "3", "2"),
        ("attendance.csv", 2, "person", "a1", "A1"),
    ],
)
def test_the_value_that_was_probably_meant_is_suggested(
    tmp_path: Path, file: str, row: int, column: str, value: str, near: str
) -> None:
    folder = copy_tiny(tmp_path)
    set_cell(folder, file, row, column, value)
    for lang, words in (("en", "did you mean"), ("id", "apakah maksudnya")):
        spots = [one for one in kr.check_site(folder, lang=lang) if one.column == column]
        (told_of,) = [one for one in spots if (one.file, one.row) == (file, row)]
        assert told_of.remedy.startswith(f"{words} {near}?")


def test_dates_of_people_may_all_be_missing(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    rows = read_rows(folder / "members.csv")
    place = rows[0].index("joined")
    for row in rows[1:]:
        row[place] = ""
    rows[1][0] = "A9"  # so that attendance finds nobody with a day
    write_rows(folder / "members.csv", [rows[0], rows[1]])
    assert "reference" in {one.code for one in kr.check_site(folder)}


def test_there_are_enough_spoilt_folders() -> None:
    assert len(FILES) + len(BOOKS) + len(CELLS) >= 150


# -- what is read all the same ---------------------------------------------------------------


def assert_same(one: Site, two: Site) -> None:
    assert one.info == two.info
    assert one.tables.keys() == two.tables.keys()
    for name in one.tables:
        pd.testing.assert_frame_equal(one.table(name), two.table(name))


def test_one_workbook_is_the_same_site_as_a_folder(tmp_path: Path) -> None:
    folder = to_book(copy_tiny(tmp_path))
    assert [path.name for path in folder.glob("*.xlsx")] == ["site.xlsx"]
    assert kr.check_site(folder) == []
    assert_same(kr.load_site(folder), kr.load_site(TINY))


def test_sheets_without_rows_are_tables_that_the_site_lacks(tmp_path: Path) -> None:
    def change(book: openpyxl.Workbook) -> None:
        book.create_sheet("claims").append(["claim", "statement_en", "kind"])
        book.create_sheet("lists").append(["x"])
        book.create_sheet("agenda")
        book.create_sheet("Sheet1")

    folder = copy_tiny(tmp_path)
    in_book(change)(folder)
    assert kr.check_site(folder) == []
    assert not kr.load_site(folder).has("claims")


def test_a_workbook_and_files_may_share_a_site(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    to_book(folder)
    book = openpyxl.load_workbook(folder / "site.xlsx")
    for name in ("site", "ledger"):
        book.remove(book[name])
        whole = "site.toml" if name == "site" else "ledger.csv"
        shutil.copy(TINY / whole, folder)
    book.save(folder / "site.xlsx")
    assert_same(kr.load_site(folder), kr.load_site(TINY))


def local_forms(folder: Path) -> None:
    """Write the tiny site as somebody at an Indonesian Excel would."""
    months = [str(name) for name in get_month_names("wide", locale="id").values()]
    for path in folder.glob("*.csv"):
        header, *rows = read_rows(path)
        for row in rows:
            for place, name in enumerate(header):
                if row[place] and name in ("date", "joined", "left"):
                    year, month, day = row[place].split("-")
                    row[place] = f"{int(day)} {months[int(month) - 1]} {year}"
                elif row[place] and name in ("amount", "balance"):
                    grouped = f"{abs(int(row[place])):,}".replace(",", ".")
                    row[place] = f"(Rp {grouped})" if row[place][0] == "-" else f"Rp {grouped},-"
                elif row[place] and name in ("start", "end"):
                    row[place] = f"Pkl. {row[place].replace(':', '.')}"
        lines = [";".join(f'"{one}"' for one in row) for row in [header, *rows]]
        put(folder, path.name, ("\ufeff" + "\r\n".join(lines) + "\r\n;;;\r\n\r\n").encode())


@pytest.mark.parametrize("book", [False, True], ids=["files", "workbook"])
def test_local_forms_give_the_same_frames(tmp_path: Path, book: bool) -> None:
    folder = copy_tiny(tmp_path)
    local_forms(folder)
    if book:
        for path in folder.glob("*.csv"):
            frame = pd.read_csv(path, sep=";", dtype=str, keep_default_na=False).iloc[:-1]
            frame.to_csv(path, index=False)
        to_book(folder)
    assert kr.check_site(folder) == []
    assert_same(kr.load_site(folder), kr.load_site(TINY))


SHEET = {
    "name": "KUBE Contoh", "place": "Desa", "language": "ID", "groups": "01; 02", "scale": "1 - 4",
    "threshold": "2,5", "rounding": "half-up", "period": "1 Januari 2024 sampai 30 Juni 2024",
    "scales": "1, 3; 1, 4", "thresholds": "2,5; 3", "notes": "a, b", "primary.outcome": "9",
    "primary.smallest_effect": "0,25", "primary.unit": "Rater",
}  # fmt: skip


def test_entries_of_the_sheet_may_be_written_as_people_do() -> None:
    frame = pd.DataFrame({"Key": SHEET.keys(), "Value": SHEET.values()}, dtype="string")
    info, problems, _ = info_from_sheet(frame, "site.xlsx[site]")
    assert problems == []
    assert info == info_from(
        {
            "name": "KUBE Contoh", "place": "Desa", "language": "id", "groups": ["01", "02"],
            "scale": [1, 4], "threshold": 2.5, "rounding": "half-up", "scales": [[1, 3], [1, 4]],
            "period": [dt.date(2024, 1, 1), dt.date(2024, 6, 30)], "thresholds": [2.5, 3],
            "notes": "a, b",
            "primary": {"outcome": 9, "smallest_effect": 0.25, "unit": "rater"},
        }
    )  # fmt: skip


# -- books that do not add up ----------------------------------------------------------------


def balances(folder: Path, amounts: list[object], stated: list[object]) -> list[tuple[int, str]]:
    header = ["date", "group", "book", "category", "person", "amount", "balance"]
    rows = [
        [f"2024-03-{day:02d}", "01", "kas", "iuran", "", amount, balance]
        for day, (amount, balance) in enumerate(zip(amounts, stated, strict=True), start=1)
    ]
    write_rows(folder / "ledger.csv", [header, *rows])
    found = [one for one in kr.check_site(folder) if one.code == "balance"]
    assert all(one.severity == "finding" for one in found)
    return [(one.row, one.problem.removeprefix("the balance written is ")) for one in found]


@pytest.mark.parametrize(
    ("stated", "slips"),
    [
        ([10, 30, 60, 100], []),
        (["", 30, "", 100], []),
        ([10, 35, 60, 100], [(3, "35, but the entries make 30")]),
        ([10, 35, 65, 105], [(3, "35, but the entries make 30")]),
        ([10, 35, 65, 100], [(3, "35, but the entries make 30"), (5, "100, but the entries make 105")]),
        ([15, 35, 65, 105], [(2, "15, but the entries make 10")]),
        ([10, "", 61, ""], [(4, "61, but the entries make 60")]),
        ([10, 35, 68, 108], [(3, "35, but the entries make 30"), (4, "68, but the entries make 65")]),
    ],
)  # fmt: skip
def test_each_slip_in_a_book_is_found_once(
    tmp_path: Path, stated: list[object], slips: list[tuple[int, str]]
) -> None:
    assert balances(copy_tiny(tmp_path), [10, 20, 30, 40], stated) == slips


def test_a_balance_after_an_entry_that_cannot_be_read_is_not_judged(tmp_path: Path) -> None:
    assert balances(copy_tiny(tmp_path), [10, "x", 30, 40], [10, 35, 65, 107]) == [
        (5, "107, but the entries make 105")
    ]


def test_a_finding_does_not_stop_a_site_and_is_named_in_both_languages(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    set_cell(folder, "ledger.csv", 3, "balance", "Rp 20.001")
    (problem,) = kr.check_site(folder)
    (temuan,) = kr.check_site(folder, lang="id")
    assert str(problem).startswith(
        "ledger.csv:3:balance: 'Rp 20.001': finding: the balance written"
    )
    assert str(temuan).startswith("ledger.csv:3:balance: 'Rp 20.001': temuan: saldo tertulis 20001")
    assert kr.load_site(folder).ledger["balance"].tolist()[1] == 20001
    assert problem.as_dict()["severity"] == "finding"
    assert "lang" not in problem.as_dict()


def test_warnings_are_named_and_do_not_stop_a_site(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    in_toml("evidence", '"recorded"')(folder)
    found = kr.check_site(folder)
    assert {problem.severity for problem in found} == {"warning"}
    assert all("': warning: " in str(problem) for problem in found)
    assert all("': peringatan: " in str(one) for one in kr.check_site(folder, lang="id"))
    assert kr.load_site(folder).info.evidence == "recorded"
    edit(folder, "members.csv", "A2,01", "A2,7")
    with pytest.raises(SiteError) as error:
        kr.load_site(folder)
    assert {problem.severity for problem in error.value.problems} == {"error"}


# -- suggestions -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (shuffled_header("group", "Kelompok"), "rename it to group"),
        (shuffled_header("rater", "Kode Penilai"), "rename it to rater"),
        (shuffled_header("amount", "Jumlah (Rp)", "ledger.csv"), "rename it to amount"),
        (lambda f: set_cell(f, "members.csv", 3, "person", "Siti Aminah"), "never a name"),
        (renamed("site.toml", "site.toml.txt"), "rename site.toml.txt to site.toml"),
        (lambda f: set_cell(f, "rounds.csv", 2, "date", "3/13/2024"), "did you mean 2024-03-13?"),
        (
            lambda f: set_cell(f, "ledger.csv", 2, "amount", "12,500"),
            "write 12500 if that is meant; decimals cannot",
        ),
        (in_book(lambda b: b.remove(b["rounds"])), "add site.xlsx[rounds] with a row for each"),
        (cell("ratings", "D2", "9"), "the scale in site.xlsx[site] goes from 1 to 5"),
        (cell("site", "B7", "5"), "write it like scale | 1, 4"),
    ],
)
def test_the_remedy_names_what_was_meant(tmp_path: Path, change: Change, words: str) -> None:
    folder = copy_tiny(tmp_path)
    change(folder)
    assert any(words in problem.remedy for problem in kr.check_site(folder))


# -- anything at all -------------------------------------------------------------------------


def holds_or_tells(folder: Path, lang: str) -> None:
    before = bytes_of(folder)
    done = CliRunner().invoke(main, ["check", str(folder), "--json", "--lang", lang])
    assert done.exception is None or isinstance(done.exception, SystemExit)
    errors = [one for one in json.loads(done.output) if one["severity"] == "error"]
    assert done.exit_code == 1 or not errors
    try:
        kr.load_site(folder)
        assert not errors
    except KubeError:
        assert errors
    assert bytes_of(folder) == before


NAMES = st.sampled_from(["ratings.csv", "site.xlsx", "site.toml", "ledger.xlsx", "members.csv"])
TONGUES = st.sampled_from(["en", "id"])


@QUICK
@given(NAMES, st.binary(max_size=400), TONGUES)
def test_any_bytes_are_told(
    tmp_path_factory: pytest.TempPathFactory, name: str, content: bytes, lang: str
) -> None:
    folder = copy_tiny(tmp_path_factory.mktemp("fuzz"))
    put(folder, name, content)
    holds_or_tells(folder, lang)


@QUICK
@given(st.data())
def test_a_damaged_workbook_is_told(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = to_book(copy_tiny(tmp_path_factory.mktemp("fuzz")))
    path = folder / "site.xlsx"
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    name = data.draw(st.sampled_from(sorted(parts)))
    content = bytearray(parts[name])
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as book:
        for member, kept in parts.items():
            book.writestr(member, bytes(content) if member == name else kept)
    put(folder, "site.xlsx", out.getvalue())
    holds_or_tells(folder, data.draw(TONGUES))


@QUICK
@given(
    st.lists(
        st.tuples(st.sampled_from([*SHEET, "twin", "x", ""]), st.text(max_size=12)), max_size=9
    )
)
def test_any_entries_of_the_sheet_are_told(rows: list[tuple[str, str]]) -> None:
    frame = pd.DataFrame(rows, columns=["key", "value"], dtype="string")
    info, problems, _ = info_from_sheet(frame, "site.xlsx[site]")
    assert (info is None) == bool(problems)


ODD = (
    "", "-", "0", "-1", "9" * 20, "1e5", "NaN", "inf", "2,46", "Rp 1.500.000", "(5.000)", "12,500",
    "5 Maret 2016", "Minggu 5 Maret 2016", "31/02/2024", "3/4/16", "25:00", "9.00", "=1+1", "'=1", "@x",
    "\u202e", "村", "\x1b[31m", "a\nb", "x" * 40000, "'", '"', "{x}", "%s", "../../etc", "#REF!",
    "１２", "٣", "\u00a05\u00a0", "\u22125", "1_000", "0x10", "1.0", "01", "k1", "🙂",
)  # fmt: skip


@pytest.mark.parametrize("seed", range(40))
def test_any_mishap_with_a_new_site_is_told(tmp_path: Path, seed: int) -> None:
    """A run of 800 folders of this kind, workbooks among them, found nothing that is not held here."""
    chance = random.Random(seed)
    lang = chance.choice(["en", "id"])
    folder = make_site(tmp_path / "baru", lang=lang)
    path = chance.choice(sorted(folder.glob("*.csv")))
    written, mark = path.read_text(encoding="utf-8-sig"), {"id": ";", "en": ","}[lang]
    rows = list(csv.reader(io.StringIO(written), delimiter=mark))
    for _ in range(chance.randrange(1, 5)):
        row = chance.choice(rows)
        place = chance.randrange(len(row) + 1)
        change = chance.randrange(5)
        if change < 3 and place < len(row):
            row[place] = chance.choice(ODD)
        elif change == 3:
            row.insert(place, chance.choice(ODD))
        else:
            rows.insert(chance.randrange(len(rows)), list(row))
    text = io.StringIO()
    csv.writer(text, delimiter=chance.choice([mark, mark, *",;\t|"])).writerows(rows)
    encoding = chance.choice(["utf-8", "utf-8-sig", "cp1252", "utf-16"])
    content = bytearray(text.getvalue().encode(encoding, "replace"))
    if chance.random() < 0.2:
        content[chance.randrange(len(content))] = chance.randrange(256)
    path.write_bytes(bytes(content))
    holds_or_tells(folder, chance.choice(["en", "id"]))
