"""Oracles: the cross product of a 2 x 2 table, a grid over the likelihood, finite differences."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import kube_research as kr
from kube_research.errors import OptionError
from kube_research.odds import odds_of_change, odds_ratio


def test_two_levels_are_the_cross_product() -> None:
    # 20 and 10 scores of 1 and 2 before; 8 and 25 after.
    scores = [1] * 20 + [2] * 10 + [1] * 8 + [2] * 25
    later = [0] * 30 + [1] * 33
    fit = odds_ratio(scores, later, interval="wald")
    assert fit.log_odds == pytest.approx(np.log(20 * 25 / (10 * 8)), abs=1e-9)
    assert fit.se == pytest.approx(np.sqrt(1 / 20 + 1 / 10 + 1 / 8 + 1 / 25), abs=1e-9)
    half = stats.norm.ppf(0.975) * fit.se
    assert np.log([fit.low, fit.high]) == pytest.approx([fit.log_odds - half, fit.log_odds + half])


def grid(scores: np.ndarray, later: np.ndarray) -> tuple[float, float]:
    """The best log odds ratio of three levels and its log-likelihood, by brute force."""
    table = np.array([[np.sum((scores == k) & (later == s)) for k in (1, 2, 3)] for s in (0, 1)])
    low, high, best = np.array([-4.0, -4.0, -4.0]), np.array([4.0, 4.0, 4.0]), (-np.inf, 0.0)
    for _ in range(9):
        axes = [np.linspace(a, b, 21) for a, b in zip(low, high, strict=True)]
        first, step, beta = np.meshgrid(*axes, indexing="ij")
        total = np.zeros_like(first)
        for side in (0, 1):
            one = 1 / (1 + np.exp(-(first - beta * side)))
            two = 1 / (1 + np.exp(-(first + np.exp(step) - beta * side)))
            for count, chance in zip(table[side], (one, two - one, 1 - two), strict=True):
                total += count * np.log(np.maximum(chance, 1e-300))
        at = np.unravel_index(total.argmax(), total.shape)
        best = (float(total[at]), float(beta[at]))
        centre = np.array([axes[k][at[k]] for k in range(3)])
        width = (high - low) / 5
        low, high = centre - width, centre + width
    return best[1], best[0]


@pytest.mark.parametrize("seed", range(4))
def test_three_levels_by_a_likelihood_grid(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores = np.concatenate(
        [rng.choice([1, 2, 3], 15), rng.choice([1, 2, 3], 18, p=[0.2, 0.3, 0.5])]
    )
    later = np.repeat([0, 1], [15, 18])
    fit = odds_ratio(scores, later)
    log_odds, loglik = grid(scores, later)
    assert fit.log_odds == pytest.approx(log_odds, abs=2e-3)
    assert fit.loglik == pytest.approx(loglik, abs=1e-5)


def test_profile_ends_lie_where_the_likelihood_has_dropped() -> None:
    scores = np.array([1, 1, 2, 2, 3, 3, 2, 1, 2, 3, 3, 4, 4, 2, 3, 4])
    later = np.repeat([0, 1], 8)
    fit = odds_ratio(scores, later)
    from kube_research.odds import _Model

    level = scores - 1
    model = _Model(level, later.astype(float), np.zeros(16, dtype=int))
    for end in (fit.low, fit.high):
        drop = model.fit(np.ones(16), float(np.log(end)))[1] + fit.loglik
        assert 2 * drop == pytest.approx(stats.chi2.ppf(0.95, 1), abs=1e-4)
    at = np.array([-1.0, 0.3, 1.5, 0.8])
    step = 1e-6 * np.eye(4)
    ones = np.ones(16)
    slope = [(model.loss(at + s, ones) - model.loss(at - s, ones)) / 2e-6 for s in step]
    assert model.slope(at, ones) == pytest.approx(slope, abs=1e-4)
    bend = [(model.slope(at + s, ones) - model.slope(at - s, ones)) / 2e-6 for s in step]
    np.testing.assert_allclose(model.curve(at, ones), bend, atol=1e-4)


@given(st.lists(st.tuples(st.integers(1, 4), st.booleans()), min_size=2, max_size=14))
@settings(max_examples=80, deadline=None)
def test_separation_is_found_exactly(rows: list[tuple[int, bool]]) -> None:
    before = [score for score, late in rows if not late]
    after = [score for score, late in rows if late]
    fit = odds_ratio([*before, *after], [0] * len(before) + [1] * len(after), interval="wald")
    if not before or not after:
        assert fit.reason == "nobody"
    elif len({*before, *after}) == 1:
        assert fit.reason == "one_value"
    elif max(before) <= min(after) or max(after) <= min(before):
        assert fit.reason == "odds_separation"
        up = max(before) <= min(after)
        assert fit.odds_ratio == (np.inf if up else 0)
        assert (fit.high == np.inf) if up else (fit.low == 0)
        assert np.isfinite(fit.low)
    else:
        assert fit.reason == ""
        assert np.isfinite([fit.log_odds, fit.se, fit.p]).all()
        assert fit.low < fit.odds_ratio < fit.high


def test_swapping_the_rounds_turns_the_ratio_over() -> None:
    scores, later = [1, 2, 2, 3, 2, 3, 4, 4, 1], np.array([0, 0, 0, 0, 0, 1, 1, 1, 1])
    one, two = odds_ratio(scores, later), odds_ratio(scores, 1 - later)
    assert one.log_odds == pytest.approx(-two.log_odds)
    assert one.low == pytest.approx(1 / two.high, rel=1e-4)


def test_items_have_levels_of_their_own() -> None:
    rng = np.random.default_rng(1)
    n = 3000
    item, later = rng.integers(0, 2, n), rng.integers(0, 2, n)
    latent = 0.9 * later + 3.0 * item + rng.logistic(size=n)
    scores = np.digitize(latent, [0.0, 1.5, 3.0])
    with_items = odds_ratio(scores, later, items=item, interval="wald")
    assert with_items.log_odds == pytest.approx(0.9, abs=3 * with_items.se)
    assert odds_ratio(scores, later, interval="wald").log_odds < with_items.log_odds - 0.1


def test_robust_error_equals_the_plain_one_for_lone_scores_and_grows_for_copies() -> None:
    rng = np.random.default_rng(2)
    later = np.repeat([0, 1], 300)
    scores = np.digitize(later * 0.7 + rng.logistic(size=600), [-0.5, 0.5, 1.5])
    wald = odds_ratio(scores, later, interval="wald")
    robust = odds_ratio(scores, later, clusters=np.arange(600), interval="robust")
    assert robust.se == pytest.approx(wald.se, rel=0.1)
    copies = odds_ratio(
        np.tile(scores, 4),
        np.tile(later, 4),
        clusters=np.tile(np.arange(600), 4),
        interval="robust",
    )
    assert copies.se == pytest.approx(robust.se, rel=1e-6)
    few = odds_ratio(scores, later, clusters=later, interval="robust")
    assert few.reason == "few_odds"
    with pytest.raises(OptionError):
        odds_ratio(scores, later, interval="robust")
    with pytest.raises(OptionError):
        odds_ratio(scores, later, interval="likely")


def test_the_twins_overall_change(twin: kr.site.Site) -> None:
    done = odds_of_change(twin.ratings)
    assert done["cut"].tolist() == ["all", ">= 2", ">= 3", ">= 4"]
    assert set(done["evidence"]) == {"simulated"}
    assert set(done["clusters"]) == {21}
    assert (done["low"] < done["odds_ratio"]).all()
    assert done["reason"].eq("").all()
    by_group = odds_of_change(twin.ratings, cluster="group")
    assert by_group["odds_ratio"].tolist() == pytest.approx(done["odds_ratio"].tolist())


def test_degenerate_ratings_give_a_reason_in_both_languages() -> None:
    ratings = pd.DataFrame(
        {
            "round": [1, 1, 1, 2, 2, 2],
            "rater": list("ABCABC"),
            "item": 9,
            "score": [1, 1, 2, 3, 3, 3],
        }
    )
    done = odds_of_change(ratings, lang="id")
    assert done.loc[0, "odds_ratio"] == np.inf
    assert done.loc[0, "reason"].startswith("Terpisah")
    with pytest.raises(OptionError, match="two rounds"):
        odds_of_change(ratings[ratings["round"] == 1])
