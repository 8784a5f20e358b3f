"""A folder becomes a site, or every problem is told and nothing is loaded."""

from __future__ import annotations

import datetime as dt
import itertools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from site_files import (
    TINY,
    copy_tiny,
    edit,
    places,
    put,
    read_rows,
    set_cell,
    to_workbook,
    workbook,
    write_rows,
)

import kube_research as kr
from kube_research.errors import (
    KubeError,
    MissingTableError,
    OptionError,
    SiteError,
    SiteNotFoundError,
)
from kube_research.files import home
from kube_research.site.folder import Site, find_folder
from kube_research.site.info import ROUNDING_RULES, Primary, Scale, SiteInfo
from kube_research.site.problems import Problem
from kube_research.site.schema import tables

QUICK = settings(max_examples=10, deadline=None, derandomize=True)


@contextmanager
def fresh_tiny() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as parent:
        yield copy_tiny(Path(parent))


def assert_same(one: Site, two: Site) -> None:
    assert one.info == two.info
    assert one.tables.keys() == two.tables.keys()
    for name in one.tables:
        pd.testing.assert_frame_equal(one.table(name), two.table(name))


# -- the tiny site ---------------------------------------------------------------------------


def test_the_tiny_site_is_sound_and_says_that_it_is_invented() -> None:
    assert kr.check_site(TINY) == []
    site = kr.load_site(TINY)
    assert site.simulated
    assert "Made for tests" in site.info.notes
    assert "Made for tests" in (TINY / "README.md").read_text(encoding="utf-8")
    assert set(itertools.chain(*(t["evidence"] for t in site.tables.values()))) == {"simulated"}


def test_the_tiny_site_differs_from_the_study_where_code_might_assume() -> None:
    site = kr.load_site(TINY)
    assert (site.info.scale, site.info.threshold, site.info.groups) == ((1, 5), 3.0, ("01", "02"))
    assert site.ratings.groupby("round")["rater"].nunique().tolist() == [3, 4]
    assert len(site.items) == 5
    assert site.info.period == (dt.date(2024, 2, 1), dt.date(2024, 8, 31))


@pytest.mark.parametrize("name", kr.bundled_sites())
def test_bundled_sites_are_sound(name: str) -> None:
    assert kr.check_site(name) == []


# -- finding the folder ----------------------------------------------------------------------


def test_a_bundled_name_means_its_folder() -> None:
    assert find_folder("cibeunying") == home() / "data" / "cibeunying"
    assert find_folder() == home() / "data" / "cibeunying"


def test_a_name_and_a_folder_load_the_same() -> None:
    assert_same(kr.load_site("cibeunying"), kr.load_site(home() / "data" / "cibeunying"))


