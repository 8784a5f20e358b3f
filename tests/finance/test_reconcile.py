"""Oracle: ledgers that are clean by construction, and errors planted in them at known rows."""

from __future__ import annotations

import datetime as dt
import shutil
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from clean_books import KINDS_OF_OWN, MEMBERS, PERIOD, Shape
from clean_books import clean_ledger as made
from kept_books import KEPT, handled, kept, last_of, row
from kept_books import PERIOD as HALF_YEAR
from planted import ANY_LEDGER, NEED_BALANCES, PLANTERS, Planted, Planter

import kube_research as kr
from kube_research.errors import MissingColumnError, MissingTableError, OptionError
from kube_research.finance.reconcile.chain import Entry, order_day
from kube_research.finance.reconcile.findings import (
    KINDS,
    reconcile_ledger,
    reconcile_summary,
)
from kube_research.site.folder import Site

clean_ledger = cache(made)
SHAPES = [
    Shape(),
    Shape(groups=1, months=2, codes="id", stated="some", seed=1),
    Shape(groups=3, months=6, codes="own", stated="all", opening=True, seed=2),
    Shape(groups=4, months=4, codes="en", stated="some", opening=True, daily=3, seed=3),
    Shape(groups=2, months=5, codes="id", stated="none", daily=2, seed=4),
    Shape(groups=2, months=6, codes="own", stated="none", opening=True, seed=5),
    Shape(groups=1, months=6, codes="id", stated="all", opening=True, daily=3, seed=6),
    Shape(groups=2, months=3, codes="own", stated="some", daily=2, seed=7),
]
#: A week of one group, small enough to be checked by eye.
WEEK = kept(
    [
        row(3, 1, "01", "kas", "sales", 500_000),
        row(3, 2, "01", "kas", "cost", -100_000),
        row(3, 3, "01", "kas", "sales", 300_000),
        row(3, 5, "01", "kas", "cooperative_savings", -50_000),
        row(3, 5, "01", "tabungan", "cooperative_savings", 50_000),
        row(3, 6, "01", "tabungan", "member_deposit", 10_000, "01-1"),
        row(3, 6, "01", "tabungan", "member_deposit", 10_000, "01-2"),
        row(3, 8, "01", "kas", "iks_sick", -25_000),
        row(3, 8, "01", "iks", "iks_sick", 25_000),
        row(3, 9, "01", "iks", "sick_support", -15_000, "01-1"),
        row(3, 10, "01", "kas", "sales", 120_000),
    ]
)
MARCH = ("2016-03-01", "2016-03-31")


def checked(
    ledger: pd.DataFrame, shape: Shape, opening: pd.DataFrame, **more: object
) -> pd.DataFrame:
    return reconcile_ledger(
        ledger,
        period=PERIOD,
        categories=KINDS_OF_OWN if shape.codes == "own" else None,
        opening=opening if shape.opening else 0,
        **{"members": MEMBERS, **more},
    )


def at(ledger: pd.DataFrame, spot: int, **values: object) -> pd.DataFrame:
    done = ledger.copy()
    for column, value in values.items():
        done.loc[spot, column] = value
    return done


def rebalanced(ledger: pd.DataFrame) -> pd.DataFrame:
    return ledger.assign(balance=ledger.groupby(["group", "book"])["amount"].cumsum())


def doubled(ledger: pd.DataFrame, spot: int, to: int) -> pd.DataFrame:
    parts = [ledger.iloc[:to], ledger.iloc[[spot]], ledger.iloc[to:]]
    return pd.concat(parts, ignore_index=True)


def one(found: pd.DataFrame) -> dict[str, object]:
    assert len(found) == 1, found[["row", "kind", "reason"]].to_string()
    first: dict[str, object] = found.to_dict("records")[0]
    return first


@pytest.mark.parametrize(
    "shape", SHAPES, ids=lambda shape: f"{shape.codes}-{shape.stated}-{shape.seed}"
)
def test_clean_ledgers_of_every_shape_in_any_order_raise_nothing(shape: Shape) -> None:
    ledger, opening = clean_ledger(shape)
    for rows in (ledger, ledger[::-1], ledger.sample(frac=1, random_state=shape.seed)):
        found = checked(rows, shape, opening)
        assert found.empty, found[["row", "kind", "reason"]].to_string()


