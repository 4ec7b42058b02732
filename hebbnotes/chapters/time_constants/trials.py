"""How networks of several arms are trained, tested and damaged: one seed of an experiment."""

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from hebbnotes.chapters.time_constants import damage, many
from hebbnotes.chapters.time_constants.arms import ARMS, SPIKING, Arm, Choice
from hebbnotes.chapters.time_constants.many import Leaky, Params
from hebbnotes.experiments.experiment import Numbers, Trial, Weights, short, shorts
from hebbnotes.learning.training import constant, cosine
from hebbnotes.tasks.timing import Intervals, StoreRecall, Templates, TimedEpisodes, TwoClocks

__all__ = [
    "Annealed",
    "Choice",
    "Keeping",
    "Timing",
    "train_keeping",
    "train_modes",
    "train_timing",
]

TOGETHER = 24
"""Networks that are trained at once: more do not fit into a processor's cache."""
SMALL = "these networks are small, and trained on the processor"


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Configuration of networks of several arms that are trained on one task.

    Attributes
    ----------
    task : Intervals, TwoClocks or Templates
    arms : dict
        Of each arm the choices with which it is trained.
    n : int
        Leaky cells; gated arms have as many numbers.
    updates, batch : int
    every : int
        Updates between two tests; the fifth of them is the early one.
    tested : int
        Episodes of each test.
    levels : tuple of float
        Errors: the network is stored at the first test at or below each.
    sizes : tuple of float
        Relative sizes of damage; without any, nothing is damaged.
    draws : int
        Draws of each damage.
    """

    task: Intervals | TwoClocks | Templates
    arms: dict[str, tuple[Choice, ...]]
    n: int = 32
    updates: int = 600
    batch: int = 32
    every: int = 15
    tested: int = 256
    levels: tuple[float, ...] = ()
    sizes: tuple[float, ...] = ()
    draws: int = 10

    @property
    def classes(self) -> bool:
        """Whether the answer is a class."""
        return isinstance(self.task, Templates)

    def known(self) -> dict[str, Arm]:
        """Return the arms by name."""
        return SPIKING if self.classes else ARMS

    def stacks(self) -> "list[list[tuple[str, Choice]]]":
        """Return arms and choices that are trained at once: those of one family and size."""
        groups: dict[Any, list[tuple[str, Choice]]] = {}
        for arm, choices in self.arms.items():
            one = self.known()[arm]
            key = (one.family, getattr(one, "gates", 0))
            groups.setdefault(key, []).extend((arm, choice) for choice in choices)
        return [
            its[k : k + TOGETHER] for its in groups.values() for k in range(0, len(its), TOGETHER)
        ]


@dataclass(frozen=True, kw_only=True)
class Annealed(Timing):
    """The same, with rates that fall to 0 along half a cosine."""


@dataclass
class _Trained:
    """A stack while it is trained: its tests, and the networks that first reached each level."""

    names: list[tuple[str, Choice]]
    family: Any
    course: list[Tensor]
    reached: dict[float, dict[int, tuple[int, Params]]]
    begun: Params
    params: Params


def _stack(trial: Trial, chosen: Timing, names: list[tuple[str, Choice]]) -> _Trained:
    """Train arms of one family."""
    trial.on_cpu(SMALL)
    task, known = chosen.task, chosen.known()
    sizes = (task.n_inputs, chosen.n, task.n_outputs)
    begun = many.stacked(
        known[arm].network(sizes, start, torch.Generator().manual_seed(1_000 + trial.seed))
        for arm, (start, _) in names
    )
    family, drawn = known[names[0][0]].family, trial.generator()
    new = task.sample(chosen.tested, torch.Generator().manual_seed(10_000 + trial.seed))
    its = _Trained(names, family, [], {level: {} for level in chosen.levels}, begun, begun)
    loss_of = many.cross_entropies if chosen.classes else many.squared_errors

    def losses(params: Params, update: int) -> Tensor:
        trial.tell("", update, chosen.updates)
        episodes = task.sample(chosen.batch, drawn)
        return loss_of(params, family.held(params, episodes.inputs), episodes)

    def after(done: int, params: Params) -> None:
        if done % chosen.every == 0:
            with torch.no_grad():
                error = _errors(chosen, family, params, new)
            its.course.append(error)
            for level, first in its.reached.items():
                for k in (error <= level).nonzero().flatten().tolist():
                    if k not in first:
                        one = many.chosen(params, [k])
                        first[k] = done, {name: v.detach().clone() for name, v in one.items()}

    rates = torch.tensor([rate for _, (_, rate) in names])
    schedule = cosine if isinstance(chosen, Annealed) else constant
    its.params = many.train(
        begun, losses, chosen.updates, rates=rates, schedule=schedule, after=after
    )
    return its


def _errors(chosen: Timing, family: Any, params: Params, episodes: TimedEpisodes) -> Tensor:
    """Return the error of each network: squared, or the share of wrong classes."""
    held = family.held(params, episodes.inputs)
    if chosen.classes:
        return 1 - many.correct(params, held, episodes)
    return many.squared_errors(params, held, episodes)


def train_timing(trial: Trial, chosen: Timing) -> tuple[Numbers, Weights]:
    """Train each arm with each of its choices, in the same episodes; damage what was trained.

    Of several choices only the errors are told, ``tried``, means over the last four tests, and as
    ``error`` the lowest; of a single one all, and ``error`` is that of the last test.
    """
    numbers: Numbers = {"error": {}, "early": {}, "course": {}, "numbers": {}, "taus": {}}
    numbers |= {"tried": {}, "damage": {}, "modes": {}}
    weights: Weights = {}
    for names in chosen.stacks():
        its = _stack(trial, chosen, names)
        course = torch.stack(its.course)
        for k, (arm, (start, rate)) in enumerate(names):
            tried = numbers["tried"].setdefault(arm, {})
            tried[f"{start} {rate:g}"] = short(course[-4:, k].mean())
            if len(chosen.arms[arm]) > 1:
                numbers["error"][arm] = min(tried.values())
                continue
            numbers["error"][arm] = short(course[-1, k])
            numbers["early"][arm] = short(course[4, k])
            numbers["course"][arm] = shorts(course[:, k])
            one = many.chosen(its.params, [k])
            numbers["numbers"][arm] = many.counted(one)
            if "log_tau" in one:
                before = many.taus(many.chosen(its.begun, [k]))[0]
                numbers["taus"][arm] = [shorts(before), shorts(many.taus(one)[0])]
            weights |= {f"{arm}.{name}": value[0] for name, value in one.items()}
        if chosen.sizes:
            _probe(trial, chosen, its, numbers)
    return numbers, weights


def _probe(trial: Trial, chosen: Timing, its: _Trained, numbers: Numbers) -> None:
    """Damage the networks of a stack, as they ended and as they first reached each level."""
    every = [*range(len(its.names))]
    _damage(trial, chosen, its, (every, its.params), "end", numbers)
    for level, first in its.reached.items():
        if first:
            places = sorted(first)
            together = [first[k][1] for k in places]
            params = {name: torch.cat([one[name] for one in together]) for name in together[0]}
            found = _damage(trial, chosen, its, (places, params), f"{level:g}", numbers)
            for k in places:
                found[its.names[k][0]]["updates"] = first[k][0]


def _damage(
    trial: Trial,
    chosen: Timing,
    its: _Trained,
    networks: tuple[list[int], Params],
    when: str,
    numbers: Numbers,
) -> Numbers:
    """Damage some networks: the error, a mean over draws, and how far answers move, squared."""
    places, params = networks
    new = chosen.task.sample(chosen.tested // 2, torch.Generator().manual_seed(20_000 + trial.seed))
    found = numbers["damage"].setdefault(when, {})
    with torch.no_grad():
        whole = _measured(chosen, its.family, params, new)
        for k, place in enumerate(places):
            found[its.names[place][0]] = {"0": short(whole[0][k])}
        kinds = damage.KINDS if "log_tau" in params else damage.KINDS[:2]
        for kind in kinds:
            for size in chosen.sizes:
                errors, moved = [], []
                for draw in range(chosen.draws):
                    trial.tell(f"damage, {when}", draw, chosen.draws)
                    g = torch.Generator().manual_seed(100 * trial.seed + draw)
                    other = damage.damaged(params, kind, size, g)
                    error, answers = _measured(chosen, its.family, other, new)
                    errors.append(error)
                    moved.append((answers - whole[1]).square().mean((0, 2)))
                for k, place in enumerate(places):
                    entry = found[its.names[place][0]].setdefault(kind, {})
                    mean, far = (torch.stack(x)[:, k].mean() for x in (errors, moved))
                    entry[f"{size:g}"] = [short(mean), short(far)]
        if isinstance(its.family, Leaky):
            modes = _modes(chosen, its.family.scaling, params, trial.seed)
            numbers["modes"].setdefault(when, {}).update(
                {its.names[place][0]: modes[k] for k, place in enumerate(places)}
            )
    return found


def _measured(
    chosen: Timing, family: Any, params: Params, episodes: TimedEpisodes
) -> tuple[Tensor, Tensor]:
    """Return the error of each network and its answers, (M, S, n_out)."""
    held = family.held(params, episodes.inputs)
    if chosen.classes:
        error = 1 - many.correct(params, held, episodes)
        return error, many.scores(params, held, episodes.mask).transpose(0, 1)
    error = many.squared_errors(params, held, episodes)
    return error, many.answers(params, held, episodes.mask)[0]


def _modes(chosen: Timing, scaling: str, params: Params, seed: int) -> list[Numbers]:
    """Return of each network its slowest modes' time constants, by how much theory lets the slowest
    stray under damage to the weights among its cells, and by how much it strays.
    """
    h = damage.working_point(params, scaling)
    tau, sd = damage.slow_modes(*damage.linearised(params, h, scaling))
    found: list[Numbers] = [
        {"tau": shorts(tau[k]), "sd": shorts(sd[k]), "measured": {}} for k in range(len(h))
    ]
    for size in chosen.sizes:
        strays = []
        for draw in range(2 * chosen.draws):
            g = torch.Generator().manual_seed(100 * seed + draw)
            other = damage.damaged(params, "recurrent", size, g)
            there = damage.working_point(other, scaling)
            its, _ = damage.slow_modes(*damage.linearised(other, there, scaling), several=1)
            strays.append((its[:, 0] / tau[:, 0]).abs().log())
        spread = torch.stack(strays).square().mean(0).sqrt()
        for k, one in enumerate(found):
            one["measured"][f"{size:g}"] = short(spread[k])
    return found


def train_modes(trial: Trial, chosen: Timing) -> tuple[Numbers, Weights]:
    """Train arms of leaky cells; by how much damage to the weights among its cells lets the slowest
    mode of each network stray, at the working point as it was: first-order theory, and measured.
    """
    numbers: Numbers = {"modes": {}}
    for names in chosen.stacks():
        its = _stack(trial, chosen, names)
        found = damage.slowest(
            its.params, its.family.scaling, chosen.sizes, draws=10 * chosen.draws, seed=trial.seed
        )
        for k, (arm, _) in enumerate(names):
            tau, sd, measured = (value[k] for value in found)
            by_size = zip((f"{size:g}" for size in chosen.sizes), shorts(measured), strict=True)
            numbers["modes"][arm] = {"tau": short(tau), "sd": short(sd), "measured": dict(by_size)}
    ratios = [
        one["measured"][f"{size:g}"] / (size * one["sd"])
        for one in numbers["modes"].values()
        for size in chosen.sizes[:1]
        if one["sd"] > 0.01
    ]
    return numbers | {"ratio": short(torch.tensor(ratios).median())}, {}


@dataclass(frozen=True, kw_only=True)
class Keeping:
    """Configuration of spiking networks that keep a bit, at several prices of a spike.

    Attributes
    ----------
    task : StoreRecall
    rates : dict
        Of each arm, and price, the learning rates at which it is trained.
    prices : dict
        What the mean number of spikes of a cell in a step of the delay costs, in cross-entropies;
        it grows to that over the first half of the training.
    n, updates, batch, tested : int
    delay : int
        Steps of the delay in the test.
    """

    task: StoreRecall
    rates: dict[str, dict[str, tuple[float, ...]]]
    prices: dict[str, float]
    n: int = 32
    updates: int = 400
    batch: int = 32
    tested: int = 512
    delay: int = 60


def train_keeping(trial: Trial, chosen: Keeping) -> tuple[Numbers, Weights]:
    """Train each arm at each price; count spikes in the delay, and wipe thresholds, or voltages and
    spikes, at its end.
    """
    trial.on_cpu(SMALL)
    each = [
        (arm, price, rate)
        for arm, prices in chosen.rates.items()
        for price, rates in prices.items()
        for rate in rates
    ]
    sizes, shown = (3, chosen.n, 2), chosen.task.shown
    params = many.stacked(
        SPIKING[arm].network(sizes, "normal", torch.Generator().manual_seed(1_000 + trial.seed))
        for arm, _, _ in each
    )
    family, drawn = SPIKING[each[0][0]].family, trial.generator()
    price = torch.tensor([chosen.prices[name] for _, name, _ in each])

    def losses(params: Params, update: int) -> Tensor:
        trial.tell("", update, chosen.updates)
        episodes = chosen.task.sample(chosen.batch, drawn)
        now = price * min(1, 2 * update / chosen.updates)
        return _cost(params, family.held(params, episodes.inputs), episodes, now, shown)

    rates = torch.tensor([rate for _, _, rate in each])
    params = many.train(params, losses, chosen.updates, rates=rates)
    task = replace(chosen.task, delays=(chosen.delay, chosen.delay))
    new = task.sample(chosen.tested, torch.Generator().manual_seed(10_000 + trial.seed))
    with torch.no_grad():
        tested = _wiped(family, params, new, shown)
        cost = _cost(params, family.held(params, new.inputs), new, price, shown)
    numbers: Numbers = {"kept": {}, "tried": {}}
    weights: Weights = {}
    for k, (arm, name, rate) in enumerate(each):
        found = {what: short(value[k]) for what, value in tested.items()}
        tried = numbers["tried"].setdefault(arm, {}).setdefault(name, {})
        tried[f"{rate:g}"] = short(cost[k])
        if tried[f"{rate:g}"] <= min(tried.values()):
            numbers["kept"].setdefault(arm, {})[name] = found
            one = many.chosen(params, [k])
            weights |= {f"{arm}, {name}.{key}": value[0] for key, value in one.items()}
    return numbers, weights


def _cost(
    params: Params, held: Tensor, episodes: TimedEpisodes, price: Tensor, shown: int
) -> Tensor:
    """Return what each network pays: cross-entropy, and its spikes in the delay."""
    spikes = held[shown:-shown].mean((0, 2, 3))
    return many.cross_entropies(params, held, episodes) + price * spikes


def _wiped(family: Any, params: Params, new: TimedEpisodes, shown: int) -> dict[str, Tensor]:
    """Return of each network the share of right answers, the spikes of a cell in a step of the
    delay, and the share that is right if something is wiped at the end of the delay, or exchanged
    with that of another episode: a voltage of 0 is not what cells have at rest.
    """
    first, state = family.run(params, new.inputs[:-shown])
    mask = new.mask[-shown:]
    asked = new._replace(inputs=new.inputs[-shown:], mask=mask)

    def right(begin: Any) -> Tensor:
        return many.correct(params, family.run(params, asked.inputs, begin)[0], asked)

    zero = torch.zeros_like(state.v)
    silent = state._replace(v=zero, s=zero)
    v, s, a = (one.roll(1, -2) for one in state[:3])
    return {
        "right": right(state),
        "spikes": first[shown:].mean((0, 2, 3)),
        "thresholds": right(state._replace(a=zero)),
        "voltages and spikes": right(silent),
        "all": right(silent._replace(a=zero)),
        "thresholds, exchanged": right(state._replace(a=a)),
        "voltages and spikes, exchanged": right(state._replace(v=v, s=s)),
        "all, exchanged": right(state._replace(v=v, s=s, a=a)),
    }
