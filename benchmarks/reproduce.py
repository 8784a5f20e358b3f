"""How close reproducing the study comes to its floor: starting the kernels and importing what they use.

Every notebook is run once to learn which modules it has loaded at its end. The floor then starts as
many kernels in the usual way, as many at a time, each of which imports just these modules and does
nothing else. Both are run in turn, in one process, and the best of each counts::

    python benchmarks/reproduce.py [repetitions]
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from kube_research.reproduction import running as reproduction
from kube_research.site.folder import load_site

_MODULES = "import json, sys; print(json.dumps(list(sys.modules)))"
#: In the order in which they were loaded; parts that a module makes itself cannot be imported by name.
_IMPORT = """
import importlib, json
for name in json.loads({names!r}):
    try:
        importlib.import_module(name)
    except Exception:
        pass
"""


async def kernels(sources: list[list[str]], workers: int, folder: Path) -> list[str]:
    """Run the cells of every list in a kernel of its own; return what the last of each printed."""
    places = asyncio.Semaphore(workers)

    async def one(cells: list[str]) -> str:
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
        async with places:
            client = NotebookClient(
                notebook,
                kernel_name="python3",
                resources={"metadata": {"path": str(folder)}},
                store_widget_state=False,
                record_timing=False,
                extra_arguments=["--IPKernelApp.log_level=ERROR"],
            )
            await client.async_execute(env={**os.environ, "MPLBACKEND": "agg"})
        outputs = notebook.cells[-1].get("outputs", [])
        return str(outputs[0]["text"]) if outputs else ""

    return list(await asyncio.gather(*map(one, sources)))


def main(repetitions: int = 3) -> None:
    """Print the floor, the whole run and the ratio, and what a run after it takes."""
    site = load_site("cibeunying").folder
    workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    with tempfile.TemporaryDirectory() as name:
        figures = Path(name)
        os.environ["KUBE_FIGURES"] = name
        reproduction.run_notebooks(site, figures=figures)  # warm, and remembers the longest
        order = sorted(
            reproduction.notebook_paths(),
            key=lambda path: json.loads((figures / ".reproduced.json").read_text())[path.name][
                "seconds"
            ],
            reverse=True,
        )
        cells = [
            [
                "".join(c["source"])
                for c in json.loads(path.read_text())["cells"]
                if c["cell_type"] == "code"
            ]
            for path in order
        ]
        folder = order[0].parent
        loaded = asyncio.run(kernels([[*c, _MODULES] for c in cells], workers or 1, folder))
        imports = [[_IMPORT.format(names=one)] for one in loaded]
        for path, one in zip(order, loaded, strict=True):
            print(f"{path.name:36} {len(json.loads(one)):5} modules")
        floors, totals, again = [], [], []
        for _ in range(repetitions):
            started = time.perf_counter()
            asyncio.run(kernels(imports, workers or 1, folder))
            floors.append(time.perf_counter() - started)
            started = time.perf_counter()
            reproduction.run_notebooks(site, figures=figures)
            totals.append(time.perf_counter() - started)
            started = time.perf_counter()
            reproduction.run_notebooks(site, figures=figures, fresh=False)
            again.append(time.perf_counter() - started)
    print(f"{workers} at a time, best of {repetitions}")
    print(f"floor (kernels and imports)   {min(floors):6.1f} s")
    ratio = min(totals) / min(floors)
    print(f"all notebooks                 {min(totals):6.1f} s   {ratio:.2f} x the floor")
    print(f"again, nothing changed        {min(again):6.2f} s")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
