"""A programme folder: opened without reading it, its own or a small one, and figures in notebooks."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from IPython import display as show_in

import kube_research as kr
from kube_research.errors import MissingTableError, SiteNotFoundError
from kube_research.programme.scan import open_programme, programme_inventory
from tools.programme import programme as write_programme

duckdb = pytest.importorskip("duckdb")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("a 'quoted' name") / "programme"
    return write_programme(folder, groups=60, raters=3, items=4, seed=2)


def test_tables_are_lazy_and_codes_are_text(small: Path) -> None:
    programme = open_programme(small)
    assert (programme.name, programme.scale) == ("Simulated KUBE programme", (1, 4))
    assert (programme.threshold, programme.items["item"].tolist()) == (2.5, [1, 2, 3, 4])
    ratings = programme.table("ratings")
    assert isinstance(ratings, duckdb.DuckDBPyRelation)
    frame = ratings.df()
    assert frame["province"].map(type).eq(str).all()
    assert (frame["regency"].str[:2] == frame["province"]).all()
    regencies = programme.table("regencies")
    assert set(regencies["regency"]) == set(frame["regency"])


def test_the_inventory_counts_where_the_rows_lie(small: Path) -> None:
    programme = open_programme(small)
    found = programme_inventory(programme).set_index("table")
    for name, rows in programme.info["counts"].items():
        assert found.loc[name, "rows"] == rows
    assert set(found["evidence"]) == {"simulated"}
    assert {"items", "rounds", "activities", "faults", "regencies"} <= set(found.index)


def test_what_is_not_there_is_named(small: Path, tmp_path: Path) -> None:
    with pytest.raises(MissingTableError, match="claims"):
        open_programme(small).table("claims")
    with pytest.raises(SiteNotFoundError, match=r"programme\.toml"):
        open_programme(tmp_path)


def test_ones_own_programme_goes_before_the_bundled_one(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBE_SITE", str(small))
    assert open_programme().folder == small
    for other in ("cibeunying", str(tmp_path), ""):
        monkeypatch.setenv("KUBE_SITE", other)
        assert open_programme().folder.name == "contoh-programme"
        assert open_programme().info["groups"] == 400


@pytest.mark.parametrize("lang", ["en", "id"])
def test_a_plot_is_shown_in_the_language_and_closed(
    small: Path, lang: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import matplotlib.pyplot as plt

    seen: list[object] = []
    monkeypatch.setattr(show_in, "display", seen.append)
    monkeypatch.setenv("KUBE_LANG", lang)
    frame = pd.DataFrame({"regency": ["2201"], "groups_both": 3, "change": 0.1, "se": 0.1})
    frame = kr.programme.funnel_limits(frame.assign(evidence="recorded"))
    asked: list[str] = []

    def plot(rows: pd.DataFrame, **options: object) -> object:
        asked.append(str(options["lang"]))
        return kr.programme.funnel_plot(rows, **options)

    kr.show_plot(plot, frame, name="KUBE")
    assert asked == [lang]
    assert len(seen) == 1
    assert seen[0].data[:4] == b"\x89PNG"  # type: ignore[attr-defined]
    assert not plt.get_fignums()
