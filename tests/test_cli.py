"""The command line as a user meets it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from kube_research.cli import main
from kube_research.reproduction import running as reproduction


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, list(words))
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done.exit_code, done.output


@pytest.fixture
def broken(root: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    shutil.copytree(root / "data" / "cibeunying", folder)
    path = folder / "item_means.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("2.46", "2.4o", 1), encoding="utf-8")
    return folder


def test_help_names_the_commands() -> None:
    code, output = run("--help")
    assert code == 0
    assert "reproduce" in output
    assert "check" in output


def test_the_package_is_the_command(root: Path) -> None:
    words = [sys.executable, "-m", "kube_research", "check", "nowhere"]
    ended = subprocess.run(words, capture_output=True, text=True, cwd=root, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith("Error: No site 'nowhere'")


def test_check_passes_a_sound_site() -> None:
    assert run("check", "cibeunying") == (0, "cibeunying: no problems\n")
    assert run("check", "cibeunying", "--lang", "id")[1] == "cibeunying: tidak ada masalah\n"
    assert run("check", "cibeunying", "--json") == (0, "[]\n")


def test_check_locates_each_problem(broken: Path) -> None:
    code, output = run("check", str(broken))
    assert code == 1
    assert output.startswith(
        "item_means.csv:2:mean: '2.4o': not a printed number: write the digits"
    )
    code, output = run("check", str(broken), "--json")
    assert code == 1
    problem = json.loads(output)[0]
    assert (problem["file"], problem["row"], problem["column"], problem["value"]) == (
        "item_means.csv",
        2,
        "mean",
        "2.4o",
    )
    assert "bukan angka tercetak" in run("check", str(broken), "--lang", "id")[1]


def test_check_groups_problems_and_counts_them(root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    shutil.copytree(root / "tests" / "data" / "tiny", folder)
    ledger = folder / "ledger.csv"
    ledger.write_text(ledger.read_text(encoding="utf-8").replace("15000", "15001", 1))
    code, output = run("check", str(folder))
    lines = output.splitlines()
    assert code == 1
    assert ": finding: " in output
    assert lines[-1].endswith("1 finding. The site loads, but look at the findings first.")
    members = folder / "members.csv"
    members.write_text(members.read_text(encoding="utf-8") + "contoh-1,01,x,,\n")
    code, output = run("check", str(folder), "--lang", "id")
    lines = output.splitlines()
    heads = [line for line in lines if line.split(":")[0] in ("Kesalahan", "Temuan", "Peringatan")]
    assert [head.split(":")[0] for head in heads] == ["Kesalahan", "Temuan", "Peringatan"]
    assert "1 kesalahan, 1 temuan, 1 peringatan" in lines[-1]
    listed = json.loads(run("check", str(folder), "--json")[1])
    assert [one["severity"] for one in listed].count("finding") == 1


def test_warnings_alone_do_not_fail(root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    shutil.copytree(root / "tests" / "data" / "tiny", folder)
    members = folder / "members.csv"
    members.write_text(members.read_text(encoding="utf-8") + "contoh-1,01,anggota,,\n")
    code, output = run("check", str(folder))
    assert code == 0
    assert output.rstrip().endswith("1 warning, no errors. The site loads.")


def test_json_says_that_there_is_no_such_site() -> None:
    code, output = run("check", "nowhere", "--json", "--lang", "id")
    (only,) = json.loads(output)
    assert code == 1
    assert (only["file"], only["code"], only["severity"]) == ("nowhere", "no_site", "error")


def test_names_that_a_console_cannot_show_are_told_all_the_same(root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    shutil.copytree(root / "tests" / "data" / "tiny", folder)
    try:
        (folder / "ratings\udcff.csv").write_text("x")
    except (OSError, UnicodeError):
        pytest.skip("this file system takes no such names")
    (folder / "members.csv").write_text("村,group,role\n")
    command = "from kube_research.cli import main; main()"
    words = [sys.executable, "-c", command, "check", str(folder)]
    for more in ([], ["--json"]):
        done = subprocess.run(
            [*words, *more],
            capture_output=True,
            env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONPATH": str(root)},
        )
        assert done.returncode == 1
        assert b"Traceback" not in done.stderr
        assert done.stdout


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
    assert output.rstrip().endswith("Mismatches: 0.")


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
