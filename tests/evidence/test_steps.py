"""Scores in steps of their own (half points). Oracle: brute force over every multiset of scores.

Exact arithmetic of the oracle is that of ``fractions`` and, for rounding, of ``decimal``.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import combinations_with_replacement, product
from statistics import median, stdev

import numpy as np
import pandas as pd
import pytest

import kube_research as kr
from kube_research.errors import OptionError, ScaleError

#: Scale, step, and how many raters are tried.
SCALES = [((1, 4), 0.5, 3), ((0, 1), 0.25, 4), ((0, 10), 2.5, 3), ((-1, 1), 0.5, 3)]


def scores(scale: tuple[int, int], step: float) -> list[Fraction]:
    low, high, size = scale[0], scale[1], Fraction(str(step))
    return [low + place * size for place in range(int((high - low) / size) + 1)]


def multisets(scale: tuple[int, int], step: float, n: int) -> list[tuple[Fraction, ...]]:
    return list(combinations_with_replacement(scores(scale, step), n))


def printed(value: Fraction, digits: int = 2) -> str:
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    cut = exact.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return f"{cut if cut else abs(cut)}"


def vector(raters: tuple[Fraction, ...], levels: list[Fraction]) -> list[int]:
    return [raters.count(level) for level in levels]


@pytest.mark.parametrize(("scale", "step", "n"), SCALES)
def test_totals_and_vectors_are_those_of_brute_force(
    scale: tuple[int, int], step: float, n: int
) -> None:
    every = multisets(scale, step, n)
    for mean in sorted({printed(sum(raters, Fraction(0)) / n) for raters in every}):
        fits = [raters for raters in every if printed(sum(raters, Fraction(0)) / n) == mean]
        options = {"scale": scale, "step": step}
        totals = kr.evidence.possible_totals(mean, n, **options)
        assert totals == sorted({float(sum(raters)) for raters in fits})
        listed = kr.compatible_counts(mean, n, **options)
        assert sorted(map(list, listed.tolist())) == sorted(
            vector(raters, scores(scale, step)) for raters in fits
        )
        assert kr.count_compatible(mean, n, **options) == len(fits)
        drawn = kr.sample_compatible(mean, n, size=5, seed=1, **options)
        assert {tuple(row) for row in drawn.tolist()} <= {tuple(row) for row in listed.tolist()}
        for total in totals:
            spreads = [stdev(map(float, raters)) for raters in every if float(sum(raters)) == total]
            assert kr.sd_bounds(total, n, scale, step=step) == pytest.approx(
                (min(spreads), max(spreads))
            )
        for name, function in {"mean": np.mean, "sd": stdev, "median": median}.items():
            values = [float(function([float(score) for score in raters])) for raters in fits]
            bounds = kr.evidence.sharp_bounds(listed, name, **options)
            assert (bounds.low, bounds.high) == pytest.approx((min(values), max(values)))
            assert sum(bounds.low_witness.tolist()) in totals


def test_a_half_point_makes_a_mean_possible_that_whole_numbers_do_not() -> None:
    """Two raters with 2.0 and 2.5: 4.5 / 2 = 2.25; of whole numbers the total would be 4.5."""
    assert not kr.grim("2.25", n=2)
    assert kr.grim("2.25", n=2, step=0.5)
    assert kr.evidence.possible_totals("2.25", 2, step=0.5) == [4.5]
    assert kr.evidence.consistent_n(["2.25"], 8, step=0.5) == [2, 4, 6, 8]
    frame = pd.DataFrame({"mean": ["2.25"], "n": [2]})
    assert kr.evidence.check_numbers(frame, step=0.5)["consistent"].tolist() == [True]


def test_deviations_are_those_of_brute_force() -> None:
    scale, step, n = (1, 3), 0.5, 4
    every = multisets(scale, step, n)
    seen = {
        (printed(sum(raters, Fraction(0)) / n), f"{stdev(map(float, raters)):.2f}")
        for raters in every
    }
    means = sorted({mean for mean, _ in seen})
    deviations = sorted({sd for _, sd in seen} | {"0.30", "0.77"})
    for mean, sd in product(means, deviations):
        assert kr.grimmer(mean, sd, n, scale, step=step) == ((mean, sd) in seen), (mean, sd)
        many = kr.count_compatible(mean, n, scale, sd=sd, step=step)
        assert (many > 0) == ((mean, sd) in seen)


def test_a_change_is_counted_in_points_not_in_steps() -> None:
    """Two raters each, 1 to 2 in half points: brute force over every pair of multisets."""
    scale, step = (1, 2), 0.5
    before, after = "1.25", "1.75"
    pairs = [
        float(sum(b) - sum(a)) / 2
        for a in multisets(scale, step, 2)
        for b in multisets(scale, step, 2)
        if (printed(sum(a) / 2), printed(sum(b) / 2)) == (before, after)
    ]
    given = [{"mean": mean, "n": 2, "scale": scale, "step": step} for mean in (before, after)]
    found = kr.change_bounds(*given, "mean_difference")
    assert (found.low, found.high) == (min(pairs), max(pairs)) == (0.5, 0.5)
    paired = kr.change_bounds(*given, "mean_difference", overlap=1)
    own = [
        float(y - x)
        for a in multisets(scale, step, 2)
        for b in multisets(scale, step, 2)
        if (printed(sum(a) / 2), printed(sum(b) / 2)) == (before, after)
        for x in a
        for y in b
    ]
    assert (paired.low, paired.high) == (min(own), max(own))
    with pytest.raises(OptionError):
        kr.change_bounds(given[0], {**given[1], "step": 1, "mean": "1.50"}, "mean_difference")


def test_the_decision_map_of_half_points_is_that_of_the_same_points_counted_whole() -> None:
    """Scores 1, 1.5, 2 of three raters are 2, 3, 4 halved: the same pairs, the same p."""
    halves = kr.evidence.decision_frame(
        pd.DataFrame({"item": [1], "mean": ["1.17"], "n": [3]}),
        scales=[(1, 2)],
        n_after=4,
        step=0.5,
    )
    whole = kr.evidence.decision_frame(
        pd.DataFrame({"item": [1], "mean": ["2.33"], "n": [3]}), scales=[(2, 4)], n_after=4
    )
    same = ["pairs", "significant", "p_low", "p_high", "delta_low", "delta_high", "region"]
    pd.testing.assert_frame_equal(halves[same], whole[same])
    assert (halves["total_after"] * 2).tolist() == whole["total_after"].tolist()
    assert halves["mean_before"].iloc[0] == pytest.approx(3.5 / 3)


def test_a_loaded_table_carries_its_step() -> None:
    means = pd.DataFrame({"round": [1], "item": [1], "mean": ["2.25"], "n": [2]})
    assert kr.evidence.means_audit(means)["possible"].tolist() == [0, 0, 0, 0]
    means.attrs["scale"] = (1, 4, 0.5)
    assert kr.evidence.means_audit(means)["possible"].tolist() == [1, 1, 1, 1]
    assert kr.peka.score_means(means, scale=(1, 4))["total"].tolist() == [4.5]
    shares = kr.evidence.bounds_frame(means, (1, 4))["statistic"].tolist()
    assert shares[3:5] == ["share_at_least:1.5", "share_at_least:2"]


@pytest.mark.parametrize("step", [0, -0.5, 0.4, "half", float("nan")])
def test_a_step_has_to_lead_along_the_scale(step: float) -> None:
    with pytest.raises(ScaleError):
        kr.compatible_counts("2.00", 2, (1, 4), step=step)
