"""Empirical Bayes against Efron and Morris's batting averages and a direct search."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from kube_research.errors import MissingColumnError, OptionError
from kube_research.programme.areas import between_variance, shrink_estimates

#: Efron and Morris (1975, table 1; 1977): batting averages of 18 players after 45 times at bat.
BATTING = [400, 378, 356, 333, 311, 311, 289, 267, 244, 244, 222, 222, 222, 222, 222, 200, 178, 156]
#: Their James-Stein estimates (1977).
PRINTED = [294, 289, 285, 280, 275, 275, 270, 266, 261, 261, 256, 256, 256, 256, 256, 252, 247, 242]


def test_batting_averages_of_efron_and_morris() -> None:
    y = np.array(BATTING) / 1000
    frame = pd.DataFrame({"change": y, "se": np.sqrt(y.mean() * (1 - y.mean()) / 45)})
    found = shrink_estimates(frame)
    assert (1 - found["pull"]).round(3).unique().tolist() == [0.212]
    assert (1000 * found["shrunk"]).round().astype(int).tolist() == PRINTED
    assert found["centre"].round(3).unique().tolist() == [0.265]


def uneven(seed: int, k: int = 12) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    v = rng.uniform(0.05, 1.5, k)
    return rng.normal(0.3, 0.8, k) + rng.normal(0, np.sqrt(v)), v


@pytest.mark.parametrize("seed", range(5))
def test_moments_solve_their_equation(seed: int) -> None:
    y, v = uneven(seed)
    found = between_variance(y, v)
    w = 1 / (v + found)
    q = (w * (y - (w * y).sum() / w.sum()) ** 2).sum()
    assert q == pytest.approx(11, rel=1e-9) if found > 0 else q <= 11


@pytest.mark.parametrize("seed", range(5))
def test_likelihood_is_the_largest(seed: int) -> None:
    y, v = uneven(seed)

    def restricted(variance: float) -> float:
        w = 1 / (v + variance)
        off = y - (w * y).sum() / w.sum()
        return -stats.norm.logpdf(off, 0, np.sqrt(v + variance)).sum() + 0.5 * np.log(w.sum())

    best = optimize.minimize_scalar(
        restricted, bounds=(0, 20), method="bounded", options={"xatol": 1e-12}
    )
    assert between_variance(y, v, method="likelihood") == pytest.approx(best.x, abs=1e-5)


def test_the_formulas_of_morris_by_hand() -> None:
    y, v = uneven(1, 6)
    a = between_variance(y, v)
    found = shrink_estimates(pd.DataFrame({"change": y, "se": np.sqrt(v)}))
    w = 1 / (v + a)
    centre = sum(w * y) / sum(w)
    for i in range(6):
        b = 3 / 5 * v[i] / (v[i] + a)
        spread = 2 / 3 * b**2 * (sum(w * v) / sum(w) + a) / (v[i] + a)
        variance = v[i] * (1 - (1 - w[i] / sum(w)) * b) + spread * (y[i] - centre) ** 2
        line = found.iloc[i]
        assert line["shrunk"] == pytest.approx((1 - b) * y[i] + b * centre)
        assert line["shrunk_se"] == pytest.approx(variance**0.5)
        assert line["below_zero"] == pytest.approx(
            stats.norm.cdf(0, line["shrunk"], line["shrunk_se"])
        )
        assert line["shrunk_high"] - line["shrunk"] == pytest.approx(1.959964 * variance**0.5)


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    rng, inside = np.random.default_rng(0), []
    se = rng.uniform(0.2, 1.0, 40)
    for _ in range(200):
        truth = rng.normal(0.4, 0.3, 40)
        found = shrink_estimates(pd.DataFrame({"change": rng.normal(truth, se), "se": se}))
        inside.append(found["shrunk_low"].le(truth) & found["shrunk_high"].ge(truth))
        assert ((found["shrunk"] - truth) ** 2).mean() < 2 * (se**2).mean()
    assert 0.93 < np.mean(inside) < 0.985


def test_few_or_broken_estimates() -> None:
    frame = pd.DataFrame({"change": [1.0, 2.0, 3.0, np.nan, 5.0], "se": [1, 1, 1, 1, 0.0]})
    found = shrink_estimates(frame)
    assert found["shrunk"].tolist()[:3] == [1.0, 2.0, 3.0]
    assert found["pull"].tolist()[:3] == [0, 0, 0]
    assert found["shrunk"].isna().tolist() == [False] * 3 + [True] * 2
    assert shrink_estimates(frame.iloc[3:])["shrunk"].isna().all()
    with pytest.raises(OptionError):
        shrink_estimates(frame, method="magic")
    with pytest.raises(OptionError):
        shrink_estimates(frame, confidence=0.2)
    with pytest.raises(MissingColumnError):
        shrink_estimates(frame, se="error")


@given(st.integers(0, 1000), st.sampled_from(["moments", "likelihood"]))
def test_shrunk_values_lie_between_estimate_and_centre(seed: int, method: str) -> None:
    y, v = uneven(seed, 4 + seed % 9)
    found = shrink_estimates(pd.DataFrame({"change": y, "se": np.sqrt(v)}), method=method)
    low = np.minimum(found["change"], found["centre"])
    high = np.maximum(found["change"], found["centre"])
    assert found["shrunk"].between(low - 1e-12, high + 1e-12).all()
    assert found["pull"].between(0, 1).all()


def test_areas_of_few_groups_are_covered_as_promised() -> None:
    """300 programmes of 20 areas with three to six groups: normal intervals held .87 of the truths."""
    rng, held = np.random.default_rng(8), []
    for _ in range(300):
        n, truth = rng.integers(3, 7, 20), rng.normal(0.2, 0.2, 20)
        groups = [rng.normal(t, 0.4, m) for t, m in zip(truth, n, strict=True)]
        rows = pd.DataFrame({"change": [g.mean() for g in groups], "df": n - 1})
        found = shrink_estimates(rows.assign(se=[stats.sem(g) for g in groups]))
        held.append(((found["shrunk_low"] <= truth) & (truth <= found["shrunk_high"])).mean())
    assert 0.935 < np.mean(held) < 0.97
