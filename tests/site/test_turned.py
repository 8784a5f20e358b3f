"""Entries that became something else in a spreadsheet. Oracle: what Excel makes of 7-2, 2.40, 07E1."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from site_files import copy_tiny, edit, put, read_rows, set_cell, workbook, write_rows

import kube_research as kr
from kube_research.site.problems import Problem
from kube_research.site.turned import turned


@pytest.mark.parametrize(
    ("cell", "typed"),
    [
        ("2026-02-07", "7-2"),
        ("2026-07-02", "7-2"),
        ("2026-02-07 00:00:00", "7-2"),
        ("02/07/2026", "7-2"),
        ("7/2/26", "7-2"),
        ("7.2.2026", "7-2"),
        ("02-Jan", "1-2"),
        ("1-Feb", "1-2"),
        ("Jan-02", "1-2"),
        ("Jan-32", "1-32"),
        ("2-Mei", "2-5"),
        ("07-Agu-26", "7-8"),
        ("1-Des", "1-12"),
        ("02:40", "2.40"),
        ("2:40:00", "2.40"),
        ("7E+01", "07E1"),
        ("7.00E+01", "7E1"),
        ("7,00E+01", "70"),
    ],
)
def test_what_was_typed_is_among_the_entries(cell: str, typed: str) -> None:
    made = turned(cell)
    assert made is not None
    assert typed in made.entries


@pytest.mark.parametrize(
    "cell",
    [
        *("7-2", "K-07", "07", "Des-01", "des-01", "A1", "rapat-2016-03", "7E1", "2.40", "R-03"),
        *("1-2-3", "01-02-03", "peka_1", "Mar", "MAR-01", "7E-01"),
    ],
)
def test_codes_are_left_alone(cell: str) -> None:
    assert turned(cell) is None


@pytest.mark.parametrize("cell", ["8.12E+11", "3,20123E+15", "1.23457E+11"])
def test_what_is_lost_is_not_guessed(cell: str) -> None:
    made = turned(cell)
    assert made is not None
    assert made.entries == ()


def errors(folder: Path) -> list[tuple[str, int, str, str, str]]:
    return [(p.file, p.row, p.column, p.value, p.code) for p in listed(folder)]


def listed(folder: Path) -> list[Problem]:
    return [problem for problem in kr.check_site(folder) if problem.severity == "error"]


@pytest.mark.parametrize(
    "value", ["2024-02-03", "02-Jan", "Jan-02", "3/2/2024", "7E+01", "8.12E+11"]
)
def test_codes_are_refused(tmp_path: Path, value: str) -> None:
    folder = copy_tiny(tmp_path)
    set_cell(folder, "members.csv", 7, "person", value)
    assert ("members.csv", 7, "person", value, "turned") in errors(folder)


@pytest.mark.parametrize("value", ["2024-03-02", "02-Mar", "2:03", "2E+00"])
def test_scores_are_refused_and_may_be_left_blank(tmp_path: Path, value: str) -> None:
    folder = copy_tiny(tmp_path)
    set_cell(folder, "ratings.csv", 3, "item_2", value)
    (problem,) = listed(folder)
    assert (problem.row, problem.column, problem.code) == (3, "item_2", "turned")
    assert "leave the cell blank" in problem.remedy
    set_cell(folder, "ratings.csv", 3, "item_2", "")
    assert errors(folder) == []


def with_groups(tmp_path: Path) -> Path:
    """The tiny site with the groups 1-2 and 3-4, and its ratings in a workbook."""
    folder = copy_tiny(tmp_path)
    edit(folder, "site.toml", '"01"', '"1-2"')
    edit(folder, "site.toml", '"02"', '"3-4"')
    for path in folder.glob("*.csv"):
        rows = read_rows(path)
        if "group" in rows[0]:
            at = rows[0].index("group")
            names = {"01": "1-2", "02": "3-4"}
            write_rows(path, [[*r[:at], names.get(r[at], r[at]), *r[at + 1 :]] for r in rows])
    return folder


def test_a_group_is_read_again_once_the_remedy_is_followed(tmp_path: Path) -> None:
    import datetime as dt

    folder = with_groups(tmp_path)
    sound = kr.load_site(folder).ratings
    rows: list[list[object]] = [list(row) for row in read_rows(folder / "ratings.csv")]
    (folder / "ratings.csv").unlink()
    assert rows[1][1] == "1-2"
    rows[1][1] = dt.datetime(2026, 2, 1)
    path = workbook(folder / "ratings.xlsx", rows)
    (problem,) = listed(folder)
    assert (problem.file, problem.row, problem.column) == ("ratings.xlsx", 2, "group")
    assert (problem.value, problem.code) == ("2026-02-01", "turned")
    assert problem.remedy.startswith("did you mean 1-2? Format the column as text")
    book = openpyxl.load_workbook(path)
    cell = book.worksheets[0]["B2"]
    cell.number_format, cell.value = "@", "1-2"
    book.save(path)
    assert errors(folder) == []
    assert kr.load_site(folder).ratings.equals(sound)


def test_a_group_that_the_site_calls_so_is_no_alarm(tmp_path: Path) -> None:
    folder = with_groups(tmp_path)
    for path in folder.iterdir():
        path.write_text(path.read_text(encoding="utf-8").replace("1-2", "Mar-01"), encoding="utf-8")
    assert errors(folder) == []


def test_activities_may_be_called_by_their_day(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    row = next(row for row in read_rows(folder / "activities.csv")[1:] if row[0] == "pelatihan")
    assert kr.check_site(folder) == []
    for path in folder.glob("*.csv"):
        text = path.read_text(encoding="utf-8")
        put(folder, path.name, text.replace("pelatihan,", f"{row[2]},"))
    assert errors(folder) == []
    assert "turned" not in {problem.code for problem in kr.check_site(folder)}
    for path in folder.glob("*.csv"):
        text = path.read_text(encoding="utf-8")
        put(folder, path.name, text.replace(f"\n{row[2]},", "\n2024-01-02,"))
    assert [(p.file, p.severity) for p in kr.check_site(folder) if p.code == "turned"] == [
        ("activities.csv", "warning")
    ]


# -- no answer -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "word", ["N/A", "TB", "-", "n/a", "tidak ada", "Tidak  berlaku", "#N/A", "?"]
)
def test_a_score_without_an_answer_is_left_blank(tmp_path: Path, word: str) -> None:
    folder = copy_tiny(tmp_path)
    set_cell(folder, "ratings.csv", 3, "item_2", word)
    (problem,) = listed(folder)
    assert "leave the cell blank" in problem.remedy
    set_cell(folder, "ratings.csv", 3, "item_2", "")
    assert errors(folder) == []


@pytest.mark.parametrize(
    ("file", "row", "column"),
    [("members.csv", 3, "left"), ("rounds.csv", 2, "date"), ("rounds.csv", 2, "activity"),
     ("ledger.csv", 3, "person"), ("activities.csv", 3, "start")],
)  # fmt: skip
def test_so_is_any_cell_that_may_be_blank(tmp_path: Path, file: str, row: int, column: str) -> None:
    folder = copy_tiny(tmp_path)
    set_cell(folder, file, row, column, "-")
    (problem,) = listed(folder)
    assert (problem.row, problem.column) == (row, column)
    assert problem.remedy == "leave the cell blank where there is no answer"


def test_a_cell_that_must_be_filled_is_not_left_blank(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    set_cell(folder, "rounds.csv", 2, "n_raters", "N/A")
    set_cell(folder, "ledger.csv", 3, "amount", "-")
    remedies = {problem.column: problem.remedy for problem in listed(folder)}
    assert "blank" not in remedies["n_raters"]
    assert remedies["amount"] == "write the amount, or 0 if no money moved"
