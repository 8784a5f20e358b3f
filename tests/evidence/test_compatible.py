"""Oracles: brute force over multisets with the decimal module, and counts that others published."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations_with_replacement, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from printing import by_decimal, print_sd
from scipy import stats

from kube_research.errors import OptionError, PrintedNumberError, ScaleError
from kube_research.evidence import compatible, vectors
from kube_research.evidence.compatible import (
    NoneCompatibleError,
    TooManyError,
    compatible_by_groups,
    compatible_counts,
    count_compatible,
    sample_compatible,
)
from kube_research.evidence.printed import RULES

MEANS = {"2.46": 37, "2.33": 35, "2.40": 36, "2.20": 33, "2.26": 34}


def tally(scores: tuple[int, ...], scale: tuple[int, int]) -> tuple[int, ...]:
    return tuple(scores.count(score) for score in range(scale[0], scale[1] + 1))


def brute(mean: str, n: int, scale: tuple[int, int], **options: object) -> list[tuple[int, ...]]:
    """Every compatible vector, in the documented order."""
    rounding = str(options.get("rounding", "half-up"))
    sd, sd_rounding = options.get("sd"), options.get("sd_rounding")
    divisor = str(options.get("sd_divisor", "n-1"))
    found = []
    for given_n in range(n, max(n - int(options.get("missing", 0)), 1) - 1, -1):  # type: ignore[call-overload]
        for scores in combinations_with_replacement(range(scale[0], scale[1] + 1), given_n):
            if options.get("minimum") not in (None, scores[0]):
                continue
            if options.get("maximum") not in (None, scores[-1]):
                continue
            wanted = options.get("at_least") or {}
            if any(scores.count(s) < least for s, least in wanted.items()):  # type: ignore[attr-defined]
                continue
            places = len(mean.partition(".")[2])
            for rule in RULES if rounding == "any" else (rounding,):
                if Fraction(by_decimal(Fraction(sum(scores), given_n), places, rule)) != Fraction(
                    mean
                ):
                    continue
                own = sd_rounding or rule
                spreads = RULES if own == "any" else (own,)
                places_sd = len(str(sd).partition(".")[2])
                if sd is None or any(
                    print_sd(scores, places_sd, spread, divisor) == sd for spread in spreads
                ):
                    found.append((-given_n, sum(scores), tally(scores, scale)))
                    break
    return [row[2] for row in sorted(found)]


@st.composite
def questions(draw: st.DrawFn) -> tuple[str, int, tuple[int, int], dict[str, object]]:
    """A dataset's printed mean (and maybe SD), asked for with whatever options."""
    low = draw(st.integers(-2, 2))
    scale = (low, low + draw(st.integers(1, 5)))
    scores = draw(st.lists(st.integers(*scale), min_size=1, max_size=6))
    rule = draw(st.sampled_from(RULES))
    mean = by_decimal(Fraction(sum(scores), len(scores)), draw(st.integers(0, 2)), rule)
    rounding = draw(st.sampled_from([rule, rule, "any", "half-up"]))
    options: dict[str, object] = {"rounding": rounding, "missing": draw(st.integers(0, 2))}
    divisor = draw(st.sampled_from(["n-1", "n"]))
    own = draw(st.sampled_from([None, "any", *RULES]))
    if draw(st.booleans()):
        printed = print_sd(
            tuple(scores), draw(st.integers(0, 2)), own if own in RULES else rule, divisor
        )
        if printed is not None:
            options |= {"sd": printed, "sd_rounding": own, "sd_divisor": divisor}
    if draw(st.booleans()):
        options["minimum"] = min(scores)
    if draw(st.booleans()):
        options["maximum"] = max(scores)
    if draw(st.booleans()):
        options["at_least"] = {scores[0]: draw(st.integers(0, 2))}
    return mean, len(scores), scale, options


