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
from kube_research.engines import Step, walk


def test_the_quantile_of_t_is_that_of_scipy() -> None:
    df = np.unique(np.r_[1:3000, np.logspace(3, 9, 400).round()]).astype("int64")
    step = Step(lambda rows: rows.with_columns(q=score_levels._t_quantile(rows["df"])))
    found = walk(pd.DataFrame({"df": df}), [step])["q"].to_numpy()
    np.testing.assert_allclose(found, t.ppf(0.975, df), rtol=2e-15)


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
    count, describe, order = score_levels.score_steps(["item"], 3)
    assert describe.merge is not None
    parts = pd.concat([walk(whole[:25], [count]), walk(whole[25:], [count])])
    merged = walk(parts, [Step(describe.merge), describe, order]).reset_index(drop=True)
    pd.testing.assert_frame_equal(
        merged.astype({"evidence": "string"}), kr.score_items(whole, by=["item"])
    )


def test_a_word_that_is_no_grade_leaves_the_evidence_missing() -> None:
    frame = pd.DataFrame({"item": [1, 2], "score": 3, "evidence": ["sure", "derived"]})
    found = kr.score_items(frame, by=["item"])["evidence"]
    assert found.isna().tolist() == [True, False]


def test_items_find_their_fields_in_runs_and_gaps() -> None:
    fields = {1: 1, 2: 1, 3: 2, 5: 2, 6: 1}
    step = Step(lambda rows: score_levels.field_column(rows, fields=fields))
    found = walk(pd.DataFrame({"item": [0, 1, 2, 3, 4, 5, 6, 7]}), [step])["field_no"]
    expected = [None, 1, 1, 2, None, 2, 1, None]
    assert [None if pd.isna(one) else one for one in found] == expected
