"""Wiring: what length costs, and what it does not explain."""
