"""Experiments on time constants: intervals, two clocks, templates, and a bit that is kept."""

from typing import Any

from hebbnotes.chapters.time_constants.arms import ARMS, BEST, BEST_KEPT, OTHERS, SPIKING, Choice
from hebbnotes.chapters.time_constants.trials import (
    Annealed,
    Keeping,
    Timing,
    train_keeping,
    train_modes,
    train_timing,
)
from hebbnotes.experiments.experiment import Experiment, untested
from hebbnotes.networks.leaky import STARTS
from hebbnotes.tasks.timing import Intervals, StoreRecall, Templates, TwoClocks

__all__ = ["EXPERIMENTS"]

TRIED = (0.003, 0.01, 0.03)
TASKS: dict[str, Intervals | TwoClocks] = {
    "intervals": Intervals(3, 96),
    "intervals-narrow": Intervals(17, 34),
    "two-clocks": TwoClocks((3, 12), (24, 96)),
    "two-clocks-same": TwoClocks((8, 32), (8, 32)),
}
CELLS = {"intervals": 32, "intervals-narrow": 32, "two-clocks": 16, "two-clocks-same": 16}
ABOUT = {
    "intervals": "gaps of 3 to 96 steps",
    "intervals-narrow": "gaps of 17 to 34 steps",
    "two-clocks": "gaps of 3 to 12 and of 24 to 96 steps at once",
    "two-clocks-same": "two gaps of 8 to 32 steps at once",
}
COURSES = {
    "templates": Templates(4.0, 100.0),
    "templates-narrow": Templates(12.0, 20.0),
}
ABOUT |= {
    "templates": "spiking cells tell courses of rates apart, of periods of 4 to 100 steps",
    "templates-narrow": "spiking cells tell courses of rates apart, of periods of 12 to 20 steps",
}
LEAKY = tuple(name for name in ARMS if not name.startswith(("GRU", "LSTM")))
FIRST = tuple(name for name in ARMS if name not in ("shared 1", "shared 5"))
INSIDE = ("plain", "shared, learned")
"""Arms whose best rate lay inside of those that were tried first, or below."""
EDGE: tuple[str, ...] = (
    *("shared 10", "shared 30", "shared 100", "cortex", "1 to 100", "each learned, from 10"),
    *("each learned, from 1 to 100", "GRU, chrono", "LSTM, chrono"),
)
"""Arms whose best rate was at the edge after one step further."""
KEEPERS = ("membrane 10", "membrane 50", "adaptive 200")
READERS = tuple(name for name in SPIKING if name not in KEEPERS)
PRICES = {"free": 0.0, "priced": 3.0, "strict": 30.0}
UPDATES = 400
ERROR: dict[str, Any] = {"unit": "squared error, 1 for a constant answer", "at_least": 0.0}
WRONG: dict[str, Any] = {"unit": "share of wrong classes, 7 in 8 by chance", "at_least": 0.0}
RIGHT: dict[str, Any] = {"unit": "share of bits that are recalled", "at_least": 0.0}


SIZES = (0.02, 0.05, 0.1, 0.2)
LEVELS = {"intervals": (0.1, 0.03)}
KEPT = ("plain", "shared 3", "1 to 100", "each learned, from 10", "each learned, from 1 to 100")
ITS = ("w", "u", "b", "readout", "bias", "log_tau")


SIZED: tuple[str, ...] = (
    *("plain", "shared 1", "shared 3", "shared 10", "1 to 25", "1 to 100"),
    *("each learned, from 1 to 100", "GRU"),
)
"""Arms that are trained with other numbers of cells."""


def _final(name: str, n: int = 32, which: tuple[str, ...] = (), **options: Any) -> Timing:
    """Return the configuration in which each arm has the choice that did best."""
    task = COURSES[name] if name in COURSES else TASKS[name.removesuffix("-64")]
    arms: dict[str, tuple[Choice, ...]] = {
        arm: (best,) for arm, best in BEST[name].items() if arm in (which or BEST[name])
    }
    return Timing(task=task, arms=arms, n=n, **options)


