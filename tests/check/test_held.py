"""What a teacher or a rule holds: many ways to smuggle a weight in are found, others are named."""

import functools
import itertools
import sys
import types
import weakref
from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes import check, rules
from hebbnotes.check import holding

SECRET = torch.rand(4, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) + 0.1
SECRET_LISTS = SECRET.tolist()
SECRET_TUPLES = tuple(map(tuple, SECRET_LISTS))


def told(above, w):
    """Send errors down through weights, however they are held."""
    return above.error @ torch.as_tensor(w, dtype=torch.float64).mT


class Holder(types.SimpleNamespace):
    """An object with attributes."""


class OfClass:
    w = SECRET.clone()

    def teach(self, w_out, back, here, above, modulator):
        return told(above, self.w)

    @classmethod
    def of_class(cls, w_out, back, here, above, modulator):
        return told(above, cls.w)

    @staticmethod
    def static(w_out, back, here, above, modulator):
        return told(above, OfClass.w)


class OfParent(OfClass):
    pass


class Slotted:
    __slots__ = ("__w",)

    def __init__(self, w):
        self.__w = w

    def __call__(self, w_out, back, here, above, modulator):
        return told(above, self.__w)


@dataclass(frozen=True, slots=True)
class Frozen:
    w: tuple

    def __call__(self, w_out, back, here, above, modulator):
        return told(above, self.w)


class Property:
    def __init__(self, w):
        self.deep = {"layers": [Holder(w=w)]}

    @property
    def w(self):
        return self.deep["layers"][0].w

    def __call__(self, w_out, back, here, above, modulator):
        return told(above, self.w)


class Named(NamedTuple):
    w: object


class Calls:
    """An object that holds nothing; its method names a global."""

    def __call__(self, w_out, back, here, above, modulator):
        return told(above, SECRET_LISTS)


HIDDEN = types.ModuleType("hidden_weights")
HIDDEN.w = SECRET.clone()
HIDDEN.inner = types.ModuleType("hidden_weights.inner")
HIDDEN.inner.lists = SECRET.tolist()
sys.modules["hidden_weights"] = HIDDEN


def by_module(w_out, back, here, above, modulator):
    return told(above, HIDDEN.w)


def by_module_within(w_out, back, here, above, modulator):
    return told(above, HIDDEN.inner.lists)


def by_import(w_out, back, here, above, modulator):
    from hidden_weights import w

    return told(above, w)


def by_name_of_a_module(w_out, back, here, above, modulator):
    return told(above, getattr(sys.modules["hidden_weights"], "w"))  # noqa: B009


def by_name_of_a_global(w_out, back, here, above, modulator):
    return told(above, globals()["SECRET"])


def by_class(w_out, back, here, above, modulator):
    return told(above, OfClass.w)


def by_own_attribute(w_out, back, here, above, modulator):
    return told(above, by_own_attribute.w)


by_own_attribute.w = SECRET.tolist()


def by_default(w_out, back, here, above, modulator, w=SECRET_TUPLES):
    return told(above, w)


def by_keyword(w_out, back, here, above, modulator, *, w=((1.0,) * 3,) * 4):
    return told(above, w)


def closed(w, unpack=lambda w: w):
    """Return a teacher that closes over something, and takes a weight from it."""

    def teach(w_out, back, here, above, modulator):
        return told(above, unpack(w))

    return teach


def bound_to(w):
    """Return a teacher that closes over a method of a tensor alone."""
    product = w.matmul

    def teach(w_out, back, here, above, modulator):
        return product(above.error)

    return teach


def wrapped(w):
    @functools.wraps(closed(w))
    def teach(*given):
        return teach.__wrapped__(*given)

    return teach


def with_w(w, w_out, back, here, above, modulator):
    return told(above, w)


