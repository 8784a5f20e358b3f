"""The rows of an export become submissions in the codes of a site; what does not fit is located."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from kube_research.fieldwork.exports import ExportSheet, Headers
from kube_research.fieldwork.form_words import looks_like_code, plain, words
from kube_research.fieldwork.pseudonyms import NameKey
from kube_research.fieldwork.submissions import Submission, stored_key, stored_time
from kube_research.site.problems import Problem
from kube_research.site.rules import nearest
from kube_research.texts import LANGUAGES, text

_WHOLE = re.compile(r"([+-]?[0-9]{1,9})(?:[.,]0{1,9})?")
_LEADING = re.compile(r"[(\[]?(-?[0-9]{1,9})[)\]]?\s*[-–—.:=)]?\s*(\D+)")
_TRAILING = re.compile(r"(\D+?)\s*[(\[=:–—-]\s*([0-9]{1,9})\s*[)\]]?")
_NAMED = re.compile(
    r"(?:skor|score|nilai|opsi|option|pilihan|choice|n)[ _]?([0-9]{1,9})", re.IGNORECASE
)
_GROUP_WORD = re.compile(
    r"(?:nama |kode )?(?:kelompok|kube|grup|group|kel|klp)\b[ ]*(?:kube )?(?:no |nomor )?"
)
_ROUND_WORD = re.compile(r"(?:putaran|round|babak|penilaian|tahap)\b[ ]*(?:ke )?")


@dataclass(frozen=True)
class Answer:
    """What a cell means.

    Attributes
    ----------
    value : str
        In the form of our tables; empty for no answer or a refusal.
    code : str
        Why it is refused; empty if it is not.
    fill : mapping
        What the texts of the refusal are about.
    """

    value: str = ""
    code: str = ""
    fill: Mapping[str, object] = field(default_factory=dict)


class ScoreReader:
    """Reads scores on one scale.

    Parameters
    ----------
    scale : (int, int)
        Lowest and highest score.
    labels : collection of str
        Everything that stands in the score cells of the export: which words are used for the points of
        the scale shows only from all of them.
    named : mapping of str to str
        Scores that the user gives for labels; an empty score for no answer.

    Examples
    --------
    >>> reader = ScoreReader((1, 4), ["Sangat kurang", "Baik"])
    >>> [reader.read(one).value for one in ("3", "3 - Baik", "Baik", "")]
    ['3', '3', '3', '']
    >>> ScoreReader((1, 4), ["Kurang", "Baik"]).read("Kurang").code
    'label_ambiguous'
    """

    def __init__(
        self,
        scale: tuple[int, int],
        labels: Collection[str],
        named: Mapping[str, str] | None = None,
    ) -> None:
        self.low, self.high = scale
        self.named = {plain(label): value for label, value in (named or {}).items()}
        used = {plain(one) for one in labels if _number(one) is None} - set(self.named)
        points = self.high - self.low + 1
        sets = [
            [plain(word) for word in one[lang]]
            for one in words()["scales"]
            for lang in LANGUAGES
            if len(one[lang]) == points
        ]
        every = {word for one in sets for word in one}
        self.sets = [one for one in sets if (used & every) <= set(one)]
        self.blank = {plain(one) for one in words()["answers"]["blank"]} | {""}

    def read(self, cell: str) -> Answer:
        """Read one cell."""
        word = plain(cell)
        if word in self.named:
            return Answer(self.named[word])
        if not cell or (word in self.blank and word):
            return Answer()
        number = _number(cell)
        if number is not None:
            if self.low <= number <= self.high:
                return Answer(str(number))
            return Answer(code="off_scale", fill={"low": self.low, "high": self.high})
        scores = sorted({one.index(word) + self.low for one in self.sets if word in one})
        if len(scores) == 1:
            return Answer(str(scores[0]))
        if scores:
            return Answer(code="label_ambiguous", fill={"readings": ", ".join(map(str, scores))})
        return Answer(code="score_unknown", fill={"low": self.low, "high": self.high})


def _number(cell: str) -> int | None:
    """Return the number of a score: ``3``, ``3.0``, ``3 - Baik``, ``Baik (3)``, ``skor_3``."""
    if found := _WHOLE.fullmatch(cell) or _NAMED.fullmatch(cell) or _LEADING.fullmatch(cell):
        return int(found[1])
    if found := _TRAILING.fullmatch(cell):
        return int(found[2])
    return None


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
    >>> [groups.read(one).value for one in ("07", "7", "Kelompok 07", "24.0")]
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
        for one in (word, self.strip.sub("", word, count=1).strip()):
            found = self.labels.get(one, set()) or self._numeric(one)
            if len(found) == 1:
                return Answer(next(iter(found)))
        if lead := self._leading(cell):
            return Answer(lead)
        near = nearest(cell, list(self.choices)) or nearest(
            self.strip.sub("", word, count=1).strip(), list(self.choices)
        )
        fill = {"near": near, "allowed": ", ".join(self.choices)}
        return Answer(code=f"unknown_{self.kind}", fill=fill)

    def _leading(self, cell: str) -> str:
        """Return the code before a label: ``07 - Melati``, ``Putaran 1 (awal)``."""
        cut = re.match(r"((?:[^\W\d_]+[. ]+)*)([^\s\-–—:(=]+)\s*[-–—:(=]\s*(\D+)$", cell)
        if not cut:
            return ""
        if cut[1] and self.strip.sub("", plain(cut[1]) + " ", count=1).strip():
            return ""
        found = self.labels.get(plain(cut[2]), set()) | self._numeric(plain(cut[2]))
        others = self.labels.get(plain(cut[3]), found)
        return next(iter(found)) if len(found) == 1 and others == found else ""

    def _numeric(self, word: str) -> set[str]:
        whole = re.fullmatch(r"([0-9]{1,9})(?: 0{1,9})?", word)
        if not whole:
            return set()
        return {
            code for code in self.choices if code.isdigit() and int(code) == int(whole[1])
        }  # "7 0" is what is left of 7.0


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
    """

    scale: tuple[int, int]
    groups: tuple[str, ...]
    rounds: Mapping[str, Collection[str]]
    group_of: Mapping[str, str] = field(default_factory=dict)
    codes: Collection[str] = ()
    site_file: str = "site.toml"


