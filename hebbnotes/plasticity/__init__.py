"""Rules of plasticity, connections, and the exact evaluation of traces."""
