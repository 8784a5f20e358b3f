"""The rows of a ledger made ready for reconciliation, and what one row tells by itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from kube_research.errors import OptionError
from kube_research.finance.books import Books, kinds_of
from kube_research.frames import need_columns
from kube_research.site.accounts import flows, with_flows
from kube_research.texts import text

Whole = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

#: What stands for a missing day.
NO_DAY = int(np.iinfo(np.int64).min)
#: Flows whose entry may well be dated after the member has left.
_SETTLING = ("withdrawal", "share_out", "payout", "loan_repaid", "loan_interest", "fine", "fee")
#: On which side of which day of the roster an entry lies that is no member's.
_EDGES = {"before": "joined", "after": "left"}
#: Codes that name what is kept, not which way it moves: some books write both ways under them.
_BOTH_WAYS = (
    *("tabungan", "savings", "simpanan", "deposit", "deposits", "loan", "loans", "pinjaman"),
    *("saham", "shares"),
)
#: A flow that a well-known code means in most books, but not in this one.
_ELSEWHERE = {("grant", "solidarity")}


@dataclass(frozen=True)
class Finding:
    """One thing that does not fit in the books.

    Attributes
    ----------
    at : int
        Position of the row in the ledger as it came.
    kind, certainty : str
        See :func:`~kube_research.finance.reconcile.findings.reconcile_ledger`.
    reason, suggestion : str
        Keys of the sentences in ``words/finance.toml``.
    expected, difference : int or None
        What would make it right, and what is written less that.
    other : int or None
        Position of the row it clashes with.
    fill : dict
        What the sentences name besides the two rows: whole numbers are rupiah (or rows, where the
        name begins with ``row``), dates are days.
    also : tuple
        Further suggestions that fit as well, each with what its sentence names.
    """

    at: int
    kind: str
    certainty: str
    reason: str
    suggestion: str
    expected: int | None = field(default=None, kw_only=True)
    difference: int | None = field(default=None, kw_only=True)
    other: int | None = field(default=None, kw_only=True)
    fill: Mapping[str, object] = field(default_factory=dict, kw_only=True)
    also: tuple[tuple[str, Mapping[str, object]], ...] = field(default=(), kw_only=True)

    def restated(self, **changes: Any) -> Finding:
        """Return the finding with some parts said otherwise; ``fill`` adds to that of the finding."""
        fill = {**self.fill, **changes.pop("fill", {})}
        return replace(self, fill=fill, **changes)


@dataclass(frozen=True)
class Rows:
    """A ledger as plain arrays, one element a row, in the order the rows came."""

    frame: pd.DataFrame
    day: Whole
    key: Whole
    group: Whole
    amount: Whole
    known: Mask
    balance: Whole
    stated: Mask
    kind: npt.NDArray[np.object_]  # what the book holds
    flow: npt.NDArray[np.object_]
    sign: Whole
    moves: Mask
    own: Mask  # the site itself says what the category means

    def __len__(self) -> int:
        return len(self.frame)

    def date(self, at: int) -> dt.date:
        """Return the day of a row."""
        return _date(self.day[at])

    def book(self, at: int) -> str:
        """Return the book of a row."""
        return str(self.frame["book"].iloc[at])


def _date(day: int | np.int64) -> dt.date:
    return dt.date(1970, 1, 1) + dt.timedelta(days=int(day))


def money(frame: pd.DataFrame, column: str) -> pd.Series:
    """Return a column as whole rupiah, missing where nothing stands."""
    try:
        return frame[column].astype("Int64")
    except (TypeError, ValueError, OverflowError) as error:
        raise OptionError(text("reconcile.error.money", column=column)) from error


def days(values: object) -> Whole:
    """Return dates as days since 1970; the smallest number stands for a missing one."""
    try:
        stamps = pd.to_datetime(pd.Series(values), format="ISO8601")
        if stamps.dt.tz is not None:
            stamps = stamps.dt.tz_localize(None)
    except (TypeError, ValueError, AttributeError) as error:
        raise OptionError(text("reconcile.error.dates")) from error
    return np.asarray(stamps.to_numpy().astype("datetime64[D]").astype(np.int64))


def read_rows(books: Books) -> Rows:
    """Return the rows of a ledger; the frame itself is left alone."""
    need_columns(books.ledger, "date", "group", "book", "category", "amount")
    frame = books.ledger.reset_index(drop=True)
    none = pd.Series(pd.NA, frame.index)
    for name in ("group", "book", "category", "person", "note"):
        frame[name] = frame.get(name, none).astype("string").fillna("")
    amount = money(frame, "amount")
    balance = money(frame.assign(balance=frame.get("balance", none)), "balance")
    about = flows().set_index("flow")
    read = with_flows(frame, books.categories)
    read["category"] = read["code"]
    own: Any = ()
    if books.categories is not None:
        own = books.categories["category"].astype("string").str.lower()
    day = pd.Series(days(frame["date"]), dtype="Int64").replace(NO_DAY, pd.NA)
    rows = Rows(
        frame=read,
        day=day.ffill().bfill().fillna(0).to_numpy(np.int64),  # undated: as the row before it
        key=np.asarray(frame.groupby(["group", "book"], sort=False).ngroup(), np.int64),
        group=np.asarray(frame.groupby("group", sort=False).ngroup(), np.int64),
        amount=amount.fillna(0).to_numpy(np.int64),
        known=amount.notna().to_numpy(dtype=bool),
        balance=balance.fillna(0).to_numpy(np.int64),
        stated=balance.notna().to_numpy(dtype=bool),
        kind=kinds_of(frame["book"], books.about_books).to_numpy(dtype=object),
        flow=read["flow"].to_numpy(dtype=object),
        sign=read["flow"].map(about["sign"]).to_numpy(dtype=np.int64),
        moves=read["flow"].map(about["transfer"]).to_numpy(dtype=bool),
        own=read["category"].isin(own).to_numpy(dtype=bool),
    )
    between = _moved_between(rows)
    return replace(rows, moves=rows.moves | between, sign=np.where(between, 0, rows.sign))


def _moved_between(rows: Rows) -> Mask:
    """Tell the rows of categories that go out of one book and into another of the same group."""
    frame = rows.frame[["group", "book", "category"]].assign(
        day=rows.day, amount=rows.amount, side=np.sign(rows.amount), at=np.arange(len(rows))
    )
    frame = frame[(frame["side"] != 0) & (frame["category"] != "") & ~rows.moves]
    major = frame.groupby(["category", "book"])["side"].sum()
    spread = np.sign(major).groupby("category").agg(["min", "max"])
    codes = spread.index[(spread["min"] < 0) & (spread["max"] > 0)]
    between = np.zeros(len(rows), dtype=bool)
    for code in codes:
        part = frame[frame["category"] == code]
        paid, got = part[part["side"] < 0], part[part["side"] > 0]
        same = paid.assign(amount=-paid["amount"]).merge(got, on=["group", "amount"])
        same = same[(same["book_x"] != same["book_y"]) & ((same.day_x - same.day_y).abs() <= 31)]
        near = paid.merge(got, on=["group", "day"])
        near = near[near["book_x"] != near["book_y"]]
        for side, all_of in (("at_x", paid), ("at_y", got)):
            partners = set(same[side]) | set(near[side])
            if len(all_of) == min(len(paid), len(got)) and 2 * len(partners) >= len(all_of):
                between |= (rows.frame["category"] == code).to_numpy(dtype=bool)
    return between


def missing_amounts(rows: Rows) -> list[Finding]:
    """Find rows without an amount, and rows of zero rupiah."""
    opens = rows.flow == "opening"
    blank = np.flatnonzero(~rows.known & ~(opens & rows.stated))
    zero = np.flatnonzero(rows.known & (rows.amount == 0) & ~opens)
    return [
        *(
            Finding(at, "missing_amount", "certain", "no_amount", "no_amount")
            for at in blank.tolist()
        ),
        *(Finding(at, "zero", "look", "zero", "zero") for at in zero.tolist()),
    ]


def outside_period(rows: Rows, period: tuple[dt.date, dt.date] | None) -> list[Finding]:
    """Find entries outside the period; ``expected`` has no rupiah, the likely day is told."""
    if period is None:
        return []
    first, last = (int(end) for end in days(list(period)))
    findings = []
    for at in np.flatnonzero((rows.day < first) | (rows.day > last)):
        day = rows.date(int(at))
        meant, slip = _meant(day, period, _neighbour(rows, int(at), first, last))
        fill = {"day_first": period[0], "day_last": period[1], "day_meant": meant or day}
        hint = f"period_{slip}"
        findings.append(Finding(int(at), "period", "certain", "period", hint, fill=fill))
    return findings


def _neighbour(rows: Rows, at: int, first: int, last: int) -> dt.date | None:
    """Return the day of the nearest row above or below that lies inside the period."""
    for gap in range(1, min(50, len(rows))):
        for near in (at - gap, at + gap):
            if 0 <= near < len(rows) and first <= rows.day[near] <= last:
                return rows.date(near)
    return None


def _meant(
    day: dt.date, period: tuple[dt.date, dt.date], near: dt.date | None
) -> tuple[dt.date | None, str]:
    """Return the day inside the period that a slip of the pen would explain."""

    def inside(year: int, month: int, number: int) -> list[dt.date]:
        try:
            other = dt.date(year, month, number)
        except ValueError:
            return []
        return [other] if period[0] <= other <= period[1] else []

    years = range(period[0].year, period[1].year + 1)
    by_year = [other for year in years for other in inside(year, day.month, day.day)]
    for options, slip in ((by_year, "year"), (inside(day.year, day.day, day.month), "swap")):
        if options:
            aim = near or period[0]
            return min(options, key=lambda other: abs(other - aim)), slip
    return None, "plain"


def outside_membership(rows: Rows, members: pd.DataFrame | None) -> list[Finding]:
    """Find entries of people before they joined, after they left, of another group, or unknown."""
    if members is None:
        return []
    need_columns(members, "person", "group")
    roster = members.dropna(subset=["person"]).drop_duplicates("person")
    person, group = rows.frame["person"], rows.frame["group"]
    known = roster.set_index(roster["person"].astype("string")).reindex(person)
    edges = {
        name: days(known.get(name, pd.Series(pd.NaT, known.index))) for name in _EDGES.values()
    }
    home = known["group"].astype("string").fillna("").to_numpy(dtype=object)
    covered = group.isin(roster["group"].astype("string"))
    unknown = (person != "") & ~person.isin(roster["person"].astype("string")) & covered
    other = (home != "") & (group != "") & (home != group)
    early = rows.day < edges["joined"]
    late = (edges["left"] != NO_DAY) & (rows.day > edges["left"])
    what = np.select([unknown, other, early, late], ["unknown", "other_group", *_EDGES], "")
    findings = []
    for at in np.flatnonzero(what != "").tolist():
        fill: dict[str, object] = {"home": home[at]}
        if what[at] in _EDGES:
            fill["day_edge"] = _date(edges[_EDGES[what[at]]][at])
        settles = what[at] == "after" and rows.flow[at] in _SETTLING
        sure, hint = ("look", "settling") if settles else ("likely", what[at])
        reason, suggestion = f"member_{what[at]}", f"member_{hint}"
        findings.append(Finding(at, "membership", sure, reason, suggestion, fill=fill))
    return findings


#: Flows of the business, which have no place in the IKS book.
_BUSINESS = ("sale", "purchase", "cost", "asset")


def misplaced(rows: Rows) -> list[Finding]:
    """Find entries of the business in the IKS book, and IKS spending outside it where a group keeps one.

    A group that books a category there more than three times is told of once.
    """
    kept_apart = rows.kind == "solidarity"
    keeps = np.isin(rows.group, rows.group[kept_apart])
    inside = kept_apart & np.isin(rows.flow.astype(str), _BUSINESS)
    outside = ~kept_apart & keeps & (rows.flow == "iks_use")
    spots = pd.Series(np.flatnonzero((inside | outside) & (rows.amount != 0)))
    findings = []
    for _, alike in spots.groupby([rows.key[spots], rows.frame["category"].to_numpy()[spots]]):
        why = "misplaced_in" if inside[alike.iloc[0]] else "misplaced_out"
        often = len(alike) > 3
        fill = {"count": str(len(alike))}
        reason = f"{why}_often" if often else why
        for at in alike.tolist()[: 1 if often else None]:
            findings.append(Finding(at, "misplaced", "look", reason, why, fill=fill))
    return findings


#: Flows whose amounts have nothing usual.
_ONCE = ("opening", "grant", "grant_repaid", "share_out")
#: Amounts of a category within ``_NEAR`` times its median are usual. Odd is one ``_ODD`` times away from
#: the median, or ``_FAR`` times if three zeros bring it back to within ``_SPREAD`` times the usual ones.
_NEAR, _FAR, _ODD, _SPREAD = 30, 100, 1000, 3


def odd_sizes(rows: Rows) -> list[Finding]:
    """Find amounts about a thousand times larger or smaller than is usual in their category."""
    size, usable = np.abs(rows.amount), ~np.isin(rows.flow.astype(str), _ONCE)
    spots = np.flatnonzero(usable & (size > 0) & (rows.frame["category"] != "").to_numpy())
    alike = pd.DataFrame(
        {name: rows.frame[name].to_numpy()[spots] for name in ("book", "category")}
    )
    alike["side"], alike["size"] = np.sign(rows.amount[spots]), size[spots].astype("float64")
    of_kind = alike.groupby(["book", "category", "side"])["size"]
    median = of_kind.transform("median")
    times = alike["size"] / median
    usual = alike["size"].where(times.between(1 / _NEAR, _NEAR))
    kind = usual.groupby([alike[name] for name in ("book", "category", "side")])
    enough = (kind.transform("count") >= 3) & (
        kind.transform("count") >= 0.75 * of_kind.transform("size")
    )
    low, high = kind.transform("min") / _SPREAD, kind.transform("max") * _SPREAD
    findings = []
    for large in (True, False):
        meant = alike["size"] / _ODD if large else alike["size"] * _ODD
        ratio = times if large else 1 / times
        odd = enough & ((ratio >= _ODD) | ((ratio >= _FAR) & meant.between(low, high)))
        for place in np.flatnonzero(odd):
            at, amount = int(spots[place]), int(rows.amount[spots[place]])
            right = int(np.sign(amount)) * round(meant[place])
            fill = {"usual": int(np.sign(amount)) * round(median[place])}
            why = "odd_large" if large else "odd_small"
            sizes: dict[str, Any] = {"expected": right, "difference": amount - right}
            findings.append(Finding(at, "odd_amount", "look", why, "odd", fill=fill, **sizes))
    return findings


def wrong_signs(rows: Rows) -> list[Finding]:
    """Find amounts that go the other way than their category says or than it does elsewhere."""
    side, own = np.sign(rows.amount), rows.own
    book, category = rows.frame["book"], rows.frame["category"]
    ways = pd.DataFrame({"up": side > 0, "down": side < 0})
    counted = ways.groupby([book, category]).transform("sum")
    same = np.where(side > 0, counted["up"], counted["down"])
    total = (counted["up"] + counted["down"]).to_numpy()
    here = [pair in _ELSEWHERE for pair in zip(rows.flow, rows.kind, strict=True)]
    read = (rows.sign != 0) & (own | ~np.array(here, dtype=bool))
    usual = (total > 1) & (2 * same > total)  # the book itself reads the code otherwise
    both = category.isin(_BOTH_WAYS) & (same > 1) & ((same > 2) | (10 * same > total))
    against = (
        read & (side == -rows.sign) & (side != 0) & (own | ~(usual | both.to_numpy(dtype=bool)))
    )
    unread = ~rows.moves & (side != 0) & ((rows.flow == "unknown") | ((rows.sign != 0) & ~read))
    rare = unread & (total - 1 >= 8) & (10 * (same - 1) <= total - 1) & (category != "").to_numpy()
    findings = []
    for at in np.flatnonzero(against | rare).tolist():
        sure, why = ("likely", "sign_declared") if against[at] else ("look", "sign_rare")
        amount, others = int(rows.amount[at]), int(total[at] - same[at])
        findings.append(
            Finding(
                at,
                "sign",
                sure,
                f"{why}_in" if amount < 0 else f"{why}_out",
                "sign",
                expected=-amount,
                difference=2 * amount,
                fill={"others": str(others)},
            )
        )
    return findings
