"""Oracles: scipy.stats.describe, scipy's t interval, and cases worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import kube_research as kr
from kube_research.errors import MissingColumnError
from kube_research.site.folder import Site


def ratings(scores: list[int | None], item: int = 9, round_: int = 1) -> pd.DataFrame:
    raters = [f"R{i}" for i in range(len(scores))]
    frame = pd.DataFrame({"round": round_, "group": "07", "rater": raters, "item": item})
    return frame.assign(score=pd.array(scores, dtype="Int64"))


def test_item_scores_agree_with_scipy() -> None:
    scores = [1, 2, 2, 3, 4, 4, 1, 3]
    row = kr.score_items(ratings(scores)).iloc[0]
    described = stats.describe(scores)
    interval = stats.ttest_1samp(scores, 0).confidence_interval(0.95)
    assert (row["n"], row["total"], row["missing"]) == (8, 20, 0)
    assert row["mean"] == pytest.approx(described.mean)
    assert row["sd"] == pytest.approx(np.sqrt(described.variance))
    assert (row["low"], row["high"]) == described.minmax
    assert row["median"] == 2.5
    assert row["share_at_least"] == pytest.approx(4 / 8)
    assert row["ci_low"] == pytest.approx(interval.low)
    assert row["ci_high"] == pytest.approx(interval.high)


def test_a_blank_score_equals_a_missing_row() -> None:
    full, short = kr.score_items(ratings([2, 3, None])), kr.score_items(ratings([2, 3]))
    pd.testing.assert_frame_equal(full.drop(columns="missing"), short.drop(columns="missing"))
    assert full["missing"].tolist() == [1]


def test_one_rater_has_a_mean_but_no_spread() -> None:
    row = kr.score_items(ratings([3])).iloc[0]
    assert row["mean"] == 3
    assert np.isnan(row["sd"])
    assert np.isnan(row["ci_low"])


def test_an_item_nobody_answered_has_no_mean() -> None:
    row = kr.score_items(ratings([None, None])).iloc[0]
    assert row["n"] == 0
    assert np.isnan(row["mean"])
    assert np.isnan(row["share_at_least"])


def test_order_and_shape_of_the_input_do_not_matter(twin: Site) -> None:
    long = twin.ratings
    shuffled = long.sample(frac=1, random_state=1)
    expected = kr.score_items(long)
    pd.testing.assert_frame_equal(kr.score_items(shuffled), expected)
    wide = kr.peka.to_wide(long)
    again = kr.score_items(wide)
    pd.testing.assert_frame_equal(
        again.drop(columns="evidence"), expected.drop(columns="evidence"), check_dtype=False
    )


def test_fields_take_the_rater_as_unit() -> None:
    # Rater A answers both items (1, 3: mean 2), rater B only the first (4). Field mean = (2 + 4) / 2.
    frame = pd.concat([ratings([1, 4], item=1), ratings([3, None], item=2)])
    items = pd.DataFrame({"item": [1, 2], "field_no": [5, 5]})
    row = kr.score_fields(frame, items).iloc[0]
    assert (row["field_no"], row["n"], row["items"]) == (5, 2, 2)
    assert row["mean"] == 3.0
    assert row["sd"] == pytest.approx(np.std([2, 4], ddof=1))


def test_rounds_with_other_items_are_compared_on_those_they_share(twin: Site) -> None:
    """The twin with round 2 cut to six items: each rater's mean over the shared items, by hand."""
    weak = [9, 13, 14, 19, 23, 26]
    cut = twin.ratings[(twin.ratings["round"] == 1) | twin.ratings["item"].isin(weak)]
    scores = kr.score_fields(cut).set_index(["round", "field_no"])
    raters = cut[cut["item"].isin(weak)].groupby(["round", "field_no", "rater"])["score"].mean()
    for (number, field), mean in raters.groupby(level=[0, 1]).mean().items():
        assert scores.loc[(number, field), "mean"] == pytest.approx(mean)
    assert scores.loc[(1, 3), "reason"] == (
        "Items that not every round holds do not count: 11, 12, 15."
    )
    assert scores.loc[(1, 3), "items"] == scores.loc[(2, 3), "items"] == 2
    assert scores.loc[(1, 1), "reason"].startswith("Only one round holds it")
    alone = kr.score_fields(twin.ratings[twin.ratings["round"] == 1]).set_index("field_no")
    assert set(alone["reason"]) == {""}
    assert scores.loc[(1, 1), "mean"] == alone.loc[1, "mean"]


