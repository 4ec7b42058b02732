"""Write what live models are told, are tested by, and look like on paper: ``python -m
tools.live_data``, or some of them, by name.

All of it is made by ``hebbnotes/chapters/<chapter>/live.py``.
"""

import importlib
import json
import sys
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
    chapters = Path(hebbnotes.__file__).parent / "chapters"
    for path in sorted(chapters.glob("*/live.py")):
        found |= importlib.import_module(f"hebbnotes.chapters.{path.parent.name}.live").MODELS
    return found


def text(told: dict[str, Any]) -> str:
    """Return numbers as a file."""
    return json.dumps(told, separators=(",", ":"), ensure_ascii=False) + "\n"


def still(name: str, model: LiveModel) -> str:
    """Return the still picture of a model as SVG."""
    drawing = Drawing(name, model.height, model.label)
    model.still(drawing)
    return drawing.svg()


def main(chosen: list[str]) -> None:
    """Store them."""
    all_of = models()
    FIXTURES.mkdir(parents=True, exist_ok=True)
    for name in chosen or all_of:
        model = all_of[name]
        files = {
            FOLDER / f"{name}.json": text(model.numbers()),
            FOLDER / f"{name}.svg": still(name, model),
            FIXTURES / f"{name}.json": text(model.fixture()),
        }
        for path, content in files.items():
            path.write_text(content, encoding="utf-8", newline="\n")
            print(f"{path.relative_to(Path.cwd())}: {len(content):,} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
