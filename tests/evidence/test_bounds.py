"""Oracles: Python's statistics module and brute force over multisets."""

from __future__ import annotations

import statistics
from itertools import combinations_with_replacement

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kube_research as kr
from kube_research.errors import MissingColumnError, OptionError, ScaleError
from kube_research.evidence.bounds import Bounds, bounds_frame, sharp_bounds
from kube_research.evidence.compatible import NoneCompatibleError, compatible_counts
from kube_research.evidence.numbers import possible_totals
from kube_research.site.folder import Site


def share(scores: tuple[int, ...], least: int) -> float:
    return sum(score >= least for score in scores) / len(scores)


ORACLES = {
    "mean": lambda scores: float(statistics.mean(scores)),
    "sd": statistics.stdev,
    "median": statistics.median,
    "share_at_least:3": lambda scores: share(scores, 3),
}


@settings(max_examples=80, deadline=None)
@given(
    st.integers(2, 7),
    st.sampled_from([(1, 3), (1, 4), (1, 5), (0, 3)]),
    st.integers(0, 50),
    st.integers(0, 1),
)
def test_bounds_equal_brute_force_and_witnesses_attain_them(
    n: int, scale: tuple[int, int], tenths: int, missing: int
) -> None:
    mean = f"{tenths / 10:.1f}"
    counts = compatible_counts(mean, n, scale, missing=missing)
    possible = [
        scores
        for given_n in range(n, max(n - missing, 1) - 1, -1)
        for scores in combinations_with_replacement(range(scale[0], scale[1] + 1), given_n)
        if sum(scores) in possible_totals(mean, given_n)
    ]
    assert len(possible) == len(counts)
    if not possible:
        return
    listed = {tuple(row) for row in counts.tolist()}
    for name, oracle in ORACLES.items():
        values = [oracle(scores) for scores in possible if len(scores) > 1 or name != "sd"]
        found = sharp_bounds(counts, name, scale=scale)
        if not values:
            assert np.isnan(found.low)
            continue
        assert found.low == pytest.approx(min(values), abs=1e-12)
        assert found.high == pytest.approx(max(values), abs=1e-12)
        for end, witness in ((found.low, found.low_witness), (found.high, found.high_witness)):
            assert oracle(tuple(witness.tolist())) == pytest.approx(end, abs=1e-12)
            assert (
                tuple(np.bincount(witness - scale[0], minlength=scale[1] - scale[0] + 1)) in listed
            )
            assert (np.diff(witness) >= 0).all()


def test_any_function_of_the_scores_is_bounded() -> None:
    counts = compatible_counts("2.46", 15, (1, 4), rounding="truncate")
    for name, function in (("sd", lambda x: np.std(x, ddof=1)), ("median", np.median)):
        own, named = (
            sharp_bounds(counts, function, scale=(1, 4)),
            sharp_bounds(counts, name, scale=(1, 4)),
        )
        assert (own.low, own.high) == pytest.approx((named.low, named.high))
    top = sharp_bounds(counts, lambda scores: int((scores == 4).sum()), scale=(1, 4))
    # 15 raters, total 37: 22 points above one each; at most 7 fours (21 points) and one two.
    assert (top.low, top.high) == (0, 7)
    assert top.high_witness.tolist() == [1] * 7 + [2] + [4] * 7


def test_shares_by_name_and_by_pair_agree_also_beyond_the_scale() -> None:
    counts = compatible_counts("2.40", 15)
    for score in (0, 1, 2, 3, 4, 5):
        named = sharp_bounds(counts, f"share_at_least:{score}", scale=(1, 4))
        paired = sharp_bounds(counts, ("share_at_least", score), scale=(1, 4))
        assert (named.low, named.high) == (paired.low, paired.high)
        if score < 2:
            assert (named.low, named.high) == (1, 1)
        if score > 4:
            assert (named.low, named.high) == (0, 0)


