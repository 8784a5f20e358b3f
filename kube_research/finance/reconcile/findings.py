"""The groups' books held against themselves: what does not fit is told, and nothing is corrected."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from kube_research.errors import OptionError
from kube_research.finance.books import AnyBooks, as_books
from kube_research.finance.reconcile.below_zero import below_zero
from kube_research.finance.reconcile.chain import Marks
from kube_research.finance.reconcile.rows import (
    Finding,
    Mask,
    Rows,
    days,
    misplaced,
    missing_amounts,
    money,
    odd_sizes,
    outside_membership,
    outside_period,
    read_rows,
    wrong_signs,
)
from kube_research.finance.reconcile.stated import Balances, check_balances
from kube_research.finance.reconcile.transfers import (
    check_transfers,
    copied_alone,
    copies,
    duplicates,
    same_with_balance,
)
from kube_research.formats import RUPIAH, Currency, as_money, day_of
from kube_research.formats import money as money_in_words
from kube_research.frames import documented, need_columns, need_option, weakest
from kube_research.site.accounts import flows
from kube_research.texts import check_language, text

_day = lru_cache(maxsize=4096)(day_of)
_money = lru_cache(maxsize=4096)(money_in_words)

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


def _say(name: str, value: object, lang: str, currency: Currency) -> str:
    """Return a value as readers write it: a day, a row number, money, or words."""
    if isinstance(value, dt.date):
        return _day(value, lang, "d MMMM y")
    if isinstance(value, int | np.integer):
        return str(int(value) + 2) if name.startswith("row") else _money(int(value), lang, currency)
    return str(value)


def _named(rows: Rows, finding: Finding) -> dict[str, object]:
    """Return what a sentence may name of the row that does not fit, and of the one it clashes with."""
    at, other = finding.at, finding.other
    words = rows.frame.iloc[at]
    named: dict[str, object] = {name: words[name] for name in ("group", "book", "category")}
    named |= {"person": words["person"], "day": rows.date(at), "amount": int(rows.amount[at])}
    named |= {"stated": int(rows.balance[at])}
    for name, size in (("expected", finding.expected), ("difference", finding.difference)):
        named |= {} if size is None else {name: int(size)}
    if other is not None:
        named |= {"row_other": other, "other_book": rows.book(other), "day_other": rows.date(other)}
    return named


def _in_words(named: Mapping[str, object], lang: str, currency: Currency) -> dict[str, str]:
    return {name: _say(name, value, lang, currency) for name, value in named.items()}


def _suggested(finding: Finding, named: Mapping[str, object], lang: str, currency: Currency) -> str:
    """Return what may explain a finding: every cause that fits, the best one first."""
    causes = [(finding.suggestion, {}), *finding.also]
    sentences = [
        text(f"reconcile.suggestion.{cause}", lang, **_in_words({**named, **fill}, lang, currency))
        for cause, fill in causes
    ]
    return " ".join([sentences[0], *(text("reconcile.or", lang, cause=s) for s in sentences[1:])])


def _category_names(rows: Rows, categories: pd.DataFrame | None, lang: str) -> pd.Series:
    """Return what each row's category is called in a sentence: in words, with its code behind."""
    code, flow = rows.frame["category"], rows.frame["flow"]
    words = flow.map(flows().set_index("flow")[f"label_{lang}"]).mask(flow == "unknown")
    if categories is not None and f"label_{lang}" in categories:
        own = categories.dropna(subset=["category"]).drop_duplicates("category")
        own = own.set_index(own["category"].astype("string").str.lower())
        words = code.map(own[f"label_{lang}"]).astype("string").fillna(words)
    same = words.str.casefold() == code.str.replace("_", " ").str.casefold()
    return (words + " (" + code + ")").mask(same, words).fillna(code)


