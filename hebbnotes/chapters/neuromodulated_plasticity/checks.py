"""Checks of what readers write in this chapter's exercises: properties, never a magic number."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.chapters.neuromodulated_plasticity.causal import right
from hebbnotes.chapters.neuromodulated_plasticity.trained import stored
from hebbnotes.check import expect, tensors
from hebbnotes.networks.modulated import Modulator, run_modulated
from hebbnotes.plasticity import rules
from hebbnotes.tasks import RewardGatedMemory

__all__ = ["signal", "twin", "weights"]


def _run(
    w: Tensor, alpha: Tensor, modulator: Modulator, inputs: Tensor, **writing: Any
) -> tuple[Tensor, Tensor, Tensor]:
    """Return outputs, signals, and the trace at the end."""
    output, signal, state = run_modulated(
        inputs, w, alpha, modulator, method="loop", rule=rules.decay, **writing
    )
    return output, signal, state.hebb


def weights(weigh: Callable[[Tensor, float, float], Tensor]) -> None:
    """Check a reader's weights ``f(m, eta, eta_e)`` of all past pairs in a retroactive trace.

    ``m`` is a signal of T steps, shape (T,); what is returned, the weights c(T, s), has the same.
    """
    weigh = tensors(weigh, "f(m, eta, eta_e) -> a tensor")
    g = torch.Generator().manual_seed(3)
    n = 4
    w, alpha, inputs = (
        torch.randn(*shape, generator=g, dtype=torch.float64) / 2
        for shape in ((n, n), (n, n), (7, 1, n))
    )
    modulator = Modulator(torch.zeros(n).double(), torch.zeros(()).double())
    for eta, eta_e in ((0.0, 0.3), (0.1, 0.3), (0.2, 0.2), (0.05, 1.0)):
        m = torch.randn(7, generator=g, dtype=torch.float64).tanh()
        found = weigh(m.clone(), eta, eta_e)
        expect(
            found.shape == m.shape,
            f"it must hold a weight for each of {len(m)} steps, got shape {tuple(found.shape)}",
        )
        output, _, hebb = _run(
            w, alpha, modulator, inputs, modulation=m[:, None], eta=eta, eta_e=eta_e
        )
        pre = torch.cat([torch.zeros_like(output[:1]), output[:-1]])
        trace = torch.einsum("t,tbi,tbj->bij", found.double(), pre, output)
        expect(
            found[-1].abs() < 1e-9,
            "the pair of the last step has not been written by any signal yet: its weight is 0",
        )
        if eta_e == 1:
            why = "for eta_e = 1 only the next step's signal counts, and 0 ** 0 is 1"
        elif eta == eta_e:
            why = "is eta equal to eta_e in your formula a division by 0?"
        else:
            why = "which signals come after a pair, and how much of its mark is left then?"
        expect(
            torch.allclose(trace, hebb, atol=1e-6),
            f"with eta = {eta:g} and eta_e = {eta_e:g} the sum is not the network's trace: {why}",
        )
    print("Yes: the sum of weighted pairs is the trace of the network.")


def twin(other: Callable[[Tensor, Tensor, Tensor, Tensor], tuple[Tensor, ...]]) -> None:
    """Check a reader's other network with the same outputs and a signal of the opposite sign.

    ``other(w, alpha, m, m0)`` is given connections and plasticities, shape (n, n), and the read-out
    of the signal, shape (n,) and a scalar; it returns four tensors of these shapes.
    """
    form = "f(w, alpha, m, m0) -> w, alpha, m, m0"
    _checks.function("the answer", other, form)
    g = torch.Generator().manual_seed(5)
    kinds = {
        "a simple network": {"eta": 0.1},
        "a network with marks": {"eta": 0.1, "eta_e": 0.3},
        "a network that is clipped": {"eta": 0.0, "clip": 0.2},
    }
    for n in (3, 6):
        w, alpha, inputs = (
            torch.randn(*shape, generator=g, dtype=torch.float64)
            for shape in ((n, n), (n, n), (9, 2, n))
        )
        m, m0 = torch.randn(n, generator=g).double(), torch.randn((), generator=g).double()
        given = (w, alpha, m, m0)
        found = other(*(one.clone() for one in given))
        expect(
            found is not None,
            f"it must return four things, got nothing: write {form} with a return",
        )
        expect(
            isinstance(found, tuple) and len(found) == 4,
            "it must return four things, w, alpha, m and m0",
        )
        found = tuple(torch.as_tensor(one).double() for one in found)
        for name, one, before in zip(("w", "alpha", "m", "m0"), found, given, strict=True):
            expect(
                one.shape == before.shape,
                f"{name} must keep its shape {tuple(before.shape)}, got {tuple(one.shape)}",
            )
        w2, alpha2, m2, m02 = found
        for kind, writing in kinds.items():
            y, signal, _ = _run(w, alpha, Modulator(m, m0), inputs, **writing)
            y2, signal2, _ = _run(w2, alpha2, Modulator(m2, m02), inputs, **writing)
            expect(
                torch.allclose(signal2[0], -signal[0], atol=1e-9),
                "already in the first step its signal is not the opposite one: look at m and m0",
            )
            expect(
                torch.allclose(y, y2, atol=1e-9) and torch.allclose(signal, -signal2, atol=1e-9),
                f"{kind} has another output: what makes up for a trace of the opposite sign?",
            )
    print("Yes: the same outputs, and the opposite signal, with marks and with a clip, too.")


def signal(write: Callable[[Tensor], Tensor], net: Any = None) -> float:
    """Check a reader's signal ``f(inputs)`` in place of that of the stored simple network: at least
    nine of ten answers must be right. Prints and returns the share.

    ``inputs`` is what the units are told, shape (T, B, 22); the signal has the shape (T, B).
    """
    write = tensors(write, "f(inputs) -> a tensor")
    task, net = RewardGatedMemory(4, 3), stored("simple") if net is None else net
    episodes = task.sample(500, torch.Generator().manual_seed(11))
    given = write(episodes.inputs.clone())
    expect(
        given.shape == episodes.inputs.shape[:2],
        "it must hold a number for each step of each episode, shape "
        f"{tuple(episodes.inputs.shape[:2])}, got {tuple(given.shape)}",
    )
    expect(given.isfinite().all(), "it must be finite")
    with torch.no_grad():
        share = right(net(episodes, modulation=given.to(episodes.inputs.dtype)), episodes)
    expect(
        share >= 0.9,
        f"{100 * share:.0f} of 100 answers are right, and 90 are asked: what should be written, "
        "and when do the units still hold it?",
    )
    print(f"Yes: {100 * share:.0f} of 100 answers are right.")
    return share
