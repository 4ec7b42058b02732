"""What does a rule of the arena see? Poison tells, and so do two futures, a replay, and a batch.

An audit of honest mistakes and ordinary cheats: no sandbox against malice.
"""

import inspect
import os
import sys
import sysconfig
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from hebbnotes import check
from hebbnotes.arena.entry import Caught, Refused
from hebbnotes.arena.streams import Stream, stream
from hebbnotes.plasticity.stepper import change, declared

__all__ = ["REMEMBERS", "Verdict", "audit", "declaring", "sees", "watched"]

_ENDS = ("w", "pre", "post")
"""What every rule is handed: a synapse's own weight, and its two ends."""
_WORDS = {"w": "its own weight", "pre": "its sender", "post": "its receiver"}
_WORDS |= {"drive": "what its receiver is driven by", "modulator": "a broadcast"}
_WORDS |= {"means": "running means of its two ends"}


class Verdict(NamedTuple):
    """What the change of a synapse depends on.

    Attributes
    ----------
    own : tuple of str
        Of ``w``, ``pre``, ``post``, ``drive``, ``modulator`` those of which it reads its own entry;
        memories that are no rule may be handed ``means`` of what their two ends did, too.
    foreign : tuple of str
        Those of which it reads an entry of another synapse or cell.
    unused : tuple of str
        Those that it declares, and whose value was not found to matter.
    """

    own: tuple[str, ...]
    foreign: tuple[str, ...]
    unused: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """Return "local", "supplied" (it is handed more than its ends), or "foreign"."""
        if self.foreign:
            return "foreign"
        return "supplied" if {*self.own, *self.unused} - {*_ENDS} else "local"

    def sentence(self) -> str:
        """Return the verdict in words."""
        seen = ", ".join(_WORDS[name] for name in self.own) or "nothing"
        if self.foreign:
            return f"NOT LOCAL: reads foreign {', '.join(self.foreign)}; of its own: {seen}"
        more = f"; declares {', '.join(self.unused)}, unused" if self.unused else ""
        return f"local: a synapse sees {seen}{more}"


def sees(rule: Callable[..., Tensor]) -> Verdict:
    """Find what the synapses of a rule read: by poison, and by other numbers at a run's weights.

    A number of its own that it multiplies by 0 does not count here.
    """
    foreign = set()

    def single(w: Tensor, pre: Tensor, post: Tensor, **declared_too: Tensor) -> Tensor:
        given = {name: value.float() for name, value in declared_too.items()}
        return rule(w.float(), pre.float(), post.float(), **given).to(w.dtype)

    names = declared(rule)
    asked = declaring(single, names)
    for i, j in ((0, 0), (1, 2), (3, 1)):
        found = check.reads(asked, i, j)
        masks = {"w": found.w, "pre": found.pre, "post": found.post, **found.further}
        for name, mask in masks.items():
            mask[{"w": (i, j), "pre": (i,)}.get(name, (j,))] = False
            foreign |= {name} if mask.any() else set()
    own, more = _read_in_a_run(rule)
    foreign |= more
    return Verdict(
        tuple(name for name in _WORDS if name in own),
        tuple(name for name in _WORDS if name in foreign),
        tuple(name for name in names if name not in own | foreign),
    )


def declaring(rule: Callable[..., Tensor], names: tuple[str, ...]) -> Callable[..., Tensor]:
    """Return a rule that declares these quantities, whatever its own signature says."""

    def asked(w: Tensor, pre: Tensor, post: Tensor, **given: Tensor) -> Tensor:
        return rule(w, pre, post, **given)

    one = inspect.Parameter
    each = [one(name, one.POSITIONAL_OR_KEYWORD) for name in _ENDS]
    each += [one(name, one.KEYWORD_ONLY) for name in names]
    vars(asked)["__signature__"] = inspect.Signature(each)
    return asked


_Call = dict[str, Tensor]


def _called(rule: Callable[..., Tensor], call: _Call) -> Tensor:
    """Return the change for what a rule is called with, or raise Refused if it is not finite."""
    dw = change(rule, **{name: value.clone() for name, value in call.items()})
    if not dw.isfinite().all():
        where = [n for n in _ENDS if (call[n] == 0).any()]
        raise Refused(
            "the rule returns NaN or infinity where "
            f"{' and '.join(where) or 'weights are strong'} {'are' if where else 'and'} "
            f"{'0 somewhere' if where else 'all else is ordinary'}: look for a division by 0"
        )
    return dw


