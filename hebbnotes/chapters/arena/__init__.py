"""The arena: all rules of the book in one benchmark, what they see beside what it buys."""
