"""Submissions of a questionnaire: which are one, which is newer, and the ratings that they become."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from kube_research.fieldwork.table_files import TableFile
from kube_research.site.local_values import localised
from kube_research.site.schema import WIDE_ITEM
from kube_research.site.shapes import Places, is_wide, lengthen

if TYPE_CHECKING:
    import pandas as pd

_SECOND = dt.timedelta(seconds=1)
_ISO = re.compile(
    r"(?P<y>[0-9]{4})[-/.](?P<m>[0-9]{1,2})[-/.](?P<d>[0-9]{1,2})[ T,]+(?P<clock>.+)", re.IGNORECASE
)
_LOCAL = re.compile(
    r"(?P<a>[0-9]{1,2})[-/.](?P<b>[0-9]{1,2})[-/.](?P<y>[0-9]{4}|[0-9]{2})[ T,]+(?P<clock>.+)"
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
        Its first row in the export, or in the ratings.
    round, group, rater : str
        Who answered when, in the codes of the site.
    scores : dict of int to str
        Score by statement; empty where there is no answer.
    uuid, root, number : str
        What the program calls it: its key, the key of its first version, its number; empty if unknown.
    time : str
        When it was sent, as :func:`stored_time` writes it.
    rows : dict of int to int
        Of one that stands in the ratings: its row there by statement (in wide ratings always the same).
    part : str
        Which of several ratings in one row of the export it is; empty for the only one.
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
    rows: dict[int, int] = field(default_factory=dict)
    part: str = ""

    @property
    def key(self) -> str:
        """The key that stays the same when the submission is edited."""
        return self.root or self.uuid

    def keys(self) -> set[tuple[str, str]]:
        """Return everything by which the submission is known again."""
        keys = {("key", key) for key in (self.uuid, self.root) if key}
        return keys | ({("number", self.number)} if self.number else set())

    def same_as(self, other: Submission) -> bool:
        """Tell whether two rows are one submission.

        By a common key or number; where neither has one, by the same rater and second.
        """
        if self.keys() or other.keys():
            return bool(self.keys() & other.keys())
        moments = moment(self.time), moment(other.time)
        if self.part and other.part and self.part != other.part:
            return False
        if self.rater != other.rater or not self.time or not other.time:
            return False
        if moments[0] is None or moments[1] is None:
            return self.time == other.time
        walls = [time.replace(tzinfo=None) for time in moments if time is not None]
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
    if _ISO.fullmatch(written) and (time := moment(written)) is not None:
        return time.isoformat()
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
    if parts := _ISO.fullmatch(written):
        year, month, day = int(parts["y"]), int(parts["m"]), int(parts["d"])
    elif parts := _LOCAL.fullmatch(written):
        first, second = int(parts["a"]), int(parts["b"])
        year = int(parts["y"]) + (2000 if len(parts["y"]) == 2 else 0)
        if first <= 12 and second <= 12 and first != second and day_first is None:
            return None
        days = day_first if first <= 12 and second <= 12 else first > 12
        day, month = (first, second) if days else (second, first)
    else:
        return None
    clock = _CLOCK.fullmatch(parts["clock"])
    if not clock:
        return None
    hour = int(clock["h"])
    if clock["half"]:
        hour = hour % 12 + (12 if clock["half"].lower().startswith("p") else 0)
    try:
        time = dt.datetime(year, month, day, hour, int(clock["min"]), int(clock["s"] or 0))
        return time.replace(tzinfo=_zone(clock["zone"]))
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
    orders = set()
    for time in times:
        if parts := _LOCAL.fullmatch(time):
            first, second = int(parts["a"]), int(parts["b"])
            if (first > 12) != (second > 12):
                orders.add(first > 12)
    return orders.pop() if len(orders) == 1 else None


def newest(versions: Sequence[Submission], day_first: bool | None = None) -> int | None:
    """Return the place of the newest of several; None if their times do not tell.

    Examples
    --------
    >>> old, new = (Submission(2, "1", "07", "A1", time=f"2016-03-0{day}T10:00:00") for day in (5, 6))
    >>> newest([old, new])
    1
    """
    moments = [moment(version.time, day_first) for version in versions]
    known = [time for time in moments if time is not None]
    if len(known) < len(moments) or len({time.tzinfo is None for time in known}) > 1:
        return None
    last = max(known)
    return known.index(last) if known.count(last) == 1 else None


def merge_same(
    submissions: Sequence[Submission], day_first: bool | None = None
) -> tuple[list[Submission], list[tuple[Submission, Submission]]]:
    """Merge the rows of an export that are one submission.

    Parameters
    ----------
    submissions : sequence of Submission
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
    merged, unclear = [], []
    for cluster in _clusters(submissions):
        whole = _union(cluster)
        if whole is None:
            place = newest(cluster, day_first)
            if place is None:
                first, *others = cluster
                differing = [row for row in others if _union([first, row]) is None]
                unclear.append((first, [*differing, others[-1]][0]))
                continue
            whole = cluster[place]
        root = next((row.root for row in cluster if row.root), "")
        merged.append(replace(whole, root=root))
    return sorted(merged, key=lambda row: row.row), unclear


