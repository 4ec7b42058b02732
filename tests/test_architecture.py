"""The house: imports point one way, and no folder, module or list of arguments grows too long.

The exceptions may only shrink: one that is no longer needed fails here, too.
"""

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import hebbnotes

ROOT = Path(hebbnotes.__file__).parent
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in ROOT.rglob("*.py")
}
parsed = cache(lambda path: ast.parse(path.read_text(encoding="utf-8")))
LAYERS = (
    {"_checks", "_files"},
    {"plasticity"},
    {"networks", "neurons"},
    {"data"},
    {"tasks"},
    {"memories", "analysis"},
    {"learning"},
    {"experiments"},
    {"figures", "check"},
    {"arena"},
    {"chapters"},
)
CROWDED = {
    "learning.training.train",
}


@cache
def imported(path):
    """Return the modules of the package that a module imports, those inside of functions, too."""
    found = []
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: imports are absolute here"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            if name.startswith("hebbnotes."):
                found.append(module_of(name.removeprefix("hebbnotes.")))
    return found


def module_of(name):
    """Return the module or package that holds a name, which may be one that is bound on use."""
    first, *rest = name.split(".")
    bound = (hebbnotes._MODULES | hebbnotes._OBJECTS).get(first, f"hebbnotes.{first}")
    parts = [*bound.removeprefix("hebbnotes.").split("."), *rest]
    while (
        parts and ".".join(parts) not in MODULES and ".".join([*parts, "__init__"]) not in MODULES
    ):
        parts.pop()
    assert parts, f"there is no hebbnotes.{name}"
    return ".".join(parts)


def layer(module):
    (place,) = (k for k, names in enumerate(LAYERS) if module.split(".")[0] in names)
    return place


def test_imports_point_one_way():
    upward = set()
    for name, path in MODULES.items():
        if name != "__init__":
            own = name.split(".")[0]
            upward |= {
                (name, other)
                for other in imported(path)
                if other.split(".")[0] != own and layer(other) >= layer(name)
            }
    assert not upward


def test_no_chapter_imports_another():
    for name, path in MODULES.items():
        if name.startswith("chapters.") and name.count(".") == 2:
            chapter = name.rpartition(".")[0]
            foreign = [o for o in imported(path) if o.startswith("chapters.")]
            assert all(other.startswith(chapter) for other in foreign), (name, foreign)


def test_the_room_of_a_notebook_has_its_name():
    for folder in (ROOT / "chapters").iterdir():
        if (folder / "__init__.py").exists():
            assert (ROOT.parent / "book" / f"{folder.name.replace('_', '-')}.ipynb").exists()


def test_each_folder_can_be_taken_in_at_a_glance():
    packages = {path.parent for path in ROOT.rglob("__init__.py")}
    assert sum(package.parent == ROOT for package in packages) <= 10
    for package in packages:
        modules = {path.stem for path in package.glob("*.py")} - {"__init__", "__main__"}
        assert len(modules) <= (6 if package == ROOT else 7), (package, modules)


def test_a_module_has_four_hundred_lines_at_most():
    assert not {name for name, path in MODULES.items() if path.read_text().count("\n") > 400}


def functions(node, within):
    """Yield each function of a module or class, and those inside of it, with its full name."""
    for inner in ast.iter_child_nodes(node):
        if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = f"{within}.{inner.name}"
            if not isinstance(inner, ast.ClassDef):
                yield name, inner
            yield from functions(inner, name)
        else:
            yield from functions(inner, within)


def test_a_function_has_eight_arguments_at_most():
    crowded = set()
    for module, path in MODULES.items():
        for name, function in functions(parsed(path), module):
            arguments = function.args
            given = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
            if sum(argument.arg not in {"self", "cls"} for argument in given) > 8:
                crowded.add(name)
    assert crowded == CROWDED


CALL_A_RULE = {
    "plasticity.stepper",
    "arena.audit",  # wraps the rule that it asks about
    "chapters.arena.live",  # likewise, by a modulator
    "chapters.introduction.checks",  # of a reader's rule
    "chapters.learning_rules.checks",
}


def test_a_rule_is_applied_by_the_stepper_alone():
    """What is handed a rule leaves to ``change`` what the rule declares, and what it returns."""
    callers = {
        module
        for module, path in MODULES.items()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call)
        and "rule" in (getattr(node.func, "id", ""), getattr(node.func, "attr", ""))
        and len(node.args) >= 3
    }
    assert callers == CALL_A_RULE


def test_no_branch_of_the_library_asks_for_the_name_of_a_kind():
    """Each kind is a class, or an entry of a table. A verdict of the arena is one of its words."""
    for module, path in MODULES.items():
        if module.split(".")[0] not in ("arena", "chapters"):
            for node in ast.walk(parsed(path)):
                if isinstance(node, ast.Compare):
                    sides = [
                        part for side in (node.left, *node.comparators) for part in ast.walk(side)
                    ]
                    texts = [
                        s for s in sides if isinstance(s, ast.Constant) and isinstance(s.value, str)
                    ]
                    named = {getattr(s, "id", getattr(s, "attr", "")) for s in sides}
                    assert not texts or not named & {"kind", "arm"}, (module, ast.unparse(node))


def test_paths_that_contributors_are_told_are_there():
    text = (ROOT.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    told = re.findall(r"`((?:book|hebbnotes|tests|tools)/[\w./-]*)`", text)
    assert len(told) > 30
    meant = [path for path in told if not re.search(r"NAME|\bname\b", path)]
    assert not [path for path in meant if not (ROOT.parent / path).exists()]


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("tasks.maze", "tasks.maze"),
        ("PlasticRNN", "networks.plastic"),
        ("rules.oja", "plasticity.rules"),
        ("tasks.errors", "tasks"),
    ],
)
def test_a_name_is_found_where_it_lies(name, module):
    assert module_of(name) == module


NAMES = """
import sys
import hebbnotes.chapters.differentiable_plasticity.experiments

assert "matplotlib" not in sys.modules, "an experiment draws nothing"
assert hebbnotes.__all__ == [name for name in dir(hebbnotes) if name != "__version__"]
for name in hebbnotes.__all__:
    for module in [module for module in sys.modules if module.startswith("hebbnotes")]:
        del sys.modules[module]
    import hebbnotes
    assert not [module for module in sys.modules if module.startswith("hebbnotes.")]
    assert getattr(hebbnotes, name) is getattr(hebbnotes, name), name
    assert name in vars(hebbnotes), name
    print(name)
"""


def test_every_public_name_is_there_after_import_hebbnotes_alone():
    done = subprocess.run(
        [sys.executable, "-c", NAMES], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == hebbnotes.__all__


def test_tests_mirror_the_library():
    """Tests of a package lie in a folder of its name; others are of all of it, or of the book."""
    tests = Path(__file__).parent
    folders = {path.parent.name for path in tests.glob("*/__init__.py")}
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert folders - {"guards", "site"} == packages
    own = {module for module in MODULES if "." not in module and not module.startswith("_")}
    named = {path.stem.removeprefix("test_") for path in tests.glob("test_*.py")}
    assert own <= named