@pytest.mark.parametrize("name", KEPT)
def test_books_as_groups_keep_them_raise_nothing(name: str) -> None:
    ledger = KEPT[name](np.random.default_rng(1))
    for how, rows in handled(ledger, 1).items():
        found = reconcile_ledger(rows, period=HALF_YEAR)
        assert found.empty, f"{how}: {found[['row', 'kind', 'reason']].to_string()}"


@pytest.mark.parametrize("name", PLANTERS)
def test_a_planted_error_is_found_at_its_row_and_nothing_else(name: str) -> None:
    done = 0
    for shape in SHAPES[:6]:
        if name in NEED_BALANCES and shape.stated == "none":
            continue
        if name == "turned_sign_restated" and shape.codes == "own":
            continue  # the codes are declared for this one only
        ledger, opening = clean_ledger(shape)
        plant = PLANTERS[name](Planter(ledger, opening, shape.seed))
        before = plant.ledger.copy(deep=True)
        found = checked(plant.ledger, shape, opening, members=plant.members)
        pd.testing.assert_frame_equal(plant.ledger, before)
        told = {spot - 2: kind for spot, kind in zip(found["row"], found["kind"], strict=True)}
        assert {kind for spot, kind in told.items() if spot in plant.at} <= set(plant.kinds), shape
        assert set(told) & set(plant.at), shape
        assert set(told) <= set(plant.at), f"{shape} {found[['row', 'kind', 'reason']].to_string()}"
        assert found["reason"].str.len().gt(10).all()
        assert found["suggestion"].str.len().gt(10).all()
        done += 1
    assert done >= 4


TOGETHER = [
    *(name for name in NEED_BALANCES if name not in ("carried_slip", "deleted_row")),
    *("no_amount", "unknown_person"),
]
APART = [name for name in ANY_LEDGER if name not in ("left_member", "foreign_early_entry")]


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("stated", ["all", "some", "none"])
def test_errors_planted_together_are_all_found(stated: str, count: int) -> None:
    for seed in range(4):
        rng = np.random.default_rng(1000 * count + seed)
        shape = Shape(codes=str(rng.choice(["en", "id"])), stated=stated, seed=seed)
        ledger, opening = clean_ledger(shape)
        ledger = ledger.assign(id=np.arange(len(ledger)))
        wanted: list[set[int]] = []
        names = rng.choice(APART if stated == "none" else TOGETHER, size=count)
        for name in names:
            plant = _elsewhere(str(name), ledger, opening, rng, set().union(*wanted))
            ledger = plant.ledger
            wanted.append({int(ledger["id"].iloc[spot]) for spot in plant.at})
        found = checked(ledger, shape, opening)
        told = {int(ledger["id"].iloc[spot - 2]) for spot in found["row"]}
        assert all(told & spots for spots in wanted), (seed, names)
        extra = told - set().union(
            *wanted
        )  # two errors between two stated balances look like three
        assert len(extra) <= (stated == "some"), (seed, names)


def _elsewhere(
    name: str,
    ledger: pd.DataFrame,
    opening: pd.DataFrame,
    rng: np.random.Generator,
    taken: set[int],
) -> Planted:
    for _ in range(50):
        plant = PLANTERS[name](Planter(ledger, opening, int(rng.integers(10**9))))
        if not {int(plant.ledger["id"].iloc[spot]) for spot in plant.at} & taken:
            return plant
    raise ValueError(name)


@pytest.mark.parametrize(
    "name", ["deposits", "loans", "balance_once_a_month", "balance_once_a_page"]
)
def test_errors_in_books_whose_rows_are_mixed_up(name: str) -> None:
    for seed in range(5):
        ledger = KEPT[name](np.random.default_rng(seed))
        spots = np.flatnonzero(_next_stated(ledger).notna())
        spot = int(np.random.default_rng(seed + 50).choice(spots))
        after, amount = int(_next_stated(ledger)[spot]), int(ledger["amount"][spot])
        for wrong in (
            at(ledger, spot, amount=10 * amount),
            at(ledger, spot, amount=-amount),
            at(ledger, after, balance=int(ledger["balance"][after]) + 1_250),
        ):
            mixed = handled(wrong, seed)["mixed up" if seed % 4 else "latest on top"]
            found = reconcile_ledger(mixed, period=HALF_YEAR)
            told = {int(mixed.index[row - 2]) for row in found["row"]}
            assert told & {spot, after}, seed
            assert told <= {spot, after}, seed


