"""Oracles: brute force over pairs and matchings, and exact p-values of every single pair."""

from __future__ import annotations

from functools import cache
from itertools import combinations, permutations, product
from math import comb, inf
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kube_research.errors import OptionError, PrintedNumberError
from kube_research.evidence import change, ordinal
from kube_research.evidence.change import change_bounds
from kube_research.evidence.compatible import compatible_counts

ITEM_9 = {"mean": "2.46", "n": 15, "rounding": "truncate"}


def of_total(n: int, levels: int, total: int) -> np.ndarray:
    counts = ordinal.all_counts(n, levels)
    return counts[counts @ np.arange(levels) == total]


def raw(counts: Any) -> np.ndarray:
    return np.repeat(np.arange(len(counts)), counts)


@cache
def flips(differences: tuple[int, ...]) -> float:
    signed = [np.dot(signs, differences) for signs in product((1, -1), repeat=len(differences))]
    return float(np.mean(np.abs(signed) >= abs(sum(differences))))


def matchings(x: Any, y: Any, k: int) -> set[tuple[int, ...]]:
    """Every set of differences that k raters in both rounds can have."""
    a, b = raw(x).tolist(), raw(y).tolist()
    return {
        tuple(sorted(later - earlier for earlier, later in zip(first, second, strict=True)))
        for first in set(combinations(a, k))
        for second in set(permutations(b, k))
    }


# -- bounds of independent rounds --------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 4), st.integers(2, 5), st.integers(2, 5), st.data())
def test_bounds_are_the_ends_over_all_pairs(levels: int, n: int, m: int, data: Any) -> None:
    top = levels - 1
    a, b = data.draw(st.integers(0, n * top)), data.draw(st.integers(0, m * top))
    x, y = of_total(n, levels, a), of_total(m, levels, b)
    for name in change.STATISTICS:
        function = getattr(ordinal, name)
        values = [function(i, j)[0, 0] for i in x for j in y]
        found = change_bounds(x, y, name)
        assert (found.low, found.high) == pytest.approx((min(values), max(values)), abs=1e-12)
        assert found.pairs == len(values)
        for value, witness in ((found.low, found.low_witness), (found.high, found.high_witness)):
            assert witness.before.tolist() in x.tolist()
            assert witness.after.tolist() in y.tolist()
            assert witness.paired is None
            got = function(witness.before, witness.after)[0, 0]
            assert got == pytest.approx(value, abs=1e-12)


def test_rose_alone_leaves_everything_open_about_item_9() -> None:
    for high in (4, 5):
        item = {**ITEM_9, "scale": (1, high)}
        p = change_bounds(item, "rose", "mann_whitney_p", n_after=18)
        assert p.low == 1 / comb(33, 15)
        assert p.high == 1
        delta = change_bounds(item, "rose", "cliffs_delta", n_after=18)
        assert delta.low < 0 < delta.high == 1
        at = np.arange(high)
        for witness in (p.low_witness, p.high_witness, delta.low_witness, delta.high_witness):
            assert 15 * (witness.after @ at) > 18 * (witness.before @ at)
        rises = sum(
            len(of_total(18, high, total))
            for total in range(18 * (high - 1) + 1)
            if 15 * total > 18 * (37 - 15)
        )
        assert delta.pairs == p.pairs == len(compatible_counts(**item)) * rises


def test_a_change_of_printed_means_is_settled_by_them() -> None:
    found = change_bounds(ITEM_9, {**ITEM_9, "mean": "2.83", "n": 18}, "mean_difference")
    assert found.low == found.high == pytest.approx(51 / 18 - 37 / 15)
    assert found.evidence == "bounded"


def test_bounds_take_any_function_of_two_count_matrices(monkeypatch: pytest.MonkeyPatch) -> None:
    def tops(before: Any, after: Any) -> Any:
        return after[:, -1][None, :] - before[:, -1][:, None]

    x, y = ordinal.all_counts(4, 3), ordinal.all_counts(5, 3)
    found = change_bounds(x, y, tops)
    assert (found.low, found.high, found.statistic) == (-4, 5, "tops")
    monkeypatch.setattr(change, "_CHUNK", 7)
    assert change_bounds(x, y, "hedges_g").high == inf
    assert change_bounds(x, y, tops).pairs == len(x) * len(y)
    with pytest.raises(OptionError, match="for every pair"):
        change_bounds(x, y, lambda a, b: np.full((len(a), len(b)), np.nan))
    with pytest.raises(OptionError, match="for every pair"):
        change_bounds(x, y, lambda a, b: np.ones(len(a)))


