"""What is trained or measured on one seed of the experiments, but those with trained networks."""

from dataclasses import dataclass, field
from functools import partial

import torch

from hebbnotes import analysis, tasks
from hebbnotes.chapters.fast_weights_and_attention import addresses, silent, sparse
from hebbnotes.chapters.fast_weights_and_attention.addresses import One
from hebbnotes.chapters.fast_weights_and_attention.measured import costs
from hebbnotes.experiments.experiment import Numbers, Trial, Weights, short, shorts
from hebbnotes.plasticity import rules

__all__ = [
    "Addressed",
    "Costs",
    "Rebound",
    "Silent",
    "Stored",
    "measure_costs",
    "measure_rebound",
    "measure_silent",
    "measure_stored",
    "train_addresses",
]

SMALL = "these memories are small, and computed on the processor"
Rates = dict[str, dict[str, tuple[float, ...]]]


@dataclass(frozen=True, kw_only=True)
class Addressed:
    """Configuration of gains that are trained for several addresses.

    Attributes
    ----------
    rates : dict
        Of each loss and each rank, a number or "full", the rates with which it is trained.
    groups : tuple of int
        Numbers of addresses.
    d, pairs, updates, batch, tested : int
    betas : tuple of float
        Sharpness of the softmax heads beside them; without, these are left out.
    course : tuple of int
        Updates before which the gains of groups are noted, of the full matrix.
    """

    rates: Rates
    groups: tuple[int, ...] = (4,)
    d: int = 64
    pairs: int = 4
    updates: int = 400
    batch: int = 64
    tested: int = 4000
    betas: tuple[float, ...] = ()
    course: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for loss, ranks in self.rates.items():
            for rank, rates in ranks.items():
                if len({_key(rate) for rate in rates}) < len(rates):
                    raise ValueError(
                        f"rates must differ in their first digit, got {rates} for {loss!r}, "
                        f"{rank!r}: each result is stored by it"
                    )

    def each(self) -> list[tuple[str, str, One]]:
        """Return all gains: loss, rank, and rate."""
        return [
            (loss, rank, One(None if rank == "full" else int(rank), rate, loss))
            for loss, ranks in self.rates.items()
            for rank, rates in ranks.items()
            for rate in rates
        ]


def _key(rate: float) -> str:
    """Return by which name what is trained at a rate is stored: its first digit and its power."""
    return f"{rate:.0e}"


def _settled(rates: Rates) -> bool:
    """Tell whether each has one rate: then a number stands where else there is one for each."""
    return all(len(those) == 1 for ways in rates.values() for those in ways.values())


def _note(place: Numbers, name: str, rate: float, value: float, settled: bool) -> None:
    if settled:
        place[name] = short(value)
    else:
        place.setdefault(name, {})[f"{rate:g}"] = short(value)


def _one(alpha: torch.Tensor, e: tasks.AddressedEpisodes, whole: bool) -> Numbers:
    errors = addresses.errors_of(addresses.answers(e, alpha), e)
    found: Numbers = {"error": short(errors.mean())}
    if not whole:
        return found
    gains = addresses.gains_of(alpha, len(errors))
    return found | {
        "addresses": shorts(errors),
        "participation": short(analysis.participation_ratio(alpha)),
        "gains": [shorts(row) for row in gains / gains.abs().max()],
    }


def _beside(chosen: Addressed, task: tasks.Addresses, e: tasks.AddressedEpisodes) -> Numbers:
    """Measure what is not trained: softmax heads, and gains by hand where there are four groups."""
    found: Numbers = {}
    for name, told in (("one head", False), ("a head for each", True)):
        for beta in chosen.betas:
            errors = addresses.errors_of(addresses.by_softmax(e, beta, told), e)
            found.setdefault(name, {})[f"{beta:g}"] = short(errors.mean())
    for name, gains in addresses.BY_HAND.items() if task.groups == 4 else ():
        alpha = addresses.spread(torch.tensor(gains, dtype=torch.float32), task.size)
        errors = addresses.errors_of(addresses.answers(e, alpha), e)
        found.setdefault("by hand", {})[name] = shorts([errors.mean(), *errors])
    return found


def train_addresses(trial: Trial, chosen: Addressed) -> tuple[Numbers, Weights]:
    """Train gains of all ranks side by side, for each number of addresses, and measure each.

    It saves nothing on its way: a seed that was stopped begins anew, and comes to the same result.
    """
    trial.on_cpu(SMALL)
    each = chosen.each()
    whole = _settled(chosen.rates)
    numbers: Numbers = {}
    weights: Weights = {}
    for groups in chosen.groups:
        task = tasks.Addresses(chosen.d, groups, chosen.pairs)
        course: dict[str, list[list[float]]] = {}

        def tell(
            update: int,
            alpha: torch.Tensor,
            groups: int = groups,
            course: dict[str, list[list[float]]] = course,
        ) -> None:
            trial.tell(f"{groups} addresses", update, chosen.updates)
            if update in chosen.course:
                at = [rank for _, rank, _ in each].index("full")
                gains = addresses.gains_of(alpha[at], groups)
                course[f"{update}"] = [shorts(row) for row in gains]

        alphas = addresses.train(
            task,
            [one for *_, one in each],
            trial.seed,
            updates=chosen.updates,
            batch=chosen.batch,
            tell=tell,
        )
        e = task.sample(chosen.tested, torch.Generator().manual_seed(10_000 + trial.seed))
        found: Numbers = {}
        for (loss, rank, one), alpha in zip(each, alphas, strict=True):
            place = found.setdefault(loss, {})
            if whole:
                place[rank] = _one(alpha, e, whole)
                weights[f"{groups}.{loss}.{rank}"] = alpha
            else:
                place.setdefault(rank, {})[_key(one.rate)] = _one(alpha, e, whole)["error"]
        numbers[f"{groups}"] = (
            found | _beside(chosen, task, e) | ({"course": course} if course else {})
        )
    return {"addresses": numbers}, weights


