"""The primary comparison, and which unit leads. Oracles: scipy.stats, compare_rounds, means by hand."""

from __future__ import annotations

import dataclasses
from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import kube_research as kr
from kube_research.compare.choices import (
    compare_designs,
    leading_comparison,
    leading_unit,
    primary_comparison,
)
from kube_research.errors import MissingTableError, OptionError
from kube_research.site.folder import Site
from kube_research.site.info import Primary


def declared(site: Site, outcome: str | int, effect: float, unit: str) -> Site:
    primary = Primary.of(outcome, effect, unit)
    return dataclasses.replace(site, info=dataclasses.replace(site.info, primary=primary))


def undeclared(site: Site, ratings: pd.DataFrame) -> Site:
    info = dataclasses.replace(site.info, primary=None)
    return dataclasses.replace(site, info=info, tables={**site.tables, "ratings": ratings})


def scored(groups: list[list[tuple[float, float]]]) -> pd.DataFrame:
    """Long ratings of one item: of every group the scores before and after of each rater (nan: none)."""
    rows = [
        {"round": number + 1, "group": f"g{g}", "rater": f"{g}-{r}", "item": 9, "score": score}
        for g, raters in enumerate(groups)
        for r, pair in enumerate(raters)
        for number, score in enumerate(pair)
        if not np.isnan(score)
    ]
    return pd.DataFrame(rows).assign(evidence="recorded")


def test_the_twin_declares_all_items_by_group(twin: Site) -> None:
    row = primary_comparison(twin).iloc[0]
    assert (row["outcome"], row["unit"], row["smallest_effect"]) == ("overall", "group", 0.25)
    assert row["declared"]
    groups = kr.compare_rounds(twin.ratings, by="overall", cluster="group").iloc[0]
    raters = kr.compare_rounds(twin.ratings, by="overall").iloc[0]
    for name in ("change", "change_low", "change_high", "p"):
        assert row[name] == groups[name]
    assert (row["raters_low"], row["raters_p"]) == (raters["change_low"], raters["p"])
    # The twelve who came twice: means by hand, p by all 4,096 flips of signs.
    means = twin.ratings.pivot_table(index="rater", columns="round", values="score").dropna()
    moved = (means[2] - means[1]).to_numpy()
    flips = np.array(list(product([1, -1], repeat=moved.size))) @ moved
    share = np.mean(np.abs(flips) >= abs(moved.sum()) - 1e-9)
    assert row["pairs_change"] == pytest.approx(moved.mean())
    assert row["pairs_p"] == pytest.approx(share)
    assert [round(row["pairs_change"], 2), round(share, 2)] == [0.03, 0.39]
    assert [round(row["change"], 2), round(row["raters_p"], 3)] == [0.11, 0.037]


def test_the_verdict_is_that_of_two_one_sided_tests_on_group_changes() -> None:
    """Groups of equal size and pairs only: the t interval of the groups' changes, by scipy."""
    changes = [0.2, 0.4, 0.6, 0.2, 0.6]
    ratings = scored([[(2, 2 + change)] * 3 for change in changes])
    site = kr.load_site("cibeunying-simulated")
    site = dataclasses.replace(site, tables={**site.tables, "ratings": ratings})
    inner = stats.t.interval(0.90, 4, np.mean(changes), stats.sem(changes))
    outer = stats.t.interval(0.95, 4, np.mean(changes), stats.sem(changes))
    for effect, verdict in ((inner[0] - 0.01, "meaningful rise"), (inner[1] + 0.01, "equivalent")):
        row = primary_comparison(declared(site, 9, effect, "group")).iloc[0]
        assert (row["outcome"], row["verdict"]) == ("item 9", verdict)
        assert [row["change_low"], row["change_high"]] == pytest.approx(list(outer))
        assert row["p"] == pytest.approx(stats.ttest_1samp(changes, 0).pvalue)


