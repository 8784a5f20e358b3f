"""Sites of a programme with different instruments, and negative statements of one in Parquet."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from engine_frames import plain
from site_files import copy_tiny, edit

import kube_research as kr


def test_sites_that_number_other_statements_break_a_rule(tmp_path: Path) -> None:
    for name in ("a", "b"):
        copy_tiny(tmp_path / name).rename(tmp_path / f"site_{name}")
        (tmp_path / name).rmdir()
    scan = kr.scan_sites(tmp_path, engine="pandas")
    assert scan.problems == []
    assert "instruments_differ" not in set(kr.programme.count_violations(scan)["code"])
    edit(tmp_path / "site_b", "items.csv", "Pengurus bertemu setiap bulan", "Kas dihitung")
    scan = kr.scan_sites(tmp_path, engine="pandas")
    (problem,) = scan.problems
    assert problem.code == "instruments_differ"
    assert "item(s) 1 of site_b" in problem.problem
    counts = kr.programme.count_violations(scan).set_index("code")["count"]
    assert counts["instruments_differ"] == 1


@pytest.mark.parametrize("engine", ["pandas", "polars", "duckdb"])
def test_negative_statements_of_a_programme_are_turned_by_every_engine(
    tmp_path: Path, engine: str
) -> None:
    (tmp_path / "programme.toml").write_text("scale = [1, 4]\nthreshold = 2.5\n")
    items = "item,field_no,statement_id,direction,weight\n1,1,A,negative,2\n2,1,B,positive,\n"
    (tmp_path / "items.csv").write_text(items)
    answers = pd.DataFrame(
        {"round": 1, "group": "01", "rater": "A", "item": [1, 2], "score": [4, 2]}
    )
    answers.to_parquet(tmp_path / "ratings.parquet")
    ratings = kr.scan_sites(tmp_path, engine=engine).ratings
    turned = plain(ratings).sort_values("item")
    assert turned[["score", "score_given"]].to_numpy().tolist() == [[1, 4], [2, 2]]
    # By hand: (2 * 1 + 1 * 2) / 3.
    assert kr.score_fields(ratings)["mean"].tolist() == [pytest.approx(4 / 3)]
