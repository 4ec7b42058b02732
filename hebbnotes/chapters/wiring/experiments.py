"""Experiments on wire: what its price buys, its Pareto front, and a price on plasticity."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from hebbnotes import _checks
from hebbnotes.chapters.wiring.modularity import strongest
from hebbnotes.chapters.wiring.networks import ARMS, One, Trained, believed, measured, train
from hebbnotes.chapters.wiring.nulls import beside, plant
from hebbnotes.chapters.wiring.plastic import (
    GAPS,
    MASKS,
    PATTERNS,
    Paying,
    World,
    completed,
    measured_plastic,
    paid,
    train_plastic,
)
from hebbnotes.experiments.experiment import Experiment, Numbers, Trial, Weights, short, untested
from hebbnotes.plasticity.places import distances, grid

__all__ = ["EXPERIMENTS", "PlasticPrice", "Wiring", "train_nulls", "train_prices", "train_wiring"]

PLANTED = (1, 2, 4, 8)
"""Percent of links that are brought into modules."""
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
        sum of ``|w|`` meets the budget.
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
        found: dict[str, One] = {}
        for arm, rates in self.rates.items():
            for rate in rates:
                for price in self.prices.get(arm, (None,)):
                    name = f"{arm}, {price:.0e}" if price else arm
                    name = name if len(rates) == 1 else f"{name}, {rate:.0e}"
                    found[_new(name, found)] = One(arm, rate, price)
        return found


def _new(name: str, found: dict[str, Any]) -> str:
    """Return a name that no other network has, or raise."""
    if name in found:
        raise ValueError(f"two networks are named {name!r}: use rates and prices of one digit")
    return name


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
        if isinstance(chosen, Believed):
            graphs["lengths"] = believed(chosen, trial.seed)
        numbers[name] = {"price": short(price[k])} | measured(chosen, one, new, g, **graphs)
        weights |= {f"{name}.{key}": value[0] for key, value in one.items()}
    return {"networks": numbers}, weights


def train_nulls(trial: Trial, chosen: Wiring) -> tuple[Numbers, Weights]:
    """Train all networks side by side; compare each with several null models, and graphs with the
    degrees and lengths of one, too, into which modules were put.
    """
    trial.on_cpu(SMALL)
    each, lengths = chosen.each(), distances(grid(chosen.shape))
    tell = partial(_tell, trial, "", chosen.updates)
    params, _ = train(chosen, [*each.values()], trial.seed, tell)
    numbers: Numbers = {}
    for k, name in enumerate(each):
        g = torch.Generator().manual_seed(100 * trial.seed + k)
        for links in chosen.links:
            a = strongest(params["w"][k], links)
            found = beside(a, lengths, g, nulls=chosen.nulls, tolerances=chosen.tolerances)
            numbers.setdefault(name, {})[f"{links}"] = found
            for percent in PLANTED if name == "L1 x distance" else ():
                other = plant(a, lengths, g, percent / 100)
                found = beside(other, lengths, g, nulls=chosen.nulls, tolerances=(0.3,))
                numbers.setdefault(f"planted {percent}", {})[f"{links}"] = found
    return {"graphs": numbers}, {}


@dataclass(frozen=True, kw_only=True)
class Believed(Wiring):
    """The same, measured with the lengths that permuted networks pay for."""


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
        found: dict[str, Paying] = {}
        for name, rates in self.rates.items():
            arm, _, price = name.partition(", ")
            _checks.choice("way", arm, ("none", "L1", "L1 x distance", *MASKS))
            which = name if name in MASKS else "all"
            for rate in rates:
                one = Paying(
                    "L1" if arm in (*MASKS, "none") else arm, float(price or 0), which, rate
                )
                key = name if len(rates) == 1 else f"{name}, {rate:.0e}"
                found[_new(key, found)] = one
        return found


def train_prices(trial: Trial, chosen: PlasticPrice) -> tuple[Numbers, Weights]:
    """Train all networks of each world side by side, and measure each; of several rates only the
    error is told, and what is paid, wire among it.
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
            costs = paid(params, world, [*each.values()], chosen.tested, g)
            numbers[name] = {
                one: {"error": short(wrong[k]), "paid": short(costs[k])}
                | (measured_plastic(params, world, k) if whole else {})
                for k, one in enumerate(each)
            }
    return {"worlds": numbers}, {}


