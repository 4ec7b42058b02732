"""The figures: accessible, self-contained and reproducible."""

import base64
import io
import re

import IPython.display
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from PIL import Image

from hebbnotes import figures, tasks
from hebbnotes.tasks import maze, one_shot


def moving(alt="A line."):
    figures.use_style()
    frames = []
    for k in range(3):
        fig, ax = plt.subplots(figsize=(3, 2))
        ax.plot([0, k])
        frames.append(fig)
    return figures.MovingFigure(frames, ["a", "b", "c"], name="step", alt=alt)


def test_a_moving_figure_is_accessible_self_contained_and_reproducible():
    page = moving()._repr_html_()
    assert page == moving()._repr_html_()
    assert 'type="range"' in page
    assert 'aria-valuetext="a"' in page
    assert page.count('alt="A line. step: ') == 3
    assert "://" not in page
    assert not plt.get_fignums()


def test_a_moving_figure_refuses_what_it_cannot_show():
    with pytest.raises(ValueError, match="alt text"):
        moving(alt=" ")
    with pytest.raises(ValueError, match="two frames"):
        figures.MovingFigure([], [], name="step", alt="Nothing.")


def test_a_completion_has_a_panel_for_each_pattern_the_cue_and_each_answer():
    task = tasks.PatternCompletion(n_bits=20, n_patterns=3)
    episodes = task.sample(1, torch.Generator().manual_seed(0))
    axes = figures.completion(episodes, {"plastic": episodes.answer}, (4, 5))
    assert [a.get_title() for a in axes] == [
        "pattern 1",
        "pattern 2",
        "pattern 3",
        "cue",
        "plastic",
    ]
    with pytest.raises(ValueError, match="must hold the 20 bits"):
        figures.completion(episodes, {}, (3, 5))
    plt.close("all")


def completed(answer):
    task = tasks.PatternCompletion(n_bits=20, n_patterns=2)
    e = task.sample(2, torch.Generator().manual_seed(0))
    return e, figures.completion(e, {"answer": answer(e)}, (4, 5))


def codes(ax):
    return ax.images[0].get_array().data.ravel().tolist()


def test_a_completion_marks_what_is_erased_and_what_is_wrong():
    def answer(e):
        y = 0.3 * e.answer
        y[0, 0], y[0, 1], y[0, 2] = -y[0, 0], 0.0, torch.nan
        return torch.cat([y, torch.ones(2, 1)], 1)

    e, (one, two, cue, answered) = completed(answer)
    assert codes(one) == (e.patterns[0, 0] + 1).tolist()
    assert codes(two) == (e.patterns[0, 1] + 1).tolist()
    assert [c == 1 for c in codes(cue)] == e.erased[0].tolist()
    assert [c == 3 for c in codes(answered)] == [True] * 3 + [False] * 17
    assert codes(answered)[3:] == (e.answer[0, 3:] + 1).tolist()
    plt.close("all")


def test_a_completion_draws_an_answer_that_is_still_in_the_graph():
    _, axes = completed(lambda e: e.answer.clone().requires_grad_())
    assert 3 not in codes(axes[-1])
    plt.close("all")


def test_a_recall_frame_shows_the_state_and_an_overlap_for_each_pattern():
    y, overlaps = torch.linspace(-1, 1, 20), torch.tensor([1.0, -0.2, 0.1])
    fig = figures.recall_frame(y, overlaps, (4, 5), "step 3")
    left, right = fig.axes
    np.testing.assert_allclose(left.images[0].get_array(), y.reshape(4, 5))
    assert left.get_title() == "step 3"
    assert [bar.get_height() for bar in right.patches] == pytest.approx(overlaps.tolist())
    assert right.get_xlabel()
    assert right.get_ylabel()
    plt.close(fig)


def test_a_read_frame_shows_what_each_earlier_step_says():
    y, resembles, left = (
        torch.linspace(-1, 1, 20),
        torch.tensor([1.0, -0.2, 0.5]),
        torch.tensor([0.5, 0.7, 1.0]),
    )
    fig = figures.read_frame(y, resembles, left, (4, 5), 9)
    picture, bars = fig.axes
    np.testing.assert_allclose(picture.images[0].get_array(), y.reshape(4, 5))
    assert picture.get_title() == "asks at step 4"
    assert [bar.get_height() for bar in bars.patches] == pytest.approx(
        [*resembles.tolist(), *(resembles * left).tolist()]
    )
    assert bars.get_xlim() == (0, 9)
    plt.close(fig)


