"""The form: pyxform and ODK's rules accept it, and what it collects is read back.

Oracle: pyxform, the converter of KoboToolbox and ODK, and the XForm that it makes.
"""

from __future__ import annotations

import io
import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner
from pyxform.xls2xform import convert
from site_files import TINY, Made, copy_tiny, edit, put, set_cell

import kube_research as kr
from kube_research.cli import main
from kube_research.errors import KubeError, MissingTableError
from kube_research.fieldwork.form import (
    FORM_LANGUAGES,
    form_bytes,
    form_doubts,
    make_form,
    write_form,
)
from kube_research.fieldwork.pseudonyms import code_pattern, looks_like_code

SITES = ["cibeunying", "cibeunying-simulated", str(TINY)]


def sheet(content: bytes, name: str) -> list[dict[str, object]]:
    rows = list(openpyxl.load_workbook(io.BytesIO(content))[name].values)
    return [dict(zip(map(str, rows[0]), row, strict=True)) for row in rows[1:]]


@pytest.mark.parametrize("where", SITES)
def test_pyxform_accepts_it_without_a_warning(where: str) -> None:
    content = form_bytes(make_form(kr.load_site(where)))
    warnings: list[str] = []
    done = convert(content, warnings=warnings, file_type=".xlsx")
    assert warnings == []
    assert form_doubts(content) == []
    items = kr.load_site(where).items
    root = ET.fromstring(done.xform)
    binds = {
        node.attrib["nodeset"]: node.attrib for node in root.iter() if "nodeset" in node.attrib
    }
    for item, field in zip(items["item"], items["field_no"], strict=True):
        (path,) = [one for one in binds if one.endswith(f"/item_{item}")]
        assert path.endswith(f"/field_{field}/item_{item}")
        assert binds[path]["required"] == "true()"
        assert "constraint" in binds[path]
    languages = {node.attrib["lang"] for node in root.iter() if node.tag.endswith("}translation")}
    assert languages == set(FORM_LANGUAGES.values())
    (default,) = [
        node.attrib["lang"] for node in root.iter() if node.attrib.get("default") == "true()"
    ]
    assert default == FORM_LANGUAGES["id"]


@pytest.mark.parametrize("lang", ["en", "id"])
def test_a_new_site_has_a_form(lang: str, made: Made) -> None:
    form = make_form(kr.load_site(made(lang)))
    assert form_doubts(form_bytes(form)) == []
    assert form.settings[0]["default_language"] == FORM_LANGUAGES[lang]


def test_the_sheets_hold_the_instrument() -> None:
    site = kr.load_site(TINY)
    content = form_bytes(make_form(site))
    survey, choices = sheet(content, "survey"), sheet(content, "choices")
    asked = {row["name"]: row for row in survey}
    for lang in FORM_LANGUAGES.values():
        assert all(
            row[f"label::{lang}"] for row in survey if row["type"] not in ("today", "end_group")
        )
        assert all(row[f"label::{lang}"] for row in choices)
        assert all(
            row[f"constraint_message::{lang}"] and row[f"required_message::{lang}"]
            for row in survey
            if row["constraint"]
        )
    assert asked["item_3"]["label::Bahasa Indonesia (id)"] == "3. Kas dicatat pada hari yang sama"
    assert [row["name"] for row in choices if row["list_name"] == "scale"] == list("12345")
    assert [row["name"] for row in choices if row["list_name"] == "groups"] == ["01", "02"]
    assert [row["name"] for row in choices if row["list_name"] == "rounds"] == ["1", "2"]
    assert {row["type"] for row in survey} == {
        "today", "note", "acknowledge", "select_one rounds", "select_one groups", "text",
        "begin_group", "end_group", "select_one scale",
    }  # fmt: skip
    rule = re.fullmatch(r"regex\(\., '\^\((.*)\)\$'\)", str(asked["rater"]["constraint"]))
    assert rule
    for code in ("A1", "01-3", "K07-1", "rater_3", *site.ratings["rater"]):
        assert re.fullmatch(rule[1], code)
        assert looks_like_code(code, site.info.groups)
    for name in ("Siti", "Siti Aminah", "siti2", "081234567890", "", "A 1", "Eko1"):
        assert not re.fullmatch(rule[1], name)
        assert not looks_like_code(name, site.info.groups)


