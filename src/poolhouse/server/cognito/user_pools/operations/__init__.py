"""One handler per operation; modules by subject."""
