"""Clean ledgers of many shapes: every balance follows, every movement stands in both books."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

PERIOD = ("2016-01-01", "2016-12-31")
CODES = {
    "en": {
        "sale": "sales",
        "purchase": "stock_purchase",
        "cost": "cost",
        "deposit": "member_deposit",
        "withdrawal": "member_withdrawal",
        "cooperative": "cooperative_savings",
        "share": "iks_sick",
        "due": "iks_due",
        "use": "sick_support",
    },
    "id": {
        "sale": "penjualan",
        "purchase": "belanja_barang",
        "cost": "biaya",
        "deposit": "setoran",
        "withdrawal": "penarikan",
        "cooperative": "setoran_koperasi",
        "share": "bagian_iks",
        "due": "iuran",
        "use": "bantuan_sakit",
    },
    "own": {
        "sale": "jual_nasi",
        "purchase": "beli_beras",
        "cost": "ongkos_becak",
        "deposit": "celengan",
        "withdrawal": "ambil_celengan",
        "cooperative": "ke_kotak_koperasi",
        "share": "ke_kotak_sosial",
        "due": "iuran_sosial",
        "use": "jenguk",
    },
}
KINDS_OF_OWN = pd.DataFrame(
    {
        "category": list(CODES["own"].values()),
        "flow": [
            "sale",
            "purchase",
            "cost",
            "deposit",
            "withdrawal",
            "cooperative",
            "iks_share",
            "iks_due",
            "iks_use",
        ],
    }
)
MEMBERS = pd.DataFrame(
    [
        {"person": f"{group}-{n}", "group": group, "joined": "2015-12-01", "left": None}
        for group in ("01", "02", "03", "04")
        for n in range(1, 7)
    ]
)


@dataclass(frozen=True)
class Shape:
    """What a clean ledger looks like."""

    groups: int = 2
    months: int = 5
    codes: str = "en"
    stated: str = "all"  # all, some, none
    opening: bool = False
    daily: int = 1
    seed: int = 0


def clean_ledger(shape: Shape) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a ledger without an error, in the order of its days, and the opening balances."""
    rng = np.random.default_rng(shape.seed)
    code = CODES[shape.codes]
    rows: list[dict[str, object]] = []

    def post(
        day: pd.Timestamp, group: str, book: str, what: str, amount: int, who: str = ""
    ) -> None:
        rows.append(
            {
                "date": day,
                "group": group,
                "book": book,
                "category": code[what],
                "person": who or None,
                "amount": amount,
            }
        )

    def draw(low: int, high: int, step: int = 500) -> int:
        return int(rng.integers(low // step, high // step + 1)) * step

    groups = [f"0{n + 1}" for n in range(shape.groups)]
    for month in range(1, shape.months + 1):
        start = pd.Timestamp(2016, month, 1)
        for group in groups:
            for week in range(4):
                day = start + pd.Timedelta(days=7 * week + int(rng.integers(0, 5)))
                for _ in range(shape.daily):
                    post(day, group, "kas", "sale", draw(200_000, 2_000_000))
                post(day, group, "kas", "purchase", -draw(100_000, 900_000))
                if rng.random() < 0.5:
                    post(day, group, "kas", "cost", -draw(10_000, 60_000))
            meeting = start + pd.Timedelta(days=int(rng.integers(3, 20)))
            for n in range(1, 7):
                if rng.random() < 0.8:
                    post(
                        meeting,
                        group,
                        "tabungan",
                        "deposit",
                        draw(10_000, 25_000, 5000),
                        f"{group}-{n}",
                    )
            if month > 1 and rng.random() < 0.5:
                post(meeting, group, "tabungan", "withdrawal", -draw(10_000, 20_000), f"{group}-1")
            post(meeting, group, "iks", "due", draw(20_000, 40_000, 5000))
            if month > 1 and rng.random() < 0.7:
                post(meeting, group, "iks", "use", -draw(10_000, 15_000), f"{group}-2")
            for what, book in (("cooperative", "tabungan"), ("share", "iks")):
                amount, day = (
                    draw(50_000, 300_000),
                    start + pd.Timedelta(days=int(rng.integers(20, 26))),
                )
                post(day, group, "kas", what, -amount)
                post(day + pd.Timedelta(days=int(rng.integers(0, 2))), group, book, what, amount)
    ledger = affordable(pd.DataFrame(rows).sort_values("date", kind="stable", ignore_index=True))
    ledger = ledger.drop_duplicates(
        ["date", "group", "book", "category", "person", "amount"], ignore_index=True
    )
    books = ledger[["group", "book"]].drop_duplicates(ignore_index=True)
    books["opening"] = [draw(100_000, 900_000) if shape.opening else 0 for _ in range(len(books))]
    ledger["amount"] = ledger["amount"].astype("Int64")
    ledger["person"] = ledger["person"].astype("string")
    ledger["balance"] = pd.array([None] * len(ledger), dtype="Int64")
    ledger["note"] = pd.array([None] * len(ledger), dtype="string")
    ledger["evidence"] = pd.array(["simulated"] * len(ledger), dtype="string")
    if shape.stated != "none":
        ledger = restate(ledger, books)
    if shape.stated == "some":
        ledger.loc[rng.random(len(ledger)) < 0.25, "balance"] = pd.NA
    return ledger, books


def affordable(ledger: pd.DataFrame) -> pd.DataFrame:
    """Leave out payments for which the money was not there, movements with their other half."""
    held: dict[tuple[object, ...], int] = {}
    gone: list[int] = []
    for entry in ledger.itertuples():
        who = (entry.person,) if entry.book == "tabungan" and entry.person else ()
        keys = {(entry.group, entry.book), (entry.group, entry.book, *who)}
        if min(held.get(key, 0) for key in keys) + entry.amount < 0:
            half = (ledger["group"] == entry.group) & (ledger["category"] == entry.category)
            half &= (ledger["amount"] == -entry.amount) & ~ledger.index.isin(gone)
            half &= ledger["date"] >= entry.date
            gone += [entry.Index, *ledger.index[half][:1]]
        elif entry.Index not in gone:
            for key in keys:
                held[key] = held.get(key, 0) + entry.amount
    return ledger.drop(index=gone).reset_index(drop=True)


def restate(ledger: pd.DataFrame, opening: pd.DataFrame) -> pd.DataFrame:
    """Return the ledger with a balance at every row, worked out in the order of days."""
    done = ledger.copy()
    order = done.sort_values("date", kind="stable").index
    keys = [done.loc[order, "group"], done.loc[order, "book"]]
    balance = done.loc[order, "amount"].fillna(0).groupby(keys).cumsum()
    start = opening.set_index(["group", "book"])["opening"]
    balance = balance + start.reindex(pd.MultiIndex.from_arrays(keys)).to_numpy()
    done["balance"] = balance.reindex(done.index).astype("Int64")
    return done


def again(ledger: pd.DataFrame, opening: pd.DataFrame) -> pd.DataFrame:
    """Return the ledger with the balances that were stated worked out anew."""
    if ledger["balance"].isna().all():
        return ledger
    gaps = ledger["balance"].isna() & ~ledger.get("fresh", pd.Series(False, ledger.index))
    done = restate(ledger, opening)
    done["balance"] = done["balance"].mask(gaps)
    return done.drop(columns="fresh", errors="ignore")
