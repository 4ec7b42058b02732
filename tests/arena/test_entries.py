"""Entries of readers: bad ones are refused, cheats are caught, and honest ones are placed."""

import contextlib
import json
import os
import re
import time
from pathlib import Path

import pytest
import torch

from hebbnotes.arena import __main__ as command
from hebbnotes.arena import process
from hebbnotes.arena.audit import audit, sees
from hebbnotes.arena.entry import Caught, Refused, load
from hebbnotes.arena.memories import Matrix
from hebbnotes.arena.place import Row
from hebbnotes.arena.process import Child, Remote
from hebbnotes.arena.scores import Scores, overlaps
from hebbnotes.arena.streams import stream
from hebbnotes.chapters.arena.contenders import RULES, contenders

HEBB = "return pre[..., :, None] * post[..., None, :]"
DELTA = """
RATES = [0.1, 0.5]
def rule(w, pre, post, *, drive):
    print("a rule may print")
    return pre[..., :, None] * (post - drive)[..., None, :]
"""


def entered(folder, text):
    path = folder / "my_rule.py"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "defines no function `rule`"),
        ("rule = 3", "defines no function `rule`, got 3"),
        ("1 / 0", "fails while it is read: ZeroDivisionError"),
        (f"def rule(w, pre, post): {HEBB}\nraise SystemExit", "fails while it is read: SystemExit"),
        ("def rule(w, pre: return", "fails while it is read: SyntaxError"),
        (f"def rule(weights, pre): {HEBB}", "rule"),
        (f"def rule(w, pre, post, *, target): {HEBB}", "declares 'target'; the arena supplies"),
        (f"def rule(w, pre, post, target): {HEBB}", "rule"),
        ("def rule(w, pre, post): return w[..., :1]", "must return dw of shape"),
        ("def rule(w, pre, post): return w.double()", "must return dw in torch.float32"),
        ("def rule(w, pre, post): return None", "must return dw of shape"),
        ("def rule(w, pre, post): return w.mul_(2)", "changes w in place"),
        ("def rule(w, pre, post): return w / 0", "NaN or infinity"),
        ("def rule(w, pre, post): return pre[:, None] * post[None]", "shape"),
        (f"RATES = []\ndef rule(w, pre, post): {HEBB}", "RATES of my_rule.py must be 1 to 12"),
        (f"RATES = [-1]\ndef rule(w, pre, post): {HEBB}", "RATES of my_rule.py must be 1 to 12"),
        (f"RATES = range(1, 99)\ndef rule(w, pre, post): {HEBB}", "must be 1 to 12"),
        (f"RATES = 'ab'\ndef rule(w, pre, post): {HEBB}", "must be 1 to 12 learning rates"),
    ],
)
def test_what_cannot_run_is_refused_with_its_mend(tmp_path, text, message):
    with pytest.raises(Refused, match=message):
        load(entered(tmp_path, text))


def test_no_file_is_refused(tmp_path):
    with pytest.raises(Refused, match="there is no file of Python at"):
        load(tmp_path / "mine.py")


