"""The kinds of agents: networks that are told what they see, with an actor and a critic.

Each is a class with the same few methods. Compiled code is used where numba is installed.

Shapes: T steps, B agents, n units.
"""

from importlib.util import find_spec
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from hebbnotes import _checks, networks
from hebbnotes.networks import PlasticRNN, State
from hebbnotes.plasticity import rules
from hebbnotes.plasticity.rules import Rule
from hebbnotes.tasks import maze

__all__ = ["Agent", "LSTMAgent", "PlasticAgent", "RecurrentAgent", "drawn", "sizes"]


class Agent(nn.Module):
    """A network ``core`` that is told what it sees, and has an actor and a critic.

    This is what all kinds share; a kind says how it runs and what its state is.

    Attributes
    ----------
    outward : Parameter, shape (n + 1, 5): to four actions and the critic
    plain : bool, whether nothing is compiled; set it to compare
    options : tuple of str, what only this kind is made with
    """

    core: nn.Module
    outward: nn.Parameter
    plain = False
    options: ClassVar[tuple[str, ...]] = ()

    @property
    def n_seen(self) -> int:
        """Numbers that it is told at each step."""
        raise NotImplementedError

    def rest(self, batch: int) -> Any:
        """Return the state at the start of an episode: all zero."""
        raise NotImplementedError

    def check_state(self, state: Any, batch: int | None = None) -> Any:
        """Return a state if it is one of this network, and of so many agents, or raise."""
        parts = _parts(state)
        fits = isinstance(parts, tuple | list) and all(isinstance(p, Tensor) for p in parts)
        if not fits or not parts or parts[0].ndim < 2:
            raise TypeError(f"state must be as agent.rest returns it, got {_checks.got(state)}")
        at_rest = self.rest(max(1, parts[0].shape[-2]) if batch is None else batch)
        wanted = list(_parts(at_rest))
        shapes = [[tuple(part.shape) for part in each] for each in (wanted, parts)]
        alike = all(
            (p.dtype, p.device) == (w.dtype, w.device) for p, w in zip(parts, wanted, strict=False)
        )
        if shapes[0] != shapes[1] or not alike or not isinstance(state, type(at_rest)):
            told = [", ".join(map(str, each)) for each in shapes]
            raise ValueError(
                f"state must hold {told[0]} in {wanted[0].dtype}, as agent.rest returns it, "
                f"got {told[1]}"
            )
        for part in parts:
            _checks.finite("state", _checks.dense("state", part))
        return state

    def erased(self, state: Any) -> dict[str, Any]:
        """Return a state with ``"nothing"`` set to zero, each thing that it holds, or all."""
        raise NotImplementedError

    def readable(self, state: Any) -> dict[str, Tensor]:
        """Return what a state holds, each of shape (B, n_features)."""
        raise NotImplementedError

    def arrays(self, state: Any) -> tuple[Any, Any]:
        """Return weights and a copy of a state for compiled lives, and this copy as a state.

        The two share their numbers: compiled lives change both.
        """
        raise NotImplementedError

    def run(self, seen: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Return the outputs of the units, shape (T, B, n), and the state after the last step."""
        raise NotImplementedError

    def compiles(self) -> bool:
        """Tell whether compiled code takes it: on the processor, in single or double precision."""
        usual = self.outward.dtype in (torch.float32, torch.float64)
        here = usual and self.outward.device.type == "cpu" and not _checks.transformed()
        return here and not self.plain and find_spec("numba") is not None

    def forward(self, seen: Tensor, state: Any = None) -> tuple[Tensor, Tensor, Any]:
        """Go through steps.

        Parameters
        ----------
        seen : Tensor, shape (T, B, n_seen)
        state : optional, by default at rest

        Returns
        -------
        logits : Tensor, shape (T, B, 4)
        values : Tensor, what the critic expects, shape (T, B)
        state : after the last step
        """
        sizes, like = {"n_seen": self.n_seen}, (self.outward, "the agent's weights")
        _checks.finite("seen", _checks.tensor("seen", seen, "T B n_seen", sizes, *like))
        batch = seen.shape[1]
        state = self.rest(batch) if state is None else self.check_state(state, batch)
        y, state = self.run(seen, state)
        out = y @ self.outward[:-1] + self.outward[-1]
        return out[..., :4], out[..., 4], state


def _parts(state: Any) -> Any:
    """Return the tensors of a state; a network without an eligibility trace has None there."""
    if isinstance(state, tuple):
        return [part for part in state if part is not None]
    return [state] if isinstance(state, Tensor) else state


def drawn(deviation: float, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Return normal numbers of a standard deviation."""
    _checks.generator(generator, "cpu")
    return deviation * torch.randn(*shape, generator=generator)


def sizes(n: int, n_noise: int) -> tuple[int, float]:
    """Return how many numbers are seen, and the deviation of the initial recurrent weights."""
    n_seen = maze.N_SEEN + _checks.integer("n_noise", n_noise, 0)
    _checks.room(n=_checks.integer("n", n), n_noise=max(n, n_seen))
    return n_seen, 0.9 / n**0.5


class PlasticAgent(Agent):
    """Plastic recurrent network that acts.

    Parameters
    ----------
    n : int, units
    rule, eta : as for :class:`.PlasticRNN`
    clip : as for :func:`.loop.run`
    alpha_scale : float
        Deviation of the initial plasticities. Their signs are random: with all of them positive the
        trace feeds itself.
    n_noise : int
        Inputs that only distract: at each step each of them is 1 or -1 at random.
    generator : torch.Generator, source of the initial values

    Attributes
    ----------
    inward : Parameter, shape (n_seen + 1, n): from what is seen, and from a unit that is always 1

    Notes
    -----
    Source: Miconi, Stanley & Clune (2018), section 4.5.

    Examples
    --------
    >>> agent = PlasticAgent(64, generator=torch.Generator().manual_seed(0))
    >>> logits, values, state = agent(torch.zeros(10, 3, agent.n_seen))  # 10 steps of 3 agents
    >>> logits.shape, values.shape, state.hebb.shape
    (torch.Size([10, 3, 4]), torch.Size([10, 3]), torch.Size([3, 64, 64]))
    """

    core: PlasticRNN
    options = ("rule", "clip", "eta", "alpha_scale")

    def __init__(
        self,
        n: int = 64,
        rule: Rule = rules.oja,
        *,
        clip: float | None = None,
        eta: float = 0.1,
        alpha_scale: float = 0.1,
        n_noise: int = 0,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        _checks.generator(generator, "cpu")
        self.clip = _checks.clip(clip)
        n_seen, scale = sizes(n, n_noise)
        self.core = PlasticRNN(
            n, rule, eta=eta, w_scale=scale, alpha_scale=alpha_scale, generator=generator
        )
        n_in = n_seen + 1
        self.inward = nn.Parameter(drawn(n_in**-0.5, (n_in, n), generator))
        self.outward = nn.Parameter(drawn(0.1 * n**-0.5, (n + 1, 5), generator))

    @property
    def n_seen(self) -> int:
        """Numbers that it is told at each step."""
        return len(self.inward) - 1

    def rest(self, batch: int) -> State:
        """Return zero outputs (B, n) and a zero trace (B, n, n)."""
        n = len(self.core.w)
        _checks.room(batch=_checks.integer("batch", batch), n=n, units=n)
        return State(self.outward.new_zeros(batch, n), self.outward.new_zeros(batch, n, n))

    def erased(self, state: State) -> dict[str, State]:
        """Return a state with nothing, its activity, its trace, or both set to zero."""
        y, hebb = map(torch.zeros_like, self.check_state(state))
        one = {"activity": State(y, state.hebb), "trace": State(state.y, hebb)}
        return {"nothing": state, **one, "both": State(y, hebb)}

    def readable(self, state: State) -> dict[str, Tensor]:
        """Return the activity and the trace."""
        self.check_state(state)
        return {"activity": state.y, "trace": state.hebb.flatten(1)}

    def compiles(self) -> bool:
        """Tell whether compiled code takes it, its rule included: hebb, decay or oja."""
        if not super().compiles():
            return False
        from hebbnotes.plasticity import compiled

        return compiled.knows(self.core.rule)

    def arrays(self, state: State) -> tuple[Any, State]:
        """Return a :class:`.PlasticNet`, and the state that it holds."""
        from hebbnotes.learning.agents import compiled_lives

        return compiled_lives.plastic_net(self.core, (self.inward, self.outward), self.clip, state)

    def run(self, seen: Tensor, state: State) -> tuple[Tensor, State]:
        """Return the outputs of the units, shape (T, B, n), and the state after the last step."""
        core, drive = self.core, seen @ self.inward[:-1] + self.inward[-1]
        numbers, method = (core.w, core.alpha, core.eta), "compiled" if self.compiles() else "auto"
        return networks.run(drive, *numbers, core.rule, state, method=method, clip=self.clip)


class RecurrentAgent(Agent):
    """The plastic agent without plasticity: torch's recurrent network, drawn in the same way.

    Parameters as for :class:`PlasticAgent`. Of torch's two biases the sum alone matters.
    """

    core: nn.RNNBase
    cell: ClassVar[type[nn.RNN] | type[nn.LSTM]] = nn.RNN

    def __init__(self, n: int = 64, *, n_noise: int = 0, generator: torch.Generator) -> None:
        super().__init__()
        _checks.generator(generator, "cpu")
        n_seen, scale = sizes(n, n_noise)
        self.core = self.cell(n_seen, n)
        ((inward, w, *biases),) = self.core.all_weights
        with torch.no_grad():
            inward.copy_(drawn((n_seen + 1) ** -0.5, (*inward.shape,), generator))
            w.copy_(drawn(scale, (*w.shape,), generator))
            for bias in biases:
                bias.zero_()
        self.outward = nn.Parameter(drawn(0.1 * n**-0.5, (n + 1, 5), generator))

    @property
    def n_seen(self) -> int:
        """Numbers that it is told at each step."""
        return self.core.input_size

    def rest(self, batch: int) -> Any:
        """Return zero outputs, (1, B, n) as torch has them."""
        _checks.room(batch=_checks.integer("batch", batch), n=self.core.hidden_size)
        return self.outward.new_zeros(1, batch, self.core.hidden_size)

    def erased(self, state: Any) -> dict[str, Any]:
        """Return a state as it is, and with its activity set to zero."""
        return {"nothing": self.check_state(state), "activity": torch.zeros_like(state)}

    def readable(self, state: Any) -> dict[str, Tensor]:
        """Return the activity."""
        return {"activity": self.check_state(state)[0]}

    def arrays(self, state: Any) -> tuple[Any, Any]:
        """Return a :class:`.RecurrentNet`, and the state that it holds."""
        from hebbnotes.learning.agents import compiled_lives

        return compiled_lives.recurrent_net(self.core, self.outward, state)

    @_checks.in_full_precision
    def run(self, seen: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Return the outputs of the units, shape (T, B, n), and the state after the last step."""
        return self.core(seen, state)


class LSTMAgent(RecurrentAgent):
    """Torch's LSTM, of n cells; as :class:`RecurrentAgent` otherwise."""

    core: nn.LSTM
    cell = nn.LSTM

    def rest(self, batch: int) -> tuple[Tensor, Tensor]:
        """Return zero outputs and zero cells, each (1, B, n) as torch has them."""
        return super().rest(batch), super().rest(batch)

    def erased(self, state: tuple[Tensor, Tensor]) -> dict[str, Any]:
        """Return a state as it is, and with its activity set to zero, cells included."""
        self.check_state(state)
        return {"nothing": state, "activity": tuple(map(torch.zeros_like, state))}

    def readable(self, state: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        """Return the activity: outputs and cells."""
        return {"activity": torch.cat([part[0] for part in self.check_state(state)], 1)}

    def arrays(self, state: tuple[Tensor, Tensor]) -> tuple[Any, tuple[Tensor, Tensor]]:
        """Return a :class:`.LSTMNet`, and the state that it holds."""
        from hebbnotes.learning.agents import compiled_lives

        return compiled_lives.lstm_net(self.core, self.outward, state)
