"""Neurons that learn from a stream of inputs: by rates, and by spikes."""
