"""Records in and out of the store: written once, over the port, for every database."""
