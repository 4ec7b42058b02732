"""One thread for every test and kernel, and nbval with the comparison of the book."""

import functools
import os

os.environ |= {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

import hypothesis
import pytest
import torch

from tests.site.comparison import compare_outputs
from tools import outputs

torch.set_num_threads(1)
hypothesis.settings.register_profile("book", deadline=None, derandomize=True, max_examples=25)
hypothesis.settings.load_profile("book")


def pytest_configure(config: pytest.Config) -> None:
    """Have nbval compare outputs as :mod:`tests.site.comparison` does."""
    from nbval.plugin import IPyNbCell

    def compare(self, test, ref, skip_compare=None) -> bool:
        problem = compare_outputs(ref, test)
        self.comparison_traceback = (
            [f"This cell gives another output than the one that is stored: {problem}"]
            if problem
            else []
        )
        return problem is None

    IPyNbCell.compare_outputs = compare


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip notebooks whose data are not there, and say why: nothing is downloaded here."""
    missing = functools.cache(outputs.missing)
    for item in items:
        if item.path.suffix == ".ipynb" and (reason := missing(item.path)):
            item.add_marker(pytest.mark.skip(reason))
