"""Figures of taking part: who came to which meeting, rates with their band, who rated again."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kube_research.figures import style
from kube_research.figures.sheet import (
    LEAD,
    MARGIN,
    Look,
    Row,
    RowSheet,
    Sheet,
    Tile,
    figure,
    headed,
    inches_from,
    named,
    percent_axis,
    tile_keys,
    titled,
)
from kube_research.formats import day_of, number, percent
from kube_research.texts import text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from kube_research.site.folder import Site


#: Each status: dark who came, light who did not, so that grey prints tell them apart.
STATUS = {
    "present": Tile(style.OKABE_ITO["blue"], "white"),
    "late": Tile(style.OKABE_ITO["sky"]),
    "represented": Tile(style.tint(style.OKABE_ITO["green"], 0.45)),
    "excused": Tile("#E9ECEF", edge=style.RULE),
    "absent": Tile("white", style.OKABE_ITO["vermillion"], "bold", style.RULE),
}
NO_GROUP = "\uffff"
#: Inches kept for the names of people at the left and their rates at the right.
_NAMES, _RATES = 1.0, 1.12
#: Columns at most so wide, in inches; narrower than the other they have turned labels.
_WIDEST, _NARROW = 0.46, 0.36
#: More meetings than this are not listed under the figure.
_MOST_LISTED = 20


def group_name(code: Any, lang: str) -> str:
    """Return the heading of a group; of people without one where the code is missing."""
    if pd.isna(code) or code == NO_GROUP:
        return text("figure.no_group", lang)
    return text("figure.group", lang, group=code)


def share_of(rate: float, lang: str) -> str:
    """Return a share as whole percents, halves rounded up; blank for none."""
    return "" if pd.isna(rate) else percent(math.floor(100 * rate + 0.5 + 1e-9), lang)


def _attendance_heatmap_frame(site: Site) -> pd.DataFrame:
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
    >>> frame = attendance_heatmap.frame(kr.load_site("cibeunying-simulated"))
    >>> frame["person"].nunique(), int(frame["meeting"].max())
    (30, 10)
    """
    from kube_research.attendance.rates import attendance_rates, dated
    from kube_research.frames import need_columns

    logs = site.table("attendance")
    need_columns(logs, "activity", "group", "person", "status")
    known = logs[logs["status"].notna() & logs["person"].notna()]
    for level, name in (("person", "person_rate"), ("activity", "meeting_rate")):
        rates = attendance_rates(known, by=level).set_index(level)["rate"]
        known = known.assign(**{name: rates.reindex(known[level]).array})
    order = known["activity"]
    if site.has("activities"):
        first = dated(site.table("activities"))["activity"]
        order = pd.concat([first[first.isin(order)], order])
    frame = titled(known, site)
    frame["meeting"] = pd.Index(order.drop_duplicates()).get_indexer(frame["activity"]) + 1
    if "evidence" not in frame:
        frame["evidence"] = "recorded"
    columns = ["group", "person", "activity", "meeting", "date", "title_en", "title_id", "status"]
    columns += ["person_rate", "meeting_rate", "evidence"]
    return frame.sort_values(["group", "person", "meeting"], ignore_index=True)[columns]


