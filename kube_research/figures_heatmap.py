"""The figure of who came to which meeting, person by person."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kube_research import style
from kube_research.figures_sheet import (
    MARGIN,
    Look,
    Row,
    Sheet,
    inches_from,
    ladder,
    named,
    titled,
)
from kube_research.formats import day_of, percent
from kube_research.texts import text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from kube_research.site import Site

#: Fill and ink of each status: dark who came, light who did not, so that grey prints tell them apart.
_STATUS = {
    "present": (style.OKABE_ITO["blue"], "white"),
    "late": (style.OKABE_ITO["sky"], style.INK),
    "represented": (style.tint(style.OKABE_ITO["green"], 0.45), style.INK),
    "excused": ("#E9ECEF", style.INK),
    "absent": ("white", style.OKABE_ITO["vermillion"]),
}
NO_GROUP = "\uffff"
#: Columns narrower than this, in inches, have turned labels.
_NARROW = 0.36
#: More meetings than this are not listed under the figure.
_MOST_LISTED = 20


def group_name(code: str, lang: str) -> str:
    """Return the heading of a group."""
    if code == NO_GROUP:
        return text("figure.no_group", lang)
    return text("figure.group", lang, group=code)


def share_of(rate: float, lang: str) -> str:
    """Return a share as whole percents, halves rounded up; blank for none."""
    return "" if pd.isna(rate) else percent(math.floor(100 * rate + 0.5 + 1e-9), lang)


def attendance_heatmap_frame(site: Site) -> pd.DataFrame:
    """Return every status of every person at every meeting, with the rates of both.

    Parameters
    ----------
    site : Site
        With ``attendance``; ``activities`` give dates, order and titles.

    Returns
    -------
    DataFrame
        One row per person and meeting to which they were invited, statuses that are missing left out:
        ``group``, ``person``, ``activity``, ``meeting`` (1, 2, ... in order of date, hour and code;
        undated ones last), ``date``, ``title_en``, ``title_id``, ``status``, ``person_rate``,
        ``meeting_rate`` (present and late, of all invited), ``evidence``. By group and person.

    Raises
    ------
    kube_research.errors.MissingTableError, kube_research.errors.MissingColumnError

    Examples
    --------
    >>> import kube_research as kr
    >>> frame = attendance_heatmap_frame(kr.load_site("cibeunying-simulated"))
    >>> frame["person"].nunique(), int(frame["meeting"].max())
    (30, 10)
    """
    from kube_research.attendance import attendance_rates
    from kube_research.attendance_rows import dated
    from kube_research.frames import need_columns

    logs = site.table("attendance")
    need_columns(logs, "activity", "group", "person", "status")
    done = logs[logs["status"].notna() & logs["person"].notna()]
    for name in ("person", "activity"):
        rates = attendance_rates(done, by=name).set_index(name)["rate"]
        done = done.assign(**{f"{name}_rate": rates.reindex(done[name]).array})
    codes = done["activity"].drop_duplicates().tolist()
    if site.has("activities"):
        first = [one for one in dated(site.table("activities"))["activity"] if one in set(codes)]
        codes = [*first, *(one for one in codes if one not in set(first))]
    places = {code: place for place, code in enumerate(codes, start=1)}
    done = titled(done.rename(columns={"activity_rate": "meeting_rate"}), site)
    done["meeting"] = done["activity"].map(places).astype("int64")
    if "evidence" not in done:
        done["evidence"] = "recorded"
    columns = ["group", "person", "activity", "meeting", "date", "title_en", "title_id", "status"]
    columns += ["person_rate", "meeting_rate", "evidence"]
    return done.sort_values(["group", "person", "meeting"], ignore_index=True)[columns]


def attendance_heatmap(site: Site, *, lang: str = "en", ax: Axes | None = None) -> Axes:
    r"""Draw who came to which meeting: people by group down, meetings in order across.

    Each status has a fill and a letter; a place without a square is a meeting to which the person was
    not invited. Bars at the right and on top are the rates of people and of meetings.

    Parameters
    ----------
    site : Site
        As for :func:`attendance_heatmap_frame`.
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
    >>> ax = attendance_heatmap(kr.load_site("cibeunying-simulated"), lang="id")
    >>> ax.get_xticklabels()[1].get_text()
    '5\nMar'
    >>> plt.close(ax.figure)
    """
    from matplotlib.patches import Rectangle

    frame = site.cached(attendance_heatmap_frame)
    frame["group"] = frame["group"].astype("object").where(frame["group"].notna(), NO_GROUP)
    meetings = frame.drop_duplicates("meeting").sort_values("meeting")
    columns, left, right, foot = max(1, len(meetings)), 1.0, 1.12, 0.06
    wide = min(0.46, (style.DOUBLE_COLUMN - left - right) / columns)
    right = style.DOUBLE_COLUMN - left - columns * wide
    entries, people = [], []
    for code, part in frame.groupby("group", sort=True):
        entries.append((group_name(str(code), lang), True))
        names = part["person"].unique()
        entries += [(str(name), False) for name in names]
        people += [(code, name) for name in names]
    with style.theme():
        rows, height = ladder(entries, left - 0.15, least=0.165, limit=8.5)
        keys = [
            (
                f"{text(f'figure.attendance_heatmap.{status}', lang)}",
                Rectangle((0, 0), 1, 1, **look),
            )
            for status, look in _looks().items()
        ]
        title = text("figure.attendance_heatmap.title", lang)
        turned = wide < _NARROW
        head = 1.4 if turned else 1.1
        sheet = Sheet(
            ax,
            title,
            lang,
            height=max(height, 0.3),
            keys=[keys],
            left=left,
            right=right,
            head=head,
            foot=foot,
        )
        sheet.rows(rows)
        ax = sheet.ax
        ax.set_xlim(0, columns)
        plain = dict(zip(people, [row for row in rows if not row.head], strict=True))
        for line in frame.to_dict("records"):
            _cell(sheet, line["meeting"] - 1, plain[line["group"], line["person"]], line["status"])
        _margins(sheet, frame, meetings, plain)
        labels = [_column_label(line, lang, turned) for line in meetings.to_dict("records")]
        ax.set_xticks(np.arange(len(meetings)) + 0.5, labels)
        ax.tick_params(axis="x", top=True, bottom=False, labeltop=True, labelbottom=False, length=0)
        if turned:
            ax.tick_params(axis="x", rotation=90)
        for spine in ax.spines.values():
            spine.set_visible(False)
        return sheet.finish(
            frame,
            site,
            text("figure.attendance_heatmap.note", lang),
            _meeting_list(meetings, lang),
        )


def _looks() -> dict[str, Look]:
    return {
        status: {"facecolor": fill, "edgecolor": style.RULE if ink != "white" else fill, "lw": 0.6}
        for status, (fill, ink) in _STATUS.items()
    }


def _cell(sheet: Sheet, x: float, row: Row, status: str) -> None:
    """Draw one square with the letter of its status."""
    from matplotlib.patches import Rectangle

    box = Rectangle((x + 0.04, row.y - row.height / 2 + 0.008), 0.92, row.height - 0.016)
    box.set(**_looks()[status], gid=sheet.tag(f"cell-{status}"), zorder=2)
    sheet.ax.add_artist(box)
    letter = text(f"figure.attendance_heatmap.{status}", sheet.lang)[0]
    look: Look = {"ha": "center", "va": "center_baseline", "fontsize": style.SMALL, "zorder": 3}
    look |= {"color": _STATUS[status][1], "fontweight": "bold" if status == "absent" else "normal"}
    sheet.ax.text(x + 0.5, row.y, letter, gid=sheet.tag("letter"), **look)


def _column_label(line: dict[Any, Any], lang: str, turned: bool) -> str:
    """Return the day of a meeting; turned labels are one line with the meeting's number."""
    day = "" if pd.isna(line["date"]) else day_of(line["date"], lang, "d MMM")
    if turned:
        return f"{line['meeting']}: {day}".removesuffix(": ")
    return day.replace(" ", "\n")


