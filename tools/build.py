"""Build the book with Jupyter Book, a warning being an error: for `make book`, `make pdf` and the
tests of the site.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PROGRAM = """
import functools, gc
import jupyter_book.sphinx as book
from jupyter_book.cli.main import main
gc.disable()
book.build_sphinx = functools.partial(book.build_sphinx, jobs=2)
main()
"""
"""Jupyter Book, of whose command line three things are missing: two processes that read and write
pages, this Python (the program `jupyter-book` need not lie beside it), and no search for garbage,
which took two fifths of the time and finds little in trees of pages.
"""


def build(
    out: Path,
    *options: str,
    book: Path = ROOT / "book",
    config: Path = ROOT / "_config.yml",
    toc: Path = ROOT / "_toc.yml",
    anew: bool = True,
    **how: Any,
) -> subprocess.CompletedProcess[str]:
    """Build into ``out/_build`` with further options of ``jupyter-book build``; ``how`` goes to
    :func:`subprocess.run`.

    Unless it is to be built ``anew``, pages that were read before, for another builder, are not
    read again.
    """
    command = [sys.executable, "-c", PROGRAM, "build", book]
    command += ["--config", config, "--toc", toc, "--path-output", out]
    return subprocess.run(
        [*map(str, command), *["--all"] * anew, "-W", "-n", "--keep-going", *options],
        cwd=ROOT,
        check=False,
        text=True,
        **how,
    )


if __name__ == "__main__":
    sys.exit(build(ROOT).returncode)
