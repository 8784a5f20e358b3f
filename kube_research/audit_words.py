"""Reading a claim's own words (numbers, dates, lists) and writing values in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

import pandas as pd

from kube_research.evidence import print_number
from kube_research.texts import text

_WORDS = [
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
]
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]

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
    found = [hit.lower() for hit in _NUMERAL.findall(statement)]
    return [str(_WORDS.index(hit) + 1) if hit in _WORDS else hit.replace(",", "") for hit in found]


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
