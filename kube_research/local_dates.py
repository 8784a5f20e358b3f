"""Days as people in Indonesia write them, with day, month and year, the day first."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from functools import cache

from kube_research.local_reading import MAX_CELL, Reading, plain_spaces

_NO_DATE = Reading(code="type_date")

_SPELLINGS = {
    "agt": 8, "ags": 8, "agst": 8, "agus": 8, "sept": 9, "pebruari": 2, "peb": 2, "nopember": 11,
    "nop": 11,
}  # fmt: skip
_DAY_SPELLINGS = {"ahad": 6, "jum'at": 4}

_WEEKDAY = (
    r"(?:(?!tgl|tanggal)(?P<weekday>[a-z']+)\.?(?:\s*,\s*|\s*/\s*|\s+))?(?:(?:tgl\.?|tanggal)\s+)?"
)
_DAY_MONTH_YEAR = re.compile(
    _WEEKDAY + r"(?P<day>[0-9]{1,2})[\s-]*(?P<month>[a-z]{3,})\.?(?:,\s*|[\s-]*)"
    r"(?P<year>[0-9]{4}|'?[0-9]{2})"
)
_MONTH_DAY_YEAR = re.compile(
    _WEEKDAY
    + r"(?P<month>[a-z]{3,})\.?\s+(?P<day>[0-9]{1,2})(?:st|nd|rd|th)?,?\s+(?P<year>[0-9]{4})"
)
_NUMERIC = re.compile(
    _WEEKDAY
    + r"(?P<a>[0-9]{1,4})\s?(?P<mark>[/.-])\s?(?P<b>[0-9]{1,2})\s?(?P=mark)\s?(?P<c>[0-9]{1,4})"
)
_WITH_TIME = re.compile(r"(.*[0-9]{4}|[0-9]{4}-[0-9]{2}-[0-9]{2})[ T]+[0-9]{1,2}[:.][0-9]{2}.*")


def read_date(text: str) -> Reading:
    """Read a day: the ISO form, or day, month and year as people write them, the day first.

    Parameters
    ----------
    text : str
        ``2016-03-05``, ``Sabtu, 5 Maret 2016``, ``05/03/2016``, ``5 Mar 2016``, ``March 5, 2016``.

    Returns
    -------
    Reading
        Refusals are ``date_impossible`` (no such day), ``date_weekday`` (not that day of the week;
        ``near`` is the date), ``date_order`` (possible only with the month first; ``near`` is that
        date), ``date_ambiguous`` (a year of two digits), ``date_serial`` (a number of Excel; ``near``
        is the date it stands for), ``date_zero`` (what Excel shows for nothing) or ``type_date``.

    Notes
    -----
    The names of months and days are those of babel (Unicode CLDR), Indonesian and English, and a few
    older spellings. Nothing is completed: a date without its day or year is refused. Checked against
    dateparser.

    Examples
    --------
    >>> read_date("Sabtu 5 Maret 2016").value, read_date("5 Maret 16").readings
    ('2016-03-05', ('2016-03-05', '1916-03-05'))
    """
    written = plain_spaces(text).casefold().replace("\u2019", "'")
    if len(written) > MAX_CELL or not written.isascii():
        return Reading(code="type_date")
    if re.fullmatch(
        r"(1899-12-3[01]|1900-01-[0-9]{2}|0?[01]/0?[01]/1900)(?: 00:00:00)?|00:00", written
    ):
        return Reading(code="date_zero")
    if re.fullmatch(r"[1-9][0-9]{4}(?:\.[0-9]+)?", written):
        day = dt.date(1899, 12, 30) + dt.timedelta(days=int(written[:5]))
        return Reading(code="date_serial", near=day.isoformat())
    if found := _NUMERIC.fullmatch(written):
        return _numeric_date(found)
    found = _DAY_MONTH_YEAR.fullmatch(written) or _MONTH_DAY_YEAR.fullmatch(written)
    if found:
        return _named_date(found)
    if found := _WITH_TIME.fullmatch(written):
        return Reading(code="type_date", near=read_date(found[1]).value)
    return Reading(code="type_date")


def weekday_name(day: str, lang: str) -> str:
    """Return the name of the weekday of an ISO date.

    Examples
    --------
    >>> weekday_name("2016-03-05", "id")
    'Sabtu'
    """
    from babel.dates import get_day_names

    return str(get_day_names("wide", locale=lang)[dt.date.fromisoformat(day).weekday()])


@cache
def _months() -> dict[str, int]:
    from babel.dates import get_month_names

    named = {
        str(name).casefold().strip("."): number
        for locale in ("en", "id")
        for width in ("abbreviated", "wide")
        for number, name in get_month_names(width, locale=locale).items()
    }
    return {**named, **_SPELLINGS}


@cache
def _weekdays() -> dict[str, int]:
    from babel.dates import get_day_names

    named = {
        str(name).casefold().strip("."): number
        for locale in ("en", "id")
        for width in ("abbreviated", "wide")
        for number, name in get_day_names(width, locale=locale).items()
    }
    return {**named, **_DAY_SPELLINGS}


def _day(year: int, month: int, day: int) -> str:
    """Return an ISO date, or an empty text if there is no such day in the years that are taken."""
    try:
        return dt.date(year, month, day).isoformat() if 1900 <= year < 2100 else ""
    except ValueError:
        return ""


def _checked(day: str, weekday: str | None) -> Reading:
    """Hold a day against the weekday that is written with it."""
    if not day:
        return Reading(code="date_impossible")
    if weekday:
        if weekday not in _weekdays():
            return Reading(code="type_date", near=day)
        if dt.date.fromisoformat(day).weekday() != _weekdays()[weekday]:
            return Reading(code="date_weekday", near=day)
    return Reading(day)


def _numeric_date(found: re.Match[str]) -> Reading:
    parts = [found["a"], found["b"], found["c"]]
    a, b, c = map(int, parts)
    sizes = tuple(map(len, parts))
    if sizes[0] == 4 and sizes[2] <= 2:
        return _checked(_day(a, b, c), found["weekday"]) if 1900 <= a < 2100 else _NO_DATE
    if sizes[2] == 4 and sizes[0] <= 2:
        if not 1900 <= c < 2100:
            return _NO_DATE
        if not _day(c, b, a) and (swapped := _day(c, a, b)):
            return Reading(code="date_order", near=swapped)
        return _checked(_day(c, b, a), found["weekday"])
    if sizes[0] <= 2 and sizes[2] <= 2:
        orders = ((2000 + c, b, a), (2000 + c, a, b), (2000 + a, b, c), (1900 + c, b, a))
        days = list(dict.fromkeys(day for order in orders if (day := _day(*order))))
        days = [day for day in days if day > "2"] if len(days) > 2 else days
        if len(days) > 1:
            return Reading(code="date_ambiguous", readings=tuple(days))
        return Reading(code="date_impossible")
    return _NO_DATE


def _named_date(found: re.Match[str]) -> Reading:
    month = _months().get(found["month"], 0)
    year = found["year"].lstrip("'")
    if not month:
        near = difflib.get_close_matches(found["month"], _months(), n=1, cutoff=0.6)
        day = _day(int(year), _months()[near[0]], int(found["day"])) if near else ""
        return Reading(code="type_date", near=day)
    if len(year) == 2:
        days = [_day(century + int(year), month, int(found["day"])) for century in (2000, 1900)]
        days = [day for day in days if day]
        if days:
            return Reading(code="date_ambiguous", readings=tuple(days))
        return Reading(code="date_impossible")
    if not 1900 <= int(year) < 2100:
        return _NO_DATE
    return _checked(_day(int(year), month, int(found["day"])), found["weekday"])
