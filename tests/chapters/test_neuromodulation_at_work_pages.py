"""Neuromodulation at work: its checkers, its figures, and its equations."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hebbnotes.analysis import interval
from hebbnotes.chapters.neuromodulation_at_work import checks, frames
from hebbnotes.chapters.neuromodulation_at_work.cues.lives import play
from hebbnotes.chapters.neuromodulation_at_work.cues.networks import player
from hebbnotes.chapters.neuromodulation_at_work.nulls import smallest_seen
from hebbnotes.learning import agents
from hebbnotes.learning.agents import ModulatedAgent
from hebbnotes.tasks import CueReward, maze


def by_hand(differences):
    """Return the smallest difference that is seen, by Student's tables."""
    t = pytest.importorskip("scipy.stats").t
    n = len(differences)
    reach = t.ppf(0.975, n - 1) + t.ppf(0.8, n - 1)
    return reach * torch.as_tensor(differences).double().std() / n**0.5


@pytest.mark.witness("eq-smallest", smallest_seen)
@settings(max_examples=8, deadline=None)
@given(st.integers(3, 20), st.sampled_from([0.7, 0.8, 0.9]), st.integers(0, 999))
def test_a_difference_of_that_size_is_seen_as_often_as_it_says(n, power, seed):
    g = torch.Generator().manual_seed(seed)
    spread = torch.randn(n, generator=g, dtype=torch.float64)
    spread = (spread - spread.mean()) / spread.std()
    true = smallest_seen(spread.tolist(), power)
    drawn = true + torch.randn(4000, n, generator=g, dtype=torch.float64)
    mean, low, _ = interval(spread.tolist())
    seen = (drawn.mean(1) > (mean - low) * drawn.std(1)).double().mean()
    assert abs(seen - power) < 0.06  # the bound takes the spread of the sample for the true one


@given(st.lists(st.floats(-3, 3), min_size=3, max_size=9), st.floats(0.1, 9), st.floats(-9, 9))
def test_it_depends_on_how_pairs_spread_and_not_on_their_mean(values, scale, shift):
    moved = smallest_seen([scale * one + shift for one in values])
    assert moved == pytest.approx(scale * smallest_seen(values), rel=1e-6, abs=1e-9)
    mean, low, _ = interval(values)
    assert smallest_seen(values) >= mean - low


def test_what_has_no_interval_has_no_smallest_difference():
    with pytest.raises(ValueError, match="two numbers"):
        smallest_seen([0.1])
    with pytest.raises(ValueError, match="a half and 1"):
        smallest_seen([0.1, 0.2], 0.4)


def test_the_smallest_difference_is_checked_by_experiments(capsys):
    checks.smallest(by_hand)
    assert "Yes" in capsys.readouterr().out
    for wrong, message in (
        (lambda d: None, "got nothing.*return"),
        (lambda d: -by_hand(d), "above 0"),
        (lambda d: by_hand(d) + d.mean().abs(), "not on their mean"),
        (lambda d: by_hand(d) ** 2, "three times as large"),
        (lambda d: by_hand(d) * 0.75, "a half sees"),
        (lambda d: by_hand(d) * 1.5, "too large"),
    ):
        with pytest.raises(AssertionError, match=message):
            checks.smallest(wrong)


def pulled(now, before, after, c, alpha):
    """Return what a trace adds, from how alike the senders are now and then."""
    return alpha * ((before @ now * c) @ after)


def test_the_pull_of_a_trace_is_had_without_the_trace(capsys):
    checks.pull(pulled)
    assert "Yes" in capsys.readouterr().out
    for wrong, message in (
        (lambda *given: None, "got nothing.*return"),
        (lambda now, before, after, c, alpha: before @ now, "for each of 5 receivers"),
        (lambda now, before, after, c, alpha: pulled(now, after, before, c, alpha), "how alike"),
        (
            lambda now, before, after, c, alpha: (before @ (alpha * now) * c) @ after,
            "belongs to the receiver",
        ),
        (
            lambda now, before, after, c, alpha: alpha * (now @ ((before.mT * c) @ after)),
            "was made on the way",
        ),
    ):
        with pytest.raises(AssertionError, match=message):
            checks.pull(wrong)


