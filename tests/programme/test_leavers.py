"""Groups that left: rates and gaps against scipy, bounds against every possible score."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from kube_research.errors import OptionError
from kube_research.programme.groups import ASSUMPTIONS, attrition_bounds, attrition_rates


def sums(before: list[float], after: list[float | None], **more: object) -> pd.DataFrame:
    rows = pd.DataFrame({"group": [f"g{n:03d}" for n in range(len(before))]})
    rows["raters_before"], rows["total_before"] = 2, 2 * np.array(before)
    rows["raters_after"] = [0 if value is None else 2 for value in after]
    rows["total_after"] = [0.0 if value is None else 2 * value for value in after]
    return rows.assign(evidence="recorded", **more)


@pytest.fixture(scope="module")
def many() -> pd.DataFrame:
    rng = np.random.default_rng(6)
    before = rng.uniform(1, 4, 60).round(1)
    after = [None if rng.random() < 0.25 else round(float(v), 1) for v in rng.uniform(1, 4, 60)]
    return sums(before.tolist(), after, province=["22"] * 40 + ["23"] * 20)


def test_rates_and_gaps_are_those_of_scipy(many: pd.DataFrame) -> None:
    found = attrition_rates(many).set_index("province")
    for area, part in many.groupby("province"):
        left = part["raters_after"] == 0
        line = found.loc[area]
        assert line[["groups_before", "stayed", "left", "joined"]].tolist() == [
            len(part),
            (~left).sum(),
            left.sum(),
            0,
        ]
        interval = stats.binomtest(int(left.sum()), len(part)).proportion_ci(method="wilson")
        assert line["share_low"] == pytest.approx(interval.low)
        mean = part["total_before"] / 2
        told = stats.ttest_ind(mean[left], mean[~left], equal_var=False)
        assert line["gap"] == pytest.approx(mean[left].mean() - mean[~left].mean())
        assert line["p"] == pytest.approx(told.pvalue, rel=1e-9)
        ends = told.confidence_interval()
        assert line[["gap_low", "gap_high"]].tolist() == pytest.approx([ends.low, ends.high])


def test_groups_of_the_second_round_only_joined() -> None:
    rows = sums([2.0, 2.0, 2.0], [3.0, None, 3.0])
    rows.loc[2, ["raters_before", "total_before"]] = 0
    line = attrition_rates(rows, by=None).iloc[0]
    assert line[["groups_before", "stayed", "left", "joined"]].tolist() == [2, 1, 1, 1]
    bounds = attrition_bounds(rows, (1, 4), by=None).iloc[0]
    assert bounds["change_min"] == pytest.approx((1 + (1 - 2)) / 2)


@pytest.mark.parametrize("assume", ASSUMPTIONS)
def test_bounds_are_attained_by_possible_scores(assume: str) -> None:
    before, after = [1.5, 2.0, 3.5, 2.5, 3.0], [2.5, 2.0, 4.0, None, None]
    stayed = np.mean([1.0, 0.0, 0.5])
    changes = []
    for one, two in product(np.linspace(1, 4, 61), repeat=2):
        gone = [one - 2.5, two - 3.0]
        if assume == "no rise" and max(gone) > 1e-12:
            continue
        if assume == "no better" and np.mean(gone) > stayed + 1e-12:
            continue
        changes.append((1.5 + sum(gone)) / 5)
    line = attrition_bounds(sums(before, after), (1, 4), by=None, assume=assume).iloc[0]
    assert line["change_min"] == pytest.approx(min(changes))
    assert line["change_max"] == pytest.approx(
        max(changes), abs=0.0 if assume != "no better" else 0.02
    )
    assert line["change_stayed"] == pytest.approx(stayed)
    assert line["break_even"] == pytest.approx(-0.75)
    assert line["evidence"] == "bounded"


def test_out_of_reach_there_is_no_break_even() -> None:
    line = attrition_bounds(sums([1.2, 1.2, 1.1], [4.0, 4.0, None]), (1, 4), by=None).iloc[0]
    assert np.isnan(line["break_even"])
    assert line["change_min"] > 0
    none = attrition_bounds(sums([1.2, 2.0], [4.0, 4.0]), (1, 4), by=None).iloc[0]
    assert none["change_min"] == none["change_max"] == none["change_stayed"]
    assert np.isnan(none["break_even"])


def test_the_interval_of_imbens_and_manski(many: pd.DataFrame) -> None:
    part = many[many["province"] == "22"]
    line = attrition_bounds(part, (1, 4), by=None).iloc[0]
    before = part["total_before"] / 2
    change = (part["total_after"] / 2 - before).where(part["raters_after"] > 0)
    low, high = change.fillna(1 - before), change.fillna(4 - before)
    errors = stats.sem(low), stats.sem(high)
    width = high.mean() - low.mean()
    factor = optimize.brentq(
        lambda c: stats.t.cdf(c + width / max(errors), 39) - stats.t.cdf(-c, 39) - 0.95, 0, 5
    )
    assert line["low"] == pytest.approx(low.mean() - factor * errors[0])
    assert line["high"] == pytest.approx(high.mean() + factor * errors[1])


def test_narrow_bounds_need_the_wider_factor() -> None:
    """One leaver among few: the factor lies between the one- and the two-sided quantile."""
    rng = np.random.default_rng(3)
    before, after = [*rng.uniform(1, 4, 30), 2.0], [*rng.uniform(1, 4, 30), None]
    line = attrition_bounds(sums(before, after), (1, 4), by=None).iloc[0]
    change = np.array(after[:30]) - np.array(before[:30])
    low, high = np.append(change, 1 - 2.0), np.append(change, 4 - 2.0)
    errors = stats.sem(low), stats.sem(high)
    assert errors[0] != pytest.approx(errors[1], rel=1e-3)
    factor = optimize.brentq(
        lambda c: (
            stats.t.cdf(c + (high.mean() - low.mean()) / max(errors), 30)
            - stats.t.cdf(-c, 30)
            - 0.95
        ),
        0,
        5,
    )
    assert stats.t.ppf(0.95, 30) < factor < stats.t.ppf(0.975, 30)
    assert line["low"] == pytest.approx(low.mean() - factor * errors[0], rel=1e-9)
    better = attrition_bounds(sums(before, after), (1, 4), by=None, assume="no better").iloc[0]
    reach = (better["high"] - better["change_max"]) / stats.sem(change)
    assert stats.t.ppf(0.95, 29) < reach < stats.t.ppf(0.975, 29)


def test_without_leavers_the_interval_is_the_usual_one() -> None:
    rng = np.random.default_rng(1)
    before, after = rng.uniform(1, 4, 30), rng.uniform(1, 4, 30)
    line = attrition_bounds(sums(before.tolist(), after.tolist()), (1, 4), by=None).iloc[0]
    interval = stats.ttest_rel(after, before).confidence_interval()
    assert line["low"] == pytest.approx(interval.low)
    assert line["high"] == pytest.approx(interval.high)


def test_five_groups_get_the_t_interval() -> None:
    """Changes .2, .5, -.1, .6, .3: normal quantiles would give .060 to .540."""
    changes = [0.2, 0.5, -0.1, 0.6, 0.3]
    line = attrition_bounds(sums([2.0] * 5, [2.0 + c for c in changes]), (1, 4), by=None).iloc[0]
    assert [line["low"], line["high"]] == pytest.approx([-0.040, 0.640], abs=5e-4)
    told = stats.ttest_1samp(changes, 0).confidence_interval()
    assert [line["low"], line["high"]] == pytest.approx([told.low, told.high])


@pytest.mark.parametrize("leavers", [0, 2])
def test_few_groups_are_covered_as_promised(leavers: int) -> None:
    """800 programmes of six groups, of which none or two leave; those fell to the lowest score."""
    rng, many, size = np.random.default_rng(7), 800, 6
    truth = 0.2
    before = np.full((many, size), 2.0)
    after = before + rng.normal(truth, 0.3, (many, size))
    after[:, size - leavers :] = np.nan
    # Had those that left fallen to 1, the mean change of a population of such groups would be this.
    target = (truth * (size - leavers) + (1 - 2.0) * leavers) / size
    rows = sums(
        before.ravel().tolist(),
        [None if np.isnan(v) else float(v) for v in after.ravel()],
        province=np.repeat(np.arange(many), size),
    )
    found = attrition_bounds(rows, (1, 4))
    held = ((found["low"] <= target) & (target <= found["high"])).mean()
    assert held > 0.935


def test_a_stronger_assumption_never_widens(many: pd.DataFrame) -> None:
    plain, *others = (attrition_bounds(many, (1, 4), assume=name) for name in ASSUMPTIONS)
    for other in others:
        assert (other["change_max"] <= plain["change_max"]).all()
        assert (other["change_min"] == plain["change_min"]).all()
        assert (other["change_max"] >= other["change_min"]).all()


def test_an_impossible_assumption_is_unknown() -> None:
    """Those that stayed fell further than the scale lets the other group fall."""
    rows = sums([4.0, 4.0, 1.0], [1.0, 1.0, None])
    line = attrition_bounds(rows, (1, 4), by=None, assume="no better").iloc[0]
    assert np.isnan(line["change_min"])


def test_simulated_stays_simulated(many: pd.DataFrame) -> None:
    rows = many.assign(evidence="simulated")
    assert set(attrition_bounds(rows, (1, 4))["evidence"]) == {"simulated"}
    assert set(attrition_rates(rows)["evidence"]) == {"simulated"}


def test_wrong_options_are_refused(many: pd.DataFrame) -> None:
    for options in ({"assume": "hope"}, {"confidence": 0.1}):
        with pytest.raises(OptionError):
            attrition_bounds(many, (1, 4), **options)  # type: ignore[arg-type]


@given(st.lists(st.tuples(st.floats(1, 4), st.none() | st.floats(1, 4)), min_size=1, max_size=30))
def test_any_scores_of_the_leavers_lie_inside(pairs: list[tuple[float, float | None]]) -> None:
    before, after = [p[0] for p in pairs], [p[1] for p in pairs]
    line = attrition_bounds(sums(before, after), (1, 4), by=None).iloc[0]
    rng = np.random.default_rng(0)
    filled = [rng.uniform(1, 4) if value is None else value for value in after]
    change = np.mean(np.array(filled) - np.array(before))
    assert line["change_min"] - 1e-9 <= change <= line["change_max"] + 1e-9
