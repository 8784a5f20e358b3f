"""Oracles: dense matrices, and the t tests of scipy.stats, which CR2 equals where they apply."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from kube_research.compare.changes import mean_change, unit_changes

NAN = np.nan


def dense(before: list[float], after: list[float], units: list[int]) -> tuple[float, float, float]:
    """Change, CR2 standard error and Bell-McCaffrey degrees of freedom from full matrices."""
    b, a = np.array(before, dtype=float), np.array(after, dtype=float)
    score = np.concatenate([b[~np.isnan(b)], a[~np.isnan(a)]])
    late = np.concatenate([np.zeros((~np.isnan(b)).sum()), np.ones((~np.isnan(a)).sum())])
    unit = np.concatenate([np.array(units)[~np.isnan(b)], np.array(units)[~np.isnan(a)]])
    x = np.column_stack([np.ones_like(late), late])
    bread = np.linalg.inv(x.T @ x)
    hat, contrast = x @ bread @ x.T, np.array([0.0, 1.0])
    rest = score - hat @ score
    columns, meat = [], 0.0
    for name in np.unique(unit):
        here = unit == name
        leverage = np.eye(here.sum()) - hat[np.ix_(here, here)]
        values, vectors = np.linalg.eigh(leverage)
        root = vectors @ np.diag(values**-0.5) @ vectors.T
        weight = root @ x[here] @ bread @ contrast
        meat += float(weight @ rest[here]) ** 2
        columns.append((np.eye(score.size) - hat)[:, here] @ weight)
    g = np.column_stack(columns)
    spectrum = np.linalg.eigvalsh(g.T @ g)
    change = float((bread @ x.T @ score)[1])
    return change, float(np.sqrt(meat)), float(spectrum.sum() ** 2 / (spectrum**2).sum())


@given(st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_it_is_cr2_of_full_matrices(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(8, 16))
    b, a = rng.integers(1, 5, n).astype(float), rng.integers(1, 5, n).astype(float)
    b[2 : 2 + int(rng.integers(0, 3))] = NAN
    a[n - int(rng.integers(0, 3)) - 1 : n - 1] = NAN
    units = [k % 4 for k in range(n)] if rng.random() < 0.5 else list(range(n))
    change, se, df = dense(b.tolist(), a.tolist(), units)
    found = mean_change(b, a, units)
    assert found.change[0] == pytest.approx(change)
    assert found.se[0] == pytest.approx(se, abs=1e-7)
    if se > 1e-6:
        assert found.df[0] == pytest.approx(df)
        low, high = stats.t.interval(0.9, df, change, se)
        assert [float(end[0]) for end in found.ends(0.9)] == pytest.approx([low, high])
        assert found.p[0] == pytest.approx(2 * stats.t.sf(abs(change) / se, df))


def test_pairs_and_two_samples_are_scipys() -> None:
    x, y = np.array([1, 2, 2, 3, 2, 1.0]), np.array([2, 2, 3, 4, 4, 3.0])
    pairs, oracle = mean_change(x, y), stats.ttest_rel(y, x)
    assert pairs.p[0] == pytest.approx(oracle.pvalue)
    ends = oracle.confidence_interval()
    assert (pairs.ends()[0][0], pairs.ends()[1][0]) == pytest.approx((ends.low, ends.high))
    gap = np.full(6, NAN)
    apart = mean_change(np.concatenate([x, gap]), np.concatenate([gap, y]))
    welch = stats.ttest_ind(y, x, equal_var=False)
    assert apart.change[0] / apart.se[0] == pytest.approx(welch.statistic)
    assert apart.df[0] == pytest.approx(10)  # n + m - 2: Bell and McCaffrey, equal sizes


def test_what_does_not_vary_or_stands_alone_has_no_interval() -> None:
    flat = mean_change([1, 2, 3], [2, 3, 4])
    assert (flat.change[0], flat.se[0]) == (1, 0)
    assert np.isnan([flat.p[0], flat.ends()[0][0]]).all()
    assert np.isnan(mean_change([1, NAN], [NAN, 2]).se[0])


def test_many_comparisons_at_once_are_each_by_itself() -> None:
    rng = np.random.default_rng(0)
    scores = rng.integers(1, 5, (2, 3, 9)).astype(float)
    which = np.repeat(np.arange(3), 9)
    ones = np.ones(27)
    both = unit_changes((ones, scores[0].ravel()), (ones, scores[1].ravel()), which, 3)
    for k in range(3):
        alone = mean_change(scores[0, k], scores[1, k])
        assert (both.change[k], both.se[k], both.df[k]) == pytest.approx(
            (alone.change[0], alone.se[0], alone.df[0])
        )
