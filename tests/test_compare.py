"""Oracles: scipy.stats.mannwhitneyu for Cliff's delta; cases worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu

import kube_research as kr
from kube_research.compare import cliffs_delta
from kube_research.errors import OptionError

SCORES = st.lists(st.integers(1, 5), min_size=1, max_size=20)


@given(SCORES, SCORES)
def test_cliffs_delta_is_a_rescaled_mann_whitney_u(before: list[int], after: list[int]) -> None:
    u = (
        mannwhitneyu(after, before, method="asymptotic").statistic
        if len({*before, *after}) > 1
        else (len(before) * len(after) / 2)
    )
    assert cliffs_delta(before, after) == pytest.approx(2 * u / (len(before) * len(after)) - 1)


def test_nobody_gives_no_delta() -> None:
    assert np.isnan(cliffs_delta([], [1]))


TWO = pd.DataFrame(
    {
        "round": [1, 1, 2, 2, 2, 1, 2],
        "group": "07",
        "rater": ["A", "B", "A", "C", "D", "A", "A"],
        "item": [9, 9, 9, 9, 9, 13, 13],
        "field_no": [1, 1, 1, 1, 1, 2, 2],
        "score": [1, 2, 2, 3, 3, 4, 2],
    }
)


def test_change_by_item_by_hand() -> None:
    done = kr.compare_rounds(TWO).set_index("item")
    row = done.loc[9]
    assert (row["n_before"], row["n_after"], row["raters_in_both"]) == (2, 3, 1)
    assert row["mean_before"] == 1.5
    assert row["change"] == pytest.approx(8 / 3 - 1.5)
    assert row["cliffs_delta"] == pytest.approx(5 / 6)
    assert done.loc[13, "change"] == -2


def test_overall_takes_each_raters_mean() -> None:
    row = kr.compare_rounds(TWO, by="overall").iloc[0]
    # Round 1: A (1 + 4) / 2 = 2.5, B 2. Round 2: A (2 + 2) / 2 = 2, C 3, D 3.
    assert row["mean_before"] == 2.25
    assert row["mean_after"] == pytest.approx(8 / 3)
    assert row["n_after"] == 3


def test_rounds_can_be_named_and_must_exist() -> None:
    back = kr.compare_rounds(TWO, before=2, after=1).set_index("item")
    assert back.loc[13, "change"] == 2
    with pytest.raises(OptionError):
        kr.compare_rounds(TWO, after=3)
    with pytest.raises(OptionError):
        kr.compare_rounds(TWO, by="village")
    with pytest.raises(OptionError, match="two rounds"):
        kr.compare_rounds(TWO[TWO["round"] == 1])


def test_the_twins_named_items_all_rise(twin: kr.site.Site, study: kr.site.Site) -> None:
    done = kr.compare_rounds(twin.ratings).set_index("item")
    assert (done.loc[study.item_means["item"], "change"] > 0).all()
    assert set(done["raters_in_both"]) == {12}
    assert set(done["evidence"]) == {"simulated"}
