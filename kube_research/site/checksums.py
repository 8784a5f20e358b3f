"""The index of bundled data: every file with its rows and checksum, so that no digit changes unseen."""

from __future__ import annotations

import csv
import hashlib
import io
from pathlib import Path

from kube_research.files import home
from kube_research.site.folder import bundled_sites

INDEX = "index.csv"
#: The practice programme: many sites in one folder, so it is none of the bundled sites.
PROGRAMME = "contoh-programme"

#: Endings of the files that hold a site's data.
SUFFIXES = (".csv", ".toml", ".xlsx", ".parquet")


def file_checksum(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hex digits; Windows line ends of a text count as plain ones."""
    content = path.read_bytes()
    if path.suffix not in (".xlsx", ".parquet"):
        content = content.replace(b"\r\n", b"\n")
    return hashlib.sha256(content).hexdigest()


def data_index() -> str:
    """Return the index of all bundled data files as CSV text."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["site", "file", "rows", "sha256"])
    for site in sorted([*bundled_sites(), PROGRAMME]):
        for path in sorted((home() / "data" / site).iterdir()):
            if path.suffix in SUFFIXES:
                writer.writerow([site, path.name, _rows(path), file_checksum(path)])
    return out.getvalue()


def _rows(path: Path) -> int | str:
    """Return the rows of a table without its header; blank for files that hold none."""
    if path.suffix == ".parquet":
        from pyarrow.parquet import read_metadata

        return int(read_metadata(path).num_rows)
    if path.suffix != ".csv":
        return ""
    with path.open(encoding="utf-8", newline="") as handle:
        return sum(1 for _ in csv.reader(handle)) - 1


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


def write_index() -> Path:
    """Write the index anew: done on purpose, after the data were changed on purpose."""
    path = home() / "data" / INDEX
    path.write_text(data_index(), encoding="utf-8", newline="\n")
    return path
