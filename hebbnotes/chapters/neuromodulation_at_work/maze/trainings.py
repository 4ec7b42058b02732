"""What is trained: agents that choose when to write, as the chapter on the maze trains others."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import torch

from hebbnotes.experiments import weights
from hebbnotes.experiments.agents.trainings import (
    GOALS,
    Alone,
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
"""The rate of each, chosen on seeds of their own."""
TWO = (100, 101)
"""These seeds."""


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

    rates: tuple[float, ...] = (3e-3,)


@dataclass(frozen=True, kw_only=True)
class Others(Rates):
    """Configuration of agents of other kinds, each at its best rate: the first of ``rates`` is that
    of the first kind.
    """

    def each(self) -> dict[str, Alone]:
        """Return the configuration of each agent by the name of its kind."""
        agents = super().each()
        pairs = zip(self.sizes, self.rates, strict=True)
        return {kind: agents[f"{kind}-{rate:g}"] for kind, rate in pairs}


def score_others(weights: Weights, seed: int, chosen: Others) -> Numbers:
    """Test each of these agents."""
    return {
        kind: score(under(weights, f"{kind}."), seed, one) for kind, one in chosen.each().items()
    }


def _five(about: str, chosen: Modulated) -> Experiment[Any]:
    five = (0, 1, 2, 3, 4)
    more: dict[str, Any] = {"seeds": five, "keep": five, "stored": ()}
    return Experiment(about, train, score, chosen, "test_finds", **GOALS | more)


_RATES = ModulatedRates(sizes=dict.fromkeys(KINDS, 64))
_OTHERS = Others(sizes={"plastic": 64, "lstm": 41}, rates=(3e-3, 1e-2))
_PARTS = ("w", "alpha", "read", "bias", "fan_out", "eta_logit")
_HELD = {
    "simple": (*(f"core.{part}" for part in _PARTS), "inward", "outward"),
    "retroactive": (
        *(f"core.{part}" for part in (*_PARTS, "eta_e_logit")),
        "inward",
        "outward",
    ),
}

TRAINED: dict[str, Experiment[Any]] = {
    "maze-modulated-simple": _five(
        "9 x 9 squares, 200 steps: 64 units that choose when to write the pair of the step",
        Modulated(lr=BEST["simple"]),
    ),
    "maze-modulated-retroactive": _five(
        "the same, with an eligibility trace: 64 units that choose when to write earlier pairs",
        Modulated(kind="retroactive", lr=BEST["retroactive"]),
    ),
    "maze-modulated-others": Experiment(
        "a plastic network and an LSTM at their best rates, 3,000 updates, on the same seeds: "
        "trained again, for what is then done to them",
        train_rates,
        score_others,
        _OTHERS,
        "plastic.test_finds",
        seeds=TWO,
        keep=TWO,
        **GOALS | {"unit": "goals found in an episode, plastic network"},
    ),
    "maze-modulated-rates": Experiment(
        "both modulated networks at three learning rates, 3,000 updates, on the seeds and by the "
        "tests of maze-rates",
        train_rates,
        score_rates,
        _RATES,
        "best.simple",
        shares=lambda chosen: [
            replace(chosen, sizes={kind: n}, rates=(rate,))
            for kind, n in chosen.sizes.items()
            for rate in chosen.rates
        ],
        seeds=TWO,
        keep=TWO,
        keep_only=tuple(f"{kind}-{BEST[kind]:g}.{name}" for kind in KINDS for name in _HELD[kind]),
        **GOALS | {"unit": "goals found in an episode, simple modulation at its best rate"},
    ),
}
"""The experiments that train, by name."""


def stored_agent(kind: str, seed: int) -> Any:
    """Return the stored agent of a kind and a seed: one of 10,000 updates, or, of the seeds on
    which rates were chosen, that of its best rate after 3,000.
    """
    if seed not in TWO:
        name = f"maze-modulated-{kind}" if kind in KINDS else f"maze-{kind}"
        return stored(name, seed, Modulated if kind in KINDS else Alone)
    if kind in KINDS:
        source, part, chosen = "rates", f"{kind}-{BEST[kind]:g}", _RATES.each()
    else:
        source, part, chosen = "others", kind, _OTHERS.each()
    held = weights(f"maze-modulated-{source}")
    return loaded(agent(chosen[part], torch.Generator()), held, f"{seed}.{part}.")
