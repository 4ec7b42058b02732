"""Measure what the README and the chapters say of seconds and megabytes, and store it in
``book/measured.json``.

A fresh clone of the last commit is installed, built and tested; times depend on the computer, so
only this program writes them. ``python -m tools.measure NAME...`` runs the named notebooks alone.
"""

import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tools import outputs

ROOT = Path(__file__).parents[1]
STORED = ROOT / "book" / "measured.json"
MARKS = "<!-- measured: begin -->", "<!-- measured: end -->"


def megabytes(folder: Path) -> int:
    """Return the size of all files below a folder, in MB."""
    return round(sum(f.lstat().st_size for f in folder.rglob("*") if f.is_file()) / 1e6)


def timed(*command: str, cwd: Path) -> int:
    """Run a command and return the seconds it took."""
    start = time.perf_counter()
    subprocess.run(command, cwd=cwd, check=True, stdout=subprocess.DEVNULL)
    return round(time.perf_counter() - start)


def fresh_clone() -> dict[str, int]:
    """Install, build and test a fresh clone."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        return {
            "install_seconds": timed("make", ".venv/.done", f"PYTHON={sys.executable}", cwd=clone),
            "book_seconds": timed("make", "book", cwd=clone),
            "test_seconds": timed("make", "test", cwd=clone),
            "install_megabytes": megabytes(clone / ".venv"),
            "site_megabytes": megabytes(clone / "_build" / "html"),
            "cores": os.cpu_count() or 1,
        }


def readme_block() -> str:
    """Return the lines of the README that hold measured numbers."""
    m = json.loads(STORED.read_text())["commands"]
    return (
        f"{MARKS[0]}\n"
        f"| | the first time | after that | disk |\n|---|---|---|---|\n"
        f"| `make book` | {m['install_seconds'] + m['book_seconds']} s | {m['book_seconds']} s "
        f"| {m['install_megabytes']} MB "
        f"for the packages, {m['site_megabytes']} MB for the site |\n"
        f"| `make test` | {m['install_seconds'] + m['test_seconds']} s | {m['test_seconds']} s "
        "| the same packages |\n\n"
        f"Measured with Python {m['python']:g} on {m['cores']} cores, packages from a nearby "
        "mirror; "
        "a slow connection adds to the first column.\n"
        f"{MARKS[1]}"
    )


def notebooks(
    before: dict[str, dict[str, float]], names: Sequence[str] = ()
) -> dict[str, dict[str, float]]:
    """Run and time the named notebooks, or every one; one whose data are not there keeps what was
    measured before, if anything was.
    """
    measured = {}
    for path in sorted(outputs.BOOK.glob("*.ipynb")):
        if names and path.stem not in names:
            continue
        if reason := outputs.missing(path):
            print(f"not measured: {reason}")
            measured |= {path.stem: before[path.stem]} if path.stem in before else {}
        else:
            measured[path.stem] = {"seconds": round(outputs.execute(path)[1])}
    return measured


def main(names: list[str]) -> None:
    """Measure all, store it, and write the README's lines anew; or the named notebooks alone."""
    outputs.alike()
    before = json.loads(STORED.read_text())
    measured = notebooks(before, names)
    if names:
        STORED.write_text(json.dumps(before | measured, indent=2) + "\n")
        return
    python = float(".".join(platform.python_version_tuple()[:2]))
    measured["commands"] = fresh_clone() | {"python": python}
    STORED.write_text(json.dumps(measured, indent=2) + "\n")
    readme = ROOT / "README.md"
    text = re.sub(
        f"{MARKS[0]}.*{MARKS[1]}",
        lambda _: readme_block(),
        readme.read_text(encoding="utf-8"),
        flags=re.S,
    )
    readme.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