@pytest.mark.witness("eq-work-agent", ModulatedAgent)
@settings(max_examples=12, deadline=None)
@given(st.integers(2, 6), st.integers(1, 9), st.sampled_from([None, 0.3]), st.integers(0, 999))
def test_an_agent_writes_what_happens_times_its_signal_and_forgets_by_what_it_does(
    n, steps, fan_out, seed
):
    g, close = torch.Generator().manual_seed(seed), {"rtol": 1e-3, "atol": 1e-4}
    agent = ModulatedAgent(n, fan_out=fan_out, generator=g)
    core = agent.core
    with torch.no_grad():
        for one in core.parameters():
            one.add_(0.3 * torch.randn(one.shape, generator=g))
    seen = torch.randn(steps, 2, agent.n_seen, generator=g)
    with torch.no_grad():
        _, _, end = agent(seen)
        m, eta = agent.signals(seen), core.rate("eta")
    fan = torch.ones(n) if core.fan_out is None else core.fan_out.detach()
    y, trace, bound = torch.zeros(2, n), torch.zeros(2, n, n), None
    for t in range(steps):
        pre, felt = y, (core.w + core.alpha * trace).detach()
        told = (seen[t] @ agent.inward[:-1] + agent.inward[-1]).detach()
        y = torch.tanh(torch.einsum("bi,bij->bj", pre, felt) + told)
        signal = torch.tanh(y @ core.read + core.bias).detach()
        torch.testing.assert_close(m[t], signal, **close)
        heard = (fan * signal[:, None] * y)[:, None]
        trace = (1 - eta * y**2)[:, None] * trace + pre[:, :, None] * heard
        bound = (1 - eta * y**2) if bound is None else bound * (1 - eta * y**2)
    torch.testing.assert_close(end.hebb, trace, **close)
    with torch.no_grad():  # a hand that does not press: what was written goes on fading
        first = end._replace(y=torch.zeros_like(y))
        for one in (core.read, core.bias):
            one.zero_()
        output, state = agent.run(seen, first)
    fades = torch.stack([1 - eta * one**2 for one in output]).prod(0)
    torch.testing.assert_close(state.hebb, fades[:, None] * trace, **close)


def test_a_hand_is_judged_by_the_goals_that_are_left(capsys):
    g = torch.Generator().manual_seed(1)
    agent = ModulatedAgent(8, generator=g).requires_grad_(False)
    assert checks.hand(lambda own, told, since: own, agent) == 1.0
    assert "Yes: 100 goals" in capsys.readouterr().out
    for wrong, message in (
        (lambda own, told, since: None, "got nothing.*return"),
        (lambda own, told, since: own.mean(), "for each of 100 agents"),
        (lambda own, told, since: own / 0, "finite"),
    ):
        with pytest.raises(AssertionError, match=message):
            checks.hand(wrong, agent)


def test_a_life_is_drawn_in_three_pieces_with_its_signal():
    made, g = maze.make(9), torch.Generator().manual_seed(3)
    agent = ModulatedAgent(6, generator=g).requires_grad_(False)
    life = agents.live(agent, made, maze.start(made, 1, g), 40, g)
    found = torch.zeros(40, dtype=torch.bool)
    found[[6, 11, 30]] = True
    signal = agent.signals(life.seen)[:, 0]
    goals = made.free[0], made.free[9]
    figure = frames.life(made.walls, life.positions[:, 0], found, goals, signal)
    *mazes, below = figure.axes
    assert [len(ax.lines[0].get_xdata()) for ax in mazes] == [7, 5, 11]
    assert np.allclose([bar.get_height() for bar in below.patches], signal)
    stars = [line for line in below.lines if line.get_marker() == "*"]
    assert list(stars[0].get_xdata()) == [6, 11, 30]
    with pytest.raises(ValueError, match="signal"):
        frames.life(made.walls, life.positions[:, 0], found, goals, signal[1:])
    never = frames.life(made.walls, life.positions[:, 0], found & False, goals, signal)
    assert [len(ax.lines[0].get_xdata()) for ax in never.axes[:3]] == [21, 21, 20]
    plt.close("all")


