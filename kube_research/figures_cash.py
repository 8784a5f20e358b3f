"""The figure of cash flow: what came in and went out of each book, by kind of money and month."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from kube_research import style
from kube_research.figures_grid import Grid, book_names, month_labels, month_range
from kube_research.figures_sheet import MARGIN, Row
from kube_research.formats import number, rupiah
from kube_research.frames import weakest
from kube_research.texts import check_language, text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from kube_research.site import Site

_COLOURS = {"in": style.OKABE_ITO["blue"], "out": style.OKABE_ITO["vermillion"]}


def cash_flow_months_frame(site: Site) -> pd.DataFrame:
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
        By :func:`~kube_research.cash_flow.cash_flows`.

    Raises
    ------
    kube_research.errors.MissingTableError

    Examples
    --------
    >>> import kube_research as kr
    >>> frame = cash_flow_months_frame(kr.load_site("cibeunying-simulated"))
    >>> frame.query("book == 'kas' and direction == 'in'")["flow"].unique().tolist()
    ['sale', 'grant']
    """
    from kube_research.accounts import flows
    from kube_research.cash_flow import cash_flows

    categories = site.table("categories") if site.has("categories") else None
    wide = cash_flows(site.table("ledger"), categories, by=("book", "month"))
    parts = []
    for direction in ("in", "out"):
        part = wide[wide[f"{direction}flow"] > 0].assign(direction=direction)
        part = part.assign(amount=part[f"{direction}flow"])
        keys = ["book", "direction", "flow", "month", "internal"]
        parts.append(part.groupby(keys, as_index=False).agg(**_SUMS))
    net = wide.assign(amount=wide["net"], direction="net").groupby(
        ["book", "direction", "month"], as_index=False
    )
    parts.append(net.agg(**_SUMS).assign(internal=False))
    done = pd.concat(parts, ignore_index=True)
    if len(done):
        every = month_range(done["month"])
        blank = [
            {"book": book, "direction": "net", "month": month, "amount": 0, "entries": 0}
            | {"internal": False, "evidence": weakest(part["evidence"])}
            for book, part in done.groupby("book")
            for month in every
            if month not in set(part["month"])
        ]
        done = pd.concat([done, pd.DataFrame(blank)], ignore_index=True)
    about = flows().set_index("flow")
    order = {flow: place for place, flow in enumerate(about.index)}
    for lang in ("en", "id"):
        word = text("figure.cash_flow_months.net", lang)
        done[f"label_{lang}"] = done["flow"].map(about[f"label_{lang}"]).fillna(word)
    books = {book: place for place, book in enumerate(style.BOOKS)}
    done["_book"] = done["book"].map(books).fillna(len(books))
    done["_way"] = done["direction"].map({"in": 0, "out": 1, "net": 2})
    done["_flow"] = done["flow"].map(order)
    done = done.sort_values(["_book", "book", "_way", "_flow", "month"], ignore_index=True)
    columns = ["book", "direction", "flow", "label_en", "label_id", "month", "amount", "entries"]
    kinds = {"amount": "int64", "entries": "int64", "internal": "bool", "evidence": "string"}
    frame: pd.DataFrame = done[[*columns, "internal", "evidence"]].astype(kinds)
    return frame


_SUMS: dict[str, Any] = {
    "amount": ("amount", "sum"),
    "entries": ("entries", "sum"),
    "evidence": ("evidence", weakest),
}


def cash_flow_months(site: Site, *, lang: str = "en", ax: Axes | None = None) -> Axes:
    """Draw the cash flow as a table of bars: kinds of money by book down, months across.

    A bar in a cell is the amount, out of the largest of its book and direction; the number is in
    thousands or millions of rupiah, as the heading of the book says.

    Parameters
    ----------
    site : Site
        As for :func:`cash_flow_months_frame`.
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
    >>> ax = cash_flow_months(kr.load_site("cibeunying-simulated"))
    >>> ax.get_yticklabels()[0].get_text()
    'Sales'
    >>> plt.close(ax.figure)
    """
    check_language(lang)
    frame = site.cached(cash_flow_months_frame)
    months = month_range(frame["month"])
    names = book_names(site)[lang]
    entries, lines = [], []
    for book, part in frame.groupby("book", sort=False):
        unit, word = _unit(part)
        head = f"{names.get(str(book), book)} ({text(f'figure.cash_flow_months.{word}', lang)})"
        entries.append((head, True))
        for (way, _), rows in part.groupby(["direction", "flow"], sort=False, dropna=False):
            label = str(rows[f"label_{lang}"].iloc[0])
            star = "*" if rows["internal"].iloc[0] else ""
            entries.append((label[:1].upper() + label[1:] + star, False))
            largest = int(part.loc[part["direction"] == way, "amount"].abs().max())
            lines.append((str(way), rows, unit, word, largest))
    with style.theme():
        title = text("figure.cash_flow_months.title", lang)
        look: dict[str, Any] = {"left": 1.75, "words": 0.95, "least": 0.21}
        columns = month_labels(months, lang)
        sheet = Grid(ax, title, lang, entries=entries, columns=columns, **look)
        sheet.head(sheet.right - MARGIN, text("figure.cash_flow_months.total", lang), ha="right")
        for row, (way, rows, unit, word, largest) in zip(sheet.plain, lines, strict=True):
            for line in rows.to_dict("records"):
                _cell(sheet, months.index(line["month"]), row, line, unit, word, largest)
            bold = {
                "fontweight": "bold" if way == "net" else "normal",
                "gid": sheet.tag(f"total-{way}"),
            }
            amount = rupiah(int(rows["amount"].sum()), lang)
            x = sheet.right - MARGIN
            sheet.words(x, row.y, amount, right=True, ha="right", va="center_baseline", **bold)
        note = text("figure.cash_flow_months.note", lang)
        star = text("figure.cash_flow_months.star", lang) if frame["internal"].any() else ""
        return sheet.finish(frame, site, note, star)


def _unit(part: pd.DataFrame) -> tuple[float, str]:
    """Return the unit in which a book's amounts fit a cell."""
    return (1e6, "million") if part["amount"].abs().max() >= 1e7 else (1e3, "thousand")


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
        form = "#,##0" if word == "thousand" else "#,##0.0"
        words = number(amount / unit, sheet.lang, form)
        look: dict[str, Any] = {"ha": "right", "va": "center_baseline", "fontsize": style.SMALL}
        look |= {"zorder": 3, "fontweight": "bold" if way == "net" else "normal"}
        sheet.ax.text(column + 0.92, row.y, words, gid=sheet.tag(f"amount-{way}"), **look)
