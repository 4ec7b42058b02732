"""Training: one plain loop of gradient descent, with a bar, clipping, a schedule and a history."""

import hashlib
import inspect
import math
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from hebbnotes import _checks, _files
from hebbnotes.learning.checkpoints import History, load, save
from hebbnotes.learning.interruption import Interruption
from hebbnotes.learning.optimiser import Optimiser

__all__ = ["History", "constant", "cosine", "train", "watched"]


def constant(done: float) -> float:
    """Keep the learning rate: factor 1 whatever share of the training is ``done``."""
    return 1.0


def cosine(done: float) -> float:
    """Anneal the learning rate along half a cosine, from factor 1 at ``done=0`` to 0
    at ``done=1``.
    """
    return (1 + math.cos(math.pi * done)) / 2


def watched() -> bool:
    """Tell whether a person watches: a terminal, or a notebook that can ask its reader
    a question.
    """
    ipython = sys.modules.get("IPython")
    kernel = getattr(ipython.get_ipython(), "kernel", None) if ipython else None
    return bool(getattr(kernel, "_allow_stdin", False)) if kernel else sys.stderr.isatty()


def train(
    parameters: Iterable[Tensor],
    loss: Callable[[int], tuple[Tensor, dict[str, float]]],
    updates: int,
    *,
    lr: float = 1e-3,
    kernel_lr: float | None = None,
    clip_norm: float | None = None,
    schedule: Callable[[float], float] = constant,
    progress: bool | None = None,
    checkpoint: Path | None = None,
    generator: torch.Generator | None = None,
    every: float = 30.0,
    bar: dict[str, Any] | None = None,
) -> History:
    """Minimise a loss with Adam; the kernels of convolutions, if so wished, with Muon.

    An interruption (Ctrl-C, or "interrupt" in a notebook) saves and returns what there is, as it
    was after the last whole update, the generator, too. Source: torch's moments of Adam, as in
    Miconi, Stanley & Clune (2018); ``torch.optim.Muon``, of K. Jordan and others (2024).

    >>> x = torch.tensor([3.0], requires_grad=True)
    >>> history = train([x], lambda update: ((x**2).sum(), {"x": x.item()}), 200, lr=0.1)
    >>> history.loss[0], round(history.loss[-1], 3)
    (9.0, 0.0)

    Parameters
    ----------
    parameters : iterable of Tensor, trained in place, but for those that require no gradient
    loss : callable
        ``loss(update)`` returns the loss, a scalar tensor, and a dict of further numbers for the
        history, of the same names each time. It draws its own batch, from a generator of its own.
    updates : int
    lr : float, at the start
    kernel_lr : float, optional
        Learning rate of parameters of more than two dimensions. If it is named, these are trained
        with Muon, as matrices of the first dimension by all others; torch makes the steps of a
        matrix that has more rows than columns longer, by the root of their ratio.
    clip_norm : float, optional
        Largest norm of the gradient of all parameters together; longer ones are shortened to it.
    schedule : callable
        Factor on the learning rates, a function of the share of the updates that is done, in [0,
        1): :func:`constant` or :func:`cosine`.
    progress : bool, optional
        Whether to draw a progress bar; by default only where a person watches.
    checkpoint : Path, optional
        File to which the training is saved, and from which it goes on if the file is there; of a
        link, the file that it names.
    generator : torch.Generator, optional
        What ``loss`` draws from: saved with the training, so that one that goes on ends where it
        would have ended without a stop.
    every : float, seconds between two saves; the last update is saved, too
    bar : dict, optional; further arguments of the progress bar, such as ``{"desc": "seed 3"}``

    Raises
    ------
    FloatingPointError
        If the loss, its gradient or a parameter stops being finite; the parameters are left as they
        were before that update.
    ValueError
        If the checkpoint is damaged, or that of another training, before anything is trained; if
        the loss does not depend on the parameters.
    """
    parameters = _trainable(parameters)
    needed = {"lr": lr, "every": every}
    optional = {"kernel_lr": kernel_lr, "clip_norm": clip_norm}
    _check(loss, schedule, updates, needed, optional)
    if generator is not None:
        _checks.generator(generator)
    told = {"lr": lr, **optional, "schedule": called(schedule), "loss": called(loss)}
    if schedule is not constant:  # another number of updates would have been other learning rates
        told["updates"] = updates
    _check_further(bar, checkpoint)
    optimiser = Optimiser(parameters, lr, kernel_lr)
    history = History()
    if checkpoint is not None and Path(checkpoint).exists():
        history = load(Path(checkpoint), parameters, optimiser, generator, updates, told)
    saved = time.monotonic()
    if progress is None:
        progress = watched() and find_spec("tqdm") is not None
    shown = _bar(len(history.loss), updates, progress, bar)
    interruption, n_saved, drawn = Interruption(), len(history.loss), None
    try:
        with interruption:
            for update in shown:
                drawn = None if generator is None else generator.get_state()
                value, metrics = _checked(loss(update))
                where = f"at update {update}: try a smaller lr (now {lr:g}) or a clip_norm"
                if not math.isfinite(value.item()):
                    raise FloatingPointError(f"the loss is {value.item()} {where}")
                _same_names(history, metrics)
                _differentiate(value, parameters, clip_norm, where)
                factor = _checks.number("what schedule returns", schedule(update / updates), 0)
                with interruption.kept_back:
                    _step(optimiser, parameters, factor, where)
                    _note(history, shown, value.item(), metrics)
                    drawn = None  # from here on, the generator stands where it should
                if checkpoint is not None and (
                    time.monotonic() - saved > every or update == updates - 1
                ):
                    save(Path(checkpoint), parameters, optimiser, generator, told, history)
                    saved, n_saved = time.monotonic(), len(history.loss)
    except KeyboardInterrupt:
        history.interrupted = True
        if generator is not None and drawn is not None:
            generator.set_state(drawn)
        if checkpoint is not None and len(history.loss) > n_saved and not interruption.torn:
            save(Path(checkpoint), parameters, optimiser, generator, told, history)
    finally:
        shown.close()
    return history