def test_the_share_of_reversals_is_that_of_brute_force() -> None:
    x, y = ordinal.all_counts(4, 4), ordinal.all_counts(5, 4)
    rises = ordinal.mean_difference(x, y) > 0
    falls = ordinal.cliffs_delta(x, y) < 0
    assert change.rank_reversal_share(x, y) == (rises & falls).mean()
    assert change.rank_reversal_share(x, "rose", n_after=5) == (rises & falls).sum() / rises.sum()
    item = {**ITEM_9, "scale": (1, 5)}
    assert 0 < change.rank_reversal_share(item, "rose", n_after=18) < 0.1


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (([1, 1], [1, 1], "median"), {}, "'cliffs_delta'"),
        (([1, 1], "fell", "cliffs_delta"), {}, "'rose'"),
        (([1, 1], "rose", "cliffs_delta"), {}, "n_after"),
        (([0, 1], "rose", "cliffs_delta"), {"n_after": 3}, "No pair"),
        (([1, 1], [1, 1, 1], "cliffs_delta"), {}, "scale points"),
        (({**ITEM_9, "rounding": "half-up"}, [1, 1, 1, 1], "cliffs_delta"), {}, "No pair"),
        (([1, 1], [1, 1], "cliffs_delta"), {"overlap": 1}, "'sign_flip_p'"),
        (([1, 1], [1, 1], "sign_flip_p"), {}, "'cliffs_delta'"),
        (([1, 1], [1, 1], "sign_flip_p"), {"overlap": 3}, "overlap = 3"),
        (([1, 1], [1, 1], "sign_flip_p"), {"overlap": (0, 3)}, "overlap"),
        (([1, 1], [1, 1], "sign_flip_p"), {"overlap": -1}, "overlap"),
        (([1, 1], [1, 1], "mean_difference"), {"overlap": 0}, "No pair"),
    ],
)
def test_bad_arguments_are_refused(arguments: Any, options: Any, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        change_bounds(*arguments, **options)


def test_a_mean_given_as_a_number_is_refused() -> None:
    with pytest.raises(PrintedNumberError):
        change_bounds({"mean": 2.46, "n": 15}, "rose", "cliffs_delta", n_after=18)
    with pytest.raises(OptionError, match="No pair"):
        change.rank_reversal_share([0, 1], "rose", n_after=2)


# -- bounds over who is in both rounds ---------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 4), st.integers(2, 4), st.integers(2, 4), st.data())
def test_paired_bounds_are_the_ends_over_all_matchings(
    levels: int, n: int, m: int, data: Any
) -> None:
    top = levels - 1
    a, b = data.draw(st.integers(0, n * top)), data.draw(st.integers(0, m * top))
    x, y = of_total(n, levels, a), of_total(m, levels, b)
    few = data.draw(st.integers(0, min(n, m)))
    many = data.draw(st.integers(max(1, few), min(n, m)))
    shared = range(max(1, few), many + 1)
    every = {d for i in x for j in y for k in shared for d in matchings(i, j, k)}
    for name, function in (("sign_flip_p", flips), ("mean_difference", np.mean)):
        found = change_bounds(x, y, name, overlap=(few, many))
        values = [function(d) for d in every]
        assert (found.low, found.high) == pytest.approx((min(values), max(values)), abs=1e-12)
        assert (found.pairs, found.overlap) == (len(x) * len(y), shared)
        for value, witness in ((found.low, found.low_witness), (found.high, found.high_witness)):
            table = witness.paired
            assert table is not None
            assert table.min() >= 0
            assert table.sum() in shared
            assert (table.sum(axis=1) <= witness.before).all()
            assert (table.sum(axis=0) <= witness.after).all()
            assert witness.before.tolist() in x.tolist()
            assert witness.after.tolist() in y.tolist()
            moves = [
                later - earlier
                for (earlier, later), count in np.ndenumerate(table)
                for _ in range(count)
            ]
            assert function(tuple(moves)) == pytest.approx(value, abs=1e-12)


def test_paired_bounds_with_rose_alone_are_those_of_all_rising_totals() -> None:
    x, n_after = of_total(4, 3, 4), 5
    for name in change.PAIRED:
        found = change_bounds(x, "rose", name, n_after=n_after, overlap=(1, 4))
        single = [
            change_bounds(x, of_total(n_after, 3, total), name, overlap=(1, 4))
            for total in range(6, 11)
        ]
        assert found.low == min(one.low for one in single)
        assert found.high == max(one.high for one in single)
        assert found.pairs == sum(one.pairs for one in single)


def test_unknown_overlap_leaves_item_9_open() -> None:
    after = {**ITEM_9, "mean": "2.83", "n": 18}
    some = change_bounds(ITEM_9, after, "sign_flip_p", overlap=(0, 15))
    assert some.low < 0.001
    assert some.high == 1
    known = change_bounds(ITEM_9, after, "sign_flip_p", overlap=15)
    assert some.low <= known.low <= known.high <= some.high
    mean = change_bounds(ITEM_9, after, "mean_difference", overlap=15)
    # three of the eighteen are left out, with scores 1 to 4 each: 51 - 12 to 51 - 3 remain
    assert mean.low == pytest.approx((51 - 12 - 37) / 15)
    assert mean.high == pytest.approx((51 - 3 - 37) / 15)


def test_sign_flips_over_part_of_the_data_sets_are_refused_with_their_number() -> None:
    x = compatible_counts(**ITEM_9, sd="0.51")
    assert len(x) == 1
    ways = comb(15, 2) * 18 * 17  # two of fifteen, matched with any two of eighteen
    with pytest.raises(ordinal.SizeError, match=f"up to {ways:,} ways") as caught:
        change_bounds(x, [0, 3, 15, 0], "sign_flip_p", overlap=2)
    assert caught.value.size == ways
    found = change_bounds(x, [0, 3, 15, 0], "mean_difference", overlap=2)
    assert (found.low, found.high) == (-1, 1)
    with pytest.raises(ordinal.SizeError, match="sets of differences"):
        change_bounds([60, 0, 0, 0, 0], [60, 0, 0, 0, 0], "sign_flip_p", overlap=60)
