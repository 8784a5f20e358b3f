"""The groups' books held against themselves: what does not fit is told, and nothing is corrected."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kube_research.errors import OptionError
from kube_research.finance.reconcile.balances import Balances, check_balances
from kube_research.finance.reconcile.chain import Marks
from kube_research.finance.reconcile.rows import (
    Finding,
    Rows,
    book_names,
    days,
    missing_amounts,
    money,
    outside_membership,
    outside_period,
    read_rows,
    wrong_signs,
)
from kube_research.finance.reconcile.transfers import (
    check_transfers,
    copied_alone,
    copies,
    duplicates,
    same_with_balance,
)
from kube_research.formats import day_of, rupiah
from kube_research.frames import need_columns, need_option, weakest
from kube_research.texts import check_language, text

if TYPE_CHECKING:
    from kube_research.site.folder import Site

_day = lru_cache(maxsize=4096)(day_of)
_rupiah = lru_cache(maxsize=4096)(rupiah)

_TYPES = {
    "row": "int64",
    "kind": "string",
    "certainty": "string",
    "group": "string",
    "book": "string",
    "date": "datetime64[ns]",
    "amount": "Int64",
    "expected": "Int64",
    "difference": "Int64",
    "other_row": "Int64",
    "reason": "string",
    "suggestion": "string",
    "evidence": "string",
}


def _say(name: str, value: object, lang: str) -> str:
    """Return a value as readers write it: a day, a row number, rupiah, or words."""
    if isinstance(value, dt.date):
        return _day(value, lang, "d MMMM y")
    if isinstance(value, int | np.integer):
        return str(int(value) + 2) if name.startswith("row") else _rupiah(int(value), lang)
    return str(value)


def findings_frame(rows: Rows, findings: list[Finding], lang: str) -> pd.DataFrame:
    """Return the findings as a tidy frame."""
    table = []
    frame = rows.frame
    group, book = frame["group"].to_numpy(dtype=object), frame["book"].to_numpy(dtype=object)
    graded = frame["evidence"].to_numpy(dtype=object) if "evidence" in frame else None
    for one in findings:
        fill = {name: _say(name, value, lang) for name, value in one.fill.items()}
        near = [one.at] if one.other is None else [one.at, one.other]
        grades = [] if graded is None else [graded[at] for at in near if pd.notna(graded[at])]
        table.append(
            {
                "row": one.at + 2,
                "kind": one.kind,
                "certainty": one.certainty,
                "group": group[one.at] or pd.NA,
                "book": book[one.at] or pd.NA,
                "date": pd.Timestamp(rows.date(one.at)),
                "amount": int(rows.amount[one.at]) if rows.known[one.at] else pd.NA,
                "expected": pd.NA if one.expected is None else int(one.expected),
                "difference": pd.NA if one.difference is None else int(one.difference),
                "other_row": pd.NA if one.other is None else int(one.other) + 2,
                "reason": text(f"reconcile.reason.{one.reason}", lang, **fill),
                "suggestion": text(f"reconcile.suggestion.{one.suggestion}", lang, **fill),
                "evidence": weakest(grades),
            }
        )
    return pd.DataFrame(table, columns=list(_TYPES)).astype(_TYPES)


#: Kinds of finding. A row is told of once: of two findings at a row the kind that stands first is kept.
KINDS = (
    "missing_amount",
    "duplicate",
    "sign",
    "period",
    "transfer",
    "membership",
    "date",
    "balance",
    "zero",
)


def reconcile_ledger(
    ledger: pd.DataFrame,
    *,
    period: tuple[object, object] | None = None,
    members: pd.DataFrame | None = None,
    categories: pd.DataFrame | None = None,
    opening: object = 0,
    transfer_days: int = 3,
    kinds: Collection[str] | None = None,
    lang: str = "en",
) -> pd.DataFrame:
    """Return what does not fit in the groups' books, one row a finding; nothing is corrected.

    Parameters
    ----------
    ledger : DataFrame
        ``date``, ``group``, ``book``, ``category``, ``amount`` (whole rupiah, positive in, negative
        out), and perhaps ``person``, ``balance`` (as written in the book after the entry), ``note``,
        ``evidence``.
    period : pair of dates, optional
        First and last day that the books cover; without it no entry is outside.
    members : DataFrame, optional
        ``person``, ``group`` and perhaps ``joined``, ``left``: entries of people are held against it.
    categories : DataFrame, optional
        The site's own categories, see :func:`~kube_research.site.accounts.chart_of_accounts`.
    opening : 0, "stated" or DataFrame
        Balance with which every book begins: none; whatever its first balance says; or a frame of
        ``group``, ``book``, ``opening`` (0 for books not named). With 0, a book whose first balance lies
        above its first entry gives one finding of certainty ``look``, not one a row.
    transfer_days : int
        Days that may lie between the two halves of a movement between books.
    kinds : collection of str, optional
        Kinds of finding to return (see Notes); all by default.
    lang : {"en", "id"}
        Language of ``reason`` and ``suggestion``.

    Returns
    -------
    DataFrame
        ``row`` (as a spreadsheet shows it, header 1, by position whatever the index), ``kind``,
        ``certainty`` (``certain``: something is wrong there or beside it; ``likely``; ``look``: may be
        right, look in the paper book), ``group``, ``book``, ``date``, ``amount``, ``expected`` (what
        would make it right: the balance for ``balance``, else the amount), ``difference`` (written minus
        expected), ``other_row`` (the row it clashes with), ``reason``, ``suggestion``, ``evidence``;
        sorted by row. Empty, with these columns, when all fits.

    Raises
    ------
    kube_research.errors.MissingColumnError, kube_research.errors.OptionError

    Notes
    -----
    Kinds: ``balance`` (a stated balance off the computed one; one slip is one finding, at the row where
    it starts), ``duplicate``, ``sign``, ``transfer`` (a half missing, different or far away),
    ``period``, ``membership``, ``missing_amount``, ``zero``, and ``date`` (the balances place the entry
    on another day). A row gets one finding; what it explains elsewhere is not told again.

    ``membership`` covers people of another group, not in the roster (of groups that it lists), not yet
    joined or gone. A movement between books is held against the other books of the group under the same
    code, another code of a transfer, or an entry that names nobody; in a ledger of one book it is not.
    Equal entries of nobody in particular that a book is full of are taken for a habit, no duplicates.

    Entries of one day may stand in any order: the order in which their balances chain is looked for. The
    last entries of a book, when they are missing, leave no trace; an entry missing from a book without
    balances leaves none unless it was half of a transfer.

    Checked against ledgers with errors planted one, two and three at a time, in every shape of ledger
    the tests know, and against clean ledgers in any order of rows.

    Examples
    --------
    >>> book = pd.DataFrame({"date": ["2016-03-01", "2016-03-02", "2016-03-03"], "group": "07",
    ...                      "book": "kas", "category": ["sales", "cost", "sales"],
    ...                      "amount": [500000, -120000, 60000], "balance": [500000, 830000, 440000]})
    >>> found = reconcile_ledger(book)
    >>> found[["row", "kind", "expected"]].values.tolist()
    [[3, 'balance', 380000]]
    >>> found["suggestion"][0]
    'Two neighbouring digits were probably swapped in writing: IDR 380,000, not IDR 830,000.'
    """
    check_language(lang)
    for kind in kinds or ():
        need_option("kinds", kind, KINDS)
    if isinstance(transfer_days, bool) or not isinstance(transfer_days, int) or transfer_days < 0:
        raise OptionError(text("reconcile.error.transfer_days", lang, value=transfer_days))
    rows = read_rows(ledger, categories)
    found = _findings(
        rows, _period(period, lang), members, _opening(rows, opening, lang), transfer_days, opening
    )
    if kinds is not None:
        found = [finding for finding in found if finding.kind in kinds]
    return findings_frame(rows, found, lang)


def _period(period: tuple[object, object] | None, lang: str) -> tuple[dt.date, dt.date] | None:
    if period is None:
        return None
    try:
        first, last = period
        ends = [dt.date(1970, 1, 1) + dt.timedelta(days=int(end)) for end in days([first, last])]
    except (TypeError, ValueError, OverflowError, OptionError) as error:
        raise OptionError(text("reconcile.error.period", lang, value=period)) from error
    if ends[0] > ends[1]:
        raise OptionError(text("reconcile.error.period", lang, value=period))
    return ends[0], ends[1]


def _opening(rows: Rows, opening: object, lang: str) -> dict[int, int | None]:
    """Return the opening balance of each book, by its key."""
    names = book_names(rows)
    if isinstance(opening, pd.DataFrame):
        need_columns(opening, "group", "book", "opening")
        given = opening.assign(opening=money(opening, "opening")).dropna(subset=["opening"])
        if given.duplicated(["group", "book"]).any():
            raise OptionError(text("reconcile.error.opening_twice", lang))
        known = {
            (str(group), str(book)): int(amount)
            for group, book, amount in zip(
                given["group"], given["book"], given["opening"], strict=True
            )
        }
        return {key: known.get(name, 0) for key, name in enumerate(names)}
    if isinstance(opening, str) and opening == "stated":
        return dict.fromkeys(range(len(names)))
    if isinstance(opening, bool) or not isinstance(opening, int) or opening != 0:
        allowed = "0, 'stated', DataFrame"
        raise OptionError(
            text("error.option", lang, name="opening", value=opening, allowed=allowed)
        )
    return dict.fromkeys(range(len(names)), 0)


def _findings(
    rows: Rows,
    period: tuple[dt.date, dt.date] | None,
    members: pd.DataFrame | None,
    opening: dict[int, int | None],
    transfer_days: int,
    said: object,
) -> list[Finding]:
    """Return the findings of all kinds, at most one a row."""
    late = outside_period(rows, period)
    people = outside_membership(rows, members)
    blank = missing_amounts(rows)
    signs = wrong_signs(rows)
    copied = copies(rows)

    def at(found: Sequence[Finding]) -> np.ndarray[Any, np.dtype[np.bool_]]:
        mask = np.zeros(len(rows), dtype=bool)
        mask[[finding.at for finding in found]] = True
        return mask

    twice = np.zeros(len(rows), dtype=bool)
    twice[[one for one, _, _ in copied]] = True
    marks = Marks(
        free=at([*late, *people]),
        turned=at(signs),
        copied=twice,
        same=same_with_balance(rows, copied),
        empty=at([finding for finding in blank if finding.kind == "zero"]),
    )
    assumed = not isinstance(said, pd.DataFrame)
    balances = check_balances(rows, marks, opening, assumed=assumed)
    alone = copied_alone(rows, copied, balances, transfer_days, at(late))
    doubles = duplicates(rows, alone, balances)
    pairs = {finding.at: finding.other for finding in doubles if finding.other is not None}
    told = {finding.at for finding in late}
    moved = check_transfers(rows, balances, told, pairs, within=transfer_days)
    signs = _signs(rows, signs, balances)
    for finding in blank:
        amount = balances.implied.get(finding.at)
        if amount is not None:
            finding.expected = amount
            finding.suggestion = f"{finding.suggestion}_known"
            finding.fill["expected"] = amount
            if finding.kind == "zero":
                finding.difference, finding.certainty = -amount, "certain"
    every = [*late, *people, *blank, *signs, *doubles, *moved, *balances.findings]
    return _one_a_row(every)


def _signs(rows: Rows, signs: list[Finding], balances: Balances) -> list[Finding]:
    """Return the wrong signs, with those that the balances show."""
    declared = {finding.at: finding for finding in signs}
    for at in balances.turned:
        amount = int(rows.amount[at])
        finding = declared.setdefault(
            at,
            Finding(at, "sign", "certain", "sign_balance", "sign", -amount, 2 * amount),
        )
        finding.certainty = "certain"
        finding.reason = "sign_balance"
        finding.fill["amount"] = amount
    return list(declared.values())


def _one_a_row(findings: list[Finding]) -> list[Finding]:
    """Keep one finding a row, the surest kind first; an entry misdated between books is one finding."""
    rank = {kind: place for place, kind in enumerate(KINDS)}
    kept: dict[int, Finding] = {}
    for finding in sorted(findings, key=lambda one: (one.at, rank[one.kind])):
        kept.setdefault(finding.at, finding)
    far = {one.at: one for one in kept.values() if one.reason == "far"}
    away = {one.at for one in kept.values() if one.kind == "period"}
    away |= {at for one in far.values() for at in (one.at, one.other) if at is not None}
    for one in [one for one in kept.values() if one.kind == "date"]:
        if one.other in away:  # the other one is out of place, and that is told
            kept.pop(one.at)
        for pair in far.values():
            if one.at == pair.other:  # the balances tell which of the two halves has the wrong day
                kept.pop(pair.at, None)
    return sorted(kept.values(), key=lambda one: one.at)


def reconcile_summary(
    ledger: pd.DataFrame, findings: pd.DataFrame | None = None, **options: Any
) -> pd.DataFrame:
    """Return how many findings of each kind every book has, books without any included.

    Parameters
    ----------
    ledger : DataFrame
        As for :func:`reconcile_ledger`.
    findings : DataFrame, optional
        What :func:`reconcile_ledger` returned for it; worked out if not given.
    **options
        Options of :func:`reconcile_ledger`, when it has to be called.

    Returns
    -------
    DataFrame
        One row per group and book: ``entries``, ``stated`` (entries with a balance beside them: without
        any, 0 findings says nothing about balances), ``findings``, ``certain``, ``likely``, ``look``, a
        column for each kind, ``evidence``.

    Raises
    ------
    kube_research.errors.MissingColumnError, kube_research.errors.OptionError

    Examples
    --------
    >>> book = pd.DataFrame({"date": ["2016-03-01", "2016-03-02"], "group": "07", "book": "kas",
    ...                      "category": ["sales", "sales"], "amount": [500000, -120000]})
    >>> reconcile_summary(book)[["entries", "stated", "findings", "sign"]].values.tolist()
    [[2, 0, 1, 1]]
    """
    need_columns(ledger, "date", "group", "book", "category", "amount")
    if findings is None:
        findings = reconcile_ledger(ledger, **options)
    need_columns(findings, "group", "book", "kind", "certainty")
    keys = ["group", "book"]
    names = {key: ledger[key].astype("string").fillna("") for key in keys}
    rows = pd.DataFrame(names)
    rows["stated"] = ledger["balance"].notna() if "balance" in ledger else False
    rows["grade"] = ledger.get("evidence", "recorded")
    done = rows.groupby(keys).agg(entries=("stated", "size"), stated=("stated", "sum"))
    told = findings.assign(**{key: findings[key].astype("string").fillna("") for key in keys})
    done["findings"] = told.groupby(keys).size().reindex(done.index, fill_value=0)
    for column, values in (("certainty", ("certain", "likely", "look")), ("kind", KINDS)):
        for value in values:
            counted = told[told[column] == value].groupby(keys).size()
            done[value] = counted.reindex(done.index, fill_value=0)
    done = done.astype("int64")
    done["evidence"] = rows.groupby(keys)["grade"].agg(lambda grades: weakest(grades.dropna()))
    done["evidence"] = done["evidence"].astype("string")
    return done.reset_index()


def reconcile_site(site: Site, **options: Any) -> pd.DataFrame:
    """Return what does not fit in the books of a site.

    Parameters
    ----------
    site : Site
        A site with a ``ledger``. Its ``books_period`` (else ``period``), ``members`` and ``categories``
        are used where it has them.
    **options
        Options of :func:`reconcile_ledger`; they go before what the site says.

    Returns
    -------
    DataFrame
        See :func:`reconcile_ledger`.

    Raises
    ------
    kube_research.errors.MissingTableError, kube_research.errors.OptionError

    Examples
    --------
    >>> import kube_research as kr
    >>> len(reconcile_site(kr.load_site("cibeunying-simulated")))
    0
    """
    from_site: dict[str, Any] = {"period": site.info.books_period or site.info.period}
    for name in ("members", "categories"):
        if site.has(name):
            from_site[name] = site.table(name)
    return reconcile_ledger(site.table("ledger"), **{**from_site, **options})
