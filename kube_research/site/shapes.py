"""Tables in the shapes in which people keep them become the rows of ours, each with its place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from kube_research.site.schema import WIDE_ITEM

if TYPE_CHECKING:
    import pandas as pd


class Remark(NamedTuple):
    """What is to be told of a table that was read in the shape in which people keep it."""

    row: int
    column: str
    value: str
    code: str
    fill: Mapping[str, object] = {}
    severity: str = "error"


@dataclass(frozen=True)
class Places:
    """Where the cells of our rows stood in a table that was kept in another shape.

    Attributes
    ----------
    written : DataFrame
        The cells as they are written, by spreadsheet row.
    rows : sequence of int
        The spreadsheet row of each of our rows; empty if these have the same labels.
    heads : dict of str to str
        What is written above the column that became one of ours.
    above : dict of str to sequence of str
        For one of our columns that was several: what is written above the cell of each row.
    titles : tuple of str
        Our columns whose cells are headers there, and so stand in row 1.
    """

    written: pd.DataFrame
    rows: Sequence[int] = ()
    heads: Mapping[str, str] = field(default_factory=dict)
    above: Mapping[str, Mapping[int, str] | Sequence[str]] = field(default_factory=dict)
    titles: tuple[str, ...] = ()

    def row(self, label: int) -> int:
        """Return the spreadsheet row of an index label."""
        return self.rows[label] if self.rows else label

    def cell(self, label: int, column: str) -> tuple[int, str, str]:
        """Return the spreadsheet row, the header and what is written in a cell."""
        row = self.row(label)
        head = self.above[column][label] if column in self.above else self.heads.get(column, column)
        if column in self.titles:
            return 1, head, head
        there: Any = self.written.at[row, head] if head in self.written else None
        return row, head, there if isinstance(there, str) else ""


@dataclass(frozen=True)
class Reshaped:
    """A table as ours, where its cells stood, and what is to be told of the reading."""

    frame: pd.DataFrame
    places: Places
    remarks: tuple[Remark, ...] = ()


def is_wide(columns: Iterable[str]) -> bool:
    """Tell whether ratings have one column an item (``9``, ``item_9``, ``butir 9``)."""
    names = set(columns)
    return not {"item", "score"} & names and any(WIDE_ITEM.fullmatch(name) for name in names)


def lengthen(frame: pd.DataFrame) -> tuple[pd.DataFrame, Places]:
    """Turn wide text ratings into long ones.

    Blank cells stay as missing scores, exactly like a blank score in long ratings.

    Returns
    -------
    DataFrame
        Long text ratings with a plain index 0, 1, ...
    Places
        Where each of its rows stood.
    """
    names = [str(name) for name in frame.columns]
    items = {name: str(int(hit[1])) for name in names if (hit := WIDE_ITEM.fullmatch(name))}
    keep = [name for name in names if name not in items]
    long = frame.melt(keep, list(items), "item", "score", ignore_index=False)
    rows, above = [int(str(row)) for row in long.index], [str(name) for name in long["item"]]
    places = Places(frame, rows, above={"item": above, "score": above}, titles=("item",))
    long["item"] = long["item"].map(items)
    return long.reset_index(drop=True).astype("string"), places
