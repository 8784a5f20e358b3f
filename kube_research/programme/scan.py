"""Many sites, or a programme in Parquet, as frames of any engine: read only when they are used."""

from __future__ import annotations

import glob
import os
import tempfile
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

import narwhals as nw
import pandas as pd

from kube_research.engines import column_names, need_engine, query_on
from kube_research.errors import SiteError, SiteNotFoundError
from kube_research.files import home
from kube_research.formats import RUPIAH, Currency
from kube_research.frames import GRADES, weakest
from kube_research.programme.sums import in_memory
from kube_research.site.folder import Site, bundled_sites, find_folder, load_site
from kube_research.site.info import BOOKS, SiteInfo, read_info
from kube_research.site.instrument import recoded, with_instrument
from kube_research.site.problems import Problem, located, missing_table
from kube_research.site.rules import wording
from kube_research.site.schema import tables
from kube_research.texts import check_language, text

#: Columns that stand in the names of folders, as text: a leading zero is part of a code.
PARTITIONS = ("province", "regency")


class Reader:
    """Makes frames of one engine that can be joined with each other.

    Parameters
    ----------
    engine : str
        A name of :data:`kube_research.engines.ENGINES`.
    memory : str
        How much DuckDB may use before it writes to disk. The other engines have their own settings.

    Raises
    ------
    kube_research.errors.OptionError, kube_research.errors.MissingExtraError
    """

    def __init__(self, engine: str, memory: str = "1GB") -> None:
        need_engine(engine)
        self.engine = engine
        self._duckdb: Any = None
        if engine == "duckdb":
            spill = Path(tempfile.gettempdir()) / f"kube_research-{os.getpid()}"
            settings = {"memory_limit": memory, "temp_directory": str(spill)}
            self._duckdb = import_module("duckdb").connect(config=settings)

    def parquet(self, where: Path) -> Any:
        """Return a Parquet file, or a folder of them partitioned by :data:`PARTITIONS`.

        Lazy but for pandas.
        """
        pattern = where / "**/*.parquet" if where.is_dir() else where
        match self.engine:
            case "duckdb":
                files = pattern.as_posix().replace("'", "''")
                how = "hive_partitioning = true, hive_types_autocast = false, union_by_name = true"
                return self._duckdb.sql(f"select * from read_parquet('{files}', {how})")
            case "polars":
                polars = import_module("polars")
                schema = dict.fromkeys(self._partitions(where), polars.String)
                return polars.scan_parquet(
                    pattern, hive_partitioning=bool(schema), hive_schema=schema or None
                )
            case "spark":
                return self._spark(where)
        arrow = import_module("pyarrow")
        schema = arrow.schema([(name, arrow.string()) for name in self._partitions(where)])
        dataset = import_module("pyarrow.dataset")
        partitioning = dataset.partitioning(schema, flavor="hive")
        parts = dataset.dataset(where, format="parquet", partitioning=partitioning)
        return parts.to_table().to_pandas()

    def frame(self, table: pd.DataFrame) -> Any:
        """Return a pandas table as a frame of the engine."""
        if self.engine == "pandas":
            return table
        arrow = import_module("pyarrow").Table.from_pandas(table, preserve_index=False)
        match self.engine:
            case "duckdb":
                return self._duckdb.from_arrow(arrow)
            case "polars":
                return import_module("polars").from_arrow(arrow).lazy()
        return _session().createDataFrame(arrow)

    def _partitions(self, folder: Path) -> list[str]:
        first = next((path.parts for path in sorted(folder.rglob("*.parquet"))), ())
        return [name for name in PARTITIONS if any(part.startswith(f"{name}=") for part in first)]

    def _spark(self, folder: Path) -> Any:
        session = _session()
        setting = "spark.sql.sources.partitionColumnTypeInference.enabled"
        before = session.conf.get(setting)
        session.conf.set(setting, "false")
        try:
            return session.read.parquet(folder.absolute().as_uri())
        finally:
            session.conf.set(setting, before)


