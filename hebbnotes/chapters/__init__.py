"""What one chapter alone uses, in a folder for each notebook that is named like it."""
