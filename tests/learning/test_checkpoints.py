"""A training that was saved goes on to the same numbers; what is not its checkpoint is refused."""

import functools
import os

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from hebbnotes import tasks, training
from hebbnotes.networks import ThreeNumbers


def test_training_resumes_to_the_same_numbers_and_history(tmp_path):
    def trained(stops):
        g, network = torch.Generator().manual_seed(0), ThreeNumbers()
        task = tasks.PatternCompletion(n_bits=10, n_patterns=2, bias_unit=False, **tasks.ONCE)
        loss = tasks.recall_loss(network, task, 2, g)
        for stop in stops:

            def until(update, stop=stop):
                if update == stop:
                    raise KeyboardInterrupt
                return loss(update)

            kwargs = {
                "lr": 0.03,
                "schedule": training.cosine,
                "checkpoint": tmp_path / f"{len(stops)}",
                "generator": g,
                "every": 0.0,
            }
            history = training.train(network.parameters(), until, 12, **kwargs)
        return [p.item() for p in network.parameters()], history

    (one, first), (two, second) = trained([None]), trained([5, 9, None])
    assert one == two
    assert first == second
    assert len(second.loss) == 12


def line(*shapes, dtype=torch.float32):
    xs = [torch.ones(shape, dtype=dtype, requires_grad=True) for shape in shapes]
    return xs, lambda update: (sum(x.square().sum() for x in xs), {})


@pytest.mark.parametrize(
    ("other", "kwargs", "updates"),
    [
        (line(3, 2), {}, 3),
        (line(2), {}, 3),
        (line(2, 3, 1), {}, 3),
        (line(2, 3, dtype=torch.float64), {}, 3),
        (line(2, 3), {"generator": torch.Generator()}, 3),
        (line(2, 3), {}, 2),
    ],
    ids=["other shapes", "fewer", "more", "other precision", "a generator", "fewer updates"],
)
def test_a_checkpoint_of_another_training_is_refused_and_nothing_is_changed(
    tmp_path, other, kwargs, updates
):
    xs, loss = line(2, 3)
    path = tmp_path / "c"
    training.train(xs, loss, 3, checkpoint=path, every=0.0)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="not a checkpoint of this training"):
        training.train(*other, updates, checkpoint=path, **kwargs)
    assert path.read_bytes() == before
    assert all(x.eq(1).all() for x in other[0])


def test_a_damaged_checkpoint_is_refused_and_a_save_never_shows_half_a_file(tmp_path, monkeypatch):
    xs, loss = line(2)
    path = tmp_path / "c"
    path.write_bytes(b"no checkpoint")
    with pytest.raises(ValueError, match="remove it to start anew"):
        training.train(xs, loss, 3, checkpoint=str(path))
    assert path.read_bytes() == b"no checkpoint"
    path.unlink()
    with pytest.raises(ValueError, match="every"):
        training.train(xs, loss, 3, checkpoint=path, every=float("nan"))
    training.train(xs, loss, 2, checkpoint=path, every=0.0)
    before = path.read_bytes()

    def full(source, target):
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="no space"):
        training.train(xs, loss, 5, checkpoint=path, every=0.0)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path], "what was written in part is removed"


def test_a_training_is_saved_no_more_often_than_asked_for(tmp_path, monkeypatch):
    clock, saves = iter(range(1000)), []
    monkeypatch.setattr(training.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(training, "save", lambda path, *args: saves.append(len(args[-1].loss)))
    xs, loss = line(2)
    training.train(xs, loss, 12, checkpoint=tmp_path / "c", every=2.5)
    assert saves == [3, 6, 9, 12], "the clock ticks at each look, and once more at each save"


def other_loss(update):
    raise AssertionError("nothing is trained before the checkpoint is compared")


DIFFERENT = {
    "lr": {"lr": 0.5},
    "clip_norm": {"clip_norm": 1.0},
    "kernel_lr": {"kernel_lr": 0.1},
    "schedule": {"schedule": training.constant},
    "another schedule": {"schedule": lambda done: 1.0},
    "updates": {"updates": 5},
    "loss": {"loss": other_loss},
    "loss without a name": {"loss": lambda update: other_loss(1 + update)},
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_a_checkpoint_of_a_training_of_other_kind_is_refused_with_what_differs(name, tmp_path):
    xs, loss = line(2)
    told = {"lr": 0.1, "schedule": training.cosine, "checkpoint": tmp_path / "c"}
    training.train(xs, loss, 3, **told)
    (again, loss), before = line(2), (tmp_path / "c").read_bytes()
    kwargs = {"parameters": again, "loss": loss, "updates": 3} | told | DIFFERENT[name]
    what = name.split()[-1] if name.startswith("another") else name.split()[0]
    with pytest.raises(ValueError, match=rf"not a checkpoint of this training.*\(.*{what} is .+"):
        training.train(**kwargs)
    assert again[0].eq(1).all()
    assert (tmp_path / "c").read_bytes() == before


def test_a_training_at_a_constant_rate_may_be_prolonged_and_one_that_anneals_may_not(tmp_path):
    xs, loss = line(2)
    training.train(xs, loss, 2, checkpoint=tmp_path / "c")
    assert len(training.train(xs, loss, 4, checkpoint=tmp_path / "c").loss) == 4
    how = {"schedule": training.cosine, "checkpoint": tmp_path / "d"}
    training.train(xs, loss, 2, **how)
    with pytest.raises(ValueError, match="updates is 2 there and 4 here"):
        training.train(xs, loss, 4, **how)


@pytest.mark.parametrize("change", ["shape", "less", "more"])
def test_moments_that_do_not_fit_are_refused(change, tmp_path):
    xs, loss = line(2)
    training.train(xs, loss, 2, checkpoint=tmp_path / "c")
    with safe_open(tmp_path / "c", framework="pt") as file:
        tensors, metadata = {name: file.get_tensor(name) for name in file.keys()}, file.metadata()  # noqa: SIM118
    if change == "less":
        del tensors["adam.0.exp_avg"]
    else:
        tensors["adam.0.exp_avg" if change == "shape" else "adam.1.exp_avg"] = torch.zeros(3)
    save_file(tensors, tmp_path / "c", metadata=metadata)
    with pytest.raises(ValueError, match="not a checkpoint of this training"):
        training.train(line(2)[0], loss, 4, checkpoint=tmp_path / "c")


@pytest.mark.parametrize("name", ["", "."])
def test_a_folder_is_no_checkpoint(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    xs, loss = line(2)
    with pytest.raises(ValueError, match="checkpoint must name a file, got the folder"):
        training.train(xs, loss, 2, checkpoint=name)
    assert xs[0].eq(1).all()


def test_a_loss_that_is_wrapped_keeps_its_name(tmp_path):
    xs, loss = line(2)

    @functools.wraps(loss)
    def counted(update):
        return loss(update)

    for one in (loss, counted, functools.partial(loss)):
        training.train(xs, one, 2, checkpoint=tmp_path / "c")
