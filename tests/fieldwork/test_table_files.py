"""Ratings written into a workbook: what else is in it survives, or the file is not touched.

Oracle: openpyxl reads both workbooks, xlsxwriter writes what is to be refused.
"""

from __future__ import annotations

import io
import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Font, PatternFill
from openpyxl.worksheet.table import Table
from site_files import Made, copy_tiny, put, read_rows

import kube_research as kr
from kube_research.errors import ExportError
from kube_research.fieldwork import table_files
from kube_research.fieldwork.importing import import_ratings

EXPORT = "kelompok,penilai,item_1,item_2\nK1,K1-1,3,4\nK2,K2-1,2,\n"


@pytest.fixture
def folder(made: Made, tmp_path: Path) -> Path:
    """A new site in one workbook, as its user finds it, beside an export."""
    put(tmp_path, "a.csv", EXPORT)
    return Path(shutil.copytree(made("id", True), tmp_path / "situs"))


def bring(folder: Path) -> None:
    import_ratings(folder.parent / "a.csv", folder, round_number=1)


def looks(page: Any) -> list[object]:
    """Everything about a sheet but the content of its cells."""
    rules = [
        (str(rule.sqref), rule.type, rule.formula1, rule.formula2, rule.error, rule.errorStyle)
        for rule in page.data_validations.dataValidation
    ]
    columns = {
        key: (shape.width, shape.min, shape.max, shape.number_format)
        for key, shape in page.column_dimensions.items()
    }
    notes = {c.coordinate: c.comment.text for row in page.iter_rows() for c in row if c.comment}
    return [rules, columns, notes, page.freeze_panes, page.auto_filter.ref, page.sheet_state]


def cells(page: Any) -> list[object]:
    return [(c.coordinate, c.value, c.number_format, c.font.b, c.fill.fgColor.rgb)
            for row in page.iter_rows() for c in row if c.value is not None]  # fmt: skip


def test_lists_styles_widths_comments_and_other_sheets_survive(folder: Path) -> None:
    path = folder / "site.xlsx"
    before = openpyxl.load_workbook(path)
    bring(folder)
    after = openpyxl.load_workbook(path)
    assert after.sheetnames == before.sheetnames
    for old, new in zip(before.worksheets, after.worksheets, strict=True):
        assert looks(old) == looks(new), old.title
        if old.title not in ("ratings", "rounds"):
            assert cells(old) == cells(new), old.title
    assert cells(before["ratings"])[:26] == cells(after["ratings"])[:26]  # the header
    ratings = kr.load_site(folder).ratings
    assert set(ratings["rater"]) == {"K1-1", "K2-1"}
    assert set(ratings["evidence"]) == {"recorded"}
    content = path.read_bytes()
    bring(folder)
    assert path.read_bytes() == content


def changed(folder: Path, change: Callable[[Any], None]) -> Path:
    path = folder / "site.xlsx"
    book = openpyxl.load_workbook(path)
    change(book)
    book.save(path)
    return path


