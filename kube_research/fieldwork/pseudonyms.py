"""Codes and names of people: names become codes, and their key stays in the site's folder alone."""

from __future__ import annotations

import difflib
import fnmatch
import re
import secrets
import unicodedata
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from kube_research.site.schema import PATTERNS
from kube_research.site.sheets import Fault, csv_content, csv_sheet, plain_text, safe_text

#: The file that says which code stands for which name. It is ignored by git and by every check.
KEY_FILE = "local-names.csv"
#: What the last import found, names included, so that it can be undone; nothing for git either.
BACKUP = ".before-import.zip"
#: What git is told to ignore where there are names, each with a file that it has to cover.
_IGNORED = {KEY_FILE: KEY_FILE, BACKUP: BACKUP, ".*.part": f".{KEY_FILE}.1.part"}

_COLUMNS = ("name", "code")
_NEAR = 0.85

_TAG = re.compile(r"<[^<>]{0,200}>")
_MARKS = re.compile(r"[\W_]+")
_GENERIC = (
    "rater|penilai|responden|respondent|resp|anggota|pengurus|peserta|orang|member|kode|id|kube|kel"
)
_PART = r"([A-Z]{0,3}|[A-Z]?[a-z]|[a-z]{2})[0-9]{1,4}[A-Za-z]?"


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


def code_pattern(groups: Collection[str] = (), known: Collection[str] = ()) -> str:
    """Return the regular expression of what counts as a code of a person, not as a name.

    A code has digits and a few letters beside them (``A1``, ``K07-1``), a general word and a
    number (``rater_3``), the code of a group before it (``mawar-2``), or is a single letter. It may also
    be one that the site knows already.

    Examples
    --------
    >>> [bool(re.fullmatch(code_pattern(), code)) for code in ("K07-1", "rater_3", "Siti", "Siti2")]
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


@dataclass
class NameKey:
    """The codes that stand for names.

    Codes are drawn at random (``R`` and four digits), because a running number would tell the order of
    the sheet, and anything computed from a name could be computed again by somebody who guesses it.
    Names are compared without case, blanks and punctuation. Several spellings may have one code.

    Attributes
    ----------
    codes : dict of str to str
        Codes by the compared form of the name.
    written : list of (str, str)
        The names as they are written, with their codes.
    new : list of str
        Codes that were drawn since the file was read.

    Examples
    --------
    >>> key = NameKey()
    >>> code = key.code("Ibu  Contoh", taken=[], draw=lambda n: 7)
    >>> code, key.code("ibu contoh", taken=[])
    ('R1007', 'R1007')
    """

    codes: dict[str, str] = field(default_factory=dict)
    written: list[tuple[str, str]] = field(default_factory=list)
    new: list[str] = field(default_factory=list)

    def code(
        self, name: str, taken: Collection[str], draw: Callable[[int], int] = secrets.randbelow
    ) -> str:
        """Return the code of a name, a new one if it has none.

        Parameters
        ----------
        name : str
            The name.
        taken : collection of str
            Codes that stand for somebody already, here or in any table.
        draw : callable
            Returns a random number below its argument.
        """
        word = plain(name)
        if word in self.codes:
            return self.codes[word]
        used = {code.casefold() for code in (*taken, *self.codes.values())}
        least = 1000
        while sum(re.fullmatch(r"r[0-9]+", code) is not None for code in used) > 3 * least:
            least *= 10
        code = f"R{least + draw(9 * least)}"
        while code.casefold() in used:
            code = f"R{least + draw(9 * least)}"
        self.codes[word] = code
        self.written.append((name, code))
        self.new.append(code)
        return code

    def near(self, name: str) -> str:
        """Return the code of another name that is nearly this one, or an empty text."""
        others = [word for word in self.codes if word != plain(name)]
        close = difflib.get_close_matches(plain(name), others, n=1, cutoff=_NEAR)
        return self.codes[close[0]] if close else ""

    def content(self) -> bytes:
        """Return the key file: UTF-8 with a mark, so that Excel shows every letter."""
        named = [(safe_text(name), code) for name, code in self.written]
        return csv_content([_COLUMNS, *named])


def read_key(folder: Path) -> NameKey:
    """Read the key file of a site; an empty key if there is none.

    Raises
    ------
    kube_research.site.sheets.Fault
        If it cannot be read (``unreadable``, ``encoding``, ``csv``), lacks a column
        (``key_columns``), has no sound code in a row (``key_code``), or gives one name two codes
        (``key_name_twice``). The value of a fault is never a name.
    """
    path = folder / KEY_FILE
    key = NameKey()
    try:
        rows = csv_sheet(path.read_bytes(), _COLUMNS).rows
    except FileNotFoundError:
        return key
    except OSError:
        raise Fault("unreadable") from None
    header = [name.strip().lower() for name in rows[0]] if rows else []
    if not set(_COLUMNS) <= set(header):
        raise Fault("key_columns", 1)
    places = [header.index(name) for name in _COLUMNS]
    for number, row in enumerate(rows[1:], start=2):
        name, code = ((row[place].strip() if place < len(row) else "") for place in places)
        if not name and not code:
            continue
        name = plain_text(name)
        if not plain(name) or not re.fullmatch(PATTERNS["code"], code):
            raise Fault("key_code", number)
        if key.codes.setdefault(plain(name), code) != code:
            raise Fault("key_name_twice", number)
        key.written.append((name, code))
    return key


def ignore_lines(folder: Path) -> bytes | None:
    """Return the new content of the folder's ``.gitignore``, or None if it covers all names already.

    Raises
    ------
    OSError
        If the file is there and cannot be read.
    """
    path = folder / ".gitignore"
    old = path.read_bytes() if path.exists() else b""
    lines = [line.strip().lstrip("/") for line in old.decode("utf-8", "replace").splitlines()]
    taken_back = [number for number, line in enumerate(lines, start=1) if line.startswith("!")]
    hold = lines[max(taken_back, default=0) :]  # a line with ! may let in what stands above it
    missing = [
        line
        for line, file in _IGNORED.items()
        if not any(fnmatch.fnmatchcase(file, pattern) for pattern in hold)
    ]
    if not missing:
        return None
    end = b"\r\n" if b"\r\n" in old else b"\n"
    gap = end if old and not old.endswith(b"\n") else b""
    return old + gap + b"".join(line.encode() + end for line in missing)