def _session() -> Any:
    return import_module("pyspark.sql").SparkSession.builder.getOrCreate()


#: Tables that grow with the number of people; they are frames of the engine, all others pandas frames.
LARGE = ("groups", "members", "ratings", "item_means", "attendance", "ledger", "growth_answers")
_INFO = "programme.toml"


@dataclass(frozen=True)
class SiteScan:
    """Many sites together; each table is an attribute, as of a :class:`~kube_research.site.folder.Site`.

    ``ratings``, ``attendance``, ``ledger``, ``members``, ``item_means`` and ``groups`` are frames of the
    engine, lazy where the engine is; the small tables (``items``, ``rounds``, ``activities``) are pandas
    frames.

    Attributes
    ----------
    where : str
        What was scanned.
    engine : str
        The engine of the large tables.
    name : str
        Name of the programme; empty for a directory of sites.
    scale : (int, int) or None
        Lowest and highest score; None if nothing says so, or if sites differ.
    step : float
        From one score to the next; of sites that differ the finest.
    threshold : float or None
        Means below it are weak; None likewise.
    groups_known : tuple of str or None
        Codes of all groups, where site.toml files give them.
    books : tuple of str
        Codes of the books that the groups keep.
    currency : Currency
        What all amounts are in; whole rupiah where nothing says so, or if sites differ.
    evidence : str
        Grade of rows that say nothing themselves (of several sites: the weakest).
    folder : Path or None
        Where a Parquet programme is; None for a directory of sites.
    info : mapping
        What its ``programme.toml`` says.
    """

    where: str
    engine: str = "duckdb"
    name: str = ""
    scale: tuple[int, int] | None = None
    threshold: float | None = None
    groups_known: tuple[str, ...] | None = None
    books: tuple[str, ...] = BOOKS
    currency: Currency = RUPIAH
    evidence: str = "recorded"
    folder: Path | None = None
    info: Mapping[str, Any] = field(default_factory=dict, repr=False)
    step: float = 1
    _memory: str = field(default="1GB", repr=False)
    _sites: Mapping[str, Path] = field(default_factory=dict, repr=False)
    _lang: str = field(default="en", repr=False)
    _early: tuple[Problem, ...] = field(default=(), repr=False)

    def __getattr__(self, name: str) -> Any:
        if name in tables() or name == "groups":
            return self.table(name)
        raise AttributeError(name)

    @property
    def sites(self) -> tuple[str, ...]:
        """Names of the sites; empty for a Parquet programme."""
        return tuple(self._sites)

    @property
    def score_scale(self) -> tuple[float, ...] | None:
        """The scale with its step, as summaries take it; None if nothing says so, or if sites differ."""
        return None if self.scale is None else (*self.scale, self.step)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the tables there are."""
        return tuple(name for name in ("groups", *tables()) if self.has(name))

    def has(self, *names: str) -> bool:
        """Tell whether there are all the tables named; a Parquet programme may have some of its own."""
        if self.folder is not None:
            return all(self._file(name) is not None for name in names)
        loaded = self._read[0].values()
        return all(any(site.has(name) for site in loaded) for name in names)

    def table(self, name: str) -> Any:
        """Return one table; raise MissingTableError if no site has it."""
        if not self.has(name):
            folder = self.where if self.folder is None else str(self.folder)
            raise missing_table(name, self.name or self.where, folder, self._lang)
        if self.folder is not None:
            frame = self._programme_table(name)
        else:
            joined = pd.concat(self._parts(name), ignore_index=True)
            frame = self._reader.frame(joined) if name in LARGE else joined
        if name in ("ratings", "item_means") and isinstance(frame, pd.DataFrame) and self.scale:
            frame.attrs["scale"] = self.score_scale
        return frame

    @property
    def problems(self) -> list[Problem]:
        """What kept sites out, and warnings: empty when every site found was read whole.

        Problems stand under ``SITE/FILE``. Reading them loads the sites of a directory of sites.
        """
        return sorted({*self._early, *self._read[1]})

    @cached_property
    def _reader(self) -> Reader:
        return Reader(self.engine, self._memory)

    @cached_property
    def _read(self) -> tuple[dict[str, Site], list[Problem]]:
        """Load the sites; return those that are sound by name, and the problems of the others."""
        loaded, broken = {}, []
        for name, folder in self._sites.items():
            try:
                loaded[name] = load_site(folder, lang=self._lang)
            except SiteError as error:
                broken += [
                    replace(problem, file=f"{name}/{problem.file}") for problem in error.problems
                ]
        return loaded, [*broken, *_other_instruments(loaded, self._lang)]

    def _parts(self, name: str) -> Iterable[pd.DataFrame]:
        for site, loaded in self._read[0].items():
            if loaded.has(name):
                info = loaded.info
                place = {"province": info.province or None, "regency": info.regency or None}
                part = loaded.table(name).assign(site=site, **place)
                kinds = dict.fromkeys(("site", *place), "string")
                yield part.astype(kinds)

    def _file(self, name: str) -> Path | None:
        """Return the folder or file of a table of a Parquet programme."""
        folder = self.folder or Path()
        ends = (name, f"{name}.parquet", f"{name}.csv")
        return next((folder / end for end in ends if (folder / end).exists()), None)

    def _programme_table(self, name: str) -> Any:
        path = self._file(name) or Path()
        if path.is_dir() or (path.suffix == ".parquet" and name in LARGE):
            frame = self._reader.parquet(path)
        else:
            small = small_table(path)
            frame = self._reader.frame(small) if name in LARGE else small
        have = column_names(frame)
        if "evidence" not in have:
            grade = nw.lit(self.evidence)
            frame = nw.to_native(query_on(frame).with_columns(evidence=grade))
        if name == "ratings" and {"item", "score"} <= set(have) and self.has("items"):
            frame = with_instrument(frame, self.table("items"), self.scale)
        return frame


def _other_instruments(loaded: Mapping[str, Site], lang: str) -> list[Problem]:
    """Tell of sites whose items are other statements than those of the first, or turned otherwise."""
    first: tuple[str, dict[int, tuple[str, bool]]] | None = None
    problems = []
    for name, site in loaded.items():
        if not site.has("items"):
            continue
        items = site.table("items")
        words = zip(items["item"], items["statement_id"].fillna(""), recoded(items), strict=True)
        asked = {int(item): (wording(said), bool(turned)) for item, said, turned in words}
        first = first or (name, asked)
        here = {item for item, _ in asked.items() ^ first[1].items()}
        if here:
            fill = {"items": ", ".join(map(str, sorted(here))), "site": name, "other": first[0]}
            at = (f"{name}/items", 0, "statement_id", "", "instruments_differ", lang)
            problems.append(located(*at, **fill))
    return problems


def small_table(path: Path) -> pd.DataFrame:
    """Read a small table of a programme; codes stay text, so that no leading zero is lost."""
    if path.suffix != ".csv":
        return pd.read_parquet(path)
    kinds = {column.name: column.kind for table in tables().values() for column in table.columns}
    words = {
        name: "string" for name, kind in kinds.items() if kind not in ("integer", "score", "money")
    }
    return pd.read_csv(path, dtype={**words, **dict.fromkeys(PARTITIONS, "string")})


def scan_sites(
    where: str | Path, *, engine: str = "duckdb", memory: str = "1GB", lang: str = "en"
) -> SiteScan:
    """Find the sites of a programme without reading their tables.

    Parameters
    ----------
    where : str or Path
        A pattern of site folders (``"programme/*"``), a folder of site folders, one site, or a folder
        of Parquet tables partitioned by province and regency, as ``tools.programme`` writes
        them (``TABLE/province=PP/regency=RRRR/*.parquet``) or in one file each (``TABLE.parquet``),
        small tables as CSV, ``programme.toml`` with ``scale``, ``threshold`` and ``evidence``.
    engine : str
        Engine of the large tables: ``"duckdb"``, ``"polars"`` or ``"spark"`` (all lazy), or
        ``"pandas"`` (in memory).
    memory : str
        How much DuckDB may use before it writes to disk; other engines have their own settings.
    lang : {"en", "id"}
        Language of problems.

    Returns
    -------
    SiteScan
        The tables with a column ``site`` (a Parquet programme has none), ``province`` and ``regency``
        (from the names of folders, or from site.toml), and ``problems``: what kept a site out. Site
        folders are read and checked as by :func:`~kube_research.load_site` when a table is first asked
        for; Parquet is read by the engine, only as far as a calculation needs it.

    Raises
    ------
    kube_research.errors.SiteNotFoundError
        If nothing is found there.
    kube_research.errors.OptionError, kube_research.errors.MissingExtraError
        For an unknown engine, or one that is not installed.

    Examples
    --------
    >>> scan = scan_sites("cibeunying-simulated", engine="pandas")
    >>> scan.sites, scan.scale, int(scan.ratings["score"].max())
    (('cibeunying-simulated',), (1, 4), 4)
    """
    check_language(lang)
    need_engine(engine)
    named = str(where) in bundled_sites()
    given = (
        [find_folder(where)] if named else [Path(path) for path in sorted(glob.glob(str(where)))]  # noqa: PTH207
    )
    folders = [path for path in given if path.is_dir()]
    asked: dict[str, Any] = {
        "where": str(where),
        "engine": engine,
        "_memory": memory,
        "_lang": lang,
    }
    if len(folders) == 1:
        if _is_programme(folders[0]):
            return replace(_scan_programme(folders[0], lang), **asked)
        if not _is_site(folders[0]):
            folders = [path for path in sorted(folders[0].iterdir()) if path.is_dir()]
    sites = [path for path in folders if _is_site(path)]
    if not sites:
        raise SiteNotFoundError(text("engines.error.nothing", lang, where=where))
    return replace(_scan_folders(sites, folders, lang), **asked)


def _is_site(folder: Path) -> bool:
    return (folder / "site.toml").is_file() or (folder / "site.xlsx").is_file()


def _is_programme(folder: Path) -> bool:
    parquet = any(
        (folder / f"{name}.parquet").is_file() or next((folder / name).rglob("*.parquet"), None)
        for name in LARGE
    )
    return (folder / _INFO).is_file() or (parquet and not _is_site(folder))


def _scan_programme(folder: Path, lang: str = "en") -> SiteScan:
    raw: dict[str, Any] = {}
    problems = []
    path = folder / _INFO
    if path.is_file():
        try:
            raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        except ValueError:
            problems.append(located(_INFO, 0, "", "", "toml", lang))
    scale: Any = raw.get("scale")
    ends = scale if isinstance(scale, list) and len(scale) == 2 else []
    good = bool(ends) and all(isinstance(end, int) for end in ends)
    cut, step = raw.get("threshold"), raw.get("step", 1)
    evidence, books = raw.get("evidence", "recorded"), raw.get("books")
    return SiteScan(
        str(folder),
        name=str(raw.get("name", "")),
        scale=(ends[0], ends[1]) if good else None,
        threshold=float(cut) if isinstance(cut, int | float) else None,
        books=tuple(map(str, books)) if isinstance(books, list) and books else BOOKS,
        evidence=evidence if evidence in GRADES else "simulated",
        folder=folder,
        info=raw,
        step=step if isinstance(step, int | float) and step > 0 else 1,
        _early=tuple(problems),
    )


def _scan_folders(sites: list[Path], given: list[Path], lang: str) -> SiteScan:
    names = {path: path.name for path in sites}
    if len(set(names.values())) < len(names):
        names = {path: path.as_posix() for path in sites}
    problems = [
        located(path.name, 0, "", "", "not_a_site", lang) for path in given if path not in names
    ]
    infos = [info for path in sites if (info := _info(path, lang)) is not None]
    scales, cuts = {info.scale for info in infos}, {info.threshold for info in infos}
    if len(scales) > 1:
        listed = ", ".join(f"{low}-{high}" for low, high in sorted(scales))
        problems.append(located("site.toml", 0, "", "", "scales_differ", lang, scales=listed))
    currencies = {info.money for info in infos}
    if len(currencies) > 1:
        listed = ", ".join(sorted(f"{one.code} ({one.decimals})" for one in currencies))
        problems.append(
            located("site.toml", 0, "", "", "currencies_differ", lang, currencies=listed)
        )
    return SiteScan(
        "",
        currency=currencies.pop() if len(currencies) == 1 else RUPIAH,
        scale=scales.pop() if len(scales) == 1 else None,
        threshold=cuts.pop() if len(cuts) == 1 else None,
        groups_known=tuple(sorted({group for info in infos for group in info.groups})) or None,
        books=tuple(dict.fromkeys(book for info in infos for book in info.books)) or BOOKS,
        evidence=weakest(info.evidence for info in infos),
        step=min((info.step for info in infos), default=1),
        _sites={name: path for path, name in names.items()},
        _early=tuple(problems),
    )


def _info(folder: Path, lang: str) -> SiteInfo | None:
    if (folder / "site.toml").is_file():
        return read_info(folder, lang)[0]
    try:
        return load_site(folder, lang=lang).info
    except SiteError:
        return None


def open_programme(folder: str | Path | None = None) -> SiteScan:
    """Open a programme folder without reading its large tables.

    Parameters
    ----------
    folder : str or Path, optional
        Holds ``programme.toml`` (name, scale, threshold), small tables as CSV, and large ones as
        Parquet, in parts by province and regency or in one. Default: the folder that ``$KUBE_SITE``
        names, if it is one, else the small simulated programme that comes with the package.

    Returns
    -------
    SiteScan
        With its ``name``, ``scale``, ``threshold``, ``folder`` and ``info`` (what ``programme.toml``
        says). Large tables are lazy relations of DuckDB, which is needed once one is asked for.

    Raises
    ------
    kube_research.errors.SiteNotFoundError
        If there is no ``programme.toml``.

    Examples
    --------
    >>> programme = open_programme()
    >>> programme.scale, len(programme.table("items"))
    ((1, 4), 30)
    """
    if folder is None:
        named = Path(os.environ.get("KUBE_SITE", ""))
        folder = named if (named / _INFO).is_file() else home() / "data" / "contoh-programme"
    folder = Path(folder)
    if not (folder / _INFO).is_file():
        raise SiteNotFoundError(text("programme.error.no_programme", folder=folder))
    return _scan_programme(folder)


def programme_inventory(programme: SiteScan) -> pd.DataFrame:
    """Return what a programme holds: one row a table with its rows, counted where they lie.

    Examples
    --------
    >>> held = programme_inventory(open_programme())
    >>> held[held["table"] == "ratings"][["rows", "evidence"]].values.tolist()
    [[231002, 'simulated']]
    """
    rows = []
    stems = {path.stem for path in (programme.folder or Path()).iterdir()}
    for name in sorted(stem for stem in stems if programme.has(stem)):
        grades = query_on(programme.table(name)).group_by("evidence").agg(nw.len().alias("rows"))
        counts = in_memory(nw.to_native(grades))
        grade = weakest(counts["evidence"].dropna())
        rows.append({"table": name, "rows": int(counts["rows"].sum()), "evidence": grade})
    return pd.DataFrame(rows).astype({"evidence": "string"})
