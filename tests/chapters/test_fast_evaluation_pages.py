"""The fast evaluation: figures show what they get."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from hebbnotes.chapters.fast_evaluation import checks, frames


def test_a_step_that_reads_shows_what_each_earlier_step_says():
    y, resembles, left = (
        torch.linspace(-1, 1, 20),
        torch.tensor([1.0, -0.2, 0.5]),
        torch.tensor([0.5, 0.7, 1.0]),
    )
    _, (picture, bars) = plt.subplots(1, 2)
    frames.read_panels(picture, bars, y, resembles, left, (4, 5), 9)
    np.testing.assert_allclose(picture.images[0].get_array(), y.reshape(4, 5))
    assert picture.get_title() == "step 4"
    assert [bar.get_height() for bar in bars.patches] == pytest.approx(
        [*resembles.tolist(), *(resembles * left).tolist()]
    )
    assert bars.get_xlim() == (0, 9)
    plt.close("all")


def test_the_checkers_of_the_exercises_know_right_from_wrong(capsys):
    checks.forgets_all(lambda eta: -(eta**-0.5))
    checks.common_form(torch.abs)
    checks.common_form(lambda post: 0.5 * post.abs())
    checks.kept(lambda n, c: n**2 / c + n * (c + 1))
    assert capsys.readouterr().out.count("Yes: ") == 4
    for wrong, said in (
        (lambda: checks.forgets_all(lambda eta: 1 / eta), "leaves -99 of a column"),
        (lambda: checks.forgets_all(lambda eta: None), "got nothing"),
        (lambda: checks.common_form(torch.square), "twice the output"),
        (lambda: checks.common_form(lambda post: post), "forget the same"),
        (lambda: checks.common_form(lambda post: post.abs().sum()), "one share for each unit"),
        (lambda: checks.common_form(torch.zeros_like), "twice the output"),
        (lambda: checks.common_form(lambda post: post.abs() * len(post) / 20), "entry by entry"),
        (lambda: checks.kept(lambda n, c: n**2 / c), "values and reads are kept"),
        (lambda: checks.kept(lambda n, c: n * c), "100 units and 1 keys"),
    ):
        with pytest.raises(AssertionError, match=said):
            wrong()
