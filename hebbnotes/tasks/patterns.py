"""Tasks: what a network is shown in an episode, what it should answer, and how the answer is judged.

:class:`PatternCompletion` is the first task of Miconi, Stanley & Clune (2018): a few new patterns of bits are shown, then one of
them again with half of its bits erased, and the network is to fill them in. Its patterns may be random bits, text
(:func:`text_pattern`), grey pictures with one half erased (:func:`.pictures`), or smooth patterns, whose pixels are correlated as
much as one wishes (:func:`.smooth_episodes`). Answers are judged by :func:`errors` and :func:`.squared_error`; :func:`floor_last`
and :func:`floor_majority` are the errors of networks that ignore the cue. Torch and numpy are all that tasks need, and for text
matplotlib.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from hebbnotes import _checks

__all__ = [
    "CODE",
    "Episodes",
    "Errors",
    "ONCE",
    "PAPER",
    "PatternCompletion",
    "errors",
    "floor_last",
    "floor_majority",
    "recall_loss",
    "text_pattern",
]


PAPER = {"cycles": 3, "steps_on": 10, "steps_off": 3, "steps_test": 10}
"""Schedule of the paper, section 4.1; it does not state how long the cue is shown: we show it as long as a pattern."""


CODE = {"cycles": 2, "steps_on": 6, "steps_off": 4, "steps_test": 6}
"""Schedule of the published code for the same task."""


ONCE = {"cycles": 1, "steps_on": 3, "steps_off": 1, "steps_test": 3}
"""Every pattern once: schedule of the paper's comparison with other networks, section 4.2."""


class Episodes(NamedTuple):
    """A batch of episodes of pattern completion: T steps, B episodes, P patterns, n bits (and units).

    Attributes
    ----------
    inputs : Tensor
        What is added inside tanh, or the output where a unit is clamped; shape (T, B, n_units).
    clamp : Tensor
        Boolean, shape (T, B, n_units).
    patterns : Tensor
        The patterns of each episode, entries +1 and -1, shape (B, P, n_bits).
    order : Tensor
        Which pattern is shown when, shape (B, cycles * P).
    target : Tensor
        Index of the pattern that is asked for, shape (B,).
    erased : Tensor
        Boolean, true for the bits that the cue lacks, shape (B, n_bits).

    Notes
    -----
    Taught in the chapter "Introducing the NeuroAI series".
    """

    inputs: Tensor
    clamp: Tensor
    patterns: Tensor
    order: Tensor
    target: Tensor
    erased: Tensor

    @property
    def answer(self) -> Tensor:
        """The pattern that is asked for, complete: shape (B, n_bits)."""
        return self.patterns[torch.arange(len(self.target), device=self.target.device), self.target]


