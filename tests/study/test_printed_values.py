"""The scoreboard: what it holds, and that every altered printed value turns it red."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import kube_research as kr
from kube_research.site.folder import Site
from kube_research.study.printed_values import headline

BOTH = ("en", "id")


def altered(site: Site, table: str, where: str, column: str, value: object) -> Site:
    frame = site.table(table)
    rows = frame.eval(where)
    assert rows.any(), where
    frame.loc[rows, column] = value
    return dataclasses.replace(site, tables={**site.tables, table: frame})


def mismatches(site: Site) -> list[str]:
    board = kr.scoreboard(site)
    return board.loc[board["verdict"] == "mismatch", "check"].tolist()


@pytest.mark.parametrize("lang", BOTH)
def test_the_study_agrees_with_itself(study: Site, lang: str) -> None:
    board = kr.reproduce(study, lang=lang)
    assert list(board.columns) == [
        "notebook",
        "check",
        "printed",
        "recomputed",
        "verdict",
        "evidence",
        "locator",
    ]
    assert (board["verdict"] != "mismatch").all()
    assert (board["verdict"] == "conflict").sum() == study.conflicts["conflict"].nunique()
    assert board["locator"].str.len().gt(0).all()
    assert "0 " in headline(board, lang)


def test_what_the_twin_contributes_is_graded_simulated(study: Site) -> None:
    alone = dataclasses.replace(study, info=dataclasses.replace(study.info, twin=""))
    ours = set(kr.scoreboard(alone)["check"])
    board = kr.scoreboard(study)
    from_twin = board[~board["check"].isin(ours)]
    assert len(from_twin) > 10
    assert set(from_twin["evidence"]) == {"simulated"}
    assert "simulated" not in set(kr.scoreboard(alone)["evidence"])


def test_every_notebook_has_its_rows(study: Site) -> None:
    board = kr.scoreboard(study)
    assert set(board["notebook"]) == {"01", "02", "03", "04", "05", "06"}
    part = kr.scoreboard(study, notebook="03")
    assert len(part) == (board["notebook"] == "03").sum()


CHANGES = [
    ("item_means", "item == 9", "mean", "2.47"),
    ("item_means", "item == 14", "mean", "2.46"),
    ("item_means", "item == 23", "mean", "2.2"),
    ("item_means", "item == 13", "n", 16),
    ("rounds", "round == 1", "n_raters", 16),
    ("rounds", "round == 2", "n_raters", 19),
    ("rounds", "round == 2", "date", pd.Timestamp("2016-06-12")),
    ("facts", "fact == 'mean_item_26_repeated'", "value", "2.28"),
    ("facts", "fact == 'fields'", "value", "8"),
    ("facts", "fact == 'groups'", "value", "6"),
    ("facts", "fact == 'programme_months'", "value", "5"),
    ("facts", "fact == 'months_running_at_kuber'", "value", "8"),
    ("facts", "fact == 'minimum_wage'", "value", "1001195"),
    ("facts", "fact == 'informants_officers'", "value", "4"),
    ("facts", "fact == 'attendance_high'", "value", "55"),
    ("facts", "fact == 'round_2_direction'", "value", "fell"),
    ("activities", "activity == 'mentoring_3'", "date", pd.Timestamp("2016-05-05")),
    ("activities", "activity == 'mentoring_3'", "printed_date", "Kamis 4 Mei 2016"),
    ("activities", "activity == 'mentoring_3'", "end", "18:00"),
    ("activities", "activity == 'fieldwork'", "last_date", pd.Timestamp("2016-06-30")),
    ("outcomes", "activity == 'training_admin' and target_pct == 80", "target_pct", 70.0),
    ("iks_rule", "purpose == 'posyandu'", "share_pct", 10.0),
    ("conflicts", "conflict == 'meetings' and reading == 'a'", "value", "3"),
    ("conflicts", "conflict == 'groups' and reading == 'b'", "value", "07 08 10 11 25"),
]


@pytest.mark.parametrize(
    "change", CHANGES, ids=lambda change: f"{change[0]}-{change[2]}-{change[3]}"
)
def test_a_changed_value_turns_the_board_red(study: Site, change: tuple) -> None:
    assert mismatches(altered(study, *change))


def test_mismatches_come_first(study: Site) -> None:
    board = kr.scoreboard(altered(study, *CHANGES[0]))
    assert board["verdict"].iloc[0] == "mismatch"
    assert headline(board).endswith(f"{(board['verdict'] == 'mismatch').sum()} mismatches")


def test_a_site_of_ones_own_has_no_rows_it_cannot_fill(root: Path) -> None:
    board = kr.scoreboard(kr.load_site(root / "tests" / "data" / "tiny"))
    assert (board["verdict"] != "mismatch").all()
    assert "data files" not in " ".join(board["check"])


@pytest.mark.slow
def test_any_changed_digit_of_any_file_is_seen(project: Path, project_env: dict[str, str]) -> None:
    path = project / "data" / "cibeunying" / "facts.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("28946", "28947"), encoding="utf-8")
    code = "import kube_research as kr; b = kr.reproduce(); print(b.iloc[0].tolist())"
    process = subprocess.run(
        [sys.executable, "-c", code],
        env=project_env,
        cwd=project,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "mismatch" in process.stdout
    assert "facts.csv" in process.stdout
