"""Oracles: scipy.stats.t.ppf; numpy's median, sum and standard deviation of the scores counted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t

import kube_research as kr
from kube_research import levels as score_levels
from kube_research.engines import field_column


@pytest.mark.parametrize("n", [5, 8, 9, 30, 2_999, 10**6])
def test_the_interval_takes_the_quantile_of_t_from_scipy(n: int) -> None:
    levels = pd.DataFrame({"item": 1, "_value": [2, 3], "_rank": 0, "_count": [n - 1, 1]})
    row = score_levels.describe_levels(levels, by=["item"], at_least=3).iloc[0]
    half = t.ppf(0.975, n - 1) * row["sd"] / np.sqrt(n)
    assert row["ci_high"] - row["mean"] == pytest.approx(half, rel=1e-9)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=40))
def test_counts_of_levels_tell_all_that_the_scores_tell(scores: list[int]) -> None:
    raters = [f"R{place}" for place in range(len(scores))]
    frame = pd.DataFrame({"round": 1, "rater": raters, "item": 9, "score": scores})
    row = kr.score_items(frame, at_least=4).iloc[0]
    assert (row["n"], row["total"]) == (len(scores), sum(scores))
    assert row["mean"] == pytest.approx(np.mean(scores), rel=1e-14)
    assert row["median"] == np.median(scores)
    assert (row["low"], row["high"]) == (min(scores), max(scores))
    assert row["share_at_least"] == pytest.approx(np.mean(np.array(scores) >= 4))
    if len(scores) > 1:
        assert row["sd"] == pytest.approx(np.std(scores, ddof=1), abs=1e-13)


def test_counts_of_two_parts_add_up_to_those_of_the_whole() -> None:
    rng = np.random.default_rng(1)
    whole = pd.DataFrame({"item": rng.integers(1, 4, 60), "score": rng.integers(1, 5, 60)})
    parts = [
        score_levels.count_levels(part, by=["item"], value="score")
        for part in (whole[:25], whole[25:])
    ]
    merged = score_levels.describe_levels(pd.concat(parts), by=["item"], at_least=3)
    pd.testing.assert_frame_equal(merged, kr.score_items(whole, by=["item"]))


def test_a_word_that_is_no_grade_leaves_the_evidence_missing() -> None:
    frame = pd.DataFrame({"item": [1, 2], "score": 3, "evidence": ["sure", "derived"]})
    found = kr.score_items(frame, by=["item"])["evidence"]
    assert found.isna().tolist() == [True, False]


def test_items_find_their_fields_in_runs_and_gaps() -> None:
    fields = {1: 1, 2: 1, 3: 2, 5: 2, 6: 1}
    rows = pd.DataFrame({"item": [0, 1, 2, 3, 4, 5, 6, 7]})
    numbers = field_column(rows, fields=fields)["field_no"]
    expected = [None, 1, 1, 2, None, 2, 1, None]
    assert [None if pd.isna(number) else number for number in numbers] == expected