CHEATS = {
    "the hoard": (
        "kept = []\ndef rule(w, pre, post):\n    kept.append(pre)\n"
        "    return pre[..., :, None] * post[..., None, :] * (1 + len(kept) / 10)",
        "the rule remembers",
    ),
    "an attribute": (
        "def rule(w, pre, post):\n    rule.last, old = w, getattr(rule, 'last', w)\n"
        "    return w - (old if old.shape == w.shape else w)",
        "the rule remembers",
    ),
    "chance": (
        "import torch\ndef rule(w, pre, post): return torch.randn_like(w)",
        "draws at random",
    ),
    "the batch": (
        "def rule(w, pre, post):\n"
        "    return pre[..., :, None] * (post - post.mean(0))[..., None, :]",
        "the rule mixes episodes",
    ),
    "the future by a traceback": (
        "def rule(w, pre, post):\n    try:\n        1 / 0\n"
        "    except ZeroDivisionError as e:\n        f = e.__traceback__.tb_frame\n"
        "    while f:\n        if 'future' in f.f_locals:\n"
        "            return w * 0 + f.f_locals['future'].post[0].sum()\n        f = f.f_back\n"
        "    return w * 0",
        "the rule sees the future",
    ),
    "the answers by a traceback": (
        "def rule(w, pre, post):\n    try:\n        1 / 0\n"
        "    except ZeroDivisionError as e:\n        f = e.__traceback__.tb_frame\n"
        "    while f:\n        if 'wanted' in f.f_locals:\n"
        "            return w * 0 + f.f_locals['wanted'][0].sum()\n        f = f.f_back\n"
        "    return w * 0",
        "the rule sees the future",
    ),
    "the hoard that begins where w is nothing": (
        "import torch\nkept = []\ndef rule(w, pre, post):\n"
        "    hebb = pre[..., :, None] * post[..., None, :]\n"
        "    if not w.any():\n        kept.clear()\n"
        "    elif not kept or kept[0][0].shape != pre.shape:\n        return hebb\n"
        "    kept.append((pre, post))\n    k, v = (torch.stack(x, -2) for x in zip(*kept))\n"
        "    near = k @ k.mT + 0.3 * torch.eye(k.shape[-2])\n"
        "    return k.mT @ torch.linalg.solve(near, v) - w",
        "the rule remembers",
    ),
    "a batch of more than one": (
        "def rule(w, pre, post):\n    p = post - post.mean(0) if w.ndim == 3 and len(w) > 1 "
        "else post\n    return 1e-6 * pre[..., :, None] * p[..., None, :]",
        "the rule mixes episodes",
    ),
    "the frame of its caller's self": (
        "def rule(w, pre, post):\n    try:\n        1 / 0\n"
        "    except ZeroDivisionError as e:\n        f = e.__traceback__.tb_frame\n"
        "    while f:\n        me = f.f_locals.get('self')\n        f = f.f_back\n"
        "        if hasattr(me, 'unit'):\n            me.unit = me.unit * 0\n"
        "    return pre[..., :, None] * post[..., None, :]",
        "tb_frame",
    ),
    "the frames": (
        "import sys\ndef rule(w, pre, post):\n    return w * 0 + len(sys._getframe(1).f_locals)",
        "sys._getframe",
    ),
    "the frames by inspect": (
        "import inspect\ndef rule(w, pre, post):\n    inspect.currentframe()\n    return w * 0",
        "sys._getframe",
    ),
    "the frames by logging": (
        "import logging\ndef rule(w, pre, post):\n    f = logging.currentframe()\n"
        "    while f:\n        me = f.f_locals.get('self')\n        f = f.f_back\n"
        "        if hasattr(me, 'unit'):\n            me.noise = 0.0\n"
        "    return pre[..., :, None] * post[..., None, :]",
        "sys._getframe",
    ),
    "the frames of a traceback by the library": (
        "import traceback\ndef rule(w, pre, post):\n    try:\n        1 / 0\n"
        "    except ZeroDivisionError as e:\n"
        "        list(traceback.walk_tb(e.__traceback__))\n    return w * 0",
        "tb_frame",
    ),
    "all objects": (
        # the young ones: a worker that has imported all tests holds half a million others
        "import gc\ndef rule(w, pre, post):\n    return w * 0 + (len(gc.get_objects(0)) >= 0)",
        "gc.get_objects",
    ),
    "a file": (
        "def rule(w, pre, post):\n    open('/tmp/answers', 'a').close()\n    return w * 0",
        "open /tmp/answers",
    ),
}


