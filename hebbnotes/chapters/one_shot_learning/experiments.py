"""Experiments on one-shot learning: Table 1 of the paper, a prototypical network beside it, and
what changes with rule and task.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from hebbnotes import _checks, data
from hebbnotes.chapters.one_shot_learning import handwriting
from hebbnotes.experiments.experiment import (
    RULES,
    Experiment,
    Numbers,
    Trial,
    Weights,
    block_ends,
    blocks,
    loaded,
    short,
    shorts,
)
from hebbnotes.learning import training
from hebbnotes.networks import one_shot as networks
from hebbnotes.networks import run_layer
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
    chosen = EXPERIMENTS[_checks.choice("name", name, tuple(EXPERIMENTS))].configuration
    return loaded(network(chosen, torch.Generator()), weights, prefix)


def _falling(done: float) -> float:
    """Take a third off the learning rate after each fifth of the training, as the published code
    does.
    """
    return 0.666 ** int(5 * done)


LR_SCHEDULES = {"cosine": training.cosine, "falling": _falling}


def train(trial: Trial, chosen: Omniglot) -> tuple[Numbers, Weights]:
    """Train a network on the characters that its seed does not hold out."""
    drawings, _ = one_shot.omniglot()
    known, _ = one_shot.split(len(drawings), chosen.held_out, trial.seed)
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
    answers, where = _answers(net, new, n_ways, n_shots, chosen.test_episodes, g)
    own = "prototypes" if isinstance(net, networks.PrototypicalNetwork) else chosen.rule
    found: Numbers = {
        "test_right": short(answers[own].mean()),
        "first_hundred_right": short(answers[own][:100].mean()),  # as published
        "read_by": {name: short(right.mean()) for name, right in answers.items()},
    }
    if n_shots == 1:
        steps = range(n_ways)
        found["by_step"] = {
            name: shorts(right[where == step].mean() for step in steps)
            for name, right in answers.items()
        }
    if (n_ways, n_shots) == (5, 1):
        answers, _ = _answers(net, new, n_ways, 5, min(chosen.test_episodes, 20_000), g)
        found["five_shots_read_by"] = {name: short(right.mean()) for name, right in answers.items()}
    if isinstance(net, networks.OneShotNetwork):
        found |= {
            "eta": short(net.readout.eta),
            "alpha": short(net.readout.alpha.mean()),
            "w_std": short(net.readout.w.std()),
        }
    return found


def _answers(
    net: Any,
    drawings: Tensor,
    n_ways: int,
    n_shots: int,
    n_episodes: int,
    generator: torch.Generator,
) -> tuple[dict[str, Tensor], Tensor]:
    """Return for each way to read the features which episodes were right, 0 or 1, and at which step
    the label was first shown.
    """
    turned = torch.stack([drawings.rot90(k, (-2, -1)) for k in range(4)])
    features = torch.cat(
        [net.features(some) for some in turned.flatten(0, 2).split(500)]
    ).unflatten(0, turned.shape[:3])
    n_characters, n_drawings = drawings.shape[:2]
    answers: dict[str, list[Tensor]] = {}
    where = []
    for at in range(0, n_episodes, 500):  # of features, so that each drawing is looked at once
        batch = min(500, n_episodes - at)
        drawn = one_shot.draw(n_characters, n_drawings, n_ways, n_shots, batch, generator)
        seen = features[drawn.turns, drawn.characters, drawn.samples].transpose(0, 1)
        e = one_shot.with_labels(seen, drawn.labels, n_ways)
        for name, drive in readings(net, seen, e.targets, e.clamp).items():
            answers.setdefault(name, []).append(one_shot.correct(drive, e).float())
        where.append((e.targets[:-1].argmax(-1) == e.answer).float().argmax(0))
    return {name: torch.cat(right) for name, right in answers.items()}, torch.cat(where)


def readings(net: Any, seen: Tensor, targets: Tensor, clamp: Tensor) -> dict[str, Tensor]:
    """Return the answers to the last step, shape (B, N), of several ways to read the same features.

    Parameters
    ----------
    net : OneShotNetwork or PrototypicalNetwork
        Whose features they are.
    seen : Tensor
        Features of each step, shape (T, B, F).
    targets, clamp : Tensor
        As in :class:`.OneShot`.

    Returns
    -------
    dict
        ``"prototypes"``, the nearest mean, and ``"mean product"``, the largest product with a mean,
        for any network; for a plastic one also ``"oja"`` and ``"decay"``, its read-out under this
        rule, and ``"w = 0"``, its read-out without fixed weights.
    """
    shown, labels = seen[:-1], targets[:-1]
    means = torch.einsum("kbf,kbn->bnf", shown, labels) / labels.sum(0).unsqueeze(-1)
    found = {
        "prototypes": networks.prototypes(shown, labels, seen[-1]),
        "mean product": (means @ seen[-1].unsqueeze(-1)).squeeze(-1),
    }
    if isinstance(net, networks.OneShotNetwork):
        layer = net.readout
        ways = {name: (layer.w, RULES[name]) for name in ("oja", "decay")} | {
            "w = 0": (0 * layer.w, layer.rule)
        }
        for name, (w, rule) in ways.items():
            found[name] = run_layer(seen, w, layer.alpha, layer.eta, rule, None, targets, clamp)[0][
                -1
            ]
    return found


def _are_there(chosen: Omniglot) -> None:
    data.require("omniglot")


def _experiment(about: str, chosen: Omniglot, **options: Any) -> Experiment[Any]:
    shared: dict[str, Any] = {
        "unit": "share of drawings of new characters named right",
        "at_least": 0.0,
        "needs": _are_there,
        "keep": (0,),
    }
    return Experiment(about, train, score, chosen, "test_right", **shared | options)


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
    "shifted, instead of one "
    "episode of drawings as they are; 6,000 updates instead of 1,000,000 in version 1 of the "
    "paper and 5,000,000 in its "
    "later code; kernels are trained with Muon at 0.01 and all else with Adam at 0.002, both "
    "falling along a cosine, "
    "instead of Adam at 0.00003, falling by thirds, in that code; the trace is read from the "
    "start (alpha 1 and eta 0.27 "
    "instead of 0.01 each); convolutions are trained in half precision (bfloat16); ink is 1 and "
    "paper 0; the loss is the "
    "cross-entropy of the softmax instead of one for each output; three or five seeds with "
    "100,000 test episodes each "
    "instead of ten with 100. Settings were chosen by the held-out characters of seeds 100 and "
    "101. The scale of the paper, "
    "which was not run, has the numbers of that code but for ink, loss and test"
)

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
}
"""All experiments on Omniglot."""
