"""What the chapter "Differentiable plasticity" alone uses."""
