"""The fast evaluation: figures show what they get."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from hebbnotes.chapters.fast_evaluation import frames


def test_a_read_frame_shows_what_each_earlier_step_says():
    y, resembles, left = (
        torch.linspace(-1, 1, 20),
        torch.tensor([1.0, -0.2, 0.5]),
        torch.tensor([0.5, 0.7, 1.0]),
    )
    fig = frames.read_frame(y, resembles, left, (4, 5), 9)
    picture, bars = fig.axes
    np.testing.assert_allclose(picture.images[0].get_array(), y.reshape(4, 5))
    assert picture.get_title() == "asks at step 4"
    assert [bar.get_height() for bar in bars.patches] == pytest.approx(
        [*resembles.tolist(), *(resembles * left).tolist()]
    )
    assert bars.get_xlim() == (0, 9)
    plt.close(fig)
