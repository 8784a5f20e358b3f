"""The headers of an export are understood: statements, people, times, and what is private."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import zip_longest

from kube_research.fieldwork.meanings import moments, words
from kube_research.fieldwork.pseudonyms import plain
from kube_research.texts import LANGUAGES, text

#: What a column of an export may mean beside ``item_<number>``.
ROLES = ("group", "rater", "name", "round", "consent", "choice", "review", "time", "uuid", "root",
         "number", "private")  # fmt: skip

#: Headers that tell the program an export comes from.
_MARKS = {
    "kobo": {"_uuid", "_id", "_submission_time", "__version__", "_submission__uuid",
             "formhub/uuid"},
    "odk": {"key", "submissiondate", "meta-instanceid", "instanceid", "submitterid", "reviewstate"},
    "google": {"timestamp", "stempel waktu", "cap waktu", "tanda waktu"},
    "microsoft": {"completion time", "start time", "waktu penyelesaian", "waktu mulai",
                  "waktu selesai"},
}  # fmt: skip

#: Columns that identify a submission, the firmest first.
_KEYS = ("_uuid", "_submission__uuid", "key")

#: What headers mean that only programs write: whole ones, and those that may follow a group.
_WRITTEN = dict.fromkeys(_KEYS, "uuid") | {
    "_id": "number", "_submission__id": "number", "submission_no": "number",
    "_submission_time": "time", "_submission__submission_time": "time", "submitted": "time",
    "submissiondate": "time", "reviewstate": "review", "_review_status": "review",
}  # fmt: skip
_WRITTEN_LAST = {"instanceid": "uuid", "meta-instanceid": "uuid", "rootuuid": "root",
                 "meta-rootuuid": "root"}  # fmt: skip

#: What programs write beside the answers.
_META = ("start", "end", "today", "audit", "intro", "consent_note", "meta/instancename", "status",
         "formversion", "attachmentspresent", "attachmentsexpected", "edits", "parent_key",
         "formhub/uuid", "deprecatedid", "instancename", "background-audio", "score", "skor",
         "skor total", "total score", "total points", "total poin", "quiz feedback",
         "umpan balik kuis", "grade posted time", "waktu nilai diposting", "last modified time",
         "waktu modifikasi terakhir", "waktu terakhir diubah", "start time", "waktu mulai",
         "calculations")  # fmt: skip
_ITEM = re.compile(r"(|.*[/\-:.\s_])(?:item|butir)[ _]?([0-9]{1,9})", re.IGNORECASE | re.DOTALL)
_ITEM_THEN = re.compile(
    r"(|.*[/\-:.\s_])(?:item|butir)[ _]?([0-9]{1,9})[\s_.(\-]+([^\W\d][\w ]*)\)?",
    re.IGNORECASE | re.DOTALL,
)
_INSIDE = re.compile(r"\(([^()]*)\)")
_QUESTION = re.compile(
    r"(?:item|butir|pernyataan|pertanyaan|soal|question|q)\s*(?:ke|no|nomor)?[\s.\-]*([0-9]{1,9})\W*",
    re.IGNORECASE,
)
_CONSENT = re.compile(
    r"(?:apakah (?:anda|ibu|bapak|saudara|kakak)\b.*|saya |(?:ibu|bapak)\b.*)bersedia\b"
    r"|(?:do you (?:agree|consent)|i (?:agree|consent))\b"
)
_STATE = re.compile(r"(?:_submission_)?_validation_status(?:[/.](label|uid))?")
_QUIZ = re.compile(
    r"(?P<base>.+?)\s*\[(?:skor|score|masukan|feedback|umpan balik|poin|points)\]"
    r"|(?:points|poin|feedback|umpan balik|masukan)\s*[-–—:]\s*(?P<rest>.+)",
    re.IGNORECASE | re.DOTALL,
)
_HXL = re.compile(r"#[A-Za-z][A-Za-z0-9_]*(?:\s*\+\s*[A-Za-z][A-Za-z0-9_]*)*")
_TICKS = {"0", "1", "true", "false"}
_UNDECIDED = ("", "private", "name", "meta")
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
    kind : {"kobo", "odk", "google", "microsoft", "table"}
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
    tags : int
        The row that holds tags of the humanitarian exchange language; 0 if there is none.
    within : dict of int to str
        What a header says beside its statement, by place: the group or the grid in which it stands.
    """

    kind: str
    columns: dict[str, list[int]] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    first: int = 2
    unread: list[int] = field(default_factory=list)
    row: int = 1
    tags: int = 0
    within: dict[int, str] = field(default_factory=dict)

    @property
    def items(self) -> list[int]:
        """Numbers of the statements that have a column."""
        return sorted(int(role[5:]) for role in self.columns if role.startswith("item_"))

    def spots(self, role: str) -> list[int]:
        """Return the places of the columns with one meaning; none if no column has it."""
        return self.columns.get(role, [])

    @property
    def who(self) -> int:
        """Place of the column that says who answered, by code or else by name."""
        return (self.spots("rater") or self.spots("name"))[0]


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
        numbers: dict[str, set[int]] = {}
        for number, wordings in self.statements.items():
            for wording in wordings:
                numbers.setdefault(plain(wording), set()).add(number)
        numbers.pop("", None)
        return numbers

    @cached_property
    def _roles(self) -> dict[str, str]:
        roles = {word: role for role, listed in words()["headers"].items() for word in listed}
        for role in ("group", "rater", "round", "consent"):
            roles |= {plain(text(f"form.{role}", lang)): role for lang in LANGUAGES}
        return roles

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
        >>> [reader.meaning(head) for head in ("Keuangan/9. Kas  dicatat *", "g-item_9", "Kelompok:")]
        ['item_9', 'item_9', 'group']
        """
        return self._meaning(header)[0]

    def _meaning(self, header: str) -> tuple[str, str]:
        """Return what a header means, and what else it says: its group or its grid."""
        if not header:
            return "", ""
        parts = _parts(header)
        if (mine := self.named.get(plain(header))) is not None:
            around = (within for part, within in parts if self._item(plain(part)) == mine)
            return mine, next(around, "")
        raw = header.strip().lower()
        last = re.split(r"[/:]", raw)[-1]
        if role := _WRITTEN.get(raw) or _WRITTEN_LAST.get(last):
            return role, ""
        if _STATE.fullmatch(raw):
            return "review", ""
        for part, within in parts:
            word, bare = plain(part), _outside(part)
            role = self._roles.get(word) or self._item(word)
            if not role and bare != word:
                role = self._roles.get(bare, "") or self._item(bare)
                within = f"{within} {' '.join(_INSIDE.findall(part))}"
            role = role or ("consent" if _CONSENT.match(word) else "") or self._cut_name(part)
            if role and not (role == "consent" and permits_other(word)):
                return role, within.strip()
        return self._numbered(header) or self._at_a_time(header) or (self._other(raw, last), "")

    def _numbered(self, header: str) -> tuple[str, str] | None:
        """Return the statement that a header names by its number: ``item_3``, ``Q3``, ``item_3_now``."""
        written = header.strip().strip("*:?").strip()
        if number := _ITEM.fullmatch(written):
            return f"item_{int(number[2])}", number[1].strip("/-:._ ")
        if number := _QUESTION.fullmatch(written):
            return f"item_{int(number[1])}", ""
        number = _ITEM_THEN.fullmatch(written)
        if number and plain(number[3]) in moments():
            return f"item_{int(number[2])}", f"{number[1]} {number[3]}".strip("/-:._ ")
        return None

    def _at_a_time(self, header: str) -> tuple[str, str] | None:
        """Return the statement of a header that also says a time: ``Kas dicatat (sekarang)``."""
        for part, within in _parts(header):
            word = plain(part)
            for time in moments():
                for rest in (word.removeprefix(f"{time} "), word.removesuffix(f" {time}")):
                    if rest != word and (item := self._item(rest)):
                        return item, f"{within} {time}".strip()
        return None

    @staticmethod
    def _other(raw: str, last: str) -> str:
        return "meta" if raw.startswith("_") or raw in _META or last in _META else ""

    def _item(self, word: str) -> str:
        for wording in (word, _NUMBERED.sub("", word, count=1)):
            numbers = self._wordings.get(wording, set())
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
        meant = {
            n
            for wording, numbers in self._wordings.items()
            if wording.startswith(word)
            for n in numbers
        }
        return f"item_{meant.pop()}" if len(meant) == 1 else ""

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
        above = list(zip_longest(*rows[first : last + 1], fillvalue=""))
        names = [cells[0] for cells in above]
        headers = Headers("table", names=names, first=last + 2, row=first + 1)
        below = [cell for cell in rows[last + 1] if cell] if last + 1 < len(rows) else []
        if below and all(map(_HXL.fullmatch, below)):
            headers.tags, headers.first = last + 2, last + 3
        written = {plain(cell) for column in above for cell in column if cell}
        for place, column in enumerate(above):
            cells = [cell for cell in column if cell]
            role, within = self._column(cells, written)
            if role:
                headers.columns.setdefault(role, []).append(place)
                headers.within[place] = within
            elif cells:
                headers.unread.append(place)
        self._find_choices(headers, rows)
        headers.kind = _kind({cell.strip().lower() for column in above for cell in column})
        if "uuid" in headers.columns:
            ranks = {name: rank for rank, name in enumerate(_KEYS)}
            headers.columns["uuid"].sort(
                key=lambda place: ranks.get(names[place].strip().lower(), len(ranks))
            )
        return headers

    def _column(self, cells: Sequence[str], written: Collection[str]) -> tuple[str, str]:
        """Return what the headers of one column mean, a statement before all else."""
        if any(_of_quiz(cell, written) and plain(cell) not in self.named for cell in cells):
            return "meta", ""
        meanings = [(role, within) for role, within in map(self._meaning, cells) if role]
        if meanings:
            return min(meanings, key=_importance)
        number = plain(cells[0]) if cells else ""
        if number.isdecimal() and int(number) in self.statements:
            return f"item_{int(number)}", ""
        for cell in cells:  # what Microsoft Forms makes of a second question of one wording
            again = re.fullmatch(r"(.{4,}?) ?([2-9])", plain(cell))
            if again and again[1] in written and (item := self._item(again[1])):
                return item, again[2]
        return "", ""

    def _find_choices(self, headers: Headers, rows: Sequence[Sequence[str]]) -> None:
        """Find the columns that hold one choice of the question of consent each, ticked or not."""
        roles = {spot: role for role, spots in headers.columns.items() for spot in spots}
        for place, name in enumerate(headers.names):
            if roles.get(place, "") not in _UNDECIDED or plain(name) in self.named:
                continue
            splits = [name[: hit.start()] for hit in re.finditer("/", name)]
            asked = next((base for base in splits if self.meaning(base) == "consent"), None)
            given = {row[place].casefold() for row in rows[headers.first - 1 :]} - {""}
            if asked is None or not given or not given <= _TICKS:
                continue
            for spots in (*headers.columns.values(), headers.unread):
                if place in spots:
                    spots.remove(place)
            headers.columns.setdefault("choice", []).append(place)
            headers.within[place] = name[len(asked) + 1 :]
        headers.columns = {role: spots for role, spots in headers.columns.items() if spots}

    def absent(self, headers: Headers) -> list[int]:
        """Return the numbers of the statements that have no column."""
        return sorted(set(self.statements) - set(headers.items))

    def _strict(self, header: str) -> str:
        return "" if re.fullmatch(r"[\W0-9]*", header) else self.meaning(header)

    def near_misses(self, headers: Headers) -> Iterator[tuple[int, str]]:
        """Yield the place of each header that is nearly one of ours, and what was probably meant."""
        there = set(headers.columns) | ({"rater"} if "name" in headers.columns else set())
        wordings = [
            (word, f"item_{n}") for word, numbers in self._wordings.items() for n in numbers
        ]
        roles = [
            (word, role) for word, role in self._roles.items()
            if role in ("group", "rater", "round") and len(word) > 4
        ]  # fmt: skip
        items = [(f"item {n}", f"item_{n}") for n in self.statements]
        known = [*wordings, *roles, *items]
        absent = {word: meaning for word, meaning in known if meaning not in there}
        for place in headers.unread:
            for part, _ in _parts(headers.names[place]):
                word = plain(part)
                bare = _NUMBERED.sub("", word, count=1)
                close = [
                    known for known in (word, bare) if known
                    for known in difflib.get_close_matches(known[:300], absent, n=1, cutoff=_NEAR)
                ]  # fmt: skip
                if close:
                    yield place, absent[close[0]]
                    break


def _kind(names: set[str]) -> str:
    counts = {kind: len(marks & names) for kind, marks in _MARKS.items()}
    kind = max(counts, key=lambda name: counts[name])
    return kind if counts[kind] else "table"


def _outside(part: str) -> str:
    """Return a header without what stands in brackets: ``Kode penilai (wajib)``."""
    return plain(re.sub(r"\([^()]*\)", " ", part))


def _parts(header: str) -> list[tuple[str, str]]:
    """Return the texts that may be the question, each with what stands around it.

    That is the row of a grid, or what follows the group.
    """
    parts = [(header, "")]
    if grid := _GRID.fullmatch(header):
        parts += [(grid[2], grid[1]), (grid[1], grid[2])]
    for mark in ("/", "::"):
        pieces = header.split(mark)
        parts += [
            (mark.join(pieces[start:]), mark.join(pieces[:start]))
            for start in range(1, len(pieces))
        ]
    if re.fullmatch(r"[\w.\-:]+", header):  # a name of ODK: group-question
        *groups, question = re.split(r"[\-:.]", header)
        parts.append((question, " ".join(groups)))
    return [(part.strip(), around.strip()) for part, around in parts if part.strip()]


def _of_quiz(header: str, written: Collection[str]) -> bool:
    """Tell whether a form program wrote points or a remark for the question of another column."""
    quiz = _QUIZ.fullmatch(header.strip())
    return quiz is not None and plain(quiz["base"] or quiz["rest"]) in written


def _importance(meant: tuple[str, str]) -> tuple[bool, bool, str]:
    role = meant[0]
    return role == "meta", not role.startswith("item_"), role


def permits_other(word: str) -> bool:
    """Tell whether a question or a choice is about a picture or a name, not about taking part.

    Examples
    --------
    >>> permits_other("bersedia difoto"), permits_other("bersedia ikut serta dan difoto")
    (True, False)
    """
    spoken, known = set(word.split()), words()["consent"]
    return bool(spoken & set(known["other"])) and not spoken & set(known["part"])