def smugglers():
    w = SECRET.clone()
    array, lists = w.numpy().copy(), w.tolist()
    locked = array.copy()
    locked.flags.writeable = False
    keeps = torch.nn.Linear(3, 4, dtype=torch.float64)
    kept = Holder(w=w.clone())
    return {
        "array": closed(array),
        "array that is locked": closed(locked, lambda w: w.copy()),
        "array of long numbers": closed(array.astype(np.longdouble), lambda w: w.astype(float)),
        "list": closed(lists),
        "tuple": closed(tuple(map(tuple, lists))),
        "tuple of lists": closed(tuple(lists)),
        "dictionary": closed({"layers": [lists]}, lambda net: net["layers"][0]),
        "numbers by their place": closed(
            {(i, k): lists[i][k] for i in range(4) for k in range(3)},
            lambda net: [[net[i, k] for k in range(3)] for i in range(4)],
        ),
        "read-only dictionary": closed(types.MappingProxyType({"w": w}), lambda net: net["w"]),
        "deque": closed(deque(lists), list),
        "named tuple": closed(Named(tuple(map(tuple, lists))), lambda its: its.w),
        "object in an array": closed(np.array([kept], dtype=object), lambda its: its[0].w),
        "object in a set": closed({Frozen, closed(w)}, lambda its: w),
        "object": closed(Property(lists), lambda its: its.w),
        "module of torch": closed(keeps, lambda its: its.weight.detach()),
        "reference": closed(weakref.ref(SECRET), lambda its: its()),
        "module in an object": closed(Holder(m=HIDDEN), lambda its: its.m.w),
        "class attribute": OfClass().teach,
        "inherited": OfParent().teach,
        "class method": OfClass.of_class,
        "static method": OfClass.static,
        "class as a global": by_class,
        "slots": Slotted(w),
        "frozen, with slots": Frozen(tuple(map(tuple, lists))),
        "property": Property(array),
        "object that names a global": Calls(),
        "module": by_module,
        "module in a module": by_module_within,
        "import": by_import,
        "module by name": by_name_of_a_module,
        "global by name": by_name_of_a_global,
        "own attribute": by_own_attribute,
        "default": by_default,
        "keyword": by_keyword,
        "bound method of a tensor": bound_to(w),
        "wrapped": wrapped(w),
        "argument of a partial": functools.partial(with_w, tuple(map(tuple, lists))),
        "attribute of a partial's object": functools.partial(OfClass.teach, Holder(w=lists)),
        "signs": closed(torch.rand(4, 3) > 0.5),
        "negative signs": closed(-torch.ones(4, 3), lambda w: (w > 0).double() - 0.5),
        "whole numbers": closed(torch.tensor([[-1, 1, 1]] * 4), lambda w: (w > 0).double()),
        "list of signs": closed([[True, False, k > 1] for k in range(4)]),
        "half": closed(w.half(), lambda w: w.double()),
    }


@pytest.mark.parametrize("how", smugglers())
def test_a_weight_is_found_however_it_is_held_and_put_back(how):
    teach = smugglers()[how]
    kept = {name: values.clone() for name, values in check.held(teach).items()}
    seen = check.reads_teacher(teach, 2)
    assert not seen.w.any()
    held = {k: mask for k, mask in seen.further.items() if k.startswith("held ")}
    (mask,) = held.values()
    wanted = torch.zeros(4, 3, dtype=torch.bool)
    wanted[2] = True
    assert torch.equal(mask.view(4, 3), wanted)
    again = check.held(teach)
    assert again.keys() == kept.keys()
    assert all(torch.equal(again[name], values) for name, values in kept.items())


@pytest.mark.parametrize("how", ["array", "tuple", "slots", "module", "signs", "class attribute"])
def test_a_rule_is_searched_as_a_teacher_is(how):
    teach = smugglers()[how]

    def change(w, pre, post, *, error):
        above = rules.Cells(error, error, error)
        return pre.unsqueeze(-1) * teach(w, w, above, above, error)[:3].sum() * post

    assert not [k for k in check.reads(change, 0, 1).further if k.startswith("held")]
    found = check.reads(change, 0, 1, smuggled=True).further
    assert [mask.sum() for k, mask in found.items() if k.startswith("held")] == [9]


