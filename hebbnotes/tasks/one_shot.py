"""One-shot learning: a few drawings are shown once with their labels, then one more is to be named.

The task of Miconi, Stanley & Clune (2018), section 4.4, in batches. :func:`episodes` are independent of each other, for tests. A
:class:`Pool` is for training: many episodes share a few drawings, so that each drawing has to be looked at only once.

Shapes: T steps, of which K show a drawing with its label and the last asks; B episodes, N labels, M drawings in a pool.
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
    "jitter",
    "loss",
    "omniglot",
    "pick",
    "pool",
    "shrink",
    "split",
    "with_labels",
]


class OneShot(NamedTuple):
    """A batch of episodes.

    Attributes
    ----------
    inputs : Tensor
        Drawings, shape (T, B, rows, columns).
    targets : Tensor
        One-hot labels, shape (T, B, N); 0 in the last step.
    clamp : Tensor
        Boolean, shape (T, B, N): true where the label is shown, in all steps but the last.
    answer : Tensor
        Label of the last drawing, integers, shape (B,).

    Notes
    -----
    Taught in the chapter "One-shot learning".
    """

    inputs: Tensor
    targets: Tensor
    clamp: Tensor
    answer: Tensor


class Pool(NamedTuple):
    """Episodes that share their drawings.

    Attributes
    ----------
    pictures : Tensor
        Drawings, shape (M, rows, columns).
    shown : Tensor
        Which of them each step shows, integers, shape (K, B).
    targets : Tensor
        One-hot labels of these, shape (K, B, N).
    asked : Tensor
        Which of them is asked for, integers, shape (B,).
    answer : Tensor
        Its label, integers, shape (B,).

    Notes
    -----
    Taught in the chapter "One-shot learning".
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
    """Return all 1,623 characters of Omniglot, made smaller.

    Parameters
    ----------
    size : int
        Rows and columns.
    download : bool
        Whether to fetch the files that are not there.

    Returns
    -------
    drawings : Tensor
        Share of ink, in [0, 1], shape (1623, 20, size, size).
    names : list of str
        Alphabet and number of each character.

    Raises
    ------
    OSError, ValueError
        If the data are neither there nor to be had; the message names file, folder and command. See :func:`.fetch`.

    Notes
    -----
    Source: Lake, Salakhutdinov & Tenenbaum (2015). Taught in the chapter "One-shot learning".
    """
    _checks.integer("size", size)
    small, names = [], []
    for part in ("background", "evaluation"):
        drawings, its = data.omniglot(part, download)
        small += [
            shrink(some, size) for some in drawings.split(100)
        ]  # all at once would take 1.5 GB
        names += its
    return torch.cat(small), names


def split(n_characters: int, n_held_out: int, seed: int) -> tuple[Tensor, Tensor]:
    """Divide characters at random into those to train on and those to test on.

    Parameters
    ----------
    n_characters, n_held_out : int
        All characters, and how many to keep for the test.
    seed : int
        Another seed holds out other characters.

    Returns
    -------
    train, test : Tensor
        Numbers of the characters, shapes (n_characters - n_held_out,) and (n_held_out,).

    Raises
    ------
    ValueError
        If a number is no positive integer, or none would be left to train on.

    Notes
    -----
    Source: Miconi, Stanley & Clune (2018), section 4.4: 100 of 1,623 are held out. Taught in the chapter "One-shot learning".
    """
    if _checks.integer("n_held_out", n_held_out) >= _checks.integer("n_characters", n_characters):
        raise ValueError(
            f"n_held_out must be below the number of characters, {n_characters}, got {n_held_out}"
        )
    order = torch.randperm(n_characters, generator=torch.Generator().manual_seed(seed))
    return order[:-n_held_out], order[-n_held_out:]


def shrink(drawings: Tensor, size: int = SIZE) -> Tensor:
    """Make drawings smaller, by means over areas.

    Parameters
    ----------
    drawings : Tensor
        Boolean, true for ink, shape (characters, drawings, rows, columns), as :func:`hebbnotes.data.omniglot` returns them.
    size : int
        Rows and columns afterwards.

    Returns
    -------
    Tensor
        Share of ink, in [0, 1], shape (characters, drawings, size, size).

    Raises
    ------
    ValueError
        If the shape does not fit, or the size is no positive integer.

    Notes
    -----
    Source: Miconi, Stanley & Clune (2018), section 4.4: 31 x 31 pixels. Used by :func:`omniglot`.
    """
    _checks.tensor("drawings", drawings, "characters drawings rows columns", {})
    _checks.integer("size", size)
    return nn.functional.adaptive_avg_pool2d(drawings.float(), size)


