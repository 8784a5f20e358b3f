"""Pages of docs equal what the declared tables say, in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from kube_research.finance.indicators import indicators
from kube_research.site.schema import tables
from tools.pages import all_pages, columns_page, indicators_page


@pytest.mark.parametrize("name", all_pages())
def test_committed_pages_are_up_to_date(root: Path, name: str) -> None:
    assert (root / "docs" / name).read_text(encoding="utf-8") == all_pages()[name]


@pytest.mark.parametrize("lang", ["en", "id"])
def test_pages_leave_nothing_out(lang: str) -> None:
    page = columns_page(lang)
    for name, table in tables().items():
        section = page.split(f"\n## {name}.csv\n")[1].split("\n## ")[0]
        for column in table.columns:
            assert f"| `{column.name}` |" in section
            assert column.describe(lang).replace("|", "\\|") in section
    page = indicators_page(lang)
    for one in indicators().values():
        assert f"| `{one.name}` | {one.labels[lang]} | {one.formulas[lang]} |" in page
