"""Oracles: Python sets, enumeration of overlaps, and a roster counted by hand."""

from __future__ import annotations

from itertools import combinations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from kube_research.attendance import participation as part
from kube_research.errors import MissingColumnError, OptionError
from kube_research.peka.scores import to_wide

SCORES = st.lists(
    st.tuples(
        st.integers(1, 3),
        st.sampled_from("abcdef"),
        st.integers(1, 2),
        st.sampled_from([1, 4, None]),
        st.sampled_from(["1", "2", None]),
    ),
    max_size=30,
    unique_by=lambda row: row[:3],
)


def scored(rows: list[tuple[object, ...]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["round", "rater", "item", "score", "group"])
    kinds = {"round": "Int64", "rater": "string", "item": "Int64", "score": "Int64"}
    return frame.astype({**kinds, "group": "string"})


@given(SCORES)
def test_flow_agrees_with_sets(rows: list[tuple[object, ...]]) -> None:
    ratings = scored(rows)
    people: dict[object, set[object]] = {}
    for number, rater, _, score, _ in rows:
        if score is not None:
            people.setdefault(number, set()).add(rater)
    if len(people) < 2:
        with pytest.raises(OptionError):
            part.rater_flow(ratings)
        return
    flow = part.rater_flow(ratings)
    assert len(flow) == {2: 1, 3: 3}[len(people)]
    for row in flow.to_dict("records"):
        one, two = people[row["round_first"]], people[row["round_second"]]
        got = [row[name] for name in ("n_first", "n_second", "both", "only_first", "only_second")]
        assert got == [len(one), len(two), len(one & two), len(one - two), len(two - one)]
        interval = binomtest(len(one & two), len(one)).proportion_ci(method="wilson")
        assert (row["low"], row["high"]) == pytest.approx((interval.low, interval.high))
        assert row["retention"] + row["drop_out"] == pytest.approx(1)
    groups = part.rater_flow(ratings, by="group")
    counts = ["n_first", "n_second", "both", "only_first", "only_second"]
    pairs = ["round_first", "round_second"]
    summed = groups.groupby(pairs)[counts].sum().reset_index()
    expected = flow[[*pairs, *counts]].sort_values(pairs, ignore_index=True)
    pd.testing.assert_frame_equal(summed, expected)


@given(SCORES)
@settings(max_examples=12)
def test_blank_scores_are_missing_rows_and_order_does_not_matter(
    rows: list[tuple[object, ...]],
) -> None:
    ratings = scored(rows)
    known = ratings.dropna(subset="score")
    raters = part.rater_rounds(ratings)
    pd.testing.assert_frame_equal(raters, part.rater_rounds(known))
    pd.testing.assert_frame_equal(raters, part.rater_rounds(ratings[::-1]))
    assert raters["rater"].is_unique
    if len(set(known["round"])) > 1:
        for by in (None, "group"):
            flow = part.rater_flow(ratings, by=by)
            pd.testing.assert_frame_equal(flow, part.rater_flow(known, by=by))
            pd.testing.assert_frame_equal(flow, part.rater_flow(ratings[::-1], by=by))


TWO = scored(
    [
        (1, "a", 1, 3, "7"),
        (1, "b", 1, 2, "7"),
        (1, "c", 1, None, "8"),
        (2, "a", 1, 4, "7"),
        (2, "c", 1, 1, "8"),
    ]
)


def test_two_rounds_by_hand() -> None:
    row = part.rater_flow(TWO).iloc[0]
    assert (row["n_first"], row["n_second"], row["both"]) == (2, 2, 1)
    assert (row["retention"], row["drop_out"], row["few"]) == (0.5, 0.5, True)
    raters = part.rater_rounds(TWO)
    assert raters["rater"].tolist() == ["a", "b", "c"]
    assert raters["rounds"].tolist() == ["1+2", "1", "2"]
    assert raters["pattern"].tolist() == ["both", "only first", "only second"]
    groups = part.rater_flow(TWO, by="group").set_index("group")
    assert groups.loc["8", "n_first"] == 0
    assert groups.loc["8", ["retention", "low", "high", "drop_out"]].isna().all()


def test_wide_ratings_and_ratings_without_groups() -> None:
    wide = to_wide(TWO)
    pd.testing.assert_frame_equal(part.rater_rounds(wide), part.rater_rounds(TWO))
    plain = TWO.drop(columns="group")
    assert "group" not in part.rater_rounds(plain)
    assert part.rater_flow(plain)["both"].tolist() == [1]
    with pytest.raises(MissingColumnError, match="group"):
        part.rater_flow(plain, by="group")


def test_three_rounds_have_their_pairs_and_patterns() -> None:
    more = pd.concat([TWO, scored([(3, "a", 1, 1, "7"), (3, "b", 1, 1, "7"), (3, "d", 1, 1, "7")])])
    flow = part.rater_flow(more)
    pairs = list(zip(flow["round_first"], flow["round_second"], strict=True))
    assert pairs == [(1, 2), (2, 3), (1, 3)]
    assert flow["both"].tolist() == [1, 1, 2]
    patterns = part.rater_rounds(more).set_index("rater")["pattern"].to_dict()
    assert patterns == {"a": "all", "b": "some", "c": "only round 2", "d": "only round 3"}
    assert part.rater_flow(more, rounds=[3, 1])["both"].tolist() == [2]
    for rounds in ([1], [1, 9], [1, 1]):
        with pytest.raises(OptionError):
            part.rater_flow(more, rounds=rounds)


def test_evidence_is_the_weakest_of_the_two_rounds() -> None:
    graded = TWO.assign(evidence=["recorded"] * 4 + ["simulated"])
    assert part.rater_flow(graded)["evidence"].tolist() == ["simulated"]
    by_group = part.rater_flow(graded, by="group").set_index("group")["evidence"]
    assert by_group.to_dict() == {"7": "recorded", "8": "simulated"}
    assert part.rater_rounds(graded)["evidence"].tolist() == ["recorded", "recorded", "simulated"]


@given(st.integers(0, 5), st.integers(0, 5), st.integers(0, 6))
def test_overlap_agrees_with_enumeration(one: int, two: int, roster: int) -> None:
    if roster < max(one, two):
        with pytest.raises(OptionError):
            part.overlap_bounds(one, two, roster=roster)
        return
    people = range(roster)
    first = set(range(one))
    shared = {len(first & set(second)) for second in combinations(people, two)}
    row = part.overlap_bounds(one, two, roster=roster).iloc[0]
    assert set(range(row["both_low"], row["both_high"] + 1)) == shared
    if one:
        assert row["retention_low"] == min(shared) / one
        assert row["drop_out_low"] == pytest.approx(1 - max(shared) / one)
    else:
        assert pd.isna(row["retention_low"])


def test_the_study_leaves_the_overlap_open() -> None:
    free = part.overlap_bounds(15, 18).iloc[0]
    assert (free["both_low"], free["both_high"], free["retention_low"]) == (0, 15, 0)
    assert pd.isna(free["roster"])
    known = part.overlap_bounds(15, 18, roster=30).iloc[0]
    assert (known["both_low"], known["both_high"]) == (3, 15)
    assert (known["retention_low"], known["retention_high"]) == (0.2, 1)
    assert known["evidence"] == "bounded"


ROSTER = pd.DataFrame(
    [
        ("always", "1", "pengurus", None, None),
        ("leaves", "1", "anggota", "2016-01-01", "2016-05-01"),
        ("first day", "1", "anggota", "2016-03-01", None),
        ("joins", "1", "anggota", "2016-03-02", None),
        ("passes through", "2", "anggota", "2016-04-01", "2016-05-01"),
        ("last day", "2", "anggota", None, "2016-06-30"),
        ("after", "2", "anggota", None, "2016-07-01"),
        ("gone", "2", "anggota", None, "2016-03-01"),
        ("later", "2", "anggota", "2016-07-01", None),
        ("companion", None, "pendamping", None, None),
    ],
    columns=["person", "group", "role", "joined", "left"],
)


def test_members_by_hand() -> None:
    row = part.member_retention(ROSTER, "2016-03-01", "2016-06-30").iloc[0]
    # At the start: always, leaves, first day, last day, after. Joined: joins, passes through.
    # Left: leaves, passes through, last day. At the end: always, first day, joins, after.
    counts = ["at_start", "joined", "left", "at_end", "stayed"]
    assert [row[name] for name in counts] == [5, 2, 3, 4, 3]
    assert row["retention"] == 3 / 5
    assert row["drop_out"] == pytest.approx(2 / 5)
    assert row["drop_out_end"] == 3 / (4 + 3)
    assert row["growth"] == -1 / 5
    assert not row["few"]
    interval = binomtest(3, 5).proportion_ci(method="wilson")
    assert (row["low"], row["high"]) == pytest.approx((interval.low, interval.high))
    groups = part.member_retention(ROSTER, "2016-03-01", "2016-06-30", by="group")
    assert groups["group"].tolist() == ["1", "2"]
    assert groups[counts].to_numpy().tolist() == [[3, 1, 1, 3, 2], [2, 1, 2, 1, 1]]
    assert groups["few"].all()
    everybody = part.member_retention(ROSTER, "2016-03-01", "2016-06-30", roles=None)
    assert everybody["at_start"].tolist() == [6]


def test_on_the_day_of_leaving_a_person_is_no_longer_a_member() -> None:
    one = ROSTER[ROSTER["person"] == "leaves"]
    for day, there in (("2016-04-30", 1), ("2016-05-01", 0)):
        assert part.member_retention(one, day, day)["at_start"].tolist() == [there]
    for day, there in (("2015-12-31", 0), ("2016-01-01", 1)):
        assert part.member_retention(one, day, day)["at_start"].tolist() == [there]


DAY = st.none() | st.integers(0, 60).map(
    lambda n: pd.Timestamp("2016-01-01") + pd.Timedelta(n, "D")
)


@given(
    st.lists(st.tuples(st.sampled_from("12"), DAY, DAY), max_size=12),
    st.lists(st.integers(0, 60), min_size=3, max_size=3).map(sorted),
)
def test_periods_that_meet_add_up(rows: list[tuple[str, object, object]], days: list[int]) -> None:
    people = pd.DataFrame(
        [
            (f"p{i}", group, "anggota", joined, left)
            for i, (group, joined, left) in enumerate(rows)
            if joined is None or left is None or joined <= left
        ],
        columns=["person", "group", "role", "joined", "left"],
    )
    a, b, c = (pd.Timestamp("2016-01-01") + pd.Timedelta(n, "D") for n in days)
    whole, one, two = (
        part.member_retention(people, *ends).iloc[0] for ends in ((a, c), (a, b), (b, c))
    )
    assert one["at_end"] == two["at_start"]
    for name in ("joined", "left"):
        assert one[name] + two[name] == whole[name]
    assert whole["at_end"] == whole["at_start"] + whole["joined"] - whole["left"]
    groups = part.member_retention(people, a, c, by="group")
    for name in ("at_start", "joined", "left", "at_end", "stayed"):
        assert groups[name].sum() == whole[name]


def test_nobody_and_mistakes() -> None:
    nobody = part.member_retention(ROSTER.iloc[:0], "2016-03-01", "2016-06-30").iloc[0]
    assert nobody["at_start"] == 0
    shares = ["retention", "low", "high", "drop_out", "drop_out_end", "growth", "evidence"]
    assert nobody[shares].isna().all()
    for start, end in (("2016-06-30", "2016-03-01"), ("Maret", "2016-06-30"), (None, "2016-06-30")):
        with pytest.raises(OptionError):
            part.member_retention(ROSTER, start, end)
    wrong = ROSTER.assign(left="2015-01-01")
    with pytest.raises(OptionError, match="leaves left before joining"):
        part.member_retention(wrong, "2016-03-01", "2016-06-30")
    with pytest.raises(OptionError, match="ketua"):
        part.member_retention(ROSTER, "2016-03-01", "2016-06-30", roles=["ketua"])
    with pytest.raises(MissingColumnError, match="joined"):
        part.member_retention(ROSTER.drop(columns="joined"), "2016-03-01", "2016-06-30")