def test_games_are_drawn_beside_the_best_player():
    best, values = [0.5, 0.9], torch.tensor([[0.5, 0.7], [0.6, 0.8]])
    figure = frames.cues([10, 20], {"lstm": values}, {"lstm": values}, best)
    above, below = figure.axes
    assert any(np.allclose(line.get_ydata(), [55, 75]) for line in above.lines), "their mean"
    assert any(np.allclose(line.get_ydata(), [50, 90]) for line in below.lines), "the best"
    plt.close("all")


def test_differences_are_drawn_with_what_would_have_been_missed():
    rows = {"a": [0.1, -0.2, 0.3], "b": [0.5, 0.6, 0.4]}
    ax = frames.differences(rows, "gain", 0.2).axes[0]
    dots = [line.get_xdata() for line in ax.lines if line.get_marker() == "o"]
    assert [list(one) for one in dots] == list(rows.values())
    widths = [bar.get_width() / 2 for bar in ax.patches]
    assert widths == pytest.approx([smallest_seen(one) for one in rows.values()])
    means = [line.get_xdata()[0] for line in ax.lines if line.get_marker() == "D"]
    assert means == pytest.approx([sum(one) / 3 for one in rows.values()])
    plt.close("all")


def test_a_game_is_drawn_as_it_was_played():
    task, g = CueReward(n_trials=3), torch.Generator().manual_seed(0)
    shown, net = task.sample(2, g), player("simple", task.n_inputs, g)
    played = play(net, shown, g)
    signal = torch.linspace(-1, 1, task.n_steps)
    above, below = frames.game(shown, played.actions, played.rewards, signal, 1).axes
    told = [text.get_text() for text in above.texts]
    wanted = ["ABCD"[cue] for cue in shown.shown[:, 1].flatten()]
    assert told[:6] == wanted
    bold = [text.get_text() for text in above.texts if text.get_fontweight() == "bold"]
    assert set(bold) <= {"ABCD"[shown.target[1]]}
    assert told.count("wrong") == int((played.rewards[:, 1] < 0).sum())
    assert [one for one in told if one in ("yes", "no")] == [
        "yes" if one else "no" for one in played.actions[:, 1]
    ]
    assert np.allclose([bar.get_height() for bar in below.patches[3:]], signal)
    with pytest.raises(ValueError, match="signal"):
        frames.game(shown, played.actions, played.rewards, signal[1:])
    many = CueReward(9, n_trials=3).sample(2, g)
    with pytest.raises(ValueError, match="shown must have at most 8 cues"):
        frames.game(many, played.actions, played.rewards, signal)
    plt.close("all")


def test_goals_are_drawn_while_networks_learn():
    values = torch.tensor([[1.0, 4.0], [3.0, 6.0]])
    finds = {"simple": values, "lstm": torch.tensor([[2.0, 9.0]])}
    ax = frames.learning([250, 500], finds, {"sweep": 5.0}).axes[0]
    labelled = {line.get_label(): list(line.get_ydata()) for line in ax.lines}
    assert labelled["simple"] == [2.0, 5.0]
    assert [1.0, 4.0] in [list(line.get_ydata()) for line in ax.lines]
    assert labelled["LSTM"] == [2.0, 9.0]
    assert "sweep" in [text.get_text() for text in ax.texts]
    plt.close("all")
