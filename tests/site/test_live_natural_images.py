"""Two networks that complete photographs, asked as they were trained to be, and otherwise."""

from tests.site.test_live import played, shelf  # noqa: F401

CANVAS = "What is asked. Arrow keys move a square, the space bar hides or shows it."
READY = "() => document.querySelector('.live-model').model.now().ready"
NOW = "() => { const { errors, hidden, blind } = model.now(); return { ...errors, hidden: hidden.filter(x => x).length, blind }; }"


def now(asked) -> dict:
    """Return errors and what is hidden, when both networks have answered."""
    asked.reader.until(READY)
    return asked.run(NOW)


def test_the_specialist_leads_as_it_was_trained_and_is_worse_than_grey_where_a_strip_is_hidden(
    played,  # noqa: F811
):
    asked = played("natural-images")
    half = now(asked)
    assert half["specialist"] < half["generalist"] < half["grey"]
    assert half["hidden"] == 512
    assert half["blind"] < 0.25
    assert "both were asked for in training" in asked.verdict()
    asked.press("a strip")
    strip = now(asked)
    assert strip["generalist"] < strip["grey"] < strip["specialist"]
    assert strip["hidden"] == 512
    assert "Worse than plain grey" in asked.verdict()
    assert f"{100 * strip['blind']:.0f} % comes from pixels that are hidden, too" in asked.verdict()
    asked.press("all but a strip")
    ends = now(asked)
    assert ends["hidden"] == 512
    assert half["blind"] < ends["blind"] < 0.5 < strip["blind"]
    assert ends["specialist"] < 0.7 * strip["specialist"]
    asked.press("photograph 1")
    assert asked.run("() => model.now().target") == 0
    asked.press("Other photographs")
    asked.reader.until(READY)
    assert asked.run("() => new Set(model.now().shown).size") == 3


def test_any_part_is_hidden_by_mouse_by_finger_and_by_keys(played):  # noqa: F811
    asked = played("natural-images", 390)
    now(asked)
    asked.press("what I draw")
    assert now(asked)["hidden"] == 0
    assert asked.verdict() == "Hide something: draw over the photograph."
    for finger in (False, True):
        before = now(asked)["hidden"]
        rows = (0.25, 0.25) if finger else (0.15, 0.15)
        asked.drag(CANVAS, (0.1, rows[0]), (0.4, rows[1]), finger=finger)
        assert before + 60 < now(asked)["hidden"] < 512
        assert asked.run("() => scrollY") == 0
    both = now(asked)
    assert both["specialist"] > 0
    asked.drag(CANVAS, (0.1, 0.15), (0.4, 0.15))  # from what is hidden: it is shown again
    assert now(asked)["hidden"] < both["hidden"] - 60
    asked.press("a disc")
    assert abs(now(asked)["hidden"] - 512) < 20
    asked.press("what I draw")
    asked.type(CANVAS, "ArrowRight", "ArrowDown", " ")
    assert now(asked)["hidden"] == 64
    asked.type(CANVAS, " ")
    assert now(asked)["hidden"] == 0
