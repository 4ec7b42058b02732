"""What a rule reads, and which rules are local."""

import ast
import functools
import importlib
import inspect
import pkgutil
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes import chapters, check, rules


def test_reads_refuses_a_synapse_that_is_not_there_and_a_rule_of_another_shape():
    with pytest.raises(ValueError, match="no synapse"):
        check.reads(rules.hebb, 9, 0)
    with pytest.raises(ValueError, match="must return dw of shape"):
        check.reads(lambda w, pre, post: pre, 0, 0)


@pytest.mark.parametrize("rule", [rules.hebb, rules.decay, rules.oja], ids=lambda r: r.__name__)
def test_a_rule_of_the_common_form_reads_its_own_two_units_and_what_it_forgets(rule):
    for i in range(4):
        for j in range(3):
            seen = check.reads(rule, i, j)
            own = torch.zeros(4, 3, dtype=torch.bool)
            own[i, j] = True
            assert torch.equal(seen.w | own, own)
            assert seen.pre.nonzero().flatten().tolist() == [i]
            assert seen.post.nonzero().flatten().tolist() == [j]
            assert rule is rules.hebb or seen.w[i, j]


FUNCTIONS = {name: getattr(rules, name) for name in rules.__all__ if name.islower()}
EVERY = {
    name: function
    for name, function in FUNCTIONS.items()
    if [*inspect.signature(function).parameters][:3] == ["w", "pre", "post"]
}
READS = {  # of its own weight, its two units, and what it declares
    "hebb": ("w", "pre", "post"),  # the weight is multiplied by 0
    "decay": ("w", "pre", "post"),
    "oja": ("w", "pre", "post"),
    "competitive": ("w", "pre", "post"),
    "soft_hebb": ("w", "pre", "post", "drive"),
    "covariance": ("w", "pre", "post", "pre_mean", "post_mean"),
    "delta": ("w", "pre", "post", "drive"),
    "gated_delta": ("w", "pre", "post", "drive", "modulator"),
    "pre_gated": ("w", "pre", "post"),
    "bcm": ("w", "pre", "post", "threshold"),
    "scaling": ("w", "post"),
    "stdp": ("w", "pre", "post", "pre_spikes", "post_spikes"),
    "sanger": ("w", "pre", "post"),
    "three_factor": ("modulator", "eligibility"),
    "modulated_hebb": ("w", "pre", "post", "modulator"),
    "score": ("w", "pre", "post", "post_mean"),
    "inhibitory": ("w", "pre", "post"),
    "by_type": ("w", "pre", "post", "pre_type", "post_type"),
    "by_length": ("w", "pre", "post", "pre_place", "post_place"),
}


def test_every_rule_of_the_package_is_listed_with_what_it_reads():
    assert EVERY.keys() == READS.keys()


@given(st.sampled_from([*READS]), st.integers(1, 4), st.integers(1, 4), st.data())
def test_every_rule_reads_its_own_entries_and_sangers_those_before(name, n_pre, n_post, data):
    i, j = data.draw(st.integers(0, n_pre - 1)), data.draw(st.integers(0, n_post - 1))
    seed = data.draw(st.integers(0, 1000))
    seen = check.reads(EVERY[name], i, j, n_pre=n_pre, n_post=n_post, seed=seed)
    assert seen.further.keys() == set(READS[name]) - {"w", "pre", "post"}
    for what, mask in {"w": seen.w, "pre": seen.pre, "post": seen.post, **seen.further}.items():
        own, before = torch.zeros_like(mask), j + 1
        if what == "w":
            own[i, :before] = name == "sanger"
            own[i, j] = True
        elif what == "eligibility":
            own[i, j] = True
        elif what.startswith("pre"):
            own[i] = True
        else:
            own[:before] = name == "sanger"
            own[j] = True
        assert torch.equal(mask, own & (what in READS[name])), what


