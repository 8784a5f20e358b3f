"""The rule book: what must agree between the cells and tables of a site, and what is doubtful.

What a cell must be stands in ``schema.toml`` (:attr:`~kube_research.site.schema.Column.rules`), so do
keys and references. The rest is declared here. Both readings of the book use the same declarations:
:func:`~kube_research.check_site` reads them on cells of text and locates each,
:func:`~kube_research.count_violations` compiles them for the engine and counts.
"""

from __future__ import annotations

import csv
import datetime as dt
import difflib
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from math import gcd
from typing import TYPE_CHECKING, Any

from kube_research.files import package_folder
from kube_research.site.results import broken_counts
from kube_research.site.schema import TURNED_CODE, Column, tables
from kube_research.site.spellings import bare_words, meant_value

if TYPE_CHECKING:
    import pandas as pd

    from kube_research.site.info import SiteInfo

#: Days or hours that do not come before another: table, first column, last column.
ORDERED = (
    ("activities", "date", "last_date"),
    ("activities", "start", "end"),
    ("members", "joined", "left"),
)
#: Numbers that lie on the scale of the site.
ON_SCALE = (("ratings", "score"), ("item_means", "mean"))
#: Scores that lie on a step of the site's scale.
ON_STEP = ("ratings", "score")
#: The finest step that a score is taken to have: with more digits it is a mean.
FINEST_STEP = Fraction(1, 20)
#: Tables whose column ``group`` holds a group of the site.
GROUPED = ("ratings", "members", "attendance", "ledger", "growth_answers")
#: Tables whose column ``book`` holds a book that the site keeps.
IN_BOOKS = ("ledger", "books")
#: What agrees with the members table: table, its column of people, column, code.
ROSTER = (
    ("ratings", "rater", "group", "group_differs"),
    ("attendance", "person", "group", "group_differs"),
    ("attendance", "person", "role", "role_differs"),
    ("ledger", "person", "group", "group_differs"),
)
#: Tables in which a person stands in one group only, and the column of people.
ONE_GROUP = ("ratings", "rater")
#: References to a table that a site may lack.
OPTIONAL = (("ledger", "members"), ("items", "fields"), ("growth_answers", "growth_criteria"))
#: A written balance is the sum of the entries of one book.
BOOK = ("group", "book")

#: Tables that the package brings where a site has none of its own, and their files.
_BUILT_IN = {"growth_criteria": "finance/growth_criteria.csv"}

_DATE = re.compile(r"(?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}")


def wording(statement: str) -> str:
    """Return a statement without capitals, signs and spare blanks: what makes two of them the same.

    Examples
    --------
    >>> wording("Kas  dicatat.") == wording("kas dicatat")
    True
    """
    return " ".join(re.findall(r"\w+", statement.casefold()))


@cache
def built_in(table: str, column: str) -> tuple[str, ...]:
    """Return the codes of a table that the package brings where a site has none; empty without one.

    Examples
    --------
    >>> "companion" in built_in("growth_criteria", "criterion"), built_in("members", "person")
    (True, ())
    """
    if table not in _BUILT_IN:
        return ()
    with (package_folder() / _BUILT_IN[table]).open(encoding="utf-8", newline="") as file:
        return tuple(row[column] for row in csv.DictReader(file))


def broken_cells(frame: pd.DataFrame, name: str) -> Iterator[tuple[int, str, str, str]]:
    """Yield every cell of a text table that breaks a rule, with the first rule it breaks.

    Parameters
    ----------
    frame : DataFrame
        Cells as text, blank ones missing, indexed by spreadsheet row. Columns that are absent are
        none of its business.
    name : str
        Name of the table.

    Yields
    ------
    (int, str, str, str)
        Row, column, rule (``required``, ``type_date`` and the other kinds, ``choice``, ``minimum``)
        and what stands in the cell.

    Examples
    --------
    >>> import pandas as pd
    >>> list(broken_cells(pd.DataFrame({"item": ["1", "x", "0"]}, dtype="string"), "items"))
    [(1, 'item', 'type_integer', 'x'), (2, 'item', 'minimum', '0')]
    """
    for column in tables()[name].columns:
        if column.name not in frame:
            continue
        cells = frame[column.name]
        blank = cells.isna()
        if not column.empty:
            for row in frame.index[blank]:
                yield int(row), column.name, "required", ""
        rules = {value: _broken_rule(column, value) for value in cells[~blank].unique()}
        if any(rules.values()):
            broken = cells[cells.isin([value for value, rule in rules.items() if rule])]
            for row, value in broken.items():
                yield int(str(row)), column.name, rules[value], value


