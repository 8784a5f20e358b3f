"""Books: a site's ledger with what belongs to it, made ready once for every finance function."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any, TypeAlias

import pandas as pd

from kube_research.errors import OptionError
from kube_research.formats import Currency, currency_of
from kube_research.frames import documented, grade_of, need_columns, need_option, weakest
from kube_research.site.accounts import book_kinds, flows, with_flows
from kube_research.site.folder import Site
from kube_research.site.schema import MEMBER_ROLES
from kube_research.texts import text

#: Flows whose sum is the result of the business, before anything is shared out.
OPERATING = ("sale", "purchase", "cost")
#: What lending and membership earn besides: income of the group, never sales.
EARNED = ("loan_interest", "fine", "fee")
#: Kinds of book that hold the money of the business and its loan fund, and what members have saved.
CASH, SAVINGS = ("cash", "loans"), ("savings", "shares")


@documented
@dataclass(frozen=True, eq=False)
class Books:
    """A ledger with what belongs to it; every finance function takes it, or a plain ledger frame.

    Parameters
    ----------
    ledger : DataFrame
        ``date``, ``group``, ``book``, ``category``, ``amount`` (whole rupiah, positive in, negative
        out), and perhaps ``person``, ``balance``, ``note``, ``evidence``. An entry without an amount
        is as if it were not there.
    |members|
    |categories|
    about_books : DataFrame, optional
        ``book`` and ``kind``: what each holds, where its name does not tell.
    facts : DataFrame, optional
        ``fact`` and ``value``, such as the ``minimum_wage``.
    period : pair of dates, optional
        First and last day that the books cover.

    Examples
    --------
    >>> import kube_research as kr
    >>> books = Books.of(kr.load_site("cibeunying-simulated"))
    >>> books.entries["flow"].iloc[0], len(books.roster())
    ('grant', 32)
    """

    ledger: pd.DataFrame
    members: pd.DataFrame | None = None
    categories: pd.DataFrame | None = None
    about_books: pd.DataFrame | None = None
    facts: pd.DataFrame | None = None
    period: tuple[object, object] | None = None

    @classmethod
    def of(cls, site: Site) -> Books:
        """Return the books of a site; raise MissingTableError if it has no ledger."""
        return cls(
            site.table("ledger"),
            members=site.tables.get("members"),
            categories=site.tables.get("categories"),
            about_books=site.tables.get("books"),
            facts=site.tables.get("facts"),
            period=site.info.books_period or site.info.period,
        )

    @cached_property
    def entries(self) -> pd.DataFrame:
        """The entries that have an amount, with what else is known; never to be changed.

        Besides ``flow``, ``purpose`` and ``code``, ``amount`` is int64, ``month`` a text such as
        ``"2016-03"``, ``kind`` what the book holds (:func:`~kube_research.site.accounts.book_kinds`);
        ``person`` and ``evidence`` are always there.
        """
        need_columns(self.ledger, "date", "group", "book", "category", "amount")
        entries = with_flows(with_amounts(self.ledger), self.categories)
        entries["kind"] = kinds_of(entries["book"], self.about_books)
        entries["date"] = pd.to_datetime(entries["date"])
        entries["month"] = entries["date"].dt.strftime("%Y-%m")
        if "person" not in entries:
            entries["person"] = pd.Series(pd.NA, index=entries.index, dtype="string")
        entries["evidence"] = _graded(entries)
        return entries.reset_index(drop=True)

    @property
    def currency(self) -> Currency:
        """What the amounts are in, as the ledger says."""
        return currency_of(self.ledger)

    def until(self, day: object) -> pd.DataFrame:
        """Return the entries up to and with a day; all of them without one."""
        if day is None:
            return self.entries
        early = self.entries["date"] <= day_of_option(day)
        return self.entries[early].reset_index(drop=True)

    def roster(self, on: object = None) -> pd.DataFrame:
        """Return one row per person with ``member``: whether they count as a member on a day.

        Raises
        ------
        kube_research.errors.OptionError
            If the books came without members.
        """
        if self.members is None:
            raise OptionError(text("finance.error.no_members"))
        return roster(self.members, on)


def kinds_of(books: pd.Series, about_books: pd.DataFrame | None = None) -> pd.Series:
    """Return what the book of each entry holds; ``other`` where nobody says it."""
    codes = books.astype("string").str.lower()
    return codes.map(book_kinds(about_books)).astype("string").fillna("other")


#: What finance functions take: books, a site that has some, or a plain ledger.
AnyBooks: TypeAlias = Books | Site | pd.DataFrame


def as_books(given: AnyBooks, **parts: Any) -> Books:
    """Return what a finance function was given as books; ``parts`` that are given go first."""
    if isinstance(given, Site):
        books = Books.of(given)
    else:
        books = given if isinstance(given, Books) else Books(given)
    stated = {name: part for name, part in parts.items() if part is not None}
    return replace(books, **stated) if stated else books


def _graded(rows: pd.DataFrame) -> pd.Series:
    grades = rows.get("evidence", pd.Series("recorded", index=rows.index))
    return grades.astype("string").fillna("recorded")


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
    named = people[["person", "group", "role"]].astype("string")
    return named.assign(member=member, evidence=_graded(people))


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


def by_month(rows: pd.DataFrame, first: Any, last: Any) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield every month from one to another with its rows, also months that have none."""
    of_month = dict(list(rows.groupby("month")))
    for month in pd.period_range(first, last, freq="M").astype(str):
        yield month, of_month.get(month, rows.iloc[:0])


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


