"""What does not stop a site from loading: books that do not add up, and what somebody should look at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from kube_research.frames import FEW
from kube_research.site.rules import Finding, Sound
from kube_research.site.schema import tables

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd

    from kube_research.site.info import SiteInfo

_EXAMPLE = r"(?i)(?:example|contoh)(?:[\W_0-9].*)?"
_NAME = r"[A-Z][a-z']{2,}(?:[._-]?[A-Z][a-z']+)*"
_TITLE = r"(?:Bu|Ibu|Pak|Bapak|Bpk|Mr|Mrs|Ms|Sdr|Sdri)[._-]?[A-Z].*"

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

    keys = ["group", "book"]
    frame = sound.frames.get("ledger")
    if frame is None or not {"date", *keys, "amount", "balance"} <= set(frame.columns):
        return
    if sound.blanked & {("ledger", name) for name in ("date", *keys)}:
        return  # which entries a balance sums up is not known
    done = frame[["date", *keys, "amount", "balance"]].sort_values("date", kind="stable")
    amounts = pd.to_numeric(done["amount"]).astype("Int64")
    grouping = [done[key] for key in keys]
    done["unsure"] = amounts.isna().groupby(grouping).cumsum()
    done["running"] = amounts.fillna(0).groupby(grouping).cumsum()
    done["stated"] = pd.to_numeric(done["balance"]).astype("Int64")
    done = done.dropna(subset=["stated"])
    done["difference"] = (done["stated"] - done["running"]).astype("int64")
    shifts = done.groupby(keys)[["difference", "unsure"]].shift(fill_value=0)
    changed = (done["difference"] != shifts["difference"]) | (done["unsure"] != shifts["unsure"])
    changed |= changed.groupby([done[key] for key in keys]).shift(fill_value=False)
    shown = done.loc[changed, [*keys, "difference", "unsure", "stated", "running"]].reset_index()
    for label, stated, computed in unsettled(shown.to_numpy().tolist()):
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
    days, members = sound.cells("activities", "activity", "date"), sound.cells("members", "person")
    if cells is None or days is None or members is None:
        return
    roster = sound.frames["members"].loc[members.index].drop_duplicates("person")
    roster = roster.set_index("person")
    starts = days.drop_duplicates("activity").set_index("activity")["date"]
    ends = starts.copy()
    last = sound.cells("activities", "activity", "last_date")
    if last is not None:
        ends.update(last.drop_duplicates("activity").set_index("activity")["last_date"])
    for column, dates, code in (
        ("joined", ends, "before_joining"),
        ("left", starts, "after_leaving"),
    ):
        if column not in roster:
            continue
        day = cells["activity"].map(dates).astype("string")  # if all are missing, it is no text
        limit = cells["person"].map(roster[column]).astype("string")
        wrong = (day < limit) if column == "joined" else (day > limit)
        for row in cells.index[wrong.fillna(False).astype(bool)]:
            fill = {"date": day.at[row], column: limit.at[row]}
            yield Finding("attendance", int(row), "person", code, fill, "warning")


def _codes(sound: Sound) -> Iterator[Finding]:
    """Find codes that look like names, once each in a column."""
    for name, frame in sound.frames.items():
        for column in ("person", "rater"):
            if column not in tables()[name].names or column not in frame:
                continue
            cells = frame[column].dropna().drop_duplicates()
            named = cells.str.fullmatch(f"{_NAME}|{_TITLE}").astype(bool)
            named &= ~cells.str.fullmatch(_EXAMPLE).astype(bool)
            for row in cells.index[named]:
                yield Finding(name, int(row), column, "name_like", {}, "warning")


def _examples(sound: Sound) -> Iterator[Finding]:
    """Find rows of the example, told once for all tables at the first of them."""
    first: tuple[str, int, str] | None = None
    found: list[str] = []
    for table in tables().values():
        frame = sound.frames.get(table.name)
        if frame is None:
            continue
        names = [one.name for one in table.columns if one.kind == "code" or one.name == "locator"]
        marks = frame[[name for name in names if name in frame]].apply(
            lambda cells: cells.str.fullmatch(_EXAMPLE).fillna(False).astype(bool)
        )
        rows = frame.index[marks.any(axis=1)]
        if rows.empty:
            continue
        found.append(table.name)
        column = next(name for name in marks if marks.at[rows[0], name])
        first = first or (table.name, int(rows[0]), str(column))
    if first:
        yield Finding(*first, "example_row", {"tables": ", ".join(found)}, "warning")


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
    numbers = rounds["round"].astype("int64")
    for row, number in numbers.items():
        before = numbers[numbers < number].max()
        if before == before and before < number - 1 and (numbers == number).idxmax() == row:
            missing = before + 1 if before + 2 == number else f"{before + 1}-{number - 1}"
            yield Finding(
                "rounds", int(str(row)), "round", "round_gap", {"missing": missing}, "finding"
            )
    if ratings is None:
        return
    means = sound.cells("item_means", "round")
    there = set(ratings["round"]) | (set() if means is None else set(means["round"]))
    stated = sound.frames["rounds"].get("n_raters")
    for row, number in rounds["round"].items():
        if number not in there:
            fill = {"stated": "?" if stated is None else stated.get(row)}
            yield Finding("rounds", int(str(row)), "round", "round_empty", fill, "finding")


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
        for row, count in rounds["n_raters"].items():
            if int(count) < FEW:
                fill = {"few": FEW}
                yield Finding("rounds", int(str(row)), "n_raters", "few_raters", fill, "warning")
    name, column = ("members", "person") if "members" in sound.frames else ("ratings", "rater")
    people = _real(sound, info, name, "group", column)
    if people is None or sound.blanked & {(name, "group"), (name, column)}:
        return
    counts = people.groupby("group")[column].transform("nunique")
    first = people[counts < FEW].drop_duplicates("group")
    for row in first.index:
        yield Finding(name, int(row), "group", "few_people", {"few": FEW}, "warning")


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
        start, end = _widened(*period)
        days = pd.to_datetime(cells[column])
        for row in cells.index[(days < start) | (days > end)]:
            fill = {"start": period[0], "end": period[1]}
            yield Finding(name, int(row), column, "date_far", fill, "warning")


def _widened(start: dt.date, end: dt.date) -> tuple[pd.Timestamp, pd.Timestamp]:
    import pandas as pd

    first, last = pd.Timestamp(start), pd.Timestamp(end)
    length = max(last - first, pd.Timedelta(days=30))
    return first - length, last + length
