"""Sheets that are taught: digits at several prices, and photographs with local fields."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from hebbnotes import data
from hebbnotes.chapters.maps import sheet
from hebbnotes.experiments.experiment import Numbers, Trial, Weights, short, shorts
from hebbnotes.learning import training
from hebbnotes.plasticity import places

__all__ = ["Local", "Taught", "train_digits", "train_local"]


@dataclass(frozen=True, kw_only=True)
class Taught:
    """Configuration of :func:`train_digits`: rates that are tried, by dropout and by price.

    With ``check``, scores are those on pictures that are kept aside from the training's.
    """

    shape: tuple[int, int] = (16, 16)
    rates: dict[str, dict[str, tuple[float, ...]]]
    pictures: int = 10_000
    batch: int = 128
    updates: int = 700
    shares: tuple[float, ...] = (0.05, 0.1, 0.2, 0.3, 0.4)
    check: bool = False


def _digits(chosen: Taught) -> list[Tensor]:
    x, labels = data.mnist("train", download=False)
    many = chosen.pictures
    if chosen.check:
        xt, lt = x[-10_000:], labels[-10_000:]
    else:
        xt, lt = data.mnist("test", download=False)
    return [x[:many].flatten(1).float() / 255, labels[:many], xt.flatten(1).float() / 255, lt]


def _lesioned(
    net: sheet.SheetNet, y: Tensor, labels: Tensor, shares: tuple[float, ...], g: torch.Generator
) -> Numbers:
    """Return the points that lesions cost on average, of all classes and of the worst one."""
    at, whole = places.grid(net.shape), sheet.right(net, y, labels)
    rows = torch.arange(4) * net.shape[0] / 4 + net.shape[0] / 8 - 0.5
    centres = torch.cartesian_prod(rows, rows)
    found: Numbers = {"share": list(shares)}
    for share in shares:
        for kind in ("disc", "scattered"):
            lost = torch.stack(
                [
                    whole
                    - sheet.right(
                        net,
                        y,
                        labels,
                        sheet.disc(at, centre, share)
                        if kind == "disc"
                        else sheet.scattered(len(at), share, g),
                    )
                    for centre in centres
                ]
            )
            found.setdefault(kind, []).append(short(100 * lost.mean()))
            worst = 100 * lost.max(1).values.mean()
            found.setdefault(f"{kind}_worst", []).append(short(worst))
    middle = torch.tensor([(side - 1) / 2 for side in net.shape])
    found["right"] = shorts(100 * whole)
    found["right_disc"] = shorts(100 * sheet.right(net, y, labels, sheet.disc(at, middle, 0.2)))
    found["right_scattered"] = shorts(
        100 * sheet.right(net, y, labels, sheet.scattered(len(at), 0.2, g))
    )
    return found


def _teach(
    trial: Trial,
    net: sheet.SheetNet,
    shown: tuple[Tensor, Tensor],
    price_and_rate: tuple[float, float],
    g: torch.Generator,
    chosen: "Taught | Local",
    part: str,
) -> None:
    x, labels = shown
    price, rate = price_and_rate
    far = places.distances(places.grid(net.shape))

    def loss(update: int) -> tuple[Tensor, dict[str, float]]:
        k = torch.randint(0, len(x), (chosen.batch,), generator=g)
        return sheet.topographic_loss(net, x[k], labels[k], far, price, g), {}

    trial.train(
        net.parameters(), loss, chosen.updates, g, part=part, lr=rate, schedule=training.cosine
    )


def _said(net: sheet.SheetNet, x: Tensor, labels: Tensor) -> tuple[Tensor, Numbers]:
    """Return a sheet's answers, and what they are worth: points, error and spatial loss."""
    with torch.no_grad():
        y = net.answers(x)
        error = cross_entropy(net.read(y), labels)
        loss = sheet.spatial_loss(y, places.distances(places.grid(net.shape)))
    points = 100 * sheet.right(net, y, labels).mean()
    return y, {"right": short(points), "error": short(error), "loss": short(loss)}


def train_digits(trial: Trial, chosen: Taught) -> tuple[Numbers, Weights]:
    """Teach sheets to tell digits at several prices, with dropout and without.

    ``of`` holds, by dropout, price and rate, what each sheet does: ``right``, ``loss`` (spatial),
    ``reach`` to the ten most alike, ``next_door``, ``classes`` that cells prefer, ``lesions``.
    """
    trial.on_cpu("sheets are small")
    x, labels, xt, lt = _digits(chosen)
    far = places.distances(places.grid(chosen.shape))
    found: Numbers = {"of": {}}
    for dropout, prices in chosen.rates.items():
        for price, rates in prices.items():
            for rate in rates:
                g = trial.generator()
                net = sheet.SheetNet(784, chosen.shape, 10, g, dropout=float(dropout))
                part = f"{dropout}-{price}-{rate:g}"
                _teach(trial, net, (x, labels), (float(price), rate), g, chosen, part)
                y, its = _said(net, xt, lt)
                if not chosen.check:
                    its |= _placed(net, y, lt, far, chosen.shares)
                of = found["of"].setdefault(dropout, {}).setdefault(price, {})
                of[f"{rate:g}"] = its
    cells = math.prod(chosen.shape)
    found["cost"] = {  # there: whose answers a synapse must know of; here: products a stimulus
        "foreign_reads": cells - 1,
        "multiplications": (784 + 10) * cells,
        "multiplications_of_price": cells**2,
    }
    first = next(iter(found["of"].values()))
    best = max(v["right"] for v in next(iter(first.values())).values())
    return found | {"right": best}, {}


