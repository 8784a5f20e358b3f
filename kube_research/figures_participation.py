"""The figure of who rated in which round."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from kube_research import style
from kube_research.figures_heatmap import share_of
from kube_research.figures_sheet import LEAD, Look, Row, Sheet, inches_from, ladder
from kube_research.formats import day_of
from kube_research.texts import text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from kube_research.site import Site

#: Room of one dot in inches.
_STEP = 0.155
#: Where the first dot of a column stands, in inches from its left edge.
_FIRST = 0.36


def rater_flow_plot_frame(site: Site) -> pd.DataFrame:
    """Return every rater with the rounds in which they scored.

    Parameters
    ----------
    site : Site
        With ``ratings``.

    Returns
    -------
    DataFrame
        As from :func:`~kube_research.participation.rater_rounds`.

    Raises
    ------
    kube_research.errors.MissingTableError

    Examples
    --------
    >>> import kube_research as kr
    >>> frame = rater_flow_plot_frame(kr.load_site("cibeunying-simulated"))
    >>> int(frame["pattern"].value_counts()["both"])
    12
    """
    from kube_research.participation import rater_rounds

    return rater_rounds(site.table("ratings"))


def rater_flow_plot(site: Site, *, lang: str = "en", ax: Axes | None = None) -> Axes:
    """Draw one dot a rater, in the column of the rounds in which they scored, one row a group.

    Parameters
    ----------
    site : Site
        As for :func:`rater_flow_plot_frame`; ``rounds`` give the days.
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
    >>> ax = rater_flow_plot(kr.load_site("cibeunying-simulated"))
    >>> ax.get_yticklabels()[0].get_text()
    'KUBE 07'
    >>> plt.close(ax.figure)
    """
    frame = site.cached(rater_flow_plot_frame)
    rounds = sorted({int(one) for code in frame["rounds"] for one in code.split("+")})
    zones = sorted(set(frame["rounds"]))
    if len(rounds) == 2:
        zones = [str(rounds[0]), f"{rounds[0]}+{rounds[1]}", str(rounds[1])]
    groups = _groups(frame, lang)
    left, right, count = 1.3, 1.1, max(1, len(zones))
    room = (style.DOUBLE_COLUMN - left - right) / count
    each = max(1, int((room - _FIRST - 0.05) / _STEP))
    entries = []
    for name, part in groups:
        most = int(part["rounds"].value_counts().max())
        entries.append(("\n".join([name, *[" "] * (-(-most // each) - 1)]), False))
    entries.append((text("figure.rater_flow_plot.all", lang), True))
    with style.theme():
        rows, height = ladder(entries, left - 0.2, least=0.27, limit=30)
        title, head = text("figure.rater_flow_plot.title", lang), 0.3 + 0.23 * len(rounds)
        sheet = Sheet(ax, title, lang, height=height, left=left, right=right, head=head, foot=0.06)
        sheet.rows(rows)
        sheet.ax.set_xlim(0, count)
        sheet.ax.set_xticks([])
        for spine in sheet.ax.spines.values():
            spine.set_visible(False)
        for line in range(1, count):
            sheet.ax.axvline(line, color=style.RULE, lw=0.6, zorder=0.5)
        _heads(sheet, site, frame, rounds, zones)
        for row, (name, part) in zip(rows, [*groups, ("", frame)], strict=True):
            for column, zone in enumerate(zones):
                raters = int((part["rounds"] == zone).sum())
                bold: Look = {"fontweight": "normal" if name else "bold", "gid": sheet.tag("count")}
                sheet.beside(column, row.y, str(raters), 6, **bold)
                if name:
                    look = _mark(zone, zones, rounds)
                    _dots(sheet, column * sheet.plot / count, row, raters, each, look)
            if len(rounds) > 1:
                _again(sheet, part, rounds, row, bool(name))
        return sheet.finish(frame, site, text("figure.rater_flow_plot.note", lang))


def _groups(frame: pd.DataFrame, lang: str) -> list[tuple[str, pd.DataFrame]]:
    """Return the raters of each group under its name."""
    if "group" not in frame:
        return [(text("figure.rater_flow_plot.raters", lang), frame)] if len(frame) else []
    done = []
    for code, part in frame.groupby("group", dropna=False):
        name = text("figure.group", lang, group=code)
        done.append((text("figure.no_group", lang) if pd.isna(code) else name, part))
    return done


def _mark(zone: str, zones: list[str], rounds: list[int]) -> Look:
    """Return the look of the dots of a column: of two rounds, one, half and half, or the other."""
    first, second = style.ROUNDS[:2]
    if len(rounds) != 2:
        place = zones.index(zone)
        colour = style.GROUPS[place % len(style.GROUPS)]
        return {"marker": style.MARKERS[place % len(style.MARKERS)], "color": colour}
    if zone == zones[1]:
        halves: Look = {"fillstyle": "left", "mfc": first, "markerfacecoloralt": second}
        return {"marker": "o", "mec": style.INK, "mew": 0.6, **halves}
    if zone == zones[0]:
        return {"marker": "o", "mfc": first, "mec": style.INK, "mew": 0.6}
    return {"marker": "s", "mfc": second, "mec": style.INK, "mew": 0.6}


def _dots(sheet: Sheet, start: float, row: Row, raters: int, each: int, look: Look) -> None:
    """Draw one dot a rater from ``start`` inches on, in as many lines as they need."""
    scale = sheet.ax.get_xlim()[1] / sheet.plot
    lines = len(row.lines)
    for place in range(raters):
        x = (start + _FIRST + place % each * _STEP) * scale
        y = row.y + (place // each - (lines - 1) / 2) * LEAD
        sheet.ax.plot(x, y, ls="", ms=6, gid=sheet.tag("rater"), **look)


def _heads(
    sheet: Sheet, site: Site, frame: pd.DataFrame, rounds: list[int], zones: list[str]
) -> None:
    """Write over the columns which rounds they stand for, and over them a line for each round."""
    ax, lang = sheet.ax, sheet.lang
    above, wide = inches_from(ax, up=True), sheet.plot / max(1, len(zones))
    small: Look = {"transform": above, "fontsize": style.SMALL, "va": "bottom"}
    days = site.table("rounds").set_index("round")["date"] if site.has("rounds") else pd.Series()
    for column, zone in enumerate(zones if len(rounds) > 1 else []):
        key = "only" if "+" not in zone else "both" if len(rounds) == 2 else "several"
        words = text(f"figure.rater_flow_plot.{key}", lang, rounds=zone.replace("+", ", "))
        ax.text((column + 0.04) * wide, 0.06, words, gid=sheet.tag("zone"), **small)
    for place, one in enumerate(rounds):
        y = 0.3 + 0.23 * (len(rounds) - 1 - place)
        inside = [str(one) in zone.split("+") for zone in zones]
        colour = style.ROUNDS[place % len(style.ROUNDS)]
        for column, there in enumerate(inside):
            if there:
                ends = [column * wide + 0.03, (column + 1) * wide - 0.03]
                if column + 1 < len(zones) and inside[column + 1]:
                    ends[1] += 0.06
                ax.plot(
                    ends,
                    [y, y],
                    color=colour,
                    lw=2.2,
                    transform=above,
                    clip_on=False,
                    solid_capstyle="butt",
                    gid=sheet.tag("span"),
                )
        raters = sum(str(one) in code.split("+") for code in frame["rounds"])
        words = text("figure.round_raters", lang, round=one, raters=raters)
        if pd.notna(days.get(one)):
            words += ", " + day_of(days[one], lang)
        ax.text(inside.index(True) * wide + 0.03, y + 0.03, words, gid=sheet.tag("round"), **small)
    if len(rounds) > 1:
        words = text("figure.rater_flow_plot.again", lang, first=rounds[0], last=rounds[-1])
        ax.text(sheet.plot + 0.1, 0.06, words, color=style.QUIET, linespacing=1.2, **small)


def _again(sheet: Sheet, part: pd.DataFrame, rounds: list[int], row: Row, one_group: bool) -> None:
    """Write how many of the first round's raters scored in the last one; the share for all only."""
    sets = [set(code.split("+")) for code in part["rounds"]]
    first = [one for one in sets if str(rounds[0]) in one]
    both = sum(str(rounds[-1]) in one for one in first)
    words = text("figure.attendance_activities.of", sheet.lang, count=both, n=len(first))
    bold: Look = {"fontweight": "normal" if one_group else "bold", "gid": sheet.tag("again")}
    if not one_group and first:
        words += f" ({share_of(both / len(first), sheet.lang)})"
    sheet.words(0.1, row.y, words, right=True, **bold)
