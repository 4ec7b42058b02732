"""Run every notebook of the book and store what it prints and draws, without times: two runs are
byte for byte the same.

A notebook whose metadata name data sets (``{"hebbnotes": {"needs": ["omniglot"]}}``) is skipped
where these are not there.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from hebbnotes import data

BOOK = Path(__file__).parents[1] / "book"
ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
TIMEOUT = 180
_NOBODYS = tempfile.TemporaryDirectory(prefix="hebbnotes-")
_PERSONAL = ("JUPYTER_PATH", "MPLBACKEND", "PYTHONOPTIMIZE", "PYTHONSTARTUP", "PYTHONWARNINGS")


def alike() -> None:
    """Make this process, and the kernels that it starts, alike on all computers: one thread, and
    nobody's own settings of IPython, matplotlib and kernels.
    """
    nobodys = Path(_NOBODYS.name)
    (nobodys / "matplotlibrc").touch()
    os.environ |= ONE_THREAD | {
        "IPYTHONDIR": str(nobodys / "ipython"),
        "JUPYTER_CONFIG_DIR": str(nobodys / "jupyter"),
        "JUPYTER_DATA_DIR": str(nobodys / "jupyter"),
        "JUPYTER_PREFER_ENV_PATH": "1",
        "MATPLOTLIBRC": str(nobodys / "matplotlibrc"),
    }
    for name in _PERSONAL:
        os.environ.pop(name, None)


def execute(path: Path) -> tuple[nbformat.NotebookNode, float]:
    """Run a notebook with one thread in the folder of the book; return it with its outputs, and the
    seconds it took.
    """
    notebook = nbformat.read(path, as_version=4)
    start = time.perf_counter()
    NotebookClient(
        notebook,
        timeout=TIMEOUT,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,  # a print may come in two parts, or in one
        resources={"metadata": {"path": str(path.parent)}},
    ).execute()
    seconds = time.perf_counter() - start
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    notebook.metadata.pop("widgets", None)
    notebook.metadata["language_info"] = {"name": "python"}
    return notebook, seconds


def missing(path: Path) -> str:
    """Say which data a notebook needs that are not there, and how to get them; empty if nothing is
    missing.
    """
    needs = nbformat.read(path, as_version=4).metadata.get("hebbnotes", {}).get("needs", [])
    for name in needs:
        try:
            data.require(name)
        except (OSError, ValueError) as error:
            return f"{path.name} needs {name}: {error} (or `make data`)"
    return ""


def main(names: list[str]) -> None:
    """Run the named notebooks, or all; a name that is no notebook's ends the program before any is
    run.
    """
    paths = {path.stem: path for path in sorted(BOOK.glob("*.ipynb"))}
    if unknown := [name for name in names if name not in paths]:
        sys.exit(f"no notebook is named {', '.join(unknown)}: there are {', '.join(paths)}")
    alike()
    for path in (paths[name] for name in names or paths):
        if reason := missing(path):
            print(f"skipped: {reason}")
        else:
            notebook, seconds = execute(path)
            beside = path.with_suffix(".tmp")
            nbformat.write(notebook, beside)
            beside.replace(path)
            print(f"{path.name}: {seconds:.0f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
