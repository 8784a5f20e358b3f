"""Oracles: brute force over multisets with the decimal module, and examples others published."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations_with_replacement

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from printing import by_decimal, print_sd

import kube_research as kr
from kube_research.errors import MissingColumnError, OptionError, PrintedNumberError, ScaleError
from kube_research.evidence import vectors
from kube_research.evidence.numbers import (
    check_numbers,
    debit,
    grim_percent,
    grimmer,
    possible_counts,
)
from kube_research.evidence.printed import RULES
from kube_research.evidence.vectors import STEPS, grimmer_step
from kube_research.site.folder import Site

# Data pigs5 of the R package scrutiny 0.6.1 and what its grimmer_map says of them.
PIGS5 = [
    ("7.22", "5.30", 38, "mean"),
    ("4.74", "6.55", 31, "ok"),
    ("5.23", "2.55", 35, "parity"),
    ("2.57", "2.57", 30, "ok"),
    ("6.77", "2.18", 33, "mean"),
    ("2.68", "2.59", 34, "ok"),
    ("7.01", "6.68", 35, "mean"),
    ("7.38", "3.65", 32, "ok"),
    ("3.14", "5.32", 33, "mean"),
    ("6.89", "4.18", 37, "ok"),
    ("5.00", "2.18", 31, "ok"),
    ("0.24", "6.43", 34, "ok"),
]


@given(st.integers(1, 30), st.integers(0, 1100), st.integers(0, 2), st.sampled_from(RULES))
def test_percentages_equal_brute_force(n: int, units: int, places: int, rule: str) -> None:
    percent = by_decimal(Fraction(units, 10), places, rule)
    expected = [
        k for k in range(n + 1) if by_decimal(Fraction(100 * k, n), places, rule) == percent
    ]
    assert possible_counts(percent, n, rounding=rule) == expected
    assert grim_percent(percent, n, rounding=rule) is bool(expected)


def test_percentages_match_the_examples_of_scrutiny() -> None:
    # Data pigs2 of scrutiny 0.6.1: of these percentages of 150 only 54.0 is possible.
    shares = ["67.4", "54.2", "54.0", "69.8", "68.1", "55.4"]
    assert [grim_percent(share, 150) for share in shares] == [False] * 2 + [True] + [False] * 3


def test_percentages_stay_between_none_and_all() -> None:
    assert possible_counts("0", 7) == [0]
    assert possible_counts("100", 7) == [7]
    assert possible_counts("100", 7, rounding="truncate") == [7]
    assert possible_counts("0", 200) == [0]
    assert possible_counts("0", 201) == [0, 1]
    assert possible_counts("-1", 50, rounding="any") == possible_counts("102", 50) == []


def oracle(
    mean: str,
    sd: str,
    n: int,
    scale: tuple[int, int],
    rules: tuple[str, str],
    divisor: str,
    items: int,
) -> bool:
    """Try every multiset of raters' totals over the items."""
    places, places_sd = (len(text.partition(".")[2]) for text in (mean, sd))
    for sums in combinations_with_replacement(range(scale[0] * items, scale[1] * items + 1), n):
        printed = by_decimal(Fraction(sum(sums), n * items), places, rules[0])
        if Fraction(printed) == Fraction(mean):
            scores = tuple(Fraction(total, items) for total in sums)
            if print_sd(scores, places_sd, rules[1], divisor) == sd:  # type: ignore[arg-type]
                return True
    return False


@settings(max_examples=400, deadline=None)
@given(
    st.integers(1, 6),
    st.sampled_from([(0, 1), (1, 3), (1, 4), (1, 5), (-1, 3)]),
    st.integers(-60, 500),
    st.integers(0, 260),
    st.tuples(st.integers(0, 2), st.integers(0, 2)),
    st.tuples(st.sampled_from(RULES), st.sampled_from(RULES)),
    st.sampled_from(["n-1", "n"]),
    st.sampled_from([1, 1, 2]),
)
def test_grimmer_on_a_scale_equals_brute_force(
    n: int,
    scale: tuple[int, int],
    mean: int,
    sd: int,
    places: tuple[int, int],
    rules: tuple[str, str],
    divisor: str,
    items: int,
) -> None:
    printed = by_decimal(Fraction(mean, 100), places[0], "truncate")
    spread = by_decimal(Fraction(sd, 100), places[1], "truncate")
    found = grimmer(
        printed,
        spread,
        n,
        scale,
        rounding=rules[0],
        sd_rounding=rules[1],
        sd_divisor=divisor,
        items=items,
    )
    assert found == oracle(printed, spread, n, scale, rules, divisor, items)