def _next_stated(ledger: pd.DataFrame) -> pd.Series:
    spots = pd.Series(ledger.index.where(ledger["balance"].notna()), index=ledger.index)
    return spots.groupby([ledger["group"], ledger["book"]]).bfill()


def test_the_order_of_a_day_is_found_again_after_the_day_before_is_put_right() -> None:
    ledger = KEPT["deposits"](np.random.default_rng(0))
    ledger = last_of(ledger, ledger["date"])
    for seed in range(4):
        mixed = ledger.sample(frac=1, random_state=seed)
        by_day = mixed.sort_values("date", kind="stable")
        assert reconcile_ledger(by_day).empty


def test_the_order_of_a_day_is_read_from_its_balances() -> None:
    after_240 = [Entry(10, 300), Entry(10, 270), Entry(10, 260), Entry(10, 290), Entry(10, 280)]
    assert order_day(after_240, 240, None, mixed=True) == [2, 1, 4, 3, 0]  # 250 is missing
    assert order_day(after_240, 250, None) == [2, 1, 4, 3, 0]
    turned = [Entry(10, 120), Entry(-10, None, turned=True)]
    assert order_day(turned, 100, None) == [1, 0]
    assert order_day([Entry(-10, 110, turned=True), Entry(30, 140)][::-1], 100, None) == [1, 0]
    assert order_day([Entry(10, 130), Entry(20, None)], 100, {130}) == [1, 0]
    assert order_day([Entry(5, 140), Entry(10, None), Entry(20, None)], 100, None, mixed=True) == [
        *(1, 2, 0)
    ]


def test_errors_in_the_simulated_twin(twin: Site) -> None:
    assert reconcile_ledger(twin).empty
    ledger = twin.ledger.reset_index(drop=True)
    opening = ledger[["group", "book"]].drop_duplicates(ignore_index=True).assign(opening=0)
    outside = ("half_in_another_month", "foreign_early_entry", "left_member", "unknown_person")
    for name in PLANTERS:
        if not name.startswith(outside):  # these make days and people that the site does not have
            plant = PLANTERS[name](Planter(ledger, opening, 3))
            found = reconcile_ledger(
                plant.ledger, period=twin.info.books_period, members=twin.table("members")
            )
            assert set(found["row"] - 2) & set(plant.at), name
            assert set(found["row"] - 2) <= set(plant.at), name
            assert set(found["evidence"]) == {"simulated"}


@pytest.mark.parametrize("spot", range(len(WEEK)))
def test_every_error_at_every_row_of_a_small_book(spot: int) -> None:
    category, amount = WEEK["category"][spot], int(WEEK["amount"][spot])
    like = (WEEK["category"] == category) & (WEEK["amount"] == -amount)
    half = [int(other) for other in WEEK.index[like]]

    def found(ledger: pd.DataFrame, *spots: int, kinds: str) -> dict[str, object]:
        told = one(reconcile_ledger(ledger, period=MARCH))
        assert told["row"] in [place + 2 for place in spots]
        assert told["kind"] in kinds.split()
        return told

    told = found(at(WEEK, spot, balance=WEEK["balance"][spot] + 3_000), spot, kinds="balance")
    assert told["difference"] == 3_000
    turned = at(WEEK, spot, amount=-amount)
    for ledger in (turned, rebalanced(turned), turned.drop(columns="balance")):
        told = found(ledger, spot, kinds="sign")
        assert told["expected"] == amount
        assert told["difference"] == -2 * amount
    twice = doubled(WEEK, spot, spot)
    for ledger in (twice, rebalanced(twice), twice.drop(columns="balance")):
        told = found(ledger, spot, spot + 1, kinds="duplicate")
        assert told["other_row"] in (spot + 2, spot + 3)
    found(doubled(WEEK, spot, len(WEEK)), spot, len(WEEK), kinds="duplicate")
    for day in ("2016-05-01", "2015-03-01"):
        found(at(WEEK, spot, date=pd.Timestamp(day)), spot, kinds="period")
    told = found(at(WEEK, spot, amount=pd.NA), spot, kinds="missing_amount")
    assert told["expected"] == amount  # the balances or the other half tell it
    found(at(WEEK, spot, amount=10 * amount), spot, *half, kinds="balance transfer")
    if half:
        other = half[0]
        unequal = at(WEEK, spot, amount=amount + 5_000)
        found(unequal, spot, kinds="transfer")
        found(rebalanced(unequal), spot, other, kinds="transfer")
        alone = WEEK.drop(spot).reset_index(drop=True)
        for ledger in (alone, rebalanced(alone), alone.drop(columns="balance")):
            found(ledger, other - (other > spot), kinds="transfer")
        late = at(WEEK, spot, date=pd.Timestamp("2016-03-20"))
        found(late, spot, other, kinds="transfer")


