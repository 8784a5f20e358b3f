"""The page and the styles of a Word report: those of the template, made fit for a thesis."""

from __future__ import annotations

from copy import deepcopy
from typing import Any


def set_up(document: Any, tongue: str, font: str) -> None:
    """Give a fresh document its page, language, styles and page numbers.

    Parameters
    ----------
    document : docx.document.Document
    tongue : str
        Language tag, such as ``id-ID``.
    font : str
        Family of every style.
    """
    from docx.shared import Cm

    page = document.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.left_margin, page.top_margin = Cm(4), Cm(3)
    page.right_margin = page.bottom_margin = Cm(3)
    page.header_distance = page.footer_distance = Cm(1.5)
    page.different_first_page_header_footer = True
    _language(document, tongue)
    _styles(document, font)
    _page_number(page)
    package = document.part.package
    for name, rel in list(package.rels.items()):
        if rel.reltype.endswith("/thumbnail"):  # a picture of the empty template
            del package.rels[name]


def _language(document: Any, tongue: str) -> None:
    from docx.oxml.ns import qn

    for mark in document.styles.element.iter(qn("w:lang")):
        mark.set(qn("w:val"), tongue)
    for mark in document.settings.element.iter(qn("w:themeFontLang")):
        mark.set(qn("w:val"), tongue)


def _styles(document: Any, font: str) -> None:
    from docx.enum.style import WD_STYLE_TYPE
    from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
    from docx.oxml.ns import qn
    from docx.shared import Cm, Pt, RGBColor

    styles = document.styles
    black, grey = RGBColor(0, 0, 0), RGBColor(0x57, 0x60, 0x6A)

    def look(
        name: str,
        size: float,
        *,
        bold: bool | None = None,
        before: float = 0,
        after: float = 0,
        line: float = 1.0,
        ink: Any = black,
        base: str = "Normal",
        keep: bool | None = None,
    ) -> Any:
        if name not in [style.name for style in styles]:
            made = styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
            made.base_style = styles[base]
            made.quick_style = True
        style = styles[name]
        style.font.name, style.font.size, style.font.bold = font, Pt(size), bold
        style.font.italic, style.font.color.rgb = False, ink
        family = style.element.get_or_add_rPr().get_or_add_rFonts()
        for key in [key for key in family.attrib if key.endswith("Theme") or key.endswith("theme")]:
            del family.attrib[key]
        for kind in ("ascii", "hAnsi", "cs", "eastAsia"):
            family.set(qn(f"w:{kind}"), font)
        space = style.paragraph_format
        space.space_before, space.space_after = Pt(before), Pt(after)
        space.line_spacing_rule = WD_LINE_SPACING.MULTIPLE
        space.line_spacing = line
        space.widow_control = True
        if keep is not None:
            space.keep_with_next = keep
        return style

    look("Normal", 12, after=6, line=1.5)
    title = look("Title", 20, bold=True, before=120, after=12)
    for border in title.element.pPr.findall(qn("w:pBdr")):
        title.element.pPr.remove(border)
    title.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    subtitle = look("Subtitle", 14, after=36, ink=grey)
    subtitle.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    look("Heading 1", 14, bold=True, before=18, after=8, keep=True)
    look("Heading 2", 12, bold=True, before=12, after=6, keep=True)
    look("List Bullet", 12, after=3, line=1.5)
    caption = look("Caption", 10, bold=True, before=8, after=6)
    for name in ("semiHidden", "unhideWhenUsed"):
        for mark in caption.element.findall(qn(f"w:{name}")):
            caption.element.remove(mark)
    look("Report Cell", 9, before=1, after=1)
    look("Report Head", 9, bold=True, before=2, after=2)
    look("Report Note", 9, before=3, after=14, ink=grey)
    figure = look("Report Figure", 12, before=8, after=0, keep=True)
    figure.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    lines = look("Report Cover", 12, after=4, line=1.15)
    lines.paragraph_format.left_indent = Cm(3.5)
    lines.paragraph_format.first_line_indent = Cm(-3.5)
    lines.paragraph_format.tab_stops.add_tab_stop(Cm(3.5))
    warning = look("Report Warning", 12, bold=True, before=0, after=18, line=1.15)
    warning.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _shade(warning.element.get_or_add_pPr(), "FBE7C4")
    _table_style(document)


def _shade(traits: Any, colour: str) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    shade = OxmlElement("w:shd")
    for key, value in (("val", "clear"), ("color", "auto"), ("fill", colour)):
        shade.set(qn(f"w:{key}"), value)
    before = {qn(f"w:{name}") for name in ("tabs", "suppressAutoHyphens", "spacing", "ind", "jc")}
    for place, child in enumerate(traits):
        if child.tag in before:
            traits.insert(place, shade)
            return
    traits.append(shade)


def _table_style(document: Any) -> None:
    """Add a table style with rules between rows only and narrow cells.

    It has a name of its own, so that it keeps its looks in a document that has other tables.
    """
    from docx.oxml.ns import qn

    from kube_research.report.word import TABLE_STYLE

    old = document.styles["Table Grid"].element
    made = deepcopy(old)
    made.set(qn("w:styleId"), TABLE_STYLE.replace(" ", ""))
    old.addnext(made)
    made.name_val = TABLE_STYLE
    style = document.styles[TABLE_STYLE]
    style.quick_style = True
    for side in style.element.iter(qn("w:tblBorders")):
        for border in side:
            name = border.tag.rsplit("}", 1)[-1]
            strong = name in ("top", "bottom")
            upright = name in ("left", "right", "insideV")
            border.set(qn("w:val"), "nil" if upright else "single")
            border.set(qn("w:sz"), "8" if strong else "4")
            border.set(qn("w:color"), "1F2328" if strong else "B8BFC6")
    for cell in style.element.iter(qn("w:tblCellMar")):
        for margin in cell:
            if margin.tag in (qn("w:left"), qn("w:right")):
                margin.set(qn("w:w"), "70")


def _page_number(page: Any) -> None:
    """Put the page number under every page but the first."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    from kube_research.report.word import _field

    line = page.footer.paragraphs[0]
    line.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _field(line, " PAGE ", "2")
