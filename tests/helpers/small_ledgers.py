"""Small random ledgers, a roster for them, and the ways of handling them that must change nothing."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from hypothesis import strategies as st

START = pd.Timestamp("2016-01-20")
CATEGORIES = (
    *("sales", "stock_purchase", "cost", "equipment", "stimulant", "stimulant_repayment"),
    *("member_deposit", "member_withdrawal", "cooperative_savings", "transfer", "opening"),
    *("iks_due", "iks_sick", "sick_support", "posyandu_support", "loan", "loan_repayment"),
    *("loan_interest", "wage", "arisan"),
)
GROUPS = ("07", "08")
PEOPLE = pd.DataFrame(
    {
        "person": ["a", "b", "c", "d"],
        "group": ["07", "07", "08", "08"],
        "role": ["pengurus", "anggota", "anggota", "pendamping"],
        "joined": pd.to_datetime([None, "2016-02-10", None, None]),
        "left": pd.to_datetime([None, None, "2016-03-15", None]),
    }
)
COLUMNS = ["date", "group", "book", "category", "person", "amount"]


def ledger_of(*rows: Sequence[object]) -> pd.DataFrame:
    """Return a ledger of rows written as date, group, book, category, person, amount."""
    frame = pd.DataFrame([list(row) for row in rows], columns=COLUMNS)
    frame["date"] = pd.to_datetime(frame["date"])
    kinds = dict.fromkeys(["group", "book", "category", "person"], "string")
    return frame.astype({**kinds, "amount": "Int64"})


ENTRIES = st.tuples(
    st.integers(0, 100).map(lambda days: START + pd.Timedelta(days=days)),
    st.sampled_from(GROUPS),
    st.sampled_from(["kas", "tabungan", "iks"]),
    st.sampled_from(CATEGORIES),
    st.sampled_from(["a", "b", "c", None]),
    st.integers(-1000, 1000) | st.none(),
)
LEDGERS = st.lists(ENTRIES, min_size=1, max_size=25).filter(
    lambda rows: any(row[-1] is not None for row in rows)
)


def variants(ledger: pd.DataFrame) -> list[pd.DataFrame]:
    """Return ledgers that say the same: rows turned round, and rows without an amount left out."""
    return [ledger[::-1], ledger[ledger["amount"].notna()], ledger.reset_index(drop=True)]


def by_month(ledger: pd.DataFrame) -> list[pd.DataFrame]:
    """Split a ledger by calendar month."""
    return [part for _, part in ledger.groupby(ledger["date"].dt.to_period("M"))]


def merged(ledger: pd.DataFrame) -> pd.DataFrame:
    """Return the ledger with all groups merged into one."""
    return ledger.assign(group=pd.array(["07"] * len(ledger), dtype="string"))