def findings_frame(
    rows: Rows,
    findings: list[Finding],
    lang: str,
    currency: Currency = RUPIAH,
    categories: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return the findings as a tidy frame."""
    table = []
    names = _category_names(rows, categories, lang)
    grades = rows.frame.get("evidence", pd.Series(pd.NA, rows.frame.index))
    for finding in findings:
        at, other = finding.at, finding.other
        named = {**_named(rows, finding), "category": names.iloc[at], **finding.fill}
        fill = _in_words(named, lang, currency)
        near = [at] if other is None else [at, other]
        table.append(
            {
                "row": at + 2,
                "kind": finding.kind,
                "certainty": finding.certainty,
                "group": named["group"] or None,
                "book": named["book"] or None,
                "date": pd.Timestamp(rows.date(at)),
                "amount": rows.amount[at] if rows.known[at] else None,
                "expected": finding.expected,
                "difference": finding.difference,
                "other_row": None if other is None else other + 2,
                "reason": text(f"reconcile.reason.{finding.reason}", lang, **fill),
                "suggestion": _suggested(finding, named, lang, currency),
                "evidence": weakest(grades.iloc[near].dropna()),
            }
        )
    frame = pd.DataFrame(table, columns=list(_TYPES), dtype=object).astype(_TYPES)
    return as_money(frame, currency, "amount", "expected", "difference")


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
    "overdrawn",
    "below_zero",
    "odd_amount",
    "misplaced",
    "zero",
)


@documented
def reconcile_ledger(
    books: AnyBooks,
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
    |books|
    period, members, categories : optional
        What a plain ledger comes without, or what goes before that of the books: first and last day
        that they cover (without these no entry is outside), the roster that entries of people are held
        against, the site's own categories.
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

    |frame_errors|

    Notes
    -----
    Kinds: ``balance`` (a stated balance off the computed one; one slip is one finding, at the row where
    it starts), ``duplicate``, ``sign``, ``transfer`` (a half missing, different or far away),
    ``period``, ``membership``, ``missing_amount``, ``zero``, ``date`` (the balances place the entry on
    another day), ``below_zero`` (a book has paid out more than it held; ``difference`` is what it then
    holds), ``overdrawn`` (a member has taken out more than saved; all savings that name nobody could be
    theirs), ``odd_amount`` (about a thousand times larger or smaller than is usual in its category) and
    ``misplaced`` (an entry of the business in the IKS book, IKS spending in another). A row gets one
    finding; what it explains elsewhere is not told again. Where several causes fit, ``suggestion`` names
    all of them.

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
    >>> findings = reconcile_ledger(book)
    >>> findings[["row", "kind", "expected"]].values.tolist()
    [[3, 'balance', 380000]]
    >>> findings["suggestion"][0]
    'Two neighbouring digits were probably swapped in writing: IDR 380,000, not IDR 830,000.'
    """
    check_language(lang)
    for kind in kinds or ():
        need_option("kinds", kind, KINDS)
    if isinstance(transfer_days, bool) or not isinstance(transfer_days, int) or transfer_days < 0:
        raise OptionError(text("reconcile.error.transfer_days", lang, value=transfer_days))
    books = as_books(books, period=period, members=members, categories=categories)
    rows = read_rows(books)
    covered, begun = _period(books.period, lang), _opening(rows, opening, lang)
    stated = isinstance(opening, pd.DataFrame)
    findings = _findings(rows, covered, books.members, begun, transfer_days, assumed=not stated)
    if kinds is not None:
        findings = [finding for finding in findings if finding.kind in kinds]
    return findings_frame(rows, findings, lang, books.currency, books.categories)


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
    books = rows.frame[["group", "book"]].assign(key=rows.key).drop_duplicates("key")
    if isinstance(opening, pd.DataFrame):
        need_columns(opening, "group", "book", "opening")
        given = opening.assign(opening=money(opening, "opening")).dropna(subset=["opening"])
        given = given.astype({"group": "string", "book": "string"})
        if given.duplicated(["group", "book"]).any():
            raise OptionError(text("reconcile.error.opening_twice", lang))
        begun = books.merge(given, "left", on=["group", "book"])["opening"].fillna(0)
        return {int(key): int(first) for key, first in zip(books["key"], begun, strict=True)}
    if isinstance(opening, str) and opening == "stated":
        return dict.fromkeys(books["key"].tolist())
    if isinstance(opening, bool) or not isinstance(opening, int) or opening != 0:
        allowed = "0, 'stated', DataFrame"
        raise OptionError(
            text("error.option", lang, name="opening", value=opening, allowed=allowed)
        )
    return dict.fromkeys(books["key"].tolist(), 0)


def _findings(
    rows: Rows,
    period: tuple[dt.date, dt.date] | None,
    members: pd.DataFrame | None,
    opening: dict[int, int | None],
    transfer_days: int,
    *,
    assumed: bool,
) -> list[Finding]:
    """Return the findings of all kinds, at most one a row."""
    late = outside_period(rows, period)
    people = outside_membership(rows, members)
    blank = missing_amounts(rows)
    signs = wrong_signs(rows)
    copied = copies(rows)

    def spots(positions: Iterable[int]) -> Mask:
        mask = np.zeros(len(rows), dtype=bool)
        mask[list(positions)] = True
        return mask

    misdated = {finding.at for finding in late}
    marks = Marks(
        free=spots(finding.at for finding in [*late, *people]),
        turned=spots(finding.at for finding in signs),
        copied=spots(at for at, _, _ in copied),
        same=same_with_balance(rows, copied),
        empty=spots(finding.at for finding in blank if finding.kind == "zero"),
    )
    balances = check_balances(rows, marks, opening, assumed=assumed)
    alone = copied_alone(rows, copied, balances, transfer_days, spots(misdated))
    doubles = duplicates(rows, alone, balances)
    pairs = {finding.at: finding.other for finding in doubles if finding.other is not None}
    moved = check_transfers(rows, balances, misdated, pairs, within=transfer_days)
    signs = _signs(rows, signs, balances)
    blank = [_amount_told(finding, balances) for finding in blank]
    sure = _one_a_row([*late, *people, *blank, *signs, *doubles, *moved, *balances.findings])
    named = {row for finding in sure for row in _named_rows(finding)}
    odd = [finding for finding in odd_sizes(rows) if finding.at not in named]
    low = below_zero(rows, balances, [*sure, *odd], opening)
    return _one_a_row([*sure, *low, *odd, *misplaced(rows)])


def _amount_told(finding: Finding, balances: Balances) -> Finding:
    """Return a missing amount with what the balances, or the other half, tell of it."""
    amount = balances.implied.get(finding.at)
    if amount is None:
        return finding
    known = finding.restated(expected=amount, suggestion=f"{finding.suggestion}_known")
    if finding.kind == "zero":
        known = known.restated(difference=-amount, certainty="certain")
    return known


def _signs(rows: Rows, signs: list[Finding], balances: Balances) -> list[Finding]:
    """Return the wrong signs, with those that the balances show."""
    declared = {finding.at: finding for finding in signs}
    for at in balances.turned:
        amount = int(rows.amount[at])
        size: dict[str, Any] = {"expected": -amount, "difference": 2 * amount}
        finding = declared.get(at, Finding(at, "sign", "certain", "sign_balance", "sign", **size))
        declared[at] = finding.restated(certainty="certain", reason="sign_balance")
    return list(declared.values())


def _named_rows(finding: Finding) -> list[int]:
    """Return the rows in which a finding says that the error may be."""
    causes = [finding.fill, *(fill for _, fill in finding.also)]
    rows = [finding.at, finding.other, *(fill.get("row_meant") for fill in causes)]
    return [row for row in rows if isinstance(row, int)]


def _one_a_row(findings: list[Finding]) -> list[Finding]:
    """Keep one finding a row, the surest kind first; an entry misdated between books is one finding.

    What falls below zero with an amount of odd size names both causes.
    """
    rank = {kind: place for place, kind in enumerate(KINDS)}
    kept: dict[int, Finding] = {}
    for finding in sorted(findings, key=lambda finding: (finding.at, rank[finding.kind])):
        first = kept.setdefault(finding.at, finding)
        if first.kind in ("overdrawn", "below_zero") and finding.kind == "odd_amount":
            meant = {"expected": finding.expected}
            kept[finding.at] = first.restated(also=((finding.suggestion, meant),))
    far = {finding.at: finding for finding in kept.values() if finding.reason == "far"}
    away = {finding.at for finding in kept.values() if finding.kind == "period"}
    away |= {at for half in far.values() for at in (half.at, half.other) if at is not None}
    for dated in [finding for finding in kept.values() if finding.kind == "date"]:
        if dated.other in away:  # the other one is out of place, and that is told
            kept.pop(dated.at)
        for half in far.values():
            if dated.at == half.other:  # the balances tell which of the two has the wrong day
                kept.pop(half.at, None)
    return sorted(kept.values(), key=lambda finding: finding.at)


@documented
def reconcile_summary(
    books: AnyBooks, findings: pd.DataFrame | None = None, **options: Any
) -> pd.DataFrame:
    """Return how many findings of each kind every book has, books without any included.

    Parameters
    ----------
    |books|
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

    |frame_errors|

    Examples
    --------
    >>> book = pd.DataFrame({"date": ["2016-03-01", "2016-03-02"], "group": "07", "book": "kas",
    ...                      "category": ["sales", "sales"], "amount": [500000, -120000]})
    >>> reconcile_summary(book)[["entries", "stated", "findings", "sign"]].values.tolist()
    [[2, 0, 1, 1]]
    """
    books = as_books(books)
    ledger = books.ledger
    need_columns(ledger, "date", "group", "book", "category", "amount")
    if findings is None:
        findings = reconcile_ledger(books, **options)
    need_columns(findings, "group", "book", "kind", "certainty")
    keys = ["group", "book"]
    names = {key: ledger[key].astype("string").fillna("") for key in keys}
    rows = pd.DataFrame(names)
    rows["stated"] = ledger["balance"].notna() if "balance" in ledger else False
    rows["grade"] = ledger.get("evidence", "recorded")
    books_of = rows.groupby(keys)
    summary = books_of.agg(entries=("stated", "size"), stated=("stated", "sum"))
    findings = findings.assign(**{key: findings[key].astype("string").fillna("") for key in keys})
    summary["findings"] = findings.groupby(keys).size().reindex(summary.index, fill_value=0)
    for column, values in (("certainty", ("certain", "likely", "look")), ("kind", KINDS)):
        for value in values:
            counted = findings[findings[column] == value].groupby(keys).size()
            summary[value] = counted.reindex(summary.index, fill_value=0)
    summary = summary.astype("int64")
    summary["evidence"] = books_of["grade"].agg(lambda grades: weakest(grades.dropna()))
    summary["evidence"] = summary["evidence"].astype("string")
    return summary.reset_index()
