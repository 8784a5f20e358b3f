"""A cell of an export becomes a score: digits, digits with a label, words of a scale, no answer."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from kube_research.fieldwork.meanings import words
from kube_research.fieldwork.pseudonyms import plain
from kube_research.texts import LANGUAGES

_WHOLE = re.compile(r"([+-]?[0-9]{1,9})(?:[.,]0{1,9})?")
_LEADING = re.compile(
    r"(?:[(\[](?P<in>-?[0-9]{1,9})[)\]]\s*[-–—.:=]?|(?P<on>-?[0-9]{1,9})\s*[-–—.:=)])\s*(?P<label>\D+)"
    r"|(?P<at>-?[0-9]{1,9})\s*(?:[:=)]|\.(?=\s))\s*(?P<said>\d.*[^\W\d].*)"
)
_DECIMAL = re.compile(r"([+-]?[0-9]{1,9})[.,]([0-9]{1,9})")
_BEFORE = re.compile(r"(-?[0-9]{1,9})\s*[(\[]?(\D+)")
_TRAILING = re.compile(
    r"(?P<label>\D+?)\s*(?:[(\[]\s*(?P<in>[0-9]{1,9})\s*[)\]]|(?:[=:]|\s[–—-])\s*(?P<on>[0-9]{1,9}))"
)
_NAMED = re.compile(
    r"(?:skor|score|nilai|opsi|option|pilihan|choice|n)[ _]?([0-9]{1,9})", re.IGNORECASE
)
_STROKES = re.compile(r"[-–—_.]+")
_CODE_SAID = re.compile(r"(?<![0-9.,])(-?[0-9]{1,3})\s*[=:]\s*([^\d,;()/]+)")

#: Codes that questionnaires use for no answer, where a form says so.
_NO_ANSWER_CODES = frozenset({66, 77, 88, 97, 98, 99, 777, 888, 997, 998, 999})


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
    blank_codes : collection of int
        Numbers that the form gives for no answer.
    step : float
        From one score to the next.

    Examples
    --------
    >>> reader = ScoreReader((1, 4), ["Sangat kurang", "Baik"])
    >>> [reader.read(cell).value for cell in ("3", "3 - Baik", "Baik", "")]
    ['3', '3', '3', '']
    >>> ScoreReader((1, 4), ["Kurang", "Baik"]).read("Kurang").code
    'label_ambiguous'
    """

    def __init__(
        self,
        scale: tuple[int, int],
        labels: Collection[str],
        named: Mapping[str, str] | None = None,
        blank_codes: Collection[int] = (),
        step: float = 1,
    ) -> None:
        self.low, self.high = scale
        self.step = Fraction(str(step))
        self.blank_codes = blank_codes
        self.named = {plain(label): value for label, value in (named or {}).items()}
        self.blank = {plain(word) for word in words()["answers"]["blank"]}
        numbered = [(plain(cut[1]), cut[0]) for label in labels if (cut := _numbered(label))]
        first = dict(reversed(numbered))
        self.quantities = {label for label, number in numbered if label and first[label] != number}
        used = {plain(label) for label in labels if not _numbered(label)} - set(self.named)
        self.sets = fitting_sets(self.high - self.low + 1, used)
        order = [
            (number, scale.index(label))
            for scale in fitting_sets(self.high - self.low + 1, {label for label, _ in numbered})
            for label, number in numbered
            if label in scale
        ]
        self.reversed = any(a < c and b > d for a, b in order for c, d in order) and not any(
            a < c and b < d for a, b in order for c, d in order
        )

    def read(self, cell: str) -> Answer:
        """Read one cell."""
        word = plain(cell)
        whole = _WHOLE.fullmatch(cell)
        for said in (word, str(int(whole[1])) if whole else word):
            if said in self.named:
                return Answer(self.named[said])
        if not cell or _STROKES.fullmatch(cell):
            return Answer()
        cut = _numbered(cell)
        label = plain(cut[1]) if cut else word
        scores = sorted({scale.index(word) + self.low for scale in self.sets if word in scale})
        if not scores and (label in self.blank or (cut and cut[0] in self.blank_codes)):
            return Answer() if not cell.startswith("#") else self._unknown()
        if cut and label in self.quantities:
            return self._unknown()
        if cut and self.reversed and label:
            return Answer(code="label_reversed")
        if cut:
            return self._on_scale(cut[0], cell)
        if part := _DECIMAL.fullmatch(cell):
            return self._between(Fraction(f"{part[1]}.{part[2]}"))
        if len(scores) == 1:
            return Answer(str(scores[0]))
        if scores:
            return Answer(code="label_ambiguous", fill={"readings": ", ".join(map(str, scores))})
        before = _BEFORE.fullmatch(cell)  # "3 Baik": the word has to say the same
        if before and self.read(before[2].rstrip(")]").strip()).value == str(int(before[1])):
            return Answer(str(int(before[1])))
        return self._unknown()

    def _on_scale(self, number: int, cell: str) -> Answer:
        if self.low <= number <= self.high:
            return Answer(str(number))
        code = "score_code" if abs(number) in _NO_ANSWER_CODES else "off_scale"
        return Answer(code=code, fill={"low": self.low, "high": self.high, "value": cell})

    def _between(self, given: Fraction) -> Answer:
        """Return a score that is no whole number."""
        if not self.low <= given <= self.high:
            return Answer(code="off_scale", fill={"low": self.low, "high": self.high})
        if (given - self.low) % self.step == 0:
            return Answer(f"{float(given):g}")
        half = "0.5" if (given - self.low) % Fraction(1, 2) == 0 else ""
        return Answer(code="off_step", fill={"step": f"{float(self.step):g}", "fits": half})

    def _unknown(self) -> Answer:
        return Answer(code="score_unknown", fill={"low": self.low, "high": self.high})


