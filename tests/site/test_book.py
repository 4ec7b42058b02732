"""The sources of the book: contents, notebooks, the wheel that they run from, and the two commands."""

import ast
import importlib
import importlib.metadata
import json
import os
import re
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import nbformat
import pytest
from packaging.requirements import Requirement

from tools import measure, outputs
from tools.book_extension import find_witnesses, prose

ROOT = Path(__file__).parents[2]
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
    assert max(len(c.source.splitlines()) for c in code) <= 14
    assert len(code[0].source.splitlines()) <= 5
    shown = [o.get("data", {}) for c in code[:2] for o in c.outputs]
    assert any(
        "image/png" in data or "moving-figure" in str(data.get("text/html")) for data in shown
    ), "a figure by the second cell"
    for cell in code:
        if any("image/png" in o.get("data", {}) for o in cell.outputs):
            assert cell.metadata["mystnb"]["image"]["alt"], "a figure needs alt text"
        assert "nbval-skip" not in cell.metadata.get("tags", []), "nothing escapes the strict run"
        assert "nbval-ignore-output" not in cell.metadata.get("tags", [])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_chapter_has_its_parts(path):
    text = prose(path)
    plain = re.sub(
        r"\$\$.*?\$\$|^(?::\w+:|```|:::).*?$|\{cite:\w\}`[^`]*`", "", text, flags=re.S | re.M
    )
    assert 1500 <= len(plain.split()) <= 3000, "words, without formulas, directives and citations"
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
    assert 3 <= text.count("{exercise") - text.count("{exercise-end}") <= 5
    assert re.search(r"(?i)further reading", text)
    code = [c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    assert any("MovingFigure(" in source for source in code), (
        "the chapter lacks a figure that moves"
    )


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_reader_sees_where_each_name_comes_from(path):
    cells = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    hidden, shown = set(), set()
    for cell in cells:
        names = [node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Name)]
        made = {node.id for node in names if isinstance(node.ctx, ast.Store)}
        made |= set(re.findall(r"^(?:def|from \S+ import|import) (\w+)", cell.source, flags=re.M))
        if "remove-input" in cell.metadata.get("tags", []):
            hidden |= made - shown
        else:
            foreign = {node.id for node in names} & hidden - shown - made
            assert not foreign, (
                f"{foreign} come from a cell that the page does not show: tag it hide-input"
            )
            shown |= made


def test_two_runs_of_a_notebook_store_the_same_bytes():
    os.environ |= outputs.ONE_THREAD
    first, second = (
        nbformat.writes(outputs.execute(ROOT / "book" / "introduction.ipynb")[0]) for _ in range(2)
    )
    assert first == second


def test_every_witness_names_a_function_of_the_package():
    for function, test in find_witnesses(ROOT / "tests").values():
        module, _, name = function.rpartition(".")
        assert callable(
            getattr(sys.modules.get(module) or __import__(module, fromlist=[name]), name)
        ), test


def test_every_public_name_is_documented():
    import hebbnotes

    names = [path.stem for path in (ROOT / "hebbnotes").glob("[a-z]*.py")]
    for module in (hebbnotes, *(importlib.import_module(f"hebbnotes.{name}") for name in names)):
        assert module.__doc__
        for name in module.__all__:
            thing = getattr(module, name)
            if (
                callable(thing)
                and hasattr(thing, "__module__")
                and thing.__module__.startswith("hebbnotes")
            ):
                text = " ".join((thing.__doc__ or "").split())
                assert len(text) > 40, f"{module.__name__}.{name} has no docstring"
                if hasattr(thing, "__annotations__") and not isinstance(thing, type):
                    assert "return" in thing.__annotations__, (
                        f"{module.__name__}.{name} is not annotated"
                    )


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


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    wanted = ["hebbnotes", "pyproject.toml", "README.md", "LICENSE"]
    listed = subprocess.run(
        ["git", "ls-files", *wanted], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in listed.stdout.split():
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
    listed = subprocess.run(
        ["git", "ls-files", "hebbnotes"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert sorted(names) == sorted(listed)


def needed(roots):
    """Return the distributions that the named ones need, with their own needs."""
    found, queue = {}, [Requirement(r) for r in roots]
    while queue:
        requirement = queue.pop()
        key = re.sub(r"[-_.]+", "-", requirement.name).lower()
        if key in found or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        try:
            found[key] = importlib.metadata.distribution(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            continue  # needed on another platform
        queue += [Requirement(r) for r in found[key].requires or []]
    return found


@pytest.fixture(scope="module")
def bare_python(wheel, tmp_path_factory):
    """A virtual environment with the wheel, what the wheel asks for, and a kernel: nothing else of the project."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder, with_pip=False)
    site = next(folder.glob("lib/python*/site-packages"))
    zipfile.ZipFile(wheel).extractall(site)
    metadata = next(site.glob("hebbnotes-*.dist-info/METADATA")).read_text()
    asked = [r for r in re.findall(r"^Requires-Dist: (.+)$", metadata, re.M) if "extra ==" not in r]
    for distribution in needed([*asked, "ipykernel"]).values():
        for file in distribution.files or []:
            top = file.parts[0]
            if top not in ("..", "__pycache__") and not (site / top).exists():
                (site / top).symlink_to(Path(distribution.locate_file(top)))
    return folder / "bin" / "python"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_runs_alone_from_the_wheel(path, bare_python, tmp_path):
    if reason := outputs.missing(path):
        pytest.skip(reason)
    (tmp_path / path.name).write_bytes(path.read_bytes())
    source = "\n".join(
        c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"
    )
    lines = [line for line in source.splitlines() if not line.startswith("%")]
    script = tmp_path / "notebook.py"
    script.write_text(
        "import matplotlib; matplotlib.use('agg')\n" + "\n".join(lines), encoding="utf-8"
    )
    done = subprocess.run(
        [bare_python, "-I", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    probe = "import hebbnotes, importlib.util as u; print(hebbnotes.__file__, u.find_spec('pytest'), u.find_spec('sphinx'))"
    where = subprocess.run(
        [bare_python, "-I", "-c", probe], capture_output=True, text=True, check=True
    ).stdout
    assert str(ROOT) not in where
    assert where.strip().endswith("None None")


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
    assert "needy.ipynb needs omniglot, which" in done.stdout
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
