"""Checks of what a reader writes: they test properties, never a magic number, and say why an answer fails.

:func:`reads` and :func:`local` also serve whoever adds a rule: they find out, by poisoning what a synapse cannot see, which
numbers the change of one synapse depends on.
"""

import itertools
import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from hebbnotes import _checks, memories
from hebbnotes.rules import Rule, oja, sanger

__all__ = [
    "Reads",
    "across",
    "advantages",
    "attention",
    "components",
    "crosstalk",
    "forgetting",
    "hebbian",
    "local",
    "matching",
    "reads",
    "resting",
    "self_support",
    "shares",
    "steps_to_finds",
    "window",
]


class Reads(NamedTuple):
    """What the change of one synapse depends on: boolean masks.

    Attributes
    ----------
    w : Tensor
        Shape (n_pre, n_post).
    pre : Tensor
        Shape (n_pre,).
    post : Tensor
        Shape (n_post,).

    Notes
    -----
    Taught in the chapter "Learning rules".
    """

    w: Tensor
    pre: Tensor
    post: Tensor


def reads(rule: Rule, i: int, j: int, *, n_pre: int = 4, n_post: int = 3, seed: int = 0) -> Reads:
    """Find which numbers the change of the synapse from unit i to unit j depends on.

    Each number in turn is poisoned, once with NaN and once with another value, and the change of the synapse is watched. A number
    that is multiplied by 0 counts as read.

    Parameters
    ----------
    rule : callable
        ``rule(w, pre, post) -> dw``.
    i, j : int
        The synapse, counted from 0.
    n_pre, n_post : int
        Numbers of units.
    seed : int
        Seed of the random weights and activities.

    Returns
    -------
    Reads

    Raises
    ------
    TypeError, ValueError
        If the rule cannot be called, there is no such synapse, or ``dw`` does not have the shape of ``w``.

    Notes
    -----
    Taught in the chapter "Learning rules".
    """
    _checks.rule(rule)
    if not (0 <= i < n_pre and 0 <= j < n_post):
        raise ValueError(f"there is no synapse ({i}, {j}) between {n_pre} and {n_post} units")
    generator = torch.Generator().manual_seed(seed)
    args = [torch.rand(shape, generator=generator, dtype=torch.float64) + 0.5 for shape in ((n_pre, n_post), (n_pre,), (n_post,))]
    dw = rule(*[a.clone() for a in args])
    if not isinstance(dw, Tensor) or dw.shape != (n_pre, n_post):
        raise ValueError(f"the rule must return dw of shape {(n_pre, n_post)} like w, got {tuple(getattr(dw, 'shape', ()))}")

    def matters(which: int, entry: int) -> bool:
        for poison in (torch.nan, -2.5):
            poisoned = [a.clone() for a in args]
            poisoned[which].view(-1)[entry] = poison
            if not torch.equal(rule(*poisoned)[i, j], dw[i, j]):
                return True
        return False

    masks = [torch.tensor([matters(k, e) for e in range(a.numel())]).view(a.shape) for k, a in enumerate(args)]
    return Reads(*masks)


def local(rule: Rule) -> None:
    """Assert that every synapse changes by what it can see: its own weight and the activities of its own two units.

    Raises
    ------
    AssertionError
        If a synapse reads a foreign number; the message says which.

    Notes
    -----
    Taught in the chapter "Introducing the NeuroAI series".
    """
    n_pre, n_post = 4, 3
    for i in range(n_pre):
        for j in range(n_post):
            mask = reads(rule, i, j, n_pre=n_pre, n_post=n_post)
            mask.w[i, j] = mask.pre[i] = mask.post[j] = False
            foreign = [f"{name}{tuple(at)}" for name, m in mask._asdict().items() for at in m.nonzero().tolist()]
            assert not foreign, f"not local: the synapse ({i}, {j}) reads {', '.join(foreign)}, which it cannot see"