@pytest.mark.parametrize("name", READS)
def test_every_rule_is_local_but_sangers(name):
    if name == "sanger":
        with pytest.raises(AssertionError, match="not local: the synapse"):
            check.local(EVERY[name])
    else:
        check.local(EVERY[name])


FOREIGN_ON_PURPOSE = {
    "arena.contenders.summing_delta",
    "fast_weights_and_attention.measured.audit.expecting",
}
"""Rules that read other synapses, as their chapters say."""


def of_chapters():
    """Yield each function of a chapter that is a rule, by name."""
    for module in pkgutil.walk_packages(chapters.__path__, "hebbnotes.chapters."):
        if not module.name.endswith("__main__"):
            for name, value in vars(importlib.import_module(module.name)).items():
                own = inspect.isfunction(value) and value.__module__ == module.name
                own = own and value.__annotations__.get("return") is torch.Tensor
                if own and [*inspect.signature(value).parameters][:3] == ["w", "pre", "post"]:
                    yield f"{module.name}.{name}".removeprefix("hebbnotes.chapters."), value


def test_every_rule_of_every_chapter_is_local_but_those_that_are_not_on_purpose():
    found = dict(of_chapters())
    assert FOREIGN_ON_PURPOSE < found.keys()
    for name, rule in found.items():
        if name in FOREIGN_ON_PURPOSE:
            with pytest.raises(AssertionError, match="not local: the synapse"):
                check.local(rule)
        else:
            check.local(rule)


ROLLED = {
    "drive": lambda w, pre, post, *, drive: w + drive.roll(1),
    "modulator": lambda w, pre, post, *, modulator: w + modulator.sum(),
    "eligibility": lambda w, pre, post, *, eligibility: w + eligibility.roll(1, 0),
    "pre_place": lambda w, pre, post, *, pre_place: w + pre_place.roll(1).unsqueeze(-1),
    "post_type": lambda w, pre, post, *, post_type: w * (post_type.sum() % 2),
}


@pytest.mark.parametrize("name", ROLLED)
def test_a_foreign_entry_of_a_declared_quantity_is_found(name):
    with pytest.raises(AssertionError, match=rf"the synapse \(0, 0\) reads .*{name}\("):
        check.local(ROLLED[name])


def test_types_may_index_a_table_and_places_may_be_compared():
    signs = torch.tensor([1.0, -1.0], dtype=torch.float64)

    def typed(w, pre, post, *, pre_type, post_place, pre_place):
        far = (pre_place.unsqueeze(-1) - post_place.unsqueeze(-2)).abs()
        return signs[pre_type].unsqueeze(-1) * rules.hebb(w, pre, post) * far

    check.local(typed)
    seen = check.reads(typed, 2, 1)
    assert {name: mask.nonzero().flatten().tolist() for name, mask in seen.further.items()} == {
        "pre_type": [2],
        "post_place": [1],
        "pre_place": [2],
    }


FOREIGN = {
    r"pre\(1,\)": lambda w, pre, post: rules.hebb(w, pre, post) + pre.roll(-1)[:, None],
    r"post\(1,\)": lambda w, pre, post: rules.hebb(w, pre, post) + post.roll(-1),
    r"w\(0, 1\)": lambda w, pre, post: rules.hebb(w, pre, post) + w.roll(-1, 1),
    r"w\(1, 0\)": lambda w, pre, post: rules.hebb(w, pre, post) + w.roll(-1, 0),
    r"w\(3, 2\)": lambda w, pre, post: rules.hebb(w, pre, post) + 0 * w[3, 2],
}


@pytest.mark.parametrize("message", FOREIGN)
def test_a_rule_that_is_not_local_is_told_what_it_reads(message):
    with pytest.raises(AssertionError, match=rf"the synapse \(0, 0\) reads .*{message}"):
        check.local(FOREIGN[message])


def test_what_is_no_rule_is_refused():
    with pytest.raises(TypeError, match="rule must be a function"):
        check.reads("hebb", 0, 0)
    with pytest.raises(ValueError, match="must return dw of shape"):
        check.local(lambda w, pre, post: 1.0)
    with pytest.raises(ValueError, match="no synapse"):
        check.reads(rules.hebb, 0, -1)


