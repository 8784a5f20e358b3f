"""Figures of a programme: what is drawn is the frame, marked, in both languages, nothing overlaps."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.text import Text

from kube_research import programme
from kube_research.errors import MissingColumnError, OptionError
from kube_research.figures import style
from kube_research.texts import text

NAMES = ["area_forest", "attrition_plot", "caterpillar_plot", "funnel_plot"]


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    yield
    plt.close("all")


def made_sums(groups: int = 300, provinces: int = 6, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    province = rng.integers(0, provinces, groups)
    rows = pd.DataFrame({"province": [f"{22 + p}" for p in province]})
    regency = rng.integers(1, 6, groups)
    rows["regency"] = rows["province"] + pd.Series(regency).map("{:02d}".format)
    rows["group"] = [f"g{g:04d}" for g in range(groups)]
    before = rng.uniform(1.5, 3, groups)
    after = before + rng.normal(0.3, 0.3, groups) + 0.1 * province + 0.1 * (regency == 2)
    stays = rng.random(groups) > 0.1
    rows["raters_before"], rows["total_before"] = 4, 4 * before
    rows["raters_after"] = np.where(stays, 4, 0)
    rows["total_after"] = np.where(stays, 4 * np.clip(after, 1, 4), 0.0)
    return rows.assign(evidence="simulated")


@pytest.fixture(scope="module")
def sums() -> pd.DataFrame:
    return made_sums()


def frame_of(name: str, sums: pd.DataFrame, **options: Any) -> pd.DataFrame:
    given = [sums, (1, 4)] if name == "attrition_plot" else [sums]
    made: pd.DataFrame = getattr(programme, name).frame(*given, **options)
    return made


def draw(plot: str, frame: pd.DataFrame, **options: Any) -> Axes:
    made: Axes = getattr(programme, plot)(frame, **options)
    return made


def tagged(ax: Axes, kind: str) -> list[Any]:
    artists = [*ax.lines, *ax.texts, *ax.patches, *ax.collections]
    return [a for a in artists if re.fullmatch(rf"{kind}(-\d+)?", str(a.get_gid()))]


def words(ax: Axes) -> list[Text]:
    figure = ax.get_figure(root=True)
    assert figure is not None
    return [found for found in figure.findobj(Text) if found.get_text().strip()]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("lang", ["en", "id"])
@pytest.mark.parametrize("grade", ["simulated", "recorded"])
def test_titles_marks_and_width(name: str, lang: str, grade: str, sums: pd.DataFrame) -> None:
    frame = frame_of(name, sums.assign(evidence=grade))
    ax = draw(name, frame, lang=lang, name="KUBE X")
    figure = ax.get_figure(root=True)
    assert figure is not None
    shown = {" ".join(found.get_text().split()) for found in words(ax)}
    kind = "regency" if name in ("caterpillar_plot", "funnel_plot") else "province"
    area = text(f"programme.by.{kind}", lang)
    assert text(f"programme.{name}.title", lang, area=area) in shown
    assert (text("mark.simulated", lang) in shown) == (grade == "simulated")
    assert any("KUBE X" in line for line in shown)
    assert figure.get_size_inches()[0] == pytest.approx(style.DOUBLE_COLUMN)
    assert figure.get_size_inches()[1] < 9.7


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("lang", ["en", "id"])
@pytest.mark.parametrize(("groups", "provinces"), [(300, 6), (4000, 34)])
def test_words_lie_apart_and_inside(name: str, lang: str, groups: int, provinces: int) -> None:
    ax = draw(name, frame_of(name, made_sums(groups, provinces)), lang=lang, name="KUBE")
    figure = ax.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()
    width, height = figure.get_size_inches() * figure.dpi
    drawn, every = set(), set()
    for axis in (ax.xaxis, ax.yaxis):
        drawn |= {id(tick.label1) for tick in axis._update_ticks()}  # type: ignore[attr-defined]
        every |= {id(tick.label1) for tick in axis.get_major_ticks()}
    hidden = every - drawn
    boxes = [(t, t.get_window_extent()) for t in words(ax) if id(t) not in hidden]
    boxes = [(t, box) for t, box in boxes if box.width > 0]
    assert figure.get_size_inches()[1] < 9.7
    for found, box in boxes:
        assert box.x0 >= 0, found.get_text()
        assert box.x1 <= width, found.get_text()
        assert box.y0 >= 0, found.get_text()
        assert box.y1 <= height, found.get_text()
    for (one, a), (two, b) in itertools.combinations(boxes, 2):
        wide = min(a.x1, b.x1) - max(a.x0, b.x0)
        high = min(a.y1, b.y1) - max(a.y0, b.y0)
        assert wide <= 1 or high <= 2, (one.get_text(), two.get_text())


@pytest.mark.parametrize("name", NAMES)
def test_axes_of_the_caller_are_used(name: str, sums: pd.DataFrame) -> None:
    _, given = plt.subplots(figsize=(8, 8))
    frame = frame_of(name, sums)
    assert draw(name, frame, ax=given) is given
    assert text("evidence.simulated") in given.get_title(loc="left")
    with pytest.raises(OptionError):
        draw(name, frame, lang="nl")
    with pytest.raises(MissingColumnError):
        draw(name, frame.drop(columns=[c for c in frame if c.startswith("change")]))


@pytest.mark.parametrize("name", NAMES)
def test_one_area_few_groups_and_none_are_drawn(name: str, sums: pd.DataFrame) -> None:
    one = sums[sums["province"] == "22"]
    alone = one[one["raters_after"] > 0].head(1)
    nobody = alone.assign(raters_after=0, total_after=0.0)
    for rows in (one, one.head(3), alone, nobody):
        draw(name, frame_of(name, rows.reset_index(drop=True)), lang="id")


def test_the_forest_is_the_areas_and_the_whole(sums: pd.DataFrame) -> None:
    frame = frame_of("area_forest", sums)
    assert frame["province"].isna().tolist() == [False] * 6 + [True]
    assert frame["groups_both"].iloc[-1] == frame["groups_both"].iloc[:-1].sum()
    ax = draw("area_forest", frame)
    drawn = [line.get_xdata()[0] for line in tagged(ax, "change")]
    np.testing.assert_allclose(drawn, frame["change"])
    ends = [line.get_xdata() for line in tagged(ax, "interval")]
    np.testing.assert_allclose(ends, frame[["change_low", "change_high"]])
    assert [line.get_marker() for line in tagged(ax, "change")] == ["s"] * 6 + ["D"]
    few = frame_of(
        "area_forest",
        pd.concat([sums[sums["province"] != "22"], sums[sums["province"] == "22"].head(3)]),
    )
    marks = [line.get_markerfacecolor() for line in tagged(draw("area_forest", few), "change")]
    assert [mark == "white" for mark in marks] == few["few"].tolist()
    assert few["few"].sum() == 1


def test_a_forest_too_high_says_what_it_leaves_out() -> None:
    frame = frame_of("area_forest", made_sums(4000, 34), by="regency")
    ax = draw("area_forest", frame, by="regency")
    assert len(tagged(ax, "change")) == 41
    left = len(frame) - 1 - 40
    assert any(f"{left} are left out" in " ".join(t.get_text().split()) for t in words(ax))


def test_the_caterpillar_is_in_order(sums: pd.DataFrame) -> None:
    frame = frame_of("caterpillar_plot", sums)
    assert frame["shrunk"].is_monotonic_increasing
    ax = draw("caterpillar_plot", frame)
    (plain,) = tagged(ax, "plain")
    np.testing.assert_allclose(plain.get_ydata(), frame["change"])
    places = np.concatenate([np.c_[a.get_xdata(), a.get_ydata()] for a in tagged(ax, "shrunk")])
    np.testing.assert_allclose(places[np.argsort(places[:, 0]), 1], frame["shrunk"])
    segments = np.concatenate([np.array(c.get_segments()) for c in tagged(ax, "interval")])
    segments = segments[np.argsort(segments[:, 0, 0])]
    np.testing.assert_allclose(segments[:, :, 1], frame[["shrunk_low", "shrunk_high"]])
    assert (frame.loc[frame["place"] == "below", "shrunk_high"] < frame["centre"].iloc[0]).all()
    assert {"below", "above"} <= set(frame["place"])


def test_the_funnel_draws_its_limits(sums: pd.DataFrame) -> None:
    frame = frame_of("funnel_plot", sums)
    ax = draw("funnel_plot", frame)
    points = {
        (x, round(y, 9))
        for line in ax.lines
        if str(line.get_gid()).startswith("area-")
        for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)
    }
    assert points == set(zip(frame["groups_both"], frame["change"].round(9), strict=True))
    limits = tagged(ax, "limit")
    assert len(limits) == 4
    line = frame.iloc[0]
    for curve, name in zip(limits, ("low_95", "high_95", "low_998", "high_998"), strict=True):
        at = np.interp(line["groups_both"], curve.get_xdata(), curve.get_ydata())
        assert at == pytest.approx(line[name], abs=2e-3)
    far = frame[frame["position"].isin(["far above", "far below"])]
    named = {t.get_text() for t in ax.texts}
    assert named & set(far["regency"])
    wider = frame_of("funnel_plot", sums, spread=True)
    assert (wider["high_95"] > frame["high_95"]).all()
    note = " ".join(t.get_text() for t in words(draw("funnel_plot", wider)))
    assert text("programme.funnel_plot.spread") in " ".join(note.split())


def test_the_bounds_are_drawn(sums: pd.DataFrame) -> None:
    frame = frame_of("attrition_plot", sums, assume="no better")
    ax = draw("attrition_plot", frame)
    ends = [line.get_xdata() for line in tagged(ax, "bounds")]
    np.testing.assert_allclose(ends, frame[["change_min", "change_max"]])
    dots = [line.get_xdata()[0] for line in tagged(ax, "stayed")]
    np.testing.assert_allclose(dots, frame["change_stayed"])
    thin = [line.get_xdata() for line in tagged(ax, "interval")]
    np.testing.assert_allclose(thin, frame[["low", "high"]])
    note = " ".join(" ".join(t.get_text().split()) for t in words(ax))
    assert text("programme.assume.no_better") in note
