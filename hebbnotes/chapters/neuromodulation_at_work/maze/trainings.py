"""What is trained: agents that choose when to write, as the chapter on the maze trains others."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from hebbnotes.experiments.agents.trainings import (
    GOALS,
    Alone,
    Rates,
    score,
    score_rates,
    train,
    train_rates,
)
from hebbnotes.experiments.experiment import Experiment

__all__ = ["TRAINED", "Modulated"]


@dataclass(frozen=True, kw_only=True)
class Modulated(Alone):
    """Configuration of a modulated agent."""

    kind: str = "simple"
    eta_e: float = 0.1
    fan_out: bool = True
    until: int | None = None  # a training that stops early keeps the schedule of all its updates

    @property
    def stops(self) -> int:
        """After how many of the updates of its schedule a training stops."""
        return self.updates if self.until is None else self.until

    def options(self) -> dict[str, Any]:
        """Return what an agent is made with, beside its units and its rule."""
        return super().options() | {"eta_e": self.eta_e, "fan_out": self.fan_out}


@dataclass(frozen=True, kw_only=True)
class ModulatedRates(Rates):
    """Configuration of modulated agents of several kinds, each at several learning rates."""

    ONE: ClassVar[type[Alone]] = Modulated

    rates: tuple[float, ...] = (1e-3, 3e-3, 1e-2)
    updates: int = 1_000


def _five(about: str, chosen: Modulated) -> Experiment[Any]:
    five = (0, 1, 2, 3, 4)
    return Experiment(about, train, score, chosen, "test_finds", seeds=five, keep=five, **GOALS)


TRAINED: dict[str, Experiment[Any]] = {
    "maze-modulated-simple": _five(
        "9 x 9 squares, 200 steps: 64 units that choose when to write the pair of the step",
        Modulated(),
    ),
    "maze-modulated-retroactive": _five(
        "the same, with an eligibility trace: 64 units that choose when to write earlier pairs",
        Modulated(kind="retroactive"),
    ),
    "maze-modulated-rates": Experiment(
        "both modulated networks at three learning rates, on seeds of their own",
        train_rates,
        score_rates,
        ModulatedRates(sizes={"simple": 64, "retroactive": 64}),
        "best.simple",
        shares=lambda chosen: [
            replace(chosen, sizes={kind: n}, rates=(rate,))
            for kind, n in chosen.sizes.items()
            for rate in chosen.rates
        ],
        seeds=(100, 101),
        **GOALS | {"unit": "goals found in an episode, simple modulation at its best rate"},
    ),
}
"""The experiments that train, by name."""
