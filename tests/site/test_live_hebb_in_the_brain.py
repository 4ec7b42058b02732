"""An initial that the reader paints into a neuron."""

FIELD = "The synapses. Arrow keys move a mark, the space bar paints, Enter plays and pauses."
LIVED = "seconds => { model.live(seconds); const { n, found, yours, others, hz } = model.now(); return { n, found, yours, others, hz }; }"
TEE = ((0.2, 0.15), (0.8, 0.15), (0.5, 0.15), (0.5, 0.9))


def test_what_the_mouse_paints_is_found_and_is_lost_where_nothing_weakens(played):
    hebb = played("hebb-in-the-brain")
    assert "40 of the 200 inputs" in hebb.verdict()
    hebb.drag(FIELD, *TEE)
    hebb.reader.until("() => document.querySelector('.live-model').model.now().time > 200")
    hebb.press("Pause")
    assert not hebb.run("() => figure.querySelector('.switch:nth-child(2) input').checked")
    lived = hebb.run(LIVED, 8)
    assert 20 < lived["n"] < 60
    assert lived["found"] > 0.9 * lived["n"]
    assert lived["yours"] > lived["others"] + 0.3
    assert f"{lived['found']} of the {lived['n']} heaviest synapses are yours" in hebb.verdict()
    hebb.press("one synapse's view")
    assert "Nothing in them says who shares" in hebb.verdict()
    hebb.press("one synapse's view")
    hebb.type("weakening, A₋", "Home")
    hebb.press("Start again")
    lived = hebb.run(LIVED, 8)
    assert lived["others"] > 0.95
    assert lived["hz"] > 80
    assert "drowned" in hebb.verdict()
    assert "even chance strengthens" in hebb.verdict()


def test_by_finger_and_by_keys_a_few_are_too_few_and_turned_over_it_sinks(played):
    hebb = played("hebb-in-the-brain", 390)
    hebb.type(FIELD, " ", "ArrowRight", " ", "ArrowRight")
    assert hebb.run("() => [model.now().n, model.now().time]") == [2, 0]
    assert "paint more" in (hebb.run(LIVED, 2) and hebb.verdict())
    hebb.drag(FIELD, *TEE, finger=True)
    assert hebb.run("() => scrollY") == 0
    assert hebb.run("() => model.now().n") > 20
    hebb.press("Pause")
    hebb.press("turn it over")
    hebb.press("Start again")
    lived = hebb.run(LIVED, 8)
    assert lived["yours"] < lived["others"] - 0.15
    assert "your initial sinks" in hebb.verdict()
    hebb.drag(FIELD, (0.5, 0.15), (0.5, 0.9), finger=True)  # a stroke that begins on paint rubs
    assert hebb.run("() => model.now().n") < lived["n"]
    hebb.press("Wipe the paint")
    assert hebb.verdict() == "Nobody shares a spike: paint your initial."


COUNTS = """() => {
    const sharing = Array.from({ length: 200 }, (_, i) => i < 100), chance = Live.random(3), steps = 20000, each = Array(200).fill(0);
    let shared = 0, other = 0;
    for (let k = 0; k < steps; k++) {
        const { arriving } = model.spikes(sharing, 0.55, chance), one = arriving.filter(i => i < 100).length;
        arriving.forEach(i => each[i]++);
        shared += one * (one - 1);
        other += (arriving.length - one) * (arriving.length - one - 1);
    }
    const pairs = 100 * 99 * steps, at = mean => (mean / pairs - 1e-4) / (0.01 * 0.99);
    return { rate: each.reduce((a, b) => a + b) / 200 / steps, shared: at(shared), other: at(other) };
}"""


def test_inputs_spike_as_the_package_has_it(played):
    counted = played("hebb-in-the-brain").run(COUNTS)
    assert abs(counted["rate"] - 0.01) < 0.0005
    assert abs(counted["shared"] - 0.55**2) < 0.05
    assert abs(counted["other"]) < 0.01