KAS = kept(
    [
        row(3, 1, "01", "kas", "sales", 500_000),
        row(3, 2, "01", "kas", "cost", -120_000),
        row(3, 3, "01", "kas", "sales", 65_000),
        row(3, 4, "01", "kas", "sales", 240_000),
    ]
)
#: What is written instead, and in whose column; what is told of it, and what is suggested.
SLIPS = [
    ({"balance": 830_000}, 1, "fits neither", "swapped in writing: IDR 380,000, not IDR 830,000"),
    ({"balance": 3_800_000}, 1, "fits neither", "zero too many or too few: probably IDR 380,000"),
    ({"balance": 380}, 1, "fits neither", "Three zeros too many or too few"),
    ({"balance": 38_000}, 1, "fits neither", "zero too many or too few"),
    ({"balance": -380_000}, 1, "fits neither", "sign of the balance was probably turned round"),
    ({"balance": 387_000}, 1, "fits neither", "One digit was probably miswritten: IDR 380,000"),
    ({"balance": 391_234}, 1, "fits neither", "miscounted by IDR 11,234"),
    ({"amount": 56_000}, 2, "From this row on", "swapped: IDR 65,000, not IDR 56,000"),
    ({"amount": 650_000}, 2, "From this row on", "zero too many or too few: IDR 65,000"),
    ({"amount": -1_200}, 1, "From this row on", "zero too many or too few"),
    ({"amount": 25_000}, 2, "From this row on", "An entry of IDR 40,000 coming in is missing"),
    ({"amount": 130_000}, 2, "From this row on", "IDR 65,000 going out is missing"),
]


@pytest.mark.parametrize(("wrong", "spot", "reason", "suggestion"), SLIPS)
def test_the_suggestion_names_the_slip(
    wrong: dict[str, int], spot: int, reason: str, suggestion: str
) -> None:
    told = one(reconcile_ledger(at(KAS, spot, **wrong)))
    assert (told["row"], told["kind"], told["certainty"]) == (spot + 2, "balance", "certain")
    assert reason in str(told["reason"])
    assert suggestion.lower() in str(told["suggestion"]).lower()
    inside = one(reconcile_ledger(at(KAS, spot, **wrong), lang="id"))
    assert inside["reason"] != told["reason"]
    assert "Rp" in str(inside["reason"])


def test_a_missing_entry_is_suggested_with_its_amount_and_place() -> None:
    told = one(reconcile_ledger(KAS.drop(2).reset_index(drop=True)))
    assert (told["row"], told["expected"], told["difference"]) == (4, 620_000, 65_000)
    assert "IDR 65,000 coming in is missing between row 3 and this one" in str(told["suggestion"])


@pytest.mark.parametrize(
    ("date", "hint"),
    [
        ("2061-03-03", "The year was probably mistyped: 3 March 2016"),
        ("2016-12-03", "Day and month were probably swapped: 12 March 2016"),
        ("2016-09-30", "widen the period"),
    ],
)
def test_a_day_outside_the_period_is_explained(date: str, hint: str) -> None:
    ledger = at(KAS, 3, date=pd.Timestamp(date))
    told = one(reconcile_ledger(ledger, period=MARCH))
    assert (told["row"], told["kind"]) == (5, "period")
    assert hint in str(told["suggestion"])
    assert reconcile_ledger(KAS).empty  # without a period no entry is outside


def test_the_first_and_last_day_belong_to_the_period() -> None:
    assert reconcile_ledger(KAS, period=("2016-03-01", dt.date(2016, 3, 4))).empty
    assert reconcile_ledger(KAS, period=("2016-03-02", "2016-03-03"))["row"].tolist() == [2, 5]


