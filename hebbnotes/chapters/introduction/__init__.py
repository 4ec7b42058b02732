"""What the chapter "Introducing the NeuroAI series" alone uses."""
