"""An export becomes sheets of text; rows of a repeated part stand beside what they belong to."""

from __future__ import annotations

import codecs
import io
import zipfile
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from kube_research.site.sheets import DELIMITERS, Fault, csv_sheet, read_book

#: The kinds of file that are read.
EXPORT_SUFFIXES = (".csv", ".xlsx", ".zip")

_MOST = 200_000_000


@dataclass
class ExportSheet:
    """One sheet of an export.

    Attributes
    ----------
    file : str
        How problems name it: ``export.csv`` or ``export.xlsx[sheet]``.
    rows : list of list of str
        Text cells as the spreadsheet shows them, row 1 first, without surrounding blanks; every row
        is as long as the longest.
    uncomputed : list of (row, place)
        Formulas without a stored result.
    ordinals : dict of int to int
        For the sheet of a repeated group: which repeat of its submission a row is, counted from 1.
    """

    file: str
    rows: list[list[str]]
    uncomputed: list[tuple[int, int]] = field(default_factory=list)
    ordinals: dict[int, int] = field(default_factory=dict)

    def below(self, first: int, spots: Collection[int]) -> set[str]:
        """Return everything that stands in some columns from a row on."""
        return {row[spot] for row in self.rows[first - 1 :] for spot in spots if row[spot]}


def read_export(path: Path, known: Collection[str] = ()) -> list[ExportSheet]:
    """Read all sheets of an export.

    Parameters
    ----------
    path : Path
        A ``.csv``, an ``.xlsx``, or a ``.zip`` with one CSV file in it, as Google Forms gives it.
    known : collection of str
        Headers (lower case) by which the right separator of a CSV file is known.

    Returns
    -------
    list of ExportSheet
        The rows of a repeated group also hold the cells of the submission they belong to.

    Raises
    ------
    kube_research.site.sheets.Fault
        ``export_form``, ``unreadable``, ``empty_file``, ``encoding``, ``csv``, ``excel`` or
        ``excel_password``.
    """
    suffix = path.suffix.lower()
    if suffix not in EXPORT_SUFFIXES:
        raise Fault("export_form", value=suffix)
    try:
        content = path.read_bytes()
    except OSError:
        raise Fault("unreadable") from None
    if not content.strip():
        raise Fault("empty_file")
    if suffix == ".xlsx":
        book = read_book(content)
        sheets = {
            name: ExportSheet(f"{path.name}[{name}]", _tidy(sheet.rows), sheet.uncomputed)
            for name, sheet in book.items()
        }
        read = [_with_parents(name, sheet, sheets) for name, sheet in sheets.items()]
    else:
        content = _only_csv(content) if suffix == ".zip" else content
        hint = _separator(content, known)
        read = [ExportSheet(path.name, _tidy(csv_sheet(hint + content, known).rows))]
    filled = [sheet for sheet in read if any(map(any, sheet.rows))]
    if not filled:
        raise Fault("empty_file")
    return filled


def _tidy(rows: list[list[str]]) -> list[list[str]]:
    tidy = [[" ".join(cell.replace("\ufeff", "").split()) for cell in row] for row in rows]
    width = max(map(len, tidy), default=0)
    return [row + [""] * (width - len(row)) for row in tidy]


def _separator(content: bytes, known: Collection[str]) -> bytes:
    """Return a line that names the separator, if the headers stand below a title of one cell."""
    start = content.removeprefix(codecs.BOM_UTF8)[:20_000].decode("utf-8", "replace")
    lines = start.splitlines()[:15]
    if not lines or any(mark in lines[0].rstrip(DELIMITERS) for mark in DELIMITERS):
        return b""

    def count(mark: str) -> int:
        cells = [[cell.strip(' "*:?').lower() for cell in line.split(mark)] for line in lines]
        return max(sum(cell in known for cell in row) for row in cells)

    best = max(DELIMITERS, key=count)
    return f"sep={best}\n".encode() if count(best) > 1 and content[:2] != b"\xff\xfe" else b""


def _only_csv(content: bytes) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            files = [part for part in parts.infolist() if part.filename.lower().endswith(".csv")]
            if len(files) != 1 or files[0].file_size > _MOST:
                raise Fault("export_zip")
            return parts.read(files[0])
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError):
        raise Fault("export_zip") from None


def _with_parents(name: str, sheet: ExportSheet, sheets: dict[str, ExportSheet]) -> ExportSheet:
    """Put the cells of the submission beside each row of a repeated group."""
    header = sheet.rows[0] if sheet.rows else []
    if not {"_parent_index", "_parent_table_name"} <= set(header):
        return sheet
    titles = {row[header.index("_parent_table_name")] for row in sheet.rows[1:] if any(row)}
    title = titles.pop() if len(titles) == 1 else ""
    parent = sheets.get(title)
    if parent is None or parent is sheet or "_index" not in parent.rows[0]:
        return sheet
    parent = _with_parents(title, parent, {k: v for k, v in sheets.items() if k != name})
    above = parent.rows[0]
    keep = [place for place, label in enumerate(above) if label not in {*header, "", "_index"}]
    index = above.index("_index")
    by_index = {row[index]: [row[place] for place in keep] for row in parent.rows[1:] if row[index]}
    rows, ordinals = [header + [above[place] for place in keep]], {}
    repeats = Counter[str]()
    for number, row in enumerate(sheet.rows[1:], start=2):
        belongs = row[header.index("_parent_index")]
        repeats[belongs] += 1
        ordinals[number] = repeats[belongs]
        rows.append(row + by_index.get(belongs, [""] * len(keep)))
    return ExportSheet(sheet.file, rows, sheet.uncomputed, ordinals)
