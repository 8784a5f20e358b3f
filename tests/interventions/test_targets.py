"""Oracle: every comparison worked out by hand."""

from __future__ import annotations

import pandas as pd
import pytest

import kube_research as kr
from kube_research.site.folder import Site

CASES = [
    (">=", 90, 90, "=", "met", 0),
    (">=", 90, 89.9, "=", "missed", -0.1),
    (">", 70, 70, "=", "missed", 0),
    (">", 70, 70, ">", "met", 0),
    (">", 70, 70, ">=", "undecided", 0),
    (">", 70, 95, "=", "met", 25),
    (">=", 90, 80, ">", "undecided", -10),
    (">=", 80, 80, ">", "met", 0),
    (">=", 90, 80, ">=", "undecided", -10),
    (">=", 80, 90, "about", "undecided", 10),
    ("about", 80, 80, "=", "undecided", 0),
    (">=", 90, None, None, "not reported", None),
    (None, None, 80, "=", "no target", None),
    (None, None, None, None, "no target", None),
]


@pytest.mark.parametrize("case", CASES)
def test_verdict_and_gap(case: tuple) -> None:
    comparison, target, got, how, verdict, gap = case
    row = pd.DataFrame({"activity": ["a"], "measure": ["m"], "comparison": [comparison]})
    row["target_pct"] = pd.array([target], dtype="Float64")
    row["achieved_pct"] = pd.array([got], dtype="Float64")
    row["achieved_comparison"] = pd.array([how], dtype="string")
    done = kr.targets_against_results(row.astype({"comparison": "string"})).iloc[0]
    assert done["verdict"] == verdict
    assert pd.isna(done["gap"]) if gap is None else done["gap"] == pytest.approx(gap)


def test_without_the_optional_column_a_figure_is_that_figure() -> None:
    row = pd.DataFrame(
        {
            "activity": ["a"],
            "measure": ["m"],
            "comparison": [">="],
            "target_pct": [80],
            "achieved_pct": [80],
        }
    )
    assert kr.targets_against_results(row)["verdict"].tolist() == ["met"]


def test_the_studys_verdicts(study: Site) -> None:
    done = kr.targets_against_results(study.outcomes).set_index(["activity", "measure"])["verdict"]
    assert done["training_admin", "message_received"] == "missed"
    assert done["study_visit", "programme_success"] == "met"
    assert done["mentoring", "message_received"] == "met"
    assert done["kuber", "message_received"] == "undecided"
    assert done.value_counts().to_dict() == {
        "not reported": 5,
        "met": 4,
        "missed": 1,
        "no target": 1,
        "undecided": 1,
    }
