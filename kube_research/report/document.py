"""What a report is made of: blocks of text, tables and figures, and the draft that collects them.

A block holds finished words in one language. The two renderers (Word and HTML) only lay them out, so
that both say the same.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from kube_research.errors import KubeError, MissingTableError
from kube_research.figures import style
from kube_research.frames import GRADES
from kube_research.outputs import find_output
from kube_research.texts import text

if TYPE_CHECKING:
    from kube_research.site.folder import Site

#: Two private characters around the name of a table or figure that a sentence points to.
OPEN, SHUT = "\ue000", "\ue001"
_REFERENCE = re.compile(f"{OPEN}([^{SHUT}]*){SHUT}")
_NAMED = re.compile(r"(table|figure):\w+")
#: What stands in a cell that holds nothing.
NOTHING = "–"
#: Characters that XML forbids, and the two that mark a reference.
_UNFIT = re.compile("[^\t\n\x20-\ud7ff\ue002-\ufffd\U00010000-\U0010ffff]")


def clean(words: object) -> str:
    r"""Return text without characters that no document can hold; blank for a missing value.

    Examples
    --------
    >>> clean("a\x00b"), clean(None)
    ('ab', '')
    """
    if words is None or words is pd.NA or words is pd.NaT or words != words:
        return ""
    return _UNFIT.sub("", str(words).replace("\r\n", "\n").replace("\r", "\n"))


@dataclass(frozen=True)
class Heading:
    """A heading of level 1 or 2."""

    words: str
    level: int = 1


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; ``kind`` is ``text``, ``bullet`` or ``warning``."""

    words: str
    kind: str = "text"


@dataclass(frozen=True)
class Cover:
    """The title page: title, subtitle, labelled lines, and a warning where rows are simulated."""

    title: str
    subtitle: str
    lines: tuple[tuple[str, str], ...]
    mark: str = ""


@dataclass(frozen=True)
class Table:
    """A table of finished cell texts, with its caption, its note and the grades of its rows."""

    key: str
    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]
    widths: tuple[float, ...]
    note: str
    grades: tuple[str, ...]
    #: Places of the rows that only name what the rows below them share.
    sections: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Figure:
    """A picture (PNG) with its caption, the words for those who cannot see it, and its grade."""

    key: str
    caption: str
    alt: str
    png: bytes = field(repr=False)
    size: tuple[float, float] = (1.0, 1.0)
    grades: tuple[str, ...] = ()


Block = Heading | Paragraph | Cover | Table | Figure


@dataclass(frozen=True)
class Report:
    """A finished report."""

    lang: str
    title: str
    author: str
    blocks: tuple[Block, ...]

    def numbers(self) -> dict[str, tuple[str, int]]:
        """Return the label and number of every table and figure: ``{"table:items": ("Table", 1)}``."""
        done: dict[str, tuple[str, int]] = {}
        counts = {"table": 0, "figure": 0}
        for block in self.blocks:
            if isinstance(block, Table | Figure):
                kind = "table" if isinstance(block, Table) else "figure"
                counts[kind] += 1
                done[f"{kind}:{block.key}"] = text(f"report.{kind}", self.lang), counts[kind]
        return done


def ref(kind: str, key: str) -> str:
    """Return the mark that stands in a sentence for "Table 2"."""
    return f"{OPEN}{kind}:{key}{SHUT}"


def pieces(words: str) -> list[tuple[str, bool]]:
    """Split a sentence into plain text (False) and names of tables and figures (True).

    Examples
    --------
    >>> pieces("See " + ref("table", "items") + ".")
    [('See ', False), ('table:items', True), ('.', False)]
    """
    parts = _REFERENCE.split(words)
    return [(part, bool(place % 2)) for place, part in enumerate(parts) if part]


@dataclass(frozen=True)
class Column:
    """A column of a table: heading, cells, whether they are numbers, and its share of the width."""

    head: str
    cells: Iterable[Any]
    numeric: bool = True
    width: float = 1.0


