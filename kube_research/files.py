"""What a run of a notebook read and wrote, so that the next can tell whether it would do the same."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import sys
import time
import tomllib
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

_EPOCH = (1980, 1, 1, 0, 0, 0)
_DATES = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")


def replace_file(path: Path, content: bytes, *, private: bool = False) -> None:
    """Write a file so that at every moment either the old or the new content is there.

    Parameters
    ----------
    path : Path
        The file. A symbolic link is replaced, not followed: nothing outside the folder changes.
    content : bytes
        All of it.
    private : bool
        Whether nobody but the owner may read it.

    Raises
    ------
    OSError
        If it cannot be written; the old file is as it was, and nothing is left beside it.
    """
    clear_leftovers(path.parent)
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    mode = 0o600 if private else 0o666
    try:
        aside.unlink(missing_ok=True)
        spot = os.open(
            aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode
        )
        with os.fdopen(spot, "wb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(aside, path)  # noqa: PTH105  (one name that a test can break)
    finally:
        aside.unlink(missing_ok=True)


#: Files and folders that are being written; the number is that of the process.
_ASIDE = re.compile(r"\..+\.([0-9]{1,9})\.part")
#: Seconds after which what is still half written has been left behind.
_LEFT = 3600


def clear_leftovers(folder: Path) -> None:
    """Delete what runs that were killed have left half written in a folder."""
    with suppress(OSError):
        for path in folder.iterdir():
            hit = _ASIDE.fullmatch(path.name)
            if hit and (_ended(int(hit[1])) or time.time() - path.stat().st_mtime > _LEFT):
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink(missing_ok=True)


def _ended(process: int) -> bool:
    """Tell whether a process has ended; False where that cannot be asked."""
    if os.name == "nt":  # the signal 0 would end it
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def workbook_bytes(book: Any) -> bytes:
    """Return a workbook of openpyxl, or a document of python-docx, as bytes of its content alone.

    Neither the clock nor the system decides a byte.

    Examples
    --------
    >>> import openpyxl
    >>> workbook_bytes(openpyxl.Workbook()) == workbook_bytes(openpyxl.Workbook())
    True
    """
    raw, done = io.BytesIO(), io.BytesIO()
    book.save(raw)
    with zipfile.ZipFile(raw) as old, zipfile.ZipFile(done, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = old.read(name)
            if name == "docProps/core.xml":
                part = _DATES.sub(rb"\g<1>1980-01-01T00:00:00Z", part)
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 0
            new.writestr(entry, part)
    return done.getvalue()


def package_folder() -> Path:
    """Return the folder of the library itself, under which its own tables lie."""
    return Path(__file__).resolve().parent


def declared(name: str) -> dict[str, Any]:
    """Return what a TOML file of the library declares, by its path below the library."""
    return tomllib.loads((package_folder() / name).read_text(encoding="utf-8"))


def home() -> Path:
    """Return the folder that holds ``data`` and ``notebooks``: the checkout, or the installed copy."""
    bundled = package_folder() / "_bundled"
    return bundled if bundled.is_dir() else package_folder().parent


#: Folders of sites loaded, and files written by notebooks, since this process started.
loaded_folders: dict[Path, None] = {}
written_files: dict[Path, None] = {}


def used_so_far() -> str:
    """Return as JSON what this process has read and written so far: modules, sites, files.

    Modules are named by their path below the library, so that one that moves into a room, or has the
    name of another, is not taken for it.

    Examples
    --------
    >>> import json
    >>> sorted(json.loads(used_so_far()))
    ['folders', 'modules', 'written']
    """
    library = package_folder()
    paths = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
    ours = [Path(path) for path in paths if path and Path(path).is_relative_to(library)]
    listed: dict[str, Any] = {
        "modules": sorted(path.relative_to(library).as_posix() for path in ours),
        "folders": sorted(str(path.resolve()) for path in loaded_folders if path.is_dir()),
        "written": sorted(str(path.resolve()) for path in written_files if path.is_file()),
    }
    return json.dumps(listed)
