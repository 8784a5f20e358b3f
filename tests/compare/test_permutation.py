"""Oracles: a listing of every outcome, scipy.stats, the example of R's Partiallyoverlapping."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from kube_research.compare.effects import Floats
from kube_research.compare.permutation import (
    adjust,
    brunner_munzel,
    mann_whitney,
    overlapping_t,
    permutation_test,
    smallest_p,
    wilcoxon,
)
from kube_research.errors import OptionError

NAN = np.nan
SCORES = st.lists(st.integers(1, 5), min_size=1, max_size=9)


def arrays(
    pairs: list[tuple[float, float]], before: list[float], after: list[float]
) -> tuple[Floats, Floats]:
    b = [x for x, _ in pairs] + before + [NAN] * len(after)
    a = [y for _, y in pairs] + [NAN] * len(before) + after
    return np.array(b, dtype=float), np.array(a, dtype=float)


def listed(b: Floats, a: Floats, groups: list[str] | None = None) -> float:
    """The two-sided p by listing the difference of means of every exchange of rounds.

    Units (raters, or groups) seen in both rounds keep or exchange them; the rounds of units seen in
    one are dealt out anew.
    """
    names = np.array(groups if groups else [str(k) for k in range(b.size)])
    units = [names == name for name in np.unique(names[~(np.isnan(b) & np.isnan(a))])]
    early = [bool((~np.isnan(b[unit])).any()) for unit in units]
    late = [bool((~np.isnan(a[unit])).any()) for unit in units]
    both = [k for k in range(len(units)) if early[k] and late[k]]
    alone = [k for k in range(len(units)) if early[k] != late[k]]
    outcomes = []
    for turned in product([False, True], repeat=len(both)):
        for chosen in combinations(alone, sum(late[k] for k in alone)):
            swap = [k for k, flip in zip(both, turned, strict=True) if flip]
            swap += [k for k in alone if (k in chosen) != late[k]]
            before, after = b.copy(), a.copy()
            for k in swap:
                before[units[k]], after[units[k]] = a[units[k]], b[units[k]]
            outcomes.append(np.nanmean(after) - np.nanmean(before))
    middle = np.mean(outcomes)
    seen = abs(np.nanmean(a) - np.nanmean(b) - middle)
    return float(np.mean(np.abs(np.array(outcomes) - middle) >= seen - 1e-9))


def test_sign_flips_give_fishers_worked_example() -> None:
    # Darwin's maize in Fisher (1935, section 21): of 2 ** 15 arrangements, 863 sum to at least 314.
    maize = np.array([49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48], dtype=float)
    result = permutation_test(np.zeros(15), maize)
    assert result.statistic * 15 == pytest.approx(314)
    assert result.p == pytest.approx(2 * 863 / 2**15, rel=1e-12)


@given(
    st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), max_size=5),
    st.lists(st.integers(1, 5), max_size=4),
    st.lists(st.integers(1, 5), max_size=4),
    st.sampled_from([1, 2, 7, 28]),
)
@settings(max_examples=150, deadline=None)
def test_exact_p_is_the_share_of_all_outcomes(
    pairs: list[tuple[int, int]], before: list[int], after: list[int], divisor: int
) -> None:
    b, a = arrays(
        [(x / divisor, y / divisor) for x, y in pairs],
        [x / divisor for x in before],
        [y / divisor for y in after],
    )
    found = permutation_test(b, a)
    if not pairs and not (before and after):
        assert np.isnan(found.p)
        assert found.reason == "nobody"
        return
    assert found.statistic == pytest.approx(np.nanmean(a) - np.nanmean(b))
    if pairs and bool(before) != bool(after):  # the others stand in one round: nothing to exchange
        assert np.isnan(found.p)
        assert found.reason == "one_sided_singles"
        return
    assert found.method == "exact permutation"
    assert found.p == pytest.approx(listed(b, a), abs=1e-12)
    assert found.p >= found.smallest_p - 1e-15


def test_monte_carlo_agrees_counts_ties_and_is_never_0() -> None:
    b, a = arrays([(1, 2), (2, 2), (1, 3), (2, 4)], [1, 2, 2, 1], [3, 4, 3, 4, 4])
    exact = permutation_test(b, a)
    drawn = permutation_test(b, a, method="monte carlo", draws=20_000, seed=1)
    assert drawn.method == "Monte Carlo permutation"
    assert drawn.p == pytest.approx(exact.p, abs=0.003)
    far = permutation_test(np.zeros(40), np.arange(1, 41) / np.pi, method="monte carlo", draws=99)
    assert far.p == far.smallest_p == 0.01
    same = permutation_test(np.ones(12), np.ones(12), method="monte carlo", draws=99)
    assert same.p == 1


def test_scores_off_every_grid_are_listed_or_drawn() -> None:
    rng = np.random.default_rng(2)
    b, a = rng.normal(size=7), rng.normal(size=7) + 0.7
    found = permutation_test(b, a)
    assert found.method == "exact permutation"
    assert found.p == pytest.approx(listed(b, a), abs=1e-12)
    b, a = rng.normal(size=30), rng.normal(size=30)
    assert permutation_test(b, a).method == "Monte Carlo permutation"
    b, a = arrays([], rng.normal(size=6).tolist(), rng.normal(size=7).tolist())
    drawn = permutation_test(b, a, draws=20_000)
    assert drawn.p == pytest.approx(listed(b, a), abs=0.015)


@given(SCORES, SCORES)
@settings(max_examples=30, deadline=None)
def test_independent_rounds_are_scipys_permutation_test(x: list[int], y: list[int]) -> None:
    if len(x) + len(y) > 11:
        x, y = x[:5], y[:5]
    b, a = arrays([], [float(v) for v in x], [float(v) for v in y])
    if min(len(x), len(y)) < 2:
        return
    found = stats.permutation_test(
        (x, y),
        lambda one, two, axis: np.abs(np.mean(two, axis=axis) - np.mean(one, axis=axis)),
        permutation_type="independent",
        alternative="greater",
        n_resamples=np.inf,
    )
    assert permutation_test(b, a).p == pytest.approx(found.pvalue)


@pytest.mark.parametrize(
    ("sizes", "least"),
    [
        ((5, 0, 0), 2 / 2**5),
        ((0, 3, 3), 2 / 20),
        ((0, 1, 3), 1 / 4),
        ((2, 1, 2), 1 / 12),
        ((0, 0, 4), 1),
    ],
)
def test_the_smallest_p(sizes: tuple[int, int, int], least: float) -> None:
    assert smallest_p(*sizes) == pytest.approx(least)


@given(st.integers(0, 3), st.integers(1, 3), st.integers(1, 3), st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_no_scores_give_less_than_the_smallest_p(m: int, p: int, q: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    draw = (rng.integers(0, 1000, k).astype(float).tolist() for k in (m, m, p, q))
    x, y, u, v = draw
    b, a = arrays(list(zip(x, y, strict=True)), u, v)
    assert permutation_test(b, a).p >= smallest_p(m, p, q) - 1e-12


def test_five_groups_cannot_go_below_one_in_sixteen() -> None:
    groups = np.repeat([f"{k:02d}" for k in range(5)], 3)
    b, a = np.ones(15), np.arange(15) / 5 + 2
    found = permutation_test(b, a, clusters=groups)
    assert found.method == "exact cluster sign flips"
    assert found.p == found.smallest_p == 0.0625


@given(st.integers(0, 10**6))
@settings(max_examples=60, deadline=None)
def test_whole_groups_are_exchanged_in_every_way(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(3, 12))
    b, a = rng.integers(1, 5, n).astype(float), rng.integers(1, 5, n).astype(float)
    gone = rng.random((2, n)) < 0.3
    b[gone[0]], a[gone[1]] = NAN, NAN
    groups = [f"g{k}" for k in rng.integers(0, 4, n)]
    for name in set(groups[: n // 2]):  # some groups are met once
        here = np.array(groups) == name
        if rng.random() < 0.5:
            (b if rng.random() < 0.5 else a)[here] = NAN
    found = permutation_test(b, a, clusters=groups)
    if np.isnan(found.p):
        assert found.reason in ("nobody", "one_cluster", "one_sided_clusters")
        return
    assert found.statistic == pytest.approx(np.nanmean(a) - np.nanmean(b))
    assert found.p == pytest.approx(listed(b, a, groups), abs=1e-12)
    assert found.p >= found.smallest_p - 1e-12
    drawn = permutation_test(b, a, clusters=groups, method="monte carlo", draws=4000)
    assert drawn.method == "Monte Carlo cluster sign flips"
    if found.smallest_p == smallest_p(len({*groups}), 0, 0):  # all groups are met twice
        assert drawn.p == pytest.approx(found.p, abs=0.05)


def test_groups_of_one_round_only_leave_nothing_to_exchange() -> None:
    b, a = np.array([1, 2, NAN, 3, 3]), np.array([2, NAN, 4, 3, NAN])
    found = permutation_test(b, a, clusters=["x", "x", "x", "y", "z"])
    assert (np.isnan(found.p), found.reason) == (True, "one_sided_clusters")
    one = permutation_test(b, a, clusters=["x"] * 5)
    assert (np.isnan(one.p), one.smallest_p, one.reason) == (True, 1, "one_cluster")


@given(SCORES, SCORES)
@settings(max_examples=60, deadline=None)
def test_mann_whitney_with_ties_by_listing(x: list[int], y: list[int]) -> None:
    x, y = x[:6], y[:6]
    ranks = stats.rankdata(x + y)
    middle = len(y) * (len(x) + len(y) + 1) / 2
    sums = [ranks[list(c)].sum() for c in combinations(range(len(x) + len(y)), len(y))]
    seen = abs(ranks[len(x) :].sum() - middle)
    found = mann_whitney(x, y)
    assert found.p == pytest.approx(np.mean(np.abs(np.array(sums) - middle) >= seen - 1e-9))
    if len({*x, *y}) > 1:
        wanted = stats.mannwhitneyu(y, x, method="asymptotic").statistic
        assert found.statistic == wanted


def test_mann_whitney_without_ties_is_scipys_exact_and_large_ones_are_normal() -> None:
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=9), rng.normal(size=12)
    assert mann_whitney(x, y).p == pytest.approx(stats.mannwhitneyu(y, x, method="exact").pvalue)
    x, y = rng.integers(1, 5, 150), rng.integers(1, 5, 150)
    found = mann_whitney(x, y)
    assert found.method == "asymptotic Mann-Whitney"
    assert found.p == pytest.approx(stats.mannwhitneyu(y, x).pvalue)
    assert mann_whitney(np.ones(150), np.ones(150)).p == 1
    assert mann_whitney([], [1]).reason == "nobody"


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), min_size=2, max_size=7))
@settings(max_examples=50, deadline=None)
def test_wilcoxon_with_ties_is_scipys_listing(pairs: list[tuple[int, int]]) -> None:
    b, a = arrays([(float(x), float(y)) for x, y in pairs], [3.0], [])
    every = stats.PermutationMethod(n_resamples=10**6)
    for zeros in ("wilcox", "pratt"):
        found = wilcoxon(b, a, zeros=zeros)
        if all(x == y for x, y in pairs):
            assert (found.p, found.reason) == (1, "no_change")
            continue
        x, y = (np.array(side, dtype=float) for side in zip(*pairs, strict=True))
        theirs = stats.wilcoxon(y, x, zero_method=zeros, method=every)
        assert found.p == pytest.approx(theirs.pvalue)


def test_brunner_munzel_of_the_published_example_and_its_limits() -> None:
    # Brunner and Munzel (2000): pain scores; R package lawstat prints 3.1375 and p = 0.005786.
    one = [1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 2, 4, 1, 1]
    two = [3, 3, 4, 3, 1, 2, 3, 1, 1, 5, 4]
    found = brunner_munzel(one, two)
    assert (round(found.statistic, 4), round(found.p, 6)) == (3.1375, 0.005786)
    assert brunner_munzel([1, 1, 2], [3, 4]).reason == "separation"
    assert brunner_munzel([2, 2], [2, 2]).reason == "one_value"
    assert brunner_munzel([2], [1, 2]).reason == "one_rater"
    assert brunner_munzel([], [1, 2]).reason == "nobody"


# The help page of Partover.test in the R package Partiallyoverlapping 2.0.
A_ALONE, A_PAIRED = [20, 21, 16, 18, 14, 12, 14, 17], [14, 15, 18, 20, 11, 19, 14, 15]
B_ALONE, B_PAIRED = [10, 16, 18, 16, 15, 14, 13, 10], [15, 10, 15, 17, 13, 19, 12, 13]


def test_overlapping_t_of_the_published_example() -> None:
    b = np.array([*A_PAIRED, *A_ALONE, *[NAN] * 8])
    a = np.array([*B_PAIRED, *[NAN] * 8, *B_ALONE])
    found = overlapping_t(b, a, equal_variances=True)
    assert round(found.p, 3) == 0.026
    assert found.statistic < 0


@pytest.mark.filterwarnings("ignore:Precision loss")  # scipy, when one side is constant
@given(SCORES, SCORES, st.booleans())
@settings(max_examples=60, deadline=None)
def test_overlapping_t_ends_at_the_usual_t_tests(x: list[int], y: list[int], equal: bool) -> None:
    b, a = arrays([], [float(v) for v in x], [float(v) for v in y])
    found = overlapping_t(b, a, equal_variances=equal)
    if min(len(x), len(y)) < 2:
        assert found.reason == "one_rater"
    elif np.ptp(x) == 0 and np.ptp(y) == 0:
        assert found.reason == "no_spread"
    else:
        assert found.p == pytest.approx(stats.ttest_ind(y, x, equal_var=equal).pvalue)
    k = min(len(x), len(y))
    x, y = x[:k], y[:k]
    if k > 1 and np.ptp(x) > 0 and np.ptp(y) > 0 and np.ptp(np.subtract(x, y)) > 0:
        b, a = np.array(x, dtype=float), np.array(y, dtype=float)
        assert overlapping_t(b, a).p == pytest.approx(stats.ttest_rel(y, x).pvalue)


@given(st.lists(st.floats(0, 1), max_size=12))
@settings(deadline=None)
def test_adjusted_p_values(p: list[float]) -> None:
    holm, bh = adjust(p), adjust(p, "bh")
    order = np.argsort(p)
    running = 0.0
    for rank, at in enumerate(order):
        running = max(running, min(1.0, p[at] * (len(p) - rank)))
        assert holm[at] == pytest.approx(running)
    if p:
        np.testing.assert_allclose(bh, stats.false_discovery_control(p))
    np.testing.assert_array_equal(adjust(p, None), p)


def test_missing_p_values_do_not_count() -> None:
    assert adjust([NAN, 0.01, 0.04])[1:].tolist() == [0.02, 0.04]
    assert np.isnan(adjust([NAN, 0.01])[0])


def test_options_are_checked() -> None:
    with pytest.raises(OptionError):
        permutation_test([1], [2], method="guess")
    with pytest.raises(OptionError):
        wilcoxon([1], [2], zeros="some")
    with pytest.raises(OptionError):
        adjust([0.1], "bonferroni")
