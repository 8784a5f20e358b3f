"""The draws of the tutorial site: a made-up suburb with people, ratings of three rounds, and books."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

Row = dict[str, object]

GROUPS = ("01", "02", "03", "04")
SCALE = (1, 5)
START, END = dt.date(2024, 1, 8), dt.date(2024, 8, 31)
SIZES = {"01": 7, "02": 8, "03": 6, "04": 7}
OFFICERS = 3
#: Wednesday and Saturday.
MARKET_DAYS = (2, 5)
#: The group that also lends to its members.
LENDER = "03"
DUE, STIMULANT = 5_000, 15_000_000
LATE_JOINER, LEAVERS = "M02-8", {"M01-7": dt.date(2024, 5, 31), "M04-6": dt.date(2024, 7, 15)}
JOINED_LATE = dt.date(2024, 3, 4)

#: activity, kind, date, start, end, title in Indonesian, title in English, round held there
ACTIVITIES = (
    ("peka_1", "assessment", "2024-01-20", "09:00", "11:30", "PEKA putaran 1", "PEKA round 1"),
    (
        "rapat_1",
        "meeting",
        "2024-02-03",
        "15:30",
        "17:00",
        "Pertemuan Februari",
        "February meeting",
    ),
    ("rapat_2", "meeting", "2024-03-02", "15:30", "17:00", "Pertemuan Maret", "March meeting"),
    (
        "pelatihan_pembukuan",
        "intervention",
        "2024-03-16",
        "09:00",
        "12:00",
        "Pelatihan pembukuan",
        "Training in bookkeeping",
    ),
    ("rapat_3", "meeting", "2024-04-06", "15:30", "17:00", "Pertemuan April", "April meeting"),
    ("peka_2", "assessment", "2024-04-20", "09:00", "11:30", "PEKA putaran 2", "PEKA round 2"),
    ("rapat_4", "meeting", "2024-05-04", "15:30", "17:00", "Pertemuan Mei", "May meeting"),
    (
        "studi_banding",
        "intervention",
        "2024-06-08",
        "08:00",
        "13:00",
        "Studi banding",
        "Study visit",
    ),
    ("rapat_5", "meeting", "2024-07-06", "15:30", "17:00", "Pertemuan Juli", "July meeting"),
    ("peka_3", "assessment", "2024-08-10", "09:00", "11:30", "PEKA putaran 3", "PEKA round 3"),
)
ROUNDS = {1: "peka_1", 2: "peka_2", 3: "peka_3"}


def member_rows() -> list[Row]:
    """Return the roster: officers first, one who joined late, two who left, one companion."""
    rows: list[Row] = []
    for group, size in SIZES.items():
        for place in range(1, size + 1):
            code = f"M{group}-{place}"
            rows.append(
                {
                    "person": code,
                    "group": group,
                    "role": "pengurus" if place <= OFFICERS else "anggota",
                    "joined": JOINED_LATE if code == LATE_JOINER else START,
                    "left": LEAVERS.get(code),
                }
            )
    return [
        *rows,
        {"person": "P-1", "group": None, "role": "pendamping", "joined": START, "left": None},
    ]


def _there(person: Row, day: dt.date) -> bool:
    left = person["left"]
    return day >= _day(person["joined"]) and (left is None or day <= _day(left))


def _day(value: object) -> dt.date:
    return dt.date.fromisoformat(str(value))


def draw_attendance(members: list[Row], rng: np.random.Generator) -> list[Row]:
    """Draw who comes to what: people differ in how often they come, officers come more often."""
    people = [person for person in members if person["group"]]
    habit = {person["person"]: rng.uniform(0.5, 0.85) for person in people}
    rows: list[Row] = []
    for activity, _, date, *_ in ACTIVITIES:
        for person in people:
            if not _there(person, _day(date)):
                continue
            came = rng.random() < habit[person["person"]] + 0.12 * (person["role"] == "pengurus")
            ways = ("present", "late") if came else ("absent", "excused", "represented")
            chances = (0.85, 0.15) if came else (0.5, 0.38, 0.12)
            rows.append(
                {
                    "activity": activity,
                    "group": person["group"],
                    "person": person["person"],
                    "role": person["role"],
                    "status": str(rng.choice(ways, p=chances)),
                }
            )
    return rows


def draw_ratings(
    attendance: list[Row], items: list[int], rng: np.random.Generator, weak: Sequence[int] = ()
) -> dict[int, dict[str, dict[int, int | None]]]:
    """Draw the scores of those who came: round, rater, item. Items of ``weak`` start lower."""
    low, high = SCALE
    ease = {item: rng.normal(3.1, 0.35) - 0.7 * (item in weak) for item in items}
    gain = {item: rng.uniform(-0.15, 0.35) for item in items}
    lenient: dict[str, float] = {}
    scores: dict[int, dict[str, dict[int, int | None]]] = {}
    for number, activity in ROUNDS.items():
        scores[number] = {}
        for row in attendance:
            if row["activity"] != activity or row["status"] not in ("present", "late"):
                continue
            person = str(row["person"])
            mood = lenient.setdefault(person, rng.normal(0, 0.4))
            answers: dict[int, int | None] = {}
            for item in items:
                felt = ease[item] + gain[item] * (number - 1) + mood + rng.normal(0, 0.7)
                answers[item] = int(np.clip(round(felt), low, high))
                if rng.random() < 0.01:
                    answers[item] = None
            scores[number][person] = answers
    return scores


def draw_books(members: list[Row], group: str, rng: np.random.Generator) -> list[Row]:
    """Write the three books of one group, day by day, in whole thousands of rupiah."""
    people = [person for person in members if person["group"] == group]
    rows: list[Row] = []

    def draw(low: int, high: int) -> int:
        return 1000 * int(rng.integers(low, high + 1))

    def post(day: dt.date, book: str, category: str, amount: int, who: str | None = None) -> None:
        row: Row = {"date": day, "group": group, "book": book, "category": category, "person": who}
        rows.append(row | {"amount": amount})

    post(START, "kas", "stimulan", STIMULANT)
    post(START, "kas", "peralatan", -draw(2500, 4000))
    post(START, "kas", "stok_awal", -draw(6000, 8000))
    owed: dict[str, int] = {}
    daily = draw(500, 900)
    for month in pd.period_range(START, END, freq="M"):
        first, last = max(START, month.start_time.date()), min(END, month.end_time.date())
        days = [first + dt.timedelta(days=step) for step in range((last - first).days + 1)]
        open_days = [day for day in days if day.weekday() in MARKET_DAYS]
        profit = 0
        for day in open_days:
            if rng.random() < 0.12:
                continue
            sold = 1000 * round(daily * rng.uniform(0.75, 1.25) / 1000)
            bought = 1000 * round(sold * rng.uniform(0.78, 0.9) / 1000)
            post(day, "kas", "penjualan", sold)
            post(day, "kas", "pembelian", -bought)
            profit += sold - bought
            if day.weekday() == 5:
                cost = draw(8, 25)
                post(day, "kas", "biaya", -cost)
                profit -= cost
        meeting = open_days[min(1, len(open_days) - 1)]
        for person in (one for one in people if _there(one, meeting)):
            code = str(person["person"])
            post(meeting, "iks", "iuran_iks", DUE, code)
            if rng.random() < 0.8:
                post(meeting, "tabungan", "setoran_anggota", 5000 * int(rng.integers(2, 7)), code)
            if owed.get(code):
                paid = min(owed[code], 50_000)
                owed[code] -= paid
                post(meeting, "kas", "angsuran", paid, code)
                post(meeting, "kas", "jasa_pinjaman", 5_000, code)
        if group == LENDER and month.month in (3, 5):
            for person in people[month.month % 2 + 1 : 4]:
                code = str(person["person"])
                if not owed.get(code):
                    owed[code] = 300_000
                    post(meeting, "kas", "pinjaman", -300_000, code)
        if rng.random() < 0.6:
            ill = people[int(rng.integers(len(people)))]
            if _there(ill, open_days[-2]):
                post(open_days[-2], "iks", "bantuan_sakit", -20_000, str(ill["person"]))
        aside = profit // 20_000 * 1000
        if month.month >= 2 and aside > 0:
            post(open_days[-1], "kas", "iks_sakit", -aside)
            post(open_days[-1], "iks", "iks_sakit", aside)
        if month.month >= 4 and profit > 0 and rng.random() < 0.85:
            saved = profit // 10_000 * 1000
            post(open_days[-1], "kas", "setoran_koperasi", -saved)
            post(open_days[-1], "tabungan", "setoran_koperasi", saved)
    for code, day in LEAVERS.items():
        held = sum(
            int(str(row["amount"]))
            for row in rows
            if row["person"] == code and row["book"] == "tabungan"
        )
        if held:
            post(day, "tabungan", "penarikan", -held, code)
    return rows


def wide(scores: Mapping[int, Mapping[str, Mapping[int, int | None]]]) -> pd.DataFrame:
    """Return the ratings as a paper form has them: one row a rater and round, one column an item."""
    rows = [
        {"round": number, "group": person[1:3], "rater": person}
        | {f"butir_{item}": score for item, score in answers.items()}
        | {"evidence": "simulated"}
        for number, raters in scores.items()
        for person, answers in raters.items()
    ]
    done = pd.DataFrame(rows)
    items = [name for name in done.columns if name.startswith("butir_")]
    return done.astype(dict.fromkeys(items, "Int64"))