def test_the_frames_are_pictures_of_one_size_and_few_colours():
    sources = re.findall(r"base64,([^\"]+)\"", moving()._repr_html_())
    pictures = [Image.open(io.BytesIO(base64.b64decode(source))) for source in sources]
    assert len({picture.size for picture in pictures}) == 1
    assert all(len(picture.convert("RGB").getcolors()) <= 64 for picture in pictures)
    assert len(set(sources)) == 3


def test_every_label_is_the_data_of_one_frame_and_no_text_becomes_markup():
    frames = [plt.subplots(figsize=(2, 2))[0] for _ in range(2)]
    figure = figures.MovingFigure(frames, ['"<b>"', "&"], name="<i>", alt="<script>")
    page = figure._repr_html_()
    assert re.findall(r'data-label="([^"]*)"', page) == ["&quot;&lt;b&gt;&quot;", "&amp;"]
    assert page.count("<script>") == 1
    assert "<b>" not in page
    assert "<i>" not in page
    assert repr(figure).startswith("MovingFigure(<i>")


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


def test_frames_and_lines_show_the_numbers_that_they_are_given():
    hebb, y = torch.arange(36.0).view(6, 6), torch.linspace(-1, 1, 6)
    left, middle, right = figures.trace_frame(
        y, hebb, torch.tensor([0.3, -0.6]), (2, 3), "cue"
    ).axes
    np.testing.assert_array_equal(left.images[0].get_array(), y.view(2, 3))
    np.testing.assert_array_equal(middle.images[0].get_array(), hebb)
    assert [bar.get_height() for bar in right.patches] == pytest.approx([0.3, -0.6])
    lags = torch.linspace(-0.1, 0.1, 5)
    left, right = figures.window_frame(lags, lags**2, 0.02, 0.5).axes
    spikes = [
        line.get_xdata()[0] for line in left.lines if line.get_xdata()[0] == line.get_xdata()[1]
    ]
    assert spikes == pytest.approx([-10, 10]), "the sender first, in ms"
    before, after, pair = right.lines[:3]
    assert (pair.get_xdata()[0], pair.get_ydata()[0]) == pytest.approx((20, 50))
    np.testing.assert_allclose(
        np.concatenate([before.get_ydata(), after.get_ydata()]),
        100 * lags[[0, 1, 3, 4]] ** 2,
        rtol=1e-6,
    )
    assert max(before.get_xdata()) < 0 < min(after.get_xdata()), (
        "no line joins the two halves of the window"
    )
    (ax,) = figures.bcm_frame(lags, 3 * lags, 0.7).axes
    np.testing.assert_allclose(ax.lines[0].get_ydata(), 3 * lags, rtol=1e-6)
    assert ax.lines[2].get_xdata()[0] == 0.7
    _, ax = plt.subplots()
    figures.floor_lines(ax, {"last": 0.25})
    assert ax.lines[0].get_ydata()[0] == 25
    assert ax.texts[0].get_text() == "last"
    plt.close("all")


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


def test_maps_share_a_receiver_and_have_limits_of_their_own():
    maps = {"one": torch.rand(3, 4), "two": -torch.rand(3, 4)}
    drawn = figures.maps_frame(maps, (2, 1), {"one": 0.5, "two": 2.0})
    for ax, (title, values), limit in zip(drawn.axes, maps.items(), (0.5, 2.0), strict=False):
        assert ax.get_title() == title
        assert np.array_equal(ax.images[0].get_array(), values.numpy())
        assert ax.images[0].get_clim() == (-limit, limit)
        assert [line.get_xydata().tolist() for line in ax.lines] == [[[1, 2]]]


def test_drawings_stand_under_their_labels_and_a_wrong_answer_is_told():
    shown = one_shot.episodes(torch.rand(6, 3, 4, 4), 3, 1, 2, torch.Generator().manual_seed(0))
    y = torch.full((2, 3), 0.1)
    y[0, shown.answer[0]] = y[1, (shown.answer[1] + 1) % 3] = 0.8
    axes = figures.answers(shown, y)
    assert axes.shape == (2, 4)
    assert [ax.get_title() for ax in axes[0]] == ["A", "B", "C", "asked"]
    for b, row in enumerate(axes):
        for label in range(3):
            step = shown.targets[:-1, b, label].argmax()
            assert np.allclose(
                row[label].images[0].get_array(), 1 - 2 * shown.inputs[step, b].numpy()
            )
    said = [ax.get_xlabel() for ax in axes[:, -1]]
    right = ["ABC"[label] for label in shown.answer]
    assert said[0] == f"{right[0]}, 0.80"
    assert said[1].endswith(f", 0.80 ({right[1]})")
    assert [ax.xaxis.label.get_color() for ax in axes[:, -1]] == [figures.BLUE, figures.VERMILION]
    many = one_shot.episodes(torch.rand(6, 3, 4, 4), 3, 2, 2, torch.Generator().manual_seed(0))
    with pytest.raises(ValueError, match="n_shots=1"):
        figures.answers(many, y)


