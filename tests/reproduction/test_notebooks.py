"""Notebook hygiene, the net that catches changed digits, and the notebooks on another site."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from IPython.core.history import HistoryManager
from IPython.core.interactiveshell import InteractiveShell

from kube_research.errors import NotebookError
from kube_research.reproduction import running as reproduction
from kube_research.site.folder import load_site

PATHS = reproduction.notebook_paths()
TINY = Path(__file__).parents[1] / "data" / "tiny"
#: Notebooks in which the scale, the threshold and the groups of a site count. In kernels of their own
#: the tutorial runs all of them on a new site, which has attendance and books.
OF_SCORES = [path for path in PATHS if path.name[:2] not in ("03", "05", "09")]


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> InteractiveShell:
    """What runs cells, on the tiny site, with figures in a folder of the test."""
    monkeypatch.setenv("KUBE_SITE", str(TINY))
    monkeypatch.setenv("KUBE_FIGURES", str(tmp_path))
    monkeypatch.setattr(HistoryManager, "enabled", False)
    made = InteractiveShell()
    made.display_formatter.active_types = made.display_formatter.format_types
    return made


def cells(path: Path, kind: str) -> list:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == kind]


def test_they_are_numbered_in_order() -> None:
    assert [path.name[:2] for path in PATHS] == [f"{n:02d}" for n in range(1, 10)]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name[:2])
def test_hygiene(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    code, words = cells(path, "code"), cells(path, "markdown")
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert "import kube_research as kr" in code[0].source
    assert all("import" not in cell.source for cell in code[1:])
    assert not any(re.search(r"^\s*(def|class|for .*:\n\s+\w+ = )", c.source, re.M) for c in code)
    first = words[0].source
    assert "**Question.**" in first
    assert "**Inputs.**" in first
    assert "Ringkasan (Indonesia)" in first
    assert any("What would change the conclusion" in cell.source for cell in words)
    assert any("kr.colophon(site)" in cell.source for cell in code)
    for cell in code:
        for output in cell.outputs:
            assert output.output_type != "error"
            assert output.get("name") != "stderr"
    stored = path.read_text(encoding="utf-8")
    for word in ("/root/", "/home/", "/work/", "/tmp/", "C:\\\\"):
        assert word not in stored, word


@pytest.mark.parametrize("name", ["05", "06"])
def test_what_is_simulated_says_so_beside_every_table(name: str) -> None:
    path = next(path for path in PATHS if path.name.startswith(name))
    stored = [out for cell in cells(path, "code") for out in cell.outputs if "data" in out]
    told = [str(out["data"].get("text/markdown", "")) for out in stored]
    assert sum("SIMULATED" in words for words in told) == 1
    for out in stored:
        html = str(out["data"].get("text/html", ""))
        grades = set(re.findall(r">(published|derived|bounded|recorded|simulated)</td>", html))
        if grades == {"simulated"}:
            assert "SIMULATED" in html


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "old", "new", "failures"),
    [
        ("notebooks/04_intervention_outcomes.ipynb", ">95.000</td>", ">95.001</td>", 1),
        ("data/cibeunying/outcomes.csv", ",90,95,", ",90,96,", 2),  # in a table and a figure
    ],
    ids=["one digit stored", "one published value"],
)
def test_the_net_catches_one_change(
    project: Path,
    project_env: dict[str, str],
    root: Path,
    file: str,
    old: str,
    new: str,
    failures: int,
) -> None:
    stored = (project / file).read_text(encoding="utf-8")
    changed = stored.replace(old, new, 1)
    assert changed != stored
    (project / file).write_text(changed, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env"]
    command += ["-p", "no:cacheprovider", "-W", "default", "-rf"]
    command += ["-c", str(root / "pyproject.toml"), "--rootdir", str(project)]
    command += ["--nbval-sanitize-with", str(root / "tests" / "nbval_sanitize.cfg")]
    (notebook,) = (project / "notebooks").glob("04_*.ipynb")
    run = subprocess.run(
        [*command, str(notebook)],
        env=project_env,
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert len(re.findall(r"^FAILED ", run.stdout, re.MULTILINE)) == failures, run.stdout
    assert ">95.001<" in run.stdout or ">96.000<" in run.stdout


@pytest.mark.parametrize("path", OF_SCORES, ids=lambda path: path.name[:2])
def test_every_cell_runs_on_a_site_of_another_scale(
    path: Path, shell: InteractiveShell, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for cell in cells(path, "code"):
        shell.run_cell(cell.source).raise_error()
    capsys.readouterr()
    assert shell.user_ns["site"].info.name == load_site(TINY).info.name
    made = {file.name for file in tmp_path.iterdir()}
    assert path.name[:2] != "06" or "before_after-simulated.id.png" in made
    assert "figure_1.en.svg" not in made


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("import os; os._exit(3)", "DeadKernelError: Kernel died"),
    ],
)
def test_a_failing_notebook_is_named_with_cell_and_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, said: str
) -> None:
    cells = [nbformat.v4.new_code_cell(one) for one in ("1", source, "2")]
    cells[2].execution_count = 3  # of an earlier run
    path = tmp_path / "01_broken.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    monkeypatch.setattr(reproduction, "notebook_paths", lambda: [path])
    with pytest.raises(NotebookError, match=rf"01_broken.ipynb failed in cell 2: {said}"):
        reproduction.run_notebooks(load_site("cibeunying").folder, figures=tmp_path)
    assert json.loads(path.read_text(encoding="utf-8"))["cells"][1]["outputs"] == []
