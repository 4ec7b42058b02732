"""The sources of the book: contents, notebooks, the wheel that they run from, and the two commands."""

import ast
import importlib
import importlib.metadata
import inspect
import json
import os
import re
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import nbformat
import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from tests.site.comparison import read_drawing
from tools import measure, outputs, package, standard
from tools.book_extension import find_witnesses, prose

ROOT = Path(__file__).parents[2]
FOLDERS = sorted(path.parent for path in (ROOT / "hebbnotes").rglob("__init__.py"))
NOTEBOOKS = sorted((ROOT / "book").glob("*.ipynb"))
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_is_stored_whole(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [c for c in notebook.cells if c.cell_type == "code"]
    assert all(c.execution_count for c in code), "a cell was never run: make outputs"
    assert not any(o.output_type == "error" for c in code for o in c.outputs)
    assert path.stat().st_size < 1.5e6
    shown = [o.get("data", {}) for c in code[:2] for o in c.outputs]
    assert any(
        {"image/png", "image/svg+xml"} & {*data} or "moving-figure" in str(data.get("text/html"))
        for data in shown
    ), "a figure by the second cell"
    for cell in code:
        if any({"image/png", "image/svg+xml"} & {*o.get("data", {})} for o in cell.outputs):
            assert cell.metadata["mystnb"]["image"]["alt"], "a figure needs alt text"
        assert "nbval-skip" not in cell.metadata.get("tags", []), "nothing escapes the strict run"
        assert "nbval-ignore-output" not in cell.metadata.get("tags", [])


COLUMNS = 86
"""Characters of a line of code at most: at 1280 pixels a longer one is cut off at the right."""
TOO_WIDE = {
    "introduction",
    "learning-rules",
}
"""Notebooks that have longer lines in cells which the page shows: the list may only shrink."""


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_lines_of_code_that_are_shown_fit_the_page(path):
    shown = [
        cell.source
        for cell in nbformat.read(path, as_version=4).cells
        if cell.cell_type == "code" and "remove-input" not in cell.metadata.get("tags", [])
    ]
    wide = [line for source in shown for line in source.splitlines() if len(line) > COLUMNS]
    assert (not wide) == (path.stem not in TOO_WIDE), wide


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_line_plot_is_stored_as_svg_and_png(path):
    cells = nbformat.read(path, as_version=4).cells
    data = [o.get("data", {}) for c in cells if c.cell_type == "code" for o in c.outputs]
    drawn = [one["image/svg+xml"] for one in data if "image/svg+xml" in one]
    assert drawn, "no line plot is stored as SVG: make outputs"
    for text in drawn:
        assert len(text.encode()) <= 60_000
        assert not isinstance(read_drawing(text), str)
        unnamed = set(re.findall(r"(?<![,(])#[0-9a-f]{6}\b", text))
        assert not unnamed, f"colours that do not follow the theme: {unnamed}"
    assert all("image/png" in one for one in data if "image/svg+xml" in one)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_chapter_has_its_parts(path):
    text = prose(path)
    if standard.read(path).about["kind"] == "epilogue":  # a ledger, without exercises
        for part in ("Before you start", "Predict", "## Inspiration or guide?", "would count"):
            assert part in text, f"the epilogue lacks {part!r}"
        return
    for part in (
        "Before you start",
        "What you will be able to do",
        "## Inspiration or guide?",
        "## Summary",
        "Predict",
        "Check yourself",
    ):
        assert part in text, f"the chapter lacks {part!r}"
    answers = text.partition("Check yourself")[2].count("{dropdown}")
    assert 3 <= answers <= 5, "self-checks, each with a folded answer"
    assert re.search(r"(?i)further reading", text)
    code = [c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    assert "{live-model}" in text or any("MovingFigure(" in source for source in code), (
        "the chapter lacks a live model, or a figure that moves"
    )


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_reader_sees_where_each_name_comes_from(path):
    cells = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    hidden, shown = set(), set()
    for cell in cells:
        names = [node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Name)]
        made = {node.id for node in names if isinstance(node.ctx, ast.Store)}
        made |= set(re.findall(r"^(?:def|from \S+ import|import) (\w+)", cell.source, flags=re.M))
        arguments = {n.arg for n in ast.walk(ast.parse(cell.source)) if isinstance(n, ast.arg)}
        if "remove-input" in cell.metadata.get("tags", []):
            hidden |= made - shown
        else:
            foreign = {node.id for node in names} & hidden - shown - made - arguments
            assert not foreign, (
                f"{foreign} come from a cell that the page does not show: tag it hide-input"
            )
            shown |= made


def test_every_witness_names_a_function_of_the_package():
    for function, test in find_witnesses(ROOT / "tests").values():
        module, _, name = function.rpartition(".")
        assert callable(
            getattr(sys.modules.get(module) or __import__(module, fromlist=[name]), name)
        ), test


@pytest.mark.parametrize(
    "name",
    ["hebbnotes", *(name for folder in FOLDERS for name in package.modules(folder))],
)
def test_every_public_name_is_documented(name):
    module = importlib.import_module(name)
    assert module.__doc__
    for public in module.__all__:
        thing = getattr(module, public)
        if not callable(thing) or not thing.__module__.startswith("hebbnotes"):
            continue
        words = (thing.__doc__ or "").split()
        assert len(words) >= 5, f"{name}.{public} has no docstring"
        if inspect.isfunction(thing):
            assert "return" in thing.__annotations__, f"{name}.{public} is not annotated"


def test_the_examples_of_the_reference_run_and_print_what_they_say(capsys):
    examples = re.findall(
        r"^```python\n(.*?)^```",
        (ROOT / "book" / "api.md").read_text(encoding="utf-8"),
        re.S | re.M,
    )
    assert len(examples) >= 2
    for example in examples:
        exec(compile(example, "api.md", "exec"), {"__name__": "example"})
        assert capsys.readouterr().out.split() == re.findall(r"print\(.*\)  # (\S+)", example)


def test_the_readme_shows_what_was_measured():
    assert measure.readme_block() in (ROOT / "README.md").read_text(encoding="utf-8"), (
        "run `make measure`"
    )


def files_of(*wanted):
    """Return what belongs to the project, where there is no git all but what Python has left."""
    if (ROOT / ".git").exists():
        listed = ["git", "ls-files", *wanted]
        done = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True)
        return done.stdout.split()
    each = [path for name in wanted for path in (ROOT / name, *(ROOT / name).rglob("*"))]
    there = [path for path in each if path.is_file() and "__pycache__" not in path.parts]
    return [path.relative_to(ROOT).as_posix() for path in there]