def with_labels(inputs: Tensor, labels: Tensor, n_ways: int) -> OneShot:
    """Make episodes of what is shown at each step, shape (T, B, ...), and the label of each step, shape (B, T).

    Parameters
    ----------
    inputs : Tensor
        Drawings, or their features.
    labels : Tensor
        Integers; the last one is the answer, and is not shown.
    n_ways : int
        Labels.

    Returns
    -------
    OneShot

    Notes
    -----
    Used by :func:`episodes`, and by the experiments of the chapter "One-shot learning".
    """
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
    """Which drawings episodes show; the last step asks.

    Attributes
    ----------
    labels : Tensor
        Label of each step, shape (B, T).
    characters : Tensor
        Character of each step, shape (B, T).
    samples : Tensor
        Number of its drawing, shape (B, T).
    turns : Tensor
        How often that is turned by 90 degrees, shape (B, T).

    Notes
    -----
    Used by :func:`episodes` and :func:`pool`.
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
    """Draw what episodes show, as numbers.

    Parameters
    ----------
    n_characters, n_drawings : int
        Characters to choose from, and drawings of each.
    n_ways, n_shots, batch, generator
        As for :func:`episodes`.
    turn : bool
        Whether each character of each episode is turned by a multiple of 90 degrees.

    Returns
    -------
    Draw

    Raises
    ------
    TypeError, ValueError
        If a number is no positive integer, or there are too few characters or drawings.

    Notes
    -----
    Source: Miconi, Stanley & Clune (2018), section 4.4. Used by :func:`episodes` and :func:`pool`, and by the experiments of the
    chapter "One-shot learning".
    """
    _check_sizes(n_characters, n_drawings, n_ways, n_shots, batch)
    device = generator.device

    def shuffled(*shape: int) -> Tensor:
        return torch.rand(shape, generator=generator, device=device).argsort(-1)

    chosen = shuffled(batch, n_characters)[:, :n_ways]
    samples = shuffled(batch, n_ways, n_drawings)[..., : n_shots + 1]
    asked = torch.randint(n_ways, (batch, 1), generator=generator, device=device)
    labels = shuffled(batch, n_ways * n_shots) % n_ways  # of each step, every label n_shots times
    seen = (
        (labels[:, :, None] == labels[:, None, :]).tril(-1).sum(-1)
    )  # how often the label was shown before
    labels, seen = (
        torch.cat([labels, asked], 1),
        torch.cat([seen, torch.full_like(asked, n_shots)], 1),
    )
    samples = samples[torch.arange(batch, device=device)[:, None], labels, seen]
    turns = (
        torch.randint(4, (batch, n_ways), generator=generator, device=device)
        if turn
        else torch.zeros_like(chosen)
    )
    return Draw(labels, chosen.gather(1, labels), samples, turns.gather(1, labels))


def _turned(pictures: Tensor, turns: Tensor) -> Tensor:
    """Turn each of some pictures (..., size, size) by its own multiple (...) of 90 degrees."""
    all_ways = torch.stack([pictures.rot90(k, (-2, -1)) for k in range(4)])
    return all_ways.gather(0, turns[None, ..., None, None].expand(1, *pictures.shape))[0]


def _check_drawings(
    drawings: Tensor, characters: int, each: int, generator: torch.Generator
) -> None:
    """Check drawings to choose from, and what chooses."""
    _checks.tensor("drawings", drawings, "characters drawings rows columns", {})
    if not drawings.is_floating_point():
        raise TypeError(
            f"drawings must hold the share of ink, got {drawings.dtype}: use oneshot.shrink(drawings)"
        )
    if not isinstance(generator, torch.Generator) or generator.device.type != drawings.device.type:
        raise TypeError(
            f"generator must be a torch.Generator on {drawings.device}, where the drawings are, got {generator!r}"
        )
    rows, columns = drawings.shape[2:]
    if drawings.shape[0] < characters or drawings.shape[1] < each or rows != columns:
        raise ValueError(
            f"drawings must be square, of {characters} characters or more and {each} drawings or more of each, "
            f"got shape {tuple(drawings.shape)}"
        )


def episodes(
    drawings: Tensor, n_ways: int, n_shots: int, batch: int, generator: torch.Generator
) -> OneShot:
    """Draw episodes: characters, each turned by a multiple of 90 degrees, and some drawings of each to learn from.

    Parameters
    ----------
    drawings : Tensor
        Shape (characters, drawings, size, size), on the generator's device.
    n_ways : int
        Characters in an episode, and labels.
    n_shots : int
        Drawings of each that are shown with the label; shown in random order.
    batch : int
        Number of episodes.
    generator : torch.Generator
        Source of randomness.

    Returns
    -------
    OneShot
        ``n_ways * n_shots + 1`` steps. The drawing that is asked for is none of those that were shown.

    Raises
    ------
    TypeError, ValueError
        If there are too few characters or drawings, they are not square or hold no numbers, or the generator is elsewhere.

    Notes
    -----
    Source: Miconi, Stanley & Clune (2018), section 4.4. A rotation is drawn for each character of each episode, as in the published
    code. Taught in the chapter "One-shot learning".
    """
    _check_drawings(
        drawings,
        _checks.integer("n_ways", n_ways),
        _checks.integer("n_shots", n_shots) + 1,
        generator,
    )
    drawn = draw(*drawings.shape[:2], n_ways, n_shots, batch, generator)
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
    """Draw some characters, each turned by a multiple of 90 degrees, some drawings of each, and many episodes among these.

    With ``n_characters=n_ways``, ``n_drawings=n_shots + 1`` and ``batch=1`` it is one episode of :func:`episodes`.

    Parameters
    ----------
    drawings : Tensor
        Shape (characters, drawings, size, size), on the generator's device.
    n_characters, n_drawings : int
        Characters in the pool, and drawings of each.
    n_ways, n_shots, batch, generator
        As for :func:`episodes`.

    Returns
    -------
    Pool
        With ``n_characters * n_drawings`` pictures.

    Raises
    ------
    TypeError, ValueError
        If there are too few characters or drawings for the pool, or the pool has too few for an episode; else as for
        :func:`episodes`.

    Notes
    -----
    Source: this book. Taught in the chapter "One-shot learning".
    """
    _check_sizes(n_characters, n_drawings, n_ways, n_shots, batch)
    _check_drawings(drawings, n_characters, n_drawings, generator)
    device = generator.device
    characters = torch.randperm(len(drawings), generator=generator, device=device)[:n_characters]
    samples = torch.rand(
        n_characters, drawings.shape[1], generator=generator, device=device
    ).argsort(-1)[:, :n_drawings]
    turns = torch.randint(4, (n_characters, 1), generator=generator, device=device).expand(
        -1, n_drawings
    )
    pictures = _turned(drawings[characters[:, None], samples], turns)
    drawn = draw(n_characters, n_drawings, n_ways, n_shots, batch, generator, turn=False)
    where = (drawn.characters * n_drawings + drawn.samples).T
    targets = nn.functional.one_hot(drawn.labels[:, :-1].T, n_ways).to(drawings.dtype)
    return Pool(pictures.flatten(0, 1), where[:-1], targets, where[-1], drawn.labels[:, -1])


def jitter(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Turn, stretch, shear and shift each picture a little: by up to 10 degrees, 10 %, 0.15, and a fifteenth of its size.

    Parameters
    ----------
    pictures : Tensor
        Shape (M, rows, columns), on the generator's device; outside of it is paper, 0.
    generator : torch.Generator
        Source of randomness; each amount is uniform.

    Returns
    -------
    Tensor
        Of the same shape.

    Raises
    ------
    TypeError, ValueError
        If the pictures are not square, or hold no floating-point numbers.

    Notes
    -----
    Source: this book; a common way to have more drawings than there are. Taught in the chapter "One-shot learning".
    """
    _checks.floating("pictures", _checks.tensor("pictures", pictures, "M rows columns", {}))
    if pictures.shape[1] != pictures.shape[2]:
        raise ValueError(
            f"pictures must be square, or a turn would stretch them, got shape {tuple(pictures.shape)}"
        )
    amounts = torch.tensor(
        [0.175, 0.1, 0.15, 2 / 15, 2 / 15], device=pictures.device
    )  # 2 is the size of a picture here
    turn, stretch, shear, right, down = (
        (2 * torch.rand(5, len(pictures), generator=generator, device=pictures.device) - 1)
        * amounts[:, None]
    ).unbind()
    size, cosine, sine = 1 + stretch, turn.cos(), turn.sin()
    first = torch.stack([size * cosine, shear - size * sine, right], -1)
    second = torch.stack([size * sine, size * cosine, down], -1)
    grid = nn.functional.affine_grid(
        torch.stack([first, second], 1).to(pictures.dtype),
        [len(pictures), 1, *pictures.shape[1:]],
        False,
    )
    return nn.functional.grid_sample(pictures.unsqueeze(1), grid, align_corners=False).squeeze(1)


