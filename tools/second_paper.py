"""The second paper beside ours: verdicts on its claims, decided by the stored results."""

from math import sqrt
from statistics import fmean, stdev
from typing import Any

from hebbnotes.experiments import result
from hebbnotes.experiments.stored import command, index
from tools.second_claims import (
    CLAIMS,
    HALF_WAY,
    PROGRAM_FAULT,
    SETTINGS,
    SHOWN,
    WORDS,
    Claim,
    Value,
)

__all__ = ["decided", "differences", "page", "section", "values"]


def is_stored(name: str) -> bool:
    """Tell whether the package has an experiment's result at the scale of the book."""
    known = index().get(name)
    return known is not None and "json" in known["scales"]["book"].get("sha256", {})


def values(value: Value) -> dict[str, Any] | None:
    """Return the number of each seed, or None if the experiment is not stored."""
    if not is_stored(value.experiment):
        return None
    return {seed: _at(one, value.path) for seed, one in result(value.experiment)["seeds"].items()}


def _at(numbers: Any, path: str) -> Any:
    """Return what lies at a path; dots lead into dicts, and a key may hold none."""
    for key in path.split("."):
        numbers = numbers[key]
    return numbers


def interval(numbers: list[float]) -> tuple[float, float, float]:
    """Return mean and 95 % interval, Student's t, as :func:`.analysis.interval` does with torch;
    of a single number no interval, which is written as one that has no width.
    """
    from scipy.stats import t

    if len(numbers) < 2:
        return numbers[0], numbers[0], numbers[0]

    reach = float(t.ppf(0.975, len(numbers) - 1)) * stdev(numbers) / sqrt(len(numbers))
    return fmean(numbers), fmean(numbers) - reach, fmean(numbers) + reach


def decided(claim: Claim) -> str:
    """Return the verdict that the stored numbers give a claim."""
    found = [values(value) for value in claim.values]
    if not found or None in found:
        return "not attempted"
    first = [*found[0].values()] if found[0] else []
    if claim.kind == "told":
        return "no verdict"
    if claim.kind in ("all", "none"):
        reached = sum(one >= HALF_WAY for one in first)
        return "other" if reached == (len(first) if claim.kind == "all" else 0) else "not"
    paired = _paired(*found)
    if len(paired) < 2:
        return "no verdict"
    _, low, high = interval(paired)
    if claim.kind == "alike":
        return "no verdict" if low <= 0 <= high else "not"
    return "other" if {"more": low > 0, "less": high < 0}[claim.kind] else "not"


def _paired(first: Any, second: Any) -> list[float]:
    """Return the differences of two values, seed by seed, of the seeds that both have."""
    return [first[seed] - second[seed] for seed in first if seed in second]


def told(claim: Claim) -> str:
    """Write the numbers of a claim as people read them."""
    found = [values(value) for value in claim.values]
    if not found or None in found:
        return "—"
    if claim.kind in ("all", "none"):
        reached, mean = [one >= HALF_WAY for one in found[0].values()], found[0].values()
        count = f"{sum(reached)} of {len(reached)} networks"
        return f"{count}; {_number(claim.values[0], *interval([*mean]))}"
    each = [
        f"{value.arm} {_number(value, *interval([*one.values()]))}"
        for value, one in zip(claim.values, found, strict=True)
    ]
    if len(found) == 2:
        each.append(f"difference {_number(claim.values[0], *interval(_paired(*found)))}")
    return "; ".join(each)


def _number(value: Value, mean: float, low: float, high: float) -> str:
    """Write a mean and its interval, shares in percent."""
    if result(value.experiment)["unit"].startswith("share"):
        high = min(high, 1.0)
        return f"{100 * mean:.1f} % ({100 * low:.1f} to {100 * high:.1f} %)"
    digits = 2 if abs(mean) >= 10 else 3
    return f"{mean:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def differences(figure: str) -> list[list[str]]:
    """Return the settings in which ours differ from the program's, as rows of a table."""
    rows = []
    for words, theirs, name, key in SETTINGS.get(figure, []):
        if is_stored(name):
            found = result(name)
            ours = len(found["seeds"]) if key == "seeds" else found["configuration"][key]
            said = _said(ours)
            rows += [[words, theirs, said]] if said != theirs else []
    return rows


def _said(setting: Any) -> str:
    """Write a setting as people read it; of several arms the least and the most."""
    if isinstance(setting, dict | list):
        every = sorted({one for each in _parts(setting) for one in _parts(each)})
        return " to ".join(_said(one) for one in dict.fromkeys((every[0], every[-1])))
    if isinstance(setting, float):
        return f"{setting:f}".rstrip("0").rstrip(".")
    return f"{setting:,}"


def _parts(setting: Any) -> list[Any]:
    """Return what a setting of several arms holds, or a setting itself as the only part."""
    if isinstance(setting, dict):
        return [*setting.values()]
    return setting if isinstance(setting, list) else [setting]


def section(figure: str) -> str:
    """Return the section on a figure or table, in Markdown."""
    shown, claims = SHOWN[figure], [one for one in CLAIMS if one.figure == figure]
    lines = [
        f"### {figure}: {shown.what}",
        "",
        f"**In the paper** (source: {shown.source}): {shown.text}.",
        "",
        f"**Here** ({shown.here}):",
        "",
        "| it says | verdict | here, 95 % interval | seeds |",
        "|---|---|---|---|",
    ]
    why = []
    for claim in claims:
        word = decided(claim)
        seeds = len(values(claim.values[0]) or {}) if claim.values else 0
        lines.append(f"| {claim.words} | **{word}** | {told(claim)} | {seeds or '—'} |")
        if word in claim.causes:
            why.append(f"* {claim.words}, **{word}**: {claim.causes[word]}.")
    lines += ["", "**Why:**", "", *why, ""] if why else [""]
    if rows := differences(figure):
        lines += ["| setting | the published program | here |", "|---|---|---|"]
        lines += [f"| {' | '.join(row)} |" for row in rows]
        lines.append("")
    lines += [f"**What differs besides:** {'; '.join(shown.differs)}.", ""]
    names = dict.fromkeys(value.experiment for claim in claims for value in claim.values)
    lines += [
        f"* `{name}`: {index()[name]['about']}. `{command(name)}`"
        for name in names
        if is_stored(name)
    ]
    return "\n".join([*lines, ""])


def page() -> str:
    """Return this part of the page, in Markdown."""
    return "\n".join(
        [
            "## The second paper",
            "",
            "**Of {cite:t}`miconi2019backpropamine` the paper's own pages were not at hand.** What "
            "it says is told by a source that is named, at second hand; the settings are those of "
            "the published programs. Each claim is decided by our stored numbers, and a test holds "
            "that: by a rule, and not by us. Figures of its supplement are not listed, for we do "
            "not know them.",
            "",
            *(f"* **{word}**: {meaning}." for word, meaning in WORDS.items()),
            "",
            *(section(figure) for figure in SHOWN),
            "### A fault of the published programs",
            "",
            f"{PROGRAM_FAULT}.",
            "",
        ]
    )
