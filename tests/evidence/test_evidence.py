"""Oracles: the decimal module for rounding, brute force over score vectors for totals and spreads."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations_with_replacement
from statistics import stdev

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from printing import by_decimal

import kube_research as kr
from kube_research.errors import OptionError, PrintedNumberError, ScaleError
from kube_research.evidence.printed import RULES, parse_printed, print_number
from kube_research.site.folder import Site

MEANS = ["2.46", "2.33", "2.40", "2.46", "2.20", "2.26"]


@given(
    st.fractions(min_value=-9, max_value=9, max_denominator=64),
    st.integers(0, 3),
    st.sampled_from(RULES),
)
def test_printing_agrees_with_the_decimal_module(value: Fraction, places: int, rule: str) -> None:
    printed = print_number(value, places, rule)
    assert Fraction(printed) == Fraction(by_decimal(value, places, rule))
    assert len(printed.partition(".")[2]) == places


@given(
    st.fractions(min_value=-9, max_value=9, max_denominator=200),
    st.integers(0, 2),
    st.sampled_from(RULES),
)
def test_unround_holds_exactly_what_prints_so(value: Fraction, places: int, rule: str) -> None:
    printed = print_number(value, places, rule)
    assert value in kr.unround(printed, rule)
    unit = Fraction(1, 10**places)
    for neighbour in (print_number(Fraction(printed) + step * unit, places) for step in (-1, 1)):
        assert value not in kr.unround(neighbour, rule) or Fraction(neighbour) == Fraction(printed)


@given(st.integers(1, 40), st.sampled_from(RULES), st.integers(0, 160))
def test_possible_totals_are_all_and_only_those_that_print_so(
    n: int, rule: str, total: int
) -> None:
    printed = print_number(Fraction(total, n), 2, rule)
    expected = [
        t
        for t in range(-n, 200 * n)
        if abs(t - total) < n and by_decimal(Fraction(t, n), 2, rule) == printed
    ]
    assert kr.evidence.possible_totals(printed, n, rounding=rule) == expected


def test_the_six_means_fit_fifteen_raters_only_when_cut_off() -> None:
    assert kr.evidence.consistent_n(MEANS, 60, rounding="truncate") == [15, 30, 45, 60]
    for rule in ("half-up", "half-even"):
        assert kr.evidence.consistent_n(MEANS, 60, rounding=rule) == []
    assert kr.evidence.consistent_n(MEANS, 60, rounding="ceil") == [55]
    totals = [kr.evidence.possible_totals(mean, 15, rounding="truncate") for mean in MEANS]
    assert totals == [[37], [35], [36], [37], [33], [34]]
    failing = {mean for mean in MEANS if not kr.grim(mean, 15)}
    assert failing == {"2.46", "2.26"}


def test_grim_matches_a_published_worked_example() -> None:
    # Brown & Heathers (2017): 28 whole-number scores cannot average 5.19, they can average 5.18.
    assert not kr.grim("5.19", 28)
    assert kr.grim("5.18", 28)


def test_grim_matches_the_examples_of_scrutiny() -> None:
    # R package scrutiny 0.6.1, README (data pigs1) and tests/testthat/test-grim.R.
    pigs1 = "7.22/32 2.68/28 7.38/26 5.00/25", "4.74/25 5.23/29 2.57/24 6.77/27 7.01/29 3.14/27"
    for words, expected in zip(pigs1, (True, False), strict=True):
        for mean, n in (word.split("/") for word in words.split()):
            assert kr.grim(mean, int(n)) is expected, mean
    found = [mean for mean in range(519, 531) if kr.grim(f"{mean / 100:.2f}", 28)]
    assert found == [521, 525, 529]
    three_items = [m for m in range(150, 160) if kr.grim(f"0.{m}", 120, items=3)]
    assert three_items == [150, 153, 156, 158]
    # scrutiny also takes 0.87, because it rounds 49/56 = 0.875 down as well as up.
    two_items = [m for m in range(80, 90) if kr.grim(f"0.{m}", 28, items=2)]
    assert two_items == [80, 82, 84, 86, 88, 89]


@given(st.integers(-500, 500), st.integers(1, 12), st.integers(0, 2))
def test_any_rule_is_the_union_of_the_four(units: int, n: int, places: int) -> None:
    printed = print_number(Fraction(units, 10**places), places)
    union = {t for rule in RULES for t in kr.evidence.possible_totals(printed, n, rounding=rule)}
    assert kr.evidence.possible_totals(printed, n, rounding="any") == sorted(union)
    # Also at the ends themselves, on a grid that holds all halves.
    whole = kr.unround(printed, "any")
    for step in range(-24, 25):
        value = Fraction(units, 10**places) + Fraction(step, 20 * 10**places)
        assert (value in whole) == any(value in kr.unround(printed, rule) for rule in RULES)


def test_items_and_scale_limit_the_totals() -> None:
    assert kr.evidence.possible_totals("2.50", 2, items=2) == [10]
    assert kr.evidence.possible_totals("1.0", 3, scale=(1, 4)) == [3]
    assert kr.evidence.possible_totals("4.0", 3, scale=(1, 4)) == [12]
    assert kr.evidence.possible_totals("1", 15, scale=(1, 4)) == list(range(15, 23))
    assert kr.evidence.possible_totals("4.1", 10, scale=(1, 4)) == []
    assert kr.evidence.possible_totals("1", 3, items=2, scale=(1, 4)) == [6, 7, 8]


def test_consistent_n_takes_ranges_percentages_and_any_rule() -> None:
    assert kr.evidence.consistent_n(MEANS, range(20, 46), rounding="truncate") == [30, 45]
    assert kr.evidence.consistent_n(MEANS, [45, 15, 15, 7], rounding="truncate") == [15, 45]
    assert kr.evidence.consistent_n(["2.46"], 15, items=2) == [12, 13, 14]
    any_rule = kr.evidence.consistent_n(MEANS, 60, rounding="any")
    brute = [n for n in range(1, 61) if all(kr.grim(m, n, rounding="any") for m in MEANS)]
    assert any_rule == brute
    assert {15, 30, 45, 60} < set(any_rule)
    # The study's whole percentages cannot all be counts of its 15 or 18 raters.
    percents = ["70", "80", "90", "95"]
    assert not {15, 18} & set(kr.evidence.consistent_n(percents=percents))
    assert kr.evidence.consistent_n(percents=percents, up_to=20) == [20]
    assert kr.evidence.consistent_n(["3.50"], 20, percents=["95"]) == [20]
    assert (
        kr.evidence.consistent_n(percents=["101"])
        == kr.evidence.consistent_n(percents=["-1"])
        == []
    )
    assert kr.evidence.consistent_n(up_to=3) == [1, 2, 3]
    for wrong in ({"means": "2.46"}, {"percents": "70"}):
        with pytest.raises(OptionError, match="list"):
            kr.evidence.consistent_n(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("n", [None, "15", float("nan"), float("inf"), np.True_, 2.5, [15]])
def test_numbers_of_raters_must_be_whole(n: object) -> None:
    with pytest.raises(OptionError, match="whole number"):
        kr.grim("2.4", n)  # type: ignore[arg-type]


def test_whole_numbers_of_other_types_are_taken() -> None:
    assert [n for n in range(1, 16) if kr.grim("2.46", n)] == [13]
    assert kr.grim("2.46", np.int64(15), rounding="truncate")  # type: ignore[arg-type]
    assert kr.grim("2.46", 15.0, rounding="truncate")  # type: ignore[arg-type]


def test_means_audit_names_the_impossible_means(study: Site) -> None:
    audit = kr.evidence.means_audit(study.item_means).set_index("rounding")
    assert audit.loc["half-up", "impossible"] == "2.46, 2.26"
    assert audit.loc["truncate", "possible"] == 6
    assert audit.loc["truncate", "raters"] == "15, 30, 45, 60"


@pytest.mark.parametrize("value", [2.46, 2, None])
def test_a_number_is_refused_because_its_zeros_are_lost(value: object) -> None:
    with pytest.raises(PrintedNumberError, match="trailing zero"):
        kr.grim(value, 15)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", ["2,46", "", "1e3", "nan", " 2.4", "2.", "٢.٤", "+2.4"])
def test_text_that_is_no_printed_number_is_refused(value: str) -> None:
    with pytest.raises(PrintedNumberError):
        parse_printed(value)


def test_unknown_options_are_refused() -> None:
    with pytest.raises(OptionError, match="half-up"):
        kr.unround("2.4", "nearest")
    for n in (0, -1, 1.5, True):
        with pytest.raises(OptionError):
            kr.grim("2.4", n)  # type: ignore[arg-type]
    for scale in ((4, 1), (1, 1), (1.5, 4), "14", None):
        with pytest.raises(ScaleError):
            kr.sd_bounds(30, 15, scale)  # type: ignore[arg-type]
    with pytest.raises(ScaleError):
        kr.sd_bounds(61, 15, (1, 4))


@pytest.mark.parametrize("scale", [(1, 3), (1, 4), (1, 5), (0, 2)])
@pytest.mark.parametrize("n", [2, 3, 5, 7])
def test_sd_bounds_equal_brute_force(n: int, scale: tuple[int, int]) -> None:
    found: dict[int, list[float]] = {}
    for scores in combinations_with_replacement(range(scale[0], scale[1] + 1), n):
        found.setdefault(sum(scores), []).append(stdev(scores))
    for total, spreads in found.items():
        low, high = kr.sd_bounds(total, n, scale)
        assert low == pytest.approx(min(spreads), abs=1e-12)
        assert high == pytest.approx(max(spreads), abs=1e-12)
