"""The pages of docs: every Python block runs, both languages hold the same blocks, every call exists."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest

import kube_research as kr
from kube_research.files import home

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


@pytest.mark.parametrize("page", sorted((home() / "docs").glob("*.md")), ids=lambda p: p.name)
def test_every_call_named_in_docs_exists(page: Path) -> None:
    for name in re.findall(r"`kr\.(\w+)", page.read_text(encoding="utf-8")):
        assert hasattr(kr, name), name


def test_every_page_exists_in_both_languages(root: Path) -> None:
    names = {path.name for path in (root / "docs").glob("*.md")}
    english = {name for name in names if not name.endswith(".id.md")}
    assert {name.replace(".md", ".id.md") for name in english} == names - english
