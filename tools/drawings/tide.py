"""What a price on length leaves: posts in water that rises with the distance."""

import numpy as np

from tools.drawings.drawing import Drawing

LABEL = (
    "Two rows of posts that stand in water, which is the deeper the farther a post is from the left. On the left the posts "
    "differ in height, a few tall and most of them short; here and there a tall one shows above the water, also far out. On "
    "the right all posts have one height; what shows of them shrinks evenly, and beyond the middle nothing does. Below, how "
    "much shows on average: left a curve that falls ever more slowly, right a straight ramp that ends."
)
POSTS, WIDE, HIGH, DEEP = 25, 236, 104, 92  # per panel; water's depth at the right end
MEAN = 40.0  # mean height of the posts
LEFTS, GROUND, BASE = (16, 308), 168, 318
TITLES = "values that differ", "values all alike"


def depth(share: np.ndarray) -> np.ndarray:
    """Return how deep the water is, at shares of the way out."""
    return DEEP * share


def heights() -> tuple[np.ndarray, np.ndarray]:
    """Return the heights of the posts: those of an exponential, mixed, and all alike."""
    quantiles = (np.arange(POSTS) + 0.5) / POSTS
    unequal = -MEAN * np.log(1 - quantiles)
    order = (np.arange(POSTS) * 7 + 3) % POSTS  # mixed, by no chance
    return np.minimum(unequal[order], HIGH + 30), np.full(POSTS, MEAN)


def left_over(share: np.ndarray, alike: bool) -> np.ndarray:
    """Return how much of a post shows above the water, on average."""
    if alike:
        return np.maximum(MEAN - depth(share), 0)
    return MEAN * np.exp(-depth(share) / MEAN)


def draw() -> Drawing:
    """Draw it."""
    d = Drawing("tide", 362, LABEL)
    shares = (np.arange(POSTS) + 0.5) / POSTS
    fine = np.linspace(0, 1, 60)
    for left, title, tall, alike in zip(LEFTS, TITLES, heights(), (False, True), strict=True):
        d.text(left + WIDE / 2, 22, title, bold=True)
        for share, height in zip(shares, tall, strict=True):
            x, level = left + WIDE * share, float(depth(share))
            under = min(float(height), level)
            d.path([(x, GROUND), (x, GROUND - under)], "faint", 3)
            if height > level:
                d.path([(x, GROUND - level), (x, GROUND - height)], "green", 5)
        water = [(left, GROUND), (left + WIDE, GROUND - DEEP), (left + WIDE, GROUND)]
        d.path(water, "", 0, "blue", 0.22)
        d.path(water[:2], "blue", 2)
        d.path([(left, GROUND), (left + WIDE, GROUND)], "muted")
        d.text(left + WIDE, GROUND + 24, "distance", "muted", anchor="end")
        curve = left_over(fine, alike)
        d.path(zip(left + WIDE * fine, BASE - 1.6 * curve, strict=True), "green", 4)
        d.path([(left, BASE - 1.6 * MEAN - 12), (left, BASE), (left + WIDE, BASE)], "muted")
        d.text(left + WIDE, BASE - 62, "what shows,\non average", anchor="end")
        d.text(left + WIDE, BASE + 26, "distance", "muted", anchor="end")
    return d
