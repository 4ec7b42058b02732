"""Scores of the chapter's experiments that need a module of their own."""
