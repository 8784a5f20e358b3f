"""Doubts about the books: balances that do not follow, odd signs, rows that are no entries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from kube_research.formats import Currency
from kube_research.site.kept_books import is_balance, is_total
from kube_research.site.rules import BOOK, Finding, Sound

if TYPE_CHECKING:
    import pandas as pd

#: How many rows of a category nobody knows are named.
_NAMED = 5
#: A longer note that begins like a total tells of an entry.
_FEW_WORDS = 2


def book_doubts(sound: Sound, currency: Currency) -> Iterator[Finding]:
    """Yield findings and warnings about the ledger."""
    yield from _balances(sound, currency)
    entries = _entries(sound)
    if entries is None:
        return
    no_entries = dict(_no_entries(entries, currency))
    yield from no_entries.values()
    real = entries[~entries.index.isin(no_entries)]
    yield from _signs(real, currency)
    yield from _unknown(real)


def _entries(sound: Sound) -> pd.DataFrame | None:
    """Return the ledger with what each entry is, in order of its days; None if that is not known."""
    import pandas as pd

    cells = sound.cells("ledger", "date", *BOOK, "category", "amount")
    if cells is None or cells.empty:
        return None
    from kube_research.site.accounts import with_directions

    chart = sound.cells("categories", "category", "flow")
    if sound.blanked & {("categories", "category"), ("categories", "flow")}:
        return None
    frame = sound.frames["ledger"].loc[cells.index]
    for column in ("person", "note"):
        if column not in frame:
            frame = frame.assign(**{column: pd.Series(pd.NA, frame.index, dtype="string")})
    entries = with_directions(frame, chart)
    entries["amount"] = pd.to_numeric(entries["amount"]).astype("int64")
    return entries.sort_values("date", kind="stable")


class _Sums:
    """What the entries of a book make: all amounts, those that came in, went out, and without signs."""

    def __init__(self) -> None:
        self.sums: tuple[int, ...] = (0, 0, 0, 0)
        self.entries = 0

    def add(self, amount: int) -> None:
        parts = (amount, max(amount, 0), max(-amount, 0), abs(amount))
        self.sums = tuple(map(int.__add__, self.sums, parts))
        self.entries += 1


def _no_entries(entries: pd.DataFrame, currency: Currency) -> Iterator[tuple[int, Finding]]:
    """Find totals, balances and second openings that are added up as if they were entries."""
    for _, book in entries.groupby(list(BOOK), sort=False):
        opened, held = dict[str, int](), dict[str, int]()
        block, every = _Sums(), _Sums()
        month = book["date"].str[:7]
        ends = (month != month.shift(-1)).fillna(True).astype(bool)
        columns = [book[name] for name in ("amount", "category", "flow", "person", "note")]
        for label, amount, category, flow, person, note, last in zip(
            book.index, *columns, ends, strict=True
        ):
            row, who = int(str(label)), person if isinstance(person, str) else ""
            strange = flow == "unknown"
            same = abs(amount) in block.sums + every.sums and block.entries > 1
            worded = isinstance(note, str) and is_total(note) and len(note.split()) <= _FEW_WORDS
            alike = same and (worded or (strange and last and block.entries > 2))
            if (strange and is_total(category)) or alike:
                yield row, Finding("ledger", row, "category", "total_row", {}, "finding")
                block = _Sums()
                continue
            running = held.get(who, 0) if who else every.sums[0]
            again = (flow == "opening" and who in opened) or (strange and is_balance(category))
            if amount and again and (amount == running or flow == "opening"):
                code = "opening_carried" if amount == running else "opening_again"
                fill: dict[str, object] = {"running": currency.plain(running)}
                fill |= {"first": opened[who]} if who in opened else {}
                yield row, Finding("ledger", row, "category", code, fill, "finding")
                continue
            if flow == "opening":
                opened.setdefault(who, row)
            held[who] = held.get(who, 0) + amount
            block.add(amount)
            every.add(amount)


def _signs(entries: pd.DataFrame, currency: Currency) -> Iterator[Finding]:
    """Find amounts whose sign is not the one that their category asks for."""
    wrong = entries[entries["amount"] * entries["direction"] < 0]
    for label, amount in wrong["amount"].sort_index().items():
        code, fill = (
            ("sign_out", {"minus": currency.plain(-amount)}) if amount > 0 else ("sign_in", {})
        )
        yield Finding("ledger", int(str(label)), "amount", code, fill, "finding")


def _unknown(entries: pd.DataFrame) -> Iterator[Finding]:
    """Find categories that neither the site nor the package knows, told once each."""
    strange = entries[entries["flow"] == "unknown"].sort_index()
    for _, part in strange.groupby("code", sort=False):
        named = ", ".join(map(str, part.index[:_NAMED]))
        fill = {"count": len(part), "rows": named + (", ..." if len(part) > _NAMED else "")}
        place = ("ledger", int(str(part.index[0])), "category")
        yield Finding(*place, "category_unknown", fill, "warning")


def _balances(sound: Sound, currency: Currency) -> Iterator[Finding]:
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
        fill = {"stated": currency.plain(stated), "computed": currency.plain(computed)}
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
