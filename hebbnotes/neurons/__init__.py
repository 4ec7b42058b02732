"""Neurons that learn from a stream of inputs: by rates, by spikes, and by spikes and a signal."""
