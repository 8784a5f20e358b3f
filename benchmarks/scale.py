"""Summaries of up to 84 million ratings against hand-written code: ``python benchmarks/scale.py``.

Draws simulated programmes of three sizes into a folder (``--folder``, kept for the next run), and runs
each measurement in a process of its own, so that its peak memory is its own. Ratios are of processor
time, best of a few, ours divided by the hand-written one: on a shared machine they move less than
those of the clock.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

#: Groups of each programme: 600 ratings a group.
SIZES = {"1 M": 1_667, "12 M": 20_000, "84 M": 140_000}
GRADE = "max(evidence) as evidence"
LEVELS = """select "round", item, score, evidence, count(*) as n from ({ratings}) group by all"""
ITEMS = f"""select "round", item, count(score) as n, sum(score) as total, avg(score) as mean,
    stddev_samp(score) as sd, median(score) as median, min(score) as low, max(score) as high,
    avg((score >= 3)::int) as share_at_least, count(*) - count(score) as missing, {GRADE}
    from ({{ratings}}) group by all order by all"""
FIELDS = f"""with many as (select "round", field_no, count(*) as items from
    (select distinct "round", item from ({{ratings}})) join ({{items}}) using (item) group by all),
    unit as (select "round", field_no, rater, avg(score) as score, {GRADE}
    from ({{ratings}}) join ({{items}}) using (item) group by "round", field_no, rater)
    select "round", field_no, count(score) as n, avg(score) as mean, stddev_samp(score) as sd,
    median(score) as median, min(score) as low, max(score) as high,
    avg((score >= 3)::int) as share_at_least, {GRADE}, any_value(items) as items
    from unit join many using ("round", field_no) group by all order by all"""
RATES = f"""select activity, count(*) as n, count(*) filter (status in ('present', 'late')) as attended,
    count(distinct person) < 5 as few, {GRADE}
    from ({{attendance}}) where status is not null group by all order by all"""
CLOSING = f"""select "group", book, count(*) as entries, min(date) as first, max(date) as last,
    sum(greatest(amount, 0)) as inflow, sum(greatest(-amount, 0)) as outflow, sum(amount) as closing,
    {GRADE} from ({{ledger}}) where amount is not null group by all order by all"""


class Bench:
    """One programme, and everything that can be measured on it."""

    def __init__(self, folder: Path) -> None:
        import kube_research as kr

        self.kr, self.folder = kr, folder
        self.duckdb = kr.scan_sites(folder)
        self.polars = kr.scan_sites(folder, engine="polars")

    def sql(self, query: str) -> Any:
        """Run hand-written SQL without a limit of memory: within 1 GB not all of it gets through."""
        import duckdb

        reading = "hive_partitioning = true, hive_types_autocast = false"
        sources = {
            name: f"select * from read_parquet('{self.folder}/{name}/**/*.parquet', {reading})"
            for name in ("ratings", "attendance", "ledger")
        }
        sources["items"] = f"select item, field_no from read_csv('{self.folder}/items.csv')"
        with duckdb.connect() as connection:
            return connection.sql(query.format(**sources)).fetchall()

    def polars_items(self) -> Any:
        """Aggregate as one would by hand with polars."""
        import polars as pl

        score = pl.col("score")
        rows = pl.scan_parquet(self.folder / "ratings/**/*.parquet", hive_partitioning=True)
        grouped = rows.group_by("round", "item").agg(
            score.count().alias("n"),
            score.sum().alias("total"),
            score.mean().alias("mean"),
            score.std().alias("sd"),
            score.median().alias("median"),
            score.min().alias("low"),
            score.max().alias("high"),
            (score >= 3).mean().alias("share_at_least"),
            score.null_count().alias("missing"),
            pl.col("evidence").max(),
        )
        return grouped.sort("round", "item").collect(engine="streaming")

    def polars_levels(self) -> Any:
        """Count levels as one would by hand with polars."""
        import polars as pl

        rows = pl.scan_parquet(self.folder / "ratings/**/*.parquet", hive_partitioning=True)
        grouped = rows.group_by("round", "item", "score", "evidence").agg(pl.len())
        return grouped.collect(engine="streaming")

    def measures(self) -> dict[str, Callable[[], Any]]:
        """Return what can be run, by name: "ours" first, then the peers."""
        kr, duck, pol = self.kr, self.duckdb, self.polars
        return {
            "items, DuckDB: ours": lambda: kr.score_items(duck.ratings),
            "items, DuckDB: SQL, plain aggregates": lambda: self.sql(ITEMS),
            "items, DuckDB: SQL, counts of levels only": lambda: self.sql(LEVELS),
            "items, polars: ours": lambda: kr.score_items(pol.ratings),
            "items, polars: polars, plain aggregates": self.polars_items,
            "items, polars: polars, counts of levels only": self.polars_levels,
            "fields, DuckDB: ours": lambda: kr.score_fields(duck.ratings, duck.items),
            "fields, DuckDB: SQL": lambda: self.sql(FIELDS),
            "attendance, DuckDB: ours": lambda: kr.attendance_rates(duck.attendance),
            "attendance, DuckDB: SQL": lambda: self.sql(RATES),
            "ledger, DuckDB: ours": lambda: kr.closing_balances(duck.ledger),
            "ledger, DuckDB: SQL": lambda: self.sql(CLOSING),
            "violations, DuckDB: ours": lambda: kr.count_violations(duck),
        }


def one(name: str, folder: Path, repeats: int) -> None:
    """Run one measurement and print its times and peak memory as JSON."""
    work = Bench(folder).measures()[name]
    clock, processor = [], []
    for _ in range(repeats):
        started, used = time.perf_counter(), time.process_time()
        work()
        clock.append(time.perf_counter() - started)
        processor.append(time.process_time() - used)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"clock": min(clock), "processor": min(processor), "peak": peak}))


def run(name: str, folder: Path, repeats: int) -> dict[str, float]:
    """Run one measurement in a process of its own."""
    words = [sys.executable, __file__, "--one", name, "--folder", str(folder)]
    words += ["--repeats", str(repeats)]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def drawn(folder: Path, groups: int) -> Path:
    """Draw a programme without attrition and faults, unless it is there."""
    from tools.programme import programme

    if not (folder / "programme.toml").is_file():
        programme(folder, groups=groups, attrition=0, faults=0)
    return folder


def main(folder: Path, sizes: list[str], repeats: int) -> None:
    """Print every measurement with its ratio, as rows of a Markdown table."""
    print("| ratings | what | time | processor | peak memory | ours / this |")
    print("|---|---|---|---|---|---|")
    for size in sizes:
        place = drawn(folder / size.replace(" ", ""), SIZES[size])
        ours: dict[str, float] = {}
        for name in Bench(place).measures():
            found = run(name, place, repeats)
            subject, _, peer = name.partition(": ")
            if peer == "ours":
                ours = found
            ratio = "" if peer == "ours" else f"{ours['processor'] / found['processor']:.2f}"
            print(
                f"| {size} | {subject}: {peer} | {found['clock']:.2f} s | {found['processor']:.2f} s |"
                f" {found['peak']:.0f} MB | {ratio} |",
                flush=True,
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--sizes", nargs="+", choices=list(SIZES), default=list(SIZES))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--one")
    given = parser.parse_args()
    if given.one:
        one(given.one, given.folder, given.repeats)
    elif given.folder:
        main(given.folder, given.sizes, given.repeats)
    else:
        with tempfile.TemporaryDirectory() as workplace:
            main(Path(workplace), given.sizes, given.repeats)