def _trainable(parameters: Any) -> list[Tensor]:
    """Return the parameters that are trained, or raise."""
    mend = "pass network.parameters()"
    if isinstance(parameters, Tensor):
        raise TypeError(f"parameters must be several tensors, got one: pass [tensor], or {mend}")
    if not isinstance(parameters, Iterable):
        raise TypeError(f"parameters must be tensors, got {_checks.got(parameters)}: {mend}")
    given = list(parameters)
    trained = [p for p in given if isinstance(p, Tensor) and p.requires_grad]
    if not trained or not all(isinstance(p, Tensor) for p in given):
        raise ValueError(
            f"parameters must be tensors that require a gradient, at least one: {mend}, and freeze "
            "some of them at most"
        )
    if not all(p.is_leaf for p in trained):
        raise ValueError(
            "parameters must be what is trained, and not what was computed from it: make them by "
            "torch.nn.Parameter, or by .detach().requires_grad_()"
        )
    if len({id(p) for p in trained}) < len(trained):
        raise ValueError("parameters must be named once each: one of them is there twice")
    for k, p in enumerate(trained):
        _checks.finite(f"parameter {k}", p, "begin anew with other values")
    return trained


def _check(
    loss: Any, schedule: Any, updates: Any, needed: dict[str, Any], optional: dict[str, Any]
) -> None:
    """Refuse what cannot train; all numbers but ``updates`` are 0 or more."""
    _checks.function("loss", loss, "loss(update) -> loss, dict of numbers")
    _checks.function("schedule", schedule, "of the share that is done such as training.cosine")
    _checks.integer("updates", updates, 1, 10**9)
    for name, value in (
        needed | {name: value for name, value in optional.items() if value is not None}
    ).items():
        _checks.number(name, value, 0, 1e30)


def _check_further(bar: Any, checkpoint: Any) -> None:
    """Refuse what is neither the further arguments of a bar, nor a file."""
    if bar is not None:
        _checks.of_type("bar", bar, dict, 'use {"desc": "seed 3"}')
    if checkpoint is not None and not isinstance(checkpoint, str | Path):
        raise TypeError(
            f"checkpoint must be a path, got {_checks.got(checkpoint)}: use Path('run.checkpoint')"
        )
    if checkpoint is not None and os.path.isdir(Path(checkpoint)):
        raise ValueError(f"checkpoint must name a file, got the folder {str(checkpoint)!r}")
    if checkpoint is None:
        return
    if "\0" in str(checkpoint):
        raise ValueError(f"checkpoint must be a path, and {str(checkpoint)!r} has a zero in it")
    if not os.path.exists(checkpoint):  # what is there is read first
        _files.check_place(Path(checkpoint))


