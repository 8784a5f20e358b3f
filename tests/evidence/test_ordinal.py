"""Oracles: brute force over all divisions, scipy where it is right, published worked examples."""

from __future__ import annotations

from itertools import combinations
from math import comb, gamma, inf, sqrt
from statistics import mean, variance
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from kube_research.errors import KubeError, OptionError
from kube_research.evidence import ordinal
from kube_research.evidence.compatible import TooManyError

#: Brunner and Munzel (2000), pain scores under two treatments; p as lawstat 3.4 in R prints it.
PAIN = (
    [1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 2, 4, 1, 1],
    [3, 3, 4, 3, 1, 2, 3, 1, 1, 5, 4],
)


@st.composite
def two_samples(draw: Any, most: int = 6) -> tuple[list[int], list[int]]:
    levels = draw(st.integers(2, 5))
    scores = st.lists(st.integers(0, levels - 1), min_size=2, max_size=most)
    counts = scores.map(lambda given: np.bincount(given, minlength=levels).tolist())
    return draw(counts), draw(counts)


def raw(counts: Any) -> np.ndarray:
    return np.repeat(np.arange(len(counts)), counts)


def counted(scores: list[int], levels: int = 5) -> list[int]:
    return [scores.count(score) for score in range(1, levels + 1)]


def wins(x: np.ndarray, y: np.ndarray) -> int:
    return int(np.sign(y[:, None] - x[None, :]).sum())


def p_by_force(x: np.ndarray, y: np.ndarray) -> float:
    pooled = np.concatenate([x, y])
    least, extreme, size = abs(wins(x, y)), 0, 0
    for chosen in combinations(range(len(pooled)), len(y)):
        later = np.isin(np.arange(len(pooled)), chosen)
        extreme += abs(wins(pooled[~later], pooled[later])) >= least
        size += 1
    return extreme / size


@given(two_samples(most=12))
def test_effects_equal_their_definitions_on_raw_scores(pair: tuple[list[int], list[int]]) -> None:
    x, y = (raw(counts) for counts in pair)
    n, m = len(x), len(y)
    assert ordinal.mean_difference(*pair)[0, 0] == pytest.approx(y.mean() - x.mean(), abs=1e-12)
    delta = ordinal.cliffs_delta(*pair)[0, 0]
    u = stats.mannwhitneyu(y, x, method="asymptotic").statistic
    assert ordinal.mann_whitney_u(*pair)[0, 0] == u
    assert delta == pytest.approx(2 * u / (n * m) - 1, abs=1e-15)
    assert ordinal.probability_of_superiority(*pair)[0, 0] == pytest.approx(u / (n * m), abs=1e-15)
    g, gap = ordinal.hedges_g(*pair)[0, 0], mean(y.tolist()) - mean(x.tolist())
    free = n + m - 2
    spread = sqrt(((n - 1) * variance(x.tolist()) + (m - 1) * variance(y.tolist())) / free)
    if spread:
        factor = gamma(free / 2) / (sqrt(free / 2) * gamma((free - 1) / 2))
        assert g == pytest.approx(factor * gap / spread, rel=1e-10, abs=1e-12)
    else:
        assert g == (0 if gap == 0 else inf if gap > 0 else -inf)


@settings(max_examples=40, deadline=None)
@given(two_samples())
def test_exact_p_equals_brute_force_over_all_divisions(pair: tuple[list[int], list[int]]) -> None:
    x, y = (raw(counts) for counts in pair)
    assert ordinal.mann_whitney_p(*pair)[0, 0] == pytest.approx(p_by_force(x, y), abs=1e-14)


@settings(max_examples=15, deadline=None)
@given(two_samples(most=5))
def test_exact_p_equals_scipys_permutation_test_of_the_distance(
    pair: tuple[list[int], list[int]],
) -> None:
    x, y = (raw(counts) for counts in pair)

    def distance(a: np.ndarray, b: np.ndarray) -> float:
        return abs(wins(a, b))

    found = stats.permutation_test(
        (x, y), distance, n_resamples=np.inf, alternative="greater", vectorized=False
    )
    assert ordinal.mann_whitney_p(*pair)[0, 0] == pytest.approx(found.pvalue, abs=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_exact_p_equals_scipys_exact_method_where_there_are_no_ties(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, m = rng.integers(3, 16, 2)
    order = rng.permutation(n + m)
    x, y = np.zeros(n + m, int), np.zeros(n + m, int)
    x[order[:n]], y[order[n:]] = 1, 1
    expected = stats.mannwhitneyu(order[n:], order[:n], method="exact").pvalue
    assert ordinal.mann_whitney_p(x, y)[0, 0] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("n", "m"), [(9, 14), (30, 31), (60, 75)])
def test_exact_p_of_two_points_is_a_hypergeometric_tail(n: int, m: int) -> None:
    a, b = n // 3, m // 2
    law = stats.hypergeom(n + m, a + b, m)
    far = np.abs(np.arange(m + 1) - m * (a + b) / (n + m))
    expected = law.pmf(np.arange(m + 1))[far >= far[b] - 1e-9].sum()
    p = ordinal.mann_whitney_p([n - a, a], [m - b, b])[0, 0]
    assert p == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("n", "m", "levels"), [(5, 7, 4), (6, 4, 3), (4, 4, 5), (20, 22, 3)])
