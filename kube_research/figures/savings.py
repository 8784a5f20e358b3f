"""Figures of saving together: members' savings, deposits in the cooperative, IKS against its rule."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kube_research.figures import style
from kube_research.figures.attendance import NO_GROUP, group_name
from kube_research.figures.sheet import (
    MARGIN,
    Grid,
    Look,
    Row,
    RowSheet,
    Sheet,
    Tile,
    figure,
    headed,
    money_axis,
    money_step,
    month_labels,
    month_range,
    tile_keys,
)
from kube_research.formats import Currency, money, number, percent, whole
from kube_research.texts import text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from kube_research.site.folder import Site


_DOT = style.OKABE_ITO["green"]
#: Equal amounts stand one above the other: so far apart, and at most so high together, in inches.
_STACKED, _STACK = 0.085, 0.26
#: A dot as a strip draws it; the legend draws the same.
_STRIP: Look = {"size": 5, "color": _DOT, "edgecolor": style.INK, "linewidth": 0.5}


def _member_savings_plot_frame(site: Site) -> pd.DataFrame:
    """Return what every member has saved, with the place of the member on the Lorenz curve of all.

    Parameters
    ----------
    site : Site
        With ``ledger`` and ``members``; ``categories`` declare its own codes.

    Returns
    -------
    DataFrame
        As from :func:`~kube_research.finance.savings.member_savings`, members only and with a known
        balance, with ``share_people`` and ``share_money``: this member and all who saved less, as
        shares of all members and of all their savings
        (:func:`~kube_research.finance.savings.lorenz_points`; missing where nothing is saved or a
        balance is below zero). By group and balance.

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

    site.table("members")
    savings = member_savings(site)
    savings = savings[savings["member"] & savings["balance"].notna()].drop(columns="member")
    savings = savings.sort_values(["balance", "group", "person"], ignore_index=True)
    points = lorenz_points(savings["balance"]).iloc[1:].reset_index(drop=True)
    for share in ("share_people", "share_money"):
        if len(points):
            savings.insert(len(savings.columns) - 1, share, points[share])
        else:
            savings[share] = None
    return savings.sort_values(["group", "balance", "person"], ignore_index=True)


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

    from kube_research.finance.savings import savings_spread

    parts = list(frame.groupby(frame["group"].fillna(NO_GROUP), sort=True))
    entries = [(group_name(group, lang), False) for group, _ in parts]
    entries += [(text("figure.member_savings_plot.all", lang), True)] if parts else []
    dot: Look = {"marker": "o", "ms": 5, "mec": style.INK, "mew": 0.5, "color": _DOT, "ls": ""}
    bar: Look = {"marker": "|", "ms": 13, "mew": 1.6, "color": style.INK, "ls": ""}
    title = text("figure.member_savings_plot.title", lang)
    keys = [
        (text("figure.member_savings_plot.member", lang), Line2D([], [], **dot)),
        (text("figure.member_savings_plot.average", lang), Line2D([], [], **bar)),
    ]
    size: Look = {"left": 1.1, "right": _RIGHT_OF_SAVINGS, "gap": 0.15, "head": 0.3}
    sheet = RowSheet(ax, title, lang, entries=entries, least=0.34, keys=[keys], **size)
    amounts = frame["balance"].astype("float64")
    low, high = min(0.0, amounts.min()), max(1.0, amounts.max())
    if frame.empty:
        low, high = 0.0, 1.0
    sheet.ax.set_xlim(low - 0.02 * (high - low), high + 0.04 * (high - low))
    currency = site.info.money
    unit = money_axis(sheet.ax.xaxis, 6, lang, currency, high, 1e7)
    sheet.ax.grid(axis="x")
    sheet.ax.set_xlabel(text("figure.member_savings_plot.axis", lang, unit=unit))
    for x, name, side in _COLUMNS:
        sheet.head(x, text(f"figure.member_savings_plot.{name}", lang), ha=side)
    few, gaps = False, []
    for row, (_, part) in zip(sheet.all_rows, [*parts, ("", frame)] if parts else [], strict=True):
        spread = savings_spread(part, by=None, lang=lang).iloc[0]
        few |= bool(spread["few"]) and not row.head
        gaps += [spread["reason"]] if spread["reason"] else []
        _savings_row(sheet, row, part, spread, bar, currency)
    notes = [text("figure.member_savings_plot.note", lang)]
    notes += [text("figure.member_savings_plot.few", lang)] if few else []
    for reason in dict.fromkeys(gaps):
        notes.append(text("figure.member_savings_plot.no_gini", lang, reason=reason))
    return sheet.noted(*notes)