@pytest.mark.parametrize("name", CHEATS)
def test_ordinary_cheats_are_caught(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    text, message = CHEATS[name]
    text = text.replace("/tmp/answers", "answers")
    with pytest.raises(Caught, match=message.replace("/tmp/answers", "answers")):
        audit(load(entered(tmp_path, text)).rule)


HONEST = {
    "vmap": (
        "import torch\ndef rule(w, pre, post):\n"
        "    if w.ndim == 2:\n        return torch.outer(pre, post)\n"
        "    return torch.vmap(torch.outer)(pre, post)",
        "local",
    ),
    "double precision inside": (
        "def rule(w, pre, post):\n"
        "    return (pre.double()[..., :, None] * post.double()[..., None, :]).float()",
        "local",
    ),
    "a loud Oja": (
        "RATES = [1e-5]\ndef rule(w, pre, post):\n    return 1e4 * (pre[..., :, None] * "
        "post[..., None, :] - post[..., None, :] ** 2 * w)",
        "local",
    ),
    "a class that tells its types": (
        "from __future__ import annotations\nfrom dataclasses import dataclass\n@dataclass\n"
        "class Rate:\n    eta: float = 0.5\ndef rule(w, pre, post):\n"
        f"    {HEBB}",
        "local",
    ),
    "an import and a report inside": (
        "def rule(w, pre, post):\n    import logging, wsgiref.util\n"
        "    logging.getLogger('mine').disabled = True\n    try:\n        1 / 0\n"
        "    except ZeroDivisionError:\n        logging.getLogger('mine').exception('so')\n"
        "        import traceback\n        traceback.format_exc()\n"
        f"    {HEBB}",
        "local",
    ),
    "a broadcast that is not used": (
        "def rule(w, pre, post, *, modulator):\n"
        "    return pre[..., :, None] * post[..., None, :] + 0 * modulator[..., None, :]",
        "supplied",
    ),
}


@pytest.mark.parametrize("name", HONEST)
def test_honest_rules_are_not_accused(tmp_path, name):
    text, kind = HONEST[name]
    assert audit(load(entered(tmp_path, text)).rule).kind == kind


def test_what_is_not_finite_is_refused_and_not_accused(tmp_path):
    text = "def rule(w, pre, post): return (pre / pre.abs())[..., :, None] * post[..., None, :]"
    with pytest.raises(Refused, match="NaN or infinity where pre are 0 somewhere"):
        audit(load(entered(tmp_path, text)).rule)


KINDS = {
    "Hebb": ({"pre", "post"}, "local"),
    "decay": ({"w", "pre", "post"}, "local"),
    "Oja": ({"w", "pre", "post"}, "local"),
    "decay at active senders": ({"w", "pre", "post"}, "local"),
    "delta": ({"pre", "post", "drive"}, "supplied"),
    "delta with a leak": ({"w", "pre", "post", "drive"}, "supplied"),
    "decay, modulated": ({"w", "pre", "post", "modulator"}, "supplied"),
    "delta, modulated": ({"pre", "post", "drive", "modulator"}, "supplied"),
    "Hebb that grows": ({"w", "pre", "post"}, "local"),
}


@pytest.mark.parametrize("name", KINDS)
def test_the_rules_of_the_table_pass_the_audit_and_see_what_the_table_says(name):
    verdict, (own, kind) = audit(RULES[name]), KINDS[name]
    assert (set(verdict.own), verdict.foreign, verdict.kind) == (own, (), kind)
    assert contenders("dense")[name].kind == verdict.kind
    assert verdict.sentence().startswith("local: a synapse sees ")


def test_who_computes_the_drive_itself_reads_foreign_weights_and_senders():
    def own_drive(w, pre, post):
        return pre[..., :, None] * (post - (pre[..., None, :] @ w)[..., 0, :])[..., None, :]

    verdict = audit(own_drive)
    assert verdict.foreign == ("w", "pre")
    assert verdict.kind == "foreign"
    assert verdict.sentence().startswith("NOT LOCAL: reads foreign w, pre")


def test_a_switch_at_strong_weights_is_found_in_the_run():
    def switches(w, pre, post):
        strong = (w.abs() > 5).any(-1, keepdim=True)  # and not at weights from 0 to 1
        return pre[..., :, None] * post[..., None, :] * strong

    assert "w" in sees(switches).foreign


class Here:
    """What serves an entry, without the process, which takes seconds to import torch."""

    def __init__(self, path):
        self.server, self.diverged = process._Server(), set()
        self.rates = self.ask({"do": "load", "path": path, "limit": process.LIMIT})[0]["rates"]

    def ask(self, head, *tensors):
        told, answer = self.server.answer(head, tensors)
        self.diverged.update(told.get("diverged", ()))
        return told, answer

    tell = ask

    def finish(self):
        self.ask({"do": "end"})


@pytest.fixture
def here(monkeypatch):
    """Serve entries in this process, whose seconds nobody bounds."""
    monkeypatch.setattr(process, "_bounded", lambda limit: None)
    return lambda path: contextlib.nullcontext(Here(path))


@pytest.fixture(scope="module")
def child(tmp_path_factory):
    with Child(entered(tmp_path_factory.mktemp("entry"), DELTA)) as running:
        yield running


@pytest.mark.parametrize(("task", "code"), [("drift", "dense"), ("complete", "dense")])
def test_in_its_own_process_a_rule_does_the_same(child, task, code):
    assert child.verdict.own == ("pre", "post", "drive")
    drawn = stream(task, code, 3, torch.Generator().manual_seed(1))
    there, here = (
        overlaps(memory, drawn, torch.Generator().manual_seed(2))
        for memory in (Remote(child), Matrix(RULES["delta"], child.rates))
    )
    assert torch.equal(there, here)


def test_an_entry_is_placed_and_written(tmp_path, capsys):
    path = entered(tmp_path, DELTA.replace("[0.1, 0.5]", "[0.5]"))
    assert (
        command.main([str(path), "--seeds", "1", "--no-fresh", "--json", str(tmp_path / "r.json")])
        == 0
    )
    said = capsys.readouterr().out
    assert "my_rule: local: a synapse sees its sender, its receiver, what its receiver" in said
    assert re.search(r"place [1-4] of \d+ among the rules that are local, or handed", said)
    told = json.loads((tmp_path / "r.json").read_text())
    assert told["kind"] == "supplied"
    assert told["seeds"] == [2000]
    assert "these seeds are public" in said
    assert len(told["tasks"]) == 8


def test_one_that_ends_its_process_is_refused(tmp_path, capsys):
    path = entered(tmp_path, "import os\ndef rule(w, pre, post): os._exit(0)")
    assert command.main([str(path)]) == 2
    assert "process ended by itself" in capsys.readouterr().err


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="this system has no groups of processes")
def test_what_an_entry_starts_ends_with_it(tmp_path):
    text = "import subprocess, sys\nfrom pathlib import Path\n"
    text += "started = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
    text += "Path(__file__).with_name('pid').write_text(str(started.pid))\ninput()\n"
    with pytest.raises(Refused, match="EOFError"):
        Child(entered(tmp_path, text))
    started = int((tmp_path / "pid").read_text())
    for _ in range(100):  # it is ended, and somebody else has to clear it away
        try:
            os.kill(started, 0)
        except ProcessLookupError:
            return
        if Path(f"/proc/{started}/stat").read_text().split()[2] == "Z":
            return
        time.sleep(0.1)
    raise AssertionError("it runs on")


