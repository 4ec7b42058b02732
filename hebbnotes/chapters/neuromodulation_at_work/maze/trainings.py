"""What is trained: agents that choose when to write, as the chapter on the maze trains others."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from hebbnotes.experiments.agents.trainings import (
    GOALS,
    Alone,
    Rates,
    score,
    score_rates,
    stored,
    train,
    train_rates,
)
from hebbnotes.experiments.experiment import Experiment

__all__ = ["BEST", "FIVE", "KINDS", "TRAINED", "TWO", "Modulated", "ModulatedRates", "stored_agent"]

KINDS = ("simple", "retroactive")
BEST = {"simple": 3e-3, "retroactive": 3e-3}
"""The rate of each: the best of three; see ``maze-modulated-rates`` and
``maze-modulated-rates-further``.
"""
TWO, FIVE = (100, 101), (0, 1, 2, 3, 4)
"""The seeds on which rates are tried, and those of what is told."""


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


def _five(about: str, chosen: Modulated) -> Experiment[Any]:
    return Experiment(
        about, train, score, chosen, "test_finds", **GOALS | {"seeds": FIVE, "keep": FIVE}
    )


def _rates(about: str, rates: tuple[float, ...], seeds: tuple[int, ...]) -> Experiment[Any]:
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
        seeds=seeds,
        **GOALS | {"unit": "goals found in an episode, simple modulation at its best rate"},
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
    "maze-modulated-rates": _rates("both modulated networks, 3,000 updates", (3e-3,), TWO),
    "maze-modulated-rates-further": _rates(
        "the same at a third and at three times this rate (with the second seed a gradient of "
        "simple modulation ceased to be finite at the latter; it is not stored)",
        (1e-3, 1e-2),
        TWO[:1],
    ),
}
"""The experiments that train, by name."""


def stored_agent(kind: str, seed: int) -> Any:
    """Return the stored agent of a kind and a seed, as it was after 10,000 updates."""
    its = kind in KINDS
    name = f"maze-modulated-{kind}" if its else f"maze-{kind}"
    return stored(name, seed, Modulated if its else Alone)
