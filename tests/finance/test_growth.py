"""Oracle: checklists judged by hand, and brute force over every way of filling in the unknowns."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kube_research.errors import MissingColumnError, OptionError
from kube_research.finance.growth import STAGES, growth_checklist, growth_rule, growth_stages
from kube_research.finance.indicators import indicators
from kube_research.site.folder import Site

RULE = pd.DataFrame(
    [
        ("a", "tumbuh", "findings", "<=", "0"),
        ("b", "berkembang", "attendance_rate", ">=", "0.5"),
        ("c", "maju", "capital_growth", ">", "0"),
        ("d", "maju", None, None, None),
    ],
    columns=["criterion", "stage", "indicator", "comparison", "value"],
)


def values(*rows: tuple[str, str, float | None, float | None]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["indicator", "group", "low", "high"])
    return frame.assign(evidence="recorded")


@pytest.fixture
def one_group(study: Site) -> Site:
    from dataclasses import replace

    return replace(study, info=replace(study.info, groups=("01",)))


@pytest.mark.parametrize(
    ("indicator", "comparison", "limit", "low", "high", "verdict"),
    [
        ("findings", "<=", "0", 0, 0, "met"),
        ("findings", "<=", "0", 1, 1, "unmet"),
        ("findings", "<", "0", 0, 0, "unmet"),
        ("attendance_rate", ">=", "0.5", 0.5, 0.5, "met"),
        ("attendance_rate", ">", "0.5", 0.5, 0.5, "unmet"),
        ("capital_growth", ">", "0", -0.2, 0.4, "unknown"),
        ("capital_growth", ">", "0", 0.1, 0.4, "met"),
        ("capital_growth", ">", "0", -0.4, 0.0, "unmet"),
        ("capital_growth", ">", "0", None, None, "unknown"),
    ],
)
def test_an_indicator_meets_a_criterion_or_not(
    one_group: Site,
    indicator: str,
    comparison: str,
    limit: str,
    low: float | None,
    high: float | None,
    verdict: str,
) -> None:
    rule = pd.DataFrame(
        [("x", "tumbuh", indicator, comparison, limit)], columns=RULE.columns.tolist()
    )
    row = growth_checklist(
        one_group, criteria=rule, values=values((indicator, "01", low, high))
    ).iloc[0]
    assert row["verdict"] == verdict
    assert pd.isna(row["evidence"]) == (low is None)


def test_answers_fill_only_what_no_indicator_tells(one_group: Site) -> None:
    found = values(("findings", "01", 3, 3))
    answers = pd.DataFrame(
        {"group": ["01", "01", "02"], "criterion": ["d", "a", "d"], "met": ["yes", "yes", "no"]}
    )
    done = growth_checklist(one_group, criteria=RULE, values=found, answers=answers)
    verdicts = done.set_index("criterion")["verdict"].to_dict()
    assert verdicts == {"a": "unmet", "b": "unknown", "c": "unknown", "d": "met"}
    assert done["basis"].tolist() == ["indicator", "nobody", "nobody", "answer"]
    blank = answers.assign(met=None)
    done = growth_checklist(one_group, criteria=RULE, values=found, answers=blank)
    assert done.set_index("criterion").loc["d", "verdict"] == "unknown"


def rank(stage: str) -> int:
    return ("none", *STAGES).index(stage)


@given(
    st.lists(
        st.tuples(st.sampled_from(STAGES), st.sampled_from(["met", "unmet", "unknown"])),
        min_size=1,
        max_size=6,
    )
)
def test_the_two_ends_are_sharp(lines: list[tuple[str, str]]) -> None:
    frame = pd.DataFrame(lines, columns=["stage", "verdict"]).assign(
        group="01", evidence="recorded"
    )
    row = growth_stages(frame).iloc[0]
    choices = [["met", "unmet"] if verdict == "unknown" else [verdict] for _, verdict in lines]
    reached = set()
    for filling in product(*choices):
        stage = "none"
        for name in STAGES:
            judged = [v for (s, _), v in zip(lines, filling, strict=True) if s == name]
            if "unmet" in judged:
                break
            stage = name if judged else stage
        reached.add(stage)
    assert row["stage_low"] == min(reached, key=rank)
    assert row["stage_high"] == max(reached, key=rank)
    assert row["decided"] == (len(reached) == 1)
    assert row["evidence"] == ("recorded" if len(reached) == 1 else "bounded")


def test_the_packages_rule_is_sound() -> None:
    rule = growth_rule()
    assert rule["stage"].unique().tolist() == list(STAGES)
    named = rule[rule["indicator"].notna()]
    assert set(named["indicator"]) <= set(indicators())
    assert named[["comparison", "value"]].notna().all(axis=None)
    assert rule[["label_en", "label_id", "reason_en", "reason_id"]].notna().all(axis=None)
    assert rule["indicator"].isna().sum() >= 3


def test_every_reason_says_what_is_ours_and_what_the_study_states() -> None:
    """By the paper: Tables 4 and 9, the band in the text, and the informants, who are no rule."""
    reasons = growth_rule().set_index("criterion")["reason_en"]
    ours = {name for name, words in reasons.items() if words.startswith("Ours")}
    cuts = {name for name, words in reasons.items() if "our cut" in words or "is ours" in words}
    assert ours & cuts == set()
    assert set(reasons.index) - ours - cuts == {"cooperative"}  # every month: the rule itself
    assert cuts == {
        "books_written",
        "attendance",
        "iks_set_aside",
        "iks_for_others",
        "self_reliant",
    }
    assert "not as a rule" in reasons["officers"]


def test_books_without_balances_and_dues_alone_meet_no_criterion(twin: Site) -> None:
    from dataclasses import replace

    def verdicts(ledger: pd.DataFrame) -> set[tuple[str, str]]:
        checklist = growth_checklist(replace(twin, tables={**twin.tables, "ledger": ledger}))
        judged = checklist[checklist["criterion"].isin(["books_agree", "iks_set_aside"])]
        return set(zip(judged["criterion"], judged["verdict"], strict=True))

    ledger = twin.ledger
    assert verdicts(ledger) == {("books_agree", "met"), ("iks_set_aside", "met")}
    unseen = {("books_agree", "unknown"), ("iks_set_aside", "met")}
    assert verdicts(ledger.drop(columns="balance")) == unseen
    assert verdicts(ledger.assign(balance=pd.NA)) == unseen
    kept = ledger.assign(balance=ledger["balance"].where(ledger["book"] != "tabungan"))
    assert verdicts(kept) == unseen
    dues = ledger[~ledger["category"].isin(["iks_sick", "iks_posyandu"])]
    assert ("iks_set_aside", "unmet") in verdicts(dues)


def test_a_site_brings_its_own_rule(tmp_path: Path, twin: Site) -> None:
    from dataclasses import replace

    own = RULE.assign(label_en="x", label_id="x").astype("string")
    site = replace(twin, tables={**twin.tables, "growth_criteria": own})
    assert set(growth_rule(site)["declared_by"]) == {"site"}
    assert set(growth_checklist(site)["criterion"]) == {"a", "b", "c", "d"}
    for broken, word in (
        (own.assign(indicator="no_such"), "no_such"),
        (own.assign(value=pd.NA), "criterion a"),
    ):
        site = replace(twin, tables={**twin.tables, "growth_criteria": broken})
        with pytest.raises(OptionError, match=word):
            growth_rule(site)


def test_the_published_study_leaves_every_criterion_unknown(study: Site) -> None:
    done = growth_checklist(study)
    assert set(done["verdict"]) == {"unknown"}
    stages = growth_stages(done)
    assert set(stages["stage_low"]) == {"none"}
    assert set(stages["stage_high"]) == {"maju"}
    assert set(stages["evidence"]) == {"bounded"}


def test_frames_without_columns_are_refused() -> None:
    with pytest.raises(MissingColumnError, match="verdict"):
        growth_stages(pd.DataFrame({"group": [], "stage": [], "evidence": []}))
