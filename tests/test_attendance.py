"""Oracle: scipy.stats.binomtest(...).proportion_ci(method="wilson")."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

import kube_research as kr
from kube_research.errors import MissingColumnError, OptionError


@given(st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_agrees_with_scipy(pair: tuple[int, int]) -> None:
    count, n = pair
    low, high = kr.wilson_interval(count, n)
    expected = binomtest(count, n).proportion_ci(method="wilson")
    assert float(low) == pytest.approx(expected.low, abs=1e-12)
    assert float(high) == pytest.approx(expected.high, abs=1e-12)


def test_wilson_takes_other_confidence_and_nobody() -> None:
    low, high = kr.wilson_interval([7, 0], [10, 0], confidence=0.9)
    expected = binomtest(7, 10).proportion_ci(0.9, method="wilson")
    assert (low[0], high[0]) == (pytest.approx(expected.low), pytest.approx(expected.high))
    assert np.isnan([low[1], high[1]]).all()


STATUSES = ["present", "late", "excused", "absent", "represented", "present"]
LIST = pd.DataFrame(
    {
        "activity": ["a"] * 6,
        "group": ["1", "1", "1", "2", "2", "2"],
        "person": list("uvwxyz"),
        "role": ["pengurus", "anggota"] * 3,
        "status": STATUSES,
    }
)


@pytest.mark.parametrize(
    ("options", "n", "attended"),
    [
        ({}, 6, 3),
        ({"attended": ["present"]}, 6, 2),
        ({"attended": ["present", "late", "represented"]}, 6, 4),
        ({"excused": "left out"}, 5, 3),
    ],
)
def test_the_rule_is_the_callers(options: dict[str, object], n: int, attended: int) -> None:
    row = kr.attendance_rates(LIST, **options).iloc[0]
    assert (row["n"], row["attended"], row["rate"]) == (n, attended, attended / n)


def test_breakdowns_and_their_marks() -> None:
    by_group = kr.attendance_rates(LIST, by="group").set_index("group")
    assert by_group["attended"].to_dict() == {"1": 2, "2": 1}
    assert by_group["few"].all()
    assert not kr.attendance_rates(LIST)["few"].any()
    both = kr.attendance_rates(LIST, by=["group", "role"])
    assert both["n"].sum() == 6
    assert len(both) == 4


def test_activities_keep_their_order() -> None:
    twice = pd.concat([LIST.assign(activity="z"), LIST])
    assert kr.attendance_rates(twice)["activity"].tolist() == ["z", "a"]


def test_evidence_is_the_weakest_behind_each_row() -> None:
    graded = LIST.assign(evidence=["recorded"] * 5 + ["simulated"])
    assert kr.attendance_rates(graded)["evidence"].tolist() == ["simulated"]
    assert kr.attendance_rates(graded, by="group")["evidence"].tolist() == ["recorded", "simulated"]
    assert kr.attendance_rates(LIST)["evidence"].tolist() == ["recorded"]


def test_unknown_options_are_refused() -> None:
    with pytest.raises(OptionError):
        kr.attendance_rates(LIST, excused="no")
    with pytest.raises(OptionError):
        kr.attendance_rates(LIST, attended=["here"])
    with pytest.raises(MissingColumnError, match="village"):
        kr.attendance_rates(LIST, by="village")
