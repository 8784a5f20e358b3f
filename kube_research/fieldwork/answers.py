"""The rows of an export become submissions in the codes of a site; what does not fit is located."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from kube_research.errors import ExportError
from kube_research.fieldwork.exports import ExportSheet
from kube_research.fieldwork.grids import Part
from kube_research.fieldwork.headers import Headers
from kube_research.fieldwork.pseudonyms import NameKey, looks_like_code, plain
from kube_research.fieldwork.scores import Answer, ScoreReader, blank_codes, score_readers
from kube_research.fieldwork.screening import Screening
from kube_research.fieldwork.submissions import Submission, stored_key, stored_time
from kube_research.site.info import site_entry
from kube_research.site.problems import Problem, located
from kube_research.site.rules import nearest
from kube_research.texts import text

_GROUP_WORD = re.compile(
    r"(?:nama |kode )?(?:kelompok|kube|grup|group|kel|klp)\b[ ]*(?:kube )?(?:no |nomor )?"
)
_ROUND_WORD = re.compile(r"(?:putaran|round|babak|penilaian|tahap)\b[ ]*(?:ke )?")


class ChoiceReader:
    """Reads one of a few codes: a group or a round.

    Parameters
    ----------
    choices : mapping of str to collection of str
        The codes, and the labels that stand for each.
    kind : {"group", "round"}

    Examples
    --------
    >>> groups = ChoiceReader({"07": [], "24": []}, "group")
    >>> [groups.read(cell).value for cell in ("07", "7", "Kelompok 07", "24.0")]
    ['07', '07', '07', '24']
    >>> groups.read("70").code
    'unknown_group'
    """

    def __init__(self, choices: Mapping[str, Collection[str]], kind: str) -> None:
        self.kind, self.choices = kind, choices
        self.strip = _GROUP_WORD if kind == "group" else _ROUND_WORD
        self.labels: dict[str, set[str]] = {}
        for code, labels in choices.items():
            for label in (code, *labels, *(f"{code} {label}" for label in labels)):
                self.labels.setdefault(plain(label), set()).add(code)

    def read(self, cell: str) -> Answer:
        """Read one cell; a zero lost in front (7 for 07) is restored if only one code can be meant."""
        if not cell:
            return Answer(code=f"no_{self.kind}")
        if cell in self.choices:
            return Answer(cell)
        word = plain(cell)
        bare = self.strip.sub("", word, count=1).strip()
        for name in (word, bare):
            codes = self.labels.get(name, set()) or self._numeric(name)
            if len(codes) == 1:
                return Answer(next(iter(codes)))
        if lead := self._leading(cell):
            return Answer(lead)
        near = nearest(cell, list(self.choices)) or nearest(bare, list(self.choices))
        fill = {"near": near, "allowed": ", ".join(self.choices)}
        return Answer(code=f"unknown_{self.kind}", fill=fill)

    def _leading(self, cell: str) -> str:
        """Return the code before a label: ``07 - Melati``, ``Putaran 1 (awal)``."""
        cut = re.match(r"((?:[^\W\d_]+[. ]+)*)([^\s\-–—:(=]+)\s*[-–—:(=]\s*(\D+)$", cell)
        if not cut:
            return ""
        if cut[1] and self.strip.sub("", plain(cut[1]) + " ", count=1).strip():
            return ""
        codes = self.labels.get(plain(cut[2]), set()) | self._numeric(plain(cut[2]))
        others = self.labels.get(plain(cut[3]), codes)
        return next(iter(codes)) if len(codes) == 1 and others == codes else ""

    def _numeric(self, word: str) -> set[str]:
        whole = re.fullmatch(r"([0-9]{1,9})(?: 0{1,9})?", word)  # "7 0" is what is left of 7.0
        return _same_number(whole[1], self.choices) if whole else set()


def _same_number(digits: str, codes: Iterable[str]) -> set[str]:
    """Return the codes of the same value: a spreadsheet drops the zero of 07."""
    return {code for code in codes if code.isdigit() and int(code) == int(digits)}


#: What form programs write for somebody who did not sign in.
_NOBODY = ("anonymous", "anonim")

#: What a spreadsheet makes of a code such as 1-2.
_LIKE_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,2}[-/ ][A-Z][a-z]{2}|[A-Z][a-z]{2}[-/][0-9]{2}"

#: What stands in a message instead of a name.
HIDDEN = "***"


@dataclass(frozen=True)
class Place:
    """What a site knows, as far as an export has to fit it.

    Attributes
    ----------
    scale : (int, int)
    groups : tuple of str
    rounds : mapping of str to collection of str
        Numbers of the rounds and the labels of each.
    group_of : mapping of str to str
        Group of each person that is known already.
    codes : collection of str
        Codes that stand for a rater or a member.
    site_file : str
        Where scale and groups are written.
    step : float
        From one score to the next.
    """

    scale: tuple[int, int]
    groups: tuple[str, ...]
    rounds: Mapping[str, Collection[str]]
    group_of: Mapping[str, str] = field(default_factory=dict)
    codes: Collection[str] = ()
    site_file: str = "site.toml"
    step: float = 1


def export_error(file: str, problems: Collection[Problem], lang: str = "en") -> ExportError:
    """Return the error of an export, with all its problems in order."""
    listed = sorted(set(problems))
    head = text("import.refused", lang, file=file, count=len(listed))
    return ExportError(listed, "\n".join([head, *map(str, listed)]))


@dataclass
class ExportProblems:
    """Everything in a sheet of an export that does not fit, located there; names are never shown.

    Attributes
    ----------
    export : str
        Name of the file.
    sheet : ExportSheet
    headers : Headers
    place : Place
    lang : {"en", "id"}
    listed : list of Problem
    """

    export: str
    sheet: ExportSheet
    headers: Headers
    place: Place
    lang: str = "en"
    listed: list[Problem] = field(default_factory=list)

    def add(
        self, code: str, row: int = 0, spot: int | None = None, value: str = "",
        severity: str = "error", /, **fill: object,
    ) -> None:  # fmt: skip
        """Note a problem of a cell, or without a row of the whole sheet."""
        column = self.headers.names[spot] if spot is not None else ""
        private = spot in [*self.headers.spots("rater"), *self.headers.spots("name")]
        if private and value and not self.is_code(value):
            value = HIDDEN
        fill = {"site_file": self.place.site_file, **fill}
        if code == "off_step":
            fill["entry"] = site_entry("step", str(fill["fits"]), self.place.site_file)
            fill["remedy"] = code if fill["fits"] else "off_step_mean"
        self.listed.append(
            located(self.sheet.file, row, column, value, code, self.lang, severity, **fill)
        )

    def add_header(self, code: str, spot: int, **fill: object) -> None:
        """Note a problem of what stands above a column."""
        self.add(code, self.headers.row, spot, self.headers.names[spot], **fill)

    def is_code(self, value: str) -> bool:
        """Tell whether a value is a code of a person; everything else is taken for a name."""
        return looks_like_code(value, self.place.groups, self.place.codes)

    def has_error(self, row: int) -> bool:
        """Tell whether anything in a row stops the import."""
        return any(known.row == row and known.severity == "error" for known in self.listed)

    def stop(self) -> None:
        """Raise ExportError if anything stops the import."""
        if any(known.severity == "error" for known in self.listed):
            raise export_error(self.export, self.listed, self.lang)


def answered_rows(sheet: ExportSheet, headers: Headers) -> dict[int, list[str]]:
    """Return the rows below the headers that hold anything, by number."""
    below = enumerate(sheet.rows, start=1)
    return {number: row for number, row in below if number >= headers.first and any(row)}


class RowReader:
    """Reads the answers of one sheet.

    Parameters
    ----------
    problems : ExportProblems
        Of the sheet; gets what does not fit.
    key : NameKey
        Codes of names; gets the new ones.
    parts : sequence of Part
        Where the ratings of a row stand.
    round_number : str
        Round of all rows; empty if the sheet says it.
    named : mapping of str to str
        Scores that the user gives for labels.

    Attributes
    ----------
    screening : Screening
        Which rows stay out, and why.
    left : list of Submission
        By what the rows that stay out would be known again.
    names : int
        Rows whose rater was given by name.
    blanks : Counter of str
        Words and numbers that stand for no answer, and how often.
    """

    def __init__(
        self,
        problems: ExportProblems,
        key: NameKey,
        parts: Sequence[Part],
        *,
        round_number: str = "",
        named: Mapping[str, str] | None = None,
    ) -> None:
        self.problems, self.key, self.round_number = problems, key, round_number
        self.sheet, self.headers, self.place = problems.sheet, problems.headers, problems.place
        self.parts, self.part = parts, parts[0]
        self.names = 0
        self.blanks: Counter[str] = Counter()
        self.left: list[Submission] = []
        self.rows = answered_rows(self.sheet, self.headers)
        self.screening = Screening(self.headers, self.rows.values())
        self.scores = self._score_readers(named)
        self.groups = ChoiceReader(dict.fromkeys(self.place.groups, ()), "group")
        self.rounds = ChoiceReader(self.place.rounds, "round")
        self._folded: dict[str, set[str]] = {}
        for code in self.place.codes:
            self._folded.setdefault(code.casefold(), set()).add(code)
        self._spelled: dict[str, tuple[str, int]] = {}

    def _score_readers(self, named: Mapping[str, str] | None) -> dict[int, ScoreReader]:
        """Return a reader for each statement: statements may be answered in different words."""
        labels = {
            item: self.sheet.below(self.headers.first, self.headers.spots(f"item_{item}"))
            for item in self.headers.items
        }
        codes = blank_codes(self.headers.names)
        return score_readers(self.place.scale, labels, named, codes, self.place.step)

    def read(self) -> list[Submission]:
        """Return the ratings of all rows; rows with a problem are left out, and the problem is told."""
        submissions = []
        for number, row in self.rows.items():
            filled = [part for part in self.parts if self._answered(part, row)]
            if filled and self.screening.keeps_out(number, row):
                self.left += [self._known(number, row, part) for part in filled]
                continue
            for part in filled:
                self.part = part
                submission = self._submission(number, row)
                if not self.problems.has_error(number):
                    submissions.append(submission)
        return submissions

    def _filled(self, row: list[str], role: str) -> list[int]:
        return self.part.filled(row, role)

    def _answered(self, part: Part, row: list[str]) -> bool:
        """Tell whether a row is more than what is left of a form that was opened and closed."""
        identified = () if part.tag else ("rater", "name", "group", "uuid", "number")
        return part.answered(row) or any(part.filled(row, role) for role in identified)

    def _known(self, number: int, row: list[str], part: Part) -> Submission:
        """Return by what a row that stays out would be known again; no name becomes a code for it."""
        self.part = part
        written = self._first(row, "rater")
        rater = written if written in self.place.codes else ""
        return replace(self._sent(number, row), round=part.round, rater=rater)

    def _sent(self, number: int, row: list[str]) -> Submission:
        """Return what the program calls the submission, and when it was sent."""
        tails = (self.sheet.ordinals.get(number), self.part.tag)
        tail = "".join(f"#{tail}" for tail in tails if tail)
        uuid, root, sent_number = (
            f"{key}{tail}" if (key := stored_key(self._first(row, role))) else ""
            for role in ("uuid", "root", "number")
        )
        time = stored_time(self._first(row, "time"))
        return Submission(number, "", "", "", {}, uuid, root, sent_number, time, part=self.part.tag)

    def _submission(self, number: int, row: list[str]) -> Submission:
        rater = self._rater(number, row)
        group = self._group(number, row, rater)
        round_number = self._round(number, row)
        scores = {
            item: self._value(number, row, f"item_{item}", self.scores[item].read)
            for item in self.part.items
        }
        for item in self.part.items:
            said = {row[spot] for spot in self._filled(row, f"item_{item}")}
            self.blanks.update([] if scores[item] else said)
        sent = self._sent(number, row)
        return replace(sent, round=round_number, group=group, rater=rater, scores=scores)

    def _first(self, row: list[str], role: str) -> str:
        return next((row[spot] for spot in self._filled(row, role)), "")

    def _value(self, number: int, row: list[str], role: str, read: Callable[[str], Answer]) -> str:
        """Read the columns of one meaning; several columns must not contradict each other."""
        value, first = "", ""
        spots = self._filled(row, role)
        for spot in spots:
            answer = read(row[spot])
            if answer.code:
                self.problems.add(answer.code, number, spot, row[spot], **answer.fill)
            elif value and answer.value and answer.value != value:
                self.problems.add("answers_differ", number, spot, row[spot], other=first)
            elif answer.value:
                value, first = answer.value, self.headers.names[spot]
        if not spots and role in ("group", "round"):
            self.problems.add(f"no_{role}", number, self.part.columns[role][0])
        return value

    def _round(self, number: int, row: list[str]) -> str:
        if self.part.round:
            return self.part.round
        if "round" not in self.part.columns:
            return self.round_number
        if self.round_number and not self._filled(row, "round"):
            return self.round_number
        stated = self._value(number, row, "round", self.rounds.read)
        if stated and self.round_number and stated != self.round_number:
            spot = self.part.columns["round"][0]
            self.problems.add("round_differs", number, spot, stated, asked=self.round_number)
        return stated

    def _group(self, number: int, row: list[str], rater: str) -> str:
        if "group" in self.part.columns:
            return self._value(number, row, "group", self.groups.read)
        group = self.place.group_of.get(rater, "")
        if not group and len(self.place.groups) == 1:
            return self.place.groups[0]
        if not group and rater:
            self.problems.add("group_not_known", number, None, rater)
        return group

    def _rater(self, number: int, row: list[str]) -> str:
        role = "rater" if "rater" in self.part.columns else "name"
        spots = [s for s in self._filled(row, role) if plain(row[s]) not in _NOBODY]
        if not spots:
            self.problems.add("no_rater", number, self.headers.who)
            return ""
        codes = {self._code(number, spot, row[spot]) for spot in spots}
        if len(codes) > 1:
            other = self.headers.names[spots[0]]
            self.problems.add("answers_differ", number, spots[1], HIDDEN, other=other)
        return codes.pop()

    def _code(self, number: int, spot: int, value: str) -> str:
        """Return the code of a rater: as it is written, as it is known, or that of a name."""
        if value in self.place.codes:
            return value
        known = self._folded.get(value.casefold(), set())
        if value.isdigit() and not known:
            known = _same_number(value, self.place.codes)
        if len(known) == 1:
            return next(iter(known))
        if re.fullmatch(_LIKE_DATE, value):
            self.problems.add("code_date", number, spot, value)
            return ""
        squeezed = value.replace(" ", "")
        if squeezed in self.place.codes or re.fullmatch(r"[A-Za-z]?[0-9._-]+", squeezed):
            value = squeezed  # codes hold no blanks
        if self.problems.is_code(value):
            spelled, first = self._spelled.setdefault(value.casefold(), (value, number))
            if spelled != value:
                fill = {"other": spelled, "first": first}
                self.problems.add("code_spelled", number, spot, value, **fill)
            return value
        if not plain(value):
            self.problems.add("no_rater", number, spot, value)
            return ""
        self.names += 1
        near = "" if plain(value) in self.key.codes else self.key.near(value)
        code = self.key.code(value, {*self.place.codes, *self._written_codes})
        if near:
            fill = {"near": near, "code": code}
            self.problems.add("name_near", number, spot, HIDDEN, "warning", **fill)
        return code

    @cached_property
    def _written_codes(self) -> set[str]:
        """Everything in the columns of raters, so that a drawn code is nobody's already."""
        spots = self.headers.spots("rater") + self.headers.spots("name")
        return self.sheet.below(self.headers.first, spots)
