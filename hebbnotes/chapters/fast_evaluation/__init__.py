"""What the page "The fast evaluation" alone uses."""
