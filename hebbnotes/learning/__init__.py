"""How networks are trained, and how agents learn from reward."""
