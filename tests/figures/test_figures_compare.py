"""Figures of a comparison: what is plotted is the frame, in both languages, and nothing overlaps."""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.text import Text
from scipy import optimize, stats

import kube_research as kr
from kube_research import figures
from kube_research.errors import MissingTableError, OptionError
from kube_research.figures import style
from kube_research.formats import probability
from kube_research.site.folder import Site
from kube_research.texts import text
from tests.helpers.drawn import drawn_once

NAMES = ["estimation_plot", "items", "slope_graph", "score_bars", "forest_plot"]
TINY = Path(__file__).parents[1] / "data" / "tiny"


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    yield
    plt.close("all")


def draw(name: str, site: Site, **options: Any) -> Axes:
    """Read a figure; drawn once for all tests that ask for the same, but for given axes."""
    if name == "items":
        name, options = "estimation_plot", {"by": "item", **options}
    make = getattr(figures, name)
    made: Axes = make(site, **options) if "ax" in options else drawn_once(make, site, **options)
    return made


def frame_of(name: str, site: Site) -> pd.DataFrame:
    if name == "items":
        return figures.estimation_plot.frame(site, by="item")
    made: pd.DataFrame = getattr(figures, name).frame(site)
    return made


def with_ratings(site: Site, ratings: pd.DataFrame) -> Site:
    return dataclasses.replace(site, tables={**site.tables, "ratings": ratings})


def tagged(ax: Axes, kind: str) -> list[Any]:
    artists = [*ax.lines, *ax.texts, *ax.patches, *ax.collections]
    return [a for a in artists if re.fullmatch(rf"{kind}(-\d+)?", str(a.get_gid()))]


def words(ax: Axes) -> list[Text]:
    figure = ax.get_figure(root=True)
    assert figure is not None
    return [found for found in figure.findobj(Text) if found.get_text().strip()]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("grade", "lang"), [("simulated", "en"), ("simulated", "id"), ("recorded", "id")]
)
def test_titles_marks_and_width(name: str, lang: str, grade: str, twin: Site) -> None:
    assert set(twin.ratings["evidence"]) == {"simulated"}
    own = with_ratings(twin, twin.ratings.assign(evidence=grade))
    site = twin if grade == "simulated" else own
    ax = draw(name, site, lang=lang)
    figure = ax.get_figure(root=True)
    assert figure is not None
    shown = {" ".join(found.get_text().split()) for found in words(ax)}
    stem = "estimation_plot.items" if name == "items" else f"{name}.title"
    assert text(f"compare.{stem}", lang) in shown
    assert (text("mark.simulated", lang) in shown) == (grade == "simulated")
    assert figure.get_size_inches()[0] == pytest.approx(style.DOUBLE_COLUMN)
    assert figure.get_size_inches()[1] < 9.7


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("lang", ["en", "id"])
def test_words_lie_apart_and_inside(name: str, lang: str, twin: Site) -> None:
    ax = draw(name, twin, lang=lang)
    figure = ax.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()
    width, height = figure.get_size_inches() * figure.dpi
    axes = [found for found in figure.findobj(Axes) if isinstance(found, Axes)]
    drawn, every = set(), set()
    for axis in (axis for found in axes for axis in (found.xaxis, found.yaxis)):
        drawn |= {id(tick.label1) for tick in axis._update_ticks()}  # type: ignore[attr-defined]
        every |= {id(tick.label1) for tick in axis.get_major_ticks()}
    hidden = every - drawn  # labels of ticks outside the axes
    boxes = [(t, t.get_window_extent()) for t in words(ax) if id(t) not in hidden]
    boxes = [(t, box) for t, box in boxes if box.width > 0]
    for found, box in boxes:
        assert box.x0 >= 0, found.get_text()
        assert box.x1 <= width, found.get_text()
        assert box.y0 >= 0, found.get_text()
        assert box.y1 <= height, found.get_text()
    slack = 1.0  # pixels
    for (one, a), (two, b) in itertools.combinations(boxes, 2):
        wide = min(a.x1, b.x1) - max(a.x0, b.x0)
        high = min(a.y1, b.y1) - max(a.y0, b.y0)
        assert wide <= slack or high <= slack + 1, (one.get_text(), two.get_text())


@pytest.mark.parametrize("name", NAMES)
def test_axes_of_the_caller_are_used(name: str, twin: Site) -> None:
    figure, given = plt.subplots(figsize=(8, 8))
    assert draw(name, twin, ax=given) is given
    assert text("evidence.simulated") in given.get_title(loc="left")
    assert not any(found.get_gid() == "simulated-text" for found in figure.texts)


