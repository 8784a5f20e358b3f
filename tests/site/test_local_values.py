"""Numbers, dates and hours as people type them: exactly one reading, or a refusal with all of them.

Oracles: values written by hand; for formatted numbers and days the round trip through babel's writer
(Unicode CLDR); for days, where it is installed, dateparser, which is another reader of such dates.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

import pandas as pd
import pytest
from babel.dates import format_date
from babel.numbers import format_decimal
from hypothesis import given
from hypothesis import strategies as st

from kube_research.errors import OptionError
from kube_research.site.local_values import (
    LOCAL_KINDS,
    NUMBER_KINDS,
    localised,
    read_value,
    weekday_name,
)
from kube_research.site.schema import PATTERNS, typed

READ = [
    ("money", "1500000", "1500000"),
    ("money", "Rp 1.500.000", "1500000"),
    ("money", "Rp1.500.000,00", "1500000"),
    ("money", "Rp. 1.500.000,-", "1500000"),
    ("money", "rp 1.500.000,--", "1500000"),
    ("money", "IDR 1,500,000.00", "1500000"),
    ("money", "1.500", "1500"),
    ("money", "50.000", "50000"),
    ("money", "1500,00", "1500"),
    ("money", "1500.00", "1500"),
    ("money", "Rp\u00a020.000", "20000"),
    ("money", "(20.000)", "-20000"),
    ("money", "(Rp 20.000)", "-20000"),
    ("money", "Rp (20.000)", "-20000"),
    ("money", "-20.000", "-20000"),
    ("money", "- 20.000", "-20000"),
    ("money", "-Rp20.000", "-20000"),
    ("money", "Rp -20.000", "-20000"),
    ("money", "\u221220.000", "-20000"),
    ("money", "\u201320.000,00", "-20000"),
    ("money", "20.000-", "-20000"),
    ("money", "+20.000", "20000"),
    ("printed", "2,46", "2.46"),
    ("printed", "2,40", "2.40"),
    ("printed", "2.46", "2.46"),
    ("printed", "0,500", "0.500"),
    ("printed", "2,4667", "2.4667"),
    ("printed", "1.234,5", "1234.5"),
    ("printed", "-2,46", "-2.46"),
    ("percent", "75%", "75"),
    ("percent", "75,5 %", "75.5"),
    ("percent", "75,5\u00a0%", "75.5"),
    ("percent", "90 persen", "90"),
    ("integer", "1.500.000", "1500000"),
    ("integer", "3\u00a0", "3"),
    ("date", "2016-03-05", "2016-03-05"),
    ("date", "5 Maret 2016", "2016-03-05"),
    ("date", "05 maret 2016", "2016-03-05"),
    ("date", "Sabtu 5 Maret 2016", "2016-03-05"),
    ("date", "Sabtu, 05 Maret 2016", "2016-03-05"),
    ("date", "Saturday, 5 March 2016", "2016-03-05"),
    ("date", "Jum'at, 4 Maret 2016", "2016-03-04"),
    ("date", "Jum\u2019at 4 Maret 2016", "2016-03-04"),
    ("date", "Ahad 6 Maret 2016", "2016-03-06"),
    ("date", "tgl 5 Maret 2016", "2016-03-05"),
    ("date", "5 Mar 2016", "2016-03-05"),
    ("date", "5-Mar-2016", "2016-03-05"),
    ("date", "5 Agt. 2016", "2016-08-05"),
    ("date", "5 Nopember 2016", "2016-11-05"),
    ("date", "March 5, 2016", "2016-03-05"),
    ("date", "05/03/2016", "2016-03-05"),
    ("date", "5-3-2016", "2016-03-05"),
    ("date", "5.3.2016", "2016-03-05"),
    ("date", "Sabtu, 05/03/2016", "2016-03-05"),
    ("date", "2016/03/05", "2016-03-05"),
    ("date", "29 Februari 2016", "2016-02-29"),
    ("time", "10.00", "10:00"),
    ("time", "9:00", "09:00"),
    ("time", "Pkl. 10.00", "10:00"),
    ("time", "pukul 08.15 WIB", "08:15"),
    ("time", "10:00 WITA", "10:00"),
    ("time", "10:00:00", "10:00"),
    ("time", "1:30 PM", "13:30"),
    ("time", "12:05 am", "00:05"),
]

REFUSED = [
    ("money", "12,500", "ambiguous", ("12500", "12.500")),
    ("money", "-1,234", "ambiguous", ("-1234", "-1.234")),
    ("money", "12,5", "money_part", ()),
    ("money", "0.500", "money_part", ()),
    ("money", "1.500,50", "money_part", ()),
    ("money", "1500.5", "money_part", ()),
    ("money", "-", "money_dash", ()),
    ("money", "Rp -", "money_dash", ()),
    *(
        ("money", text, "type_money", ())
        for text in (
            "15.00.000", "1.500.00", "1 500", "1,5 juta", "20rb", "--5", "-(5)", "(5", "5)",
            "Rp", "Rp Rp 5", "5,", ",5", "1e3", "٣", "", "9" * 16, "9" * 99,
        )
    ),
    ("printed", "1.500", "ambiguous", ("1500", "1.500")),
    ("printed", "2,467", "ambiguous", ("2467", "2.467")),
    ("printed", "75%", "type_printed", ()),
    ("printed", "2,4,6", "type_printed", ()),
    ("percent", "1.500", "ambiguous", ("1500", "1.500")),
    ("percent", "101", "type_percent", ()),
    ("percent", "-5%", "type_percent", ()),
    ("integer", "1.500", "ambiguous", ("1500", "1.500")),
    ("integer", "2,5", "type_integer", ()),
    ("integer", "3,0", "type_integer", ()),
    ("integer", "(3)", "type_integer", ()),
    ("date", "03/04/16", "date_ambiguous", ("2016-04-03", "2016-03-04", "2003-04-16")),
    ("date", "31/12/99", "date_ambiguous", ("2099-12-31", "1999-12-31")),
    ("date", "5 Maret 16", "date_ambiguous", ("2016-03-05", "1916-03-05")),
    ("date", "31 Februari 2016", "date_impossible", ()),
    ("date", "2016-02-30", "date_impossible", ()),
    ("date", "30/02/2016", "date_impossible", ()),
    ("date", "13/13/2016", "date_impossible", ()),
    ("date", "1900-01-00", "date_zero", ()),
    ("date", "00:00", "date_zero", ()),
    ("date", "5 Maret", "date_no_year", ()),
    ("date", "Sabtu, 5 Mar", "date_no_year", ()),
    ("date", "5", "date_no_month", ()),
    ("date", "tgl 12", "date_no_month", ()),
    ("date", "32", "type_date", ()),
    *(
        ("date", text, "type_date", ())
        for text in (
            "Desember 2016", "2016", "Maret", "kemarin", "besok", "hari ini", "05032016",
            "0024-02-10", "9999-12-31", "5 Maret 9999", "٢٠٢٤-02-10", "1/2", "-", "", "5 x 2016",
            "x" * 99,
        )
    ),
    *(
        ("time", text, "type_time", ())
        for text in (
            "24:00", "12:60", "12:30:30", "10.5", "10", "13:00 PM", "0:30 am", "", "pagi", "١٠:٠٠",
        )
    ),
]  # fmt: skip

NEAR = [
    ("03/13/2016", "date_order", "2016-03-13"),
    ("Minggu, 5 Maret 2016", "date_weekday", "2016-03-05"),
    ("Sunday 05/03/2016", "date_weekday", "2016-03-05"),
    ("42434", "date_serial", "2016-03-05"),
    ("5 Maert 2016", "type_date", "2016-03-05"),
    ("Sbtu 5 Maret 2016", "type_date", "2016-03-05"),
    ("2024-02-10 00:00:00", "type_date", "2024-02-10"),
    ("10/02/2024 9.30", "type_date", "2024-02-10"),
]


@pytest.mark.parametrize(("kind", "text", "value"), READ)
def test_one_reading_is_taken(kind: str, text: str, value: str) -> None:
    reading = read_value(text, kind)
    assert (reading.value, reading.code, reading.ok) == (value, "", True)


@pytest.mark.parametrize(("kind", "text", "code", "readings"), REFUSED)
def test_anything_else_is_refused_with_its_readings(
    kind: str, text: str, code: str, readings: tuple[str, ...]
) -> None:
    reading = read_value(text, kind)
    assert (reading.value, reading.code, reading.readings) == ("", code, readings)


@pytest.mark.parametrize(("text", "code", "near"), NEAR)
def test_a_refused_date_says_which_one_was_probably_meant(text: str, code: str, near: str) -> None:
    reading = read_value(text, "date")
    assert (reading.value, reading.code, reading.near) == ("", code, near)


def test_unknown_kinds_are_told() -> None:
    with pytest.raises(OptionError):
        read_value("1", "text")


def test_weekdays_have_their_names() -> None:
    assert [weekday_name("2016-03-06", lang) for lang in ("en", "id")] == ["Sunday", "Minggu"]


# -- against other writers and readers -------------------------------------------------------

DAYS = st.dates(dt.date(1901, 1, 1), dt.date(2099, 12, 31))
FORMS = ("d MMMM y", "EEEE, d MMMM y", "EEEE dd MMMM y", "dd MMM y", "dd/MM/y", "d-M-y", "d.M.y")


@given(DAYS, st.sampled_from(FORMS), st.sampled_from(["id", "en"]))
def test_days_written_by_babel_are_read_back(day: dt.date, form: str, locale: str) -> None:
    assert read_value(format_date(day, form, locale=locale), "date").value == day.isoformat()


@given(DAYS, st.sampled_from(FORMS[:4]), st.sampled_from(["id", "en"]))
def test_days_are_read_as_another_reader_reads_them(day: dt.date, form: str, locale: str) -> None:
    dateparser = pytest.importorskip("dateparser")
    written = format_date(day, form, locale=locale)
    settings = {"DATE_ORDER": "DMY", "REQUIRE_PARTS": ["day", "month", "year"]}
    other = dateparser.parse(written, languages=[locale], settings=settings)
    assert other is not None
    assert read_value(written, "date").value == other.date().isoformat()


@given(DAYS, st.integers(0, 6))
def test_a_weekday_must_be_that_of_the_day(day: dt.date, step: int) -> None:
    name = weekday_name((day + dt.timedelta(days=step)).isoformat(), "id")
    reading = read_value(f"{name}, {format_date(day, 'd MMMM y', locale='id')}", "date")
    assert (reading.code, reading.near) == (("date_weekday", day.isoformat()) if step else ("", ""))


@given(st.integers(-(10**14), 10**14), st.sampled_from(["", "Rp ", "Rp"]), st.booleans())
def test_rupiah_written_by_babel_are_read_back(amount: int, mark: str, brackets: bool) -> None:
    digits = format_decimal(abs(amount), locale="id")
    written = f"{mark}{digits}"
    if amount < 0:
        written = f"({written})" if brackets else f"-{written}"
    assert read_value(written, "money").value == str(amount)


@given(st.decimals(0, 999999, places=2))
def test_decimals_written_by_babel_keep_their_digits(number: Decimal) -> None:
    written = format_decimal(number, format="#,##0.00", locale="id")
    assert read_value(written, "printed").value == f"{number:.2f}"


@given(st.text(max_size=20), st.sampled_from(LOCAL_KINDS))
def test_any_text_is_read_or_refused(text: str, kind: str) -> None:
    reading = read_value(text, kind)
    assert bool(reading.value) != bool(reading.code)
    if reading.value:
        assert re.fullmatch(PATTERNS.get(kind, r"\d{4}-\d\d-\d\d"), reading.value)


@given(st.text("0123456789.,-+()Rp% ", max_size=14), st.sampled_from(NUMBER_KINDS))
def test_what_is_read_is_the_only_number_the_digits_can_be(text: str, kind: str) -> None:
    reading = read_value(text, kind)
    if reading.ok:
        digits = re.sub(r"\D", "", text)
        read = reading.value.lstrip("-").replace(".", "")
        assert digits.startswith(read)  # never another digit, at most zero cents are dropped
        assert set(digits[len(read) :]) <= {"0"}


@given(st.dates(dt.date(2000, 1, 1), dt.date(2030, 1, 1)))
def test_the_days_of_excel_numbers_are_those_of_excel(day: dt.date) -> None:
    from openpyxl.utils.datetime import to_excel

    assert read_value(str(int(to_excel(day))), "date").near == day.isoformat()


def test_hours_have_two_digits() -> None:
    assert [read_value(f"{hour}.05", "time").value for hour in (0, 9, 23)] == [
        "00:05",
        "09:05",
        "23:05",
    ]


# -- tables ----------------------------------------------------------------------------------


def frame(**columns: list[str | None]) -> pd.DataFrame:
    index = range(2, 2 + len(next(iter(columns.values()))))
    return pd.DataFrame(columns, index=pd.Index(index), dtype="string")


def test_local_tables_get_the_same_types_as_plain_ones() -> None:
    local = frame(date=["5 Maret 2016", "06/03/2016", None], amount=["Rp 1.500", "(20)", None],
                  note=["Rp 1.500", "5 Maret 2016", None])  # fmt: skip
    plain = frame(date=["2016-03-05", "2016-03-06", None], amount=["1500", "-20", None],
                  note=["Rp 1.500", "5 Maret 2016", None])  # fmt: skip
    done, refused = localised(local, "ledger")
    assert refused == {}
    pd.testing.assert_frame_equal(typed(done, "ledger"), typed(plain, "ledger"))
    pd.testing.assert_frame_equal(localised(plain, "ledger")[0], plain)


def test_plain_three_decimals_are_in_doubt_only_beside_decimal_commas() -> None:
    assert localised(frame(mean=["2.467", "2.33"]), "item_means")[1] == {}
    done, refused = localised(frame(mean=["2.467", "2,33"]), "item_means")
    assert {spot: reading.readings for spot, reading in refused.items()} == {
        (2, "mean"): ("2467", "2.467")
    }
    assert done["mean"].tolist() == ["2.467", "2.33"]


def test_refused_cells_stand_as_they_were() -> None:
    done, refused = localised(frame(amount=["12,500", "x", "Rp 5"]), "ledger")
    assert done["amount"].tolist() == ["12,500", "x", "5"]
    assert {spot: reading.code for spot, reading in refused.items()} == {
        (2, "amount"): "ambiguous",
        (3, "amount"): "type_money",
    }