@figure(_attendance_heatmap_frame)
def attendance_heatmap(
    frame: pd.DataFrame, site: Site, *, lang: str = "en", ax: Axes | None = None
) -> Sheet:
    r"""Draw who came to which meeting: people by group down, meetings in order across.

    Each status has a fill and a letter; a place without a square is a meeting to which the person was
    not invited. Bars at the right and on top are the rates of people and of meetings.

    |figure_parameters|

    Examples
    --------
    >>> import kube_research as kr, matplotlib.pyplot as plt
    >>> ax = attendance_heatmap(kr.load_site("cibeunying-simulated"), lang="id")
    >>> ax.get_xticklabels()[1].get_text()
    '5\nMar'
    >>> plt.close(ax.figure)
    """
    frame["group"] = frame["group"].astype("object").where(frame["group"].notna(), NO_GROUP)
    meetings = frame.drop_duplicates("meeting").sort_values("meeting")
    count = max(1, len(meetings))
    wide = min(_WIDEST, (style.DOUBLE_COLUMN - _NAMES - _RATES) / count)
    people = frame.drop_duplicates(["group", "person"])
    pairs = zip(people["group"], people["person"], strict=True)
    entries = headed((group_name(code, lang), str(person)) for code, person in pairs)
    keys = tile_keys("attendance_heatmap", STATUS, lang)
    turned = wide < _NARROW
    size: Look = {"left": _NAMES, "right": style.DOUBLE_COLUMN - _NAMES - count * wide}
    size |= {"head": 1.4 if turned else 1.1, "foot": 0.06, "gap": 0.15, "limit": 8.5}
    title = text("figure.attendance_heatmap.title", lang)
    sheet = RowSheet(ax, title, lang, entries=entries, least=0.165, keys=[keys], **size)
    sheet.columns(count)
    who = ["group", "person"]
    kinds = frame.pivot_table("status", who, "meeting", aggfunc="last").reindex(
        columns=meetings["meeting"]
    )
    letters = {status: words[0] for (words, _), status in zip(keys, STATUS, strict=True)}
    sheet.tiles(sheet.plain, kinds, STATUS, kinds.map(lambda kind: letters.get(kind, "")))
    _person_rates(sheet, people)
    _meeting_heads(sheet, meetings, turned)
    labels = [_column_label(line, lang, turned) for line in meetings.to_dict("records")]
    sheet.ax.set_xticks(np.arange(len(meetings)) + 0.5, labels)
    above: Look = {"top": True, "bottom": False, "labeltop": True, "labelbottom": False}
    sheet.ax.tick_params(axis="x", length=0, rotation=90 if turned else 0, **above)
    note = text("figure.attendance_heatmap.note", lang)
    return sheet.noted(note, _meeting_list(meetings, lang))


def _column_label(line: dict[Any, Any], lang: str, turned: bool) -> str:
    """Return the day of a meeting; turned labels are one line with the meeting's number."""
    day = "" if pd.isna(line["date"]) else day_of(line["date"], lang, "d MMM")
    if turned:
        return f"{line['meeting']}: {day}".removesuffix(": ")
    return day.replace(" ", "\n")


def _rate_bar(
    sheet: Sheet, corner: tuple[float, float], size: tuple[float, float], rate: float, kind: str
) -> None:
    """Draw a rate in inches out of a pale bar, in a margin: at the right of the plot or above it."""
    from matplotlib.patches import Rectangle

    above = kind == "meeting-rate"
    place = inches_from(sheet.ax, not above, up=above)
    (wide, high), gid = size, sheet.tag(kind)
    filled = (wide, high * rate) if above else (wide * rate, high)
    for extent, ink, name in ((size, 0.1, None), (filled, 0.45, gid)):
        bar = Rectangle(corner, *extent, facecolor=style.tint(style.INK, ink), gid=name)
        bar.set_transform(place)
        sheet.ax.add_artist(bar).set_clip_on(False)


def _person_rates(sheet: Sheet, people: pd.DataFrame) -> None:
    """Draw the rate of each person at the right."""
    for row, rate in zip(sheet.plain, people["person_rate"], strict=True):
        _rate_bar(sheet, (0.42, row.y - 0.045), (0.6, 0.09), rate, "person-rate")
        share = share_of(rate, sheet.lang)
        sheet.words(0.38, row.y, share, right=True, ha="right", gid=sheet.tag("person-share"))


