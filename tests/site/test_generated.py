"""Seeded mistakes in a site that has every table: located exactly, and nothing else told.

Oracle: each site is the sound one with one mistake whose place is known. Longer runs of the same
generator (``python tests/site/test_generated.py 0 2000``) list what is told otherwise.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "helpers"))

from malformed import Generator, broken_promise, sound_site

import kube_research as kr
from kube_research.site.folder import Site

Sound = tuple[Path, Site]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> list[Sound]:
    """The sound site with wide and with long ratings."""
    folders = [sound_site(tmp_path_factory.mktemp(f"{long}"), long=long) for long in (False, True)]
    return [(folder, kr.load_site(folder)) for folder in folders]


def test_the_sound_site_has_every_table_and_no_problem(sound: list[Sound]) -> None:
    for folder, site in sound:
        assert kr.check_site(folder) == []
        assert set(site.tables) == set(kr.site.schema.tables())


@pytest.mark.parametrize("seed", range(60))
def test_a_mistake_is_told_where_it_stands(tmp_path: Path, sound: list[Sound], seed: int) -> None:
    folder, site = sound[seed % 2]
    spoilt, mistake = Generator(folder, seed).make(tmp_path)
    assert broken_promise(spoilt, mistake, site) == "", mistake


def main(first: int, last: int) -> None:
    """Print the seeds whose mistakes are not told as promised."""
    with tempfile.TemporaryDirectory() as parent:
        folders = [sound_site(Path(parent) / f"{long}", long=long) for long in (False, True)]
        sites = [kr.load_site(folder) for folder in folders]
        for seed in range(first, last):
            there = Path(parent) / f"seed{seed}"
            there.mkdir()
            spoilt, mistake = Generator(folders[seed % 2], seed).make(there)
            if words := broken_promise(spoilt, mistake, sites[seed % 2]):
                print(seed, mistake.kind, mistake.table, sorted(mistake.places)[:2], words[:300])


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
