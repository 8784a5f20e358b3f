"""The rebuilt tables against the second transcription and the data files."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest

from kube_research.errors import MissingTableError, OptionError
from kube_research.peka.scores import score_items
from kube_research.shown import Shown
from kube_research.site.folder import Site, load_site
from kube_research.study import tables


def test_table_2_has_totals_priorities_and_both_languages(study: Site) -> None:
    table = tables.table_2(study)
    assert table["Item"].tolist() == [23, 26, 13, 14, 9, 19]
    assert table["Printed mean"].tolist() == ["2.20", "2.26", "2.33", "2.40", "2.46", "2.46"]
    assert table["Total"].tolist() == [33, 34, 35, 36, 37, 37]
    assert table["Exact mean"].iloc[0] == "33/15"
    assert table["Priority (ours)"].tolist() == [1, 2, 3, 4, 5, 5]
    assert set(table["Also listed as strong"]) == {"yes"}
    indonesian = tables.table_2(study, lang="id")
    assert indonesian["Nilai tercetak"].iloc[0] == "2,20"
    assert set(indonesian["Putusan (dari kami)"]) == {"lemah"}


def test_table_2_says_what_is_ours_and_grades_it(study: Site, twin: Site) -> None:
    """Results 3d names the fields of items 23 and 26; the other fields are read from the wording."""
    table = tables.table_2(study).set_index("Item")
    ours = table["Field"].str.endswith("(our reading)")
    assert ours.to_dict() == {23: False, 26: False, 13: True, 14: True, 9: True, 19: True}
    assert table["Evidence"].where(ours).dropna().eq("bounded").all()
    assert table["Evidence"].mask(ours).dropna().eq("derived").all()
    assert {"Statement (in our words)", "Verdict (ours)", "Priority (ours)"} <= set(table)
    assert {"Statement", "Verdict", "Priority"} <= set(tables.table_2(twin))  # its own words


@pytest.mark.parametrize("number", [4, 5, 6, 7, 8, 9])
def test_tables_of_entries_say_that_the_words_are_ours(study: Site, number: int) -> None:
    for lang, grade in {
        "en": "published (in our words)",
        "id": "dipublikasikan (dengan kata-kata kami)",
    }.items():
        table = getattr(tables, f"table_{number}")(study, lang=lang)
        assert set(table.iloc[:, -2]) == {grade}


def test_entries_of_a_site_itself_are_its_own_words() -> None:
    own = tables.other_monitoring(load_site("contohsari-tutorial"))
    assert set(own["Evidence"]) == {"simulated"}


def test_table_2_comes_from_ratings_by_the_function_that_scores_them(twin: Site) -> None:
    ratings = twin.table("ratings")
    table = tables.table_2(twin).set_index(["Round", "Item"])
    scores = score_items(ratings).set_index(["round", "item"])
    assert len(table) == len(scores)
    assert table["Total"].to_dict() == scores["total"].to_dict()
    assert table.loc[(1, 9), "Exact mean"] == "37/15"
    assert set(table["Evidence"]) == {"simulated"}
    assert "Printed mean" not in table
    cell = ratings.index[(ratings["round"] == 1) & (ratings["item"] == 9)][0]
    more = 4 if ratings.loc[cell, "score"] < 4 else 1
    step = more - ratings.loc[cell, "score"]
    ratings.loc[cell, "score"] = more
    changed = replace(twin, tables={**twin.tables, "ratings": ratings})
    again = tables.table_2(changed).set_index(["Round", "Item"])
    assert again.loc[(1, 9), "Total"] == 37 + step


def test_table_2_needs_ratings_or_means(study: Site) -> None:
    held = {name: frame for name, frame in study.tables.items() if name != "item_means"}
    with pytest.raises(MissingTableError, match=r"item_means\.csv"):
        tables.table_2(replace(study, tables=held))


def test_the_study_has_no_other_monitoring_and_another_site_has_its_own(study: Site) -> None:
    assert tables.other_monitoring(study).empty
    own = tables.other_monitoring(load_site("contohsari-tutorial"), lang="id")
    assert own["Kegiatan dan waktu"].str.split("\n").str[0].tolist() == [
        "Pelatihan pembukuan",
        "Studi banding",
    ]


def test_table_4_keeps_every_entry_and_the_printed_hours(study: Site) -> None:
    table = tables.table_4(study)
    counts = [
        cell.count("\n") + 1
        for column in ("Issues and successes", "Solutions")
        for cell in table[column]
    ]
    assert counts == [2, 4, 3, 4, 3, 2, 3, 4]
    assert table["Date / time"].tolist()[2] == "Wednesday 4 May 2016\n16:00 to 18:30"
    assert tables.table_4(study, lang="id")["Tanggal / waktu"][0] == (
        "Sabtu 5 Maret 2016\npukul 10:00 sampai 12:00"
    )


@pytest.mark.parametrize(
    ("number", "counts"),
    [
        (5, [3, 3, 4, 2, 2]),
        (6, [3, 3, 3, 3, 2]),
        (7, [3, 4, 2, 2, 2]),
        (8, [3, 3, 3, 3, 2]),
        (9, [3, 3, 4, 2, 2]),
    ],
)
def test_monitoring_tables_keep_every_entry(study: Site, number: int, counts: list[int]) -> None:
    for lang in ("en", "id"):
        row = getattr(tables, f"table_{number}")(study, lang=lang).iloc[0]
        assert [cell.count("\n") + 1 for cell in row.iloc[1:6]] == counts
        assert row.iloc[1].startswith("1. ")


def test_the_shares_of_table_4_row_1_divide_the_fund_in_two(study: Site) -> None:
    assert "split in two: 5%" in tables.table_4(study)["Solutions"][0]
    assert "menjadi dua bagian, yaitu 5%" in tables.table_4(study, lang="id")["Solusi"][0]


def test_the_first_cell_holds_what_is_printed_there_and_no_more(study: Site) -> None:
    """Table 5 states five meetings; that four are described stands among the conflicts, not here."""
    first = tables.table_5(study).iloc[0, 0]
    assert first == "Social mentoring\nmeetings: 5\nfrom 5 March 2016"
    indonesian = tables.table_5(study, lang="id").iloc[0, 0]
    assert indonesian == "Pendampingan sosial\npertemuan: 5 kali\nmulai 5 Maret 2016"
    # the caption of Table 8 speaks of administration, its cell of the group and its finances
    assert "manajemen kelompok dan keuangan" in tables.table_8(study, lang="id").iloc[0, 0]
    assert "managing the group and its finances" in tables.table_8(study).iloc[0, 0]


def test_a_site_without_the_tables_is_told_the_file(twin: Site) -> None:
    for number in (4, 5, 6, 7, 8, 9):
        with pytest.raises(MissingTableError, match=r"\.csv"):
            getattr(tables, f"table_{number}")(twin)


def test_an_unknown_language_is_refused(study: Site) -> None:
    with pytest.raises(OptionError):
        tables.table_4(study, lang="nl")


def test_saved_tables_read_back(study: Site, tmp_path: Path) -> None:
    table = tables.table_4(study)
    paths = Shown.of(table).save(tmp_path / "new", "table_4.en", "Title")
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == [
        "table_4.en.csv",
        "table_4.en.md",
    ]
    again = list(csv.reader(io.StringIO(paths[0].read_text(encoding="utf-8"))))
    assert again[0] == list(table.columns)
    assert again[1:] == [[str(cell) for cell in row] for row in table.to_numpy().tolist()]
    markdown = paths[1].read_text(encoding="utf-8")
    assert markdown.startswith("**Title**\n\n| No.")
    assert b"\r" not in paths[1].read_bytes()
