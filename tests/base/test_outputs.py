"""Outputs, their files and the generated parts of READMEs, codebook and data index."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest

import kube_research as kr
from kube_research.errors import MissingTableError, OptionError
from kube_research.outputs import OUTPUTS, Output, find_output
from kube_research.reproduction import memory
from kube_research.reproduction.cells import build
from kube_research.site import checksums
from kube_research.site.folder import Site
from tools import refresh


def test_every_printed_table_and_figure_is_there_once() -> None:
    printed = [output.printed for output in OUTPUTS if output.printed]
    wanted = [f"Table {n}" for n in (2, 4, 5, 6, 7, 8, 9)] + [f"Figure {n}" for n in range(1, 6)]
    assert sorted(printed) == sorted(wanted)
    assert len({output.name for output in OUTPUTS}) == len(OUTPUTS)


@pytest.mark.parametrize("output", OUTPUTS, ids=lambda output: output.name)
def test_each_output_is_shown_by_its_notebook_and_committed(
    output: Output[..., Any], root: Path
) -> None:
    notebook = (root / "notebooks" / output.notebook).read_text(encoding="utf-8")
    assert f'kr.show(\\"{output.name}\\"' in notebook
    for name in output.files(simulated=bool(output.logs)):
        assert (root / "figures" / name).stat().st_size > 300, name
    room = output.module.partition(".")[0]
    made = getattr(getattr(kr, room), output.name)
    assert made is output
    assert output.__doc__ != Output.__doc__
    assert {"site", "lang"} <= set(inspect.signature(output).parameters)
    assert callable(output.frame)


def test_nothing_else_lies_in_figures(root: Path) -> None:
    known = {name for output in OUTPUTS for name in output.files(simulated=bool(output.logs))}
    there = {path.name for path in (root / "figures").iterdir()}
    # What reproduce remembers lies beside them, and git ignores it.
    assert there - {memory.NAME} == known


def test_an_output_is_built_anew_byte_for_byte(study: Site, root: Path, tmp_path: Path) -> None:
    for name in ("table_4", "figure_1", "peka_profile"):
        _, paths = build(find_output(name), study, tmp_path)
        assert len(paths) == 4
        for path in paths:
            assert path.read_bytes() == (root / "figures" / path.name).read_bytes(), path.name


def test_a_failed_build_writes_nothing(twin: Site, tmp_path: Path) -> None:
    with pytest.raises(MissingTableError):
        build(find_output("table_4"), twin, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_output_names_those_there_are() -> None:
    with pytest.raises(OptionError, match="peka_profile"):
        find_output("figure_9")


@pytest.mark.parametrize("name", ["README.md", "README.id.md"])
def test_readme_tables_are_fresh(root: Path, name: str) -> None:
    readme = (root / name).read_text(encoding="utf-8")
    assert readme.count("<!-- outputs:") == readme.count("<!-- scoreboard:") == 1
    assert refresh.with_outputs(readme) == readme


def test_codebook_and_index_are_fresh(root: Path) -> None:
    assert (root / "data" / "datapackage.json").read_text(encoding="utf-8") == refresh.codebook()
    assert (root / "data" / "index.csv").read_text(encoding="utf-8") == refresh.data_index()
    assert checksums.changed_files("cibeunying") == []


def test_checksums_do_not_depend_on_line_ends(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x,y\r\n1,2\r\n")
    (tmp_path / "b").write_bytes(b"x,y\n1,2\n")
    assert checksums.file_checksum(tmp_path / "a") == checksums.file_checksum(tmp_path / "b")
