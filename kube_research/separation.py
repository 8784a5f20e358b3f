"""IKS kept apart from business cash: entries that mix the two, and whether a group has any."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kube_research.frames import grade_of
from kube_research.money_rows import OPERATING, known_entries, need_level, parts, typed

#: Flows of the business: they have no place in the IKS book.
_BUSINESS = (*OPERATING, "asset", "grant", "grant_repaid", "payout")
#: Flows of IKS itself: outside the IKS book they mix the two.
_OWN = ("iks_due", "iks_use")
#: Flows that move money between books: out of the IKS book they take it back to the business.
_MOVES = ("transfer", "cooperative", "iks_share")
#: What can be mixed, in the order of the columns of :func:`iks_apart`.
MIXED = ("business_in_iks", "iks_elsewhere", "taken_out")


def iks_mixed(ledger: pd.DataFrame, categories: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the entries that mix IKS money with the money of the business.

    Parameters
    ----------
    ledger : DataFrame
        ``date``, ``group``, ``book``, ``category``, ``amount`` (whole rupiah).
    categories : DataFrame, optional
        The site's own codes, see :func:`~kube_research.accounts.chart_of_accounts`.

    Returns
    -------
    DataFrame
        The entries concerned by group and day: ``group``, ``date``, ``book``, ``category``, ``amount``,
        ``flow``, ``why`` (``business_in_iks``: an entry of the business in the IKS book;
        ``iks_elsewhere``: IKS dues or spending in another book; ``taken_out``: money moved from the
        IKS book to another), ``evidence``.

    Raises
    ------
    kube_research.errors.MissingColumnError, kube_research.errors.OptionError

    Examples
    --------
    >>> book = pd.DataFrame({"date": "2016-03-31", "group": "07", "book": ["iks", "kas", "iks"],
    ...                      "category": ["stock_purchase", "sick_support", "iks_due"],
    ...                      "amount": [-900, -50, 20]})
    >>> iks_mixed(book)["why"].tolist()
    ['business_in_iks', 'iks_elsewhere']
    """
    entries = known_entries(ledger, categories)
    inside, flow = entries["book"] == "iks", entries["flow"]
    why = pd.Series(pd.NA, index=entries.index, dtype="string")
    why = why.mask(inside & flow.isin(_BUSINESS), MIXED[0])
    why = why.mask(~inside & flow.isin(_OWN), MIXED[1])
    why = why.mask(inside & flow.isin(_MOVES) & (entries["amount"] < 0), MIXED[2])
    found = entries.assign(why=why)[why.notna()]
    found = found.sort_values(["group", "date"], kind="stable", ignore_index=True)
    columns = ["group", "date", "book", "category", "amount", "flow", "why", "evidence"]
    return found[columns].astype(dict.fromkeys(["group", "book", "category"], "string"))


def iks_apart(
    ledger: pd.DataFrame, categories: pd.DataFrame | None = None, *, by: str | None = "group"
) -> pd.DataFrame:
    """Return whether IKS is kept apart from business cash.

    Parameters
    ----------
    ledger, categories
        As for :func:`iks_mixed`.
    by : {"group", None}
        One row a group, or one row over all.

    Returns
    -------
    DataFrame
        ``apart``: False with any entry that mixes the two; missing where the ledger holds no IKS book
        of the group, or holds categories in it that nobody declares, so that it cannot be told; else
        True. Over all: False if any group mixes, True if every group keeps apart. Then how many
        entries mix, by kind (``business_in_iks``, ``iks_elsewhere``, ``taken_out``), ``unknown``
        (entries of the IKS book with an undeclared category), ``evidence``.

    Raises
    ------
    kube_research.errors.MissingColumnError, kube_research.errors.OptionError

    Notes
    -----
    The study names the wish to use IKS money for the business alone as an obstacle (Table 9).

    Examples
    --------
    >>> import kube_research as kr
    >>> bool(iks_apart(kr.load_site("cibeunying-simulated").ledger)["apart"].all())
    True
    """
    keys = need_level(by)
    rows: list[dict[str, Any]] = []
    entries, found = known_entries(ledger, categories), iks_mixed(ledger, categories)
    for level, part in parts(entries, ["group"]):
        why = found.loc[found["group"] == level["group"], "why"]
        book = part[part["book"] == "iks"]
        counts = {name: int((why == name).sum()) for name in MIXED}
        unknown = int((book["flow"] == "unknown").sum())
        apart = False if len(why) else None if unknown or book.empty else True
        row = level | {"apart": apart} | counts | {"unknown": unknown}
        rows.append(row | {"evidence": grade_of(part)})
    names = [*MIXED, "unknown"]
    frame = pd.DataFrame(rows, columns=["group", "apart", *names, "evidence"])
    frame = frame.astype({"apart": "boolean"})
    if not keys:
        said = frame["apart"]
        total: dict[str, Any] = {name: frame[name].sum() for name in names}
        every = bool(len(said)) and bool(said.notna().all())
        total["apart"] = False if said.eq(False).any() else True if every else None
        total |= {"evidence": grade_of(frame)}
        frame = pd.DataFrame([total], columns=["apart", *names, "evidence"])
    done: pd.DataFrame = typed(frame, money=names)
    return done.astype({"apart": "boolean"})
