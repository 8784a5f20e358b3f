"""A report as one HTML page: pictures inside, a style for print, no script, nothing from outside."""

from __future__ import annotations

from base64 import b64encode
from html import escape

from kube_research.report.document import Cover, Figure, Heading, Paragraph, Report, Table, pieces

_STYLE = """
:root { color-scheme: light; }
body { font: 1rem/1.55 Georgia, "Times New Roman", serif; color: #1f2328; background: #fff;
  max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
h1, h2, h3 { line-height: 1.25; margin: 2em 0 .6em; }
header { border-bottom: 2px solid #1f2328; margin-bottom: 2rem; }
header h1 { margin: 0 0 .2em; }
header .subtitle { font-size: 1.15rem; color: #57606a; margin: 0 0 1em; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2em 1.2em; }
dt { color: #57606a; } dd { margin: 0; }
.warning { border-left: 5px solid #1f2328; background: #fbe7c4; padding: .5em .8em; font-weight: bold; }
.wide { overflow-x: auto; margin: 1.5em 0 2em; }
table { border-collapse: collapse; width: 100%; font: .82rem/1.35 Arial, "Liberation Sans", sans-serif; }
caption, figcaption { font-weight: bold; text-align: left; margin: 0 0 .4em; padding: 0; }
caption, figcaption { font: bold .9rem/1.35 Arial, "Liberation Sans", sans-serif; }
figcaption { margin-top: .4em; }
th, td { padding: .25em .5em; text-align: left; vertical-align: top; border-bottom: 1px solid #b8bfc6;
  white-space: pre-line; overflow-wrap: break-word; }
thead th { border-top: 1.5px solid #1f2328; border-bottom: 1.5px solid #1f2328; vertical-align: bottom;
  background: #f4f5f7; }
tbody th { background: #f4f5f7; }
.n { text-align: right; white-space: pre; font-variant-numeric: tabular-nums; }
.note { font-size: .82rem; color: #57606a; margin: .4em 0 0; }
figure { margin: 1.5em 0; } figure img { width: 100%; height: auto; }
@page { size: A4; margin: 3cm 3cm 3cm 4cm; }
@media print {
  body { max-width: none; margin: 0; padding: 0; font-size: 11pt; }
  .wide { overflow: visible; } thead { display: table-header-group; }
  tr, figure { break-inside: avoid; } h1, h2, h3, caption { break-after: avoid; }
  header { break-after: page; } a { color: inherit; text-decoration: none; }
}
"""


#: Attributes of cells of words, and of cells of numbers.
_MARKS = ("", ' class="n"')


def to_page(report: Report) -> bytes:
    """Return a report as one HTML page in UTF-8."""
    numbers = report.numbers()
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
                words = _words(block.words, numbers)
                tag = "<li>{}</li>" if bullet else "<p>{}</p>"
                if block.kind == "warning":
                    tag = '<p class="warning">{}</p>'
                body.append(tag.replace("{}", words))
            case Table():
                body.append(_table(block, numbers))
            case Figure():
                body.append(_figure(block, numbers))
    if listing:
        body.append("</ul>")
    author = f'<meta name="author" content="{escape(report.author)}">\n' if report.author else ""
    page = (
        f'<!DOCTYPE html>\n<html lang="{report.lang}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"{author}<title>{escape(report.title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(body)
        + "\n</body>\n</html>\n"
    )
    return page.encode("utf-8")


def _words(words: str, numbers: dict[str, tuple[str, int]]) -> str:
    """Return escaped text; the name of a table or figure becomes a link."""
    linked = []
    for part, named in pieces(words):
        if named and part in numbers:
            label, number = numbers[part]
            linked.append(f'<a href="#{part.replace(":", "-")}">{escape(label)} {number}</a>')
        else:
            linked.append(escape(part))
    return "".join(linked)


def _cover(cover: Cover) -> str:
    lines = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in cover.lines
    )
    mark = f'\n<p class="warning">{escape(cover.mark)}</p>' if cover.mark else ""
    return (
        f'<header>\n<h1>{escape(cover.title)}</h1>\n<p class="subtitle">{escape(cover.subtitle)}</p>'
        f"{mark}\n<dl>{lines}</dl>\n</header>"
    )


def _caption(kind: str, block: Table | Figure, numbers: dict[str, tuple[str, int]]) -> str:
    label, number = numbers[f"{kind}:{block.key}"]
    return f"{escape(label)} {number}. {escape(block.caption)}"


def _table(table: Table, numbers: dict[str, tuple[str, int]]) -> str:
    caption = f"<caption>{_caption('table', table, numbers)}</caption>"
    cells = table.content.html(caption, _MARKS, lambda cell: _words(cell, numbers), ' scope="col"')
    note = f'<p class="note">{escape(table.note)}</p>' if table.note else ""
    return f'<div class="wide" id="table-{table.key}">\n{cells}{note}\n</div>'


def _figure(figure: Figure, numbers: dict[str, tuple[str, int]]) -> str:
    data = b64encode(figure.png).decode("ascii")
    return (
        f'<figure id="figure-{figure.key}">\n'
        f'<img src="data:image/png;base64,{data}" alt="{escape(figure.alt)}">\n'
        f"<figcaption>{_caption('figure', figure, numbers)}</figcaption>\n</figure>"
    )
