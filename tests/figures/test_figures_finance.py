"""Oracle: the frames, counted from the ledger by hand; artists hold what the frames hold."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

import kube_research as kr
from kube_research.errors import MissingTableError, OptionError
from kube_research.figures import sheet as figures_grid
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

NAMES = (
    "cash_flow_months",
    "writing_calendar",
    "cooperative_months",
    "member_savings_plot",
    "iks_rule_plot",
    "growth_tiles",
)

MONTHS = ("deposit", "missed", "not_due")
VERDICTS = ("met", "unmet", "unknown")


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def logs(study: Site) -> Site:
    """The twin with the study's facts."""
    return study.with_raw_logs("ledger")


def having(site: Site, **tables: pd.DataFrame | None) -> Site:
    every = {**site.tables, **tables}
    return dataclasses.replace(site, tables={k: v for k, v in every.items() if v is not None})


def draw(name: str, site: Site, **options: Any) -> Axes:
    """Read a figure; drawn once for all tests that ask for the same, but for given axes."""
    make = getattr(kr.figures, name)
    made: Axes = make(site, **options) if "ax" in options else drawn_once(make, site, **options)
    return made


def frame_of(name: str, site: Site) -> pd.DataFrame:
    made: pd.DataFrame = getattr(kr.figures, name).frame(site)
    return made


def book(rows: list[tuple[str, str, str, str, int]], **more: Any) -> pd.DataFrame:
    """A ledger of (date, group, book, category, amount)."""
    frame = pd.DataFrame(rows, columns=["date", "group", "book", "category", "amount"])
    frame["date"] = pd.to_datetime(frame["date"])
    return frame.assign(person=pd.NA, evidence="recorded", **more)


# -- every figure ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("lang", ["en", "id"])
def test_simulated_is_said_and_nothing_leaves_the_page(name: str, lang: str, logs: Site) -> None:
    ax = draw(name, logs, lang=lang)
    assert text("mark.simulated", lang) in all_words(ax)
    assert " ".join(text(f"figure.{name}.title", lang).split()) in all_words(ax)
    assert_nothing_leaves_the_page(ax)


@pytest.mark.parametrize("name", NAMES)
def test_recorded_books_carry_no_mark(name: str, logs: Site) -> None:
    tables = {key: frame.assign(evidence="recorded") for key, frame in logs.tables.items()}
    info = dataclasses.replace(logs.info, evidence="recorded")
    ax = draw(name, dataclasses.replace(logs, tables=tables, info=info), lang="id")
    assert text("mark.simulated", "id") not in all_words(ax)


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_table_an_unknown_language_and_axes_of_the_caller(name: str, logs: Site) -> None:
    without = having(logs, ledger=None, attendance=None)
    for make in (draw, frame_of):
        with pytest.raises(MissingTableError):
            make(name, without)
    with pytest.raises(OptionError):
        draw(name, logs, lang="nl")
    _, ax = plt.subplots(figsize=(8, 6))
    assert draw(name, logs, ax=ax, lang="id") is ax
    assert "simulasi" in ax.get_title(loc="left")


@pytest.mark.parametrize("name", NAMES)
def test_a_ledger_without_rows_is_drawn_without_marks(name: str, logs: Site) -> None:
    ax = draw(name, having(logs, ledger=logs.table("ledger").iloc[:0]))
    ax.figure.draw_without_rendering()
    for kind in ("flow-in", "flow-out", "amount-in", "used", "share"):
        assert not tagged(ax, kind)
    kinds = VERDICTS if name == "growth_tiles" else MONTHS
    assert not {"deposit", "missed"} & {kind for kind, _, _ in tiles(ax, kinds)}


# -- cash flow ---------------------------------------------------------------------------------


def test_cash_flow_is_the_ledger_added_up(logs: Site) -> None:
    frame = frame_of("cash_flow_months", logs)
    ledger = logs.table("ledger")
    month = ledger["date"].dt.strftime("%Y-%m")
    by_hand = ledger.groupby(["book", month])["amount"].sum()
    net = frame[frame["direction"] == "net"].set_index(["book", "month"])["amount"]
    assert net[by_hand.index].tolist() == by_hand.tolist()
    assert net.drop(by_hand.index).eq(0).all()
    sales = frame[(frame["flow"] == "sale") & (frame["month"] == "2016-03")]["amount"].item()
    march = (ledger["category"] == "sales") & (month == "2016-03")
    assert sales == ledger.loc[march, "amount"].sum()
    assert set(frame.loc[frame["internal"], "flow"]) == {"cooperative", "iks_share"}


