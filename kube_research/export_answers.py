"""The cells of an export: a score, a group or a round, written as a number, a name or a label."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from kube_research.form_words import plain, words
from kube_research.rules import nearest
from kube_research.texts import LANGUAGES

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
