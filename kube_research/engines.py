"""Frames of any engine: which engine holds them, and how what it has reduced comes back as pandas.

A summary is one query, written once in Narwhals; :func:`collected` runs it and brings home its few
rows. What follows is numpy, the same for every engine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any, TypeVar, cast

import narwhals as nw
import pandas as pd

from kube_research.errors import MissingExtraError, OptionError
from kube_research.texts import text

#: A frame of any engine: what goes in comes out.
AnyFrame = TypeVar("AnyFrame")

#: Engines by name: the package each needs, the extra that brings it, and what its frames are called.
ENGINES = {
    "pandas": ("pandas", "", ("DataFrame",)),
    "duckdb": ("duckdb", "scale", ("DuckDBPyRelation",)),
    "polars": ("polars", "polars", ("DataFrame", "LazyFrame")),
    "spark": ("pyspark", "spark", ("DataFrame",)),
}


def engine_of(frame: object) -> str:
    """Return the name of the engine a frame belongs to.

    Raises
    ------
    kube_research.errors.OptionError
        If it is no frame of a known engine.

    Examples
    --------
    >>> engine_of(pd.DataFrame())
    'pandas'
    """
    for kind in type(frame).__mro__:
        home = kind.__module__.partition(".")[0].lstrip("_")
        for name, (package, _, frames) in ENGINES.items():
            if home == package and kind.__name__ in frames:
                return name
    raise OptionError(
        text("engines.error.frame", kind=type(frame).__name__, allowed=", ".join(ENGINES))
    )


def need_engine(name: str) -> None:
    """Raise OptionError for an unknown engine, MissingExtraError for one that is not installed."""
    if name not in ENGINES:
        listed = ", ".join(repr(engine) for engine in ENGINES)
        raise OptionError(text("error.option", name="engine", value=name, allowed=listed))
    package, extra, _ = ENGINES[name]
    if find_spec(package) is None:
        raise MissingExtraError(text("engines.error.extra", engine=name, extra=extra))


def column_names(frame: Any) -> list[str]:
    """Return the names of the columns of any frame, without looking at its rows."""
    if isinstance(frame, pd.DataFrame):
        return [str(name) for name in frame.columns]
    engine_of(frame)
    return list(nw.from_native(frame).collect_schema().names())


def query_on(frame: Any) -> Any:
    """Return a frame for Narwhals; pandas rows counted anew: an index with gaps would mix rows up."""
    return nw.from_native(
        frame.reset_index(drop=True) if isinstance(frame, pd.DataFrame) else frame
    )


def collected(query: Any, keys: Sequence[str] = ()) -> pd.DataFrame:
    """Run a query and return its rows as pandas, with plain numbers, days and text.

    Parameters
    ----------
    query : Narwhals frame
        Of pandas the rows come back as they are.
    keys : sequence of str
        Rows with one of these missing are left out. Done here, on few rows: an engine told to do it
        tests every single row before it counts.

    Returns
    -------
    DataFrame
        Whole numbers are int64 (Int64 where some are missing), text is ``string``.
    """
    if query.implementation.is_pandas():
        own: pd.DataFrame = query.to_native()
        return own.dropna(subset=list(keys)).reset_index(drop=True) if keys else own
    lazy = query.lazy()
    huge = [name for name, kind in lazy.collect_schema().items() if kind == nw.Int128]
    if huge:  # what DuckDB makes of a sum of whole numbers
        lazy = lazy.with_columns(nw.col(*huge).cast(nw.Int64))
    options = {"engine": "streaming"} if lazy.implementation.is_polars() else {}
    arrow = lazy.collect("pyarrow", **options).to_native()
    whole = import_module("pyarrow").types.is_integer
    exact = {field.type: pd.Int64Dtype() for field in arrow.schema if whole(field.type)}
    rows: pd.DataFrame = arrow.to_pandas(types_mapper=exact.get, date_as_object=False)
    if keys:
        rows = rows.dropna(subset=list(keys), ignore_index=True)
    kinds: dict[str, str] = {}
    for name, column in rows.items():
        if pd.api.types.is_integer_dtype(column):
            kinds[str(name)] = "Int64" if column.hasnans else "int64"
        elif not pd.api.types.is_any_real_numeric_dtype(column):
            plain = (pd.api.types.is_bool_dtype, pd.api.types.is_datetime64_any_dtype)
            kinds |= {} if any(kind(column) for kind in plain) else {str(name): "string"}
    return rows.astype(kinds)


def numbered(frame: Any, name: str) -> Any:
    """Add the place of each row in its frame as a column, in the order the engine reads the rows.

    Spark counts with gaps; all others count on by one. Lazy frames stay lazy.
    """
    match engine_of(frame):
        case "pandas":
            return frame.assign(**{name: range(len(frame))})
        case "polars":
            return frame.with_row_index(name)
        case "duckdb":
            return frame.project(f'*, row_number() over () as "{name}"')
        case _:
            functions = import_module("pyspark.sql.functions")
            return frame.withColumn(name, functions.monotonically_increasing_id())


def lengthened(wide: Any, *, keep: list[str], items: dict[str, int]) -> Any:
    """Turn ratings with one column an item (name to number) into one row per item."""
    frame = query_on(wide)
    kinds = frame.collect_schema()
    whole = all(kinds[name].is_integer() for name in items)  # a half point is no whole number
    kind = nw.Int64 if whole else nw.Float64
    parts = [
        frame.select(*keep, item=nw.lit(number, nw.Int64), score=nw.col(name).cast(kind))
        for name, number in items.items()
    ]
    return nw.to_native(nw.concat(parts, how="vertical"))


def field_column(rows: Any, *, fields: Mapping[int, int]) -> Any:
    """Give each rating the field of its item as the column ``field_no``."""
    item, chosen = nw.col("item"), cast(Any, nw)
    start = 0
    numbers = sorted(fields)
    for place, number in enumerate(numbers):
        field, after = fields[number], numbers[place + 1 : place + 2]
        if after != [number + 1] or fields[after[0]] != field:
            run = item.is_between(numbers[start], number)
            chosen = chosen.when(run).then(nw.lit(field, nw.Int64))
            start = place + 1
    return nw.to_native(query_on(rows).with_columns(field_no=chosen))