@pytest.mark.parametrize(
    ("outcome", "by", "level"),
    [
        (9, "item", 9),
        ("butir 9", "item", 9),
        ("field 3", "field_no", 3),
        ("Bidang 3", "field_no", 3),
    ],
)
def test_an_item_or_a_field_may_be_declared(
    twin: Site, outcome: str | int, by: str, level: int
) -> None:
    site = declared(twin, outcome, 0.5, "rater")
    row = primary_comparison(site).iloc[0]
    every = kr.compare_rounds(twin.ratings, by=by, smallest_effect=0.5).set_index(by)
    for name in ("n_before", "change", "change_low", "p", "groups_p", "verdict"):
        expected = every.loc[level, name]
        assert row[name] == (expected if name == "verdict" else pytest.approx(expected))
    designs = compare_designs(site).set_index("comparison")
    assert designs.loc["partly overlapping", "change"] == pytest.approx(row["change"])
    assert designs.loc["groups", "p"] == pytest.approx(row["groups_p"])


def test_without_a_declaration_all_items_by_group_stand_first_and_it_says_so(twin: Site) -> None:
    row = primary_comparison(undeclared(twin, twin.ratings)).iloc[0]
    assert (row["outcome"], row["unit"], row["declared"]) == ("overall", "group", False)
    assert pd.isna(row["verdict"])
    assert row["reason"].startswith("No primary comparison was declared")
    two = twin.ratings[twin.ratings["group"].isin(["07", "08"])]
    row = primary_comparison(undeclared(twin, two), lang="id").iloc[0]
    assert (row["unit"], row["interval"]) == ("rater", "t of raters")
    assert row["reason"].startswith("Perbandingan utama tidak ditetapkan")


def test_what_cannot_be_compared_is_refused(study: Site, twin: Site) -> None:
    with pytest.raises(MissingTableError):
        primary_comparison(study)
    with pytest.raises(OptionError, match="item 99"):
        primary_comparison(declared(twin, 99, 0.5, "group"))
    one = twin.ratings[twin.ratings["round"] == 1]
    with pytest.raises(OptionError, match="two"):
        primary_comparison(undeclared(twin, one))


def test_each_level_has_one_row_and_holm_counts_the_levels() -> None:
    """Fifteen unchanged and three newcomers: a second row (the pairs) in compare_rounds, not here."""
    missing = float("nan")
    stay: list[tuple[float, float]] = [(3, 3), (2, 2), (4, 4), (3, 3), (2, 2)] * 3
    ratings = scored([[*stay, *[(missing, 4.0)] * 3]])
    assert len(kr.compare_rounds(ratings, by="overall")) == 2
    (row,) = leading_comparison(ratings).to_dict("records")
    assert np.isnan(row["p"])
    assert row["change"] == pytest.approx(54 / 18 - 42 / 15)
    assert (row["pairs_change"], row["pairs_p"]) == (0, 1)
    assert leading_comparison(ratings, by="item")["item"].tolist() == [9]


def test_holm_counts_the_levels_of_the_unit_that_leads(twin: Site) -> None:
    fields = leading_comparison(twin.ratings, by="field_no")
    assert fields["field_no"].tolist() == list(range(1, 8))
    p = np.sort(fields["p"].to_numpy())
    stepped = np.minimum(1, np.maximum.accumulate(p * np.arange(7, 0, -1)))  # Holm (1979) by hand
    np.testing.assert_allclose(np.sort(fields["p_adjusted"]), stepped)


def test_groups_lead_from_three_on(twin: Site) -> None:
    names = ["07", "08", "10"]
    for count, unit in ((1, "rater"), (2, "rater"), (3, "group")):
        part = twin.ratings[twin.ratings["group"].isin(names[:count])]
        assert leading_unit(part, 1, 2) == unit
    assert leading_unit(twin.ratings.drop(columns="group"), 1, 2) == "rater"
