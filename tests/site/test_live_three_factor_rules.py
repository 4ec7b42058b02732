"""The trace over the delays of the reward, and the error that travels or jumps."""

PICTURE = "The mark of a pair of spikes over the delays of the reward"
LASTS, COMES = "the mark lasts for, τ", "the reward comes after"
ERRORS = "Above, the error in each step of a trial"
SET = "(name, value) => { const input = figure.querySelector(name); input.value = value; input.dispatchEvent(new Event('input')); }"
NOW = "() => { const { gained, errors, rewards, ...now } = model.now(); return now; }"


def place(seconds, share):
    """Return where on the canvas a time and a height lie, in shares of its width and height."""
    return (14 + 28 * seconds) / 360, (164 - 136 * share) / 232


def test_the_best_trace_is_marked_only_once_the_reader_has_moved_it(played):
    trace = played("three-factor-rules")
    assert "At τ = 2.0 s" in trace.verdict()
    assert "the best" not in trace.verdict()
    assert not trace.run(NOW)["moved"]
    trace.drag(PICTURE, place(2, 0.37), place(1, 0.37))
    now = trace.run(NOW)
    assert now["moved"]
    assert abs(now["tau"] - 1) < 0.07  # a step of the slider
    assert "Too short: when the reward comes" in trace.verdict()
    trace.drag(PICTURE, place(1, 0.37), place(2, 0.37), place(4, 0.37))
    assert abs(trace.run(NOW)["tau"] - 4) < 0.27
    trace.run(SET, trace.named(LASTS), 2)
    assert "no τ needs fewer. It is twice the delay" in trace.verdict()
    trace.type("give or take", "Home")  # nearly one fixed delay
    needed = "() => model.needed(model.now().d)"
    least = trace.run(needed)
    for keys, ratio in ((["ArrowLeft"] * 16, 1.36), (["ArrowRight"] * 32, 1.21)):
        trace.type(LASTS, *keys)
        assert abs(trace.run(needed) / least - ratio) < 0.02
    assert "marks of chance are left in each synapse" in trace.verdict()


def test_by_finger_and_by_keys_the_delays_move_and_their_spread_shortens_the_best_trace(played):
    trace = played("three-factor-rules", 390)
    trace.drag(PICTURE, place(2, 0.8), place(3, 0.8), finger=True)
    assert trace.run("() => scrollY") == 0
    assert abs(trace.run(NOW)["mean"] - 3) < 0.11
    trace.type(COMES, *["ArrowLeft"] * 10)
    mean = trace.run(NOW)["mean"]
    assert abs(mean - 2) < 0.11
    trace.drag(PICTURE, place(mean + 0.3, 0.1), place(2 * mean, 0.1), finger=True)
    now = trace.run(NOW)
    assert abs(now["spread"] - now["mean"]) < 0.21
    assert trace.run(BEST) < 1.2 * now["mean"]
    trace.run(SET, trace.named("give or take"), 4)
    assert trace.run(NOW)["spread"] == mean  # it cannot be wider than exponential
    trace.run(SET, trace.named(LASTS), 1)
    assert "Delays vary, so it is less than twice their mean" in trace.verdict()
    rewards = "() => model.needed(model.now().d)"
    few = trace.run(rewards)
    trace.run(SET, trace.named("each cell spikes"), 6)
    assert abs(trace.run(rewards) / few - 4) < 1e-9  # twice the spikes, four times the rewards


BEST = "() => { const { mean, spread } = model.now(); return model.best(mean, spread); }"

GIVEN = """(tau, hertz) => {
    const p = model.delays(2, 0.3), rate = model.pairs(hertz), chance = model.random(5), n = 2500, right = [], others = [];
    for (let k = 0; k < n; k++) {
        const gained = [0, 0];
        model.reward(gained, { tau, rate, p }, chance);
        right.push(gained[0]);
        others.push(gained[1]);
    }
    const mean = all => all.reduce((a, b) => a + b) / n, middle = mean(others);
    const spread = Math.sqrt(mean(others.map(x => (x - middle) ** 2)));
    return [(mean(right) - middle) / spread, model.detect(tau, p, rate).d];
}"""


def test_rewards_that_are_given_one_by_one_obey_the_law(played):
    trace = played("three-factor-rules")
    for tau, hertz in ((4, 3), (1.5, 6)):
        drawn, told = trace.run(GIVEN, tau, hertz)
        assert abs(drawn - told) < 0.1
    trace.press("Give 20 rewards")
    given = "() => document.querySelector('.live-model').model.now()"
    trace.reader.until(f"() => ({given})().given === 20")
    assert "20 rewards: blue is ahead of" in trace.run("() => figure.innerText")
    trace.press("Give 20 rewards")
    trace.type(LASTS, "ArrowLeft")  # what is moved begins anew
    assert trace.run(NOW)["given"] == 0


def test_the_error_travels_or_jumps_and_pauses_where_the_reward_is_left_out(played):
    td = played("three-factor-rules-td")
    assert "Press Play" in td.verdict()
    td.press("Play")
    td.reader.until("() => document.querySelector('.live-model').model.now().rewards.length > 25")
    td.press("Pause")
    assert "between cue and reward" in td.verdict()
    assert "it travels, step by step" in td.verdict()
    td.run(SET, td.named("how far back"), 0.9)
    assert "the error is largest with the cue" in td.verdict()
    assert "it jumps" in td.verdict()
    td.press("Leave the reward out once")
    assert "a pause" in td.verdict()
    last = td.run("() => model.now().errors.at(-1)")
    assert last[20] < -0.8
    assert td.run("() => model.peak(model.now().errors.at(-1))") == 5


def test_trials_are_chosen_by_finger_by_mouse_and_by_keys(played):
    td = played("three-factor-rules-td", 390)
    td.press("Leave the reward out once")
    assert "none was expected there" in td.verdict()
    td.press("Start again")
    for _ in range(3):
        td.press("Step")
    td.press("Play")
    td.reader.until("() => document.querySelector('.live-model').model.now().rewards.length > 12")
    td.drag(ERRORS, (0.5, 0.55), finger=True)  # a tap: from now on a finger that goes up chooses
    td.drag(ERRORS, (0.5, 0.55), (0.5, 0.495), finger=True)
    assert not td.run(NOW)["playing"]
    assert td.run("() => scrollY") == 0
    row = td.run(NOW)["chosen"]
    assert 1 < row < 9
    td.type(ERRORS, "ArrowDown", "ArrowDown", "ArrowUp")
    assert td.run(NOW)["chosen"] == row + 1
    td.type(ERRORS, "Home")
    assert "Trial 1 at λ = 0.00: the error is largest with the reward" in td.verdict()
    td.type("how far back a surprise teaches", "End")
    td.type(ERRORS, "End")
    assert "No step between ever had more than 0.00: it jumps" in td.verdict()
