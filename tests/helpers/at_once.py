"""Real processes that import into one site at the same moment."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Sequence
from pathlib import Path
from threading import BrokenBarrierError

from kube_research import files
from kube_research.errors import KubeError
from kube_research.fieldwork.importing import import_ratings

_CONTEXT = multiprocessing.get_context("spawn")


def _import_each(barrier: object, export: Path, folders: Sequence[Path], said: object) -> None:
    for folder in folders:
        try:
            barrier.wait(60)  # type: ignore[attr-defined]
            counts = import_ratings(export, folder).counts
            said.put((folder.name, counts["new"], ""))  # type: ignore[attr-defined]
        except (KubeError, BrokenBarrierError) as error:
            said.put((folder.name, 0, str(error)))  # type: ignore[attr-defined]


def import_at_once(exports: Sequence[Path], folders: Sequence[Path]) -> list[tuple[str, int, str]]:
    """Import every export into every folder, one process an export, all at once in each folder.

    Returns for each import the folder, how many submissions it says were new, and its refusal.
    """
    barrier, said = _CONTEXT.Barrier(len(exports)), _CONTEXT.Queue()
    workers = [
        _CONTEXT.Process(target=_import_each, args=(barrier, export, folders, said))
        for export in exports
    ]
    for worker in workers:
        worker.start()
    results = [said.get(timeout=120) for _ in range(len(exports) * len(folders))]
    for worker in workers:
        worker.join(60)
    return results


def _die_at(name: str, export: Path, folder: Path) -> None:
    def dies(aside: Path, path: Path) -> None:
        if Path(path).name == name:
            os._exit(9)
        os.rename(aside, path)  # noqa: PTH104

    files.os.replace = dies  # type: ignore[attr-defined]
    import_ratings(export, folder)


def import_killed_at(name: str, export: Path, folder: Path) -> int:
    """Import in a process that is killed when it is about to put a file in its place; its exit code."""
    worker = _CONTEXT.Process(target=_die_at, args=(name, export, folder))
    worker.start()
    worker.join(120)
    return worker.exitcode or 0
