"""The decision map: which printed means of a second round would show a significant rise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kube_research.evidence.decision import (
    REGIONS,
    decision_frame,
    decision_summary,
    smallest_p_sign_flip,
)
from kube_research.figures import style
from kube_research.figures.rounds import about_items, span
from kube_research.figures.sheet import (
    MARGIN,
    Look,
    Row,
    RowSheet,
    Sheet,
    cut_note,
    figure,
    headed,
)
from kube_research.formats import as_printed, number
from kube_research.site.instrument import recoded_note, stated
from kube_research.texts import text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from kube_research.site.folder import Site

_LOOKS: dict[str, Look] = {
    "impossible": {"facecolor": "#E3E6E9", "edgecolor": "none"},
    "possible": {
        "facecolor": style.tint(style.OKABE_ITO["orange"], 0.45),
        "hatch": "/////",
        "edgecolor": "#8A5A00",
    },
    "certain": {"facecolor": style.OKABE_ITO["blue"], "edgecolor": "none"},
}

_BEFORE: Look = {"marker": "D", "ms": 5.5, "mew": 0.7, "ls": ""}
_BEFORE |= {"color": style.INK, "mec": "white"}
#: With more rows than this only the site's own scale is drawn.
_MOST_ROWS = 24
#: Significance level of the notes.
_LEVEL = 0.05
#: Room for labels at the left, height of a band, and where columns at the right end, in inches.
_LEFT, _BAND = 2.68, 0.15
_COLUMNS = {"possible": 0.78, "certain": 1.54}


def _decision_map_frame(site: Site) -> pd.DataFrame:
    """Return what :func:`decision_map` draws: the decision frame of a site, with its statements.

    Returns
    -------
    DataFrame
        The columns of :func:`decision_frame`, ``statement_en``, ``statement_id``, ``clusters`` (the
        site's groups) and ``smallest_p`` (what a sign-flip test over them can attain).

    Examples
    --------
    >>> import kube_research as kr
    >>> frame = decision_map.frame(kr.load_site("cibeunying"))
    >>> frame["smallest_p"].unique().tolist()
    [0.0625]
    """
    frame = site.cached(decision_frame)
    names = ["item", "statement_en", "statement_id"]
    about = pd.DataFrame(columns=names)
    if site.has("items"):
        named_items = about_items(site)
        about = named_items[[*names, *(n for n in ("code", "direction") if n in named_items)]]
    clusters = len(site.info.groups)
    return frame.merge(about, "left", "item").assign(
        clusters=clusters, smallest_p=smallest_p_sign_flip(clusters) if clusters else np.nan
    )


@figure(_decision_map_frame)
def decision_map(
    frame: pd.DataFrame, site: Site, *, lang: str = "en", ax: Axes | None = None
) -> Sheet:
    """Draw the decision map: round-2 mean on x, a row for each item, a panel for each scale.

    |figure_parameters|

    Examples
    --------
    >>> import kube_research as kr, matplotlib.pyplot as plt
    >>> ax = decision_map(kr.load_site("cibeunying"))
    >>> float(ax.get_xlim()[1])
    5.1
    >>> plt.close(ax.figure)
    """
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    summary = decision_summary(frame)
    alone = len(summary) > _MOST_ROWS
    if alone:
        low, high = site.info.scale
        frame = frame[(frame["scale_low"] == low) & (frame["scale_high"] == high)]
        summary = decision_summary(frame)
    keys: list[tuple[str, Any]] = [
        (text(f"decision.{region}", lang), Patch(**_LOOKS[region], linewidth=0))
        for region in REGIONS
    ]
    keys.append((text("decision.before", lang), Line2D([], [], **_BEFORE)))
    title, entries = text("decision.title", lang), _entries(frame, summary, site, lang)
    size: Look = {"left": _LEFT, "gap": 0.36, "indent": 0.24, "right": 1.62, "head": 0.5}
    sheet = RowSheet(ax, title, lang, entries=entries, least=0.22, keys=[keys], **size)
    for row, line in zip(sheet.plain, summary.to_dict("records"), strict=True):
        _item(sheet, row, line, frame)
    for region, x in _COLUMNS.items():
        sheet.heading(x, text(f"decision.{region}_from", lang), ha="right")
    stuck = _limit(sheet, frame)
    low, high = int(frame["scale_low"].min()), int(frame["scale_high"].max())
    sheet.ax.set_xlim(low - 0.1, high + 0.1)
    sheet.ax.set_xticks(range(low, high + 1), [str(score) for score in range(low, high + 1)])
    sheet.ax.set_xlabel(text("decision.axis", lang, raters=int(frame["n_after"].iloc[0])))
    sheet.ax.grid(axis="x")
    level = number(_LEVEL, lang)
    raters = {"before": span(frame["n_before"]), "after": span(frame["n_after"])}
    return sheet.noted(
        text("decision.note", lang, alpha=level),
        text("decision.note_clusters", lang, alpha=level) if stuck else "",
        text("decision.note_assumed", lang, **raters),
        text("decision.note_alone", lang) if alone else "",
        recoded_note(frame, lang),
        cut_note(sheet.all_rows, lang),
    )


def _entries(
    frame: pd.DataFrame, summary: pd.DataFrame, site: Site, lang: str
) -> list[tuple[str, bool]]:
    """Return the labels of the rows: every scale as a heading, its items below."""
    labels = stated(frame, lang).groupby(frame["item"]).first()
    labelled: list[tuple[str, str]] = []
    for low, high, item in summary[["scale_low", "scale_high", "item"]].itertuples(index=False):
        key = "own_scale" if (low, high) == site.info.scale else "scale"
        heading = text(f"decision.{key}", lang, low=low, high=high)
        labelled.append((heading, labels[item] or str(item)))
    return headed(labelled)


def _item(sheet: Sheet, row: Row, line: dict[Any, Any], frame: pd.DataFrame) -> None:
    """Draw the regions of one item on one scale, its mean before, and where each region begins."""
    from matplotlib.patches import Rectangle

    lang = sheet.lang
    sheet.words(MARGIN - _LEFT, row.y, str(line["item"]), fontweight="bold")
    same = (frame["scale_high"] == line["scale_high"]) & (frame["item"] == line["item"])
    part = frame[same & (frame["scale_low"] == line["scale_low"])]
    raters = int(part["n_after"].iloc[0])
    run = part["region"].ne(part["region"].shift()).cumsum()
    for _, cells in part.groupby(run):
        ends = cells["total_after"].iloc[[0, -1]] + np.array([-0.5, 0.5])
        start, stop = (ends / raters).clip(line["scale_low"], line["scale_high"])
        region = cells["region"].iloc[0]
        look: Look = {"lw": 0, **_LOOKS[region], "gid": sheet.tag(region), "zorder": 2}
        corner = (start, row.y - _BAND / 2)
        sheet.ax.add_patch(Rectangle(corner, stop - start, _BAND, **look))
    mean = part["mean_before"].iloc[0]
    if pd.isna(mean):
        mean = float(line["printed_before"])
        if "recoded" in part and part["recoded"].iloc[0]:
            mean = line["scale_low"] + line["scale_high"] - mean
    sheet.ax.plot(mean, row.y, gid=sheet.tag("before"), zorder=3, **_BEFORE)
    sheet.beside(mean, row.y, as_printed(line["printed_before"], lang), -5, zorder=4)
    for region, x in _COLUMNS.items():
        words = text("decision.never", lang)
        if pd.notna(line[f"{region}_total"]):
            printed = as_printed(line[f"{region}_printed"], lang)
            words = f"{printed} ({line[f'{region}_total']}/{raters})"
        sheet.words(x, row.y, words, right=True, ha="right")


def _limit(sheet: Sheet, frame: pd.DataFrame) -> bool:
    """Write what a test over groups can attain at best; return whether that is above the level."""
    clusters, smallest = int(frame["clusters"].iloc[0]), frame["smallest_p"].iloc[0]
    words = text("decision.no_clusters", sheet.lang)
    if clusters:
        p = number(smallest, sheet.lang, "0.####")
        words = text("decision.clusters", sheet.lang, count=clusters, p=p)
    sheet.words(MARGIN - _LEFT, -0.36, words, fontweight="bold", gid="smallest-p")
    return clusters > 0 and bool(smallest > _LEVEL)
