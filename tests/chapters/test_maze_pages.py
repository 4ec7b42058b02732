"""The maze: figures show what they get, checkers accept what is right."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from hebbnotes.chapters.maze import checks, frames
from hebbnotes.learning import actor_critic
from hebbnotes.tasks import maze


def test_an_agent_stands_where_its_path_ends_and_its_goal_is_full_once_it_is_known():
    made, path = maze.make(3), torch.tensor([[1, 1], [1, 2], [2, 2]])
    for known in (False, True):
        ax = plt.figure().gca()
        frames.maze_panel(ax, made.walls, path, torch.tensor([3, 1]), known, "step 3")
        assert np.array_equal(ax.images[0].get_array(), made.walls.numpy())
        trail, goal, agent = ax.lines
        assert trail.get_xydata().tolist() == [[1, 1], [2, 1], [2, 2]], (
            "columns are to the right, rows down"
        )
        assert goal.get_xydata().tolist() == [[1, 3]]
        assert goal.get_fillstyle() == ("full" if known else "none")
        assert agent.get_xydata().tolist() == [[2, 2]]
    plt.close("all")


def test_advantages_look_forward_and_count_what_was_not_expected(capsys):
    checks.advantages(actor_critic.advantages)
    assert "Yes" in capsys.readouterr().out

    def summed(rewards, values, gamma, lam, after=0.0, before=1.0, fade=None):
        coming = torch.cat([values[1:], torch.full_like(values[:1], after) * values[-1:]])
        total, found = 0.0, []
        for now in reversed(rewards + gamma * coming - before * values):
            total = now + (gamma * lam if fade is None else fade(gamma, lam)) * total
            found.insert(0, total)
        return torch.stack(found)

    checks.advantages(summed)
    for wrong, message in (
        (lambda *a: 0.0, "a tensor, got float"),
        (lambda r, v, g, k: summed(r, v, g, k).sum(0), "the shape of the rewards"),
        (lambda r, v, g, k: summed(r.flip(0), v, g, k).flip(0), "what came before it"),
        (lambda r, v, g, k: 2 * summed(r, v, g, k), "an advantage of 1, got 2"),
        (lambda *a: summed(*a, fade=lambda g, k: g), "fades by gamma"),
        (lambda *a: summed(*a, after=1.0), "the advantage is -1"),
        (lambda *a: summed(*a, before=0.0), "the advantage is -1"),
        (lambda r, v, g, k: summed(r, v, 1.0, g * k), "add gamma times"),
    ):
        with pytest.raises(AssertionError, match=message):
            checks.advantages(wrong)


def test_steps_to_finds_count_who_never_found(capsys):
    checks.steps_to_finds(lambda found: maze.steps_to_finds(found, 3)[:2])
    assert "Yes" in capsys.readouterr().out

    def of_those_who_did(found):
        at = [one.nonzero()[:, 0] + 1.0 for one in found.T]
        firsts, seconds = [a[0] for a in at if len(a)], [a[1] - a[0] for a in at if len(a) > 1]
        return sum(firsts) / len(firsts), sum(seconds) / len(seconds) if seconds else float("inf")

    def late(found):
        first, second = maze.steps_to_finds(found, 3)[:2]
        return first, first + second

    for wrong, message in (
        (of_those_who_did, "makes slow searches look fast"),
        (lambda found: (maze.steps_to_finds(found, 3)[0] - 1, 6), "took 4, got 3"),
        (late, "count from the first find"),
        (lambda found: (maze.steps_to_finds(found, 3)[0], 6), "infinite"),
    ):
        with pytest.raises(AssertionError, match=message):
            checks.steps_to_finds(wrong)


def test_rows_of_dots_show_each_seed_and_their_mean():
    rows = {"a": (torch.tensor([1.0, 3.0]), "plastic"), "b": (torch.tensor([5.0, 5.0]), "lstm")}
    ax = frames.dots(rows, "goals", {"sweep": 2.5}, gaps=(1,))
    assert [bar.get_width() for bar in ax.patches] == [2, 5]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["a", "b"]
    first, second, line = ax.lines
    assert first.get_xdata().tolist() == [1, 3]
    assert line.get_xdata() == [2.5, 2.5]
    assert second.get_ydata()[0] - first.get_ydata()[0] == 1.5
    assert [text.get_text() for text in ax.texts] == ["sweep"]
    plt.close("all")


def test_shares_begin_at_zero_and_rise_to_what_was_found():
    curve = torch.tensor([[0.1, 0.5], [0.3, 0.7]])
    above, below = frames.haunted(
        [10, 20], {"wiped": (curve, "plastic", "--")}, {"wiped": (curve[:, 0], "plastic")}, 0.12
    )
    mean = above.lines[-1]
    assert mean.get_xdata().tolist() == [0, 10, 20]
    assert mean.get_ydata() == pytest.approx([0, 20, 60])
    assert mean.get_linestyle() == "--"
    assert below.patches[0].get_width() == pytest.approx(20)
    assert [text.get_text() for text in above.texts] == ["wiped"]
    plt.close("all")


def test_the_scores_of_long_lives_have_their_labels_at_the_lines():
    some = {"lstm": torch.ones(2, 3), "stopped": 2 * torch.ones(2, 3)}
    above, below = frames.lasting([0, 10, 30], some, [150, 200, 250], some)
    assert [text.get_text() for text in above.texts] == ["LSTM", "plastic, no writing\nin the dark"]
    assert below.texts[-1].get_text() == "plastic, writing\nstopped"
    plt.close("all")
