"""Tables from files into the frames of an engine: partitioned Parquet, and tables already in memory."""

from __future__ import annotations

import os
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd

from kube_research.engines import need_engine

#: Columns that stand in the names of folders, as text: a leading zero is part of a code.
PARTITIONS = ("province", "regency")


class Reader:
    """Makes frames of one engine that can be joined with each other.

    Parameters
    ----------
    engine : str
        A name of :data:`kube_research.engines.ENGINES`.
    memory : str
        How much DuckDB may use before it writes to disk. The other engines have their own settings.

    Raises
    ------
    kube_research.errors.OptionError, kube_research.errors.MissingExtraError
    """

    def __init__(self, engine: str, memory: str = "1GB") -> None:
        need_engine(engine)
        self.engine = engine
        self._duckdb: Any = None
        if engine == "duckdb":
            spill = Path(tempfile.gettempdir()) / f"kube_research-{os.getpid()}"
            settings = {"memory_limit": memory, "temp_directory": str(spill)}
            self._duckdb = import_module("duckdb").connect(config=settings)

    def parquet(self, folder: Path) -> Any:
        """Return a Parquet folder partitioned by :data:`PARTITIONS`; lazy but for pandas and PyArrow."""
        match self.engine:
            case "duckdb":
                files = f"{folder.as_posix()}/**/*.parquet".replace("'", "''")
                how = "hive_partitioning = true, hive_types_autocast = false, union_by_name = true"
                return self._duckdb.sql(f"select * from read_parquet('{files}', {how})")
            case "polars":
                polars = import_module("polars")
                schema = dict.fromkeys(self._partitions(folder), polars.String)
                return polars.scan_parquet(
                    folder / "**/*.parquet", hive_partitioning=bool(schema), hive_schema=schema
                )
            case "dask":
                frame = import_module("dask.dataframe").read_parquet(
                    str(folder), dataset={"partitioning": self._arrow_partitioning(folder)}
                )
                return frame.astype(dict.fromkeys(self._partitions(folder), "string[pyarrow]"))
            case "spark":
                return self._spark(folder)
        dataset = import_module("pyarrow.dataset")
        table = dataset.dataset(
            folder, format="parquet", partitioning=self._arrow_partitioning(folder)
        ).to_table()
        return table.to_pandas() if self.engine == "pandas" else table

    def frame(self, table: pd.DataFrame) -> Any:
        """Return a pandas table as a frame of the engine."""
        if self.engine == "pandas":
            return table
        if self.engine == "dask":
            return import_module("dask.dataframe").from_pandas(table, npartitions=1)
        arrow = import_module("pyarrow").Table.from_pandas(table, preserve_index=False)
        match self.engine:
            case "duckdb":
                return self._duckdb.from_arrow(arrow)
            case "polars":
                return import_module("polars").from_arrow(arrow).lazy()
            case "spark":
                return _session().createDataFrame(arrow)
        return arrow

    def _partitions(self, folder: Path) -> list[str]:
        first = next((path.parts for path in sorted(folder.rglob("*.parquet"))), ())
        return [name for name in PARTITIONS if any(part.startswith(f"{name}=") for part in first)]

    def _arrow_partitioning(self, folder: Path) -> Any:
        arrow = import_module("pyarrow")
        schema = arrow.schema([(name, arrow.string()) for name in self._partitions(folder)])
        return import_module("pyarrow.dataset").partitioning(schema, flavor="hive")

    def _spark(self, folder: Path) -> Any:
        session = _session()
        setting = "spark.sql.sources.partitionColumnTypeInference.enabled"
        before = session.conf.get(setting)
        session.conf.set(setting, "false")
        try:
            return session.read.parquet(folder.absolute().as_uri())
        finally:
            session.conf.set(setting, before)


def _session() -> Any:
    return import_module("pyspark.sql").SparkSession.builder.getOrCreate()
