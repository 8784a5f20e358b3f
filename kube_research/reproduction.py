"""Run every notebook, rebuild every figure and table, and hold the printed values against them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kube_research.errors import NotebookError
from kube_research.site import Site, home, load_site
from kube_research.texts import text

if TYPE_CHECKING:
    import pandas as pd

#: Seconds a single cell may take.
CELL_TIMEOUT = 300


def reproduce(
    site: Site | str | Path | None = None,
    *,
    notebooks: bool = False,
    jobs: int | None = None,
    lang: str = "en",
) -> pd.DataFrame:
    """Return the scoreboard of a site: every printed value beside the recomputed one.

    Parameters
    ----------
    site : Site, str or Path, optional
        A loaded site, a bundled name or a folder; default as in
        :func:`~kube_research.site.load_site`.
    notebooks : bool
        Also run all notebooks on the site first, which rebuilds its figures and tables. The command
        ``kube-research reproduce`` does; it must not be asked for inside a notebook.
    jobs : int, optional
        How many notebooks run at a time; by default as many as there are processors, at most four.
    lang : {"en", "id"}
        Language of the scoreboard.

    Returns
    -------
    DataFrame
        See :func:`kube_research.board.scoreboard`; mismatches first.

    Raises
    ------
    kube_research.errors.NotebookError
        If a notebook fails; the message names the notebook, the cell and the error.
    """
    from kube_research.board import scoreboard

    loaded = site if isinstance(site, Site) else load_site(site, lang=lang)
    if notebooks:
        run_notebooks(loaded.folder, jobs=jobs, lang=lang)
    return scoreboard(loaded, lang=lang)


def notebook_paths() -> list[Path]:
    """Return the numbered notebooks in order."""
    return sorted((home() / "notebooks").glob("[0-9][0-9]_*.ipynb"))


def run_notebooks(
    site: Path,
    *,
    jobs: int | None = None,
    lang: str = "en",
    figures: Path | None = None,
    done: Callable[[Path], object] = lambda _: None,
    store: bool = False,
) -> dict[Path, list[str]]:
    """Run all notebooks on a site folder, each in a kernel of its own.

    Parameters
    ----------
    site : Path
        Folder of the site.
    jobs : int, optional
        How many run at a time.
    lang : {"en", "id"}
        Language of messages.
    figures : Path, optional
        Where figures go; by default as in :func:`kube_research.notebook.figures_folder`.
    done : callable
        Called with each notebook as it finishes.
    store : bool
        Keep the outputs in the notebook files (for maintainers).

    Returns
    -------
    dict of Path to list of str
        The notebooks in order, each with what it skipped because the site lacks a table, and why.

    Raises
    ------
    kube_research.errors.NotebookError
        With every failure of the run, not only the first.
    """
    paths = notebook_paths()
    environment = {**os.environ, "KUBE_SITE": str(site.resolve()), "MPLBACKEND": "agg"}
    if site.resolve().parent == (home() / "data").resolve():
        environment["KUBE_SITE"] = site.name
    if figures is not None:
        environment["KUBE_FIGURES"] = str(figures.resolve())
    workers = jobs or min(4, os.cpu_count() or 1)
    outcomes = asyncio.run(_run_all(paths, environment, workers, lang, done, store))
    failures = [str(outcome) for outcome in outcomes if isinstance(outcome, NotebookError)]
    if failures:
        raise NotebookError("\n".join(failures))
    skipped = [outcome if isinstance(outcome, list) else [] for outcome in outcomes]
    return dict(zip(paths, skipped, strict=True))


async def _run_all(
    paths: list[Path],
    environment: dict[str, str],
    workers: int,
    lang: str,
    done: Callable[[Path], object],
    store: bool,
) -> list[list[str] | NotebookError]:
    """Run notebooks side by side, ``workers`` at a time; return what each skipped, or its failure."""
    places = asyncio.Semaphore(workers)

    async def run(path: Path) -> list[str] | NotebookError:
        async with places:
            try:
                return await _run(path, environment, lang, store)
            except NotebookError as error:
                return error
            finally:
                done(path)

    return await asyncio.gather(*map(run, paths))


async def _run(path: Path, environment: dict[str, str], lang: str, store: bool) -> list[str]:
    try:
        import nbformat
        from nbclient import NotebookClient
        from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
    except ImportError as error:
        raise NotebookError(text("error.needs_extra", lang)) from error
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        store_widget_state=False,
        record_timing=False,
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
    )
    try:
        await client.async_execute(env=environment)
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        cell, last = _failed_cell(notebook, error)
        raise NotebookError(
            text("error.notebook_failed", lang, notebook=path.name, cell=cell, error=last)
        ) from error
    if store:
        _store(path, notebook)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    told = [output.get("metadata", {}).get("kube_research", {}) for output in outputs]
    return list(dict.fromkeys(one["skipped"] for one in told if "skipped" in one))


def _failed_cell(notebook: Any, error: Exception) -> tuple[int, str]:
    for number, cell in enumerate(notebook.cells, 1):
        for output in cell.get("outputs", ()):
            if output.get("output_type") == "error":
                return number, f"{output['ename']}: {output['evalue']}"
    ran = [n for n, cell in enumerate(notebook.cells, 1) if cell.get("execution_count")]
    return (ran[-1] if ran else 1), f"{type(error).__name__}: {str(error).strip().splitlines()[-1]}"


def _store(path: Path, notebook: Any) -> None:
    """Write a notebook back with outputs and counts but nothing of this machine."""
    import nbformat

    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {
                "display_name": "Python 3",
                "language": "python",
                "name": "python3",
            },
            "language_info": {"name": "python"},
        }
    )
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"{path.stem[:2]}-{number:02d}"
        cell.metadata.pop("execution", None)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    nbformat.write(notebook, aside)
    aside.replace(path)
