"""Numbers, dates and hours as people type them, read only where one reading is possible."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from kube_research.formats import RUPIAH, Currency, currencies
from kube_research.frames import need_option
from kube_research.site.schema import PATTERNS, Column, tables
from kube_research.site.spellings import meant_value
from kube_research.site.turned import turned

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
    part : str
        The decimals of an amount of money as they are written, zeros included.
    """

    value: str = ""
    code: str = ""
    readings: tuple[str, ...] = ()
    near: str = ""
    part: str = ""

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
_NO_YEAR = re.compile(_WEEKDAY + r"(?P<day>[0-9]{1,2})[\s-]*(?P<month>[a-z]{3,})\.?")
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
    if re.fullmatch(r"(?:tgl\.?\s*|tanggal\s*)?(?:0?[1-9]|[12][0-9]|3[01])", written):
        return Reading(code="date_no_month")
    if (parts := _NO_YEAR.fullmatch(written)) and parts["month"] in _numbers_of("month"):
        return Reading(code="date_no_year")
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
NUMBER_KINDS = ("integer", "score", "money", "percent", "printed", "positive")
LOCAL_KINDS = (*NUMBER_KINDS, "percent_over", "date", "time")

#: What a spreadsheet writes where a formula fails (#REF!, Err:502) or a column is too narrow (####).
SHEET_ERROR = re.compile(
    r"#(?:[a-z]+(?:/0)?[!?]|n/a|nv|tn/a|getting_data|#{2,})|err:[0-9]{3}", re.IGNORECASE
)

_MINUS = str.maketrans("\u2212\u2013\u2012", "---")
_RUPIAH = re.compile(r"(?:rp\.?|idr)\s*", re.IGNORECASE)
#: A sign or code of some currency before or after an amount.
_ANY_CURRENCY = re.compile(r"(?:rp\.?|[a-z]{3}|[a-z]{0,3}[$€£¥₩₫₱฿])", re.IGNORECASE)
_NO_CENTS = re.compile(r"(?<=[0-9])[.,]\s?-{1,2}$")
_DIGITS = re.compile(r"[0-9][0-9.,]*")
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