RIGHT: dict[str, Any] = {"unit": "share of right choices, 0.5 without the goal", "at_least": 0.0}
FIXED = {
    "none": (0.0,),
    "L1": (1e-4, 2e-4, 4e-4, 8e-4),
    "L1 x distance": (1e-5, 3e-5, 6e-5, 1e-4, 2e-4, 3e-4, 6e-4, 1e-3),
    "communicability": (1e-3, 2e-3, 5e-3),
}
"""Prices at which networks are trained: eight of length, and nothing."""
DEAR = {
    "L1": (2e-3, 4e-3, 8e-3),
    "L1 x distance": (2e-3, 4e-3),
    "communicability": (1e-2, 2e-2),
}
"""Prices at which little is left."""
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
"""The rate at which each way that was tried (``WAYS``) paid least, on seeds of their own; at other
prices it is that of 4e-04, and with patches that of independent patterns."""

EXPERIMENTS: dict[str, Experiment[Any]] = {
    "wiring-rates": Experiment(
        "a choice, networks that pay for wire in five ways: three rates, on seeds of their own",
        train_wiring,
        untested,
        Wiring(rates=dict.fromkeys(ARMS, TRIED), prices={}),
        "networks.L1 x distance, 1e-02.accuracy",
        **RIGHT,
        seeds=(100, 101),
    ),
    "wiring-rates-further": Experiment(
        "a choice: a lower rate for free wire, two between for company, on seeds of their own",
        train_wiring,
        untested,
        Wiring(rates={"none": (0.001,), "communicability": (0.006, 0.017)}, prices={}),
        "networks.none.accuracy",
        **RIGHT,
        seeds=(100, 101),
    ),
    "wiring-arms": Experiment(
        "a choice, networks that pay for wire in five ways, at equal total weight",
        train_wiring,
        untested,
        Wiring(rates=BEST, prices={}, links=(150, 300), nulls=20, tolerances=(0.3, 0.6)),
        "networks.L1 x distance.accuracy",
        **RIGHT,
        keep=(0,),
        keep_only=("L1.w", "L1 x distance.w"),
    ),
    "wiring-believed": Experiment(
        "networks that pay for lengths of permuted places, measured with these lengths",
        train_wiring,
        untested,
        Believed(rates={"permuted": BEST["permuted"]}, prices={}, links=(150, 300), nulls=20),
        "networks.permuted.accuracy",
        **RIGHT,
    ),
    "wiring-nulls": Experiment(
        "modularity beside five null models, and of graphs into which modules were put",
        train_nulls,
        untested,
        Wiring(
            rates={arm: BEST[arm] for arm in ("L1", "L1 x distance")},
            prices={},
            links=(150, 300),
            nulls=20,
            tolerances=(0.3, 0.6, 1.0, 1.5),
        ),
        "graphs.L1 x distance.300.counts.rest",
        "modularity beyond degrees and lengths",
    ),
    "wiring-prices": Experiment(
        "a choice, networks that pay for wire at sixteen prices",
        train_wiring,
        untested,
        Wiring(rates={arm: BEST[arm] for arm in FIXED}, prices=FIXED),
        "networks.L1 x distance, 1e-04.accuracy",
        **RIGHT,
        keep=(0,),
        keep_only=tuple(
            f"{name}.{key}" for name in LIVE for key in ("w", "u", "b", "readout", "bias")
        ),
    ),
    "wiring-prices-further": Experiment(
        "a choice, networks that pay for wire at seven higher prices",
        train_wiring,
        untested,
        Wiring(rates={arm: BEST[arm] for arm in DEAR}, prices=DEAR),
        "networks.L1 x distance, 2e-03.accuracy",
        **RIGHT,
    ),
    "plastic-price-rates": Experiment(
        "plastic networks that pay for plasticity: four rates, on seeds of their own",
        train_prices,
        untested,
        PlasticPrice(rates=dict.fromkeys(WAYS, (0.001, *TRIED)), patterns=("iid",)),
        "worlds.iid, scattered.none, 1e-02.error",
        **WRONG,
        seeds=(100, 101),
    ),
    "plastic-price": Experiment(
        "where plasticity lives: priced, or a fixed number of synapses, scattered gaps and halves",
        train_prices,
        untested,
        PlasticPrice(rates=BEST_PLASTIC),
        "worlds.iid, scattered.L1 x distance, 4e-04.error",
        **WRONG,
    ),
}
"""All experiments of the chapter."""
