"""Networks with fast weights that are trained to recall, and how they are judged."""
