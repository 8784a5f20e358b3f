"""Remedies followed literally: what they say leads to a clean check and the right value.

Oracle: the value that stood in the sound site before it was spoilt.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from site_files import copy_tiny, full_tiny, put, read_rows, set_cell, write_rows

import kube_research as kr
from kube_research.site.problems import Problem


def errors(folder: Path) -> list[Problem]:
    return [problem for problem in kr.check_site(folder) if problem.severity == "error"]


# File, row, column, what is written by mistake, what the remedy says, and what is written then.
FOLLOWED = [
    ("ledger.csv", 6, "amount", "50,000", "write 50000 if that is meant", "50000"),
    ("ledger.csv", 6, "amount", "Rp -", "write the amount, or 0 if no money moved", "50000"),
    ("ledger.csv", 6, "amount", "50 ribu", "write the digits", "50000"),
    ("ledger.csv", 6, "balance", "-", "write 0 or clear the cell", ""),
    ("ledger.csv", 6, "date", "1900-01-00", "write the day", "2024-02-10"),
    ("ledger.csv", 6, "date", "2/13/2024", "did you mean 2024-02-13? Write", "2024-02-13"),
    ("ledger.csv", 6, "date", "45332", "or write 2024-02-10 if that is the day", "2024-02-10"),
    ("ledger.csv", 6, "date", "10/2/24", "write the one that is meant, year-month-day", "2024-02-10"),
    ("ledger.csv", 6, "date", "10 Febuari 2024", "did you mean 2024-02-10?", "2024-02-10"),
    ("ledger.csv", 6, "date", "Minggu, 10 Februari 2024", "leave the weekday out", "10 Februari 2024"),
    ("ledger.csv", 6, "group", "1", "did you mean 01?", "01"),
    ("ledger.csv", 6, "person", "a1", "did you mean A1?", "A1"),
    ("ledger.csv", 6, "note", "#REF!", "write the value itself", ""),
    ("item_means.csv", 2, "mean", "2,467", "write all decimals of this column with a point", "2.467"),
    ("outcomes.csv", 2, "achieved_pct", "12,500", "all decimals of this column with a point", "12.500"),
    ("activities.csv", 3, "start", "9.0", "write hours and minutes, for example 16:00", "09:00"),
    ("attendance.csv", 9, "status", "wakil", "did you mean represented?", "represented"),
    ("ratings.csv", 3, "item_1", "7", "write what was really answered", "5"),
    ("items.csv", 5, "statement_en", "", "fill it in", "Members can look into the cash book"),
    ("facts.csv", 2, "value", "Rp 2 juta", "write the digits, for example 1500000", "Rp 2.000.000"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "row", "column", "wrong", "words", "mended"), FOLLOWED)
def test_a_cell_mended_as_told_is_clean(
    tmp_path: Path, file: str, row: int, column: str, wrong: str, words: str, mended: str
) -> None:
    folder = full_tiny(tmp_path)
    set_cell(folder, file, row, column, wrong)
    (problem,) = [p for p in errors(folder) if (p.file, p.row, p.column) == (file, row, column)]
    assert words in problem.remedy
    set_cell(folder, file, row, column, mended)
    assert errors(folder) == []
    assert kr.load_site(folder)


def month_first(folder: Path) -> None:
    set_cell(folder, "ledger.csv", 4, "date", "03/10/2024")
    set_cell(folder, "ledger.csv", 6, "date", "02/13/2024")


def test_a_column_with_the_month_first_is_not_read_day_first(tmp_path: Path) -> None:
    """Mending only the impossible day would leave 3 October for 10 March in silence."""
    folder = copy_tiny(tmp_path)
    month_first(folder)
    told = {p.row: (p.code, p.problem) for p in errors(folder)}
    assert told[4] == (
        "date_ambiguous",
        "several readings: 2024-10-03, 2024-03-10 (year-month-day)",
    )
    assert told[6][0] == "date_order"
    set_cell(folder, "ledger.csv", 4, "date", "2024-03-10")
    set_cell(folder, "ledger.csv", 6, "date", "2024-02-13")
    assert kr.check_site(folder) == []


def test_an_absent_table_is_to_be_added_where_the_cell_cannot_be_cleared(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    (folder / "activities.csv").unlink()
    remedies = {p.file: p.remedy for p in errors(folder)}
    assert remedies["attendance.csv"] == "add activities.csv with a row for each"
    assert remedies["rounds.csv"] == "add activities.csv or clear the cell"
    header = "activity,kind,date,start,end,place,title_id,title_en"
    kinds = {"penilaian_1": "assessment", "pelatihan": "intervention", "penilaian_2": "assessment"}
    rows = [f"{name},{kind},,,,,{name},{name}" for name, kind in kinds.items()]
    put(folder, "activities.csv", "\n".join([header, *rows]) + "\n")
    assert errors(folder) == []
    assert len(kr.load_site(folder).attendance) == 16


def test_of_the_names_of_a_field_the_rarer_is_told(tmp_path: Path) -> None:
    folder = full_tiny(tmp_path)
    set_cell(folder, "fields.csv", 3, "field_en", "Finances")
    (problem,) = kr.check_site(folder)
    assert (problem.file, problem.row, problem.code) == ("fields.csv", 3, "field_differs")
    assert "(Finance)" in problem.problem
    set_cell(folder, "fields.csv", 3, "field_en", "Finance")
    assert kr.check_site(folder) == []


def test_a_row_twice_loses_no_answer(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    rows = read_rows(folder / "ratings.csv")
    rows[3][2] = "A1"  # B1 mistyped: group 02, other scores
    write_rows(folder / "ratings.csv", rows)
    remedies = [p.remedy for p in errors(folder) if p.code == "duplicate"]
    assert remedies
    assert all("if not, correct the code or number that is mistyped" in words for words in remedies)
    rows[3][2] = "B1"
    write_rows(folder / "ratings.csv", rows)
    assert kr.check_site(folder) == []
    assert len(kr.load_site(folder).ratings) == 35
