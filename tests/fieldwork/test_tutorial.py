"""The tutorial in both languages: every command in it is run, in order, and does what the page says."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

import kube_research as kr
from kube_research.cli import main
from kube_research.reproduction.running import notebook_paths

#: What takes long is run on one page only: both pages give the same commands.
LONG = ("report", "reproduce")
PAGES = {"tutorial.md": "my-site", "tutorial.id.md": "situs-saya"}


def commands(page: Path) -> list[list[str]]:
    blocks = re.findall(r"```console\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    assert all(line.startswith("$ kube-research ") for line in lines)
    return [shlex.split(line)[2:] for line in lines]


def test_both_pages_run_the_same_commands(root: Path) -> None:
    english, indonesian = (commands(root / "docs" / name) for name in PAGES)
    assert [words[0] for words in english] == [words[0] for words in indonesian]
    assert {words[0] for words in english} == {
        "new", "check", "form", "import", "report", "reproduce"
    }  # fmt: skip


def run(words: list[str]) -> str:
    """Run a command as the terminal would, in the folder we are in."""
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, (words, result.output)
    assert "Traceback" not in result.output
    return result.output


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_every_command_of_the_tutorial_runs(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    shutil.copy(root / "docs" / "tutorial_export.csv", tmp_path)
    monkeypatch.chdir(tmp_path)
    printed: dict[str, list[str]] = {}
    for words in commands(root / "docs" / name):
        if name == "tutorial.id.md" or words[0] not in LONG:
            printed.setdefault(words[0], []).append(run(words))
    folder = tmp_path / PAGES[name]
    site = kr.load_site(folder)
    assert len(site.ratings) == 22 * len(site.items)
    assert set(site.ratings["evidence"]) == {"recorded"}
    first, again = printed["import"]
    assert "ratings.csv" in first
    assert "22 " in again
    assert "ratings.csv" not in again
    assert (folder / "form.xlsx").stat().st_size > 1000
    if "reproduce" in printed:
        (ran,) = printed["reproduce"]
        assert f"{len(notebook_paths())} " in ran
        assert "claims.csv" in ran  # what the site lacks is told
        made = {path.name for path in (folder / "figures").iterdir()}
        assert {"before_after.id.png", "attendance_heatmap.en.svg"} <= made
        assert "figure_1.en.svg" not in made
        reports = [*folder.glob("*.docx"), *folder.glob("*.html")]
        assert len(reports) == 2
        assert all(path.stat().st_size > 20_000 for path in reports)
    outside = {path.name for path in tmp_path.iterdir()}
    assert len(outside) == 3
