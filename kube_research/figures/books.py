"""Figures of the books: balances, cash flow month by month, and the days on which they were written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from kube_research.figures import style
from kube_research.figures.attendance import group_name, share_of
from kube_research.figures.sheet import (
    LINES,
    MARGIN,
    Drawing,
    Grid,
    Look,
    Row,
    RowSheet,
    Sheet,
    Tile,
    book_names,
    books_in_order,
    day_number,
    figure,
    inches_from,
    money_axis,
    money_step,
    month_labels,
    month_range,
    months,
    tile_keys,
)
from kube_research.formats import Currency, day_of, money, number
from kube_research.frames import grades_by, weakest
from kube_research.texts import text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from kube_research.site.folder import Site


def _balances_frame(site: Site) -> pd.DataFrame:
    """Return the running balance of every book of every group.

    Parameters
    ----------
    site : Site
        With ``ledger``; ``books`` name the books.

    Returns
    -------
    DataFrame
        One row per book, group and day with an entry: ``date``, ``group``, ``book``, ``name_en``,
        ``name_id``, ``entries`` and ``amount`` of the day, ``running`` (balance at the end of the day,
        from :func:`~kube_research.finance.closing.ledger_balances`), ``closing``, ``evidence``.

    Raises
    ------
    kube_research.errors.MissingTableError

    Examples
    --------
    >>> import kube_research as kr
    >>> sorted(balances.frame(kr.load_site("cibeunying-simulated"))["book"].unique())
    ['iks', 'kas', 'tabungan']
    """
    from kube_research.finance.closing import ledger_balances

    keys = ["book", "group", "date"]
    entries = ledger_balances(site.table("ledger"))
    days = entries.groupby(keys, sort=False).agg(
        entries=("amount", "size"),
        amount=("amount", "sum"),
        running=("running", "last"),
        closing=("closing", "last"),
    )
    days["evidence"] = grades_by(entries, keys)
    days = days.reset_index()
    for lang, names in book_names(site).items():
        days[f"name_{lang}"] = days["book"].map(names)
    return days


@figure(_balances_frame)
def balances(
    frame: pd.DataFrame, site: Site, *, lang: str = "en", ax: Sequence[Axes] | None = None
) -> Drawing:
    """Draw the balances at the end of each day: one panel a book, one stepped line a group.

    Parameters
    ----------
    site : Site
        As for :func:`balances.frame`.
    lang : {"en", "id"}
        Language of every word.
    ax : sequence of Axes, optional
        One for each book of the ledger, in the order kas, tabungan, iks, then the site's own.

    Returns
    -------
    ndarray of Axes
        One-dimensional, one Axes a book; the figure is ``axes[0].figure``.

    Examples
    --------
    >>> import kube_research as kr, matplotlib.pyplot as plt
    >>> axes = balances(kr.load_site("cibeunying-simulated"))
    >>> [panel.get_title(loc="left") for panel in axes]
    ['Cash book', 'Savings book', 'IKS (solidarity) book']
    >>> plt.close(axes[0].figure)
    """
    books = books_in_order(frame["book"])
    groups = sorted(frame["group"].astype(str).unique())
    height = max(1.3, 0.14 * len(groups) + 0.1)
    drawing = Drawing(lang)
    panels = _stacked_panels(drawing, len(books), height) if ax is None else list(ax)
    days = frame["date"].map(day_number).to_numpy(dtype=float)
    first, last = float(days.min()), float(days.max())
    pad = max(1.0, 0.01 * (last - first))
    for panel, book in zip(panels, books, strict=True):
        part = frame[frame["book"] == book]
        panel.set_xlim(first - pad, last + pad)
        _book(panel, part, days[part.index], groups, lang, height, site.info.money)
        panel.set_title(part[f"name_{lang}"].iloc[0], fontsize=style.BODY)
        ticks = months(first, last, lang, lambda x: (x - first) / (last - first + 1) * 4.5)
        lowest = panel is panels[-1]
        panel.set_xticks([x for x, _ in ticks], [name if lowest else "" for _, name in ticks])
    drawing.panels = panels
    return drawing.noted(text("figure.balances.note", lang))


def _stacked_panels(drawing: Drawing, count: int, height: float) -> list[Axes]:
    """Return panels of one height, one below the other, on a figure with its title."""
    import matplotlib.pyplot as plt

    width, left, right, gap, top, foot = style.DOUBLE_COLUMN, 0.62, 1.78, 0.42, 0.56, 0.36
    total = top + count * height + (count - 1) * gap + foot
    drawing.own = plt.figure(figsize=(width, total), layout="none")
    panels = []
    for place in range(count):
        low = total - top - (place + 1) * height - place * gap
        box = (left / width, low / total, 1 - (left + right) / width, height / total)
        panels.append(drawing.own.add_axes(box))
    look: Look = {"fontsize": style.TITLE, "fontweight": "bold", "va": "top", "gid": "title"}
    title = text("figure.balances.title", drawing.lang)
    drawing.own.text(MARGIN / width, 1 - 0.08 / total, title, **look)
    return panels


def _book(
    ax: Axes,
    part: pd.DataFrame,
    days: NDArray[Any],
    groups: list[str],
    lang: str,
    height: float,
    currency: Currency,
) -> None:
    """Draw one book: a line for each group and its closing balance at the right."""
    colours, book = style.colours_for(groups), part["book"].iloc[0]
    ends = []
    for place, group in enumerate(groups):
        mine = part["group"].astype(str).to_numpy() == group
        if not mine.any():
            continue
        amounts, dates = part["running"].to_numpy()[mine], days[mine]
        look: Look = {"color": colours[group], "ls": LINES[place % len(LINES)], "lw": 1.3}
        gid = f"balance-{book}-{group}"
        ax.plot(dates, amounts, drawstyle="steps-post", gid=gid, **look)
        mark = style.MARKERS[place % len(style.MARKERS)]
        closing: Look = {"color": colours[group], "ms": 4.5, "gid": f"closing-{book}-{group}"}
        ax.plot(dates[-1], amounts[-1], mark, **closing)
        ends.append((int(amounts[-1]), group, mark, dates[-1]))
    low, high = min(0, part["running"].min()), max(0, part["running"].max())
    ax.set_ylim(low - 0.04 * (high - low), high + 0.06 * (high - low or 1))
    ax.set_ylabel(money_axis(ax.yaxis, 4, lang, currency, max(high, -low)))
    ax.grid(axis="y")
    if low < 0:
        ax.axhline(0, color=style.QUIET, lw=0.7)
    ends.sort()
    bottom, top = ax.get_ylim()
    spots = apart([(end[0] - bottom) / (top - bottom) for end in ends], 0.135 / height)
    side: Look = {"transform": inches_from(ax, right=True)}
    for (amount, group, mark, last), spot in zip(ends, spots, strict=True):
        y = bottom + spot * (top - bottom)
        shade: Look = {"color": colours[group], **side, "clip_on": False}
        shade |= {"scalex": False, "scaley": False}
        ax.plot([last, ax.get_xlim()[1]], [amount] * 2, color=colours[group], lw=0.7, zorder=1)
        ax.plot([0, 0.14], [amount, y], lw=0.7, **shade)
        ax.plot(0.2, y, mark, ms=4.5, **shade)
        words = f"{group_name(group, lang)}  {money(amount, lang, currency)}"
        look = {"fontsize": style.SMALL, "va": "center", "parse_math": False, **side}
        ax.text(0.28, y, words, gid=f"end-{book}-{group}", **look)


def apart(wanted: Sequence[float], least: float) -> list[float]:
    """Move sorted places from 0 to 1 as little as is simple until ``least`` apart.

    Examples
    --------
    >>> apart([0.5, 0.5, 1.0], 0.25)
    [0.375, 0.625, 1.0]
    """
    blocks: list[list[float]] = []  # [centre, count]
    for place in wanted:
        blocks.append([min(max(place, 0.0), 1.0), 1])
        while len(blocks) > 1:
            (low, a), (high, b) = blocks[-2:]
            if high - low >= least * (a + b) / 2 - 1e-12:
                break
            half = least * (a + b - 1) / 2
            centre = min(max((low * a + high * b) / (a + b), half), max(1 - half, half))
            blocks[-2:] = [[centre, a + b]]
    return [
        centre + least * (step - (count - 1) / 2)
        for centre, count in blocks
        for step in range(int(count))
    ]


_SUMS: dict[str, Any] = {
    "amount": ("amount", "sum"),
    "entries": ("entries", "sum"),
    "evidence": ("evidence", weakest),
}
_COLOURS = {"in": style.OKABE_ITO["blue"], "out": style.OKABE_ITO["vermillion"]}


def _cash_flow_months_frame(site: Site) -> pd.DataFrame:
    """Return what came in and went out of each book, by kind of money and month, all groups together.

    Parameters
    ----------
    site : Site
        With ``ledger``; ``categories`` declare its own codes.

    Returns
    -------
    DataFrame
        One row per book, direction, flow and month with entries: ``book``, ``direction`` (``in``,
        ``out``, then ``net`` of the book, for every month from the first to the last), ``flow``
        (missing for ``net``), ``label_en``, ``label_id``, ``month``, ``amount`` (rupiah; positive but
        for ``net``), ``entries``, ``internal`` (the other half stands in another book), ``evidence``.
        By :func:`~kube_research.finance.cash_flow.cash_flows`.

    Raises
    ------
    kube_research.errors.MissingTableError

    Examples
    --------
    >>> import kube_research as kr
    >>> frame = cash_flow_months.frame(kr.load_site("cibeunying-simulated"))
    >>> frame.query("book == 'kas' and direction == 'in'")["flow"].unique().tolist()
    ['sale', 'grant']
    """
    from kube_research.finance.cash_flow import cash_flows
    from kube_research.site.accounts import flows

    wide = cash_flows(site, by=("book", "month"))
    parts = []
    for direction in ("in", "out"):
        part = wide.assign(direction=direction, amount=wide[f"{direction}flow"])
        keys = ["book", "direction", "flow", "month", "internal"]
        parts.append(part[part["amount"] > 0].groupby(keys, as_index=False).agg(**_SUMS))
    net = wide.assign(amount=wide["net"]).groupby(["book", "month"]).agg(**_SUMS)
    books, every_month = net.index.unique("book"), month_range(wide["month"])
    net = net.reindex(pd.MultiIndex.from_product([books, every_month], names=net.index.names))
    net = net.fillna({"amount": 0, "entries": 0}).reset_index()
    net["evidence"] = net["evidence"].fillna(net["book"].map(grades_by(wide, ["book"])))
    parts.append(net.assign(direction="net", internal=False))
    frame = pd.concat(parts, ignore_index=True)
    about = flows().set_index("flow")
    for lang in ("en", "id"):
        word = text("figure.cash_flow_months.net", lang)
        frame[f"label_{lang}"] = frame["flow"].map(about[f"label_{lang}"]).fillna(word)
    order = {
        "book": books_in_order(books),
        "direction": ["in", "out", "net"],
        "flow": list(about.index),
        "month": every_month,
    }
    columns = ["book", "direction", "flow", "label_en", "label_id", "month", "amount", "entries"]
    kinds = {"amount": "int64", "entries": "int64", "internal": "bool", "evidence": "string"}
    frame = frame[[*columns, "internal", "evidence"]].astype(kinds)
    ordered: pd.DataFrame = frame.sort_values(
        list(order), key=lambda c: pd.Categorical(c, order[str(c.name)]), ignore_index=True
    )
    return ordered


@figure(_cash_flow_months_frame)
def cash_flow_months(
    frame: pd.DataFrame, site: Site, *, lang: str = "en", ax: Axes | None = None
) -> Grid:
    """Draw the cash flow as a table of bars: kinds of money by book down, months across.

    A bar in a cell is the amount, out of the largest of its book and direction; the number is in
    thousands or millions of rupiah, as the heading of the book says.

    |figure_parameters|

    Examples
    --------
    >>> import kube_research as kr, matplotlib.pyplot as plt
    >>> ax = cash_flow_months(kr.load_site("cibeunying-simulated"))
    >>> ax.get_yticklabels()[0].get_text()
    'Sales'
    >>> plt.close(ax.figure)
    """
    months = month_range(frame["month"])
    names, currency = book_names(site)[lang], site.info.money
    entries, lines = [], []
    for book, part in frame.groupby("book", sort=False):
        unit, word = money_step(part["amount"].abs().max(), currency, 1e7)
        in_unit = text(f"figure.cash_flow_months.{word}", lang, unit=currency.name)
        entries.append((f"{names.get(str(book), book)} ({in_unit})", True))
        for (way, _), rows in part.groupby(["direction", "flow"], sort=False, dropna=False):
            label = str(rows[f"label_{lang}"].iloc[0])
            star = "*" if rows["internal"].iloc[0] else ""
            entries.append((label[:1].upper() + label[1:] + star, False))
            largest = int(part.loc[part["direction"] == way, "amount"].abs().max())
            lines.append((str(way), rows, unit, word, largest))
    title, columns = text("figure.cash_flow_months.title", lang), month_labels(months, lang)
    size: Look = {"left": 1.75, "words": 0.95, "least": 0.21}
    sheet = Grid(ax, title, lang, entries=entries, columns=columns, **size)
    end = sheet.right - MARGIN
    sheet.head(end, text("figure.cash_flow_months.total", lang), ha="right")
    for row, (way, rows, unit, word, largest) in zip(sheet.plain, lines, strict=True):
        for line in rows.to_dict("records"):
            _cell(sheet, months.index(line["month"]), row, line, unit, word, largest)
        bold: Look = {"fontweight": "bold" if way == "net" else "normal", "right": True}
        bold |= {"ha": "right", "va": "center_baseline", "gid": sheet.tag(f"total-{way}")}
        sheet.words(end, row.y, money(int(rows["amount"].sum()), lang, currency), **bold)
    note = text("figure.cash_flow_months.note", lang)
    star = text("figure.cash_flow_months.star", lang) if frame["internal"].any() else ""
    return sheet.noted(note, star)


def _cell(
    sheet: Grid, column: int, row: Row, line: dict[Any, Any], unit: float, word: str, largest: int
) -> None:
    """Draw one amount: a pale bar from the left edge of the cell, and its number."""
    from matplotlib.patches import Rectangle

    way, amount = line["direction"], line["amount"]
    if way != "net" and largest:
        bar = Rectangle((column + 0.04, row.y - 0.075), 0.92 * amount / largest, 0.15)
        bar.set(facecolor=style.tint(_COLOURS[way], 0.35), edgecolor="none", zorder=2)
        bar.set_gid(sheet.tag(f"flow-{way}"))
        sheet.ax.add_patch(bar)
    if sheet.roomy:
        form = "#,##0.0" if word == "million" else "#,##0"
        words = number(amount / unit, sheet.lang, form)
        look: Look = {"ha": "right", "va": "center_baseline", "fontsize": style.SMALL}
        look |= {"zorder": 3, "fontweight": "bold" if way == "net" else "normal"}
        sheet.ax.text(column + 0.92, row.y, words, gid=sheet.tag(f"amount-{way}"), **look)


_DAYS = {
    "written": Tile(style.OKABE_ITO["blue"]),
    "gap": Tile(style.OKABE_ITO["vermillion"]),
}
#: How high a day is drawn, in inches: a gap stands out also where colours look alike.
_DAY_HEIGHTS = {"written": 0.17, "gap": 0.25}


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
    Their sums are those of :func:`~kube_research.finance.writing.days_written` (tests).

    Examples
    --------
    >>> import kube_research as kr
    >>> frame = writing_calendar.frame(kr.load_site("cibeunying-simulated"))
    >>> int(frame["gap"].sum()), int(frame["due"].sum())
    (120, 585)
    """
    from kube_research.finance.books import Books
    from kube_research.finance.indicators import last_book_day, rule_day
    from kube_research.finance.writing import of_book

    ledger, known = site.table("ledger"), Books.of(site).entries
    kas = known[of_book(known, "kas")]
    columns = ["group", "date", "due", "written", "gap", "evidence"]
    if kas.empty:
        return pd.DataFrame(columns=columns)
    since, until = rule_day(site, "books_daily_since"), last_book_day(site)
    agreed = pd.Timestamp(str(since)) if since is not None else None
    starts = [kas["date"].min(), *([agreed] if agreed is not None else [])]
    last = until if until is not None else ledger["date"].max()
    days = pd.DataFrame({"date": pd.date_range(min(starts), last)})
    groups = grades_by(kas, ["group"]).rename("evidence").reset_index().dropna(subset=["group"])
    begun = groups["group"].map(known.groupby("group")["date"].min())
    frame = groups.assign(first=begun if agreed is None else agreed).merge(days, how="cross")
    keys = ["group", "date"]
    frame["due"] = frame["date"] >= frame["first"]
    frame["written"] = pd.MultiIndex.from_frame(frame[keys]).isin(
        pd.MultiIndex.from_frame(kas[keys])
    )
    frame["gap"] = frame["due"] & ~frame["written"]
    return frame[columns].astype({"group": "string", "evidence": "string"})


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
    from kube_research.finance.indicators import rule_day

    groups = list(frame.groupby("group", sort=True))
    title = text("figure.writing_calendar.title", lang)
    keys = tile_keys("writing_calendar", _DAYS, lang)
    entries = [(group_name(group, lang), False) for group, _ in groups]
    size: Look = {"left": 0.95, "gap": 0.15, "right": 1.75, "head": 0.42, "foot": 0.36}
    sheet = RowSheet(ax, title, lang, entries=entries, keys=[keys], least=0.32, **size)
    days = frame["date"].map(day_number)
    first, last = (days.min(), days.max() + 1) if len(frame) else (0.0, 1.0)
    sheet.ax.set_xlim(first, last)
    scale = sheet.plot / (last - first)
    ticks = months(first, last, lang, lambda x: (x - first) * scale) if len(frame) else []
    sheet.ax.set_xticks([x for x, _ in ticks], [name for _, name in ticks])
    since = rule_day(site, "books_daily_since")
    if since is not None and len(frame):
        _rule_line(sheet, day_number(since), day_of(since, lang), scale)
    sheet.head(0.1, text("figure.writing_calendar.share", lang))
    sheet.head(sheet.right - MARGIN, text("figure.writing_calendar.longest", lang), ha="right")
    for row, (_, part) in zip(sheet.plain, groups, strict=True):
        _calendar_row(sheet, row.y, part)
    return sheet.noted(text("figure.writing_calendar.note", lang))


