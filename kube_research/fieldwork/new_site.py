"""A new site, ready to fill in: CSV files or one workbook, with an example and instructions."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import textwrap
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from kube_research.errors import ExistsError, NewSiteError
from kube_research.fieldwork.new_workbook import NewWorkbook, Row
from kube_research.files import clear_leftovers, declared, replace_file
from kube_research.site.folder import bundled_sites
from kube_research.site.schema import tables
from kube_research.site.sheets import csv_content, safe_text
from kube_research.texts import LANGUAGES, check_language, text

#: The tables of a new site that hold an example, in the order in which they are filled in.
FILLED = (
    "fields", "items", "rounds", "ratings", "activities", "members", "attendance", "ledger",
    "agenda", "outcomes", "rtl", "monitoring",
)  # fmt: skip

#: Columns that only those need who copy a printed source, or that an import fills in.
_LEFT_OUT = frozenset(
    {
        ("items", "field_basis"), ("activities", "printed_date"), ("activities", "printed_hours"),
        ("activities", "sessions"), ("activities", "precision"), ("outcomes", "match"),
        ("activities", "monitored_as_id"), ("activities", "monitored_as_en"),
        ("outcomes", "achieved_comparison"), ("outcomes", "achieved_label_id"),
        ("outcomes", "achieved_label_en"), ("ratings", "submission"),
        ("ratings", "submission_no"), ("ratings", "submitted"),
    }
)  # fmt: skip

_STATUS = {"p": "present", "l": "late", "e": "excused", "a": "absent", "r": "represented"}


@cache
def starter() -> dict[str, Any]:
    """Return what a new site is made from; see ``starter.toml``."""
    return declared("fieldwork/starter.toml")


def new_columns(name: str) -> list[str]:
    """Return the columns that a table of a new site has.

    Examples
    --------
    >>> new_columns("ratings")
    ['round', 'group', 'rater', 'item', 'score', 'evidence', 'locator']
    """
    return [column for column in tables()[name].names if (name, column) not in _LEFT_OUT]


def new_rows(lang: str) -> dict[str, list[Row]]:
    """Return the rows of every table of a new site that has any.

    Parameters
    ----------
    lang : {"en", "id"}
        Language of codes and marks.

    Returns
    -------
    dict of str to list of dict
        Values by column, for the tables of :data:`FILLED`. Rows of the example have the evidence
        ``simulated`` and a locator that says so; the instrument has no evidence of its own, and a
        locator that says that it is a starter.

    Examples
    --------
    >>> rows = new_rows("id")
    >>> len(rows["items"]), rows["members"][0]["person"], rows["members"][0]["evidence"]
    (21, 'contoh-K1-1', 'simulated')
    """
    given = starter()
    word = text("new.example", lang)
    marks = {f"mark_{tongue}": text("new.example_title", tongue) for tongue in LANGUAGES}

    def spoken(value: Any) -> Any:
        value = value[lang == "en"] if isinstance(value, list) else value
        return value.format(word=word, **marks) if isinstance(value, str) else value

    rows: dict[str, list[Row]] = {
        name: [{column: spoken(value) for column, value in row.items()} for row in part]
        for name, part in given["rows"].items()
    }
    rows["ratings"] = _ratings(given["example"], word)
    rows["attendance"] = _attendance(given["attendance"], rows["members"])
    for part in rows.values():
        for row in part:
            row |= {"evidence": "simulated", "locator": word}
    numbers = count(1)
    names = given["fields"]
    rows["fields"] = [
        {"field_no": int(number), "field_id": ours, "field_en": theirs}
        for number, (ours, theirs) in names.items()
    ]
    rows["items"] = [
        {
            "item": next(numbers),
            "field_no": int(number),
            "field_id": names[number][0],
            "field_en": names[number][1],
            "statement_id": ours,
            "statement_en": theirs,
            "direction": "positive",
            "locator": text("new.starter", lang),
        }
        for number, statements in given["statements"].items()
        for ours, theirs in statements
    ]
    return {name: rows[name] for name in FILLED}


def _ratings(example: dict[str, Any], word: str) -> list[Row]:
    """Make up scores: what the statement has, what the rater adds, and the gain of its field."""
    low, high = example["scale"]
    each = len(example["scores"]) // len(example["gains"])
    rows = []
    for number in (1, 2):
        for code, lean in example["raters"]:
            for item, score in enumerate(example["scores"], start=1):
                gain = example["gains"][(item - 1) // each] if number == 2 else 0
                moved = score + gain + (lean if (item + len(code)) % 2 else 0)
                rows.append(
                    {
                        "round": number,
                        "group": code.split("-")[0],
                        "rater": f"{word}-{code}",
                        "item": item,
                        "score": min(max(moved, low), high),
                    }
                )
    return rows


def _attendance(marks: dict[str, str], members: list[Row]) -> list[Row]:
    return [
        {
            "activity": activity,
            "group": member.get("group"),
            "person": member["person"],
            "role": member["role"],
            "status": _STATUS[letter],
        }
        for activity, letters in marks.items()
        for letter, member in zip(letters, members, strict=True)
    ]


def site_entries(lang: str) -> dict[str, Any]:
    """Return the entries of a new site's ``site.toml`` or sheet ``site``, with the types of TOML.

    Examples
    --------
    >>> site_entries("id")["scale"], site_entries("en")["language"]
    ([1, 4], 'en')
    """
    example = starter()["example"]
    return {
        "name": text("new.site_name", lang),
        "place": text("new.site_place", lang),
        "language": lang,
        "period": example["period"],
        "groups": example["groups"],
        "scale": example["scale"],
        "scale_reason": text("new.scale_reason", lang),
        "threshold": example["threshold"],
        "threshold_reason": text("new.threshold_reason", lang),
        "rounding": example["rounding"],
        "rounding_reason": text("new.rounding_reason", lang),
        "evidence": "recorded",
        "notes": text("new.site_notes", lang),
        **dict.fromkeys(PRIMARY, ""),
    }


#: Entries of the primary comparison, which only the people of the site can decide: an example of each.
PRIMARY = {"primary.outcome": "overall", "primary.smallest_effect": 0.5, "primary.unit": "group"}
#: What is never shared: lists of names, raw exports set aside, files that programs leave.
IGNORED = (
    "local-*", "local_*", "*names*.csv", ".before-import.zip", ".import.lock", "*.part",
    ".reproduced.json", "~$*", ".~lock*",
)  # fmt: skip

_CELLS = {"id": ";", "en": ","}  # what Excel expects under the settings of each language


def make_site(folder: str | Path, *, lang: str = "en", excel: bool = False) -> Path:
    """Make the folder of a new site.

    Parameters
    ----------
    folder : str or Path
        The folder: one that does not exist, or is empty.
    lang : {"en", "id"}
        Language of instructions and example; it also chooses what separates the cells of CSV files:
        a comma, or for ``"id"`` a semicolon, so that Excel opens them in columns under the settings
        that go with the language. Both begin with a byte-order mark, so that Excel reads UTF-8.
    excel : bool
        One workbook ``site.xlsx`` with a sheet per table, drop-down lists and input rules, instead of
        CSV files.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    kube_research.errors.ExistsError
        If the folder holds anything, or is a file, or has the name of a bundled site.
    kube_research.errors.NewSiteError
        If it cannot be made. Either everything is written or nothing.

    Examples
    --------
    >>> import tempfile
    >>> from kube_research import load_site
    >>> with tempfile.TemporaryDirectory() as place:
    ...     folder = make_site(Path(place) / "my-site")
    ...     site = load_site(folder)
    >>> site.info.groups, len(site.items), site.ratings["evidence"].unique().tolist()
    (('K1', 'K2'), 21, ['simulated'])
    """
    check_language(lang)
    name = str(folder)
    if not name.strip() or "\0" in name:
        raise NewSiteError(text("new.error.name", lang, folder=repr(name)))
    if name in bundled_sites():
        raise ExistsError(text("new.error.bundled", lang, folder=name))
    try:
        target = Path(folder).expanduser()
        if os.path.lexists(target) and not (target.is_dir() and not any(target.iterdir())):
            raise ExistsError(text("new.error.exists", lang, folder=name))
        files = _files(lang, excel)
        _place(target, files)
    except FileExistsError as error:
        raise ExistsError(text("new.error.exists", lang, folder=name)) from error
    except (OSError, RuntimeError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise NewSiteError(text("new.error.cannot", lang, folder=name, reason=reason)) from error
    return target


def _files(lang: str, excel: bool) -> dict[str, bytes]:
    """Return the content of every file of a new site by its path inside the folder."""
    ignored = "\n".join([*IGNORED, ""]).encode()
    rows = new_rows(lang)
    empty = {name: list(table.names) for name, table in tables().items() if name not in FILLED}
    if excel:
        columns = {**{name: new_columns(name) for name in FILLED}, **empty}
        book = NewWorkbook(rows, columns, site_entries(lang), instructions(lang, excel=True), lang)
        return {".gitignore": ignored, "site.xlsx": book.content()}
    files = {f"{name}.csv": _csv(new_columns(name), rows[name], lang) for name in FILLED}
    for name, columns_of in empty.items():
        files[f"{text('new.more', lang)}/{name}.csv"] = _csv(columns_of, [], lang)
    lines = "\r\n".join(_wrapped(instructions(lang, excel=False)))
    files[f"{text('new.read_me', lang)}.txt"] = f"\ufeff{lines}\r\n".encode()
    files[".gitignore"] = ignored
    files["site.toml"] = _toml(site_entries(lang), lang).encode()  # last: it makes the site
    return files


def _csv(columns: Sequence[str], rows: Sequence[Row], lang: str) -> bytes:
    values = [[row.get(column) for column in columns] for row in rows]
    cells = [["" if value is None else safe_text(str(value)) for value in row] for row in values]
    return csv_content([columns, *cells], _CELLS[lang], "\r\n")


def _toml(entries: Mapping[str, Any], lang: str) -> str:
    lines = [f"# {line}" for line in textwrap.wrap(text("new.toml_head", lang), 110)]
    for key, value in entries.items():
        if key in PRIMARY:
            continue
        written = f"[{', '.join(value)}]" if key == "period" else json.dumps(value)
        lines += ["", f"# {text(f'new.entry.{key}', lang)}", f"{key} = {written}"]
    lines += ["", f"# {text('new.primary_head', lang)}", "# [primary]"]
    for key, example in PRIMARY.items():
        entry = f"# {key.removeprefix('primary.')} = {json.dumps(example)}"
        lines += [f"# {text(f'new.entry.{key}', lang)}", entry]
    return "\n".join([*lines, ""])


_PARAGRAPHS = (
    "title", "what", "example_head", "example", "own", "items_head", "items", "order_head",
    "order_1", "order_2", "order_3", "order_4", "order_5", "order_6", "write_head", "write",
)  # fmt: skip


def instructions(lang: str, *, excel: bool) -> list[tuple[str, str]]:
    """Return the instructions of a new site.

    Parameters
    ----------
    lang : {"en", "id"}
        Their language.
    excel : bool
        Whether the site is a workbook.

    Returns
    -------
    list of (str, str)
        A style (``title``, ``head``, ``text`` or ``code``) and a paragraph.

    Examples
    --------
    >>> instructions("id", excel=True)[0]
    ('title', 'Situs baru untuk kube_research')
    """

    def words(key: str, **fill: object) -> str:
        return text(f"new.read.{key}", lang, **fill)

    form = "sheet" if excel else "file"
    fill = {
        "form": words(form),
        "site": "site" if excel else "site.toml",
        "how": words("wide" if excel else "long"),
        "drop": words(f"drop_{form}", more=f"{text('new.more', lang)}/"),
    }
    lines = [
        ("title" if key == "title" else "head" if key.endswith("_head") else "text",
         words(key, **fill))
        for key in (*_PARAGRAPHS, "comments" if excel else "excel", "commands_head")
    ]  # fmt: skip
    for key in ("check", "form", "import", "report", "reproduce"):
        lines += [("code", words(key)), ("text", words(f"{key}_why"))]
    return lines


def _wrapped(lines: Sequence[tuple[str, str]]) -> list[str]:
    written: list[str] = []
    for style, words in lines:
        if style in ("title", "head"):
            written += ["", words, ("=" if style == "title" else "-") * len(words)]
        elif style == "code":
            written += [f"    {words}"]
        else:
            code_before = bool(written) and written[-1].startswith("    ")
            indent = "        " if code_before else ""
            wrapped = textwrap.wrap(words, 78, initial_indent=indent, subsequent_indent=indent)
            written += wrapped if code_before else ["", *wrapped]
    return written[1:]


def _place(target: Path, files: Mapping[str, bytes]) -> None:
    """Write the files aside and move them to their place in one step."""
    made = [folder for folder in (target, *target.parents) if not os.path.lexists(folder)]
    parent = target.parent if made else target
    moved: list[Path] = []
    try:
        parent.mkdir(parents=True, exist_ok=True)
        clear_leftovers(parent)
        end = f".{os.getpid()}.part"
        with tempfile.TemporaryDirectory(prefix=".new-", suffix=end, dir=parent) as place:
            aside = Path(place) / "site"
            for name, content in files.items():
                (aside / name).parent.mkdir(parents=True, exist_ok=True)
                replace_file(aside / name, content)
            if made:
                aside.rename(target)
                return
            for name in dict.fromkeys(name.split("/")[0] for name in files):
                (aside / name).rename(target / name)
                moved.append(target / name)
    except BaseException:
        for path in moved:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        for folder in made[1:]:
            with suppress(OSError):
                folder.rmdir()
        raise
