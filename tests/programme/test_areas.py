"""Changes by area: the closed form of the sandwich against dense matrices, scipy and statsmodels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import kube_research as kr
from kube_research.errors import MissingColumnError, OptionError
from kube_research.programme.areas import area_changes
from kube_research.site.folder import Site

SUMS = ["raters_before", "total_before", "raters_after", "total_after"]


def sums_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Sum rows (group, after, y) to one row a group."""
    done = pd.DataFrame({"group": sorted(rows["group"].unique())})
    for number, side in enumerate(("before", "after")):
        part = rows[rows["after"] == number].groupby("group")["y"]
        done[f"raters_{side}"] = done["group"].map(part.size()).fillna(0).astype(int)
        done[f"total_{side}"] = done["group"].map(part.sum()).fillna(0.0)
    return done


def dense(rows: pd.DataFrame, adjust: bool = True) -> tuple[float, float, float]:
    """Return change, standard error and degrees of freedom by the matrices of the definition."""
    x = np.column_stack([np.ones(len(rows)), rows["after"]])
    y, bread = rows["y"].to_numpy(dtype=float), np.linalg.inv(x.T @ x)
    hat = x @ bread @ x.T
    e = y - hat @ y
    contrast = bread @ np.array([0.0, 1.0])
    total, columns = 0.0, []
    for name in rows["group"].unique():
        here = np.flatnonzero(rows["group"] == name)
        leave = np.eye(len(here)) - hat[np.ix_(here, here)]
        values, vectors = np.linalg.eigh(leave)
        root = vectors @ np.diag(values**-0.5) @ vectors.T if adjust else np.eye(len(here))
        part = root @ x[here] @ contrast
        total += float(part @ e[here]) ** 2
        columns.append((np.eye(len(rows)) - hat)[:, here] @ part)
    g = np.array(columns)
    gram = g @ g.T
    return float(contrast @ x.T @ y), total**0.5, np.trace(gram) ** 2 / (gram**2).sum()


def draw(seed: int, groups: int = 7) -> pd.DataFrame:
    rng, rows = np.random.default_rng(seed), []
    for name in range(groups):
        base = rng.normal()
        for after in (0, 1):
            count = 0 if (name, after) == (groups - 1, 1) else int(rng.integers(1, 5))
            rows += [
                (name, after, round(base + 0.5 * after + rng.normal(), 3)) for _ in range(count)
            ]
    return pd.DataFrame(rows, columns=["group", "after", "y"])


@pytest.mark.parametrize("seed", range(6))
def test_the_sandwich_is_that_of_the_matrices(seed: int) -> None:
    rows = draw(seed)
    found = area_changes(sums_of(rows), by=None, weight="rater", groups="all").iloc[0]
    change, se, freedom = dense(rows)
    assert found["change"] == pytest.approx(change, rel=1e-12)
    assert found["se"] == pytest.approx(se, rel=1e-10)
    assert found["df"] == pytest.approx(freedom, rel=1e-9)
    reach = stats.t.ppf(0.975, freedom) * se
    assert found["change_low"] == pytest.approx(change - reach, rel=1e-8)
    assert found["p"] == pytest.approx(2 * stats.t.sf(abs(change / se), freedom), rel=1e-8)


def test_groups_that_count_the_same_are_one_value_a_group() -> None:
    rows = draw(3)
    means = rows.groupby(["group", "after"])["y"].mean().reset_index()
    change, se, freedom = dense(means)
    found = area_changes(sums_of(rows), by=None, groups="all").iloc[0]
    assert found[["change", "se", "df"]].tolist() == pytest.approx([change, se, freedom], rel=1e-9)


def test_groups_of_both_rounds_give_the_paired_t_test() -> None:
    rows = draw(5, groups=9)
    wide = rows.groupby(["group", "after"])["y"].mean().unstack().dropna()
    told = stats.ttest_rel(wide[1], wide[0])
    found = area_changes(sums_of(rows), by=None).iloc[0]
    assert found["groups_both"] == 8
    assert found["df"] == pytest.approx(7)
    assert found["p"] == pytest.approx(told.pvalue, rel=1e-9)
    interval = told.confidence_interval(0.95)
    assert found[["change_low", "change_high"]].tolist() == pytest.approx(list(interval), rel=1e-9)
    wide_one = area_changes(sums_of(rows), by=None, confidence=0.8).iloc[0]
    assert wide_one["change_high"] == pytest.approx(told.confidence_interval(0.8).high)


def test_the_matrices_are_those_of_statsmodels() -> None:
    # statsmodels 0.15.0: OLS(y, add_constant(after)).fit(cov_type="cluster",
    # cov_kwds={"groups": group, "use_correction": False}); .params[1], .bse[1]
    group = [0, 0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 5, 5, 6]
    after = [0, 1, 1, 1, 1, 0, 1, 0, 1, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 0, 1, 1, 0]
    y = [-3.099, -1.59, -3.551, -1.427, -2.195, 2.286, 2.161, 1.452, -0.207, 2.05, 0.273, 0.809]
    y += [-1.277, 0.722, 0.244, 0.623, -1.972, 1.397, -1.017, -2.397, 0.263, 1.802, 1.038]
    rows = pd.DataFrame({"group": group, "after": after, "y": y})
    change, se, _ = dense(rows, adjust=False)
    assert change == pytest.approx(-0.22852272727272704, rel=1e-12)
    assert se == pytest.approx(0.7318196519625302, rel=1e-12)
    found = area_changes(sums_of(rows), by=None, weight="rater", groups="all").iloc[0]
    assert found["change"] == pytest.approx(change, rel=1e-12)
    assert found["se"] == pytest.approx(dense(rows)[1], rel=1e-10)
    assert found["se"] > se


