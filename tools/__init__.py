"""What builds the book, and is not part of the package."""