def called(function: Any) -> str:
    """Return the name of a function; of one without a name its code stands for it."""
    function = inspect.unwrap(getattr(function, "func", function))  # of a functools.partial
    name = getattr(function, "__qualname__", type(function).__qualname__)
    code = getattr(function, "__code__", None)
    if "<lambda>" not in name or code is None:
        return name
    numbers = [one for one in code.co_consts if isinstance(one, int | float | str)]
    written = repr((code.co_code, code.co_names, numbers)).encode()
    return f"{name} {hashlib.sha256(written).hexdigest()[:12]}"


def _checked(returned: Any) -> tuple[Tensor, dict[str, float]]:
    """Return what a loss function returned, if it is a loss and further numbers, or raise."""
    mend = "write return loss, {}"
    if not isinstance(returned, tuple) or len(returned) != 2:
        raise TypeError(
            f"loss must return a loss and a dict of numbers, got {_checks.got(returned)}: {mend}"
        )
    value, metrics = returned
    if not isinstance(value, Tensor) or value.numel() != 1 or not value.is_floating_point():
        raise TypeError(
            f"loss must return a scalar tensor first, got {_checks.got(value)}: use its mean, say"
        )
    if not value.requires_grad:
        raise ValueError(
            "loss must return a tensor with a gradient, and this one has none: look for .detach(), "
            ".item() or torch.no_grad()"
        )
    if not isinstance(metrics, dict):
        raise TypeError(
            f"loss must return a dict of numbers second, got {_checks.got(metrics)}: {mend}"
        )
    numbers = {}
    for name, number in metrics.items():
        try:
            numbers[name] = float(number)
        except (TypeError, ValueError, RuntimeError) as wrong:
            raise TypeError(
                f"loss must return numbers second, got {_checks.got(number)} as {name!r}"
            ) from wrong
    return value.squeeze(), numbers


def _same_names(history: History, metrics: dict[str, float]) -> None:
    """Raise if there are other numbers than those of the updates before."""
    if history.loss and metrics.keys() != history.metrics.keys():
        raise ValueError(
            f"loss must return numbers of the same names each time, got {sorted(metrics)} "
            f"after {sorted(history.metrics)}: return math.nan where there is none"
        )


def _differentiate(
    loss: Tensor, parameters: list[Tensor], clip_norm: float | None, where: str
) -> None:
    """Give the parameters the gradients of a loss, shortened to ``clip_norm`` in all."""
    for p in parameters:
        p.grad = None
    loss.backward()
    gradients = [p.grad for p in parameters if p.grad is not None]
    if not gradients:
        raise ValueError(
            "the loss does not depend on any of the parameters, so that nothing is trained: pass "
            "those of the network that loss runs"
        )
    norm = torch.nn.utils.get_total_norm(gradients)
    if not math.isfinite(norm.item()):
        for k, p in enumerate(parameters):
            if p.grad is not None and not bool(torch.isfinite(p.grad).all()):
                raise FloatingPointError(f"the gradient of parameter {k} is not finite {where}")
    if clip_norm is not None:
        torch.nn.utils.clip_grads_with_norm_(parameters, clip_norm, norm)


def _step(optimiser: Optimiser, parameters: list[Tensor], factor: float, where: str) -> None:
    """Change the parameters, unless they would cease to be finite."""
    before = [p.detach().clone() for p in parameters]
    optimiser.step(factor)
    if not all(bool(torch.isfinite(p).all()) for p in parameters):
        with torch.no_grad():
            for p, old in zip(parameters, before, strict=True):
                p.copy_(old)
        raise FloatingPointError(f"a parameter would not be finite {where}")


def _bar(done: int, updates: int, progress: bool, further: dict[str, Any] | None) -> Any:
    """Return the updates that are left, with a progress bar that is silent without ``progress``."""
    if not progress:
        return _Unseen(range(done, updates))
    with _checks.extra("chapters"):
        from tqdm import tqdm
    how = {"initial": done, "total": updates, "leave": False}
    return tqdm(range(done, updates), **how | (further or {}))


class _Unseen:
    """What is used of a progress bar, for one that is not drawn."""

    def __init__(self, left: range) -> None:
        self.left = left

    def __iter__(self) -> Iterator[int]:
        return iter(self.left)

    def set_postfix(self, *_: Any, **__: Any) -> None:
        """Show nothing."""

    def close(self) -> None:
        """End nothing."""


def _note(history: History, shown: Any, loss: float, metrics: dict[str, float]) -> None:
    """Write the numbers of an update into the history, and beside the progress bar."""
    history.loss.append(loss)
    for name, number in metrics.items():
        history.metrics.setdefault(name, []).append(number)
    shown.set_postfix(
        {name: f"{number:.3g}" for name, number in ({"loss": loss} | metrics).items()},
        refresh=False,
    )
