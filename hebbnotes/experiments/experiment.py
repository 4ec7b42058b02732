"""What an experiment is, and how one seed of it is trained."""

import json
import operator
from collections.abc import Callable, Collection, Iterable
from dataclasses import KW_ONLY, asdict, dataclass, field, replace
from functools import wraps
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from hebbnotes import _checks
from hebbnotes.learning import training
from hebbnotes.plasticity import rules

__all__ = [
    "RULES",
    "Arms",
    "Experiment",
    "Numbers",
    "Trial",
    "Weights",
    "block_ends",
    "blocks",
    "described",
    "loaded",
    "nothing",
    "short",
    "shorts",
    "train_each",
    "under",
    "untested",
    "updates_to",
]

Numbers = dict[str, Any]
"""What is measured on one seed: numbers, or lists and dicts of them."""
Weights = dict[str, Tensor]
"""What was trained."""
RULES = {"hebb": rules.hebb, "decay": rules.decay, "oja": rules.oja}
"""The rules that a configuration may name."""

C = TypeVar("C")
Network = TypeVar("Network", bound=nn.Module)


@dataclass(frozen=True)
class Trial:
    """One seed of an experiment, while it is trained.

    Attributes
    ----------
    seed : int
        Seed of all that is random.
    folder : Path
        Where its checkpoints are.
    device : str
        Where it is computed.
    bar : dict
        Further arguments of the progress bar.
    tell : callable
        ``tell(part, update, updates)`` is called before each update, to show or to stop it from
        elsewhere.
    """

    seed: int
    folder: Path
    device: str = "cpu"
    bar: dict[str, Any] = field(default_factory=dict)
    tell: Callable[[str, int, int], None] = lambda *_: None

    def generator(self) -> torch.Generator:
        """Return a source of randomness that starts from the seed."""
        return torch.Generator(self.device).manual_seed(self.seed)

    def on_cpu(self, why: str) -> None:
        """Refuse another device than the processor, and say why it would not be used."""
        if self.device != "cpu":
            raise ValueError(f"device must be cpu, got {self.device}: {why}")

    def train(
        self,
        parameters: Iterable[Tensor],
        loss: Callable[[int], tuple[Tensor, dict[str, float]]],
        updates: int,
        generator: torch.Generator,
        *,
        part: str = "",
        **options: Any,
    ) -> training.History:
        """Train, or go on where it was stopped; of a trial that has several trainings, ``part``
        names this one.

        An interruption is passed on, since a network that was stopped is no result. Further options
        are those of :func:`.training.train`.
        """
        checkpoint = self.folder / f"{part or 'training'}.checkpoint"
        bar = self.bar | ({"desc": f"{self.bar.get('desc', '')}, {part}"} if part else {})

        @wraps(loss)  # a checkpoint remembers the name of the loss
        def told(update: int) -> tuple[Tensor, dict[str, float]]:
            self.tell(part, update, updates)
            return loss(update)

        history = training.train(
            parameters,
            told,
            updates,
            generator=generator,
            checkpoint=checkpoint,
            bar=bar,
            **options,
        )
        if history.interrupted:
            raise KeyboardInterrupt
        return history


