"""The files of a site folder, or the sheets of its workbook, become text tables and located problems."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from kube_research.site.info import SiteInfo, info_from_sheet, read_info
from kube_research.site.problems import Problem
from kube_research.site.readers import SUFFIXES, Raw, read_raw, read_sheets
from kube_research.site.schema import tables
from kube_research.texts import text

if TYPE_CHECKING:
    import pandas as pd

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
        done.tables, done.problems = None, [_problem(folder.name, "unreadable", lang)]
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
            done.problems.append(_problem(path.name, "two_files", lang, other=done.files[name]))
            continue
        done.files[name] = path.name
        _add_table(name, read_raw(path, lang), frames, done)
    for name, raw in sheets.items():
        file = f"{BOOK}[{name}]"
        if name in done.files:
            done.problems.append(_problem(file, "two_files", lang, other=done.files[name]))
            continue
        done.files[name] = file
        _add_table(name, raw, frames, done)
    done.tables = frames
    return done


def _add_table(name: str, raw: Raw, frames: dict[str, pd.DataFrame], done: Collected) -> None:
    from kube_research.site.checker import is_wide, lengthen

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
        done.problems.append(_problem(file, "two_files", lang, other="site.toml"))
    if sheet is not None and not toml:
        done.site_file = file
        done.problems += sheet.problems
        if not sheet.frame.empty:
            done.info, found = info_from_sheet(sheet.frame, file, lang)
            done.problems += found
        elif not sheet.problems:
            done.problems.append(_problem(file, "empty_file", lang))
        return
    if book is not None and not toml and done.problems:
        return  # the workbook could not be read, so nobody knows what is missing
    done.site_file = "site.toml"
    done.info, found = read_info(folder, lang)
    done.problems += found


def _problem(file: str, code: str, lang: str, **fill: object) -> Problem:
    said = text(f"problem.{code}", lang, **fill)
    return Problem(file, 0, "", "", said, text(f"remedy.{code}", lang, **fill), code, lang=lang)


def _other_file(path: Path, lang: str) -> list[Problem]:
    """Tell of a file that was probably meant to be a table; any other is none of our business."""
    first, suffix = path.name.split(".")[0].lower(), path.suffix.lower()
    if suffix in _OTHER_FORMS and first in (*tables(), "site") and not _site_text(path.name):
        forms = [f"{first}.csv"] if first != "site" else []
        wanted = " / ".join([*forms, f"{first}.xlsx"])
        return [_problem(path.name, "other_form", lang, wanted=wanted)]
    word = re.sub(r"[\W_]+", "_", path.stem.lower()).strip("_")
    near = difflib.get_close_matches(word, [*tables(), "site"], n=1, cutoff=0.75)
    if suffix not in SUFFIXES or not near:
        return []
    return [_problem(path.name, "unknown_file", lang, near=near[0] + path.suffix)]


def _site_text(name: str) -> bool:
    return name.lower() in ("site.toml.txt", "site.txt")
