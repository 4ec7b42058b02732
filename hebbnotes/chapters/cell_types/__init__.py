"""What the chapter "Cell types" alone uses."""
