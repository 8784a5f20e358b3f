"""Cells changed in the XML of a workbook. Oracle: openpyxl; all other parts are the same bytes."""

from __future__ import annotations

import io
import zipfile

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.styles import Font

from kube_research.fieldwork.sheet_xml import with_cells
from kube_research.site.text_files import Fault


def made() -> bytes:
    book = openpyxl.Workbook()
    first = book.worksheets[0]
    first.title = "A & B"
    for row in (["round", "rater"], [1, "A1"], [2, "A2"]):
        first.append(row)
    first["B3"].font = Font(bold=True)
    second = book.create_sheet("sums")
    second["A1"] = "='A & B'!A2+1"
    raw = io.BytesIO()
    book.save(raw)
    return raw.getvalue()


def cells(content: bytes, name: str = "A & B") -> dict[str, object]:
    page = openpyxl.load_workbook(io.BytesIO(content))[name]
    return {c.coordinate: c.value for row in page.iter_rows() for c in row if c.value is not None}


SPOTS = st.tuples(st.integers(1, 40), st.integers(0, 60))
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Co", "Cn"]), min_size=1
)


@given(st.dictionaries(SPOTS, st.one_of(st.integers(-999, 10**9), TEXTS), max_size=12))
def test_what_is_written_is_read_by_openpyxl(new: dict[tuple[int, int], int | str]) -> None:
    old = made()
    content = with_cells(old, {"A & B": new})
    expected = cells(old)
    for (row, place), value in new.items():
        expected[f"{openpyxl.utils.get_column_letter(place + 1)}{row}"] = value
    assert cells(content) == expected
    with zipfile.ZipFile(io.BytesIO(old)) as before, zipfile.ZipFile(io.BytesIO(content)) as after:
        changed = [n for n in before.namelist() if before.read(n) != after.read(n)]
    assert set(changed) <= {"xl/worksheets/sheet1.xml", "xl/workbook.xml"}
    assert cells(content, "sums") == cells(old, "sums")


def test_styles_are_kept_and_taken_from_above() -> None:
    content = with_cells(made(), {"A & B": {(3, 1): "B9", (4, 1): "B8", (2, 0): ""}})
    page = openpyxl.load_workbook(io.BytesIO(content))["A & B"]
    assert page["B3"].font.b
    assert page["B4"].font.b
    assert page["A2"].value is None


def test_a_formula_is_not_overwritten_and_unknown_sheets_are_refused() -> None:
    for name, spot in (("sums", (1, 0)), ("none", (1, 0))):
        with pytest.raises(Fault) as fault:
            with_cells(made(), {name: {spot: 1}})
        assert fault.value.code == "book_fixed"


def test_formulas_elsewhere_are_computed_anew() -> None:
    with zipfile.ZipFile(io.BytesIO(with_cells(made(), {"A & B": {(2, 0): 5}}))) as parts:
        assert b"fullCalcOnLoad" in parts.read("xl/workbook.xml")
