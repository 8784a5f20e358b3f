"""An import is alone at its site, replaces only what it has read, and can be undone."""

from __future__ import annotations

import hashlib
import io
import json
import os
import sys
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from kube_research.errors import KubeError
from kube_research.fieldwork.pseudonyms import BACKUP, KEY_FILE
from kube_research.files import replace_file
from kube_research.frames import documented
from kube_research.site.folder import bundled_sites, find_folder
from kube_research.site.sheets import Fault
from kube_research.texts import text

#: The file that the one import at work has locked.
LOCK = ".import.lock"
#: Seconds to wait for another import; most take two.
_PATIENCE = 60.0
#: Where the backup says what each file held before and after, as checksums.
_ABOUT = "import.json"


@contextmanager
def alone(folder: Path, lang: str = "en", *, patience: float = _PATIENCE) -> Iterator[None]:
    """Wait until no other import is at work in a folder, and keep others out meanwhile.

    The system lets go of the lock when a program ends, however it ends, so that none stays behind. Where
    a disk has no locks, or the folder cannot be written, nothing is locked: then
    :func:`replace_all` still refuses to write over what another import has written.

    Parameters
    ----------
    folder : Path
        The folder of the site.
    lang : {"en", "id"}
        Language of the refusal.
    patience : float
        Seconds after which the wait is given up.

    Raises
    ------
    kube_research.errors.KubeError
        If another import is still at work then.
    """
    path, until, handle = folder / LOCK, time.monotonic() + patience, -1
    while handle < 0:
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:
            if sys.platform != "win32" or not path.exists():  # Windows refuses while one is deleted
                break
        if handle >= 0 and not (_lock(handle) and _still_there(handle, path)):
            os.close(handle)
            handle = -1
        if handle < 0:
            if time.monotonic() > until:
                raise KubeError(text("import.busy", lang, folder=folder))
            time.sleep(0.05)
    try:
        yield
    finally:
        if handle >= 0:
            if (
                sys.platform != "win32"
            ):  # while it is still ours, so that nobody waits at a deleted file
                path.unlink(missing_ok=True)
            os.close(handle)
            if sys.platform == "win32":  # not while anybody has it open
                with suppress(OSError):
                    path.unlink()


def _lock(handle: int) -> bool:
    """Try to lock an open file; False if another program has locked it."""
    if sys.platform == "win32":
        import msvcrt

        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a disk without locks
        return True
    return True


def _still_there(handle: int, path: Path) -> bool:
    """Tell whether an open file is the one that has its name: who came before may have deleted it."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except OSError:
        return False


def content_of(path: Path) -> bytes | None:
    """Return what a file holds, or None if there is none."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def replace_all(
    folder: Path, contents: Mapping[Path, bytes], sources: Mapping[Path, bytes | None]
) -> None:
    """Write files of a site, after what they hold now was put into the backup.

    Parameters
    ----------
    folder : Path
        The folder of the site, in which all of them lie.
    contents : mapping of Path to bytes
        What to write, in this order.
    sources : mapping of Path to (bytes or None)
        What each of them held when it was read.

    Raises
    ------
    kube_research.site.sheets.Fault
        ``changed_meanwhile``, if one of them holds something else by now; nothing is written then.
    OSError
        If one cannot be written. Those before it are; the backup can take them back.
    """
    for path in contents:
        if content_of(path) != sources[path]:
            raise Fault("changed_meanwhile", value=path.name)
    replace_file(folder / BACKUP, _packed(contents, sources), private=True)
    for path, content in contents.items():
        replace_file(path, content, private=path.name == KEY_FILE)


def _packed(contents: Mapping[Path, bytes], sources: Mapping[Path, bytes | None]) -> bytes:
    marks = {
        path.name: [_mark(sources[path]), _mark(content)] for path, content in contents.items()
    }
    entries = {_ABOUT: json.dumps(marks, indent=1).encode()}
    entries |= {path.name: sources[path] or b"" for path in contents if sources[path] is not None}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as backup:
        for name, content in entries.items():
            entry = zipfile.ZipInfo(
                name
            )  # without the day, so that equal imports make equal backups
            entry.compress_type = zipfile.ZIP_DEFLATED
            backup.writestr(entry, content)
    return packed.getvalue()


def _mark(content: bytes | None) -> str:
    """Return what tells contents apart; empty for no file."""
    return "" if content is None else hashlib.sha256(content).hexdigest()


@documented
def undo_import(site: str | Path, *, lang: str = "en") -> list[str]:
    """Take the last import into a site back: its files are then as they were before, byte for byte.

    Parameters
    ----------
    site : str or Path
        The folder of the site.

    Returns
    -------
    list of str
        What was done, in words.

    Raises
    ------
    kube_research.errors.KubeError
        If there is no import to undo, if a file was changed after it (nothing is changed then), if
        another import is at work, or if a file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from kube_research.errors import KubeError
    >>> with tempfile.TemporaryDirectory() as place:
    ...     try:
    ...         undo_import(place)
    ...     except KubeError as error:
    ...         print(str(error).removeprefix(place))
    : there is no import to undo.
    """
    if str(site) in bundled_sites():
        raise KubeError(text("import.bundled", lang, site=site))
    folder = find_folder(site, lang=lang)
    with alone(folder, lang):
        try:
            return _undo(folder, lang)
        except OSError as error:
            raise KubeError(text("import.undo_unwritable", lang, folder=folder)) from error


def _undo(folder: Path, lang: str) -> list[str]:
    path = folder / BACKUP
    packed = content_of(path)
    if packed is None:
        raise KubeError(text("import.undo_nothing", lang, folder=folder))
    made = datetime.fromtimestamp(path.stat().st_mtime).astimezone().isoformat(" ", "minutes")[:16]
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as backup:
            marks: dict[str, tuple[str, str]] = json.loads(backup.read(_ABOUT))
            before = {name: backup.read(name) if marks[name][0] else None for name in marks}
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError):
        raise KubeError(text("import.undo_broken", lang, file=path)) from None
    now = {name: _mark(content_of(folder / name)) for name in marks}
    changed = [name for name in marks if now[name] not in marks[name]]
    if changed:
        fill = {"files": ", ".join(changed), "time": made, "backup": path}
        raise KubeError(text("import.undo_changed", lang, **fill))
    back = [name for name in marks if now[name] != marks[name][0]]
    for name in reversed(back):
        content = before[name]
        if content is None:
            (folder / name).unlink()
        else:
            replace_file(folder / name, content, private=name == KEY_FILE)
    path.unlink()
    if not back:  # the import was stopped before it wrote anything
        raise KubeError(text("import.undo_nothing", lang, folder=folder))
    lines = [text("import.undone", lang, time=made, files=", ".join(back))]
    gone = [name for name in back if before[name] is None]
    return [*lines, text("import.undone_gone", lang, files=", ".join(gone))] if gone else lines
