"""How a sign-in can begin. Each is a line of the table."""