def test_conditional_formats_bold_text_and_tables_of_excel_survive(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    rows = read_rows(folder / "ratings.csv")
    (folder / "ratings.csv").unlink()
    book = openpyxl.Workbook()
    page = book.worksheets[0]
    for row in rows:
        page.append(row)
    page.add_table(Table(displayName="T", ref="A1:H8"))
    page["C8"].font = Font(bold=True)
    red = CellIsRule(operator="lessThan", formula=["2"], fill=PatternFill(bgColor="FF0000"))
    page.conditional_formatting.add("D2:H99", red)
    book.create_sheet("Rekap")["A1"] = "=1+1"  # computed anew when the workbook is opened
    book.save(folder / "ratings.xlsx")
    export = put(tmp_path, "a.csv", "group,rater,item_1,item_2\n01,A3,3,3\n")
    import_ratings(export, folder, round_number=1)
    after = openpyxl.load_workbook(folder / "ratings.xlsx")
    page = after.worksheets[0]
    assert page.tables["T"].ref == "A1:H9"
    assert [str(one.sqref) for one in page.conditional_formatting] == ["D2:H99"]
    assert page["C8"].font.b
    assert page["C9"].font.b  # a new cell looks like the one above
    assert [page.cell(9, place).value for place in (1, 2, 3, 4)] == [1, "01", "A3", 3]
    assert after["Rekap"]["A1"].value == "=1+1"


def with_part(name: str, content: bytes = b"x") -> Callable[[Path], None]:
    def add(path: Path) -> None:
        with zipfile.ZipFile(path, "a") as parts:
            parts.writestr(name, content)

    return add


def in_sheet(old: bytes, new: bytes, sheet: str = "ratings") -> Callable[[Path], None]:
    """Change the XML of a sheet, as Excel would have written it."""

    def change(path: Path) -> None:
        number = openpyxl.load_workbook(path).sheetnames.index(sheet) + 1
        raw = io.BytesIO(path.read_bytes())
        with zipfile.ZipFile(raw) as parts, zipfile.ZipFile(path, "w") as again:
            for name in parts.namelist():
                part = parts.read(name)
                if name == f"xl/worksheets/sheet{number}.xml":
                    part, count = re.subn(old, new, part)
                    assert count == 1
                again.writestr(name, part)

    return change


def with_chart(path: Path) -> None:
    """A sheet with a chart, written by another program, stands beside the others."""
    book = xlsxwriter.Workbook(str(path.with_name("chart.xlsx")))
    chart = book.add_chart({"type": "line"})
    chart.add_series({"values": "=Sheet1!$A$1:$A$2"})
    book.add_worksheet().insert_chart("A1", chart)
    book.close()
    with zipfile.ZipFile(path.with_name("chart.xlsx")) as parts:
        chart_parts = [name for name in parts.namelist() if "chart" in name or "drawing" in name]
        assert chart_parts
        for name in chart_parts:
            with_part(name, parts.read(name))(path)
    path.with_name("chart.xlsx").unlink()


def extension(inside: bytes) -> bytes:
    return (
        b'<extLst><ext xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"'
        b' uri="{05C60535-1F16-4fd2-B633-F4F36F0B64E0}">' + inside + b"</ext></extLst></worksheet>"
    )


END = b"</worksheet>"
LOST = {
    "picture": with_part("xl/media/image1.png"),
    "chart": with_chart,
    "pivot": with_part("xl/pivotTables/pivotTable1.xml", b"<x/>"),
    "macro": with_part("xl/vbaProject.bin"),
    "slicer": with_part("xl/slicers/slicer1.xml", b"<x/>"),
    "control": with_part("xl/ctrlProps/ctrlProp1.xml", b"<x/>"),
    "button": with_part("xl/drawings/vmlDrawing99.vml", b'<x:ClientData ObjectType="Button"/>'),
    "link": with_part("xl/externalLinks/externalLink1.xml", b"<x/>"),
    "threads": with_part("xl/threadedComments/threadedComment1.xml", b"<x/>"),
    "sparkline": in_sheet(END, extension(b"<x14:sparklineGroups/>")),
    "data bar": in_sheet(END, extension(b"<x14:conditionalFormattings/>")),
}


@pytest.mark.parametrize("change", LOST.values(), ids=LOST)
def test_what_would_be_lost_is_refused_and_the_file_untouched(
    change: Callable[[Path], None], folder: Path
) -> None:
    path = folder / "site.xlsx"
    change(path)
    content, names = path.read_bytes(), sorted(folder.iterdir())
    with pytest.raises(ExportError, match=r"ratings\.csv and rounds\.csv beside") as error:
        bring(folder)
    assert [problem.code for problem in error.value.problems] == ["book_parts"]
    assert path.read_bytes() == content
    assert sorted(folder.iterdir()) == names


@pytest.mark.parametrize(("sheet", "spot"), [("ratings", "D2"), ("ledger", "G3")])
def test_formulas_whose_results_would_be_lost_are_refused(
    sheet: str, spot: str, folder: Path
) -> None:
    path = folder / "site.xlsx"
    in_sheet(rb'(<c r="%s"[^>]*>)(<v>)' % spot.encode(), rb"\1<f>1+1</f>\2", sheet)(path)
    content = path.read_bytes()
    with pytest.raises(ExportError, match="paste them as values") as error:
        bring(folder)
    assert [(one.value, one.code) for one in error.value.problems] == [(sheet, "book_formulas")]
    assert path.read_bytes() == content


def test_merged_cells_where_rows_are_written_are_refused(folder: Path) -> None:
    path = folder / "site.xlsx"
    book = openpyxl.load_workbook(path)
    book["ratings"].delete_rows(2, 100)  # the rows of the example
    book["ratings"].merge_cells("A2:C3")
    book.save(path)
    content = path.read_bytes()
    with pytest.raises(ExportError, match="undo the merge, then import again") as error:
        bring(folder)
    assert [one.code for one in error.value.problems] == ["book_merged"]
    assert path.read_bytes() == content
    book["ratings"].unmerge_cells("A2:C3")
    book.save(path)
    bring(folder)
    assert set(kr.load_site(folder).ratings["rater"]) == {"K1-1", "K2-1"}


def test_a_sheet_formatted_far_beyond_its_entries_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_files, "MAX_CELLS", 2000)
    path = folder / "site.xlsx"
    book = openpyxl.load_workbook(path)
    for row in book["ratings"].iter_rows(min_row=200, max_row=500, max_col=8):
        for cell in row:
            cell.font = Font(bold=True)
    book.save(path)
    with pytest.raises(ExportError, match="delete the empty rows below the table") as error:
        bring(folder)
    assert [one.code for one in error.value.problems] == ["book_formats"]
    book["ratings"].delete_rows(200, 400)
    book.save(path)
    bring(folder)


