"""The figure of members' savings: one dot a member, one row a group, and how even they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from kube_research.figures import style
from kube_research.figures.attendance import NO_GROUP, group_name
from kube_research.figures.sheet import MARGIN, Look, Row, Sheet, above_words, figure, ladder
from kube_research.formats import number, rupiah
from kube_research.texts import text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from kube_research.site.folder import Site

_DOT = style.OKABE_ITO["green"]


def _member_savings_plot_frame(site: Site) -> pd.DataFrame:
    """Return what every member has saved, with the place of the member on the Lorenz curve of all.

    Parameters
    ----------
    site : Site
        With ``ledger`` and ``members``; ``categories`` declare its own codes.

    Returns
    -------
    DataFrame
        As from :func:`~kube_research.finance.savings.member_savings`, members only and with a
        known balance,
        with ``share_people`` and ``share_money``: this member and all who saved less, as shares of all
        members and of all their savings (:func:`~kube_research.finance.savings.lorenz_points`;
        missing where
        nothing is saved). By group and balance.

    Raises
    ------
    kube_research.errors.MissingTableError

    Examples
    --------
    >>> import kube_research as kr
    >>> frame = member_savings_plot.frame(kr.load_site("cibeunying-simulated"))
    >>> len(frame), float(frame["share_money"].max())
    (30, 1.0)
    """
    from kube_research.finance.savings import lorenz_points, member_savings

    categories = site.table("categories") if site.has("categories") else None
    done = member_savings(site.table("ledger"), site.table("members"), categories)
    done = done[done["member"] & done["balance"].notna()].drop(columns="member")
    done = done.sort_values(["balance", "group", "person"], ignore_index=True)
    points = lorenz_points(done["balance"]).iloc[1:].reset_index(drop=True)
    if not points.empty:
        done.insert(len(done.columns) - 1, "share_people", points["share_people"])
        done.insert(len(done.columns) - 1, "share_money", points["share_money"])
    else:
        done = done.assign(share_people=None, share_money=None)
    return done.sort_values(["group", "balance", "person"], ignore_index=True)


@figure(_member_savings_plot_frame)
def member_savings_plot(
    frame: pd.DataFrame, site: Site, *, lang: str = "en", ax: Axes | None = None
) -> Sheet:
    """Draw one dot a member: what they have saved; with share saving, average and Gini beside it.

    |figure_parameters|

    Examples
    --------
    >>> import kube_research as kr, matplotlib.pyplot as plt
    >>> ax = member_savings_plot(kr.load_site("cibeunying-simulated"))
    >>> ax.get_yticklabels()[0].get_text()
    'KUBE 07'
    >>> plt.close(ax.figure)
    """
    from matplotlib.lines import Line2D
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    from kube_research.finance.savings import savings_spread

    parts = list(frame.groupby(frame["group"].fillna(NO_GROUP), sort=True))
    entries = [(group_name(str(group), lang), False) for group, _ in parts]
    entries += [(text("figure.member_savings_plot.all", lang), True)] if parts else []
    left, right = 1.1, 2.35
    dot: Look = {"marker": "o", "ms": 5, "mec": style.INK, "mew": 0.5, "color": _DOT, "ls": ""}
    bar: Look = {"marker": "|", "ms": 13, "mew": 1.6, "color": style.INK, "ls": ""}
    rows, height = ladder(entries, left - 0.15, least=0.34)
    title = text("figure.member_savings_plot.title", lang)
    keys = [
        (text("figure.member_savings_plot.member", lang), Line2D([], [], **dot)),
        (text("figure.member_savings_plot.average", lang), Line2D([], [], **bar)),
    ]
    size: Look = {"left": left, "right": right, "head": 0.3}
    sheet = Sheet(ax, title, lang, height=max(height, 0.3), keys=[keys], **size)
    sheet.rows(rows)
    amounts = frame["balance"].astype("float64")
    low, high = min(0.0, amounts.min()), max(1.0, amounts.max())
    if frame.empty:
        low, high = 0.0, 1.0
    sheet.ax.set_xlim(low - 0.02 * (high - low), high + 0.04 * (high - low))
    unit, word = (1e6, "million") if high >= 1e7 else (1e3, "thousand")
    sheet.ax.xaxis.set_major_locator(MaxNLocator(6))
    sheet.ax.xaxis.set_major_formatter(
        FuncFormatter(lambda value, _: number(value / unit, lang, "#,##0.###"))
    )
    sheet.ax.grid(axis="x")
    axis = text(f"figure.balances.{word}", lang)
    sheet.ax.set_xlabel(text("figure.member_savings_plot.axis", lang, unit=axis))
    _heads(sheet)
    few = False
    for row, (_, part) in zip(rows, [*parts, ("", frame)] if parts else [], strict=True):
        spread = savings_spread(part, by=None).iloc[0]
        few |= bool(spread["few"]) and not row.head
        _row(sheet, row, part, spread, dot, bar)
    note = text("figure.member_savings_plot.note", lang)
    mark = text("figure.member_savings_plot.few", lang) if few else ""
    return sheet.noted(note, mark)


def _heads(sheet: Sheet) -> None:
    """Write the headings of the columns of words."""
    for x, name, side in _COLUMNS:
        words = text(f"figure.member_savings_plot.{name}", sheet.lang)
        above_words(sheet, sheet.plot + x, words, ha=side)


#: Columns of words: inches from the plot, name, alignment.
_COLUMNS = (
    (0.1, "saving", "left"),
    (1.72, "mean", "right"),
    (2.35 - MARGIN, "gini", "right"),
)


def _row(
    sheet: Sheet, row: Row, part: pd.DataFrame, spread: pd.Series, dot: Look, bar: Look
) -> None:
    """Draw the members of one group, equal amounts one above the other, and write its figures."""
    lang = sheet.lang
    if not row.head:
        stacked = part.groupby("balance").cumcount()
        sizes = part.groupby("balance")["balance"].transform("size")
        for amount, place, size in zip(part["balance"], stacked, sizes, strict=True):
            step = min(0.085, 0.26 / int(size))
            y = row.y + (place - (size - 1) / 2) * step
            sheet.ax.plot(float(amount), y, gid=sheet.tag("member"), zorder=3, **dot)
        sheet.ax.plot(float(spread["average"]), row.y, gid=sheet.tag("average"), zorder=2.5, **bar)
    bold: dict[str, Any] = {"fontweight": "bold" if row.head else "normal"}
    bold |= {"va": "center_baseline"}
    star = "*" if spread["few"] and not row.head else ""
    of = text("figure.attendance_activities.of", lang, count=spread["saving"], n=spread["members"])
    words = (of + star, rupiah(round(float(spread["average"])), lang), number(spread["gini"], lang))
    for (x, name, side), said in zip(_COLUMNS, words, strict=True):
        sheet.words(x, row.y, said, right=True, ha=side, gid=sheet.tag(f"words-{name}"), **bold)
