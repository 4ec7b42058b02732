"""What the chapter's rules read and cost, and how its experiments measure them."""
