"""Single cells and rows of a site's tables are changed where they stand, and nothing else is."""

from __future__ import annotations

import codecs
import io
import re
import warnings
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kube_research.files import workbook_bytes
from kube_research.site.schema import tables
from kube_research.site.sheets import Fault, csv_content, csv_sheet
from kube_research.site.workbooks import MAX_CELLS, read_book

if TYPE_CHECKING:
    import pandas as pd

_NUMBERS = ("integer", "score", "money")


@dataclass
class TableFile:
    """A table as it stands in its file.

    Attributes
    ----------
    name : str
        Name of the table.
    path : Path
        The file; it need not exist yet.
    sheet : str
        Sheet of a workbook; empty for CSV.
    rows : list of list of str
        Cells with the header in row 1, as changed so far.
    source : bytes or None
        The file as it was read.
    delimiter, guessed : str, bool
        Of a CSV file, as :class:`kube_research.site.sheets.Sheet` tells them.
    edits : dict of (row, place) to str
        Cells that were written.
    dropped : set of int
        Rows that were taken out.
    """

    name: str
    path: Path
    sheet: str = ""
    rows: list[list[str]] = field(default_factory=list)
    source: bytes | None = None
    delimiter: str = ","
    guessed: bool = False
    edits: dict[tuple[int, int], str] = field(default_factory=dict)
    dropped: set[int] = field(default_factory=set)

    @property
    def file(self) -> str:
        """How problems name the table: ``ratings.csv`` or ``site.xlsx[ratings]``."""
        whole = not self.sheet or self.path.stem == self.name
        return self.path.name if whole else f"{self.path.name}[{self.sheet}]"

    @property
    def changed(self) -> bool:
        """Whether anything was changed since the file was read."""
        return bool(self.edits or self.dropped)

    def place(self, column: str) -> int:
        """Return the place of a column, adding it at the end if it is not there."""
        header = self.rows[0]
        if column not in header:
            blank = next(
                (n for n, name in enumerate(header) if not name and not self._used(n)), None
            )
            self.put(1, len(header) if blank is None else blank, column)
        return self.rows[0].index(column)

    def _used(self, place: int) -> bool:
        return any(len(row) > place and row[place] for row in self.rows)

    def get(self, row: int, column: str) -> str:
        """Return a cell by spreadsheet row and column; empty if the column is not there."""
        if column not in self.rows[0]:
            return ""
        cells, place = self.rows[row - 1], self.rows[0].index(column)
        return cells[place] if place < len(cells) else ""

    def put(self, row: int, place: int, value: str) -> None:
        """Write a cell by spreadsheet row and place; a cell that holds the value already is let be."""
        while len(self.rows) < row:
            self.rows.append([])
        cells = self.rows[row - 1]
        cells += [""] * (place + 1 - len(cells))
        if cells[place] != value:
            cells[place] = value
            self.edits[row, place] = value

    def append(self, cells: dict[str, str]) -> int:
        """Write a row below the last one that holds anything and return its number."""
        row = len(self.rows)
        while row and not any(self.rows[row - 1]) and row not in self.dropped:
            row -= 1
        row += 1
        for column, value in cells.items():
            if value:
                self.put(row, self.place(column), value)
        return row

    def drop(self, rows: Iterable[int]) -> None:
        """Take rows out of a CSV file when it is written, or clear them in a workbook.

        The numbers of the other rows stay as they were.
        """
        for row in rows:
            if self.path.suffix.lower() == ".xlsx":
                for place in range(len(self.rows[row - 1])):
                    self.put(row, place, "")
                continue
            self.dropped.add(row)
            self.rows[row - 1] = []
            self.edits = {spot: value for spot, value in self.edits.items() if spot[0] != row}

    def frame(self) -> pd.DataFrame:
        """Return the table as the readers would give it: text cells indexed by spreadsheet row."""
        import pandas as pd

        header = self.rows[0]
        cells = [(row + [""] * len(header))[: len(header)] for row in self.rows[1:]]
        index = pd.RangeIndex(2, len(cells) + 2, name="row")
        frame = pd.DataFrame(cells, columns=header, index=index, dtype="string")
        filled = [any(row) for row in self.rows[1:]]
        return frame.loc[filled, frame.columns.astype(bool)].replace("", pd.NA)


