"""What a site holds, and the index of bundled data, by which no digit changes unseen."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from kube_research.files import home
from kube_research.site.schema import tables
from kube_research.texts import text

if TYPE_CHECKING:
    import pandas as pd

    from kube_research.site.folder import Site

INDEX = "index.csv"

#: Endings of the files that hold a site's data.
SUFFIXES = (".csv", ".toml", ".xlsx", ".parquet")


def file_checksum(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hex digits; Windows line ends of a text count as plain ones."""
    content = path.read_bytes()
    if path.suffix not in (".xlsx", ".parquet"):
        content = content.replace(b"\r\n", b"\n")
    return hashlib.sha256(content).hexdigest()


def recorded_checksums(site: str) -> dict[str, str]:
    """Return the checksums on record for the files of a bundled site."""
    with (home() / "data" / INDEX).open(encoding="utf-8", newline="") as handle:
        return {row["file"]: row["sha256"] for row in csv.DictReader(handle) if row["site"] == site}


def changed_files(site: str) -> list[str]:
    """Return the files of a bundled site that are missing, new or differ from the index."""
    recorded = recorded_checksums(site)
    folder = home() / "data" / site
    present = {p.name: file_checksum(p) for p in folder.iterdir() if p.suffix in SUFFIXES}
    return sorted(
        name for name in recorded.keys() | present.keys() if recorded.get(name) != present.get(name)
    )


def inventory(site: Site, lang: str = "en") -> pd.DataFrame:
    """Return what a site holds: one row per table with its rows and the grades of its rows.

    Examples
    --------
    >>> import kube_research as kr
    >>> inventory(kr.load_site("cibeunying")).query("table == 'item_means'")["rows"].tolist()
    [6]
    """
    import pandas as pd

    rows = []
    for name in filter(site.has, tables()):
        grades = site.tables[name]["evidence"]
        counts = [
            f"{text(f'evidence.{grade}', lang)} {n}" for grade, n in grades.value_counts().items()
        ]
        rows.append((name, tables()[name].title[lang], len(grades), ", ".join(counts)))
    return pd.DataFrame(rows, columns=["table", "about", "rows", "grades"])
