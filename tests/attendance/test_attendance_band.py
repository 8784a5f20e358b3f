"""Oracles: scipy.stats (binomtest, t, ttest_1samp), enumeration of outcomes and sign flips, by hand."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import beta, comb
from scipy.stats import binomtest, t, ttest_1samp

import kube_research as kr
from kube_research.attendance import band
from kube_research.errors import MissingColumnError, OptionError
from kube_research.site.folder import Site

METHODS = ["group_t", "group_sign_flip", "independent"]


def logs(came: list[int], size: list[int]) -> pd.DataFrame:
    """One group a number: so many came of so many invited."""
    rows = [
        {"activity": "a", "group": f"{g:02d}", "person": f"{g}-{i}"}
        | {"status": "present" if i < x else "absent"}
        for g, (x, n) in enumerate(zip(came, size, strict=True))
        for i in range(n)
    ]
    return pd.DataFrame(rows, columns=["activity", "group", "person", "status"])


def held(came: list[int], size: list[int], *ends: object, **options: object) -> pd.DataFrame:
    return band.band_test(logs(came, size), *ends, **options).set_index("method")


SHARES = st.tuples(st.integers(0, 20), st.integers(0, 20)).map(
    lambda pair: tuple(place / 20 for place in sorted(pair))
)


@given(st.integers(1, 40).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), SHARES)
def test_independent_people_agree_with_scipy(
    pair: tuple[int, int], ends: tuple[float, float]
) -> None:
    x, n = pair
    row = held([x], [n], *ends, cluster=None).loc["independent"]
    below = binomtest(x, n, ends[0], alternative="less").pvalue
    above = binomtest(x, n, ends[1], alternative="greater").pvalue
    assert row["p_below"] == pytest.approx(below, abs=1e-12)
    assert row["p_above"] == pytest.approx(above, abs=1e-12)
    assert row["p"] == pytest.approx(min(1, 2 * min(below, above)), abs=1e-12)
    assert row["inside"] == (ends[0] <= x / n <= ends[1])
    every = [
        2 * min(binomtest(y, n, ends[0], "less").pvalue, binomtest(y, n, ends[1], "greater").pvalue)
        for y in (0, n)
    ]
    assert row["smallest_p"] == pytest.approx(min(1, *every), abs=1e-12)


@pytest.mark.parametrize(
    ("truth", "ends"), [*((p, (0.5, 0.6)) for p in (0.5, 0.55, 0.6)), (0.55, (0.55, 0.55))]
)
def test_a_true_rate_in_the_band_is_contradicted_no_more_often_than_said(
    truth: float, ends: tuple[float, float]
) -> None:
    chance = sum(
        float(comb(15, x)) * truth**x * (1 - truth) ** (15 - x)
        for x in range(16)
        if not held([x], [15], *ends, cluster=None)["compatible"].iloc[0]
    )
    assert 0 < chance <= 0.05


def one_cluster(x: int, n: int, rate: float, icc: float) -> float:
    a, b = rate * (1 - icc) / icc, (1 - rate) * (1 - icc) / icc
    return float(comb(n, x) * beta(x + a, n - x + b) / beta(a, b))


@pytest.mark.parametrize("icc", [0.05, 0.3, 0.8])
def test_beta_binomial_agrees_with_enumeration(icc: float) -> None:
    came, size = [1, 3, 0], [4, 3, 2]
    row = held(came, size, 0.5, 0.6, icc=icc).loc["beta_binomial"]
    chances = {"p_below": 0.0, "p_above": 0.0}
    for outcome in product(*(range(n + 1) for n in size)):
        for side, end in (("p_below", 0.5), ("p_above", 0.6)):
            fits = sum(outcome) <= 4 if side == "p_below" else sum(outcome) >= 4
            if fits:
                parts = (one_cluster(x, n, end, icc) for x, n in zip(outcome, size, strict=True))
                chances[side] += float(np.prod(list(parts)))
    assert row["p_below"] == pytest.approx(chances["p_below"], abs=1e-10)
    assert row["p_above"] == pytest.approx(chances["p_above"], abs=1e-10)
    assert row["icc"] == icc


def test_correlation_runs_from_independent_people_to_whole_groups() -> None:
    came, size = [5, 4, 6, 5, 5], [6] * 5
    none, some, all_of_them = (
        held(came, size, icc=icc).loc["beta_binomial"] for icc in (0.0, 0.3, 1.0)
    )
    assert none["p"] == pytest.approx(held(came, size)["p"]["independent"])
    assert none["p"] < some["p"] < all_of_them["p"]
    # Whole groups: 25 of 30 or more need all five groups, each with chance 0.6.
    assert all_of_them["p_above"] == pytest.approx(0.6**5)
    assert all_of_them["smallest_p"] == pytest.approx(2 * 0.5**5)


def test_intra_cluster_correlation_by_hand() -> None:
    # Rates 3/4 and 1/4: mean square between 8 * (1/4)^2 = 1/2, within (3/4 + 3/4) / 6 = 1/4, size 4.
    expected = (1 / 2 - 1 / 4) / (1 / 2 + 3 * 1 / 4)
    assert band.intra_cluster_correlation([3, 1], [4, 4]) == pytest.approx(expected)
    # Unequal clusters: sizes 2, 4; n0 = 6 - 20/6 = 8/3; between 4/3 * ... by fractions.
    x, n = [Fraction(2), Fraction(1)], [Fraction(2), Fraction(4)]
    mean = Fraction(3, 6)
    between = sum(m * (a / m - mean) ** 2 for a, m in zip(x, n, strict=True))
    within = sum(a * (1 - a / m) for a, m in zip(x, n, strict=True)) / 4
    exact = (between - within) / (between + (Fraction(8, 3) - 1) * within)
    assert band.intra_cluster_correlation([2, 1], [2, 4]) == pytest.approx(float(exact))
    assert band.intra_cluster_correlation([2, 2], [4, 4]) == 0
    for came, size in (([3], [4]), ([4, 4], [4, 4]), ([0, 0], [4, 4]), ([1, 0], [1, 1])):
        assert np.isnan(band.intra_cluster_correlation(came, size))


@given(
    st.lists(
        st.integers(1, 6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
        min_size=2,
        max_size=7,
    ),
    SHARES,
)
@settings(max_examples=40)
def test_sign_flips_agree_with_enumeration(
    clusters: list[tuple[int, int]], ends: tuple[float, float]
) -> None:
    came, size = [x for x, _ in clusters], [n for _, n in clusters]
    row = held(came, size, *ends).loc["group_sign_flip"]
    low, high = (Fraction(str(end)) for end in ends)

    def share(distances: list[Fraction]) -> float:
        flips = list(product((-1, 1), repeat=len(distances)))
        sums = [sum(s * d for s, d in zip(flip, distances, strict=True)) for flip in flips]
        return sum(one <= sum(distances) for one in sums) / len(flips)

    below = share([Fraction(x, n) - low for x, n in clusters])
    above = share([high - Fraction(x, n) for x, n in clusters])
    assert row["p_below"] == pytest.approx(below, abs=1e-12)
    assert row["p_above"] == pytest.approx(above, abs=1e-12)
    assert row["p"] == pytest.approx(min(1, 2 * min(below, above)))


@given(
    st.lists(
        st.integers(1, 9).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
        min_size=2,
        max_size=7,
    ),
    st.integers(1, 19),
)
@settings(max_examples=40)
def test_t_of_group_rates_by_its_formula(clusters: list[tuple[int, int]], twentieths: int) -> None:
    end = twentieths / 20
    x, m = (np.array(part, dtype=float) for part in zip(*clusters, strict=True))
    row = held(list(map(int, x)), list(map(int, m)), end, end).loc["group_t"]
    rate, weight = x.sum() / m.sum(), m / m.sum()
    worth = 1 / (weight**2).sum()  # as many groups of one size
    spread = worth / (worth - 1) * ((weight * (x / m - rate)) ** 2).sum()
    chance = rate * (1 - rate) / m.sum()  # were all people independent
    alike = worth if rate in (0, 1) else min(m.sum(), rate * (1 - rate) / max(spread, chance))
    statistic = (rate - end) / np.sqrt(end * (1 - end) / alike)
    assert row["p_below"] == pytest.approx(t.cdf(statistic, worth - 1), abs=1e-9)
    assert row["p_above"] == pytest.approx(t.sf(statistic, worth - 1), abs=1e-9)
    assert np.isnan(row["smallest_p"])
    rates = kr.attendance_rates(
        logs(list(map(int, x)), list(map(int, m))), by=None, cluster="group"
    )
    low, high = rates.loc[0, ["low", "high"]]
    assert rates.loc[0, "clusters"] == len(clusters)
    if min(abs(low - end), abs(high - end)) > 1e-9:  # the test and the interval say the same
        assert row["compatible"] == (low < end < high)


def test_t_agrees_with_scipy_where_chance_within_groups_is_small() -> None:
    # Far from 0 and 1 and at the end itself, the score form differs from the plain t by the root of
    # rate (1 - rate) / (end (1 - end)) only.
    came, size = [18, 30, 41, 25, 36], [60] * 5
    row = held(came, size, 0.55, 0.6).loc["group_t"]
    plain = ttest_1samp(np.array(came) / 60, 0.55).statistic
    rate = 0.5
    scaled = plain * np.sqrt(rate * (1 - rate) / (0.55 * 0.45))
    assert row["p_below"] == pytest.approx(t.cdf(scaled, 4))


def around(
    rng: np.random.Generator, rate: object, shape: tuple[int, ...], icc: float
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Beta-distributed rates, of which the share ``icc`` of the variance of yes and no is their own."""
    mean = np.broadcast_to(np.asarray(rate, dtype=float), shape)
    if icc == 0:
        return mean
    both = (mean * (1 - icc) / icc, (1 - mean) * (1 - icc) / icc)
    return rng.beta(*(np.maximum(part, 1e-9) for part in both))


