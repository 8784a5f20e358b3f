"""Text written to spreadsheets never runs as a formula, and is read back unchanged."""

from __future__ import annotations

import re

_SIGNS = "=+\\-@\uff1d\uff0b\uff0d\uff20"  # also in their wide East Asian form
_START = re.compile(rf"'*(?:[\t\r\n]|\s*[{_SIGNS}])")
_STARTED = re.compile(rf"'+(?:[\t\r\n]|\s*[{_SIGNS}])")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)*")

#: Where a cell would begin for a program that splits the line at another separator than ours.
_INNER = re.compile(rf"([;,\t\r\n|][\s\"]*)('*(?:[{_SIGNS}](?<!-)|-(?=[^\s'\"])))")
_INNER_DONE = re.compile(rf"([;,\t\r\n|][\s\"]*)'('*(?:[{_SIGNS}](?<!-)|-(?=[^\s'\"])))")


def safe_text(value: str) -> str:
    r"""Return a text as it may stand in a CSV file that is opened in a spreadsheet.

    Parameters
    ----------
    value : str
        Any text, also what somebody typed into a form.

    Returns
    -------
    str
        The text, with an apostrophe before everything that a spreadsheet would take for a formula: a
        leading ``=``, ``+``, ``-``, ``@``, tab or line break, and the same signs behind a separator,
        for programs that split the line there. Plain numbers (``-25000``) stay as they are.
        :func:`plain_text` takes the apostrophes off again, as the readers of sites do.

    Notes
    -----
    In a workbook nothing is needed but to write text cells as text (``write_string`` of xlsxwriter,
    ``data_type = "s"`` of openpyxl).

    Examples
    --------
    >>> safe_text("=1+1"), safe_text("-25000"), safe_text("kas; @A1"), safe_text("Rp 500,- per orang")
    ("'=1+1", '-25000', "kas; '@A1", 'Rp 500,- per orang')
    >>> plain_text(safe_text("'=1+1"))
    "'=1+1"
    """
    if _NUMBER.fullmatch(value):
        return value
    value = _INNER.sub(r"\1'\2", value)
    return f"'{value}" if _START.match(value) else value


def plain_text(value: str) -> str:
    """Take off the apostrophes that :func:`safe_text` has put before formulas.

    Examples
    --------
    >>> plain_text("'=1+1"), plain_text("'kas'")
    ('=1+1', "'kas'")
    """
    return _INNER_DONE.sub(r"\1\2", value[1:] if _STARTED.match(value) else value)
