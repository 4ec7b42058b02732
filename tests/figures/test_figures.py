"""The figures: accessible, self-contained and reproducible."""

import base64
import contextlib
import importlib
import inspect
import io
import math
import os
import re
import subprocess
import sys
from pathlib import Path

import IPython.display
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from PIL import Image

from hebbnotes import chapters, figures, memories, tasks
from hebbnotes.chapters.epilogue import ledger
from hebbnotes.tasks import one_shot as one_shot_task

CHAPTERS = [path.parent.name for path in Path(chapters.__path__[0]).glob("*/frames.py")]
frames = {name: importlib.import_module(f"hebbnotes.chapters.{name}.frames") for name in CHAPTERS}


def moving(alt="A line."):
    figures.use_style()
    frames = []
    for k in range(3):
        fig, ax = plt.subplots(figsize=(3, 2))
        ax.plot([0, k])
        frames.append(fig)
    return figures.MovingFigure(frames, ["a", "b", "c"], name="step", alt=alt)


def test_a_moving_figure_is_accessible_self_contained_and_reproducible():
    open_before = plt.get_fignums()
    page = moving()._repr_html_()
    assert page == moving()._repr_html_()
    assert 'type="range"' in page
    assert 'aria-valuetext="a"' in page
    assert page.count('alt="A line. step: ') == 3
    assert "://" not in page
    assert plt.get_fignums() == open_before, "its frames are closed"


def test_a_moving_figure_refuses_what_it_cannot_show():
    with pytest.raises(ValueError, match="alt text"):
        moving(alt=" ")
    with pytest.raises(ValueError, match="two frames"):
        figures.MovingFigure([], [], name="step", alt="Nothing.")


def test_the_frames_are_pictures_of_one_size_and_few_colours():
    sources = re.findall(r"base64,([^\"]+)\"", moving()._repr_html_())
    pictures = [Image.open(io.BytesIO(base64.b64decode(source))) for source in sources]
    assert len({picture.size for picture in pictures}) == 1
    assert all(len(picture.convert("RGB").getcolors()) <= 64 for picture in pictures)
    assert len(set(sources)) == 3


def test_a_moving_figure_begins_where_it_is_told_to_and_has_few_frames():
    def made(n, **how):
        frames = [plt.subplots(figsize=(1, 1))[0] for _ in range(n)]
        try:
            return figures.MovingFigure(frames, list(map(str, range(n))), name="k", alt="A.", **how)
        finally:
            plt.close("all")

    page = made(3, start=2)._repr_html_()
    assert 'value="2"' in page
    assert 'aria-valuetext="2"' in page
    assert "<output>2</output>" in page
    assert 'value="0"' in made(2)._repr_html_()
    for start in (3, -1, "2"):
        with pytest.raises(ValueError, match="the number of a frame, 0 to 2"):
            made(3, start=start)
    made(16)
    with pytest.raises(ValueError, match="at most 16 frames, got 17"):
        made(17)


def test_every_label_is_the_data_of_one_frame_and_no_text_becomes_markup():
    frames = [plt.subplots(figsize=(2, 2))[0] for _ in range(2)]
    figure = figures.MovingFigure(frames, ['"<b>"', "&"], name="<i>", alt="<script>")
    page = figure._repr_html_()
    assert re.findall(r'data-label="([^"]*)"', page) == ["&quot;&lt;b&gt;&quot;", "&amp;"]
    assert page.count("<script>") == 1
    assert "<b>" not in page
    assert "<i>" not in page
    assert repr(figure).startswith("MovingFigure(<i>")


def test_a_label_has_a_true_minus():
    frames = [plt.subplots(figsize=(1, 1))[0] for _ in range(2)]
    figure = figures.MovingFigure(frames, ["-60 ms", "post-before-pre 3-4"], name="lag", alt="A.")
    assert figure.labels == ["−60 ms", "post-before-pre 3-4"]


