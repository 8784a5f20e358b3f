"""The headers of an export: which column holds which statement, who answered, what is private."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from kube_research.form_words import plain, words
from kube_research.texts import LANGUAGES, text

#: What a column of an export may mean beside ``item_<number>``.
ROLES = ("group", "rater", "name", "round", "consent", "time", "uuid", "root", "number", "private")

#: Headers that tell the program an export comes from.
_MARKS = {
    "kobo": {
        "_uuid",
        "_id",
        "_submission_time",
        "__version__",
        "_submission__uuid",
        "formhub/uuid",
    },
    "odk": {"key", "submissiondate", "meta-instanceid", "instanceid", "submitterid", "reviewstate"},
    "google": {"timestamp", "stempel waktu", "cap waktu", "tanda waktu"},
}
_META = ("start", "end", "today", "audit", "intro", "consent_note", "meta/instancename", "status",
         "formversion", "attachmentspresent", "attachmentsexpected", "edits", "parent_key",
         "formhub/uuid", "reviewstate", "deprecatedid", "instancename", "background-audio",
         "score", "skor total", "calculations")  # fmt: skip
_ITEM = re.compile(r"(?:^|.*[/\-:.\s_])(?:item|butir)[ _]?([0-9]{1,9})", re.IGNORECASE | re.DOTALL)
_QUESTION = re.compile(
    r"(?:item|butir|pernyataan|pertanyaan|soal|question|q)\s*(?:ke|no|nomor)?[\s.\-]*([0-9]{1,9})\W*",
    re.IGNORECASE,
)
_CONSENT = re.compile(
    r"(?:apakah (?:anda|ibu|bapak)\b.*|saya )bersedia\b|do you (?:agree|consent)\b"
)
_NUMBERED = re.compile(
    r"(?:(?:no|nomor|butir|item|q|p|pernyataan|pertanyaan|soal)\s*)?[0-9]{1,3}[a-z]?\s+"
)
_GRID = re.compile(r"(.*)\[([^\[\]]+)\]\s*", re.DOTALL)
_LOOK_DOWN = 15
_NEAR = 0.75
_CUT = 20


@dataclass
class Headers:
    """Where things stand in a sheet.

    Attributes
    ----------
    kind : {"kobo", "odk", "google", "table"}
        The program that made the export; ``table`` if nothing tells.
    columns : dict of str to list of int
        Places by meaning: a role of :data:`ROLES` or ``item_<number>``.
    names : list of str
        The headers as they are written.
    first : int
        The row, counted from 1, where the answers begin.
    unread : list of int
        Places of columns whose meaning is not known.
    row : int
        The row that holds the headers.
    """

    kind: str
    columns: dict[str, list[int]] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    first: int = 2
    unread: list[int] = field(default_factory=list)
    row: int = 1

    @property
    def items(self) -> list[int]:
        """Numbers of the statements that have a column."""
        return sorted(int(one[5:]) for one in self.columns if one.startswith("item_"))


@dataclass(frozen=True)
class HeaderReader:
    """Finds the meaning of headers.

    Attributes
    ----------
    statements : mapping of int to sequence of str
        The wordings of each statement by its number.
    named : mapping of str to str
        Meanings that the user gives for headers (compared like all others).
    """

    statements: Mapping[int, Sequence[str]]
    named: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def _wordings(self) -> dict[str, set[int]]:
        found: dict[str, set[int]] = {}
        for number, wordings in self.statements.items():
            for wording in wordings:
                found.setdefault(plain(wording), set()).add(number)
        found.pop("", None)
        return found

    @cached_property
    def _roles(self) -> dict[str, str]:
        found = {word: role for role, listed in words()["headers"].items() for word in listed}
        for role in ("group", "rater", "round", "consent"):
            found |= {plain(text(f"form.{role}", lang)): role for lang in LANGUAGES}
        return found

    @property
    def delimiter_words(self) -> set[str]:
        """Headers in lower case by which the separator of a CSV file is known."""
        marks = set[str]().union(*_MARKS.values())
        return marks | set(self._roles) | {f"item_{number}" for number in self.statements}

    def meaning(self, header: str) -> str:
        """Return what a header means: a role, ``item_<number>``, ``meta``, or an empty text.

        Examples
        --------
        >>> reader = HeaderReader({9: ["Kas dicatat"]})
        >>> [reader.meaning(one) for one in ("Keuangan/9. Kas  dicatat *", "g-item_9", "Kelompok:")]
        ['item_9', 'item_9', 'group']
        """
        if not header:
            return ""
        if (mine := self.named.get(plain(header))) is not None:
            return mine
        raw = header.strip().lower()
        if role := _system(raw):
            return role
        for part in _parts(header):
            word = plain(part)
            bare = _outside(part)
            role = self._roles.get(word) or self._item(word) or self._roles.get(bare, "")
            role = role or ("consent" if _CONSENT.match(word) else "")
            role = role or self._item(bare) or self._cut_name(part)
            if role:
                return role
        written = header.strip().strip("*:?").strip()
        if found := _ITEM.fullmatch(written) or _QUESTION.fullmatch(written):
            return f"item_{int(found[1])}"
        if raw.startswith("_") or raw in _META or re.split(r"[/:]", raw)[-1] in _META:
            return "meta"
        return ""

    def _item(self, word: str) -> str:
        for one in (word, _NUMBERED.sub("", word, count=1)):
            numbers = self._wordings.get(one, set())
            if len(numbers) == 1:
                return f"item_{next(iter(numbers))}"
            lead = re.match(r"\D{0,12}([0-9]{1,3})", word)
            if numbers and lead and int(lead[1]) in numbers:
                return f"item_{int(lead[1])}"
        return ""

    def _cut_name(self, part: str) -> str:
        """Return the statement whose wording was made into a name and cut off by a form builder."""
        word = _NUMBERED.sub("", plain(part), count=1)
        if len(word) < _CUT or not re.fullmatch(r"\w*_\w*", part):
            return ""
        found = {
            n for one, numbers in self._wordings.items() if one.startswith(word) for n in numbers
        }
        return f"item_{found.pop()}" if len(found) == 1 else ""

    def read(self, rows: Sequence[Sequence[str]]) -> Headers:
        """Find the row of the headers and the meaning of each.

        A second row of headers (labels over names, or names over labels) is read with the first.
        """
        counts = [sum(map(bool, map(self._strict, row))) for row in rows[:_LOOK_DOWN]]
        best = max(range(len(counts)), key=lambda place: (counts[place], -place))
        first = last = best
        while first and counts[first - 1] >= max(2, counts[best] // 2):
            first -= 1
        while last + 1 < len(counts) and counts[last + 1] >= max(2, counts[best] // 2):
            last += 1
        width = max(map(len, rows))
        names = (list(rows[first]) + [""] * width)[:width]
        done = Headers("table", names=names, first=last + 2, row=first + 1)
        for place in range(width):
            cells = [
                row[place] for row in rows[first : last + 1] if place < len(row) and row[place]
            ]
            meanings = {one for one in map(self.meaning, cells) if one}
            meanings = meanings - {"meta"} or meanings
            number = plain(cells[0]) if cells else ""
            if not meanings and number.isdecimal() and int(number) in self.statements:
                meanings = {f"item_{int(number)}"}
            if meanings:
                role = min(meanings, key=lambda one: (not one.startswith("item_"), one))
                done.columns.setdefault(role, []).append(place)
            elif cells:
                done.unread.append(place)
        done.kind = _kind({cell.strip().lower() for row in rows[first : last + 1] for cell in row})
        if "uuid" in done.columns:
            done.columns["uuid"].sort(key=lambda place: _rank(names[place]))
        return done

    def _strict(self, header: str) -> str:
        return "" if re.fullmatch(r"[\W0-9]*", header) else self.meaning(header)

    def near_misses(self, found: Headers) -> Iterator[tuple[int, str]]:
        """Yield the place of each header that is nearly one of ours, and what was probably meant."""
        absent = {
            wording: f"item_{number}"
            for wording, numbers in self._wordings.items()
            for number in numbers
            if f"item_{number}" not in found.columns
        }
        for role in ("group", "rater", "round"):
            there = role in found.columns or (role == "rater" and "name" in found.columns)
            if not there:
                absent |= {
                    word: role for word, one in self._roles.items()
                    if one == role and len(word) > 4
                }  # fmt: skip
        absent |= {f"item {n}": f"item_{n}" for n in self.statements
                   if f"item_{n}" not in found.columns}  # fmt: skip
        for place in found.unread:
            for part in _parts(found.names[place]):
                word = plain(part)
                bare = _NUMBERED.sub("", word, count=1)
                close = [
                    one for one in (word, bare) if one
                    for one in difflib.get_close_matches(one[:300], absent, n=1, cutoff=_NEAR)
                ]  # fmt: skip
                if close:
                    yield place, absent[close[0]]
                    break


def _system(raw: str) -> str:
    """Return the role of a header that only programs write."""
    last = re.split(r"[/:]", raw)[-1]
    if last in ("instanceid", "meta-instanceid") or raw in ("_uuid", "key", "_submission__uuid"):
        return "uuid"
    if last in ("rootuuid", "meta-rootuuid"):
        return "root"
    if raw in ("_id", "_submission__id", "submission_no"):
        return "number"
    if raw in ("_submission_time", "_submission__submission_time", "submitted", "submissiondate"):
        return "time"
    return ""


def _rank(name: str) -> int:
    """Rank columns that identify a submission: the firmest first."""
    raw = name.strip().lower()
    return ("_uuid", "_submission__uuid", "key").index(raw) if raw in (
        "_uuid", "_submission__uuid", "key") else 9  # fmt: skip


def _kind(names: set[str]) -> str:
    counts = {kind: len(marks & names) for kind, marks in _MARKS.items()}
    kind = max(counts, key=lambda one: counts[one])
    return kind if counts[kind] else "table"


def _outside(part: str) -> str:
    """Return a header without what stands in brackets: ``Kode penilai (wajib)``."""
    return plain(re.sub(r"\([^()]*\)", " ", part))


def _parts(header: str) -> list[str]:
    """Return the texts that may be the question: the row of a grid, what follows the group."""
    done = [header]
    if grid := _GRID.fullmatch(header):
        done += [grid[2], grid[1]]
    for mark in ("/", "::"):
        pieces = header.split(mark)
        done += [mark.join(pieces[start:]) for start in range(1, len(pieces))]
    if re.fullmatch(r"[\w.\-:]+", header):  # a name of ODK: group-question
        done.append(re.split(r"[\-:.]", header)[-1])
    return [one.strip() for one in done if one.strip()]
