"""Clean ledgers as groups keep them: codes, habits and gaps of real books, balances that follow."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

Rng = np.random.Generator
Row = dict[str, object]
PERIOD = ("2016-01-01", "2016-06-30")
MONTHS = range(2, 7)


def row(
    month: int, day: int, group: str, book: str, category: str, amount: int, who: str = ""
) -> Row:
    """Return one entry."""
    date = pd.Timestamp(2016, month, day)
    about = {"date": date, "group": group, "book": book, "category": category}
    return about | {"person": who or None, "amount": amount}


def kept(rows: Iterable[Row]) -> pd.DataFrame:
    """Return the rows by day, each with the balance of its book after it."""
    ledger = pd.DataFrame(rows).sort_values("date", kind="stable", ignore_index=True)
    ledger["amount"] = ledger["amount"].astype("Int64")
    ledger["balance"] = ledger.groupby(["group", "book"])["amount"].cumsum()
    return ledger


def _trade(rng: Rng, group: str, every: int = 3, code: str = "penjualan") -> list[Row]:
    return [
        row(month, day, group, "kas", code, int(rng.integers(40, 400)) * 2500)
        for month in MONTHS
        for day in range(1, 28, every)
    ]


def petty_trade(rng: Rng) -> pd.DataFrame:
    """One book, an opening entry, round amounts, several sales a day."""
    rows = [row(2, 1, "07", "kas", "saldo_awal", 2_000_000)]
    for month in MONTHS:
        for day in range(1, 29):
            amounts = rng.choice(np.arange(4, 60), size=int(rng.integers(0, 3)), replace=False)
            rows += [row(month, day, "07", "kas", "penjualan", int(n) * 5000) for n in amounts]
            if day % 5 == 0:
                cost = int(rng.integers(20, 80)) * 2500
                rows.append(row(month, day, "07", "kas", "belanja_barang", -cost))
            if day % 7 == 0:
                rows.append(row(month, day, "07", "kas", "transport", -10_000))
        rows.append(row(month, 28, "07", "kas", "upah", -100_000))
    return kept(rows)


def deposits(rng: Rng) -> pd.DataFrame:
    """Six members put in the same amount on the same day."""
    people = range(1, 7)
    return kept(
        row(m, 10, "8", "tabungan", "setoran", 10_000, f"8-{n}") for m in MONTHS for n in people
    )


def deposits_of_nobody(rng: Rng) -> pd.DataFrame:
    """The same, the column of the person left blank, and money taken out."""
    rows = [row(m, 10, "8", "tabungan", "setoran", 10_000) for m in MONTHS for _ in range(6)]
    return kept([*rows, *(row(m, 10, "8", "tabungan", "penarikan", -20_000) for m in (4, 5, 6))])


def savings_both_ways(rng: Rng) -> pd.DataFrame:
    """One code for money put in and taken out."""
    rows = [
        row(m, 9, "9", "tabungan", "simpanan", 20_000, f"9-{n}") for m in MONTHS for n in range(5)
    ]
    out = [row(m, 20, "9", "tabungan", "simpanan", -15_000, f"9-{m % 5}") for m in MONTHS]
    return kept([*rows, *out])


def shares_of_one_code(rng: Rng) -> pd.DataFrame:
    """The two halves of the IKS share, equal and under one code, in both books."""
    rows = _trade(rng, "09")
    for month in MONTHS:
        share = int(rng.integers(4, 20)) * 2500
        for book, side in (("kas", -1), ("iks", 1)):
            rows += [row(month, 28, "09", book, "bagian_iks", side * share) for _ in range(2)]
        if month > 2:
            rows.append(row(month, 28, "09", "iks", "bantuan_sakit", -10_000, "09-3"))
    return kept(rows)


def one_share_only(rng: Rng) -> pd.DataFrame:
    """The same, one month long: too little to call it a habit."""
    ledger = shares_of_one_code(rng)
    return ledger[ledger["date"] < "2016-03-01"].reset_index(drop=True)


def shares_of_two_codes(rng: Rng) -> pd.DataFrame:
    """Capital letters, and a code for each purpose."""
    rows = _trade(rng, "09", code="Penjualan")
    for month in MONTHS:
        share = int(rng.integers(4, 20)) * 2500
        for book, side in (("kas", -1), ("iks", 1)):
            for code in ("iks_sick", "iks_posyandu"):
                rows.append(row(month, 28, "09", book, code, side * share))
    return kept(rows)


def out_and_in(rng: Rng) -> pd.DataFrame:
    """Movements under one code going out and another coming in, up to two days later."""
    rows = _trade(rng, "07")
    for month in MONTHS:
        amount, late = int(rng.integers(4, 20)) * 10_000, int(rng.integers(0, 3))
        rows.append(row(month, 26, "07", "kas", "transfer_out", -amount))
        rows.append(row(month, 26 + late, "07", "tabungan", "transfer_in", amount))
    return kept(rows)


def share_booked_as_deposit(rng: Rng) -> pd.DataFrame:
    """The other half of a movement stands under the code of deposits, naming nobody."""
    rows = _trade(rng, "07")
    for month in MONTHS:
        amount = int(rng.integers(4, 20)) * 10_000 + 7_000
        rows.append(row(month, 26, "07", "kas", "setoran_koperasi", -amount))
        rows.append(row(month, 26, "07", "tabungan", "setoran", amount))
        rows += [
            row(month, 10, "07", "tabungan", "setoran", 10_000, f"07-{n}") for n in range(1, 5)
        ]
    return kept(rows)


def cooperative_elsewhere(rng: Rng) -> pd.DataFrame:
    """One book; what goes to the cooperative is kept outside the ledger."""
    away = [row(month, 26, "07", "kas", "setoran_koperasi", -50_000) for month in MONTHS]
    return kept([*_trade(rng, "07"), *away])


def unknown_codes(rng: Rng) -> pd.DataFrame:
    """Words that nobody declared."""
    rows = _trade(rng, "A", code="jual gorengan")
    for month in MONTHS:
        amount = int(rng.integers(4, 20)) * 5000
        rows += [row(month, day, "A", "kas", "beli minyak", -day * 500) for day in range(2, 28, 5)]
        rows.append(row(month, 28, "A", "kas", "ke kas sosial", -amount))
        rows.append(row(month, 28, "A", "iks", "dari kas", amount))
    return kept(rows)


def loans(rng: Rng) -> pd.DataFrame:
    """A group that lends, pays wages and gives the stimulant back."""
    rows = [row(1, 2, "L", "kas", "stimulan", 5_000_000)]
    for month in range(1, 7):
        for n in (1, 2, 3):
            if month == n:
                rows.append(row(month, 5, "L", "kas", "pinjaman", -300_000, f"L-{n}"))
            if n < month <= n + 3:
                rows.append(row(month, 5, "L", "kas", "angsuran", 100_000, f"L-{n}"))
                rows.append(row(month, 5, "L", "kas", "jasa", 3_000, f"L-{n}"))
        rows += [row(month, 28, "L", "kas", "upah", -50_000, f"L-{n}") for n in range(1, 6)]
        rows.append(row(month, 28, "L", "kas", "pengembalian_stimulan", -100_000))
    return kept(rows)


def last_of(ledger: pd.DataFrame, part: pd.Series) -> pd.DataFrame:
    """Keep only the last balance of each part of a book."""
    over = ledger.assign(part=part).duplicated(["group", "book", "part"], keep="last")
    return ledger.assign(balance=ledger["balance"].mask(over))


def balance_once_a_day(rng: Rng) -> pd.DataFrame:
    """A balance beside the last entry of each day."""
    ledger = petty_trade(rng)
    return last_of(ledger, ledger["date"])


def balance_once_a_month(rng: Rng) -> pd.DataFrame:
    """A balance beside the last entry of each month."""
    ledger = pd.concat([petty_trade(rng), deposits(rng)], ignore_index=True)
    return last_of(ledger, ledger["date"].dt.month)


def balance_once_a_page(rng: Rng) -> pd.DataFrame:
    """A balance at the foot of every page of ten lines."""
    ledger = petty_trade(rng)
    return last_of(ledger, pd.Series(np.arange(len(ledger)) // 10))


def as_a_plain_csv(rng: Rng) -> pd.DataFrame:
    """What pandas makes of a file by itself: groups as numbers, balances with a decimal point."""
    ledger = balance_once_a_page(rng)
    ledger["date"] = ledger["date"].dt.strftime("%Y-%m-%d")
    ledger["balance"] = ledger["balance"].astype("float64")
    return ledger.assign(group=7, amount=ledger["amount"].astype("int64"))


def everything(rng: Rng) -> pd.DataFrame:
    """Several groups and habits in one file."""
    parts = [petty_trade(rng), shares_of_two_codes(rng), deposits(rng), loans(rng)]
    return pd.concat([*parts, out_and_in(rng).assign(group="12")], ignore_index=True)


KEPT: dict[str, Callable[[Rng], pd.DataFrame]] = {
    made.__name__: made
    for made in (
        *(petty_trade, deposits, deposits_of_nobody, savings_both_ways, shares_of_one_code),
        *(one_share_only, shares_of_two_codes, out_and_in, share_booked_as_deposit),
        *(cooperative_elsewhere, unknown_codes, loans, balance_once_a_day, balance_once_a_month),
        *(balance_once_a_page, as_a_plain_csv, everything),
    )
}


def handled(ledger: pd.DataFrame, seed: int) -> dict[str, pd.DataFrame]:
    """Return the same books with their rows in other orders, and without balances."""
    return {
        "as kept": ledger,
        "mixed up": ledger.sample(frac=1, random_state=seed),
        "latest on top": ledger[::-1],
        "book by book": ledger.sort_values(["book", "group"], kind="stable"),
        "person by person": ledger.sort_values(["person", "date"], kind="stable"),
        "no balances": ledger.drop(columns="balance"),
    }
