"""Agents in the maze that choose when they write."""
