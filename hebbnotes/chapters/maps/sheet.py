"""A hidden layer laid out on a sheet: a price on unlike neighbours, lesions, and local fields.

A sheet's cells have places, (n, 2), counted row by row as of :func:`.places.grid`.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from hebbnotes import _checks
from hebbnotes.plasticity import places

__all__ = [
    "LocalNet",
    "SheetNet",
    "alike",
    "disc",
    "gratings",
    "next_door",
    "preferred",
    "reach_of_alike",
    "right",
    "scattered",
    "spatial_loss",
    "topographic_loss",
    "tuned",
]


def _centred(y: Tensor) -> Tensor:
    """Return each cell's answers less their mean, of length 1; a cell that never varies has 0."""
    y = y - y.mean(0)
    return y / y.square().sum(0).clamp_min(1e-12).sqrt()


@_checks.in_full_precision
def spatial_loss(y: Tensor, distances: Tensor) -> Tensor:
    """Return how far a sheet is from having likeness fall with distance, from 0 to 1.

    ``(1 - corr(r, 1 / (1 + d))) / 2``, where r is the correlation of two cells' answers, d their
    distance, and corr goes over all pairs of cells.

    Parameters
    ----------
    y : Tensor
        Answers of n cells to B stimuli, shape (B, n).
    distances : Tensor
        Shape (n, n), in distances of neighbours.

    Returns
    -------
    Tensor
        One number, with a gradient.

    Notes
    -----
    Source: Margalit and others (2024), here over all pairs of one layer. A cell whose answers never
    vary correlates with none.
    """
    sizes: dict[str, int] = {}
    _checks.tensor("y", _checks.floating("y", y), "B n", sizes)
    _checks.tensor("distances", distances, "n n", sizes, like=y, reference="y")
    if sizes["B"] < 2 or sizes["n"] < 3:
        raise ValueError(f"y must hold two stimuli and three cells or more, got {tuple(y.shape)}")
    n = sizes["n"]
    unit = _centred(y)
    pairs = 1 - torch.eye(n, dtype=y.dtype, device=y.device)
    likeness, near = (unit.mT @ unit) * pairs, pairs / (1 + distances)
    likeness, near = ((a - a.sum() / (n * (n - 1))) * pairs for a in (likeness, near))
    size = (likeness.square().sum() * near.square().sum()).clamp_min(1e-24).sqrt()
    return (1 - (likeness * near).sum() / size) / 2


