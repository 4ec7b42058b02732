"""Wire has a price, and what is left of modularity when links are shuffled."""

import pytest
import torch

from hebbnotes.chapters.wiring import live as model
from hebbnotes.chapters.wiring.modularity import modularity, strongest

MODEL, PRICE, GRID = "wiring", "price of wire", "A board of cells"
LENGTHS, DEGREES = "Shuffle, keep degrees and lengths", "Shuffle, keep degrees only"
NOW = "() => model.now()"


def test_dear_wire_is_shorter_and_its_links_are_shuffled_in_two_ways(played):
    wiring = played(MODEL)
    free = wiring.run(NOW)
    assert "Where wire is free" in wiring.verdict()
    wiring.type(PRICE, *["ArrowRight"] * 7)
    dear = wiring.run(NOW)
    assert dear["at"] == 7
    assert dear["wire"] < free["wire"] / 2
    near, far = dear["profile"][0]["share"], free["profile"][0]["share"]
    assert near > 2 * far, "more of its links lead to neighbours"
    assert dear["shares"][0] > 4 * dear["shares"][8], "and connections thin out"
    assert dear["right"] > free["right"] - 0.05
    wiring.press(DEGREES)
    wiring.press(LENGTHS)
    after = wiring.run(NOW)
    assert after["kind"] == "lengths"
    assert after["degrees"] == dear["degrees"]
    assert after["same"] < 0.9
    assert [len(after["copies"][name]) for name in ("degrees", "lengths")] == [10, 10]
    assert wiring.verdict().startswith("The network has Q = 0.")
    assert "each link's length" in wiring.verdict()
    assert "degrees only" in wiring.verdict()
    wiring.press("As it was")
    assert wiring.run(NOW)["same"] == 1


def test_a_finger_and_keys_go_to_a_cell_and_see_its_links(played):
    wiring = played(MODEL, 390)
    wiring.drag(GRID, (0.05, 0.05), (0.05, 0.05), finger=True)
    assert wiring.run(NOW)["held"] == 0
    wiring.type(GRID, "ArrowDown", "ArrowLeft")
    assert wiring.run(NOW)["held"] == 15
    wiring.type(GRID, " ")
    assert wiring.run(NOW)["held"] is None
    wiring.drag(PRICE, (0.1, 0.7), (0.5, 0.7), finger=True)
    assert wiring.run(NOW)["at"] > 2
    wiring.type(PRICE, "End")
    assert wiring.run(NOW)["at"] == 8
    assert wiring.run("() => scrollY") == 0


@pytest.mark.parametrize("k", [0, 6, 8])
def test_what_was_found_is_what_the_package_finds(k):
    a = strongest(model.stored()[k], model.LINKS)
    assert a.sum() // 2 == model.LINKS
    found, orders = model.moves(a, 3)
    assert found.q == modularity(a, torch.Generator().manual_seed(3), tries=1).q
    assert all(sorted(order) == list(range(len(order))) for order in orders)
