"""Frames of any engine walk through the same steps; what differs between engines stands here alone.

A calculation is a list of steps written once in Narwhals. Polars, DuckDB and Spark take the steps
as they are. Dask cannot look across its partitions, so each step runs on pandas partitions, with
the rows that belong together brought together first. Of PyArrow the counting steps run as they are,
the small rest on pandas.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any, TypeVar

import narwhals as nw
import numpy as np
import pandas as pd

from kube_research.errors import MissingExtraError, OptionError
from kube_research.texts import text

#: A frame of any engine: what goes in comes out.
AnyFrame = TypeVar("AnyFrame")

#: Engines by name: the package each needs and the extra that brings it.
ENGINES = {
    "pandas": ("pandas", ""),
    "pyarrow": ("pyarrow", "scale"),
    "duckdb": ("duckdb", "scale"),
    "polars": ("polars", "polars"),
    "dask": ("dask", "dask"),
    "spark": ("pyspark", "spark"),
}
_MODULES = {package: name for name, (package, _) in ENGINES.items()}
#: Most partitions that grouped results of Dask are spread over.
_PARTITIONS = 8


@dataclass(frozen=True)
class Step:
    """One step of a calculation.

    Attributes
    ----------
    run : callable
        Takes and returns a Narwhals frame.
    together : tuple of str, or None
        Columns whose equal values must meet in one place for the step to be right; () if all rows
        must. None for a step that works on any part of the rows and whose results :attr:`merge`
        adds up.
    merge : callable, optional
        Adds up what the step before returned for different parts of the rows.
    parts : bool
        Whether the step only makes parts of the rows small before they are brought together:
        engines that see all rows leave it out.
    """

    run: Callable[[Any], Any]
    together: tuple[str, ...] | None = None
    merge: Callable[[Any], Any] | None = None
    parts: bool = False


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
        package = kind.__module__.partition(".")[0].lstrip("_")
        if package in _MODULES and kind.__name__.lstrip("_") in _FRAMES[package]:
            return _MODULES[package]
    raise OptionError(
        text("engines.error.frame", kind=type(frame).__name__, allowed=", ".join(ENGINES))
    )


_FRAMES = {
    "pandas": ("DataFrame",),
    "pyarrow": ("Table",),
    "duckdb": ("DuckDBPyRelation",),
    "polars": ("DataFrame", "LazyFrame"),
    "dask": ("DataFrame",),
    "pyspark": ("DataFrame",),
}


def need_engine(name: str) -> None:
    """Raise OptionError for an unknown engine, MissingExtraError for one that is not installed."""
    if name not in ENGINES:
        listed = ", ".join(repr(engine) for engine in ENGINES)
        raise OptionError(text("error.option", name="engine", value=name, allowed=listed))
    package, extra = ENGINES[name]
    if find_spec(package) is None:
        raise MissingExtraError(text("engines.error.extra", engine=name, extra=extra))


def column_names(frame: Any) -> list[str]:
    """Return the names of the columns of any frame, without looking at its rows."""
    if engine_of(frame) in ("pandas", "dask"):
        return [str(name) for name in frame.columns]
    return list(nw.from_native(frame).collect_schema().names())


def walk(frame: AnyFrame, steps: Sequence[Step]) -> AnyFrame:
    """Take a frame of any engine through the steps.

    Parameters
    ----------
    frame : frame of any engine
        Rows.
    steps : sequence of Step
        The calculation.

    Returns
    -------
    frame of the same engine
        Lazy if the input was: nothing is computed here.

    Examples
    --------
    >>> double = Step(lambda rows: rows.select(nw.col("n") * 2))
    >>> walk(pd.DataFrame({"n": [1, 2]}), [double])["n"].tolist()
    [2, 4]
    """
    rows: Any = frame
    engine = engine_of(frame)
    if engine == "dask":
        for step in steps:
            rows = _on_dask(rows, step)
        return rows  # type: ignore[no-any-return]
    if engine == "pyarrow":
        rows = _decoded(rows)
    for step in (one for one in steps if not one.parts):
        if engine == "pandas":
            rows = _on_pandas(rows, step.run)
        elif engine == "pyarrow" and step.together is not None:
            rows = _through_pandas(rows, step.run)
        else:
            rows = nw.to_native(step.run(nw.from_native(rows)))
    return rows  # type: ignore[no-any-return]


def _on_pandas(part: pd.DataFrame, run: Callable[[Any], Any]) -> pd.DataFrame:
    """Run a step on rows counted anew: an index with gaps or repeats would mix rows up."""
    done: pd.DataFrame = nw.to_native(run(nw.from_native(part.reset_index(drop=True))))
    return done


def _on_dask(rows: Any, step: Step) -> Any:
    if step.together is not None:
        few = min(rows.npartitions, _PARTITIONS)
        if not step.together or few == 1:
            rows = rows.repartition(npartitions=1)
        else:
            rows = rows.shuffle(on=list(step.together), npartitions=few)
    for run in (step.merge, step.run):
        if run is not None:
            rows = rows.map_partitions(partial(_on_pandas, run=run))
    return rows


def _decoded(table: Any) -> Any:
    """Write out words kept as numbers of a dictionary (categories): Arrow can do little with those."""
    types = import_module("pyarrow").types
    for place, field in enumerate(table.schema):
        if types.is_dictionary(field.type):
            words = table.column(place).combine_chunks().dictionary_decode()
            table = table.set_column(place, field.name, words)
    return table


def _through_pandas(table: Any, run: Callable[[Any], Any]) -> Any:
    arrow = import_module("pyarrow")
    part = _on_pandas(table.to_pandas(types_mapper=pd.ArrowDtype), run)
    return arrow.Table.from_pandas(part, preserve_index=False).replace_schema_metadata(None)


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
        case "pyarrow":
            return frame.append_column(name, [np.arange(frame.num_rows)])
        case "dask":
            return frame.assign(**{name: frame.assign(**{name: 1})[name].cumsum()})
        case _:
            functions = import_module("pyspark.sql.functions")
            return frame.withColumn(name, functions.monotonically_increasing_id())


def joined(left: Any, right: Any, on: Sequence[str], how: str = "inner") -> Any:
    """Join two frames of one engine on the columns ``on``, which have other names nowhere else.

    ``how`` is "inner", "left" or "anti" (rows of ``left`` without a partner; rows with a missing key
    have none).
    """
    keys = list(on)
    if engine_of(left) != "dask":
        frames = nw.from_native(left), nw.from_native(right)
        return nw.to_native(frames[0].join(frames[1], on=keys, how=how))
    if how != "anti":
        return left.merge(right, on=keys, how=how)
    known = right[keys].drop_duplicates().assign(_known=1)
    rows = left.merge(known, on=keys, how="left")
    return rows[rows["_known"].isna()].drop(columns="_known")


def in_order(by: Sequence[str]) -> Step:
    """Return the last step of a summary: sorted by its keys, missing keys last."""
    return Step(partial(_sorted, by=list(by)), ())


def _sorted(rows: Any, *, by: list[str]) -> Any:
    return rows.sort(*by, nulls_last=True)
