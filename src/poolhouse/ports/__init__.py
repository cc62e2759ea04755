"""What flows need of the world: protocols, by subject."""
