"""What the chapter on credit assignment uses alone."""
