"""The handlers, by subject."""