def test_people_are_held_against_the_roster() -> None:
    roster = pd.DataFrame(
        {
            "person": ["a", "b", "c", "d"],
            "group": ["01", "01", "02", "01"],
            "joined": ["2016-01-01", "2016-04-01", None, None],
            "left": [None, None, None, "2016-03-05"],
        }
    )
    ledger = kept(row(3, 6, "01", "tabungan", "setoran", 5_000, who) for who in "abcde")
    found = reconcile_ledger(ledger, members=roster)
    assert found["row"].tolist() == [3, 4, 5, 6]
    assert set(found["kind"]) == {"membership"}
    words = " ".join(found["reason"])
    for part in ("b joined on 1 April 2016", "c is a member of group 02", "d left on 5 March 2016"):
        assert part in words
    assert "e is not in the list of members" in words
    out = ledger.assign(category="penarikan", amount=-ledger["amount"])
    settled = reconcile_ledger(out, members=roster).set_index("row")
    assert settled.loc[5, "certainty"] == "look"  # money given back after leaving
    assert settled.loc[3, "certainty"] == "likely"
    assert reconcile_ledger(ledger.assign(group="09"), members=roster).query("row == 6").empty


def test_equal_entries_of_one_day_and_of_several() -> None:
    twice = [row(3, 6, "01", "kas", "sales", 50_000)] * 2
    told = one(reconcile_ledger(kept(twice)))
    assert (told["row"], told["certainty"], told["other_row"]) == (3, "look", 2)
    other_days = [row(3, day, "01", "kas", "sales", 50_000) for day in (6, 7, 8)]
    assert reconcile_ledger(kept(other_days)).empty
    noted = kept(twice).assign(note=["morning", "evening"])
    assert reconcile_ledger(noted).empty
    person = [row(3, 6, "01", "tabungan", "setoran", 5_000, "01-1")] * 2
    assert one(reconcile_ledger(kept(person)))["certainty"] == "likely"
    copied = doubled(KAS, 1, 2)
    assert one(reconcile_ledger(copied))["certainty"] == "certain"


@pytest.mark.parametrize("spot", [1, 2, 4])
def test_a_copy_among_equal_entries_of_nobody_is_seen_by_its_balance(spot: int) -> None:
    ledger = KEPT["deposits_of_nobody"](np.random.default_rng(0))
    for seed in range(5):
        rows = doubled(ledger, spot, spot + 1)
        rows = rows.sample(frac=1, random_state=seed) if seed else rows
        told = one(reconcile_ledger(rows))
        assert (told["kind"], told["certainty"]) == ("duplicate", "certain")
        assert rows.index[int(str(told["row"])) - 2] in (spot, spot + 1)


def test_a_difference_that_only_happens_to_be_twice_an_entry_is_no_wrong_sign() -> None:
    sold = [row(3, day, "01", "kas", "sales", 50_000 + day * 1_000) for day in range(1, 10)]
    ledger = last_of(kept(sold), pd.Series([0] * 4 + [1] * 5))
    wrong = at(ledger, 8, balance=int(ledger["balance"][8]) - 2 * 57_000)
    told = one(reconcile_ledger(wrong))
    assert (told["row"], told["kind"], told["difference"]) == (10, "balance", -114_000)


def test_opening_balances_none_stated_and_given() -> None:
    ledger = KAS.assign(balance=KAS["balance"] + 90_000)
    told = one(reconcile_ledger(ledger))
    assert (told["row"], told["kind"], told["certainty"]) == (2, "balance", "look")
    assert 'opening="stated"' in str(told["suggestion"])
    assert reconcile_ledger(ledger, opening="stated").empty
    given = pd.DataFrame({"group": ["01"], "book": ["kas"], "opening": [90_000]})
    assert reconcile_ledger(ledger, opening=given).empty
    told = one(reconcile_ledger(ledger, opening=given.assign(opening=80_000)))
    assert (told["certainty"], told["difference"]) == ("certain", 10_000)


def test_a_group_that_never_books_the_other_half_is_told_of_once() -> None:
    ledger = WEEK[WEEK["category"] != "iks_sick"].reset_index(drop=True)
    more = [row(3, day, "01", "kas", "iks_sick", -7_000 * day) for day in (12, 13, 14)]
    told = one(reconcile_ledger(rebalanced(pd.concat([ledger, kept(more)], ignore_index=True))))
    assert (told["kind"], told["certainty"]) == ("transfer", "look")
    assert "3 entries" in str(told["reason"])


