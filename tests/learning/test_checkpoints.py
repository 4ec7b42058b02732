"""A training that was saved goes on to the same numbers; what is not its checkpoint is refused."""

import os

import pytest
import torch

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
