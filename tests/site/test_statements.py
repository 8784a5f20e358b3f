"""Negative statements, weights, section numbers, and statements that stand twice: from file to frame."""

from __future__ import annotations

from pathlib import Path

import pytest
from site_files import copy_tiny, edit, full_tiny, put, read_rows, set_cell, to_workbook, write_rows

import kube_research as kr
from kube_research.site.problems import Problem


def column(folder: Path, name: str, header: str, *cells: str) -> Path:
    """Write a column of a table from row 2 on."""
    for row, cell in enumerate(cells, start=2):
        set_cell(folder, name, row, header, cell)
    return folder


def only(folder: Path, lang: str = "en") -> Problem:
    (problem,) = kr.check_site(folder, lang=lang)
    return problem


# -- negative statements ---------------------------------------------------------------------


def test_scores_of_a_negative_statement_are_turned_once_and_answers_stay(tmp_path: Path) -> None:
    plain = kr.load_site(copy_tiny(tmp_path)).ratings
    folder = column(tmp_path / "site", "items.csv", "direction", "negative")
    assert kr.check_site(folder) == []
    ratings = kr.load_site(folder).ratings
    first = plain["item"] == 1
    # The scale is 1 to 5, so by hand: 6 - answer.
    assert ratings.loc[first, "score"].tolist() == (6 - plain.loc[first, "score"]).tolist()
    assert ratings.loc[~first, "score"].equals(plain.loc[~first, "score"])
    assert ratings["score_given"].equals(plain["score"].rename("score_given"))
    assert ratings.drop(columns=["score", "score_given"]).equals(plain.drop(columns="score"))


def test_a_site_without_negative_statements_has_the_columns_it_had() -> None:
    ratings = kr.load_site("cibeunying-simulated").ratings
    assert not {"score_given", "weight"} & set(ratings)


@pytest.mark.parametrize(
    "words",
    [
        ("negatif", "positif"),
        ("NEGATIVE", "Positive"),
        ("-", "+"),
        ("\u2212", ""),
        ("unfavorable", "favorable"),
        ("R", ""),
        ("Terbalik", ""),
    ],
)
def test_words_for_the_direction_are_read(tmp_path: Path, words: tuple[str, str]) -> None:
    folder = column(copy_tiny(tmp_path), "items.csv", "direction", words[0], *[words[1]] * 4)
    assert kr.check_site(folder) == []
    direction = kr.load_site(folder).items["direction"].fillna("")
    assert direction.eq("negative").tolist() == [True] + [False] * 4


@pytest.mark.parametrize("cells", [["-"] * 5, ["-", "-", "negatif", "-", "-"]])
def test_a_dash_that_may_mean_nothing_is_no_minus(tmp_path: Path, cells: list[str]) -> None:
    problems = kr.check_site(column(copy_tiny(tmp_path), "items.csv", "direction", *cells))
    assert {problem.code for problem in problems} == {"choice"}
    assert [problem.value for problem in problems] == ["-"] * cells.count("-")
    assert "negative" in problems[0].remedy


@pytest.mark.parametrize("cell", ["negativ", "ya", "0", "kebalikan dari yang lain"])
def test_an_unknown_direction_is_refused_and_nobody_is_told_to_write_positive(
    tmp_path: Path, cell: str
) -> None:
    problem = only(column(copy_tiny(tmp_path), "items.csv", "direction", cell))
    assert (problem.code, problem.row, problem.column) == ("choice", 2, "direction")
    assert "negative" in problem.remedy


def test_ratings_saved_after_loading_are_not_turned_again(tmp_path: Path) -> None:
    folder = column(copy_tiny(tmp_path), "items.csv", "direction", "negative")
    loaded = kr.load_site(folder).ratings
    saved = loaded.drop(columns=["field_no", "locator"])
    saved.to_csv(folder / "ratings.csv", index=False)
    problem = only(folder)
    assert problem.code == "column_turned"
    assert problem.remedy == "delete the column score, and rename score_given to score"
    saved.drop(columns="score").rename(columns={"score_given": "score"}).to_csv(
        folder / "ratings.csv", index=False
    )
    assert kr.check_site(folder) == []
    assert kr.load_site(folder).ratings["score"].equals(loaded["score"])


def test_printed_means_of_negative_statements_are_taken_as_given_and_that_is_said(
    tmp_path: Path,
) -> None:
    folder = column(copy_tiny(tmp_path), "items.csv", "direction", "negative")
    (folder / "ratings.csv").unlink()
    put(folder, "item_means.csv", "round,item,mean,n\n1,1,3.50,4\n1,2,2.25,4\n")
    problem = only(folder)
    assert (problem.code, problem.severity, problem.row) == ("mean_negative", "warning", 2)
    means = kr.load_site(folder).item_means
    assert means["mean"].tolist() == ["3.50", "2.25"]
    assert means["mean_recoded"].fillna("").tolist() == ["2.50", ""]
    assert "positive" in problem.remedy  # followed, the mean counts as it is printed
    column(folder, "items.csv", "direction", "positive")
    assert kr.check_site(folder) == []
    assert "mean_recoded" not in kr.load_site(folder).item_means


# -- weights and section numbers -------------------------------------------------------------


def test_weights_are_read_in_both_forms_and_blanks_are_one(tmp_path: Path) -> None:
    folder = column(copy_tiny(tmp_path), "items.csv", "weight", "2", "0,5", "", "1.25", "")
    assert kr.check_site(folder) == []
    site = kr.load_site(folder)
    assert site.items["weight"].fillna(-1).tolist() == [2, 0.5, -1, 1.25, -1]
    by_item = site.ratings.groupby("item")["weight"].unique().map(list)
    assert by_item.tolist() == [[2.0], [0.5], [1.0], [1.25], [1.0]]


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("0", "not_positive"),
        ("0.0", "not_positive"),
        ("-1", "type_positive"),
        ("x2", "type_positive"),
    ],
)
def test_a_weight_is_above_zero(tmp_path: Path, cell: str, code: str) -> None:
    problem = only(column(copy_tiny(tmp_path), "items.csv", "weight", cell))
    assert (problem.code, problem.value, problem.row) == (code, cell, 2)