def test_the_environment_names_the_default_site(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBE_SITE", str(TINY))
    assert kr.load_site().info.place.startswith("Desa Contohsari")
    monkeypatch.setenv("KUBE_SITE", "")
    assert kr.load_site().info.name == "KUBE Maju Sejahtera"


@pytest.mark.parametrize(
    "where", ["nowhere", "cibeunying/site.toml", "~nobody-has-this-name/x", "x" * 5000, "a\0b"]
)
def test_a_folder_that_is_not_there_is_told_with_the_bundled_names(where: str) -> None:
    with pytest.raises(SiteNotFoundError, match="cibeunying, cibeunying-simulated"):
        kr.load_site(where)
    with pytest.raises(SiteNotFoundError, match="situs bawaan"):
        kr.check_site(where, lang="id")


def test_a_file_is_no_site() -> None:
    with pytest.raises(SiteNotFoundError):
        kr.load_site(TINY / "site.toml")


def test_an_unknown_language_is_told() -> None:
    with pytest.raises(OptionError, match="use 'en' or 'id'"):
        kr.load_site("cibeunying", lang="fr")


# -- site.toml -------------------------------------------------------------------------------

VALUES = [
    ("name", '""'),
    ("name", '"   "'),
    ("name", "7"),
    ("place", "false"),
    ("language", '"fr"'),
    ("language", '["id"]'),
    ("groups", '"01"'),
    ("groups", "[1, 2]"),
    ("groups", '["01", "01"]'),
    ("groups", '["0 1", "02"]'),
    ("groups", '["", "02"]'),
    ("groups", '[["01"]]'),
    ("scale", "5"),
    ("scale", "[5, 1]"),
    ("scale", "[1, 1]"),
    ("scale", "[1, 2, 3]"),
    ("scale", "[1.0, 5.0]"),
    ("scale", '["1", "5"]'),
    ("scale", "[true, 5]"),
    ("threshold", '"3"'),
    ("threshold", "nan"),
    ("threshold", "inf"),
    ("threshold", "true"),
    ("rounding", '"up"'),
    ("rounding", "2"),
    ("evidence", '"certain"'),
    ("notes", "12"),
    ("period", "2024-02-01"),
    ("period", "[2024-08-31, 2024-02-01]"),
    ("period", '["2024-02-01", "2024-08-31"]'),
    ("period", "[2024-02-01T00:00:00, 2024-08-31T00:00:00]"),
    ("scales", "[]"),
    ("scales", "[1, 5]"),
    ("thresholds", "3"),
    ("thresholds", "[]"),
    ("thresholds", '["3"]'),
    ("twin", "[]"),
]


def with_entry(folder: Path, key: str, value: str) -> int:
    """Write one entry of site.toml and return its row."""
    lines = (folder / "site.toml").read_text(encoding="utf-8").splitlines()
    spots = [n for n, line in enumerate(lines) if line.startswith(f"{key} =")] or [len(lines)]
    lines[spots[0] : spots[0] + 1] = [f"{key} = {value}"]
    put(folder, "site.toml", "\n".join(lines) + "\n")
    return spots[0] + 1


@pytest.mark.parametrize(("key", "value"), VALUES)
def test_a_wrong_entry_is_told_in_its_row_with_an_example(
    tmp_path: Path, key: str, value: str
) -> None:
    folder = copy_tiny(tmp_path)
    row = with_entry(folder, key, value)
    with pytest.raises(SiteError) as error:
        kr.load_site(folder)
    (english,), (indonesian,) = error.value.problems, kr.check_site(folder, lang="id")
    assert places([english]) == [("site.toml", row, key, value, "key_value")]
    assert places([indonesian]) == places([english])
    assert english.remedy.startswith(f"write it like {key} = ")
    assert indonesian.remedy.startswith(f"tulis seperti {key} = ")


@pytest.mark.parametrize(
    "key", ["name", "place", "language", "groups", "scale", "threshold", "rounding"]
)
def test_a_missing_entry_is_told_with_an_example(tmp_path: Path, key: str) -> None:
    folder = copy_tiny(tmp_path)
    row = with_entry(folder, key, "gone")
    content = (folder / "site.toml").read_text(encoding="utf-8").splitlines()
    put(folder, "site.toml", "\n".join(content[: row - 1] + content[row:]))
    (problem,) = kr.check_site(folder)
    assert places([problem]) == [("site.toml", 0, key, "", "key_missing")]
    assert problem.remedy.startswith(f"add a line such as {key} = ")


@pytest.mark.parametrize(
    ("key", "remedy"),
    [
        ("treshold", "remove it, or use one of: threshold"),
        ("weather", "remove it, or use one of: "),
    ],
)
def test_an_unknown_entry_is_told(tmp_path: Path, key: str, remedy: str) -> None:
    folder = copy_tiny(tmp_path)
    row = with_entry(folder, key, "1")
    (problem,) = kr.check_site(folder)
    assert places([problem]) == [("site.toml", row, key, "1", "unknown_key")]
    assert problem.remedy.startswith(remedy)


@pytest.mark.parametrize("value", ["1", "0.5", "5.1", "9", "-3"])
def test_a_threshold_off_the_scale_is_told(tmp_path: Path, value: str) -> None:
    folder = copy_tiny(tmp_path)
    row = with_entry(folder, "threshold", value)
    (problem,) = kr.check_site(folder)
    assert places([problem]) == [("site.toml", row, "threshold", value, "threshold_off_scale")]
    assert problem.remedy == "write a number above 1 and up to 5"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("groups", "[01, 02]"),
        ("threshold", "2,5"),
        ("name", "KUBE Contoh"),
        ("name", '"never closed'),
        ("period", "[2024-02-30, 2024-08-31]"),
        ("scale", "1 to 5"),
    ],
)
def test_broken_toml_is_told_in_its_row(tmp_path: Path, key: str, value: str) -> None:
    folder = copy_tiny(tmp_path)
    row = with_entry(folder, key, value)
    assert places(kr.check_site(folder)) == [("site.toml", row, "", value, "toml")]


def test_an_entry_written_twice_is_told_in_the_row_of_the_second(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    content = (folder / "site.toml").read_text(encoding="utf-8")
    put(folder, "site.toml", content + 'name = "again"\n')
    row = content.count("\n") + 1
    assert places(kr.check_site(folder)) == [("site.toml", row, "", '"again"', "toml")]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("x = " + "[" * 20_000, "toml"),
        (f"x = {'9' * 5000}", "toml"),
        ("[[[", "toml"),
        ("\0", "encoding"),
        (b"name = 'caf\xc3\xa9 \x81'", "encoding"),
    ],
    ids=["deep", "long_number", "brackets", "nul", "neither_encoding"],
)
def test_hopeless_site_files_are_told(tmp_path: Path, content: str | bytes, code: str) -> None:
    folder = copy_tiny(tmp_path)
    put(folder, "site.toml", content)
    (problem,) = kr.check_site(folder)
    assert (problem.file, problem.code) == ("site.toml", code)
    assert code != "encoding" or problem.remedy.startswith("save it again as plain text in")


