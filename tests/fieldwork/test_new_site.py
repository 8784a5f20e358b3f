"""A new site: ready to fill in, sound as it stands, honest about its example, and never over something.

Outside oracles: frictionless for the CSV files, openpyxl for the workbook.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from click.testing import CliRunner
from site_files import Made

import kube_research as kr
from kube_research.cli import main
from kube_research.errors import ExistsError, NewSiteError
from kube_research.fieldwork import new_site as module
from kube_research.fieldwork.new_site import (
    FILLED,
    make_site,
    new_columns,
)
from kube_research.site.folder import Site, check_site
from kube_research.site.schema import tables
from tools.codebook import data_package

FORMS = [(lang, excel) for lang in ("en", "id") for excel in (False, True)]


def everything(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def command(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["new", *words])
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done.exit_code, done.output


@pytest.fixture(scope="module")
def loaded(made: Made) -> Callable[[str, bool], Site]:
    return cache(lambda lang, excel: kr.load_site(made(lang, excel)))


@pytest.mark.parametrize(("lang", "excel"), FORMS)
def test_a_new_site_is_sound_and_warns_of_its_example_once(
    made: Made, loaded: Callable[[str, bool], Site], lang: str, excel: bool
) -> None:
    folder = made(lang, excel)
    (only,) = check_site(folder, lang=lang)
    assert (only.code, only.severity) == ("example_row", "warning")
    assert "ratings" in only.problem
    assert "ledger" in only.problem
    site = loaded(lang, excel)
    assert site.info.language == lang
    assert sorted(site.tables) == sorted(FILLED)


@pytest.mark.parametrize("lang", ["en", "id"])
def test_files_and_workbook_are_the_same_site(
    loaded: Callable[[str, bool], Site], lang: str
) -> None:
    one, two = loaded(lang, False), loaded(lang, True)
    assert one.info == two.info
    for name, frame in one.tables.items():
        other = two.tables[name]
        keys = list(tables()[name].key) or list(frame.columns)
        assert set(frame.columns) == set(other.columns)
        left = frame.sort_values(keys, ignore_index=True)
        right = other[frame.columns].sort_values(keys, ignore_index=True)
        pd.testing.assert_frame_equal(left, right)


@pytest.mark.parametrize(("lang", "excel"), FORMS)
def test_no_row_of_the_example_looks_recorded(
    loaded: Callable[[str, bool], Site], lang: str, excel: bool
) -> None:
    site = loaded(lang, excel)
    word = {"id": "contoh", "en": "example"}[lang]
    for name in set(FILLED) - {"items", "fields"}:
        assert set(site.table(name)["evidence"]) == {"simulated"}, name
        assert set(site.table(name)["locator"]) == {word}, name
    assert site.items["locator"].str.contains("PEKA").all()
    assert site.members["person"].str.startswith(word).all()
    scores = kr.score_items(site.ratings)
    assert set(scores["evidence"]) == {"simulated"}
    assert set(kr.ledger_balances(site.ledger)["evidence"]) == {"simulated"}
    assert len(scores) == 2 * len(site.items)


def test_the_fields_are_those_the_study_prints(
    study: Site, loaded: Callable[[str, bool], Site]
) -> None:
    site = loaded("en", False)
    names = ["field_no", "field_id", "field_en"]
    assert site.fields[names].equals(study.fields[names])
    assert site.items["field_no"].value_counts().tolist() == [3] * 7
    ours = {words.casefold() for words in site.items["statement_id"]}
    assert not ours & {words.casefold() for words in study.items["statement_id"]}


def test_without_the_example_rows_own_records_are_recorded(tmp_path: Path) -> None:
    folder = make_site(tmp_path / "baru", lang="id")
    for path in folder.glob("*.csv"):
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        kept = [line for line in lines if ";simulated;" not in line]
        if len(kept) > 1:
            path.write_text("\n".join(kept), encoding="utf-8")
        else:
            path.unlink()
    (folder / "rounds.csv").write_text("round;date;n_raters;label\n1;8 Februari 2025;1;Awal\n")
    (folder / "ratings.csv").write_text("round;group;rater;1;2\n1;K1;A1;3;2\n")
    assert {one.code for one in check_site(folder)} == {
        "few_raters",
        "few_people",
        "group_no_ratings",
    }
    assert set(kr.load_site(folder).ratings["evidence"]) == {"recorded"}


@pytest.mark.parametrize("lang", ["en", "id"])
def test_frictionless_accepts_the_files(tmp_path: Path, lang: str) -> None:
    import frictionless

    folder = make_site(tmp_path / "baru", lang=lang)
    package = data_package(FILLED)
    for resource in package["resources"]:
        resource["dialect"] = {"csv": {"delimiter": {"id": ";", "en": ","}[lang]}}
        resource["encoding"] = "utf-8-sig"
        resource["schema"]["fields"] = [
            one
            for one in resource["schema"]["fields"]
            if one["name"] in new_columns(resource["name"])
        ]
    (folder / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    report = frictionless.validate(str(folder / "datapackage.json"))
    assert report.valid, report.flatten(["title", "rowNumber", "fieldName", "message"])[:5]
    assert report.stats["tasks"] == len(FILLED)


def test_every_table_has_a_header(made: Made) -> None:
    folder = made("id")
    headers = {
        path.stem: path.read_text(encoding="utf-8-sig").splitlines()[0].split(";")
        for path in folder.rglob("*.csv")
    }
    assert headers.keys() == tables().keys()
    for name, header in headers.items():
        assert set(header) <= set(tables()[name].names)
        assert {one.name for one in tables()[name].columns if one.need} <= set(header)
    book = openpyxl.load_workbook(made("en", True) / "site.xlsx")
    assert set(book.sheetnames) == {*tables(), "READ_ME", "site", "lists"}


def test_the_workbook_has_lists_rules_comments_and_a_frozen_header(made: Made) -> None:
    book = openpyxl.load_workbook(made("en", True) / "site.xlsx")
    for name in tables():
        sheet: Any = book[name]
        assert sheet.freeze_panes == "A2"
        assert all(cell.comment and len(cell.comment.text) > 5 for cell in sheet[1]), name
        ruled = {str(rule.sqref).split(":")[0] for rule in sheet.data_validations.dataValidation}
        for cell in sheet[1]:
            kind = {one.name: one.kind for one in tables()[name].columns}.get(cell.value, "score")
            if kind not in ("text", "printed"):
                assert f"{cell.column_letter}2" in ruled, (name, cell.value)

    def rule(sheet: str, letter: str) -> Any:
        rules = book[sheet].data_validations.dataValidation
        return next(one for one in rules if str(one.sqref).startswith(f"{letter}2:"))

    assert rule("attendance", "E").formula1 == '"present,late,excused,absent,represented"'
    assert "activities!$A$2" in rule("attendance", "A").formula1
    assert "members!$A$2" in rule("attendance", "C").formula1
    assert "lists!$A$2" in rule("members", "B").formula1
    assert "items!$A$2" in rule("rtl", "B").formula1
    score = rule("ratings", "D")
    assert score.type == "custom"
    assert all(f"lists!$B${number}" in score.formula1 for number in (2, 3, 4))
    assert 'MATCH("step",site!' in book["lists"]["B4"].value
    assert "site!$B$7" in book["lists"]["B2"].value
    assert [cell.value for cell in book["site"][7]][:2] == ["scale", "1, 4"]
    assert "site!$B$6" in book["lists"]["A2"].value
    assert [cell.value for cell in book["site"][6]][:2] == ["groups", "K1, K2"]
    assert rule("rounds", "B").type == "date"
    assert rule("ledger", "F").type == "whole"
    stored = openpyxl.load_workbook(made("en", True) / "site.xlsx", data_only=True)["lists"]
    assert [stored[spot].value for spot in ("A2", "A3", "B2", "B3")] == ["K1", "K2", 1, 4]


@pytest.mark.parametrize(("lang", "excel"), FORMS)
def test_a_new_site_is_the_same_byte_for_byte(
    tmp_path: Path, made: Made, lang: str, excel: bool
) -> None:
    again = make_site(tmp_path / "b", lang=lang, excel=excel)
    assert everything(made(lang, excel)) == everything(again)


def test_commands_in_the_instructions_exist(made: Made) -> None:
    for lang in ("en", "id"):
        folder = made(lang)
        words = next(folder.glob("*.txt")).read_text(encoding="utf-8-sig")
        named = re.findall(r"^    kube-research (\w+)", words, re.MULTILINE)
        assert {"check", "report", "reproduce"} <= set(named) <= {*main.commands, "form", "import"}


@pytest.mark.parametrize("excel", [False, True])
def test_nothing_is_ever_overwritten(tmp_path: Path, excel: bool) -> None:
    folder = tmp_path / "situs"
    folder.mkdir()
    (folder / "skripsi.docx").write_text("penting")
    before = everything(tmp_path)
    words = ["--excel"] if excel else []
    code, output = command(str(folder), *words)
    assert code == 2
    assert "nothing was written" in output
    assert "tidak ada yang ditulis" in command(str(folder), "--lang", "id", *words)[1]
    assert everything(tmp_path) == before
    made = tmp_path / "dua"
    assert command(str(made), *words)[0] == 0
    kept = everything(tmp_path)
    assert command(str(made), *words)[0] == 2
    assert everything(tmp_path) == kept


def test_a_file_or_a_link_in_the_way_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "berkas").write_text("isi")
    (tmp_path / "putus").symlink_to(tmp_path / "nowhere")
    (tmp_path / "lingkar").symlink_to(tmp_path / "lingkar")
    for name in ("berkas", "putus", "lingkar"):
        assert command(str(tmp_path / name))[0] == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["berkas", "lingkar", "putus"]
    assert command(str(tmp_path / "berkas" / "di-bawah"))[0] != 0


@pytest.mark.parametrize(
    "name", ["situs baru", "ñandú 村", "a/b/c", "titik.", "dua'kutip\"", "--x", "trailing/", "{x}"]
)
def test_odd_names_work(
    tmp_path: Path, made: Made, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _ = command("--lang", "id", "--", name)
    assert code == 0
    assert (tmp_path / name / "site.toml").is_file()
    assert everything(tmp_path / name) == everything(made("id"))
    assert len(list(tmp_path.iterdir())) == 1


def test_the_current_folder_is_filled_if_it_is_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "kosong"
    place.mkdir()
    monkeypatch.chdir(place)
    assert command("..")[0] == 2
    number = place.stat().st_ino
    assert command(".")[0] == 0
    assert place.stat().st_ino == number
    assert "site.toml" in {path.name for path in Path().iterdir()}
    assert not list(place.glob("*.part"))
    assert not list(place.glob(".new-*"))
    assert [path.name for path in tmp_path.iterdir()] == ["kosong"]


@pytest.mark.parametrize("name", ["", "  ", "cibeunying", "a\0b", "x" * 300])
def test_names_that_cannot_be_are_refused_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises((ExistsError, NewSiteError)):
        make_site(name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("start", ["absent", "empty", "deep"])
@pytest.mark.parametrize("after", [0, 1, 9, 20])
def test_a_failure_half_way_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: str, after: int
) -> None:
    folder = tmp_path / ("a/b" if start == "deep" else "baru")
    if start == "empty":
        folder.mkdir()
    count = 0
    really = module.replace_file

    def fails(path: Path, content: bytes) -> None:
        nonlocal count
        count += 1
        if count > after:
            raise OSError(28, "No space left on device")
        really(path, content)

    monkeypatch.setattr(module, "replace_file", fails)
    with pytest.raises(NewSiteError, match="No space left"):
        make_site(folder)
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")] == (
        ["baru"] if start == "empty" else []
    )


def test_a_failure_while_moving_leaves_an_empty_folder_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really, count = Path.rename, 0

    def fails(self: Path, target: Path) -> Path:
        nonlocal count
        count += 1
        if count > 5:
            raise PermissionError(13, "Permission denied")
        return really(self, target)

    monkeypatch.setattr(Path, "rename", fails)
    with pytest.raises(NewSiteError):
        make_site(tmp_path, lang="id")
    assert not list(tmp_path.iterdir())


def test_lists_of_names_are_kept_out_of_version_control(made: Made) -> None:
    for excel in (False, True):
        assert (
            "local-*" in (made("en", excel) / ".gitignore").read_text(encoding="utf-8").splitlines()
        )


@pytest.mark.skipif(os.name == "nt", reason="modes of files")
def test_others_may_read_a_new_site_as_any_other_folder(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    assert make_site(tmp_path / "baru").stat().st_mode == plain.stat().st_mode


def test_the_scoreboard_of_the_example_is_simulated(made: Made) -> None:
    board = kr.reproduce(made())
    assert len(board) == 3
    assert set(board["evidence"]) == {"simulated"}
    assert set(board["verdict"]) == {"match"}
