"""Numbers, dates and hours as people type them, read only where one reading is possible."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from kube_research.frames import need_option
from kube_research.site.schema import PATTERNS, tables

if TYPE_CHECKING:
    import pandas as pd

#: Longer cells are no number, date or hour.
MAX_CELL = 60

_SPACES = re.compile("[\u00a0\u2000-\u200b\u202f\u205f\ufeff\\s]+")


@dataclass(frozen=True)
class Reading:
    """What a cell says, or why it cannot be read.

    Attributes
    ----------
    value : str
        The plain form that :func:`kube_research.site.schema.typed` takes: ``-20000``, ``2.40``,
        ``2016-03-05``, ``16:00``; empty when the cell is refused.
    code : str
        Why it is refused (key of the texts); empty when it is read.
    readings : tuple of str
        The plain forms of every reading of a value that has several.
    near : str
        The plain form that was probably meant by a cell that is refused for another reason.
    """

    value: str = ""
    code: str = ""
    readings: tuple[str, ...] = ()
    near: str = ""

    @property
    def ok(self) -> bool:
        """Whether there is exactly one reading."""
        return not self.code


_NO_DATE = Reading(code="type_date")

#: Older spellings of months and days, which Unicode CLDR does not know.
_SPELLINGS = {
    "month": {
        "agt": 8, "ags": 8, "agst": 8, "agus": 8, "sept": 9, "pebruari": 2, "peb": 2,
        "nopember": 11, "nop": 11,
    },
    "day": {"ahad": 6, "jum'at": 4},
}  # fmt: skip
_YEARS = range(1900, 2100)
_NOTHING = re.compile(r"(1899-12-3[01]|1900-01-[0-9]{2}|0?[01]/0?[01]/1900)(?: 00:00:00)?|00:00")

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
def _numbers_of(what: str) -> dict[str, int]:
    """Return the number of every month or day of the week by its names in both languages."""
    from babel import dates

    names_in = getattr(dates, f"get_{what}_names")
    names = {
        str(name).casefold().strip("."): number
        for locale in ("en", "id")
        for width in ("abbreviated", "wide")
        for number, name in names_in(width, locale=locale).items()
    }
    return names | _SPELLINGS[what]


def _date(text: str) -> Reading:
    """Read a day. Nothing is completed: a date without its day or year is refused."""
    written = _plain_spaces(text).casefold().replace("\u2019", "'")
    if len(written) > MAX_CELL or not written.isascii():
        return _NO_DATE
    if _NOTHING.fullmatch(written):
        return Reading(code="date_zero")
    if re.fullmatch(r"[1-9][0-9]{4}(?:\.[0-9]+)?", written):
        day = dt.date(1899, 12, 30) + dt.timedelta(days=int(written[:5]))
        return Reading(code="date_serial", near=day.isoformat())
    if parts := _NUMERIC.fullmatch(written):
        return _numeric_date(parts)
    if parts := _DAY_MONTH_YEAR.fullmatch(written) or _MONTH_DAY_YEAR.fullmatch(written):
        return _named_date(parts)
    if parts := _WITH_TIME.fullmatch(written):
        return Reading(code="type_date", near=_date(parts[1]).value)
    return _NO_DATE


def _day(year: int, month: int, day: int) -> str:
    """Return an ISO date, or an empty text if there is no such day in the years that are taken."""
    try:
        return dt.date(year, month, day).isoformat() if year in _YEARS else ""
    except ValueError:
        return ""


def _whole_date(year: int, month: int, day: int, weekday: str | None) -> Reading:
    """Read a date of full numbers, held against the weekday that is written with it."""
    if year not in _YEARS:
        return _NO_DATE
    written = _day(year, month, day)
    if not written:
        return Reading(code="date_impossible")
    if weekday and weekday not in _numbers_of("day"):
        return Reading(code="type_date", near=written)
    if weekday and dt.date.fromisoformat(written).weekday() != _numbers_of("day")[weekday]:
        return Reading(code="date_weekday", near=written)
    return Reading(written)


def _numeric_date(parts: re.Match[str]) -> Reading:
    a, b, c = int(parts["a"]), int(parts["b"]), int(parts["c"])
    sizes = len(parts["a"]), len(parts["c"])
    if sizes[0] == 4 and sizes[1] <= 2:
        return _whole_date(a, b, c, parts["weekday"])
    if sizes[0] <= 2 and sizes[1] == 4:
        if not _day(c, b, a) and (swapped := _day(c, a, b)):
            return Reading(code="date_order", near=swapped)
        return _whole_date(c, b, a, parts["weekday"])
    if max(sizes) > 2:
        return _NO_DATE
    orders = ((2000 + c, b, a), (2000 + c, a, b), (2000 + a, b, c), (1900 + c, b, a))
    days = list(dict.fromkeys(day for order in orders if (day := _day(*order))))
    days = [day for day in days if day > "2"] if len(days) > 2 else days
    if len(days) > 1:
        return Reading(code="date_ambiguous", readings=tuple(days))
    return Reading(code="date_impossible")


def _named_date(parts: re.Match[str]) -> Reading:
    month, day = _numbers_of("month").get(parts["month"], 0), int(parts["day"])
    year = parts["year"].lstrip("'")
    if not month:
        alike = difflib.get_close_matches(parts["month"], _numbers_of("month"), n=1, cutoff=0.6)
        near = _day(int(year), _numbers_of("month")[alike[0]], day) if alike else ""
        return Reading(code="type_date", near=near)
    if len(year) == 4:
        return _whole_date(int(year), month, day, parts["weekday"])
    days = tuple(filter(None, (_day(of + int(year), month, day) for of in (2000, 1900))))
    return Reading(code="date_ambiguous" if days else "date_impossible", readings=days)


#: Kinds of column whose cells are read here when they are not in the plain form.
NUMBER_KINDS = ("integer", "score", "money", "percent", "printed")
LOCAL_KINDS = (*NUMBER_KINDS, "percent_over", "date", "time")

#: What a spreadsheet writes where a formula fails.
SHEET_ERRORS = (
    "#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!",
    "#GETTING_DATA", "Err:502", "Err:508", "Err:509", "Err:522",
)  # fmt: skip

_MINUS = str.maketrans("\u2212\u2013\u2012", "---")
_CURRENCY = re.compile(r"(?:rp\.?|idr)\s*", re.IGNORECASE)
_NO_CENTS = re.compile(r"(?<=[0-9])[.,]\s?-{1,2}$")
_DIGITS = re.compile(r"[0-9][0-9.,]*")
_THREE_DECIMALS = re.compile(r"[0-9]+\.[0-9]{3}")
#: A count that stands where a percentage must: 15/18, 15 dari 18 (83%).
_COUNTS = re.compile(
    r"([0-9]{1,9}) ?(?:/|dari|of|out of) ?([0-9]{1,9})(?: (?:orang|people|peserta))?(?: ?\([^)]*\))?"
)
#: A plain number that could also be meant in thousands.
_POINT_OR_THOUSAND = re.compile(r"-?[1-9][0-9]{0,2}\.[0-9]{3}")

_TIME = re.compile(
    r"(?:(?:pkl|pukul|jam)\.?\s*)?(?P<hour>[0-9]{1,2})[:.](?P<minute>[0-9]{2})(?:[:.]00)?"
    r"(?:\s*(?P<half>[ap])\.?m\.?)?(?:\s*(?:wib|wita|wit))?"
)


def read_value(text: str, kind: str) -> Reading:
    """Read a cell of any kind of column that has local forms.

    Parameters
    ----------
    text : str
        What stands in the cell: ``2,46``, ``Rp 1.500.000,00``, ``(20.000)``, ``75,5 %``;
        ``2016-03-05``, ``Sabtu, 5 Maret 2016``, ``05/03/2016``, ``5 Mar 2016``, ``March 5, 2016``;
        ``16:00``, ``9.30``, ``Pkl. 10.00 WIB``, ``1:30 PM``.
    kind : {"integer", "score", "money", "percent", "percent_over", "printed", "date", "time"}
        Kind of the column (``percent_over``: may be more than 100). Money is whole rupiah, so
        ``1.500`` is fifteen hundred there; where decimals are possible the same digits have two
        readings and are refused. The digits of printed numbers stay as they are written.

    Returns
    -------
    Reading
        Refusals of numbers are ``ambiguous`` (``readings``: in thousands, with decimals),
        ``money_dash`` and ``money_part`` (a part of a rupiah). Those of days are ``date_impossible``
        (no such day), ``date_weekday`` (not that day of the week; ``near`` is the date), ``date_order``
        (possible only with the month first; ``near`` is that date), ``date_ambiguous`` (a year of two
        digits), ``date_serial`` (a number of Excel; ``near`` is the date it stands for) and
        ``date_zero`` (what Excel shows for nothing). Everything else is ``type_<kind>``.

    Raises
    ------
    kube_research.errors.OptionError
        For another kind.

    Notes
    -----
    The digits are read by babel (Unicode CLDR) under the Indonesian and the English rules, strictly:
    separators in the wrong place are no number. What both rules accept with different results has two
    readings. The names of months and days are those of babel, Indonesian and English, and a few older
    spellings. Dates were checked against dateparser.

    Examples
    --------
    >>> read_value("Rp 1.500.000,-", "money").value, read_value("2,40", "printed").value
    ('1500000', '2.40')
    >>> read_value("12,500", "money").readings
    ('12500', '12.500')
    >>> read_value("Sabtu 5 Maret 2016", "date").value, read_value("5 Maret 16", "date").readings
    ('2016-03-05', ('2016-03-05', '1916-03-05'))
    >>> read_value("Pkl. 9.30", "time").value, read_value("24:00", "time").code
    ('09:30', 'type_time')
    """
    need_option("kind", kind, LOCAL_KINDS)
    if kind == "date":
        return _date(text)
    return _time(text) if kind == "time" else _number(text, kind)


def _plain_spaces(text: str) -> str:
    """Return a text with every kind of blank as one plain blank, and none around it."""
    return _SPACES.sub(" ", text).strip()


def _number(text: str, kind: str) -> Reading:
    percent = kind.startswith("percent")
    wrong = Reading(code="type_percent" if percent else f"type_{kind}")
    written = _plain_spaces(text).translate(_MINUS)
    if len(written) > MAX_CELL:
        return wrong
    negative, body = _sign(written, kind)
    if kind == "money" and body == "" and written.strip("Rp. ") == "-":
        return Reading(code="money_dash")
    if percent and (parts := _COUNTS.fullmatch(written.casefold())):
        return Reading(code="type_percent", readings=(parts[1], parts[2]))
    if percent:
        body = re.sub(r"\s*(?:%|persen|percent)$", "", body, flags=re.IGNORECASE)
    if negative is None or not _DIGITS.fullmatch(body) or body[-1] in ".,":
        return wrong
    numbers = _readings(body)
    if kind == "money" and "," not in body:  # nobody writes rupiah with three decimals
        numbers = [number for number in numbers if not _THREE_DECIMALS.fullmatch(number)]
    if len(numbers) > 1:
        whole, part = sorted(numbers, key=lambda number: "." in number)
        return Reading(code="ambiguous", readings=(negative + whole, negative + part))
    if not numbers:
        return wrong
    value = numbers[0]
    if kind == "money" and "." in value:
        value, cents = value.split(".")
        if cents.strip("0"):
            return Reading(code="money_part")
    value = negative + value
    return Reading(value) if re.fullmatch(PATTERNS[kind], value) else wrong


def _time(text: str) -> Reading:
    wrong = Reading(code="type_time")
    parts = _TIME.fullmatch(_plain_spaces(text).casefold()[: MAX_CELL + 1])
    if not parts or not parts[0].isascii():
        return wrong
    hour, half = int(parts["hour"]), parts["half"]
    if half and not 1 <= hour <= 12:
        return wrong
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    value = f"{hour:02d}:{parts['minute']}"
    return Reading(value) if re.fullmatch(PATTERNS["time"], value) else wrong


def decimal_comma(text: str) -> bool:
    """Tell whether a cell marks its decimals by a comma."""
    return re.fullmatch(r"[^.]*[0-9],[0-9]{1,2}(?:[0-9]{2,})?\D*", text) is not None


def _sign(written: str, kind: str) -> tuple[str | None, str]:
    """Take signs, brackets and the currency off a number; None for the sign if there are two."""
    body, signs, money = written, [], kind == "money"
    seen = False
    while body:
        if money and body[0] == "(" and body[-1] == ")":
            signs.append("-")
            body = body[1:-1].strip()
        elif body[0] in "+-":
            signs.append(body[0])
            body = body[1:].strip()
        elif money and not seen and (mark := _CURRENCY.match(body)):
            seen = True
            body = body[mark.end() :]
        else:
            break
    if money:
        body = _NO_CENTS.sub("", body)
        if body.endswith("-"):
            signs.append("-")
            body = body[:-1].strip()
    if len(signs) > 1:
        return None, body
    return ("-" if "-" in signs else ""), body


def _readings(body: str) -> list[str]:
    """Return what digits with points and commas mean under English and Indonesian rules."""
    from babel.numbers import NumberFormatError, parse_decimal

    forms: dict[object, str] = {}
    for locale, grouping, decimal in (("en", ",", "."), ("id", ".", ",")):
        try:
            number = parse_decimal(body, locale=locale, strict=True)
        except NumberFormatError:
            continue
        forms.setdefault(number, body.replace(grouping, "").replace(decimal, "."))
    return list(forms.values())


Refused = dict[tuple[int, str], Reading]


def localised(frame: pd.DataFrame, name: str) -> tuple[pd.DataFrame, Refused]:
    """Bring every number, date and hour of a text table into its plain form.

    Parameters
    ----------
    frame : DataFrame
        Text cells, as the readers give them.
    name : str
        Name of the table.

    Returns
    -------
    DataFrame
        The same cells; those in a local form with one reading are rewritten (``Rp 1.500`` to ``1500``,
        ``5 Maret 2016`` to ``2016-03-05``), those that are refused stand as they were.
    dict of (row, column) to Reading
        Why a cell is refused.

    Notes
    -----
    A column of printed numbers or percentages keeps a plain ``2.467``. Where another cell of the column
    marks decimals by a comma, the same cell may be in thousands and is refused with both readings.

    Examples
    --------
    >>> import pandas as pd
    >>> book = pd.DataFrame({"date": ["5 Maret 2016"], "amount": ["(20.000)"]}, dtype="string")
    >>> localised(book, "ledger")[0].iloc[0].tolist()
    ['2016-03-05', '-20000']
    """
    refused: Refused = {}
    changed: dict[str, pd.Series] = {}
    for column in tables()[name].columns:
        if column.kind not in LOCAL_KINDS or column.name not in frame:
            continue
        cells = frame[column.name]
        texts, plain = cells.dropna().unique(), re.compile(PATTERNS.get(column.form, "(?!)"))
        readings = {
            text: read_value(text, column.form) for text in texts if not plain.fullmatch(text)
        }
        if column.kind in ("printed", "percent") and any(
            decimal_comma(text) and reading.ok for text, reading in readings.items()
        ):
            thousands = filter(_POINT_OR_THOUSAND.fullmatch, texts)
            readings |= {text: read_value(text, column.form) for text in thousands}
        wrong = [text for text, reading in readings.items() if not reading.ok]
        for row, text in cells[cells.isin(wrong)].items() if wrong else ():
            refused[int(str(row)), column.name] = readings[text]
        local = {text: reading.value for text, reading in readings.items()}
        local = {text: value for text, value in local.items() if value not in ("", text)}
        if local:
            changed[column.name] = cells.map(local).fillna(cells).astype("string")
    if tables()[name].value_kinds and {*tables()[name].key, "value"} <= set(frame.columns):
        changed["value"], wrong_values = _named_values(frame, name)
        refused |= wrong_values
    return frame.assign(**changed), refused


def _named_values(frame: pd.DataFrame, name: str) -> tuple[pd.Series, Refused]:
    """Read the values that are calculated with, each as the kind that its row asks for."""
    (key,) = tables()[name].key
    values, refused = frame["value"].copy(), Refused()
    for row, kind in frame[key].map(tables()[name].value_kinds).dropna().items():
        text = values.at[row]
        if not isinstance(text, str) or text in SHEET_ERRORS:
            continue
        reading = read_value(text, kind)
        if reading.ok:
            values.at[row] = reading.value
        else:
            refused[int(str(row)), "value"] = reading
    return values, refused


def unread_values(frame: pd.DataFrame, name: str) -> dict[str, list[int]]:
    """Return by rule the rows of a table whose values are calculated with but cannot be read.

    Examples
    --------
    >>> import pandas as pd
    >>> facts = pd.DataFrame({"fact": ["minimum_wage"], "value": ["two million"]})
    >>> unread_values(facts, "facts")
    {'type_money': [0]}
    """
    rows: dict[str, list[int]] = {}
    for (row, _), reading in _named_values(frame, name)[1].items():
        rows.setdefault(reading.code, []).append(row)
    return rows
