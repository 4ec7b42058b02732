"""Sphinx extension: the page that puts the papers' numbers beside ours, written from the stored
results and their configurations.
"""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from hebbnotes.experiments import EXPERIMENTS, PAPER, result
from hebbnotes.experiments.stored import command, index
from tools import second_paper
from tools.verdicts import AUTHORS, BESIDES, SETTINGS, VERDICTS, WITHIN, WORDS

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


def lowest(found: dict) -> str:
    """Write the lowest error on the way, from the least to the most over seeds, and when; nothing
    of results whose curve is of something else.

    Curves of single episodes are taken as running means of ten; others are means over blocks.
    """
    each = [low for one in found["seeds"].values() if (low := _lowest(one, found)) is not None]
    if not each:
        return ""
    errors, whens = sorted(e for e, _ in each), sorted(at for _, at in each)
    least, most = f"{100 * errors[0]:.2f}", f"{100 * errors[-1]:.2f}"
    low = least if least == most else f"{least} to {most}"
    when = f"{whens[0]:,}" + (f" to {whens[-1]:,}" if whens[-1] > whens[0] else "")
    return f"; lowest in training: {low} %, at {when} episodes"


def _lowest(one: dict, found: dict) -> tuple[float, int] | None:
    """Return the lowest error of a seed's curve, and the episodes until then."""
    batch = found["configuration"].get("batch", 1)
    if curve := one.get("all_bits_by_update"):
        width = max(1, 10 // batch)
        ends = range(width, len(curve) + 1)
        return min((sum(curve[k - width : k]) / width, k * batch) for k in ends)
    if "all_bits" in one:
        return min(zip(one["all_bits"], one["episodes"], strict=True))
    if "all_bits_lowest" in one:
        return one["all_bits_lowest"], one["lowest_at"]
    return None


def allowed(figure: str, found: dict) -> set[str]:
    """Return the verdicts that the numbers of a stored result allow, for a line in the setting of
    the paper or of its program; ``"other"`` and ``"no verdict"`` are a judgement, which no number
    refuses.

    Where the paper tells the episodes until 1 %: *faster* if every seed took at most half of them,
    *reproduced* if at most a quarter more, else *not*. Of the other figures no line is in the
    setting of the paper.
    """
    firsts = [one.get("episodes_to_1_percent") for one in found["seeds"].values()]
    if figure in WITHIN:
        if None in firsts or max(firsts) > 1.25 * WITHIN[figure]:
            return {"not", "other", "no verdict"}
        known = "faster" if max(firsts) <= 0.5 * WITHIN[figure] else "reproduced"
        return {known, "other", "no verdict"}
    return {"other", "no verdict"}


def differences(name: str) -> list[list[str]]:
    """Return the settings in which a stored scale differs from the authors', as rows of a table:
    the setting, theirs, and ours at each scale.
    """
    authors = AUTHORS[name]
    scales = {scale: result(name, scale) for scale in stored(name)}
    rows = [
        [words, _said(key, authors.settings[key])]
        + [_said(key, found["configuration"].get(key)) for found in scales.values()]
        for key, words in SETTINGS.items()
        if key in authors.settings
        and not (key == "eta" and all(_no_plasticity(found) for found in scales.values()))
        and all(key in found["configuration"] for found in scales.values())
    ]
    if authors.runs:
        rows.append(["runs", str(authors.runs), *(str(len(f["seeds"])) for f in scales.values())])
    return [row for row in rows if len(set(row[1:])) > 1]


def _no_plasticity(found: dict) -> bool:
    """Tell whether a result is of networks that have no eta."""
    chosen = found["configuration"]
    return chosen.get("kind") in ("recurrent", "lstm") or chosen.get("alpha", "") is None


def _said(key: str, value: Any) -> str:
    """Write a setting as people read it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "none"
    if key == "schedule" and value in ("paper", "code"):
        return f"the {value}'s"
    if key == "alpha":
        return {"full": "one for each connection", "shared": "one for all"}.get(value, value)
    if isinstance(value, float):
        return f"{value:f}".rstrip("0").rstrip(".")
    return f"{value:,}" if isinstance(value, int) else value


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
        f"| run, scale | verdict | {ours[0][2]['unit']}, 95 % interval | seeds, time of each |",
        "|---|---|---|---|",
    ]
    for name, scale, found in ours:
        seconds = sorted(one["seconds"] for one in found["seeds"].values())
        ours_is, median = value(found) + further(name, found), seconds[len(seconds) // 2]
        ours_is += lowest(found)
        word, seeds = VERDICTS[name, scale].word, f"{len(found['seeds'])}, {median:,} s"
        lines.append(f"| `{name}`, {scale} | **{word}** | {ours_is} | {seeds} |")
    names = [*dict.fromkeys(name for name, _, _ in ours)]
    missing = [name for name in names if _as_published(name)]
    unrun = [n for n in EXPERIMENTS if figure in index()[n]["paper"] and not stored(n)]
    lines += [f"| `{name}`, paper | **not attempted** | — | — |" for name in missing]
    lines += [f"| `{name}`, book | **not attempted** | — | — |" for name in unrun]
    lines += ["", "**Why:**", ""]
    lines += [f"* `{name}`, {scale}: {VERDICTS[name, scale].cause}." for name, scale, _ in ours]
    if missing or unrun:
        of = ", ".join(f"`{name}`" for name in missing + unrun)
        lines.append(f"* not attempted ({of}): it takes hours to days for each seed on one core.")
    lines.append("")
    for name in names:
        if name in AUTHORS and (table := differences(name)):
            head = ["setting", AUTHORS[name].source, *(f"`{name}`, {s}" for s in stored(name))]
            lines += [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
            lines += [f"| {' | '.join(row)} |" for row in table]
            lines.append("")
    lines += [f"**What differs in all of them:** {'; '.join(BESIDES[figure])}.", ""]
    differing: dict[str, list[str]] = {}
    for name in names:
        differing.setdefault(index()[name]["difference"], []).append(f"`{name}`")
    lines += [
        f"**What differs, in words,** in {', '.join(names)}: {difference}.\n"
        for difference, names in differing.items()
    ]
    for name in names:
        again = ", ".join(f"`{command(name, scale)}`" for scale in stored(name))
        if name in missing:
            again += f"; as published, which was not run here: `{command(name, 'paper')}`"
        lines.append(f"* `{name}`: {index()[name]['about']}. {again}")
    lines += [f"* `{name}`: {index()[name]['about']}. `{command(name)}`" for name in unrun]
    return "\n".join([*lines, ""])


def _as_published(name: str) -> bool:
    """Tell whether an experiment has the scale of the paper and no stored result of it."""
    scales = index()[name]["scales"]
    return "paper" in scales and scales["paper"]["file"] not in [
        scales[scale]["file"] for scale in stored(name)
    ]


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
            "## The verdicts",
            "",
            *(f"* **{word}**: {meaning}." for word, meaning in WORDS.items()),
            "",
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
        both = f"{page()}\n{second_paper.page()}"
        return self.parse_text_to_nodes(both, allow_section_headings=True)


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx."""
    app.add_directive("reproduction", Reproduction)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
