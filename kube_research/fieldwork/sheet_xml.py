"""Cells of a workbook are changed in its own XML, so that everything else in it stays byte for byte."""

from __future__ import annotations

import io
import posixpath
import re
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Mapping
from xml.sax.saxutils import escape

from kube_research.site.text_files import Fault

#: New content of a sheet: a number or text by (row, place), rows counted from 1, places from 0.
Cells = Mapping[tuple[int, int], int | str]

_DATA = re.compile(r"<sheetData\s*/>|<sheetData(?:\s[^>]*)?>(.*?)</sheetData>", re.DOTALL)
_ROW = re.compile(r"<row\b([^>]*?)(?:/>|>(.*?)</row>)", re.DOTALL)
_CELL = re.compile(r"<c\b([^>]*?)(?:/>|>(.*?)</c>)", re.DOTALL)
_COL = re.compile(r"<col\b([^>]*)/>")
_REF = re.compile(r"([A-Z]{1,3})([0-9]+)")


def with_cells(content: bytes, sheets: Mapping[str, Cells]) -> bytes:
    """Return a workbook in which some cells hold something else.

    Parameters
    ----------
    content : bytes
        The ``.xlsx`` file.
    sheets : mapping of str to Cells
        For each sheet by its name, what its cells are to hold; an empty text clears a cell. A cell keeps
        its style; a new one takes that of the cell above, or of its column.

    Returns
    -------
    bytes
        Every other part of the file is as it was: drop-down lists, formulas, pictures, other sheets.
        Tables of Excel that cover the sheet from row 1 grow with it, and formulas are computed anew when
        the file is opened.

    Raises
    ------
    kube_research.site.text_files.Fault
        ``book_fixed`` if the sheet is written in a way that is not understood, or a cell to be changed
        holds a formula.

    Examples
    --------
    >>> import openpyxl
    >>> raw = io.BytesIO()
    >>> openpyxl.Workbook().save(raw)
    >>> changed = with_cells(raw.getvalue(), {"Sheet": {(2, 1): "07", (2, 2): 3}})
    >>> [cell.value for cell in openpyxl.load_workbook(io.BytesIO(changed))["Sheet"][2]]
    [None, '07', 3]
    """
    done = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old:
        homes = _homes(old)
        parts: dict[str, bytes] = {}
        for name, cells in sheets.items():
            if name not in homes:
                raise Fault("book_fixed")
            home = homes[name]
            xml = old.read(home).decode("utf-8-sig")
            parts[home], last = _edited(xml, cells)
            parts |= _grown_tables(old, home, last)
        if any(b"<f" in old.read(home) for home in homes.values()):
            book = old.read("xl/workbook.xml")
            if b"fullCalcOnLoad" not in book:
                parts["xl/workbook.xml"] = book.replace(
                    b"<calcPr", b'<calcPr fullCalcOnLoad="1"', 1
                )
        with zipfile.ZipFile(done, "w", zipfile.ZIP_DEFLATED) as new:
            for entry in old.infolist():
                copy = zipfile.ZipInfo(entry.filename, entry.date_time)
                copy.compress_type, copy.external_attr = zipfile.ZIP_DEFLATED, entry.external_attr
                new.writestr(copy, parts.get(entry.filename, old.read(entry)))
    return done.getvalue()


def _homes(book: zipfile.ZipFile) -> dict[str, str]:
    """Return the part of the file that holds each sheet."""
    links = _links(book, "xl/workbook.xml")
    homes: dict[str, str] = {}
    for sheet in ET.fromstring(book.read("xl/workbook.xml")).iter():
        if sheet.tag.rpartition("}")[2] == "sheet":
            key = next((v for k, v in sheet.attrib.items() if k.endswith("}id")), "")
            if links.get(key, "") in book.namelist():
                homes[sheet.attrib["name"]] = links[key]
    return homes


def _links(book: zipfile.ZipFile, part: str) -> dict[str, str]:
    """Return the parts that a part refers to, by the key it uses for them."""
    folder, name = posixpath.split(part)
    path = f"{folder}/_rels/{name}.rels"
    if path not in book.namelist():
        return {}
    found = {}
    for one in ET.fromstring(book.read(path)):
        target = posixpath.normpath(posixpath.join("/", folder, one.attrib.get("Target", "")))
        found[one.attrib.get("Id", "")] = target.lstrip("/")
    return found


