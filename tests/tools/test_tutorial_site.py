"""The tutorial site: drawn anew it equals the committed files, and it holds together."""

from __future__ import annotations

import io
import shutil
import zipfile
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

import kube_research as kr
from kube_research.files import home
from kube_research.reproduction.cells import figures_of
from kube_research.site.folder import Site
from kube_research.site.schema import tables
from tools.tutorial import (
    FOLDER,
    ForeignTutorialError,
    main,
    tutorial_book,
    write_tutorial,
)

HERE = home() / "data" / FOLDER


@pytest.fixture(scope="module")
def site() -> Site:
    return kr.load_site(FOLDER)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The files of the tutorial site, drawn anew."""
    return write_tutorial(tmp_path_factory.mktemp("tutorial") / "again")


def test_drawn_anew_it_equals_the_committed_files(made: list[Path]) -> None:
    assert sorted(path.name for path in made) == sorted(
        path.name for path in HERE.iterdir() if path.is_file()
    )
    for path in made:
        assert path.read_bytes() == (HERE / path.name).read_bytes(), path.name


def test_no_clock_and_no_compressor_shows_in_the_workbook() -> None:
    with zipfile.ZipFile(io.BytesIO((HERE / "site.xlsx").read_bytes())) as parts:
        assert {entry.date_time for entry in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {entry.compress_type for entry in parts.infolist()} == {zipfile.ZIP_STORED}


def test_it_is_sound_and_of_another_shape_than_the_study(site: Site, study: Site) -> None:
    assert kr.check_site(FOLDER) == []
    assert site.info.scale == (1, 5)
    assert site.info.language == "id"
    assert site.ratings["round"].nunique() == 3
    assert len(site.items) == 21
    assert sorted(site.items["field_no"].unique()) == list(range(1, 8))
    assert set(site.info.groups).isdisjoint(study.info.groups)
    assert site.info.place != study.info.place
    assert {path.suffix for path in HERE.iterdir() if path.is_file()} == {".xlsx", ".md"}


def test_everything_is_simulated_and_says_so(site: Site) -> None:
    assert site.simulated
    assert {"members", "attendance", "activities", "outcomes", "ledger"} <= set(site.tables)
    for name, frame in site.tables.items():
        assert set(frame["evidence"]) == {"simulated"}, name
    readme = (HERE / "README.md").read_text(encoding="utf-8")
    assert "**Simulated:" in readme
    assert "**Simulasi:" in readme
    book = openpyxl.load_workbook(HERE / "site.xlsx", read_only=True)
    assert str(book.worksheets[0]["A1"].value).startswith("SIMULASI")
    for page in book.worksheets[2:]:
        rows = list(page.iter_rows(values_only=True))
        place = rows[0].index("evidence")
        assert {row[place] for row in rows[1:]} == {"simulated"}, page.title


def test_the_sheets_hold_what_a_user_would_type() -> None:
    book = openpyxl.load_workbook(HERE / "site.xlsx", read_only=True)
    assert book.sheetnames[:2] == ["BACA_SAYA", "site"]
    for page in book.worksheets[2:]:
        head = [str(cell) for cell in next(page.iter_rows(values_only=True))]
        own = [name for name in head if not name.startswith("butir_")]
        assert set(own) <= {*tables()[page.title].names, "evidence"}, page.title
        assert (len(own) < len(head)) == (page.title == "ratings")
    days = [row[2] for row in book["activities"].iter_rows(min_row=2, values_only=True)]
    assert days[0] == "Sabtu, 20 Januari 2024"
    assert "75,0" in [row[4] for row in book["outcomes"].iter_rows(min_row=2, values_only=True)]


def test_the_tables_agree_with_each_other(site: Site) -> None:
    raters = {int(number): set(part["rater"]) for number, part in site.ratings.groupby("round")}
    assert [len(raters[number]) for number in site.rounds["round"]] == site.rounds[
        "n_raters"
    ].tolist()
    came = site.attendance[site.attendance["status"].isin(["present", "late"])]
    for round_no, activity in zip(site.rounds["round"], site.rounds["activity"], strict=True):
        assert raters[round_no] == set(came.loc[came["activity"] == activity, "person"])
    both = raters[1] & raters[2] & raters[3]
    assert 5 < len(both) < len(raters[3])
    rates = kr.attendance_rates(site.attendance).set_index("activity")["rate"]
    outcomes = site.outcomes.set_index("measure")["achieved_pct"]
    assert outcomes["hadir"] == round(100 * rates["pelatihan_pembukuan"], 1)
    books = kr.ledger_balances(site.ledger)
    assert books["difference"].eq(0).all()
    assert books["balance"].ge(0).all()
    people = site.members.set_index("person")
    paid = site.ledger.dropna(subset=["person"]).join(people[["joined", "left"]], on="person")
    assert (paid["date"] >= paid["joined"]).all()
    assert (paid["left"].isna() | (paid["date"] <= paid["left"])).all()


def test_the_answered_items_are_weak_at_first(site: Site) -> None:
    scores = kr.score_items(site.ratings)
    first = kr.classify_items(scores[scores["round"] == 1], threshold=site.info.threshold)
    weak = set(first.loc[first["strength"] == "weak", "item"])
    assert set(site.rtl["item"]) <= weak
    assert len(weak) < len(first)


def test_another_seed_gives_another_sound_site(tmp_path: Path) -> None:
    book, _ = write_tutorial(tmp_path / "other", seed=7)
    assert [p for p in kr.check_site(tmp_path / "other") if p.severity != "warning"] == []
    assert book.read_bytes() != (HERE / "site.xlsx").read_bytes()
    assert book.read_bytes() == tutorial_book(7)


def test_files_of_others_are_not_touched(tmp_path: Path, made: list[Path]) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "site.xlsx").write_bytes(b"mine")
    with pytest.raises(ForeignTutorialError, match=r"site\.xlsx"):
        write_tutorial(folder)
    assert [path.name for path in folder.iterdir()] == ["site.xlsx"]
    shutil.copytree(made[0].parent, tmp_path / "ours")
    (tmp_path / "ours" / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(ForeignTutorialError, match=r"notes\.txt"):
        write_tutorial(tmp_path / "ours")
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    run = CliRunner().invoke(main, ["--to", str(tmp_path / "file")])
    assert run.exit_code == 1


def test_the_command_writes_it_again(tmp_path: Path, made: list[Path]) -> None:
    folder = shutil.copytree(made[0].parent, tmp_path / "site")
    (folder / "site.xlsx").write_bytes(b"old")
    run = CliRunner().invoke(main, ["--to", str(folder)])
    assert run.exit_code == 0
    assert "2 files" in run.output
    assert (folder / "site.xlsx").read_bytes() == made[0].read_bytes()


def test_its_figures_stay_out_of_those_of_the_study() -> None:
    assert figures_of(HERE) == HERE / "figures"
    assert figures_of(home() / "data" / "cibeunying-simulated") == home() / "figures"
