"""The figures: accessible, self-contained and reproducible."""

import matplotlib.pyplot as plt
import pytest
import torch

from hebbnotes import figures, tasks


def moving(alt="A line."):
    figures.use_style()
    frames = []
    for k in range(3):
        fig, ax = plt.subplots(figsize=(3, 2))
        ax.plot([0, k])
        frames.append(fig)
    return figures.MovingFigure(frames, ["a", "b", "c"], name="step", alt=alt)


def test_a_moving_figure_is_accessible_self_contained_and_reproducible():
    page = moving()._repr_html_()
    assert page == moving()._repr_html_()
    assert 'type="range"' in page
    assert 'aria-valuetext="a"' in page
    assert page.count('alt="A line. step: ') == 3
    assert "http" not in page
    assert not plt.get_fignums()


def test_a_moving_figure_refuses_what_it_cannot_show():
    with pytest.raises(ValueError, match="alt text"):
        moving(alt=" ")
    with pytest.raises(ValueError, match="two frames"):
        figures.MovingFigure([], [], name="step", alt="Nothing.")


def test_a_completion_has_a_panel_for_each_pattern_the_cue_and_each_answer():
    task = tasks.PatternCompletion(n_bits=20, n_patterns=3)
    episodes = task.sample(1, torch.Generator().manual_seed(0))
    axes = figures.completion(episodes, {"plastic": episodes.answer}, (4, 5))
    assert [a.get_title() for a in axes] == ["pattern 1", "pattern 2", "pattern 3", "cue", "plastic"]
    with pytest.raises(ValueError, match="must hold the 20 bits"):
        figures.completion(episodes, {}, (3, 5))
    plt.close("all")
