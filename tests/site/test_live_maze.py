"""The ghost in the trace, and the reader's own steps in the dark."""

KNOWS = "() => { let most = 500; while (model.now().finds.length < 4 && most--) model.live(); return model.now().finds.length; }"
GHOST = "() => { const { life } = model.now(), [r, c] = model.ghostOf(life); return Math.hypot(r - life.goal[0], c - life.goal[1]); }"


def test_the_ghost_jumps_onto_the_goal_stays_when_it_is_moved_and_goes_with_the_trace(played):
    maze = played("maze")
    assert "nothing is written yet" in maze.verdict()
    before = maze.run(GHOST)
    assert maze.run(KNOWS) == 4
    assert maze.run(GHOST) < 1.5 < before
    assert "Find 3 took" in maze.verdict()
    old = maze.run("() => model.now().life.goal")
    maze.press("Move the goal")
    new = maze.run("() => model.now().life.goal")
    assert abs(old[0] - new[0]) + abs(old[1] - new[1]) >= 5
    assert maze.run("() => model.now().old") == old
    assert maze.run(GHOST) > 3
    assert "The ghost stays where it was paid. Of such plastic agents 25 % find" in maze.verdict()
    maze.press("Wipe its activity")
    assert maze.run("() => model.now().life.state.y.every(x => x === 0)")
    assert "the ghost has not moved" in maze.verdict()
    maze.press("Wipe its trace")
    assert maze.run("() => model.now().life.state.hebb.every(x => x === 0)")
    assert "Forgetting helps" in maze.verdict()
    maze.run(
        "() => { do model.live(); while (!model.now().finds.at(-1).steps && !model.now().finds.at(-2).wiped); }"
    )
    told = maze.run(
        "() => model.now().finds.length === 4 ? 'Its trace was wiped 1 step ago.' : 'It had forgotten'"
    )
    assert told in maze.verdict()
    found = "() => { let most = 3000; while (model.now().finds.length < 5 && most--) model.live(); return model.now().finds.at(-2); }"
    find = maze.run(found)
    if find.get("wiped"):  # by chance an agent may never find it again
        assert (
            f"It had forgotten the old place, and found the new one after {find['steps']} steps"
            in maze.verdict()
        )


def test_the_goal_is_moved_by_mouse_by_finger_and_by_keys(played):
    maze = played("maze", 390)
    name = "The maze. Arrow keys move the goal, the space bar plays and pauses."
    for finger in (False, True):
        row, column = maze.run("() => model.now().life.goal")
        to = (9, 1) if (row, column) != (9, 1) else (1, 9)
        at = [((c + 0.5) / 11, (r + 0.5) / 11) for r, c in ((row, column), (5, 3), to)]
        maze.drag(name, *at, finger=finger)
        assert maze.run("() => model.now().life.goal") == list(to)
        assert maze.run("() => scrollY") == 0 or not finger
    row, column = to
    maze.type(name, "ArrowUp" if row > 5 else "ArrowDown")
    assert maze.run("() => model.now().life.goal")[0] == row + (-1 if row > 5 else 1)
    maze.type(name, "ArrowRight" if column < 5 else "ArrowLeft")
    here = maze.run("() => model.now().life.goal")
    assert here[1] != column, "it hops over pillars"


def test_it_plays_and_switches_do_what_they_say(played):
    maze = played("maze")
    maze.press("Play")
    maze.reader.until("() => document.querySelector('.live-model').model.now().finds[0].steps > 3")
    spoken = "() => figure.querySelector('.verdict').getAttribute('aria-live')"
    assert maze.run(spoken) == "off", "what changes at each step is not read out"
    maze.press("Pause")
    assert maze.run(spoken) == "polite"
    steps = maze.run("() => model.now().finds.reduce((sum, one) => sum + one.steps, 0)")
    maze.press("Step of its life")
    assert maze.run("() => model.now().finds.reduce((sum, one) => sum + one.steps, 0)") == steps + 1
    trace = "() => model.now().life.state.hebb.reduce((a, b) => a + Math.abs(b), 0)"
    maze.press("stop writing")
    before = maze.run(trace)
    maze.run("() => model.live(5)")
    assert maze.run(trace) == before > 0
    maze.press("stop writing")
    maze.press("darkness")
    place = maze.run("() => model.now().life.place")
    maze.run("() => model.live(5)")
    assert maze.run("() => model.now().life.place") == place
    assert maze.run(trace) != before
    maze.press("LSTM")
    assert maze.run("() => [model.now().life.kind, model.ghostOf(model.now().life) ?? null]") == [
        "lstm",
        None,
    ]
    assert maze.run("() => figure.querySelectorAll(':disabled').length") == 3


def test_a_person_walks_in_the_dark_and_sees_it_all_at_the_end(played):
    dark = played("maze-dark")
    assert dark.run("() => model.seen([5, 5])") == [1, 0, 1, 0, 0, 0, 1, 0, 1]
    name = "What you see. Arrow keys move you."
    dark.type(name, "ArrowUp")
    place, got = dark.run("() => [model.now().place, model.now().got]")
    assert place == [4, 5] or got.startswith("the goal!"), "by chance it lies there"
    dark.press("down")
    dark.drag(name, (0.9, 0.5))
    assert dark.run("() => model.now().left") == 57
    dark.type(name, *["ArrowLeft", "ArrowRight"] * 29)
    assert dark.run("() => model.now().left") == 0
    assert "In as many steps" in dark.verdict()
    dark.press("Again")
    assert dark.run("() => model.now().left") == 60
