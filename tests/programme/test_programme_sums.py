"""Sums of groups: the same on every engine, and those of plain pandas one rater at a time."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from engine_frames import ENGINES, as_engine, same

import kube_research as kr
from kube_research.errors import MissingColumnError
from kube_research.programme.sums import group_sums, item_area_sums


@pytest.fixture(scope="module")
def ratings() -> pd.DataFrame:
    rng = np.random.default_rng(11)
    rows = []
    for g in range(14):
        for r in range(int(rng.integers(1, 5))):
            for number in (1, 2):
                if (g, number) == (3, 2) or rng.random() < 0.2:
                    continue
                for item in (1, 2, 3, 4):
                    where = (f"{22 + g % 3}", f"{22 + g % 3}0{g % 2}", number, f"g{g:02d}")
                    rows.append((*where, f"g{g:02d}-{r}", item, rng.integers(1, 5)))
    columns = ["province", "regency", "round", "group", "rater", "item", "score"]
    frame = pd.DataFrame(rows, columns=columns).astype({"score": "float64"})
    frame.loc[frame.index % 17 == 0, "score"] = np.nan
    frame.loc[frame.index % 23 == 1, "score"] = 44
    frame.loc[frame.index % 29 == 1, "item"] = 99
    frame["evidence"] = np.where(frame["group"] == "g01", "simulated", "recorded")
    return frame.astype({"score": "Int64"})


OPTIONS = {"scale": (1, 4), "items": [1, 2, 3, 4]}


def by_hand(ratings: pd.DataFrame) -> pd.DataFrame:
    kept = ratings[ratings["score"].between(1, 4).fillna(False) & ratings["item"].le(4)]
    means = kept.groupby(["province", "regency", "group", "rater", "round"])["score"].mean()
    wide = means.unstack().astype("float64")
    rows = []
    for keys, part in wide.groupby(level=[0, 1, 2]):
        one, two = part[1].dropna(), part[2].dropna()
        both = part.dropna()
        line = [len(one), one.sum(), (one**2).sum(), len(two), two.sum(), (two**2).sum(), len(both)]
        rows.append([*keys, *line, both[1].sum(), both[2].sum(), (both[1] * both[2]).sum()])
    sides = [f"{n}_{side}" for side in ("before", "after") for n in ("raters", "total", "squares")]
    names = ["province", "regency", "group", *sides, "raters_both", "both_before", "both_after"]
    return pd.DataFrame(rows, columns=[*names, "both_product"])


@pytest.mark.parametrize("engine", ["pandas", *ENGINES])
def test_group_sums_on_every_engine(engine: str, ratings: pd.DataFrame) -> None:
    sums = group_sums(as_engine(engine, ratings), **OPTIONS)  # type: ignore[arg-type]
    same(sums, group_sums(ratings, **OPTIONS))  # type: ignore[arg-type]
    found = sums.sort_values("group", ignore_index=True)
    told = by_hand(ratings).sort_values("group", ignore_index=True)
    assert found.columns.tolist() == [*told.columns, "evidence"]
    for name in told.columns:
        if told[name].dtype == "float64":
            np.testing.assert_allclose(found[name], told[name], rtol=1e-12, atol=1e-12)
        else:
            assert found[name].tolist() == told[name].tolist()
    grades = found.set_index("group")["evidence"]
    assert grades["g01"] == "simulated"
    assert set(grades.drop("g01")) == {"recorded"}


@pytest.mark.parametrize("engine", ["pandas", *ENGINES])
def test_item_sums_on_every_engine(engine: str, ratings: pd.DataFrame) -> None:
    found = item_area_sums(as_engine(engine, ratings), **OPTIONS)  # type: ignore[arg-type]
    keys = ["province", "round", "item"]
    kept = ratings[ratings["score"].between(1, 4).fillna(False) & ratings["item"].le(4)]
    means = (
        kept.groupby([*keys, "group"])["score"].mean().astype("float64").groupby(level=[0, 1, 2])
    )
    assert found["groups"].tolist() == means.size().tolist()
    np.testing.assert_allclose(found["total"], means.sum(), rtol=1e-12)
    np.testing.assert_allclose(found["squares"], means.agg(lambda m: (m**2).sum()), rtol=1e-12)


def test_without_a_scale_every_score_counts(ratings: pd.DataFrame) -> None:
    plain, kept = group_sums(ratings), group_sums(ratings, scale=(1, 4))
    assert plain["total_before"].sum() > kept["total_before"].sum() + 20
    assert group_sums(ratings, before=2, after=1)["total_after"].sum() == pytest.approx(
        plain["total_before"].sum()
    )


def test_a_missing_column_is_named(ratings: pd.DataFrame) -> None:
    for function in (group_sums, item_area_sums):
        with pytest.raises(MissingColumnError, match="province"):
            function(ratings.drop(columns="province"))
    with pytest.raises(MissingColumnError, match="rater"):
        kr.programme.group_sums(ratings.drop(columns="rater"), by=())
