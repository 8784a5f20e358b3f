"""The pages of docs: every Python block runs, both languages hold the same blocks, every call exists."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path

import pytest

import kube_research as kr
from kube_research.files import home
from kube_research.site.folder import Site

GUIDES = ("which_comparison", "programme")


def blocks(page: Path) -> list[str]:
    return re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("name", GUIDES)
@pytest.mark.parametrize("ending", [".md", ".id.md"])
def test_the_blocks_of_a_guide_run(
    root: Path,
    name: str,
    ending: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    scope: dict[str, object] = {}
    found = blocks(root / "docs" / f"{name}{ending}")
    assert found
    for block in found:
        exec(compile(block, name, "exec"), scope)
        assert capsys.readouterr().out.strip()


PAGES = [*sorted((home() / "docs").glob("*.md")), home() / "README.md", home() / "README.id.md"]


def resolved(dotted: str) -> object:
    """What a dotted name behind ``kr.`` stands for."""
    thing: object = kr
    for name in dotted.split("."):
        thing = getattr(thing, name)
    return thing


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_every_call_printed_on_a_page_exists(page: Path) -> None:
    for name in re.findall(r"\bkr\.(\w+(?:\.\w+)*)", page.read_text(encoding="utf-8")):
        assert resolved(name) is not None, name


@pytest.mark.parametrize(
    "notebook", sorted((home() / "notebooks").glob("*.ipynb")), ids=lambda p: p.stem
)
def test_every_call_printed_in_a_notebook_exists(notebook: Path) -> None:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    for cell in cells:
        for name in re.findall(r"\bkr\.(\w+(?:\.\w+)*)", "".join(cell["source"])):
            assert resolved(name) is not None, name


def outputs_table(page: Path) -> list[tuple[str, str]]:
    """Return the calls of a README's table of outputs, each with the file it makes."""
    return re.findall(r"`kr\.([\w.]+)\(site\)` \| \[([\w.-]+)", page.read_text(encoding="utf-8"))


def test_every_call_in_the_readme_table_runs_on_a_site(root: Path, study: Site, twin: Site) -> None:
    import matplotlib.pyplot as plt

    calls = outputs_table(root / "README.md")
    assert len(calls) > 30
    assert [name for name, _ in outputs_table(root / "README.id.md")] == [name for name, _ in calls]
    for name, file in calls:
        made = resolved(name)(twin if "-simulated" in file else study)  # type: ignore[operator]
        assert made is not None, name
        plt.close("all")


def test_every_page_exists_in_both_languages(root: Path) -> None:
    names = {path.name for path in (root / "docs").glob("*.md")}
    english = {name for name in names if not name.endswith(".id.md")}
    assert {name.replace(".md", ".id.md") for name in english} == names - english
