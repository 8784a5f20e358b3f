"""The index of bundled data: every file with its rows and checksum, so that no digit changes unseen."""

from __future__ import annotations

import csv
import hashlib
import io
from pathlib import Path

from kube_research.site import bundled_sites, home

INDEX = "index.csv"


def file_checksum(path: Path) -> str:
    """Return the SHA-256 of a text file with Windows line ends read as plain ones, as 64 hex digits."""
    return hashlib.sha256(path.read_bytes().replace(b"\r\n", b"\n")).hexdigest()


def data_index() -> str:
    """Return the index of all bundled data files as CSV text."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["site", "file", "rows", "sha256"])
    for site in bundled_sites():
        for path in sorted((home() / "data" / site).iterdir()):
            if path.suffix in (".csv", ".toml"):
                with path.open(encoding="utf-8", newline="") as handle:
                    rows = sum(1 for _ in csv.reader(handle)) - 1 if path.suffix == ".csv" else ""
                writer.writerow([site, path.name, rows, file_checksum(path)])
    return out.getvalue()


def recorded_checksums(site: str) -> dict[str, str]:
    """Return the checksums on record for the files of a bundled site."""
    with (home() / "data" / INDEX).open(encoding="utf-8", newline="") as handle:
        return {row["file"]: row["sha256"] for row in csv.DictReader(handle) if row["site"] == site}


def changed_files(site: str) -> list[str]:
    """Return the files of a bundled site that are missing, new or differ from the index."""
    recorded = recorded_checksums(site)
    folder = home() / "data" / site
    present = {p.name: file_checksum(p) for p in folder.iterdir() if p.suffix in (".csv", ".toml")}
    return sorted(
        name for name in recorded.keys() | present.keys() if recorded.get(name) != present.get(name)
    )


def write_index() -> Path:
    """Write the index anew: done on purpose, after the data were changed on purpose."""
    path = home() / "data" / INDEX
    path.write_text(data_index(), encoding="utf-8", newline="\n")
    return path
