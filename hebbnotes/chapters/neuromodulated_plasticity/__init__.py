"""What the chapter "Neuromodulated plasticity" alone uses."""
