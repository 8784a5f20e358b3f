"""What the figures of a programme share: rows of areas, an axis of changes, notes and the mark."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import update_wrapper
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from kube_research.figures import style
from kube_research.figures.sheet import Look, Row, Sheet, ladder
from kube_research.formats import number, whole
from kube_research.frames import documented
from kube_research.texts import check_language, text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIGNED = "+0.00;-0.00"
#: Most areas that a forest has room for.
ROWS = 40


class AreaFigure:
    """A figure of areas: called with a frame it draws it; ``frame`` makes that frame of group sums.

    It is no output of a site, so it is not among :data:`kube_research.outputs.OUTPUTS`.
    """

    def __init__(self, draw: Callable[..., Sheet], frame: Callable[..., pd.DataFrame]) -> None:
        self.frame = frame
        self._draw = draw
        update_wrapper(self, documented(draw))
        signature = inspect.signature(draw)
        name = inspect.Parameter("name", inspect.Parameter.KEYWORD_ONLY, default="", annotation=str)
        parameters = list(signature.parameters.values())
        parameters.insert(2, name)
        self.__signature__ = signature.replace(parameters=parameters, return_annotation="Axes")

    def __call__(
        self, frame: pd.DataFrame, *, name: str = "", lang: str = "en", **options: Any
    ) -> Axes:
        """Draw a frame that ``frame`` made, and name the programme as its source."""
        check_language(lang)
        with style.theme():
            axes: Axes = self._draw(frame, lang=lang, **options).finish(frame, name)
            return axes


def area_figure(
    frame: Callable[..., pd.DataFrame],
) -> Callable[[Callable[..., Sheet]], AreaFigure]:
    """Return a decorator of the function that draws what ``frame`` makes."""
    return lambda draw: AreaFigure(draw, frame)


def area_word(by: str, lang: str) -> str:
    """Return the word for the kind of area, for instance province."""
    return text(f"programme.by.{by}", lang) if by in ("province", "regency", "group") else by


def largest_areas(
    frame: pd.DataFrame, by: str, size: str = "groups_both"
) -> tuple[pd.DataFrame, int]:
    """Return the largest areas in their order, all together last, and how many were left out."""
    areas, total = frame[frame[by].notna()], frame[frame[by].isna()]
    kept = areas.sort_values(size, ascending=False, kind="stable").head(ROWS).sort_index()
    return pd.concat([kept, total], ignore_index=True), len(areas) - len(kept)


def area_rows(
    rows: pd.DataFrame, by: str, name: str, lang: str, ax: Axes | None, right: float
) -> tuple[Sequence[Row], Sheet]:
    """Return the rows of a figure with one row an area, and its sheet with their labels."""
    every, kind = text("programme.all", lang), area_word(by, lang)
    kind = kind[:1].upper() + kind[1:]
    entries = [(f"{kind} {area}" if pd.notna(area) else every, False) for area in rows[by]]
    places, height = ladder(entries, 1.35, least=0.21)
    look: Look = {"height": height, "left": 1.65, "right": right, "head": 0.36}
    title = text(f"programme.{name}.title", lang, area=area_word(by, lang))
    sheet = Sheet(ax, title, lang, **look)
    sheet.rows(places)
    return places, sheet


def change_axis(
    sheet: Sheet, ends: pd.DataFrame, axis: Literal["x", "y"], *, faint: bool = False
) -> None:
    """Give an axis changes of the mean in the room the values take, with a line at none.

    With ``faint``, no change need not be on the axis, and its line is pale.
    """
    ax, lang = sheet.ax, sheet.lang
    values = ends.to_numpy(dtype=float)
    values = values[np.isfinite(values)]
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 1.0)
    if not faint:
        low, high = min(low, 0.0), max(high, 0.0)
    pad = 0.06 * max(high - low, 0.1)
    getattr(ax, f"set_{axis}lim")(low - pad, high + pad)
    line = getattr(ax, f"{axis}axis")
    line.set_major_formatter(lambda v, _: number(v, lang, "+0.0#;-0.0#") if abs(v) > 1e-9 else "0")
    ax.locator_params(axis=axis, nbins=6)
    if low - pad < 0 < high + pad:
        draw = ax.axvline if axis == "x" else ax.axhline
        draw(0, color=style.RULE if faint else style.QUIET, lw=0.8, zorder=1, gid="none")
    getattr(ax, f"set_{axis}label")(text("compare.change_axis", lang))
    ax.grid(axis=axis)


def column_head(sheet: Sheet, x: float, key: str, **look: Any) -> None:
    """Write the heading of a column of words at the right; | breaks the line."""
    look = {"va": "bottom", "color": style.QUIET, "right": True, **look}
    sheet.words(x, -0.04, text(f"programme.head.{key}", sheet.lang).replace("|", "\n"), **look)


def change_words(line: dict[Any, Any], lang: str) -> str:
    """Return a change with its interval in words."""
    ends = {end: number(line[f"change_{end}"], lang, SIGNED) for end in ("low", "high")}
    between = text("compare.interval", lang, **ends) if all(ends.values()) else ""
    return f"{number(line['change'], lang, SIGNED)} {between}".strip()


def few_note(rows: pd.DataFrame, lang: str) -> str:
    """Return what an open mark means, if there is one."""
    return text("programme.few", lang) if rows["few"].any() else ""


def left_out_note(many: int, lang: str) -> str:
    """Return how many areas there was no room for."""
    return text("programme.left_out", lang, many=whole(many, lang), rows=ROWS) if many else ""
