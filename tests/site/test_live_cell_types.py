"""Who inhibits whom: the last picture echoes until each cell has an interneuron of its own, or one interneuron learns."""

import pytest
import torch

from hebbnotes.chapters.cell_types import live as model

MODEL, PAPER, OUT, K, RATE = (
    "cell-types",
    "The picture",
    "rubbed out",
    "interneurons k",
    "its synapses learn",
)
SET = "(name, value) => { const input = figure.querySelector(name); input.value = value; input.dispatchEvent(new Event('input')); }"
NOW = "() => { const { drawing, erased, ...now } = model.now(); return now; }"


def share(memory):
    """Return which share of the dots that are rubbed out is wrong."""
    now = memory.run(NOW)
    assert now["least"] >= 0, "no synapse crosses zero"
    return now["wrong"] / now["count"]


def test_one_plastic_interneuron_does_what_a_thousand_private_ones_do(played):
    memory = played(MODEL)
    assert share(memory) == 0
    assert "All 604 dots are back" in memory.verdict()
    for kind in ("none", "one fixed"):
        memory.press(kind)
        assert share(memory) > 0.4
        assert memory.run(NOW)["echo"] > 0.8
        assert "the last picture echoes" in memory.verdict()
    memory.press("k groups")
    few = share(memory)
    assert 0.1 < few < 0.48
    assert "Each of 256 interneurons serves 4 cells" in memory.verdict()
    memory.type(K, "End")
    assert share(memory) == 0
    memory.type(K, "Home")
    assert share(memory) > 0.4
    memory.press("one plastic")
    assert share(memory) == 0
    assert "what each cell did a step ago" in memory.verdict()
    memory.run(SET, memory.named(RATE), 0.05)
    assert share(memory) > 0
    memory.run(SET, memory.named(RATE), 0)
    assert "they never change" in memory.verdict()
    tried = memory.run("() => model.now().tried")
    assert sum(one["kind"] == "groups" for one in tried) == 3  # 1, 256 and all
    assert all(one["count"] == 604 for one in tried)


def test_the_face_is_rubbed_by_finger_and_by_mouse_and_what_was_tried_is_asked_again(played):
    memory = played(MODEL, 390)
    memory.run(SET, memory.named(OUT), 0)
    assert memory.verdict().startswith("The face was shown once")
    memory.press("none")
    memory.drag(PAPER, (0.1, 0.2), (0.9, 0.3), finger=True)
    assert memory.run("() => scrollY") == 0
    once = memory.run(NOW)
    assert 100 < once["count"] < 300
    assert share(memory) == 0
    assert "no echo is heard: rub out more" in memory.verdict()
    lines = [(x, y) for y in (0.45, 0.6, 0.75, 0.9) for x in (0.1, 0.9, 0.1)]
    memory.drag(PAPER, *lines)
    more = memory.run(NOW)
    assert more["count"] > 500
    assert share(memory) > 0.2
    memory.press("one plastic")
    assert share(memory) < 0.05
    assert {one["count"] for one in memory.run(NOW)["tried"]} == {more["count"]}


def test_what_the_reader_draws_with_keys_comes_back_too(played):
    memory = played(MODEL)
    memory.press("Draw one")
    assert "Draw anything" in memory.verdict()
    memory.type(PAPER, " ", *["ArrowRight"] * 3, " ", "ArrowUp")
    assert memory.run("() => model.now().drawing.filter(dot => dot > 0).length") == 18
    memory.press("Rub it out")
    memory.type(PAPER, "ArrowLeft", " ", "ArrowLeft", " ")
    assert memory.run(NOW)["count"] == 30
    assert share(memory) == 0
    memory.type(OUT, "End")
    memory.press("none")
    assert "wrong" in memory.verdict()


def test_the_pictures_hardly_resemble_each_other_and_half_of_the_cells_is_on_for_each():
    five = torch.cat([model.others(), model.face()[None]])
    overlaps = five @ five.T / five.shape[1] - torch.eye(5)
    assert overlaps.abs().max() < 0.15
    assert (model.coded(five).mean(1).abs() < 0.1).all()


@pytest.mark.parametrize("seed", range(1, 6))
def test_it_is_so_whichever_cells_are_on_for_ink(seed):
    gone = torch.rand(model.SIDE**2, generator=torch.Generator().manual_seed(seed)) < 0.5
    shares = {name: model.wrong(gone, seed=seed, **how) for name, how in model.HOWS.items()}
    assert shares["private"] == shares["plastic"] == 0
    assert min(shares["none"], shares["one"]) > 0.08
    assert 0 < shares["groups"] < shares["one"]
