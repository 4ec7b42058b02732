"""What the change log promises not to change before the next major version is there."""

import json
import re
from pathlib import Path

import hebbnotes
from hebbnotes.experiments import stored

ROOT = Path(__file__).parents[1]
TEXT = " ".join((ROOT / "CHANGELOG.md").read_text(encoding="utf-8").split())
PROMISE = TEXT.partition("what will not before 2.0:")[2].partition("The book:")[0]


def named(after, until):
    """Return the names in code between two places of the promise."""
    return re.findall(r"`([\w.]+)`", PROMISE.partition(after)[2].partition(until)[0])


def test_the_version_has_its_section_and_its_promise():
    assert f"## {hebbnotes.__version__} (" in TEXT
    assert PROMISE


def test_the_promise_names_all_that_is_public():
    assert sorted(named("`from hebbnotes import` (", ")")) == hebbnotes.__all__


def test_no_name_that_was_public_is_gone():
    promised = json.loads((ROOT / "tests" / "promised.json").read_text(encoding="utf-8"))
    for name, its in promised.items():
        gone = {one for one in its if not hasattr(getattr(hebbnotes, name), one)}
        assert not gone, f"{name} lacks {gone}: they are promised until version 2"


def test_stored_results_have_the_keys_that_are_promised():
    keys = set(named("A result is JSON with", "keys may be added"))
    assert {"configuration", "seeds", "versions"} < keys
    read = 0
    for name, entry in stored.index().items():
        for scale in entry["scales"].values() if "seeds" in entry else ():
            path = ROOT / "hebbnotes" / "results" / f"{scale['file']}.json"
            if path.exists():
                found = json.loads(path.read_text(encoding="utf-8"))
                assert keys <= set(found), f"{name} lacks {keys - set(found)}"
                read += 1
    assert read > 100


def test_weights_have_the_format_that_is_promised():
    assert f"`{stored.WEIGHTS}`" in PROMISE
