"""Figures that move without a kernel."""

import base64
import html
import io
from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

__all__ = ["MovingFigure"]


_TEMPLATE = """<figure class="moving-figure" style="margin:0;max-width:44rem">
<style>.moving-figure img{{max-width:100%;height:auto;display:block}}
.moving-figure.live img:not(.now){{display:none}}
.moving-figure .controls{{display:none;gap:.7em;align-items:center;margin:.4em 0}}
.moving-figure.live .controls{{display:flex}}
.moving-figure input{{flex:1;min-width:0}} .moving-figure output{{min-width:{wide}em}}
.moving-figure.live .label{{display:none}}
@media (prefers-reduced-motion:reduce){{.moving-figure button{{display:none}}}}
@media print{{.moving-figure.live .controls,.moving-figure.live .frame:not(.strip){{display:none}}
.moving-figure.live .frame.strip{{display:inline-block;width:49%;break-inside:avoid}}
.moving-figure.live .strip>*{{display:block!important}}}}
</style>
{frames}
<div class="controls"><button type="button">Play</button>
<input type="range" min="0" max="{last}" value="0" step="1" aria-label="{name}" aria-valuetext="{first}">
<output>{first}</output></div>
<script>(() => {{
const root = document.currentScript.closest(".moving-figure"), frames = [...root.querySelectorAll("img")];
const bar = root.querySelector("input"), out = root.querySelector("output"), button = root.querySelector("button");
let timer = null;
const show = k => {{ bar.value = k; frames.forEach((f, i) => f.classList.toggle("now", i === +k));
  out.value = frames[k].dataset.label; bar.setAttribute("aria-valuetext", frames[k].dataset.label); }};
const stop = () => {{ clearInterval(timer); timer = null; button.textContent = "Play"; }};
bar.addEventListener("input", () => {{ stop(); show(bar.value); }});
button.addEventListener("click", () => {{
  if (timer) return stop();
  if (+bar.value === frames.length - 1) show(0);
  button.textContent = "Pause";
  timer = setInterval(() => +bar.value < frames.length - 1 ? show(+bar.value + 1) : stop(), 600);
}});
root.classList.add("live"); show(0);
}})()</script></figure>"""


class MovingFigure:
    """A figure with a slider that works in a notebook and on a static page, without a kernel or a library.

    The slider takes the keyboard, tells a screen reader its value, and its play button is absent where the reader prefers reduced
    motion. In print there is a strip of frames; without JavaScript all frames are shown.

    Parameters
    ----------
    frames : sequence of matplotlib.figure.Figure
        One figure for each position, all of one size. They are closed.
    labels : sequence of str
        What each position stands for.
    name : str
        The quantity that the slider changes.
    alt : str
        What the figure shows, in a sentence.

    Raises
    ------
    ValueError
        If there are fewer than two frames, another number of labels, or no alt text.

    Notes
    -----
    Taught in the chapter "Introducing the NeuroAI series".
    """

    def __init__(
        self, frames: Sequence[Figure], labels: Sequence[str], *, name: str, alt: str
    ) -> None:
        if len(frames) < 2 or len(labels) != len(frames):
            raise ValueError(
                f"a moving figure needs two frames or more and a label for each, got {len(frames)} and {len(labels)}"
            )
        if not alt.strip():
            raise ValueError("a moving figure needs alt text: say in a sentence what it shows")
        self.labels, self.name, self.alt = list(labels), name, alt
        self.axes = [one for frame in frames for one in described_axes(frame)]
        self.frames = [_png(frame) for frame in frames]

    def __repr__(self) -> str:
        return f"MovingFigure({self.name}: {', '.join(self.labels)})"

    def _repr_html_(self) -> str:
        strip = set(
            np.linspace(0, len(self.frames) - 1, min(6, len(self.frames)))
            .round()
            .astype(int)
            .tolist()
        )
        images = [
            f'<span class="frame{" strip" if k in strip else ""}"><img data-label="{html.escape(label)}" '
            f'alt="{html.escape(f"{self.alt} {self.name}: {label}")}" src="data:image/png;base64,{frame}">'
            f'<span class="label" aria-hidden="true">{html.escape(f"{self.name}: {label}")}</span></span>'
            for k, (label, frame) in enumerate(zip(self.labels, self.frames, strict=True))
        ]
        first, last = html.escape(self.labels[0]), len(self.frames) - 1
        wide = max(
            6, round(0.55 * max(map(len, self.labels)))
        )  # so that the slider keeps its length
        return _TEMPLATE.format(
            frames="\n".join(images), name=html.escape(self.name), first=first, last=last, wide=wide
        )


def _png(figure: Figure) -> str:
    """Return the figure as a PNG of 64 colours, in base64: a third of the size, and no date inside.

    The colours are spread over all that occur: the usual median would melt rare ones, the ends of a colour scale, into one.
    """
    from PIL import Image

    raw, small = io.BytesIO(), io.BytesIO()
    figure.savefig(raw, format="png", metadata={"Software": None})
    plt.close(figure)
    few = (
        Image.open(raw)
        .convert("RGB")
        .quantize(64, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    )
    few.save(small, format="png", optimize=True)
    return base64.b64encode(small.getvalue()).decode()


def described_axes(figure: Figure) -> list[dict[str, Any]]:
    """Describe the axes of a figure, as JSON takes it."""
    return [
        {
            "title": ax.get_title(),
            "labels": [ax.get_xlabel(), ax.get_ylabel()],
            "limits": [float(f"{limit:.4g}") for limit in (*ax.get_xlim(), *ax.get_ylim())],
            "lines": len(ax.lines),
            "shapes": len(ax.patches) + len(ax.collections),
            "images": len(ax.images),
            "texts": len(ax.texts),
        }
        for ax in figure.axes
    ]
