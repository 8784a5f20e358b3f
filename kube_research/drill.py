"""A drill for the reconciliation: plant one slip of each kind in a copy of the books."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pandas as pd

from kube_research.accounts import with_flows
from kube_research.errors import OptionError
from kube_research.frames import grade_of
from kube_research.money_rows import between_books
from kube_research.reconcile import reconcile_site
from kube_research.texts import text

if TYPE_CHECKING:
    from kube_research.site import Site

#: Entries of a group below which there is nothing to drill on.
LEAST = 10


def reconcile_drill(site: Site, *, group: str | None = None) -> pd.DataFrame:
    """Plant one slip at a time in a copy of one group's books and return what the check says of it.

    Parameters
    ----------
    site : Site
        With ``ledger``. Nothing of it is changed.
    group : str, optional
        Whose books; by default the group with the most entries.

    Returns
    -------
    DataFrame
        One row per slip: ``planted`` (what was done), ``row`` (where, as a spreadsheet of this group's
        books alone shows it), ``found`` (kinds of new finding, joined by ``", "``; blank when nothing
        was noticed), ``row_found``, ``reason`` and ``suggestion`` of the first one, ``evidence``. Slips
        that the books leave no room for (no transfer, no stated balance) have no row.

    Raises
    ------
    kube_research.errors.MissingTableError
    kube_research.errors.OptionError
        If the group has fewer than ten entries.

    Notes
    -----
    The slips stand at fixed places, so the same books give the same drill. What was found in the books
    as they are is taken off.

    Examples
    --------
    >>> import kube_research as kr
    >>> done = reconcile_drill(kr.load_site("cibeunying-simulated"))
    >>> done["found"].tolist()
    ['balance', 'duplicate', 'sign', 'period', 'transfer']
    """
    ledger = site.table("ledger")
    sizes = ledger["group"].value_counts()
    chosen = group if group is not None else (sizes.index[0] if len(sizes) else None)
    book = ledger[ledger["group"] == chosen].reset_index(drop=True)
    if len(book) < LEAST:
        raise OptionError(text("drill.error", least=LEAST))
    categories = site.table("categories") if site.has("categories") else None
    flows = with_flows(book, categories)["flow"]
    known = set(_said(site, book).itertuples(index=False, name=None))
    rows = []
    for name, plant in _SLIPS.items():
        planted = plant(book.copy(), flows)
        if planted is None:
            continue
        spoiled, at = planted
        said = _findings(site, spoiled)
        new = said[[one not in known for one in _keys(said).itertuples(index=False, name=None)]]
        row: dict[str, Any] = {"planted": text(f"drill.slip.{name}"), "row": at + 2}
        row |= {"found": ", ".join(dict.fromkeys(new["kind"]))}
        first: dict[Any, Any] = new.iloc[0].to_dict() if len(new) else {}
        row |= {"row_found": first.get("row", pd.NA)}
        row |= {key: first.get(key, "") for key in ("reason", "suggestion")}
        rows.append(row | {"evidence": grade_of(book)})
    names = ["planted", "row", "found", "row_found", "reason", "suggestion", "evidence"]
    words = dict.fromkeys([name for name in names if not name.startswith("row")], "string")
    return pd.DataFrame(rows, columns=names).astype(words | {"row": "int64", "row_found": "Int64"})


def _findings(site: Site, book: pd.DataFrame) -> pd.DataFrame:
    from dataclasses import replace

    return reconcile_site(replace(site, tables={**site.tables, "ledger": book}))


def _keys(findings: pd.DataFrame) -> pd.DataFrame:
    return findings[["kind", "book", "date", "amount"]].astype("string").fillna("")


def _said(site: Site, book: pd.DataFrame) -> pd.DataFrame:
    return _keys(_findings(site, book))


def _middle(mask: pd.Series) -> int | None:
    """Return the place in the middle of those that are true."""
    places = mask.to_numpy().nonzero()[0]
    return int(places[len(places) // 2]) if len(places) else None


def _balance(book: pd.DataFrame, flows: pd.Series) -> tuple[pd.DataFrame, int] | None:
    """Write one balance 9,000 too high: two neighbouring digits swapped, or close to it."""
    at = _middle(book["balance"].notna() & (book["book"] == "kas")) if "balance" in book else None
    if at is None:
        return None
    book["balance"] += pd.Series(9000, index=[at]).reindex(book.index, fill_value=0)
    return book, at


def _duplicate(book: pd.DataFrame, flows: pd.Series) -> tuple[pd.DataFrame, int] | None:
    """Write one entry twice."""
    at = _middle((flows == "sale") & (book["book"] == "kas"))
    if at is None:
        return None
    return pd.concat([book[: at + 1], book[at : at + 1], book[at + 1 :]], ignore_index=True), at + 1


def _sign(book: pd.DataFrame, flows: pd.Series) -> tuple[pd.DataFrame, int] | None:
    """Write one purchase as if it were money in."""
    at = _middle((flows == "purchase") & (book["amount"] < 0))
    if at is None:
        return None
    book["amount"] = book["amount"].where(book.index != at, -book["amount"])
    return book, at


def _period(book: pd.DataFrame, flows: pd.Series) -> tuple[pd.DataFrame, int] | None:
    """Write one entry ten years late."""
    at = _middle(flows == "sale")
    if at is None:
        return None
    later = book["date"] + pd.DateOffset(years=10)
    book["date"] = book["date"].where(book.index != at, later)
    return book, at


def _transfer(book: pd.DataFrame, flows: pd.Series) -> tuple[pd.DataFrame, int] | None:
    """Write another amount in one half of a movement between books, and no balance beside it."""
    at = _middle(flows.isin(between_books()) & (book["amount"] > 0))
    if at is None:
        return None
    book["amount"] = book["amount"].where(book.index != at, book["amount"] + 5000)
    if "balance" in book:
        later = (book.index >= at) & (book["book"] == book["book"].iloc[at])
        book["balance"] = book["balance"].where(~later, book["balance"] + 5000)
    return book, at


_SLIPS: dict[str, Callable[[pd.DataFrame, pd.Series], tuple[pd.DataFrame, int] | None]] = {
    "balance": _balance,
    "duplicate": _duplicate,
    "sign": _sign,
    "period": _period,
    "transfer": _transfer,
}
