"""Where the boxes and connectors of a flow diagram go: plain geometry, nothing is drawn here.

Places are kept as ``u`` (along the flow) and ``v`` (across it) in inches, so one layout serves
diagrams that run down and to the right.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise, permutations
from math import inf
from typing import TYPE_CHECKING, Any

from kube_research.errors import OptionError
from kube_research.figures import style

if TYPE_CHECKING:
    from pandas import DataFrame

BASES = ("printed", "inferred")
KINDS = tuple(style.KINDS)

SIZE = 7.5  # type in points; all that follows is in inches
LEAD, PAD, BAND, GAP, LINK = SIZE * 1.3 / 72, 0.06, 0.07, 0.14, 0.26
LANE, HEAD, WIDEST, HEADER, COLUMN, EDGE, BRACE = 0.09, 0.075, 2.0, 0.95, 0.28, 0.03, 0.045


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
        self.stages: dict[str, int] = {}
        for record in records:
            node, kind = str(record["node"]), str(record["kind"])
            row, label = numbers.index(int(record["stage"])), str(record[f"label_{lang}"])
            if kind == "stage":
                self.stages[node], self.heads[row] = row, label
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
        links = (
            edges.fillna({f"label_{lang}": ""}).sort_values(["source", "target"]).to_dict("records")
        )
        pairs = [self._pair(str(link["source"]), str(link["target"])) for link in links]
        self._size({up for up, down in pairs if up == down})
        self._connect(links, f"label_{lang}")
        self._ports()
        for row in range(len(self.rows) - 1):
            self._lanes([net for net in self.nets if net.row == row and not net.wide])
        self._stack()

    def _pair(self, source: str, target: str) -> tuple[int, int]:
        """Return the rows an arrow joins, or say why it cannot be drawn."""
        places = {**self.stages, **{box.node: box.row for box in self.boxes.values()}}
        for node in (source, target):
            if node not in places:
                raise OptionError(f"arrow {source!r} to {target!r}: there is no node {node!r}")
        up, down = places[source], places[target]
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

    def _connect(self, links: list[dict[Any, Any]], label: str) -> None:
        """Turn arrows into connectors: forks where ends are shared, bundles where all are."""
        direct: dict[tuple[str, str], set[str]] = defaultdict(set)
        for link in links:
            source, target, basis = (str(link[key]) for key in ("source", "target", "basis"))
            if basis not in BASES:
                known = " or ".join(map(repr, BASES))
                raise OptionError(f"arrow {source!r} to {target!r}: basis {basis!r} is not {known}")
            (up, down), name = self._pair(source, target), f"{source}--{target}"
            first, last = self.boxes.get(source), self.boxes.get(target)
            if first is None and last is None:
                self.spine.append((up, basis, name))
            elif first is not None and last is not None and up == down:
                self.beside.append((first, last, basis))
            elif first is not None and last is not None and down == up + 1 and not link[label]:
                direct[(target, basis)].add(source)
            else:
                self._thread(first, last, (up, down), basis, name, str(link[label]))
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
        self.lane_u: dict[int, float] = {}
        u = 0.0
        for row, thick in enumerate(self.thick):
            self.bands.append((u, u + thick + 2 * BAND))
            here = [net for net in self.nets if net.row == row]
            most = max((net.lane for net in here), default=0)
            gap = max(0.21, 0.12 + LANE * most) + 0.13 * any(net.label for net in here)
            gap = COLUMN if self.right else gap
            u = self.bands[-1][1] + gap
            for net in here:
                self.lane_u[id(net)] = self.bands[-1][1] + (gap - HEAD) * net.lane / (most + 1)
        self.length = self.end + BAND if self.right else self.bands[-1][1]

    def bases(self) -> list[str]:
        """Return the kinds of arrow, if there is more than one to tell apart."""
        found = {net.basis for net in self.nets} | {link[2] for link in self.beside}
        found |= {link[1] for link in self.spine}
        return ["printed", "inferred"] if "inferred" in found else []
