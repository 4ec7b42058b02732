"""An entry lives in a process of its own, which is never told what is right.

The parent sends the steps in their order, and asks. Several may wait in the pipe: this is a fence
against ordinary cheats, and no sandbox. Messages are a line of JSON and
the numbers that it announces, in single precision.
"""

import contextlib
import itertools
import json
import math
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import torch
from torch import Tensor

import hebbnotes
from hebbnotes.arena.audit import REMEMBERS, Verdict, audit, declaring, watched
from hebbnotes.arena.entry import Caught, Refused, load
from hebbnotes.arena.memories import READ_NOISE, WRITES, Matrix
from hebbnotes.plasticity.stepper import change, declared

__all__ = ["LIMIT", "Child", "Remote", "serve"]

_START = """
import importlib.util as load, sys
sys.path += [one for one in {further!r} if one not in sys.path]
spec = load.spec_from_file_location("hebbnotes", {package!r})
sys.modules["hebbnotes"] = load.module_from_spec(spec)
spec.loader.exec_module(sys.modules["hebbnotes"])
from hebbnotes.arena.process import serve
serve()
"""
"""What the process runs: this very package, wherever it lies, and no other that is installed."""
_Kept = tuple[dict[str, Tensor], Tensor]
_CHANCE = random.SystemRandom()
_KEPT = 6
"""Calls of each task that are asked again at its end."""

LIMIT = 30.0
"""Seconds of a processor that an entry has for everything, its reading and audit included."""
_PATIENCE = 4.0
"""So many times as long the parent waits by the clock, for other work may share the processor."""


def _send(pipe: IO[bytes], head: dict[str, Any], *tensors: Tensor) -> None:
    """Write a message."""
    shapes = [list(t.shape) for t in tensors]
    pipe.write(json.dumps({**head, "shapes": shapes}).encode() + b"\n")
    for t in tensors:
        pipe.write(t.contiguous().float().numpy().tobytes())
    pipe.flush()


def _receive(pipe: IO[bytes]) -> tuple[dict[str, Any], list[Tensor]]:
    """Read a message, or raise EOFError if the other side has ended."""
    line = pipe.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    head, tensors = json.loads(line), []
    for shape in head["shapes"]:
        count = torch.Size(shape).numel()
        raw = bytearray(pipe.read(4 * count))
        if len(raw) != 4 * count:
            raise EOFError
        flat = torch.frombuffer(raw, dtype=torch.float32) if count else torch.empty(0)
        tensors.append(flat.view(shape))
    return head, tensors


