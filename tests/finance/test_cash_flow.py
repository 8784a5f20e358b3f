"""Oracle: statements worked out by hand, and sums of the ledger itself."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from small_ledgers import LEDGERS, by_month, ledger_of, merged, variants

import kube_research as kr
from kube_research.errors import OptionError

BOOK = ledger_of(
    ("2016-03-01", "07", "kas", "opening", None, 100),
    ("2016-03-10", "07", "kas", "Sales", None, 500),
    ("2016-03-11", "07", "kas", "sales", None, 50),
    ("2016-03-12", "07", "kas", "iks_sick", None, -20),
    ("2016-03-12", "07", "iks", "iks_sick", None, 20),
    ("2016-05-02", "07", "kas", "arisan", None, -30),
    ("2016-05-03", "07", "kas", "cost", None, None),
)
MONEY = ["inflow", "outflow", "net", "entries"]


def test_categories_by_hand() -> None:
    done = kr.finance.cash_flows(BOOK).set_index(["book", "category"])
    assert done.loc[("kas", "sales"), MONEY].tolist() == [550, 0, 550, 2]
    assert done.loc[("kas", "iks_sick"), MONEY].tolist() == [0, 20, -20, 1]
    assert done.loc[("kas", "arisan"), "flow"] == "unknown"
    assert done["internal"].to_dict() == {
        ("iks", "iks_sick"): True,
        ("kas", "iks_sick"): True,
        ("kas", "opening"): False,
        ("kas", "sales"): False,
        ("kas", "arisan"): False,
    }
    whole = kr.finance.cash_flows(BOOK, by=()).set_index("category")
    assert whole.loc["iks_sick", MONEY].tolist() == [20, 20, 0, 2]
    months = kr.finance.cash_flows(BOOK, by="month")
    assert months["month"].unique().tolist() == ["2016-03", "2016-05"]


def test_a_statement_by_hand() -> None:
    done = kr.finance.cash_statement(BOOK)
    kas = done[done["book"] == "kas"]
    rows = kas[["month", "opening", "inflow", "outflow", "closing", "entries"]].to_numpy().tolist()
    assert rows == [
        ["2016-03", 100, 550, 20, 630, 4],
        ["2016-04", 630, 0, 0, 630, 0],
        ["2016-05", 630, 0, 30, 600, 1],
    ]
    iks = done[done["book"] == "iks"]
    assert iks["closing"].tolist() == [20, 20, 20]
    begun = pd.DataFrame({"group": ["07"], "book": ["iks"], "opening": [7]})
    iks = kr.finance.cash_statement(BOOK, opening=begun).query("book == 'iks'")
    assert iks[["opening", "closing"]].to_numpy().tolist()[0] == [7, 27]


def test_the_grade_is_that_of_all_entries_so_far() -> None:
    graded = BOOK.assign(evidence=["recorded"] * 5 + ["simulated"] * 2)
    done = kr.finance.cash_statement(graded)
    assert done.loc[done["book"] == "kas", "evidence"].tolist() == [
        "recorded",
        "recorded",
        "simulated",
    ]


@settings(max_examples=7)
@given(LEDGERS)
def test_flows_and_statements_meet_the_balances(rows: list[tuple[object, ...]]) -> None:
    ledger = ledger_of(*rows)
    closing = kr.closing_balances(ledger).set_index(["group", "book"])["closing"].to_dict()
    flows = kr.finance.cash_flows(ledger)
    assert flows.groupby(["group", "book"])["net"].sum().to_dict() == closing
    assert (flows["inflow"] - flows["outflow"] == flows["net"]).all()
    statement = kr.finance.cash_statement(ledger)
    assert (statement.eval("opening + inflow - outflow") == statement["closing"]).all()
    last = statement.groupby(["group", "book"])["closing"].last().to_dict()
    assert last == closing
    entries = statement.groupby(["group", "book"])["entries"].sum().sum()
    assert entries == ledger["amount"].notna().sum()
    ends = statement.groupby(["group", "book"])["month"].last().unique().tolist()
    assert ends == [ledger.dropna(subset="amount")["date"].max().strftime("%Y-%m")]
    for other in variants(ledger):
        pd.testing.assert_frame_equal(flows, kr.finance.cash_flows(other))
        pd.testing.assert_frame_equal(statement, kr.finance.cash_statement(other))


@settings(max_examples=10)
@given(LEDGERS)
def test_months_and_groups_add_up(rows: list[tuple[object, ...]]) -> None:
    ledger = ledger_of(*rows)
    keys = ["book", "flow", "category"]
    parts = pd.concat([kr.finance.cash_flows(part, by="book") for part in by_month(ledger)])
    whole = kr.finance.cash_flows(ledger, by="book").set_index(keys)[MONEY]
    summed = parts.groupby(keys)[MONEY].sum()
    pd.testing.assert_frame_equal(summed, whole.sort_index())
    one = kr.finance.cash_flows(merged(ledger), by="book").set_index(keys)[MONEY]
    pd.testing.assert_frame_equal(one, whole)
    pooled = kr.finance.cash_statement(ledger, by="book")
    again = kr.finance.cash_statement(merged(ledger)).drop(columns="group")
    pd.testing.assert_frame_equal(pooled, again)


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(OptionError, match="person"):
        kr.finance.cash_flows(BOOK, by="person")
    with pytest.raises(OptionError, match="month"):
        kr.finance.cash_statement(BOOK, by=("group", "month"))
