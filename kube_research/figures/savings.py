"""Figures of saving together: members' savings, deposits in the cooperative, IKS against its rule."""

from __future__ import annotations

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
    Sheet,
    Tile,
    above_words,
    figure,
    ladder,
    month_labels,
    month_range,
)
from kube_research.formats import number, percent, rupiah, whole
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

    site.table("members")
    done = member_savings(site)
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
    _savings_heads(sheet)
    few = False
    for row, (_, part) in zip(rows, [*parts, ("", frame)] if parts else [], strict=True):
        spread = savings_spread(part, by=None).iloc[0]
        few |= bool(spread["few"]) and not row.head
        _savings_row(sheet, row, part, spread, bar)
    note = text("figure.member_savings_plot.note", lang)
    mark = text("figure.member_savings_plot.few", lang) if few else ""
    return sheet.noted(note, mark)


def _savings_heads(sheet: Sheet) -> None:
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


def _savings_row(sheet: Sheet, row: Row, part: pd.DataFrame, spread: pd.Series, bar: Look) -> None:
    """Draw the members of one group, equal amounts one above the other, and write its figures."""
    lang = sheet.lang
    if not row.head:
        stacked = part.groupby("balance").cumcount()
        sizes = part.groupby("balance")["balance"].transform("size")
        step = np.minimum(_STACKED, _STACK / sizes)
        y = row.y + (stacked - (sizes - 1) / 2) * step
        sheet.dots(part["balance"].astype(float), y.astype(float), "member", zorder=3, **_STRIP)
        sheet.ax.plot(float(spread["average"]), row.y, gid=sheet.tag("average"), zorder=2.5, **bar)
    bold: dict[str, Any] = {"fontweight": "bold" if row.head else "normal"}
    bold |= {"va": "center_baseline"}
    star = "*" if spread["few"] and not row.head else ""
    of = text("figure.attendance_activities.of", lang, count=spread["saving"], n=spread["members"])
    words = (of + star, rupiah(round(float(spread["average"])), lang), number(spread["gini"], lang))
    for (x, name, side), said in zip(_COLUMNS, words, strict=True):
        sheet.words(x, row.y, said, right=True, ha=side, gid=sheet.tag(f"words-{name}"), **bold)


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
    from kube_research.finance.books import Books
    from kube_research.finance.cash_flow import cash_statement
    from kube_research.finance.indicators import last_book_day, rule_day
    from kube_research.finance.writing import deposit_months

    books = Books.of(site)
    done = deposit_months(books, until=last_book_day(site))
    since = rule_day(site, "cooperative_since")
    due = pd.Series(pd.NA, index=done.index, dtype="boolean")
    if since is not None:
        due = (done["month"] >= pd.Timestamp(str(since)).strftime("%Y-%m")).astype("boolean")
    done.insert(4, "due", due)
    done.insert(5, "missed", due & ~done["deposit"])
    months = cash_statement(books)
    closing = months.loc[months["book"] == "tabungan", ["group", "month", "closing"]]
    closing = closing.astype({"closing": "Int64"})
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
    months = month_range(frame["month"])
    groups = list(frame.groupby("group", sort=True))
    entries = [(group_name(str(group), lang), False) for group, _ in groups]
    keys = [
        (text(f"figure.cooperative_months.{kind}", lang), tile.key)
        for kind, tile in _MONTHS.items()
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
    told = [_tile(line, sheet.roomy, lang) for line in frame.to_dict("records")]
    kinds, amounts = (
        frame.assign(tile=list(part)).pivot(index="group", columns="month", values="tile")
        for part in (zip(*told, strict=True) if told else ([], []))
    )
    sheet.tiles(
        sheet.plain,
        kinds.reindex(columns=months),
        _MONTHS,
        amounts.reindex(columns=months).fillna(""),
    )
    for row, (_, part) in zip(sheet.plain, groups, strict=True):
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


def _tile(line: dict[Any, Any], roomy: bool, lang: str) -> tuple[str | None, str]:
    """Return the kind of tile of a month and the words in it."""
    if pd.isna(line["deposited"]):
        return None, ""
    amount = round(line["deposited"] / 1000)
    if line["deposit"]:
        return "deposit", whole(amount, lang) if roomy else ""
    if pd.notna(line["missed"]) and line["missed"]:
        return "missed", "0" if roomy else ""
    return "not_due", ""


#: The readings of the base that the figure holds side by side.
READINGS = ("profit", "iks_inflow")
_IKS = style.BOOKS["iks"]


def _iks_rule_plot_frame(site: Site) -> pd.DataFrame:
    """Return what came into the IKS book, and each purpose against both readings of the rule.

    Parameters
    ----------
    site : Site
        With ``ledger`` and ``iks_rule``; ``categories`` declare its own codes.

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
    from kube_research.site.accounts import flows

    books, rule = Books.of(site), site.table("iks_rule")
    about = flows().set_index("flow")
    rows: list[dict[str, Any]] = []
    statement = iks_statement(books, by=None)
    came = statement[statement["line"] == "in"]
    for flow, part in came.groupby("flow", sort=False):
        row: dict[str, Any] = {"part": "in", "name": flow, "amount": part["amount"].sum()}
        row |= {
            f"label_{lang}": str(about.loc[str(flow), f"label_{lang}"]) for lang in ("en", "id")
        }
        rows.append(row | {"evidence": part["evidence"].iloc[0]})
    names = rule.drop_duplicates("purpose").set_index("purpose")
    held = iks_against_rule(books, rule, bases=READINGS)
    for line in held.to_dict("records"):
        row = {"part": "rule", "name": line["purpose"], "amount": line["set_aside"]}
        row |= {key: line[key] for key in ("reading", "used", "due", "base", "pct_of_base")}
        row |= {"agreed_pct": line["agreed_pct"], "evidence": line["evidence"]}
        rows.append(row | _purpose_labels(names, line["purpose"]))
    ruled = set(held["purpose"])
    for line in iks_use(books, rule).to_dict("records"):
        if line["purpose"] not in ruled and pd.notna(line["used"]):
            row = {"part": "other", "name": line["purpose"], "amount": line["used"]}
            rows.append(
                row | _purpose_labels(names, line["purpose"]) | {"evidence": line["evidence"]}
            )
    columns = ["part", "name", "label_en", "label_id", "reading", "amount", "used", "due", "base"]
    frame = pd.DataFrame(rows, columns=[*columns, "pct_of_base", "agreed_pct", "evidence"])
    kinds = dict.fromkeys(["amount", "used", "due", "base"], "Int64")
    kinds |= dict.fromkeys(["part", "name", "label_en", "label_id", "reading"], "string")
    return frame.astype(kinds | {"pct_of_base": "Float64", "evidence": "string"})


def _purpose_labels(names: pd.DataFrame, purpose: Any) -> dict[str, Any]:
    """Return the name of a purpose: what the rule calls it, else its code."""
    done: dict[str, Any] = {}
    for lang in ("en", "id"):
        called: Any = pd.NA
        if purpose in names.index and f"label_{lang}" in names:
            called = names.loc[purpose, f"label_{lang}"]
        unnamed = text("figure.iks_rule_plot.unnamed", lang) if pd.isna(purpose) else purpose
        done[f"label_{lang}"] = unnamed if pd.isna(called) else called
    return done


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
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    entries = _iks_entries(frame, lang)
    left, right = 1.9, 2.1
    keys = [
        ("came", Rectangle((0, 0), 1, 1, **_BARS["amount"])),
        ("due", Rectangle((0, 0), 1, 1, **_BARS["due"])),
        ("used", Line2D([], [], **_USED)),
    ]
    key = [(text(f"figure.iks_rule_plot.{name}", lang), handle) for name, handle in keys]
    rows, height = ladder(entries, left - 0.2, least=0.3)
    title = text("figure.iks_rule_plot.title", lang)
    size: Look = {"left": left, "right": right, "head": 0.3}
    sheet = Sheet(ax, title, lang, height=max(height, 0.3), keys=[key], **size)
    sheet.rows(rows)
    amounts = frame[["amount", "used", "due"]].astype("float64").max().max()
    high = amounts if pd.notna(amounts) and amounts > 0 else 1.0
    sheet.ax.set_xlim(0, 1.04 * high)
    unit, word = (1e6, "million") if high >= 2e6 else (1e3, "thousand")
    sheet.ax.xaxis.set_major_locator(MaxNLocator(5))
    sheet.ax.xaxis.set_major_formatter(
        FuncFormatter(lambda value, _: number(value / unit, lang, "#,##0.###"))
    )
    sheet.ax.grid(axis="x")
    sheet.ax.set_xlabel(text(f"figure.balances.{word}", lang))
    for x, name in ((0.95, "amount"), (right - MARGIN, "share")):
        words = text(f"figure.iks_rule_plot.{name}", lang)
        above_words(sheet, sheet.plot + x, words, ha="right")
    plain = [row for row in rows if not row.head]
    for row, line in zip(plain, frame.to_dict("records"), strict=True):
        _iks_row(sheet, row, line, right)
    return sheet.noted(text("figure.iks_rule_plot.note", lang))


_BARS: dict[str, dict[str, Any]] = {
    "amount": {"facecolor": style.tint(_IKS, 0.6), "edgecolor": "none"},
    "due": {"facecolor": "none", "edgecolor": style.INK, "lw": 0.8},
}
_USED: Look = {"marker": "|", "ms": 10, "mew": 2.2, "color": style.INK, "ls": ""}


def _iks_entries(frame: pd.DataFrame, lang: str) -> list[tuple[str, bool]]:
    """Return the labels of the rows under headings: money in, each purpose, purposes without a share."""
    entries: list[tuple[str, bool]] = []
    last = ""
    for line in frame.to_dict("records"):
        part, label = str(line["part"]), str(line[f"label_{lang}"])
        agreed = "" if part != "rule" else percent(float(line["agreed_pct"]), lang)
        heads = {
            "in": text("figure.iks_rule_plot.in", lang),
            "rule": text("figure.iks_rule_plot.rule", lang, purpose=label, pct=agreed),
            "other": text("figure.iks_rule_plot.other", lang),
        }
        if heads[part] != last:
            last = heads[part]
            entries.append((last, True))
        if part == "rule":
            label = text(f"figure.iks_rule_plot.of_{line['reading']}", lang)
        entries.append((label[:1].upper() + label[1:], False))
    return entries


def _iks_row(sheet: Sheet, row: Row, line: dict[Any, Any], right: float) -> None:
    """Draw one line: bar, open bar and tick; write the amount and its share of the base."""
    lang = sheet.lang
    if pd.notna(line["amount"]):
        look: Look = {**_BARS["amount"], "zorder": 2, "gid": sheet.tag(f"amount-{line['part']}")}
        sheet.ax.barh(row.y, float(line["amount"]), 0.15, **look)
        look = {"ha": "right", "va": "center_baseline", "gid": sheet.tag("rupiah")}
        sheet.words(0.95, row.y, rupiah(int(line["amount"]), lang), right=True, **look)
    if pd.notna(line["due"]):
        look = {**_BARS["due"], "zorder": 3, "gid": sheet.tag("due")}
        sheet.ax.barh(row.y, float(line["due"]), 0.24, **look)
    if pd.notna(line["used"]):
        sheet.ax.plot(float(line["used"]), row.y, zorder=4, gid=sheet.tag("used"), **_USED)
    if pd.notna(line["pct_of_base"]):
        words = percent(round(float(line["pct_of_base"]), 1), lang)
        look = {"ha": "right", "va": "center_baseline", "fontweight": "bold"}
        look |= {"gid": sheet.tag("pct")}
        sheet.words(right - MARGIN, row.y, words, right=True, **look)