def test_the_two_ways_to_the_exact_p_agree(
    n: int, m: int, levels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    x, y = ordinal.all_counts(n, levels)[::9], ordinal.all_counts(m, levels)[::7]
    by_class = ordinal.mann_whitney_p(x, y)
    monkeypatch.setattr(ordinal, "_FEW", 10**9)
    by_margin = ordinal.mann_whitney_p(x, y)
    if comb(n + m, m) < 1 << 36:
        assert np.array_equal(by_class, by_margin)
    np.testing.assert_allclose(by_class, by_margin, rtol=1e-11)


@given(st.lists(st.integers(0, 5), min_size=2, max_size=5).filter(sum), st.data())
def test_the_null_distribution_counts_every_division_once(pooled: list[int], data: Any) -> None:
    m = data.draw(st.integers(0, sum(pooled)))
    null = ordinal.mann_whitney_null(tuple(pooled), m)
    assert null.sum() == comb(sum(pooled), m)
    mirrored = ordinal.mann_whitney_null(tuple(pooled[::-1]), m)
    assert np.array_equal(null, mirrored[::-1])
    assert (null @ np.arange(len(null))) * 2 == comb(sum(pooled), m) * (len(null) - 1)


def test_rows_may_differ_in_size() -> None:
    x, y = [[1, 1, 0], [2, 1, 1], [0, 0, 3]], [[0, 1, 2], [1, 0, 0], [0, 2, 2], [1, 1, 1]]
    for name in ("mean_difference", "cliffs_delta", "mann_whitney_u", "mann_whitney_p"):
        function = getattr(ordinal, name)
        single = [[function(a, b)[0, 0] for b in y] for a in x]
        np.testing.assert_allclose(function(x, y), single, rtol=1e-12, err_msg=name)


@given(two_samples(most=15))
def test_brunner_munzel_equals_scipy_or_says_why_not(pair: tuple[list[int], list[int]]) -> None:
    x, y = (raw(counts) for counts in pair)
    p = ordinal.brunner_munzel_p(*pair)[0, 0]
    if abs(wins(x, y)) == len(x) * len(y):
        assert p == 0
    elif len({*x, *y}) == 1:
        assert p == 1
    else:
        assert p == pytest.approx(stats.brunnermunzel(x, y).pvalue, rel=1e-8)


def test_brunner_munzel_gives_the_published_worked_example() -> None:
    p = ordinal.brunner_munzel_p(counted(PAIN[0]), counted(PAIN[1]))
    assert p[0, 0] == pytest.approx(0.005786208666, rel=1e-9)


@given(st.integers(1, 12), st.integers(2, 5))
def test_all_counts_are_all_by_total_and_once(n: int, levels: int) -> None:
    found = ordinal.all_counts(n, levels)
    assert len(np.unique(found, axis=0)) == len(found) == comb(n + levels - 1, n)
    assert (found.sum(axis=1) == n).all()
    assert (np.diff(found @ np.arange(levels)) >= 0).all()


@pytest.mark.parametrize(
    "counts",
    [
        *([[1, -1, 2]], [[0.5, 1, 1]], [[np.nan, 1]], [[np.inf, 1]], [[0, 0, 0]], [3], [[]], []),
        *("ab", [[1, 2], [3]], [[True, False]], None, [[[1, 2]]], [["1", "2"]], [[1, None]]),
    ],
)
def test_what_is_no_count_vector_is_refused(counts: Any) -> None:
    with pytest.raises(OptionError, match="before must be count vectors"):
        ordinal.cliffs_delta(counts, [1, 2, 3])


def test_counts_may_be_any_whole_numbers() -> None:
    for kind in (np.uint64, np.int8, np.float64):
        assert ordinal.cliffs_delta(np.array([1, 2], kind), np.array([2, 1], kind)) < 0


def test_samples_that_do_not_fit_are_refused() -> None:
    with pytest.raises(OptionError, match="before has 2 scale points and after 3"):
        ordinal.mann_whitney_p([1, 2], [1, 2, 3])
    for function in (ordinal.hedges_g, ordinal.brunner_munzel_p):
        with pytest.raises(OptionError, match="at least 2 scores"):
            function([1, 0], [1, 2])


def test_what_is_too_large_is_refused_with_its_size() -> None:
    with pytest.raises(ordinal.SizeError, match=r"\d,\d{3},\d{3},\d{3} steps") as caught:
        ordinal.mann_whitney_p([100, 50, 70], [80, 60, 70])
    assert isinstance(caught.value, KubeError)
    assert caught.value.size > caught.value.limit
    with pytest.raises(TooManyError):
        ordinal.all_counts(200, 6)