def _rule_line(sheet: Sheet, day: float, date: str, scale: float) -> None:
    """Draw the line of the day from which entries are due every day."""
    look: Look = {"color": style.INK, "lw": 0.9, "ls": (0, (3, 2)), "zorder": 4}
    sheet.ax.axvline(day, gid=sheet.tag("rule"), **look)
    words = text("figure.writing_calendar.rule", sheet.lang, day=date)
    start = (day - sheet.ax.get_xlim()[0]) * scale
    place = max(0.0, min(start, sheet.plot - style.text_width(words, style.SMALL)))
    sheet.above(place, words, color=style.INK)


def _calendar_row(sheet: Sheet, y: float, part: pd.DataFrame) -> None:
    """Draw the days of one group and write its share and its longest gap."""
    for kind, size in _DAY_HEIGHTS.items():
        days = part[[kind]].T.astype(object).replace({True: kind, False: None})
        sheet.tiles([Row(y, size, [], False)], days, _DAYS, gap=0)
    due, missed = int(part["due"].sum()), int(part["gap"].sum())
    if due:
        share = share_of((due - missed) / due, sheet.lang)
        sheet.words(0.1, y, share, right=True, fontweight="bold", gid=sheet.tag("share"))
        of = text("figure.attendance_activities.of", sheet.lang, count=due - missed, n=due)
        sheet.words(0.46, y, of, right=True)
        words = text("figure.writing_calendar.days", sheet.lang, days=_longest(part["gap"]))
        look: Look = {"right": True, "ha": "right", "gid": sheet.tag("longest")}
        sheet.words(sheet.right - MARGIN, y, words, **look)


def _longest(gaps: pd.Series) -> int:
    """Return the length of the longest run of true values."""
    stretch = (~gaps).cumsum()
    return int(gaps.groupby(stretch).sum().max())