def pick(
    drawings: Tensor, characters: list[int], shown: list[int], asked: tuple[int, int]
) -> OneShot:
    """Make one episode of drawings that you name.

    Parameters
    ----------
    drawings : Tensor
        Shape (characters, drawings, size, size).
    characters : list of int
        The characters, one for each label.
    shown : list of int
        Which drawing of each is shown.
    asked : tuple of int
        The label, and the drawing of its character, that is asked for.

    Returns
    -------
    OneShot
        One episode with one drawing of each character, as it was drawn.

    Raises
    ------
    ValueError
        If there is no such character, drawing or label, a character is named twice, or the drawing that is asked for was shown.

    Notes
    -----
    Taught in the chapter "One-shot learning".
    """
    _checks.tensor("drawings", drawings, "characters drawings rows columns", {})
    n_characters, each = drawings.shape[:2]
    label, last = asked
    if len(characters) != len(shown):
        raise ValueError(
            f"there must be a drawing for each character, got {len(characters)} characters and {len(shown)} drawings"
        )
    if len(set(characters)) < len(characters):
        raise ValueError(f"a character can have one label only, got {characters}: name another one")
    if not 0 <= label < len(characters):
        raise ValueError(
            f"asked must name a label below {len(characters)}, and one of its drawings, got {asked}"
        )
    if not all(0 <= c < n_characters for c in characters) or not all(
        0 <= d < each for d in [*shown, last]
    ):
        raise ValueError(
            f"there are {n_characters} characters and {each} drawings of each, counted from 0: check the numbers"
        )
    if last == shown[label]:
        raise ValueError(f"drawing {last} of label {label} is shown already: ask for another one")
    inputs = torch.stack(
        [*drawings[characters, shown], drawings[characters[label], last]]
    ).unsqueeze(1)
    targets = torch.eye(len(characters), dtype=drawings.dtype, device=drawings.device).unsqueeze(1)
    return _with_targets(inputs, targets, torch.tensor([label], device=drawings.device))


