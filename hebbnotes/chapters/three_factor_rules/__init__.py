"""What the chapter "Three-factor rules" alone uses."""
