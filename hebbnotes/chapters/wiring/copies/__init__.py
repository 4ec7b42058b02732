"""Random copies of a graph: links exchange ends, and degrees stay, or lengths, too."""

from hebbnotes.chapters.wiring.copies.swaps import checked, exchange, lengths_of, swap, symmetric

__all__ = ["checked", "exchange", "lengths_of", "swap", "symmetric"]