def test_halves_may_lie_some_days_apart() -> None:
    late = at(WEEK, 4, date=pd.Timestamp("2016-03-09"))
    late = rebalanced(late.sort_values("date", kind="stable", ignore_index=True))
    assert one(reconcile_ledger(late))["kind"] == "transfer"
    assert reconcile_ledger(late, transfer_days=4).empty


def test_balances_that_follow_something_else_are_told_of_once() -> None:
    rng = np.random.default_rng(0)
    ledger = KEPT["petty_trade"](rng)
    ledger["balance"] = pd.array(rng.integers(0, 10**6, len(ledger)), dtype="Int64")
    told = one(reconcile_ledger(ledger, period=HALF_YEAR))
    assert (told["kind"], told["certainty"]) == ("balance", "certain")
    assert "Perhaps the balance column follows something else" in str(told["suggestion"])


def test_rows_are_those_of_a_spreadsheet_whatever_the_index() -> None:
    wrong = at(KAS, 2, balance=999_999)
    wrong.index = pd.Index([7, 7, 7, 7])
    assert one(reconcile_ledger(wrong))["row"] == 4
    assert one(reconcile_ledger(wrong[::-1]))["row"] == 3


def test_text_dates_categoricals_and_decimal_points_say_the_same() -> None:
    wrong = at(WEEK, 5, balance=1_000_000)
    plain = wrong.assign(
        date=wrong["date"].dt.strftime("%Y-%m-%d"),
        amount=wrong["amount"].astype("float64"),
        balance=wrong["balance"].astype("float64"),
        book=wrong["book"].astype("category"),
    )
    pd.testing.assert_frame_equal(reconcile_ledger(plain), reconcile_ledger(wrong))


def test_an_empty_ledger_and_one_without_anything_stated() -> None:
    empty = reconcile_ledger(WEEK.iloc[:0])
    assert empty.empty
    full = reconcile_ledger(at(WEEK, 5, balance=1))
    assert list(empty.columns) == list(full.columns)
    assert (empty.dtypes == full.dtypes).all()
    assert reconcile_ledger(WEEK.assign(balance=pd.NA)).empty


def test_kinds_choose_what_is_returned() -> None:
    ledger = at(at(WEEK, 0, balance=1), 10, amount=-120_000)
    assert set(reconcile_ledger(ledger)["kind"]) == {"balance", "sign"}
    for kind in KINDS:
        assert set(reconcile_ledger(ledger, kinds=[kind])["kind"]) <= {kind}
    assert reconcile_ledger(ledger, kinds=["sign"])["row"].tolist() == [12]


