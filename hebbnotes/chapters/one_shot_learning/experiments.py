"""Experiments on one-shot learning: Table 1 of the paper, a prototypical network beside it, and
what changes with rule and task.
"""

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from hebbnotes import _checks, data
from hebbnotes.chapters.one_shot_learning import elsewhere, handwriting
from hebbnotes.chapters.one_shot_learning.readings import Pixels, answers, featured
from hebbnotes.experiments.experiment import (
    RULES,
    Experiment,
    Numbers,
    Trial,
    Weights,
    block_ends,
    blocks,
    loaded,
    nothing,
    short,
    shorts,
)
from hebbnotes.experiments.stored import weights as stored_weights
from hebbnotes.learning import training
from hebbnotes.networks import one_shot as networks
from hebbnotes.tasks import one_shot

__all__ = ["EXPERIMENTS", "load", "network"]


@dataclass(frozen=True, kw_only=True)
class Omniglot:
    """Configuration of a network on Omniglot; one without ``alpha`` is a prototypical network.

    In an update ``batch`` episodes share ``n_characters`` times ``n_drawings`` drawings.
    """

    alpha: str | None = "shared"
    rule: str = "oja"
    eta: float = 0.27
    alpha_scale: float = 1.0
    held_out: int = 100
    n_ways: int = 5
    n_shots: int = 1
    n_characters: int = 64
    n_drawings: int = 4
    batch: int = 4096
    updates: int = 6_000
    lr: float = 2e-3
    kernel_lr: float | None = 0.01
    schedule: str = "cosine"
    jitter: bool = True
    precision: str = "bfloat16"
    test_episodes: int = 100_000


@dataclass(frozen=True, kw_only=True)
class Alphabets(Omniglot):
    """The same where whole alphabets are held out, and some characters of each other one."""

    alphabets: int = 10
    of_others: int = 8
    n_characters: int = 32
    batch: int = 1024
    updates: int = 600
    lr: float = 3e-3
    kernel_lr: float | None = 0.02
    test_episodes: int = 5_000


@dataclass(frozen=True, kw_only=True)
class Digits:
    """Configuration of a test of stored networks on digits."""

    of: tuple[str, ...] = ("omniglot-plastic", "omniglot-prototypes")
    n_ways: int = 5
    each: int = 500
    test_episodes: int = 20_000


def network(
    chosen: Omniglot, generator: torch.Generator
) -> networks.OneShotNetwork | networks.PrototypicalNetwork:
    """Return the untrained network of a configuration."""
    rule = RULES[_checks.choice("rule", chosen.rule, tuple(RULES))]
    if chosen.alpha is None:
        return networks.PrototypicalNetwork(generator=generator)
    how: dict[str, Any] = {"eta": chosen.eta, "alpha_scale": chosen.alpha_scale}
    return networks.OneShotNetwork(chosen.n_ways, rule, chosen.alpha, **how, generator=generator)


def load(
    name: str, weights: Weights, prefix: str = ""
) -> networks.OneShotNetwork | networks.PrototypicalNetwork:
    """Return the trained network of an experiment: with those weights whose names begin with a
    prefix, such as ``"0."``.

    Raises
    ------
    ValueError
        If there is no such experiment here.
    RuntimeError
        If weights are missing or do not fit.
    """
    trained = {
        one: experiment.configuration
        for one, experiment in EXPERIMENTS.items()
        if isinstance(experiment.configuration, Omniglot)
    }
    chosen = trained[_checks.choice("name", name, tuple(trained))]
    return loaded(network(chosen, torch.Generator()), weights, prefix)


def _falling(done: float) -> float:
    """Take a third off the learning rate after each fifth of the training, as the published code
    does.
    """
    return 0.666 ** int(5 * done)


LR_SCHEDULES = {"cosine": training.cosine, "falling": _falling}


def divided(names: list[str], seed: int, chosen: Omniglot) -> tuple[Tensor, ...]:
    """Return which characters a seed trains on, and those that it holds out: their numbers."""
    if isinstance(chosen, Alphabets):
        return elsewhere.by_alphabet(names, chosen.alphabets, chosen.of_others, seed)
    return one_shot.split(len(names), chosen.held_out, seed)


