"""The draws of the simulated twin: raters, ratings, attendance and books, in whole numbers only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from tools.twin_plan import (
    COOP_PCT,
    DUE,
    LAST_ITEMS,
    OVERLAP,
    STIMULANT,
    ImpossibleTwinError,
    Person,
    Plan,
    Row,
)

_PURSES = {"sick_members": "iks_sick", "posyandu": "iks_posyandu"}


def _lottery(people: Iterable[Person], rng: np.random.Generator) -> list[str]:
    """Order people by chance; officers hold three tickets, members two."""
    tickets = [code for code, _, role in people for _ in range(2 + (role == "pengurus"))]
    return list(dict.fromkeys(tickets[place] for place in rng.permutation(len(tickets))))


def _spread(total: int, groups: tuple[str, ...], rng: np.random.Generator) -> dict[str, int]:
    base, more = divmod(total, len(groups))
    extra = {groups[place] for place in rng.permutation(len(groups))[:more]}
    return {group: base + (group in extra) for group in groups}


def draw_raters(plan: Plan, rng: np.random.Generator) -> dict[int, list[str]]:
    """Draw who rates in each round, group by group."""
    groups = plan.site.info.groups
    (first, (_, n1)), (second, (_, n2)) = plan.rounds.items()
    ones, twos = _spread(n1, groups, rng), _spread(n2, groups, rng)
    lost = _spread(n1 - min(OVERLAP, n1), groups, rng)
    chosen: dict[int, set[str]] = {first: set(), second: set()}
    for group in groups:
        order = _lottery([person for person in plan.roster if person[1] == group], rng)
        kept, fresh = order[lost[group] : ones[group]], order[ones[group] :]
        need = twos[group] - len(kept)
        if not 0 <= need <= len(fresh):
            raise ImpossibleTwinError(f"rounds: group {group} cannot send {twos[group]} raters")
        chosen[first] |= set(order[: ones[group]])
        chosen[second] |= {*kept, *fresh[:need]}
    return {number: [p[0] for p in plan.roster if p[0] in who] for number, who in chosen.items()}


def draw_ratings(
    plan: Plan, raters: Mapping[int, list[str]], rng: np.random.Generator
) -> list[Row]:
    """Draw scores that meet every item total exactly."""
    low, high = plan.site.info.scale
    group = {code: of for code, of, _ in plan.roster}
    mood = {of: int(rng.integers(-20, 21)) for of in plan.site.info.groups}
    lenient = {code: mood[of] + int(rng.integers(-55, 56)) for code, of in group.items()}
    taste = {code: rng.integers(-65, 66, size=LAST_ITEMS[-1] + 1) for code in group}
    columns = ("round", "group", "rater", "item", "score")
    rows: list[Row] = []
    for number, who in raters.items():
        cells: dict[tuple[str, int], int] = {}
        for item, total in plan.totals[number].items():
            wish = [
                100 * total // len(who) + lenient[code] + int(taste[code][item]) for code in who
            ]
            noise = rng.integers(-60, 61, size=len(who)).tolist()
            scores = [
                min(high, max(low, (w + e + 50) // 100)) for w, e in zip(wish, noise, strict=True)
            ]
            while sum(scores) != total:  # steps of one point, inside the scale, middle scores first
                step = 1 if sum(scores) < total else -1
                able = [i for i, score in enumerate(scores) if low <= score + step <= high]
                inner = [i for i in able if low < scores[i] + step < high] or able
                scores[inner[int(rng.integers(len(inner)))]] += step
            cells |= {(code, item): score for code, score in zip(who, scores, strict=True)}
        rows += [
            dict(zip(columns, (number, group[code], code, item, cells[code, item]), strict=True))
            for code in who
            for item in plan.totals[number]
        ]
    return rows


def member_rows(plan: Plan) -> list[Row]:
    """Return the roster with the companion and the community leader."""
    others = [("P-1", None, "pendamping"), ("T-1", None, "tokoh")]
    return [
        {"person": code, "group": group, "role": role, "joined": plan.start, "left": None}
        for code, group, role in [*plan.roster, *others]
    ]


def events_by_day(plan: Plan) -> dict[dt.date, list[str]]:
    """Return the activities of each day at which attendance is taken."""
    kinds = plan.activities["kind"].isin(["assessment", "meeting", "intervention"])
    dated = plan.activities[kinds & (plan.activities["precision"] == "day")]
    events: dict[dt.date, list[str]] = {}
    for activity in dated.sort_values("date", kind="stable")["activity"]:
        events.setdefault(plan.day(activity), []).append(activity)
    return events


def draw_attendance(
    plan: Plan, raters: Mapping[int, list[str]], rng: np.random.Generator
) -> list[Row]:
    """Draw who comes; at a round its raters are those present."""
    columns = ("activity", "group", "person", "role", "status")
    rows: list[Row] = []
    seen: set[str] = set()
    held = {plan.day(activity): raters[number] for number, (activity, _) in plan.rounds.items()}
    events = events_by_day(plan)
    for day, activities in events.items():
        order = _lottery(plan.roster, rng)
        if day == max(events):
            order.sort(key=lambda code: code in seen)
        count = int(rng.integers(plan.band[0], plan.band[1] + 1))
        came = set(held.get(day, order[:count]))
        seen |= came
        status = {}
        for code, _, _ in plan.roster:
            draw = int(rng.integers(60))
            away = "absent" if draw < 30 else "excused" if draw < 54 else "represented"
            status[code] = ("late" if draw < 10 else "present") if code in came else away
        rows += [
            dict(zip(columns, (activity, group, code, role, status[code]), strict=True))
            for activity in activities
            for code, group, role in plan.roster
        ]
    return rows


def draw_ledger(plan: Plan, group: str, rng: np.random.Generator) -> list[Row]:
    """Write the three books of one group, month by month; amounts in whole rupiah."""
    period = plan.site.info.period
    end = period[1] if period else plan.day("kuber")
    people = [code for code, of, _ in plan.roster if of == group]
    shared = plan.site.table("iks_rule").dropna(subset=["share_pct"])
    shares = [
        (_PURSES[p], pct) for p, pct in zip(shared["purpose"], shared["share_pct"], strict=True)
    ]
    rule, coop, charity = (
        plan.day(a) for a in (shared["activity"].iloc[0], "mentoring_3", "kuber")
    )
    columns = ("date", "group", "book", "category", "person", "amount", "note")
    rows: list[Row] = []
    purse = dict.fromkeys(["iks_due", *_PURSES.values()], 0)

    def draw(low: int, high: int) -> int:
        return int(rng.integers(low, high + 1))

    def post(
        day: dt.date, book: str, category: str, amount: int, who: str = "", note: str = ""
    ) -> None:
        cells = (day, group, book, category, who or None, amount, note or None)
        rows.append(dict(zip(columns, cells, strict=True)))

    def move(day: dt.date, book: str, category: str, amount: int, note: str) -> None:
        post(day, "kas", category, -amount, note=note)
        post(day, book, category, amount, note=note)

    def spend(day: dt.date, source: str, category: str, amount: int, who: str = "") -> None:
        amount = min(amount, purse[source]) // 1000 * 1000
        if amount >= 10_000:
            purse[source] -= amount
            post(day, "iks", category, -amount, who)

    daily = draw(250, 400)  # thousand rupiah
    post(plan.start, "kas", "stimulant", STIMULANT)
    post(plan.start, "kas", "equipment", -1000 * draw(3000, 4500))
    post(plan.start, "kas", "opening_stock", -1000 * draw(9000, 11500))
    for month in pd.period_range(plan.start, end, freq="M"):
        first = max(plan.start, month.start_time.date())
        last = min(end, month.end_time.date())
        span = [first + dt.timedelta(days=step) for step in range((last - first).days + 1)]
        days = [day for day in span if day.weekday() < 6]
        saturdays = [day for day in days if day.weekday() == 5]
        profit = unspent = 0
        for day in days:
            weekly, is_saturday = day <= rule, day.weekday() == 5
            if is_saturday if weekly else draw(1, 12) > 1:
                sales = 1000 * (daily * (6 if weekly else 1) * draw(80, 120) // 100)
                post(day, "kas", "sales", sales)
                profit, unspent = profit + sales, unspent + sales
            if unspent and (is_saturday or day == days[-1]):
                bought = unspent * draw(80, 86) // 100_000 * 1000
                post(day, "kas", "stock_purchase", -bought)
                profit, unspent = profit - bought, 0
                if is_saturday and draw(0, 1):
                    cost = 1000 * draw(10, 35)
                    post(day, "kas", "cost", -cost)
                    profit -= cost
        if saturdays:
            for code in people:
                if draw(1, 6) > 1:
                    post(saturdays[0], "tabungan", "member_deposit", 5000 * draw(2, 4), code)
            ruled = last >= rule
            if not ruled:
                post(saturdays[0], "iks", "iks_due", DUE * len(people))
                purse["iks_due"] += DUE * len(people)
            between = [day for day in days[:-1] if day > saturdays[0]]
            if between and not first <= charity <= last:
                ill, visit = (between[draw(0, len(between) - 1)] for _ in range(2))
                if draw(1, 3) == 1 or ruled:
                    fund = "iks_sick" if purse["iks_sick"] else "iks_due"
                    who = people[draw(0, len(people) - 1)]
                    spend(ill, fund, "sick_support", 5000 * draw(5, 12), who)
                spend(visit, "iks_posyandu", "posyandu_support", purse["iks_posyandu"] // 2)
        if first <= charity <= last:
            given = {fund: held * 3 // 4000 * 1000 for fund, held in purse.items()}
            purse = {fund: held - given[fund] for fund, held in purse.items()}
            post(charity, "iks", "charity_day", -sum(given.values()))
        if last >= rule:
            note = f"base: net profit {month} = {profit}"
            for category, pct in shares:
                part = profit // 1000 * round(pct * 10)
                move(days[-1], "iks", category, part, f"{pct:g}% of {note}")
                purse[category] += part
        if last >= coop:
            saved = profit * COOP_PCT // 100_000 * 1000
            move(days[-1], "tabungan", "cooperative_savings", saved, "")
    return rows


def balanced(entries: list[Row]) -> list[Row]:
    """Put the entries in order of date, group and book, and write the running balance."""
    books = ("kas", "tabungan", "iks")
    held: dict[tuple[object, object], int] = {}
    done = sorted(entries, key=lambda e: (str(e["date"]), e["group"], books.index(str(e["book"]))))
    for entry in done:
        book = entry["group"], entry["book"]
        held[book] = held.get(book, 0) + int(str(entry["amount"]))
        entry["balance"] = held[book]
    return done
