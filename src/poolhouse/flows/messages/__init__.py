"""Messages, the codes in them, and the outbox."""