class Child:
    """The process of an entry.

    Parameters
    ----------
    path : path to the entry's file
    limit : float
        Seconds of a processor; after them the process is ended, and what is asked is refused.

    Examples
    --------
    >>> with Child("my_rule.py") as child:  # doctest: +SKIP
    ...     child.verdict.sentence()
    """

    def __init__(self, path: str | Path, limit: float = LIMIT) -> None:
        further = [one for one in sys.path if one not in ("", ".", str(Path.cwd()))]
        start = _START.format(package=hebbnotes.__file__, further=further)
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the process)
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", start],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            start_new_session=True,  # what the entry starts ends with it
        )
        self._limit, self._late = limit, False
        self.diverged: set[float] = set()
        self._watch = threading.Timer(_PATIENCE * limit, self._stop)
        self._watch.daemon = True
        self._watch.start()
        try:
            told = self.ask({"do": "load", "path": str(Path(path).resolve()), "limit": limit})[0]
        except BaseException:
            self.close()
            raise
        self.name, self.rates = str(told["name"]), tuple(told["rates"])
        self.verdict = Verdict(*(tuple(told[name]) for name in Verdict._fields))

    def _stop(self) -> None:
        self._late = True
        self._kill()

    def _kill(self) -> None:
        """End the process, and whatever it started."""
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        with contextlib.suppress(OSError):
            self._process.kill()

    def tell(self, head: dict[str, Any], *tensors: Tensor) -> None:
        """Send a message that nothing comes back to."""
        try:
            _send(self._process.stdin, head, *tensors)  # type: ignore[arg-type]
        except OSError as error:
            raise self._ended() from error

    def ask(self, head: dict[str, Any], *tensors: Tensor) -> tuple[dict[str, Any], list[Tensor]]:
        """Send a message and return the answer, or raise Refused or Caught, as the child says."""
        self.tell(head, *tensors)
        try:
            told, answer = _receive(self._process.stdout)  # type: ignore[arg-type]
        except (EOFError, ValueError, KeyError) as error:
            raise self._ended() from error
        for kind in (Refused, Caught):
            if kind.__name__ in told:
                raise kind(told[kind.__name__])
        self.diverged.update(told.get("diverged", ()))
        return told, answer

    def _ended(self) -> Refused:
        if self._late:
            return _too_slow(self._limit, by_the_clock=True)
        self._kill()
        if _ran_out(self._process.wait()):
            return _too_slow(self._limit)
        end = self._said.seek(0, os.SEEK_END)
        self._said.seek(max(0, end - 2_000))
        said = self._said.read().decode(errors="replace").strip().splitlines()
        return Refused(
            "the entry's process ended by itself; a rule returns a change and ends nothing"
            + (f". It said: {said[-1]}" if said else "")
        )

    def finish(self) -> None:
        """Ask the entry for some of its last calls again: whoever remembers is caught."""
        self.ask({"do": "end"})

    def close(self) -> None:
        """End the process."""
        self._watch.cancel()
        self._kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._said):
            if pipe:
                with contextlib.suppress(OSError):  # what was not sent has nobody to read it
                    pipe.close()

    def __enter__(self) -> "Child":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _ran_out(status: int | None) -> bool:
    """Tell whether the system has ended a process that used up its seconds of a processor."""
    return status is not None and status == -getattr(signal, "SIGXCPU", 0) != 0


def _bounded(limit: float) -> None:
    """Let the system end this process when it has used so many seconds more of a processor."""
    try:
        import resource
    except ImportError:  # Windows has no such limit: there the clock's holds
        return
    most = math.ceil(time.process_time() + limit) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (most, most + 5))


def _too_slow(limit: float, by_the_clock: bool = False) -> Refused:
    if by_the_clock:
        return Refused(
            f"the entry was not done {_PATIENCE * limit:g} s after its start: expected all its "
            "episodes within that; it may wait for something, or loop for ever"
        )
    return Refused(
        f"the entry took more than {limit:g} s of a processor: expected all its episodes within "
        "that; name fewer RATES or seeds, or write the rule without loops over cells"
    )


class Remote:
    """The matrix of weights that an entry's rule changes, in the entry's process.

    It is written and read as a :class:`.Matrix`.

    Parameters
    ----------
    child : Child
    settings : sequence of float, learning rates; those that the entry names, if left out
    noise, writes : as for :class:`.Matrix`
    """

    def __init__(
        self,
        child: Child,
        settings: Sequence[float] | None = None,
        noise: float = READ_NOISE,
        writes: float = WRITES,
    ) -> None:
        self.child, self.noise, self.writes = child, noise, writes
        self.settings = child.rates if settings is None else tuple(settings)

    def at(self, settings: Sequence[float]) -> "Remote":
        """Return the same entry at other learning rates."""
        return Remote(self.child, settings, self.noise, self.writes)

    def start(self, pre: Tensor, post: Tensor) -> None:
        """Forget everything; measure the size of a fresh write."""
        how = {"rates": self.settings, "noise": self.noise, "writes": self.writes}
        self.child.tell({"do": "start", **how}, pre, post)

    def write(
        self, pre: Tensor, post: Tensor, modulator: Tensor, noise: Tensor, tell: bool
    ) -> Tensor | None:
        """Let the rule change the weights by a pair."""
        message = {"do": "write", "tell": tell}
        if tell:
            return self.child.ask(message, pre, post, modulator, noise)[1][0]
        self.child.tell(message, pre, post, modulator, noise)
        return None

    def read(self, queries: Tensor, noise: Tensor) -> Tensor:
        """Return the answers to queries."""
        return self.child.ask({"do": "read"}, queries, noise)[1][0]


