"""Figures of the assessment: the profile of items, the radar of fields, before and after by item."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from kube_research.errors import OptionError
from kube_research.figures import style
from kube_research.figures.sheet import (
    LINES,
    MARGIN,
    Look,
    RowSheet,
    Sheet,
    cut_note,
    figure,
    ladder,
    named,
)
from kube_research.formats import as_printed, number
from kube_research.frames import FEW
from kube_research.site.instrument import recoded, recoded_note, stated
from kube_research.texts import text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from kube_research.site.folder import Site


ABOUT = ["item", "field_no", "field_en", "field_id", "statement_en", "statement_id"]


def about_items(site: Site) -> pd.DataFrame:
    """Return field and statement of each item, and section number and direction where they matter."""
    items = site.table("items")
    matters = {
        "code": "code" in items and items["code"].notna().any(),
        "direction": recoded(items).any(),
    }
    return items[[*ABOUT, *(name for name, holds in matters.items() if holds)]]


def looks_of(frame: pd.DataFrame) -> dict[int, dict[str, Any]]:
    """Return colour, marker and line style of every round of a frame, in order."""
    return {
        number: {
            "color": style.ROUNDS[place % len(style.ROUNDS)],
            "marker": style.MARKERS[place % len(style.MARKERS)],
            "ls": LINES[place % len(LINES)],
        }
        for place, number in enumerate(sorted(map(int, frame["round"].unique())))
    }


def span(counts: pd.Series) -> str:
    """Return whole numbers as the one they all are, or as the fewest and the most.

    Examples
    --------
    >>> span(pd.Series([15, 15])), span(pd.Series([13, 15]))
    ('15', '13–15')
    """
    fewest, most = int(counts.min()), int(counts.max())
    return f"{fewest}" if fewest == most else f"{fewest}–{most}"


def round_name(number: int, sizes: pd.Series, lang: str) -> str:
    """Return a round's name with how many raters scored in it, item by item."""
    return text("figure.round_raters", lang, round=number, raters=span(sizes))


def score_axis(ax: Axes, site: Site, lang: str, key: str) -> None:
    """Give the x axis the site's whole scale."""
    low, high = site.info.scale
    ax.set_xlim(low - 0.04 * (high - low), high + 0.04 * (high - low))
    ax.set_xticks(range(low, high + 1), [str(score) for score in range(low, high + 1)])
    ax.set_xlabel(text(key, lang, low=low, high=high))
    ax.grid(axis="x")


def _peka_profile_frame(site: Site) -> pd.DataFrame:
    """Return the mean of every item in every round with its interval, by field.

    Parameters
    ----------
    site : Site
        With ``items`` and either ``ratings`` or ``item_means``.

    Returns
    -------
    DataFrame
        One row per round and item, in order of field and item: the item's field and statement, ``n``,
        ``total``, ``mean``, ``printed`` (missing for ratings), ``low`` and ``high`` (95 % t interval;
        for printed means the widest that compatible scores could have), ``core_low`` and ``core_high``
        (the narrowest; missing for ratings), all cut at the ends of the scale, ``interval`` ("t" or
        "bounds") and ``evidence``, that of the mean.

    Raises
    ------
    kube_research.errors.MissingTableError

    Examples
    --------
    >>> import kube_research as kr
    >>> frame = peka_profile.frame(kr.load_site("cibeunying"))
    >>> frame[["item", "printed", "total"]].values.tolist()[0]
    [9, '2.46', 37]
    """
    from scipy.special import stdtrit

    from kube_research.peka.priorities import item_scores

    about = about_items(site)
    scores = item_scores(site)
    bounds = "sd_low" in scores
    rows = scores.drop(columns=["low", "high"], errors="ignore")
    rows = rows.rename(columns={"ci_low": "low", "ci_high": "high"})
    half: Any = np.nan
    if bounds:
        freedom = np.maximum(rows["n"].astype(int) - 1, 1)
        half = stdtrit(freedom, 0.975) * rows["sd_low"] / np.sqrt(rows["n"].astype(float))
    else:
        rows["printed"] = pd.Series(pd.NA, index=rows.index, dtype="string")
    rows["core_low"], rows["core_high"] = rows["mean"] - half, rows["mean"] + half
    ends = ["low", "high", "core_low", "core_high"]
    rows[ends] = rows[ends].astype("float64").clip(*site.info.scale)
    rows["interval"] = "bounds" if bounds else "t"
    rows = rows.merge(about, "left", "item")
    columns = ["round", *about, "n", "total", "mean", "printed", *ends, "interval", "evidence"]
    return rows[columns].sort_values(["field_no", "item", "round"], ignore_index=True)