def _edited(xml: str, cells: Cells) -> tuple[bytes, int]:
    """Return the XML of a sheet with its new cells, and the number of its last row."""
    data = _DATA.search(xml)
    if data is None:
        raise Fault("book_fixed")
    columns = [_attributes(one[1]) for one in _COL.finditer(xml[: data.start()])]
    rows: dict[int, tuple[str, dict[int, str]]] = {}
    for row in _ROW.finditer(data[1] or ""):
        where = _attributes(row[1]).get("r", "")
        found = {_place(cell): cell[0] for cell in _CELL.finditer(row[2] or "")}
        if not where.isdigit():
            raise Fault("book_fixed")
        rows[int(where)] = re.sub(r'\s+spans="[^"]*"', "", row[1]).rstrip(), found
    for (number, place), value in sorted(cells.items()):
        row_cells = rows.setdefault(number, (f' r="{number}"', {}))[1]
        before = row_cells.get(place, "")
        if re.search(r"<f[\s>/]", before):
            raise Fault("book_fixed", number)
        style = _style(before) or _near_style(rows, number, place, columns)
        row_cells[place] = _cell(number, place, value, style)
    written = [
        f"<row{start}>{''.join(one for _, one in sorted(found.items()))}</row>"
        for _, (start, found) in sorted(rows.items())
    ]
    whole = f"{xml[: data.start()]}<sheetData>{''.join(written)}</sheetData>{xml[data.end() :]}"
    last = max(rows, default=1)
    width = max((place for _, found in rows.values() for place in found), default=0)
    size = f'<dimension ref="A1:{letters(width)}{last}"/>'
    whole = re.sub(r'<dimension ref="[^"]*"\s*/>', size, whole, count=1)
    return whole.encode("utf-8"), last


def _cell(number: int, place: int, value: int | str, style: str) -> str:
    spot = f'r="{letters(place)}{number}"' + (f' s="{style}"' if style else "")
    if value == "":
        return f"<c {spot}/>"
    if isinstance(value, int):
        return f"<c {spot}><v>{value}</v></c>"
    return f'<c {spot} t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'


def _place(cell: re.Match[str]) -> int:
    found = _REF.fullmatch(_attributes(cell[1]).get("r", ""))
    if not found:
        raise Fault("book_fixed")
    place = 0
    for letter in found[1]:
        place = place * 26 + ord(letter) - 64
    return place - 1


def letters(place: int) -> str:
    """Name a column as a spreadsheet does.

    Examples
    --------
    >>> letters(0), letters(25), letters(26), letters(701), letters(702)
    ('A', 'Z', 'AA', 'ZZ', 'AAA')
    """
    done, left = "", place + 1
    while left:
        left, rest = divmod(left - 1, 26)
        done = chr(65 + rest) + done
    return done


def _attributes(written: str) -> dict[str, str]:
    return dict(re.findall(r'([\w:]+)="([^"]*)"', written))


def _style(cell: str) -> str:
    start = _CELL.match(cell)
    return _attributes(start[1]).get("s", "") if start else ""


def _near_style(
    rows: Mapping[int, tuple[str, dict[int, str]]],
    number: int,
    place: int,
    columns: list[dict[str, str]],
) -> str:
    """Return the style for a new cell: of the heading beside it, of the cell above, of its column."""
    if number == 1:
        return _style(rows[1][1].get(place - 1, ""))
    above = rows[number - 1][1].get(place, "") if number > 2 and number - 1 in rows else ""
    if style := _style(above):
        return style
    for one in columns:
        if int(one.get("min", 0)) <= place + 1 <= int(one.get("max", 0)):
            return one.get("style", "")
    return ""


def _grown_tables(book: zipfile.ZipFile, home: str, last: int) -> dict[str, bytes]:
    """Return the tables of Excel in a sheet, grown to its last row."""
    done = {}
    for part in _links(book, home).values():
        if not re.fullmatch(r"xl/tables/[^/]+\.xml", part) or part not in book.namelist():
            continue
        xml = book.read(part).decode("utf-8-sig")
        found = re.search(r'<table\b[^>]*\sref="([A-Z]+1):([A-Z]+)([0-9]+)"', xml)
        if found and int(found[3]) < last and "totalsRowCount" not in xml:
            old = f'ref="{found[1]}:{found[2]}{found[3]}"'
            done[part] = xml.replace(old, f'ref="{found[1]}:{found[2]}{last}"').encode("utf-8")
    return done
