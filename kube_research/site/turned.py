"""What a spreadsheet makes of an entry without asking: a date of 7-2, a time of 2.40, 7E+01 of 07E1."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from kube_research.site.schema import TURNED_CODE

_MONTHS = {
    "Jan": 1, "Feb": 2, "Peb": 2, "Mar": 3, "Apr": 4, "May": 5, "Mei": 5, "Jun": 6, "Jul": 7, "Aug": 8,
    "Agu": 8, "Agt": 8, "Ags": 8, "Sep": 9, "Sept": 9, "Oct": 10, "Okt": 10, "Nov": 11, "Nop": 11,
    "Dec": 12, "Des": 12,
}  # fmt: skip
_MONTH = "(?P<b>[A-Z][a-z]{2,3})"

_ISO = re.compile(r"(?P<year>[0-9]{4})-(?P<b>[0-9]{2})-(?P<a>[0-9]{2}).*")
_NUMERIC = re.compile(r"(?P<a>[0-9]{1,2})[/.-](?P<b>[0-9]{1,2})[/.-](?P<year>[0-9]{2,4}).*")
_DAY_MONTH = re.compile(rf"(?P<a>[0-9]{{1,2}})-{_MONTH}(?:-(?P<year>[0-9]{{2,4}}))?")
_MONTH_YEAR = re.compile(rf"{_MONTH}-(?P<year>[0-9]{{2}})")
_TIME = re.compile(r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::00)?(?: [AP]M)?")
_POWER = re.compile(r"(?P<front>[0-9])(?:[.,](?P<behind>[0-9]+))?[Ee](?P<power>[+-][0-9]{1,3})")


@dataclass(frozen=True)
class Turned:
    """What a cell has become, and what may have been typed.

    Attributes
    ----------
    what : {"date", "time", "power"}
    entries : tuple of str
        The likeliest first; empty where digits are lost.
    """

    what: str
    entries: tuple[str, ...] = ()


def turned(cell: str) -> Turned | None:
    """Tell whether a text looks like what a spreadsheet makes of another entry.

    Examples
    --------
    >>> turned("2026-02-07").entries, turned("02-Jan").entries, turned("Mar-05").entries
    (('7-2', '2-7'), ('2-1', '1-2'), ('3-5', '5-3', '3-05'))
    >>> turned("02:40").entries, turned("7E+01").entries, turned("8,12E+11")
    (('2.40', '2:40'), ('7E1', '07E1', '70'), Turned(what='power', entries=()))
    >>> turned("K-07") is None
    True
    """
    if re.fullmatch(TURNED_CODE, cell) is None:
        return None
    if parts := _TIME.fullmatch(cell):
        hour, minute = int(parts["hour"]), parts["minute"]
        return Turned("time", (f"{hour}.{minute}", f"{hour}:{minute}"))
    if parts := _POWER.fullmatch(cell):
        front, behind, power = parts["front"], parts["behind"] or "", int(parts["power"])
        if len(behind.rstrip("0")) > 0 or not 0 <= power <= 9:
            return Turned("power")
        entries = (f"{front}E{power}", f"0{front}E{power}", f"{Decimal(front).scaleb(power):f}")
        return Turned("power", entries)
    for form in (_ISO, _NUMERIC, _DAY_MONTH, _MONTH_YEAR):
        if parts := form.fullmatch(cell):
            return Turned("date", _entries(parts.groupdict()))
    return None


def _entries(parts: dict[str, str | None]) -> tuple[str, ...]:
    """Return what becomes a date when it is typed: day and month, or month and year."""
    month, year = parts["b"] or "", (parts["year"] or "")[-2:]
    number = _MONTHS.get(month) or int(month)
    day = int(parts.get("a") or year)
    entries = [f"{day}-{number}", f"{number}-{day}"]
    if "a" not in parts:
        entries = [f"{number}-{day}", f"{day}-{number}", f"{number}-{year}"]
    elif day == 1 and year:
        entries.append(f"{number}-{year}")
    return tuple(dict.fromkeys(entries))


def lost_digits(cell: str) -> tuple[int, str]:
    """Return how many digits a number with a power of ten has, and those that are left of them.

    Examples
    --------
    >>> lost_digits("8.12E+11")
    (12, '812')
    """
    parts = _POWER.fullmatch(cell)
    if parts is None:
        return 0, ""
    return int(parts["power"]) + 1, parts["front"] + (parts["behind"] or "").rstrip("0")
