"""Figures of a comparison: estimation and Cumming plots, slopes, score counts, a forest of fields.

All compare the first round with the last as :func:`~kube_research.compare.choices.leading_comparison`
does: where groups are known their interval leads, that of raters stands thin beside it. They raise
:class:`~kube_research.errors.MissingTableError` without ratings,
:class:`~kube_research.errors.OptionError` with one round only.

Examples
--------
>>> import kube_research as kr, matplotlib.pyplot as plt
>>> ax = kr.figures.forest_plot(kr.load_site("cibeunying-simulated"), lang="id")
>>> ax.get_xlabel()
'Perubahan rata-rata (poin skala)'
>>> plt.close(ax.figure)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kube_research.compare.changes import Floats, mean_change
from kube_research.compare.choices import groups_lead
from kube_research.compare.rounds import need_two_rounds
from kube_research.figures import style
from kube_research.figures.rounds import about_items, compared, round_name, score_axis
from kube_research.figures.sheet import (
    MARGIN,
    Look,
    RowSheet,
    Sheet,
    cut_note,
    figure,
    named,
)
from kube_research.formats import number, probability
from kube_research.frames import grades_by, need_option
from kube_research.site.instrument import recoded_note, stated
from kube_research.texts import text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from kube_research.site.folder import Site

SIDES, SIGNED = ("before", "after"), "+0.00;-0.00"
COLOURS, MARKERS = style.ROUNDS[:2], style.MARKERS[:2]
#: The interval that leads, and that of raters.
LEADING, BESIDE = ("change_low", "change_high"), ("raters_low", "raters_high")
BLANK, HILL = {"fc": "white", "ec": "none", "pad": 1}, "#CDD2D7"


class _Rounds:
    """The two rounds of a site: their numbers, and the scores of raters (rows) by level (columns)."""

    def __init__(self, site: Site, by: str = "overall") -> None:
        from kube_research.compare.rounds import RoundScores, two_rounds

        need_two_rounds(site)
        ratings = site.table("ratings")
        self.names = list(two_rounds(ratings, None, None))
        self.ratings = ratings[ratings["round"].isin(self.names)]
        tables = RoundScores.of(self.ratings, by, *self.names)
        self.rows, self.levels = tables.rows, tables.levels
        self.scores, self.groups = (tables.before, tables.after), tables.groups
        self.ends = (-tables.reach, tables.reach)

    def labels(self, frame: pd.DataFrame, lang: str) -> list[str]:
        """Return the names of the rounds with their numbers of raters."""
        sizes = [frame[f"n_{side}"] for side in SIDES]
        both = zip(self.names, sizes, strict=True)
        return [round_name(number, of_round, lang) for number, of_round in both]


def _means_axis(sheet: Sheet, site: Site, values: Floats, labels: list[str]) -> None:
    """Give the y axis raters' means and the x axis the two rounds."""
    (low, high), lang = site.info.scale, sheet.lang
    least, most = float(np.nanmin(values)), float(np.nanmax(values))
    pad = max(0.06 * (most - least), 0.03)
    sheet.ax.set_ylim(max(least - pad, low - 0.03), min(most + pad, high + 0.03))
    sheet.ax.yaxis.set_major_formatter(lambda y, _: number(y, lang, "0.0#"))
    sheet.ax.set_ylabel(text("compare.mean_axis", lang, low=low, high=high))
    sheet.ax.set_xticks(range(len(labels)), [label.replace(" (", "\n(") for label in labels])
    sheet.ax.grid(axis="y")


