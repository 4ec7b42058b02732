"""Networks that learn by the rules of the chapter, and the trainings of its experiments."""
