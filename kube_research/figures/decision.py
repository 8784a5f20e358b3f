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
from kube_research.evidence.printed import parse_printed
from kube_research.figures import style
from kube_research.figures.sheet import MARGIN, Look, Sheet, cut_note, figure, ladder, named
from kube_research.formats import number
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
    about = site.items[names] if site.has("items") else pd.DataFrame(columns=names)
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
    from matplotlib.patches import Patch, Rectangle

    summary = decision_summary(frame)
    alone = len(summary) > 24
    if alone:
        low, high = site.info.scale
        frame = frame[(frame["scale_low"] == low) & (frame["scale_high"] == high)]
        summary = decision_summary(frame)
    labels = named(frame, "statement", lang).groupby(frame["item"]).first()
    entries: list[tuple[str, bool]] = []
    lines = summary.to_dict("records")
    for place, line in enumerate(lines):
        scale = line["scale_low"], line["scale_high"]
        if place == 0 or scale != (lines[place - 1]["scale_low"], lines[place - 1]["scale_high"]):
            key = "own_scale" if scale == site.info.scale else "scale"
            entries.append((text(f"decision.{key}", lang, low=scale[0], high=scale[1]), True))
        entries.append((labels[line["item"]] or str(line["item"]), False))
    mark: Look = {
        "marker": "D",
        "color": style.INK,
        "mec": "white",
        "mew": 0.7,
        "ms": 5.5,
        "ls": "",
    }
    keys: list[tuple[str, Any]] = [
        (text(f"decision.{region}", lang), Patch(**_LOOKS[region], linewidth=0))
        for region in REGIONS
    ]
    keys.append((text("decision.before", lang), Line2D([], [], **mark)))
    m = int(frame["n_after"].iloc[0])
    left, right = 2.68, 1.62
    rows, height = ladder(entries, left - 0.36, least=0.22, limit=7.0)
    title = text("decision.title", lang)
    sheet = Sheet(ax, title, lang, height=height, keys=[keys], left=left, right=right, head=0.5)
    sheet.rows(rows, indent=0.24)
    for row, line in zip([row for row in rows if not row.head], lines, strict=True):
        sheet.words(MARGIN - left, row.y, str(line["item"]), fontweight="bold")
        same = (frame["scale_high"] == line["scale_high"]) & (frame["item"] == line["item"])
        part = frame[same & (frame["scale_low"] == line["scale_low"])]
        run = part["region"].ne(part["region"].shift()).cumsum()
        for _, cells in part.groupby(run):
            ends = cells["total_after"].iloc[[0, -1]] + np.array([-0.5, 0.5])
            start, stop = (ends / m).clip(line["scale_low"], line["scale_high"])
            region = cells["region"].iloc[0]
            sheet.ax.add_patch(
                Rectangle(
                    (start, row.y - 0.075),
                    stop - start,
                    0.15,
                    **{"lw": 0, **_LOOKS[region]},
                    gid=sheet.tag(region),
                    zorder=2,
                )
            )
        mean = part["mean_before"].iloc[0]
        mean = float(line["printed_before"]) if pd.isna(mean) else mean
        sheet.ax.plot(mean, row.y, gid=sheet.tag("before"), zorder=3, **mark)
        sheet.beside(mean, row.y, _as_printed(line["printed_before"], lang), -5, zorder=4)
        for x, region in ((0.78, "possible"), (1.54, "certain")):
            words = text("decision.never", lang)
            if pd.notna(line[f"{region}_total"]):
                printed = _as_printed(line[f"{region}_printed"], lang)
                words = f"{printed} ({line[f'{region}_total']}/{m})"
            sheet.words(x, row.y, words, right=True, ha="right")
    for x, region in ((0.78, "possible"), (1.54, "certain")):
        heading: Look = {"va": "bottom", "color": style.QUIET, "ha": "right"}
        sheet.words(x, -0.04, text(f"decision.{region}_from", lang), right=True, **heading)
    limit = text("decision.no_clusters", lang)
    clusters = int(frame["clusters"].iloc[0])
    if clusters:
        smallest = number(frame["smallest_p"].iloc[0], lang, "0.####")
        limit = text("decision.clusters", lang, count=clusters, p=smallest)
    sheet.words(MARGIN - left, -0.36, limit, fontweight="bold", gid="smallest-p")
    level, stuck = number(0.05, lang), clusters > 0 and frame["smallest_p"].iloc[0] > 0.05
    low, high = int(frame["scale_low"].min()), int(frame["scale_high"].max())
    sheet.ax.set_xlim(low - 0.1, high + 0.1)
    sheet.ax.set_xticks(range(low, high + 1), [str(score) for score in range(low, high + 1)])
    sheet.ax.set_xlabel(text("decision.axis", lang, raters=m))
    sheet.ax.grid(axis="x")
    return sheet.noted(
        text("decision.note", lang, alpha=level),
        text("decision.note_clusters", lang, alpha=level) if stuck else "",
        text("decision.note_assumed", lang),
        text("decision.note_alone", lang) if alone else "",
        cut_note(rows, lang),
    )


def _as_printed(printed: str, lang: str) -> str:
    decimals = parse_printed(printed)[1]
    return number(float(printed), lang, "0." + "0" * decimals if decimals else "0")
