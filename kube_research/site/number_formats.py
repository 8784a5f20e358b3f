"""What a spreadsheet shows of a number under its format: 2.4 as 2.40, 7 as 07, 0.755 as 75.5%."""

from __future__ import annotations

import operator
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, cached_property

#: Pieces of a format: text in quotes, an escaped letter, the width of a letter, a filled gap, brackets,
#: the exponent, the plain form, and single signs.
_PIECE = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|_(?P<width>.)|\*(?P<fill>.)|\[(?P<bracket>[^\]]*)\]'
    r"|(?P<power>[eE][+-]0*[0#?]+)|(?P<general>General)|(?P<sign>.)",
    re.DOTALL | re.IGNORECASE,
)
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?[0-9]+(?:\.[0-9]+)?)")
_HOLDS = {"<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge,
          "=": operator.eq, "<>": operator.ne}  # fmt: skip
_CURRENCY = re.compile(r"\$([^-]*)(?:-.*)?")

#: A spreadsheet keeps so many digits of a number.
DIGITS_KEPT = 15


@dataclass(frozen=True)
class Section:
    """One section of a format: pieces of a kind (digit, point, comma, percent, power, text)."""

    pieces: tuple[tuple[str, str], ...]
    condition: tuple[str, Decimal] | None = None

    @cached_property
    def plain(self) -> bool:
        """Whether it shows a number as it is stored: the format General, text, or no digits at all."""
        kinds = {kind for kind, _ in self.pieces}
        return "general" in kinds or "fraction" in kinds or "digit" not in kinds

    @cached_property
    def percents(self) -> int:
        """How often the number is taken times 100."""
        return sum(kind == "percent" for kind, _ in self.pieces)

    @cached_property
    def power(self) -> bool:
        """Whether it shows a power of ten."""
        return any(kind == "power" for kind, _ in self.pieces)

    @cached_property
    def thousands(self) -> int:
        """How often the number is divided by 1000: commas behind the last digit of their part."""
        behind = 0
        for part in (self.whole, self.pieces[self.point :]):
            kinds = [kind for kind, _ in part if kind in ("digit", "comma")]
            while kinds and kinds.pop() == "comma":
                behind += 1
        return behind

    @cached_property
    def point(self) -> int:
        """Place of the piece that is the decimal point, or the number of pieces."""
        kinds = [kind for kind, _ in self.pieces]
        return kinds.index("point") if "point" in kinds else len(kinds)

    @property
    def whole(self) -> tuple[tuple[str, str], ...]:
        """The pieces before the decimal point."""
        return self.pieces[: self.point]

    @cached_property
    def decimals(self) -> str:
        """The signs of the digits behind the decimal point."""
        behind = self.pieces[self.point + 1 :]
        return "".join(text for kind, text in behind if kind == "digit")


@cache
def _sections(shape: str) -> tuple[Section, ...]:
    """Split a format into its sections."""
    sections: list[Section] = []
    pieces: list[tuple[str, str]] = []
    condition: tuple[str, Decimal] | None = None
    for part in _PIECE.finditer(f"{shape};"):
        kind, text = str(part.lastgroup), part[str(part.lastgroup)]
        if kind == "sign" and text == ";":
            sections.append(Section(tuple(pieces), condition))
            pieces, condition = [], None
        elif kind == "bracket" and (wanted := _CONDITION.fullmatch(text)):
            condition = wanted[1], Decimal(wanted[2])
        elif kind == "bracket" and (money := _CURRENCY.fullmatch(text)):
            pieces.append(("text", money[1]))
        elif kind in ("quoted", "escaped"):
            pieces.append(("text", text))
        elif kind in ("general", "power"):
            pieces.append((kind, text))
        elif kind == "width":
            pieces.append(("text", " "))
        elif kind == "sign":
            pieces.append((_SIGNS.get(text, "text"), text))
    return tuple(sections)


_SIGNS = {
    **dict.fromkeys("0#?", "digit"),
    ".": "point",
    ",": "comma",
    "%": "percent",
    "/": "fraction",
}


def _section(value: Decimal, shape: str) -> Section:
    """Choose the section of a format that applies to a number."""
    sections = _sections(shape)[:4]
    numbers = sections[:3]
    if any(section.condition for section in numbers):
        for section in numbers:
            if section.condition is None or _HOLDS[section.condition[0]](
                value, section.condition[1]
            ):
                return section
        return numbers[-1]
    if value < 0 and len(numbers) > 1:
        return numbers[1]
    return numbers[2] if value == 0 and len(numbers) > 2 else numbers[0]


def _exact(value: float) -> Decimal:
    """Return a number with the digits that a spreadsheet keeps of it."""
    return Decimal(f"{value:.{DIGITS_KEPT}g}") if isinstance(value, float) else Decimal(value)


def is_percent(value: float, shape: str) -> bool:
    """Tell whether a number is shown as a percentage.

    Examples
    --------
    >>> is_percent(0.75, "0.0%"), is_percent(75, '0.0" %"')
    (True, False)
    """
    section = _section(_exact(value), shape)
    return section.percents > 0 and not section.plain


def is_power(value: float, shape: str) -> bool:
    """Tell whether a number is shown with a power of ten.

    Examples
    --------
    >>> is_power(70, "0.00E+00"), is_power(70, "0.00")
    (True, False)
    """
    section = _section(_exact(value), shape)
    return section.power and not section.plain


