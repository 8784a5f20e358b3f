"""Changes of groups and falls: against raters one by one, and against known truths."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import kube_research as kr
from kube_research.errors import OptionError
from kube_research.programme.groups import fallen_by, fallen_groups, group_changes


def ratings(seed: int = 0, groups: int = 30, raters: int = 6, share: float = 1.0) -> pd.DataFrame:
    rng, rows = np.random.default_rng(seed), []
    for g in range(groups):
        for r in range(raters):
            mood = rng.normal()
            for number in (1, 2):
                if rng.random() > share:
                    continue
                score = int(np.clip(np.rint(2.5 + 0.3 * number + mood + rng.normal()), 1, 4))
                rows.append((f"{22 + g % 2}", number, f"g{g:02d}", f"g{g:02d}-{r}", 1, score))
    columns = ["province", "round", "group", "rater", "item", "score"]
    return pd.DataFrame(rows, columns=columns).assign(evidence="recorded")


def test_own_spread_of_the_same_raters_is_the_paired_error() -> None:
    rows = ratings()
    found = group_changes(kr.programme.group_sums(rows, by=()), within="own").set_index("group")
    wide = rows.pivot(index=["group", "rater"], columns="round", values="score")
    for name, part in wide.groupby(level=0):
        off = part[2] - part[1]
        assert found.loc[name, "change"] == pytest.approx(off.mean(), abs=1e-12)
        assert found.loc[name, "se"] == pytest.approx(stats.sem(off), abs=1e-9)


def test_pooled_spread_by_hand() -> None:
    rows = ratings(1, share=0.8)
    found = group_changes(kr.programme.group_sums(rows, by=()))
    wide = rows.pivot(index=["group", "rater"], columns="round", values="score")
    parts = dict(list(wide.groupby(level=0)))
    both = {name: part.dropna() for name, part in parts.items()}

    def pooled(pairs: list[tuple[np.ndarray, np.ndarray]]) -> float:
        top = sum(((a - a.mean()) * (b - b.mean())).sum() for a, b in pairs if len(a))
        return float(top / sum(max(len(a) - 1, 0) for a, _ in pairs))

    s1, s2 = (pooled([(p[n].dropna(), p[n].dropna()) for p in parts.values()]) for n in (1, 2))
    s12 = pooled([(p[1], p[2]) for p in both.values()])
    for line in found.itertuples():
        n1, n2, n12 = line.raters_before, line.raters_after, len(both[line.group])
        assert line.raters_both == n12
        variance = s1 / n1 + s2 / n2 - 2 * s12 * n12 / (n1 * n2)
        assert line.se == pytest.approx(variance**0.5, rel=1e-9)


def test_a_missing_round_stays_unknown() -> None:
    rows = ratings()
    rows = rows[(rows["group"] != "g00") | (rows["round"] == 1)]
    found = fallen_groups(
        group_changes(kr.programme.group_sums(rows, by="province"), by="province")
    )
    line = found[found["group"] == "g00"].iloc[0]
    assert line["verdict"] == "unknown"
    assert np.isnan(line["change"])
    assert np.isnan(line["mean_after"])
    assert line["mean_before"] > 0
    assert len(found) == 30
    counts = fallen_by(found)
    assert counts["groups"].sum() == 30
    assert counts["compared"].sum() == 29
    assert counts["unknown"].tolist() == [1, 0]
    assert (
        counts[["fell_back", "rose", "unclear", "unknown"]].sum(axis=1) == counts["groups"]
    ).all()
    told = stats.binomtest(int(counts["fell_back"][0]), int(counts["compared"][0]))
    interval = told.proportion_ci(method="wilson")
    assert counts["high"][0] == pytest.approx(interval.high)
    assert set(counts["evidence"]) == {"recorded"}


def test_falls_called_sure_are_falls() -> None:
    rng = np.random.default_rng(2)
    truth = rng.normal(0.2, 0.3, 4000)
    rows = pd.DataFrame({"change": rng.normal(truth, 0.2), "se": 0.2, "truth": truth})
    found = fallen_groups(rows.assign(group=[str(n) for n in range(4000)]))
    fell = found[found["verdict"] == "fell back"]
    assert len(fell) > 80
    assert (fell["truth"] >= 0).mean() < 0.04
    assert (found["verdict"] == "rose").sum() > 1000
    assert found["below_zero"].dropna().is_monotonic_decreasing
    strict = fallen_groups(rows.assign(group="x"), sure=0.999)
    assert (strict["verdict"] == "fell back").sum() < len(fell)


def test_wrong_options_are_refused() -> None:
    changes = group_changes(kr.programme.group_sums(ratings(), by=()))
    with pytest.raises(OptionError):
        fallen_groups(changes, sure=0.2)
    with pytest.raises(OptionError):
        group_changes(kr.programme.group_sums(ratings(), by=()), within="none")