def test_an_empty_site_file_misses_every_needed_entry(tmp_path: Path) -> None:
    put(tmp_path, "site.toml", "")
    assert [problem.code for problem in kr.check_site(tmp_path)] == ["key_missing"] * 7


def test_a_folder_without_site_file_is_told(tmp_path: Path) -> None:
    assert places(kr.check_site(tmp_path)) == [("site.toml", 0, "", "", "no_site_file")]


def test_a_site_file_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    (tmp_path / "site.toml").mkdir()
    assert places(kr.check_site(tmp_path)) == [("site.toml", 0, "", "", "unreadable")]


def test_a_folder_that_cannot_be_listed_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> Iterator[Path]:
        raise PermissionError(13, "Permission denied")

    folder = copy_tiny(tmp_path)
    monkeypatch.setattr(Path, "iterdir", refuse)
    assert places(kr.check_site(folder)) == [("site", 0, "", "", "unreadable")]


def test_site_files_of_windows_are_read(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    content = (folder / "site.toml").read_bytes()
    put(folder, "site.toml", b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n"))
    assert kr.load_site(folder).info == kr.load_site(TINY).info


def test_tables_are_checked_even_if_the_site_file_is_broken(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    with_entry(folder, "scale", "5")
    set_cell(folder, "members.csv", 2, "role", "ketua")
    assert [(p.file, p.code) for p in kr.check_site(folder)] == [
        ("members.csv", "choice"),
        ("site.toml", "key_value"),
    ]


DECLARED = {"outcome": '"overall"', "smallest_effect": "0.5", "unit": '"group"'}


def declare(folder: Path, **entries: str) -> int:
    """Write a primary comparison below the other entries and return the row of its head."""
    lines = (folder / "site.toml").read_text(encoding="utf-8").splitlines()
    written = [f"{key} = {value}" for key, value in (DECLARED | entries).items() if value]
    put(folder, "site.toml", "\n".join([*lines, "[primary]", *written, ""]))
    return len(lines) + 1


@pytest.mark.parametrize(
    ("outcome", "by", "level"),
    [
        ('"overall"', "overall", None),
        ("3", "item", 3),
        ('"Butir 3"', "item", 3),
        ('"field 1"', "field_no", 1),
    ],
)
def test_a_primary_comparison_is_read(
    tmp_path: Path, outcome: str, by: str, level: int | None
) -> None:
    folder = copy_tiny(tmp_path)
    declare(folder, outcome=outcome)
    assert kr.check_site(folder) == []
    assert kr.load_site(folder).info.primary == Primary(by, level, 0.5, "group")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *[("smallest_effect", value) for value in ("0", "-0.5", "nan", '"0.5"', "true")],
        *[("unit", value) for value in ('"village"', '"groups"', "1", "[]")],
        *[("outcome", value) for value in ("0", "-1", "2.5", "true", '"all"', '"field"', "[9]")],
    ],
)
def test_a_wrong_primary_comparison_is_told_in_its_row(
    tmp_path: Path, key: str, value: str
) -> None:
    folder = copy_tiny(tmp_path)
    row = declare(folder, **{key: value}) + 1 + list(DECLARED).index(key)
    (problem,) = kr.check_site(folder)
    assert places([problem]) == [("site.toml", row, f"primary.{key}", value, "key_value")]
    assert problem.remedy.startswith(f"write it like [primary] {key} = ")


def test_a_primary_comparison_is_whole_or_none(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    declare(folder, unit="", smallest_effect="", effect="0.5")
    told = [(one.column, one.code) for one in kr.check_site(folder)]
    assert sorted(told) == [
        ("primary.effect", "unknown_key"),
        ("primary.smallest_effect", "key_missing"),
        ("primary.unit", "key_missing"),
    ]


def test_what_a_site_file_may_leave_out_has_a_default(tmp_path: Path) -> None:
    needed = ("name", "place", "language", "groups", "scale", "threshold", "rounding")
    lines = (TINY / "site.toml").read_text(encoding="utf-8").splitlines()
    short = [line for line in lines if line.split(" =")[0] in needed]
    put(tmp_path, "site.toml", "\n".join(short))
    info = kr.load_site(tmp_path).info
    assert (info.evidence, info.period, info.notes, info.twin) == ("recorded", None, "", "")
    assert info.scales == ((1, 4), (1, 5), (1, 6))
    assert info.thresholds == (3.0, 11 / 3)
    assert (info.step, info.agreed_scores) == (1, False)


def stepped(folder: Path, *lines: str) -> Path:
    """Write entries of the scale at the end of site.toml."""
    own = (folder / "site.toml").read_text(encoding="utf-8").splitlines()
    put(folder, "site.toml", "\n".join([*own, *lines, ""]))
    return folder


def test_half_points_are_refused_with_the_step_that_takes_them(tmp_path: Path) -> None:
    """The remedy is followed to the letter and leads to a sound site with the scores as written."""
    folder = copy_tiny(tmp_path)
    for row, item, value in ((2, "item_1", "2.5"), (3, "item_2", "2,25"), (4, "item_3", "1.467")):
        set_cell(folder, "ratings.csv", row, item, value)
    told = {(one.row, one.column): str(one) for one in kr.check_site(folder)}
    assert "write step = 0.25 in site.toml" in told[2, "item_1"]
    assert "write step = 0.25 in site.toml" in told[3, "item_2"]
    assert "looks like a mean" in told[4, "item_3"]
    assert len(told) == 3
    set_cell(folder, "ratings.csv", 4, "item_3", "1")
    stepped(folder, "step = 0.25")
    assert kr.check_site(folder) == []
    scores = kr.load_site(folder).ratings["score"]
    assert str(scores.dtype) == "Float64"
    assert {2.5, 2.25} <= set(scores.dropna())


def test_whole_steps_leave_whole_scores(tmp_path: Path) -> None:
    folder = stepped(copy_tiny(tmp_path), "step = 1.0")
    assert kr.load_site(folder).info.step == 1
    assert str(kr.load_site(folder).ratings["score"].dtype) == "Int64"
    folder = stepped(copy_tiny(tmp_path / "two"), "step = 2")
    told = [one.code for one in kr.check_site(folder)]
    assert set(told) == {"off_step"}
    assert kr.check_site(folder)[0].remedy.startswith("half points")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("step = 0.3", "step_off_scale"),  # 4 / 0.3 is no whole number
        ("step = 0", "key_value"),
        ("step = -1", "key_value"),
        ('step = "0,5"', "key_value"),
        ('agreed_scores = "yes"', "key_value"),
    ],
)
def test_a_step_leads_from_the_lowest_score_to_the_highest(
    tmp_path: Path, line: str, code: str
) -> None:
    folder = stepped(copy_tiny(tmp_path), line)
    assert [one.code for one in kr.check_site(folder)] == [code]


