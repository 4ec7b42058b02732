"""Ways to learn: who is told, by whom, and when."""

from dataclasses import dataclass

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.chapters.credit_assignment import rules
from hebbnotes.chapters.credit_assignment.rules import Told, explore, follow
from hebbnotes.chapters.credit_assignment.trained.networks import (
    Layers,
    Learner,
    Net,
    begin,
    fell,
    forward,
    loss,
    normal,
    outgoing,
    with_one,
    write,
)
from hebbnotes.plasticity.rules import Cells, Teach

__all__ = [
    "WAYS",
    "Frozen",
    "Inverse",
    "Local",
    "NodeNoise",
    "Reward",
    "Settling",
    "Sweep",
    "WeightNoise",
]

_NONE = torch.zeros(())


def _told(cells: list[Cells], target: Tensor) -> list[Cells]:
    """Tell the outputs their own error."""
    return [*cells[:-1], cells[-1]._replace(error=target - cells[-1].rate)]


def _write_all(
    change: Told, net: Net, cells: list[Cells], rate: list[Tensor], **further: list[Tensor]
) -> None:
    """Change each layer's weights by what its cells are told."""
    for layer, w in enumerate(net.weights):
        post = cells[layer + 1]
        its = {name: value[layer] for name, value in further.items()}
        pre = with_one(cells[layer].rate)
        write(change, w, pre, post.rate, rate[layer], error=post.error, drive=post.drive, **its)


@dataclass(frozen=True)
class Sweep(Layers):
    """Errors go down from layer to layer, or from the outputs to all.

    Attributes
    ----------
    teach : callable
    change : Told
    own : bool
        Whether there are feedback weights beside those that lead up.
    direct : bool
        Whether the outputs are above every layer.
    change_back : Told or None
        How feedback weights learn, if they do: from what the cells above are told, ``pre``, and
        from the rates here, ``post``.
    """

    teach: Teach = rules.backward
    change: Told = follow
    own: bool = False
    direct: bool = False
    change_back: Told | None = None

    def _begin(self, sizes: tuple[int, ...], generator: torch.Generator) -> Net:
        """Return one network; feedback weights are drawn as those that lead up are."""
        net = begin(sizes, generator)
        if not self.own:
            return net
        above = [sizes[-1]] * len(sizes) if self.direct else sizes[2:]
        pairs = zip(sizes[1:-1], above, strict=False)
        return net._replace(back=[normal(n, m, 2.0, generator).mT.contiguous() for n, m in pairs])

    def errors(self, net: Net, cells: list[Cells], target: Tensor) -> list[Cells]:
        """Return the cells with what each is told."""
        cells = _told(cells, target)
        for layer in range(len(net.weights) - 1, 0, -1):
            above = cells[-1] if self.direct else cells[layer + 1]
            back = net.back[layer - 1] if net.back else _NONE
            w_out = outgoing(net.weights[layer])
            error = self.teach(w_out, back, cells[layer], above, _NONE)
            cells[layer] = cells[layer]._replace(error=error)
        return cells

    def _learn(
        self, net: Net, x: Tensor, target: Tensor, rate: list[Tensor], generator: torch.Generator
    ) -> None:
        """Learn from a batch."""
        cells = self.errors(net, forward(net.weights, x), target)
        if self.change_back is not None:
            for k, back in enumerate(net.back):
                sent, here = cells[k + 2].error, cells[k + 1].rate
                write(self.change_back, back, sent, here, rate[k + 1])
        _write_all(self.change, net, cells, rate)


@dataclass(frozen=True)
class Inverse(Sweep):
    """Difference target propagation: weights that lead down learn to undo those that lead up."""

    teach: Teach = rules.by_inverse
    own: bool = True
    noise: float = 0.1

    def scaled(self, net: Net, scales: Tensor) -> Net:
        """Return networks that begin with weights so many times those of each of S: outputs, too,
        for there is nothing to undo of weights of 0.
        """
        return Learner.scaled(self, net, scales)

    def _learn(
        self, net: Net, x: Tensor, target: Tensor, rate: list[Tensor], generator: torch.Generator
    ) -> None:
        """Learn from a batch; the inverse learns at the outputs' rate."""
        cells = self.errors(net, forward(net.weights, x), target)
        for k, back in enumerate(net.back):
            rate_here = cells[k + 1].rate
            chance = torch.randn(rate_here.shape[1:], generator=generator).to(rate_here)
            strayed = torch.relu(rate_here + self.noise * chance)
            drive = with_one(strayed) @ net.weights[k + 1]
            sent = drive if k == len(net.back) - 1 else torch.relu(drive)
            undone = sent @ back
            write(rules.undo, back, sent, strayed, rate[-1], drive=undone)
        _write_all(self.change, net, cells, rate)


