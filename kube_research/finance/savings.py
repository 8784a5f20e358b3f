"""Members' savings: who saves how much, how evenly, and what the group saves besides."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from kube_research.attendance.rates import wilson_interval
from kube_research.finance.books import (
    SAVINGS,
    AnyBooks,
    as_books,
    frame_of,
    need_level,
    parts,
    sums_by,
)
from kube_research.finance.saved import SAVING, SHARES, saving_moves
from kube_research.formats import as_money, currency_of
from kube_research.frames import FEW, documented, grade_of, need_columns, need_option
from kube_research.levels import grades_of_ranks, ranks_of_evidence
from kube_research.texts import check_language, text

_MONEY = ("opening", "deposits", "withdrawals", "balance", "profit", "months_saved")


@documented
def member_savings(books: AnyBooks, *, on: object = None) -> pd.DataFrame:
    """Return what every member put into the savings book and took out of it.

    Counted are the entries of books of savings and of shares (``tabungan``, ``saham``) that carry a
    person, and shares bought in any book; money moved between books, IKS, business and loan entries,
    fines and fees are not savings of a person. After a share-out a person has saved nothing.

    Parameters
    ----------
    |books|
    on : str or Timestamp, optional
        Members and savings of this day: who had joined and not yet left, and entries up to and with
        it. By default everybody in the roster who is pengurus or anggota, and all entries.

    Returns
    -------
    DataFrame
        One row per member, sorted by group and person: ``person``, ``group``, ``role``, ``member``
        (False for somebody with savings who does not count as a member of that group; ``role`` is
        missing if the roster of that group does not know them), ``opening`` (brought forward),
        ``deposits`` and ``withdrawals`` (both positive, read from the sign of the amount), ``balance``
        (``opening + deposits - withdrawals``), ``profit`` (paid to them beyond what they had saved, see
        :func:`~kube_research.finance.saved.saving_moves`), all in rupiah, ``months_saved`` (calendar
        months with a deposit), ``last_deposit`` (day), ``evidence``. A member without entries has 0
        where the ledger holds the savings book of the group, and missing values where it holds none of
        it or where its savings name nobody.

    Raises
    ------
    kube_research.errors.MissingColumnError
    kube_research.errors.OptionError
        For books without members, an amount that is no whole rupiah or an ``on`` that is no day.

    Notes
    -----
    Checked against ledgers worked out by hand; the balances of all rows of a group add up to the
    savings entries with a person in its book (tests).

    Examples
    --------
    >>> import kube_research as kr
    >>> savings = member_savings(kr.load_site("cibeunying-simulated"))
    >>> len(savings), bool(savings.eval("balance == deposits - withdrawals").all())
    (30, True)
    """
    books = as_books(books)
    need_columns(books.ledger, "person")
    entries = books.until(on)
    book = entries[entries["kind"].isin(SAVINGS)]
    moves = saving_moves(entries)
    own = moves[moves["person"].notna()]
    people = books.roster(on)
    mine = own.assign(person=own["person"].astype("string"), group=own["group"].astype("string"))
    saved, later = mine["saved"], mine["flow"] != "opening"
    mine = mine.assign(
        opening=saved.where(~later, 0),
        deposits=saved.clip(lower=0).where(later, 0),
        withdrawals=(-saved).clip(lower=0).where(later, 0),
        balance=saved,
    )
    put_in = mine[later & (saved > 0)]
    keys = ["group", "person"]
    sums = mine.groupby(keys)[list(_MONEY[:5])].sum()
    sums["months_saved"] = put_in.groupby(keys)["month"].nunique()
    sums["last_deposit"] = put_in.groupby(keys)["date"].max()
    sums["_rank"] = mine.assign(_rank=ranks_of_evidence(mine)).groupby(keys)["_rank"].max()
    every = people.merge(sums.reset_index(), "outer", keys)
    every = every[every["member"].eq(True) | every["balance"].notna()]
    every["member"] = every["member"].eq(True).astype("bool")
    unnamed = set(moves["group"].astype("string")) - set(mine["group"])
    kept = set(book["group"].astype("string")) | set(mine["group"])
    covered = every["group"].isin(kept - unnamed)
    for name in _MONEY:
        every[name] = every[name].astype("Int64").where(every[name].notna() | ~covered, 0)
    every["_of"] = ranks_of_evidence(every)
    every["evidence"] = grades_of_ranks(every[["_of", "_rank"]].max(axis=1))
    columns = [*("person", "group", "role", "member"), *_MONEY, "last_deposit", "evidence"]
    frame = every.sort_values(keys, ignore_index=True)[columns]
    return as_money(frame, books.currency, *_MONEY[:5])


def gini(values: npt.ArrayLike, *, corrected: bool = False) -> float:
    """Return the Gini coefficient of amounts: 0 when all are equal.

    Parameters
    ----------
    values : array_like of float
        One amount a person; missing ones are as if not there.
    corrected : bool
        False: the mean absolute difference over all n * n pairs, divided by twice the mean; one person
        who has everything among n gives (n - 1) / n. True: times n / (n - 1), which leaves a person's
        pair with themselves out, so that the same case gives 1; often used for small groups.

    Returns
    -------
    float
        nan without amounts, with one below zero (the result could be anything above 0), when all are
        zero, and for one person if ``corrected``.

    Notes
    -----
    Gini (1912), *Variabilità e mutabilità*. Checked against the mean absolute difference over all
    pairs by brute force and against the area under :func:`lorenz_points`.

    Examples
    --------
    >>> gini([1, 1, 1]), gini([0, 0, 3]), gini([0, 0, 3], corrected=True)
    (0.0, 0.6666666666666666, 1.0)
    """
    amounts = np.sort(_known(values))
    if _why_no_gini(amounts, corrected=corrected):
        return float("nan")
    count, total = len(amounts), float(amounts.sum())
    ranks = 2 * np.arange(1, count + 1) - count - 1
    return float(ranks @ amounts) / ((count - 1 if corrected else count) * total)


def lorenz_points(values: npt.ArrayLike) -> pd.DataFrame:
    """Return the Lorenz curve: which share of the money the least-saving share of people holds.

    Parameters
    ----------
    values : array_like of float
        As for :func:`gini`.

    Returns
    -------
    DataFrame
        ``share_people`` and ``share_money`` from 0, 0 to 1, 1, one row more than people; without
        rows where :func:`gini` is nan.

    Examples
    --------
    >>> lorenz_points([3, 1])["share_money"].tolist()
    [0.0, 0.25, 1.0]
    """
    amounts = np.sort(_known(values))
    if _why_no_gini(amounts, corrected=False):
        amounts = amounts[:0]
    running = np.concatenate([[0.0], np.cumsum(amounts)])[: len(amounts) + bool(len(amounts))]
    people = np.arange(len(running)) / max(1, len(amounts))
    total = running[-1] if len(running) else 1.0
    return pd.DataFrame({"share_people": people, "share_money": running / total})


def _known(values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    amounts = pd.Series(np.asarray(values, dtype=object)).dropna().to_numpy(dtype=float)
    known: npt.NDArray[np.float64] = amounts[~np.isnan(amounts)]
    return known


def _why_no_gini(amounts: npt.NDArray[np.float64], *, corrected: bool) -> str:
    """Return why sorted amounts have no Gini coefficient, as the key of a sentence, or nothing."""
    if not len(amounts):
        return "no_savings"
    if amounts[0] < 0:
        return "overdrawn"
    if not amounts[-1] > 0:
        return "nothing_saved"
    return "one_member" if corrected and len(amounts) < 2 else ""


@documented
def savings_spread(
    savings: pd.DataFrame,
    *,
    by: str | None = "group",
    saver: str = "balance",
    corrected: bool = False,
    confidence: float = 0.95,
    lang: str = "en",
) -> pd.DataFrame:
    """Return how many members save, how much on average, and how evenly.

    Parameters
    ----------
    savings : DataFrame
        As from :func:`member_savings`: ``balance``, perhaps ``group``, ``deposits``, ``member`` and
        ``role``. Rows that are no member's (``member`` False; without that column, ``role`` missing)
        are reported apart. Rows without a balance are as if not there.
    |by_group|
    saver : {"balance", "deposited"}
        Who counts as saving: whose balance is above zero, or who ever deposited.
    corrected : bool
        Of the Gini coefficient, see :func:`gini`.
    confidence : float
        Of the Wilson interval.
    lang : {"en", "id"}
        Language of ``reason``.

    Returns
    -------
    DataFrame
        ``members`` whose savings are known, ``saving``, ``share_saving`` with ``low`` and ``high``,
        ``total`` (rupiah), ``average`` (``total / members``), ``median``, ``gini`` (missing where a
        balance is below zero, which :func:`~kube_research.finance.reconcile.findings.reconcile_ledger`
        tells), ``outside`` and ``outside_total`` (rows that are no member's and their balance),
        ``reason`` (why there is no ``gini``, else empty), ``few`` (fewer than five members),
        ``evidence``.

    |frame_errors|

    Notes
    -----
    Average savings per member as in the SAVIX MIS 2.1 user guide (2020): total savings over members.
    Checked by hand and with ``scipy.stats.binomtest(...).proportion_ci(method="wilson")``.

    Examples
    --------
    >>> import kube_research as kr
    >>> savings = member_savings(kr.load_site("cibeunying-simulated"))
    >>> savings_spread(savings, by=None)[["members", "saving", "average"]].values.tolist()
    [[30, 30, 114666.66666666667]]
    """
    check_language(lang)
    keys = need_level(by)
    need_option("saver", saver, ("balance", "deposited"))
    column = "balance" if saver == "balance" else "deposits"
    need_columns(savings, *keys, "balance", column)
    known = savings[savings["balance"].notna()]
    if "member" in known:
        counts = known["member"].eq(True)
    elif "role" in known:
        counts = known["role"].notna()
    else:
        counts = pd.Series(True, index=known.index)
    known = known.assign(_counts=counts.fillna(False).astype("bool"))
    rows = []
    for level, part in parts(known, keys):
        mine, others = part[part["_counts"]], part[~part["_counts"]]
        count, total = len(mine), int(mine["balance"].sum())
        saving = int((mine[column].fillna(0) > 0).sum())
        low, high = wilson_interval(saving, count, confidence=confidence)
        row: dict[str, Any] = {**level, "members": count, "saving": saving}
        row |= {"share_saving": saving / count if count else None}
        row |= {"low": float(low), "high": float(high), "total": total}
        row |= {"average": total / count if count else None}
        row |= {"median": float(mine["balance"].median()) if count else None}
        row |= {"gini": gini(mine["balance"], corrected=corrected)}
        why = _why_no_gini(np.sort(_known(mine["balance"])), corrected=corrected)
        row |= {"reason": text(f"finance.reason.{why}", lang) if why else ""}
        row |= {"outside": len(others), "outside_total": int(others["balance"].sum())}
        rows.append(row | {"few": count < FEW, "evidence": grade_of(part)})
    shares = ["share_saving", "low", "high", "average", "median", "gini"]
    wholes = ["members", "saving", "total", "outside", "outside_total"]
    names = [*keys, *wholes[:2], *shares[:3], "total", *shares[3:], *wholes[3:]]
    frame = frame_of(rows, [*names, "reason", "few", "evidence"], money=wholes, ratio=shares)
    frame = frame.astype({"reason": "string", "few": "bool"})
    money = ("total", "average", "median", "outside_total")
    return as_money(frame, currency_of(savings), *money)


@documented
def group_savings(books: AnyBooks, *, by: str | None = "group") -> pd.DataFrame:
    """Return what stands in the books of savings and shares, by whose money it is.

    Parameters
    ----------
    |books|
    |by_group|

    Returns
    -------
    DataFrame
        In rupiah: ``opening``, ``deposits`` (money of members put in), ``unnamed`` (the part of the
        deposits that names nobody), ``withdrawals`` (positive), ``cooperative`` (profit that came in
        to be put into the cooperative, less what went back), ``other`` (everything else, signed, such
        as interest, a fine, a sale in the wrong book, or what a share-out pays beyond the savings),
        ``total`` (``opening + deposits - withdrawals + cooperative + other``, the closing balance of the
        books of savings and shares together), ``evidence``. All missing for a group of which the ledger
        holds no such book.

    |frame_errors|

    Notes
    -----
    The total equals :func:`~kube_research.finance.closing.closing_balances` of those books (tests).

    Examples
    --------
    >>> import kube_research as kr
    >>> savings = group_savings(kr.load_site("cibeunying-simulated")).iloc[0]
    >>> int(savings["deposits"] + savings["cooperative"] - savings["total"])
    0
    """
    keys = need_level(by)
    books = as_books(books)
    entries = books.entries
    moves = saving_moves(entries)
    rest = entries[~entries["flow"].isin(SAVING) | ~entries["kind"].isin(SAVINGS)]
    rows = pd.concat([rest[~rest["flow"].isin(SHARES)].assign(saved=0), moves], ignore_index=True)
    amount, saved, flow = rows["amount"], rows["saved"], rows["flow"]
    kept = saved.where(flow != "opening", 0)
    put_in = kept.clip(lower=0)
    sums = {
        "opening": saved.where(flow == "opening", 0),
        "deposits": put_in,
        "unnamed": put_in.where(rows["person"].isna(), 0),
        "withdrawals": (-kept).clip(lower=0),
        "cooperative": amount.where(flow == "cooperative", 0),
        "other": (amount - saved).where(flow != "cooperative", 0),
        "total": amount,
    }
    frame = sums_by(rows, keys, rows["kind"].isin(SAVINGS), sums)
    return as_money(frame, books.currency, *sums)
