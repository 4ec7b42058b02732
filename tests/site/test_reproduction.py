"""The page that puts the paper's numbers beside ours: it holds everything, and nothing that is not stored."""

import subprocess
import sys

import pytest

from hebbnotes.experiments import EXPERIMENTS, PAPER, result
from tools import reproduction


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
