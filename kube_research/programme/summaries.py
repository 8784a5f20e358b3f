"""The summaries of a whole programme, and its violations, written to files by the engine asked for."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import narwhals as nw
import pandas as pd

from kube_research.attendance.rates import attendance_rates
from kube_research.engines import column_names, engine_of
from kube_research.errors import ExistsError
from kube_research.finance.closing import closing_balances
from kube_research.frames import as_list, need_columns, need_option
from kube_research.peka.fields import count_fields, describe_fields, items_asked, score_fields
from kube_research.peka.scores import score_items
from kube_research.programme.checks import count_violations, counted, where
from kube_research.programme.scan import SiteScan, scan_sites
from kube_research.programme.sums import in_memory
from kube_research.site.problems import Problem
from kube_research.texts import text

FORMS = ("csv", "parquet")


class SummariesExistError(ExistsError):
    """Something stands where summaries were to be written; nothing was written."""


@dataclass(frozen=True)
class Written:
    """What :func:`write_summaries` wrote.

    Attributes
    ----------
    folder : Path
        Where.
    seconds : dict of str to float
        How long each file took.
    violations : DataFrame
        As from :func:`~kube_research.programme.checks.count_violations`.
    problems : list of Problem
        What kept sites out.
    """

    folder: Path
    seconds: dict[str, float]
    violations: pd.DataFrame
    problems: list[Problem]


def write_summaries(
    programme: str | Path | SiteScan,
    out: str | Path,
    *,
    engine: str = "duckdb",
    by: str | Sequence[str] = (),
    form: str = "csv",
    memory: str = "1GB",
    lang: str = "en",
    done: Callable[[str], object] = lambda _: None,
) -> Written:
    """Write item, field, attendance and ledger summaries and the counts of violations.

    Parameters
    ----------
    programme : str, Path or SiteScan
        What :func:`~kube_research.scan_sites` takes, or returned.
    out : str or Path
        Folder to write to; it must not exist, or be empty.
    engine, memory, lang
        As for :func:`~kube_research.scan_sites`.
    by : str or sequence of str
        Columns to break all summaries down by, such as ``("province", "regency")``.
    form : {"csv", "parquet"}
        Form of the files.
    done : callable
        Called with the name of each file once it is written.

    Returns
    -------
    Written
        ``items``, ``fields`` (see :func:`~kube_research.score_items` and
        :func:`~kube_research.score_fields`), ``attendance`` (:func:`~kube_research.attendance_rates`),
        ``ledger`` (:func:`~kube_research.closing_balances` by book) and ``violations``, those for which
        there is a table.

    Raises
    ------
    SummariesExistError
        If there is something at ``out``.
    kube_research.errors.SiteNotFoundError, kube_research.errors.OptionError
    kube_research.errors.MissingColumnError
        If a table has no such column to break it down by.

    Notes
    -----
    DuckDB is the default engine: it keeps to its memory by writing to disk, and reads nothing that a
    summary does not need. Polars is quicker on items and needs more memory where people are counted.
    Files are written aside and put in place together.
    """
    need_option("form", form, FORMS)
    folder = Path(out)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SummariesExistError(text("engines.error.exists", lang, folder=folder))
    if isinstance(programme, SiteScan):
        scan = programme
    else:
        scan = scan_sites(programme, engine=engine, memory=memory, lang=lang)
    keys = as_list(by)
    last = ("violations", partial(count_violations, scan))
    folder.parent.mkdir(parents=True, exist_ok=True)
    seconds: dict[str, float] = {}
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".summaries-") as place:
        aside = Path(place) / "new"
        aside.mkdir()
        for name, make in chain(_makers(scan, keys), [last]):
            started = time.perf_counter()
            summary = make()
            _write(summary, aside / f"{name}.{form}")
            seconds[name] = time.perf_counter() - started
            done(name)
        if folder.exists():
            folder.rmdir()
        shutil.move(aside, folder)
    return Written(folder, seconds, summary, scan.problems)


def _makers(scan: SiteScan, keys: list[str]) -> Iterator[tuple[str, partial[pd.DataFrame]]]:
    """Yield each summary there is a table for, and how it is made."""
    makers: list[tuple[str, str, tuple[str, ...], Callable[..., Any]]] = [
        ("items", "ratings", ("round", "item"), score_items),
        ("fields", "ratings", ("round", "field_no"), partial(_fields, scan=scan)),
        ("attendance", "attendance", ("activity",), attendance_rates),
        ("ledger", "ledger", ("book",), closing_balances),
    ]
    for name, table, own, make in makers:
        if not scan.has(table):
            continue
        frame = scan.table(table)
        if name == "fields" and "field_no" not in column_names(frame):
            continue
        need_columns(frame, *keys)
        options = {"scale": scan.score_scale} if name == "items" else {}
        yield name, partial(make, frame, by=list(dict.fromkeys([*keys, *own])), **options)


def _fields(ratings: Any, *, by: list[str], scan: SiteScan) -> pd.DataFrame:
    """Score the fields; with polars, which keeps all raters in memory, province by province."""
    if engine_of(ratings) != "polars" or "province" not in column_names(ratings):
        # The sites of a directory may each have items of their own.
        items = None if scan.sites or not scan.has("items") else scan.items
        return score_fields(ratings, items, by=by, scale=scan.score_scale)
    asked, parts = items_asked(ratings, by), []
    for province in in_memory(counted(ratings, ["province"]))["province"]:
        here = where(ratings, nw.col("province") == province)
        parts.append(count_fields(here, asked, by=by, whole=ratings))
    return describe_fields(pd.concat(parts), asked, by=by, scale=scan.score_scale)


def _write(summary: pd.DataFrame, path: Path) -> None:
    if path.suffix == ".parquet":
        summary.to_parquet(path, index=False)
    else:
        summary.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")