class _Server:
    """What the child does with the messages."""

    def __init__(self) -> None:
        self.matrix: Any = None
        self.rule: Any = None
        self.began, self.limit = time.process_time(), LIMIT
        self.kept: list[_Kept] = []

    def answer(self, head: dict[str, Any], sent: list[Tensor]) -> tuple[dict[str, Any], Any]:
        """Return the head and the numbers of the answer to a message."""
        if time.process_time() - self.began > self.limit:
            raise _too_slow(self.limit)
        if head["do"] == "load":
            self.limit = head["limit"]
            _bounded(self.limit)
            with watched(loading=True):
                entry = load(head["path"])
            verdict = audit(entry.rule)
            self.rule = entry.rule
            told = {"name": entry.name, "rates": entry.rates}
            return {**told, **verdict._asdict()}, ()
        if head["do"] == "end":
            self.ask_again()
            return {}, ()
        if head["do"] == "start":
            self.ask_again()
            watching = _keeping(self.rule, self.kept)
            self.matrix = Matrix(watching, head["rates"], head["noise"], head["writes"])
            with watched():
                self.matrix.start(*sent)
            return {}, ()
        if head["do"] == "write":
            with watched():
                drive = self.matrix.write(*sent, tell=head["tell"])
        else:
            self.ask_again()
            drive = self.matrix.read(*sent)
        if drive is None:
            return {}, ()
        read = head["do"] == "read"
        bad = ~drive.isfinite().flatten(2).all(-1).all(0 if read else 1)
        if bad.all():
            raise Refused(
                "weights become NaN or infinite at all rates: expected finite ones. Look for a "
                "division by 0 from empty weights (w = 0) or in silent steps (pre = 0), bound the "
                "change, or name lower RATES"
            )
        of_rates = bad[None, :, None, None] if read else bad[:, None, None]
        rates = [r for r, b in zip(self.matrix.settings, bad.tolist(), strict=True) if b]
        return {"diverged": rates}, (drive.masked_fill(of_rates, 0.0),)

    def ask_again(self) -> None:
        """Raise Caught if calls of this very run give other changes now."""
        with watched():
            for call, dw in _CHANCE.sample(self.kept, len(self.kept)):
                again = change(self.rule, **call)
                if not torch.allclose(again, dw, rtol=0.0, atol=0.0, equal_nan=True):
                    raise Caught(REMEMBERS)
        self.kept.clear()


def _keeping(rule: Any, kept: list[_Kept]) -> Any:
    """Return a rule that keeps some of its calls, of all alike, to be asked again."""
    names, calls = declared(rule), itertools.count()

    def watching(w: Tensor, pre: Tensor, post: Tensor, **given: Tensor) -> Tensor:
        call = {"w": w, "pre": pre, "post": post, **given}
        dw = change(rule, **call)
        at = _CHANCE.randint(0, next(calls))
        if len(kept) < _KEPT or at < _KEPT:
            told = {name: t.detach().clone() for name, t in call.items()}, dw.clone()
            if len(kept) < _KEPT:
                kept.append(told)
            else:
                kept[at] = told
        return dw

    return declaring(watching, names)


def serve() -> None:
    """Answer the parent until it goes; what a rule prints goes to the error stream."""
    source, out = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)  # an entry that asks for input gets none
    server = _Server()
    torch.set_num_threads(1)
    failed: dict[str, str] = {}
    while True:
        try:
            head, sent = _receive(source)
        except EOFError:
            return
        told: dict[str, Any] = {}
        answer: Any = ()
        if not failed:
            try:
                told, answer = server.answer(head, sent)
            except (Refused, Caught) as error:
                failed = {type(error).__name__: str(error)}
            except (Exception, SystemExit) as error:
                failed = {"Refused": f"the rule fails: {type(error).__name__}: {error}"}
        if head["do"] in {"load", "read", "end"} or head.get("tell"):
            _send(out, failed or told, *answer)
