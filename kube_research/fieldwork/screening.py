"""Which rows of an export may enter: who answered agreed to take part, and no reviewer rejected it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain

from kube_research.fieldwork.headers import Headers, permits_other
from kube_research.fieldwork.meanings import words
from kube_research.fieldwork.pseudonyms import plain
from kube_research.texts import text


def agrees(answer: str) -> bool:
    """Tell whether an answer to the question of consent lets its row in.

    The first word for yes or no decides; what says neither lets it in.

    Examples
    --------
    >>> [agrees(cell) for cell in ("Ya, saya bersedia", "1 - Tidak", "Tidak keberatan", "OK", "0")]
    [True, False, True, True, False]
    """
    said, known = plain(answer), words()["consent"]
    for phrase in known["willing"]:
        said = re.sub(rf"\b{phrase}\b", "", said)
    spoken = (word for word in said.split() if word in known["yes"] or word in known["no"])
    return said != "0" and next(spoken, "yes") not in known["no"]


def review_of(cell: str) -> str:
    """Return what a reviewer said: ``rejected``, ``held``, ``fine``, ``other``; empty for nothing.

    Examples
    --------
    >>> [review_of(cell) for cell in ("Not Approved", "validation_status_on_hold", "hasIssues", "")]
    ['rejected', 'held', 'held', '']
    """
    uid = re.search(r"validation_status_\w+", cell)
    said = plain(uid[0] if uid else cell)
    if not said:
        return ""
    return next((state for state, known in words()["review"].items() if said in known), "other")


@dataclass
class Screening:
    """What keeps rows of a sheet out, and what was taken in although it may be looked at.

    Parameters
    ----------
    headers : Headers
    rows : collection of sequence of str
        The rows with answers.

    Attributes
    ----------
    no_consent, no_mark : list of int
        Rows whose rater did not agree, and rows taken in without an answer to the question.
    reviewed : dict of (str, str) to list of int
        Rows by what the reviewer said, in our word and as it is written.
    """

    headers: Headers
    rows: Collection[Sequence[str]]
    no_consent: list[int] = field(default_factory=list)
    no_mark: list[int] = field(default_factory=list)
    reviewed: dict[tuple[str, str], list[int]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        part, yes = (set(words()["consent"][name]) for name in ("part", "yes"))
        self.asked = self.headers.spots("consent")
        choices = self.headers.spots("choice")
        said = {spot: plain(self.headers.within[spot]) for spot in choices}
        self.refusing = [spot for spot in choices if not agrees(said[spot])]
        able = [s for s in choices if s not in self.refusing and not permits_other(said[s])]
        firm = [spot for spot in able if part & set(said[spot].split())]
        plainly = [spot for spot in able if yes & set(said[spot].split())]
        self.agreeing = firm or (plainly if len(plainly) == 1 else [])
        self.idle = [spot for spot in choices if spot not in [*self.refusing, *self.agreeing]]
        self.deciding = [*self.asked, *self.agreeing, *self.refusing]
        answers = (plain(row[spot]) for row in self.rows for spot in self.asked)
        self.listing = any(part & set(answer.split()) for answer in answers)

    def keeps_out(self, number: int, row: Sequence[str]) -> bool:
        """Tell whether a row stays out, and remember why."""
        if self._refuses(row):
            self.no_consent.append(number)
            return True
        states = {(review_of(row[spot]), row[spot]) for spot in self.headers.spots("review")}
        ranks = ("rejected", "held", "other", "fine", "")
        state = min(states, key=lambda state: ranks.index(state[0]), default=("", ""))
        self.reviewed[state].append(number)
        if state[0] != "rejected" and not self._answers(row):
            self.no_mark.append(number)
        return state[0] == "rejected"

    def _answers(self, row: Sequence[str]) -> bool:
        return any(row[spot] for spot in self.deciding)

    def _refuses(self, row: Sequence[str]) -> bool:
        if any(row[spot] and agrees(row[spot]) for spot in self.refusing):
            return True
        if self.agreeing:
            cells = [row[spot] for spot in self.agreeing if row[spot]]
            return bool(cells) and not all(map(agrees, cells))
        answers = [row[spot] for spot in self.asked if row[spot]]
        only_other = self.listing and any(permits_other(plain(cell)) for cell in answers)
        return only_other or not all(map(agrees, answers))

    def _columns(self, spots: Iterable[int]) -> str:
        return ", ".join(f"'{self.headers.names[spot]}'" for spot in spots)

    @property
    def left_out(self) -> list[int]:
        """The rows that stay out."""
        rejected = [rows for (state, _), rows in self.reviewed.items() if state == "rejected"]
        return sorted([*self.no_consent, *chain.from_iterable(rejected)])

    def reasons(self, lang: str) -> list[str]:
        """Say how many rows stay out, and why."""
        lines = []
        if self.no_consent:
            fill = {"columns": self._columns(self.deciding), **_rows(self.no_consent)}
            lines.append(text("import.no_consent", lang, **fill))
        return lines + self._reviews("rejected", lang)

    def notes(self, lang: str) -> list[str]:
        """Say everything that a reader of the ratings has to know."""
        lines = self.reasons(lang)
        if any(self._answers(row) for row in self.rows) and self.no_mark:
            fill = {"columns": self._columns(self.deciding), **_rows(self.no_mark)}
            lines.append(text("import.no_mark", lang, **fill))
        if self.idle:
            lines.append(text("import.other_consent", lang, columns=self._columns(self.idle)))
        return [*lines, *self._reviews("held", lang), *self._reviews("other", lang)]

    def _reviews(self, state: str, lang: str) -> list[str]:
        columns = self._columns(self.headers.spots("review"))
        return [
            text(f"import.review_{state}", lang, columns=columns, said=said, **_rows(rows))
            for (known, said), rows in self.reviewed.items()
            if known == state
        ]


def _rows(numbers: Sequence[int]) -> dict[str, object]:
    return {"count": len(numbers), "rows": ", ".join(map(str, numbers))}
