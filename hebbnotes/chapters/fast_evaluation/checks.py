"""Checks of what readers write in this chapter's exercises: properties, never a magic number."""

from collections.abc import Callable

import torch
from torch import Tensor

from hebbnotes import PlasticRNN, rules, run
from hebbnotes.check import expect, numbers, tensors
from hebbnotes.plasticity import chunks

__all__ = ["common_form", "forgets_all", "kept"]


def forgets_all(output: Callable[[float], float]) -> None:
    """Check a reader's output at which a unit forgets its whole column by Oja's rule, as a function
    of eta.
    """
    output = numbers(output, "output(eta) -> a number")
    for eta in (0.01, 0.25, 1.0):
        y = output(eta)
        kept, _ = chunks.writes(torch.tensor([y]).double(), eta, rules.oja.forget)
        expect(
            abs(kept.item()) < 1e-9,
            f"at a rate of {eta:g} and an output of {y:g} a step leaves {kept.item():.3g} of a "
            "column: it must leave 0",
        )
    print("Yes: such a step leaves nothing of what was there.")


def common_form(forget: Callable[[Tensor], Tensor]) -> None:
    """Check a reader's forget function: it forgets in proportion to the size of the output, and the
    loop and the chunks agree on it, gradients included.
    """
    forget = tensors(forget, "forget(post) -> a tensor like post")
    post = torch.tensor([-2.0, -0.5, 0.0, 0.5, 1.0], dtype=torch.float64)
    share = forget(post)
    expect(
        share.shape == post.shape,
        f"your function must return one share for each unit, got the shape {tuple(share.shape)}",
    )
    expect(
        torch.equal(share, forget(-post)),
        "an output and its negative are equally large: both must forget the same",
    )
    double = torch.allclose(forget(2 * post), 2 * share, rtol=1e-9, atol=1e-12)
    expect(double and (share[post != 0] > 0).all(), "twice the output must forget twice as much")
    rule = rules.CommonForm(forget)
    expect(chunks.knows(rule), "what one unit forgets must not depend on others: entry by entry")
    g = torch.Generator().manual_seed(0)
    net = PlasticRNN(20, eta=0.1, w_scale=0.1, alpha_scale=0.1, generator=g, dtype=torch.float64)
    x = torch.randn(30, 2, 20, generator=g, dtype=torch.float64).requires_grad_()
    found = []
    for method in ("loop", "chunk"):
        y, state = run(x, net.w, net.alpha, 0.1, rule, method=method)
        loss = y[-1].pow(3).sum() + state.hebb.square().sum()
        found.append(torch.autograd.grad(loss, (x, net.w, net.alpha)))
    apart = max(float((a - b).abs().max()) for a, b in zip(*found, strict=True))
    expect(apart < 1e-9, f"the loop and the chunks differ by {apart:.2g}")
    print("Yes: the loop and the chunks agree, gradients included.")


def kept(numbers_kept: Callable[[float, float], float]) -> None:
    """Check a reader's count of the numbers that are kept for each step, as a function of the units
    and of the keys in a chunk.
    """
    asked = numbers(numbers_kept, "kept(n, keys) -> a number")
    for n, keys in ((100, 1), (100, 10), (1000, 20), (1000, 200)):
        traces, terms = n**2 / keys, sum(2 * n * s for s in range(1, keys + 1)) / keys
        counted, yours = traces + terms, asked(n, keys)
        expect(
            abs(yours - counted) < 0.1 * counted,
            f"with {n:,} units and {keys} keys in a chunk, {traces:,.0f} of traces and "
            f"{terms:,.0f} of values and reads are kept for each step, you say {yours:,.0f}",
        )
    print("Yes: traces at the borders, values and reads inside.")
