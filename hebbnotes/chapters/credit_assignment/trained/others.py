"""Two ways to learn that need networks of their own, each with the true gradient of the same.

Equilibrium propagation needs connections that are the same both ways, forward-forward layers that
tell true data from false ones. Shapes as in :mod:`.networks`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from hebbnotes.chapters.credit_assignment import rules
from hebbnotes.chapters.credit_assignment.rules import follow, in_two_phases
from hebbnotes.chapters.credit_assignment.trained.networks import (
    Learner,
    Net,
    begin,
    loss,
    outgoing,
    with_one,
    write,
)
from hebbnotes.plasticity.rules import Cells

__all__ = ["OTHERS", "Equilibrium", "ForwardForward", "response"]

_NONE = torch.zeros(())


def response(drive: Tensor) -> Tensor:
    """Return the rate of a smooth cell: -1 to 1, of slope 1 at a drive of 0."""
    return torch.tanh(drive)


@dataclass(frozen=True)
class Equilibrium(Learner):
    """Cells that drive each other both ways until they rest; outputs are nudged to the target.

    At rest ``rate = response(drive from below + drive from above)``, and an output's drive has
    ``nudge * (target - rate)`` besides. Each synapse adds ``pre * post / (2 beta)`` where the nudge
    is beta, and takes it away where it is -beta; with one nudge alone, against none.

    Source: eq-equilibrium-bias; Scellier & Bengio (2017), with the rates as the variables of the
    energy; two nudges after Laborieux and others (2021).

    Attributes
    ----------
    beta : float
    free, nudged : int
        Steps of settling without a nudge, and from there with one.
    size : float
        Of a step, as a share of what is missing.
    both : bool
        Whether there is a nudge away from the target, too.
    trains : str
        ``"all"`` layers, or the ``"last"`` alone.
    exact : bool
        Whether the gradient is taken through the settling instead: the control.
    """

    beta: float = 0.2
    free: int = 30
    nudged: int = 20
    size: float = 0.5
    both: bool = True
    trains: str = "all"
    exact: bool = False

    def _begin(self, sizes: tuple[int, ...], generator: torch.Generator) -> Net:
        """Return one network; at half of He's deviation, cells rest soon."""
        return begin(sizes, generator, 0.5)

    def settled(
        self,
        net: Net,
        x: Tensor,
        steps: int,
        start: list[Tensor] | None = None,
        nudge: Callable[[Tensor], Tensor] | None = None,
    ) -> list[Tensor]:
        """Return the rates above the input after so many steps."""
        first = torch.matmul(with_one(x), net.weights[0])
        h = [first.new_zeros(*first.shape[:2], w.shape[-1]) for w in net.weights]
        h = h if start is None else list(start)
        for _ in range(steps):
            new = []
            for layer, rate in enumerate(h):
                below = with_one(h[layer - 1]) @ net.weights[layer] if layer else first
                if layer < len(h) - 1:
                    above = Cells(h[layer + 1], h[layer + 1], h[layer + 1])
                    here = Cells(rate, rate, rate)
                    w_out = outgoing(net.weights[layer + 1])
                    drive = below + rules.symmetric(w_out, _NONE, here, above, _NONE)
                else:
                    drive = below if nudge is None else below + nudge(rate)
                new.append(torch.lerp(rate, response(drive), self.size))
            h = new
        return h

    def answers(self, net: Net, x: Tensor) -> Tensor:
        """Return the outputs (S, B, n_out) at rest."""
        return self.settled(net, x, self.free)[-1]

    def _learn(
        self, net: Net, x: Tensor, target: Tensor, rate: list[Tensor], generator: torch.Generator
    ) -> None:
        """Learn from a batch."""
        if self.exact:
            _down(net, lambda its: loss(self.answers(its, x), target), rate)
            return
        rest = self.settled(net, x, self.free)
        nudges = [self.beta, -self.beta if self.both else 0.0]
        spread = nudges[0] - nudges[1]
        kept = [w.clone() for w in net.weights]
        for beta, sign in zip(nudges, (1, -1), strict=True):
            there = rest
            if beta:
                of = Net(kept, [])
                nudge = _towards(target, beta)
                there = self.settled(of, x, self.nudged, rest, nudge)
            for layer, w in enumerate(net.weights):
                if self.trains == "last" and layer < len(net.weights) - 1:
                    continue
                pre = with_one(there[layer - 1]) if layer else with_one(x)
                phase = torch.full(there[layer].shape[:-1], sign / spread).to(w)
                write(in_two_phases, w, pre, there[layer], rate[layer], modulator=phase)