@settings(max_examples=120, deadline=None)
@given(st.integers(2, 6), st.integers(1, 5), st.integers(1, 5), st.data())
def test_every_pair_that_a_dataset_prints_is_possible_and_its_neighbours_as_brute_force_says(
    n: int, top: int, items: int, data: st.DataObject
) -> None:
    items = items if n < 4 and top < 4 else 1
    sums = data.draw(st.lists(st.integers(0, top * items), min_size=n, max_size=n))
    scores = tuple(Fraction(total, items) for total in sums)
    mean = by_decimal(sum(scores) / Fraction(n), 2, "half-up")
    sd = print_sd(scores, 2, "half-up", "n-1")  # type: ignore[arg-type]
    assert sd is not None
    assert grimmer(mean, sd, n, (0, top), items=items)
    assert grimmer(mean, sd, n, items=items)
    for step in (-1, 1):
        near = by_decimal(abs(Fraction(sd) + Fraction(step, 100)), 2, "half-up")
        expected = oracle(mean, near, n, (0, top), ("half-up", "half-up"), "n-1", items)
        assert grimmer(mean, near, n, (0, top), items=items) == expected


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 4), st.integers(0, 4), st.integers(0, 400), st.sampled_from([1, 2]))
def test_grimmer_without_a_scale_equals_brute_force(
    n: int, total: int, sd: int, places: int
) -> None:
    printed = by_decimal(Fraction(total, n), places, "half-up")
    spread = by_decimal(Fraction(sd, 100), places, "truncate")
    # With n <= 4 and a deviation below 4.1 no score is farther than 7 from the mean.
    expected = oracle(printed, spread, n, (-8, 11), ("half-up", "half-up"), "n-1", 1)
    assert grimmer(printed, spread, n) == expected


def test_grimmer_matches_published_examples() -> None:
    # Allard (2018) as kept in the tests of rsprite2; scrutiny 0.6.1, vignette and data pigs5.
    assert grimmer("5.21", "1.6", 28)
    assert grimmer("5.21", "1.60", 28)
    assert not grimmer("3.44", "2.47", 18)
    assert not grimmer("5.19", "1.5", 28)
    assert not grimmer("7.3", "2.51", 12)
    for mean, sd, n, expected in PIGS5:
        step = grimmer_step(mean, sd, n, None, "half-up", None, "n-1", 1)
        assert step == expected, mean
    assert not grimmer("2.6", "2.05", 25)
    for mean, sd in (("7.2", "2.89"), ("3.6", "3.11"), ("9.2", "7.13"), ("10.4", "2.53")):
        assert grimmer(mean, sd, 25)


def test_scores_exist_where_scrutiny_gives_a_false_alarm() -> None:
    # scrutiny 0.6.1 rejects mean 8.9, SD 2.81, n = 25 (its issue 80); these scores print so.
    found = kr.compatible_counts("8.9", 25, (5, 13), sd="2.81")
    scores = tuple(
        score for score, count in zip(range(5, 14), found[0], strict=True) for _ in range(count)
    )
    assert by_decimal(Fraction(sum(scores), 25), 1, "half-up") == "8.9"
    assert print_sd(scores, 2, "half-up", "n-1") == "2.81"
    assert grimmer("8.9", "2.81", 25)


def test_the_scale_decides_what_the_squares_leave_open() -> None:
    # 1, 1, 4, 4 has the largest spread on 1 to 4; a larger one needs a longer scale.
    assert grimmer("2.50", "1.73", 4, (1, 4))
    assert not grimmer("2.50", "2.38", 4, (1, 4))
    assert grimmer("2.50", "2.38", 4, (0, 5))
    assert grimmer("2.50", "2.38", 4)
    # Two numbers of total 4 lie an even way apart: deviations 1.41 and 2.83, nothing between.
    apart = [
        grimmer_step("2.00", sd, 2, None, "half-up", None, "n-1", 1)
        for sd in ("1.41", "2.00", "2.83")
    ]
    assert apart == ["ok", "spread", "ok"]
    # After 1, 1, 7, 7 (deviations 36) comes 1, 2, 6, 7 (26): 32 is a gap on 1 to 7 only.
    steps = [
        grimmer_step("4.00", sd, 4, (1, 7), "half-up", None, "n-1", 1)
        for sd in ("3.46", "3.27", "2.94")
    ]
    assert steps == ["ok", "spread", "ok"]
    assert grimmer("4.00", "3.27", 4, (0, 8))
    assert grimmer("4.00", "3.27", 4)


