"""Rewrite what is generated: bundled sites, codebook, data index, README tables, pages of docs."""

from __future__ import annotations

import json
import re
from pathlib import Path

from kube_research.files import home
from kube_research.outputs import OUTPUTS
from kube_research.site.checksums import write_index
from kube_research.site.schema import data_package
from kube_research.texts import check_language
from tools.pages import all_pages
from tools.programme import write_practice_programme
from tools.tutorial import write_tutorial

_MARKS = re.compile(r"(<!-- outputs:(en|id) -->\n).*?(<!-- /outputs -->)", re.DOTALL)


def codebook() -> str:
    """Return ``datapackage.json``: the columns of every table as a Frictionless Data Package."""
    return json.dumps(data_package(), indent=2, ensure_ascii=False) + "\n"


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


def with_outputs(readme: str) -> str:
    """Return a README whose table of outputs, between its marks, is up to date."""
    return _MARKS.sub(lambda m: f"{m[1]}{readme_table(m[2])}\n{m[3]}", readme)


def refresh() -> list[Path]:
    """Write all generated files of a checkout and return them."""
    root = home()
    written = [*write_tutorial(), *write_practice_programme()]
    written += [write_index(), root / "data" / "datapackage.json"]
    written[-1].write_text(codebook(), encoding="utf-8", newline="\n")
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