def hebbian(rule: Rule) -> None:
    """Check a reader's version of Hebb's rule, and say what holds.

    Raises
    ------
    AssertionError
        If the rule is not local, does not strengthen what is active together, changes a synapse one of whose sides is silent, or is
        not proportional to each activity.

    Notes
    -----
    Taught in the chapter "Introducing the NeuroAI series".
    """
    local(rule)
    w, pre, post = torch.zeros(2, 2), torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
    dw = rule(w, pre, post)
    assert dw[1].eq(0).all(), "a silent presynaptic unit must leave its synapses as they are: look at pre"
    assert dw[:, 0].eq(0).all(), "a silent postsynaptic unit must leave its synapses as they are: look at post"
    assert dw[0, 1] > 0, "units that are active together must be connected more strongly: look at the sign"
    assert torch.allclose(rule(w, 2 * pre, post), 2 * dw), "twice the presynaptic activity must give twice the change"
    assert torch.allclose(rule(w, pre, 2 * post), 2 * dw), "twice the postsynaptic activity must give twice the change"
    print("Yes: local, positive for joint activity, nothing for silence, proportional to both.")


def forgetting(share: Callable[[float, int], float]) -> None:
    """Check a reader's formula for the share of a memory that is left after some steps of the decay rule, and say what holds.

    Raises
    ------
    AssertionError
        If a new memory is not whole, a memory grows, forgetting in two stretches differs from forgetting in one, or a step does not
        lose the share ``eta``.

    Notes
    -----
    Taught in the chapter "Introducing the NeuroAI series".
    """
    for eta in (0.0, 0.02, 0.3):
        assert share(eta, 0) == 1, "a memory of age 0 must be whole: share(eta, 0) = 1"
        assert share(eta, 9) <= share(eta, 4), "a memory must not grow with its age"
        assert abs(share(eta, 7) - share(eta, 3) * share(eta, 4)) < 1e-9, "seven steps must forget as three and then four steps do"
        assert abs(share(eta, 1) - (1 - eta)) < 1e-9, "one step must lose the share eta: that is what eta * (-w) does"
    print("Yes: whole when new, never growing, the same in one stretch as in two, and losing eta at each step.")