@pytest.mark.parametrize("truth", [0.5, 0.6])
@pytest.mark.parametrize("icc", [0.0, 0.1, 0.2])
def test_groups_that_move_by_themselves_are_not_taken_for_a_contradiction(
    truth: float, icc: float
) -> None:
    """2,000 lists of five groups, six people each, eight days: 2.5 % of them on each side at most.

    By the test above, the range that begins or ends at the truth is contradicted where the interval
    by groups lies beyond it. Taken as independent the same lists would contradict it far more often.
    """
    rng, lists, groups, people, days = np.random.default_rng(12), 2000, 5, 6, 8
    each = around(rng, truth, (lists, groups), icc)
    each = around(rng, each[..., None], (lists, groups, people), 0.2)
    came = rng.binomial(days, each).ravel()
    who = np.repeat(np.arange(came.size), days)
    frame = pd.DataFrame({"list": who // (groups * people), "person": who, "group": who // people})
    place = np.tile(np.arange(days), came.size)
    frame["status"] = np.where(place < came[who], "present", "absent")
    beyond = {}
    for cluster in ("group", None):
        rates = kr.attendance_rates(frame, by="list", cluster=cluster)
        beyond[cluster] = (rates["high"] < truth).mean(), (rates["low"] > truth).mean()
    assert max(beyond["group"]) <= 0.032  # 2.5 % and two standard errors
    assert min(beyond[None]) >= 0.07


def test_five_groups_can_contradict_nothing_by_sign_flips_but_something_by_t() -> None:
    row = held([0] * 5, [6] * 5).loc["group_sign_flip"]
    assert (row["p_below"], row["p"], row["smallest_p"]) == (1 / 32, 1 / 16, 1 / 16)
    assert row["compatible"]
    assert held([0, 1, 0, 0, 1], [48] * 5).loc["group_t", "p"] < 0.001
    assert not held([0] * 6, [6] * 6).loc["group_sign_flip", "compatible"]


def test_many_clusters_are_quick_and_right() -> None:
    # 30 people of ten meetings: no attendance at all is the most extreme of 2^30 sign flips.
    row = held([0] * 30, [10] * 30).loc["group_sign_flip"]
    assert row["p_below"] == pytest.approx(0.5**30)
    mixed = held([3, 4] * 15, [7, 9] * 15).loc["group_sign_flip"]
    z = sum(3 / 7 + 4 / 9 - 1 for _ in range(15))
    spread = np.sqrt(15 * ((3 / 7 - 0.5) ** 2 + (4 / 9 - 0.5) ** 2))
    assert mixed["p_below"] < 1e-6
    assert z / spread < -5


def test_what_cannot_be_known_is_missing() -> None:
    numbers = ["rate", "inside", "p_below", "p_above", "p", "smallest_p", "compatible", "icc"]
    nobody = held([], [])
    assert nobody.index.tolist() == METHODS
    assert nobody[[*numbers, "evidence"]].isna().all(axis=None)
    assert nobody["n"].tolist() == [0] * 3
    one = held([3], [6])
    assert one["p"].isna().tolist() == [True, True, False]
    assert one["compatible"].isna().tolist() == [True, True, False]
    assert one["reason"].str.contains("Only one cluster").tolist() == [True, True, False]
    assert set(nobody["reason"]) == {"Nobody was invited."}
    assert held([3], [6], icc=0.2)["p"].isna().tolist() == [True, True, False, False]
    all_came = held([6, 6], [6, 6])
    assert not all_came["p"].isna().any()
    assert all_came.loc["independent", "p"] == pytest.approx(2 * 0.6**12)


def test_levels_columns_and_clusters() -> None:
    rows = logs([3, 4, 5], [6, 6, 6]).assign(role=["pengurus", "anggota"] * 9, evidence="recorded")
    rows.loc[0, "evidence"] = "simulated"
    done = band.band_test(rows, by="role")
    assert done["role"].tolist() == ["anggota"] * 3 + ["pengurus"] * 3
    assert done["method"].tolist() == METHODS * 2
    assert done["unit"].eq("invitations").all()
    assert done["evidence"].tolist() == ["recorded"] * 3 + ["simulated"] * 3
    assert done["clusters"].tolist() == [3] * 6
    assert band.band_test(rows, cluster="person")["clusters"].tolist() == [18] * 3
    alone = band.band_test(rows, by="group", cluster=None)
    assert alone["method"].unique().tolist() == ["independent"]
    assert alone["clusters"].isna().all()
    gaps = pd.concat([rows, rows.assign(status=None, group="99")], ignore_index=True)
    pd.testing.assert_frame_equal(band.band_test(gaps), band.band_test(rows))
    pd.testing.assert_frame_equal(band.band_test(rows[::-1], by="role"), done)


def test_the_twin_keeps_to_the_band_it_was_drawn_for(twin: Site) -> None:
    done = band.band_test(twin.attendance, activities=twin.activities)
    assert done["n"].tolist() == [240] * 3
    assert done["inside"].all()
    assert done["compatible"].all()
    assert set(done["evidence"]) == {"simulated"}
    other = band.band_test(twin.attendance, 0.7, "80%").set_index("method")
    assert not other.loc[["independent", "group_t"], "compatible"].any()
    assert other.loc["group_sign_flip", "smallest_p"] == 1 / 16


@pytest.mark.parametrize("ends", [(0.6, 0.5), (-0.1, 0.5), (0.5, 1.2), ("50", 0.6), ("half", 0.6)])
def test_a_range_that_is_none_is_refused(ends: tuple[object, object]) -> None:
    with pytest.raises(OptionError):
        band.band_test(logs([3], [6]), *ends)
    with pytest.raises(OptionError):
        band.band_counts(10, *ends)


def test_other_mistakes_are_refused() -> None:
    rows = logs([3, 3], [6, 6])
    for options in ({"icc": 1.5}, {"confidence": 95}, {"excused": "no"}, {"attended": "hadir"}):
        with pytest.raises(OptionError):
            band.band_test(rows, **options)
    with pytest.raises(MissingColumnError, match="group"):
        band.band_test(rows.drop(columns="group"))
    with pytest.raises(OptionError):
        band.band_counts(0)
    with pytest.raises(OptionError):
        band.rosters_for([15.5], largest=40)
    with pytest.raises(OptionError):
        band.rosters_for([15], "50.5%", "60%", largest=40, rounding="half-up")


def test_counts_in_the_band() -> None:
    assert band.band_counts(30)["count"].tolist() == [15, 16, 17, 18]
    assert band.band_counts(3)["count"].tolist() == []
    # 0.1 + 0.2 is not 0.3 in floating point; three of ten is in the range all the same.
    assert band.band_counts(10, 0.3, 0.3)["count"].tolist() == [3]
    assert band.band_counts(7, "0%", "100%")["count"].tolist() == list(range(8))


def test_only_a_roster_of_thirty_fits_fifteen_and_eighteen_raters() -> None:
    row = band.rosters_for([15, 18], largest=1000)
    assert row["roster"].tolist() == [30]
    assert row[["lowest_rate", "highest_rate"]].to_numpy().tolist() == [[0.5, 0.6]]
    assert row["evidence"].tolist() == ["bounded"]
    for rounding in ("half-up", "half-even", "any"):
        assert band.rosters_for([15, 18], largest=1000, rounding=rounding)["roster"].tolist() == [
            30
        ]
    assert band.rosters_for([15, 19], largest=1000).empty
    assert band.rosters_for([15], largest=28)["roster"].tolist() == [25, 26, 27, 28]


@given(st.lists(st.integers(0, 30), min_size=1, max_size=3), SHARES, st.integers(1, 60))
def test_rosters_agree_with_counts(
    counts: list[int], ends: tuple[float, float], largest: int
) -> None:
    rosters = band.rosters_for(counts, *ends, largest=largest)["roster"].tolist()
    for n in range(1, largest + 1):
        allowed = set(band.band_counts(n, *ends)["count"])
        assert (n in rosters) == (set(counts) <= allowed)
