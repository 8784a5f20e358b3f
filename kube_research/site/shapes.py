"""Tables in the shapes in which people keep them become the rows of ours, each with its place."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from kube_research.site.schema import WIDE_ITEM

if TYPE_CHECKING:
    import pandas as pd


def is_wide(columns: Iterable[str]) -> bool:
    """Tell whether ratings have one column an item (``9``, ``item_9``, ``butir 9``)."""
    names = set(columns)
    return not {"item", "score"} & names and any(WIDE_ITEM.fullmatch(name) for name in names)


def lengthen(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[tuple[int, str]]]:
    """Turn wide text ratings into long ones.

    Blank cells stay as missing scores, exactly like a blank score in long ratings.

    Returns
    -------
    DataFrame
        Long text ratings with a plain index 0, 1, ...
    list of (int, str)
        For each of its rows, the spreadsheet row and the column it came from.
    """
    names = [str(name) for name in frame.columns]
    items = {name: str(int(hit[1])) for name in names if (hit := WIDE_ITEM.fullmatch(name))}
    keep = [name for name in names if name not in items]
    long = frame.melt(keep, list(items), "item", "score", ignore_index=False)
    places = [(int(str(row)), name) for row, name in long["item"].items()]
    long["item"] = long["item"].map(items)
    return long.reset_index(drop=True).astype("string"), places
