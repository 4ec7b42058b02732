"""Draw a schematic stained coronal section of a rat hippocampus.

It lies on a dark card of its own in both themes.

Two smooth curves carry everything: the pyramidal layer (CA1 to CA3 and into the hilus) and the
granule cell layer of the dentate gyrus.  Cells, dendrites and axons are placed by distance u along
a curve (0 to 1) and offset from it, positive on the apical side.  The random numbers are seeded:
two runs give the same bytes.
"""

import numpy as np
from numpy.random import Generator as Rng
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Tones = list[tuple[str, float]]
CARD, INK, BLUE, SKY, GREEN, PINK = "#0b1526", "#f3f6fa", "#0072B2", "#56B4E9", "#009E73", "#CC79A7"
PERFORANT, MOSSY, SCHAFFER = "#E69F00", "#D55E00", "#F0E442"
PYRAMIDAL = [
    (150, 266),
    (215, 212),
    (330, 161),
    (480, 128),
    (640, 120),
    (810, 143),
    (945, 205),
    (1030, 300),
    (1044, 400),
    (980, 484),
    (872, 499),
    (770, 455),
    (675, 411),
    (575, 396),
]
GRANULE = [
    (735, 318),
    (660, 293),
    (565, 281),
    (450, 290),
    (350, 326),
    (298, 385),
    (338, 447),
    (445, 488),
    (640, 502),
]
LABELS = [
    (560, 48, "CA1", INK),
    (1040, 215, "CA2", INK),
    (1082, 436, "CA3", INK),
    (290, 590, "dentate gyrus", INK),
    (40, 378, "perforant", PERFORANT),
    (40, 416, "path", PERFORANT),
    (40, 462, "from the", INK),
    (40, 500, "entorhinal", INK),
    (40, 538, "cortex", INK),
    (610, 590, "mossy fibres", MOSSY),
    (890, 586, "recurrent", INK),
    (890, 622, "collaterals", INK),
    (760, 318, "Schaffer", SCHAFFER),
    (760, 356, "collaterals", SCHAFFER),
]
RING = (512, 391, 268, 152)  # around the dentate gyrus: centre, and half of width and height
HEAD = f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1200 640" role="img" aria-labelledby="t d">
<title id="t">The hippocampus of a rat in coronal section</title>
<desc id="d">Drawn like a stained section. Blue cells arch from CA1 down to CA3, whose end enters the mouth of the green
dentate gyrus, which a ring marks. Arrows: perforant path from the entorhinal cortex to the outer dendrites of the dentate gyrus and of CA1,
mossy fibres on to CA3, recurrent collaterals from CA3 back to CA3, Schaffer collaterals on to the dendrites of CA1.</desc>
<filter id="g" x="-20%" y="-50%" width="140%" height="200%"><feGaussianBlur stdDeviation="18"/></filter>
<rect x="1" y="1" width="1198" height="638" rx="28" fill="{CARD}" stroke="#22344f" stroke-width="2"/>
<g fill="none" stroke-linecap="round" stroke-linejoin="round" style="font:600 38px Helvetica,Arial,sans-serif">"""


def smooth(points: Array, count: int, window: int) -> Array:
    """Return evenly spaced points along a line, its corners rounded by a running mean and its ends
    kept.
    """
    along, half = (
        np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))]),
        window // 2,
    )
    line = np.column_stack(
        [np.interp(np.linspace(0, along[-1], count), along, c) for c in points.T]
    )
    padded = np.vstack(
        [2 * line[0] - line[half:0:-1], line, 2 * line[-1] - line[-2 : -half - 2 : -1]]
    )
    return np.column_stack(
        [np.convolve(c, np.hanning(2 * half + 3)[1:-1] / (half + 1), "valid") for c in padded.T]
    )


class Layer:
    """A smooth curve addressed by fraction of its length and by offset from it."""

    def __init__(self, control: list[tuple[int, int]]) -> None:
        self.points = smooth(smooth(np.array(control, dtype=float), 800, 110), 800, 0)
        tangent: Array = np.gradient(self.points, axis=0)
        self.length = float(np.hypot(*tangent.T).sum())
        self.normal = np.column_stack([-tangent[:, 1], tangent[:, 0]]) * 800 / self.length

    def at(self, u: ArrayLike, offset: ArrayLike) -> Array:
        """Return the points at fractions u and the given offsets."""
        u, offset = np.broadcast_arrays(np.atleast_1d(u), np.atleast_1d(offset))
        x, y, nx, ny = (
            np.interp(u, np.linspace(0, 1, 800), c) for c in (*self.points.T, *self.normal.T)
        )
        return np.column_stack([x + offset * nx, y + offset * ny])


def coords(points: Array) -> list[str]:
    """Write each point with one decimal at most."""
    rows = [[f"{v:.1f}".removesuffix(".0").replace("-0.", "-.") for v in p] for p in points]
    return [x + (y if y.startswith("-") else " " + y) for x, y in rows]


def stroke(data: str, colour: str, width: float, opacity: float, extra: str = "") -> str:
    """Return a path without fill."""
    return f'<path d="{data}" stroke="{colour}" stroke-width="{width:.3g}" opacity="{opacity:g}"{extra}/>'


def cells(rng: Rng, at: Array, axis: Array, tones: Tones, size: float) -> list[str]:
    """Draw cell bodies as short round-ended strokes in three sizes of each tone."""
    kind, inks = (
        rng.integers(0, 3 * len(tones), len(at)),
        [(*t, s * size) for t in tones for s in (0.78, 1.0, 1.22)],
    )
    data = [f"M{p}l{a}" for p, a in zip(coords(at), coords(axis), strict=True)]
    return [
        stroke(
            "".join(d for d, i in zip(data, kind, strict=True) if i == k), colour, width, opacity
        )
        for k, (colour, opacity, width) in enumerate(inks)
    ]


def band(
    rng: Rng, layer: Layer, span: tuple[float, float], half: float, pitch: float, tones: Tones
) -> list[str]:
    """Pack cell bodies on a jittered lattice along part of a layer, thinning out at its edges."""
    step = pitch / layer.length
    u, row = np.meshgrid(np.arange(*span, step), np.arange(-half - 3, half + 3, 0.86 * pitch))
    u = (
        u + np.arange(len(u))[:, None] % 2 * step / 2 + rng.normal(0, 0.26 * step, u.shape)
    ).ravel()
    offset = (row + rng.normal(0, 0.28 * pitch, row.shape)).ravel()
    keep = rng.random(len(u)) < np.clip(3.1 - 2.5 * np.abs(offset) / half, 0, 1) * np.clip(
        u / 0.05 + 0.2, 0, 1
    )
    at = layer.at(u[keep], offset[keep])
    return cells(
        rng, at, (layer.at(u[keep], offset[keep] + 1) - at) * pitch * 0.32, tones, 0.8 * pitch
    )


def dust(
    rng: Rng, layer: Layer, count: int, low: float, high: list[float], tones: Tones, size: float
) -> list[str]:
    """Scatter single cells between two offsets; high is given at even steps along the layer."""
    u = rng.uniform(0.02, 0.98, count)
    at = layer.at(u, rng.uniform(low, np.interp(u, np.linspace(0, 1, len(high)), high)))
    return cells(rng, at, rng.normal(0, 0.3 * size, at.shape), tones, size)


def dendrites(rng: Rng, layer: Layer, count: int, reach: list[float], colour: str) -> str:
    """Draw faint dendrites across a layer; reach gives their lengths at even steps along it."""
    u = rng.uniform(0.01, 0.99, count)
    tip = np.interp(u, np.linspace(0, 1, len(reach)), reach) * rng.uniform(0.55, 1, count)
    a, b, c = (
        coords(layer.at(u + rng.normal(0, s, count), tip * f))
        for s, f in ((0, 0), (0.0025, 0.5), (0.004, 1))
    )
    return stroke("".join(map("M{}Q{} {}".format, a, b, c)), colour, 1, 0.3)


def axon(route: list[Array], colour: str, window: int, soma: bool = True) -> list[str]:
    """Draw one axon as a slender curve with an arrowhead and, if asked, its cell body."""
    line = smooth(np.vstack(route), 240, window)
    way = (line[-1] - line[-4]) / np.hypot(*(line[-1] - line[-4]))
    side, base = 7 * np.array([-way[1], way[0]]), line[-1] - 14 * way
    shaft = "M" + "L".join(
        coords(np.vstack([line[np.hypot(*(line - line[-1]).T) > 14][::5], base]))
    )
    head = "L".join(
        coords(np.array([line[-1], base - 2 * way + side, base + 2 * way, base - 2 * way - side]))
    )
    body = [stroke(f"M{coords(line)[0]}h.1", colour, 14, 1)] if soma else []
    return [
        stroke(shaft, CARD, 7, 0.6),
        stroke(shaft, colour, 3.2, 1),
        f'<path d="M{head}z" fill="{colour}"/>',
        *body,
    ]


def tissue(rng: Rng, ca: Layer, dg: Layer) -> list[str]:
    """Draw the glow, the fibres of the alveus, the dendrites and all the cells."""
    out = [
        stroke(
            "M" + "L".join(coords(layer.points[40:-24:16])), colour, width, 0.3, ' filter="url(#g)"'
        )
        for layer, colour, width in (
            (ca, BLUE, 130),
            (dg, GREEN, 95),
            (ca, SKY, 28),
            (dg, GREEN, 32),
        )
    ]
    ends = np.column_stack(
        [np.arange(-58, -42, 2.6), rng.uniform(0, 0.06, 7), rng.uniform(0.52, 0.6, 7)]
    )
    out += [
        stroke("M" + "L".join(coords(ca.at(np.linspace(a, b, 60), depth))), SKY, 1, 0.35)
        for depth, a, b in ends
    ]
    out += [
        dendrites(rng, ca, 420, [40, 85, 96, 96, 92, 84, 72, 54, 30, 16], SKY),
        dendrites(rng, ca, 300, [-30, -38, -38, -38, -38, -38, -36, -30, -22, -14], SKY),
        dendrites(rng, dg, 300, [40, 48, 48, 48, 40], GREEN),
    ]
    out += dust(rng, ca, 900, -60, [100, 100, 90, 50, 20], [(BLUE, 0.9), (SKY, 0.4)], 1.8)
    out += dust(rng, dg, 450, -50, [56], [(GREEN, 0.8), (SKY, 0.4)], 1.8)
    for layer, count, low, high in (
        (ca, 40, -38, [-22.0]),
        (ca, 44, 26, [92.0, 92, 84, 30]),
        (dg, 24, -56, [-22.0]),
    ):
        out += dust(rng, layer, count, low, high, [(PINK, 0.95)], 5)
    blues: Tones = [(SKY, 1), (SKY, 0.7), (BLUE, 1)]
    out += band(rng, ca, (0, 0.52), 9, 4.7, blues) + band(rng, ca, (0.52, 1), 15, 6.4, blues)
    return out + band(rng, dg, (0.0, 1), 12, 4.5, [(GREEN, 1), (GREEN, 0.75), ("#56D4B0", 0.85)])


def pathways(ca: Layer, dg: Layer) -> list[str]:
    """Draw the links of the circuit, from the entorhinal cortex to CA1, and from CA3 to itself.

    Each ends on the dendrites that it reaches: the perforant path on the outer two thirds of those
    of granule cells and on the outermost of CA1, the collaterals of CA3 nearer to the cells.
    """
    out: list[str] = []
    trunk = np.array([(30.0, 326.0), (110.0, 322.0), (200.0, 296.0)])
    for first, last, u in (
        (0.40, 0.17, 0.11),
        (0.40, 0.29, 0.23),
        (0.40, 0.38, 0.35),
        (0.54, 0.66, 0.71),
    ):
        out += axon(
            [trunk, dg.at(np.linspace(first, last, 9), 56), dg.at(u, 30)], PERFORANT, 50, False
        )
    out += axon(
        [trunk, ca.at(np.linspace(0.17, 0.27, 9), 108), ca.at(0.32, 84)], PERFORANT, 50, False
    )
    for u, end, depth in ((0.08, 0.735, 24), (0.18, 0.80, 31), (0.28, 0.86, 24)):
        out += axon(
            [dg.at(u, [0, -30]), ca.at(np.linspace(0.91, end + 0.02, 9), depth), ca.at(end, 17)],
            MOSSY,
            70,
        )
    for u, end in ((0.92, 0.85), (0.80, 0.91)):
        out += axon([dg.at(u, [0, -30]), ca.at([end + 0.05, end], [-40, -17])], MOSSY, 110)
    for u, end, depth in ((0.765, 0.13, 66), (0.70, 0.25, 55), (0.63, 0.37, 44)):
        out += axon(
            [ca.at(u, 0), ca.at(np.linspace(u - 0.06, end + 0.03, 40), depth), ca.at(end, 28)],
            SCHAFFER,
            50,
        )
    for u, first, last, end, depth in (
        (0.765, 0.745, 0.715, 0.69, -50),
        (0.70, 0.73, 0.79, 0.815, -66),
    ):
        out += axon(
            [ca.at(u, 0), ca.at(np.linspace(first, last, 20), depth), ca.at(end, -20)],
            INK,
            100,
            False,
        )
    return out


def ring() -> str:
    """Mark the dentate gyrus, where strengthening was first seen to last."""
    x, y, across, down = RING
    return f'<ellipse cx="{x}" cy="{y}" rx="{across}" ry="{down}" stroke="{INK}" stroke-width="4" stroke-dasharray="2 12"/>'


def svg() -> str:
    """Return the file."""
    pyramidal, granule = Layer(PYRAMIDAL), Layer(GRANULE)
    words = [
        f'<text x="{x}" y="{y}" fill="{colour}">{text}</text>' for x, y, text, colour in LABELS
    ]
    drawn = [
        *tissue(np.random.default_rng(1911), pyramidal, granule),
        *pathways(pyramidal, granule),
        ring(),
    ]
    return "\n".join([HEAD, *drawn, *words, "</g></svg>\n"])