def test_the_trace_of_each_label_is_a_row():
    drawing, hebb, y = torch.rand(4, 4), torch.randn(6, 3), torch.tensor([0.2, 0.7, 0.1])
    left, middle, right = figures.labels_frame(drawing, hebb, y, "ABC", 0.5, "B is shown").axes
    assert np.array_equal(left.images[0].get_array(), drawing.numpy())
    assert left.get_title() == "B is shown"
    assert np.array_equal(middle.images[0].get_array(), hebb.T.numpy())
    assert middle.images[0].get_clim() == (-0.5, 0.5)
    for ax in (middle, right):
        assert [label.get_text() for label in ax.get_yticklabels()] == ["A", "B", "C"]
    assert [bar.get_width() for bar in right.patches] == pytest.approx(y.tolist())


def test_an_agent_stands_where_its_path_ends_and_its_goal_is_full_once_it_is_known():
    made, path = maze.make(3), torch.tensor([[1, 1], [1, 2], [2, 2]])
    for known in (False, True):
        (ax,) = figures.maze_frame(made.walls, path, torch.tensor([3, 1]), known, "step 3").axes
        assert np.array_equal(ax.images[0].get_array(), made.walls.numpy())
        trail, goal, agent = ax.lines
        assert trail.get_xydata().tolist() == [[1, 1], [2, 1], [2, 2]], (
            "columns are to the right, rows down"
        )
        assert goal.get_xydata().tolist() == [[1, 3]]
        assert goal.get_fillstyle() == ("full" if known else "none")
        assert agent.get_xydata().tolist() == [[2, 2]]


def test_a_curve_is_drawn_for_each_seed_and_for_their_mean():
    _, ax = plt.subplots()
    values = torch.tensor([[1.0, 2.0, 3.0], [3.0, 4.0, 5.0]])
    figures.over_seeds(ax, [0, 1, 2], values, figures.BLUE, "kind")
    assert [line.get_ydata().tolist() for line in ax.lines] == [[1, 2, 3], [3, 4, 5], [2, 3, 4]]
    assert [text.get_text() for text in ax.legend().get_texts()] == ["kind"]


def test_fields_are_drawn_unit_by_unit_with_colours_of_their_own():
    w = torch.stack([torch.arange(6.0), -10 * torch.arange(6.0), torch.zeros(6)], 1)
    axes = figures.fields({"one": w, "two": w[:, :2]}, (2, 3))
    assert axes.shape == (2, 3)
    first, second, silent = (ax.images[0] for ax in axes[0])
    assert first.get_array().tolist() == [[0, 1, 2], [3, 4, 5]]
    assert (first.get_clim(), second.get_clim(), silent.get_clim()) == ((-5, 5), (-50, 50), (-1, 1))
    assert not axes[1, 2].images, "a row with fewer units leaves the rest empty"
    assert [ax.get_ylabel() for ax in axes[:, 0]] == ["one", "two"]
    frame = figures.fields_frame(w, (2, 3), 2, "now")
    assert len(frame.axes) == 4
    assert frame.get_suptitle() == "now"
    plt.close("all")


def test_drawings_tell_ink_from_paper_and_from_what_is_not_known():
    axes = figures.drawings(
        [{"a": torch.tensor([1.0, -1.0, 0.0, 1.0])}, {"a": torch.ones(4)}], (2, 2)
    )
    assert axes.shape == (2, 1)
    colours = axes[0, 0].images[0].to_rgba([[1.0, -1.0, 0.0]])[0]
    assert len({tuple(c) for c in colours}) == 3
    assert [ax.get_title() for ax in axes[:, 0]] == ["a", ""]
    plt.close("all")


def test_a_melting_frame_marks_where_it_is():
    frame = figures.melting_frame(torch.ones(4), (2, 2), [0.1, 0.2, 0.3], [1.0, 0.9, 0.2], 1)
    curve, dot = frame.axes[1].lines
    assert list(curve.get_ydata()) == [1.0, 0.9, 0.2]
    assert (list(dot.get_xdata()), list(dot.get_ydata())) == ([0.2], [0.9])
    plt.close("all")