def _change_axis(ax: Axes, frame: pd.DataFrame, lang: str, ticks: int = 6) -> None:
    """Give the x axis changes of the mean, with a line at none."""
    ends = frame[["change", *LEADING, *BESIDE]].to_numpy(dtype=float)
    low, high = min(float(np.nanmin(ends)), 0.0), max(float(np.nanmax(ends)), 0.0)
    pad = 0.06 * max(high - low, 0.1)
    ax.set_xlim(low - pad, high + pad)
    ax.xaxis.set_major_formatter(lambda x, _: number(x, lang, "+0.0#;-0.0#") if x else "0")
    ax.axvline(0, color=style.INK, lw=0.9, zorder=1, gid="none")
    ax.locator_params(axis="x", nbins=ticks)
    ax.set_xlabel(text("compare.change_axis", lang))
    ax.grid(axis="x")


def _head(sheet: Sheet, x: float, key: str) -> None:
    """Write the heading of a column of words at the right."""
    sheet.heading(x, text(f"compare.{key}", sheet.lang).replace(" (", "\n("))


def _swarm(values: Floats, step: float, width: float) -> Floats:
    """Return sideways places for values, so that those closer than ``step`` stand side by side."""
    order, place = np.argsort(values, kind="stable"), np.zeros(values.size)
    clump = np.cumsum(np.diff(values[order], prepend=np.min(values, initial=np.inf)) > step)
    for name in np.unique(clump):
        here = order[clump == name]
        place[here] = (np.arange(here.size) - (here.size - 1) / 2) * width
    return place


def _hill(rounds: _Rounds, line: dict[Any, Any], by: str, units: Any) -> tuple[Floats, Floats]:
    """Return places and heights (0 to 1) of the t distribution on which the interval rests."""
    at = rounds.levels.index(line[by])
    before, after = (side[:, at] for side in rounds.scores)
    seen = ~(np.isnan(before) & np.isnan(after))
    changed = mean_change(before[seen], after[seen], None if units is None else units[seen])
    wide = max(line["change_high"] - line["change"], line["change"] - line["change_low"])
    reach = np.clip(
        1.25 * wide * np.linspace(-1, 1, 121), *(end - line["change"] for end in rounds.ends)
    )
    df = changed.df[0]
    return line["change"] + reach, (1 + (reach / changed.se[0]) ** 2 / df) ** (-(df + 1) / 2)


def _ends_words(line: dict[Any, Any], ends: tuple[str, str], lang: str) -> str:
    """Return an interval in words; empty where there is none."""
    low, high = (number(line[end], lang, SIGNED) for end in ends)
    return text("compare.interval", lang, low=low, high=high) if low and high else ""


def effect_words(line: dict[Any, Any], name: str, lang: str) -> str:
    """Return an effect with its interval in words."""
    between = _ends_words(line, (f"{name}_low", f"{name}_high"), lang)
    return f"{number(line[name], lang, SIGNED)} {between}".strip()


def _estimation_plot_frame(site: Site, by: str = "overall", lang: str = "en") -> pd.DataFrame:
    """Return the change with its interval, overall or of every item (largest first, with its words)."""
    need_option("by", by, ("overall", "item"))
    need_two_rounds(site)
    changes = compared(site, by, lang)
    if by == "overall":
        return changes
    changes = changes.merge(about_items(site), "left", "item")
    return changes.sort_values(["change", "item"], ascending=[False, True], ignore_index=True)


@figure(_estimation_plot_frame)
def estimation_plot(
    frame: pd.DataFrame,
    site: Site,
    *,
    by: str = "overall",
    lang: str = "en",
    ax: Axes | None = None,
) -> Sheet:
    """Draw scores, the change, its interval and the t distribution behind it, after Ho et al. (2019).

    Parameters
    ----------
    site : Site
        With ``ratings`` of two rounds and, by item, ``items``.
    by : {"overall", "item"}
        One comparison of raters' means (Gardner and Altman 1986), or one row an item (Cumming 2012).
    lang, ax
        Language of every word, and where to draw.

    References: doi:10.1136/bmj.292.6522.746 (Gardner), doi:10.1038/s41592-019-0470-3 (Ho).
    """
    return _estimated(frame, site, by, lang, ax)


