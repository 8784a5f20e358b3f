"""The figure of the groups' books."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kube_research import style
from kube_research.figures_sheet import LINES, MARGIN, Look, day_number, finish, inches_from, months
from kube_research.formats import number, rupiah
from kube_research.frames import grades_by
from kube_research.texts import check_language, text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from kube_research.site import Site


def balances_frame(site: Site) -> pd.DataFrame:
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
        from :func:`~kube_research.finance.ledger_balances`), ``closing``, ``evidence``.

    Raises
    ------
    kube_research.errors.MissingTableError

    Examples
    --------
    >>> import kube_research as kr
    >>> sorted(balances_frame(kr.load_site("cibeunying-simulated"))["book"].unique())
    ['iks', 'kas', 'tabungan']
    """
    from kube_research.finance import ledger_balances

    keys = ["book", "group", "date"]
    entries = ledger_balances(site.table("ledger"))
    grouped = entries.groupby(keys, sort=False)
    done = grouped.agg(
        entries=("amount", "size"),
        amount=("amount", "sum"),
        running=("running", "last"),
        closing=("closing", "last"),
    )
    done["evidence"] = grades_by(entries, keys)
    done = done.reset_index()
    names = site.table("books").set_index("book") if site.has("books") else pd.DataFrame()
    for lang in ("en", "id"):
        called = {book: text(f"figure.balances.{book}", lang) for book in style.BOOKS}
        if f"name_{lang}" in names:
            called |= {str(book): str(name) for book, name in names[f"name_{lang}"].items()}
        done[f"name_{lang}"] = done["book"].map(called)
    return done


def balances(
    site: Site, *, lang: str = "en", ax: Sequence[Axes] | None = None
) -> NDArray[np.object_]:
    """Draw the balances at the end of each day: one panel a book, one stepped line a group.

    Parameters
    ----------
    site : Site
        As for :func:`balances_frame`.
    lang : {"en", "id"}
        Language of every word.
    ax : sequence of Axes, optional
        One for each book of the site, in the order kas, tabungan, iks.

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
    import matplotlib.pyplot as plt

    frame = site.cached(balances_frame)
    check_language(lang)
    books = [book for book in style.BOOKS if book in set(frame["book"])]
    groups = sorted(frame["group"].astype(str).unique())
    width, left, right, gap, top, foot = style.DOUBLE_COLUMN, 0.62, 1.78, 0.42, 0.56, 0.36
    height = max(1.3, 0.14 * len(groups) + 0.1)
    with style.theme():
        own = None
        if ax is None:
            total = top + len(books) * height + (len(books) - 1) * gap + foot
            own = plt.figure(figsize=(width, total), layout="none")
            panels = []
            for place in range(len(books)):
                low = total - top - (place + 1) * height - place * gap
                box = (left / width, low / total, 1 - (left + right) / width, height / total)
                panels.append(own.add_axes(box))
            words = text("figure.balances.title", lang)
            look: Look = {
                "fontsize": style.TITLE,
                "fontweight": "bold",
                "va": "top",
                "gid": "title",
            }
            own.text(MARGIN / width, 1 - 0.08 / total, words, **look)
        else:
            panels = list(ax)
        days = frame["date"].map(day_number).to_numpy(dtype=float)
        first, last = float(days.min()), float(days.max())
        pad = max(1.0, 0.01 * (last - first))
        for panel, book in zip(panels, books, strict=True):
            part = frame[frame["book"] == book]
            panel.set_xlim(first - pad, last + pad)
            _book(panel, part, days[part.index], groups, lang, height)
            panel.set_title(part[f"name_{lang}"].iloc[0], fontsize=style.BODY)
            ticks = months(first, last, lang, lambda x: (x - first) / (last - first + 1) * 4.5)
            lowest = panel is panels[-1]
            panel.set_xticks([x for x, _ in ticks], [name if lowest else "" for _, name in ticks])
        finish(own, panels, frame, site, lang, text("figure.balances.note", lang))
    return np.array(panels, dtype=object)


def _book(
    ax: Axes, part: pd.DataFrame, days: NDArray[Any], groups: list[str], lang: str, height: float
) -> None:
    """Draw one book: a line for each group and its closing balance at the right."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    colours, book = style.colours_for(groups), part["book"].iloc[0]
    ends = []
    for place, group in enumerate(groups):
        mine = part["group"].astype(str).to_numpy() == group
        if not mine.any():
            continue
        amounts = part["running"].to_numpy()[mine]
        look: Look = {
            "color": colours[group],
            "ls": LINES[place % len(LINES)],
            "gid": f"balance-{book}-{group}",
        }
        ax.plot(days[mine], amounts, drawstyle="steps-post", lw=1.3, **look)
        mark = style.MARKERS[place % len(style.MARKERS)]
        ax.plot(
            days[mine][-1],
            amounts[-1],
            mark,
            color=colours[group],
            ms=4.5,
            gid=f"closing-{book}-{group}",
        )
        ends.append((int(amounts[-1]), group, mark, days[mine][-1]))
    low, high = min(0, part["running"].min()), max(0, part["running"].max())
    ax.set_ylim(low - 0.04 * (high - low), high + 0.06 * (high - low or 1))
    unit, key = (1e6, "million") if max(high, -low) >= 1e6 else (1e3, "thousand")
    ax.yaxis.set_major_locator(MaxNLocator(4))
    ax.yaxis.set_major_formatter(
        FuncFormatter(lambda value, _: number(value / unit, lang, "#,##0.###"))
    )
    ax.set_ylabel(text(f"figure.balances.{key}", lang))
    ax.grid(axis="y")
    if low < 0:
        ax.axhline(0, color=style.QUIET, lw=0.7)
    ends.sort()
    bottom, top = ax.get_ylim()
    spots = apart([(end[0] - bottom) / (top - bottom) for end in ends], 0.135 / height)
    side: Look = {"transform": inches_from(ax, right=True), "clip_on": False, "scalex": False}
    for (amount, group, mark, last), spot in zip(ends, spots, strict=True):
        y = bottom + spot * (top - bottom)
        shade: dict[str, Any] = {"color": colours[group], **side, "scaley": False}
        ax.plot([last, ax.get_xlim()[1]], [amount] * 2, color=colours[group], lw=0.7, zorder=1)
        ax.plot([0, 0.14], [amount, y], lw=0.7, **shade)
        ax.plot(0.2, y, mark, ms=4.5, **shade)
        words = f"{text('figure.group', lang, group=group)}  {rupiah(amount, lang)}"
        look = {
            "fontsize": style.SMALL,
            "va": "center",
            "parse_math": False,
            "gid": f"end-{book}-{group}",
        }
        ax.text(0.28, y, words, transform=inches_from(ax, right=True), **look)


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
            (one, a), (two, b) = blocks[-2:]
            if two - one >= least * (a + b) / 2 - 1e-12:
                break
            half = least * (a + b - 1) / 2
            centre = min(max((one * a + two * b) / (a + b), half), max(1 - half, half))
            blocks[-2:] = [[centre, a + b]]
    return [
        centre + least * (step - (count - 1) / 2)
        for centre, count in blocks
        for step in range(int(count))
    ]
