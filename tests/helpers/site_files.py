"""Small site folders for tests: copies of tests/data/tiny with something changed."""

from __future__ import annotations

import csv
import shutil
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

import openpyxl
import pandas as pd

from kube_research.site.problems import Problem
from kube_research.site.readers import read_folder
from kube_research.site.schema import tables


class Made(Protocol):
    """Gives the folder of a new site that tests read and do not change."""

    def __call__(self, lang: str = "en", excel: bool = False) -> Path: ...


TINY = Path(__file__).parents[1] / "data" / "tiny"


def copy_tiny(parent: Path) -> Path:
    """Return a fresh copy of the tiny site."""
    return Path(shutil.copytree(TINY, parent / "site"))


def put(folder: Path, name: str, content: str | bytes) -> Path:
    """Write a file with exactly this content."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def edit(folder: Path, name: str, old: str, new: str) -> None:
    """Replace a text that stands exactly once in a file."""
    content = (folder / name).read_text(encoding="utf-8")
    assert content.count(old) == 1, (name, old, content.count(old))
    put(folder, name, content.replace(old, new))


def read_rows(path: Path) -> list[list[str]]:
    """Return the cells of a CSV file, header first."""
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.reader(handle))


def write_rows(path: Path, rows: Iterable[Sequence[object]]) -> None:
    """Write cells as a CSV file."""
    with path.open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle, lineterminator="\n").writerows(rows)


def set_cell(folder: Path, name: str, row: int, column: str, value: str) -> None:
    """Write one cell of a CSV file, by spreadsheet row and column name, adding the column if need be."""
    rows = read_rows(folder / name)
    if column not in rows[0]:
        rows = [[*rows[0], column], *([*old, ""] for old in rows[1:])]
    rows[row - 1][rows[0].index(column)] = value
    write_rows(folder / name, rows)


def workbook(path: Path, rows: list[list[object]], formats: dict[str, str] | None = None) -> Path:
    """Write an Excel workbook; text stays text even if it looks like a formula."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for number, row in enumerate(rows, start=1):
        for place, value in enumerate(row, start=1):
            if value not in ("", None):
                cell = sheet.cell(number, place, value)
                if isinstance(value, str):
                    cell.data_type = "s"
    for spot, form in (formats or {}).items():
        sheet[spot].number_format = form
    book.save(path)
    return path


def to_workbook(path: Path) -> Path:
    """Replace a CSV file by a workbook with the same text cells."""
    rows: list[list[object]] = [list(row) for row in read_rows(path)]
    path.unlink()
    return workbook(path.with_suffix(".xlsx"), rows)


def places(problems: list[Problem]) -> list[tuple[str, int, str, str, str]]:
    """Return file, row, column, value and rule of each problem."""
    return [(p.file, p.row, p.column, p.value, p.code) for p in problems]


FACTS = """fact,topic,value,unit,label_id,label_en
minimum_wage,income,2001195,rupiah,Upah,Wage
books_daily_since,books,2024-05-02,date,Sejak,Since
attendance_low,attendance,50,percent,Batas bawah,Lower end
opened_by,place,Kepala dusun,,Dibuka oleh,Opened by
"""


def full_tiny(parent: Path) -> Path:
    """Return the tiny site with every further table that a test changes."""
    folder = copy_tiny(parent)
    for name, row in (
        ("items.csv", "6,2,Keuangan,Finance,x,x,\n"),
        ("members.csv", "P2,,tokoh,,\n"),
    ):
        put(folder, name, (folder / name).read_text(encoding="utf-8") + row)
    put(folder, "item_means.csv", "round,item,mean,n\n1,1,2.40,3\n")
    put(
        folder,
        "fields.csv",
        "field_no,field_id,field_en\n1,Kepengurusan,Management\n2,Keuangan,Money",
    )
    edit(folder, "fields.csv", "Money", "Finance")
    put(
        folder,
        "outcomes.csv",
        "activity,measure,comparison,target_pct,achieved_pct\npelatihan,paham,>=,80,70\n",
    )
    put(folder, "facts.csv", FACTS)
    return folder


def rated_site(
    folder: Path, scored: Sequence[tuple[int, str, str, int]], *, entries: str = ""
) -> Path:
    """Write a site with one item, and who scored it: round, group, rater, score."""
    folder.mkdir(exist_ok=True)
    groups = ", ".join(f'"{group}"' for group in sorted({group for _, group, _, _ in scored}))
    start = 'name = "N"\nplace = "P"\nlanguage = "en"\nscale = [1, 4]\nthreshold = 2.5\n'
    put(folder, "site.toml", f'{start}rounding = "half-up"\ngroups = [{groups}]\n{entries}')
    put(
        folder,
        "items.csv",
        "item,field_no,field_id,field_en,statement_id,statement_en\n1,1,a,b,c,d\n",
    )
    rounds = [["round", "date", "n_raters", "label"]]
    for number, day in ((1, "2024-01-01"), (2, "2024-06-01")):
        raters = {rater for of, _, rater, _ in scored if of == number}
        rounds.append([str(number), day, str(len(raters)), f"r{number}"])
    write_rows(folder / "rounds.csv", rounds)
    ratings = [(number, group, rater, 1, score) for number, group, rater, score in scored]
    write_rows(folder / "ratings.csv", [("round", "group", "rater", "item", "score"), *ratings])
    return folder


def typed_tables(folder: Path) -> dict[str, pd.DataFrame]:
    """Read the files of a site without checking them, each column in its type."""
    done = {}
    for name, frame in (read_folder(folder).tables or {}).items():
        kinds = {column.name: column.kind for column in tables()[name].columns}
        for column in frame.columns:
            cells = frame[column].astype("string")
            if kinds[column] in ("integer", "money"):
                frame[column] = pd.to_numeric(cells).astype("Int64")
            elif kinds[column] == "score":
                frame[column] = pd.to_numeric(cells).astype("Float64")
            elif kinds[column] == "date":
                frame[column] = pd.to_datetime(cells)
            else:
                frame[column] = cells
        done[name] = frame.reset_index(drop=True)
    return done


def as_row(value: object) -> str:
    """Write a value of site.toml as a cell of the sheet."""
    if isinstance(value, list) and value and isinstance(value[0], list):
        return "; ".join(as_row(part) for part in value)
    return ", ".join(map(as_row, value)) if isinstance(value, list) else str(value)


def to_book(folder: Path) -> Path:
    """Make a folder of files one workbook with a sheet per table and a sheet for site.toml."""
    book = openpyxl.Workbook()
    book.worksheets[0].title = "BACA_SAYA"
    book.worksheets[0].append(["Isi tabel di lembar berikut."])
    raw = tomllib.loads((folder / "site.toml").read_text(encoding="utf-8"))
    sheet = book.create_sheet("site")
    for row in [["key", "value"], *([key, as_row(value)] for key, value in raw.items())]:
        sheet.append(row)
    (folder / "site.toml").unlink()
    for path in sorted(folder.glob("*.csv")):
        sheet = book.create_sheet(path.stem)
        for number, cells in enumerate(read_rows(path), start=1):
            for place, value in enumerate(cells, start=1):
                if value != "":
                    cell = sheet.cell(number, place, value)
                    cell.data_type = "s"
        path.unlink()
    book.save(folder / "site.xlsx")
    return folder