def train(trial: Trial, chosen: Omniglot) -> tuple[Numbers, Weights]:
    """Train a network on the characters that its seed does not hold out."""
    drawings, names = one_shot.omniglot()
    known, *_ = divided(names, trial.seed, chosen)
    g = trial.generator()
    drawings = drawings[known].to(g.device)
    net = network(chosen, g)
    counts = chosen.n_characters, chosen.n_drawings, chosen.n_ways, chosen.n_shots, chosen.batch

    def draw() -> one_shot.Pool:
        pool = one_shot.pool(drawings, *counts, g)
        return (
            pool._replace(pictures=handwriting.jitter(pool.pictures, g)) if chosen.jitter else pool
        )

    loss = one_shot.loss(net, draw, getattr(torch, chosen.precision))
    options: dict[str, Any] = {
        "lr": chosen.lr,
        "kernel_lr": chosen.kernel_lr,
        "schedule": LR_SCHEDULES[chosen.schedule],
    }
    history = trial.train(net.parameters(), loss, chosen.updates, g, **options)
    ends = block_ends(chosen.updates, 40)
    return {
        "trained_numbers": sum(p.numel() for p in net.parameters()),
        "updates": ends,
        "right": blocks(history.metrics["right"], ends),
        "loss": blocks(history.loss, ends),
    }, net.state_dict()


def score(weights: Weights, seed: int, chosen: Omniglot) -> Numbers:
    """Test a network on the characters that it never saw: as it is, read by another rule, and with
    more drawings of each.
    """
    drawings, _ = one_shot.omniglot()
    net = loaded(network(chosen, torch.Generator()), weights)
    new = drawings[one_shot.split(len(drawings), chosen.held_out, seed)[1]]
    g, n_ways, n_shots = torch.Generator(), chosen.n_ways, chosen.n_shots
    g.manual_seed(10_000 + seed)
    features = featured(net, new)
    read, where = answers(net, features, n_ways, n_shots, chosen.test_episodes, g)
    own = "prototypes" if isinstance(net, networks.PrototypicalNetwork) else chosen.rule
    found: Numbers = {
        "test_right": short(read[own].mean()),
        "first_hundred_right": short(read[own][:100].mean()),  # as published
        "read_by": {name: short(right.mean()) for name, right in read.items()},
    }
    if n_shots == 1:
        steps = range(n_ways)
        found["by_step"] = {
            name: shorts(right[where == step].mean() for step in steps)
            for name, right in read.items()
        }
    if (n_ways, n_shots) == (5, 1):
        read, _ = answers(net, features, n_ways, 5, min(chosen.test_episodes, 20_000), g)
        found["five_shots_read_by"] = {name: short(right.mean()) for name, right in read.items()}
    if isinstance(net, networks.OneShotNetwork):
        found |= {
            "eta": short(net.readout.eta),
            "alpha": short(net.readout.alpha.mean()),
            "w_std": short(net.readout.w.std()),
        }
    return found


def score_harder(weights: Weights, seed: int, chosen: Alphabets) -> Numbers:
    """Test a network on what its seed holds out, of alphabets that it knows and of new ones, and
    beside it the network before its training, and the pixels.
    """
    drawings, names = one_shot.omniglot()
    net = loaded(network(chosen, torch.Generator()), weights)
    nets = {
        "trained": net,
        "untrained": network(chosen, torch.Generator().manual_seed(seed)),
        "pixels": Pixels(),
    }
    _, *held_out = divided(names, seed, chosen)
    found: Numbers = {}
    for kind, its in zip(("known", "new"), held_out, strict=True):
        its_names = [names[k] for k in its.tolist()]
        found[f"{kind}_characters"] = len(its)
        found[f"{kind}_alphabets"] = {
            name: elsewhere.shares(
                elsewhere.harder(
                    one, drawings[its], its_names, chosen.n_ways, chosen.test_episodes, seed
                )
            )
            for name, one in nets.items()
        }
    found["held_out"] = sorted({elsewhere.alphabet(names[k]) for k in held_out[1].tolist()})
    own = found["new_alphabets"]["trained"]["alphabet"][elsewhere.own(net)]
    return {"test_right": own, **found}


def score_digits(weights: Weights, seed: int, chosen: Digits) -> Numbers:
    """Test stored networks, and pixels, on digits that nobody turned: as they are, and with thinner
    strokes.
    """
    nets = {name: load(name, stored_weights(name), f"{seed}.") for name in chosen.of}
    found: Numbers = {"right_of": {}}
    for test, thin in (("as they are", False), ("thin", True)):
        drawings, read = elsewhere.digits(thin, chosen.each), {}
        for name, net in (nets | {"pixels": Pixels()}).items():
            g = torch.Generator().manual_seed(200_000 + seed)
            features = featured(net, drawings)
            read[name] = answers(
                net, features, chosen.n_ways, 1, chosen.test_episodes, g, turn=False
            )[0]
        found["right_of"][test] = elsewhere.shares(read)
    return {"test_right": found["right_of"]["as they are"][chosen.of[0]]["oja"], **found}


def _are_there(chosen: Omniglot) -> None:
    data.require("omniglot")


def _digits_are_there(chosen: Digits) -> None:
    data.require("mnist")


