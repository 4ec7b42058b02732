"""The hand that a reader holds: a signal is turned, a reward moved, bits changed, traces emptied."""

MODEL, HAND, STEP = "neuromodulated-plasticity", "the hand: M is", "the reward comes at step"
SET = "(name, value) => { const input = figure.querySelector(name); input.value = value; input.dispatchEvent(new Event('input')); }"
NOW = "() => { const { course, strings, ...now } = model.now(); return now; }"
STRINGS, TIME = "Four strings of 20 bits", "The reward comes at step"
CLEAR = """() => { // strings that differ much, as a reader may set them
    model.now().strings.forEach((string, row) => string.forEach((bit, k) => { if (bit > 0 !== (k >> row) % 2 > 0) model.flip(row, k); }));
}"""


def pixel(step):
    """Return where on the time line a step lies, in shares of its width and height."""
    each = (360 - 24 - 4) / 40
    return (24 + (step + 0.5) * each) / 360, 25 / 200


def test_the_network_says_what_was_rewarded_and_turned_it_avoids_it(played):
    hand = played(MODEL)
    hand.run(CLEAR)
    own = hand.run(NOW)
    assert own["last"] == 1
    assert own["late"] == 3
    assert own["shares"].index(max(own["shares"])) == 1
    assert "It says B" in hand.verdict()
    assert "and B was rewarded" in hand.verdict()
    hand.run(SET, hand.named(HAND), -1)
    turned = hand.run(NOW)
    assert turned["shares"].index(min(turned["shares"])) == 1
    assert "it has learned what to avoid" in hand.verdict()
    assert "Turned, it is right in" in hand.verdict()
    hand.run(SET, hand.named(HAND), 0)
    assert "Nothing is ever written" in hand.verdict()
    assert hand.run("() => Math.max(...model.now().course.map(one => one.hebb))") == 0


def test_the_signal_is_large_where_the_reward_comes_wherever_it_is_dragged(played):
    hand = played(MODEL)
    hand.run(CLEAR)
    largest = "() => { const all = model.now().course.map(one => Math.abs(one.signal)); return all.indexOf(Math.max(...all)); }"
    assert hand.run(largest) == 8
    hand.drag(TIME, pixel(8), pixel(11), pixel(13))
    assert hand.run(NOW)["reward"] == 13
    assert hand.run(largest) == 13
    assert "C was rewarded" in hand.verdict()
    hand.drag(TIME, pixel(13), pixel(16))
    assert "The reward comes 1 step after D" in hand.verdict()
    hand.type(TIME, "Home")
    assert "together with A" in hand.verdict()
    hand.type(TIME, "ArrowRight", "ArrowRight", "ArrowRight")
    assert hand.run(NOW)["late"] == 3


def test_by_finger_and_by_keys_bits_are_changed_and_what_is_emptied_is_told(played):
    hand = played(MODEL, 390)
    before = hand.run("() => model.now().strings.map(one => one.slice())")
    hand.type(STRINGS, "ArrowDown", "ArrowRight", "ArrowRight", " ")
    after = hand.run("() => model.now().strings")
    changed = [(r, k) for r in range(4) for k in range(20) if before[r][k] != after[r][k]]
    assert changed == [(1, 2)]
    hand.drag(TIME, pixel(8), pixel(3), finger=True)
    assert hand.run("() => scrollY") == 0
    assert hand.run(NOW)["reward"] == 3
    hand.press("writes marks, silent delay")
    assert hand.run(NOW)["name"] == "marks"
    assert hand.run("() => model.now().course.filter(one => one.silenced).length") == 8
    hand.press("marks")
    assert "With the marks E emptied just before the reward it is right in" in hand.verdict()
    hand.press("trace")
    assert "With the trace H emptied" in hand.verdict()
    hand.press("marks and trace")
    assert "With marks and trace emptied" in hand.verdict()
    hand.press("writes at once")
    hand.press("marks")
    assert "This network has no marks" in hand.verdict()
    hand.press("Other strings")
    assert hand.run("() => model.now().strings") != after
