"""The page that puts the paper's numbers beside ours: it holds everything, and nothing that is not stored."""

import subprocess
import sys

import pytest

from hebbnotes.experiments import EXPERIMENTS, PAPER, result, weights
from tools import reproduction, verdicts


def test_every_figure_and_table_of_the_paper_has_results_and_a_section_with_its_version():
    page = reproduction.page()
    done = {figure for one in EXPERIMENTS.values() for figure in one.paper}
    assert done == set(PAPER), "figures of experiments, and of the paper"
    assert set(reproduction.TOLD) == done
    for figure, published in PAPER.items():
        text = reproduction.section(figure)
        assert text in page
        assert published.version in text
        assert published.text in text


@pytest.mark.parametrize("name", [name for name, one in EXPERIMENTS.items() if one.paper])
def test_every_stored_result_is_on_the_page_with_interval_seeds_command_and_difference(name):
    experiment = EXPERIMENTS[name]
    text = reproduction.section(experiment.paper[0])
    for scale in experiment.stored:
        found = result(name, scale)
        row = next(line for line in text.splitlines() if line.startswith(f"| `{name}`, {scale} |"))
        factor, digits = (
            (100, 2) if found["unit"].startswith("share") else (1, 4 if found["value"] < 1 else 2)
        )
        for number in (found["value"], *found["ci95"]):
            assert f"{factor * number:.{digits}f}" in row or "none wrong" in row
        assert f"| {len(found['seeds'])}, " in row
        assert f"`{found['command']}`" in text
    assert experiment.difference
    assert experiment.difference in text
    as_published = "paper" in experiment.scales and experiment.scaled("paper") not in map(
        experiment.scaled, experiment.stored
    )
    assert (f"`python -m hebbnotes.experiments run {name} --scale paper`" in text) == (
        as_published or "paper" in experiment.stored
    )


LINES = [(figure, *line) for figure in PAPER for line in reproduction.rows(figure)]


@pytest.mark.parametrize(("figure", "name", "scale", "found"), LINES, ids=lambda one: str(one)[:20])
def test_every_line_has_a_verdict_that_its_numbers_allow_and_a_cause(figure, name, scale, found):
    verdict = verdicts.VERDICTS[name, scale]
    assert verdict.word in reproduction.allowed(figure, found)
    text = reproduction.section(figure)
    assert f"| `{name}`, {scale} | **{verdict.word}** |" in text
    assert f"* `{name}`, {scale}: {verdict.cause}." in text
    assert verdicts.WORDS[verdict.word] in reproduction.page()
    assert reproduction.lowest(found) in text


@pytest.mark.parametrize(
    ("firsts", "word"),
    [
        ([90, 100], "faster"),
        ([90, 101], "reproduced"),
        ([250, 9], "reproduced"),
        ([251, 9], "not"),
        ([9, None], "not"),
    ],
)
def test_what_numbers_allow(firsts, word):
    seeds = {str(k): {"episodes_to_1_percent": one} for k, one in enumerate(firsts)}
    assert reproduction.allowed("Figure 2", {"seeds": seeds}) == {word, "other", "no verdict"}
    assert reproduction.allowed("Figure 5", {"seeds": seeds}) == {"other", "no verdict"}


def test_a_scale_that_was_not_run_is_not_attempted():
    text = reproduction.section("Table 1")
    assert "| `omniglot-plastic`, paper | **not attempted** |" in text
    assert "not attempted** |" not in reproduction.section("Figure 2"), "the book's is the paper's"


def test_an_experiment_without_a_result_is_not_attempted():
    for name, one in EXPERIMENTS.items():
        if one.paper and not one.stored:
            text = reproduction.section(one.paper[0])
            assert f"| `{name}`, book | **not attempted** |" in text
            assert f"run {name}`" in text


@pytest.mark.parametrize("name", ["maze-recurrent", "images-none"])
def test_networks_without_plasticity_have_no_eta(name):
    words = verdicts.SETTINGS["eta"]
    assert words not in {row[0] for row in reproduction.differences(name)}
    assert words in {row[0] for row in reproduction.differences("maze-plastic")}


def test_settings_that_differ_come_from_the_configurations():
    rows = {row[0]: row[1:] for row in reproduction.differences("fifty-bits-plastic-2")}
    assert rows["learning rate"] == ["0.0003", "0.01", "0.0003"]
    assert rows["η is trained"] == ["yes", "no", "yes"]
    assert "further units or cells" not in rows, "the same in all"
    for name, authors in verdicts.AUTHORS.items():
        if name in EXPERIMENTS and reproduction.stored(name):
            known = set(result(name, reproduction.stored(name)[0])["configuration"])
            assert set(authors.settings) <= known | {"n_units"}, name
            assert set(authors.settings) <= set(verdicts.SETTINGS)
    assert {name for name, one in EXPERIMENTS.items() if one.paper} - set(verdicts.AUTHORS) == {
        "omniglot-prototypes"  # the paper has no such run
    }


@pytest.mark.parametrize("name", ["fifty-bits-plastic-2", "images-full", "maze-plastic"])
def test_eta_is_trained_as_a_logit_where_the_page_says_so(name):
    kept = weights(name, "paper" if name.startswith("fifty") else "book")
    assert any(key.endswith("eta_logit") for key in kept)


def test_the_lowest_error_of_a_curve_is_told_with_its_time():
    curve = {"all_bits_by_update": [0.5] * 10 + [0.1] * 10 + [0.3] * 10}
    blocks = {"all_bits": [0.4, 0.2, 0.3], "episodes": [10, 20, 30]}
    found = {"configuration": {"batch": 1}, "seeds": {"0": curve, "1": curve}}
    assert reproduction.lowest(found) == "; lowest in training: 10.00 %, at 20 episodes"
    found["seeds"] = {"0": curve, "1": blocks}
    assert reproduction.lowest(found).endswith("10.00 to 20.00 %, at 20 episodes")
    assert reproduction.lowest({"configuration": {}, "seeds": {"0": {"finds": [1]}}}) == ""


def test_no_error_in_a_finite_test_is_written_as_such():
    one = {"test_bits": 5_000}
    found = {
        "value": 0.0,
        "ci95": [0.0, 0.0],
        "unit": "share of bits",
        "seeds": {"0": one, "1": one},
    }
    assert reproduction.value(found) == "none wrong of 10,000 bits"
    found |= {"value": 0.0123, "ci95": [0.01, 0.02]}
    assert reproduction.value(found) == "1.23 % (1.00 to 2.00 %)"
    assert reproduction.value(found | {"unit": "squared error"}) == "0.0123 (0.0100 to 0.0200)"


def test_further_numbers_tell_in_how_many_seeds_they_were_reached():
    name = "thousand-bits"
    (key, meaning), *_ = EXPERIMENTS[name].also.items()
    for each, wanted in (
        ([90, 1200], f"; 90 to 1,200 {meaning}"),
        ([90, None], f"; 90 to 90 {meaning} (in 1 of 2 seeds)"),
    ):
        assert (
            reproduction.further(name, {"seeds": {k: {key: value} for k, value in enumerate(each)}})
            == wanted
        )
    never = reproduction.further(name, {"seeds": {0: {key: None}}})
    assert never.startswith("; never ")
    assert "until" not in never


def test_the_page_is_made_without_torch():
    program = (
        "import sys; from tools import reproduction\n"
        "assert reproduction.page() and 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
