"""A training that was saved goes on to the same numbers; what is not its checkpoint is refused."""

import functools
import json
import os
import signal
import subprocess
import sys
import threading

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from hebbnotes import _files, tasks, training
from hebbnotes.learning import checkpoints
from hebbnotes.learning.interruption import Interruption
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


REFUSED = "is not a checkpoint of this training: remove it to start anew, or name another file"


def start(seed=0):
    """Return two numbers to be trained, and a generator."""
    return torch.zeros(2, requires_grad=True), torch.Generator().manual_seed(seed)


def drawn(path, updates, stop=None, begin=None, **kwargs):
    """Train two numbers on what a generator draws; returns them and the history."""
    x, g = begin or start()

    def loss(update):
        batch = torch.randn(2, generator=g)
        if update == stop:
            raise KeyboardInterrupt
        return (x - batch).square().sum(), {"x": x[0].item()}

    history = training.train(
        [x], loss, updates, lr=0.1, checkpoint=path, generator=g, **{"every": 99.0} | kwargs
    )
    return x.detach(), history, g


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "c"
    drawn(path, 3)
    return path


def rewrite(path, target, tensors=None, **metadata):
    """Write a checkpoint anew, with another checksum, after a change; None takes a thing away."""
    before, told = _files.read_tensors(path, "")
    after = {k: v for k, v in (before | (tensors or {})).items() if v is not None}
    told = {k: v for k, v in (told | metadata).items() if v is not None and k != "sha256"}
    _files.write_tensors(target, after, told)


HISTORIES = {
    "no JSON": "{",
    "a list": "[]",
    "a number": "5",
    "a loss of 5": '{"loss": 5, "metrics": {}}',
    "a loss of text": '{"loss": "abc", "metrics": {}}',
    "losses of text": '{"loss": ["a"], "metrics": {}}',
    "losses that are NaN": '{"loss": [NaN], "metrics": {}}',
    "no metrics": '{"loss": [1.0]}',
    "metrics in a list": '{"loss": [1.0], "metrics": []}',
    "a metric of a number": '{"loss": [1.0], "metrics": {"x": 1.0}}',
    "more metrics than losses": '{"loss": [1.0], "metrics": {"x": [1.0, 2.0]}}',
    "endless": "[" * 100_000,
    "nothing": None,
}
TENSORS = {
    "Adam of another shape": {"adam.0.exp_avg": torch.zeros(3)},
    "Adam of another precision": {"adam.0.exp_avg": torch.zeros(2, dtype=torch.float64)},
    "Adam in part": {"adam.0.exp_avg_sq": None},
    "steps of several": {"adam.0.step": torch.zeros(2)},
    "another moment": {"adam.0.more": torch.zeros(2)},
    "another parameter's": {"adam.7.step": torch.zeros(())},
    "no number": {"adam.x.step": torch.zeros(())},
    "Muon": {"muon.0.momentum_buffer": torch.zeros(2)},
    "a generator of 7 bytes": {"generator": torch.zeros(7, dtype=torch.uint8)},
    "a generator of zeros": {"generator": torch.zeros(5056, dtype=torch.uint8)},
    "a generator of numbers": {"generator": torch.zeros(2)},
    "no generator": {"generator": None},
    "no parameter": {"parameter.0": None},
    "one parameter more": {"parameter.1": torch.zeros(2)},
}
DAMAGES = (
    {name: {"history": text} for name, text in HISTORIES.items()}
    | {name: {"tensors": tensors} for name, tensors in TENSORS.items()}
    | {f"told {text}": {"told": text} for text in ("{", "[1]", "5", "null")}
    | {"told nothing": {"told": None}}
    | {"another format": {"format": "hebbnotes weights 1"}, "no format": {"format": None}}
)


@pytest.mark.parametrize("name", DAMAGES)
def test_what_a_checkpoint_lacks_is_refused_before_anything_is_changed(saved, tmp_path, name):
    path = tmp_path / "c"
    rewrite(saved, path, **DAMAGES[name])
    x, g = start(5)
    state = g.get_state()
    with pytest.raises(ValueError, match=f"{path} {REFUSED}$"):
        drawn(path, 5, begin=(x, g))
    assert x.eq(0).all()
    assert torch.equal(g.get_state(), state)


def test_a_checkpoint_that_was_written_anew_is_as_good(saved, tmp_path):
    rewrite(saved, tmp_path / "c")
    assert torch.equal(drawn(tmp_path / "c", 5)[0], drawn(tmp_path / "whole", 5)[0])


def test_a_checkpoint_says_the_checksum_of_its_tensors(saved, tmp_path):
    told = _files.read_tensors(saved, "")[1]
    assert len(told["sha256"]) == 64
    without = {key: value for key, value in told.items() if key != "sha256"}
    save_file(load_file(saved), tmp_path / "c", metadata=without)
    with pytest.raises(ValueError, match=REFUSED):
        drawn(tmp_path / "c", 5)