def test_lists_that_excel_keeps_in_an_extension_survive(folder: Path) -> None:
    rule = (
        b'<x14:dataValidations count="1" xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main">'
        b'<x14:dataValidation type="list" allowBlank="1" showErrorMessage="1" error="pilih"'
        b' xr:uid="{0}" xmlns:xr="http://schemas.microsoft.com/office/spreadsheetml/2014/revision">'
        b"<x14:formula1><xm:f>lists!$A$2:$A$4</xm:f></x14:formula1><xm:sqref>B2:B77</xm:sqref>"
        b"</x14:dataValidation></x14:dataValidations>"
    )
    path = folder / "site.xlsx"
    in_sheet(END, extension(rule))(path)
    bring(folder)
    rules = openpyxl.load_workbook(path)["ratings"].data_validations.dataValidation
    kept = {str(one.sqref): (one.type, one.formula1, one.error) for one in rules}
    assert kept["B2:B77"] == ("list", "lists!$A$2:$A$4", "pilih")


def test_the_remedy_works(folder: Path) -> None:
    """With the two sheets as CSV files beside it, the workbook may hold what it likes."""
    book = openpyxl.load_workbook(folder / "site.xlsx")
    for name in ("ratings", "rounds"):
        rows = [["" if cell is None else str(cell) for cell in row] for row in book[name].values]
        lines = [";".join(cell.removesuffix(" 00:00:00") for cell in row) for row in rows]
        put(folder, f"{name}.csv", "\n".join(lines) + "\n")
    changed(folder, lambda book: [book.remove(book[name]) for name in ("ratings", "rounds")])
    with_part("xl/media/image1.png")(folder / "site.xlsx")
    bring(folder)
    assert set(kr.load_site(folder).ratings["rater"]) == {"K1-1", "K2-1"}
