"""The same summaries on a local Spark (``-m spark``), and a whole programme on each engine."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from engine_cases import CASES, RATINGS, books, lists, uneven_ratings
from engine_frames import local_spark, plain, same

import kube_research as kr
from kube_research.site.folder import Site
from tools.programme import programme as write_programme


@pytest.fixture(scope="module")
def programme(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("programme") / "small"
    return write_programme(folder, groups=10, raters=3, items=4, seed=9, regencies=2)


def everything(programme: Path, engine: str) -> None:
    """Hold the summaries and violations of a programme against those of pandas."""
    scan, expected = (kr.scan_sites(programme, engine=name) for name in (engine, "pandas"))
    same(kr.score_items(scan.ratings), kr.score_items(expected.ratings))
    same(kr.score_fields(scan.ratings), kr.score_fields(expected.ratings))
    rates = kr.attendance_rates(scan.attendance, by="regency")
    same(rates[["regency", "n", "attended"]], _counted(expected.attendance))
    same(kr.closing_balances(scan.ledger), kr.closing_balances(expected.ledger))
    running = kr.ledger_balances(scan.ledger)
    same(running, kr.ledger_balances(expected.ledger), ["group", "book", "date"])
    columns = ["table", "column", "code", "count", "first"]
    found, known = (kr.count_violations(one)[columns] for one in (scan, expected))
    order = ["table", "column", "code"]
    same(plain(found, order), plain(known, order))


def _counted(attendance: pd.DataFrame) -> pd.DataFrame:
    came = attendance["status"].isin(["present", "late"])
    grouped = came.groupby(attendance["regency"]).agg(["size", "sum"])
    return grouped.reset_index().set_axis(["regency", "n", "attended"], axis=1)


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_an_embedded_engine_gives_what_pandas_gives_of_a_programme(
    engine: str, programme: Path
) -> None:
    pytest.importorskip(engine)
    everything(programme, engine)


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    with local_spark() as session:
        yield session


@pytest.mark.spark
def test_spark_gives_what_pandas_gives_of_a_programme(spark: Any, programme: Path) -> None:
    everything(programme, "spark")


@pytest.mark.spark
@pytest.mark.parametrize("name", ["items by group", "fields", "groups and roles", "running"])
def test_spark_gives_what_pandas_gives(spark: Any, twin: Site, name: str) -> None:
    table, call, by = next(case[1:] for case in CASES if case[0] == name)
    frames = {
        "ratings": RATINGS,
        "uneven": uneven_ratings(),
        "attendance": lists(twin),
        "ledger": books(twin),
    }
    arrow = import_module("pyarrow").Table.from_pandas(frames[table], preserve_index=False)
    frame = spark.createDataFrame(arrow)
    found = call(frame)
    assert type(found) is (type(frame) if name == "running" else pd.DataFrame)
    same(found, call(frames[table]), by)
