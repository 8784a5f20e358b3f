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
    Sheet,
    Tile,
    figure,
    inches_from,
    ladder,
    named,
    percent_axis,
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


def group_name(code: str, lang: str) -> str:
    """Return the heading of a group."""
    if code == NO_GROUP:
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
    groups = {
        code: part.pivot_table(index="person", columns="meeting", values="status", aggfunc="last")
        for code, part in frame.groupby("group", sort=True)
    }
    entries = []
    for code, statuses in groups.items():
        entries.append((group_name(str(code), lang), True))
        entries += [(str(name), False) for name in statuses.index]
    rows, height = ladder(entries, _NAMES - 0.15, least=0.165, limit=8.5)
    keys = [
        (text(f"figure.attendance_heatmap.{status}", lang), tile.key)
        for status, tile in STATUS.items()
    ]
    turned = wide < _NARROW
    size: Look = {"left": _NAMES, "right": style.DOUBLE_COLUMN - _NAMES - count * wide}
    size |= {"head": 1.4 if turned else 1.1, "foot": 0.06}
    title = text("figure.attendance_heatmap.title", lang)
    sheet = Sheet(ax, title, lang, height=max(height, 0.3), keys=[keys], **size)
    sheet.rows(rows)
    sheet.ax.set_xlim(0, count)
    plain = iter([row for row in rows if not row.head])
    letters = {status: words[0] for (words, _), status in zip(keys, STATUS, strict=True)}
    places: dict[tuple[Any, Any], Row] = {}
    for code, statuses in groups.items():
        people = [next(plain) for _ in statuses.index]
        places |= {(code, name): row for name, row in zip(statuses.index, people, strict=True)}
        kinds = statuses.reindex(columns=meetings["meeting"])
        sheet.tiles(people, kinds, STATUS, kinds.map(lambda kind: letters.get(kind, "")))
    _margins(sheet, frame, meetings, places)
    labels = [_column_label(line, lang, turned) for line in meetings.to_dict("records")]
    sheet.ax.set_xticks(np.arange(len(meetings)) + 0.5, labels)
    above: Look = {"top": True, "bottom": False, "labeltop": True, "labelbottom": False}
    sheet.ax.tick_params(axis="x", length=0, rotation=90 if turned else 0, **above)
    for spine in sheet.ax.spines.values():
        spine.set_visible(False)
    note = text("figure.attendance_heatmap.note", lang)
    return sheet.noted(note, _meeting_list(meetings, lang))


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
                look = _marks(zone, zones, rounds)
                _dots(sheet, column * sheet.plot / count, row, raters, each, look)
        if len(rounds) > 1:
            _again(sheet, part, rounds, row, bool(name))
    return sheet.noted(text("figure.rater_flow_plot.note", lang))


def _groups(frame: pd.DataFrame, lang: str) -> list[tuple[str, pd.DataFrame]]:
    """Return the raters of each group under its name."""
    if "group" not in frame:
        return [(text("figure.rater_flow_plot.raters", lang), frame)] if len(frame) else []
    done = []
    for code, part in frame.groupby("group", dropna=False):
        name = text("figure.group", lang, group=code)
        done.append((text("figure.no_group", lang) if pd.isna(code) else name, part))
    return done


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


_ENDS = ("low", "high")


def _attendance_rates_plot_frame(site: Site) -> pd.DataFrame:
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
        :func:`~kube_research.attendance.rates.attendance_rates`; ``recent_rate`` and ``meetings``
        of the last
        four dated activities (:func:`~kube_research.attendance.rates.recent_rates`), missing where
        nothing is
        dated; ``band_low``, ``band_high`` (shares; missing when nothing is printed).

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
    from kube_research.attendance.rates import attendance_rates, recent_rates
    from kube_research.levels import grades_of_ranks, ranks_of_evidence

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
            worst = np.maximum(ranks_of_evidence(part), ranks_of_evidence(found))
            part["evidence"] = grades_of_ranks(worst)
        parts.append(part.astype({"level": "string"}))
    done = pd.concat(parts, ignore_index=True)
    facts = site.table("facts").set_index("fact")["value"] if site.has("facts") else pd.Series()
    for end in ("low", "high"):
        printed = facts.get(f"attendance_{end}")
        done[f"band_{end}"] = np.nan if printed is None else float(str(printed)) / 100
    first = ["breakdown", "level"]
    return done[[*first, *(name for name in done if name not in first)]]


