"""What the chapter "Associative memory" alone uses."""
