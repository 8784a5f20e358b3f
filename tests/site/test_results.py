"""Results as counts, and percentages that are meant otherwise.

Oracle: arithmetic by hand; whether a count prints as a percentage is taken from ``grim_percent``.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest
from site_files import copy_tiny, full_tiny, put, set_cell, typed_tables

import kube_research as kr

HEAD = (
    "activity,measure,comparison,target_pct,achieved_pct,achieved_n,achieved_of,achieved_comparison"
)


def results(parent: Path, *rows: str, head: str = HEAD) -> Path:
    """Return a copy of the tiny site with these outcomes, each row from ``target_pct`` on."""
    lines = [f"pelatihan,m{place},>=,{row}" for place, row in enumerate(rows)]
    put(copy_tiny(parent), "outcomes.csv", "\n".join([head, *lines]) + "\n")
    return parent / "site"


def told(folder: Path) -> list[tuple[int, str, str, str]]:
    return [(p.row, p.column, p.code, p.severity) for p in kr.check_site(folder)]


def test_counts_stand_instead_of_percentages(tmp_path: Path) -> None:
    head = "activity,measure,comparison,target_pct,achieved_n,achieved_of"
    folder = results(tmp_path, "80,15,18", "70,7,10", "80,,", "80,0,12", head=head)
    assert told(folder) == []
    site = kr.load_site(folder)
    derived = [None if pd.isna(share) else share for share in site.outcomes["achieved_pct"]]
    assert derived == [float(Fraction(1500, 18)), 70, None, 0]
    compared = kr.targets_against_results(site.outcomes)
    assert compared["verdict"].tolist() == ["met", "met", "not reported", "missed"]


E, F, W = "error", "finding", "warning"


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("80,83,15,18,", None),
        ("80,83.33,15,18,=", None),
        ("80,83.3333333333333,15,18,", None),
        ("80,85,15,18,", ("achieved_pct", "percent_counts", E)),
        ("80,84,15,18,", ("achieved_pct", "percent_rounding", F)),
        ("80,80,15,18,>", None),
        ("80,85,15,18,>", ("achieved_pct", "percent_counts", E)),
        ("80,85,15,18,about", None),
        ("80,83,,18,", None),
        ("80,85,,18,", ("achieved_pct", "percent_of", F)),
        ("80,,15,,", ("achieved_of", "count_half", E)),
        ("100,,120,100,", ("achieved_n", "count_over", E)),
        ("100,120,120,100,", None),
        ("150,260,,,", None),
        ("80,0.83,,,", ("achieved_pct", "percent_fraction", W)),
        ("90,0.9,,,", ("achieved_pct", "percent_fraction", W)),
        ("80,1,,,", ("achieved_pct", "percent_fraction", W)),
        (",0.5,,,", ("achieved_pct", "percent_fraction", W)),
        ("0.8,83,,,", ("target_pct", "percent_fraction", W)),
        ("2,0.83,,,", None),
        ("80,0,,,", None),
        ("80,830,,,", ("achieved_pct", "percent_far", W)),
        ("80,8300,,,", ("achieved_pct", "percent_far", W)),
        ("100,250,,,", None),
    ],
)
def test_what_counts_and_percentages_say(
    tmp_path: Path, row: str, expected: tuple[str, str, str] | None
) -> None:
    assert told(results(tmp_path, row)) == ([(2, *expected)] if expected else [])


def test_a_percentage_that_no_count_gives_is_that_of_grim_percent(tmp_path: Path) -> None:
    folder = results(tmp_path, *(f"50,{printed},,18," for printed in range(2, 101)))
    found = {row for row, _, code, _ in told(folder) if code == "percent_of"}
    assert found == {printed for printed in range(2, 101) if not kr.grim_percent(str(printed), 18)}


@pytest.mark.parametrize(
    ("row", "near", "mended", "share"),
    [
        ("80,0.83,,,", "write 83", "80,83,,,", 83),
        ("0.8,83,,,", "write 80", "80,83,,,", 83),
        ("80,15 dari 18,,,", "write 15 in the column achieved_n and 18", "80,,15,18,", 1500 / 18),
        ("80,15/18,,,", "write 15 in the column achieved_n and 18", "80,,15,18,", 1500 / 18),
        ("80,85,15,18,", "clear this cell", "80,,15,18,", 1500 / 18),
        ("100,,4,3,", "write 133.3 in achieved_pct", "100,133.3,4,3,", 133.3),
        ("80,830,,,", "write 83 if", "80,83,,,", 83),
    ],
)
def test_a_remedy_leads_to_a_clean_check_and_the_right_number(
    tmp_path: Path, row: str, near: str, mended: str, share: float
) -> None:
    (problem,) = kr.check_site(results(tmp_path / "a", row))
    assert near in problem.remedy
    folder = results(tmp_path / "b", mended)
    assert told(folder) == []
    assert kr.load_site(folder).outcomes["achieved_pct"].tolist() == pytest.approx([share])


def test_without_counts_the_percentage_is_still_asked_for(tmp_path: Path) -> None:
    head = "activity,measure,comparison,target_pct,achieved_n"
    assert told(results(tmp_path, "80,15", head=head))[0] == (
        1,
        "achieved_pct",
        "column_missing",
        E,
    )


def test_facts_that_are_calculated_with_are_read_as_their_kind(tmp_path: Path) -> None:
    folder = full_tiny(tmp_path)
    set_cell(folder, "facts.csv", 2, "value", "Rp 2.001.195,-")
    set_cell(folder, "facts.csv", 3, "value", "2 Mei 2024")
    assert told(folder) == []
    facts = kr.load_site(folder).facts.set_index("fact")["value"]
    assert facts[["minimum_wage", "books_daily_since", "opened_by"]].tolist() == [
        "2001195", "2024-05-02", "Kepala dusun",
    ]  # fmt: skip
    set_cell(folder, "facts.csv", 2, "value", "12,500")
    (problem,) = kr.check_site(folder)
    assert problem.remedy == "write 12500 if that is meant; decimals cannot stand in this column"
    set_cell(folder, "facts.csv", 2, "value", "dua juta")
    with pytest.raises(kr.errors.SiteError, match=r"facts.csv:2:value: 'dua juta'"):
        kr.load_site(folder)


def test_rounds_out_of_order_are_told_where_the_lower_number_is_later(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    set_cell(folder, "rounds.csv", 2, "date", "2024-08-11")
    (problem,) = [p for p in kr.check_site(folder) if p.severity == "error"]
    assert (problem.row, problem.column, problem.code) == (3, "date", "round_order")
    assert "round 2 (2024-08-10) is dated before round 1 (2024-08-11)" in problem.problem


def test_small_tables_count_alike_in_a_programme(tmp_path: Path) -> None:
    folder = full_tiny(tmp_path)
    rows = ["80,85,15,18,", "80,,15,,", "100,,120,100,", "80,83,15,18,"]
    lines = [f"pelatihan,m{place},>=,{row}" for place, row in enumerate(rows)]
    put(folder, "outcomes.csv", "\n".join([HEAD, *lines]) + "\n")
    set_cell(folder, "facts.csv", 2, "value", "dua juta")
    set_cell(folder, "rounds.csv", 3, "date", "2024-01-01")
    checked = {
        (p.file.split(".")[0], p.column, p.code) for p in kr.check_site(folder) if p.severity == E
    }
    given = {name: frame for name, frame in typed_tables(folder).items() if name in
             ("rounds", "outcomes", "facts", "activities", "items")}  # fmt: skip
    found = kr.count_violations(given, scale=(1, 5), groups=["01", "02"])
    counted = {tuple(row) for row in found[["table", "column", "code"]].itertuples(index=False)}
    assert counted == checked
    assert len(checked) == 5
    assert found["count"].eq(1).all()


@pytest.mark.parametrize(
    ("column", "day", "code", "rows"),
    [
        ("left", "2024-05-01", "after_leaving", {"ratings.csv"}),
        ("joined", "2024-03-01", "before_joining", {"ratings.csv", "ledger.csv", "attendance.csv"}),
    ],
)
def test_rating_and_paying_outside_membership_is_told(
    tmp_path: Path, column: str, day: str, code: str, rows: set[str]
) -> None:
    folder = copy_tiny(tmp_path)
    set_cell(folder, "members.csv", 2, column, day)
    found = [p for p in kr.check_site(folder) if p.code == code]
    assert {p.file for p in found} >= rows
    assert {p.severity for p in found} == {"warning"}
    assert {p.value for p in found} == {"A1"}
