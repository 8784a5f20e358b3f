"""A folder becomes a site: typed, checked, tidy frames that carry their evidence."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kube_research import files
from kube_research.errors import SiteNotFoundError
from kube_research.files import home
from kube_research.formats import as_money
from kube_research.site.info import SiteInfo
from kube_research.site.problems import Problem, missing_table, site_error
from kube_research.site.schema import tables, typed, with_percent
from kube_research.texts import check_language, text

if TYPE_CHECKING:
    import pandas as pd


def bundled_sites() -> list[str]:
    """Return the names of the sites that come with the package.

    Examples
    --------
    >>> bundled_sites()
    ['cibeunying', 'cibeunying-simulated', 'contohsari-tutorial']
    """
    marks = ("site.toml", "site.xlsx")
    return sorted(
        {path.parent.name for mark in marks for path in (home() / "data").glob(f"*/{mark}")}
    )


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
    _answers: dict[tuple[Any, ...], pd.DataFrame] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def has(self, *names: str) -> bool:
        """Tell whether the site has all the tables named."""
        return all(name in self.tables for name in names)

    def table(self, name: str, lang: str = "en") -> pd.DataFrame:
        """Return one table; raise MissingTableError if the site does not have it."""
        if name not in self.tables:
            raise missing_table(name, self.info.name, self.folder.name, lang)
        return self.tables[name].copy()

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name in tables():
            return self.table(name)
        raise AttributeError(name)

    def __dir__(self) -> list[str]:
        return [*object.__dir__(self), *self.tables]

    def cached(self, function: Callable[..., pd.DataFrame], *options: object) -> pd.DataFrame:
        """Return ``function(site, *options)``, worked out once: figures ask in each language.

        Parameters
        ----------
        function : callable
            Of a site and hashable options; its result must depend on them alone.
        *options
            Passed on.

        Returns
        -------
        DataFrame
            A copy, which the caller may change.

        Examples
        --------
        >>> import pandas as pd
        >>> asked = []
        >>> def frame(site):
        ...     asked.append(site.info.name)
        ...     return pd.DataFrame({"name": asked})
        >>> site = load_site()
        >>> len(site.cached(frame)), len(site.cached(frame)), len(asked)
        (1, 1, 1)
        """
        key = (function, *options)
        if key not in self._answers:
            self._answers[key] = function(self, *options)
        return self._answers[key].copy()

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
        twin = load_site(_twin_folder(self.folder, self.info.twin))
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
        Findings and warnings (see :class:`~kube_research.site.problems.Problem`) do not stop a site.

    Examples
    --------
    >>> load_site("cibeunying").info.groups
    ('07', '08', '10', '11', '24')
    """
    from kube_research.site.checker import read_site

    folder = find_folder(where, lang=lang)
    info, plain, problems = read_site(folder, lang, _instead_of, doubts=False)
    errors = [problem for problem in problems if problem.severity == "error"]
    if info is None or errors:
        raise site_error(str(folder), sorted(set(errors)), lang)
    files.loaded_folders[folder] = None
    return Site(folder, info, _finish(plain, info))


def check_site(where: str | Path | None = None, *, lang: str = "en") -> list[Problem]:
    """Return every problem of a site folder, sorted by file and row; empty when it is sound.

    Parameters
    ----------
    where : str or Path, optional
        As for :func:`load_site`.
    lang : {"en", "id"}
        Language of the problems.

    Returns
    -------
    list of Problem
        Errors (nothing is loaded), findings and warnings, told apart by ``severity``.

    Raises
    ------
    kube_research.errors.SiteNotFoundError

    Examples
    --------
    >>> check_site("cibeunying")
    []
    """
    from kube_research.site.checker import read_site

    *_, problems = read_site(find_folder(where, lang=lang), lang, _instead_of)
    return sorted(set(problems))


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


def _twin_folder(folder: Path, twin: str, *, lang: str = "en") -> Path:
    """Return the folder of a twin: of a bundled name, seen from the site, or seen from here."""
    beside = folder / twin
    here = twin not in bundled_sites() and twin and beside.is_dir()
    return beside if here else find_folder(twin, lang=lang)


def _instead_of(twin: str, folder: Path) -> str:
    """Return which bundled sites could be the twin, where the one that is named is not there."""
    try:
        _twin_folder(folder, twin)
    except (SiteNotFoundError, OSError, ValueError):
        return ", ".join(bundled_sites())
    return ""


def _finish(frames: Mapping[str, pd.DataFrame], info: SiteInfo) -> dict[str, pd.DataFrame]:
    """Give every table its types, evidence and locator, and ratings what the instrument says of them."""
    import pandas as pd

    from kube_research.site.checker import turn_round

    finished = {}
    for name in tables():
        if name not in frames:
            continue
        frame = typed(frames[name], name, step=info.step).reset_index(drop=True)
        for column, usual in (("evidence", info.evidence), ("locator", pd.NA)):
            if column not in frame:
                frame[column] = pd.Series(usual, index=frame.index, dtype="string")
        frame["evidence"] = frame["evidence"].fillna(info.evidence)
        if name == "outcomes":
            frame = with_percent(frame)
        amounts = [column.name for column in tables()[name].columns if column.kind == "money"]
        finished[name] = as_money(frame, info.money, *amounts) if amounts else frame
    for name in {"ratings", "item_means"} & finished.keys():
        finished[name].attrs["scale"] = (*info.scale, info.step)
    items = finished.get("items")
    if items is not None and "ratings" in finished:
        fields = items.set_index("item")["field_no"]
        ratings = finished["ratings"]
        ratings["field_no"] = ratings["item"].map(fields).astype("Int64")
    turn_round(finished, info.scale)
    return finished