class RowReader:
    """Reads the answers of one sheet.

    Parameters
    ----------
    sheet : ExportSheet
    headers : Headers
    place : Place
    key : NameKey
        Codes of names; gets the new ones.
    round_number : str
        Round of all rows; empty if the sheet says it.
    named : mapping of str to str
        Scores that the user gives for labels.
    lang : {"en", "id"}

    Attributes
    ----------
    problems : list of Problem
        Everything that does not fit, located in the export.
    refused : list of int
        Rows without consent, which are not read.
    names : int
        Rows whose rater was given by name.
    """

    def __init__(
        self,
        sheet: ExportSheet,
        headers: Headers,
        place: Place,
        key: NameKey,
        *,
        round_number: str = "",
        named: Mapping[str, str] | None = None,
        lang: str = "en",
    ) -> None:
        self.sheet, self.headers, self.place, self.key, self.lang = sheet, headers, place, key, lang
        self.round_number = round_number
        self.problems: list[Problem] = []
        self.refused: list[int] = []
        self.names = 0
        items = [spot for n in headers.items for spot in headers.columns[f"item_{n}"]]
        cells = {row[spot] for row in self._rows().values() for spot in items if spot < len(row)}
        self.scores = ScoreReader(place.scale, cells, named)
        self.groups = ChoiceReader(dict.fromkeys(place.groups, ()), "group")
        self.rounds = ChoiceReader(place.rounds, "round")
        self._folded: dict[str, set[str]] = {}
        for code in place.codes:
            self._folded.setdefault(code.casefold(), set()).add(code)
        self._spelled: dict[str, tuple[str, int]] = {}
        self._named_rows: dict[str, int] = {}

    def _rows(self) -> dict[int, list[str]]:
        return {
            number: row
            for number, row in enumerate(self.sheet.rows, start=1)
            if number >= self.headers.first and any(row)
        }

    def read(self) -> list[Submission]:
        """Return one submission a row; rows with a problem are left out, and the problem is told."""
        done = []
        for number, row in self._rows().items():
            if not self._answered(row):
                continue
            before = len(self.problems)
            if self._refuses(row):
                self.refused.append(number)
                continue
            one = self._submission(number, row)
            if not any(p.row == number and p.severity == "error" for p in self.problems[before:]):
                done.append(one)
        return done

    def _answered(self, row: list[str]) -> bool:
        """Tell whether a row is more than what is left of a form that was opened and closed."""
        places = [
            spot for role, spots in self.headers.columns.items() for spot in spots
            if role.startswith("item_") or role in ("rater", "name", "group", "uuid", "number")
        ]  # fmt: skip
        return any(spot < len(row) and row[spot] for spot in places)

    def _refuses(self, row: list[str]) -> bool:
        spots = self.headers.columns.get("consent", [])
        said = {plain(row[spot]) for spot in spots if spot < len(row) and row[spot]}
        return bool(said & set(words()["answers"]["refused"]))

    def _submission(self, number: int, row: list[str]) -> Submission:
        rater = self._rater(number, row)
        group = self._group(number, row, rater)
        round_number = self._round(number, row)
        scores = {
            item: self._value(number, row, f"item_{item}", self.scores.read)
            for item in self.headers.items
        }
        ordinal = self.sheet.ordinals.get(number)
        tail = f"#{ordinal}" if ordinal else ""
        keys = {role: self._first(row, role) for role in ("uuid", "root", "number", "time")}
        known = {role: stored_key(keys[role]) for role in ("uuid", "root", "number")}
        known = {role: f"{one}{tail}" if one else "" for role, one in known.items()}
        time = stored_time(keys["time"])
        return Submission(
            number, round_number, group, rater, scores, **known, time=time, rows=(number,)
        )

    def _first(self, row: list[str], role: str) -> str:
        spots = self.headers.columns.get(role, [])
        return next((row[spot] for spot in spots if spot < len(row) and row[spot]), "")

    def _value(self, number: int, row: list[str], role: str, read: Callable[[str], Answer]) -> str:
        """Read the columns of one meaning; several columns must not contradict each other."""
        spots = [spot for spot in self.headers.columns[role] if spot < len(row) and row[spot]]
        value, first = "", ""
        for spot in spots:
            answer = read(row[spot])
            if answer.code:
                self.tell(answer.code, number, spot, row[spot], **answer.fill)
            elif value and answer.value and answer.value != value:
                self.tell("answers_differ", number, spot, row[spot], other=first)
            elif answer.value:
                value, first = answer.value, self.headers.names[spot]
        if not spots and role in ("group", "round"):
            self.tell(f"no_{role}", number, self.headers.columns[role][0], "")
        return value

    def _round(self, number: int, row: list[str]) -> str:
        if "round" not in self.headers.columns:
            return self.round_number
        spots = self.headers.columns["round"]
        if self.round_number and not any(spot < len(row) and row[spot] for spot in spots):
            return self.round_number
        found = self._value(number, row, "round", self.rounds.read)
        if found and self.round_number and found != self.round_number:
            spot = self.headers.columns["round"][0]
            self.tell("round_differs", number, spot, found, asked=self.round_number)
        return found

    def _group(self, number: int, row: list[str], rater: str) -> str:
        if "group" in self.headers.columns:
            return self._value(number, row, "group", self.groups.read)
        group = self.place.group_of.get(rater, "")
        if not group and len(self.place.groups) == 1:
            return self.place.groups[0]
        if not group and rater:
            self.tell("group_not_known", number, None, rater)
        return group

    def _rater(self, number: int, row: list[str]) -> str:
        role = "rater" if "rater" in self.headers.columns else "name"
        spots = [spot for spot in self.headers.columns[role] if spot < len(row) and row[spot]]
        if not spots:
            self.tell("no_rater", number, self.headers.columns[role][0], "")
            return ""
        found = {self._code(number, spot, row[spot]) for spot in spots}
        if len(found) > 1:
            self.tell(
                "answers_differ", number, spots[1], HIDDEN, other=self.headers.names[spots[0]]
            )
        return found.pop()

    def _code(self, number: int, spot: int, value: str) -> str:
        """Return the code of a rater: as it is written, as it is known, or that of a name."""
        if value in self.place.codes:
            return value
        known = self._folded.get(value.casefold(), set())
        if value.isdigit() and not known:  # a spreadsheet drops the zero of 07
            known = {one for one in self.place.codes if one.isdigit() and int(one) == int(value)}
        if len(known) == 1:
            return next(iter(known))
        if re.fullmatch(_LIKE_DATE, value):
            self.tell("code_date", number, spot, value)
            return ""
        squeezed = value.replace(" ", "")
        if squeezed in self.place.codes or re.fullmatch(r"[A-Za-z]?[0-9._-]+", squeezed):
            value = squeezed  # codes hold no blanks
        if looks_like_code(value, self.place.groups, self.place.codes):
            spelled, first = self._spelled.setdefault(value.casefold(), (value, number))
            if spelled != value:
                self.tell("code_spelled", number, spot, value, other=spelled, first=first)
            return value
        if not plain(value):
            self.tell("no_rater", number, spot, value)
            return ""
        self.names += 1
        new = plain(value) not in self.key.codes
        near = self.key.near(value) if new else ""
        code = self.key.code(value, {*self.place.codes, *self._all_codes()})
        if near:
            fill = {"near": near, "code": code}
            self.tell("name_near", number, spot, HIDDEN, "warning", **fill)
        return code

    def _all_codes(self) -> set[str]:
        """Return everything in the columns of raters, so that a drawn code is nobody's already."""
        spots = self.headers.columns.get("rater", []) + self.headers.columns.get("name", [])
        return {row[spot] for row in self._rows().values() for spot in spots if spot < len(row)}

    def tell(
        self,
        code: str,
        row: int,
        spot: int | None,
        value: str,
        severity: str = "error",
        /,
        **fill: object,
    ) -> None:
        """Note a problem of a cell of the export; names are never shown."""
        column = self.headers.names[spot] if spot is not None else ""
        roles = [role for role, spots in self.headers.columns.items() if spot in spots]
        if {"rater", "name"} & set(roles) and not looks_like_code(
            value, self.place.groups, self.place.codes
        ):
            value = HIDDEN if value else ""
        self.problems.append(
            export_problem(
                self.sheet.file, row, column, value, code, self.lang, severity,
                site_file=self.place.site_file, **fill,
            )
        )  # fmt: skip


def export_problem(
    file: str, row: int, column: str, value: str, code: str, lang: str, severity: str = "error",
    /, **fill: object,
) -> Problem:  # fmt: skip
    """Return a located problem of an export, with its remedy."""
    remedy = f"{code}_near" if fill.get("near") and code in _WITH_NEAR else code
    said, todo = text(f"problem.{code}", lang, **fill), text(f"remedy.{remedy}", lang, **fill)
    return Problem(file, row, column, value, said, todo, code, severity, lang)


_WITH_NEAR = ("unknown_group", "unknown_round")
