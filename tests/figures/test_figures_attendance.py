"""Oracle: the frames, counted from the tables by hand; artists hold what the frames hold."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

import kube_research as kr
from kube_research import figures as fig
from kube_research.errors import MissingTableError, OptionError
from kube_research.figures import style
from kube_research.figures.attendance import STATUS
from kube_research.site.folder import Site
from kube_research.texts import text
from tests.helpers.drawn import (
    all_words,
    assert_nothing_leaves_the_page,
    dots,
    drawn_once,
    tagged,
    tiles,
)

NAMES = {"attendance_heatmap": "attendance", "attendance_rates_plot": "attendance"}
NAMES |= {"rater_flow_plot": "ratings"}


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def logs(study: Site) -> Site:
    """The twin with the study's facts."""
    return study.with_raw_logs("attendance")


def having(site: Site, **tables: pd.DataFrame | None) -> Site:
    every = {**site.tables, **tables}
    return dataclasses.replace(site, tables={k: v for k, v in every.items() if v is not None})


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("lang", ["en", "id"])
def test_simulated_is_said_and_recorded_is_not(name: str, lang: str, logs: Site) -> None:
    draw = getattr(fig, name)
    assert text("mark.simulated", lang) in all_words(drawn_once(draw, logs, lang=lang))
    table = NAMES[name]
    field = {table: logs.table(table).assign(evidence="recorded")}
    field["activities"] = logs.table("activities").assign(evidence="recorded")
    ax = draw(having(logs, **field), lang=lang)
    assert text("mark.simulated", lang) not in all_words(ax)
    assert " ".join(text(f"figure.{name}.title", lang).split()) in all_words(ax)


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_table_and_an_unknown_language(name: str, logs: Site) -> None:
    without = having(logs, **{NAMES[name]: None})
    for make in (getattr(fig, name), getattr(fig, name).frame):
        with pytest.raises(MissingTableError):
            make(without)
    with pytest.raises(OptionError):
        getattr(fig, name)(logs, lang="nl")


@pytest.mark.parametrize("name", NAMES)
def test_axes_of_the_caller_are_used_and_say_simulated(name: str, logs: Site) -> None:
    _, ax = plt.subplots(figsize=(8, 6))
    assert getattr(fig, name)(logs, ax=ax, lang="id") is ax
    assert "simulasi" in ax.get_title(loc="left")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("lang", ["en", "id"])
def test_nothing_leaves_the_page(name: str, lang: str, logs: Site) -> None:
    assert_nothing_leaves_the_page(drawn_once(getattr(fig, name), logs, lang=lang))


@pytest.mark.parametrize("name", NAMES)
def test_a_table_without_rows_is_drawn_without_marks(name: str, logs: Site) -> None:
    nothing = {NAMES[name]: logs.table(NAMES[name]).iloc[:0]}
    ax = getattr(fig, name)(having(logs, **nothing))
    ax.figure.draw_without_rendering()
    assert not tiles(ax, list(STATUS))
    assert not tagged(ax, "rater")


# -- who came to which meeting ------------------------------------------------------------------


def test_the_heat_map_has_a_square_and_a_letter_for_every_status(logs: Site) -> None:
    ax = drawn_once(fig.attendance_heatmap, logs, lang="en")
    drawn = pd.Series([kind for kind, _, _ in tiles(ax, list(STATUS))]).value_counts()
    letters = dict(
        zip(("present", "late", "excused", "absent", "represented"), "PLEAR", strict=True)
    )
    for status, count in logs.table("attendance")["status"].value_counts().items():
        assert drawn[status] == count
        written = [one.get_text() for one in tagged(ax, f"{status}-words")]
        assert written == [letters[str(status)]] * count
    shades = {status: to_rgb(tile.fill) for status, tile in STATUS.items()}
    grey = {name: 0.299 * r + 0.587 * g + 0.114 * b for name, (r, g, b) in shades.items()}
    assert grey["present"] < grey["late"] < grey["represented"] < grey["excused"] < grey["absent"]


def test_squares_stand_where_the_frame_says(logs: Site) -> None:
    frame = fig.attendance_heatmap.frame(logs)
    assert frame["meeting"].max() == 10
    ax = drawn_once(fig.attendance_heatmap, logs, lang="id")
    place = {label.get_text(): label.get_position()[1] for label in ax.get_yticklabels()}
    cells = {(round(x, 6), round(y, 6)): kind for kind, x, y in tiles(ax, list(STATUS))}
    assert len(cells) == len(frame) == 300
    for line in frame.to_dict("records"):
        cell = cells[line["meeting"] - 0.5, round(place[line["person"]], 6)]
        assert cell == line["status"]
    heads = [one.get_text() for one in ax.texts if one.get_fontweight() == "bold"]
    assert {"KUBE 07", "KUBE 24"} <= set(heads)