def _clusters(submissions: Sequence[Submission]) -> list[list[Submission]]:
    """Put the rows of one submission together, in the order of the export."""
    cluster_of = list(range(len(submissions)))
    known: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, submission in enumerate(submissions):
        for key in submission.keys() or {("rater", submission.rater)}:
            for other in known[key]:
                kept, joined = cluster_of[other], cluster_of[place]
                if kept != joined and submissions[other].same_as(submission):
                    cluster_of = [kept if number == joined else number for number in cluster_of]
            known[key].append(place)
    clusters: dict[int, list[Submission]] = defaultdict(list)
    for number, submission in zip(cluster_of, submissions, strict=True):
        clusters[number].append(submission)
    return list(clusters.values())


def _union(cluster: Sequence[Submission]) -> Submission | None:
    """Return what all versions say together, or None if they contradict each other."""
    first = cluster[0]
    if len({(version.round, version.group, version.rater) for version in cluster}) > 1:
        return None
    scores = dict(first.scores)
    for version in cluster[1:]:
        for item, score in version.scores.items():
            if score and scores.get(item) and scores[item] != score:
                return None
            scores[item] = scores.get(item) or score
    times = {version.time for version in cluster}
    if len(times) > 1 and len({tuple(sorted(version.scores.items())) for version in cluster}) > 1:
        return None  # a later version may have taken an answer back
    return replace(
        first, scores=scores, time=max(times, key=lambda version: (len(version), version))
    )


#: Columns that say where a row of ratings came from.
ORIGIN = ("submission", "submission_no", "submitted")

_LONG = ("round", "group", "rater", "item", "score")
_EXAMPLE = re.compile(r"(?:example|contoh)(?:[\W_0-9].*)?", re.IGNORECASE)


@dataclass(frozen=True)
class Clash:
    """A submission that contradicts another row.

    Attributes
    ----------
    sent : Submission
        What the export says.
    other : Submission
        What it contradicts.
    stored : bool
        Whether the other one stands in the ratings, else in the export.
    """

    sent: Submission
    other: Submission
    stored: bool


