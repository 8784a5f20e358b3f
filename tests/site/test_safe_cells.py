"""Formula injection is neutralised; oracle: the signs that the OWASP page on CSV injection lists."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kube_research.site.sheets import plain_text, safe_text

SIGNS = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
TEXTS = st.text(st.sampled_from("=+-@\t\r\n;,|'\" a1\uff1d"), max_size=12) | st.text(max_size=20)


@pytest.mark.parametrize("sign", SIGNS)
def test_no_text_begins_with_a_sign_of_a_formula(sign: str) -> None:
    assert safe_text(f"{sign}cmd|' /C calc'!A0").startswith("'")


@given(TEXTS)
@example("''=1")
@example(";\t=1")
@example(',"=1')
def test_every_text_is_read_back_unchanged(value: str) -> None:
    assert plain_text(safe_text(value)) == value


@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_no_cell_is_a_formula_whatever_separator_a_program_uses(texts: list[str]) -> None:
    for written in ",;\t":
        line = io.StringIO()
        csv.writer(line, delimiter=written).writerow([safe_text(text) for text in texts])
        for split in ",;\t|":
            for row in csv.reader(io.StringIO(line.getvalue(), newline=""), delimiter=split):
                for cell in row:
                    assert not cell.lstrip().startswith(tuple("=@+")), (cell, texts)


@pytest.mark.parametrize("number", ["-25000", "+3", "2.46", "-1.500.000,00"])
def test_numbers_stay_numbers(number: str) -> None:
    assert safe_text(number) == number
