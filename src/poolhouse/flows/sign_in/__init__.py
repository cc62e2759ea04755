"""A sign-in: a table of openings, challenges and stages, and the one machine that runs through it."""
