"""How one level of two rounds is compared: arranged by design, tested, and bounded.

Tests and their sources: :mod:`kube_research.compare.permutation`; intervals of the change:
:mod:`kube_research.compare.changes`; effect sizes: :mod:`kube_research.compare.effects`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from kube_research.compare import effects, permutation
from kube_research.compare.changes import Floats, mean_change
from kube_research.compare.permutation import TestResult
from kube_research.frames import FEW

#: Tests, and the design that each asks for when ``design`` is ``"auto"``.
TESTS = dict.fromkeys(("auto", "permutation", "overlapping-t"), "")
TESTS |= {"mann-whitney": "independent", "brunner-munzel": "independent", "wilcoxon": "paired"}
#: With fewer groups an interval by groups is not given.
ENOUGH_GROUPS = 3
#: Below so many raters in a round a BCa interval covers visibly less than it says.
ENOUGH_FOR_BCA = 30
_EFFECTS = {"hedges_g": effects.hedges_gs, "cliffs_delta": effects.cliffs_deltas}


@dataclass(frozen=True)
class Level:
    """The scores of one level in both rounds, arranged as the design asks: one place a rater.

    ``notes`` are keys of reasons that hold whatever the result, ``facts`` what their texts name;
    ``reach`` is the largest change that the scale allows.
    """

    before: Floats
    after: Floats
    groups: npt.NDArray[Any] | None
    design: str
    cluster: str | None
    notes: list[str]
    facts: dict[str, Any]
    reach: float = np.inf

    @classmethod
    def of(
        cls,
        before: Floats,
        after: Floats,
        groups: npt.NDArray[Any] | None,
        left_out: dict[str, Any],
        *,
        design: str,
        cluster: str | None,
        reach: float = np.inf,
    ) -> Level:
        """Arrange the scores of all raters, nan where a rater gave none; ``left_out`` is told."""
        early, late = ~np.isnan(before), ~np.isnan(after)
        pairs, alone = int((early & late).sum()), int((early ^ late).sum())
        if design == "auto":
            mixed = "partly overlapping" if alone else "paired"
            design = mixed if pairs else "independent"
        notes = [name for name, what in left_out.items() if what]
        keep = np.flatnonzero(early & late if design == "paired" else early | late)
        if design == "paired" and alone:
            notes.append("singles_left_out")
        if design == "independent" and pairs:  # the same rater counts as two
            notes.append("overlap_ignored")
            keep = np.concatenate([np.flatnonzero(early), np.flatnonzero(late)])
            first = np.arange(keep.size) < early.sum()
            before, after = (
                np.where(first, before[keep], np.nan),
                np.where(first, np.nan, after[keep]),
            )
        else:
            before, after = before[keep], after[keep]
        groups = None if groups is None else groups[keep]
        facts: dict[str, Any] = {
            "pairs": pairs,
            "alone": alone,
            "least": FEW,
            "least_groups": ENOUGH_GROUPS,
        }
        facts["clusters"] = 0 if groups is None else np.unique(groups).size
        facts |= {name: count for name, count in left_out.items() if name != "items_left_out"}
        facts["ungrouped"] = 0 if groups is None else sum(name.startswith("?") for name in groups)
        notes += ["ungrouped"] if facts["ungrouped"] else []
        facts["items_left_out"] = ", ".join(str(item) for item in left_out["items_left_out"])
        return cls(before, after, groups, design, cluster, notes, facts, reach)

    @property
    def sizes(self) -> tuple[int, int]:
        """How many scores each round has."""
        return int((~np.isnan(self.before)).sum()), int((~np.isnan(self.after)).sum())

    @property
    def short(self) -> str:
        """Why there are too few raters for an interval; empty where there are enough."""
        least = min(self.sizes)
        if least < 2:
            pairs = "few_pairs" if self.design == "paired" else "one_rater"
            return pairs if least or self.design == "paired" else "nobody"
        return "few_raters" if least < FEW else ""

    def ends(self, confidence: float, unit: str | None) -> tuple[float, float, float]:
        """Return the ends of the t interval of the change, and its p; nan where there is none."""
        groups = self.groups if unit == "group" else None
        nothing = (np.nan, np.nan, np.nan)
        if self.short or (unit == "group" and self.facts["clusters"] < ENOUGH_GROUPS):
            return nothing
        changed = mean_change(self.before, self.after, groups)
        low, high = (np.clip(end[0], -self.reach, self.reach) for end in changed.ends(confidence))
        return float(low), float(high), float(changed.p[0])

    def test(self, test: str, draws: int, seed: int) -> TestResult:
        """Return the result of the test."""
        if self.cluster and test == "auto":
            changed = mean_change(self.before, self.after, self.groups)
            p = self.ends(0.95, "group")[2]
            return TestResult(float(changed.change[0]), p, 0.0, "t of groups (CR2)")
        if test in ("auto", "permutation"):
            units = self.groups if self.cluster else None
            options: dict[str, Any] = {"clusters": units, "draws": draws, "seed": seed}
            return permutation.permutation_test(self.before, self.after, **options)
        function = getattr(permutation, test.replace("-", "_"))
        result: TestResult = function(self.before, self.after)
        return result

    def row(self, result: TestResult, confidence: float) -> dict[str, Any]:
        """Return sizes, means, the change with its intervals, and the test."""
        sizes, known = self.sizes, self.groups is not None
        means = [
            float(np.nanmean(side)) if n else np.nan
            for side, n in zip((self.before, self.after), sizes, strict=True)
        ]
        by_groups = self.ends(confidence, "group") if known else (np.nan, np.nan, np.nan)
        low, high, _ = by_groups if self.cluster else self.ends(confidence, None)
        sides = self.before[:, None], self.after[:, None]
        every = np.ones((1, self.before.size))
        values = {name: float(of(every, *sides)[0, 0]) for name, of in _EFFECTS.items()}
        unit = "groups" if self.cluster else "raters"
        return {
            "n_before": sizes[0],
            "n_after": sizes[1],
            "raters_in_both": self.facts["pairs"],
            "clusters": self.facts["clusters"] if known else pd.NA,
            "mean_before": means[0],
            "mean_after": means[1],
            "change": means[1] - means[0],
            "change_low": low,
            "change_high": high,
            **values,
            "design": self.design,
            "method": result.method,
            "p": result.p,
            "smallest_p": result.smallest_p,
            "interval": "none" if np.isnan(low) else f"t of {unit}",
            **dict(zip(("groups_low", "groups_high", "groups_p"), by_groups, strict=True)),
        }

    def effect_ends(self, draws: int, seed: int, confidence: float) -> dict[str, float]:
        """Return BCa intervals of g and delta, and the probability of superiority with its own."""
        ends: dict[str, float] = {}
        sides = self.before[:, None], self.after[:, None]
        units = self.groups if self.cluster else None
        options: dict[str, Any] = {"design": self.design, "clusters": units, "seed": seed}
        enough = not self.short and not (
            self.cluster and self.facts["clusters"] < effects.ENOUGH_CLUSTERS
        )
        drawn = effects.Resamples.of(*sides, draws=draws, **options) if enough else None
        for name, statistic in _EFFECTS.items():
            low, high = drawn.ends(statistic, confidence)[1][:, 0] if drawn else (np.nan, np.nan)
            ends |= {f"{name}_low": float(low), f"{name}_high": float(high)}
        delta = effects.cliffs_deltas(np.ones((1, self.before.size)), *sides)[0, 0]
        ends["superiority"] = (float(delta) + 1) / 2
        for end in ("low", "high"):
            ends[f"superiority_{end}"] = (ends[f"cliffs_delta_{end}"] + 1) / 2
        return ends

    def reasons(self, row: dict[str, Any], result: TestResult) -> list[str]:
        """Return the keys of what is missing, left out or taken for granted."""
        keys, least = [*self.notes, *([self.short] if self.short else [])], min(self.sizes)
        scores = np.concatenate([self.before, self.after])
        scores, groups = scores[~np.isnan(scores)], self.facts["clusters"]
        if scores.size and np.ptp(scores) == 0:
            keys.append("one_value")
        elif least:
            ends = [value for name, value in row.items() if name.endswith(("_low", "_high"))]
            marks = {
                "separation": abs(row["cliffs_delta"]) == 1,
                "no_spread": np.isnan(row["hedges_g"]) and least > 1,
                "few_groups": bool(self.cluster) and groups < ENOUGH_GROUPS,
                "no_interval": not self.short and np.isnan(row["change_low"]),
                "no_effect_interval": "superiority" in row and np.isnan(ends).any(),
                "bca_small": "superiority" in row and least < ENOUGH_FOR_BCA,
            }
            keys += [key for key, holds in marks.items() if holds]
        keys += [result.reason] if result.reason else []
        if self.groups is not None and not self.cluster:
            beside = "groups_beside" if not np.isnan(row["groups_low"]) else "groups_unknown"
            keys.append(beside if not np.isnan(row["change_low"]) else "groups_ignored")
        return list(dict.fromkeys(keys))

    def verdict(self, smallest: float, confidence: float) -> str:
        """Return what the interval says about changes of at least ``smallest``."""
        low, high, _ = self.ends(2 * confidence - 1, self.cluster)
        if np.isnan(low) or np.isnan(high):
            return "no interval"
        if low > smallest or high < -smallest:
            return "meaningful rise" if low > smallest else "meaningful decline"
        if low > -smallest:
            return "equivalent" if high < smallest else "no meaningful decline"
        return "no meaningful rise" if high < smallest else "undecided"
