"""Run every notebook of the book and store what it prints and draws, without times: two runs are byte for byte the same."""

import os
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

BOOK = Path(__file__).parents[1] / "book"
ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
TIMEOUT = 180


def execute(path: Path) -> tuple[nbformat.NotebookNode, float]:
    """Run a notebook with one thread in the folder of the book; return it with its outputs, and the seconds it took."""
    notebook = nbformat.read(path, as_version=4)
    start = time.perf_counter()
    NotebookClient(
        notebook, timeout=TIMEOUT, kernel_name="python3", record_timing=False, resources={"metadata": {"path": str(path.parent)}}
    ).execute()
    seconds = time.perf_counter() - start
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    notebook.metadata.pop("widgets", None)
    notebook.metadata["language_info"] = {"name": "python"}
    return notebook, seconds


def main(names: list[str]) -> None:
    """Run the named notebooks, or all."""
    os.environ |= ONE_THREAD
    for path in sorted(BOOK.glob("*.ipynb")):
        if not names or path.stem in names:
            notebook, seconds = execute(path)
            beside = path.with_suffix(".tmp")
            nbformat.write(notebook, beside)
            beside.replace(path)
            print(f"{path.name}: {seconds:.0f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
