"""The findings of reconciliation as a tidy frame, in words that a reader of the books can follow."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

import numpy as np
import pandas as pd

from kube_research.formats import day_of, rupiah
from kube_research.frames import weakest
from kube_research.reconcile_rows import Finding, Rows
from kube_research.texts import text

_day = lru_cache(maxsize=4096)(day_of)
_rupiah = lru_cache(maxsize=4096)(rupiah)

_TYPES = {
    "row": "int64",
    "kind": "string",
    "certainty": "string",
    "group": "string",
    "book": "string",
    "date": "datetime64[ns]",
    "amount": "Int64",
    "expected": "Int64",
    "difference": "Int64",
    "other_row": "Int64",
    "reason": "string",
    "suggestion": "string",
    "evidence": "string",
}


def _say(name: str, value: object, lang: str) -> str:
    """Return a value as readers write it: a day, a row number, rupiah, or words."""
    if isinstance(value, dt.date):
        return _day(value, lang, "d MMMM y")
    if isinstance(value, int | np.integer):
        return str(int(value) + 2) if name.startswith("row") else _rupiah(int(value), lang)
    return str(value)


def findings_frame(rows: Rows, findings: list[Finding], lang: str) -> pd.DataFrame:
    """Return the findings as a tidy frame."""
    table = []
    frame = rows.frame
    group, book = frame["group"].to_numpy(dtype=object), frame["book"].to_numpy(dtype=object)
    graded = frame["evidence"].to_numpy(dtype=object) if "evidence" in frame else None
    for one in findings:
        fill = {name: _say(name, value, lang) for name, value in one.fill.items()}
        near = [one.at] if one.other is None else [one.at, one.other]
        grades = [] if graded is None else [graded[at] for at in near if pd.notna(graded[at])]
        table.append(
            {
                "row": one.at + 2,
                "kind": one.kind,
                "certainty": one.certainty,
                "group": group[one.at] or pd.NA,
                "book": book[one.at] or pd.NA,
                "date": pd.Timestamp(rows.date(one.at)),
                "amount": int(rows.amount[one.at]) if rows.known[one.at] else pd.NA,
                "expected": pd.NA if one.expected is None else int(one.expected),
                "difference": pd.NA if one.difference is None else int(one.difference),
                "other_row": pd.NA if one.other is None else int(one.other) + 2,
                "reason": text(f"reconcile.reason.{one.reason}", lang, **fill),
                "suggestion": text(f"reconcile.suggestion.{one.suggestion}", lang, **fill),
                "evidence": weakest(grades),
            }
        )
    return pd.DataFrame(table, columns=list(_TYPES)).astype(_TYPES)