def fitting_sets(points: int, used: Collection[str]) -> list[list[str]]:
    """Return the words of every scale with so many points that knows all words used, lowest first.

    Examples
    --------
    >>> fitting_sets(4, {"ss", "ts", "sts"})
    [['sts', 'ts', 's', 'ss']]
    """
    listed: list[tuple[list[str], list[str]]]
    listed = [(scale[lang], []) for scale in words()["scales"] for lang in LANGUAGES]
    listed += [(scale["words"], scale.get("only", [])) for scale in words()["short_scales"]]
    sets = [
        ([plain(word) for word in named], {plain(word) for word in only})
        for named, only in listed
        if len(named) == points
    ]
    known = {word for named, _ in sets for word in named} & set(used)
    return [named for named, only in sets if known <= set(named) and (not only or only & known)]


def score_readers(
    scale: tuple[int, int],
    labels: Mapping[int, Collection[str]],
    named: Mapping[str, str] | None = None,
    blank_codes: Collection[int] = (),
    step: float = 1,
) -> dict[int, ScoreReader]:
    """Return a reader for each statement.

    Where one set of words explains all statements, it is used for all; else a statement is read by its
    words and those of the statements that share any with it.

    Examples
    --------
    >>> labels = {1: ["Setuju"], 2: ["Sangat setuju", "Setuju", "Tidak setuju"], 3: ["Sering"]}
    >>> readers = score_readers((1, 4), labels)
    >>> readers[1].read("Setuju").value, readers[3].read("Sering").value
    ('3', '3')
    """
    every = {label for said in labels.values() for label in said}
    whole = ScoreReader(scale, every, named, blank_codes, step)
    if whole.sets:
        return dict.fromkeys(labels, whole)
    readers = {}
    for item, said in labels.items():
        family = set(said)
        for other in labels.values():
            shared = family & set(other)
            family |= set(other) if any(not _numbered(label) for label in shared) else set()
        readers[item] = ScoreReader(scale, family, named, blank_codes, step)
    return readers


def blank_codes(headers: Collection[str]) -> set[int]:
    """Return the numbers that headers explain as no answer: ``Rapat rutin (99 = tidak tahu)``.

    Examples
    --------
    >>> blank_codes(["Rapat rutin (1 = buruk, 4 = baik, 99 = tidak tahu)"])
    {99}
    """
    blank = {plain(word) for word in words()["answers"]["blank"]}
    return {
        int(hit[1])
        for header in headers
        for hit in _CODE_SAID.finditer(header)
        if plain(hit[2]) in blank
    }


def _numbered(cell: str) -> tuple[int, str] | None:
    """Return number and label of a score: ``3``, ``3.0``, ``3 - Baik``, ``Baik (3)``, ``skor_3``.

    A number that only stands before words is none: ``1 kali setahun`` says how often.
    """
    if number := _WHOLE.fullmatch(cell) or _NAMED.fullmatch(cell):
        return int(number[1]), ""
    if cut := _LEADING.fullmatch(cell):
        return int(cut["in"] or cut["on"] or cut["at"]), cut["label"] or cut["said"]
    if cut := _TRAILING.fullmatch(cell):
        return int(cut["in"] or cut["on"]), cut["label"]
    return None