def test_text_that_looks_like_a_placeholder_stays_text():
    frames = [plt.subplots(figsize=(2, 2))[0] for _ in range(2)]
    page = figures.MovingFigure(frames, ["$last", "{first}"], name="$$", alt="$x.")._repr_html_()
    assert re.findall(r'data-label="([^"]*)"', page) == ["$last", "{first}"]
    assert 'aria-label="$$"' in page
    assert 'alt="$x. $$: $last"' in page


def test_a_moving_figure_loads_nothing_from_elsewhere():
    page = moving()._repr_html_()
    assert "://" not in page
    assert set(re.findall(r'src="([^,]*),', page)) == {"data:image/png;base64"}
    assert not re.search(r"<link|@import|url\(", page)


def test_a_moving_figure_wants_a_label_for_each_frame():
    frames = [plt.subplots(figsize=(2, 2))[0] for _ in range(2)]
    with pytest.raises(ValueError, match="a label for each, got 2 and 1"):
        figures.MovingFigure(frames, ["a"], name="step", alt="A line.")
    with pytest.raises(ValueError, match="two frames or more"):
        figures.MovingFigure(frames[:1], ["a"], name="step", alt="A line.")
    plt.close("all")


def test_a_glued_value_is_shown_under_the_name_that_a_sentence_takes(monkeypatch):
    shown = []
    monkeypatch.setattr(
        IPython.display, "display", lambda *args, **kwargs: shown.append((args, kwargs))
    )
    figures.glue("share", "12 %")
    (((bundle,), options),) = shown
    prefix = "application/papermill.record/"
    assert bundle == {f"{prefix}text/plain": "12 %"}
    assert options == {
        "raw": True,
        "metadata": {"scrapbook": {"name": "share", "mime_prefix": prefix}},
    }
    for value in ("6,000 updates", "98.7 (98.5 to 98.8)", "4,096", "0.40", "−0.04"):
        figures.glue("share", value)
    with pytest.raises(ValueError, match=r"would show 6,000 as \(6, 0\): add the word"):
        figures.glue("share", "6,000")


def test_grey_pictures_show_their_values_and_mark_what_is_missing():
    picture = torch.linspace(-1, 1, 6)
    rows = [
        {"a": picture, "b": picture.flip(0)},
        {"a": picture.masked_fill(picture < 0, torch.nan), "b": torch.cat([picture, picture])},
    ]
    axes = figures.greys(rows, (2, 3))
    assert axes.shape == (2, 2)
    assert [ax.get_title() for ax in axes.flat] == ["a", "b", "", ""]
    for row, line in zip(rows, axes, strict=True):
        for pixels, ax in zip(row.values(), line, strict=True):
            shown, wanted = ax.images[0].get_array(), pixels[:6].reshape(2, 3)
            missing = np.ma.getmaskarray(shown)
            assert np.array_equal(missing, wanted.isnan().numpy())
            assert np.allclose(shown[~missing], wanted[~wanted.isnan()].numpy())
            assert ax.images[0].get_clim() == (-1, 1)


def test_a_curve_is_drawn_for_each_seed_and_for_their_mean():
    _, ax = plt.subplots()
    values = torch.tensor([[1.0, 2.0, 3.0], [3.0, 4.0, 5.0]])
    figures.over_seeds(ax, [0, 1, 2], values, figures.BLUE, "kind")
    assert [line.get_ydata().tolist() for line in ax.lines] == [[1, 2, 3], [3, 4, 5], [2, 3, 4]]
    assert [text.get_text() for text in ax.legend().get_texts()] == ["kind"]


def test_a_figure_of_a_live_training_says_what_its_axes_have(monkeypatch):
    shown = []
    monkeypatch.setattr(
        IPython.display,
        "display",
        lambda figure, metadata: shown.append(metadata["hebbnotes"]["axes"]),
    )
    figure, (left, _) = plt.subplots(1, 2)
    left.plot([0, 1], label="a")
    left.axhline(3)
    left.bar([0, 1], [1, 2])
    left.text(0, 0, "b")
    left.set(title="t", xlabel="x", ylabel="y", xlim=(0, 1 / 3), ylim=(0, 12345.6))
    figures.live_training(figure)
    limits = [0, 0.3333, 0, 12350]
    counted = {"lines": 2, "shapes": 2, "images": 0, "texts": 1}
    assert shown[0][0] == {"title": "t", "labels": ["x", "y"], "limits": limits} | counted
    assert [axes["lines"] for axes in shown[0]] == [2, 0]
    assert figure.number not in plt.get_fignums()
    figures.live_training(moving())
    assert [axes["lines"] for axes in shown[1]] == [1, 1, 1]


