"""Write ``locked.txt``: the packages of ``constraints.txt``, with the hashes of all their files, of
every platform, for ``pip install --require-hashes``.

``constraints.txt`` is what people read and change; this follows from it and from
``pyproject.toml``. Torch is left out: its file is not the same everywhere, since its CPU build
comes from an index of its own or, on some computers, from a local folder, and elsewhere from PyPI.
"""

import json
import re
import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCKED, CONSTRAINTS = ROOT / "locked.txt", ROOT / "constraints.txt"
UV = "uv==0.13.9"
PYTHON = "3.11"
EXTRAS = ("book", "chapters", "gym", "cluster", "test")
"""What ``make`` installs."""
OF_TORCH = ("filelock", "fsspec", "jinja2", "networkx", "setuptools", "sympy", "typing-extensions")
"""What torch itself needs, which is locked although torch is not."""
ANY = ("psutil",)
"""Of which uv takes any version: it weighs what marionette-driver needs on macOS, too, where it is
not installed, and where that would not go together with IPython.
"""
HEAD = """\
# Written by `make lock` from constraints.txt and pyproject.toml: change those, not this.
# The hashes are those of all files of a package, of every platform. Torch is not here: its file
# differs from computer to computer (an index of CPU builds, a local folder, PyPI).
"""


def wanted() -> list[str]:
    """Return the requirements of the package, of its extras and of torch, but not torch."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    asked = [*project["dependencies"], *(one for extra in EXTRAS for one in extras[extra])]
    return [one for one in asked if not one.startswith("torch>")] + list(OF_TORCH)


def compiled() -> str:
    """Return the locked packages, as uv finds them in the index."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        venv.create(folder / "uv", with_pip=True)
        programs = folder / "uv" / ("Scripts" if sys.platform == "win32" else "bin")
        pip = [programs / "python", "-m", "pip", "install", "--quiet", UV]
        subprocess.run(pip, check=True)
        project = folder / "pyproject.toml"
        lines = ["[project]", 'name = "locked"', 'version = "0"', f'requires-python = ">={PYTHON}"']
        lines += [f"dependencies = {json.dumps(wanted())}"]
        project.write_text("\n".join(lines), encoding="utf-8")
        (folder / "any.in").write_text("\n".join(ANY), encoding="utf-8")
        command = [programs / "uv", "pip", "compile", "--quiet", "--universal", "--generate-hashes"]
        command += ["--no-header", "--no-annotate", "--python-version", PYTHON]
        command += ["--overrides", folder / "any.in", "--constraints", CONSTRAINTS, project]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    packages = re.split(r"^(?=\w)", done.stdout, flags=re.M)
    return "".join(one for one in packages if "implementation_name == 'pypy'" not in one)


def versions(text: str) -> dict[str, set[str]]:
    """Return the versions that a lock names, by the names of the packages as they are compared."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([\w.-]+)==([\w.!+]+)", text, flags=re.M):
        found.setdefault(re.sub(r"[-_.]+", "-", name).lower(), set()).add(version)
    return found


def main() -> None:
    """Write the file, unless it names other packages than ``constraints.txt`` and torch."""
    text = compiled()
    told, found = versions(CONSTRAINTS.read_text(encoding="utf-8")), versions(text)
    lacking = [f"{k}=={v}" for k in found for v in sorted(found[k] - told.get(k, set()))]
    if lacking:
        lines = "\n".join(lacking)
        sys.exit(f"constraints.txt does not name what is needed somewhere: add\n{lines}")
    told.pop("torch")
    unused = [f"{k}=={v}" for k in told for v in sorted(told[k] - found.get(k, set()))]
    if unused:
        sys.exit(f"constraints.txt names what nothing needs: remove {', '.join(unused)}")
    LOCKED.write_text(HEAD + text, encoding="utf-8")


if __name__ == "__main__":
    main()
