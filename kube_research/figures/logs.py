"""Figures of the logs: attendance, and targets against results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kube_research.figures import style
from kube_research.figures.sheet import Look, Sheet, figure, ladder, named, percent_axis, titled
from kube_research.formats import day_of, number, percent
from kube_research.texts import text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from kube_research.site.folder import Site


def _attendance_activities_frame(site: Site) -> pd.DataFrame:
    """Return attendance by activity, with the average the site's source prints.

    Parameters
    ----------
    site : Site
        With ``attendance``; ``activities`` give titles and order, ``facts`` the printed average.

    Returns
    -------
    DataFrame
        The columns of :func:`~kube_research.attendance.rates.attendance_rates` with ``date``,
        ``title_en``,
        ``title_id``, ``band_low`` and ``band_high`` (shares; missing when nothing is printed).

    Raises
    ------
    kube_research.errors.MissingTableError

    Examples
    --------
    >>> import kube_research as kr
    >>> frame = attendance_activities.frame(kr.load_site("cibeunying-simulated"))
    >>> bool((frame["low"] < frame["rate"]).all())
    True
    """
    from kube_research.attendance.rates import attendance_rates

    done = titled(attendance_rates(site.table("attendance")), site)
    facts = site.table("facts").set_index("fact")["value"] if site.has("facts") else pd.Series()
    for end in ("low", "high"):
        printed = facts.get(f"attendance_{end}")
        done[f"band_{end}"] = np.nan if printed is None else float(str(printed)) / 100
    return done


@figure(_attendance_activities_frame)
def attendance_activities(
    frame: pd.DataFrame, site: Site, *, lang: str = "en", ax: Axes | None = None
) -> Sheet:
    """Draw the rate of attendance of each activity with its Wilson interval.

    |figure_parameters|

    Examples
    --------
    >>> import kube_research as kr, matplotlib.pyplot as plt
    >>> ax = attendance_activities(kr.load_site("cibeunying-simulated"))
    >>> [float(end) for end in ax.get_xlim()]
    [0.0, 100.0]
    >>> plt.close(ax.figure)
    """
    names = named(frame, "title", lang)
    if frame["date"].notna().any():
        days = [day_of(day, lang) if pd.notna(day) else "" for day in frame["date"]]
        names = names + ", " + pd.Series(days, index=names.index)
        names = names.str.removesuffix(", ")
    left = 2.75
    rows, height = ladder([(name, False) for name in names], left - 0.2, least=0.27)
    band = frame[["band_low", "band_high"]].iloc[0].to_numpy(dtype=float) * 100
    sheet = Sheet(
        ax,
        text("figure.attendance_activities.title", lang),
        lang,
        height=height,
        left=left,
        right=1.25,
        head=0.08 if np.isnan(band).any() else 0.2,
    )
    sheet.rows(rows)
    ax = sheet.ax
    colour = style.OKABE_ITO["blue"]
    if not np.isnan(band).any():
        ax.axvspan(
            *band,
            facecolor=style.PAPER,
            edgecolor=style.QUIET,
            lw=0.7,
            ls=(0, (3, 2)),
            gid=sheet.tag("band"),
        )
        ends = [number(end, lang, "0.#") for end in band]
        words = text("figure.attendance_activities.band", lang, low=ends[0], high=ends[1])
        look: Look = {
            "ha": "center",
            "va": "bottom",
            "color": style.QUIET,
            "gid": sheet.tag("band"),
        }
        sheet.beside(band.mean(), 0, words, 0, up=3, **look)
    for row, line in zip(rows, frame.to_dict("records"), strict=True):
        ends = [100 * line["low"], 100 * line["high"]]
        ax.plot(ends, [row.y] * 2, color=colour, marker="|", ms=5, gid=sheet.tag("interval"))
        face = "white" if line["few"] else colour
        dot: Look = {"ms": 5.5, "color": colour, "mfc": face, "gid": sheet.tag("rate")}
        ax.plot(100 * line["rate"], row.y, "o", zorder=3, **dot)
        share = percent(round(100 * line["rate"]), lang)
        of = text("figure.attendance_activities.of", lang, count=line["attended"], n=line["n"])
        sheet.words(0.08, row.y, share, right=True, fontweight="bold")
        sheet.words(0.44, row.y, of, right=True)
    percent_axis(ax, lang, text("figure.attendance_activities.axis", lang))
    few = text("figure.attendance_activities.few", lang) if frame["few"].any() else ""
    return sheet.noted(text("figure.attendance_activities.note", lang), few)


_SHAPES = {"met": "o", "missed": "X", "undecided": "s", "not reported": "", "no target": "o"}


def _targets_results_frame(site: Site) -> pd.DataFrame:
    """Return every target beside its result, in order of the activities.

    Parameters
    ----------
    site : Site
        With ``outcomes``; ``activities`` give titles and order.

    Returns
    -------
    DataFrame
        The columns of :func:`~kube_research.interventions.targets.targets_against_results` with
        ``date``,
        ``title_en`` and ``title_id``; ``achieved_comparison``, ``match`` and the labels are always
        there.

    Raises
    ------
    kube_research.errors.MissingTableError

    Examples
    --------
    >>> import kube_research as kr
    >>> frame = targets_results.frame(kr.load_site("cibeunying"))
    >>> int(frame["verdict"].value_counts()["missed"])
    1
    """
    from kube_research.interventions.targets import targets_against_results

    done = titled(targets_against_results(site.table("outcomes")), site)
    for name in ("label", "achieved_label"):
        for column in (f"{name}_en", f"{name}_id"):
            done[column] = done.get(column, pd.Series(pd.NA, index=done.index, dtype="string"))
    plain = pd.Series(pd.NA, index=done.index, dtype="string")
    done["achieved_comparison"] = done.get("achieved_comparison", plain).fillna("=")
    done["match"] = done.get("match", plain).fillna("same")
    return done


@figure(_targets_results_frame)
def targets_results(
    frame: pd.DataFrame, site: Site, *, lang: str = "en", ax: Axes | None = None
) -> Sheet:
    """Draw targets against results, saying where the two do not count the same thing.

    An open diamond is the target; a filled mark is a result on the same thing, a hollow one a figure
    on something else; an arrow stands for "more than". The verdict is written at the right.

    |figure_parameters|

    Examples
    --------
    >>> import kube_research as kr, matplotlib.pyplot as plt
    >>> ax = targets_results(kr.load_site("cibeunying"), lang="id")
    >>> ax.get_xlabel()
    'Peserta (persen)'
    >>> plt.close(ax.figure)
    """
    from matplotlib.lines import Line2D

    labels, results = named(frame, "label", lang), named(frame, "achieved_label", lang)
    entries: list[tuple[str, bool]] = []
    for place, line in enumerate(frame.to_dict("records")):
        title = line[f"title_{lang}"]
        if place == 0 or title != frame[f"title_{lang}"].iloc[place - 1]:
            entries.append((title, True))
        words = labels[place] or results[place] or line["measure"]
        if line["match"] == "nearest" and results[place]:
            words += "\n" + text("figure.targets_results.other", lang, what=results[place])
        entries.append((words, False))

    def handle(marker: str, face: str, edge: str, line: Any = "") -> Line2D:
        return Line2D([], [], marker=marker, mfc=face, color=edge, ls=line, ms=5.5, lw=1)

    ink = style.INK
    keys = [
        (text("figure.targets_results.target", lang), handle("D", "white", ink)),
        (text("figure.targets_results.same", lang), handle("o", ink, ink, "-")),
        (text("figure.targets_results.nearest", lang), handle("o", "white", ink, (0, (3, 2)))),
        (text("figure.targets_results.more", lang), handle(">", ink, ink, "-")),
    ]
    left = 2.9
    rows, height = ladder(entries, left - 0.2, least=0.27, limit=7.4)
    sheet = Sheet(
        ax,
        text("figure.targets_results.title", lang),
        lang,
        height=height,
        keys=[keys],
        left=left,
        right=1.66,
    )
    sheet.rows(rows)
    plain = [row for row in rows if not row.head]
    for row, line in zip(plain, frame.to_dict("records"), strict=True):
        _target_row(sheet, row.y, line)
    percent_axis(sheet.ax, lang, text("figure.targets_results.axis", lang))
    return sheet.noted(text("figure.targets_results.note", lang))


def _target_row(sheet: Sheet, y: float, line: dict[Any, Any]) -> None:
    """Draw one target, its result and the verdict."""
    lang, ax = sheet.lang, sheet.ax
    target, got = (float(line[key]) if pd.notna(line[key]) else None for key in _ENDS)
    other = line["match"] == "nearest"
    colour = style.VERDICTS.get(line["verdict"], style.QUIET)
    ink = style.QUIET if line["verdict"] == "undecided" else colour
    dash = (0, (3, 2)) if other else "-"
    if target is not None and got is not None:
        ax.plot(
            [target, got], [y, y], color=colour, ls=dash, lw=1.3, gid=sheet.tag("gap"), zorder=2
        )
    more = got is not None and line["achieved_comparison"] in (">", ">=")
    if more:
        arrow: Look = {
            "arrowstyle": "->",
            "color": colour,
            "lw": 1.3,
            "ls": "-",
            "shrinkA": 0,
            "shrinkB": 0,
        }
        ax.annotate("", (100, y), (got, y), arrowprops=arrow, gid=sheet.tag("more"), zorder=2)
    marks = []
    if target is not None:
        ax.plot(target, y, "D", mfc="white", mec=style.INK, ms=7, gid=sheet.tag("target"), zorder=3)
        sign = {">=": "≥ ", ">": "> ", "about": "± "}.get(line["comparison"], "")
        marks.append((target, sign + percent(target, lang), style.INK, "normal"))
    if got is not None:
        look: Look = {"marker": _SHAPES[line["verdict"]], "mfc": "white" if other else colour}
        ax.plot(got, y, ls="", mec=colour, ms=4.6, gid=sheet.tag("achieved"), zorder=4, **look)
        sign = {">": "> ", ">=": "≥ ", "about": "± "}.get(line["achieved_comparison"], "")
        marks.append((got, sign + percent(got, lang), ink, "bold"))
    marks.sort(key=lambda mark: mark[0])
    for side, (x, words, shade, weight) in zip((-1, 1), marks, strict=False):
        spot = 100 if more and side > 0 else x
        sheet.beside(spot, y, words, 7 * side, color=shade, fontweight=weight)
    verdict = line["verdict"].replace(" ", "_")
    words, weight = text(f"figure.targets_results.{verdict}", lang), "bold"
    if other and target is not None and got is not None:
        words, weight = text("figure.targets_results.elsewhere", lang, verdict=words), "normal"
    words = "\n".join(style.wrap(words, 1.12, style.SMALL))
    gid = sheet.tag("verdict")
    sheet.words(0.48, y, words, right=True, color=ink, fontweight=weight, gid=gid)


_ENDS = ("target_pct", "achieved_pct")
