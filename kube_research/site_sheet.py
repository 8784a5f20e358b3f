"""The sheet ``site`` of a workbook, which stands for ``site.toml``: two columns, key and value."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

from kube_research.check_text import Problem
from kube_research.local_values import read_date, read_number
from kube_research.site_info import SiteInfo, broken_entries, info_from
from kube_research.texts import text

if TYPE_CHECKING:
    import pandas as pd

_LIST = re.compile(r"\s*[,;]\s*")
_WIDE_LIST = re.compile(r"\s*;\s*|,\s+")
_PAIR = re.compile(r"\s*(?:[,;]|(?<=[0-9])\s*-|\bto\b|\bsampai\b|\bs\.?d\.?|\bs/d\b)\s*")


def info_from_sheet(
    frame: pd.DataFrame, file: str, lang: str = "en"
) -> tuple[SiteInfo | None, list[Problem]]:
    """Read the entries of a site from its sheet.

    Parameters
    ----------
    frame : DataFrame
        Text cells, the index holding the rows of the sheet; columns ``key`` and ``value``. Lists are
        written with commas (``01, 02``), lists of scales with semicolons (``1, 4; 1, 5``).
    file : str
        How problems name the sheet: ``site.xlsx[site]``.
    lang : {"en", "id"}
        Language of the problems.

    Returns
    -------
    SiteInfo or None
        None if there is any problem.
    list of Problem

    Examples
    --------
    >>> import pandas as pd
    >>> sheet = pd.DataFrame({"key": ["scale"], "value": ["5"]}, index=[2], dtype="string")
    >>> [problem.row for problem in info_from_sheet(sheet, "site.xlsx[site]")[1]][0]
    2
    """
    problems: list[Problem] = []

    def add(code: str, row: int = 0, column: str = "", value: str = "", **fill: object) -> None:
        said, todo = text(f"problem.{code}", lang, **fill), text(f"remedy.{code}", lang, **fill)
        problems.append(Problem(file, row, column, value, said, todo, code, lang=lang))

    names = {str(name).lower(): name for name in frame.columns}
    if not {"key", "value"} <= names.keys():
        add("sheet_key_header", 1, "key" if "key" not in names else "value")
        return None, problems
    rows: dict[str, int] = {}
    written: dict[str, str] = {}
    cells = frame[[names["key"], names["value"]]].fillna("")
    for row, key, value in zip(cells.index, *(cells[name] for name in cells.columns), strict=True):
        key = str(key).strip().lower()
        if key in rows:
            add("key_twice", int(row), "key", key)
        elif key and value:
            rows[key], written[key] = int(row), str(value)
        elif value:
            add("required", int(row), "key", "", description="key")
    raw = {key: _typed(key, value) for key, value in written.items()}
    for code, key, fill in broken_entries(raw):
        if "example" in fill:
            fill = {"example": _as_row(str(fill["example"]))}
        if code == "key_missing":
            add(code, 0, key, "", **fill)
        elif code == "unknown_key":
            add(code, rows[key], "key", key, **fill)
        else:
            add(code, rows[key], "value", written[key], **fill)
    return (None if problems else info_from(raw)), problems


def _typed(key: str, value: str) -> Any:
    """Give an entry the type of TOML; what cannot be read stays text and is refused later."""
    match key:
        case "groups":
            return [code for code in _LIST.split(value) if code]
        case "scale":
            return _whole_pair(value)
        case "scales":
            return [_whole_pair(part) for part in value.split(";") if part.strip()]
        case "threshold":
            return _number(value)
        case "thresholds":
            return [_number(part) for part in _WIDE_LIST.split(value) if part]
        case "period" | "books_period":
            days = [read_date(part).value for part in _days(value)]
            return [dt.date.fromisoformat(day) for day in days] if all(days) else value
        case "language" | "rounding" | "evidence":
            return value.lower()
        case _:
            return value


def _days(value: str) -> list[str]:
    return re.split(r"\s*[,;]\s+|\s*;\s*|,(?=[0-9])|\s+(?:-|–|to|sampai|s/d|s\.d\.?)\s+", value)


def _whole_pair(value: str) -> Any:
    parts = _PAIR.split(value.strip())
    whole = [re.fullmatch(r"-?[0-9]{1,9}", part) is not None for part in parts]
    return [int(part) for part in parts] if all(whole) else value


def _number(value: str) -> Any:
    reading = read_number(value, "printed")
    if not reading.ok:
        return value
    return float(reading.value) if "." in reading.value else int(reading.value)


def _as_row(example: str) -> str:
    """Write an example of TOML as the two cells of the sheet: ``scale | 1, 4``."""
    key, value = example.split(" = ", 1)
    plain = value.replace("], [", "; ").translate(str.maketrans("", "", '[]"'))
    return f"{key} | {plain}"