@dataclass(frozen=True)
class Experiment(Generic[C]):
    """One training, repeated over seeds; a configuration is a frozen dataclass, in which a wrong
    key is an error.

    Attributes
    ----------
    about : str
        What it is, in a sentence.
    train : callable
        ``train(trial, configuration)`` returns what was measured while it was trained, and the
        trained weights.
    test : callable
        ``test(weights, seed, configuration)`` returns what trained weights are worth, on episodes
        that were never trained on.
    configuration : C
        Everything that was chosen.
    metric : str
        Which of the numbers of ``test`` is the result; a dot leads into a dict.
    unit : str
        What the metric counts.
    at_least : float or None
        The bound below which the metric cannot lie, such as 0 for a share: an interval ends there.
        None without one.
    also : dict
        Further numbers of a seed that belong beside it, each with what it counts.
    seeds : tuple of int
        Seeds of the stored result.
    keep : tuple of int
        Seeds whose weights are stored with it.
    keep_at : tuple of str
        Scales at which they are.
    keep_only : tuple of str
        Which of these weights, by name; without names all are, and a test finds the numbers again.
    scales : dict
        The configuration at further scales: a ``notebook`` trains for a minute or less, ``paper``
        is as published. Where it is that of the ``book``, the scale is the book itself.
    stored : tuple of str
        Scales whose results the package holds.
    needs : callable
        ``needs(configuration)`` raises an error that says what is missing, if data are not there.
    shares : callable
        ``shares(configuration)`` returns configurations that each train a part of it, into
        checkpoints of their own, and all of it together, so that several processes share a seed; by
        default none.
    paper : tuple of str
        The figures or tables of Miconi, Stanley & Clune (2018) that it belongs to; the number of
        the first is stored beside ours.
    difference : str
        How it differs from what was published, and why.
    """

    about: str
    train: Callable[[Trial, C], tuple[Numbers, Weights]]
    test: Callable[[Weights, int, C], Numbers]
    configuration: C
    metric: str
    unit: str
    _: KW_ONLY
    at_least: float | None = None
    also: dict[str, str] = field(default_factory=dict)
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    keep: tuple[int, ...] = ()
    keep_at: tuple[str, ...] = ("book", "notebook", "paper")
    keep_only: tuple[str, ...] = ()
    scales: dict[str, C] = field(default_factory=dict)
    stored: tuple[str, ...] = ("book",)
    needs: Callable[[C], Any] = lambda _: None
    shares: Callable[[C], list[C]] = lambda _: []
    paper: tuple[str, ...] = ()
    difference: str = ""

    def scaled(self, scale: str) -> C:
        """Return the configuration at a scale.

        Raises
        ------
        ValueError
            If the experiment has no such scale.
        """
        scales = {"book": self.configuration} | self.scales
        if scale not in scales:
            raise ValueError(f"scale must be one of {', '.join(scales)}, got {scale!r}")
        return scales[scale]

    def keep_whole(self, scale: str) -> tuple[int, ...]:
        """Return the seeds whose weights are kept whole at a scale."""
        return self.keep if scale in self.keep_at and not self.keep_only else ()

    def entry(self, name: str) -> dict[str, Any]:
        """Return what the index says of the experiment under its name."""
        scales = {
            scale: {
                "file": name if self.scaled(scale) == self.configuration else f"{name}.{scale}",
                "stored": scale in self.stored,
                "weights": list(self.keep_whole(scale)) if scale in self.stored else [],
            }
            for scale in ("book", *self.scales)
        }
        return {
            "about": self.about,
            "command": f"python -m hebbnotes.experiments run {name}",
            "seeds": list(self.seeds),
            "scales": scales,
            "paper": list(self.paper),
            "also": self.also,
            "difference": self.difference,
        }


def described(configuration: Any) -> dict[str, Any]:
    """Return a configuration as it is read from JSON."""
    return json.loads(json.dumps(asdict(configuration)))


def nothing(trial: Trial, configuration: Any) -> tuple[Numbers, Weights]:
    """Train nothing: for an experiment that only measures, on the processor."""
    trial.on_cpu("this experiment trains nothing, and measures on the processor")
    return {}, {}


def untested(weights: Weights, seed: int, configuration: Any) -> Numbers:
    """Test nothing: for an experiment that measures all while it trains."""
    return {}


