"""All flows of a part, wired to each other."""
