"""The index of bundled data: every file with its rows and checksum, so that no digit changes unseen."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

from kube_research.files import home

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
