"""What the chapter on neuromodulated plasticity alone uses."""
