"""Submissions of a questionnaire: which are the same, which is newer, which contradict each other."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

_SECOND = dt.timedelta(seconds=1)
_ISO = re.compile(
    r"(?P<y>[0-9]{4})[-/.](?P<m>[0-9]{1,2})[-/.](?P<d>[0-9]{1,2})[ T,]+(?P<clock>.+)", re.IGNORECASE
)
_LOCAL = re.compile(
    r"(?P<a>[0-9]{1,2})[-/.](?P<b>[0-9]{1,2})[-/.](?P<y>[0-9]{4})[ T,]+(?P<clock>.+)"
)
_CLOCK = re.compile(
    r"(?P<h>[0-9]{1,2})[:.](?P<min>[0-9]{2})(?:[:.](?P<s>[0-9]{2}))?(?:[.,][0-9]+)?\s*(?P<half>[ap]\.?m\.?)?"
    r"\s*(?:(?:gmt|utc)?\s*(?P<zone>z|[+-][0-9]{1,2}(?::?[0-9]{2})?)|gmt|utc)?",
    re.IGNORECASE,
)
_SAFE_TIME = re.compile(r"[0-9][0-9A-Za-z/.:+\- ]{5,39}")
_SAFE_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/\[\]#-]{0,119}")


@dataclass(frozen=True)
class Submission:
    """One filled-in questionnaire.

    Attributes
    ----------
    row : int
        Its row in the export.
    round, group, rater : str
        Who answered when, in the codes of the site.
    scores : dict of int to str
        Score by statement; empty where there is no answer.
    uuid, root, number : str
        What the program calls it: its key, the key of its first version, its number; empty if unknown.
    time : str
        When it was sent, as :func:`stored_time` writes it.
    rows : tuple of int
        All rows of the export that are this submission.
    """

    row: int
    round: str
    group: str
    rater: str
    scores: dict[int, str] = field(default_factory=dict)
    uuid: str = ""
    root: str = ""
    number: str = ""
    time: str = ""
    rows: tuple[int, ...] = ()

    @property
    def key(self) -> str:
        """The key that stays the same when the submission is edited."""
        return self.root or self.uuid

    def keys(self) -> set[tuple[str, str]]:
        """Return everything by which the submission is known again."""
        keys = {("key", one) for one in (self.uuid, self.root) if one}
        return keys | ({("number", self.number)} if self.number else set())

    def same_as(self, other: Submission) -> bool:
        """Tell whether two rows are one submission.

        By a common key or number; where neither has one, by the same rater and second.
        """
        if self.keys() or other.keys():
            return bool(self.keys() & other.keys())
        moments = moment(self.time), moment(other.time)
        if self.rater != other.rater or not self.time or not other.time:
            return False
        if moments[0] is None or moments[1] is None:
            return self.time == other.time
        walls = [one.replace(tzinfo=None) for one in moments if one is not None]
        return abs(walls[0] - walls[1]) <= _SECOND


def stored_key(written: str) -> str:
    """Return a key as it is stored: without the prefix of ODK, empty if it holds odd signs.

    Examples
    --------
    >>> stored_key("uuid:0b1c-22"), stored_key("=cmd()")
    ('0b1c-22', '')
    """
    key = written.removeprefix("uuid:")
    return key if _SAFE_KEY.fullmatch(key) else ""


def stored_time(written: str) -> str:
    """Return a time as it is stored: ISO if the year comes first, else as written.

    Which of ``3/5/2016`` is the month cannot be told from one cell, so it stays as it is.

    Examples
    --------
    >>> stored_time("2016/03/05 10:00:00 AM GMT+7"), stored_time("3/5/2016 10:00:00")
    ('2016-03-05T10:00:00+07:00', '3/5/2016 10:00:00')
    """
    if _ISO.fullmatch(written) and (found := moment(written)) is not None:
        return found.isoformat()
    return written if _SAFE_TIME.fullmatch(written) else ""


def moment(written: str, day_first: bool | None = None) -> dt.datetime | None:
    """Read a time; None if it is no time, or if day and month cannot be told apart.

    Parameters
    ----------
    written : str
        Year first, or day and month before the year; 12 or 24 hours; with or without a zone.
    day_first : bool, optional
        Whether the day comes before the month where both are possible.

    Examples
    --------
    >>> moment("05/03/2016 10.00.00"), moment("25/03/2016 10.00.00")
    (None, datetime.datetime(2016, 3, 25, 10, 0))
    """
    if found := _ISO.fullmatch(written):
        year, month, day = int(found["y"]), int(found["m"]), int(found["d"])
    elif found := _LOCAL.fullmatch(written):
        first, second, year = int(found["a"]), int(found["b"]), int(found["y"])
        if first <= 12 and second <= 12 and first != second and day_first is None:
            return None
        days = day_first if first <= 12 and second <= 12 else first > 12
        day, month = (first, second) if days else (second, first)
    else:
        return None
    clock = _CLOCK.fullmatch(found["clock"])
    if not clock:
        return None
    hour = int(clock["h"])
    if clock["half"]:
        hour = hour % 12 + (12 if clock["half"].lower().startswith("p") else 0)
    try:
        done = dt.datetime(year, month, day, hour, int(clock["min"]), int(clock["s"] or 0))
        return done.replace(tzinfo=_zone(clock["zone"]))
    except ValueError:
        return None


def _zone(written: str | None) -> dt.timezone | None:
    if not written:
        return None
    if written in "zZ":
        return dt.UTC
    digits = written[1:].replace(":", "")
    hours, minutes = (int(digits), 0) if len(digits) < 3 else (int(digits[:-2]), int(digits[-2:]))
    ahead = dt.timedelta(hours=hours, minutes=minutes)
    return dt.timezone(-ahead if written[0] == "-" else ahead)


def order_of_days(times: Iterable[str]) -> bool | None:
    """Tell from all times of an export whether the day comes before the month; None if nothing tells.

    Examples
    --------
    >>> order_of_days(["05/03/2016 10:00:00", "25/03/2016 10:00:00"])
    True
    """
    said = set()
    for one in times:
        if found := _LOCAL.fullmatch(one):
            first, second = int(found["a"]), int(found["b"])
            if (first > 12) != (second > 12):
                said.add(first > 12)
    return said.pop() if len(said) == 1 else None


def newest(versions: Sequence[Submission], day_first: bool | None = None) -> int | None:
    """Return the place of the newest of several; None if their times do not tell.

    Examples
    --------
    >>> old, new = (Submission(2, "1", "07", "A1", time=f"2016-03-0{day}T10:00:00") for day in (5, 6))
    >>> newest([old, new])
    1
    """
    moments = [moment(one.time, day_first) for one in versions]
    known = [one for one in moments if one is not None]
    if len(known) < len(moments) or len({one.tzinfo is None for one in known}) > 1:
        return None
    last = max(known)
    return known.index(last) if known.count(last) == 1 else None


def merge_same(
    found: Sequence[Submission], day_first: bool | None = None
) -> tuple[list[Submission], list[tuple[Submission, Submission]]]:
    """Merge the rows of an export that are one submission.

    Parameters
    ----------
    found : sequence of Submission
        One entry a row.
    day_first : bool, optional
        As for :func:`moment`.

    Returns
    -------
    list of Submission
        Rows that repeat each other are one; a blank is filled from the other row; of rows that differ
        the newest counts.
    list of (Submission, Submission)
        Rows of one submission that differ, where their times do not tell which is newer.
    """
    done, unclear = [], []
    for cluster in _clusters(found):
        rows = tuple(one.row for one in cluster)
        whole = _union(cluster)
        if whole is None:
            place = newest(cluster, day_first)
            if place is None:
                unclear.append((cluster[0], _other(cluster)))
                continue
            whole = cluster[place]
        root = next((one.root for one in cluster if one.root), "")
        done.append(replace(whole, rows=rows, root=root))
    return sorted(done, key=lambda one: one.row), unclear


def _clusters(found: Sequence[Submission]) -> list[list[Submission]]:
    """Put the rows of one submission together, in the order of the export."""
    home: dict[int, list[Submission]] = {}
    known: dict[tuple[str, str], list[int]] = {}
    for place, one in enumerate(found):
        home[place] = [one]
        for key in one.keys() or {("rater", one.rater)}:
            for other in known.setdefault(key, []):
                if home[other] is not home[place] and found[other].same_as(one):
                    parts = home[other], home[place]
                    joined = [*parts[0], *parts[1]]
                    for spot, cluster in home.items():
                        if cluster is parts[0] or cluster is parts[1]:
                            home[spot] = joined
            known[key].append(place)
    different = {id(cluster): cluster for cluster in home.values()}
    return [sorted(cluster, key=lambda one: one.row) for cluster in different.values()]


def _union(cluster: Sequence[Submission]) -> Submission | None:
    """Return what all versions say together, or None if they contradict each other."""
    first = cluster[0]
    if len({(one.round, one.group, one.rater) for one in cluster}) > 1:
        return None
    scores = dict(first.scores)
    for one in cluster[1:]:
        for item, score in one.scores.items():
            if score and scores.get(item) and scores[item] != score:
                return None
            scores[item] = scores.get(item) or score
    times = {one.time for one in cluster}
    if len(times) > 1 and len({tuple(sorted(one.scores.items())) for one in cluster}) > 1:
        return None  # a later version may have taken an answer back
    return replace(first, scores=scores, time=max(times, key=lambda one: (len(one), one)))


def _other(cluster: Sequence[Submission]) -> Submission:
    first = cluster[0]
    differing = (one for one in cluster[1:] if _union([first, one]) is None)
    return next(differing, cluster[-1])
