"""Oracle: calendars counted by hand, and a walk through the days one by one."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_ledgers import LEDGERS, by_month, ledger_of, merged, variants

import kube_research as kr
from kube_research.errors import MissingColumnError, OptionError
from kube_research.site.folder import Site

# March 2016: the 5th is a Saturday, 6, 13 and 20 are Sundays.
BOOK = ledger_of(
    ("2016-03-01", "07", "kas", "sales", None, 10),
    ("2016-03-05", "07", "kas", "sales", None, 10),
    ("2016-03-05", "07", "kas", "cost", None, -1),
    ("2016-03-07", "07", "kas", "sales", None, 10),
    ("2016-03-09", "07", "kas", "sales", None, None),
    ("2016-03-08", "07", "iks", "iks_due", None, 5),
    ("2016-03-12", "08", "iks", "iks_due", None, 5),
)


def test_a_calendar_by_hand() -> None:
    done = kr.finance.days_written(BOOK, since="2016-03-05", until="2016-03-14").set_index("group")
    row = done.loc["07"]
    assert (row["due"], row["written"], row["gaps"], row["longest_gap"]) == (10, 2, 2, 7)
    assert row["share_written"] == pytest.approx(0.2)
    assert (row["since"], row["until"]) == (pd.Timestamp("2016-03-05"), pd.Timestamp("2016-03-14"))
    assert done.loc["08", ["due", "written", "share_written", "longest_gap"]].isna().all()


def test_sundays_need_not_be_due() -> None:
    done = kr.finance.days_written(BOOK, since="2016-03-05", until="2016-03-14", weekdays=range(6))
    row = done[done["group"] == "07"].iloc[0]
    assert (row["due"], row["written"], row["gaps"], row["longest_gap"]) == (8, 2, 1, 6)


def test_by_default_from_the_first_entry_to_the_last_of_the_ledger() -> None:
    row = kr.finance.days_written(BOOK).iloc[0]
    assert (row["due"], row["written"], row["longest_gap"]) == (12, 3, 5)
    every = kr.finance.days_written(BOOK, by=None).iloc[0]
    assert (every["due"], every["written"], every["longest_gap"]) == (12, 3, 5)
    any_book = kr.finance.days_written(BOOK, book=None).set_index("group")
    assert any_book["written"].to_dict() == {"07": 4, "08": 1}
    assert any_book["due"].to_dict() == {"07": 12, "08": 1}


def test_nothing_is_due_before_the_rule() -> None:
    row = kr.finance.days_written(BOOK, since="2016-04-01").iloc[0]
    assert (row["due"], row["written"], row["longest_gap"]) == (0, 0, 0)
    assert pd.isna(row["share_written"])


@settings(max_examples=10)
@given(LEDGERS, st.sets(st.integers(0, 6), min_size=1))
def test_days_agree_with_a_walk_through_the_calendar(
    rows: list[tuple[object, ...]], weekdays: set[int]
) -> None:
    ledger = ledger_of(*rows)
    since, until = "2016-02-01", "2016-04-10"
    options = {"since": since, "until": until, "weekdays": sorted(weekdays)}
    known = ledger[ledger["amount"].notna()]
    for row in kr.finance.days_written(ledger, **options).to_dict("records"):
        mine = known[(known["group"] == row["group"]) & (known["book"] == "kas")]
        if mine.empty:
            assert pd.isna(row["due"])
            continue
        written = set(mine["date"])
        due = hit = run = longest = gaps = 0
        for day in pd.date_range(since, until):
            if day.weekday() not in weekdays:
                continue
            due += 1
            hit += day in written
            run = 0 if day in written else run + 1
            gaps += run == 1
            longest = max(longest, run)
        assert (row["due"], row["written"], row["longest_gap"]) == (due, hit, longest)
        assert row["gaps"] == gaps
    for other in variants(ledger):
        pd.testing.assert_frame_equal(
            kr.finance.days_written(ledger, **options), kr.finance.days_written(other, **options)
        )


@settings(max_examples=10)
@given(LEDGERS)
def test_days_of_months_add_up(rows: list[tuple[object, ...]]) -> None:
    ledger = ledger_of(*rows)
    ends = {"since": "2016-01-01", "until": "2016-05-31"}
    whole = kr.finance.days_written(ledger, by=None, book=None, **ends).iloc[0]
    assert whole["due"] == 152 * ledger.dropna(subset="amount")["group"].nunique()
    one = kr.finance.days_written(merged(ledger), book=None, **ends).iloc[0]
    parts = []
    for part in by_month(merged(ledger.dropna(subset="amount"))):
        month = part["date"].iloc[0].to_period("M")
        window = {"since": month.start_time, "until": month.end_time}
        parts.append(kr.finance.days_written(part, book=None, **window).iloc[0]["written"])
    assert sum(parts) == one["written"]


COOP = ledger_of(
    ("2016-04-02", "07", "kas", "sales", None, 900),
    ("2016-05-20", "07", "kas", "cooperative_savings", None, -40),
    ("2016-05-20", "07", "tabungan", "cooperative_savings", None, 40),
    ("2016-06-20", "07", "tabungan", "member_deposit", "a", 10),
    ("2016-04-03", "08", "kas", "sales", None, 900),
    ("2016-07-01", "08", "kas", "cooperative_savings", None, -30),
    ("2016-05-02", "10", "iks", "iks_due", None, 3),
)


def test_months_without_a_deposit_by_hand() -> None:
    months = kr.finance.deposit_months(COOP, since="2016-05-04", until="2016-07-10")
    assert months.loc[months["group"] == "07", "deposited"].tolist() == [40, 0, 0]
    assert months.loc[months["group"] == "08", "deposited"].tolist() == [0, 0, 30]
    assert months.loc[months["group"] == "10", "deposit"].isna().all()
    done = kr.finance.months_without_deposit(COOP, since="2016-05-04", until="2016-07-10")
    done = done.set_index("group")
    assert done["months_due"].tolist()[:2] == [3, 3]
    assert done["months_without"].tolist()[:2] == [2, 2]
    assert done["missed"].tolist()[:2] == ["2016-06, 2016-07", "2016-05, 2016-06"]
    assert done.loc["10", ["months_due", "months_without", "deposited"]].isna().all()
    every = kr.finance.months_without_deposit(
        COOP, by=None, since="2016-05-04", until="2016-07-10"
    ).iloc[0]
    assert (every["months_due"], every["months_without"], every["deposited"]) == (6, 4, 70)
    assert every["missed"] == "2016-05, 2016-06, 2016-07"


def test_money_taken_back_is_no_deposit() -> None:
    back = ledger_of(
        ("2016-05-20", "07", "tabungan", "cooperative_savings", None, 40),
        ("2016-05-25", "07", "tabungan", "cooperative_savings", None, -40),
    )
    row = kr.finance.deposit_months(back).iloc[0]
    assert (row["deposited"], row["deposit"]) == (0, False)
    own = pd.DataFrame({"category": ["koperasi"], "flow": ["cooperative"]})
    named = back.iloc[:1].assign(category="koperasi")
    assert kr.finance.deposit_months(kr.finance.Books(named, categories=own))[
        "deposited"
    ].tolist() == [40]
    assert kr.finance.deposit_months(named)["deposited"].tolist() == [0]


@settings(max_examples=10)
@given(LEDGERS)
def test_deposits_are_the_same_in_any_order_and_add_up(rows: list[tuple[object, ...]]) -> None:
    ledger = ledger_of(*rows)
    options = {"since": "2016-01-01", "until": "2016-05-01"}
    done = kr.finance.deposit_months(ledger, **options)
    for other in variants(ledger):
        pd.testing.assert_frame_equal(done, kr.finance.deposit_months(other, **options))
    each = kr.finance.months_without_deposit(ledger, **options)
    every = kr.finance.months_without_deposit(ledger, by=None, **options).iloc[0]
    for name in ("months_due", "months_without", "deposited"):
        assert each[name].sum() == (0 if pd.isna(every[name]) else every[name])


def test_the_twin_keeps_its_rules(twin: Site) -> None:
    done = kr.finance.days_written(twin.ledger, since="2016-03-05", until="2016-06-29")
    assert set(done["due"]) == {117}
    assert done["share_written"].between(0.7, 0.9).all()
    assert set(done["evidence"]) == {"simulated"}
    assert set(
        kr.finance.months_without_deposit(twin.ledger, since="2016-04-01")["months_without"]
    ) == {1}


def test_what_is_asked_wrongly_is_refused() -> None:
    with pytest.raises(OptionError, match="Monday"):
        kr.finance.days_written(BOOK, weekdays=[7])
    with pytest.raises(OptionError, match="kasbon"):
        kr.finance.days_written(BOOK, book="kasbon")
    with pytest.raises(OptionError, match="soon"):
        kr.finance.days_written(BOOK, since="soon")
    with pytest.raises(MissingColumnError, match="amount"):
        kr.finance.days_written(BOOK.drop(columns="amount"))