#: Inches right of the plot, for three columns of words.
_RIGHT_OF_SAVINGS = 2.35
#: Columns of words: inches from the plot, name, alignment.
_COLUMNS = (
    (0.1, "saving", "left"),
    (1.72, "mean", "right"),
    (_RIGHT_OF_SAVINGS - MARGIN, "gini", "right"),
)


def _savings_row(
    sheet: Sheet, row: Row, part: pd.DataFrame, spread: pd.Series, bar: Look, currency: Currency
) -> None:
    """Draw the members of one group, equal amounts one above the other, and write its figures."""
    lang = sheet.lang
    if not row.head:
        stacked = part.groupby("balance").cumcount()
        sizes = part.groupby("balance")["balance"].transform("size")
        step = np.minimum(_STACKED, _STACK / sizes)
        y = row.y + (stacked - (sizes - 1) / 2) * step
        sheet.dots(part["balance"].astype(float), y.astype(float), "member", zorder=3, **_STRIP)
        sheet.ax.plot(float(spread["average"]), row.y, gid=sheet.tag("average"), zorder=2.5, **bar)
    bold: Look = {"fontweight": "bold" if row.head else "normal", "va": "center_baseline"}
    star = "*" if spread["few"] and not row.head else ""
    of = text("figure.attendance_activities.of", lang, count=spread["saving"], n=spread["members"])
    evenness = number(spread["gini"], lang) or "–"
    cells = (of + star, money(float(spread["average"]), lang, currency), evenness)
    for (x, name, side), words in zip(_COLUMNS, cells, strict=True):
        sheet.words(x, row.y, words, right=True, ha=side, gid=sheet.tag(f"words-{name}"), **bold)


