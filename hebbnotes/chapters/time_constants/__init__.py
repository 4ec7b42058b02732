"""What the chapter on time constants uses alone."""