def test_cash_bars_and_numbers_are_the_frame(logs: Site) -> None:
    frame = frame_of("cash_flow_months", logs)
    ax = draw("cash_flow_months", logs, lang="id")
    for way in ("in", "out"):
        part = frame[frame["direction"] == way]
        largest = part.groupby("book")["amount"].transform("max")
        widths = [bar.get_width() for bar in tagged(ax, f"flow-{way}")]
        assert widths == pytest.approx((0.92 * part["amount"] / largest).tolist())
        months = figures_grid.month_range(frame["month"])
        columns = [round(bar.get_x() - 0.04) for bar in tagged(ax, f"flow-{way}")]
        assert columns == [months.index(month) for month in part["month"]]
    assert "Rp 367.588.000" in [one.get_text() for one in tagged(ax, "total-in")]
    assert tagged(ax, "amount-net")[0].get_text() == "31,7"
    narrow = pd.date_range("2010-01-15", periods=40, freq="MS").strftime("%Y-%m-%d")
    long = book([(day, "01", "kas", "sales", 5000) for day in narrow])
    assert not tagged(draw("cash_flow_months", having(logs, ledger=long)), "amount-in")


# -- writing -----------------------------------------------------------------------------------


def test_gaps_are_those_of_the_analysis(logs: Site) -> None:
    frame = frame_of("writing_calendar", logs)
    since = kr.finance.rule_day(logs, "books_daily_since")
    done = kr.finance.days_written(logs.table("ledger"), since=since).set_index("group")
    counted = frame.groupby("group")[["due", "gap"]].sum()
    assert counted["due"].tolist() == done["due"].tolist()
    assert (counted["due"] - counted["gap"]).tolist() == done["written"].tolist()
    ax = draw("writing_calendar", logs)
    shown = [int(one.get_text().split()[0]) for one in tagged(ax, "longest")]
    assert shown == done["longest_gap"].tolist()
    drawn = tiles(ax, ["written", "gap"])
    rows = dict(zip(counted.index, ax.get_yticks(), strict=True))
    for kind in ("written", "gap"):
        days = frame[frame[kind]]
        middles = days["date"].map(figures_grid.day_number) + 0.5
        wanted = zip(middles, days["group"].map(rows), strict=True)
        places = [(x, y) for one, x, y in drawn if one == kind]
        np.testing.assert_allclose(sorted(places), sorted(wanted), atol=1e-6)
    assert tagged(ax, "rule")[0].get_xdata()[0] == pytest.approx(16865)  # 5 March 2016


def test_without_a_rule_days_are_due_from_the_first_entry(logs: Site) -> None:
    rows = [("2020-01-01", "01", "kas", "sales", 5), ("2020-01-04", "01", "kas", "sales", 5)]
    rows += [("2020-01-03", "02", "kas", "sales", 5), ("2020-01-01", "03", "iks", "iuran", 5)]
    info = dataclasses.replace(logs.info, period=None, books_period=None)
    site = dataclasses.replace(logs, info=info, tables={"ledger": book(rows)})
    frame = frame_of("writing_calendar", site)
    assert frame["group"].unique().tolist() == ["01", "02"]
    assert frame.loc[frame["gap"], "date"].dt.day.tolist() == [2, 3, 4]
    ax = draw("writing_calendar", site, lang="id")
    assert not tagged(ax, "rule")
    assert [one.get_text() for one in tagged(ax, "share")] == ["50%", "50%"]


# -- the cooperative ---------------------------------------------------------------------------


def test_months_with_and_without_a_deposit(logs: Site) -> None:
    ledger = logs.table("ledger")
    gone = (ledger["category"] == "cooperative_savings") & (ledger["group"] == "10")
    gone &= ledger["date"].dt.month == 5
    site = having(logs, ledger=ledger[~gone])
    frame = frame_of("cooperative_months", site)
    missed = frame[frame["missed"].fillna(False)]
    assert list(zip(missed["group"], missed["month"], strict=True)) == [("10", "2016-05")]
    closing = kr.closing_balances(site.table("ledger")).query("book == 'tabungan'")["closing"]
    assert frame.groupby("group")["closing"].last().tolist() == closing.tolist()
    ax = draw("cooperative_months", site)
    drawn = pd.Series([kind for kind, _, _ in tiles(ax, MONTHS)]).value_counts()
    assert (drawn["missed"], drawn["deposit"]) == (1, 9)
    ((_, x, y),) = [tile for tile in tiles(ax, MONTHS) if tile[0] == "missed"]
    assert int(x) == figures_grid.month_range(frame["month"]).index("2016-05")
    assert y == pytest.approx(ax.get_yticks()[2])
    assert [one.get_text() for one in tagged(ax, "missed-words")] == ["0"]
    amounts = [one.get_text() for one in tagged(ax, "deposit-words")]
    in_thousands = frame.loc[frame["deposit"].fillna(False), "deposited"] / 1000
    assert amounts == [f"{amount:.0f}" for amount in in_thousands]
    without = [one.get_text() for one in tagged(ax, "without")]
    assert without == ["0 of 2", "0 of 2", "1 of 2", "0 of 2", "0 of 2"]


