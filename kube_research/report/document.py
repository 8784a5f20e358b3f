"""What a report is made of: blocks of text, tables and figures, and the draft that collects them.

A block holds finished words in one language. The two renderers (Word and HTML) only lay them out, so
that both say the same.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import pandas as pd

from kube_research.errors import KubeError, MissingTableError
from kube_research.figures import style
from kube_research.formats import number
from kube_research.frames import GRADES
from kube_research.outputs import Output, find_output
from kube_research.peka.priorities import item_scores
from kube_research.shown import Column, Shown
from kube_research.site.instrument import recoded_note, stated
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
class Exhibit:
    """A table or a figure: what has a number and a caption, and grades of what it is made of."""

    kind: ClassVar[str]
    key: str
    caption: str
    grades: tuple[str, ...]

    @property
    def name(self) -> str:
        """What sentences call it, such as ``table:items``."""
        return f"{self.kind}:{self.key}"


@dataclass(frozen=True)
class Table(Exhibit):
    """A table with its note."""

    kind = "table"
    content: Shown
    note: str


@dataclass(frozen=True)
class Figure(Exhibit):
    """A picture (PNG) with the words for those who cannot see it, and its size in inches."""

    kind = "figure"
    alt: str
    png: bytes = field(repr=False)
    size: tuple[float, float]


Block = Heading | Paragraph | Cover | Table | Figure


@dataclass(frozen=True)
class Report:
    """A finished report."""

    lang: str
    title: str
    author: str
    blocks: tuple[Block, ...]

    @cached_property
    def numbers(self) -> dict[str, tuple[str, int]]:
        """The label and number of every table and figure: ``{"table:items": ("Table", 1)}``."""
        numbers: dict[str, tuple[str, int]] = {}
        counts = {Table.kind: 0, Figure.kind: 0}
        for block in self.blocks:
            if isinstance(block, Exhibit):
                counts[block.kind] += 1
                numbers[block.name] = text(f"report.{block.kind}", self.lang), counts[block.kind]
        return numbers

    def linked(self, words: str) -> list[tuple[str, str]]:
        """Split a sentence into what readers see and, where that is "Table 2", the name of the table."""
        return [
            ("{} {}".format(*self.numbers[part]), part)
            if named and part in self.numbers
            else (part, "")
            for part, named in pieces(words)
        ]


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
class Section:
    """A part of the report under a heading of its own.

    Attributes
    ----------
    key : str
        Names its heading.
    parts : tuple of callable
        What writes it, in order; each takes the draft, and one that cannot be written does not keep the
        others from it.
    needs : tuple of str
        Tables of which the site must have one; the section says so where it has none.
    """

    key: str
    parts: tuple[Callable[[Draft], None], ...]
    needs: tuple[str, ...] = ()


#: How a value is written: the form of a number, or a function of it and the language.
Write: TypeAlias = str | Callable[[Any, str], str]


def plain(value: object, lang: str) -> str:
    """Return a value as it is."""
    return str(value)


def _writer(write: Write) -> Callable[[Any, str], str]:
    return partial(number, form=write) if isinstance(write, str) else write


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
        return text(f"report.{key}", self.lang, **{"money": self.site.info.money.name, **fill})

    def heading(self, key: str, level: int = 1) -> None:
        """Add a heading."""
        self._absent = set()
        self.blocks.append(Heading(self.words(f"head_{key}"), level))

    def say(self, key: str, kind: str = "text", **fill: Any) -> None:
        """Add a sentence from the text file."""
        self.blocks.append(Paragraph(_unfit(self.words(key, **fill)), kind))

    def has(self, table: str) -> bool:
        """Tell whether a table stands in the report."""
        return any(isinstance(block, Table) and block.key == table for block in self.blocks)

    def missing(self, *tables: str) -> None:
        """Say once under a heading which files would hold what is missing."""
        named = [name for name in tables if name not in self._absent]
        if named:
            self._absent |= set(named)
            joint = self.words("or")
            files = f" {joint} ".join(self.file(name) for name in named)
            self.say("missing", files=files, folder=clean(self.site.folder.name))

    @property
    def scores(self) -> pd.DataFrame:
        """The item scores of the site, counted once."""
        return self.site.cached(item_scores)

    @property
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

    def section(self, section: Section) -> None:
        """Write a section, or say which tables it would need."""
        self.heading(section.key)
        if section.needs and not any(self.site.has(name) for name in section.needs):
            self.missing(*section.needs)
            return
        for work in section.parts:
            self.part(work)

    def part(self, work: Callable[[Draft], None]) -> None:
        """Do a part of the report; say in one sentence what kept it from being made."""
        try:
            work(self)
        except MissingTableError as error:
            self.missing(error.table)
        except KubeError as error:
            self.say("not_made", why=clean(" ".join(str(error).split())))

    def col(
        self,
        key: str,
        values: Sequence[Any] | pd.Series,
        width: float = 1.0,
        *,
        words: bool = False,
        write: Write = plain,
        head: str = "",
    ) -> Column:
        """Return a column headed by a text of the report, of numbers unless told it is words."""
        write = _writer(write)
        head = head or self.words(f"col_{key}")
        return Column(head, values, not words, width, lambda value: write(value, self.lang))

    def item_col(self, items: pd.Series, width: float) -> Column:
        """Return a column of item numbers, each with its section number where it has one: 3 (1.10)."""
        codes = pd.Series(dtype="string")
        if self.site.has("items") and "code" in self.site.tables["items"]:
            codes = self.site.tables["items"].set_index("item")["code"].dropna()
        if codes.empty:
            return self.col("item", items, width)
        cells = [f"{item} ({codes[item]})" if item in codes.index else f"{item}" for item in items]
        return self.col("item", cells, width + 0.3, words=True)

    def statement_col(self, items: pd.Series, width: float) -> Column:
        """Return a column of the statements of items; those turned round are marked."""
        about = self.site.table("items")
        statements = stated(about, self.lang, codes=False).set_axis(about["item"])
        return self.col("statement", items.map(statements), width, words=True)

    def recoded_note(self, items: pd.Series) -> str:
        """Say what the mark of negative statements means, if one of the items is one."""
        about = self.site.tables.get("items")
        here = None if about is None else about[about["item"].isin(items)]
        return "" if here is None else recoded_note(here, self.lang)

    def interval(self, low: Iterable[Any], high: Iterable[Any], write: Write = number) -> list[str]:
        """Return intervals in words, one a row; blank where an end is missing."""
        write = _writer(write)
        return [
            ""
            if pd.isna(start) or pd.isna(end)
            else self.words("interval", low=write(start, self.lang), high=write(end, self.lang))
            for start, end in zip(low, high, strict=True)
        ]

    def table(
        self,
        key: str,
        columns: Iterable[Column],
        frame: pd.DataFrame,
        say: str = "",
        *,
        notes: Iterable[str] = (),
        held: Iterable[str] = (),
        sections: Iterable[str] = (),
        **fill: Any,
    ) -> None:
        """Add a table of the columns given, after a sentence that points to it.

        The grades of its rows are those of ``frame``; ``held`` are grades that the table tells of in
        its own words; ``sections`` names for each row the part of the table it belongs to.
        """
        if say:
            self.say(say, table=ref("table", key), **fill)
        made, grades = list(columns), _grades(frame) or tuple(held)
        lines = [words for words in notes if words]
        if len(grades) > 1 and "evidence" in frame:
            written = [
                text(f"evidence.{g}", self.lang) if pd.notna(g) else "" for g in frame.evidence
            ]
            made.append(self.col("evidence", written, 1.1, words=True))
        elif grades and "evidence" in frame:
            lines.append(self.words("one_grade", grade=text(f"evidence.{grades[0]}", self.lang)))
        fit = tuple(
            replace(
                column,
                head=clean(column.head),
                values=[_unfit(cell) or NOTHING for cell in column.cells],
                write=str,
            )
            for column in made
        )
        caption = self._caption(f"table_{key}", grades)
        content = Shown(fit, tuple(map(clean, sections)))
        self.blocks.append(Table(key, caption, grades, content, clean(" ".join(lines))))

    def figure(self, name: str, say: str = "", **fill: str) -> None:
        """Draw a figure of the package and add it, after a sentence that points to it.

        Its grades are those of what it draws; where that cannot be had, nothing is said of it.
        """
        output = find_output(name)
        grades = _grades(output.frame(self.site))
        if say:
            self.say(say, figure=ref("figure", name), **fill)
        png, size = self.picture(output)
        caption = self._caption(f"figure_{name}", grades)
        alt = f"{caption}. {self.words(f'alt_{name}')}"
        self.blocks.append(Figure(name, caption, grades, alt, png, size))

    def picture(self, output: Output[..., Any]) -> tuple[bytes, tuple[float, float]]:
        """Return a figure as PNG, and its size in inches."""
        with warnings.catch_warnings():  # a letter that the font of figures lacks
            warnings.filterwarnings("ignore", r"Glyph \d+", UserWarning)
            drawn = style.figure_of(output(self.site, lang=self.lang))
            width, height = (float(side) for side in drawn.get_size_inches())
            return style.png_bytes(drawn), (width, height)

    def _caption(self, key: str, grades: tuple[str, ...]) -> str:
        caption = self.words(key)
        if "simulated" in grades:
            mark = "simulated_all" if grades == ("simulated",) else "simulated_some"
            caption = f"{caption} {self.words(mark)}"
        return clean(caption)


def drawn(name: str, say: str = "") -> Callable[[Draft], None]:
    """Return a part of a report that is a figure, after a sentence that points to it."""
    return lambda draft: draft.figure(name, say)


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
    return tuple(grade for grade in GRADES if frame["evidence"].eq(grade).any())
