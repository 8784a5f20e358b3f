"""A notebook runs again when anything it depends on has changed, and only then."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import nbformat
import pytest

from kube_research import files
from kube_research.reproduction import memory as module
from kube_research.reproduction import running as reproduction
from kube_research.reproduction.memory import Memory
from kube_research.site.folder import load_site

SETTING = {"site": "here", "lang": "en"}


@pytest.fixture
def ran(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a package, a site, a notebook that ran, and what it wrote."""
    package = tmp_path / "package"
    package.mkdir()
    for name in ("peka.py", "style.py", "texts.toml"):
        (package / name).write_text(name, encoding="utf-8")
    monkeypatch.setattr(module, "package_folder", lambda: package)
    shutil.copytree(root / "tests" / "data" / "tiny", tmp_path / "site")
    cells = [nbformat.v4.new_markdown_cell("Words"), nbformat.v4.new_code_cell("1 + 1")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "01_one.ipynb")
    (tmp_path / "figure.svg").write_text("<svg/>", encoding="utf-8")
    used = {
        "modules": ["peka.py"],
        "folders": [str(tmp_path / "site")],
        "written": [str(tmp_path / "figure.svg")],
    }
    Memory(tmp_path, SETTING).keep(tmp_path / "01_one.ipynb", used, ["no ledger"], 3.0)
    return tmp_path


def current(folder: Path, **setting: str) -> bool:
    return Memory(folder, SETTING | setting).unchanged(folder / "01_one.ipynb") is not None


def test_what_has_not_changed_is_known(ran: Path) -> None:
    memory = Memory(ran, SETTING)
    last = memory.unchanged(ran / "01_one.ipynb")
    assert last is not None
    assert last["skipped"] == ["no ledger"]
    assert memory.seconds(ran / "01_one.ipynb") == 3.0


@pytest.mark.parametrize(
    "name",
    ["package/peka.py", "package/texts.toml", "site/ratings.csv", "site/site.toml", "figure.svg"],
)
def test_any_changed_file_makes_it_run_again(ran: Path, name: str) -> None:
    before = (ran / name).read_bytes()
    (ran / name).write_bytes(before + b"\n# changed")
    assert not current(ran)
    (ran / name).write_bytes(before)
    assert current(ran)
    (ran / name).unlink()
    assert not current(ran)


def test_a_table_added_to_the_site_makes_it_run_again(ran: Path) -> None:
    (ran / "site" / "claims.csv").write_text("claim\n", encoding="utf-8")
    assert not current(ran)


def test_a_module_it_did_not_use_does_not(ran: Path) -> None:
    (ran / "package" / "style.py").write_text("other", encoding="utf-8")
    assert current(ran)


def test_its_cells_count_and_its_words_and_outputs_do_not(ran: Path) -> None:
    path = ran / "01_one.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[0].source = "Other words"
    notebook.cells[1].outputs = [nbformat.v4.new_output("stream", text="2")]
    nbformat.write(notebook, path)
    assert current(ran)
    notebook.cells[1].source = "1 + 2"
    nbformat.write(notebook, path)
    assert not current(ran)


def test_another_language_site_or_library_makes_it_run_again(
    ran: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not current(ran, lang="id")
    assert not current(ran, site="there")
    monkeypatch.setattr(module, "_versions", lambda: {"pandas": "0.1"})
    assert not current(ran)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"01_one.ipynb": 3}', "\x00"])
def test_a_damaged_memory_is_none(ran: Path, content: str) -> None:
    (ran / module.NAME).write_text(content, encoding="utf-8")
    assert not current(ran)
    assert Memory(ran, SETTING).seconds(ran / "01_one.ipynb") > 0


def test_sites_loaded_in_this_process_are_told(root: Path) -> None:
    load_site("cibeunying")
    used = json.loads(files.used_so_far())
    assert str(root / "data" / "cibeunying") in used["folders"]
    assert "site/folder.py" in used["modules"]


@pytest.mark.slow
def test_only_the_changed_notebook_runs_again(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, figures = tmp_path / "site", tmp_path / "figures"
    shutil.copytree(root / "tests" / "data" / "tiny", site)
    for name in ("01_scores", "02_none"):
        code = "import kube_research as kr\nkr.show('table_2', kr.load_site())"
        cells = [nbformat.v4.new_code_cell(code if name == "01_scores" else "1")]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / f"{name}.ipynb")
    paths = sorted(tmp_path.glob("*.ipynb"))
    monkeypatch.setattr(reproduction, "notebook_paths", lambda: paths)

    def again(fresh: bool = False) -> list[bool]:
        finished: list[Path] = []
        ran = reproduction.run_notebooks(
            site, figures=figures, fresh=fresh, finished=finished.append
        )
        assert sorted(finished) == paths == list(ran)
        return [outcome.reused for outcome in ran.values()]

    assert again() == [False, False]
    assert again() == [True, True]
    (figures / "table_2-simulated.en.csv").unlink()
    assert again() == [False, True]
    assert (figures / "table_2-simulated.en.csv").exists()
    ratings = site / "ratings.csv"
    ratings.write_text(ratings.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert again() == [False, True]
    assert again(fresh=True) == [False, False]
