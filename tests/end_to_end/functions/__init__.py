"""Functions as people have them: written for Lambda, and used here as they are."""
