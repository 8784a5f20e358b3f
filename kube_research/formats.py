"""Numbers, dates and money as readers of English or Indonesian write them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

import pandas as pd

from kube_research.texts import text


def number(value: float, lang: str, form: str = "0.00") -> str:
    """Return a number as readers of ``lang`` write it, with a true minus sign; blank for none.

    Examples
    --------
    >>> number(2.4667, "id"), number(-0.5, "en", "+0.0;-0.0")
    ('2,47', '−0.5')
    """
    from babel.numbers import format_decimal

    if pd.isna(value):
        return ""
    return str(format_decimal(round(float(value), 6), form, locale=lang)).replace("-", "−")


def as_printed(digits: str, lang: str) -> str:
    """Return a printed number with all its digits, as readers of ``lang`` write it.

    Examples
    --------
    >>> as_printed("2.40", "id")
    '2,40'
    """
    sign = "," if lang == "id" else "."
    return str(digits).replace(".", sign).replace("-", "−")


def percent(value: float, lang: str) -> str:
    """Return a number of percent with its sign; blank for none."""
    return number(value, lang, "0.#") + "%" if pd.notna(value) else ""


def counted(n: Any, of: Any, value: float, lang: str) -> str:
    """Return a result as its counts with the percentage; without counts the percentage alone.

    Examples
    --------
    >>> counted(15, 18, 250 / 3, "id"), counted(None, None, 82.5, "en")
    ('15 dari 18 (83%)', '82.5%')
    """
    if pd.isna(n) or pd.isna(of):
        return percent(value, lang)
    rounded = number(value, lang, "0") + "%"
    return text("format.counted", lang, n=whole(n, lang), of=whole(of, lang), percent=rounded)


def whole(count: int, lang: str) -> str:
    """Return a whole number with its thousands marked; blank for none.

    Examples
    --------
    >>> whole(1500000, "en"), whole(1500000, "id")
    ('1,500,000', '1.500.000')
    """
    return number(count, lang, "#,##0")


def probability(value: float, lang: str) -> str:
    """Return a p value of three decimals; a very small one as below 0.001, never as 0; blank for none.

    Examples
    --------
    >>> probability(0.0123, "id"), probability(0.00001, "en")
    ('0,012', '< 0.001')
    """
    below = "< " if value < 0.001 else ""
    return below + number(0.001 if below else value, lang, "0.000")


def day_of(day: object, lang: str, form: str = "d MMM y") -> str:
    """Return a date as readers of ``lang`` write it.

    Examples
    --------
    >>> day_of("2016-03-05", "id", "EEEE d MMMM y")
    'Sabtu 5 Maret 2016'
    """
    from babel.dates import format_date

    return str(format_date(pd.Timestamp(str(day)).date(), form, locale=lang))


def share(value: float, lang: str) -> str:
    """Return a share of 0 to 1 as percent of one decimal.

    Examples
    --------
    >>> share(0.125, "id")
    '12,5%'
    """
    return number(100 * float(value), lang, "0.0") + "%"


@dataclass(frozen=True)
class Currency:
    """The money of a site: amounts are whole numbers of its smallest unit.

    Attributes
    ----------
    code : str
        ISO 4217, such as ``IDR`` or ``USD``.
    decimals : int
        How many decimals amounts are written with: 2 where the smallest unit is a cent.

    Examples
    --------
    >>> Currency("USD", 2).plain(-1250), Currency().plain(1500000)
    ('-12.50', '1500000')
    """

    code: str = "IDR"
    decimals: int = 0

    @property
    def unit(self) -> int:
        """How many of the smallest unit make one."""
        return int(10**self.decimals)

    @property
    def name(self) -> str:
        """What sentences call it: rupiah, or the code."""
        return "rupiah" if self.code == "IDR" else self.code

    def mark(self, lang: str) -> str:
        """Return the sign before an amount: Rp, IDR, $, US$."""
        from babel.numbers import get_currency_symbol

        return str(get_currency_symbol(self.code, locale=lang))

    def plain(self, amount: float) -> str:
        """Return an amount of the smallest unit as files hold it: digits, a point, all decimals."""
        return f"{Decimal(round(amount)).scaleb(-self.decimals):.{self.decimals}f}"


@cache
def currencies() -> frozenset[str]:
    """Return the codes of all currencies (ISO 4217, as Unicode CLDR knows them).

    Examples
    --------
    >>> {"IDR", "USD"} <= currencies()
    True
    """
    from babel.numbers import list_currencies

    return frozenset(list_currencies())


def usual_decimals(code: str) -> int:
    """Return with how many decimals amounts of a currency are written; rupiah have none in practice.

    Examples
    --------
    >>> usual_decimals("IDR"), usual_decimals("USD"), usual_decimals("KWD")
    (0, 2, 3)
    """
    from babel.numbers import get_currency_precision

    return 0 if code == "IDR" else int(get_currency_precision(code))


#: What amounts are in where nothing is said.
RUPIAH = Currency()


def in_currency(amount: float, lang: str, currency: Currency = RUPIAH) -> str:
    """Return an amount of the smallest unit without its sign, thousands marked; blank for none.

    Examples
    --------
    >>> in_currency(125000, "id", Currency("USD", 2)), in_currency(125000, "en")
    ('1.250,00', '125,000')
    """
    if pd.isna(amount):
        return ""
    form = "#,##0" + ("." + "0" * currency.decimals if currency.decimals else "")
    return number(round(amount) / currency.unit, lang, form)


def money(amount: float, lang: str, currency: Currency = RUPIAH) -> str:
    """Return an amount of the smallest unit as readers of ``lang`` write it; blank for none.

    Examples
    --------
    >>> money(1500000, "en"), money(-20000, "id")
    ('IDR 1,500,000', '−Rp 20.000')
    >>> money(1250, "en", Currency("USD", 2)), money(-1250, "id", Currency("USD", 2))
    ('$12.50', '−US$12,50')
    """
    if pd.isna(amount):
        return ""
    mark = currency.mark(lang)
    space = " " if mark[-1].isalpha() else ""
    return f"{'−' if amount < 0 else ''}{mark}{space}{in_currency(abs(amount), lang, currency)}"


def currency_of(frame: Any) -> Currency:
    """Return the currency of the amounts in a frame: rupiah where nothing is said.

    Examples
    --------
    >>> prices = as_money(pd.DataFrame({"amount": [1250]}), Currency("USD", 2), "amount")
    >>> currency_of(prices).plain(prices["amount"][0])
    '12.50'
    """
    said = getattr(frame, "attrs", {})
    return Currency(said["currency"], said["decimals"]) if "currency" in said else RUPIAH


def as_money(frame: pd.DataFrame, currency: Currency, *columns: str) -> pd.DataFrame:
    """Return the frame with what its amounts are in, so that every table writes them so.

    Parameters
    ----------
    frame : DataFrame
    currency : Currency
        Nothing is said of whole rupiah, which need no other writing.
    *columns : str
        The columns that hold amounts of the smallest unit.
    """
    if currency != RUPIAH:
        money = [name for name in columns if name in frame]
        said = {"currency": currency.code, "decimals": currency.decimals, "money": money}
        frame = frame.copy()
        frame.attrs |= said
    return frame
