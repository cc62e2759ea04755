"""How operations come over the wire."""
