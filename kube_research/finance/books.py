"""What every money indicator starts from: entries with an amount, their flow and month; the roster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import pandas as pd

from kube_research.errors import OptionError
from kube_research.frames import need_columns, need_option, weakest
from kube_research.site.accounts import flows, with_flows
from kube_research.texts import text

#: Roles of the roster that make somebody a member of a group.
MEMBER_ROLES = ("pengurus", "anggota")
#: Flows whose sum is the result of the business, before anything is shared out.
OPERATING = ("sale", "purchase", "cost")
#: Flows of the savings book that change what members have saved. Business and loan entries do not.
SAVING = ("opening", "deposit", "withdrawal", "payout", "other_in", "other_out", "unknown")


def known_entries(
    ledger: pd.DataFrame, categories: pd.DataFrame | None = None, *, on: object = None
) -> pd.DataFrame:
    """Return the entries that have an amount, up to and with day ``on``, with flow and month.

    ``amount`` is int64, ``month`` a text such as ``"2016-03"``; ``person`` and ``evidence`` are
    always there. An entry without an amount says nothing and is left out.
    """
    need_columns(ledger, "date", "group", "book", "category", "amount")
    done = with_flows(with_amounts(ledger), categories)
    done["date"] = pd.to_datetime(done["date"])
    if on is not None:
        done = done[done["date"] <= day_of_option(on)]
    done["month"] = done["date"].dt.strftime("%Y-%m")
    if "person" not in done:
        done["person"] = pd.Series(pd.NA, index=done.index, dtype="string")
    grade = done.get("evidence", pd.Series("recorded", index=done.index))
    done["evidence"] = grade.astype("string").fillna("recorded")
    return done.reset_index(drop=True)


def with_amounts(ledger: pd.DataFrame) -> pd.DataFrame:
    """Return the entries that have an amount, as int64; one without is as if it were not there."""
    rows = ledger[ledger["amount"].notna()]
    amounts = pd.to_numeric(rows["amount"], errors="coerce")
    if amounts.isna().any() or (amounts - amounts.round() != 0).any():
        raise OptionError(text("money.error.whole"))
    return rows.assign(amount=amounts.astype("int64"))


def day_of_option(value: Any) -> pd.Timestamp:
    """Return a day given as an option."""
    try:
        day: Any = pd.Timestamp(value)
    except (ValueError, TypeError):
        day = None
    if pd.isna(day):
        raise OptionError(text("attendance.error.day", value=value))
    return pd.Timestamp(day).normalize()


def roster(members: pd.DataFrame, on: object = None) -> pd.DataFrame:
    """Return one row per person of the roster with ``member``: whether they count as a member.

    On day ``on`` somebody is a member from the day of joining until the day before leaving; without
    ``on``, everybody with a member's role is.
    """
    dates = () if on is None else ("joined", "left")
    need_columns(members, "person", "group", "role", *dates)
    people = members[members["person"].notna()].drop_duplicates("person").reset_index(drop=True)
    member = people["role"].isin(MEMBER_ROLES)
    if on is not None:
        day = day_of_option(on)
        member &= ~(pd.to_datetime(people["joined"]) > day)
        member &= ~(pd.to_datetime(people["left"]) <= day)
    grade = people.get("evidence", pd.Series("recorded", index=people.index))
    done = people[["person", "group", "role"]].astype("string").assign(member=member)
    return done.assign(evidence=grade.astype("string").fillna("recorded"))


def need_level(by: str | None) -> list[str]:
    """Return the key columns of a breakdown by group or over everything."""
    need_option("by", by, ("group", None))
    return [] if by is None else ["group"]


def parts(rows: pd.DataFrame, keys: Sequence[str]) -> Iterator[tuple[dict[str, Any], pd.DataFrame]]:
    """Yield the rows of each level with the values of its keys; one level without keys."""
    if not keys:
        yield {}, rows
        return
    for values, part in rows.groupby(list(keys), dropna=False):
        yield dict(zip(keys, values, strict=True)), part


def money_of(rows: pd.DataFrame, *kinds: str) -> int:
    """Return the signed sum of the amounts of some flows; of all flows if none is named."""
    return int((rows.loc[rows["flow"].isin(kinds), "amount"] if kinds else rows["amount"]).sum())


def between_books() -> tuple[str, ...]:
    """Return the flows whose other half stands in another book."""
    every = flows()
    return tuple(str(name) for name in every.loc[every["transfer"], "flow"])


def half_up(value: Fraction) -> int:
    """Return the nearest whole number, halves upwards.

    Examples
    --------
    >>> half_up(Fraction(5, 2)), half_up(Fraction(-5, 2))
    (3, -2)
    """
    return (value + Fraction(1, 2)).__floor__()


def typed(frame: pd.DataFrame, *, money: Sequence[str] = (), ratio: Sequence[str] = ()) -> Any:
    """Return the frame with whole-number and ratio columns that can hold missing values."""
    kinds = dict.fromkeys(money, "Int64") | dict.fromkeys(ratio, "Float64")
    words = {name: "string" for name in ("group", "evidence", "purpose") if name in frame}
    return frame.astype(kinds | words)


def added_up(rows: pd.DataFrame, wholes: Sequence[str], known: pd.Series) -> dict[str, Any]:
    """Return the sums over the groups that are known, with the weakest evidence of what was used."""
    used = rows[known.fillna(False).astype("bool")]
    grades = list((used if len(used) else rows)["evidence"].dropna())
    sums = {name: used[name].sum(min_count=1) for name in wholes}
    return sums | {"evidence": weakest(grades)}


def ratio(part: pd.Series, whole: pd.Series) -> pd.Series:
    """Return a ratio that is missing unless what it divides by is above zero."""
    return (part / whole.where(whole > 0)).astype("Float64")