def three_rounds() -> pd.DataFrame:
    """A answers items 1, 2, 3, then 1, 2, then 1, 3; B only item 2, twice; C item 4 alone, once."""
    rows = [(1, "A", 1, 1), (1, "A", 2, 4), (1, "A", 3, 4), (2, "A", 1, 2), (2, "A", 2, 4)]
    rows += [(3, "A", 1, 3), (3, "A", 3, 4), (1, "B", 2, 2), (2, "B", 2, 3), (2, "B", 3, 1)]
    rows += [(3, "D", 1, 1), (3, "D", 2, 4), (3, "D", 3, 2), (1, "C", 4, 4)]
    columns = ["round", "rater", "item", "score"]
    return pd.DataFrame(rows, columns=columns).assign(field_no=1, evidence="recorded")


def test_three_rounds_by_hand() -> None:
    """Item 4 is in one round only; A answered item 1 in all three rounds, B item 2 in both."""
    scores = kr.score_fields(three_rounds(), lang="id").set_index("round")
    assert scores["mean"].tolist() == pytest.approx([(1 + 2) / 2, (2 + 3) / 2, (3 + 7 / 3) / 2])
    assert scores["n"].tolist() == [2, 2, 2]
    assert scores["missing"].tolist() == [0, 0, 0]
    assert scores["items"].tolist() == [3, 3, 3]
    assert "Butir yang tidak ada di setiap putaran tidak dihitung: 4." in scores.loc[1, "reason"]
    assert "2 penilai mengosongkan jawaban" in scores.loc[1, "reason"]
    assert "1 penilai mengosongkan jawaban" in scores.loc[3, "reason"]


def test_rounds_without_a_common_item_keep_their_own_means() -> None:
    frame = pd.concat([ratings([1, 3], item=1), ratings([4, 2], item=2, round_=2)])
    scores = kr.score_fields(frame.assign(field_no=5))
    assert scores["mean"].tolist() == [2.0, 3.0]
    assert scores["reason"].str.contains("no item in common").all()


def test_fields_ask_for_the_instrument_when_ratings_do_not_know_it() -> None:
    with pytest.raises(MissingColumnError, match="items"):
        kr.score_fields(ratings([1, 2]))


def test_loaded_ratings_know_their_fields(twin: Site) -> None:
    scores = kr.score_fields(twin.ratings)
    assert sorted(scores["field_no"].unique()) == [1, 2, 3, 4, 5, 6, 7]
    assert set(scores["evidence"]) == {"simulated"}


def test_printed_means_give_their_totals(study: Site) -> None:
    scores = kr.score_means(study.item_means, scale=(1, 4), rounding="truncate").set_index("item")
    assert scores["total"].to_dict() == {9: 37, 13: 35, 14: 36, 19: 37, 23: 33, 26: 34}
    assert set(scores["evidence"]) == {"derived"}
    widest = stats.t.ppf(0.975, 14) * scores.loc[9, "sd_high"] / np.sqrt(15)
    assert scores.loc[9, "ci_low"] == pytest.approx(37 / 15 - widest)


def test_an_impossible_mean_keeps_its_printed_value_without_a_total() -> None:
    means = pd.DataFrame({"round": [1], "item": [9], "mean": ["2.47"], "n": [15]})
    row = kr.score_means(means, scale=(1, 4), rounding="truncate").iloc[0]
    assert pd.isna(row["total"])
    assert (row["totals"], row["mean"], row["evidence"]) == (0, 2.47, "bounded")


def test_weak_is_below_the_threshold_and_ties_share_a_place() -> None:
    scores = pd.DataFrame({"item": [1, 2, 3, 4], "mean": ["2.5", "2.2", "2.2", "3.0"]})
    classified = kr.classify_items(scores, threshold=2.5).set_index("item")
    assert classified["strength"].to_dict() == {2: "weak", 3: "weak", 1: "strong", 4: "strong"}
    assert classified["priority"].to_dict() == {2: 1, 3: 1, 1: 3, 4: 4}
    assert list(classified.index) == [2, 3, 1, 4]


def test_priorities_start_again_in_every_round() -> None:
    scores = pd.DataFrame(
        {"round": [1, 1, 2, 2], "item": [1, 2, 1, 2], "mean": [2.0, 3.0, 4.0, 1.0]}
    )
    classified = kr.classify_items(scores)
    assert classified[["round", "item", "priority"]].to_numpy().tolist() == [
        [1, 1, 1],
        [1, 2, 2],
        [2, 2, 1],
        [2, 1, 2],
    ]


def test_an_item_without_a_mean_is_neither_strong_nor_weak() -> None:
    classified = kr.classify_items(pd.DataFrame({"item": [1], "mean": [np.nan]}))
    assert classified["strength"].isna().all()
    assert classified["priority"].isna().all()


