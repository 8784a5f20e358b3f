"""Ledgers as people keep them, with unsigned money, become entries of one signed amount.

Two shapes are read: a column of money in and one of money out, and a column that says which of the two
an amount is. What debit and credit mean is read off the balances and the categories, or asked. Rows that
are no entries (a total, a balance carried forward) are told, never added up.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kube_research.site.schema import PATTERNS, tables
from kube_research.site.shapes import Places, Remark, Reshaped
from kube_research.site.spellings import as_word, bare_words, header_words, value_words

if TYPE_CHECKING:
    import pandas as pd

#: Meanings of a column of money, and the words that only go along with them.
_SIDES = ("money_in", "money_out", "debit", "credit")
_FILLERS = frozenset(
    [
        "uang",
        "kas",
        "dana",
        "jumlah",
        "nominal",
        "total",
        "rp",
        "idr",
        "rupiah",
        "money",
        "cash",
        "amount",
    ]
)
#: Columns of words from which an entry is known, the likeliest category first.
_WORDS = ("category", "kind", "note")
_NOTHING = re.compile(r"(?:rp|idr)?[\s0.,\-–−]*", re.IGNORECASE)
_MINUS = re.compile(r"[-–−(].*|.*[0-9]\s*[-–−]")
_AMOUNT = re.compile(r"[^0-9]*(?P<whole>[0-9][0-9.,]*?)(?:[.,](?P<part>[0-9]{1,2}))?[^0-9]*")
_TOTAL = re.compile(r"(?:(?:sub|grand)_?)?(?:total|jumlah|jml)(?:_.*)?")
_CARRIED = re.compile(r"(?:saldo|sisa|pindahan|pemindahan|balance|brought|carried)(?:_.*)?")


def is_total(words: str) -> bool:
    """Tell whether words name a sum: ``jumlah``, ``Sub Total``, ``total_bulan_ini``.

    Examples
    --------
    >>> is_total("Jumlah bulan ini"), is_total("penjualan")
    (True, False)
    """
    return _TOTAL.fullmatch(as_word(words)) is not None


def is_balance(words: str) -> bool:
    """Tell whether words name a balance: ``Sisa bulan lalu``, ``saldo_akhir``, ``pindahan``.

    Examples
    --------
    >>> is_balance("Saldo pindahan"), is_balance("setoran")
    (True, False)
    """
    return _CARRIED.fullmatch(as_word(words)) is not None


def entries_of(frame: pd.DataFrame, known: Mapping[str, Sequence[str]]) -> Reshaped | None:
    """Return a ledger with one signed amount, or None if it is in no other shape than ours.

    Parameters
    ----------
    frame : DataFrame
        Cells as text, blank ones missing, indexed by spreadsheet row.
    known : dict of str to sequence of str
        Codes of the groups (``group``) and books (``book``) of the site; where there is only one, a
        ledger without a column for it is read as that one's.

    Returns
    -------
    Reshaped or None

    Examples
    --------
    >>> import pandas as pd
    >>> book = pd.DataFrame({"Tgl": ["1/2/2024", "2/2/2024"], "Masuk": ["Rp 5.000", None],
    ...                      "Keluar": [None, "2.000"]}, index=[2, 3], dtype="string")
    >>> entries_of(book, {}).frame["amount"].tolist()
    ['Rp 5.000', '-2.000']
    """
    meant = {str(name): _meaning(str(name), frame[name]) for name in frame.columns}
    sides = {side: [name for name, side_of in meant.items() if side_of == side] for side in _SIDES}
    ways = [name for name, meaning in meant.items() if meaning == "way"]
    amounts = [name for name, meaning in meant.items() if meaning == "amount"]
    if not any(sides.values()) and not (ways and amounts):
        return _without_totals(frame)
    return _Book(frame, known, meant, sides, ways[:1]).read()


def _without_totals(frame: pd.DataFrame) -> Reshaped | None:
    """Take totals that have no day out of a ledger of our shape, or return None if there are none."""
    if not {"date", "category"} <= set(frame):
        return None
    undated = frame.loc[frame["date"].isna()]
    words = [name for name in ("category", "note") if name in frame]
    totals = [
        Remark(int(str(row)), name, str(cells[name]), "total_row_kept")
        for row, cells in undated[words].fillna("").iterrows()
        for name in words if is_total(str(cells[name]))
    ]  # fmt: skip
    if not totals:
        return None
    return Reshaped(frame.drop(index=[total.row for total in totals]), Places(frame), tuple(totals))


def _meaning(name: str, cells: pd.Series) -> str:
    """Return what a header means: a side of the book, ``way``, a column of ours or ``unread``."""
    word, ours = as_word(name), tables()["ledger"].names
    if word in ours:
        return word
    parts = [part for part in word.split("_") if part not in _FILLERS]
    known = header_words()
    kinds = {kind for part in parts for kind in known.get(part, ()) if kind in _SIDES}
    strange = [part for part in parts if not set(_SIDES) & set(known.get(part, ()))]
    if not strange and (kinds - {"debit"} == {"money_in"} or kinds - {"credit"} == {"money_out"}):
        return (kinds - {"debit", "credit"}).pop()
    if not strange and len(kinds) == 1:
        return kinds.pop()
    meanings = known.get(word, ())
    filled = cells.dropna()
    if "way" in meanings or name.strip() in ("+/-", "±") or (kinds and not strange) or not meanings:
        said = sum(_way(cell) != "" for cell in filled)
        if said and 2 * said >= len(filled) and ("way" in meanings or said == len(filled)):
            return "way"
        if name.strip() in ("+/-", "±"):
            return "way"
    own = [meaning for meaning in meanings if meaning in (*ours, "kind", "unread")]
    return own[0] if own else ""


def _way(cell: str) -> str:
    """Return what a cell of kinds says: ``in``, ``out``, ``debit``, ``credit`` or nothing."""
    words = value_words()["way"]
    return words.get(bare_words(cell)) or words.get(as_word(cell).replace("_", " ")) or ""


def _empty(cell: object) -> bool:
    """Tell whether a cell of money is blank, a dash or a zero."""
    return not isinstance(cell, str) or _NOTHING.fullmatch(cell) is not None


def _with_minus(cell: str) -> bool:
    """Tell whether an amount has a minus; the stroke of ``2.000,-`` is none."""
    return _MINUS.fullmatch(cell) is not None and not cell.rstrip().endswith((",-", ".-"))


def _digits(cell: object) -> int | None:
    """Return the amount in a cell in hundredths, its sign left out, to be compared with others."""
    parts = _AMOUNT.fullmatch(cell.strip()) if isinstance(cell, str) else None
    whole = re.sub(r"[^0-9]", "", parts["whole"]) if parts else ""
    return int(whole + (parts["part"] or "").ljust(2, "0")) if parts and whole else None


class _Sums:
    """What the columns of money add up to: over all rows so far, and since the last total."""

    def __init__(self) -> None:
        self.every: Counter[str] = Counter()
        self.block: Counter[str] = Counter()
        self.entries = 0

    def add(self, name: str, cell: str) -> None:
        for counted in (self.every, self.block):
            counted[name] += _digits(cell) or 0
        self.entries += 1

    def begin(self) -> None:
        self.block.clear()
        self.entries = 0

    def repeated(self, pair: Mapping[str, object], filled: Sequence[str]) -> bool:
        """Tell whether a row only repeats the sums of two entries or more."""
        several = self.entries > 1 and bool(filled)
        return several and any(
            all(_digits(pair[name]) == sums[name] for name in filled)
            for sums in (self.every, self.block)
        )


@dataclass
class _Book:
    """One ledger on its way to entries."""

    frame: pd.DataFrame
    known: Mapping[str, Sequence[str]]
    meant: dict[str, str]
    sides: dict[str, list[str]]
    ways: list[str]
    remarks: list[Remark] = field(default_factory=list)

    def read(self) -> Reshaped:
        heads = self._heads()
        paired = self._paired()
        amounts, above = self._by_columns(heads) if paired else self._by_kind(heads)
        kept = self.frame.loc[list(amounts)]
        taken = {name: ours for ours, name in heads.items()}
        left = [*self.ways, *(name for names in self.sides.values() for name in names)]
        skipped = ("unread", "way") if paired else ("unread",)
        unread = [name for name in kept if self.meant[str(name)] in skipped]
        unread += [name for name in kept if name not in taken and self.meant[str(name)] in _WORDS]
        entries = kept.drop(columns=[name for name in (*left, *unread) if name not in taken])
        entries = entries.rename(columns=taken)
        entries["amount"] = list(amounts.values())
        if unread:
            named = ", ".join(map(str, unread))
            self._tell(1, str(unread[0]), "columns_unread", "warning", columns=named)
        for name, codes in self.known.items():
            if name not in entries and len(codes) == 1:
                entries[name] = codes[0]
                fill = {"value": codes[0], "count": len(entries)}
                self._tell(1, name, "only_one", "warning", **fill)
        if "person" not in entries:
            entries["person"] = None
        places = Places(self.frame, heads=heads, above={"amount": above})
        return Reshaped(entries.astype("string"), places, tuple(self.remarks))

    def _tell(
        self, row: int, column: str, code: str, severity: str = "error", **fill: object
    ) -> None:
        cell = self.frame.at[row, column] if row > 1 and column in self.frame else column
        if row == 1 and column not in self.frame:
            cell = ""
        value = cell if isinstance(cell, str) else ""
        self.remarks.append(Remark(row, column, value, code, fill, severity))

    def _paired(self) -> bool:
        """Bring money in and money out to one column each; tell what is in the way of that."""
        sides = self.sides
        if sides["money_out"] and not sides["money_in"]:
            sides["money_in"], sides["debit"] = sides["debit"], []
        if sides["money_in"] and not sides["money_out"]:
            sides["money_out"], sides["credit"] = sides["credit"], []
        if not any(sides.values()):
            return False
        for side, names in sides.items():
            for name in names[1:]:
                self._tell(1, name, "second_side", other=names[0])
            sides[side] = names[:1]
        if sides["debit"] and sides["credit"] and not sides["money_in"]:
            self._settle_debit()
        for side, other in (("money_in", "Uang Masuk"), ("money_out", "Uang Keluar")):
            if not sides[side]:
                there = next(name for names in sides.values() for name in names)
                self._tell(1, there, "one_side", missing=other)
        for name, meaning in self.meant.items():
            if meaning == "amount":
                pair = ", ".join(name for names in sides.values() for name in names)
                self._tell(1, name, "amount_beside", pair=pair)
        return True

    def _settle_debit(self) -> None:
        """Find out by the book itself whether debit is money in; ask where it does not say."""
        debit, credit = self.sides["debit"][0], self.sides["credit"][0]
        flows = [
            (_digits(a) or 0) - (_digits(b) or 0)
            for a, b in zip(self.frame[debit], self.frame[credit], strict=True)
        ]
        way = self._debit_is_in(flows)
        if way == 0:
            self._tell(1, debit, "debit_credit", debit=debit, credit=credit)
        else:
            fill = {"debit": debit, "credit": credit}
            self._tell(1, debit, "debit_in" if way > 0 else "debit_out", "warning", **fill)
        ordered = (debit, credit) if way >= 0 else (credit, debit)
        self.sides |= {"money_in": [ordered[0]], "money_out": [ordered[1]]}
        self.sides |= {"debit": [], "credit": []}

    def _debit_is_in(self, flows: Sequence[int]) -> int:
        """Return 1 if debit is money in, -1 if it is money out, 0 if the book does not say.

        The balances and the categories of a known direction must speak with one voice.
        """
        import pandas as pd

        heads = self._heads()
        agree = []
        moved = pd.Series(flows, self.frame.index)
        if "balance" in heads:
            stated = self.frame[heads["balance"]].map(_digits, na_action="ignore")
            keys = [self.frame[heads[key]] for key in ("group", "book") if key in heads]
            book = pd.DataFrame({"stated": stated, "moved": moved}).dropna()
            parts = [part for _, part in book.groupby(keys, dropna=False)] if keys else [book]
            for part in parts:
                steps = part["stated"].diff().fillna(part["stated"])
                real = part["moved"] != 0
                agree += [(steps == part["moved"])[real], (steps == -part["moved"])[real]]
        if "category" in heads:
            from kube_research.site.accounts import with_directions

            cells = self.frame[heads["category"]].fillna("")
            signs = with_directions(pd.DataFrame({"category": cells}))["direction"]
            real = (moved != 0) & (signs != 0)
            agree += [(signs * moved > 0)[real], (signs * moved < 0)[real]]
        with_in, with_out = (int(sum(map(sum, agree[half::2]))) for half in (0, 1))
        entries = sum(map(len, agree[::2]))
        if 2 * with_in > entries and not with_out:
            return 1
        return -1 if 2 * with_out > entries and not with_in else 0

    def _heads(self) -> dict[str, str]:
        """Return which header becomes which of our columns; of words the category must be codes."""
        heads = {
            meaning: name for name, meaning in self.meant.items()
            if name.casefold() == meaning and meaning in tables()["ledger"].names
        }  # fmt: skip
        for name, meaning in self.meant.items():
            if meaning in tables()["ledger"].names and meaning not in (*heads, *_WORDS):
                heads[meaning] = name
        words = [name for kind in _WORDS for name, meaning in self.meant.items()
                 if meaning == kind and name not in heads.values()]  # fmt: skip
        for name in words:
            cells = self.frame[name].dropna()
            coded = len(cells) and cells.str.fullmatch(PATTERNS["code"]).all()
            called = as_word(name) in ("kategori", "category")
            if "category" not in heads and (coded or called) and self.meant[name] != "note":
                heads["category"] = name
            elif "note" not in heads:
                heads["note"] = name
        return heads

    def _no_entry(self, row: int, heads: dict[str, str], both: bool, money: Sequence[str]) -> bool:
        """Tell of a row that repeats the header or is a total; a total has no date, or both sides."""
        cells = self.frame.loc[row].dropna()
        same = [name for name in cells.index if as_word(str(cells[name])) == as_word(str(name))]
        if len(same) > 1:
            self._tell(row, str(same[0]), "header_again")
            return True
        worded = [name for name in cells.index if name not in money and is_total(str(cells[name]))]
        undated = "date" not in heads or heads["date"] not in cells.index
        if worded and (undated or both or heads["date"] in worded):
            self._tell(row, str(worded[0]), "total_row_kept")
            return True
        return False

    def _rows(self, heads: dict[str, str]) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Yield each row with the book it stands in, as far as the table says."""
        keys = [heads[key] for key in ("group", "book") if key in heads]
        for label in self.frame.index:
            cells = self.frame.loc[label, keys].fillna("") if keys else ()
            yield int(str(label)), tuple(map(str, cells))

    def _by_columns(self, heads: dict[str, str]) -> tuple[dict[int, str | None], dict[int, str]]:
        """Return the signed amount of each entry and the column in which it is written."""
        inflow, outflow = ("".join(self.sides[side]) for side in ("money_in", "money_out"))
        money = [name for name in (inflow, outflow, heads.get("balance", "")) if name]
        amounts: dict[int, str | None] = {}
        above: dict[int, str] = {}
        before: dict[tuple[str, ...], int | None] = {}
        sums = _Sums()
        for row, book in self._rows(heads):
            pair = {name: self.frame.at[row, name] for name in (inflow, outflow) if name}
            filled = [name for name, cell in pair.items() if not _empty(cell)]
            dated = "date" in heads and isinstance(self.frame.at[row, heads["date"]], str)
            worded = self._no_entry(row, heads, len(filled) > 1, money)
            if not worded and (len(filled) > 1 or not dated) and sums.repeated(pair, filled):
                self._tell(row, filled[0], "total_row_kept")
                worded = True
            if worded:
                sums.begin()
                continue
            if len(filled) > 1:
                self._tell(row, outflow, "both_sides", money_in=inflow, money_out=outflow)
                continue
            zeros = [name for name, cell in pair.items() if isinstance(cell, str) and "0" in cell]
            if not filled and not zeros:
                self._tell_no_amount(row, book, heads, before)
                continue
            name = (filled or zeros)[0]
            cell = str(pair[name])
            if filled and _with_minus(cell):
                other = inflow if name == outflow else outflow
                self._tell(row, name, "minus_in_side", other=other)
                continue
            amounts[row] = f"-{cell}" if name == outflow and filled else cell
            above[row] = name
            sums.add(name, cell)
            before[book] = self._stated(row, heads)
        return amounts, above

    def _stated(self, row: int, heads: dict[str, str]) -> int | None:
        return _digits(self.frame.at[row, heads["balance"]]) if "balance" in heads else None

    def _tell_no_amount(
        self,
        row: int,
        book: tuple[str, ...],
        heads: dict[str, str],
        before: dict[tuple[str, ...], int | None],
    ) -> None:
        """Tell of a row without money: an opening, a balance repeated, or anything else."""
        inflow = "".join(self.sides["money_in"])
        fill = {"money_in": inflow, "money_out": "".join(self.sides["money_out"])}
        stated = self._stated(row, heads)
        if stated is not None and book not in before:
            balance = self.frame.at[row, heads["balance"]]
            self._tell(row, inflow or heads["balance"], "opening_apart", balance=balance, **fill)
        elif stated is not None and stated == before.get(book):
            self._tell(row, heads["balance"], "balance_again")
        else:
            self._tell(row, inflow or "amount", "no_side", **fill)

    def _by_kind(self, heads: dict[str, str]) -> tuple[dict[int, str | None], dict[int, str]]:
        """Return the signed amount of each entry of a book with a column of kinds."""
        kinds, money = self.ways[0], heads["amount"]
        ways = self._ways(kinds, money)
        cells = self.frame[money]
        minus = {int(str(row)) for row, cell in cells.dropna().items() if _with_minus(cell)}
        out = {row for row, way in ways.items() if way == "out" and not _empty(cells[row])}
        signed = bool(out) and out <= minus
        amounts: dict[int, str | None] = {}
        for row, _ in self._rows(heads):
            way, cell = ways[row], cells[row]
            if self._no_entry(row, heads, not way, [money]):
                continue
            written = self.frame.at[row, kinds]
            if not way:
                code = "way_unknown" if isinstance(written, str) else "way_blank"
                self._tell(row, kinds, code)
                continue
            if row in minus and not (way == "out" and signed):
                self._tell(row, money, "minus_beside_way", way=written, kinds=kinds)
                continue
            filled = isinstance(cell, str)
            turn = filled and way == "out" and row not in minus and not _empty(cell)
            amounts[row] = f"-{cell}" if turn else cell if filled else None
        return amounts, dict.fromkeys(amounts, money)

    def _ways(self, kinds: str, money: str) -> dict[int, str]:
        """Return what each row says, debit and credit settled as in and out."""
        cells = self.frame[kinds]
        said = {int(str(row)): _way(cell) if isinstance(cell, str) else "" for row, cell in
                cells.items()}  # fmt: skip
        if "debit" not in said.values() and "credit" not in said.values():
            return said
        letters = {as_word(cell) for cell in cells.dropna()}
        if "m" in letters and "debit" not in said.values():  # M and K: masuk and keluar
            return {row: "out" if way == "credit" else way for row, way in said.items()}
        side = {"debit": 1, "credit": -1}
        flows = [side.get(said[row], 0) * (_digits(cell) or 0) for row, cell in
                 zip(said, self.frame[money], strict=True)]  # fmt: skip
        way = self._debit_is_in(flows)
        words = {name: next((cell for row, cell in cells.items() if said[int(str(row))] == name), name)
                 for name in side}  # fmt: skip
        if way == 0:
            self._tell(1, kinds, "debit_credit_kind", **words)
        else:
            self._tell(1, kinds, "debit_in" if way > 0 else "debit_out", "warning", **words)
        settled = {"debit": "in", "credit": "out"} if way >= 0 else {"debit": "out", "credit": "in"}
        return {row: settled.get(way_of, way_of) for row, way_of in said.items()}
