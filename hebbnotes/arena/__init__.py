"""The arena: one benchmark for rules of memory, at equal state, in which everybody can enter one.

``python -m hebbnotes.arena my_rule.py`` audits a rule, scores it and says its place.
"""
