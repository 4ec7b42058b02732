"""Sphinx extension: the page that puts the paper's numbers beside ours, written from the stored
results.
"""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from hebbnotes.experiments import EXPERIMENTS, PAPER, result
from hebbnotes.experiments.stored import command, index

TOLD = {
    "Figure 2": "{doc}`differentiable-plasticity`, {numref}`fig-thousand`",
    "Figure 3": "{doc}`differentiable-plasticity`, {numref}`fig-fifty`",
    "Figure 4": "{doc}`natural-images`, {numref}`fig-completed` and {numref}`fig-maps`",
    "Figure 5": "{doc}`natural-images`, {numref}`fig-curves`",
    "Table 1": "{doc}`one-shot-learning`, {numref}`fig-table`",
    "Figure 6": "{doc}`maze`, {numref}`fig-maze-curves`",
}
"""Where the book tells of each figure that it has results for."""


def value(found: dict) -> str:
    """Write a mean and its interval as people read them: shares in percent, and no error in a
    finite test as what it is.
    """
    numbers = [found["value"], *(found["ci95"] or [])]
    if not any(numbers):
        bits = sum(one["test_bits"] for one in found["seeds"].values())
        return f"none wrong of {bits:,} bits"
    if found["unit"].startswith("share"):
        mean, *interval = (f"{100 * number:.2f}" for number in numbers)
        return f"{mean} % ({' to '.join(interval)} %)"
    mean, *interval = (f"{number:.{4 if abs(found['value']) < 1 else 2}f}" for number in numbers)
    return f"{mean} ({' to '.join(interval)})"


def further(name: str, found: dict) -> str:
    """Write the further numbers of an experiment, from the least to the most over seeds."""
    told = ""
    for key, meaning in index()[name]["also"].items():
        reached = sorted(one[key] for one in found["seeds"].values() if one[key] is not None)
        if not reached:
            told += f"; never {meaning.partition('until ')[2]}"
            continue
        told += f"; {reached[0]:,} to {reached[-1]:,} {meaning}"
        if len(reached) < len(found["seeds"]):
            told += f" (in {len(reached)} of {len(found['seeds'])} seeds)"
    return told


def stored(name: str) -> list[str]:
    """Return the scales of an experiment that have a stored result."""
    return [scale for scale, one in index()[name]["scales"].items() if one["stored"]]


def rows(figure: str) -> list[tuple[str, str, dict]]:
    """Return name, scale and stored result of everything that belongs to a figure or table."""
    return [
        (name, scale, result(name, scale))
        for name in EXPERIMENTS
        if figure in index()[name]["paper"]
        for scale in stored(name)
    ]


def section(figure: str) -> str:
    """Return the section on one figure or table, in Markdown."""
    published, ours = PAPER[figure], rows(figure)
    lines = [
        f"## {figure}: {published.what}",
        "",
        f"**In the paper** ({published.version}): {published.text}.",
        "",
        f"**Here** ({TOLD[figure]}):",
        "",
        f"| run, scale | {ours[0][2]['unit']}, 95 % interval | seeds, time of each |",
        "|---|---|---|",
    ]
    for name, scale, found in ours:
        seconds = sorted(one["seconds"] for one in found["seeds"].values())
        ours_is, median = value(found) + further(name, found), seconds[len(seconds) // 2]
        lines.append(f"| `{name}`, {scale} | {ours_is} | {len(found['seeds'])}, {median:,} s |")
    lines.append("")
    differing: dict[str, list[str]] = {}
    for name in dict.fromkeys(name for name, _, _ in ours):
        entry, scales = index()[name], index()[name]["scales"]
        again = ", ".join(f"`{command(name, scale)}`" for scale in stored(name))
        done = [scales[scale]["file"] for scale in stored(name)]
        if "paper" in scales and scales["paper"]["file"] not in done:
            again += f"; as published, which was not run here: `{command(name, 'paper')}`"
        lines.append(f"* `{name}`: {entry['about']}. {again}")
        differing.setdefault(entry["difference"], []).append(f"`{name}`")
    lines.append("")
    lines += [
        f"**What differs** in {', '.join(names)}: {difference}.\n"
        for difference, names in differing.items()
    ]
    return "\n".join([*lines, ""])


def hardware() -> str:
    """Say on what the results were computed."""
    found = {
        (one["hardware"], one["versions"]["torch"], one["versions"]["python"])
        for figure in PAPER
        for _, _, one in rows(figure)
    }
    return "; ".join(
        f"{where}, torch {torch}, Python {python}" for where, torch, python in sorted(found)
    )


def page() -> str:
    """Return the page's generated part, in Markdown."""
    return "\n".join(
        [
            *(section(figure) for figure in PAPER),
            "## Hardware",
            "",
            f"All numbers of ours: {hardware()}.",
            "",
        ]
    )


class Reproduction(SphinxDirective):
    """Put the paper's numbers beside ours."""

    def run(self) -> list[nodes.Node]:
        """Parse the page."""
        return self.parse_text_to_nodes(page(), allow_section_headings=True)


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx."""
    app.add_directive("reproduction", Reproduction)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