# -------------------------------------------------------------------------- a reader's own settings


HOSTILE = """image.origin: lower
image.cmap: hot
image.interpolation: bicubic
image.aspect: auto
text.usetex: True
text.color: white
axes.facecolor: black
axes.edgecolor: white
axes.labelcolor: white
xtick.color: white
font.family: serif
savefig.facecolor: black
savefig.transparent: True
savefig.bbox: tight
lines.linestyle: --
axes.grid: True
axes.xmargin: 0.4
legend.loc: lower center
"""
DRAWN = """
import hashlib, io, matplotlib
matplotlib.use("agg")
import matplotlib.pyplot as plt, torch
from hebbnotes import chapters, figures, tasks
from hebbnotes.chapters.introduction import frames
figures.use_style()
letter = torch.as_tensor(tasks.text_pattern("F", (12, 12)), dtype=torch.float32)
def drawn():
    axes = figures.greys([{"F": letter.flatten(), "G": letter.flatten().flip(0)}], (12, 12))
    yield axes[0, 0].figure
    one = letter.flatten()[None]
    yield frames.recall_strip(one, torch.tensor([[0.5, -0.5]]), (12, 12), ["recalled"])
    figure, ax = plt.subplots()
    ax.imshow(letter.numpy())
    ax.plot([0, 1], [1, 0], label="a line")
    ax.legend()
    yield figure
for figure in drawn():
    file = io.BytesIO()
    figure.savefig(file, format="png", metadata={"Software": None})
    print(hashlib.sha256(file.getvalue()).hexdigest())
"""


def test_figures_are_the_same_whatever_a_readers_own_settings_of_matplotlib(tmp_path):
    (tmp_path / "matplotlibrc").write_text(HOSTILE)
    hostile = subprocess.run(
        [sys.executable, "-c", DRAWN],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"MATPLOTLIBRC": str(tmp_path)},
    ).stdout.split()
    usual = io.StringIO()  # the tests themselves run under no settings at all
    with contextlib.redirect_stdout(usual), plt.rc_context():
        exec(DRAWN, {})
    plt.close("all")
    assert len(hostile) == 3
    assert usual.getvalue().split() == hostile


@pytest.mark.parametrize("origin", ["upper", "lower"])
def test_pictures_stand_upright_without_the_style_too(origin):
    with plt.rc_context({"image.origin": origin}):
        for ax in figures.greys([{"a": torch.zeros(6)}], (2, 3)).flat:
            assert ax.images[0].origin == "upper"
    plt.close("all")


DTYPES = [torch.bfloat16, torch.float16, torch.float32, torch.float64]


