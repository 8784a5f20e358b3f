"""Oracle: the analysis frames themselves, python-docx reading the file back, and an HTML parser."""

from __future__ import annotations

import base64
import datetime as dt
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import docx
import pandas as pd
import pytest
from docx.oxml.ns import qn
from site_files import copy_tiny, set_cell

import kube_research as kr
from kube_research import cli as cli_module
from kube_research.errors import KubeError, OptionError
from kube_research.formats import number, probability, whole
from kube_research.report import activities, books, comparison, scores
from kube_research.report import making as reports
from kube_research.report.document import (
    OPEN,
    SHUT,
    Cover,
    Draft,
    Figure,
    Heading,
    Paragraph,
    Report,
    Table,
    clean,
    pieces,
    ref,
)
from kube_research.report.html import to_page
from kube_research.report.making import build_report, write_report
from kube_research.report.word import WIDTH, column_widths, to_word
from kube_research.shown import Column, Shown
from kube_research.site.folder import Site
from kube_research.texts import all_keys

#: A picture of one white dot.
DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAG7buVgAAAABJRU5ErkJggg=="
)
EVIL = '<script>alert("x")</script>'


@dataclass(frozen=True)
class Written:
    report: Report
    word: Any
    page: str


def written(site: Site, lang: str, **options: Any) -> Written:
    made = build_report(site, lang=lang, **options)
    return Written(made, docx.Document(io.BytesIO(to_word(made))), to_page(made).decode())


def without(site: Site, *names: str) -> Site:
    return replace(site, tables={k: v for k, v in site.tables.items() if k not in names})


@pytest.fixture(scope="session")
def full(twin: Site, study: Site) -> Written:
    """The twin with the study's outcomes, so that every section is there."""
    outcomes = {"outcomes": study.tables["outcomes"]}
    return written(replace(twin, tables={**twin.tables, **outcomes}), "id")


@pytest.fixture(scope="session")
def means(study: Site) -> Written:
    return written(study, "en")


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have figures compute what they would draw, and not draw it."""
    monkeypatch.setattr(Draft, "picture", lambda self, output: (DOT, (1.0, 1.0)))


def part(site: Site, lang: str, *works: Callable[[Draft], None]) -> Report:
    """Return a report of these parts alone."""
    draft = Draft(site, lang)
    for work in works:
        draft.part(work)
    return Report(lang, "", "", tuple(draft.blocks))


def tables_of(report: Report) -> dict[str, Table]:
    return {block.key: block for block in report.blocks if isinstance(block, Table)}


def column(table: Table, head: str) -> list[str]:
    content = table.content
    return [row[content.heads.index(head)] for row in content.rows]


def body(word: Any) -> list[Any]:
    return list(word.element.body)


def shown(element: Any) -> str:
    nodes = element.iter(qn("w:t"), qn("w:br"))
    return "".join(" " if node.tag == qn("w:br") else node.text or "" for node in nodes)


def resolved(words: str, report: Report) -> str:
    """Return text as a reader sees it: the names of tables and figures with their numbers."""
    numbers = report.numbers
    return "".join(
        "{} {}".format(*numbers[part]) if named else part for part, named in pieces(words)
    )


class Visible(HTMLParser):
    """Collects tags, attributes and the visible text of each block of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: list[str] = []
        self._style = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        self._style = tag == "style"
        if tag != "a":
            self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._style = False
        if tag != "a":
            self.texts.append("")

    def handle_data(self, data: str) -> None:
        if not self._style:
            self.texts = self.texts or [""]
            self.texts[-1] += data


def texts_of(report: Report) -> Iterator[str]:
    numbers = report.numbers
    for block in report.blocks:
        match block:
            case Cover():
                yield from (block.title, block.subtitle, block.mark)
                yield from (value for _, value in block.lines)
            case Heading() | Paragraph():
                yield resolved(block.words, report)
            case Table():
                label, count = numbers[f"table:{block.key}"]
                yield f"{label} {count}. {block.caption}"
                yield from block.content.heads
                for row in block.content.rows:
                    yield from (resolved(cell, report) for cell in row)
                yield block.note
            case Figure():
                label, count = numbers[f"figure:{block.key}"]
                yield f"{label} {count}. {block.caption}"


def flat(words: str) -> str:
    return " ".join(words.split())


