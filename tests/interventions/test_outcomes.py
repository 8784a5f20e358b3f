"""Agendas and monitoring of any activity of any site, held against rows counted by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from kube_research.errors import OptionError
from kube_research.interventions.outcomes import agenda_matrix, monitoring_matrix

ACTIVITIES = pd.DataFrame(
    {
        "activity": ["visit", "rapat_2", "rapat_1"],
        "kind": ["intervention", "meeting", "meeting"],
        "date": pd.to_datetime(["2024-05-01", "2024-03-02", "2024-02-03"]),
        "start": [None, "15:30", "15:30"],
        "end": [None, None, "17:00"],
        "place": ["Hall", None, "Hall"],
        "place_id": ["Balai", None, None],
        "title_en": [None, "Second meeting", "First meeting"],
        "title_id": ["Kunjungan", "Rapat dua", "Rapat satu"],
        "part_of": [None, "visit", "visit"],
        "sessions": pd.array([3, None, None], dtype="Int64"),
        "precision": ["from", None, None],
        "evidence": ["recorded"] * 3,
        "locator": ["a", "b", "c"],
    }
)


def rows(column: str, *entries: tuple[str, str, int, str, str]) -> pd.DataFrame:
    names = ["activity", column, "order", "text_en", "evidence"]
    frame = pd.DataFrame([list(entry) for entry in entries], columns=names)
    return frame.assign(text_id=frame["text_en"].str.upper())


AGENDA = rows(
    "kind",
    ("rapat_1", "solution", 1, "agreed", "recorded"),
    ("rapat_1", "issue", 2, "late", "simulated"),
    ("rapat_1", "issue", 1, "cash", "recorded"),
    ("rapat_2", "issue", 1, "books", "recorded"),
)
MONITORING = rows(
    "aspect", ("visit", "target", 1, "half", "published"), ("visit", "result", 1, "all", "recorded")
)


def test_an_agenda_lists_meetings_by_date_with_entries_in_order() -> None:
    matrix = agenda_matrix(ACTIVITIES, AGENDA)
    assert matrix["activity"].tolist() == ["rapat_1", "rapat_2"]
    assert matrix["issues"].tolist() == ["1. cash\n2. late", "1. books"]
    assert matrix["solutions"].tolist() == ["1. agreed", ""]
    assert matrix["date_time"].tolist() == [
        "Saturday 3 February 2024\n15:30 to 17:00",
        "Saturday 2 March 2024",
    ]
    assert matrix["evidence"].tolist() == ["simulated", "recorded"]  # the weakest of its entries
    one = agenda_matrix(ACTIVITIES, AGENDA, activity="rapat_2", lang="id")
    assert one[["title", "issues"]].to_numpy().tolist() == [["Rapat dua", "1. BOOKS"]]


def test_monitoring_is_one_row_an_activity_with_every_aspect() -> None:
    (row,) = monitoring_matrix(ACTIVITIES, MONITORING).to_dict("records")
    assert row["activity_time"] == (
        "visit\nmeetings: 3\nfrom 1 May 2024"  # no title: the code stands in
    )
    assert (row["target"], row["result"], row["indicator"]) == ("1. half", "1. all", "")
    assert row["evidence"] == "published"
    bare = ACTIVITIES.drop(columns=["part_of", "sessions", "precision", "place_id"])
    title = monitoring_matrix(bare, MONITORING, lang="id")["activity_time"].tolist()
    assert title == ["Kunjungan\n1 Mei 2024"]


def test_only_codes_dates_and_titles_are_needed() -> None:
    plain = ACTIVITIES[["activity", "date", "title_en"]]
    entries = AGENDA.drop(columns=["evidence", "text_id"])
    matrix = agenda_matrix(plain, entries)
    assert matrix["date_time"].tolist() == ["Saturday 3 February 2024", "Saturday 2 March 2024"]
    assert matrix["evidence"].tolist() == ["recorded", "recorded"]


@pytest.mark.parametrize("activity", ["rapat_9", "visit"])
def test_an_activity_without_entries_is_refused(activity: str) -> None:
    with pytest.raises(OptionError, match=r"rapat_1.*rapat_2|rapat_2.*rapat_1"):
        agenda_matrix(ACTIVITIES, AGENDA, activity=activity)
