"""What the tests of the live models share: a page of nothing but models, and what is asked of them.

``figure`` in a script is the figure of the model that the page holds; ``model`` what it returned.
"""

import json
import math

from tests.site.reader import InChromium, InFirefox
from tools import live
from tools.live_data import FIXTURES

STYLE = (live.FOLDER.parent / "custom.css").read_text(encoding="utf-8")
THEME = """
:root { --pst-color-border: #c9c9c9; --pst-color-background: #fff; --pst-color-surface: #f5f5f5; --pst-color-primary: #0a5fb4;
  --pst-color-text-base: #222; --pst-color-text-muted: #555; --pst-header-height: 3rem; }
html[data-theme="dark"] { --pst-color-border: #48566b; --pst-color-background: #14181e; --pst-color-surface: #29313d;
  --pst-color-primary: #7fb6f5; --pst-color-text-base: #ced6dd; --pst-color-text-muted: #9ca4af; }
body { margin: 0 auto; max-width: 46rem; padding: 0 1rem; font-family: sans-serif; background: var(--pst-color-background); }
* { box-sizing: border-box; } .visually-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
"""
"""The few rules of the theme that the models lean on."""


def page(name: str) -> str:
    """Return a page that holds one model and nothing else."""
    figure = live.before(name, "A still picture.") + "The caption." + live.after(name)
    return (
        '<!doctype html><html lang="en" data-theme="light"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>A model</title>'
        f'<style>{THEME}{STYLE}</style><body class="bd-article"><p>{"Before. " * 9}</p>{live.toolkit()}{figure}'
        f'<div style="height: 60rem">After.</div></body></html>'
    )


def fixture(name: str):
    """Return the stored episodes of a model."""
    return json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))


def close(a, b, most: float = 1e-9) -> bool:
    """Compare two trees of numbers: floats to a part of 1e9 of the larger of 1 and themselves."""
    if isinstance(a, dict):
        return (
            isinstance(b, dict) and a.keys() == b.keys() and all(close(a[k], b[k], most) for k in a)
        )
    if isinstance(a, list):
        return (
            isinstance(b, list)
            and len(a) == len(b)
            and all(close(x, y, most) for x, y in zip(a, b, strict=True))
        )
    if isinstance(a, bool) or isinstance(b, bool) or isinstance(a, str) or a is None:
        return a == b
    return math.isclose(a, b, rel_tol=most, abs_tol=most)


class Played:
    """A model before a reader: what tests do with it, in either browser."""

    def __init__(self, reader: InChromium | InFirefox) -> None:
        self.reader = reader

    def run(self, body: str, *arguments):
        """Return what an expression or a function's body gives; ``figure`` and ``model`` are known."""
        return self.reader.run(
            "(...given) => { const figure = document.querySelector('.live-model'), model = figure.model;"
            f" return (\n{body}\n)(...given); }}",
            *arguments,
        )

    def press(self, name: str) -> None:
        """Press the button or the control of this name."""
        self.reader.press(f".live-model {self.named(name)}")

    def named(self, name: str) -> str:
        """Return a selector of the control of a name, which is marked for it."""
        found = self.run(
            "name => { const all = [...figure.querySelectorAll('button, input, select, canvas')];"
            " const told = e => e.getAttribute('aria-label') || e.labels?.[0]?.innerText || e.innerText || '';"
            " const one = all.find(e => told(e).trim() === name) ?? all.find(e => told(e).trim().startsWith(name));"
            " if (one) one.dataset.asked = name; return Boolean(one); }",
            name,
        )
        assert found, f"there is no control {name!r}"
        return f'[data-asked="{name}"]'

    def type(self, name: str, *keys: str) -> None:
        """Press keys while the control of a name has the focus."""
        self.reader.type(f".live-model {self.named(name)}", *keys)

    def drag(self, name: str, *points: tuple[float, float], finger: bool = False) -> None:
        """Drag over a canvas, along points in shares of its width and height."""
        self.reader.drag(f".live-model {self.named(name)}", points, finger)

    def verdict(self) -> str:
        """Return what the model says."""
        return self.run("() => figure.querySelector('.verdict').textContent")
