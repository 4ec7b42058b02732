"""A feedback arrow is turned, and the outgoing arrow follows, if the unit is told of errors through it."""

MODEL, UNITS = "credit-assignment", "Three units"
DECAY, START = "weights decay by", "weights start at"
SET = "(name, value) => { const input = figure.querySelector(name); input.value = value; input.dispatchEvent(new Event('input')); }"
NOW = "() => model.now()"
STEPS = "n => { for (let k = 0; k < n; k++) model.step(); }"


def tip(unit, p, q):
    """Return where on the canvas a feedback arrow (p, q) ends, in shares of its width and height."""
    return (62 + 118 * unit + 40 * p) / 360, (150 - 40 * q) / 290


def owed(now):
    """Return b . w of each unit, and the account kept from what comes in."""
    pairs = zip(now["b"], now["w"], strict=True)
    return [sum(x * y for x, y in zip(b, w, strict=True)) for b, w in pairs], now["account"]


def off(now):
    return max(abs(truth - kept) for truth, kept in zip(*owed(now), strict=True))


def test_outgoing_arrows_follow_feedback_that_is_a_lie_and_the_account_holds(played):
    units = played(MODEL)
    before = units.run(NOW)
    assert min(before["angles"]) < 180
    assert max(before["angles"]) > 60
    units.run(STEPS, 400)
    after = units.run(NOW)
    assert max(after["angles"]) < 40
    assert after["share"] < 0.02
    assert off(after) < 1e-9
    units.run("() => model.aim(0, model.now().b[0].map(v => -v))")
    turned = units.run(NOW)
    assert turned["angles"][0] > 140
    assert "0 steps ago you turned the feedback of unit 1" in units.verdict()
    units.run(STEPS, 500)
    followed = units.run(NOW)
    assert followed["angles"][0] < 50
    assert off(followed) < 1e-9


def test_without_decay_nothing_follows_once_all_is_learned_until_there_is_something_to_learn(
    played,
):
    units = played(MODEL)
    units.run(SET, units.named(DECAY), 0)
    units.run(STEPS, 1500)
    assert units.run(NOW)["share"] < 1e-3
    units.run("() => model.aim(1, [-0.9, 0.1])")
    before = units.run(NOW)["w"]
    units.run(STEPS, 200)
    after = units.run(NOW)["w"]
    assert (
        max(
            abs(x - y)
            for b, a in zip(before, after, strict=True)
            for x, y in zip(b, a, strict=True)
        )
        < 0.02
    )
    units.press("Another world to learn")
    units.run(STEPS, 200)
    moved = units.run(NOW)["w"]
    assert (
        max(
            abs(x - y) for b, a in zip(after, moved, strict=True) for x, y in zip(b, a, strict=True)
        )
        > 0.2
    )


def test_the_truth_noise_and_nothing_owe_the_feedback_arrow_nothing(played):
    units = played(MODEL)
    left = {}
    for kind in ("truth", "noise", "nothing"):
        units.press("Anew")
        units.press(kind)
        units.run(STEPS, 300)
        now = units.run(NOW)
        left[kind] = now["share"]
        assert off(now) > 0.05, kind
    assert left["truth"] < 0.02
    assert left["noise"] < 0.1
    assert left["nothing"] > left["truth"]


def test_by_mouse_by_finger_and_by_keys_an_arrow_is_turned(played):
    units = played(MODEL, 390)
    b = units.run(NOW)["b"]
    units.drag(UNITS, tip(0, *b[0]), tip(0, 0.5, 0.5), tip(0, 0.9, 0.3))
    now = units.run(NOW)
    assert abs(now["b"][0][0] - 0.9) < 0.05
    assert abs(now["b"][0][1] - 0.3) < 0.05
    units.drag(UNITS, tip(2, *b[2]), tip(2, 0, 0.6), tip(2, 0, 1), finger=True)
    assert units.run("() => scrollY") == 0
    assert abs(units.run(NOW)["b"][2][1] - 1) < 0.05
    units.type(UNITS, "ArrowUp")
    assert units.run(NOW)["unit"] == 0
    units.type(UNITS, "ArrowLeft", "ArrowLeft", "ArrowLeft", "ArrowLeft", "ArrowLeft", "ArrowLeft")
    turned = units.run(NOW)["b"][0]
    assert abs(turned[0] + 0.3) < 0.05
    assert abs(turned[1] - 0.9) < 0.05
    units.run(SET, units.named(START), 1)
    assert units.run(NOW)["steps"] == 0
    assert "points anywhere" in units.verdict()
