"""What tests read back from a drawn figure: artists by name, tiles, words, and whether all is inside."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.text import Text

from kube_research.figures import style


def tagged(ax: Axes, kind: str) -> list[Any]:
    """Artists of one kind, in the order drawn, also of the blocks of tiles."""
    artists: list[Any] = []
    for home in (ax, *ax.child_axes):
        artists += [*home.lines, *home.texts, *home.patches, *home.artists, *home.collections]
    return [one for one in artists if re.fullmatch(rf"{kind}(-\d+)?", str(one.get_gid()))]


def dots(ax: Axes, kind: str) -> list[tuple[float, float]]:
    """Places of the dots of strips of one kind."""
    return [(float(x), float(y)) for strip in tagged(ax, kind) for x, y in strip.get_offsets()]


def tiles(ax: Axes, kinds: Sequence[str]) -> list[tuple[str, float, float]]:
    """Kind and middle of every tile, in the data of the axes; ``kinds`` in the order of the looks."""
    found = []
    for block in ax.child_axes:
        if not str(block.get_gid()).startswith("tiles"):
            continue
        locator = block.get_axes_locator()
        assert locator is not None
        block.apply_aspect(locator(block, None))
        values = np.ma.getmaskarray(block.collections[0].get_array())
        codes = np.ma.getdata(block.collections[0].get_array())
        for row, column in np.argwhere(~values):
            middle = block.transData.transform((column + 0.5, row + 0.5))
            x, y = ax.transData.inverted().transform(middle)
            found.append((kinds[int(codes[row, column])], float(x), float(y)))
    return found


def words(ax: Axes) -> list[Text]:
    """Everything written on the figure of the axes."""
    return [one for one in style.figure_of(ax).findobj(Text) if one.get_text().strip()]  # type: ignore[attr-defined]


def all_words(ax: Axes) -> str:
    """Everything written on the figure, as one line."""
    return " ".join(" ".join(one.get_text() for one in words(ax)).split())


def assert_nothing_leaves_the_page(ax: Axes) -> None:
    """All visible words are inside the figure and none is too small."""
    home = style.figure_of(ax)
    home.draw_without_rendering()
    for one in words(ax):
        if one.get_visible():
            box = one.get_window_extent()
            assert box.x0 >= 0, one.get_text()
            assert box.y0 >= 0, one.get_text()
            assert box.x1 <= home.bbox.width, one.get_text()
            assert box.y1 <= home.bbox.height, one.get_text()
            assert one.get_fontsize() >= style.SMALL


class _Same:
    """A site as a key: the same object, not an equal one."""

    def __init__(self, site: object) -> None:
        self.site = site

    def __hash__(self) -> int:
        return id(self.site)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.site is self.site


@lru_cache(maxsize=64)
def _made(make: Callable[..., Any], site: _Same, options: tuple[tuple[str, Any], ...]) -> Any:
    return make(site.site, **dict(options))


def drawn_once(make: Callable[..., Any], site: object, **options: Any) -> Any:
    """What a figure draws of a site: drawn once for all tests that read it and change nothing."""
    return _made(make, _Same(site), tuple(sorted(options.items())))
