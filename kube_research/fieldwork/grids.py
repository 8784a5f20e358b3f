"""One row of an export may hold several ratings: the same statements in two grids, or repeated parts.

They are told apart by their headers. Two answers to one statement never become one rating.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from kube_research.fieldwork.headers import Headers
from kube_research.fieldwork.meanings import moments
from kube_research.fieldwork.pseudonyms import plain
from kube_research.site.sheets import column_letters, column_place

#: What stands for a round where a grid is not to be read.
IGNORED = 0

#: What the user replaces in a remedy by the number of a round.
_ROUND = "ROUND"

_COUNTED = re.compile(r"[0-9]{1,3}")
_LETTERS = re.compile(r"[A-Z]{1,3}(?::[A-Z]{1,3})?(?:,[A-Z]{1,3}(?::[A-Z]{1,3})?)*")


@dataclass(frozen=True)
class Part:
    """The columns of a sheet that hold one rating of each row.

    Attributes
    ----------
    columns : mapping of str to list of int
        Places by meaning, as in :class:`kube_research.fieldwork.headers.Headers`.
    round : str
        The round that the user gives; empty if the sheet says it.
    tag : str
        What tells the part from the others; empty for the only one.
    """

    columns: Mapping[str, list[int]]
    round: str = ""
    tag: str = ""

    @property
    def items(self) -> list[int]:
        """Numbers of the statements."""
        return sorted(int(role[5:]) for role in self.columns if role.startswith("item_"))

    def filled(self, row: Sequence[str], role: str) -> list[int]:
        """Return the places of a meaning where a row holds anything."""
        return [spot for spot in self.columns.get(role, []) if row[spot]]

    def answered(self, row: Sequence[str]) -> bool:
        """Tell whether a row answers any statement."""
        return any(self.filled(row, f"item_{item}") for item in self.items)


@dataclass
class Trouble:
    """Why the columns cannot be told apart: code, a place, and what the texts are about."""

    code: str
    spot: int | None = None
    value: str = ""
    fill: dict[str, object] = field(default_factory=dict)


@dataclass
class Parts:
    """How the rows of a sheet are read.

    Attributes
    ----------
    parts : list of Part
    merged : list of list of int
        Places of columns that are read as one, because no row fills two of them.
    trouble : list of Trouble
        If there is any, nothing must be read.
    """

    parts: list[Part]
    merged: list[list[int]] = field(default_factory=list)
    trouble: list[Trouble] = field(default_factory=list)


class GridReader:
    """Tells apart the columns that hold the same statements.

    Parameters
    ----------
    headers : Headers
    rows : sequence of sequence of str
        The rows with answers.
    meaning : callable
        Returns the meaning of a header.
    rounds : mapping of str to collection of str
        Numbers of the rounds of the site, and what each is called.
    """

    def __init__(
        self,
        headers: Headers,
        rows: Sequence[Sequence[str]],
        meaning: Callable[[str], str],
        rounds: Mapping[str, Collection[str]],
    ) -> None:
        self.headers, self.rows, self.meaning, self.rounds = headers, rows, meaning, rounds
        self.spots = {
            item: [spot for spot in headers.spots(f"item_{item}") if self._used(spot)]
            for item in headers.items
        }
        self.doubled = {item: spots for item, spots in self.spots.items() if len(spots) > 1}

    def _used(self, spot: int) -> bool:
        return any(row[spot] for row in self.rows) or self._says_when(self.headers.within[spot])

    @staticmethod
    def _says_when(within: str) -> bool:
        said = f" {plain(within)} "
        return any(f" {moment} " in said for moment in moments())

    def read(self, grids: Mapping[str, int]) -> Parts:
        """Return the parts of each row.

        Parameters
        ----------
        grids : mapping of str to int
            The round of each grid, by what its headers say or by the letters of its columns;
            :data:`IGNORED` for a grid that is not read.
        """
        if grids:
            return self._as_told(grids)
        whole = Part(self.headers.columns)
        if not self.doubled:
            return Parts([whole])
        if repeats := self._repeats():
            return repeats
        labels = self._labels()
        if self._apart(labels):
            return Parts([whole], list(self.doubled.values()))
        trouble = Trouble("grids", next(iter(self.doubled.values()))[-1])
        trouble.fill = {"columns": self._names(self.doubled), "grids": self._options(labels)}
        return Parts([whole], trouble=[trouble])

    def _names(self, items: Iterable[int]) -> str:
        spots = [spot for item in items for spot in self.doubled[item]][:4]
        return ", ".join(f"'{self.headers.names[spot]}' ({column_letters(spot)})" for spot in spots)

    # Repeated parts: raters[1]/item_1, raters[2]/item_1

    def _repeats(self) -> Parts | None:
        """Return one part a repeat, if each repeat says who answered or which round it is."""
        fronts = self._fronts()
        if not fronts:
            return None
        inside: dict[str, dict[str, list[int]]] = {}
        shared = {role: list(spots) for role, spots in self.headers.columns.items()}
        for spot, name in enumerate(self.headers.names):
            count, rest = _cut_repeat(name, fronts)
            if not count:
                continue
            role = next((r for r, spots in shared.items() if spot in spots), "") or self.meaning(
                rest
            )
            if role in shared and spot in shared[role]:
                shared[role].remove(spot)
            if role:
                inside.setdefault(count, {}).setdefault(role, []).append(spot)
        if not all({"rater", "name", "round"} & set(columns) for columns in inside.values()):
            return None
        for columns in inside.values():
            for role, spots in columns.items():
                known = self.headers.columns.setdefault(role, [])
                known += [spot for spot in spots if spot not in known]
                self.headers.unread = [spot for spot in self.headers.unread if spot not in spots]
        left = [
            spot for role, spots in shared.items() if role.startswith("item_") for spot in spots
        ]
        if left := [spot for spot in left if self._used(spot)]:
            return Parts([], trouble=[self._left(spot) for spot in left])
        shared = {role: spots for role, spots in shared.items() if spots}
        order = sorted(inside, key=int)
        return Parts([Part({**shared, **inside[count]}, tag=count) for count in order])

    def _fronts(self) -> set[str]:
        """Return what stands before the number of a repeat, if only that number differs."""
        fronts: set[str] = set()
        for spots in self.doubled.values():
            names = [self.headers.names[spot] for spot in spots]
            found = set()
            for number in _COUNTED.finditer(names[0]):
                front, rest = names[0][: number.start()], names[0][number.end() :]
                counts = [name[len(front) : len(name) - len(rest)] for name in names]
                same = all(n.startswith(front) and n.endswith(rest) for n in names)
                if same and all(map(_COUNTED.fullmatch, counts)) and len(set(counts)) == len(names):
                    found.add(front)
            if not found:
                return set()
            fronts |= found
        return fronts

    # Grids that nothing tells apart but their names

    def _labels(self) -> dict[int, str]:
        """Return by place what the header of a doubled statement says beyond its fellows."""
        labels: dict[int, str] = {}
        for spots in self.doubled.values():
            short = _contrast([plain(self.headers.within[spot]).split() for spot in spots])
            if len(set(short)) < len(short):
                short = [f"#{place}" for place in range(1, len(spots) + 1)]
            labels |= dict(zip(spots, short, strict=True))
        return labels

    def _apart(self, labels: Mapping[int, str]) -> bool:
        """Tell whether the columns are one question whose place in the form changed.

        So they are if their names say no time, and no row fills two of them.
        """
        if any(self._says_when(label) for label in labels.values()):
            return False
        rivals = {
            frozenset((labels[one], labels[other]))
            for spots in self.doubled.values()
            for place, one in enumerate(spots)
            for other in spots[:place]
        }
        for row in self.rows:
            filled = [[spot for spot in spots if row[spot]] for spots in self.doubled.values()]
            said = {labels[spot] for spots in filled for spot in spots}
            if any(len(spots) > 1 for spots in filled) or any(pair <= said for pair in rivals):
                return False
        return True

    def _options(self, labels: Mapping[int, str]) -> str:
        """Return the options that would tell the grids apart, by name or else by their columns."""
        spots_of: dict[str, list[int]] = {}
        for spot, label in sorted(labels.items()):
            spots_of.setdefault(label, []).append(spot)
        named = all(self._matching(label) == spots for label, spots in spots_of.items())
        asked_once = [spots[0] for spots in self.spots.values() if len(spots) == 1]
        told = [
            f'--grid "{label if named else _ranges(spots)}={self._round_of(label)}"'
            for label, spots in spots_of.items()
        ]
        if asked_once:
            told.append(f'--grid "{_ranges(asked_once)}={_ROUND}"')
        return " ".join(told)

    def _round_of(self, label: str) -> str:
        """Return the round that a grid is named after, or a word that the user has to replace."""
        said = f" {plain(label)} "
        named = [
            n for n, words in self.rounds.items() if any(f" {plain(w)} " in said for w in words)
        ]
        if len(named) == 1:
            return named[0]
        kinds = {kind for word, kind in moments().items() if f" {word} " in said}
        if len(self.rounds) == 2 and len(kinds) == 1:
            first, last = self.rounds
            return {"earlier": first, "later": last}.get(kinds.pop(), _ROUND)
        return _ROUND

    def _matching(self, name: str) -> list[int]:
        """Return the places of the statements whose headers hold the words of a name, or its letters."""
        spots = sorted(spot for spots in self.spots.values() for spot in spots)
        wanted = f" {plain(name)} "
        by_name = [s for s in spots if wanted in f" {plain(self.headers.within[s])} "]
        if wanted.strip() and by_name:
            return by_name
        if not _LETTERS.fullmatch(name.strip()):
            return []
        within = _places(name.strip())
        return [spot for spot in spots if spot in within]

    def _as_told(self, grids: Mapping[str, int]) -> Parts:
        """Return one part a round, as the user says."""
        of_spot: dict[int, tuple[int, int]] = {}
        parts = Parts([])
        for name, number in grids.items():
            matching = self._matching(name)
            if not matching:
                said = sorted({w for spots in self.spots.values() for s in spots
                               if (w := self.headers.within[s])})  # fmt: skip
                allowed = ", ".join(said) or _ranges(
                    [s for spots in self.spots.values() for s in spots]
                )
                parts.trouble.append(Trouble("grid_unknown", None, name, {"allowed": allowed}))
            for spot in matching:
                length, other = of_spot.get(spot, (0, number))
                if length == len(plain(name)) and other != number:
                    parts.trouble.append(Trouble("grid_twice", spot, name))
                of_spot[spot] = max((len(plain(name)), number), (length, other))
        left = [s for spots in self.spots.values() for s in spots if s not in of_spot]
        parts.trouble += [self._left(spot) for spot in left if self._used(spot)]
        rounds = dict.fromkeys(number for _, number in of_spot.values() if number != IGNORED)
        for number in sorted(rounds):
            columns = {role: list(spots) for role, spots in self.headers.columns.items()
                       if not role.startswith("item_")}  # fmt: skip
            for item, spots in self.spots.items():
                if mine := [spot for spot in spots if of_spot.get(spot, (0, IGNORED))[1] == number]:
                    columns[f"item_{item}"] = mine
            parts.parts.append(Part(columns, str(number), f"r{number}"))
        if not rounds and not parts.trouble:
            parts.trouble.append(Trouble("grid_none"))
        return parts

    def _left(self, spot: int) -> Trouble:
        return Trouble(
            "grid_left", spot, self.headers.names[spot], {"letters": column_letters(spot)}
        )


def _contrast(said: Sequence[Sequence[str]]) -> list[str]:
    """Return the words in which several texts differ: by place if they are equally long.

    Examples
    --------
    >>> _contrast([["visit", "1", "field", "1"], ["visit", "2", "field", "1"]])
    ['1', '2']
    >>> _contrast([["keuangan", "saat", "ini"], ["keuangan"]])
    ['saat ini', '']
    """
    if len({len(words) for words in said}) == 1:
        differing = [
            place for place, words in enumerate(zip(*said, strict=True)) if len(set(words)) > 1
        ]
        return [" ".join(words[place] for place in differing) for words in said]
    common = set(said[0]).intersection(*map(set, said[1:]))
    return [" ".join(word for word in words if word not in common) for words in said]


def _cut_repeat(name: str, fronts: Iterable[str]) -> tuple[str, str]:
    """Return the number of a repeat and what follows it; two empty texts if there is none."""
    for front in fronts:
        if name.startswith(front) and (number := _COUNTED.match(name, len(front))):
            return number[0], name[number.end() :].lstrip(")]/_.:- ")
    return "", ""


def _places(written: str) -> set[int]:
    places: set[int] = set()
    for piece in written.split(","):
        first, _, last = piece.partition(":")
        places |= set(range(column_place(first), column_place(last or first) + 1))
    return places


def _ranges(spots: Sequence[int]) -> str:
    """Return the letters of columns, those in a row as one range.

    Examples
    --------
    >>> _ranges([4, 2, 3, 7])
    'C:E,H'
    """
    pieces: list[list[int]] = []
    for spot in sorted(spots):
        if pieces and pieces[-1][-1] == spot - 1:
            pieces[-1].append(spot)
        else:
            pieces.append([spot])
    ends = [[column_letters(spot) for spot in (piece[0], piece[-1])] for piece in pieces]
    return ",".join(first if first == last else f"{first}:{last}" for first, last in ends)
