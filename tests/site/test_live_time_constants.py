"""Two clocks that are right until their weights drift: then the bank hardly moves, and the cell that excites itself jumps."""

from hebbnotes.chapters.time_constants import live as model

MODEL, PULSES = "time-constants", "Two pulses"
DRIFT, OWN, WIRE = "they drift by", "the cell's own time constant", "it excites itself by w"
SET = "(name, value) => { const input = figure.querySelector(name); input.value = value; input.dispatchEvent(new Event('input')); }"
NOW = "() => { const { says, ...now } = model.now(); return now; }"


def place(step, high=18):
    """Return where on the canvas a step lies, in shares of its width and height; pulses are held at the top."""
    return (12 + 3.08 * step) / 360, high / 284


def test_two_parts_in_a_hundred_move_the_cell_by_most_of_the_gap_and_the_bank_by_little(played):
    clocks = played(MODEL)
    tuned = clocks.run(NOW)
    assert tuned["gap"] == 60
    assert abs(tuned["bank"] - 60) < 1
    assert abs(tuned["cell"] - 60) < 0.1
    assert abs(tuned["tunedTo"] - 96) < 1e-6
    assert "Both are right" in clocks.verdict()
    clocks.run(SET, clocks.named(DRIFT), 2)
    drifted = clocks.run(NOW)
    assert abs(drifted["bank"] - tuned["bank"]) < 3
    assert tuned["cell"] - drifted["cell"] > 35
    assert "All weights grew by 2 %" in clocks.verdict()
    assert f"now it is {drifted['slow']:.0f}" in clocks.verdict()
    clocks.run(SET, clocks.named(DRIFT), -2)
    assert clocks.run(NOW)["cell"] > 95
    clocks.run(SET, clocks.named(DRIFT), 5)
    assert "it grows instead of fading" in clocks.verdict()


def test_if_time_constants_drift_both_go_wrong_alike_and_a_slow_cell_needs_no_wiring(played):
    clocks = played(MODEL)
    tuned = clocks.run(NOW)
    clocks.press("time constants")
    clocks.run(SET, clocks.named(DRIFT), 2)
    drifted = clocks.run(NOW)
    moved = {name: drifted[name] - tuned[name] for name in ("bank", "cell")}
    assert abs(moved["bank"] - moved["cell"]) < 1
    assert abs(drifted["slow"] / 96 - 1.02) < 1e-3
    assert "here the bank is no better" in clocks.verdict()
    clocks.press("weights")
    clocks.type(OWN, "End")
    slow = clocks.run(NOW)
    assert slow["tau"] == 96
    assert slow["w"] == 0
    assert abs(slow["cell"] - slow["bank"]) < 3
    assert "has no w that must be right" in clocks.verdict()
    clocks.run(SET, clocks.named(WIRE), 0.5)
    assert abs(clocks.run(NOW)["tunedTo"] / 192 - 1) < 0.01
    clocks.press("both")
    assert "All weights and time constants grew" in clocks.verdict()


def test_what_is_too_fast_forgets_the_first_pulse(played):
    clocks = played(MODEL)
    clocks.run(SET, clocks.named(WIRE), 0.5)
    now = clocks.run(NOW)
    assert now["cell"] < 30
    assert "nothing is left in the cell" in clocks.verdict()


def test_pulses_are_dragged_by_mouse_by_finger_and_by_keys(played):
    clocks = played(MODEL, 390)
    clocks.drag(PULSES, place(66), place(60), place(40))
    now = clocks.run(NOW)
    assert now["first"] == 6
    assert now["gap"] == 34
    clocks.drag(PULSES, place(6), place(10), place(16), finger=True)
    now = clocks.run(NOW)
    assert clocks.run("() => scrollY") == 0
    assert now["first"] == 16
    assert now["gap"] == 24
    clocks.type(PULSES, "ArrowRight", "ArrowRight", "ArrowUp")
    assert clocks.run(NOW)["gap"] == 27
    clocks.type(PULSES, "Home")
    assert clocks.run(NOW)["gap"] == 3
    clocks.type(PULSES, "End")
    assert clocks.run(NOW)["gap"] == 110 - 15
    assert "the bank says" in clocks.run("() => figure.querySelector('canvas').ariaLabel")


def test_that_all_weights_grow_is_the_worst_for_the_bank():
    """All its weights have one sign, so that no drift of single weights by as much moves its answer more, to first order."""
    read, _ = model.fit_bank()
    assert read.max() < 0


def test_the_bank_is_right_at_all_gaps_and_the_line_is_a_line():
    bank, cell = model.said(3.0, model.wired(3.0, 96.0), "weights", 0.0)
    assert (bank - model.gaps()).abs().max() < 3
    assert (cell - model.gaps()).abs().max() < 0.01
