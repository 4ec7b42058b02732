"""Several seeds run at once, each in a process that may be stopped, be killed or die."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest
from filelock import FileLock, Timeout

from hebbnotes import _files, training
from hebbnotes.chapters.differentiable_plasticity.experiments import EXPERIMENTS
from hebbnotes.experiments import workers
from hebbnotes.experiments.__main__ import main
from hebbnotes.experiments.records import Run
from tests.experiments.small import without_seconds

NAME = "three-numbers-once"
ONE_THREAD = os.environ | {"OMP_NUM_THREADS": "1"}


def smaller(folder, *, every=30.0, updates=200):
    """A program that runs a real experiment on few bits and saves as often as it is told."""
    return [
        sys.executable,
        "-c",
        "import dataclasses; from hebbnotes import training; from hebbnotes.experiments.__main__ "
        "import main\n"
        "from hebbnotes.chapters.differentiable_plasticity.experiments import EXPERIMENTS\n"
        f"training.train.__kwdefaults__['every'] = {every}\n"
        "load = training.load\n"
        "def told(*args):\n history = load(*args)\n print('goes on at', len(history.loss))\n "
        "return history\n"
        "training.load = told\n"
        "one = EXPERIMENTS['three-numbers-once']\n"
        f"small = {{'n_bits': 12, 'updates': {updates}, 'test_episodes': 1}}\n"
        "few = dataclasses.replace(one.configuration, **small)\n"
        "EXPERIMENTS['three-numbers-once'] = dataclasses.replace(one, configuration=few)\n"
        f"raise SystemExit(main(['run', 'three-numbers-once', '--seed', '0', '--folder', "
        f"{str(folder)!r}]))",
    ]


def until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    assert condition()


def test_a_killed_process_goes_on_to_the_same_result(tmp_path, monkeypatch):
    place = tmp_path / "killed" / NAME
    victim = subprocess.Popen(smaller(tmp_path / "killed", every=0.0), env=ONE_THREAD)
    until((place / "0.parts" / "training.checkpoint").exists)
    victim.kill()
    victim.wait()
    assert not (place / "0.json").exists(), "it was killed in time"
    said = subprocess.run(
        smaller(tmp_path / "killed"), check=True, env=ONE_THREAD, capture_output=True, text=True
    ).stdout
    assert "goes on at" in said
    one = EXPERIMENTS[NAME]
    few = replace(one.configuration, n_bits=12, updates=200, test_episodes=1)
    monkeypatch.setitem(EXPERIMENTS, NAME, replace(one, configuration=few))
    monkeypatch.setattr(training, "load", None)  # it begins anew
    assert main(["run", NAME, "--seed", "0", "--folder", str(tmp_path / "whole")]) == 0
    its, whole = (
        json.loads((tmp_path / name / NAME / "0.json").read_text())["numbers"]
        for name in ("killed", "whole")
    )
    assert without_seconds(its) == without_seconds(whole)
    assert (tmp_path / "killed" / f"{NAME}.safetensors").read_bytes() == (
        tmp_path / "whole" / f"{NAME}.safetensors"
    ).read_bytes()


@pytest.mark.parametrize("sent", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_saves_before_the_command_ends(tmp_path, sent):
    """The command itself, run as a program is, and saved by the interruption alone."""
    program = smaller(tmp_path, updates=100_000)
    start = (
        "note = training._note\n"
        "def noted(history, *rest):\n"
        " note(history, *rest)\n"
        f" if len(history.loss) == 20:\n  open({str(tmp_path / 'twenty')!r}, 'w').close()\n"
        "training._note = noted\n"
    )
    start += "import runpy, sys\nsys.argv = ['', 'run', 'three-numbers-once', '--seed', '0', "
    start += f"'--folder', {str(tmp_path)!r}]\n"
    start += "runpy.run_module('hebbnotes.experiments', run_name='__main__')"
    program[-1] = program[-1].partition("raise SystemExit")[0] + start
    place = tmp_path / "three-numbers-once"
    with subprocess.Popen(
        program,
        env=ONE_THREAD,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # what runs behind ignores Ctrl-C, and after nohup a hang-up
        preexec_fn=lambda: signal.signal(getattr(signal, sent), signal.SIG_DFL),  # noqa: PLW1509
    ) as now:
        try:
            until((tmp_path / "twenty").exists)
            assert not list(place.glob("0.parts/*")), "nothing is saved by the clock yet"
            now.send_signal(getattr(signal, sent))
            said = now.communicate(timeout=60)[1]
        finally:
            now.kill()
    assert now.returncode == 130
    assert said.splitlines()[-1] == "stopped; the same command goes on from the last checkpoint"
    assert "Traceback" not in said
    history = _files.read_tensors(place / "0.parts" / "training.checkpoint", "")[1]["history"]
    assert len(json.loads(history)["loss"]) >= 20


def test_a_signal_that_is_ignored_stays_ignored(tmp_path):
    program = (
        "import runpy, signal, sys\n"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "sys.argv = ['']\n"
        "try:\n runpy.run_module('hebbnotes.experiments', run_name='__main__')\n"
        "except SystemExit:\n print(signal.getsignal(signal.SIGHUP) == signal.SIG_IGN)\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert said.stdout.endswith("True\n"), "as nohup asks for"


def noted(run, seed, bar):
    """Stands for the training of a seed, in a process of its own: 3 fails, 4 takes it with it."""
    (run.folder / f"{seed}.{bar['position']}.{os.getpid()}").touch()
    if seed == 3:
        raise SystemExit(1)
    if seed == 4:
        os._exit(9)


def where(folder):
    """Return which seeds were run, at which places, and in which processes."""
    seeds, places, processes = zip(
        *(path.name.split(".") for path in folder.iterdir()), strict=True
    )
    return sorted(seeds), set(places), set(processes) - {str(os.getpid())}


def test_seeds_are_run_in_any_thread_two_at_once_in_processes_of_their_own(tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "_in_a_process", noted)
    before, failed = signal.getsignal(signal.SIGINT), []

    def work():
        try:
            workers.run_seeds(Run(NAME, tmp_path), [0, 1, 0], processes=2)
        except BaseException as error:  # it would end the thread unseen
            failed.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert not failed
    seeds, places, processes = where(tmp_path)
    assert (seeds, places) == (["0", "1"], {"0", "1"}), "each seed once, at a place of its own"
    assert len(processes) == 2
    assert signal.getsignal(signal.SIGINT) is before


def test_a_seed_that_fails_or_takes_its_process_with_it_leaves_the_others_to_their_end(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(workers, "_in_a_process", noted)
    monkeypatch.setattr(workers, "_at_once", lambda device: 1)
    with pytest.raises(RuntimeError, match=r"seeds \[3, 4\] failed"):
        workers.run_seeds(Run(NAME, tmp_path), [4, 3, 5])
    assert "seed 4: its process died" in capsys.readouterr().err
    seeds, places, processes = where(tmp_path)
    assert (seeds, places) == (["3", "4", "5"], {"0"}), "one after the other, to the last"
    assert len(processes) == 3


def test_by_default_as_many_run_at_once_as_there_are_processors():
    assert 1 <= workers._at_once("cpu") <= os.cpu_count()
    assert workers._at_once("cuda") == 1


@pytest.mark.parametrize(
    ("sent", "processes"), [(signal.SIGINT, 2), (signal.SIGTERM, 1), (signal.SIGKILL, 2)]
)
def test_stopping_the_command_ends_all_its_processes_and_begins_no_other(tmp_path, sent, processes):
    command = [
        sys.executable,
        "-m",
        "hebbnotes.experiments",
        "run",
        "fifty-bits-lstm-3",
        "--seed",
        "0",
        "1",
        "--processes",
        str(processes),
    ]
    with subprocess.Popen(
        [*command, "--folder", str(tmp_path)],
        stderr=subprocess.PIPE,
        text=True,
        env=ONE_THREAD,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - jobs in the background ignore it
    ) as now:
        try:
            until(lambda: len(list(tmp_path.glob("*/*.began"))) == processes)
            now.send_signal(sent)  # to the command alone, not to its processes
            locks = [FileLock(path, blocking=False) for path in tmp_path.glob("*/*.lock")]
            until(lambda: all(is_free(lock) for lock in locks))
            said = now.communicate(timeout=60)[1]
        finally:
            now.kill()
    assert len(locks) == processes
    if sent != signal.SIGKILL:
        assert now.returncode == 130
        assert "goes on from the last checkpoint" in said
    assert "Traceback" not in said
    assert len(list(tmp_path.glob("*/*.began"))) == processes


def is_free(lock):
    try:
        with lock:
            return True
    except Timeout:
        return False
