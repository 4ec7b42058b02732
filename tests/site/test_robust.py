"""Live trainings hold on any processor, and what depends on one is shown as such."""

import ast
import json

import nbformat
import numpy as np
import pytest

from tools import outputs, robust
from tools.dependence import LEARNING, TRAINING, last_use, needed, uses

NOTEBOOKS = sorted(outputs.BOOK.glob("*.ipynb"))
CODE = {path.stem: robust.cells(path) for path in NOTEBOOKS}
LEARNED = [name for name, code in CODE.items() if code]


def code_cells(path):
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def calls(statements, name):
    return [
        n
        for s in statements
        for n in ast.walk(s)
        if isinstance(n, ast.Call) and ast.unparse(n.func).endswith(name)
    ]


@pytest.mark.parametrize("name", LEARNED)
def test_what_is_said_of_a_live_training_holds_under_rounding(name):
    found = robust.problems(name, robust.read_stored(), CODE[name])
    assert not found


def test_nothing_is_stored_of_what_does_not_learn():
    stored = robust.read_stored()
    assert sorted(stored) == sorted(LEARNED), "remove what is stored of a notebook that is gone"
    assert all(entry["runs"] >= 20 for entry in stored.values())


def test_all_that_learns_is_found_and_used():
    sources = " ".join(cell.source for path in NOTEBOOKS for cell in code_cells(path))
    assert set(robust.FIRST_NUMBERS) == set(LEARNING)
    assert all(name in sources for name in LEARNING), (
        "no notebook uses it any more: take it out of LEARNING"
    )


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_what_depends_on_a_training_is_neither_glued_nor_compared_by_ink(path):
    code = code_cells(path)
    for cell, statements in zip(
        code, uses([ast.parse(cell.source) for cell in code], TRAINING), strict=True
    ):
        assert not calls(statements, "glue"), "print it as a statement, or take it from stored runs"
        live = calls(statements, "live_training")
        assert live or "live_training(" not in cell.source, "only for figures of a training"
        assert not statements or "plt.show()" not in cell.source, "end it with fig.live_training"
        for output in cell.outputs:
            if set(output.get("data", {})) & {"image/png", "text/html"}:
                assert bool(statements) == ("axes" in output.metadata.get("hebbnotes", {}))
        assert not calls(statements, "MovingFigure") or live


CHAPTER = """
from hebbnotes import training
import torch
---
import hebbnotes.figures as fig
start = {start}
w, other = torch.tensor([start, 1.0], requires_grad=True), 3.0
def quarter(x):
    return x / 4
---
def loss(update):
    return w.square().sum(), {{}}
history = training.train([w], loss, {updates}, lr=0.1)
ends, falls = w.detach()[:1], history.loss
print("it ends below one:", "yes" if ends.item() < 1 else "no")
---
assert (ends < {bound}).all() and other < 4 and w[0] < 4
for k in range(2):
    assert 0 <= k < falls[0] + 5, "with room"
fig.glue("other", "3.0")
---
w = other
assert w < 4
"""