def test_margins_are_the_rates(logs: Site) -> None:
    ax = drawn_once(fig.attendance_heatmap, logs, lang="en")
    rows = logs.table("attendance")
    people = kr.attendance_rates(rows, by="person")["rate"]
    widths = sorted(round(one.get_width() / 0.6, 6) for one in tagged(ax, "person-rate"))
    assert widths == sorted(people.round(6))
    by_meeting = kr.attendance_rates(rows).set_index("activity")["rate"]
    frame = fig.attendance_heatmap.frame(logs)
    order = frame.sort_values("meeting")["activity"].unique()
    heights = [one.get_height() / 0.3 for one in tagged(ax, "meeting-rate")]
    assert heights == pytest.approx(by_meeting[order].tolist())
    days = logs.table("activities").set_index("activity")["date"]
    assert days[order].is_monotonic_increasing
    assert len(tagged(ax, "person-share")) == 30
    assert tagged(ax, "meeting-share")[0].get_text() == "50%"


def test_small_and_large_lists_fit(logs: Site) -> None:
    rows = logs.table("attendance")
    few = rows[rows["activity"].isin(["peka_1", "kuber"]) & (rows["group"] == "07")].iloc[1:]
    small = fig.attendance_heatmap(having(logs, attendance=few, activities=None), lang="id")
    assert small.figure.get_size_inches()[1] < 4.5
    assert len(tiles(small, list(STATUS))) == 11
    double = pd.concat([rows, rows.assign(person=rows["person"] + "b")], ignore_index=True)
    double.loc[double["group"] == "24", "group"] = pd.NA
    large = fig.attendance_heatmap(having(logs, attendance=double), lang="id")
    usual = drawn_once(fig.attendance_heatmap, logs, lang="en")
    assert large.figure.get_size_inches()[1] > usual.figure.get_size_inches()[1] + 1
    assert "Tanpa kelompok" in all_words(large)
    many = pd.concat([few.assign(activity=f"m{n:02d}") for n in range(30)], ignore_index=True)
    wide = fig.attendance_heatmap(having(logs, attendance=many), lang="en")
    assert wide.figure.get_size_inches()[0] == pytest.approx(style.DOUBLE_COLUMN)
    assert "titles of the meetings stand in the table" in all_words(wide)


def test_a_missing_status_is_no_square(logs: Site) -> None:
    rows = logs.table("attendance")
    gone = rows.assign(status=rows["status"].where(rows.index != 5))
    one = fig.attendance_heatmap.frame(having(logs, attendance=gone))
    other = fig.attendance_heatmap.frame(having(logs, attendance=rows.drop(index=5)))
    pd.testing.assert_frame_equal(one, other)
    assert len(one) == 299


# -- rates --------------------------------------------------------------------------------------


def test_rates_intervals_and_band_are_drawn(logs: Site) -> None:
    frame = fig.attendance_rates_plot.frame(logs)
    assert frame["breakdown"].tolist() == ["overall"] + ["group"] * 5 + ["role"] * 2
    rows = logs.table("attendance")
    # Two events of one day are one day of one person: by hand in test_person_days.
    assert frame.loc[0, ["n", "attended", "unit"]].tolist() == [240, 133, "person-days"]
    ax = drawn_once(fig.attendance_rates_plot, logs, lang="en")
    dots = [one.get_xdata()[0] for one in tagged(ax, "rate")]
    assert dots == pytest.approx((100 * frame["rate"]).tolist())
    ends = [end for one in tagged(ax, "interval") for end in one.get_xdata()]
    assert ends == pytest.approx((100 * frame[["low", "high"]]).to_numpy().ravel().tolist())
    recent = [one.get_xdata()[0] for one in tagged(ax, "recent")]
    assert recent == pytest.approx((100 * frame["recent_rate"]).tolist())
    # "The last four meetings" are meetings, not trainings and assessments; counted by hand.
    meetings = [f"mentoring_{number}" for number in (1, 2, 3, 4)]
    came = rows[rows["activity"].isin(meetings)]
    came = came["status"].isin(["present", "late"]).groupby(came["group"]).agg(["sum", "size"])
    shown = frame.loc[frame["breakdown"] == "group", "recent_rate"]
    assert (came["sum"] / came["size"]).tolist() == pytest.approx(shown.tolist())
    assert (100 * shown).round(1).tolist() == [54.2, 45.8, 70.8, 62.5, 50.0]
    assert set(frame["meetings"]) == {4}
    over = [end for one in tagged(ax, "over-groups") for end in one.get_xdata()]
    ends = frame[["groups_low", "groups_high"]].dropna().to_numpy()
    assert over == pytest.approx((100 * ends).ravel().tolist())
    assert len(ends) == 3
    assert "once a day" in all_words(ax)
    band = next(one for one in ax.patches if str(one.get_gid()).startswith("band"))
    assert (band.get_x(), band.get_width()) == (pytest.approx(50), pytest.approx(10))