@figure(_peka_profile_frame)
def peka_profile(
    frame: pd.DataFrame, site: Site, *, lang: str = "en", ax: Axes | None = None
) -> Sheet:
    """Draw the profile: one row an item under the heading of its field, one mark a round.

    |figure_parameters|

    Notes
    -----
    Where only printed means exist, the mark is the exact mean and the bars are the narrowest and the
    widest 95 % interval over all scores compatible with what is printed.

    Examples
    --------
    >>> import kube_research as kr, matplotlib.pyplot as plt
    >>> ax = peka_profile(kr.load_site("cibeunying"))
    >>> [line.get_xdata()[0] for line in ax.lines if "threshold" in str(line.get_gid())]
    [2.5, 3.0]
    >>> plt.close(ax.figure)
    """
    bounds, looks = bool(frame["interval"].eq("bounds").any()), looks_of(frame)
    rounds = list(looks)
    items = frame.drop_duplicates("item")
    fields, statements = named(items, "field", lang), stated(items, lang)
    entries: list[tuple[str, bool]] = []
    for place, at in enumerate(items.index):
        if place == 0 or fields[at] != fields[items.index[place - 1]]:
            entries.append((f"{items['field_no'][at]}. {fields[at]}", True))
        entries.append((statements[at], False))
    left, column = 3.4 if len(items) > 12 else 3.1, 0.57 if bounds else 0.5
    columns = 2 if bounds else len(rounds)
    step = 0.1 if len(rounds) < 3 else 0.08  # between the marks of an item, in inches
    least = 0.14 + 0.06 * len(rounds) if len(rounds) < 3 else (step * len(rounds) + 0.03) / 0.8
    rows, height = ladder(entries, left - 0.34, least=least, limit=7.7)
    size: Look = {"height": height, "left": left, "right": column * columns + 0.12, "head": 0.3}
    keys = [_profile_keys(frame, looks, bounds, lang)]
    sheet = Sheet(ax, text("figure.peka_profile.title", lang), lang, keys=keys, **size)
    plain = [row for row in rows if not row.head]
    for row, item in zip(plain, items["item"], strict=True):
        sheet.words(MARGIN - left, row.y, str(item), fontweight="bold")
    sheet.rows(rows, indent=0.24)
    places = dict(zip(items["item"], [row.y for row in plain], strict=True))
    _thresholds(sheet, site, lang)
    for line in frame.to_dict("records"):
        order = rounds.index(int(line["round"]))
        y = places[line["item"]] + step * (order - (len(rounds) - 1) / 2)
        _interval(sheet, y, line, looks[int(line["round"])])
        if bounds:
            total = f"{line['total']}/{line['n']}" if pd.notna(line["total"]) else "–"
            sheet.words(0.1, y, as_printed(line["printed"], lang), right=True)
            sheet.words(0.1 + column, y, total, right=True)
        else:
            mean = number(line["mean"], lang)
            sheet.words(0.1 + column * order, places[line["item"]], mean, right=True)
    heads = [text("figure.round", lang, round=name).replace(" ", "\n") for name in rounds]
    if bounds:
        heads = [text(f"figure.peka_profile.{key}", lang) for key in ("printed", "total")]
    for place, head in enumerate(heads):
        sheet.heading(0.1 + column * place, head)
    score_axis(sheet.ax, site, lang, "figure.peka_profile.axis")
    sure = not bounds or frame["total"].notna().all()
    ours = site.info.evidence == "published"
    return sheet.noted(
        text(f"figure.peka_profile.note_{'means' if bounds else 'ratings'}", lang),
        "" if sure else text("figure.peka_profile.note_unsure", lang),
        text("figure.peka_profile.note_words", lang) if ours else "",
        recoded_note(frame, lang),
        cut_note(rows, lang),
        text("figure.peka_profile.note_inputs", lang),
    )