def _estimated(frame: pd.DataFrame, site: Site, by: str, lang: str, ax: Axes | None) -> Sheet:
    """Draw each change with the t distribution of its interval, overall or item by item."""
    rounds = _Rounds(site, by)
    units = rounds.groups if groups_lead(frame) else None
    lines = frame[frame["change_low"].notna()].to_dict("records")
    draws = {line[by]: _hill(rounds, line, by, units) for line in lines}
    draw = _gardner_altman if by == "overall" else _cumming
    return draw(site, frame, rounds, draws, lang, ax)


def _gardner_altman(
    site: Site, frame: pd.DataFrame, rounds: _Rounds, draws: Any, lang: str, ax: Axes | None
) -> Sheet:
    line, title = frame.to_dict("records")[0], text("compare.estimation_plot.title", lang)
    sheet = Sheet(ax, title, lang, height=3.3, left=0.62, right=0.75, foot=0.5, head=0.12)
    ax, base, mean = sheet.ax, line["mean_before"], line["mean_after"]
    values = np.stack([side[:, 0] for side in rounds.scores])
    ends, beside = (base + np.array([[line[end]] for end in both]) for both in (LEADING, BESIDE))
    labels = [*rounds.labels(frame, lang), text("compare.change", lang)]
    _means_axis(sheet, site, np.hstack([values, ends, beside]), labels)
    ax.set_xlim(-0.5, 2.6)
    places = np.full(values.shape, np.nan)
    for row in (0, 1):
        seen = ~np.isnan(values[row])
        places[row, seen] = row + _swarm(values[row, seen], 0.012, 0.06)
    ax.plot(places, values, color=style.RULE, lw=0.8, zorder=1, gid="pair")
    for row, height in ((0, base), (1, mean)):
        rater: Look = {"color": COLOURS[row], "marker": MARKERS[row], "ms": 4.5, "mec": "white"}
        ax.plot(places[row], values[row], ls="", mew=0.4, zorder=3, gid=SIDES[row], **rater)
        dots: Look = {"color": style.INK, "lw": 0.8, "ls": (0, (2, 2)), "zorder": 1.5}
        ax.plot([row - 0.3, 2.6], [height] * 2, gid=f"level-{SIDES[row]}", **dots)
        ax.plot([row - 0.3, row + 0.3], [height] * 2, color=style.INK, lw=2, gid=f"mean-{row}")
        sheet.beside(row - 0.32, height, number(height, lang), -1, bbox=BLANK)
    for at, height in draws.values():
        ax.fill_betweenx(base + at, 2.05, 2.05 + 0.4 * height, color=HILL, lw=0, gid="hill")
        ax.plot([2, 2], ends[:, 0], color=style.INK, lw=3, gid="interval")
    if groups_lead(frame):
        ax.plot([1.9, 1.9], beside[:, 0], color=style.INK, lw=0.9, gid="raters")
    ax.plot(2, mean, "D", color=style.INK, ms=6, gid="change")
    sheet.beside(2, mean, number(line["change"], lang, SIGNED), -17, up=8, fontweight="bold")
    right = ax.secondary_yaxis("right", functions=(lambda y: y - base, lambda d: d + base))
    right.yaxis.set_major_formatter(lambda d, _: number(d, lang, "+0.0#;-0.0#") if d else "0")
    right.set_ylabel(text("compare.change_axis", lang))
    notes = [_overall_note(line, groups_lead(frame), lang), line["reason"]]
    return sheet.noted(*notes, text("compare.no_effect", lang))


def _overall_note(line: dict[Any, Any], groups: bool, lang: str) -> str:
    """Say what the bars are, and what those who came twice did where others came once."""
    facts = {"both": line["raters_in_both"], "clusters": line["clusters"]}
    facts |= {"ends": _ends_words(line, LEADING, lang), "raters": _ends_words(line, BESIDE, lang)}
    facts |= {name: probability(line[name], lang) or "–" for name in ("p", "raters_p")}
    change = number(line["change"], lang, SIGNED)
    words = [text("compare.estimation_plot.note", lang, change=change, **facts)]
    words.append(text(f"compare.estimation_plot.{'groups' if groups else 'raters'}", lang, **facts))
    if not np.isnan(line["pairs_change"]):
        facts |= {"change": number(line["pairs_change"], lang, SIGNED)}
        facts |= {"p": probability(line["pairs_p"], lang) or "–"}
        words.append(text("compare.estimation_plot.pairs", lang, **facts))
    return " ".join(words)