def test_frames_are_watched_while_a_file_is_loaded(tmp_path, here):
    text = f"import sys\ncaller = sys._getframe(1)\ndef rule(w, pre, post): {HEBB}"
    with pytest.raises(Caught, match=r"sys\._getframe"):
        here(entered(tmp_path, text))


LATE = """
kept = []
def rule(w, pre, post):
    hebb = pre[..., :, None] * post[..., None, :]
    if w.shape[0] != 3 or w.shape[-1] != 32 or not {told}:
        return hebb
    kept.append(pre)
    return hebb * (1 + len(kept))
"""


@pytest.mark.parametrize("task", ["re-bind", "drift"])
def test_who_begins_to_remember_late_in_a_run_is_caught_there(tmp_path, task, here):
    drawn = stream(task, "dense", 3, torch.Generator().manual_seed(1))
    told = "(w.abs().sum() > 900)"  # beyond what the audit shows
    serves = Child if task == "drift" else here  # one is enough of what is said by a pipe
    with serves(entered(tmp_path, "RATES = [1.0]" + LATE.format(told=told))) as child:

        def lived():
            overlaps(Remote(child), drawn, torch.Generator())
            child.finish()

        with pytest.raises(Caught, match="the rule remembers"):
            lived()


def test_a_place_that_cannot_be_written_is_said_before_anything_is_run(tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        command.main([str(entered(tmp_path, DELTA)), "--json", str(tmp_path)])
    assert ended.value.code == 2
    assert str(tmp_path) in capsys.readouterr().err


def test_one_that_cheats_is_caught(tmp_path, capsys):
    path = entered(tmp_path, CHEATS["the hoard"][0])
    assert command.main([str(path)]) == 3
    assert "caught: the rule remembers" in capsys.readouterr().err


def test_one_that_takes_too_long_is_refused(tmp_path):
    path = entered(tmp_path, f"while True: pass\ndef rule(w, pre, post): {HEBB}")
    with pytest.raises(Refused, match=r"took more than 1 s of a processor|was not done 4 s after"):
        Child(path, limit=1.0)


def test_one_that_sleeps_is_refused_by_the_clock(tmp_path):
    path = entered(tmp_path, f"import time\ntime.sleep(60)\ndef rule(w, pre, post): {HEBB}")
    with pytest.raises(
        Refused, match=r"was not done 2 s after its start.*it may wait for something"
    ):
        Child(path, limit=0.5)


DIVERGES = "def rule(w, pre, post): return (1e4 - w**2).sqrt() * pre[..., :, None]"
DIVERGES += " * post[..., None, :]"


def test_rates_that_diverge_score_nothing_and_the_others_are_scored(tmp_path, here):
    path = entered(tmp_path, f"RATES = [1e-3, 1000]\n{DIVERGES}")
    drawn = stream("recall", "dense", 3, torch.Generator().manual_seed(1))
    with here(path) as child:
        low, high = overlaps(Remote(child), drawn, torch.Generator().manual_seed(2)).tolist()
        assert (low > 0.5, high, child.diverged) == (True, 0.0, {1000.0})
        with pytest.raises(Refused, match="at all rates: expected finite ones"):
            overlaps(Remote(child, (900.0, 1000.0)), drawn, torch.Generator())


def test_the_tables_are_printed(capsys):
    assert command.main(["--table", "--code", "sparse"]) == 0
    said = capsys.readouterr().out
    for text in ("crowd", "delta, modulated", "list with order, equal bits", "drift", "(range)"):
        assert text in said
    below = said.split("reads numbers of other synapses or cells:")[1].split("\n")
    assert [line[2:].strip()[:15] for line in below[1:] if line] == ["delta that sums"]
    with pytest.raises(SystemExit) as ended:
        command.main([])
    assert ended.value.code == 2


def test_without_the_books_table_an_entry_has_no_place(monkeypatch, capsys):
    def missing(code):
        raise FileNotFoundError("arena-dense.json")

    monkeypatch.setattr(command, "stored_rows", missing)
    others = command._others("dense")
    assert "cannot be read, so there is no place: arena-dense.json" in capsys.readouterr().err
    mine = Row("mine", "local", Scores(0.1, {"recall": [0.5]}, {"recall": 0.1}, {"recall": [0.5]}))
    said = command._told(mine, others, "dense", [2000])
    assert "> mine" in " ".join(said.split())
    assert "place" not in said


def test_ctrl_c_stops_and_scores_nothing(tmp_path, monkeypatch, capsys):
    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "Child", stopped)
    assert command.main([str(tmp_path / "my_rule.py")]) == 130
    assert "stopped: nothing was scored" in capsys.readouterr().err


def test_a_number_of_seeds_that_makes_no_sense_is_refused(tmp_path):
    with pytest.raises(SystemExit) as ended:
        command.main([str(tmp_path), "--seeds", "0"])
    assert ended.value.code == 2
