"""Flow diagrams drawn from two small tables: boxes and arrows.

The layout is computed: boxes are sized from their text, stages become bands, and connectors run in
the space between the bands, never through a box. Inside, places are kept as ``u`` (along the flow)
and ``v`` (across it) in inches, so one layout serves diagrams that run down and to the right.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any, Literal, Protocol

from kube_research.errors import OptionError
from kube_research.figures import style
from kube_research.figures.diagram_layout import (
    BAND,
    BRACE,
    EDGE,
    HEAD,
    KINDS,
    SIZE,
    End,
    Layout,
    Net,
)
from kube_research.texts import check_language, text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from pandas import DataFrame

#: Fill of a box where it is not a tint of the colour of its kind.
FILLS = {"aim": "#FFFFFF", "role": style.tint(style.OKABE_ITO["yellow"], 0.4)}
STROKES: dict[str, dict[str, Any]] = {
    "printed": {"color": style.INK, "lw": 1.0, "ls": "solid", "zorder": 1},
    "inferred": {"color": style.INK, "lw": 1.0, "ls": (0, (3.2, 2.0)), "zorder": 1},
}


class HasDiagrams(Protocol):
    """What `diagram` needs of a site."""

    @property
    def diagram_nodes(self) -> DataFrame:
        """Boxes, one a row."""

    @property
    def diagram_edges(self) -> DataFrame:
        """Arrows, one a row."""


class _Pen:
    """Draws one layout on axes whose unit is the inch."""

    def __init__(self, layout: Layout, ax: Axes, scale: float):
        self.lay, self.ax, self.scale = layout, ax, scale

    def xy(self, u: float, v: float) -> tuple[float, float]:
        return (u, -v) if self.lay.right else (v, -u)

    def write(self, at: tuple[float, float], text: str, gid: str, size: float, **how: Any) -> None:
        look: dict[str, Any] = {"ha": "center", "va": "center", "color": style.INK} | how
        look |= {
            "linespacing": 1.2,
            "fontsize": size * self.scale,
            "family": style.FONT,
            "parse_math": False,
        }
        self.ax.text(*at, text, gid=gid, **look)

    def slab(self, u: tuple[float, float], v: tuple[float, float], gid: str, **look: Any) -> None:
        from matplotlib.patches import FancyBboxPatch

        (x0, y0), (x1, y1) = self.xy(u[0], v[0]), self.xy(u[1], v[1])
        corner, shape = (min(x0, x1), min(y0, y1)), "round,pad=0,rounding_size=0.045"
        size = (abs(x1 - x0), abs(y1 - y0))
        self.ax.add_patch(FancyBboxPatch(corner, *size, boxstyle=shape, gid=gid, **look))

    def line(self, points: list[tuple[float, float]], basis: str, gid: str) -> None:
        x, y = zip(*(self.xy(*point) for point in points), strict=True)
        self.ax.plot(x, y, gid=gid, **STROKES[basis])

    def head(self, tip: tuple[float, float], way: tuple[int, int], gid: str) -> None:
        (u, v), (du, dv), wing = tip, way, 0.45 * HEAD
        back = (u - du * HEAD, v - dv * HEAD)
        wings = [(back[0] + s * dv * wing, back[1] + s * du * wing) for s in (1, -1)]
        corners = [self.xy(*point) for point in (tip, *wings)]
        self.ax.fill(*zip(*corners, strict=True), fc=style.INK, ec="none", gid=gid, zorder=2.5)

    def broad(self, row: int, v: float, basis: str, gid: str) -> None:
        """Draw one broad arrow from a band to the next."""
        u0, u1 = self.lay.bands[row][1] + 0.025, self.lay.bands[row + 1][0] - 0.02
        half = [(u0, 0.035), (u1 - 0.095, 0.035), (u1 - 0.095, 0.095), (u1, 0.0)]
        outline = [(u, v + w) for u, w in half] + [(u, v - w) for u, w in half[-2::-1]]
        x, y = zip(*(self.xy(*point) for point in outline), strict=True)
        guess = basis == "inferred"
        dash = (0, (2.2, 1.5)) if guess else "solid"
        face = "white" if guess else style.QUIET
        self.ax.fill(x, y, fc=face, ec=style.QUIET, lw=0.8, ls=dash, gid=gid, zorder=2.5)

    def draw(self) -> None:
        lay = self.lay
        across = (0.0, lay.end + BAND)
        for row, band in enumerate(lay.bands):
            self.slab(band, across, f"band-{row}", fc=style.PAPER, ec="none", zorder=0)
            self.slab(band, (0.0, lay.header), f"head-{row}", fc="#DDE1E6", ec="none", zorder=0.5)
            name, centre = "\n".join(lay.titles[row]), self.xy(sum(band) / 2, lay.header / 2)
            self.write(centre, name, f"stage-{row}", SIZE, weight="bold")
            u = (band[0] + BAND, band[1] - BAND)
            for box in lay.rows[row]:
                self.slab(u, (box.v0, box.v1), f"box-{box.node}", zorder=2, **_look(box.kind))
                centre = self.xy(sum(u) / 2, box.centre)
                self.write(centre, "\n".join(box.lines), f"label-{box.node}", SIZE, zorder=3)
        for row, basis, name in lay.spine:
            self.broad(row, lay.header / 2, basis, f"arrow-{name}")
        for first, last, basis in lay.beside:
            middle, way = sum(lay.bands[first.row]) / 2, 1 if last.v0 > first.v0 else -1
            start, tip = (first.v1, last.v0) if way > 0 else (first.v0, last.v1)
            name = f"{first.node}--{last.node}"
            self.line([(middle, start), (middle, tip - way * HEAD / 2)], basis, f"line-{name}")
            self.head((middle, tip), (0, way), f"arrow-{name}")
        for net in lay.nets:
            self.net(net)

    def net(self, net: Net) -> None:
        """Draw one connector of a channel."""
        if net.wide:
            self.broad(net.row, net.ups[0].v, net.basis, f"arrow-{net.name}")
            return
        above, below = self.lay.bands[net.row][1], self.lay.bands[net.row + 1]
        lane, ends = self.lay.lane_u[id(net)], net.ends()

        def foot(end: End) -> float:
            inside = BAND * (end.box is not None) - BRACE * end.band
            if end in net.ups:
                return above - inside
            return below[0] + inside if end.box or end.band else below[1]

        feet = {id(end): foot(end) - HEAD / 2 * end.arrow for end in ends}
        runs = [[(feet[id(net.ups[0])], ends[0].v), (feet[id(net.downs[0])], ends[0].v)]]
        if not net.straight():
            a, b = ends[0], ends[-1]
            runs = [[(feet[id(a)], a.v), (lane, a.v), (lane, b.v), (feet[id(b)], b.v)]]
            runs += [[(feet[id(end)], end.v), (lane, end.v)] for end in ends[1:-1]]
        sides = (self.lay.start, self.lay.end)
        for edge, brace in [(above, net.ups[0]), (below[0], net.downs[0])]:
            if brace.band:
                u, (v0, v1) = foot(brace), sides
                runs.append([(edge, v0), (u, v0), (u, v1), (edge, v1)])
        for number, run in enumerate(runs):
            self.line(run, net.basis, f"line-{net.name}-{number}")
        for number, end in enumerate(end for end in net.downs if end.arrow):
            self.head((foot(end), end.v), (1, 0), f"arrow-{net.name}-{number}")
        if net.label:
            x, y = self.xy((lane + below[0]) / 2, net.downs[0].v)
            self.write((x + 0.07, y), net.label, f"text-{net.name}", style.SMALL, ha="left")


def _look(kind: str) -> dict[str, Any]:
    """Return the fill and the outline of a kind of box."""
    colour = style.KINDS[kind]
    return {"fc": FILLS.get(kind, style.tint(colour, 0.2)), "ec": colour, "lw": 0.9}


def _key(ax: Axes, handles: list[Any], columns: int, y: float, scale: float) -> None:
    """Add one block of the legend with its upper left corner at ``y`` inches."""
    from matplotlib.legend import Legend

    legend = Legend(
        ax,
        handles,
        [handle.get_label() for handle in handles],
        loc="upper left",
        bbox_to_anchor=(0, y),
        bbox_transform=ax.transData,
        ncols=columns,
        prop={"family": style.FONT, "size": style.SMALL * scale},
        borderaxespad=0,
        borderpad=0,
        labelspacing=0.5,
        columnspacing=1.4,
        handletextpad=0.5,
        frameon=False,
        labelcolor=style.INK,
    )
    ax.add_artist(legend)


def draw_diagram(
    nodes: DataFrame,
    edges: DataFrame,
    *,
    lang: str = "en",
    direction: Literal["down", "right"] = "down",
    title: str | None = None,
    ax: Axes | None = None,
    remark: str = "",
) -> Axes:
    """Draw a flow diagram of stages, boxes and arrows.

    Parameters
    ----------
    nodes : pandas.DataFrame
        One box a row: ``node``, ``stage``, ``order``, ``kind`` (`KINDS`, or ``stage`` for the
        title of a stage) and ``label_en`` or ``label_id``.
    edges : pandas.DataFrame
        One arrow a row: ``source``, ``target``, ``basis`` (``printed``, or ``inferred``, which is
        dashed) and ``label_en`` or ``label_id`` (may be empty). An arrow joins neighbours in a
        stage, leads to a later stage, or joins a whole stage to the next stage or its boxes.
        Arrows with the same sources are drawn as one fork; when every box of a stage feeds every
        box of the next, one broad arrow stands for them all.
    lang : {"en", "id"}
        Language of the labels.
    direction : {"down", "right"}
        Where the flow runs.
    title : str, optional
        A line above the diagram.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure of two journal columns (175 mm) without it. In smaller axes
        the type shrinks, to 70 % at least.
    remark : str
        A line below it.

    Returns
    -------
    matplotlib.axes.Axes
        The axes, with one inch as their unit (before shrinking).

    Raises
    ------
    OptionError
        If the language, the direction, a kind or an arrow is unknown, or the axes are too small.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from kube_research.figures.diagrams import draw_diagram
    >>> nodes = pd.DataFrame(
    ...     {
    ...         "node": ["plan", "act"],
    ...         "stage": [1, 2],
    ...         "order": [1, 1],
    ...         "kind": ["process", "intervention"],
    ...         "label_en": ["Make a plan", "Carry it out"],
    ...     }
    ... )
    >>> edges = pd.DataFrame(
    ...     {"source": ["plan"], "target": ["act"], "basis": ["printed"], "label_en": [""]}
    ... )
    >>> ax = draw_diagram(nodes, edges)
    >>> [text.get_text() for text in ax.texts if text.get_text()]
    ['Make a plan', 'Carry it out']
    >>> plt.close(ax.figure)
    """
    # Long because the size of the type is found by laying everything out, key and title included.
    import matplotlib.pyplot as plt
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    check_language(lang)
    if direction not in ("down", "right"):
        raise OptionError(f"direction is {direction!r}; it must be 'down' or 'right'")
    wide, high = style.DOUBLE_COLUMN, inf
    if ax is not None:
        extent, dpi = ax.get_window_extent(), ax.figure.dpi
        wide, high = extent.width / dpi, extent.height / dpi
    for scale in (1 - step / 20 for step in range(7)):
        lay = Layout(nodes, edges, lang, wide / scale - 2 * EDGE, direction == "right")
        kinds = [kind for kind in KINDS if any(box.kind == kind for box in lay.boxes.values())]
        heading = style.wrap(title, lay.width, style.TITLE, "bold") if title else []
        over = EDGE + len(heading) * 0.17 + 0.08 * bool(heading)
        spans = [
            style.text_width(text(f"diagram.{kind}", lang), style.SMALL) + 0.42 for kind in kinds
        ]
        fits = sum(spans) <= lay.width
        columns = len(kinds) if fits else max(1, int(lay.width / max(spans)))
        rows = -(-len(kinds) // columns)
        under = 0.17 * (rows + bool(lay.bases())) + 0.09
        total = over + lay.length + under + (0.16 if remark else 0)
        if lay.fits and total * scale <= high:
            break
    else:
        raise OptionError(
            f"the diagram does not fit on {wide:.1f} inches of width and {high:.1f} of height: "
            f"give it at least {total * scale:.1f} of height, or fewer boxes a stage"
        )
    if ax is None:
        ax = plt.figure(figsize=(wide, total * scale), layout="none").add_axes((0, 0, 1, 1))
        high = total * scale
    ax.set_axis_off()
    ax.set_aspect("equal", anchor="NW")
    ax.set(xlim=(-EDGE, lay.width + EDGE), ylim=(over - high / scale, over))
    pen = _Pen(lay, ax, scale)
    pen.draw()
    patches = [Patch(label=text(f"diagram.{kind}", lang), **_look(kind)) for kind in kinds]
    lines = [
        Line2D([], [], label=text(f"diagram.{basis}", lang), **STROKES[basis])
        for basis in lay.bases()
    ]
    _key(ax, patches, columns, -lay.length - 0.08, scale)
    if lines:
        _key(ax, lines, 2, -lay.length - 0.08 - 0.17 * rows, scale)
    if heading:
        look = {"ha": "left", "va": "top", "weight": "bold"}
        pen.write((0, over - EDGE), "\n".join(heading), "title", style.TITLE, **look)
    if remark:
        at = (0, -lay.length - under - 0.06)
        pen.write(at, remark, "note", style.SMALL, ha="left", color=style.QUIET)
    return ax
