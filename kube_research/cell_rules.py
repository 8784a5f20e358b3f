"""The rules that a cell keeps by itself: filled in, of its kind, among the allowed, large enough."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from kube_research.schema import PATTERNS, Column, tables

if TYPE_CHECKING:
    import pandas as pd

_DATE = re.compile(r"(?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}")


def broken_cells(frame: pd.DataFrame, name: str) -> Iterator[tuple[int, str, str, str]]:
    """Yield every cell of a text table that breaks a rule, with the first rule it breaks.

    Parameters
    ----------
    frame : DataFrame
        Cells as text, blank ones missing, indexed by spreadsheet row. Columns that are absent are
        none of its business.
    name : str
        Name of the table.

    Yields
    ------
    (int, str, str, str)
        Row, column, rule (``required``, ``type_date`` and the other kinds, ``choice``, ``minimum``)
        and what stands in the cell.

    Examples
    --------
    >>> import pandas as pd
    >>> list(broken_cells(pd.DataFrame({"item": ["1", "x", "0"]}, dtype="string"), "items"))
    [(1, 'item', 'type_integer', 'x'), (2, 'item', 'minimum', '0')]
    """
    for column in tables()[name].columns:
        if column.name not in frame:
            continue
        cells = frame[column.name]
        blank = cells.isna()
        if not column.empty:
            for row in frame.index[blank]:
                yield int(row), column.name, "required", ""
        rules = {value: broken_rule(column, value) for value in cells[~blank].unique()}
        found = cells[cells.isin([value for value, rule in rules.items() if rule])]
        for row, value in found.items():
            yield int(str(row)), column.name, rules[value], value


def broken_rule(column: Column, cell: str) -> str:
    """Return the first rule that a filled cell breaks, or nothing.

    Examples
    --------
    >>> broken_rule(tables()["ledger"].column("date"), "2015-02-29")
    'type_date'
    """
    pattern = PATTERNS.get(column.kind)
    if (pattern and not re.fullmatch(pattern, cell)) or (column.kind == "date" and not _day(cell)):
        return f"type_{column.kind}"
    if column.allowed and cell not in column.allowed:
        return "choice"
    if column.minimum is not None and float(cell) < column.minimum:
        return "minimum"
    return ""


def _day(cell: str) -> bool:
    """Tell whether a text is a day of the calendar in ISO form."""
    if not _DATE.fullmatch(cell):
        return False
    try:
        dt.date.fromisoformat(cell)
    except ValueError:
        return False
    return True