def _profile_keys(
    frame: pd.DataFrame, looks: dict[int, dict[str, Any]], bounds: bool, lang: str
) -> list[tuple[str, Any]]:
    """Return the legend of the profile: the rounds, and what the bars are."""
    from matplotlib.lines import Line2D

    keys: list[tuple[str, Any]] = []
    sizes = frame.groupby("round")["n"]
    for name, look in looks.items():
        label = round_name(name, sizes.get_group(name), lang)
        label = text("figure.peka_profile.exact", lang, round=label) if bounds else label
        keys.append((label, Line2D([], [], ms=6, **{**look, "ls": ""})))
    shade = next(iter(looks.values()))["color"] if len(looks) == 1 else style.QUIET
    if bounds:
        thick = Line2D([], [], color=style.tint(shade, 0.5), lw=4.5, solid_capstyle="butt")
        keys.append((text("figure.peka_profile.narrow", lang), thick))
    wide = f"figure.peka_profile.{'wide' if bounds else 'interval'}"
    keys.append((text(wide, lang), Line2D([], [], color=shade, lw=1, marker="|", ms=6)))
    return keys


def _interval(sheet: Sheet, y: float, line: dict[Any, Any], look: dict[str, Any]) -> None:
    """Draw one mean with its interval."""
    colour = look["color"]
    ax = sheet.ax
    ends, core = [line["low"], line["high"]], [line["core_low"], line["core_high"]]
    thin: Look = {"color": colour, "lw": 1, "marker": "|", "ms": 4.5, "zorder": 2}
    ax.plot(ends, [y, y], gid=sheet.tag("interval"), **thin)
    if pd.notna(core[0]):
        thick: Look = {"color": style.tint(colour, 0.5), "lw": 4.5, "solid_capstyle": "butt"}
        ax.plot(core, [y, y], gid=sheet.tag("core"), zorder=2.5, **thick)
    mark: Look = {"marker": look["marker"], "color": colour, "mec": style.INK, "mew": 0.5, "ms": 5}
    gid = sheet.tag(f"round-{line['round']}")
    ax.plot(line["mean"], y, ls="", gid=gid, zorder=3, **mark)


def _thresholds(sheet: Sheet, site: Site, lang: str) -> None:
    """Draw the site's threshold and the alternatives to it, labelled above the plot."""
    main = site.info.threshold
    low, high = site.info.scale
    others = [cut for cut in site.info.thresholds if cut != main and low < cut < high]
    for place, cut in enumerate([main, *others]):
        ls: Any = (0, (5, 2)) if place == 0 else (0, (1, 2))
        sheet.ax.axvline(cut, color=style.INK, lw=0.9, ls=ls, gid=sheet.tag("threshold"), zorder=1)
        key = "figure.peka_profile.alternative" if place else "figure.peka_profile.threshold"
        words = text(key, lang, cut=number(cut, lang, "0.0#"))
        side = "left" if (cut > main) or (place == 0 and all(cut > o for o in others)) else "right"
        look: Look = {"up": 3, "va": "bottom", "gid": sheet.tag("cut")}
        sheet.beside(cut, 0, words, 2 if side == "left" else -2, **look)


def _peka_radar_frame(site: Site) -> pd.DataFrame:
    """Return the mean of every field in every round.

    Parameters
    ----------
    site : Site
        With ``items`` and ``ratings``.

    Returns
    -------
    DataFrame
        The columns of :func:`~kube_research.peka.fields.score_fields` with ``field_en`` and
        ``field_id``.

    Raises
    ------
    kube_research.errors.MissingTableError

    Examples
    --------
    >>> import kube_research as kr
    >>> frame = peka_radar.frame(kr.load_site("cibeunying-simulated"))
    >>> sorted(frame["round"].unique().tolist())
    [1, 2]
    """
    from kube_research.peka.fields import score_fields

    scores = score_fields(site.table("ratings"), site.table("items"))
    names = site.fields_table[["field_no", "field_en", "field_id"]]
    return scores.merge(names, "left", "field_no")


