"""Draw, rub out, and it comes back; frozen, among letters, or with too little left, it does not."""

from tests.site.reader import InChromium

PAPER = "The picture"
SEEN = "() => { const { seen, erased } = model.now(); return { wrong: seen.wrong, count: erased.reduce((a, b) => a + b), pull: seen.pull }; }"


def test_a_face_is_rubbed_out_by_finger_and_by_mouse_and_comes_back_until_too_little_is_left(
    played,
):
    network = played("introduction", 390)
    assert network.verdict().startswith("This face was shown once")
    network.drag(PAPER, (0.2, 0.3), (0.8, 0.3), (0.2, 0.5), (0.8, 0.5), finger=True)
    assert network.run("() => scrollY") == 0
    fingered = network.run(SEEN)
    network.drag(PAPER, (0.2, 0.7), (0.8, 0.75))
    rubbed = network.run(SEEN)
    assert 1024 * 0.6 > rubbed["count"] > fingered["count"] > 150
    assert rubbed["wrong"] == fingered["wrong"] == 0
    assert rubbed["pull"][2] > 2 * max(rubbed["pull"][k] for k in (0, 1, 3, 4))
    assert f"and all {rubbed['count']} dots are back" in network.verdict()
    network.press("frozen")
    frozen = network.run(SEEN)
    assert frozen["wrong"] > 0.4 * frozen["count"]
    assert frozen["pull"] == [0] * 5
    assert "nothing was written" in network.verdict()
    network.press("frozen")
    network.press("letters")
    alike = network.run(SEEN)
    assert alike["wrong"] > 0.05 * alike["count"]
    assert sum(alike["pull"]) > 2 * alike["pull"][2]
    assert "too much like the letters" in network.verdict()
    network.press("random")
    network.type("rubbed out", "End")
    assert network.run(SEEN)["count"] == round(0.95 * 1024)
    assert "too little is left to ask by" in network.verdict()
    network.press("Undo")
    assert network.run(SEEN)["count"] == 0


def test_what_the_reader_draws_with_keys_is_shown_once_and_comes_back(played):
    network = played("introduction")
    network.press("Draw something else")
    assert network.run("() => model.now().drawing.every(dot => dot === -1)")
    network.type(PAPER, " ", *["ArrowRight"] * 3, " ", "ArrowUp")
    ink = network.run("() => model.now().drawing.filter(dot => dot > 0).length")
    assert ink == 18, "a pen of three by three dots, twice"
    assert "Now rub it out" in network.verdict()
    network.press("Now rub it out")
    network.type(PAPER, "ArrowLeft", " ", "ArrowLeft", " ")
    assert network.run(SEEN)["count"] == 30
    assert "All ink is rubbed out, and it is back" in network.verdict()


AT_REST = """() => {
    const now = performance.now();
    if (window.wasAt !== scrollY) [window.wasAt, window.since] = [scrollY, now];
    return scrollY > 0 && now - window.since > 300;
}"""


def test_a_finger_that_goes_up_scrolls_past_the_picture_until_it_has_drawn(played):
    network = played("introduction", 390)
    up = (0.5, 0.9), (0.5, 0.6), (0.5, 0.3), (0.5, 0.1)
    network.drag(PAPER, *up, finger=True)
    assert network.run(SEEN)["count"] == 0
    if isinstance(network.reader, InChromium):  # Firefox scrolls by real fingers alone
        network.reader.until(AT_REST)  # a page goes on scrolling after the finger has left it
        network.run("() => scrollTo(0, 0)")
    network.drag(PAPER, (0.2, 0.3), (0.2, 0.3), finger=True)
    assert network.run(SEEN)["count"] == 25, "a tap rubs out"
    network.drag(PAPER, *up, finger=True)
    assert network.run("() => scrollY") == 0
    assert network.run(SEEN)["count"] > 100
