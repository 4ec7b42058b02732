"""Networks that learn labels in one look: a plastic read-out, and prototypes to compare it with.

Shapes: T steps, B episodes, M drawings, N labels, F features.
"""

from typing import Any

import torch
from torch import Tensor, nn

from hebbnotes import _checks
from hebbnotes.networks.arguments import as_autocast
from hebbnotes.networks.loop import State
from hebbnotes.networks.plastic import PlasticLinear
from hebbnotes.plasticity import chunks, rules
from hebbnotes.plasticity.connections import through
from hebbnotes.plasticity.rules import Forget, Rule

__all__ = [
    "SIZE",
    "OneShotNetwork",
    "PrototypicalNetwork",
    "convolutions",
    "matching",
    "prototypes",
    "see",
]


def convolutions(n_features: int, generator: torch.Generator) -> nn.Sequential:
    """Return four convolutions of 3 x 3 with stride 2 and tanh: drawings (M, 31, 31) give (M, F).

    Source: Miconi, Stanley & Clune (2018), section 4.4.

    Parameters
    ----------
    n_features : int, of each convolution
    generator : torch.Generator, of the values, uniform within ``1 / sqrt(fan_in)``
    """
    _checks.generator(generator)
    _checks.room(n_features=_checks.integer("n_features", n_features), squared=9 * n_features)
    layers: list[nn.Module] = [nn.Unflatten(-2, (1, SIZE))]
    for n_in in (1, *3 * [n_features]):
        convolution = nn.Conv2d(n_in, n_features, 3, stride=2, device=generator.device)
        with torch.no_grad():
            for p in convolution.parameters():
                draws = torch.rand(p.shape, generator=generator, device=generator.device)
                p.copy_((2 * draws - 1) / (9 * n_in) ** 0.5)
        layers += [convolution, nn.Tanh()]
    features = nn.Sequential(*layers, nn.Flatten())
    # channels last is faster, with the same numbers
    return features.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def see(features: nn.Module, pictures: Tensor, dtype: torch.dtype | None = None) -> Tensor:
    """Return the features of drawings, shape (M, F), in the precision of the drawings.

    Parameters
    ----------
    features : torch.nn.Module, as :func:`convolutions` returns it
    pictures : Tensor (M, 31, 31)
    dtype : torch.dtype, optional
        Precision in which they are computed, ``torch.bfloat16`` or ``torch.float16``; by default
        that of the pictures.
    """
    _checks.of_type("features", features, nn.Module, "use convolutions(64, generator)")
    sizes, like = {"rows": SIZE, "columns": SIZE}, next(features.parameters(), None)
    _checks.tensor("pictures", pictures, "M rows columns", sizes, like, "the convolutions")
    _checks.finite("pictures", _checks.floating("pictures", pictures))
    _checks.choice("dtype", dtype, (None, pictures.dtype, torch.bfloat16, torch.float16))
    if dtype in (None, pictures.dtype):
        return features(pictures).to(pictures.dtype)  # autocast makes them others
    with torch.autocast(pictures.device.type, dtype):
        return features(pictures).to(pictures.dtype)