def _experiment(about: str, chosen: Omniglot, **options: Any) -> Experiment[Any]:
    shared: dict[str, Any] = {
        "unit": "share of drawings of new characters named right",
        "at_least": 0.0,
        "needs": _are_there,
        "keep": (0,),
    }
    test = score_harder if isinstance(chosen, Alphabets) else score
    return Experiment(about, train, test, chosen, "test_right", **shared | options)


_PUBLISHED = Omniglot(
    eta=0.01,
    alpha_scale=0.01,
    n_characters=5,
    n_drawings=2,
    batch=1,
    updates=5_000_000,
    lr=3e-5,
    kernel_lr=None,
    schedule="falling",
    jitter=False,
    precision="float32",
)
_DIFFERENCE = (
    "in an update 4,096 episodes share 256 drawings, each slightly turned, stretched, sheared and "
    "shifted, instead of one episode of drawings as they are; 6,000 updates instead of 1,000,000 "
    "in version 1 of the paper and 5,000,000 in its later code; kernels are trained with Muon at "
    "0.01 and all else with Adam at 0.002, both falling along a cosine, instead of Adam at "
    "0.00003, falling by thirds, in that code; eta is the sigmoid of what is trained, and not "
    "trained itself; the trace is read from the start (alpha 1 and eta 0.27 instead of 0.01 each); "
    "one plasticity for all connections makes the 111,746 numbers of version 1, while the command "
    "of that code trains one for each; convolutions are trained in half precision (bfloat16); "
    "drawings are made smaller by means over areas, ink is 1 and paper 0, and what is asked for is "
    "never the drawing that was shown, which there it is once in 20 episodes; the loss is the "
    "cross-entropy of the softmax instead of one for each output; three or five seeds with 100,000 "
    "test episodes each instead of ten with 100. Settings were chosen by the held-out characters "
    "of seeds 100 and 101. The scale of the paper, which was not run, has the numbers of that code "
    "but for eta, drawings, loss and test"
)

_LONG = Alphabets(n_characters=64, batch=4096, updates=6_000, lr=2e-3, kernel_lr=0.01)

EXPERIMENTS: dict[str, Experiment[Any]] = {
    "omniglot-plastic": _experiment(
        "five characters, one drawing of each, the published network with one plasticity for all "
        "connections, Oja's rule",
        Omniglot(),
        keep=(0, 1, 2, 3, 4),
        scales={"paper": _PUBLISHED},
        paper=("Table 1",),
        difference=_DIFFERENCE,
    ),
    "omniglot-full": _experiment(
        "the same with a plasticity of its own for each connection",
        Omniglot(alpha="full"),
        seeds=(0, 1, 2),
        scales={"paper": replace(_PUBLISHED, alpha="full")},
        paper=("Table 1",),
        difference=_DIFFERENCE,
    ),
    "omniglot-prototypes": _experiment(
        "the same convolutions without plasticity: a prototypical network",
        Omniglot(alpha=None),
        keep=(0, 1, 2, 3, 4),
        paper=("Table 1",),
        difference="the paper quotes a published number; this is a network with the convolutions "
        "and the training of ours",
    ),
    "omniglot-decay": _experiment(
        "five characters, one drawing of each, the decay rule",
        Omniglot(rule="decay"),
        seeds=(0, 1, 2),
    ),
    "omniglot-five-shots": _experiment(
        "five characters, five drawings of each",
        Omniglot(n_shots=5, n_characters=32, n_drawings=8, batch=1024, test_episodes=20_000),
        seeds=(0, 1, 2),
    ),
    "omniglot-twenty-ways": _experiment(
        "twenty characters, one drawing of each, a read-out for twenty labels",
        Omniglot(n_ways=20, batch=1024, test_episodes=20_000),
        seeds=(0, 1, 2),
    ),
    "alphabets-plastic": _experiment(
        "ten whole alphabets are held out, and the five characters of an episode are of one of "
        "them; the plastic network, trained for a tenth of the updates",
        Alphabets(),
        keep=(),
        scales={"long": _LONG},
    ),
    "alphabets-prototypes": _experiment(
        "ten whole alphabets are held out, and the five characters of an episode are of one of "
        "them; the prototypical network, trained for a tenth of the updates",
        Alphabets(alpha=None),
        keep=(),
        scales={"long": replace(_LONG, alpha=None)},
    ),
    "omniglot-digits": Experiment(
        "the stored networks for characters are shown five digits, one drawing of each",
        nothing,
        score_digits,
        Digits(),
        "test_right",
        "share of digits named right by the plastic network",
        at_least=0.0,
        needs=_digits_are_there,
    ),
}
"""All experiments on Omniglot."""
