"""Files become tables of text with spreadsheet row numbers; nothing is interpreted here."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kube_research.errors import Problem
from kube_research.schema import tables
from kube_research.texts import text

if TYPE_CHECKING:
    import pandas as pd

SUFFIXES = (".csv", ".xlsx")

#: Kinds of column whose digits are kept as a spreadsheet shows them: 2.40, 07.
_AS_SHOWN = ("printed", "code", "text")

_DAY = dt.timedelta(days=1)


@dataclass
class Raw:
    """A file as read: text cells indexed by spreadsheet row (header = 1), and what was wrong."""

    frame: pd.DataFrame
    problems: list[Problem] = field(default_factory=list)


class _Fault(Exception):
    """The file cannot be read; ``code`` names the problem, ``row`` says where if that is known."""

    def __init__(self, code: str, row: int = 0) -> None:
        super().__init__(code)
        self.code = code
        self.row = row


def read_raw(path: Path, lang: str = "en") -> Raw:
    """Read a ``.csv`` or ``.xlsx`` file as text.

    Parameters
    ----------
    path : Path
        The file. CSV is UTF-8, with or without a byte-order mark, and uses commas, semicolons or
        tabs. Of a workbook the first sheet is read.
    lang : {"en", "id"}
        Language of the problems.

    Returns
    -------
    Raw
        Text cells with surrounding blanks removed, empty cells as ``<NA>``, wholly blank rows left
        out, the index holding the row numbers of a spreadsheet. If ``problems`` says the file could
        not be read, the frame is empty.
    """
    import pandas as pd

    problems: list[Problem] = []

    def add(code: str, row: int = 0, column: str = "", value: str = "") -> None:
        said, todo = text(f"problem.{code}", lang), text(f"remedy.{code}", lang)
        problems.append(Problem(path.name, row, column, value, said, todo, code))

    try:
        content = path.read_bytes()
        reader = _excel_rows if path.suffix.lower() == ".xlsx" else _csv_rows
        rows = [[_tidy(cell) for cell in row] for row in reader(content, path.stem)]
        if not any(any(row) for row in rows):
            raise _Fault("empty_file")
        if not any(rows[0]):
            raise _Fault("no_header", 1)
    except OSError:
        add("unreadable")
    except _Fault as fault:
        add(fault.code, fault.row)
    if problems:
        return Raw(pd.DataFrame(), problems)

    header, width = rows[0], len(rows[0])
    kept, numbers = [], []
    for number, row in enumerate(rows[1:], start=2):
        extra = next((cell for cell in row[width:] if cell), "")
        if extra:
            add("row_too_long", number, "", extra)
        if any(row[:width]):
            kept.append((row + [""] * width)[:width])
            numbers.append(number)
    for place, name in enumerate(header):
        filled = next((spot for spot, row in enumerate(kept) if row[place]), None)
        if not name and filled is not None:
            add("column_blank", numbers[filled], _letter(place), kept[filled][place])
        elif name and name in header[:place]:
            add("column_twice", 1, name, name)
    if not kept and not problems:
        add("no_rows")
    frame = pd.DataFrame(kept, columns=header, index=pd.Index(numbers, name="row"), dtype="string")
    named = frame.columns.astype(bool) & ~frame.columns.duplicated()
    return Raw(frame.loc[:, named].replace("", pd.NA), problems)


def _tidy(cell: str) -> str:
    """Remove surrounding blanks and make every line break in a cell a plain one."""
    return cell.replace("\r\n", "\n").replace("\r", "\n").strip()


def _letter(place: int) -> str:
    """Name a column as a spreadsheet does: 0 is A, 26 is AA."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _csv_rows(content: bytes, _: str) -> list[list[str]]:
    try:
        written = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _Fault("encoding") from None
    if "\0" in written:
        raise _Fault("encoding")
    delimiter = max(",;\t", key=written.splitlines()[0].count) if written.strip() else ","
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(written, newline=""), delimiter=delimiter, strict=True):
            rows.append(row)
    except csv.Error:
        raise _Fault("csv", len(rows) + 1) from None
    return rows


def _excel_rows(content: bytes, table: str) -> list[list[str]]:
    import warnings

    import openpyxl

    kinds = {c.name: c.kind for c in tables()[table].columns} if table in tables() else {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and extensions, which are not read
            book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
            sheet = book.worksheets[0]
            sheet.reset_dimensions()  # some programs write a wrong size, which would hide cells
            return _sheet_rows(sheet.iter_rows(), kinds)
    except Exception:  # openpyxl fails in many ways on files that are not sound workbooks
        raise _Fault("excel") from None


def _sheet_rows(sheet: Iterable[tuple[Any, ...]], kinds: dict[str, str]) -> list[list[str]]:
    rows: list[list[str]] = []
    shown: list[bool] = []
    for row in sheet:
        places = shown + [False] * (len(row) - len(shown))
        rows.append([_cell(cell, as_shown) for cell, as_shown in zip(row, places, strict=False)])
        shown = shown or [kinds.get(_tidy(name)) in _AS_SHOWN for name in rows[0]]
    if rows:  # a sheet is as wide as its widest row
        rows[0] += [""] * (max(map(len, rows)) - len(rows[0]))
    return rows


def _cell(cell: Any, as_shown: bool) -> str:
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
        form = re.fullmatch(r"(0+)(?:\.(0+))?", cell.number_format) if as_shown else None
        written = str(int(value)) if value == int(value) else str(value)
        if form is None:
            return written
        decimals = len(form[2] or "")
        full = f"{value:0{len(form[1]) + decimals + bool(decimals)}.{decimals}f}"
        return full if float(full) == value else written
    return str(value).replace("_x000D_", "")  # how Excel writes the first half of a line break
