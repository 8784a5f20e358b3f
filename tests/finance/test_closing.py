"""Oracle: ledgers worked out by hand, and invariants of sums."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kube_research as kr
from kube_research.errors import MissingColumnError, OptionError
from kube_research.site.folder import Site

BOOK = pd.DataFrame(
    {
        "date": pd.to_datetime(
            ["2016-03-02", "2016-03-01", "2016-03-02", "2016-03-03", "2016-03-01"]
        ),
        "group": ["07", "07", "07", "08", "07"],
        "book": ["kas", "kas", "kas", "kas", "iks"],
        "category": ["cost", "sales", "sales", "sales", "due"],
        "amount": pd.array([-30, 100, 50, 7, 9], dtype="Int64"),
        "balance": pd.array([70, 100, 999, None, 9], dtype="Int64"),
    }
)


def test_running_closing_and_difference_by_hand() -> None:
    done = kr.ledger_balances(BOOK)
    kas = done[(done["group"] == "07") & (done["book"] == "kas")]
    assert kas["amount"].tolist() == [100, -30, 50]
    assert kas["running"].tolist() == [100, 70, 120]
    assert kas["closing"].tolist() == [120, 120, 120]
    assert kas["difference"].tolist() == [0, 0, 879]
    assert done.loc[done["group"] == "08", "difference"].isna().all()


def test_books_and_sites_are_taken_like_their_ledger(twin: Site) -> None:
    for balances in (kr.ledger_balances, kr.closing_balances):
        for books in (twin, kr.finance.Books.of(twin)):
            pd.testing.assert_frame_equal(balances(books), balances(twin.ledger))


def test_closing_balances_by_hand() -> None:
    done = kr.closing_balances(BOOK).set_index(["group", "book"])
    row = done.loc[("07", "kas")]
    assert (row["entries"], row["inflow"], row["outflow"], row["closing"]) == (3, 150, 30, 120)
    assert (row["first"], row["last"]) == (pd.Timestamp("2016-03-01"), pd.Timestamp("2016-03-02"))


@given(
    st.lists(st.tuples(st.sampled_from("AB"), st.integers(-(10**9), 10**9)), min_size=1),
    st.randoms(),
)
def test_order_never_changes_what_is_left(entries: list[tuple[str, int]], rng: object) -> None:
    frame = pd.DataFrame(entries, columns=["group", "amount"]).assign(date="2016-01-01", book="kas")
    shuffled = frame.sample(frac=1, random_state=rng.randrange(10**6))  # type: ignore[attr-defined]
    expected = frame.groupby("group")["amount"].sum().to_dict()
    for ledger in (frame, shuffled):
        closing = kr.closing_balances(ledger)
        assert closing.set_index("group")["closing"].to_dict() == expected
        assert (closing["inflow"] - closing["outflow"] == closing["closing"]).all()
        last = kr.ledger_balances(ledger).groupby("group")["running"].last().to_dict()
        assert last == expected


def test_the_iks_split_by_hand() -> None:
    ledger = pd.DataFrame(
        [
            ("2016-02-10", "07", "kas", "sales", 5000),  # before the rule: not part of the base
            ("2016-03-10", "07", "kas", "sales", 3000),
            ("2016-03-11", "07", "kas", "stock_purchase", -900),
            ("2016-03-12", "07", "kas", "cost", -100),
            ("2016-03-12", "07", "kas", "equipment", -500),  # not in the base
            ("2016-03-31", "07", "iks", "iks_sick", 100),
            ("2016-03-31", "07", "iks", "iks_posyandu", 60),
        ],
        columns=["date", "group", "book", "category", "amount"],
    )
    rule = pd.DataFrame(
        {"purpose": ["sick_members", "posyandu", "charity"], "share_pct": [5.0, 5.0, None]}
    )
    done = kr.finance.iks_against_rule(ledger, rule, bases="profit").set_index("purpose")
    assert list(done.index) == ["sick_members", "posyandu"]
    assert done.loc["sick_members", "base"] == 2000
    assert done.loc["sick_members", "pct_of_base"] == pytest.approx(5)
    assert done.loc["posyandu", "pct_of_base"] == pytest.approx(3)


def test_the_twin_keeps_the_agreed_split(twin: Site, study: Site) -> None:
    done = kr.finance.iks_against_rule(twin, study.iks_rule, bases="profit")
    assert done["pct_of_base"].tolist() == [5.0, 5.0]


@settings(max_examples=10)
@given(
    st.lists(
        st.tuples(st.sampled_from("AB"), st.integers(1, 60), st.integers(-900, 900) | st.none()),
        min_size=1,
    ),
    st.integers(-500, 500),
)
def test_opening_plus_movements_equals_closing(
    entries: list[tuple[str, int, int | None]], first: int
) -> None:
    frame = pd.DataFrame(entries, columns=["group", "day", "amount"]).assign(book="kas")
    frame["date"] = pd.Timestamp("2016-01-01") + pd.to_timedelta(frame["day"], unit="D")
    frame["amount"] = frame["amount"].astype("Int64")
    begun = pd.DataFrame({"group": ["A", "C"], "book": "kas", "opening": [first, 7]})
    done = kr.closing_balances(frame, opening=begun)
    assert (done.eval("opening + inflow - outflow") == done["closing"]).all()
    openings = done.set_index("group")["opening"].to_dict()
    assert openings["C"] == 7
    assert openings.get("B", 0) == 0
    assert openings["A"] == first
    running = kr.ledger_balances(frame, opening=begun)
    last = running.groupby("group")["running"].last().to_dict()
    assert last.items() <= done.set_index("group")["closing"].to_dict().items()
    assert (running.groupby("group")["closing"].last() == pd.Series(last)).all()
    known = frame[frame["amount"].notna()]
    pd.testing.assert_frame_equal(done, kr.closing_balances(known, opening=begun))
    pd.testing.assert_frame_equal(running, kr.ledger_balances(known, opening=begun))
    # the books of one month after another, each opened with what the one before left
    carried: object = begun
    for _, part in frame.groupby(frame["date"].dt.to_period("M")):
        closing = kr.closing_balances(part, opening=carried)
        carried = closing[["group", "book", "closing"]].rename(columns={"closing": "opening"})
    assert isinstance(carried, pd.DataFrame)
    assert carried["opening"].tolist() == done["closing"].tolist()


def test_what_cannot_be_an_opening_or_an_amount_is_refused() -> None:
    begun = pd.DataFrame({"group": ["07", "07"], "book": "kas", "opening": [1, 2]})
    with pytest.raises(OptionError, match="two opening balances"):
        kr.closing_balances(BOOK, opening=begun)
    with pytest.raises(OptionError, match="opening"):
        kr.ledger_balances(BOOK, opening=5)
    with pytest.raises(OptionError, match="opening"):
        kr.closing_balances(BOOK, opening=5)
    with pytest.raises(MissingColumnError, match="opening"):
        kr.closing_balances(BOOK, opening=begun.drop(columns="opening"))
    for broken in (0.5, "many"):
        wrong = BOOK.astype({"amount": "object"})
        wrong.loc[0, "amount"] = broken
        with pytest.raises(OptionError, match="whole number"):
            kr.closing_balances(wrong)