def _unit_words(frame: pd.DataFrame, name: str, lang: str) -> str:
    """Say what the bars or the test of a figure have as their unit."""
    return text(f"compare.{name}_{'groups' if groups_lead(frame) else 'raters'}", lang)


def _bars(sheet: Sheet, y: float, line: dict[Any, Any], groups: bool, **look: Any) -> None:
    """Draw the interval that leads and, where that is by groups, the one of raters thin below it."""
    ends = [line[end] for end in LEADING]
    sheet.ax.plot(ends, [y] * 2, lw=2.4 if groups else 1.6, gid=sheet.tag("interval"), **look)
    if groups:
        thin = [line[end] for end in BESIDE]
        sheet.ax.plot(thin, [y + 0.055] * 2, lw=0.9, gid=sheet.tag("raters"), **look)


def _cumming(
    site: Site, frame: pd.DataFrame, rounds: _Rounds, draws: Any, lang: str, ax: Axes | None
) -> Sheet:
    from matplotlib.lines import Line2D

    left, raw, marks = 4.25, 1.35, zip(rounds.labels(frame, lang), COLOURS, MARKERS, strict=True)
    keys = [(words, Line2D([], [], color=c, marker=m, ls="")) for words, c, m in marks]
    entries = [(words, False) for words in stated(frame, lang)]
    room: Look = {"left": left, "gap": raw + 0.6, "right": 1.3, "head": 0.22, "keys": [keys]}
    title = text("compare.estimation_plot.items", lang)
    sheet = RowSheet(ax, title, lang, entries=entries, least=0.27, limit=7.6, indent=0.28, **room)
    rows = sheet.all_rows
    start = -(raw + 0.25) / sheet.plot
    dots = sheet.ax.inset_axes((start, 0, raw / sheet.plot, 1), sharey=sheet.ax)
    dots.tick_params(axis="y", left=False, labelleft=False)
    dots.spines["left"].set_visible(False)
    score_axis(dots, site, lang, "compare.score_axis")
    _change_axis(sheet.ax, frame, lang, 4)
    for row, line in zip(rows, frame.to_dict("records"), strict=True):
        sheet.words(MARGIN - left, row.y, str(line["item"]), fontweight="bold")
        level = rounds.levels.index(line["item"])
        for place, side in enumerate(rounds.scores):
            score, count = np.unique(side[~np.isnan(side[:, level]), level], return_counts=True)
            y, size = row.y + (place - 0.5) * 0.115, 55 * count / max(len(side), 1)
            dot: Look = {"color": COLOURS[place], "marker": MARKERS[place], "lw": 0, "zorder": 3}
            dots.scatter(score, np.full(score.size, y), s=size, **dot)
            bar: Look = {"marker": "|", "color": style.INK, "ms": 6, "mew": 1.2, "zorder": 4}
            dots.plot(line[f"mean_{SIDES[place]}"], y, ls="", gid=sheet.tag(SIDES[place]), **bar)
        if line["item"] in draws:
            at, hill = draws[line["item"]]
            sheet.ax.fill_between(at, row.y, row.y - 0.12 * hill, color=HILL, lw=0)
        _bars(sheet, row.y, line, groups_lead(frame), color=style.INK)
        sheet.ax.plot(line["change"], row.y, "o", color=style.INK, ms=4, gid=sheet.tag("change"))
        sheet.words(0.08, row.y, effect_words(line, "change", lang), right=True)
    _head(sheet, 0.08, "change")
    facts = {"sure": frame["p_adjusted"].le(0.05).sum(), "items": len(frame)}
    unit = _unit_words(frame, "unit", lang)
    note = text("compare.estimation_plot.note_items", lang, unit=unit, **facts)
    notes = [note, *frame["reason"].unique(), recoded_note(frame, lang), cut_note(rows, lang)]
    return sheet.noted(*notes, text("compare.no_effect", lang))