@dataclass(frozen=True)
class PatternCompletion:
    """Show a few new patterns, then half of one, and ask for the rest.

    The default values are those of Miconi, Stanley & Clune (2018), section 4.1, where they are stated. The length of the test
    is not: we show the cue as long as a pattern.

    Parameters
    ----------
    n_bits : int
        Bits in a pattern, each +1 or -1.
    n_patterns : int
        Patterns in an episode.
    cycles : int
        How often the whole set is shown, in a new random order each time.
    steps_on, steps_off, steps_test : int
        Steps for which a pattern is shown, for which nothing is shown after it, and for which the cue is shown.
    fraction_erased : float
        Share of the bits, drawn at random for each episode, that the cue lacks.
    balanced : bool
        Whether each pattern has as many +1 as -1 (one more of -1 if ``n_bits`` is odd) or independent bits.
    bias_unit : bool
        Whether a unit that the task clamps to 1 at every step is appended to the bits.
    input_gain : float, optional
        By default the units that are shown are clamped. With a number, as in the published code (20), the pattern times this
        number is added inside tanh instead, and only the bias unit is clamped.
    graded : bool
        Whether patterns may hold any number in [-1, 1], such as the grey values of a picture, and not only +1 and -1.

    Raises
    ------
    TypeError
        If a count is not an integer.
    ValueError
        If a number is out of range, or the cue would lack no bit.

    Notes
    -----
    Taught in the chapter "Introducing the NeuroAI series".
    """

    n_bits: int = 1000
    n_patterns: int = 5
    cycles: int = 3
    steps_on: int = 10
    steps_off: int = 3
    steps_test: int = 10
    fraction_erased: float = 0.5
    balanced: bool = True
    bias_unit: bool = True
    input_gain: float | None = None
    graded: bool = False

    def __post_init__(self) -> None:
        for name in ("n_bits", "n_patterns", "cycles", "steps_on", "steps_test"):
            _checks.integer(name, getattr(self, name))
        _checks.integer("steps_off", self.steps_off, 0)
        _checks.number("fraction_erased", self.fraction_erased, 0, 1)
        if self.n_erased < 1:
            raise ValueError(
                f"fraction_erased={self.fraction_erased:g} erases none of {self.n_bits} bits: erase at least one"
            )
        if self.input_gain is not None:
            _checks.number("input_gain", self.input_gain)

    @property
    def n_units(self) -> int:
        """Units of the network: the bits, and the bias unit if there is one."""
        return self.n_bits + self.bias_unit

    @property
    def n_steps(self) -> int:
        """Steps of an episode."""
        return self.cycles * self.n_patterns * (self.steps_on + self.steps_off) + self.steps_test

    @property
    def n_erased(self) -> int:
        """Bits that the cue lacks."""
        return round(self.fraction_erased * self.n_bits)

    def random_patterns(
        self, batch: int, generator: torch.Generator, dtype: torch.dtype | None = None
    ) -> Tensor:
        """Draw new patterns for each episode: shape (batch, n_patterns, n_bits), on the generator's device.

        Parameters
        ----------
        batch : int
            Number of episodes.
        generator : torch.Generator
            Source of randomness.
        dtype : torch.dtype, optional
            By default torch's default type.
        """
        shape = (_checks.integer("batch", batch), self.n_patterns, self.n_bits)
        draws = torch.rand(shape, generator=generator, device=generator.device)
        ones = draws.argsort(-1).argsort(-1) < self.n_bits // 2 if self.balanced else draws < 0.5
        return torch.where(ones, 1.0, -1.0).to(dtype or torch.get_default_dtype())

    def episodes(
        self,
        patterns: Tensor,
        generator: torch.Generator,
        target: int | Tensor | None = None,
        order: Tensor | None = None,
        erased: Tensor | None = None,
    ) -> Episodes:
        """Make episodes of given patterns.

        Parameters
        ----------
        patterns : Tensor
            Entries +1 and -1, shape (B, n_patterns, n_bits), on the generator's device.
        generator : torch.Generator
            Source of the order, of the pattern that is asked for, and of the bits that are erased.
        target : int or Tensor, optional
            Index of the pattern that is asked for, one for all episodes or integers of shape (B,); by default drawn for each.
        order : Tensor, optional
            Which pattern is shown when, integers of shape (B, cycles * n_patterns); by default drawn anew for each cycle.
        erased : Tensor, optional
            Which bits the cue lacks, boolean, shape (B, n_bits); by default ``n_erased`` of them, drawn at random.

        Returns
        -------
        Episodes

        Raises
        ------
        TypeError
            If ``patterns`` is not a floating-point tensor.
        ValueError
            If a shape does not fit the task, an entry is neither +1 nor -1, or ``target`` or ``order`` names no pattern.
        """
        _checks.tensor(
            "patterns", patterns, "B P n_bits", {"P": self.n_patterns, "n_bits": self.n_bits}
        )
        _checks.floating("patterns", patterns)
        if self.graded and not bool((patterns.abs() <= 1).all()):
            raise ValueError(
                "patterns must hold numbers in [-1, 1]: divide them by their largest absolute value"
            )
        if not self.graded and not bool((patterns.abs() == 1).all()):
            raise ValueError("patterns must hold +1 and -1 only: use torch.where(bits, 1.0, -1.0)")
        batch, device = len(patterns), generator.device

        def draw(*shape: int) -> Tensor:
            return torch.rand(shape, generator=generator, device=device)

        # what is given is drawn nevertheless: all else is the same then as it would be if it were not given
        drawn = (
            draw(batch, self.cycles, self.n_patterns).argsort(-1).flatten(1),
            (draw(batch) * self.n_patterns).long(),
        )
        order = self._named("order", order, drawn[0])
        chosen = self._named(
            "target",
            torch.full((batch,), target, device=device) if isinstance(target, int) else target,
            drawn[1],
        )
        lacking = draw(batch, self.n_bits).argsort(-1).argsort(-1) < self.n_erased
        if erased is None:
            erased = lacking
        _checks.tensor(
            "erased", erased, "B n_bits", {"B": batch, "n_bits": self.n_bits}, boolean=True
        )

        rows = torch.arange(batch, device=device)
        inputs, clamp = self._steps(
            patterns[rows[:, None], order].transpose(0, 1), patterns[rows, chosen], erased
        )
        return Episodes(inputs, clamp, patterns, order, chosen, erased)

    def _steps(self, shown: Tensor, asked: Tensor, erased: Tensor) -> tuple[Tensor, Tensor]:
        """Return inputs and clamp of all steps, for the patterns in their order (cycles * P, B, n_bits) and that of the cue."""
        on = shown.unsqueeze(1).expand(-1, self.steps_on, -1, -1)
        off = shown.new_zeros(len(shown), self.steps_off, *shown.shape[1:])
        cue = (asked * ~erased).expand(self.steps_test, -1, -1)
        inputs = torch.cat([torch.cat([on, off], 1).flatten(0, 1), cue])
        each = self.steps_on + self.steps_off
        shows = torch.arange(len(shown) * each, device=shown.device) % each < self.steps_on
        clamp = torch.cat(
            [shows[:, None, None].expand(-1, *shown.shape[1:]), (~erased).expand_as(cue)]
        )
        if self.input_gain is not None:
            inputs, clamp = self.input_gain * inputs, torch.zeros_like(clamp)
        if self.bias_unit:
            one = inputs.new_ones(self.n_steps, len(asked), 1)
            inputs, clamp = torch.cat([inputs, one], -1), torch.cat([clamp, one.bool()], -1)
        return inputs, clamp

    def _named(self, name: str, given: Tensor | None, drawn: Tensor) -> Tensor:
        """Return what was given, if it names patterns in the shape of what was drawn, or else what was drawn."""
        if given is None:
            return drawn
        if (
            not isinstance(given, Tensor)
            or given.dtype != drawn.dtype
            or given.shape != drawn.shape
        ):
            got = (
                f"{given.dtype} {tuple(given.shape)}"
                if isinstance(given, Tensor)
                else type(given).__name__
            )
            raise ValueError(
                f"{name} must be integers (torch.long) of shape {tuple(drawn.shape)}, got {got}"
            )
        if int(given.min()) < 0 or int(given.max()) >= self.n_patterns:
            raise ValueError(
                f"{name} must name one of the {self.n_patterns} patterns, 0 to {self.n_patterns - 1}, got {given.tolist()}"
            )
        return given

    def sample(
        self, batch: int, generator: torch.Generator, dtype: torch.dtype | None = None
    ) -> Episodes:
        """Draw episodes of new random patterns; arguments as for :meth:`random_patterns`."""
        return self.episodes(self.random_patterns(batch, generator, dtype), generator)