@pytest.mark.parametrize("name", NAMES)
def test_missing_data_are_refused(name: str, study: Site, twin: Site) -> None:
    with pytest.raises(MissingTableError):
        draw(name, study)
    one = with_ratings(twin, twin.ratings[twin.ratings["round"] == 1])
    with pytest.raises(OptionError, match="two"):
        draw(name, one)
    with pytest.raises(OptionError):
        draw(name, twin, lang="nl")


@pytest.mark.parametrize("name", NAMES)
def test_few_and_constant_scores_are_drawn_with_the_reason(name: str, twin: Site) -> None:
    kept = twin.ratings[twin.ratings["group"].isin(["07", "08"])]
    for ratings in (kept[kept["group"] == "07"], kept.assign(score=3)):
        ax = draw(name, with_ratings(twin, ratings), lang="id")
        shown = " ".join(" ".join(found.get_text().split()) for found in words(ax))
        if name in ("estimation_plot", "items", "forest_plot"):
            found = kr.compare_rounds(ratings, by="overall", lang="id")["reason"][0]
            assert found
            assert found.split(".")[0] in shown


def test_independent_and_paired_sites_are_drawn(twin: Site) -> None:
    ratings = twin.ratings
    later = ratings["round"] == 2
    apart = ratings.assign(rater=ratings["rater"].where(~later, ratings["rater"] + "x"))
    both = set(ratings.loc[~later, "rater"]) & set(ratings.loc[later, "rater"])
    for changed in (apart, ratings[ratings["rater"].isin(both)]):
        for name in NAMES:
            draw(name, with_ratings(twin, changed))


def test_the_estimation_plot_draws_the_comparison(twin: Site) -> None:
    line = frame_of("estimation_plot", twin).iloc[0]
    ax = draw("estimation_plot", twin)
    (change,), (interval,) = tagged(ax, "change"), tagged(ax, "interval")
    assert change.get_ydata()[0] == pytest.approx(line["mean_after"])
    ends = line["mean_before"] + np.array([line["change_low"], line["change_high"]])
    np.testing.assert_allclose(interval.get_ydata(), ends)
    for side in ("before", "after"):
        (dots,) = tagged(ax, side)
        seen = np.asarray(dots.get_ydata(), dtype=float)
        assert np.count_nonzero(~np.isnan(seen)) == line[f"n_{side}"]
        assert np.nanmean(seen) == pytest.approx(line[f"mean_{side}"])
    (hill,) = tagged(ax, "hill")
    (thin,) = tagged(ax, "raters")
    raters = kr.compare_rounds(twin.ratings, by="overall").iloc[0]
    ends = line["mean_before"] + np.array([raters["change_low"], raters["change_high"]])
    np.testing.assert_allclose(thin.get_ydata(), ends)
    assert thin.get_linewidth() < interval.get_linewidth()
    # The hill is the t density behind the thick bar: its height at the end against its top, by scipy.
    x, y = hill.get_paths()[0].vertices.T
    # Its df is the one under which p and the ends of the interval agree.
    half, change = (line["change_high"] - line["change_low"]) / 2, line["change"]
    df = optimize.brentq(
        lambda d: stats.t.sf(change * stats.t.ppf(0.975, d) / half, d) * 2 - line["p"], 1.05, 60
    )
    t = (y - line["mean_before"] - change) * stats.t.ppf(0.975, df) / half
    height = (x - x.min()) / (x.max() - x.min())
    rim = height > 0.05
    np.testing.assert_allclose(
        height[rim], (stats.t.pdf(t, df) / stats.t.pdf(0, df))[rim], rtol=1e-3
    )


@pytest.mark.parametrize("lang", ["en", "id"])
def test_the_note_names_both_units_and_those_who_came_twice(lang: str, twin: Site) -> None:
    shown = " ".join(
        " ".join(found.get_text().split()) for found in words(draw(NAMES[0], twin, lang=lang))
    )
    point = "," if lang == "id" else "."
    for value in ("+0{}11", "[−0{}02", "p 0{}079", "+0{}01", "p 0{}037", "+0{}03 (p 0{}390)"):
        assert value.format(*[point] * 2) in shown


def newcomers(twin: Site, groups: list[str]) -> Site:
    """The twin's ratings of some groups, of whose raters those of round 2 only stay, not those of 1."""
    part = twin.ratings[twin.ratings["group"].isin(groups)]
    first = set(part.loc[part["round"] == 1, "rater"]) - set(part.loc[part["round"] == 2, "rater"])
    return with_ratings(twin, part[~part["rater"].isin(first)])


