"""One-shot learning: a few drawings are shown once with their labels, then one more is to be named.

The task of Miconi, Stanley & Clune (2018), section 4.4, in batches. :func:`episodes` are
independent of each other, for tests. A :class:`Pool` is for training: many episodes share a few
drawings, so that each drawing has to be looked at only once. Shapes: T steps, of which K show a
drawing with its label and the last asks; B episodes, N labels, M drawings in a pool.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from hebbnotes import _checks, data
from hebbnotes.networks.one_shot import SIZE

__all__ = [
    "Draw",
    "OneShot",
    "Pool",
    "correct",
    "draw",
    "episodes",
    "loss",
    "omniglot",
    "pick",
    "pool",
    "shrink",
    "split",
    "with_labels",
]

_AXES = "characters drawings rows columns"


class OneShot(NamedTuple):
    """A batch of episodes.

    Attributes
    ----------
    inputs : Tensor (T, B, rows, columns), drawings
    targets : Tensor (T, B, N), one-hot labels; 0 in the last step
    clamp : Tensor (T, B, N), boolean, true where the label is shown, in all steps but the last
    answer : Tensor (B,), label of the last drawing
    """

    inputs: Tensor
    targets: Tensor
    clamp: Tensor
    answer: Tensor


class Pool(NamedTuple):
    """Episodes that share their drawings.

    Attributes
    ----------
    pictures : Tensor (M, rows, columns), drawings
    shown : Tensor (K, B), which of them each step shows
    targets : Tensor (K, B, N), one-hot labels of these
    asked : Tensor (B,), which of them is asked for
    answer : Tensor (B,), its label
    """

    pictures: Tensor
    shown: Tensor
    targets: Tensor
    asked: Tensor
    answer: Tensor

    def episodes(self) -> OneShot:
        """Return the same episodes with a copy of its drawings for each."""
        steps = torch.cat([self.shown, self.asked.unsqueeze(0)])
        return _with_targets(self.pictures[steps], self.targets, self.answer)


def omniglot(size: int = SIZE, download: bool = False) -> tuple[Tensor, list[str]]:
    """Return all 1,623 characters of Omniglot (Lake and others, 2015), made smaller.

    Parameters
    ----------
    size : int, rows and columns
    download : bool, whether to fetch the files that are not there; see :func:`.fetch`

    Returns
    -------
    drawings : Tensor (1623, 20, size, size), share of ink, in [0, 1]
    names : list of str, alphabet and number of each character
    """
    _checks.integer("size", size)
    small, names = [], []
    for part in ("background", "evaluation"):
        drawings, part_names = data.omniglot(part, download)
        # all at once would take 1.5 GB
        small += [shrink(some, size) for some in drawings.split(100)]
        names += part_names
    return torch.cat(small), names


def split(n_characters: int, n_held_out: int, seed: int) -> tuple[Tensor, Tensor]:
    """Divide characters at random into those to train on and those to test on: their numbers.

    Source: Miconi, Stanley & Clune (2018), section 4.4: 100 of 1,623 are held out.

    Parameters
    ----------
    n_characters, n_held_out : int, all, and how many to keep for the test
    seed : int, another one holds out other characters
    """
    if _checks.integer("n_held_out", n_held_out) >= _checks.integer("n_characters", n_characters):
        raise ValueError(
            f"n_held_out must be below the number of characters, {n_characters}, got {n_held_out}"
        )
    _checks.room(n_characters=n_characters)
    generator = torch.Generator().manual_seed(_checks.integer("seed", seed, 0, 2**63 - 1))
    order = torch.randperm(n_characters, generator=generator)
    return order[:-n_held_out], order[-n_held_out:]


def shrink(drawings: Tensor, size: int = SIZE) -> Tensor:
    """Make drawings smaller, by means over areas: share of ink, (characters, drawings, size, size).

    Parameters
    ----------
    drawings : Tensor (characters, drawings, rows, columns), boolean, true for ink
    size : int, rows and columns afterwards
    """
    _checks.integer("size", size, 1, min(_checks.tensor("drawings", drawings, _AXES, {}).shape[2:]))
    return nn.functional.adaptive_avg_pool2d(drawings.float(), size)


def with_labels(inputs: Tensor, labels: Tensor, n_ways: int) -> OneShot:
    """Make episodes of what is shown at each step and the label of each step.

    Parameters
    ----------
    inputs : Tensor (T, B, ...), drawings, or their features
    labels : Tensor (B, T), integers; the last one is the answer, and is not shown
    n_ways : int, labels
    """
    if not (isinstance(inputs, Tensor) and inputs.ndim > 1):
        raise TypeError(f"inputs must be a tensor (T, B, ...), got {_checks.got(inputs)}")
    sizes = {"B": _checks.dense("inputs", inputs).shape[1], "T": len(inputs)}
    _checks.room(**sizes, n_ways=_checks.integer("n_ways", n_ways))
    _checks.actions("labels", labels, "B T", sizes, n_ways)
    targets = nn.functional.one_hot(labels[:, :-1].T, n_ways).to(inputs.dtype)
    return _with_targets(inputs, targets, labels[:, -1])


def _with_targets(inputs: Tensor, shown: Tensor, answer: Tensor) -> OneShot:
    targets = nn.functional.pad(shown, (0, 0, 0, 0, 0, 1))
    clamp = torch.ones_like(targets, dtype=torch.bool)
    clamp[-1] = False
    return OneShot(inputs, targets, clamp, answer)


def _check_sizes(n_characters: int, n_drawings: int, n_ways: int, n_shots: int, batch: int) -> None:
    """Check the sizes of what is drawn from, and of episodes."""
    for name, value in (("n_ways", n_ways), ("n_shots", n_shots), ("batch", batch)):
        _checks.integer(name, value)
    for name, size, least in (
        ("n_characters", n_characters, n_ways),
        ("n_drawings", n_drawings, n_shots + 1),
    ):
        if _checks.integer(name, size) < least:
            raise ValueError(
                f"{name} must be {least} or more, for an episode shows so many, got {size}"
            )


class Draw(NamedTuple):
    """Which drawings episodes show, shape (B, T) each; the last step asks.

    Attributes
    ----------
    labels, characters : Tensor, of each step
    samples : Tensor, number of its drawing
    turns : Tensor, how often that is turned by 90 degrees
    """

    labels: Tensor
    characters: Tensor
    samples: Tensor
    turns: Tensor


def draw(
    n_characters: int,
    n_drawings: int,
    n_ways: int,
    n_shots: int,
    batch: int,
    generator: torch.Generator,
    *,
    turn: bool = True,
) -> Draw:
    """Draw what episodes show, as numbers (Miconi, Stanley & Clune, 2018, section 4.4).

    Parameters
    ----------
    n_characters, n_drawings : int, characters to choose from, and drawings of each
    n_ways, n_shots, batch, generator : as for :func:`episodes`
    turn : bool, whether each character of each episode is turned by a multiple of 90 degrees
    """
    _check_sizes(n_characters, n_drawings, n_ways, n_shots, batch)
    device = _checks.generator(generator).device
    _checks.flag("turn", turn)
    _checks.room(batch=batch, n_ways=n_ways, n_drawings=max(n_drawings, n_characters))

    def shuffled(*shape: int) -> Tensor:
        return torch.rand(shape, generator=generator, device=device).argsort(-1)

    chosen = shuffled(batch, n_characters)[:, :n_ways]
    samples = shuffled(batch, n_ways, n_drawings)[..., : n_shots + 1]
    asked = torch.randint(n_ways, (batch, 1), generator=generator, device=device)
    labels = shuffled(batch, n_ways * n_shots) % n_ways  # of each step, every label n_shots times
    # how often the label was shown before
    seen = (labels[:, :, None] == labels[:, None, :]).tril(-1).sum(-1)
    labels = torch.cat([labels, asked], 1)
    seen = torch.cat([seen, torch.full_like(asked, n_shots)], 1)
    samples = samples[torch.arange(batch, device=device)[:, None], labels, seen]
    turns = torch.zeros_like(chosen)
    if turn:
        turns = torch.randint(4, turns.shape, generator=generator, device=device)
    return Draw(labels, chosen.gather(1, labels), samples, turns.gather(1, labels))


def _turned(pictures: Tensor, turns: Tensor) -> Tensor:
    """Turn each of some pictures (..., size, size) by its own multiple (...) of 90 degrees."""
    all_ways = torch.stack([pictures.rot90(k, (-2, -1)) for k in range(4)])
    return all_ways.gather(0, turns[None, ..., None, None].expand(1, *pictures.shape))[0]


def _check_drawings(
    drawings: Tensor, characters: int, each: int, generator: torch.Generator
) -> None:
    """Check drawings to choose from, and what chooses."""
    _checks.tensor("drawings", drawings, _AXES, {})
    if not drawings.is_floating_point():
        raise TypeError(
            f"drawings must hold shares of ink, got {drawings.dtype}: use one_shot.shrink(drawings)"
        )
    _checks.generator(generator, _checks.finite("drawings", drawings).device)
    rows, columns = drawings.shape[2:]
    if drawings.shape[0] < characters or drawings.shape[1] < each or rows != columns:
        raise ValueError(
            "drawings must be square, "
            f"of {characters} characters or more and {each} drawings or more of each, "
            f"got shape {tuple(drawings.shape)}"
        )


def episodes(
    drawings: Tensor, n_ways: int, n_shots: int, batch: int, generator: torch.Generator
) -> OneShot:
    """Draw episodes: a few characters, each turned, and drawings of them to learn from.

    There are ``n_ways * n_shots + 1`` steps; what is asked for is none of the drawings that were
    shown. Source: Miconi, Stanley & Clune (2018), section 4.4; a multiple of 90 degrees is
    drawn for each character of each episode, as in the published code.

    >>> drawings = torch.rand(10, 4, 31, 31)  # four of each of ten characters
    >>> shown = episodes(drawings, n_ways=5, n_shots=1, batch=2, generator=torch.Generator())
    >>> shown.inputs.shape, shown.targets.shape
    (torch.Size([6, 2, 31, 31]), torch.Size([6, 2, 5]))

    Parameters
    ----------
    drawings : Tensor (characters, drawings, size, size), on the generator's device
    n_ways, batch : int, characters in an episode, and labels; episodes
    n_shots : int, drawings of each that are shown with the label, in random order
    generator : torch.Generator
    """
    _checks.integer("n_ways", n_ways)
    _check_drawings(drawings, n_ways, _checks.integer("n_shots", n_shots) + 1, generator)
    n_characters, n_drawings = drawings.shape[:2]
    drawn = draw(n_characters, n_drawings, n_ways, n_shots, batch, generator)
    pictures = _turned(drawings[drawn.characters, drawn.samples], drawn.turns)
    return with_labels(pictures.transpose(0, 1), drawn.labels, n_ways)


def pool(
    drawings: Tensor,
    n_characters: int,
    n_drawings: int,
    n_ways: int,
    n_shots: int,
    batch: int,
    generator: torch.Generator,
) -> Pool:
    """Draw characters, each turned, some drawings of each, and many episodes among these.

    With ``n_characters=n_ways``, ``n_drawings=n_shots + 1`` and ``batch=1`` it is one episode of
    :func:`episodes`.

    Parameters
    ----------
    drawings, n_ways, n_shots, batch, generator : as for :func:`episodes`
    n_characters, n_drawings : int, characters in the pool, and drawings of each
    """
    _check_sizes(n_characters, n_drawings, n_ways, n_shots, batch)
    _check_drawings(drawings, n_characters, n_drawings, generator)
    device = generator.device
    characters = torch.randperm(len(drawings), generator=generator, device=device)[:n_characters]
    draws = torch.rand(n_characters, drawings.shape[1], generator=generator, device=device)
    samples = draws.argsort(-1)[:, :n_drawings]
    turns = torch.randint(4, (n_characters, 1), generator=generator, device=device)
    pictures = _turned(drawings[characters[:, None], samples], turns.expand(-1, n_drawings))
    drawn = draw(n_characters, n_drawings, n_ways, n_shots, batch, generator, turn=False)
    where = (drawn.characters * n_drawings + drawn.samples).T
    targets = nn.functional.one_hot(drawn.labels[:, :-1].T, n_ways).to(drawings.dtype)
    return Pool(pictures.flatten(0, 1), where[:-1], targets, where[-1], drawn.labels[:, -1])


def pick(
    drawings: Tensor, characters: list[int], shown: list[int], asked: tuple[int, int]
) -> OneShot:
    """Make one episode of drawings that you name, as they were drawn.

    Parameters
    ----------
    drawings : Tensor (characters, drawings, size, size)
    characters : list of int, one for each label
    shown : list of int, which drawing of each is shown
    asked : tuple of int, the label, and the drawing of its character, that is asked for
    """
    _checks.finite("drawings", _checks.tensor("drawings", drawings, _AXES, {}))
    n_characters, each = drawings.shape[:2]
    characters, shown = _checks.integers("characters", characters), _checks.integers("shown", shown)
    label, last = _checks.integers("asked", asked, 2)
    if len(characters) != len(shown):
        raise ValueError(
            "there must be a drawing for each character, "
            f"got {len(characters)} characters and {len(shown)} drawings"
        )
    if len(set(characters)) < len(characters):
        raise ValueError(f"a character can have one label only, got {characters}: name another one")
    if not 0 <= label < len(characters):
        raise ValueError(
            f"asked must name a label below {len(characters)}, and one of its drawings, got {asked}"
        )
    there = all(0 <= character < n_characters for character in characters)
    if not (there and all(0 <= drawing < each for drawing in [*shown, last])):
        raise ValueError(
            f"there are {n_characters} characters and {each} drawings of each, counted from 0: "
            "check the numbers"
        )
    if last == shown[label]:
        raise ValueError(f"drawing {last} of label {label} is shown already: ask for another one")
    inputs = torch.stack([*drawings[characters, shown], drawings[characters[label], last]])
    targets = torch.eye(len(characters), dtype=drawings.dtype, device=drawings.device).unsqueeze(1)
    answer = torch.tensor([label], device=drawings.device)
    return _with_targets(inputs.unsqueeze(1), targets, answer)


def correct(y: Tensor, episodes: OneShot) -> Tensor:
    """Return whether the largest output of the last step is the right label; boolean, shape (B,).

    Parameters
    ----------
    y : Tensor (B, N), output of the last step
    episodes : OneShot, what was asked
    """
    _checks.of_type("episodes", episodes, OneShot, "use pool.episodes() or episodes(...)")
    if isinstance(y, Tensor) and y.ndim == 3:
        raise ValueError(f"y must be the last step, (B, N), got {tuple(y.shape)}: pass y[-1]")
    sizes: dict[str, int] = {}
    _checks.tensor("episodes.targets", episodes.targets, "T B N", sizes)
    _checks.actions("episodes.answer", episodes.answer, "B", sizes, sizes["N"])
    _checks.held("y", _checks.floating("y", _checks.tensor("y", y, "B N", sizes)))
    return (y.argmax(-1) == episodes.answer) & ~y.isnan().any(-1)  # NaN is wrong


def loss(
    network: Any, draw: Callable[[], Pool], dtype: torch.dtype | None = None
) -> Callable[[int], tuple[Tensor, dict[str, float]]]:
    """Return what :func:`.training.train` needs: the loss of a network on a new pool of episodes.

    The cross-entropy of the answers with the right labels; the metric is the share of right
    answers.

    Parameters
    ----------
    network : torch.nn.Module
        ``network.ask(pictures, shown, targets, asked)`` returns what a softmax turns into the
        answers, shape (B, N): :class:`.OneShotNetwork` or :class:`.PrototypicalNetwork`.
    draw : callable, returns a new pool
    dtype : torch.dtype, optional; precision of the convolutions
    """
    _checks.function("draw", draw, "without arguments that returns a new pool")
    _checks.function("network.ask", getattr(network, "ask", None), "such as OneShotNetwork's")

    def new(update: int) -> tuple[Tensor, dict[str, float]]:
        *asked, answer = _checks.of_type("what draw returns", draw(), Pool, "use pool(...)")
        drive = network.ask(*asked, dtype)
        right = (drive.argmax(-1) == answer).float().mean().item()
        return nn.functional.cross_entropy(drive, answer), {"right": right}

    return new
