"""The files of a site folder, or the sheets of its workbook, become tables of text, not interpreted."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kube_research.files import declared
from kube_research.site.info import SiteInfo, info_from_sheet, read_info
from kube_research.site.local_values import LOCAL_KINDS, decimal_comma, read_value
from kube_research.site.problems import Problem, located
from kube_research.site.schema import PATTERNS, Column, tables
from kube_research.site.sheets import (
    DELIMITERS,
    Book,
    Fault,
    Sheet,
    csv_sheet,
    file_bytes,
    odd_rows,
    plain_text,
    read_book,
)

if TYPE_CHECKING:
    import pandas as pd

#: A column of wide ratings: ``9``, ``item_9``, ``butir 9``.
WIDE_ITEM = re.compile(r"(?:item[ _]?|butir[ _]?)?([0-9]{1,9})", re.IGNORECASE)

_LOOK_DOWN = 15


@cache
def _synonyms() -> dict[str, tuple[str, ...]]:
    """Return our names for each word people use above a column."""
    raw: dict[str, list[str]] = declared("site/header_names.toml")
    meant: dict[str, list[str]] = {}
    for name, words in raw.items():
        for word in words:
            meant.setdefault(word, []).append(name)
    return {word: tuple(names) for word, names in meant.items()}


def _word(name: str) -> str:
    return re.sub(r"[\W_]+", "_", name.casefold()[:80]).strip("_")


@cache
def known_names(table: str) -> frozenset[str]:
    """Return the names of a table's columns and the words that stand for them, in lower case.

    Examples
    --------
    >>> "kelompok" in known_names("ratings"), known_names("notes")
    (True, frozenset())
    """
    if table == "site":
        return frozenset({"key", "value"})
    names = tables()[table].names if table in tables() else ()
    words = {word for word, ours in _synonyms().items() if set(ours) & set(names)}
    return frozenset({*names, *words})


def meant_column(name: str, absent: Collection[str]) -> str:
    """Return the absent column that was probably meant by a name, or an empty text.

    Examples
    --------
    >>> meant_column("Kelompok", ["group", "rater"]), meant_column("N rater", ["n_raters"])
    ('group', 'n_raters')
    """
    word = _word(name)
    if word in absent:
        return word
    if ours := [one for one in _synonyms().get(word, ()) if one in absent]:
        return ours[0]
    near = difflib.get_close_matches(word, absent, n=1, cutoff=0.7)
    return near[0] if near else ""


def named_row(rows: Sequence[Sequence[str]], table: str) -> int:
    """Return the row, counted from 1, that holds the names of the columns if it is not row 1, else 0.

    Examples
    --------
    >>> named_row([["Daftar anggota", ""], ["person", "group"], ["A1", "01"]], "members")
    2
    """
    known = known_names(table)

    def count(row: Sequence[str]) -> int:
        names = {cell for cell in row if cell}
        wide = [name for name in names if table == "ratings" and _named_item(name)]
        return len({_word(name) for name in names} & known) + len(wide)

    first = count(rows[0])
    best = max(range(len(rows[:_LOOK_DOWN])), key=lambda place: (count(rows[place]), -place))
    return best + 1 if best and count(rows[best]) >= max(2, 2 * first + 1) else 0


def _named_item(name: str) -> bool:
    return WIDE_ITEM.fullmatch(name) is not None and not name.isdigit()


def merged_comma(
    row: Sequence[str], header: Sequence[str], table: str
) -> tuple[int, list[str]] | None:
    """Undo the comma that has split a number into two cells, if there is one place it can be.

    Returns
    -------
    (place, row) or None
        The place of the cell, and the row with the two cells joined.

    Examples
    --------
    >>> merged_comma(["1", "9", "2", "46", "15"], ["round", "item", "mean", "n"], "item_means")
    (2, ['1', '9', '2,46', '15'])
    """
    width = len(header)
    cells = list(row)
    while len(cells) > width + 1 and not cells[-1]:
        cells.pop()
    if table not in tables() or len(cells) != width + 1:
        return None
    columns = {column.name: column for column in tables()[table].columns}
    found: list[tuple[int, list[str]]] = []
    unlikely: list[tuple[int, list[str]]] = []  # a comma where only whole numbers stand
    for place in range(width):
        pair = f"{cells[place]},{cells[place + 1]}"
        joined = [*cells[:place], pair, *cells[place + 2 :]]
        column = columns.get(header[place])
        if column is None or column.kind not in ("money", "percent", "printed", "integer"):
            continue
        code = read_value(pair, column.kind).code
        split = decimal_comma(pair) if column.kind != "money" else code in ("", "money_part")
        others = [cells_of for cells_of in zip(header, joined, strict=True) if cells_of[1] != pair]
        if split and all(_fits(cell, columns.get(name)) for name, cell in others):
            (unlikely if code else found).append((place, joined))
    candidates = found or unlikely
    return candidates[0] if len(candidates) == 1 else None


def _fits(cell: str, column: Column | None) -> bool:
    if column is None:
        return True
    if not cell:
        return column.empty
    if column.kind in LOCAL_KINDS:
        return read_value(cell, column.kind).ok
    if column.allowed:
        return cell in column.allowed
    return column.kind not in PATTERNS or re.fullmatch(PATTERNS[column.kind], cell) is not None


SUFFIXES = (".csv", ".xlsx")

_Add = Callable[..., None]


@dataclass
class Raw:
    """A file as read: text cells indexed by spreadsheet row (header = 1), and what was wrong."""

    frame: pd.DataFrame
    problems: list[Problem] = field(default_factory=list)


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
        out, the index holding the row numbers of a spreadsheet. If ``problems`` says the file could
        not be read, the frame is empty.
    """
    problems: list[Problem] = []
    add = _adder(path.name, lang, problems)
    try:
        content = file_bytes(path)
        if path.suffix.lower() == ".xlsx":
            sheet = _chosen(read_book(content, path.stem), path.stem, add)
        else:
            sheet = csv_sheet(content, known_names(path.stem))
        return Raw(_shaped(sheet, path.stem, add), problems)
    except OSError:
        add("unreadable")
    except Fault as fault:
        add(fault.code, fault.row, "", fault.value, **fault.fill)
    return Raw(_nothing(), problems)


