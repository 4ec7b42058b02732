"""Three kinds of interneurons, the part of a pyramidal cell that each reaches, and each other.

Which kind inhibits which is ``INHIBITS``, by Pfeffer and others (2013): a pair that is not in it was
found to be weak or missing. ``SHARE`` is by Rudy and others (2011).
"""

from tools.drawings.drawing import Drawing, Point

INHIBITS = {
    ("PV", "PV"),
    ("PV", "soma"),
    ("SST", "PV"),
    ("SST", "VIP"),
    ("SST", "dendrites"),
    ("VIP", "SST"),
}
SHARE = {"PV": 40, "SST": 30, "VIP": 15}  # % of the inhibitory cells of neocortex, about
AT: dict[str, Point] = {"SST": (352, 116), "VIP": (486, 236), "PV": (352, 368)}
RADIUS = 32
WAYS: dict[tuple[str, str], list[Point]] = {
    ("SST", "dendrites"): [(320, 112), (196, 96)],
    ("PV", "soma"): [(320, 368), (178, 368)],
    ("SST", "PV"): [(352, 148), (352, 330)],
    ("VIP", "SST"): [(458, 218), (392, 150)],
    ("SST", "VIP"): [(380, 100), (452, 152), (476, 198)],
}
LABEL = (
    "On the left a pyramidal cell: a body below, dendrites that reach up. Three kinds of inhibitory cells on the right. "
    "SST cells, about 30 per cent of the inhibitory cells, end on its dendrites, and on the two other kinds. PV cells, about "
    "40 per cent, end on its body, and on each other. VIP cells, about 15 per cent, end mainly on SST cells; "
    "a signal from elsewhere excites them."
)


def draw() -> Drawing:
    """Draw it."""
    d = Drawing("interneurons", 470, LABEL)
    _pyramidal(d)
    for (sender, _), way in WAYS.items():
        _inhibits(d, way, 4 if sender == "VIP" or way[-1][0] < 200 else 2.5)
    x, y = AT["PV"]
    d.path(f"M{x + 20} {y + 25}C{x + 96} {y + 62} {x + 96} {y - 40} {x + 38} {y - 16}", "pink", 2.5)
    d.path([(x + 33, y - 28), (x + 43, y - 4)], "pink", 5)
    for kind, (x, y) in AT.items():
        d.circle(x, y, RADIUS, "pink", "paper", 2.5)
        d.circle(x, y, RADIUS, "", "pink", opacity=0.14)
        d.text(x, y + 6, kind, bold=True)
    d.text(352, 66, f"{SHARE['SST']} %", "muted")
    d.text(352, 430, f"{SHARE['PV']} %", "muted")
    d.text(444, 252, f"{SHARE['VIP']} %", "muted", anchor="end")
    d.arrow((526, 330), (500, 272), colour="green", width=3)
    d.text(536, 354, "reward,\nalarm", anchor="end")
    d.text(18, 40, "dendrites", anchor="start")
    d.text(18, 374, "body", anchor="start")
    d.text(18, 446, "axon", anchor="start")
    return d


def _inhibits(d: Drawing, way: list[Point], width: float) -> None:
    """Draw a line that ends in a bar: an inhibitory synapse."""
    (x0, y0), (x, y) = way[-2:]
    long = ((x - x0) ** 2 + (y - y0) ** 2) ** 0.5
    ux, uy = (x - x0) / long, (y - y0) / long
    d.path(way, "pink", width)
    d.path([(x - 13 * uy, y + 13 * ux), (x + 13 * uy, y - 13 * ux)], "pink", 5)


def _pyramidal(d: Drawing) -> None:
    """Draw the excitatory cell."""
    d.path([(150, 330), (150, 110)], "green", 5)
    for branch in (
        [(150, 110), (112, 54)],
        [(150, 110), (150, 44)],
        [(150, 110), (192, 50)],
        [(150, 150), (190, 96)],
        [(150, 190), (112, 140)],
        [(126, 392), (96, 420)],
        [(174, 392), (206, 420)],
    ):
        d.path(branch, "green", 3.5)
    d.arrow((150, 396), (150, 458), colour="green", width=2)
    d.path("M150 322L188 396L112 396z", "green", 2.5, "paper")
    d.path("M150 322L188 396L112 396z", "", fill="green", opacity=0.2)
