"""Oracle: check_site on the same files; faults planted by kr.simulate.programme."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from engine_cases import untouchable
from engine_frames import ENGINES, as_engine, plain
from hypothesis import given, settings
from hypothesis import strategies as st
from site_files import copy_tiny, read_rows, set_cell, typed_tables, write_rows

import kube_research as kr
from kube_research.programme.checks import duplicates
from kube_research.site.folder import Site
from tools.programme import programme as write_programme

#: Faults of the tiny site: file, row, column, what is written there, and rows appended to a file.
CELLS = [
    ("ratings.csv", 3, "item_2", "6"),
    ("ratings.csv", 4, "item_1", "0"),
    ("ratings.csv", 5, "item_1", "2.5"),
    ("ratings.csv", 5, "item_2", "2.467"),
    ("ratings.csv", 7, "group", "02"),
    ("attendance.csv", 2, "person", "A7"),
    ("attendance.csv", 3, "role", "pengurus"),
    ("attendance.csv", 5, "group", "01"),
    ("attendance.csv", 7, "activity", "rapat"),
    ("members.csv", 4, "left", "2023-12-31"),
    ("ledger.csv", 4, "balance", "15500"),
    ("ledger.csv", 9, "amount", "11000"),
    ("ledger.csv", 12, "person", "Z9"),
    ("activities.csv", 3, "kind", "party"),
    ("ledger.csv", 5, "category", "2024-02-07"),
    ("ledger.csv", 6, "category", "7E+01"),
    ("attendance.csv", 9, "group", "01-Feb"),
]
ROWS = {
    "attendance.csv": [
        ["pelatihan", "01", "A2", "anggota", "excused"],
        ["penilaian_2", "", "", "tokoh", "present"],
    ],
}
#: Rules that count_violations leaves to check_site.
LEFT = {"rater_count", "few_people", "few_raters", "before_joining", "after_leaving", "date_far"}


def faulty(parent: Path) -> Path:
    folder = copy_tiny(parent)
    for cell in CELLS:
        set_cell(folder, *cell)
    for name, rows in ROWS.items():
        write_rows(folder / name, [*read_rows(folder / name), *rows])
    return folder


@pytest.mark.parametrize("engine", ["pandas", *ENGINES])
def test_counts_are_those_of_check(tmp_path: Path, engine: str) -> None:
    folder = faulty(tmp_path)
    checked = Counter(
        (one.file.partition(".")[0], one.code)
        for one in kr.check_site(folder)
        if one.code not in LEFT
    )
    given_tables: dict[str, Any] = typed_tables(folder)
    for name in ("ratings", "attendance", "ledger", "members"):
        given_tables[name] = as_engine(engine, given_tables[name])
    found = kr.count_violations(given_tables, scale=(1, 5), groups=["01", "02"])
    counted: Counter[tuple[str, str]] = Counter()
    for row in found.itertuples(index=False):
        counted[(row.table, row.code)] += row.count
    assert counted == checked
    assert len(checked) >= 10
    severities = dict(zip(found["code"], found["severity"], strict=True))
    assert severities["balance"] == "finding"
    assert severities["off_scale"] == "error"


def test_a_sound_site_has_no_violations(twin: Site) -> None:
    assert kr.count_violations(twin).empty
    assert kr.count_violations(twin, scale=(1, 3))["code"].tolist() == ["off_scale"]


@pytest.mark.parametrize("engine", ["duckdb", "polars", "pandas"])
def test_every_planted_fault_is_counted(tmp_path: Path, engine: str) -> None:
    planted = {
        "score_off_scale": 2,
        "duplicate_rating": 3,
        "unknown_item": 1,
        "unknown_group": 2,
        "balance_off": 1,
        "sign_error": 2,
        "person_not_in_roster": 4,
        "status_invalid": 3,
    }
    folder = write_programme(
        tmp_path / "p", groups=14, raters=3, items=4, seed=8, faults=planted, regencies=2
    )
    scan = kr.scan_sites(folder, engine=engine)
    found = kr.count_violations(scan)
    counts = {(r.table, r.code): r.count for r in found.itertuples(index=False)}
    assert counts == {
        ("ratings", "off_scale"): 2,
        ("ratings", "duplicate"): 3,
        ("ratings", "reference"): 1,
        ("ratings", "unknown_group"): 2,
        ("attendance", "choice"): 3,
        ("attendance", "reference"): 4,
        ("ledger", "balance"): 3,
    }
    faults = pd.read_csv(folder / "faults.csv", dtype="string")
    off = found[found["code"] == "off_scale"]["first"].iloc[0]
    for fault in faults[faults["kind"] == "score_off_scale"].to_dict("records"):
        where = f"round {fault['round']}, group {fault['group']}, rater {fault['rater']}"
        assert f"{where}, item {fault['item']}: {fault['became']}" in off


@pytest.mark.parametrize("engine", ["duckdb", "polars lazy"])
def test_violating_rows_are_lazy(twin: Site, engine: str) -> None:
    raw = twin.ratings.drop(columns=["locator"])
    frame = untouchable(engine, raw)
    found = kr.programme.lazy_violations({"ratings": frame}, scale=(1, 3))
    assert {code for _, _, code, _ in found} >= {"off_scale", "required", "duplicate", "two_groups"}
    for _, column, code, rows in found:
        if code != "column_missing" and column != "activity" and not isinstance(rows, pd.DataFrame):
            with pytest.raises(Exception, match="computed"):
                plain(rows)
    there = kr.programme.lazy_violations({"ratings": as_engine(engine, raw)}, scale=(1, 3))
    rows = next(rows for _, _, code, rows in there if code == "off_scale")
    assert len(plain(rows)) == (raw["score"] > 3).sum()


KEYS = st.lists(
    st.tuples(
        st.integers(1, 2),
        st.sampled_from("ab"),
        st.one_of(st.none(), st.integers(0, 4), st.integers(48, 53)),
    ),
    max_size=30,
)


@given(KEYS)
@settings(max_examples=60)
def test_duplicates_are_those_of_pandas(rows: list[tuple[int, str, int | None]]) -> None:
    frame = pd.DataFrame(rows, columns=["round", "rater", "item"])
    frame = frame.astype({"round": "Int64", "rater": "string", "item": "Int64"})
    expected = int(frame.dropna().duplicated().sum())
    assert int(duplicates("ratings", frame)["_count"].sum()) == expected


def test_an_item_a_hundred_times_is_ninety_nine_too_many() -> None:
    rows = [(1, "a", item) for item in range(1, 51)] + [(1, "a", 50)] * 99
    frame = pd.DataFrame(rows, columns=["round", "rater", "item"])
    assert duplicates("ratings", frame)["_count"].tolist() == [99]


def test_wrong_types_and_columns_are_counted() -> None:
    ratings = pd.DataFrame(
        {
            "round": [1.0, 1.5, 1.0],
            "group": ["01", "-x", None],
            "rater": ["A", "B", "C"],
            "item": ["1", "two", "3"],
            "note": "",
        }
    )
    for engine in ("pandas", "duckdb", "polars lazy"):
        found = kr.count_violations({"ratings": as_engine(engine, ratings)})
        told = {(row.column, row.code): row.count for row in found.itertuples(index=False)}
        assert told[("round", "type_integer")] == 1
        assert told[("item", "type_integer")] == 1
        assert told[("group", "type_code")] == 1
        assert told[("group", "required")] == 1
        assert told[("score", "column_missing")] == 1
        assert told[("note", "column_unknown")] == 1
        assert told[("item", "reference_absent")] == 1
