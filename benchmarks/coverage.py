"""How often intervals hold the truth and tests cry wolf: ``python benchmarks/coverage.py``.

Raters score before and after as the simulated twin's raters did: its shares of scores, skewed and near
the ceiling, cut from a normal scale on which a rater's own level, the group's move in each round and
chance add up. Nothing changes between the rounds, so a 95 % interval should hold 0 in 95 of 100, and p
be at most .05 in 5 of 100. Prints the tables of ``docs/coverage.md``; nothing here is a test.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

import kube_research as kr
from kube_research.attendance.rates import effective_size, score_interval
from kube_research.compare.changes import Changes, unit_changes
from kube_research.compare.effects import Resamples, cliffs_deltas, hedges_gs
from kube_research.compare.permutation import permutation_test

Floats = npt.NDArray[np.float64]
SIZES, GROUPS, ICCS = (5, 6, 8, 10, 15, 20, 30), (3, 4, 5, 6, 8, 10), (0.0, 0.1, 0.2, 0.3)
#: Share of a rater's scores that is the rater's own level, where groups leave any.
STEADY = 0.5
OVERLAPS = ("none", "half", "all")


def cuts() -> Floats:
    """Return where the normal scale is cut so that scores are as frequent as the twin's."""
    scores = kr.load_site("cibeunying-simulated").ratings["score"].dropna()
    return np.asarray(
        stats.norm.ppf(scores.value_counts(normalize=True).sort_index().cumsum()[:-1])
    )