# ------------------------------------------------------------------------------------- teachers


def feedback(w_out, back, here, above, modulator):
    return above.error @ back


@given(st.integers(1, 4), st.integers(1, 4), st.data())
def test_a_teacher_reads_of_what_it_is_handed_what_its_equation_says(n, n_above, data):
    j = data.draw(st.integers(0, n - 1))
    fields = {"n": n, "n_above": n_above, "seed": data.draw(st.integers(0, 100))}
    seen = check.reads_teacher(feedback, j, **fields)
    column = torch.zeros(n_above, n, dtype=torch.bool)
    column[:, j] = True
    assert torch.equal(seen.further.pop("back"), column)
    assert seen.further.pop("above.error").all()
    assert not any(mask.any() for mask in (*seen[:3], *seen.further.values()))
    own = check.reads_teacher(lambda w_out, back, here, above, m: m * here.drive, j, **fields)
    for name in ("modulator", "here.drive"):
        assert own.further[name].nonzero().flatten().tolist() == [j]
    assert check.reads_teacher(lambda w_out, *others: w_out.sum(-1), j, **fields).w[j].all()


class Keeps(torch.nn.Module):
    def __init__(self, w):
        super().__init__()
        self.w = torch.nn.Parameter(w)

    def forward(self, w_out, back, here, above, modulator):
        return above.error @ self.w.mT


SECRET = torch.rand(4, 3, dtype=torch.float64)


def by_global(w_out, back, here, above, modulator):
    return above.error @ SECRET.mT


