"""Training: a loop that minimises, keeps a history, and can be stopped."""

import math
import sys
import types

import pytest
import torch

from hebbnotes import PlasticRNN, tasks, training


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


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_kernels_are_trained_with_muon_in_steps_of_one_length_in_all_directions(layout):
    g = torch.Generator().manual_seed(0)
    kernel = torch.randn(4, 2, 3, 3, generator=g).to(memory_format=layout).requires_grad_()
    bias = torch.zeros(4, requires_grad=True)
    before, slope = kernel.detach().clone(), torch.randn(4, 2, 3, 3, generator=g)

    def loss(update):
        return (kernel * slope).sum() + bias.sum(), {}

    training.train([kernel, bias], loss, 1, lr=0.3, kernel_lr=0.01)
    step = (before - kernel.detach()).flatten(1)
    assert torch.allclose(bias, torch.full((4,), -0.3)), "Adam's first step is its learning rate"
    lengths = torch.linalg.svdvals(step)
    assert lengths.min() > 0.01 * 0.6, "about 0.01 in every direction"
    assert lengths.max() < 0.01 * 1.4
    u, _, v = torch.linalg.svd(slope.flatten(1), full_matrices=False)
    assert torch.nn.functional.cosine_similarity(step.flatten(), (u @ v).flatten(), dim=0) > 0.95, (
        "along the gradient's own"
    )
    tall, flat = torch.zeros(64, 1, 3, 3, requires_grad=True), torch.randn(64, 1, 3, 3, generator=g)
    training.train([tall], lambda update: ((tall * flat).sum(), {}), 1, kernel_lr=0.01)
    assert torch.linalg.svdvals(tall.detach().flatten(1)).mean() == pytest.approx(
        0.01 * (64 / 9) ** 0.5, rel=0.3
    )
    training.train([kernel, bias], loss, 1, lr=0.3)
    assert torch.allclose(
        (before - kernel.detach()).flatten(1) - step, 0.3 * slope.flatten(1).sign(), atol=1e-4
    ), "else Adam"


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
    ("parameters", "updates", "kwargs"),
    [
        ([], 5, {}),
        ([torch.zeros(1)], 5, {}),
        (None, 0, {}),
        (None, 5, {"lr": -1}),
        (None, 5, {"kernel_lr": -1}),
    ],
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


def test_a_bar_is_drawn_where_it_is_asked_for_and_only_there(capsys, monkeypatch):
    x, loss = parabola()
    training.train([x], loss, 3, progress=True)
    assert "/3" in capsys.readouterr().err
    monkeypatch.setattr(training, "watched", lambda: True)
    training.train([x], loss, 3, progress=False)
    assert capsys.readouterr().err == ""


def test_a_bar_tells_what_is_trained_its_metrics_and_the_time_left(capsys):
    x, loss = parabola()
    training.train(
        [x], loss, 3, progress=True, bar={"desc": "seed 7", "leave": True, "mininterval": 0}
    )
    shown = capsys.readouterr().err.split("\r")[-1]
    assert shown.startswith("seed 7: 100%")
    assert "loss=" in shown
    assert "x=3" in shown or "x=2.9" in shown
    assert "<00:00" in shown, "elapsed < left"


@pytest.mark.parametrize("asks", [True, False])
def test_a_notebook_is_watched_if_its_front_end_can_ask_its_reader(asks, monkeypatch):
    shell = types.SimpleNamespace(kernel=types.SimpleNamespace(_allow_stdin=asks))
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: shell))
    assert training.watched() is asks


def test_the_first_step_of_adam_is_the_learning_rate_and_the_schedule_scales_the_others():
    for factor in (1.0, 0.5, 0.0):
        x, loss = parabola()
        training.train([x], loss, 1, lr=0.1, schedule=lambda done, factor=factor: factor)
        assert x.item() == pytest.approx(3 - 0.1 * factor)


