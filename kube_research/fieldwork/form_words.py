"""The user's own list of what headers and answers of an export mean, for what cannot be known."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from kube_research.site.text_files import Fault, csv_sheet

_TAG = re.compile(r"<[^<>]{0,200}>")
_MARKS = re.compile(r"[\W_]+")
_GENERIC = (
    "rater|penilai|responden|respondent|resp|anggota|pengurus|peserta|orang|member|kode|id|kube|kel"
)
_PART = r"([A-Z]{0,3}|[A-Z]?[a-z]|[a-z]{2})[0-9]{1,4}[A-Za-z]?"


@cache
def words() -> dict[str, Any]:
    """Return the content of ``form_words.toml``."""
    with (Path(__file__).parent / "form_words.toml").open("rb") as handle:
        return tomllib.load(handle)


def plain(written: str) -> str:
    """Return a text in the form in which two texts are compared.

    Case, blanks, punctuation, HTML tags and the marks of bold text do not count.

    Examples
    --------
    >>> plain("<b>Kode&nbsp;Penilai</b> **(wajib)** *")
    'kode penilai wajib'
    """
    cut = _TAG.sub(" ", written).replace("&nbsp;", " ").replace("&amp;", "&")
    return _MARKS.sub(" ", unicodedata.normalize("NFKC", cut).casefold()).strip()


def scale_words(points: int, lang: str) -> list[str]:
    """Return what the points of a scale are called in our form, lowest first; empty for long scales.

    Examples
    --------
    >>> scale_words(4, "id")
    ['Sangat kurang', 'Kurang', 'Baik', 'Sangat baik']
    """
    return next((list(one[lang]) for one in words()["scales"] if len(one[lang]) == points), [])


def code_pattern(groups: Collection[str] = (), known: Collection[str] = ()) -> str:
    """Return the regular expression of what counts as a code of a person, not as a name.

    A code has digits and a few letters beside them (``A1``, ``K07-1``), a general word and a
    number (``rater_3``), the code of a group before it (``mawar-2``), or is a single letter. It may also
    be one that the site knows already.

    Examples
    --------
    >>> [bool(re.fullmatch(code_pattern(), one)) for one in ("K07-1", "rater_3", "Siti", "Siti2")]
    [True, True, False, False]
    """
    front = "|".join([_GENERIC, _GENERIC.upper(), _GENERIC.title(), *map(_escaped, sorted(groups))])
    own = "|".join(["[A-Za-z]", *map(_escaped, sorted(known))])
    return f"(({front})[._-]?)?{_PART}([._-]{_PART}){{0,2}}|{own}"


def _escaped(code: str) -> str:
    return re.sub(r"([.])", r"[\1]", code)


def looks_like_code(value: str, groups: Iterable[str] = (), known: Iterable[str] = ()) -> bool:
    """Tell whether a value is a code of a person; everything else is treated as a name.

    Long numbers are no codes: they may be those of a telephone or of an identity card.

    Examples
    --------
    >>> looks_like_code("07-1"), looks_like_code("081234567890")
    (True, False)
    """
    if value in set(known):
        return True
    if sum(map(str.isdigit, value)) > 8:
        return False
    return re.fullmatch(code_pattern(tuple(groups)), value) is not None


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
    kube_research.site.text_files.Fault
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
