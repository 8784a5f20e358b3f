"""The bootstrap of groups: the same numbers as copying the ratings of the groups drawn."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import kube_research as kr
from kube_research.errors import OptionError
from kube_research.programme.bootstrap import bootstrap_changes, draw_counts, resample_sums


@pytest.fixture(scope="module")
def ratings() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    rows = [
        (("A", "B")[g % 2], f"g{g:02d}", f"g{g:02d}-{r}", item, number, rng.integers(1, 5))
        for g in range(24)
        for r in range(int(rng.integers(2, 6)))
        for item in (1, 2, 3)
        for number in ((1, 2) if g != 5 else (1,))
    ]
    columns = ["province", "group", "rater", "item", "round", "score"]
    return pd.DataFrame(rows, columns=columns).assign(evidence="recorded")


def test_every_resample_is_that_of_copied_rows(ratings: pd.DataFrame) -> None:
    drawn = draw_counts(24, 15, np.random.default_rng(np.random.SeedSequence(9, spawn_key=(0,))))
    names = sorted(ratings["group"].unique())
    raters = ratings.groupby(["group", "rater", "round"])["score"].mean().reset_index()
    by_group = dict(list(raters.groupby("group")))
    sums = kr.programme.group_sums(ratings, by=()).sort_values("group")
    columns = ["raters_before", "total_before", "raters_after", "total_after"]
    found = resample_sums(sums[columns], draws=15, seed=9)[:, 0]
    for counts, line in zip(drawn, found, strict=True):
        copies = [by_group[name] for name, n in zip(names, counts, strict=True) for _ in range(n)]
        rows = pd.concat(copies)
        means = rows.groupby("round")["score"].mean()
        assert line[3] / line[2] - line[1] / line[0] == pytest.approx(
            means[2] - means[1], rel=1e-12
        )
        assert line[0] == (rows["round"] == 1).sum()


def test_counts_are_draws_with_replacement() -> None:
    counts = draw_counts(50, 4000, np.random.default_rng(1))
    assert (counts.sum(axis=1) == 50).all()
    assert counts.mean(axis=0) == pytest.approx(np.ones(50), abs=0.08)
    assert counts.var() == pytest.approx(1 - 1 / 50, rel=0.02)


def test_the_interval_is_that_of_scipy(ratings: pd.DataFrame) -> None:
    twice = ratings.assign(group="x" + ratings["group"], score=5 - ratings["score"])
    sums = kr.programme.group_sums(pd.concat([ratings, twice]), by=())
    seen = sums[(sums["raters_before"] > 0) & (sums["raters_after"] > 0)]
    change = (
        seen["total_after"] / seen["raters_after"] - seen["total_before"] / seen["raters_before"]
    )
    for method, name in (("BCa", "bca"), ("percentile", "percentile")):
        told = stats.bootstrap((change,), np.mean, n_resamples=20_000, method=method, rng=1)
        found = bootstrap_changes(sums, interval=name, draws=20_000, seed=2).iloc[0]
        assert found["groups"] == 46
        assert (found["interval"], found["reason"]) == (name, "")
        assert found["change"] == pytest.approx(change.mean())
        assert found["se"] == pytest.approx(told.standard_error, rel=0.03)
        ends = told.confidence_interval
        assert found[["change_low", "change_high"]].tolist() == pytest.approx(
            [ends.low, ends.high], abs=0.02
        )


def test_skewed_changes_get_the_skewed_interval_of_scipy() -> None:
    change = np.random.default_rng(5).lognormal(0, 1.2, 40)
    sums = pd.DataFrame({"group": [f"g{n:02d}" for n in range(40)], "evidence": "recorded"})
    sums = sums.assign(raters_before=1, raters_after=1, total_before=0.0, total_after=change)
    told = stats.bootstrap((change,), np.mean, n_resamples=20_000, method="BCa", rng=1)
    found = bootstrap_changes(sums, draws=20_000).iloc[0]
    ends = told.confidence_interval
    assert found["change_low"] == pytest.approx(ends.low, rel=0.02)
    assert found["change_high"] == pytest.approx(ends.high, rel=0.02)
    assert found["change_high"] - change.mean() > 1.5 * (change.mean() - found["change_low"])


def test_areas_are_resampled_among_themselves(ratings: pd.DataFrame) -> None:
    sums = kr.programme.group_sums(ratings, by="province")
    both = bootstrap_changes(sums, by="province", draws=300)
    assert both["province"].tolist() == ["A", "B"]
    assert both["groups"].tolist() == [12, 11]
    first = bootstrap_changes(sums[sums["province"] == "A"], by=None, draws=300)
    assert both["change_low"][0] == first["change_low"][0]
    again = bootstrap_changes(sums.sample(frac=1, random_state=3), by="province", draws=300)
    pd.testing.assert_frame_equal(both, again)


def test_it_agrees_with_the_sandwich(ratings: pd.DataFrame) -> None:
    sums = kr.programme.group_sums(ratings, by=())
    for weight in ("group", "rater"):
        boot = bootstrap_changes(sums, weight=weight, draws=4000).iloc[0]
        exact = kr.programme.area_changes(sums, by=None, weight=weight).iloc[0]
        assert boot["change"] == pytest.approx(exact["change"])
        assert boot["se"] == pytest.approx(exact["se"], rel=0.08)


def test_few_groups_get_the_t_interval(ratings: pd.DataFrame) -> None:
    """Below 30 groups BCa holds .87 to .93 of what it calls 95 %: scipy's t interval stands instead."""
    sums = kr.programme.group_sums(ratings, by=())
    seen = sums[(sums["raters_before"] > 0) & (sums["raters_after"] > 0)]
    after, before = (seen[f"total_{side}"] / seen[f"raters_{side}"] for side in ("after", "before"))
    told = stats.ttest_rel(after, before).confidence_interval()
    found = bootstrap_changes(sums, draws=50).iloc[0]
    assert found["interval"] == "t"
    assert "Fewer than 30 groups" in found["reason"]
    assert "Kurang dari 30 kelompok" in bootstrap_changes(sums, draws=5, lang="id")["reason"][0]
    assert found[["change_low", "change_high"]].tolist() == pytest.approx([told.low, told.high])
    first = ratings[(ratings["round"] == 1) & (ratings["group"] < "g03")]
    nobody = bootstrap_changes(kr.programme.group_sums(first, by=()), draws=50).iloc[0]
    assert (nobody["groups"], nobody["interval"]) == (0, "none")
    assert np.isnan(nobody["change"])
    assert nobody["reason"]


def test_wrong_options_are_refused(ratings: pd.DataFrame) -> None:
    sums = kr.programme.group_sums(ratings, by=())
    for options in ({"draws": 0}, {"confidence": 2}, {"interval": "t"}, {"weight": "item"}):
        with pytest.raises(OptionError):
            bootstrap_changes(sums, **options)  # type: ignore[arg-type]


def test_memory_does_not_grow_with_the_draws() -> None:
    table = np.ones((20_000, 4))
    peaks = []
    for draws in (100, 400):
        tracemalloc.start()
        resample_sums(table, draws=draws)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.1 * peaks[0] + 400 * 4 * 8
    assert peaks[1] < 60e6
