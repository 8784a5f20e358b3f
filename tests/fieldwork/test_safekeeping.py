"""Imports at once lose nothing, killed ones leave nothing, and the last one can be undone.

Oracle: the raters of every export, counted; the bytes of every file before the import.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from at_once import import_at_once, import_killed_at
from click.testing import CliRunner
from export_shapes import Filled, kobo_names, write
from site_files import TINY, copy_tiny, put, read_rows, to_book

import kube_research as kr
from kube_research.cli import main
from kube_research.errors import ExportError, KubeError
from kube_research.fieldwork import safekeeping
from kube_research.fieldwork.importing import ImportSite, import_ratings
from kube_research.fieldwork.new_site import make_site
from kube_research.fieldwork.pseudonyms import BACKUP
from kube_research.fieldwork.safekeeping import LOCK, alone, undo_import
from kube_research.files import clear_leftovers, home, replace_file

SCORES = {1: 2, 2: 3, 3: None, 4: 5, 5: 1}


def empty_site(folder: Path, *more: str) -> Path:
    """The tiny site without ratings and members."""
    folder.mkdir(parents=True)
    for name in ("site.toml", "items.csv", "rounds.csv", "activities.csv", *more):
        put(folder, name, (TINY / name).read_bytes())
    return folder


def export_of(folder: Path, letter: str, count: int = 1, names: bool = False) -> Path:
    """An export with the first answers of some raters."""
    folder.mkdir(parents=True, exist_ok=True)
    who = [
        f"Bu Contoh {letter} {'abcdefgh'[n]}" if names else f"{letter}{n + 1}" for n in range(count)
    ]
    filled = [
        Filled(n, 1, "01", code, dict(SCORES))
        for n, code in enumerate(who, start=ord(letter) * 100)
    ]
    return write(folder, kobo_names, filled)


def held(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def raters(folder: Path) -> set[str]:
    return {row[2] for row in read_rows(folder / "ratings.csv")[1:]}


def test_imports_at_once_end_with_all_raters(tmp_path: Path) -> None:
    folders = [empty_site(tmp_path / f"site_{n}") for n in range(3)]
    exports = [export_of(tmp_path / letter, letter, 6) for letter in "ABC"]
    results = import_at_once(exports, folders)
    assert [refusal for *_, refusal in results if refusal] == []
    everybody = {f"{letter}{n}" for letter in "ABC" for n in range(1, 7)}
    for folder in folders:
        assert raters(folder) == everybody
        assert sum(new for name, new, _ in results if name == folder.name) == len(everybody)
        assert read_rows(folder / "rounds.csv")[1][2] == "18"
        assert not [name for name in held(folder) if name == LOCK or name.endswith(".part")]


@pytest.mark.skipif(os.name == "nt", reason="asks the system whether a process has ended")
@pytest.mark.parametrize("name", [BACKUP, "ratings.csv", "rounds.csv"])
def test_a_killed_import_locks_nobody_out_and_leaves_nothing(tmp_path: Path, name: str) -> None:
    folder = empty_site(tmp_path / "site")
    before = held(folder)
    assert import_killed_at(name, export_of(tmp_path / "a", "A", 2), folder) == 9
    left = set(held(folder)) - {*before, "ratings.csv", BACKUP}
    assert {LOCK} < left
    errors = {p.code for p in kr.check_site(folder) if p.severity == "error"}
    assert errors <= {"rater_count"}  # files are whole; only the count waits for the next import
    import_ratings(export_of(tmp_path / "a", "A", 2), folder)
    assert raters(folder) == {"A1", "A2"}
    assert set(held(folder)) == {*before, "ratings.csv", BACKUP}


@pytest.mark.skipif(os.name == "nt", reason="asks the system whether a process has ended")
def test_only_what_nobody_writes_any_more_is_cleared(tmp_path: Path) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    for name in (f".a.csv.{ended.pid}.part", f".a.csv.{os.getpid()}.part", "film.part", ".b.part"):
        put(tmp_path, name, "x")
    (tmp_path / f".new-abc.{ended.pid}.part").mkdir()
    old = put(tmp_path, f".c.csv.{os.getpid()}.part", "x")
    os.utime(old, (0, 0))
    replace_file(tmp_path / "b.csv", b"1")
    kept = {f".a.csv.{os.getpid()}.part", "film.part", ".b.part", "b.csv"}
    assert set(held(tmp_path)) == kept
    clear_leftovers(tmp_path / "nowhere")


def test_an_import_waits_no_longer_than_it_must(tmp_path: Path) -> None:
    with alone(tmp_path):
        with (
            pytest.raises(KubeError, match="another import is at work"),
            alone(tmp_path, patience=0.1),
        ):
            pass
        assert (tmp_path / LOCK).exists()
    assert not (tmp_path / LOCK).exists()
    put(tmp_path, LOCK, "left behind")
    with alone(tmp_path, patience=0.1):
        pass
    with alone(tmp_path / "nowhere"):  # cannot be written: nothing to lock
        pass


def test_what_another_program_changed_meanwhile_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = empty_site(tmp_path / "site")
    import_ratings(export_of(tmp_path / "a", "A"), folder)
    real = ImportSite.write

    def write_late(site: ImportSite) -> list[Path]:
        path = folder / "ratings.csv"
        path.write_bytes(path.read_bytes() + b"1,01,Z9,1,3\n")
        return real(site)

    monkeypatch.setattr(ImportSite, "write", write_late)
    with pytest.raises(ExportError) as error:
        import_ratings(export_of(tmp_path / "b", "B"), folder)
    (problem,) = error.value.problems
    assert (problem.file, problem.code) == ("ratings.csv", "changed_meanwhile")
    monkeypatch.undo()
    import_ratings(export_of(tmp_path / "b", "B"), folder)
    assert raters(folder) == {"A1", "B1", "Z9"}


@pytest.mark.parametrize("form", ["csv", "site.xlsx", "none"])
def test_an_import_is_undone_byte_for_byte(tmp_path: Path, form: str) -> None:
    folder = copy_tiny(tmp_path)
    if form == "none":
        (folder / "ratings.csv").unlink()
    elif form == "site.xlsx":
        to_book(folder)
    before = held(folder)
    export = write(tmp_path, kobo_names, [Filled(1, 2, "01", "A3", dict(SCORES))])
    said = import_ratings(export, folder).sentences()
    assert said[-1] == f"to take this import back: kube-research import --undo --site {folder}"
    checked = kr.check_site(folder)
    assert held(folder) != before
    assert not [problem for problem in checked if "before" in problem.file]
    command = ["import", "--undo", "--site", str(folder)]
    ran = CliRunner().invoke(main, command)
    assert (ran.exit_code, held(folder)) == (0, before), ran.output
    assert ("deleted, because the import had made it: ratings.csv" in ran.output) is (
        form == "none"
    )
    again = CliRunner().invoke(main, [*command, "--lang", "id"])
    assert (again.exit_code, held(folder)) == (1, before)
    assert "tidak ada impor yang dapat dibatalkan" in again.output


def test_names_are_undone_with_their_key(tmp_path: Path) -> None:
    folder = empty_site(tmp_path / "site")
    import_ratings(export_of(tmp_path / "a", "A", 2, names=True), folder)
    before = {name: content for name, content in held(folder).items() if name != BACKUP}
    import_ratings(export_of(tmp_path / "b", "B", 2, names=True), folder)
    assert held(folder)["local-names.csv"].count(b"Contoh") == 4
    if os.name == "posix":
        assert (folder / BACKUP).stat().st_mode & 0o077 == 0
    undo_import(folder)
    assert held(folder) == before
    ignored = (folder / ".gitignore").read_text(encoding="utf-8").split()
    assert ignored == ["local-names.csv", BACKUP, ".*.part"]


def test_what_was_changed_by_hand_is_not_undone(tmp_path: Path) -> None:
    folder = empty_site(tmp_path / "site")
    import_ratings(export_of(tmp_path / "a", "A"), folder)
    path = folder / "ratings.csv"
    imported = path.read_bytes()
    path.write_bytes(imported + b"1,01,Z9,1,3\n")
    before = held(folder)
    with pytest.raises(KubeError, match=r"ratings\.csv changed after it.*\.before-import\.zip"):
        undo_import(folder)
    assert held(folder) == before
    path.write_bytes(imported)
    undo_import(folder)
    assert not path.exists()


def test_half_an_import_is_undone_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = empty_site(tmp_path / "site")
    before = held(folder)
    real = replace_file

    def full(path: Path, content: bytes, *, private: bool = False) -> None:
        if path.name == "rounds.csv":
            raise OSError(28, "no space", str(path))
        real(path, content, private=private)

    monkeypatch.setattr(safekeeping, "replace_file", full)
    with pytest.raises(KubeError, match="cannot be written"):
        import_ratings(export_of(tmp_path / "a", "A"), folder)
    assert (folder / "ratings.csv").exists()
    undo_import(folder)
    assert held(folder) == before
    put(folder, BACKUP, "torn")
    with pytest.raises(KubeError, match="cannot be read"):
        undo_import(folder)


@pytest.mark.parametrize("options", [[], ["x.csv", "--undo"], ["--undo", "--latest"]])
def test_undo_goes_with_no_other_option(tmp_path: Path, options: list[str]) -> None:
    ran = CliRunner().invoke(main, ["import", *options, "--site", str(copy_tiny(tmp_path))])
    assert ran.exit_code == 2
    assert "either EXPORT or --undo" in ran.output


def test_git_ignores_what_imports_leave(tmp_path: Path) -> None:
    for ignored in (home() / ".gitignore", make_site(tmp_path / "s", lang="en") / ".gitignore"):
        lines = ignored.read_text(encoding="utf-8").splitlines()
        assert {"*.part", BACKUP, LOCK} <= set(lines)