def _broken_rule(column: Column, cell: str) -> str:
    """Return the first rule that a filled cell breaks, or nothing."""
    return next((code for code, asks, bound in column.rules if not _KEEPS[asks](cell, bound)), "")


def _day(cell: str) -> bool:
    """Tell whether a text is a day of the calendar in ISO form."""
    if not _DATE.fullmatch(cell):
        return False
    try:
        dt.date.fromisoformat(cell)
    except ValueError:
        return False
    return True


#: How a filled cell of text keeps a rule, by what is asked.
_KEEPS: dict[str, Callable[[str, Any], bool]] = {
    "no pattern": lambda cell, bound: re.fullmatch(bound, cell) is None,
    "pattern": lambda cell, bound: re.fullmatch(bound, cell) is not None,
    "day": lambda cell, bound: _day(cell),
    "one of": lambda cell, bound: cell in bound,
    "at least": lambda cell, bound: float(cell) >= bound,
    "more than": lambda cell, bound: float(cell) > bound,
}

_SPARE = re.compile(r"^\+?(-?)0*(?=[0-9])")


@dataclass(frozen=True)
class Finding:
    """One broken rule.

    Attributes
    ----------
    table : str
        Name of the table.
    row : int or None
        Index label of the row in the table's frame; None for the header.
    column : str
        The column.
    code : str
        The rule: key of its texts.
    fill : mapping
        What the placeholders of the texts stand for. ``first`` is an index label of the same table;
        ``near``, if there is one, is suggested instead of the value.
    severity : str
        As for :class:`kube_research.site.problems.Problem`.
    """

    table: str
    row: int | None
    column: str
    code: str
    fill: Mapping[str, object] = field(default_factory=dict)
    severity: str = "error"


class Sound:
    """The tables of a site, with every cell that has broken a rule left blank.

    So a mistyped cell is told once, not again by every rule that builds on it.
    """

    def __init__(self, frames: Mapping[str, pd.DataFrame]) -> None:
        self.frames = frames
        self.blanked: set[tuple[str, str]] = set()

    def blank(self, broken: Iterable[Finding]) -> None:
        """Blank the cells that broke a rule and remember their columns."""
        rows: dict[tuple[str, str], list[int]] = {}
        for finding in broken:
            if finding.row is not None:
                rows.setdefault((finding.table, finding.column), []).append(finding.row)
        for (name, column), wrong in rows.items():
            self.frames[name].loc[wrong, column] = None
        self.blanked |= rows.keys()

    def plain_numbers(self) -> None:
        """Write every whole number in one way: +07 as 7."""
        for name, frame in self.frames.items():
            for column in tables()[name].columns:
                if column.name in frame and column.kind in ("integer", "money"):
                    cells = frame[column.name]
                    plain = {text: _SPARE.sub(r"\1", text) for text in cells.dropna().unique()}
                    if any(text != short for text, short in plain.items()):
                        frame[column.name] = cells.map(plain).astype("string")

    def cells(self, name: str, *columns: str) -> pd.DataFrame | None:
        """Return the rows in which all the columns are filled; None without table or column."""
        import numpy as np
        import pandas as pd

        frame = self.frames.get(name)
        if frame is None or not set(columns) <= set(frame.columns):
            return None
        blank = np.logical_or.reduce([frame[column].isna().to_numpy() for column in columns])
        # Columns are taken by place: a list of names is ten times slower on the small frames of a site.
        cells = frame.take(frame.columns.get_indexer(pd.Index(columns)), axis=1)
        return cells[~blank] if blank.any() else cells


def nearest(value: str, known: Collection[str], column: str = "") -> str:
    """Return the known value that was probably meant, or an empty text.

    Parameters
    ----------
    value : str
        What stands in the cell.
    known : collection of str
        The values that may stand there.
    column : str
        The column, by which words such as ``hadir`` are understood.

    Returns
    -------
    str
        A value that differs in leading zeros or capitals, that the word stands for, that is the next
        number, or that is spelt alike.

    Examples
    --------
    >>> nearest("7", ["07", "17"]), nearest("peka1", ["peka_1", "kuber"]), nearest("x", ["07"])
    ('07', 'peka_1', '')
    >>> nearest("22", ["2", "20", "21"]), nearest("Hadir", ["present", "late"], "status")
    ('21', 'present')
    """
    word = bare_words(value)[:80]
    bare = word.lstrip("0")
    if alike := [other for other in known if other.casefold().lstrip("0") == bare]:
        return alike[0]
    meant = meant_value(word, column)
    if meant in known:
        return meant
    if word.isdecimal():
        numbers = [other for other in known if other.isdecimal() and len(other) < 19]
        beside = [other for other in numbers if abs(int(other) - int(word)) == 1]
        return beside[0] if beside else ""
    close = difflib.get_close_matches(word, [other.casefold() for other in known], n=1, cutoff=0.6)
    return next((other for other in known if other.casefold() in close), "")


