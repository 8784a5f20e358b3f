"""The cells of a CSV file become rows of text, as a spreadsheet shows them.

Text written for spreadsheets never runs as a formula, and is read back unchanged.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

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


@dataclass(frozen=True)
class Merge:
    """Merged cells, of which a file keeps only the first.

    Attributes
    ----------
    name : str
        As a spreadsheet names them: ``A3:A7``.
    rows, places : range
        The rows, counted from 1, and the columns, counted from 0.
    """

    name: str
    rows: range
    places: range


@dataclass(frozen=True)
class Doubt:
    """What a reader has noticed about a cell.

    Attributes
    ----------
    row, place : int
        The cell: its row, counted from 1, and its column, counted from 0.
    code : str
        Names the problem; key of its texts.
    severity : str
        As for :class:`kube_research.site.problems.Problem`.
    fill : dict
        What the placeholders of the texts stand for.
    """

    row: int
    place: int
    code: str
    severity: str = "error"
    fill: dict[str, str] = field(default_factory=dict)


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
    merges : list of Merge
        The merged cells of a workbook.
    doubts : list of Doubt
        Cells of a workbook that may not be what was typed, or are not read as they are stored.
    """

    rows: list[list[str]]
    delimiter: str = ""
    guessed: bool = False
    uncomputed: list[tuple[int, int]] = field(default_factory=list)
    hidden: bool = False
    merges: list[Merge] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)

    def cell(self, row: int, place: int) -> str:
        """Return a cell by spreadsheet row and place; empty outside what is filled."""
        cells = self.rows[row - 1] if row <= len(self.rows) else []
        return cells[place] if place < len(cells) else ""

    def merged_rows(self, first: int) -> dict[int, Merge]:
        """Return the rows from ``first`` on whose only entry is in merged cells: titles and notes."""
        alone: dict[int, Merge] = {}
        for merge in self.merges:
            row, place = merge.rows[0], merge.places[0]
            cells = self.rows[row - 1] if first <= row <= len(self.rows) else []
            filled = [at for at, cell in enumerate(cells) if cell.strip()]
            if filled == [place] and len(merge.places) > 1:
                alone[row] = merge
        return alone

    def covered(self, first: int, width: int) -> Iterator[tuple[int, int, Merge, str]]:
        """Find the cells whose entry is lost under merged cells.

        Parameters
        ----------
        first : int
            The first row that is looked at.
        width : int
            How many columns are looked at.

        Yields
        ------
        (int, int, Merge, str)
            Row and place of a covered cell, the merged cells, and what stands in them. Rows without any
            entry, titles and notes are left out, and so are merged cells without an entry.
        """
        alone = self.merged_rows(first)
        for merge in self.merges:
            top, left = merge.rows[0], merge.places[0]
            value = self.cell(top, left).strip()
            if not value or top in alone:
                continue
            for row in range(max(top, first), min(merge.rows.stop, len(self.rows) + 1)):
                if not any(cell.strip() for cell in self.rows[row - 1]):
                    continue
                for place in range(left, min(merge.places.stop, width)):
                    if (row, place) != (top, left):
                        yield row, place, merge, value


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


def column_letters(place: int) -> str:
    """Name a column as a spreadsheet does.

    Examples
    --------
    >>> [column_letters(place) for place in (0, 25, 26)]
    ['A', 'Z', 'AA']
    """
    from xlsxwriter.utility import xl_col_to_name

    return str(xl_col_to_name(place))


def column_place(letters: str) -> int:
    """Return the place, counted from 0, of the column that a spreadsheet names so.

    Examples
    --------
    >>> column_place("AA")
    26
    """
    from xlsxwriter.utility import xl_cell_to_rowcol

    return int(xl_cell_to_rowcol(f"{letters}1")[1])