def _towards(target: Tensor, beta: float) -> Callable[[Tensor], Tensor]:
    return lambda rate: beta * (target - rate)


def _down(net: Net, losses: Callable[[Net], Tensor], rate: list[Tensor]) -> None:
    """Go down the gradient of the mean of the losses (S, B) of networks that do not touch."""
    with torch.enable_grad():
        its = Net([w.detach().clone().requires_grad_() for w in net.weights], [])
        found = torch.autograd.grad(losses(its).mean(-1).sum(), its.weights)
    for w, gradient, its_rate in zip(net.weights, found, rate, strict=True):
        w.sub_(its_rate.view(-1, 1, 1) * gradient)


@dataclass(frozen=True)
class ForwardForward(Learner):
    """Layers that are each active for a picture with its label, and silent with another one.

    The label is a part of the input; each layer gets the rates below it at a mean square of 1, and
    is told by :func:`.goodness`. The answer is the label with which the layers are most active.

    Source: Hinton (2022), with the mean square, and a threshold of 1.

    Attributes
    ----------
    trains : str
        ``"all"`` layers, or the ``"last"`` alone.
    exact : bool
        Whether errors pass between layers, too: the gradient of the same loss, the control.
    """

    trains: str = "all"
    exact: bool = False

    def _begin(self, sizes: tuple[int, ...], generator: torch.Generator) -> Net:
        """Return one network, without outputs, whose inputs have room for a label."""
        return begin((sizes[0] + sizes[-1], *sizes[1:-1]), generator)

    def layers(self, weights: list[Tensor], x: Tensor, label: Tensor) -> list[tuple[Tensor, Cells]]:
        """Return what each layer gets, and its cells."""
        h = torch.cat([x, label], -1)
        found = []
        for w in weights:
            pre = h * (h.square().mean(-1, keepdim=True) + 1e-8).rsqrt()
            drive = torch.matmul(with_one(pre), w)
            h = torch.relu(drive)
            found.append((pre, Cells(h, drive, torch.zeros_like(h))))
        return found

    def answers(self, net: Net, x: Tensor) -> Tensor:
        """Return the sum of the layers' mean squares for each label, (S, B, n_out)."""
        n_out = net.weights[0].shape[1] - 1 - x.shape[-1]
        labels = torch.eye(n_out).to(x)
        score = []
        for label in labels:
            each = self.layers(net.weights, x, label.expand(*x.shape[:-1], -1))
            score.append(torch.stack([c.rate.square().mean(-1) for _, c in each]).sum(0))
        return torch.stack(score, -1)

    def wrong(self, weights: list[Tensor], x: Tensor, label: Tensor, other: Tensor) -> Tensor:
        """Return the loss of each example, a sum over layers, (S, B)."""
        each = [
            torch.nn.functional.softplus(-sign * (c.rate.square().mean(-1) - 1))
            for sign, its in ((1, label), (-1, other))
            for _, c in self.layers(weights, x, its)
        ]
        return torch.stack(each).sum(0)

    def _learn(
        self, net: Net, x: Tensor, target: Tensor, rate: list[Tensor], generator: torch.Generator
    ) -> None:
        """Learn from a batch: with its labels, and with others."""
        n_out = target.shape[-1]
        shift = torch.randint(1, n_out, (len(target),), generator=generator)
        false = (target.argmax(-1) + shift) % n_out
        wrong = torch.nn.functional.one_hot(false, n_out).to(target)
        weights = [w.clone() for w in net.weights]
        if self.exact:
            _down(net, lambda its: self.wrong(its.weights, x, target, wrong), rate)
            return
        for sign, label in ((1.0, target), (-1.0, wrong)):
            for layer, (pre, here) in enumerate(self.layers(weights, x, label)):
                if self.trains == "last" and layer < len(weights) - 1:
                    continue
                phase = torch.full_like(here.rate, sign)
                error = rules.goodness(_NONE, _NONE, here, here, phase)
                sent = with_one(pre)
                write(follow, net.weights[layer], sent, here.rate, rate[layer], error=error)


def _others() -> dict[str, Learner]:
    return {
        "equilibrium propagation": Equilibrium(),
        "equilibrium network, its gradient": Equilibrium(exact=True),
        "equilibrium network, last layer alone": Equilibrium(trains="last"),
        "forward-forward": ForwardForward(),
        "forward-forward network, its gradient": ForwardForward(exact=True),
        "forward-forward network, last layer alone": ForwardForward(trains="last"),
    }


OTHERS: dict[str, Learner] = _others()
"""Ways to learn in networks of their own, by name."""
