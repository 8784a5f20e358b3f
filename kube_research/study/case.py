"""What a check of a claim works with: the claim's words, the site's rows, and the six verdicts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

import pandas as pd

from kube_research.evidence.printed import print_number
from kube_research.formats import as_printed, day_of
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

    Where there are semicolons, they alone divide the list.

    Examples
    --------
    >>> enumeration("It combines three kinds: structural, relational and inherited.")
    ['structural', 'relational', 'inherited']
    >>> enumeration("It found two: little experience and cohesion; declining motivation.")
    ['little experience and cohesion', 'declining motivation']
    """
    _, colon, listed = statement.partition(": ")
    divider = r"; (?:and )?" if ";" in listed else r", (?:and )?| and "
    parts = re.split(divider, listed.rstrip(". ")) if colon else []
    return [part.strip() for part in parts if part.strip()]


def in_digits(value: Fraction | int | float | str, lang: str, places: int = 0) -> str:
    """Write a number as readers of ``lang`` do, halves rounded away from zero.

    Examples
    --------
    >>> in_digits(Fraction(28946), "id"), in_digits(Fraction(37, 15), "id", 2)
    ('28.946', '2,47')
    """
    whole, _, part = print_number(Fraction(value), places).partition(".")
    sign, digits = ("−", whole[1:]) if whole.startswith("-") else ("", whole)
    grouped, mark = f"{int(digits):,}", "."
    if lang == "id":
        grouped, mark = grouped.replace(",", "."), ","
    return sign + grouped + (mark + part if part else "")


def months_between(first: pd.Timestamp, last: pd.Timestamp) -> int:
    """Return how many months are completed from one day to another.

    Examples
    --------
    >>> months_between(pd.Timestamp("2016-02-29"), pd.Timestamp("2016-06-28"))
    3
    """
    whole = (last.year - first.year) * 12 + last.month - first.month
    return whole - (last.day < first.day)


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


def as_rows(frame: pd.DataFrame) -> list[Row]:
    """Return the rows of a frame, with None where a cell is empty."""
    return [
        Row({str(name): None if pd.isna(cell) else cell for name, cell in row.items()})
        for row in frame.to_dict("records")
    ]


#: Words of which the places in a source are written.
_PLACES = (
    *("abstract", "indonesian", "introduction", "method", "results", "discussion", "conclusion"),
    *("table", "technique", "before", "after"),
)

