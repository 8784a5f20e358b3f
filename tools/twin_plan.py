"""What of the simulated twin is fixed before the first draw: roster, days, item totals, instrument."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from kube_research.errors import KubeError
from kube_research.evidence.numbers import possible_totals
from kube_research.site.folder import Site

LAST_ITEMS = (5, 10, 15, 20, 24, 26, 28)  # the last item of each field
OFFICERS, OVERLAP, STIMULANT, DUE, COOP_PCT = 3, 12, 20_000_000, 5_000, 20
HALF_MONTH = dt.timedelta(days=15)
Person = tuple[str, str, str]  # code, group, role
Row = dict[str, object]


class ImpossibleTwinError(KubeError):
    """The published numbers, or one printed mean, leave no twin that agrees with them."""


@dataclass(frozen=True)
class Plan:
    """Everything that is fixed before the first draw."""

    site: Site
    seed: int
    activities: pd.DataFrame
    start: dt.date
    points: tuple[dt.date, dt.date]  # the starts that the two printed durations give
    sizes: tuple[int, ...]  # the rosters that fit
    band: tuple[int, int]
    roster: tuple[Person, ...]
    rounds: dict[int, tuple[str, int]]  # round: (activity, raters)
    totals: dict[int, dict[int, int]]  # round: {item: total}

    def day(self, activity: str) -> dt.date:
        """Return the day of an activity."""
        return day_of(self.activities, activity)


def make_plan(site: Site, seed: int) -> Plan:
    """Fix everything that needs no draw; raise ImpossibleTwinError where nothing fits."""
    facts = site.table("facts").set_index("fact")["value"]
    rounds = {
        int(row["round"]): (str(row["activity"]), int(row["n_raters"]))
        for row in site.table("rounds").sort_values("round").to_dict("records")
    }
    if len(rounds) != 2:
        raise ImpossibleTwinError(f"rounds: the twin needs two rounds, found {len(rounds)}")
    activities = _dated(site, facts, next(iter(rounds.values()))[0])
    low, high = int(facts["attendance_low"]), int(facts["attendance_high"])
    sizes = _roster_sizes([n for _, n in rounds.values()], low, high, len(site.info.groups))
    size = sizes[0]
    each = size // len(site.info.groups)
    roster = tuple(
        (f"K{group}-{place}", group, "pengurus" if place <= OFFICERS else "anggota")
        for group in site.info.groups
        for place in range(1, each + 1)
    )
    counts = (("preparation_meeting", "peka_1"), ("kuber", "kuber"))
    points = [
        (day - pd.DateOffset(months=int(facts[f"months_running_at_{fact}"]))).date()
        for activity, fact in counts
        for day in [pd.Timestamp(day_of(activities, activity))]
    ]
    start = max(points) + dt.timedelta(days=-max(points).weekday() % 7)
    if start > min(points) + HALF_MONTH:
        raise ImpossibleTwinError("facts: the two durations point to different starts")
    band = (-(-low * size // 100), high * size // 100)
    totals = _totals(site, rounds, activities)
    found = (points[0], points[1]), tuple(sizes)
    return Plan(site, seed, activities, start, *found, band, roster, rounds, totals)


def day_of(activities: pd.DataFrame, activity: str) -> dt.date:
    """Return the day of an activity."""
    days = activities.loc[activities["activity"] == activity, "date"].dropna()
    if days.empty:
        raise ImpossibleTwinError(f"activities: no date for {activity}")
    return pd.Timestamp(days.iloc[0]).date()


def copied(site: Site, name: str) -> pd.DataFrame:
    """Copy a published table, graded simulated, its locator kept."""
    frame = site.table(name)
    return frame.assign(evidence="simulated", locator="copied; " + frame["locator"])


def _dated(site: Site, facts: pd.Series, first: str) -> pd.DataFrame:
    """Copy the activities; the first round gets a day in the middle of what is possible."""
    done = copied(site, "activities")
    row = done["activity"] == first
    earliest = dt.date.fromisoformat(str(facts["fieldwork_start"]))
    meeting = pd.Timestamp(done.loc[done["kind"] == "meeting", "date"].min()).date()
    chosen = pd.Timestamp(earliest + (meeting - earliest) // 2)
    if (done.loc[row, "precision"] == "between").all():
        if (
            not (done.loc[row, "date"] < chosen).all()
            or not (done.loc[row, "last_date"] >= chosen).all()
        ):
            raise ImpossibleTwinError(f"activities: no day left for {first}")
        done.loc[row, "date"] = chosen
        done.loc[row, "last_date"] = pd.NaT
        done.loc[row, "precision"] = "day"
    return done


def _roster_sizes(counts: list[int], low: int, high: int, groups: int) -> list[int]:
    """Return the rosters for which every rater count is an attendance inside the printed band."""
    fits = [
        size
        for size in range(max(counts), 100 * max(counts) // low + 1)
        if all(low * size <= 100 * n <= high * size for n in counts) and size % groups == 0
    ]
    if not fits:
        raise ImpossibleTwinError(
            f"facts: no roster of {groups} equal groups puts {counts} raters at {low}-{high} %"
        )
    return fits


def _totals(
    site: Site, rounds: Mapping[int, tuple[str, int]], activities: pd.DataFrame
) -> dict[int, dict[int, int]]:
    """Return the item totals of both rounds: derived for the named items, assumed for the rest."""
    (first, (_, n1)), (second, (later, n2)) = rounds.items()
    low, high = site.info.scale
    means = site.table("item_means").query("round == @first")
    named: dict[int, int] = {}
    for item, mean, n in zip(means["item"], means["mean"], means["n"], strict=True):
        fits = possible_totals(mean, int(n), rounding=site.info.rounding, scale=(low, high))
        if int(n) != n1 or len(fits) != 1:
            raise ImpossibleTwinError(
                f"item_means: item {item}: the mean {mean} of {n} raters is the {site.info.rounding} "
                f"value of {len(fits)} totals on the scale {low}-{high} (round {first}: {n1} raters)"
            )
        named[int(item)] = int(fits[0])
    if not named or max(named) > LAST_ITEMS[-1]:
        raise ImpossibleTwinError(f"item_means: round {first} needs items up to {LAST_ITEMS[-1]}")
    floor = max([*named.values(), int(site.info.threshold * n1)]) + 3
    links = site.table("rtl").merge(activities[["activity", "date"]], on="activity")
    before = links[links["date"] < pd.Timestamp(day_of(activities, later))]["item"].value_counts()
    totals: dict[int, dict[int, int]] = {first: {}, second: {}}
    for item in range(1, LAST_ITEMS[-1] + 1):
        now = named.get(item, floor + 7 * item % max(1, min(12, n1 * high - floor + 1)))
        if item in named:
            new = -(-now * n2 // n1) + 1 + 4 * int(before.get(item, 0))
        else:
            new = min(n2 * high, (2 * now * n2 + n1) // (2 * n1) + 5 * item % 7 - 2)
        if now > n1 * high or new > n2 * high:
            raise ImpossibleTwinError(
                f"item_means: the mean of item {max(named, key=lambda key: named[key])} leaves no room "
                f"on the scale for the items above it or for a rise in round {second}"
            )
        totals[first][item], totals[second][item] = now, new
    return totals


def items_rows(site: Site) -> pd.DataFrame:
    """Return the instrument: the named items and stand-ins for the others."""
    named = copied(site, "items").set_index("item", drop=False)
    fields = site.table("fields").sort_values("field_no").to_dict("records")
    if len(fields) != len(LAST_ITEMS):
        raise ImpossibleTwinError(f"fields: {len(fields)} fields, not {len(LAST_ITEMS)}")
    rows: list[Row] = []
    for item in range(1, LAST_ITEMS[-1] + 1):
        field = fields[next(place for place, last in enumerate(LAST_ITEMS) if item <= last)]
        row: Row = {name: field[name] for name in ("field_no", "field_id", "field_en")}
        if item in named.index:
            if named.at[item, "field_no"] != field["field_no"]:
                raise ImpossibleTwinError(f"items: item {item} is not in field {field['field_no']}")
            rows.append({str(name): value for name, value in named.loc[item].items()})
            continue
        row |= {"item": item, "direction": "positive", "evidence": "simulated"}
        row["statement_id"] = f"Butir {item} (redaksi tidak dicetak)"
        row["statement_en"] = f"Item {item} (wording not printed)"
        rows.append(row | {"locator": "assumptions.csv: unnamed_items"})
    return pd.DataFrame(rows)
