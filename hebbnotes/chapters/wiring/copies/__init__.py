"""Random copies of a graph: links exchange ends, and degrees stay, or lengths, too."""

from hebbnotes.chapters.wiring.copies.swaps import checked, exchange, swap, symmetric

__all__ = ["checked", "exchange", "swap", "symmetric"]
