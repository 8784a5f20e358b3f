"""Numbers, percentages and dates as readers of English or Indonesian write them."""

from __future__ import annotations

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
