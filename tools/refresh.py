"""Rewrite what is generated: bundled sites, codebook, data index, README tables, pages of docs."""

from __future__ import annotations

import json
import re
from pathlib import Path

from kube_research.files import home
from kube_research.outputs import OUTPUTS
from kube_research.site.checksums import INDEX, SUFFIXES, file_checksum
from kube_research.site.folder import bundled_sites, load_site
from kube_research.site.sheets import csv_content, csv_sheet
from kube_research.study.printed_values import agreements, headline, scoreboard
from kube_research.texts import check_language, text
from tools.codebook import data_package
from tools.pages import all_pages
from tools.programme import write_practice_programme
from tools.tutorial import write_tutorial

#: The practice programme: many sites in one folder, so it is none of the bundled sites.
PROGRAMME = "contoh-programme"

_MARKS = re.compile(r"(<!-- (outputs|scoreboard):(en|id) -->\n).*?(<!-- /\2 -->)", re.DOTALL)


def codebook() -> str:
    """Return ``datapackage.json``: the columns of every table as a Frictionless Data Package."""
    return json.dumps(data_package(), indent=2, ensure_ascii=False) + "\n"


def data_index() -> str:
    """Return the index of all bundled data files, with their rows and checksums, as CSV text."""
    rows: list[tuple[object, ...]] = [("site", "file", "rows", "sha256")]
    for site in sorted([*bundled_sites(), PROGRAMME]):
        for path in sorted((home() / "data" / site).iterdir()):
            if path.suffix in SUFFIXES:
                rows.append((site, path.name, _rows(path), file_checksum(path)))
    return csv_content(rows, mark=False).decode("utf-8")


def _rows(path: Path) -> int | str:
    """Return the rows of a table without its header; blank for files that hold none."""
    if path.suffix == ".parquet":
        from pyarrow.parquet import read_metadata

        return int(read_metadata(path).num_rows)
    return len(csv_sheet(path.read_bytes()).rows) - 1 if path.suffix == ".csv" else ""


def readme_table(lang: str = "en") -> str:
    """Return the Markdown table from each printed table and figure to notebook, function and file."""
    heads = {
        "en": ("Printed", "Notebook", "Function", "File"),
        "id": ("Tercetak", "Notebook", "Fungsi", "Berkas"),
    }[check_language(lang)]
    lines = [f"| {' | '.join(heads)} |", "|---|---|---|---|"]
    ours = {"en": "(ours)", "id": "(tambahan kami)"}[lang]
    for output in OUTPUTS:
        file = next(
            name
            for name in output.files(simulated=bool(output.logs))
            if f".{lang}." in name and name.endswith(("md", "svg"))
        )
        title = output.title(lang)
        cells = (
            title if output.printed else f"{ours}: {title}",
            f"[{output.notebook[:2]}](notebooks/{output.notebook})",
            f"`kr.{output.module.partition('.')[0]}.{output.name}(site)`",
            f"[{file}](figures/{file})",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def readme_scoreboard(lang: str = "en") -> str:
    """Return what the scoreboard of the study comes to: its headline, and the worth of each kind."""
    study = load_site("cibeunying")
    heads = ("score.agreement", "score.rows", "page.meaning")
    lines = [
        headline(scoreboard(study, lang=lang), lang),
        "",
        f"| {' | '.join(text(head, lang) for head in heads)} |",
        "|---|---|---|",
    ]
    for row in agreements(study, lang=lang).to_dict("records"):
        kind = text(f"score.{row['agreement'].replace(' ', '_')}", lang)
        lines.append(f"| {kind} | {row['rows']} | {row['meaning']} |")
    return "\n".join(lines)


#: What stands between the marks of a README.
_MADE = {"outputs": readme_table, "scoreboard": readme_scoreboard}


def with_outputs(readme: str) -> str:
    """Return a README of which all that is generated, between its marks, is up to date."""
    return _MARKS.sub(lambda m: f"{m[1]}{_MADE[m[2]](m[3])}\n{m[4]}", readme)


def refresh() -> list[Path]:
    """Write all generated files of a checkout and return them."""
    root = home()
    written = [*write_tutorial(), *write_practice_programme()]
    # The index is written on purpose, after the data were changed on purpose.
    for path, content in (
        (root / "data" / INDEX, data_index()),
        (root / "data" / "datapackage.json", codebook()),
    ):
        path.write_text(content, encoding="utf-8", newline="\n")
        written.append(path)
    for name in ("README.md", "README.id.md"):
        path = root / name
        path.write_text(
            with_outputs(path.read_text(encoding="utf-8")), encoding="utf-8", newline="\n"
        )
        written.append(path)
    (root / "docs").mkdir(exist_ok=True)
    for name, content in all_pages().items():
        path = root / "docs" / name
        path.write_text(content, encoding="utf-8", newline="\n")
        written.append(path)
    return written


if __name__ == "__main__":
    for path in refresh():
        print(path)
