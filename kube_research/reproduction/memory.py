"""Which notebooks would do again what they did last time: their inputs and outputs are remembered.

A notebook has to run again when its cells, a module or table of texts of the package it used, a file of
a site it loaded, the language, or a library has changed, or when a file it wrote is gone or altered.
"""

from __future__ import annotations

import hashlib
import json
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from kube_research.files import home, package_folder, replace_file

_LIBRARIES = (
    "pandas",
    "numpy",
    "scipy",
    "matplotlib",
    "seaborn",
    "babel",
    "narwhals",
    "duckdb",
    "pyarrow",
)
_DATA = (".csv", ".xlsx", ".toml")
NAME = ".reproduced.json"


class Memory:
    """What the notebooks of one site did when they last ran, kept beside its figures.

    Parameters
    ----------
    folder : Path
        Where the figures of the site go.
    setting : dict of str to str
        What else the outcome depends on, such as the site and the language.

    Examples
    --------
    >>> import tempfile
    >>> memory = Memory(Path(tempfile.mkdtemp()), {"lang": "en"})
    >>> memory.unchanged(Path("01_none.ipynb")) is None
    True
    """

    def __init__(self, folder: Path, setting: dict[str, str]) -> None:
        self.file = folder / NAME
        self.setting = setting | _versions()
        try:
            known = json.loads(self.file.read_text(encoding="utf-8"))
        except (OSError, ValueError):  # none yet, or not ours: everything runs
            known = {}
        self._known: dict[str, Any] = known if isinstance(known, dict) else {}

    def unchanged(self, notebook: Path) -> dict[str, Any] | None:
        """Return what a notebook did when it last ran, if it would do the same now."""
        last = self._known.get(notebook.name)
        try:
            if last is None or last["setting"] != self.setting:
                return None
            if last["cells"] != _cells(notebook):
                return None
            if last["inputs"] != self._inputs(last["modules"], last["folders"]):
                return None
            if any(_sum(Path(path)) != kept for path, kept in last["written"].items()):
                return None
        except (KeyError, TypeError, AttributeError, OSError, ValueError):
            return None
        return dict(last)

    def seconds(self, notebook: Path) -> float:
        """Return how long a notebook took when it last ran; its size stands in where nobody knows."""
        last = self._known.get(notebook.name)
        known = last.get("seconds") if isinstance(last, dict) else None
        return float(known) if known is not None else notebook.stat().st_size / 1e4

    def keep(
        self, notebook: Path, used: dict[str, list[str]], skipped: list[str], seconds: float
    ) -> None:
        """Remember what a notebook did, and what it read and wrote."""
        self._known[notebook.name] = {
            "setting": self.setting,
            "cells": _cells(notebook),
            "modules": used["modules"],
            "folders": used["folders"],
            "inputs": self._inputs(used["modules"], used["folders"]),
            "written": {path: _sum(Path(path)) for path in used["written"]},
            "skipped": skipped,
            "seconds": round(seconds, 2),
        }
        self.file.parent.mkdir(parents=True, exist_ok=True)
        replace_file(self.file, json.dumps(self._known, indent=1, ensure_ascii=False).encode())

    def _inputs(self, modules: list[str], folders: list[str]) -> str:
        """Return one checksum over the modules, the package's own tables, and the sites' files."""
        library = package_folder()
        files = [library / name for name in modules]
        files += sorted(path for path in library.rglob("*.toml") if "_bundled" not in path.parts)
        for folder in (home() / "data", *map(Path, folders)):
            files += sorted(path for path in folder.iterdir() if path.suffix in _DATA)
        listed = [f"{path} {_sum(path)}" for path in files]
        return hashlib.sha256("\n".join([*folders, *listed]).encode()).hexdigest()


def _sum(path: Path) -> str:
    """Return the checksum of a file, or nothing if it is gone."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def _cells(notebook: Path) -> str:
    """Return the checksum of what a notebook runs; its stored outputs do not count."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    code = [cell["source"] for cell in cells if cell["cell_type"] == "code"]
    return hashlib.sha256(json.dumps(code).encode()).hexdigest()


@cache
def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = ""
    return versions