def read_sheets(path: Path, names: Mapping[str, bool], lang: str = "en") -> dict[str, Raw]:
    """Read a workbook that has a sheet per table.

    Parameters
    ----------
    path : Path
        The workbook.
    names : mapping of str to bool
        Names of the sheets that are read, and whether a sheet without rows is a problem.
    lang : {"en", "id"}
        Language of the problems, whose file is written as ``site.xlsx[ratings]``.

    Returns
    -------
    dict of str to Raw
        One entry a sheet, read like the file of one table; the entry ``""`` holds the problems of the
        workbook and of sheets that are no tables. Tables without rows that may be empty are left out.
    """
    whole = Raw(_nothing())
    done = {"": whole}
    try:
        book = read_book(file_bytes(path))
    except OSError:
        _adder(path.name, lang, whole.problems)("unreadable")
        return done
    except Fault as fault:
        _adder(path.name, lang, whole.problems)(fault.code, fault.row, **fault.fill)
        return done
    for name, sheet in book.sheets.items():
        raw = Raw(_nothing())
        add = _adder(f"{path.name}[{name}]", lang, raw.problems)
        if name not in names:
            whole.problems += _other_sheet(name, sheet, names, path.name, lang)
            continue
        try:
            raw.frame = _shaped(sheet, name, add)
        except Fault as fault:
            add(fault.code, fault.row, "", fault.value, **fault.fill)
        blank = [one.code for one in raw.problems] in (["empty_file"], ["no_rows"])
        if blank and not names[name]:
            continue
        if name in book.hidden:
            add("sheet_hidden", severity="warning")
        done[name] = raw
    return done


def _nothing() -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame()


def _adder(file: str, lang: str, problems: list[Problem]) -> _Add:
    def add(
        code: str,
        row: int = 0,
        column: str = "",
        value: str = "",
        severity: str = "error",
        **fill: object,
    ) -> None:
        problems.append(located(file, row, column, value, code, lang, severity, **fill))

    return add


def _chosen(book: Book, table: str, add: _Add) -> Sheet:
    """Choose the sheet of a table: the one of its name, else the first that is not hidden."""
    visible = [name for name in book.sheets if name not in book.hidden]
    name = table if table in book.sheets else next(iter(visible or book.sheets), "")
    if not name:
        raise Fault("empty_file")
    if name in book.hidden:
        add("sheet_hidden", value=name, severity="warning")
    for other, sheet in book.sheets.items():
        if other != name and any(any(row) for row in sheet.rows):
            add("sheet_unread", column=other, severity="warning")
    return book.sheets[name]


def _other_sheet(
    name: str, sheet: Sheet, names: Mapping[str, bool], file: str, lang: str
) -> list[Problem]:
    import difflib

    found: list[Problem] = []
    if any(any(row) for row in sheet.rows):
        add = _adder(f"{file}[{name}]", lang, found)
        meant = re.sub(r"[\W_]+", "_", name.lower()).strip("_")
        near = difflib.get_close_matches(meant[:80], names, n=1, cutoff=0.75)
        if near:
            add("sheet_unknown", value=name, near=near[0])
        else:
            add("sheet_unread", severity="warning")
    return found


