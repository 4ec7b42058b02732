"""What is fetched, by whom it is run, and on which systems: as the README and the workflow say."""

import re

import pytest
import yaml

from tools.build import ROOT

WORKFLOW = (ROOT / ".github" / "workflows" / "book.yml").read_text(encoding="utf-8")
JOBS = yaml.safe_load(WORKFLOW)["jobs"]
PAGES = ["README.md", "CONTRIBUTING.md", *(f"book/{p.name}" for p in (ROOT / "book").glob("*.md"))]


def test_every_action_is_the_one_of_a_commit():
    used = [step["uses"] for job in JOBS.values() for step in job["steps"] if "uses" in step]
    assert used
    assert [one for one in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", one)] == []


def test_who_may_publish_runs_no_code_of_the_repository():
    assert yaml.safe_load(WORKFLOW)["permissions"] == {"contents": "read"}
    may = {name: job for name, job in JOBS.items() if "permissions" in job}
    assert list(may) == ["publish"]
    assert [step["uses"].partition("@")[0] for step in may["publish"]["steps"]] == [
        "actions/deploy-pages"
    ]


def test_the_tests_that_the_workflow_names_are_there():
    named = re.findall(r"--(?:deselect|ignore) (\S+)", WORKFLOW)
    assert named
    for one in named:
        path, _, test = one.partition("::")
        assert (ROOT / path).is_file(), one
        assert f"def {test}" in (ROOT / path).read_text(encoding="utf-8"), one


@pytest.mark.parametrize("name", PAGES)
def test_no_command_fetches_what_its_reader_does_not_expect_and_no_system_is_claimed_untried(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    for line in re.findall(r"pip install [^`\n]*", text):
        if re.search(r" torch\b| \.(\[|\s|$)", line):  # by itself it brings 3 GB of CUDA on Linux
            assert "--extra-index-url https://download.pytorch.org/whl/cpu" in line, line
    for place in re.finditer("macOS", text):
        assert text[place.end() :].startswith(" on Apple silicon"), "there is no torch for others"
