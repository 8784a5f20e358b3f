"""Errors planted in clean ledgers, one at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from clean_books import CODES, MEMBERS, again


@dataclass(frozen=True)
class Planted:
    """A ledger with an error, and the positions at which it may be told."""

    ledger: pd.DataFrame
    at: tuple[int, ...]
    kinds: tuple[str, ...]
    members: pd.DataFrame = field(default_factory=lambda: MEMBERS)


def swapped(number: int, rng: np.random.Generator) -> int:
    """Return the number with two neighbouring digits exchanged, always another number."""
    digits = list(str(abs(number)))
    spots = [
        n for n in range(len(digits) - 1) if digits[n] != digits[n + 1] and (n or digits[1] != "0")
    ]
    if not spots:
        return number * 10
    n = int(rng.choice(spots))
    digits[n], digits[n + 1] = digits[n + 1], digits[n]
    return int("".join(digits)) * (1 if number >= 0 else -1)


class Planter:
    """Plants one error of each kind in a clean ledger."""

    def __init__(self, ledger: pd.DataFrame, opening: pd.DataFrame, seed: int) -> None:
        self.ledger = ledger
        self.opening = opening
        self.rng = np.random.default_rng(seed)
        self.declared = ~ledger["category"].isin(CODES["own"].values())

    def _choose(self, mask: pd.Series) -> int:
        return int(self.rng.choice(np.flatnonzero(mask.to_numpy(dtype=bool))))

    def _set(self, at: int, column: str, value: object) -> pd.DataFrame:
        done = self.ledger.copy()
        done.loc[done.index[at], column] = value
        return done

    def _stated(self) -> pd.Series:
        return self.ledger["balance"].notna()

    def _transfers(self) -> pd.Series:
        names = [codes[what] for codes in CODES.values() for what in ("cooperative", "share")]
        return self.ledger["category"].isin([*names, "iks_posyandu"])

    def _inner(self) -> pd.Series:
        """Rows with a stated row before and after them in their book."""
        keys = [self.ledger["group"], self.ledger["book"]]
        seen = self._stated().astype(int).groupby(keys).cumsum()
        return (seen > 1) & (seen < seen.groupby(keys).transform("max"))

    def _next_stated(self, at: int) -> tuple[int, ...]:
        row = self.ledger.iloc[at]
        same = (self.ledger["group"] == row["group"]) & (self.ledger["book"] == row["book"])
        spots = np.flatnonzero(same & self._stated())
        return tuple(int(s) for s in [*spots[spots > at][:1], *spots[spots < at][-1:]])

    def miswritten_balance(self) -> Planted:
        at = self._choose(self._inner() & self._stated())
        off = int(self.rng.integers(1, 400)) * 500 * int(self.rng.choice([-1, 1]))
        done = self._set(at, "balance", int(self.ledger["balance"].iloc[at]) + off)
        return Planted(done, (at,), ("balance",))

    def swapped_balance(self) -> Planted:
        at = self._choose(self._inner() & self._stated())
        done = self._set(at, "balance", swapped(int(self.ledger["balance"].iloc[at]), self.rng))
        return Planted(done, (at,), ("balance",))

    def balance_with_a_zero_too_many(self) -> Planted:
        at = self._choose(self._inner() & self._stated() & (self.ledger["balance"] != 0))
        done = self._set(at, "balance", int(self.ledger["balance"].iloc[at]) * 10)
        return Planted(done, (at,), ("balance",))

    def amount_without_a_zero(self) -> Planted:
        whole = self.ledger["amount"] % 10 == 0
        at = self._choose(self._inner() & self._stated() & ~self._transfers() & whole)
        done = self._set(at, "amount", int(self.ledger["amount"].iloc[at]) // 10)
        return Planted(done, (at, *self._next_stated(at)), ("balance",))

    def carried_slip(self) -> Planted:
        at = self._choose(self._inner() & self._stated())
        row, done = self.ledger.iloc[at], self.ledger.copy()
        later = (done["group"] == row["group"]) & (done["book"] == row["book"])
        later &= np.arange(len(done)) >= at
        done.loc[later, "balance"] += int(self.rng.integers(1, 300)) * 500
        return Planted(done, (at, *self._next_stated(at)), ("balance",))

    def swapped_amount(self) -> Planted:
        at = self._choose(self._inner() & self._stated() & ~self._transfers())
        done = self._set(at, "amount", swapped(int(self.ledger["amount"].iloc[at]), self.rng))
        return Planted(done, (at, *self._next_stated(at)), ("balance",))

    def turned_sign(self) -> Planted:
        at = self._choose(self._inner())
        done = self._set(at, "amount", -int(self.ledger["amount"].iloc[at]))
        return Planted(done, (at,), ("sign",))

    def turned_sign_restated(self) -> Planted:
        at = self._choose(~self._transfers() & self.declared)
        done = self._set(at, "amount", -int(self.ledger["amount"].iloc[at]))
        return Planted(again(done, self.opening), (at,), ("sign",))

    def turned_half_restated(self) -> Planted:
        at = self._choose(self._transfers())
        done = self._set(at, "amount", -int(self.ledger["amount"].iloc[at]))
        return Planted(again(done, self.opening), (at,), ("sign", "transfer"))

    def _insert(self, at: int, row: pd.DataFrame) -> pd.DataFrame:
        parts = [self.ledger.iloc[:at], row, self.ledger.iloc[at:]]
        return pd.concat(parts, ignore_index=True)

    def copied_restated(self) -> Planted:
        at = self._choose(self.ledger["amount"].notna())
        row = self.ledger.iloc[[at]].assign(fresh=self._stated().iloc[at])
        done = self._insert(at + 1, row)
        done["fresh"] = done["fresh"].fillna(False).astype(bool)
        return Planted(
            again(done, self.opening).drop(columns="fresh", errors="ignore"),
            (at, at + 1),
            ("duplicate",),
        )

    def copied_verbatim(self) -> Planted:
        at = self._choose(self._inner() & self._stated())
        return Planted(self._insert(at + 1, self.ledger.iloc[[at]]), (at, at + 1), ("duplicate",))

    def copied_to_the_end(self) -> Planted:
        at = self._choose(self._inner() & self._stated())
        done = self._insert(len(self.ledger), self.ledger.iloc[[at]])
        return Planted(done, (at, len(self.ledger)), ("duplicate",))

    def copied_next_day(self) -> Planted:
        at = self._choose(self._inner() & self._stated() & ~self._transfers())
        row = self.ledger.iloc[[at]].copy()
        row["date"] += pd.Timedelta(days=1)
        spot = int((self.ledger["date"] <= row["date"].iloc[0]).sum())
        same = (self.ledger["group"] == row["group"].iloc[0]) & (
            self.ledger["book"] == row["book"].iloc[0]
        )
        between = same & (np.arange(len(self.ledger)) > at) & (np.arange(len(self.ledger)) < spot)
        if between.any():  # the balance would be another one
            return self.copied_verbatim()
        return Planted(self._insert(spot, row), (at, spot), ("duplicate",))

    def deleted_row(self) -> Planted:
        at = self._choose(self._inner() & ~self._transfers())
        ok = tuple(s - (s > at) for s in self._next_stated(at))
        done = self.ledger.drop(self.ledger.index[at]).reset_index(drop=True)
        return Planted(done, ok, ("balance",))

    def _partner(self, at: int) -> int:
        row = self.ledger.iloc[at]
        like = (self.ledger["group"] == row["group"]) & (self.ledger["category"] == row["category"])
        like &= (self.ledger["amount"] == -row["amount"]) & (self.ledger["book"] != row["book"])
        like &= (self.ledger["date"] - row["date"]).abs() <= pd.Timedelta(days=2)
        return int(np.flatnonzero(like)[0])

    def deleted_half(self) -> Planted:
        at = self._choose(self._inner() & self._transfers())
        other = self._partner(at)
        done = self.ledger.drop(self.ledger.index[at]).reset_index(drop=True)
        return Planted(done, (other - (other > at),), ("transfer",))

    def deleted_half_restated(self) -> Planted:
        at = self._choose(self._transfers())
        other = self._partner(at)
        done = self.ledger.drop(self.ledger.index[at]).reset_index(drop=True)
        return Planted(again(done, self.opening), (other - (other > at),), ("transfer",))

    def unequal_half(self) -> Planted:
        at = self._choose(self._inner() & self._stated() & self._transfers())
        amount = int(self.ledger["amount"].iloc[at])
        done = self._set(
            at, "amount", amount + int(self.rng.integers(1, 80)) * 250 * int(np.sign(amount))
        )
        return Planted(done, (at, self._partner(at)), ("transfer",))

    def unequal_half_restated(self) -> Planted:
        at = self._choose(self._transfers())
        amount = int(self.ledger["amount"].iloc[at])
        done = self._set(
            at, "amount", amount + int(self.rng.integers(1, 80)) * 250 * int(np.sign(amount))
        )
        return Planted(again(done, self.opening), (at, self._partner(at)), ("transfer",))

    def half_in_another_month(self) -> Planted:
        at = self._choose((self._inner() | ~self._stated().any()) & self._transfers())
        day = self.ledger["date"].iloc[at] + pd.Timedelta(days=int(self.rng.integers(8, 29)))
        return Planted(self._set(at, "date", day), (at, self._partner(at)), ("transfer",))

    def half_in_another_month_sorted(self) -> Planted:
        return self._sorted(self.half_in_another_month())

    def half_in_another_month_restated(self) -> Planted:
        plant = self.half_in_another_month()
        moved = self._sorted(plant)
        return replace(moved, ledger=again(moved.ledger, self.opening))

    def _sorted(self, plant: Planted) -> Planted:
        order = plant.ledger.reset_index(drop=True).sort_values("date", kind="stable").index
        where = {int(old): new for new, old in enumerate(order)}
        done = plant.ledger.iloc[order].reset_index(drop=True)
        return replace(plant, ledger=done, at=tuple(where[at] for at in plant.at))

    def wrong_year(self) -> Planted:
        at = self._choose(self._inner())
        years = pd.DateOffset(years=int(self.rng.choice([-1, 1])))
        return Planted(
            self._set(at, "date", self.ledger["date"].iloc[at] + years), (at,), ("period",)
        )

    def wrong_year_sorted(self) -> Planted:
        return self._sorted(self.wrong_year())

    def late_entry_restated(self) -> Planted:
        at = self._choose(~self._transfers())
        row = self.ledger.iloc[[at]].assign(
            date=pd.Timestamp("2017-01-09"), fresh=self._stated().iloc[at]
        )
        done = self._insert(len(self.ledger), row)
        done["fresh"] = done["fresh"].fillna(False).astype(bool)
        done = again(done, self.opening).drop(columns="fresh", errors="ignore")
        return Planted(done, (len(self.ledger),), ("period",))

    def foreign_early_entry(self) -> Planted:
        """An entry before the period, at the end of the file, with the balance of another row."""
        at = self._choose(~self._transfers())
        row = self.ledger.iloc[[at]].assign(date=pd.Timestamp("2015-11-09"))
        row["amount"] += 500 * np.sign(row["amount"])
        return Planted(self._insert(len(self.ledger), row), (len(self.ledger),), ("period",))

    def another_day(self) -> Planted:
        """The day of an entry mistyped within the period, the row where it was written."""
        at = self._choose(self._inner() & self._stated() & ~self._transfers())
        days = pd.Timedelta(days=int(self.rng.integers(40, 60)))
        done = self._set(at, "date", self.ledger["date"].iloc[at] + days)
        return Planted(done, (at,), ("date", "balance"))

    def unknown_person(self) -> Planted:
        at = self._choose(self.ledger["person"].notna())
        return Planted(self._set(at, "person", "99-9"), (at,), ("membership",))

    def person_of_another_group(self) -> Planted:
        at = self._choose(self.ledger["person"].notna())
        other = MEMBERS.loc[MEMBERS["group"] != self.ledger["group"].iloc[at], "person"].iloc[0]
        return Planted(self._set(at, "person", other), (at,), ("membership",))

    def left_member(self) -> Planted:
        at = self._choose(self.ledger["person"].notna())
        person, day = self.ledger["person"].iloc[at], self.ledger["date"].iloc[at]
        own = (self.ledger["person"] == person).fillna(False).astype(bool)
        last = np.flatnonzero(own & (self.ledger["date"] == self.ledger.loc[own, "date"].max()))
        day = self.ledger["date"].iloc[last[0]]
        members = MEMBERS.copy()
        members.loc[members["person"] == person, "left"] = str((day - pd.Timedelta(days=1)).date())
        return Planted(self.ledger.copy(), tuple(int(s) for s in last), ("membership",), members)

    def no_amount(self) -> Planted:
        at = self._choose(self._inner() if self._stated().any() else self.ledger["amount"].notna())
        return Planted(self._set(at, "amount", pd.NA), (at,), ("missing_amount",))


#: What each planter needs of a ledger: stated balances or none at all.
NEED_BALANCES = (
    "miswritten_balance",
    "swapped_balance",
    "balance_with_a_zero_too_many",
    "amount_without_a_zero",
    "carried_slip",
    "swapped_amount",
    "turned_sign",
    "copied_verbatim",
    "copied_to_the_end",
    "copied_next_day",
    "deleted_row",
    "deleted_half",
    "unequal_half",
    "half_in_another_month",
    "half_in_another_month_sorted",
    "wrong_year",
    "wrong_year_sorted",
    "another_day",
)
ANY_LEDGER = (
    "turned_sign_restated",
    "turned_half_restated",
    "copied_restated",
    "deleted_half_restated",
    "unequal_half_restated",
    "half_in_another_month_restated",
    "late_entry_restated",
    "foreign_early_entry",
    "unknown_person",
    "person_of_another_group",
    "left_member",
    "no_amount",
)
PLANTERS: dict[str, Callable[[Planter], Planted]] = {
    name: getattr(Planter, name) for name in (*NEED_BALANCES, *ANY_LEDGER)
}