def _run(
    rule: Callable[..., Tensor], drawn: Stream, w: Tensor, modulator: Tensor
) -> tuple[list[_Call], list[Tensor]]:
    """Return what a rule is called with in a run, and its changes; in units of its first write."""
    calls: list[_Call] = []
    changes: list[Tensor] = []
    eta = 0.0
    for pre, post, told in zip(drawn.pre, drawn.post, modulator, strict=True):
        drive = (pre[:, None] @ w)[:, 0]
        spread = told[:, None].expand_as(post).contiguous()
        calls.append({"w": w, "pre": pre, "post": post, "drive": drive, "modulator": spread})
        changes.append(_called(rule, calls[-1]))
        size = float(changes[-1].abs().max())
        eta = eta or (0.3 * float(pre.abs().max()) / size if size else 0.0)
        w = (w + eta * changes[-1]).clamp(-8, 8)
    return calls, changes


def _short(code: str, seed: int) -> tuple[Stream, Tensor]:
    """Draw a short stream of three episodes, and a broadcast of all sizes."""
    g = torch.Generator().manual_seed(seed)
    drawn = stream("recall", code, 3, g)
    drawn = drawn._replace(pre=drawn.pre[:8], post=drawn.post[:8])
    return drawn, torch.rand(8, 3, generator=g)


def _calls(rule: Callable[..., Tensor]) -> list[_Call]:
    """Return what a rule is called with in three short runs: from nothing, weak and strong."""
    calls = []
    for k, (code, size) in enumerate((("dense", 0.0), ("dense", 0.3), ("sparse", 3.0))):
        drawn, told = _short(code, 7 + k)
        g, d = torch.Generator().manual_seed(17 + k), drawn.pre.shape[-1]
        calls += _run(rule, drawn, size * torch.randn(3, d, d, generator=g), told)[0]
    return calls


def _read_in_a_run(rule: Callable[..., Tensor]) -> tuple[set[str], set[str]]:
    """Return the names whose own entries matter at the weights of a run, and whose foreign ones."""
    own: set[str] = set()
    foreign: set[str] = set()
    g = torch.Generator().manual_seed(8)
    for call in _calls(rule)[::3]:
        whole = _called(rule, call)
        active = call["pre"][0].nonzero()[:, 0]  # what is written is where a sender is active
        i = int(active[torch.randint(len(active), (1,), generator=g)])
        j = int(torch.randint(call["post"].shape[-1], (1,), generator=g))
        for name in (*_ENDS, *declared(rule)):
            value = call[name]
            at = {"w": (..., i, j), "pre": (..., i)}.get(name, (..., j))
            for other in (value + torch.randn(value.shape, generator=g), torch.zeros_like(value)):
                mine, theirs = value.clone(), other.clone()
                mine[at], theirs[at] = other[at], value[at]
                for kind, changed in ((own, mine), (foreign, theirs)):
                    now = _called(rule, call | {name: changed})
                    if not torch.equal(now[:, i, j], whole[:, i, j]):
                        kind.add(name)
    return own, foreign


def _remembers(rule: Callable[..., Tensor]) -> None:
    """Raise Caught if the same call gives another change at once, or after other calls."""
    calls = _calls(rule)
    first = [_called(rule, call) for call in calls]
    for call in calls[:3]:
        before = torch.get_rng_state()
        once = _called(rule, call)
        torch.set_rng_state(before)
        again, other = _called(rule, call), _called(rule, call)
        if torch.equal(once, again) and not torch.equal(again, other):
            raise Caught(
                "the rule draws at random: the same call gave two changes. A rule is a function of "
                "what it is handed"
            )
    order = torch.randperm(len(calls), generator=torch.Generator().manual_seed(9)).tolist()
    same = all(torch.equal(_called(rule, calls[k]), first[k]) for k in [*order, *reversed(order)])
    lives: list[list[Tensor]] = []
    for seed in (30, 31, 30):  # another life between two that are alike
        drawn, told = _short("dense", seed)
        changes = _run(rule, drawn, torch.zeros(3, 32, 32), told)[1]
        if seed == 30:
            lives.append(changes)
    if not same or not all(map(torch.equal, *lives)):
        raise Caught(REMEMBERS)


REMEMBERS = (
    "the rule remembers: the same weights and activities gave another change after other calls. A "
    "rule is a function of what it is handed; what a synapse knows of the past is its weight"
)


