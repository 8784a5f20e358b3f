"""Oracles: scipy.stats.binomtest(...).proportion_ci(method="wilson"); lists counted by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

import kube_research as kr
from kube_research.attendance import rates as att
from kube_research.attendance import statuses
from kube_research.attendance.meetings import person_attendance, recent_rates
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


def test_one_person_with_rows_of_two_grades_has_the_weaker() -> None:
    for grades in (["recorded", "simulated"], ["simulated", "recorded"]):
        twice = pd.DataFrame({"person": "u", "status": "present", "evidence": grades})
        assert kr.attendance_rates(twice, by=None)["evidence"].tolist() == ["simulated"]


def test_unknown_options_are_refused() -> None:
    with pytest.raises(OptionError):
        kr.attendance_rates(LIST, excused="no")
    with pytest.raises(OptionError):
        kr.attendance_rates(LIST, attended=["here"])
    with pytest.raises(MissingColumnError, match="village"):
        kr.attendance_rates(LIST, by="village")


def test_one_row_over_everything() -> None:
    for by in (None, (), []):
        row = kr.attendance_rates(LIST, by=by)
        assert row.columns.tolist()[:3] == ["n", "attended", "rate"]
        assert (row.loc[0, "n"], row.loc[0, "attended"]) == (6, 3)
    nobody = kr.attendance_rates(LIST.iloc[:0], by=None)
    assert nobody["n"].tolist() == [0]
    assert nobody[["rate", "low", "high", "evidence"]].isna().all(axis=None)
    assert nobody["few"].all()
    assert kr.attendance_rates(LIST.iloc[:0], by="group").empty


def test_a_level_of_which_all_are_excused_has_no_rate_and_no_row() -> None:
    both = pd.concat([LIST, LIST.assign(activity="b", status="excused")])
    assert kr.attendance_rates(both, excused="left out")["activity"].tolist() == ["a"]
    rules = statuses.status_rules(both, by="activity").query(
        "activity == 'b' and excused == 'left out'"
    )
    assert rules["n"].tolist() == [0] * 4
    assert rules["rate"].isna().all()


def test_an_unknown_status_is_named() -> None:
    typed = LIST.assign(status=["hadir", *STATUSES[1:]])
    for call in (
        kr.attendance_rates,
        statuses.status_rules,
        statuses.rule_range,
        person_attendance,
    ):
        with pytest.raises(OptionError, match="'hadir'"):
            call(typed)


def test_few_without_people_counts_rows_and_with_people_counts_people() -> None:
    assert not kr.attendance_rates(LIST.drop(columns="person"))["few"].any()
    assert kr.attendance_rates(LIST.assign(person="the same"))["few"].all()


ROWS = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.sampled_from(["1", "2", None]),
        st.sampled_from("uvwxyz"),
        st.sampled_from([*att.STATUSES, None]),
        st.sampled_from(["recorded", "simulated"]),
    ),
    max_size=25,
    unique_by=lambda row: (row[0], row[2]),
)
DAYS = pd.DataFrame(
    {
        "activity": list("abc"),
        "kind": ["meeting", "intervention", "meeting"],
        "date": pd.to_datetime(["2016-03-05", "2016-03-05", "2016-03-01"]),
        "start": pd.array(["10:00", "09:00", None], dtype="string"),
    }
)


def listed(rows: list[tuple[object, ...]]) -> pd.DataFrame:
    columns = ["activity", "group", "person", "status", "evidence"]
    return pd.DataFrame(rows, columns=columns).astype("string")


@given(ROWS, st.sampled_from([None, "group", ["group", "person"]]))
@settings(max_examples=8)
def test_a_missing_status_is_a_missing_row_and_order_does_not_matter(
    rows: list[tuple[object, ...]], by: object
) -> None:
    logs = listed(rows)
    known = logs.dropna(subset="status")
    for call in (
        lambda frame: kr.attendance_rates(frame, by=by),
        lambda frame: kr.attendance_rates(frame, by=by, excused="left out"),
        lambda frame: statuses.status_rules(frame, by=by),
        lambda frame: statuses.rule_range(frame, by=by),
        lambda frame: recent_rates(frame, DAYS, by=by, last=2),
        lambda frame: person_attendance(frame, DAYS),
    ):
        pd.testing.assert_frame_equal(call(logs), call(known))
        pd.testing.assert_frame_equal(call(logs), call(logs.iloc[::-1]))


@given(ROWS)
@settings(max_examples=15)
def test_merging_levels_keeps_the_totals(rows: list[tuple[object, ...]]) -> None:
    logs = listed(rows)
    whole = kr.attendance_rates(logs, by=None).iloc[0]
    for by in ("activity", "group", "person", ["activity", "group"]):
        parts = kr.attendance_rates(logs, by=by)
        assert (parts["n"].sum(), parts["attended"].sum()) == (whole["n"], whole["attended"])


@given(ROWS)
@settings(max_examples=15)
def test_every_rule_is_the_rate_under_that_rule(rows: list[tuple[object, ...]]) -> None:
    logs = listed(rows)
    rules = statuses.status_rules(logs, by="group")
    names = ["group", "n", "attended", "rate", "low", "high", "unit", "clusters"]
    names += ["few", "evidence"]
    for rule, part in rules.groupby(["late", "represented", "excused"]):
        came = ["present"] + ["late"] * rule[0] + ["represented"] * rule[1]
        expected = kr.attendance_rates(logs, by="group", attended=came, excused=rule[2])
        pd.testing.assert_frame_equal(
            part.loc[part["n"] > 0, names].reset_index(drop=True), expected
        )
    assert len(rules) == 8 * logs.dropna(subset="status")["group"].nunique(dropna=False)


def test_what_the_rule_decides_by_hand() -> None:
    # 2 present, 1 late, 1 excused, 1 absent, 1 represented: 2/6 at least, (2+1+1)/5 at most.
    row = statuses.rule_range(LIST).iloc[0]
    assert (row["lowest"], row["highest"]) == (2 / 6, 4 / 5)
    assert row["spread"] == pytest.approx(4 / 5 - 2 / 6)
    assert row["lowest_rules"] == "present; excused counted"
    assert row["highest_rules"] == "present + late + represented; excused left out"
    tie = statuses.rule_range(LIST.assign(status=["present", "absent"] * 3)).iloc[0]
    assert tie["lowest"] == tie["highest"] == 0.5
    assert len(tie["lowest_rules"].split(" | ")) == 8


def meetings(statuses: dict[str, str], codes: dict[str, str]) -> pd.DataFrame:
    """One row per letter: statuses by activity, P present, A absent, E excused."""
    words = {"P": "present", "A": "absent", "E": "excused", "L": "late", "R": "represented"}
    return pd.DataFrame(
        [
            {"activity": activity, "person": f"p{place}", "group": codes[activity]}
            | {"status": words[letter]}
            for activity, letters in statuses.items()
            for place, letter in enumerate(letters)
        ]
    )


FIVE = {"m1": "AAAA", "m2": "PAAA", "m3": "PPAA", "m4": "PPPA", "m5": "PP"}
DATES = pd.DataFrame(
    {
        "activity": ["m5", "m4", "m3", "m2", "m1", "never"],
        "kind": ["meeting", "meeting", "intervention", "meeting", "meeting", "meeting"],
        "date": pd.to_datetime(
            ["2016-05-01", "2016-04-01", "2016-03-01", "2016-02-01", "2016-01-01", "2016-06-01"]
        ),
    }
)


def test_the_last_four_meetings_by_hand() -> None:
    logs = meetings(FIVE, dict.fromkeys(FIVE, "1"))
    row = recent_rates(logs, DATES).iloc[0]
    # The mean of 1/4, 2/4, 3/4 and 2/2; pooled it is 8 of 14.
    assert row["rate"] == pytest.approx((0.25 + 0.5 + 0.75 + 1) / 4)
    assert (row["meetings"], row["fewer"], row["n"], row["attended"]) == (4, False, 14, 8)
    assert (str(row["first_date"])[:10], str(row["last_date"])[:10]) == ("2016-02-01", "2016-05-01")
    assert (row["lowest"], row["highest"]) == (0.25, 1)
    assert recent_rates(logs, DATES, method="pooled")["rate"].iloc[0] == pytest.approx(8 / 14)
    some = recent_rates(logs, DATES, kinds="meeting").iloc[0]
    assert some["rate"] == pytest.approx((0 + 0.25 + 0.75 + 1) / 4)
    few = recent_rates(logs, DATES, kinds=["intervention"]).iloc[0]
    assert (few["meetings"], few["fewer"], few["rate"]) == (1, True, 0.5)
    undated = DATES.assign(date=DATES["date"].where(DATES["activity"] != "m5"))
    assert recent_rates(logs, undated)["rate"].iloc[0] == pytest.approx(1.5 / 4)
    person = recent_rates(logs, DATES, by="person", last=2).set_index("person")
    assert person["rate"].to_dict() == {"p0": 1, "p1": 1, "p2": 0.75 - 0.25, "p3": 0}
    assert str(person.loc["p3", "first_date"])[:10] == "2016-03-01"


def test_each_group_has_its_own_last_meetings_and_none_is_said() -> None:
    logs = meetings(FIVE, {"m1": "1", "m2": "1", "m3": "1", "m4": "2", "m5": "2"})
    rows = recent_rates(logs, DATES, last=2).set_index("group")
    assert rows["rate"].to_dict() == {"1": pytest.approx(0.375), "2": pytest.approx(0.875)}
    none = recent_rates(logs, DATES.query("activity == 'm1'"), last=2).set_index("group")
    assert none["meetings"].to_dict() == {"1": 1, "2": 0}
    assert none.loc["2", ["rate", "first_date", "evidence"]].isna().all()
    assert none["fewer"].all()


def test_meetings_of_one_day_go_by_their_hour_and_represented_have_their_own_rate() -> None:
    logs = meetings({"c": "P", "a": "R", "b": "A"}, dict.fromkeys("abc", "1"))
    days = DAYS.assign(date=pd.Timestamp("2016-03-05"))
    for last, came in ((1, 1.0), (2, 0.5), (3, 1 / 3)):  # b 9:00, a 10:00, then c: hour unknown
        assert recent_rates(logs, days, last=last)["rate"].iloc[0] == pytest.approx(came)
    stood_in = recent_rates(logs, days, attended="represented")
    assert stood_in["rate"].iloc[0] == pytest.approx(1 / 3)


def test_a_date_is_evidence_too() -> None:
    logs = meetings(FIVE, dict.fromkeys(FIVE, "1")).assign(evidence="recorded")
    for grade in ("published", "simulated"):
        done = recent_rates(logs, DATES.assign(evidence=grade))
        assert done["evidence"].tolist() == [grade]
        assert set(person_attendance(logs, DATES.assign(evidence=grade))["evidence"]) == {grade}


def test_wrong_questions_about_recent_meetings_are_refused() -> None:
    for options in ({"last": 0}, {"last": 2.5}, {"method": "mean"}, {"kinds": "rapat"}):
        with pytest.raises(OptionError):
            recent_rates(LIST, DAYS, **options)
    with pytest.raises(OptionError, match="Activity a stands twice"):
        recent_rates(LIST, pd.concat([DAYS, DAYS.iloc[:1]]))
    with pytest.raises(MissingColumnError, match="date"):
        recent_rates(LIST, DAYS.drop(columns="date"))


def test_one_person_by_hand() -> None:
    logs = meetings(
        {"m1": "PA", "m2": "AA", "m3": "EA", "m4": "LA", "m5": "AA"}, dict.fromkeys(FIVE, "1")
    )
    done = person_attendance(logs, DATES).set_index("person")
    first = done.loc["p0"]
    assert (first["n"], first["attended"], first["rate"], first["never"]) == (5, 2, 0.4, False)
    assert (first["longest_absence"], str(first["last_attended"])[:10]) == (2, "2016-04-01")
    assert (done.loc["p1", "longest_absence"], done.loc["p1", "never"]) == (5, True)
    assert pd.isna(done.loc["p1", "last_attended"])
    out = person_attendance(logs, DATES, excused="left out").set_index("person").loc["p0"]
    assert (out["n"], out["longest_absence"]) == (4, 1)
    unknown = person_attendance(logs)
    assert unknown[["longest_absence", "last_attended"]].isna().all(axis=None)
    always = person_attendance(logs.assign(status="present"), DATES)
    assert always["longest_absence"].tolist() == [0, 0]
