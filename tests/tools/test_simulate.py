"""The simulated twin agrees with every printed number it touches, and says that it is simulated."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

import kube_research as kr
from kube_research.errors import KubeError
from kube_research.files import home
from kube_research.site.folder import Site
from tools import twin as simulate

FOLDER = home() / "data" / "cibeunying-simulated"
SEEDS = (2016, 1, 7, 42, 99991)


def printed_totals(site: Site) -> dict[int, int]:
    """Find each total by trying every one: the cut-off mean must read as printed."""
    n = 15
    found = {}
    for row in site.item_means.itertuples():
        fits = [t for t in range(n, 4 * n + 1) if f"{t * 100 // n / 100:.2f}" == row.mean]
        assert len(fits) == 1
        found[row.item] = fits[0]
    return found


def changed(site: Site, table: str, where: tuple[str, object], column: str, value: object) -> Site:
    frame = site.table(table)
    frame.loc[frame[where[0]] == where[1], column] = value
    return dataclasses.replace(site, tables={**site.tables, table: frame})


def item_totals(tables: dict[str, pd.DataFrame]) -> pd.Series:
    return tables["ratings"].groupby(["round", "item"])["score"].sum()


@pytest.fixture(scope="module")
def site() -> Site:
    return kr.load_site("cibeunying")


@pytest.fixture(scope="module", params=SEEDS)
def twin(request: pytest.FixtureRequest, site: Site) -> dict[str, pd.DataFrame]:
    return simulate.twin(site, seed=request.param)


@pytest.fixture(scope="module")
def committed() -> Site:
    return kr.load_site("cibeunying-simulated")


# -- the committed folder ------------------------------------------------------------------------


def test_regeneration_equals_committed_bytes(tmp_path: Path) -> None:
    written = simulate.write_twin(tmp_path / "twin")
    assert {p.name for p in written} == {p.name for p in FOLDER.iterdir()}
    for path in written:
        assert path.read_bytes() == (FOLDER / path.name).read_bytes(), path.name
        assert b"\r" not in path.read_bytes()
    assert [p.name for p in tmp_path.iterdir()] == ["twin"]


def test_regeneration_does_not_depend_on_the_process(tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONHASHSEED": "12345", "KUBE_SITE": "nowhere", "LC_ALL": "C"}
    command = [sys.executable, "-W", "error", "-m", "tools.twin", "--to", "twin"]
    env["PYTHONPATH"] = str(Path(kr.__file__).parents[1])
    subprocess.run(command, cwd=tmp_path, env=env, check=True, capture_output=True)
    for path in (tmp_path / "twin").iterdir():
        assert path.read_bytes() == (FOLDER / path.name).read_bytes(), path.name


def test_committed_folder_is_sound(committed: Site) -> None:
    assert kr.check_site("cibeunying-simulated") == []
    assert committed.simulated
    assert "proves nothing" in committed.info.notes


def test_loaded_folder_equals_the_tables(committed: Site, site: Site) -> None:
    for name, frame in simulate.twin(site).items():
        loaded = committed.table(name)[list(frame.columns)]
        pd.testing.assert_frame_equal(loaded, frame, check_dtype=False)


# -- what holds for any seed -----------------------------------------------------------------------


def test_every_row_is_simulated(twin: dict[str, pd.DataFrame]) -> None:
    wanted = {"items", "fields", "rounds", "ratings", "activities", "members", "attendance"}
    assert set(twin) == wanted | {"ledger", "books", "iks_rule", "assumptions"}
    for name, frame in twin.items():
        assert len(frame), name
        assert (frame["evidence"] == "simulated").all(), name


def test_totals_equal_the_published_means(twin: dict[str, pd.DataFrame], site: Site) -> None:
    totals = item_totals(twin)[1]
    named = printed_totals(site)
    assert named == {9: 37, 13: 35, 14: 36, 19: 37, 23: 33, 26: 34}
    assert totals[list(named)].to_dict() == named
    others = totals.drop(list(named))
    assert len(others) == 22
    assert others.min() > max(named.values())
    assert others.min() / 15 > site.info.threshold


def test_scores_and_raters(twin: dict[str, pd.DataFrame]) -> None:
    ratings = twin["ratings"]
    assert ratings["score"].between(1, 4).all()
    assert ratings.groupby("round")["rater"].nunique().to_dict() == {1: 15, 2: 18}
    assert len(ratings) == (15 + 18) * 28
    assert not ratings.duplicated(["round", "rater", "item"]).any()
    first, second = (set(ratings.loc[ratings["round"] == no, "rater"]) for no in (1, 2))
    assert len(first & second) == 12
    by_group = ratings.groupby(["round", "group"])["rater"].nunique()
    assert by_group[1].tolist() == [3] * 5
    assert sorted(by_group[2]) == [3, 3, 4, 4, 4]
    inner = ratings["score"].isin([2, 3]).mean()
    assert inner > 0.6
    assert set(ratings["score"]) == {1, 2, 3, 4}


def test_named_items_rise_and_kubers_least(twin: dict[str, pd.DataFrame], site: Site) -> None:
    totals = item_totals(twin)
    rise = totals[2] / 18 - totals[1] / 15
    named = site.item_means["item"].tolist()
    assert (rise[named] > 0).all()
    late = rise[[23, 26]].max()
    assert late < 0.15
    assert rise[[9, 13, 14, 19]].min() > late


def test_items_lie_in_their_fields(twin: dict[str, pd.DataFrame], site: Site) -> None:
    items = twin["items"].set_index("item")
    assert items["field_no"].is_monotonic_increasing
    assert set(items["field_no"]) == set(site.fields["field_no"])
    for row in site.table("items").itertuples():
        assert items.at[row.item, "field_no"] == row.field_no
        assert items.at[row.item, "statement_id"] == row.statement_id
    stand_in = items.drop(site.items["item"].tolist())
    assert stand_in["statement_en"].str.contains("wording not printed").all()


def test_attendance_is_inside_the_printed_band(twin: dict[str, pd.DataFrame], site: Site) -> None:
    rates = kr.attendance_rates(twin["attendance"]).set_index("activity")
    assert len(rates) == 10
    assert rates["n"].eq(30).all()
    facts = site.facts.set_index("fact")["value"]
    assert rates["rate"].ge(int(facts["attendance_low"]) / 100).all()
    assert rates["rate"].le(int(facts["attendance_high"]) / 100).all()
    people = kr.attendance_rates(twin["attendance"], by="person")
    assert len(people) == 30
    assert people["attended"].min() >= 1


def test_raters_are_those_present(twin: dict[str, pd.DataFrame]) -> None:
    came = twin["attendance"][twin["attendance"]["status"].isin(["present", "late"])]
    for activity, number in {"peka_1": 1, "mentoring_4": 2, "peka_2": 2}.items():
        ratings = twin["ratings"]
        raters = set(ratings.loc[ratings["round"] == number, "rater"])
        assert set(came.loc[came["activity"] == activity, "person"]) == raters
    status = twin["attendance"].pivot_table(
        index="person", columns="activity", values="status", aggfunc="first"
    )
    assert (status["training_finance"] == status["training_admin"]).all()


def test_officers_come_more_often(committed: Site) -> None:
    rates = kr.attendance_rates(committed.attendance, by="role").set_index("role")["rate"]
    assert rates["pengurus"] > rates["anggota"]


def test_round_1_day_lies_inside_its_bounds(twin: dict[str, pd.DataFrame], site: Site) -> None:
    days = twin["activities"].set_index("activity")["date"]
    bounds = site.activities.set_index("activity").loc["peka_1"]
    assert bounds["date"] < days["peka_1"] <= bounds["last_date"]
    assert days["peka_1"] < days["mentoring_1"]
    assert twin["rounds"]["date"].tolist() == [days["peka_1"], days["peka_2"]]
    same = days.drop("peka_1")
    assert same.equals(site.activities.set_index("activity")["date"].drop("peka_1"))


# -- the books -------------------------------------------------------------------------------------


def test_balances_are_running_sums_and_never_negative(twin: dict[str, pd.DataFrame]) -> None:
    ledger = twin["ledger"]
    assert 1000 <= len(ledger) <= 1600
    assert ledger["date"].is_monotonic_increasing
    running = ledger.groupby(["group", "book"])["amount"].cumsum()
    assert (running == ledger["balance"]).all()
    assert ledger["balance"].min() >= 0
    assert ledger["date"].min() == pd.Timestamp("2015-09-28")
    assert ledger["date"].max() == pd.Timestamp("2016-06-29")
    assert set(ledger["book"]) == {"kas", "tabungan", "iks"}
    assert ledger["group"].nunique() == 5


def test_iks_shares_are_equal_and_5_percent_of_the_profit(twin: dict[str, pd.DataFrame]) -> None:
    ledger = twin["ledger"].assign(month=twin["ledger"]["date"].dt.to_period("M"))
    business = ledger["category"].isin(["sales", "stock_purchase", "cost"])
    assert set(ledger.loc[business, "book"]) == {"kas"}
    profit = ledger[business].groupby(["group", "month"])["amount"].sum()
    shares = ledger[
        ledger["book"].eq("iks") & ledger["category"].isin(["iks_sick", "iks_posyandu"])
    ]
    wide = shares.pivot(index=["group", "month"], columns="category", values="amount")
    assert len(wide) == 5 * 4
    assert wide.index.get_level_values("month").min() == pd.Period("2016-03")
    assert (wide["iks_sick"] == wide["iks_posyandu"]).all()
    assert (wide["iks_sick"] * 100 == 5 * profit[wide.index]).all()
    assert (profit > 0).all()
    due = ledger[ledger["category"] == "iks_due"]
    assert due["month"].max() < pd.Period("2016-03")


def test_transfers_match(twin: dict[str, pd.DataFrame]) -> None:
    ledger = twin["ledger"]
    moved = ["iks_sick", "iks_posyandu", "cooperative_savings"]
    transfers = ledger[ledger["category"].isin(moved)]
    by = transfers.groupby(["date", "group", "category"])
    assert (by["amount"].sum() == 0).all()
    assert (by["book"].nunique() == 2).all()
    assert (transfers.loc[transfers["book"] == "kas", "amount"] < 0).all()
    coop = transfers[transfers["category"] == "cooperative_savings"]
    assert coop["date"].min() >= pd.Timestamp("2016-05-04")
    others = ledger[~ledger["category"].isin(moved)]
    assert not others[["category", "book"]].drop_duplicates()["category"].duplicated().any()


def test_charity_day_comes_from_the_iks(twin: dict[str, pd.DataFrame]) -> None:
    charity = twin["ledger"].query("category == 'charity_day'")
    assert set(charity["book"]) == {"iks"}
    assert charity["group"].nunique() == len(charity) == 5
    assert (charity["date"] == pd.Timestamp("2016-06-26")).all()
    assert (charity["amount"] < 0).all()


def test_categories_are_explained(twin: dict[str, pd.DataFrame]) -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    for category in twin["ledger"]["category"].unique():
        assert f"`{category}`" in readme


def test_writing_is_weekly_and_then_daily(committed: Site) -> None:
    sales = committed.ledger.query("category == 'sales'")
    before = sales["date"] <= pd.Timestamp("2016-03-05")
    assert (sales.loc[before, "date"].dt.day_of_week == 5).all()
    days = sales[~before].groupby("group")["date"].nunique()
    open_days = len(pd.bdate_range("2016-03-06", "2016-06-29", freq="C", weekmask="1111110"))
    assert days.between(open_days * 8 // 10, open_days - 1).all()


# -- assumptions -----------------------------------------------------------------------------------


def test_assumptions_are_listed_in_both_languages(committed: Site) -> None:
    table = committed.assumptions
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert len(table) > 30
    assert table.notna().drop(columns="locator").all(axis=None)
    for row in table.itertuples():
        assert f"| `{row.assumption}` | {row.value} | {row.basis} | {row.reason_en} |" in readme
        assert row.reason_id in readme
    words = table[["value", "reason_en", "reason_id"]].agg(" ".join, axis=1)
    assert not words.str.contains("[{}|<>]").any()
    assert set(table["basis"]) == {"published", "derived", "assumed"}


def test_the_roster_follows_from_band_and_rater_counts(committed: Site) -> None:
    fits = [size for size in range(1, 100) if size * 50 <= 1500 and size * 60 >= 1800]
    assert fits == [30]
    assert committed.members["group"].notna().sum() == 30
    assert committed.members["role"].value_counts().to_dict() == {
        "pengurus": 15,
        "anggota": 15,
        "pendamping": 1,
        "tokoh": 1,
    }


# -- seeds and changed published numbers -----------------------------------------------------------


def test_another_seed_gives_other_rows_and_the_same_totals(site: Site) -> None:
    one, two = simulate.twin(site, seed=1), simulate.twin(site, seed=2)
    for name in ("ratings", "attendance", "ledger"):
        assert not one[name].equals(two[name])
    assert item_totals(one).equals(item_totals(two))


def test_a_possible_mean_changes_the_totals(site: Site) -> None:
    other = simulate.twin(changed(site, "item_means", ("item", 9), "mean", "2.40"))
    assert item_totals(other)[1, 9] == 36
    assert item_totals(simulate.twin(site))[1, 9] == 37


@pytest.mark.parametrize("mean", ["2.47", "2.45", "4.20", "0.93"])
def test_an_impossible_mean_is_named(site: Site, mean: str) -> None:
    with pytest.raises(simulate.ImpossibleTwinError, match=f"item 9: the mean {mean}"):
        simulate.twin(changed(site, "item_means", ("item", 9), "mean", mean))


def test_a_mean_that_leaves_no_room_is_named(site: Site) -> None:
    with pytest.raises(simulate.ImpossibleTwinError, match="item 13 leaves no room"):
        simulate.twin(changed(site, "item_means", ("item", 13), "mean", "4.00"))


@pytest.mark.parametrize(
    ("table", "where", "column", "value", "match"),
    [
        ("item_means", ("item", 9), "n", 14, "item 9"),
        ("facts", ("fact", "attendance_high"), "value", "55", "no roster"),
        ("facts", ("fact", "months_running_at_kuber"), "value", "12", "different starts"),
        ("rounds", ("round", 2), "n_raters", 19, "no roster"),
        ("items", ("item", 9), "field_no", 3, "item 9 is not in field"),
        ("activities", ("activity", "kuber"), "date", pd.NaT, "no date for kuber"),
    ],
)
def test_other_changes_are_refused_with_a_reason(
    site: Site, table: str, where: tuple[str, object], column: str, value: object, match: str
) -> None:
    assert issubclass(simulate.ImpossibleTwinError, KubeError)
    with pytest.raises(simulate.ImpossibleTwinError, match=match):
        simulate.twin(changed(site, table, where, column, value))


def test_the_twin_of_a_site_does_not_change_the_site(site: Site) -> None:
    before = {name: frame.copy() for name, frame in site.tables.items()}
    simulate.twin(site)
    for name, frame in before.items():
        pd.testing.assert_frame_equal(site.tables[name], frame)


# -- writing ---------------------------------------------------------------------------------------


def test_own_files_are_replaced_and_foreign_ones_are_not(tmp_path: Path) -> None:
    folder = tmp_path / "twin"
    simulate.write_twin(folder)
    simulate.write_twin(folder, seed=3)
    assert "seed 3" in (folder / "site.toml").read_text(encoding="utf-8")
    mine = "round,group,rater,item,score,evidence\n1,07,A,9,2,recorded\n"
    (folder / "ratings.csv").write_text(mine, encoding="utf-8")
    with pytest.raises(simulate.ForeignFilesError, match=r"ratings\.csv"):
        simulate.write_twin(folder)
    assert (folder / "ratings.csv").read_text(encoding="utf-8") == mine
    assert "seed 3" in (folder / "site.toml").read_text(encoding="utf-8")
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    simulate.write_twin(folder, overwrite=True)
    assert (folder / "notes.txt").read_text(encoding="utf-8") == "mine"
    assert (folder / "ratings.csv").read_bytes() == (FOLDER / "ratings.csv").read_bytes()


def test_a_failure_leaves_nothing_behind(tmp_path: Path, site: Site) -> None:
    broken = changed(site, "item_means", ("item", 9), "mean", "2.47")
    with pytest.raises(simulate.ImpossibleTwinError):
        simulate.write_twin(tmp_path / "twin", broken)
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "twin").write_text("mine", encoding="utf-8")
    for overwrite in (False, True):
        with pytest.raises(simulate.ForeignFilesError):
            simulate.write_twin(tmp_path / "twin", overwrite=overwrite)


def test_the_command(tmp_path: Path) -> None:
    run = CliRunner().invoke(simulate.main, ["--to", str(tmp_path / "twin"), "--seed", "5"])
    assert run.exit_code == 0
    assert "13 files" in run.output
    assert kr.check_site(tmp_path / "twin") == []
    (tmp_path / "twin" / "site.toml").write_text("name = 'mine'", encoding="utf-8")
    run = CliRunner().invoke(simulate.main, ["--to", str(tmp_path / "twin")])
    assert run.exit_code == 1
    assert "site.toml" in run.output
