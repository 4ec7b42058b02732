"""Adam, and Muon for the kernels of convolutions."""

from typing import Any

import torch
from torch import Tensor
from torch.optim.adam import adam

__all__ = ["Optimiser"]

MOMENTS = {"adam": {"step", "exp_avg", "exp_avg_sq"}, "muon": {"momentum_buffer"}}
"""What is remembered of each parameter."""


class _Adam:
    """Torch's Adam, of which the class alone loads torch's compiler: 1.5 s before a first update.

    Attributes, and what is remembered of each parameter, are those of ``torch.optim.Adam``.
    """

    def __init__(self, parameters: list[Tensor], lr: float) -> None:
        self.param_groups: list[dict[str, Any]] = [{"params": parameters, "lr": lr}]
        self.state: dict[int, dict[str, Tensor]] = {}

    @torch.no_grad()
    def step(self) -> None:
        """Change the parameters that have a gradient."""
        (group,) = self.param_groups
        changed = {k: p for k, p in enumerate(group["params"]) if p.grad is not None}
        for k, p in changed.items():
            if k not in self.state:
                moments = {name: torch.zeros_like(p) for name in ("exp_avg", "exp_avg_sq")}
                self.state[k] = {"step": torch.tensor(0.0, dtype=torch.float32), **moments}
        steps, means, squares = (
            [self.state[k][name] for k in changed] for name in ("step", "exp_avg", "exp_avg_sq")
        )
        adam(
            [*changed.values()],
            [p.grad for p in changed.values()],
            means,
            squares,
            [],
            steps,
            has_complex=any(p.is_complex() for p in changed.values()),
            amsgrad=False,
            beta1=0.9,
            beta2=0.999,
            lr=group["lr"],
            weight_decay=0.0,
            eps=1e-8,
            maximize=False,
        )

    def state_dict(self) -> dict[str, Any]:
        """Return what is remembered of each parameter, by its number."""
        return {"state": self.state}

    def load_state_dict(self, saved: dict[str, Any]) -> None:
        """Take up what is remembered; the count of steps stays on the processor."""
        places = [p.device for p in self.param_groups[0]["params"]]
        self.state = {
            k: {n: (v if n == "step" else v.to(places[k])).clone() for n, v in moments.items()}
            for k, moments in saved["state"].items()
        }


class Optimiser:
    """Adam, and Muon for kernels if that has a learning rate."""

    def __init__(self, parameters: list[Tensor], lr: float, kernel_lr: float | None) -> None:
        places: dict[str, list[int]] = {"adam": [], "muon": []}
        for k, p in enumerate(parameters):
            places["muon" if kernel_lr is not None and p.ndim > 2 else "adam"].append(k)
        # the numbers of the parameters of each
        self.places = {name: numbers for name, numbers in places.items() if numbers}
        self.kernels = [parameters[k] for k in places["muon"]]
        self.matrices = [_matrix(p).clone() for p in self.kernels]  # Muon takes matrices only
        self.parts: dict[str, torch.optim.Optimizer | _Adam] = {}
        if places["adam"]:
            self.parts["adam"] = _Adam([parameters[k] for k in places["adam"]], lr)
        if kernel_lr is not None and places["muon"]:
            self.parts["muon"] = torch.optim.Muon(self.matrices, lr=kernel_lr, weight_decay=0.0)
        self.rates = {name: part.param_groups[0]["lr"] for name, part in self.parts.items()}

    def step(self, factor: float) -> None:
        """Change the parameters by their gradients, at ``factor`` times the learning rates."""
        for kernel, matrix in zip(self.kernels, self.matrices, strict=True):
            matrix.copy_(_matrix(kernel))
            matrix.grad = None if kernel.grad is None else _matrix(kernel.grad)
        for name, part in self.parts.items():
            part.param_groups[0]["lr"] = self.rates[name] * factor
            part.step()
        with torch.no_grad():
            for kernel, matrix in zip(self.kernels, self.matrices, strict=True):
                kernel.movedim(1, -1).copy_(matrix.view(kernel.movedim(1, -1).shape))

    def state(self) -> dict[str, Tensor]:
        """Return all that it remembers, under names such as ``adam.0.step``, for parameter 0."""
        return {
            f"{name}.{self.places[name][k]}.{what}": value.contiguous()
            for name, part in self.parts.items()
            for k, moments in part.state_dict()["state"].items()
            for what, value in moments.items()
        }

    def fits(self, tensors: dict[str, Tensor]) -> bool:
        """Tell whether ``tensors`` is what such optimisers of such parameters remembered: all of a
        parameter, or nothing of one that never had a gradient.
        """
        saved: dict[str, dict[str, Tensor]] = {}
        for key, value in tensors.items():
            if key.startswith(("adam.", "muon.")):
                place, _, what = key.rpartition(".")
                saved.setdefault(place, {})[what] = value
        known = {
            f"{name}.{k}": p
            for name, part in self.parts.items()
            for k, p in zip(self.places[name], part.param_groups[0]["params"], strict=True)
        }
        return saved.keys() <= known.keys() and all(
            _fit(MOMENTS[place.partition(".")[0]], its, known[place])
            for place, its in saved.items()
        )

    def load(self, tensors: dict[str, Tensor]) -> None:
        """Take up what :meth:`state` returned."""
        for name, part in self.parts.items():
            state: dict[int, dict[str, Tensor]] = {}
            for key, value in tensors.items():
                if key.startswith(f"{name}."):
                    _, k, what = key.split(".")
                    state.setdefault(self.places[name].index(int(k)), {})[what] = value
            part.load_state_dict(part.state_dict() | {"state": state})


def _fit(names: set[str], saved: dict[str, Tensor], p: Tensor) -> bool:
    """Tell whether these are the moments of a parameter; the count of steps is a scalar."""
    return saved.keys() == names and all(
        value.is_floating_point()
        and (
            value.ndim == 0 if what == "step" else (value.shape, value.dtype) == (p.shape, p.dtype)
        )
        for what, value in saved.items()
    )


def _matrix(kernel: Tensor) -> Tensor:
    """Return a kernel as a matrix, with its input channels last, whatever its layout in memory."""
    return kernel.detach().movedim(1, -1).flatten(1)