class OneShotNetwork(nn.Module):
    """Four convolutions, and a plastic read-out that learns labels while it is used.

    Source: Miconi, Stanley & Clune (2018), section 4.4: Oja's rule; 111,746 trained numbers with a
    shared plasticity, five labels and 64 features; their code starts ``eta`` and ``alpha`` at .01.

    >>> network = OneShotNetwork(n_ways=5, generator=torch.Generator().manual_seed(0))
    >>> drawings, labels = torch.rand(6, 1, 31, 31), torch.eye(6, 5).unsqueeze(1)
    >>> clamp = labels.sum(-1, keepdim=True).expand_as(labels) > 0  # the sixth asks
    >>> network(drawings, targets=labels, clamp=clamp)[0].shape
    torch.Size([6, 1, 5])

    Parameters
    ----------
    n_ways : int, labels
    rule : callable
        ``rule(hebb, pre, post)`` returns the change of the trace; :meth:`ask` needs the common
        form.
    alpha : {"full", "shared"}
        A plasticity for each connection of the read-out, or one for all.
    eta, alpha_scale : float
        Initial rate at which the trace is written, and initial plasticity of every connection.
    n_features : int, of each convolution, and inputs of the read-out
    generator : torch.Generator, of the initial values

    Attributes
    ----------
    features : torch.nn.Sequential, see :func:`convolutions`
    readout : PlasticLinear, with a softmax
    """

    def __init__(
        self,
        n_ways: int = 5,
        rule: Rule = rules.oja,
        alpha: str = "shared",
        *,
        eta: float = 0.27,
        alpha_scale: float = 1.0,
        n_features: int = 64,
        generator: torch.Generator,
    ) -> None:
        _checks.choice("alpha", alpha, ("full", "shared"))
        super().__init__()
        self.features = convolutions(n_features, generator)
        self.readout = PlasticLinear(
            n_features,
            n_ways,
            rule,
            alpha,
            eta=eta,
            alpha_scale=alpha_scale,
            generator=generator,
            device=generator.device,
        )
        # with random signs, equal drawings would not look alike
        nn.init.constant_(self.readout.alpha, alpha_scale)

    def forward(
        self,
        inputs: Tensor,
        state: State | None = None,
        targets: Tensor | None = None,
        clamp: Tensor | None = None,
    ) -> tuple[Tensor, State]:
        """Run an episode, or go on with one: drawings (T, B, 31, 31) give (T, B, N); see
        :func:`.run_layer`.
        """
        _checks.tensor("inputs", inputs, "T B rows columns", {"rows": SIZE, "columns": SIZE})
        inputs = as_autocast(inputs, self.readout.w)
        seen = see(self.features, inputs.flatten(0, 1)).unflatten(0, inputs.shape[:2])
        return self.readout(seen, state, targets, clamp)

    def ask(
        self,
        pictures: Tensor,
        shown: Tensor,
        targets: Tensor,
        asked: Tensor,
        dtype: torch.dtype | None = None,
    ) -> Tensor:
        """Answer episodes that share their drawings, each of which is looked at once.

        What the softmax turns into the answers, shape (B, N): the numbers of :meth:`forward`, up to
        rounding.

        Parameters
        ----------
        pictures, shown, targets, asked : Tensor, as in a :class:`.Pool`
        dtype : torch.dtype, optional
            Precision of the convolutions: ``torch.bfloat16`` is faster where the processor has it,
            and rounds to three digits.
        """
        if not chunks.knows(self.readout.rule):
            raise TypeError(
                "ask needs a rule of the common form, such as rules.oja: "
                "run the network on pool.episodes() instead"
            )
        sizes = {"n_ways": self.readout.w.shape[1]}
        _check_question((pictures, shown, targets, asked), sizes)
        seen, layer = see(self.features, pictures, dtype), self.readout
        return matching(
            seen[shown], targets, seen[asked], layer.w, layer.alpha, layer.eta, layer.rule.forget
        )


def _check_question(question: tuple[Any, ...], sizes: dict[str, int]) -> None:
    """Raise unless pictures, what was shown, its labels, and what is asked fit together."""
    pictures, shown, targets, asked = question
    _checks.tensor("pictures", pictures, "M rows columns", sizes)
    _checks.tensor("targets", targets, "K B n_ways", sizes, like=pictures, reference="pictures")
    _checks.inside("targets", targets, 0, 1, "they are shares of labels, 1 for the right one")
    _checks.actions("shown", shown, "K B", sizes, len(pictures))
    _checks.actions("asked", asked, "B", sizes, len(pictures))


@_checks.in_full_precision
def matching(
    shown: Tensor,
    targets: Tensor,
    asked: Tensor,
    w: float | Tensor,
    alpha: float | Tensor | None,
    eta: float | Tensor,
    forget: Forget,
) -> Tensor:
    """Return what drives a plastic layer whose outputs were clamped before, without a trace.

    While all outputs are clamped, what is written is known beforehand: the input of step k is left
    in the trace of output n with ``eta * targets[k, n]``, times what the later steps keep of it.
    The layer then compares what is asked with what was shown.

    Parameters
    ----------
    shown : Tensor
        Inputs of the clamped steps, at least one, shape (K, B, n_in).
    targets : Tensor
        What the outputs were clamped to, shape (K, B, n_out).
    asked : Tensor
        Input of the step that follows, shape (B, n_in).
    w, alpha, eta
        As for :func:`.run_layer`.
    forget : callable
        Of a rule of the common form.

    Returns
    -------
    Tensor
        ``asked @ (w + alpha * hebb)``, shape (B, n_out); numbers and gradients are those of the
        plain loop, up to rounding.

    Notes
    -----
    Source: this book, from Miconi, Stanley & Clune (2018), equations 1 to 3.
    """
    sizes: dict[str, int] = {}
    _checks.floating("shown", _checks.tensor("shown", shown, "K B n_in", sizes))
    _checks.tensor("asked", asked, "B n_in", sizes, shown, "shown")
    _checks.tensor("targets", targets, "K B n_out", sizes, shown, "shown")
    if isinstance(w, Tensor) and w.ndim:
        _checks.tensor("w", w, "n_in n_out", sizes, shown, "shown")
    else:
        _checks.spread("w", w, shown, "shown")
    _checks.spread("eta", eta, shown.new_empty(()), "a single number")
    if alpha is not None:
        _checks.spread("alpha", alpha, shown.new_empty(sizes["n_in"], sizes["n_out"]), "w")
    _checks.function("forget", forget, "forget(post) -> share")
    drive = through(asked, w)
    if alpha is None:
        return drive + torch.zeros_like(targets[0])
    lost = _checks.tensor("what forget returns", forget(targets), "K B n_out", sizes, targets)
    kept = 1 - eta * lost
    # what all later steps keep
    after = torch.cat([kept[1:], torch.ones_like(kept[:1])]).flip(0).cumprod(0).flip(0)
    left = eta * targets * after
    if isinstance(alpha, Tensor) and alpha.ndim:
        return drive + torch.einsum("bf,fn,kbf,kbn->bn", asked, alpha, shown, left)
    return drive + alpha * torch.einsum("kb,kbn->bn", (shown * asked).sum(-1), left)


