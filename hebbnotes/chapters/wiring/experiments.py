"""Experiments on wire: what its price buys, its Pareto front, and a price on plasticity."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from hebbnotes.chapters.wiring.networks import ARMS, One, Trained, measured, train
from hebbnotes.chapters.wiring.plastic import (
    GAPS,
    MASKS,
    PATTERNS,
    Paying,
    World,
    completed,
    measured_plastic,
    train_plastic,
)
from hebbnotes.experiments.experiment import Experiment, Numbers, Trial, Weights, short

__all__ = ["EXPERIMENTS", "PlasticPrice", "Wiring", "train_prices", "train_wiring"]

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
    tolerances : tuple of float
        By how much these may change the length of a link, in spacings of the grid.
    """

    rates: dict[str, tuple[float, ...]]
    prices: dict[str, tuple[float, ...]]
    tested: int = 4000
    links: tuple[int, ...] = (300,)
    nulls: int = 0
    tolerances: tuple[float, ...] = (0.3,)

    def each(self) -> dict[str, One]:
        """Return all networks by name: arm, and price or rate where there are several."""
        found = {}
        for arm, rates in self.rates.items():
            for rate in rates:
                for price in self.prices.get(arm, (None,)):
                    name = f"{arm}, {price:.0e}" if price else arm
                    found[name if len(rates) == 1 else f"{name}, {rate:.0e}"] = One(
                        arm, rate, price
                    )
        return found


def _tell(trial: Trial, part: str, updates: int, update: int) -> None:
    trial.tell(part, update, updates)


def train_wiring(trial: Trial, chosen: Wiring) -> tuple[Numbers, Weights]:
    """Train all networks side by side, and measure each."""
    trial.on_cpu(SMALL)
    each = chosen.each()
    tell = partial(_tell, trial, "", chosen.updates)
    params, price = train(chosen, [*each.values()], trial.seed, tell)
    new = chosen.task.sample(chosen.tested, torch.Generator().manual_seed(10_000 + trial.seed))
    numbers: Numbers = {}
    weights: Weights = {}
    for k, name in enumerate(each):
        one = {key: value[k : k + 1] for key, value in params.items()}
        g = torch.Generator().manual_seed(100 * trial.seed + k)
        graphs = {name: getattr(chosen, name) for name in ("links", "nulls", "tolerances")}
        numbers[name] = {"price": short(price[k])} | measured(chosen, one, new, g, **graphs)
        weights |= {f"{name}.{key}": value[0] for key, value in one.items()}
    return {"networks": numbers}, weights


@dataclass(frozen=True, kw_only=True)
class PlasticPrice:
    """Configuration of plastic networks that pay for their plasticity, in several worlds.

    Attributes
    ----------
    patterns, gaps : tuple of str
        See :data:`.PATTERNS` and :data:`.GAPS`: each with each.
    rates : dict
        Of each way of paying the learning rates with which it is trained: "none", "L1" or
        "L1 x distance" with its price, or which synapses may be plastic at no price.
    updates, batch, tested : int
    """

    rates: dict[str, tuple[float, ...]]
    patterns: tuple[str, ...] = PATTERNS
    gaps: tuple[str, ...] = GAPS
    updates: int = 1000
    batch: int = 20
    tested: int = 2000

    def each(self) -> dict[str, Paying]:
        """Return all networks by name, and by rate where there are several."""
        found = {}
        for name, rates in self.rates.items():
            arm, _, price = name.partition(", ")
            which = name if name in MASKS else "all"
            for rate in rates:
                one = Paying(
                    "L1" if arm in (*MASKS, "none") else arm, float(price or 0), which, rate
                )
                found[name if len(rates) == 1 else f"{name}, {rate:.0e}"] = one
        return found


