"""What the chapter "Learning rules" alone uses."""
