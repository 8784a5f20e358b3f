"""The tutorial site: one workbook of a made-up suburb, as a user fills it, drawn anew byte for byte.

Nothing in it is data: place, people, scores and money are invented, and every row says so.
"""

from __future__ import annotations

import datetime as dt
import io
import tomllib
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import click
import numpy as np
import pandas as pd

from kube_research.errors import KubeError
from kube_research.files import home, replace_file, workbook_bytes
from kube_research.formats import day_of, number
from tools.tutorial_draws import (
    ACTIVITIES,
    END,
    GROUPS,
    ROUNDS,
    START,
    Row,
    draw_attendance,
    draw_books,
    draw_ratings,
    member_rows,
    wide,
)
from tools.twin_draws import balanced

FOLDER, SEED = "contohsari-tutorial", 2024
MARK = "<!-- made by tools.tutorial: do not edit -->"
_STREAMS = ("attendance", "ratings", "books")
_PLACES = ("Balai kelurahan (rekaan)", "Community hall (made up)")


class ForeignTutorialError(KubeError):
    """The folder holds files that this module did not make."""


@cache
def _words() -> dict[str, Any]:
    with (Path(__file__).parent / "tutorial_words.toml").open("rb") as handle:
        return tomllib.load(handle)


def tutorial_tables(seed: int = SEED) -> dict[str, pd.DataFrame]:
    """Draw the tables of the tutorial site, each as its sheet shows it.

    Parameters
    ----------
    seed : int
        Seed of the draws.

    Returns
    -------
    dict of str to DataFrame
        One frame a sheet, ``site`` first: ratings are wide, days of activities are written in words,
        percentages have a decimal comma. Every row but those of ``site`` says ``simulated``.

    Examples
    --------
    >>> tables = tutorial_tables()
    >>> tables["ratings"].columns[:4].tolist(), len(tables["items"])
    (['round', 'group', 'rater', 'butir_1'], 21)
    >>> tables["activities"]["date"].iloc[0]
    'Sabtu, 20 Januari 2024'
    """
    spawned = np.random.SeedSequence(seed).spawn(len(_STREAMS))
    streams = {name: one.spawn(len(GROUPS)) for name, one in zip(_STREAMS, spawned, strict=True)}
    members = member_rows()
    attendance = draw_attendance(members, np.random.default_rng(streams["attendance"][0]))
    items = item_rows()
    numbers = [int(str(row["item"])) for row in items]
    weak = [int(row[1]) for row in _words()["rtl"]["rows"]]
    scores = draw_ratings(attendance, numbers, np.random.default_rng(streams["ratings"][0]), weak)
    entries: list[Row] = []
    for group, stream in zip(GROUPS, streams["books"], strict=True):
        entries += draw_books(members, group, np.random.default_rng(stream))
    counts = {number: len(raters) for number, raters in scores.items()}
    made: dict[str, list[Row]] = {
        "items": items,
        "fields": _rows("fields", "field_no", "field_id", "field_en"),
        "rounds": _round_rows(counts),
        "activities": _activity_rows(),
        "agenda": _listed("agenda", "activity", "kind", "order", "text_id", "text_en"),
        "monitoring": _listed("monitoring", "activity", "aspect", "order", "text_id", "text_en"),
        "outcomes": _outcome_rows(attendance),
        "rtl": _listed("rtl", "activity", "item", "basis", "reason_id", "reason_en"),
        "members": members,
        "attendance": attendance,
        "ledger": balanced(entries),
        "categories": _rows("categories", "category", "flow", "purpose", "label_id", "label_en"),
        "books": _rows("books", "book", "name_id", "name_en", "purpose_id", "purpose_en"),
        "iks_rule": _rows(
            "iks_rule", "purpose", "share_pct", "base", "activity", "label_id", "label_en"
        ),
        "assumptions": [
            {"assumption": code, "value": value, "basis": "assumed", "reason_id": id_, "reason_en": en}
            for code, (value, id_, _, en) in _words()["assumptions"].items()
        ],
    }  # fmt: skip
    done = {"site": pd.DataFrame(_site_rows(seed)), "ratings": wide(scores)}
    done |= {name: pd.DataFrame(rows).assign(evidence="simulated") for name, rows in made.items()}
    first = ("site", "items", "fields", "rounds", "ratings")
    return {name: done[name] for name in (*first, *(n for n in done if n not in first))}


