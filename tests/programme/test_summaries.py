"""Summaries on disk equal the frames they are made of; nothing is overwritten."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from engine_frames import plain, same

import kube_research as kr
from kube_research.cli import main
from kube_research.errors import MissingColumnError, OptionError
from kube_research.programme.summaries import SummariesExistError
from kube_research.site.folder import Site
from tools.programme import programme as write_programme

NAMES = ["attendance", "fields", "items", "ledger", "violations"]


@pytest.fixture(scope="module")
def programme(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("programme") / "small"
    return write_programme(folder, groups=16, raters=3, items=8, seed=4, regencies=3)


def read(path: Path) -> pd.DataFrame:
    codes = dict.fromkeys(("province", "regency", "group"), "string")
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    rows = pd.read_csv(path, dtype=codes)
    return (
        rows.assign(reason=rows["reason"].astype("string").fillna("")) if "reason" in rows else rows
    )


@pytest.mark.parametrize(
    ("engine", "form"),
    [
        ("duckdb", "csv"),
        ("duckdb", "parquet"),
        ("polars", "csv"),
        ("polars", "parquet"),
    ],
)
def test_files_hold_the_summaries(programme: Path, tmp_path: Path, engine: str, form: str) -> None:
    told: list[str] = []
    by = ["province", "regency"]
    done = kr.write_summaries(
        programme, tmp_path / "out", engine=engine, by=by, form=form, done=told.append
    )
    files = sorted(path.name for path in done.folder.iterdir())
    assert files == [f"{name}.{form}" for name in NAMES]
    assert sorted(told) == sorted(done.seconds) == NAMES
    scan = kr.scan_sites(programme, engine="pandas")
    expected = {
        "items": kr.score_items(scan.ratings, by=[*by, "round", "item"]),
        "fields": kr.score_fields(scan.ratings, by=[*by, "round", "field_no"]),
        "ledger": kr.closing_balances(scan.ledger, by=[*by, "book"]),
    }
    for name, frame in expected.items():
        same(read(done.folder / f"{name}.{form}"), frame)
    rates = read(done.folder / f"attendance.{form}")
    assert rates["n"].sum() == len(scan.attendance)
    violations = kr.count_violations(scan)
    found = read(done.folder / f"violations.{form}")
    order = ["table", "column", "code"]
    columns = [*order, "severity", "count"]
    same(plain(found[columns], order), plain(violations[columns], order))


def test_parts_of_polars_add_up_to_the_whole(programme: Path, tmp_path: Path) -> None:
    whole = kr.write_summaries(programme, tmp_path / "a", engine="duckdb").folder
    parts = kr.write_summaries(programme, tmp_path / "b", engine="polars").folder
    same(read(parts / "fields.csv"), read(whole / "fields.csv"))
    assert len(kr.scan_sites(programme, engine="pandas").ratings["province"].unique()) > 1


def test_a_bundled_site_is_summarised_too(twin: Site, tmp_path: Path) -> None:
    done = kr.write_summaries("cibeunying-simulated", tmp_path / "out", engine="duckdb")
    assert done.violations.empty
    assert done.problems == []
    items = read(done.folder / "items.csv")
    assert items["n"].sum() + items["missing"].sum() == len(twin.ratings)


def test_nothing_is_overwritten_and_nothing_half_written(
    programme: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "mine.txt").write_text("x", encoding="utf-8")
    for there in (tmp_path / "there", tmp_path / "there" / "mine.txt"):
        with pytest.raises(SummariesExistError, match="already"):
            kr.write_summaries(programme, there)
    with pytest.raises(MissingColumnError, match="village"):
        kr.write_summaries(programme, tmp_path / "new", by="village")
    with pytest.raises(OptionError, match="form"):
        kr.write_summaries(programme, tmp_path / "new", form="xlsx")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["there"]


def test_the_command(programme: Path, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    words = ["summarise", str(programme), "--out", out, "--by", "province, regency"]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output
    assert "ratings.item: duplicate:" in done.stdout
    assert f"Summaries are in {out}" in done.stdout
    assert "items: written after" in done.stderr
    again = CliRunner().invoke(main, [*words, "--lang", "id"])
    assert again.exit_code == 2
    assert "pilih folder lain" in again.output
    assert "Traceback" not in again.output
    nowhere = CliRunner().invoke(main, ["summarise", "no/such", "--out", str(tmp_path / "x")])
    assert nowhere.exit_code == 1
    assert nowhere.output.startswith("Error: Nothing to read at 'no/such'")
    assert not (tmp_path / "x").exists()


def test_the_command_says_when_all_is_sound(tmp_path: Path) -> None:
    words = ["summarise", "cibeunying-simulated", "--out", str(tmp_path / "o"), "--lang", "id"]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0
    assert "Tidak ada aturan yang dilanggar." in done.stdout
