"""The columns of every table, read from ``schema.toml``: types, checks and codebook come from here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from kube_research.files import declared
from kube_research.frames import GRADES

if TYPE_CHECKING:
    import pandas as pd

#: What the text of a cell must look like, by kind of column.
PATTERNS = {
    "integer": r"[+-]?[0-9]{1,9}",
    "money": r"[+-]?[0-9]{1,15}",
    "percent": r"(?:100(?:\.0{1,9})?|[0-9]{1,2}(?:\.[0-9]{1,9})?)",
    "printed": r"-?[0-9]{1,9}(?:\.[0-9]{1,9})?",
    "time": r"(?:[01][0-9]|2[0-3]):[0-5][0-9]",
    "code": r"[^\W_][\w.\-]*",
}

_FRICTIONLESS = {
    "integer": "integer",
    "money": "integer",
    "percent": "number",
    "date": "date",
    "time": "string",
}


@dataclass(frozen=True)
class Column:
    """One column: what it is called, what may stand in it, what it means."""

    name: str
    kind: str
    en: str
    id: str
    need: bool = True
    empty: bool = False
    allowed: tuple[str, ...] = ()
    minimum: int | None = None
    unit: str = ""

    @cached_property
    def rules(self) -> tuple[tuple[str, str, Any], ...]:
        """Rules of a filled cell in the order they are told: code, what is asked, its bound."""
        rules: list[tuple[str, str, Any]] = []
        if self.kind in PATTERNS:
            rules.append((f"type_{self.kind}", "pattern", PATTERNS[self.kind]))
        if self.kind == "date":
            rules.append(("type_date", "day", None))
        if self.allowed:
            rules.append(("choice", "one of", self.allowed))
        if self.minimum is not None:
            rules.append(("minimum", "at least", self.minimum))
        return tuple(rules)

    def describe(self, lang: str) -> str:
        """Return the meaning of the column in ``lang``."""
        return self.en if lang == "en" else self.id


@dataclass(frozen=True)
class Reference:
    """Columns whose values must exist in another table."""

    columns: tuple[str, ...]
    table: str
    to: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """One table: its columns, what makes a row unique, and what it refers to."""

    name: str
    title: dict[str, str]
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    references: tuple[Reference, ...]

    def column(self, name: str) -> Column:
        """Return the column called ``name`` (KeyError if there is none)."""
        return next(column for column in self.columns if column.name == name)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all columns, in order."""
        return tuple(column.name for column in self.columns)


_PROVENANCE = (
    Column(
        "evidence",
        "choice",
        "How firmly the row is known",
        "Seberapa kuat baris ini diketahui",
        need=False,
        empty=True,
        allowed=GRADES,
    ),
    Column(
        "locator",
        "text",
        "Where the source says it",
        "Di mana sumber menyatakannya",
        need=False,
        empty=True,
    ),
)


def _column(entry: dict[str, Any]) -> Column:
    known = {**entry, "allowed": tuple(entry.get("allowed", ())), "minimum": entry.get("min")}
    known.pop("min", None)
    return Column(**known)


@cache
def tables() -> dict[str, Table]:
    """Return every table by name, in the order of the codebook.

    Examples
    --------
    >>> tables()["ratings"].key
    ('round', 'rater', 'item')
    """
    raw = declared("site/schema.toml")
    return {
        name: Table(
            name=name,
            title=entry["title"],
            columns=tuple(_column(column) for column in entry["columns"]) + _PROVENANCE,
            key=tuple(entry["key"]),
            references=tuple(
                Reference(tuple(ref["columns"]), ref["table"], tuple(ref["to"]))
                for ref in entry.get("refs", ())
            ),
        )
        for name, entry in raw.items()
    }


def typed(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Turn a checked table of text into its types.

    Parameters
    ----------
    frame : DataFrame
        Text cells that keep the rules of :func:`~kube_research.site.rules.broken_cells`.
    name : str
        Name of the table.

    Returns
    -------
    DataFrame
        Whole numbers as ``Int64``, percentages as ``Float64``, dates as ``datetime64``, all else as
        ``string``; printed numbers stay text, because their trailing zeros carry information.
    """
    import pandas as pd

    done: dict[str, Any] = {}
    for column in tables()[name].columns:
        if column.name not in frame:
            continue
        cells = frame[column.name]
        if column.kind in ("integer", "money"):
            done[column.name] = pd.to_numeric(cells).astype("Int64")
        elif column.kind == "percent":
            done[column.name] = pd.to_numeric(cells).astype("Float64")
        elif column.kind == "date":
            done[column.name] = pd.to_datetime(cells, format="%Y-%m-%d").astype("datetime64[ns]")
        else:
            done[column.name] = cells.astype("string")
    return pd.DataFrame(done)


def data_package(present: Iterable[str] | None = None) -> dict[str, Any]:
    """Return the codebook as a Frictionless Data Package descriptor.

    Parameters
    ----------
    present : iterable of str, optional
        Names of the tables a site holds; all tables by default.

    Returns
    -------
    dict
        Ready for ``json.dump``.
    """
    wanted = set(tables()) if present is None else set(present)
    return {
        "name": "kube-research-site",
        "title": "Tables of a kube_research site",
        "resources": [
            _resource(table, wanted) for table in tables().values() if table.name in wanted
        ],
    }


def _resource(table: Table, wanted: set[str]) -> dict[str, Any]:
    schema: dict[str, Any] = {"fields": [_field(column) for column in table.columns]}
    schema["missingValues"] = [""]
    schema["fieldsMatch"] = "superset"
    if table.key:
        schema["primaryKey"] = list(table.key)
    keys = [
        {
            "fields": list(ref.columns),
            "reference": {
                "resource": "" if ref.table == table.name else ref.table,
                "fields": list(ref.to),
            },
        }
        for ref in table.references
        if ref.table in wanted
    ]
    if keys:
        schema["foreignKeys"] = keys
    return {
        "name": table.name,
        "path": f"{table.name}.csv",
        "title": table.title["en"],
        "title_id": table.title["id"],
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": schema,
    }


def _field(column: Column) -> dict[str, Any]:
    constraints: dict[str, Any] = {}
    if column.need and not column.empty:
        constraints["required"] = True
    if column.allowed:
        constraints["enum"] = list(column.allowed)
    if column.minimum is not None:
        constraints["minimum"] = column.minimum
    if column.kind == "percent":
        constraints |= {"minimum": 0, "maximum": 100}
    if column.kind in ("printed", "code", "time"):
        constraints["pattern"] = PATTERNS[column.kind]
    field: dict[str, Any] = {
        "name": column.name,
        "type": _FRICTIONLESS.get(column.kind, "string"),
        "description": column.en,
        "description_id": column.id,
    }
    if column.unit:
        field["unit"] = column.unit
    if constraints:
        field["constraints"] = constraints
    return field