def test_steps_are_those_that_are_published_of_adam_also_where_a_gradient_comes_late():
    """Kingma & Ba (2015), algorithm 1, in double precision."""
    g = torch.Generator().manual_seed(0)
    trained = [torch.randn(s, generator=g, dtype=torch.float64) for s in ((), (3, 2))]
    expected, slopes = [p.clone() for p in trained], torch.randn(9, 3, 2, generator=g).double()
    first, second = trained[0].requires_grad_(), trained[1].requires_grad_()

    def loss(update):
        return first.sin() + ((second * slopes[update]).sum() if update > 3 else 0), {}

    training.train(trained, loss, 9, lr=0.01, schedule=training.cosine)
    moments = [[0, 0, 0], [0, 0, 0]]
    for update in range(9):
        for k, slope in enumerate((expected[0].cos(), slopes[update])):
            if k == 1 and update <= 3:
                continue
            t, mean, square = moments[k]
            t, mean, square = t + 1, 0.9 * mean + 0.1 * slope, 0.999 * square + 0.001 * slope**2
            moments[k], unbiased = [t, mean, square], square / (1 - 0.999**t)
            change = mean / (1 - 0.9**t) / (unbiased.sqrt() + 1e-8)
            expected[k] = expected[k] - 0.01 * training.cosine(update / 9) * change
    torch.testing.assert_close([p.detach() for p in trained], expected)


def test_the_schedule_is_told_the_share_that_is_done():
    shares, (x, loss) = [], parabola()
    training.train([x], loss, 4, schedule=lambda done: shares.append(done) or 1.0)
    assert shares == [0, 0.25, 0.5, 0.75]


def test_cosine_falls_from_one_through_a_half_to_zero():
    factors = [training.cosine(k / 10) for k in range(11)]
    assert factors == sorted(factors, reverse=True)
    assert factors[5] == pytest.approx(0.5)
    assert training.constant(1) == 1


def test_a_gradient_is_clipped_by_the_norm_of_all_parameters_and_a_short_one_is_not():
    two = [torch.tensor([3.0], requires_grad=True), torch.tensor([4.0], requires_grad=True)]
    training.train(
        iter(two), lambda update: (sum(p.square().sum() for p in two), {}), 1, clip_norm=1
    )
    assert [p.grad.item() for p in two] == pytest.approx([0.6, 0.8], rel=1e-4)
    x, loss = parabola(0.1)
    training.train([x], loss, 1, clip_norm=1)
    assert x.grad.item() == pytest.approx(0.2)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_leaves_the_parameters_of_the_update_before(value):
    (x, loss), (twin, same) = parabola(), parabola()
    training.train([twin], same, 2)
    with pytest.raises(FloatingPointError, match="at update 2"):
        training.train(
            [x],
            lambda u: ((x * value).sum(), {}) if u == 2 else loss(u),
            10,
            schedule=training.constant,
        )
    assert torch.equal(x, twin)


def test_an_interrupted_training_keeps_what_it_learned():
    (x, loss), (twin, same) = parabola(), parabola()

    def impatient(update):
        if update == 3:
            raise KeyboardInterrupt
        return loss(update)

    history = training.train([x], impatient, 50)
    assert training.train([twin], same, 3).loss == history.loss
    assert torch.equal(x, twin)
    assert len(history.metrics["x"]) == 3


BAD = {
    "half an update": ({"updates": 2.5}, TypeError, "updates"),
    "true updates": ({"updates": True}, TypeError, "updates"),
    "no update": ({"updates": 0}, ValueError, "updates"),
    "a rate of text": ({"lr": "fast"}, TypeError, "lr"),
    "an infinite rate": ({"lr": float("inf")}, ValueError, "lr"),
    "a negative norm": ({"clip_norm": -1}, ValueError, "clip_norm"),
    "no parameter": ({"parameters": []}, ValueError, "at least one"),
    "a parameter of text": ({"parameters": ["w"]}, ValueError, "require a gradient"),
}