def read_value(text: str, kind: str, currency: Currency = RUPIAH, mark: str = "") -> Reading:
    """Read a cell of any kind of column that has local forms.

    Parameters
    ----------
    text : str
        What stands in the cell: ``2,46``, ``Rp 1.500.000,00``, ``(20.000)``, ``75,5 %``;
        ``2016-03-05``, ``Sabtu, 5 Maret 2016``, ``05/03/2016``, ``5 Mar 2016``, ``March 5, 2016``;
        ``16:00``, ``9.30``, ``Pkl. 10.00 WIB``, ``1:30 PM``.
    kind : {"integer", "score", "money", "percent", "percent_over", "printed", "positive", "date",
        "time"}
        Kind of the column (``percent_over``: may be more than 100). Rupiah are whole, so ``1.500`` is
        fifteen hundred there; where so many decimals are possible the same digits have two readings and
        are refused. The digits of printed numbers stay as they are written.
    currency : Currency
        Of money, whose plain form counts the smallest unit: ``12.50`` is 1250 with two decimals.
    mark : str
        The decimal mark of the column, where other cells tell it.

    Returns
    -------
    Reading
        Refusals of numbers are ``ambiguous`` (``readings``: in thousands, with decimals),
        ``money_dash``, ``money_part`` (more decimals than the currency has) and ``money_other`` (the
        sign of another currency, ``near``). Those of days are ``date_impossible``
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
    >>> read_value("$12,50", "money", Currency("USD", 2)).value
    '1250'
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
    if kind == "money":
        return _money(text, currency, mark)
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
    negative, body = _sign(written)
    if percent and (parts := _COUNTS.fullmatch(written.casefold())):
        return Reading(code="type_percent", readings=(parts[1], parts[2]))
    if percent:
        body = re.sub(r"\s*(?:%|persen|percent)$", "", body, flags=re.IGNORECASE)
    if negative is None or not _DIGITS.fullmatch(body) or body[-1] in ".,":
        return wrong
    numbers = _readings(body)
    if len(numbers) > 1:
        return _ambiguous(negative, numbers)
    value = negative + "".join(numbers)
    return Reading(value) if re.fullmatch(PATTERNS[kind], value) else wrong


def _ambiguous(negative: str, numbers: list[str]) -> Reading:
    whole, part = sorted(numbers, key=lambda number: "." in number)
    return Reading(code="ambiguous", readings=(negative + whole, negative + part))


def _money(text: str, currency: Currency, mark: str) -> Reading:
    """Read an amount into the smallest unit of its currency."""
    wrong = Reading(code="type_money")
    written = _plain_spaces(text).translate(_MINUS)
    if len(written) > MAX_CELL:
        return wrong
    negative, body = _sign(written, _marks_of(currency))
    if body == "" and re.sub(_marks_of(currency), "", written).strip() == "-":
        return Reading(code="money_dash")
    if negative is None or not _DIGITS.fullmatch(body) or body[-1] in ".,":
        return _other_money(written) or wrong
    numbers = _readings(body)
    if len(numbers) > 1 and (mark or body[0] == "0" or not currency.decimals):
        decimal = mark in body if mark else body[0] == "0"
        if mark or decimal or "," not in body:  # 1.500 is fifteen hundred rupiah
            numbers = [number for number in numbers if ("." in number) == decimal]
    if len(numbers) > 1:
        return _ambiguous(negative, numbers)
    if not numbers:
        return wrong
    whole, _, part = numbers[0].partition(".")
    if len(part.rstrip("0")) > currency.decimals:
        return Reading(code="money_part", part=part)
    value = negative + whole + part[: currency.decimals].ljust(currency.decimals, "0")
    return Reading(value, part=part) if re.fullmatch(PATTERNS["money"], value) else wrong


def _other_money(written: str) -> Reading | None:
    """Return the refusal of an amount in another currency; None for what is no amount."""
    sign = _ANY_CURRENCY.search(written)
    if sign is None or not _DIGITS.fullmatch(_ANY_CURRENCY.sub("", written, 1).strip(" ()-")):
        return None
    known = not sign[0].isalpha() or sign[0].upper() in {"RP", *currencies()}
    return Reading(code="money_other", near=sign[0]) if known else None


@cache
def _marks_of(currency: Currency) -> re.Pattern[str]:
    """Return how a currency is written beside an amount: its code and its signs in both languages."""
    if currency.code == "IDR":
        return _RUPIAH
    marks = {currency.code, *(currency.mark(lang) for lang in ("en", "id"))}
    marks |= {mark[-1] for mark in marks if not mark[-1].isalnum()}
    listed = "|".join(sorted(map(re.escape, marks), key=len, reverse=True))
    return re.compile(rf"(?:{listed})\s*", re.IGNORECASE)


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


def _sign(written: str, marks: re.Pattern[str] | None = None) -> tuple[str | None, str]:
    """Take the sign off a number, and brackets and currency off money; None if there are two signs."""
    body, signs = written, []
    seen = False
    while body:
        if marks and body[0] == "(" and body[-1] == ")":
            signs.append("-")
            body = body[1:-1].strip()
        elif body[0] in "+-":
            signs.append(body[0])
            body = body[1:].strip()
        elif marks and not seen and (mark := marks.match(body)):
            seen = True
            body = body[mark.end() :]
        else:
            break
    if marks:
        if not seen and (mark := re.search(rf"\s*{marks.pattern}$", body, re.IGNORECASE)):
            body = body[: mark.start()]
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


#: Columns of choices in which words of other people are read, not only suggested.
READ_WORDS = ("direction",)
_PLUS, _MINUS_SIGNS = "+", "-\u2212\u2013"


def _worded(cells: pd.Series, column: Column) -> pd.Series:
    """Read words such as ``negatif``; a minus only where it is no mark of an empty cell.

    In a column of signs a minus stands beside a plus or a blank. Beside words, or alone in every
    cell, it may say that nothing is known, and is left to be refused.
    """
    texts = {text: _plain_spaces(text) for text in cells.dropna().unique()}
    signs = set(texts.values()) <= {_PLUS, *_MINUS_SIGNS}
    signs = signs and (_PLUS in texts.values() or bool(cells.isna().any()))
    meant = {
        text: meant_value(plain, column.name) or plain.casefold()
        for text, plain in texts.items()
        if signs or plain not in _MINUS_SIGNS
    }
    read = {text: word for text, word in meant.items() if word in column.allowed}
    return cells.map(read).fillna(cells).astype("string") if read else cells


Refused = dict[tuple[int, str], Reading]


def localised(
    frame: pd.DataFrame, name: str, currency: Currency = RUPIAH
) -> tuple[pd.DataFrame, Refused]:
    """Bring every number, date and hour of a text table into its plain form.

    Parameters
    ----------
    frame : DataFrame
        Text cells, as the readers give them.
    name : str
        Name of the table.
    currency : Currency
        Of the money in it.

    Returns
    -------
    DataFrame
        The same cells, money in its smallest unit; those in a local form with one reading are rewritten
        (``Rp 1.500`` to ``1500``, ``5 Maret 2016`` to ``2016-03-05``), those that are refused stand as
        they were.
    dict of (row, column) to Reading
        Why a cell is refused.

    Notes
    -----
    A column of printed numbers or percentages keeps a plain ``2.467``. Where another cell of the column
    marks decimals by a comma, the same cell may be in thousands and is refused with both readings. Where
    one amount has a part of the smallest unit, those with a part of zero (``10.00``) are refused too.

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
        if column.name in READ_WORDS and column.name in frame:
            changed[column.name] = _worded(frame[column.name], column)
        if column.kind not in LOCAL_KINDS or column.name not in frame:
            continue
        cells = frame[column.name]
        texts, plain = cells.dropna().unique(), re.compile(PATTERNS.get(column.form, "(?!)"))
        if column.kind == "money":
            readings = _amounts(texts, currency)
        else:
            read = [text for text in texts if not plain.fullmatch(text)]
            readings = {text: read_value(text, column.form) for text in read}
        readings |= {
            text: Reading(code="turned")
            for text, reading in readings.items()
            if column.kind in NUMBER_KINDS and reading.code.startswith("type_") and turned(text)
        }
        if column.kind in ("printed", "percent", "positive") and any(
            decimal_comma(text) and reading.ok for text, reading in readings.items()
        ):
            thousands = filter(_POINT_OR_THOUSAND.fullmatch, texts)
            readings |= {text: read_value(text, column.form) for text in thousands}
        if column.kind == "date":
            readings |= _either_order(readings)
        wrong = [text for text, reading in readings.items() if not reading.ok]
        for row, text in cells[cells.isin(wrong)].items() if wrong else ():
            refused[int(str(row)), column.name] = readings[text]
        local = {text: reading.value for text, reading in readings.items()}
        local = {text: value for text, value in local.items() if value not in ("", text)}
        if local:
            changed[column.name] = cells.map(local).fillna(cells).astype("string")
    if tables()[name].value_kinds and {*tables()[name].key, "value"} <= set(frame.columns):
        changed["value"], wrong_values = _named_values(frame, name, currency)
        refused |= wrong_values
    return frame.assign(**changed), refused


