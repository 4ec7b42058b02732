"""What the tests of the live models share: a page of nothing but models, and what is asked of them.

``figure`` in a script is the figure of the model that the page holds; ``model`` what it returned.
"""

import json
import math

from tests.site.reader import InChromium, InFirefox
from tools.live_data import FIXTURES


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
        """Return what an expression or a function's body gives, once the model has done what it was
        asked for; ``figure`` and ``model`` are known.
        """
        self.reader.run("() => Live.settled()")
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
