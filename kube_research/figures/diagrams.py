"""Flow diagrams drawn from two small tables: boxes and arrows.

The layout is computed: boxes are sized from their text, stages become bands, and connectors run in
the space between the bands, never through a box. Inside, places are kept as ``u`` (along the flow)
and ``v`` (across it) in inches, so one layout serves diagrams that run down and to the right.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise, permutations
from math import inf
from typing import TYPE_CHECKING, Any, Literal

from kube_research.errors import OptionError
from kube_research.figures import style
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
        lane, ends = net.lane_u, net.ends()

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
        over = EDGE + len(heading) * LINE + 0.08 * bool(heading)
        names = [text(f"diagram.{kind}", lang) for kind in kinds]
        columns = style.legend_columns(names, lay.width, 0.42)
        rows = -(-len(kinds) // columns)
        under = LINE * (rows + bool(lay.bases())) + 0.09
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
    patches = [Patch(label=name, **_look(kind)) for name, kind in zip(names, kinds, strict=True)]
    lines = [
        Line2D([], [], label=text(f"diagram.{basis}", lang), **STROKES[basis])
        for basis in lay.bases()
    ]
    _key(ax, patches, columns, -lay.length - 0.08, scale)
    if lines:
        _key(ax, lines, 2, -lay.length - 0.08 - LINE * rows, scale)
    if heading:
        look = {"ha": "left", "va": "top", "weight": "bold"}
        pen.write((0, over - EDGE), "\n".join(heading), "title", style.TITLE, **look)
    if remark:
        at = (0, -lay.length - under - 0.06)
        pen.write(at, remark, "note", style.SMALL, ha="left", color=style.QUIET)
    return ax


BASES = ("printed", "inferred")
KINDS = tuple(style.KINDS)

SIZE = 7.5  # type in points; all that follows is in inches
LEAD, PAD, BAND, GAP, LINK = SIZE * 1.3 / 72, 0.06, 0.07, 0.14, 0.26
LANE, HEAD, WIDEST, HEADER, COLUMN, EDGE, BRACE = 0.09, 0.075, 2.0, 0.95, 0.28, 0.03, 0.045
LINE = 0.17  # of the title and of the legend


@dataclass(eq=False)
class Box:
    """One box: its text and its extent across the flow."""

    node: str
    row: int
    kind: str
    label: str
    lines: list[str] = field(default_factory=list)
    v0: float = 0.0
    v1: float = 0.0

    @property
    def centre(self) -> float:
        """Return the middle across the flow."""
        return (self.v0 + self.v1) / 2


@dataclass(eq=False)
class End:
    """Where a connector meets a box or a band, or (neither) passes between two boxes."""

    v: float
    box: Box | None = None
    band: bool = False
    arrow: bool = False

    def reaches(self, v: float) -> bool:
        """Return whether the end may be moved to ``v``."""
        return self.band or (self.box is not None and self.box.v0 + PAD <= v <= self.box.v1 - PAD)


@dataclass(eq=False)
class Net:
    """A connector in the channel after a row: a line, a fork, or one arrow for a whole bundle."""

    row: int
    ups: list[End]
    downs: list[End]
    basis: str
    name: str
    label: str = ""
    wide: bool = False
    lane: int = 0
    lane_u: float = 0.0

    def ends(self) -> list[End]:
        """Return all ends in order across the flow."""
        return sorted([*self.ups, *self.downs], key=lambda end: end.v)

    def straight(self) -> bool:
        """Return whether all ends lie on one line."""
        ends = self.ends()
        return ends[-1].v - ends[0].v < 1e-6


class Layout:
    """The boxes, bands and connectors of one diagram, with their places."""

    def __init__(self, nodes: DataFrame, edges: DataFrame, lang: str, width: float, right: bool):
        self.width, self.right = width, right
        records = nodes.sort_values(["stage", "order", "node"]).to_dict("records")
        numbers = sorted({int(record["stage"]) for record in records})
        self.rows: list[list[Box]] = [[] for _ in numbers]
        self.heads = ["" for _ in numbers]
        self.boxes: dict[str, Box] = {}
        self.places: dict[str, int] = {}  # the row of every box and of every stage
        for record in records:
            node, kind = str(record["node"]), str(record["kind"])
            row, label = numbers.index(int(record["stage"])), str(record[f"label_{lang}"])
            self.places[node] = row
            if kind == "stage":
                self.heads[row] = label
            elif kind in KINDS:
                self.boxes[node] = Box(node, row, kind, label)
                self.rows[row].append(self.boxes[node])
            else:
                known = ", ".join(["stage", *KINDS])
                raise OptionError(f"node {node!r} is of kind {kind!r}; known kinds: {known}")
        if not all(self.rows) or not records:
            raise OptionError("every stage of a diagram needs at least one box besides its title")
        self.nets: list[Net] = []
        self.spine: list[tuple[int, str, str]] = []
        self.beside: list[tuple[Box, Box, str]] = []
        edges = edges.fillna({f"label_{lang}": ""}).sort_values(["source", "target"])
        columns = ["source", "target", "basis", f"label_{lang}"]
        links = [list(map(str, link)) for link in edges[columns].to_numpy()]
        pairs = [self._pair(source, target) for source, target, *_ in links]
        self._size({up for up, down in pairs if up == down})
        self._connect(links, pairs)
        self._ports()
        for row in range(len(self.rows) - 1):
            self._lanes([net for net in self.nets if net.row == row and not net.wide])
        self._stack()

    def _pair(self, source: str, target: str) -> tuple[int, int]:
        """Return the rows an arrow joins, or say why it cannot be drawn."""
        for node in (source, target):
            if node not in self.places:
                raise OptionError(f"arrow {source!r} to {target!r}: there is no node {node!r}")
        up, down = self.places[source], self.places[target]
        plain = source in self.boxes and target in self.boxes
        if plain and up == down:
            order = [box.node for box in self.rows[up]]
            fits = abs(order.index(source) - order.index(target)) == 1
        else:
            fits = down > up if plain else down == up + 1
        if not fits:
            raise OptionError(
                f"arrow {source!r} to {target!r}: an arrow goes to the neighbour in its own stage "
                "or to a later stage, and from or to a whole stage only to the next one"
            )
        return up, down

    def _size(self, linked: set[int]) -> None:
        """Wrap every text and give every box its place across the flow."""
        count = len(self.rows)
        column = (self.width - (count - 1) * COLUMN) / count
        room = (column if self.right else HEADER) - 2 * PAD
        self.titles = [style.wrap(head, room, SIZE, "bold") for head in self.heads]
        self.header = HEADER
        if self.right:
            self.header = max(len(title) for title in self.titles) * LEAD + 2 * PAD
        self.start, self.end = self.header + BAND, self.width - BAND
        self.fits, self.thick = True, list[float]()
        sizes: list[list[float]] = []
        roomy = {len(self.rows[row]) for row in linked}  # rows of as many boxes line up
        for row, boxes in enumerate(self.rows):
            gap, share = GAP, (self.end - self.start) / len(boxes)
            if row in linked or (not self.right and len(boxes) in roomy):
                gap = LINK
            wide = column - 2 * BAND if self.right else min(WIDEST, share - gap)
            for box in boxes:
                box.lines = style.wrap(box.label, wide - 2 * PAD, SIZE)
                longest = max(style.text_width(line, SIZE) for line in box.lines)
                self.fits &= longest <= wide - PAD
            tall = [len(box.lines) * LEAD + 2 * PAD for box in boxes]
            sizes.append(tall if self.right else [wide] * len(boxes))
            least = max(max(tall), len(self.titles[row]) * LEAD + 2 * (PAD - BAND), 0.2 + 2 * PAD)
            self.thick.append(column - 2 * BAND if self.right else least)
            if self.right:
                self.end = max(self.end if row else 0, self.start + sum(tall) + gap * len(tall))
        for boxes, spans in zip(self.rows, sizes, strict=True):
            gap = (self.end - self.start - sum(spans)) / len(boxes)
            v = self.start + gap / 2
            for box, span in zip(boxes, spans, strict=True):
                box.v0, box.v1 = v, v + span
                v += span + gap

    def _connect(self, links: list[list[str]], pairs: list[tuple[int, int]]) -> None:
        """Turn arrows into connectors: forks where ends are shared, bundles where all are."""
        direct: dict[tuple[str, str], set[str]] = defaultdict(set)
        for (source, target, basis, label), (up, down) in zip(links, pairs, strict=True):
            if basis not in BASES:
                known = " or ".join(map(repr, BASES))
                raise OptionError(f"arrow {source!r} to {target!r}: basis {basis!r} is not {known}")
            name = f"{source}--{target}"
            first, last = self.boxes.get(source), self.boxes.get(target)
            if first is None and last is None:
                self.spine.append((up, basis, name))
            elif first is not None and last is not None and up == down:
                self.beside.append((first, last, basis))
            elif first is not None and last is not None and down == up + 1 and not label:
                direct[(target, basis)].add(source)
            else:
                self._thread(first, last, (up, down), basis, name, label)
        forks: dict[tuple[str, tuple[str, ...]], list[Box]] = defaultdict(list)
        for (target, basis), sources in direct.items():
            forks[(basis, tuple(sorted(sources)))].append(self.boxes[target])
        for (basis, names), downs in forks.items():
            ups = [self.boxes[name] for name in names]
            row = ups[0].row
            name = "+".join(names) + "--" + "+".join(box.node for box in downs)
            wide = min(len(ups), len(downs)) > 1 and (
                (len(ups), len(downs)) == (len(self.rows[row]), len(self.rows[row + 1]))
            )
            middle = (self.start + self.end) / 2
            tops = [End(box.centre, box) for box in ups]
            tips = [End(box.centre, box, arrow=True) for box in downs]
            if wide:
                tops, tips = [End(middle, band=True)], [End(middle, band=True, arrow=True)]
            self.nets.append(Net(row, tops, tips, basis, name, wide=wide))

    def _thread(
        self,
        first: Box | None,
        last: Box | None,
        rows: tuple[int, int],
        basis: str,
        name: str,
        label: str,
    ) -> None:
        """Lead one arrow through the gaps of the rows it passes."""
        goal = next(box.centre for box in (last, first) if box is not None)
        up = End(first.centre if first else goal, first, band=first is None)
        for row in range(rows[0] + 1, rows[1]):
            walls = [(b.v0, b.v1) for b in self.rows[row]]
            edges = [(-inf, self.start - BAND), *walls, (self.end + BAND, inf)]
            gaps = [(low, high) for (_, low), (high, _) in pairwise(edges)]
            taken = [end.v for net in self.nets for end in net.downs if net.row == row - 1]
            slots = [min(max(goal, low + 0.06), high - 0.06) for low, high in gaps]
            v = min(slots, key=lambda slot: (abs(slot - goal), slot))
            while any(abs(v - other) < LANE for other in taken):
                v += LANE
            self.nets.append(Net(row - 1, [up], [End(v)], basis, f"{name}-{row}"))
            up = End(v)
        tip = End(last.centre if last else goal, last, band=last is None, arrow=True)
        self.nets.append(Net(rows[1] - 1, [up], [tip], basis, name, label))

    def _ports(self) -> None:
        """Spread the connectors over the sides of the boxes; make lines straight if possible."""
        sides: dict[tuple[str, bool], list[tuple[float, int, End]]] = defaultdict(list)
        for number, net in enumerate(self.nets):
            for ends, others in ((net.ups, net.downs), (net.downs, net.ups)):
                mean = sum(other.v for other in others) / len(others)
                for end in ends:
                    if end.box is not None:
                        sides[(end.box.node, ends is net.ups)].append((mean, number, end))
        for (node, _), side in sides.items():
            box = self.boxes[node]
            for place, (_, _, end) in enumerate(sorted(side, key=lambda entry: entry[:2]), 1):
                end.v = box.v0 + (box.v1 - box.v0) * place / (len(side) + 1)
        around = {id(entry[2]): [e[2] for e in side] for side in sides.values() for entry in side}

        def moves(end: End, v: float) -> bool:
            others = [other for other in around.get(id(end), []) if other is not end]
            keeps = all((o.v < end.v) == (o.v < v) and abs(o.v - v) > 0.12 for o in others)
            return end.reaches(v) and keeps

        for net in self.nets:
            if len(net.ups) == len(net.downs) == 1:
                up, down = net.ups[0], net.downs[0]
                shared = 0.0
                if up.box and down.box:
                    low, high = max(up.box.v0, down.box.v0), min(up.box.v1, down.box.v1)
                    shared = (low + high) / 2
                for v in (down.v, up.v, shared):
                    if all(end.v == v or moves(end, v) for end in (up, down)):
                        up.v = down.v = v
                        break

    @staticmethod
    def _lanes(nets: list[Net]) -> None:
        """Give every bent connector of a channel its lane, with the fewest crossings."""
        bent = [net for net in nets if not net.straight()]

        def cost(order: tuple[Net, ...]) -> int:
            total = 0
            for i, first in enumerate(order):
                for second in order[i + 1 :]:
                    a, b = first.ends(), second.ends()
                    total += sum(b[0].v < end.v < b[-1].v for end in first.downs)
                    total += sum(a[0].v < end.v < a[-1].v for end in second.ups)
                    near = ((x.v, y.v) for x in first.downs for y in second.ups)
                    total += 100 * sum(abs(x - y) < 0.03 for x, y in near)
            return total

        orders = permutations(bent) if len(bent) <= 6 else iter([tuple(bent)])
        placed: list[tuple[float, float, int]] = []
        for net in min(orders, key=cost, default=()):
            low, high = net.ends()[0].v - LANE, net.ends()[-1].v + LANE
            net.lane = 1 + max((lane for a, b, lane in placed if a < high and low < b), default=0)
            placed.append((low + LANE, high - LANE, net.lane))

    def _stack(self) -> None:
        """Put the rows one after the other along the flow."""
        self.bands: list[tuple[float, float]] = []
        u = 0.0
        for row, thick in enumerate(self.thick):
            self.bands.append((u, u + thick + 2 * BAND))
            here = [net for net in self.nets if net.row == row]
            most = max((net.lane for net in here), default=0)
            gap = max(0.21, 0.12 + LANE * most) + 0.13 * any(net.label for net in here)
            gap = COLUMN if self.right else gap
            u = self.bands[-1][1] + gap
            for net in here:
                net.lane_u = self.bands[-1][1] + (gap - HEAD) * net.lane / (most + 1)
        self.length = self.end + BAND if self.right else self.bands[-1][1]

    def bases(self) -> list[str]:
        """Return the kinds of arrow, if there is more than one to tell apart."""
        found = {net.basis for net in self.nets} | {link[2] for link in self.beside}
        found |= {link[1] for link in self.spine}
        return ["printed", "inferred"] if "inferred" in found else []