@figure(_peka_radar_frame)
def peka_radar(
    frame: pd.DataFrame, site: Site, *, lang: str = "en", ax: Axes | None = None
) -> Sheet:
    """Draw the field means as a radar, the companion of :func:`peka_profile`.

    Parameters
    ----------
    site : Site
        As for :func:`peka_radar.frame`.
    lang : {"en", "id"}
        Language of every word.
    ax : PolarAxes, optional
        Where to draw.

    Returns
    -------
    Axes
        Polar; the centre is the lowest score of the scale.

    Raises
    ------
    kube_research.errors.OptionError
        If ``ax`` is not polar.

    Examples
    --------
    >>> import kube_research as kr, matplotlib.pyplot as plt
    >>> ax = peka_radar(kr.load_site("cibeunying-simulated"))
    >>> [float(end) for end in ax.get_ylim()]
    [1.0, 4.0]
    >>> plt.close(ax.figure)
    """
    # Long because polar axes need their own rings, spokes and names, which no other figure has.
    from matplotlib.lines import Line2D
    from matplotlib.projections.polar import PolarAxes

    if ax is not None and not isinstance(ax, PolarAxes):
        raise OptionError("ax must be polar, for example plt.subplot(projection='polar')")
    looks = looks_of(frame)
    sizes = frame.groupby("round")["n"]
    keys = [
        (round_name(name, sizes.get_group(name), lang), Line2D([], [], lw=1.5, ms=6, **look))
        for name, look in looks.items()
    ]
    cut, dash = site.info.threshold, (0, (5, 2))
    words = text("figure.peka_profile.threshold", lang, cut=number(cut, lang, "0.0#"))
    keys.append((words, Line2D([], [], color=style.INK, lw=0.9, ls=dash)))
    fields = frame.drop_duplicates("field_no").sort_values("field_no")
    angles = dict(
        zip(fields["field_no"], np.linspace(0, 2 * np.pi, len(fields), endpoint=False), strict=True)
    )
    low, high = site.info.scale
    width, side = 5.1, 1.45
    sheet = Sheet(
        ax,
        text("figure.peka_radar.title", lang),
        lang,
        height=width - 2 * side,
        keys=[keys],
        left=side,
        right=side,
        head=0.62,
        foot=0.5,
        width=width,
        polar=True,
    )
    polar = cast("PolarAxes", sheet.ax)
    polar.set_theta_zero_location("N")
    polar.set_theta_direction(-1)
    polar.set_ylim(low, high)
    polar.set_xticks(list(angles.values()), [""] * len(angles))
    polar.set_rgrids(
        list(range(low + 1, high + 1)),
        [str(score) for score in range(low + 1, high + 1)],
        angle=np.degrees(np.pi / max(len(angles), 1)),
        color=style.QUIET,
        fontsize=style.SMALL,
    )
    ring = np.linspace(0, 2 * np.pi, 181)
    line: Look = {"color": style.INK, "lw": 0.9, "ls": dash, "gid": "threshold"}
    polar.plot(ring, np.full_like(ring, cut), **line)
    for name, look in looks.items():
        part = frame[frame["round"] == name].sort_values("field_no")
        turn = [angles[field] for field in part["field_no"]]
        means = part["mean"].tolist()
        edge: Look = {"mec": style.INK, "mew": 0.5, "gid": f"round-{name}"}
        polar.plot([*turn, turn[0]], [*means, means[0]], zorder=3, **look, **edge)
    names = named(fields, "field", lang)
    for at, angle in zip(fields.index, angles.values(), strict=True):
        _spoke(sheet, angle, f"{fields['field_no'][at]}. {names[at]}", int(fields["items"][at]))
    notes = [text("figure.peka_radar.note", lang, low=low, high=high)]
    few = text("peka.reason.few", few=FEW)  # radars have no intervals
    odd = sorted(set(frame.loc[~frame["reason"].isin(["", few]), "field_no"]))
    if odd:
        named_fields = ", ".join(str(int(field)) for field in odd)
        notes.append(text("figure.peka_radar.odd", lang, fields=named_fields))
    return sheet.noted(*notes)


def _spoke(sheet: Sheet, angle: float, name: str, items: int) -> None:
    """Write the name of a field at the end of its spoke."""
    right, up = float(np.sin(angle)), float(np.cos(angle))
    middle = abs(right) < 0.15
    lines = style.wrap(name, 2.6 if middle else 1.22, style.SMALL)
    key = "item" if items == 1 else "items"
    count = text(f"figure.peka_radar.{key}", sheet.lang, count=items)
    lines.append(f"({count})")
    sheet.ax.annotate(
        "\n".join(lines),
        (0.5 + 0.5 * right, 0.5 + 0.5 * up),
        (9 * right, 7 * up),
        xycoords="axes fraction",
        textcoords="offset points",
        ha="center" if middle else "left" if right > 0 else "right",
        va="center" if abs(up) < 0.8 else "bottom" if up > 0 else "top",
        fontsize=style.SMALL,
        linespacing=1.15,
        gid=sheet.tag("field"),
    )


def compared(site: Site, by: str, lang: str = "en") -> pd.DataFrame:
    """Return the comparison of a site's rounds (``leading_comparison``), worked out once."""
    return site.cached(_compared, by, lang)


def _compared(site: Site, by: str, lang: str) -> pd.DataFrame:
    from kube_research.compare.choices import leading_comparison

    return leading_comparison(site.table("ratings"), by=by, lang=lang)


