"""An episode compared with its past: lines are torn out, and the sheet says what the diary says."""

DIARY = "The diary. Arrow keys choose a line, Enter tears it out or puts it back."
TORN = "() => [...model.now().how.torn].sort((a, b) => a - b)"
SET = "(name, value) => { const input = figure.querySelector(name); input.value = value; input.dispatchEvent(new Event('input')); }"


def test_what_resembles_the_present_answers_and_what_is_torn_out_does_not(played):
    diary = played("fast-evaluation")
    assert "resembles lines 6 to 8 most" in diary.verdict()
    assert "0 are wrong: that is the answer" in diary.verdict()
    diary.press("Tear out its lines")
    assert diary.run(TORN) == [5, 6, 7]
    assert "what is gone from the diary is gone from the sheet" in diary.verdict()
    diary.press("Mend")
    assert diary.run(TORN) == []
    diary.press("letters")
    assert "letters resemble each other" in diary.verdict()
    diary.press("shapes")
    diary.run(SET, diary.named("step"), 8)
    assert "A blank step" in diary.verdict()
    diary.run(SET, diary.named("step"), 6)
    assert "nothing is read" in diary.verdict()
    diary.run(SET, diary.named("step"), 23)
    diary.press("the sheet instead of the diary")
    assert "those of the diary, to 1" in diary.verdict()
    diary.press("the sheet instead of the diary")
    diary.run(SET, diary.named("erased of the cue"), 0.9)
    assert "the present resembles the lines of the beams too little" in diary.verdict()


def test_lines_are_torn_out_by_finger_by_mouse_and_by_keys(played):
    diary = played("fast-evaluation", 390)
    diary.drag(DIARY, (6.5 / 11, 0.15), finger=True)  # on a phone there are two rows
    diary.drag(DIARY, (2.5 / 11, 0.65))
    assert diary.run(TORN) == [6, 13]
    diary.drag(DIARY, (2.5 / 11, 0.65))
    diary.drag(DIARY, (2.5 / 11, 0.15))
    assert diary.run(TORN) == [2, 6]
    diary.type(DIARY, "ArrowRight", "Enter")
    assert diary.run(TORN) == [2, 3, 6]
    diary.type(DIARY, "ArrowLeft", "Enter")
    assert diary.run(TORN) == [3, 6]
