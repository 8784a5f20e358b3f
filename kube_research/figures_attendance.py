"""Figures of taking part: who came to which meeting, rates with their band, who rated again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kube_research import style
from kube_research.figures_heatmap import NO_GROUP, group_name, share_of
from kube_research.figures_heatmap import attendance_heatmap as attendance_heatmap
from kube_research.figures_heatmap import attendance_heatmap_frame as attendance_heatmap_frame
from kube_research.figures_participation import rater_flow_plot as rater_flow_plot
from kube_research.figures_participation import rater_flow_plot_frame as rater_flow_plot_frame
from kube_research.figures_sheet import MARGIN, Look, Sheet, inches_from, ladder, percent_axis
from kube_research.formats import number
from kube_research.texts import text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from kube_research.site import Site

_ENDS = ("low", "high")


def attendance_rates_plot_frame(site: Site) -> pd.DataFrame:
    """Return the rates of attendance over all, by group and by role, beside the printed band.

    Parameters
    ----------
    site : Site
        With ``attendance``; ``activities`` give the last four meetings, ``facts`` the printed band.

    Returns
    -------
    DataFrame
        ``breakdown`` (``overall``, ``group``, ``role``), ``level``, ``n``, ``attended``, ``rate``,
        ``low``, ``high``, ``few``, ``evidence`` as from
        :func:`~kube_research.attendance.attendance_rates`; ``recent_rate`` and ``meetings`` of the last
        four dated activities (:func:`~kube_research.attendance.recent_rates`), missing where nothing is
        dated; ``band_low``, ``band_high`` (shares; missing when nothing is printed).

    Raises
    ------
    kube_research.errors.MissingTableError

    Examples
    --------
    >>> import kube_research as kr
    >>> frame = attendance_rates_plot_frame(kr.load_site("cibeunying-simulated"))
    >>> frame["breakdown"].value_counts().to_dict()
    {'group': 5, 'role': 2, 'overall': 1}
    """
    from kube_research.attendance import attendance_rates, recent_rates
    from kube_research.attendance_rows import grades, ranks

    logs, parts = site.table("attendance"), []
    for by in (None, "group", "role"):
        if by is not None and by not in logs:
            continue
        part = attendance_rates(logs, by=by)
        part = part.rename(columns={by: "level"}) if by else part.assign(level=None)
        part = part.assign(breakdown=by or "overall", meetings=0, recent_rate=np.nan)
        if site.has("activities"):
            last = recent_rates(logs, site.table("activities"), by=by)
            place = last[by] if by else pd.Series(pd.NA, index=last.index)
            found = last.assign(level=place.astype("string")).set_index("level")
            found = found.reindex(part["level"].astype("string"))
            part["meetings"], part["recent_rate"] = found["meetings"].array, found["rate"].array
            worst = pd.concat([ranks(part), ranks(found).set_axis(part.index)], axis=1).max(axis=1)
            part["evidence"] = grades(worst)
        parts.append(part.astype({"level": "string"}))
    done = pd.concat(parts, ignore_index=True)
    facts = site.table("facts").set_index("fact")["value"] if site.has("facts") else pd.Series()
    for end in ("low", "high"):
        printed = facts.get(f"attendance_{end}")
        done[f"band_{end}"] = np.nan if printed is None else float(str(printed)) / 100
    first = ["breakdown", "level"]
    return done[[*first, *(name for name in done if name not in first)]]


def attendance_rates_plot(site: Site, *, lang: str = "en", ax: Axes | None = None) -> Axes:
    """Draw the rates of attendance over all, by group and by role, with the printed band.

    A dot with its line is the rate over all activities with its Wilson interval, a diamond the mean of
    the last four meetings.

    Parameters
    ----------
    site : Site
        As for :func:`attendance_rates_plot_frame`.
    lang : {"en", "id"}
        Language of every word.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes

    Examples
    --------
    >>> import kube_research as kr, matplotlib.pyplot as plt
    >>> ax = attendance_rates_plot(kr.load_site("cibeunying-simulated"))
    >>> [label.get_text() for label in ax.get_yticklabels()][-2:]
    ['Members', 'Officers']
    >>> plt.close(ax.figure)
    """
    from matplotlib.lines import Line2D

    frame = site.cached(attendance_rates_plot_frame)
    entries = []
    for breakdown, part in frame.groupby("breakdown", sort=False):
        if breakdown != "overall":
            entries.append((text(f"figure.attendance_rates_plot.{breakdown}", lang), True))
        entries += [(_level(line, lang), False) for line in part.to_dict("records")]
    blue, orange = style.OKABE_ITO["blue"], style.OKABE_ITO["orange"]
    round_dot: Look = {"marker": "o", "ms": 5.5, "color": blue}
    diamond: Look = {
        "marker": "D",
        "ms": 5,
        "color": style.INK,
        "mfc": orange,
        "mew": 0.8,
        "ls": "",
    }
    recent = frame["recent_rate"].notna().any()
    with style.theme():
        keys = [(text("figure.attendance_rates_plot.all", lang), Line2D([], [], **round_dot))]
        if recent:
            last = text("figure.attendance_rates_plot.recent", lang)
            keys.append((last, Line2D([], [], **diamond)))
        band = frame[["band_low", "band_high"]].iloc[0].to_numpy(dtype=float) * 100
        left, right = 1.75, 1.75 if recent else 1.2
        rows, height = ladder(entries, left - 0.2, least=0.27)
        title = text("figure.attendance_rates_plot.title", lang)
        size: Look = {"height": height, "left": left, "right": right, "head": 0.22}
        sheet = Sheet(ax, title, lang, keys=[keys], **size)
        sheet.rows(rows)
        if not np.isnan(band).any():
            look: Look = {
                "facecolor": style.tint(orange, 0.14),
                "edgecolor": style.QUIET,
                "lw": 0.7,
            }
            sheet.ax.axvspan(*band, ls=(0, (3, 2)), zorder=0.6, gid=sheet.tag("band"), **look)
            ends = {name: number(end, lang, "0.#") for name, end in zip(_ENDS, band, strict=True)}
            words = text("figure.attendance_activities.band", lang, **ends)
            quiet: Look = {"ha": "center", "va": "bottom", "color": style.QUIET}
            sheet.beside(band.mean(), 0, words, 0, up=3, gid=sheet.tag("band"), **quiet)
        if recent:
            above = inches_from(sheet.ax, up=True)
            quiet = {"va": "bottom", "ha": "right", "color": style.QUIET, "transform": above}
            words = text("figure.attendance_rates_plot.last", lang)
            quiet |= {"fontsize": style.SMALL}
            sheet.ax.text(sheet.plot + right - MARGIN, 0.05, words, **quiet)
        plain = [row for row in rows if not row.head]
        for row, line in zip(plain, frame.to_dict("records"), strict=True):
            ends_of = [100 * line["low"], 100 * line["high"]]
            sheet.ax.plot(
                ends_of, [row.y] * 2, color=blue, marker="|", ms=5, gid=sheet.tag("interval")
            )
            face = "white" if line["few"] else blue
            sheet.ax.plot(
                100 * line["rate"], row.y, mfc=face, gid=sheet.tag("rate"), zorder=3, **round_dot
            )
            share = share_of(line["rate"], lang)
            of = text("figure.attendance_activities.of", lang, count=line["attended"], n=line["n"])
            sheet.words(0.08, row.y, share, right=True, fontweight="bold")
            sheet.words(0.44, row.y, of, right=True)
            if pd.notna(line["recent_rate"]):
                spot = 100 * line["recent_rate"]
                sheet.ax.plot(spot, row.y + 0.065, gid=sheet.tag("recent"), zorder=4, **diamond)
                share = share_of(line["recent_rate"], lang)
                sheet.words(right - MARGIN, row.y, share, right=True, ha="right")
        percent_axis(sheet.ax, lang, text("figure.attendance_activities.axis", lang))
        few = text("figure.attendance_activities.few", lang) if frame["few"].any() else ""
        note = text("figure.attendance_rates_plot.note", lang)
        return sheet.finish(frame, site, note, few)


def _level(line: dict[Any, Any], lang: str) -> str:
    """Return the label of a row of rates."""
    if line["breakdown"] == "overall":
        return text("figure.attendance_rates_plot.overall", lang)
    if line["breakdown"] == "group":
        return group_name(NO_GROUP if pd.isna(line["level"]) else line["level"], lang)
    if pd.isna(line["level"]):
        return text("figure.attendance_rates_plot.no_role", lang)
    return text(f"figure.attendance_rates_plot.{line['level']}", lang)