def frame_of(
    rows: Sequence[dict[str, Any]],
    columns: Sequence[str],
    *,
    money: Sequence[str] = (),
    ratio: Sequence[str] = (),
) -> pd.DataFrame:
    """Return rows as a frame whose whole-number and ratio columns can hold missing values."""
    return typed(pd.DataFrame(rows, columns=list(columns)), money=money, ratio=ratio)


def typed(
    frame: pd.DataFrame, *, money: Sequence[str] = (), ratio: Sequence[str] = ()
) -> pd.DataFrame:
    """Return the frame with whole-number and ratio columns that can hold missing values."""
    kinds = dict.fromkeys(money, "Int64") | dict.fromkeys(ratio, "Float64")
    words = {name: "string" for name in ("group", "evidence", "purpose") if name in frame}
    retyped: pd.DataFrame = frame.astype(kinds | words)
    return retyped


def sums_by(
    rows: pd.DataFrame, keys: Sequence[str], known: pd.Series, sums: Mapping[str, pd.Series]
) -> pd.DataFrame:
    """Return the sums of each level over its rows that are known, with their evidence.

    A level without such a row has missing sums, and the evidence of all its rows.
    """
    lines: list[dict[str, Any]] = []
    for level, part in parts(rows.assign(_known=known, **sums), keys):
        used = part[part["_known"]]
        line = level | {"evidence": grade_of(part if used.empty else used)}
        lines.append(line if used.empty else line | {name: used[name].sum() for name in sums})
    return frame_of(lines, [*keys, *sums, "evidence"], money=list(sums))


def added_up(rows: pd.DataFrame, wholes: Sequence[str], known: pd.Series) -> dict[str, Any]:
    """Return the sums over the groups that are known, with the weakest evidence of what was used."""
    used = rows[known.fillna(False).astype("bool")]
    grades = list((used if len(used) else rows)["evidence"].dropna())
    sums = {name: used[name].sum(min_count=1) for name in wholes}
    return sums | {"evidence": weakest(grades)}


def ratio(part: pd.Series, whole: pd.Series) -> pd.Series:
    """Return a ratio that is missing unless what it divides by is above zero."""
    return (part / whole.where(whole > 0)).astype("Float64")
