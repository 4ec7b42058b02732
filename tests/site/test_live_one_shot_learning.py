"""Teach it your alphabet: signs are drawn by mouse, by finger and by keyboard, and said loudly or not."""

PAD = "Drawing pad."
SIGNS = {
    "A": ((0.2, 0.8), (0.5, 0.2), (0.8, 0.8)),
    "B": ((0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8), (0.2, 0.2)),
    "C": ((0.2, 0.5), (0.8, 0.5)),
    "D": ((0.2, 0.2), (0.8, 0.8), (0.8, 0.2), (0.2, 0.8)),
}
ANSWERED = "() => document.querySelector('.live-model').model.now().answer?.y"
SEEN = "() => document.querySelector('.live-model').model.now().taught.every(one => one.x)"
BEST = "() => { const { y } = model.now().answer; return y.indexOf(Math.max(...y)); }"


def test_it_names_what_other_hands_drew_but_for_a_broken_drawing_and_in_a_low_voice_all_is_one(
    played,
):
    model = played("one-shot-learning")
    model.reader.until(ANSWERED)
    assert "It says C, 0." in model.verdict()
    assert "Wrong" not in model.verdict()
    for times, right in ((1, True), (2, False)):
        model.press("Ask about E")
        model.reader.until(
            f"() => document.querySelector('.verdict').textContent.includes('{'says E' if right else 'Wrong: this is E'}')"
        )
        assert (model.run(BEST) == 4) is right, times
    model.press("Ask about C")
    model.reader.until(ANSWERED)
    before = model.run("() => [...model.now().layer.hebb]")
    model.type("how loudly the label is said", "Home", "ArrowRight", "ArrowRight", "ArrowRight")
    assert model.run("() => model.now().strength") == 5
    assert "Said at 5, B lost to row A, which pulled with " in model.verdict()
    assert "A B C D E are A A A A A: it learned its own guesses. It says A" in model.verdict()
    assert model.run("() => model.now().layer.said.every(y => y.indexOf(Math.max(...y)) === 0)")
    model.type("how loudly the label is said", "Home")
    assert "Nothing was said, so the ink of A went to row E" in model.verdict()
    model.type("how loudly the label is said", "End")
    assert model.run("() => [...model.now().layer.hebb]") == before


def test_a_reader_teaches_five_signs_and_draws_one_again(played):
    model = played("one-shot-learning", 390)
    model.press("Teach it your own")
    assert "Its trace is empty" in model.verdict()
    assert model.run("() => figure.querySelector('button.main').disabled")
    for label, points in SIGNS.items():
        model.drag(PAD, *points, finger=label != "A")
        model.reader.until(ANSWERED)
        model.press(f"This is {label}")
    assert model.run("() => scrollY") == 0
    model.type(PAD, *["ArrowLeft"] * 8, "ArrowUp", *["ArrowUp"] * 8, " ", *["ArrowDown"] * 16)
    model.type(PAD, *["ArrowRight"] * 16, " ", "Enter")
    model.reader.until(SEEN)
    assert model.run("() => model.now().taught.length") == 5
    assert "each written into its own row" in model.verdict()
    for finger, label in ((False, "A"), (True, "B")):
        points = [(0.1 + 0.9 * x, 0.9 * y) for x, y in SIGNS[label]]
        model.press("Wipe")
        model.drag(PAD, *points, finger=finger)
        model.reader.until(
            f"() => document.querySelector('.verdict').textContent.includes('It says {label}')"
        )
    model.press("Stored letters")
    model.reader.until(ANSWERED)
    assert "It says C" in model.verdict()
