"""Agents say themselves how strongly each step is written, and a reader says it instead."""

import re

MODEL = "neuromodulation-at-work"
MAZE = "The maze. Arrow keys move the goal, the space bar plays and pauses."
SET = "(name, value) => { const input = figure.querySelector(name); input.value = value; input.dispatchEvent(new Event('input')); }"
LIVE = "steps => model.live(steps)"
LATE = "from => model.now().past.slice(from).map(({ own, heard, informed }) => ({ own, heard, informed }))"
UNTIL = "finds => { let most = 2000; while (model.now().finds.length < finds && most--) model.live(); return model.now().finds.length; }"
COUNTS = "() => model.now().counts[model.now().which]"


def test_its_synapses_hear_what_the_reader_says(played):
    agent = played(MODEL)
    assert agent.verdict().startswith("M says how strongly this step is written")
    agent.run(LIVE, 20)
    agent.press("constant")
    agent.run(SET, agent.named("the constant"), -0.4)
    agent.run(LIVE, 20)
    assert "hear −0.40 at every step" in agent.verdict()
    agent.press("turned")
    agent.run(LIVE, 20)
    assert "the opposite of what it says" in agent.verdict()
    past = agent.run(LATE, 0)
    assert all(step["heard"] == step["own"] for step in past[:20])
    assert all(step["heard"] == -0.4 for step in past[20:40])
    assert all(step["heard"] == -step["own"] for step in past[40:])
    assert all(abs(step["own"]) < 1 for step in past)


def test_three_steps_after_the_first_find_nothing_more_is_heard(played):
    agent = played(MODEL)
    agent.press("0 after a find")
    assert agent.run(UNTIL, 1) == 1
    agent.run(LIVE, 30)
    past = agent.run(LATE, 0)
    first = next(t for t, step in enumerate(past) if step["informed"])
    assert first == len(past) - 30
    assert all(step["heard"] == step["own"] for step in past[: first + 3])
    assert all(step["heard"] == 0 for step in past[first + 3 :])
    assert "write nothing more" in agent.verdict()


def test_whole_lives_are_counted_and_only_for_what_was_heard(played):
    agent = played(MODEL)
    agent.press("Agent 2, newborn")  # the agent whose signal follows what happens
    agent.press("Live 20 lives of 200 steps")
    counts = agent.run(COUNTS)
    assert counts["own"]["lives"] == 20
    assert counts["own"]["finds"] > 0
    agent.press("turned")
    agent.press("Live 20 lives of 200 steps")
    counts = agent.run(COUNTS)
    assert counts["turned"]["lives"] == 20
    assert counts["turned"]["finds"] < counts["own"]["finds"] / 2
    for kind, name in (("own", "its own M"), ("turned", "sign turned")):
        said = float(re.search(rf"([\d.]+) with {name}", agent.verdict())[1])
        assert abs(said - counts[kind]["finds"] / 20) < 0.051
    agent.press("constant")
    agent.run(SET, agent.named("the constant"), 0)
    agent.press("Live 20 lives of 200 steps")
    counts = agent.run(COUNTS)
    assert counts["constant"]["lives"] == 20
    assert counts["constant"]["finds"] < counts["own"]["finds"] / 2
    agent.run(SET, agent.named("the constant"), 0.5)
    counts = agent.run(COUNTS)
    assert counts["constant"]["lives"] == 0
    assert counts["own"]["lives"] == 20


def test_the_goal_is_moved_by_mouse_by_finger_and_by_keys(played):
    agent = played(MODEL, 390)
    for finger in (False, True):
        row, column = agent.run("() => model.now().life.goal")
        to = (9, 1) if (row, column) != (9, 1) else (1, 9)
        at = [((c + 0.5) / 11, (r + 0.5) / 11) for r, c in ((row, column), (5, 3), to)]
        agent.drag(MAZE, *at, finger=finger)
        assert agent.run("() => model.now().life.goal") == list(to)
        assert agent.run("() => scrollY") == 0 or not finger
    row = to[0]
    agent.type(MAZE, "ArrowUp" if row > 5 else "ArrowDown")
    assert agent.run("() => model.now().life.goal")[0] == row + (-1 if row > 5 else 1)
    assert "had not found" in agent.verdict()
    agent.press("Wipe its trace")
    assert agent.run("() => model.now().life.state.hebb.every(x => x === 0)")
    agent.press("Agent 1, newborn")
    assert agent.run("() => model.now().age") == 0
