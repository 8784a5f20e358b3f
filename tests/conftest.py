from __future__ import annotations

import os
import shutil
from pathlib import Path

import matplotlib as mpl
import pytest
from hypothesis import HealthCheck, settings

import kube_research as kr
from kube_research.site.folder import Site

mpl.use("agg")
# The same examples in every run: a red run can be run again, and no run is red by chance.
settings.register_profile(
    "house",
    max_examples=25,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
settings.load_profile("house")
ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KUBE_SITE", "KUBE_FIGURES", "KUBE_LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KUBE_DEBUG", "1")  # a test sees what went wrong, not a line about it


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def study() -> Site:
    return kr.load_site("cibeunying")


@pytest.fixture(scope="session")
def twin() -> Site:
    return kr.load_site("cibeunying-simulated")


@pytest.fixture(scope="session")
def tiny() -> Site:
    return kr.load_site(ROOT / "tests" / "data" / "tiny")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project's data, notebooks and library that a test may change."""
    copy = tmp_path / "project"
    copy.mkdir()
    leave = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
    for name in ("kube_research", "data", "notebooks"):
        shutil.copytree(ROOT / name, copy / name, ignore=leave)
    return copy


@pytest.fixture
def project_env(project: Path) -> dict[str, str]:
    """Environment in which Python finds the copied project before the installed one."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("KUBE_")}
    return {**clean, "PYTHONPATH": str(project), "MPLBACKEND": "agg"}