def _before_after_frame(site: Site) -> pd.DataFrame:
    """Return the change of every item between the first and the last round, largest first.

    Parameters
    ----------
    site : Site
        With ``items`` and ``ratings`` of two rounds.

    Returns
    -------
    DataFrame
        The columns of :func:`~kube_research.compare.choices.leading_comparison` by item with the item's
        field and statement, ``round_before`` and ``round_after``.

    Raises
    ------
    kube_research.errors.MissingTableError
    kube_research.errors.OptionError
        If the ratings are of one round only.

    Examples
    --------
    >>> import kube_research as kr
    >>> frame = before_after.frame(kr.load_site("cibeunying-simulated"))
    >>> bool(frame["change"].is_monotonic_decreasing)
    True
    """
    ratings = site.table("ratings")
    changes = compared(site, "item").merge(about_items(site), "left", "item")
    changes["round_before"] = int(ratings["round"].min())
    changes["round_after"] = int(ratings["round"].max())
    return changes.sort_values(["change", "item"], ascending=[False, True], ignore_index=True)


@figure(_before_after_frame)
def before_after(
    frame: pd.DataFrame, site: Site, *, lang: str = "en", ax: Axes | None = None
) -> Sheet:
    """Draw the change of every item between two rounds, with Cliff's delta.

    |figure_parameters|

    Examples
    --------
    >>> import kube_research as kr, matplotlib.pyplot as plt
    >>> ax = before_after(kr.load_site("cibeunying-simulated"), lang="id")
    >>> [text.get_text() for text in ax.texts][-2:]
    ['perubahan', 'δ Cliff']
    >>> plt.close(ax.figure)
    """
    # Long because a row has two marks, a chip for its field and two numbers, each with its key.
    from matplotlib.lines import Line2D

    statements, fields = stated(frame, lang), named(frame, "field", lang)
    before, after = style.ROUNDS[:2]
    marks: dict[str, Look] = {
        "before": {"marker": "o", "mec": before, "mfc": "white", "ms": 7.0, "ls": ""},
        "after": {"marker": "s", "mec": after, "mfc": after, "ms": 4.5, "ls": ""},
    }
    keys = [
        (
            round_name(frame[f"round_{side}"].iloc[0], frame[f"n_{side}"], lang),
            Line2D([], [], **mark),
        )
        for side, mark in marks.items()
    ]
    shades = {
        name: style.tint(colour, 0.4)
        for name, colour in style.colours_for(frame["field_no"]).items()
    }
    chips = [
        (f"{no}. {name}", Line2D([], [], ls="", marker="s", color=shades[str(no)], ms=7))
        for no, name in fields.groupby(frame["field_no"]).first().items()
    ]
    left, columns = 3.55 if len(frame) > 12 else 3.25, {"change": 0.1, "cliffs_delta": 0.75}
    labels = [(words, False) for words in statements]
    room: Look = {"left": left, "gap": 0.62, "right": 1.22, "head": 0.22, "keys": [keys, chips]}
    title = text("figure.before_after.title", lang)
    sheet = RowSheet(ax, title, lang, entries=labels, least=0.25, limit=6.7, indent=0.46, **room)
    rows = sheet.all_rows
    for row, line in zip(rows, frame.to_dict("records"), strict=True):
        sheet.words(MARGIN - left, row.y, str(line["item"]), fontweight="bold")
        field = str(line["field_no"])
        chip = {"boxstyle": "round,pad=0.25", "fc": shades[field], "ec": "none"}
        place: Look = {"ha": "center", "bbox": chip, "gid": sheet.tag("field")}
        sheet.words(MARGIN - left + 0.31, row.y, field, **place)
        ends = [line["mean_before"], line["mean_after"]]
        bar: Look = {"color": style.RULE, "lw": 2, "zorder": 1.5}
        sheet.ax.plot(ends, [row.y] * 2, gid=sheet.tag("change"), **bar)
        for (side, mark), mean in zip(marks.items(), ends, strict=True):
            sheet.ax.plot(mean, row.y, gid=sheet.tag(side), zorder=3, **mark)
        for name, x in columns.items():
            sheet.words(x, row.y, number(line[name], lang, "+0.00;-0.00"), right=True)
    for name, x in columns.items():
        sheet.heading(x, text(f"figure.before_after.{name}", lang))
    score_axis(sheet.ax, site, lang, "figure.before_after.axis")
    note = text("figure.before_after.note", lang, both=span(frame["raters_in_both"]))
    return sheet.noted(note, recoded_note(frame, lang), cut_note(rows, lang))