@dataclass(frozen=True, kw_only=True)
class Arms:
    """Configuration of networks of several arms, each trained at one learning rate or more.

    Attributes
    ----------
    rates : dict
        Of each arm the learning rates at which it is trained.
    """

    rates: dict[str, tuple[float, ...]]

    def __post_init__(self) -> None:
        for arm, its in self.rates.items():
            _checks.choice("arm", arm, (*self.known(),))
            if not its:
                raise ValueError(f"rates must name one or more for the arm {arm!r}, got {its}")
            for rate in its:
                _checks.number("rate", rate, 0)

    def known(self) -> Collection[str]:
        """Return the arms that there are."""
        raise NotImplementedError

    def names(self, arm: str) -> list[str]:
        """Return the names of an arm's trainings: with several rates, each with its own."""
        rates = self.rates[arm]
        return [arm] if len(rates) == 1 else [f"{arm} {rate:g}" for rate in rates]

    def each(self) -> dict[str, tuple[str, float]]:
        """Return arm and learning rate of each training by its name."""
        return {
            name: (arm, rate)
            for arm, rates in self.rates.items()
            for name, rate in zip(self.names(arm), rates, strict=True)
        }

    def alone(self) -> list[Self]:
        """Return configurations of one training each."""
        return [replace(self, rates={arm: (rate,)}) for arm, rate in self.each().values()]


def train_each(
    chosen: Arms,
    train: Callable[[str, float], tuple[Numbers, nn.Module]],
    score: Callable[[Numbers], float],
    better: Callable[[float, float], bool] = operator.gt,
) -> tuple[Numbers, Weights]:
    """Train a network of each arm at each of its rates, and tell the best rate of each arm.

    Parameters
    ----------
    chosen : Arms
    train : callable, ``train(arm, rate)`` returns what was measured, and the network
    score : callable, of what was measured the number by which rates are compared
    better : callable, ``better(new, old)``: ``operator.lt`` where less is better
    """
    numbers: Numbers = {"trained": {}, "best": {}, "best_rate": {}}
    weights: Weights = {}
    best = numbers["best"]
    for name, (arm, rate) in chosen.each().items():
        found, net = train(arm, rate)
        numbers["trained"][name] = found
        if arm not in best or better(score(found), best[arm]):
            best[arm], numbers["best_rate"][arm] = score(found), rate
        weights |= {f"{name}.{key}": value for key, value in net.state_dict().items()}
    return numbers, weights


def short(value: Any) -> float:
    """Return a number with four significant digits, for a file that people read."""
    return float(f"{value.item() if isinstance(value, Tensor) else value:.4g}")


def shorts(values: Any) -> list[float]:
    """Return numbers with four significant digits each."""
    return [short(v) for v in values]


def under(weights: Weights, prefix: str) -> Weights:
    """Return those weights whose names begin with a prefix, such as ``"0."`` for seed 0, under the
    rest of their names.
    """
    return {
        key.removeprefix(prefix): value for key, value in weights.items() if key.startswith(prefix)
    }


def loaded(net: Network, weights: Weights, prefix: str = "") -> Network:
    """Return a network with those weights whose names begin with a prefix, and without gradients.

    Raises
    ------
    RuntimeError
        If weights are missing or do not fit.
    """
    net.load_state_dict(under(weights, prefix))
    return net.requires_grad_(False)


def block_ends(updates: int, n_blocks: int) -> list[int]:
    """Return after how many updates each of some equal blocks of a training ends; fewer blocks,
    where there are too few updates.
    """
    return sorted({max(1, round(updates * k / n_blocks)) for k in range(1, n_blocks + 1)})


def blocks(values: list[float], ends: Iterable[int]) -> list[float]:
    """Return the means of a training's numbers between one end and the next."""
    ends = list(ends)
    return shorts(np.mean(values[a:b]) for a, b in zip([0, *ends[:-1]], ends, strict=True))


def updates_to(right: list[float], share: float = 0.9, window: int = 100) -> int | None:
    """Return after how many updates the mean of a window first reached a share; None if never."""
    total = 0.0
    for k, one in enumerate(right):
        total += one - (right[k - window] if k >= window else 0.0)
        if k + 1 >= window and total >= share * window - 1e-9:
            return k + 1
    return None
