"""Rewrite what is generated: tutorial site, codebook, data index, README tables, pages of docs."""

from __future__ import annotations

import json
import re
from pathlib import Path

from kube_research.files import home
from kube_research.reproduction.catalogue import readme_table
from kube_research.site.checksums import write_index
from kube_research.site.schema import data_package
from tools.pages import all_pages
from tools.tutorial import write_tutorial

_MARKS = re.compile(r"(<!-- outputs:(en|id) -->\n).*?(<!-- /outputs -->)", re.DOTALL)


def codebook() -> str:
    """Return ``datapackage.json``: the columns of every table as a Frictionless Data Package."""
    return json.dumps(data_package(), indent=2, ensure_ascii=False) + "\n"


def with_outputs(readme: str) -> str:
    """Return a README whose table of outputs, between its marks, is up to date."""
    return _MARKS.sub(lambda m: f"{m[1]}{readme_table(m[2])}\n{m[3]}", readme)


def refresh() -> list[Path]:
    """Write all generated files of a checkout and return them."""
    root = home()
    written = [*write_tutorial(), write_index(), root / "data" / "datapackage.json"]
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
