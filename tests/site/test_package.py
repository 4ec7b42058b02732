"""The page of the package: it has every module, and says of each thing which chapters use it."""

import inspect
import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

import hebbnotes
from tools import package

FOLDERS = sorted(path.parent for path in (package.ROOT / "hebbnotes").rglob("__init__.py"))
MODULES = [name for folder in FOLDERS for name in package.modules(folder)]


@pytest.mark.parametrize("name", hebbnotes.__all__)
def test_a_public_name_is_at_home_where_it_is_defined(name):
    thing = getattr(hebbnotes, name)
    own = (
        {name: thing}
        if callable(thing)
        else {f"{name}.{n}": getattr(thing, n) for n in thing.__all__}
    )
    for dotted, found in own.items():
        if inspect.isfunction(found) or inspect.isclass(found):
            defined = f"{found.__module__}.{found.__qualname__}"
            assert package.home("hebbnotes", dotted) == defined


def test_what_a_notebook_uses_is_found_in_its_code(tmp_path):
    path = tmp_path / "some.ipynb"
    cells = [
        "%matplotlib inline\nfrom hebbnotes import PlasticRNN, rules, training as learning, tasks\nimport torch",
        "network = PlasticRNN(3, rule=rules.oja)\nlearning.train(network.parameters(), torch.relu, 1, lr=1)",
        "from hebbnotes.tasks import maze\ntasks.pictures(maze.MOVES)",
    ]
    nbformat.write(new_notebook(cells=[new_code_cell(cell) for cell in cells]), path)
    wanted = {
        "networks.plastic.PlasticRNN",
        "plasticity.rules.hebbian.oja",
        "learning.training.train",
        "tasks.pictures.pictures",
        "tasks.maze.MOVES",
    }
    found = {name.removeprefix("hebbnotes.") for name in package.used(path)}
    modules = {name.removeprefix("hebbnotes.") for name in MODULES} | {"tasks", "plasticity.rules"}
    assert found - modules == wanted


@pytest.mark.parametrize("name", MODULES)
def test_every_module_and_what_it_defines_for_others_is_on_its_page(name, site):
    text = (site / f"{package.page_of(name)}.html").read_text(encoding="utf-8")
    assert f'id="module-{name}"' in text
    for public in package.public(name):
        thing = getattr(__import__(name, fromlist=[public]), public)
        if getattr(thing, "__module__", None) == name:
            assert f'id="{name}.{public}"' in text


def test_the_page_says_which_chapters_use_a_thing(site):
    text = (site / "api.html").read_text(encoding="utf-8")
    entry = text[text.index('id="hebbnotes.plasticity.rules.hebbian.oja"') :]
    told = re.search(r"Used in (.*?)\.</p>", entry, re.S)[1]
    linked = re.findall(r'href="([\w-]+)\.html"', told)
    assert linked == package.users("hebbnotes.plasticity.rules.hebbian.oja")
    assert "learning-rules" in linked


def test_a_chapter_in_a_part_that_no_page_names_is_told(monkeypatch):
    assert {package.page_of(name) for name in MODULES} == {"api", *package.pages().values()}
    monkeypatch.setattr(package, "pages", dict)
    with pytest.raises(ValueError, match=r"'Spatial organisation', .* must be a line below"):
        package.page_of("hebbnotes.chapters.maps.sheets")
