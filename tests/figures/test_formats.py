"""A figure as a notebook stores it: SVG and PNG of one figure."""

import base64
import io
import re
import xml.etree.ElementTree as ET

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
import torch
from PIL import Image

from hebbnotes import figures
from hebbnotes.figures import formats, palette
from tools import outputs

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(autouse=True)
def style():
    with plt.style.context("default"):
        figures.use_style()
        yield
    plt.close("all")


def plot(panels=1, **how):
    figure, axes = plt.subplots(1, panels, figsize=(7, 3), squeeze=False, **how)
    for ax in axes.flat:
        ax.plot([1, 10, 100], [0.1234567, 2, 1], "o-", color=figures.BLUE, label="a line")
        ax.plot([1, 100], [1, 1], color="#888888", linestyle="--")
        ax.text(10, 1, "wrong", color=figures.VERMILION)
        ax.set(xscale="log", xlabel="steps of $w_1$", ylabel="error (%)", title="<b> & c")
    return figure


def test_a_line_plot_is_the_same_svg_at_each_run_without_a_date():
    first, second = formats.as_svg(plot()), formats.as_svg(plot())
    assert first == second
    assert not re.search(r"-\d\d-|:\d\d:|metadata|<style|<!|<\?xml", first)
    assert len(first) < 15_000


def test_its_numbers_have_two_decimals_at_most():
    text = re.sub(r">[^<]*<", "><", formats.as_svg(plot()))
    assert not re.search(r"\d\.\d{3}", text)
    assert not re.search(r"\de-\d", text)


def test_its_texts_are_texts():
    root = ET.fromstring(formats.as_svg(plot()))
    texts = ["".join(one.itertext()) for one in root.iter(f"{SVG}text")]
    for words in ("error (%)", "wrong", "<b> & c", "steps of w1", "101"):
        assert words in texts
    sizes = re.findall(r"font-size:([\d.]+)px", formats.as_svg(plot()))
    assert min(map(float, sizes)) >= 11
    assert "DejaVu" not in formats.as_svg(plot())


def test_every_colour_of_the_palette_and_every_grey_is_a_variable():
    figure, ax = plt.subplots()
    for k, (light, _) in enumerate(palette.SHADES.values()):
        ax.plot([0, k], color=light)
    for grey in ("k", "#888888", "#b8b8b8", "w", "0.3"):
        ax.plot([1, 2], color=grey)
    text = formats.as_svg(figure)
    assert set(re.findall(r"var\(--hn-([a-z]+),", text)) == {*palette.SHADES, "ground"}
    assert not re.search(r"(?<!,)#[0-9a-f]{6}\b", text)
    assert "var(--hn-blue,#0b57c6)" in text
    ax.plot([1, 3], color="#123456")
    assert "stroke:#123456" in formats.as_svg(figure), "others stay as they are"


def test_nothing_within_it_names_what_is_not_there():
    text = formats.as_svg(plot(2))
    named = set(re.findall(r'(?:href="|url\()#([\w-]+)', text))
    assert named == set(re.findall(r'\bid="([^"]+)"', text))
    assert len(named) > 2


def test_the_ground_of_the_page_shows_through_but_not_through_white_marks():
    figure, ax = plt.subplots()
    ax.plot([0, 1], "o", markerfacecolor="white")
    text = formats.as_svg(figure)
    assert text.count("--hn-ground") == 1
    assert "fill:var(--hn-paper,#ffffff)" in text
    assert "--hn-paper" not in formats.as_svg(plt.figure())


def test_a_row_of_panels_says_where_it_can_be_cut():
    assert formats.panels(plot()) == []
    (cut,) = formats.panels(plot(2))
    assert 240 < cut < 270
    assert f'data-cuts="{cut:g}"' in formats.as_svg(plot(2))
    assert len(formats.panels(plot(3))) == 2
    twin = plot()
    twin.axes[0].twinx()
    assert formats.panels(twin) == []
    assert formats.panels(plot(2, sharey=True)) == [], "the numbers stand at the first alone"
    above = plot(2)
    above.legend(*above.axes[0].get_legend_handles_labels(), loc="outside upper center")
    assert formats.panels(above) == []
    named = plot(2)
    named.suptitle("both")
    assert formats.panels(named) == []
    assert formats.panels(plt.subplots(2, 1)[0]) == []
    assert formats.panels(plt.subplots(2, 2)[0]) == []


def test_a_text_that_hangs_over_makes_the_figure_larger_and_is_not_cut():
    figure = plot()
    assert formats.whole(figure).extents.tolist() == [0, 0, 7, 3]
    figure.text(-0.01, 0.5, "beyond")
    figure.axes[0].set_ylabel("a label that is much longer than its axis is high")
    box = formats.whole(figure)
    assert box.x0 < -0.05
    assert box.height > 3.3
    assert Image.open(io.BytesIO(formats.as_png(figure, box=box))).size == pytest.approx(
        110 * box.size, abs=2
    )
    width, height = re.search(r'viewBox="0 0 (\S+) (\S+)"', formats.as_svg(figure)).groups()
    assert [float(width), float(height)] == pytest.approx(72 * box.size, abs=0.1)


def test_a_picture_and_what_is_too_large_are_png_alone():
    rows = [{"a": torch.zeros(6)}]
    picture = figures.greys(rows, (2, 3)).flat[0].figure
    assert formats.has_pictures(picture)
    assert formats.as_svg(picture) is None
    squares, ax = plt.subplots()
    ax.pcolormesh(np.eye(3))
    assert formats.as_svg(squares) is None
    many, ax = plt.subplots()
    ax.plot(np.random.default_rng(0).random(9000), "o")
    assert not formats.has_pictures(many)
    assert formats.as_svg(many) is None


def test_pngs_have_few_colours_and_pictures_twice_the_density():
    for density in (110, 220):
        png = Image.open(io.BytesIO(formats.as_png(plot(), density)))
        assert png.size == (7 * density, 3 * density)
        assert len(png.convert("RGB").getcolors()) <= 64


CELLS = [
    "import matplotlib.pyplot as plt, torch\nfrom hebbnotes import figures as fig\nfig.use_style()",
    "_, ax = plt.subplots()\nax.plot([0, 1])\nplt.show()",
    "fig.greys([{'a': torch.zeros(6)}], (2, 3))\nplt.show()",
    "_, ax = plt.subplots(figsize=(3.5, 2))\nax.plot([0, 1])\nfig.live_training(ax.figure)",
]


def test_a_notebook_stores_both_of_a_line_plot_and_pngs_of_pictures(tmp_path):
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    path = tmp_path / "drawn.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    _, line, picture, live = outputs.execute(path)[0].cells
    for cell, size in ((line, (770, 396)), (live, (385, 220))):
        (output,) = cell.outputs
        assert set(output.data) == {"image/png", "image/svg+xml", "text/plain"}
        assert size == Image.open(io.BytesIO(_decoded(output))).size
    (output,) = picture.outputs
    assert set(output.data) == {"image/png", "text/plain"}
    width = Image.open(io.BytesIO(_decoded(output))).size[0]
    assert width == 7 * 220
    assert output.metadata["image/png"]["width"] == 7 * 96
    assert live.outputs[0].metadata["hebbnotes"]["axes"][0]["lines"] == 1


def _decoded(output):
    return base64.b64decode(output.data["image/png"])
