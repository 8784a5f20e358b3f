"""The draws of one part of a simulated programme, as arrays: its groups and all their tables.

A table is a :class:`Draw`: numbers, or places in a list of words, one array a column. Faults are
planted here, each into a group of its own, and described by one row each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tools.programme_plan import GAIN, SPREAD, Floats, Part, ProgrammePlan, Wholes

#: Meetings of a programme, and the first day of its books.
MEETINGS = 6
FIRST_DAY = np.datetime64("2025-01-06")
ROLES = ("pengurus", "anggota")
STATUSES = ("present", "late", "excused", "absent", "represented", "sakit")
BOOKS = ("kas", "tabungan", "iks")
CATEGORIES = (
    "stimulant",
    "sales",
    "stock_purchase",
    "member_deposit",
    "iks_due",
    "sick_support",
)
#: The entries of each book: category and, in thousands of rupiah, the least and the most (signed).
_KAS = (("stimulant", 5000, 5000), *(("sales", 200, 900), ("stock_purchase", -600, -100)) * 4)
_TABUNGAN = (("member_deposit", 10, 100),) * 6
_IKS = (*(("iks_due", 20, 60),) * 3, ("sick_support", -50, -10)) * 2
ENTRIES: tuple[tuple[int, int, int, int], ...] = tuple(
    (book, CATEGORIES.index(category), low, high)
    for book, entries in enumerate((_KAS, _TABUNGAN, _IKS))
    for category, low, high in entries
)
_TABLES = ("ratings", "attendance", "ledger")
#: Leaving varies by province and mood, by 0.72 on the logit scale; this keeps the mean share as asked.
LOGIT = float(np.sqrt(1 + 0.346 * 0.72**2))
#: Categories that name the member concerned.
_PERSONAL = (CATEGORIES.index("member_deposit"), CATEGORIES.index("iks_due"))


@dataclass
class Words:
    """A column of words: places in a list, -1 for none."""

    places: npt.NDArray[np.int32]
    words: list[str]

    def at(self, row: int) -> str:
        """Return the word of a row."""
        return self.words[int(self.places[row])]

    def put(self, row: int, word: str) -> None:
        """Write a word that may be new into a row."""
        if word not in self.words:
            self.words.append(word)
        self.places[row] = self.words.index(word)


@dataclass
class Draw:
    """One table of a part: its columns, all of one length."""

    columns: dict[str, Any]

    def __len__(self) -> int:
        first = next(iter(self.columns.values()))
        return len(first.places if isinstance(first, Words) else first)

    def again(self, row: int) -> None:
        """Write a row a second time, right below itself."""
        for name, column in self.columns.items():
            if isinstance(column, Words):
                column.places = np.insert(column.places, row + 1, column.places[row])
            else:
                self.columns[name] = np.insert(column, row + 1, column[row])


class PartDraws:
    """Draws the tables of one part; the same plan and part give the same draws."""

    def __init__(self, plan: ProgrammePlan, part: Part) -> None:
        self.plan, self.part = plan, part
        regency, width = plan.codes[part.regency], max(5, len(str(plan.groups)))
        numbers = range(part.start + 1, part.start + part.size + 1)
        self.regency, self.nowhere = regency, f"{regency}-{0:0{width}d}"
        self.groups = [f"{regency}-{number:0{width}d}" for number in numbers]
        places = range(1, plan.raters + 1)
        self.people = [f"{group}-{place:02d}" for group in self.groups for place in places]
        self.faults: list[dict[str, object]] = []
        self._latent()

    def _rng(self, table: int) -> np.random.Generator:
        return self.plan.stream(3 + table, self.part.index)

    def _latent(self) -> None:
        """Draw the groups: their levels, their gains, and after how many rounds they are lost."""
        plan, size, rng = self.plan, self.part.size, self._rng(0)
        unit = (plan.scale[1] - plan.scale[0]) / 3
        mood = rng.normal(0, 1, size)
        at = {
            name: value[self.part.regency] for name, value in plan.levels.items() if name != "items"
        }
        self.level: Floats = at["regency"] + SPREAD["group"] * mood * unit
        self.gain: Floats = at["gain"] + rng.normal(0, GAIN["group"], size) * unit
        self.formed: Wholes = -rng.integers(30, 1500, size)
        stays = np.ones((plan.rounds, size), dtype=bool)
        if plan.attrition:
            odds = LOGIT * np.log(plan.attrition / (1 - plan.attrition)) + at["leave"] - 0.6 * mood
            leaves = rng.random((plan.rounds - 1, size)) < 1 / (1 + np.exp(-odds))
            stays[1:] = ~np.logical_or.accumulate(leaves, axis=0)
        self.stays = stays

    def _of_groups(self, each: int) -> Words:
        return Words(np.repeat(np.arange(self.part.size, dtype=np.int32), each), [*self.groups])

    def group_rows(self) -> Draw:
        """Return the groups: code, members, day of forming."""
        members = np.full(self.part.size, self.plan.raters, dtype=np.int64)
        return Draw(
            {"group": self._of_groups(1), "members": members, "formed": FIRST_DAY + self.formed}
        )

    def member_rows(self) -> Draw:
        """Return the roster: three officers and ordinary members in each group."""
        raters, size = self.plan.raters, self.part.size
        many = raters * size
        roles = np.tile((np.arange(raters) >= min(3, raters)).astype(np.int32), size)
        joined = np.repeat(FIRST_DAY + self.formed, raters)
        return Draw(
            {
                "person": Words(np.arange(many, dtype=np.int32), self.people),
                "group": self._of_groups(raters),
                "role": Words(roles, [*ROLES]),
                "joined": joined,
                "left": np.full(many, np.datetime64("NaT"), dtype="datetime64[D]"),
            }
        )

    def ratings(self) -> Draw:
        """Return the ratings by round, group, rater and item, with their faults."""
        plan, size, rng = self.plan, self.part.size, self._rng(1)
        low, high = plan.scale
        unit, shape = (high - low) / 3, (size, plan.raters, plan.items)
        person = SPREAD["rater"] * unit * rng.standard_normal((size, plan.raters), dtype=np.float32)
        parts = []
        for place in range(plan.rounds):
            grown = self.gain * 2 * (1 - 0.5**place)
            score = rng.standard_normal(shape, dtype=np.float32)
            score *= np.float32(SPREAD["noise"] * unit)
            score += plan.levels["items"].astype(np.float32)
            score += (person + (self.level + grown).astype(np.float32)[:, None])[:, :, None]
            here = np.flatnonzero(self.stays[place])
            parts.append((place + 1, here, np.clip(np.rint(score[here]), low, high)))
        each = plan.raters * plan.items
        group = np.concatenate([np.repeat(here, each) for _, here, _ in parts])
        item = np.tile(np.arange(1, plan.items + 1), len(group) // plan.items)
        seat = np.tile(np.repeat(np.arange(plan.raters), plan.items), len(group) // each)
        draw = Draw(
            {
                "round": np.concatenate([np.full(h.size * each, name) for name, h, _ in parts]),
                "group": Words(group.astype(np.int32), [*self.groups]),
                "rater": Words((group * plan.raters + seat).astype(np.int32), self.people),
                "item": item,
                "score": np.concatenate([score.ravel() for *_, score in parts]).astype(np.int64),
            }
        )
        self._plant("ratings", draw, self._spoil_rating, group)
        return draw

    def attendance(self) -> Draw:
        """Return the attendance of every member at every meeting, with its faults."""
        plan, size, rng = self.plan, self.part.size, self._rng(2)
        each = MEETINGS * plan.raters
        ready = np.clip(0.62 + 0.25 * self.level, 0.3, 0.85)[:, None]
        draws = rng.random((size, each))
        rest = (draws - ready) / (1 - ready)
        status = np.where(rest < 0, 0, 1 + np.searchsorted([0.25, 0.5, 0.93], rest))
        seat = np.tile(np.arange(plan.raters), MEETINGS * size)
        group = np.repeat(np.arange(size), each)
        meetings = np.tile(np.repeat(np.arange(MEETINGS), plan.raters), size)
        draw = Draw(
            {
                "activity": Words(
                    meetings.astype(np.int32), [f"M{n + 1}" for n in range(MEETINGS)]
                ),
                "group": self._of_groups(each),
                "person": Words((group * plan.raters + seat).astype(np.int32), [*self.people]),
                "role": Words((seat >= 3).astype(np.int32), [*ROLES]),
                "status": Words(status.ravel().astype(np.int32), [*STATUSES]),
            }
        )
        self._plant("attendance", draw, self._spoil_attendance, group)
        return draw

    def ledger(self) -> Draw:
        """Return the books: entries of one book on different days, balances as written, with faults."""
        size, rng = self.part.size, self._rng(3)
        books, categories, low, high = (np.array(column) for column in zip(*ENTRIES, strict=True))
        amount = 1000 * rng.integers(low, high + 1, (size, len(ENTRIES)))
        day = rng.integers(0, 14, (size, len(ENTRIES)))
        seat = rng.integers(0, self.plan.raters, (size, len(ENTRIES)))
        balance = np.empty_like(amount)
        for book in range(len(BOOKS)):
            here = np.flatnonzero(books == book)
            day[:, here] += 14 * np.arange(len(here))
            balance[:, here] = np.cumsum(amount[:, here], axis=1)
        group = np.repeat(np.arange(size), len(ENTRIES))
        person = np.where(
            np.isin(categories, _PERSONAL), np.arange(size)[:, None] * self.plan.raters + seat, -1
        )
        draw = Draw(
            {
                "date": FIRST_DAY + day.ravel(),
                "group": self._of_groups(len(ENTRIES)),
                "book": Words(np.tile(books, size).astype(np.int32), [*BOOKS]),
                "category": Words(np.tile(categories, size).astype(np.int32), [*CATEGORIES]),
                "person": Words(person.ravel().astype(np.int32), self.people),
                "amount": amount.ravel(),
                "balance": balance.ravel(),
            }
        )
        last = np.flatnonzero(np.diff(np.append(books, -1)))
        ends = np.zeros(len(ENTRIES), dtype=bool)
        ends[last] = True
        self._plant("ledger", draw, self._spoil_ledger, np.where(np.tile(ends, size), group, -1))
        return draw

    def _plant(
        self,
        table: str,
        draw: Draw,
        spoil: Callable[[str, Draw, int, np.random.Generator], tuple[object, object]],
        group: npt.NDArray[Any],
    ) -> None:
        """Spoil one row in each group that the plan names; rows below first, so places stay true."""
        first, rng = self.part.first, self.plan.stream(9, self.part.index, _TABLES.index(table))
        planted = self.plan.planted[table]
        chosen = []
        for at in range(self.part.size):
            if kind := planted.get(first + at):
                chosen.append((int(rng.choice(np.flatnonzero(group == at))), kind))
        keys = ("round", "group", "rater", "item", "activity", "person", "date", "book")
        for row, kind in sorted(chosen, reverse=True):
            where = {}
            for name in keys:
                column = draw.columns.get(name)
                if column is not None and not (
                    isinstance(column, Words) and column.places[row] < 0
                ):
                    where[name] = column.at(row) if isinstance(column, Words) else str(column[row])
            was, became = spoil(kind, draw, row, rng)
            about = {"kind": kind, "table": table, "count": 1, "province": self.regency[:2]}
            about |= {"regency": self.regency, **where, "was": was, "became": became}
            self.faults.append(about)

    def _spoil_rating(
        self, kind: str, draw: Draw, row: int, rng: np.random.Generator
    ) -> tuple[object, object]:
        columns, (low, high) = draw.columns, self.plan.scale
        if kind == "score_off_scale":
            was = int(columns["score"][row])
            columns["score"][row] = rng.choice([low - 1, high + 1, 11 * high])
            return was, int(columns["score"][row])
        if kind == "unknown_item":
            was = int(columns["item"][row])
            columns["item"][row] = self.plan.items + 69
            return was, self.plan.items + 69
        if kind == "unknown_group":
            word = columns["group"].at(row)
            columns["group"].put(row, self.nowhere)
            return word, self.nowhere
        draw.again(row)
        return 1, 2

    def _spoil_attendance(
        self, kind: str, draw: Draw, row: int, rng: np.random.Generator
    ) -> tuple[object, object]:
        name = "person" if kind == "person_not_in_roster" else "status"
        column = draw.columns[name]
        was = column.at(row)
        column.put(row, f"{draw.columns['group'].at(row)}-00" if name == "person" else STATUSES[-1])
        return was, column.at(row)

    def _spoil_ledger(
        self, kind: str, draw: Draw, row: int, rng: np.random.Generator
    ) -> tuple[object, object]:
        amount, balance = draw.columns["amount"], draw.columns["balance"]
        if kind == "sign_error":
            amount[row] = -amount[row]
            return int(-amount[row]), int(amount[row])
        was = int(balance[row])
        off = 1000 * int(rng.integers(1, 10)) * int(rng.choice([-1, 1]))
        balance[row] += off if off != -2 * int(amount[row]) else 500
        return was, int(balance[row])
