"""What the chapter "Natural images" alone uses."""
