"""What a number shows. Oracle: SheetJS ssf 0.11, whose answers stand in the table, and the sum by hand.

Of numbers halfway between two shown ones ssf cuts the binary number (2.675 to 2.67); Excel shows 2.68.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kube_research.site.number_formats import shown_digits, shown_text

ACCOUNTING = '_-* #,##0.00_-;-* #,##0.00_-;_-* "-"??_-;_-@_-'
RUPIAH = '_-"Rp"* #,##0.00_-;-"Rp"* #,##0.00_-;_-"Rp"* "-"??_-;_-@_-'

#: Format, number, and the digits that are shown.
SHOWN = [
    ("General", 2.4, "2.4"),
    ("General", 3.0, "3"),
    ("@", 2.4, "2.4"),
    ("0", 2.4, "2"),
    ("0.00", 2.4, "2.40"),
    ("0.000", 2.4, "2.400"),
    ("#,##0.00", 2.4, "2.40"),
    ("#,##0.00", 1234.5, "1234.50"),
    ("#,##0", 1500000, "1500000"),
    ("0.00_);(0.00)", 2.4, "2.40"),
    ("0.00_);(0.00)", -2.4, "-2.40"),
    ("#,##0.00_);[Red]\\(#,##0.00\\)", -1234.5, "-1234.50"),
    (ACCOUNTING, 2.4, "2.40"),
    (ACCOUNTING, -2.4, "-2.40"),
    (RUPIAH, 2.4, "2.40"),
    ("[$-421]0.00", 2.4, "2.40"),
    ("[$Rp-421]#,##0.00", 1500, "1500.00"),
    ("[$-421]#,##0.00;-#,##0.00", 2.4, "2.40"),
    ("0.00;[Red]-0.00", 2.4, "2.40"),
    ("0.00;[Red]-0.00", -2.4, "-2.40"),
    ("[Blue]0.00;[Red]0.00;0.0", 0, "0.0"),
    ('0.00" poin"', 2.4, "2.40"),
    ("0.00\\ \\p", 2.4, "2.40"),
    ("?0.00", 2.4, "2.40"),
    ("0.0?", 2.4, "2.4"),
    ("0.##", 2.4, "2.4"),
    ("0.0#", 2, "2.0"),
    ("#.00", 0.5, "0.50"),
    ("0.00E+00", 2.4, "2.40"),
    ("0.00E+00", 24.6, "24.6"),
    ("0.0%", 0.755, "0.755"),
    ("0%", 0.5, "0.50"),
    ('0.0" %"', 75.5, "75.5"),
    ("[<1]0.000;0.00", 0.5, "0.500"),
    ("[<1]0.000;0.00", 2.4, "2.40"),
    ("[>=100]0;[>=10]0.0;0.00", 12.5, "12.5"),
    ("0.0,", 2400, "2400"),
    ("0.00", 2.466667, "2.47"),
    ("0.00", 2.675, "2.68"),
    ("0.00", -0.001, "0.00"),
    ("# ?/?", 2.5, "2.5"),
]


@pytest.mark.parametrize(("shape", "value", "digits"), SHOWN)
def test_digits_are_those_that_are_shown(shape: str, value: float, digits: str) -> None:
    assert shown_digits(value, shape) == digits


@given(
    st.integers(-99_999, 99_999),
    st.integers(0, 4),
    st.sampled_from(
        [
            "{}",
            "#,##{}",
            "{}_);({})",
            "{};[Red]-{}",
            "[$-421]{}",
            '{}" poin"',
            "?{}",
            "_-* {}_-;-* {}_-",
        ]
    ),
)
def test_every_frame_around_the_digits_keeps_them(number: int, decimals: int, frame: str) -> None:
    zeros = "0." + "0" * decimals if decimals else "0"
    value = Decimal(number).scaleb(-4)
    shown = value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    assert (
        shown_digits(float(value), frame.format(zeros, zeros))
        == f"{shown if shown else abs(shown)}"
    )


@pytest.mark.parametrize(
    ("shape", "value", "shown"),
    [
        ("00", 7, "07"),
        ('"K-"00', 7, "K-07"),
        ("00-00", 1234, "12-34"),
        ("00-00", 7, "00-07"),
        ("0000\\.00", 12345, "0123.45"),
        ("#,##0", 12345, "12345"),
        ("0.00E+00", 70, "7.00E+01"),
        ("0%", 0.95, "95%"),
        ("0.00", 1.1, "1.10"),
        ("General", 1.1, "1.1"),
        ("0;(0)", -3, "(3)"),
    ],
)
def test_codes_are_read_with_their_words_and_zeros(shape: str, value: float, shown: str) -> None:
    assert shown_text(value, shape) == shown