def train_prices(trial: Trial, chosen: PlasticPrice) -> tuple[Numbers, Weights]:
    """Train all networks of each world side by side, and measure each; of several rates only the
    error is told.
    """
    trial.on_cpu(SMALL)
    each, numbers = chosen.each(), {}
    whole = all(len(rates) == 1 for rates in chosen.rates.values())
    for patterns in chosen.patterns:
        for gap in chosen.gaps:
            world, name = World(patterns, gap), f"{patterns}, {gap}"
            params = train_plastic(
                world,
                [*each.values()],
                trial.seed,
                updates=chosen.updates,
                batch=chosen.batch,
                tell=partial(_tell, trial, name, chosen.updates),
            )
            g = torch.Generator().manual_seed(10_000 + trial.seed)
            wrong = completed(params, world, chosen.tested, g)
            numbers[name] = {
                one: {"error": short(wrong[k])}
                | (measured_plastic(params, world, k) if whole else {})
                for k, one in enumerate(each)
            }
    return {"worlds": numbers}, {}


def _once(*_: Any) -> Numbers:
    return {}  # all is measured while it is trained


RIGHT: dict[str, Any] = {"unit": "share of right choices, 0.5 without the goal", "at_least": 0.0}
FIXED = {
    "none": (0.0,),
    "L1": (5e-5, 1e-4, 2e-4, 4e-4, 8e-4, 2e-3),
    "L1 x distance": (1e-5, 3e-5, 6e-5, 1e-4, 2e-4, 3e-4, 6e-4, 1e-3),
    "communicability": (1e-3, 2e-3, 5e-3, 1e-2),
}
"""Prices at which networks are trained: eight of length, and nothing."""
LIVE = ("none", *(f"L1 x distance, {price:.0e}" for price in FIXED["L1 x distance"]))
"""Nine networks along an axis of price, whose weights are kept."""
TRIED = (0.003, 0.01, 0.03)
BEST: dict[str, tuple[float, ...]] = {arm: (0.003 if arm == "none" else 0.01,) for arm in ARMS}
"""The rate with which each arm did best on seeds of their own."""

WRONG: dict[str, Any] = {"unit": "share of missing bits that are wrong", "at_least": 0.0}
WAYS = ("none", "L1, 4e-04", "L1 x distance, 4e-04", *MASKS[1:])
"""Ways of paying of which rates are tried."""
PAID = ("1e-04", "2e-04", "4e-04", "8e-04")
BEST_PLASTIC: dict[str, tuple[float, ...]] = {
    name: (0.01,)
    for name in (
        "none",
        *(f"{arm}, {p}" for arm in ("L1", "L1 x distance") for p in PAID),
        *MASKS[1:],
    )
}
"""The rate with which each way did best on seeds of their own."""

EXPERIMENTS: dict[str, Experiment[Any]] = {
    "wiring-rates": Experiment(
        "a choice, networks that pay for wire in five ways: three rates, on seeds of their own",
        train_wiring,
        _once,
        Wiring(rates=dict.fromkeys(ARMS, TRIED), prices={}),
        "networks.L1 x distance, 1e-02.accuracy",
        **RIGHT,
        seeds=(100, 101),
    ),
    "wiring-arms": Experiment(
        "a choice, networks that pay for wire in five ways, at equal total weight",
        train_wiring,
        _once,
        Wiring(rates=BEST, prices={}, links=(150, 300), nulls=20, tolerances=(0.3, 0.6)),
        "networks.L1 x distance.accuracy",
        **RIGHT,
        seeds=tuple(range(10)),
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
    "plastic-price-rates": Experiment(
        "plastic networks that pay for plasticity: three rates, on seeds of their own",
        train_prices,
        _once,
        PlasticPrice(rates=dict.fromkeys(WAYS, TRIED)),
        "worlds.iid, scattered.none, 1e-02.error",
        **WRONG,
        seeds=(100, 101),
    ),
    "plastic-price": Experiment(
        "where plasticity lives: priced, or a fixed number of synapses, scattered gaps and halves",
        train_prices,
        _once,
        PlasticPrice(rates=BEST_PLASTIC),
        "worlds.iid, scattered.L1 x distance, 4e-04.error",
        **WRONG,
    ),
}
"""All experiments of the chapter."""