def _tries(
    arms: tuple[str, ...], starts: tuple[str, ...], rates: tuple[float, ...] = TRIED
) -> dict[str, tuple[Choice, ...]]:
    its = {arm: starts if arm in LEAKY else ("usual",) for arm in arms}
    return {arm: tuple((start, rate) for start in of for rate in rates) for arm, of in its.items()}


def _timing(about: str, chosen: Timing, **options: Any) -> Experiment[Any]:
    metric = "error.2 to 50" if chosen.classes else "error.1 to 100"
    unit = WRONG if chosen.classes else ERROR
    return Experiment(about, train_timing, untested, chosen, metric, **unit | options)


def _keeping(about: str, rates: dict[str, tuple[float, ...]], **options: Any) -> Experiment[Any]:
    return Experiment(
        f"spiking cells keep a bit at three prices of a spike: {about}",
        train_keeping,
        untested,
        Keeping(task=StoreRecall(), rates=dict.fromkeys(KEEPERS, rates), prices=PRICES),
        "kept.adaptive 200.free.right",
        **RIGHT,
        **options,
    )


EXPERIMENTS: dict[str, Experiment[Any]] = {
    "intervals-rates": _timing(
        f"{ABOUT['intervals']}: each arm at three rates from three starts, on seeds of their own",
        Timing(task=TASKS["intervals"], arms=_tries(FIRST, STARTS), updates=UPDATES),
        seeds=(100, 101),
    ),
    "intervals-rates-further": _timing(
        f"{ABOUT['intervals']}: a further rate where the best was at the edge, and two more arms",
        Timing(
            task=TASKS["intervals"],
            arms={
                **_tries(("plain",), STARTS, (0.001,)),
                **_tries(("shared 1", "shared 5"), STARTS[:2]),
                **_tries(tuple(a for a in FIRST if a not in INSIDE), STARTS[:2], (0.1,)),
            },
            updates=UPDATES,
        ),
        seeds=(100, 101),
    ),
    "intervals-rates-furthest": _timing(
        f"{ABOUT['intervals']}: a further rate where the best was at the edge again",
        Timing(
            task=TASKS["intervals"],
            arms={
                **_tries(("plain",), STARTS[2:], (0.0003,)),
                **_tries(EDGE, STARTS[:2], (0.3,)),
            },
            updates=UPDATES,
        ),
        seeds=(100, 101),
    ),
    "intervals-64-rates": _timing(
        f"{ABOUT['intervals']}, 64 cells: three rates from two starts, on seeds of their own",
        Timing(task=TASKS["intervals"], arms=_tries(SIZED, STARTS[1:]), n=64, updates=UPDATES),
        seeds=(100, 101),
    ),
    "intervals-64-rates-further": _timing(
        f"{ABOUT['intervals']}, 64 cells: a further rate where the best was at the edge",
        Timing(
            task=TASKS["intervals"],
            arms={
                **_tries(SIZED[:2], STARTS[1:], (0.001,)),
                **_tries((SIZED[3], *SIZED[5:]), STARTS[1:], (0.1,)),
            },
            n=64,
            updates=UPDATES,
        ),
        seeds=(100, 101),
    ),
    **{
        f"{name}-rates": _timing(
            f"{ABOUT[name]}: each arm at three rates from two starts, on seeds of their own",
            Timing(task=task, arms=_tries(tuple(ARMS), STARTS[:2]), n=CELLS[name], updates=UPDATES),
            seeds=(100, 101),
        )
        for name, task in TASKS.items()
        if name != "intervals"
    },
    **{
        f"{name}-rates-further": _timing(
            f"{ABOUT[name]}: a further rate, on seeds of their own",
            Timing(
                task=task,
                arms=_tries(tuple(ARMS), STARTS[:2], (0.1,)),
                n=CELLS[name],
                updates=UPDATES,
            ),
            seeds=(100, 101),
        )
        for name, task in TASKS.items()
        if name != "intervals"
    },
    **{
        f"{name}-rates": _timing(
            f"{ABOUT[name]}: each arm at three rates, on seeds of their own",
            Timing(
                task=task,
                arms=_tries(READERS, ("usual",), (0.01, 0.03, 0.1)),
                n=48,
                updates=250,
                every=25,
            ),
            seeds=(100, 101),
        )
        for name, task in COURSES.items()
    },
    **{
        f"{name}-rates-further": _timing(
            f"{ABOUT[name]}: a further rate, on seeds of their own",
            Timing(
                task=task, arms=_tries(READERS, ("usual",), (0.3,)), n=48, updates=250, every=25
            ),
            seeds=(100, 101),
        )
        for name, task in COURSES.items()
    },
    "store-recall-rates": _keeping(
        "three rates, on seeds of their own", dict.fromkeys(PRICES, TRIED), seeds=(100, 101)
    ),
    "store-recall-rates-further": _keeping(
        "a further rate, on seeds of their own", dict.fromkeys(PRICES, (0.1,)), seeds=(100, 101)
    ),
}
"""All experiments of the chapter."""
EXPERIMENTS["intervals"] = _timing(
    f"{ABOUT['intervals']}: each arm as it did best, damaged",
    _final("intervals", updates=UPDATES, levels=LEVELS["intervals"], sizes=SIZES),
    keep=(0,),
    keep_only=tuple(f"{arm}.{name}" for arm in KEPT for name in ITS),
)
EXPERIMENTS["intervals-annealed"] = _timing(
    f"{ABOUT['intervals']}: rates that fall to 0, and further choices for alike cells",
    Annealed(
        task=TASKS["intervals"],
        arms={
            **{arm: (best,) for arm, best in BEST["intervals"].items()},
            **{arm: (BEST["intervals"][arm], *others) for arm, others in OTHERS.items()},
        },
        updates=UPDATES,
    ),
)
EXPERIMENTS["intervals-modes"] = Experiment(
    f"{ABOUT['intervals']}: how the slowest mode of each network strays with its weights",
    train_modes,
    untested,
    _final("intervals", 32, LEAKY, updates=UPDATES, sizes=(0.002, 0.02, 0.1)),
    "ratio",
    "measured over predicted, damage of two parts in a thousand, median over networks",
    at_least=0.0,
)
for _n in (8, 16):
    EXPERIMENTS[f"intervals-{_n}"] = _timing(
        f"{ABOUT['intervals']}, {_n} cells: arms as they did best with 32, damaged",
        _final("intervals", _n, SIZED, updates=UPDATES, levels=(0.1,), sizes=(0.02, 0.1)),
    )
EXPERIMENTS["intervals-64"] = _timing(
    f"{ABOUT['intervals']}, 64 cells: arms as they did best, damaged",
    _final("intervals-64", 64, updates=UPDATES, levels=(0.1,), sizes=(0.02, 0.1)),
)
for _name in ("intervals-narrow", "two-clocks", "two-clocks-same"):
    EXPERIMENTS[_name] = _timing(
        f"{ABOUT[_name]}: each arm as it did best, damaged",
        _final(_name, CELLS[_name], updates=UPDATES, levels=(0.1,), sizes=(0.1,)),
    )
for _name in COURSES:
    EXPERIMENTS[_name] = _timing(
        f"{ABOUT[_name]}: each arm as it did best, damaged",
        _final(_name, 48, updates=250, every=25, sizes=(0.1,)),
    )
EXPERIMENTS["store-recall"] = Experiment(
    "spiking cells keep a bit at three prices of a spike, and are wiped when it is asked for",
    train_keeping,
    untested,
    Keeping(
        task=StoreRecall(),
        rates={
            arm: {price: (rate,) for price, rate in its.items()} for arm, its in BEST_KEPT.items()
        },
        prices=PRICES,
    ),
    "kept.adaptive 200.strict.right",
    **RIGHT,
)
