"""The names above the columns: which row holds them, and which of ours is meant by another word."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Collection, Sequence
from functools import cache
from pathlib import Path

from kube_research.local_values import LOCAL_KINDS, decimal_comma, read_value
from kube_research.schema import PATTERNS, Column, tables

#: A column of wide ratings: ``9``, ``item_9``, ``butir 9``.
WIDE_ITEM = re.compile(r"(?:item[ _]?|butir[ _]?)?([0-9]{1,9})", re.IGNORECASE)

_LOOK_DOWN = 15


@cache
def _synonyms() -> dict[str, tuple[str, ...]]:
    """Return our names for each word people use above a column."""
    with (Path(__file__).parent / "header_names.toml").open("rb") as handle:
        raw: dict[str, list[str]] = tomllib.load(handle)
    meant: dict[str, list[str]] = {}
    for name, words in raw.items():
        for word in words:
            meant.setdefault(word, []).append(name)
    return {word: tuple(names) for word, names in meant.items()}


def _word(name: str) -> str:
    return re.sub(r"[\W_]+", "_", name.casefold()[:80]).strip("_")


@cache
def known_names(table: str) -> frozenset[str]:
    """Return the names of a table's columns and the words that stand for them, in lower case.

    Examples
    --------
    >>> "kelompok" in known_names("ratings"), known_names("notes")
    (True, frozenset())
    """
    if table == "site":
        return frozenset({"key", "value"})
    names = tables()[table].names if table in tables() else ()
    words = {word for word, ours in _synonyms().items() if set(ours) & set(names)}
    return frozenset({*names, *words})


def meant_column(name: str, absent: Collection[str]) -> str:
    """Return the absent column that was probably meant by a name, or an empty text.

    Examples
    --------
    >>> meant_column("Kelompok", ["group", "rater"]), meant_column("N rater", ["n_raters"])
    ('group', 'n_raters')
    """
    word = _word(name)
    if word in absent:
        return word
    if ours := [one for one in _synonyms().get(word, ()) if one in absent]:
        return ours[0]
    near = difflib.get_close_matches(word, absent, n=1, cutoff=0.7)
    return near[0] if near else ""


def named_row(rows: Sequence[Sequence[str]], table: str) -> int:
    """Return the row, counted from 1, that holds the names of the columns if it is not row 1, else 0.

    Examples
    --------
    >>> named_row([["Daftar anggota", ""], ["person", "group"], ["A1", "01"]], "members")
    2
    """
    known = known_names(table)

    def count(row: Sequence[str]) -> int:
        names = {cell for cell in row if cell}
        wide = [name for name in names if table == "ratings" and _named_item(name)]
        return len({_word(name) for name in names} & known) + len(wide)

    first = count(rows[0])
    best = max(range(len(rows[:_LOOK_DOWN])), key=lambda place: (count(rows[place]), -place))
    return best + 1 if best and count(rows[best]) >= max(2, 2 * first + 1) else 0


def _named_item(name: str) -> bool:
    return WIDE_ITEM.fullmatch(name) is not None and not name.isdigit()


def merged_comma(
    row: Sequence[str], header: Sequence[str], table: str
) -> tuple[int, list[str]] | None:
    """Undo the comma that has split a number into two cells, if there is one place it can be.

    Returns
    -------
    (place, row) or None
        The place of the cell, and the row with the two cells joined.

    Examples
    --------
    >>> merged_comma(["1", "9", "2", "46", "15"], ["round", "item", "mean", "n"], "item_means")
    (2, ['1', '9', '2,46', '15'])
    """
    width = len(header)
    cells = list(row)
    while len(cells) > width + 1 and not cells[-1]:
        cells.pop()
    if table not in tables() or len(cells) != width + 1:
        return None
    columns = {column.name: column for column in tables()[table].columns}
    found: list[tuple[int, list[str]]] = []
    unlikely: list[tuple[int, list[str]]] = []  # a comma where only whole numbers stand
    for place in range(width):
        pair = f"{cells[place]},{cells[place + 1]}"
        joined = [*cells[:place], pair, *cells[place + 2 :]]
        column = columns.get(header[place])
        if column is None or column.kind not in ("money", "percent", "printed", "integer"):
            continue
        code = read_value(pair, column.kind).code
        split = decimal_comma(pair) if column.kind != "money" else code in ("", "money_part")
        others = [cells_of for cells_of in zip(header, joined, strict=True) if cells_of[1] != pair]
        if split and all(_fits(cell, columns.get(name)) for name, cell in others):
            (unlikely if code else found).append((place, joined))
    candidates = found or unlikely
    return candidates[0] if len(candidates) == 1 else None


def _fits(cell: str, column: Column | None) -> bool:
    if column is None:
        return True
    if not cell:
        return column.empty
    if column.kind in LOCAL_KINDS:
        return read_value(cell, column.kind).ok
    if column.allowed:
        return cell in column.allowed
    return column.kind not in PATTERNS or re.fullmatch(PATTERNS[column.kind], cell) is not None