def smugglers():
    """Return teachers that read a weight which they are not handed, by how they hold it."""
    w = torch.rand(4, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    net = {"layers": [w]}
    keeps = Keeps(w)

    def closed(w_out, back, here, above, modulator):
        return above.error @ w.mT

    def inner(error):
        return error @ net["layers"][0].mT

    def nested(w_out, back, here, above, modulator):
        return inner(above.error)

    def default(w_out, back, here, above, modulator, kept=w):
        return above.error @ kept.mT

    def named(w_out, back, here, above, modulator, *, kept):
        return above.error @ kept.mT

    return {
        "closure": closed,
        "function inside": nested,
        "default": default,
        "partial": functools.partial(named, kept=w),
        "module": keeps,
        "method": keeps.forward,
        "global": by_global,
        "lambda": lambda w_out, back, here, above, modulator: above.error @ w.mT,
    }


@pytest.mark.parametrize("how", smugglers())
def test_a_teacher_that_smuggles_a_weight_in_is_caught(how):
    teach = smugglers()[how]
    kept = [t.clone() for t in check.held(teach).values()]
    seen = check.reads_teacher(teach, 2)
    assert not seen.w.any()
    ((name, mask),) = [(k, m) for k, m in seen.further.items() if k.startswith("held ")]
    wanted = torch.zeros(4, 3, dtype=torch.bool)
    wanted[2] = True
    assert torch.equal(mask, wanted), name
    assert all(torch.equal(a, b) for a, b in zip(kept, check.held(teach).values(), strict=True)), (
        "what is poisoned is put back"
    )


def test_a_rule_that_smuggles_a_weight_in_is_caught():
    w_out = torch.rand(3, 2, dtype=torch.float64)

    def change(w, pre, post, *, error):
        return pre.unsqueeze(-1) * (error * w_out.sum(-1)).unsqueeze(-2)

    assert not [k for k in check.reads(change, 0, 1).further if k.startswith("held")]
    seen = check.reads(change, 0, 1, smuggled=True)
    assert seen.further["held w_out"].nonzero().tolist() == [[1, 0], [1, 1]]


def test_a_large_tensor_is_poisoned_as_a_whole_and_what_matters_not_is_left_out():
    large, idle = torch.rand(101, 100), torch.rand(3)

    def teach(w_out, back, here, above, modulator):
        return above.error @ back + large.sum() + 0 * len(idle)

    seen = check.reads_teacher(teach, 0)
    assert {k: bool(m.all()) for k, m in seen.further.items() if k.startswith("held")} == {
        "held large": True
    }


def test_what_is_no_teacher_is_refused():
    with pytest.raises(TypeError, match="teach must be a function"):
        check.reads_teacher("truth", 0)
    with pytest.raises(ValueError, match="no cell 4 among 4"):
        check.reads_teacher(feedback, 4)
    with pytest.raises(ValueError, match=r"an error for each cell here, shape \(4,\)"):
        check.reads_teacher(lambda w_out, back, here, above, modulator: above.error, 0)


# --------------------------------------------------------------------- every checker of an exercise


OF_SYNAPSES = {"signs", "windows", "enter"}
"""What judges synapses, or a file, instead of a reader's function: tested with its chapter."""


def checkers():
    """Yield each checker of each chapter, by name."""
    for module in pkgutil.walk_packages(chapters.__path__, "hebbnotes.chapters."):
        if module.name.endswith(".checks"):
            checks = importlib.import_module(module.name)
            for name in (one for one in checks.__all__ if one not in OF_SYNAPSES):
                yield f"{module.name}.{name}", getattr(checks, name)


CHECKERS = dict(checkers())


@pytest.mark.parametrize("name", CHECKERS)
@pytest.mark.parametrize("given", [None, 3, "answer", torch.ones(3)], ids=str)
def test_a_checker_says_what_it_is_to_be_given(name, given):
    with pytest.raises(TypeError, match=r"(the answer|rule) must be a function .*, got"):
        CHECKERS[name](given)


@pytest.mark.parametrize("name", CHECKERS)
def test_a_reader_who_forgets_to_return_is_told_so(name):
    with pytest.raises((AssertionError, ValueError), match=r"got nothing.*return|got NoneType"):
        CHECKERS[name](lambda *given: None)


@pytest.mark.parametrize("name", CHECKERS)
@pytest.mark.parametrize("wrong", [np.ones((4, 3)), "a", [], torch.ones(7, 7)], ids=str)
def test_a_reader_who_returns_something_else_is_told_what_it_must_be(name, wrong):
    with pytest.raises((AssertionError, ValueError, TypeError), match=r"must|not local"):
        CHECKERS[name](lambda *given: wrong)


def test_checkers_work_without_assertions():
    """``python -O`` leaves out assert statements, and no checker may rest on one."""
    for name, checker in [*CHECKERS.items(), ("local", check.local)]:
        tree = ast.parse(inspect.getsource(sys.modules[checker.__module__]))
        assert not [node for node in ast.walk(tree) if isinstance(node, ast.Assert)], name
    wrong = (
        "from hebbnotes.chapters.introduction import checks; checks.forgetting(lambda a, n: 42.)"
    )
    done = subprocess.run(
        [sys.executable, "-O", "-c", wrong], check=False, capture_output=True, text=True
    )
    assert "AssertionError: a memory of age 0 must be whole" in done.stderr
    assert not done.stdout


IN_PLACE = {
    "w": lambda w, pre, post: w.add_(pre.unsqueeze(-1) * post.unsqueeze(-2)),
    "pre": lambda w, pre, post: pre.mul_(2).unsqueeze(-1) * post.unsqueeze(-2),
    "post": lambda w, pre, post: pre.unsqueeze(-1) * post.mul_(2).unsqueeze(-2),
    "w, by .data": lambda w, pre, post: w.data.add_(1.0) * 1.0,
    "w, by numpy": lambda w, pre, post: torch.from_numpy(np.multiply(w.numpy(), 2, out=w.numpy())),
}


@pytest.mark.parametrize("name", IN_PLACE)
def test_a_rule_that_works_in_place_is_no_local_rule(name):
    with pytest.raises(ValueError, match=f"changes {name.split(',')[0]} in place: a rule returns"):
        check.local(IN_PLACE[name])