@pytest.mark.parametrize(
    ("scale", "step", "cuts", "high", "scales"),
    [
        ((1, 4), 1, (2.5, 3.0), 3, ((1, 3), (1, 4), (1, 5))),
        ((0, 1), 1, (0.5, 2 / 3), 1, ((0, 1),)),
        ((0, 100), 1, (50.0, 200 / 3), 67, ((0, 100),)),
        ((1, 4), 0.5, (2.5, 3.0), 3, ((1, 3), (1, 4), (1, 5))),
        ((1, 5), 0.5, (3.0, 11 / 3), 4, ((1, 4), (1, 5), (1, 6))),
        ((0, 10), 0.25, (5.0, 20 / 3), 6.75, ((0, 10),)),
    ],
)
def test_what_is_plausible_follows_from_the_scale(
    scale: Any, step: float, cuts: Any, high: float, scales: Any
) -> None:
    """By hand: the middle and two thirds of the way up, and the first score that reaches these."""
    own = Scale(*scale, step)
    assert (own.cut_offs, own.high_score, own.neighbours) == (cuts, high, scales)
    assert own.scores[0] == scale[0]
    assert own.scores[-1] == scale[1]
    assert len(own.scores) == own.points == round((scale[1] - scale[0]) / step) + 1


def test_every_rounding_rule_may_be_named(tmp_path: Path) -> None:
    for rule in ROUNDING_RULES:
        folder = copy_tiny(tmp_path / rule)
        with_entry(folder, "rounding", f'"{rule}"')
        assert kr.load_site(folder).info.rounding == rule


# -- the files of a folder -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("rating.csv", "ratings.csv"),
        ("Ratings.csv", "ratings.csv"),
        ("attendence.xlsx", "attendance.xlsx"),
        ("ratings (1).csv", "ratings.csv"),
    ],
)
def test_a_misspelt_file_name_is_told(tmp_path: Path, name: str, near: str) -> None:
    folder = copy_tiny(tmp_path)
    put(folder, name, "x")
    (problem,) = kr.check_site(folder)
    assert places([problem]) == [(name, 0, "", "", "unknown_file")]
    assert problem.remedy.startswith(f"did you mean {near}?")


