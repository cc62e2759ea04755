"""Who is meant by a name, what may be said of them, and their groups."""
