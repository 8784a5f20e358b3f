"""The user's own list of what headers and answers of an export mean, for what cannot be known."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from kube_research.csv_text import Fault, csv_sheet
from kube_research.form_words import plain

_ROLES = {
    "group": "group", "rater": "rater", "round": "round", "consent": "consent", "time": "time",
    "submission": "uuid", "ignore": "meta",
}  # fmt: skip
_ANSWER = re.compile(r"score_(-?[0-9]{1,9})")
_ITEM = re.compile(r"item_([0-9]{1,9})")


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
    kube_research.csv_text.Fault
        If it cannot be read, or a row has no known meaning (``map_meaning``).
    """
    done = Meanings()
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
        if found := _ANSWER.fullmatch(word):
            done.answers[source] = str(int(found[1]))
        elif word == "blank":
            done.answers[source] = ""
        elif found := _ITEM.fullmatch(word):
            done.headers[plain(source)] = f"item_{int(found[1])}"
        elif word in _ROLES:
            done.headers[plain(source)] = _ROLES[word]
        elif number > 1:
            raise Fault("map_meaning", number, meaning)
    return done
