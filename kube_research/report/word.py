"""A report as a Word document with real styles, numbered captions and cross-references.

Page, fonts and styles are those of ``template.docx``, which can be edited in Word: A4 with the margins
of an Indonesian thesis (4 cm left, 3 cm elsewhere). Numbers of tables, figures and pages are fields, so
that Word renumbers them and can list tables and figures.
"""

from __future__ import annotations

import io
import re
from typing import Any

from kube_research.errors import OptionError
from kube_research.files import package_folder, workbook_bytes
from kube_research.report.document import Cover, Figure, Heading, Paragraph, Report, Table, pieces
from kube_research.shown import Shown
from kube_research.texts import text

#: Width and height of the type area in cm, and the tallest picture (its caption goes below).
WIDTH, TALLEST = 14.0, 20.5
TABLE_STYLE = "Report Table"
_TONGUES = {"id": "id-ID", "en": "en-GB"}
#: Tables of up to so many rows stay on one page.
_SHORT = 8


def need_docx(lang: str = "en") -> None:
    """Raise OptionError, saying how to install it, unless python-docx is there."""
    try:
        import docx  # noqa: F401
    except ImportError as error:
        raise OptionError(text("report.error_extra", lang)) from error


def to_word(report: Report) -> bytes:
    """Return a report as the bytes of a ``.docx`` file."""
    import docx

    document = docx.Document(str(package_folder() / "report" / "template.docx"))
    _Writer(document, report).write()
    return workbook_bytes(document)


class _Writer:
    """Lays out the blocks of a report in a document."""

    def __init__(self, document: Any, report: Report) -> None:
        self.document, self.report = document, report
        self.places = {name: place for place, name in enumerate(report.numbers, 1)}
        self.fresh_page = False
        self.styles = {style.name: style.style_id for style in document.styles}
        about = document.core_properties
        about.title, about.author = report.title, report.author
        about.language = _TONGUES[report.lang]
        _set_language(document, _TONGUES[report.lang])

    def write(self) -> None:
        """Lay out every block in turn."""
        for block in self.report.blocks:
            match block:
                case Cover():
                    self._cover(block)
                case Heading():
                    self._heading(block)
                case Paragraph():
                    self._paragraph(block)
                case Table():
                    self._table(block)
                case Figure():
                    self._figure(block)

    def _cover(self, cover: Cover) -> None:
        self.document.add_paragraph(cover.title, style="Title")
        self.document.add_paragraph(cover.subtitle, style="Subtitle")
        if cover.mark:
            self.document.add_paragraph(cover.mark, style="Report Warning")
        for name, value in cover.lines:
            line = self.document.add_paragraph(style="Report Cover")
            line.add_run(f"{name}:\t")
            line.add_run(value)
        self.fresh_page = True

    def _heading(self, heading: Heading) -> None:
        made = self.document.add_paragraph(heading.words, style=f"Heading {heading.level}")
        if self.fresh_page:
            made.paragraph_format.page_break_before = True
            self.fresh_page = False

    def _paragraph(self, paragraph: Paragraph) -> None:
        styles = {"text": "Normal", "bullet": "List Bullet", "warning": "Report Warning"}
        line = self.document.add_paragraph(style=styles[paragraph.kind])
        if paragraph.words.endswith(":"):
            line.paragraph_format.keep_with_next = True
        self._fill(line, paragraph.words)

    def _fill(self, paragraph: Any, words: str) -> None:
        """Add text to a paragraph; the name of a table or figure becomes a cross-reference."""
        for seen, name in self.report.linked(words):
            if name:
                _field(paragraph, f" REF {self._mark(name)} \\h ", seen)
            else:
                paragraph.add_run(seen)

    def _mark(self, name: str) -> str:
        """Return the bookmark of a table or figure."""
        return f"_Ref{100_000_000 + self.places[name]}"

    def _caption(self, block: Table | Figure) -> Any:
        """Add a caption whose number is a field and whose label can be referred to."""
        label, number = self.report.numbers[block.name]
        paragraph = self.document.add_paragraph(style="Caption")
        at = str(self.places[block.name])
        paragraph._p.append(_element("w:bookmarkStart", id=at, name=self._mark(block.name)))
        paragraph.add_run(f"{label} ")
        _field(paragraph, f" SEQ {label} \\* ARABIC ", str(number))
        paragraph._p.append(_element("w:bookmarkEnd", id=at))
        paragraph.add_run(f". {block.caption}")
        return paragraph

    def _table(self, table: Table) -> None:
        from docx.enum.text import WD_ALIGN_PARAGRAPH
        from docx.shared import Cm, Pt

        self._caption(table).paragraph_format.keep_with_next = True
        content = table.content
        columns, last = len(content.columns), len(content.rows)
        numeric = [column.numeric for column in content.columns]
        grid = self.document.add_table(last + 1, columns, style=TABLE_STYLE)
        grid.autofit = False
        size = 9 if columns < 7 else 8
        widths = [Cm(width) for width in column_widths(content, size)]
        for column, width in zip(grid.columns, widths, strict=True):
            column.width = width
        lines = (content.heads, *content.rows)
        for at, (row, words) in enumerate(zip(grid.rows, lines, strict=True)):
            traits = row._tr.get_or_add_trPr()
            traits.append(_element("w:cantSplit"))
            if at == 0:
                traits.append(_element("w:tblHeader"))
            hold = last <= _SHORT or at < 3 or at >= last - 2
            named = at - 1 in content.sections
            hold = (hold or named) and (at < last or bool(table.note))
            for cell, width, right, written in zip(
                row._tr.tc_lst, widths, numeric, words, strict=True
            ):
                cell.width = width
                paragraph = _only_paragraph(cell, grid)
                bold = at == 0 or named
                paragraph._p.style = self.styles["Report Head" if bold else "Report Cell"]
                if right:
                    paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
                if hold:
                    paragraph.paragraph_format.keep_with_next = True
                self._fill(paragraph, written)
                for run in paragraph.runs:
                    run.font.size = Pt(size)
                if at == 0:
                    cell.get_or_add_tcPr().append(_element("w:shd", val="clear", fill="F4F5F7"))
            if named:
                _span(row._tr, columns, Cm(WIDTH))
        self.document.add_paragraph(table.note, style="Report Note")

    def _figure(self, figure: Figure) -> None:
        from docx.shared import Cm, Pt

        wide, high = figure.size
        width = min(WIDTH, wide * 2.54, TALLEST * wide / high)
        paragraph = self.document.add_paragraph(style="Report Figure")
        shape = paragraph.add_run().add_picture(io.BytesIO(figure.png), width=Cm(round(width, 2)))
        about = shape._inline.docPr
        for side in ("distT", "distB", "distL", "distR"):  # else readers leave room beside it
            shape._inline.set(side, "0")
        about.set("descr", figure.alt)
        about.set("name", f"figure_{figure.key}")
        self._caption(figure).paragraph_format.space_after = Pt(14)


