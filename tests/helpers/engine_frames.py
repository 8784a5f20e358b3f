"""The same rows as a frame of each engine, and results made comparable."""

from __future__ import annotations

import math
import shutil
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import pandas as pd
import pytest

from kube_research.programme.sums import in_memory

#: Engines of the ordinary environment; Spark needs Java and has tests of its own (``-m spark``).
ENGINES = ["polars", "polars lazy", "duckdb"]


def as_engine(engine: str, table: pd.DataFrame) -> Any:
    """Return a pandas table as a frame of an engine, or skip the test if it is not installed."""
    package = engine.split()[0]
    if package == "pandas":
        return table
    pytest.importorskip(package)
    arrow = import_module("pyarrow").Table.from_pandas(table, preserve_index=False)
    match engine:
        case "polars":
            return import_module("polars").from_arrow(arrow)
        case "polars lazy":
            return import_module("polars").from_arrow(arrow).lazy()
        case _:
            return import_module("duckdb").from_arrow(arrow)


@contextmanager
def local_spark() -> Iterator[Any]:
    """Yield a session of a small local Spark; skip, saying why, without Java or pyspark."""
    if find_spec("pyspark") is None:
        pytest.skip("SPARK NOT TESTED: pyspark is not installed (make spark installs it)")
    if shutil.which("java") is None:
        pytest.skip("SPARK NOT TESTED: there is no Java on this machine")
    builder = import_module("pyspark.sql").SparkSession.builder.master("local[2]")
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.session.timeZone": "UTC",
    }
    for name, value in settings.items():
        builder = builder.config(name, value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        session = builder.getOrCreate()
    try:
        yield session
    finally:
        session.stop()


def plain(frame: Any, by: Sequence[str] = ()) -> pd.DataFrame:
    """Return a result as pandas with one missing value, days without hours, sorted by ``by``."""
    rows = in_memory(frame)
    for name in rows:
        if name in ("date", "last") or (name == "first" and "last" in rows):
            rows[name] = pd.to_datetime(rows[name]).dt.strftime("%Y-%m-%d")
    return rows.sort_values(list(by), ignore_index=True) if by else rows


def same(found: Any, expected: Any, by: Sequence[str] = ()) -> None:
    """Check that whole numbers and words are identical, and decimals equal to 1e-12."""
    one, two = plain(found, by), plain(expected, by)
    assert one.columns.tolist() == two.columns.tolist()
    assert len(one) == len(two)
    for name in one:
        for a, b in zip(one[name].tolist(), two[name].tolist(), strict=True):
            if pd.isna(a) or pd.isna(b):
                assert pd.isna(a), (name, a, b)
                assert pd.isna(b), (name, a, b)
            elif isinstance(a, float) and isinstance(b, float) and not b.is_integer():
                assert math.isclose(a, b, rel_tol=1e-12), (name, a, b)
            else:
                assert a == b or (name.startswith(("ci_", "sd")) and abs(a - b) < 1e-12), (
                    name,
                    a,
                    b,
                )
