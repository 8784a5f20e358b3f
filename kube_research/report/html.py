"""A report as one HTML page: pictures inside, a style for print, no script, nothing from outside."""

from __future__ import annotations

from base64 import b64encode
from html import escape

from kube_research.files import package_folder
from kube_research.report.document import Cover, Figure, Heading, Paragraph, Report, Table

#: Attributes of cells of words, and of cells of numbers.
_MARKS = ("", ' class="n"')


def to_page(report: Report) -> bytes:
    """Return a report as one HTML page in UTF-8."""
    body: list[str] = []
    listing = False
    for block in report.blocks:
        bullet = isinstance(block, Paragraph) and block.kind == "bullet"
        if bullet != listing:
            body.append("<ul>" if bullet else "</ul>")
            listing = bullet
        match block:
            case Cover():
                body.append(_cover(block))
            case Heading():
                body.append(f"<h{block.level + 1}>{escape(block.words)}</h{block.level + 1}>")
            case Paragraph():
                words = _words(block.words, report)
                tag = "<li>{}</li>" if bullet else "<p>{}</p>"
                if block.kind == "warning":
                    tag = '<p class="warning">{}</p>'
                body.append(tag.replace("{}", words))
            case Table():
                body.append(_table(block, report))
            case Figure():
                body.append(_figure(block, report))
    if listing:
        body.append("</ul>")
    author = f'<meta name="author" content="{escape(report.author)}">\n' if report.author else ""
    look = (package_folder() / "report" / "page.css").read_text(encoding="utf-8")
    page = (
        f'<!DOCTYPE html>\n<html lang="{report.lang}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"{author}<title>{escape(report.title)}</title>\n<style>\n{look}</style>\n</head>\n<body>\n"
        + "\n".join(body)
        + "\n</body>\n</html>\n"
    )
    return page.encode("utf-8")


def _words(words: str, report: Report) -> str:
    """Return escaped text; the name of a table or figure becomes a link."""
    return "".join(
        f'<a href="#{name.replace(":", "-")}">{escape(seen)}</a>' if name else escape(seen)
        for seen, name in report.linked(words)
    )


def _cover(cover: Cover) -> str:
    lines = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in cover.lines
    )
    mark = f'\n<p class="warning">{escape(cover.mark)}</p>' if cover.mark else ""
    return (
        f'<header>\n<h1>{escape(cover.title)}</h1>\n<p class="subtitle">{escape(cover.subtitle)}</p>'
        f"{mark}\n<dl>{lines}</dl>\n</header>"
    )


def _caption(block: Table | Figure, report: Report) -> str:
    label, number = report.numbers[block.name]
    return f"{escape(label)} {number}. {escape(block.caption)}"


def _table(table: Table, report: Report) -> str:
    caption = f"<caption>{_caption(table, report)}</caption>"
    cells = table.content.html(caption, _MARKS, lambda cell: _words(cell, report), ' scope="col"')
    note = f'<p class="note">{escape(table.note)}</p>' if table.note else ""
    return f'<div class="wide" id="table-{table.key}">\n{cells}{note}\n</div>'


def _figure(figure: Figure, report: Report) -> str:
    data = b64encode(figure.png).decode("ascii")
    return (
        f'<figure id="figure-{figure.key}">\n'
        f'<img src="data:image/png;base64,{data}" alt="{escape(figure.alt)}">\n'
        f"<figcaption>{_caption(figure, report)}</figcaption>\n</figure>"
    )