class SheetNet(nn.Module):
    """A network with one hidden layer, whose cells lie on a sheet.

    Parameters
    ----------
    n_in : int
        Inputs.
    shape : tuple of int
        Rows and columns of the sheet, n cells in all.
    n_out : int
        Classes.
    generator : torch.Generator
    dropout : float
        The share of cells that are silent at each step of the training.
    """

    def __init__(
        self,
        n_in: int,
        shape: tuple[int, int],
        n_out: int,
        generator: torch.Generator,
        *,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        _checks.generator(generator, "cpu")
        rows, columns = _checks.sides("shape", shape)
        n = rows * columns
        _checks.room(inputs=_checks.integer("n_in", n_in), cells=n)
        self.shape, self.dropout = (rows, columns), _checks.number("dropout", dropout, 0, 0.99)
        self.w = nn.Parameter(torch.randn(n_in, n, generator=generator) * math.sqrt(2 / n_in))
        self.b = nn.Parameter(torch.zeros(n))
        self.readout = nn.Parameter(
            torch.randn(n, _checks.integer("n_out", n_out), generator=generator) / math.sqrt(n)
        )
        self.bias = nn.Parameter(torch.zeros(n_out))

    def answers(self, x: Tensor) -> Tensor:
        """Return what the cells of the sheet answer to stimuli (B, n_in): 0 or more, (B, n)."""
        return (x @ self.w + self.b).relu()

    def forward(self, x: Tensor, alive: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return what speaks for each class, (B, n_out), and the sheet's answers, (B, n).

        Parameters
        ----------
        x : Tensor
            Stimuli, shape (B, n_in).
        alive : Tensor, optional
            Which cells are heard, by how much, (n,) or (B, n); all if left out.
        """
        y = self.answers(x)
        return self.read(y if alive is None else y * alive), y

    def read(self, y: Tensor) -> Tensor:
        """Return what speaks for each class, (B, n_out), when the sheet answers so, (B, n)."""
        return y @ self.readout + self.bias


class LocalNet(SheetNet):
    """A network whose cells see a patch of the picture each, near where they lie on the sheet.

    Parameters
    ----------
    side : int
        Rows and columns of the picture, of three colours.
    generator : torch.Generator
    field : int
        Rows and columns of a patch.
    stride : int
        Pixels from a patch to the next.
    block : int
        Each patch is seen by ``block * block`` cells, which lie together.
    shared : bool
        Whether all patches have the same weights, as in a convolution.
    n_out : int
        Classes.
    dropout : float
        As for :class:`SheetNet`.
    """

    def __init__(
        self,
        side: int,
        generator: torch.Generator,
        *,
        field: int = 8,
        stride: int = 2,
        block: int = 2,
        shared: bool = False,
        n_out: int = 10,
        dropout: float = 0.0,
    ) -> None:
        _checks.integer("side", side, 2)
        self.field = _checks.integer("field", field, 1, side)
        self.stride = _checks.integer("stride", stride)
        self.block = _checks.integer("block", block)
        self.side, self.across = side, (side - field) // stride + 1
        sheet = self.across * block
        n_in, self.shared = 3 * field**2, _checks.flag("shared", shared)
        super().__init__(n_in, (sheet, sheet), n_out, generator, dropout=dropout)
        if shared:
            self.w = nn.Parameter(self.w.data[:, : block**2].clone())
            self.b = nn.Parameter(self.b.data[: block**2].clone())

    def patches(self, x: Tensor) -> Tensor:
        """Return what each place sees of pictures (B, 3 * side * side), (places, B, n_in)."""
        pictures = x.reshape(len(x), 3, self.side, self.side)
        return nn.functional.unfold(pictures, self.field, stride=self.stride).permute(2, 0, 1)

    def answers(self, x: Tensor) -> Tensor:
        """Return what the cells answer to pictures (B, 3 * side * side): 0 or more, (B, n)."""
        k, across = self.block**2, self.across
        w = self.w.reshape(len(self.w), -1, k).permute(1, 0, 2)
        y = self.patches(x) @ w + self.b.reshape(-1, 1, k)
        y = y.reshape(across, across, len(x), self.block, self.block).permute(2, 0, 3, 1, 4)
        return y.reshape(len(x), -1).relu()


def topographic_loss(
    net: SheetNet,
    x: Tensor,
    labels: Tensor,
    distances: Tensor,
    price: float,
    generator: torch.Generator,
) -> Tensor:
    """Return the error of classes, plus ``price`` times :func:`spatial_loss` of the sheet.

    Parameters
    ----------
    net : SheetNet
    x, labels : Tensor
        Stimuli (B, n_in), and their classes (B,).
    distances : Tensor
        Shape (n, n), in distances of neighbours.
    price : float
    generator : torch.Generator
        Of which cells are silent.
    """
    alive = None
    _checks.generator(generator, "cpu")
    if net.dropout:
        drawn = torch.rand(len(x), math.prod(net.shape), generator=generator)
        alive = (drawn >= net.dropout).to(x.dtype) / (1 - net.dropout)
    logits, y = net(x, alive)
    loss = cross_entropy(logits, labels)
    return loss + price * spatial_loss(y, distances) if price else loss


# -------------------------------------------------------------------------------------- measuring


@torch.no_grad()
def right(net: SheetNet, y: Tensor, labels: Tensor, alive: Tensor | None = None) -> Tensor:
    """Return the share of stimuli of each class that are told right, shape (n_out,).

    Parameters
    ----------
    net : SheetNet
    y, labels : Tensor
        What the sheet answers to stimuli (B, n), and their classes (B,), each of which occurs.
    alive : Tensor, optional
        Which cells are left, boolean (n,); all if left out.
    """
    said = net.read(y if alive is None else y * alive)
    hit = (said.argmax(1) == labels).double()
    its = nn.functional.one_hot(labels, said.shape[1]).double()
    return (hit @ its) / its.sum(0)


def disc(positions: Tensor, centre: Tensor, share: float) -> Tensor:
    """Return which cells are left when a disc about a place is lost, boolean (n,).

    Parameters
    ----------
    positions : Tensor
        Shape (n, 2).
    centre : Tensor
        Shape (2,).
    share : float
        Of all cells, that are lost: the nearest ones.
    """
    far = (_checks.floating("positions", positions) - centre).square().sum(1)
    lost = far.argsort(stable=True)[: round(_checks.number("share", share, 0, 1) * len(far))]
    return torch.ones(len(far), dtype=torch.bool).index_fill(0, lost, False)


def scattered(n: int, share: float, generator: torch.Generator) -> Tensor:
    """Return which of n cells are left when a share of them is lost by chance, boolean (n,)."""
    _checks.generator(generator, "cpu")
    lost = round(_checks.number("share", share, 0, 1) * _checks.integer("n", n))
    return torch.randperm(n, generator=generator) >= lost


def reach_of_alike(y: Tensor, distances: Tensor, partners: int = 10) -> float:
    """Return the mean distance from each cell to the ones whose answers correlate most with its.

    Parameters
    ----------
    y : Tensor
        Answers, shape (B, n); cells that never vary are left out.
    distances : Tensor
        Shape (n, n), a length.
    partners : int
    """
    alive = y.std(0) > 0
    if int(alive.sum()) <= _checks.integer("partners", partners):
        raise ValueError(f"only {int(alive.sum())} cells ever vary: use fewer partners")
    unit = _centred(y[:, alive])
    likeness = (unit.mT @ unit).fill_diagonal_(-2)
    best = likeness.topk(partners, 1).indices
    return float(distances[alive][:, alive].gather(1, best).double().mean())


def preferred(y: Tensor, labels: Tensor, classes: int = 10) -> Tensor:
    """Return which class each cell answers to most on average, (n,); -1 if it never answers.

    Parameters
    ----------
    y, labels : Tensor
        Answers (B, n), and the classes of stimuli (B,).
    classes : int
    """
    its = nn.functional.one_hot(labels, classes).to(y.dtype)
    mean = (its.mT @ y) / its.sum(0).clamp_min(1).unsqueeze(1)
    return torch.where(mean.max(0).values > 0, mean.argmax(0), -1)


def next_door(classes: Tensor, shape: tuple[int, int]) -> float:
    """Return the share of next neighbours, along rows and columns, that prefer the same class.

    Parameters
    ----------
    classes : Tensor
        Shape (n,); -1 for a cell that prefers none, which is left out.
    shape : tuple of int
        Rows and columns of the sheet, which has borders.
    """
    grid = classes.reshape(shape)
    pairs = torch.cat(
        [
            torch.stack([grid[1:].flatten(), grid[:-1].flatten()]),
            torch.stack([grid[:, 1:].flatten(), grid[:, :-1].flatten()]),
        ],
        1,
    )
    pairs = pairs[:, (pairs >= 0).all(0)]
    return float((pairs[0] == pairs[1]).double().mean())


def alike(z: Tensor) -> float:
    """Return the mean cosine of twice the difference of orientations of next neighbours.

    Parameters
    ----------
    z : Tensor
        Complex, shape (rows, columns); its angle is twice the orientation. It has borders.
    """
    u = torch.polar(torch.ones_like(z.abs()), z.angle())
    pairs = [(u[1:] * u[:-1].conj()).real.flatten(), (u[:, 1:] * u[:, :-1].conj()).real.flatten()]
    return float(torch.cat(pairs).double().mean())


def gratings(side: int, *, angles: int = 8, lengths: tuple[float, ...] = (4.0, 6.0, 8.0)) -> Tensor:
    """Return grey gratings of some orientations, wavelengths and four phases.

    Parameters
    ----------
    side : int
        Rows and columns.
    angles : int
        Orientations, evenly spaced over half a turn.
    lengths : tuple of float
        Wavelengths, in pixels.

    Returns
    -------
    Tensor
        Shape (angles, 4 * wavelengths, 3 * side * side), values in [-1, 1].
    """
    _checks.integer("side", side, 2)
    _checks.integer("angles", angles, 2)
    at = places.grid((side, side))
    angle = math.pi * torch.arange(angles) / angles
    along = at @ torch.stack([angle.sin(), angle.cos()])
    phases = 2 * math.pi * torch.arange(4) / 4
    wave = torch.stack([2 * math.pi * along / length for length in lengths], -1)
    waves = torch.cos(wave.unsqueeze(-1) + phases).flatten(-2).permute(1, 2, 0)
    return waves.repeat(1, 1, 3)


@torch.no_grad()
def tuned(net: LocalNet, shown: Tensor) -> Tensor:
    """Return the map of orientation of a network's sheet, complex, (rows, columns).

    Parameters
    ----------
    net : LocalNet
    shown : Tensor
        As of :func:`gratings`: its angle is twice the orientation that a cell prefers, its size
        from 0 for a cell that answers to all alike to 1.
    """
    y = torch.stack([net.answers(these).amax(0) for these in shown])
    angle = 2 * math.pi * torch.arange(len(shown)) / len(shown)
    z = torch.complex(angle.cos() @ y, angle.sin() @ y) / y.sum(0).clamp_min(1e-12)
    return z.reshape(net.shape)
