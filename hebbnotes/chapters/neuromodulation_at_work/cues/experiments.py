"""Experiments on cue and reward: five kinds of networks at equal numbers, and their rates."""

from dataclasses import replace
from typing import Any

from hebbnotes.chapters.neuromodulation_at_work.cues.costs import Costs, score_costs
from hebbnotes.chapters.neuromodulation_at_work.cues.networks import ARMS
from hebbnotes.chapters.neuromodulation_at_work.cues.trainings import (
    Playing,
    Started,
    test_arms,
    train_arms,
)
from hebbnotes.experiments.experiment import Experiment, nothing

__all__ = ["EXPERIMENTS"]

TRIED = (1e-3, 3e-3, 1e-2)
RATES: dict[str, float] = dict.fromkeys(ARMS, 3e-3) | {"retroactive": 1e-3}
"""The learning rates that did best on seeds of their own, and the middle one where no rate did
anything; see cue-reward-rates. That of the retroactive network was chosen on the first of these
seeds alone; on the second, three times that rate was better: see cue-reward-other-rate."""


def _compared(about: str, chosen: Playing, metric: str, **options: Any) -> Experiment[Any]:
    return Experiment(
        f"cue and reward, {about}",
        train_arms,
        test_arms,
        chosen,
        metric,
        "share of right answers",
        at_least=0.0,
        shares=Playing.alone,
        **options,
    )


_FOUR = Playing(rates={arm: (rate,) for arm, rate in RATES.items()})

_ITS = (
    "inward",
    "outward",
    *(f"core.{one}" for one in ("w", "alpha", "read", "bias", "eta_fixed")),
)
_KEPT = (
    *(f"{arm}.{key}" for arm in ("simple", "retroactive") for key in _ITS),
    "retroactive.core.eta_e_logit",
)

EXPERIMENTS: dict[str, Experiment[Any]] = {
    "cue-reward": _compared(
        "four cues, two in a trial: five kinds of networks of equally many numbers",
        _FOUR,
        "late.simple",
        keep=(0,),
        keep_only=_KEPT,
    ),
    **{
        name: _compared(
            f"four cues, two in a trial: a network that {words}, twice as long",
            replace(_FOUR, rates={arm: (RATES[arm],)}, updates=4_000),
            f"late.{arm}",
            seeds=(0, 1, 2),
        )
        for name, arm, words in (
            ("cue-reward-longer", "retroactive", "is retroactive"),
            ("cue-reward-longer-plastic", "plastic", "always writes"),
        )
    },
    "cue-reward-other-rate": _compared(
        "four cues, two in a trial: a retroactive network at three times its rate",
        replace(_FOUR, rates={"retroactive": (3 * RATES["retroactive"],)}),
        "late.retroactive",
    ),
    "cue-reward-rates": _compared(
        "each kind at three learning rates, on seeds of their own",
        replace(_FOUR, rates=dict.fromkeys(ARMS, TRIED), updates=1_500, test_episodes=200),
        "best.simple",
        seeds=(100, 101),
    ),
    "cue-reward-rates-further": _compared(
        "a retroactive network at a smaller rate, and one that always writes from another start "
        "of eta, on the seeds of the rates",
        Started(
            rates={"retroactive": (3e-4,), "plastic": (1e-3, 3e-3, 1e-2)},
            starts={"plastic": 0.1},
            updates=1_500,
            test_episodes=200,
        ),
        "best.plastic",
        seeds=(100, 101),
    ),
    "modulation-costs": Experiment(
        "cue and reward: what each kind of network reads, holds, multiplies and takes for a step",
        nothing,
        score_costs,
        Costs(),
        "dearer",
        "time of a retroactive network's step of training, for one of a plastic network",
        at_least=0.0,
        seeds=(0, 1, 2),
    ),
}
"""All experiments on cue and reward."""