def _shaped(sheet: Sheet, table: str, add: _Add) -> pd.DataFrame:
    """Give the rows of a sheet their header and say what does not fit under it."""
    import pandas as pd

    rows = [[_tidy(cell) for cell in row] for row in sheet.rows]
    if not any(any(row) for row in rows):
        raise Fault("empty_file")
    if not any(rows[0]):
        raise Fault("no_header", 1)
    _check_header(rows, table)
    if odd := odd_rows(sheet):
        first, mark, count = odd
        words = {",": "','", ";": "';'", "\t": "tab"}
        here, there = words[mark], words.get(sheet.delimiter, sheet.delimiter)
        raise Fault(
            "delimiter_row", first, rows[first - 1][0], here=here, header=there, count=count
        )

    header, width = rows[0], len(rows[0])
    kept, numbers, problems = [], [], 0
    for number, row in enumerate(rows[1:], start=2):
        extra = next((cell for cell in row[width:] if cell), "")
        if extra:
            problems += 1
            near = merged_comma(row, header, table) if sheet.delimiter == "," else None
            if near:
                place, row = near
                add("row_too_long", number, header[place], row[place], near=row[place])
            else:
                add("row_too_long", number, "", extra)
        if any(row[:width]):
            kept.append((row + [""] * width)[:width])
            numbers.append(number)
    for place, name in enumerate(header):
        filled = next((spot for spot, row in enumerate(kept) if row[place]), None)
        if not name and filled is not None:
            problems += 1
            add("column_blank", numbers[filled], _letter(place), kept[filled][place])
        elif name and name in header[:place]:
            problems += 1
            add("column_twice", 1, name, name)
    for number, place in sheet.uncomputed:
        problems += 1
        add("formula_no_value", number, header[place] if place < width else "")
    if not kept and not problems:
        add("no_rows")
    if sheet.guessed:
        _tell_guess(rows, add)
    frame = pd.DataFrame(kept, columns=header, index=pd.Index(numbers, name="row"), dtype="string")
    named = frame.columns.astype(bool) & ~frame.columns.duplicated()
    return frame.loc[:, named].replace("", pd.NA)


def _check_header(rows: list[list[str]], table: str) -> None:
    """Raise a fault if row 1 does not hold the names of columns but another row or one cell does."""
    names = [name for name in rows[0] if name]
    known = known_names(table)
    if len(names) == 1:
        for mark in (*DELIMITERS, "|"):
            parts = [part.strip(' "').lower() for part in names[0].split(mark)]
            if len(parts) > 1 and sum(part in known for part in parts) > 1:
                raise Fault("one_column", 1, names[0])
    if header := named_row(rows, table):
        raise Fault("header_row", 1, names[0], header=header)


def _tell_guess(rows: list[list[str]], add: _Add) -> None:
    for number, row in enumerate(rows, start=1):
        for place, cell in enumerate(row):
            if not cell.isascii():
                name: Any = rows[0][place] if place < len(rows[0]) else ""
                add("encoding_guess", number, name, cell, severity="warning")
                return


def _tidy(cell: str) -> str:
    """Remove surrounding blanks and guards, and make every line break in a cell a plain one."""
    if "'" in cell:
        cell = plain_text(cell.strip())
    if "\r" in cell:
        cell = cell.replace("\r\n", "\n").replace("\r", "\n")
    return cell.strip()


