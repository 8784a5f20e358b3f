"""A warm kernel is a kernel like any other: its own process, state, folder, environment and end."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

from kube_research.warm_kernels import WarmKernels

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")

SEEN = """
import json, os, random, sys
loaded = sorted(name for name in sys.modules if name.startswith("kube_research"))
import numpy as np
seen = {"pid": os.getpid(), "folder": os.getcwd(), "token": os.environ.get("KUBE_TOKEN"),
        "home": "HOME" in os.environ, "drawn": float(np.random.random()), "own": random.random(),
        "loaded": loaded, "warm": "seaborn" in sys.modules, "path": sys.path[:1],
        "known": "secret" in globals()}
secret = 1
print(json.dumps(seen))
"""


def run(kernels: WarmKernels, folder: Path, *cells: str, **environment: str) -> Any:
    """Run cells in a new kernel; return the notebook."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(one) for one in cells])
    client = NotebookClient(
        notebook,
        timeout=60,
        km=kernels.manager(),
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
    )
    asyncio.run(client.async_execute(env={**os.environ, **environment}, cleanup_kc=True))
    return notebook


@pytest.fixture(scope="module")
def kernels() -> Any:
    with WarmKernels() as started:
        yield started


def test_each_kernel_is_on_its_own(kernels: WarmKernels, tmp_path: Path) -> None:
    code = "import sys, kube_research as kr; kr.load_site(); print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    reading, seen = set(loaded.stdout.split()), []
    for number in range(2):
        folder = tmp_path / str(number)
        folder.mkdir()
        done = run(kernels, folder, SEEN, KUBE_TOKEN=f"token {number}")
        seen.append(json.loads(done.cells[0].outputs[0]["text"]))
        assert seen[-1]["folder"] == str(folder)
        assert seen[-1]["token"] == f"token {number}"
        assert seen[-1]["home"] == ("HOME" in os.environ)
        assert set(seen[-1]["loaded"]) <= reading, "what else a notebook uses it imports itself"
        assert seen[-1]["warm"]
        assert not seen[-1]["known"]
    assert seen[0]["pid"] != seen[1]["pid"]
    assert seen[0]["drawn"] != seen[1]["drawn"]
    assert seen[0]["own"] != seen[1]["own"]
    with WarmKernels(warm=False) as cold:
        done = run(cold, tmp_path, SEEN)
    usual = json.loads(done.cells[0].outputs[0]["text"])
    assert not usual["warm"]
    assert usual["path"] == seen[0]["path"], "modules are looked for where they always are"


def test_a_cell_that_fails_fails_as_always(kernels: WarmKernels, tmp_path: Path) -> None:
    with pytest.raises(CellExecutionError, match="no such book"):
        run(kernels, tmp_path, "print('begun')", "raise ValueError('no such book')")


def test_a_kernel_that_dies_is_noticed(kernels: WarmKernels, tmp_path: Path) -> None:
    with pytest.raises(DeadKernelError):
        run(kernels, tmp_path, "import os; os._exit(3)")


def test_a_kernel_can_be_interrupted(kernels: WarmKernels, tmp_path: Path) -> None:
    async def interrupted() -> float:
        manager = kernels.manager()
        await manager.start_kernel(env=dict(os.environ), cwd=str(tmp_path))
        client = manager.client()
        client.start_channels()
        await client.wait_for_ready(timeout=60)
        client.execute("import time; time.sleep(60)")
        started = time.monotonic()
        await asyncio.sleep(0.5)
        await manager.interrupt_kernel()
        reply = await client.get_shell_msg(timeout=30)
        assert reply["content"]["ename"] == "KeyboardInterrupt"
        client.stop_channels()
        await manager.shutdown_kernel(now=True)
        assert not await manager.is_alive()
        return time.monotonic() - started

    assert asyncio.run(interrupted()) < 30


def test_without_the_warm_process_kernels_start_as_usual(tmp_path: Path) -> None:
    with WarmKernels() as kernels:
        server = kernels._server
        assert server is not None
        server.kill()
        server.wait()
        done = run(kernels, tmp_path, SEEN)
    assert not json.loads(done.cells[0].outputs[0]["text"])["warm"]


def test_a_module_of_the_folder_is_not_what_the_warm_process_imports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pandas.py").write_text("raise RuntimeError('mine')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with WarmKernels() as kernels:
        done = run(kernels, tmp_path, SEEN)
    assert json.loads(done.cells[0].outputs[0]["text"])["warm"]


def test_kernels_end_with_the_warm_process(tmp_path: Path) -> None:
    async def started(kernels: WarmKernels) -> int:
        manager = kernels.manager()
        await manager.start_kernel(env=dict(os.environ), cwd=str(tmp_path))
        assert await manager.is_alive()
        pid = manager.provisioner.pid  # type: ignore[union-attr]
        assert isinstance(pid, int)
        await manager.cleanup_resources()  # of this side; the kernel is left alone
        return pid

    with WarmKernels() as kernels:
        pid = asyncio.run(started(kernels))
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        if Path(f"/proc/{pid}/stat").read_text(encoding="ascii").split(") ")[1].startswith("Z"):
            return  # ended; nobody has asked how
        time.sleep(0.1)
    pytest.fail("the kernel goes on without its parent")


def test_ctrl_c_ends_reproduce_in_order(tmp_path: Path) -> None:
    environment = {**os.environ, "KUBE_FIGURES": str(tmp_path), "KUBE_DEBUG": "1"}
    code = "from kube_research.cli import main; main()"
    command = [sys.executable, "-c", code, "reproduce", "--fresh"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as running:
        for _ in range(300):
            if any(tmp_path.iterdir()):  # some notebook is at work
                break
            time.sleep(0.1)
        running.send_signal(signal.SIGINT)
        said = running.communicate(timeout=60)[0]
    assert running.returncode == 1
    assert "Aborted" in said
    assert "Traceback" not in said
    assert not list(tmp_path.glob(".*.part"))