def across(connections: Callable[[tuple[int, int]], Tensor]) -> None:
    """Check a reader's matrix of the connections between the left and the right half of a picture, and say what holds.

    Raises
    ------
    AssertionError
        If it is not a boolean matrix of all pairs of pixels, or names a pair within one side, or leaves one between the sides out.

    Notes
    -----
    Taught in the chapter "Natural images".
    """
    for rows, columns in ((4, 6), (3, 4)):
        n, found = rows * columns, connections((rows, columns))
        assert isinstance(found, Tensor), f"it must be a tensor, got {type(found).__name__}"
        assert found.shape == (n, n), f"for {rows} x {columns} pixels it must have shape ({n}, {n}), got {tuple(found.shape)}"
        assert found.dtype == torch.bool, f"it must be boolean, got {found.dtype}: end with a comparison"
        assert not found.diagonal().any(), "a pixel is on the same side as itself: is it True where the sides are the same?"
        assert torch.equal(found, found.T), "if i and j are on different sides, so are j and i"
        grid = found.reshape(rows, columns, rows, columns)
        assert torch.equal(grid, grid[:1, :, :1].expand_as(grid)), "the pixels of one column are on one side: look at the column"
        assert found.sum(0).eq(n // 2).all(), "each pixel has half of all pixels on the other side"
        assert grid[0, 0, 0, columns - 1], "the first and the last pixel of a row are on different sides"
        assert not grid[0, 0, 0, 1], "the first two pixels of a row are on one side"
        right = torch.arange(columns) >= columns // 2
        assert torch.equal(grid[0, :, 0], right[:, None] != right), "all columns left of the middle are on one side"
    print("Yes: True between the sides, False within each, and the same in every row.")


def advantages(advantage: Callable[[Tensor, Tensor, float, float], Tensor]) -> None:
    """Check a reader's advantages, a function of rewards and values (T, B), ``gamma`` and ``lam``, and say what holds.

    Raises
    ------
    AssertionError
        If the shape is wrong, an advantage depends on rewards before it, the critic's expectation is not subtracted, a surprise is
        not discounted by ``gamma * lam`` for a step, or something is expected after the last step.

    Notes
    -----
    Taught in the chapter "The maze".
    """
    zero, pulse = torch.zeros(6, 1), torch.zeros(6, 1)
    pulse[3] = 1.0
    found = advantage(pulse, zero, 0.9, 0.5)
    assert isinstance(found, Tensor), f"it must be a tensor, got {type(found).__name__}"
    assert found.shape == (6, 1), f"it must have the shape of the rewards, (6, 1), got {tuple(found.shape)}"
    assert not found[4:].any(), "an action cannot have earned what came before it: sum from its own step on"
    assert torch.isclose(found[3], torch.ones(1)), (
        f"a reward of 1 that nobody expected is an advantage of 1, got {found[3].item():g}"
    )
    faded = (found[:3] / found[1:4]).flatten()
    wanted = torch.full((3,), 0.45)
    assert torch.allclose(faded, wanted), (
        f"each step before fades by gamma * lam = 0.45, got {[round(x, 3) for x in faded.tolist()]}"
    )
    last = advantage(zero, pulse.roll(2, 0), 0.9, 0.5)[-1].item()
    assert abs(last + 1) < 1e-6, f"the critic expects 1 before the last step, and 0 comes: the advantage is -1, got {last:g}"
    expected = advantage(zero, pulse, 0.9, 0.5)
    assert torch.isclose(expected[3], -torch.ones(1)), "subtract what the critic expected before the action"
    assert torch.isclose(expected[2], torch.tensor([0.9 - 0.45])), "add gamma times what the critic expects after it"
    print("Yes: it looks forward, fades by gamma * lam, and counts only what the critic did not expect.")


def steps_to_finds(steps: Callable[[Tensor], tuple[float, float]]) -> None:
    """Check a reader's mean steps to the first and to the second find, a function of ``found`` (T, B), and say what holds.

    Raises
    ------
    AssertionError
        If the unit of time is not a step, finds are mixed up, or agents that never made the find are left out.

    Notes
    -----
    Taught in the chapter "The maze".
    """
    found = torch.zeros(12, 2, dtype=torch.bool)
    found[3], found[9] = True, True
    first, second = map(float, steps(found))
    assert first == 4, f"a find at the fourth of the steps took 4, got {first:g}"
    assert second == 6, f"from the fourth step to the tenth it is 6, got {second:g}: count from the first find"
    found[:, 1] = False
    first, second = map(float, steps(found))
    assert first == 16, (
        f"one agent looks for 4 steps and finds; the other looks for 12 and does not: 16 steps for one find, got {first:g}. "
        "Leaving out who did not find makes slow searches look fast"
    )
    assert second == 6, f"only the first agent ever looks for a second find, for 6 steps, got {second:g}"
    found[9] = False
    assert math.isinf(float(steps(found)[1])), "where nobody makes a find, the steps to it are infinite: math.inf"
    print("Yes: all steps of all who looked, over the finds that they made.")


def matching(drive: Callable[[Tensor, Tensor, Tensor], Tensor]) -> None:
    """Check a reader's one-shot read-out without a trace, and say what holds.

    Parameters
    ----------
    drive : callable
        ``drive(shown, labels, asked)``, with the features of n drawings, shape (n, n_features), their labels, each of 0 to n - 1
        once, and the features that are asked for, shape (n_features,), returns a number for each label, shape (n,).

    Raises
    ------
    AssertionError
        If there is not one number for each label, the order of showing matters, a label depends on another one's drawing, or the
        numbers are not proportional to what is asked, or not the products.

    Notes
    -----
    Taught in the chapter "One-shot learning".
    """
    generator = torch.Generator().manual_seed(0)
    for n in (2, 5):
        shown, asked = torch.randn(n, 4, generator=generator), torch.randn(4, generator=generator)
        labels = torch.arange(n).roll(1)
        found = drive(shown.clone(), labels.clone(), asked.clone())
        assert isinstance(found, Tensor), f"it must be a tensor, got {type(found).__name__}"
        assert found.shape == (n,), f"it must hold a number for each of {n} labels, got shape {tuple(found.shape)}"
        shown, asked = shown.to(found.dtype), asked.to(found.dtype)
        again = drive(shown.flip(0), labels.flip(0), asked.clone())
        assert torch.allclose(found, again), "it must not matter in which order the drawings were shown: put each under its label"
        assert torch.allclose(drive(shown, labels, 3 * asked), 3 * found, atol=1e-5), (
            "features three times as long must drive thrice"
        )
        other = shown.clone()
        other[0] += 1
        changed = ~torch.isclose(drive(other, labels, asked), found)
        assert changed.nonzero().flatten().tolist() == [int(labels[0])], "a drawing must change the drive of its own label alone"
        wanted = torch.stack([shown[labels == label][0] @ asked for label in range(n)])
        assert torch.allclose(found, wanted, atol=1e-5), "it must be the product of what is asked with the drawing of each label"
    print("Yes: a product for each label, whatever the order, and no label reads another one's drawing.")


def shares(left: Callable[[float, int], Tensor]) -> None:
    """Check a reader's formula for what is left of each of some drawings in a clamped column under Oja's rule, and say what holds.

    Parameters
    ----------
    left : callable
        ``left(eta, n)`` returns a number for each of ``n`` drawings, oldest first, shape (n,).

    Raises
    ------
    AssertionError
        If it is not one number for each drawing, oldest first; if the newest is not written with ``eta``, or each older one is not
        faded by ``1 - eta``; or if the numbers are not what Oja's rule leaves.

    Notes
    -----
    Taught in the chapter "One-shot learning".
    """
    for eta, n in ((0.3, 1), (0.3, 4), (0.7, 3)):
        found = left(eta, n)
        assert isinstance(found, Tensor), f"it must be a tensor, got {type(found).__name__}"
        found = found.float()
        assert found.shape == (n,), f"it must hold one number for each of {n} drawings, got shape {tuple(found.shape)}"
        assert torch.isclose(found[-1], torch.tensor(eta)), f"the newest drawing is written with eta: {eta}, got {found[-1]:.3g}"
        if n > 1:
            assert found[-1] > found[0], "the newest counts most: is the oldest first?"
            kept = found[:-1] / found[1:]
            assert torch.allclose(kept, torch.full_like(kept, 1 - eta)), "each further drawing leaves 1 - eta of what was there"
        column = torch.zeros(n, 1)
        for drawing in torch.eye(n):
            column = column + eta * oja(column, drawing, torch.ones(1))
        assert torch.allclose(found, column[:, 0]), "it differs from what Oja's rule leaves"
    print("Yes: eta for the newest, times 1 - eta for each older one, as Oja's rule leaves them.")


def window(change: Callable[[float], float]) -> None:
    """Check a reader's window of spike-timing-dependent plasticity, a function of ``t_post - t_pre`` in seconds, and say what
    holds.

    Raises
    ------
    AssertionError
        If a sender that comes first is not strengthened, one that comes second is not weakened, or the change does not fade as the
        spikes move apart.

    Notes
    -----
    Taught in the chapter "Hebb in the brain".
    """
    near, far, remote = 0.005, 0.020, 0.500
    assert change(near) > 0, "a sender that spikes 5 ms before the receiver must be strengthened: look at the sign of the lag"
    assert change(-near) < 0, "a sender that spikes 5 ms after the receiver must be weakened: look at the order of the arguments"
    for sign in (1, -1):
        sizes = [sign * change(sign * lag) for lag in (near, far, remote)]
        assert sizes[0] > sizes[1] > sizes[2], f"the change must fade as the spikes move apart, got {sizes} at 5, 20 and 500 ms"
        assert sizes[2] < 0.01 * sizes[0], "half a second apart, two spikes must hardly change anything: look at the trace's decay"
    print("Yes: up if the sender comes first, down if it comes second, and less the further the spikes are apart.")


def resting(rests: Callable[[Tensor], Tensor]) -> None:
    """Check a reader's fixed points of Oja's averaged rule, a function of the mean products C (n, n), as rows; and say what holds.

    Raises
    ------
    AssertionError
        If a row does not rest, two rows are the same, or some are missing.

    Notes
    -----
    Taught in the chapter "Learning rules".
    """
    for n in (1, 2, 4):
        draws = torch.randn(50, n, generator=torch.Generator().manual_seed(n), dtype=torch.float64)
        c = draws.T @ draws / 50
        found = rests(c)
        assert isinstance(found, Tensor), f"it must be a tensor, got {type(found).__name__}"
        assert found.shape[1:] == (n,), f"each row must be a vector of {n} weights, got shape {tuple(found.shape)}"
        for w in found.double():
            moves = c @ w - (w @ c @ w) * w
            length = w.norm().item()
            assert moves.norm() < 1e-6, f"a row of length {length:.2f} does not rest: is it an eigenvector, and of which length?"
        apart = torch.cdist(found.double(), found.double()) + torch.eye(len(found), dtype=torch.float64)
        assert len(found) < 2 or apart.min() > 1e-6, "two rows are the same"
        assert bool((found.norm(dim=1) < 1e-9).any()), "one rest is missing: where does a rule stop that multiplies by its output?"
        assert len(found) == 2 * n + 1, f"there are {2 * n + 1} rests for {n} inputs, got {len(found)}: does w rest if -w does?"
    print("Yes: nothing at all, and each eigenvector with length 1 and either sign.")


def components(rule: Rule) -> None:
    """Check a reader's version of Sanger's rule, and say what holds.

    Raises
    ------
    AssertionError
        If a single unit does not learn by Oja's rule, a unit reads what it must not or does not read what it must, or the principal
        components in order are no rest, or it differs from Sanger's rule elsewhere.

    Notes
    -----
    Taught in the chapter "Learning rules".
    """
    x = 2 * torch.diag(torch.tensor([2.0, 1.5, 1.0, 0.5]).sqrt())  # four inputs; the axes are the components

    def mean(rule: Rule, w: Tensor) -> Tensor:
        return torch.stack([rule(w, one, one @ w) for one in x]).mean(0)

    w = torch.randn(4, 3, generator=torch.Generator().manual_seed(1))
    found = rule(w, x[0], x[0] @ w)
    assert getattr(found, "shape", None) == w.shape, "it must return a change for each weight, a tensor of the shape of w"
    alone = w[:, :1]
    assert torch.allclose(mean(rule, alone), mean(oja, alone), atol=1e-5), "one unit alone must learn by Oja's rule"
    for j in range(3):
        seen = _matters(rule, j)
        assert not any(seen[j + 1 :]), f"unit {j} (counted from 0) reads a unit after it: which units come before?"
        assert all(seen[: j + 1]), f"unit {j} (counted from 0) must read itself and all units before it"
    rest = mean(rule, torch.eye(4, 3)).norm()
    assert rest < 1e-5, "the principal components, the largest first, must be at rest: what do the units before take away?"
    same = torch.allclose(mean(rule, w), mean(sanger, w), atol=1e-5)
    assert same, "at other weights it is not Sanger's rule: what is taken away, how much of it, and with which sign?"
    print("Yes: Oja's rule for the first unit, each further one reads those before it, and the components in order are at rest.")


def _matters(rule: Rule, j: int) -> list[bool]:
    """Return of three units whether their activity changes what a synapse onto unit j learns; a product with 0 does not."""
    g = torch.Generator().manual_seed(3)
    w, pre, post = (torch.rand(shape, generator=g) + 0.5 for shape in ((4, 3), (4,), (3,)))
    dw = rule(w, pre, post)[1, j]
    return [bool((rule(w, pre, post + one)[1, j] - dw).abs() > 1e-4) for one in torch.eye(3)]


def crosstalk(error: Callable[[float], float]) -> None:
    """Check a reader's share of units that leave a stored pattern in one step, as a function of the load P / N; and say what holds.

    Raises
    ------
    AssertionError
        If it is no share below one half that grows with the load, or differs from what a network of 1,000 units does.

    Notes
    -----
    Taught in the chapter "Associative memory".
    """
    loads = (0.1, 0.15, 0.3, 1.0)
    found = [float(error(load)) for load in loads]
    assert all(0 <= value <= 0.5 for value in found), f"it must be a share between 0 and one half, got {found}"
    assert _growing(found), f"more patterns disturb more: it must grow with the load, got {found}"
    for load, value in zip(loads[1:], found[1:], strict=True):
        seen = memories.simulated_error(load, torch.Generator().manual_seed(0))
        assert abs(value - seen) < 0.1 * seen + 0.001, f"at a load of {load:g} a network has {seen:.4f}, you say {value:.4f}"
    print("Yes: it grows with the load, and a network of 1,000 units agrees.")


def _growing(values: list[float]) -> bool:
    return all(a < b for a, b in itertools.pairwise(values))


def self_support(stays: Callable[[float], float]) -> None:
    """Check a reader's share of the units of a *random* state that stay as they are in one step, if the diagonal is kept, as a
    function of the load P / N; and say what holds.

    Raises
    ------
    AssertionError
        If it is no share from one half upwards that grows with the load, or differs from what a network of 1,000 units does.

    Notes
    -----
    Taught in the chapter "Associative memory".
    """
    loads = (0.01, 0.2, 1.0, 4.0)
    found = [float(stays(load)) for load in loads]
    assert all(0.5 <= value <= 1 for value in found), f"support can only help: it must be a share from 0.5 to 1, got {found}"
    assert _growing(found), f"each pattern adds to the diagonal: it must grow, got {found}"
    for load, value in zip(loads[1:], found[1:], strict=True):
        seen = 1 - memories.simulated_error(load, torch.Generator().manual_seed(0), diagonal=True, stored=False)
        assert abs(value - seen) < 0.01, f"at a load of {load:g} a network keeps {seen:.3f} of its units, you say {value:.3f}"
    print("Yes: one half for an empty memory, and the more the fuller it is, as in a network of 1,000 units.")


def attention(head: Callable[[Tensor, Tensor, Tensor], Tensor]) -> None:
    """Check a reader's attention head, a function of queries (B, d), keys (P, d) and values (P, m); and say what holds.

    Raises
    ------
    AssertionError
        If an answer is no mean of the values, the order of the pairs matters, or it is not the modern memory when keys and values
        are the patterns and the queries are the states times ``beta * sqrt(d)``.

    Notes
    -----
    Taught in the chapter "Associative memory".
    """
    g = torch.Generator().manual_seed(0)
    q, k, v = (torch.randn(shape, generator=g) for shape in ((3, 9), (5, 9), (5, 4)))
    said, order = head(q, k, v), torch.randperm(5, generator=g)
    assert getattr(said, "shape", None) == (3, 4), "it must return one row for each query, as long as a value"
    ones = head(q, k, torch.ones(5, 4))
    assert torch.allclose(ones, torch.ones(3, 4), atol=1e-5), (
        "if all values are 1, so is their mean: do a query's weights sum to 1?"
    )
    assert torch.allclose(head(q, k[order], v[order]), said, atol=1e-5), "the order of the pairs must not matter"
    wanted = torch.softmax(q @ k.T / 3, 1) @ v
    assert torch.allclose(said, wanted, atol=1e-5), (
        "are the products of queries and keys divided by the root of the length of a key?"
    )
    modern = memories.modern_step(k, q, 0.7)
    assert torch.allclose(head(0.7 * 3 * q, k, k), modern, atol=1e-5), (
        "with patterns as keys and values it is not the modern memory"
    )
    print("Yes: a mean of the values, and with patterns as keys and values the modern memory.")