@pytest.mark.parametrize("which", ["full", "means"])
def test_word_and_page_say_the_same(which: str, request: pytest.FixtureRequest) -> None:
    made: Written = request.getfixturevalue(which)
    wanted = [flat(words) for words in texts_of(made.report) if flat(words)]
    in_word = [flat(shown(p)) for p in made.word.element.body.iter(qn("w:p"))]
    in_word = [re.sub(r"^[^:]{3,20}:(?=\S)", "", words) for words in in_word]  # cover: "Site:Name"
    in_page = [flat(words) for words in Visible(made.page).texts]
    for name, found in (("word", in_word), ("page", in_page)):
        assert [words for words in wanted if words not in found] == [], name
    assert len([words for words in in_word if words]) == len(wanted)
    assert OPEN not in made.page
    assert SHUT not in made.page


def test_the_word_file_uses_real_styles(full: Written) -> None:
    styles = {paragraph.style.name for paragraph in full.word.paragraphs}
    named = {"Title", "Subtitle", "Heading 1", "Heading 2", "Normal", "List Bullet", "Caption"}
    assert named <= styles
    heads = [p.text for p in full.word.paragraphs if p.style.name == "Heading 1"]
    assert heads == [b.words for b in full.report.blocks if isinstance(b, Heading) and b.level == 1]
    assert {"Profil PEKA", "Kehadiran", "Sebelum dan sesudah", "Keterbatasan"} <= set(heads)
    assert {table.style.name for table in full.word.tables} == {"Report Table"}
    page = full.word.sections[0]
    cm = [round(side.cm, 1) for side in (page.left_margin, page.top_margin, page.right_margin)]
    assert cm == [4.0, 3.0, 3.0]
    assert (round(page.page_width.cm, 1), round(page.page_height.cm, 1)) == (21.0, 29.7)
    assert " PAGE " in page.footer._element.xml
    tongues = {m.get(qn("w:val")) for m in full.word.styles.element.iter(qn("w:lang"))}
    assert tongues == {"id-ID"}


def test_captions_are_numbered_fields_and_references_point_at_them(full: Written) -> None:
    captions = [p for p in full.word.paragraphs if p.style.name == "Caption"]
    found: dict[str, list[int]] = {"Tabel": [], "Gambar": []}
    marks: dict[str, str] = {}
    for paragraph in captions:
        field = next(paragraph._p.iter(qn("w:fldSimple")))
        label = field.get(qn("w:instr")).split()[1]
        found[label].append(int(shown(field)))
        assert shown(paragraph._p).startswith(f"{label} {shown(field)}. ")
        mark = next(paragraph._p.iter(qn("w:bookmarkStart")))
        marks[mark.get(qn("w:name"))] = f"{label} {shown(field)}"
    assert found["Tabel"] == list(range(1, len(full.word.tables) + 1))
    assert found["Gambar"] == list(range(1, len(full.word.inline_shapes) + 1))
    pointing = [
        (field.get(qn("w:instr")).split()[1], shown(field))
        for field in full.word.element.body.iter(qn("w:fldSimple"))
        if field.get(qn("w:instr")).split()[0] == "REF"
    ]
    assert len(pointing) > 15
    assert all(marks[mark] == words for mark, words in pointing)


def test_tables_stay_with_their_captions_and_fit_the_page(full: Written) -> None:
    elements = body(full.word)
    for table in full.word.tables:
        before = elements[elements.index(table._tbl) - 1]
        assert before.find(qn("w:pPr")).find(qn("w:pStyle")).get(qn("w:val")) == "Caption"
        assert before.find(qn("w:pPr")).find(qn("w:keepNext")) is not None
        rows = table._tbl.tr_lst
        assert rows[0].trPr.find(qn("w:tblHeader")) is not None
        assert all(row.trPr.find(qn("w:cantSplit")) is not None for row in rows)
        assert sum(column.width.cm for column in table.columns) == pytest.approx(WIDTH, abs=0.1)
        assert len(table.columns) <= 8
    for shape in full.word.inline_shapes:
        assert shape.width.cm <= WIDTH + 0.01
        assert shape.height.cm <= 20.51
        assert len(shape._inline.docPr.get("descr")) > 40


