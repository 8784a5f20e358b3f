"""Files become rows of text: the cells of a CSV file or of a workbook, as a spreadsheet shows them.

Text written for spreadsheets never runs as a formula, and is read back unchanged.
"""

from __future__ import annotations

import codecs
import csv
import datetime as dt
import io
import re
import warnings
import zipfile
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from kube_research.site.schema import tables

DELIMITERS = ",;\t"

#: The longest cell: what the csv module takes unless somebody has told it otherwise.
_LONGEST = 131_072

#: What no text file holds; tabs, ends of lines and pages, and the hyphens of Word are text.
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1b\x7f]")
#: Signs that no page can show, and marks of direction and width that nobody sees.
_UNSHOWN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")
_UNSEEN = re.compile(r"[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_UTF8_LETTER = re.compile(rb"[\xc3-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}")
_HINT = re.compile(r"\ufeff?sep=(.)\r?\n?", re.IGNORECASE)


class Fault(Exception):
    """A file cannot be read.

    Attributes
    ----------
    code : str
        Names the problem; key of its texts.
    row : int
        Where it is, if that is known.
    value : str
        What stands there.
    fill : dict
        What the placeholders of the texts stand for.
    """

    def __init__(self, code: str, row: int = 0, value: str = "", **fill: Any) -> None:
        super().__init__(code)
        self.code = code
        self.row = row
        self.value = value
        self.fill = fill


@dataclass
class Sheet:
    """Rows of text as a spreadsheet shows them.

    Attributes
    ----------
    rows : list of list of str
        The cells; row 1 is the first.
    delimiter : str
        What separates the cells of a text file; empty for a workbook.
    guessed : bool
        Whether the text was taken for Windows-1252.
    uncomputed : list of (row, place)
        Cells whose formula has no stored result.
    hidden : bool
        Whether a workbook does not show the sheet.
    """

    rows: list[list[str]]
    delimiter: str = ""
    guessed: bool = False
    uncomputed: list[tuple[int, int]] = field(default_factory=list)
    hidden: bool = False


def csv_sheet(content: bytes, known: Collection[str] = ()) -> Sheet:
    r"""Split the text of a CSV file into its cells.

    Parameters
    ----------
    content : bytes
        UTF-8 with or without a byte-order mark, UTF-16 with one, or Windows-1252.
    known : collection of str
        Names of columns (lower case) by which the right separator is known.

    Returns
    -------
    Sheet

    Raises
    ------
    Fault
        ``encoding`` or ``csv``.

    Examples
    --------
    >>> csv_sheet(b"round;mean\n1;2,46\n").rows
    [['round', 'mean'], ['1', '2,46']]
    """
    written, guessed = decoded(content)
    delimiter = ""
    if hint := _HINT.match(written):  # a line for Excel, which does not show it
        delimiter, written = hint[1], written[hint.end() :]
    delimiter = delimiter or _delimiter(written, known)
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(written, newline=""), delimiter=delimiter, strict=True):
            if max(map(len, row), default=0) > _LONGEST:  # an open quote swallows what follows
                raise csv.Error
            rows.append(row)
    except csv.Error:
        raise Fault("csv", len(rows) + 1) from None
    return Sheet(rows, delimiter, guessed)


def csv_content(
    rows: Iterable[Iterable[object]], delimiter: str = ",", end: str = "\n", *, mark: bool = True
) -> bytes:
    r"""Return rows as the content of a CSV file, the inverse of :func:`csv_sheet`.

    Parameters
    ----------
    rows : iterable of iterable
        Cells, written as they are; see :func:`safe_text` for text of unknown origin.
    delimiter, end : str
        What separates cells and ends lines.
    mark : bool
        Whether it begins with a byte-order mark, by which Excel reads UTF-8.

    Examples
    --------
    >>> csv_content([["round", "mean"], [1, "2,46"]], ";", mark=False)
    b'round;mean\n1;2,46\n'
    """
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=delimiter, lineterminator=end).writerows(rows)
    return written.getvalue().encode("utf-8-sig" if mark else "utf-8")


def visible(value: str) -> str:
    r"""Return a text without signs that no page can show, which XML and so Word and Excel refuse.

    Each of them becomes a blank, as Word's line break (a vertical tab); marks of direction and width,
    which come along when text is copied from a chat, go.

    Examples
    --------
    >>> visible("every\x0bmonth"), visible("R1\u200e"), visible("two\nlines")
    ('every month', 'R1', 'two\nlines')
    """
    return value if value.isprintable() else _UNSEEN.sub("", _UNSHOWN.sub(" ", value))


def decoded(content: bytes) -> tuple[str, bool]:
    """Return the text of a file, and whether it was taken for Windows-1252.

    Raises
    ------
    Fault
        ``encoding``, with the row where that is known.
    """
    utf16, guessed = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)), False
    try:
        written = content.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        if utf16:
            raise Fault("encoding") from None
        if _UTF8_LETTER.search(content):  # UTF-8 with a damaged letter
            raise Fault("encoding", content.count(b"\n", 0, error.start) + 1) from None
        try:
            written, guessed = content.decode("cp1252"), True
        except UnicodeDecodeError:
            raise Fault("encoding") from None
    if "\0" in written or (guessed and _CONTROL.search(written)):
        raise Fault("encoding")
    return written, guessed


