"""What the experiments on maps measure."""
