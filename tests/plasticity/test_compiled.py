"""Machine code is kept where it can be, and compiled again where not; no file of it is needed."""

import os
import subprocess
import sys

WORKS = """
import numpy as np
from hebbnotes.plasticity import compiled
assert np.allclose(compiled.tanh(np.ones(3)), np.tanh(1))
print("kept" if compiled.tanh.stats.cache_hits else "compiled")
"""
NOWHERE = """
from numba.core import caching
def refused(locator):
    raise OSError("read-only")
caching._CacheLocator.ensure_cache_path = refused
"""
NOBODY = """
import os, pwd
def unknown(number):
    raise KeyError(number)
pwd.getpwuid = unknown
os.access = lambda *_: False
os.environ.pop("HOME", None)
"""
FULL = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"


def said(program, folder, place=None):
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


def test_where_nothing_can_be_written_code_is_compiled_without_being_kept(tmp_path):
    assert said(NOWHERE, tmp_path) == "compiled"


def test_a_user_without_a_home_gets_no_folder_named_after_it(tmp_path):
    assert said(NOBODY, tmp_path) == "compiled"
    assert not list(tmp_path.iterdir())


def test_a_full_disk_keeps_nothing_and_stops_nothing(tmp_path):
    assert said(FULL, tmp_path, tmp_path / "kept") == "compiled"
    assert said("", tmp_path, tmp_path / "kept") == "compiled"


def test_a_damaged_file_is_compiled_anew_and_replaced(tmp_path):
    place = tmp_path / "kept"
    assert said("", tmp_path, place) == "compiled"
    for ending in ("nbi", "nbc"):
        assert said("", tmp_path, place) == "kept"
        for path in place.rglob(f"*.{ending}"):
            path.write_bytes(path.read_bytes()[:20])
        assert said("", tmp_path, place) == "compiled"