def _slope_graph_frame(site: Site) -> pd.DataFrame:
    """Return every rater's mean over all items in each round: one row a rater, by group and code."""
    rounds = _Rounds(site)
    wide = rounds.rows.pivot(index=["group", "rater"], columns="round", values="_value")
    means = wide[rounds.names].set_axis([f"mean_{side}" for side in SIDES], axis=1)
    means["change"] = means["mean_after"] - means["mean_before"]
    for side in SIDES:
        means[f"n_{side}"] = int(means[f"mean_{side}"].notna().sum())
    means["evidence"] = grades_by(rounds.rows, ["group", "rater"])
    return means.reset_index()


@figure(_slope_graph_frame)
def slope_graph(
    frame: pd.DataFrame, site: Site, *, lang: str = "en", ax: Axes | None = None
) -> Sheet:
    """Draw each rater's mean before and after, joined for raters of both rounds, by group."""
    from matplotlib.lines import Line2D

    rounds = _Rounds(site)
    looks: dict[str, Look] = {}
    for place, (name, colour) in enumerate(style.colours_for(frame["group"]).items()):
        marker = style.MARKERS[place % len(style.MARKERS)]
        looks[name] = {"color": colour, "marker": marker, "ms": 5}
    thick: Look = {"color": style.INK, "lw": 3, "marker": "D", "ms": 7, "zorder": 4}
    single: Look = {"marker": "o", "ms": 6, "mfc": "white", "mec": style.QUIET, "ls": ""}
    keys = [
        (text("compare.group", lang, group=n), Line2D([], [], lw=1.5, **k))
        for n, k in looks.items()
    ]
    more = {text("compare.one_round", lang): single, text("compare.pairs_mean", lang): thick}
    more_keys = [(words, Line2D([], [], **look)) for words, look in more.items()]
    room: Look = {"left": 0.9, "right": 0.9, "height": 4.2, "head": 0.12, "foot": 0.5}
    room["keys"] = [keys, more_keys]
    sheet = Sheet(ax, text("compare.slope_graph.title", lang), lang, **room)
    values = frame[["mean_before", "mean_after"]].to_numpy(dtype=float)
    _means_axis(sheet, site, values, rounds.labels(frame, lang))
    sheet.ax.set_xlim(-0.4, 1.4)
    both = ~np.isnan(values).any(axis=1)
    for name, pair in zip(frame.loc[both, "group"], values[both], strict=True):
        sheet.ax.plot([0, 1], pair, lw=1.1, gid=sheet.tag("pair"), **looks[name])
    for side in (0, 1):
        alone = np.flatnonzero(~both & ~np.isnan(values[:, side]))
        out = _swarm(values[alone, side], 0.02, 0.05) + 0.12
        for x, at in zip(side + out * (2 * side - 1), alone, strict=True):
            look = {**looks[frame["group"][at]], "mfc": "white", "ls": ""}
            sheet.ax.plot(x, values[at, side], gid=sheet.tag("single"), **look)
    if both.any():
        ends = values[both].mean(axis=0)
        sheet.ax.plot([0, 1], ends, gid="mean", **thick)
        for x, end in enumerate(ends):
            look = {"fontweight": "bold", "ha": ("left", "right")[x]}
            sheet.beside(1.8 * x - 0.4, end, number(end, lang), 3 - 6 * x, **look)
    rise, fall = (int((sign * frame["change"] > 1e-9).sum()) for sign in (1, -1))
    facts = {"pairs": both.sum(), "rise": rise, "fall": fall, "same": both.sum() - rise - fall}
    note = text("compare.slope_graph.note", lang, **facts)
    return sheet.noted(note, text("compare.no_effect", lang))