@dataclass(frozen=True)
class Local(Layers):
    """Each layer has a read-out of its own, which learns by its own error and tells the layer."""

    def _begin(self, sizes: tuple[int, ...], generator: torch.Generator) -> Net:
        """Return one network; the read-out of the last hidden layer is the output."""
        net = begin(sizes, generator)
        return net._replace(back=[begin((n, sizes[-1]), generator).weights[0] for n in sizes[1:-2]])

    def scaled(self, net: Net, scales: Tensor) -> Net:
        """Return networks that begin as others do: every read-out at 0."""
        begun = super().scaled(net, scales)
        return begun._replace(back=[torch.zeros_like(w) for w in net.back])

    def _learn(
        self, net: Net, x: Tensor, target: Tensor, rate: list[Tensor], generator: torch.Generator
    ) -> None:
        """Learn from a batch; read-outs learn at the outputs' rate."""
        cells = _told(forward(net.weights, x), target)
        above = []
        readouts = [*net.back, net.weights[-1]] if len(net.weights) > 1 else []
        for layer, w in enumerate(readouts, start=1):
            y = with_one(cells[layer].rate) @ w
            above.append(Cells(y, y, target - y))
            error = rules.backward(outgoing(w), _NONE, cells[layer], above[-1], _NONE)
            cells[layer] = cells[layer]._replace(error=error)
        for layer, w in enumerate(net.back, start=1):
            pre = with_one(cells[layer].rate)
            write(follow, w, pre, above[layer - 1].rate, rate[-1], error=above[layer - 1].error)
        _write_all(follow, net, cells, rate)


@dataclass(frozen=True)
class Frozen(Layers):
    """Hidden layers stay as they are drawn."""

    def _learn(
        self, net: Net, x: Tensor, target: Tensor, rate: list[Tensor], generator: torch.Generator
    ) -> None:
        """Let the outputs learn from a batch."""
        _write_output(net, _told(forward(net.weights, x), target), rate)


def _write_output(net: Net, cells: list[Cells], rate: list[Tensor]) -> None:
    pre = with_one(cells[-2].rate)
    write(follow, net.weights[-1], pre, cells[-1].rate, rate[-1], error=cells[-1].error)


def _write_hidden(
    net: Net, cells: list[Cells], rate: list[Tensor], noise: list[Tensor], modulator: Tensor
) -> None:
    """Let hidden cells repeat what chance did."""
    for layer, w in enumerate(net.weights[:-1]):
        pre, post = with_one(cells[layer].rate), cells[layer + 1].rate
        given = {"modulator": modulator, "noise": noise[layer].expand_as(post)}
        write(explore, w, pre, post, rate[layer], **given)


def _chance(
    net: Net, batch: int, size: float, like: Tensor, generator: torch.Generator
) -> list[Tensor]:
    """Return noise for each hidden layer, (B, n), the same for all networks."""
    _checks.generator(generator)
    shapes = [(batch, w.shape[-1]) for w in net.weights[:-1]]
    return [size * torch.randn(shape, generator=generator).to(like) for shape in shapes]


@dataclass(frozen=True)
class NodeNoise(Layers):
    """Node perturbation: a sweep with noise in the drives of all hidden cells, one without."""

    noise: float = 0.01

    def _learn(
        self, net: Net, x: Tensor, target: Tensor, rate: list[Tensor], generator: torch.Generator
    ) -> None:
        """Learn from a batch; outputs learn from the sweep without noise."""
        clean = _told(forward(net.weights, x), target)
        noise = _chance(net, x.shape[-2], self.noise, x, generator)
        modulator = fell(clean, forward(net.weights, x, noise), target) / self.noise**2
        _write_hidden(net, clean, rate, noise, modulator)
        _write_output(net, clean, rate)


@dataclass(frozen=True)
class Reward(Layers):
    """REINFORCE: cells are always noisy, and hear how the reward compares with what was expected.

    The reward of an example is minus its loss, and what is expected the mean of all others in the
    batch.
    """

    noise: float = 0.2

    def _learn(
        self, net: Net, x: Tensor, target: Tensor, rate: list[Tensor], generator: torch.Generator
    ) -> None:
        """Learn from a batch, in one sweep."""
        batch = x.shape[-2]
        noise = _chance(net, batch, self.noise, x, generator)
        cells = _told(forward(net.weights, x, noise), target)
        reward = -loss(cells[-1].rate, target)
        better = (reward - reward.mean(-1, keepdim=True)) * batch / (batch - 1)
        _write_hidden(net, cells, rate, noise, better / self.noise**2)
        _write_output(net, cells, rate)


