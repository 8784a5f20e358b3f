"""What a check of a claim works with: the claim's words, the site's rows, and the five verdicts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, NoReturn

import pandas as pd

from kube_research.evidence.printed import print_number
from kube_research.formats import day_of
from kube_research.frames import weakest
from kube_research.site.schema import tables
from kube_research.texts import text

if TYPE_CHECKING:
    from kube_research.site.folder import Site

# fmt: off
_WORDS = [
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
]
_MONTHS = [
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
]
_WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
# fmt: on

_NUMERAL = re.compile(
    rf"\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)?|\b(?:{'|'.join(_WORDS)})\b", re.IGNORECASE
)
_DATE = re.compile(rf"\b(\d{{1,2}}) ({'|'.join(_MONTHS)}) (\d{{4}})\b")
_MONTH = re.compile(rf"\b({'|'.join(_MONTHS)}) (\d{{4}})\b")
_WEEKDAY = re.compile(rf"\b({'|'.join(_WEEKDAYS)})\b")
_HOUR = re.compile(r"\b(\d{2})\.(\d{2})\b")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?) ?%")


def numerals(statement: str) -> list[str]:
    """Return the numbers of an English sentence in order, words and thousands as plain digits.

    Examples
    --------
    >>> numerals("Four groups earn Rp 1,500,000; the mean is 2.40.")
    ['4', '1500000', '2.40']
    """
    hits = [hit.lower() for hit in _NUMERAL.findall(statement)]
    return [str(_WORDS.index(hit) + 1) if hit in _WORDS else hit.replace(",", "") for hit in hits]


def dates(statement: str) -> list[pd.Timestamp]:
    """Return the full dates of an English sentence in order.

    Examples
    --------
    >>> [str(day.date()) for day in dates("On 11 June 2016, before 26 June 2016.")]
    ['2016-06-11', '2016-06-26']
    """
    return [
        pd.Timestamp(int(year), _MONTHS.index(month) + 1, int(day))
        for day, month, year in _DATE.findall(statement)
    ]


def months(statement: str) -> list[pd.Timestamp]:
    """Return the first day of each month that an English sentence names with its year.

    Examples
    --------
    >>> [str(day.date()) for day in months("It dates from March 2015.")]
    ['2015-03-01']
    """
    return [
        pd.Timestamp(int(year), _MONTHS.index(month) + 1, 1)
        for month, year in _MONTH.findall(statement)
    ]


def weekdays(statement: str) -> list[str]:
    """Return the weekdays that an English sentence names."""
    return _WEEKDAY.findall(statement)


def hours(statement: str) -> list[str]:
    """Return the times of day of a sentence (``10.00``) as ``10:00``."""
    return [f"{hour}:{minute}" for hour, minute in _HOUR.findall(statement)]


def percentages(statement: str) -> list[str]:
    """Return the percentages of a sentence as plain digits."""
    return _PERCENT.findall(statement)


def enumeration(statement: str) -> list[str]:
    """Return what a sentence lists after a colon; empty where it lists nothing.

    Examples
    --------
    >>> enumeration("It combines three kinds: structural, relational and inherited.")
    ['structural', 'relational', 'inherited']
    """
    _, colon, listed = statement.partition(": ")
    parts = re.split(r"[,;] (?:and )?| and ", listed.rstrip(". ")) if colon else []
    return [part.strip() for part in parts if part.strip()]


def shown(value: Fraction | int | float | str, lang: str, places: int = 0) -> str:
    """Write a number as readers of ``lang`` do, halves rounded away from zero.

    Examples
    --------
    >>> shown(Fraction(28946), "id"), shown(Fraction(37, 15), "id", 2)
    ('28.946', '2,47')
    """
    whole, _, part = print_number(Fraction(value), places).partition(".")
    sign, digits = ("−", whole[1:]) if whole.startswith("-") else ("", whole)
    grouped, mark = f"{int(digits):,}", "."
    if lang == "id":
        grouped, mark = grouped.replace(",", "."), ","
    return sign + grouped + (mark + part if part else "")


def as_printed(printed: str, lang: str) -> str:
    """Write a printed number with all its digits, with the decimal mark of ``lang``."""
    return printed.replace(".", ",") if lang == "id" else printed


def joined(parts: Sequence[object], lang: str) -> str:
    """Join words as a list in a sentence.

    Examples
    --------
    >>> joined([7, 8, 11], "en"), joined([7, 8, 11], "id"), joined([7, 8], "en")
    ('7, 8 and 11', '7, 8, dan 11', '7 and 8')
    """
    words = [str(part) for part in parts]
    if len(words) < 2:
        return "".join(words)
    last = text("claim.and", lang) if len(words) == 2 else text("claim.and_last", lang)
    return ", ".join(words[:-1]) + last + words[-1]


class Row(dict[str, Any]):
    """A row of a table; a column that the site leaves out reads as empty."""

    def __missing__(self, name: str) -> None:
        return None


#: From the firmest to the one that says the source is against itself.
VERDICTS = ("reproduced", "consistent", "bounded", "not checkable", "contradicted")


@dataclass(frozen=True)
class Answer:
    """The verdict on one claim, with the sentence that says what was computed."""

    verdict: str
    finding: str
    evidence: str
    against: tuple[str, ...] = ()
    needed: str = ""


class Settled(Exception):
    """Ends a check early: the claim and the tables differ, or a row is missing."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        super().__init__(answer.verdict)


