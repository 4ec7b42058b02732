"""What the chapter "One-shot learning" alone uses."""
