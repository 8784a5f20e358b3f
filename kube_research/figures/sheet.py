"""What all data figures share: words and numbers in two languages, and a sheet laid out in inches."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Self, TypeAlias

import numpy as np
import pandas as pd

from kube_research.figures import style
from kube_research.formats import day_of, number, percent
from kube_research.frames import documented, grade_of
from kube_research.outputs import Output, register
from kube_research.texts import LANGUAGES, check_language, text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle
    from matplotlib.transforms import Transform

    from kube_research.formats import Currency
    from kube_research.site.folder import Site

P = ParamSpec("P")
#: Keyword options of an artist.
Look: TypeAlias = dict[str, Any]
#: Height of a line of small type, and the margin left and right, in inches.
LEAD, MARGIN = style.SMALL * 1.22 / 72, 0.08
#: White between tiles, in points, and where they lie: above the rules of rows.
TILE_GAP, TILES_OVER = 2.0, 1
LINES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1.5, 1)), (0, (6, 1.5, 1.5, 1.5)))


# -- words -----------------------------------------------------------------------------------


def short(words: str, width: float, most: int, weight: str = "normal") -> list[str]:
    """Wrap small type to a width in inches, cut after ``most`` lines with an ellipsis."""
    lines = style.wrap(words, width, style.SMALL, weight)
    kept = words.split()
    while len(lines) > most:
        kept.pop()
        lines = style.wrap(" ".join(kept).rstrip(",;:.(") + " …", width, style.SMALL, weight)
    return lines


def named(frame: pd.DataFrame, column: str, lang: str) -> pd.Series:
    """Return a text column in ``lang``, or in the other language where it is blank."""
    other = "en" if lang == "id" else "id"
    return frame[f"{column}_{lang}"].fillna(frame[f"{column}_{other}"]).fillna("").astype(str)


def titled(frame: pd.DataFrame, site: Site) -> pd.DataFrame:
    """Add title_en, title_id and date of each activity, in order of date where dates are known."""
    if site.has("activities"):
        about = site.table("activities").sort_values("date", kind="stable")
        order = {name: place for place, name in enumerate(about["activity"])}
        rows = frame.merge(about[["activity", "date", "title_en", "title_id"]], "left", "activity")
        rows = rows.sort_values(
            "activity", key=lambda names: names.map(order), kind="stable", ignore_index=True
        )
    else:
        none = pd.Series(pd.NA, index=frame.index, dtype="string")
        rows = frame.assign(date=pd.to_datetime(none), title_en=none, title_id=none)
    for lang in LANGUAGES:
        rows[f"title_{lang}"] = rows[f"title_{lang}"].fillna(rows["activity"])
    return rows


# -- the sheet -------------------------------------------------------------------------------


def inches_from(ax: Axes, right: bool = False, *, up: bool = False) -> Transform:
    """Return a transform: x in inches from the left or right edge of the axes, y in data.

    With ``up``, y is in inches above the top of the axes.
    """
    from matplotlib.transforms import BboxTransformTo, ScaledTranslation, blended_transform_factory

    inch = style.figure_of(ax).dpi_scale_trans
    edge = inch + ScaledTranslation(float(right), float(up), BboxTransformTo(ax.bbox))
    return edge if up else blended_transform_factory(edge, ax.transData)


def day_number(day: object) -> float:
    """Return a day as matplotlib counts days: from 1 January 1970.

    Examples
    --------
    >>> day_number("1970-01-11")
    10.0
    """
    return float((pd.Timestamp(str(day)) - pd.Timestamp("1970-01-01")) / pd.Timedelta(days=1))


@dataclass(frozen=True)
class Tile:
    """The look of one kind of tile: its fill, ink and weight of the words in it, its outline."""

    fill: str
    ink: str = style.INK
    weight: str = "normal"
    edge: str = ""
    edge_width: float = 0.6

    @property
    def key(self) -> Rectangle:
        """A handle for the legend."""
        return self.box((0, 0), 1, 1, facecolor=self.fill)

    def box(
        self, corner: tuple[float, float], width: float, height: float, **look: Any
    ) -> Rectangle:
        """Return a rectangle with the outline of the tile."""
        from matplotlib.patches import Rectangle

        outline: Look = {"edgecolor": self.edge or "none", "lw": self.edge_width, **look}
        return Rectangle(corner, width, height, **outline)


class Drawing:
    """What a figure is drawn on, with the notes it wants below.

    Parameters
    ----------
    lang : {"en", "id"}
        Language of every word.
    """

    def __init__(self, lang: str) -> None:
        self.lang = check_language(lang)
        self.own: Figure | None = None  #: our own figure; None on the axes of a caller
        self.panels: list[Axes] = []
        self.pad: float | None = None
        self.notes: list[str] = []

    def noted(self, *notes: str) -> Self:
        """Keep the notes that :meth:`finish` writes below; empty ones count for nothing."""
        self.notes += [note for note in notes if note]
        return self

    @property
    def drawn(self) -> Any:
        """What a figure returns: its axes."""
        return np.array(self.panels, dtype=object)

    def finish(self, frame: pd.DataFrame, name: str) -> Any:
        """Add notes, the source and, for simulated rows, the mark; return the axes.

        Notes and source go under our own figure; axes of a caller only say that they are simulated.
        """
        grade = grade_of(frame)
        if self.own is not None:
            source = text(f"figure.source.{grade}", self.lang, site=name)
            style.note(self.own, " ".join([*self.notes, source] if name else self.notes))
            if grade == "simulated":
                style.mark_simulated(self.own, self.lang)
        elif grade == "simulated":
            first = self.panels[0]
            title = f"{first.get_title(loc='left')} ({text('evidence.simulated', self.lang)})"
            first.set_title(title, pad=self.pad)
        return self.drawn


def figure(
    frame: Callable[..., pd.DataFrame],
) -> Callable[[Callable[Concatenate[pd.DataFrame, Site, P], Drawing]], Output[..., Any]]:
    """Register a figure of a site, and do what all of them share.

    The language is checked, the frame worked out once, the theme put on, and notes, source and the
    simulated mark added.

    Parameters
    ----------
    frame : callable
        Of a site and hashable options; returns what is drawn. ``lang`` reaches it if it takes it.

    Returns
    -------
    callable
        A decorator of a function of that frame, the site, ``lang``, ``ax`` and the same options, which
        draws and returns a :class:`Drawing`.
    """
    takes = inspect.signature(frame).parameters

    def registered(
        draw: Callable[Concatenate[pd.DataFrame, Site, P], Drawing],
    ) -> Output[..., Any]:
        @wraps(documented(draw))
        def made(site: Site, *, lang: str = "en", ax: Any = None, **options: Any) -> Any:
            given = {"lang": check_language(lang), **options}
            rows = output.frame(site, **{key: given[key] for key in given if key in takes})
            with style.theme():
                drawing = draw(rows, site, **given, ax=ax)  # type: ignore[call-arg]
                return drawing.finish(rows, site.info.name)

        signature = inspect.signature(draw)
        parameters = list(signature.parameters.values())[1:]
        made.__dict__["__signature__"] = signature.replace(
            parameters=parameters, return_annotation="Axes"
        )
        output = register(made, frame)
        return output

    return registered


class Sheet(Drawing):
    """Axes laid out in inches: a column of labels, the plot, columns of words at the right.

    The y axis of the plot counts inches from its top, so rows are as high as their words.

    Parameters
    ----------
    ax : Axes or None
        Where to draw; by default a new figure of fitting size, whose outer words stay inside it.
    title, lang : str
        Title and language.
    height : float
        Height of the plot in inches.
    keys : sequence of sequences of (str, artist)
        Labels and handles of the legends, placed one below the other between title and plot.
    left, right, head, foot : float
        Inches kept free around the plot.
    width : float
        Width of the figure in inches.
    polar : bool
        Whether the plot is polar; its y axis is then left alone.
    """

    def __init__(
        self,
        ax: Axes | None,
        title: str,
        lang: str,
        *,
        height: float,
        keys: Sequence[Sequence[tuple[str, Any]]] = (),
        left: float,
        right: float,
        head: float = 0.08,
        foot: float = 0.42,
        width: float = style.DOUBLE_COLUMN,
        polar: bool = False,
    ) -> None:
        super().__init__(lang)
        self.left, self.right, self.height = left, right, height
        self.all_rows: Sequence[Row] = ()
        self._count: dict[str, int] = {}
        room = width - 2 * MARGIN
        legends = [(key, *_legend_size([name for name, _ in key], room)) for key in keys if key]
        key_height = sum(size for _, _, size in legends)
        if ax is None:
            self.plot = width - left - right
            ax = self._own_axes(title, width, (key_height, head), foot, polar)
        else:
            self.plot = ax.get_position().width * style.figure_of(ax).get_size_inches()[0]
            self.pad = (head + key_height) * 72 + 4
            ax.set_title(title, pad=self.pad)
        self.ax = ax
        self.panels = [ax]
        floor = head
        for key, columns, size in reversed(legends):
            self._legend(key, columns, floor, last=key is legends[0][0])
            floor += size
        if not polar:
            ax.set_ylim(height, 0)
            ax.tick_params(axis="y", length=0)

    def _own_axes(
        self, title: str, width: float, over: tuple[float, float], foot: float, polar: bool
    ) -> Axes:
        """Return axes on a figure of our own: title, ``over`` (legends, head) in inches, plot."""
        import matplotlib.pyplot as plt

        lines = style.wrap(title, width - 2 * MARGIN, style.TITLE, "bold")
        top = 0.1 + len(lines) * style.TITLE * 1.25 / 72 + over[0] + over[1]
        total = top + self.height + foot
        self.own = plt.figure(figsize=(width, total), layout="none")
        place = (self.left / width, foot / total, self.plot / width, self.height / total)
        look: Look = {"fontsize": style.TITLE, "fontweight": "bold", "linespacing": 1.2}
        corner = (MARGIN / width, 1 - 0.08 / total)
        self.own.text(*corner, "\n".join(lines), ha="left", va="top", gid="title", **look)
        return self.own.add_axes(place, projection="polar" if polar else None)

    def _legend(
        self, key: Sequence[tuple[str, Any]], columns: int, floor: float, *, last: bool
    ) -> None:
        """Add one legend ``floor`` inches above the plot; the last one stays the axes' own."""
        legend = self.ax.legend(
            [handle for _, handle in key],
            [name for name, _ in key],
            loc="lower left",
            bbox_to_anchor=(MARGIN - self.left, floor),
            bbox_transform=inches_from(self.ax, up=True),
            ncols=columns,
            borderaxespad=0,
            borderpad=0,
            columnspacing=1.4,
            handlelength=2.2,
            handletextpad=0.6,
            labelspacing=0.45,
        )
        if legend.axes is not None and not last:
            self.ax.add_artist(legend)

    @property
    def drawn(self) -> Axes:
        """The axes."""
        return self.ax

    def tag(self, kind: str) -> str:
        """Return the name of the next artist of a kind, unique on these axes."""
        self._count[kind] = self._count.get(kind, 0) + 1
        return f"{kind}-{self._count[kind]}"

    def beside(self, x: float, y: float, words: str, points: float, **look: Any) -> None:
        """Write words some points right (or left) of a place in the data."""
        look = {"ha": "left" if points > 0 else "right", "va": "center", "linespacing": 1.2, **look}
        look = {"textcoords": "offset points", "fontsize": style.SMALL, "parse_math": False, **look}
        self.ax.annotate(words, (x, y), (points, look.pop("up", 0)), annotation_clip=False, **look)

    def words(self, x: float, y: float, words: str, right: bool = False, **look: Any) -> None:
        """Write words ``x`` inches from the left (or right) edge of the plot."""
        look = {"ha": "left", "va": "center", "fontsize": style.SMALL, "linespacing": 1.2, **look}
        self.ax.text(x, y, words, transform=inches_from(self.ax, right), parse_math=False, **look)

    def heading(self, x: float, words: str, **look: Any) -> None:
        """Write the quiet heading of a column of words, ``x`` inches right of the plot."""
        look = {"va": "bottom", "color": style.QUIET, **look}
        self.words(x, -0.04, words, right=True, **look)

    def above(self, x: float, words: str, up: float = 0.08, **look: Any) -> None:
        """Write quiet words ``up`` inches above the plot, ``x`` inches from its left edge."""
        look = {"va": "baseline", "color": style.QUIET, "fontsize": style.SMALL, **look}
        place = inches_from(self.ax, up=True)
        self.ax.text(x, up, words, transform=place, parse_math=False, **look)

    def head(self, x: float, words: str, **look: Any) -> None:
        """Write a heading as :meth:`heading` does, but with the other heads above on one baseline."""
        self.above(self.plot + x, words, linespacing=1.15, **look)

    def tiles(
        self,
        rows: Sequence[Row],
        kinds: pd.DataFrame,
        looks: Mapping[str, Tile],
        words: pd.DataFrame | None = None,
        *,
        gap: float = TILE_GAP,
    ) -> None:
        """Draw rows of tiles over the width of the plot: a heat map for each run of equal rows.

        Parameters
        ----------
        rows : sequence of Row
            Where they are; white stays between those that do not lie one below the other.
        kinds : DataFrame
            One row for each of them; a kind of tile, or missing where there is none.
        looks : mapping of str to Tile
            The kinds.
        words : DataFrame, optional
            The words in the tiles.
        gap : float
            Points left white between tiles.
        """
        import seaborn as sns
        from matplotlib.colors import ListedColormap

        order = list(looks)
        colours = ListedColormap([look.fill for look in looks.values()])
        codes = kinds.map(lambda kind: np.nan if pd.isna(kind) else order.index(kind))
        start = 0
        # After each heat map seaborn draws the whole figure, to see whether tick labels overlap.
        self.ax.set_visible(False)
        for part in _runs(rows):
            here = slice(start, start + len(part))
            start += len(part)
            height = part[0].height
            top, size = part[0].y - height / 2, len(part) * height
            place = (0, 1 - (top + size) / self.height, 1, size / self.height)
            block = self.ax.inset_axes(place, zorder=TILES_OVER)
            block.patch.set_visible(False)
            block.set_gid(self.tag("tiles"))
            values = codes.iloc[here].to_numpy(dtype=float)
            sns.heatmap(
                values,
                mask=np.isnan(values),
                cmap=colours,
                vmin=-0.5,
                vmax=len(order) - 0.5,
                cbar=False,
                annot=False if words is None else words.iloc[here].to_numpy(dtype=str),
                fmt="",
                annot_kws={"fontsize": style.SMALL, "va": "center_baseline", "parse_math": False},
                linewidths=gap,
                linecolor="white",
                xticklabels=False,
                yticklabels=False,
                ax=block,
            )
            across, down = gap / 144 * kinds.shape[1] / self.plot, gap / 144 / height
            for kind, look in looks.items():
                for y, x in np.argwhere(values == order.index(kind)) if look.edge else ():
                    corner = (x + across, y + down)
                    block.add_patch(look.box(corner, 1 - 2 * across, 1 - 2 * down, fill=False))
            present = [kind for kind in kinds.iloc[here].to_numpy().flat if pd.notna(kind)]
            for label, kind in zip(block.texts, present, strict=words is not None):
                look = looks[kind]
                label.set(color=look.ink, fontweight=look.weight, gid=self.tag(f"{kind}-words"))
        self.ax.set_visible(True)

    def dots(self, x: Any, y: Any, kind: str, **look: Any) -> None:
        """Draw dots as a strip whose places are ours: nothing is jittered, so nothing is chance."""
        import seaborn as sns

        if not len(x):
            return
        before = len(self.ax.collections)
        place: Look = {
            "x": np.asarray(x),
            "y": np.asarray(y),
            "orient": "h",
            "native_scale": True,
            "jitter": False,
        }
        sns.stripplot(**place, legend=False, ax=self.ax, **look)
        for strip in self.ax.collections[before:]:
            strip.set_gid(self.tag(kind))

    def rows(self, rows: Sequence[Row], indent: float = 0.0, *, ruled_below: bool = False) -> None:
        """Write the labels of the rows: headings on a band, the others as tick labels.

        A thin rule runs through the middle of each row, or below it.
        """
        import seaborn as sns
        from matplotlib.patches import Rectangle

        self.all_rows = rows
        labels = ["\n".join(row.lines) for row in self.plain]
        self.ax.set_yticks([row.y for row in self.plain], labels)
        self.ax.tick_params(axis="y", pad=(self.left - MARGIN - indent) * 72)
        for label in self.ax.get_yticklabels():
            label.set(ha="left", va="center", linespacing=1.2, parse_math=False)
        for row in rows:
            if row.head:
                low, size = row.y - row.height / 2 + 0.02, row.height - 0.04
                look: Look = {"facecolor": "#E9ECEF", "edgecolor": "none", "zorder": 0}
                self.ax.axhspan(low, low + size, **look)
                for start, wide, right in (
                    (MARGIN / 2 - self.left, self.left - MARGIN / 2, False),
                    (0, self.right - MARGIN / 2, True),
                ):
                    place = inches_from(self.ax, right)
                    band = Rectangle((start, low), wide, size, transform=place, **look)
                    self.ax.add_artist(band).set_clip_on(False)
                head: Look = {"fontweight": "bold", "gid": self.tag("heading")}
                self.words(MARGIN - self.left, row.y, "\n".join(row.lines), **head)
            else:
                rule = row.y + row.height / 2 if ruled_below else row.y
                self.ax.axhline(rule, color="#E3E6E9", lw=0.6, zorder=0.5)
        sns.despine(ax=self.ax, left=True)

    @property
    def plain(self) -> list[Row]:
        """The rows that are no headings, in order."""
        return [row for row in self.all_rows if not row.head]

    def columns(self, count: int) -> None:
        """Make the plot a table of ``count`` columns: column ``n`` from ``n`` to ``n + 1``, no frame."""
        self.ax.set_xlim(0, count)
        self.ax.set_xticks([])
        for spine in self.ax.spines.values():
            spine.set_visible(False)