def _placed(
    net: sheet.SheetNet, y: Tensor, labels: Tensor, far: Tensor, shares: tuple[float, ...]
) -> Numbers:
    """Return what depends on places: of the sheet, and with its cells in other places."""
    g = torch.Generator().manual_seed(3_000)
    classes = sheet.preferred(y, labels)
    other = torch.randperm(y.shape[1], generator=g)
    varies = y.std(0) > 0
    return {
        "silent": int((~varies).sum()),
        "reach": short(sheet.reach_of_alike(y, far)),
        "next_door": short(sheet.next_door(classes, net.shape)),
        "moved_loss": short(sheet.spatial_loss(y[:, other], far)),
        "moved_reach": short(sheet.reach_of_alike(y[:, other], far)),
        "moved_next_door": short(sheet.next_door(classes[other], net.shape)),
        "classes": classes.tolist(),
        "lesions": _lesioned(net, y, labels, shares, g),
    }


@dataclass(frozen=True, kw_only=True)
class Local:
    """Configuration of :func:`train_local`: rates that are tried, by kind of network and price.

    Kinds are ``local``, ``shared`` (as in a convolution) and ``dense``, which sees all pixels. With
    ``check``, a quarter of the training's pictures is kept aside, and scores are those on it.
    """

    rates: dict[str, dict[str, tuple[float, ...]]]
    field: int = 8
    stride: int = 3
    block: int = 2
    batch: int = 64
    updates: int = 500
    shares: tuple[float, ...] = (0.1, 0.2, 0.3)
    check: bool = False


def photographs(check: bool = False) -> Iterator[Tensor]:
    """Yield pictures and labels to learn from, and others: the first of CIFAR-10, a share of it."""
    shown = []
    for split in ("train", "test"):
        pictures = data.cifar10(split, subset=True, download=False)
        labels = data.cifar10(split, subset=True, download=False, what="labels")
        shown.append((pictures.permute(0, 3, 1, 2).flatten(1).float() / 255, labels))
    (x, labels), (xt, lt) = shown
    if check:
        x, labels, xt, lt = x[:3_000], labels[:3_000], x[3_000:], labels[3_000:]
    mean, spread = x.mean(), x.std()
    yield from ((x - mean) / spread, labels, (xt - mean) / spread, lt)


def _network(kind: str, chosen: Local, g: torch.Generator) -> sheet.SheetNet:
    local = sheet.LocalNet(
        32, g, field=chosen.field, stride=chosen.stride, block=chosen.block, shared=kind == "shared"
    )
    return sheet.SheetNet(3 * 32**2, local.shape, 10, g) if kind == "dense" else local


def train_local(trial: Trial, chosen: Local) -> tuple[Numbers, Weights]:
    """Teach sheets to tell photographs: each cell sees a patch of its own, or all see all.

    ``of`` holds by kind, price and rate what each sheet does; where fields are local, ``alike``
    besides, how alike the orientations of next neighbours are, and ``moved_alike`` if cells lay
    elsewhere.
    """
    trial.on_cpu("sheets are small")
    x, labels, xt, lt = photographs(chosen.check)
    shown = sheet.gratings(32)
    found: Numbers = {"of": {}}
    for kind, prices in chosen.rates.items():
        for price, rates in prices.items():
            for rate in rates:
                g = trial.generator()
                net = _network(kind, chosen, g)
                part = f"{kind}-{price}-{rate:g}"
                _teach(trial, net, (x, labels), (float(price), rate), g, chosen, part)
                y, its = _said(net, xt, lt)
                if not chosen.check:
                    its["taught"] = _said(net, x, labels)[1]["right"]
                    its["weights"] = sum(p.numel() for p in net.parameters())
                    far = places.distances(places.grid(net.shape))
                    its |= _placed(net, y, lt, far, chosen.shares)
                    if isinstance(net, sheet.LocalNet):
                        its |= _orientations(sheet.tuned(net, shown))
                of = found["of"].setdefault(kind, {}).setdefault(price, {})
                of[f"{rate:g}"] = its
    first = next(iter(found["of"].values()))
    best = max(v["right"] for v in next(iter(first.values())).values())
    return found | {"right": best}, {}


def _orientations(z: Tensor) -> Numbers:
    """Return how alike next neighbours' orientations are, here and if cells lay elsewhere."""
    g = torch.Generator().manual_seed(4_000)
    other = z.flatten()[torch.randperm(z.numel(), generator=g)].reshape(z.shape)
    return {
        "tuning": short(z.abs().mean()),
        "alike": short(sheet.alike(z)),
        "moved_alike": short(sheet.alike(other)),
    }