@settings(max_examples=400, deadline=None)
@given(questions())
def test_list_and_count_equal_brute_force(
    question: tuple[str, int, tuple[int, int], dict[str, object]],
) -> None:
    mean, n, scale, options = question
    expected = brute(mean, n, scale, **options)
    found = compatible_counts(mean, n, scale, **options)  # type: ignore[arg-type]
    assert found.dtype == np.int64
    assert found.shape == (len(expected), scale[1] - scale[0] + 1)
    assert [tuple(row) for row in found.tolist()] == expected
    assert count_compatible(mean, n, scale, **options) == len(expected)  # type: ignore[arg-type]


@settings(max_examples=60, deadline=None)
@given(st.integers(8, 16), st.integers(3, 7), st.integers(0, 90), st.integers(0, 2), st.data())
def test_longer_scales_counted_in_pieces_equal_brute_force(
    n: int, top: int, total: int, places: int, data: st.DataObject
) -> None:
    if n > 11:
        top = min(top, 4)
    scores = tuple(sorted(data.draw(st.lists(st.integers(0, top), min_size=n, max_size=n))))
    mean = by_decimal(Fraction(sum(scores), n), 2, "half-up")
    sd = print_sd(scores, places, "half-up", "n-1")
    expected = brute(mean, n, (0, top), sd=sd) if n <= 9 else None
    found = compatible_counts(mean, n, (0, top), sd=sd)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vectors, "CHUNK", data.draw(st.sampled_from([1, 7, 1 << 14])))
        assert count_compatible(mean, n, (0, top), sd=sd) == len(found)
    assert tally(scores, (0, top)) in {tuple(row) for row in found.tolist()}
    if expected is not None:
        assert [tuple(row) for row in found.tolist()] == expected


def test_every_sd_together_gives_every_vector() -> None:
    # Each vector prints exactly one standard deviation: the counts must add up.
    everything = count_compatible("3.97", 30, (1, 7))
    by_sd = [count_compatible("3.97", 30, (1, 7), sd=f"{sd / 100:.2f}") for sd in range(310)]
    assert sum(by_sd) == everything == len(compatible_counts("3.97", 30, (1, 7)))


def test_an_exact_half_belongs_to_one_neighbour_only() -> None:
    # 17 of 8 raters is 2.125; zeros and ones half and half deviate by exactly 0.5.
    for rule, mean in (("half-up", "2.13"), ("half-even", "2.12"), ("ceil", "2.13")):
        other = {"2.13": "2.12", "2.12": "2.13"}[mean]
        assert 17 in (compatible_counts(mean, 8, rounding=rule) @ [1, 2, 3, 4])
        assert 17 not in (compatible_counts(other, 8, rounding=rule) @ [1, 2, 3, 4])
    options = {"sd_divisor": "n", "rounding": "truncate"}
    for rule, sd in (("half-up", "1"), ("half-even", "0"), ("truncate", "0"), ("ceil", "1")):
        for printed in ("0", "1"):
            found = compatible_counts("0.5", 4, (0, 1), sd=printed, sd_rounding=rule, **options)  # type: ignore[arg-type]
            assert found.tolist() == ([[2, 2]] if printed == sd else [])


def test_the_count_that_unsum_prints() -> None:
    # R package unsum 0.2.0, README: CLOSURE for mean 2.7, SD 1.9, n = 130 on 1 to 5 finds 5,359
    # samples; f_absolute is how often each score occurs in all of them together.
    found = compatible_counts("2.7", 130, (1, 5), sd="1.9")
    assert found.shape == (5359, 5)
    assert found.sum(axis=0).tolist() == [358972, 30170, 21940, 30162, 255426]
    assert count_compatible("2.7", 130, (1, 5), sd="1.9") == 5359


def test_the_examples_of_sprite() -> None:
    # rsprite2, README: of mean 2.20, SD 1.32, n = 20 on 1 to 5 only 9 samples could be found.
    found = compatible_counts("2.20", 20, (1, 5), sd="1.32")
    assert len(found) == 9
    shown = tally((4, 4, 1, 1, 1, 1, 1, 4, 1, 2, 2, 4, 4, 2, 1, 2, 1, 1, 4, 3), (1, 5))
    assert shown in {tuple(row) for row in found.tolist()}
    # N. Brown's step-by-step introduction to SPRITE: 20 people, 1 to 5, mean 2.35, SD 1.39.
    assert count_compatible("2.35", 20, (1, 5), sd="1.39") > 0
    # rsprite2 restricts "at least": each score of the range must occur.
    ends = compatible_counts("2.20", 20, (1, 5), sd="1.32", at_least={1: 1, 5: 1})
    assert ends.tolist() == [row for row in found.tolist() if row[0] and row[4]]
    assert len(ends) < 9


