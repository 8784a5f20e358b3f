"""Signs that no page can show are blanks, in every form a site may take, and every writer works then."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from site_files import copy_tiny, edit, put, read_rows, write_rows

import kube_research as kr
from kube_research.fieldwork.form import make_form, write_form
from kube_research.report.making import write_report
from kube_research.site.sheets import visible

SIGNS = "\x0b\x0c\x1c\x1d\x1e\x1f\x85\u2028\u2029\x01\x7f\x9f\ufffe"


def test_each_sign_is_a_blank_and_what_people_see_stays() -> None:
    assert visible(f"a{SIGNS}b") == "a" + " " * len(SIGNS) + "b"
    assert visible("\u200eR1\u200b \u2068x\u2069\ufeff") == "R1 x"
    kept = "dua\nbaris\tñ é ✓ 漢 \u00a0\u200d"
    assert visible(kept) == kept


@pytest.mark.parametrize("sign", ["\x0b", "\x0c", "\x85", "\u2028", "\x1c"])
def test_csv_and_toml_are_read_and_every_writer_works(tmp_path: Path, sign: str) -> None:
    folder = copy_tiny(tmp_path)
    rows = read_rows(folder / "items.csv")
    place = rows[0].index("statement_id")
    rows[1][place] = f"Pengurus{sign}bertemu"
    rows[0][place] += sign  # also behind the name of a column
    write_rows(folder / "items.csv", rows)
    name = kr.load_site(folder).info.name
    edit(folder, "site.toml", f'name = "{name}"', f'name = "Situs{sign}uji\\u000B!"')
    assert kr.check_site(folder) == []
    site = kr.load_site(folder)
    assert site.info.name == "Situs uji !"
    assert site.items["statement_id"].iloc[0] == "Pengurus bertemu"
    form = make_form(site)
    assert any("Pengurus bertemu" in str(row) for row in form.survey)
    if sign == "\x0b":
        write_form(site, tmp_path / "form.xlsx")
        for target in ("report.docx", "report.html"):
            assert write_report(site, tmp_path / target, lang="id").stat().st_size > 1000


def test_a_windows_1252_file_may_hold_the_line_breaks_of_word(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    rows = read_rows(folder / "items.csv")
    rows[1][rows[0].index("statement_id")] = "señor\x0bbertemu"
    write_rows(folder / "items.csv", rows)
    put(folder, "items.csv", (folder / "items.csv").read_text(encoding="utf-8").encode("cp1252"))
    assert [problem.code for problem in kr.check_site(folder)] == ["encoding_guess"]
    assert kr.load_site(folder).items["statement_id"].iloc[0] == "señor bertemu"


def test_a_workbook_holds_such_signs_as_excel_writes_them(tmp_path: Path) -> None:
    folder = copy_tiny(tmp_path)
    rows = read_rows(folder / "items.csv")
    (folder / "items.csv").unlink()
    rows[1][rows[0].index("statement_id")] = "satu_x000B_dua_x000D_\ntiga_X"
    book = openpyxl.Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    book.save(folder / "items.xlsx")
    assert kr.check_site(folder) == []
    assert kr.load_site(folder).items["statement_id"].iloc[0] == "satu dua\ntiga_X"
