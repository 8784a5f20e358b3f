"""What reading a cell gives: one value, or the reason why there is none."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: Longer cells are no number, date or hour.
MAX_CELL = 60

_SPACES = re.compile("[\u00a0\u2000-\u200b\u202f\u205f\ufeff\\s]+")


@dataclass(frozen=True)
class Reading:
    """What a cell says, or why it cannot be read.

    Attributes
    ----------
    value : str
        The plain form that :func:`kube_research.schema.typed` takes: ``-20000``, ``2.40``,
        ``2016-03-05``, ``16:00``; empty when the cell is refused.
    code : str
        Why it is refused (key of the texts); empty when it is read.
    readings : tuple of str
        The plain forms of every reading of a value that has several.
    near : str
        The plain form that was probably meant by a cell that is refused for another reason.
    """

    value: str = ""
    code: str = ""
    readings: tuple[str, ...] = ()
    near: str = ""

    @property
    def ok(self) -> bool:
        """Whether there is exactly one reading."""
        return not self.code


def plain_spaces(text: str) -> str:
    """Return a text with every kind of blank as one plain blank, and none around it."""
    return _SPACES.sub(" ", text).strip()
