"""Oracles: scipy.stats.bootstrap (BCa), the law school data of Efron and Tibshirani (1993)."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import gamma

from kube_research.compare import effects
from kube_research.compare.effects import (
    Floats,
    Resamples,
    cliffs_deltas,
    hedges_gs,
    mean_changes,
)
from kube_research.errors import OptionError

# Efron and Tibshirani (1993), table 3.1: LSAT and GPA of 15 law schools; the correlation is .776.
LAW = np.array(
    [
        (576, 3.39), (635, 3.30), (558, 2.81), (578, 3.03), (666, 3.44),
        (580, 3.07), (555, 3.00), (661, 3.43), (651, 3.36), (605, 3.13),
        (653, 3.12), (575, 2.74), (545, 2.76), (572, 2.88), (594, 2.96),
    ]
)  # fmt: skip
NAN = np.nan
SCORES = st.lists(st.integers(1, 5), min_size=2, max_size=12)


def correlation(weights: Floats, before: Floats, after: Floats) -> Floats:
    share = weights / weights.sum(axis=1, keepdims=True)
    x, y = (side.T - share @ side for side in (before, after))
    both: Floats = (share * x * y).sum(1) / np.sqrt((share * x**2).sum(1) * (share * y**2).sum(1))
    return both[:, None]


def delta_of_definition(before: Sequence[float], after: Sequence[float]) -> float:
    pairs = np.sign(np.asarray(after, float) - np.asarray(before, float)[:, None])
    return float(pairs.mean()) if pairs.size else NAN


def apart(before: Sequence[float], after: Sequence[float]) -> tuple[Floats, Floats, Floats]:
    """Return two rounds of different raters as the statistics take them: weights, before, after."""
    n, m = len(before), len(after)
    b, a = np.full((n + m, 1), NAN), np.full((n + m, 1), NAN)
    b[:n, 0], a[n:, 0] = before, after
    return np.ones((1, n + m)), b, a


def mean_ends(sample: Any, **options: Any) -> Floats:
    """Return the BCa ends of the means of a sample, as changes from nothing."""
    table = np.asarray(sample, dtype=float).reshape(len(sample), -1)
    drawn = Resamples.of(np.zeros_like(table), table, **options)
    return drawn.ends(mean_changes, 0.95)[1]


# -- effect sizes ----------------------------------------------------------------------------


def test_cliffs_delta_of_a_published_example() -> None:
    # R package effsize, help page of cliff.delta: -0.25 for treatment against control.
    treatment = [10, 10, 20, 20, 20, 30, 30, 30, 40, 50]
    control = [10, 20, 30, 40, 40, 50]
    assert cliffs_deltas(*apart(control, treatment))[0, 0] == pytest.approx(-0.25)


@given(SCORES, SCORES)
def test_cliffs_delta_is_a_rescaled_mann_whitney_u(before: list[int], after: list[int]) -> None:
    delta, size = cliffs_deltas(*apart(before, after))[0, 0], len(before) * len(after)
    if len({*before, *after}) > 1:
        u = stats.mannwhitneyu(after, before, method="asymptotic").statistic
        assert delta == pytest.approx(2 * u / size - 1)
    else:
        assert delta == 0


def test_nobody_gives_no_delta() -> None:
    assert np.isnan(cliffs_deltas(*apart([], [1]))[0, 0])


@pytest.mark.parametrize("m", [2, 3, 10, 31, 400])
def test_the_correction_is_the_exact_one(m: int) -> None:
    exact = (
        gamma(m / 2) / (np.sqrt(m / 2) * gamma((m - 1) / 2)) if m < 300 else (1 - 3 / (4 * m - 1))
    )
    assert float(effects.hedges_correction(m)) == pytest.approx(exact, rel=1e-6)
    assert np.isnan(effects.hedges_correction(1))


@given(SCORES, SCORES)
@settings(deadline=None)
def test_hedges_g_from_a_t_statistic(before: list[int], after: list[int]) -> None:
    n, m = len(before), len(after)
    g = hedges_gs(*apart(before, after))[0, 0]
    if np.ptp(before) == 0 and np.ptp(after) == 0:
        assert np.isnan(g)
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # scipy warns when one side is constant
            t = stats.ttest_ind(after, before).statistic
        d = t * np.sqrt(1 / n + 1 / m)
        assert g == pytest.approx(d * float(effects.hedges_correction(n + m - 2)), abs=1e-9)


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_weighted_statistics_equal_those_of_repeated_scores(data: st.DataObject) -> None:
    seed = data.draw(st.integers(0, 10**6))
    rng = np.random.default_rng(seed)
    n, items = int(rng.integers(3, 9)), 3
    before = rng.integers(1, 5, (n, items)).astype(float)
    after = rng.integers(1, 5, (n, items)).astype(float)
    before[rng.random((n, items)) < 0.3] = NAN
    after[rng.random((n, items)) < 0.3] = NAN
    weights = rng.multinomial(n, np.ones(n) / n, 4).astype(float)
    for draw, counts in enumerate(weights.astype(int)):
        for item in range(items):
            b, a = np.repeat(before[:, item], counts), np.repeat(after[:, item], counts)
            b, a = b[~np.isnan(b)], a[~np.isnan(a)]
            wanted = delta_of_definition(b, a)
            got = cliffs_deltas(weights, before, after)[draw, item]
            assert got == pytest.approx(wanted, nan_ok=True)
            change = a.mean() - b.mean() if a.size and b.size else NAN
            got = mean_changes(weights, before, after)[draw, item]
            assert got == pytest.approx(change, nan_ok=True)
            wanted = hedges_gs(*apart(b, a))[0, 0] if a.size and b.size else NAN
            got = hedges_gs(weights, before, after)[draw, item]
            assert got == pytest.approx(wanted, nan_ok=True, abs=1e-9)


# -- the bootstrap ---------------------------------------------------------------------------


def test_resamples_keep_the_size_of_each_stratum_and_the_chances() -> None:
    counts = effects.resample_counts([4, 6], 20_000, np.random.default_rng(3))
    assert set(counts[:, :4].sum(axis=1)) == {4}
    assert set(counts[:, 4:].sum(axis=1)) == {6}
    np.testing.assert_allclose(counts.mean(axis=0), 1, atol=0.03)
    np.testing.assert_allclose(counts.var(axis=0)[:4], 4 * (1 / 4) * (3 / 4), atol=0.03)


def test_bca_of_means_is_scipys() -> None:
    rng = np.random.default_rng(1)
    sample = np.minimum(rng.geometric(0.4, (18, 12)), 5)
    ours = mean_ends(sample, draws=20_000)
    theirs = stats.bootstrap(
        (sample.astype(float),), np.mean, axis=0, method="BCa", n_resamples=20_000, rng=5
    ).confidence_interval
    np.testing.assert_allclose(ours[0], theirs.low, atol=0.06)
    np.testing.assert_allclose(ours[1], theirs.high, atol=0.06)


def test_bca_ends_from_the_same_resamples_are_scipys() -> None:
    rng = np.random.default_rng(8)
    x, y = rng.gamma(2, size=15), rng.gamma(3, size=18)

    def change(b: Floats, a: Floats, axis: int) -> Floats:
        done: Floats = a.mean(axis=axis) - b.mean(axis=axis)
        return done

    found = stats.bootstrap((x, y), change, method="BCa", n_resamples=5000, rng=2)
    left = [
        np.array([[y.mean() - np.delete(x, i).mean()] for i in range(15)]),
        np.array([[np.delete(y, i).mean() - x.mean()] for i in range(18)]),
    ]
    draws = found.bootstrap_distribution[:, None]
    ends = effects.bca_ends(draws, np.array([y.mean() - x.mean()]), left, 0.95, 0.9)
    assert ends[:2, 0] == pytest.approx(list(found.confidence_interval), abs=1e-9)
    assert ends[2, 0] > ends[0, 0]
    assert ends[3, 0] < ends[1, 0]


def test_bca_of_the_law_school_correlation() -> None:
    here, ends = Resamples.of(LAW[:, :1], LAW[:, 1:], draws=20_000).ends(correlation, 0.95)
    assert here[0] == pytest.approx(0.776, abs=5e-4)
    theirs = stats.bootstrap(
        (LAW[:, 0], LAW[:, 1]),
        lambda x, y, axis: stats.pearsonr(x, y, axis=axis)[0],
        paired=True,
        vectorized=True,
        n_resamples=20_000,
        rng=1,
    ).confidence_interval
    assert ends[:, 0] == pytest.approx(list(theirs), abs=0.02)


def test_two_independent_rounds_are_scipys_two_sample_bootstrap() -> None:
    rng = np.random.default_rng(4)
    x, y = rng.integers(1, 5, 15).astype(float), rng.integers(2, 6, 18).astype(float)
    b, a = np.full((33, 1), NAN), np.full((33, 1), NAN)
    b[:15, 0], a[15:, 0] = x, y
    here, ends = Resamples.of(b, a, design="independent", draws=20_000).ends(mean_changes, 0.95)
    found = stats.bootstrap(
        (x, y),
        lambda one, two, axis: two.mean(axis=axis) - one.mean(axis=axis),
        method="BCa",
        n_resamples=20_000,
        rng=1,
    ).confidence_interval
    assert here[0] == pytest.approx(y.mean() - x.mean())
    assert ends[:, 0] == pytest.approx(list(found), abs=0.05)


def test_pairs_are_scipys_one_sample_bootstrap_of_differences() -> None:
    rng = np.random.default_rng(5)
    x = rng.integers(1, 5, 16).astype(float)
    y = np.clip(x + rng.integers(-1, 3, 16), 1, 5)
    _, ends = Resamples.of(x[:, None], y[:, None], design="paired", draws=20_000).ends(
        mean_changes, 0.95
    )
    found = stats.bootstrap((y - x,), np.mean, method="BCa", n_resamples=20_000, rng=1)
    assert ends[:, 0] == pytest.approx(list(found.confidence_interval), abs=0.04)


def test_an_interval_of_delta_is_scipys() -> None:
    rng = np.random.default_rng(6)
    x, y = rng.integers(1, 5, 14).astype(float), rng.integers(2, 6, 14).astype(float)
    b, a = np.full((28, 1), NAN), np.full((28, 1), NAN)
    b[:14, 0], a[14:, 0] = x, y
    _, ends = Resamples.of(b, a, design="independent", draws=10_000).ends(cliffs_deltas, 0.95)

    found = stats.bootstrap(
        (x, y), delta_of_definition, vectorized=False, method="BCa", n_resamples=3000, rng=1
    ).confidence_interval
    assert ends[:, 0] == pytest.approx(list(found), abs=0.06)


def test_clusters_are_drawn_whole() -> None:
    clusters = np.repeat(np.arange(12), 3)
    sample = clusters / 4 + np.tile([0.0, 0.01, -0.01], 12)
    whole = mean_ends(sample, clusters=clusters, draws=20_000)[:, 0]
    alike = mean_ends(np.arange(12) / 4, draws=20_000)[:, 0]  # one value a cluster
    assert whole == pytest.approx(list(alike), abs=0.03)
    alone = mean_ends(sample, draws=5000)[:, 0]
    assert np.ptp(whole) > 1.4 * np.ptp(alone)


def test_the_seed_fixes_the_interval_and_constants_have_none() -> None:
    sample = [1, 2, 2, 3, 4, 4, 1, 2]
    assert mean_ends(sample, seed=3).tolist() == mean_ends(sample, seed=3).tolist()
    assert np.isnan(mean_ends([2, 2, 2, 2, 2])).all()
    with pytest.raises(OptionError):
        Resamples.of(np.ones((3, 1)), np.ones((3, 1)), design="sideways")


def test_an_interval_is_given_up_when_the_statistic_often_does_not_exist() -> None:
    draws = np.random.default_rng(0).normal(size=(1000, 2))
    draws[:60, 0], draws[:40, 1] = NAN, NAN
    ends = effects.bca_ends(
        draws, np.zeros(2), [np.random.default_rng(1).normal(size=(9, 2))], 0.95
    )
    assert np.isnan(ends[:, 0]).all()
    assert np.isfinite(ends[:, 1]).all()


def test_coverage_of_the_interval_for_partly_overlapping_raters() -> None:
    rng = np.random.default_rng(11)
    inside, rounds = 0, 200
    for _ in range(rounds):
        level = rng.normal(0, 1, 40)
        b = (level + rng.normal(0, 0.5, 40))[:, None]
        a = (level + 0.4 + rng.normal(0, 0.5, 40))[:, None]
        b[30:], a[:8] = NAN, NAN
        _, ends = Resamples.of(b, a, draws=400, seed=int(rng.integers(10**6))).ends(
            mean_changes, 0.95
        )
        inside += bool(ends[0, 0] <= 0.4 <= ends[1, 0])
    assert inside / rounds > 0.88