def test_the_six_means_of_the_study() -> None:
    for mean, total in MEANS.items():
        found = compatible_counts(mean, 15, (1, 4), rounding="truncate")
        assert set((found @ [1, 2, 3, 4]).tolist()) == {total}
        assert (found.sum(axis=1) == 15).all()
        routed = compatible_by_groups(mean, scale=(1, 4))
        assert set((routed @ [1, 2, 3, 4]).tolist()) == {total}
        listed = {tuple(row) for row in found.tolist()}
        assert {tuple(row) for row in routed.tolist()} <= listed
    assert compatible_counts("2.46", 15).shape == (0, 4)
    assert compatible_counts("2.46", 15, rounding="any").tolist() == (
        compatible_counts("2.46", 15, rounding="truncate").tolist()
    )


@pytest.mark.parametrize(("n", "top"), [(500, 6), (250, 14), (40, 3), (3, 1)])
def test_large_counts_equal_the_recursion_over_sizes_and_totals(n: int, top: int) -> None:
    half = n * top // 2
    mean = by_decimal(Fraction(half, n), 6, "truncate")
    table = vectors._tables(n, half, top)[-1]
    assert count_compatible(mean, n, (0, top), rounding="truncate") == int(table[n, half])
    assert table.dtype == (object if n == 250 else np.int64)


def test_drawing_from_numbers_beyond_64_bits() -> None:
    drawn = sample_compatible("7.000", 250, (0, 14), size=2, seed=2)
    assert drawn.sum(axis=1).tolist() == [250, 250]
    assert (drawn @ np.arange(15)).tolist() == [1750, 1750]
    assert (drawn[0] != drawn[1]).any()


def test_drawing_is_refused_where_memory_would_not_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "MOST_CELLS", 10)
    with pytest.raises(TooManyError, match="Too many"):
        sample_compatible("4.01", 500, (1, 7), size=1, seed=1)


def test_five_hundred_raters_on_seven_points_with_a_standard_deviation() -> None:
    count = count_compatible("4.01", 500, (1, 7), sd="1.50")
    drawn = sample_compatible("4.01", 500, (1, 7), sd="1.50", size=4, seed=3)
    assert count > 5_000_000
    for row in drawn.tolist():
        scores = tuple(np.repeat(np.arange(1, 8), row).tolist())
        assert by_decimal(Fraction(sum(scores), 500), 2, "half-up") == "4.01"
        assert print_sd(scores, 2, "half-up", "n-1") == "1.50"


def test_too_many_names_the_number_and_the_memory() -> None:
    count = count_compatible("3.00", 60, (1, 5))
    assert len(compatible_counts("3.00", 60, (1, 5), limit=count)) == count
    with pytest.raises(TooManyError, match=f"{count} count vectors") as refused:
        compatible_counts("3.00", 60, (1, 5), limit=count - 1)
    assert (refused.value.count, refused.value.limit) == (count, count - 1)
    assert refused.value.size == count * 5 * 8
    with pytest.raises(TooManyError, match=r"123580274599 count .* 6\.92e\+03 GB"):
        compatible_counts("4.01", 500, (1, 7))
    few = count_compatible("3.00", 60, (1, 7), sd="1.10")
    assert len(compatible_counts("3.00", 60, (1, 7), sd="1.10", limit=few)) == few
    with pytest.raises(TooManyError, match=f"{few} count"):
        compatible_counts("3.00", 60, (1, 7), sd="1.10", limit=few - 1)


def test_counting_gives_up_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "MOST_STATES", 1000)
    with pytest.raises(TooManyError, match="Too many") as refused:
        count_compatible("4.01", 500, (1, 7), sd="1.50")
    assert refused.value.count is None