@figure(_attendance_rates_plot_frame)
def attendance_rates_plot(
    frame: pd.DataFrame, site: Site, *, lang: str = "en", ax: Axes | None = None
) -> Sheet:
    """Draw the rates of attendance over all, by group and by role, with the printed band.

    A dot with its line is the rate over all activities with its Wilson interval, a diamond the mean of
    the last four meetings.

    |figure_parameters|

    Examples
    --------
    >>> import kube_research as kr, matplotlib.pyplot as plt
    >>> ax = attendance_rates_plot(kr.load_site("cibeunying-simulated"))
    >>> [label.get_text() for label in ax.get_yticklabels()][-2:]
    ['Members', 'Officers']
    >>> plt.close(ax.figure)
    """
    # Long because every mark of the rows needs its legend, its words and its heading.
    from matplotlib.lines import Line2D

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
        sheet.ax.plot(ends_of, [row.y] * 2, color=blue, marker="|", ms=5, gid=sheet.tag("interval"))
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
    return sheet.noted(note, few)


def _level(line: dict[Any, Any], lang: str) -> str:
    """Return the label of a row of rates."""
    if line["breakdown"] == "overall":
        return text("figure.attendance_rates_plot.overall", lang)
    if line["breakdown"] == "group":
        return group_name(NO_GROUP if pd.isna(line["level"]) else line["level"], lang)
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
        ``title_en``,
        ``title_id``, ``band_low`` and ``band_high`` (shares; missing when nothing is printed).

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

    done = titled(attendance_rates(site.table("attendance")), site)
    facts = site.table("facts").set_index("fact")["value"] if site.has("facts") else pd.Series()
    for end in ("low", "high"):
        printed = facts.get(f"attendance_{end}")
        done[f"band_{end}"] = np.nan if printed is None else float(str(printed)) / 100
    return done


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
    left = 2.75
    rows, height = ladder([(name, False) for name in names], left - 0.2, least=0.27)
    band = frame[["band_low", "band_high"]].iloc[0].to_numpy(dtype=float) * 100
    sheet = Sheet(
        ax,
        text("figure.attendance_activities.title", lang),
        lang,
        height=height,
        left=left,
        right=1.25,
        head=0.08 if np.isnan(band).any() else 0.2,
    )
    sheet.rows(rows)
    ax = sheet.ax
    colour = style.OKABE_ITO["blue"]
    if not np.isnan(band).any():
        ax.axvspan(
            *band,
            facecolor=style.PAPER,
            edgecolor=style.QUIET,
            lw=0.7,
            ls=(0, (3, 2)),
            gid=sheet.tag("band"),
        )
        ends = [number(end, lang, "0.#") for end in band]
        words = text("figure.attendance_activities.band", lang, low=ends[0], high=ends[1])
        look: Look = {
            "ha": "center",
            "va": "bottom",
            "color": style.QUIET,
            "gid": sheet.tag("band"),
        }
        sheet.beside(band.mean(), 0, words, 0, up=3, **look)
    for row, line in zip(rows, frame.to_dict("records"), strict=True):
        ends = [100 * line["low"], 100 * line["high"]]
        ax.plot(ends, [row.y] * 2, color=colour, marker="|", ms=5, gid=sheet.tag("interval"))
        face = "white" if line["few"] else colour
        dot: Look = {"ms": 5.5, "color": colour, "mfc": face, "gid": sheet.tag("rate")}
        ax.plot(100 * line["rate"], row.y, "o", zorder=3, **dot)
        share = percent(round(100 * line["rate"]), lang)
        of = text("figure.attendance_activities.of", lang, count=line["attended"], n=line["n"])
        sheet.words(0.08, row.y, share, right=True, fontweight="bold")
        sheet.words(0.44, row.y, of, right=True)
    percent_axis(ax, lang, text("figure.attendance_activities.axis", lang))
    few = text("figure.attendance_activities.few", lang) if frame["few"].any() else ""
    return sheet.noted(text("figure.attendance_activities.note", lang), few)