def _either_order(readings: Mapping[str, Reading]) -> dict[str, Reading]:
    """Return the dates of two orders, if another date of their column has the month first."""
    if not any(reading.code == "date_order" for reading in readings.values()):
        return {}
    both: dict[str, Reading] = {}
    for text, reading in readings.items():
        parts = _NUMERIC.fullmatch(_plain_spaces(text).casefold())
        if parts and reading.ok and len(parts["a"]) <= 2:
            swapped = _day(int(parts["c"]), int(parts["a"]), int(parts["b"]))
            if swapped not in ("", reading.value):
                days = (reading.value, swapped)
                both[text] = Reading(code="date_ambiguous", readings=days)
    return both


def _named_values(frame: pd.DataFrame, name: str, currency: Currency) -> tuple[pd.Series, Refused]:
    """Read the values that are calculated with, each as the kind that its row asks for.

    Money stays in whole units, with decimals: such a value may stand beside others.
    """
    (key,) = tables()[name].key
    values, refused = frame["value"].copy(), Refused()
    for row, kind in frame[key].map(tables()[name].value_kinds).dropna().items():
        text = values.at[row]
        if not isinstance(text, str) or SHEET_ERROR.fullmatch(text):
            continue
        plain = kind in PATTERNS and re.fullmatch(PATTERNS[kind], text) is not None
        if plain and not (kind == "money" and currency.decimals):
            continue  # plain already
        reading = read_value(text, kind, currency)
        if reading.ok and kind == "money":
            values.at[row] = currency.plain(int(reading.value))
        elif reading.ok:
            values.at[row] = reading.value
        else:
            refused[int(str(row)), "value"] = reading
    return values, refused


def unread_values(
    frame: pd.DataFrame, name: str, currency: Currency = RUPIAH
) -> dict[str, list[int]]:
    """Return by rule the rows of a table whose values are calculated with but cannot be read.

    Examples
    --------
    >>> import pandas as pd
    >>> facts = pd.DataFrame({"fact": ["minimum_wage"], "value": ["two million"]})
    >>> unread_values(facts, "facts")
    {'type_money': [0]}
    """
    rows: dict[str, list[int]] = {}
    for (row, _), reading in _named_values(frame, name, currency)[1].items():
        rows.setdefault(reading.code, []).append(row)
    return rows


def _amounts(texts: Iterable[str], currency: Currency) -> dict[str, Reading]:
    """Read the amounts of a column; what one of them tells of decimals holds for the others."""
    plain = re.compile(PATTERNS["money"])
    odd = [text for text in texts if currency.decimals or not plain.fullmatch(text)]
    readings = {text: read_value(text, "money", currency) for text in odd}
    if currency.decimals and any(r.code == "ambiguous" for r in readings.values()):
        marks = {_decimal_mark(text) for text, reading in readings.items() if reading.ok} - {""}
        if len(marks) == 1:
            mark = marks.pop()
            readings = {text: read_value(text, "money", currency, mark) for text in odd}
    if any(reading.code == "money_part" for reading in readings.values()):
        for text, reading in readings.items():
            if reading.ok and len(reading.part) > currency.decimals:
                readings[text] = Reading(code="money_part", part=reading.part)
    return readings


def _decimal_mark(text: str) -> str:
    """Return the decimal mark that an amount of one reading shows, or nothing."""
    marks = re.findall(r"(?<=[0-9])[.,](?=[0-9])", text)
    if len(marks) > 1 and marks[-1] == marks[-2]:  # marks thousands
        return "," if marks[-1] == "." else "."
    return marks[-1] if marks else ""
