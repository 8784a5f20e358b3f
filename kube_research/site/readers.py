"""The files of a site folder, or the sheets of its workbook, become tables of text, not interpreted."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from statistics import mode
from typing import TYPE_CHECKING, Any

from kube_research.site.info import Entries, SiteInfo, info_from_sheet, read_info
from kube_research.site.kept_books import entries_of
from kube_research.site.kept_lists import attendances_of
from kube_research.site.local_values import LOCAL_KINDS, NUMBER_KINDS, decimal_comma, read_value
from kube_research.site.problems import Problem, located
from kube_research.site.schema import PATTERNS, WIDE_ITEM, Column, tables
from kube_research.site.shapes import Places, Reshaped, is_wide, lengthen
from kube_research.site.sheets import (
    DELIMITERS,
    Fault,
    Sheet,
    column_letters,
    csv_sheet,
    file_bytes,
    plain_text,
    visible,
)
from kube_research.site.spellings import as_word, header_words
from kube_research.site.workbooks import read_book

if TYPE_CHECKING:
    import pandas as pd

_LOOK_DOWN = 15
#: What the words above columns mean in tables of another shape than ours.
_BESIDE = {
    "ledger": ("money_in", "money_out", "debit", "credit", "unread"),
    "attendance": ("unread",),
}


@cache
def _known_names(table: str) -> frozenset[str]:
    """Return the names of a table's columns and the words that stand for them, in lower case."""
    if table == "site":
        return frozenset({"key", "value"})
    names = (*tables()[table].names, *_BESIDE.get(table, ())) if table in tables() else ()
    words = {word for word, ours in header_words().items() if set(ours) & set(names)}
    return frozenset({*names, *words})


def meant_column(name: str, absent: Collection[str]) -> str:
    """Return the absent column that was probably meant by a name, or an empty text.

    Examples
    --------
    >>> meant_column("Kelompok", ["group", "rater"]), meant_column("N rater", ["n_raters"])
    ('group', 'n_raters')
    """
    word = as_word(name)
    if word in absent:
        return word
    if ours := [meant for meant in header_words().get(word, ()) if meant in absent]:
        return ours[0]
    near = difflib.get_close_matches(word, absent, n=1, cutoff=0.7)
    return near[0] if near else ""


def _named_row(rows: Sequence[Sequence[str]], table: str) -> int:
    """Return the row, counted from 1, that holds the names of the columns if it is not row 1, else 0."""
    known = _known_names(table)

    def count(row: Sequence[str]) -> int:
        names = {cell for cell in row if cell}
        wide = [name for name in names if table == "ratings" and _named_item(name)]
        return len({as_word(name) for name in names} & known) + len(wide)

    counts = [count(row) for row in rows[:_LOOK_DOWN]]
    most = max(counts)
    best = counts.index(most)
    return best + 1 if best and most >= max(2, 2 * counts[0] + 1) else 0


def _named_item(name: str) -> bool:
    return WIDE_ITEM.fullmatch(name) is not None and not name.isdigit()


def _merged_comma(
    row: Sequence[str], header: Sequence[str], table: str
) -> tuple[int, list[str]] | None:
    """Undo the comma that has split a number into two cells, if there is one place it can be.

    Returns the place of the cell, and the row with the two cells joined.
    """
    width = len(header)
    cells = list(row)
    while len(cells) > width + 1 and not cells[-1]:
        cells.pop()
    if table not in tables() or len(cells) != width + 1:
        return None
    columns = {column.name: column for column in tables()[table].columns}
    likely: list[tuple[int, list[str]]] = []
    unlikely: list[tuple[int, list[str]]] = []  # a comma where only whole numbers stand
    for place in range(width):
        column = columns.get(header[place])
        if column is None or column.kind not in NUMBER_KINDS:
            continue
        pair = f"{cells[place]},{cells[place + 1]}"
        joined = [*cells[:place], pair, *cells[place + 2 :]]
        code = read_value(pair, column.form).code
        split = decimal_comma(pair) if column.kind != "money" else code in ("", "money_part")
        others = [(name, cell) for name, cell in zip(header, joined, strict=True) if cell != pair]
        if split and all(_fits(cell, columns.get(name)) for name, cell in others):
            (unlikely if code else likely).append((place, joined))
    candidates = likely or unlikely
    return candidates[0] if len(candidates) == 1 else None


