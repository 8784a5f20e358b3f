"""A folder becomes a site: typed, checked, tidy frames that carry their evidence."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from kube_research.errors import MissingTableError, Problem, SiteError, SiteNotFoundError
from kube_research.schema import tables, typed
from kube_research.site_info import ROUNDING_RULES, SiteInfo, read_info
from kube_research.texts import check_language, text

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "ROUNDING_RULES",
    "Site",
    "SiteInfo",
    "bundled_sites",
    "check_site",
    "find_folder",
    "home",
    "load_site",
]

#: Files that hold a table in a form that is not read.
_OTHER_FORMS = (".xls", ".xlsm", ".xlsb", ".ods", ".numbers", ".tsv", ".txt")

_PACKAGE = Path(__file__).resolve().parent


def home() -> Path:
    """Return the folder that holds ``data`` and ``notebooks``: the checkout, or the installed copy."""
    bundled = _PACKAGE / "_bundled"
    return bundled if bundled.is_dir() else _PACKAGE.parent


def bundled_sites() -> list[str]:
    """Return the names of the sites that come with the package.

    Examples
    --------
    >>> bundled_sites()
    ['cibeunying', 'cibeunying-simulated']
    """
    return sorted(path.parent.name for path in (home() / "data").glob("*/site.toml"))


@dataclass(frozen=True)
class Site:
    """A site's tables as tidy frames.

    Each table is an attribute (``site.ratings``); a table the site lacks raises
    :class:`~kube_research.errors.MissingTableError`, which names the file that would hold it.

    Examples
    --------
    >>> site = load_site("cibeunying")
    >>> site.item_means["mean"].tolist()
    ['2.46', '2.33', '2.40', '2.46', '2.20', '2.26']
    >>> site.has("ratings")
    False
    """

    folder: Path
    info: SiteInfo
    tables: Mapping[str, pd.DataFrame] = field(repr=False)

    def has(self, *names: str) -> bool:
        """Tell whether the site has all the tables named."""
        return all(name in self.tables for name in names)

    def table(self, name: str, lang: str = "en") -> pd.DataFrame:
        """Return one table; raise MissingTableError if the site does not have it."""
        if name not in self.tables:
            raise MissingTableError(name, self.info.name, self.folder.name, lang)
        return self.tables[name].copy()

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name in tables():
            return self.table(name)
        raise AttributeError(name)

    def __dir__(self) -> list[str]:
        return [*object.__dir__(self), *self.tables]

    @property
    def simulated(self) -> bool:
        """Whether the site as a whole is graded ``simulated``."""
        return self.info.evidence == "simulated"

    @property
    def fields_table(self) -> pd.DataFrame:
        """Fields of the instrument: the fields table, or what the items table names."""
        if self.has("fields"):
            return self.table("fields")
        columns = ["field_no", "field_id", "field_en", "evidence"]
        named = self.table("items")[columns].drop_duplicates("field_no")
        return named.sort_values("field_no", ignore_index=True)

    def with_raw_logs(self, name: str) -> Site:
        """Return this site if it has the table ``name``, else its simulated twin if that has it.

        The twin is handed over with this site's published facts beside its logs, so that a figure of
        simulated attendance can show the printed band it was held to.

        Raises
        ------
        kube_research.errors.MissingTableError
            If neither has the table.
        """
        if self.has(name) or not self.info.twin:
            self.table(name)
            return self
        self._twin.table(name)
        return self._twin

    @cached_property
    def _twin(self) -> Site:
        twin = load_site(self.info.twin)
        facts = {"facts": self.tables["facts"]} if self.has("facts") else {}
        return replace(twin, tables={**facts, **twin.tables})


def load_site(where: str | Path | None = None, *, lang: str = "en") -> Site:
    """Load a site from a folder or by its bundled name.

    Parameters
    ----------
    where : str or Path, optional
        A bundled name or a folder. Default: the environment variable ``KUBE_SITE``, else
        ``"cibeunying"``.
    lang : {"en", "id"}
        Language of error messages.

    Returns
    -------
    Site

    Raises
    ------
    kube_research.errors.SiteNotFoundError
        If there is no such folder or bundled site.
    kube_research.errors.SiteError
        If anything is wrong with the files; the error lists every problem, and nothing is loaded.

    Examples
    --------
    >>> load_site("cibeunying").info.groups
    ('07', '08', '10', '11', '24')
    """
    folder = find_folder(where, lang=lang)
    site, problems = _read_site(folder, lang)
    if site is None or problems:
        raise SiteError(str(folder), problems, lang)
    return site


def check_site(where: str | Path | None = None, *, lang: str = "en") -> list[Problem]:
    """Return every problem of a site folder, sorted by file and row; empty when it is sound."""
    return sorted(set(_read_site(find_folder(where, lang=lang), lang)[1]))


def find_folder(where: str | Path | None = None, *, lang: str = "en") -> Path:
    """Return the folder of a site given by name or path; see :func:`load_site`."""
    check_language(lang)
    wanted = where if where is not None else os.environ.get("KUBE_SITE") or "cibeunying"
    if str(wanted) in bundled_sites():
        return home() / "data" / str(wanted)
    try:
        folder = Path(wanted).expanduser()
        there = folder.is_dir()
    except (OSError, RuntimeError):  # a name too long, or ~somebody who does not exist
        there = False
    if not there:
        names = ", ".join(bundled_sites())
        raise SiteNotFoundError(
            text("error.site_not_found", lang, where=str(wanted), bundled=names)
        )
    return folder


def _read_site(folder: Path, lang: str) -> tuple[Site | None, list[Problem]]:
    from kube_research.readers import SUFFIXES, read_raw
    from kube_research.validate import Checker, is_wide, lengthen

    info, problems = read_info(folder, lang)
    frames: dict[str, pd.DataFrame] = {}
    files: dict[str, str] = {}
    places: dict[str, list[tuple[int, str]]] = {}
    try:
        paths = sorted(folder.iterdir())
    except OSError:
        return None, [_file_problem(folder, "unreadable", lang)]
    for path in paths:
        name = path.stem
        if path.name.startswith(("~$", ".")):
            continue
        if path.suffix.lower() not in SUFFIXES or name not in tables():
            problems += _other_file(path, lang)
            continue
        if name in files:
            problems.append(_file_problem(path, "two_files", lang))
            continue
        files[name] = path.name
        raw = read_raw(path, lang)
        problems += raw.problems
        if raw.frame.empty:
            continue
        frames[name] = raw.frame
        if name == "ratings" and is_wide(raw.frame.columns):
            frames[name], places[name] = lengthen(raw.frame)
    problems += Checker(frames, files, info, lang, places).run()
    if problems or info is None:
        return None, problems
    return Site(folder, info, _finish(frames, info)), []


def _file_problem(path: Path, code: str, lang: str, **fill: object) -> Problem:
    said = text(f"problem.{code}", lang, **fill)
    return Problem(path.name, 0, "", "", said, text(f"remedy.{code}", lang, **fill), code)


def _other_file(path: Path, lang: str) -> list[Problem]:
    """Tell of a file that was probably meant to be a table; any other is none of our business."""
    first, suffix = path.name.split(".")[0], path.suffix.lower()
    if suffix in _OTHER_FORMS and first in tables():
        return [_file_problem(path, "other_form", lang, table=first)]
    near = difflib.get_close_matches(path.stem.lower(), tables(), n=1, cutoff=0.75)
    if suffix not in (".csv", ".xlsx") or not near:
        return []
    return [_file_problem(path, "unknown_file", lang, near=near[0] + path.suffix)]


def _finish(frames: Mapping[str, pd.DataFrame], info: SiteInfo) -> dict[str, pd.DataFrame]:
    """Give every table its types, its evidence and locator, and ratings the field of each item."""
    done = {}
    for name in tables():
        if name not in frames:
            continue
        frame = typed(frames[name], name).reset_index(drop=True)
        if "evidence" not in frame:
            frame["evidence"] = info.evidence
        if "locator" not in frame:
            frame["locator"] = None
        frame["evidence"] = frame["evidence"].astype("string").fillna(info.evidence)
        frame["locator"] = frame["locator"].astype("string")
        done[name] = frame
    if "ratings" in done and "items" in done:
        fields = done["items"].set_index("item")["field_no"]
        done["ratings"]["field_no"] = done["ratings"]["item"].map(fields).astype("Int64")
    return done
