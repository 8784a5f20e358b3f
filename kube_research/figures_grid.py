"""What figures of rows by columns share: columns of equal width, their labels on top, months, books."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kube_research import style
from kube_research.figures_sheet import Look, Row, Sheet, inches_from, ladder
from kube_research.formats import day_of
from kube_research.texts import text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from kube_research.site import Site

#: Columns at most and at least so wide, in inches; narrower ones hold no words.
WIDEST, ROOM_FOR_WORDS = 0.62, 0.3


class Grid(Sheet):
    """A sheet whose plot is a grid: one column a label, one row an entry.

    Parameters
    ----------
    ax, title, lang, keys, left
        As for :class:`~kube_research.figures_sheet.Sheet`.
    entries : sequence of (str, bool)
        Labels of the rows and whether each is a heading.
    columns : sequence of str
        Labels of the columns; lines are told apart by a line break.
    words : float
        Inches kept for words at the right.
    least : float
        Height of the lowest row in inches.
    """

    def __init__(
        self,
        ax: Axes | None,
        title: str,
        lang: str,
        *,
        entries: Sequence[tuple[str, bool]],
        columns: Sequence[str],
        left: float,
        words: float,
        least: float = 0.22,
        keys: Sequence[Sequence[tuple[str, Any]]] = (),
    ) -> None:
        count = max(1, len(columns))
        self.column = min(WIDEST, (style.DOUBLE_COLUMN - left - words) / count)
        right = style.DOUBLE_COLUMN - left - count * self.column
        rows, height = ladder(entries, left - 0.15, least=least, limit=8.5)
        lines = max((label.count("\n") + 1 for label in columns), default=1)
        size: Look = {"height": max(height, 0.3), "left": left, "right": right}
        super().__init__(ax, title, lang, keys=keys, head=0.1 + 0.13 * lines, foot=0.06, **size)
        self.all_rows = rows
        self.rows(rows)
        for drawn in list(self.ax.lines):
            drawn.remove()
        for row in self.plain:
            below = row.y + row.height / 2
            self.ax.axhline(below, color="#E3E6E9", lw=0.6, zorder=0.5)
        self.ax.set_xlim(0, count)
        self.ax.set_xticks([])
        for spine in self.ax.spines.values():
            spine.set_visible(False)
        above = inches_from(self.ax, up=True)
        step = 1 if self.column >= ROOM_FOR_WORDS else int(np.ceil(ROOM_FOR_WORDS / self.column))
        for place, label in enumerate(columns):
            if place % step == 0:
                middle = (place + 0.5) * self.plot / count
                for up, line in enumerate(reversed(label.split("\n"))):
                    look: Look = {"ha": "center", "va": "baseline", "fontsize": style.SMALL}
                    look |= {"transform": above, "gid": self.tag("column")}
                    self.ax.text(middle, 0.08 + 0.125 * up, line, parse_math=False, **look)

    @property
    def plain(self) -> list[Row]:
        """The rows that are no headings, in order."""
        return [row for row in self.all_rows if not row.head]

    @property
    def roomy(self) -> bool:
        """Whether a column has room for a number."""
        return self.column >= ROOM_FOR_WORDS

    def tile(self, column: int, row: Row, gid: str, words: str = "", **look: Any) -> None:
        """Draw a tile in a column of a row, with words in its middle."""
        from matplotlib.patches import Rectangle

        ink: Look = {
            "color": look.pop("ink", style.INK),
            "fontweight": look.pop("weight", "normal"),
        }
        low = row.y - row.height / 2 + 0.012
        box = Rectangle((column + 0.04, low), 0.92, row.height - 0.024, **look)
        box.set(gid=self.tag(gid), zorder=2)
        self.ax.add_patch(box)
        if words:
            ink |= {"ha": "center", "va": "center_baseline", "fontsize": style.SMALL, "zorder": 3}
            tag = self.tag(f"{gid}-words")
            self.ax.text(column + 0.5, row.y, words, gid=tag, parse_math=False, **ink)

    def head(self, x: float, words: str, **look: Any) -> None:
        """Write the heading of a column of words, ``x`` inches from the right edge of the plot."""
        above_words(self, self.plot + x, words, **look)


def above_words(sheet: Sheet, x: float, words: str, **look: Any) -> None:
    """Write quiet small words above the plot, ``x`` inches from its left edge, on one baseline."""
    look = {"va": "baseline", "color": style.QUIET, "fontsize": style.SMALL, **look}
    look |= {"transform": inches_from(sheet.ax, up=True), "linespacing": 1.15}
    sheet.ax.text(x, 0.08, words, parse_math=False, **look)


def month_labels(months: Sequence[str], lang: str) -> list[str]:
    r"""Return the labels of months such as ``"2016-03"``, with the year under the first of each.

    Examples
    --------
    >>> month_labels(["2015-12", "2016-01", "2016-02"], "id")
    ['Des\n2015', 'Jan\n2016', 'Feb\n']
    """
    done, year = [], ""
    for month in months:
        name = day_of(f"{month}-01", lang, "MMM")
        done.append(f"{name}\n{month[:4] if month[:4] != year else ''}")
        year = month[:4]
    return done


def month_range(months: pd.Series) -> list[str]:
    """Return every month from the first to the last."""
    known = months.dropna()
    if known.empty:
        return []
    return [str(one) for one in pd.period_range(known.min(), known.max(), freq="M")]


def book_names(site: Site) -> dict[str, dict[str, str]]:
    """Return the names of the books by language: what the site calls them, else what the study does."""
    done = {}
    names = site.table("books").set_index("book") if site.has("books") else pd.DataFrame()
    for lang in ("en", "id"):
        called = {book: text(f"figure.balances.{book}", lang) for book in style.BOOKS}
        if f"name_{lang}" in names:
            own = names[f"name_{lang}"].dropna()
            called |= {str(book): str(name) for book, name in own.items()}
        done[lang] = called
    return done