class Source:
    """A site's tables as rows, each read once for all claims."""

    def __init__(self, site: Site, lang: str) -> None:
        self.site, self.lang = site, lang
        self._rows: dict[str, list[Row]] = {}
        self.claims: dict[str, Row] = {row["claim"]: row for row in self.rows("claims")}

    def rows(self, table: str) -> list[Row]:
        """Return the rows of a table; raise MissingTableError if the site lacks it."""
        if table not in self._rows:
            frame = self.site.table(table, self.lang)
            keys = [name for name in tables()[table].key if name in frame]
            if table != "claims":
                frame = frame.sort_values(keys)
            self._rows[table] = [
                Row({str(name): None if pd.isna(cell) else cell for name, cell in row.items()})
                for row in frame.to_dict("records")
            ]
        return self._rows[table]


class Case:
    """One claim before the court: its words, the rows it can call, and its answer."""

    def __init__(self, source: Source, row: Row) -> None:
        self.source, self.site, self.lang = source, source.site, source.lang
        self.claim: str = row["claim"]
        self.statement: str = row["statement_en"]
        self.locator: str = row["locator"] or ""
        self._grades: list[str] = [row["evidence"]]

    # what the claim says

    @cached_property
    def numerals(self) -> list[str]:
        """The numbers of the claim as plain digits."""
        return numerals(self.statement)

    def number(self, place: int = 0) -> Fraction:
        """Return one number of the claim."""
        return Fraction(self._said(self.numerals, place))

    def decimal(self) -> str:
        """Return the first number of the claim that is printed with decimals."""
        return str(self._said([digits for digits in self.numerals if "." in digits], 0))

    def percent(self) -> str:
        """Return the first percentage of the claim as plain digits."""
        return str(self._said(percentages(self.statement), 0))

    def date(self, place: int = 0) -> pd.Timestamp:
        """Return one full date of the claim."""
        day: pd.Timestamp = self._said(dates(self.statement), place)
        return day

    def month(self) -> pd.Timestamp:
        """Return the first day of the month that the claim names."""
        day: pd.Timestamp = self._said(months(self.statement), 0)
        return day

    def _said(self, values: list[Any], place: int) -> Any:
        if not -len(values) <= place < len(values):
            raise Settled(self.open("no_value", needed=text("claim.needed_value", self.lang)))
        return values[place]

    @property
    def side(self) -> str:
        """Which of two statements on one thing the claim is: ``a`` or ``b``, by its code."""
        return self.claim[-1]

    @property
    def other_side(self) -> str:
        """Return the other of the two."""
        return "b" if self.side == "a" else "a"

    @property
    def rival(self) -> str:
        """Return the claim that makes the other statement."""
        return self.claim[:-1] + self.other_side

    @property
    def places(self) -> int:
        """In how many places the source says so."""
        return self.locator.count(";") + 1

    # what the tables say

    def rows(self, table: str, **equals: object) -> list[Row]:
        """Return the rows of a table with the values given, and note their evidence."""
        chosen = [
            row
            for row in self.source.rows(table)
            if all(row[name] == value for name, value in equals.items())
        ]
        self._grades += [row["evidence"] for row in chosen]
        return chosen

    def some(self, table: str, **equals: object) -> list[Row]:
        """Return the rows as :meth:`rows` does; without any the claim cannot be checked."""
        self.row(table, **equals)
        return self.rows(table, **equals)

    def row(self, table: str, **equals: object) -> Row:
        """Return the first such row; without one the claim cannot be checked."""
        rows = self.rows(table, **equals)
        if not rows:
            self._lacks(table, ", ".join(f"{name} = {value}" for name, value in equals.items()))
        return rows[0]

    def _lacks(self, table: str, wanted: str) -> NoReturn:
        needed = text("claim.needed_row", self.lang, table=table, wanted=wanted)
        raise Settled(self.open("no_row", needed=needed, table=table))

    def dated(self, **equals: object) -> list[Row]:
        """Return the activities that have a date; without any the claim cannot be checked."""
        rows = [row for row in self.some("activities", **equals) if row["date"] is not None]
        if not rows:
            self._lacks("activities", "date")
        return rows

    def fact(self, name: str) -> Fraction:
        """Return a fact that is a number."""
        return self.as_number(self.row("facts", fact=name)["value"])

    def as_number(self, value: object) -> Fraction:
        """Read a number in a column of text; the claim cannot be checked if it is none."""
        try:
            return Fraction(str(value))
        except ValueError:
            needed = self.say("needed_number", value=value)
            raise Settled(self.open("not_a_number", needed=needed, value=value)) from None

    def readings(self, conflict: str) -> dict[str, str]:
        """Return what the readings of a conflict say."""
        for reading in ("a", "b"):
            self.row("conflicts", conflict=conflict, reading=reading)
        return {row["reading"]: row["value"] for row in self.rows("conflicts", conflict=conflict)}

    def day(self, activity: str, column: str = "date") -> pd.Timestamp:
        """Return the day of an activity."""
        day = self.row("activities", activity=activity)[column]
        if day is None:
            self._lacks("activities", activity)
        return pd.Timestamp(day)

    def title(self, activity: str) -> str:
        """Return the title of an activity in the reader's language."""
        return str(self.row("activities", activity=activity)[f"title_{self.lang}"])

    def must_equal(self, stated: object, published: object, locator: str | None) -> None:
        """Contradict the claim unless the table has what it says."""
        if stated != published:
            place = locator or self.locator
            words = {"stated": self.plain(stated), "found": self.plain(published)}
            raise Settled(self.contradicted("table_differs", place, **words))

    def must_be_fact(self, stated: Fraction, name: str) -> None:
        """Contradict the claim unless the facts table has what it says."""
        row = self.row("facts", fact=name)
        self.must_equal(stated, self.as_number(row["value"]), row["locator"])

    # words for a finding

    def num(self, value: Fraction | int | float | str, places: int = 0) -> str:
        """Write a number in the reader's language."""
        return shown(value, self.lang, places)

    def when(self, day: object, form: str = "d MMMM y") -> str:
        """Write a date in the reader's language."""
        return day_of(day, self.lang, form)

    def span(self, low: object, high: object) -> str:
        """Write a range, or one value where both ends are the same."""
        return str(low) if low == high else self.say("span", low=low, high=high)

    def list(self, parts: Iterable[object]) -> str:
        """Write a list in the reader's language."""
        return joined(list(parts), self.lang)

    def plain(self, value: object) -> str:
        """Write any value of a table in the reader's language."""
        if isinstance(value, pd.Timestamp):
            return self.when(value)
        if isinstance(value, Fraction):
            return self.num(value, 0 if value.denominator == 1 else 2)
        return str(value)

    def say(self, key: str, **fill: object) -> str:
        """Return a text about claims in the reader's language."""
        return text(f"claim.{key}", self.lang, **fill)

    # answers

    def reproduced(self, key: str, **fill: object) -> Answer:
        """Answer: computed again from other published rows, and equal."""
        return self._answer("reproduced", key, fill, extra="derived")

    def consistent(self, key: str, *against: str, **fill: object) -> Answer:
        """Answer: compatible with everything published, but not forced by it."""
        return self._answer("consistent", key, fill, against, extra="derived")

    def bounded(self, key: str, *against: str, **fill: object) -> Answer:
        """Answer: known to lie in a range, which the finding gives."""
        return self._answer("bounded", key, fill, against, extra="bounded")

    def contradicted(self, key: str, *against: str, **fill: object) -> Answer:
        """Answer: against another statement of the source (a claim, or a locator)."""
        return self._answer("contradicted", key, fill, against, extra="derived")

    def reproduced_if(self, holds: bool, key: str, *against: str, **fill: object) -> Answer:
        """Answer that it was computed again and is equal, or else is contradicted, in one sentence."""
        return self.reproduced(key, **fill) if holds else self.contradicted(key, *against, **fill)

    def consistent_if(self, holds: bool, key: str, *against: str, **fill: object) -> Answer:
        """Answer that nothing published is against it, or else what is, in one sentence."""
        return self.consistent(key, **fill) if holds else self.contradicted(key, *against, **fill)

    def opposed(self, key: str, *against: str, **fill: object) -> Answer:
        """Answer: contradicted by another statement as printed, without any arithmetic."""
        return self._answer("contradicted", key, fill, against)

    def open(self, key: str, *against: str, needed: str = "", **fill: object) -> Answer:
        """Answer: not checkable; the finding says what is there, ``needed`` what is not."""
        try:
            lacking = needed or text(f"claim.needed.{self.claim}", self.lang)
        except KeyError:
            lacking = self.say("needed_rows")
        return self._answer("not checkable", key, fill, against, needed=lacking)

    def _answer(
        self,
        verdict: str,
        key: str,
        fill: Mapping[str, object],
        against: tuple[str, ...] = (),
        extra: str = "published",
        needed: str = "",
    ) -> Answer:
        finding = text(f"claim.{key}", self.lang, **fill)
        known = tuple(name for name in against if name in self.source.claims or name not in CHECKS)
        if verdict == "contradicted" and not known:
            known = (self.locator or self.claim,)
        grade = weakest([*self._grades, extra])
        return Answer(verdict, finding, grade, known, needed)


Check = Callable[[Case], Answer]

#: The check of every claim that has one.
CHECKS: dict[str, Check] = {}


def check(*claims: str) -> Callable[[Check], Check]:
    """Register a function as the check of one claim or several."""

    def register(function: Check) -> Check:
        for claim in claims:
            CHECKS[claim] = function
        return function

    return register


def family(function: Callable[..., Answer], members: Mapping[str, tuple[Any, ...]]) -> None:
    """Register one function for a family of claims, each with its own arguments after the case."""
    for claim, arguments in members.items():
        CHECKS[claim] = partial(_with, function, arguments)


def _with(function: Callable[..., Answer], arguments: tuple[Any, ...], case: Case) -> Answer:
    return function(case, *arguments)
