"""Introducing the NeuroAI series: figures show what they get, checkers accept what is right."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from hebbnotes.chapters.introduction import checks, frames
from hebbnotes.plasticity import rules
from hebbnotes.tasks import patterns


def test_a_completion_has_a_panel_for_each_pattern_the_cue_and_each_answer():
    task = patterns.PatternCompletion(n_bits=20, n_patterns=3)
    episodes = task.sample(1, torch.Generator().manual_seed(0))
    axes = frames.completion(episodes, {"plastic": episodes.answer}, (4, 5))
    key = axes[0].figure.figure.subfigs[2].legends[0]
    assert {text.get_text() for text in key.get_texts()} == {"ink", "erased", "wrong"}
    assert [a.get_title() for a in axes] == [
        "pattern 1",
        "pattern 2",
        "pattern 3",
        "cue",
        "plastic",
    ]
    named = frames.completion(episodes, {}, (4, 5), "picture")
    assert named[0].get_title() == "picture 1"
    with pytest.raises(ValueError, match="must hold the 20 bits"):
        frames.completion(episodes, {}, (3, 5))
    plt.close("all")


def completed(answer):
    task = patterns.PatternCompletion(n_bits=20, n_patterns=2)
    e = task.sample(2, torch.Generator().manual_seed(0))
    return e, frames.completion(e, {"answer": answer(e)}, (4, 5))


def codes(ax):
    return ax.images[0].get_array().data.ravel().tolist()


def test_a_completion_marks_what_is_erased_and_what_is_wrong():
    def answer(e):
        y = 0.3 * e.answer
        y[0, 0], y[0, 1], y[0, 2] = -y[0, 0], 0.0, torch.nan
        return torch.cat([y, torch.ones(2, 1)], 1)

    e, (one, two, cue, answered) = completed(answer)
    assert codes(one) == (e.patterns[0, 0] + 1).tolist()
    assert codes(two) == (e.patterns[0, 1] + 1).tolist()
    assert [c == 1 for c in codes(cue)] == e.erased[0].tolist()
    assert [c == 3 for c in codes(answered)] == [True] * 3 + [False] * 17
    assert codes(answered)[3:] == (e.answer[0, 3:] + 1).tolist()
    plt.close("all")


def test_a_completion_draws_an_answer_that_is_still_in_the_graph():
    _, axes = completed(lambda e: e.answer.clone().requires_grad_())
    assert 3 not in codes(axes[-1])
    plt.close("all")


def test_a_strip_of_a_recall_shows_each_state_and_its_overlap_with_each_pattern():
    y, overlaps = torch.linspace(-1, 1, 40).view(2, 20), torch.tensor([[1.0, -0.2], [0.1, 0.3]])
    fig = frames.recall_strip(y, overlaps, (4, 5), ["step 3", "step 4"])
    above, below = np.array(fig.axes).reshape(2, 2)
    for k in range(2):
        np.testing.assert_allclose(above[k].images[0].get_array(), y[k].reshape(4, 5))
        assert above[k].get_title() == f"step {k + 3}"
        heights = [bar.get_height() for bar in below[k].patches]
        assert heights == pytest.approx(overlaps[k].tolist())
        assert below[k].get_xlabel()
    assert below[0].get_ylabel()
    with pytest.raises((TypeError, ValueError), match="titles"):
        frames.recall_strip(y, overlaps, (4, 5), ["step 3"])
    plt.close("all")


def test_the_checker_of_hebbs_rule_accepts_the_right_answer_and_says_what_is_wrong_with_others(
    capsys,
):
    checks.hebbian(rules.hebb)
    assert "Yes" in capsys.readouterr().out
    wrong = {
        "look at the sign": lambda w, pre, post: -rules.hebb(w, pre, post),
        "not local": lambda w, pre, post: rules.hebb(w, pre, post) * pre.sum(),
        "look at post": lambda w, pre, post: pre[:, None].expand(w.shape) + 0 * post,
        "look at pre": lambda w, pre, post: post[None, :].expand(w.shape) + 0 * pre[:, None],
        "twice the presynaptic": lambda w, pre, post: rules.hebb(w, pre**2, post),
        "twice the postsynaptic": lambda w, pre, post: rules.hebb(w, pre, post**2),
    }
    for message, rule in wrong.items():
        with pytest.raises(AssertionError, match=message):
            checks.hebbian(rule)


def test_the_checker_of_forgetting_accepts_the_power_and_nothing_else():
    checks.forgetting(lambda eta, steps: (1 - eta) ** steps)
    for message, share in {
        "age 0": lambda eta, steps: eta * (1 - eta) ** steps,
        "not grow": lambda eta, steps: (1 + eta) ** steps,
        "seven steps": lambda eta, steps: 1 / (1 + eta * steps),
        "lose the share": lambda eta, steps: (1 - eta) ** (2 * steps),
    }.items():
        with pytest.raises(AssertionError, match=message):
            checks.forgetting(share)


def test_the_checker_of_forgetting_says_yes(capsys):
    checks.forgetting(lambda eta, steps: (1 - eta) ** steps)
    assert "Yes" in capsys.readouterr().out


def test_the_checker_of_the_majority_accepts_the_floor_and_nothing_else(capsys):
    checks.majority(patterns.floor_majority)
    assert "Yes" in capsys.readouterr().out
    for message, share in {
        "majority of one pattern": lambda n: 0.5,
        "with 3 patterns there are 8 ways": patterns.floor_last,
        "with 5 patterns there are 32 ways": lambda n: 0.25 * (n > 1),
    }.items():
        with pytest.raises(AssertionError, match=message):
            checks.majority(share)


def test_half_of_all_strengthening_by_a_balanced_pattern_joins_silent_units():
    pattern = patterns.PatternCompletion(n_bits=40).random_patterns(1, torch.Generator())[0, 0]
    change = rules.hebb(torch.zeros(40, 40), pattern, pattern)
    silent = pattern < 0
    assert change[silent][:, silent].gt(0).sum() == change.gt(0).sum() / 2
