"""Experiments with agents in the maze, as several chapters do them."""
