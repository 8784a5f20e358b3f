"""Imports: every shape of export gives back the ratings it was made from, once, or is refused whole.

Oracle: the exports are made from known ratings by tests/export_shapes.py, which shares no code with
the import.
"""

from __future__ import annotations

import csv
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import openpyxl
import pytest
from click.testing import CliRunner
from export_shapes import (
    ITEMS,
    SHAPES,
    Filled,
    csv_bytes,
    google_csv,
    google_grid,
    kobo_labels,
    kobo_names,
    kobo_plain,
    kobo_repeat,
    odk_groups,
    write,
    xlsx_bytes,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from site_files import (
    TINY,
    copy_tiny,
    edit,
    put,
    read_rows,
    set_cell,
    to_book,
    to_workbook,
    workbook,
)

import kube_research as kr
from kube_research import files as safe_write
from kube_research.cli import main
from kube_research.errors import ExportError, KubeError, SiteError
from kube_research.fieldwork.form import FORM_LANGUAGES, make_form
from kube_research.fieldwork.importing import Imported, import_ratings
from kube_research.fieldwork.pseudonyms import BACKUP
from kube_research.files import home
from kube_research.site.problems import Problem

Shape = Callable[[list[Filled]], tuple[str, bytes]]
Rating = tuple[int, str, str, int, int | None]


NEEDED = ("site.toml", "items.csv", "rounds.csv", "members.csv", "activities.csv")


def fresh(parent: Path, whole: Path = TINY, *more: str) -> Path:
    """A sound site without ratings: of a whole one, the tables that ratings are held against."""
    folder = parent / "site"
    folder.mkdir(parents=True)
    for name in (*NEEDED, *more):
        shutil.copy(whole / name, folder)
    return folder


def four() -> list[Filled]:
    scores = {1: 2, 2: 3, 3: None, 4: 5, 5: 1}
    who = [(1, "01", "A1"), (1, "01", "A2"), (1, "02", "B1"), (2, "01", "A1")]
    return [Filled(n, *one, dict(scores)) for n, one in enumerate(who, start=1)]


def expected(filled: list[Filled]) -> set[Rating]:
    return {(f.round, f.group, f.rater, item, f.scores[item]) for f in filled for item in ITEMS}


def stored(folder: Path) -> set[Rating]:
    """Return the ratings of a site; long ones as the file shows them, others as they are loaded."""
    file = folder / "ratings.csv"
    header, *rows = read_rows(file) if file.exists() else [[]]
    if "item" in header:
        cells = [dict(zip(header, row, strict=True)) for row in rows]
        keys = [(int(c["round"]), c["group"], c["rater"], int(c["item"])) for c in cells]
        scores = [int(c["score"]) if c["score"] else None for c in cells]
        return {(*key, score) for key, score in zip(keys, scores, strict=True)}
    frame = kr.load_site(folder).ratings
    rows = frame[["round", "group", "rater", "item", "score"]].astype(object)
    rows = rows.where(rows.notna(), None)
    return {
        (int(a), b, c, int(d), None if e is None else int(e)) for a, b, c, d, e in rows.to_numpy()
    }


def snapshot(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def refused(export: Path, folder: Path, **options: object) -> list[tuple[int, str, str, str]]:
    """Return row, column, value and rule of each problem, and see that nothing was written."""
    before = snapshot(folder)
    with pytest.raises(ExportError) as error:
        import_ratings(export, folder, **options)  # type: ignore[arg-type]
    assert snapshot(folder) == before
    return [(p.row, p.column, p.value, p.code) for p in error.value.problems]


@st.composite
def many(draw: st.DrawFn) -> list[Filled]:
    people = [(g, f"{letter}{n}") for g, letter in (("01", "A"), ("02", "B")) for n in range(1, 5)]
    spots = [(r, *who) for r in (1, 2) for who in people]
    chosen = draw(st.lists(st.sampled_from(spots), min_size=1, max_size=8, unique=True))
    score = st.one_of(st.none(), st.integers(1, 5))
    return [
        Filled(n, *spot, {item: draw(score) for item in ITEMS})
        for n, spot in enumerate(chosen, start=1)
    ]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_every_shape_gives_back_its_ratings_and_a_second_import_changes_nothing(
    shape: Shape, tmp_path: Path
) -> None:
    folder = fresh(tmp_path)
    export = write(tmp_path, shape, four())
    first = import_ratings(export, folder)
    assert first.counts == {"new": 4, "changed": 0, "same": 0, "merged": 0, "left": 0}
    assert first.kind == {"untidy": "table"}.get(shape.__name__, shape.__name__.split("_")[0])
    assert stored(folder) == expected(four())
    before = snapshot(folder)
    again = import_ratings(export, folder)
    assert again.counts == {"new": 0, "changed": 0, "same": 4, "merged": 0, "left": 0}
    assert again.written == []
    assert snapshot(folder) == before
    if shape is SHAPES[0]:
        assert not [p for p in kr.check_site(folder) if p.severity == "error"]
    text = (folder / "ratings.csv").read_text(encoding="utf-8")
    for private in ("contoh.id", "0812", "collect:", "ee.kobo", "Petugas", "vAbc"):
        assert private not in text


@given(shape=st.sampled_from(SHAPES), filled=many())
@settings(max_examples=5)
def test_import_undoes_export(shape: Shape, filled: list[Filled]) -> None:
    if not any(any(v is not None for v in one.scores.values()) for one in filled):
        return
    with TemporaryDirectory() as place:
        folder = fresh(Path(place))
        export = write(Path(place), shape, filled)
        import_ratings(export, folder)
        assert stored(folder) == expected(filled)
        before = snapshot(folder)
        assert import_ratings(export, folder).written == []
        assert snapshot(folder) == before


@given(filled=many(), order=st.randoms(use_true_random=False))
@settings(max_examples=2)
def test_the_order_of_rows_does_not_matter(filled: list[Filled], order: object) -> None:
    if not any(any(v is not None for v in one.scores.values()) for one in filled):
        return
    shuffled = list(filled)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    with TemporaryDirectory() as one, TemporaryDirectory() as two:
        folders = fresh(Path(one)), fresh(Path(two))
        import_ratings(write(Path(one), kobo_names, filled), folders[0])
        import_ratings(write(Path(two), kobo_names, shuffled), folders[1])
        assert snapshot(folders[0]) == snapshot(folders[1])


def test_parts_of_an_export_in_turn_are_the_whole(tmp_path: Path) -> None:
    folder, other = fresh(tmp_path), fresh(tmp_path / "other")
    import_ratings(write(tmp_path, kobo_labels, four()[:2]), folder)
    done = import_ratings(write(tmp_path, kobo_names, four()), folder)
    assert (done.counts["new"], done.counts["same"]) == (2, 2)
    import_ratings(write(tmp_path, kobo_names, four()), other)
    assert snapshot(folder) | {BACKUP: b""} == snapshot(other) | {BACKUP: b""}


def test_a_changed_submission_updates_its_rows(tmp_path: Path) -> None:
    folder, forms = fresh(tmp_path), four()
    import_ratings(write(tmp_path, kobo_names, forms), folder)
    forms[0].scores[1], forms[0].scores[3], forms[0].scores[4] = 4, 5, None
    forms[1].rater, forms[3].group, forms[0].group = "A9", "02", "02"
    forms[0].rater = forms[3].rater = "B7"
    done = import_ratings(write(tmp_path, kobo_names, forms), folder)
    assert (done.counts["changed"], done.counts["same"], done.counts["new"]) == (3, 1, 0)
    assert stored(folder) == expected(forms)


def test_codes_that_were_swapped_are_swapped_back(tmp_path: Path) -> None:
    folder, forms = fresh(tmp_path), four()
    import_ratings(write(tmp_path, odk_groups, forms), folder)
    forms[0].rater, forms[1].rater = "A2", "A1"
    forms[0].scores[1] = 5
    forms[3].rater = "A1"
    import_ratings(write(tmp_path, odk_groups, forms), folder)
    assert stored(folder) == expected(forms)


def rows_of(shape: Shape, filled: list[Filled]) -> tuple[list[list[str]], str]:
    content = shape(filled)[1].decode("utf-8-sig")
    mark = ";" if ";" in content.splitlines()[0] else ","
    return list(csv.reader(content.splitlines(), delimiter=mark)), mark


def test_an_edit_in_kobo_keeps_its_number_or_its_first_key(tmp_path: Path) -> None:
    folder, forms = fresh(tmp_path), four()
    import_ratings(write(tmp_path, kobo_names, forms), folder)
    before = (folder / "ratings.csv").read_text()
    forms[0].scores[1] = 5
    rows, _ = rows_of(kobo_names, forms)
    spot = rows[0].index("_uuid")
    rows[1][spot] = "ffff-new"
    done = import_ratings(put(tmp_path, "b.csv", csv_bytes(rows, ";")), folder)  # type: ignore[arg-type]
    assert done.counts["changed"] == 1
    assert (folder / "ratings.csv").read_text() == before.replace("A1,1,2", "A1,1,5", 1)
    number = rows[0].index("_id")
    rooted = [[*row[:number], row[number + 1], *row[number + 2 :]] for row in rows]
    rooted = [
        [*row, "meta/rootUuid" if n == 0 else f"uuid:{forms[n - 1].uuid}"]
        for n, row in enumerate(rooted)
    ]
    rooted[1][rooted[0].index("_uuid")] = "ffff-newer"
    again = import_ratings(put(tmp_path, "c.csv", csv_bytes(rooted, ";")), folder)  # type: ignore[arg-type]
    assert again.counts["same"] == 4
    assert again.written == []


def test_rows_of_one_submission_are_merged(tmp_path: Path) -> None:
    folder, forms = fresh(tmp_path), four()
    rows, _ = rows_of(kobo_names, forms)
    twice = [row if n == 0 else list(row) for n, row in enumerate([*rows, *rows[1:]])]
    spot = twice[0].index("field_2/item_3")
    twice[5][spot] = "4"  # blank in the other row
    done = import_ratings(put(tmp_path, "a.csv", csv_bytes(twice, ";")), folder)  # type: ignore[arg-type]
    assert (done.rows, done.counts["merged"], done.counts["new"]) == (8, 4, 4)
    forms[0].scores[3] = 4
    assert stored(folder) == expected(forms)
    twice[5][twice[0].index("field_1/item_1")] = "5"
    found = refused(put(tmp_path, "b.csv", csv_bytes(twice, ";")), folder)  # type: ignore[arg-type]
    assert [(row, code) for row, _, _, code in found] == [(6, "versions")]
    twice[5][twice[0].index("_submission_time")] = "2024-03-01T08:00:00"
    import_ratings(put(tmp_path, "c.csv", csv_bytes(twice, ";")), folder)  # type: ignore[arg-type]
    forms[0].scores[1] = 5
    assert stored(folder) == expected(forms)


@pytest.mark.parametrize("shape", [kobo_names, google_csv])
def test_two_submissions_of_one_rater_are_refused_or_the_newest_is_taken(
    shape: Shape, tmp_path: Path
) -> None:
    folder, forms = fresh(tmp_path), four()
    forms[1].rater, forms[1].scores[1] = "A1", 4
    export = write(tmp_path, shape, forms)
    found = refused(export, folder)
    assert [(row, value, code) for row, _, value, code in found] == [(3, "A1", "rater_twice")]
    with pytest.raises(ExportError, match=rf"{export.name}:2"):
        import_ratings(export, folder)
    done = import_ratings(export, folder, latest=True)
    assert done.counts["left"] == 1
    assert stored(folder) == expected(forms[1:])
    before = snapshot(folder)
    assert import_ratings(export, folder, latest=True).written == []
    assert snapshot(folder) == before


def test_day_and_month_that_cannot_be_told_apart_do_not_decide(tmp_path: Path) -> None:
    folder, forms = fresh(tmp_path), four()
    forms[1].rater, forms[1].scores[1] = "A1", 4
    text = google_grid(forms)[1].decode().replace("10/02/2024", "10/02/2024")
    export = put(tmp_path, "a.csv", text)
    assert [code for *_, code in refused(export, folder, latest=True)] == ["rater_twice"]
    told = put(tmp_path, "b.csv", text.replace("10/02/2024", "13/02/2024"))
    assert import_ratings(told, folder, latest=True).counts["left"] == 1
    assert stored(folder) == expected(forms[1:])


def test_rows_from_elsewhere_are_kept_and_contradictions_refused(tmp_path: Path) -> None:
    folder = fresh(tmp_path, TINY, "ratings.csv")
    kept = stored(folder)
    mine = Filled(1, 1, "01", "A3", dict.fromkeys(ITEMS, 3))
    import_ratings(write(tmp_path, kobo_names, [mine]), folder)
    assert stored(folder) == kept | expected([mine])
    assert read_rows(folder / "ratings.csv")[1][:8] == ["1", "01", "A1", "2", "3", "2", "1", "4"]
    same = Filled(9, 1, "01", "A1", {1: 2, 2: 3, 3: 2, 4: 1, 5: 4})
    before = snapshot(folder)
    assert import_ratings(write(tmp_path, kobo_names, [same]), folder).written == []
    assert snapshot(folder) == before
    same.scores[5] = 3
    found = refused(write(tmp_path, kobo_names, [same]), folder, latest=True)
    assert found == [(2, "rater", "A1", "rater_stored")]


@pytest.mark.parametrize("form", ["wide", "long", "ratings.xlsx", "site.xlsx", "semicolon"])
def test_ratings_are_written_where_the_site_keeps_them(form: str, tmp_path: Path) -> None:
    folder = fresh(tmp_path, TINY, "ratings.csv")
    kept = stored(folder)
    if form == "long":
        frame = kr.load_site(folder).ratings[["round", "group", "rater", "item", "score"]]
        frame.to_csv(folder / "ratings.csv", index=False)
    elif form == "ratings.xlsx":
        to_workbook(folder / "ratings.csv")
    elif form == "site.xlsx":
        to_book(folder)
        book = openpyxl.load_workbook(folder / "site.xlsx")
        rule = openpyxl.worksheet.datavalidation.DataValidation("list", formula1='"01,02"')
        rule.add("B2:B900")
        book["ratings"].add_data_validation(rule)
        book["ratings"].column_dimensions["A"].width = 33
        book.save(folder / "site.xlsx")
    elif form == "semicolon":
        text = (folder / "ratings.csv").read_text().replace(",", ";").replace("\n", "\r\n")
        put(folder, "ratings.csv", text.encode("utf-8-sig"))
    names = {path.name for path in folder.iterdir()}
    new = Filled(3, 2, "01", "A3", {1: 1, 2: None, 3: 3, 4: 4, 5: 5})
    done = import_ratings(write(tmp_path, kobo_labels, [new]), folder)
    assert done.counts["new"] == 1
    assert stored(folder) == kept | expected([new])
    assert {path.name for path in folder.iterdir()} == {*names, BACKUP}
    before = snapshot(folder)
    assert import_ratings(write(tmp_path, kobo_labels, [new]), folder).written == []
    assert snapshot(folder) == before
    if form == "semicolon":
        content = (folder / "ratings.csv").read_bytes()
        assert content.startswith(b"\xef\xbb\xbfround;group;rater;")
        assert b"\r\n" in content
    if form == "site.xlsx":
        sheet = openpyxl.load_workbook(folder / "site.xlsx")["ratings"]
        assert str(sheet.data_validations.dataValidation[0].sqref) == "B2:B900"
        assert sheet.column_dimensions["A"].width == 33
    new.scores[1] = 5
    assert import_ratings(write(tmp_path, kobo_labels, [new]), folder).counts["changed"] == 1
    assert stored(folder) == kept | expected([new])


def test_the_example_leaves_and_counted_raters_are_told(tmp_path: Path) -> None:
    folder = fresh(tmp_path)
    put(
        folder,
        "ratings.csv",
        "round,group,rater,item,score\n1,01,CONTOH-1,1,2\n1,01,CONTOH-2,1,3\n",
    )
    done = import_ratings(write(tmp_path, kobo_names, four()[:2]), folder, lang="id")
    assert stored(folder) == expected(four()[:2])
    assert read_rows(folder / "rounds.csv")[1][2] == "2"
    said = "\n".join(done.sentences("id"))
    assert "contoh dihapus dari skor (2 penilai)" in said
    assert "rounds.csv:2: n_raters putaran 1 semula 3, kini 2" in said


def test_the_rounds_can_be_left_alone(tmp_path: Path) -> None:
    folder = fresh(tmp_path)
    done = import_ratings(write(tmp_path, kobo_names, four()[:2]), folder, keep_rounds=True)
    assert read_rows(folder / "rounds.csv")[1][2] == "3"
    assert any("write 2 when all forms are in" in note for note in done.notes)
    import_ratings(write(tmp_path, kobo_names, four()[:3]), folder, keep_rounds=True)
    assert stored(folder) == expected(four()[:3])


@pytest.mark.parametrize("step", [1, 2])
def test_a_crash_half_way_leaves_old_files_whole(
    step: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = fresh(tmp_path)
    import_ratings(write(tmp_path, kobo_names, four()[:2]), folder)
    before = snapshot(folder)
    real, calls = os.replace, []

    def broken(old: Path, new: Path) -> None:
        calls.append(new)
        if len(calls) == step:
            raise OSError(28, "no space", str(new))
        real(old, new)

    monkeypatch.setattr(safe_write.os, "replace", broken)
    with pytest.raises(KubeError, match="cannot be written"):
        import_ratings(write(tmp_path, kobo_names, four()), folder)
    after = snapshot(folder)
    assert set(after) == set(before)
    assert sum(after[name] != before[name] for name in before) == step - 1
    monkeypatch.undo()
    import_ratings(write(tmp_path, kobo_names, four()), folder)
    assert stored(folder) == expected(four())


CASES: list[tuple[str, str, str, tuple[int, str, str, str]]] = [
    ("field_1/item_1", "9", "", (2, "field_1/item_1", "9", "off_scale")),
    ("field_1/item_1", "3/4", "", (2, "field_1/item_1", "3/4", "score_unknown")),
    ("field_1/item_1", "Lumayan", "", (2, "field_1/item_1", "Lumayan", "score_unknown")),
    ("group", "03", "", (2, "group", "03", "unknown_group")),
    ("group", "Kelompok 3", "", (2, "group", "Kelompok 3", "unknown_group")),
    ("group", "", "", (2, "group", "", "no_group")),
    ("round", "3", "", (2, "round", "3", "unknown_round")),
    ("round", "", "", (2, "round", "", "no_round")),
    ("rater", "", "", (2, "rater", "", "no_rater")),
    ("rater", "a2", "", (2, "rater", "A2", "rater_twice")),
    ("field_1/item_1", "", "Pengurus bertemu tiap bulan", (1, "", "", "header_near")),
    ("field_1/item_1", "", "Ketua adil", (1, "", "", "header_scored")),
    ("field_1/item_1", "", "item_99", (1, "", "", "item_unknown")),
    ("group", "", "Kelompk", (1, "", "", "header_near")),
    ("rater", "", "Penilay", (1, "", "", "header_near")),
    ("rater", "", "Petugas", (0, "", "", "no_rater_column")),
    ("round", "", "Gelombang", (0, "", "", "no_round_column")),
]


@pytest.mark.parametrize(("column", "value", "header", "wanted"), CASES)
def test_what_does_not_fit_is_located_in_the_export(
    column: str, value: str, header: str, wanted: tuple[int, str, str, str], tmp_path: Path
) -> None:
    folder = fresh(tmp_path)
    rows, _ = rows_of(kobo_names, four())
    spot = rows[0].index(column)
    if header:
        rows[0][spot] = header
    else:
        rows[1][spot] = value
    found = refused(put(tmp_path, "a.csv", csv_bytes(rows, ";")), folder)  # type: ignore[arg-type]
    if wanted[3] == "rater_twice":
        wanted = (3, "rater", "A2", "rater_twice")
    if header and wanted[0]:
        wanted = (1, header, header, wanted[3])
    assert found == [wanted]


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    rows, _ = rows_of(kobo_names, four())
    for row, column, value in ((1, "group", "77"), (2, "field_1/item_2", "8"), (3, "round", "5")):
        rows[row][rows[0].index(column)] = value
    found = refused(put(tmp_path, "a.csv", csv_bytes(rows, ";")), fresh(tmp_path))  # type: ignore[arg-type]
    assert [one[0] for one in found] == [2, 3, 4]


def test_rules_between_tables_are_located_in_the_export(tmp_path: Path) -> None:
    forms = four()
    forms[2].rater = "A3"  # the members table puts A3 in group 01
    found = refused(write(tmp_path, kobo_labels, forms), fresh(tmp_path))
    assert found == [(4, "Kelompok KUBE", "02", "group_differs")]


def test_one_code_in_two_groups_is_explained(tmp_path: Path) -> None:
    forms = four()[:3]
    for one, code in zip(forms, ("1", "2", "1"), strict=True):
        one.rater = code
    with pytest.raises(ExportError, match="make the codes differ between groups, for example 02-1"):
        import_ratings(write(tmp_path, kobo_labels, forms), fresh(tmp_path))


def test_a_round_may_be_given_and_must_not_contradict(tmp_path: Path) -> None:
    folder = fresh(tmp_path)
    rows, _ = rows_of(kobo_names, four()[:3])
    export = put(tmp_path, "a.csv", csv_bytes([[*row[:6], *row[7:]] for row in rows], ";"))
    assert [code for *_, code in refused(export, folder)] == ["no_round_column"]
    assert [code for *_, code in refused(export, folder, round_number=7)] == ["round_asked"]
    import_ratings(export, folder, round_number=1)
    assert stored(folder) == expected(four()[:3])
    found = refused(write(tmp_path, kobo_names, four()), folder, round_number=1)
    assert found == [(5, "round", "2", "round_differs")]


def test_a_list_of_meanings_settles_what_cannot_be_known(tmp_path: Path) -> None:
    folder, forms = fresh(tmp_path), four()
    text = google_csv(forms)[1].decode().replace("1. Pengurus bertemu setiap bulan", "Ketua adil")
    text = text.replace("Kode Penilai", "Siapa").replace('"5"', '"Mantap"')
    export = put(tmp_path, "a.csv", text)
    meanings = put(
        tmp_path, "m.csv", "dari;arti\nKetua adil;item_1\nsiapa?;rater\nMANTAP;score_5\n"
    )
    import_ratings(export, folder, meanings=meanings)
    assert stored(folder) == expected(forms)
    put(tmp_path, "m.csv", "dari;arti\nKetua adil;item_1\nsiapa?;boss\n")
    assert [(row, code) for row, _, _, code in refused(export, folder, meanings=meanings)] == [
        (3, "map_meaning")
    ]


def test_no_consent_no_rows(tmp_path: Path) -> None:
    folder = fresh(tmp_path)
    rows, _ = rows_of(kobo_names, four())
    rows[1][rows[0].index("Persetujuan")] = "Tidak bersedia"
    done = import_ratings(put(tmp_path, "a.csv", csv_bytes(rows, ";")), folder)  # type: ignore[arg-type]
    assert stored(folder) == expected(four()[1:])
    assert done.notes[0] == "left out, no consent to take part ('Persetujuan'): 1 row(s): 2"


def test_words_with_two_readings_are_refused(tmp_path: Path) -> None:
    folder = fresh(tmp_path)
    edit(folder, "site.toml", "scale = [1, 5]", "scale = [1, 4]")
    forms = [Filled(1, 1, "01", "A1", {1: 2, 2: 2, 3: 2, 4: 2, 5: 2})]
    rows, _ = rows_of(google_csv, forms)
    for spot in range(3, 8):
        rows[1][spot] = ("Kurang", "Baik", "", "", "")[spot - 3]
    found = refused(put(tmp_path, "a.csv", csv_bytes(rows)), folder)  # type: ignore[arg-type]
    assert [(row, value, code) for row, _, value, code in found] == [
        (2, "Kurang", "label_ambiguous")
    ]
    rows[1][5] = "Cukup"
    import_ratings(put(tmp_path, "a.csv", csv_bytes(rows)), folder)  # type: ignore[arg-type]
    assert {one[3:] for one in stored(folder)} == {(1, 1), (2, 3), (3, 2), (4, None), (5, None)}


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.xls", b"x", "export_form"),
        ("a.csv", b"", "empty_file"),
        ("a.xlsx", b"PK", "excel"),
        ("a.zip", b"PK", "export_zip"),
        ("a.csv", b"a;b\n1;2\n", "no_statements"),
        ("a.csv", b'"a;b\n', "csv"),
        ("a.csv", b"\xff\xfe\x00", "encoding"),
        ("none.csv", None, "unreadable"),
        ("a.csv", b"round,group,rater,item_1\n", "no_answers"),
    ],
)
def test_files_that_are_no_export(
    name: str, content: bytes | None, code: str, tmp_path: Path
) -> None:
    if content is not None:
        put(tmp_path, name, content)
    assert [one[3] for one in refused(tmp_path / name, fresh(tmp_path))] == [code]


def test_two_sheets_with_answers_are_not_chosen_between(tmp_path: Path) -> None:
    rows, _ = rows_of(kobo_names, four())
    export = put(tmp_path, "a.xlsx", xlsx_bytes({"one": rows, "two": rows}))  # type: ignore[dict-item]
    assert [one[3] for one in refused(export, fresh(tmp_path))] == ["two_sheets"]


def test_a_broken_site_and_a_bundled_site_are_left_alone(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    set_cell(folder, "items.csv", 2, "field_no", "x")
    before = snapshot(folder)
    export = write(tmp_path, kobo_plain, four())
    with pytest.raises(SiteError):
        import_ratings(export, folder)
    assert snapshot(folder) == before
    with pytest.raises(KubeError, match="comes with the package"):
        import_ratings(export, "cibeunying-simulated")


def test_a_problem_elsewhere_is_told_and_does_not_stop_the_import(tmp_path: Path) -> None:
    folder = fresh(tmp_path)
    shutil.copy(TINY / "ledger.csv", folder)
    set_cell(folder, "ledger.csv", 2, "amount", "banyak")
    done = import_ratings(write(tmp_path, kobo_plain, four()), folder)
    assert done.counts["new"] == 4
    assert any("1 problem(s) in other tables" in note for note in done.notes)


def test_columns_that_contradict_each_other(tmp_path: Path) -> None:
    folder = fresh(tmp_path)
    rows, _ = rows_of(kobo_names, four())
    spot = rows[0].index("field_1/item_1")
    doubled = [[*row, "item_1" if n == 0 else ""] for n, row in enumerate(rows)]
    doubled[2][spot], doubled[2][-1] = "", "2"
    import_ratings(put(tmp_path, "a.csv", csv_bytes(doubled, ";")), folder)  # type: ignore[arg-type]
    assert stored(folder) == expected(four())
    doubled[1][-1] = "5"
    found = refused(put(tmp_path, "a.csv", csv_bytes(doubled, ";")), folder)  # type: ignore[arg-type]
    assert found == [(1, "item_1", "", "grids")]
    meanings = put(tmp_path, "m.csv", "header,means\nfield_1/item_1,ignore\n")
    doubled[2][-1] = "3"  # the remedy: all is kept, and what does not count is named
    for _ in range(2):
        again = put(tmp_path, "b.csv", csv_bytes(doubled, ";"))  # type: ignore[arg-type]
        import_ratings(again, folder, meanings=meanings)
    wanted = {(1, "01", "A1", 5), (1, "01", "A2", 3)}
    assert wanted <= {(r, g, who, score) for r, g, who, item, score in stored(folder) if item == 1}


def test_repeats_are_known_again_by_their_place(tmp_path: Path) -> None:
    folder, forms = fresh(tmp_path), four()
    import_ratings(write(tmp_path, kobo_repeat, forms), folder)
    forms[1].scores[2] = 1
    done = import_ratings(write(tmp_path, kobo_repeat, forms), folder)
    assert (done.counts["changed"], done.counts["same"]) == (1, 3)
    assert stored(folder) == expected(forms)


def test_merged_answers_of_a_workbook_are_told_at_each_cell(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    rows: list[list[object]] = [
        ["Rekap jawaban"],
        ["kelompok", "penilai", "putaran", *(f"item_{n}" for n in range(1, 6))],
        ["01", "A1", 2, 3, 3, 3, 3, 3],
        [None, "A2", 2, 4, 4, 4, 4, 4],
    ]
    path = workbook(tmp_path / "answers.xlsx", rows)
    book = openpyxl.load_workbook(path)
    book.worksheets[0].merge_cells("A1:H1")
    book.worksheets[0].merge_cells("A3:A4")
    book.save(path)
    with pytest.raises(ExportError) as error:
        import_ratings(path, folder)
    merged = [problem for problem in error.value.problems if problem.code == "merged"]
    assert [(p.row, p.column) for p in merged] == [(4, "kelompok")]
    assert "write 01 in this cell too" in merged[0].remedy


def test_nothing_of_a_cell_becomes_a_formula(tmp_path: Path) -> None:
    folder = fresh(tmp_path)
    rows, _ = rows_of(kobo_names, four())
    rows[1][rows[0].index("_uuid")] = "=cmd|'/c calc'!A0"
    rows[1][rows[0].index("_submission_time")] = "@SUM(1)"
    rows[1][rows[0].index("rater")] = '=HYPERLINK("x")'
    import_ratings(put(tmp_path, "a.csv", csv_bytes(rows, ";")), folder)  # type: ignore[arg-type]
    for name in ("ratings.csv", "local-names.csv"):
        for row in read_rows(folder / name):
            assert not any(cell.lstrip("\ufeff").startswith(tuple("=+-@")) for cell in row)


def test_imported_says_everything_in_both_languages() -> None:
    done = Imported(
        "google", "a.csv", 1, 2, dict.fromkeys(("new", "changed", "same", "merged", "left"), 0)
    )
    done.unread = ["Saran"]
    assert "Nothing to write" in done.sentences()[-1]
    assert "kolom yang tidak dibaca: Saran" in done.sentences("id")[2]


def names_in(folder: Path) -> dict[str, str]:
    content = (folder / "local-names.csv").read_text(encoding="utf-8-sig")
    return {row["name"]: row["code"] for row in csv.DictReader(content.splitlines())}


PEOPLE = ["Bu Contoh Satu", "Pak Contoh Dua", "contoh tiga", "O'Contoh, Empat"]


def with_names(filled: list[Filled], spelled: list[str]) -> list[Filled]:
    for one, name in zip(filled, spelled, strict=True):
        one.rater = name
    return filled


@pytest.mark.parametrize("shape", [kobo_labels, kobo_names, odk_groups, google_csv])
def test_names_become_codes_and_stand_in_the_key_alone(shape: Shape, tmp_path: Path) -> None:
    folder = fresh(tmp_path)
    export = write(tmp_path, shape, with_names(four(), PEOPLE))
    done = import_ratings(export, folder)
    assert (done.rows, done.counts["new"], done.names, done.new_names) == (4, 4, 4, 4)
    key = names_in(folder)
    assert set(key) == set(PEOPLE)
    assert len(set(key.values())) == 4
    assert {one[2] for one in stored(folder)} == set(key.values())
    for path in folder.iterdir():
        if path.name not in ("local-names.csv", BACKUP):  # git ignores both
            text = path.read_bytes().decode("utf-8").casefold()
            assert not any(name.casefold() in text for name in PEOPLE), path.name
    said = "\n".join(done.sentences()) + repr(done)
    assert not any(name in said for name in PEOPLE)
    assert "local-names.csv" in (folder / ".gitignore").read_text()
    if os.name == "posix":
        assert (folder / "local-names.csv").stat().st_mode & 0o077 == 0
    before = snapshot(folder)
    assert import_ratings(export, folder).written == []
    assert snapshot(folder) == before
    assert not [p for p in kr.check_site(folder) if "names" in p.file]


def test_a_name_keeps_its_code_however_it_is_written(tmp_path: Path) -> None:
    folder = fresh(tmp_path)
    first = with_names(four()[:2], PEOPLE[:2])
    import_ratings(write(tmp_path, kobo_names, first), folder)
    key = names_in(folder)
    later = [Filled(9, 2, "01", "  BU  contoh SATU. ", dict.fromkeys(ITEMS, 4))]
    done = import_ratings(write(tmp_path, google_csv, later), folder)
    assert done.new_names == 0
    assert names_in(folder) == key
    assert {one[2] for one in stored(folder) if one[0] == 2} == {key["Bu Contoh Satu"]}


def test_several_spellings_may_share_a_code_and_no_code_is_used_twice(tmp_path: Path) -> None:
    folder = fresh(tmp_path)
    put(folder, "local-names.csv", "name;code\nBu Contoh Satu;R1234\nIbu C. Satu;R1234\n")
    forms = with_names(four()[:2], ["ibu c satu", "Pak Contoh Dua"])
    import_ratings(write(tmp_path, kobo_names, forms), folder)
    assert "R1234" in {one[2] for one in stored(folder)}
    key = names_in(folder)
    assert key["Ibu C. Satu"] == "R1234"
    assert key["Pak Contoh Dua"] not in ("R1234", "A1", "A2", "B1")


def test_names_never_show_in_refusals(tmp_path: Path) -> None:
    folder, forms = fresh(tmp_path), with_names(four(), [PEOPLE[0], PEOPLE[0], *PEOPLE[2:]])
    forms[2].group = "77"
    with pytest.raises(ExportError) as error:
        import_ratings(write(tmp_path, kobo_names, forms), folder)
    assert not any(name in str(error.value) + repr(error.value.problems) for name in PEOPLE)
    forms[2].group = "02"
    with pytest.raises(ExportError) as error:
        import_ratings(write(tmp_path, kobo_names, forms), folder)
    assert [p.code for p in error.value.problems] == ["rater_twice"]
    assert not any(name in str(error.value) + repr(error.value.problems) for name in PEOPLE)
    assert not (folder / "local-names.csv").exists()


def test_a_name_beside_a_code_is_not_read(tmp_path: Path) -> None:
    folder = fresh(tmp_path)
    rows, _ = rows_of(google_csv, four())
    rows = [[*row, "Nama lengkap" if n == 0 else "Bu Contoh"] for n, row in enumerate(rows)]
    done = import_ratings(put(tmp_path, "a.csv", csv_bytes(rows)), folder)  # type: ignore[arg-type]
    assert done.names == 0
    assert stored(folder) == expected(four())
    assert not (folder / "local-names.csv").exists()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("nama,kode\n", "key_columns"), ("name,code\nBu Contoh,\n", "key_code"),
        ("name,code\nBu Contoh,R 1\n", "key_code"),
        ("name,code\nBu Contoh,R1\nbu contoh,R2\n", "key_name_twice"), (b"\xff\xfe\x00", "encoding"),
    ],
)  # fmt: skip
def test_a_broken_key_is_located(content: str | bytes, code: str, tmp_path: Path) -> None:
    folder = fresh(tmp_path)
    put(folder, "local-names.csv", content)
    assert [one[3] for one in refused(write(tmp_path, kobo_names, four()), folder)] == [code]


def test_codes_as_people_type_them(tmp_path: Path) -> None:
    folder, forms = fresh(tmp_path), four()
    for one, code in zip(forms, ("a1", "A 2", "b1", "A1"), strict=True):
        one.rater = code
    import_ratings(write(tmp_path, kobo_names, forms), folder)
    assert stored(folder) == expected(four())
    forms[0].rater = "2024-01-02"  # what a spreadsheet makes of 1-2
    assert [one[3] for one in refused(write(tmp_path, kobo_names, forms), folder)] == ["code_date"]


def test_a_crash_after_the_key_loses_no_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = fresh(tmp_path)
    real = os.replace

    def broken(old: Path, new: Path) -> None:
        if Path(new).name == "ratings.csv":
            raise OSError(28, "no space", str(new))
        real(old, new)

    export = write(tmp_path, kobo_names, with_names(four(), PEOPLE))
    monkeypatch.setattr(safe_write.os, "replace", broken)
    with pytest.raises(KubeError):
        import_ratings(export, folder)
    key = names_in(folder)
    monkeypatch.undo()
    import_ratings(export, folder)
    assert names_in(folder) == key
    assert {one[2] for one in stored(folder)} == set(key.values())


def test_nothing_is_written_through_links_out_of_the_folder(tmp_path: Path) -> None:
    folder = fresh(tmp_path)
    outside = put(tmp_path, "outside.csv", "round,group,rater,item,score\n1,01,A9,1,3\n")
    secret = put(tmp_path, "secret.txt", "mine\n")
    (folder / "ratings.csv").symlink_to(outside)
    (folder / ".gitignore").symlink_to(secret)
    import_ratings(write(tmp_path, kobo_names, with_names(four(), PEOPLE)), folder)
    assert outside.read_text().count("\n") == 2
    assert secret.read_text() == "mine\n"


def test_the_commands(tmp_path: Path) -> None:
    folder = fresh(tmp_path)
    export = write(tmp_path, kobo_labels, four())
    words = ["import", str(export), "--site", str(folder)]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0
    assert "KoboToolbox" in done.output
    assert "written: ratings.csv" in done.output
    assert "tetap" in CliRunner().invoke(main, [*words, "--lang", "id"]).output
    bad = put(tmp_path, "bad.csv", "Penilai,item_1\nA1,9\n")
    done = CliRunner().invoke(main, ["import", str(bad), "--site", str(folder), "--round", "1"])
    assert done.exit_code == 1
    assert "bad.csv:2:item_1: '9': outside the site's scale" in done.output
    assert CliRunner().invoke(main, ["import", str(bad), "--site", "nowhere"]).exit_code == 1


@pytest.mark.parametrize(
    ("where", "lang"), [("tiny", "en"), ("tiny", "id"), ("cibeunying-simulated", "id")]
)
def test_what_our_own_form_collects_is_read_back_by_its_labels(
    where: str, lang: str, tmp_path: Path
) -> None:
    folder = fresh(tmp_path, TINY if where == "tiny" else home() / "data" / where, "ratings.csv")
    site = kr.load_site(folder)
    before = {
        tuple(row) for row in site.ratings[list(RATING)].astype("string").fillna("").to_numpy()
    }
    form, label = make_form(site), f"label::{FORM_LANGUAGES[lang]}"
    named = {row["name"]: row.get(label, "") for row in form.survey}
    said = {(row["list_name"], row["name"]): row[label] for row in form.choices}
    inside = {}
    for row in form.survey:
        if row["type"] == "begin_group":
            group = row[label]
        elif row["name"].startswith("item_"):
            inside[row["name"]] = group
    rows = [
        [
            "today",
            *(f"{inside[n]}/{t}" if n in inside else t for n, t in named.items() if t),
            "_uuid",
        ]
    ]
    for (number, group, rater), part in site.ratings.groupby(["round", "group", "rater"]):
        scores = dict(zip(part["item"], part["score"].astype("string").fillna(""), strict=True))
        answers = {f"item_{n}": said["scale", s] if s else "" for n, s in scores.items()}
        answers |= {"round": said["rounds", str(number)], "group": said["groups", group]}
        answers |= {"rater": rater, "consent": "OK"}
        rows.append(
            ["", *(answers.get(n, "") for n, t in named.items() if t), f"u-{number}-{rater}"]
        )
    kept = (folder / "ratings.csv").read_bytes()
    (folder / "ratings.csv").unlink()
    export = put(tmp_path, "a.csv", csv_bytes(rows, ";", quoted=True, bom=True))  # type: ignore[arg-type]
    import_ratings(export, folder)
    again = kr.load_site(folder).ratings[list(RATING)]
    assert {tuple(row) for row in again.astype("string").fillna("").to_numpy()} == before
    put(folder, "ratings.csv", kept)  # and where they stood already, nothing changes
    assert import_ratings(export, folder).written == []
    assert (folder / "ratings.csv").read_bytes() == kept


RATING = ("round", "group", "rater", "item", "score")
ODD = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            "=1+1",
            "../../x",
            "2024-01-02",
            "1e3",
            "-",
            "٣",
            "３",
            "\x00",
            "[",
            "a" * 5000,
            "07",
            "N/A",
        ]
    ),
)


