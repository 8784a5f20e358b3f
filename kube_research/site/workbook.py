"""The cells of an Excel workbook become rows of text, as the sheet shows them."""

from __future__ import annotations

import datetime as dt
import io
import re
import warnings
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kube_research.site.schema import tables
from kube_research.site.text_files import Fault, Sheet

#: Sheets that are never tables.
NO_TABLES = ("READ_ME", "BACA_SAYA", "lists")

#: Kinds of column whose digits are kept as a spreadsheet shows them: 2.40, 07.
_AS_SHOWN = ("printed", "code", "text")

#: That many bytes would hold millions of rows; more is a mistake, or meant to fill the memory.
MAX_BYTES = 300_000_000

_DAY = dt.timedelta(days=1)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@dataclass
class Book:
    """The sheets of a workbook, in order.

    Attributes
    ----------
    sheets : dict of str to Sheet
        Cells by the name of the sheet; the sheets of :data:`NO_TABLES` are left out.
    hidden : set of str
        Names of hidden sheets.
    """

    sheets: dict[str, Sheet]
    hidden: set[str]


def read_book(content: bytes, table: str = "") -> Book:
    """Read the sheets of a workbook.

    Parameters
    ----------
    content : bytes
        The file.
    table : str
        The table that the whole file holds; without it, every sheet is the table of its name.

    Returns
    -------
    Book

    Raises
    ------
    Fault
        ``excel``, ``excel_large`` or ``excel_password``.
    """
    if content.startswith(_OLE) and "EncryptedPackage".encode("utf-16-le") in content:
        raise Fault("excel_password")
    _need_size(content)
    sheets, hidden = {}, set()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and extensions, which are not read
            plain = _formulas(content)
            for page in _open(content, results=True):
                if page.title in NO_TABLES:
                    continue
                if page.sheet_state != "visible":
                    hidden.add(page.title)
                kinds = _kinds(table or page.title)
                sheets[page.title] = _sheet(page, kinds, plain.get(page.title, set()))
    except Exception:  # openpyxl fails in many ways on files that are not sound workbooks
        raise Fault("excel") from None
    return Book(sheets, hidden)


def _need_size(content: bytes) -> None:
    """Raise a fault if the workbook is no archive, or unpacks to too much."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            size = sum(part.file_size for part in parts.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise Fault("excel") from None
    if size > MAX_BYTES:
        raise Fault("excel_large", limit=MAX_BYTES // 10**6)


def _open(content: bytes, *, results: bool) -> list[Any]:
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=results)
    for page in book.worksheets:
        page.reset_dimensions()  # some programs write a wrong size, which would hide cells
    return list(book.worksheets)


def _formulas(content: bytes) -> dict[str, set[tuple[int, int]]]:
    """Return where each sheet has formulas; looked for only in workbooks that have any."""
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        names = [name for name in parts.namelist() if name.startswith("xl/worksheets/")]
        if not any(b"<f" in parts.read(name) for name in names if name.endswith(".xml")):
            return {}
    found: dict[str, set[tuple[int, int]]] = {}
    for page in _open(content, results=False):
        for number, row in enumerate(page.iter_rows(), start=1):
            spots = {(number, place) for place, c in enumerate(row) if c.data_type == "f"}
            found.setdefault(page.title, set()).update(spots)
    return found


def _kinds(name: str) -> dict[str, str]:
    if name == "site":
        return {"value": "text"}
    return {c.name: c.kind for c in tables()[name].columns} if name in tables() else {}


def _sheet(page: Any, kinds: dict[str, str], formulas: set[tuple[int, int]]) -> Sheet:
    found = list(page.iter_rows())
    sheet = Sheet(_rows(found, kinds))
    for number, place in sorted(formulas):
        cell = found[number - 1][place] if place < len(found[number - 1]) else None
        if cell is None or (cell.value is None and cell.data_type != "s"):
            sheet.uncomputed.append((number, place))
    return sheet


def _rows(cells: Iterable[tuple[Any, ...]], kinds: dict[str, str]) -> list[list[str]]:
    rows: list[list[str]] = []
    of: list[str] = []
    for row in cells:
        places = of + [""] * (len(row) - len(of))
        rows.append([_cell(cell, kind) for cell, kind in zip(row, places, strict=False)])
        of = of or [kinds.get(name.strip().lower(), "") for name in rows[0]]
    if rows:  # a sheet is as wide as its widest row
        rows[0] += [""] * (max(map(len, rows)) - len(rows[0]))
    return rows


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
        return _number(value, kind, str(cell.number_format))
    return str(value).replace("_x000D_", "")  # how Excel writes the first half of a line break


def _number(value: float, kind: str, shape: str) -> str:
    if kind == "percent" and "%" in shape:  # the cell holds 0.75 and shows 75 %
        shown = (Decimal(repr(value)) * 100).quantize(Decimal("1e-9")).normalize()
        return f"{shown:f}"
    form = re.fullmatch(r"(0+)(?:\.(0+))?", shape) if kind in _AS_SHOWN else None
    written = str(int(value)) if value == int(value) else str(value)
    if form is None:
        return written
    decimals = len(form[2] or "")
    full = f"{value:0{len(form[1]) + decimals + bool(decimals)}.{decimals}f}"
    return full if float(full) == value else written
