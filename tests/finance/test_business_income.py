"""Oracle: results, member-months and shares of the wage worked out by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from small_ledgers import LEDGERS, PEOPLE, by_month, ledger_of, variants

import kube_research as kr
from kube_research.errors import OptionError
from kube_research.site.folder import Site

MONEY = ["sales", "purchases", "costs", "result"]
BOOK = ledger_of(
    ("2016-01-25", "07", "kas", "stimulant", None, 9000),
    ("2016-02-01", "07", "kas", "stock_purchase", None, -400),
    ("2016-02-10", "07", "kas", "sales", None, 700),
    ("2016-02-11", "07", "kas", "cost", None, -50),
    ("2016-02-12", "07", "kas", "wage", "a", -90),
    ("2016-02-12", "07", "kas", "equipment", None, -80),
    ("2016-04-05", "07", "iks", "iks_due", None, 5),
    ("2016-03-10", "08", "kas", "sales", None, 300),
    ("2016-03-11", "09", "kas", "iks_sick", None, -1),
)
FACTS = pd.DataFrame(
    {
        "fact": ["minimum_wage", "income_low", "income_high", "other"],
        "value": ["500", "250", "1000", "x"],
        "evidence": "published",
    }
)


def test_months_by_hand() -> None:
    done = kr.finance.monthly_results(kr.finance.Books(BOOK, members=PEOPLE))
    rows = done[["group", "month", *MONEY, "members"]].to_numpy().tolist()
    assert rows == [
        ["07", "2016-02", 700, 400, 50, 250, 2],
        ["07", "2016-03", 0, 0, 0, 0, 2],
        ["07", "2016-04", 0, 0, 0, 0, 2],
        ["08", "2016-03", 300, 0, 0, 300, 0],
    ]
    assert done["result_per_member"].tolist()[0] == 125
    assert pd.isna(done["result_per_member"].tolist()[3])


def test_members_are_those_of_each_month() -> None:
    early = ledger_of(
        ("2016-01-25", "07", "kas", "sales", None, 100),
        ("2016-02-25", "07", "kas", "sales", None, 200),
    )
    assert kr.finance.monthly_results(kr.finance.Books(early, members=PEOPLE))[
        "members"
    ].tolist() == [1, 2]
    row = kr.finance.business_income(kr.finance.Books(early, members=PEOPLE)).iloc[0]
    assert (row["member_months"], row["result_per_member"]) == (3, 100)
    undated = PEOPLE.drop(columns=["joined", "left"])
    assert kr.finance.monthly_results(kr.finance.Books(early, members=undated))[
        "members"
    ].tolist() == [2, 2]


def test_an_income_by_hand() -> None:
    row = kr.finance.business_income(kr.finance.Books(BOOK, members=PEOPLE, facts=FACTS)).iloc[0]
    assert (row["months"], row["result"], row["member_months"]) == (3, 250, 6)
    assert row["result_per_member"] == pytest.approx(250 / 6)
    assert row["result_of_wage"] == pytest.approx(250 / 6 / 500)
    assert row["result_of_income_low"] == pytest.approx(250 / 6 / 250)
    assert row["result_of_income_high"] == pytest.approx(250 / 6 / 1000)
    assert (row["few"], row["evidence"]) == (True, "published")
    every = kr.finance.business_income(
        kr.finance.Books(BOOK, members=PEOPLE, facts=FACTS), by=None
    ).iloc[0]
    assert (every["months"], every["result"], every["member_months"]) == (4, 550, 6)


def test_what_no_table_tells_is_missing() -> None:
    row = kr.finance.business_income(BOOK).iloc[0]
    assert row["result"] == 250
    assert (
        row[["member_months", "result_per_member", "minimum_wage", "result_of_wage"]].isna().all()
    )
    every = kr.finance.business_income(BOOK, by=None).iloc[0]
    assert (every["result"], pd.isna(every["result_per_member"])) == (550, True)
    no_wage = kr.finance.business_income(
        kr.finance.Books(BOOK, members=PEOPLE, facts=FACTS.iloc[3:])
    ).iloc[0]
    assert pd.isna(no_wage["result_of_wage"])
    stranger = kr.finance.business_income(
        kr.finance.Books(BOOK, members=PEOPLE[PEOPLE["group"] == "08"])
    ).set_index("group")
    assert pd.isna(stranger.loc["07", "member_months"])
    assert kr.finance.business_income(kr.finance.Books(BOOK.iloc[:1], members=PEOPLE)).empty


def test_the_grade_is_the_weakest_of_all_inputs() -> None:
    people = PEOPLE.assign(evidence="simulated")
    assert set(
        kr.finance.business_income(kr.finance.Books(BOOK, members=people, facts=FACTS))["evidence"]
    ) == {"simulated"}
    assert set(kr.finance.business_income(kr.finance.Books(BOOK, members=PEOPLE))["evidence"]) == {
        "recorded"
    }


def test_a_wage_must_be_written_in_digits() -> None:
    wrong = FACTS.assign(value="Rp 500")
    with pytest.raises(OptionError, match=r"minimum_wage.*Rp 500"):
        kr.finance.business_income(kr.finance.Books(BOOK, members=PEOPLE, facts=wrong))


@settings(max_examples=7)
@given(LEDGERS)
def test_results_add_up(rows: list[tuple[object, ...]]) -> None:
    ledger = ledger_of(*rows)
    done, each = (
        kr.finance.monthly_results(kr.finance.Books(ledger, members=PEOPLE)),
        kr.finance.business_income(kr.finance.Books(ledger, members=PEOPLE)),
    )
    every = kr.finance.business_income(kr.finance.Books(ledger, members=PEOPLE), by=None).iloc[0]
    assert (done.eval("sales - purchases - costs") == done["result"]).all()
    parts = [
        kr.finance.monthly_results(kr.finance.Books(part, members=PEOPLE))
        for part in by_month(ledger)
    ]
    for name in MONEY:
        whole = 0 if pd.isna(every[name]) else every[name]
        assert done[name].sum() == each[name].sum() == whole
        assert sum(part[name].sum() for part in parts) == whole
    assert done["members"].sum() == each["member_months"].sum()
    for other in variants(ledger):
        pd.testing.assert_frame_equal(
            done, kr.finance.monthly_results(kr.finance.Books(other, members=PEOPLE))
        )
        pd.testing.assert_frame_equal(
            each, kr.finance.business_income(kr.finance.Books(other, members=PEOPLE))
        )


def test_the_twin_against_the_printed_wage(study: Site) -> None:
    site = study.with_raw_logs("ledger")
    row = kr.finance.business_income(
        kr.finance.Books(site.ledger, members=site.members, facts=site.facts), by=None
    ).iloc[0]
    assert row["minimum_wage"] == 2001195
    assert row["result_of_wage"] == pytest.approx(row["result"] / row["member_months"] / 2001195)
    assert row["evidence"] == "simulated"
