"""Figures of what was done: the timeline of a site, and targets against results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kube_research.figures import style
from kube_research.figures.sheet import (
    LEAD,
    MARGIN,
    Look,
    RowSheet,
    Sheet,
    day_number,
    figure,
    headed,
    inches_from,
    months,
    named,
    percent_axis,
    titled,
)
from kube_research.formats import counted, day_of, percent
from kube_research.texts import text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from kube_research.site.folder import Site


_LANES = ("study", "preparation", "meeting", "intervention", "assessment")
_KIND_LOOKS = {
    "study": (style.KINDS["input"], "s"),
    "preparation": (style.KINDS["process"], "s"),
    "meeting": (style.KINDS["intervention"], "o"),
    "intervention": (style.KINDS["intervention"], "^"),
    "assessment": (style.KINDS["assessment"], "D"),
}
_BAR, _SQUEEZED = 0.15, 0.17


def _study_timeline_frame(site: Site) -> pd.DataFrame:
    """Return every dated activity in order of lane and date.

    Parameters
    ----------
    site : Site
        With ``activities``.

    Returns
    -------
    DataFrame
        ``activity``, ``kind``, ``date``, ``last_date`` (the date itself for a single day, missing when
        the end is not stated), ``precision``, ``number`` (of meetings, by date), ``title_en``,
        ``title_id``, ``days_after`` (for interventions that began after the last assessment: by how
        many days), ``evidence``, ``locator``. Activities without a date are left out.

    Raises
    ------
    kube_research.errors.MissingTableError

    Examples
    --------
    >>> import kube_research as kr
    >>> frame = study_timeline.frame(kr.load_site("cibeunying")).set_index("activity")
    >>> int(frame.loc["kuber", "days_after"])
    15
    """
    table = site.table("activities")
    acts = table[table["date"].notna()].copy()
    blank = pd.Series(pd.NA, index=acts.index)
    acts["date"] = pd.to_datetime(acts["date"])
    acts["last_date"] = pd.to_datetime(acts.get("last_date", blank))
    longer = acts["last_date"].notna() & (acts["last_date"] > acts["date"])
    guess = longer.map({True: "span", False: "day"})
    acts["precision"] = acts.get("precision", blank).fillna(guess).astype("string")
    single = acts["precision"].eq("day") | (acts["last_date"].isna() & acts["precision"].ne("from"))
    acts["last_date"] = acts["last_date"].where(~single, acts["date"])
    lanes = acts["kind"].map({kind: place for place, kind in enumerate(_LANES)})
    acts = acts.assign(_lane=lanes).sort_values(["_lane", "date"], kind="stable", ignore_index=True)
    meeting = acts["kind"].eq("meeting")
    acts["number"] = meeting.astype("int64").cumsum().where(meeting).astype("Int64")
    gap = (acts["date"] - acts.loc[acts["kind"].eq("assessment"), "last_date"].max()).dt.days
    late = acts["kind"].eq("intervention") & (gap > 0)
    acts["days_after"] = gap.where(late).astype("Int64")
    columns = ["activity", "kind", "date", "last_date", "precision", "number"]
    columns += ["title_en", "title_id", "days_after", "evidence", "locator"]
    return acts[columns]


class _Mark:
    """One activity on the timeline: its data, its words, and where both are placed (inches)."""

    def __init__(self, line: dict[Any, Any], title: str, lang: str) -> None:
        self.kind, self.precision = str(line["kind"]), str(line["precision"])
        self.first, self.last = line["date"], line["last_date"]
        self.number, self.activity = line["number"], str(line["activity"])
        self.bar = self.precision in ("between", "from") or self.last > self.first
        same_year = pd.notna(self.last) and self.first.year == self.last.year
        start = day_of(self.first.date(), lang, "d MMM" if same_year and self.bar else "d MMM y")
        end = day_of(self.last.date(), lang) if pd.notna(self.last) else ""
        key = self.precision if self.precision in ("between", "from") else "span"
        if key == "between" and line["evidence"] == "recorded":
            key = "unknown"
        when = start
        if self.bar:
            when = text(f"figure.study_timeline.{key}", lang, first=start, last=end)
        self.words = when if pd.notna(self.number) else f"{title}, {when}"
        self.row, self.lines, self.side, self.inside = 0, [""], "left", False
        self.anchor, self.shift = day_number(self.first), 0.0

    def place(self, start: float, end: float, width: float) -> tuple[float, float]:
        """Choose the place of the words inside, right or left of the mark; return the extent."""
        wide = style.text_width(self.words, style.SMALL)
        if self.bar and self.precision != "between" and wide + 0.16 < end - start:
            self.lines, self.inside, self.shift = [self.words], True, 5.0
            return start, end
        gap = 0.05 + (0.0 if self.bar else 0.075)
        free = width - end - gap - 0.03
        right = free >= min(wide, 1.3)
        room = min(2.1, max(free if right else start - gap - 0.03, 0.6))
        self.lines = style.wrap(self.words, room, style.SMALL)
        wide = max(style.text_width(line, style.SMALL) for line in self.lines)
        if right:
            self.anchor = day_number(self.last) if pd.notna(self.last) else self.anchor
            self.shift = gap * 72
            return start - gap, end + gap + wide
        self.side, self.shift = "right", -gap * 72
        return start - gap - wide, end + gap


class _Axis:
    """The days of the timeline in inches; a long quiet time at the start is drawn narrower."""

    def __init__(self, frame: pd.DataFrame, width: float) -> None:
        ends = pd.concat([frame["date"], frame["last_date"].dropna()])
        self.first, self.last = day_number(ends.min()) - 4, day_number(ends.max()) + 8
        active = frame.loc[frame["kind"] != "study", "date"]
        self.busy = day_number(active.min()) - 8 if len(active) else self.first
        quiet, rest = self.busy - self.first, self.last - self.busy
        self.narrow = quiet > 0.3 * (quiet + rest)
        self.slope = _SQUEEZED / (1 - _SQUEEZED) * rest / quiet if self.narrow else 1.0
        self.width = width

    def forward(self, days: Any) -> Any:
        """Turn days into places, the time before ``busy`` at the smaller slope."""
        away = np.asarray(days, dtype=float) - self.busy
        return np.where(away < 0, away * self.slope, away)

    def back(self, places: Any) -> Any:
        """Turn places into days."""
        away = np.asarray(places, dtype=float)
        return np.where(away < 0, away / self.slope, away) + self.busy

    def inches(self, day: float) -> float:
        """Return the place of a day in inches from the left end."""
        start, here, end = (float(self.forward(x)) for x in (self.first, day, self.last))
        return (here - start) / (end - start) * self.width

    def pack(self, marks: list[_Mark]) -> list[float]:
        """Put marks on as few rows as their words allow; return the heights of the rows."""
        taken: list[list[tuple[float, float]]] = []
        heights: list[float] = []
        for mark in marks:
            start = self.inches(day_number(mark.first))
            end = self.inches(day_number(mark.last)) if pd.notna(mark.last) else self.width
            low, high = mark.place(start, end, self.width)
            free = (
                row
                for row, others in enumerate(taken)
                if all(high + 0.08 < a or low - 0.08 > b for a, b in others)
            )
            mark.row = next(free, len(taken))
            if mark.row == len(taken):
                taken.append([])
                heights.append(0.23)
            taken[mark.row].append((low, high))
            heights[mark.row] = max(heights[mark.row], len(mark.lines) * LEAD + 0.07)
        return heights


@figure(_study_timeline_frame)
def study_timeline(
    frame: pd.DataFrame, site: Site, *, lang: str = "en", ax: Axes | None = None
) -> Sheet:
    """Draw all activities by date, one lane a kind.

    Days are marks, spans are bars; a hatched bar holds a day that is not known, an arrow an end that
    is not stated. Interventions after the last assessment are pointed out. A long quiet time before
    the first activity is drawn narrower, which the figure says. The x axis counts days as matplotlib
    does, the y axis inches; axes that are given should be as wide as a page.

    |figure_parameters|

    Examples
    --------
    >>> import kube_research as kr, matplotlib.pyplot as plt
    >>> ax = study_timeline(kr.load_site("cibeunying"), lang="id")
    >>> [label.get_text() for label in ax.get_yticklabels()][-1]
    'Penilaian'
    >>> plt.close(ax.figure)
    """
    titles = named(frame, "title", lang)
    marks = [
        _Mark(line, title, lang)
        for line, title in zip(frame.to_dict("records"), titles, strict=True)
    ]
    left, right = 0.98, 0.16
    width = style.DOUBLE_COLUMN - left - right
    if ax is not None:
        width = ax.get_position().width * style.figure_of(ax).get_size_inches()[0]
    axis = _Axis(frame, width)
    lanes: list[tuple[str, float, float]] = []
    spots: dict[str, float] = {}
    top = 0.0
    for kind in _LANES:
        mine = [mark for mark in marks if mark.kind == kind]
        if mine:
            heights = axis.pack(mine)
            for mark in mine:
                above = sum(heights[: mark.row])
                spots[mark.activity] = top + 0.05 + above + heights[mark.row] / 2
            lanes.append((kind, top, top + sum(heights) + 0.1))
            top = lanes[-1][2]
    late = frame[frame["days_after"].notna()]
    pointed = []
    for title, days in zip(titles[late.index], late["days_after"], strict=True):
        words = text("figure.study_timeline.after", lang, title=title, days=days)
        lines = style.wrap(words, 0.62 * width, style.SMALL, "bold")
        pointed.append(("\n".join(lines), top + 0.06 + len(lines) * LEAD / 2))
        top += len(lines) * LEAD + 0.12
    title, head = text("figure.study_timeline.title", lang), 0.2 if axis.narrow else 0.08
    sheet = Sheet(ax, title, lang, height=top, left=left, right=right, head=head)
    _days(sheet, axis)
    _lanes(sheet, lanes)
    for mark in marks:
        _draw(sheet, mark, spots[mark.activity])
    rounds = frame[frame["kind"].eq("assessment")].sort_values("last_date")
    for (words, y), line in zip(pointed, late.to_dict("records"), strict=True):
        _point(sheet, words, y, [rounds.to_dict("records")[-1], line], spots)
    notes = {
        "note_number": frame["number"].notna().any(),
        "note_between": frame["precision"].eq("between").any(),
        "note_from": frame["precision"].eq("from").any(),
        "squeezed": axis.narrow,
    }
    wanted = [name for name, needed in notes.items() if needed]
    return sheet.noted(*(text(f"figure.study_timeline.{name}", lang) for name in wanted))


def _days(sheet: Sheet, axis: _Axis) -> None:
    """Give the x axis days, months as ticks, and a mark where its scale changes."""
    ax, lang = sheet.ax, sheet.lang
    if axis.narrow:
        ax.set_xscale("function", functions=(axis.forward, axis.back))
        ax.axvspan(axis.first, axis.busy, facecolor="#F1F3F5", lw=0, zorder=0.2, gid="squeezed")
        ax.axvline(axis.busy, color=style.QUIET, ls=":", lw=1, zorder=0.3)
        look: Look = {"ha": "center", "va": "bottom", "color": style.QUIET}
        middle = (axis.first + axis.busy) / 2
        sheet.beside(middle, 0, text("figure.study_timeline.smaller", lang), 0, up=3, **look)
    ax.set_xlim(axis.first, axis.last)
    ticks = months(axis.first, axis.last, lang, axis.inches)
    ax.set_xticks([x for x, _ in ticks], [name for _, name in ticks])
    ax.set_xticks([], minor=True)
    ax.grid(axis="x")


def _lanes(sheet: Sheet, lanes: list[tuple[str, float, float]]) -> None:
    """Name the lanes and rule them off."""
    names = [text(f"figure.study_timeline.{kind}", sheet.lang) for kind, _, _ in lanes]
    sheet.ax.set_yticks([(low + high) / 2 for _, low, high in lanes], names)
    sheet.ax.tick_params(axis="y", pad=(sheet.left - MARGIN) * 72)
    for label in sheet.ax.get_yticklabels():
        label.set(ha="left", va="center", fontweight="bold")
    for _, _, bottom in lanes:
        rule: Look = {"color": style.RULE, "lw": 0.7, "zorder": 0.4}
        sheet.ax.axhline(bottom, **rule)
        wide, place = [MARGIN - sheet.left, 0], inches_from(sheet.ax)
        sheet.ax.plot(wide, [bottom] * 2, transform=place, scalex=False, clip_on=False, **rule)


def _draw(sheet: Sheet, mark: _Mark, y: float) -> None:
    """Draw one activity and its words."""
    from matplotlib.patches import Polygon, Rectangle

    ax = sheet.ax
    colour, shape = _KIND_LOOKS[mark.kind]
    start = day_number(mark.first)
    look: Look = {"facecolor": style.tint(colour, 0.35), "edgecolor": colour, "zorder": 2}
    if mark.precision == "from":
        end = ax.get_xlim()[1]
        tip = end - 0.025 * (end - start)
        low, high = y - _BAR / 2, y + _BAR / 2
        outline = [(tip, low), (start, low), (start, high), (tip, high), (end, y)]
        ax.add_patch(Polygon(outline, closed=True, gid=mark.activity, **look))
    elif mark.bar:
        if mark.precision == "between":
            look |= {"facecolor": "white", "hatch": "////", "ls": (0, (3, 2))}
        size = day_number(mark.last) - start
        bar = Rectangle((start, y - _BAR / 2), size, _BAR, gid=mark.activity, **look)
        ax.add_patch(bar)
    else:
        big = 9.5 if pd.notna(mark.number) else 6
        ax.plot(start, y, shape, ms=big, color=colour, mec=style.INK, mew=0.6, gid=mark.activity)
        if pd.notna(mark.number):
            inside: Look = {"ha": "center", "va": "center_baseline", "fontsize": style.SMALL}
            ax.text(start, y, str(mark.number), fontweight="bold", zorder=4, **inside)
    back: Look = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
    halo: Look = {} if mark.inside else {"bbox": back}
    words, look = "\n".join(mark.lines), {"ha": mark.side, "gid": sheet.tag("label"), "zorder": 3}
    sheet.beside(mark.anchor, y, words, mark.shift, **look, **halo)


def _point(
    sheet: Sheet, words: str, y: float, pair: list[dict[Any, Any]], spots: dict[str, float]
) -> None:
    """Show that an intervention (the second of the pair) came after the last assessment."""
    ends = [day_number(pair[0]["last_date"]), day_number(pair[1]["date"])]
    colour = style.VERDICTS["missed"]
    for x, line in zip(ends, pair, strict=True):
        sheet.ax.plot([x, x], [spots[line["activity"]], y], color=colour, lw=0.9, ls=":", zorder=1)
    arrow: Look = {"arrowstyle": "<->", "color": colour, "lw": 1.1, "shrinkA": 0, "shrinkB": 0}
    sheet.ax.annotate("", (ends[1], y), (ends[0], y), arrowprops=arrow)
    look: Look = {"fontsize": style.SMALL, "fontweight": "bold", "color": colour}
    sheet.beside(ends[0], y, words, -5, gid=sheet.tag("after"), **look)


_SHAPES = {"met": "o", "missed": "X", "undecided": "s", "not reported": "", "no target": "o"}
#: How a target or result is printed before its percentage.
_SIGNS = {">=": "≥ ", ">": "> ", "about": "± "}


def _targets_results_frame(site: Site) -> pd.DataFrame:
    """Return every target beside its result, in order of the activities.

    Parameters
    ----------
    site : Site
        With ``outcomes``; ``activities`` give titles and order.

    Returns
    -------
    DataFrame
        The columns of :func:`~kube_research.interventions.outcomes.targets_against_results` with
        ``date``, ``title_en`` and ``title_id``; ``achieved_comparison``, ``match`` and the labels are
        always there.

    Raises
    ------
    kube_research.errors.MissingTableError

    Examples
    --------
    >>> import kube_research as kr
    >>> frame = targets_results.frame(kr.load_site("cibeunying"))
    >>> int(frame["verdict"].value_counts()["missed"])
    1
    """
    from kube_research.interventions.outcomes import targets_against_results

    compared = titled(targets_against_results(site.table("outcomes")), site)
    blank = pd.Series(pd.NA, index=compared.index, dtype="string")
    for column in ("label_en", "label_id", "achieved_label_en", "achieved_label_id"):
        compared[column] = compared.get(column, blank)
    compared["achieved_comparison"] = compared.get("achieved_comparison", blank).fillna("=")
    compared["match"] = compared.get("match", blank).fillna("same")
    return compared


@figure(_targets_results_frame)
def targets_results(
    frame: pd.DataFrame, site: Site, *, lang: str = "en", ax: Axes | None = None
) -> Sheet:
    """Draw targets against results, saying where the two do not count the same thing.

    An open diamond is the target; a filled mark is a result on the same thing, a hollow one a figure
    on something else; an arrow stands for "more than". The verdict is written at the right.

    |figure_parameters|

    Examples
    --------
    >>> import kube_research as kr, matplotlib.pyplot as plt
    >>> ax = targets_results(kr.load_site("cibeunying"), lang="id")
    >>> ax.get_xlabel()
    'Peserta (persen)'
    >>> plt.close(ax.figure)
    """
    from matplotlib.lines import Line2D

    labels, results = named(frame, "label", lang), named(frame, "achieved_label", lang)
    labelled: list[tuple[str, str]] = []
    for place, line in enumerate(frame.to_dict("records")):
        words = labels[place] or results[place] or line["measure"]
        if line["match"] == "nearest" and results[place]:
            words += "\n" + text("figure.targets_results.other", lang, what=results[place])
        if pd.notna(counts := line.get("achieved_n")) and pd.notna(line["achieved_pct"]):
            words += "\n" + counted(counts, line["achieved_of"], line["achieved_pct"], lang)
        labelled.append((line[f"title_{lang}"], words))

    def handle(marker: str, face: str, edge: str, line: Any = "") -> Line2D:
        return Line2D([], [], marker=marker, mfc=face, color=edge, ls=line, ms=5.5, lw=1)

    ink = style.INK
    keys = [
        (text("figure.targets_results.target", lang), handle("D", "white", ink)),
        (text("figure.targets_results.same", lang), handle("o", ink, ink, "-")),
        (text("figure.targets_results.nearest", lang), handle("o", "white", ink, (0, (3, 2)))),
        (text("figure.targets_results.more", lang), handle(">", ink, ink, "-")),
    ]
    title = text("figure.targets_results.title", lang)
    size: Look = {"left": 2.9, "right": 1.66, "least": 0.27, "limit": 7.4}
    sheet = RowSheet(ax, title, lang, entries=headed(labelled), keys=[keys], **size)
    ends = frame[["target_pct", "achieved_pct"]].astype("Float64").max()
    axis = text(f"figure.targets_results.axis{'_over' if ends.max() > 100 else ''}", lang)
    most = percent_axis(sheet.ax, lang, axis, float(ends.fillna(0).max()))
    for row, line in zip(sheet.plain, frame.to_dict("records"), strict=True):
        _target_row(sheet, row.y, line, most)
    counted_rows = "achieved_n" in frame and frame["achieved_n"].notna().any()
    note = text(f"figure.targets_results.note{'_counts' if counted_rows else ''}", lang)
    return sheet.noted(note)


def _target_row(sheet: Sheet, y: float, line: dict[Any, Any], most: float) -> None:
    """Draw one target, its result and the verdict."""
    lang, ax = sheet.lang, sheet.ax
    target, got = (
        float(line[key]) if pd.notna(line[key]) else None for key in ("target_pct", "achieved_pct")
    )
    other = line["match"] == "nearest"
    colour = style.VERDICTS.get(line["verdict"], style.QUIET)
    ink = style.QUIET if line["verdict"] == "undecided" else colour
    dash = (0, (3, 2)) if other else "-"
    look: Look
    if target is not None and got is not None:
        look = {"color": colour, "ls": dash, "lw": 1.3, "zorder": 2, "gid": sheet.tag("gap")}
        ax.plot([target, got], [y, y], **look)
    more = got is not None and line["achieved_comparison"] in (">", ">=")
    if more:
        arrow: Look = {"arrowstyle": "->", "color": colour, "lw": 1.3, "shrinkA": 0, "shrinkB": 0}
        ax.annotate("", (most, y), (got, y), arrowprops=arrow, gid=sheet.tag("more"), zorder=2)
    marks = []
    if target is not None:
        ax.plot(target, y, "D", mfc="white", mec=style.INK, ms=7, gid=sheet.tag("target"), zorder=3)
        sign = _SIGNS.get(line["comparison"], "")
        marks.append((target, sign + percent(target, lang), style.INK, "normal"))
    if got is not None:
        look = {"marker": _SHAPES[line["verdict"]], "mfc": "white" if other else colour}
        ax.plot(got, y, ls="", mec=colour, ms=4.6, gid=sheet.tag("achieved"), zorder=4, **look)
        sign = _SIGNS.get(line["achieved_comparison"], "")
        marks.append((got, sign + percent(got, lang), ink, "bold"))
        low, high = line.get("achieved_low"), line.get("achieved_high")
        if pd.notna(low) and pd.notna(high):
            look = {"marker": "|", "ms": 5, "lw": 0.9, "color": style.QUIET, "zorder": 1}
            ax.plot([low, high], [y + 0.11] * 2, gid=sheet.tag("interval"), **look)
    marks.sort(key=lambda mark: mark[0])
    for side, (x, words, shade, weight) in zip((-1, 1), marks, strict=False):
        spot = most if more and side > 0 else x
        sheet.beside(spot, y, words, 7 * side, color=shade, fontweight=weight)
    verdict = line["verdict"].replace(" ", "_")
    words, weight = text(f"figure.targets_results.{verdict}", lang), "bold"
    if other and target is not None and got is not None:
        words, weight = text("figure.targets_results.elsewhere", lang, verdict=words), "normal"
    words = "\n".join(style.wrap(words, 1.12, style.SMALL))
    gid = sheet.tag("verdict")
    sheet.words(0.48, y, words, right=True, color=ink, fontweight=weight, gid=gid)