@pytest.mark.parametrize("name", BAD)
def test_nothing_is_trained_before_all_is_checked(name):
    x, _ = parabola()
    change, error, message = BAD[name]
    asked = []
    with pytest.raises(error, match=message):
        training.train(**{"parameters": [x], "loss": asked.append, "updates": 3} | change)
    assert not asked
    assert x.item() == 3


@pytest.mark.parametrize("kernels_first", [True, False])
@pytest.mark.parametrize("rates", [(None, 0.05), (0.05, None)])
def test_a_checkpoint_of_another_optimiser_is_refused_before_anything_is_changed(
    kernels_first, rates, tmp_path
):
    def fresh():
        pair = [torch.ones(2, 1, 3, 3, requires_grad=True), torch.ones(2, requires_grad=True)]
        return pair if kernels_first else pair[::-1]

    def train(parameters, updates, kernel_lr):
        def loss(update):
            return sum(p.square().sum() for p in parameters), {}

        return training.train(
            parameters, loss, updates, kernel_lr=kernel_lr, checkpoint=tmp_path / "a.checkpoint"
        )

    train(fresh(), 3, rates[0])
    again = fresh()
    with pytest.raises(ValueError, match="is not a checkpoint of this training"):
        train(again, 6, rates[1])
    assert all(p.eq(1).all() for p in again)
    train(again, 6, rates[0])


@pytest.mark.parametrize("kernel_lr", [None, 0.05])
@pytest.mark.parametrize(
    "layouts",
    [
        (torch.contiguous_format, torch.channels_last),
        (torch.channels_last, torch.contiguous_format),
    ],
)
def test_a_training_goes_on_exactly_whatever_the_layout_of_its_kernels(
    kernel_lr, layouts, tmp_path
):
    slope = torch.randn(8, 4, 3, 3, generator=torch.Generator().manual_seed(0))

    def train(layout, updates, name):
        kernel = torch.ones(8, 4, 3, 3).to(memory_format=layout).requires_grad_()
        bias = torch.ones(8, requires_grad=True)

        def loss(update):
            if update == updates:
                raise KeyboardInterrupt
            return ((kernel * slope * (update + 1)).sum(dim=(1, 2, 3)) * bias).square().sum(), {}

        training.train(
            [kernel, bias], loss, 6, kernel_lr=kernel_lr, checkpoint=tmp_path / name, every=0.0
        )
        return kernel.detach()

    wanted = train(layouts[0], 99, "whole")
    train(layouts[0], 3, "parts")
    torch.testing.assert_close(train(layouts[1], 99, "parts"), wanted, atol=1e-6, rtol=1e-6)


# -------------------------------------------------------------- what would train wrongly, or not


ODD_LOSSES = {
    "a tensor alone": (lambda x: (x**2).sum(), TypeError, "write return loss, {}"),
    "nothing": (lambda x: None, TypeError, "got None: write return loss"),
    "a number": (lambda x: (9.0, {}), TypeError, r"a scalar tensor first, got 9.0 \(float\)"),
    "a vector": (lambda x: (x.expand(2) ** 2, {}), TypeError, "a scalar tensor first"),
    "no gradient": (lambda x: ((x.detach() ** 2).sum(), {}), ValueError, "this one has none"),
    "no dict": (lambda x: ((x**2).sum(), None), TypeError, "a dict of numbers second, got None"),
    "a dict of text": (lambda x: ((x**2).sum(), {"a": "b"}), TypeError, "got 'b' .str. as 'a'"),
    "a dict of vectors": (lambda x: ((x**2).sum(), {"a": torch.ones(2)}), TypeError, "as 'a'"),
}


@pytest.mark.parametrize("name", ODD_LOSSES)
def test_a_loss_function_that_returns_something_else_is_told_so_and_trains_nothing(name):
    x, _ = parabola()
    returned, error, message = ODD_LOSSES[name]
    with pytest.raises(error, match=message):
        training.train([x], lambda update: returned(x), 3)
    assert x.item() == 3