def _margins(
    sheet: Sheet, frame: pd.DataFrame, meetings: pd.DataFrame, plain: dict[tuple[Any, Any], Row]
) -> None:
    """Draw the rate of each person at the right and of each meeting on top, out of a pale bar."""
    from matplotlib.patches import Rectangle

    ax, lang = sheet.ax, sheet.lang
    side, top = inches_from(ax, True), inches_from(ax, up=True)
    rates = frame.drop_duplicates(["group", "person"]).set_index(["group", "person"])["person_rate"]

    def bar(x: float, y: float, width: float, height: float, place: Any, gid: str | None) -> None:
        colour = style.tint(style.INK, 0.45 if gid else 0.1)
        box = Rectangle((x, y), width, height, facecolor=colour, transform=place, gid=gid)
        ax.add_artist(box).set_clip_on(False)

    for key, row in plain.items():
        bar(0.42, row.y - 0.045, 0.6, 0.09, side, None)
        bar(0.42, row.y - 0.045, 0.6 * rates[key], 0.09, side, sheet.tag("person-rate"))
        share = share_of(rates[key], lang)
        sheet.words(0.38, row.y, share, right=True, ha="right", gid=sheet.tag("person-share"))
    wide = sheet.plot / max(1, len(meetings))
    turned = wide < _NARROW
    floor = 0.7 if turned else 0.53
    look: Look = {"va": "bottom", "fontsize": style.SMALL, "transform": top}
    for place, line in enumerate(meetings.to_dict("records")):
        rate, width, middle = line["meeting_rate"], min(0.6 * wide, 0.24), (place + 0.5) * wide
        bar(middle - width / 2, floor, width, 0.3, top, None)
        bar(middle - width / 2, floor, width, 0.3 * rate, top, sheet.tag("meeting-rate"))
        centred: Look = {"ha": "center", **look}
        if not turned:
            bold: Look = {"fontweight": "bold", "gid": sheet.tag("meeting"), **centred}
            ax.text(middle, 0.34, str(line["meeting"]), **bold)
        centred |= {"gid": sheet.tag("meeting-share"), "rotation": 90 * turned}
        ax.text(middle, floor + 0.33, share_of(rate, lang), **centred)
    look |= {"ha": "left", "color": style.QUIET}
    ax.text(MARGIN - sheet.left, floor, text("figure.attendance_heatmap.rate", lang), **look)
    ax.text(MARGIN - sheet.left, 0.06, text("figure.attendance_heatmap.meetings", lang), **look)
    ax.text(sheet.plot + 0.1, 0.06, text("figure.attendance_heatmap.rate", lang), **look)


def _meeting_list(meetings: pd.DataFrame, lang: str) -> str:
    """Return what the numbers of the meetings stand for, unless there are too many to list."""
    if len(meetings) > _MOST_LISTED:
        return text("figure.attendance_heatmap.many", lang)
    parts = [
        f"{place} {title}" + (f" ({day_of(day, lang)})" if pd.notna(day) else "")
        for place, title, day in zip(
            meetings["meeting"], named(meetings, "title", lang), meetings["date"], strict=True
        )
    ]
    return "; ".join(parts) + "."
