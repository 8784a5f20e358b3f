"""Codes of people that stand for another than they seem: spelt in two ways, counted, or of a card."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from kube_research.site.rules import Finding, Sound
from kube_research.site.schema import tables

if TYPE_CHECKING:
    import pandas as pd

#: Columns that hold codes of people.
PEOPLE = ("person", "rater")
#: Letters of other scripts that look like ours.
_ALIKE = str.maketrans("авекмнорстухіѕјοανκρτυχβεημι", "abekmhopctyxisjoavkptuxbenmi")
_GAP = re.compile(r"[\W_]+")
#: Numbers of cards (15 or 16 digits) and telephones, and what a spreadsheet makes of either.
_CARD = re.compile(r"[0-9]{15,16}|(?:\+?62|0)8[0-9]{7,11}|0[0-9]{8,12}|8[0-9]{8,11}")
_CUT = re.compile(r"[0-9](?:[.,][0-9]+)?E\+?[0-9]{2}", re.IGNORECASE)


def folded(code: str) -> str:
    """Return a code without what people spell differently: capitals, zeros, marks, look-alikes.

    Examples
    --------
    >>> folded("R-03") == folded("r3"), folded("К07-1") == folded("k7_01"), folded("R3") == folded("R30")
    (True, True, False)
    """
    plain = unicodedata.normalize("NFKC", code).casefold().translate(_ALIKE)
    parts = _GAP.sub("-", plain).strip("-")
    joined = re.sub(r"(?<![0-9])-|-(?![0-9])", "", parts)  # between two numbers the mark counts
    return re.sub(r"(?<![0-9])0+(?=[0-9])", "", joined)


def pairing(early: Collection[str], late: Collection[str]) -> tuple[int, dict[str, str]]:
    """Return how many codes two rounds share, and which later ones nearly agree with an earlier one.

    Examples
    --------
    >>> pairing(["R01", "R02", "A"], ["r1", "R02", "B"])
    (1, {'r1': 'R01'})
    """
    before = {folded(code): code for code in early if code not in late}
    near = {
        code: before.pop(folded(code))
        for code in late
        if code not in early and folded(code) in before
    }
    return len(set(early) & set(late)), near


def numbered(early: Collection[str], late: Collection[str]) -> bool:
    """Tell whether the codes of both rounds are 1 to n, as the rows of a list are.

    Examples
    --------
    >>> numbered(["1", "2", "3"], ["2", "1"]), numbered(["1", "2", "4"], ["1", "2", "3"])
    (True, False)
    """
    sides = [sorted(int(code) for code in codes if re.fullmatch("[0-9]{1,6}", code))
             for codes in (set(early), set(late))]  # fmt: skip
    return all(
        len(side) == len(set(codes)) > 1 and side == list(range(1, len(side) + 1))
        for side, codes in zip(sides, (early, late), strict=True)
    )


def is_number_of_card(code: str) -> bool:
    """Tell whether a code is the number of an identity card or a telephone.

    Examples
    --------
    >>> [is_number_of_card(code) for code in ("9900011203850001", "0800-0000-0000", "8.12E11", "07-1")]
    [True, True, True, False]
    """
    return _is_whole_number(code) or _CUT.fullmatch(code.strip()) is not None


def _is_whole_number(code: str) -> bool:
    """Tell whether all digits of the number of a card or a telephone are there."""
    digits = re.sub(r"^[A-Za-z]{0,4}[\s._-]*(?=\+?[0-9])|[\s._-]", "", code)
    return _CARD.fullmatch(digits) is not None


def shortened(code: str) -> str:
    """Return a code as a message may show it: of a card or a telephone only its beginning."""
    return f"{code[:4]}…" if _is_whole_number(code) else code


def codes_of_people(sound: Sound) -> Iterator[tuple[tuple[str, int, str], str]]:
    """Yield every code of a person once a column: its place (table, first row, column) and the code."""
    for name, frame in sound.frames.items():
        for column in PEOPLE:
            if column in tables()[name].names and column in frame:
                for row, code in frame[column].dropna().drop_duplicates().items():
                    yield (name, int(str(row)), column), code


def code_doubts(sound: Sound) -> Iterator[Finding]:
    """Yield warnings about codes of people."""
    for place, code in codes_of_people(sound):
        if is_number_of_card(code):
            yield Finding(*place, "card_number", severity="warning")
    ratings = sound.cells("ratings", "round", "rater", "score")
    if ratings is None or sound.blanked & {("ratings", "round")}:
        return
    members = sound.cells("members", "person")
    listed = set() if members is None else set(members["person"])
    firsts = ratings.drop_duplicates(["round", "rater"])
    rounds = {
        int(str(number)): part for number, part in firsts.groupby(firsts["round"].astype("int64"))
    }
    for (before, early), (after, late) in pairwise(sorted(rounds.items())):
        yield from _of_rounds(f"{before}, {after}", early, late, listed)


def _of_rounds(
    named: str, early: pd.DataFrame, late: pd.DataFrame, listed: set[str]
) -> Iterator[Finding]:
    rows = [
        {str(code): int(str(row)) for row, code in part["rater"].items()} for part in (early, late)
    ]
    now, near = pairing(*map(list, rows))
    if near:
        spots = [(code, rows[1][code], other, rows[0][other]) for code, other in near.items()]
        fill = {"rounds": named, "now": now, "would": now + len(near), "spots": spots}
        yield Finding("ratings", spots[0][1], "rater", "codes_near", fill, "warning")
    if numbered(*map(list, rows)) and not set(rows[1]) <= listed:
        fill = {"rounds": named, "now": now, "most": max(map(len, rows))}
        yield Finding("ratings", min(rows[1].values()), "rater", "codes_numbered", fill, "warning")
