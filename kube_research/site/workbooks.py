"""The sheets of a workbook become rows of text, as a spreadsheet shows them.

What is only formatted is never looked at, so that a sheet costs what its entries cost; too many entries
are refused before they are read.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from kube_research.site.number_formats import (
    DIGITS_KEPT,
    is_percent,
    is_power,
    shown_digits,
    shown_text,
    stored_digits,
)
from kube_research.site.schema import tables
from kube_research.site.sheets import Doubt, Fault, Merge, Sheet

#: Sheets that are never tables.
NO_TABLES = ("READ_ME", "BACA_SAYA", "lists")

#: That many bytes would hold millions of rows; more is a mistake, or meant to fill the memory.
MAX_BYTES = 300_000_000
#: A workbook is read cell by cell, which takes some seconds for as many; larger tables are CSV files.
MAX_CELLS = 500_000

_DAY = dt.timedelta(days=1)
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")  # how Excel writes a sign that XML cannot hold
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_TAG = rb"<(?:\w+:)?"
#: Rows and cells, with the letters of the column.
_PLACES = re.compile(_TAG + rb'(?:row|c)\b(?:[^<>]*?\sr="([A-Z]*)[0-9]+")?')
_DATA = re.compile(rb"<(\w+:)?sheetData\b")
#: How a cell with an entry ends: its value, or text that stands in it.
_FILLED = (b"</v>", b"</is>", b":v></", b":is></")
_ENTRIES = re.compile(_TAG + rb"(?:si|xf|numFmt|definedName|sheet)\b")
_MERGES = re.compile(
    _TAG + rb'mergeCell\b[^<>]*\sref="([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})"'
)


def read_book(content: bytes, table: str = "") -> dict[str, Sheet]:
    """Read the sheets of a workbook.

    Parameters
    ----------
    content : bytes
        The file.
    table : str
        The table that the whole file holds; without it, every sheet is the table of its name.

    Returns
    -------
    dict of str to Sheet
        By the name of the sheet, in order; the sheets of :data:`NO_TABLES` are left out.

    Raises
    ------
    Fault
        ``excel``, ``excel_large``, ``excel_cells`` or ``excel_password``.
    """
    if content.startswith(_OLE) and "EncryptedPackage".encode("utf-16-le") in content:
        raise Fault("excel_password")
    _need_size(content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and extensions, which are not read
            content, merges = _entries_only(content)
            formulas = _formulas(content)
            return {
                page.title: _sheet(
                    page,
                    _kinds(table or page.title),
                    formulas.get(page.title, set()),
                    merges.get(target, []),
                )
                for page, target in _pages(content, results=True)
                if page.title not in NO_TABLES
            }
    except Fault:
        raise
    except Exception:  # openpyxl fails in many ways on files that are not sound workbooks
        raise Fault("excel") from None


def _need_size(content: bytes) -> None:
    """Raise a fault if the workbook is no archive, or unpacks to too much."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            size = sum(part.file_size for part in parts.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise Fault("excel") from None
    if size > MAX_BYTES:
        raise Fault("excel_large", limit=MAX_BYTES // 10**6)


def _entries_only(content: bytes) -> tuple[bytes, dict[str, list[Merge]]]:
    """Return a workbook without cells that are only formatted, and the merged cells of each part.

    Raises a fault if too many entries are left.
    """
    lean, merges, count = io.BytesIO(), dict[str, list[Merge]](), 0
    with zipfile.ZipFile(io.BytesIO(content)) as parts, zipfile.ZipFile(lean, "w") as kept:
        for name in parts.namelist():
            if not name.endswith((".xml", ".rels")):
                continue
            part = parts.read(name)
            if name.startswith("xl/worksheets/"):
                filled = sum(map(part.count, _FILLED))
                part = _without_blanks(part) if count + filled <= MAX_CELLS else b""
                merges[name] = list(_merges(part))
                count += max(_area(part, MAX_CELLS - count), filled)
            else:
                count += sum(1 for _ in _ENTRIES.finditer(part))
            if count > MAX_CELLS:
                raise Fault("excel_cells", limit=MAX_CELLS // 1000)
            kept.writestr(name, part)
    return lean.getvalue(), merges


def _without_blanks(part: bytes) -> bytes:
    """Take the cells and rows out of a sheet that have a format but no entry."""
    data = _DATA.search(part)
    prefix = data[1] or b"" if data else b""
    cell, row = b"<" + prefix + b"c ", b"<" + prefix + b"row "
    placed = part.count(cell) + part.count(row) <= part.count(b' r="')
    if not placed or cell[:-1] + b">" in part or row[:-1] + b">" in part:
        return part  # a cell that does not say where it stands is counted from the one before
    end = b"</" + prefix
    for start, name in ((cell, b"c"), (row, b"row")):
        part = re.sub(rb"(?:%b[^/<>]*+(?:/>|>%b%b>))++" % (start, end, name), b"", part)
    return part


def _area(part: bytes, most: int) -> int:
    """Count the cells of a sheet, in each row up to its last entry; stop where there are too many."""
    count, last = 0, b""
    for place in _PLACES.finditer(part):
        letters = place[1]
        if letters is None:  # a cell that does not say where it stands
            count += 1
        elif letters:
            last = letters
        else:
            count, last = count + _number(last), b""
        if count > most:
            break
    return count + _number(last)


def _number(letters: bytes) -> int:
    """Return the number of a column: A is 1, AA is 27."""
    number = 0
    for letter in letters:
        number = 26 * number + letter - 64
    return number


def _merges(part: bytes) -> Iterator[Merge]:
    for left, top, right, bottom in (merge.groups() for merge in _MERGES.finditer(part)):
        name = f"{left.decode()}{int(top)}:{right.decode()}{int(bottom)}"
        rows = range(int(top), int(bottom) + 1)
        yield Merge(name, rows, range(_number(left) - 1, _number(right)))


def _pages(content: bytes, *, results: bool) -> list[tuple[Any, str]]:
    """Open a workbook; return its sheets of cells, each with the name of its part."""
    from openpyxl.reader.excel import ExcelReader

    reader = ExcelReader(io.BytesIO(content), read_only=True, data_only=results)
    reader.read()
    targets = {sheet.name: relation.target for sheet, relation in reader.parser.find_sheets()}
    for page in reader.wb.worksheets:
        page.reset_dimensions()  # some programs write a wrong size, which would hide cells
    return [(page, targets.get(page.title, "")) for page in reader.wb.worksheets]


def _formulas(content: bytes) -> dict[str, set[tuple[int, int]]]:
    """Return where each sheet has formulas; looked for only in workbooks that have any."""
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        names = [name for name in parts.namelist() if name.startswith("xl/worksheets/")]
        if not any(b"<f" in parts.read(name) for name in names if name.endswith(".xml")):
            return {}
    return {
        page.title: {
            (number, place)
            for number, row in enumerate(page.iter_rows(), start=1)
            for place, cell in enumerate(row)
            if cell.data_type == "f"
        }
        for page, _ in _pages(content, results=False)
    }


def _kinds(name: str) -> dict[str, str]:
    """Return the kind of each column; of a section number, whose digits count, that of a code."""
    if name == "site":
        return {"value": "text"}
    kinds = {c.name: c.kind for c in tables()[name].columns} if name in tables() else {}
    return kinds | ({"code": "code"} if "code" in kinds else {})


def _sheet(
    page: Any, kinds: dict[str, str], formulas: set[tuple[int, int]], merges: list[Merge]
) -> Sheet:
    sheet = Sheet([], hidden=page.sheet_state != "visible", merges=merges)
    cells = list(page.iter_rows())
    _fill(sheet, cells, kinds)
    for number, place in sorted(formulas):
        cell = cells[number - 1][place] if place < len(cells[number - 1]) else None
        if cell is None or (cell.value is None and cell.data_type != "s"):
            sheet.uncomputed.append((number, place))
    return sheet


def _fill(sheet: Sheet, cells: Iterable[tuple[Any, ...]], kinds: dict[str, str]) -> None:
    """Write the cells as text, and remember those that are in doubt."""
    rows = sheet.rows
    of: list[str] = []
    for number, row in enumerate(cells, start=1):
        if not row:
            rows.append([])
            continue
        places = of + [""] * (len(row) - len(of))
        rows.append([_cell(cell, kind) for cell, kind in zip(row, places, strict=False)])
        for place, (cell, kind) in enumerate(zip(row, of, strict=False)):
            if kind in _EXACT and type(cell.value) in (int, float):
                sheet.doubts += _doubts(number, place, kind, cell.value, str(cell.number_format))
        of = of or [kinds.get(name.strip().lower(), "") for name in rows[0]]
    while rows and not any(cell.strip() for cell in rows[-1]):
        rows.pop()
    if rows:  # a sheet is as wide as its widest row
        rows[0] += [""] * (max(map(len, rows)) - len(rows[0]))


def _cell(cell: Any, kind: str) -> str:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ")
    if isinstance(value, dt.timedelta):
        value = (dt.datetime.min + value).time() if dt.timedelta() <= value < _DAY else value
    if isinstance(value, dt.time):
        return value.strftime("%H:%M:%S" if value.second else "%H:%M")
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number_text(cell, kind) if kind in _SHAPED else stored_digits(value)
    return _ESCAPED.sub(_unescaped, str(value)) if "_x" in str(value) else str(value)


def _unescaped(hit: re.Match[str]) -> str:
    sign = chr(int(hit[1], 16))
    return "" if sign == "\r" else sign  # the first half of a line break of Excel


#: Kinds of column whose numbers are read as they are shown.
_SHAPED = ("percent", "printed", "code", "text")


def _number_text(cell: Any, kind: str) -> str:
    """Write a number as its kind of column needs it."""
    value, shape = cell.value, str(cell.number_format)
    if kind in ("code", "text"):
        return shown_text(value, shape)
    if kind == "printed":
        return shown_digits(value, shape)
    if not is_percent(value, shape):
        return stored_digits(value)
    percent = (Decimal(repr(value)) * 100).quantize(Decimal("1e-9")).normalize()
    return f"{percent:f}"  # the cell holds 0.75 and shows 75 %


#: Kinds of column in which it matters what exactly was typed.
_EXACT = ("printed", "code")


def _doubts(row: int, place: int, kind: str, value: float, shape: str) -> Iterator[Doubt]:
    """Find numbers that are not shown as they are stored, and codes that lose digits as numbers."""
    stored, shown = stored_digits(value), shown_digits(value, shape)
    if kind == "printed":
        if is_percent(value, shape):
            yield Doubt(row, place, "shown_percent", "warning", {"shown": shown_text(value, shape)})
        elif Decimal(shown) != Decimal(stored):
            yield Doubt(row, place, "shown_rounded", "warning", {"stored": stored, "shown": shown})
        return
    whole, _, decimals = stored.lstrip("-").partition(".")
    if len(whole) > DIGITS_KEPT:
        yield Doubt(row, place, "digits_lost", "error", {"limit": str(DIGITS_KEPT)})
    elif decimals and shown == stored and not is_power(value, shape):
        yield Doubt(
            row, place, "decimals_lost", "error", {"shorter": stored, "longer": f"{stored}0"}
        )