def _score_bars_frame(site: Site) -> pd.DataFrame:
    """Return how many raters gave each score: one row an item, round and score, by field and item."""
    rounds = _Rounds(site, "item")
    low, high = site.info.scale
    rows = rounds.rows.assign(score=rounds.rows["_value"].astype(int))
    by, scores = ["item", "round"], pd.DataFrame({"score": range(low, high + 1)})
    counts = rows.groupby([*by, "score"]).size().rename("count").reset_index()
    cells = counts[by].drop_duplicates().merge(scores, "cross")
    bars = cells.merge(counts, "left").fillna({"count": 0}).astype({"count": int})
    bars["n"] = bars.groupby(by)["count"].transform("sum")
    bars["share"] = bars["count"] / bars["n"]
    bars["mean"] = (bars["share"] * bars["score"]).groupby([bars[k] for k in by]).transform("sum")
    bars = bars.merge(grades_by(rows, by).reset_index()).merge(about_items(site), "left")
    return bars.sort_values(["field_no", "item", "round", "score"], ignore_index=True)


@figure(_score_bars_frame)
def score_bars(
    frame: pd.DataFrame, site: Site, *, lang: str = "en", ax: Axes | None = None
) -> Sheet:
    """Draw the scores of every item and round as bars that part at the middle of the scale."""
    from matplotlib.patches import Patch

    (low, high), left = site.info.scale, 2.75
    middle, rounds = (low + high) / 2, frame["round"].drop_duplicates().tolist()
    shades = {}
    for score in range(low, high + 1):
        far, hue = abs(score - middle) / (high - middle), style.OKABE_ITO
        shade = style.tint(hue["vermillion" if score < middle else "blue"], 0.15 + 0.6 * far)
        shades[score] = shade if far else "#D9DDE1"
    keys = [(text("compare.score", lang, score=s), Patch(fc=c)) for s, c in shades.items()]
    items = frame.drop_duplicates("item").reset_index(drop=True)
    entries = [(words, False) for words in stated(items, lang)]
    room: Look = {"left": left, "gap": 0.45, "right": 1.0, "head": 0.24, "keys": [keys]}
    title = text("compare.score_bars.title", lang)
    sheet = RowSheet(ax, title, lang, entries=entries, least=0.31, limit=8.0, indent=0.28, **room)
    rows = sheet.all_rows
    places = dict(zip(items["item"], rows, strict=True))
    size, reach = min(0.13, 0.42 * min(row.height for row in rows)), [0.0]
    for (item, name), part in frame.groupby(["item", "round"]):
        row, share = places[item], part["share"].to_numpy()
        y = row.y + (rounds.index(name) - 0.5) * size * 1.06
        below = (part["score"] < middle).to_numpy() + 0.5 * (part["score"] == middle).to_numpy()
        start = np.concatenate([[0], np.cumsum(share)[:-1]]) - below @ share
        reach += [start[0], start[0] + 1]
        for x, line in zip(start, part.to_dict("records"), strict=True):
            bar: Look = {"color": shades[line["score"]], "lw": 0}
            if line["count"]:
                sheet.ax.barh(y, line["share"], size, x, gid=sheet.tag("bar"), **bar)
                spot: Look = {"ha": "center", "va": "center_baseline", "fontsize": style.SMALL}
                sheet.ax.text(x + line["share"] / 2, y, str(line["count"]), **spot)
        sheet.words(0.1, y, str(name), right=True)
        sheet.words(0.55, y, number(part["mean"].iloc[0], lang), right=True)
    for row, item in zip(rows, items["item"], strict=True):
        sheet.words(MARGIN - left, row.y, str(item), fontweight="bold")
    _head(sheet, 0.1, "round")
    _head(sheet, 0.55, "mean")
    sheet.ax.axvline(0, color=style.INK, lw=0.9, gid="middle")
    sheet.ax.set_xlim(min(reach) - 0.02, max(reach) + 0.02)
    sheet.ax.xaxis.set_major_formatter(lambda x, _: number(abs(x), lang, "0%"))
    sheet.ax.set_xlabel(text("compare.share_axis", lang))
    note = text("compare.score_bars.note", lang)
    return sheet.noted(note, recoded_note(frame, lang), cut_note(rows, lang))