@pytest.mark.parametrize(
    ("dtype", "gradient"), [*((dtype, True) for dtype in DTYPES), (torch.float32, False)]
)
def test_every_figure_draws_numbers_of_every_precision(dtype, gradient):  # noqa: PLR0915, a line each
    def t(*shape):
        values = torch.linspace(0.1, 1, math.prod(shape), dtype=dtype).view(shape)
        return values.requires_grad_(gradient)

    task = tasks.PatternCompletion(n_bits=6, n_patterns=2)
    e = task.sample(1, torch.Generator().manual_seed(0), dtype)
    shown = one_shot_task.with_labels(t(3, 1, 4, 4).detach(), torch.tensor([[0, 1, 0]]), 2)
    _, ax = plt.subplots()
    stored = ledger.StoredNumber("maze-plastic", ("test_finds",))
    figures.greys([{"a": t(6)}], (2, 3))
    figures.over_seeds(ax, [0, 1, 2], t(2, 3), figures.BLUE, "kind")
    frames["introduction"].completion(e, {"a": t(1, 7)}, (2, 3))
    frames["introduction"].recall_strip(t(1, 6), t(1, 2), (2, 3), "a")
    frames["associative_memory"].drawings([{"a": t(6)}], (2, 3))
    frames["associative_memory"].pull_bars(["a", "b"], [t(3), t(4)])
    frames["associative_memory"].descents(t(2, 4), torch.tensor([True, False]))
    frames["associative_memory"].edges({k: ([0.1, 0.2], 1 - t(2, 2)) for k in "abcd"}, 0.1)
    frames["associative_memory"].stubborn(t(60), [1], {"random": ([0.1] * 60, [0.2], "k")})
    frames["associative_memory"].ground({k: t(5) for k in "abc"})
    frames["associative_memory"].ages({"Hebb": t(2, 120)})
    held = {k: {"16": 2.0, "20": 3.0, "24": 4.0} for k in memories.MEMORIES}
    frames["associative_memory"].ladder([held], [16, 20], [5, 9])
    frames["differentiable_plasticity"].trace_frame(t(6), t(6, 6), t(2), (2, 3), "a")
    frames["differentiable_plasticity"].dots({"a": {"b": [0.1, 0.0]}}, "k")
    shares = {"a": {"plastic": [0.1, 0.0]}}
    frames["differentiable_plasticity"].ruler(shares, {"plastic": "b"}, 1e-3)
    frames["differentiable_plasticity"].echo([1, 2], {"a": t(3, 2), "b": t(3, 2)}, t(3, 2), 1)
    row = plt.subplots(1, 2)[1]
    frames["fast_evaluation"].read_panels(*row, t(6), t(4), t(4), (2, 3), 9)
    pair, marks = (t(4), t(4)), (0.2, 0.4)
    frames["hebb_in_the_brain"].calcium_panel(plt.figure().gca(), *pair, marks, {"sender": 0.1})
    frames["hebb_in_the_brain"].shadows_frame(pair, marks, pair, pair)
    frames["hebb_in_the_brain"].weights_panel(plt.figure().gca(), t(4), 0.5, "a", [0.0, 0.5, 1.0])
    frames["hebb_in_the_brain"].weights_frame({"a": t(4)}, 0.5, [0.0, 0.5, 1.0], 4.0)
    both = {"Hebb": t(5, 2, 2), "Oja": t(5, 2, 2)}
    frames["learning_rules"].clouds(t(4, 2, 2), both, t(2), t(2, 2), t(2))
    frames["learning_rules"].worth([25, 100], {"a": {"hard": t(2, 2)}}, 7.0)
    frames["learning_rules"].fields({"a": t(6, 2)}, (2, 3))
    frames["learning_rules"].fields_frame(t(6, 2), (2, 3), 2, "a")
    ax = plt.figure().gca()
    frames["maze"].maze_panel(ax, t(3, 3), t(4, 2), torch.tensor([1, 1]), True, "a")
    kinds = {"plastic": t(2, 6), "lstm": t(2, 6)}
    frames["maze"].curves(range(6), kinds, {"plastic": 0.1, "lstm": 0.2}, {"sweep": 0.5})
    frames["maze"].levels(plt.figure().gca(), {"sweep": 0.5})
    frames["maze"].steps_to_finds(kinds, {"sweep": [0.5] * 6})
    frames["maze"].dots({"a": (t(2), "plastic"), "b": (t(2), "lstm")}, "found", {"c": 0.5}, (1,))
    wiped = {"a": (t(2, 6), "plastic", "--")}
    frames["maze"].haunted(range(6), wiped, {"a": (t(2), "plastic")}, 0.1)
    frames["maze"].lasting(range(6), kinds, range(6), {"stopped": t(2, 6)})
    frames["natural_images"].answers([{"a": t(6)}], [{"a": 0.1}], (2, 3))
    frames["natural_images"].asked({"full": {"a": t(3)}, "shared": {"a": t(3)}}, 0.5)
    frames["natural_images"].gains({"a": t(3, 4), "b": t(3, 4)})
    frames["natural_images"].worth(([2.0, 3.0], t(3, 2)), {"a": (2.0, t(3))})
    frames["natural_images"].maps_frame({"a": t(2, 3)}, (0, 1), {"a": 1.0})
    gated = tasks.RewardGatedMemory(4, 1).sample(1, torch.Generator().manual_seed(0))
    frames["neuromodulated_plasticity"].episode(gated, t(24), t(24), t(4))
    frames["neuromodulated_plasticity"].replaced({"a": {"simple": [0.1, 1.0]}}, 0.25)
    kinds_of = {"b": (figures.BLUE, [1, 2, 3], t(2, 3)), "c": (figures.SKY, [1, 2], t(2, 2))}
    frames["neuromodulated_plasticity"].race({"a": kinds_of}, 0.25)
    frames["neuromodulated_plasticity"].past({"a": t(4, 4), "b": t(4, 4)}, t(4))
    row = ledger.LedgerRow(
        chapter="maze",
        idea="a",
        asked="b",
        counted="c",
        beside="d",
        better="more",
        with_idea=stored,
        plain=stored,
    )
    frames["epilogue"].intervals(
        ax, [ledger.LedgerEntry(row, 1.0, 2.0, -1.0, -2.0, -0.5, 5, (-0.5, -2.0, -0.1), "costs")]
    )
    frames["neuromodulation_at_work"].cues(
        [1, 2], {"simple": t(2, 2)}, {"simple": t(2, 3)}, [0.5, 0.6, 0.7]
    )
    frames["neuromodulation_at_work"].differences({"a": [0.1, 0.2, 0.4]}, "gain", 0.1)
    played = tasks.CueReward(4, 2).sample(1, torch.Generator().manual_seed(0))
    rounds = len(played.go)
    frames["neuromodulation_at_work"].game(
        played, torch.ones(rounds, 1), t(rounds, 1), t(len(played.inputs))
    )
    places = torch.ones(6, 2, dtype=torch.long)
    seen = torch.tensor([False, True, False, False, True, False])
    frames["neuromodulation_at_work"].life(t(5, 5), places, seen, [places[0], places[1]], t(6))
    frames["neuromodulation_at_work"].learning(
        [1, 2], {"simple": t(2, 2)}, {"oracle": 20.0, "bumping": 1.0}
    )
    frames["neuromodulation_at_work"].replaced({"a": {"simple": [0.1, 1.0]}}, 0.25)
    frames["one_shot_learning"].answers(shown, t(1, 2))
    many = [0.1, 1.0]  # of each seed
    frames["one_shot_learning"].harder({"a": {"plastic": many, "prototypes": many}})
    each = dict.fromkeys(("plastic", "full", "prototypes"), many)
    frames["one_shot_learning"].scores(each, each, (98.0, 1.0))
    frames["one_shot_learning"].strengths([0, 5], t(2, 2), t(2, 2), 1.6, (2.0, 9.0))
    frames["one_shot_learning"].shots({"a": ("oja", t(2, 5))}, {"b": t(2, 5), "c": t(2, 5)})
    frames["one_shot_learning"].written([t(4, 4)], [t(5, 2)], ["a"], "AB")
    plt.close("all")


def test_every_function_that_draws_is_tried():
    tried = inspect.getsource(test_every_figure_draws_numbers_of_every_precision)
    for chapter, module in frames.items():
        for name in module.__all__:
            if name != "floor_lines":
                assert f'frames["{chapter}"].{name}(' in tried


@pytest.mark.parametrize("shape", [(2, 4), (3, 3), (6,), (2, 3, 1), None, (2.0, 3)])
def test_a_picture_of_another_shape_is_refused(shape):
    with pytest.raises((TypeError, ValueError), match=r"shape must|a picture of .* pixels"):
        figures.greys([{"a": torch.zeros(6)}], shape)
    with pytest.raises((TypeError, ValueError), match=r"shape must|a picture of .* pixels"):
        frames["introduction"].recall_strip(torch.zeros(1, 6), torch.zeros(1, 2), shape, "a")
    plt.close("all")
