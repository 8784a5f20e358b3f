"""Every rule of a site's tables: broken once, told once, in the right place, in both languages."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pandas as pd
import pytest
from broken_cells import CELLS
from site_files import copy_tiny, edit, full_tiny, places, put, read_rows, set_cell, write_rows

import kube_research as kr
from kube_research.errors import SiteError
from kube_research.files import package_folder
from kube_research.site.problems import Problem
from kube_research.site.rules import nearest
from kube_research.site.schema import WIDE_ITEM
from kube_research.site.shapes import is_wide, lengthen

# What may be written into a cell without any problem.
SOUND = [
    ("rounds.csv", 2, "n_raters", "+03"),
    ("rounds.csv", 2, "date", ""),
    ("rounds.csv", 2, "date", "2024-02-29"),
    ("rounds.csv", 2, "date", "10/2/2024"),
    ("rounds.csv", 2, "date", "5-3-2024"),
    ("rounds.csv", 2, "date", "2024-2-10"),
    ("rounds.csv", 2, "date", "Sabtu, 10 Februari 2024"),
    ("activities.csv", 3, "start", "09.00"),
    ("activities.csv", 3, "start", "Pkl. 9.00 WIB"),
    ("outcomes.csv", 2, "target_pct", "90%"),
    ("outcomes.csv", 2, "target_pct", "87,5"),
    ("item_means.csv", 2, "mean", "2,46"),
    ("item_means.csv", 2, "mean", "2.467"),
    ("ledger.csv", 3, "amount", "10.000"),
    ("ledger.csv", 3, "amount", "Rp10.000,00"),
    ("ledger.csv", 4, "amount", "(5.000)"),
    ("ratings.csv", 3, "round", "01"),
    ("ratings.csv", 3, "item_1", "+5"),
    ("ratings.csv", 3, "item_1", ""),
    ("ratings.csv", 3, "item_1", " 1 "),
    ("outcomes.csv", 2, "target_pct", "100.0"),
    ("outcomes.csv", 2, "target_pct", "0"),
    ("item_means.csv", 2, "mean", "5.00"),
    ("item_means.csv", 2, "mean", "1"),
    ("activities.csv", 3, "end", "09:00"),
    ("activities.csv", 3, "end", ""),
    ("activities.csv", 3, "last_date", "2024-05-18"),
    ("activities.csv", 3, "part_of", "penilaian_1"),
    ("members.csv", 4, "left", "2024-07-15"),
    ("ledger.csv", 3, "amount", "+000000000010000"),
    ("ledger.csv", 3, "category", "Iuran-IKS"),
    ("ledger.csv", 3, "note", "=SUM(A1:A9)"),
    ("ledger.csv", 3, "note", "x" * 50_000),
    ("attendance.csv", 11, "group", ""),
    ("items.csv", 2, "direction", ""),
]


def made_long(folder: Path) -> Path:
    """Rewrite wide ratings as long ones, in the order of the file."""
    (_, *header), *rows = (["", *row] for row in read_rows(folder / "ratings.csv"))
    items = [name.removeprefix("item_") for name in header[3:]]
    long = [
        [*row[1:4], item, score] for row in rows for item, score in zip(items, row[4:], strict=True)
    ]
    write_rows(folder / "ratings.csv", [["round", "group", "rater", "item", "score"], *long])
    return folder


def the_only(problems: list[Problem]) -> Problem:
    (problem,) = problems
    return problem


def test_the_site_is_sound_before_a_cell_is_broken(tmp_path: Path) -> None:
    assert kr.check_site(full_tiny(tmp_path)) == []


@pytest.mark.parametrize(("file", "row", "column", "value", "code"), CELLS)
def test_a_broken_cell_loads_nothing_and_is_told_once_where_it_stands(
    tmp_path: Path, file: str, row: int, column: str, value: str, code: str
) -> None:
    folder = full_tiny(tmp_path)
    set_cell(folder, file, row, column, value)
    with pytest.raises(SiteError) as error:
        kr.load_site(folder)
    assert places(error.value.problems) == [(file, row, column, value.strip(), code)]
    assert str(the_only(error.value.problems)) in str(error.value)


@pytest.mark.parametrize(
    ("file", "row", "column", "value", "code"), {case[-1]: case for case in CELLS}.values()
)
def test_every_rule_of_a_cell_is_told_in_both_languages(
    tmp_path: Path, file: str, row: int, column: str, value: str, code: str
) -> None:
    folder = full_tiny(tmp_path)
    set_cell(folder, file, row, column, value)
    english, indonesian = (the_only(kr.check_site(folder, lang=lang)) for lang in ("en", "id"))
    assert places([english]) == places([indonesian])
    assert places([english]) == [(file, row, column, value.strip(), code)]
    assert english.problem != indonesian.problem
    assert english.remedy != indonesian.remedy


@pytest.mark.parametrize(("file", "row", "column", "value"), SOUND)
def test_a_sound_cell_makes_no_problem(
    tmp_path: Path, file: str, row: int, column: str, value: str
) -> None:
    folder = full_tiny(tmp_path)
    set_cell(folder, file, row, column, value)
    assert kr.check_site(folder) == []


# -- columns ---------------------------------------------------------------------------------


def test_a_missing_column_is_told_with_its_meaning(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    write_rows(folder / "rounds.csv", [["round", "date", "label"], ["1", "", "x"], ["2", "", "y"]])
    problem = the_only(kr.check_site(folder))
    assert places([problem]) == [("rounds.csv", 1, "n_raters", "", "column_missing")]
    assert problem.remedy == "add it; How many raters scored in this round"


def test_a_misspelt_column_is_told_once_with_the_right_name(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    edit(folder, "rounds.csv", "n_raters", "N_rater")
    problem = the_only(kr.check_site(folder))
    assert places([problem]) == [("rounds.csv", 1, "N_rater", "N_rater", "column_unknown")]
    assert problem.remedy == "rename it to n_raters"


def test_an_unknown_column_is_told_with_the_known_ones(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    set_cell(folder, "rounds.csv", 2, "weather", "hujan")
    problem = the_only(kr.check_site(folder))
    assert places([problem]) == [("rounds.csv", 1, "weather", "weather", "column_unknown")]
    assert "round, date, n_raters, label" in problem.remedy


def test_problems_of_columns_and_of_cells_come_together(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    edit(folder, "rounds.csv", "label,", "name,")
    edit(folder, "rounds.csv", ",3,", ",three,")
    edit(folder, "members.csv", "A3,01,anggota", "A3,01,member")
    assert places(kr.check_site(folder)) == [
        ("members.csv", 4, "role", "member", "choice"),
        ("rounds.csv", 1, "label", "", "column_missing"),
        ("rounds.csv", 1, "name", "name", "column_unknown"),
        ("rounds.csv", 2, "n_raters", "three", "type_integer"),
    ]


# -- suggestions -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "row", "column", "value", "remedy"),
    [
        ("attendance.csv", 9, "status", "Represented", "did you mean represented? Allowed are "),
        ("attendance.csv", 9, "status", "xyz", "use one of present, late, excused, "),
        ("rounds.csv", 2, "activity", "penilaian1", "did you mean penilaian_1? "),
        ("rounds.csv", 2, "activity", "kuber", "correct it, or add it to the activities table"),
        ("ledger.csv", 4, "group", "1", "did you mean 01? The groups in site.toml are 01, 02"),
        ("ledger.csv", 4, "group", "xyz", "the groups in site.toml are 01, 02"),
        ("rounds.csv", 2, "n_raters", "0", "the smallest value is 1"),
        ("ratings.csv", 3, "item_1", "7", "the scale in site.toml goes from 1 to 5"),
        ("items.csv", 5, "statement_en", "", "fill it in; The statement in English"),
    ],
)
def test_the_remedy_says_what_to_write(
    tmp_path: Path, file: str, row: int, column: str, value: str, remedy: str
) -> None:
    folder = copy_tiny(tmp_path)
    set_cell(folder, file, row, column, value)
    assert the_only(kr.check_site(folder)).remedy.startswith(remedy)


@pytest.mark.parametrize(
    ("value", "known", "meant"),
    [
        ("7", ["17", "07", "70"], "07"),
        ("007", ["07"], "07"),
        ("A01", ["A1", "B1"], "A1"),
        ("kuber", ["pelatihan"], ""),
        ("x", [], ""),
    ],
)
def test_the_nearest_known_value_is_suggested(value: str, known: list[str], meant: str) -> None:
    assert nearest(value, known) == meant


def test_part_of_a_key_that_fits_narrows_the_suggestion(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    put(
        folder,
        "diagram_nodes.csv",
        "figure,node,stage,order,kind,label_id,label_en\n1,peka_a,1,1,x,x,x\n2,peka_b,1,1,x,x,x\n",
    )
    put(folder, "diagram_edges.csv", "figure,source,target,basis,label_id,label_en\n"
        "2,peka_b,peka_a,printed,,\n")  # fmt: skip
    problem = the_only(kr.check_site(folder))
    assert places([problem]) == [("diagram_edges.csv", 2, "target", "peka_a", "reference")]
    assert problem.remedy.startswith("did you mean peka_b?")


# -- one problem, not a chain of them --------------------------------------------------------


def test_a_key_says_which_rows_agree(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    set_cell(folder, "attendance.csv", 4, "person", "A2")
    problem = the_only(kr.check_site(folder))
    assert problem.problem == (
        "this combination (activity penilaian_1, person A2) is already in row 3"
    )


def test_a_broken_cell_breaks_no_second_rule(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    set_cell(folder, "activities.csv", 3, "start", "9.0")  # as text it would come after 12:30
    set_cell(folder, "attendance.csv", 9, "person", "A 3")  # is no person of the roster either
    assert [problem.code for problem in kr.check_site(folder)] == ["type_time", "type_code"]


def test_a_table_that_cannot_be_read_is_not_called_absent(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    put(folder, "activities.csv", b"\xff\xfe\x00")
    assert places(kr.check_site(folder)) == [("activities.csv", 0, "", "", "encoding")]


def test_a_table_without_the_needed_column_is_told_once(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    edit(folder, "activities.csv", "activity,kind", "code,kind")
    assert places(kr.check_site(folder)) == [
        ("activities.csv", 1, "activity", "", "column_missing"),
        ("activities.csv", 1, "code", "code", "column_unknown"),
    ]


def test_an_absent_table_is_told_once_where_it_is_first_needed(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    (folder / "activities.csv").unlink()
    assert places(kr.check_site(folder)) == [
        ("attendance.csv", 2, "activity", "penilaian_1", "reference_absent"),
        ("rounds.csv", 2, "activity", "penilaian_1", "reference_absent"),
    ]
    needed, optional = kr.check_site(folder)
    assert needed.remedy == "add activities.csv with a row for each"
    assert optional.remedy == "add activities.csv or clear the cell"


def test_a_ledger_needs_no_roster(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    (folder / "members.csv").unlink()
    (folder / "attendance.csv").unlink()
    assert kr.check_site(folder) == []


def test_circles_of_activities_are_told_at_every_link(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    for row, above in ((2, "pelatihan"), (3, "penilaian_2"), (4, "pelatihan")):
        set_cell(folder, "activities.csv", row, "part_of", above)
    found = kr.check_site(folder)
    assert places(found) == [
        ("activities.csv", 3, "part_of", "penilaian_2", "circular"),
        ("activities.csv", 4, "part_of", "pelatihan", "circular"),
    ]
    assert "pelatihan > penilaian_2 > pelatihan" in found[0].problem


def test_names_of_fields_are_compared_with_the_fields_table(tmp_path: Path) -> None:
    folder = full_tiny(tmp_path)
    set_cell(folder, "fields.csv", 2, "field_id", "Pengurus")
    rarer = ("fields.csv", 2, "field_id", "Pengurus", "field_differs")
    assert places(kr.check_site(folder)) == [rarer]


def test_a_rater_without_any_score_is_not_counted(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    for item in range(1, 6):
        set_cell(folder, "ratings.csv", 8, f"item_{item}", "")
    problem = the_only(kr.check_site(folder))
    assert places([problem]) == [("rounds.csv", 3, "n_raters", "4", "rater_count")]
    assert problem.problem.endswith("have 4 raters but the ratings have 3")


def test_rounds_that_score_other_items_are_told(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    for row in (5, 6, 7, 8):  # round 2
        for item in (2, 4):
            set_cell(folder, "ratings.csv", row, f"item_{item}", "")
    english, indonesian = (the_only(kr.check_site(folder, lang=lang)) for lang in ("en", "id"))
    assert places([english]) == [("ratings.csv", 5, "round", "2", "items_differ")]
    assert english.severity == "warning"
    assert english.problem.endswith("in one of them only: 2, 4")
    assert indonesian.problem.startswith("putaran 1, 2 tidak menilai butir yang sama")
    assert "2, 4" in kr.compare_rounds(kr.load_site(folder).ratings, by="overall")["reason"][0]


@pytest.mark.parametrize(
    ("outcome", "near"), [("99", "item 99"), ('"item 6"', "item 6"), ('"bidang 9"', "field 9")]
)
def test_a_primary_comparison_of_nothing_is_told(tmp_path: Path, outcome: str, near: str) -> None:
    folder = copy_tiny(tmp_path)
    primary = f'\n[primary]\noutcome = {outcome}\nsmallest_effect = 0.5\nunit = "group"\n'
    written = (folder / "site.toml").read_text(encoding="utf-8")
    (folder / "site.toml").write_text(written + primary, encoding="utf-8")
    row = f"{written}{primary}".split("\n").index("[primary]") + 2
    problem = the_only(kr.check_site(folder))
    assert places([problem]) == [("site.toml", row, "primary.outcome", near, "primary_unknown")]
    assert problem.severity == "error"


def test_a_round_without_ratings_may_state_its_raters(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    write_rows(folder / "ratings.csv", read_rows(folder / "ratings.csv")[:4])
    problem = the_only(kr.check_site(folder))
    assert places([problem]) == [("rounds.csv", 3, "round", "2", "round_empty")]
    assert problem.severity == "finding"
    assert kr.load_site(folder).rounds["n_raters"].tolist() == [3, 4]


# -- wide and long ratings -------------------------------------------------------------------


@pytest.mark.parametrize("long", [False, True], ids=["wide", "long"])
def test_a_rater_in_two_groups_is_told(tmp_path: Path, long: bool) -> None:
    folder = copy_tiny(tmp_path)
    if long:
        write_rows(
            folder / "ratings.csv",
            [
                ["round", "group", "rater", "item", "score"],
                *(row.split() for row in ("1 01 A2 1 2", "1 01 A1 1 2", "1 02 B1 1 2")),
                *(
                    row.split()
                    for row in ("2 02 A2 1 2", "2 01 A1 1 2", "2 02 B1 1 2", "2 02 B2 1 3")
                ),
            ],
        )
        row, first = 5, 2
    else:
        set_cell(folder, "ratings.csv", 6, "group", "02")
        row, first = 6, 3
    (folder / "members.csv").unlink()
    (folder / "attendance.csv").unlink()
    problem = the_only(kr.check_site(folder))
    assert places([problem]) == [("ratings.csv", row, "group", "02", "two_groups")]
    assert problem.problem == f"this person stands in group 01 elsewhere (row {first})"


def test_a_rater_in_another_group_than_the_roster_says_is_told(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    set_cell(folder, "ratings.csv", 8, "group", "01")
    assert places(kr.check_site(folder)) == [("ratings.csv", 8, "group", "01", "group_differs")]


def test_a_wide_row_is_told_once_not_once_an_item(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    set_cell(folder, "ratings.csv", 3, "group", "1")
    assert places(kr.check_site(folder)) == [("ratings.csv", 3, "group", "1", "unknown_group")]


def test_a_wide_row_of_an_unknown_round_is_told(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    set_cell(folder, "ratings.csv", 3, "round", "3")
    assert ("ratings.csv", 3, "round", "3", "reference") in places(kr.check_site(folder))


def test_a_repeated_wide_row_names_the_first(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    set_cell(folder, "ratings.csv", 3, "rater", "A1")
    problem = the_only(kr.check_site(folder))
    assert problem.problem == "this combination (round 1, rater A1) is already in row 2"


def test_an_unknown_item_of_wide_ratings_is_told_at_its_header(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    edit(folder, "ratings.csv", "item_5", "item_50")
    problem = the_only(kr.check_site(folder))
    assert places([problem]) == [("ratings.csv", 1, "item_50", "item_50", "reference")]


def test_item_zero_of_wide_ratings_is_told_at_its_header(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    edit(folder, "ratings.csv", "item_5", "item_0")
    assert places(kr.check_site(folder)) == [("ratings.csv", 1, "item_0", "item_0", "minimum")]


def test_one_item_in_two_wide_columns_is_told_at_the_header(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    edit(folder, "ratings.csv", "item_5", "butir 1")
    assert places(kr.check_site(folder)) == [
        ("ratings.csv", 1, "butir 1", "butir 1", "column_twice")
    ]


def test_a_missing_column_of_wide_ratings_is_told(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    edit(folder, "ratings.csv", "rater,", "rate,")
    assert places(kr.check_site(folder)) == [("ratings.csv", 1, "rate", "rate", "column_unknown")]


@pytest.mark.parametrize(
    ("row", "column", "value", "code"),
    [
        (3, "score", "9", "off_scale"),
        (3, "score", "2,5", "off_step"),
        (3, "item", "6", "reference"),
        (3, "item", "", "required"),
        (3, "item", "1", "duplicate"),
        (3, "round", "9", "reference"),
        (3, "group", "9", "unknown_group"),
    ],
)
def test_a_broken_cell_of_long_ratings_is_told(
    tmp_path: Path, row: int, column: str, value: str, code: str
) -> None:
    folder = made_long(copy_tiny(tmp_path))
    assert kr.check_site(folder) == []
    set_cell(folder, "ratings.csv", row, column, value)
    found = [place for place in places(kr.check_site(folder)) if place[-1] == code]
    assert found == [("ratings.csv", row, column, value, code)]


@pytest.mark.parametrize(
    ("columns", "wide"),
    [
        (["round", "rater", "9"], True),
        (["round", "rater", "item_9"], True),
        (["round", "rater", "Butir 9"], True),
        (["round", "rater", "ITEM9"], True),
        (["round", "rater", "item", "score"], False),
        (["round", "rater", "item_9", "score"], False),
        (["round", "rater", "itm_9"], False),
        (["round", "rater", "item_٩"], False),
        (["round", "rater", "item_" + "9" * 5000], False),
        ([], False),
    ],
)
def test_wide_ratings_are_known_by_their_columns(columns: list[str], wide: bool) -> None:
    assert is_wide(columns) is wide


def test_lengthening_remembers_where_every_score_stood() -> None:
    frame = pd.DataFrame(
        {"rater": ["A", "B"], "item_09": ["3", None], "13": ["2", "1"]},
        index=pd.Index([2, 5], name="row"),
        dtype="string",
    )
    long, spots = lengthen(frame)
    assert long.fillna("-").to_numpy().tolist() == [
        ["A", "9", "3"], ["B", "9", "-"], ["A", "13", "2"], ["B", "13", "1"],
    ]  # fmt: skip
    assert [spots.cell(label, "score") for label in long.index] == [
        (2, "item_09", "3"), (5, "item_09", ""), (2, "13", "2"), (5, "13", "1"),
    ]  # fmt: skip
    assert spots.cell(1, "item") == (1, "item_09", "item_09")
    assert WIDE_ITEM.fullmatch("item_9") is not None


# -- many problems ---------------------------------------------------------------------------


def test_five_hundred_problems_in_ten_thousand_rows_are_all_told(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    edit(folder, "rounds.csv", "10,4,", "10,2500,")
    write_rows(folder / "rounds.csv", read_rows(folder / "rounds.csv")[::2])
    rows = [
        ["2", "01", f"R{n}", str(item), "9" if (4 * n + item) % 20 == 0 else "3"]
        for n in range(2500)
        for item in range(1, 5)
    ]
    write_rows(folder / "ratings.csv", [["round", "group", "rater", "item", "score"], *rows])
    found = [problem for problem in kr.check_site(folder) if problem.severity == "error"]
    assert [problem.code for problem in found] == ["off_scale"] * 500
    assert [problem.row for problem in found] == list(range(21, 10_002, 20))


def test_hundreds_of_different_unknown_names_are_told(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    header = "person,group,role,joined,left\n"
    known = "".join(f"P{n:04d},01,anggota,,\n" for n in range(1000))
    put(folder, "members.csv", header + known)
    put(
        folder,
        "ledger.csv",
        "date,group,book,category,person,amount\n"
        + "".join(f"2024-02-10,01,kas,iuran,Q{n:04d},1000\n" for n in range(500)),
    )
    (folder / "attendance.csv").unlink()
    found = kr.check_site(folder)
    assert [problem.code for problem in found] == ["reference"] * 500


# -- the texts -------------------------------------------------------------------------------


def test_every_problem_has_a_remedy_and_a_test() -> None:
    with (package_folder() / "words" / "site.toml").open("rb") as handle:
        catalogue = tomllib.load(handle)
    codes, remedies = set(catalogue["problem"]), set(catalogue["remedy"])
    assert codes <= remedies
    variants = (
        r"_(near|text|name|whole|counts|need|mean|above|decimals|money|brought|item|book|category"
        r"|number|blank|merged)$"
    )
    remedies -= {"leave_blank"}  # of every rule that a word for no answer breaks
    assert {re.sub(variants, "", name) if name not in codes else name for name in remedies} == codes
    here = Path(__file__).parent
    tests = "".join(path.read_text(encoding="utf-8") for path in sorted(here.glob("test_*.py")))
    tests += (here.parent / "helpers" / "broken_cells.py").read_text(encoding="utf-8")
    assert {code for code in codes if f'"{code}"' not in tests} == set()
