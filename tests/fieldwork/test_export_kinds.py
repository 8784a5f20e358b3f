"""Exports of real tools that are easily misread: right, or refused with a remedy that leads there.

Oracle: tests/helpers/export_kinds.py writes each export by hand beside the ratings that are right.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from export_kinds import KINDS, REFUSED, Kind, consented, repeated, reviewed, twice
from export_shapes import ITEMS, csv_bytes, question
from site_files import TINY, edit, put, read_rows

from kube_research.cli import main
from kube_research.errors import ExportError
from kube_research.fieldwork.importing import Imported, import_ratings


def site(parent: Path, high: int = 5) -> Path:
    folder = parent / "site"
    folder.mkdir()
    for name in ("site.toml", "items.csv", "rounds.csv", "activities.csv"):
        put(folder, name, (TINY / name).read_bytes())
    if high != 5:
        edit(folder, "site.toml", "scale = [1, 5]", f"scale = [1, {high}]")
    return folder


def stored(folder: Path) -> dict[tuple[int, str], str]:
    scores: dict[tuple[int, str], dict[int, str]] = {}
    header, *rows = read_rows(folder / "ratings.csv")
    for row in rows:
        cells = dict(zip(header, row, strict=True))
        said = scores.setdefault((int(cells["round"]), cells["rater"]), {})
        said[int(cells["item"])] = cells["score"] or "."
    return {who: "".join(said[item] for item in ITEMS) for who, said in scores.items()}


def brought_in(kind: Kind, folder: Path) -> Imported:
    export = put(folder.parent, kind.file, kind.content)
    options = dict(kind.options)
    if kind.meanings:
        options["meanings"] = put(folder.parent, "meanings.csv", kind.meanings)
    return import_ratings(export, folder, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_is_read_as_it_was_meant_and_the_second_time_changes_nothing(
    name: str, tmp_path: Path
) -> None:
    kind, folder = KINDS[name], site(tmp_path, KINDS[name].high)
    spoken = "\n".join(brought_in(kind, folder).sentences())
    assert stored(folder) == kind.right
    assert [part for part in kind.said if part not in spoken] == []
    before = (folder / "ratings.csv").read_bytes()
    assert brought_in(kind, folder).written == []
    assert (folder / "ratings.csv").read_bytes() == before


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_known_is_refused_and_the_remedy_leads_to_the_right_scores(
    name: str, tmp_path: Path
) -> None:
    code, kind = REFUSED[name]
    folder = site(tmp_path, kind.high)
    export = put(tmp_path, kind.file, kind.content)
    silent = {key: value for key, value in kind.options.items() if key != "grids"}
    with pytest.raises(ExportError) as error:
        import_ratings(export, folder, **silent)  # type: ignore[arg-type]
    assert code in {problem.code for problem in error.value.problems}
    assert not (folder / "ratings.csv").exists()
    brought_in(kind, folder)
    assert stored(folder) == kind.right


def grid_options(export: Path, folder: Path) -> list[str]:
    """Return the options that the refusal prints."""
    with pytest.raises(ExportError) as error:
        import_ratings(export, folder)
    (problem,) = error.value.problems
    assert problem.code == "grids"
    pieces = problem.remedy.split("--grid ")[1:]
    return [piece.split('"')[1] for piece in pieces]


@pytest.mark.parametrize(
    ("head", "printed"),
    [
        ([f"{t} [{question(n)}]" for t in ("Sesudah", "Sebelum") for n in ITEMS],
         ["sesudah=2", "sebelum=1"]),
        ([f"{t}/item_{n}" for t in ("expected", "seen") for n in ITEMS],
         ["expected=ROUND", "seen=ROUND"]),
        ([question(n) for n in (*ITEMS, *ITEMS)], ["D:H=ROUND", "I:M=ROUND"]),
        ([f"visit[{k}]/field_{n % 2}/item_{n}" for k in (1, 2) for n in ITEMS],
         ["D:H=ROUND", "I:M=ROUND"]),
    ],
)  # fmt: skip
def test_the_options_of_the_remedy_are_printed_and_never_guess_a_round(
    head: list[str], printed: list[str], tmp_path: Path
) -> None:
    folder, export = site(tmp_path), put(tmp_path, "a.csv", twice(head))
    assert grid_options(export, folder) == printed
    rounds = [option.replace("ROUND", str(n)) for n, option in enumerate(printed, start=1)]
    words = ["import", str(export), "--site", str(folder)]
    words += [word for option in rounds for word in ("--grid", option)]
    assert CliRunner().invoke(main, words).exit_code == 0
    first = 2 if printed[0].endswith("=2") else 1
    right = {(first, f"A{n}"): str(n) * 5 for n in (1, 2, 3)}
    right |= {(3 - first, f"A{n}"): str(n + 1) * 5 for n in (1, 2, 3)}
    assert stored(folder) == right


def test_a_statement_outside_the_grids_needs_its_round(tmp_path: Path) -> None:
    folder = site(tmp_path)
    head = ["group", "rater", "then/item_1", "now/item_1", "item_2"]
    export = put(tmp_path, "a.csv", csv_bytes([head, ["01", "A1", 1, 2, 3]]))
    assert grid_options(export, folder) == ["then=1", "now=2", "E=ROUND"]
    with pytest.raises(ExportError) as error:
        import_ratings(export, folder, grids={"then": 1, "now": 2})
    assert [(p.column, p.code) for p in error.value.problems] == [("item_2", "grid_left")]
    import_ratings(export, folder, grids={"then": 1, "now": 2, "E": 2})
    cells = [(row[0], row[3], row[4]) for row in read_rows(folder / "ratings.csv")[1:]]
    assert cells == [("1", "1", "1"), ("2", "1", "2"), ("2", "2", "3")]


def test_grids_that_cannot_be_are_refused(tmp_path: Path) -> None:
    folder = site(tmp_path)
    head = [f"{t}/item_{n}" for t in ("then", "now") for n in ITEMS]
    export = put(tmp_path, "a.csv", twice(head))
    for grids, code in (
        ({"than": 1, "now": 2}, "grid_unknown"), ({"then": 1, "now": 9}, "round_asked"),
        ({"then": 0, "now": 0}, "grid_none"), ({"D:M": 1, "now": 2}, "grid_twice"),
    ):  # fmt: skip
        with pytest.raises(ExportError) as error:
            import_ratings(export, folder, grids=grids)
        assert code in {problem.code for problem in error.value.problems}
    with pytest.raises(ExportError, match="leave --round out"):
        import_ratings(export, folder, grids={"then": 1, "now": 2}, round_number=1)
    words = ["import", str(export), "--site", str(folder), "--grid", "then"]
    refused = CliRunner().invoke(main, words)
    assert refused.exit_code == 2
    assert "or ignore" in refused.output


def test_one_round_twice_is_one_rating_and_must_not_contradict(tmp_path: Path) -> None:
    folder = site(tmp_path)
    head = ["group", "rater", "a/item_1", "a/item_2", "b/item_1", "b/item_2"]
    rows = [head, ["01", "A1", 1, "", "", 4], ["01", "A2", 3, 3, 3, ""]]
    export = put(tmp_path, "a.csv", csv_bytes(rows))
    import_ratings(export, folder, grids={"a": 1, "b": 1})
    assert [row[4] for row in read_rows(folder / "ratings.csv")[1:]] == ["1", "4", "3", "3"]
    rows[2][5] = 5
    with pytest.raises(ExportError, match="keep both and say which column counts"):
        import_ratings(put(tmp_path, "a.csv", csv_bytes(rows)), folder, grids={"a": 1, "b": 1})


def test_a_correction_of_one_of_two_times_finds_its_own_rating(tmp_path: Path) -> None:
    folder, grids = site(tmp_path), {"Sebelum": 1, "Sesudah": 2}
    head = [f"{t} [{question(n)}]" for t in ("Sebelum", "Sesudah") for n in ITEMS]
    content = twice(head)
    import_ratings(put(tmp_path, "a.csv", content), folder, grids=grids)
    changed = content.replace(b"A1,1,1,1,1,1,2,2,2,2,2", b"A1,1,1,1,1,1,2,2,2,2,5")
    done = import_ratings(put(tmp_path, "a.csv", changed), folder, grids=grids)
    assert (done.counts["changed"], done.counts["same"]) == (1, 5)
    assert (stored(folder)[1, "A1"], stored(folder)[2, "A1"]) == ("11111", "22225")


@pytest.mark.parametrize("lang", ["en", "id"])
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (reviewed("_validation_status", *["Not Approved"] * 4), "_validation_status"),
        (consented(["Persetujuan"], *[["Tidak bersedia"]] * 4), "Persetujuan"),
    ],
)
def test_if_nothing_can_be_used_the_command_fails_and_says_why(
    content: bytes, reason: str, lang: str, tmp_path: Path
) -> None:
    folder, export = site(tmp_path), put(tmp_path, "a.csv", content)
    words = ["import", str(export), "--site", str(folder), "--lang", lang]
    refused = CliRunner().invoke(main, words)
    assert refused.exit_code == 1
    assert f"'{reason}'" in refused.output
    assert "2, 3, 4, 5" in refused.output
    assert not (folder / "ratings.csv").exists()


def test_what_was_rejected_after_an_earlier_import_is_told_where_it_stands(tmp_path: Path) -> None:
    folder = site(tmp_path)
    import_ratings(put(tmp_path, "a.csv", reviewed("_validation_status", *[""] * 4)), folder)
    states = ("", "Not Approved", "", "")
    done = import_ratings(put(tmp_path, "a.csv", reviewed("_validation_status", *states)), folder)
    assert (done.counts["same"], done.counts["left"], done.written) == (3, 1, [])
    assert any("still stand in ratings.csv:7 (round 1, rater A2)" in note for note in done.notes)


def test_the_second_row_of_repeats_keeps_its_key(tmp_path: Path) -> None:
    folder, content = site(tmp_path), repeated("raters[{}]/{question}")
    import_ratings(put(tmp_path, "a.csv", content), folder)
    later = content.replace(
        b"A2,2,2,2,2,2", b"A3,2,2,2,2,5"
    )  # the code was corrected, and one score
    done = import_ratings(put(tmp_path, "a.csv", later), folder)
    assert (done.counts["changed"], done.counts["same"], done.counts["new"]) == (1, 2, 0)
    assert stored(folder)[1, "A3"] == "22225"
