"""Public names, lazy imports, runnable examples, the lock, the licence of the house."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

import kube_research as kr

MODULES = [
    info.name
    for info in pkgutil.walk_packages(kr.__path__, "kube_research.")
    if "_bundled" not in info.name and not info.name.endswith("__main__")
]


@pytest.mark.parametrize("name", kr.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(kr, name) is not None
    assert name in dir(kr)


def test_names_stay_functions_after_their_modules_are_imported() -> None:
    for module in MODULES:
        importlib.import_module(module)
    for name in kr.__all__:
        home = getattr(kr, name)
        assert callable(home) or name == "__version__" or home.__name__ == f"kube_research.{name}"


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such"):
        _ = kr.no_such


#: Examples share the sites they load, with what was computed of them.
load_once = cache(kr.load_site)


@pytest.mark.parametrize("module", MODULES)
def test_examples_in_docstrings_run(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kr, "load_site", load_once)
    found = doctest.testmod(importlib.import_module(module))
    plt.close("all")
    assert found.failed == 0


#: What is loaded only when it is used.
LAZY = {
    "numpy", "pandas", "scipy", "scipy.stats", "matplotlib", "seaborn", "narwhals", "babel", "openpyxl",
    "docx", "xlsxwriter", "pyxform", "duckdb", "polars", "dask", "pyspark", "IPython", "nbclient",
    "nbformat", "jupyter_client", "tabulate", "click",
}  # fmt: skip
TWIN = "kr.load_site('cibeunying-simulated')"
#: What is done, and what of these it may load.
USES = [
    ("import kube_research.cli", {"click"}),
    ("kr.grim('2.46', n=15)", set()),
    ("kr.check_site('cibeunying')", {"numpy", "pandas"}),
    (f"{TWIN}.ratings", {"numpy", "pandas"}),
    (f"kr.score_items({TWIN}.ratings)", {"numpy", "pandas", "narwhals", "scipy"}),
    (f"kr.attendance_rates({TWIN}.attendance)", {"numpy", "pandas", "narwhals", "scipy"}),
    ("kr.study.table_2(kr.load_site())", {"numpy", "pandas", "narwhals", "scipy"}),
    ("kr.study.figure_1(kr.load_site())", {"numpy", "pandas", "matplotlib"}),
]


def loaded_by(use: str) -> set[str]:
    """Return what of :data:`LAZY` a new process has loaded after doing something."""
    code = f"import sys, kube_research as kr; {use}; print(*({LAZY} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return set(done.stdout.split())


def test_importing_the_package_pulls_in_nothing_heavy() -> None:
    assert loaded_by("pass") == set()


@pytest.mark.parametrize(("use", "may"), USES, ids=[use for use, _ in USES])
def test_what_is_not_used_is_not_loaded(use: str, may: set[str]) -> None:
    assert loaded_by(use) <= may


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("requirements", 100),
        ("requirements-dev", 150),
        ("requirements-lowest", 20),
        ("requirements-spark", 2),
    ],
)
def test_the_lock_has_hashes_and_names_no_host(root: Path, name: str, least: int) -> None:
    lock = (root / f"{name}.lock").read_text(encoding="utf-8")
    pins = re.findall(r"^[\w.\-]+==\S+", lock, re.MULTILINE)
    assert len(pins) >= least
    assert lock.count("--hash=sha256:") >= len(pins)
    for word in ("://", "--index", "--find-links", "-e ", "file:"):
        assert word not in lock, word


def pins(root: Path, name: str) -> dict[str, str]:
    """Return the versions a lock holds, by package and the machines they are for."""
    lock = (root / f"{name}.lock").read_text(encoding="utf-8")
    return dict(re.findall(r"^([\w.\-]+==)(\S+(?: ;[^\\]*)?)", lock, re.MULTILINE))


def test_what_tests_need_comes_on_top_of_what_users_have(root: Path) -> None:
    users, tests = pins(root, "requirements"), pins(root, "requirements-dev")
    assert users.items() <= tests.items()
    assert not {"pytest==", "mypy==", "selenium==", "frictionless=="} & users.keys()


def test_the_lowest_lock_holds_the_stated_floors(root: Path) -> None:
    import tomllib

    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lowest = pins(root, "requirements-lowest")
    for line in project["dependencies"]:
        name, floor = re.match(r"([\w\-]+)>=([\d.]+)", line).groups()  # type: ignore[union-attr]
        held = lowest[f"{name}=="].split(" ")[0].split(".")
        assert held[: floor.count(".") + 1] == floor.split("."), line


def test_every_dependency_is_locked_and_explained(root: Path) -> None:
    import tomllib

    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"]]
    for extra in project["optional-dependencies"].values():
        wanted += extra
    lock = "\n".join(path.read_text(encoding="utf-8") for path in root.glob("requirements*.lock"))
    why = (root / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for line in wanted:
        name = re.match(r"[\w\-]+", line)
        assert name
        if name[0] != "kube_research":
            assert re.search(rf"^{name[0]}==", lock, re.MULTILINE), line
            assert re.search(rf"\b{name[0]}\b", why), line


def test_no_heading_of_a_docstring_has_run_into_its_text(root: Path) -> None:
    for path in (root / "kube_research").rglob("*.py"):
        found = re.findall(r"^ +\w+ -{3,}.*$", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert not found, path.name
