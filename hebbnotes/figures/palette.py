"""The colours of the book, and what has which: one colour and one name for one thing, everywhere.

Each colour has two shades, for white paper and for a dark page.

They differ for colour-blind readers, too, and each can be read as text on its ground: 4.5 to 1. A
site gives the variables ``--hn-blue`` and so on the shades of its theme; elsewhere the shade for
white paper is used.
"""

from typing import Any, NamedTuple

from matplotlib.colors import LinearSegmentedColormap

__all__ = [
    "BLACK",
    "BLUE",
    "BLUES",
    "ENTITIES",
    "GREEN",
    "GREY",
    "ORANGE",
    "PINK",
    "PURPLE",
    "SHADES",
    "SILVER",
    "SKY",
    "VERMILION",
    "Entity",
    "colour",
    "look",
    "name",
]


BLACK, SILVER, GREY = "#222222", "#C8C8C8", "#C8C8C8"


BLUE, VERMILION, GREEN = "#0B57C6", "#A93B1A", "#04604A"


PINK, ORANGE, SKY, PURPLE = "#A83389", "#A86800", "#0E7FAE", "#43308F"


SHADES = {
    "ink": (BLACK, "#E6E6E6"),
    "grey": ("#757575", "#9A9A9A"),
    "silver": (SILVER, "#6A6A6A"),
    "paper": ("#FFFFFF", "#121212"),
    "blue": (BLUE, "#3D94FF"),
    "vermilion": (VERMILION, "#FF6832"),
    "green": (GREEN, "#1DC77A"),
    "pink": (PINK, "#D285C3"),
    "orange": (ORANGE, "#FFD43A"),
    "sky": (SKY, "#AADEFF"),
    "purple": (PURPLE, "#9BA0F2"),
}
"""Name, and its shades on white paper and on a dark page."""


BLUES = LinearSegmentedColormap.from_list("blues", ["white", BLUE])


class Entity(NamedTuple):
    """What figures of several chapters show: the family that it is compared in, colour, name."""

    family: str
    colour: str
    name: str


ENTITIES = {
    "plastic": Entity("networks", "blue", "plastic network"),
    "recurrent": Entity("networks", "pink", "recurrent network"),
    "lstm": Entity("networks", "orange", "LSTM"),
    "prototypes": Entity("networks", "green", "prototypes"),
    "gru": Entity("networks", "sky", "GRU"),
    "simple": Entity("hands", "green", "simple"),
    "retroactive": Entity("hands", "purple", "retroactive"),
    "frozen": Entity("networks", "grey", "frozen network"),
    "untrained": Entity("networks", "purple", "nothing trained"),
    "paper": Entity("networks", "ink", "as published"),
    "oja": Entity("rules", "blue", "Oja"),
    "hebb": Entity("rules", "purple", "Hebb"),
    "bcm": Entity("rules", "green", "BCM"),
    "stdp": Entity("rules", "pink", "spike timing"),
    "decay": Entity("rules", "sky", "decay"),
    "sanger": Entity("rules", "orange", "Sanger"),
    "random": Entity("features", "grey", "random"),
    "pca": Entity("features", "orange", "principal components"),
    "exemplars": Entity("features", "sky", "exemplars"),
    "soft": Entity("features", "green", "soft competition"),
    "hard": Entity("features", "blue", "hard competition"),
    "backpropagation": Entity("features", "ink", "backpropagation"),
    "hopfield": Entity("memories", "blue", "Hopfield"),
    "delta": Entity("memories", "green", "delta rule"),
    "pseudo-inverse": Entity("memories", "sky", "pseudo-inverse"),
    "dense": Entity("memories", "orange", "dense"),
    "modern": Entity("memories", "pink", "modern"),
    "ceiling": Entity("memories", "ink", "ceiling"),
    "weight": Entity("synapse", "ink", "fixed weight w"),
    "trace": Entity("synapse", "blue", "trace H"),
    "alpha": Entity("synapse", "green", "plasticity α"),
    "eta": Entity("synapse", "orange", "rate η"),
    "modulator": Entity("synapse", "pink", "third factor"),
    "sender": Entity("neurons", "sky", "sender"),
    "receiver": Entity("neurons", "blue", "receiver"),
    "excitation": Entity("neurons", "green", "excitation"),
    "inhibition": Entity("neurons", "pink", "inhibition"),
    "calcium": Entity("neurons", "orange", "calcium"),
    "potentiation": Entity("changes", "blue", "strengthened"),
    "depression": Entity("changes", "orange", "weakened"),
    "right": Entity("answers", "blue", "right"),
    "wrong": Entity("answers", "vermilion", "wrong"),
    "erased": Entity("answers", "silver", "erased"),
    "floor": Entity("answers", "ink", "without a memory"),
}
"""Each thing by its short name. Vermilion says that something is wrong, and nothing else."""


def entity(short: str) -> Entity:
    """Return what the table says of a thing; raises :class:`KeyError` for one that is not in it."""
    if not isinstance(short, str) or short not in ENTITIES:
        raise KeyError(
            f"{short!r} has no colour yet: there are {', '.join(ENTITIES)}; add it to ENTITIES"
        )
    return ENTITIES[short]


def colour(short: str) -> str:
    """Return the colour of a thing, by its short name in :data:`ENTITIES`, as "#0B57C6"."""
    return SHADES[entity(short).colour][0]


def name(short: str) -> str:
    """Return the name that figures and tables give a thing, by its short name."""
    return entity(short).name


def look(short: str) -> dict[str, Any]:
    """Return colour and label of a thing: ``ax.plot(x, y, **look("plastic"))``."""
    return {"color": colour(short), "label": name(short)}