class Ratings:
    """The ratings of a site, ready for an import.

    Parameters
    ----------
    table : TableFile
        Where they stand: long, wide, or not there yet.

    Attributes
    ----------
    stored : list of Submission
        What each rater said in each round.
    origin : dict of int to Submission
        For each row that was written: the submission it comes from.
    touched : bool
        Whether there is anything to write.
    wide : dict of int to str, or None
        The columns of the statements, if there is one for each.
    """

    def __init__(self, table: TableFile) -> None:
        self.table = table
        self.origin: dict[int, Submission] = {}
        self.touched = False
        if not any(table.rows[0]):
            for place, name in enumerate(_LONG):
                table.put(1, place, name)
        header = table.rows[0]
        matches = {name: WIDE_ITEM.fullmatch(name) for name in header}
        numbered = {int(match[1]): name for name, match in matches.items() if match}
        self.wide = numbered if is_wide(header) else None
        self.stored = self._stored()

    def _stored(self) -> list[Submission]:
        frame = localised(self.table.frame(), "ratings")[0]
        rows = list(frame.index)
        if self.wide is not None:
            frame, places = lengthen(frame)
            rows = list(places.rows)
        stored: dict[tuple[str, str], Submission] = {}
        for row, written in zip(rows, frame.fillna("").to_dict("records"), strict=True):
            cells = defaultdict(str, {str(column): str(cell) for column, cell in written.items()})
            number, rater = whole_number(cells["round"]), cells["rater"]
            version = stored.setdefault(
                (number, rater),
                Submission(
                    row, number, cells["group"], rater, uuid=cells["submission"],
                    number=cells["submission_no"], time=cells["submitted"],
                ),
            )  # fmt: skip
            if cells["item"].lstrip("+").isdigit():
                item = int(cells["item"])
                version.rows[item] = row
                version.scores[item] = whole_number(cells["score"])
        return list(stored.values())

    def long(self) -> tuple[pd.DataFrame, dict[str, Places]]:
        """Return the ratings as they are now, one row a score, and where wide ones stand."""
        frame = self.table.frame()
        if self.wide is None:
            return frame, {}
        frame, places = lengthen(frame)
        return frame, {"ratings": places}

    def drop_examples(self) -> int:
        """Take out the rows of raters whose code marks them as an example; return how many raters."""
        examples = [version for version in self.stored if _EXAMPLE.fullmatch(version.rater)]
        for version in examples:
            self.table.drop({version.row, *version.rows.values()})
        self.stored = [version for version in self.stored if version not in examples]
        self.touched |= bool(examples)
        return len(examples)

    def known_again(self, left_out: Iterable[Submission]) -> list[Submission]:
        """Return what stands in the ratings of submissions that do not count any more."""
        index = _Index(self.stored)
        pairs = [(sent, index.find(sent)) for sent in left_out]
        known = [old for sent, old in pairs if old is not None and old.same_as(sent)]
        return list({old.row: old for old in known}.values())

    def take(
        self,
        submissions: Iterable[Submission],
        *,
        latest: bool = False,
        day_first: bool | None = None,
    ) -> tuple[dict[str, int], list[Clash], list[Clash]]:
        """Write submissions into the table.

        Parameters
        ----------
        submissions : iterable of Submission
            At most one a row of the export, merged.
        latest : bool
            Whether of several submissions of one rater in one round the newest counts.
        day_first : bool, optional
            As for :func:`kube_research.fieldwork.submissions.moment`.

        Returns
        -------
        dict of str to int
            How many were ``new``, ``changed`` and ``same``.
        list of Clash
            What contradicts; if there is any, the table must not be written.
        list of Clash
            Submissions left out because ``other`` is newer.
        """
        counts = dict.fromkeys(("new", "changed", "same"), 0)
        chosen, clashes, left = _chosen(submissions, latest, day_first)
        index = _Index(self.stored)
        plan: list[tuple[Submission, Submission | None]] = []
        for sent in sorted(chosen, key=lambda sent: (int(sent.round), sent.group, sent.rater)):
            old = index.find(sent)
            if old is None or old.same_as(sent):
                plan.append((sent, old))
                continue
            if _equal(old, sent):
                counts["same"] += 1
                continue
            place = newest([old, sent], day_first) if latest else None
            if place == 1:
                plan.append((sent, old))
            else:
                (clashes if place is None else left).append(Clash(sent, old, True))
        clashes += self._occupied(plan)
        if clashes:
            return counts, clashes, left
        for sent, old in plan:
            if old is None:
                self._write_new(sent)
                counts["new"] += 1
            else:
                counts["changed" if self._update(old, sent) else "same"] += 1
        self.touched |= counts["new"] + counts["changed"] > 0
        return counts, clashes, left

    def _occupied(self, plan: list[tuple[Submission, Submission | None]]) -> list[Clash]:
        """Find submissions whose place another one keeps."""
        moved = {id(old) for _, old in plan}
        kept = {
            (version.round, version.rater): version
            for version in self.stored
            if id(version) not in moved
        }
        return [
            Clash(sent, kept[sent.round, sent.rater], True)
            for sent, _ in plan
            if (sent.round, sent.rater) in kept
        ]

    def _cells(self, sent: Submission, old: Submission | None = None) -> dict[str, str]:
        """Return what stands beside the scores; a key that the submission had before stays."""
        before = old if old is not None and old.same_as(sent) else Submission(0, "", "", "")
        return {
            "round": sent.round, "group": sent.group, "rater": sent.rater,
            "submission": before.uuid or sent.key, "submission_no": sent.number or before.number,
            "submitted": sent.time or before.time,
        }  # fmt: skip

    def _write_new(self, sent: Submission) -> None:
        cells = self._cells(sent)
        if self.wide is not None:
            scores = {self._column(item): score for item, score in sorted(sent.scores.items())}
            self.origin[self.table.append({**cells, **scores})] = sent
            return
        for item, score in sorted(sent.scores.items()):
            self._append(cells, item, score, sent)

    def _append(self, cells: dict[str, str], item: int, score: str, sent: Submission) -> None:
        """Add a row to long ratings."""
        self.origin[self.table.append({**cells, "item": str(item), "score": score})] = sent

    def _column(self, item: int) -> str:
        """Return the column of a score, in wide ratings a new one if the statement has none."""
        if self.wide is None:
            return "score"
        if item not in self.wide:
            self.wide[item] = re.sub(r"[0-9]+$", str(item), next(iter(self.wide.values())))
            self.table.place(self.wide[item])
        return self.wide[item]

    def _update(self, old: Submission, sent: Submission) -> bool:
        """Write a submission over its earlier state; tell whether anything differed."""
        cells = self._cells(sent, old)
        differs = False
        for row in sorted(set(old.rows.values())):
            self.origin[row] = sent
            for column, value in cells.items():
                before = old.round if column == "round" else self.table.get(row, column)
                if before != value and (value or column in ORIGIN):
                    self.table.put(row, self.table.place(column), value)
                    differs = True
        for item, score in sorted(sent.scores.items()):
            column = self._column(item)
            if item not in old.rows and self.wide is None:
                self._append(cells, item, score, sent)
                differs = True
            elif old.scores.get(item, "") != score:
                self.table.put(old.rows.get(item, old.row), self.table.place(column), score)
                differs = True
        return differs


