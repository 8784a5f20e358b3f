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
    """The rule in plain sets: items of both rounds of the group; of a pair, those answered twice."""
    kept = ratings[ratings["score"].between(1, 4).fillna(False) & ratings["item"].le(4)]
    rows = []
    for keys, part in kept.groupby(["province", "regency", "group"]):
        of_round = {n: set(part.loc[part["round"] == n, "item"]) for n in (1, 2)}
        both_seen = all(of_round.values())
        held = of_round[1] & of_round[2] if both_seen else of_round[1] | of_round[2]
        lone = (of_round[1] | of_round[2]) - held
        means: dict[str, dict[int, float]] = {}
        used = 0
        for rater, own in part[part["item"].isin(held)].groupby("rater"):
            sets = {n: set(own.loc[own["round"] == n, "item"]) for n in (1, 2)}
            wanted = sets[1] & sets[2] if all(sets.values()) else sets[1] | sets[2]
            counted = own[own["item"].isin(wanted)]
            used += len(counted)
            means[str(rater)] = counted.groupby("round")["score"].mean().to_dict()
        one, two = ([m[n] for m in means.values() if n in m] for n in (1, 2))
        both = [(m[1], m[2]) for m in means.values() if len(m) == 2]
        line: list[object] = []
        for side in (one, two):
            line += [len(side), sum(side), sum(v * v for v in side)]
        line += [len(both), sum(b for b, _ in both), sum(a for _, a in both)]
        line += [sum(b * a for b, a in both), ", ".join(map(str, sorted(lone))), len(part) - used]
        rows.append([*keys, *line])
    sides = [f"{n}_{side}" for side in ("before", "after") for n in ("raters", "total", "squares")]
    names = ["province", "regency", "group", *sides, "raters_both", "both_before", "both_after"]
    names += ["both_product", "items_left_out", "ratings_left_out"]
    hand = pd.DataFrame(rows, columns=names)
    decimal = [name for name in names if name.startswith(("total", "squares", "both"))]
    return hand.astype(dict.fromkeys(decimal, "float64"))


@pytest.mark.parametrize("engine", ["pandas", *ENGINES])
def test_group_sums_on_every_engine(engine: str, ratings: pd.DataFrame) -> None:
    sums = group_sums(as_engine(engine, ratings), **OPTIONS)  # type: ignore[arg-type]
    same(sums, group_sums(ratings, **OPTIONS))  # type: ignore[arg-type]
    found = sums.sort_values("group", ignore_index=True)
    told = by_hand(ratings).sort_values("group", ignore_index=True)
    assert (told["ratings_left_out"] > 0).sum() > 5
    assert (told["items_left_out"] != "").sum() > 1
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
def test_a_group_is_compared_on_the_items_of_both_rounds(engine: str) -> None:
    """The issue's eight raters: item 1 = 2 and item 2 = 4, then only item 1 = 2: nothing changed."""
    raters = [f"r{n}" for n in range(8)]
    first = [(1, rater, item, score) for rater in raters for item, score in ((1, 2), (2, 4))]
    frame = pd.DataFrame(
        [*first, *((2, rater, 1, 2) for rater in raters)],
        columns=["round", "rater", "item", "score"],
    )
    apart = frame.assign(group="apart").query("(round == 1) == (item == 2)")
    apart = pd.concat([apart, apart.assign(round=2, item=3)])  # rounds 2: items 1 and 3; round 1: 2
    once = frame[frame["round"] == 1].assign(group="once")
    rows = pd.concat([frame.assign(group="cut"), apart, once], ignore_index=True)
    rows = rows.assign(province=pd.NA).astype({"province": "string"})  # a site that names no region
    sums = group_sums(as_engine(engine, rows), by="province").set_index("group")
    cut = sums.loc["cut"]
    assert cut[["raters_before", "total_before", "raters_after", "total_after"]].tolist() == [
        8,
        16,
        8,
        16,
    ]
    assert cut[["items_left_out", "ratings_left_out"]].tolist() == ["2", 8]
    assert sums.loc["once", ["raters_before", "total_before", "items_left_out"]].tolist() == [
        8,
        24,
        "",
    ]
    assert sums.loc["apart", ["raters_before", "raters_after"]].tolist() == [0, 0]
    assert sums.loc["apart", "ratings_left_out"] == len(apart)
    changes = kr.programme.group_changes(sums.reset_index(), by="province").set_index("group")
    assert changes.loc["cut", "change"] == 0
    assert np.isnan(changes.loc["apart", "change"])
    assert "no item in common" in changes.loc["apart", "reason"]
    assert "Not compared: item(s) 2" in changes.loc["cut", "reason"]
    assert changes.loc["once", "reason"] == "The group was seen in one round only."


@pytest.mark.parametrize("engine", ["pandas", *ENGINES])
def test_item_numbers_beyond_the_bits_are_compared_too(engine: str) -> None:
    """Rater a answered item 64, then item 4: such numbers have no bit of their own."""
    rows = [(1, "a", 1, 1), (1, "a", 64, 4), (2, "a", 1, 3), (2, "a", 4, 4)]
    rows += [(1, "b", 1, 2), (1, "b", 64, 2), (1, "b", 4, 2), (2, "b", 1, 2), (2, "b", 64, 2)]
    rows += [(2, "b", 4, 2)]
    frame = pd.DataFrame(rows, columns=["round", "rater", "item", "score"]).assign(group="g")
    line = group_sums(as_engine(engine, frame), by=()).iloc[0]
    assert line["total_before"] == 1 + 2
    assert line["total_after"] == 3 + 2
    assert line["ratings_left_out"] == 2


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