def test_all_six_are_weak_over_the_plausible_thresholds(study: Site) -> None:
    counts = kr.peka.classify_over(study.item_means, (2.46, 2.5, 3.0)).set_index("threshold")
    assert counts["weak"].tolist() == [4, 6, 6]
    assert counts["strong"].tolist() == [2, 0, 0]


def test_rtl_links_carry_priority_and_basis(study: Site) -> None:
    links = kr.peka.rtl_links(study)
    assert set(links["strength"]) == {"weak"}
    assert links["date"].is_monotonic_increasing
    kuber = links[links["activity"] == "kuber"]
    assert kuber["item"].tolist() == [23, 26]
    assert kuber["priority"].tolist() == [1, 2]
    assert set(kuber["basis"]) == {"printed"}
    assert set(links["item"]) == {9, 13, 14, 19, 23, 26}


def test_missing_columns_are_named() -> None:
    with pytest.raises(MissingColumnError, match="rater"):
        kr.score_items(pd.DataFrame({"round": [1]}))


def of_scale(scores: list[int], scale: tuple[float, ...], item: int = 1, round_: int = 1) -> Any:
    frame = ratings(scores, item=item, round_=round_)  # type: ignore[arg-type]
    frame.attrs["scale"] = scale
    return frame


def test_intervals_end_where_the_scale_ends() -> None:
    """scipy's t interval of 0 0 0 0 1 is -0.355 to 0.755: cut at 0, where no mean can lie."""
    scores = [0, 0, 0, 0, 1]
    wide = stats.ttest_1samp(scores, 0).confidence_interval(0.95)
    cut = kr.score_items(of_scale(scores, (0, 1, 1))).iloc[0]
    assert wide.low < 0
    assert (cut["ci_low"], cut["ci_high"]) == (0, pytest.approx(wide.high))
    free = kr.score_items(ratings(scores)).iloc[0]  # nothing says what the scale is
    assert free["ci_low"] == pytest.approx(wide.low)
    asked = kr.score_items(ratings(scores), scale=(0, 1)).iloc[0]
    assert asked["ci_low"] == 0
    fields = of_scale(scores, (0, 1, 1)).assign(field_no=1)
    assert kr.score_fields(fields)["ci_low"].tolist() == [0]


def test_below_five_raters_there_is_no_interval_and_the_reason_is_told() -> None:
    few = of_scale([1, 2, 3, 4], (1, 4, 1)).assign(field_no=1)
    assert kr.score_items(few)[["ci_low", "ci_high"]].isna().all(axis=None)
    fields = kr.score_fields(few)
    assert fields[["ci_low", "ci_high"]].isna().all(axis=None)
    assert fields["reason"].tolist() == ["Fewer than 5 raters: no interval."]
    enough = kr.score_items(of_scale([1, 2, 3, 4, 4], (1, 4, 1)))
    assert enough[["ci_low", "ci_high"]].notna().all(axis=None)
    means = pd.DataFrame({"round": 1, "item": [1, 2], "mean": ["2.25", "2.20"], "n": [4, 5]})
    printed = kr.peka.score_means(means, scale=(1, 4))
    assert printed["ci_low"].isna().tolist() == [True, False]
    assert printed["ci_low"][1] == 1  # the widest interval, cut at the lowest score


def test_the_share_names_its_score() -> None:
    """By hand: one of four says yes; four of eleven marks reach 67, two thirds of 100."""
    yes = kr.score_items(of_scale([0, 0, 0, 1], (0, 1, 1))).iloc[0]
    assert (yes["at_least"], yes["share_at_least"]) == (1, 0.25)
    marks = [60, 55, 70, 65, 70, 60, 65, 60, 70, 65, 70]
    row = kr.score_items(of_scale(marks, (0, 100, 1))).iloc[0]
    assert (row["at_least"], row["share_at_least"]) == (67, pytest.approx(4 / 11))
    assert kr.score_items(ratings([1, 2, 3, 4])).iloc[0]["at_least"] == 3


def test_half_points_keep_their_total() -> None:
    halves = pd.DataFrame(
        {"round": 1, "rater": list("ABCDE"), "item": 1, "score": [1.5, 2, 2, 3, 4]}
    )
    row = kr.score_items(halves, scale=(1, 4, 0.5)).iloc[0]
    assert (row["total"], row["mean"], row["at_least"]) == (12.5, 2.5, 3)
    assert kr.classify_items(kr.score_items(halves), threshold=2.5)["strength"].tolist() == [
        "strong"
    ]
