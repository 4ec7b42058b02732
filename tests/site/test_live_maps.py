"""A sheet grows a map above a threshold, and none below; its twin, which never learned, has as many pinwheels."""

import math

import pytest

from hebbnotes.chapters.maps import live as model

MODEL, WIDTH, RANGE = "maps", "width σ", "range q"
NOW, GROW = "() => model.now()", "n => model.live(n)"


def test_a_map_forms_above_the_threshold_and_melts_below_it(played):
    sheet = played(MODEL)
    assert sheet.verdict().startswith("Newborn")
    assert "a map will form" in sheet.verdict()
    assert sheet.run(NOW)["steps"] == 0
    sheet.run(GROW, 300)
    now = sheet.run(NOW)
    assert now["formed"]
    assert now["plus"] == now["minus"] > 10
    assert 2 < now["density"] < 4.5
    assert now["random"] > math.pi
    assert f"{now['plus']} of each sign" in sheet.verdict()
    sheet.press("its twin")
    assert "The twin never learned" in sheet.verdict()
    sheet.press("New twin")
    now = sheet.run(NOW)
    assert now["shown"] == "twin"
    assert now["steps"] == 300, "a twin is drawn of the map as it is"
    assert len(now["twins"]) == 2
    assert all(2 < density < 5 for density in now["twins"])
    sheet.type(RANGE, "Home")
    sheet.run(GROW, 0)  # it may play
    now = sheet.run(NOW)
    assert now["shown"] == "grown", "who changes something sees the map"
    assert now["q"] == 0.5
    sheet.run(GROW, 200)
    now = sheet.run(NOW)
    assert not now["formed"]
    assert "nothing forms" in sheet.verdict()
    assert "below the threshold" in sheet.verdict()


def test_a_finger_widens_the_neighbourhood_and_the_map_is_coarser(played):
    sheet = played(MODEL, 390)
    sheet.drag(WIDTH, (0.35, 0.7), (0.5, 0.7), (0.9, 0.7), finger=True)
    assert sheet.run("() => scrollY") == 0
    sheet.run(GROW, 0)  # it may play
    wide = sheet.run(NOW)
    assert wide["sigma"] > 2.5
    assert wide["steps"] > 0, "who changes something sees it grow"
    sheet.type(RANGE, "End")
    sheet.run(GROW, 0)  # it may play
    coarse = sheet.run(NOW)
    sheet.type(WIDTH, "Home")
    sheet.press("Newborn")
    assert sheet.run(NOW)["steps"] == 0
    sheet.run(GROW, 150)
    fine = sheet.run(NOW)
    assert fine["formed"]
    assert fine["spacing"] < 0.88 * coarse["spacing"]


@pytest.mark.parametrize("seed", range(1, 4))
def test_the_threshold_is_where_theory_has_it(seed):
    side, sigma = 24, 1.5
    for times, forms in ((0.8, False), (1.6, True)):
        q = times * math.sqrt(math.e) * sigma
        counted = model.told(model.grown(side, sigma, q, 250, seed))
        assert (counted["selectivity"] / q > 0.25) == forms
        assert counted["plus"] == counted["minus"]
