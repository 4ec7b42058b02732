"""Seeds on a Dask cluster: a worker may be lost, and what is stored is the same to the last bit."""

import json
import os
import signal
import threading
import time
from dataclasses import replace
from multiprocessing import forkserver
from types import SimpleNamespace

import pytest

from hebbnotes.chapters.natural_images import experiments as pictures
from hebbnotes.chapters.natural_images import smooth
from hebbnotes.experiments import records, running, workers
from hebbnotes.experiments.__main__ import main
from hebbnotes.experiments.records import Run
from hebbnotes.learning import training

distributed = pytest.importorskip(
    "distributed", reason="needs Dask, which hebbnotes[cluster] installs"
)

NAME = "smooth-patterns"
TINY = {"lengths": (0, 1), "updates": 25, "batch": 2, "test_episodes": 4, "shape": (2, 4)}


def shrink(folder, put):
    """Make the experiment small, save it after each update, and note where a training goes on.

    While the folder has a file "hold", no training gets beyond its twentieth update.
    """
    one, load, save = pictures.EXPERIMENTS[NAME], training.load, training.save
    chosen = replace(one.configuration, **TINY)
    small = replace(one, configuration=chosen, keep=(0, 1), keep_only=())

    def told(*args):
        history = load(*args)
        with (folder / "goes-on").open("a") as file:
            file.write(f"{len(history.loss)}\n")
        return history

    def held(*args):
        save(*args)
        while len(args[-1].loss) == 20 and (folder / "hold").exists():
            time.sleep(0.02)

    put(pictures.EXPERIMENTS, NAME, small)
    put(training.__dict__, "save", held)
    put(training.train.__kwdefaults__, "every", 0.0)
    put(smooth.__dict__, "KINDS", {"full": "full"})
    put(smooth.__dict__, "ERASED", ("half",))
    put(training.__dict__, "load", told)


class Small(distributed.WorkerPlugin):
    """Shrinks the experiment on each worker, also on one that replaces another."""

    def __init__(self, folder):
        self.folder = folder

    def setup(self, worker):
        shrink(self.folder, dict.__setitem__)


@pytest.fixture
def small(monkeypatch, tmp_path):
    shrink(tmp_path, monkeypatch.setitem)


def result(run, seed):
    """Numbers and weights of a seed, without what it took."""
    numbers = json.loads((run.place / f"{seed}.json").read_text())["numbers"]
    return numbers | {"seconds": None}, (run.place / f"{seed}.safetensors").read_bytes()


@pytest.fixture
def ready():
    """Have workers begin as copies of a process that has imported what they need, torch above all:
    three of them, one in place of another, would each take seconds for that.
    """
    import dask

    with dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"}):
        distributed.utils.get_mp_context().set_forkserver_preload(["distributed", __name__])
        yield
    forkserver._forkserver._stop()


def test_a_lost_worker_is_replaced_and_the_result_is_that_of_one_computer(
    small, ready, tmp_path, capsys
):
    alone, shared = Run(NAME, tmp_path / "alone"), Run(NAME, tmp_path / "shared")
    lost, hold = [], tmp_path / "hold"
    hold.touch()

    def lose():
        """Kill a worker as soon as both of them train."""
        pids, end = client.run(os.getpid), time.monotonic() + 60
        while len(list(shared.place.glob("*.parts/*.checkpoint"))) < 2 and time.monotonic() < end:
            time.sleep(0.02)
        worker, pid = pids.popitem()
        os.kill(pid, signal.SIGKILL)
        lost.append(worker)
        hold.unlink()

    local = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": "127.0.0.1:0"}
    with (
        distributed.LocalCluster(**local) as cluster,
        distributed.Client(cluster) as client,
    ):
        client.register_plugin(Small(tmp_path))
        thread = threading.Thread(target=lose)
        thread.start()
        workers.run_on_cluster(shared, [0, 1], cluster.scheduler_address)
        thread.join()
        assert lost
        assert lost[0] not in client.nthreads(), "it was replaced"
    said = capsys.readouterr().err
    assert "seed 0, share 1: done" in said
    assert f"{NAME}, seed 1: done, " in said
    assert "done, 2 of 2" in said
    unfinished = [int(line) for line in (tmp_path / "goes-on").read_text().split()]
    assert any(0 < n <= 20 for n in unfinished), "from its last checkpoint"
    for seed in (0, 1):
        running.run_seed(alone, seed)
        assert result(shared, seed) == result(alone, seed)
    one, other = (records.collect(run, run.folder) for run in (alone, shared))
    assert (one["ci95"], one["hardware"]) == (other["ci95"], other["hardware"])
    files = [(run.folder / f"{NAME}.safetensors").read_bytes() for run in (alone, shared)]
    assert files[0] == files[1]
    left = {path.name for path in shared.folder.rglob("*") if path.is_file()}
    assert {name for name in left if name.endswith((".running", ".share", ".checkpoint"))} == set()


