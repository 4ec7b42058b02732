"""Pattern completion: a few new patterns are shown, then a part of one, and the rest is asked for.

:class:`PatternCompletion` is the first task of Miconi, Stanley & Clune (2018). Its patterns may be
random bits, text (:func:`.text_pattern`), or grey pictures with one half erased
(:func:`.pictures`). Answers are judged by :func:`errors`; :func:`floor_last` and
:func:`floor_majority` are the errors of networks that ignore the cue.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral
from typing import Any, NamedTuple

import torch
from torch import Tensor

from hebbnotes import _checks

__all__ = [
    "CODE",
    "ONCE",
    "PAPER",
    "Episodes",
    "Errors",
    "PatternCompletion",
    "errors",
    "floor_last",
    "floor_majority",
    "recall_loss",
]


PAPER = {"cycles": 3, "steps_on": 10, "steps_off": 3, "steps_test": 10}
"""Schedule of the paper, section 4.1; how long the cue is shown we chose: as long as a pattern."""


CODE = {"cycles": 2, "steps_on": 6, "steps_off": 4, "steps_test": 6}
"""Schedule of the published code for the same task."""


ONCE = {"cycles": 1, "steps_on": 3, "steps_off": 1, "steps_test": 3}
"""Every pattern once: schedule of the paper's comparison with other networks, section 4.2."""


class Episodes(NamedTuple):
    """A batch of episodes of pattern completion: T steps, B episodes, P patterns, n bits (and
    units).

    Attributes
    ----------
    inputs : Tensor (T, B, n_units)
        What is added inside tanh, or the output where a unit is clamped.
    clamp : Tensor (T, B, n_units), boolean
    patterns : Tensor (B, P, n_bits), 1 and -1
    order : Tensor (B, cycles * P), which pattern is shown when
    target : Tensor (B,), index of the pattern that is asked for
    erased : Tensor (B, n_bits), boolean, true for the bits that the cue lacks
    """

    inputs: Tensor
    clamp: Tensor
    patterns: Tensor
    order: Tensor
    target: Tensor
    erased: Tensor

    @property
    def answer(self) -> Tensor:
        """The pattern that is asked for, complete, shape (B, n_bits)."""
        return self.patterns[torch.arange(len(self.target), device=self.target.device), self.target]


