"""Fast weights and attention: a trace is read as attention is, and each rank of gains is a head."""