def test_cells_equal_the_analysis(twin: Site, full: Written) -> None:
    tables = tables_of(full.report)
    scores = kr.score_items(twin.ratings)
    for round_no in (1, 2):
        part = scores[scores["round"] == round_no].sort_values("item")
        got = column(tables["items"], f"Putaran\u00a0{round_no}")
        assert got == [number(value, "id") for value in part["mean"]]
    rates = kr.attendance_rates(twin.attendance)
    assert sorted(map(int, column(tables["attendance"], "Hadir"))) == sorted(rates["attended"])
    closing = kr.closing_balances(twin.ledger)
    assert column(tables["balances"], "Saldo") == [whole(v, "id") for v in closing["closing"]]
    compared = kr.compare_rounds(twin.ratings, by="item", cluster="group")
    assert column(tables["change_items"], "p\u00a0(Holm)") == [
        probability(value, "id") for value in compared["p_adjusted"]
    ]
    designs = kr.compare.compare_designs(twin)
    assert column(tables["designs"], "p") == [probability(value, "id") for value in designs["p"]]
    signed = [number(value, "id", "+0.00;-0.00") for value in compared["change"]]
    assert column(tables["change_items"], "Perubahan") == signed
    weak = kr.classify_items(scores[scores["round"] == 2], threshold=2.5).query(
        "strength == 'weak'"
    )
    assert column(tables["weak"], "Butir") == [str(item) for item in weak["item"]]
    over = dict(zip(column(tables["over"], "Ambang"), column(tables["over"], "Lemah"), strict=True))
    latest = kr.peka.classify_over(scores[scores["round"] == 2])
    assert over == {
        number(cut, "id", "0.0#"): str(count)
        for cut, count in zip(latest["threshold"], latest["weak"], strict=True)
    }
    word = full.word.tables[list(tables).index("items")]
    assert [cell.text for cell in word.columns[0].cells][1:] == column(tables["items"], "Butir")


def test_a_changed_rating_changes_the_report(tiny: Site) -> None:
    ratings = tiny.table("ratings")
    first = (ratings["round"] == 1) & (ratings["item"] == 1) & (ratings["rater"] == "A1")
    assert ratings.loc[first, "score"].tolist() == [2]
    before = tables_of(part(tiny, "en", scores.items))["items"]
    ratings.loc[first, "score"] = 5
    changed = replace(tiny, tables={**tiny.tables, "ratings": ratings})
    after = tables_of(part(changed, "en", scores.items))["items"]
    head = "Round\u00a01"
    assert (column(before, head)[0], column(after, head)[0]) == ("2.33", "3.33")  # 7/3 and 10/3
    assert column(before, head)[1:] == column(after, head)[1:]


def test_printed_means_are_recovered_and_missing_parts_named(means: Written) -> None:
    items = tables_of(means.report)["items"]
    assert column(items, "Printed mean") == ["2.46", "2.33", "2.40", "2.46", "2.20", "2.26"]
    assert column(items, "Total") == ["37", "35", "36", "37", "33", "34"]
    said = [block.words for block in means.report.blocks if isinstance(block, Paragraph)]
    for name in ("attendance", "ledger", "ratings"):
        assert any(f"no {name}.csv" in words for words in said)


def test_simulated_rows_are_told_on_the_cover_in_captions_and_under_tables(full: Written) -> None:
    cover = full.report.blocks[0]
    assert isinstance(cover, Cover)
    assert cover.mark.startswith("SIMULASI")
    for key, table in tables_of(full.report).items():
        if "simulated" in table.grades:
            assert "SIMULASI" in table.caption, key
            assert "simulasi" in table.note or any(
                "Bukti" in head for head in table.content.heads
            ), key
    assert all(
        "SIMULASI" in block.caption
        for block in full.report.blocks
        if isinstance(block, Figure) and block.key != "targets_results"
    )


def test_a_partly_simulated_site_says_which_tables(study: Site, twin: Site) -> None:
    items = {"items": study.tables["items"]}
    mixed = replace(study, tables={**items, "members": twin.tables["members"]})
    cover = build_report(mixed, lang="en").blocks[0]
    assert isinstance(cover, Cover)
    assert cover.mark.startswith("PARTLY SIMULATED")
    assert "members.csv" in cover.mark
    plain = build_report(replace(study, tables=items), lang="en").blocks[0]
    assert isinstance(plain, Cover)
    assert plain.mark == ""


