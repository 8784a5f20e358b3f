"""Double data entry: the bundled data against a transcription made blind by somebody else."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from kube_research.site.folder import Site
from kube_research.study.tables import MONITORED


@pytest.fixture(scope="module")
def second(root: Path) -> dict[str, str]:
    frame = pd.read_csv(root / "tests/data/second_transcription.csv", dtype="string")
    assert frame["key"].is_unique
    return frame.set_index("key")["value"].to_dict()


FACTS = {
    "district_count_regency": "regency_districts",
    "poverty_pct_regency": "regency_poor_pct",
    "poor_people_regency": "regency_poor_people",
    "population_kelurahan": "kelurahan_population",
    "poor_people_kelurahan": "kelurahan_poor_people",
    "income_low": "income_low",
    "income_high": "income_high",
    "minimum_wage": "minimum_wage",
    "household_size_low": "household_low",
    "household_size_high": "household_high",
    "informants_pengurus": "informants_officers",
    "informants_anggota": "informants_members",
    "informants_tokoh": "informants_leaders",
    "interviewed_pendamping": "interviewed_companions",
    "fieldwork_start": "fieldwork_start",
    "fieldwork_end": "fieldwork_end",
    "preliminary_start": "preliminary_start",
    "programme_months_printed": "programme_months",
    "programme_2012_groups": "programme_2012_groups",
    "programme_2012_surviving": "programme_2012_surviving",
    "programme_2012_months": "programme_2012_months",
    "programme_2012_name": "programme_2012_name",
    "other_programme_2012_year": "programme_2012_year",
    "group_count": "groups",
    "months_running_february": "months_running_at_peka_1",
    "months_running_june": "months_running_at_kuber",
    "peka_field_count": "fields",
    "peka_1_raters": "raters_round_1",
    "peka_2_raters": "raters_round_2",
    "mean_repeated_study_visit": "mean_item_19_repeated",
    "mean_repeated_kuber_first": "mean_item_23_repeated",
    "mean_repeated_kuber_second": "mean_item_26_repeated",
    "intervention_count_c": "interventions",
    "meetings_table5": "meetings_stated",
    "attendance_low_pct": "attendance_low",
    "attendance_high_pct": "attendance_high",
    "iks_sick_pct": "iks_sick_pct",
    "iks_posyandu_pct": "iks_posyandu_pct",
    "other_ministry_stages": "ministry_stages",
    "other_ministry_stages_not_done": "ministry_stages_left",
    "other_regency_statistics_year": "regency_statistics_year",
    "other_kelurahan_profile_year": "kelurahan_profile_year",
    "other_training_opening_rw": "training_opened_by_rw",
}


@pytest.mark.parametrize(("key", "fact"), FACTS.items())
def test_facts(second: dict[str, str], study: Site, key: str, fact: str) -> None:
    assert study.facts.set_index("fact")["value"][fact] == second[key]


def test_no_fact_escapes_double_entry(study: Site) -> None:
    words_only = {"round_2_direction", "round_2_small_changes", "programme_2012_business"}
    assert set(study.facts["fact"]) - set(FACTS.values()) == words_only


def test_means_items_and_raters(second: dict[str, str], study: Site) -> None:
    means = study.item_means
    assert " ".join(means["item"].astype(str)) == second["item_numbers"]
    for row in means.to_dict("records"):
        assert row["mean"] == second[f"item_{row['item']}_mean"]
        assert row["printed"] == row["mean"].replace(".", ",")
        assert str(row["n"]) == second["peka_1_raters"]
    rounds = study.rounds.set_index("round")
    assert str(rounds.loc[1, "n_raters"]) == second["peka_1_raters"]
    assert str(rounds.loc[2, "n_raters"]) == second["peka_2_raters"]
    assert str(rounds.loc[2, "date"].date()) == second["peka_2_date"]
    assert pd.isna(rounds.loc[1, "date"])


def test_fields(second: dict[str, str], study: Site) -> None:
    for number, name in study.fields.set_index("field_no")["field_id"].items():
        assert name.casefold() == second[f"peka_field_{number}"].casefold()


def test_meetings(second: dict[str, str], study: Site) -> None:
    activities, agenda = study.activities.set_index("activity"), study.agenda
    for number in (1, 2, 3, 4):
        row = activities.loc[f"mentoring_{number}"]
        assert str(row["date"].date()) == second[f"meeting_{number}_date"]
        assert row["printed_date"].split()[0] == second[f"meeting_{number}_weekday"]
        assert row["start"] == second[f"meeting_{number}_start"]
        assert row["end"] == second[f"meeting_{number}_end"]
        for kind in ("issue", "solution"):
            entries = agenda.query(f"activity == 'mentoring_{number}' and kind == '{kind}'")
            assert str(len(entries)) == second[f"meeting_{number}_{kind}s"]
    assert str(agenda["activity"].nunique()) == second["other_table4_rows"]


def test_interventions(second: dict[str, str], study: Site) -> None:
    dates = study.activities.set_index("activity")["date"].dt.strftime("%Y-%m-%d")
    for key, activity in {
        "study_visit_date": "study_visit",
        "training_finance_date": "training_finance",
        "training_admin_date": "training_admin",
        "kuber_date": "kuber",
        "preparation_meeting_date": "preparation_meeting",
        "mentoring_first_date_table5": "mentoring",
        "peka_2_date": "peka_2",
    }.items():
        assert dates[activity] == second[key]
    counts = study.monitoring.groupby(["activity", "aspect"]).size()
    wanted = {
        "indicator": "indicators",
        "result": "results",
        "supporting": "supporting",
        "inhibiting": "inhibiting",
        "target": "targets",
    }
    for number, activity in MONITORED.items():
        for aspect, word in wanted.items():
            assert str(counts[activity, aspect]) == second[f"table{number}_{word}"]


def test_targets_and_results(second: dict[str, str], study: Site) -> None:
    outcomes = study.outcomes
    for number, activity in MONITORED.items():
        for order in (1, 2):
            printed = second[f"table{number}_target_{order}_pct"]
            rows = outcomes[
                (outcomes["activity"] == activity)
                & outcomes["locator"].str.contains(f"target {order}")
            ]
            assert len(rows) >= 1
            assert set(rows["target_pct"]) == {float(printed.lstrip(">"))}
            assert set(rows["comparison"]) == {">" if printed.startswith(">") else ">="}
    got = {
        "benefit_felt_mentoring_pct": ("mentoring", "message_received"),
        "success_study_visit_pct": ("study_visit", "programme_success"),
        "success_training_admin_pct": ("training_admin", "programme_success"),
        "message_training_admin_pct": ("training_admin", "message_received"),
        "success_kuber_pct": ("kuber", "enthusiasm"),
        "message_kuber_pct": ("kuber", "message_received"),
    }
    by_measure = outcomes.set_index(["activity", "measure"])
    for key, place in got.items():
        row, printed = by_measure.loc[place], second[key]
        assert row["achieved_pct"] == float(printed.lstrip(">"))
        assert row["achieved_comparison"] == (">" if printed.startswith(">") else "=")
    numbers = set(outcomes["achieved_pct"].dropna())
    assert numbers == {float(second[key].lstrip(">")) for key in got}


def test_conflicts_keep_both_readings(second: dict[str, str], study: Site) -> None:
    values = study.conflicts.set_index(["conflict", "reading"])["value"]
    for conflict, keys in {
        "groups": ("groups_a", "groups_b"),
        "interviewed_members": ("interviewed_anggota_digits", "interviewed_anggota_words"),
        "meetings": ("other_table4_rows", "meetings_table5"),
        "iks_name": ("iks_expansion_a", "iks_expansion_b"),
        "preliminary_end": ("preliminary_end_a", "preliminary_end_b"),
        "activities_count": ("intervention_count_a", "intervention_count_c"),
        "fieldwork_start": ("fieldwork_start", "preparation_meeting_date"),
        "round_2_before_kuber": ("peka_2_date", "kuber_date"),
    }.items():
        assert [values[conflict, "a"], values[conflict, "b"]] == [second[key] for key in keys]
    assert values["informants", "a"] == second["informants_abstract"]
    assert values["table_2_date", "a"] == second["table2_source_date_printed"]
    absent = " ".join(study.conflicts.query("conflict == 'missing_tables'")["value"])
    assert absent == second["cited_but_absent_tables"]
    assert (study.conflicts.groupby("conflict").size() >= 2).all()


def test_rows_without_grade_or_locator_do_not_exist(study: Site) -> None:
    for name, frame in study.tables.items():
        assert frame["evidence"].isin(["published", "derived", "bounded"]).all(), name
        assert frame["locator"].str.len().gt(0).all(), name


def test_no_person_is_named(study: Site, twin: Site, root: Path) -> None:
    names = ("Rosida", "Rosina", "Ani)", "Ibu ")
    for path in sorted((root / "data").rglob("*.csv")):
        content = path.read_text(encoding="utf-8")
        assert not [name for name in names if name in content], path.name
