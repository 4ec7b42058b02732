"""What the chapter "Neuromodulation at work" alone uses."""