def each_row(
    table: str,
    rows: pd.Index,
    column: str,
    code: str,
    fill: Mapping[str, Any],
    severity: str = "error",
) -> Iterator[Finding]:
    """Yield a finding for each of the rows; a series fills in what stands in the row."""
    for row in map(int, rows):
        words = {name: by.at[row] if hasattr(by, "at") else by for name, by in fill.items()}
        yield Finding(table, row, column, code, words, severity)


def off_site(sound: Sound, info: SiteInfo) -> Iterator[Finding]:
    """Check scores and groups against what site.toml says."""
    import pandas as pd

    low, high = info.scale
    for name, column in ON_SCALE:
        cells = sound.cells(name, column)
        if cells is not None:
            off = cells.index[~pd.to_numeric(cells[column]).between(low, high)]
            yield from each_row(name, off, column, "off_scale", {"low": low, "high": high})
    yield from _off_step(sound, info)
    for column, known, names in (("group", info.groups, GROUPED), ("book", info.books, IN_BOOKS)):
        for name in names if known else ():  # no group at all is told once, where they are listed
            cells = sound.cells(name, column)
            if cells is not None:
                strange = cells[column][~cells[column].isin(known)]
                dated = strange.str.fullmatch(TURNED_CODE).astype(bool) & (column == "group")
                yield from each_row(name, strange.index[dated], column, "turned", {})
                strange = strange[~dated]
                near = {code: nearest(code, known, column) for code in strange.unique()}
                others = [code for code, meant in near.items() if not meant]
                fill = {"allowed": ", ".join(known), "near": strange.map(near)}
                fill[f"{column}s"] = (*known, *others)
                yield from each_row(name, strange.index, column, f"unknown_{column}", fill)


def _off_step(sound: Sound, info: SiteInfo) -> Iterator[Finding]:
    """Find scores between two steps of the scale; the remedy names the one step that fits them all."""
    name, column = ON_STEP
    cells = sound.cells(name, column)
    if cells is None:
        return
    (low, high), step = info.scale, Fraction(str(info.step))
    given = {text: Fraction(text) - low for text in cells[column].unique()}
    off = {text: at for text, at in given.items() if 0 <= at <= high - low and at % step}
    finer, fitting = {text: _common(step, moved) for text, moved in off.items()}, step
    for part in finer.values():
        fitting = _common(fitting, part) if part >= FINEST_STEP else fitting
    for row, text in cells.loc[cells[column].isin(list(off)), column].items():
        fits = f"{float(fitting):g}" if fitting >= FINEST_STEP <= finer[text] else ""
        fill = {"step": info.step, "fits": fits}
        yield Finding(name, int(str(row)), column, "off_step", fill)


def _common(one: Fraction, other: Fraction) -> Fraction:
    """Return the largest number of which both are whole multiples."""
    return Fraction(gcd(one.numerator * other.denominator, other.numerator * one.denominator),
                    one.denominator * other.denominator)  # fmt: skip


def between_tables(sound: Sound) -> Iterator[Finding]:
    """Check every rule that looks at more than one cell."""
    for name, start, end in ORDERED:
        cells = sound.cells(name, start, end)
        if cells is not None:
            wrong = cells[cells[end] < cells[start]]
            fill = {"start": wrong[start], "end": wrong[end]}
            yield from each_row(name, wrong.index, end, "end_before_start", fill)
    yield from _circles(sound)
    yield from _one_group(sound)
    yield from _roster(sound)
    yield from _rater_counts(sound)
    yield from _rounds_in_order(sound)
    yield from _results(sound)
    yield from _field_names(sound)


def _circles(sound: Sound) -> Iterator[Finding]:
    """Find activities that are part of themselves, directly or by way of others."""
    cells = sound.cells("activities", "activity", "part_of")
    if cells is None:
        return
    parent = dict(zip(cells["activity"], cells["part_of"], strict=True))
    for row, activity in cells["activity"].items():
        chain = [activity]
        while (above := parent.get(chain[-1])) not in (None, *chain):
            chain.append(above)
        if above == activity:
            path = " > ".join([*chain, activity])
            yield Finding("activities", int(str(row)), "part_of", "circular", {"path": path})


