"""Negative statements and weights in scores, fields, comparisons, printed means and figures.

Outside oracles: numpy.average, arithmetic by hand on whole rows, and the same data turned round
before they are written.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from engine_frames import as_engine
from site_files import copy_tiny, set_cell

import kube_research as kr
from kube_research.peka.scores import as_answered
from kube_research.site.folder import Site
from kube_research.site.instrument import with_instrument, with_weights


def weighted_site(parent: Path, *weights: str) -> Site:
    """Return the tiny site whose items carry these weights, item 2 being negative."""
    folder = copy_tiny(parent)
    for row, weight in enumerate(weights, start=2):
        set_cell(folder, "items.csv", row, "weight", weight)
    set_cell(folder, "items.csv", 3, "direction", "negative")
    return kr.load_site(folder)


def test_the_change_of_a_negative_statement_has_the_sign_of_what_it_means() -> None:
    answers = pd.DataFrame({"round": [1, 1, 2, 2], "rater": ["A", "B"] * 2, "item": 1})
    answers["score"] = [4, 3, 2, 1]  # "I give up quickly": agreed less and less
    items = pd.DataFrame({"item": [1], "field_no": [1], "direction": ["negative"]})
    change = kr.compare_rounds(with_instrument(answers, items, (1, 4))).iloc[0]
    assert change[["mean_before", "mean_after", "change"]].tolist() == [1.5, 3.5, 2.0]


@pytest.mark.parametrize("engine", ["pandas", "polars", "duckdb"])
def test_every_engine_turns_and_weighs_alike(engine: str) -> None:
    ratings = kr.load_site("cibeunying-simulated").ratings.drop(columns=["locator", "field_no"])
    items = pd.DataFrame({"item": range(1, 31), "field_no": [1, 2, 3] * 10})
    items["direction"] = ["negative", "positive"] * 15
    items["weight"] = [0.1, 0.2, 0.7, 3.0, None] * 6
    made = with_instrument(as_engine(engine, ratings), items, (1, 4))
    turned = ratings["score"].mask(ratings["item"] % 2 == 1, 5 - ratings["score"])
    weights = items.set_index("item")["weight"].fillna(1.0)
    own = ratings.assign(
        score=turned, field_no=ratings["item"].map(items.set_index("item")["field_no"])
    )
    rows = []
    for (number, field, _), part in own.dropna(subset="score").groupby(
        ["round", "field_no", "rater"]
    ):
        mean = np.average(part["score"].astype(float), weights=part["item"].map(weights))
        rows.append((number, field, mean))
    # Raters of both rounds answered the same items twice here, so every answer counts.
    expected = pd.DataFrame(rows, columns=["round", "field_no", "mean"])
    by_hand = expected.groupby(["round", "field_no"])["mean"].agg(["size", "mean", "std"])
    scores = kr.score_fields(made)
    assert scores["n"].tolist() == by_hand["size"].tolist()
    np.testing.assert_allclose(scores["mean"], by_hand["mean"], rtol=1e-12)
    np.testing.assert_allclose(scores["sd"], by_hand["std"], rtol=1e-9)


def test_a_blank_answer_takes_its_weight_with_it() -> None:
    ratings = pd.DataFrame({"round": 1, "rater": ["A", "A", "B", "B"], "item": [1, 2, 1, 2]})
    ratings["score"] = pd.array([4, 1, 3, None], dtype="Int64")
    items = pd.DataFrame({"item": [1, 2], "field_no": 1, "weight": [1.0, 2.0]})
    scores = kr.score_fields(ratings, items).iloc[0]
    # By hand: A (1*4 + 2*1) / 3 = 2, B 3; two raters.
    assert (scores["n"], scores["mean"], scores["low"], scores["high"]) == (2, 2.5, 2.0, 3.0)


@pytest.mark.parametrize("weights", [(0.1, 0.2, 0.7), (0.3, 0.6, 1.1), (1, 1, 1), (7, 0.000001, 2)])
def test_equal_scores_have_exactly_that_mean(weights: tuple[float, ...]) -> None:
    ratings = pd.DataFrame({"round": 1, "rater": "A", "item": [1, 2, 3], "score": 3})
    items = pd.DataFrame({"item": [1, 2, 3], "field_no": 1, "weight": weights})
    scores = kr.score_fields(ratings, items).iloc[0]
    assert (scores["mean"], scores["share_at_least"]) == (3.0, 1.0)


def test_equal_weights_change_nothing(tmp_path: Path) -> None:
    plain, equal = weighted_site(tmp_path / "a"), weighted_site(tmp_path / "b", *["2.5"] * 5)
    assert kr.score_fields(equal.ratings).equals(kr.score_fields(plain.ratings))
    compared = [kr.compare_rounds(site.ratings, by="field_no") for site in (plain, equal)]
    pd.testing.assert_frame_equal(*compared)


def test_rounds_are_compared_on_weighted_field_means(tmp_path: Path) -> None:
    site = weighted_site(tmp_path, "2", "0.5", "1", "", "4")
    ratings = site.ratings.dropna(subset="score")
    ratings = ratings[~((ratings["rater"] == "B1") & (ratings["item"] == 4))]  # blank in round 1
    compared = kr.compare_rounds(site.ratings, by="field_no", design="independent")
    for (number, field), part in ratings.groupby(["round", "field_no"]):
        means = [
            np.average(own["score"].astype(float), weights=own["weight"])
            for _, own in part.groupby("rater")
        ]
        row = compared.set_index("field_no").loc[field]
        assert row["mean_before" if number == 1 else "mean_after"] == pytest.approx(np.mean(means))
    # Over several fields every item counts the same.
    whole = kr.compare_rounds(site.ratings, by="overall")
    assert whole.equals(kr.compare_rounds(site.ratings.drop(columns="weight"), by="overall"))


def test_weights_given_with_the_instrument_win(tmp_path: Path) -> None:
    site = weighted_site(tmp_path, "2", "0.5", "1", "", "4")
    bare = site.ratings.drop(columns="weight")
    assert kr.score_fields(bare, site.items).equals(kr.score_fields(site.ratings))
    other = site.items.assign(weight=pd.array([1.0] * 4 + [9.0], dtype="Float64"))
    assert kr.score_fields(site.ratings, other).equals(kr.score_fields(with_weights(bare, other)))


# -- printed means ---------------------------------------------------------------------------


@pytest.mark.parametrize("rounding", ["truncate", "ceil", "half-up"])
def test_a_printed_mean_of_a_negative_statement_is_sought_among_the_answers(rounding: str) -> None:
    printed = {"truncate": "2.46", "ceil": "2.47", "half-up": "2.47"}[rounding]  # 37 of 15
    means = pd.DataFrame({"round": [1], "item": [9], "mean": [printed], "n": [15]})
    given = kr.peka.score_means(means, scale=(1, 4), rounding=rounding).iloc[0]
    turned = kr.peka.score_means(
        means.assign(mean_recoded="2.54"), scale=(1, 4), rounding=rounding
    ).iloc[0]
    assert (given["total"], turned["total"]) == (37, 5 * 15 - 37)
    assert turned["mean"] == float(Fraction(38, 15))
    assert turned["printed"] == printed
    assert turned["ci_low"] == pytest.approx(5 - given["ci_high"])
    assert turned["ci_high"] == pytest.approx(5 - given["ci_low"])


def test_a_high_printed_mean_of_a_negative_statement_is_weak() -> None:
    means = pd.DataFrame({"item": [1, 2, 3], "mean": ["3.50", "3.50", "1.40"]})
    means["mean_recoded"] = ["1.50", None, "3.60"]
    classified = kr.classify_items(means, threshold=2.5).set_index("item")
    assert classified["strength"].to_dict() == {1: "weak", 2: "strong", 3: "strong"}
    assert classified["priority"].to_dict() == {1: 1, 2: 2, 3: 3}
    assert classified["mean"].to_dict() == {1: "3.50", 2: "3.50", 3: "1.40"}


def test_the_decision_frame_turns_the_counts_not_the_digits() -> None:
    def frame(mean: str, **more: str) -> pd.DataFrame:
        means = pd.DataFrame({"item": [9], "mean": [mean], "n": [15], **more})
        return kr.evidence.decision_frame(means, scales=[(1, 4)], rounding="truncate")

    turned, plain = frame("2.46", mean_recoded="2.54"), frame("2.53")  # 37 as given, 38 turned
    same = ["total_after", "mean_before", "pairs", "significant", "p_low", "p_high", "region"]
    assert turned[same].equals(plain[same])
    ends = (
        turned["printed_after"].iloc[[0, -1]].tolist(),
        turned["printed_before"].unique().tolist(),
    )
    assert ends == (["4.00", "1.00"], ["2.46"])


def test_answers_come_back_as_they_were_given(tmp_path: Path) -> None:
    site = weighted_site(tmp_path)
    plain = kr.load_site(copy_tiny(tmp_path / "plain")).ratings
    assert as_answered(site.ratings)["score"].equals(plain["score"])


# -- shown -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("lang", "mark"), [("en", "(recoded)"), ("id", "(dibalik)")])
def test_figures_and_report_say_what_was_turned(tmp_path: Path, lang: str, mark: str) -> None:
    import matplotlib.pyplot as plt

    from kube_research.report.making import write_report

    site = weighted_site(tmp_path, "2", "0.5")
    set_cell(site.folder, "items.csv", 3, "code", "1.10")
    site = kr.load_site(site.folder)
    for name in ("peka_profile", "before_after"):
        ax = getattr(kr.figures, name)(site, lang=lang)
        words = " ".join(text.get_text() for text in ax.figure.findobj(plt.Text))
        assert mark in words.replace("\n", " "), name
        assert "1.10" in words, name
        plt.close(ax.figure)
    page = write_report(site, tmp_path / "report.html", lang=lang).read_text(encoding="utf-8")
    assert mark in page
    assert "2 (1.10)" in page


def test_figures_of_plain_instruments_have_no_new_columns() -> None:
    frame = kr.figures.peka_profile.frame(kr.load_site("cibeunying"))
    assert not {"code", "direction"} & set(frame)