class Population:
    """Many samples of two rounds without a change: scores of shape (samples, raters)."""

    def __init__(self, samples: int, n: int, overlap: str, items: int, seed: int) -> None:
        self.samples, self.items, self.cuts = samples, items, cuts()
        shared = {"none": 0, "half": n // 2, "all": n}[overlap]
        self.raters = 2 * n - shared
        place = np.arange(self.raters)
        self.early, self.late = place < n, (place < shared) | (place >= n)
        self.rng = np.random.default_rng(seed)

    def drawn(self, groups: int = 0, icc: float = 0.0) -> tuple[Floats, Floats]:
        """Return the mean scores of every rater in both rounds, also where the rater was absent."""
        group = np.arange(self.raters) % max(groups, 1)
        own = np.sqrt(STEADY * (1 - icc)) * self.rng.standard_normal((self.samples, self.raters, 1))
        sides = []
        for _ in range(2):
            moved = self.rng.standard_normal((self.samples, max(groups, 1), 1))[:, group]
            chance = self.rng.standard_normal((self.samples, self.raters, self.items))
            level = np.sqrt(icc) * moved + own + np.sqrt((1 - STEADY) * (1 - icc)) * chance
            sides.append(np.digitize(level, self.cuts).mean(axis=2) + 1.0)
        return sides[0], sides[1]

    def changes(self, sides: tuple[Floats, Floats], groups: int = 0) -> Changes:
        """Return the change of each sample, by raters or, where asked, by groups."""
        here = (self.early.astype(float), self.late.astype(float))
        counts = [np.broadcast_to(side, (self.samples, self.raters)) for side in here]
        sums = [scores * side for scores, side in zip(sides, here, strict=True)]
        if groups:
            member = np.eye(groups)[np.arange(self.raters) % groups]
            counts, sums = ([part @ member for part in parts] for parts in (counts, sums))
        which = np.repeat(np.arange(self.samples), counts[0].shape[1])
        before, after = ((n.ravel(), t.ravel()) for n, t in zip(counts, sums, strict=True))
        return unit_changes(before, after, which, self.samples)


def held(changes: Changes) -> tuple[str, str, str]:
    """Return coverage, share of p at most .05, and share without an interval, as printed."""
    low, high = changes.ends()
    known = ~np.isnan(low)
    covered = ((low <= 0) & (high >= 0))[known].mean()
    return f"{covered:.3f}", f"{(changes.p[known] <= 0.05).mean():.3f}", f"{1 - known.mean():.3f}"


def row(*cells: object) -> str:
    """Return one row of a Markdown table."""
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def by_raters(samples: int) -> Iterator[str]:
    """Yield the table of changes with independent raters."""
    yield row("raters a round", "items", "who scored twice", "t interval", "t test", "none given")
    yield row(*["---"] * 6)
    for items in (1, 28):
        for n in SIZES:
            for overlap in OVERLAPS:
                population = Population(samples, n, overlap, items, n)
                yield row(n, items, overlap, *held(population.changes(population.drawn())))


def by_groups(samples: int) -> Iterator[str]:
    """Yield the table of changes with groups that move by themselves, three raters each."""
    heads = ("groups", "ICC", "who scored twice", "t of groups", "its test", "none given")
    yield row(*heads, "t of raters, for contrast")
    yield row(*["---"] * 7)
    for groups in GROUPS:
        for icc in ICCS:
            for overlap in OVERLAPS:
                population = Population(samples, 3 * groups, overlap, 1, groups)
                sides = population.drawn(groups, icc)
                alone = held(population.changes(sides))[0]
                yield row(groups, icc, overlap, *held(population.changes(sides, groups)), alone)


def by_permutation(samples: int) -> Iterator[str]:
    """Yield how often the permutation test cries wolf, raters independent."""
    yield row("raters a round", "items", "who scored twice", "p at most .05")
    yield row(*["---"] * 4)
    for items in (1, 28):
        for n in SIZES:
            for overlap in OVERLAPS:
                population = Population(samples, n, overlap, items, n)
                before, after = population.drawn()
                before = np.where(population.early, before, np.nan)
                after = np.where(population.late, after, np.nan)
                p = [permutation_test(b, a).p for b, a in zip(before, after, strict=True)]
                yield row(n, items, overlap, f"{np.mean(np.array(p) <= 0.05):.3f}")


def of_means(samples: int) -> Iterator[str]:
    """Yield how often the t interval of one item's mean (``score_items``) holds the true mean."""
    yield row("raters", "t interval of an item's mean", "all scores alike (width 0)")
    yield row(*["---"] * 3)
    scores = kr.load_site("cibeunying-simulated").ratings["score"].dropna().astype(int)
    level, many = np.unique(scores, return_counts=True)
    true, rng = float(level @ many) / many.sum(), np.random.default_rng(0)
    for n in SIZES:
        drawn = rng.choice(level, (samples, n), p=many / many.sum())
        rows = pd.DataFrame({"item": np.repeat(np.arange(samples), n), "score": drawn.ravel()})
        scored = kr.score_items(rows, by=["item"])
        inside = (scored["ci_low"] <= true) & (true <= scored["ci_high"])
        yield row(n, f"{inside.mean():.3f}", f"{(scored['sd'] == 0).mean():.3f}")


def of_effects(samples: int) -> Iterator[str]:
    """Yield the coverage of the BCa intervals of g and delta, raters independent, one item."""
    yield row("raters a round", "who scored twice", "Hedges g", "Cliff's delta")
    yield row(*["---"] * 4)
    for n in (5, 8, 15, 30):
        for overlap in ("none", "all"):
            population = Population(samples, n, overlap, 1, n)
            before, after = population.drawn()
            before = np.where(population.early, before, np.nan)
            after = np.where(population.late, after, np.nan)
            inside: dict[str, list[bool]] = {"g": [], "delta": []}
            for b, a in zip(before, after, strict=True):
                design = "independent" if overlap == "none" else "paired"
                drawn = Resamples.of(b[:, None], a[:, None], design=design, draws=2000)
                for name, statistic in (("g", hedges_gs), ("delta", cliffs_deltas)):
                    low, high = drawn.ends(statistic, 0.95)[1][:, 0]
                    if not np.isnan(low):
                        inside[name].append(bool(low <= 0 <= high))
            shares = [f"{np.mean(held):.3f}" for held in inside.values()]
            yield row(n, overlap, *shares)


def of_proportions() -> Iterator[str]:
    """Yield the coverage of the Wilson interval, exact: mean over p from .01 to .99, and the least."""
    yield row("people", "mean coverage", "least coverage", "at p")
    yield row(*["---"] * 4)
    shares = np.linspace(0.01, 0.99, 981)
    for n in SIZES:
        low, high = np.array([kr.wilson_interval(k, n) for k in range(n + 1)]).T
        chance = stats.binom.pmf(np.arange(n + 1)[:, None], n, shares)
        inside = (low[:, None] <= shares) & (shares <= high[:, None])
        covered = (chance * inside).sum(axis=0)
        least = int(covered.argmin())
        yield row(n, f"{covered.mean():.3f}", f"{covered[least]:.3f}", f"{shares[least]:.2f}")


def around(rng: np.random.Generator, rate: Floats, icc: float) -> Floats:
    """Return beta rates around others; the share ``icc`` of the variance of yes and no is their own."""
    if not icc:
        return rate
    both = (rate * (1 - icc) / icc, (1 - rate) * (1 - icc) / icc)
    return rng.beta(*(np.maximum(part, 1e-9) for part in both))


def over_clusters(came: Floats, days: int) -> tuple[Floats, Floats]:
    """Return the interval of a rate of attendance over the clusters of each list (rows)."""
    clusters, m = came.shape[1], np.full(len(came), float(days))
    sums = {"n": clusters * m, "attended": came.sum(axis=1), "_xx": (came**2).sum(axis=1)}
    sums |= {"_xm": came.sum(axis=1) * m, "_mm": clusters * m**2}
    size, freedom = effective_size(pd.DataFrame(sums))
    away = stats.t.ppf(0.975, freedom)
    return score_interval(sums["attended"] / sums["n"], size, away)


def of_attendance(samples: int) -> Iterator[str]:
    """Yield the coverage of rates over eight days, true rates .05 to .95: over people, and Wilson's."""
    yield row("people", "ICC", "over people", "least", "Wilson, for contrast")
    yield row(*["---"] * 5)
    rng, truths, days = np.random.default_rng(12), np.arange(0.05, 0.96, 0.05), 8
    for people in (3, 5, 6, 10, 15, 30):
        for icc in ICCS:
            held_by = []
            for truth in truths:
                came = rng.binomial(days, around(rng, np.full((samples, people), truth), icc))
                plain = kr.wilson_interval(came.sum(axis=1), people * days)
                ends = over_clusters(came.astype(float), days), plain
                held_by.append([float(np.mean((a <= truth) & (truth <= b))) for a, b in ends])
            over, wilson = np.array(held_by).T
            yield row(people, icc, *(f"{x:.3f}" for x in (over.mean(), over.min(), wilson.mean())))


def of_band(samples: int) -> Iterator[str]:
    """Yield how often the t of groups contradicts a range that ends at the truth: 2.5 % are due."""
    yield row("groups", "ICC of groups", "ICC of people", "truth", "t of groups", "independent")
    yield row(*["---"] * 6)
    rng, people, days = np.random.default_rng(12), 6, 8
    for groups in (3, 5, 8):
        for icc, own in ((0.0, 0.0), (0.0, 0.2), (0.1, 0.2), (0.2, 0.2), (0.3, 0.2)):
            for truth in (0.5, 0.6):
                each = around(rng, np.full((samples, groups), truth), icc)
                each = around(rng, np.repeat(each[..., None], people, axis=2), own)
                came = rng.binomial(days, each).sum(axis=2)
                low, high = over_clusters(came.astype(float), people * days)
                n, x = groups * people * days, came.sum(axis=1)
                alone = stats.binom.cdf(x, n, truth), stats.binom.sf(x - 1, n, truth)
                shares = max((high < truth).mean(), (low > truth).mean())
                plain = max((p <= 0.025).mean() for p in alone)
                yield row(groups, icc, own, truth, f"{shares:.3f}", f"{plain:.3f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=4000)
    given = parser.parse_args()
    tables = {
        "Changes, raters independent": by_raters(given.samples),
        "Changes, groups move by themselves": by_groups(given.samples),
        "Permutation test, raters independent": by_permutation(given.samples // 4),
        "Means of items": of_means(given.samples * 5),
        "BCa intervals of effect sizes": of_effects(given.samples // 10),
        "Wilson intervals of proportions": of_proportions(),
        "Attendance over several days": of_attendance(given.samples),
        "Attendance against a range": of_band(given.samples),
    }
    for title, lines in tables.items():
        print(f"\n### {title}\n")
        for line in lines:
            print(line, flush=True)
