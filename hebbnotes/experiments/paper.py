"""What the paper reports: each of its figures and tables, with the number and the version that it
is from.
"""

from typing import NamedTuple

__all__ = ["PAPER", "Published"]


class Published(NamedTuple):
    """A figure or table of Miconi, Stanley & Clune (2018).

    Attributes
    ----------
    what : str
        What it shows.
    text : str
        What it says in numbers, in our words.
    value : float or None
        Its main number, where the paper states one in its text.
    version : str
        The version of the paper, or else the source, that the number is from.
    """

    what: str
    text: str
    value: float | None
    version: str


V1 = "arXiv 1804.02464, version 1"

PAPER: dict[str, Published] = {
    "Figure 2": Published(
        "learning five patterns of 1,000 bits, 10 runs",
        "fewer than 1 % of all bits wrong within about 200 episodes",
        0.01,
        V1,
    ),
    "Figure 3": Published(
        "plastic, recurrent and LSTM networks on two patterns of 50 bits",
        "the plastic network has fewer than 1 % of the bits wrong within 2,000 episodes; the LSTM "
        "solves the task, imperfectly, "
        "after about 500,000; the recurrent network stays at a high error",
        0.01,
        V1,
    ),
    "Figure 4": Published(
        "held-out photographs completed, and the trained w and alpha as pictures",
        "no number",
        None,
        V1,
    ),
    "Figure 5": Published(
        "a plasticity of its own for each connection against one for all, 10 runs",
        "a curve: lower errors with a plasticity for each connection; no number in the text",
        None,
        V1,
    ),
    "Table 1": Published(
        "Omniglot, five classes, one drawing of each",
        "98.5 % right, 95 % interval 0.57 to either side, 10 runs of 100 test episodes",
        0.985,
        V1,
    ),
    "Figure 6": Published(
        "reward in a maze, plastic against recurrent, 15 runs",
        "a curve: the plastic network earns more",
        None,
        V1,
    ),
}
"""Every figure and table with a result, in the order of the paper."""