@pytest.mark.parametrize(
    ("mean", "n", "scale", "sd"),
    [
        ("2.6", 7, (1, 4), None),
        ("2.5", 8, (1, 5), "1.1"),
        ("2", 9, (1, 3), "1"),
        ("3", 9, (1, 7), "2"),
    ],
)
@pytest.mark.parametrize("listed", [True, False])
def test_samples_are_uniform(
    mean: str,
    n: int,
    scale: tuple[int, int],
    sd: str | None,
    listed: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not listed:
        monkeypatch.setattr(compatible, "SMALL", 0)
    options = {"sd": sd, "missing": 1}
    every = [tuple(row) for row in compatible_counts(mean, n, scale, **options).tolist()]  # type: ignore[arg-type]
    size = 25 * len(every)
    drawn = sample_compatible(mean, n, scale, size=size, seed=20160211, **options)  # type: ignore[arg-type]
    seen = [tuple(row) for row in drawn.tolist()]
    counts = [seen.count(row) for row in every]
    assert sum(counts) == size
    assert 0.001 < stats.chisquare(counts).pvalue < 0.999
    again = sample_compatible(mean, n, scale, size=size, seed=20160211, **options)  # type: ignore[arg-type]
    assert (again == drawn).all()
    other = sample_compatible(mean, n, scale, size=size, seed=1, **options)  # type: ignore[arg-type]
    assert (other != drawn).any()


@pytest.mark.parametrize("chunk", [2, 1 << 14])
@pytest.mark.parametrize("missing", [0, 2])
@pytest.mark.parametrize("scale", [(0, 1), (1, 3), (1, 5), (1, 7)])
def test_each_place_gives_its_own_vector(
    scale: tuple[int, int], missing: int, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vectors, "CHUNK", chunk)
    low, high = scale
    args = ("1.6" if high > 1 else "0.6", 9, scale)
    plain = compatible.make_plan(*args, "half-up", None, None, "n-1", None, None, None, missing)
    every = vectors.list_vectors(plain.starts, plain.top, squares=False)
    assert every is not None
    picked = vectors.pick_plain(plain.starts, plain.top, range(len(every)))
    assert (picked == every).all()
    spread = compatible.make_plan(*args, "half-up", "1", None, "n-1", None, None, None, missing)
    every = vectors.list_vectors(spread.starts, spread.top, squares=True)
    assert every is not None
    if high - low >= 3:
        picked = vectors.pick_squares(spread.starts, spread.top, range(len(every)))
        assert {tuple(r) for r in picked.tolist()} == {tuple(r) for r in every.tolist()}
        assert len(picked) > 3


def brute_groups(
    mean: str, groups: tuple[int, ...], scale: tuple[int, int], rules: tuple[str, str], digits: int
) -> list[tuple[int, ...]]:
    found = set()
    choices = [
        list(combinations_with_replacement(range(scale[0], scale[1] + 1), size)) for size in groups
    ]
    for dealt in product(*choices):
        printed = [
            Fraction(by_decimal(Fraction(sum(part), len(part)), digits, rules[0])) for part in dealt
        ]
        overall = by_decimal(sum(printed) / len(groups), len(mean.partition(".")[2]), rules[1])
        if Fraction(overall) == Fraction(mean):
            scores = tuple(sorted(sum(dealt, ())))
            found.add((sum(scores), tally(scores, scale)))
    return [row for _, row in sorted(found)]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 3), min_size=1, max_size=3),
    st.sampled_from([(0, 1), (1, 3), (-1, 2)]),
    st.tuples(st.sampled_from(RULES), st.sampled_from(RULES)),
    st.integers(0, 2),
    st.integers(0, 2),
    st.data(),
)
def test_group_route_equals_brute_force(
    groups: list[int],
    scale: tuple[int, int],
    rules: tuple[str, str],
    digits: int,
    places: int,
    data: st.DataObject,
) -> None:
    value = data.draw(st.fractions(*scale, max_denominator=6))
    mean = by_decimal(value, places, rules[1])
    found = compatible_by_groups(
        mean, groups, scale, group_rounding=rules[0], group_digits=digits, rounding=rules[1]
    )
    expected = brute_groups(mean, tuple(groups), scale, rules, digits)
    assert [tuple(row) for row in found.tolist()] == expected