def open_table(name: str, path: Path, sheet: str = "") -> TableFile:
    """Open a table for changes; an absent file is a table without rows.

    Raises
    ------
    OSError, kube_research.site.sheets.Fault
        If the file cannot be read.
    """
    table = TableFile(name, path, sheet)
    if not path.exists():
        table.rows = [[]]
        return table
    table.source = path.read_bytes()
    if path.suffix.lower() == ".xlsx":
        book = read_book(table.source, "" if sheet else name)
        visible = [title for title, page in book.items() if not page.hidden]
        table.sheet = sheet or (name if name in book else visible[0])
        rows = book[table.sheet].rows if table.sheet in book else []
    else:
        read = csv_sheet(table.source, tables()[name].names)
        rows, table.delimiter, table.guessed = read.rows, read.delimiter, read.guessed
    table.rows = [[cell.strip() for cell in row] for row in rows] or [[]]
    return table


def written(files: Iterable[TableFile]) -> dict[Path, bytes]:
    """Return the new content of every file of which a table has changed.

    Raises
    ------
    kube_research.site.sheets.Fault
        If a workbook cannot be changed without losing something, or what would be written does not read
        back as it should (``book_fixed``).
    """
    by_path: dict[Path, list[TableFile]] = {}
    for table in files:
        if table.changed:
            by_path.setdefault(table.path, []).append(table)
    return {
        path: _book(group) if path.suffix.lower() == ".xlsx" else _csv(group[0])
        for path, group in by_path.items()
    }


def _csv(table: TableFile) -> bytes:
    source = table.source or b""
    end = "\r\n" if b"\r\n" in source else "\n"
    width = len(table.rows[0])
    rows = [
        row + [""] * (width - len(row)) if any(row) else row
        for number, row in enumerate(table.rows, start=1)
        if number not in table.dropped
    ]
    marks = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF8)
    mark = table.guessed or source.startswith(marks)
    hint = f"sep={table.delimiter}{end}" if re.match(rb"(?:\xef\xbb\xbf)?sep=", source) else ""
    content = hint.encode() + csv_content(rows, table.delimiter, end, mark=False)
    content = codecs.BOM_UTF8 + content if mark else content
    _prove(csv_sheet(content, tables()[table.name].names).rows, table)
    return content


#: Parts of a workbook that openpyxl writes again, or that hold nothing a user would miss.
_KEPT = re.compile(
    r"\[Content_Types\]\.xml|(?:.*/)?_rels/[^/]*\.rels|docProps/.*|docMetadata/.*"
    r"|xl/(?:workbook|styles|sharedStrings|calcChain)\.xml|xl/(?:theme|printerSettings)/[^/]+"
    r"|xl/(?:worksheets|tables)/[^/]+\.xml|xl/(?:comments/)?comment[^/]*\.xml"
    r"|xl/drawings/[^/]+\.vml|xl/"
)

#: What sheets hold in an extension that openpyxl drops, but for lists of choices, which are kept.
_DROPPED = re.compile(rb"<\w+:(sparklineGroups|conditionalFormattings|slicerList|timelineRefs)\b")

_COMMENT_WIDTH = 256