def _delimiter(written: str, known: Collection[str]) -> str:
    """Choose the separator that finds the most names of columns in row 1, or the most cells."""
    header = visible(re.split(r"[\r\n]", written, maxsplit=1)[0])

    def known_names(delimiter: str) -> tuple[int, int]:
        try:
            cells = next(csv.reader([header], delimiter=delimiter), [])
        except csv.Error:
            cells = header.split(delimiter)
        return sum(cell.strip().lower() in known for cell in cells), header.count(delimiter)

    return max(DELIMITERS, key=known_names)


_SIGNS = "=+\\-@\uff1d\uff0b\uff0d\uff20"  # also in their wide East Asian form
_START = re.compile(rf"'*(?:[\t\r\n]|\s*[{_SIGNS}])")
_STARTED = re.compile(rf"'+(?:[\t\r\n]|\s*[{_SIGNS}])")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)*")

#: Where a cell would begin for a program that splits the line at another separator than ours.
_INNER = re.compile(rf"([;,\t\r\n|][\s\"]*)('*(?:[{_SIGNS}](?<!-)|-(?=[^\s'\"])))")
_INNER_DONE = re.compile(rf"([;,\t\r\n|][\s\"]*)'('*(?:[{_SIGNS}](?<!-)|-(?=[^\s'\"])))")


def safe_text(value: str) -> str:
    r"""Return a text as it may stand in a CSV file that is opened in a spreadsheet.

    Parameters
    ----------
    value : str
        Any text, also what somebody typed into a form.

    Returns
    -------
    str
        The text, with an apostrophe before everything that a spreadsheet would take for a formula: a
        leading ``=``, ``+``, ``-``, ``@``, tab or line break, and the same signs behind a separator,
        for programs that split the line there. Plain numbers (``-25000``) stay as they are.
        :func:`plain_text` takes the apostrophes off again, as the readers of sites do.

    Notes
    -----
    In a workbook nothing is needed but to write text cells as text (``write_string`` of xlsxwriter,
    ``data_type = "s"`` of openpyxl).

    Examples
    --------
    >>> safe_text("=1+1"), safe_text("-25000"), safe_text("kas; @A1"), safe_text("Rp 500,- per orang")
    ("'=1+1", '-25000', "kas; '@A1", 'Rp 500,- per orang')
    >>> plain_text(safe_text("'=1+1"))
    "'=1+1"
    """
    if _NUMBER.fullmatch(value):
        return value
    value = _INNER.sub(r"\1'\2", value)
    return f"'{value}" if _START.match(value) else value


def plain_text(value: str) -> str:
    """Take off the apostrophes that :func:`safe_text` has put before formulas.

    Examples
    --------
    >>> plain_text("'=1+1"), plain_text("'kas'")
    ('=1+1', "'kas'")
    """
    return _INNER_DONE.sub(r"\1\2", value[1:] if _STARTED.match(value) else value)


def file_bytes(path: Path) -> bytes:
    """Return what a file holds; a pipe or a device, which may never end, is not opened.

    Raises
    ------
    OSError
    """
    if path.exists() and not path.is_file():
        raise IsADirectoryError(path)
    return path.read_bytes()


#: Sheets that are never tables.
NO_TABLES = ("READ_ME", "BACA_SAYA", "lists")

#: Kinds of column whose digits are kept as a spreadsheet shows them: 2.40, 07.
_AS_SHOWN = ("printed", "code", "text")

#: That many bytes would hold millions of rows; more is a mistake, or meant to fill the memory.
MAX_BYTES = 300_000_000

_DAY = dt.timedelta(days=1)
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")  # how Excel writes a sign that XML cannot hold
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


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
        ``excel``, ``excel_large`` or ``excel_password``.
    """
    if content.startswith(_OLE) and "EncryptedPackage".encode("utf-16-le") in content:
        raise Fault("excel_password")
    _need_size(content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and extensions, which are not read
            formulas = _formulas(content)
            return {
                page.title: _sheet(
                    page, _kinds(table or page.title), formulas.get(page.title, set())
                )
                for page in _open(content, results=True)
                if page.title not in NO_TABLES
            }
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
    return {
        page.title: {
            (number, place)
            for number, row in enumerate(page.iter_rows(), start=1)
            for place, cell in enumerate(row)
            if cell.data_type == "f"
        }
        for page in _open(content, results=False)
    }


def _kinds(name: str) -> dict[str, str]:
    if name == "site":
        return {"value": "text"}
    return {c.name: c.kind for c in tables()[name].columns} if name in tables() else {}


def _sheet(page: Any, kinds: dict[str, str], formulas: set[tuple[int, int]]) -> Sheet:
    cells = list(page.iter_rows())
    sheet = Sheet(_rows(cells, kinds), hidden=page.sheet_state != "visible")
    for number, place in sorted(formulas):
        cell = cells[number - 1][place] if place < len(cells[number - 1]) else None
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
    return _ESCAPED.sub(_unescaped, str(value)) if "_x" in str(value) else str(value)


def _unescaped(hit: re.Match[str]) -> str:
    sign = chr(int(hit[1], 16))
    return "" if sign == "\r" else sign  # the first half of a line break of Excel


def _number(value: float, kind: str, shape: str) -> str:
    if kind == "percent" and "%" in shape:  # the cell holds 0.75 and shows 75 %
        percent = (Decimal(repr(value)) * 100).quantize(Decimal("1e-9")).normalize()
        return f"{percent:f}"
    form = re.fullmatch(r"(0+)(?:\.(0+))?", shape) if kind in _AS_SHOWN else None
    written = str(int(value)) if value == int(value) else str(value)
    if form is None:
        return written
    decimals = len(form[2] or "")
    full = f"{value:0{len(form[1]) + decimals + bool(decimals)}.{decimals}f}"
    return full if float(full) == value else written
