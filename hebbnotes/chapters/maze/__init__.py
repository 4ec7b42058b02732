"""What the chapter "The maze" alone uses."""
