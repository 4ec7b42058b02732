"""Neuromodulated plasticity: its checkers, its figures, and the models in its page."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from hebbnotes import tasks
from hebbnotes.chapters.neuromodulated_plasticity import checks, frames, trained
from hebbnotes.networks.modulated import Modulator, run_modulated


def weigh(m, eta, eta_e):
    """Return the weights of all pairs in a retroactive trace, as they are derived."""
    c = torch.zeros_like(m)
    for s in range(len(m)):
        for r in range(s + 1, len(m)):
            c[s] += eta_e * m[r] * (1 - eta) ** (len(m) - 1 - r) * (1 - eta_e) ** (r - 1 - s)
    return c


def test_the_weights_of_the_past_are_those_of_the_loop_and_no_others(capsys):
    checks.weights(weigh)
    checks.weights(lambda m, eta, eta_e: weigh(m.double(), eta, eta_e))
    assert capsys.readouterr().out.count("Yes") == 2
    for wrong, message in (
        (lambda m, eta, eta_e: [0.0], "a tensor, got list"),
        (lambda m, eta, eta_e: m[1:], "a weight for each of 7 steps"),
        (lambda m, eta, eta_e: m, "the pair of the last step"),
        (lambda m, eta, eta_e: weigh(m, eta_e, eta), "which signals come after a pair"),
        (lambda m, eta, eta_e: weigh(m, eta, min(eta_e, 0.3)), "for eta_e = 1 only"),
        (lambda m, eta, eta_e: weigh(m, eta, eta_e) * (eta != eta_e), "a division by 0"),
    ):
        with pytest.raises(AssertionError, match=message):
            checks.weights(wrong)


def test_a_twin_has_the_same_outputs_and_the_opposite_signal(capsys):
    checks.twin(lambda w, alpha, m, m0: (w, -alpha, -m, -m0))
    assert "Yes" in capsys.readouterr().out
    for wrong, message in (
        (lambda w, alpha, m, m0: (w, alpha), "four things"),
        (lambda w, alpha, m, m0: (w[0], -alpha, -m, -m0), "w must keep its shape"),
        (lambda w, alpha, m, m0: (w, -alpha, m, m0), "look at m and m0"),
        (lambda w, alpha, m, m0: (w, alpha, -m, -m0), "what makes up"),
        (lambda w, alpha, m, m0: (w, -2 * alpha, -m, -m0), "what makes up"),
    ):
        with pytest.raises(AssertionError, match=message):
            checks.twin(wrong)


def test_an_episode_is_drawn_as_it_was_lived():
    shown = tasks.RewardGatedMemory(4, 3).sample(2, torch.Generator().manual_seed(0))
    signal, size = torch.linspace(-1, 1, 40), torch.linspace(0, 1, 40)
    figure = frames.episode(shown, signal, size, torch.tensor([0.0, 9.0, 0.0, 0.0]), 1)
    strings, hand, pencil, answers = figure.axes
    assert np.array_equal(strings.images[0].get_array(), shown.inputs[:, 1, :20].T.numpy())
    for ax, values in ((hand, signal), (pencil, size)):
        assert np.allclose([bar.get_height() for bar in ax.patches], values)
    assert [bar.get_height() > 0.9 for bar in answers.patches] == [False, True, False, False]
    told = [text.get_text() for text in strings.texts]
    assert told[:4] == list("ABCD")
    assert sorted(told[4:]) == ["A?", "B?", "C?", "D?"]
    with pytest.raises(ValueError, match="signal"):
        frames.episode(shown, signal[1:], size, torch.zeros(4))
    plt.close("all")


def test_what_was_replaced_stands_in_rows_with_a_mark_for_each_seed():
    rows = {"its own": {"simple": [1.0, 0.9], "retroactive": [0.8]}, "turned": {"simple": [0.0]}}
    ax = frames.replaced(rows, 0.25).axes[0]
    marks = [line for line in ax.lines if line.get_marker() in "oD"]
    assert [line.get_xdata().tolist() for line in marks] == [[100, 90], [80], [0]]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["its own", "turned"]
    assert sorted(text.get_text() for text in ax.get_legend().get_texts()) == [
        "retroactive",
        "simple",
    ]
    plt.close("all")


def test_the_weights_of_the_past_are_drawn_as_they_are():
    weights = torch.tril(torch.randn(6, 6, generator=torch.Generator().manual_seed(0)), -1)
    figure = frames.past({"a": weights, "b": weights / 2}, torch.zeros(6))
    shown = [ax.images[0].get_array() for ax in figure.axes if ax.images]
    assert np.allclose(shown[0], weights / weights.abs().max())
    assert np.allclose(shown[1], shown[0]), "each as dark as another"
    plt.close("all")


@pytest.mark.parametrize("eta_e", [None, 0.3, 1.0])
def test_the_weights_of_the_past_add_up_to_the_trace_of_each_step(eta_e):
    g = torch.Generator().manual_seed(1)
    x, w, alpha = (
        torch.randn(*shape, generator=g, dtype=torch.float64) / 2
        for shape in ((9, 2, 3), (3, 3), (3, 3))
    )
    m = torch.randn(9, generator=g, dtype=torch.float64).tanh()
    c = trained.past(m, 0.1, eta_e)
    assert c.shape == (9, 9)
    assert not c.triu().any()
    none = Modulator(torch.zeros(3).double(), torch.zeros(()).double())
    for t in range(1, 9):
        given = m[:t, None].expand(t, 2).contiguous()
        y, _, end = run_modulated(
            x[:t], w, alpha, none, modulation=given, eta=0.1, eta_e=eta_e, method="loop"
        )
        pre = torch.cat([torch.zeros_like(y[:1]), y[:-1]])
        trace = torch.einsum("s,sbi,sbj->bij", c[t, :t], pre, y)
        torch.testing.assert_close(trace, end.hebb, rtol=1e-9, atol=1e-12)


def test_a_signal_that_says_reward_will_do_for_the_simple_network(capsys):
    assert checks.signal(lambda inputs: inputs[..., 20]) > 0.97
    assert checks.signal(lambda inputs: 0.5 * inputs[..., 20].double() + 0.01) > 0.9
    assert capsys.readouterr().out.count("Yes") == 2
    for wrong, message in (
        (lambda inputs: inputs, "a number for each step"),
        (lambda inputs: -inputs[..., 20], "0 of 100 answers are right"),
        (lambda inputs: inputs[..., 20].roll(1, 0), "what should be written"),
        (lambda inputs: inputs[..., 20] / 0, "finite"),
    ):
        with pytest.raises(AssertionError, match=message):
            checks.signal(wrong)
