"""What ``make`` installs by hashes is what ``constraints.txt`` names, and all that the package needs."""

import importlib.metadata
import re
import tomllib

import pytest
from packaging.requirements import Requirement

from tools import lock

TOLD = lock.versions(lock.CONSTRAINTS.read_text(encoding="utf-8"))
LOCKED = lock.LOCKED.read_text(encoding="utf-8")
PROJECT = tomllib.loads((lock.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_both_locks_name_the_same_packages_in_the_same_versions():
    assert lock.versions(LOCKED) | {"torch": TOLD["torch"]} == TOLD


def test_every_package_has_hashes():
    packages = re.split(r"^(?=\w)", LOCKED, flags=re.M)[1:]
    assert len(packages) == sum(map(len, TOLD.values())) - 1
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}$", one, re.M) for one in packages)


def test_all_that_the_package_needs_is_locked():
    assert set(lock.EXTRAS) == set(PROJECT["optional-dependencies"]) - {"lab"}
    found = lock.versions(LOCKED)
    for requirement in map(Requirement, lock.wanted()):
        named = found[requirement.name.lower().replace("_", "-")]
        assert all(map(requirement.specifier.contains, named)), requirement


@pytest.mark.skipif(
    importlib.metadata.version("torch").partition("+")[0] not in TOLD["torch"],
    reason="another torch is installed than the one that is locked",
)
def test_all_that_torch_needs_is_locked_but_for_its_build_with_cuda():
    of_cuda = re.compile(r"nvidia|cuda|triton")
    needed = map(Requirement, importlib.metadata.requires("torch"))
    named = {one.name.lower() for one in needed if not one.marker or "extra" not in str(one.marker)}
    assert {name for name in named if not of_cuda.match(name)} == set(lock.OF_TORCH)


def test_make_installs_by_the_hashes():
    made = (lock.ROOT / "Makefile").read_text(encoding="utf-8")
    assert "--require-hashes --requirement locked.txt" in made
    assert "--no-deps --no-build-isolation --editable ." in made


def test_what_constraints_do_not_name_or_nothing_needs_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(lock, "LOCKED", tmp_path / "locked.txt")
    whole = LOCKED.partition("accessible")[1] + LOCKED.partition("accessible")[2]
    monkeypatch.setattr(lock, "compiled", lambda: f"{whole}new-one==1.0 \\\n    --hash=sha256:0\n")
    with pytest.raises(SystemExit, match=r"needed somewhere: add\nnew-one==1\.0"):
        lock.main()
    monkeypatch.setattr(lock, "compiled", lambda: whole.replace("numpy==", "not-numpy=="))
    with pytest.raises(SystemExit, match="not-numpy"):
        lock.main()
    monkeypatch.setattr(lock, "compiled", lambda: re.sub(r"numpy==(.*\n)(    .*\n)*", "", whole))
    with pytest.raises(SystemExit, match="names what nothing needs: remove numpy==2"):
        lock.main()
    assert not lock.LOCKED.exists()
    monkeypatch.setattr(lock, "compiled", lambda: whole)
    lock.main()
    assert lock.LOCKED.read_text(encoding="utf-8") == LOCKED