def test_the_files_of_the_project_are_known_in_a_folder_without_git(monkeypatch, tmp_path):
    (tmp_path / "a" / "__pycache__").mkdir(parents=True)
    for name in ("a/b.py", "a/__pycache__/b.pyc", "c.md", "d.md"):
        (tmp_path / name).write_text("")
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    assert sorted(files_of("a", "c.md")) == ["a/b.py", "c.md"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    wanted = ["hebbnotes", "pyproject.toml", "README.md", "LICENSE"]
    for name in files_of(*wanted):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes((ROOT / name).read_bytes())
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "--quiet",
        "-w",
        folder,
        source,
    ]
    subprocess.run(command, check=True)
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_the_package_and_nothing_else(wheel):
    names = [n for n in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in n]
    assert sorted(names) == sorted(files_of("hebbnotes"))


def needed(roots, extra=""):
    """Return the distributions that the named ones need, and those for an extra, with their own needs."""
    found, queue = {}, [(Requirement(r), extra) for r in roots]
    while queue:
        requirement, extra = queue.pop()
        key = re.sub(r"[-_.]+", "-", requirement.name).lower()
        if key in found or (
            requirement.marker and not requirement.marker.evaluate({"extra": extra})
        ):
            continue
        try:
            found[key] = importlib.metadata.distribution(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            continue  # needed on another platform
        queue += [(Requirement(r), "") for r in found[key].requires or []]
    return found


@pytest.fixture(scope="module")
def wheel_python(wheel, tmp_path_factory):
    """Return a function that makes a virtual environment: the wheel, what it asks for, nothing else of the project."""

    def made(extra="", further=()):
        folder = tmp_path_factory.mktemp(f"wheel-{extra}")
        venv.create(folder, with_pip=False)
        site = next(folder.glob("lib/python*/site-packages"))
        zipfile.ZipFile(wheel).extractall(site)
        metadata = next(site.glob("hebbnotes-*.dist-info/METADATA")).read_text()
        asked = [*re.findall(r"^Requires-Dist: (.+)$", metadata, re.M), *further]
        for distribution in needed(asked, extra).values():
            for file in distribution.files or []:
                top = file.parts[0]
                if top not in ("..", "__pycache__") and not (site / top).exists():
                    (site / top).symlink_to(Path(distribution.locate_file(top)))
        python = folder / "bin" / "python"
        probe = "import hebbnotes, importlib.util as u; print(hebbnotes.__file__, u.find_spec('pytest'), u.find_spec('sphinx'))"
        where = subprocess.run(
            [python, "-I", "-c", probe], capture_output=True, text=True, check=True
        ).stdout
        assert str(ROOT) not in where
        assert where.strip().endswith("None None")
        return python

    return made


PLASTIC = """
import sys

import torch
from hebbnotes import PlasticRNN, experiments, rules, tasks, training

lacking = {"numba", "scipy", "sklearn", "tqdm", "pooch", "gymnasium", "dask"}
generator = torch.Generator().manual_seed(0)
task = tasks.PatternCompletion(n_bits=8, n_patterns=2)
network = PlasticRNN(task.n_units, rule=rules.oja, generator=generator)
loss = tasks.recall_loss(network, task, 4, generator)
training.train(network.parameters(), loss, 3, lr=1e-3)
print(experiments.result("three-numbers-once")["value"])
assert not lacking & set(sys.modules)
for use, extra in (
    ("training.train(network.parameters(), loss, 3, lr=1e-3, progress=True)", "chapters"),
    ("from hebbnotes import memories; memories.least_error(2, 3)", "chapters"),
    ("from hebbnotes.plasticity import compiled", "chapters"),
    ("from hebbnotes.tasks import environments", "gym"),
):
    try:
        exec(use)
    except ModuleNotFoundError as error:
        assert error.name in lacking
        assert f'pip install "hebbnotes[{extra}]"' in str(error), error
    else:
        raise AssertionError(use)
"""


ENTRY = """
RATES = [0.5]
def rule(w, pre, post, *, drive):
    return pre[..., :, None] * (post - drive)[..., None, :]
"""
OFFLINE = """
import sys

def hook(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        raise OSError(f"this computer has no network: {event}")

sys.addaudithook(hook)
"""


def test_the_wheel_alone_places_an_entry_to_the_arena_without_a_network(wheel_python, tmp_path):
    (tmp_path / "my_rule.py").write_text(ENTRY)
    python = wheel_python()
    site = next(python.parents[1].glob("lib/python*/site-packages"))
    (site / "sitecustomize.py").write_text(OFFLINE)  # of all its processes
    tried = "import socket; socket.create_connection(('127.0.0.1', 9))"
    done = subprocess.run([python, "-I", "-c", tried], capture_output=True, text=True, check=False)
    assert "this computer has no network" in done.stderr
    done = subprocess.run(
        [python, "-I", "-m", "hebbnotes.arena", "my_rule.py", "--seeds", "1"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "my_rule: local: a synapse sees its sender, its receiver, what its" in done.stdout
    assert re.search(r"place \d+ of \d+ among ", done.stdout)


def test_the_wheel_alone_trains_a_plastic_network_and_says_what_else_needs(wheel_python, tmp_path):
    done = subprocess.run(
        [wheel_python(), "-I", "-c", PLASTIC],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


EACH = """
from matplotlib.figure import Figure
from hebbnotes import memories
from hebbnotes.chapters.learning_rules.digits import wrong
from hebbnotes.chapters.learning_rules.experiments import pca
from hebbnotes.learning.agents import compiled_lives
from hebbnotes.plasticity import compiled

g = torch.Generator().manual_seed(0)
x = torch.randn(60, 4, generator=g)
kinds = (x[:, 0] > 0).long()
assert data.patches("train", size=12, step=24).shape[1] == 144
assert data.folder().is_absolute()
assert analysis.interval([1.0, 2.0, 4.0])
assert analysis.decoded(x, x[:, :1]) > 0.9
assert memories.least_error(2, 3) < 0.1
assert pca(x, 2, None, g).shape == (4, 2)
assert wrong((x, kinds), (x, kinds)) < 0.2
assert compiled_lives.lived
assert compiled.tanh(torch.zeros(2).numpy()).sum() == 0
w = torch.zeros(1, requires_grad=True)
training.train([w], lambda update: ((w - 1).square().sum(), {}), 3, progress=True)
drawn = [Figure(), Figure()]
assert "<img" in fig.MovingFigure(drawn, ["one", "two"], name="step", alt="Nothing.")._repr_html_()
assert experiments.weights("maze-plastic")
"""
"""What uses each package of the extra once, and each file of the package that is no code."""


def test_with_the_extra_of_the_chapters_all_find_what_they_import_and_each_package_serves(
    wheel_python, tmp_path
):
    """The code of the chapters itself runs under nbval."""
    code = [
        cell.source
        for path in NOTEBOOKS
        for cell in nbformat.read(path, as_version=4).cells
        if cell.cell_type == "code"
    ]
    imports = [
        ast.unparse(node)
        for source in code
        for node in ast.walk(ast.parse(re.sub("^%.*", "", source, flags=re.M)))
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    script = tmp_path / "notebook.py"
    head = ["import matplotlib", "matplotlib.use('agg')", *imports]
    script.write_text("\n".join([*head, EACH]), encoding="utf-8")
    done = subprocess.run(
        [wheel_python("chapters", ["ipykernel"]), "-I", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_what_the_package_imports_belongs_to_it_or_to_an_extra_that_is_named_there():
    """What the core does not need is imported where a failure names the extra that has it."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    core = {*needed(told["dependencies"]), "ipython"}  # a notebook's kernel has it
    own = {
        extra: {Requirement(r).name.lower() for r in requirements}
        for extra, requirements in told["optional-dependencies"].items()
    }
    homes = importlib.metadata.packages_distributions()
    for path in sorted((ROOT / "hebbnotes").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        within = {  # with _checks.extra("gym"), or a message of its own that names hebbnotes[gym]
            id(inner): found[1] or found[2]
            for node in ast.walk(tree)
            if isinstance(node, ast.With | ast.Try)
            and (found := re.search(r"""extra\(['"](\w+)|hebbnotes\[(\w+)""", ast.unparse(node)))
            for inner in ast.walk(node)
        }
        for node in ast.walk(tree):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names = [node.module] if isinstance(node, ast.ImportFrom) else names
            for name in {n.partition(".")[0] for n in names} - {"hebbnotes"}:
                if name in sys.stdlib_module_names:
                    continue
                extra = within.get(id(node))
                allowed = own[extra] if extra else core
                assert {h.lower() for h in homes[name]} & allowed, (
                    f"{path}, line {node.lineno}: {name}: import it within extra(...)"
                )


def test_a_notebook_without_its_data_is_skipped_and_says_how_to_get_them(
    tmp_path, monkeypatch, capsys
):
    notebook = nbformat.v4.new_notebook(metadata={"hebbnotes": {"needs": ["omniglot"]}})
    notebook.cells.append(nbformat.v4.new_code_cell("raise SystemExit"))
    for name, text in (
        ("needy.ipynb", nbformat.writes(notebook)),
        ("conftest.py", (ROOT / "conftest.py").read_text()),
    ):
        (tmp_path / name).write_text(text)
    monkeypatch.setenv("HEBBNOTES_DATA", str(tmp_path / "empty"))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--nbval",
        "-p",
        "no:cacheprovider",
        "-rs",
        "-q",
        "needy.ipynb",
    ]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False, env=environment
    )
    assert "1 skipped" in done.stdout, done.stdout + done.stderr
    assert "needy.ipynb needs omniglot: omniglot/images_background.zip is not in" in done.stdout
    assert "make data" in done.stdout
    before = (tmp_path / "needy.ipynb").read_text()
    monkeypatch.setattr(outputs, "BOOK", tmp_path)
    outputs.main([])
    assert "skipped: needy.ipynb needs omniglot" in capsys.readouterr().out
    assert (tmp_path / "needy.ipynb").read_text() == before


def test_only_notebooks_that_there_are_can_be_run(tmp_path, monkeypatch):
    (tmp_path / "first.ipynb").touch()
    monkeypatch.setattr(outputs, "BOOK", tmp_path)
    with pytest.raises(SystemExit, match="no notebook is named second: there are first"):
        outputs.main(["first", "second"])


def test_a_notebook_without_its_data_keeps_the_seconds_that_were_measured_if_any_were(
    tmp_path, monkeypatch
):
    for name in ("new", "old"):
        nbformat.write(
            nbformat.v4.new_notebook(metadata={"hebbnotes": {"needs": ["omniglot"]}}),
            tmp_path / f"{name}.ipynb",
        )
    monkeypatch.setenv("HEBBNOTES_DATA", str(tmp_path / "empty"))
    monkeypatch.setattr(outputs, "BOOK", tmp_path)
    assert measure.notebooks({"old": {"seconds": 3}, "gone": {"seconds": 5}}) == {
        "old": {"seconds": 3}
    }


def test_measured_numbers_are_json_of_numbers():
    stored = json.loads((ROOT / "book" / "measured.json").read_text())
    assert all(isinstance(v, int | float) for page in stored.values() for v in page.values())


def test_what_is_cited_is_the_version_that_is_installed():
    import hebbnotes

    assert f"version {hebbnotes.__version__}" in " ".join(
        (ROOT / "book" / "index.md").read_text(encoding="utf-8").split()
    )
    assert f"\nversion: {hebbnotes.__version__}\n" in (ROOT / "CITATION.cff").read_text(
        encoding="utf-8"
    )


def test_binder_finds_what_it_installs_and_a_python_that_the_package_takes():
    folder = ROOT / "binder"
    lines = (folder / "requirements.txt").read_text(encoding="utf-8").splitlines()
    named = [line.removeprefix("-c ") for line in lines if line.startswith("-c ")]
    assert named
    assert all((folder / name).is_file() for name in named), "counted from that file"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    python = (folder / "runtime.txt").read_text(encoding="utf-8").strip().removeprefix("python-")
    assert python in SpecifierSet(project["requires-python"])