def notebook(folder, joined=False, **numbers):
    given = {"start": 0.5, "updates": 3, "bound": 1.0} | numbers
    made = nbformat.v4.new_notebook()
    for source in CHAPTER.replace("---\n", "", 2 * joined).format(**given).split("---\n"):
        made.cells.append(nbformat.v4.new_code_cell(source.strip()))
    nbformat.write(made, folder / "small.ipynb")
    return folder / "small.ipynb"


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """Run the tool on a small notebook, and return its problems and its claims."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(outputs, "BOOK", tmp_path)
    monkeypatch.setattr(robust, "STORED", tmp_path / "robust.json")
    monkeypatch.setattr(robust, "RUNS", 6)

    def ask(**numbers):
        path = notebook(tmp_path, **numbers)
        robust.main(["small"])
        return robust.problems(
            "small", robust.read_stored(), robust.cells(path)
        ), robust.read_stored()["small"]["claims"]

    return ask


def test_comparisons_that_depend_on_a_training_are_found_and_measured(asked):
    found, claims = asked()
    assert not found
    assert list(claims) == [
        "2: ends.item() < 1",
        "3: ends < 1.0",
        "3: other < 4",
        "3: w[0] < 4",
        "3: 0 <= k",
        "3: k < falls[0] + 5",
    ]
    ends = claims["3: ends < 1.0"]
    assert ends["bound"] == 1
    assert 0.1 < ends["mean"] < 0.4
    assert 1e-9 < ends["spread"] < 1e-6
    assert ends["margin"] > 1e5
    assert claims["3: other < 4"] == {"mean": 3, "bound": 4, "spread": 0, "margin": None}


def test_a_training_in_the_cell_of_its_imports_begins_elsewhere_too(asked):
    found, claims = asked(joined=True)
    assert not found
    assert 1e-9 < claims["1: ends < 1.0"]["spread"] < 1e-6


def test_a_claim_without_room_and_one_that_fails_are_found(asked):
    found, _ = asked(bound=0.1)
    assert found == ["small: 3: (ends < 0.1).all() and other < 4 and (w[0] < 4)"]
    found, _ = asked(start=1.1, updates=1)  # the first step of Adam is as long as the rate says
    assert any(
        "2: ends.item() < 1: " in text and "spreads from its bound, wanted 2.0" in text
        for text in found
    )
    assert any("what it prints changes" in text for text in found)


def test_a_notebook_that_learns_needs_an_entry_for_its_cells_as_they_are(asked, tmp_path):
    path = notebook(tmp_path)
    assert "has no entry" in robust.problems("small", {}, robust.cells(path))[0]
    asked()
    notebook(tmp_path, updates=4)
    assert "were changed" in robust.problems("small", robust.read_stored(), robust.cells(path))[0]


def test_imports_comments_and_later_cells_may_change(tmp_path):
    path = notebook(tmp_path)
    before, code = robust.fingerprint(robust.cells(path)), nbformat.read(path, as_version=4)
    assert len(robust.cells(path)) == 4
    code.cells[0].source = "import torch\nfrom hebbnotes.learning import training  # moved"
    code.cells[-1].source += "\nother = 5"
    nbformat.write(code, path)
    assert robust.fingerprint(robust.cells(path)) == before


def followed(*sources):
    return [
        [ast.unparse(s) for s in found]
        for found in uses([ast.parse(source) for source in sources], TRAINING)
    ]


def test_what_depends_on_a_training_is_followed_until_it_is_assigned_anew():
    assert followed(
        "net, y, ax, x, z = 1, 2, 3, 4, 5",
        "training.train(net.parameters(), loss, 3)",
        "y = net(x)\nax.plot(y)\nx = 5",
        "ax.legend()\ny = 3\nprint(y, x)\nz[0] = net",
        "def f(a, net):\n    return a + net",
        "def g(a):\n    return net(a)",
        "print(f(x, 1))\nprint(g(x))\nprint(z)",
        "net = [y for net in range(3)]\nprint(net)",
    ) == [
        [],
        ["training.train(net.parameters(), loss, 3)"],
        ["y = net(x)", "ax.plot(y)"],
        ["ax.legend()", "z[0] = net"],
        [],
        ["def g(a):\n    return net(a)"],
        ["print(g(x))", "print(z)"],
        [],
    ]


def test_a_loop_ends_with_what_it_begins_with():
    (found,) = followed(
        "b = 0\nfor k in range(3):\n    a = b\n    if k:\n"
        "        b = training.train(c, loss, 3)\nprint(a)"
    )
    assert found == ["a = b", "b = training.train(c, loss, 3)", "print(a)"]
    assert last_use([ast.parse("x = 1")], TRAINING) == -1


def test_only_cells_that_matter_are_run():
    sources = [
        "import torch",
        "g, a = 1, 2",
        "b = g.draw()",
        "for a in range(3):\n    c = [g for g in range(a)]",
        "def f(x, y=b):\n    return x",
        "g = 3",
        "print(g, f(a))",
    ]
    wanted = [False] * 6 + [True]
    found = needed([ast.parse(source) for source in sources], wanted)
    assert found == [True, True, True, True, True, True, True]
    sources[4] = "def f(x, y=1):\n    b = x\n    return b"
    found = needed([ast.parse(source) for source in sources], wanted)
    assert found == [True, False, False, True, True, True, True]


def test_the_margin_is_that_of_the_comparison_that_is_nearest_to_its_bound():
    sides = np.zeros((4, 2, 2))
    sides[:, 0, 0], sides[:, 1, 0] = [9, 10, 11, 10], [1, 2, 3, 2]
    assert robust.margin(sides) == {"mean": 2, "bound": 0, "spread": 0.8165, "margin": 2.449}
    json.dumps(robust.margin(0 * sides), allow_nan=False)
