"""Figures in which several chapters compare kinds of networks."""

from hebbnotes.figures.comparing.mazes import curves, haunted, levels, maze_panel
from hebbnotes.figures.comparing.rows import dots, race, replaced

__all__ = ["curves", "dots", "haunted", "levels", "maze_panel", "race", "replaced"]