def _letter(place: int) -> str:
    """Name a column as a spreadsheet does: 0 is A, 26 is AA."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def is_wide(columns: Iterable[str]) -> bool:
    """Tell whether ratings have one column an item (``9``, ``item_9``, ``butir 9``)."""
    names = set(columns)
    return not {"item", "score"} & names and any(WIDE_ITEM.fullmatch(name) for name in names)


def lengthen(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[tuple[int, str]]]:
    """Turn wide text ratings into long ones.

    Blank cells stay as missing scores, exactly like a blank score in long ratings.

    Returns
    -------
    DataFrame
        Long text ratings with a plain index 0, 1, ...
    list of (int, str)
        For each of its rows, the spreadsheet row and the column it came from.
    """
    import pandas as pd

    items = {name: WIDE_ITEM.fullmatch(name) for name in frame.columns}
    keep = [name for name, found in items.items() if not found]
    parts, places = [], []
    for name, found in items.items():
        if found:
            parts.append(frame[keep].assign(item=str(int(found.group(1))), score=frame[name]))
            places += [(int(row), name) for row in frame.index]
    long = pd.concat(parts, ignore_index=True).astype("string")
    return long, places


#: The workbook that may hold every table of a site, and the sheet that stands for site.toml.
BOOK, SITE_SHEET = "site.xlsx", "site"

#: Files that hold a table in a form that is not read.
_OTHER_FORMS = (".xls", ".xlsm", ".xlsb", ".ods", ".numbers", ".tsv", ".txt", ".xlsx.zip")


@dataclass
class Collected:
    """What a site folder holds.

    Attributes
    ----------
    info : SiteInfo or None
        None if anything is wrong with it.
    tables : dict of str to DataFrame, or None
        Text tables, wide ratings made long; None if the folder cannot be listed.
    files : dict of str to str
        Where each table stands: ``ratings.csv`` or ``site.xlsx[ratings]``; also of those that could
        not be read.
    places : dict
        For wide ratings: where each lengthened row stood.
    problems : list of Problem
        What was wrong with the files.
    site_file : str
        Where scale and groups are written: ``site.toml`` or ``site.xlsx[site]``.
    """

    info: SiteInfo | None = None
    tables: dict[str, pd.DataFrame] | None = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    places: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    site_file: str = ""


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
    done = Collected()
    frames: dict[str, pd.DataFrame] = {}
    try:
        paths = sorted(folder.iterdir())
    except OSError:
        done.tables, done.problems = None, [located(folder.name, 0, "", "", "unreadable", lang)]
        return done
    book = next((path for path in paths if path.name == BOOK), None)
    sheets: dict[str, Raw] = {}
    if book is not None:
        needed = {SITE_SHEET: False, **dict.fromkeys(tables(), False)}
        sheets = read_sheets(book, needed, lang)
        done.problems += sheets.pop("").problems
    _read_site_entries(folder, book, sheets, done, lang)
    for path in paths:
        name = path.stem
        if path.name.startswith(("~$", ".")) or path == book:
            continue
        if path.suffix.lower() not in SUFFIXES or name not in tables():
            done.problems += _other_file(path, lang)
            continue
        if name in done.files:
            done.problems.append(
                located(path.name, 0, "", "", "two_files", lang, other=done.files[name])
            )
            continue
        done.files[name] = path.name
        _add_table(name, read_raw(path, lang), frames, done)
    for name, raw in sheets.items():
        file = f"{BOOK}[{name}]"
        if name in done.files:
            done.problems.append(
                located(file, 0, "", "", "two_files", lang, other=done.files[name])
            )
            continue
        done.files[name] = file
        _add_table(name, raw, frames, done)
    done.tables = frames
    return done


def _add_table(name: str, raw: Raw, frames: dict[str, pd.DataFrame], done: Collected) -> None:
    done.problems += raw.problems
    if raw.frame.empty:
        return
    frames[name] = raw.frame
    if name == "ratings" and is_wide(raw.frame.columns):
        frames[name], done.places[name] = lengthen(raw.frame)


def _read_site_entries(
    folder: Path, book: Path | None, sheets: dict[str, Raw], done: Collected, lang: str
) -> None:
    """Read site.toml or the sheet that stands for it."""
    sheet = sheets.pop(SITE_SHEET, None)
    file = f"{BOOK}[{SITE_SHEET}]"
    toml = (folder / "site.toml").exists()
    if sheet is not None and toml:
        done.problems.append(located(file, 0, "", "", "two_files", lang, other="site.toml"))
    if sheet is not None and not toml:
        done.site_file = file
        done.problems += sheet.problems
        if not sheet.frame.empty:
            done.info, found = info_from_sheet(sheet.frame, file, lang)
            done.problems += found
        elif not sheet.problems:
            done.problems.append(located(file, 0, "", "", "empty_file", lang))
        return
    if book is not None and not toml and done.problems:
        return  # the workbook could not be read, so nobody knows what is missing
    done.site_file = "site.toml"
    done.info, found = read_info(folder, lang)
    done.problems += found


def _other_file(path: Path, lang: str) -> list[Problem]:
    """Tell of a file that was probably meant to be a table; any other is none of our business."""
    first, suffix = path.name.split(".")[0].lower(), path.suffix.lower()
    if suffix in _OTHER_FORMS and first in (*tables(), "site") and not _site_text(path.name):
        forms = [f"{first}.csv"] if first != "site" else []
        wanted = " / ".join([*forms, f"{first}.xlsx"])
        return [located(path.name, 0, "", "", "other_form", lang, wanted=wanted)]
    word = re.sub(r"[\W_]+", "_", path.stem.lower()).strip("_")
    near = difflib.get_close_matches(word, [*tables(), "site"], n=1, cutoff=0.75)
    if suffix not in SUFFIXES or not near:
        return []
    return [located(path.name, 0, "", "", "unknown_file", lang, near=near[0] + path.suffix)]


def _site_text(name: str) -> bool:
    return name.lower() in ("site.toml.txt", "site.txt")