@pytest.mark.parametrize("kind", [".docx", ".html"])
def test_the_same_site_gives_the_same_bytes(kind: str, tmp_path: Path, study: Site) -> None:
    if kind == ".html":  # the pictures are the same
        study = without(study, "item_means", "outcomes")
    one = write_report(study, tmp_path / f"one{kind}").read_bytes()
    two = write_report(study, tmp_path / f"two{kind}").read_bytes()
    assert one == two
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"one{kind}", f"two{kind}"]
    if kind == ".docx":
        with zipfile.ZipFile(io.BytesIO(one)) as parts:
            assert {entry.date_time for entry in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}
            assert not [name for name in parts.namelist() if "thumbnail" in name]
        about = docx.Document(io.BytesIO(one)).core_properties
        assert about.created.year == 1980
        assert about.title == "Laporan analisis: KUBE Maju Sejahtera"


def test_title_author_and_day_are_those_given(study: Site) -> None:
    made = written(without(study, *study.tables), "id", title="Bab IV", author="A. Penulis",
                   day=dt.date(2024, 8, 17))  # fmt: skip
    cover = made.report.blocks[0]
    assert isinstance(cover, Cover)
    assert cover.title == "Bab IV"
    assert ("Tanggal", "17 Agustus 2024") in cover.lines
    assert made.word.core_properties.author == "A. Penulis"
    assert '<meta name="author" content="A. Penulis">' in made.page


def test_errors_leave_nothing_behind(tmp_path: Path, study: Site) -> None:
    there = tmp_path / "there.html"
    there.write_text("mine", encoding="utf-8")
    for path, word in (
        (tmp_path / "report.pdf", r"\.docx or \.html"),
        (tmp_path / "report", r"\.docx or \.html"),
        (tmp_path / "none" / "report.html", "does not exist"),
        (there, "not overwritten"),
    ):
        with pytest.raises(OptionError, match=word):
            write_report(study, path, lang="en")
    with pytest.raises(OptionError, match="'en' or 'id'"):
        write_report(study, tmp_path / "report.html", lang="nl")
    assert there.read_text(encoding="utf-8") == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["there.html"]
    bare = without(study, *study.tables)
    assert write_report(bare, there, lang="en", overwrite=True) == there
    assert there.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_word_without_its_package_is_refused(
    tmp_path: Path, study: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "docx", None)
    with pytest.raises(OptionError, match=r"kube_research\[report\]"):
        write_report(study, tmp_path / "report.docx", lang="en")
    assert not list(tmp_path.iterdir())


