"""What operators and developers see of a server: health, figures, the outbox page."""