#: From the firmest to the one that says the source is against itself.
VERDICTS = ("reproduced", "consistent", "bounded", "not checkable", "tension", "contradicted")


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
            self._rows[table] = as_rows(frame)
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
        return Fraction(self._value_at(self.numerals, place))

    def decimal(self) -> str:
        """Return the first number of the claim that is printed with decimals."""
        return str(self._value_at([digits for digits in self.numerals if "." in digits], 0))

    def percent(self) -> str:
        """Return the first percentage of the claim as plain digits."""
        return str(self._value_at(percentages(self.statement), 0))

    def date(self, place: int = 0) -> pd.Timestamp:
        """Return one full date of the claim."""
        day: pd.Timestamp = self._value_at(dates(self.statement), place)
        return day

    def month(self) -> pd.Timestamp:
        """Return the first day of the month that the claim names."""
        day: pd.Timestamp = self._value_at(months(self.statement), 0)
        return day

    def _value_at(self, values: list[Any], place: int) -> Any:
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
    def where(self) -> str:
        """Where the source says so."""
        return self.locator or self.claim

    def said_at(self, claim: str) -> str:
        """Return where the source makes another claim; empty where it does not."""
        row = self.source.claims.get(claim)
        return (row["locator"] or claim) if row else ""

    def placed(self, locator: str) -> str:
        """Write a place in the source in the reader's language."""
        for name in _PLACES:
            word = re.escape(text(f"claim.place.{name}"))
            locator = re.sub(rf"\b{word}\b", text(f"claim.place.{name}", self.lang), locator)
        return locator

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
        rows = self.rows(table, **equals)
        if not rows:
            self._lacks(table, ", ".join(f"{name} = {value}" for name, value in equals.items()))
        return rows

    def row(self, table: str, **equals: object) -> Row:
        """Return the first such row; without one the claim cannot be checked."""
        return self.some(table, **equals)[0]

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

    def stated_day(self, activity: str, column: str = "date", *, place: int = 0) -> pd.Timestamp:
        """Return the day of an activity, once the claim has been held against it."""
        day = self.day(activity, column)
        row = self.row("activities", activity=activity)
        self.must_equal(self.date(place), day, row["locator"])
        return day

    def must_equal(self, stated: object, published: object, locator: str | None) -> None:
        """Contradict the claim unless the table has what it says."""
        if stated != published:
            words = {"stated": stated, "found": published}
            raise Settled(self.contradicted("table_differs", locator, **words))

    def must_state(self, *facts: str, place: int = 0) -> None:
        """Contradict the claim unless its numbers, from one place on, are these facts in order."""
        for index, name in enumerate(facts, place):
            stated, row = self.number(index), self.row("facts", fact=name)
            self.must_equal(stated, self.as_number(row["value"]), row["locator"])

    def must_read(self, stated: object, conflict: str) -> tuple[str, str]:
        """Contradict the claim unless it says what its side reads; return that and the other side."""
        readings = self.readings(conflict)
        row = self.row("conflicts", conflict=conflict, reading=self.side)
        self.must_equal(stated, readings[self.side], row["locator"])
        return readings[self.side], readings[self.other_side]

    # words for a finding

    def num(self, value: Fraction | int | float | str, places: int = 0) -> str:
        """Write a number in the reader's language."""
        return in_digits(value, self.lang, places)

    def when(self, day: object, form: str = "d MMMM y") -> str:
        """Write a date in the reader's language."""
        return day_of(day, self.lang, form)

    def span(self, low: object, high: object) -> str:
        """Write a range, or one value where both ends are the same."""
        return str(low) if low == high else self.say("span", low=low, high=high)

    def printed(self, digits: str) -> str:
        """Write a printed number with all its digits, with the reader's decimal mark."""
        return as_printed(digits, self.lang)

    def plain(self, value: object) -> str:
        """Write any value in the reader's language; a list with nothing in it is a dash."""
        if isinstance(value, pd.Timestamp):
            return self.when(value)
        if isinstance(value, Fraction):
            return self.num(value, 0 if value.denominator == 1 else 2)
        if isinstance(value, list):
            return joined([self.plain(part) for part in value], self.lang) or "-"
        return str(value)

    def say(self, key: str, **fill: object) -> str:
        """Return a text about claims in the reader's language."""
        return text(f"claim.{key}", self.lang, **fill)

    # answers

    def reproduced(self, key: str, **fill: object) -> Answer:
        """Answer: computed again from other published rows, and equal."""
        return self._answer("reproduced", key, fill, extra="derived")

    def consistent(self, key: str, *against: str | None, **fill: object) -> Answer:
        """Answer: compatible with what is published, but not forced by it."""
        return self._answer("consistent", key, fill, against, extra="derived")

    def bounded(self, key: str, *against: str | None, **fill: object) -> Answer:
        """Answer: what the claim leaves open, or says in words, lies in the range of the finding."""
        return self._answer("bounded", key, fill, against, extra="bounded")

    def in_range(self, key: str, *against: str | None, **fill: object) -> Answer:
        """Answer as :meth:`consistent` does, with a range of something that the claim implies."""
        return self._answer("consistent", key, fill, against, extra="bounded")

    def tension(self, key: str, *against: str | None, **fill: object) -> Answer:
        """Answer: another statement of the source pulls the other way, but both can be true."""
        return self._answer("tension", key, fill, against, extra="derived")

    def pulled(self, key: str, *against: str | None, **fill: object) -> Answer:
        """Answer: in tension with another statement as printed, without any arithmetic."""
        return self._answer("tension", key, fill, against)

    def contradicted(self, key: str, *against: str | None, **fill: object) -> Answer:
        """Answer: it cannot be true together with another statement (a claim, or a locator)."""
        return self._answer("contradicted", key, fill, against, extra="derived")

    def reproduced_if(self, holds: bool, key: str, *against: str | None, **fill: object) -> Answer:
        """Answer that it was computed again and is equal, or else is contradicted, in one sentence."""
        return self.reproduced(key, **fill) if holds else self.contradicted(key, *against, **fill)

    def consistent_if(self, holds: bool, key: str, *against: str | None, **fill: object) -> Answer:
        """Answer that nothing published is against it, or else what is, in one sentence."""
        return self.consistent(key, **fill) if holds else self.contradicted(key, *against, **fill)

    def opposed(self, key: str, *against: str | None, **fill: object) -> Answer:
        """Answer: contradicted by another statement as printed, without any arithmetic."""
        return self._answer("contradicted", key, fill, against)

    def open(self, key: str, *against: str | None, needed: str = "", **fill: object) -> Answer:
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
        against: tuple[str | None, ...] = (),
        extra: str = "published",
        needed: str = "",
    ) -> Answer:
        words = {name: self.plain(value) for name, value in fill.items()}
        finding = self.say(key, **{"where": self.placed(self.where), **words})
        known = tuple(
            name
            for name in against
            if name and name != self.claim and (name in self.source.claims or name not in CHECKS)
        )
        if verdict in ("tension", "contradicted") and not known:
            known = (self.locator or self.claim,)
        grade = weakest([*self._grades, extra])
        return Answer(verdict, finding, grade, known, needed)


Check = Callable[..., Answer]

#: The check of every claim that has one, and what it is called with after the case.
CHECKS: dict[str, tuple[Check, tuple[Any, ...]]] = {}


def check(*claims: str, **inputs: tuple[Any, ...]) -> Callable[[Check], Check]:
    """Register a function as the check of claims, which it takes as they are or with inputs."""

    def register(function: Check) -> Check:
        for claim, arguments in {**dict.fromkeys(claims, ()), **inputs}.items():
            CHECKS[claim] = (function, arguments)
        return function

    return register
