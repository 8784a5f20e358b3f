"""Kernels that start warm: forked from one process in which the libraries are imported already.

Each notebook still has a kernel of its own, in which nothing of this package is loaded but what reading
a site takes. Only Linux forks processes safely; elsewhere kernels start as they always do.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner


class WarmKernels:
    """Start kernels, from one warm process where that is possible; to be used with ``with``.

    Parameters
    ----------
    warm : bool
        Whether to have one: it takes about as long to start as three kernels that are not.

    Examples
    --------
    >>> with WarmKernels() as kernels:
    ...     kernels.manager().kernel_name
    'python3'
    """

    def __init__(self, *, warm: bool = True) -> None:
        self._server: subprocess.Popen[str] | None = None
        if warm and sys.platform == "linux":
            self._server = subprocess.Popen(
                [sys.executable, "-m", "kube_research.warm_server"],
                cwd=Path(__file__).parents[1],  # a student's pandas.py is not what it imports
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )

    def __enter__(self) -> WarmKernels:
        return self

    def __exit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.communicate()

    def manager(self) -> AsyncKernelManager:
        """Return what starts one kernel."""
        manager = AsyncKernelManager(kernel_name="python3")
        if self._server is not None:
            manager.provisioner = _Forking(
                kernel_id="", kernel_spec=manager.kernel_spec, parent=manager
            )
            manager.provisioner.kernels = self
        return manager

    def ask(self, **request: Any) -> Any:
        """Put a request to the warm process and return its answer."""
        server = self._server
        if server is None or server.stdin is None or server.stdout is None:
            raise OSError("there is no warm process")
        server.stdin.write(json.dumps(request) + "\n")
        server.stdin.flush()
        if not (answer := server.stdout.readline()):
            raise OSError("the warm process has ended")
        return json.loads(answer)


class _Forking(LocalProvisioner):
    """Has a kernel forked instead of starting Python anew."""

    kernels: WarmKernels

    async def launch_kernel(self, cmd: list[str], **options: Any) -> Any:
        """Fork a kernel that takes the arguments, environment and folder a new process would."""
        try:
            self.pid = self.kernels.ask(
                arguments=cmd[cmd.index("-f") :],
                environment=options.get("env") or dict(os.environ),
                folder=str(options.get("cwd") or Path.cwd()),
            )
        except (OSError, ValueError):  # a new process will say what is wrong
            return await super().launch_kernel(cmd, **options)
        self.process = cast("Any", _Forked(self.kernels, self.pid))
        return self.connection_info


class _Forked:
    """A forked kernel with the methods of :class:`subprocess.Popen` that a provisioner calls."""

    stdin = stdout = stderr = None

    def __init__(self, kernels: WarmKernels, pid: int) -> None:
        self._kernels, self.pid = kernels, pid

    def poll(self) -> int | None:
        try:
            ended: int | None = self._kernels.ask(poll=self.pid)
        except OSError:  # its kernels end with the warm process
            return 1
        return ended

    wait = poll  # asked for only after a poll has said that the process ended

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)
