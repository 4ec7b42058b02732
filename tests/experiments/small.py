"""Small experiments for the tests of their machinery."""

from importlib import import_module

from hebbnotes.experiments import stored

TINY = {"n_bits": 12, "updates": 6, "test_episodes": 2}


def put(monkeypatch, name, one):
    """Put an experiment in the place of another, in its chapter and in the index."""
    chapter = stored.index()[name]["chapter"]
    module = import_module(f"hebbnotes.chapters.{chapter}.experiments")
    monkeypatch.setitem(module.EXPERIMENTS, name, one)
    entry, before = one.entry(name), stored.index()[name]["scales"]
    for scale, its in entry["scales"].items():
        its["sha256"] = before.get(scale, {}).get("sha256", {})
    monkeypatch.setitem(stored.index(), name, {"chapter": chapter, **entry})


def without_seconds(numbers):
    return {key: value for key, value in numbers.items() if key != "seconds"}
