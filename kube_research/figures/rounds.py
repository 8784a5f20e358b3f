"""Figures of the assessment: the profile of items, the radar of fields, before and after by item."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from kube_research.errors import OptionError
from kube_research.figures import style
from kube_research.figures.sheet import LINES, MARGIN, Look, Sheet, cut_note, figure, ladder, named
from kube_research.formats import as_printed, number
from kube_research.texts import text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from kube_research.site.folder import Site


ABOUT = ["item", "field_no", "field_en", "field_id", "statement_en", "statement_id"]


def looks_of(rounds: list[int]) -> dict[int, dict[str, Any]]:
    """Return colour, marker and line style of every round."""
    return {
        number: {
            "color": style.ROUNDS[place % len(style.ROUNDS)],
            "marker": style.MARKERS[place % len(style.MARKERS)],
            "ls": LINES[place % len(LINES)],
        }
        for place, number in enumerate(rounds)
    }


def round_name(frame: pd.DataFrame, number: int, lang: str) -> str:
    """Return a round's name with how many raters scored in it."""
    sizes = frame.loc[frame["round"] == number, "n"]
    few, many = int(sizes.min()), int(sizes.max())
    raters = str(many) if few == many else f"{few}–{many}"
    return text("figure.round_raters", lang, round=number, raters=raters)


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

    items = site.table("items")
    scores = item_scores(site)
    bounds = "sd_low" in scores
    done = scores.rename(columns={"ci_low": "low_end", "ci_high": "high_end"})
    done = done.drop(columns=["low", "high"], errors="ignore")
    done = done.rename(columns={"low_end": "low", "high_end": "high"})
    half: Any = np.nan
    if bounds:
        freedom = np.maximum(done["n"].astype(int) - 1, 1)
        half = stdtrit(freedom, 0.975) * done["sd_low"] / np.sqrt(done["n"].astype(float))
    else:
        done["printed"] = pd.Series(pd.NA, index=done.index, dtype="string")
    done["core_low"], done["core_high"] = done["mean"] - half, done["mean"] + half
    ends = ["low", "high", "core_low", "core_high"]
    done[ends] = done[ends].astype("float64").clip(*site.info.scale)
    done["interval"] = "bounds" if bounds else "t"
    done = done.merge(items[ABOUT], "left", "item")
    columns = ["round", *ABOUT, "n", "total", "mean", "printed", *ends, "interval", "evidence"]
    return done[columns].sort_values(["field_no", "item", "round"], ignore_index=True)


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
    bounds = bool(frame["interval"].eq("bounds").any())
    rounds = [int(number) for number in sorted(frame["round"].unique())]
    looks = looks_of(rounds)
    items = frame.drop_duplicates("item")
    fields, statements = named(items, "field", lang), named(items, "statement", lang)
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
        words, spot = ["", *[""] * order], places[line["item"]]
        words[-1] = number(line["mean"], lang)
        if bounds:
            total = f"{line['total']}/{line['n']}" if pd.notna(line["total"]) else "–"
            words, spot = [as_printed(line["printed"], lang), total], y
        for place, word in enumerate(words):
            sheet.words(0.1 + column * place, spot, word, right=True)
    heads = [text("figure.round", lang, round=name).replace(" ", "\n") for name in rounds]
    if bounds:
        heads = [text(f"figure.peka_profile.{key}", lang) for key in ("printed", "total")]
    for place, head in enumerate(heads):
        heading: Look = {"va": "bottom", "color": style.QUIET}
        sheet.words(0.1 + column * place, -0.04, head, right=True, **heading)
    score_axis(sheet.ax, site, lang, "figure.peka_profile.axis")
    sure = not bounds or frame["total"].notna().all()
    return sheet.noted(
        text(f"figure.peka_profile.note_{'means' if bounds else 'ratings'}", lang),
        "" if sure else text("figure.peka_profile.note_unsure", lang),
        cut_note(rows, lang),
        text("figure.peka_profile.note_inputs", lang),
    )


