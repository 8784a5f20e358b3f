"""IKS, the solidarity money: what came in, its use, its rule, and business cash kept apart from it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import pandas as pd

from kube_research.finance.books import (
    OPERATING,
    AnyBooks,
    as_books,
    by_month,
    day_of_option,
    frame_of,
    half_up,
    money_of,
    need_level,
    parts,
    ratio,
    sums_by,
)
from kube_research.formats import as_money
from kube_research.frames import as_list, documented, grade_of, need_columns, need_option, weakest

#: What the shares of the IKS rule may be shares of.
BASES = ("profit", "sales", "iks_inflow")


@documented
def iks_statement(books: AnyBooks, *, by: str | Sequence[str] | None = "group") -> pd.DataFrame:
    """Return the IKS book line by line: opening, what came in from where, what it was used for, closing.

    Parameters
    ----------
    |books|
    by : {"group", ("group", "month"), None}
        One statement a group; one a group and month, from the first to the last month with an entry,
        months without one in between too; or one over everything.

    Returns
    -------
    DataFrame
        One row per line of a statement: the keys (``month`` as ``"2016-03"``), ``line`` (``opening``;
        ``in``; ``used``; ``out``, money that left the book otherwise; ``closing``), ``flow``,
        ``purpose`` (missing where none is declared), ``amount`` (signed rupiah, so that the closing is
        the sum of the other lines), ``entries``, ``evidence``. The opening is what was brought
        forward: entries of flow ``opening`` and, by month, the closing of the month before. A group
        without an IKS book has no row.

    |frame_errors|

    Notes
    -----
    The closing equals :func:`~kube_research.finance.closing.closing_balances` of book ``iks`` (tests).

    Examples
    --------
    >>> import kube_research as kr
    >>> statement = iks_statement(kr.load_site("cibeunying-simulated"), by=None)
    >>> parts = statement.groupby("line")["amount"].sum()
    >>> int(parts.drop("closing").sum() - parts["closing"])
    0
    """
    keys = as_list(by or ())
    need_option("by", tuple(keys), ((), ("group",), ("group", "month")))
    books = as_books(books)
    entries = books.entries
    book = entries[entries["kind"] == "solidarity"]
    rows: list[dict[str, Any]] = []
    monthly = "month" in keys
    for level, part in parts(book, keys[:1]):
        if part.empty:
            continue
        if not monthly:
            rows += _statement(level, part, 0, grade_of(part))
            continue
        carried, grade = 0, grade_of(part.iloc[:0])
        for month, now in by_month(part, part["month"].min(), part["month"].max()):
            grade = weakest([grade, grade_of(now)])
            rows += _statement(level | {"month": month}, now, carried, grade)
            carried = int(rows[-1]["amount"])
    names = [*keys, "line", "flow", "purpose", "amount", "entries", "evidence"]
    frame = frame_of(rows, names, money=["amount", "entries"])
    frame = frame.astype(dict.fromkeys(("line", "flow", *keys), "string"))
    return as_money(frame, books.currency, "amount")


def _statement(
    level: dict[str, Any], part: pd.DataFrame, carried: int, grade: str
) -> list[dict[str, Any]]:
    """Return the lines of one statement."""
    moved = part[part["flow"] != "opening"]
    line = pd.Series("out", index=moved.index).mask(moved["flow"] == "iks_use", "used")
    line = line.mask((moved["amount"] > 0) & (moved["flow"] != "iks_use"), "in")
    lines = moved.assign(line=line).groupby(["line", "flow", "purpose"], dropna=False)["amount"]
    opened = part[part["flow"] == "opening"]
    first = {"line": "opening", "flow": None, "purpose": None}
    rows = [level | first | {"amount": carried + money_of(opened), "entries": len(opened)}]
    for (kind, flow, purpose), amounts in lines:
        about = {"line": kind, "flow": flow, "purpose": purpose}
        rows.append(level | about | {"amount": int(amounts.sum()), "entries": len(amounts)})
    last = {"line": "closing", "flow": None, "purpose": None, "entries": len(part)}
    rows.append(level | last | {"amount": carried + money_of(part)})
    return [row | {"evidence": grade} for row in rows]


@documented
def iks_totals(books: AnyBooks, *, by: str | None = "group") -> pd.DataFrame:
    """Return the IKS book in one row: received, used, in hand.

    Parameters
    ----------
    |books|
    |by_group|

    Returns
    -------
    DataFrame
        In rupiah: ``opening``, ``dues`` and ``shares`` (set aside) that came in, ``other_in``,
        ``inflow`` (the three together), ``used`` (spent on IKS purposes, refunds taken off),
        ``other_out`` (positive; left the book otherwise), ``balance`` (``opening + inflow - used -
        other_out``); ``share_used`` (``used / inflow``, missing without inflow), ``evidence``. All
        missing for a group whose IKS book the ledger does not hold.

    |frame_errors|

    Notes
    -----
    The balance is DreamSave's social fund balance (Insights glossary, 2023): all that came in less
    all that was spent. Checked against :func:`~kube_research.finance.closing.closing_balances` (tests).

    Examples
    --------
    >>> book = pd.DataFrame({"date": "2016-03-31", "group": "07", "book": "iks",
    ...                      "category": ["iuran", "bantuan_sakit"], "amount": [50000, -20000]})
    >>> iks_totals(book)[["inflow", "used", "balance", "share_used"]].values.tolist()
    [[50000, 20000, 30000, 0.4]]
    """
    keys = need_level(by)
    books = as_books(books)
    entries = books.entries
    amount, flow = entries["amount"], entries["flow"]
    moved = amount.where(~flow.isin(["opening", "iks_use"]), 0)
    came = moved.clip(lower=0)
    sums = {
        "opening": amount.where(flow == "opening", 0),
        "dues": came.where(flow == "iks_due", 0),
        "shares": came.where(flow == "iks_share", 0),
        "other_in": came.where(~flow.isin(["iks_due", "iks_share"]), 0),
        "inflow": came,
        "used": -amount.where(flow == "iks_use", 0),
        "other_out": (-moved).clip(lower=0),
        "balance": amount,
    }
    totals = sums_by(entries, keys, entries["kind"] == "solidarity", sums)
    grade = totals.pop("evidence")
    totals = totals.assign(share_used=ratio(totals["used"], totals["inflow"]), evidence=grade)
    return as_money(totals, books.currency, *sums)


@documented
def iks_against_rule(
    books: AnyBooks,
    iks_rule: pd.DataFrame,
    *,
    bases: str | Sequence[str] = ("profit", "iks_inflow"),
    by: str | None = None,
    since: object = None,
) -> pd.DataFrame:
    """Hold what was set aside and used for IKS against the rule, for every reading of its base.

    Parameters
    ----------
    |books|
    iks_rule : DataFrame
        ``purpose`` and ``share_pct`` (percent of the base; rows without a share are left out).
    bases : sequence of {"profit", "sales", "iks_inflow"}
        What the shares may be shares of. The study does not print it. ``profit``: sales less goods
        bought and running costs (losses of single months taken off); ``sales``: sales alone;
        ``iks_inflow``: all that came into the IKS book.
    by : {"group", None}
        One set of rows a group, or one over all groups.
    since : str or Timestamp, optional
        A day in the month from which the rule counts for every group, to the last month of the ledger:
        the day of the rule, where it is known. By default the first month in which any group set
        something aside for a purpose of the rule. Months in which nothing was set aside count too.

    Returns
    -------
    DataFrame
        One row per purpose and reading, side by side: ``purpose``, ``reading``, ``agreed_pct``,
        ``months`` counted (of all groups together; each group's from its own first entry at the
        earliest), ``base`` (rupiah), ``due`` (what the rule asks of that base), ``set_aside`` (shares
        booked into the IKS book in those months), ``used`` (spent on the purpose from the IKS book in
        those months), ``pct_of_base`` (``set_aside`` as a percentage of ``base``, missing unless the
        base is above zero), ``difference`` (``set_aside - due``), ``evidence``. A group whose IKS book,
        whose trade (for profit and sales) or whose months are not in the ledger, or whose shares name
        no purpose, has missing values and stays out of the rows over everything, which otherwise are
        sums over groups.

    |frame_errors|

    Notes
    -----
    ``due`` is worked out for each group as an exact fraction, rounded to the nearest rupiah, halves up;
    of a base below zero nothing is due. Checked against ledgers worked out by hand.

    Examples
    --------
    >>> import kube_research as kr
    >>> site = kr.load_site("cibeunying-simulated")
    >>> held = iks_against_rule(site, site.iks_rule)
    >>> held[["purpose", "reading", "pct_of_base"]].round(1).values.tolist()[:2]
    [['sick_members', 'profit', 5.0], ['sick_members', 'iks_inflow', 50.0]]
    """
    keys, readings = need_level(by), as_list(bases)
    for reading in readings:
        need_option("bases", reading, BASES)
    need_columns(iks_rule, "purpose", "share_pct")
    rule = iks_rule.dropna(subset=["purpose", "share_pct"])
    books = as_books(books)
    entries = books.entries
    start = _first_share(entries, rule) if since is None else day_of_option(since)
    rows = [
        {"group": level["group"]} | row | {"evidence": weakest([grade_of(part), grade_of(rule)])}
        for level, part in parts(entries, ["group"])
        for row in _rule_rows(part, rule, readings, _months_due(part, start, entries["date"].max()))
    ]
    wholes = ["months", "base", "due", "set_aside", "used", "difference"]
    names = ["group", "purpose", "reading", "agreed_pct", *wholes, "pct_of_base", "evidence"]
    held = frame_of(rows, names, money=wholes)
    if not keys:
        every = rule[["purpose", "share_pct"]].rename(columns={"share_pct": "agreed_pct"})
        every = every.merge(pd.DataFrame({"reading": readings}), how="cross")
        sums = held.groupby(["purpose", "reading"])[wholes].sum(min_count=1)
        grade = weakest(held["evidence"].dropna())
        held = every.join(sums, on=["purpose", "reading"]).assign(evidence=grade)
    held["pct_of_base"] = ratio(100 * held["set_aside"], held["base"])
    order = ["purpose", "reading", "agreed_pct", *wholes[:-1], "pct_of_base", "difference"]
    words = dict.fromkeys(["purpose", "reading"], "string")
    held = held.astype({"agreed_pct": "float64"} | words)[[*keys, *order, "evidence"]]
    return as_money(held, books.currency, *wholes[1:])


def _first_share(entries: pd.DataFrame, rule: pd.DataFrame) -> pd.Timestamp | None:
    """Return the first day on which any group set something aside for a purpose of the rule."""
    shares = entries[(entries["kind"] == "solidarity") & (entries["flow"] == "iks_share")]
    ruled = shares["purpose"].isin(list(rule["purpose"])) & (shares["amount"] > 0)
    return shares.loc[ruled, "date"].min() if ruled.any() else None


def _months_due(part: pd.DataFrame, start: pd.Timestamp | None, last: pd.Timestamp) -> list[str]:
    """Return the months in which the rule counts for a group, also those without an entry."""
    if start is None:
        return []
    return [str(month) for month in pd.period_range(max(start, part["date"].min()), last, freq="M")]


def _rule_rows(
    part: pd.DataFrame, rule: pd.DataFrame, readings: list[str], months: list[str]
) -> list[dict[str, Any]]:
    """Return the rows of one group, purpose by purpose."""
    counted = part[part["month"].isin(months)]
    book = counted[counted["kind"] == "solidarity"]
    shares = book[book["flow"] == "iks_share"]
    inflow = book[(book["amount"] > 0) & ~book["flow"].isin(["opening", "iks_use"])]
    trades = bool(part["flow"].isin(OPERATING).any())
    known = {"profit": money_of(counted, *OPERATING), "sales": money_of(counted, "sale")}
    base_of = (known if trades else {}) | {"iks_inflow": money_of(inflow)}
    known_shares = (
        bool(months) and part["kind"].eq("solidarity").any() and shares["purpose"].notna().all()
    )
    rows = []
    for purpose, agreed in zip(rule["purpose"], rule["share_pct"], strict=True):
        for reading in readings:
            row: dict[str, Any] = {"purpose": purpose, "reading": reading, "agreed_pct": agreed}
            base = base_of.get(reading)
            if base is not None and known_shares:
                share = Fraction(str(agreed)) / 100
                due = max(0, half_up(share * base))
                own = book[book["purpose"].eq(purpose)]
                row |= {"months": len(months), "base": base, "due": due}
                row |= {"set_aside": money_of(own, "iks_share"), "used": -money_of(own, "iks_use")}
                row |= {"difference": row["set_aside"] - due}
            rows.append(row)
    return rows


@documented
def iks_use(
    books: AnyBooks, iks_rule: pd.DataFrame | None = None, *, by: str | None = None
) -> pd.DataFrame:
    """Return what the IKS money was spent on.

    Parameters
    ----------
    |books|
    iks_rule : DataFrame, optional
        With ``purpose``. Its purposes are listed first, also those nothing was spent on.
    by : {"group", None}
        One set of rows a group, or one over all groups.

    Returns
    -------
    DataFrame
        One row per purpose (missing for spending without a declared one): ``used`` (rupiah from the
        IKS book, refunds taken off), ``share_used`` (of all spent from it), ``entries``,
        ``paid_elsewhere`` (rupiah for the purpose from another book), ``in_rule`` (missing without
        ``iks_rule`` or without a purpose), ``evidence``. ``used`` is missing for a group whose IKS
        book the ledger does not hold.

    |frame_errors|

    Examples
    --------
    >>> import kube_research as kr
    >>> site = kr.load_site("cibeunying-simulated")
    >>> use = iks_use(site, site.iks_rule)
    >>> use["purpose"].tolist(), round(float(use["share_used"].sum()), 9)
    (['sick_members', 'posyandu', 'charity_day'], 1.0)
    """
    keys = need_level(by)
    ruled: list[str] = []
    if iks_rule is not None:
        need_columns(iks_rule, "purpose")
        ruled = [str(purpose) for purpose in iks_rule["purpose"].dropna().drop_duplicates()]
    books = as_books(books)
    rows: list[dict[str, Any]] = []
    for level, part in parts(books.entries, keys):
        use, held = part[part["flow"] == "iks_use"], bool((part["kind"] == "solidarity").any())
        all_used = -money_of(use[use["kind"] == "solidarity"])
        others = sorted(set(use["purpose"].dropna().astype(str)) - set(ruled))
        blank: list[Any] = [pd.NA] if use["purpose"].isna().any() else []
        for purpose in [*ruled, *others, *blank]:
            named = use["purpose"].isna() if pd.isna(purpose) else use["purpose"].eq(purpose)
            own = use[named.fillna(False)]
            mine = own[own["kind"] == "solidarity"]
            used = -money_of(mine) if held else None
            row = level | {"purpose": purpose, "used": used, "entries": len(mine)}
            row |= {"share_used": used / all_used if used is not None and all_used > 0 else None}
            row |= {"paid_elsewhere": -money_of(own[own["kind"] != "solidarity"])}
            known = iks_rule is not None and not pd.isna(purpose)
            row |= {"in_rule": purpose in ruled if known else None}
            rows.append(row | {"evidence": grade_of(part)})
    names = ["purpose", "used", "share_used", "entries", "paid_elsewhere", "in_rule", "evidence"]
    wholes = ["used", "entries", "paid_elsewhere"]
    frame = frame_of(rows, [*keys, *names], money=wholes, ratio=["share_used"])
    frame = frame.astype({"in_rule": "boolean"})
    return as_money(frame, books.currency, "used", "paid_elsewhere")


#: Flows of the business: they have no place in the IKS book.
_BUSINESS = (*OPERATING, "asset", "grant", "grant_repaid", "payout")
#: Flows of IKS itself: outside the IKS book they mix the two.
_OWN = ("iks_due", "iks_use")
#: Flows that move money between books: out of the IKS book they take it back to the business.
_MOVES = ("transfer", "cooperative", "iks_share")
#: What can be mixed, in the order of the columns of :func:`iks_apart`.
MIXED = ("business_in_iks", "iks_elsewhere", "taken_out")


@documented
def iks_mixed(books: AnyBooks) -> pd.DataFrame:
    """Return the entries that mix IKS money with the money of the business.

    Parameters
    ----------
    |books|

    Returns
    -------
    DataFrame
        The entries concerned by group and day: ``group``, ``date``, ``book``, ``category``, ``amount``,
        ``flow``, ``why`` (``business_in_iks``: an entry of the business in the IKS book;
        ``iks_elsewhere``: IKS dues or spending in another book; ``taken_out``: money moved from the
        IKS book to another), ``evidence``.

    |frame_errors|

    Examples
    --------
    >>> book = pd.DataFrame({"date": "2016-03-31", "group": "07", "book": ["iks", "kas", "iks"],
    ...                      "category": ["stock_purchase", "sick_support", "iks_due"],
    ...                      "amount": [-900, -50, 20]})
    >>> iks_mixed(book)["why"].tolist()
    ['business_in_iks', 'iks_elsewhere']
    """
    books = as_books(books)
    entries = books.entries
    inside, flow = entries["kind"] == "solidarity", entries["flow"]
    why = pd.Series(pd.NA, index=entries.index, dtype="string")
    why = why.mask(inside & flow.isin(_BUSINESS), MIXED[0])
    why = why.mask(~inside & flow.isin(_OWN), MIXED[1])
    why = why.mask(inside & flow.isin(_MOVES) & (entries["amount"] < 0), MIXED[2])
    mixed = entries.assign(why=why)[why.notna()]
    mixed = mixed.sort_values(["group", "date"], kind="stable", ignore_index=True)
    columns = ["group", "date", "book", "category", "amount", "flow", "why", "evidence"]
    mixed = mixed[columns].astype(dict.fromkeys(["group", "book", "category"], "string"))
    return as_money(mixed, books.currency, "amount")


@documented
def iks_apart(books: AnyBooks, *, by: str | None = "group") -> pd.DataFrame:
    """Return whether IKS is kept apart from business cash.

    Parameters
    ----------
    |books|
    |by_group|

    Returns
    -------
    DataFrame
        ``apart``: False with any entry that mixes the two; missing where the ledger holds no IKS book
        of the group, or holds categories in it that nobody declares, so that it cannot be told; else
        True. Over all: False if any group mixes, True if every group keeps apart. Then how many
        entries mix, by kind (``business_in_iks``, ``iks_elsewhere``, ``taken_out``), ``unknown``
        (entries of the IKS book with an undeclared category), ``evidence``.

    |frame_errors|

    Notes
    -----
    The study names the wish to use IKS money for the business alone as an obstacle (Table 9).

    Examples
    --------
    >>> import kube_research as kr
    >>> bool(iks_apart(kr.load_site("cibeunying-simulated"))["apart"].all())
    True
    """
    keys = need_level(by)
    books = as_books(books)
    mixed = iks_mixed(books)
    rows = []
    for level, part in parts(books.entries, ["group"]):
        why = mixed.loc[mixed["group"] == level["group"], "why"]
        book = part[part["kind"] == "solidarity"]
        row = level | {name: int(why.eq(name).sum()) for name in MIXED}
        row |= {"unknown": int(book["flow"].eq("unknown").sum()), "evidence": grade_of(part)}
        row |= {"apart": False if len(why) else None if row["unknown"] or book.empty else True}
        rows.append(row)
    counts = [*MIXED, "unknown"]
    columns = ["apart", *counts, "evidence"]
    frame = frame_of(rows, ["group", *columns], money=counts).astype({"apart": "boolean"})
    if not keys:  # one that mixes decides, and one that is not known leaves the others undecided
        apart = frame["apart"].all(skipna=False) if len(frame) else None
        total: dict[str, Any] = {"apart": apart, "evidence": grade_of(frame)}
        total |= {name: frame[name].sum() for name in counts}
        frame = frame_of([total], columns, money=counts).astype({"apart": "boolean"})
    return frame
