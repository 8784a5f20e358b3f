"""Ratios against named peers, measured in one run on one machine: ``python benchmarks/run.py``.

A ratio above 1 means that the peer takes longer. Peers that are not installed are named and skipped:
``pip install pysprite pingouin`` in a throw-away environment brings them. Nothing here is a test.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable
from itertools import combinations_with_replacement

import numpy as np
from scipy import stats

import kube_research as kr
from kube_research.compare.effects import Resamples, mean_changes
from kube_research.evidence.change import change_bounds
from kube_research.evidence.compatible import compatible_counts
from kube_research.evidence.ordinal import cliffs_delta as cliffs_deltas
from kube_research.evidence.ordinal import mann_whitney_p, mann_whitney_u


def clock(work: Callable[[], object], repeats: int = 5) -> float:
    """Return the best of several runs in milliseconds, after one to warm up."""
    work()
    best = float("inf")
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - started)
    return best * 1000


def line(name: str, ours: float, aim: str, peers: dict[str, float]) -> None:
    """Print one measurement and its ratios."""
    print(f"{name:<58} {ours:10.2f} ms   aim {aim}")
    for peer, theirs in peers.items():
        print(f"    {peer:<54} {theirs:10.2f} ms   ratio {theirs / ours:8.1f}")


def plain_enumeration(total: int, n: int, scale: tuple[int, int]) -> list[tuple[int, ...]]:
    """List score vectors as a loop would: the peer of ``compatible_counts``."""
    points = range(scale[0], scale[1] + 1)
    return [v for v in combinations_with_replacement(points, n) if sum(v) == total]


def enumeration() -> None:
    """Count vectors of one mean."""
    mean = "2.50"
    ours = clock(lambda: compatible_counts(mean, 18, (1, 5)), 20)
    peers = {"plain Python enumeration": clock(lambda: plain_enumeration(45, 18, (1, 5)), 2)}
    if importlib.util.find_spec("pysprite"):
        from pysprite import Sprite  # type: ignore[import-not-found]

        peers["pysprite, possible distributions"] = clock(
            lambda: Sprite(18, 2.5, 1.0, 2, 2, 1, 5).find_possible_distributions(50), 1
        )
    line("count vectors: n = 18 on 1-5", ours, "< 1 ms", peers)


def pairs() -> None:
    """All compatible pairs of the six items on the plausible scales, n = 15 and 18."""
    study = kr.load_site("cibeunying")
    sets = []
    for scale in study.info.scales:
        totals = range(18 * scale[0], 18 * scale[1] + 1)
        later = [compatible_counts(f"{t / 18:.6f}", 18, scale) for t in totals]
        after = np.concatenate(later)
        means = study.item_means["mean"]
        sets.append(([compatible_counts(m, 15, scale, rounding="truncate") for m in means], after))
    count = sum(len(counts) * len(after) for before, after in sets for counts in before)
    print(f"    pairs gone over: {count:,}")

    def deltas() -> None:
        for before, after in sets:
            for counts in before:
                cliffs_deltas(counts, after)
                mann_whitney_u(counts, after)

    before, after = sets[1]
    few = 300
    points = np.arange(1, 5)
    rng = np.random.default_rng(0)
    chosen = [
        (np.repeat(points, before[0][i]), np.repeat(points, after[j]))
        for i, j in zip(
            rng.integers(len(before[0]), size=few), rng.integers(len(after), size=few), strict=True
        )
    ]
    scipy_loop = clock(lambda: [stats.mannwhitneyu(b, a) for a, b in chosen], 1) / few * count
    line(
        "Cliff's delta and U of all pairs",
        clock(deltas, 3),
        "< 50 ms",
        {f"scipy.stats.mannwhitneyu in a loop (from {few} pairs)": scipy_loop},
    )

    def ps() -> None:
        for before, after in sets:
            for counts in before:
                mann_whitney_p(counts, after)

    small = chosen[:3]

    def permuted() -> None:
        for pair in small:
            stats.permutation_test(
                pair, lambda x, y: stats.mannwhitneyu(x, y).statistic, n_resamples=999
            )

    line(
        "exact tie-aware p of all pairs",
        clock(ps, 2),
        "< 500 ms",
        {"scipy.stats.permutation_test, 999 draws (from 3)": clock(permuted, 1) / 3 * count},
    )
    one = before[0]
    line(
        "change bounds of one item, 'rose', delta",
        clock(lambda: change_bounds(one, "rose", "cliffs_delta", n_after=18), 3),
        "< 5 ms",
        {},
    )


def bootstrap() -> None:
    """BCa intervals of the means of 30 items."""
    rng = np.random.default_rng(1)
    scores = rng.integers(1, 5, (18, 30))
    start, end = np.zeros(scores.shape), scores.astype(float)
    ours = clock(lambda: Resamples.of(start, end, draws=10_000).ends(mean_changes, 0.95), 3)
    peer = clock(
        lambda: [
            stats.bootstrap((scores[:, i],), np.mean, n_resamples=10_000, vectorized=True, rng=0)
            for i in range(30)
        ],
        1,
    )
    line("BCa of 30 items x 10,000 draws", ours, "< 50 ms", {"scipy.stats.bootstrap": peer})


def effect() -> None:
    """Cliff's delta of one pair of samples."""
    rng = np.random.default_rng(2)
    x, y = rng.integers(1, 6, 400), rng.integers(1, 6, 500)
    peers = {
        "plain Python double loop": clock(
            lambda: sum((b > a) - (b < a) for a in x.tolist() for b in y.tolist()), 2
        )
    }
    if importlib.util.find_spec("pingouin"):
        import pingouin  # type: ignore[import-not-found]

        peers["pingouin.mwu"] = clock(lambda: pingouin.mwu(y, x), 3)
    ours = clock(lambda: cliffs_deltas(np.bincount(x), np.bincount(y)))
    line("Cliff's delta, 400 against 500 scores", ours, "-", peers)


if __name__ == "__main__":
    for name in ("pysprite", "pingouin"):
        if importlib.util.find_spec(name) is None:
            print(f"skipped: {name} is not installed")
    for measure in (enumeration, pairs, bootstrap, effect):
        measure()