def item_rows() -> list[Row]:
    """Return the instrument of the tutorial: our own statements, numbered through the seven fields."""
    names, rows = _words()["fields"], list[Row]()
    for part in _words()["items"]:
        field_id, field_en = names[str(part["field"])]
        for statement_id, statement_en in part["words"]:
            rows.append(
                {
                    "item": len(rows) + 1,
                    "field_no": part["field"],
                    "field_id": field_id,
                    "field_en": field_en,
                    "statement_id": statement_id,
                    "statement_en": statement_en,
                }
            )
    return rows


def _rows(section: str, *columns: str) -> list[Row]:
    entries = _words()[section].items()
    return [dict(zip(columns, (key, *values), strict=True)) for key, values in entries]


def _listed(section: str, *columns: str) -> list[Row]:
    return [dict(zip(columns, row, strict=True)) for row in _words()[section]["rows"]]


def _outcome_rows(attendance: list[Row]) -> list[Row]:
    """Return the outcomes; the share that came is the one of the attendance drawn."""
    rows = _listed(
        "outcomes", "activity", "measure", "comparison", "target_pct", "achieved_pct",
        "achieved_comparison", "match", "label_id", "label_en",
    )  # fmt: skip
    for row in rows:
        if row["measure"] == "hadir":
            here = [one["status"] for one in attendance if one["activity"] == row["activity"]]
            came = sum(status in ("present", "late") for status in here)
            row["achieved_pct"] = number(100 * came / len(here), "id", "0.0")
    return rows


def _site_rows(seed: int) -> list[Row]:
    entries = {key: words.replace("{seed}", str(seed)) for key, words in _words()["site"].items()}
    first, last = (day_of(day, "id", "d MMMM y") for day in (START, END))
    entries |= {"groups": ", ".join(GROUPS), "period": f"{first} sampai {last}"}
    entries["evidence"] = "simulated"
    return [{"key": key, "value": value} for key, value in entries.items()]


def _round_rows(counts: dict[int, int]) -> list[Row]:
    days = {activity: dt.date.fromisoformat(day) for activity, _, day, *_ in ACTIVITIES}
    return [
        {
            "round": number,
            "date": days[activity],
            "n_raters": counts[number],
            "label": _words()["rounds"][str(number)][1],
            "label_id": _words()["rounds"][str(number)][0],
            "activity": activity,
        }
        for number, activity in ROUNDS.items()
    ]


def _activity_rows() -> list[Row]:
    return [
        {
            "activity": activity,
            "kind": kind,
            "date": day_of(day, "id", "EEEE, d MMMM y"),
            "start": start.replace(":", "."),
            "end": end.replace(":", "."),
            "place": _PLACES[1],
            "title_id": title_id,
            "title_en": title_en,
            "place_id": _PLACES[0],
        }
        for activity, kind, day, start, end, title_id, title_en in ACTIVITIES
    ]


