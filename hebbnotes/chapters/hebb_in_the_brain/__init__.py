"""What the chapter "Hebb in the brain" alone uses."""
