"""Training: a loop that minimises, keeps a history, and can be stopped."""

import pytest
import torch

from hebbnotes import training


def parabola(start=3.0):
    x = torch.tensor([start], requires_grad=True)
    return x, lambda update: ((x**2).sum(), {"x": x.item()})


def test_training_finds_the_minimum_and_keeps_its_history():
    x, loss = parabola()
    history = training.train([x], loss, 300, lr=0.1, schedule=training.cosine)
    assert abs(x.item()) < 1e-2
    assert len(history.loss) == len(history.metrics["x"]) == 300
    assert history.loss[0] == 9
    assert not history.interrupted


def test_schedules_start_at_one():
    assert training.constant(0) == training.constant(0.9) == training.cosine(0) == 1
    assert training.cosine(1) == pytest.approx(0)


def test_the_gradient_is_clipped():
    x, loss = parabola(1e6)
    training.train([x], loss, 1, clip_norm=0.5)
    assert x.grad.norm() == pytest.approx(0.5, rel=1e-3)


def test_an_interrupted_training_returns_what_it_has():
    x, loss = parabola()

    def impatient(update):
        if update == 5:
            raise KeyboardInterrupt
        return loss(update)

    history = training.train([x], impatient, 100)
    assert history.interrupted
    assert len(history.loss) == 5


def test_a_loss_that_is_not_finite_stops_the_training_before_it_does_harm():
    x, loss = parabola()
    with pytest.raises(FloatingPointError, match="at update 2"):
        training.train([x], lambda u: ((x * torch.nan).sum(), {}) if u == 2 else loss(u), 10)
    assert x.isfinite().all()


@pytest.mark.parametrize(
    ("parameters", "updates", "kwargs"), [([], 5, {}), ([torch.zeros(1)], 5, {}), (None, 0, {}), (None, 5, {"lr": -1})]
)
def test_bad_arguments_are_refused(parameters, updates, kwargs):
    x, loss = parabola()
    with pytest.raises(ValueError, match="must be"):
        training.train([x] if parameters is None else parameters, loss, updates, **kwargs)


def test_nobody_watches_a_test_so_there_is_no_bar(capsys):
    x, loss = parabola()
    training.train([x], loss, 3)
    assert not training.watched()
    assert capsys.readouterr().err == ""
