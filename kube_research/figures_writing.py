"""The figure of the writing calendar: days on which the cash book was written or due."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from kube_research import style
from kube_research.figures_grid import above_words
from kube_research.figures_heatmap import group_name, share_of
from kube_research.figures_sheet import MARGIN, Look, Sheet, day_number, ladder, months
from kube_research.formats import day_of
from kube_research.texts import check_language, text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from kube_research.site import Site

_WRITTEN, _GAP = style.OKABE_ITO["blue"], style.OKABE_ITO["vermillion"]


def writing_calendar_frame(site: Site) -> pd.DataFrame:
    """Return for every day and group whether the cash book was written and whether it was due.

    Parameters
    ----------
    site : Site
        With ``ledger``. The day of the rule comes from ``facts`` (``books_daily_since``); the last day
        due is that of the books' period, else of the last entry.

    Returns
    -------
    DataFrame
        One row per group and day, from the first entry in kas of any group, or the day of the rule if
        that is earlier, to the last day due: ``group``, ``date``, ``due`` (from the day of the rule;
        without one, from the group's first entry), ``written`` (at least one entry in kas), ``gap``
        (due and not written), ``evidence``. A group whose kas the ledger does not hold has no row.

    Raises
    ------
    kube_research.errors.MissingTableError

    Notes
    -----
    Gaps are those of :func:`~kube_research.bookkeeping.writing_gaps` (tests).

    Examples
    --------
    >>> import kube_research as kr
    >>> frame = writing_calendar_frame(kr.load_site("cibeunying-simulated"))
    >>> int(frame["gap"].sum()), int(frame["due"].sum())
    (120, 585)
    """
    from kube_research.frames import grades_by
    from kube_research.indicator_frames import last_book_day, rule_day

    ledger = site.table("ledger")
    kas = ledger[(ledger["book"] == "kas") & ledger["amount"].notna()]
    since, until = rule_day(site, "books_daily_since"), last_book_day(site)
    begun = ledger[ledger["amount"].notna()].groupby("group")["date"].min()
    last = until if until is not None else ledger["date"].max()
    parts = []
    grades = grades_by(kas, ["group"]) if len(kas) else pd.Series(dtype="string")
    starts = [kas["date"].min()] if len(kas) else []
    if since is not None:
        starts.append(pd.Timestamp(str(since)))
    for group, part in kas.groupby("group"):
        days = pd.date_range(min(starts), last)
        first = pd.Timestamp(str(since)) if since is not None else begun[group]
        rows = pd.DataFrame({"group": str(group), "date": days})
        rows["due"] = rows["date"] >= first
        rows["written"] = rows["date"].isin(part["date"])
        parts.append(rows.assign(evidence=grades[group]))
    columns = ["group", "date", "due", "written", "gap", "evidence"]
    if not parts:
        return pd.DataFrame(columns=columns)
    done = pd.concat(parts, ignore_index=True)
    done["gap"] = done["due"] & ~done["written"]
    return done[columns].astype({"group": "string", "evidence": "string"})


def writing_calendar(site: Site, *, lang: str = "en", ax: Axes | None = None) -> Axes:
    """Draw the days on which each group wrote its cash book, and the days due on which it did not.

    Parameters
    ----------
    site : Site
        As for :func:`writing_calendar_frame`.
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
    >>> ax = writing_calendar(kr.load_site("cibeunying-simulated"), lang="id")
    >>> ax.get_yticklabels()[0].get_text()
    'KUBE 07'
    >>> plt.close(ax.figure)
    """
    from matplotlib.patches import Rectangle

    from kube_research.indicator_frames import rule_day

    check_language(lang)
    frame = site.cached(writing_calendar_frame)
    groups = list(frame.groupby("group", sort=True))
    entries = [(group_name(str(group), lang), False) for group, _ in groups]
    left, right = 0.95, 1.75
    with style.theme():
        keys = [
            (
                text(f"figure.writing_calendar.{name}", lang),
                Rectangle((0, 0), 1, 1, facecolor=colour),
            )
            for name, colour in (("written", _WRITTEN), ("gap", _GAP))
        ]
        rows, height = ladder(entries, left - 0.15, least=0.32)
        size: Look = {"left": left, "right": right, "head": 0.42, "foot": 0.36}
        title = text("figure.writing_calendar.title", lang)
        sheet = Sheet(ax, title, lang, height=max(height, 0.3), keys=[keys], **size)
        sheet.rows(rows)
        days = frame["date"].map(day_number)
        first, last = (days.min(), days.max() + 1) if len(frame) else (0.0, 1.0)
        sheet.ax.set_xlim(first, last)
        scale = sheet.plot / (last - first)
        ticks = months(first, last, lang, lambda x: (x - first) * scale) if len(frame) else []
        sheet.ax.set_xticks([x for x, _ in ticks], [name for _, name in ticks])
        since = rule_day(site, "books_daily_since")
        if since is not None and len(frame):
            _rule(sheet, day_number(since), day_of(since, lang), scale)
        _heads(sheet, right)
        for row, (_, part) in zip(rows, groups, strict=True):
            _group(sheet, row.y, part, right)
        note = text("figure.writing_calendar.note", lang)
        return sheet.finish(frame, site, note)


def _rule(sheet: Sheet, day: float, words: str, scale: float) -> None:
    """Draw the line of the day from which entries are due every day."""
    look: Look = {"color": style.INK, "lw": 0.9, "ls": (0, (3, 2)), "zorder": 4}
    sheet.ax.axvline(day, gid=sheet.tag("rule"), **look)
    said = text("figure.writing_calendar.rule", sheet.lang, day=words)
    start = (day - sheet.ax.get_xlim()[0]) * scale
    place = max(0.0, min(start, sheet.plot - style.text_width(said, style.SMALL)))
    above_words(sheet, place, said, color=style.INK)


def _heads(sheet: Sheet, right: float) -> None:
    """Write the headings of the columns of words."""
    share = text("figure.writing_calendar.share", sheet.lang)
    above_words(sheet, sheet.plot + 0.1, share)
    longest = text("figure.writing_calendar.longest", sheet.lang)
    above_words(sheet, sheet.plot + right - MARGIN, longest, ha="right")


def _group(sheet: Sheet, y: float, part: pd.DataFrame, right: float) -> None:
    """Draw the days of one group and write its share and its longest gap."""
    days = part["date"].map(day_number)
    for kind, colour, size in (("written", _WRITTEN, 0.17), ("gap", _GAP, 0.25)):
        spans = [(day, 1.0) for day in days[part[kind]]]
        look: dict[str, Any] = {"facecolor": colour, "edgecolor": "none", "zorder": 3}
        look |= {"gid": sheet.tag(kind)}
        sheet.ax.broken_barh(spans, (y - size / 2, size), **look)
    due, missed = int(part["due"].sum()), int(part["gap"].sum())
    if due:
        share = share_of((due - missed) / due, sheet.lang)
        sheet.words(0.1, y, share, right=True, fontweight="bold", gid=sheet.tag("share"))
        of = text("figure.attendance_activities.of", sheet.lang, count=due - missed, n=due)
        sheet.words(0.46, y, of, right=True)
        longest = _longest(part["gap"])
        words = text("figure.writing_calendar.days", sheet.lang, days=longest)
        look = {"ha": "right", "gid": sheet.tag("longest")}
        sheet.words(right - MARGIN, y, words, right=True, **look)


def _longest(gaps: pd.Series) -> int:
    """Return the length of the longest run of true values."""
    stretch = (~gaps).cumsum()
    return int(gaps.groupby(stretch).sum().max())