def many() -> pd.DataFrame:
    parts = []
    for place, area in enumerate("BAC"):
        part = sums_of(draw(place, groups=5 + 3 * place)).assign(province=area, evidence="recorded")
        part["group"] = area + part["group"].astype(str)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def test_every_area_stands_alone_and_p_is_adjusted() -> None:
    rows = many()
    found = area_changes(rows, weight="rater", groups="all")
    assert found["province"].tolist() == ["A", "B", "C"]
    for area, line in found.set_index("province").iterrows():
        alone = area_changes(
            rows[rows["province"] == area], by=None, weight="rater", groups="all"
        ).iloc[0]
        for name in ("change", "se", "df", "p", "groups_before"):
            assert line[name] == pytest.approx(alone[name], rel=1e-12)
    order = np.argsort(found["p"])
    least = found["p"].iloc[order[0]]
    assert found["p_adjusted"].iloc[order[0]] == pytest.approx(min(1, 3 * least))


def test_the_order_of_rows_changes_nothing() -> None:
    rows = many()
    shuffled = rows.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(area_changes(rows), area_changes(shuffled))


def test_small_areas_are_marked_and_say_why() -> None:
    rows = pd.DataFrame(
        {
            "province": ["A", "B", "B", "C", "D", "D"],
            "group": list("abcdef"),
            "raters_before": [3, 3, 3, 3, 3, 3],
            "total_before": [6.0, 6, 6, 6, 6, 7],
            "raters_after": [3, 3, 3, 0, 3, 3],
            "total_after": [9.0, 9, 9, 0, 9, 9],
            "evidence": ["recorded", "recorded", "simulated", "recorded", "recorded", "recorded"],
        }
    )
    found = area_changes(rows).set_index("province")
    assert found["few"].all()
    assert found["change"].tolist()[:2] == [1.0, 1.0]
    # B: both groups rise by 1, so nothing shows how groups differ
    assert found["change_low"].isna().tolist() == [True, True, True, False]
    assert ["One group" in found["reason"]["A"], "same" in found["reason"]["B"]] == [True, True]
    assert "No group" in found["reason"]["C"]
    assert found["reason"]["D"] == ""
    assert found["p"].isna().tolist() == [True, True, True, False]
    assert found["evidence"].tolist() == ["recorded", "simulated", "recorded", "recorded"]


def test_wrong_options_are_refused() -> None:
    rows = many()
    for options in ({"weight": "item"}, {"groups": "some"}, {"confidence": 95}):
        with pytest.raises(OptionError):
            area_changes(rows, **options)  # type: ignore[arg-type]
    with pytest.raises(MissingColumnError):
        area_changes(rows, by="regency")


@given(st.integers(0, 10_000), st.floats(-3, 3), st.floats(0.1, 9))
def test_moving_and_stretching_scores_moves_and_stretches_the_change(
    seed: int, shift: float, factor: float
) -> None:
    rows = draw(seed % 50)
    plain = area_changes(sums_of(rows), by=None, weight="rater").iloc[0]
    moved = area_changes(
        sums_of(rows.assign(y=factor * (rows["y"] + shift))), by=None, weight="rater"
    ).iloc[0]
    assert moved["change"] == pytest.approx(factor * plain["change"], abs=1e-9)
    assert moved["se"] == pytest.approx(factor * plain["se"], rel=1e-7)
    assert moved["df"] == pytest.approx(plain["df"])


def test_a_site_is_a_programme_of_one_area(twin: Site) -> None:
    sums = kr.programme.group_sums(twin.ratings, by=())
    overall = kr.compare_rounds(twin.ratings, by="overall", design="paired")
    found = area_changes(sums, by=None, weight="rater").iloc[0]
    assert found["groups_both"] == 5
    means = twin.ratings.groupby(["round", "rater"])["score"].mean()
    assert found["mean_after"] - found["mean_before"] == pytest.approx(found["change"])
    assert found["mean_before"] == pytest.approx(means[1].mean())
    assert found["evidence"] == overall["evidence"][0] == "simulated"


def test_a_group_whose_rounds_share_no_item_stops_no_area(twin: Site) -> None:
    rows = twin.ratings
    early = rows["round"].eq(1) & rows["item"].lt(9)
    late = rows["round"].eq(2) & rows["item"].ge(9)
    apart = rows[~(rows["group"].eq("07") & (early | late))]
    changes = area_changes(kr.programme.group_sums(apart, by=()), by=None)
    assert changes["groups_both"].tolist() == [4]
    assert changes["evidence"].tolist() == ["simulated"]
