"""One thread for every test and kernel, nobody's own settings; nbval with the comparison of the
book; the longest first; what each part costs.
"""

import functools
import gc
import json
import os
import sys
from collections import Counter

os.environ |= {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
# Workers and kernels keep the memory of large tensors: glibc would give it back after each use,
# and the system make it all zero anew.
os.environ |= {"MALLOC_MMAP_THRESHOLD_": str(2**32), "MALLOC_TRIM_THRESHOLD_": str(2**32)}

# What is compiled is kept, whatever the caller says: a hundred processes import the package, and
# pytest would rewrite all assertions anew.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

gc.disable()  # until all is collected, of which nothing is garbage: a third of that time

import hypothesis
import pytest
import torch
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tools import outputs

outputs.alike()

from tests.site import kernels
from tests.site.comparison import compare_outputs

torch.set_num_threads(1)
hypothesis.settings.register_profile("book", deadline=None, derandomize=True, max_examples=25)
hypothesis.settings.load_profile("book")

SITE = [
    "test_site.py",
    "test_downloads.py",
    "test_package.py",
    "test_visits.py",
    "test_pages.py",
]
"""Tests that share the built book, in the order in which they run: the first of them builds it."""
PAPER = ["test_pdf.py", "test_readers.py"]
"""Tests of the built book for the other worker, after the notebooks: the PDF is not to be last."""
BUDGETS = {"package": 240, "notebooks": 350, "site": 80, "browsers": 120}
"""Seconds of all workers together that each part may take, on a computer of 2026 and for nine
chapters.
"""


def pytest_configure(config: pytest.Config) -> None:
    """Have nbval compare outputs as :mod:`tests.site.comparison` does, and fork its kernels."""
    from nbval import plugin

    def compare(self, test, ref, skip_compare=None) -> bool:
        problem = compare_outputs(ref, test)
        self.comparison_traceback = (
            [f"This cell gives another output than the one that is stored: {problem}"]
            if problem
            else []
        )
        return problem is None

    plugin.IPyNbCell.compare_outputs = compare
    plugin.RunningKernel = kernels.ForkedKernel


def kind(item: pytest.Item) -> str:
    """Return the part of the book that a test belongs to."""
    if item.path.suffix == ".ipynb":
        return "notebooks"
    if {"browser", "reader", "visited"} & set(getattr(item, "fixturenames", ())):
        return "browsers"
    return "site" if "site" in item.path.parts else "package"


class Shares(LoadScopeScheduling):
    """Hand out together what shares a kernel, a build, or what a module keeps."""

    def _split_scope(self, nodeid: str) -> str:
        path, _, test = nodeid.partition("::")
        name = path.rpartition("/")[2]
        if name == "test_book.py":
            return "wheel" if "wheel" in test else nodeid  # the others share nothing
        return "site" if name in SITE else "paper" if name in PAPER else path


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Shares:
    """Choose how tests are handed to the workers."""
    return Shares(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, and skip what lacks its data: nothing is downloaded here."""
    missing = functools.cache(outputs.missing)
    measured = json.loads((outputs.BOOK / "measured.json").read_text(encoding="utf-8"))
    for item in items:
        part = kind(item)
        item.user_properties.append(("part", part))
        if part == "notebooks" and (reason := missing(item.path)):
            item.add_marker(pytest.mark.skip(reason))

    def rank(item: pytest.Item) -> tuple[int, float]:
        if item.path.name in SITE:
            return 0, SITE.index(item.path.name)
        if kind(item) == "notebooks":
            return 1, -measured.get(item.path.stem, {}).get("seconds", 0)
        if item.path.name in PAPER:
            return 2, PAPER.index(item.path.name)
        return 4 if kind(item) == "package" else 3, 0

    items.sort(key=rank)


def pytest_collection_finish() -> None:
    """Look for garbage from now on, but not among what was collected."""
    gc.freeze()
    gc.enable()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what each part took, all workers together, beside what it may take."""
    spent = Counter()
    for report in (one for all_of in terminalreporter.stats.values() for one in all_of):
        if isinstance(report, pytest.TestReport):
            spent[dict(report.user_properties).get("part")] += report.duration
    told = ", ".join(f"{part} {spent[part]:.0f} s of {BUDGETS[part]}" for part in BUDGETS)
    terminalreporter.write_line(f"All workers together: {told}")
