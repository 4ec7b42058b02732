"""The ledger as tables in Markdown, whose links lead to the chapters."""

from collections.abc import Iterable, Mapping

from hebbnotes.chapters.epilogue.ledger import LedgerEntry

__all__ = ["costs", "folded", "numbers", "short"]


def short(value: float) -> str:
    """Return a number with three digits, and with a minus as printers set it.

    >>> short(-0.03596), short(203.62), short(0.0)
    ('−0.036', '204', '0')

    Parameters
    ----------
    value : float
    """
    if abs(value) >= 1000:
        return f"{value:,.0f}".replace("-", "−")
    return f"{value:.3g}".replace("-", "−")


def _idea(one: LedgerEntry, told: Iterable[str] = ()) -> str:
    """Return an idea that leads to its chapter, with what sets its rows apart."""
    name = one.row.chapter
    apart = "; ".join(filter(None, told))
    return f"{one.row.idea}{apart and f': {apart}'}, [{name.replace('-', ' ')}]({name}.ipynb)"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table; its first column is to the left, as text is."""
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def numbers(entries: Iterable[LedgerEntry], absent: Mapping[str, str]) -> str:
    """Return the rows with their numbers, and chapters without a row with the reason.

    Parameters
    ----------
    entries : iterable of LedgerEntry
    absent : mapping of str, chapters that have no row, each with the reason
    """
    rows = [
        [
            _idea(one, [one.row.told]),
            f"{one.row.asked}: {one.row.counted}",
            short(one.with_idea),
            f"{one.row.beside}: {short(one.plain)}",
            f"{short(one.mean)} ({short(one.low)} to {short(one.high)}; {one.seeds})",
            f"**{one.verdict}**{'' if one.row.hardest else ' (softer rival)'}",
        ]
        for one in entries
    ]
    rows += [
        [f"[{name.replace('-', ' ')}]({name}.ipynb)", why, "", "", "", "no row"]
        for name, why in absent.items()
    ]
    head = (
        "idea, chapter",
        "asked: counted (means)",
        "with it",
        "beside",
        "better by (95 %; n)",
        "verdict",
    )
    return _table(head, rows)


def costs(entries: Iterable[LedgerEntry]) -> str:
    """Return what ideas cost in a brain and in a computer, where either is stored: one line for
    rows of one idea beside one rival that cost the same.

    Parameters
    ----------
    entries : iterable of LedgerEntry
    """
    paid: dict[tuple[str, str, str], dict[tuple[str, str], list[LedgerEntry]]] = {}
    for one in entries:
        there, here = (
            "; ".join(cost.text() for cost in side) for side in (one.row.there, one.row.here)
        )
        if there or here:
            alike = one.row.chapter, one.row.idea, one.row.beside
            paid.setdefault(alike, {}).setdefault((there or "–", here or "–"), []).append(one)
    rows = [
        [_idea(ones[0], [one.row.told for one in ones if len(its) > 1]), ones[0].row.beside, *both]
        for its in paid.values()
        for both, ones in its.items()
    ]
    return _table(("idea, chapter", "beside", "costs there", "costs here"), rows)


def folded(title: str, table: str) -> str:
    """Return a table in a fold that has a title.

    Parameters
    ----------
    title, table : str
    """
    return f":::{{dropdown}} {title}\n{table}\n:::"
