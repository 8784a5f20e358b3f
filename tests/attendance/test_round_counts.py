"""Oracle: sets of raters drawn by brute force, and percentages worked out one by one."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import pandas as pd
import pytest

import kube_research as kr
from kube_research.errors import OptionError
from kube_research.site.folder import Site

ROUNDS = pd.DataFrame({"round": [2, 1, 3], "n_raters": pd.array([4, 3, None], dtype="Int64")})


def test_overlaps_are_what_every_choice_of_raters_gives() -> None:
    row = kr.attendance.round_overlaps(ROUNDS, roster=5).iloc[0]
    people = range(5)
    both = {
        len(set(one) & set(two))
        for one in combinations(people, 3)
        for two in combinations(people, 4)
    }
    assert (row["round_first"], row["round_second"]) == (1, 2)
    assert (row["both_low"], row["both_high"]) == (min(both), max(both)) == (2, 3)
    assert (row["retention_low"], row["retention_high"]) == (pytest.approx(2 / 3), 1)
    assert row["evidence"] == "bounded"
    free = kr.attendance.round_overlaps(ROUNDS).iloc[0]
    assert (free["both_low"], free["both_high"]) == (0, 3)


def test_rosters_are_those_whose_percentages_lie_in_the_band(study: Site) -> None:
    found = kr.attendance.round_rosters(study.rounds, largest=200)["roster"].tolist()
    half, most = Fraction(1, 2), Fraction(3, 5)
    by_hand = [n for n in range(18, 201) if all(half <= Fraction(x, n) <= most for x in (15, 18))]
    assert found == by_hand == [30]
    assert kr.attendance.round_rosters(study.rounds, high="55%")["roster"].tolist() == []


@pytest.mark.parametrize("function", [kr.attendance.round_overlaps, kr.attendance.round_rosters])
def test_one_number_is_not_enough(function) -> None:
    with pytest.raises(OptionError, match="two rounds"):
        function(ROUNDS.iloc[:1])
