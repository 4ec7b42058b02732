"""Machine code is kept where it can be, and compiled again where not; no file of it is needed."""

import os
import subprocess
import sys

import numba
import numpy as np
import pytest
from numba.core import caching

from hebbnotes.plasticity import compiled
from tests import disk

WORKS = """
import numpy as np
from hebbnotes.plasticity import compiled
assert np.allclose(compiled.tanh(np.ones(3)), np.tanh(1))
print("kept" if compiled.tanh.stats.cache_hits else "compiled")
"""
NOBODY = """
import os, pwd
def unknown(number):
    raise KeyError(number)
pwd.getpwuid = unknown
os.access = lambda *_: False
os.environ.pop("HOME", None)
"""


def said(program, folder, place=None):
    """Return what another process says, which keeps its code in a place of its own."""
    environment = {key: value for key, value in os.environ.items() if key != "NUMBA_CACHE_DIR"}
    if place:
        environment["NUMBA_CACHE_DIR"] = str(place)
    done = subprocess.run(
        [sys.executable, "-c", program + WORKS],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def made():
    """Make the function anew, as an import does, and use it; say whether its code was kept."""
    tanh = compiled.jit(compiled.tanh.py_func)
    assert np.allclose(tanh(np.ones(3)), np.tanh(1))
    return "kept" if tanh.stats.cache_hits else "compiled"


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty place for machine code."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "kept"))
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "kept"))
    return tmp_path / "kept"


def test_where_nothing_can_be_written_code_is_compiled_without_being_kept(place, monkeypatch):
    def refused(locator):
        raise OSError("read-only")

    monkeypatch.setattr(caching._CacheLocator, "ensure_cache_path", refused)
    assert made() == made() == "compiled"
    assert not place.exists()


def test_a_user_without_a_home_gets_no_folder_named_after_it(tmp_path):
    assert said(NOBODY, tmp_path) == "compiled"
    assert not list(tmp_path.iterdir())


def test_a_full_disk_keeps_nothing_and_stops_nothing(place):
    with disk.full(1000):
        assert made() == "compiled"
    assert made() == "compiled"
    assert made() == "kept"


def test_a_damaged_file_is_compiled_anew_and_replaced(tmp_path, place):
    assert said("", tmp_path, place) == "compiled"
    for ending in ("nbi", "nbc"):
        assert made() == "kept", "by another process, or by this one"
        for path in place.rglob(f"*.{ending}"):
            path.write_bytes(path.read_bytes()[:20])
        assert made() == "compiled"
    assert made() == "kept"
