"""Experiments with networks that are trained to recall what was bound, and bound again."""

from dataclasses import replace
from typing import Any

from hebbnotes.chapters.fast_weights_and_attention.trained.heads import (
    Heads,
    Metric,
    judge_metric,
    train_metric,
)
from hebbnotes.chapters.fast_weights_and_attention.trained.recall import (
    ARMS,
    Recall,
    judge_recall,
    judge_recurrent,
    train_recall,
)
from hebbnotes.experiments.experiment import Experiment

__all__ = ["EXPERIMENTS"]

WRONG: dict[str, Any] = {"unit": "share of wrong bits, 0.5 by chance", "at_least": 0.0}
TUNED = (100, 101)
"""Seeds on which choices are made."""
SLOW: dict[str, tuple[float, ...]] = {"LSTM": (0.003, 0.01, 0.03)}
SLOW |= {arm: (0.01, 0.03, 0.1) for arm in ARMS if arm.startswith("plastic")}
TRIED: dict[str, tuple[float, ...]] = {arm: SLOW.get(arm, (0.01, 0.03, 0.1, 0.3)) for arm in ARMS}
FURTHER: dict[str, tuple[float, ...]] = {
    "delta": (1.0,),
    "gated delta": (1.0,),
    "plastic, one gain above 0": (0.003,),
}
"""A step beyond the grid, where the best rate lay at its border."""
BEST = {
    "linear": 0.1,
    "linear, full alpha": 0.1,
    "gated": 0.1,
    "gated by sender": 0.1,
    "delta": 0.3,
    "gated delta": 0.3,
    "softmax": 0.1,
    "softmax with order": 0.03,
    "plastic": 0.03,
    "plastic, one gain": 0.03,
    "plastic, one gain above 0": 0.01,
    "LSTM": 0.01,
}
"""The learning rate with which each arm did best on seeds of its own: see ``recall-rates``."""
AT_ONCE = tuple(arm for arm in ARMS if arm not in SLOW)
HEADS = {
    "linear 1": Heads("linear", 1),
    "softmax 1": Heads("softmax", 1),
    "softmax 1, from one group": Heads("softmax", 1, "one group"),
    "softmax 1, from noise": Heads("softmax", 1, "noise"),
    "softmax 2": Heads("softmax", 2),
    "softmax 4": Heads("softmax", 4),
}
"""Heads whose metric is trained, by kind and number."""
HEADS_FURTHER: dict[str, tuple[float, ...]] = {
    "softmax 1, from one group": (0.01,),
    "softmax 4": (1.0,),
}
"""A step beyond the grid, where the best rate lay at its border."""
BEST_HEADS = dict.fromkeys(HEADS, 0.1) | {"softmax 1, from one group": 0.03, "softmax 4": 0.3}
"""The learning rate with which each did best on seeds of its own: see ``metric-rates``."""


def _chosen(arms: tuple[str, ...], **options: Any) -> Recall:
    return Recall(rates={arm: (BEST[arm],) for arm in arms}, **options)


_TRIED = Recall(
    rates=TRIED, updates=1_000, longer={"LSTM": 2_000}, tested=(8,), test_episodes=1_000
)

EXPERIMENTS: dict[str, Experiment[Any]] = {
    "recall": Experiment(
        "recall and re-binding, eight networks that bind a value to its key in one step",
        train_recall,
        judge_recall,
        _chosen(AT_ONCE, updates=1_500),
        "error.delta.8.rebound",
        **WRONG,
        keep=(0,),
    ),
    "recall-recurrent": Experiment(
        "recall and re-binding, plastic networks told key and value one after the other, and LSTM",
        train_recall,
        judge_recurrent,
        _chosen((*SLOW,), updates=2_000, longer={"LSTM": 3_000}),
        "error.plastic.8.rebound",
        **WRONG,
        keep=(0,),
    ),
    "recall-rates": Experiment(
        "recall and re-binding, each arm at three or four rates, on seeds of their own",
        train_recall,
        judge_recall,
        _TRIED,
        "best.delta",
        **WRONG,
        seeds=TUNED,
    ),
    "recall-rates-further": Experiment(
        "recall and re-binding, a step beyond the grid of rates, on seeds of their own",
        train_recall,
        judge_recall,
        replace(_TRIED, rates=FURTHER),
        "best.delta",
        **WRONG,
        seeds=TUNED,
    ),
    "metric": Experiment(
        "four addresses, one to four heads with a trained metric",
        train_metric,
        judge_metric,
        Metric(arms=HEADS, rates={arm: (rate,) for arm, rate in BEST_HEADS.items()}),
        "error.softmax 1",
        **WRONG,
    ),
    "metric-rates": Experiment(
        "four addresses, heads with a trained metric at three rates, on seeds of their own",
        train_metric,
        judge_metric,
        Metric(arms=HEADS, rates=dict.fromkeys(HEADS, (0.03, 0.1, 0.3))),
        "best.softmax 1",
        **WRONG,
        seeds=TUNED,
    ),
    "metric-rates-further": Experiment(
        "four addresses, heads with a trained metric, a step beyond the grid of rates",
        train_metric,
        judge_metric,
        Metric(arms={arm: HEADS[arm] for arm in HEADS_FURTHER}, rates=HEADS_FURTHER),
        "best.softmax 4",
        **WRONG,
        seeds=TUNED,
    ),
}
"""What is trained by gradient descent over episodes."""
