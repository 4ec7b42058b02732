"""Two networks that complete photographs, asked as they were trained to be, and otherwise."""

import torch

from hebbnotes import experiments, tasks
from hebbnotes.chapters.natural_images import live
from hebbnotes.chapters.natural_images.experiments import load
from hebbnotes.figures.live import unpacked
from hebbnotes.networks import run

CANVAS = "What is asked. Arrow keys move a square, the space bar hides or shows it."
NOW = "() => { const { errors, hidden, blind } = model.now(); return { ...errors, hidden: hidden.filter(x => x).length, blind }; }"


def test_few_numbers_answer_as_all_do_and_fall_a_little_less():
    told, g, pixel = live.numbers(), torch.Generator().manual_seed(3), torch.arange(1024)
    patterns = unpacked(told["pieces"]).float().view(4, 3, -1).repeat(3, 1, 1)
    lower, strip = pixel >= 512, pixel // 256 % 3 > 0
    erased = torch.stack([lower] * 4 + [~lower] * 4 + [strip] * 4)
    shown = live.TASK.episodes(patterns, g, erased=erased)
    cost = {}
    for kind, name in (("full", "specialist"), ("shared", "generalist")):
        net = load(kind, live.TASK, experiments.weights(f"images-{kind}"), "0.")
        w, alpha = (part.float() for part in live.dense(told[name]))
        for numbers in ((net.w, net.alpha), (w, alpha)):
            with torch.no_grad():
                y = run(shown.inputs, *numbers, net.eta, clamp=shown.clamp)[0][-1]
            each = tasks.squared_error(y, shown)
            cost.setdefault(kind, []).append((each[:8].mean().item(), each[8:].mean().item()))
    (half, fell), (of_few, gentler) = cost["full"]
    assert of_few < 1.2 * half
    assert tasks.squared_error(torch.zeros(12, 1025), shown)[8:].mean() < gentler < fell
    (half, fell), (of_few, too) = cost["shared"]
    assert abs(of_few / half - 1) < 0.2
    assert abs(too / fell - 1) < 0.2


def now(asked) -> dict:
    """Return errors and what is hidden, when both networks have answered."""
    return asked.run(NOW)


def test_the_specialist_leads_as_it_was_trained_and_is_worse_than_grey_where_a_strip_is_hidden(
    played,
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
    assert f"{100 * strip['blind']:.0f} % come from hidden pixels" in asked.verdict()
    asked.press("all but a strip")
    ends = now(asked)
    assert ends["hidden"] == 512
    assert half["blind"] < ends["blind"] < 0.5 < strip["blind"]
    assert ends["specialist"] < 0.7 * strip["specialist"]
    asked.press("photograph 1")
    assert asked.run("() => model.now().target") == 0
    asked.press("Other photographs")
    assert asked.run("() => new Set(model.now().shown).size") == 3


def test_any_part_is_hidden_by_mouse_by_finger_and_by_keys(played):
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
