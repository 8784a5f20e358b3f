"""What does not stop a site from loading, and what somebody should look at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from kube_research.formats import RUPIAH
from kube_research.frames import FEW
from kube_research.site.accounts import BOOK_KINDS, book_kinds, with_flows
from kube_research.site.book_doubts import book_doubts
from kube_research.site.codes import code_doubts, codes_of_people
from kube_research.site.results import doubtful_percents
from kube_research.site.rules import Finding, Sound, each_row, people_listed, wording
from kube_research.site.schema import MEMBER_ROLES, TURNED_CODE, tables

if TYPE_CHECKING:
    import pandas as pd

    from kube_research.site.info import SiteInfo

_EXAMPLE = re.compile(r"(?:example|contoh)(?:[\W_0-9].*)?", re.IGNORECASE)
_NAME = re.compile(
    r"[A-Z][a-z']{2,}(?:[._-]?[A-Z][a-z']+)*"
    r"|(?:Bu|Ibu|Pak|Bapak|Bpk|Mr|Mrs|Ms|Sdr|Sdri)[._-]?[A-Z].*"  # with a title
)

#: The sign for a letter that could not be read, and UTF-8 read as Windows-1252 (Ã© for é, â€™ for ’).
_LOST = re.compile("\ufffd|\u00c3[\u0080-\u00bf]|\u00e2\u20ac[\u2122\u201c\u0153\u02dc\u00a6]")
#: Words by which a note says that a loan bears interest.
_INTEREST = re.compile(r"\b(?:jasa|bunga|interest|margin)\b", re.IGNORECASE)
#: How many of those who are on no list are named.
_NAMED = 5
_BEFORE = ("study", "preparation")
_DATES = (
    ("rounds", "date"),
    ("activities", "date"),
    ("activities", "last_date"),
    ("ledger", "date"),
)


def all_doubts(sound: Sound, info: SiteInfo | None) -> Iterator[Finding]:
    """Yield findings and warnings about tables whose broken cells have been blanked."""
    yield from book_doubts(sound, info.money if info else RUPIAH)
    yield from _presence(sound)
    yield from _belonging(sound)
    yield from _percents(sound, info)
    yield from _only_present(sound)
    yield from _codes(sound)
    yield from _dated_activities(sound)
    yield from code_doubts(sound)
    yield from _lost_letters(sound)
    yield from _examples(sound)
    yield from _empty_rounds(sound)
    yield from _other_items(sound)
    yield from _statements(sound)
    yield from _means_as_given(sound, info)
    yield from _fractions(sound)
    if info is not None:
        yield from _missing_groups(sound, info)
        yield from _agreed_once(sound, info)
        yield from _few(sound, info)
        yield from _far_dates(sound, info)
        yield from _unsaid_books(sound, info)
        yield from _mixed_instalments(sound, info)


def _presence(sound: Sound) -> Iterator[Finding]:
    """Find attendance before a person joined or after leaving."""
    cells = sound.cells("attendance", "activity", "person")
    days, people = sound.cells("activities", "activity", "date"), people_listed(sound)
    if cells is None or days is None or people is None:
        return
    starts = days.drop_duplicates("activity").set_index("activity")["date"]
    ends = starts.copy()
    last = sound.cells("activities", "activity", "last_date")
    if last is not None:
        ends.update(last.drop_duplicates("activity").set_index("activity")["last_date"])
    place = ("attendance", "person")
    yield from _outside(place, cells["person"], cells["activity"].map(ends), people, "joined")
    yield from _outside(place, cells["person"], cells["activity"].map(starts), people, "left")


#: What may still be paid back by somebody who has left.
_SETTLED = ("loan_repaid", "loan_interest")


def _belonging(sound: Sound) -> Iterator[Finding]:
    """Find ratings and payments by people who had not joined yet, or had left already."""
    people = people_listed(sound)
    if people is None:
        return
    ratings = sound.cells("ratings", "round", "rater")
    rounds = sound.cells("rounds", "round", "date")
    if ratings is not None and rounds is not None:
        ratings = ratings.drop_duplicates()
        days = ratings["round"].map(rounds.drop_duplicates("round").set_index("round")["date"])
        for column in ("joined", "left"):
            yield from _outside(("ratings", "rater"), ratings["rater"], days, people, column)
    paid = sound.cells("ledger", "date", "category", "person", "amount")
    if paid is None:
        return
    place = ("ledger", "person")
    yield from _outside(place, paid["person"], paid["date"], people, "joined")
    # What is paid out to somebody who left is due.
    in_late = paid[~paid["amount"].str.startswith("-")]
    flows = with_flows(in_late, sound.cells("categories", "category", "flow"))["flow"]
    in_late = in_late[~flows.isin(_SETTLED)]
    yield from _outside(place, in_late["person"], in_late["date"], people, "left")


def _outside(
    place: tuple[str, str], persons: pd.Series, days: pd.Series, people: pd.DataFrame, column: str
) -> Iterator[Finding]:
    """Yield a warning for each day before a person joined, or after the person left."""
    if column not in people:
        return
    day = days.astype("string")  # if all are missing, it is no text
    limit = persons.map(people[column]).astype("string")
    early = column == "joined"
    wrong = (day < limit) if early else (day > limit)
    rows = persons.index[wrong.fillna(False).astype(bool)]
    code = "before_joining" if early else "after_leaving"
    yield from each_row(place[0], rows, place[1], code, {"date": day, column: limit}, "warning")


def _percents(sound: Sound, info: SiteInfo | None) -> Iterator[Finding]:
    """Find percentages that no count gives, fractions, and lost decimal points."""
    outcomes = sound.frames.get("outcomes")
    if outcomes is not None:
        rounding = info.rounding if info else "any"
        for row, column, code, fill, severity in doubtful_percents(outcomes, rounding):
            yield Finding("outcomes", row, column, code, fill, severity)


def _only_present(sound: Sound) -> Iterator[Finding]:
    """Find meetings whose list holds nobody who stayed away while the roster has others."""
    cells = sound.cells("attendance", "activity", "person", "status")
    if cells is None or sound.blanked & {("attendance", name) for name in cells.columns}:
        return
    came = cells["status"].isin(("present", "late")).groupby(cells["activity"]).transform("all")
    lists, people = cells[came], people_listed(sound)
    if people is None or lists.empty or not {"group", "role", "joined", "left"} <= set(people):
        return
    days = sound.cells("activities", "activity", "date")
    dates = {} if days is None else dict(zip(days["activity"], days["date"], strict=True))
    for activity, part in lists.groupby("activity", sort=False):
        groups = people["group"].reindex(part["person"]).dropna().unique()
        invited = people[people["group"].isin(groups) & people["role"].isin(MEMBER_ROLES)]
        if day := dates.get(activity):
            gone = (invited["joined"] > day) | (invited["left"] <= day)
            invited = invited[~gone.fillna(False).astype(bool)]
        unlisted = [str(person) for person in invited.index if person not in set(part["person"])]
        if unlisted:
            named = ", ".join(unlisted[:_NAMED]) + (", ..." if len(unlisted) > _NAMED else "")
            fill = {"count": len(unlisted), "roster": len(invited), "people": named}
            place = ("attendance", int(part.index[0]), "activity")
            yield Finding(*place, "only_present", fill, "warning")


def _codes(sound: Sound) -> Iterator[Finding]:
    """Find codes that look like names, once each in a column."""
    for place, code in codes_of_people(sound):
        if _NAME.fullmatch(code) and not _EXAMPLE.fullmatch(code):
            yield Finding(*place, "name_like", severity="warning")


def _lost_letters(sound: Sound) -> Iterator[Finding]:
    """Find letters that were lost when a file was saved or copied under another encoding."""
    for name, frame in sound.frames.items():
        for column in filter(frame.columns.__contains__, tables()[name].names):
            texts = [text for text in frame[column].dropna().unique() if not text.isascii()]
            lost = [text for text in texts if _LOST.search(text)]
            rows = frame.index[frame[column].isin(lost)] if lost else frame.index[:0]
            yield from each_row(name, rows, column, "letters_lost", {}, "warning")


def _dated_activities(sound: Sound) -> Iterator[Finding]:
    """Find activities whose code may be what a spreadsheet made of it: a date that is not their day."""
    cells = sound.cells("activities", "activity")
    if cells is None:
        return
    frame = sound.frames["activities"]
    dated = cells["activity"].str.fullmatch(TURNED_CODE).astype(bool)
    for column in ("date", "last_date"):
        if column in frame:
            own = cells["activity"] == frame.loc[cells.index, column]
            dated &= ~own.fillna(False).astype(bool)
    yield from each_row("activities", cells.index[dated], "activity", "turned", {}, "warning")


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
    yield from each_row("rounds", empty, "round", "round_empty", fill, "finding")


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


def _statements(sound: Sound) -> Iterator[Finding]:
    """Find statements of one wording (in either language), and section numbers that stand twice."""
    known: set[int] = set()
    for column in ("statement_id", "statement_en", "code"):
        cells = sound.cells("items", "item", column)
        if cells is None:
            continue
        texts = cells[column] if column == "code" else cells[column].map(wording)
        first = cells["item"].groupby(texts).transform("first")
        again = cells.index[texts.duplicated() & (texts != "") & ~cells.index.isin(known)]
        code = "code_twice" if column == "code" else "statement_twice"
        known |= set() if column == "code" else set(again)
        yield from each_row("items", again, column, code, {"other": first}, "warning")


def _means_as_given(sound: Sound, info: SiteInfo | None) -> Iterator[Finding]:
    """Say once that printed means of negative statements are taken as means of the answers."""
    items = sound.cells("items", "item", "direction")
    means = sound.cells("item_means", "item", "mean")
    if items is None or means is None:
        return
    negative = means[means["item"].isin(items.loc[items["direction"] == "negative", "item"])]
    if len(negative):
        numbers = sorted(set(negative["item"].astype("int64")))
        fill = {"items": ", ".join(map(str, numbers)), "rows": len(negative)}
        rated = info is not None and "ratings" in sound.frames
        ends = sum(info.scale) if rated and info else ""
        place = ("item_means", int(negative.index[0]), "mean")
        yield Finding(*place, "mean_negative", {**fill, "near": ends}, "warning")


def _fractions(sound: Sound) -> Iterator[Finding]:
    """Find shares such as 0.05 where a percentage stands; those of outcomes have rules of their own."""
    for name in (name for name in sound.frames if name != "outcomes"):
        for column in (column for column in tables()[name].columns if column.kind == "percent"):
            cells = sound.cells(name, column.name)
            if cells is None:
                continue
            values = cells[column.name].map(Decimal)
            values = values[(values > 0) & (values < 1)]
            percents = values.map(lambda value: f"{(100 * value).normalize():f}")
            fill = {"value": values, "near": percents}
            yield from each_row(name, values.index, column.name, "fraction", fill, "warning")


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


def _agreed_once(sound: Sound, info: SiteInfo) -> Iterator[Finding]:
    """Find groups with more than one rater in a round, where each group agrees on its scores."""
    cells = sound.cells("ratings", "round", "group", "rater") if info.agreed_scores else None
    if cells is None:
        return
    first = cells.groupby(["round", "group"])["rater"].transform("first")
    other = cells[cells["rater"] != first].drop_duplicates(["round", "group", "rater"])
    yield from each_row(
        "ratings", other.index, "rater", "agreed_twice", {"other": first}, "finding"
    )


def _few(sound: Sound, info: SiteInfo) -> Iterator[Finding]:
    """Find rounds of few raters and groups of few people, unless nobody real is behind them."""
    rounds = _real(sound, info, "rounds", "n_raters")
    if rounds is not None and not info.agreed_scores:  # an agreed score shows nobody
        few = rounds.index[rounds["n_raters"].astype("int64") < FEW]
        yield from each_row("rounds", few, "n_raters", "few_raters", {"few": FEW}, "warning")
    name, column = ("members", "person") if "members" in sound.frames else ("ratings", "rater")
    if info.agreed_scores and name == "ratings":
        return
    people = _real(sound, info, name, "group", column)
    if people is None or sound.blanked & {(name, "group"), (name, column)}:
        return
    counts = people.groupby("group")[column].transform("nunique")
    first = people[counts < FEW].drop_duplicates("group")
    yield from each_row(name, first.index, "group", "few_people", {"few": FEW}, "warning")


def _real(sound: Sound, info: SiteInfo, name: str, *columns: str) -> pd.DataFrame | None:
    """Return the cells of the rows that are a site's own records."""
    cells = sound.cells(name, *columns)
    if cells is None or "evidence" not in sound.frames[name]:
        return cells if info.evidence == "recorded" else None
    grades = sound.frames[name].loc[cells.index, "evidence"].fillna(info.evidence)
    own: pd.DataFrame = cells[grades == "recorded"]
    return own