class Errors(NamedTuple):
    """Shares of wrong bits, one for each episode, each of shape (B,).

    Attributes
    ----------
    erased : Tensor
        Among the bits that the cue lacked: what a memory has to fill in.
    all_bits : Tensor
        Among all bits: what the paper reports. Copying the cue gets the other bits right.

    Notes
    -----
    Taught in the chapter "Introducing the NeuroAI series".
    """

    erased: Tensor
    all_bits: Tensor


def errors(y: Tensor, episodes: Episodes) -> Errors:
    """Judge a network's answer by the signs of its bits; a bit of exactly 0 is wrong.

    Parameters
    ----------
    y : Tensor
        Output at the step that is judged, usually ``output[-1]``, shape (B, n_units): units beyond the bits are ignored.
    episodes : Episodes
        What was asked.

    Returns
    -------
    Errors

    Raises
    ------
    ValueError
        If ``y`` has too few units or another number of episodes.

    Notes
    -----
    Taught in the chapter "Introducing the NeuroAI series".
    """
    answer = episodes.answer
    if y.ndim != 2 or len(y) != len(answer) or y.shape[1] < answer.shape[1]:
        wanted = f"(B={len(answer)}, at least {answer.shape[1]} units)"
        raise ValueError(
            f"y must have shape {wanted}, got {tuple(y.shape)}: pass one step, such as output[-1]"
        )
    wrong = ~(y[:, : answer.shape[1]] * answer > 0)  # NaN is wrong, too
    return Errors(
        (wrong & episodes.erased).sum(-1) / episodes.erased.sum(-1), wrong.to(y.dtype).mean(-1)
    )


