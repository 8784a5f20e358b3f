from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from site_files import Made

from kube_research.fieldwork.new_site import make_site


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    @cache
    def folder(lang: str = "en", excel: bool = False) -> Path:
        return make_site(tmp_path_factory.mktemp("new") / "situs", lang=lang, excel=excel)

    return folder
