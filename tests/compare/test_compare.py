"""Oracles: scipy.stats for Cliff's delta and the tests; cases worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ttest_1samp, ttest_rel

import kube_research as kr
from kube_research.compare.choices import compare_designs, which_comparison
from kube_research.compare.designs import TESTS
from kube_research.compare.permutation import permutation_test
from kube_research.compare.rounds import compare_all_rounds
from kube_research.errors import MissingColumnError, OptionError
from kube_research.site.folder import Site

TWO = pd.DataFrame(
    {
        "round": [1, 1, 2, 2, 2, 1, 2],
        "group": "07",
        "rater": ["A", "B", "A", "C", "D", "A", "A"],
        "item": [9, 9, 9, 9, 9, 13, 13],
        "field_no": [1, 1, 1, 1, 1, 2, 2],
        "score": [1, 2, 2, 3, 3, 4, 2],
    }
)


def test_change_by_item_by_hand() -> None:
    done = kr.compare_rounds(TWO).set_index("item")
    row = done.loc[9]
    assert (row["n_before"], row["n_after"], row["raters_in_both"]) == (2, 3, 1)
    assert row["mean_before"] == 1.5
    assert row["change"] == pytest.approx(8 / 3 - 1.5)
    assert row["cliffs_delta"] == pytest.approx(5 / 6)
    assert done.loc[13, "change"] == -2


def test_overall_takes_each_raters_mean() -> None:
    row = kr.compare_rounds(TWO, by="overall").iloc[0]
    # Round 1: A (1 + 4) / 2 = 2.5, B 2. Round 2: A (2 + 2) / 2 = 2, C 3, D 3.
    assert row["mean_before"] == 2.25
    assert row["mean_after"] == pytest.approx(8 / 3)
    assert row["n_after"] == 3


def test_rounds_can_be_named_and_must_exist() -> None:
    back = kr.compare_rounds(TWO, before=2, after=1).set_index("item")
    assert back.loc[13, "change"] == 2
    with pytest.raises(OptionError):
        kr.compare_rounds(TWO, after=3)
    with pytest.raises(OptionError):
        kr.compare_rounds(TWO, by="village")
    with pytest.raises(OptionError, match="two rounds"):
        kr.compare_rounds(TWO[TWO["round"] == 1])


def test_the_twins_named_items_all_rise(twin: Site, study: Site) -> None:
    done = kr.compare_rounds(twin.ratings).set_index("item")
    assert (done.loc[study.item_means["item"], "change"] > 0).all()
    assert set(done["raters_in_both"]) == {12}
    assert set(done["evidence"]) == {"simulated"}


# -- designs, tests and intervals ------------------------------------------------------------

FAST = {"draws": 400}
NUMBERS = [
    *("mean_before", "mean_after", "p", "p_adjusted", "smallest_p"),
    *("change", "change_low", "change_high", "hedges_g", "cliffs_delta"),
    *("groups_low", "groups_high", "groups_p"),
]
GROUPS = NUMBERS[-3:]


def ratings_of(before: dict[str, int], after: dict[str, int], group: str = "07") -> pd.DataFrame:
    rows = [
        {"round": number, "group": group, "rater": rater, "item": 9, "field_no": 1, "score": score}
        for number, scores in ((1, before), (2, after))
        for rater, score in scores.items()
    ]
    return pd.DataFrame(rows)


def coded(prefix: str, *scores: int) -> dict[str, int]:
    return {f"{prefix}{place}": score for place, score in enumerate(scores)}


SIX, LATER = (1, 2, 2, 3, 2, 1), (2, 2, 3, 4, 4, 3)
INDEPENDENT = ratings_of(coded("A", *SIX), coded("B", *LATER))
PAIRED = ratings_of(coded("A", *SIX), coded("A", *LATER))
PARTLY = ratings_of(coded("A", *SIX), coded("A", *LATER[:4]) | coded("B", *LATER[4:]))


@pytest.mark.parametrize(
    ("ratings", "design"),
    [(INDEPENDENT, "independent"), (PAIRED, "paired"), (PARTLY, "partly overlapping")],
)
def test_the_design_follows_from_the_codes(ratings: pd.DataFrame, design: str) -> None:
    row = kr.compare_rounds(ratings, **FAST).iloc[0]
    assert row["design"] == design
    assert row["method"] == "exact permutation"
    assert "too few groups to do without" in row["reason"]
    assert row["interval"] == "t of raters"
    assert row["change_low"] < row["change"] < row["change_high"]
    assert "superiority" not in row
    which = which_comparison(ratings).set_index("comparison")
    applies = which.loc[["independent", "paired", "partly overlapping"], "applies"]
    assert applies[applies].index.tolist() == [design]
    assert which.loc[design, "smallest_p"] == row["smallest_p"]


def test_each_test_gives_what_scipy_gives() -> None:
    def p(ratings: pd.DataFrame, test: str) -> float:
        return float(kr.compare_rounds(ratings, test=test, **FAST)["p"].iloc[0])

    assert p(PAIRED, "overlapping-t") == pytest.approx(ttest_rel(SIX, LATER).pvalue)
    nan = [np.nan] * 6
    shuffled = permutation_test([*SIX, *nan], [*nan, *LATER]).p
    assert p(INDEPENDENT, "permutation") == p(INDEPENDENT, "auto") == pytest.approx(shuffled)
    for test in TESTS:
        assert 0 < p(PARTLY, test) <= 1


def test_a_chosen_test_says_what_it_leaves_out() -> None:
    row = kr.compare_rounds(PARTLY, test="mann-whitney", **FAST).iloc[0]
    assert row["design"] == "independent"
    assert "taken as independent" in row["reason"]
    assert (row["n_before"], row["n_after"], row["raters_in_both"]) == (6, 6, 4)
    row = kr.compare_rounds(PARTLY, test="wilcoxon", lang="id", **FAST).iloc[0]
    assert (row["n_before"], row["n_after"], row["design"]) == (4, 4, "paired")
    assert "tidak diikutkan" in row["reason"]
    with pytest.raises(OptionError, match="does not fit"):
        kr.compare_rounds(PARTLY, test="wilcoxon", design="independent")
    with pytest.raises(OptionError, match="unit"):
        kr.compare_rounds(PARTLY, test="wilcoxon", cluster="group")
    for wrong in ({"confidence": 95}, {"draws": 0}, {"smallest_effect": -1}):
        with pytest.raises(OptionError):
            kr.compare_rounds(PARTLY, **wrong)
    for wrong in ({"design": "x"}, {"cluster": "rater"}, {"test": "t"}, {"correction": "x"}):
        with pytest.raises(OptionError):
            kr.compare_rounds(PARTLY, **wrong)


def test_groups_as_the_unit(twin: Site) -> None:
    grouped = kr.compare_rounds(twin.ratings, by="field_no", cluster="group", **FAST)
    assert set(grouped["method"]) == {"t of groups (CR2)"}
    assert set(grouped["interval"]) == {"t of groups"}
    beside = kr.compare_rounds(twin.ratings, by="field_no", **FAST)
    for end in ("low", "high"):
        pd.testing.assert_series_equal(
            grouped[f"change_{end}"], beside[f"groups_{end}"], check_names=False
        )
    pd.testing.assert_series_equal(grouped["p"], beside["groups_p"], check_names=False)
    assert beside["reason"].str.contains("score independently").all()
    flips = kr.compare_rounds(twin.ratings, by="field_no", cluster="group", test="permutation")
    assert set(flips["smallest_p"]) == {0.0625}
    assert (flips["p"] >= 0.0625).all()
    with pytest.raises(MissingColumnError):
        kr.compare_rounds(PARTLY.drop(columns="group"), cluster="group")


def test_five_groups_that_all_rise_are_a_finding_by_the_t_of_groups() -> None:
    # Four groups rise by 1 throughout, one rater of the fifth by 2: group changes 1, 1, 1, 1, 4 / 3.
    parts = [
        ratings_of(coded(f"A{k}", 1, 1, 1), coded(f"A{k}", 2, 2, 3 if k == 4 else 2), f"{k:02d}")
        for k in range(5)
    ]
    row = kr.compare_rounds(pd.concat(parts), cluster="group").iloc[0]
    oracle = ttest_1samp([1, 1, 1, 1, 4 / 3], 0)
    assert row["p"] == pytest.approx(oracle.pvalue)
    assert round(row["p"], 5) == 0.00009
    ends = oracle.confidence_interval(0.95)
    assert (row["change_low"], row["change_high"]) == pytest.approx((ends.low, ends.high))


def test_which_comparison_in_two_languages(twin: Site) -> None:
    done = which_comparison(twin.ratings, lang="id").set_index("comparison")
    assert done["applies"].to_dict() == {
        "independent": False,
        "paired": False,
        "partly overlapping": True,
        "groups": True,
    }
    assert done.loc["groups", "method"] == "t of groups (CR2)"
    assert "0,0625" in done.loc["groups", "why"]
    assert done.loc["partly overlapping", "why"].startswith("12 penilai")
    assert set(done["evidence"]) == {"simulated"}
    bare = which_comparison(PAIRED.drop(columns="group"))
    assert bare["clusters"].isna().all()
    assert not bare.set_index("comparison").loc["groups", "applies"]


# -- only what both rounds hold ----------------------------------------------------------------

SIX_ITEMS = [9, 13, 14, 19, 23, 26]


def scores_of(*rows: tuple[int, str, int, int]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["round", "rater", "item", "score"])


def test_rounds_with_other_items_are_compared_on_the_common_ones(twin: Site) -> None:
    short = twin.ratings[twin.ratings["round"].eq(1) | twin.ratings["item"].isin(SIX_ITEMS)]
    row = kr.compare_rounds(short, by="overall").iloc[0]
    common = kr.compare_rounds(twin.ratings[twin.ratings["item"].isin(SIX_ITEMS)], by="overall")
    assert (round(row["change"], 3), round(row["p"], 4)) == (0.302, 0.0012)
    assert row["p"] == pytest.approx(common["p"][0])
    assert "not compared: 1, 2, 3" in row["reason"]
    one = [(1, f"R{k}", item, 2 * item) for k in range(8) for item in (1, 2)]
    two = [(2, f"R{k}", 1, 2) for k in range(8)]
    row = kr.compare_rounds(scores_of(*one, *two), by="overall").iloc[0]
    assert (row["change"], row["p"]) == (0, 1)


def test_blank_answers_change_nothing_within_pairs_and_are_told(twin: Site) -> None:
    one = twin.ratings[twin.ratings["round"] == 1]
    two, tired = one.assign(round=2), sorted(one["rater"].unique())[:6]
    two.loc[two["rater"].isin(tired) & two["item"].isin(SIX_ITEMS), "score"] = pd.NA
    row = kr.compare_rounds(pd.concat([one, two]), by="overall").iloc[0]
    assert row["change"] == pytest.approx(0, abs=1e-12)
    assert row["p"] == 1
    assert "6 rater(s) of both rounds left answers blank" in row["reason"]
    others = two.assign(rater="N" + two["rater"].astype(str))
    row = kr.compare_rounds(pd.concat([one, others]), by="overall").iloc[0]
    assert "6 rater(s) of one round left some of these items blank" in row["reason"]


def test_a_level_without_a_common_item_is_not_compared() -> None:
    rows = scores_of(*[(r, f"R{k}", r, 3) for r in (1, 2) for k in range(6)])
    row = kr.compare_rounds(rows, by="overall").iloc[0]
    assert (row["n_before"], row["n_after"]) == (0, 0)
    assert "not compared: 1, 2" in row["reason"]
    assert np.isnan([row["change"], row["p"]]).all()


@given(st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_the_overall_change_is_that_of_shared_answers(seed: int) -> None:
    # Oracle: loops over raters and items, written down from the rule alone.
    rng = np.random.default_rng(seed)
    rows = [
        (r, f"R{k}", item, int(rng.integers(1, 5)))
        for r in (1, 2)
        for k in range(int(rng.integers(3, 7)))
        for item in range(1, 5)
        if rng.random() < 0.7
    ]
    held = [{item for r, _, item, _ in rows if r == number} for number in (1, 2)]
    if not held[0] & held[1]:
        return
    given_by: dict[tuple[int, str], dict[int, int]] = {}
    for number, rater, item, score in rows:
        if item in held[0] & held[1]:
            given_by.setdefault((number, rater), {})[item] = score
    means: dict[int, list[float]] = {1: [], 2: []}
    for (number, rater), answers in given_by.items():
        other = given_by.get((3 - number, rater), answers)
        kept = [score for item, score in answers.items() if item in other]
        if kept:
            means[number].append(float(np.mean(kept)))
    if not (means[1] and means[2]):
        return
    row = kr.compare_rounds(scores_of(*rows), by="overall", **FAST).iloc[0]
    assert row["mean_before"] == pytest.approx(np.mean(means[1]))
    assert row["change"] == pytest.approx(np.mean(means[2]) - np.mean(means[1]))


def test_blank_groups_and_raters_are_told(twin: Site) -> None:
    ungrouped = twin.ratings.copy()
    ungrouped.loc[ungrouped["group"] == "07", "group"] = pd.NA
    for options in ({"by": "overall"}, {"by": "item"}, {"by": "overall", "cluster": "group"}):
        row = kr.compare_rounds(ungrouped, **options).iloc[0]
        assert row["clusters"] == 4 + 5  # four groups, and five people of none
        assert "5 rater(s) without a group" in row["reason"]
    nowhere = kr.compare_rounds(twin.ratings.assign(group=pd.NA), by="overall").iloc[0]
    assert pd.isna(nowhere["clusters"])
    assert "group" not in nowhere["reason"]
    unnamed = twin.ratings.copy()
    unnamed.loc[unnamed["group"] == "07", "rater"] = pd.NA
    row = kr.compare_rounds(unnamed, by="overall").iloc[0]
    assert (row["n_before"], row["n_after"]) == (12, 14)
    assert "196 score(s) without a rater code" in row["reason"]


def test_groups_that_are_known_are_never_passed_over() -> None:
    parts = [ratings_of(coded(f"A{k}", 2, 2, 2), {}, f"{k}") for k in range(2)]
    parts += [ratings_of({}, coded(f"B{k}", 3, 3, 3), f"{k}") for k in range(2, 5)]
    row = kr.compare_rounds(pd.concat(parts)).iloc[0]
    assert row["p"] < 0.001
    assert "although their groups are known" in row["reason"]


# -- the p beside a change belongs to it -------------------------------------------------------


def test_newcomers_of_one_round_have_no_p_and_the_pairs_stand_beside() -> None:
    fall = [(1, f"R{k}", 1, 3) for k in range(6)] + [(2, f"R{k}", 1, 2) for k in range(6)]
    done = kr.compare_rounds(scores_of(*fall, *[(2, f"N{k}", 1, 4) for k in range(12)]))
    assert done["design"].tolist() == ["partly overlapping", "paired"]
    assert done["change"].tolist() == pytest.approx([1 / 3, -1])
    assert np.isnan(done["p"][0])
    assert done["p"][1] == done["p_adjusted"][1] == 0.03125
    assert "No p" in done["reason"][0]
    same = [(r, f"R{k}", 1, 2 + k % 3) for r in (1, 2) for k in range(15)]
    done = kr.compare_rounds(scores_of(*same, *[(2, f"N{k}", 1, 4) for k in range(3)]))
    assert np.isnan(done["p"][0])
    assert (done["change"][1], done["p"][1]) == (0, 1)


def test_designs_stand_side_by_side(twin: Site) -> None:
    done = compare_designs(twin.ratings).set_index("comparison")
    assert done.index.tolist() == ["independent", "paired", "partly overlapping", "groups"]
    assert done.loc["paired", ["n_before", "n_after"]].tolist() == [12, 12]
    assert done["change"].round(2).tolist() == [0.11, 0.03, 0.11, 0.11]
    assert done["p"].round(3).tolist() == [0.358, 0.390, 0.037, 0.079]
    bare = compare_designs(INDEPENDENT.drop(columns="group"))
    assert bare["comparison"].tolist() == ["independent"]


# -- degenerate data -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (coded("A", 1, 1, 1, 2, 2, 2), coded("B", 3, 3, 4, 4, 3, 4), "Complete separation"),
        (coded("A", *[2] * 6), coded("B", *[2] * 6), "one value"),
        (coded("A", *[2] * 6), coded("B", *[3] * 6), "do not vary within"),
        (coded("A", 2), coded("A", 3), "too few pairs"),
        (coded("A", 2), coded("B", 3), "Only one rater"),
        (coded("A", 2, 3), coded("B", 3, 4), "Fewer than 5 raters"),
    ],
)
@pytest.mark.parametrize("test", TESTS)
def test_degenerate_data_give_a_reason(
    before: dict[str, int], after: dict[str, int], words: str, test: str
) -> None:
    row = kr.compare_rounds(ratings_of(before, after), test=test, **FAST).iloc[0]
    if test in ("auto", "permutation"):
        assert words in row["reason"]
    if any(pd.isna(row[name]) for name in NUMBERS):
        assert row["reason"]


def test_an_item_of_one_round_only_has_a_row_and_a_reason() -> None:
    extra = pd.DataFrame(
        {"round": 2, "group": "07", "rater": ["A0"], "item": 10, "field_no": 1, "score": 3}
    )
    done = kr.compare_rounds(pd.concat([PAIRED, extra]), **FAST).set_index("item")
    assert done.loc[10, "n_before"] == 0
    assert np.isnan(done.loc[10, "p"])
    assert "No score" in done.loc[10, "reason"]
    assert done.loc[9, "p_adjusted"] == done.loc[9, "p"]
    nothing = PAIRED.assign(score=pd.NA)
    with pytest.raises(OptionError, match="No score"):
        kr.compare_rounds(nothing)


@given(st.integers(0, 10**6), st.sampled_from(list(TESTS)), st.sampled_from([None, "group"]))
@settings(max_examples=30, deadline=None)
def test_no_data_crash_it_and_no_nan_lacks_a_reason(
    seed: int, test: str, cluster: str | None
) -> None:
    rng = np.random.default_rng(seed)
    n, top = int(rng.integers(1, 9)), int(rng.integers(1, 4))
    rows = [
        {"round": r, "group": f"g{k % 3}", "rater": f"R{k}", "item": i, "field_no": 1, "score": s}
        for r in (1, 2)
        for k in range(n)
        for i in (1, 2)
        if (s := int(rng.integers(1, top + 1))) and rng.random() < 0.7
    ]
    ratings = pd.DataFrame(rows, columns=["round", "group", "rater", "item", "field_no", "score"])
    if ratings["round"].nunique() < 2:
        return
    options = {"cluster": cluster} if test in ("auto", "permutation") else {}
    for by in ("item", "group", "overall"):
        done = kr.compare_rounds(ratings, by=by, test=test, draws=60, **options)
        holes = done[[n for n in NUMBERS if n not in GROUPS]].isna().any(axis=1)
        assert done.loc[holes, "reason"].ne("").all()
        p = done["p"].dropna()
        assert ((p > 0) & (p <= 1)).all()
        assert (p >= done["smallest_p"].loc[p.index] - 1e-12).all()


def test_codes_counted_anew_in_each_group_are_told_apart() -> None:
    parts = [ratings_of(coded("", *SIX), coded("", *LATER), group=name) for name in ("07", "08")]
    row = kr.compare_rounds(pd.concat(parts), **FAST).iloc[0]
    assert (row["n_before"], row["raters_in_both"]) == (12, 12)
    with pytest.raises(OptionError, match="twice"):
        kr.compare_rounds(pd.concat([PAIRED, PAIRED]))


def test_raters_without_a_code_are_never_pairs() -> None:
    row = kr.compare_rounds(PAIRED.assign(rater=pd.NA), **FAST).iloc[0]
    assert (row["n_before"], row["raters_in_both"], row["design"]) == (6, 0, "independent")


# -- the same answer however the rows come ---------------------------------------------------


def test_order_of_rows_form_and_blank_scores_do_not_matter(twin: Site) -> None:
    part = twin.ratings[twin.ratings["item"].isin([9, 13])]
    plain = kr.compare_rounds(part, **FAST)
    pd.testing.assert_frame_equal(
        kr.compare_rounds(part.sample(frac=1, random_state=1), **FAST), plain
    )
    wide = kr.compare_rounds(kr.peka.to_wide(part), **FAST).assign(evidence="simulated")
    pd.testing.assert_frame_equal(wide, plain, check_dtype=False)
    blank = part.copy()
    blank.loc[blank.index[0], "score"] = pd.NA
    gone = kr.compare_rounds(part.drop(index=part.index[0]), **FAST)
    pd.testing.assert_frame_equal(kr.compare_rounds(blank, **FAST), gone)
    alone = kr.compare_rounds(part[part["item"] == 13], correction=None, **FAST)
    both = kr.compare_rounds(part, correction=None, **FAST)
    pd.testing.assert_frame_equal(alone, both[both["item"] == 13].reset_index(drop=True))


# -- many rounds, corrections, verdicts ------------------------------------------------------


def test_all_rounds_are_compared_and_corrected_together() -> None:
    third = PAIRED[PAIRED["round"] == 2].assign(round=3)
    three = pd.concat([PAIRED, third])
    done = compare_all_rounds(three, **FAST)
    assert done[["round_before", "round_after"]].to_numpy().tolist() == [[1, 2], [2, 3], [1, 3]]
    assert done["change"].tolist() == pytest.approx([7 / 6, 0, 7 / 6])
    assert done["p_adjusted"].tolist() == pytest.approx([3 * done["p"][0], 1, 3 * done["p"][0]])
    assert "no rater" in compare_all_rounds(three, test="wilcoxon", **FAST)["reason"][1].lower()
    with pytest.raises(OptionError, match="two rounds"):
        compare_all_rounds(third)


def test_holm_is_the_default_and_others_are_on_request(twin: Site) -> None:
    holm = kr.compare_rounds(twin.ratings, draws=50)
    bh = kr.compare_rounds(twin.ratings, correction="bh", draws=50)
    none = kr.compare_rounds(twin.ratings, correction=None, draws=50)
    assert (holm["p_adjusted"] >= bh["p_adjusted"]).all()
    assert (bh["p_adjusted"] >= none["p"]).all()
    assert none["p_adjusted"].equals(none["p"])
    assert holm["p_adjusted"].min() == pytest.approx(28 * holm["p"].min())


@pytest.mark.parametrize(
    ("later", "smallest", "verdict"),
    [
        ((3, 3, 4, 4, 4, 3), 0.5, "meaningful rise"),
        ((2, 2, 3, 4, 4, 3), 1.2, "no meaningful decline"),
        (SIX, 0.5, "equivalent"),
        ((1, 2, 2, 2, 1, 1), 1.2, "equivalent"),
        ((1, 2, 1, 2, 2, 2), 0.25, "no meaningful rise"),
    ],
)
def test_verdicts(later: tuple[int, ...], smallest: float, verdict: str) -> None:
    double = ratings_of(coded("A", *SIX, *SIX), coded("A", *later, *later))
    if later == SIX:  # one rater up, one down, so that there is something to resample
        double.loc[double["round"].eq(2) & double["rater"].eq("A0"), "score"] = 2
        double.loc[double["round"].eq(2) & double["rater"].eq("A1"), "score"] = 1
    row = kr.compare_rounds(double, smallest_effect=smallest).iloc[0]
    assert row["verdict"] == verdict
    turned = kr.compare_rounds(double, smallest_effect=smallest, before=2, after=1).iloc[0]
    opposite = {"rise": "decline", "decline": "rise"}
    words = " ".join(opposite.get(word, word) for word in verdict.split())
    assert turned["verdict"] == words


def test_without_a_smallest_effect_there_is_no_verdict_and_without_an_interval_none() -> None:
    assert "verdict" not in kr.compare_rounds(PAIRED, **FAST)
    few = ratings_of(coded("A", 1, 2), coded("A", 2, 3))
    assert kr.compare_rounds(few, smallest_effect=0.5)["verdict"].tolist() == ["no interval"]


def test_no_change_reaches_beyond_the_scale() -> None:
    """Yes and no: Welch's interval of five and five ends at 1.02; the cut leaves the lower end."""
    scores = {1: [0, 0, 0, 0, 1], 2: [1, 1, 1, 1, 0]}
    rows = [
        {"round": number, "rater": f"{number}{place}", "item": 1, "score": score}
        for number, given in scores.items()
        for place, score in enumerate(given)
    ]
    free = pd.DataFrame(rows)
    wide = kr.compare_rounds(free).iloc[0]
    free.attrs["scale"] = (0, 1, 1)
    cut = kr.compare_rounds(free).iloc[0]
    assert wide["change_high"] > 1
    assert cut["change_high"] == 1
    assert cut["change_low"] == wide["change_low"]
    assert cut["p"] == wide["p"]