def test_a_failed_write_is_told(
    tmp_path: Path, study: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(old: Path, new: Path) -> None:
        raise PermissionError(13, "in use")

    monkeypatch.setattr("os.replace", refuse)
    with pytest.raises(OptionError, match="in use"):
        write_report(without(study, *study.tables), tmp_path / "report.html", lang="en")
    assert not list(tmp_path.iterdir())


def test_the_page_holds_everything_and_calls_nothing(full: Written) -> None:
    page = Visible(full.page)
    assert "script" not in page.tags
    assert "link" not in page.tags
    sources = [value or "" for name, value in page.attributes if name == "src"]
    figures = [block for block in full.report.blocks if isinstance(block, Figure)]
    assert len(sources) == len(figures)
    assert all(source.startswith("data:image/png;base64,") for source in sources)
    links = [value or "" for name, value in page.attributes if name == "href"]
    targets = {value for name, value in page.attributes if name == "id"}
    assert all(link[1:] in targets and link.startswith("#") for link in links)
    assert "http" not in re.sub(r"base64,[^\"]*", "", full.page)
    assert "@media print" in full.page
    assert [value for name, value in page.attributes if name == "lang"] == ["id"]
    assert all(value for name, value in page.attributes if name == "alt")


@pytest.mark.usefixtures("undrawn")
def test_texts_of_a_site_stay_texts(tiny: Site) -> None:
    items, books = tiny.table("items"), tiny.table("ledger")
    items.loc[0, "statement_en"] = (
        f"=HYPERLINK(1) {EVIL} {{brace}} \x07{OPEN}table:x{SHUT}{OPEN}y{SHUT}"
    )
    books.loc[0, "book"] = "kas"
    info = replace(tiny.info, name=f"={EVIL}", notes=f"{OPEN}no{SHUT} & {EVIL}")
    evil = replace(tiny, info=info, tables={**tiny.tables, "items": items, "ledger": books})
    evil = without(evil, "attendance")
    made = written(evil, "en")
    assert "<script" not in made.page
    assert "&lt;script&gt;" in made.page
    cells = column(tables_of(made.report)["items"], "Statement")
    assert cells[0].startswith("=HYPERLINK(1) <script>")
    assert any(f"={EVIL}" in p.text for p in made.word.paragraphs)
    assert "\x07" not in made.page


def test_few_people_are_marked(tiny: Site, twin: Site) -> None:
    few, many = (
        tables_of(part(site, "id", activities.attendance_by_group_and_role))["attendance_groups"]
        for site in (tiny, twin)
    )
    assert "* kurang dari 5 orang." in few.note
    assert all(label.endswith("*") for label in column(few, "Kelompok atau peran"))
    assert "*" not in many.note + "".join(column(many, "Kelompok atau peran"))


@pytest.mark.usefixtures("undrawn")
def test_any_table_may_be_missing(tiny: Site, study: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    every = reports.SECTIONS
    slow = {None, "ratings", "items", "rounds", "members", "fields"}  # what a comparison may read
    for site, lang in ((tiny, "id"), (study, "en")):
        for name in (None, *site.tables):
            chosen = [each for each in every if each.key != "change" or name in slow]
            monkeypatch.setattr(reports, "SECTIONS", chosen)
            left = without(site, name) if name else without(site, *site.tables)
            report = build_report(left, lang=lang)
            heads = [block.words for block in report.blocks if isinstance(block, Heading)]
            assert len(heads) >= 12
            numbers = report.numbers
            for block in report.blocks:
                if isinstance(block, Paragraph):
                    assert all(p in numbers for p, named in pieces(block.words) if named)


@pytest.mark.usefixtures("undrawn")
def test_the_primary_comparison_opens_and_the_interval_by_groups_leads(twin: Site) -> None:
    said = [b.words for b in part(twin, "en", comparison.change).blocks if isinstance(b, Paragraph)]
    assert said[0].startswith(
        "The site declares one primary comparison: all items together, with groups"
    )
    assert "+0.11 scale points" in said[1]
    assert "groups as the unit, the 95% interval of the change, −0.02 to +0.25, contains" in said[2]
    assert said[3] == "t test with groups as the unit: p = 0.079."
    assert said[4] == "Verdict: the mean changed by less than 0.25 either way."
    assert said[5].startswith("With raters as the unit the interval is +0.01 to +0.21;")
    assert said[6].startswith("The 12 raters who came twice changed by +0.03 (p = 0.390);")
    assert "What follows is secondary: it describes and does not decide." in said


@pytest.mark.usefixtures("undrawn")
def test_a_second_row_of_pairs_breaks_no_table(twin: Site) -> None:
    """Two groups, and newcomers in round 2 only: every level has a row of pairs in compare_rounds."""
    ratings = twin.ratings[twin.ratings["group"].isin(["07", "08"])]
    early = set(ratings.loc[ratings["round"] == 1, "rater"])
    late = set(ratings.loc[ratings["round"] == 2, "rater"])
    ratings = ratings[~ratings["rater"].isin(early - late)]
    third = ratings[ratings["round"] == 2].assign(round=3)
    assert len(kr.compare_rounds(ratings, by="item")) == 56
    site = replace(twin, tables={**twin.tables, "ratings": pd.concat([ratings, third])})
    site = replace(site, info=replace(site.info, primary=None))
    report = part(site, "id", comparison.change)
    made = tables_of(report)
    sizes = [len(column(made[f"change_{name}"], "Perubahan")) for name in ("items", "fields")]
    assert sizes == [28, 8]
    assert column(made["steps"], "Putaran") == ["1 ke 2", "2 ke 3", "1 ke 3"]
    said = " ".join(b.words for b in report.blocks if isinstance(b, Paragraph))
    assert "Perbandingan utama tidak ditetapkan" in said
    assert "yang menilai dua kali berubah" in said


def test_p_of_exactly_the_level_counts(twin: Site) -> None:
    draft = Draft(twin, "en")
    comparison._count(
        draft, pd.DataFrame({"change": [1, 0], "p_adjusted": [0.05, 0.0501]}), "items"
    )
    (said,) = draft.blocks
    assert isinstance(said, Paragraph)
    assert "for 1 the adjusted p is at most 0.05" in said.words


@pytest.mark.usefixtures("undrawn")
def test_three_rounds_are_compared_step_by_step(tiny: Site) -> None:
    ratings, rounds = tiny.table("ratings"), tiny.table("rounds")
    third = ratings[ratings["round"] == 2].assign(round=3)
    more = rounds[rounds["round"] == 2].assign(round=3)
    tables = {**tiny.tables, "ratings": pd.concat([ratings, third], ignore_index=True)}
    tables["rounds"] = pd.concat([rounds, more], ignore_index=True)
    made = tables_of(part(replace(tiny, tables=tables), "en", comparison.change))
    assert column(made["steps"], "Rounds") == ["1 to 2", "2 to 3", "1 to 3"]
    assert column(made["steps"], "Change")[1] == "+0.00"
    one = replace(tiny, tables={**tiny.tables, "ratings": ratings[ratings["round"] == 1]})
    report = part(one, "en", comparison.change)
    assert "change_items" not in tables_of(report)
    assert any("one round only" in b.words for b in report.blocks if isinstance(b, Paragraph))


def test_growth_and_indicators_are_told(
    study: Site, twin: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = Draft(study, "en")
    books.growth(draft)
    table = next(block for block in draft.blocks if isinstance(block, Table))
    assert column(table, "Stage reached") == ["undecided: none yet up to advanced (maju)"] * 5
    frame = pd.DataFrame(
        {"Topic": ["A"], "Indicator": ["Rate"], "Reading": ["higher is better"], "07": ["50%*"],
         "All": ["60%"], "evidence": ["simulated"]}
    )  # fmt: skip
    monkeypatch.setattr(books, "indicators_table", lambda site, lang: frame)
    draft = Draft(twin, "en")
    books.indicators(draft)
    table = next(block for block in draft.blocks if isinstance(block, Table))
    assert table.content.rows == (("A", "", ""), ("Rate ↑", "50%*", "60%"))
    assert table.content.sections == {0}
    assert "fewer than 5" in table.note
    assert "SIMULATED" in table.caption


def test_a_wrong_balance_in_the_books_is_listed(tiny: Site) -> None:
    ledger = tiny.table("ledger")
    assert ledger.loc[3, ["group", "book", "balance"]].tolist() == ["01", "kas", 25000]
    ledger.loc[3, "balance"] = 34000
    site = replace(tiny, tables={**tiny.tables, "ledger": ledger})
    report = part(site, "en", books.stated_balances, books.findings)
    assert column(tables_of(report)["findings"], "Row") == ["5"]  # as the spreadsheet counts
    said = " ".join(block.words for block in report.blocks if isinstance(block, Paragraph))
    assert "12 balances; 1 of them" in said
    assert "findings" not in tables_of(part(tiny, "en", books.findings))


def test_an_error_of_ours_becomes_a_sentence(study: Site) -> None:
    def fails(draft: Draft) -> None:
        raise KubeError("line one\nline two")

    draft = Draft(study, "en")
    draft.part(fails)
    assert draft.blocks == [Paragraph("This part is left out: line one line two")]


def test_every_text_of_the_report_is_used() -> None:
    code = "".join(
        path.read_text(encoding="utf-8") for path in Path(reports.__file__).parent.glob("*.py")
    ) + Path(cli_module.__file__).read_text(encoding="utf-8")
    quoted = set(re.findall(r'"(?:report\.)?(\w+)"', code))
    built = set(re.findall(r'"(?:report\.)?(\w+_)["{]', code))
    loose = ("col_", "head_", "alt_", "table_", "figure_")

    def used(name: str) -> bool:
        start = next((s for s in loose if name.startswith(s)), "")
        built_up = any(name.startswith(b) for b in built if b not in loose)
        return name in quoted or name[len(start) :] in quoted or built_up

    names = [key.removeprefix("report.") for key in all_keys() if key.startswith("report.")]
    assert len(names) > 150
    assert [name for name in names if not used(name)] == []


def test_small_helpers() -> None:
    assert clean(float("nan")) == clean(pd.NA) == clean(pd.NaT) == clean(None) == ""
    assert clean("a\r\nb\x0b\ufffe") == "a\nb"
    assert pieces("no reference") == [("no reference", False)]
    assert [part for part, named in pieces(ref("table", "x")) if named] == ["table:x"]
    narrow = Shown((Column("a", ["w" * 80], numeric=False), Column("b", [1])))
    assert sum(column_widths(narrow, 9)) == pytest.approx(WIDTH, abs=0.05)
    crowded = Shown(tuple(Column("w" * 30, []) for _ in range(8)))
    assert sum(column_widths(crowded, 8)) == pytest.approx(WIDTH, abs=0.05)


@pytest.mark.usefixtures("undrawn")
def test_figures_do_without_items_and_activities(tiny: Site) -> None:
    report = build_report(without(tiny, "items", "activities"), lang="id")
    drawn = [block.key for block in report.blocks if isinstance(block, Figure)]
    assert "attendance_activities" in drawn
    assert "peka_profile" not in drawn
    assert column(tables_of(report)["attendance"], "Kegiatan")[0] == "penilaian_1"


@pytest.mark.usefixtures("undrawn")
def test_the_tutorial_site_has_every_section() -> None:
    report = build_report(kr.load_site("contohsari-tutorial"), lang="id")
    said = [block.words for block in report.blocks if isinstance(block, Paragraph)]
    assert [words for words in said if "tidak dibuat" in words] == []
    made = tables_of(report)
    wanted = {"fields", "weak", "attendance", "outcomes", "balances", "iks", "steps"}
    assert wanted | {"agenda", "monitoring"} <= set(made)
    assert column(made["agenda"], "Solusi")[0].startswith("1. ")
    assert len(made["monitoring"].content.sections) == 2
    for key, table in made.items():
        assert key == "grades" or "SIMUL" in table.caption, key
    assert "penilai mengosongkan jawaban" in made["fields"].note
    rounds = [head for head in made["fields"].content.heads if "\u00a0" in head]
    assert len(rounds) == 3


def cli(*words: str) -> tuple[int, str]:
    from click.testing import CliRunner

    from kube_research.cli import main

    done = CliRunner().invoke(main, ["report", *words])
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done.exit_code, done.output


@pytest.mark.usefixtures("undrawn")
def test_the_command_writes_one_file_and_keeps_what_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for render in ("report.html.to_page", "report.word.to_word"):
        monkeypatch.setattr(f"kube_research.{render}", lambda report: report.title.encode())
    monkeypatch.setattr(reports, "SECTIONS", reports.SECTIONS[:1])
    site = copy_tiny(tmp_path)
    before = sorted(path.name for path in site.iterdir())
    code, output = cli(str(site), "--title", "Bab IV", "--lang", "en")
    assert (code, output.splitlines()[0]) == (0, f"Report written: {site / 'report.docx'}")
    assert sorted(path.name for path in site.iterdir()) == sorted([*before, "report.docx"])
    assert (site / "report.docx").read_bytes() == b"Bab IV"
    code, output = cli(str(site), "--title", "new", "--lang", "en")
    assert code == 2
    assert "--force" in output
    assert (site / "report.docx").read_bytes() == b"Bab IV"
    assert cli(str(site), "--title", "new", "--lang", "en", "--force")[0] == 0
    assert (site / "report.docx").read_bytes() == b"new"
    page = tmp_path / "out.html"
    assert cli(str(site), "--to", str(page))[0] == 0
    assert page.read_text(encoding="utf-8").startswith("Laporan")  # the language of the site
    monkeypatch.chdir(tmp_path)
    code, output = cli("cibeunying-simulated", "--lang", "en")
    assert (tmp_path / "report.docx").exists()
    assert "simulated" in output


def test_the_command_refuses_with_a_code(tmp_path: Path) -> None:
    site = copy_tiny(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    for target in ("report.pdf", "none/report.docx", f"{'x' * 300}.html", str(site / "site.toml")):
        code, output = cli(str(site), "--to", target if "/" in target else str(tmp_path / target))
        assert code == 2, output
        assert output.startswith("Error: ")
    assert cli("no-such-site")[0] == 1
    set_cell(site, "members.csv", 2, "role", "raja")
    code, output = cli(str(site), "--to", str(tmp_path / "x.html"))
    assert code == 1
    assert "members.csv:2:role" in output
    assert sorted(tmp_path.rglob("*")) == before
