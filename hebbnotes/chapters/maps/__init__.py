"""What the chapter "Maps" alone uses."""
