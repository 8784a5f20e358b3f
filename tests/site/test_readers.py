"""Files become text cells with the row numbers of a spreadsheet, or located problems."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from site_files import put, workbook

from kube_research.site.readers import Raw, read_raw


def csv_of(folder: Path, content: str | bytes, name: str = "members.csv") -> Raw:
    return read_raw(put(folder, name, content))


def xlsx_of(
    folder: Path,
    rows: list[list[object]],
    formats: dict[str, str] | None = None,
    table: str = "members",
) -> Raw:
    return read_raw(workbook(folder / f"{table}.xlsx", rows, formats))


def cells(raw: Raw) -> list[list[str | None]]:
    assert raw.problems == []
    return [[None if pd.isna(c) else c for c in row] for row in raw.frame.to_numpy().tolist()]


def fault(raw: Raw) -> tuple[int, str, str, str]:
    (problem,) = raw.problems
    return problem.row, problem.column, problem.value, problem.code


# -- CSV -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        "a,b\n1,x y\n",
        "a;b\n1;x y\n",
        "a\tb\n1\tx y\n",
        "\ufeffa,b\n1,x y\n",
        "a,b\r\n1,x y\r\n",
        "a,b\r1,x y\r",
        " a , b \n 1 ,\u00a0x y \n",
        'a,b\n"1","x y"\n',
        "a,b\n1,x y",
        "a,b,,\n1,x y,,\n,,,\n",
    ],
    ids=["plain", "semicolon", "tab", "bom", "crlf", "cr", "blanks", "quoted", "no_end", "empties"],
)
def test_every_ordinary_form_of_csv_gives_the_same_cells(tmp_path: Path, content: str) -> None:
    raw = csv_of(tmp_path, content)
    assert list(raw.frame.columns) == ["a", "b"]
    assert cells(raw) == [["1", "x y"]]


def test_semicolon_files_keep_decimal_commas_in_their_cells(tmp_path: Path) -> None:
    assert cells(csv_of(tmp_path, "a;b\n2,46;1,5\n")) == [["2,46", "1,5"]]


def test_cells_are_never_interpreted(tmp_path: Path) -> None:
    odd = ["007", "1.50", "NA", "nan", "None", "=1+1", "1e3", "TRUE", "-", "٣"]
    assert cells(csv_of(tmp_path, "a,b\n" + "".join(f"x,{c}\n" for c in odd))) == [
        ["x", cell] for cell in odd
    ]


def test_blank_rows_are_left_out_but_counted(tmp_path: Path) -> None:
    raw = csv_of(tmp_path, "a,b\n\n1,2\n,\n  ,\n3,4\n\n\n")
    assert raw.frame.index.tolist() == [3, 6]
    assert cells(raw) == [["1", "2"], ["3", "4"]]


def test_a_quoted_line_break_does_not_start_a_new_row(tmp_path: Path) -> None:
    raw = csv_of(tmp_path, 'a,b\n1,"two\r\nlines, one cell"\n2,x\n')
    assert raw.frame.index.tolist() == [2, 3]
    assert raw.frame.at[2, "b"] == "two\nlines, one cell"


def test_short_rows_are_filled_with_empty_cells(tmp_path: Path) -> None:
    assert cells(csv_of(tmp_path, "a,b,c\n1\n")) == [["1", None, None]]


def test_very_long_cells_are_read(tmp_path: Path) -> None:
    assert cells(csv_of(tmp_path, f"a,b\n1,{'x' * 100_000}\n")) == [["1", "x" * 100_000]]


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff", " , \n,,\n"])
def test_an_empty_file_is_told(tmp_path: Path, content: str) -> None:
    raw = csv_of(tmp_path, content)
    assert fault(raw) == (0, "", "", "empty_file")
    assert raw.frame.empty


def test_a_header_without_rows_is_told(tmp_path: Path) -> None:
    assert fault(csv_of(tmp_path, "a,b\n\n,\n")) == (0, "", "", "no_rows")


def test_an_empty_row_above_the_header_is_told(tmp_path: Path) -> None:
    assert fault(csv_of(tmp_path, "\na,b\n1,2\n")) == (1, "", "", "no_header")


def test_cells_beyond_the_header_are_located(tmp_path: Path) -> None:
    raw = csv_of(tmp_path, "a,b\n1,2\n3,text, with a comma\n")
    assert fault(raw) == (3, "", "with a comma", "row_too_long")


def test_a_header_used_twice_is_located(tmp_path: Path) -> None:
    raw = csv_of(tmp_path, "a,b,a\n1,2,3\n")
    assert fault(raw) == (1, "a", "a", "column_twice")
    assert list(raw.frame.columns) == ["a", "b"]


def test_entries_under_a_blank_header_are_located(tmp_path: Path) -> None:
    raw = csv_of(tmp_path, "a,,b\n1,,3\n4,note,6\n")
    assert fault(raw) == (3, "B", "note", "column_blank")
    assert list(raw.frame.columns) == ["a", "b"]


def test_columns_beyond_z_are_named_as_a_spreadsheet_names_them(tmp_path: Path) -> None:
    header = ",".join(f"c{n}" for n in range(26))
    raw = csv_of(tmp_path, f"{header},\n{'1,' * 26}stray\n")
    assert fault(raw) == (2, "AA", "stray", "column_blank")


@pytest.mark.parametrize(
    "content",
    [
        "a,b\n1,2\n".encode("utf-16-le"),
        b"\xff\xfea",
        b"a,b\n1,caf\x81\n",
        b"a,b\n1,\x002\n",
        b"\x89PNG\r\n\x1a\n\x00\x00",
    ],
    ids=["utf16_no_bom", "half_utf16", "no_code_page", "nul", "picture"],
)
def test_anything_but_text_is_told(tmp_path: Path, content: bytes) -> None:
    raw = csv_of(tmp_path, content)
    assert fault(raw) == (0, "", "", "encoding")
    assert raw.frame.empty


def test_old_windows_text_is_read_with_a_warning_where_it_shows(tmp_path: Path) -> None:
    raw = csv_of(tmp_path, "a,b\n1,x\n2,café\n".encode("cp1252"))
    assert fault(raw) == (3, "b", "café", "encoding_guess")
    assert raw.problems[0].severity == "warning"
    assert raw.frame["b"].tolist() == ["x", "café"]


def test_utf8_with_a_damaged_letter_is_located(tmp_path: Path) -> None:
    raw = csv_of(tmp_path, "a,b\n1,café\n2,x\n".encode() + b"3,\xe9\n")
    assert fault(raw) == (4, "", "", "encoding")


def test_unicode_text_of_excel_is_read(tmp_path: Path) -> None:
    assert cells(csv_of(tmp_path, "a\tb\r\n1\tcafé\r\n".encode("utf-16"))) == [["1", "café"]]


def test_the_hint_for_excel_is_no_row(tmp_path: Path) -> None:
    raw = csv_of(tmp_path, "sep=;\r\na;b\r\n1;2,5\r\n")
    assert raw.frame.index.tolist() == [2]
    assert cells(raw) == [["1", "2,5"]]


def test_a_file_in_one_column_is_told(tmp_path: Path) -> None:
    for content in (
        "person|group|role\nA1|01|anggota\n",
        '"person,group,role"\n"A1,01,anggota"\n',
        '"person;group;role"\n',
    ):
        assert fault(csv_of(tmp_path, content))[::3] == (1, "one_column")
    assert fault(xlsx_of(tmp_path, [["person;group;role"], ["A1;01;anggota"]]))[3] == "one_column"


def test_rows_with_another_separator_than_the_header_are_told_once(tmp_path: Path) -> None:
    content = "person;group;role\nA1;01;anggota\nA2,01,anggota\nA3,01,anggota\n"
    raw = csv_of(tmp_path, content)
    assert fault(raw) == (3, "", "A2,01,anggota", "delimiter_row")
    assert "2 such rows" in raw.problems[0].problem


def test_names_of_columns_below_row_1_are_told(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["Daftar anggota"],
        [],
        ["person", "group", "role"],
        ["A1", "01", "x"],
    ]
    raw = xlsx_of(tmp_path, rows)
    assert fault(raw) == (1, "", "Daftar anggota", "header_row")
    assert "row 3" in raw.problems[0].problem


def test_a_number_split_by_its_comma_is_joined_in_the_message(tmp_path: Path) -> None:
    raw = csv_of(tmp_path, "round,item,mean,n\n1,9,2,46,15\n", "item_means.csv")
    assert fault(raw) == (2, "mean", "2,46", "row_too_long")
    assert raw.problems[0].remedy.startswith("was 2,46 meant in the column mean?")
    assert raw.frame.loc[2].tolist() == ["1", "9", "2,46", "15"]


@pytest.mark.parametrize(
    ("content", "row"),
    [
        ('a,b\n1,2\n3,"open\n5,6\n', 3),
        ('a,b\n1,"two" words\n', 2),
        ('"a,b\n', 1),
        (f"a,b\n1,2\n1,{'x' * 140_000}\n", 3),
    ],
    ids=["unclosed", "text_after_quote", "unclosed_header", "beyond_the_csv_limit"],
)
def test_a_broken_quote_is_located(tmp_path: Path, content: str, row: int) -> None:
    assert fault(csv_of(tmp_path, content)) == (row, "", "", "csv")


def test_a_quote_inside_a_cell_is_text(tmp_path: Path) -> None:
    assert cells(csv_of(tmp_path, 'a,b\n1,pipa 5" baru\n')) == [["1", 'pipa 5" baru']]


@pytest.mark.parametrize("name", ["members.csv", "members.xlsx"])
def test_a_folder_with_the_name_of_a_table_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    assert fault(read_raw(tmp_path / name)) == (0, "", "", "unreadable")


def test_a_file_without_permission_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    path = put(tmp_path, "members.csv", "a\n1\n")
    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert fault(read_raw(path)) == (0, "", "", "unreadable")


def test_problems_come_in_both_languages(tmp_path: Path) -> None:
    path = put(tmp_path, "members.csv", "")
    (english,), (indonesian,) = read_raw(path).problems, read_raw(path, "id").problems
    assert (english.problem, english.remedy) == (
        "the file has no rows",
        "fill the table or delete the file",
    )
    assert (indonesian.problem, indonesian.remedy) == (
        "berkas tidak memiliki baris",
        "isi tabelnya atau hapus berkasnya",
    )


# -- Excel -----------------------------------------------------------------------------------


def test_real_cells_of_excel_become_the_text_of_a_csv(tmp_path: Path) -> None:
    row: list[object] = [3, 3.0, 2.5, dt.date(2016, 3, 5), dt.datetime(2016, 3, 5), " x "]
    raw = xlsx_of(tmp_path, [["a", "b", "c", "d", "e", "f"], row])
    assert cells(raw) == [["3", "3", "2.5", "2016-03-05", "2016-03-05", "x"]]


def test_times_of_excel_become_hours_and_minutes(tmp_path: Path) -> None:
    times = [dt.time(9, 5), dt.timedelta(hours=16), dt.time(16, 0, 30), dt.timedelta(hours=30)]
    raw = xlsx_of(tmp_path, [["a"], *([time] for time in times)])
    assert [row[0] for row in cells(raw)] == ["09:05", "16:00", "16:00:30", "1 day, 6:00:00"]


def test_a_day_with_a_time_is_not_cut(tmp_path: Path) -> None:
    raw = xlsx_of(tmp_path, [["a"], [dt.datetime(2016, 3, 5, 9, 30)]])
    assert cells(raw) == [["2016-03-05 09:30:00"]]


def test_other_cells_of_excel_stay_what_they_show(tmp_path: Path) -> None:
    raw = xlsx_of(tmp_path, [["a", "b", 9], [True, "=1+1", 10**15], [None, "two\nlines", None]])
    assert list(raw.frame.columns) == ["a", "b", "9"]
    assert cells(raw) == [["True", "=1+1", str(10**15)], [None, "two\nlines", None]]


def test_printed_numbers_and_codes_keep_the_zeros_that_excel_shows(tmp_path: Path) -> None:
    header: list[object] = ["round", "item", "mean", "n"]
    formats = {"C2": "0.00", "C3": "0.00", "C4": "0.0", "D2": "0.00", "A2": "00"}
    rows = [header, [1, 9, 2.4, 15], [1, 13, 2, 15], [1, 14, 2.46, 15], [1, 19, 2.4, 15]]
    raw = xlsx_of(tmp_path, rows, formats, table="item_means")
    assert raw.frame["mean"].tolist() == ["2.40", "2.00", "2.5", "2.4"]
    assert raw.frame.at[2, "n"] == "15"
    assert raw.frame.at[2, "round"] == "1"

    raw = xlsx_of(tmp_path, [["person", "group"], ["A", 7], ["B", 7]], {"B2": "00"})
    assert raw.frame["group"].tolist() == ["07", "7"]


def test_percentages_of_excel_are_what_the_cell_shows(tmp_path: Path) -> None:
    rows: list[list[object]] = [["activity", "target_pct"], ["x", 0.755], ["y", 0.07], ["z", 90]]
    raw = xlsx_of(tmp_path, rows, {"B2": "0.0%", "B3": "0%"}, table="outcomes")
    assert raw.frame["target_pct"].tolist() == ["75.5", "7", "90"]


def test_a_workbook_with_a_password_is_told(tmp_path: Path) -> None:
    locked = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
    locked += "EncryptedPackage".encode("utf-16-le")
    assert fault(csv_of(tmp_path, locked, "members.xlsx")) == (0, "", "", "excel_password")


def test_formulas_give_their_stored_result_or_are_told(tmp_path: Path) -> None:
    import openpyxl

    path = workbook(tmp_path / "members.xlsx", [["a", "b"], [1, 2], [3, 4]])
    book = openpyxl.load_workbook(path)
    book.worksheets[0]["B3"] = "=A3+1"
    book.save(path)
    raw = read_raw(path)
    assert fault(raw) == (3, "b", "", "formula_no_value")
    assert raw.frame["b"].fillna("-").tolist() == ["2", "-"]
    changed_member(path, "xl/worksheets/sheet1.xml", r"<v ?/>|<v></v>", "<v>4</v>")
    assert cells(read_raw(path)) == [["1", "2"], ["3", "4"]]


def test_the_sheet_with_the_name_of_the_table_is_read(tmp_path: Path) -> None:
    import openpyxl

    path = workbook(tmp_path / "members.xlsx", [["notes"], ["mine"]])
    book = openpyxl.load_workbook(path)
    sheet = book.create_sheet("members")
    sheet.append(["a"])
    sheet.append([1])
    sheet.sheet_state = "hidden"
    book.create_sheet("BACA_SAYA").append(["petunjuk"])
    book.save(path)
    raw = read_raw(path)
    assert raw.frame.to_numpy().tolist() == [["1"]]
    assert [(p.code, p.column, p.severity) for p in raw.problems] == [
        ("sheet_hidden", "", "warning"),
        ("sheet_unread", "Sheet", "warning"),
    ]


def test_line_breaks_of_excel_are_plain(tmp_path: Path) -> None:
    assert cells(xlsx_of(tmp_path, [["a"], ["two_x000D_\nlines"]])) == [["two\nlines"]]
    assert cells(csv_of(tmp_path, "a\nx_x000D_y\n")) == [["x_x000D_y"]]


def test_rows_of_excel_are_counted_from_the_top_of_the_sheet(tmp_path: Path) -> None:
    raw = xlsx_of(tmp_path, [["a"], [], [1], [None], ["  "], [2], []])
    assert raw.frame.index.tolist() == [3, 6]
    assert fault(xlsx_of(tmp_path, [[], ["a"], [1]])) == (1, "", "", "no_header")


def test_merged_headers_of_excel_are_told_once(tmp_path: Path) -> None:
    import openpyxl

    path = workbook(tmp_path / "members.xlsx", [["a", "b"], [1, 2, 3], [4, 5, 6]])
    book = openpyxl.load_workbook(path)
    book.worksheets[0].merge_cells("B1:C1")
    book.save(path)
    assert fault(read_raw(path)) == (2, "C", "3", "column_blank")


def changed_member(path: Path, member: str, old: str, new: str) -> None:
    """Rewrite one file inside a workbook."""
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    assert re.search(old.encode(), parts[member])
    parts[member] = re.sub(old.encode(), new.encode(), parts[member])
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as book:
        for name, content in parts.items():
            book.writestr(name, content)
    path.write_bytes(out.getvalue())


def test_a_wrong_size_written_in_a_workbook_hides_no_cells(tmp_path: Path) -> None:
    path = workbook(tmp_path / "members.xlsx", [["a", "b"], [1, 2], [3, 4]])
    changed_member(path, "xl/worksheets/sheet1.xml", r'dimension ref="A1:B3"', 'dimension ref="A1"')
    assert cells(read_raw(path)) == [["1", "2"], ["3", "4"]]


@pytest.mark.parametrize(
    "content",
    [b"", b"round,group\n1,07\n", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 64, b"PK\x03\x04"],
)
def test_what_is_no_workbook_is_told(tmp_path: Path, content: bytes) -> None:
    raw = csv_of(tmp_path, content, "members.xlsx")
    assert fault(raw) == (0, "", "", "excel")
    assert raw.frame.empty


def test_a_zip_that_is_no_workbook_is_told(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("hello.txt", "hello")
    assert fault(csv_of(tmp_path, out.getvalue(), "members.xlsx"))[3] == "excel"


def test_a_workbook_with_damaged_rows_is_told(tmp_path: Path) -> None:
    path = workbook(tmp_path / "members.xlsx", [["a"], [1]])
    changed_member(path, "xl/worksheets/sheet1.xml", "</sheetData>", "<oops>")
    assert fault(read_raw(path)) == (0, "", "", "excel")


def test_a_workbook_without_styles_is_read_in_silence(tmp_path: Path) -> None:
    path = workbook(tmp_path / "members.xlsx", [["a", "b"], [1, 2]])
    changed_member(path, "xl/styles.xml", r"<cellStyles.*</cellStyles>", "")
    assert cells(read_raw(path)) == [["1", "2"]]


def test_an_empty_workbook_is_told(tmp_path: Path) -> None:
    assert fault(xlsx_of(tmp_path, [])) == (0, "", "", "empty_file")


def test_the_ending_may_be_written_in_capitals(tmp_path: Path) -> None:
    path = workbook(tmp_path / "members.xlsx", [["a"], [1]]).rename(tmp_path / "members.XLSX")
    assert cells(read_raw(path)) == [["1"]]
