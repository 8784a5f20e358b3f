"""A frame and how each of its columns is written: what notebooks, files and reports show of it.

There is one such object behind every table a reader sees, so that a notebook, a CSV or Markdown file, a
Word report and a page write the same value in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from kube_research.files import replace_file
from kube_research.formats import Currency, currency_of, in_currency, whole

#: Columns of p-values, which want one more digit (0.0625 is what five groups can attain).
P_VALUES = ("p", "p_adjusted", "smallest_p")
#: From this on numbers are rupiah rather than scores: whole, with their thousands marked.
LARGE = 10_000
#: How a page marks cells of words and cells of numbers; the first is what notebooks need, which have
#: no style sheet of ours.
INLINE = (
    ' style="text-align:left;vertical-align:top"',
    ' style="text-align:right;vertical-align:top"',
)


@dataclass(frozen=True)
class Column:
    """A column of a table: its heading, its values, and how each value is written.

    Attributes
    ----------
    head : str
    values : sequence
    numeric : bool
        Whether its cells stand to the right.
    width : float
        Its share of the width of a page, against the other columns.
    write : callable
        Returns a value as readers see it; a missing one is blank.
    plain : callable, optional
        Returns a value as other programs read it, where that is not the value itself.
    """

    head: str
    values: Sequence[Any] | pd.Series
    numeric: bool = True
    width: float = 1.0
    write: Callable[[Any], str] = str
    plain: Callable[[Any], str] | None = None

    @cached_property
    def cells(self) -> tuple[str, ...]:
        """The values as they are written."""
        return tuple("" if pd.isna(value) else self.write(value) for value in self.values)

    @property
    def bare(self) -> list[Any]:
        """The values for other programs."""
        plain = self.plain or (lambda value: value)
        return [value if pd.isna(value) else plain(value) for value in self.values]


@dataclass(frozen=True)
class Shown:
    """A table as readers see it.

    Attributes
    ----------
    columns : tuple of Column
    parts : tuple of str
        For each row the part of the table it belongs to; a row that names the part stands above it.
        Empty for a table without parts.

    Examples
    --------
    >>> Shown.of(pd.DataFrame({"mean": [2.46666], "rupiah": [1500000]})).rows
    (('2.467', '1,500,000'),)
    """

    columns: tuple[Column, ...]
    parts: tuple[str, ...] = ()

    @classmethod
    def of(cls, frame: pd.DataFrame, lang: str = "en", digits: int = 3) -> Shown:
        """Return a frame as readers of ``lang`` see it: rounded numbers to the right, text to the left.

        Columns that say the same in the other language are left out. In columns that reach five digits
        (rupiah) numbers are whole and have their thousands marked, and decimals are written as readers
        of ``lang`` expect; a very small number is a power of ten, never 0.000. Amounts of another
        currency (:func:`~kube_research.formats.as_money`) have the decimals of that currency.
        """
        other = "id" if lang == "en" else "en"
        twice = [f"{str(n)[:-2]}{other}" for n in frame.columns if str(n).endswith(f"_{lang}")]
        money = {name: currency_of(frame) for name in frame.attrs.get("money", ())}
        columns = []
        for name, column in frame.drop(columns=[n for n in twice if n in frame]).items():
            shown = Column(str(name), column, _is_number(column))
            if shown.numeric and name in money:
                paid = money[str(name)]
                shown = replace(shown, write=_money(lang, paid), plain=paid.plain)
            else:
                shown = replace(shown, write=_writer(column, lang, digits))
            columns.append(shown)
        return cls(tuple(columns))

    @property
    def heads(self) -> tuple[str, ...]:
        """The headings of the columns."""
        return tuple(column.head for column in self.columns)

    @cached_property
    def _lined_up(self) -> tuple[tuple[tuple[str, ...], ...], frozenset[int]]:
        rows: list[tuple[str, ...]] = []
        naming: list[int] = []
        for at, row in enumerate(zip(*(column.cells for column in self.columns), strict=True)):
            if self.parts and (at == 0 or self.parts[at] != self.parts[at - 1]):
                naming.append(len(rows))
                rows.append((self.parts[at], *[""] * (len(row) - 1)))
            rows.append(row)
        return tuple(rows), frozenset(naming)

    @property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        """The rows of cells, with a row that names the part above every part."""
        return self._lined_up[0]

    @property
    def sections(self) -> frozenset[int]:
        """Places of the rows that only name what the rows below them share."""
        return self._lined_up[1]

    def html(
        self,
        caption: str = "",
        marks: tuple[str, str] = INLINE,
        write: Callable[[str], str] = lambda cell: escape(cell).replace("\n", "<br>"),
        scope: str = "",
    ) -> str:
        """Return an HTML table.

        Parameters
        ----------
        caption : str
            HTML that stands before the head of the table.
        marks : (str, str)
            Attributes of cells of words, and of cells of numbers.
        write : callable
            Returns a cell as HTML.
        scope : str
            Attribute of the headings of columns.
        """
        looks = [marks[column.numeric] for column in self.columns]
        lines = [f"<table>{caption}", "<thead><tr>"]
        lines += [
            f"<th{scope}{look}>{escape(head)}</th>"
            for head, look in zip(self.heads, looks, strict=True)
        ]
        lines += ["</tr></thead>", "<tbody>"]
        for at, row in enumerate(self.rows):
            if at in self.sections:
                inner = f'<th colspan="{len(row)}">{escape(row[0])}</th>'
            else:
                filled = zip(row, looks, strict=True)
                inner = "".join(f"<td{look}>{write(cell)}</td>" for cell, look in filled)
            lines.append(f"<tr>{inner}</tr>")
        return "\n".join([*lines, "</tbody>", "</table>"])

    def markdown(self) -> str:
        r"""Return a table in GitHub's Markdown; lines within a cell become ``<br>``.

        Examples
        --------
        >>> print(Shown.of(pd.DataFrame({"a": ["x\ny"]})).markdown())
        | a      |
        |:-------|
        | x<br>y |
        """
        from tabulate import tabulate

        rows = [[cell.replace("\n", "<br>") for cell in row] for row in self.rows]
        return str(tabulate(rows, headers=self.heads, tablefmt="pipe", disable_numparse=True))

    def csv(self) -> str:
        """Return the values themselves, for other programs; only the headings are words."""
        values = {at: column.bare for at, column in enumerate(self.columns)}
        return str(
            pd.DataFrame(values, dtype=object).to_csv(
                index=False, header=list(self.heads), lineterminator="\n"
            )
        )

    def save(self, folder: Path, name: str, title: str = "") -> list[Path]:
        """Write the table as ``name.csv`` and ``name.md``; return the two files."""
        folder.mkdir(parents=True, exist_ok=True)
        heading = f"**{title}**\n\n" if title else ""
        contents = {
            folder / f"{name}.csv": self.csv(),
            folder / f"{name}.md": f"{heading}{self.markdown()}\n",
        }
        for path, content in contents.items():
            replace_file(path, content.encode())
        return list(contents)


def _money(lang: str, currency: Currency) -> Callable[[Any], str]:
    """Return how amounts of a currency are written in a table."""
    return lambda amount: in_currency(amount, lang, currency)


def _is_number(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def _writer(column: pd.Series, lang: str, digits: int) -> Callable[[Any], str]:
    """Return how the values of a column are written, which depends on all of them."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return "{:%Y-%m-%d}".format
    if not _is_number(column):
        return str
    if (column.abs() >= LARGE).any():
        return lambda value: whole(value, lang)
    if not pd.api.types.is_float_dtype(column):
        return str
    places = digits + 1 if column.name in P_VALUES else digits

    def decimal(value: float) -> str:
        small = 0 < abs(value) < 0.5 * 10**-places
        written = f"{value:.1e}" if small else f"{value:.{places}f}"
        return written.replace(".", ",") if lang == "id" else written

    return decimal
