"""What is trained: agents that choose when to write, as the chapter on the maze trains others."""

from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar

import torch

from hebbnotes.experiments import weights
from hebbnotes.experiments.agents.trainings import (
    GOALS,
    Alone,
    Lives,
    Rates,
    agent,
    score,
    score_rates,
    stored,
    train,
    train_rates,
)
from hebbnotes.experiments.experiment import Experiment, Numbers, Weights, loaded, under

__all__ = ["BEST", "KINDS", "TRAINED", "TWO", "Modulated", "stored_agent"]

KINDS = ("simple", "retroactive")
BEST = {"simple": 3e-3, "retroactive": 3e-3}
"""The rate of each: the one that was best of four for the plastic network."""
TWO = (100, 101)
"""The seeds on which rates are tried."""


@dataclass(frozen=True, kw_only=True)
class Modulated(Alone):
    """Configuration of a modulated agent. Its signal begins at 0.5, and each receiver hears a fifth
    of it: at first it writes as a plastic agent does, at a rate of 0.1, and at 0.2 at most. A
    signal that may grow to 1 and is heard unscaled makes traces grow as much.
    """

    kind: str = "simple"
    eta_e: float = 0.1
    signal: float = 0.5
    fan_out: float = 0.2

    def options(self) -> dict[str, Any]:
        """Return what an agent is made with, beside its units and its rule."""
        its = {"eta_e": self.eta_e, "signal": self.signal, "fan_out": self.fan_out}
        return super().options() | its


@dataclass(frozen=True, kw_only=True)
class ModulatedRates(Rates):
    """Configuration of modulated agents of several kinds, each at several learning rates."""

    ONE: ClassVar[type[Alone]] = Modulated


@dataclass(frozen=True, kw_only=True)
class Short(Rates):
    """Configuration of agents of several kinds, each at the rate that is best for it."""

    sizes: dict[str, int] = field(
        default_factory=lambda: {"simple": 64, "retroactive": 64, "plastic": 64, "lstm": 41}
    )
    rates: tuple[float, ...] = (BEST["simple"], BEST["retroactive"], 3e-3, 1e-2)

    def each(self) -> dict[str, Alone]:
        """Return the configuration of each agent by the name of its kind."""
        shared = {one.name: getattr(self, one.name) for one in fields(Lives)}
        return {
            kind: (Modulated if kind in KINDS else Alone)(**shared, kind=kind, n=n, lr=rate)
            for (kind, n), rate in zip(self.sizes.items(), self.rates, strict=True)
        }


def score_short(weights: Weights, seed: int, chosen: Short) -> Numbers:
    """Test each of these agents."""
    return {
        kind: score(under(weights, f"{kind}."), seed, one) for kind, one in chosen.each().items()
    }


def _five(about: str, chosen: Modulated) -> Experiment[Any]:
    five = (0, 1, 2, 3, 4)
    more: dict[str, Any] = {"seeds": five, "keep": five, "stored": ()}
    return Experiment(about, train, score, chosen, "test_finds", **GOALS | more)


def _rates(about: str, rates: tuple[float, ...], **options: Any) -> Experiment[Any]:
    return Experiment(
        f"{about}, on the seeds and by the tests of maze-rates",
        train_rates,
        score_rates,
        ModulatedRates(sizes=dict.fromkeys(KINDS, 64), rates=rates),
        "best.simple",
        shares=lambda chosen: [
            replace(chosen, sizes={kind: n}, rates=(rate,))
            for kind, n in chosen.sizes.items()
            for rate in chosen.rates
        ],
        seeds=TWO,
        **GOALS | {"unit": "goals found in an episode, simple modulation at its best rate"},
        **options,
    )


TRAINED: dict[str, Experiment[Any]] = {
    "maze-modulated-simple": _five(
        "9 x 9 squares, 200 steps: 64 units that choose when to write the pair of the step",
        Modulated(lr=BEST["simple"]),
    ),
    "maze-modulated-retroactive": _five(
        "the same, with an eligibility trace: 64 units that choose when to write earlier pairs",
        Modulated(kind="retroactive", lr=BEST["retroactive"]),
    ),
    "maze-modulated-short": Experiment(
        "3,000 updates: both modulated networks, and the plastic one and the LSTM trained again, "
        "each at its best rate, for what is then done to them",
        train_rates,
        score_short,
        Short(),
        "simple.test_finds",
        seeds=TWO,
        keep=TWO,
        **GOALS | {"unit": "goals found in an episode, simple modulation"},
    ),
    "maze-modulated-rates": _rates("both modulated networks, 3,000 updates", (3e-3,)),
    "maze-modulated-rates-further": _rates(
        "the same at a third and at three times this rate", (1e-3, 1e-2), stored=()
    ),
}
"""The experiments that train, by name."""


def stored_agent(kind: str, seed: int) -> Any:
    """Return the stored agent of a kind and a seed: one of 10,000 updates, or, of the seeds on
    which rates were chosen, one of 3,000.
    """
    if seed not in TWO:
        name = f"maze-modulated-{kind}" if kind in KINDS else f"maze-{kind}"
        return stored(name, seed, Modulated if kind in KINDS else Alone)
    made = agent(Short().each()[kind], torch.Generator())
    return loaded(made, weights("maze-modulated-short"), f"{seed}.{kind}.")