@pytest.mark.parametrize("excel", [False, True])
def test_section_numbers_stay_as_they_are_printed(tmp_path: Path, excel: bool) -> None:
    codes = ["1.1", "1.2", "1.10", "2.1", "2.10"]
    folder = column(copy_tiny(tmp_path), "items.csv", "code", *codes)
    if excel:
        to_workbook(folder / "items.csv")
    assert kr.check_site(folder) == []
    assert kr.load_site(folder).items["code"].tolist() == codes


def test_a_section_number_that_stands_twice_is_told(tmp_path: Path) -> None:
    problem = only(column(copy_tiny(tmp_path), "items.csv", "code", "1.1", "1.2", "1.1"))
    assert (problem.code, problem.row, problem.severity) == ("code_twice", 4, "warning")
    assert "1.10" in problem.problem


def test_section_numbers_in_the_place_of_numbers_become_codes(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    codes = ["1.1", "1.2", "2.1", "2.2", "2.10"]
    column(folder, "items.csv", "item", *codes)
    header, *rows = read_rows(folder / "ratings.csv")
    write_rows(folder / "ratings.csv", [header[:3] + codes, *rows])
    problems = kr.check_site(folder)
    assert {p.code for p in problems if p.file == "items.csv"} == {"type_integer"}
    assert {p.code for p in problems if p.file == "ratings.csv"} == {"column_section"}
    assert all("column code" in problem.remedy for problem in problems)
    assert not any("delete" in problem.remedy for problem in problems)
    # What the remedies say, done: the same scores as before.
    column(folder, "items.csv", "item", "1", "2", "3", "4", "5")
    column(folder, "items.csv", "code", *codes)
    write_rows(folder / "ratings.csv", [header, *rows])
    assert kr.check_site(folder) == []
    before = kr.score_items(kr.load_site(copy_tiny(tmp_path / "other")).ratings)
    assert kr.score_items(kr.load_site(folder).ratings).equals(before)


def test_a_column_named_by_a_code_of_the_items_is_never_told_to_be_deleted(tmp_path: Path) -> None:
    folder = column(copy_tiny(tmp_path), "items.csv", "code", "A1", "A2", "B1", "B2", "B3")
    edit(folder, "ratings.csv", "item_1", "A1")
    problem = only(folder)
    assert (problem.code, problem.column) == ("column_section", "A1")


# -- statements, fields, criteria, shares ----------------------------------------------------


def test_two_statements_of_one_wording_are_told_once_a_row(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    column(folder, "items.csv", "statement_id", "Kas dicatat", "kas  dicatat.", "Lain")
    column(folder, "items.csv", "statement_en", "Cash is noted", "Cash is noted")
    problem = only(folder)
    place = (problem.row, problem.column, problem.code, problem.severity)
    assert place == (3, "statement_id", "statement_twice", "warning")


def test_an_item_needs_a_field_of_the_fields_table(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    fields = "field_no,field_id,field_en\n1,Kepengurusan,Management\n2,Keuangan,Finance\n"
    put(folder, "fields.csv", fields)
    assert kr.check_site(folder) == []
    set_cell(folder, "items.csv", 6, "field_no", "3")
    set_cell(folder, "items.csv", 6, "field_id", "Lain")
    set_cell(folder, "items.csv", 6, "field_en", "Other")
    problem = only(folder)
    assert (problem.row, problem.column, problem.code) == (6, "field_no", "reference")
    counts = kr.programme.count_violations(kr.load_site(copy_tiny(tmp_path / "b")).tables)
    assert counts.empty


@pytest.mark.parametrize("own", [False, True])
def test_a_growth_answer_needs_a_criterion_of_the_list_in_force(tmp_path: Path, own: bool) -> None:
    folder = full_tiny(tmp_path)
    put(folder, "growth_answers.csv", "group,criterion,met\n01,companion,yes\n01,kompanion,yes\n")
    if own:
        header = "criterion,stage,indicator,comparison,value,label_id,label_en"
        put(folder, "growth_criteria.csv", f"{header}\ncompanion,tumbuh,,,,Pendamping,Companion\n")
    else:
        (folder / "growth_criteria.csv").unlink(missing_ok=True)
    problem = only(folder)
    place = (problem.file, problem.row, problem.column, problem.code)
    assert place == ("growth_answers.csv", 3, "criterion", "reference")
    assert "companion" in problem.remedy


@pytest.mark.parametrize(
    ("cell", "doubts"), [("0.05", 1), ("0,05", 1), ("0.5%", 0), ("5", 0), ("0", 0), ("1", 0)]
)
def test_a_share_where_a_percentage_stands_is_told(tmp_path: Path, cell: str, doubts: int) -> None:
    folder = copy_tiny(tmp_path)
    header = ["purpose", "share_pct", "base", "activity", "label_id", "label_en"]
    write_rows(folder / "iks_rule.csv", [header, ["duka", cell, "laba", "", "Duka", "Mourning"]])
    problems = kr.check_site(folder)
    assert [problem.code for problem in problems] == ["fraction"] * doubts
    for problem in problems:
        assert (problem.severity, problem.row, problem.value) == ("warning", 2, cell)
        assert problem.remedy.startswith("write 5 if 5 % is meant")
