"""What words of questionnaires mean: those that are known, and those that the user explains."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from kube_research.fieldwork.pseudonyms import plain
from kube_research.files import declared
from kube_research.site.sheets import Fault, csv_sheet


@cache
def words() -> dict[str, Any]:
    """Return the content of ``form_words.toml``."""
    return declared("fieldwork/form_words.toml")


@cache
def moments() -> dict[str, str]:
    """Return the words for times and wishes, each with its kind: ``earlier``, ``later``, ``other``."""
    return {word: kind for kind, listed in words()["moments"].items() for word in listed}


def scale_words(points: int, lang: str) -> list[str]:
    """Return what the points of a scale are called in our form, lowest first; empty for long scales.

    Examples
    --------
    >>> scale_words(4, "id")
    ['Sangat kurang', 'Kurang', 'Baik', 'Sangat baik']
    """
    named = [scale[lang] for scale in words()["scales"] if len(scale[lang]) == points]
    return list(named[0]) if named else []


_MEANT = {
    "group": "group", "rater": "rater", "round": "round", "consent": "consent", "time": "time",
    "submission": "uuid", "ignore": "meta",
}  # fmt: skip
_MEANT_SCORE = re.compile(r"score_(-?[0-9]{1,9})")
_MEANT_ITEM = re.compile(r"item_([0-9]{1,9})")


@dataclass
class Meanings:
    """What the user says.

    Attributes
    ----------
    headers : dict of str to str
        Meaning by the compared form of a header.
    answers : dict of str to str
        Score by the label of an answer; empty for no answer.
    """

    headers: dict[str, str] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)


def read_meanings(path: Path) -> Meanings:
    """Read a CSV file of two columns: what stands in the export, and what it means.

    Parameters
    ----------
    path : Path
        Meanings of headers are ``item_9``, ``group``, ``rater``, ``round``, ``consent``, ``time``,
        ``submission`` and ``ignore``; of answers ``score_3`` and ``blank``. A first row with other words
        is taken for headings.

    Raises
    ------
    kube_research.site.sheets.Fault
        If it cannot be read, or a row has no known meaning (``map_meaning``).
    """
    meanings = Meanings()
    try:
        rows = csv_sheet(path.read_bytes()).rows
    except OSError:
        raise Fault("unreadable") from None
    for number, row in enumerate(rows, start=1):
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        source, meaning = [*cells, "", ""][:2]
        word = meaning.lower()
        if given := _MEANT_SCORE.fullmatch(word):
            meanings.answers[source] = str(int(given[1]))
        elif word == "blank":
            meanings.answers[source] = ""
        elif given := _MEANT_ITEM.fullmatch(word):
            meanings.headers[plain(source)] = f"item_{int(given[1])}"
        elif word in _MEANT:
            meanings.headers[plain(source)] = _MEANT[word]
        elif number > 1:
            raise Fault("map_meaning", number, meaning)
    return meanings
