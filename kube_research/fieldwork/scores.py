"""A cell of an export becomes a score: digits, digits with a label, words of a scale, no answer."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from kube_research.fieldwork.meanings import words
from kube_research.fieldwork.pseudonyms import plain
from kube_research.texts import LANGUAGES

_WHOLE = re.compile(r"([+-]?[0-9]{1,9})(?:[.,]0{1,9})?")
_LEADING = re.compile(r"[(\[]?(-?[0-9]{1,9})[)\]]?\s*[-–—.:=)]?\s*(\D+)")
_TRAILING = re.compile(r"(\D+?)\s*[(\[=:–—-]\s*([0-9]{1,9})\s*[)\]]?")
_NAMED = re.compile(
    r"(?:skor|score|nilai|opsi|option|pilihan|choice|n)[ _]?([0-9]{1,9})", re.IGNORECASE
)


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
    ) -> None:
        self.low, self.high = scale
        self.named = {plain(label): value for label, value in (named or {}).items()}
        used = {plain(label) for label in labels if _number(label) is None} - set(self.named)
        points = self.high - self.low + 1
        sets = [
            [plain(word) for word in scale[lang]]
            for scale in words()["scales"]
            for lang in LANGUAGES
            if len(scale[lang]) == points
        ]
        every = {word for scale in sets for word in scale}
        self.sets = [scale for scale in sets if (used & every) <= set(scale)]
        self.blank = {plain(word) for word in words()["answers"]["blank"]} | {""}

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
        scores = sorted({scale.index(word) + self.low for scale in self.sets if word in scale})
        if len(scores) == 1:
            return Answer(str(scores[0]))
        if scores:
            return Answer(code="label_ambiguous", fill={"readings": ", ".join(map(str, scores))})
        return Answer(code="score_unknown", fill={"low": self.low, "high": self.high})


def _number(cell: str) -> int | None:
    """Return the number of a score: ``3``, ``3.0``, ``3 - Baik``, ``Baik (3)``, ``skor_3``."""
    if number := _WHOLE.fullmatch(cell) or _NAMED.fullmatch(cell) or _LEADING.fullmatch(cell):
        return int(number[1])
    number = _TRAILING.fullmatch(cell)
    return int(number[2]) if number else None
