"""Times, versions and repeated rows of submissions."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kube_research.fieldwork.submissions import (
    Submission,
    merge_same,
    moment,
    newest,
    order_of_days,
    stored_key,
    stored_time,
)

WIB = dt.timezone(dt.timedelta(hours=7))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2016-03-05T10:00:00", dt.datetime(2016, 3, 5, 10)),
        ("2016-03-05T10:00:00.000+07:00", dt.datetime(2016, 3, 5, 10, tzinfo=WIB)),
        ("2016-03-05T03:00:00.123Z", dt.datetime(2016, 3, 5, 3, tzinfo=dt.UTC)),
        ("2016-03-05 10:00:00", dt.datetime(2016, 3, 5, 10)),
        ("2016/03/05 10:00:00 AM GMT+7", dt.datetime(2016, 3, 5, 10, tzinfo=WIB)),
        ("2016/03/05 1:00:00 PM GMT+7", dt.datetime(2016, 3, 5, 13, tzinfo=WIB)),
        ("2016/03/05 12:30:00 AM GMT+7", dt.datetime(2016, 3, 5, 0, 30, tzinfo=WIB)),
        ("25/03/2016 10.00.00", dt.datetime(2016, 3, 25, 10)),
        ("3/25/2016 22:00:00", dt.datetime(2016, 3, 25, 22)),
        ("05/05/2016 10:00", dt.datetime(2016, 5, 5, 10)),
        ("05/03/2016 10:00:00", None),
        ("2016-02-30T10:00:00", None),
        ("2016-03-05", None),
        ("kemarin", None),
        ("", None),
    ],
)
def test_moments(written: str, read: dt.datetime | None) -> None:
    assert moment(written) == read
    assert (moment(written) or dt.datetime.min).tzinfo == (read or dt.datetime.min).tzinfo


@given(st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2099, 1, 1)), st.booleans())
def test_google_times_are_read_back(time: dt.datetime, day_first: bool) -> None:
    time = time.replace(microsecond=0)
    assert moment(time.strftime("%Y/%m/%d %I:%M:%S %p GMT+7")) == time.replace(tzinfo=WIB)
    form = "%d/%m/%Y %H.%M.%S" if day_first else "%m/%d/%Y %H:%M:%S"
    assert moment(time.strftime(form), day_first) == time


def test_what_is_stored_is_the_same_for_the_same_cell() -> None:
    assert stored_time("2016/03/05 10:00:00 AM GMT+7") == "2016-03-05T10:00:00+07:00"
    assert stored_time(stored_time("2016/03/05 10:00:00 AM GMT+7")) == "2016-03-05T10:00:00+07:00"
    assert stored_time("25/03/2016 10.00.00") == "25/03/2016 10.00.00"
    for odd in ("=1+1", "@x", "+62 812", "-1", "kemarin", "9" * 60):
        assert stored_time(odd) == ""
        assert stored_key(odd if odd[0] != "9" else "9" * 130) in ("", "kemarin")


def one(row: int, time: str = "", **more: object) -> Submission:
    scores = more.pop("scores", {1: "2"})
    return Submission(row, "1", "01", "A1", scores, time=time, **more)  # type: ignore[arg-type]


def test_what_is_one_submission() -> None:
    assert one(1, uuid="a").same_as(one(2, uuid="b", root="a"))
    assert one(1, uuid="a", number="7").same_as(one(2, uuid="b", number="7"))
    assert not one(1, uuid="a", number="7").same_as(one(2, uuid="b", number="8"))
    assert one(1, "2016-03-05T10:00:00").same_as(one(2, "2016-03-05T10:00:01+07:00"))
    assert not one(1, "2016-03-05T10:00:00").same_as(one(2, "2016-03-05T10:00:03"))
    assert one(1, "5/3/2016 10:00").same_as(one(2, "5/3/2016 10:00"))
    assert not one(1).same_as(one(2))
    assert not one(1, "2016-03-05T10:00:00", uuid="a").same_as(one(2, "2016-03-05T10:00:00"))


def test_the_newest_needs_times_that_compare() -> None:
    early, late = one(1, "2016-03-05T10:00:00"), one(2, "2016-03-05T11:00:00")
    assert newest([late, early]) == 0
    assert newest([early, one(2, "2016-03-05T11:00:00Z")]) is None
    assert newest([early, one(2, early.time)]) is None
    assert newest([early, one(2)]) is None
    assert order_of_days(["25/03/2016 10:00", "3/25/2016 10:00"]) is None
    assert order_of_days(["3/4/2016 10:00", "3/25/2016 10:00"]) is False


def test_three_rows_that_hang_together_are_one() -> None:
    chain = [one(2, uuid="a"), one(3, uuid="b"), one(4, uuid="b", root="a")]
    merged, unclear = merge_same(chain)
    assert [m.row for m in merged] == [2]
    assert unclear == []
    assert merged[0].key == "a"


def test_an_answer_taken_back_later_stays_taken_back() -> None:
    old, new = one(2, "2016-03-05T10:00:00", uuid="a"), one(3, "2016-03-05T11:00:00", uuid="a")
    new.scores[1] = ""
    assert merge_same([old, new])[0][0].scores == {1: ""}
    again = one(3, old.time, uuid="a", scores={1: "", 2: "4"})
    assert merge_same([old, again])[0][0].scores == {1: "2", 2: "4"}
