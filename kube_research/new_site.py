"""A new site, ready to fill in: CSV files or one workbook, with an example and instructions."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import tempfile
import textwrap
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from kube_research.errors import KubeError
from kube_research.new_rows import FILLED, Row, new_columns, new_rows, other_tables, site_entries
from kube_research.safe_cells import safe_text
from kube_research.safe_write import replace_file
from kube_research.schema import tables
from kube_research.site import bundled_sites
from kube_research.texts import check_language, text

#: What is never shared: lists of names, raw exports set aside, files that programs leave.
IGNORED = (
    "local-*", "local_*", "*names*.csv", "*.part", ".reproduced.json", "~$*", ".~lock*",
)  # fmt: skip

_CELLS = {"id": ";", "en": ","}  # what Excel expects under the settings of each language


class SiteExistsError(KubeError):
    """Something stands where a new site was to be made; nothing was written."""


class NewSiteError(KubeError):
    """A new site cannot be made there; nothing was written."""


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
    SiteExistsError
        If the folder holds anything, or is a file, or has the name of a bundled site.
    NewSiteError
        If it cannot be made. Either everything is written or nothing.
    kube_research.errors.MissingExtraError
        If ``excel`` is asked for and xlsxwriter is not installed.

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
    shown = str(folder)
    if not shown.strip() or "\0" in shown:
        raise NewSiteError(text("new.error.name", lang, folder=repr(shown)))
    if shown in bundled_sites():
        raise SiteExistsError(text("new.error.bundled", lang, folder=shown))
    try:
        target = Path(folder).expanduser()
        if os.path.lexists(target) and not (target.is_dir() and not any(target.iterdir())):
            raise SiteExistsError(text("new.error.exists", lang, folder=shown))
        files = _files(lang, excel)
        _place(target, files)
    except FileExistsError as error:
        raise SiteExistsError(text("new.error.exists", lang, folder=shown)) from error
    except (OSError, RuntimeError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise NewSiteError(text("new.error.cannot", lang, folder=shown, reason=reason)) from error
    return target


def _files(lang: str, excel: bool) -> dict[str, bytes]:
    """Return the content of every file of a new site by its path inside the folder."""
    ignored = "\n".join([*IGNORED, ""]).encode()
    rows = new_rows(lang)
    if excel:
        from kube_research.new_workbook import new_workbook

        return {".gitignore": ignored, "site.xlsx": new_workbook(rows, lang)}
    files = {f"{name}.csv": _csv(new_columns(name), rows[name], lang) for name in FILLED}
    for table in other_tables():
        files[f"{text('new.more', lang)}/{table.name}.csv"] = _csv(table.names, [], lang)
    lines = "\r\n".join(_wrapped(instructions(lang, excel=False)))
    files[f"{text('new.read_me', lang)}.txt"] = f"\ufeff{lines}\r\n".encode()
    files[".gitignore"] = ignored
    files["site.toml"] = _toml(site_entries(lang), lang).encode()  # last: it makes the site
    return files


def _csv(columns: Sequence[str], rows: Sequence[Row], lang: str) -> bytes:
    written = io.StringIO(newline="")
    sheet = csv.writer(written, delimiter=_CELLS[lang], lineterminator="\r\n")
    sheet.writerow(columns)
    for row in rows:
        values = [row.get(column) for column in columns]
        sheet.writerow(["" if value is None else safe_text(str(value)) for value in values])
    return written.getvalue().encode("utf-8-sig")


def _toml(entries: Mapping[str, Any], lang: str) -> str:
    lines = [f"# {line}" for line in textwrap.wrap(text("new.toml_head", lang), 110)]
    for key, value in entries.items():
        written = f"[{', '.join(value)}]" if key == "period" else json.dumps(value)
        lines += ["", f"# {text(f'new.entry.{key}', lang)}", f"{key} = {written}"]
    return "\n".join([*lines, ""])


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

    def said(key: str, **fill: object) -> str:
        return text(f"new.read.{key}", lang, **fill)

    more = f"{text('new.more', lang)}/"
    drop = said("drop_sheet") if excel else said("drop_file", more=more)
    lines = [
        ("title", said("title")),
        ("text", said("what", form=said("sheet" if excel else "file"))),
        ("head", said("example_head")),
        ("text", said("example")),
        ("text", said("own")),
        ("head", said("items_head")),
        ("text", said("items")),
        ("head", said("order_head")),
        ("text", said("order_1", site="site" if excel else "site.toml")),
        ("text", said("order_2")),
        ("text", said("order_3")),
        ("text", said("order_4")),
        ("text", said("order_5", how=said("wide" if excel else "long"))),
        ("text", said("order_6", drop=drop)),
        ("head", said("write_head")),
        ("text", said("write")),
        ("text", said("comments" if excel else "excel")),
        ("head", said("commands_head")),
    ]
    for key in ("check", "form", "import", "report", "reproduce"):
        lines += [("code", said(key)), ("text", said(f"{key}_why"))]
    return lines


def _wrapped(lines: Sequence[tuple[str, str]]) -> list[str]:
    done: list[str] = []
    for style, words in lines:
        if style in ("title", "head"):
            done += ["", words, ("=" if style == "title" else "-") * len(words)]
        elif style == "code":
            done += [f"    {words}"]
        else:
            code_before = bool(done) and done[-1].startswith("    ")
            indent = "        " if code_before else ""
            wrapped = textwrap.wrap(words, 78, initial_indent=indent, subsequent_indent=indent)
            done += wrapped if code_before else ["", *wrapped]
    return done[1:]


def _place(target: Path, files: Mapping[str, bytes]) -> None:
    """Write the files aside and move them to their place in one step."""
    made = [folder for folder in (target, *target.parents) if not os.path.lexists(folder)]
    if made:
        target.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(
        tempfile.mkdtemp(prefix=".new-", suffix=".part", dir=target.parent if made else target)
    )
    moved: list[Path] = []
    try:
        for name, content in files.items():
            path = aside / name
            path.parent.mkdir(exist_ok=True)
            replace_file(path, content)
        if made:
            aside.chmod(0o777 & ~_umask())
            aside.rename(target)
            return
        for path in [aside / name for name in dict.fromkeys(name.split("/")[0] for name in files)]:
            path.rename(target / path.name)
            moved.append(target / path.name)
        aside.rmdir()
    except BaseException:
        for path in moved:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        shutil.rmtree(aside, ignore_errors=True)
        for folder in made[1:]:
            with suppress(OSError):
                folder.rmdir()
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def table_titles(lang: str) -> dict[str, str]:
    """Return the title of every table in a language, those with an example first."""
    names = [*FILLED, *(table.name for table in other_tables())]
    return {name: tables()[name].title[lang] for name in names}