class Draft:
    """A report in the making; sections add to it.

    Parameters
    ----------
    site : Site
    lang : {"en", "id"}
    """

    def __init__(self, site: Site, lang: str) -> None:
        self.site, self.lang = site, lang
        self.blocks: list[Block] = []
        self._absent: set[str] = set()

    def words(self, key: str, **fill: object) -> str:
        """Return a text of the report with values filled in."""
        return text(f"report.{key}", self.lang, **fill)

    def heading(self, key: str, level: int = 1) -> None:
        """Add a heading."""
        self._absent = set()
        self.blocks.append(Heading(self.words(f"head_{key}"), level))

    def say(self, key: str, kind: str = "text", **fill: object) -> None:
        """Add a sentence from the text file."""
        self.put(self.words(key, **fill), kind)

    def put(self, words: str, kind: str = "text") -> None:
        """Add finished words as a paragraph."""
        self.blocks.append(Paragraph(_unfit(words), kind))

    def has(self, kind: str, key: str) -> bool:
        """Tell whether a table or figure stands in the report."""
        made = Table if kind == "table" else Figure
        return any(isinstance(block, made) and block.key == key for block in self.blocks)

    def missing(self, *tables: str) -> None:
        """Say once under a heading which files would hold what is missing."""
        named = [name for name in tables if name not in self._absent]
        if named:
            self._absent |= set(named)
            joint = self.words("or")
            files = f" {joint} ".join(self.file(name) for name in named)
            self.say("missing", files=files, folder=clean(self.site.folder.name))

    @cached_property
    def scores(self) -> pd.DataFrame:
        """The item scores of the site, counted once."""
        from kube_research.peka.scores import item_scores

        return item_scores(self.site)

    @cached_property
    def mean_form(self) -> str:
        """How means are written: means worked back from printed ones with all their digits."""
        return "0.0000" if "printed" in self.scores else "0.00"

    def file(self, name: str) -> str:
        """Return where a table of the site stands, or would stand."""
        if (self.site.folder / "site.xlsx").exists() and not (
            self.site.folder / "site.toml"
        ).exists():
            return self.words("sheet", table=name)
        return f"{name}.csv"

    def part(self, work: Callable[[Draft], None]) -> None:
        """Do a part of the report; say in one sentence what kept it from being made."""
        try:
            work(self)
        except MissingTableError as error:
            self.missing(error.table)
        except KubeError as error:
            self.say("not_made", why=clean(" ".join(str(error).split())))

    def col(
        self, key: str, cells: Iterable[Any], width: float = 1.0, *, words: bool = False
    ) -> Column:
        """Return a column headed by a text of the report; of numbers unless told it is words."""
        return Column(self.words(f"col_{key}"), cells, not words, width)

    def table(
        self,
        key: str,
        columns: Iterable[Column],
        frame: pd.DataFrame,
        *,
        notes: Iterable[str] = (),
        held: Iterable[str] = (),
        sections: Iterable[str] = (),
        **fill: object,
    ) -> None:
        """Add a table of the columns given; the grades of its rows are those of ``frame``.

        ``held`` are grades that the table tells of in its own words; ``sections`` names for each row
        the part of the table it belongs to.
        """
        made, grades = list(columns), _grades(frame) or tuple(held)
        lines = [words for words in notes if words]
        if "evidence" not in frame:
            pass
        elif len(grades) > 1:
            cells = [
                "" if pd.isna(grade) else text(f"evidence.{grade}", self.lang)
                for grade in frame["evidence"]
            ]
            made.append(Column(self.words("col_evidence"), cells, False, 1.1))
        elif grades:
            lines.append(self.words("one_grade", grade=text(f"evidence.{grades[0]}", self.lang)))
        filled = [tuple(_unfit(cell) or NOTHING for cell in column.cells) for column in made]
        rows, parts = _with_sections(list(zip(*filled, strict=True)), [clean(s) for s in sections])
        self.blocks.append(
            Table(
                key,
                self._caption(f"table_{key}", grades, fill),
                tuple(clean(column.head) for column in made),
                tuple(rows),
                tuple(column.numeric for column in made),
                tuple(column.width for column in made),
                clean(" ".join(lines)),
                grades,
                frozenset(parts),
            )
        )

    def figure(self, name: str, frame: pd.DataFrame) -> None:
        """Draw a figure of the package and add it; the grades are those of ``frame``."""
        with warnings.catch_warnings():  # a letter that the font of figures lacks
            warnings.filterwarnings("ignore", r"Glyph \d+", UserWarning)
            drawn = style.figure_of(find_output(name)(self.site, lang=self.lang))
            width, height = (float(side) for side in drawn.get_size_inches())
            png = style.png_bytes(drawn)
        grades = _grades(frame)
        caption = self._caption(f"figure_{name}", grades, {})
        alt = f"{caption}. {self.words(f'alt_{name}')}"
        self.blocks.append(Figure(name, caption, alt, png, (width, height), grades))

    def _caption(self, key: str, grades: tuple[str, ...], fill: dict[str, object]) -> str:
        caption = self.words(key, **fill)
        if "simulated" in grades:
            mark = "simulated_all" if grades == ("simulated",) else "simulated_some"
            caption = f"{caption} {self.words(mark)}"
        return clean(caption)


def _with_sections(
    rows: list[tuple[str, ...]], names: list[str]
) -> tuple[list[tuple[str, ...]], list[int]]:
    """Put a row with its name above every part of a table; return where these rows stand."""
    done: list[tuple[str, ...]] = []
    places: list[int] = []
    for at, row in enumerate(rows):
        if names and (at == 0 or names[at] != names[at - 1]):
            places.append(len(done))
            done.append((names[at], *[""] * (len(row) - 1)))
        done.append(row)
    return done, places


def _unfit(words: object) -> str:
    """Clean words but keep the marks of references."""
    if not isinstance(words, str):
        return clean(words)
    return "".join(
        f"{OPEN}{part}{SHUT}" if named and _NAMED.fullmatch(part) else clean(part)
        for part, named in pieces(words)
    )


def _grades(frame: pd.DataFrame) -> tuple[str, ...]:
    """Return the grades that occur among the rows, from the firmest."""
    if "evidence" not in frame:
        return ()
    found = set(frame["evidence"].dropna())
    return tuple(grade for grade in GRADES if grade in found)
