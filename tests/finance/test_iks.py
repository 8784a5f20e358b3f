"""Oracle: ledgers worked out by hand, and sums of the ledger itself."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from small_ledgers import LEDGERS, by_month, ledger_of, merged, variants

import kube_research as kr
from kube_research.errors import MissingColumnError, OptionError
from kube_research.finance.iks import BASES

RULE = pd.DataFrame(
    {"purpose": ["sick_members", "posyandu", "charity_day"], "share_pct": [5.0, 5.0, None]}
)
#: Two months of group 07: profits of 1,000 and 2,000; 5 % of each set aside for both purposes, of the
#: second only for the sick. A third month sets nothing aside. Group 08 keeps no IKS book.
BOOK = ledger_of(
    ("2016-02-01", "07", "kas", "sales", None, 1500),
    ("2016-02-02", "07", "kas", "stock_purchase", None, -400),
    ("2016-02-03", "07", "kas", "cost", None, -100),
    ("2016-02-28", "07", "kas", "iks_sick", None, -50),
    ("2016-02-28", "07", "iks", "iks_sick", None, 50),
    ("2016-02-28", "07", "kas", "iks_posyandu", None, -50),
    ("2016-02-28", "07", "iks", "iks_posyandu", None, 50),
    ("2016-02-10", "07", "iks", "opening", None, 25),
    ("2016-02-10", "07", "iks", "iks_due", None, 200),
    ("2016-03-01", "07", "kas", "sales", None, 2000),
    ("2016-03-28", "07", "kas", "iks_sick", None, -100),
    ("2016-03-28", "07", "iks", "iks_sick", None, 100),
    ("2016-03-29", "07", "iks", "sick_support", "a", -60),
    ("2016-03-30", "07", "iks", "posyandu_support", None, -30),
    ("2016-03-30", "07", "iks", "Sick_support", "b", 10),  # given back
    ("2016-04-01", "07", "kas", "sales", None, 700),
    ("2016-04-02", "07", "kas", "bakti_sosial", None, -15),  # paid from the business cash
    ("2016-04-03", "07", "iks", "arisan", None, -5),
    ("2016-04-03", "07", "iks", "cost", None, None),
    ("2016-04-04", "08", "kas", "sales", None, 900),
)
LINES = ["line", "flow", "purpose", "amount", "entries"]


def test_a_statement_line_by_line_by_hand() -> None:
    done = kr.finance.iks_statement(BOOK)
    assert done["group"].unique().tolist() == ["07"]
    rows = [["" if pd.isna(cell) else cell for cell in row] for row in done[LINES].to_numpy()]
    assert rows == [
        ["opening", "", "", 25, 1],
        ["in", "iks_due", "", 200, 1],
        ["in", "iks_share", "posyandu", 50, 1],
        ["in", "iks_share", "sick_members", 150, 2],
        ["out", "unknown", "", -5, 1],
        ["used", "iks_use", "posyandu", -30, 1],
        ["used", "iks_use", "sick_members", -50, 2],
        ["closing", "", "", 340, 9],
    ]


def test_a_statement_by_month_carries_the_balance() -> None:
    done = kr.finance.iks_statement(BOOK, by=("group", "month"))
    ends = done[done["line"].isin(["opening", "closing"])]
    assert ends[["month", "line", "amount"]].to_numpy().tolist() == [
        ["2016-02", "opening", 25],
        ["2016-02", "closing", 325],
        ["2016-03", "opening", 325],
        ["2016-03", "closing", 345],
        ["2016-04", "opening", 345],
        ["2016-04", "closing", 340],
    ]
    gap = kr.finance.iks_statement(BOOK[~BOOK["date"].dt.month.eq(3)], by=("group", "month"))
    assert gap.loc[gap["month"] == "2016-03", "amount"].tolist() == [325, 325]
    graded = BOOK.assign(evidence=["recorded"] * 11 + ["simulated"] + ["recorded"] * 8)
    grades = (
        kr.finance.iks_statement(graded, by=("group", "month")).groupby("month")["evidence"].first()
    )
    assert grades.tolist() == ["recorded", "simulated", "simulated"]


def test_totals_by_hand() -> None:
    done = kr.finance.iks_totals(BOOK).set_index("group")
    columns = ["opening", "dues", "shares", "other_in", "inflow", "used", "other_out", "balance"]
    assert done.loc["07", columns].tolist() == [25, 200, 200, 0, 400, 80, 5, 340]
    assert done.loc["07", "share_used"] == pytest.approx(0.2)
    assert done.loc["08"].drop("evidence").isna().all()  # unknown, never 0
    assert kr.finance.iks_totals(BOOK, by=None)[columns].to_numpy().tolist() == [
        [25, 200, 200, 0, 400, 80, 5, 340]
    ]
    only_out = ledger_of(("2016-02-01", "07", "iks", "sick_support", None, -5))
    assert pd.isna(kr.finance.iks_totals(only_out)["share_used"][0])


def test_both_readings_of_the_base_stand_side_by_side() -> None:
    done = kr.finance.iks_against_rule(BOOK, RULE).set_index(["purpose", "reading"])
    columns = ["agreed_pct", "months", "base", "due", "set_aside", "used", "difference"]
    # To April: profit (1500 - 400 - 100) + 2000 + 700; into the IKS book 50 + 50 + 200 + 100.
    assert done.loc[("sick_members", "profit"), columns].tolist() == [5, 3, 3700, 185, 150, 50, -35]
    assert done.loc[("sick_members", "iks_inflow"), columns].tolist() == [
        *(5, 3, 400, 20, 150, 50, 130)
    ]
    assert done.loc[("posyandu", "profit"), columns].tolist() == [5, 3, 3700, 185, 50, 30, -135]
    assert done.loc[("posyandu", "iks_inflow"), columns].tolist() == [5, 3, 400, 20, 50, 30, 30]
    assert done["pct_of_base"].tolist() == pytest.approx(
        [100 * 150 / 3700, 37.5, 100 * 50 / 3700, 12.5]
    )
    assert done.index.get_level_values("purpose").unique().tolist() == ["sick_members", "posyandu"]


def test_the_base_and_the_months_are_inputs() -> None:
    done = kr.finance.iks_against_rule(BOOK, RULE, bases="sales")
    assert done["base"].tolist() == [4200, 4200]
    assert done["due"].tolist() == [210, 210]
    every = kr.finance.iks_against_rule(BOOK, RULE, bases=BASES)
    assert every["reading"].tolist() == [*BASES, *BASES]
    whole = kr.finance.iks_against_rule(BOOK, RULE, bases="sales", since="2016-03-15")
    assert whole["base"].tolist() == [2700, 2700]  # March and April
    assert whole["set_aside"].tolist() == [100, 0]
    assert whole["months"].tolist() == [2, 2]  # of group 07: group 08 has no IKS book


@pytest.mark.parametrize("since", [None, "2016-02-05"])
def test_months_in_which_nothing_was_set_aside_count(since: str | None) -> None:
    """By hand: 5 % of 1,000,000 + 500,000 + 500,000 is 100,000; half of it was set aside."""
    book = ledger_of(
        ("2016-02-05", "07", "kas", "sales", None, 1_000_000),
        ("2016-02-28", "07", "kas", "iks_sick", None, -50_000),
        ("2016-02-28", "07", "iks", "iks_sick", None, 50_000),
        ("2016-03-05", "07", "kas", "sales", None, 500_000),
        ("2016-04-05", "07", "kas", "sales", None, 500_000),
    )
    rule, columns = RULE.iloc[:1], ["months", "due", "set_aside", "difference"]
    held = kr.finance.iks_against_rule(book, rule, bases="sales", since=since)
    assert held[columns].to_numpy().tolist() == [[3, 100_000, 50_000, -50_000]]
    # A group that never set anything aside owes its share from the month in which the rule began.
    never = ledger_of(
        ("2016-01-05", "08", "kas", "sales", None, 900_000),
        ("2016-03-05", "08", "kas", "sales", None, 100_000),
        ("2016-03-06", "08", "iks", "iks_due", None, 7_000),
    )
    both = pd.concat([book, never])
    held = kr.finance.iks_against_rule(both, rule, bases="sales", by="group", since=since)
    assert held[columns].to_numpy().tolist() == [
        [3, 100_000, 50_000, -50_000],
        [3, 5_000, 0, -5_000],
    ]
    alone = kr.finance.iks_against_rule(never, rule, bases="sales")
    assert alone[columns].isna().all(axis=None)  # nobody says since when


def test_a_share_that_names_no_purpose_leaves_what_was_set_aside_unknown() -> None:
    named = kr.finance.iks_against_rule(BOOK, RULE, bases="profit")
    assert named["set_aside"].tolist() == [150, 50]
    blank = ledger_of(("2016-03-28", "07", "iks", "bagian_iks", None, 100))
    unnamed = kr.finance.iks_against_rule(pd.concat([BOOK, blank]), RULE, bases="profit")
    assert unnamed[["set_aside", "difference"]].isna().all(axis=None)


def test_months_and_bases_of_a_group_whose_book_is_not_there_stay_unknown() -> None:
    done = kr.finance.iks_against_rule(BOOK, RULE, by="group").set_index("group")
    assert done.loc["08", ["base", "due", "set_aside", "used", "difference"]].isna().all(axis=None)
    whole = kr.finance.iks_against_rule(BOOK, RULE)
    assert whole["base"].tolist() == done.loc["07", "base"].tolist()
    alone = BOOK[BOOK["book"] == "iks"]  # the trade is kept elsewhere: the profit is unknown
    split = kr.finance.iks_against_rule(alone, RULE).set_index("reading")
    assert split.loc["profit", "base"].isna().all()
    assert split.loc["iks_inflow", "base"].tolist() == [400, 400]


def test_nothing_is_due_of_a_loss_and_halves_go_up() -> None:
    loss = BOOK.assign(amount=BOOK["amount"].mask(BOOK["category"] == "cost", -9000))
    done = kr.finance.iks_against_rule(loss, RULE, bases="profit")
    assert done["base"].tolist() == [-14200, -14200]  # both costs
    assert done["due"].tolist() == [0, 0]
    assert done["pct_of_base"].isna().all()
    uneven = BOOK.assign(amount=BOOK["amount"].mask(BOOK["category"] == "cost", -95))
    assert kr.finance.iks_against_rule(uneven, RULE, bases="profit")["due"].tolist() == [181, 181]
    # 180.5
    fine = RULE.assign(share_pct=[2.5, 5.0, None])  # exact: 92.5 of 3,700
    assert kr.finance.iks_against_rule(BOOK, fine, bases="profit")["due"].tolist() == [93, 185]


def test_what_was_used_counts_from_the_month_of_the_rule() -> None:
    early = ledger_of(("2016-02-01", "07", "iks", "sick_support", None, -7))
    before = ledger_of(("2016-01-31", "07", "iks", "sick_support", None, -1000))
    done = kr.finance.iks_against_rule(pd.concat([BOOK, early, before]), RULE, bases="profit")
    assert done["used"].tolist() == [57, 30]


def test_the_study_reads_the_profit_as_base() -> None:
    done = kr.finance.iks_against_rule(BOOK, RULE, bases="profit")
    assert done["base"].tolist() == [3700, 3700]
    assert done["pct_of_base"].tolist() == pytest.approx([100 * 150 / 3700, 100 * 50 / 3700])


def test_use_by_purpose_by_hand() -> None:
    done = kr.finance.iks_use(BOOK, RULE).set_index("purpose")
    assert done.index.tolist() == ["sick_members", "posyandu", "charity_day"]
    assert done["used"].tolist() == [50, 30, 0]
    assert done["entries"].tolist() == [2, 1, 0]
    assert done["paid_elsewhere"].tolist() == [0, 0, 15]
    assert done["share_used"].tolist() == pytest.approx([0.625, 0.375, 0])
    assert done["in_rule"].tolist() == [True, True, True]
    free = kr.finance.iks_use(BOOK)
    assert free["purpose"].tolist() == ["charity_day", "posyandu", "sick_members"]
    assert free["in_rule"].isna().all()
    short = kr.finance.iks_use(BOOK, RULE.iloc[:1]).set_index("purpose")["in_rule"]
    assert short.to_dict() == {"sick_members": True, "charity_day": False, "posyandu": False}


def test_use_without_a_declared_purpose_has_a_row_of_its_own() -> None:
    own = pd.DataFrame({"category": ["jenguk"], "flow": ["iks_use"]})
    more = ledger_of(("2016-04-09", "07", "iks", "jenguk", "a", -20))
    done = kr.finance.iks_use(kr.finance.Books(pd.concat([BOOK, more]), categories=own), RULE)
    last = done.iloc[-1]
    assert (last["used"], last["entries"], last["paid_elsewhere"]) == (20, 1, 0)
    assert pd.isna(last["purpose"])
    assert pd.isna(last["in_rule"])
    assert done["used"].sum() == 100


def test_a_group_without_the_book_has_unknown_use() -> None:
    done = kr.finance.iks_use(BOOK, RULE, by="group").set_index("group")
    assert done.loc["08", "used"].isna().all()
    assert done.loc["08", "entries"].tolist() == [0, 0, 0]


@settings(max_examples=7)
@given(LEDGERS)
def test_lines_totals_and_use_meet_the_balances(rows: list[tuple[object, ...]]) -> None:
    ledger = ledger_of(*rows)
    closing = kr.closing_balances(ledger).query("book == 'iks'").set_index("group")["closing"]
    lines, totals = kr.finance.iks_statement(ledger), kr.finance.iks_totals(ledger)
    held = totals.dropna(subset="balance").set_index("group")
    assert held["balance"].to_dict() == closing[closing.index.isin(held.index)].to_dict()
    parts = held["opening"] + held["inflow"] - held["used"] - held["other_out"]
    assert (parts == held["balance"]).all()
    inner = lines[lines["line"] != "closing"].groupby("group")["amount"].sum()
    ends = lines[lines["line"] == "closing"].set_index("group")["amount"]
    assert inner.to_dict() == ends.to_dict() == held["balance"].to_dict()
    monthly = kr.finance.iks_statement(ledger, by=("group", "month"))
    last = monthly[monthly["line"] == "closing"].groupby("group")["amount"].last()
    assert last.to_dict() == held["balance"].to_dict()
    use = kr.finance.iks_use(ledger, RULE)
    assert use["used"].fillna(0).sum() == held["used"].sum()
    for same in variants(ledger):
        pd.testing.assert_frame_equal(kr.finance.iks_statement(same), lines)
        pd.testing.assert_frame_equal(kr.finance.iks_use(same, RULE), use)
        pd.testing.assert_frame_equal(
            kr.finance.iks_totals(same),
            totals[totals["group"].isin(kr.finance.iks_totals(same)["group"])],
        )


@settings(max_examples=10)
@given(LEDGERS)
def test_merging_groups_and_splitting_by_month_keep_totals(rows: list[tuple[object, ...]]) -> None:
    ledger = ledger_of(*rows)
    money = ["opening", "dues", "shares", "other_in", "inflow", "used", "other_out", "balance"]
    by_group = kr.finance.iks_totals(ledger)[money].fillna(0).sum()
    for whole in (kr.finance.iks_totals(ledger, by=None), kr.finance.iks_totals(merged(ledger))):
        assert (whole[money].fillna(0).sum() == by_group).all()
    months = [kr.finance.iks_totals(part)[money].fillna(0).sum() for part in by_month(ledger)]
    assert (sum(months) == by_group).all()
    groups = kr.finance.iks_against_rule(ledger, RULE, by="group", bases=BASES)
    whole = kr.finance.iks_against_rule(ledger, RULE, bases=BASES)
    for name in ("months", "base", "due", "set_aside", "used", "difference"):
        sums = groups.groupby(["purpose", "reading"], sort=False)[name].sum(min_count=1)
        assert sums.fillna(-1).tolist() == whole[name].fillna(-1).tolist()
    assert (whole["set_aside"] - whole["due"]).equals(whole["difference"])
    for same in variants(ledger)[::2]:
        pd.testing.assert_frame_equal(kr.finance.iks_against_rule(same, RULE, bases=BASES), whole)


def test_grades_are_the_weakest_of_ledger_and_rule() -> None:
    graded = RULE.assign(evidence="published")
    assert set(kr.finance.iks_against_rule(BOOK, graded)["evidence"]) == {"published"}
    drawn = BOOK.assign(evidence="simulated")
    assert set(kr.finance.iks_against_rule(drawn, graded)["evidence"]) == {"simulated"}
    for done in (
        kr.finance.iks_statement(drawn),
        kr.finance.iks_totals(drawn),
        kr.finance.iks_use(drawn),
    ):
        assert set(done["evidence"]) == {"simulated"}


def test_empty_books() -> None:
    nothing = BOOK.iloc[:0]
    assert kr.finance.iks_statement(nothing).empty
    assert kr.finance.iks_totals(nothing).empty
    assert kr.finance.iks_use(nothing).empty
    assert kr.finance.iks_against_rule(nothing, RULE)["base"].isna().all()


def test_bad_input_is_refused() -> None:
    with pytest.raises(OptionError, match="bases"):
        kr.finance.iks_against_rule(BOOK, RULE, bases="turnover")
    with pytest.raises(OptionError):
        kr.finance.iks_against_rule(BOOK, RULE, since="soon")
    with pytest.raises(MissingColumnError, match="share_pct"):
        kr.finance.iks_against_rule(BOOK, RULE.drop(columns="share_pct"))
    with pytest.raises(MissingColumnError, match="purpose"):
        kr.finance.iks_use(BOOK, RULE.drop(columns="purpose"))
    with pytest.raises(OptionError, match="by"):
        kr.finance.iks_statement(BOOK, by="month")
    for work in (kr.finance.iks_totals, kr.finance.iks_use):
        with pytest.raises(OptionError, match="by"):
            work(BOOK, by="month")
    with pytest.raises(OptionError, match="whole number of rupiah"):
        kr.finance.iks_totals(BOOK.assign(amount=0.5))
    with pytest.raises(MissingColumnError, match="category"):
        kr.finance.iks_statement(BOOK.drop(columns="category"))


def test_the_input_is_left_alone() -> None:
    ledger, rule = BOOK.copy(deep=True), RULE.copy(deep=True)
    kr.finance.iks_against_rule(BOOK, RULE, bases=BASES)
    kr.finance.iks_use(BOOK, RULE)
    kr.finance.iks_statement(BOOK)
    pd.testing.assert_frame_equal(BOOK, ledger)
    pd.testing.assert_frame_equal(RULE, rule)
