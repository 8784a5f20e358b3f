"""Ratings as they stand in a site, one record per rater and round, and what an import changes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from kube_research.header import WIDE_ITEM
from kube_research.local_cells import localised
from kube_research.submissions import Submission, newest
from kube_research.table_files import TableFile

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
    found : Submission
        What the export says.
    other : Submission
        What it contradicts.
    stored : bool
        Whether the other one stands in the ratings, else in the export.
    """

    found: Submission
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
        done: dict[tuple[str, str], Record] = {}
        for row, cells in zip(frame.index, frame.to_dict("records"), strict=True):
            put = {key: str(cells.get(key, "")) for key in ("group", "rater", *ORIGIN)}
            number = _short(str(cells.get("round", "")))
            record = done.get((number, put["rater"]))
            if record is None:
                known = Submission(
                    int(row), number, put["group"], put["rater"], {}, uuid=put["submission"],
                    number=put["submission_no"], time=put["submitted"],
                )  # fmt: skip
                record = done.setdefault((number, put["rater"]), Record(known))
            pairs = (
                [(item, cells[name]) for item, name in self.wide.items()]
                if self.wide is not None
                else [(int(_short(str(cells["item"]))), cells["score"])]
                if str(cells.get("item", "")).lstrip("+").isdigit()
                else []
            )
            for item, score in pairs:
                record.rows[item] = int(row)
                record.known.scores[item] = _short(str(score))
        return list(done.values())

    def drop_examples(self) -> int:
        """Take out the rows of raters whose code marks them as an example; return how many raters."""
        example = [one for one in self.records if _EXAMPLE.fullmatch(one.known.rater)]
        for one in example:
            self.table.drop(set(one.rows.values()) | {one.known.row})
        self.records = [one for one in self.records if one not in example]
        self.touched |= bool(example)
        return len(example)

    def take(
        self, found: Iterable[Submission], *, latest: bool = False, day_first: bool | None = None
    ) -> tuple[dict[str, int], list[Clash], list[Clash]]:
        """Write submissions into the table.

        Parameters
        ----------
        found : iterable of Submission
            At most one a row of the export, merged.
        latest : bool
            Whether of several submissions of one rater in one round the newest counts.
        day_first : bool, optional
            As for :func:`kube_research.submissions.moment`.

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
        chosen, clashes, left = self._chosen(list(found), latest, day_first)
        index = _Index(self.records)
        plan: list[tuple[Submission, Record | None]] = []
        for one in sorted(chosen, key=lambda one: (int(one.round), one.group, one.rater)):
            here = index.same(one) or index.by_rater(one)
            if here is not None and not here.known.same_as(one):
                place = newest([here.known, one], day_first) if latest else None
                if _equal(here.known, one):
                    counts["same"] += 1
                elif place is None:
                    clashes.append(Clash(one, here.known, True))
                elif place == 0:
                    left.append(Clash(one, here.known, True))
                else:
                    plan.append((one, here))
                continue
            plan.append((one, here))
        clashes += self._occupied(plan)
        if clashes:
            return counts, clashes, left
        for one, here in plan:
            if here is None:
                self._write_new(one)
                counts["new"] += 1
            else:
                counts["changed" if self._update(here, one) else "same"] += 1
        self.touched |= counts["new"] + counts["changed"] > 0
        return counts, clashes, left

    def _occupied(self, plan: list[tuple[Submission, Record | None]]) -> list[Clash]:
        """Find submissions whose place another record keeps or takes."""
        moved = {id(here) for _, here in plan if here is not None}
        there = {
            (one.known.round, one.known.rater): one.known
            for one in self.records
            if id(one) not in moved
        }
        return [
            Clash(one, there[one.round, one.rater], True)
            for one, _ in plan
            if (one.round, one.rater) in there
        ]

    def _chosen(
        self, found: list[Submission], latest: bool, day_first: bool | None
    ) -> tuple[list[Submission], list[Clash], list[Clash]]:
        """Choose one submission per rater and round of the export."""
        groups: dict[tuple[str, str], list[Submission]] = {}
        for one in found:
            groups.setdefault((one.round, one.rater), []).append(one)
        chosen: list[Submission] = []
        clashes: list[Clash] = []
        left: list[Clash] = []
        for same in groups.values():
            place = newest(same, day_first) if latest and len(same) > 1 else 0
            if len(same) > 1 and (not latest or place is None):
                clashes += [Clash(one, same[0], False) for one in same[1:]]
                continue
            best = same[place or 0]
            chosen.append(best)
            left += [Clash(one, best, False) for one in same if one is not best]
        return chosen, clashes, left

    def _cells(self, one: Submission, key: str = "") -> dict[str, str]:
        return {
            "round": one.round, "group": one.group, "rater": one.rater,
            "submission": key or one.key, "submission_no": one.number, "submitted": one.time,
        }  # fmt: skip

    def _write_new(self, one: Submission) -> None:
        cells = self._cells(one)
        if self.wide is not None:
            for item in sorted(one.scores):
                self._item_column(item)
            scores = {self.wide[item]: score for item, score in one.scores.items()}
            self.origin[self.table.append({**cells, **scores})] = one
            return
        for item, score in sorted(one.scores.items()):
            row = self.table.append({**cells, "item": str(item), "score": score})
            self.origin[row] = one

    def _item_column(self, item: int) -> str:
        wide: dict[int, str] = self.wide or {}
        if item not in wide:
            shape = next(iter(wide.values()), "item_1")
            wide[item] = re.sub(r"[0-9]+$", str(item), shape)
            self.table.place(wide[item])
        return wide[item]

    def _update(self, here: Record, one: Submission) -> bool:
        """Write a submission over its earlier state; tell whether anything differed."""
        old = here.known
        same_key = old.uuid if old.uuid and old.same_as(one) else ""
        cells = self._cells(one, same_key)
        if old.same_as(one) and not one.time:
            cells["submitted"] = old.time
        if old.same_as(one) and not one.number:
            cells["submission_no"] = old.number
        differs = False
        for row in sorted(set(here.rows.values())):
            differs |= self._set(row, cells, old)
            self.origin[row] = one
        for item, score in sorted(one.scores.items()):
            column = self._item_column(item) if self.wide is not None else "score"
            if item not in here.rows and self.wide is None:
                row = self.table.append({**cells, "item": str(item), "score": score})
                here.rows[item] = row
                self.origin[row] = one
                differs = True
            elif old.scores.get(item, "") != score:
                row = here.rows.get(item, old.row)
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
        for one in records:
            self.keys |= dict.fromkeys(one.known.keys(), one)
            self.raters.setdefault(one.known.rater, []).append(one)

    def same(self, one: Submission) -> Record | None:
        found = next((self.keys[key] for key in sorted(one.keys()) if key in self.keys), None)
        if found is not None or one.keys():
            return found
        timed = [here for here in self.raters.get(one.rater, []) if here.known.same_as(one)]
        return next(iter(timed), None)

    def by_rater(self, one: Submission) -> Record | None:
        rounds = self.raters.get(one.rater, [])
        return next((here for here in rounds if here.known.round == one.round), None)


def _equal(stored: Submission, one: Submission) -> bool:
    filled = {item: score for item, score in one.scores.items() if score}
    before = {item: score for item, score in stored.scores.items() if score}
    return stored.group == one.group and filled == before


def _short(number: str) -> str:
    """Write a whole number in one way: 02 as 2."""
    return re.sub(r"^\+?(-?)0*(?=[0-9])", r"\1", number)