class PrototypicalNetwork(nn.Module):
    """Four convolutions; what is asked gets the label whose mean features are nearest.

    It has no trace and no read-out. Source: Snell, Swersky & Zemel (2017), with the convolutions of
    Miconi, Stanley & Clune (2018).

    Parameters
    ----------
    n_features : int, of each convolution
    generator : torch.Generator, of the initial values
    """

    def __init__(self, n_features: int = 64, *, generator: torch.Generator) -> None:
        super().__init__()
        self.features = convolutions(n_features, generator)

    def forward(
        self,
        inputs: Tensor,
        state: None = None,
        targets: Tensor | None = None,
        clamp: Tensor | None = None,
    ) -> tuple[Tensor, None]:
        """Run whole episodes, the last step of which asks: drawings (T, B, 31, 31) give (T, B, N).

        Targets are needed, there is no state, and all steps but the last are clamped.
        """
        if state is not None or targets is None:
            raise ValueError(
                "a prototypical network needs targets, and runs whole episodes: pass state=None"
            )
        sizes = {"rows": SIZE, "columns": SIZE}
        _checks.tensor("inputs", inputs, "T B rows columns", sizes)
        _checks.tensor("targets", targets, "T B N", sizes, like=inputs)
        if clamp is not None:
            _checks.tensor("clamp", clamp, "T B N", sizes, inputs, boolean=True)
            if _checks.known(clamp) and not (clamp[:-1].all() and not clamp[-1].any()):
                raise ValueError(
                    "a prototypical network takes episodes in which all steps are clamped "
                    "but the last: look at clamp"
                )
        if len(inputs) < 2:
            raise ValueError(
                "inputs must have two steps or more, one that is shown and one that asks, got 1"
            )
        seen = see(self.features, inputs.flatten(0, 1)).unflatten(0, inputs.shape[:2])
        answer = prototypes(seen[:-1], targets[:-1], seen[-1]).softmax(-1)
        return torch.cat([targets[:-1], answer.unsqueeze(0)]), None

    def ask(
        self,
        pictures: Tensor,
        shown: Tensor,
        targets: Tensor,
        asked: Tensor,
        dtype: torch.dtype | None = None,
    ) -> Tensor:
        """Answer episodes that share their drawings; see :meth:`.OneShotNetwork.ask`."""
        _check_question((pictures, shown, targets, asked), {})
        seen = see(self.features, pictures, dtype)
        return prototypes(seen[shown], targets, seen[asked])


SIZE = 31
"""Rows and columns of the drawings that networks see (Miconi and others, 2018, section 4.4)."""


@_checks.in_full_precision
def prototypes(shown: Tensor, targets: Tensor, asked: Tensor) -> Tensor:
    """Compare features with the mean features of each label: minus the squared distance, shape (B,
    N).

    Source: Snell, Swersky & Zemel (2017), equations 1 and 2.

    Parameters
    ----------
    shown : Tensor (K, B, F), features of what was shown
    targets : Tensor (K, B, N), one-hot labels of these, each label at least once
    asked : Tensor (B, F), features of what is asked for
    """
    sizes: dict[str, int] = {}
    _checks.tensor("shown", shown, "K B F", sizes)
    _checks.tensor("targets", targets, "K B N", sizes, like=shown, reference="shown")
    _checks.tensor("asked", asked, "B F", sizes, like=shown, reference="shown")
    for name, value in (("shown", shown), ("asked", asked)):
        _checks.finite(name, value)
    _checks.inside("targets", targets, 0, 1, "they are shares of labels, 1 for the right one")
    if _checks.known(targets) and bool((targets.sum(0) == 0).any()):
        raise ValueError(
            "each label must be shown at least once in each episode, "
            "for it has no prototype otherwise: look at targets"
        )
    means = torch.einsum("kbf,kbn->bnf", shown, targets) / targets.sum(0).unsqueeze(-1)
    return -(means - asked.unsqueeze(1)).square().sum(-1)