@dataclass(frozen=True, kw_only=True)
class Rebound:
    """Configuration of memories that are bound again, by rules.

    Attributes
    ----------
    rates : dict
        Of each case, how many inputs are active ("dense" for all), or which share is subtracted
        and with how much noise ("1, 0.5"), and of each rule, its rates.
    keys, rounds, n_bits, batch : int
    """

    rates: Rates
    keys: int = 16
    rounds: int = 4
    n_bits: int = 64
    batch: int = 64

    def task(self, active: str) -> tasks.Rebinding:
        """Return the task with so many active inputs."""
        number = None if active == "dense" else int(active)
        return tasks.Rebinding(self.keys, self.rounds, number, self.n_bits)


def measure_rebound(trial: Trial, chosen: Rebound) -> tuple[Numbers, Weights]:
    """Measure the error of the newest values, in each case by each rule at each of its rates."""
    trial.on_cpu(SMALL)
    error: Numbers = {}
    for case, of_rules in chosen.rates.items():
        for name, rates in of_rules.items():
            trial.tell(f"{case}, {name}", 0, 1)
            for rate in rates:
                noise, g = None, trial.generator()  # the same episodes for all
                if name == "subtracting":
                    share, size = map(float, case.split(", "))
                    rule: rules.Rule = partial(sparse.subtracting, share=share)
                    task = chosen.task("dense")
                    shape = task.n_writes, chosen.batch, task.n_bits
                    noise = size * torch.randn(shape, generator=trial.generator())
                else:
                    rule, task = sparse.RULES[name], chosen.task(case)
                found = sparse.errors_of(rule, task, rate, chosen.batch, g, noise)
                _note(error.setdefault(case, {}), name, rate, found, _settled(chosen.rates))
    return {"error": error}, {}


@dataclass(frozen=True, kw_only=True)
class Stored:
    """Configuration of how many pairs a memory holds.

    Attributes
    ----------
    rates : dict
        Of each number of pairs, and of each rule or "softmax", its rates.
    n_bits, batch : int
    """

    rates: Rates
    n_bits: int = 64
    batch: int = 128


def measure_stored(trial: Trial, chosen: Stored) -> tuple[Numbers, Weights]:
    """Measure the error of all values, each bound once, beside what is expected of Hebb's sum."""
    trial.on_cpu(SMALL)
    error: Numbers = {}
    for pairs, of_rules in chosen.rates.items():
        task = tasks.Rebinding(int(pairs), 1, None, chosen.n_bits)
        for name, rates in of_rules.items():
            trial.tell(f"{pairs}, {name}", 0, 1)
            rule: rules.Rule | str = name if name == "softmax" else sparse.RULES[name]
            for rate in rates:
                found = sparse.errors_of(rule, task, rate, chosen.batch, trial.generator())
                _note(error.setdefault(pairs, {}), name, rate, found, _settled(chosen.rates))
    expected = {
        pairs: short(sparse.hebb_error(int(pairs), chosen.n_bits)) for pairs in chosen.rates
    }
    return {"error": error, "expected": expected}, {}


@dataclass(frozen=True, kw_only=True)
class Silent:
    """Configuration of silent memories.

    Attributes
    ----------
    arms : dict
        What a cue leaves behind, by name.
    delays : tuple of float, in seconds
    network : Assemblies
    batch : int
    most : float
        Share of an assembly's cells above which it counts as active.
    """

    arms: dict[str, silent.Cued]
    delays: tuple[float, ...] = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
    network: silent.Assemblies = field(default_factory=silent.Assemblies)
    batch: int = 100
    most: float = 0.8


def measure_silent(trial: Trial, chosen: Silent) -> tuple[Numbers, Weights]:
    """Measure how often activity ends in the assembly that was cued, and in a stored one."""
    trial.on_cpu(SMALL)
    found: Numbers = {}
    for name, cued in chosen.arms.items():
        trial.tell(name, 0, 1)
        for delay in chosen.delays:
            g = trial.generator()
            active = silent.recalled(chosen.network, cued, delay, chosen.batch, g) >= chosen.most
            one = found.setdefault(name, {"cued": {}, "stored": {}})
            one["cued"][f"{delay:g}"] = short(active[:, -1].float().mean())
            one["stored"][f"{delay:g}"] = short(active[:, :-1].any(1).float().mean())
    return {"ends": found}, {}


@dataclass(frozen=True, kw_only=True)
class Costs:
    """Configuration of what memories cost: how many writes, and of which size.

    Attributes
    ----------
    writes : tuple of int
    n, batch : int
    """

    writes: tuple[int, ...] = (16, 64, 256, 512)
    n: int = 64
    batch: int = 4


def measure_costs(trial: Trial, chosen: Costs) -> tuple[Numbers, Weights]:
    """Count numbers and products, and measure CPU seconds of an episode, both ways."""
    trial.on_cpu("seconds are measured on the processor")
    found: Numbers = {}
    for writes in chosen.writes:
        at = found[f"{writes}"] = {}
        for way in costs.WAYS:
            trial.tell(f"{writes}, {way}", 0, 1)
            spent = costs.seconds(way, writes, chosen.n, chosen.batch, trial.generator())
            at[way] = {
                "seconds": short(spent),
                "held": costs.numbers_held(way, writes, chosen.n),
                "products": costs.products(way, writes, chosen.n),
            }
        loop, chunk = (at[f"delta, {how}"]["seconds"] for how in ("loop", "chunks"))
        at["faster"] = short(loop / chunk)
    return {"writes": found}, {}