def correct(y: Tensor, episodes: OneShot) -> Tensor:
    """Return for each episode whether the largest output of the last step is the right label; boolean, shape (B,).

    Parameters
    ----------
    y : Tensor
        Output of the last step, shape (B, N).
    episodes : OneShot
        What was asked.

    Raises
    ------
    TypeError, ValueError
        If ``y`` is not the output of one step.

    Notes
    -----
    Taught in the chapter "One-shot learning".
    """
    if isinstance(y, Tensor) and y.ndim == 3:
        raise ValueError(
            f"y must be the output of the last step, shape (B, N), got {tuple(y.shape)}: pass y[-1]"
        )
    _checks.tensor("y", y, "B N", {"B": len(episodes.answer), "N": episodes.targets.shape[-1]})
    return y.argmax(-1) == episodes.answer


def loss(
    network: Any, draw: Callable[[], Pool], dtype: torch.dtype | None = None
) -> Callable[[int], tuple[Tensor, dict[str, float]]]:
    """Return what :func:`.training.train` needs: the loss of a network on a new pool of episodes.

    The loss is the cross-entropy of the answers with the right labels; the metric is the share of right answers.

    Parameters
    ----------
    network : torch.nn.Module
        ``network.ask(pictures, shown, targets, asked)`` returns what a softmax turns into the answers, shape (B, N):
        :class:`.OneShotNetwork` or :class:`.PrototypicalNetwork`.
    draw : callable
        ``draw()`` returns a new pool.
    dtype : torch.dtype, optional
        Precision of the convolutions, as for :meth:`.OneShotNetwork.ask`.

    Returns
    -------
    callable
        ``loss(update)`` returns the loss and the metric.

    Notes
    -----
    Source: Miconi, Stanley & Clune (2018), section 4.4. Taught in the chapter "One-shot learning".
    """

    def new(update: int) -> tuple[Tensor, dict[str, float]]:
        *asked, answer = draw()
        drive = network.ask(*asked, dtype)
        right = (drive.argmax(-1) == answer).float().mean().item()
        return nn.functional.cross_entropy(drive, answer), {"right": right}

    return new