@pytest.mark.parametrize("name", ["agenda.xls", "agenda.ods", "agenda.csv.txt", "agenda.tsv"])
def test_a_table_in_another_form_is_told(tmp_path: Path, name: str) -> None:
    folder = copy_tiny(tmp_path)
    put(folder, name, "x")
    (problem,) = kr.check_site(folder)
    assert places([problem]) == [(name, 0, "", "", "other_form")]
    assert problem.remedy.endswith("save it as agenda.csv / agenda.xlsx")


def test_a_table_in_two_files_is_told(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    workbook(folder / "items.xlsx", [["item"], [1]])
    assert places(kr.check_site(folder)) == [("items.xlsx", 0, "", "", "two_files")]


@pytest.mark.parametrize(
    "name",
    ["~$ratings.xlsx", ".~lock.ratings.csv#", "._ratings.csv", "kobo_export.csv", "photo.jpg", "x"],
)
def test_files_that_are_no_tables_are_left_alone(tmp_path: Path, name: str) -> None:
    folder = copy_tiny(tmp_path)
    put(folder, name, b"\xff\x00 not a table")
    (folder / "folder").mkdir()
    assert kr.check_site(folder) == []


def test_the_ending_of_a_file_may_be_in_capitals(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    (folder / "items.csv").rename(folder / "items.CSV")
    assert_same(kr.load_site(folder), kr.load_site(TINY))


def test_problems_come_sorted_and_once(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    for row in (8, 3, 5):
        set_cell(folder, "ratings.csv", row, "item_1", "9")
        set_cell(folder, "members.csv", row - 1, "joined", "lama")
    found = kr.check_site(folder)
    assert found == sorted(set(found))
    assert [(problem.file, problem.row) for problem in found] == [
        ("members.csv", 2), ("members.csv", 4), ("members.csv", 7),
        ("ratings.csv", 3), ("ratings.csv", 5), ("ratings.csv", 8),
    ]  # fmt: skip
    with pytest.raises(SiteError, match="6 problem") as error:
        kr.load_site(folder)
    assert error.value.problems == found


# -- a problem as text -----------------------------------------------------------------------


def test_a_problem_reads_file_row_column_value_problem_remedy() -> None:
    problem = Problem(
        "ratings.csv", 3, "score", "7", "outside the scale", "write 1 to 4", "off_scale"
    )
    assert str(problem) == "ratings.csv:3:score: '7': outside the scale: write 1 to 4"
    assert str(Problem("a.csv", 0, "", "", "p", "r")) == "a.csv:-:-: '': p: r"
    assert problem.as_dict()["code"] == "off_scale"


def test_a_problem_is_one_line_of_bearable_length() -> None:
    problem = Problem("a.csv", 1, "two\nlines", "x\ny" * 9000, "also\n\nlong " * 9000, "r")
    assert "\n" not in str(problem)
    assert len(str(problem)) < 1000
    assert str(problem).startswith("a.csv:1:two lines: 'x\\nyx")
    assert problem.value == "x\ny" * 9000


# -- a loaded site ---------------------------------------------------------------------------


def test_tables_are_typed_and_carry_evidence_and_locator() -> None:
    site = kr.load_site(TINY)
    kinds = {name: str(kind) for name, kind in site.ratings.dtypes.items()}
    assert kinds["round"] == kinds["score"] == kinds["field_no"] == "Int64"
    assert kinds["rater"] == kinds["evidence"] == kinds["locator"] == "string"
    assert str(site.ledger["date"].dtype) == "datetime64[ns]"
    assert site.ledger["amount"].sum() == 93_500
    assert site.ratings["score"].isna().sum() == 1
    for frame in site.tables.values():
        assert {"evidence", "locator"} <= set(frame.columns)
        assert frame.index.tolist() == list(range(len(frame)))


def test_rows_that_say_nothing_take_the_grade_of_the_site(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    set_cell(folder, "items.csv", 3, "evidence", "published")
    with_entry(folder, "evidence", '"derived"')
    site = kr.load_site(folder)
    assert site.items["evidence"].tolist() == ["derived", "published", *["derived"] * 3]
    assert set(site.rounds["evidence"]) == {"derived"}
    assert not site.simulated


def test_ratings_know_the_field_of_their_item() -> None:
    ratings = kr.load_site(TINY).ratings
    assert ratings.groupby("item")["field_no"].first().tolist() == [1, 1, 2, 2, 2]


def test_printed_numbers_keep_their_zeros(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    put(folder, "item_means.csv", "round,item,mean,n\n1,1,2.40,3\n1,2,3.0,3\n")
    assert kr.load_site(folder).item_means["mean"].tolist() == ["2.40", "3.0"]


def test_what_is_changed_in_a_returned_table_stays_outside_the_site() -> None:
    site = kr.load_site(TINY)
    items, fields = site.items, site.fields_table
    items["item"] = 0
    fields["field_no"] = 0
    assert site.items["item"].tolist() == [1, 2, 3, 4, 5]
    assert site.fields_table["field_no"].tolist() == [1, 2]


def test_an_absent_table_is_told_with_the_file_that_would_hold_it() -> None:
    site = kr.load_site(TINY)
    assert site.has("ratings", "items")
    assert not site.has("ratings", "claims")
    with pytest.raises(MissingTableError, match=r"tiny/claims\.csv \(or \.xlsx\)") as error:
        site.claims  # noqa: B018
    assert error.value.table == "claims"
    with pytest.raises(MissingTableError, match="tidak memiliki tabel claims"):
        site.table("claims", "id")
    with pytest.raises(AttributeError):
        site.clams  # noqa: B018
    assert "ratings" in dir(site)
    assert "claims" not in dir(site)


def test_fields_come_from_the_fields_table_or_from_the_items() -> None:
    tiny, study = kr.load_site(TINY), kr.load_site("cibeunying")
    assert tiny.fields_table["field_en"].tolist() == ["Management", "Finance"]
    assert tiny.fields_table.index.tolist() == [0, 1]
    pd.testing.assert_frame_equal(study.fields_table, study.fields)


def test_raw_logs_come_from_the_site_or_its_twin() -> None:
    tiny, study = kr.load_site(TINY), kr.load_site("cibeunying")
    assert tiny.with_raw_logs("ratings") is tiny
    twin = study.with_raw_logs("ratings")
    assert twin.info.name == kr.load_site("cibeunying-simulated").info.name
    assert twin.simulated
    assert study.with_raw_logs("items") is study
    with pytest.raises(MissingTableError):
        tiny.with_raw_logs("claims")


def test_a_table_that_the_twin_lacks_too_is_told(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    (folder / "ledger.csv").unlink()
    with_entry(folder, "twin", '"cibeunying"')
    with pytest.raises(MissingTableError, match="ledger"):
        kr.load_site(folder).with_raw_logs("ledger")


def test_site_info_is_what_the_site_file_says() -> None:
    info = kr.load_site(TINY).info
    assert isinstance(info, SiteInfo)
    assert (info.language, info.rounding, info.evidence) == ("id", "half-up", "simulated")


# -- the same answer whatever the file form --------------------------------------------------


def as_csv_of_indonesian_excel(folder: Path) -> None:
    for path in folder.glob("*.csv"):
        lines = [";".join(f'"{cell}"' for cell in row) for row in read_rows(path)]
        path.write_bytes(("\ufeff" + "\r\n".join(lines) + "\r\n;;\r\n").encode())


def as_excel(folder: Path) -> None:
    for path in list(folder.glob("*.csv")):
        to_workbook(path)


def as_excel_with_real_cells(folder: Path) -> None:
    for path in list(folder.glob("*.csv")):
        rows = [[real(path.stem, name, cell) for name, cell in row] for row in named(path)]
        workbook(path.with_suffix(".xlsx"), [list(read_rows(path)[0]), *rows])
        path.unlink()


def named(path: Path) -> list[list[tuple[str, str]]]:
    header, *rows = read_rows(path)
    return [list(zip(header, row, strict=True)) for row in rows]


def real(table: str, column: str, cell: str) -> object:
    kinds = {one.name: one.kind for one in tables()[table].columns}
    kind = kinds.get(column, "integer")  # the columns of wide ratings
    if not cell:
        return None
    if kind in ("integer", "money"):
        return float(cell)
    if kind == "date":
        return dt.date.fromisoformat(cell)
    return dt.time.fromisoformat(cell) if kind == "time" else cell


@pytest.mark.parametrize(
    "rewrite", [as_csv_of_indonesian_excel, as_excel, as_excel_with_real_cells]
)
def test_every_file_form_loads_the_same_site(tmp_path: Path, rewrite) -> None:  # type: ignore[no-untyped-def]
    folder = copy_tiny(tmp_path)
    rewrite(folder)
    assert_same(kr.load_site(folder), kr.load_site(TINY))


LINE = st.text(
    st.characters(blacklist_categories=("Cs", "Cc", "Cn", "Co", "Cf", "Zl", "Zp")), max_size=12
).map(str.strip)
NOT_IN_EXCEL = "_x000D_"
WORDS = st.lists(
    LINE.filter(lambda line: line and NOT_IN_EXCEL not in line), min_size=1, max_size=3
).map("\n".join)
CODE = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,5}", fullmatch=True)
SCORES = st.one_of(st.none(), st.integers(1, 5))


def written_site(
    folder: Path, notes: list[str], codes: list[str], scores: list[int | None]
) -> None:
    """Write a valid site from random text, codes and scores."""
    header = ["date", "group", "book", "category", "person", "amount", "note"]
    rows: list[list[object]] = [
        ["2024-03-01", "01", "kas", code, "", place - 2, note]
        for place, (code, note) in enumerate(zip(itertools.cycle(codes), notes, strict=False))
    ]
    write_rows(folder / "ledger.csv", [header, *rows])
    ratings: list[list[object]] = [
        ["1", "01", f"R{place // 5}", place % 5 + 1, "" if score is None else score]
        for place, score in enumerate(scores)
    ]
    write_rows(folder / "ratings.csv", [["round", "group", "rater", "item", "score"], *ratings])
    write_rows(folder / "rounds.csv", [["round", "n_raters", "label", "date"]])
    raters = {row[2] for row in ratings if row[4] != ""}
    with (folder / "rounds.csv").open("a", encoding="utf-8") as handle:
        handle.write(f"1,{max(len(raters), 1)},first,\n")


@QUICK
@given(
    st.lists(WORDS, min_size=1, max_size=6),
    st.lists(CODE, min_size=1, max_size=6),
    st.lists(SCORES, min_size=1, max_size=15),
)
def test_a_random_valid_site_loads_the_same_from_csv_and_excel(
    notes: list[str], codes: list[str], scores: list[int | None]
) -> None:
    with fresh_tiny() as folder:
        written_site(folder, notes, codes, scores)
        one = kr.load_site(folder)
        as_excel(folder)
        assert_same(one, kr.load_site(folder))
        assert one.ledger["note"].tolist() == notes
        assert (
            one.ratings["score"].astype(object).where(lambda s: s.notna(), None).tolist() == scores
        )


# -- the same answer whatever the order and shape --------------------------------------------


def scored(site: Site) -> set[tuple[object, ...]]:
    filled = site.ratings.dropna(subset=["score"])
    return set(
        filled[["round", "group", "rater", "item", "score"]].itertuples(index=False, name=None)
    )


def multiset(frame: pd.DataFrame) -> list[str]:
    return sorted(str(row) for row in frame.itertuples(index=False, name=None))


def long_rows(folder: Path) -> list[list[str]]:
    header, *rows = read_rows(folder / "ratings.csv")
    return [
        [*row[:3], name.removeprefix("item_"), score]
        for row in rows
        for name, score in zip(header[3:], row[3:], strict=True)
    ]


def write_long(folder: Path, rows: list[list[str]]) -> None:
    write_rows(folder / "ratings.csv", [["round", "group", "rater", "item", "score"], *rows])


@QUICK
@given(st.randoms(use_true_random=False))
def test_shuffled_rows_load_the_same_rows(tiny: Site, random) -> None:  # type: ignore[no-untyped-def]
    with fresh_tiny() as folder:
        for path in folder.glob("*.csv"):
            header, *rows = read_rows(path)
            random.shuffle(rows)
            write_rows(path, [header, *rows])
        site = kr.load_site(folder)
        for name in tiny.tables:
            assert multiset(site.table(name)) == multiset(tiny.table(name))


@QUICK
@given(
    st.randoms(use_true_random=False), st.sampled_from(["{}", "item_{}", "Item {}", "butir_0{}"])
)
def test_wide_and_long_ratings_load_the_same_scores(random, form: str) -> None:  # type: ignore[no-untyped-def]
    with fresh_tiny() as folder:
        header, *rows = read_rows(folder / "ratings.csv")
        named_items = [form.format(name.removeprefix("item_")) for name in header[3:]]
        for row in rows:
            for place in range(3, 8):
                row[place] = random.choice(["", "1", "3", "5"])
            row[3] = "2"  # every rater gives some score
        write_rows(folder / "ratings.csv", [header[:3] + named_items, *rows])
        wide = kr.load_site(folder)
        write_long(folder, [
            [*row[:3], str(place - 2), row[place]] for row in rows for place in range(3, 8)
        ])  # fmt: skip
        long = kr.load_site(folder)
        assert scored(wide) == scored(long)
        pd.testing.assert_frame_equal(kr.score_items(wide.ratings), kr.score_items(long.ratings))


@QUICK
@given(st.sets(st.integers(0, 34), max_size=20))
def test_a_blank_score_counts_like_a_row_that_is_not_there(gone: set[int]) -> None:
    with fresh_tiny() as folder:
        (folder / "rounds.csv").write_text(
            "round,n_raters,label,date\n" + "".join(f"{n},1,x,\n" for n in (1, 2)), encoding="utf-8"
        )
        rows = [row for row in long_rows(folder) if row[2] == "A1"]
        rows = [[*row[:4], row[4] or "3"] for row in rows]
        gone = {place % len(rows) for place in gone} - {0, len(rows) - 1}
        write_long(folder, [[*r[:4], "" if n in gone else r[4]] for n, r in enumerate(rows)])
        blank = kr.load_site(folder)
        write_long(folder, [row for place, row in enumerate(rows) if place not in gone])
        absent = kr.load_site(folder)
        assert scored(blank) == scored(absent)
        one, two = (kr.score_items(site.ratings) for site in (blank, absent))
        one = one[one["n"] > 0].drop(columns="missing").reset_index(drop=True)
        pd.testing.assert_frame_equal(one, two.drop(columns="missing"))


# -- anything a file may hold ----------------------------------------------------------------

CELLS = st.one_of(
    st.sampled_from(
        ["", "1", "01", "+2", "A1", "2,5", "٣", "kas", "x y", '"', "\0", "=1", "NA", "2024-02-30"]
    ),
    st.text(max_size=8),
)
TEXTS = st.one_of(
    st.text(max_size=200),
    st.text('ab1,;"\n\r\t \0\ufeff', max_size=200),
    st.lists(st.lists(CELLS, max_size=9).map(",".join), max_size=8).map("\n".join),
)


def assert_loads_or_tells(folder: Path) -> None:
    """Load the site or be told located problems; no other error may come out."""
    files = {path.name for path in folder.iterdir()}
    found = kr.check_site(folder)
    if all(problem.severity != "error" for problem in found):
        assert isinstance(kr.load_site(folder), Site)
        return
    with pytest.raises(SiteError) as error:
        kr.load_site(folder)
    assert isinstance(error.value, KubeError)
    assert error.value.problems == [one for one in found if one.severity == "error"]
    assert len(str(error.value).splitlines()) >= len(error.value.problems)
    for problem in found:
        assert problem.file in files
        assert problem.row >= 0
        assert problem.problem
        assert problem.remedy
        assert problem.code
        assert "\n" not in str(problem)


@settings(QUICK, max_examples=25)
@given(st.sampled_from(list(tables())), TEXTS)
def test_any_text_in_a_file_loads_or_is_told(table: str, content: str) -> None:
    with fresh_tiny() as folder:
        put(folder, f"{table}.csv", content.encode("utf-8", "surrogatepass"))
        assert_loads_or_tells(folder)


@QUICK
@given(
    st.sampled_from(["site.toml", "items.csv", "items.xlsx", "ratings.csv"]),
    st.binary(max_size=300),
)
def test_any_bytes_in_a_file_load_or_are_told(name: str, content: bytes) -> None:
    with fresh_tiny() as folder:
        (folder / "items.csv").unlink()
        put(folder, name, content)
        assert_loads_or_tells(folder)


@QUICK
@given(st.data())
def test_any_cells_under_the_right_header_load_or_are_told(data: st.DataObject) -> None:
    table = tables()[data.draw(st.sampled_from(list(tables())))]
    width = len(table.names)
    rows = data.draw(st.lists(st.lists(CELLS, min_size=width, max_size=width), max_size=5))
    rows = [[cell.encode("utf-8", "ignore").decode() for cell in row] for row in rows]
    with fresh_tiny() as folder:
        write_rows(folder / f"{table.name}.csv", [table.names, *rows])
        assert_loads_or_tells(folder)


@QUICK
@given(st.data())
def test_one_random_cell_in_a_sound_site_loads_or_is_told(data: st.DataObject) -> None:
    with fresh_tiny() as folder:
        name = data.draw(st.sampled_from(sorted(path.name for path in folder.glob("*.csv"))))
        rows = read_rows(folder / name)
        row = data.draw(st.integers(0, len(rows) - 1))
        column = data.draw(st.integers(0, len(rows[0]) - 1))
        rows[row][column] = data.draw(CELLS).encode("utf-8", "ignore").decode()
        write_rows(folder / name, rows)
        assert_loads_or_tells(folder)


def test_a_workbook_with_any_kind_of_cell_loads_or_is_told(tmp_path: Path) -> None:
    kinds: list[object] = [
        1, 1.5, True, "x", dt.date(2024, 1, 1), dt.time(9), dt.timedelta(days=-1), dt.datetime.max,
    ]  # fmt: skip
    cases = [("ledger", [kind]) for kind in kinds]  # each alone, where text, money and days stand
    cases += [(name, kinds) for name in ("items", "ratings", "activities")]
    for place, (name, chosen) in enumerate(cases):
        columns = tables()[name].names
        folder = copy_tiny(tmp_path / str(place))
        (folder / f"{name}.csv").unlink(missing_ok=True)
        rows = [[kind] * len(columns) for kind in chosen]
        workbook(folder / f"{name}.xlsx", [list(columns), *rows])
        assert_loads_or_tells(folder)


def test_edits_of_the_tiny_site_leave_the_original_alone(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    edit(folder, "site.toml", "Contohsari", "Lain")
    assert "Lain" not in (TINY / "site.toml").read_text(encoding="utf-8")