def _book(group: list[TableFile]) -> bytes:
    """Return a workbook with the cells of its tables changed; all else in it is as it was."""
    from openpyxl.reader.excel import ExcelReader

    content = group[0].source or b""
    _need_simple(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the extensions, which are looked at here
        reader = ExcelReader(io.BytesIO(content), rich_text=True)
        reader.read()
    book = reader.wb
    sheets = {table.sheet for table in group}
    formulas = [
        page.title
        for page in book.worksheets
        if page.title in sheets or page.title in tables()
        if any(cell.data_type == "f" for row in page.iter_rows() for cell in row)
    ]
    if formulas:  # openpyxl drops their results, which check and load_site read
        raise Fault("book_formulas", value=", ".join(formulas))
    for table in group:
        _put_cells(book[table.sheet], table)
    for page in book.worksheets:
        for cell in (cell for row in page.iter_rows() for cell in row if cell.comment):
            cell.comment.width = _COMMENT_WIDTH  # openpyxl does not read the size
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        for page, relation in reader.parser.find_sheets():
            for rule in _extended_rules(parts.read(relation.target)):
                book[page.name].add_data_validation(rule)
    changed = workbook_bytes(book)
    again = read_book(changed, group[0].name if group[0].path.stem == group[0].name else "")
    for table in group:
        _prove(again[table.sheet].rows, table)
    return changed


def _need_simple(content: bytes) -> None:
    """Raise a fault if a workbook holds something that openpyxl would lose."""
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        lost = [name for name in parts.namelist() if not _KEPT.fullmatch(name)]
        for name in parts.namelist():
            part = parts.read(name) if name.endswith((".xml", ".vml")) else b""
            if name.startswith("xl/worksheets/"):
                if part.count(b"<c ") > MAX_CELLS:
                    raise Fault("book_formats", value=name, limit=MAX_CELLS // 1000)
                lost += sorted({kind.decode() for kind in _DROPPED.findall(part)})
            if name.endswith(".vml"):
                kinds = set(re.findall(rb'ObjectType="(\w+)"', part)) - {b"Note"}
                lost += sorted(kind.decode() for kind in kinds)
    if lost:
        raise Fault("book_parts", value=", ".join(lost[:3]))


def _put_cells(page: Any, table: TableFile) -> None:
    """Write what has changed; a new cell looks like the one above, or as its column does."""
    kinds = {column.name: column.kind for column in tables()[table.name].columns}
    for (row, place), value in sorted(table.edits.items()):
        whole = kinds.get(table.rows[0][place], "integer") in _NUMBERS
        cell = page.cell(row, place + 1)
        for merge in page.merged_cells.ranges:
            if cell.coordinate in merge:
                raise Fault("book_merged", value=str(merge))
        near = (
            page.cell(row, place) if row == 1 and place else page.cell(max(row - 1, 1), place + 1)
        )
        if not cell.has_style and row != 2 and near.has_style:
            cell._style = copy(near._style)
        elif not cell.has_style and (column := _column_style(page, place + 1)) is not None:
            cell._style = copy(column._style)
        if row > 1 and whole and re.fullmatch(r"-?[0-9]{1,15}", value):
            cell.value = int(value)
        elif row > 1 and whole and re.fullmatch(r"-?[0-9]{1,9}\.[0-9]{1,9}", value):
            cell.value = float(value)
        else:
            cell.value = value or None
            cell.data_type = "s" if value else cell.data_type  # no text becomes a formula
    for listed in page.tables.values():
        area = re.fullmatch(r"([A-Z]+1:[A-Z]+)([0-9]+)", listed.ref)
        if area and not listed.totalsRowCount and int(area[2]) < len(table.rows):
            listed.ref = f"{area[1]}{len(table.rows)}"


def _column_style(page: Any, column: int) -> Any:
    """Return how a sheet shows a column, or None."""
    for shape in page.column_dimensions.values():
        if shape.has_style and (shape.min or 0) <= column <= (shape.max or 0):
            return shape
    return None


def _extended_rules(sheet: bytes) -> list[Any]:
    """Return the input rules that Excel keeps in an extension: those that look at another sheet."""
    from openpyxl.worksheet.datavalidation import DataValidation

    main, cells = (f"{{http://schemas.microsoft.com/office/{name}/main}}" for name in
                   ("spreadsheetml/2009/9", "excel/2006"))  # fmt: skip
    rules = []
    for node in ET.fromstring(sheet).iter(f"{main}dataValidation"):
        given = {key: value for key, value in node.attrib.items() if not key.startswith("{")}
        for name in ("formula1", "formula2"):
            if (formula := node.find(f"{main}{name}")) is not None:
                given[name] = "".join(formula.itertext()).strip()
        rules.append(DataValidation(sqref=node.findtext(f"{cells}sqref", ""), **given))
    return rules


def _prove(rows: list[list[str]], table: TableFile) -> None:
    """Hold what was read back from a new file against what it should say."""
    kept = [row for n, row in enumerate(table.rows, start=1) if n not in table.dropped]
    if _filled(rows) != _filled(kept):
        raise Fault("book_fixed")


def _filled(rows: list[list[str]]) -> list[list[str]]:
    """Return rows without those that are blank, and without the blanks at their ends."""
    filled = []
    for row in rows:
        cells = [cell.strip() for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            filled.append(cells)
    return filled
