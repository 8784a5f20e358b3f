"""The data figures: what is plotted is the frame, in both languages, and says what it is made of."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.dates import date2num
from matplotlib.figure import Figure
from matplotlib.text import Text

import kube_research as kr
from kube_research import figures
from kube_research.errors import MissingTableError, OptionError
from kube_research.figures import books as figures_books
from kube_research.figures import sheet as figures_sheet
from kube_research.figures import style
from kube_research.formats import number as written
from kube_research.site.folder import Site
from kube_research.texts import text
from tests.helpers.drawn import drawn_once

NEEDS = {
    "peka_profile": "item_means",
    "peka_radar": "ratings",
    "before_after": "ratings",
    "study_timeline": "activities",
    "targets_results": "outcomes",
    "attendance_activities": "attendance",
    "balances": "ledger",
}
TINY = Path(__file__).parents[1] / "data" / "tiny"


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def everything(study: Site) -> Site:
    """The tiny site with every table that a figure draws."""
    tiny = kr.load_site(TINY)
    outcomes = study.table("outcomes")
    outcomes["activity"] = "pelatihan"
    outcomes["measure"] = [f"m{place}" for place in range(len(outcomes))]
    outcomes["evidence"] = "simulated"
    return dataclasses.replace(tiny, tables={**tiny.tables, "outcomes": outcomes})


def graded(site: Site, grade: str) -> Site:
    """The same site with every row of the given grade."""
    tables = {name: frame.assign(evidence=grade) for name, frame in site.tables.items()}
    return dataclasses.replace(site, tables=tables)


def with_table(site: Site, name: str, frame: pd.DataFrame) -> Site:
    return dataclasses.replace(site, tables={**site.tables, name: frame})


def without(site: Site, *names: str) -> Site:
    left = {name: frame for name, frame in site.tables.items() if name not in names}
    return dataclasses.replace(site, tables=left)


def draw(name: str, site: Site, **options: Any) -> tuple[Figure, list[Axes]]:
    """Read a figure; drawn once for all tests that ask for the same."""
    return parts(drawn_once(getattr(figures, name), site, **options))


def draw_anew(name: str, site: Site, **options: Any) -> tuple[Figure, list[Axes]]:
    return parts(getattr(figures, name)(site, **options))


def parts(made: Any) -> tuple[Figure, list[Axes]]:
    axes = list(made) if isinstance(made, np.ndarray) else [made]
    home = axes[0].get_figure(root=True)
    assert isinstance(home, Figure)
    return home, axes


def frame_of(name: str, site: Site) -> pd.DataFrame:
    frame: pd.DataFrame = getattr(figures, name).frame(site)
    return frame


def tagged(ax: Axes, kind: str) -> list[Any]:
    """Artists of one kind, in the order drawn."""
    artists = [*ax.lines, *ax.texts, *ax.patches]
    return [a for a in artists if re.fullmatch(rf"{kind}(-\d+)?", str(a.get_gid()))]


def places(ax: Axes, kind: str) -> list[float]:
    return [float(line.get_xdata()[0]) for line in tagged(ax, kind)]


def words(fig: Figure) -> list[str]:
    """Everything written on a figure."""
    return [found.get_text() for found in fig.findobj(Text) if found.get_text().strip()]


def marked(fig: Figure) -> bool:
    return any(found.get_gid() == "simulated-text" for found in fig.texts)


def spread(fig: Figure) -> str:
    return " ".join(" ".join(words(fig)).split())


# -- every figure ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", NEEDS)
@pytest.mark.parametrize(
    ("grade", "lang"),
    [("simulated", "en"), ("simulated", "id"), ("recorded", "id"), ("published", "en")],
)
def test_the_mark_is_there_when_and_only_when_the_frame_is_simulated(
    name: str, lang: str, grade: str, everything: Site
) -> None:
    fig, _ = draw(
        name, everything if grade == "simulated" else graded(everything, grade), lang=lang
    )
    assert marked(fig) == (grade == "simulated")
    if marked(fig):
        assert text("mark.simulated", lang) in words(fig)
    source = text(f"figure.source.{grade}", lang, site=everything.info.name)
    assert source in spread(fig)
    title = text(f"figure.{name}.title", lang)
    assert title in {" ".join(found.split()) for found in words(fig)}


@pytest.mark.parametrize("name", NEEDS)
def test_one_simulated_row_is_enough_for_the_mark(name: str, everything: Site) -> None:
    site = graded(everything, "recorded")
    table = "ratings" if NEEDS[name] == "item_means" else NEEDS[name]
    frame = site.table(table)
    frame.loc[frame.index[0], "evidence"] = "simulated"
    fig, _ = draw(name, with_table(site, table, frame))
    assert marked(fig)


@pytest.mark.parametrize("name", NEEDS)
def test_a_missing_table_is_named(name: str, everything: Site) -> None:
    site = without(everything, "ratings", NEEDS[name])
    for make in (getattr(figures, name), getattr(figures, name).frame):
        with pytest.raises(MissingTableError) as caught:
            make(site)
        assert caught.value.table == NEEDS[name]


@pytest.mark.parametrize("name", NEEDS)
def test_an_unknown_language_is_refused(name: str, everything: Site) -> None:
    with pytest.raises((OptionError, KeyError)):
        draw(name, everything, lang="nl")


@pytest.mark.parametrize(
    ("name", "lang"), [(name, ("en", "id")[place % 2]) for place, name in enumerate(NEEDS)]
)
def test_the_same_figure_gives_the_same_bytes(
    name: str, lang: str, everything: Site, tmp_path: Path
) -> None:
    for folder in ("one", "two"):
        fig, _ = draw_anew(name, everything, lang=lang)
        style.save(fig, tmp_path / folder, name)
    first, second = ((tmp_path / f / f"{name}.svg").read_bytes() for f in ("one", "two"))
    assert first == second
    ids = re.findall(rb'<g id="((?!simulated)[a-z]+-[^"]*)"', first)
    assert len(ids) == len(set(ids)) > 0


@pytest.mark.parametrize("name", NEEDS)
@pytest.mark.parametrize("lang", ["en", "id"])
def test_all_words_are_inside_the_figure_and_not_too_small(
    name: str, lang: str, everything: Site, study: Site, twin: Site
) -> None:
    for site in (everything, study, twin):
        try:
            fig, _ = draw(name, site, lang=lang)
        except MissingTableError:
            continue
        fig.draw_without_rendering()
        room = fig.bbox
        for found in fig.findobj(Text):
            if not found.get_text().strip() or not found.get_visible():
                continue
            box = found.get_window_extent()
            assert box.x0 >= room.x0 - 1, found
            assert box.x1 <= room.x1 + 1, found
            assert room.y0 - 1 <= box.y0, found
            assert box.y1 <= room.y1 + 1, found
            assert found.get_fontsize() >= style.SMALL
        assert fig.get_size_inches()[0] <= style.DOUBLE_COLUMN + 1e-9
        assert fig.get_size_inches()[1] < 9.7, "must fit a page"


@pytest.mark.parametrize("name", [name for name in NEEDS if name != "balances"])
def test_it_draws_on_given_axes_and_says_there_that_it_is_simulated(
    name: str, everything: Site
) -> None:
    polar = {"projection": "polar"} if name == "peka_radar" else {}
    fig, ax = plt.subplots(figsize=(8, 5), subplot_kw=polar)
    assert getattr(figures, name)(everything, ax=ax, lang="id") is ax
    assert not marked(fig)
    title = text(f"figure.{name}.title", "id")
    assert ax.get_title(loc="left") + ax.get_title() == f"{title} (simulasi)"
    getattr(figures, name)(graded(everything, "recorded"), ax=ax)
    assert "simul" not in ax.get_title(loc="left") + ax.get_title(loc="center")


def test_nothing_is_drawn_twice_into_the_settings(everything: Site) -> None:
    before = dict(mpl.rcParams)
    draw_anew("targets_results", everything)
    assert dict(mpl.rcParams) == before


def test_importing_is_cheap() -> None:
    code = (
        "import sys, kube_research.figures; "
        "print(sorted({'matplotlib', 'scipy', 'seaborn', 'babel'} & set(sys.modules)))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    )
    assert run.stdout.strip() == "[]"


# -- the profile -----------------------------------------------------------------------------


def test_the_profile_of_printed_means_shows_exact_means_and_both_bounds(study: Site) -> None:
    frame = frame_of("peka_profile", study)
    scores = kr.score_means(study.item_means, scale=(1, 4), rounding="truncate")
    assert frame["item"].tolist() == [9, 13, 14, 19, 23, 26]
    assert frame["mean"].tolist() == [total / 15 for total in (37, 35, 36, 37, 33, 34)]
    np.testing.assert_allclose(frame["high"], scores["ci_high"])
    # t(0.975, 14) = 2.144787 (scipy.stats.t.ppf); 37 from 15 scores is least spread as 8 x 2, 7 x 3
    spread_least = np.std([2] * 8 + [3] * 7, ddof=1)
    half = 2.144787 * spread_least / np.sqrt(15)
    assert frame.loc[0, "core_high"] == pytest.approx(37 / 15 + half, abs=1e-6)
    assert set(frame["interval"]) == {"bounds"}

    _, (ax,) = draw("peka_profile", study)
    assert places(ax, "round-1") == frame["mean"].tolist()
    drawn = [tuple(map(float, line.get_xdata())) for line in tagged(ax, "interval")]
    assert drawn == list(zip(frame["low"], frame["high"], strict=True))
    drawn = [tuple(map(float, line.get_xdata())) for line in tagged(ax, "core")]
    assert drawn == list(zip(frame["core_low"], frame["core_high"], strict=True))
    assert places(ax, "threshold") == [2.5, 3.0]
    assert ax.get_xticks().tolist() == [1, 2, 3, 4]


def test_the_profile_of_a_printed_source_says_whose_words_it_uses(study: Site, twin: Site) -> None:
    for lang in ("en", "id"):
        note = text("figure.peka_profile.note_words", lang)
        for site, ours in ((study, True), (twin, False)):
            fig, _ = draw("peka_profile", site, lang=lang)
            words = " ".join(" ".join(part.get_text().split()) for part in fig.findobj(Text))
            assert (note in words) is ours


def test_the_profile_prints_numbers_and_dots_in_the_language(study: Site) -> None:
    english, _ = draw("peka_profile", study)
    indonesian, (ax,) = draw("peka_profile", study, lang="id")
    assert {"2.46", "37/15", "threshold 2.5"} <= set(words(english))
    assert {"2,46", "37/15", "ambang 2,5"} <= set(words(indonesian))
    assert not [found for found in words(indonesian) if re.search(r"\d\.\d", found)]
    assert "Keuangan KUBE dikelola dengan terbuka" in [t.get_text() for t in ax.get_yticklabels()]
    assert "3. Administrasi dan Keuangan Kelompok" in words(indonesian)


def test_the_profile_of_ratings_sets_the_rounds_apart(twin: Site) -> None:
    frame = frame_of("peka_profile", twin)
    scores = kr.score_items(twin.ratings)
    assert len(frame) == len(scores) == 56
    _, (ax,) = draw("peka_profile", twin)
    for number in (1, 2):
        part = frame[frame["round"] == number]
        assert places(ax, f"round-{number}") == part["mean"].tolist()
    first, second = tagged(ax, "round-1")[0], tagged(ax, "round-2")[0]
    assert first.get_color() != second.get_color()
    assert first.get_marker() != second.get_marker()
    assert first.get_ydata()[0] < second.get_ydata()[0]
    assert not tagged(ax, "core")
    labels = [ax.get_legend().get_texts()[place].get_text() for place in (0, 1)]
    assert labels == ["Round 1 (15 raters)", "Round 2 (18 raters)"]


def test_few_raters_have_no_intervals_in_the_profile(everything: Site) -> None:
    frame = frame_of("peka_profile", everything)
    assert everything.rounds["n_raters"].max() < 5
    assert frame[["low", "high"]].isna().all(axis=None)


def test_a_printed_mean_that_no_total_gives_is_shown_as_printed(study: Site) -> None:
    means = study.table("item_means")
    info = dataclasses.replace(study.info, rounding="half-up")
    site = dataclasses.replace(with_table(study, "item_means", means), info=info)
    fig, (ax,) = draw("peka_profile", site)
    assert frame_of("peka_profile", site)["total"].isna().sum() == 3
    assert places(ax, "round-1")[0] == 2.46
    assert text("figure.peka_profile.note_unsure", "en") in spread(fig)


# -- the radar -------------------------------------------------------------------------------


def test_the_radar_draws_the_field_means(twin: Site) -> None:
    frame = frame_of("peka_radar", twin)
    _, (ax,) = draw("peka_radar", twin)
    for number in (1, 2):
        (line,) = tagged(ax, f"round-{number}")
        means = frame.loc[frame["round"] == number, "mean"].tolist()
        np.testing.assert_allclose(line.get_ydata(), [*means, means[0]])
        np.testing.assert_allclose(line.get_xdata()[:-1], np.arange(7) * 2 * np.pi / 7)
    assert tuple(ax.get_ylim()) == (1, 4)
    (ring,) = tagged(ax, "threshold")
    assert set(ring.get_ydata()) == {2.5}
    assert len(tagged(ax, "field")) == 7


def test_the_radar_says_where_rounds_differ(twin: Site) -> None:
    fig, _ = draw("peka_radar", twin)
    assert "the rounds differ in items" not in spread(fig)
    cut = twin.ratings[(twin.ratings["round"] == 1) | ~twin.ratings["item"].isin([6, 11])]
    fig, _ = draw("peka_radar", with_table(twin, "ratings", cut))
    fields = sorted(twin.items.set_index("item").loc[[6, 11], "field_no"])
    assert f"In field(s) {fields[0]}, {fields[1]} the rounds differ in items" in spread(fig)


def test_the_radar_needs_polar_axes(everything: Site) -> None:
    _, ax = plt.subplots()
    with pytest.raises(OptionError, match="polar"):
        figures.peka_radar(everything, ax=ax)


# -- before and after ------------------------------------------------------------------------


def test_before_and_after_is_sorted_by_change(twin: Site) -> None:
    frame = frame_of("before_after", twin)
    compared = kr.compare_rounds(twin.ratings).set_index("item").loc[frame["item"]]
    assert frame["change"].is_monotonic_decreasing
    np.testing.assert_allclose(frame["cliffs_delta"], compared["cliffs_delta"])
    _, (ax,) = draw("before_after", twin, lang="id")
    assert places(ax, "before") == frame["mean_before"].tolist()
    assert places(ax, "after") == frame["mean_after"].tolist()
    rows = [line.get_ydata()[0] for line in tagged(ax, "before")]
    assert rows == sorted(rows)
    written = [found.get_text() for found in ax.texts]
    for line in frame.to_dict("records"):
        assert f"{line['cliffs_delta']:+.2f}".replace(".", ",").replace("-", "−") in written
    assert [t.get_text() for t in tagged(ax, "field")] == frame["field_no"].astype(str).tolist()


def test_before_and_after_needs_two_rounds(everything: Site) -> None:
    ratings = everything.table("ratings")
    site = with_table(everything, "ratings", ratings[ratings["round"] == 1])
    with pytest.raises(OptionError, match="two"):
        figures.before_after(site)


# -- the timeline ----------------------------------------------------------------------------


def test_the_timeline_puts_every_activity_on_its_day(study: Site) -> None:
    frame = frame_of("study_timeline", study)
    assert set(frame["activity"]) == set(study.activities["activity"])
    assert frame.loc[frame["kind"] == "meeting", "number"].tolist() == [1, 2, 3, 4]
    _, (ax,) = draw("study_timeline", study)
    found = {a.get_gid(): a for a in [*ax.lines, *ax.patches] if a.get_gid()}
    for line in frame.to_dict("records"):
        artist = found[line["activity"]]
        start = date2num(line["date"])
        if line["precision"] == "day":
            assert artist.get_xdata()[0] == start
        elif line["precision"] == "from":
            assert artist.get_xy()[:, 0].min() == start
            assert artist.get_xy()[:, 0].max() == ax.get_xlim()[1]
        else:
            assert artist.get_x() == start
            assert artist.get_x() + artist.get_width() == date2num(line["last_date"])
            assert bool(artist.get_hatch()) == (line["precision"] == "between")
    numbers = [t.get_text() for t in ax.texts if t.get_text() in set("1234")]
    assert numbers == list("1234")


@pytest.mark.parametrize("lang", ["en", "id"])
def test_words_of_the_timeline_lie_apart(study: Site, twin: Site, lang: str) -> None:
    for site in (study, twin):
        fig, (ax,) = draw("study_timeline", site, lang=lang)
        fig.draw_without_rendering()
        shown = [*tagged(ax, "label"), *tagged(ax, "after"), *ax.get_yticklabels()]
        boxes = [(t, t.get_window_extent()) for t in shown]
        for place, (one, box) in enumerate(boxes):
            for other, second in boxes[place + 1 :]:
                assert not box.overlaps(second), (one.get_text(), other.get_text())
        marks = [line for line in ax.lines if line.get_gid() in set(site.activities["activity"])]
        for mark in marks:
            (x, y) = ax.transData.transform((mark.get_xdata()[0], mark.get_ydata()[0]))
            assert not any(box.contains(x, y) for _, box in boxes), mark.get_gid()


def test_the_timeline_says_what_came_after_the_last_assessment(study: Site) -> None:
    frame = frame_of("study_timeline", study).set_index("activity")
    assert frame["days_after"].dropna().to_dict() == {"kuber": 15}
    for lang, said in (("en", "15 days after"), ("id", "15 hari setelah")):
        _, (ax,) = draw("study_timeline", study, lang=lang)
        (pointed,) = tagged(ax, "after")
        assert said in pointed.get_text().replace("\n", " ")
    earlier = study.table("activities")
    earlier.loc[earlier["activity"] == "kuber", "date"] = pd.Timestamp("2016-06-01")
    _, (ax,) = draw("study_timeline", with_table(study, "activities", earlier))
    assert not tagged(ax, "after")


def test_months_are_written_in_the_language(study: Site) -> None:
    _, (ax,) = draw("study_timeline", study, lang="id")
    ticks = [label.get_text() for label in ax.get_xticklabels()]
    assert "Mei" in ticks
    assert "Agu\n2015" in ticks
    assert "4 Mei 2016" in [t.get_text() for t in tagged(ax, "label")]


def test_a_quiet_start_is_drawn_narrower_and_says_so(study: Site, everything: Site) -> None:
    fig, (ax,) = draw("study_timeline", study)
    quiet, busy = ax.transData.transform([(date2num(dt.date(2015, m, 1)), 0) for m in (7, 8)])
    march, april = ax.transData.transform([(date2num(dt.date(2016, m, 1)), 0) for m in (3, 4)])
    assert busy[0] - quiet[0] < (april[0] - march[0]) / 3
    assert tagged(ax, "squeezed")
    assert text("figure.study_timeline.squeezed", "en") in spread(fig)
    fig, (ax,) = draw("study_timeline", everything)
    assert not tagged(ax, "squeezed")
    assert text("figure.study_timeline.squeezed", "en") not in spread(fig)


def test_a_day_that_a_site_does_not_know_is_not_called_unprinted(study: Site) -> None:
    fig, _ = draw("study_timeline", graded(study, "recorded"))
    assert "day not known" in spread(fig)
    assert "day not printed" not in spread(fig)


def test_a_site_without_precision_gets_days(everything: Site) -> None:
    frame = frame_of("study_timeline", everything)
    assert set(frame["precision"]) == {"day"}
    assert (frame["last_date"] == frame["date"]).all()


# -- targets ---------------------------------------------------------------------------------


def test_targets_and_results_stand_where_the_frame_says(study: Site) -> None:
    frame = frame_of("targets_results", study)
    _, (ax,) = draw("targets_results", study)
    assert places(ax, "target") == frame["target_pct"].dropna().tolist()
    assert places(ax, "achieved") == frame["achieved_pct"].dropna().tolist()
    given = frame[frame["achieved_pct"].notna()]
    for line, mark in zip(given.to_dict("records"), tagged(ax, "achieved"), strict=True):
        hollow = mark.get_markerfacecolor() == "white"
        assert hollow == (line["match"] == "nearest")
        if line["verdict"] in style.VERDICTS:
            assert mark.get_markeredgecolor() == style.VERDICTS[line["verdict"]]
    both = frame[frame["target_pct"].notna() & frame["achieved_pct"].notna()]
    for line, gap in zip(both.to_dict("records"), tagged(ax, "gap"), strict=True):
        assert (gap.get_linestyle() == "--") == (line["match"] == "nearest")


@pytest.mark.parametrize("lang", ["en", "id"])
def test_verdicts_are_words_too(study: Site, lang: str) -> None:
    frame = frame_of("targets_results", study)
    _, (ax,) = draw("targets_results", study, lang=lang)
    written = [t.get_text().replace("\n", " ") for t in tagged(ax, "verdict")]
    for line, word in zip(frame.to_dict("records"), written, strict=True):
        plain = text(f"figure.targets_results.{line['verdict'].replace(' ', '_')}", lang)
        other = text("figure.targets_results.elsewhere", lang, verdict=plain)
        assert word == (other if line["match"] == "nearest" else plain)
    signs = [t.get_text() for t in ax.texts]
    assert {"≥ 90%", "> 70%", "> 80%", "95%"} <= set(signs)


def test_more_than_is_an_arrow_to_the_end(study: Site) -> None:
    _, (ax,) = draw("targets_results", study)
    (arrow,) = tagged(ax, "more")
    assert arrow.xy[0] == 100
    assert arrow.get_position()[0] == 80


def test_an_outcomes_table_with_the_needed_columns_only(everything: Site) -> None:
    plain = pd.DataFrame(
        {
            "activity": ["pelatihan", "pelatihan"],
            "measure": ["m1", "m2"],
            "comparison": [">=", "about"],
            "target_pct": [80.0, 50.0],
            "achieved_pct": [72.5, 50.0],
        }
    )
    fig, (ax,) = draw("targets_results", with_table(everything, "outcomes", plain), lang="id")
    assert [label.get_text() for label in ax.get_yticklabels()] == ["m1", "m2"]
    assert "72,5%" in words(fig)
    assert "± 50%" in words(fig)


# -- attendance ------------------------------------------------------------------------------


def test_attendance_shows_rates_and_wilson_intervals(twin: Site) -> None:
    frame = frame_of("attendance_activities", twin)
    rates = kr.attendance_rates(twin.attendance).set_index("activity").loc[frame["activity"]]
    np.testing.assert_allclose(frame["rate"], rates["rate"])
    assert frame["date"].is_monotonic_increasing
    _, (ax,) = draw("attendance_activities", twin)
    np.testing.assert_allclose(places(ax, "rate"), 100 * frame["rate"])
    drawn = np.array([line.get_xdata() for line in tagged(ax, "interval")])
    np.testing.assert_allclose(drawn, 100 * frame[["low", "high"]].to_numpy())
    written = [t.get_text() for t in ax.texts]
    assert [w for w in written if " of " in w] == [
        f"{line['attended']} of {line['n']}" for line in frame.to_dict("records")
    ]


def test_the_printed_band_is_drawn_only_where_the_site_prints_one(study: Site, twin: Site) -> None:
    _, (ax,) = draw("attendance_activities", twin)
    assert not tagged(ax, "band")
    site = with_table(twin, "facts", study.table("facts"))
    frame = frame_of("attendance_activities", site)
    assert set(frame["band_low"]) == {0.5}
    _, (ax,) = draw("attendance_activities", site, lang="id")
    label, band = tagged(ax, "band")
    assert (band.get_x(), band.get_x() + band.get_width()) == (50, 60)
    assert "50 sampai 60%" in label.get_text()


def test_few_people_are_an_open_mark(everything: Site) -> None:
    table = everything.table("attendance")
    site = with_table(everything, "attendance", table[table["person"].isin(["A1", "A2"])])
    fig, (ax,) = draw("attendance_activities", site)
    assert {mark.get_markerfacecolor() for mark in tagged(ax, "rate")} == {"white"}
    assert text("figure.attendance_activities.few", "en") in spread(fig)


# -- the books -------------------------------------------------------------------------------


def test_balances_are_those_at_the_end_of_each_day(twin: Site) -> None:
    frame = frame_of("balances", twin)
    entries = kr.ledger_balances(twin.ledger)
    last = entries.groupby(["book", "group", "date"])["running"].last().reset_index()
    same = frame.merge(last, on=["book", "group", "date"])
    assert len(same) == len(frame) == len(last)
    assert (same["running_x"] == same["running_y"]).all()
    assert frame["entries"].sum() == len(entries)
    assert frame["amount"].sum() == entries["amount"].sum()

    _, axes = draw("balances", twin)
    assert len(axes) == 3
    for ax, book in zip(axes, ("kas", "tabungan", "iks"), strict=True):
        for group in twin.info.groups:
            (line,) = [a for a in ax.lines if a.get_gid() == f"balance-{book}-{group}"]
            part = frame[(frame["book"] == book) & (frame["group"] == group)]
            assert line.get_ydata().tolist() == part["running"].tolist()
            assert line.get_xdata().tolist() == date2num(part["date"].tolist()).tolist()
            assert line.get_drawstyle() == "steps-post"
        looks = {(a.get_color(), a.get_marker()) for a in ax.lines if "closing" in str(a.get_gid())}
        assert len(looks) == len(twin.info.groups)


def test_closing_balances_are_written_and_lie_apart(twin: Site) -> None:
    closing = kr.closing_balances(twin.ledger)
    for lang, mark, comma in (("en", "IDR", ","), ("id", "Rp", ".")):
        fig, axes = draw("balances", twin, lang=lang)
        fig.draw_without_rendering()
        labels = [t for ax in axes for t in ax.texts if str(t.get_gid()).startswith("end-")]
        wanted = {
            f"KUBE {row['group']}  {mark} {row['closing']:,}".replace(",", comma)
            for row in closing.to_dict("records")
        }
        assert {t.get_text() for t in labels} == wanted
        boxes = [t.get_window_extent() for t in labels]
        for place, box in enumerate(boxes):
            assert not any(box.overlaps(other) for other in boxes[place + 1 :])


def test_units_of_balances(twin: Site) -> None:
    _, axes = draw("balances", twin, lang="id")
    assert [ax.get_ylabel() for ax in axes] == ["juta rupiah", "juta rupiah", "ribu rupiah"]
    assert [ax.get_title(loc="left") for ax in axes] == ["Buku kas", "Buku tabungan", "Buku IKS"]
    shown = axes[1].yaxis.get_major_formatter()(800_000, 0)
    assert shown == "0,8"
    assert all(ax.get_ylim()[0] <= 0 for ax in axes)


def test_balances_fill_given_axes_one_a_book(everything: Site) -> None:
    fig, given = plt.subplots(3)
    made = figures.balances(everything, ax=list(given), lang="id")
    assert made.shape == (3,)
    assert made.tolist() == given.tolist()
    assert "(simulasi)" in given[0].get_title(loc="left")
    assert not marked(fig)


def test_a_ledger_of_one_day_and_a_debt(everything: Site) -> None:
    ledger = everything.table("ledger").iloc[[0]].assign(amount=-5000)
    _, (ax,) = draw("balances", with_table(everything, "ledger", ledger))
    assert ax.get_ylim()[0] < -5000
    assert [t.get_text() for t in ax.texts] == ["KUBE 01  −IDR 5,000"]


# -- numbers and layout ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "lang", "form", "wanted"),
    [
        (2.4667, "id", "0.00", "2,47"),
        (2.4667, "en", "0.00", "2.47"),
        (-0.5, "id", "+0.00;-0.00", "−0,50"),
        (0.25, "en", "+0.00;-0.00", "+0.25"),
        (1234567, "id", "#,##0", "1.234.567"),
        (float("nan"), "id", "0.00", ""),
    ],
)
def test_numbers(value: float, lang: str, form: str, wanted: str) -> None:
    assert written(value, lang, form) == wanted


def test_labels_lose_lines_until_they_fit_a_page() -> None:
    long = "Setiap periode pemimpin menyampaikan pertanggungjawaban tertulis kepada anggota " * 2
    rows, height = figures_sheet.ladder([(long, False)] * 40, 2.5)
    assert height <= 7
    assert all(row.lines[-1].endswith("…") for row in rows)
    assert figures_sheet.cut_note(rows, "id") == text("figure.cut", "id")
    rows, _ = figures_sheet.ladder([("short", False)], 2.5)
    assert figures_sheet.cut_note(rows, "en") == ""


@pytest.mark.parametrize("wanted", [[0.0] * 5, [1.0] * 5, [0.1, 0.5, 0.51, 0.9], [0.98, 1.0], []])
def test_end_labels_are_moved_apart_and_stay_in_order(wanted: list[float]) -> None:
    spots = figures_books.apart(wanted, 0.15)
    assert all(b - a >= 0.15 - 1e-9 for a, b in pairwise(spots))
    assert all(-1e-9 <= spot <= 1 + 1e-9 for spot in spots)
