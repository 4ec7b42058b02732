"""The drawn diagrams: each file is what its program draws, legible on a phone in both themes, and
shows what was computed.
"""

import itertools
import re
from types import SimpleNamespace

import numpy as np
import pytest
from docutils import nodes
from docutils.utils import new_document

from hebbnotes.figures import palette
from tools import book_extension
from tools.drawings import (
    buckets,
    chalk,
    clocks,
    cloud,
    expected,
    hand,
    interneurons,
    landscape,
    lives,
    neuron,
    news,
    pencil,
    shared,
    sheets,
    stranger,
    swap,
    synapse,
    tide,
    trial,
    unrolled,
    votes,
    windows,
)
from tools.drawings.__main__ import DRAWINGS, FILES, FOLDER
from tools.drawings.drawing import DARK, LIGHT, WIDTH, Drawing

PHONE = 358  # pixels that a figure has on a phone of 390
LEGIBLE = 11  # pixels
PALETTE = {shade.lower() for shades in palette.SHADES.values() for shade in shades}
NUMBER = re.compile(r"-?\d*\.?\d+")

# Of each text: its words, colour, what is painted below its middle (colour, opacity; the lowest first), size, weight and box.
LOOK = """() => { const svg = document.querySelector('svg.drawing'), frame = svg.getBoundingClientRect();
  return [...svg.querySelectorAll('text')].map(text => {
    const box = text.getBoundingClientRect(), css = getComputedStyle(text), below = [];
    const all = document.elementsFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    for (const other of all.slice(all.indexOf(text) + 1)) {
      if (!svg.contains(other) || other === svg || other.matches('text, tspan, g')) continue;
      const look = getComputedStyle(other);
      if (look.fill !== 'none') below.unshift([look.fill, +look.fillOpacity]);
    }
    return {words: text.textContent, colour: css.fill, below, halo: text.matches('.halo'), size: parseFloat(css.fontSize) * frame.width / svg.viewBox.baseVal.width,
      smallest: Math.min(...[text, ...text.querySelectorAll('tspan')].map(e => parseFloat(getComputedStyle(e).fontSize))) * frame.width / svg.viewBox.baseVal.width,
      bold: +css.fontWeight >= 700, box: [box.left - frame.left, box.top - frame.top, box.right - frame.left, box.bottom - frame.top], frame: [frame.width, frame.height]};
  });
}"""


def luminance(rgb):
    """Return the relative luminance of a colour of three numbers from 0 to 255 (WCAG 2)."""
    c = np.asarray(rgb) / 255
    return np.where(c <= 0.03928, c / 12.92, ((c + 0.055) / 1.055) ** 2.4) @ [
        0.2126,
        0.7152,
        0.0722,
    ]


def contrast(one, other):
    """Return the ratio of contrast of two colours."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def rgb(colour):
    """Read #rrggbb, or rgb(r, g, b)."""
    if colour.startswith("#"):
        return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return [float(v) for v in NUMBER.findall(colour)[:3]]


def looked_at(page, text, theme):
    """Return what :data:`LOOK` finds of a drawing in a page of a theme, on a phone."""
    page.set_viewport_size({"width": PHONE, "height": 800})
    page.set_content(
        f'<html data-theme="{theme}"><body style="margin:0;background:{ {"light": LIGHT, "dark": DARK}[theme]["paper"] }">{text}'
    )
    return page.evaluate(LOOK)


