"""Oracles: sets and dictionaries of people and days; scipy's t and brentq; a seeded simulation."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import beta, binomtest, t

import kube_research as kr
from kube_research.attendance import rates as att
from kube_research.attendance import statuses
from kube_research.attendance.meetings import person_attendance, recent_rates
from kube_research.errors import MissingColumnError, OptionError
from kube_research.site.folder import Site

DAYS = pd.DataFrame(
    {
        "activity": list("abcd"),
        "date": pd.to_datetime(["2016-03-05", "2016-03-05", "2016-03-06", None]),
    }
)
ROWS = st.lists(
    st.tuples(
        st.sampled_from("abcde"),  # e stands in no list of activities
        st.sampled_from(["1", "2"]),
        st.sampled_from(["u", "v", "w", None]),
        st.sampled_from(att.STATUSES),
    ),
    max_size=30,
    unique_by=lambda row: (row[0], row[2]),
)


def listed(rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["activity", "group", "person", "status"]).astype("string")


def test_the_twin_has_240_person_days(twin: Site) -> None:
    kinds = dict(zip(twin.activities["activity"], twin.activities["date"], strict=True))
    came: dict[tuple[str, Any], bool] = defaultdict(bool)
    for line in twin.attendance.to_dict("records"):
        came[line["person"], kinds[line["activity"]]] |= line["status"] in ("present", "late")
    assert (len(twin.attendance), len(came), sum(came.values())) == (300, 240, 133)
    row = kr.attendance_rates(twin.attendance, twin.activities, by=None).iloc[0]
    assert (row["n"], row["attended"], row["unit"]) == (240, 133, "person-days")
    assert round(100 * row["rate"], 1) == 55.4
    assert row["clusters"] == 30
    without = kr.attendance_rates(twin.attendance, by=None).iloc[0]
    assert (without["n"], without["attended"], without["unit"]) == (300, 167, "invitations")
    for rates in (row, without):  # wider than if invitations were independent
        interval = binomtest(int(rates["attended"]), int(rates["n"])).proportion_ci(method="wilson")
        assert rates["low"] < interval.low - 0.01
        assert rates["high"] > interval.high + 0.01


def test_rates_by_activity_stay_those_of_wilson(twin: Site) -> None:
    plain = kr.attendance_rates(twin.attendance)
    pd.testing.assert_frame_equal(kr.attendance_rates(twin.attendance, twin.activities), plain)
    assert plain["unit"].eq("invitations").all()
    assert plain["clusters"].isna().all()
    for line in plain.to_dict("records"):
        interval = binomtest(line["attended"], line["n"]).proportion_ci(method="wilson")
        assert (line["low"], line["high"]) == pytest.approx((interval.low, interval.high))


@given(ROWS, st.sampled_from([None, "group"]), st.sampled_from(att.EXCUSED))
@settings(max_examples=20)
def test_person_days_agree_with_dictionaries(
    rows: list[tuple[Any, ...]], by: str | None, excused: str
) -> None:
    dates = {"a": "5", "b": "5", "c": "6"}
    came: dict[Any, dict[Any, bool]] = defaultdict(dict)
    for place, (activity, group, person, status) in enumerate(rows):
        if status == "excused" and excused == "left out":
            continue
        who = person or f"nobody {place}"
        units, key = came[group if by else None], (who, dates.get(activity, activity))
        units[key] = units.get(key, False) or status in ("present", "late")
    rates = kr.attendance_rates(listed(rows), DAYS, by=by, excused=excused)
    if by is None:
        assert rates["n"].tolist() == [len(came[None])]
        assert rates["attended"].tolist() == [sum(came[None].values())]
    else:
        counts = {group: (len(units), sum(units.values())) for group, units in came.items()}
        pairs = zip(rates["n"], rates["attended"], strict=True)
        assert dict(zip(rates["group"], pairs, strict=True)) == counts
    rules = statuses.status_rules(listed(rows), DAYS, by=by)
    same = rules[(rules["rule"] == f"present + late; excused {excused}") & (rules["n"] > 0)]
    assert same["n"].tolist() == rates.loc[rates["n"] > 0, "n"].tolist()
    assert same["low"].tolist() == pytest.approx(
        rates.loc[rates["n"] > 0, "low"].tolist(), nan_ok=True
    )


def test_one_day_of_two_events_by_hand() -> None:
    rows = [
        ("a", "1", "u", "absent"),
        ("b", "1", "u", "late"),  # came to one of two events of the day
        ("c", "1", "u", "absent"),
        ("a", "1", "v", "excused"),
        ("b", "1", "v", "represented"),
        ("d", "1", "v", "present"),  # two days not known: each by itself
        ("e", "1", "v", "present"),
    ]
    row = kr.attendance_rates(listed(rows), DAYS, by=None).iloc[0]
    assert (row["n"], row["attended"]) == (5, 3)
    left_out = kr.attendance_rates(listed(rows[:4]), DAYS, by=None, excused="left out").iloc[0]
    assert (left_out["n"], left_out["attended"], left_out["clusters"]) == (2, 1, 1)
    assert np.isnan([left_out["low"], left_out["high"]]).all()  # one person is no sample of people
    stood_in = kr.attendance_rates(listed(rows), DAYS, by=None, attended="represented").iloc[0]
    assert (stood_in["n"], stood_in["attended"]) == (5, 1)


@given(
    st.lists(
        st.integers(1, 8).flatmap(lambda m: st.tuples(st.integers(0, m), st.just(m))),
        min_size=2,
        max_size=8,
    ),
    st.sampled_from([0.8, 0.95]),
)
@settings(max_examples=25)
def test_the_interval_over_people_solves_its_equation(
    people: list[tuple[int, int]], confidence: float
) -> None:
    rows = [
        (f"m{day}", "1", f"p{who}", "present" if day < x else "absent")
        for who, (x, m) in enumerate(people)
        for day in range(m)
    ]
    row = kr.attendance_rates(listed(rows), by=None, confidence=confidence).iloc[0]
    x, m = (np.array(part, dtype=float) for part in zip(*people, strict=True))
    rate, weight = x.sum() / m.sum(), m / m.sum()
    worth = 1 / (weight**2).sum()
    spread = worth / (worth - 1) * ((weight * (x / m - rate)) ** 2).sum()
    chance = rate * (1 - rate) / m.sum()
    alike = worth if rate in (0, 1) else rate * (1 - rate) / max(spread, chance)
    away = t.ppf(0.5 + confidence / 2, worth - 1)

    def beyond(end: float) -> float:
        return float(alike * (rate - end) ** 2 - away**2 * end * (1 - end))

    low = 0.0 if rate == 0 else brentq(beyond, 0, rate - 1e-12)
    high = 1.0 if rate == 1 else brentq(beyond, rate + 1e-12, 1)
    assert (row["low"], row["high"]) == pytest.approx((low, high), abs=1e-6)


@pytest.mark.parametrize(("people", "icc"), [(5, 0.0), (5, 0.3), (15, 0.1), (30, 0.3)])
def test_the_interval_over_people_holds_what_it_says(people: int, icc: float) -> None:
    """Eight days a person, nine true rates, 600 lists each: 94 % hold it on average over the rates."""
    rng, lists, days, covered = np.random.default_rng(5), 600, 8, defaultdict(list)
    for truth in np.arange(0.1, 0.91, 0.1):
        each = np.full(lists * people, truth)
        if icc:
            shape = (truth * (1 - icc) / icc, (1 - truth) * (1 - icc) / icc)
            each = beta.rvs(*shape, size=lists * people, random_state=rng)
        came = rng.binomial(days, each)
        who = np.repeat(np.arange(came.size), days)
        frame = pd.DataFrame({"list": who // people, "person": who})
        attended = np.tile(np.arange(days), came.size) < came[who]
        frame["status"] = np.where(attended, "present", "absent")
        for cluster in ("person", None):
            rates = kr.attendance_rates(frame, by="list", cluster=cluster)
            covered[cluster].append(((rates["low"] <= truth) & (truth <= rates["high"])).mean())
    assert np.mean(covered["person"]) >= 0.94
    assert min(covered["person"]) >= 0.90
    if icc:
        assert np.mean(covered[None]) < 0.9  # what invitations taken as independent hold


def test_groups_as_clusters_are_wider_where_groups_differ() -> None:
    status = {"1": "present", "2": "absent", "3": "late"}
    rows = [(a, g, f"{g}{p}", status[g]) for g in status for a in "ac" for p in range(4)]
    people, groups = (
        kr.attendance_rates(listed(rows), DAYS, by=None, cluster=cluster).iloc[0]
        for cluster in ("person", "group")
    )
    assert (people["clusters"], groups["clusters"]) == (12, 3)
    assert groups["high"] - groups["low"] > people["high"] - people["low"] + 0.2
    assert kr.attendance_rates(listed(rows), by="group", cluster="group")["low"].isna().all()
    with pytest.raises(MissingColumnError, match="village"):
        kr.attendance_rates(listed(rows), by=None, cluster="village")


def test_one_code_in_two_sites_is_two_people_and_one_activity_two_meetings() -> None:
    rows = listed([("a", "1", "u", "present"), ("b", "1", "u", "absent")])
    both = pd.concat([rows.assign(site="x"), rows.assign(site="y", status="absent")])
    days = pd.concat([DAYS.assign(site="x"), DAYS.assign(site="y")], ignore_index=True)
    days.loc[days["site"] == "y", "date"] += pd.to_timedelta([0, 7, 0, 0], unit="D")
    row = kr.attendance_rates(both, days, by=None).iloc[0]
    assert (row["n"], row["attended"], row["clusters"]) == (3, 1, 2)  # u of y came on no day of two
    each = person_attendance(both, days)
    assert each[["site", "person", "n", "attended"]].to_numpy().tolist() == [
        ["x", "u", 2, 1],
        ["y", "u", 2, 0],
    ]
    assert each["longest_absence"].tolist() == [1, 2]
    last = recent_rates(both, days, by="site", last=1).set_index("site")
    assert last["rate"].to_dict() == {"x": 0, "y": 0}
    assert recent_rates(both, days, by=None)["meetings"].tolist() == [4]
    with pytest.raises(MissingColumnError, match="site"):
        kr.attendance_rates(both, DAYS, by=None)


def test_days_that_are_not_certain_are_refused_and_their_evidence_counts() -> None:
    rows = listed([("a", "1", "u", "present"), ("b", "1", "u", "absent")])
    with pytest.raises(OptionError, match="Activity a stands twice"):
        kr.attendance_rates(rows, pd.concat([DAYS, DAYS]), by=None)
    weak = kr.attendance_rates(rows, DAYS.assign(evidence="simulated"), by=None)
    assert weak["evidence"].tolist() == ["simulated"]
    assert kr.attendance_rates(rows, by=None)["evidence"].tolist() == ["recorded"]