def tutorial_book(seed: int = SEED) -> bytes:
    """Return the workbook of the tutorial site; its bytes depend on the seed alone.

    The parts are stored, not compressed, so that no version of a compression library shows in them.
    """
    import openpyxl
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    bold = Font(bold=True)
    book = openpyxl.Workbook()
    book.properties.creator = "kube_research"
    page = book.worksheets[0]
    page.title = "BACA_SAYA"
    page.column_dimensions["A"].width = 110
    for line in (*_words()["read_me"]["id"], "", *_words()["read_me"]["en"]):
        page.append([line])
    page["A1"].font = bold
    for name, frame in tutorial_tables(seed).items():
        page = book.create_sheet(name)
        page.freeze_panes = "A2"
        page.append(list(frame.columns))
        for cell in page[1]:
            cell.font = bold
        for row in frame.astype(object).itertuples(index=False):
            page.append([_plain(value) for value in row])
        for place, column in enumerate(frame.columns, start=1):
            longest = max([len(column), *frame[column].astype("string").str.len().dropna()])
            page.column_dimensions[get_column_letter(place)].width = min(longest + 2, 60)
    return _stored(workbook_bytes(book))


def _plain(value: Any) -> Any:
    """Return a value for a cell: none where it is missing, a plain number or text otherwise."""
    if pd.isna(value) or value == "":
        return None
    return int(value) if isinstance(value, np.integer) else value


def _stored(content: bytes) -> bytes:
    done = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(done, "w", zipfile.ZIP_STORED) as new,
    ):
        for name in old.namelist():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.create_system = 0
            new.writestr(entry, old.read(name))
    return done.getvalue()


def tutorial_readme(seed: int = SEED) -> str:
    """Return the README of the tutorial site, in English and Indonesian."""
    sheets = {name: len(frame) for name, frame in tutorial_tables(seed).items()}
    listed = "\n".join(f"| `{name}` | {rows} |" for name, rows in sheets.items())
    assumed = _words()["assumptions"]
    why = {
        lang: "\n".join(
            f"| `{code}` | {row[at]} | {row[at + 1]} |" for code, row in assumed.items()
        )
        for lang, at in (("id", 0), ("en", 2))
    }
    fill: dict[str, Any] = {"seed": seed, "folder": FOLDER, "sheets": listed}
    said = [
        _words()["readme"][lang].format(**fill, assumptions=why[lang]).strip()
        for lang in ("en", "id")
    ]
    return "\n".join([MARK, said[0], "", said[1], ""])


def write_tutorial(folder: str | Path | None = None, *, seed: int = SEED) -> list[Path]:
    """Write the tutorial site: ``site.xlsx`` and ``README.md``.

    Parameters
    ----------
    folder : str or Path, optional
        Where to; made if absent. The bundled tutorial site by default.
    seed : int
        Seed of the draws.

    Returns
    -------
    list of Path
        The files written; the same seed gives the same bytes.

    Raises
    ------
    ForeignTutorialError
        If the folder holds files that were not made here. Nothing is written then.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     [path.name for path in write_tutorial(Path(place) / "latihan")]
    ['site.xlsx', 'README.md']
    """
    target = Path(folder) if folder is not None else home() / "data" / FOLDER
    inside = [path.name for path in target.iterdir()] if target.is_dir() else []
    inside = [name for name in inside if name != "figures" and not name.startswith(".")]
    readme = target / "README.md"
    ours = readme.is_file() and readme.read_text("utf-8", errors="replace").startswith(MARK)
    foreign = sorted(n for n in inside if not ours or n not in ("site.xlsx", "README.md"))
    if target.is_file() or foreign:
        raise ForeignTutorialError(f"{target} holds files not made here: {', '.join(foreign)}")
    contents = {"site.xlsx": tutorial_book(seed), "README.md": tutorial_readme(seed).encode()}
    target.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        replace_file(target / name, content)
    return [target / name for name in contents]


@click.command()
@click.option("--to", type=click.Path(path_type=Path), help="Folder; the bundled one by default.")
@click.option("--seed", type=click.IntRange(min=0), default=SEED, show_default=True)
def main(to: Path | None, seed: int) -> None:
    """Write the tutorial site."""
    try:
        files = write_tutorial(to, seed=seed)
    except KubeError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{len(files)} files in {files[0].parent}")


if __name__ == "__main__":
    main()
