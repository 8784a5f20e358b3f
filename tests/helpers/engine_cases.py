"""What every engine must do as pandas does: tables with gaps, and the calculations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from engine_frames import as_engine

import kube_research as kr
from kube_research.site.folder import Site

GROUPS = ["07", "08", "10"]


def many_ratings(n: int = 900) -> pd.DataFrame:
    """Random ratings with gaps of every kind."""
    rng = np.random.default_rng(6)
    frame = pd.DataFrame(
        {
            "round": pd.array(rng.integers(1, 3, n), dtype="Int64"),
            "group": pd.array(rng.choice(GROUPS, n), dtype="string"),
            "rater": pd.array([f"R{i}" for i in rng.integers(0, 30, n)], dtype="string"),
            "item": pd.array(rng.integers(1, 8, n), dtype="Int64"),
            "score": pd.array(rng.integers(1, 6, n), dtype="Int64"),
            "evidence": pd.array(
                rng.choice(["recorded", "published", "simulated"], n, p=[0.97, 0.02, 0.01]),
                dtype="string",
            ),
        }
    )
    frame.loc[rng.random(n) < 0.1, "score"] = pd.NA
    frame.loc[rng.random(n) < 0.02, "round"] = pd.NA
    frame.loc[rng.random(n) < 0.02, "rater"] = pd.NA
    frame.loc[frame["item"] == 7, "score"] = pd.NA
    return frame


RATINGS = many_ratings()
ITEMS = pd.DataFrame({"item": range(1, 8), "field_no": [1, 1, 2, 2, 2, 1, 3]})


def lists(twin: Site) -> pd.DataFrame:
    """Attendance with gaps."""
    attendance = twin.attendance
    attendance.loc[::37, "status"] = pd.NA
    attendance.loc[5:9, "group"] = pd.NA
    return attendance


def uneven_ratings() -> pd.DataFrame:
    """Three rounds: round 3 lacks item 4 for group 07, field 1 shares no item; blanks as before."""
    third = RATINGS.assign(round=RATINGS["round"].mask(RATINGS.index % 3 == 0, 3))
    gone = (third["round"] == 3).fillna(False) & (third["item"] == 4) & (third["group"] == "07")
    first = third["item"].isin([1, 2, 6]) & ((third["round"] == third["item"]).fillna(False))
    return third[~gone.fillna(False) & (first | ~third["item"].isin([1, 2, 6]))]


def books(twin: Site) -> pd.DataFrame:
    """Part of a ledger, mixed up and with gaps."""
    ledger = twin.ledger.sample(frac=0.4, random_state=3).reset_index(drop=True)
    ledger.loc[::50, "amount"] = pd.NA
    return ledger


#: Name, table, calculation, and columns to sort by where the order is not that of pandas.
CASES: list[tuple[str, str, Callable[[Any], Any], list[str]]] = [
    ("items", "ratings", kr.score_items, []),
    (
        "items by group",
        "ratings",
        lambda f: kr.score_items(f, by=["group", "round", "item"], at_least=2),
        [],
    ),
    ("fields", "ratings", lambda f: kr.score_fields(f, ITEMS), []),
    (
        "fields by group",
        "ratings",
        lambda f: kr.score_fields(f, ITEMS, by=["round", "group", "field_no"]),
        [],
    ),
    ("fields of uneven rounds", "uneven", lambda f: kr.score_fields(f, ITEMS), []),
    (
        "uneven rounds by group",
        "uneven",
        lambda f: kr.score_fields(f, ITEMS, by=["round", "group", "field_no"]),
        [],
    ),
    ("wide", "wide", kr.score_items, []),
    ("activities", "attendance", kr.attendance_rates, ["activity"]),
    ("over all", "attendance", lambda f: kr.attendance_rates(f, by=None), []),
    (
        "groups and roles",
        "attendance",
        lambda f: kr.attendance_rates(f, by=["group", "role"], excused="left out", confidence=0.9),
        [],
    ),
    ("people", "attendance", lambda f: kr.attendance_rates(f, by="person", attended="present"), []),
    ("closing", "ledger", kr.closing_balances, []),
    ("closing by book", "ledger", lambda f: kr.closing_balances(f, by=["book"]), []),
    ("running", "ledger", kr.ledger_balances, ["group", "book", "date", "running", "amount"]),
]


class ComputedError(Exception):
    """The rows were looked at."""


def _raises(*_: object, **__: object) -> Any:
    raise ComputedError("computed")


def untouchable(engine: str, table: pd.DataFrame) -> Any:
    """Return a lazy frame that raises as soon as a row is asked for."""
    frame = as_engine(engine, table)
    if engine == "duckdb":
        guard = 'case when random() < 2 then error(\'computed\') else "{0}" end as "{0}"'
        return frame.project(", ".join(guard.format(name) for name in table.columns))
    if engine == "polars lazy":
        schema = frame.collect_schema()
        return frame.map_batches(_raises, schema=schema, projection_pushdown=False)
    raise NotImplementedError(engine)
