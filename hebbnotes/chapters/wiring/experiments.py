"""Experiments on wire: what its price buys, its Pareto front, and a price on plasticity."""

from dataclasses import dataclass
from typing import Any

import torch

from hebbnotes.chapters.wiring.networks import ARMS, One, Trained, measured, train
from hebbnotes.experiments.experiment import Experiment, Numbers, Trial, Weights, short

__all__ = ["EXPERIMENTS", "Wiring", "train_wiring"]

SMALL = "these networks are small, and trained on the processor"


@dataclass(frozen=True, kw_only=True)
class Wiring(Trained):
    """Configuration of networks of several arms, trained side by side.

    Attributes
    ----------
    rates : dict
        Of each arm the learning rates with which it is trained.
    prices : dict
        Of each arm the prices at which it is trained; without any, the price is steered until the
        sum of |w| meets the budget.
    tested : int
        Episodes of the test.
    links : tuple of int
        Numbers of links, the strongest, of the graphs whose modularity is measured.
    nulls : int
        Random graphs of each kind for each of them; without any, modularity is not measured.
    tolerance : float
        By how much these may change the length of a link, in spacings of the grid.
    """

    rates: dict[str, tuple[float, ...]]
    prices: dict[str, tuple[float, ...]]
    tested: int = 4000
    links: tuple[int, ...] = (300,)
    nulls: int = 0
    tolerance: float = 0.3

    def each(self) -> dict[str, One]:
        """Return all networks by name: arm, and price or rate where there are several."""
        found = {}
        for arm, rates in self.rates.items():
            for rate in rates:
                for price in self.prices.get(arm, (None,)):
                    name = arm if price is None else f"{arm}, {price:.0e}"
                    found[name if len(rates) == 1 else f"{name}, {rate:.0e}"] = One(
                        arm, rate, price
                    )
        return found


def train_wiring(trial: Trial, chosen: Wiring) -> tuple[Numbers, Weights]:
    """Train all networks side by side, and measure each."""
    trial.on_cpu(SMALL)
    each = chosen.each()
    tell = lambda update: trial.tell("", update, chosen.updates)  # noqa: E731
    params, price = train(chosen, [*each.values()], trial.seed, tell)
    new = chosen.task.sample(chosen.tested, torch.Generator().manual_seed(10_000 + trial.seed))
    numbers: Numbers = {}
    weights: Weights = {}
    for k, name in enumerate(each):
        one = {key: value[k : k + 1] for key, value in params.items()}
        g = torch.Generator().manual_seed(100 * trial.seed + k)
        numbers[name] = {"price": short(price[k])} | measured(
            chosen, one, new, g, links=chosen.links, nulls=chosen.nulls, tolerance=chosen.tolerance
        )
        weights |= {f"{name}.{key}": value[0] for key, value in one.items()}
    return {"networks": numbers}, weights


def _once(*_: Any) -> Numbers:
    return {}  # all is measured while it is trained


RIGHT: dict[str, Any] = {"unit": "share of right choices, 0.5 without the goal", "at_least": 0.0}
FIXED = {
    "none": (0.0,),
    "L1": (3e-5, 1e-4, 3e-4, 6e-4, 1e-3, 2e-3),
    "L1 x distance": (1e-5, 2e-5, 4e-5, 8e-5, 1e-4, 2e-4, 4e-4, 8e-4),
    "communicability": (3e-4, 1e-3, 3e-3, 1e-2),
}
"""Prices at which networks are trained: eight of length, and nothing."""
LIVE = ("none, 0", *(f"L1 x distance, {price:.0e}" for price in FIXED["L1 x distance"]))
"""Nine networks along an axis of price, whose weights are kept."""
TRIED = (0.001, 0.003, 0.01)
BEST: dict[str, tuple[float, ...]] = dict.fromkeys(ARMS, (0.003,))
"""The rate with which each arm did best on seeds of their own."""

EXPERIMENTS: dict[str, Experiment[Any]] = {
    "wiring-rates": Experiment(
        "a choice, networks that pay for wire in five ways: three rates, on seeds of their own",
        train_wiring,
        _once,
        Wiring(rates=dict.fromkeys(ARMS, TRIED), prices={}),
        "networks.L1 x distance, 3e-03.accuracy",
        **RIGHT,
        seeds=(100, 101),
    ),
    "wiring-arms": Experiment(
        "a choice, networks that pay for wire in five ways, at equal total weight",
        train_wiring,
        _once,
        Wiring(rates=BEST, prices={}, links=(200, 300, 400), nulls=20),
        "networks.L1 x distance.accuracy",
        **RIGHT,
    ),
    "wiring-prices": Experiment(
        "a choice, networks that pay for wire at nineteen prices",
        train_wiring,
        _once,
        Wiring(rates={arm: BEST[arm] for arm in FIXED}, prices=FIXED),
        "networks.L1 x distance, 1e-04.accuracy",
        **RIGHT,
        keep=(0,),
        keep_only=tuple(
            f"{name}.{key}" for name in LIVE for key in ("w", "u", "b", "readout", "bias")
        ),
    ),
}
"""All experiments of the chapter."""
