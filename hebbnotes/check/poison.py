"""Which numbers does a synapse read, or a cell that is told? They are poisoned, one by one."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.check.answers import expect
from hebbnotes.check.holding import Holding, holdings, poisons
from hebbnotes.plasticity.rules import QUANTITIES, Cells, Rule, Teach
from hebbnotes.plasticity.stepper import change, check, declared

__all__ = ["MOST", "Reads", "local", "reads", "reads_teacher"]

MOST = 10_000
"""Held numbers of one name that are poisoned one by one; more are poisoned as a whole."""

_SEEN = {"w": "n_pre n_post", "pre": "n_pre", "post": "n_post"}


class Reads(NamedTuple):
    """What the change of one synapse, or what one cell is told, depends on: boolean masks.

    Attributes
    ----------
    w, pre, post : Tensor
        Shapes (n_pre, n_post), (n_pre,) and (n_post,). Of a teacher the outgoing weights, and the
        rates here and above.
    further : dict of str to Tensor
        The same for each quantity that the rule declares, by name; and for numbers that are not
        handed over but held, as ``"held NAME"``: see :func:`.held`.
    """

    w: Tensor
    pre: Tensor
    post: Tensor
    further: dict[str, Tensor]


def reads(
    rule: Rule,
    i: int,
    j: int,
    *,
    n_pre: int = 4,
    n_post: int = 3,
    seed: int = 0,
    smuggled: bool = False,
) -> Reads:
    """Find which numbers the change of the synapse from unit i to unit j depends on.

    Each number in turn is poisoned, once with NaN and once with another value, and the change of
    the synapse is watched. A number that is multiplied by 0 counts as read. A type has no NaN: it
    is exchanged for the other one of two.

    >>> from hebbnotes import rules
    >>> seen = reads(rules.soft_hebb, 0, 1)
    >>> seen.post.tolist(), seen.further["drive"].tolist()
    ([False, True, False], [False, True, False])

    Parameters
    ----------
    rule : callable
        ``rule(w, pre, post, *, ...) -> dw``; it may declare what is in ``rules.QUANTITIES``.
    i, j : int
        The synapse, counted from 0.
    n_pre, n_post : int
        Numbers of units.
    seed : int
        Seed of the random weights, activities and further quantities.
    smuggled : bool
        Whether the numbers that the rule holds are poisoned, too: see :func:`.held`, which says
        what is not found. A table of constants counts as read, a single number does not.

    Raises
    ------
    TypeError, ValueError
        If the rule cannot be called or declares something else, there is no such synapse, or ``dw``
        does not have the shape of ``w``.
    """
    check(rule, QUANTITIES, "check.reads")
    _checks.integers("i and j", (i, j))
    for name, value in (("n_pre", n_pre), ("n_post", n_post)):
        _checks.integer(name, value, 1, 1000)  # each number is poisoned in turn
    _checks.integer("seed", seed, 0, 2**63 - 1)
    if not (0 <= i < n_pre and 0 <= j < n_post):
        raise ValueError(f"there is no synapse ({i}, {j}) between {n_pre} and {n_post} units")
    generator = torch.Generator().manual_seed(seed)
    size = {"n_pre": n_pre, "n_post": n_post}
    args = {}
    for name in (*_SEEN, *declared(rule)):
        shape = [size[axis] for axis in _axes(name).split()]
        args[name] = torch.rand(shape, generator=generator, dtype=torch.float64) + 0.5
        if name in QUANTITIES and QUANTITIES[name].whole:
            args[name] = (args[name] > 1).long()

    def changed(**poisoned: Tensor) -> Tensor:
        return change(rule, **{name: a.clone() for name, a in (args | poisoned).items()})[i, j]

    masks = _poisoned(changed, args)
    its = holdings(rule) if _checks.flag("smuggled", smuggled) else []
    further = masks | _poisoned_inside(changed, its)
    return Reads(further.pop("w"), further.pop("pre"), further.pop("post"), further)


def reads_teacher(teach: Teach, j: int, *, n: int = 4, n_above: int = 3, seed: int = 0) -> Reads:
    """Find which numbers decide what cell j of a layer is told; as :func:`reads` does.

    What the teacher holds instead of being handed is poisoned, too, where :func:`.held` finds it:
    this is an audit of honest code, and a determined smuggler gets through.

    >>> def feedback(w_out, back, here, above, modulator):
    ...     return above.error @ back
    >>> seen = reads_teacher(feedback, 1)
    >>> bool(seen.w.any()), seen.further["back"].int().tolist()
    (False, [[0, 1, 0, 0], [0, 1, 0, 0], [0, 1, 0, 0]])

    Parameters
    ----------
    teach : callable
        ``teach(w_out, back, here, above, modulator) -> error``, see ``rules.Teach``.
    j : int
        The cell, counted from 0.
    n, n_above : int
        Numbers of cells here and above.
    seed : int
        Seed of the world that is poisoned, a number at a time.

    Returns
    -------
    Reads
        ``w`` of the outgoing weights (n, n_above), ``pre`` and ``post`` of the rates here and
        above; ``further`` of ``back``, ``modulator``, ``here.drive``, ``here.error``,
        ``above.drive``, ``above.error``, and of what is held.
    """
    _checks.function("teach", teach, "teach(w_out, back, here, above, modulator) -> error")
    _checks.integer("j", j, 0)
    for name, value in (("n", n), ("n_above", n_above)):
        _checks.integer(name, value, 1, 1000)
    _checks.integer("seed", seed, 0, 2**63 - 1)
    if j >= n:
        raise ValueError(f"there is no cell {j} among {n}: they are counted from 0")
    generator = torch.Generator().manual_seed(seed)
    shapes: dict[str, tuple[int, ...]] = {"w_out": (n, n_above), "back": (n_above, n)}
    shapes |= {f"here.{field}": (n,) for field in Cells._fields}
    shapes |= {f"above.{field}": (n_above,) for field in Cells._fields}
    world = {
        name: torch.rand(shape, generator=generator, dtype=torch.float64) + 0.5
        for name, shape in {**shapes, "modulator": (n,)}.items()
    }

    def told(**poisoned: Tensor) -> Tensor:
        now = {name: a.clone() for name, a in (world | poisoned).items()}
        here, above = (
            Cells(*(now[f"{which}.{field}"] for field in Cells._fields))
            for which in ("here", "above")
        )
        error = teach(now["w_out"], now["back"], here, above, now["modulator"])
        if not isinstance(error, Tensor) or error.shape != (n,):
            raise ValueError(
                f"teach must return an error for each cell here, shape ({n},), got "
                f"{_checks.got(error)}"
            )
        return error[j]

    masks = _poisoned(told, world)
    masks.update(_poisoned_inside(told, holdings(teach)))
    return Reads(masks.pop("w_out"), masks.pop("here.rate"), masks.pop("above.rate"), masks)


def _poisoned(watched: Callable[..., Tensor], args: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return which numbers of which arguments matter for what is watched."""
    whole = watched()

    def matters(name: str, entry: int) -> bool:
        number = args[name].flatten()[entry]
        poisons = (torch.nan, -2.5) if number.is_floating_point() else (1 - number,)
        return any(
            not torch.equal(watched(**{name: _replaced(args[name], entry, poison)}), whole)
            for poison in poisons
        )

    return {
        name: torch.tensor([matters(name, e) for e in range(a.numel())]).view(a.shape)
        for name, a in args.items()
    }