@pytest.mark.parametrize("groups", [["07", "08"], ["07", "08", "10", "11", "24"]])
def test_a_second_row_of_pairs_breaks_no_figure(groups: list[str], twin: Site) -> None:
    site = newcomers(twin, groups)
    assert len(kr.compare_rounds(site.ratings, by="item")) == 56  # two rows an item
    for name, rows in zip([*NAMES, "before_after"], [1, 28, None, None, 8, 28], strict=True):
        draw(name, site, lang="id")
        assert rows in (None, len(frame_of(name, site)))
    line = frame_of("estimation_plot", site).iloc[0]
    assert np.isnan(line["p"]) == (len(groups) < 3)
    assert not np.isnan(line["pairs_p"])


def test_p_of_exactly_the_level_counts(twin: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    told = kr.compare.leading_comparison(twin.ratings, by="item")
    told["p_adjusted"] = [0.05, *[0.0501] * 27]
    monkeypatch.setattr("kube_research.figures.rounds._compared", lambda *_: told)
    site = with_ratings(twin, twin.ratings)
    said = " ".join(found.get_text() for found in words(draw("items", site)))
    assert "is at most 0.05 for 1 of them" in " ".join(said.split())


def test_the_items_are_sorted_and_drawn(twin: Site) -> None:
    frame = frame_of("items", twin)
    assert frame["change"].is_monotonic_decreasing
    ax = draw("items", twin)
    drawn = [line.get_xdata()[0] for line in tagged(ax, "change")]
    np.testing.assert_allclose(drawn, frame["change"])
    lows = [line.get_xdata()[0] for line in tagged(ax, "interval")]
    np.testing.assert_allclose(lows, frame["change_low"])
    (scores,) = ax.child_axes
    means = [line.get_xdata()[0] for line in tagged(scores, "before")]
    np.testing.assert_allclose(means, frame["mean_before"])


def test_the_slopes_are_the_raters(twin: Site) -> None:
    frame = frame_of("slope_graph", twin)
    assert len(frame) == 21
    assert set(frame["n_before"]) == {15}
    ax = draw("slope_graph", twin, lang="id")
    pairs = frame.dropna()
    drawn = [line.get_ydata() for line in tagged(ax, "pair")]
    np.testing.assert_allclose(drawn, pairs[["mean_before", "mean_after"]])
    assert len(tagged(ax, "single")) == len(frame) - len(pairs) == 9
    (mean,) = tagged(ax, "mean")
    np.testing.assert_allclose(mean.get_ydata(), pairs[["mean_before", "mean_after"]].mean())


def test_the_bars_are_the_counts(twin: Site) -> None:
    frame = frame_of("score_bars", twin)
    assert len(frame) == 28 * 2 * 4
    np.testing.assert_allclose(frame.groupby(["item", "round"])["share"].sum(), 1)
    scores = kr.score_items(twin.ratings).set_index(["item", "round"])["mean"]
    means = frame.drop_duplicates(["item", "round"]).set_index(["item", "round"])["mean"]
    np.testing.assert_allclose(means, scores.loc[means.index])
    ax = draw("score_bars", twin)
    drawn = sorted(bar.get_width() for bar in tagged(ax, "bar"))
    np.testing.assert_allclose(drawn, sorted(frame.loc[frame["count"] > 0, "share"]))
    shown = frame.query("item == 9 and round == 1")
    low = shown.loc[shown["score"] <= 2, "share"].sum()
    assert min(bar.get_x() for bar in tagged(ax, "bar")) <= -low


def test_an_odd_scale_parts_in_its_middle_score(twin: Site) -> None:
    info = dataclasses.replace(twin.info, scale=(1, 5))
    site = dataclasses.replace(with_ratings(twin, twin.ratings.assign(score=3)), info=info)
    ax = draw("score_bars", site)
    assert {(bar.get_x(), bar.get_width()) for bar in tagged(ax, "bar")} == {(-0.5, 1.0)}


def test_the_forest_is_the_fields_and_the_whole(twin: Site) -> None:
    frame = frame_of("forest_plot", twin)
    assert frame["field_no"].isna().tolist() == [False] * 7 + [True]
    assert frame["field_id"].iloc[-1] == text("compare.all_items", "id")
    ax = draw("forest_plot", twin)
    drawn = [line.get_xdata()[0] for line in tagged(ax, "change")]
    np.testing.assert_allclose(drawn, frame["change"])
    markers = [line.get_marker() for line in tagged(ax, "change")]
    assert markers == ["s"] * 7 + ["D"]


def test_p_values_are_never_0() -> None:
    assert probability(0.00001, "id") == "< 0,001"
    assert probability(0.0123, "en") == "0.012"
    assert probability(float("nan"), "en") == ""
