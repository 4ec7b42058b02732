"""Plasticity rules: pure functions of what a synapse can see.

A rule is ``rule(w, pre, post) -> dw``. It is given the weights and the activity on both sides and
returns the change of the weights for a learning rate of 1. Nothing is changed in place and nothing
is remembered, so the same function teaches a lone neuron, fills an associative memory, and writes
the Hebbian trace of a network that is trained by backpropagation::

    w = w + eta * rule(w, pre, post)

Hebb's rule, decay, Oja's rule and the competitive ones differ in one respect only, in what they
forget. A rule of this *common form* carries its forget function (``decay.forget``), from which
:func:`average` and the fast evaluation of networks derive::

    dw[i, j] = pre[i] * post[j] - forget(post)[j] * w[i, j]

Any other callable with the same arguments is a rule too. Further local quantities are declared by
name, as keyword-only arguments without a default, as the threshold of :func:`bcm` or the spikes of
:func:`stdp`; :data:`QUANTITIES` lists them, and ``stepper.change`` supplies them. Where such a
quantity moves, its change is a pure function as well (:func:`sliding_threshold`,
:func:`eligibility`).

Shapes: ``w`` (..., n_pre, n_post), ``pre`` (..., n_pre), ``post`` (..., n_post); ``w[i, j]`` leads
from unit i to unit j.
"""

from hebbnotes.plasticity.common_form import CommonForm, Forget, Rule
from hebbnotes.plasticity.rules.cell_types import TYPES, by_type, inhibitory
from hebbnotes.plasticity.rules.hebbian import (
    average,
    bcm,
    competitive,
    covariance,
    decay,
    delta,
    gated_delta,
    hebb,
    oja,
    pre_gated,
    sanger,
    scaling,
    sliding_threshold,
    soft_hebb,
    stdp,
)
from hebbnotes.plasticity.rules.places import by_length
from hebbnotes.plasticity.rules.quantities import QUANTITIES, Quantity
from hebbnotes.plasticity.rules.teaching import Cells, Teach
from hebbnotes.plasticity.rules.third_factor import (
    eligibility,
    modulated_hebb,
    score,
    three_factor,
)

__all__ = [
    "QUANTITIES",
    "TYPES",
    "Cells",
    "CommonForm",
    "Forget",
    "Quantity",
    "Rule",
    "Teach",
    "average",
    "bcm",
    "by_length",
    "by_type",
    "competitive",
    "covariance",
    "decay",
    "delta",
    "eligibility",
    "gated_delta",
    "hebb",
    "inhibitory",
    "modulated_hebb",
    "oja",
    "pre_gated",
    "sanger",
    "scaling",
    "score",
    "sliding_threshold",
    "soft_hebb",
    "stdp",
    "three_factor",
]