class Stub:
    """A client of a cluster with two workers, one of which may differ."""

    def __init__(self, threads=1, torch="2", sees=True):
        self.threads, self.torch, self.sees = threads, torch, sees

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return False

    def nthreads(self):
        return {"tcp://a:1": 1, "tcp://b:1": self.threads} if self.threads else {}

    def get_versions(self, packages):
        assert packages == ["hebbnotes", "torch"]
        here, there = (
            {"packages": {"hebbnotes": "1", "torch": torch, "python": "3"}}
            for torch in ("2", self.torch)
        )
        return {"client": here, "workers": {"tcp://a:1": here, "tcp://b:1": there}}

    def run(self, look, token):
        return {"tcp://a:1": look(token), "tcp://b:1": look(token if self.sees else token / "b")}


@pytest.mark.parametrize(
    ("differs", "message"),
    [
        ({"threads": 0}, "has no workers: start some"),
        ({"threads": 4}, r"one thread each, got \{'tcp://b:1': 4\}.*--nthreads 1"),
        ({"torch": "1.9"}, "tcp://b:1 has torch 1.9, this computer has 2: install the same"),
        ({"torch": None}, "tcp://b:1 has torch None, this computer has 2"),
        ({"sees": False}, "not one that the workers tcp://b:1 see.*--folder"),
    ],
)
def test_a_cluster_that_cannot_do_it_is_refused_before_anything_is_trained(
    small, differs, message, tmp_path, monkeypatch
):
    monkeypatch.setattr(workers, "_connected", lambda address: Stub(**differs))
    with pytest.raises(ValueError, match=message):
        workers.run_on_cluster(Run(NAME, tmp_path / "runs"), [0], "tcp://host:8786")
    assert not [path for path in (tmp_path / "runs").rglob("*") if path.is_file()]


def test_a_cluster_that_is_not_there_is_named(small, tmp_path, monkeypatch, capsys):
    def none(address, timeout):
        raise TimeoutError("timed out")

    monkeypatch.setattr(distributed, "Client", none)
    arguments = ["run", NAME, "--cluster", "tcp://nowhere:8786", "--folder", str(tmp_path / "runs")]
    assert main(arguments) == 1
    assert "no Dask cluster answers at tcp://nowhere:8786" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


def test_a_worker_stops_when_the_run_is_stopped(small, tmp_path, monkeypatch):
    told, run = [], Run(NAME, tmp_path)
    token = tmp_path / "token"
    token.touch()

    def log(topic, message):
        told.append((topic, message))
        token.unlink()

    clock = iter(range(10_000))
    monkeypatch.setattr(distributed, "get_worker", lambda: SimpleNamespace(log_event=log))
    monkeypatch.setattr(workers, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    assert workers._on_a_worker(run, 0, 1, token) == workers.STOPPED
    assert told == [("token", {"seed": 0, "share": 1, "part": "half 1 full", "at": 0, "of": 25})]
    assert "the run was stopped" in workers._on_a_worker(run, 0, None, token)
    token.touch()
    monkeypatch.setattr(workers, "time", SimpleNamespace(monotonic=lambda: 0.0))
    assert workers._on_a_worker(run, -1, None, token).startswith("a seed must be 0 or more")
    assert workers._on_a_worker(run, 0, 1, token) is None


def test_a_seed_costs_what_its_shares_have_cost(small, tmp_path):
    run = Run(NAME, tmp_path)
    for share in (0, 1):
        running.run_share(run, 3, share)
    shares = sorted((run.place / "3.parts").glob("*.share"))
    for path in shares:
        read = json.loads(path.read_text())
        read.pop("sha256")  # as if written by hand
        path.write_text(json.dumps(read | {"seconds": 1000.0, "hardware": path.name}))
    calls = []
    found = running.run_seed(run, 3, tell=lambda *told: calls.append(told))
    assert calls == [], "nothing is trained again"
    assert found["numbers"]["seconds"] // 100 == 20
    assert found["hardware"].endswith("; 0.share; 1.share")
    assert not shares[0].exists()
    running.run_share(run, 3, 0)
    assert not shares[0].exists(), "a seed that is done has no shares left to do"


def test_shares_of_other_versions_are_refused(small, tmp_path):
    run = Run(NAME, tmp_path)
    running.run_share(run, 3, 0)
    path = run.place / "3.parts" / "0.share"
    read = json.loads(path.read_text())
    read.pop("sha256")
    path.write_text(json.dumps(read | {"versions": read["versions"] | {"torch": "1.0"}}))
    with pytest.raises(ValueError, match="a share was trained with"):
        running.run_seed(run, 3)


@pytest.mark.parametrize("name", [NAME, "maze-rates", "features-backpropagation"])
def test_shares_train_together_what_the_whole_trains(name):
    one = records.EXPERIMENTS[name]
    shares = one.shares(one.configuration)
    parts = {"lengths", "rates", "sizes"} & set(vars(one.configuration))
    for share in shares:
        rest = {key: getattr(one.configuration, key) for key in parts}
        assert replace(share, **rest) == one.configuration
    keys = [tuple(tuple(getattr(share, key)) for key in sorted(parts)) for share in shares]
    assert len(set(keys)) == len(shares)
    for key in parts:
        assert {x for share in shares for x in getattr(share, key)} == set(
            getattr(one.configuration, key)
        )