def _chosen(
    submissions: Iterable[Submission], latest: bool, day_first: bool | None
) -> tuple[list[Submission], list[Clash], list[Clash]]:
    """Choose one submission per rater and round of the export; what contradicts it; what is older."""
    groups: dict[tuple[str, str], list[Submission]] = {}
    for sent in submissions:
        groups.setdefault((sent.round, sent.rater), []).append(sent)
    chosen: list[Submission] = []
    clashes: list[Clash] = []
    left: list[Clash] = []
    for versions in groups.values():
        place = newest(versions, day_first) if latest and len(versions) > 1 else 0
        best = versions[place or 0]
        others = [Clash(sent, best, False) for sent in versions if sent is not best]
        if others and (not latest or place is None):
            clashes += others
        else:
            chosen.append(best)
            left += others
    return chosen, clashes, left


class _Index:
    """Finds stored submissions by what a sent one is known by."""

    def __init__(self, stored: Iterable[Submission]) -> None:
        self.by_key: dict[tuple[str, str], Submission] = {}
        self.by_rater: dict[str, list[Submission]] = {}
        for version in stored:
            self.by_key |= dict.fromkeys(version.keys(), version)
            self.by_rater.setdefault(version.rater, []).append(version)

    def find(self, sent: Submission) -> Submission | None:
        """Return the earlier state of a submission, else what its rater said in the same round."""
        keys = sent.keys()
        for key in sorted(keys & self.by_key.keys()):
            return self.by_key[key]
        of_rater = self.by_rater.get(sent.rater, [])
        timed = [] if keys else [version for version in of_rater if version.same_as(sent)]
        same_round = [version for version in of_rater if version.round == sent.round]
        if sent.part:  # another round of the same rater and second is another rating of the row
            return next(iter(same_round), None)
        return next(iter([*timed, *same_round]), None)


def _equal(stored: Submission, sent: Submission) -> bool:
    filled = {item: score for item, score in sent.scores.items() if score}
    before = {item: score for item, score in stored.scores.items() if score}
    return stored.group == sent.group and filled == before


def whole_number(number: str) -> str:
    """Write a whole number in one way.

    Examples
    --------
    >>> whole_number("02"), whole_number("-0"), whole_number("x")
    ('2', '-0', 'x')
    """
    return re.sub(r"^\+?(-?)0*(?=[0-9])", r"\1", number)