def test_metrics_must_have_the_same_names_each_time():
    x, _ = parabola()
    with pytest.raises(ValueError, match=r"same names each time, got \['b'\] after \['a'\]"):
        training.train([x], lambda u: ((x**2).sum(), {"ab"[u]: 1.0}), 2)


def test_a_loss_that_does_not_depend_on_the_parameters_is_an_error():
    (x, _), (other, loss) = parabola(), parabola()
    with pytest.raises(ValueError, match="does not depend on any of the parameters"):
        training.train([x], loss, 3)
    assert x.item() == other.item() == 3
    training.train([x, other], loss, 3)  # some may do without


@pytest.mark.parametrize("clip", [None, 1.0])
@pytest.mark.parametrize("start", [1.0, 0.0])
def test_a_gradient_that_is_not_finite_stops_the_training_before_it_does_harm(
    start, clip, tmp_path
):
    x = torch.full((3,), start, requires_grad=True)
    with pytest.raises(FloatingPointError, match="gradient of parameter 0 is not finite at update"):
        training.train(
            [x],
            lambda u: ((x - start).abs().sqrt().sum(), {}),
            2,
            clip_norm=clip,
            checkpoint=tmp_path / "c",
        )
    assert x.eq(start).all()
    assert not (tmp_path / "c").exists()


def test_a_step_beyond_all_numbers_is_not_taken():
    x = torch.tensor([3.0], dtype=torch.float16, requires_grad=True)
    with pytest.raises(FloatingPointError, match="a parameter would not be finite at update 0"):
        training.train([x], lambda update: ((x**2).sum(), {}), 1, lr=1e6)
    assert x.item() == 3


def test_parameters_that_are_not_finite_are_refused():
    x, loss = parabola(math.nan)
    with pytest.raises(ValueError, match="parameter 0 holds NaN"):
        training.train([x], loss, 1)


@pytest.mark.parametrize("factor", [math.nan, math.inf, -1.0, "a", None])
def test_a_schedule_that_returns_no_rate_is_refused(factor):
    x, loss = parabola()
    with pytest.raises((TypeError, ValueError), match="what schedule returns must be"):
        training.train([x], loss, 2, schedule=lambda done: factor)
    assert x.item() == 3


def test_frozen_parameters_are_left_out_as_torchs_optimisers_do():
    net, g = PlasticRNN(3), torch.Generator().manual_seed(0)
    net.alpha.requires_grad_(False)
    before, w = net.alpha.clone(), net.w.detach().clone()
    task = tasks.PatternCompletion(n_bits=2, n_patterns=1, **tasks.ONCE)
    training.train(net.parameters(), tasks.recall_loss(net, task, 2, g), 2)
    assert torch.equal(net.alpha, before)
    assert not torch.equal(net.w, w)
    with pytest.raises(ValueError, match="at least one"):
        training.train(net.requires_grad_(False).parameters(), lambda u: None, 2)


ODD_PARAMETERS = {
    "a module": (lambda x: PlasticRNN(2), TypeError, "pass network.parameters()"),
    "one tensor": (lambda x: x, TypeError, r"pass \[tensor\]"),
    "pairs": (lambda x: PlasticRNN(2).named_parameters(), ValueError, "must be tensors"),
    "computed": (lambda x: [2 * x], ValueError, "what was computed from it"),
    "twice": (lambda x: [x, x], ValueError, "there twice"),
}


@pytest.mark.parametrize("name", ODD_PARAMETERS)
def test_what_are_no_parameters_is_refused_with_the_mend(name):
    x, loss = parabola()
    given, error, message = ODD_PARAMETERS[name]
    with pytest.raises(error, match=message):
        training.train(given(x), loss, 2)
    assert x.item() == 3
