"""What each cell is told, and how many trials that takes."""
