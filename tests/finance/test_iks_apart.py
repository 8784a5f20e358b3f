"""Oracle: every way of mixing IKS and business money, one entry each, judged by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from small_ledgers import LEDGERS, ledger_of, variants

import kube_research as kr

CLEAN = (
    ("2016-03-01", "07", "kas", "sales", None, 900),
    ("2016-03-12", "07", "kas", "iks_sick", None, -20),
    ("2016-03-12", "07", "iks", "iks_sick", None, 20),
    ("2016-03-13", "07", "iks", "iuran", None, 5),
    ("2016-03-14", "07", "iks", "bantuan_sakit", "a", -10),
    ("2016-03-14", "07", "iks", "transfer", None, 10),
)


def test_a_clean_group_is_apart() -> None:
    row = kr.finance.iks_apart(ledger_of(*CLEAN)).iloc[0]
    assert row["apart"]
    assert kr.finance.iks_mixed(ledger_of(*CLEAN)).empty


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (("iks", "sales", 30), "business_in_iks"),
        (("iks", "stock_purchase", -30), "business_in_iks"),
        (("iks", "cost", -30), "business_in_iks"),
        (("iks", "equipment", -30), "business_in_iks"),
        (("iks", "stimulant", 30), "business_in_iks"),
        (("iks", "wage", -30), "business_in_iks"),
        (("kas", "sick_support", -30), "iks_elsewhere"),
        (("tabungan", "iks_due", 30), "iks_elsewhere"),
        (("iks", "transfer", -30), "taken_out"),
        (("iks", "cooperative_savings", -30), "taken_out"),
        (("iks", "iks_sick", -30), "taken_out"),
    ],
)
def test_one_entry_mixes_the_two(entry: tuple[str, str, int], why: str) -> None:
    book, category, amount = entry
    ledger = ledger_of(*CLEAN, ("2016-04-01", "07", book, category, None, amount))
    found = kr.finance.iks_mixed(ledger)
    assert found[["category", "amount", "why"]].to_numpy().tolist() == [[category, amount, why]]
    row = kr.finance.iks_apart(ledger).iloc[0]
    assert row["apart"] is not pd.NA
    assert not row["apart"]
    assert row[why] == 1


def test_what_cannot_be_told_is_missing() -> None:
    unknown = ledger_of(*CLEAN, ("2016-04-01", "07", "iks", "arisan", None, 30))
    row = kr.finance.iks_apart(unknown).iloc[0]
    assert (pd.isna(row["apart"]), row["unknown"]) == (True, 1)
    declared = pd.DataFrame({"category": ["arisan"], "flow": ["iks_due"]})
    assert kr.finance.iks_apart(kr.finance.Books(unknown, categories=declared))[
        "apart"
    ].tolist() == [True]
    no_book = ledger_of(("2016-04-01", "08", "kas", "sales", None, 30))
    assert kr.finance.iks_apart(no_book)["apart"].isna().all()
    mixed = ledger_of(("2016-04-01", "10", "kas", "sick_support", None, -30))
    assert not kr.finance.iks_apart(mixed)["apart"].iloc[0]
    both = pd.concat([ledger_of(*CLEAN), no_book])
    assert kr.finance.iks_apart(both, by=None)["apart"].isna().all()
    assert not kr.finance.iks_apart(pd.concat([both, mixed]), by=None)["apart"].iloc[0]
    assert kr.finance.iks_apart(ledger_of(*CLEAN), by=None)["apart"].iloc[0]


@settings(max_examples=10)
@given(LEDGERS)
def test_counts_agree_with_the_rows(rows: list[tuple[object, ...]]) -> None:
    ledger = ledger_of(*rows)
    found, done = kr.finance.iks_mixed(ledger), kr.finance.iks_apart(ledger).set_index("group")
    for group, row in done.iterrows():
        mine = found.loc[found["group"] == group, "why"]
        kinds = ["business_in_iks", "iks_elsewhere", "taken_out"]
        assert row[kinds].tolist() == [(mine == kind).sum() for kind in kinds]
        if len(mine):
            assert not row["apart"]
    assert len(found) == kr.finance.iks_apart(ledger, by=None)[kinds].sum(axis=1).iloc[0]
    for other in variants(ledger):
        pd.testing.assert_frame_equal(done, kr.finance.iks_apart(other).set_index("group"))