def _one_group(sound: Sound) -> Iterator[Finding]:
    """Find raters who stand in more than one group."""
    name, person = ONE_GROUP
    cells = sound.cells(name, person, "group")
    if cells is None:
        return
    first = cells.assign(row=cells.index).groupby(person)[["group", "row"]].transform("first")
    first = first[cells["group"] != first["group"]]
    fill = {"other": first["group"], "first": first["row"]}
    yield from each_row(name, first.index, "group", "two_groups", fill)


def people_listed(sound: Sound) -> pd.DataFrame | None:
    """Return what the members table says of each person, indexed by person."""
    members = sound.cells("members", "person")
    if members is None:
        return None
    rows = sound.frames["members"].loc[members.index]
    return rows.drop_duplicates("person").set_index("person")


def _roster(sound: Sound) -> Iterator[Finding]:
    """Find people whose group or role differs from what the members table says."""
    people = people_listed(sound)
    if people is None:
        return
    for name, person, column, code in ROSTER:
        cells = sound.cells(name, person, column)
        if cells is not None and column in people:
            listed = cells[person].map(people[column]).astype("string")
            listed = listed[(cells[column] != listed).fillna(False).astype(bool)]
            yield from each_row(name, listed.index, column, code, {"other": listed})


def _rater_counts(sound: Sound) -> Iterator[Finding]:
    """Find rounds whose stated number of raters is not the number of those who gave a score."""
    rounds = sound.cells("rounds", "round", "n_raters")
    ratings = sound.cells("ratings", "round", "rater", "score")
    if rounds is None or ratings is None:
        return
    if sound.blanked & {("ratings", "round"), ("ratings", "rater")}:
        return  # the count would only repeat what is told already
    raters = ratings.groupby("round")["rater"].nunique()
    counts = rounds["round"].map(raters)  # missing where a round has no ratings
    wrong = counts[counts.notna() & (counts != rounds["n_raters"].astype("int64"))].astype("int64")
    fill = {"stated": rounds["n_raters"], "found": wrong}
    yield from each_row("rounds", wrong.index, "n_raters", "rater_count", fill)


def _rounds_in_order(sound: Sound) -> Iterator[Finding]:
    """Find rounds that are dated before a round of a lower number."""
    rounds = sound.cells("rounds", "round", "date")
    if rounds is not None:
        for row, fill in rounds_out_of_order(rounds):
            yield Finding("rounds", row, "date", "round_order", fill)


def rounds_out_of_order(rounds: pd.DataFrame) -> Iterator[tuple[int, dict[str, object]]]:
    """Yield the rounds dated before the latest of the rounds numbered below: row, words.

    Parameters
    ----------
    rounds : DataFrame
        ``round`` and ``date`` (ISO text or days), none missing.
    """
    numbers = rounds["round"].astype("int64")
    in_order = rounds.assign(round=numbers).sort_values("round", kind="stable")
    latest: tuple[int, str] | None = None
    for row, number, day in in_order[["round", "date"]].itertuples(name=None):
        date = str(day)[:10]
        if latest and date < latest[1] and number > latest[0]:
            yield int(row), {"round": number, "date": date, "other": latest[0], "start": latest[1]}
        elif not latest or date >= latest[1]:
            latest = (number, date)


def _results(sound: Sound) -> Iterator[Finding]:
    """Find results whose counts and percentages cannot both hold."""
    outcomes = sound.frames.get("outcomes")
    if outcomes is not None:
        for row, column, code, fill in broken_counts(outcomes):
            if not (code == "count_half" and ("outcomes", column) in sound.blanked):
                yield Finding("outcomes", row, column, code, fill)


def _field_names(sound: Sound) -> Iterator[Finding]:
    """One field has one name in all rows of fields and items; the rarer ones are told."""
    for column in ("field_id", "field_en"):
        names: dict[str, list[tuple[str, int, str]]] = {}
        for table in ("fields", "items"):
            cells = sound.cells(table, "field_no", column)
            if cells is not None:
                for row, number, name in cells.itertuples(name=None):
                    names.setdefault(number, []).append((table, int(row), name))
        for number, rows in names.items():
            usual = Counter(name for _, _, name in rows).most_common(1)[0][0]
            for table, row, name in rows:
                if name != usual:
                    fill = {"field_no": number, "other": usual}
                    yield Finding(table, row, column, "field_differs", fill)