def _fits(cell: str, column: Column | None) -> bool:
    if column is None:
        return True
    if not cell:
        return column.empty
    if column.kind in LOCAL_KINDS:
        return read_value(cell, column.form).ok
    if column.allowed:
        return cell in column.allowed
    return column.kind not in PATTERNS or re.fullmatch(PATTERNS[column.kind], cell) is not None


SUFFIXES = (".csv", ".xlsx")


def _nothing() -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame()


@dataclass
class Raw:
    """A file or sheet as read: text cells indexed by spreadsheet row, and what was wrong with it."""

    file: str
    lang: str = "en"
    frame: pd.DataFrame = field(default_factory=_nothing)
    problems: list[Problem] = field(default_factory=list)

    def tell(
        self,
        code: str,
        row: int = 0,
        column: str = "",
        value: str = "",
        severity: str = "error",
        **fill: Any,
    ) -> None:
        """Add a problem of the file."""
        place = (self.file, row, column, value)
        self.problems.append(located(*place, code, self.lang, severity, **fill))

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Make what cannot be read a problem of the file; the frame stays as it was."""
        try:
            yield
        except OSError:
            self.tell("unreadable")
        except Fault as fault:
            self.tell(fault.code, fault.row, "", fault.value, **fault.fill)


def read_raw(path: Path, lang: str = "en") -> Raw:
    """Read a ``.csv`` or ``.xlsx`` file as text.

    Parameters
    ----------
    path : Path
        The file, named as its table. CSV is UTF-8 (with or without a byte-order mark), UTF-16 or, with a
        warning, Windows-1252, and uses commas, semicolons or tabs. Of a workbook the sheet with the name
        of the table is read, else the first visible one.
    lang : {"en", "id"}
        Language of the problems.

    Returns
    -------
    Raw
        Text cells with surrounding blanks removed, empty cells as ``<NA>``, wholly blank rows left
        out, the index holding the row numbers of a spreadsheet (header = 1). If ``problems`` says the
        file could not be read, the frame is empty.
    """
    raw, table = Raw(path.name, lang), path.stem
    with raw.telling():
        content = file_bytes(path)
        if path.suffix.lower() == ".xlsx":
            sheet = _chosen(read_book(content, table), table, raw)
        else:
            sheet = csv_sheet(content, _known_names(table))
        raw.frame = _shaped(sheet, table, raw)
    return raw


def _read_sheets(path: Path, lang: str) -> dict[str, Raw]:
    """Read a workbook that has a sheet per table.

    Each sheet is read like the file of one table; the entry ``""`` holds the problems of the workbook
    and of sheets that are no tables. Sheets without rows are tables that the site lacks.
    """
    whole, sheets = Raw(path.name, lang), dict[str, Sheet]()
    with whole.telling():
        sheets = read_book(file_bytes(path))
    read = {"": whole}
    for name, sheet in sheets.items():
        raw = Raw(f"{path.name}[{name}]", lang)
        if name not in (SITE_SHEET, *tables()):
            _tell_other_sheet(name, sheet, raw)
            whole.problems += raw.problems
            continue
        with raw.telling():
            raw.frame = _shaped(sheet, name, raw)
        if [problem.code for problem in raw.problems] in (["empty_file"], ["no_rows"]):
            continue
        if sheet.hidden:
            raw.tell("sheet_hidden", severity="warning")
        read[name] = raw
    return read


def _chosen(book: dict[str, Sheet], table: str, raw: Raw) -> Sheet:
    """Choose the sheet of a table: the one of its name, else the first that is not hidden."""
    if not book:
        raise Fault("empty_file")
    visible = [name for name, sheet in book.items() if not sheet.hidden]
    name = table if table in book else [*visible, *book][0]
    if book[name].hidden:
        raw.tell("sheet_hidden", value=name, severity="warning")
    for other, sheet in book.items():
        if other != name and any(map(any, sheet.rows)):
            raw.tell("sheet_unread", column=other, severity="warning")
    return book[name]


def _tell_other_sheet(name: str, sheet: Sheet, raw: Raw) -> None:
    if not any(map(any, sheet.rows)):
        return
    near = _near_name(name, [SITE_SHEET, *tables()])
    if near:
        raw.tell("sheet_unknown", value=name, near=near)
    else:
        raw.tell("sheet_unread", severity="warning")


def _near_name(name: str, names: Sequence[str]) -> str:
    """Return the table or sheet that was probably meant by a name, or an empty text."""
    return "".join(difflib.get_close_matches(as_word(name), names, n=1, cutoff=0.75))


def _shaped(sheet: Sheet, table: str, raw: Raw) -> pd.DataFrame:
    """Give the rows of a sheet their header and tell what does not fit under it."""
    import pandas as pd

    rows = [[_tidy(cell) for cell in row] for row in sheet.rows]
    _check_header(rows, table)
    _check_merged_header(sheet)
    _check_separators(rows, sheet.delimiter)
    before, header, width = len(raw.problems), rows[0], len(rows[0])
    notes = sheet.merged_rows(2)
    kept: dict[int, list[str]] = {}
    for number, row in enumerate(rows[1:], start=2):
        if number in notes:
            raw.tell("merged_row", number, "", next(filter(None, row)), merge=notes[number].name)
            continue
        extra = next((cell for cell in row[width:] if cell), "")
        near = _merged_comma(row, header, table) if extra and sheet.delimiter == "," else None
        if near:
            place, row = near
            raw.tell("row_too_long", number, header[place], row[place], near=row[place])
        elif extra:
            raw.tell("row_too_long", number, "", extra)
        if any(row[:width]):
            kept[number] = (row + [""] * width)[:width]
    _tell_columns(header, kept, sheet, raw)
    _tell_cells(header, sheet, table, raw)
    if not kept and len(raw.problems) == before:
        raw.tell("no_rows")
    if sheet.guessed:
        _tell_guess(rows, raw)
    index = pd.Index(list(kept), name="row")
    places = [place for place, name in enumerate(header) if name and name not in header[:place]]
    columns = {header[place]: [row[place] or None for row in kept.values()] for place in places}
    return pd.DataFrame(columns, index=index, dtype="string")


def _tell_columns(header: list[str], kept: dict[int, list[str]], sheet: Sheet, raw: Raw) -> None:
    """Tell of columns that have entries but no name, and of names that stand twice."""
    blank = [place for place, name in enumerate(header) if not name]
    filled: dict[int, int] = {}
    for number, row in kept.items() if blank else ():
        for place in blank:
            if row[place]:
                filled.setdefault(place, number)
    merged = {place: (merge, value) for row, place, merge, value in sheet.covered(1, len(header))
              if row == 1}  # fmt: skip
    for place, name in enumerate(header):
        if place in filled:
            value, fill = kept[filled[place]][place], dict[str, Any]()
            if place in merged:
                fill = {"remedy": "column_blank_merged", "name": merged[place][1],
                        "merge": merged[place][0].name}  # fmt: skip
            raw.tell("column_blank", filled[place], column_letters(place), value, **fill)
        elif name and name in header[:place]:
            raw.tell("column_twice", 1, name, name)


def _tell_cells(header: list[str], sheet: Sheet, table: str, raw: Raw) -> None:
    """Tell of cells that are not what a workbook shows or what somebody typed."""
    columns = (
        {column.name: column for column in tables()[table].columns} if table in tables() else {}
    )
    width = len(header)
    for number, place in sheet.uncomputed:
        raw.tell("formula_no_value", number, header[place] if place < width else "")
    for number, place, merge, value in sheet.covered(2, width):
        column = columns.get(header[place])
        free = column is not None and column.empty and column.kind == "text"
        if header[place]:
            fill = {"merge": merge.name, "near": value}
            raw.tell("merged", number, header[place], "", "warning" if free else "error", **fill)
    for doubt in sheet.doubts:
        cell = _tidy(sheet.cell(doubt.row, doubt.place))
        raw.tell(doubt.code, doubt.row, header[doubt.place], cell, doubt.severity, **doubt.fill)


def _check_merged_header(sheet: Sheet) -> None:
    """Raise a fault if merged cells make a header of several rows, of which only row 1 is read."""
    for merge in sheet.merges:
        name, below = sheet.cell(1, merge.places[0]), sheet.rows[1 : merge.rows[-1]]
        if merge.rows[0] == 1 and name and any(cell.strip() for row in below for cell in row):
            raise Fault("merged_header", 1, name, merge=merge.name, last=merge.rows[-1])


def _check_header(rows: list[list[str]], table: str) -> None:
    """Raise a fault if row 1 does not hold the names of columns but nothing, another row or one cell."""
    if not any(map(any, rows)):
        raise Fault("empty_file")
    names = [name for name in rows[0] if name]
    if not names:
        raise Fault("no_header", 1)
    known = _known_names(table)
    if len(names) == 1:
        for mark in (*DELIMITERS, "|"):
            parts = [part.strip(' "').lower() for part in names[0].split(mark)]
            if len(parts) > 1 and sum(part in known for part in parts) > 1:
                raise Fault("one_column", 1, names[0])
    if header := _named_row(rows, table):
        raise Fault("header_row", 1, names[0], header=header)


def _check_separators(rows: list[list[str]], delimiter: str) -> None:
    """Raise a fault if rows of a text file use another separator than its header."""
    width = len([name for name in rows[0] if name])
    if not delimiter or width < 2:
        return
    others = [mark for mark in DELIMITERS if mark != delimiter]
    odd: dict[int, str] = {}
    for number, row in enumerate(rows[1:], start=2):
        if row and not any(row[1:]):
            marks = [mark for mark in others if row[0].count(mark) >= max(1, width - 2)]
            if marks:
                odd[number] = marks[0]
    if odd:
        first, words = min(odd), {",": "','", ";": "';'", "\t": "tab"}
        here, there = words[mode(odd.values())], words.get(delimiter, delimiter)
        fill = {"here": here, "header": there, "count": len(odd)}
        raise Fault("delimiter_row", first, rows[first - 1][0], **fill)


def _tell_guess(rows: list[list[str]], raw: Raw) -> None:
    for number, row in enumerate(rows, start=1):
        for place, cell in enumerate(row):
            if not cell.isascii():
                name = rows[0][place] if place < len(rows[0]) else ""
                raw.tell("encoding_guess", number, name, cell, severity="warning")
                return


def _tidy(cell: str) -> str:
    """Remove blanks around it, guards and unseen signs; make every line break in a cell a plain one."""
    if "'" in cell:
        cell = plain_text(cell.strip())
    if "\r" in cell:
        cell = cell.replace("\r\n", "\n").replace("\r", "\n")
    return visible(cell).strip()


#: The workbook that may hold every table of a site, and the sheet that stands for site.toml.
BOOK, SITE_SHEET = "site.xlsx", "site"

#: Files that hold a table in a form that is not read.
_OTHER_FORMS = (".xls", ".xlsm", ".xlsb", ".ods", ".numbers", ".tsv", ".txt", ".xlsx.zip")


@dataclass
class Collected:
    """What a site folder holds.

    Attributes
    ----------
    lang : {"en", "id"}
        Language of the problems.
    info : SiteInfo or None
        Scale and groups of the site; None if anything is wrong with it.
    tables : dict of str to DataFrame
        Text tables by name, indexed by spreadsheet row; wide ratings made long.
    files : dict of str to str
        Where each table stands: ``ratings.csv`` or ``site.xlsx[ratings]``; also of those that could
        not be read.
    places : dict
        Where the rows of a table stood that was kept in another shape than ours.
    problems : list of Problem
        What was wrong with the files.
    site_file : str
        Where scale and groups are written: ``site.toml`` or ``site.xlsx[site]``.
    entry_rows : dict of str to int
        Row of each entry there.
    """

    lang: str = "en"
    info: SiteInfo | None = None
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    places: dict[str, Places] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    site_file: str = "site.toml"
    entry_rows: dict[str, int] = field(default_factory=dict)

    def take(self, entries: Entries) -> None:
        """Take over what the site says of itself."""
        self.info, broken, self.entry_rows = entries
        self.problems += broken

    def tell(self, file: str, code: str, **fill: Any) -> None:
        """Add a problem of a whole file."""
        self.problems.append(located(file, 0, "", "", code, self.lang, **fill))

    def add(self, name: str, raw: Raw) -> None:
        """Add a table, unless another file holds it."""
        if name in self.files:
            self.tell(raw.file, "two_files", other=self.files[name])
            return
        self.files[name] = raw.file
        self.problems += raw.problems
        if raw.frame.empty:
            return
        self.tables[name] = raw.frame
        if name == "ratings" and is_wide(raw.frame.columns):
            self.tables[name], self.places[name] = lengthen(raw.frame)


def read_folder(folder: Path, lang: str = "en") -> Collected:
    """Read all files of a site folder.

    Parameters
    ----------
    folder : Path
        The folder.
    lang : {"en", "id"}
        Language of the problems.

    Returns
    -------
    Collected
    """
    collected = Collected(lang)
    try:
        paths = sorted(folder.iterdir())
    except OSError:
        collected.tell(folder.name, "unreadable")
        return collected
    book = folder / BOOK
    sheets = _read_sheets(book, lang) if book in paths else {}
    if book in paths:
        collected.problems += sheets.pop("").problems
    _read_entries(folder, sheets.pop(SITE_SHEET, None), collected)
    for path in paths:
        if path.name.startswith(("~$", ".")) or path == book:
            continue
        if path.suffix.lower() in SUFFIXES and path.stem in tables():
            collected.add(path.stem, read_raw(path, lang))
        else:
            _tell_other_file(path, collected)
    for name, raw in sheets.items():
        collected.add(name, raw)
    _reshape(collected)
    return collected


def _reshape(collected: Collected) -> None:
    """Read the tables that people keep in another shape than ours as rows of ours."""
    info = collected.info
    known = {"group": info.groups, "book": info.books} if info else {}
    table = collected.tables.get
    ledger, attendance = table("ledger"), table("attendance")
    kept: dict[str, Reshaped | None] = {}
    if ledger is not None:
        kept["ledger"] = entries_of(ledger, known)
    if attendance is not None:
        kept["attendance"] = attendances_of(attendance, table("activities"), table("members"))
    for name, reshaped in kept.items():
        if reshaped is None:
            continue
        for row, column, value, code, fill, severity in reshaped.remarks:
            place = (collected.files[name], row, column, value)
            collected.problems.append(located(*place, code, collected.lang, severity, **fill))
        collected.tables[name], collected.places[name] = reshaped.frame, reshaped.places
        if reshaped.frame.empty:
            del collected.tables[name]


def _read_entries(folder: Path, sheet: Raw | None, collected: Collected) -> None:
    """Read site.toml or the sheet that stands for it."""
    toml = (folder / "site.toml").exists()
    if sheet is not None and toml:
        collected.tell(sheet.file, "two_files", other="site.toml")
    elif sheet is not None:
        collected.site_file = sheet.file
        collected.problems += sheet.problems
        if not sheet.frame.empty:
            collected.take(info_from_sheet(sheet.frame, sheet.file, collected.lang))
        return
    if not toml and collected.problems:
        return  # the workbook could not be read, so nobody knows what is missing
    collected.take(read_info(folder, collected.lang))


def _tell_other_file(path: Path, collected: Collected) -> None:
    """Tell of a file that was probably meant to be a table; any other is none of our business."""
    first, suffix = path.name.split(".")[0].lower(), path.suffix.lower()
    known = [*tables(), "site"]
    text_of_site = path.name.lower() in ("site.toml.txt", "site.txt")
    if suffix in _OTHER_FORMS and first in known and not text_of_site:
        wanted = f"{first}.xlsx" if first == "site" else f"{first}.csv / {first}.xlsx"
        collected.tell(path.name, "other_form", wanted=wanted)
    elif suffix in SUFFIXES and (near := _near_name(path.stem, known)):
        collected.tell(path.name, "unknown_file", near=near + path.suffix)