def _legend_size(names: Sequence[str], room: float) -> tuple[int, float]:
    """Return in how many columns a legend fits and how high it is, in inches."""
    columns = style.legend_columns(names, room, 0.5)
    return columns, -(-len(names) // columns) * 0.155 + 0.05


@dataclass(frozen=True)
class Row:
    """One row of labels: where it is, how high, its lines, and whether it is a heading."""

    y: float
    height: float
    lines: list[str]
    head: bool


def headed(labels: Iterable[tuple[str, str]]) -> list[tuple[str, bool]]:
    """Return labels, each with its heading or "", as entries of rows: a heading once, over its labels.

    Examples
    --------
    >>> headed([("", "all"), ("KUBE 07", "Ani"), ("KUBE 07", "Budi")])
    [('all', False), ('KUBE 07', True), ('Ani', False), ('Budi', False)]
    """
    entries: list[tuple[str, bool]] = []
    for heading, pairs in groupby(labels, key=itemgetter(0)):
        if heading:
            entries.append((heading, True))
        entries += [(label, False) for _, label in pairs]
    return entries


def _runs(rows: Sequence[Row]) -> list[list[Row]]:
    """Return the rows in runs of equal height that lie one below the other."""
    runs: list[list[Row]] = []
    for row in rows:
        last = runs[-1][-1] if runs else None
        if last and last.height == row.height and row.y - last.y < 1.01 * row.height:
            runs[-1].append(row)
        else:
            runs.append([row])
    return runs


def ladder(
    entries: Sequence[tuple[str, bool]],
    width: float,
    *,
    wide: float = 6.5,
    least: float = 0.0,
    limit: float = 7.0,
) -> tuple[list[Row], float]:
    """Stack labels (words, whether a heading) as rows; return them and their height together.

    ``width`` is the room in inches for labels, ``wide`` for headings; ``least`` the lowest row. Long
    labels lose lines until all is at most ``limit`` inches high, which leaves room on a page.
    """
    rows: list[Row] = []
    top = 0.0
    for most, pad, low in ((4, 0.1, least), (2, 0.05, least * 0.8), (1, 0.03, least * 0.8)):
        rows, top = [], 0.0
        for words, head in entries:
            room, weight = (wide, "bold") if head else (width, "normal")
            lines = [line for part in words.split("\n") for line in short(part, room, most, weight)]
            height = max(
                len(lines) * LEAD + (min(pad + 0.03, 0.1) if head else pad), low * (not head)
            )
            rows.append(Row(top + height / 2, height, lines, head))
            top += height
        if top <= limit:
            break
    return rows, top


def cut_note(rows: Iterable[Row], lang: str) -> str:
    """Return a note when a label was cut short, else nothing."""
    return text("figure.cut", lang) if any(row.lines[-1].endswith("…") for row in rows) else ""


def months(
    first: float, last: float, lang: str, inches: Any, least: float = 0.36
) -> list[tuple[float, str]]:
    """Return months between two days as (day number, label) at least ``least`` inches apart."""
    start, end = (pd.Timestamp("1970-01-01") + pd.Timedelta(days=x) for x in (first, last))
    days = pd.date_range(start.normalize().replace(day=1), end, freq="MS")
    kept: list[pd.Timestamp] = []
    for day in reversed([day for day in days if day_number(day) >= first]):
        if not kept or inches(day_number(kept[-1])) - inches(day_number(day)) >= least:
            kept.append(day)
    labels = [label.rstrip("\n") for label in month_labels(kept[::-1], lang)]
    return list(zip(map(day_number, kept[::-1]), labels, strict=True))


def percent_axis(ax: Axes, lang: str, label: str, most: float = 100) -> float:
    """Give the x axis percentages from 0 to 100, or as far as they go; return its end."""
    step = 20 * max(1, round(most / 120))
    ticks = list(range(0, max(100, step * int(np.ceil(most / step))) + 1, step))
    ax.set_xlim(0, ticks[-1])
    ax.set_xticks(ticks, [percent(tick, lang) for tick in ticks])
    ax.grid(axis="x")
    ax.set_xlabel(label)
    return ticks[-1]


def money_step(largest: float, currency: Currency, million: float = 1e6) -> tuple[float, str]:
    """Return in how many of the smallest unit money is counted, and the word for it.

    Rupiah are counted in thousands, and in millions from ``million`` on; small sums of another currency
    one by one.

    Examples
    --------
    >>> from kube_research.formats import RUPIAH, Currency
    >>> money_step(200, RUPIAH), money_step(2e6, RUPIAH), money_step(20000, Currency("USD", 2))
    ((1000.0, 'thousand'), (1000000.0, 'million'), (100.0, 'one'))
    """
    whole = largest / currency.unit
    if whole >= million:
        return 1e6 * currency.unit, "million"
    if currency.code == "IDR" or whole >= 1e4:
        return 1e3 * currency.unit, "thousand"
    return float(currency.unit), "one"


def money_axis(
    axis: Axis, ticks: int, lang: str, currency: Currency, largest: float, million: float = 1e6
) -> str:
    """Give an axis money in thousands or millions, in at most so many steps; return the unit."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    unit, word = money_step(largest, currency, million)
    steps = {} if currency.unit == 1 else {"steps": [1, 2, 2.5, 5, 10]}
    axis.set_major_locator(MaxNLocator(ticks, **steps))
    axis.set_major_formatter(
        FuncFormatter(lambda value, _: number(value / unit, lang, "#,##0.###"))
    )
    return text(
        f"figure.balances.{word}", lang, unit=currency.code if lang == "en" else currency.name
    )


def tile_keys(
    name: str, looks: Mapping[str, Tile], lang: str, **fill: object
) -> list[tuple[str, Any]]:
    """Return the legend of tiles: each kind in the words that the figure ``name`` has for it."""
    return [(text(f"figure.{name}.{kind}", lang, **fill), tile.key) for kind, tile in looks.items()]


class RowSheet(Sheet):
    """A sheet with one row an entry, as high as its label needs.

    Parameters
    ----------
    ax, title, lang, left, size
        As for :class:`~kube_research.figures.sheet.Sheet`.
    entries : sequence of (str, bool)
        Labels of the rows and whether each is a heading.
    gap : float
        Inches of ``left`` that the labels do not use.
    least, limit : float
        Height of the lowest row and of all of them, as for :func:`ladder`.
    indent, ruled_below
        As for :meth:`Sheet.rows`.
    """

    def __init__(
        self,
        ax: Axes | None,
        title: str,
        lang: str,
        *,
        entries: Sequence[tuple[str, bool]],
        left: float,
        gap: float = 0.2,
        least: float,
        limit: float = 7.0,
        indent: float = 0.0,
        ruled_below: bool = False,
        **size: Any,
    ) -> None:
        rows, height = ladder(entries, left - gap, least=least, limit=limit)
        super().__init__(ax, title, lang, height=max(height, 0.3), left=left, **size)
        self.rows(rows, indent, ruled_below=ruled_below)


#: Columns at most and at least so wide, in inches; narrower ones hold no words.
WIDEST, ROOM_FOR_WORDS = 0.62, 0.3


class Grid(RowSheet):
    """A row sheet whose plot is a grid: one column a label.

    Parameters
    ----------
    ax, title, lang, entries, left, least, keys
        As for :class:`~kube_research.figures.sheet.RowSheet`.
    columns : sequence of str
        Labels of the columns; lines are told apart by a line break.
    words : float
        Inches kept for words at the right.
    """

    def __init__(
        self,
        ax: Axes | None,
        title: str,
        lang: str,
        *,
        entries: Sequence[tuple[str, bool]],
        columns: Sequence[str],
        left: float,
        words: float,
        least: float = 0.22,
        keys: Sequence[Sequence[tuple[str, Any]]] = (),
    ) -> None:
        count = max(1, len(columns))
        self.column = min(WIDEST, (style.DOUBLE_COLUMN - left - words) / count)
        lines = max((label.count("\n") + 1 for label in columns), default=1)
        super().__init__(
            ax,
            title,
            lang,
            entries=entries,
            left=left,
            gap=0.15,
            least=least,
            limit=8.5,
            ruled_below=True,
            right=style.DOUBLE_COLUMN - left - count * self.column,
            head=0.1 + 0.13 * lines,
            foot=0.06,
            keys=keys,
        )
        self.columns(count)
        step = 1 if self.column >= ROOM_FOR_WORDS else int(np.ceil(ROOM_FOR_WORDS / self.column))
        for place, label in enumerate(columns):
            if place % step == 0:
                middle = (place + 0.5) * self.plot / count
                for up, line in enumerate(reversed(label.split("\n"))):
                    look: Look = {"ha": "center", "color": style.INK, "gid": self.tag("column")}
                    self.above(middle, line, 0.08 + 0.125 * up, **look)

    @property
    def roomy(self) -> bool:
        """Whether a column has room for a number."""
        return self.column >= ROOM_FOR_WORDS


def month_labels(months: Sequence[str | pd.Timestamp], lang: str) -> list[str]:
    r"""Return the labels of months such as ``"2016-03"``, with the year under the first of each.

    Examples
    --------
    >>> month_labels(["2015-12", "2016-01", "2016-02"], "id")
    ['Des\n2015', 'Jan\n2016', 'Feb\n']
    """
    days = pd.DatetimeIndex(list(months))
    years = days.year.astype(str).where(~days.year.duplicated(), "")
    return [f"{day_of(day, lang, 'MMM')}\n{year}" for day, year in zip(days, years, strict=True)]


def month_range(months: pd.Series) -> list[str]:
    """Return every month from the first to the last."""
    known = months.dropna()
    if known.empty:
        return []
    return pd.period_range(known.min(), known.max(), freq="M").astype(str).tolist()


def books_in_order(books: Iterable[object]) -> list[str]:
    """Return the codes of books, ours first, then a site's own by their codes.

    Examples
    --------
    >>> books_in_order(["saham", "iks", "kas", "kas", "arisan"])
    ['kas', 'iks', 'arisan', 'saham']
    """
    known, held = list(style.BOOKS), {str(book) for book in books}
    return [*(book for book in known if book in held), *sorted(held.difference(known))]


def book_names(site: Site, ours: str = "figure.balances.") -> dict[str, dict[str, str]]:
    """Return the names of the books by language: what the site calls them, else texts of ours.

    A book of the site's own without a name is called by its code.
    """
    names = {lang: {book: text(ours + book, lang) for book in style.BOOKS} for lang in LANGUAGES}
    own = site.table("books").set_index("book") if site.has("books") else pd.DataFrame()
    for lang in LANGUAGES:
        codes = [book for book in site.info.books if book not in style.BOOKS]
        names[lang] |= {book: text("figure.balances.book", lang, book=book) for book in codes}
        if f"name_{lang}" in own:
            called = own[f"name_{lang}"].dropna()
            names[lang] |= {str(book): str(name) for book, name in called.items()}
    return names