def _profile_keys(
    frame: pd.DataFrame, looks: dict[int, dict[str, Any]], bounds: bool, lang: str
) -> list[tuple[str, Any]]:
    """Return the legend of the profile: the rounds, and what the bars are."""
    from matplotlib.lines import Line2D

    keys: list[tuple[str, Any]] = []
    for name, look in looks.items():
        label = round_name(frame, name, lang)
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
    ax.plot(
        ends, [y, y], color=colour, lw=1, marker="|", ms=4.5, gid=sheet.tag("interval"), zorder=2
    )
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
        The columns of :func:`~kube_research.peka.scores.score_fields` with ``field_en`` and
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
    from kube_research.peka.scores import score_fields

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
    rounds = [int(number) for number in sorted(frame["round"].unique())]
    looks = looks_of(rounds)
    keys = [
        (round_name(frame, name, lang), Line2D([], [], lw=1.5, ms=6, **look))
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
    note = text("figure.peka_radar.note", lang, low=low, high=high)
    return sheet.noted(note)


def _spoke(sheet: Sheet, angle: float, name: str, items: int) -> None:
    """Write the name of a field at the end of its spoke."""
    right, up = float(np.sin(angle)), float(np.cos(angle))
    middle = abs(right) < 0.15
    lines = style.wrap(name, 2.6 if middle else 1.22, style.SMALL)
    count = text(
        "figure.peka_radar.item" if items == 1 else "figure.peka_radar.items",
        sheet.lang,
        count=items,
    )
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
    """Return the comparison of a site's rounds (``compare_rounds``), worked out once."""
    return site.cached(_compared, by, lang)


def _compared(site: Site, by: str, lang: str) -> pd.DataFrame:
    from kube_research.compare.rounds import compare_rounds

    return compare_rounds(site.table("ratings"), by=by, lang=lang)


def _before_after_frame(site: Site) -> pd.DataFrame:
    """Return the change of every item between the first and the last round, largest first.

    Parameters
    ----------
    site : Site
        With ``items`` and ``ratings`` of two rounds.

    Returns
    -------
    DataFrame
        The columns of :func:`~kube_research.compare.rounds.compare_rounds` by item with the item's
        field and
        statement, ``round_before`` and ``round_after``.

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
    ratings, items = site.table("ratings"), site.table("items")
    done = compared(site, "item").merge(items[ABOUT], "left", "item")
    done["round_before"] = int(ratings["round"].min())
    done["round_after"] = int(ratings["round"].max())
    return done.sort_values(["change", "item"], ascending=[False, True], ignore_index=True)


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

    statements, fields = named(frame, "statement", lang), named(frame, "field", lang)
    sides = [
        ("before", style.ROUNDS[0], "o", "white", 7.0),
        ("after", style.ROUNDS[1], "s", "", 4.5),
    ]
    keys: list[tuple[str, Any]] = []
    for side, colour, marker, face, size in sides:
        few, many = frame[f"n_{side}"].min(), frame[f"n_{side}"].max()
        raters = str(many) if few == many else f"{few}–{many}"
        label = text(
            "figure.round_raters", lang, round=frame[f"round_{side}"].iloc[0], raters=raters
        )
        mark: Look = {"marker": marker, "mec": colour, "mfc": face or colour, "ms": size}
        keys.append((label, Line2D([], [], ls="", **mark)))
    shades = {
        name: style.tint(colour, 0.4)
        for name, colour in style.colours_for(frame["field_no"]).items()
    }
    chips: list[tuple[str, Any]] = []
    for field in sorted(frame["field_no"].unique()):
        name = f"{field}. {fields[frame['field_no'] == field].iloc[0]}"
        chips.append((name, Line2D([], [], ls="", marker="s", color=shades[str(field)], ms=7)))
    left = 3.55 if len(frame) > 12 else 3.25
    labels = [(words, False) for words in statements]
    rows, height = ladder(labels, left - 0.62, least=0.25, limit=6.7)
    sheet = Sheet(
        ax,
        text("figure.before_after.title", lang),
        lang,
        height=height,
        keys=[keys, chips],
        left=left,
        right=1.22,
        head=0.22,
    )
    sheet.rows(rows, indent=0.46)
    for row, line in zip(rows, frame.to_dict("records"), strict=True):
        sheet.words(MARGIN - left, row.y, str(line["item"]), fontweight="bold")
        box = {
            "boxstyle": "round,pad=0.25",
            "fc": shades[str(line["field_no"])],
        }
        look: Look = {"ha": "center", "bbox": {**box, "ec": "none"}, "gid": sheet.tag("field")}
        sheet.words(MARGIN - left + 0.31, row.y, str(line["field_no"]), **look)
        ends = [line["mean_before"], line["mean_after"]]
        sheet.ax.plot(
            ends, [row.y] * 2, color=style.RULE, lw=2, gid=sheet.tag("change"), zorder=1.5
        )
        for (side, colour, marker, face, size), mean in zip(sides, ends, strict=True):
            point: Look = {"marker": marker, "mec": colour, "mfc": face or colour, "ms": size}
            sheet.ax.plot(mean, row.y, ls="", gid=sheet.tag(side), zorder=3, **point)
        sheet.words(0.1, row.y, number(line["change"], lang, "+0.00;-0.00"), right=True)
        sheet.words(0.75, row.y, number(line["cliffs_delta"], lang, "+0.00;-0.00"), right=True)
    for x, key in ((0.1, "change"), (0.75, "delta")):
        heading: Look = {"va": "bottom", "color": style.QUIET}
        sheet.words(x, -0.04, text(f"figure.before_after.{key}", lang), right=True, **heading)
    score_axis(sheet.ax, site, lang, "figure.before_after.axis")
    both = sorted(frame["raters_in_both"].unique())
    shared = str(both[0]) if len(both) == 1 else f"{both[0]}–{both[-1]}"
    note = text("figure.before_after.note", lang, both=shared)
    return sheet.noted(note, cut_note(rows, lang))
