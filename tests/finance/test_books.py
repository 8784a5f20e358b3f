"""Oracle: small ledgers and rosters read by eye."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_ledgers import LEDGERS, PEOPLE, ledger_of

from kube_research.errors import MissingColumnError, OptionError
from kube_research.finance.books import (
    Books,
    as_books,
    between_books,
    day_of_option,
    half_up,
    money_of,
    need_level,
    parts,
    roster,
)
from kube_research.site.folder import Site

BOOK = ledger_of(
    ("2016-03-31", "07", "kas", "Penjualan", None, 500),
    ("2016-04-01", "07", "kas", "cost", None, -30),
    ("2016-04-02", "07", "kas", "arisan", "a", None),
    ("2016-05-03", "08", "iks", "iks_sick", "b", 20),
)


def test_entries_with_an_amount_get_a_flow_and_a_month() -> None:
    done = Books(BOOK).entries
    assert done["flow"].tolist() == ["sale", "cost", "iks_share"]
    assert done["month"].tolist() == ["2016-03", "2016-04", "2016-05"]
    assert done["amount"].dtype == "int64"
    assert done["evidence"].tolist() == ["recorded"] * 3
    assert Books(BOOK).until("2016-04-01")["amount"].tolist() == [500, -30]
    assert Books(BOOK.iloc[:0]).entries.empty


def test_the_sites_own_codes_go_first() -> None:
    own = pd.DataFrame({"category": ["penjualan"], "flow": ["other_in"]})
    assert Books(BOOK, categories=own).entries["flow"][0] == "other_in"


def test_a_ledger_a_site_and_books_are_taken(twin: Site) -> None:
    plain, own = as_books(BOOK), as_books(BOOK, members=PEOPLE)
    assert plain.members is None
    assert own.roster()["person"].tolist() == ["a", "b", "c", "d"]
    assert as_books(own) is own
    assert as_books(own, members=PEOPLE.iloc[:1], period=None).roster()["person"].tolist() == ["a"]
    assert own.entries is own.entries
    with pytest.raises(OptionError, match="members"):
        plain.roster()
    books = as_books(twin)
    assert len(books.ledger) == len(twin.ledger)
    assert books.period == (twin.info.books_period or twin.info.period)


def test_two_spellings_of_one_code_are_one_category() -> None:
    spelt = BOOK.assign(
        category=["Stock Purchase", "stock-purchase", "stock_purchase", "Arisan RT"]
    )
    assert Books(spelt).entries["code"].tolist() == [*["stock_purchase"] * 2, "arisan_rt"]


def test_a_person_column_and_evidence_are_optional() -> None:
    done = Books(BOOK.drop(columns="person")).entries
    assert done["person"].isna().all()
    graded = Books(BOOK.assign(evidence=["simulated", None, None, "derived"])).entries
    assert graded["evidence"].tolist() == ["simulated", "recorded", "derived"]


def test_dates_may_be_text() -> None:
    plain = BOOK.assign(date=BOOK["date"].dt.strftime("%Y-%m-%d"))
    left, right = Books(plain).entries, Books(BOOK).entries
    assert left.drop(columns="date").equals(right.drop(columns="date"))
    assert (left["date"] == right["date"]).all()


@given(LEDGERS)
def test_a_missing_row_equals_an_empty_cell(rows: list[tuple[object, ...]]) -> None:
    ledger = ledger_of(*rows)
    left = Books(ledger).entries
    right = Books(ledger[ledger["amount"].notna()]).entries
    pd.testing.assert_frame_equal(left, right)
    decimal = Books(ledger.assign(amount=ledger["amount"].astype("float64"))).entries
    pd.testing.assert_frame_equal(left, decimal)


@pytest.mark.parametrize("amount", [0.5, "much", "1.000 rupiah"])
def test_amounts_that_are_no_whole_rupiah_are_refused(amount: object) -> None:
    with pytest.raises(OptionError, match="whole number of rupiah"):
        len(Books(BOOK.assign(amount=amount)).entries)


def test_missing_columns_are_named() -> None:
    for column in ("date", "group", "book", "category", "amount"):
        with pytest.raises(MissingColumnError, match=column):
            len(Books(BOOK.drop(columns=column)).entries)
    for column in ("joined", "left"):
        assert len(roster(PEOPLE.drop(columns=column))) == 4
        with pytest.raises(MissingColumnError, match=column):
            roster(PEOPLE.drop(columns=column), "2016-03-01")


def test_who_is_a_member_on_a_day() -> None:
    def members(on: object = None) -> list[str]:
        people = roster(PEOPLE, on)
        return [str(person) for person in people.loc[people["member"], "person"]]

    assert members() == ["a", "b", "c"]  # d is the pendamping
    assert members("2016-02-09") == ["a", "c"]
    assert members("2016-02-10") == ["a", "b", "c"]  # from the day of joining
    assert members("2016-03-14") == ["a", "b", "c"]
    assert members("2016-03-15") == ["a", "b"]  # until the day before leaving


def test_a_person_is_one_row_and_blank_ones_none() -> None:
    people = pd.concat([PEOPLE, PEOPLE.iloc[[0]], PEOPLE.iloc[[1]].assign(person=pd.NA)])
    assert roster(people)["person"].tolist() == ["a", "b", "c", "d"]


@pytest.mark.parametrize("value", ["soon", None, "2016-13-01", object()])
def test_what_is_no_day_is_refused(value: object) -> None:
    with pytest.raises(OptionError):
        day_of_option(value)
    assert day_of_option("2016-03-01 17:30") == pd.Timestamp("2016-03-01")


def test_levels() -> None:
    assert need_level("group") == ["group"]
    assert need_level(None) == []
    with pytest.raises(OptionError, match="'month'"):
        need_level("month")
    rows = Books(BOOK).entries
    assert [(level, len(part)) for level, part in parts(rows, ["group"])] == [
        ({"group": "07"}, 2),
        ({"group": "08"}, 1),
    ]
    assert [(level, len(part)) for level, part in parts(rows.iloc[:0], [])] == [({}, 0)]


def test_sums_by_flow() -> None:
    rows = Books(BOOK).entries
    assert money_of(rows) == 490
    assert money_of(rows, "sale", "cost") == 470
    assert money_of(rows, "payout") == 0
    assert set(between_books()) == {"cooperative", "transfer", "iks_share"}


@given(st.integers(-(10**12), 10**12), st.integers(1, 400))
def test_halves_go_up(top: int, bottom: int) -> None:
    done = half_up(Fraction(top, bottom))
    off = Fraction(top, bottom) - done
    assert -Fraction(1, 2) <= off < Fraction(1, 2)
    if bottom == 1:
        assert done == top
    assert isinstance(done, int)
    assert half_up(Fraction(np.sign(top), 2)) == max(0, int(np.sign(top)))
