"""Whole tables of text brought into the plain form that types are made from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kube_research.local_values import (
    LOCAL_KINDS,
    Reading,
    decimal_comma,
    point_or_thousand,
    read_value,
)
from kube_research.schema import PATTERNS, tables

if TYPE_CHECKING:
    import pandas as pd

_ISO = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"

Refused = dict[tuple[int, str], Reading]


def localised(frame: pd.DataFrame, name: str) -> tuple[pd.DataFrame, Refused]:
    """Bring every number, date and hour of a text table into its plain form.

    Parameters
    ----------
    frame : DataFrame
        Text cells, as the readers give them.
    name : str
        Name of the table.

    Returns
    -------
    DataFrame
        The same cells; those in a local form with one reading are rewritten (``Rp 1.500`` to ``1500``,
        ``5 Maret 2016`` to ``2016-03-05``), those that are refused stand as they were.
    dict of (row, column) to Reading
        Why a cell is refused. Cells that are already plain are not looked at again, so an impossible
        ISO date is left to the checks.

    Notes
    -----
    A column of printed numbers or percentages keeps a plain ``2.467``. Where another cell of the column
    marks decimals by a comma, the same cell may be in thousands and is refused with both readings.

    Examples
    --------
    >>> import pandas as pd
    >>> book = pd.DataFrame({"date": ["5 Maret 2016"], "amount": ["(20.000)"]}, dtype="string")
    >>> localised(book, "ledger")[0].iloc[0].tolist()
    ['2016-03-05', '-20000']
    """
    refused: Refused = {}
    changed: dict[str, pd.Series] = {}
    for column in tables()[name].columns:
        if column.kind not in LOCAL_KINDS or column.name not in frame:
            continue
        cells = frame[column.name]
        plain = re.compile(PATTERNS.get(column.kind, _ISO))
        texts = [text for text in cells.dropna().unique() if not plain.fullmatch(text)]
        if not texts:
            continue
        known = {text: read_value(text, column.kind) for text in texts}
        odd = cells[cells.isin(texts)]
        for row, text in odd.items():
            if not known[text].ok:
                refused[int(str(row)), column.name] = known[text]
        values = odd.map(lambda text, known=known: known[text].value or text)
        changed[column.name] = cells.where(~cells.index.isin(odd.index), values)
        changed[column.name] = changed[column.name].astype("string")
        commas = any(decimal_comma(text) and reading.ok for text, reading in known.items())
        if column.kind in ("printed", "percent") and commas:
            for row, text in cells.drop(odd.index).dropna().items():
                if point_or_thousand(text):
                    refused[int(str(row)), column.name] = read_value(text, column.kind)
    return frame.assign(**changed), refused
