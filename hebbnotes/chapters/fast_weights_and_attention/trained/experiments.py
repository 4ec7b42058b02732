"""Experiments with networks that are trained to recall what was bound, and bound again."""

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
    train_recall,
)
from hebbnotes.experiments.experiment import Experiment

__all__ = ["EXPERIMENTS"]

WRONG: dict[str, Any] = {"unit": "share of wrong bits, 0.5 by chance", "at_least": 0.0}
TUNED = (100, 101)
"""Seeds on which choices are made."""
SLOW = {"LSTM": (0.003, 0.01, 0.03)} | dict.fromkeys(
    [arm for arm in ARMS if arm.startswith("plastic")], (0.01, 0.03, 0.1)
)
TRIED = {arm: SLOW.get(arm, (0.01, 0.03, 0.1, 0.3)) for arm in ARMS}
HEADS = {f"{kind} {n}": Heads(kind, n) for kind in ("linear", "softmax") for n in (1, 2, 3, 4)} | {
    f"softmax 1, from {start}": Heads("softmax", 1, start) for start in ("one group", "noise")
}
"""Heads whose metric is trained, by kind and number."""

EXPERIMENTS: dict[str, Experiment[Any]] = {
    "recall-rates": Experiment(
        "recall and re-binding, each arm at three or four rates, on seeds of their own",
        train_recall,
        judge_recall,
        Recall(
            rates=TRIED, updates=1_000, longer={"LSTM": 2_000}, tested=(8,), test_episodes=1_000
        ),
        "best.delta",
        **WRONG,
        seeds=TUNED,
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
}
"""What is trained by gradient descent over episodes."""