def test_two_that_are_held_by_one_name_are_both_found():
    idle = closed(torch.ones(4, 3))
    net = [Holder(w=torch.ones(3)), Holder(w=SECRET.clone()), idle]

    def teach(w_out, back, here, above, modulator):
        return told(above, net[1].w)

    assert {"w", "w (2)", "w (3)"} <= set(check.held(teach))
    found = [k for k in check.reads_teacher(teach, 2).further if k.startswith("held")]
    assert found == ["held w (2)"]


def test_an_expanded_tensor_is_poisoned_where_its_numbers_lie():
    w = torch.rand(1, 3, dtype=torch.float64).expand(4, 3)
    seen = check.reads_teacher(closed(w), 2)
    assert seen.further["held w"].nonzero().tolist() == [[0, 0], [0, 1], [0, 2]]


def test_a_number_that_a_teacher_fails_by_is_read():
    which = torch.tensor([3, 1, 0, 2])
    seen = check.reads_teacher(closed(which, lambda at: SECRET[at]), 2)
    assert seen.further["held w"].tolist() == [True, False, True, False]  # 4 fails


def through_bytes():
    kept = SECRET.numpy().tobytes()
    return closed(kept, lambda kept: np.frombuffer(kept).reshape(4, 3).copy())


def through_numbers():
    a, b, c = SECRET_LISTS[2]
    return lambda w_out, back, here, above, modulator: told(above, [[a, b, c]] * 4)


def through_code():
    return lambda w_out, back, here, above, modulator: told(above, [[0.1, 0.2, 0.3]] * 4)


def through_a_name():
    return lambda w_out, back, here, above, modulator: told(
        above, globals()["".join(["SEC", "RET"])]
    )


def through_an_iterator():
    return closed(itertools.cycle([SECRET.clone()]), next)


def through_a_generator():
    kept = (w for w in itertools.repeat(SECRET.clone()))
    return closed(kept, next)


def through_a_set():
    return closed(
        frozenset(SECRET.flatten().tolist()), lambda s: torch.tensor(sorted(s)).view(4, 3)
    )


def through_a_cache():
    @functools.cache
    def weights():
        return SECRET * 2

    weights()
    return closed(weights, lambda its: its())


def through_frames():
    return lambda w_out, back, here, above, modulator: told(
        above, sys._getframe(0).f_globals["_".join(["SECRET", "LISTS"])]
    )


THROUGH = {name: made for name, made in globals().items() if name.startswith("through_")}


@pytest.mark.parametrize("how", THROUGH)
def test_what_gets_through_is_said_where_it_is_looked_for(how):
    seen = check.reads_teacher(THROUGH[how](), 2)
    assert not [k for k in seen.further if k.startswith("held")]
    words = {
        "numbers": "*single* number",
        "code": "written into the code",
        "bytes": "text and bytes",
        "a_name": "put together while the function runs",
        "frames": "frames",
        "an_iterator": "iterator",
        "a_generator": "generator",
        "a_set": "a set",
        "a_cache": "a cache",
    }
    assert words[how.removeprefix("through_")] in " ".join(holding.held.__doc__.split())


@given(st.integers(0, 1000), st.integers(1, 4), st.integers(2, 4), st.sampled_from([list, tuple]))
def test_lists_are_kept_as_they_were(seed, rows, columns, kind):
    g = torch.Generator().manual_seed(seed)
    lists = kind(kind(row) for row in torch.randn(rows, columns, generator=g).tolist())
    its = {"w": lists, "flags": [True, False], "whole": (1, 2, 3)}
    before = repr(its)

    def teach(w_out, back, here, above, modulator):
        return above.error.sum() + torch.tensor(its["w"]).sum() + sum(its["whole"]) + here.rate

    found = {k: m for k, m in check.reads_teacher(teach, 0).further.items() if "held" in k}
    assert found["held w"].shape == (rows, columns)
    assert found["held w"].all()
    assert found["held whole"].all()
    assert "held flags" not in found
    assert repr(its) == before


def test_the_rules_of_the_package_hold_nothing():
    for name in ("oja", "bcm", "by_length", "by_type", "soft_hebb"):
        seen = check.reads(getattr(rules, name), 1, 1, smuggled=True)
        assert not [k for k in seen.further if k.startswith("held")], name