def test_codes_that_the_site_has_are_allowed_whatever_they_look_like(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    set_cell(folder, "members.csv", 7, "person", "ketua_rw")
    for name in ("attendance.csv",):
        text = (folder / name).read_text().replace(",P1,", ",ketua_rw,")
        put(folder, name, text)
    content = form_bytes(make_form(kr.load_site(folder)))
    assert form_doubts(content) == []
    rater = next(row for row in sheet(content, "survey") if row["name"] == "rater")
    assert "ketua_rw" in str(rater["constraint"])
    assert re.fullmatch(code_pattern((), ["ketua_rw"]), "ketua_rw")


def test_the_same_content_has_the_same_bytes_and_version_and_another_has_not(
    tmp_path: Path,
) -> None:
    folder = copy_tiny(tmp_path)
    first = make_form(kr.load_site(folder))
    assert form_bytes(first) == form_bytes(make_form(kr.load_site(folder)))
    edit(folder, "items.csv", "Tugas pengurus tertulis", "Tugas pengurus tertulis jelas")
    second = make_form(kr.load_site(folder))
    assert first.settings[0]["form_id"] == second.settings[0]["form_id"] == "peka_kube_contoh_mekar"
    assert first.settings[0]["version"] != second.settings[0]["version"]


def test_a_statement_is_never_a_formula_or_a_reference(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    set_cell(folder, "items.csv", 2, "statement_id", "=1+1 <b>${rater}</b> & 'x'")
    set_cell(folder, "items.csv", 3, "statement_en", "${nothing}")
    content = form_bytes(make_form(kr.load_site(folder)))
    assert form_doubts(content) == []
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert all(cell.data_type != "f" for page in book for row in page.iter_rows() for cell in row)


def test_a_site_without_items_has_no_form(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    for name in ("items", "ratings"):
        (folder / f"{name}.csv").unlink()
    with pytest.raises(MissingTableError):
        make_form(kr.load_site(folder))


def test_without_pyxform_the_form_is_written_and_a_way_to_check_it_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyxform", None)
    monkeypatch.setitem(sys.modules, "pyxform.xls2xform", None)
    said = write_form(kr.load_site(TINY), tmp_path / "f.xlsx", lang="id")
    assert 'pip install "kube_research[form]"' in said[-1]
    assert (tmp_path / "f.xlsx").read_bytes() == form_bytes(make_form(kr.load_site(TINY)))


def test_what_pyxform_refuses_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert form_doubts(form_bytes(make_form(kr.load_site(TINY)))[:-10])
    monkeypatch.setattr("kube_research.fieldwork.form.form_doubts", lambda content: ["so it is"])
    assert write_form(kr.load_site(TINY), tmp_path / "f.xlsx")[-1] == "pyxform says: so it is"


def test_the_command_never_overwrites_unasked(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    run = CliRunner().invoke
    done = run(main, ["form", str(folder)])
    assert done.exit_code == 0
    assert "5 statements" in done.output
    assert "without a warning" in done.output
    path = put(folder, "form.xlsx", "mine")
    for words in ([], ["--to", str(path)], ["--lang", "id"]):
        again = run(main, ["form", str(folder), *words])
        assert again.exit_code == 2
        assert path.read_bytes() == b"mine"
    assert run(main, ["form", str(folder), "--force"]).exit_code == 0
    assert path.read_bytes() == form_bytes(make_form(kr.load_site(folder)))
    assert not [one for one in kr.check_site(folder) if "form" in one.file]
    assert run(main, ["form", str(folder), "--to", str(tmp_path / "f.docx")]).exit_code == 1
    assert run(main, ["form", str(folder), "--to", str(tmp_path / "no" / "f.xlsx")]).exit_code == 1
    assert run(main, ["form", "nowhere"]).exit_code == 1


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    other = put(tmp_path, "other.xlsx", "theirs")
    (tmp_path / "f.xlsx").symlink_to(other)
    with pytest.raises(KubeError):
        write_form(kr.load_site(TINY), tmp_path / "f.xlsx")
    write_form(kr.load_site(TINY), tmp_path / "f.xlsx", force=True)
    assert other.read_bytes() == b"theirs"
