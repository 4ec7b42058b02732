"""The drawn diagrams of the book: one module each, which draws one file of ``book/_static``."""
