"""Users of a pool, brought in and taken out in bulk."""
