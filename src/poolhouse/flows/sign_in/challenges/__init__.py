"""What a sign-in can ask. Each is a line of the table."""
