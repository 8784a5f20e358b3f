"""The figure of the cooperative: in which months each group put its profit there, and in which not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from kube_research import style
from kube_research.figures_grid import Grid, month_labels, month_range
from kube_research.figures_heatmap import group_name
from kube_research.figures_sheet import MARGIN
from kube_research.formats import rupiah, whole
from kube_research.texts import check_language, text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from kube_research.site import Site

_LOOKS: dict[str, dict[str, Any]] = {
    "deposit": {"facecolor": style.tint(style.OKABE_ITO["green"], 0.45), "edgecolor": "none"},
    "missed": {"facecolor": "white", "edgecolor": style.OKABE_ITO["vermillion"], "lw": 1.0},
    "not_due": {"facecolor": "#F0F1F3", "edgecolor": "none"},
}


def cooperative_months_frame(site: Site) -> pd.DataFrame:
    """Return month by month what each group put into the cooperative and what stood in its savings book.

    Parameters
    ----------
    site : Site
        With ``ledger``; the day of the rule comes from ``facts`` (``cooperative_since``).

    Returns
    -------
    DataFrame
        As from :func:`~kube_research.bookkeeping.deposit_months`, for all months of the books, with
        ``due`` (from the month of the rule; missing where no rule is known), ``missed`` (due, and
        nothing put in) and ``closing`` (balance of the savings book at the end of the month, rupiah;
        missing where the ledger does not hold it).

    Raises
    ------
    kube_research.errors.MissingTableError

    Examples
    --------
    >>> import kube_research as kr
    >>> frame = cooperative_months_frame(kr.load_site("cibeunying-simulated"))
    >>> int(frame["due"].sum()), int(frame["missed"].sum())
    (10, 0)
    """
    from kube_research.bookkeeping import deposit_months
    from kube_research.cash_flow import cash_statement
    from kube_research.indicator_frames import last_book_day, rule_day

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


def cooperative_months(site: Site, *, lang: str = "en", ax: Axes | None = None) -> Axes:
    """Draw one tile a group and month: what was put into the cooperative, or that nothing was.

    Parameters
    ----------
    site : Site
        As for :func:`cooperative_months_frame`.
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
    >>> ax = cooperative_months(kr.load_site("cibeunying-simulated"))
    >>> ax.get_yticklabels()[-1].get_text()
    'KUBE 24'
    >>> plt.close(ax.figure)
    """
    from matplotlib.patches import Rectangle

    check_language(lang)
    frame = site.cached(cooperative_months_frame)
    months = month_range(frame["month"])
    groups = list(frame.groupby("group", sort=True))
    entries = [(group_name(str(group), lang), False) for group, _ in groups]
    with style.theme():
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
        return sheet.finish(frame, site, text("figure.cooperative_months.note", lang))


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