def test_values_that_are_not_numbers_are_passed_over() -> None:
    counts = np.array([[1, 0, 0], [1, 0, 1], [2, 0, 0]])
    found = sharp_bounds(counts, "sd", scale=(1, 3))
    assert (found.low, found.high) == (0, pytest.approx(2**0.5))
    never = sharp_bounds(counts[:1], "sd", scale=(1, 3))
    assert np.isnan(never.low)
    assert np.isnan(never.high)
    assert never.evidence == "bounded"


def test_the_study(study: Site) -> None:
    found = bounds_frame(study.item_means, (1, 4), "truncate")
    assert len(found) == 6 * 6
    assert found["statistic"].unique().tolist() == [
        "mean",
        "sd",
        "median",
        "share_at_least:2",
        "share_at_least:3",
        "share_at_least:4",
    ]
    totals = dict(zip(study.item_means["item"], (37, 35, 36, 37, 33, 34), strict=True))
    for item, part in found.groupby("item"):
        rows = part.set_index("statistic")
        total = totals[item]
        assert rows.loc["mean", "low"] == rows.loc["mean", "high"] == total / 15
        assert rows.loc["mean", "evidence"] == "derived"
        ends = kr.sd_bounds(total, 15, (1, 4))
        assert (rows.loc["sd", "low"], rows.loc["sd", "high"]) == pytest.approx(ends)
        assert rows.loc["sd", "evidence"] == "bounded"
        for side in ("low", "high"):
            witness = [int(score) for score in rows.loc["sd", f"{side}_witness"].split()]
            assert (len(witness), sum(witness)) == (15, total)
            assert statistics.stdev(witness) == pytest.approx(rows.loc["sd", side])


def test_an_impossible_mean_has_no_bounds() -> None:
    means = pd.DataFrame({"item": [9], "mean": ["2.46"], "n": [15], "evidence": ["simulated"]})
    found = bounds_frame(means, statistics=["median", ("share_at_least", 3)])
    assert found["statistic"].tolist() == ["median", "share_at_least:3"]
    assert found["compatible"].tolist() == [0, 0]
    assert found["low"].isna().all()
    assert found["high"].isna().all()
    assert (found["low_witness"] == "").all()
    assert (found["evidence"] == "simulated").all()


def test_frame_keeps_the_round_and_names_functions_and_may_be_empty() -> None:
    means = pd.DataFrame({"round": [1, 2], "item": [9, 9], "mean": ["1.00", "1.00"], "n": [3, 3]})
    found = bounds_frame(means, statistics=[np.ptp])
    assert found["round"].tolist() == [1, 2]
    assert found["statistic"].tolist() == ["ptp", "ptp"]
    assert found["low_witness"].tolist() == ["1 1 1"] * 2
    assert (found["evidence"] == "derived").all()
    empty = bounds_frame(means.iloc[:0])
    assert list(empty.columns) == list(found.columns)
    assert len(empty) == 0


def test_bad_input_is_refused() -> None:
    counts = compatible_counts("2.40", 15)
    for wrong in ("mode", "share_at_least", "share_at_least:x", ("share", 3), 3):
        with pytest.raises(OptionError, match="share_at_least"):
            sharp_bounds(counts, wrong, scale=(1, 4))  # type: ignore[arg-type]
    for matrix in ([[1.0, 2.0, 0.0, 0.0]], [[1, 2, 3]], [[1, -1, 0, 2]], [[[1, 2, 3, 4]]]):
        with pytest.raises(OptionError, match="Counts"):
            sharp_bounds(matrix, "mean", scale=(1, 4))
    with pytest.raises(OptionError, match="nobody"):
        sharp_bounds([[1, 0, 0, 0], [0, 0, 0, 0]], "mean", scale=(1, 4))
    with pytest.raises(ScaleError):
        sharp_bounds(counts, "mean", scale=(4, 1))
    with pytest.raises(NoneCompatibleError):
        sharp_bounds(counts[:0], "mean", scale=(1, 4))
    with pytest.raises(NoneCompatibleError):
        sharp_bounds([], "mean", scale=(1, 4))
    with pytest.raises(MissingColumnError, match="item"):
        bounds_frame(pd.DataFrame({"mean": ["2.40"], "n": [15]}))
    assert Bounds(1.0, 1.0, np.array([1]), np.array([1])).evidence == "derived"
