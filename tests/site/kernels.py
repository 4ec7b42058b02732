"""Kernels of notebooks that are tested: forked from a process that has loaded what most of them use.

Each has loaded nothing of this book and computed nothing: it is as new as one that is started, some
seconds sooner. Where forking is not safe, kernels are started, as they are everywhere else.
"""

import multiprocessing
import os
import signal
import sys
import threading
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from multiprocessing.forkserver import ensure_running
from typing import Any
from unittest.mock import patch

from jupyter_client.provisioning import local_provisioner
from nbval.kernel import RunningKernel

LOADED = ["ipykernel.kernelapp", "matplotlib.pyplot", "numba", "scipy.stats", "sklearn.datasets"]
LOADED += ["torch"]
INLINE = {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}
"""What a kernel sets before matplotlib is loaded."""


class Forked:
    """What jupyter uses of a ``subprocess.Popen``."""

    stdin = stdout = stderr = None

    def __init__(self, process: ForkServerProcess) -> None:
        self._process, self.pid = process, process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int | None:
        self._process.join(timeout)
        return self.poll()

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _run(arguments: list[str], folder: str, env: dict[str, str], ready: Connection) -> None:
    """Be a kernel, in a session of its own, until it is shut down or its parent has ended."""
    os.setsid()
    silent = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(silent, stream)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(folder)

    def end() -> None:
        multiprocessing.parent_process().join()
        os._exit(1)

    threading.Thread(target=end, daemon=True).start()
    ready.send(True)
    from ipykernel import kernelapp

    kernelapp.launch_new_instance(arguments)


def launch(command: list[str], *, env: dict[str, str], cwd: str | None, **_: Any) -> Forked:
    """Fork a kernel: stands in for ``jupyter_client.launcher.launch_kernel``."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(LOADED)
    with patch.dict(os.environ, INLINE):
        ensure_running()
    told, ready = context.Pipe(duplex=False)
    given = command[command.index("-f") :], cwd or os.getcwd(), env, ready
    process = context.Process(target=_run, args=given)
    process.start()
    ready.close()
    told.recv()  # from here on a signal to its group reaches no other process
    return Forked(process)


class ForkedKernel(RunningKernel):
    """The kernel of nbval, forked where that is safe."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        # a forked process would inherit -O, with which a notebook's assertions say nothing
        forks = sys.platform == "linux" and not sys.flags.optimize
        how = launch if forks else local_provisioner.launch_kernel
        with patch.object(local_provisioner, "launch_kernel", how):
            super().__init__(*arguments, **options)
