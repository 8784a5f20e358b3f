"""What a workbook hides: merged cells, formats, entries that are cut; and how much of it is read."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import openpyxl
import pytest
from site_files import TINY, copy_tiny, read_rows, workbook

import kube_research as kr
from kube_research.site import workbooks
from kube_research.site.problems import Problem
from kube_research.site.readers import Raw, read_raw

MEMBERS: list[list[object]] = [
    ["person", "group", "role", "joined", "left"],
    ["A1", "01", "anggota"],
    ["A2", None, "anggota"],
    ["A3", None, "anggota"],
]


def merged(folder: Path, rows: list[list[object]], *areas: str, table: str = "members") -> Raw:
    """Read a table some of whose cells are merged."""
    path = workbook(folder / f"{table}.xlsx", rows)
    book = openpyxl.load_workbook(path)
    for area in areas:
        book.worksheets[0].merge_cells(area)
    book.save(path)
    return read_raw(path)


def spots(raw: Raw) -> list[tuple[int, str, str, str]]:
    return [(p.row, p.column, p.code, p.severity) for p in raw.problems]


def test_every_covered_cell_is_told_with_what_the_merge_says(tmp_path: Path) -> None:
    raw = merged(tmp_path, MEMBERS, "B2:B4")
    assert spots(raw) == [(3, "group", "merged", "error"), (4, "group", "merged", "error")]
    problem = raw.problems[0]
    assert "B2:B4" in problem.problem
    assert "write 01 in this cell too" in problem.remedy


def test_merges_across_columns_are_told(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["round", "group", "rater", "item_1", "item_2", "item_3"],
        [1, "01", "A1", 3],
        [1, "01", "A2", 2, 2, 2],
    ]
    raw = merged(tmp_path, rows, "D2:F2", table="ratings")
    assert spots(raw) == [(2, "item_2", "merged", "error"), (2, "item_3", "merged", "error")]


def test_a_note_that_may_be_blank_is_a_warning(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["date", "group", "book", "category", "person", "amount", "note"],
        ["2024-01-01", "01", "kas", "iuran", None, 5, "lunas"],
        ["2024-01-02", "01", "kas", "iuran", None, 5],
    ]
    raw = merged(tmp_path, rows, "G2:G3", table="ledger")
    assert spots(raw) == [(3, "note", "merged", "warning")]


@pytest.mark.parametrize("area", ["A6:E6", "A2:A2", "G1:H9", "D2:E4", "A5:C9"])
def test_merges_outside_the_entries_are_no_alarm(tmp_path: Path, area: str) -> None:
    rows = [MEMBERS[0], *([person, "01", "anggota"] for person in ("A1", "A2", "A3"))]
    assert merged(tmp_path, rows, area).problems == []


def test_records_two_rows_high_lose_nothing(tmp_path: Path) -> None:
    rows: list[list[object]] = [MEMBERS[0], ["A1", "01", "anggota"], [], ["A2", "01", "anggota"]]
    raw = merged(tmp_path, rows, "A2:A3", "B2:B3", "C2:C3")
    assert raw.problems == []
    assert raw.frame["person"].tolist() == ["A1", "A2"]


def test_a_heading_or_a_note_over_merged_cells_is_one_problem(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        MEMBERS[0], ["Kelompok 01"], ["A1", "01", "anggota"], ["Dicatat oleh sekretaris"],
    ]  # fmt: skip
    raw = merged(tmp_path, rows, "A2:E2", "A4:C4")
    assert [(p.row, p.code, p.value) for p in raw.problems] == [
        (2, "merged_row", "Kelompok 01"),
        (4, "merged_row", "Dicatat oleh sekretaris"),
    ]
    assert raw.frame["person"].tolist() == ["A1"]


def test_a_header_of_two_rows_is_told_once(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["group", "rater", "round", "Skor"],
        [None, None, None, 1, 2],
        ["01", "A1", 1, 3, 4],
    ]
    raw = merged(tmp_path, rows, "A1:A2", "B1:B2", "C1:C2", "D1:E1", table="ratings")
    assert [(p.row, p.code) for p in raw.problems] == [(1, "merged_header")]


def test_a_name_merged_over_columns_is_named_in_the_remedy(tmp_path: Path) -> None:
    rows: list[list[object]] = [["person", "group"], ["A1", "01", "anggota"]]
    (problem,) = merged(tmp_path, rows, "B1:C1").problems
    assert (problem.row, problem.column, problem.code) == (2, "C", "column_blank")
    assert problem.remedy.startswith("group is merged over this column (B1:C1)")


def tiny_book(folder: Path, table: str) -> Path:
    """Put one table of the tiny site into a workbook of its own."""
    site = copy_tiny(folder)
    rows: list[list[object]] = [
        [int(cell) if re.fullmatch("[1-9][0-9]*", cell) else cell for cell in row]
        for row in read_rows(TINY / f"{table}.csv")
    ]
    (site / f"{table}.csv").unlink()
    workbook(site / f"{table}.xlsx", rows)
    return site


def problems_of(site: Path) -> list[Problem]:
    return [problem for problem in kr.check_site(site) if problem.severity == "error"]


def test_the_remedy_gives_back_the_numbers(tmp_path: Path) -> None:
    """Oracle: the same site without merged cells."""
    site = tiny_book(tmp_path, "ratings")
    sound = kr.load_site(site).ratings
    path = site / "ratings.xlsx"
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    sheet.merge_cells("B2:B3")
    book.save(path)
    listed = problems_of(site)
    assert [(p.file, p.row, p.column, p.code) for p in listed] == [
        ("ratings.xlsx", 3, "group", "merged")
    ]
    sheet.unmerge_cells("B2:B3")
    for problem in listed:  # what the remedy says
        meant = re.search(r"write (\S+) in this cell", problem.remedy)
        assert meant is not None
        sheet.cell(problem.row, 2, meant[1])
    book.save(path)
    assert problems_of(site) == []
    assert kr.load_site(site).ratings.equals(sound)


def test_a_printed_number_that_is_cut_is_told(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["round", "item", "mean", "n"],
        [1, 9, 37 / 15, 15],
        [1, 13, 2.4, 15],
    ]
    formats = {"C2": "0.00", "C3": "#,##0.00"}
    raw = read_raw(workbook(tmp_path / "item_means.xlsx", rows, formats))
    assert raw.frame["mean"].tolist() == ["2.47", "2.40"]
    assert spots(raw) == [(2, "mean", "shown_rounded", "warning")]
    assert "2.466666666666667" in raw.problems[0].problem


def test_a_printed_share_in_percent_is_told(tmp_path: Path) -> None:
    rows: list[list[object]] = [["round", "item", "mean", "n"], [1, 9, 0.755, 200]]
    raw = read_raw(workbook(tmp_path / "item_means.xlsx", rows, {"C2": "0.0%"}))
    assert raw.frame["mean"].tolist() == ["0.755"]
    assert spots(raw) == [(2, "mean", "shown_percent", "warning")]


def test_a_percentage_written_with_a_word_is_not_taken_times_100(tmp_path: Path) -> None:
    rows: list[list[object]] = [["activity", "target_pct"], ["x", 0.5], ["y", 75.5], ["z", 0.755]]
    formats = {"B2": '0.0"%"', "B3": '0.0" %"', "B4": "0.0%;[Red]-0.0%"}
    raw = read_raw(workbook(tmp_path / "outcomes.xlsx", rows, formats))
    assert raw.frame["target_pct"].tolist() == ["0.5", "75.5", "75.5"]


def test_codes_that_lose_digits_as_numbers_are_told(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["person", "group", "role"],
        [3201234567890123, "01", "anggota"],
        [812345678901, 1.1, "anggota"],
        [7.0, 1.1, "anggota"],
    ]
    raw = read_raw(workbook(tmp_path / "members.xlsx", rows, {"B4": "0.00"}))
    assert spots(raw) == [
        (2, "person", "digits_lost", "error"),
        (3, "group", "decimals_lost", "error"),
    ]
    assert "1.10 or 1.1" in raw.problems[1].problem
    assert raw.frame["group"].tolist() == ["01", "1.1", "1.10"]
    assert raw.frame["person"].tolist()[1:] == ["812345678901", "7"]


def test_a_code_in_powers_of_ten_is_told(tmp_path: Path) -> None:
    site = tiny_book(tmp_path, "members")
    book = openpyxl.load_workbook(site / "members.xlsx")
    book.worksheets[0]["A2"] = 70
    book.worksheets[0]["A2"].number_format = "0.00E+00"
    book.save(site / "members.xlsx")
    (problem,) = [p for p in problems_of(site) if p.file == "members.xlsx"]
    assert (problem.row, problem.column, problem.value, problem.code) == (
        2, "person", "7.00E+01", "turned",
    )  # fmt: skip
    assert "7E1, 07E1, 70" in problem.problem


# -- how much is read ------------------------------------------------------------------------


def with_cells(path: Path, cells: str) -> Path:
    """Put XML in front of the end of the cells of a workbook."""
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    name = "xl/worksheets/sheet1.xml"
    assert parts[name].count(b"</sheetData>") == 1
    parts[name] = parts[name].replace(b"</sheetData>", cells.encode() + b"</sheetData>")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        for part, content in parts.items():
            book.writestr(part, content)
    path.write_bytes(out.getvalue())
    return path


def test_formats_are_no_entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "MAX_CELLS", 50)
    rows = "".join(
        f'<row r="{n}" s="1" customFormat="1"><c r="A{n}" s="1"/><c r="XFD{n}" s="1"></c></row>'
        for n in range(6, 400)
    )
    rows += '<row r="1048576" ht="30" customHeight="1"/>'
    path = with_cells(workbook(tmp_path / "members.xlsx", MEMBERS), rows)
    raw = read_raw(path)
    assert raw.problems == []
    assert raw.frame.shape == (3, 5)
    (sheet,) = workbooks.read_book(path.read_bytes(), "members").values()
    assert len(sheet.rows) == 4


def test_more_entries_than_a_table_has_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbooks, "MAX_CELLS", 2000)
    path = workbook(tmp_path / "members.xlsx", MEMBERS)
    rows = [f'<row r="{n}"><c r="A{n}"><v>1</v></c></row>' for n in range(6, 2100)]
    fine = with_cells(path, "".join(rows[:900]))
    assert read_raw(fine).problems == []
    many = with_cells(fine, "".join(rows[900:]))
    (problem,) = read_raw(many).problems
    assert (problem.file, problem.row, problem.code) == ("members.xlsx", 0, "excel_cells")
    assert "2 thousand filled cells" in problem.problem


def test_one_entry_far_to_the_right_counts_as_its_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbooks, "MAX_CELLS", 100_000)
    path = workbook(tmp_path / "members.xlsx", MEMBERS)
    rows = [f'<row r="{n}"><c r="XFD{n}"><v>1</v></c></row>' for n in range(6, 16)]
    assert [p.code for p in read_raw(with_cells(path, "".join(rows))).problems] == ["excel_cells"]


def test_cells_that_do_not_say_where_they_stand_keep_their_places(tmp_path: Path) -> None:
    path = workbook(tmp_path / "members.xlsx", MEMBERS[:1])
    with_cells(path, "<row><c/><c><v>7</v></c></row>")
    raw = read_raw(path)
    assert raw.frame["group"].tolist() == ["7"]
    assert raw.frame["person"].isna().all()
