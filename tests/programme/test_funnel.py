"""Control limits: by hand, and as rarely crossed by chance as they promise."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from kube_research.errors import MissingColumnError
from kube_research.programme.areas import funnel_limits


def areas(seed: int, tau: float = 0.0, many: int = 2000) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    n = rng.integers(5, 200, many)
    y = 0.4 + rng.normal(0, tau, many) + rng.normal(0, 0.5 / np.sqrt(n))
    se = 0.5 * np.sqrt(rng.chisquare(n - 1) / (n - 1) / n)
    return pd.DataFrame({"groups_both": n, "change": y, "se": se})


def test_limits_by_hand() -> None:
    rows = pd.DataFrame({"groups_both": [4, 16], "change": [1.0, 0.5], "se": [0.5, 0.1]})
    found = funnel_limits(rows)
    sigma = np.sqrt((3 * 4 * 0.25 + 15 * 16 * 0.01) / 18)
    assert found["sigma"].tolist() == pytest.approx([sigma] * 2)
    assert found["centre"].tolist() == pytest.approx([(4 * 1.0 + 16 * 0.5) / 20] * 2)
    assert found["high_95"][1] == pytest.approx(0.6 + stats.t.ppf(0.975, 18) * sigma / 4)
    assert found["low_998"][0] == pytest.approx(0.6 - stats.t.ppf(0.999, 18) * sigma / 2)
    assert found["position"].tolist() == ["inside", "inside"]


def test_chance_crosses_as_often_as_promised() -> None:
    counts = funnel_limits(areas(0))["position"].value_counts(normalize=True)
    assert counts["inside"] == pytest.approx(0.95, abs=0.015)
    assert counts.get("far below", 0) + counts.get("far above", 0) < 0.006


def test_few_areas_of_few_groups_cross_as_rarely() -> None:
    """Eight areas of three groups: with normal limits 7 % of them would lie outside, not 5."""
    rng, outside = np.random.default_rng(5), []
    for _ in range(1500):
        groups = rng.normal(0.2, 0.4, (8, 3))
        se = stats.sem(groups, axis=1)
        rows = pd.DataFrame({"groups_both": 3, "change": groups.mean(axis=1), "se": se})
        outside.append((funnel_limits(rows)["position"] != "inside").mean())
    assert np.mean(outside) < 0.055


def test_true_differences_widen_the_limits_on_request() -> None:
    rows = areas(1, tau=0.3)
    assert (funnel_limits(rows)["position"] == "inside").mean() < 0.5
    found = funnel_limits(rows, spread=True)
    assert found["tau"][0] == pytest.approx(0.3, rel=0.05)
    assert (found["position"] == "inside").mean() == pytest.approx(0.95, abs=0.015)
    assert funnel_limits(areas(2), spread=True)["tau"][0] < 0.05


def test_every_position_and_the_unknown() -> None:
    rows = pd.DataFrame(
        {
            "groups_both": [1000, 50, 50, 50, 50, 0],
            "change": [0.0, 1.0, -1.0, 0.35, -0.35, np.nan],
            "se": [1000**-0.5, *[50**-0.5] * 4, np.nan],
        }
    )
    positions = ["inside", "far above", "far below", "above", "below", "unknown"]
    assert funnel_limits(rows)["position"].tolist() == positions
    alone = rows.iloc[[5]].reset_index(drop=True)
    assert funnel_limits(alone)["position"].tolist() == ["unknown"]


def test_a_missing_column_is_named() -> None:
    with pytest.raises(MissingColumnError, match="se"):
        funnel_limits(areas(0).drop(columns="se"))