def _mixes(rule: Callable[..., Tensor]) -> None:
    """Raise Caught if an episode changes otherwise alone than beside others."""
    for call in _calls(rule):
        whole = _called(rule, call)
        for k in range(len(whole)):
            alone = _called(rule, {name: value[k : k + 1] for name, value in call.items()})
            if not torch.allclose(
                alone[0], whole[k], rtol=1e-3, atol=1e-5 * float(whole.abs().max())
            ):
                raise Caught(
                    "the rule mixes episodes: one alone changes otherwise than in a batch. Sum or "
                    "average over the last axes only, never over the first"
                )


def _foresees(rule: Callable[..., Tensor]) -> None:
    """Raise Caught if the weights depend on what comes later.

    The stream lies open in the frame of this function, as bait.
    """
    ends = []
    for seed in (11, 12):
        past, told = _short("dense", 10)
        future = stream("recall", "dense", 2, torch.Generator().manual_seed(seed))
        queries, wanted = future.queries, future.wanted
        ends.append(_run(rule, past, torch.zeros(3, 32, 32), told)[1][-1])
        del queries, wanted
    if not torch.equal(*ends):
        raise Caught(
            "the rule sees the future: its weights after the same steps differ with what comes "
            "later. Whatever lies in the frames of its callers is not its own"
        )


_FRAMES = ("sys._getframe", "sys._current_frames", "gc.get_", "sys.settrace", "sys.setprofile")
_WATCHED = (*_FRAMES, "socket.", "subprocess.", "os.", "ctypes.", "shutil.")
_state: dict[str, Any] = {"inside": False, "seen": None, "hooked": False, "loading": False}


_OF_FRAMES = {"tb_frame", "gi_frame", "cr_frame", "ag_frame"}
_GIVES = ("inspect.py", "traceback.py", str(Path("logging", "__init__.py")))
"""Files of the library with functions that hand a frame to whoever calls them."""
_PATHS = sysconfig.get_paths()
_ROOTS = tuple(
    str(Path(folder)) + os.sep
    for folder in {*(_PATHS[k] for k in ("stdlib", "purelib", "platlib")), *torch.__path__}
)


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if not _state["inside"]:
        return
    opens = event == "open" and not str(arguments[0]).endswith((".py", ".pyc", ".so", ".pyd"))
    frame = event == "object.__getattr__" and arguments[1] in _OF_FRAMES
    if opens or frame or event.startswith(_WATCHED):
        _state["inside"] = False  # what follows asks for frames, too
        of_frames = frame or event.startswith(_FRAMES)
        mends = _asked_by_a_library(of_frames) or (_state["loading"] and not of_frames)
        _state["inside"] = True
        if not mends:
            named = arguments[0] if opens else arguments[1] if frame else ""
            _state["seen"] = f"{event} {named}".strip()


def _asked_by_a_library(of_frames: bool) -> bool:
    """Tell whether a library asks for a frame, or Python for a folder that it imports from, for
    reasons of its own; who is handed a frame must be of that file, too.
    """
    asker = sys._getframe(2)
    name = asker.f_code.co_filename
    if name.startswith("<frozen importlib") or not of_frames:
        return name.startswith("<frozen importlib")
    if not name.startswith(_ROOTS):
        return False
    handed = asker.f_back.f_code.co_filename if asker.f_back else ""
    return not name.endswith(_GIVES) or handed == name


@contextmanager
def watched(loading: bool = False) -> Iterator[None]:
    """Raise Caught if frames, files or the network are asked for inside of this.

    Parameters
    ----------
    loading : bool
        Whether a file is loaded, which may open others, and only has to leave frames alone.
    """
    if not _state["hooked"]:
        sys.addaudithook(_hook)
        _state["hooked"] = True
    _state.update(inside=True, seen=None, loading=loading)
    try:
        yield
    finally:
        _state["inside"] = False
    if _state["seen"]:
        raise Caught(
            f"the rule asks its computer for {_state['seen']}: a synapse has no frames, files or "
            "network; compute with what the rule is handed"
        )


def audit(rule: Callable[..., Tensor]) -> Verdict:
    """Return what a rule sees, or raise Caught if that is what none may see.

    Parameters
    ----------
    rule : callable, ``rule(w, pre, post) -> dw``; it may declare ``drive`` and ``modulator``

    Raises
    ------
    Caught
        If it remembers by itself, mixes episodes, sees the future, or asks for frames or files.
    """
    with watched():
        _remembers(rule)
        _mixes(rule)
        _foresees(rule)
        return sees(rule)