def _poisoned_inside(watched: Callable[[], Tensor], its: list[Holding]) -> dict[str, Tensor]:
    """Return which numbers that are held matter, by name; what does not matter is left out."""
    whole, masks = watched(), {}

    def matters() -> bool:
        try:
            return not torch.equal(watched(), whole)
        except Exception:  # a number that it fails by is read
            return True

    for name, kept, write in its:
        mask = torch.zeros(kept.shape, dtype=torch.bool)
        each = range(kept.numel()) if kept.numel() <= MOST else (slice(None),)
        try:
            for entry in each:
                for poison in poisons(kept.flatten()[entry]):
                    new = kept.flatten().clone()
                    new[entry] = poison
                    write(new.view(kept.shape))
                    if matters():
                        mask.view(-1)[entry] = True
                        break
        finally:
            write(kept)
        if mask.any():
            masks[f"held {name}"] = mask
    return masks


def _axes(name: str) -> str:
    """Return the axes of what one episode supplies."""
    return _SEEN[name] if name in _SEEN else QUANTITIES[name].axes.removeprefix("B ")


def _replaced(values: Tensor, entry: int, poison: float | Tensor) -> Tensor:
    values = values.clone()
    values.view(-1)[entry] = poison
    return values


def local(rule: Rule) -> None:
    """Assert that every synapse changes by what it can see: its own weight, its own two units.

    Of a quantity that the rule declares it may read its own entry. What a rule *holds* is not
    looked at: ``reads(rule, i, j, smuggled=True)`` does.

    Raises
    ------
    AssertionError
        If a synapse reads a foreign number; the message says which.
    """
    n_pre, n_post = 4, 3
    for i in range(n_pre):
        for j in range(n_post):
            seen = reads(rule, i, j, n_pre=n_pre, n_post=n_post)
            masks = dict(zip(_SEEN, seen[:3], strict=True)) | seen.further
            foreign = []
            for name, mask in masks.items():
                own = {"n_pre n_post": (i, j), "n_pre": (i,), "n_post": (j,)}[_axes(name)]
                mask[own] = False
                foreign += [f"{name}{tuple(at)}" for at in mask.nonzero().tolist()]
            expect(
                not foreign,
                f"not local: the synapse ({i}, {j}) reads {', '.join(foreign)}, "
                "which it cannot see",
            )