def test_no_rule_is_said_and_is_no_miss(logs: Site) -> None:
    tables = {"ledger": logs.table("ledger").query("category != 'cooperative_savings'")}
    site = dataclasses.replace(logs, tables=tables)
    assert frame_of("cooperative_months", site)["due"].isna().all()
    ax = draw("cooperative_months", site, lang="id")
    assert "missed" not in {kind for kind, _, _ in tiles(ax, MONTHS)}
    assert {one.get_text() for one in tagged(ax, "without")} == {"tanpa aturan"}


def test_months_without_an_entry_have_a_column_and_keep_the_balance(logs: Site) -> None:
    rows = [("2016-01-05", "07", "tabungan", "setoran", 9000)]
    rows += [("2016-04-05", "07", "tabungan", "setoran", 1000)]
    end = pd.Timestamp("2016-06-29").date()
    info = dataclasses.replace(logs.info, books_period=(rows[0][0], end))
    site = dataclasses.replace(logs, info=info, tables={"ledger": book(rows)})
    frame = frame_of("cooperative_months", site)
    assert frame["closing"].tolist() == [9000, 9000, 9000, 10000, 10000, 10000]
    ax = draw("cash_flow_months", site)
    names = [one.get_text() for one in tagged(ax, "column")]
    assert [name for name in names if name.isalpha()] == ["Jan", "Feb", "Mar", "Apr"]
    assert [round(bar.get_x() - 0.04) for bar in tagged(ax, "flow-in")] == [0, 3]


# -- savings -----------------------------------------------------------------------------------


def test_every_member_is_a_dot_at_what_they_saved(logs: Site) -> None:
    frame = frame_of("member_savings_plot", logs)
    ledger = logs.table("ledger")
    own = ledger[(ledger["book"] == "tabungan") & ledger["person"].notna()]
    by_hand = own.groupby("person")["amount"].sum()
    assert frame.set_index("person")["balance"].sort_index().tolist() == by_hand.tolist()
    ax = draw("member_savings_plot", logs)
    places = dots(ax, "member")
    assert sorted(x for x, _ in places) == sorted(frame["balance"].tolist())
    assert len(set(places)) == 30
    for row, (_, part) in zip(ax.get_yticks(), frame.groupby("group"), strict=True):
        here = sorted(x for x, y in places if abs(y - row) < 0.14)
        assert here == sorted(part["balance"].tolist())
    means = frame.groupby("group")["balance"].mean().tolist()
    assert [one.get_xdata()[0] for one in tagged(ax, "average")] == pytest.approx(means)
    shown = [one.get_text() for one in tagged(ax, "words-gini")]
    assert shown[-1] == f"{kr.finance.gini(frame['balance']):.2f}"
    curve = frame.sort_values("share_people")["share_money"].astype(float).to_numpy()
    area = (curve + np.concatenate([[0], curve[:-1]])).mean() / 2
    assert 1 - 2 * area == pytest.approx(kr.finance.gini(frame["balance"]))


def test_a_group_of_few_is_marked(logs: Site) -> None:
    members = logs.table("members")
    small = members[(members["group"] != "07") | (members["person"] <= "K07-3")]
    ledger = logs.table("ledger")
    kept = ledger[ledger["person"].isna() | ledger["person"].isin(small["person"])]
    ax = draw("member_savings_plot", having(logs, members=small, ledger=kept), lang="id")
    shown = [one.get_text() for one in tagged(ax, "words-saving")]
    assert shown[0] == "3 dari 3*"
    assert not any("*" in one for one in shown[1:])
    assert "Kurang dari lima" in all_words(ax)


# -- IKS ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("lang", "words"), [("en", "below zero"), ("id", "di bawah nol")])
def test_savings_below_zero_have_no_gini_and_the_figure_says_why(
    logs: Site, lang: str, words: str
) -> None:
    ledger = logs.ledger.copy()
    saved = ledger[(ledger["book"] == "tabungan") & ledger["person"].notna()]
    ledger.loc[saved.index[0], "amount"] = -10_000_000
    site = having(logs, ledger=ledger)
    ax = draw("member_savings_plot", site, lang=lang)
    assert words in all_words(ax)
    assert [cell.get_text() for cell in tagged(ax, "words-gini")].count("–") == 2  # group and all
    assert kr.figures.member_savings_plot.frame(site)["share_money"].isna().all()
    assert words not in all_words(draw("member_savings_plot", logs, lang=lang))