@pytest.mark.parametrize(
    ("mean", "sd", "n", "scale", "expected"),
    [
        ("2.46", "0.50", 15, None, "mean"),
        ("5.00", "0.50", 15, (1, 4), "scale"),
        ("2.00", "0.00", 1, None, "single"),
        ("2.40", "0.60", 5, None, "squares"),
        ("3.44", "2.47", 18, None, "parity"),
        ("2.50", "2.38", 4, (1, 4), "spread"),
        ("2.40", "0.51", 15, (1, 4), "ok"),
        ("2.40", "-0.51", 15, (1, 4), "squares"),
    ],
)
def test_each_reason(
    mean: str, sd: str, n: int, scale: tuple[int, int] | None, expected: str
) -> None:
    assert grimmer_step(mean, sd, n, scale, "half-up", None, "n-1", 1) == expected
    rows = pd.DataFrame({"mean": [mean], "sd": [sd], "n": [n]})
    for lang in ("en", "id"):
        judged = check_numbers(rows, test="grimmer", scale=scale, lang=lang)
        assert judged["reason"][0] == kr.texts.text(f"implied.reason_{expected}", lang)
        assert judged["consistent"][0] == (expected == "ok")


@pytest.mark.parametrize("top", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6])
def test_sums_of_squares_that_scores_reach_equal_brute_force(n: int, top: int) -> None:
    reached: dict[int, set[int]] = {}
    for scores in combinations_with_replacement(range(top + 1), n):
        reached.setdefault(sum(scores), set()).add(sum(x * x for x in scores))
    for total in range(-1, top * n + 2):
        squares = reached.get(total, set())
        for least in range(total % 2, top * top * n + 3, 2):
            for most in (least, least + 4):
                expected = any(least <= q <= most for q in squares)
                assert vectors.reachable(vectors.Start(n, total, least, most), top) == expected


def test_one_answer_each_is_the_default() -> None:
    halves = pd.DataFrame({"mean": ["2.5"], "sd": ["0.0"], "n": [1]})
    assert check_numbers(halves)["consistent"].tolist() == [False]
    assert not grimmer("2.5", "0.0", 1, sd_divisor="n")
    assert grimmer("2.5", "0.0", 1, sd_divisor="n", items=2)
    judged = check_numbers(halves, test="grimmer", sd_divisor="n")
    assert judged["reason"].tolist() == [kr.texts.text("implied.reason_mean")]


@pytest.mark.parametrize("n", [2, 3, 5])
def test_raters_who_all_agree_have_no_spread(n: int) -> None:
    for score in range(1, 5):
        assert grimmer(f"{score}.00", "0.00", n, (1, 4))
        assert grimmer(f"{score}.00", "0.00", n)
        assert not grimmer(f"{score}.00", "0.01", n, (1, 4))
    # One rater who differs by one is the smallest spread there is.
    least = print_sd((1,) * (n - 1) + (2,), 2, "half-up", "n-1")
    mean = by_decimal(Fraction(n + 1, n), 2, "half-up")
    assert least is not None
    assert grimmer(mean, least, n, (1, 2))
    assert not grimmer(mean, "0.00", n, (1, 2))


def test_any_rule_cuts_mean_and_deviation_alike_unless_told_otherwise() -> None:
    # 37 of 15 prints 2.46 only when cut off; its smallest deviation 0.5164 is then 0.51.
    assert grimmer("2.46", "0.51", 15, (1, 4), rounding="any")
    assert not grimmer("2.46", "0.52", 15, (1, 4), rounding="any")
    assert grimmer("2.46", "0.52", 15, (1, 4), rounding="any", sd_rounding="any")
    assert grimmer("2.46", "0.52", 15, (1, 4), rounding="truncate", sd_rounding="half-up")


@given(st.integers(2, 40), st.data())
def test_debit_equals_brute_force(n: int, data: st.DataObject) -> None:
    ones = data.draw(st.integers(0, n))
    mean = by_decimal(Fraction(ones, n), 2, "half-up")
    right = print_sd((1,) * ones + (0,) * (n - ones), 2, "half-up", "n-1")
    assert right is not None
    for step in (-2, -1, 0, 1, 2):
        sd = by_decimal(abs(Fraction(right) + Fraction(step, 100)), 2, "half-up")
        expected = any(
            by_decimal(Fraction(k, n), 2, "half-up") == mean
            and print_sd((1,) * k + (0,) * (n - k), 2, "half-up", "n-1") == sd
            for k in range(n + 1)
        )
        assert debit(mean, sd, n) == expected


