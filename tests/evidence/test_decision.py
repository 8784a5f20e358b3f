"""Oracles: p-values of single pairs by scipy, the thresholds of the study, and the picture's words."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise, product
from math import comb
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from scipy import stats

import kube_research as kr
from kube_research.compare.permutation import permutation_test
from kube_research.errors import MissingColumnError, MissingTableError, OptionError, ScaleError
from kube_research.evidence import decision, ordinal
from kube_research.evidence.compatible import compatible_counts
from kube_research.evidence.decision import decision_frame, decision_summary
from kube_research.evidence.printed import print_number
from kube_research.figures import style
from kube_research.figures import style as marks
from kube_research.figures.decision import decision_map
from kube_research.site.folder import Site
from kube_research.texts import text


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return decision_frame(kr.load_site("cibeunying"))


def means_of(**means: tuple[str, int]) -> pd.DataFrame:
    rows = [(name, mean, n) for name, (mean, n) in means.items()]
    return pd.DataFrame(rows, columns=["item", "mean", "n"])


def words(fig: Figure) -> str:
    found = [label.get_text() for label in fig.findobj(Text)]
    return " ".join(" ".join(found).split())


def home(ax: Axes) -> Figure:
    figure = ax.get_figure(root=True)
    assert isinstance(figure, Figure)
    return figure


# -- the frame -------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [(1, 3), (0, 3)])
def test_cells_equal_a_test_of_every_single_pair(scale: tuple[int, int]) -> None:
    n, m, alpha = 4, 5, 0.1
    done = decision_frame(means_of(a=("1.75", n)), scales=[scale], n_after=m, alpha=alpha)
    scores = np.arange(scale[0], scale[1] + 1)
    after = ordinal.all_counts(m, len(scores))
    for line in done.to_dict("records"):
        x = compatible_counts("1.75", n, scale)
        y = after[after @ scores == line["total_after"]]
        found = []
        for i, j in product(x, y):
            a, b = np.repeat(scores, i), np.repeat(scores, j)

            def u(one: np.ndarray, two: np.ndarray) -> float:
                return abs(float(np.sign(two[:, None] - one[None, :]).sum()))

            p = stats.permutation_test(
                (a, b), u, n_resamples=np.inf, alternative="greater", vectorized=False
            ).pvalue
            delta = np.sign(b[:, None] - a[None, :]).mean()
            found.append((p, delta, p <= alpha and delta > 0 and b.mean() > a.mean()))
        p, delta, rises = (list(column) for column in zip(*found, strict=True))
        ends = [line[name] for name in ("p_low", "p_high", "delta_low", "delta_high")]
        assert ends == pytest.approx([min(p), max(p), min(delta), max(delta)], abs=1e-12)
        assert (line["pairs"], line["significant"]) == (len(found), sum(rises))
        expected = "certain" if all(rises) else "possible" if any(rises) else "impossible"
        assert line["region"] == expected
    assert set(done["region"]) >= {"impossible", "possible"}


def test_the_thresholds_of_the_study(frame: pd.DataFrame) -> None:
    table = decision_summary(frame).set_index(["scale_high", "item"])
    nine = table.loc[(4, 9)]
    assert (nine["possible_total"], nine["certain_total"]) == (50, 66)
    assert round(nine["possible_mean"], 2) == 2.78
    assert round(nine["certain_mean"], 2) == 3.67
    assert (nine["possible_printed"], nine["certain_printed"]) == ("2.77", "3.66")
    expected = {3: (48, 64), 4: (49, 66), 5: (50, 66), 6: (46, 63), 7: (46, 62)}
    for item, key in ((13, 3), (14, 4), (19, 5), (23, 6), (26, 7)):
        line = table.loc[(4, item)]
        assert (line["possible_total"], line["certain_total"]) == expected[key], item
    assert table.loc[(5, 9), "certain_total"] == 75
    assert set(table["evidence"]) == {"bounded"}


def test_the_threshold_cells_of_item_9_again_from_single_pairs(frame: pd.DataFrame) -> None:
    x = compatible_counts("2.46", 15, (1, 4), rounding="truncate")
    for total in (49, 50, 65, 66):
        y = compatible_counts(print_number(Fraction(total, 18), 4), 18, (1, 4))
        assert set(y @ [1, 2, 3, 4]) == {total}
        line = frame.query("scale_high == 4 and item == 9 and total_after == @total").iloc[0]
        p = ordinal.mann_whitney_p(x, y)
        one = [ordinal.mann_whitney_p(i, j)[0, 0] for i in x[::7] for j in y[::7]]
        assert p[::7, ::7].ravel() == pytest.approx(one, rel=1e-12)
        assert [p.min(), p.max()] == pytest.approx([line["p_low"], line["p_high"]], rel=1e-12)
        bounds = kr.change_bounds(x, y, "cliffs_delta")
        assert (bounds.low, bounds.high) == pytest.approx((line["delta_low"], line["delta_high"]))


def test_the_frame_holds_every_total_and_regions_follow_one_another(frame: pd.DataFrame) -> None:
    order = {region: place for place, region in enumerate(decision.REGIONS)}
    for (low, high, _), part in frame.groupby(["scale_low", "scale_high", "item"]):
        assert part["total_after"].tolist() == list(range(18 * low, 18 * high + 1))
        places = part["region"].map(order).tolist()
        assert all(a <= b for a, b in pairwise(places))
        not_risen = part[part["mean_after"] <= part["mean_before"]]
        assert set(not_risen["region"]) == {"impossible"}
    assert frame["p_low"].min() == 1 / comb(33, 15)
    assert (frame["p_low"] <= frame["p_high"]).all()
    assert frame.query("item == 9 and total_after == 50")["printed_after"].unique() == ["2.77"]


def test_a_mean_that_several_totals_print_goes_over_all_of_them() -> None:
    # 16 scores: 2.4 is printed for 38 / 16 = 2.375 and 39 / 16 = 2.4375 alike
    joint = decision_frame(means_of(a=("2.4", 16)), scales=[(1, 3)], n_after=6)
    single = [
        decision_frame(means_of(a=(mean, 16)), scales=[(1, 3)], n_after=6)
        for mean in ("2.375", "2.4375")
    ]
    assert joint["mean_before"].isna().all()
    for name, end in (
        ("pairs", "sum"),
        ("p_low", "min"),
        ("p_high", "max"),
        ("significant", "sum"),
    ):
        both = pd.concat([one[name] for one in single], axis=1)
        assert joint[name].tolist() == getattr(both, end)(axis=1).tolist()
    either = decision_frame(means_of(a=("2.4", 16)), scales=[(1, 3)], n_after=6, rounding="any")
    assert (either["pairs"] >= joint["pairs"]).all()


def test_raters_and_rounding_come_from_the_site_unless_given(study: Site) -> None:
    one = dataclasses.replace(
        study,
        tables={**study.tables, "rounds": study.rounds.assign(n_raters=[15, 6])},
    )
    assert decision_frame(one, scales=[(1, 3)])["n_after"].unique().tolist() == [6]
    few = decision_frame(study, scales=[(1, 3)], n_after=5)
    assert few["n_after"].unique().tolist() == [5]
    alone = {k: v for k, v in study.tables.items() if k != "rounds"}
    bare = dataclasses.replace(study, tables=alone)
    assert decision_frame(bare, scales=[(1, 3)])["n_after"].unique().tolist() == [decision.N_AFTER]
    assert (
        len(decision_frame(study.item_means, rounding="truncate", n_after=3, scales=[(1, 4)])) == 60
    )


def test_only_the_first_round_counts_and_the_grade_is_the_weakest(study: Site) -> None:
    means = study.item_means
    later = means.assign(round=2, mean="3.00", n=18)
    both = pd.concat([means, later]).assign(evidence="simulated")
    done = decision_frame(both, scales=[(1, 3)], n_after=3, rounding="truncate")
    assert done["item"].nunique() == len(done) / 7 == 6
    assert set(done["evidence"]) == {"simulated"}


def test_what_cannot_be_is_refused(study: Site) -> None:
    with pytest.raises(ScaleError, match=r"Items 9, 19, 26: .*half-up"):
        decision_frame(study, rounding="half-up")
    for alpha in (0, 1, 5):
        with pytest.raises(OptionError, match="between 0 and 1"):
            decision_frame(study, alpha=alpha)
    with pytest.raises(MissingColumnError):
        decision_frame(pd.DataFrame({"item": [1]}))
    with pytest.raises(OptionError):
        decision_frame(means_of(a=("2.5", 0)))
    with pytest.raises(ScaleError):
        decision_frame(study, scales=[(4, 1)])
    with pytest.raises(MissingColumnError):
        decision_summary(pd.DataFrame({"item": [1]}))
    without = {k: v for k, v in study.tables.items() if k != "item_means"}
    with pytest.raises(MissingTableError):
        decision_map(dataclasses.replace(study, tables=without))


def test_a_scale_too_short_for_a_mean_is_left_out() -> None:
    done = decision_frame(means_of(a=("3.50", 4), b=("2.00", 4)), n_after=3)
    assert set(zip(done["item"], done["scale_high"], strict=True)) == {
        *(("a", 4), ("a", 5)),
        *(("b", 3), ("b", 4), ("b", 5)),
    }


def test_a_certain_rise_may_be_out_of_reach() -> None:
    done = decision_summary(decision_frame(means_of(a=("3.00", 3)), scales=[(1, 4)], n_after=3))
    assert done[["possible_total", "certain_total"]].isna().all(axis=None)


def test_the_smallest_p_of_clusters() -> None:
    assert decision.smallest_p_sign_flip(5) == 0.0625
    assert decision.smallest_p_sign_flip(1) == 1
    rising = permutation_test(np.zeros(5), np.array([1.0, 2, 3, 4, 5]))
    assert decision.smallest_p_sign_flip(5) == rising.p
    with pytest.raises(OptionError):
        decision.smallest_p_sign_flip(0)


# -- the map ---------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["en", "id"])
def test_the_map_draws_the_frame(study: Site, frame: pd.DataFrame, lang: str) -> None:
    ax = decision_map(study, lang=lang)
    for region in decision.REGIONS:
        bars = [bar for bar in ax.patches if re.fullmatch(rf"{region}-\d+", str(bar.get_gid()))]
        assert len(bars) == 18
        assert len({bar.get_facecolor() for bar in bars}) == 1
    nine = frame.query("scale_high == 4 and item == 9")
    bar = next(bar for bar in ax.patches if str(bar.get_gid()) == "possible-7")
    inside = nine[
        (nine["mean_after"] > bar.get_x()) & (nine["mean_after"] < bar.get_x() + bar.get_width())
    ]
    assert set(inside["region"]) == {"possible"}
    assert len(inside) == (nine["region"] == "possible").sum()
    marks = [line for line in ax.lines if str(line.get_gid()).startswith("before")]
    assert [line.get_xdata()[0] for line in marks[:2]] == [37 / 15, 35 / 15]
    said = words(home(ax))
    for part in ("0.0625", "2.77 (50/18)", "3.66 (66/18)"):
        assert (part if lang == "en" else part.replace(".", ",")) in said
    for key in ("title", "impossible", "possible", "certain"):
        assert text(f"decision.{key}", lang) in said
    assert text("decision.note_assumed", lang, before=15, after=18) in said
    assert text("figure.source.bounded", lang, site=study.info.name) in said


@pytest.mark.parametrize("lang", ["en", "id"])
def test_all_words_of_the_map_are_on_the_page_and_can_be_read(study: Site, lang: str) -> None:
    fig = home(decision_map(study, lang=lang))
    fig.draw_without_rendering()
    assert fig.get_size_inches()[0] <= style.DOUBLE_COLUMN + 1e-9
    assert fig.get_size_inches()[1] < 9.7
    for found in fig.findobj(Text):
        if found.get_text().strip() and found.get_visible():
            box = found.get_window_extent()
            assert fig.bbox.x0 - 1 <= box.x0, found
            assert box.x1 <= fig.bbox.x1 + 1, found
            assert fig.bbox.y0 - 1 <= box.y0, found
            assert box.y1 <= fig.bbox.y1 + 1, found
            assert found.get_fontsize() >= style.SMALL


def test_the_same_map_gives_the_same_bytes(study: Site, tmp_path: Path) -> None:
    folder = tmp_path
    for name in ("one", "two"):
        marks.save(home(decision_map(study)), folder / name, "map")
    assert (folder / "one/map.svg").read_bytes() == (folder / "two/map.svg").read_bytes()


def test_the_map_says_that_its_data_are_simulated(study: Site) -> None:
    means = study.item_means.head(1).assign(evidence="simulated")
    site = dataclasses.replace(study, tables={**study.tables, "item_means": means})
    assert text("mark.simulated", "en") in words(home(decision_map(site)))
    _, ax = plt.subplots()
    assert decision_map(site, ax=ax) is ax
    assert text("evidence.simulated", "en") in ax.get_title(loc="left")


def test_many_items_are_drawn_on_the_sites_own_scale(study: Site) -> None:
    means = pd.concat([study.item_means] * 2, ignore_index=True)
    means["item"] = range(1, 13)
    about = dataclasses.replace(study.info, scales=((1, 3), (1, 4), (2, 4)), groups=())
    tables = {k: v for k, v in study.tables.items() if k != "items"} | {"item_means": means}
    site = dataclasses.replace(study, info=about, tables=tables)
    ax = decision_map(site)
    assert ax.get_xlim() == pytest.approx((0.9, 4.1))
    said = words(home(ax))
    assert text("decision.note_alone", "en") in said
    assert text("decision.no_clusters", "en") in said
    assert text("decision.note_clusters", "en", alpha="0.05") not in said


def test_the_same_people_need_less_than_the_map_asks_of_others(frame: pd.DataFrame) -> None:
    """Item 9 from 37 to 43 by the same fifteen: six up, none down, all 64 flips of signs by hand."""
    moved = np.array([1] * 6)
    flips = np.array(np.meshgrid(*[[1, -1]] * 6)).reshape(6, -1).T @ moved
    p = np.mean(np.abs(flips) >= moved.sum())
    assert round(p, 3) == 0.031
    summary = decision_summary(frame).query("item == 9 and scale_high == 4")
    assert summary["possible_total"].tolist() == [50]
    before = [2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 2]
    assert sum(before) == 37
    after = [score + (place < 6) for place, score in enumerate(before)]
    rows = [
        {"round": r, "rater": f"R{k}", "item": 9, "score": score}
        for r, scores in ((1, before), (2, after))
        for k, score in enumerate(scores)
    ]
    assert sum(after) == 43
    compared = kr.compare_rounds(pd.DataFrame(rows).assign(evidence="recorded"))
    assert compared["p"].tolist() == [p]


def test_the_widest_interval_of_the_profile_is_that_of_independent_raters(study: Site) -> None:
    """Five groups of three that score alike, total 37: by group 1.86, drawn 0.83 (notebook 02)."""
    groups = np.array([[4, 4, 4], [4, 4, 4], [4, 2, 1], [1, 1, 1], [1, 1, 1]])
    assert groups.sum() == 37
    by_group = stats.sem(groups.mean(axis=1)) * stats.t.ppf(0.975, 4)
    line = kr.figures.peka_profile.frame(study).set_index("item").loc[9]
    assert [round(by_group, 2), round(line["high"] - line["mean"], 2)] == [1.86, 0.83]