def test_the_grade_is_the_weakest_of_the_rows_that_clash() -> None:
    graded = WEEK.assign(evidence=["published"] * 7 + ["simulated"] + ["published"] * 3)
    unequal = at(graded, 8, amount=30_000)
    assert one(reconcile_ledger(rebalanced(unequal)))["evidence"] == "simulated"
    assert one(reconcile_ledger(at(graded, 1, balance=5)))["evidence"] == "published"
    assert one(reconcile_ledger(at(WEEK, 1, balance=5)))["evidence"] == "recorded"


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"kinds": ["money"]}, OptionError, "'money'"),
        ({"lang": "nl"}, OptionError, "'en' or 'id'"),
        ({"transfer_days": -1}, OptionError, "0 or more"),
        ({"transfer_days": True}, OptionError, "0 or more"),
        ({"period": ("2016-03-31", "2016-03-01")}, OptionError, "first one first"),
        ({"period": ("soon", "later")}, OptionError, "no period"),
        ({"period": ("2016-03-31",)}, OptionError, "no period"),
        ({"opening": 5}, OptionError, "stated"),
        ({"opening": False}, OptionError, "stated"),
        ({"opening": pd.DataFrame({"group": ["01"]})}, MissingColumnError, "book, opening"),
        ({"members": pd.DataFrame({"person": ["a"]})}, MissingColumnError, "group"),
        ({"categories": pd.DataFrame({"category": ["a"]})}, MissingColumnError, "flow"),
    ],
)
def test_bad_options_are_refused(
    change: dict[str, object], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        reconcile_ledger(WEEK, **change)  # type: ignore[arg-type]


def test_two_opening_balances_of_a_book_are_refused() -> None:
    twice = pd.DataFrame({"group": "01", "book": "kas", "opening": [1, 2]})
    with pytest.raises(OptionError, match="two opening balances"):
        reconcile_ledger(WEEK, opening=twice)


def test_ledgers_that_cannot_be_read_are_refused() -> None:
    for column in ("date", "group", "book", "category", "amount"):
        with pytest.raises(MissingColumnError, match=column):
            reconcile_ledger(WEEK.drop(columns=column))
    with pytest.raises(OptionError, match="amount must hold whole rupiah"):
        reconcile_ledger(WEEK.assign(amount=0.5))
    with pytest.raises(OptionError, match="balance must hold whole rupiah"):
        reconcile_ledger(WEEK.assign(balance="much"))
    with pytest.raises(OptionError, match="date cannot be read"):
        reconcile_ledger(WEEK.assign(date="1 Maret"))


def test_the_summary_counts_findings_of_every_book() -> None:
    ledger = at(at(WEEK, 0, balance=1), 10, amount=-120_000)
    done = reconcile_summary(ledger).set_index("book")
    assert done["entries"].tolist() == WEEK["book"].value_counts()[done.index].tolist()
    assert done.loc["kas", ["findings", "balance", "sign", "duplicate"]].tolist() == [2, 1, 1, 0]
    assert done.loc[["iks", "tabungan"], "findings"].tolist() == [0, 0]
    assert (done["findings"] == done[["certain", "likely", "look"]].sum(axis=1)).all()
    assert (done["findings"] == done[list(KINDS)].sum(axis=1)).all()
    unsure = reconcile_summary(WEEK.drop(columns="balance"))
    assert unsure["stated"].tolist() == [0, 0, 0]
    again = reconcile_summary(ledger, reconcile_ledger(ledger, kinds=["sign"]))
    assert again["findings"].sum() == 1
    with pytest.raises(MissingColumnError, match="certainty"):
        reconcile_summary(ledger, pd.DataFrame({"group": [], "book": [], "kind": []}))


def test_a_site_brings_its_period_members_and_categories(
    twin: Site, study: Site, root: Path, tmp_path: Path
) -> None:
    with pytest.raises(MissingTableError):
        reconcile_ledger(study)
    copy = tmp_path / "site"
    shutil.copytree(root / "data" / "cibeunying-simulated", copy)
    ledger = pd.read_csv(copy / "ledger.csv", dtype=str)
    ledger.loc[5, "balance"] = "7"
    ledger.loc[40, "date"] = "2014-11-02"
    ledger["category"] = ledger["category"].replace("sales", "jual_nasi")
    ledger.to_csv(copy / "ledger.csv", index=False)
    own = pd.DataFrame({"category": ["jual_nasi"], "flow": ["sale"]})
    own.to_csv(copy / "categories.csv", index=False)
    site = kr.load_site(copy)
    found = reconcile_ledger(site)
    assert found[["row", "kind"]].to_numpy().tolist() == [[7, "balance"], [42, "period"]]
    assert reconcile_ledger(site, kinds=["period"], lang="id")["row"].tolist() == [42]
    wide = reconcile_ledger(site, period=("2014-01-01", "2016-12-31"))
    assert "period" not in set(wide["kind"])


@pytest.mark.parametrize(
    ("balances", "words"),
    [
        ([1000, 1000, 1050, 1070], "probably not changed for it"),
        ([1000, 1740, 1790, 1810], "probably counted twice"),
    ],
)
def test_an_entry_left_out_of_the_balance_is_not_one_counted_twice(
    balances: list[int], words: str
) -> None:
    book = pd.DataFrame(
        {
            "date": pd.date_range("2016-03-01", periods=4),
            "group": "07",
            "book": "kas",
            "category": ["opening", "sale", "sale", "sale"],
            "amount": pd.array([1000, 370, 50, 20], dtype="Int64"),
            "balance": pd.array(balances, dtype="Int64"),
        }
    )
    finding = kr.reconcile_ledger(book).iloc[0]
    assert (finding["row"], finding["kind"]) == (3, "balance")
    assert words in finding["suggestion"]