def column_widths(content: Shown, size: float) -> list[float]:
    """Return the widths of the columns in cm: no word is broken where there is room.

    Every column first gets what its longest word needs; what is left of the type area goes by the
    shares that the columns ask for.
    """
    least = []
    for column in content.columns:
        words: list[str] = []
        for cell in column.cells:
            plain = "".join(part for part, named in pieces(cell) if not named)
            words += re.split(r"[ \n]+", plain)
        longest = 0.155 * max((len(word) for word in words), default=1)
        titled = 0.175 * max(len(word) for word in column.head.split(" "))
        least.append(0.28 + min(max(longest, titled), 3.8) * size / 9)
    spare = WIDTH - sum(least)
    if spare < 0:  # too many wide columns: shrink all alike
        return [round(width * WIDTH / sum(least), 2) for width in least]
    shares = [column.width for column in content.columns]
    wanted = [
        max(WIDTH * share / sum(shares) - low, 0.0)
        for share, low in zip(shares, least, strict=True)
    ]
    scale = spare / sum(wanted) if sum(wanted) else 0.0
    even = 0.0 if sum(wanted) else spare / len(least)
    return [round(low + scale * more + even, 2) for low, more in zip(least, wanted, strict=True)]


def _set_language(document: Any, tongue: str) -> None:
    """Say in which language the document is, so that Word checks its spelling in it."""
    from docx.oxml.ns import qn

    for mark in document.styles.element.iter(qn("w:lang")):
        mark.set(qn("w:val"), tongue)
    for mark in document.settings.element.iter(qn("w:themeFontLang")):
        mark.set(qn("w:val"), tongue)


def _only_paragraph(cell: Any, grid: Any) -> Any:
    """Return the paragraph of a fresh cell."""
    from docx.text.paragraph import Paragraph as Line

    return Line(cell.p_lst[0], grid)


def _span(row: Any, columns: int, width: Any) -> None:
    """Let the first cell of a row fill all of it."""
    for cell in row.tc_lst[1:]:
        row.remove(cell)
    row.tc_lst[0].grid_span = columns
    row.tc_lst[0].width = width


def _element(tag: str, /, **values: str) -> Any:
    """Return an element of the Word language with its values."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    made = OxmlElement(tag)
    for key, value in values.items():
        made.set(qn(f"w:{key}"), value)
    return made


def _field(paragraph: Any, instruction: str, result: str) -> None:
    """Add a field with the result it shows until Word computes it anew."""
    field = _element("w:fldSimple", instr=instruction)
    run, words = _element("w:r"), _element("w:t")
    words.text = result
    run.append(words)
    field.append(run)
    paragraph._p.append(field)