def test_any_rule_in_the_group_route_is_a_union() -> None:
    union = {
        tuple(row)
        for own in RULES
        for rule in RULES
        for row in compatible_by_groups("2.46", group_rounding=own, rounding=rule).tolist()
    }
    found = compatible_by_groups("2.46", group_rounding="any", rounding="any").tolist()
    assert len(found) == len(union)
    assert {tuple(row) for row in found} == union


def test_bad_input_is_refused() -> None:
    for mean, sd in ((2.46, None), ("2.46", 0.5)):
        with pytest.raises(PrintedNumberError, match="trailing zero"):
            compatible_counts(mean, 15, sd=sd)  # type: ignore[arg-type]
    wrong: list[dict[str, object]] = [
        {"missing": -1},
        {"missing": 1.5},
        {"limit": -1},
        {"at_least": {2: -1}},
        {"sd_divisor": "N"},
        {"rounding": "up"},
        {"sd": "1.0", "sd_rounding": "up"},
    ]
    for options in wrong:
        with pytest.raises(OptionError):
            compatible_counts("2.46", 15, **options)  # type: ignore[arg-type]
    off: list[dict[str, object]] = [
        {"minimum": 0},
        {"maximum": 5},
        {"minimum": 3, "maximum": 2},
        {"at_least": {5: 1}},
        {"minimum": True},
        {"scale": (4, 1)},
    ]
    for options in off:
        with pytest.raises(ScaleError):
            compatible_counts("2.46", 15, **options)  # type: ignore[arg-type]
    with pytest.raises(NoneCompatibleError):
        sample_compatible("2.46", 15, size=1, seed=1)
    for options in ({"size": 0, "seed": 1}, {"size": 1, "seed": -1}, {"size": 1, "seed": None}):
        with pytest.raises(OptionError):
            sample_compatible("2.40", 15, **options)  # type: ignore[arg-type]
    for groups in ((), (3, 0)):
        with pytest.raises(OptionError):
            compatible_by_groups("2.46", groups)
    # 150 raters on seven scores have C(156, 6) count vectors.
    with pytest.raises(TooManyError) as refused:
        compatible_by_groups("2.46", (30,) * 5, (1, 7))
    assert refused.value.count == 18_161_699_556
    assert refused.value.size == 18_161_699_556 * 7 * 8
    assert len(compatible_by_groups("2.46", limit=816)) == 29
    with pytest.raises(TooManyError):
        compatible_by_groups("2.46", limit=815)


def test_nothing_compatible_is_an_empty_list() -> None:
    for options in (
        {"at_least": {1: 16}},
        {"minimum": 3},
        {"maximum": 2, "at_least": {3: 1}},
        {"sd": "9.00"},
        {"sd": "-1.00"},
    ):
        assert compatible_counts("2.40", 15, **options).shape == (0, 4)  # type: ignore[arg-type]
        assert count_compatible("2.40", 15, **options) == 0  # type: ignore[arg-type]
    for options in (
        {"maximum": 2, "at_least": {3: 1}},
        {"maximum": 2, "at_least": {4: 1}},
        {"minimum": 2, "at_least": {1: 1}},
        {"minimum": 3, "at_least": {1: 1}},
    ):
        assert compatible_counts("1.80", 15, **options).shape == (0, 4)  # type: ignore[arg-type]
        assert compatible_counts("3.20", 15, **options).shape == (0, 4)  # type: ignore[arg-type]
    assert len(compatible_counts("1.80", 15, maximum=2, at_least={2: 12})) == 1
    assert compatible_counts("2", 1, sd="0.00").shape == (0, 4)
    assert compatible_counts("2", 1, sd="0.00", sd_divisor="n").tolist() == [[0, 1, 0, 0]]
    assert compatible_counts("3.00", 4, minimum=3, maximum=3).tolist() == [[0, 0, 4, 0]]