def test_debit_matches_published_examples() -> None:
    # Data pigs3 of scrutiny 0.6.1 (n = 1683): only 0.19 with 0.35 is impossible; its help pages
    # reject 0.35 with 0.18 and 0.36 with 0.11 for n = 20.
    pigs3 = {
        "0.53": "0.50",
        "0.44": "0.50",
        "0.77": "0.42",
        "0.34": "0.47",
        "0.93": "0.25",
        "0.12": "0.33",
    }
    assert all(debit(mean, sd, 1683) for mean, sd in pigs3.items())
    assert not debit("0.19", "0.35", 1683)
    assert not debit("0.35", "0.18", 20)
    assert not debit("0.36", "0.11", 20)
    assert debit("0.35", "0.49", 20)


def test_frames_come_back_with_two_more_columns(study: Site) -> None:
    before = study.item_means.copy()
    judged = check_numbers(study.item_means)
    pd.testing.assert_frame_equal(study.item_means, before)
    assert list(judged.columns) == [*before.columns, "consistent", "reason"]
    assert (judged["mean"][~judged["consistent"]]).tolist() == ["2.46", "2.46", "2.26"]
    assert check_numbers(study.item_means, rounding="truncate")["consistent"].all()
    short = check_numbers(study.item_means, rounding="truncate", scale=(1, 2))
    assert set(short["reason"]) == {kr.texts.text("implied.reason_scale")}


def test_frames_take_other_names_items_and_gaps() -> None:
    frame = pd.DataFrame(
        {"m": ["5.18", "5.19", None, "5.18"], "raters": [14, 14, 14, None], "k": [2, 2, 2, 2]},
        index=[7, 7, 8, 9],
    )
    judged = check_numbers(frame, "m", n="raters", items="k")
    assert judged["consistent"].tolist() == [True, False, pd.NA, pd.NA]
    assert judged.index.tolist() == [7, 7, 8, 9]
    assert judged["consistent"].dtype == "boolean"
    fixed = check_numbers(frame, "m", n="raters", items=2)
    assert fixed["consistent"].tolist() == judged["consistent"].tolist()
    assert len(check_numbers(frame.iloc[:0], "m", n="raters")) == 0
    assert check_numbers(frame, "m", n="raters", items=2, lang="id")["reason"].iloc[0] == "mungkin"


def test_percentages_of_a_frame() -> None:
    shares = pd.DataFrame(
        {"share": ["70", "80", "95"], "people": [15, 15, 18], "evidence": "published"}
    )
    judged = check_numbers(shares, "share", n="people", test="percent")
    assert judged["consistent"].tolist() == [False, True, False]


def test_deviations_of_a_frame_take_debit_and_items() -> None:
    binary = pd.DataFrame({"x": ["0.44", "0.19"], "s": ["0.50", "0.35"], "n": [1683, 1683]})
    judged = check_numbers(binary, "x", "s", test="debit")
    assert judged["consistent"].tolist() == [True, False]
    assert (
        check_numbers(binary, "x", "s", test="grimmer", scale=(0, 1), items="n")["consistent"]
        .notna()
        .all()
    )


def test_bad_input_is_refused() -> None:
    for call in (
        lambda: grim_percent(70.0, 15),  # type: ignore[arg-type]
        lambda: grimmer("2.40", 0.5, 15),  # type: ignore[arg-type]
        lambda: debit(0.5, "0.50", 15),  # type: ignore[arg-type]
        lambda: check_numbers(pd.DataFrame({"mean": [2.46], "n": [15]})),
    ):
        with pytest.raises(PrintedNumberError, match="trailing zero"):
            call()
    with pytest.raises(MissingColumnError, match="sd"):
        check_numbers(pd.DataFrame({"mean": ["2.4"], "n": [15]}), test="grimmer")
    with pytest.raises(MissingColumnError, match="items"):
        check_numbers(pd.DataFrame({"mean": ["2.4"], "n": [15]}), items="items")
    for options in ({"items": 0}, {"sd_divisor": "n+1"}, {"rounding": "up"}, {"sd_rounding": "up"}):
        with pytest.raises(OptionError):
            grimmer("2.40", "0.50", 15, **options)  # type: ignore[arg-type]
    with pytest.raises(ScaleError):
        grimmer("2.40", "0.50", 15, (4, 1))
    with pytest.raises(OptionError, match="'en' or 'id'"):
        check_numbers(pd.DataFrame({"mean": ["2.4"], "n": [15]}), lang="nl")
    assert STEPS[-1] == "ok"
