"""Run every notebook, rebuild every figure and table, and hold the printed values against them."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kube_research.errors import NotebookError
from kube_research.files import home, replace_file
from kube_research.site.folder import Site, load_site
from kube_research.texts import text

if TYPE_CHECKING:
    import pandas as pd

    from kube_research.reproduction.memory import Memory

#: Seconds a single cell may take.
CELL_TIMEOUT = 300
#: A cell after the last one, which is not kept: it says what the notebook read and wrote.
_TELL = "print(__import__('kube_research.files', fromlist=['x']).used_so_far())"


def reproduce(
    site: Site | str | Path | None = None,
    *,
    notebooks: bool = False,
    jobs: int | None = None,
    lang: str = "en",
) -> pd.DataFrame:
    """Return the scoreboard of a site: every printed value beside what it is held against.

    Parameters
    ----------
    site : Site, str or Path, optional
        A loaded site, a bundled name or a folder; default as in
        :func:`~kube_research.site.folder.load_site`.
    notebooks : bool
        Also run all notebooks on the site first, which rebuilds its figures and tables. The command
        ``kube-research reproduce`` does; it must not be asked for inside a notebook.
    jobs : int, optional
        How many notebooks run at a time; by default one a processor.
    lang : {"en", "id"}
        Language of the scoreboard.

    Returns
    -------
    DataFrame
        See :func:`kube_research.study.printed_values.scoreboard`; mismatches first.

    Raises
    ------
    kube_research.errors.NotebookError
        If a notebook fails; the message names the notebook, the cell and the error.
    """
    from kube_research.study.printed_values import scoreboard

    loaded = site if isinstance(site, Site) else load_site(site, lang=lang)
    if notebooks:
        run_notebooks(loaded.folder, jobs=jobs, lang=lang)
    return scoreboard(loaded, lang=lang)


def notebook_paths() -> list[Path]:
    """Return the numbered notebooks in order."""
    return sorted((home() / "notebooks").glob("[0-9][0-9]_*.ipynb"))


@dataclass(frozen=True)
class Ran:
    """What became of one notebook.

    Attributes
    ----------
    skipped : tuple of str
        What it left out because the site lacks a table, and why.
    reused : bool
        It did not run: nothing it depends on has changed since it last did.
    """

    skipped: tuple[str, ...] = ()
    reused: bool = False


def run_notebooks(
    site: Path,
    *,
    jobs: int | None = None,
    lang: str = "en",
    figures: Path | None = None,
    finished: Callable[[Path], object] = lambda _: None,
    store: bool = False,
    fresh: bool = True,
) -> dict[Path, Ran]:
    """Run all notebooks on a site folder, each in a kernel of its own.

    Parameters
    ----------
    site : Path
        Folder of the site.
    jobs : int, optional
        How many run at a time; by default one a processor.
    lang : {"en", "id"}
        Language of messages.
    figures : Path, optional
        Where figures go; by default as in :func:`kube_research.reproduction.cells.figures_folder`.
    finished : callable
        Called with each notebook as it finishes.
    store : bool
        Keep the outputs in the notebook files (for maintainers); runs all.
    fresh : bool
        Run all notebooks, also those of which nothing has changed (see
        :mod:`kube_research.reproduction.memory`).

    Returns
    -------
    dict of Path to Ran
        The notebooks in order.

    Raises
    ------
    kube_research.errors.NotebookError
        With every failure of the run, not only the first.
    """
    from kube_research.reproduction.cells import figures_of
    from kube_research.reproduction.memory import Memory

    paths = notebook_paths()
    environment = {**os.environ, "KUBE_SITE": str(site.resolve()), "MPLBACKEND": "agg"}
    if site.resolve().parent == (home() / "data").resolve():
        environment["KUBE_SITE"] = site.name
    environment.setdefault("KUBE_LANG", lang)
    if figures is not None:
        environment["KUBE_FIGURES"] = str(figures.resolve())
    folder = Path(environment.get("KUBE_FIGURES") or figures_of(site)).resolve()
    setting = {"site": environment["KUBE_SITE"], "lang": environment["KUBE_LANG"]}
    memory = Memory(folder, setting)
    results: dict[Path, Ran | NotebookError] = {}
    for path in paths:
        last = None if fresh or store else memory.unchanged(path)
        if last is not None:
            results[path] = Ran(tuple(last["skipped"]), reused=True)
            finished(path)
    waiting = [path for path in paths if path not in results]
    waiting.sort(key=memory.seconds, reverse=True)  # the longest first, so that none is left alone
    if waiting:
        workers = jobs or min(len(waiting), _processors())
        run = _Run(environment, workers, lang, finished, store, memory)
        results |= dict(zip(waiting, asyncio.run(run.run_all(waiting)), strict=True))
    failures = [str(results[path]) for path in paths if isinstance(results[path], NotebookError)]
    if failures:
        raise NotebookError("\n".join(failures))
    return {path: result for path in paths if isinstance(result := results[path], Ran)}


def _processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass
class _Run:
    """Notebooks run side by side, ``workers`` at a time."""

    environment: dict[str, str]
    workers: int
    lang: str
    finished: Callable[[Path], object]
    store: bool
    memory: Memory

    async def run_all(self, paths: list[Path]) -> list[Ran | NotebookError]:
        """Run notebooks; return of each what it left out, or its failure."""
        try:
            import nbclient  # noqa: F401
        except ImportError as error:
            raise NotebookError(text("error.needs_extra", self.lang)) from error
        # While some notebooks run, the kernel of the next starts and that of the last shuts down.
        started, running = asyncio.Semaphore(self.workers + 2), asyncio.Semaphore(self.workers)

        async def outcome(path: Path) -> Ran | NotebookError:
            async with started:
                try:
                    return await self.run(path, running)
                except NotebookError as error:
                    return error
                finally:
                    self.finished(path)

        return await asyncio.gather(*map(outcome, paths))

    async def run(self, path: Path, running: asyncio.Semaphore) -> Ran:
        """Run one notebook in a kernel of its own."""
        import nbformat
        from nbclient import NotebookClient
        from nbclient.exceptions import CellExecutionError, CellTimeoutError

        notebook = nbformat.read(path, as_version=4)
        index, whole = 0, False
        for cell in notebook.cells:  # what stands there is of an earlier run
            if cell["cell_type"] == "code":
                cell.update(execution_count=None, outputs=[])
        notebook.cells.append(nbformat.v4.new_code_cell(_TELL))
        client = NotebookClient(
            notebook,
            timeout=CELL_TIMEOUT,
            kernel_name="python3",
            resources={"metadata": {"path": str(path.parent)}},
            store_widget_state=False,
            record_timing=False,
            extra_arguments=["--IPKernelApp.log_level=ERROR"],
        )
        manager = client.create_kernel_manager()
        try:
            await client.async_start_new_kernel(env=self.environment)
            await client.async_start_new_kernel_client()
            async with running:
                begun = time.perf_counter()
                for index, cell in enumerate(notebook.cells):
                    count = client.code_cells_executed + 1
                    await client.async_execute_cell(cell, index, execution_count=count)
                seconds, whole = time.perf_counter() - begun, True
        except (CellExecutionError, CellTimeoutError, RuntimeError) as error:  # or a dead kernel
            fault = _fault(notebook.cells[index], error)
            words = {"notebook": path.name, "cell": index + 1, "error": fault}
            raise NotebookError(text("error.notebook_failed", self.lang, **words)) from error
        finally:
            if client.kc is not None:
                client.kc.stop_channels()
            if manager.has_kernel:
                await manager.shutdown_kernel(now=not whole)
        used = json.loads(notebook.cells.pop().outputs[0]["text"])
        if self.store:
            _store(path, notebook)
        outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
        marks = [output.get("metadata", {}).get("kube_research", {}) for output in outputs]
        skipped = list(dict.fromkeys(mark["skipped"] for mark in marks if "skipped" in mark))
        self.memory.keep(path, used, skipped, seconds)
        return Ran(tuple(skipped))


def _fault(cell: Any, error: Exception) -> str:
    """Return what went wrong in a cell in one line: what it said itself, else what ended it."""
    for output in cell.get("outputs", ()):
        if output.get("output_type") == "error":
            return f"{output['ename']}: {output['evalue']}"
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[-1]}"


def _store(path: Path, notebook: Any) -> None:
    """Write a notebook back with outputs and counts but nothing of this machine."""
    import nbformat

    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    notebook.metadata = nbformat.from_dict(metadata)
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"{path.stem[:2]}-{number:02d}"
        cell.metadata.pop("execution", None)
    replace_file(path, f"{nbformat.writes(notebook)}\n".encode())