def test_iks_bars_count_from_the_day_of_the_rule(logs: Site) -> None:
    """By hand: sales of 1,000,000 since 1 March at 5 %; nothing was set aside before April."""
    rows = [(f"2016-0{month}-05", "07", "kas", "sales", 500_000) for month in (2, 3, 4)]
    rows += [("2016-04-28", "07", "kas", "iks_sick", -50_000)]
    rows += [("2016-04-28", "07", "iks", "iks_sick", 50_000)]
    frame = frame_of("iks_rule_plot", having(logs, ledger=book(rows)))
    line = frame[(frame["name"] == "sick_members") & (frame["reading"] == "profit")].iloc[0]
    assert line[["base", "due", "amount"]].tolist() == [1_000_000, 50_000, 50_000]


def test_iks_bars_hold_both_readings(logs: Site) -> None:
    frame = frame_of("iks_rule_plot", logs)
    assert frame["part"].tolist() == ["in"] * 2 + ["rule"] * 4 + ["other"]
    ledger = logs.table("ledger")
    iks = ledger[ledger["book"] == "iks"]
    came = iks[iks["amount"] > 0]["amount"].sum()
    assert frame.loc[frame["part"] == "in", "amount"].sum() == came
    rule = frame[frame["part"] == "rule"]
    assert (rule["due"] * 20 - rule["base"]).abs().max() < 20  # 5 %, rounded for each group
    spent = -iks.loc[iks["category"] == "charity_day", "amount"].sum()
    assert frame["amount"].iloc[-1] == spent
    ax = draw("iks_rule_plot", logs, lang="id")
    for kind in ("in", "rule", "other"):
        wide = [bar.get_width() for bar in tagged(ax, f"amount-{kind}")]
        assert wide == frame.loc[frame["part"] == kind, "amount"].tolist()
    assert [bar.get_width() for bar in tagged(ax, "due")] == rule["due"].tolist()
    assert [one.get_xdata()[0] for one in tagged(ax, "used")] == rule["used"].tolist()
    assert [one.get_text() for one in tagged(ax, "pct")] == ["5%", "50%"] * 2


# -- growth ------------------------------------------------------------------------------------


def test_tiles_are_the_checklist(logs: Site) -> None:
    frame = frame_of("growth_tiles", logs)
    ax = draw("growth_tiles", logs)
    signs = {"met": "✓", "unmet": "✗", "unknown": "?"}
    for verdict, count in frame["verdict"].value_counts().items():
        assert len([kind for kind, _, _ in tiles(ax, VERDICTS) if kind == verdict]) == count
        drawn = [one.get_text() for one in tagged(ax, f"{verdict}-words")]
        assert drawn == [signs[str(verdict)]] * count
    unmet = frame[frame["verdict"] == "unmet"]
    columns = [int(x) for kind, x, _ in tiles(ax, VERDICTS) if kind == "unmet"]
    assert columns == [logs.info.groups.index(group) for group in unmet["group"]]
    stages = [one.get_text().replace("\n", " ") for one in tagged(ax, "stage")]
    done = kr.finance.growth_stages(kr.finance.growth_checklist(logs))
    ends = zip(done["stage_low"], done["stage_high"], strict=True)
    assert stages == [" – ".join(dict.fromkeys(pair)) for pair in ends]
    assert "not the official rule" in all_words(ax)
    answers = pd.DataFrame({"group": ["07"], "criterion": ["companion"], "met": ["no"]})
    told = draw("growth_tiles", having(logs, growth_answers=answers))
    more = [kind for kind, _, _ in tiles(told, VERDICTS)].count("unmet")
    assert more == len(unmet) + 1


def test_month_labels_carry_the_year_once() -> None:
    assert figures_grid.month_labels(["2015-12", "2016-01", "2016-02"], "en") == [
        "Dec\n2015",
        "Jan\n2016",
        "Feb\n",
    ]


def test_indicator_frames_are_worked_out_once_a_site(
    logs: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kube_research.finance import indicators as indicator_frames

    calls = []
    usual = indicator_frames.FRAMES["trade"]
    counted = {**indicator_frames.FRAMES, "trade": lambda site: calls.append(1) or usual(site)}
    monkeypatch.setattr(indicator_frames, "FRAMES", counted)
    site = dataclasses.replace(logs)
    first = kr.finance.indicator_values(site, names=["sales_months"])
    pd.testing.assert_frame_equal(kr.finance.indicator_values(site, names=["sales_months"]), first)
    assert len(calls) == 1
    other = having(logs, ledger=logs.table("ledger").query("date >= '2016-06-01'"))
    assert kr.finance.indicator_values(other, names=["sales_months"])["value"].iloc[0] == 1
