"""Rows of problems in site.toml, however its entries are written.

Oracle: the row is counted by hand in the text of each case, as a text editor shows it.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from site_files import copy_tiny, edit, places, put

import kube_research as kr
from kube_research.site.toml_rows import TomlRows

NOTES = 'notes = """\nscale = [9, 1]\n[primary]\nunit = "village"\n"""\n'


def written(folder: Path, before: str = "", after: str = "", **entries: str) -> list[str]:
    """Write site.toml of the tiny site with entries replaced, and return its lines."""
    lines = (folder / "site.toml").read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if line.split(" =")[0] not in (*entries, "notes")]
    added = [f"{key} = {value}" for key, value in entries.items()]
    put(folder, "site.toml", before + "\n".join([*kept, *added, ""]) + after)
    return (folder / "site.toml").read_text(encoding="utf-8").split("\n")


@pytest.mark.parametrize(
    ("wrong", "down", "key", "code"),
    [
        ("scale = [\n  5, # low\n  1,\n]", 0, "scale", "key_value"),
        ('"scale" = [5, 1]', 0, "scale", "key_value"),
        ("# scale = [1, 5]\n  scale=[5, 1] # why", 1, "scale", "key_value"),
        ("primary.smallest_effect = 1\nprimary.outcome = 'all'\nprimary.unit = 'group'", 1,
         "primary.outcome", "key_value"),
        ("primary = { outcome = 'all', smallest_effect = 1, unit = 'group' }", 0,
         "primary.outcome", "key_value"),
        ("[ primary ] # later\n# a note\noutcome = 'all'\nsmallest_effect = 1\nunit = 'group'", 2,
         "primary.outcome", "key_value"),
        ("['primary']\n\noutcome = 'overall'\nsmallest_effect = 1\nunit.of = 'group'", 4,
         "primary.unit", "key_value"),
        ("[a.b.c]\nx = 1", 0, "a.b", "unknown_key"),
        ("[[rounds]]\nx = 1", 0, "rounds", "unknown_key"),
    ],
)  # fmt: skip
def test_an_entry_is_told_in_the_row_where_it_begins(
    tmp_path: Path, wrong: str, down: int, key: str, code: str
) -> None:
    folder = copy_tiny(tmp_path)
    if "scale" in wrong:
        edit(folder, "site.toml", "scale = [1, 5]\n", "")
    lines = written(folder, NOTES, wrong)
    (problem,) = kr.check_site(folder)
    row = lines.index(wrong.split("\n")[0]) + 1 + down
    assert (problem.column, problem.code, problem.row) == (key, code, row)


@pytest.mark.parametrize(
    ("lines", "row"),
    [
        (['name = "a"', "groups = [", '  "01",', "scale = [1, 4]"], 2),
        (['name = "a"', 'notes = """', "open", "scale = [1, 4]"], 2),
        (['notes = """', "open", 'place = """x"""'], 1),
        (["scale = [", "  1, 4", "]", "name = KUBE", "place = 'x'"], 4),
        (["scale = [", "  1,", "  KUBE,", "]"], 3),
        (["[primary", "unit = 'x'"], 1),
        (["a = 1", "# a = 1", "'a' = 2", "b = 3"], 3),
    ],
)
def test_what_is_no_toml_is_told_where_its_entry_begins(
    tmp_path: Path, lines: list[str], row: int
) -> None:
    put(tmp_path, "site.toml", "\n".join(lines))
    (problem,) = kr.check_site(tmp_path)
    assert (problem.code, problem.row) == ("toml", row)


def test_every_entry_of_a_long_text_is_found_once() -> None:
    lines = ['notes = """', *["a line"] * 3000, '"""', "[a]", "b.c = [", "1]", "d = {e = 1}"]
    rows = TomlRows.of(lines)
    assert rows.first["notes"] == 1
    assert (rows.last["notes"], rows.first["a"], rows.first["a.b.c"]) == (3002, 3003, 3004)
    assert (rows.first["a.d.e"], rows.broken) == (3006, 0)


@pytest.mark.parametrize("entry", ['province = "32"', "thresholds = [2.5, 3]"])
def test_an_entry_below_a_section_is_moved_up(tmp_path: Path, entry: str) -> None:
    folder = copy_tiny(tmp_path)
    section = '[primary]\noutcome = "overall"\nsmallest_effect = 0.5\nunit = "group"\n'
    lines = written(folder, after=section + entry)
    (problem,) = kr.check_site(folder)
    assert (problem.code, problem.row) == ("key_section", len(lines))
    assert problem.remedy == "move the line up, above [primary]"
    edit(folder, "site.toml", entry, "")
    edit(folder, "site.toml", "[primary]", f"{entry}\n[primary]")
    assert kr.check_site(folder) == []


def test_a_needed_entry_is_asked_for_above_the_first_section(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    section = '[primary]\noutcome = "item 99"\nsmallest_effect = 0.5\nunit = "group"\n'
    lines = written(folder, after=section)
    (problem,) = kr.check_site(folder)
    assert (problem.code, problem.row) == ("primary_unknown", lines.index("[primary]") + 2)
    groups = next(line for line in lines if line.startswith("groups"))
    edit(folder, "site.toml", f"{groups}\n", "")
    (problem,) = kr.check_site(folder)
    assert problem.remedy == 'add a line such as groups = ["01", "02"], above [primary]'


def test_an_entry_that_a_section_lacks_is_told_at_its_head(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    lines = written(folder, after='[primary]\noutcome = "overall"\nunit = "group"\n')
    (problem,) = kr.check_site(folder)
    head = lines.index("[primary]") + 1
    assert places([problem])[0][1:3] == (head, "primary.smallest_effect")


def test_no_group_at_all_is_told_once_with_those_of_the_tables(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    lines = written(folder, groups="[]")
    (problem,) = kr.check_site(folder)
    row = lines.index("groups = []") + 1
    assert places([problem]) == [("site.toml", row, "groups", "[]", "groups_empty")]
    edit(folder, "site.toml", "groups = []", problem.remedy.removeprefix("list them: "))
    assert kr.check_site(folder) == []
    assert kr.load_site(folder).info.groups == ("01", "02")


def test_a_twin_that_is_not_there_is_told(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    lines = written(folder, twin='"../drawn"')
    (problem,) = kr.check_site(folder)
    row = lines.index('twin = "../drawn"') + 1
    assert places([problem]) == [("site.toml", row, "twin", "../drawn", "twin_absent")]
    assert "cibeunying-simulated" in problem.remedy
    (tmp_path / "drawn").symlink_to(copy_tiny(tmp_path / "other"))
    assert kr.check_site(folder) == []  # a folder as it is seen from the site


def test_a_site_file_in_windows_1252_is_read_with_a_warning(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    lines = written(folder, name='"Situs señor"')
    content = (folder / "site.toml").read_text(encoding="utf-8")
    row = lines.index('name = "Situs señor"') + 1
    put(folder, "site.toml", content.encode("cp1252"))
    (problem,) = kr.check_site(folder)
    place = ("site.toml", row, "", '"Situs señor"', "encoding_guess")
    assert (places([problem]), problem.severity) == ([place], "warning")
    assert "Encoding: UTF-8" in problem.remedy
    assert kr.load_site(folder).info.name == "Situs señor"
    put(folder, "site.toml", content.encode("utf-16"))  # what Notepad calls Unicode
    assert kr.check_site(folder) == []
