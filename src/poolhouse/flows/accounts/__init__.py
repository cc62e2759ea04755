"""Users: made, confirmed, changed, recovered, administered."""
