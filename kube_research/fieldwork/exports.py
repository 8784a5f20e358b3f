"""An export becomes sheets of text; rows of a repeated part stand beside what they belong to."""

from __future__ import annotations

import codecs
import io
import re
import zipfile
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from kube_research.site.sheets import DELIMITERS, Fault, Sheet, csv_sheet
from kube_research.site.workbooks import read_book

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
    covered : list of (row, place, merged cells, entry)
        Cells that lie under merged cells, and what stands in those.
    ordinals : dict of int to int
        For the sheet of a repeated group: which repeat of its submission a row is, counted from 1.
    orphan : str
        For the sheet of a repeated group without the sheet it belongs to: the column that says so.
    """

    file: str
    rows: list[list[str]]
    uncomputed: list[tuple[int, int]] = field(default_factory=list)
    covered: list[tuple[int, int, str, str]] = field(default_factory=list)
    ordinals: dict[int, int] = field(default_factory=dict)
    orphan: str = ""

    def below(self, first: int, spots: Collection[int]) -> set[str]:
        """Return everything that stands in some columns from a row on."""
        return {row[spot] for row in self.rows[first - 1 :] for spot in spots if row[spot]}


def read_export(path: Path, known: Collection[str] = ()) -> list[ExportSheet]:
    """Read all sheets of an export.

    Parameters
    ----------
    path : Path
        A ``.csv``, an ``.xlsx``, or a ``.zip`` of CSV files: one, as Google Forms gives it, or those of
        a form of ODK Central and of its repeated groups.
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
            name: ExportSheet(
                f"{path.name}[{name}]", _tidy(sheet.rows), sheet.uncomputed, _covered(sheet)
            )
            for name, sheet in book.items()
        }
    elif suffix == ".zip":
        files = _csv_files(content)
        sheets = {
            Path(name).stem: _csv_export(
                path.name if len(files) == 1 else f"{path.name}[{name}]", inner, known
            )
            for name, inner in files.items()
        }
    else:
        sheets = {path.stem: _csv_export(path.name, content, known)}
    read = [_with_parents(name, sheet, sheets) for name, sheet in sheets.items()]
    filled = [sheet for sheet in read if any(map(any, sheet.rows))]
    if not filled:
        raise Fault("empty_file")
    return filled


def _covered(sheet: Sheet) -> list[tuple[int, int, str, str]]:
    width = max(map(len, sheet.rows), default=0)
    return [(row, at, merge.name, entry) for row, at, merge, entry in sheet.covered(1, width)]


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


def _csv_export(file: str, content: bytes, known: Collection[str]) -> ExportSheet:
    hint = _separator(content, known)
    return ExportSheet(file, _tidy(csv_sheet(hint + content, known).rows))


def _csv_files(content: bytes) -> dict[str, bytes]:
    """Return the CSV files of an archive, without logs and what a Mac adds."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            files = [
                part
                for part in parts.infolist()
                if re.fullmatch(
                    r"(?!__MACOSX/|.*\baudit\.csv$)(?:.*/)?[^/.][^/]*\.csv", part.filename, re.I
                )
            ]
            if not files or sum(part.file_size for part in files) > _MOST:
                raise Fault("export_zip")
            return {Path(part.filename).name: parts.read(part) for part in files}
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError):
        raise Fault("export_zip") from None


#: By which column a row of a repeated group names its submission, and where that has the name.
_LINKS = {"_parent_index": "_index", "PARENT_KEY": "KEY"}

#: Keys of the submission that its repeats do not share, because each has one of its own.
_KEYS_ABOVE = re.compile(r"(?:.*[-/:])?(?:instanceID|rootUuid)", re.IGNORECASE)

#: A name of a sheet may have so many letters.
_NAME_LENGTH = 31


def _with_parents(name: str, sheet: ExportSheet, sheets: dict[str, ExportSheet]) -> ExportSheet:
    """Put the cells of the submission beside each row of a repeated group."""
    header = sheet.rows[0] if sheet.rows else []
    link = next((link for link in _LINKS if link in header), "")
    if not link:
        return sheet
    others = {title: other for title, other in sheets.items() if title != name and other.rows}
    title = _title_above(sheet, link, others)
    if not title:
        return replace(sheet, orphan=link)
    parent = _with_parents(title, others[title], others)
    above, own = parent.rows[0], _LINKS[link]
    dropped = {*header, "", own}
    keep = [place for place, label in enumerate(above) if label not in dropped]
    if link == "PARENT_KEY":
        keep = [place for place in keep if not _KEYS_ABOVE.fullmatch(above[place])]
    index = above.index(own)
    by_index = {row[index]: [row[place] for place in keep] for row in parent.rows[1:] if row[index]}
    rows, ordinals = [header + [above[place] for place in keep]], {}
    repeats = Counter[str]()
    for number, row in enumerate(sheet.rows[1:], start=2):
        belongs = row[header.index(link)]
        repeats[belongs] += 1
        if own == "_index":  # a key of ODK says itself which repeat it is
            ordinals[number] = repeats[belongs]
        rows.append(row + by_index.get(belongs, [""] * len(keep)))
    return ExportSheet(sheet.file, rows, sheet.uncomputed, sheet.covered, ordinals, parent.orphan)


def _title_above(sheet: ExportSheet, link: str, others: Mapping[str, ExportSheet]) -> str:
    """Return the sheet that a repeated group belongs to: one that has all its rows, by name if several.

    The name of a sheet is cut at 31 letters, so that it may be only the beginning of what is said.
    """
    own, named = _LINKS[link], _column(sheet, "_parent_table_name")
    wanted = set(_column(sheet, link)) - {""}
    able = [title for title, other in others.items() if wanted <= set(_column(other, own))]
    able = [title for title in able if _same_submissions(sheet, others[title], link)]
    called = {title for title in able for said in named if said and _cut_from(title, said)}
    if len(called) == 1:
        return called.pop()
    return able[0] if len(able) == 1 else ""


def _column(sheet: ExportSheet, name: str) -> list[str]:
    header = sheet.rows[0]
    return [row[header.index(name)] for row in sheet.rows[1:]] if name in header else []


def _same_submissions(sheet: ExportSheet, other: ExportSheet, link: str) -> bool:
    """Tell whether the rows of two sheets name the same submissions, as far as both name any."""
    above = _column(other, "_uuid") or _column(other, "_submission__uuid")
    below = _column(sheet, "_submission__uuid")
    if not above or not below:
        return True
    known = dict(zip(_column(other, _LINKS[link]), above, strict=True))
    return all(
        known.get(index, uuid) == uuid
        for index, uuid in zip(_column(sheet, link), below, strict=True)
        if uuid
    )


def _cut_from(title: str, named: str) -> bool:
    """Tell whether a sheet has a name, or what a program makes of a name that is too long.

    Examples
    --------
    >>> long = "Penilaian kapasitas kelompok usaha bersama"
    >>> [_cut_from(title, long) for title in (long[:31], long[:28] + "...", long[:20])]
    [True, True, False]
    """
    bare = re.sub(r"(?:\.\.\.|…|\s?\([0-9]+\))+$", "", title)
    marks = str.maketrans("[]:*?/\\", "_" * 7)
    return title == named or (
        len(title) >= _NAME_LENGTH - 3 and named.translate(marks).startswith(bare.translate(marks))
    )