@given(st.data())
def test_a_flipped_bit_is_refused_and_nothing_is_changed(saved, data):
    content = bytearray(saved.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    path = saved.with_name("flipped")
    path.write_bytes(content)
    with pytest.raises(ValueError, match=REFUSED):
        drawn(path, 5)
    assert path.read_bytes() == content


@pytest.mark.parametrize("name", ["folder", "pipe", ""])
def test_a_checkpoint_that_is_no_file_is_refused_in_a_sentence(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    said = r"must name a file|cannot be read \(it is not a regular file\): name another"
    with pytest.raises((ValueError, OSError), match=said):
        drawn(name, 2)


# ------------------------------------------------------------------------------------ interruptions


@pytest.mark.parametrize("stop", [0, 1, 4, 7])
def test_an_interruption_saves_the_last_whole_update_and_where_the_generator_stood(tmp_path, stop):
    path = tmp_path / "c"
    history = drawn(path, 8, stop)[1]
    assert history.interrupted
    assert path.exists() == (stop > 0), "there is nothing to save before the first update"
    x, history, g = drawn(path, 8)
    whole, expected, other = drawn(tmp_path / "whole", 8)
    assert torch.equal(x, whole)
    assert history == expected
    assert torch.equal(g.get_state(), other.get_state())


def test_an_interrupted_training_is_not_saved_twice(tmp_path, monkeypatch):
    saves, real = [], training.save
    monkeypatch.setattr(
        training, "save", lambda *args: (saves.append(len(args[-1].loss)), real(*args))
    )
    drawn(tmp_path / "c", 8, 3, every=0.0)
    drawn(tmp_path / "c", 8, 3, every=0.0)
    assert saves == [1, 2, 3]


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_an_update_is_applied_waits_for_its_end(tmp_path, monkeypatch, sent):
    before = signal.signal(sent, signal.default_int_handler)  # what runs behind ignores Ctrl-C
    path, step = tmp_path / "c", checkpoints.Optimiser.step

    def struck(self, factor):
        if factor == 0.5:
            signal.raise_signal(sent)
        step(self, factor)

    monkeypatch.setattr(checkpoints.Optimiser, "step", struck)
    history = drawn(path, 8, schedule=lambda done: 0.5 if done == 3 / 8 else 1.0)[1]
    assert history.interrupted
    assert len(history.loss) == 4, "the update is whole"
    assert signal.getsignal(sent) is signal.default_int_handler
    monkeypatch.undo()
    halved = {"schedule": lambda done: 0.5 if done == 3 / 8 else 1.0}
    assert torch.equal(drawn(path, 8, **halved)[0], drawn(tmp_path / "whole", 8, **halved)[0])
    signal.signal(sent, before)


def test_an_update_that_was_torn_is_not_saved(tmp_path, monkeypatch):
    path, step = tmp_path / "c", checkpoints.Optimiser.step

    def torn(self, factor):
        step(self, factor)
        if factor == 0.5:
            raise KeyboardInterrupt

    monkeypatch.setattr(checkpoints.Optimiser, "step", torn)
    drawn(path, 8, every=0.0, schedule=lambda done: 0.5 if done == 3 / 8 else 1.0)
    assert len(json.loads(_files.read_tensors(path, "")[1]["history"])["loss"]) == 3


def test_handlers_are_left_as_they_were_and_those_of_others_alone(tmp_path):
    def mine(number, frame):
        raise KeyboardInterrupt

    before = signal.getsignal(signal.SIGINT)
    for handler in (mine, signal.SIG_IGN, signal.default_int_handler):
        signal.signal(signal.SIGINT, handler)
        with Interruption():
            assert (signal.getsignal(signal.SIGINT) is handler) == (
                handler is not signal.default_int_handler
            )
        assert signal.getsignal(signal.SIGINT) is handler
    signal.signal(signal.SIGINT, before)


def test_a_training_runs_and_saves_in_any_thread(tmp_path):
    found = []
    thread = threading.Thread(target=lambda: found.append(drawn(tmp_path / "c", 8, 3)))
    thread.start()
    thread.join()
    assert found[0][1].interrupted
    assert torch.equal(drawn(tmp_path / "c", 8)[0], drawn(tmp_path / "whole", 8)[0])


SLOW = """
import signal, sys, time, torch
signal.signal(signal.SIGINT, signal.default_int_handler)
from pathlib import Path
from hebbnotes import training
x = torch.zeros(1, requires_grad=True)
def loss(update):
    if update == 3:
        print("ready", flush=True)
        time.sleep(60)
    return (x - 1).square().sum(), {}
print(training.train([x], loss, 9, checkpoint=Path(sys.argv[1])).interrupted)
"""


def test_ctrl_c_saves_before_the_program_ends(tmp_path):
    path = tmp_path / "c"
    with subprocess.Popen(
        [sys.executable, "-c", SLOW, str(path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=30)[0] == "True\n"
    assert len(json.loads(_files.read_tensors(path, "")[1]["history"])["loss"]) == 3


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
    tensors, metadata = _files.read_tensors(tmp_path / "c", "")
    if change == "less":
        del tensors["adam.0.exp_avg"]
    else:
        tensors["adam.0.exp_avg" if change == "shape" else "adam.1.exp_avg"] = torch.zeros(3)
    del metadata["sha256"]
    _files.write_tensors(tmp_path / "c", tensors, metadata)
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


@pytest.mark.parametrize("name", ["n" * 300, "file/checkpoint", "zero\0", "loop/checkpoint"])
def test_a_place_that_cannot_be_written_is_refused_before_anything_is_trained(tmp_path, name):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises((OSError, ValueError), match=r"cannot be written .*: name|has a zero in it"):
        training.train([torch.ones(1, requires_grad=True)], never, 2, checkpoint=tmp_path / name)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "loop"]


def never(update):
    pytest.fail("nothing may be trained")
