"""Submissions of a questionnaire: which are one, which is newer, and the ratings that they become."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from kube_research.fieldwork.table_files import TableFile
from kube_research.site.local_values import localised
from kube_research.site.readers import WIDE_ITEM

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
        keys = {("key", key) for key in (self.uuid, self.root) if key}
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
        first, second, year = int(parts["a"]), int(parts["b"]), int(parts["y"])
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
    merged, unclear = [], []
    for cluster in _clusters(submissions):
        rows = tuple(row.row for row in cluster)
        whole = _union(cluster)
        if whole is None:
            place = newest(cluster, day_first)
            if place is None:
                unclear.append((cluster[0], _other(cluster)))
                continue
            whole = cluster[place]
        root = next((row.root for row in cluster if row.root), "")
        merged.append(replace(whole, rows=rows, root=root))
    return sorted(merged, key=lambda row: row.row), unclear


def _clusters(submissions: Sequence[Submission]) -> list[list[Submission]]:
    """Put the rows of one submission together, in the order of the export."""
    home: dict[int, list[Submission]] = {}
    known: dict[tuple[str, str], list[int]] = {}
    for place, submission in enumerate(submissions):
        home[place] = [submission]
        for key in submission.keys() or {("rater", submission.rater)}:
            for other in known.setdefault(key, []):
                if home[other] is not home[place] and submissions[other].same_as(submission):
                    parts = home[other], home[place]
                    joined = [*parts[0], *parts[1]]
                    for spot, cluster in home.items():
                        if cluster is parts[0] or cluster is parts[1]:
                            home[spot] = joined
            known[key].append(place)
    different = {id(cluster): cluster for cluster in home.values()}
    return [
        sorted(cluster, key=lambda submission: submission.row) for cluster in different.values()
    ]


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


def _other(cluster: Sequence[Submission]) -> Submission:
    first = cluster[0]
    differing = (version for version in cluster[1:] if _union([first, version]) is None)
    return next(differing, cluster[-1])


#: Columns that say where a row of ratings came from.
ORIGIN = ("submission", "submission_no", "submitted")

_LONG = ("round", "group", "rater", "item", "score", *ORIGIN)
_EXAMPLE = re.compile(r"(?:example|contoh)(?:[\W_0-9].*)?", re.IGNORECASE)


@dataclass
class Record:
    """What one rater said in one round.

    Attributes
    ----------
    known : Submission
        The content; ``row`` is its first row in the table.
    rows : dict of int to int
        Row of the table by statement (for wide ratings always the same).
    """

    known: Submission
    rows: dict[int, int] = field(default_factory=dict)


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
    records : list of Record
        What is there.
    origin : dict of int to Submission
        For each row that was written: the submission it comes from.
    touched : bool
        Whether there is anything to write.
    """

    def __init__(self, table: TableFile) -> None:
        self.table = table
        self.origin: dict[int, Submission] = {}
        self.touched = False
        if not any(table.rows[0]):
            for place, name in enumerate(_LONG[:5]):
                table.put(1, place, name)
        names = {WIDE_ITEM.fullmatch(name): name for name in table.rows[0]}
        wide = {"item", "score"}.isdisjoint(table.rows[0]) and any(names)
        self.wide = {int(m[1]): name for m, name in names.items() if m} if wide else None
        self.records = self._records()

    def _records(self) -> list[Record]:
        frame = localised(self.table.frame(), "ratings")[0].fillna("")
        records: dict[tuple[str, str], Record] = {}
        for row, cells in zip(frame.index, frame.to_dict("records"), strict=True):
            put = {key: str(cells.get(key, "")) for key in ("group", "rater", *ORIGIN)}
            number = whole_number(str(cells.get("round", "")))
            record = records.get((number, put["rater"]))
            if record is None:
                known = Submission(
                    int(row), number, put["group"], put["rater"], {}, uuid=put["submission"],
                    number=put["submission_no"], time=put["submitted"],
                )  # fmt: skip
                record = records.setdefault((number, put["rater"]), Record(known))
            pairs = (
                [(item, cells[name]) for item, name in self.wide.items()]
                if self.wide is not None
                else [(int(whole_number(str(cells["item"]))), cells["score"])]
                if str(cells.get("item", "")).lstrip("+").isdigit()
                else []
            )
            for item, score in pairs:
                record.rows[item] = int(row)
                record.known.scores[item] = whole_number(str(score))
        return list(records.values())

    def drop_examples(self) -> int:
        """Take out the rows of raters whose code marks them as an example; return how many raters."""
        examples = [record for record in self.records if _EXAMPLE.fullmatch(record.known.rater)]
        for record in examples:
            self.table.drop(set(record.rows.values()) | {record.known.row})
        self.records = [record for record in self.records if record not in examples]
        self.touched |= bool(examples)
        return len(examples)

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
        chosen, clashes, left = self._chosen(list(submissions), latest, day_first)
        index = _Index(self.records)
        plan: list[tuple[Submission, Record | None]] = []
        for sent in sorted(chosen, key=lambda sent: (int(sent.round), sent.group, sent.rater)):
            record = index.same(sent) or index.by_rater(sent)
            if record is not None and not record.known.same_as(sent):
                place = newest([record.known, sent], day_first) if latest else None
                if _equal(record.known, sent):
                    counts["same"] += 1
                elif place is None:
                    clashes.append(Clash(sent, record.known, True))
                elif place == 0:
                    left.append(Clash(sent, record.known, True))
                else:
                    plan.append((sent, record))
                continue
            plan.append((sent, record))
        clashes += self._occupied(plan)
        if clashes:
            return counts, clashes, left
        for sent, record in plan:
            if record is None:
                self._write_new(sent)
                counts["new"] += 1
            else:
                counts["changed" if self._update(record, sent) else "same"] += 1
        self.touched |= counts["new"] + counts["changed"] > 0
        return counts, clashes, left

    def _occupied(self, plan: list[tuple[Submission, Record | None]]) -> list[Clash]:
        """Find submissions whose place another record keeps or takes."""
        moved = {id(record) for _, record in plan if record is not None}
        kept = {
            (record.known.round, record.known.rater): record.known
            for record in self.records
            if id(record) not in moved
        }
        return [
            Clash(sent, kept[sent.round, sent.rater], True)
            for sent, _ in plan
            if (sent.round, sent.rater) in kept
        ]

    def _chosen(
        self, submissions: list[Submission], latest: bool, day_first: bool | None
    ) -> tuple[list[Submission], list[Clash], list[Clash]]:
        """Choose one submission per rater and round of the export."""
        groups: dict[tuple[str, str], list[Submission]] = {}
        for sent in submissions:
            groups.setdefault((sent.round, sent.rater), []).append(sent)
        chosen: list[Submission] = []
        clashes: list[Clash] = []
        left: list[Clash] = []
        for same in groups.values():
            place = newest(same, day_first) if latest and len(same) > 1 else 0
            if len(same) > 1 and (not latest or place is None):
                clashes += [Clash(sent, same[0], False) for sent in same[1:]]
                continue
            best = same[place or 0]
            chosen.append(best)
            left += [Clash(sent, best, False) for sent in same if sent is not best]
        return chosen, clashes, left

    def _cells(self, sent: Submission, key: str = "") -> dict[str, str]:
        return {
            "round": sent.round, "group": sent.group, "rater": sent.rater,
            "submission": key or sent.key, "submission_no": sent.number, "submitted": sent.time,
        }  # fmt: skip

    def _write_new(self, sent: Submission) -> None:
        cells = self._cells(sent)
        if self.wide is not None:
            for item in sorted(sent.scores):
                self._item_column(item)
            scores = {self.wide[item]: score for item, score in sent.scores.items()}
            self.origin[self.table.append({**cells, **scores})] = sent
            return
        for item, score in sorted(sent.scores.items()):
            row = self.table.append({**cells, "item": str(item), "score": score})
            self.origin[row] = sent

    def _item_column(self, item: int) -> str:
        wide: dict[int, str] = self.wide or {}
        if item not in wide:
            shape = next(iter(wide.values()), "item_1")
            wide[item] = re.sub(r"[0-9]+$", str(item), shape)
            self.table.place(wide[item])
        return wide[item]

    def _update(self, record: Record, sent: Submission) -> bool:
        """Write a submission over its earlier state; tell whether anything differed."""
        old = record.known
        same_key = old.uuid if old.uuid and old.same_as(sent) else ""
        cells = self._cells(sent, same_key)
        if old.same_as(sent) and not sent.time:
            cells["submitted"] = old.time
        if old.same_as(sent) and not sent.number:
            cells["submission_no"] = old.number
        differs = False
        for row in sorted(set(record.rows.values())):
            differs |= self._set(row, cells, old)
            self.origin[row] = sent
        for item, score in sorted(sent.scores.items()):
            column = self._item_column(item) if self.wide is not None else "score"
            if item not in record.rows and self.wide is None:
                row = self.table.append({**cells, "item": str(item), "score": score})
                record.rows[item] = row
                self.origin[row] = sent
                differs = True
            elif old.scores.get(item, "") != score:
                row = record.rows.get(item, old.row)
                self.table.put(row, self.table.place(column), score)
                differs = True
        return differs

    def _set(self, row: int, cells: dict[str, str], old: Submission) -> bool:
        differs = False
        for column, value in cells.items():
            before = old.round if column == "round" else self.table.get(row, column)
            if before != value and (value or column in ORIGIN):
                self.table.put(row, self.table.place(column), value)
                differs = True
        return differs


class _Index:
    """Finds records by what a submission is known by."""

    def __init__(self, records: Iterable[Record]) -> None:
        self.keys: dict[tuple[str, str], Record] = {}
        self.raters: dict[str, list[Record]] = {}
        for record in records:
            self.keys |= dict.fromkeys(record.known.keys(), record)
            self.raters.setdefault(record.known.rater, []).append(record)

    def same(self, sent: Submission) -> Record | None:
        known = next((self.keys[key] for key in sorted(sent.keys()) if key in self.keys), None)
        if known is not None or sent.keys():
            return known
        timed = [record for record in self.raters.get(sent.rater, []) if record.known.same_as(sent)]
        return next(iter(timed), None)

    def by_rater(self, sent: Submission) -> Record | None:
        rounds = self.raters.get(sent.rater, [])
        return next((record for record in rounds if record.known.round == sent.round), None)


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