@given(
    shape=st.sampled_from([kobo_names, google_grid, odk_groups]),
    changes=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 25), ODD), min_size=1, max_size=4),
)
@settings(max_examples=14)
def test_whatever_a_cell_says_the_import_is_whole_or_refused(
    shape: Shape, changes: list[tuple[int, int, str]]
) -> None:
    rows, mark = rows_of(shape, four())
    for row, place, value in changes:
        rows[row][place % len(rows[row])] = value
    with TemporaryDirectory() as place_of:
        folder = fresh(Path(place_of))
        names = set(Path(place_of).iterdir())
        export = put(Path(place_of), "a.csv", csv_bytes(rows, mark))  # type: ignore[arg-type]
        before = snapshot(folder)
        told: list[Problem] = []
        try:
            import_ratings(export, folder)
        except ExportError as error:
            told = error.problems
        if told:
            assert snapshot(folder) == before
            assert all(one.file and one.problem and one.remedy for one in told)
        else:
            assert not [p for p in kr.check_site(folder) if p.severity == "error"]
            after = snapshot(folder)
            assert import_ratings(export, folder).written == []
            assert snapshot(folder) == after
        assert set(Path(place_of).iterdir()) == names | {export}


def test_names_that_are_nearly_the_same_are_all_read_and_told(tmp_path: Path) -> None:
    folder, forms = fresh(tmp_path), four()
    for one, name in zip(
        forms, ("Bu Contoh A", "Bu Contoh B", "Bu Contoh C", "Bu Contoh A"), strict=True
    ):
        one.rater = name
    done = import_ratings(write(tmp_path, kobo_names, forms), folder)
    assert (done.rows, done.counts["new"], done.new_names) == (4, 4, 3)
    assert [(p.row, p.value, p.code, p.severity) for p in done.problems] == [
        (3, "***", "name_near", "warning"),
        (4, "***", "name_near", "warning"),
    ]


def test_only_the_rounds_of_the_export_are_counted_anew(tmp_path: Path) -> None:
    folder = fresh(tmp_path)
    import_ratings(write(tmp_path, kobo_names, four()[3:]), folder, keep_rounds=True)
    import_ratings(write(tmp_path, kobo_names, four()[:2]), folder)
    assert [row[2] for row in read_rows(folder / "rounds.csv")[1:]] == ["2", "4"]
