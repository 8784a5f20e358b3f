"""Figures of a programme: areas as forest, caterpillar and funnel; what leavers leave open."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import partial, update_wrapper
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from kube_research.figures import style
from kube_research.figures.comparison import effect_words
from kube_research.figures.sheet import Look, Row, Sheet, ladder
from kube_research.formats import number, whole
from kube_research.frames import documented, need_columns
from kube_research.programme.areas import area_changes, funnel_limits, limits_at, shrink_estimates
from kube_research.programme.groups import attrition_bounds
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
    sheet.heading(x, text(f"programme.head.{key}", sheet.lang).replace("|", "\n"), **look)


def noted_rows(sheet: Sheet, last: Row, rows: pd.DataFrame, left_out: int, *notes: str) -> Sheet:
    """Set the last row, of all areas, off; say what open marks mean and how many areas are left out."""
    lang = sheet.lang
    sheet.ax.axhline(last.y - last.height / 2, color=style.INK, lw=0.8)
    few = text("programme.few", lang) if rows["few"].any() else ""
    facts = {"many": whole(left_out, lang), "rows": ROWS}
    return sheet.noted(*notes, few, text("programme.left_out", lang, **facts) if left_out else "")


def areas_and_all(measure: Callable[..., pd.DataFrame], by: str) -> pd.DataFrame:
    """Return what is measured of every area and, last, of all together (no area named)."""
    areas, together = measure(by=by), measure(by=None)
    areas[by] = areas[by].astype("string")
    together.insert(0, by, pd.Series([pd.NA], dtype="string"))
    return pd.concat([areas, together], ignore_index=True)


def _area_forest_frame(sums: Any, *, by: str = "province") -> pd.DataFrame:
    """Return the change of every area and, last, of all together (no area named)."""
    return areas_and_all(partial(area_changes, sums), by)


@area_figure(_area_forest_frame)
def area_forest(
    frame: pd.DataFrame, *, by: str = "province", lang: str = "en", ax: Axes | None = None
) -> Sheet:
    """Draw the change of every area with its cluster-robust interval, all areas last as a diamond.

    Parameters
    ----------
    frame : DataFrame
        From ``area_forest.frame``; at most 40 areas are drawn, the largest.
    |programme_areas|
    """
    need_columns(frame, by, "change", "change_low", "change_high", "groups_both", "few")
    rows, left_out = largest_areas(frame, by)
    places, sheet = area_rows(rows, by, "area_forest", lang, ax, right=2.25)
    change_axis(sheet, rows[["change", "change_low", "change_high"]], "x")
    for row, line in zip(places, rows.to_dict("records"), strict=True):
        total = pd.isna(line[by])
        look: Look = {"color": style.INK if total else style.OKABE_ITO["blue"], "zorder": 3}
        ends = [line["change_low"], line["change_high"]]
        sheet.ax.plot(ends, [row.y] * 2, lw=1.6, gid=sheet.tag("interval"), **look)
        look |= {"mfc": "white" if line["few"] else look["color"], "ls": ""}
        shape, size = ("D", 7) if total else ("s", 4.5)
        sheet.ax.plot(line["change"], row.y, marker=shape, ms=size, gid=sheet.tag("change"), **look)
        weight: Look = {"right": True, "fontweight": "bold" if total else "normal"}
        sheet.words(0.1, row.y, effect_words(line, "change", lang), **weight)
        sheet.words(2.1, row.y, whole(line["groups_both"], lang), ha="right", **weight)
    column_head(sheet, 0.1, "change_interval")
    column_head(sheet, 2.1, "groups", ha="right")
    return noted_rows(sheet, places[-1], rows, left_out, text("programme.area_forest.note", lang))


def _attrition_plot_frame(
    sums: Any, scale: tuple[int, int], *, by: str = "province", assume: str = "none"
) -> pd.DataFrame:
    """Return the bounds of every area and, last, of all groups (no area named)."""
    return areas_and_all(partial(attrition_bounds, sums, scale, assume=assume), by)


@area_figure(_attrition_plot_frame)
def attrition_plot(
    frame: pd.DataFrame, *, by: str = "province", lang: str = "en", ax: Axes | None = None
) -> Sheet:
    """Draw, for every area, the change of those that stayed and what those that left leave possible.

    Parameters
    ----------
    frame : DataFrame
        From ``attrition_plot.frame``; at most 40 areas are drawn, the largest.
    |programme_areas|
    """
    need_columns(frame, by, "change_stayed", "change_min", "change_max", "low", "high", "left")
    rows, left_out = largest_areas(frame, by, "groups_before")
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
    assumed = str(rows["assume"].iloc[0]).replace(" ", "_")
    notes = [f"programme.{key}" for key in ("attrition_plot.note", f"assume.{assumed}")]
    return noted_rows(sheet, places[-1], rows, left_out, *(text(key, lang) for key in notes))


#: Where an area lies: colour and marker.
LOOKS: dict[str, tuple[str, str]] = {
    "inside": ("#8C959F", "o"),
    "above": (style.OKABE_ITO["sky"], "^"),
    "far above": (style.OKABE_ITO["blue"], "^"),
    "below": (style.OKABE_ITO["orange"], "v"),
    "far below": (style.OKABE_ITO["vermillion"], "v"),
}
#: What the limits of a funnel plot depend on besides the number of groups.
SPREADS = ("sigma", "sigma_df", "tau")
#: Most areas named on a funnel plot.
NAMED = 12


def _caterpillar_plot_frame(sums: Any, *, by: str = "regency") -> pd.DataFrame:
    """Return every area with its shrunken change, lowest first.

    As from :func:`~kube_research.programme.areas.shrink_estimates`, with ``place``: ``"above"``,
    ``"below"`` or ``"inside"``, whether the interval of the shrunken change lies on one side of the
    common mean.
    """
    areas = shrink_estimates(area_changes(sums, by=by))
    areas = areas[areas["shrunk"].notna()].sort_values(["shrunk", by], ignore_index=True)
    above, below = (
        areas["shrunk_low"] > areas["centre"],
        areas["shrunk_high"] < areas["centre"],
    )
    place = np.select([above, below], ["above", "below"], "inside")
    return areas.assign(place=pd.Series(place, index=areas.index, dtype="string"))


@area_figure(_caterpillar_plot_frame)
def caterpillar_plot(
    frame: pd.DataFrame, *, by: str = "regency", lang: str = "en", ax: Axes | None = None
) -> Sheet:
    """Draw every area in order of its shrunken change, with interval; open dots are the plain changes.

    Parameters
    ----------
    frame : DataFrame
        From ``caterpillar_plot.frame``.
    |programme_areas|
    """
    from matplotlib.lines import Line2D

    need_columns(frame, by, "change", "shrunk", "shrunk_low", "shrunk_high", "centre", "place")
    many = max(len(frame), 1)
    size = float(np.clip(150 / many, 1.6, 5))
    keys = [
        (
            text(f"programme.caterpillar_plot.{place}", lang),
            Line2D([], [], color=c, marker=m, ls="-"),
        )
        for place, (c, m) in ((place, LOOKS[place]) for place in ("below", "inside", "above"))
    ]
    plain: Look = {"mfc": "none", "mec": style.QUIET, "mew": 0.5, "ls": "", "marker": "o"}
    more = [(text("programme.caterpillar_plot.plain", lang), Line2D([], [], ms=3, **plain))]
    room: Look = {"left": 0.75, "right": 0.3, "height": 3.4, "foot": 0.5, "keys": [keys, more]}
    title = text("programme.caterpillar_plot.title", lang, area=area_word(by, lang))
    sheet = Sheet(ax, title, lang, **room)
    x = np.arange(1, len(frame) + 1)
    for place, (colour, marker) in LOOKS.items():
        here = (frame["place"] == place).to_numpy()
        if here.any():
            part = frame[here]
            sheet.ax.vlines(
                x[here], part["shrunk_low"], part["shrunk_high"], color=colour, lw=size / 3,
                gid=sheet.tag("interval"),
            )  # fmt: skip
            dot: Look = {"color": colour, "marker": marker, "ms": size, "ls": "", "zorder": 3}
            sheet.ax.plot(x[here], part["shrunk"], gid=sheet.tag("shrunk"), **dot)
    sheet.ax.plot(x, frame["change"], ms=size * 0.8, zorder=2, gid="plain", **plain)
    ends = frame[["change", "shrunk_low", "shrunk_high"]]
    change_axis(sheet, ends, "y")
    if len(frame):
        sheet.ax.axhline(frame["centre"].iloc[0], color=style.INK, lw=0.9, ls=(0, (5, 2)))
    sheet.ax.set_xlim(0, many + 1)
    sheet.ax.locator_params(axis="x", integer=True)
    sheet.ax.xaxis.set_major_formatter(lambda v, _: whole(int(v), lang) if v >= 1 else "")
    sheet.ax.set_xlabel(text("programme.caterpillar_plot.axis", lang, area=area_word(by, lang)))
    counts = frame["place"].value_counts()
    facts = {place: whole(int(counts.get(place, 0)), lang) for place in ("above", "below")}
    pull = number(100 * frame["pull"].mean(), lang, "0") if len(frame) else "–"
    note = text(
        "programme.caterpillar_plot.note",
        lang,
        pull=pull,
        many=whole(len(frame), lang),
        **facts,
    )
    return sheet.noted(note)


def _funnel_plot_frame(sums: Any, *, by: str = "regency", spread: bool = False) -> pd.DataFrame:
    """Return every area with its control limits (see ``funnel_limits``)."""
    return funnel_limits(area_changes(sums, by=by), spread=spread)


@area_figure(_funnel_plot_frame)
def funnel_plot(
    frame: pd.DataFrame, *, by: str = "regency", lang: str = "en", ax: Axes | None = None
) -> Sheet:
    """Draw the change of every area against its number of groups, with control limits.

    Parameters
    ----------
    frame : DataFrame
        From ``funnel_plot.frame``.
    |programme_areas|
    """
    from matplotlib.lines import Line2D

    need_columns(frame, by, "groups_both", "change", "centre", "position", *SPREADS)
    keys = []
    for place, (colour, marker) in LOOKS.items():
        word = place.replace(" ", "_")
        handle = Line2D([], [], color=colour, marker=marker, ls="")
        keys.append((text(f"programme.funnel_plot.{word}", lang), handle))
    limits = {0.95: (0, (4, 2)), 0.998: "-"}
    middle = Line2D([], [], color=style.QUIET, lw=1.6)
    lines = [(text("programme.funnel_plot.centre", lang), middle)]
    lines += [
        (text("programme.funnel_plot.limit", lang, level=number(100 * level, lang, "0.#")),
         Line2D([], [], color=style.INK, lw=1, ls=dash))
        for level, dash in limits.items()
    ]  # fmt: skip
    room: Look = {"left": 0.75, "right": 0.5, "height": 3.6, "foot": 0.5, "keys": [keys, lines]}
    title = text("programme.funnel_plot.title", lang, area=area_word(by, lang))
    sheet = Sheet(ax, title, lang, **room)
    areas = frame[frame["change"].notna() & (frame["groups_both"] > 0)]
    most = float(areas["groups_both"].max()) if len(areas) else 1.0
    drawn = [areas["change"].to_numpy(dtype=float)]
    if len(areas):
        line, sizes = areas.iloc[0], np.linspace(1, 1.04 * most, 400)
        spreads = [float(line[name]) for name in SPREADS]
        smallest = np.searchsorted(sizes, areas["groups_both"].min())
        for level, dash in limits.items():
            reach = limits_at(sizes, level, *spreads)
            for sign in (-1, 1):
                curve = line["centre"] + sign * reach
                look: Look = {"color": style.INK, "lw": 1, "ls": dash, "zorder": 1.5}
                sheet.ax.plot(sizes, curve, gid=sheet.tag("limit"), **look)
                drawn.append(curve[min(smallest, 399) :])
        sheet.ax.axhline(line["centre"], color=style.QUIET, lw=1.6, zorder=1.5, gid="centre")
    for place, (colour, marker) in LOOKS.items():
        part = areas[areas["position"] == place]
        dot: Look = {"color": colour, "marker": marker, "ms": 3.5, "ls": "", "zorder": 3}
        sheet.ax.plot(part["groups_both"], part["change"], mew=0, gid=f"area-{place}", **dot)
    change_axis(sheet, pd.DataFrame({"all": np.concatenate(drawn)}), "y", faint=True)
    sheet.ax.set_xlim(0, 1.04 * most)
    sheet.ax.xaxis.set_major_formatter(lambda v, _: whole(int(v), lang))
    sheet.ax.locator_params(axis="x", integer=True)
    sheet.ax.set_xlabel(text("programme.funnel_plot.axis", lang))
    _name_far(sheet, areas, by)
    counts = areas["position"].value_counts()
    far = int(counts.reindex(["far below", "far above"]).fillna(0).sum())
    facts = {"far": whole(far, lang), "many": whole(len(areas), lang)}
    outside = int(counts.drop(["inside", "unknown"], errors="ignore").sum())
    facts |= {"outside": whole(outside, lang), "expected": number(0.05 * len(areas), lang, "0.#")}
    facts["chance"] = number(0.002 * len(areas), lang, "0.##")
    notes = [text("programme.funnel_plot.note", lang, **facts)]
    if len(areas) and areas["tau"].iloc[0] > 0:
        notes.append(text("programme.funnel_plot.spread", lang))
    return sheet.noted(*notes)


def _name_far(sheet: Sheet, areas: pd.DataFrame, by: str) -> None:
    """Name the areas furthest outside the limits, where there is room for the name."""
    ax = sheet.ax
    far = areas[areas["position"].isin(["far below", "far above"])]
    if far.empty:
        return
    spreads = [float(far[name].iloc[0]) for name in SPREADS]
    reach = limits_at(far["groups_both"].to_numpy(dtype=float), 0.95, *spreads)
    off = (far["change"] - far["centre"]).abs().to_numpy() / reach
    style.figure_of(ax).draw_without_rendering()
    taken: list[Any] = []
    for place in np.argsort(-off, kind="stable")[:NAMED]:
        line = far.iloc[place]
        x, y = ax.transData.transform((line["groups_both"], line["change"]))
        wide = 72 * style.text_width(str(line[by]), style.SMALL)
        scale = style.figure_of(ax).dpi / 72
        box = (x, y - 6 * scale, x + (wide + 6) * scale, y + 6 * scale)
        if all(box[2] < b[0] or box[0] > b[2] or box[3] < b[1] or box[1] > b[3] for b in taken):
            taken.append(box)
            sheet.beside(line["groups_both"], line["change"], str(line[by]), 4)
