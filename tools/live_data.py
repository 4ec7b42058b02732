"""Write what live models are told, are tested by, and look like on paper: ``python -m
tools.live_data``, or some of them, by name.

All of it is made by ``hebbnotes/chapters/<chapter>/live.py``.
"""

import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hebbnotes
from hebbnotes.figures.live import LiveModel
from tools.drawings.drawing import Drawing
from tools.live import FOLDER

FIXTURES = Path(__file__).parents[1] / "tests" / "fixtures" / "live"
MOST = 120_000
"""Bytes of numbers for all models of a page."""


def models() -> dict[str, LiveModel]:
    """Return all live models by name."""
    found: dict[str, LiveModel] = {}
    for module in _modules():
        found |= module.MODELS
    return found


def _modules() -> list[Any]:
    chapters = Path(hebbnotes.__file__).parent / "chapters"
    names = [path.parent.name for path in sorted(chapters.glob("*/live.py"))]
    return [importlib.import_module(f"hebbnotes.chapters.{name}.live") for name in names]


def text(told: dict[str, Any]) -> str:
    """Return numbers as a file."""
    return json.dumps(told, separators=(",", ":"), ensure_ascii=False) + "\n"


def still(name: str, model: LiveModel) -> str:
    """Return the still picture of a model as SVG."""
    drawing = Drawing(name, model.height, model.label)
    model.still(drawing)
    return drawing.svg()


def curves() -> dict[str, Callable[[], dict[str, Any]]]:
    """Return by name what makes each curve that readers predict."""
    found: dict[str, Callable[[], dict[str, Any]]] = {}
    for module in _modules():
        found |= getattr(module, "CURVES", {})
    return found


def main(chosen: list[str]) -> None:
    """Store them."""
    all_of, lines = models(), curves()
    known = [*all_of, *(f"curve-{name}" for name in lines)]
    if unknown := [name for name in chosen if name not in known]:
        raise SystemExit(f"no live model {unknown[0]!r}: choose of {', '.join(known)}")
    FIXTURES.mkdir(parents=True, exist_ok=True)
    for name in all_of if not chosen else [name for name in chosen if name in all_of]:
        model = all_of[name]
        files = {
            FOLDER / f"{name}.json": text(model.numbers()),
            FOLDER / f"{name}.svg": still(name, model),
            FIXTURES / f"{name}.json": text(model.fixture()),
        }
        for path, content in files.items():
            _write(path, content)
    for name, curve in lines.items():
        if not chosen or f"curve-{name}" in chosen:
            _write(FOLDER / f"curve-{name}.json", text(curve()))


def _write(path: Path, content: str) -> None:
    path.write_text(content, encoding="utf-8", newline="\n")
    print(f"{path.name}: {len(content):,} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
