"""The process that warm kernels are forked from: ``python -m kube_research.warm_server``.

It imports what notebooks use and then reads requests, one line of JSON each, from its standard input:
``{"arguments": [...], "environment": {...}, "folder": "..."}`` forks a kernel and answers its process
number; ``{"poll": number}`` answers how that process ended, or null. It ends with its input, and the
kernels end with it.
"""

from __future__ import annotations

import gc
import io
import json
import os
import signal
import sys
import warnings
from datetime import date
from typing import NoReturn


def warm_up() -> None:
    """Import what notebooks use, and use it: half of the work is done at first use.

    Of this package only what reading a site takes is loaded, which every notebook does: what else a
    notebook loads tells :mod:`kube_research.memory` what it depends on.
    """
    import babel.dates
    import babel.numbers
    import ipykernel.kernelapp  # noqa: F401
    import matplotlib as mpl
    import narwhals as nw
    import pandas as pd
    import scipy.stats  # noqa: F401
    import seaborn  # noqa: F401
    import tabulate  # noqa: F401

    from kube_research import traces
    from kube_research.site import load_site

    load_site("cibeunying").with_raw_logs("ratings")
    traces.folders.clear()  # this was no notebook
    nw.from_native(pd.DataFrame({"item": [1]})).group_by("item").agg(nw.len())
    mpl.use("agg")
    import matplotlib.pyplot as plt

    for lang in ("en", "id"):
        babel.dates.format_date(date(2016, 2, 29), "d MMM", locale=lang)
        babel.numbers.format_decimal(12500.5, locale=lang)
    figure, axes = plt.subplots()
    axes.plot([1, 2], [3, 4], marker="o", label="KUBE")
    axes.legend(title="PEKA", title_fontproperties={"weight": "bold"})
    for ending in ("svg", "png"):
        figure.savefig(io.BytesIO(), format=ending)
    plt.close(figure)


def serve() -> None:
    """Answer requests until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # its input is closed then
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints is no answer
    warm_up()
    gc.freeze()  # what is there already is shared with all kernels
    ended: dict[int, int] = {}
    for line in sys.stdin:
        request = json.loads(line)
        if "poll" in request:
            answer = _ended(request["poll"], ended)
        else:
            with warnings.catch_warnings():  # of threads, which wait for work and hold no locks
                warnings.simplefilter("ignore", DeprecationWarning)
                answer = os.fork()
            if answer == 0:
                answers.close()
                _be_kernel(**request)
        print(json.dumps(answer), file=answers, flush=True)


def _ended(process: int, ended: dict[int, int]) -> int | None:
    """Return how a process ended, or None while it runs."""
    if process not in ended:
        number, status = os.waitpid(process, os.WNOHANG)
        if not number:
            return None
        ended[process] = os.waitstatus_to_exitcode(status)
    return ended[process]


def _be_kernel(arguments: list[str], environment: dict[str, str], folder: str) -> NoReturn:
    """Become a kernel: requests are for the server to read."""
    import numpy as np
    from ipykernel.kernelapp import IPKernelApp

    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.path.pop(0)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    np.random.seed()  # noqa: NPY002 (all kernels would draw the same)
    server = os.getppid()
    IPKernelApp.launch_instance([*arguments, f"--IPKernelApp.parent_handle={server}"])
    sys.exit()


if __name__ == "__main__":
    serve()