def _unsaid_books(sound: Sound, info: SiteInfo) -> Iterator[Finding]:
    """Find books of the site's own of which nothing says what they hold, each at its first entry."""
    cells = sound.cells("ledger", "book")
    if cells is None:
        return
    kinds = book_kinds(sound.cells("books", "book", "kind"))
    for book in info.books:
        rows = cells.index[cells["book"] == book]
        if len(rows) and book.lower() not in kinds:
            fill = {"count": len(rows), "book": book, "kinds": ", ".join(BOOK_KINDS)}
            yield Finding("ledger", int(rows[0]), "book", "book_unsaid", fill, "warning")


def _mixed_instalments(sound: Sound, info: SiteInfo) -> Iterator[Finding]:
    """Find borrowers whose instalments may hold interest, as notes or sums say, but none is booked."""
    import pandas as pd

    cells = sound.cells("ledger", "category", "person", "amount")
    if cells is None:
        return
    entries = with_flows(cells, sound.cells("categories", "category", "flow"))
    entries["amount"] = pd.to_numeric(entries["amount"])
    paid_back = (entries["flow"] == "loan_repaid") & (entries["amount"] > 0)
    entries = entries[entries["person"].isin(entries.loc[paid_back, "person"])]
    notes = sound.frames["ledger"].get("note", pd.Series(index=cells.index, dtype="string"))
    speaks = notes.reindex(entries.index).str.contains(_INTEREST).fillna(False).astype(bool)
    for person, part in entries.assign(speaks=speaks).groupby("person", sort=False):
        lent = -part.loc[part["flow"] == "loan_out", "amount"].sum()
        repaid = part[paid_back[part.index]]
        paid = repaid["amount"].sum()
        said = part.loc[part["flow"].isin(["loan_out", "loan_repaid"]), "speaks"].any()
        if (part["flow"] == "loan_interest").any() or not (said or paid > lent > 0):
            continue
        fill = {"count": len(repaid), "person": person, "repaid": info.money.plain(paid)}
        fill |= {"low": info.money.plain(max(lent - paid, 0)), "high": info.money.plain(lent)}
        place = ("ledger", int(str(repaid.index[0])), "category")
        yield Finding(*place, "interest_mixed", fill, "warning")


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
        yield from each_row(name, far, column, "date_far", fill, "warning")
