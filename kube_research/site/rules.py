"""The rule book: what must agree between the cells and tables of a site, and what is doubtful.

What a cell must be stands in ``schema.toml`` (:attr:`~kube_research.site.schema.Column.rules`), so do
keys and references. The rest is declared here. Both readings of the book use the same declarations:
:func:`~kube_research.check_site` reads them on cells of text and locates each,
:func:`~kube_research.count_violations` compiles them for the engine and counts.
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from kube_research.files import declared
from kube_research.frames import FEW
from kube_research.site.schema import Column, tables

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
#: Tables whose column ``group`` holds a group of the site.
GROUPED = ("ratings", "members", "attendance", "ledger", "growth_answers")
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
OPTIONAL = (("ledger", "members"),)
#: A written balance is the sum of the entries of one book.
BOOK = ("group", "book")

_DATE = re.compile(r"(?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}")


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
    "pattern": lambda cell, bound: re.fullmatch(bound, cell) is not None,
    "day": lambda cell, bound: _day(cell),
    "one of": lambda cell, bound: cell in bound,
    "at least": lambda cell, bound: float(cell) >= bound,
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


@cache
def _value_names() -> dict[str, dict[str, str]]:
    """Return, by column, our value for each word that people write."""
    raw: dict[str, dict[str, list[str]]] = declared("site/value_names.toml")
    return {
        column: {word: value for value, words in values.items() for word in words}
        for column, values in raw.items()
    }


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
    word = " ".join(value.casefold().split())[:80]
    bare = word.lstrip("0")
    if alike := [other for other in known if other.casefold().lstrip("0") == bare]:
        return alike[0]
    meant = _value_names().get(column, {}).get(word, "")
    if meant in known:
        return meant
    if word.isdecimal():
        numbers = [other for other in known if other.isdecimal() and len(other) < 19]
        beside = [other for other in numbers if abs(int(other) - int(word)) == 1]
        return beside[0] if beside else ""
    close = difflib.get_close_matches(word, [other.casefold() for other in known], n=1, cutoff=0.6)
    return next((other for other in known if other.casefold() in close), "")


def _each(
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
            yield from _each(name, off, column, "off_scale", {"low": low, "high": high})
    allowed = ", ".join(info.groups)
    for name in GROUPED:
        cells = sound.cells(name, "group")
        if cells is not None:
            strange = cells["group"][~cells["group"].isin(info.groups)]
            near = strange.map(lambda code: nearest(code, info.groups))
            fill = {"allowed": allowed, "near": near}
            yield from _each(name, strange.index, "group", "unknown_group", fill)


def between_tables(sound: Sound) -> Iterator[Finding]:
    """Check every rule that looks at more than one cell."""
    for name, start, end in ORDERED:
        cells = sound.cells(name, start, end)
        if cells is not None:
            wrong = cells[cells[end] < cells[start]]
            fill = {"start": wrong[start], "end": wrong[end]}
            yield from _each(name, wrong.index, end, "end_before_start", fill)
    yield from _circles(sound)
    yield from _one_group(sound)
    yield from _roster(sound)
    yield from _rater_counts(sound)
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
    yield from _each(name, first.index, "group", "two_groups", fill)


def _people(sound: Sound) -> pd.DataFrame | None:
    """Return what the members table says of each person, indexed by person."""
    members = sound.cells("members", "person")
    if members is None:
        return None
    rows = sound.frames["members"].loc[members.index]
    return rows.drop_duplicates("person").set_index("person")


def _roster(sound: Sound) -> Iterator[Finding]:
    """Find people whose group or role differs from what the members table says."""
    people = _people(sound)
    if people is None:
        return
    for name, person, column, code in ROSTER:
        cells = sound.cells(name, person, column)
        if cells is not None and column in people:
            listed = cells[person].map(people[column]).astype("string")
            listed = listed[(cells[column] != listed).fillna(False).astype(bool)]
            yield from _each(name, listed.index, column, code, {"other": listed})


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
    yield from _each("rounds", wrong.index, "n_raters", "rater_count", fill)


def _field_names(sound: Sound) -> Iterator[Finding]:
    """One field has one name, in the items table and in the fields table."""
    for column in ("field_id", "field_en"):
        seen: dict[str, str] = {}
        for name in ("fields", "items"):
            cells = sound.cells(name, "field_no", column)
            if cells is None:
                continue
            for row, number, value in zip(
                cells.index, cells["field_no"], cells[column], strict=True
            ):
                other = seen.setdefault(number, value)
                if other != value:
                    fill = {"field_no": number, "other": other}
                    yield Finding(name, int(row), column, "field_differs", fill)


# What does not stop a site from loading: books that do not add up, and what somebody should look at.

_EXAMPLE = re.compile(r"(?:example|contoh)(?:[\W_0-9].*)?", re.IGNORECASE)
_NAME = re.compile(
    r"[A-Z][a-z']{2,}(?:[._-]?[A-Z][a-z']+)*"
    r"|(?:Bu|Ibu|Pak|Bapak|Bpk|Mr|Mrs|Ms|Sdr|Sdri)[._-]?[A-Z].*"  # with a title
)

_BEFORE = ("study", "preparation")
_DATES = (
    ("rounds", "date"),
    ("activities", "date"),
    ("activities", "last_date"),
    ("ledger", "date"),
)


def all_doubts(sound: Sound, info: SiteInfo | None) -> Iterator[Finding]:
    """Yield findings and warnings about tables whose broken cells have been blanked."""
    yield from _balances(sound)
    yield from _presence(sound)
    yield from _codes(sound)
    yield from _examples(sound)
    yield from _empty_rounds(sound)
    yield from _other_items(sound)
    if info is not None:
        yield from _missing_groups(sound, info)
        yield from _few(sound, info)
        yield from _far_dates(sound, info)


def _balances(sound: Sound) -> Iterator[Finding]:
    """Find the rows from which on a book's written balance is not the sum of its entries.

    Told once where the difference changes: a balance mistyped once and right again in the next row is
    one finding, and so is a missing entry that shifts all later balances.
    """
    import pandas as pd

    keys = list(BOOK)
    frame = sound.frames.get("ledger")
    if frame is None or not {"date", *keys, "amount", "balance"} <= set(frame.columns):
        return
    if sound.blanked & {("ledger", name) for name in ("date", *keys)}:
        return  # which entries a balance sums up is not known
    book = frame[["date", *keys, "amount", "balance"]].sort_values("date", kind="stable")
    amounts = pd.to_numeric(book["amount"]).astype("Int64")
    grouping = [book[key] for key in keys]
    book["unsure"] = amounts.isna().groupby(grouping).cumsum()
    book["running"] = amounts.fillna(0).groupby(grouping).cumsum()
    book["stated"] = pd.to_numeric(book["balance"]).astype("Int64")
    book = book.dropna(subset=["stated"])
    book["difference"] = (book["stated"] - book["running"]).astype("int64")
    shifts = book.groupby(keys)[["difference", "unsure"]].shift(fill_value=0)
    changed = (book["difference"] != shifts["difference"]) | (book["unsure"] != shifts["unsure"])
    changed |= changed.groupby([book[key] for key in keys]).shift(fill_value=False)
    around = book.loc[changed, [*keys, "difference", "unsure", "stated", "running"]].reset_index()
    for label, stated, computed in unsettled(around.to_numpy().tolist()):
        fill = {"stated": stated, "computed": computed}
        yield Finding("ledger", label, "balance", "balance", fill, "finding")


def unsettled(entries: Iterable[Sequence[Any]]) -> Iterator[tuple[Any, int, int]]:
    """Yield the entries from which on a book's balance is off: label, balance stated, balance computed.

    Parameters
    ----------
    entries : iterable of sequence
        Entries around a change of the difference, in order within each book: label, then what names
        the book, then difference (stated minus running), entries so far without an amount, stated
        balance, running balance.
    """
    firm: dict[object, tuple[int, int, int]] = {}
    for entry in entries:
        label, *book_of, now, unsure, stated, running = entry
        book = tuple(book_of)
        before, last, gaps = firm.get(book, (0, 0, 0))
        if unsure != gaps:  # an entry in between cannot be read: start anew from this balance
            firm[book] = (now, now, unsure)
            continue
        settled = now in (before, last)
        firm[book] = (now if settled else last, now, gaps)
        if not settled:
            yield label, stated, running + last


def _presence(sound: Sound) -> Iterator[Finding]:
    """Find attendance before a person joined or after leaving."""
    cells = sound.cells("attendance", "activity", "person")
    days, people = sound.cells("activities", "activity", "date"), _people(sound)
    if cells is None or days is None or people is None:
        return
    starts = days.drop_duplicates("activity").set_index("activity")["date"]
    ends = starts.copy()
    last = sound.cells("activities", "activity", "last_date")
    if last is not None:
        ends.update(last.drop_duplicates("activity").set_index("activity")["last_date"])
    for column, dates, code in (
        ("joined", ends, "before_joining"),
        ("left", starts, "after_leaving"),
    ):
        if column not in people:
            continue
        day = cells["activity"].map(dates).astype("string")  # if all are missing, it is no text
        limit = cells["person"].map(people[column]).astype("string")
        wrong = (day < limit) if column == "joined" else (day > limit)
        rows = cells.index[wrong.fillna(False).astype(bool)]
        fill = {"date": day, column: limit}
        yield from _each("attendance", rows, "person", code, fill, "warning")


def _codes(sound: Sound) -> Iterator[Finding]:
    """Find codes that look like names, once each in a column."""
    for name, frame in sound.frames.items():
        for column in ("person", "rater"):
            if column not in tables()[name].names or column not in frame:
                continue
            for row, code in frame[column].dropna().drop_duplicates().items():
                if _NAME.fullmatch(code) and not _EXAMPLE.fullmatch(code):
                    yield Finding(name, int(str(row)), column, "name_like", severity="warning")


def _examples(sound: Sound) -> Iterator[Finding]:
    """Find rows of the example, told once for all tables at the first of them."""
    first: tuple[str, int, str] | None = None
    names: list[str] = []
    for table in tables().values():
        frame = sound.frames.get(table.name)
        if frame is None:
            continue
        marked = [
            column.name
            for column in table.columns
            if (column.kind == "code" or column.name == "locator") and column.name in frame
        ]
        texts = {text for column in marked for text in frame[column].dropna().unique()}
        examples = list(filter(_EXAMPLE.fullmatch, texts))
        if not examples:
            continue
        marks = frame[marked].isin(examples)
        row = frame.index[marks.any(axis=1)][0]
        names.append(table.name)
        column = next(name for name in marks if marks.at[row, name])
        first = first or (table.name, int(row), str(column))
    if first:
        yield Finding(*first, "example_row", {"tables": ", ".join(names)}, "warning")


def _scored(sound: Sound) -> pd.DataFrame | None:
    """Return the ratings that count, if nothing is in doubt about who rated in which round."""
    ratings = sound.cells("ratings", "round", "group", "rater", "score")
    broken = {("ratings", name) for name in ("round", "group", "rater")}
    return None if ratings is None or ratings.empty or sound.blanked & broken else ratings


def _empty_rounds(sound: Sound) -> Iterator[Finding]:
    """Find rounds without ratings, and numbers that are left out between two rounds."""
    rounds, ratings = sound.cells("rounds", "round"), _scored(sound)
    if rounds is None:
        return
    numbers = rounds["round"].astype("int64").drop_duplicates().sort_values()
    left_out = (numbers.diff() - 1).fillna(0).astype("int64")
    for row in map(int, left_out.index[left_out > 0]):
        last, count = int(str(numbers.at[row])) - 1, int(str(left_out.at[row]))
        gap = {"missing": last if count == 1 else f"{last - count + 1}-{last}"}
        yield Finding("rounds", row, "round", "round_gap", gap, "finding")
    if ratings is None:
        return
    means = sound.cells("item_means", "round")
    there = set(ratings["round"]) | (set() if means is None else set(means["round"]))
    empty = rounds.index[~rounds["round"].isin(there)]
    fill = {"stated": sound.frames["rounds"].get("n_raters", "?")}
    yield from _each("rounds", empty, "round", "round_empty", fill, "finding")


def _other_items(sound: Sound) -> Iterator[Finding]:
    """Find rounds in which other items were scored than in the round before."""
    ratings = sound.cells("ratings", "round", "item", "score")
    if ratings is None or sound.blanked & {("ratings", "round"), ("ratings", "item")}:
        return
    last: tuple[int, set[int]] | None = None
    for number, part in sorted(ratings.groupby(ratings["round"].astype("int64"))):
        scored = set(part["item"].astype("int64"))
        if last and last[1] ^ scored:
            others = ", ".join(map(str, sorted(last[1] ^ scored)))
            fill = {"rounds": f"{last[0]}, {number}", "items": others}
            place = ("ratings", int(part.index[0]), "round")
            yield Finding(*place, "items_differ", fill, "warning")
        last = (number, scored)


def _missing_groups(sound: Sound, info: SiteInfo) -> Iterator[Finding]:
    ratings, rounds = _scored(sound), sound.cells("rounds", "round")
    if ratings is None:
        return
    for number, part in ratings.groupby("round"):
        absent = [group for group in info.groups if group not in set(part["group"])]
        if not absent:
            continue
        name, row = "ratings", part.index[0]
        if rounds is not None and (rounds["round"] == number).any():
            name, row = "rounds", rounds.index[rounds["round"] == number][0]
        fill = {"groups": ", ".join(absent)}
        yield Finding(name, int(row), "round", "group_no_ratings", fill, "warning")


def _few(sound: Sound, info: SiteInfo) -> Iterator[Finding]:
    """Find rounds of few raters and groups of few people, unless nobody real is behind them."""
    rounds = _real(sound, info, "rounds", "n_raters")
    if rounds is not None:
        few = rounds.index[rounds["n_raters"].astype("int64") < FEW]
        yield from _each("rounds", few, "n_raters", "few_raters", {"few": FEW}, "warning")
    name, column = ("members", "person") if "members" in sound.frames else ("ratings", "rater")
    people = _real(sound, info, name, "group", column)
    if people is None or sound.blanked & {(name, "group"), (name, column)}:
        return
    counts = people.groupby("group")[column].transform("nunique")
    first = people[counts < FEW].drop_duplicates("group")
    yield from _each(name, first.index, "group", "few_people", {"few": FEW}, "warning")


def _real(sound: Sound, info: SiteInfo, name: str, *columns: str) -> pd.DataFrame | None:
    """Return the cells of the rows that are a site's own records."""
    cells = sound.cells(name, *columns)
    if cells is None or "evidence" not in sound.frames[name]:
        return cells if info.evidence == "recorded" else None
    grades = sound.frames[name].loc[cells.index, "evidence"].fillna(info.evidence)
    own: pd.DataFrame = cells[grades == "recorded"]
    return own


def _far_dates(sound: Sound, info: SiteInfo) -> Iterator[Finding]:
    """Find days further from the site's period than the period is long; printed dates are let be."""
    import pandas as pd

    for name, column in _DATES:
        cells = sound.cells(name, column)
        period = (info.books_period if name == "ledger" else None) or info.period
        if cells is None or period is None:
            continue
        frame = sound.frames[name]
        if "kind" in frame:  # what was done before the work proper may lie far back
            cells = cells[~frame.loc[cells.index, "kind"].isin(_BEFORE)]
        if "evidence" in frame:
            cells = cells[frame.loc[cells.index, "evidence"].fillna(info.evidence) != "published"]
        elif info.evidence == "published":
            continue
        first, last = map(pd.Timestamp, period)
        length = max(last - first, pd.Timedelta(days=30))
        days = pd.to_datetime(cells[column])
        far = cells.index[~days.between(first - length, last + length)]
        fill = {"start": period[0], "end": period[1]}
        yield from _each(name, far, column, "date_far", fill, "warning")
