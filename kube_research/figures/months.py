"""The figure of the cooperative: in which months each group put its profit there, and in which not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from kube_research.figures import style
from kube_research.figures.attendance import group_name, share_of
from kube_research.figures.sheet import (
    MARGIN,
    Grid,
    Look,
    Sheet,
    above_words,
    day_number,
    figure,
    ladder,
    month_labels,
    month_range,
    months,
)
from kube_research.formats import day_of, rupiah, whole
from kube_research.texts import text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from kube_research.site.folder import Site

_WRITTEN, _GAP = style.OKABE_ITO["blue"], style.OKABE_ITO["vermillion"]


def _writing_calendar_frame(site: Site) -> pd.DataFrame:
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
    Gaps are those of :func:`~kube_research.finance.writing.writing_gaps` (tests).

    Examples
    --------
    >>> import kube_research as kr
    >>> frame = writing_calendar.frame(kr.load_site("cibeunying-simulated"))
    >>> int(frame["gap"].sum()), int(frame["due"].sum())
    (120, 585)
    """
    from kube_research.finance.indicators import last_book_day, rule_day
    from kube_research.frames import grades_by

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


@figure(_writing_calendar_frame)
def writing_calendar(
    frame: pd.DataFrame, site: Site, *, lang: str = "en", ax: Axes | None = None
) -> Sheet:
    """Draw the days on which each group wrote its cash book, and the days due on which it did not.

    |figure_parameters|

    Examples
    --------
    >>> import kube_research as kr, matplotlib.pyplot as plt
    >>> ax = writing_calendar(kr.load_site("cibeunying-simulated"), lang="id")
    >>> ax.get_yticklabels()[0].get_text()
    'KUBE 07'
    >>> plt.close(ax.figure)
    """
    from matplotlib.patches import Rectangle

    from kube_research.finance.indicators import rule_day

    groups = list(frame.groupby("group", sort=True))
    entries = [(group_name(str(group), lang), False) for group, _ in groups]
    left, right = 0.95, 1.75
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
    return sheet.noted(note)


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


_LOOKS: dict[str, dict[str, Any]] = {
    "deposit": {"facecolor": style.tint(style.OKABE_ITO["green"], 0.45), "edgecolor": "none"},
    "missed": {"facecolor": "white", "edgecolor": style.OKABE_ITO["vermillion"], "lw": 1.0},
    "not_due": {"facecolor": "#F0F1F3", "edgecolor": "none"},
}


def _cooperative_months_frame(site: Site) -> pd.DataFrame:
    """Return month by month what each group put into the cooperative and what stood in its savings book.

    Parameters
    ----------
    site : Site
        With ``ledger``; the day of the rule comes from ``facts`` (``cooperative_since``).

    Returns
    -------
    DataFrame
        As from :func:`~kube_research.finance.writing.deposit_months`, for all months of the books, with
        ``due`` (from the month of the rule; missing where no rule is known), ``missed`` (due, and
        nothing put in) and ``closing`` (balance of the savings book at the end of the month, rupiah;
        missing where the ledger does not hold it).

    Raises
    ------
    kube_research.errors.MissingTableError

    Examples
    --------
    >>> import kube_research as kr
    >>> frame = cooperative_months.frame(kr.load_site("cibeunying-simulated"))
    >>> int(frame["due"].sum()), int(frame["missed"].sum())
    (10, 0)
    """
    from kube_research.finance.cash_flow import cash_statement
    from kube_research.finance.indicators import last_book_day, rule_day
    from kube_research.finance.writing import deposit_months

    ledger = site.table("ledger")
    categories = site.table("categories") if site.has("categories") else None
    done = deposit_months(ledger, categories, until=last_book_day(site))
    since = rule_day(site, "cooperative_since")
    due = pd.Series(pd.NA, index=done.index, dtype="boolean")
    if since is not None:
        due = (done["month"] >= pd.Timestamp(str(since)).strftime("%Y-%m")).astype("boolean")
    done.insert(4, "due", due)
    done.insert(5, "missed", due & ~done["deposit"])
    book = cash_statement(ledger[ledger["book"] == "tabungan"], categories)
    closing = book[["group", "month", "closing"]].astype({"closing": "Int64"})
    done = done.merge(closing, "left", ["group", "month"])
    done["closing"] = done.groupby("group")["closing"].ffill()
    return done[[*(name for name in done if name != "evidence"), "evidence"]]


@figure(_cooperative_months_frame)
def cooperative_months(
    frame: pd.DataFrame, site: Site, *, lang: str = "en", ax: Axes | None = None
) -> Sheet:
    """Draw one tile a group and month: what was put into the cooperative, or that nothing was.

    |figure_parameters|

    Examples
    --------
    >>> import kube_research as kr, matplotlib.pyplot as plt
    >>> ax = cooperative_months(kr.load_site("cibeunying-simulated"))
    >>> ax.get_yticklabels()[-1].get_text()
    'KUBE 24'
    >>> plt.close(ax.figure)
    """
    from matplotlib.patches import Rectangle

    months = month_range(frame["month"])
    groups = list(frame.groupby("group", sort=True))
    entries = [(group_name(str(group), lang), False) for group, _ in groups]
    keys = [
        (text(f"figure.cooperative_months.{name}", lang), Rectangle((0, 0), 1, 1, **look))
        for name, look in _LOOKS.items()
    ]
    title = text("figure.cooperative_months.title", lang)
    sheet = Grid(
        ax,
        title,
        lang,
        entries=entries,
        columns=month_labels(months, lang),
        left=0.95,
        words=1.75,
        least=0.27,
        keys=[keys],
    )
    sheet.head(0.1, text("figure.cooperative_months.without", lang))
    closing = text("figure.cooperative_months.closing", lang)
    sheet.head(sheet.right - MARGIN, closing, ha="right")
    for row, (_, part) in zip(sheet.plain, groups, strict=True):
        for line in part.to_dict("records"):
            kind, words = _tile(line, sheet.roomy, lang)
            if kind:
                bold = "bold" if kind == "missed" else "normal"
                place = months.index(line["month"])
                sheet.tile(place, row, kind, words, weight=bold, **_LOOKS[kind])
        due = int(part["due"].fillna(False).sum())
        words = text("figure.cooperative_months.no_rule", lang)
        if part["due"].notna().any():
            count = int(part["missed"].fillna(False).sum())
            words = text("figure.attendance_activities.of", lang, count=count, n=due)
        look: dict[str, Any] = {"va": "center_baseline", "gid": sheet.tag("without")}
        sheet.words(0.1, row.y, words, right=True, **look)
        if part["closing"].notna().any():
            amount = rupiah(int(part["closing"].iloc[-1]), lang)
            x = sheet.right - MARGIN
            look = {"ha": "right", "va": "center_baseline", "gid": sheet.tag("closing")}
            sheet.words(x, row.y, amount, right=True, **look)
    return sheet.noted(text("figure.cooperative_months.note", lang))


def _tile(line: dict[Any, Any], roomy: bool, lang: str) -> tuple[str, str]:
    """Return the kind of tile of a month and the words in it."""
    if pd.isna(line["deposited"]):
        return "", ""
    amount = round(line["deposited"] / 1000)
    if line["deposit"]:
        return "deposit", whole(amount, lang) if roomy else ""
    if pd.notna(line["missed"]) and line["missed"]:
        return "missed", "0" if roomy else ""
    return "not_due", ""
