"""A whole programme: writing it, summing it, drawing its groups again, against peers in one run.

``python benchmarks/programme.py [FOLDER] [--groups N]``: without a folder a programme is drawn into
a temporary one. Each part runs in a process of its own, so that its peak memory is its own. Nothing
here is a test.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DRAWS = 1000


def clock(work: object, repeats: int = 1) -> float:
    """Return the best of several runs in seconds."""
    best = float("inf")
    for _ in range(repeats):
        started = time.perf_counter()
        work()  # type: ignore[operator]
        best = min(best, time.perf_counter() - started)
    return best


def peak() -> float:
    """Return the most memory this process has held, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (
        1024 if sys.platform != "darwin" else 2**20
    )


def write(folder: Path, groups: int) -> dict[str, float]:
    """Write a programme: rows a second and peak memory."""
    import kube_research as kr
    from tools.programme import programme as write_programme

    seconds = clock(lambda: write_programme(folder, groups=groups))
    counts = kr.programme.open_programme(folder).info["counts"]
    size = sum(path.stat().st_size for path in folder.rglob("*.parquet")) / 1e6
    return {"seconds": seconds, "ratings": counts["ratings"], "MB on disk": size, "peak": peak()}


SQL = """
with raters as (
  select province, regency, "group", rater,
    count(*) filter (where round = 1) n1, sum(score) filter (where round = 1) t1,
    count(*) filter (where round = 2) n2, sum(score) filter (where round = 2) t2,
    max(evidence) evidence
  from read_parquet('{files}', hive_partitioning = true, hive_types_autocast = false)
  where score between 1 and 4 and item between 1 and 30 group by all),
means as (
  select province, regency, "group", evidence, t1 / nullif(n1, 0) m1, t2 / nullif(n2, 0) m2
  from raters)
select province, regency, "group", count(m1), sum(m1), sum(m1 * m1), count(m2), sum(m2), sum(m2 * m2),
  count(m1 + m2), sum(m1) filter (where m2 is not null), sum(m2) filter (where m1 is not null),
  sum(m1 * m2), max(evidence) from means group by all
"""


def summed(folder: Path, groups: int) -> dict[str, float]:
    """Sum all groups through the library."""
    import kube_research as kr

    programme = kr.programme.open_programme(folder)

    def work() -> None:
        ratings = programme.table("ratings")
        kr.programme.group_sums(ratings, scale=(1, 4), items=programme.items["item"])

    return {"seconds": clock(work), "peak": peak()}


def by_hand(folder: Path, groups: int) -> dict[str, float]:
    """Sum all groups in hand-written SQL."""
    import duckdb

    files = f"{folder.as_posix()}/ratings/**/*.parquet"
    return {"seconds": clock(lambda: duckdb.sql(SQL.format(files=files)).df()), "peak": peak()}


def drawn(folder: Path, groups: int) -> dict[str, float]:
    """Draw all groups a thousand times from their sums, with BCa intervals."""
    import kube_research as kr

    sums = made_sums(groups)
    kr.programme.bootstrap_changes(sums, draws=2)
    seconds = clock(lambda: kr.programme.bootstrap_changes(sums, draws=DRAWS))
    areas = clock(lambda: kr.programme.bootstrap_changes(sums, by="province", draws=DRAWS))
    return {"seconds": seconds, "by province": areas, "peak": peak()}


def drawn_scipy(folder: Path, groups: int) -> dict[str, float]:
    """Let scipy draw the groups' changes: one number a group, percentile only (BCa needs n x n)."""
    import numpy as np
    from scipy import stats

    sums = made_sums(groups)
    change = (sums["total_after"] - sums["total_before"]).to_numpy() / 10

    def work() -> None:
        stats.bootstrap((change,), np.mean, n_resamples=DRAWS, batch=50, method="percentile", rng=0)

    return {"seconds": clock(work), "peak": peak()}


def drawn_rows(folder: Path, groups: int) -> dict[str, float]:
    """Copy the raters' rows of the drawn groups, as most scripts do: three draws, then in proportion."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(0)
    many = 10 * groups
    rows = pd.DataFrame(
        {
            "group": np.repeat(np.arange(groups), 10),
            "before": rng.uniform(1, 4, many),
            "after": rng.uniform(1, 4, many),
        }
    ).set_index("group")
    draws = 3

    def work() -> None:
        for _ in range(draws):
            picked = rows.loc[rng.integers(0, groups, groups)]
            picked["after"].mean() - picked["before"].mean()

    return {"seconds": clock(work) * DRAWS / draws, "peak": peak()}


def changes(folder: Path, groups: int) -> dict[str, float]:
    """Compare by regency, with cluster-robust intervals, shrink, and bound."""
    import kube_research as kr

    sums = made_sums(groups)
    seconds = clock(lambda: kr.programme.area_changes(sums, by="regency"), 3)
    fallen = clock(
        lambda: kr.programme.fallen_groups(kr.programme.group_changes(sums, by="regency"))
    )
    bounds = clock(lambda: kr.programme.attrition_bounds(sums, (1, 4), by="regency"), 3)
    return {"seconds": seconds, "fallen groups": fallen, "bounds": bounds, "peak": peak()}


def made_sums(groups: int):  # type: ignore[no-untyped-def]
    """Draw sums of groups without any ratings behind them."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(1)
    before, after = rng.uniform(15, 30, groups), rng.uniform(18, 33, groups)
    regency = np.sort(rng.integers(0, 514, groups))
    frame = pd.DataFrame(
        {"province": regency // 16, "regency": regency, "group": np.arange(groups)}
    )
    frame = frame.assign(raters_before=10, raters_after=10, raters_both=10, evidence="simulated")
    frame = frame.assign(
        total_before=before, total_after=after, both_before=before, both_after=after
    )
    squares = {"squares_before": before**2 / 10 + 3, "squares_after": after**2 / 10 + 3}
    return frame.assign(**squares, both_product=before * after / 10 + 1)


PARTS = (write, summed, by_hand, drawn, drawn_scipy, drawn_rows, changes)


def main() -> None:
    """Run every part in its own process and print what it took."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--groups", type=int, default=140_000)
    parser.add_argument("--part")
    asked = parser.parse_args()
    if asked.part:
        part = next(one for one in PARTS if one.__name__ == asked.part)
        print(json.dumps(part(asked.folder, asked.groups)))
        return
    with tempfile.TemporaryDirectory() as place:
        folder = asked.folder or Path(place) / "programme"
        for part in PARTS:
            if part is write and asked.folder:
                continue
            command = [sys.executable, __file__, str(folder), "--groups", str(asked.groups)]
            done = subprocess.run(
                [*command, "--part", part.__name__], capture_output=True, text=True, check=True
            )
            found = json.loads(done.stdout)
            told = "   ".join(f"{name} {value:,.1f}" for name, value in found.items())
            print(f"{part.__name__:<12} {told}   # {part.__doc__}")


if __name__ == "__main__":
    main()
