"""A rule is made of sliders, and scored at once; without a fair arena an optimiser cheats."""

MODEL = "arena"
SET = "(name, value) => { const input = figure.querySelector(name); input.value = value; input.dispatchEvent(new Event('input')); }"
NOW = "() => model.now()"
TASKS = ("recall", "re-bind", "blanks", "crowd", "reward")
EXPECTED, OWN = "less what was expected", "own weight, always"


def each(now):
    return dict(zip(TASKS, now["each"], strict=True))


def test_what_a_synapse_sees_more_buys_one_thing(played):
    rules = played(MODEL)
    hebb = each(rules.run(NOW))
    rules.press("delta")
    delta = each(rules.run(NOW))
    assert delta["re-bind"] > hebb["re-bind"] + 0.1
    assert "It gains" in rules.verdict()
    assert "what its cell expected" in rules.verdict()
    rules.press("write what the broadcast marks")
    marked = each(rules.run(NOW))
    assert marked["reward"] > delta["reward"] + 0.2
    assert abs(marked["recall"] - delta["recall"]) < 1e-9
    totals = {one["name"]: one["total"] for one in rules.run(NOW)["others"]}
    assert max(totals, key=totals.get) == "delta, modulated"


def test_sliders_are_the_terms_and_the_named_rules_are_made_of_them(played):
    rules = played(MODEL, 390)
    rules.run(SET, rules.named(EXPECTED), 1)
    mine = rules.run(NOW)
    assert mine["mine"]["drive"] == -1
    delta = next(one for one in mine["others"] if one["name"] == "delta")
    assert abs(delta["total"] - mine["total"]) < 1e-9
    rules.run(SET, rules.named(EXPECTED), 0)
    rules.run(SET, rules.named(OWN), -0.3)
    assert rules.run(NOW)["mine"]["w"] == -0.3
    assert "its own weight" in rules.verdict()
    rules.type(OWN, "ArrowRight")
    assert abs(rules.run(NOW)["mine"]["w"] + 0.28) < 1e-9
    rules.press("few active")
    assert rules.run(NOW)["code"] == "sparse"
    rules.press("Other pairs")
    assert rules.run(NOW)["others"]


def test_an_optimiser_that_is_let_off_the_laws_grows_weights_in_silence(played):
    rules = played(MODEL)
    before = rules.run(NOW)
    rules.press("Let an optimiser cheat")
    after = rules.run(NOW)
    assert not after["fair"]
    assert after["cheating"] == "done"
    assert after["silence"][-1] > 3 * after["silence"][2]
    assert "In silence its weights grow" in rules.verdict()
    assert each(after)["crowd"] > each(before)["crowd"] + 0.1
    rules.press("fair")
    fair = rules.run(NOW)
    assert fair["mine"] == after["mine"]
    assert fair["total"] < after["total"] - 0.1


def test_whatever_a_reader_does_ends_the_climb(played):
    rules = played(MODEL)
    at_once = f"(name, value) => {{ model.cheat(); ({SET})(name, value); }}"
    rules.run(at_once, rules.named(OWN), -0.2)
    after = rules.run(NOW)
    assert after["cheating"] == "no"
    assert after["mine"]["w"] == -0.2
    assert after["mine"]["post"] == 0
