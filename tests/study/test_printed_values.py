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
from kube_research.study.printed_values import AGREEMENTS, agreements, headline
from tools.twin import twin as drawn_twin

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
        "agreement",
        "evidence",
        "locator",
    ]
    assert (board["verdict"] != "mismatch").all()
    assert (board["verdict"] == "conflict").sum() == study.conflicts["conflict"].nunique()
    assert board["locator"].str.len().gt(0).all()
    assert set(board["agreement"]) == set(AGREEMENTS)
    assert headline(board, lang).endswith(": 0.")


@pytest.mark.parametrize("lang", BOTH)
def test_conflicts_show_all_their_readings_and_none_as_recomputed(study: Site, lang: str) -> None:
    board = kr.scoreboard(study, lang=lang).query("agreement == 'conflict'")
    assert set(board["recomputed"]) == {""}
    readings = study.conflicts.groupby("conflict", sort=False)["value"].agg(" / ".join)
    assert board["printed"].tolist() == readings.tolist()
    labels = study.conflicts.groupby("conflict", sort=False)[f"label_{lang}"].agg(" / ".join)
    assert board["check"].tolist() == labels.tolist()
    assert board["locator"].iloc[0] == "Results 2b"  # printed there twice, named once


#: For every value that the headline counts: a change of what is printed, and one of what the value is
#: computed from. Each alone must show, or the two sides would not be two.
BOTH_SIDES = [
    (("facts", "fact == 'fields'", "value", "8"), ("fields", "field_no == 7", None, None)),
    (("facts", "fact == 'groups'", "value", "6"), ("site", "", "groups", ("07", "08", "10", "11"))),
    (
        ("facts", "fact == 'programme_months'", "value", "5"),
        ("facts", "fact == 'fieldwork_end'", "value", "2016-07-30"),
    ),
    (
        ("facts", "fact == 'months_running_at_peka_1'", "value", "4"),
        ("facts", "fact == 'months_running_at_kuber'", "value", "8"),
    ),
    (
        ("facts", "fact == 'income_high'", "value", "2500000"),
        ("facts", "fact == 'minimum_wage'", "value", "1001195"),
    ),
    *(
        (
            ("activities", f"activity == '{activity}'", "printed_date", f"Kamis {day}"),
            ("activities", f"activity == '{activity}'", "date", pd.Timestamp("2016-07-05")),
        )
        for activity, day in {
            "preparation_meeting": "22 Februari 2016",
            "mentoring_1": "5 Maret 2016",
            "mentoring_2": "2 April 2016",
            "mentoring_3": "4 Mei 2016",
            "mentoring_4": "11 Juni 2016",
        }.items()
    ),
]


def changed(site: Site, table: str, where: str, column: str | None, value: object) -> Site:
    if table == "site":
        return dataclasses.replace(site, info=dataclasses.replace(site.info, **{column: value}))
    if column is None:
        kept = site.table(table).query(f"not ({where})")
        return dataclasses.replace(site, tables={**site.tables, table: kept})
    return altered(site, table, where, column, value)


def test_what_the_headline_counts_could_have_been_wrong_on_either_side(study: Site) -> None:
    counted = set(kr.scoreboard(study).query("agreement == 'recomputed'")["check"])
    for changes in zip(*BOTH_SIDES, strict=True):
        shown = {check for change in changes for check in mismatches(changed(study, *change))}
        assert counted <= shown


def test_what_a_generator_or_a_rule_put_in_agrees_whatever_was_printed(study: Site) -> None:
    """Another mean goes in, the same comes out: such a row may not count in the headline."""
    other = altered(study, "item_means", "item == 9", "mean", "2.40")
    again = drawn_twin(other)
    drawn = {name: again[name] for name in ("ratings", "attendance", "ledger")}
    board = kr.scoreboard(dataclasses.replace(other, tables={**other.tables, **drawn}))
    of_item = board[board["check"].str.contains("item 9") & board["printed"].eq("2.40")]
    assert len(of_item) == 2  # by the twin's ratings, by the total derived from the mean itself
    assert (of_item["verdict"] == "match").all()
    assert (board["verdict"] != "mismatch").all()
    assert not set(of_item["agreement"]) - {"by construction"}
    simulated = board[board["evidence"] == "simulated"]
    assert len(simulated) > 10
    assert set(simulated["agreement"]) == {"by construction"}


def test_items_stay_below_a_threshold_that_is_set_above_them(study: Site) -> None:
    higher = study.table("item_means").assign(mean="2.93")
    info = dataclasses.replace(study.info, thresholds=(3.0,))
    moved = dataclasses.replace(study, tables={**study.tables, "item_means": higher}, info=info)
    for site in (study, moved):
        (row,) = kr.scoreboard(site).query("printed == '9 13 14 19 23 26'").to_dict("records")
        assert (row["verdict"], row["agreement"]) == ("match", "by construction")


def test_field_records_of_a_site_itself_are_recomputed(root: Path) -> None:
    tiny = kr.load_site(root / "tests" / "data" / "tiny")
    kept = {name: frame.assign(evidence="recorded") for name, frame in tiny.tables.items()}
    board = kr.scoreboard(dataclasses.replace(tiny, tables=kept))
    raters = board[board["check"].str.startswith("raters in round")]
    assert set(raters["evidence"]) == {"recorded"}
    assert set(raters["agreement"]) == {"recomputed"}


def test_fifteen_raters_are_allowed_but_not_forced(study: Site) -> None:
    """n = 15, 30, 45 and 60 by trying every total of every n (exact, digits cut off)."""
    cents = [int(mean.replace(".", "")) for mean in study.item_means["mean"]]
    possible = [
        n
        for n in range(1, 61)
        if all(any(100 * total // n == cent for total in range(n, 5 * n + 1)) for cent in cents)
    ]
    (row,) = kr.scoreboard(study).query("agreement == 'compatible'").to_dict("records")
    assert row["printed"] == "15"
    assert row["recomputed"] == ", ".join(map(str, possible)) == "15, 30, 45, 60"


@pytest.mark.parametrize("lang", BOTH)
def test_the_headline_counts_only_what_was_recomputed(study: Site, lang: str) -> None:
    board = kr.scoreboard(study, lang=lang)
    counts = board["agreement"].value_counts()
    assert counts["recomputed"] == len(BOTH_SIDES)
    assert headline(board, lang).count(f"{counts['recomputed']} ") == 2
    table = agreements(study, lang=lang)
    assert table["agreement"].tolist() == list(AGREEMENTS)
    assert table.set_index("agreement")["rows"].to_dict() == counts.to_dict()
    assert table[["match", "mismatch", "conflict"]].sum(axis=1).tolist() == table["rows"].tolist()


def test_balances_count_what_is_written(twin: Site) -> None:
    """Nothing printed is 0: the row counts written balances, and those that are right."""
    ledger = twin.table("ledger")
    (row,) = kr.scoreboard(twin).query("locator == 'ledger'").to_dict("records")
    assert row["printed"] == row["recomputed"] == str(ledger["balance"].notna().sum())
    ledger.loc[ledger.index[-1], "balance"] += 1
    wrong = dataclasses.replace(twin, tables={**twin.tables, "ledger": ledger})
    (row,) = kr.scoreboard(wrong).query("locator == 'ledger'").to_dict("records")
    assert int(row["printed"]) - int(row["recomputed"]) == 1
    assert row["verdict"] == "mismatch"


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
    assert headline(board).endswith(f"Mismatches: {(board['verdict'] == 'mismatch').sum()}.")


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