def recall_loss(
    network: Callable[..., tuple[Tensor, Any]],
    task: PatternCompletion,
    batch: int,
    generator: torch.Generator,
) -> Callable[[int], tuple[Tensor, dict[str, float]]]:
    """Return what :func:`.training.train` needs: the loss of a network on new episodes of a task.

    The loss is the squared error at the last step, summed over the erased bits, averaged over the episodes. The metrics are the
    shares of wrong bits, ``erased`` and ``all_bits``, before the update: every episode is new, so they are errors on unseen ones.

    Parameters
    ----------
    network : callable
        ``network(inputs, clamp=clamp)`` returns the output (T, B, n_units) and a state.
    task : PatternCompletion
        Where the episodes come from.
    batch : int
        Number of episodes for each update.
    generator : torch.Generator
        Source of the episodes.

    Returns
    -------
    callable
        ``loss(update)`` returns the loss and the metrics.

    Notes
    -----
    Source: Miconi, Stanley & Clune (2018), section 4.1; a clamped bit has no error, so they may as well sum over all bits. Taught
    in the chapter "Differentiable plasticity".
    """
    _checks.integer("batch", batch)

    def loss(update: int) -> tuple[Tensor, dict[str, float]]:
        episodes = task.sample(batch, generator)
        y = network(episodes.inputs, clamp=episodes.clamp)[0][-1]
        wrong = errors(y.detach(), episodes)
        squared = (y[:, : task.n_bits] - episodes.answer).square() * episodes.erased
        return squared.sum(-1).mean(), {
            "erased": wrong.erased.mean().item(),
            "all_bits": wrong.all_bits.mean().item(),
        }

    return loss


def floor_last(n_patterns: int) -> float:
    """Return the expected share of wrong erased bits of a network that always answers with the pattern it saw last.

    ``(P - 1) / (2 P)``: it is right when the last pattern is the one that is asked for, and else half of the time.

    Parameters
    ----------
    n_patterns : int
        Number of patterns P, random and independent, asked for with equal probability.

    Notes
    -----
    Taught in the chapter "Introducing the NeuroAI series".
    """
    p = _checks.integer("n_patterns", n_patterns)
    return (p - 1) / (2 * p)


def floor_majority(n_patterns: int) -> float:
    """Return the expected share of wrong erased bits of a network that answers with the majority of the patterns.

    ``1 / 2 - C(P - 1, floor((P - 1) / 2)) / 2 ** P``: the best answer that ignores the cue and weighs all patterns alike. Ties,
    for even P, are broken at random.

    Parameters
    ----------
    n_patterns : int
        Number of patterns P, random and independent, asked for with equal probability.

    Notes
    -----
    Taught in the chapter "Introducing the NeuroAI series".
    """
    p = _checks.integer("n_patterns", n_patterns)
    return 0.5 - math.comb(p - 1, (p - 1) // 2) / 2**p


def text_pattern(text: str, shape: tuple[int, int]) -> np.ndarray:
    """Draw text as a pattern of +1 (ink) and -1, as large as fits into the grid.

    Parameters
    ----------
    text : str
        One to four characters, such as initials.
    shape : tuple of int
        Rows and columns, at least 8 each.

    Returns
    -------
    numpy.ndarray
        Array of the given shape. ``torch.as_tensor(...).float().flatten()`` makes it a pattern.

    Raises
    ------
    ValueError
        If the text is empty or longer than four characters, has nothing to draw, or the grid is too small.

    Notes
    -----
    Taught in the chapter "Introducing the NeuroAI series".
    """
    from matplotlib.font_manager import FontProperties, findfont, get_font
    from matplotlib.path import Path
    from matplotlib.textpath import TextPath

    rows, columns = (_checks.integer("shape", s, 8) for s in shape)
    text = text.strip() if isinstance(text, str) else ""
    if not 1 <= len(text) <= 4:
        raise ValueError(f"text must have one to four characters, got {text!r}: try your initials")
    font = FontProperties(family="DejaVu Sans", weight="bold")
    missing = [c for c in text if ord(c) not in get_font(findfont(font)).get_charmap()]
    if missing:
        raise ValueError(
            f"text has characters that the font DejaVu Sans lacks: {''.join(missing)!r}"
        )
    try:
        path = TextPath((0, 0), text, size=100, prop=font)
        outlines = [Path(outline) for outline in path.to_polygons()]
    except AttributeError:  # what matplotlib raises for glyphs without an outline
        outlines = []
    if not outlines:
        raise ValueError(f"text {text!r} has nothing to draw: use letters, digits or signs")
    box, margin = path.get_extents(), 1.1
    scale = margin * max(box.width / columns, box.height / rows)
    x = (box.x0 + box.x1) / 2 + scale * (np.arange(columns) - (columns - 1) / 2)
    y = (box.y0 + box.y1) / 2 - scale * (np.arange(rows) - (rows - 1) / 2)
    grid = np.stack(np.meshgrid(x, y), -1)
    ink = np.logical_xor.reduce(
        [outline.contains_points(grid.reshape(-1, 2)) for outline in outlines]
    )  # holes are outlines, too
    return np.where(ink.reshape(rows, columns), 1.0, -1.0)