@dataclass(frozen=True)
class PatternCompletion:
    """Show a few new patterns, then half of one, and ask for the rest.

    The default values are those of Miconi, Stanley & Clune (2018), section 4.1, where they are
    stated. The length of the test is not: we show the cue as long as a pattern.

    >>> task = PatternCompletion(n_bits=20, n_patterns=3)
    >>> episodes = task.sample(2, torch.Generator().manual_seed(0))
    >>> episodes.inputs.shape  # 3 cycles of 3 patterns for 10 + 3 steps, and a cue for 10
    torch.Size([127, 2, 21])
    >>> errors(episodes.answer, episodes).erased
    tensor([0., 0.])

    Parameters
    ----------
    n_bits, n_patterns : int, bits in a pattern, and patterns in an episode
    cycles : int, how often the whole set is shown, in a new random order each time
    steps_on, steps_off, steps_test : int
        Steps for which a pattern is shown, for which nothing is shown after it, and for which the
        cue is shown.
    fraction_erased : float
        Share of the bits, drawn at random for each episode, that the cue lacks.
    balanced : bool
        Whether each pattern has as many 1 as -1 (one more of -1 if ``n_bits`` is odd) or
        independent bits.
    bias_unit : bool
        Whether a unit that is clamped to 1 at every step is appended to the bits.
    input_gain : float, optional
        By default the units that are shown are clamped. With a number, as in the published code
        (20), the pattern times this number is added inside tanh instead, and only the bias unit is
        clamped.
    graded : bool
        Whether patterns may hold any number in [-1, 1], such as grey values, and not only 1 and -1.
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
            none = f"fraction_erased={self.fraction_erased:g} erases none of {self.n_bits} bits"
            raise ValueError(f"{none}: erase at least one")
        if self.input_gain is not None:
            _checks.number("input_gain", self.input_gain)
        for name in ("balanced", "bias_unit", "graded"):
            _checks.flag(name, getattr(self, name))

    @property
    def n_units(self) -> int:
        """Units of the network, the bits and the bias unit if there is one."""
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
        """Draw new patterns for each episode, shape (batch, n_patterns, n_bits)."""
        shape = (_checks.integer("batch", batch), self.n_patterns, self.n_bits)
        _checks.generator(generator)
        _checks.room(batch=batch, n_steps=self.n_steps, n_units=self.n_units)
        draws = torch.rand(shape, generator=generator, device=generator.device)
        ones = draws.argsort(-1).argsort(-1) < self.n_bits // 2 if self.balanced else draws < 0.5
        return torch.where(ones, 1.0, -1.0).to(_checks.floating_type("dtype", dtype))

    def episodes(
        self,
        patterns: Tensor,
        generator: torch.Generator,
        target: int | Tensor | None = None,
        order: Tensor | None = None,
        erased: Tensor | None = None,
    ) -> Episodes:
        """Make episodes of given patterns; what is not given is drawn.

        Parameters
        ----------
        patterns : Tensor (B, n_patterns, n_bits), on the generator's device
        generator : torch.Generator
        target : int or Tensor (B,), optional; which pattern is asked for
        order : Tensor (B, cycles * n_patterns), optional
            Which pattern is shown when, integers; by default drawn anew for each cycle.
        erased : Tensor (B, n_bits), optional; boolean, which bits the cue lacks
        """
        sizes = {"P": self.n_patterns, "n_bits": self.n_bits}
        _checks.tensor("patterns", patterns, "B P n_bits", sizes)
        _checks.held("patterns", _checks.floating("patterns", patterns))
        _checks.room(n_steps=self.n_steps, batch=len(patterns), n_units=self.n_units)
        if self.graded and not bool((patterns.abs() <= 1).all()):
            raise ValueError(
                "patterns must hold numbers in [-1, 1]: divide them by their largest absolute value"
            )
        if not self.graded and not bool((patterns.abs() == 1).all()):
            raise ValueError("patterns must hold +1 and -1 only: use torch.where(bits, 1.0, -1.0)")
        batch, device = len(patterns), _checks.generator(generator, patterns.device).device

        def draw(*shape: int) -> Tensor:
            return torch.rand(shape, generator=generator, device=device)

        # what is given is drawn nevertheless, so that all else is as it would be without it
        drawn = (
            draw(batch, self.cycles, self.n_patterns).argsort(-1).flatten(1),
            (draw(batch) * self.n_patterns).long(),
        )
        order = self._named("order", order, drawn[0])
        if isinstance(target, Integral) and not isinstance(target, bool):
            far = min(max(int(target), -1), self.n_patterns)  # no less wrong, but fits into int64
            target = torch.full((batch,), far, device=device)
        chosen = self._named("target", target, drawn[1])
        lacking = draw(batch, self.n_bits).argsort(-1).argsort(-1) < self.n_erased
        if erased is None:
            erased = lacking
        _checks.tensor("erased", erased, "B n_bits", sizes, patterns, "patterns", boolean=True)
        rows = torch.arange(batch, device=device)
        inputs, clamp = self._steps(
            patterns[rows[:, None], order].transpose(0, 1), patterns[rows, chosen], erased
        )
        made = Episodes(inputs, clamp, patterns, order, chosen, erased)
        check_erased(made)
        return made

    def _steps(self, shown: Tensor, asked: Tensor, erased: Tensor) -> tuple[Tensor, Tensor]:
        """Return inputs and clamp of all steps, for patterns in order (cycles * P, B, n) and one
        cue.
        """
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
            bias = inputs.new_ones(self.n_steps, len(asked), 1)
            inputs, clamp = torch.cat([inputs, bias], -1), torch.cat([clamp, bias.bool()], -1)
        return inputs, clamp

    def _named(self, name: str, given: Any, drawn: Tensor) -> Tensor:
        """Return what was given, if it names patterns in the shape of what was drawn, or what was
        drawn.
        """
        if given is None:
            return drawn
        like = drawn.dtype, drawn.shape, drawn.device
        if not isinstance(given, Tensor) or (given.dtype, given.shape, given.device) != like:
            raise ValueError(
                f"{name} must be integers (torch.long) of shape {tuple(drawn.shape)} on "
                f"{drawn.device}, got {_checks.got(given)}"
            )
        if int(given.min()) < 0 or int(given.max()) >= self.n_patterns:
            raise ValueError(
                f"{name} must name one of the {self.n_patterns} patterns, "
                f"0 to {self.n_patterns - 1}, got {given.unique().tolist()}"
            )
        return given

    def sample(
        self, batch: int, generator: torch.Generator, dtype: torch.dtype | None = None
    ) -> Episodes:
        """Draw episodes of new random patterns."""
        return self.episodes(self.random_patterns(batch, generator, dtype), generator)


class Errors(NamedTuple):
    """Shares of wrong bits, one for each episode, each of shape (B,).

    ``erased`` is among the bits that the cue lacked, which a memory has to fill in, ``all_bits``
    among all, as the paper reports it: copying the cue gets the other bits right.
    """

    erased: Tensor
    all_bits: Tensor


def errors(y: Tensor, episodes: Episodes) -> Errors:
    """Judge a network's answer by the signs of its bits; a bit of exactly 0 is wrong.

    >>> episodes = PatternCompletion(n_bits=20).sample(1, torch.Generator().manual_seed(0))
    >>> errors(episodes.answer * ~episodes.erased, episodes)  # the cue, as it was
    Errors(erased=tensor([1.]), all_bits=tensor([0.5000]))

    Parameters
    ----------
    y : Tensor (B, n_units)
        Output at the step that is judged, usually ``output[-1]``; units beyond the bits are
        ignored.
    episodes : Episodes, what was asked
    """
    answer = check_answer(y, episodes)
    wrong = ~(y[:, : answer.shape[1]] * answer > 0)  # NaN is wrong, too
    return Errors(
        (wrong & episodes.erased).sum(-1) / episodes.erased.sum(-1), wrong.to(y.dtype).mean(-1)
    )


def check_asked(episodes: Any) -> Episodes:
    """Return episodes if what they ask for fits together and has an answer, or raise."""
    _checks.of_type("episodes", episodes, Episodes, "use task.sample(...)")
    sizes: dict[str, int] = {}
    patterns = _checks.tensor("episodes.patterns", episodes.patterns, "B P n_bits", sizes)
    _checks.held("episodes.patterns", _checks.floating("episodes.patterns", patterns))
    _checks.actions("episodes.target", episodes.target, "B", sizes, sizes["P"])
    _checks.tensor("episodes.erased", episodes.erased, "B n_bits", sizes, patterns, boolean=True)
    check_erased(episodes)
    return episodes


def check_answer(y: Any, episodes: Any) -> Tensor:
    """Return the right answer of episodes, if ``y`` may be one, or raise."""
    answer = check_asked(episodes).answer
    if _checks.floating("y", y).ndim != 2 or len(y) != len(answer) or y.shape[1] < answer.shape[1]:
        wanted = f"(B={len(answer)}, at least {answer.shape[1]} units)"
        raise ValueError(
            f"y must have shape {wanted}, got {tuple(y.shape)}: pass one step, such as output[-1]"
        )
    if y.device != answer.device:
        raise ValueError(f"y must be on {answer.device} like episodes, got {y.device}: move it")
    return answer


def check_erased(episodes: Episodes) -> None:
    """Raise unless the cue lacks a bit in each episode: there is no answer to judge otherwise."""
    erased = episodes.erased
    if _checks.known(erased) and not bool(erased.any(1).all()):
        raise ValueError("erased must lack at least one bit in each episode: there is no answer")


def recall_loss(
    network: Callable[..., tuple[Tensor, Any]],
    task: PatternCompletion,
    batch: int,
    generator: torch.Generator,
) -> Callable[[int], tuple[Tensor, dict[str, float]]]:
    """Return what :func:`.training.train` needs: the loss of a network on new episodes of a task.

    The squared error at the last step, summed over the erased bits, averaged over the episodes; the
    metrics are the shares of wrong bits before the update: every episode is new, so they are errors
    on unseen ones. Source: Miconi, Stanley & Clune (2018), section 4.1; a clamped bit has no error,
    so they may as well sum over all bits.

    Parameters
    ----------
    network : callable
        ``network(inputs, clamp=clamp)`` returns the output (T, B, n_units) and a state.
    task : PatternCompletion
    batch : int, episodes for each update
    generator : torch.Generator, of the episodes
    """
    _checks.integer("batch", batch)
    _checks.generator(generator)
    _checks.of_type("task", task, PatternCompletion, "use PatternCompletion(n_bits=100)")
    _checks.function("network", network, "network(inputs, clamp=clamp) -> output, state")

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
    """Return the share of wrong erased bits, if the answer is the pattern that was seen last.

    ``(P - 1) / (2 P)`` for P random patterns: it is right when the last pattern is the one that is
    asked for, and else half of the time.

    >>> floor_last(5)
    0.4
    """
    p = _checks.integer("n_patterns", n_patterns)
    return (p - 1) / (2 * p)


def floor_majority(n_patterns: int) -> float:
    """Return the share of wrong erased bits, if the answer is the majority of the patterns.

    ``1 / 2 - C(P - 1, floor((P - 1) / 2)) / 2 ** P`` for P random patterns: the best answer that
    ignores the cue and weighs all alike. Ties, for even P, are broken at random.

    >>> floor_majority(5)
    0.3125
    """
    p = _checks.integer("n_patterns", n_patterns)
    m = p // 2  # the share is half of C(2 m, m) / 4**m, whether p is odd or even
    if p <= 1000:
        return 0.5 - math.comb(2 * m, m) / 2 ** (2 * m + 1)
    m = min(m, 10**40)  # Stirling's series, exact to rounding here
    series = 1 - 1 / (8 * m) + 1 / (128 * m**2) + 5 / (1024 * m**3)
    return 0.5 - series / (2 * math.sqrt(math.pi * m))
