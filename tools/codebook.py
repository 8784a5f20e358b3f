"""The codebook, ``datapackage.json``: the columns of every table as a Frictionless Data Package."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kube_research.site.schema import PATTERNS, Column, Table, tables

_FRICTIONLESS = {
    "integer": "integer",
    "score": "number",
    "money": "integer",
    "percent": "number",
    "positive": "number",
    "date": "date",
    "time": "string",
}


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
        constraints |= {"minimum": 0, "maximum": column.most}
    if column.kind == "positive":  # more than 0, which version 1 of the format cannot say
        constraints["minimum"] = 0
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