_MISSED = style.OKABE_ITO["vermillion"]
_MONTHS = {
    "deposit": Tile(style.tint(style.OKABE_ITO["green"], 0.45)),
    "missed": Tile("white", style.INK, "bold", _MISSED, 1.0),
    "not_due": Tile("#F0F1F3"),
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
    from kube_research.finance.books import SAVINGS, Books, kinds_of
    from kube_research.finance.cash_flow import cash_statement
    from kube_research.finance.indicators import last_book_day, rule_day
    from kube_research.finance.writing import deposit_months

    books = Books.of(site)
    deposits = deposit_months(books, until=last_book_day(site))
    since = rule_day(site, "cooperative_since")
    due = pd.Series(pd.NA, index=deposits.index, dtype="boolean")
    if since is not None:
        due = (deposits["month"] >= pd.Timestamp(str(since)).strftime("%Y-%m")).astype("boolean")
    deposits.insert(4, "due", due)
    deposits.insert(5, "missed", due & ~deposits["deposit"])
    statement = cash_statement(books)
    saved = statement[kinds_of(statement["book"], books.about_books).isin(SAVINGS)]
    saved = saved.groupby(["group", "month"])["closing"].sum().astype("Int64").reset_index()
    deposits = deposits.merge(saved[["group", "month", "closing"]], "left", ["group", "month"])
    deposits["closing"] = deposits.groupby("group")["closing"].ffill()
    return deposits[[*deposits.columns.drop("evidence"), "evidence"]]


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
    months, currency = month_range(frame["month"]), site.info.money
    groups = list(frame.groupby("group", sort=True))
    largest = float(frame["deposited"].abs().fillna(0).max()) if len(frame) else 0.0
    step, word = money_step(largest, currency, math.inf)
    unit = text(f"figure.cash_flow_months.{word}", lang, unit=currency.name)
    sheet = Grid(
        ax,
        text("figure.cooperative_months.title", lang),
        lang,
        entries=[(group_name(group, lang), False) for group, _ in groups],
        columns=month_labels(months, lang),
        left=0.95,
        words=1.75,
        least=0.27,
        keys=[tile_keys("cooperative_months", _MONTHS, lang, unit=unit)],
    )
    end = sheet.right - MARGIN
    sheet.head(0.1, text("figure.cooperative_months.without", lang))
    sheet.head(end, text("figure.cooperative_months.closing", lang), ha="right")
    tiles = frame.assign(tile=_kinds(frame), words="")
    if sheet.roomy:
        written = tiles["tile"].isin(["deposit", "missed"])
        thousands = (tiles.loc[written, "deposited"].astype("int64") / step).round()
        tiles.loc[written, "words"] = [whole(int(amount), lang) for amount in thousands]
    kinds, amounts = (
        tiles.pivot(index="group", columns="month", values=name).reindex(columns=months)
        for name in ("tile", "words")
    )
    sheet.tiles(sheet.plain, kinds, _MONTHS, amounts.fillna(""))
    for row, (_, part) in zip(sheet.plain, groups, strict=True):
        words = text("figure.cooperative_months.no_rule", lang)
        if part["due"].notna().any():
            counts = {"count": part["missed"].sum(), "n": part["due"].sum()}
            words = text("figure.attendance_activities.of", lang, **counts)
        look: Look = {"right": True, "va": "center_baseline"}
        sheet.words(0.1, row.y, words, gid=sheet.tag("without"), **look)
        if part["closing"].notna().any():
            amount = money(int(part["closing"].iloc[-1]), lang, currency)
            sheet.words(end, row.y, amount, ha="right", gid=sheet.tag("closing"), **look)
    return sheet.noted(text("figure.cooperative_months.note", lang))


def _kinds(frame: pd.DataFrame) -> pd.Series:
    """Return the kind of tile of every month; missing where the ledger does not tell."""
    kinds = pd.Series("not_due", index=frame.index, dtype="object")
    kinds = kinds.mask(frame["missed"].fillna(False), "missed")
    kinds = kinds.mask(frame["deposit"].fillna(False), "deposit")
    return kinds.where(frame["deposited"].notna(), None)


#: The readings of the base that the figure holds side by side.
READINGS = ("profit", "iks_inflow")
_IKS = style.BOOKS["iks"]


def _iks_rule_plot_frame(site: Site) -> pd.DataFrame:
    """Return what came into the IKS book, and each purpose against both readings of the rule.

    Parameters
    ----------
    site : Site
        With ``ledger`` and ``iks_rule``; ``categories`` declare its own codes, and the day of the rule
        comes from ``facts`` (``iks_since``; without it, from the first month with a share).

    Returns
    -------
    DataFrame
        One row per line of the figure, all groups together: ``part`` (``in``: money that came into the
        book; ``rule``: a purpose with a share, once a reading; ``other``: a purpose without one),
        ``name`` (flow or purpose), ``label_en``, ``label_id``, ``reading`` (of ``rule``), and in rupiah
        ``amount`` (came in, set aside, or spent), ``used`` (spent on the purpose in the months of the
        rule), ``due`` (what the reading asks for), ``base``; ``pct_of_base``, ``agreed_pct``
        (percent), ``evidence``.

    Raises
    ------
    kube_research.errors.MissingTableError

    Notes
    -----
    Amounts come from :func:`~kube_research.finance.iks.iks_statement`,
    :func:`~kube_research.finance.iks.iks_against_rule` and :func:`~kube_research.finance.iks.iks_use`.

    Examples
    --------
    >>> import kube_research as kr
    >>> frame = iks_rule_plot.frame(kr.load_site("cibeunying-simulated"))
    >>> frame.query("part == 'rule'")[["name", "reading"]].values.tolist()[:2]
    [['sick_members', 'profit'], ['sick_members', 'iks_inflow']]
    """
    from kube_research.finance.books import Books
    from kube_research.finance.iks import iks_against_rule, iks_statement, iks_use
    from kube_research.finance.indicators import rule_day
    from kube_research.site.accounts import flows

    books, rule = Books.of(site), site.table("iks_rule")
    statement = iks_statement(books, by=None)
    came = statement[statement["line"] == "in"].groupby("flow", sort=False)
    came_in = came.agg(amount=("amount", "sum"), evidence=("evidence", "first")).reset_index()
    since, use = rule_day(site, "iks_since"), iks_use(books, rule)
    held = iks_against_rule(books, rule, bases=READINGS, since=since)
    others = use[~use["purpose"].isin(held["purpose"]) & use["used"].notna()]
    parts = {
        "in": came_in.rename(columns={"flow": "name"}),
        "rule": held.rename(columns={"purpose": "name", "set_aside": "amount"}),
        "other": others.rename(columns={"purpose": "name", "used": "amount"}),
    }
    frame = pd.concat([rows.assign(part=part) for part, rows in parts.items()], ignore_index=True)
    flow_names, purposes = flows().set_index("flow"), rule.drop_duplicates("purpose")
    for lang in ("en", "id"):
        column, name = f"label_{lang}", frame["name"]
        label = name.map(flow_names[column]).where(frame["part"] == "in")
        if column in purposes:
            label = label.fillna(name.map(purposes.set_index("purpose")[column]))
        frame[column] = label.fillna(name).fillna(text("figure.iks_rule_plot.unnamed", lang))
    names = ["part", "name", "label_en", "label_id", "reading"]
    money = ["amount", "used", "due", "base"]
    kinds = dict.fromkeys([*names, "evidence"], "string") | dict.fromkeys(money, "Int64")
    columns = [*names, *money, "pct_of_base", "agreed_pct", "evidence"]
    return frame[columns].astype(kinds | {"pct_of_base": "Float64"})


@figure(_iks_rule_plot_frame)
def iks_rule_plot(
    frame: pd.DataFrame, site: Site, *, lang: str = "en", ax: Axes | None = None
) -> Sheet:
    """Draw IKS money in rupiah: what came in; each purpose against what each reading asks for.

    A bar is what was set aside (or came in, or was spent on a purpose without a share), the dark tick
    what was spent on the purpose, the open bar what the reading of the rule asks for.

    |figure_parameters|

    Examples
    --------
    >>> import kube_research as kr, matplotlib.pyplot as plt
    >>> ax = iks_rule_plot(kr.load_site("cibeunying-simulated"))
    >>> ax.get_yticklabels()[0].get_text()
    'IKS dues'
    >>> plt.close(ax.figure)
    """
    from matplotlib.lines import Line2D
    from matplotlib.patches import Rectangle

    handles = {
        "came": Rectangle((0, 0), 1, 1, **_BARS["amount"]),
        "due": Rectangle((0, 0), 1, 1, **_BARS["due"]),
        "used": Line2D([], [], **_USED),
    }
    keys = [(text(f"figure.iks_rule_plot.{name}", lang), key) for name, key in handles.items()]
    title, entries = text("figure.iks_rule_plot.title", lang), _iks_entries(frame, lang)
    size: Look = {"left": 1.9, "right": 2.1, "head": 0.3, "least": 0.3}
    sheet = RowSheet(ax, title, lang, entries=entries, keys=[keys], **size)
    amounts = frame[["amount", "used", "due"]].astype("float64").max().max()
    high = amounts if pd.notna(amounts) and amounts > 0 else 1.0
    sheet.ax.set_xlim(0, 1.04 * high)
    sheet.ax.grid(axis="x")
    sheet.ax.set_xlabel(money_axis(sheet.ax.xaxis, 5, lang, site.info.money, high, 2e6))
    for x, name in ((_RUPIAH, "amount"), (sheet.right - MARGIN, "share")):
        sheet.head(x, text(f"figure.iks_rule_plot.{name}", lang), ha="right")
    for row, line in zip(sheet.plain, frame.to_dict("records"), strict=True):
        _iks_row(sheet, row, line, site.info.money)
    return sheet.noted(text("figure.iks_rule_plot.note", lang))


#: Where the column of amounts ends, in inches right of the plot.
_RUPIAH = 0.95
_BARS: dict[str, dict[str, Any]] = {
    "amount": {"facecolor": style.tint(_IKS, 0.6), "edgecolor": "none"},
    "due": {"facecolor": "none", "edgecolor": style.INK, "lw": 0.8},
}
_USED: Look = {"marker": "|", "ms": 10, "mew": 2.2, "color": style.INK, "ls": ""}


def _iks_entries(frame: pd.DataFrame, lang: str) -> list[tuple[str, bool]]:
    """Return the labels of the rows under headings: money in, each purpose, purposes without a share."""
    labelled: list[tuple[str, str]] = []
    for line in frame.to_dict("records"):
        part, label = str(line["part"]), str(line[f"label_{lang}"])
        about: dict[str, str] = {}
        if part == "rule":
            about = {"purpose": label, "pct": percent(float(line["agreed_pct"]), lang)}
            label = text(f"figure.iks_rule_plot.of_{line['reading']}", lang)
        heading = text(f"figure.iks_rule_plot.{part}", lang, **about)
        labelled.append((heading, label[:1].upper() + label[1:]))
    return headed(labelled)


def _iks_row(sheet: Sheet, row: Row, line: dict[Any, Any], currency: Currency) -> None:
    """Draw one line: bar, open bar and tick; write the amount and its share of the base."""
    lang = sheet.lang
    words: Look = {"right": True, "ha": "right", "va": "center_baseline"}
    if pd.notna(line["amount"]):
        look: Look = {**_BARS["amount"], "zorder": 2, "gid": sheet.tag(f"amount-{line['part']}")}
        sheet.ax.barh(row.y, float(line["amount"]), 0.15, **look)
        amount = money(int(line["amount"]), lang, currency)
        sheet.words(_RUPIAH, row.y, amount, gid=sheet.tag("rupiah"), **words)
    if pd.notna(line["due"]):
        look = {**_BARS["due"], "zorder": 3, "gid": sheet.tag("due")}
        sheet.ax.barh(row.y, float(line["due"]), 0.24, **look)
    if pd.notna(line["used"]):
        sheet.ax.plot(float(line["used"]), row.y, zorder=4, gid=sheet.tag("used"), **_USED)
    if pd.notna(line["pct_of_base"]):
        share = percent(round(float(line["pct_of_base"]), 1), lang)
        words |= {"fontweight": "bold", "gid": sheet.tag("pct")}
        sheet.words(sheet.right - MARGIN, row.y, share, **words)
