"""The command line as a user meets it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from kube_research import reproduction
from kube_research.cli import main


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, list(words))
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done.exit_code, done.output


@pytest.fixture
def broken(root: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    shutil.copytree(root / "data" / "cibeunying", folder)
    path = folder / "item_means.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("2.46", '"2,46"', 1), encoding="utf-8")
    return folder


def test_help_names_the_commands() -> None:
    code, output = run("--help")
    assert code == 0
    assert "reproduce" in output
    assert "check" in output


def test_check_passes_a_sound_site() -> None:
    assert run("check", "cibeunying") == (0, "cibeunying: no problems\n")
    assert run("check", "cibeunying", "--lang", "id")[1] == "cibeunying: tidak ada masalah\n"
    assert run("check", "cibeunying", "--json") == (0, "[]\n")


def test_check_locates_each_problem(broken: Path) -> None:
    code, output = run("check", str(broken))
    assert code == 1
    assert output.startswith(
        "item_means.csv:2:mean: '2,46': not a printed number: write the digits"
    )
    code, output = run("check", str(broken), "--json")
    assert code == 1
    problem = json.loads(output)[0]
    assert (problem["file"], problem["row"], problem["column"], problem["value"]) == (
        "item_means.csv",
        2,
        "mean",
        "2,46",
    )
    assert "bukan angka tercetak" in run("check", str(broken), "--lang", "id")[1]


def test_no_such_site_is_one_line() -> None:
    for command in ("check", "reproduce"):
        code, output = run(command, "nowhere")
        assert code == 1
        assert output.startswith("Error: No site 'nowhere'")
        assert "Traceback" not in output


def test_reproduce_refuses_a_broken_site_before_running_anything(
    broken: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reproduction, "run_notebooks", lambda *a, **k: pytest.fail("ran"))
    code, output = run("reproduce", str(broken))
    assert code == 1
    assert "item_means.csv:2:mean" in output


def test_reproduce_ends_with_the_scoreboard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reproduction, "run_notebooks", lambda *a, **k: {})
    code, output = run("reproduce", "cibeunying")
    assert code == 0
    assert "printed" in output
    assert output.rstrip().endswith("0 mismatches")


def test_reproduce_fails_on_a_mismatch(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "site"
    shutil.copytree(root / "data" / "cibeunying", folder)
    path = folder / "item_means.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("2.33", "2.40", 1), encoding="utf-8")
    monkeypatch.setattr(reproduction, "run_notebooks", lambda *a, **k: {})
    code, output = run("reproduce", str(folder))
    assert code == 1
    assert "MISMATCH" in output
