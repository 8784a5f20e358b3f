"""Where the entries of a TOML file stand: their rows, whatever lines they run over."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

#: What a line holds that may end an entry of several lines.
_ENDS = ('"""', "'''", "]", "}")
_BEGINS = re.compile(r"\s*(?:\[|(?:[\w-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*[\w\"'-]+)*\s*=)")
_AT = re.compile(r"\(at line (\d+)")


@dataclass
class TomlRows:
    """The rows of the entries of a TOML file, as a text editor counts them.

    Attributes
    ----------
    first, last : dict of str to int
        First and last row of every entry and section by its full name: ``primary.unit``.
    sections : list of str
        Names of the heads of sections, in order.
    broken : int
        Row of the entry from which on the file is not TOML; 0 if it is.

    Examples
    --------
    >>> rows = TomlRows.of(["scale = [", "  1, 4]", "[primary]", '"unit" = "group"'])
    >>> rows.first, rows.last["scale"]
    ({'scale': 1, 'primary': 3, 'primary.unit': 4}, 2)
    """

    first: dict[str, int] = field(default_factory=dict)
    last: dict[str, int] = field(default_factory=dict)
    sections: list[str] = field(default_factory=list)
    broken: int = 0

    @classmethod
    def of(cls, lines: Sequence[str]) -> TomlRows:
        """Split the lines into entries: each is the shortest run of lines that is TOML by itself."""
        rows, section, start = cls(), "", 1
        for row, line in enumerate(lines, 1):
            if row > start and not any(mark in line for mark in _ENDS):
                continue
            try:
                entry = tomllib.loads("\n".join(lines[start - 1 : row]))
            except (ValueError, RecursionError):
                continue
            names = list(_names(entry))
            if names and lines[start - 1].lstrip().startswith("["):
                section = f"{names[-1]}."
                rows.sections.append(names[-1])
            else:
                names = [section + name for name in names]
            for name in names:
                rows.first.setdefault(name, start)
                rows.last.setdefault(name, row)
            start = row + 1
        rows.broken = start if start <= len(lines) else 0
        return rows

    def fault(self, lines: Sequence[str], error: str) -> int:
        """Return the row that is at fault when the file is not TOML.

        The reader of TOML notices an open quote or bracket only where the next entry begins, or at the
        end; then it is the row in which the entry begins that is at fault.
        """
        spot = _AT.search(error)
        row = int(spot[1]) if spot else 0
        late = row > self.broken and _BEGINS.match(lines[row - 1]) is not None
        return self.broken or len(lines) if not row or (late and self.broken) else row


def _names(entry: dict[str, Any], before: str = "") -> Iterator[str]:
    """Yield the full names of everything in a piece of TOML, outer ones first."""
    for key, value in entry.items():
        yield before + key
        inside = value[-1] if isinstance(value, list) and value else value
        if isinstance(inside, dict):
            yield from _names(inside, f"{before}{key}.")
