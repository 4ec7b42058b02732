"""Cell types: the memory at the gain that suits each kind of inhibition best."""

import json

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes import experiments as stored
from hebbnotes.chapters.cell_types import experiments, memory
from hebbnotes.chapters.cell_types.scores import gains

NAME = "memory-dale-gains"
CHOSEN = experiments.EXPERIMENTS[NAME].configuration
SMALL = gains.Gains(
    asked=(("once", 24, 2), ("code", 20, 2)),
    patterns=(2, 3),
    tried={
        name: {"gain": (10.0, 20.0), "inhibition": (0.5, 1.0), "eta": etas}
        for name, etas in (("once", (0.5, 1.0)), ("code", (1.0,)))
    },
)


@given(st.integers(0, 1_000), st.sampled_from(list(gains.circuits(24))))
def test_answers_are_judged_by_sign_by_size_and_by_both(seed, kind):
    shown = gains.task(24, 3, "once").sample(3, torch.Generator().manual_seed(seed), torch.float64)
    circuit, numbers = gains.circuits(24)[kind], (30.0, 0.8, 0.02)
    found = gains.measured(shown, numbers, circuit)
    y = memory.run_signed(shown.inputs, *numbers, clamp=shown.clamp, **circuit)[0][-1]
    each = [
        (float(y[b, i]), float(shown.answer[b, i]))
        for b in range(3)
        for i in range(24)
        if shown.erased[b, i]
    ]
    mean = {
        "wrong": sum(a * b <= 0 for a, b in each) / len(each),
        "squared": sum((a - b) ** 2 for a, b in each) / len(each),
        "size": sum(abs(a) for a, _ in each) / len(each),
    }
    assert {name: pytest.approx(its, rel=1e-3, abs=1e-6) for name, its in mean.items()} == {
        name: found[name] for name in mean
    }
    for factor in (0.0, 0.5, 1.0, 2.0, 5.0):
        scaled = sum((factor * a - b) ** 2 for a, b in each) / len(each)
        assert found["scaled"] <= scaled + 1e-3, "no factor does better"


def test_each_kind_is_asked_and_is_what_its_name_says():
    kinds = gains.circuits(1000)
    assert kinds["private"] == {}
    assert [its["k"] for its in kinds.values() if "k" in its] == [0, 1, 250, 500, 750]
    assert [its["eta_inhibition"] for its in kinds.values() if "eta_inhibition" in its] == [1, 0.3]
    each = CHOSEN.choices("once", "private")
    grid = CHOSEN.tried["once"]
    assert len(set(each)) == len(grid["gain"]) * len(grid["inhibition"]) * len(grid["eta"])
    assert {round(gain * eta, 9) for gain, _, eta in each} == set(grid["gain"])
    assert {c for _, c, _ in CHOSEN.choices("once", "none")} == {1.0}


def test_what_did_best_is_found_and_an_equal_is_decided_by_the_other_measure():
    choices = SMALL.choices("once", "private")
    wrong = [0.5, 0.0, 0.0, 0.2, 0.0, 0.5, 0.5, 0.5]
    squared = [0.9, 0.8, 0.4, 0.1, 0.6, 0.9, 0.9, 0.9]
    tried = [
        {
            name: {"once 24": {"2": {"private": values}}}
            for name, values in (("wrong", w), ("squared", squared))
        }
        for w in (wrong, [1e-6 * (k == 1) + w for k, w in enumerate(wrong)])
    ]
    where = ("once 24", "2", "private")
    assert gains.best(tried, "bits", where, SMALL) == choices[2]
    assert gains.best(tried, "squares", where, SMALL) == choices[3]
    same = ("once 24", "2", "plastic")
    assert gains.best(tried, "bits", same, SMALL) == choices[2], "it is private inhibition"


def test_small_experiments_measure_what_they_say(monkeypatch):
    tried = [gains.try_gains({}, seed, SMALL) for seed in (100, 101)]
    json.dumps(tried, allow_nan=False)
    real = stored.seeds
    monkeypatch.setattr(
        gains.stored, "seeds", lambda name: tried if name.endswith("tried") else real(name)
    )
    found = gains.score_gains({}, 0, SMALL)
    json.dumps(found, allow_nan=False)
    for by in ("bits", "squares", "trained"):
        assert set(found[by]) == {"once 24", "code 20"}
        for case in found[by].values():
            for its in case.values():
                assert its["plastic"] == pytest.approx(its["private"], abs=1e-3)
    gain, _, eta = gains.three("once", 0)
    assert found["trained"]["once 24"]["2"]["none"]["gain"] == gain
    shown = next(one for *_, one in SMALL.cases(0))
    y = memory.quick(shown.inputs, (gain, 0.0, eta), clamp=shown.clamp, k=0)
    again = gains.measured(shown, (gain, 0.0, eta), {"k": 0})
    assert found["trained"]["once 24"]["2"]["none"]["wrong"] == again["wrong"]
    assert y.shape == shown.inputs.shape


@pytest.mark.parametrize("case", [f"{schedule} {n}" for schedule, n, _ in CHOSEN.asked])
def test_gains_are_those_that_did_best_on_seeds_of_their_own(case):
    assert experiments.EXPERIMENTS[f"{NAME}-tried"].configuration == CHOSEN
    tried, found = stored.seeds(f"{NAME}-tried"), stored.seeds(NAME)
    schedule = case.split()[0]
    for by, measure in (("bits", "wrong"), ("squares", "squared")):
        for p in CHOSEN.patterns:
            for kind, its in found[0][by][case][str(p)].items():
                asked = "private" if kind == "plastic" else kind
                means = {
                    choice: sum(one[measure][case][str(p)][asked][k] for one in tried) / len(tried)
                    for k, choice in enumerate(CHOSEN.choices(schedule, asked))
                }
                one = (its["gain"], its["inhibition"], its["eta"])
                assert means[one] <= min(means.values()) + 1e-9, (by, p, kind)
                for other in found:
                    same = other[by][case][str(p)][kind]
                    assert (same["gain"], same["inhibition"], same["eta"]) == one