def _forest_plot_frame(site: Site, lang: str = "en") -> pd.DataFrame:
    """Return the change of every field and, last, of all items together (``field_no`` missing)."""
    need_two_rounds(site)
    fields = compared(site, "field_no", lang)
    names = site.fields_table[["field_no", "field_en", "field_id"]]
    whole = compared(site, "overall", lang).drop(columns="overall")
    for other in ("en", "id"):
        whole[f"field_{other}"] = text("compare.all_items", other)
    return pd.concat([fields.merge(names, "left", "field_no"), whole], ignore_index=True)


@figure(_forest_plot_frame)
def forest_plot(
    frame: pd.DataFrame, site: Site, *, lang: str = "en", ax: Axes | None = None
) -> Sheet:
    """Draw the change of every field with its interval, and of all items as a diamond."""
    left = 2.35
    names, last = named(frame, "field", lang), len(frame) - 1
    entries = [(f"{frame['field_no'][at]:.0f}. {names[at]}", False) for at in range(last)]
    entries.append((names[last], False))
    room: Look = {"left": left, "gap": 0.3, "right": 2.4, "head": 0.36}
    title = text("compare.forest_plot.title", lang)
    sheet = RowSheet(ax, title, lang, entries=entries, least=0.32, **room)
    rows = sheet.all_rows
    _change_axis(sheet.ax, frame, lang)
    for row, line in zip(rows, frame.to_dict("records"), strict=True):
        whole = pd.isna(line["field_no"])
        mark: Look = {"color": style.INK if whole else style.OKABE_ITO["blue"], "zorder": 3}
        _bars(sheet, row.y, line, groups_lead(frame), **mark)
        shape, size = ("D", 8) if whole else ("s", 5.5)
        sheet.ax.plot(line["change"], row.y, shape, ms=size, gid=sheet.tag("change"), **mark)
        weight: Look = {"right": True, "fontweight": "bold" if whole else "normal"}
        sheet.words(0.1, row.y, effect_words(line, "change", lang), **weight)
        sheet.words(1.42, row.y, number(line["hedges_g"], lang, SIGNED), **weight)
        sheet.words(1.94, row.y, probability(line["p_adjusted"], lang), **weight)
    for x, key in ((0.1, "change"), (1.42, "g"), (1.94, "p")):
        _head(sheet, x, key)
    sheet.ax.axhline(rows[last].y - rows[last].height / 2, color=style.INK, lw=0.8)
    facts = {name: _unit_words(frame, name, lang) for name in ("unit", "test")}
    note = text("compare.forest_plot.note", lang, fields=last, **facts)
    # What was left out is told of all items together, not once more of every field.
    reasons = frame.loc[frame["change_low"].isna() | frame["field_no"].isna(), "reason"]
    notes = [note, *reasons.unique()]
    return sheet.noted(*notes, text("compare.no_effect", lang))


def _cumming_plot_frame(site: Site, lang: str = "en") -> pd.DataFrame:
    """Return the change of every item with its interval, as ``estimation_plot.frame`` by item."""
    return _estimation_plot_frame(site, "item", lang)


@figure(_cumming_plot_frame)
def cumming_plot(
    frame: pd.DataFrame, site: Site, *, lang: str = "en", ax: Axes | None = None
) -> Sheet:
    """Draw the change of every item with its interval.

    Parameters, return value and errors are those of
    :func:`kube_research.figures.comparison.estimation_plot` with ``by="item"``.
    """
    return _estimated(frame, site, "item", lang, ax)