def _meeting_heads(sheet: Sheet, meetings: pd.DataFrame, turned: bool) -> None:
    """Draw the rate of each meeting on top, over its number; say what stands there."""
    wide = sheet.plot / max(1, len(meetings))
    floor, width = 0.7 if turned else 0.53, min(0.6 * wide, 0.24)
    look: Look = {"va": "bottom", "ha": "center", "color": style.INK}
    for place, line in enumerate(meetings.to_dict("records")):
        rate, middle = line["meeting_rate"], (place + 0.5) * wide
        _rate_bar(sheet, (middle - width / 2, floor), (width, 0.3), rate, "meeting-rate")
        if not turned:
            bold: Look = {"fontweight": "bold", "gid": sheet.tag("meeting")}
            sheet.above(middle, str(line["meeting"]), 0.34, **look, **bold)
        turn: Look = {"rotation": 90 * turned, "gid": sheet.tag("meeting-share")}
        sheet.above(middle, share_of(rate, sheet.lang), floor + 0.33, **look, **turn)
    rate_word = text("figure.attendance_heatmap.rate", sheet.lang)
    sheet.above(MARGIN - sheet.left, rate_word, floor, va="bottom")
    meetings_word = text("figure.attendance_heatmap.meetings", sheet.lang)
    sheet.above(MARGIN - sheet.left, meetings_word, 0.06, va="bottom")
    sheet.above(sheet.plot + 0.1, rate_word, 0.06, va="bottom")


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


#: Room of one dot in inches.
_STEP = 0.155
#: Where the first dot of a column stands, in inches from its left edge.
_FIRST = 0.36


def _rater_flow_plot_frame(site: Site) -> pd.DataFrame:
    """Return every rater with the rounds in which they scored.

    Parameters
    ----------
    site : Site
        With ``ratings``.

    Returns
    -------
    DataFrame
        As from :func:`~kube_research.attendance.participation.rater_rounds`.

    Raises
    ------
    kube_research.errors.MissingTableError

    Examples
    --------
    >>> import kube_research as kr
    >>> frame = rater_flow_plot.frame(kr.load_site("cibeunying-simulated"))
    >>> int(frame["pattern"].value_counts()["both"])
    12
    """
    from kube_research.attendance.participation import rater_rounds

    return rater_rounds(site.table("ratings"))


@figure(_rater_flow_plot_frame)
def rater_flow_plot(
    frame: pd.DataFrame, site: Site, *, lang: str = "en", ax: Axes | None = None
) -> Sheet:
    """Draw one dot a rater, in the column of the rounds in which they scored, one row a group.

    |figure_parameters|

    Examples
    --------
    >>> import kube_research as kr, matplotlib.pyplot as plt
    >>> ax = rater_flow_plot(kr.load_site("cibeunying-simulated"))
    >>> ax.get_yticklabels()[0].get_text()
    'KUBE 07'
    >>> plt.close(ax.figure)
    """
    rounds = sorted({int(number) for code in frame["rounds"] for number in code.split("+")})
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
    title, head = text("figure.rater_flow_plot.title", lang), 0.3 + 0.23 * len(rounds)
    size: Look = {"left": left, "right": right, "head": head, "foot": 0.06}
    sheet = RowSheet(ax, title, lang, entries=entries, least=0.27, limit=30, **size)
    sheet.columns(count)
    for line in range(1, count):
        sheet.ax.axvline(line, color=style.RULE, lw=0.6, zorder=0.5)
    _heads(sheet, site, frame, rounds, zones)
    for row, (name, part) in zip(sheet.all_rows, [*groups, ("", frame)], strict=True):
        for column, zone in enumerate(zones):
            raters = int((part["rounds"] == zone).sum())
            bold: Look = {"fontweight": "normal" if name else "bold", "gid": sheet.tag("count")}
            sheet.beside(column, row.y, str(raters), 6, **bold)
            if name:
                look = _marks(zone, zones, rounds)
                _dots(sheet, column * sheet.plot / count, row, raters, each, look)
        if len(rounds) > 1:
            _again(sheet, part, rounds, row)
    return sheet.noted(text("figure.rater_flow_plot.note", lang))


def _groups(frame: pd.DataFrame, lang: str) -> list[tuple[str, pd.DataFrame]]:
    """Return the raters of each group under its name."""
    if "group" not in frame:
        return [(text("figure.rater_flow_plot.raters", lang), frame)] if len(frame) else []
    parts = frame.groupby("group", dropna=False)
    return [(group_name(code, lang), part) for code, part in parts]


