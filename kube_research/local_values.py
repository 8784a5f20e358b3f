"""Numbers, dates and hours as people in Indonesia type them, read only where one reading is possible."""

from __future__ import annotations

import re

from kube_research.frames import need_option
from kube_research.local_dates import read_date as read_date
from kube_research.local_reading import MAX_CELL, plain_spaces
from kube_research.local_reading import Reading as Reading
from kube_research.schema import PATTERNS

#: Kinds of column whose cells are read here when they are not in the plain form.
NUMBER_KINDS = ("integer", "money", "percent", "printed")
LOCAL_KINDS = (*NUMBER_KINDS, "date", "time")

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
        The cell.
    kind : str
        ``integer``, ``money``, ``percent``, ``printed``, ``date`` or ``time``.

    Returns
    -------
    Reading

    Raises
    ------
    kube_research.errors.OptionError
        For another kind.

    Examples
    --------
    >>> read_value("Pkl. 9.30", "time").value
    '09:30'
    """
    need_option("kind", kind, LOCAL_KINDS)
    if kind == "date":
        return read_date(text)
    return read_time(text) if kind == "time" else read_number(text, kind)


def read_number(text: str, kind: str) -> Reading:
    """Read a number in its plain, its Indonesian or its English form.

    Parameters
    ----------
    text : str
        What stands in the cell: ``2,46``, ``Rp 1.500.000,00``, ``(20.000)``, ``75,5 %``.
    kind : {"integer", "money", "percent", "printed"}
        Kind of the column. Money is whole rupiah, so ``1.500`` is fifteen hundred there; where decimals
        are possible the same digits have two readings and are refused. The digits of printed numbers
        stay as they are written.

    Returns
    -------
    Reading
        Refusals are ``ambiguous`` (``readings``: in thousands, with decimals), ``money_dash``,
        ``money_part`` (a part of a rupiah) or ``type_<kind>``.

    Raises
    ------
    kube_research.errors.OptionError

    Notes
    -----
    The digits are read by babel (Unicode CLDR) under the Indonesian and the English rules, strictly:
    separators in the wrong place are no number. What both rules accept with different results has two
    readings.

    Examples
    --------
    >>> read_number("Rp 1.500.000,-", "money").value, read_number("2,40", "printed").value
    ('1500000', '2.40')
    >>> read_number("12,500", "money").readings
    ('12500', '12.500')
    """
    need_option("kind", kind, NUMBER_KINDS)
    wrong = Reading(code=f"type_{kind}")
    written = plain_spaces(text).translate(_MINUS)
    if len(written) > MAX_CELL:
        return wrong
    negative, body = _sign(written, kind)
    if kind == "money" and body == "" and written.strip("Rp. ") == "-":
        return Reading(code="money_dash")
    if kind == "percent":
        body = re.sub(r"\s*(?:%|persen|percent)$", "", body, flags=re.IGNORECASE)
    if negative is None or not _DIGITS.fullmatch(body) or body[-1] in ".,":
        return wrong
    found = _readings(body)
    if kind == "money" and "," not in body:  # nobody writes rupiah with three decimals
        found = [one for one in found if not _THREE_DECIMALS.fullmatch(one)]
    if len(found) > 1:
        whole, part = sorted(found, key=lambda one: "." in one)
        return Reading(code="ambiguous", readings=(negative + whole, negative + part))
    if not found:
        return wrong
    value = found[0]
    if kind == "money" and "." in value:
        whole, part = value.split(".")
        if part.strip("0"):
            return Reading(code="money_part")
        value = whole
    value = negative + value
    return Reading(value) if re.fullmatch(PATTERNS[kind], value) else wrong


def read_time(text: str) -> Reading:
    """Read hours and minutes: ``16:00``, ``9.30``, ``Pkl. 10.00 WIB``, ``1:30 PM``.

    Returns
    -------
    Reading
        The refusal is ``type_time``.

    Examples
    --------
    >>> read_time("10.00").value, read_time("24:00").code
    ('10:00', 'type_time')
    """
    found = _TIME.fullmatch(plain_spaces(text).casefold()[: MAX_CELL + 1])
    if not found or not found[0].isascii():
        return Reading(code="type_time")
    hour, half = int(found["hour"]), found["half"]
    if half and not 1 <= hour <= 12:
        return Reading(code="type_time")
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    value = f"{hour:02d}:{found['minute']}"
    return Reading(value) if re.fullmatch(PATTERNS["time"], value) else Reading(code="type_time")


def decimal_comma(text: str) -> bool:
    """Tell whether a cell marks its decimals by a comma."""
    return re.fullmatch(r"[^.]*[0-9],[0-9]{1,2}(?:[0-9]{2,})?\D*", text) is not None


def point_or_thousand(text: str) -> bool:
    """Tell whether a plain number could also be meant in thousands: ``2.467``."""
    return _POINT_OR_THOUSAND.fullmatch(text) is not None


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

    found: dict[object, str] = {}
    for locale, grouping, decimal in (("en", ",", "."), ("id", ".", ",")):
        try:
            number = parse_decimal(body, locale=locale, strict=True)
        except NumberFormatError:
            continue
        found.setdefault(number, body.replace(grouping, "").replace(decimal, "."))
    return list(found.values())
