"""Directories of sites and Parquet programmes as frames of any engine."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from engine_frames import plain, same
from site_files import TINY, edit, put, set_cell

import kube_research as kr
from kube_research.errors import MissingTableError, OptionError, SiteNotFoundError
from kube_research.programme import scan as site_scan
from tools.programme import programme as write_programme

LAZY = {"duckdb": "DuckDBPyRelation", "polars": "LazyFrame"}
ENGINES = [*LAZY, "pandas"]


@pytest.fixture(scope="session")
def programme(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("programme") / "small"
    return write_programme(folder, groups=12, raters=3, items=4, seed=5, faults=0)


@pytest.fixture
def two_sites(tmp_path: Path) -> Path:
    for name, code in (("north", "3201"), ("south", "0304")):
        folder = shutil.copytree(TINY, tmp_path / "sites" / name)
        content = (folder / "site.toml").read_text(encoding="utf-8")
        province = f'province = "{code[:2]}"\nregency = "{code}"\n'
        put(folder, "site.toml", province + content)
    return tmp_path / "sites"


@pytest.mark.parametrize("engine", ENGINES)
def test_a_programme_is_read_by_every_engine(programme: Path, engine: str) -> None:
    scan = kr.scan_sites(programme, engine=engine)
    assert (scan.scale, scan.evidence, scan.problems, scan.sites) == ((1, 4), "simulated", [], ())
    assert scan.has("ratings", "attendance", "ledger", "members", "items")
    if engine in LAZY:
        assert type(scan.ratings).__name__ == LAZY[engine]
    rows = plain(scan.ratings)
    files = pd.read_parquet(programme / "ratings")
    assert len(rows) == len(files)
    assert set(rows["regency"]) == {path.name[8:] for path in programme.glob("ratings/*/*")}
    assert rows["regency"].str.len().eq(4).all()
    assert set(rows["evidence"]) == {"simulated"}
    assert set(rows["field_no"].astype(int)) == {1, 2, 3, 4}
    expected = kr.scan_sites(programme, engine="pandas")
    for table, call in (
        ("ratings", kr.score_items),
        ("ratings", kr.score_fields),
        ("attendance", lambda f: kr.attendance_rates(f, by=["regency"])),
        ("ledger", kr.closing_balances),
    ):
        same(call(scan.table(table)), call(expected.table(table)))


@pytest.mark.parametrize("engine", ENGINES)
def test_sites_are_put_together(two_sites: Path, engine: str) -> None:
    scan = kr.scan_sites(str(two_sites / "*"), engine=engine)
    assert scan.sites == ("north", "south")
    if engine in LAZY:
        assert type(scan.ratings).__name__ == LAZY[engine]
    one = kr.load_site(two_sites / "north")
    rows = plain(scan.ratings)
    assert len(rows) == 2 * len(one.ratings)
    places = rows[["site", "province", "regency"]].drop_duplicates().to_numpy().tolist()
    assert sorted(places) == [["north", "32", "3201"], ["south", "03", "0304"]]
    by = ["site", "round", "item"]
    scores = plain(kr.score_items(scan.ratings, by=by, scale=scan.score_scale))
    expected = kr.score_items(one.ratings)
    for name in scan.sites:
        here = scores[scores["site"] == name].drop(columns="site").reset_index(drop=True)
        same(here, expected)
    assert isinstance(scan.items, pd.DataFrame)
    assert scan.items["site"].tolist() == ["north"] * 5 + ["south"] * 5


def test_scanning_reads_no_table(two_sites: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site_scan, "load_site", lambda *a, **k: pytest.fail("read"))
    assert kr.scan_sites(str(two_sites / "*")).sites == ("north", "south")
    assert kr.scan_sites(two_sites).sites == ("north", "south")


def test_a_broken_site_is_left_out_and_told(two_sites: Path) -> None:
    set_cell(two_sites / "south", "ratings.csv", 2, "item_1", "9")
    (two_sites / "empty").mkdir()
    scan = kr.scan_sites(str(two_sites / "*"), engine="pandas")
    assert set(scan.ratings["site"]) == {"north"}
    told = {(one.file, one.code) for one in scan.problems}
    assert told == {("empty", "not_a_site"), ("south/ratings.csv", "off_scale")}
    words = [str(one) for one in kr.scan_sites(two_sites, lang="id", engine="pandas").problems]
    assert any("folder ini bukan situs" in line for line in words)


def test_sites_on_different_scales_are_told(two_sites: Path) -> None:
    edit(two_sites / "south", "site.toml", "scale = [1, 5]", "scale = [1, 6]")
    scan = kr.scan_sites(two_sites, engine="pandas")
    assert scan.scale is None
    assert [(one.code, "1-5, 1-6" in one.problem) for one in scan.problems] == [
        ("scales_differ", True)
    ]


def test_sites_of_different_currencies_are_told(two_sites: Path) -> None:
    edit(two_sites / "south", "site.toml", "name =", 'currency = "USD"\nname =')
    scan = kr.scan_sites(two_sites, engine="pandas")
    assert [(one.code, "IDR (0), USD (2)" in one.problem) for one in scan.problems] == [
        ("currencies_differ", True)
    ]


def test_what_is_not_there_is_told(two_sites: Path, programme: Path, tmp_path: Path) -> None:
    for where in (tmp_path / "nowhere", "no/such/*", tmp_path / "*.csv"):
        with pytest.raises(SiteNotFoundError, match="province="):
            kr.scan_sites(where)
    with pytest.raises(OptionError, match="engine"):
        kr.scan_sites(two_sites, engine="excel")
    for where in (two_sites, programme):
        scan: Any = kr.scan_sites(where, engine="pandas")
        with pytest.raises(MissingTableError, match="item_means"):
            _ = scan.item_means
        with pytest.raises(AttributeError):
            _ = scan.no_such


def test_a_programme_without_its_own_words(programme: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    shutil.copytree(programme / "ledger", bare / "ledger")
    scan = kr.scan_sites(bare, engine="pandas")
    assert (scan.names, scan.scale, scan.name) == (("ledger",), None, "")
    put(bare, "programme.toml", "scale = [1,")
    assert [one.code for one in kr.scan_sites(bare, engine="pandas").problems] == ["toml"]


def test_leading_zeros_and_quotes_in_paths_are_kept(tmp_path: Path) -> None:
    place = tmp_path / "it's" / "ratings" / "province=03" / "regency=0304"
    place.mkdir(parents=True)
    frame = pd.DataFrame({"round": [1], "group": ["01"], "rater": ["A"], "item": [1], "score": [2]})
    frame.to_parquet(place / "part-0.parquet")
    for engine in ENGINES:
        row = plain(kr.scan_sites(tmp_path / "it's", engine=engine).ratings).iloc[0]
        assert (row["province"], row["regency"], row["group"]) == ("03", "0304", "01"), engine
        assert row["evidence"] == "recorded"