def _marks(zone: str, zones: list[str], rounds: list[int]) -> list[Look]:
    """Return the look of the dots of a column: of two rounds, one, half and half, or the other."""
    from matplotlib.markers import MarkerStyle

    first, second = style.ROUNDS[:2]
    if len(rounds) != 2:
        place = zones.index(zone)
        colour = style.GROUPS[place % len(style.GROUPS)]
        shape = style.MARKERS[place % len(style.MARKERS)]
        return [{"marker": shape, "color": colour, "edgecolor": colour, "linewidth": 1}]
    edge: Look = {"edgecolor": style.INK, "linewidth": 0.6}
    if zone == zones[1]:
        halves = (("left", first), ("right", second))
        return [
            {"marker": MarkerStyle("o", fillstyle=side), "color": colour, **edge}  # type: ignore[arg-type]
            for side, colour in halves
        ]
    shape, colour = ("o", first) if zone == zones[0] else ("s", second)
    return [{"marker": shape, "color": colour, **edge}]


def _dots(sheet: Sheet, start: float, row: Row, raters: int, each: int, looks: list[Look]) -> None:
    """Draw one dot a rater from ``start`` inches on, in as many lines as they need."""
    scale = sheet.ax.get_xlim()[1] / sheet.plot
    lines = len(row.lines)
    for line in range(-(-raters // each)):
        here = range(min(each, raters - line * each))
        x = [(start + _FIRST + place * _STEP) * scale for place in here]
        y = [row.y + (line - (lines - 1) / 2) * LEAD] * len(x)
        for look in looks:
            sheet.dots(x, y, "rater", size=6, zorder=2, **look)


def _heads(
    sheet: Sheet, site: Site, frame: pd.DataFrame, rounds: list[int], zones: list[str]
) -> None:
    """Write over the columns which rounds they stand for, and over them a line for each round."""
    ax, lang = sheet.ax, sheet.lang
    above, wide = inches_from(ax, up=True), sheet.plot / max(1, len(zones))
    bottom: Look = {"va": "bottom", "color": style.INK}
    days = site.table("rounds").set_index("round")["date"] if site.has("rounds") else pd.Series()
    for column, zone in enumerate(zones if len(rounds) > 1 else []):
        key = "only" if "+" not in zone else "both" if len(rounds) == 2 else "several"
        words = text(f"figure.rater_flow_plot.{key}", lang, rounds=zone.replace("+", ", "))
        sheet.above((column + 0.04) * wide, words, 0.06, gid=sheet.tag("zone"), **bottom)
    for place, scored in enumerate(rounds):
        y = 0.3 + 0.23 * (len(rounds) - 1 - place)
        inside = [str(scored) in zone.split("+") for zone in zones]
        look: Look = {"color": style.ROUNDS[place % len(style.ROUNDS)], "lw": 2.2}
        look |= {"transform": above, "clip_on": False, "solid_capstyle": "butt"}
        for column, there in enumerate(inside):
            if there:
                ends = [column * wide + 0.03, (column + 1) * wide - 0.03]
                if column + 1 < len(zones) and inside[column + 1]:
                    ends[1] += 0.06
                ax.plot(ends, [y, y], gid=sheet.tag("span"), **look)
        raters = sum(str(scored) in code.split("+") for code in frame["rounds"])
        words = text("figure.round_raters", lang, round=scored, raters=raters)
        if pd.notna(days.get(scored)):
            words += ", " + day_of(days[scored], lang)
        start = inside.index(True) * wide + 0.03
        sheet.above(start, words, y + 0.03, gid=sheet.tag("round"), **bottom)
    if len(rounds) > 1:
        words = text("figure.rater_flow_plot.again", lang, first=rounds[0], last=rounds[-1])
        sheet.above(sheet.plot + 0.1, words, 0.06, va="bottom", linespacing=1.2)


def _again(sheet: Sheet, part: pd.DataFrame, rounds: list[int], row: Row) -> None:
    """Write how many of the first round's raters scored in the last one; the share for all only."""
    sets = [set(code.split("+")) for code in part["rounds"]]
    first = [scored for scored in sets if str(rounds[0]) in scored]
    both = sum(str(rounds[-1]) in scored for scored in first)
    words = text("figure.attendance_activities.of", sheet.lang, count=both, n=len(first))
    bold: Look = {"fontweight": "bold" if row.head else "normal", "gid": sheet.tag("again")}
    if row.head and first:
        words += f" ({share_of(both / len(first), sheet.lang)})"
    sheet.words(0.1, row.y, words, right=True, **bold)


#: A rate; with a line through it in the legend, for its interval.
_RATE: Look = {"marker": "o", "ms": 5.5, "color": style.OKABE_ITO["blue"]}
_RECENT: Look = {"marker": "D", "ms": 5, "mew": 0.8, "ls": ""}
#: The interval over groups, beside the one over people.
_OVER_GROUPS: Look = {"marker": "|", "ms": 4, "lw": 0.9, "color": style.QUIET}
_RECENT |= {"color": style.INK, "mfc": style.OKABE_ITO["orange"]}


def _with_band(rates: pd.DataFrame, site: Site) -> pd.DataFrame:
    """Add the average that the site's source prints: two shares, missing where none is printed."""
    facts = site.table("facts").set_index("fact")["value"] if site.has("facts") else pd.Series()
    for end in ("low", "high"):
        printed = facts.get(f"attendance_{end}")
        rates[f"band_{end}"] = np.nan if printed is None else float(str(printed)) / 100
    return rates


def _has_band(frame: pd.DataFrame) -> bool:
    return bool(frame[["band_low", "band_high"]].notna().all(axis=1).any())


def _band(sheet: Sheet, frame: pd.DataFrame, **look: Any) -> None:
    """Draw the printed average behind the rates, where there is one, and say what it is."""
    if not _has_band(frame):
        return
    ends = frame[["band_low", "band_high"]].iloc[0].to_numpy(dtype=float) * 100
    look = {"edgecolor": style.QUIET, "lw": 0.7, "ls": (0, (3, 2)), **look}
    sheet.ax.axvspan(*ends, gid=sheet.tag("band"), **look)
    low, high = (number(end, sheet.lang, "0.#") for end in ends)
    words = text("figure.attendance_activities.band", sheet.lang, low=low, high=high)
    quiet: Look = {"ha": "center", "va": "bottom", "color": style.QUIET, "gid": sheet.tag("band")}
    sheet.beside(ends.mean(), 0, words, 0, up=3, **quiet)


def _rate(sheet: Sheet, y: float, line: dict[Any, Any], **look: Any) -> None:
    """Draw a rate with its interval; write it and its counts at the right."""
    dot = _RATE | look
    ends = [100 * line["low"], 100 * line["high"]]
    tag: Look = {"color": dot["color"], "gid": sheet.tag("interval")}
    sheet.ax.plot(ends, [y] * 2, marker="|", ms=5, **tag)
    dot |= {"mfc": "white" if line["few"] else dot["color"], "gid": sheet.tag("rate")}
    sheet.ax.plot(100 * line["rate"], y, zorder=3, **dot)
    of = text("figure.attendance_activities.of", sheet.lang, count=line["attended"], n=line["n"])
    sheet.words(0.08, y, share_of(line["rate"], sheet.lang), right=True, fontweight="bold")
    sheet.words(0.44, y, of, right=True)


def _rates_finished(sheet: Sheet, frame: pd.DataFrame, name: str, *first: str) -> Sheet:
    """Give the sheet of a figure its axis of rates and its notes."""
    percent_axis(sheet.ax, sheet.lang, text("figure.attendance_activities.axis", sheet.lang))
    few = text("figure.attendance_activities.few", sheet.lang) if frame["few"].any() else ""
    return sheet.noted(*first, text(f"figure.{name}.note", sheet.lang), few)


def _attendance_rates_plot_frame(site: Site) -> pd.DataFrame:
    """Return the rates of attendance over all, by group and by role, beside the printed band.

    Parameters
    ----------
    site : Site
        With ``attendance``; ``activities`` give the last four meetings, ``facts`` the printed band.

    Returns
    -------
    DataFrame
        ``breakdown`` (``overall``, ``group``, ``role``), ``level``, and the columns of
        :func:`~kube_research.attendance.rates.attendance_rates`: person-days, with intervals over
        people; ``groups_low``, ``groups_high`` (interval with groups as units, of overall and roles);
        ``recent_rate`` and ``meetings`` of the last four dated meetings
        (:func:`~kube_research.attendance.meetings.recent_rates`; trainings and assessments are none),
        missing where there is none; ``band_low``, ``band_high`` (shares; missing when nothing is
        printed).

    Raises
    ------
    kube_research.errors.MissingTableError

    Examples
    --------
    >>> import kube_research as kr
    >>> frame = attendance_rates_plot.frame(kr.load_site("cibeunying-simulated"))
    >>> frame["breakdown"].value_counts().to_dict()
    {'group': 5, 'role': 2, 'overall': 1}
    """
    from kube_research.attendance.meetings import recent_rates
    from kube_research.attendance.rates import attendance_rates
    from kube_research.levels import grades_of_ranks, ranks_of_evidence

    logs, parts = site.table("attendance"), []
    days = site.table("activities") if site.has("activities") else None
    for by in (None, "group", "role"):
        if by is not None and by not in logs:
            continue
        part = attendance_rates(logs, days, by=by)
        part["groups_low"], part["groups_high"] = np.nan, np.nan
        if by != "group" and "group" in logs:
            over = attendance_rates(logs, days, by=by, cluster="group")
            part["groups_low"], part["groups_high"] = over["low"], over["high"]
        part = part.rename(columns={by: "level"}) if by else part.assign(level=None)
        part = part.assign(breakdown=by or "overall", meetings=0, recent_rate=np.nan)
        if days is not None:
            last = recent_rates(logs, days, by=by, kinds="meeting")
            place = last[by] if by else pd.Series(pd.NA, index=last.index)
            last = last.assign(level=place.astype("string")).set_index("level")
            last = last.reindex(part["level"].astype("string")).set_axis(part.index)
            part["meetings"], part["recent_rate"] = last["meetings"], last["rate"]
            worst = np.maximum(ranks_of_evidence(part), ranks_of_evidence(last))
            part["evidence"] = grades_of_ranks(worst)
        parts.append(part.astype({"level": "string"}))
    rates = _with_band(pd.concat(parts, ignore_index=True), site)
    first = ["breakdown", "level"]
    return rates[[*first, *(name for name in rates if name not in first)]]


@figure(_attendance_rates_plot_frame)
def attendance_rates_plot(
    frame: pd.DataFrame, site: Site, *, lang: str = "en", ax: Axes | None = None
) -> Sheet:
    """Draw the rates of attendance over all, by group and by role, with the printed band.

    A dot with its line is the rate over all activities with its interval over people, the thin line
    above it the interval over groups, a diamond the mean of the last four meetings.

    |figure_parameters|

    Examples
    --------
    >>> import kube_research as kr, matplotlib.pyplot as plt
    >>> ax = attendance_rates_plot(kr.load_site("cibeunying-simulated"))
    >>> [label.get_text() for label in ax.get_yticklabels()][-2:]
    ['Members', 'Officers']
    >>> plt.close(ax.figure)
    """
    from matplotlib.lines import Line2D

    heads = {by: text(f"figure.attendance_rates_plot.{by}", lang) for by in ("group", "role")}
    lines = frame.to_dict("records")
    entries = headed((heads.get(line["breakdown"], ""), _level(line, lang)) for line in lines)
    recent = frame["recent_rate"].notna().any()
    keys = [(text("figure.attendance_rates_plot.all", lang), Line2D([], [], **_RATE))]
    if frame["groups_low"].notna().any():
        words = text("figure.attendance_rates_plot.over_groups", lang)
        keys.append((words, Line2D([], [], **_OVER_GROUPS)))
    if recent:
        words = text("figure.attendance_rates_plot.recent", lang)
        keys.append((words, Line2D([], [], **_RECENT)))
    title = text("figure.attendance_rates_plot.title", lang)
    size: Look = {"left": 1.75, "right": 1.75 if recent else 1.2, "head": 0.22}
    sheet = RowSheet(ax, title, lang, entries=entries, keys=[keys], least=0.27, **size)
    _band(sheet, frame, facecolor=style.tint(style.OKABE_ITO["orange"], 0.14), zorder=0.6)
    end = sheet.right - MARGIN
    if recent:
        words = text("figure.attendance_rates_plot.last", lang)
        sheet.above(sheet.plot + end, words, 0.05, va="bottom", ha="right")
    for row, line in zip(sheet.plain, lines, strict=True):
        _rate(sheet, row.y, line)
        if pd.notna(line["groups_low"]):
            ends = [100 * line["groups_low"], 100 * line["groups_high"]]
            gid = sheet.tag("over-groups")
            sheet.ax.plot(ends, [row.y - 0.065] * 2, gid=gid, zorder=2, **_OVER_GROUPS)
        if pd.notna(line["recent_rate"]):
            spot = 100 * line["recent_rate"]
            sheet.ax.plot(spot, row.y + 0.065, gid=sheet.tag("recent"), zorder=4, **_RECENT)
            share = share_of(line["recent_rate"], lang)
            sheet.words(end, row.y, share, right=True, ha="right")
    by_day = text("figure.attendance_rates_plot.by_day", lang)
    once = [by_day] if frame["unit"].eq("person-days").any() else []
    return _rates_finished(sheet, frame, "attendance_rates_plot", *once)


def _level(line: dict[Any, Any], lang: str) -> str:
    """Return the label of a row of rates."""
    if line["breakdown"] == "overall":
        return text("figure.attendance_rates_plot.overall", lang)
    if line["breakdown"] == "group":
        return group_name(line["level"], lang)
    if pd.isna(line["level"]):
        return text("figure.attendance_rates_plot.no_role", lang)
    return text(f"figure.attendance_rates_plot.{line['level']}", lang)


def _attendance_activities_frame(site: Site) -> pd.DataFrame:
    """Return attendance by activity, with the average the site's source prints.

    Parameters
    ----------
    site : Site
        With ``attendance``; ``activities`` give titles and order, ``facts`` the printed average.

    Returns
    -------
    DataFrame
        The columns of :func:`~kube_research.attendance.rates.attendance_rates` with ``date``,
        ``title_en``, ``title_id``, ``band_low`` and ``band_high`` (shares; missing when nothing is
        printed).

    Raises
    ------
    kube_research.errors.MissingTableError

    Examples
    --------
    >>> import kube_research as kr
    >>> frame = attendance_activities.frame(kr.load_site("cibeunying-simulated"))
    >>> bool((frame["low"] < frame["rate"]).all())
    True
    """
    from kube_research.attendance.rates import attendance_rates

    return _with_band(titled(attendance_rates(site.table("attendance")), site), site)


@figure(_attendance_activities_frame)
def attendance_activities(
    frame: pd.DataFrame, site: Site, *, lang: str = "en", ax: Axes | None = None
) -> Sheet:
    """Draw the rate of attendance of each activity with its Wilson interval.

    |figure_parameters|

    Examples
    --------
    >>> import kube_research as kr, matplotlib.pyplot as plt
    >>> ax = attendance_activities(kr.load_site("cibeunying-simulated"))
    >>> [float(end) for end in ax.get_xlim()]
    [0.0, 100.0]
    >>> plt.close(ax.figure)
    """
    names = named(frame, "title", lang)
    if frame["date"].notna().any():
        days = [day_of(day, lang) if pd.notna(day) else "" for day in frame["date"]]
        names = names + ", " + pd.Series(days, index=names.index)
        names = names.str.removesuffix(", ")
    sheet = RowSheet(
        ax,
        text("figure.attendance_activities.title", lang),
        lang,
        entries=[(name, False) for name in names],
        least=0.27,
        left=2.75,
        right=1.25,
        head=0.2 if _has_band(frame) else 0.08,
    )
    _band(sheet, frame, facecolor=style.PAPER)
    for row, line in zip(sheet.plain, frame.to_dict("records"), strict=True):
        _rate(sheet, row.y, line, ls="")
    return _rates_finished(sheet, frame, "attendance_activities")
