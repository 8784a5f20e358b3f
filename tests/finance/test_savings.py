"""Oracles: ledgers worked out by hand; scipy's Wilson interval; Gini over all pairs; the Lorenz area."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import trapezoid
from scipy.stats import binomtest
from small_ledgers import LEDGERS, PEOPLE, by_month, ledger_of, merged, variants

import kube_research as kr
from kube_research.errors import MissingColumnError, OptionError
from kube_research.site.folder import Site

BOOK = ledger_of(
    ("2016-01-31", "07", "tabungan", "opening", "a", 100),
    ("2016-02-10", "07", "tabungan", "member_deposit", "a", 50),
    ("2016-02-20", "07", "tabungan", "Setoran", "a", 30),
    ("2016-03-10", "07", "tabungan", "member_deposit", "a", 20),
    ("2016-03-11", "07", "tabungan", "member_withdrawal", "a", -70),
    ("2016-03-10", "07", "tabungan", "member_deposit", "x", 9),  # nobody knows x
    ("2016-03-12", "07", "tabungan", "member_deposit", None, 500),  # nobody is named
    ("2016-03-12", "07", "tabungan", "cooperative_savings", None, 1000),
    ("2016-03-12", "07", "kas", "cooperative_savings", None, -1000),
    ("2016-03-13", "07", "tabungan", "sales", "a", 7),  # business money in the wrong book
    ("2016-03-14", "07", "kas", "member_deposit", "b", 11),  # another book
    ("2016-03-14", "08", "kas", "sales", None, 5),  # group 08 keeps no savings book here
    ("2016-03-14", "07", "tabungan", "member_deposit", "b", None),
)
ROWS = ["opening", "deposits", "withdrawals", "balance", "months_saved"]
AMOUNTS = st.lists(st.integers(0, 10**6), min_size=1, max_size=40)


def test_savings_of_each_member_by_hand() -> None:
    done = kr.finance.member_savings(kr.finance.Books(BOOK, members=PEOPLE)).set_index("person")
    assert done.index.tolist() == ["a", "b", "x", "c"]
    assert done.loc["a", ROWS].tolist() == [100, 100, 70, 130, 2]
    assert done.loc["a", "last_deposit"] == pd.Timestamp("2016-03-10")
    assert done.loc["b", ROWS].tolist() == [0, 0, 0, 0, 0]
    assert pd.isna(done.loc["b", "last_deposit"])
    assert done.loc["x", "member"] == np.False_
    assert pd.isna(done.loc["x", "role"])
    assert done.loc["x", "balance"] == 9
    assert done.loc["c", ROWS].isna().all()  # unknown, not nothing
    assert "d" not in done.index  # the pendamping saves nothing here


def test_somebody_elses_member_is_no_member_here() -> None:
    more = ledger_of(("2016-03-10", "07", "tabungan", "setoran", "c", 40))
    done = kr.finance.member_savings(kr.finance.Books(pd.concat([BOOK, more]), members=PEOPLE))
    here = done[(done["person"] == "c") & (done["group"] == "07")].iloc[0]
    assert (here["member"], here["balance"]) == (False, 40)
    assert pd.isna(here["role"])


def test_savings_on_a_day() -> None:
    done = kr.finance.member_savings(
        kr.finance.Books(BOOK, members=PEOPLE), on="2016-02-09"
    ).set_index("person")
    assert done.loc["a", ROWS].tolist() == [100, 0, 0, 100, 0]
    assert done.index.tolist() == ["a", "c"]  # b joins on the 10th
    later = kr.finance.member_savings(
        kr.finance.Books(BOOK, members=PEOPLE), on="2016-03-31"
    ).set_index("person")
    assert later.index.tolist() == ["a", "b", "x"]  # c has left
    with pytest.raises(OptionError):
        kr.finance.member_savings(kr.finance.Books(BOOK, members=PEOPLE), on="soon")


def test_the_grade_of_a_member_is_the_weakest_of_roster_and_entries() -> None:
    ledger = BOOK.assign(evidence=["simulated", *["recorded"] * (len(BOOK) - 1)])
    people = PEOPLE.assign(evidence=["recorded", "derived", "recorded", "recorded"])
    done = kr.finance.member_savings(kr.finance.Books(ledger, members=people)).set_index("person")[
        "evidence"
    ]
    assert done.to_dict() == {"a": "simulated", "b": "derived", "x": "recorded", "c": "recorded"}


@settings(max_examples=10)
@given(LEDGERS)
def test_what_members_have_adds_up_to_the_book(rows: list[tuple[object, ...]]) -> None:
    ledger = ledger_of(*rows)
    done = kr.finance.member_savings(kr.finance.Books(ledger, members=PEOPLE))
    assert (
        (done["opening"] + done["deposits"] - done["withdrawals"]).dropna()
        == done["balance"].dropna()
    ).all()
    for same in variants(ledger):
        pd.testing.assert_frame_equal(
            kr.finance.member_savings(kr.finance.Books(same, members=PEOPLE)), done
        )
    group = kr.finance.group_savings(ledger)
    whole = kr.finance.group_savings(ledger, by=None)
    money = ["opening", "deposits", "unnamed", "withdrawals", "cooperative", "other", "total"]
    for name in money:
        assert group[name].fillna(0).sum() == whole[name].fillna(0).sum()
        assert (
            group[name].fillna(0).sum()
            == kr.finance.group_savings(merged(ledger))[name].fillna(0).sum()
        )
    months = sum(kr.finance.group_savings(part)[money].fillna(0).sum() for part in by_month(ledger))
    assert (months == group[money].fillna(0).sum()).all()
    inside = group["opening"] + group["deposits"] - group["withdrawals"]
    inside += group["cooperative"] + group["other"]
    assert (inside.dropna() == group["total"].dropna()).all()
    closing = kr.closing_balances(ledger).query("book == 'tabungan'").set_index("group")["closing"]
    held = group.dropna(subset="total").set_index("group")["total"]
    assert {key: value for key, value in closing.items() if value} == {
        key: value for key, value in held.items() if value
    }
    for same in variants(ledger):
        pd.testing.assert_frame_equal(kr.finance.group_savings(same), group)


def test_whose_money_stands_in_the_book_by_hand() -> None:
    done = kr.finance.group_savings(BOOK).set_index("group")
    columns = ["opening", "deposits", "unnamed", "withdrawals", "cooperative", "other", "total"]
    assert done.loc["07", columns].tolist() == [100, 609, 500, 70, 1000, 7, 1646]
    assert done.loc["08", columns].isna().all()
    assert kr.finance.group_savings(BOOK, by=None)[columns].to_numpy().tolist() == [
        [100, 609, 500, 70, 1000, 7, 1646]
    ]
    assert kr.finance.group_savings(BOOK.drop(columns="person"))["unnamed"][0] == 609
    graded = BOOK.assign(evidence=["recorded"] * 7 + ["simulated"] + ["recorded"] * 5)
    assert kr.finance.group_savings(graded)["evidence"].tolist() == ["simulated", "recorded"]


def test_a_loss_put_back_is_a_cooperative_sum_below_zero() -> None:
    back = ledger_of(("2016-04-01", "07", "tabungan", "cooperative_savings", None, -300))
    assert kr.finance.group_savings(back)["cooperative"].tolist() == [-300]


def pairs(values: list[int]) -> float:
    amounts = np.asarray(values, dtype=float)
    return float(np.abs(amounts[:, None] - amounts).mean() / (2 * amounts.mean()))


@given(AMOUNTS.filter(any), st.randoms())
def test_gini_is_the_mean_difference_over_all_pairs(values: list[int], rng: object) -> None:
    assert kr.finance.gini(values) == pytest.approx(pairs(values), abs=1e-12)
    curve = kr.finance.lorenz_points(values)
    area = trapezoid(curve["share_money"], curve["share_people"])
    assert kr.finance.gini(values) == pytest.approx(1 - 2 * area, abs=1e-12)
    assert curve.iloc[0].tolist() == [0, 0]
    assert curve.iloc[-1].tolist() == [1, 1]
    assert len(curve) == len(values) + 1
    assert (curve["share_money"] <= curve["share_people"] + 1e-12).all()
    mixed = values[:]
    rng.shuffle(mixed)  # type: ignore[attr-defined]
    assert kr.finance.gini([*mixed, np.nan]) == pytest.approx(kr.finance.gini(values), abs=1e-12)
    assert kr.finance.gini([7 * value for value in values]) == pytest.approx(
        kr.finance.gini(values), abs=1e-12
    )
    if len(values) > 1:
        n = len(values)
        assert kr.finance.gini(values, corrected=True) == pytest.approx(pairs(values) * n / (n - 1))


def test_gini_where_there_is_none() -> None:
    for nothing in (
        [],
        [0, 0],
        [None, np.nan],
        [-5, 5],
        [-5, 1],
        [-1, 3],
        [-40_000, 10_000, 50_000],
    ):
        assert np.isnan(kr.finance.gini(nothing))
        assert kr.finance.lorenz_points(nothing).empty
    assert np.isnan(kr.finance.gini([4], corrected=True))
    assert kr.finance.gini([4]) == 0
    assert kr.finance.gini(pd.Series([1, None, 3], dtype="Int64")) == pytest.approx(0.25)


SAVED = pd.DataFrame(
    {
        "group": ["07"] * 5 + ["08"],
        "role": ["anggota", "anggota", "pengurus", "anggota", None, "anggota"],
        "member": [True, True, True, True, False, True],
        "balance": pd.array([0, 10, 20, 50, 9, None], dtype="Int64"),
        "deposits": pd.array([5, 10, 20, 50, 9, None], dtype="Int64"),
    }
)


def test_how_many_save_and_how_evenly_by_hand() -> None:
    done = kr.finance.savings_spread(SAVED).set_index("group").loc["07"]
    assert (done["members"], done["saving"], done["share_saving"]) == (4, 3, 0.75)
    assert (done["total"], done["average"], done["median"]) == (80, 20, 15)
    assert (done["outside"], done["outside_total"], done["few"]) == (1, 9, True)
    assert done["gini"] == pytest.approx(pairs([0, 10, 20, 50]))
    wilson = binomtest(3, 4).proportion_ci(method="wilson")
    assert (done["low"], done["high"]) == pytest.approx((wilson.low, wilson.high))
    wide = kr.finance.savings_spread(SAVED, confidence=0.8).loc[0]
    wilson = binomtest(3, 4).proportion_ci(0.8, method="wilson")
    assert (wide["low"], wide["high"]) == pytest.approx((wilson.low, wilson.high))
    ever = kr.finance.savings_spread(SAVED, saver="deposited").loc[0]
    assert (ever["saving"], ever["average"]) == (4, 20)
    even = kr.finance.savings_spread(SAVED, corrected=True).loc[0]
    assert even["gini"] == pytest.approx(pairs([0, 10, 20, 50]) * 4 / 3)


def test_savings_below_zero_have_no_gini_and_say_why() -> None:
    """The mean difference over all pairs, over twice the mean, would be 3.75: no share of anything."""
    below = SAVED.assign(
        balance=pd.array([-30_000, 10_000, 20_000, 10_000, 9, None], dtype="Int64")
    )
    spread = kr.finance.savings_spread(below).set_index("group").loc["07"]
    assert pd.isna(spread["gini"])
    assert "below zero" in spread["reason"]
    assert (spread["saving"], spread["total"]) == (3, 10_000)
    assert kr.finance.savings_spread(SAVED)["reason"].tolist() == [""]
    for balances, words in (([0] * 4, "belum ada"), ([None] * 4, "tidak diketahui")):
        none = SAVED.assign(balance=pd.array([*balances, 9, None], dtype="Int64"))
        row = kr.finance.savings_spread(none, lang="id").iloc[0]
        assert pd.isna(row["gini"])
        assert words in row["reason"]
    alone = kr.finance.savings_spread(SAVED.iloc[1:2], corrected=True).loc[0]
    assert (pd.isna(alone["gini"]), alone["reason"]) == (True, "one member only")


def test_savings_that_name_nobody_leave_those_of_the_members_unknown() -> None:
    blank = BOOK.assign(person=pd.NA).astype({"person": "string"})
    savings = kr.finance.member_savings(kr.finance.Books(blank, members=PEOPLE))
    assert savings["balance"].isna().all()


def test_unknown_savings_are_as_if_not_there() -> None:
    pd.testing.assert_frame_equal(
        kr.finance.savings_spread(SAVED), kr.finance.savings_spread(SAVED.dropna(subset="balance"))
    )
    nobody = kr.finance.savings_spread(SAVED.iloc[:0], by=None).loc[0]
    assert (nobody["members"], nobody["saving"], nobody["total"]) == (0, 0, 0)
    assert nobody[["share_saving", "average", "median", "gini"]].isna().all()


def test_who_is_no_member_is_read_from_the_role_if_need_be() -> None:
    by_role = kr.finance.savings_spread(SAVED.drop(columns="member"))
    pd.testing.assert_frame_equal(by_role, kr.finance.savings_spread(SAVED))
    bare = kr.finance.savings_spread(SAVED.drop(columns=["member", "role"]))
    assert bare["members"].tolist() == [5]


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from("AB"), st.integers(0, 1000)), min_size=1), st.randoms())
def test_spread_does_not_depend_on_order_and_adds_up(
    rows: list[tuple[str, int]], rng: object
) -> None:
    saved = pd.DataFrame(rows, columns=["group", "balance"]).assign(evidence="recorded")
    saved["balance"] = saved["balance"].astype("Int64")
    done = kr.finance.savings_spread(saved)
    seed = rng.randrange(10**6)  # type: ignore[attr-defined]
    pd.testing.assert_frame_equal(
        kr.finance.savings_spread(saved.sample(frac=1, random_state=seed)), done
    )
    whole = kr.finance.savings_spread(saved, by=None)
    for name in ("members", "saving", "total"):
        assert done[name].sum() == whole[name].sum()
    assert whole["total"][0] == sum(amount for _, amount in rows)
    assert done["low"].le(done["share_saving"]).all()
    assert done["high"].ge(done["share_saving"]).all()


def test_bad_input_is_refused() -> None:
    with pytest.raises(OptionError, match="saver"):
        kr.finance.savings_spread(SAVED, saver="all")
    with pytest.raises(OptionError, match="by"):
        kr.finance.savings_spread(SAVED, by="role")
    with pytest.raises(OptionError):
        kr.finance.group_savings(BOOK, by="book")
    with pytest.raises(MissingColumnError, match="deposits"):
        kr.finance.savings_spread(SAVED.drop(columns="deposits"), saver="deposited")
    with pytest.raises(MissingColumnError, match="person"):
        kr.finance.member_savings(kr.finance.Books(BOOK.drop(columns="person"), members=PEOPLE))
    with pytest.raises(MissingColumnError, match="role"):
        kr.finance.member_savings(kr.finance.Books(BOOK, members=PEOPLE.drop(columns="role")))
    with pytest.raises(OptionError, match="whole number of rupiah"):
        kr.finance.member_savings(kr.finance.Books(BOOK.assign(amount=1.5), members=PEOPLE))


def test_the_input_is_left_alone_and_text_dates_say_the_same(twin: Site) -> None:
    before = BOOK.copy(deep=True)
    done = kr.finance.member_savings(kr.finance.Books(BOOK, members=PEOPLE))
    pd.testing.assert_frame_equal(BOOK, before)
    plain = BOOK.assign(date=BOOK["date"].dt.strftime("%Y-%m-%d"))
    again = kr.finance.member_savings(kr.finance.Books(plain, members=PEOPLE))
    assert (again["last_deposit"].dropna() == done["last_deposit"].dropna()).all()
    pd.testing.assert_frame_equal(
        again.drop(columns="last_deposit"), done.drop(columns="last_deposit")
    )
    spread = kr.finance.savings_spread(
        kr.finance.member_savings(kr.finance.Books(twin.ledger, members=twin.table("members")))
    )
    assert set(spread["evidence"]) == {"simulated"}