def legible(found, theme):
    """Return what is wrong with the texts of a drawing."""
    faults = []
    for text in found:
        (x, y, right, bottom), (width, height) = text["box"], text["frame"]
        if min(x, y) < 0 or right > width or bottom > height:
            faults.append(f"{text['words']} leaves the picture")
        if text["smallest"] < LEGIBLE:
            faults.append(f"{text['words']} has {text['smallest']:.1f} pixels")
        under = np.array(rgb({"light": LIGHT, "dark": DARK}[theme]["paper"]), dtype=float)
        for colour, opacity in [] if text["halo"] else text["below"]:
            under = (1 - opacity) * under + opacity * np.array(rgb(colour))
        least = 3 if text["bold"] and text["size"] >= 18.66 else 4.5
        if (ratio := contrast(rgb(text["colour"]), under)) < least:
            faults.append(f"{text['words']} has a contrast of {ratio:.2f} in the {theme} theme")
    for one, other in itertools.combinations(found, 2):
        a, b = one["box"], other["box"]
        wide, high = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
        if wide > 0 and high > 0.3 * min(a[3] - a[1], b[3] - b[1]):
            faults.append(f"{one['words']} lies on {other['words']}")
    return faults


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_what_its_program_draws(name):
    drawn, stored = FILES[name](), (FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    assert NUMBER.sub("0", stored) == NUMBER.sub("0", drawn), f"python -m tools.drawings {name}"
    there, here = ([float(v) for v in NUMBER.findall(text)] for text in (stored, drawn))
    np.testing.assert_allclose(there, here, atol=0.11)  # a last decimal, on another processor


def test_every_drawing_has_a_program_and_is_small():
    files = {
        path.stem: len(path.read_bytes())
        for path in FOLDER.glob("*.svg")
        if 'class="drawing"' in path.read_text(encoding="utf-8")
    }
    assert set(files) == set(DRAWINGS)
    assert max(files.values()) < 40_000


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", DRAWINGS)
def test_on_a_phone_each_word_can_be_read_in_both_themes(blank, name, theme):
    text = (FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    found = looked_at(blank, text, theme)
    assert found
    assert not legible(found, theme)


def test_what_cannot_be_read_is_found(blank):
    d = Drawing("faults", 100, "Faults")
    d.text(550, 20, "leaves")
    d.text(100, 50, "small", size=12)
    d.text(100, 52, "upon")
    d.text(300, 50, "pale", "faint")
    d.box(380, 20, 100, 60, "", "ink")
    d.text(430, 52, "sunk")
    faults = " ".join(legible(looked_at(blank, d.svg(), "light"), "light"))
    for fault in (
        "leaves leaves",
        "small has 7",
        "small lies on upon",
        "pale has a contrast",
        "sunk has a contrast of 1.00",
    ):
        assert fault in faults


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_each_colour_is_of_the_palette_and_stands_out(theme):
    neutral = {"ink", "muted", "faint", "paper"}
    assert {theme[role].lower() for role in set(theme) - neutral} <= PALETTE
    for role in neutral:
        assert np.ptp(rgb(theme[role])) <= 7  # all but grey
    for role in set(theme) - {"paper"}:
        assert contrast(rgb(theme[role]), rgb(theme["paper"])) >= (
            4.5 if role in {"ink", "muted", "blue"} else 3
        ), role


def test_a_colour_that_no_theme_has_is_refused():
    with pytest.raises(ValueError, match="no colour 'mauve': choose one of ink"):
        Drawing("d", 10, "A line.").path([(0, 0), (1, 1)], "mauve")


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_has_no_other_colour(name):
    text = DRAWINGS[name]().svg()
    assert set(re.findall("#[0-9a-fA-F]{6}", text)) <= set(LIGHT.values()) | set(DARK.values())
    shapes = text.partition("</style>")[2]
    assert not re.search(r'(?:fill|stroke)="(?!none)|#|rgb| style=', shapes)
    assert f'viewBox="0 0 {WIDTH} ' in text


def test_a_page_holds_the_drawing_itself_with_the_words_of_the_page():
    document = new_document("page")
    document += nodes.image(uri="_static/synapse.svg", alt='What it "sees"')
    document += nodes.image(uri="_static/hippocampus.svg", alt="A section")
    for kind in ("latex", "html"):
        app = SimpleNamespace(builder=SimpleNamespace(format=kind), srcdir=FOLDER.parent)
        book_extension.inline_drawings(app, document, "page")
        assert len(list(document.findall(nodes.image))) == (2 if kind == "latex" else 1)
    (raw,) = document.findall(nodes.raw)
    assert raw["format"] == "html"
    assert 'aria-label="What it &quot;sees&quot;">' in raw.astext()
    assert raw.astext().count("aria-label") == 1


@pytest.mark.parametrize("sees", [(), ("signal",), ("type", "place"), tuple(synapse.AROUND)])
def test_a_synapse_sees_what_it_is_told_to(blank, sees):
    d = synapse.draw(sees)
    found = looked_at(blank, d.svg(), "light")
    assert not legible(found, "light")
    blue = {text["words"] for text in found if rgb(text["colour"]) == rgb(LIGHT["blue"])}
    assert blue == {"what this synapse can see", *(synapse.AROUND[key][0] for key in sees)}
    inside, _, outside = d.label.partition("Outside")
    for key, (words, _) in synapse.AROUND.items():
        assert words in (inside if key in sees else outside)


def test_a_synapse_sees_nothing_unknown():
    with pytest.raises(ValueError, match=r"sees may name error, signal.*got dreams"):
        synapse.draw(["dreams"])


def test_the_pencil_darkens_where_both_ends_agree_and_fades_elsewhere():
    before = [0, *pencil.marks()]
    for (pre, post), old, new in zip(pencil.EPISODE, before, before[1:], strict=False):
        assert new == pytest.approx(old + pencil.ETA * (pre * post - old))
        assert (new > old) == (pre * post > 0)


def test_a_pencil_mark_below_zero_looks_unlike_one_above():
    looks = [pencil.look(mark) for mark in pencil.marks()]
    assert {sign for *_, sign in looks} == {"+", "0", "−"}
    for mark, (strokes, colour, sign) in zip(pencil.marks(), looks, strict=True):
        assert (strokes > 0) == (abs(mark) > 0.01)
        assert sign == ("0" if abs(mark) < 0.01 else "+" if mark > 0 else "−")
        assert colour == {"+": "blue", "0": "muted", "−": "pink"}[sign]
    assert pencil.look(0.4)[0] == pencil.look(-0.4)[0] > pencil.look(0.2)[0]
    drawn = pencil.draw().svg()
    for role in ("blue", "pink"):
        marks = [strokes for strokes, colour, _ in looks if colour == role]
        assert drawn.count(f"s-{role}") >= sum(marks) > 0


def test_the_neuron_s_voltage_obeys_its_equation():
    spikes = neuron.inputs()
    trace, own = neuron.voltage(spikes)
    assert len(own) >= 3
    assert trace.max() < neuron.THRESHOLD
    steps = (own / neuron.STEP).astype(int)
    assert (trace[steps] == neuron.RESET).all()
    assert spikes[steps].any(1).all()  # it fires at inputs alone
    quiet = np.flatnonzero(~spikes[1:].any(1)) + 1
    left = (trace[quiet] - neuron.REST) / (trace[quiet - 1] - neuron.REST + 1e-12)
    np.testing.assert_allclose(left[trace[quiet - 1] > neuron.REST], 1 - neuron.STEP / neuron.TAU)


def test_the_landscape_is_that_of_a_hopfield_network():
    (first, second, third), w = landscape.network()
    _, states, names = landscape.path()
    assert (w == w.T).all()
    assert not np.diag(w).any()
    for name, state in (
        ("first", first),
        ("second", second),
        ("spurious", np.sign(first + second + third)),
    ):
        assert (states[names[name]] == state).all()
        assert (state * (w @ state) > 0).all()  # each flip would climb
    spurious = states[names["spurious"]]
    assert not any((spurious == s * p).all() for p in (first, second, third) for s in (1, -1))
    assert all((a != b).sum() == 1 for a, b in itertools.pairwise(states))
    assert (landscape.downhill(w, states[names["cue"]]) == first).all()
    way = [landscape.energy(w, s) for s in states[names["cue"] : names["first"] + 1]]
    assert (np.diff(way) < 0).all()
    assert landscape.energy(w, spurious) > max(landscape.energy(w, p) for p in (first, second))


@pytest.mark.parametrize("mean", [(0, 0), cloud.MEAN])
def test_hebb_runs_off_and_oja_keeps_length_one_along_the_cloud_or_its_mean(mean):
    points = cloud.inputs() + mean
    towards = cloud.direction(points) if mean == (0, 0) else np.array(mean) / np.hypot(*mean)
    hebb, oja = (cloud.weights(points, oja)[-1] for oja in (False, True))
    assert np.hypot(*hebb) > 6
    assert np.hypot(*oja) == pytest.approx(1, abs=0.03)
    assert abs(oja @ towards) > 0.99
    assert (
        abs(hebb @ towards) / np.hypot(*hebb) > 0.97
    )  # it still turns when it has left the picture


def test_the_unrolled_network_is_one_that_ran():
    w, outputs, traces = unrolled.run()
    assert not traces[0].any()
    for t in (1, 2, 3):
        drive = unrolled.INPUTS[t] + outputs[t - 1] @ (w + unrolled.ALPHA * traces[t - 1])
        np.testing.assert_allclose(outputs[t], np.tanh(drive))
    for t in (1, 2):
        written = np.outer(outputs[t - 1], outputs[t])
        np.testing.assert_allclose(
            traces[t], traces[t - 1] + unrolled.ETA * (written - traces[t - 1])
        )


def test_the_traces_of_three_lives_follow_the_rule_and_begin_blank():
    patterns, traces = lives.lives()
    assert np.all(np.abs(patterns) == 1)
    for (first, second), after in zip(patterns, traces, strict=True):
        steps = [one for shown in (first, second, first * lives.CUE) for one in [shown] * 2]
        trace, before = np.zeros_like(after[0]), np.zeros(lives.UNITS)
        for t, now in enumerate(steps):
            trace = trace + lives.ETA * (np.outer(before, now) - trace)
            before = now
            if t % 2:
                np.testing.assert_allclose(after[t // 2], trace)
        np.testing.assert_allclose(after[0], lives.ETA * np.outer(first, first))


def test_guesses_vote_where_the_picture_is_missing_and_nowhere_else():
    for _, missing, lines, _ in votes.PANELS:
        assert len(missing) == votes.ROWS / 2
        assert set(lines) <= set(range(votes.ROWS))
    everybody, half, trusted = (set(lines) & set(missing) for _, missing, lines, _ in votes.PANELS)
    assert (len(everybody), len(half), len(trusted)) == (4, 0, 2)
    _, missing, lines, _ = votes.PANELS[-1]
    assert min(lines[row] for row in missing if row in lines) > max(
        width for row, width in lines.items() if row not in missing
    )
    drawn = votes.draw().svg().partition("</style>")[2]
    assert drawn.count("s-pink") == 6
    assert drawn.count("s-blue") == 10


def test_the_chalk_fades_between_pairs_and_only_a_bell_moves_the_weight():
    marks, weights = chalk.lived()
    times = np.round(np.arange(len(marks)) * chalk.STEP, 6)
    paired, rung = (np.isin(times[:-1], list(at)) for at in (chalk.PAIRS, chalk.BELLS))
    fading = ~paired
    fade = np.exp(-chalk.STEP / chalk.TAU)
    np.testing.assert_allclose(marks[1:][fading], fade * marks[:-1][fading])
    assert (marks[1:][paired] > marks[:-1][paired] + 0.9).all()
    assert (np.diff(weights)[~rung] == 0).all()
    moved = [m * marks[round(t / chalk.STEP)] for t, m in chalk.BELLS.items()]
    np.testing.assert_allclose(np.diff(weights)[rung], moved)
    assert moved[0] > -moved[1] > 0


def test_the_ladder_of_windows_is_logarithmic_and_in_order():
    tens = [windows.across(t) for t in (0.01, 0.1, 1.0, 10.0)]
    np.testing.assert_allclose(np.diff(tens), np.diff(tens)[0])
    starts = [low for _, low, _, _ in windows.WINDOWS]
    assert starts == sorted(starts)
    assert all(low <= high for _, low, high, _ in windows.WINDOWS)


def test_the_pencil_darkens_at_the_reward_alone_by_the_pair_that_rings_or_by_the_mark_that_is_left():
    for rings in (True, False):
        of = hand.lived(rings)
        pressed = of["signal"] > 0
        assert pressed.nonzero()[0].tolist() == [hand.REWARD]
        before = np.concatenate([[0], of["pencil"][:-1]])
        written = of["pencil"] - (1 - hand.ETA) * before
        np.testing.assert_allclose(written[~pressed], 0, atol=1e-12)
        what = of["pair"] if rings else of["mark"]
        np.testing.assert_allclose(written[pressed], what[pressed])
        late = hand.REWARD - max(cue for cue in hand.CUES if cue < hand.REWARD)
        left = (
            hand.RINGS ** (2 * late) if rings else hand.ETA_E * (1 - hand.ETA_E) ** (late - 1)
        ) * hand.SIZES[hand.REWARD - late]
        assert 0 < left <= written[pressed][0] < left + 0.1, "and a little of the cue before"
    assert (of["pair"] != 0).sum() == len(hand.CUES)


def test_each_kind_of_interneuron_reaches_what_was_found_and_nothing_else():
    lines = set(interneurons.WAYS) | {("PV", "PV")}
    assert lines == interneurons.INHIBITS
    assert ("SST", "SST") not in lines, "they avoid one another"
    assert {receiver for sender, receiver in lines if sender == "VIP"} == {"SST"}
    for (sender, receiver), way in interneurons.WAYS.items():
        near = [np.hypot(*np.subtract(way[0], interneurons.AT[sender]))]
        if receiver in interneurons.AT:
            near += [np.hypot(*np.subtract(way[-1], interneurons.AT[receiver]))]
        assert max(near) < interneurons.RADIUS + 22, "a line begins and ends at its cells"
    assert 0 < interneurons.SHARE["VIP"] < interneurons.SHARE["SST"] < interneurons.SHARE["PV"]
    assert sum(interneurons.SHARE.values()) < 100, "one group is not drawn"


def test_one_plastic_interneuron_tells_each_cell_what_a_private_one_would():
    told = shared.inhibited()
    np.testing.assert_array_equal(told["one, plastic"], told["private"])
    np.testing.assert_array_equal(told["private"], shared.SAID)
    for row, said in zip(told["one, fixed"], shared.SAID, strict=True):
        assert len(set(row)) == 1
        assert row[0] == pytest.approx(said.mean())
    assert (shared.SAID[0] != shared.SAID[1]).any()
    drawn = shared.draw().svg().partition("</style>")[2]
    strong = sum(int((values > 0).sum()) for values in told.values())
    assert drawn.count('stroke-dasharray="2 5"') == 3 * shared.SAID.size - strong


def test_a_bucket_that_pours_back_is_as_slow_as_one_with_a_small_hole_and_far_more_easily_wrong():
    cell, wiring = (buckets.time_constants(wiring) for wiring in (False, True))
    assert cell[1] == pytest.approx(wiring[1]) == buckets.SLOW
    np.testing.assert_allclose(cell, buckets.SLOW * np.array([0.98, 1, 1.02]))
    for factor, tau in zip((0.98, 1.02), (wiring[0], wiring[2]), strict=True):
        dt, w = 1e-4, factor * buckets.BACK  # dh/dt = (w h - h) / tau, followed for a time tau_eff
        left = (1 + dt * (w - 1) / buckets.FAST) ** (tau / dt)
        assert left == pytest.approx(np.exp(-1), rel=1e-3)
    assert wiring[0] < 0.65 * buckets.SLOW < 2.5 * buckets.SLOW < wiring[2]
    steps, level = np.array(buckets.levels(wiring[0])).T
    np.testing.assert_allclose(np.log(level), -steps / wiring[0])


def test_the_ladder_of_clocks_is_logarithmic_and_its_medians_lie_within():
    tens = [clocks.across(t) for t in (0.001, 0.01, 0.1, 1.0, 10.0)]
    np.testing.assert_allclose(np.diff(tens), np.diff(tens)[0])
    for _, low, middle, high, _ in clocks.CLOCKS:
        assert clocks.LOW < low < high < clocks.HIGH
        assert middle is None or low < middle < high


def test_what_shows_above_a_tide_is_a_picture_of_how_tall_the_posts_are():
    way = np.linspace(0.05, 0.95, 19)
    unequal, alike = tide.heights()
    assert unequal.mean() == pytest.approx(alike.mean(), rel=0.05), "alike on average"
    many = -tide.MEAN * np.log(1 - (np.arange(40_000) + 0.5) / 40_000)
    for share in way:
        shows = np.maximum(many - tide.depth(share), 0).mean()
        assert tide.left_over(share, False) == pytest.approx(shows, rel=0.01)
    curve = np.log(tide.left_over(way, False))
    np.testing.assert_allclose(np.diff(curve), np.diff(curve)[0])
    ramp = tide.left_over(way, True)
    np.testing.assert_allclose(ramp, np.maximum(alike[0] - tide.depth(way), 0))
    assert ramp[0] > 0 == ramp[-1]


def test_any_swap_keeps_degrees_and_only_like_for_like_keeps_lengths():
    for kind, before in swap.BEFORE.items():
        after = swap.swapped(before)
        assert sorted(cell for link in before for cell in link) == sorted(
            cell for link in after for cell in link
        )
        assert (swap.lengths(before) == swap.lengths(after)) == (kind == "alike")
        assert set(map(frozenset, before)) & set(map(frozenset, after)) == set()


def test_of_the_two_moves_of_a_trial_just_one_leads_nearer_to_its_goal():
    assert [trial.nearer(move) for move in trial.OFFER] == [True, False]
    right = next(way for way in trial.OFFER if trial.nearer(way))
    before, after = ((np.hypot(*np.subtract(trial.GOAL, at))) for at in ((0, 0), right))
    assert after < before


def test_news_of_a_mistake_comes_back_as_thick_as_it_was_sent_or_the_other_way_round():
    assert news.BACK["truth"] == news.FORWARD == news.BACK["lie"][::-1]
    drawn = news.draw().svg().partition("</style>")[2]
    widths = re.findall(r'class="s-(ink|blue)"[^>]*stroke-width="(7|2)"', drawn)
    arrows = [(role, width) for role, width in widths if role == "blue"]
    assert [width for _, width in arrows] == ["7", "2", "2", "7"]
    assert set(news.TITLES) - set(news.BACK) == {"average", "nothing"}


def test_a_sheet_and_a_comparison_give_one_answer():
    one_by_one = sum(c * v for c, v in zip(sheets.COMPARED, sheets.VALUES, strict=True))
    assert (one_by_one == sheets.ANSWER).all()
    assert (np.sign(sheets.ANSWER) == sheets.VALUES[1]).all()
    assert (sheets.COMPARED > 0).all()
    drawn = sheets.draw().svg()
    for number in (*sheets.TRACE.ravel(), *sheets.ANSWER):
        assert f">{number}<".replace("-", "−") in drawn


def test_the_stranger_has_a_feature_of_each_and_asks_for_the_fact_beside_it():
    assert sorted(stranger.STRANGER) == sorted(stranger.PEOPLE)
    drawn = stranger.draw().svg()
    for letter, colour in stranger.PEOPLE.items():
        assert drawn.count(f">{letter}<") == len(stranger.FEATURES + stranger.FACTS) + 1
        assert drawn.count(f's-{colour}"') == 1
        assert drawn.count(f"s-{colour} f-{colour}") == 9
    assert drawn.count(">?<") == len(stranger.FACTS) == len(stranger.FEATURES)


def test_what_a_rule_computes_is_read_at_other_synapses():
    drawn = expected.draw().svg().partition("</style>")[2]
    others = len(expected.SENDERS) - 1
    assert len(re.findall(r'<circle class="s-red"', drawn)) == 2 * others  # senders and weights
    assert "six numbers" in expected.draw().svg()
    assert 2 * others == 6