@dataclass(frozen=True)
class WeightNoise(Layers):
    """Weight perturbation: a sweep with noise in all hidden weights, another for each example.

    An example's noise is one matrix whose rows and columns have random signs of its own: Gaussian,
    and uncorrelated between examples (Wen, Vicol, Ba, Tran & Grosse, 2018), so that the mean of
    what :func:`.three_factor` would write is two products of matrices.
    """

    noise: float = 0.003

    def chance(
        self, net: Net, batch: int, like: Tensor, generator: torch.Generator
    ) -> list[tuple[Tensor, Tensor, Tensor]]:
        """Return, for each hidden layer, noise (n + 1, m), signs (B, n + 1) and signs (B, m)."""
        _checks.generator(generator)
        found = []
        for w in net.weights[:-1]:
            shared = self.noise * torch.randn(w.shape[1:], generator=generator).to(like)
            rows, columns = (
                torch.randint(0, 2, (batch, n), generator=generator).to(like) * 2 - 1
                for n in w.shape[1:]
            )
            found.append((shared, rows, columns))
        return found

    def _learn(
        self, net: Net, x: Tensor, target: Tensor, rate: list[Tensor], generator: torch.Generator
    ) -> None:
        """Learn from a batch; outputs learn from the sweep without noise."""
        clean = _told(forward(net.weights, x), target)
        chance = self.chance(net, x.shape[-2], x, generator)
        h = x
        for w, (shared, rows, columns) in zip(net.weights, chance, strict=False):
            pre = with_one(h)
            h = torch.relu(pre @ w + ((pre * rows) @ shared) * columns)
        y = with_one(h) @ net.weights[-1]
        modulator = (loss(clean[-1].rate, target) - loss(y, target)) / self.noise**2
        for w, its, (shared, rows, columns) in zip(net.weights, rate, chance, strict=False):
            traced = rows.mT @ (modulator.unsqueeze(-1) * columns)
            w.addcmul_(traced * (its / x.shape[-2]).view(-1, 1, 1), shared)
        _write_output(net, clean, rate)


@dataclass(frozen=True)
class Settling(Layers):
    """Predictive coding: cells settle between what is predicted and what they are told, then learn.

    A cell's error is its drive minus the drive that the cells below predict; with the outputs held
    at the target, drives go down ``F = sum(error**2) / 2``, by what :func:`.backward` tells.

    Source: eq-whitened-error; Whittington & Bogacz (2017).

    Attributes
    ----------
    steps : int
    size : float
        Of a step, as a share of what is missing.
    """

    steps: int = 20
    size: float = 0.2

    def settled(self, net: Net, x: Tensor, target: Tensor) -> list[Cells]:
        """Return the cells after settling, each with its error."""
        cells = forward(net.weights, x)
        top = target.expand_as(cells[-1].rate)
        cells[-1] = Cells(top, top, target - cells[-1].rate)
        last = len(cells) - 1
        fixed = cells[1].drive  # what the input predicts does not move
        for _ in range(self.steps):
            moved = []
            for layer in range(1, last):
                w_out = outgoing(net.weights[layer])
                told = rules.backward(w_out, _NONE, cells[layer], cells[layer + 1], _NONE)
                moved.append(cells[layer].drive + self.size * (told - cells[layer].error))
            for layer, drive in enumerate(moved, start=1):
                cells[layer] = cells[layer]._replace(rate=torch.relu(drive), drive=drive)
            for layer in range(1, last + 1):
                pre = with_one(cells[layer - 1].rate)
                predicted = fixed if layer == 1 and last > 1 else pre @ net.weights[layer - 1]
                cells[layer] = cells[layer]._replace(error=cells[layer].drive - predicted)
        return cells

    def _learn(
        self, net: Net, x: Tensor, target: Tensor, rate: list[Tensor], generator: torch.Generator
    ) -> None:
        """Learn from a batch."""
        _write_all(follow, net, self.settled(net, x, target), rate)


def _ways() -> dict[str, Learner]:
    credit = rules.CREDIT
    feedback = credit["feedback alignment"].teach
    return {
        "backpropagation": Sweep(),
        "backpropagation, decay": Sweep(change=rules.FORGETFUL),
        "sign symmetry": Sweep(teach=credit["sign symmetry"].teach),
        "Kolen-Pollack": Sweep(feedback, rules.FORGETFUL, own=True, change_back=rules.MIRROR),
        "feedback alignment": Sweep(teach=feedback, own=True),
        "direct feedback alignment": Sweep(teach=feedback, own=True, direct=True),
        "difference target propagation": Inverse(),
        "predictive coding": Settling(),
        "local losses": Local(),
        "node perturbation": NodeNoise(),
        "weight perturbation": WeightNoise(),
        "REINFORCE": Reward(),
        "frozen": Frozen(),
    }


WAYS: dict[str, Learner] = _ways()
"""Ways to learn in layers of rectified cells, by name."""
