"""What each entry changes of what members have saved, and what a share-out pays beyond it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from kube_research.finance.books import SAVINGS

#: Flows of a book of savings that change what members have saved. Business and loan entries do not.
SAVING = (
    *("opening", "deposit", "withdrawal", "share_bought", "share_out", "payout"),
    *("other_in", "other_out", "unknown"),
)
#: Flows of members' shares, which are savings in whichever book they stand.
SHARES = ("share_bought", "share_out")


def saving_moves(entries: pd.DataFrame) -> pd.DataFrame:
    """Return the entries that change what members have saved.

    Parameters
    ----------
    entries : DataFrame
        As of :class:`~kube_research.finance.books.Books`.

    Returns
    -------
    DataFrame
        Rows of ``entries`` with ``saved`` (by how much the savings of the person change, signed) and
        ``profit`` (what was paid beyond them; below zero where less was paid back than saved). An entry
        that shares out the savings of all and names nobody becomes one row a saver, without an amount,
        and one with the amount and the profit, which is nobody's in particular.

    Notes
    -----
    A share-out settles: whatever it pays, the person has saved nothing afterwards in that book (in all
    books, if that one holds no savings). Money paid to members from a book of savings (``payout``)
    takes what is saved, up to all of it; the rest is profit. Entries of one day count in the order in
    which they stand. Checked against a share-out worked out by hand: two shares of 5,000 and one, an
    interest of 800, which pays 530 and 270 beyond the savings.

    Examples
    --------
    >>> from kube_research.finance.books import Books
    >>> book = pd.DataFrame({"date": ["2024-01-07", "2024-12-14"], "group": "01", "book": "tabungan",
    ...                      "category": ["setoran", "pembagian"], "person": "A1",
    ...                      "amount": [10000, -10530]})
    >>> saving_moves(Books(book).entries)[["saved", "profit"]].values.tolist()
    [[10000, 0], [-10000, 530]]
    """
    flow = entries["flow"]
    moves = entries[entries["kind"].isin(SAVINGS) & flow.isin(SAVING) | flow.isin(SHARES)]
    moves = moves.assign(saved=moves["amount"], profit=0)
    paying = moves["flow"].isin(["share_out", "payout"]) & (moves["amount"] < 0)
    settling = moves["group"].isin(moves["group"][paying])
    if not settling.any():
        return moves.reset_index(drop=True)
    settled = [
        row
        for _, part in moves[settling].groupby("group", sort=False)
        for row in _settled(part.sort_values("date", kind="stable", na_position="first"))
    ]
    rows = pd.DataFrame(settled, columns=moves.columns).astype(moves.dtypes.to_dict())
    return pd.concat([moves[~settling], rows], ignore_index=True)


def _settled(moves: pd.DataFrame) -> Iterator[dict[Any, Any]]:
    """Yield the entries of one group in order, each with what it changes of whose savings."""
    held: dict[str, dict[str, int]] = {}  # by book, then saver
    for line in moves.to_dict("records"):
        book, amount = str(line["book"]), int(line["amount"])
        saver = "" if pd.isna(line["person"]) else str(line["person"])
        if amount > 0 or line["flow"] not in ("share_out", "payout"):
            saved = held.setdefault(book, {})
            saved[saver] = saved.get(saver, 0) + amount
            yield line
        elif line["flow"] == "payout":
            saved = held.setdefault(book, {})
            mine = saved.get(saver, 0) if saver else sum(saved.values())
            taken = min(-amount, max(mine, 0))
            saved[saver] = saved.get(saver, 0) - taken
            yield line | {"saved": -taken, "profit": -amount - taken}
        else:
            books = [book] if book in held else list(held)
            savers = [saver] if saver else list(dict.fromkeys(s for b in books for s in held[b]))
            back = {
                name: taken
                for name in savers
                if (taken := sum(held[of_book].pop(name, 0) for of_book in books))
            }
            for name, taken in back.items():
                if name != saver:
                    yield line | {"person": name or pd.NA, "amount": 0, "saved": -taken}
            taken = sum(back.values())
            yield line | {"saved": -back.get(saver, 0), "profit": -amount - taken}
