"""Items weak everywhere: intervals against scipy, and no item called weak on thin ground."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import kube_research as kr
from kube_research.errors import MissingColumnError, OptionError
from kube_research.programme.weak import weak_by_area, weak_everywhere


@pytest.fixture(scope="module")
def ratings() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    rows = []
    for g in range(24):
        for r in range(4):
            for item, level in ((1, 1.4), (2, 2.5), (3, 3.5)):
                level += 1.5 * (item == 1 and g % 3 == 2)
                for number in (1, 2):
                    score = int(np.clip(np.rint(level + rng.normal(0, 0.5)), 1, 4))
                    rows.append((f"{22 + g % 3}", number, f"g{g}", f"g{g}-{r}", item, score))
    columns = ["province", "round", "group", "rater", "item", "score"]
    return pd.DataFrame(rows, columns=columns).assign(evidence="simulated")


def test_intervals_are_those_of_group_means(ratings: pd.DataFrame) -> None:
    found = weak_by_area(kr.programme.item_area_sums(ratings), threshold=2.5)
    assert set(found["round"]) == {2}
    means = ratings[ratings["round"] == 2].groupby(["item", "province", "group"])["score"].mean()
    for line in found.itertuples():
        part = means[line.item, line.province]
        ends = stats.t.interval(0.95, len(part) - 1, part.mean(), stats.sem(part))
        assert (line.groups, line.mean) == (8, pytest.approx(part.mean()))
        assert [line.low, line.high] == pytest.approx(list(ends))
        verdict = "weak" if ends[1] < 2.5 else "strong" if ends[0] >= 2.5 else "unclear"
        assert line.verdict == verdict


def test_weak_in_two_of_three_is_not_everywhere(ratings: pd.DataFrame) -> None:
    found = weak_everywhere(weak_by_area(kr.programme.item_area_sums(ratings), threshold=2.5))
    assert found["item"].tolist() == [1, 2, 3]
    assert found.loc[0, ["weak", "strong"]].tolist() == [2, 1]
    assert not found["everywhere"].any()
    assert (found["weak"] + found["unclear"] + found["strong"] == found["areas"]).all()
    high = weak_everywhere(weak_by_area(kr.programme.item_area_sums(ratings), threshold=3.9))
    assert high["everywhere"].tolist() == [True, True, True]
    two = ratings[ratings["province"] != "24"]
    assert weak_everywhere(weak_by_area(kr.programme.item_area_sums(two), threshold=2.5))[
        "everywhere"
    ][0]
    assert set(found["evidence"]) == {"simulated"}


def test_one_group_proves_nothing(ratings: pd.DataFrame) -> None:
    one = ratings[ratings["group"].isin(["g0"])]
    found = weak_by_area(kr.programme.item_area_sums(one), threshold=2.5, at=1)
    assert set(found["round"]) == {1}
    assert set(found["verdict"]) == {"unclear"}
    assert found["few"].all()


def test_wrong_options_are_refused(ratings: pd.DataFrame) -> None:
    with pytest.raises(OptionError):
        weak_by_area(kr.programme.item_area_sums(ratings), threshold=2.5, confidence=95)
    with pytest.raises(MissingColumnError):
        weak_by_area(ratings, threshold=2.5)
