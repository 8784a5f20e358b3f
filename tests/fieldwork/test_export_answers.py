"""Answers as they stand in exports."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kube_research.fieldwork.answers import ChoiceReader
from kube_research.fieldwork.meanings import scale_words
from kube_research.fieldwork.scores import ScoreReader


@pytest.mark.parametrize(
    ("cell", "value", "code"),
    [
        ("3", "3", ""), ("3.0", "3", ""), ("3,0", "3", ""), ("+3", "3", ""), ("3 - Baik", "3", ""),
        ("3 – Baik", "3", ""), ("3. Baik", "3", ""), ("3 = Baik", "3", ""), ("3 (Baik)", "3", ""),
        ("(3) Baik", "3", ""), ("3 Baik", "3", ""), ("Baik (3)", "3", ""), ("Baik = 3", "3", ""),
        ("skor_3", "3", ""), ("Baik", "3", ""), ("SANGAT baik ", "4", ""), ("Sangat kurang", "1", ""),
        ("", "", ""), ("n/a", "", ""),
        ("0", "", "off_scale"), ("5", "", "off_scale"), ("3.5", "", "off_step"),
        ("4,5", "", "off_scale"),

        ("5 - Baik", "", "off_scale"), ("3/4", "", "score_unknown"), ("3 dari 4", "", "score_unknown"),
        ("2016-03-04", "", "score_unknown"),
        ("Lumayan", "", "score_unknown"), ("-", "", ""),
        ("#REF!", "", "score_unknown"), ("3 4", "", "score_unknown"),
    ],
)  # fmt: skip
def test_scores_from_1_to_4(cell: str, value: str, code: str) -> None:
    answer = ScoreReader((1, 4), ["Sangat kurang"]).read(cell.strip())
    assert (answer.value, answer.code) == (value, code)


@given(st.integers(2, 5), st.sampled_from(["en", "id"]), st.integers(0, 2))
def test_the_words_of_our_form_are_read_back(points: int, lang: str, low: int) -> None:
    names = scale_words(points, lang)
    reader = ScoreReader((low, low + points - 1), names)
    assert [reader.read(one).value for one in names] == [str(low + n) for n in range(points)]


def test_half_points_where_the_site_says_so() -> None:
    half = ScoreReader((1, 4), [], step=0.5)
    assert [half.read(cell).value for cell in ("2.5", "2,5", "3,0", "4")] == [
        "2.5",
        "2.5",
        "3",
        "4",
    ]
    assert half.read("2.25").code == "off_step"
    assert ScoreReader((1, 4), []).read("2.5").fill["fits"] == "0.5"


def test_a_scale_below_zero() -> None:
    reader = ScoreReader((-2, 2), [])
    assert [reader.read(one).value for one in ("-2", "-1 - Kurang", "0", "2")] == [
        "-2",
        "-1",
        "0",
        "2",
    ]


GROUPS = ChoiceReader(dict.fromkeys(["07", "08", "10", "24", "mawar"], ()), "group")


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("07", "07"), ("7", "07"), ("7.0", "07"), ("Kelompok 07", "07"), ("KUBE 7", "07"),
        ("kelompok no. 7", "07"), ("Kel. 10", "10"),
        ("07 - Melati", "07"), ("Kelompok 24 (Anggrek)", "24"),
        ("Mawar", "mawar"), ("KUBE Mawar", "mawar"), ("70", ""), ("07 - 08", ""), ("Kelompok", ""),
        ("Melati 07", ""), ("0", ""),
    ],
)  # fmt: skip
def test_groups(cell: str, value: str) -> None:
    answer = GROUPS.read(cell)
    assert (answer.value, answer.code) == (value, "" if value else "unknown_group")


def test_a_group_that_may_be_two_is_not_guessed() -> None:
    both = ChoiceReader(dict.fromkeys(["7", "07"], ()), "group")
    assert [both.read(one).value for one in ("7", "07", "007")] == ["7", "07", ""]
    assert both.read("").code == "no_group"


ROUNDS = ChoiceReader({"1": {"Before", "Sebelum"}, "2": {"After", "Sesudah"}}, "round")


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("1", "1"), ("2.0", "2"), ("Putaran 2", "2"), ("Putaran ke-2", "2"), ("sesudah", "2"),
        ("1 - Sebelum", "1"), ("Before", "1"), ("Putaran 1 (Sebelum)", "1"), ("1 - Sesudah", ""),
        ("3", ""), ("12", ""), ("Tengah", ""),
    ],
)  # fmt: skip
def test_rounds(cell: str, value: str) -> None:
    assert ROUNDS.read(cell).value == value