def shown_digits(value: float, shape: str) -> str:
    """Return the digits that a number shows, as a plain number.

    Parameters
    ----------
    value : float or int
        What the cell holds.
    shape : str
        Its number format, as the workbook writes it.

    Returns
    -------
    str
        With a decimal point and every decimal that is shown, without thousands separators, currency
        and words; a percentage as the share it stands for (75.5% as 0.755), a power of ten written out.
        Under the format General, and where a fraction is shown, the number as it is stored.

    Notes
    -----
    Sections for negative numbers, zero and conditions are told apart; a number that is cut is rounded
    half away from zero, after the 15 digits that a spreadsheet keeps. Tested against SheetJS ssf.

    Examples
    --------
    >>> shown_digits(2.4, "#,##0.00"), shown_digits(2.4, "0.00_);(0.00)"), shown_digits(2.4, "General")
    ('2.40', '2.40', '2.4')
    >>> shown_digits(-2.466667, "0.00;[Red]-0.00"), shown_digits(0.755, "0.0%")
    ('-2.47', '0.755')
    """
    number = _exact(value)
    section = _section(number, shape)
    if section.plain:
        return stored_digits(value)
    shown = _rounded(number, section)
    digits = f"{shown:f}"
    return digits if shown else digits.lstrip("-")


def stored_digits(value: float) -> str:
    """Return a number as it is stored, without a power of ten and spare zeros.

    Examples
    --------
    >>> stored_digits(3.0), stored_digits(2.4), stored_digits(1e20), stored_digits(1e-7)
    ('3', '2.4', '100000000000000000000', '0.0000001')
    """
    return str(int(value)) if value == int(value) else f"{Decimal(repr(value)):f}"


def _rounded(number: Decimal, section: Section) -> Decimal:
    """Cut a number to the decimals that are shown; zeros behind them stay where they are shown."""
    if section.power:
        places = sum(kind == "digit" for kind, _ in section.whole) or 1
        power = number.adjusted() if number else 0
        power = power // places * places
        if abs(_cut(number.scaleb(-power), section.decimals)) >= 10**places:
            power += places
        return _cut(number.scaleb(-power), section.decimals).scaleb(power)
    move = 2 * section.percents - 3 * section.thousands
    return _cut(number.scaleb(move), section.decimals).scaleb(-move)


def _cut(number: Decimal, decimals: str) -> Decimal:
    """Round to as many decimals; those of # and ? fall away where they are zeros at the end."""
    cut = number.quantize(Decimal(1).scaleb(-len(decimals)), ROUND_HALF_UP)
    least = decimals.rfind("0") + 1
    while len(decimals) > least and cut == cut.quantize(Decimal(1).scaleb(1 - len(decimals))):
        decimals = decimals[:-1]
        cut = cut.quantize(Decimal(1).scaleb(-len(decimals)))
    return cut


def shown_text(value: float, shape: str) -> str:
    """Return a number as it is shown, with its words and leading zeros, but no thousands separators.

    Parameters
    ----------
    value, shape
        As for :func:`shown_digits`.

    Examples
    --------
    >>> shown_text(7, "00"), shown_text(7, '"K-"00'), shown_text(1234, "00-00")
    ('07', 'K-07', '12-34')
    >>> shown_text(70, "0.00E+00"), shown_text(0.95, "0%")
    ('7.00E+01', '95%')
    >>> shown_text(1500000, "#,##0"), shown_text(1.1, "0.00")
    ('1500000', '1.10')
    """
    number = _exact(value)
    section = _section(number, shape)
    if section.plain:
        return stored_digits(value)
    shown = _rounded(number, section)
    power = ""
    if section.power:
        places = sum(kind == "digit" for kind, _ in section.whole) or 1
        of_ten = shown.adjusted() // places * places if shown else 0
        shown, power = shown.scaleb(-of_ten), f"E{of_ten:+03d}"
    else:
        shown = shown.scaleb(2 * section.percents - 3 * section.thousands)
    whole, _, decimals = f"{abs(shown):f}".partition(".")
    minus = "-" if shown < 0 and _sign_is_ours(number, shape) else ""
    written = (
        minus + "".join(_spread(whole, section)) + ("." if decimals else "") + decimals + power
    )
    behind = section.pieces[section.point :]
    words = [text for kind, text in behind if kind in ("text", "percent")]
    return "".join([written, *words]).strip()


def _sign_is_ours(number: Decimal, shape: str) -> bool:
    """Tell whether a negative number shows a minus that its section does not write itself."""
    sections = _sections(shape)[:3]
    return len(sections) == 1 or any(section.condition for section in sections)


def _spread(whole: str, section: Section) -> Iterator[str]:
    """Put whole digits on their places, from the right, between the words of the format."""
    places = sum(kind == "digit" for kind, _ in section.whole)
    zeros = [text for kind, text in section.whole if kind == "digit"]
    least = places - zeros.index("0") if "0" in zeros else 0
    digits = ("" if whole == "0" else whole).rjust(least, "0")
    first, waiting = max(len(digits) - places, 0), places
    started = False
    for kind, text in section.whole:
        if kind == "digit":
            taken = digits[:first] if not started else ""
            started = True
            place = len(digits) - waiting
            yield taken + (digits[place] if place >= 0 else "")
            waiting -= 1
        elif kind in ("text", "percent"):
            yield text