def test_without_dates_and_without_a_printed_band(logs: Site) -> None:
    plain = having(logs, activities=None, facts=None)
    frame = fig.attendance_rates_plot.frame(plain)
    assert frame[["recent_rate", "band_low", "band_high"]].isna().all(axis=None)
    ax = fig.attendance_rates_plot(plain, lang="id")
    assert not tagged(ax, "band")
    assert not tagged(ax, "recent")
    assert frame["unit"].eq("invitations").all()
    assert "sekali sehari" not in all_words(ax)
    assert "empat pertemuan" not in all_words(ax)


def test_people_without_group_or_role_have_a_row(logs: Site) -> None:
    rows = logs.table("attendance")
    rows.loc[rows["group"] == "24", ["group", "role"]] = pd.NA
    site = having(logs, attendance=rows)
    frame = fig.attendance_rates_plot.frame(site)
    assert frame.loc[frame["level"].isna(), "recent_rate"].notna().all()
    labels = [one.get_text() for one in fig.attendance_rates_plot(site).get_yticklabels()]
    assert {"Without a group", "Role not known"} <= set(labels)


# -- who rated in which round -------------------------------------------------------------------


def test_one_dot_a_rater_in_the_column_of_its_rounds(logs: Site) -> None:
    frame = fig.rater_flow_plot.frame(logs)
    ax = drawn_once(fig.rater_flow_plot, logs, lang="en")
    columns = pd.Series([int(x) for x, _ in set(dots(ax, "rater"))]).value_counts().to_dict()
    patterns = frame["pattern"].value_counts()
    assert columns == {0: patterns["only first"], 1: patterns["both"], 2: patterns["only second"]}
    counts = [int(one.get_text()) for one in tagged(ax, "count")]
    assert counts[-3:] == [3, 12, 6]
    assert [sum(counts[:-3][place::3]) for place in range(3)] == counts[-3:]
    zones = [one.get_text() for one in tagged(ax, "zone")]
    assert zones == ["only round 1", "both rounds", "only round 2"]
    assert tagged(ax, "again")[-1].get_text() == "12 of 15 (80%)"
    assert "Round 2 (18 raters), 11 Jun 2016" in all_words(ax)
    shades = {int(x): set() for x, _ in dots(ax, "rater")}
    for strip in tagged(ax, "rater"):
        for x, _ in strip.get_offsets():
            shades[int(x)].add(tuple(strip.get_facecolor()[0]))
    assert [len(shades[column]) for column in range(3)] == [1, 2, 1]


def test_other_numbers_of_rounds_and_crowded_groups(logs: Site) -> None:
    ratings = logs.table("ratings")
    third = ratings[ratings["round"] == 2].assign(round=3)
    ax = fig.rater_flow_plot(having(logs, ratings=pd.concat([ratings, third])), lang="id")
    zones = [one.get_text() for one in tagged(ax, "zone")]
    assert zones == ["hanya putaran 1", "putaran 1, 2, 3", "putaran 2, 3"]
    alone = fig.rater_flow_plot(having(logs, ratings=ratings[ratings["round"] == 1]))
    assert len(dots(alone, "rater")) == 15
    assert not tagged(alone, "again")
    crowd = pd.DataFrame({"round": 1, "rater": [f"r{n}" for n in range(60)], "item": 1, "score": 2})
    both = pd.concat([crowd, crowd.assign(round=2)]).assign(evidence="recorded")
    full = fig.rater_flow_plot(having(logs, ratings=both, rounds=None))
    places = set(dots(full, "rater"))
    assert len(places) == 60
    assert all(1 < x < 2 for x, _ in places)
