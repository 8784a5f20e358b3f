"""Figures of a programme by area: the change as a forest, and what leavers leave open.

Pairs as in :mod:`kube_research.figures`: ``<name>_frame(sums)`` returns the table that
``<name>(frame, lang=..., ax=...)`` draws. ``sums`` has one row a group, from
:func:`kube_research.group_sums`. More of them in :mod:`kube_research.figures_funnel`.

Examples
--------
>>> import kube_research as kr, matplotlib.pyplot as plt
>>> sums = kr.group_sums(kr.load_site("cibeunying-simulated").ratings, by=()).assign(province="22")
>>> ax = area_forest(area_forest_frame(sums), name="KUBE", lang="id")
>>> [label.get_text() for label in ax.get_yticklabels()]
['Provinsi 22', 'Semua kelompok']
>>> plt.close(ax.figure)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kube_research import style
from kube_research.areas import area_changes
from kube_research.attrition import attrition_bounds
from kube_research.figures_sheet import Look
from kube_research.formats import number, whole
from kube_research.frames import need_columns
from kube_research.programme_sheet import (
    SIGNED,
    area_rows,
    change_axis,
    change_words,
    column_head,
    few_note,
    finish_sheet,
    largest_areas,
    left_out_note,
)
from kube_research.texts import text

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def area_forest_frame(sums: Any, *, by: str = "province") -> pd.DataFrame:
    """Return the change of every area and, last, of all together (no area named)."""
    areas, whole_one = area_changes(sums, by=by), area_changes(sums, by=None)
    areas[by] = areas[by].astype("string")
    whole_one.insert(0, by, pd.Series([pd.NA], dtype="string"))
    return pd.concat([areas, whole_one], ignore_index=True)


def area_forest(
    frame: pd.DataFrame,
    *,
    by: str = "province",
    name: str = "",
    lang: str = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw the change of every area with its cluster-robust interval, all areas last as a diamond.

    Parameters
    ----------
    frame : DataFrame
        From :func:`area_forest_frame`; at most 40 areas are drawn, the largest.
    by : str
        Column with the areas.
    name : str
        Name of the programme, for the source.
    lang, ax
        Language of every word, and where to draw.
    """
    need_columns(frame, by, "change", "change_low", "change_high", "groups_both", "few")
    rows, left_out = largest_areas(frame, by)
    with style.theme():
        places, sheet = area_rows(rows, by, "area_forest", lang, ax, right=2.25)
        change_axis(sheet, rows[["change", "change_low", "change_high"]], "x")
        for row, line in zip(places, rows.to_dict("records"), strict=True):
            total = pd.isna(line[by])
            look: Look = {"color": style.INK if total else style.OKABE_ITO["blue"], "zorder": 3}
            ends = [line["change_low"], line["change_high"]]
            sheet.ax.plot(ends, [row.y] * 2, lw=1.6, gid=sheet.tag("interval"), **look)
            look |= {"mfc": "white" if line["few"] else look["color"], "ls": ""}
            shape, size = ("D", 7) if total else ("s", 4.5)
            sheet.ax.plot(
                line["change"], row.y, marker=shape, ms=size, gid=sheet.tag("change"), **look
            )
            weight: Look = {"right": True, "fontweight": "bold" if total else "normal"}
            sheet.words(0.1, row.y, change_words(line, lang), **weight)
            sheet.words(2.1, row.y, whole(line["groups_both"], lang), ha="right", **weight)
        column_head(sheet, 0.1, "change_interval")
        column_head(sheet, 2.1, "groups", ha="right")
        last = places[-1]
        sheet.ax.axhline(last.y - last.height / 2, color=style.INK, lw=0.8)
        notes = [text("programme.area_forest.note", lang), few_note(rows, lang)]
        return finish_sheet(sheet, frame, name, *notes, left_out_note(left_out, lang))


def attrition_plot_frame(
    sums: Any, scale: tuple[int, int], *, by: str = "province", assume: str = "none"
) -> pd.DataFrame:
    """Return the bounds of every area and, last, of all groups (no area named)."""
    areas = attrition_bounds(sums, scale, by=by, assume=assume)
    areas[by] = areas[by].astype("string")
    total = attrition_bounds(sums, scale, by=None, assume=assume)
    total.insert(0, by, pd.Series([pd.NA], dtype="string"))
    return pd.concat([areas, total], ignore_index=True)


def attrition_plot(
    frame: pd.DataFrame,
    *,
    by: str = "province",
    name: str = "",
    lang: str = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw, for every area, the change of those that stayed and what those that left leave possible.

    Parameters
    ----------
    frame : DataFrame
        From :func:`attrition_plot_frame`; at most 40 areas are drawn, the largest.
    by, name, lang, ax
        As for :func:`area_forest`.
    """
    need_columns(frame, by, "change_stayed", "change_min", "change_max", "low", "high", "left")
    rows, left_out = largest_areas(frame, by, "groups_before")
    with style.theme():
        places, sheet = area_rows(rows, by, "attrition_plot", lang, ax, right=2.0)
        change_axis(sheet, rows[["change_stayed", "change_min", "change_max", "low", "high"]], "x")
        for row, line in zip(places, rows.to_dict("records"), strict=True):
            total = pd.isna(line[by])
            colour = style.INK if total else style.OKABE_ITO["blue"]
            thin: Look = {"color": colour, "lw": 0.9, "gid": sheet.tag("interval")}
            sheet.ax.plot([line["low"], line["high"]], [row.y] * 2, **thin)
            thick: Look = {"color": style.tint(colour, 0.55), "lw": 5, "solid_capstyle": "butt"}
            ends = [line["change_min"], line["change_max"]]
            sheet.ax.plot(ends, [row.y] * 2, gid=sheet.tag("bounds"), **thick)
            dot: Look = {"marker": "D" if total else "s", "ms": 5, "color": colour, "zorder": 3}
            dot |= {"mfc": "white" if line["few"] else colour, "ls": ""}
            sheet.ax.plot(line["change_stayed"], row.y, gid=sheet.tag("stayed"), **dot)
            weight: Look = {"right": True, "fontweight": "bold" if total else "normal"}
            facts = {end: number(line[f"change_{end}"], lang, SIGNED) for end in ("min", "max")}
            words = text("programme.attrition_plot.bounds", lang, **facts) if facts["min"] else ""
            sheet.words(0.1, row.y, words, **weight)
            share = line["left"] / line["groups_before"] if line["groups_before"] else np.nan
            sheet.words(1.85, row.y, number(share, lang, "0%"), ha="right", **weight)
        column_head(sheet, 0.1, "possible")
        column_head(sheet, 1.85, "left_share", ha="right")
        last = places[-1]
        sheet.ax.axhline(last.y - last.height / 2, color=style.INK, lw=0.8)
        assumed = str(rows["assume"].iloc[0]).replace(" ", "_")
        notes = [
            text("programme.attrition_plot.note", lang),
            text(f"programme.assume.{assumed}", lang),
            few_note(rows, lang),
        ]
        return finish_sheet(sheet, frame, name, *notes, left_out_note(left_out, lang))
