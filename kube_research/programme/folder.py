"""A programme is a folder: what it says of itself, its small tables in memory, its large ones lazily."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from kube_research.errors import SiteNotFoundError
from kube_research.files import home
from kube_research.frames import weakest
from kube_research.programme.scan import scan_sites, small_table
from kube_research.site.problems import missing_table
from kube_research.texts import text

_INFO = "programme.toml"


@dataclass(frozen=True)
class Programme:
    """A programme: many groups by province and regency.

    Attributes
    ----------
    folder : Path
        Where it is.
    info : mapping
        What ``programme.toml`` says.
    """

    folder: Path
    info: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.info["name"])

    @property
    def scale(self) -> tuple[int, int]:
        """Lowest and highest score."""
        low, high = self.info["scale"]
        return int(low), int(high)

    @property
    def threshold(self) -> float:
        """An item whose mean is below it counts as weak."""
        return float(self.info["threshold"])

    @property
    def items(self) -> list[int]:
        """Numbers of the items of the instrument."""
        return [int(item) for item in self.table("items")["item"]]

    def has(self, name: str) -> bool:
        """Return whether there is such a table."""
        files = (self.folder / f"{name}.csv", self.folder / f"{name}.parquet")
        return any(path.is_file() for path in files) or (self.folder / name).is_dir()

    def table(self, name: str, lang: str = "en") -> Any:
        """Return a table: a pandas frame of a CSV file, or a lazy DuckDB relation of Parquet.

        Raises
        ------
        kube_research.errors.MissingTableError
            If there is no such table.
        kube_research.errors.MissingExtraError
            If a large table is asked for and DuckDB is not installed.
        """
        if (self.folder / f"{name}.csv").is_file():
            return small_table(self.folder / f"{name}.csv")
        if not self.has(name):
            raise missing_table(name, self.name, str(self.folder), lang)
        return scan_sites(self.folder, lang=lang).table(name)


def open_programme(folder: str | Path | None = None) -> Programme:
    """Open a programme folder without reading its large tables.

    Parameters
    ----------
    folder : str or Path, optional
        Holds ``programme.toml`` (name, scale, threshold), small tables as CSV, and large ones as
        Parquet, in parts by province and regency or in one. Default: the folder that ``$KUBE_SITE``
        names, if it is one, else the small simulated programme that comes with the package.

    Returns
    -------
    Programme

    Raises
    ------
    kube_research.errors.SiteNotFoundError
        If there is no ``programme.toml``.

    Examples
    --------
    >>> programme = open_programme()
    >>> programme.scale, len(programme.items)
    ((1, 4), 30)
    """
    if folder is None:
        named = Path(os.environ.get("KUBE_SITE", ""))
        folder = named if (named / _INFO).is_file() else home() / "data" / "contoh-programme"
    folder = Path(folder)
    if not (folder / _INFO).is_file():
        raise SiteNotFoundError(text("programme.error.no_programme", folder=folder))
    with (folder / _INFO).open("rb") as handle:
        return Programme(folder, tomllib.load(handle))


def programme_inventory(programme: Programme, lang: str = "en") -> pd.DataFrame:
    """Return what a programme holds: one row a table with its rows, counted where they lie.

    Examples
    --------
    >>> held = programme_inventory(open_programme())
    >>> held[held["table"] == "ratings"][["rows", "evidence"]].values.tolist()
    [[231002, 'simulated']]
    """
    rows = []
    for name in sorted(
        path.stem for path in programme.folder.iterdir() if programme.has(path.stem)
    ):
        table = programme.table(name, lang)
        if not isinstance(table, pd.DataFrame):
            table = table.aggregate("count(*) as rows, evidence").df()
            grades, many = table["evidence"], int(table["rows"].sum())
        else:
            grades, many = table.get("evidence", pd.Series(dtype="string")), len(table)
        grade = weakest(grades.dropna().unique()) if grades.notna().any() else pd.NA
        rows.append({"table": name, "rows": many, "evidence": grade})
    return pd.DataFrame(rows).astype({"evidence": "string"})
